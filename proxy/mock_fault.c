#include "proxy/mock_parts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- durations ---- */

static bool duration_us(dd_str s, int64_t *out)
{
    static const struct { const char *unit; double us; } units[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 } };
    for (size_t i = 0; i < DD_COUNT(units); i++) {
        if (!dd_str_endsz(s, units[i].unit))
            continue;
        char   digits[32] = "", *end;
        dd_str number = dd_str_sub(s, 0, s.len - strlen(units[i].unit));
        if (number.len == 0 || number.len >= sizeof digits || number.ptr[0] < '0' || number.ptr[0] > '9')
            return false;
        memcpy(digits, number.ptr, number.len);
        double v = strtod(digits, &end) * units[i].us;
        *out     = (int64_t)v;
        return *end == '\0' && v < 3.6e9;
    }
    return dd_parse_i64(s, out) && *out >= 0 && *out < 3600000 && (*out *= 1000, true); /* a number alone is milliseconds */
}

bool dd_mock_delay_parse(dd_str s, dd_mock_delay *out)
{
    ptrdiff_t dots = dd_str_findz(s, "..");
    if (dots < 0) {
        bool ok      = duration_us(s, &out->low_us);
        out->high_us = out->low_us;
        return ok;
    }
    return duration_us(dd_str_sub(s, 0, (size_t)dots), &out->low_us) && duration_us(dd_str_sub(s, (size_t)dots + 2, s.len), &out->high_us)
        && out->low_us <= out->high_us;
}

/* ---- faults ---- */

#define AT(name, member) { name, offsetof(dd_mock_fault, member) }
static const struct { const char *name; size_t offset; } flags[] = {
    AT("reset", reset), AT("stall", stall), AT("truncate", truncate), AT("malformed", malformed), AT("garbage-headers", garbage),
    AT("no-done", no_done), AT("no-usage", no_usage),
};
static const struct { const char *name; size_t offset; } counts[] = {
    AT("reset-after", reset_after), AT("stall-after", stall_after), AT("error-after", error_after),
};

static bool copy_word(char *to, size_t room, dd_str s)
{
    if (s.len == 0 || s.len >= room)
        return false;
    for (size_t i = 0; i < s.len; i++)
        to[i] = s.ptr[i] > ' ' && s.ptr[i] < 127 ? s.ptr[i] : '_';
    to[s.len] = '\0';
    return true;
}

static bool valued(dd_str name, dd_str value, dd_mock_fault *f)
{
    int64_t n = 0;
    bool    number = dd_parse_i64(value, &n);
    for (size_t i = 0; i < DD_COUNT(counts); i++)
        if (dd_str_eqz(name, counts[i].name)) {
            *(int *)((char *)f + counts[i].offset) = (int)n;
            return number && n >= 0 && n < 1000000;
        }
    if (dd_str_eqz(name, "status"))
        return (f->status = (int)n), number && n >= 200 && n <= 599;
    if (dd_str_eqz(name, "retry-after"))
        return copy_word(f->retry_after, sizeof f->retry_after, value);
    if (dd_str_eqz(name, "retry-after-ms"))
        return copy_word(f->retry_after_ms, sizeof f->retry_after_ms, value);
    if (dd_str_eqz(name, "tokens"))
        return (f->tokens = n), number && n >= 0 && n <= 1000000;
    if (dd_str_eqz(name, "drip"))
        return duration_us(value, &f->drip_us) && f->drip_us > 0;
    if (dd_str_eqz(name, "latency"))
        return (f->has_latency = true), dd_mock_delay_parse(value, &f->latency);
    if (dd_str_eqz(name, "chunk-delay"))
        return (f->has_chunk_delay = true), dd_mock_delay_parse(value, &f->chunk_delay);
    return false;
}

static bool one_fault(dd_str name, dd_str value, bool has_value, dd_mock_fault *f)
{
    if (has_value)
        return valued(name, value, f);
    for (size_t i = 0; i < DD_COUNT(flags); i++)
        if (dd_str_eqz(name, flags[i].name))
            return *(bool *)((char *)f + flags[i].offset) = true;
    return false;
}

dd_code dd_mock_fault_parse(dd_str text, dd_mock_fault *out, dd_err *err)
{
    *out = (dd_mock_fault){ .reset_after = -1, .stall_after = -1, .error_after = -1, .tokens = -1 };
    while (text.len > 0) {
        dd_str item = dd_str_trim(dd_str_cut(&text, ';')), value = item;
        bool   has  = dd_str_chr(item, '=') >= 0;
        dd_str name = dd_str_cut(&value, '=');
        if (item.len > 0 && !one_fault(name, value, has, out)) {
            dd_fail(err, DD_ERR_USAGE, "unknown fault \"" DD_STR_FMT "\"", (int)(item.len < 60 ? item.len : 60), item.ptr);
            dd_hint(err, "Faults are status=N, retry-after=S, reset, reset-after=N, stall, stall-after=N, error-after=N, truncate, malformed, "
                         "drip=TIME, garbage-headers, no-done, no-usage.");
            return DD_ERR_USAGE;
        }
    }
    return DD_OK;
}

dd_code dd_mock_schedule_parse(dd_str text, dd_mock_schedule *out, dd_err *err)
{
    ptrdiff_t colon = dd_str_findz(text, "%:");
    *out            = (dd_mock_schedule){ .percent = 100 };
    if (colon >= 0) {
        char  digits[16] = "", *end;
        if (colon == 0 || (size_t)colon >= sizeof digits)
            return dd_fail(err, DD_ERR_USAGE, "fault \"" DD_STR_FMT "\" begins with no share", DD_STR_ARG(text));
        memcpy(digits, text.ptr, (size_t)colon);
        out->percent = strtod(digits, &end);
        if (*end || !(out->percent >= 0 && out->percent <= 100))
            return dd_fail(err, DD_ERR_USAGE, "fault \"" DD_STR_FMT "\" begins with no share from 0 to 100", DD_STR_ARG(text));
        text = dd_str_sub(text, (size_t)colon + 2, text.len);
    }
    return dd_mock_fault_parse(text, &out->fault, err);
}
