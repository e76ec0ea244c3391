/* String and bytes literals: quotes of one or three marks, raw ones, escapes. */
#include "route/cel_parts.h"

static const char escapes[][2] = { /* letter, byte */
    { 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' }, { 'n', '\n' }, { 'r', '\r' }, { 't', '\t' }, { 'v', '\v' }, { '\\', '\\' }, { '?', '?' },
    { '"', '"' }, { '\'', '\'' }, { '`', '`' },
};
/* octet: in bytes, that byte; else a code point, for strings only */
static const struct { char letter; unsigned digits, base; bool octet; } codes[] = {
    { 'x', 2, 16, true }, { 'X', 2, 16, true }, { 'u', 4, 16, false }, { 'U', 8, 16, false }, { '0', 3, 8, true }, { '1', 3, 8, true },
    { '2', 3, 8, true }, { '3', 3, 8, true },
};

typedef struct {
    cel_source *src;
    dd_str      body; /* between the quotes */
    size_t      from; /* where that is in the text */
    bool        raw, bytes;
    char       *out;
    size_t      n;
} literal;

static void put_utf8(literal *l, uint32_t cp)
{
    static const struct { uint32_t below; unsigned lead, more; } sizes[] = { { 0x80, 0, 0 }, { 0x800, 0xc0, 1 }, { 0x10000, 0xe0, 2 },
                                                                             { 0x110000, 0xf0, 3 } };
    size_t k = 0;
    while (k < 3 && cp >= sizes[k].below)
        k++;
    l->out[l->n++] = (char)(sizes[k].lead | cp >> 6 * sizes[k].more);
    for (unsigned m = sizes[k].more; m-- > 0;)
        l->out[l->n++] = (char)(0x80 | (cp >> 6 * m & 0x3f));
}

/* The digits of an escape; false when there are too few. */
static bool read_code(dd_str s, size_t at, unsigned digits, unsigned base, uint32_t *cp)
{
    *cp = 0;
    for (unsigned i = 0; i < digits; i++) {
        int d = at + i < s.len ? dd_hex_digit(s.ptr[at + i]) : -1;
        if (d < 0 || d >= (int)base)
            return false;
        *cp = *cp * base + (uint32_t)d;
    }
    return true;
}

static bool is_scalar(uint32_t cp) { return cp < 0x110000 && (cp < 0xd800 || cp > 0xdfff); }

/* A numbered escape at `at`, the byte behind the backslash; its length, or 0: it is none. */
static size_t put_code(literal *l, size_t at)
{
    for (size_t i = 0; i < DD_COUNT(codes); i++) {
        uint32_t cp = 0;
        size_t   lead = codes[i].base == 16;
        if (l->body.ptr[at] != codes[i].letter)
            continue;
        if (!read_code(l->body, at + lead, codes[i].digits, codes[i].base, &cp) || !is_scalar(cp) || (l->bytes && !codes[i].octet))
            return 0;
        if (l->bytes)
            l->out[l->n++] = (char)cp;
        else
            put_utf8(l, cp);
        return lead + codes[i].digits;
    }
    return 0;
}

static size_t put_escape(literal *l, size_t at)
{
    if (at >= l->body.len)
        return 0;
    for (size_t i = 0; i < DD_COUNT(escapes); i++)
        if (l->body.ptr[at] == escapes[i][0]) {
            l->out[l->n++] = escapes[i][1];
            return 1;
        }
    return put_code(l, at);
}

static dd_code decode(literal *l)
{
    l->out = dd_arena_alloc(l->src->arena, l->body.len + 1);
    for (size_t i = 0; i < l->body.len;) {
        if (l->raw || l->body.ptr[i] != '\\') {
            l->out[l->n++] = l->body.ptr[i++];
            continue;
        }
        size_t n = put_escape(l, i + 1);
        if (n == 0) {
            cel_wrong(l->src, l->from + i, "string has an escape that is none");
            dd_hint(l->src->err, "A backslash is written \\\\, or as it is in r\"...\".");
            return DD_ERR_PARSE;
        }
        i += n + 1;
    }
    return DD_OK;
}

/* Where the closing quote begins, or SIZE_MAX. */
static size_t find_end(dd_str s, size_t at, dd_str quote, bool raw)
{
    for (; at < s.len; at++) {
        if (dd_str_starts(dd_str_sub(s, at, s.len), quote))
            return at;
        if (s.ptr[at] == '\\' && !raw)
            at++;
        else if (quote.len == 1 && (s.ptr[at] == '\n' || s.ptr[at] == '\r'))
            return SIZE_MAX;
    }
    return SIZE_MAX;
}

/* Reads r, b and the like; where the quote is. */
static size_t read_prefix(literal *l, size_t at)
{
    for (char c; (c = l->src->text.ptr[at]) != '"' && c != '\''; at++) {
        l->raw = l->raw || (c | 0x20) == 'r';
        l->bytes = l->bytes || (c | 0x20) == 'b';
    }
    return at;
}

dd_code cel_lex_string(cel_source *src, size_t *pos, cel_token *out)
{
    literal l = { .src = src };
    size_t  at = read_prefix(&l, *pos);
    dd_str  rest = dd_str_sub(src->text, at, src->text.len);
    size_t  marks = dd_str_startsz(rest, "\"\"\"") || dd_str_startsz(rest, "'''") ? 3 : 1;
    dd_str  quote = dd_str_sub(rest, 0, marks);
    size_t  end = find_end(src->text, at + marks, quote, l.raw);
    if (end == SIZE_MAX)
        return cel_wrong(src, *pos, "string has no closing " DD_STR_FMT, DD_STR_ARG(quote));
    l.from = at + marks;
    l.body = dd_str_sub(src->text, l.from, end);
    out->kind = l.bytes ? CEL_T_BYTES : CEL_T_STRING;
    dd_code rc = decode(&l);
    out->s = (dd_str){ l.out, l.n };
    *pos = end + marks;
    return rc;
}
