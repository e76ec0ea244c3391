/* Strings and numbers of base/jspan.h: what they mean, and how plain text is written as one. */
#include "base/jspan.h"
#include "base/jspan_scan.h"

static size_t put_utf8(uint32_t cp, char out[8])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

static int unit_at(dd_str s, size_t at)
{
    return at + 6 <= s.len && s.ptr[at] == '\\' && s.ptr[at + 1] == 'u' ? dd_jscan_hex4((dd_jptr)s.ptr + at + 2) : -1;
}

size_t dd_jscan_escape(dd_str s, size_t *pos, bool keep, char out[8])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    size_t      at   = *pos;
    int         unit = unit_at(s, at), low;
    const char *simple;
    if (unit < 0) {
        simple = at + 1 < s.len ? memchr(from, s.ptr[at + 1], sizeof from - 1) : NULL;
        out[0] = simple ? to[simple - from] : '\\';
        *pos   = at + (simple ? 2 : 1);
        return 1;
    }
    *pos = at + 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return put_utf8((uint32_t)unit, out);
    low = unit < 0xdc00 ? unit_at(s, at + 6) : -1;
    if (low >= 0xdc00 && low <= 0xdfff) {
        *pos = at + 12;
        return put_utf8(0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00), out);
    }
    if (!keep)
        return put_utf8(0xfffd, out);
    memcpy(out, s.ptr + at, 6);
    return 6;
}

/* No escape is shorter than what it means, so the copy fits where the original did. */
static dd_str decode(dd_str inside, dd_arena *arena, bool keep)
{
    const char *first = inside.len ? memchr(inside.ptr, '\\', inside.len) : NULL;
    if (!first)
        return inside;
    char  *to = dd_arena_alloc(arena, inside.len + 1);
    size_t n = 0, i = 0;
    while (i < inside.len) {
        const char *next = memchr(inside.ptr + i, '\\', inside.len - i);
        size_t      run  = next ? (size_t)(next - inside.ptr) - i : inside.len - i;
        memcpy(to + n, inside.ptr + i, run);
        n += run;
        i += run;
        if (next) {
            char   out[8];
            size_t k = dd_jscan_escape(inside, &i, keep, out);
            memcpy(to + n, out, k);
            n += k;
        }
    }
    to[n] = '\0';
    return (dd_str){ to, n };
}

dd_str dd_jspan_text(const dd_jspan *d, uint32_t node, dd_arena *arena) { return decode(dd_jspan_inside(d, node), arena, false); }

dd_str dd_jtext_decode(dd_str inside, dd_arena *arena) { return decode(inside, arena, true); }

static void escape_one(dd_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letter[0x20] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };
    dd_buf_addc(out, '\\');
    if (c >= 0x20) {
        dd_buf_addc(out, (char)c);
    } else if (letter[c]) {
        dd_buf_addc(out, letter[c]);
    } else {
        char u[] = { 'u', '0', '0', hex[c >> 4], hex[c & 15] };
        dd_buf_add(out, (dd_str){ u, sizeof u });
    }
}

void dd_jtext_escape(dd_buf *out, dd_str plain)
{
    dd_jptr p = (dd_jptr)plain.ptr, end = p + plain.len;
    if (plain.len == 0)
        return;
    for (dd_jptr from = p;; from = p) {
        dd_jptr broken = NULL;
        for (p = dd_jscan_plain(p, end); p < end && *p >= 0x80; p = dd_jscan_plain(p, end)) {
            dd_jptr next = dd_jscan_utf8(p, end);
            if (!next) {
                broken = p;
                break;
            }
            p = next;
        }
        dd_buf_add(out, (dd_str){ (const char *)from, (size_t)(p - from) });
        if (p == end)
            return;
        if (broken)
            dd_buf_utf8(out, 0xfffd);
        else
            escape_one(out, *p);
        p++;
    }
}

bool dd_jtext_blank(dd_str inside)
{
    for (size_t i = 0; i < inside.len;) {
        char   out[8] = { inside.ptr[i] };
        size_t n      = 1;
        if (out[0] == '\\')
            n = dd_jscan_escape(inside, &i, false, out);
        else
            i++;
        if (n != 1 || out[0] == '\0' || !strchr(" \t\n\r\f\v", out[0]))
            return false;
    }
    return true;
}

/* --- numbers --- */

bool dd_jspan_f64(const dd_jspan *d, uint32_t node, double *out)
{
    if (dd_jspan_kind(d, node) != DD_J_NUMBER)
        return false;
    dd_str raw = dd_jspan_raw(d, node);
    char   small[64], *text = small;
    if (raw.len < sizeof small) { /* strtod needs an end */
        memcpy(small, raw.ptr, raw.len);
        small[raw.len] = '\0';
    } else {
        text = dd_strdup(raw);
    }
    double x = strtod(text, NULL);
    if (text != small)
        free(text);
    if (x - x != 0) /* an infinity: past what a double holds */
        return false;
    *out = x;
    return true;
}

/* A number's parts: digits without the point, and the power of ten behind them. Far exponents are cut: no int64 comes from them. */
static int64_t exponent_of(dd_str raw, size_t *digits_end)
{
    int64_t e    = 0;
    size_t  mark = 0;
    while (mark < raw.len && (raw.ptr[mark] | 0x20) != 'e')
        mark++;
    *digits_end = mark;
    if (mark < raw.len) {
        bool minus = raw.ptr[mark + 1] == '-';
        for (size_t i = mark + 1 + (minus || raw.ptr[mark + 1] == '+'); i < raw.len; i++)
            if (e < INT64_C(1000000000000))
                e = e * 10 + (raw.ptr[i] - '0');
        e = minus ? -e : e;
    }
    ptrdiff_t point = dd_str_chr(dd_str_sub(raw, 0, mark), '.');
    return point < 0 ? e : e - (int64_t)(mark - (size_t)point - 1);
}

bool dd_jspan_i64(const dd_jspan *d, uint32_t node, int64_t *out)
{
    if (dd_jspan_kind(d, node) != DD_J_NUMBER)
        return false;
    dd_str  raw = dd_jspan_raw(d, node);
    bool    minus = raw.ptr[0] == '-';
    size_t  end;
    int64_t e = exponent_of(raw, &end), n = 0, zeros = 0;
    /* Zeros are held back until a digit follows, so that those at the end cost nothing and may be divided away. The sum is negative, as INT64_MIN
     * has no positive. */
    for (size_t i = minus; i < end; i++) {
        char c = raw.ptr[i];
        if (c == '.')
            continue;
        if (c == '0') {
            zeros += n != 0;
            continue;
        }
        for (; zeros > 0; zeros--)
            if (__builtin_mul_overflow(n, 10, &n))
                return false;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, c - '0', &n))
            return false;
    }
    if (n == 0) {
        *out = 0;
        return true;
    }
    for (e += zeros; e > 0; e--)
        if (__builtin_mul_overflow(n, 10, &n))
            return false;
    if (e < 0 || (!minus && n == INT64_MIN))
        return false;
    *out = minus ? n : -n;
    return true;
}
