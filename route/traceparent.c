/* Ids of traces and spans, and the header that carries them: W3C Trace Context, level 1. */
#include "route/trace.h"

enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, LENGTH = 55 };

static const char digits[] = "0123456789abcdef";

static void put_hex(uint64_t v, char *out)
{
    for (int i = 15; i >= 0; i--, v >>= 4)
        out[i] = digits[v & 15];
}

void dd_trace_new_id(uint64_t seed_a, uint64_t seed_b, char out[33])
{
    put_hex(seed_a, out);
    put_hex(seed_b | (uint64_t)(seed_a == 0 && seed_b == 0), out + 16);
    out[32] = '\0';
}

/* SplitMix64's last step: a bijection that spreads neighbours far apart. https://prng.di.unimi.it/splitmix64.c (public domain) */
static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

uint64_t dd_trace_span(int64_t event_id, unsigned attempt)
{
    uint64_t id = mix(mix((uint64_t)event_id) + attempt * UINT64_C(0x9e3779b97f4a7c15));
    return id ? id : 1;
}

/* Capital letters are not allowed there. */
static bool is_hex(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
            return false;
    return true;
}

static bool is_zero(const char *s, size_t n)
{
    while (n && s[n - 1] == '0')
        n--;
    return n == 0;
}

static bool has_shape(dd_str s)
{
    if (s.len < LENGTH || s.ptr[TRACE_AT - 1] != '-' || s.ptr[SPAN_AT - 1] != '-' || s.ptr[FLAGS_AT - 1] != '-')
        return false;
    return is_hex(s.ptr, 2) && is_hex(s.ptr + TRACE_AT, 32) && is_hex(s.ptr + SPAN_AT, 16) && is_hex(s.ptr + FLAGS_AT, 2);
}

/* Version 00 ends here; what a later one adds begins with a dash, and is not ours to read. ff is no version. */
static bool has_version(dd_str s)
{
    if (s.ptr[0] == 'f' && s.ptr[1] == 'f')
        return false;
    bool first = s.ptr[0] == '0' && s.ptr[1] == '0';
    return s.len == LENGTH || (!first && s.ptr[LENGTH] == '-');
}

bool dd_traceparent_read(dd_str header, dd_traceparent *out)
{
    if (!has_shape(header) || !has_version(header) || is_zero(header.ptr + TRACE_AT, 32) || is_zero(header.ptr + SPAN_AT, 16))
        return false;
    memcpy(out->trace_id, header.ptr + TRACE_AT, 32);
    memcpy(out->parent_span, header.ptr + SPAN_AT, 16);
    out->trace_id[32] = out->parent_span[16] = '\0';
    out->sampled = (dd_hex_digit(header.ptr[FLAGS_AT + 1]) & 1) != 0;
    return true;
}

void dd_traceparent_write(const char trace_id[33], uint64_t span, bool sampled, char out[56])
{
    out[0] = out[1] = '0';
    out[2] = '-';
    memcpy(out + TRACE_AT, trace_id, 32);
    out[SPAN_AT - 1] = '-';
    put_hex(span, out + SPAN_AT);
    memcpy(out + FLAGS_AT - 1, sampled ? "-01" : "-00", 4);
}
