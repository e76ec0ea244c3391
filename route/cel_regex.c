/* matches(): RE2's syntax, in time that grows with the text.
 *
 * PCRE2 runs the pattern, but what it has beyond RE2 (look-around, back references, possessive and atomic groups, verbs) is refused, and what means
 * something else there is rewritten. Its breadth-first matcher goes over the text once, behind a leading .*?, without going back; groups capture
 * nothing. A pattern that is plain text between ^ and $ is compared without it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "route/cel_parts.h"

enum { MOST_PATTERN = 8192, MOST_SUBJECT = 4096, MOST_REPEAT = 1000, WORKSPACE = 4096 };
static const dd_str no_text = { "", 0 };

typedef struct {
    pcre2_code *code;  /* NULL: plain text */
    bool        begin, end;
    dd_str      text;
} pattern;

/* --- memory: the arena's, nothing is freed --- */
static void *take(size_t n, void *arena) { return dd_arena_alloc(arena, n); }
static void  leave(void *p, void *arena) { (void)p, (void)arena; }

/* --- plain text --- */
static bool is_meta(char c) { return c && strchr("\\.+*?()|[]{}^$", c); }

/* ^text$, either mark may lack; escaped punctuation counts as text. */
static bool read_plain(dd_arena *arena, dd_str re, pattern *p)
{
    char  *text = dd_arena_alloc(arena, re.len + 1);
    size_t n = 0;
    p->begin = dd_str_startsz(re, "^");
    for (size_t i = p->begin; i < re.len; i++) {
        bool escaped = re.ptr[i] == '\\' && i + 1 < re.len;
        i += escaped;
        if (!escaped && re.ptr[i] == '$' && i + 1 == re.len)
            p->end = true;
        else if (escaped != is_meta(re.ptr[i]))
            return false;
        else
            text[n++] = re.ptr[i];
    }
    p->text = (dd_str){ text, n };
    return true;
}

static bool match_plain(const pattern *p, dd_str s)
{
    if (p->begin && p->end)
        return dd_str_eq(s, p->text);
    if (p->begin || p->end)
        return p->begin ? dd_str_starts(s, p->text) : dd_str_ends(s, p->text);
    return dd_str_find(s, p->text) >= 0;
}

/* --- RE2 to PCRE2 --- */
typedef struct {
    dd_str      re;
    size_t      at;
    dd_buf      out;
    const char *why;
    int         depth;
    size_t      atom;               /* where the character or class before this begins in `out`; SIZE_MAX: it is a group */
    bool        in_class, repeated; /* repeated: a repetition stands right in front */
} translator;

static char peek(const translator *t, size_t ahead) { return t->at + ahead < t->re.len ? t->re.ptr[t->at + ahead] : '\0'; }

static void copy(translator *t, size_t n)
{
    dd_buf_add(&t->out, dd_str_sub(t->re, t->at, t->at + n));
    t->at += n;
}

static void refuse(translator *t, const char *why)
{
    t->why = why;
    t->at = t->re.len;
}

/* \123, \07: one digit alone would be a back reference. */
static void put_octal(translator *t)
{
    unsigned v = 0;
    size_t   n = 0;
    if (peek(t, 1) != '0' && (peek(t, 2) < '0' || peek(t, 2) > '7')) {
        refuse(t, "back references are not in RE2");
        return;
    }
    for (; n < 3 && peek(t, n + 1) >= '0' && peek(t, n + 1) <= '7'; n++)
        v = v * 8 + (unsigned)(peek(t, n + 1) - '0');
    dd_buf_printf(&t->out, "\\x{%x}", v);
    t->at += n + 1;
}

static void put_hex(translator *t)
{
    size_t n = 2;
    if (peek(t, 2) == '{') {
        for (n = 3; dd_hex_digit(peek(t, n)) >= 0;)
            n++;
        n = n > 3 && peek(t, n) == '}' ? n + 1 : 0;
    } else
        n = dd_hex_digit(peek(t, 2)) >= 0 && dd_hex_digit(peek(t, 3)) >= 0 ? 4 : 0;
    if (n == 0)
        refuse(t, "\\x needs two hexadecimal digits or {digits}");
    else
        copy(t, n);
}

/* \Q...\E, the end may lack. */
static void put_literal(translator *t)
{
    ptrdiff_t end = dd_str_find(dd_str_sub(t->re, t->at + 2, t->re.len), DD_STR("\\E"));
    size_t    to = end < 0 ? t->re.len : t->at + 2 + (size_t)end;
    for (size_t i = t->at + 2; i < to; i++) {
        dd_buf_addz(&t->out, is_meta(t->re.ptr[i]) || t->re.ptr[i] == '-' ? "\\" : "");
        dd_buf_addc(&t->out, t->re.ptr[i]);
    }
    t->at = end < 0 ? t->re.len : to + 2;
}

static const struct { char letter; const char *outside, *inside; } classes[] = { /* NULL: not there */
    { 's', "[\\t\\n\\f\\r ]", "\\t\\n\\f\\r " }, { 'S', "[^\\t\\n\\f\\r ]", "\\S" }, { 'v', "\\x0b", "\\x0b" }, { 'b', "\\b", NULL },
    { 'B', "\\B", NULL },
    { 'A', "\\A", NULL }, { 'z', "\\z", NULL },
};

static void put_class_escape(translator *t, char c)
{
    for (size_t i = 0; i < DD_COUNT(classes); i++)
        if (classes[i].letter == c) {
            const char *text = t->in_class ? classes[i].inside : classes[i].outside;
            if (!text) {
                refuse(t, "this escape has no meaning in a class");
                return;
            }
            dd_buf_addz(&t->out, text);
            t->at += 2;
            return;
        }
    if (c && strchr("dDwWaftnr", c))
        copy(t, 2);
    else
        refuse(t, "RE2 has no such escape");
}

/* \pL, \p{Greek}, \P{^Lu}: PCRE2 knows the names. */
static void put_property(translator *t)
{
    size_t n = 3;
    while (peek(t, 2) == '{' && t->at + n < t->re.len && peek(t, n - 1) != '}')
        n++;
    copy(t, n);
}

static void put_escape(translator *t)
{
    char c = peek(t, 1);
    if (t->at + 1 >= t->re.len)
        refuse(t, "it ends with a backslash");
    else if (c >= '0' && c <= '7')
        put_octal(t);
    else if (c == 'x')
        put_hex(t);
    else if (c == 'p' || c == 'P')
        put_property(t);
    else if (c == 'Q')
        put_literal(t);
    else if (strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ", c))
        copy(t, 2);
    else
        put_class_escape(t, c);
}

/* [:alpha:] inside a class, or a bracket that is text. */
static void put_bracket(translator *t)
{
    size_t n = 2;
    while (peek(t, n) == '^' || (peek(t, n) >= 'a' && peek(t, n) <= 'z'))
        n++;
    if (peek(t, 1) == ':' && n > 2 && peek(t, n) == ':' && peek(t, n + 1) == ']')
        copy(t, n + 2);
    else {
        dd_buf_addz(&t->out, "\\[");
        t->at++;
    }
}

static void put_class(translator *t)
{
    copy(t, 1);
    if (peek(t, 0) == '^')
        copy(t, 1);
    if (peek(t, 0) == ']')
        copy(t, 1);
    for (t->in_class = true; t->at < t->re.len && peek(t, 0) != ']';) {
        if (peek(t, 0) == '\\')
            put_escape(t);
        else if (peek(t, 0) == '[')
            put_bracket(t);
        else
            copy(t, 1);
    }
    t->in_class = false;
    if (t->at < t->re.len)
        copy(t, 1);
    else if (!t->why)
        t->why = "a class has no closing bracket";
}

/* (?P<name> or (?<name>: names are for captures, and none are wanted. */
static bool put_named(translator *t)
{
    size_t    n = peek(t, 2) == 'P' ? 3 : 2;
    ptrdiff_t end = dd_str_chr(dd_str_sub(t->re, t->at, t->re.len), '>');
    if (peek(t, n) != '<' || peek(t, n + 1) == '=' || peek(t, n + 1) == '!' || end < 0)
        return false;
    dd_buf_addz(&t->out, "(?:");
    t->at += (size_t)end + 1;
    t->depth++;
    return true;
}

/* Behind "(?": a name, flags, or neither. */
static void put_extension(translator *t)
{
    size_t n = 2;
    if (put_named(t))
        return;
    while (peek(t, n) && strchr("imsU-", peek(t, n)))
        n++;
    if (peek(t, n) != ':' && (peek(t, n) != ')' || n == 2)) {
        refuse(t, "look-around, references and other extensions are not in RE2");
        return;
    }
    t->depth += peek(t, n) == ':';
    copy(t, n + 1);
}

static void put_group(translator *t)
{
    if (peek(t, 1) == '?')
        put_extension(t);
    else if (peek(t, 1) == '*')
        refuse(t, "a repetition has nothing to repeat");
    else {
        dd_buf_addz(&t->out, "(?:");
        t->depth++;
        t->at++;
    }
}

/* The number `n` bytes ahead, held at just above MOST_REPEAT, and behind it. */
static size_t count_ahead(const translator *t, size_t n, int64_t *count)
{
    for (*count = 0; peek(t, n) >= '0' && peek(t, n) <= '9'; n++)
        *count = *count > MOST_REPEAT ? *count : *count * 10 + (peek(t, n) - '0');
    return n;
}

/* {2}, {2,}, {2,5}: its length; 0: a brace that is text. */
static size_t repeat_length(const translator *t, int64_t *most)
{
    int64_t upper = 0;
    size_t  n = count_ahead(t, 1, most), digits = n - 1;
    if (digits && peek(t, n) == ',')
        n = count_ahead(t, n + 1, &upper);
    *most = upper > *most ? upper : *most;
    return digits && peek(t, n) == '}' ? n + 1 : 0;
}

/* x+ as xx*, x{2,} as x{2}x*: the matcher would count how often x came, and hold a state a count, where nobody asks. */
static void put_open_repeat(translator *t, size_t n)
{
    dd_str text = dd_str_sub(t->re, t->at, t->at + n), atom = dd_str_sub(dd_buf_str(&t->out), t->atom, t->out.len);
    char  *again = dd_strdup(atom); /* adding moves what it stands in */
    if (n > 1) {
        dd_buf_add(&t->out, dd_str_sub(text, 0, n - 2));
        dd_buf_addc(&t->out, '}');
    }
    dd_buf_add(&t->out, (dd_str){ again, atom.len });
    dd_buf_addc(&t->out, '*');
    t->at += n;
    free(again);
}

static bool is_open(const translator *t, size_t n)
{
    return t->atom != SIZE_MAX && (n == 1 ? peek(t, 0) == '+' : peek(t, n - 2) == ',');
}

static void put_repeat(translator *t, size_t n, int64_t most)
{
    if (t->repeated)
        refuse(t, "repetitions cannot be stacked");
    else if (most > MOST_REPEAT)
        refuse(t, "a repetition counts more than 1000");
    else {
        if (is_open(t, n))
            put_open_repeat(t, n);
        else
            copy(t, n);
        if (peek(t, 0) == '?')
            copy(t, 1);
        t->repeated = true;
    }
}

static void put_brace(translator *t)
{
    int64_t most = 0;
    size_t  n = repeat_length(t, &most);
    if (n) {
        put_repeat(t, n, most);
        return;
    }
    t->repeated = false;
    t->atom = t->out.len;
    dd_buf_addz(&t->out, "\\{");
    t->at++;
}

static void put_other(translator *t, char c)
{
    bool group = c == '(' || c == ')' || (c == '\\' && peek(t, 1) == 'Q');
    t->repeated = false;
    t->atom = group ? SIZE_MAX : t->out.len;
    if (c == '\\')
        put_escape(t);
    else if (c == '[')
        put_class(t);
    else if (c == '(')
        put_group(t);
    else if (c == ')' && t->depth-- == 0)
        refuse(t, "a parenthesis closes what was not opened");
    else {
        size_t end = t->at;
        dd_utf8_next(t->re, &end); /* an atom is a character, not a byte */
        copy(t, end - t->at);
    }
}

static void translate(translator *t)
{
    dd_buf_addz(&t->out, "(?s:.*?)(?:");
    while (t->at < t->re.len) {
        char c = peek(t, 0);
        if (c == '*' || c == '+' || c == '?')
            put_repeat(t, 1, 0);
        else if (c == '{')
            put_brace(t);
        else
            put_other(t, c);
    }
    dd_buf_addc(&t->out, ')');
    if (!t->why && t->depth)
        t->why = "a parenthesis is not closed";
}

static pcre2_code *compile(dd_arena *arena, dd_str re, const char **why)
{
    static const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX |
                                    PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE;
    pcre2_general_context *memory = pcre2_general_context_create(take, leave, arena);
    pcre2_compile_context *how = pcre2_compile_context_create(memory);
    PCRE2_UCHAR            message[200];
    PCRE2_SIZE             at;
    int                    code;
    pcre2_set_newline(how, PCRE2_NEWLINE_LF);
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)re.ptr, re.len, options, &code, &at, how);
    if (!compiled) {
        pcre2_get_error_message(code, message, sizeof message);
        *why = dd_arena_dupz(arena, (const char *)message).ptr;
    }
    return compiled;
}

const void *cel_pattern(dd_arena *arena, dd_str re, const char **why)
{
    pattern   *p = dd_new(arena, pattern);
    translator t = { .re = re, .out = DD_BUF_INIT(0), .atom = SIZE_MAX };
    if (read_plain(arena, re, p))
        return p;
    if (re.len > MOST_PATTERN)
        t.why = "it is longer than 8192 bytes";
    else
        translate(&t);
    *why = t.why;
    if (!t.why)
        p->code = compile(arena, dd_buf_str(&t.out), why);
    dd_buf_free(&t.out);
    return p->code ? p : NULL;
}

/* --- matching --- */
static void run(cel_frame *f, const pattern *p, dd_str s, dd_cel_value *out)
{
    int                    workspace[WORKSPACE];
    dd_arena_mark          here = dd_arena_here(f->arena);
    pcre2_general_context *memory = pcre2_general_context_create(take, leave, f->arena);
    pcre2_match_data      *result = pcre2_match_data_create(1, memory);
    int rc = pcre2_dfa_match(p->code, (PCRE2_SPTR)(s.len ? s.ptr : ""), s.len, 0, PCRE2_DFA_SHORTEST, result, NULL, workspace, WORKSPACE);
    dd_arena_back(f->arena, here);
    if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
        *out = dd_cel_bool(rc >= 0);
    else
        cel_fail(out, rc == PCRE2_ERROR_DFA_WSSIZE ? DD_CEL_E_LIMIT : DD_CEL_E_PATTERN, no_text);
}

void cel_matches(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    const char    *why = NULL;
    const pattern *p = n->pattern;
    if (!cel_take(f, a[0].s.len / 2 + (p ? 8 : 500), out))
        return;
    if (!p)
        p = cel_pattern(f->arena, a[1].s, &why);
    if (!p)
        cel_fail(out, DD_CEL_E_PATTERN, dd_str_z(why));
    else if (!p->code)
        *out = dd_cel_bool(match_plain(p, a[0].s));
    else if (a[0].s.len > MOST_SUBJECT)
        cel_fail(out, DD_CEL_E_LIMIT, no_text);
    else
        run(f, p, a[0].s, out);
}
