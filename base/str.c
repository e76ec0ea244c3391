#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static unsigned char fold(unsigned char c) { return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c; }

bool dd_str_eq_nocase(dd_str a, dd_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold((unsigned char)a.ptr[i]) != fold((unsigned char)b.ptr[i]))
            return false;
    return true;
}

int dd_str_cmp(dd_str a, dd_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int    c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t dd_str_find(dd_str s, dd_str needle)
{
    if (needle.len == 0)
        return 0;
    const char *hit = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return hit ? hit - s.ptr : -1;
}

ptrdiff_t dd_str_findz(dd_str s, const char *needle) { return dd_str_find(s, dd_str_z(needle)); }

ptrdiff_t dd_str_chr(dd_str s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? hit - s.ptr : -1;
}

ptrdiff_t dd_str_rchr(dd_str s, char c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == c)
            return (ptrdiff_t)i - 1;
    return -1;
}

bool dd_str_has(dd_str s, const char *needle) { return dd_str_findz(s, needle) >= 0; }

dd_str dd_str_sub(dd_str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (dd_str){ s.ptr ? s.ptr + from : NULL, to - from };
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

dd_str dd_str_trim(dd_str s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

dd_str dd_str_cut(dd_str *rest, char sep)
{
    ptrdiff_t at   = dd_str_chr(*rest, sep);
    dd_str    head = *rest;
    if (at < 0) {
        *rest = (dd_str){ rest->ptr ? rest->ptr + rest->len : NULL, 0 };
        return head;
    }
    head.len  = (size_t)at;
    *rest     = dd_str_sub(*rest, (size_t)at + 1, rest->len);
    return head;
}

uint64_t dd_str_hash(dd_str s)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 1099511628211u;
    return h;
}

/* Both halves of a product, as in wyhash (public domain). */
static uint64_t multiply(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t dd_str_mix(dd_str s, uint64_t seed)
{
    const uint64_t k = multiply(seed ^ UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9));
    uint64_t       h = k ^ s.len, word[2] = { 0 };
    size_t         i = 0;
    for (; i + sizeof word <= s.len; i += sizeof word) {
        memcpy(word, s.ptr + i, sizeof word);
        h = multiply(word[0] ^ k, word[1] ^ h);
    }
    if (i < s.len) {
        word[0] = word[1] = 0;
        memcpy(word, s.ptr + i, s.len - i);
        h = multiply(word[0] ^ k, word[1] ^ h);
    }
    return multiply(h ^ k, UINT64_C(0x94d049bb133111eb));
}

bool dd_parse_i64(dd_str s, int64_t *out)
{
    bool    neg = s.len && s.ptr[0] == '-';
    size_t  i   = neg || (s.len && s.ptr[0] == '+') ? 1 : 0;
    int64_t v   = 0;
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        int d = s.ptr[i] - '0';
        if (__builtin_mul_overflow(v, (int64_t)10, &v) || __builtin_sub_overflow(v, (int64_t)d, &v))
            return false;
    }
    if (!neg && v == INT64_MIN)
        return false;
    *out = neg ? v : -v; /* gathered below zero: INT64_MIN has no positive twin */
    return true;
}

/* Length of the valid UTF-8 sequence at s[i], its code point to *cp; 0: none stands there. RFC 3629. */
static size_t utf8_at(dd_str s, size_t i, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s.ptr + i;
    size_t               n = s.len - i;
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf && n >= 2 && (p[1] & 0xc0) == 0x80) {
        *cp = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if ((p[0] & 0xf0) == 0xe0 && n >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
        *cp = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return *cp >= 0x800 && !(*cp >= 0xd800 && *cp <= 0xdfff) ? 3 : 0;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4 && n >= 4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80) {
        *cp = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        return *cp >= 0x10000 && *cp <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

uint32_t dd_utf8_next(dd_str s, size_t *pos)
{
    uint32_t cp = 0xfffd;
    size_t   n  = utf8_at(s, *pos, &cp);
    *pos += n ? n : 1;
    return n ? cp : 0xfffd;
}

bool dd_utf8_valid(dd_str s)
{
    uint32_t cp;
    for (size_t i = 0; i < s.len;) {
        uint64_t eight;
        while (s.len - i >= sizeof eight && (memcpy(&eight, s.ptr + i, sizeof eight), (eight & UINT64_C(0x8080808080808080)) == 0))
            i += sizeof eight;              /* nearly all source is ASCII */
        if (i == s.len)
            break;
        size_t n = utf8_at(s, i, &cp);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/* Wide: East Asian Wide and Fullwidth blocks and emoji presentation, coarse (UAX #11). wcwidth needs a locale, so it is not used. */
static int cp_width(uint32_t cp)
{
    static const struct { uint32_t lo, hi; int w; } ranges[] = {
        { 0x0000, 0x001f, 0 }, { 0x007f, 0x009f, 0 }, { 0x0300, 0x036f, 0 }, { 0x0483, 0x0489, 0 }, { 0x0591, 0x05bd, 0 },
        { 0x0610, 0x061a, 0 }, { 0x064b, 0x065f, 0 }, { 0x0e31, 0x0e31, 0 }, { 0x0e34, 0x0e3a, 0 }, { 0x0e47, 0x0e4e, 0 },
        { 0x1100, 0x115f, 2 }, { 0x1ab0, 0x1aff, 0 }, { 0x1dc0, 0x1dff, 0 }, { 0x200b, 0x200f, 0 }, { 0x202a, 0x202e, 0 },
        { 0x20d0, 0x20ff, 0 }, { 0x231a, 0x231b, 2 }, { 0x23e9, 0x23ec, 2 }, { 0x2e80, 0x303e, 2 }, { 0x3041, 0x33ff, 2 },
        { 0x3400, 0x4dbf, 2 }, { 0x4e00, 0x9fff, 2 }, { 0xa000, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 },
        { 0xfe00, 0xfe0f, 0 }, { 0xfe20, 0xfe2f, 0 }, { 0xfe30, 0xfe6f, 2 }, { 0xfeff, 0xfeff, 0 }, { 0xff00, 0xff60, 2 },
        { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
        { 0xe0100, 0xe01ef, 0 },
    };
    size_t lo = 0, hi = DD_COUNT(ranges);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (cp > ranges[mid].hi)
            lo = mid + 1;
        else if (cp < ranges[mid].lo)
            hi = mid;
        else
            return ranges[mid].w;
    }
    return 1;
}

bool dd_utf8_harmful(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

size_t dd_utf8_width(dd_str s)
{
    size_t w = 0;
    for (size_t i = 0; i < s.len;)
        w += (size_t)cp_width(dd_utf8_next(s, &i));
    return w;
}

/* Goes back to the last star only. */
bool dd_str_glob(dd_str glob, dd_str text, bool nocase)
{
    size_t g = 0, t = 0, star = SIZE_MAX, from = 0;
    while (t < text.len) {
        char want = g < glob.len ? glob.ptr[g] : '\0', have = text.ptr[t];
        if (g < glob.len && want == '*') {
            star = g++;
            from = t;
        } else if (g < glob.len && (want == '?' || want == have || (nocase && fold((unsigned char)want) == fold((unsigned char)have)))) {
            g++;
            t++;
        } else if (star != SIZE_MAX) {
            g = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (g < glob.len && glob.ptr[g] == '*')
        g++;
    return g == glob.len;
}

int dd_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    unsigned char l = fold((unsigned char)c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t dd_str_distance(dd_str a, dd_str b, size_t max)
{
    enum { LONGEST = 128 };
    size_t rows[3][LONGEST + 1], *above = rows[0], *up = rows[1], *row = rows[2], best_up = 0;   /* above: two rows up, for swaps */
    if (a.len > LONGEST || b.len > LONGEST || (a.len > b.len ? a.len - b.len : b.len - a.len) > max)
        return max + 1;
    for (size_t j = 0; j <= b.len; j++)
        up[j] = above[j] = j;
    for (size_t i = 0; i < a.len; i++) {
        size_t        best = row[0] = i + 1, *next = above;
        unsigned char p = fold((unsigned char)a.ptr[i]), p1 = i ? fold((unsigned char)a.ptr[i - 1]) : 0;
        for (size_t j = 0; j < b.len; j++) {
            unsigned char q = fold((unsigned char)b.ptr[j]);
            size_t        d = least(up[j] + (p != q), least(up[j + 1], row[j]) + 1);
            if (i > 0 && j > 0 && p1 == q && p == fold((unsigned char)b.ptr[j - 1]))
                d = least(d, above[j - 1] + 1);
            row[j + 1] = d;
            best       = least(best, d);
        }
        if (best > max && best_up > max)
            return max + 1;
        best_up = best;
        above   = up;
        up      = row;
        row     = next;
    }
    return least(up[b.len], max + 1);
}

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "dd0c: out of memory\n";
    fwrite(text, 1, sizeof text - 1, stderr);
    abort();
}

void *dd_malloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *dd_calloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *dd_realloc(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p)
        out_of_memory();
    return p;
}

char *dd_strdup(dd_str s)
{
    char *z = dd_malloc(s.len + 1);
    if (s.len)
        memcpy(z, s.ptr, s.len);
    z[s.len] = '\0';
    return z;
}

void dd_vec_grow(void **v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return;
    size_t want = *cap ? *cap * 2 : 8;
    size_t bytes;
    if (__builtin_mul_overflow(want, size, &bytes))
        out_of_memory();
    *v   = dd_realloc(*v, bytes);
    *cap = want;
}
