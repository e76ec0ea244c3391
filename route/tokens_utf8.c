#include "route/tokens_utf8.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What may follow a lead byte (Unicode 16, table 3-7): continuation bytes, and the range of the first of them. */
typedef struct { uint8_t more, low, high; } lead_row;

static lead_row lead_of(uint8_t c)
{
    static const struct { uint8_t from, to; lead_row row; } rows[] = {
        {0xc2, 0xdf, {1, 0x80, 0xbf}}, {0xe0, 0xe0, {2, 0xa0, 0xbf}}, {0xe1, 0xec, {2, 0x80, 0xbf}},
        {0xed, 0xed, {2, 0x80, 0x9f}}, {0xee, 0xef, {2, 0x80, 0xbf}}, {0xf0, 0xf0, {3, 0x90, 0xbf}},
        {0xf1, 0xf3, {3, 0x80, 0xbf}}, {0xf4, 0xf4, {3, 0x80, 0x8f}},
    };
    for (size_t i = 0; i < DD_COUNT(rows); i++)
        if (c >= rows[i].from && c <= rows[i].to)
            return rows[i].row;
    return (lead_row){0, 0, 0};
}

/* Length of the valid sequence at s[0], which is not ASCII; 0: there is none, and *bad bytes of it are one mistake. */
static size_t sequence(const uint8_t *s, size_t left, size_t *bad)
{
    lead_row row = lead_of(s[0]);
    uint8_t  low = row.low, high = row.high;
    *bad = 1;
    for (size_t i = 1; i <= row.more; i++, low = 0x80, high = 0xbf) {
        if (i >= left || s[i] < low || s[i] > high)
            return 0;
        *bad = i + 1;
    }
    return row.more == 0 ? 0 : row.more + 1u;
}

/* Two shapes cover nearly all text that is not ASCII; the rest goes through the table. */
static inline size_t sequence_quick(const uint8_t *s, size_t left)
{
    size_t bad;
    if (s[0] >= 0xc2 && s[0] <= 0xdf && left > 1 && (s[1] & 0xc0) == 0x80)
        return 2;
    if (s[0] > 0xe0 && s[0] < 0xed && left > 2 && ((s[1] & 0xc0) == 0x80) && ((s[2] & 0xc0) == 0x80))
        return 3;
    return sequence(s, left, &bad);
}

/* Behind the ASCII bytes from i on. */
static inline size_t skip_ascii(const uint8_t *s, size_t i, size_t n)
{
#if defined(__SSE2__)
    for (; i + 16 <= n; i += 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(s + i)));
        if (high != 0)
            return i + (size_t)__builtin_ctz((unsigned)high);
    }
#endif
    while (i < n && s[i] < 0x80)
        i++;
    return i;
}

size_t dd_tok_utf8_valid(dd_str str)
{
    const uint8_t *s = (const uint8_t *)str.ptr;
    size_t         i = 0, n = str.len;
    while (i < n) {
        if (s[i] < 0x80) {
            i = skip_ascii(s, i, n);
            continue;
        }
        size_t len = sequence_quick(s + i, n - i);
        if (len == 0)
            return i;
        i += len;
    }
    return n;
}

void dd_tok_utf8_repair(dd_str str, dd_buf *out)
{
    size_t bad;
    while (str.len > 0) {
        size_t good = dd_tok_utf8_valid(str);
        dd_buf_add(out, dd_str_sub(str, 0, good));
        str = dd_str_sub(str, good, str.len);
        if (str.len == 0)
            break;
        sequence((const uint8_t *)str.ptr, str.len, &bad);
        dd_buf_add(out, DD_STR("\xef\xbf\xbd"));
        str = dd_str_sub(str, bad, str.len);
    }
}
