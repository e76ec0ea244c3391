/* base/jspan_scan.h - the inner loops of base/jspan*.c: runs of plain text, UTF-8, escapes. For them alone. */
#ifndef DD_BASE_JSPAN_SCAN_H
#define DD_BASE_JSPAN_SCAN_H
#include <string.h>

#include "base/str.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef const unsigned char *dd_jptr;

/* The first byte that is no plain one: a quote, a backslash, a control character, or one of a longer UTF-8 sequence. */
static inline dd_jptr dd_jscan_plain(dd_jptr p, dd_jptr end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    while (end - p >= 16) {
        __m128i x    = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit  = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)),
                                    _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(x, control), x), x)); /* x: its top bit is UTF-8's */
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return p + __builtin_ctz(mask);
        p += 16;
    }
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    while (end - p >= 8) {
        uint64_t x, quote, backslash;
        memcpy(&x, p, 8);
        quote     = x ^ ones * '"';
        backslash = x ^ ones * '\\';
        /* "a byte below n": (x - n) & ~x; wrong only above a byte that is right, and then the bytes are looked at one by one */
        if ((x | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((x - ones * 0x20) & ~x)) & tops)
            break;
        p += 8;
    }
#endif
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* Behind one sequence of two to four bytes, or NULL: overlong, a surrogate, past U+10FFFF, cut (RFC 3629, section 4). */
static inline dd_jptr dd_jscan_utf8(dd_jptr p, dd_jptr end)
{
    size_t   left = (size_t)(end - p);
    unsigned c    = p[0];
    if (c < 0xe0)
        return c >= 0xc2 && left >= 2 && (p[1] & 0xc0) == 0x80 ? p + 2 : NULL;
    if (c < 0xf0) {
        if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
            return NULL;
        return (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ? NULL : p + 3;
    }
    if (c > 0xf4 || left < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80)
        return NULL;
    return (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f) ? NULL : p + 4;
}

/* Four hexadecimal digits at p (that many must be there), or -1. */
static inline int dd_jscan_hex4(dd_jptr p)
{
    int n = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = p[i], low = c | 0x20;
        if (c - '0' < 10)
            n = n << 4 | (int)(c - '0');
        else if (low - 'a' < 6)
            n = n << 4 | (int)(low - 'a' + 10);
        else
            return -1;
    }
    return n;
}

/* Decodes the escape at s[*pos] (a backslash) into out, moves *pos behind it, returns the bytes. A lone surrogate gives U+FFFD, or
 * with `keep` its own six characters; an escape that is none (text that was not checked) gives the backslash alone. */
size_t dd_jscan_escape(dd_str s, size_t *pos, bool keep, char out[8]);
#endif
