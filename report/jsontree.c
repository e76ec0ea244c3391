#include "report/jsontree.h"

enum { MAX_DEPTH = 24 };

typedef struct {
    dd_str    s;
    size_t    pos;
    uint32_t  line;
    int       depth;
    dd_arena *arena;
    dd_err   *err;
} reader;

static dd_code bad(reader *r, const char *what)
{
    return dd_fail(r->err, DD_ERR_PARSE, "line %u: %s", (unsigned)r->line, what);
}

static int peek(const reader *r)
{
    return r->pos < r->s.len ? (unsigned char)r->s.ptr[r->pos] : -1;
}

static void space(reader *r)
{
    for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r)) {
        r->line += c == '\n';
        r->pos++;
    }
}

static int hex4(const reader *r, size_t at)
{
    int v = 0;
    if (at + 4 > r->s.len)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = r->s.ptr[i];
        int  d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

/* At the `u` of \u: one code point, of a pair when two halves are there. */
static dd_code unicode(reader *r, dd_buf *b)
{
    int v = hex4(r, r->pos + 1);
    if (v < 0)
        return bad(r, "broken \\u escape");
    r->pos += 5;
    uint32_t cp = (uint32_t)v;
    if (v >= 0xd800 && v < 0xdc00 && r->pos + 1 < r->s.len && r->s.ptr[r->pos] == '\\' && r->s.ptr[r->pos + 1] == 'u') {
        int low = hex4(r, r->pos + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            cp = 0x10000 + (((uint32_t)v - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            r->pos += 6;
        }
    }
    if (cp >= 0xd800 && cp < 0xe000)
        return bad(r, "half of a surrogate pair");
    dd_buf_utf8(b, cp);
    return DD_OK;
}

static dd_code escape(reader *r, dd_buf *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    if (c == 'u')
        return unicode(r, b);
    const char *at = c > 0 ? strchr(from, c) : NULL;
    if (!at)
        return bad(r, "unknown escape in a string");
    dd_buf_addc(b, to[at - from]);
    r->pos++;
    return DD_OK;
}

static dd_code string_with_escapes(reader *r, size_t from, dd_str *out)
{
    dd_buf  b  = DD_BUF_INIT(0);
    dd_code rc = DD_OK;
    dd_buf_add(&b, dd_str_sub(r->s, from, r->pos));
    for (int c; rc == DD_OK && (c = peek(r)) != '"';) {
        if (c < 0x20) {
            rc = bad(r, c < 0 ? "string without an end" : "control character in a string");
        } else if (c == '\\') {
            r->pos++;
            rc = escape(r, &b);
        } else {
            dd_buf_addc(&b, (char)c);
            r->pos++;
        }
    }
    if (rc == DD_OK)
        *out = dd_arena_dup(r->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return rc;
}

/* At the opening quote. */
static dd_code string(reader *r, dd_str *out)
{
    size_t from = ++r->pos;
    int    c;
    while ((c = peek(r)) >= 0x20 && c != '"' && c != '\\')
        r->pos++;
    if (c == '"')
        *out = dd_str_sub(r->s, from, r->pos);
    else {
        dd_code rc = string_with_escapes(r, from, out);
        if (rc != DD_OK)
            return rc;
    }
    r->pos++;
    return dd_utf8_valid(*out) ? DD_OK : bad(r, "a string is not UTF-8");
}

static size_t digits(reader *r)
{
    size_t from = r->pos;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->pos++;
    return r->pos - from;
}

static dd_code number(reader *r, dd_str *out)
{
    size_t from = r->pos;
    if (peek(r) == '-')
        r->pos++;
    bool   zero = peek(r) == '0';
    size_t n    = digits(r);
    if (!n || (zero && n > 1))
        return bad(r, "not a number");
    if (peek(r) == '.') {
        r->pos++;
        if (!digits(r))
            return bad(r, "a number ends in a point");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->pos++;
        if (peek(r) == '+' || peek(r) == '-')
            r->pos++;
        if (!digits(r))
            return bad(r, "a number has an empty exponent");
    }
    *out = dd_str_sub(r->s, from, r->pos);
    return DD_OK;
}

static dd_code value(reader *r, dd_jt *v);

static dd_code member_key(reader *r, dd_jt *object, dd_jt *child)
{
    if (peek(r) != '"')
        return bad(r, "expected a member name in quotes");
    dd_code rc = string(r, &child->key);
    if (rc != DD_OK)
        return rc;
    size_t seen = 0; /* objects of ours have at most some dozens of members */
    for (const dd_jt *c = object->first; c; c = c->next) {
        if (dd_str_eq(c->key, child->key))
            return bad(r, "a member is there twice");
        if (++seen > 512)
            return bad(r, "an object has more than 512 members");
    }
    space(r);
    if (peek(r) != ':')
        return bad(r, "expected \":\" behind a member name");
    r->pos++;
    space(r);
    return DD_OK;
}

static dd_code children(reader *r, dd_jt *v, char close)
{
    dd_jt **end = &v->first;
    r->pos++;
    if (++r->depth > MAX_DEPTH)
        return bad(r, "nested too deep");
    space(r);
    while (peek(r) != close || v->n) {
        dd_jt  *child = dd_new(r->arena, dd_jt);
        dd_code rc    = close == '}' ? member_key(r, v, child) : DD_OK;
        if (rc == DD_OK)
            rc = value(r, child);
        if (rc != DD_OK)
            return rc;
        *end = child;
        end  = &child->next;
        v->n++;
        space(r);
        if (peek(r) == close)
            break;
        if (peek(r) != ',')
            return bad(r, peek(r) < 0 ? "the text ends too early" : close == '}' ? "expected \",\" or \"}\"" : "expected \",\" or \"]\"");
        r->pos++;
        space(r);
    }
    r->depth--;
    r->pos++;
    return DD_OK;
}

static dd_code word(reader *r, dd_jt *v)
{
    static const struct { const char *word; dd_jt_kind kind; } words[] = {
        { "null", DD_JT_NULL }, { "true", DD_JT_TRUE }, { "false", DD_JT_FALSE },
    };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_startsz(dd_str_sub(r->s, r->pos, r->s.len), words[i].word)) {
            v->kind = words[i].kind;
            r->pos += strlen(words[i].word);
            return DD_OK;
        }
    return bad(r, peek(r) < 0 ? "the text ends too early" : "not JSON");
}

static dd_code value(reader *r, dd_jt *v)
{
    int c   = peek(r);
    v->line = r->line;
    if (c == '{' || c == '[') {
        v->kind = c == '{' ? DD_JT_OBJECT : DD_JT_ARRAY;
        return children(r, v, c == '{' ? '}' : ']');
    }
    if (c == '"') {
        v->kind = DD_JT_STRING;
        return string(r, &v->text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        v->kind = DD_JT_NUMBER;
        return number(r, &v->text);
    }
    return word(r, v);
}

dd_code dd_jt_parse(dd_str text, dd_arena *arena, dd_jt **out, dd_err *err)
{
    reader r = { text, 0, 1, 0, arena, err };
    dd_jt *v = dd_new(arena, dd_jt);
    space(&r);
    dd_code rc = value(&r, v);
    if (rc != DD_OK)
        return rc;
    space(&r);
    if (r.pos != text.len)
        return bad(&r, "more text behind the end");
    *out = v;
    return DD_OK;
}

const dd_jt *dd_jt_get(const dd_jt *object, const char *key)
{
    if (!object || object->kind != DD_JT_OBJECT)
        return NULL;
    for (const dd_jt *c = object->first; c; c = c->next)
        if (dd_str_eqz(c->key, key))
            return c;
    return NULL;
}
