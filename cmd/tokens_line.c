#include "cmd/tokens_line.h"

enum { DEPTH = 512 };

typedef struct {
    const char *start, *p, *end;
    const char *why;    /* the first mistake, NULL none */
    dd_buf      key;
} reader;

static bool fail(reader *r, const char *why)
{
    if (r->why == NULL)
        r->why = why;
    return false;
}

static void blank(reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
        r->p++;
}

static bool take(reader *r, char c)
{
    blank(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* The four digits at s, or -1. */
static int32_t hex4(const char *s, const char *end)
{
    int32_t n = 0;
    if (end - s < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = dd_hex_digit(s[i]);
        if (digit < 0)
            return -1;
        n = n * 16 + digit;
    }
    return n;
}

/* Behind "\u". Two escapes that are a surrogate pair are one character, a surrogate alone is U+FFFD. */
static bool unicode_escape(reader *r, dd_buf *out)
{
    int32_t cp = hex4(r->p, r->end), low;
    if (cp < 0)
        return fail(r, "\\u needs four hexadecimal digits");
    r->p += 4;
    if (cp >= 0xd800 && cp < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u' &&
        (low = hex4(r->p + 2, r->end)) >= 0xdc00 && low < 0xe000) {
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
        r->p += 6;
    }
    if (out != NULL)
        dd_buf_utf8(out, cp >= 0xd800 && cp < 0xe000 ? 0xfffd : (uint32_t)cp);
    return true;
}

static bool escape(reader *r, dd_buf *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (++r->p == r->end)
        return fail(r, "string without an end");
    if (*r->p == 'u') {
        r->p++;
        return unicode_escape(r, out);
    }
    const char *at = *r->p ? strchr(names, *r->p) : NULL;
    if (at == NULL)
        return fail(r, "unknown escape in a string");
    if (out != NULL)
        dd_buf_addc(out, values[at - names]);
    r->p++;
    return true;
}

/* A string, decoded to *out unless that is NULL. */
static bool string(reader *r, dd_buf *out)
{
    if (!take(r, '"'))
        return fail(r, "expected a string");
    while (r->p < r->end && *r->p != '"') {
        const char *from = r->p;
        while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
            r->p++;
        if (out != NULL)
            dd_buf_add(out, (dd_str){from, (size_t)(r->p - from)});
        if (r->p < r->end && *r->p == '\\') {
            if (!escape(r, out))
                return false;
        } else if (r->p < r->end && *r->p != '"') {
            return fail(r, "control character in a string");
        }
    }
    if (r->p == r->end)
        return fail(r, "string without an end");
    r->p++;
    return true;
}

static size_t digits(reader *r)
{
    const char *from = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t)(r->p - from);
}

static bool number(reader *r)
{
    if (r->p < r->end && *r->p == '-')
        r->p++;
    bool zero = r->p < r->end && *r->p == '0';
    size_t whole = digits(r);
    if (whole == 0 || (zero && whole > 1))
        return fail(r, "unexpected character");
    if (r->p < r->end && *r->p == '.') {
        r->p++;
        if (digits(r) == 0)
            return fail(r, "number without digits behind the point");
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        r->p++;
        if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
            r->p++;
        if (digits(r) == 0)
            return fail(r, "number without digits in its exponent");
    }
    return true;
}

/* A value that is neither array nor object. */
static bool scalar(reader *r)
{
    static const dd_str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    dd_str rest = {r->p, (size_t)(r->end - r->p)};
    if (rest.len > 0 && rest.ptr[0] == '"')
        return string(r, NULL);
    for (size_t i = 0; i < DD_COUNT(words); i++) {
        if (dd_str_starts(rest, words[i])) {
            r->p += words[i].len;
            return true;
        }
    }
    return number(r);
}

static bool member_name(reader *r)
{
    return string(r, NULL) && (take(r, ':') || fail(r, "expected a colon"));
}

/* Behind a value inside `open`: closes what ends here. Afterwards either a comma was read, or *depth is 0, or it failed. */
static bool after_value(reader *r, const char *open, size_t *depth)
{
    while (*depth > 0) {
        if (take(r, ','))
            return open[*depth - 1] == '[' || member_name(r);
        if (!take(r, open[*depth - 1] == '[' ? ']' : '}'))
            return fail(r, "expected a comma or an end");
        --*depth;
    }
    return true;
}

/* Passes over any value. */
static bool skip(reader *r)
{
    char   open[DEPTH];
    size_t depth = 0;
    do {
        blank(r);
        char c = r->p < r->end ? *r->p : '\0';
        if (c != '[' && c != '{') {
            if (!scalar(r))
                return false;
        } else {
            if (depth == DEPTH)
                return fail(r, "nested too deeply");
            open[depth++] = c;
            r->p++;
            if (take(r, c == '[' ? ']' : '}'))
                depth--;
            else if (c == '[' || member_name(r))
                continue;
            else
                return false;
        }
        if (!after_value(r, open, &depth))
            return false;
    } while (depth > 0);
    return true;
}

/* One member of the outer object; *found when it was the text. */
static bool member(reader *r, dd_buf *out, bool *found)
{
    dd_buf_clear(&r->key);
    if (!string(r, &r->key) || !(take(r, ':') || fail(r, "expected a colon")))
        return false;
    if (!dd_str_eqz(dd_buf_str(&r->key), "text"))
        return skip(r);
    blank(r);
    if (r->p == r->end || *r->p != '"')
        return fail(r, "member \"text\" is not a string");
    dd_buf_clear(out);
    *found = true;
    return string(r, out);
}

static bool object(reader *r, dd_buf *out, bool *found)
{
    if (!take(r, '{'))
        return fail(r, "expected an object");
    if (take(r, '}'))
        return true;
    do {
        if (!member(r, out, found))
            return false;
    } while (take(r, ','));
    return take(r, '}') || fail(r, "expected a comma or an end");
}

dd_code dd_tokens_line(dd_str line, dd_buf *out, dd_err *err)
{
    reader r = {line.ptr, line.ptr, line.ptr + line.len, NULL, DD_BUF_INIT(0)};
    bool   found = false;
    dd_buf_clear(out);
    if (object(&r, out, &found)) {
        blank(&r);
        if (r.p < r.end)
            fail(&r, "something behind the object");
        else if (!found)
            fail(&r, "no member \"text\"");
    }
    dd_buf_free(&r.key);
    if (r.why == NULL)
        return DD_OK;
    return dd_fail(err, DD_ERR_PARSE, "byte %zu: %s", (size_t)(r.p - r.start) + 1, r.why);
}
