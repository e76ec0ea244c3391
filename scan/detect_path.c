/* scan/detect_path.c - callees as lists of names, and rows of the tables matched against them. */
#include "scan/detect_tables.h"

static dd_path_step *push(dd_path *p, dd_str name)
{
    if (p->n >= DD_MAX_STEPS)
        return NULL;
    p->v[p->n] = (dd_path_step){ .name = name };
    return &p->v[p->n++];
}

/* "npm:openai@7", "https://esm.sh/openai@4?x" -> "openai" */
static dd_str bare_package(dd_str s)
{
    static const char *const schemes[] = { "npm:", "jsr:", "node:", "https://esm.sh/", "https://cdn.skypack.dev/", "https://esm.run/", "https://cdn.jsdelivr.net/npm/", "https://deno.land/x/" };
    for (size_t i = 0; i < DD_COUNT(schemes); i++)
        if (dd_str_startsz(s, schemes[i]))
            s = dd_str_sub(s, strlen(schemes[i]), s.len);
    for (size_t i = 1; i < s.len; i++)
        if (s.ptr[i] == '@' || s.ptr[i] == '?')
            return dd_str_sub(s, 0, i);
    return s;
}

/* Python's dotted modules become steps; npm names stay whole. */
static void push_package(dd_path *p, dd_str name)
{
    dd_str s = bare_package(name);
    if (dd_str_chr(s, '/') >= 0 || dd_str_startsz(s, "@")) {
        push(p, s);
        return;
    }
    while (s.len)
        push(p, dd_str_cut(&s, '.'));
}

static void add_step(dd_path *p, const dd_value *v)
{
    dd_path_step *last = p->n ? &p->v[p->n - 1] : NULL;
    switch (v->step) {
    case DD_E_PACKAGE: push_package(p, v->name); break;
    case DD_E_MEMBER:  push(p, v->name); break;
    case DD_E_INDEX:   break;
    case DD_E_CALL: case DD_E_NEW: case DD_E_TYPED:
        if (!last || last->called || (v->parent && v->parent->step == DD_E_PACKAGE))
            last = push(p, DD_STR(""));
        if (last) {
            last->called = true;
            last->typed = v->step == DD_E_TYPED;
            last->call = v;
        }
        break;
    }
}

bool dd_path_of_value(const dd_value *v, dd_path *out)
{
    const dd_value *chain[64] = { NULL };
    int n = 0;
    *out = (dd_path){ .external = true };
    for (; v && v->kind == DD_V_EXTERN && n < 64; v = v->parent)
        chain[n++] = v;
    if (!n || v || chain[n - 1]->step != DD_E_PACKAGE)
        return false;
    out->root = chain[n - 1];
    while (n > 0)
        add_step(out, chain[--n]);
    return out->n > 0;
}

void dd_path_of_expr(const dd_expr *callee, dd_arena *arena, dd_path *out)
{
    dd_buf text = DD_BUF_INIT(4096);
    *out = (dd_path){ 0 };
    dd_expr_path(callee, &text);
    dd_str all = dd_arena_dup(arena, dd_buf_str(&text));
    dd_buf_free(&text);
    while (all.len) {
        dd_str name = dd_str_cut(&all, '.');
        bool called = dd_str_endsz(name, "()");
        dd_path_step *s = push(out, called ? dd_str_sub(name, 0, name.len - 2) : name);
        if (s)
            s->called = called;
    }
}

static bool transparent(const dd_path_step *s, bool last)
{
    static const char plain[] = "beta|alpha|aio|with_raw_response|with_streaming_response|withRawResponse|withStreamingResponse|default";
    static const char called[] = "with_options|withOptions|copy|with_config|withConfig|bind|bind_tools|bindTools|with_structured_output|withStructuredOutput|"
                                 "with_retry|withRetry|with_fallbacks|withFallbacks|configurable_fields|configurableFields|configurable_alternatives|__enter__|__aenter__";
    return s->called ? dd_word_in(called, s->name) : !last && dd_word_in(plain, s->name);
}

void dd_path_clean(dd_path *p)
{
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (i < 1 || !transparent(&p->v[i], i == p->n - 1))
            p->v[n++] = p->v[i];
    p->n = n;
}

bool dd_word_in(const char *list, dd_str word)
{
    while (list && *list) {
        const char *end = strchr(list, '|');
        size_t len = end ? (size_t)(end - list) : strlen(list);
        if (len && list[len - 1] == '*') {
            if (word.len >= len - 1 && !memcmp(list, word.ptr, len - 1))
                return true;
        } else if (len && list[0] == '*') {
            if (word.len >= len - 1 && !memcmp(list + 1, word.ptr + word.len - (len - 1), len - 1))
                return true;
        } else if (len == word.len && !memcmp(list, word.ptr, len)) {
            return true;
        }
        list = end ? end + 1 : NULL;
    }
    return false;
}

/* One package of a list against the first steps: "google.genai" takes two. */
static int package_steps(dd_str spec, const dd_path *p)
{
    int at = 0;
    bool js = dd_str_chr(spec, '/') >= 0 || dd_str_startsz(spec, "@");
    while (spec.len) {
        dd_str part = js ? spec : dd_str_cut(&spec, '.');
        if (js)
            spec = DD_STR_NULL;
        if (at >= p->n)
            return 0;
        dd_str name = p->v[at].name;
        if (part.len && part.ptr[part.len - 1] == '*') {
            if (!dd_str_starts(name, dd_str_sub(part, 0, part.len - 1)))
                return 0;
        } else if (!dd_str_eq(name, part)) {
            bool below = dd_str_starts(name, part) && name.len > part.len && name.ptr[part.len] == '/';
            if (!below)                                   /* "openai/resources" is "openai" */
                return 0;
        }
        at++;
    }
    return at;
}

bool dd_package_match(const char *packages, const dd_path *p, int *base)
{
    dd_str list = dd_str_z(packages);
    if (!p->external)
        return false;
    while (list.len) {
        dd_str spec = dd_str_cut(&list, '|');
        bool other = p->n && p->v[0].name.len && spec.len && spec.ptr[0] != '*' && spec.ptr[0] != p->v[0].name.ptr[0];
        int n = other ? 0 : package_steps(spec, p);
        if (n) {
            *base = n;
            return true;
        }
    }
    return false;
}

bool dd_package_name_match(const char *packages, dd_str module)
{
    dd_path p = { .external = true };
    int base;
    push_package(&p, module);
    return dd_package_match(packages, &p, &base);
}

typedef struct { dd_str v[8]; int n; } tokens;

static tokens split(const char *path)
{
    tokens t = { .n = 0 };
    dd_str s = dd_str_z(path);
    while (s.len && t.n < 8)
        t.v[t.n++] = dd_str_cut(&s, '.');
    return t;
}

static bool token_match(dd_str token, const dd_path_step *s, bool last)
{
    bool called = dd_str_endsz(token, "()");
    char words[512];
    size_t n = called ? token.len - 2 : token.len;
    if (n >= sizeof words || (called != s->called && !last) || (last && s->called))
        return false;
    if (n == 1 && token.ptr[0] == '*')
        return true;
    memcpy(words, token.ptr, n);
    words[n] = 0;
    return dd_word_in(words, s->name);
}

static bool uncalled(const dd_path *p, int from, int to)
{
    for (int i = from; i < to; i++)
        if (p->v[i].called)
            return false;
    return true;
}

bool dd_row_match(const dd_row *row, const dd_path *p, int *client)
{
    tokens t = split(row->path);
    int at = p->n - 1;
    *client = -1;
    for (int i = t.n - 1; i >= 0; i--, at--) {
        if (i == 0 && dd_str_eqz(t.v[0], "C")) {
            if (at >= p->base && p->v[at].called) {
                *client = at;
                return true;
            }
            return uncalled(p, p->base, at + 1);
        }
        if (at < p->base || !token_match(t.v[i], &p->v[at], i == t.n - 1))
            return false;
        if (p->v[at].called && *client < 0)
            *client = at;
    }
    return dd_str_endsz(t.v[0], "()") || uncalled(p, p->base, at + 1);
}

bool dd_row_match_tail(const dd_row *row, const dd_path *p)
{
    tokens t = split(row->path);
    int at = p->n - 1, first = dd_str_eqz(t.v[0], "C") ? 1 : 0;
    if (!first && p->n == t.n)                            /* classes of a module need the module's name before them */
        return t.n == 1 && dd_str_endsz(p->v[0].name, "Command") && token_match(t.v[0], &p->v[0], true);
    for (int i = t.n - 1; i >= first; i--, at--)
        if (at < 0 || !token_match(t.v[i], &p->v[at], i == t.n - 1))
            return false;
    return at >= 0;
}
