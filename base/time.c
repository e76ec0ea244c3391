#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

dd_wall dd_wall_now(void)
{
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    int64_t     s;
    if (fixed && dd_parse_i64(dd_str_z(fixed), &s))
        return (dd_wall){ s };
    return (dd_wall){ (int64_t)time(NULL) };
}

dd_mono dd_mono_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (dd_mono){ (int64_t)t.tv_sec * 1000000000 + t.tv_nsec };
}

dd_day dd_day_of(dd_wall t) { return (dd_day)((t.s >= 0 ? t.s : t.s - 86399) / 86400); }

/* Days from civil date, proleptic Gregorian (H. Hinnant, "chrono-compatible low-level date algorithms"). */
dd_day dd_day_make(int y, int m, int d)
{
    y -= m <= 2;
    int      era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153u * (unsigned)(m + (m > 2 ? -3 : 9)) + 2) / 5 + (unsigned)d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int)doe - 719468;
}

static bool digits(dd_str s, size_t from, size_t n, int *out)
{
    int64_t v;
    if (s.len < from + n || !dd_parse_i64(dd_str_sub(s, from, from + n), &v) || v < 0 || s.ptr[from] == '+')
        return false;
    *out = (int)v;
    return true;
}

bool dd_day_parse(dd_str s, dd_day *out)
{
    int y, m, d;
    if (!digits(s, 0, 4, &y) || !digits(s, 5, 2, &m) || !digits(s, 8, 2, &d) || s.ptr[4] != '-' || s.ptr[7] != '-')
        return false;
    static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool             leap     = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (m < 1 || m > 12 || d < 1 || d > length[m - 1] + (m == 2 && leap))
        return false;
    if (s.len > 10 && s.ptr[10] != 'T' && s.ptr[10] != ' ')
        return false;
    *out = dd_day_make(y, m, d);
    return true;
}

dd_day dd_day_monday(dd_day day)
{
    int64_t since = ((int64_t)day + 3) % 7;     /* 1970-01-01 was a Thursday */
    return (dd_day)(day - (since < 0 ? since + 7 : since));
}

/* The way back of dd_day_make, from the same page. */
void dd_day_split(dd_day day, int *year, int *month, int *of_month)
{
    int64_t  z   = (int64_t)day + 719468;
    int      era = (int)((z >= 0 ? z : z - 146096) / 146097);
    unsigned doe = (unsigned)(z - (int64_t)era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp  = (5 * doy + 2) / 153;   /* months since March */
    *of_month    = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month       = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year        = (int)yoe + era * 400 + (*month <= 2);
}

dd_day dd_day_month(dd_day day, int later)
{
    int y, m, d;
    dd_day_split(day, &y, &m, &d);
    int64_t n = (int64_t)y * 12 + m - 1 + later, year = n / 12 - (n % 12 < 0);
    return dd_day_make((int)year, (int)(n - year * 12) + 1, 1);
}

void dd_day_format(dd_day day, char out[11])
{
    int y, m, d;
    dd_day_split(day, &y, &m, &d);
    if (y < 0 || y > 9999)
        y = 9999;
    snprintf(out, 11, "%04d-%02u-%02u", y, (unsigned)m % 100, (unsigned)d % 100);
}
