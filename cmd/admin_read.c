/* cmd/admin_read.c - what stands behind the question mark of a question. */
#include "cmd/admin.h"

/* --- parameters --- */

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

static bool decode(dd_str s, dd_arena *arena, dd_str *out)
{
    char  *to = dd_arena_alloc(arena, s.len + 1);
    size_t n  = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '%') {
            to[n++] = s.ptr[i];
            continue;
        }
        int high = i + 2 < s.len ? digit(s.ptr[i + 1]) : -1, low = i + 2 < s.len ? digit(s.ptr[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        to[n++] = (char)(high * 16 + low);
        i += 2;
    }
    *out = (dd_str){ to, n };
    return true;
}

bool dd_params_read(dd_str query, dd_arena *arena, dd_param *out, size_t max, size_t *n)
{
    *n = 0;
    while (query.len) {
        dd_str value = dd_str_cut(&query, '&');
        if (!value.len)
            continue;
        dd_str name = dd_str_cut(&value, '=');
        if (*n == max || !decode(name, arena, &out[*n].name) || !decode(value, arena, &out[*n].value))
            return false;
        ++*n;
    }
    return true;
}

/* --- moments --- */

enum { DAY_S = 86400 };

/* Two digits at `at`. */
static bool two(dd_str s, size_t at, int most, int *out)
{
    if (at + 2 > s.len || digit(s.ptr[at]) < 0 || digit(s.ptr[at]) > 9 || digit(s.ptr[at + 1]) < 0 || digit(s.ptr[at + 1]) > 9)
        return false;
    *out = digit(s.ptr[at]) * 10 + digit(s.ptr[at + 1]);
    return *out <= most;
}

/* "Z", "+01:00"; a plus that came through as a blank counts, too. */
static bool read_offset(dd_str s, int64_t *out)
{
    int h, m;
    *out = 0;
    if (dd_str_eqz(s, "Z") || dd_str_eqz(s, "z"))
        return true;
    if (s.len != 6 || s.ptr[3] != ':' || !two(s, 1, 23, &h) || !two(s, 4, 59, &m) || !(s.ptr[0] == '+' || s.ptr[0] == '-' || s.ptr[0] == ' '))
        return false;
    *out = (s.ptr[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

static bool read_rfc3339(dd_str s, int64_t day_s, int64_t *out)
{
    int     h, m, sec;
    int64_t offset;
    size_t  at = 19;
    bool    ok = s.len > at && dd_str_chr(DD_STR("Tt "), s.ptr[10]) >= 0 && s.ptr[13] == ':' && s.ptr[16] == ':' && two(s, 11, 23, &h) &&
              two(s, 14, 59, &m) && two(s, 17, 60, &sec);
    if (!ok)
        return false;
    if (s.ptr[at] == '.')
        for (at++; at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9'; at++)
            continue;
    if (!read_offset(dd_str_sub(s, at, s.len), &offset))
        return false;
    *out = day_s + h * 3600 + m * 60 + sec - offset;
    return true;
}

bool dd_moment_read(dd_str text, const struct dd_zone *zone, bool last, int64_t *out_s)
{
    enum { LAST_DAY = 2932896 /* 9999-12-31 */ };
    const int64_t end = (int64_t)(LAST_DAY + 1) * DAY_S;
    dd_day  day;
    int64_t from, to;
    if (text.len < 10 || text.ptr[4] != '-' || !dd_day_parse(dd_str_sub(text, 0, 10), &day))
        return text.len > 0 && text.ptr[0] != '+' && dd_parse_i64(text, out_s) && *out_s >= 0 && *out_s <= end;
    if (day < 0 || day > LAST_DAY)
        return false;
    if (text.len > 10)
        return read_rfc3339(text, (int64_t)day * DAY_S, out_s);
    int64_t noon = (int64_t)day * DAY_S + DAY_S / 2;
    dd_period_bounds(DD_PERIOD_DAY, zone, noon - dd_zone_offset(zone, noon), &from, &to);
    *out_s = last ? to : from;
    return true;
}
