/* Ignore files as git reads them.
 *
 * Most rules are a plain name (`node_modules`), an ending (`*.log`) or a plain path (`/build/gen`). Those stand in one hash
 * table, asked three times a path whatever the number of rules; only the others are tried one by one, from the last,
 * and not behind the position of a verdict that is already there: the last rule that fits wins. */
#include "scan/ignore.h"

#include <stdlib.h>
#include <string.h>

enum { NO_RULE = UINT32_MAX };
typedef enum { BY_GLOB, BY_NAME, BY_ENDING, BY_PATH } rule_kind;

typedef struct {
    dd_str    pattern;   /* without the leading slash */
    uint32_t  literal;   /* bytes in front without a wildcard */
    uint32_t  before;    /* earlier rule with the same key in the table */
    rule_kind kind;
    bool      negated, dir_only, basename;
} rule;

typedef struct {
    uint32_t hash, rule; /* rule NO_RULE: free */
} slot;

struct dd_rules {
    DD_VEC(rule)     all;
    DD_VEC(uint32_t) globs;      /* rules that are in no table, in order */
    DD_VEC(char *)   texts;
    slot            *slots;
    size_t           n_slots, used;
    bool             has[BY_PATH + 1];
};

static uint32_t key_hash(rule_kind kind, dd_str key)
{
    uint64_t h = dd_str_hash(key) + (uint64_t)kind * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h ^ (h >> 32));
}

static dd_str rule_key(const rule *r)
{
    return r->kind == BY_ENDING ? dd_str_sub(r->pattern, 1, r->pattern.len) : r->pattern;
}

static slot *find_slot(const dd_rules *rs, rule_kind kind, dd_str key, uint32_t hash)
{
    for (size_t i = hash & (rs->n_slots - 1);; i = (i + 1) & (rs->n_slots - 1)) {
        slot *s = &rs->slots[i];
        if (s->rule == NO_RULE)
            return s;
        const rule *r = &rs->all.v[s->rule];
        if (s->hash == hash && r->kind == kind && dd_str_eq(rule_key(r), key))
            return s;
    }
}

static void grow_table(dd_rules *rs)
{
    slot  *old = rs->slots;
    size_t n   = rs->n_slots;
    rs->n_slots = n ? n * 2 : 16;
    rs->slots   = dd_malloc(rs->n_slots * sizeof *rs->slots);
    for (size_t i = 0; i < rs->n_slots; i++)
        rs->slots[i] = (slot){ 0, NO_RULE };
    for (size_t i = 0; i < n; i++)
        if (old[i].rule != NO_RULE) {
            const rule *r = &rs->all.v[old[i].rule];
            *find_slot(rs, r->kind, rule_key(r), old[i].hash) = old[i];
        }
    free(old);
}

static size_t literal_length(dd_str p)
{
    size_t i = 0;
    while (i < p.len && !strchr("*?[\\", p.ptr[i]))
        i++;
    return i;
}

static rule_kind kind_of(const rule *r)
{
    dd_str p = r->pattern;
    if (r->literal == p.len)
        return r->basename ? BY_NAME : BY_PATH;
    /* The table is asked with what stands behind a name's last dot, dot included. */
    if (r->basename && r->literal == 0 && p.len > 2 && p.ptr[0] == '*' && p.ptr[1] == '.' &&
        literal_length(dd_str_sub(p, 1, p.len)) == p.len - 1 && dd_str_rchr(p, '.') == 1)
        return BY_ENDING;
    return BY_GLOB;
}

static void add_rule(dd_rules *rs, dd_str line)
{
    rule r = { .pattern = line, .before = NO_RULE };
    if (r.pattern.len && r.pattern.ptr[0] == '!') {
        r.negated = true;
        r.pattern = dd_str_sub(r.pattern, 1, r.pattern.len);
    }
    if (r.pattern.len && r.pattern.ptr[r.pattern.len - 1] == '/') {
        r.dir_only = true;
        r.pattern.len--;
    }
    r.basename = dd_str_chr(r.pattern, '/') < 0;
    if (!r.basename && r.pattern.ptr[0] == '/')
        r.pattern = dd_str_sub(r.pattern, 1, r.pattern.len);
    if (r.pattern.len == 0)
        return;
    r.literal      = (uint32_t)literal_length(r.pattern);
    r.kind         = kind_of(&r);
    rs->has[r.kind] = true;
    uint32_t index = (uint32_t)rs->all.n;
    if (r.kind == BY_GLOB) {
        dd_vec_push(&rs->globs, index);
        dd_vec_push(&rs->all, r);
        return;
    }
    if ((rs->used + 1) * 2 > rs->n_slots)
        grow_table(rs);
    uint32_t hash = key_hash(r.kind, rule_key(&r));
    slot    *s    = find_slot(rs, r.kind, rule_key(&r), hash);
    rs->used += s->rule == NO_RULE;
    r.before = s->rule;
    dd_vec_push(&rs->all, r);
    *s = (slot){ hash, index };
}

/* Trailing blanks do not count unless a backslash stands before them. */
static dd_str strip_blanks(dd_str s)
{
    size_t keep = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\\' && i + 1 < s.len)
            i++;
        else if (s.ptr[i] == ' ')
            continue;
        keep = i + 1;
    }
    return dd_str_sub(s, 0, keep);
}

static void add_lines(dd_rules *rs, dd_str text)
{
    if (dd_str_startsz(text, "\xEF\xBB\xBF"))
        text = dd_str_sub(text, 3, text.len);
    while (text.len) {
        dd_str line = dd_str_cut(&text, '\n');
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        /* git keeps a line as a C string: what stands behind a NUL is not seen */
        ptrdiff_t nul = dd_str_chr(line, '\0');
        if (nul >= 0)
            line.len = (size_t)nul;
        if (line.len && line.ptr[0] != '#')
            add_rule(rs, strip_blanks(line));
    }
}

static dd_str keep_text(dd_rules *rs, dd_str text)
{
    char *copy = dd_strdup(text);
    dd_vec_push(&rs->texts, copy);
    return (dd_str){ copy, text.len };
}

dd_rules *dd_rules_new(dd_str text)
{
    dd_rules *rs = dd_calloc(1, sizeof *rs);
    add_lines(rs, keep_text(rs, text));
    if (rs->all.n)
        return rs;
    dd_rules_free(rs);
    return NULL;
}

void dd_rules_add(dd_rules **r, dd_str line)
{
    if (!*r)
        *r = dd_calloc(1, sizeof **r);
    add_rule(*r, keep_text(*r, line));
}

void dd_rules_free(dd_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->texts.n; i++)
        free(r->texts.v[i]);
    dd_vec_free(&r->texts);
    dd_vec_free(&r->all);
    dd_vec_free(&r->globs);
    free(r->slots);
    free(r);
}

static bool glob_fits(const rule *r, dd_str path, dd_str name)
{
    dd_str subject = r->basename ? name : path;
    if (subject.len < r->literal || memcmp(subject.ptr, r->pattern.ptr, r->literal) != 0)
        return false;
    /* The part without wildcards is cut off first: so a `**` behind it counts as standing at the start, as in git. */
    return dd_glob_match(dd_str_sub(r->pattern, r->literal, r->pattern.len), dd_str_sub(subject, r->literal, subject.len));
}

/* The last rule of that key that holds for this type of entry, or -1. */
static int64_t look_up(const dd_rules *rs, rule_kind kind, dd_str key, bool is_dir)
{
    uint32_t at = find_slot(rs, kind, key, key_hash(kind, key))->rule;
    while (at != NO_RULE && rs->all.v[at].dir_only && !is_dir)
        at = rs->all.v[at].before;
    return at == NO_RULE ? -1 : (int64_t)at;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int dd_rules_match(const dd_rules *r, dd_str path, bool is_dir)
{
    if (!r)
        return 0;
    dd_str    name = dd_str_sub(path, (size_t)(dd_str_rchr(path, '/') + 1), path.len);
    ptrdiff_t dot  = dd_str_rchr(name, '.');
    int64_t   best = -1;
    if (r->has[BY_NAME])
        best = later(best, look_up(r, BY_NAME, name, is_dir));
    if (r->has[BY_ENDING] && dot >= 0)
        best = later(best, look_up(r, BY_ENDING, dd_str_sub(name, (size_t)dot, name.len), is_dir));
    if (r->has[BY_PATH])
        best = later(best, look_up(r, BY_PATH, path, is_dir));
    for (size_t i = r->globs.n; i-- > 0 && (int64_t)r->globs.v[i] > best;) {
        const rule *g = &r->all.v[r->globs.v[i]];
        if ((is_dir || !g->dir_only) && glob_fits(g, path, name)) {
            best = r->globs.v[i];
            break;
        }
    }
    if (best < 0)
        return 0;
    return r->all.v[best].negated ? -1 : 1;
}

struct dd_ignore {
    DD_VEC(struct dd_ignore_file { char *base; size_t len; dd_rules *rules; }) files;
};

dd_ignore *dd_ignore_new(void)
{
    return dd_calloc(1, sizeof(dd_ignore));
}

void dd_ignore_free(dd_ignore *ig)
{
    if (!ig)
        return;
    for (size_t i = 0; i < ig->files.n; i++) {
        free(ig->files.v[i].base);
        dd_rules_free(ig->files.v[i].rules);
    }
    dd_vec_free(&ig->files);
    free(ig);
}

void dd_ignore_add(dd_ignore *ig, dd_str base, dd_str text)
{
    struct dd_ignore_file f = { dd_strdup(base), base.len, dd_rules_new(text) };
    dd_vec_push(&ig->files, f);
    /* Kept from shallow to deep; those of one folder in the order they came. */
    for (size_t i = ig->files.n - 1; i > 0 && ig->files.v[i - 1].len > f.len; i--) {
        ig->files.v[i]     = ig->files.v[i - 1];
        ig->files.v[i - 1] = f;
    }
}

int dd_ignore_match(const dd_ignore *ig, dd_str path, bool is_dir)
{
    for (size_t i = ig->files.n; i-- > 0;) {
        const struct dd_ignore_file *f = &ig->files.v[i];
        if (path.len <= f->len || memcmp(path.ptr, f->base, f->len) != 0)
            continue;
        int verdict = dd_rules_match(f->rules, dd_str_sub(path, f->len, path.len), is_dir);
        if (verdict)
            return verdict;
    }
    return 0;
}
