#include "base/jspan.h"

#include "base/jspan_scan.h"

/* One pass, no recursion: the open containers stand in a fixed row, and what may come next is one of these. */
typedef enum { WANT_VALUE, WANT_VALUE_OR_END, WANT_NAME, WANT_NAME_OR_END, WANT_COMMA } want;

typedef struct {
    dd_jptr     start, p, end;
    dd_jspan   *d;
    dd_arena   *arena;
    size_t      cap;
    const char *why;                    /* what is wrong at p */
    dd_code     code;
    size_t      depth;
    uint32_t   *open;                   /* DD_JSPAN_DEPTH of them: the nodes of the containers around p */
} reader;

static bool refuse(reader *r, dd_jptr at, const char *why)
{
    r->p    = at;
    r->why  = why;
    r->code = DD_ERR_PARSE;
    return false;
}

static void skip_space(reader *r)
{
    dd_jptr p = r->p, end = r->end;
    while (p < end && *p <= ' ') {
        uint64_t eight;
        while (end - p >= 8 && (memcpy(&eight, p, 8), eight == UINT64_C(0x2020202020202020))) /* indentation */
            p += 8;
        if (p == end || (*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t'))
            break;
        p++;
    }
    r->p = p;
}

static dd_jnode *push(reader *r, dd_jkind kind)
{
    dd_jspan *d = r->d;
    if (d->n == r->cap)
        dd_avec_grow(r->arena, (void **)&d->v, d->n, &r->cap, sizeof *d->v);
    dd_jnode *node = &d->v[d->n++];
    *node          = (dd_jnode){ .start = (uint32_t)(r->p - r->start), .next = (uint32_t)d->n, .kind = (uint8_t)kind };
    return node;
}

static bool read_escape(reader *r, dd_jptr *p)
{
    dd_jptr at = *p;
    if (r->end - at < 2)
        return refuse(r, r->end, "the string does not end");
    switch (at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        *p = at + 2;
        return true;
    case 'u':
        if (r->end - at < 6 || dd_jscan_hex4(at + 2) < 0)
            return refuse(r, at, "\\u needs four hexadecimal digits");
        *p = at + 6;
        return true;
    default:
        return refuse(r, at, "no such escape");
    }
}

static bool read_string(reader *r)
{
    dd_jnode *node = push(r, DD_J_STRING);
    dd_jptr   p = r->p + 1, end = r->end;
    for (;;) {
        p = dd_jscan_plain(p, end);
        if (p == end)
            return refuse(r, end, "the string does not end");
        if (*p == '"')
            break;
        if (*p == '\\') {
            node->escaped = true;
            if (!read_escape(r, &p))
                return false;
        } else if (*p < 0x20) {
            return refuse(r, p, "a control character in a string");
        } else {
            while (p < end && *p >= 0x80) { /* such letters come in rows */
                dd_jptr next = dd_jscan_utf8(p, end);
                if (!next)
                    return refuse(r, p, "bytes that are not UTF-8");
                p = next;
            }
        }
    }
    r->p      = p + 1;
    node->end = (uint32_t)(r->p - r->start);
    return true;
}

static dd_jptr digits(dd_jptr p, dd_jptr end)
{
    while (p < end && (unsigned)(*p - '0') < 10)
        p++;
    return p;
}

static bool read_number(reader *r)
{
    dd_jnode *node = push(r, DD_J_NUMBER);
    dd_jptr   p = r->p, end = r->end, from;
    if (*p == '-')
        p++;
    from = p;
    p    = digits(p, end);
    if (p == from)
        return refuse(r, p, "a number needs a digit here");
    if (*from == '0' && p - from > 1)
        return refuse(r, from, "a number does not begin with 0");
    if (p < end && *p == '.') {
        from = ++p;
        p    = digits(p, end);
        if (p == from)
            return refuse(r, p, "a number needs a digit here");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        from = p;
        p    = digits(p, end);
        if (p == from)
            return refuse(r, p, "a number needs a digit here");
    }
    r->p      = p;
    node->end = (uint32_t)(p - r->start);
    return true;
}

static bool read_word(reader *r, const char *word, size_t len, dd_jkind kind)
{
    if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
        return refuse(r, r->p, "a value is missing");
    dd_jnode *node = push(r, kind);
    r->p += len;
    node->end = (uint32_t)(r->p - r->start);
    return true;
}

static bool open_container(reader *r, dd_jkind kind)
{
    if (r->depth == DD_JSPAN_DEPTH) {
        r->code = DD_ERR_LIMIT;
        r->why  = "too many levels";
        return false;
    }
    r->open[r->depth++] = (uint32_t)r->d->n;
    push(r, kind);
    r->p++;
    return true;
}

static bool read_value(reader *r, want *next)
{
    *next = WANT_COMMA;
    switch (*r->p) {
    case '"': return read_string(r);
    case '{': *next = WANT_NAME_OR_END; return open_container(r, DD_J_OBJECT);
    case '[': *next = WANT_VALUE_OR_END; return open_container(r, DD_J_ARRAY);
    case 't': return read_word(r, "true", 4, DD_J_TRUE);
    case 'f': return read_word(r, "false", 5, DD_J_FALSE);
    case 'n': return read_word(r, "null", 4, DD_J_NULL);
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9': return read_number(r);
    default: return refuse(r, r->p, "a value is missing");
    }
}

static bool read_name(reader *r)
{
    if (*r->p != '"')
        return refuse(r, r->p, "a member's name is missing");
    if (!read_string(r))
        return false;
    skip_space(r);
    if (r->p == r->end || *r->p != ':')
        return refuse(r, r->p, "a colon is missing");
    r->p++;
    return true;
}

/* A comma or the end of the innermost container. */
static bool read_comma(reader *r, want *next)
{
    dd_jnode *in     = &r->d->v[r->open[r->depth - 1]];
    bool      object = in->kind == DD_J_OBJECT;
    if (*r->p == ',') {
        in->count++;
        *next = object ? WANT_NAME : WANT_VALUE;
    } else if (*r->p == (object ? '}' : ']')) {
        if (*next == WANT_COMMA)
            in->count++; /* the last one; none behind an opening bracket */
        in->end  = (uint32_t)(r->p + 1 - r->start);
        in->next = (uint32_t)r->d->n;
        r->depth--;
        *next = WANT_COMMA;
    } else {
        return refuse(r, r->p, object ? "a comma or } is missing" : "a comma or ] is missing");
    }
    r->p++;
    return true;
}

static bool read_document(reader *r)
{
    want next = WANT_VALUE;
    do {
        skip_space(r);
        if (r->p == r->end)
            return refuse(r, r->p, r->d->n ? "the text ends too early" : "there is no value");
        bool ends = (next == WANT_NAME_OR_END && *r->p == '}') || (next == WANT_VALUE_OR_END && *r->p == ']');
        if (next == WANT_COMMA || ends) {
            if (!read_comma(r, &next))
                return false;
        } else if (next == WANT_NAME || next == WANT_NAME_OR_END) {
            if (!read_name(r))
                return false;
            next = WANT_VALUE;
        } else if (!read_value(r, &next)) {
            return false;
        }
    } while (r->depth);
    skip_space(r);
    return r->p == r->end || refuse(r, r->p, "something stands behind the value");
}

static dd_code say_where(const reader *r, dd_err *err)
{
    size_t line = 1, column = 1;
    for (dd_jptr p = r->start; p < r->p; p++) {
        column++;
        if (*p == '\n') {
            line++;
            column = 1;
        }
    }
    return dd_fail(err, r->code, "line %zu, column %zu: %s", line, column, r->why);
}

dd_code dd_jspan_parse(dd_jspan *d, dd_arena *arena, dd_str text, dd_err *err)
{
    *d = (dd_jspan){ .text = text };
    if (text.len >= UINT32_MAX)
        return dd_fail(err, DD_ERR_LIMIT, "longer than 4 GiB");
    uint32_t open[DD_JSPAN_DEPTH];
    dd_jptr  start = (dd_jptr)(text.len ? text.ptr : "");
    reader   r     = { .start = start, .p = start, .end = start + text.len, .d = d, .arena = arena, .open = open };
    r.cap = 32 + text.len / 64; /* chat bodies have 20 to 100 bytes a node; growing doubles, so at most half of it all is wasted */
    d->v  = dd_arena_alloc(arena, r.cap * sizeof *d->v);
    if (read_document(&r))
        return DD_OK;
    d->n = 0;
    return say_where(&r, err);
}

/* --- walking --- */

static const dd_jnode *node_at(const dd_jspan *d, uint32_t node) { return node < d->n ? &d->v[node] : NULL; }

dd_jit dd_jspan_each(const dd_jspan *d, uint32_t node)
{
    const dd_jnode *v = node_at(d, node);
    dd_jit it = { node + 1, 0, DD_J_NONE, DD_J_NONE, false };
    if (v && v->kind >= DD_J_ARRAY) {
        it.left   = v->count;
        it.object = v->kind == DD_J_OBJECT;
    }
    return it;
}

bool dd_jspan_step(const dd_jspan *d, dd_jit *it)
{
    if (it->left == 0)
        return false;
    it->left--;
    it->key   = it->object ? it->at++ : DD_J_NONE;
    it->value = it->at;
    it->at    = d->v[it->at].next;
    return true;
}

/* `inside` against plain text, without a copy. */
static bool equals_escaped(dd_str inside, const char *text)
{
    for (size_t i = 0; i < inside.len;) {
        char   out[8];
        size_t n = 1;
        if (inside.ptr[i] == '\\')
            n = dd_jscan_escape(inside, &i, false, out);
        else
            out[0] = inside.ptr[i++];
        for (size_t k = 0; k < n; k++, text++)
            if (!*text || *text != out[k])
                return false;
    }
    return *text == '\0';
}

static bool name_is(const dd_jspan *d, uint32_t key, const char *name)
{
    const dd_jnode *v = &d->v[key];
    const char     *p = d->text.ptr + v->start + 1;
    size_t          n = v->end - v->start - 2;
    if (v->escaped)
        return equals_escaped((dd_str){ p, n }, name);
    return strncmp(p, name, n) == 0 && name[n] == '\0'; /* a string holds no NUL byte, so name is as long as p at least */
}

uint32_t dd_jspan_member(const dd_jspan *d, uint32_t object, const char *name, bool *twice)
{
    uint32_t found = DD_J_NONE;
    for (dd_jit it = dd_jspan_each(d, object); dd_jspan_step(d, &it);) {
        if (!it.object || !name_is(d, it.key, name))
            continue;
        if (found != DD_J_NONE) {
            *twice = true;
            break;
        }
        found = it.value;
        if (!twice)
            break;
    }
    return found;
}

int dd_jspan_members(const dd_jspan *d, uint32_t object, const char *const *names, uint32_t *out, size_t n)
{
    int twice = -1;
    for (size_t i = 0; i < n; i++)
        out[i] = DD_J_NONE;
    for (dd_jit it = dd_jspan_each(d, object); dd_jspan_step(d, &it);) {
        for (size_t i = 0; it.object && i < n; i++) {
            if (!name_is(d, it.key, names[i]))
                continue;
            if (out[i] == DD_J_NONE)
                out[i] = it.value;
            else if (twice < 0 || (size_t)twice > i)
                twice = (int)i;
            break;
        }
    }
    return twice;
}

uint32_t dd_jspan_item(const dd_jspan *d, uint32_t array, size_t i)
{
    if (dd_jspan_kind(d, array) != DD_J_ARRAY)
        return DD_J_NONE;
    for (dd_jit it = dd_jspan_each(d, array); dd_jspan_step(d, &it); i--)
        if (i == 0)
            return it.value;
    return DD_J_NONE;
}

dd_jkind dd_jspan_kind(const dd_jspan *d, uint32_t node)
{
    const dd_jnode *v = node_at(d, node);
    return v ? (dd_jkind)v->kind : DD_J_NULL;
}

dd_str dd_jspan_raw(const dd_jspan *d, uint32_t node)
{
    const dd_jnode *v = node_at(d, node);
    return v ? (dd_str){ d->text.ptr + v->start, v->end - v->start } : DD_STR_NULL;
}

dd_str dd_jspan_inside(const dd_jspan *d, uint32_t node)
{
    dd_str raw = dd_jspan_raw(d, node);
    return dd_jspan_kind(d, node) == DD_J_STRING ? (dd_str){ raw.ptr + 1, raw.len - 2 } : DD_STR_NULL;
}

bool dd_jspan_is(const dd_jspan *d, uint32_t node, const char *text) { return dd_jspan_kind(d, node) == DD_J_STRING && name_is(d, node, text); }
