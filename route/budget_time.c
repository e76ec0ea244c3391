/* route/budget_time.c - when a budget's period begins and ends, in a time zone whose days may have 23, 24 or 25 hours.
 *
 * A day begins at the first moment at which the zone's clock shows its date, or a later one: where midnight does not exist (clocks that go from
 * 00:00 to 01:00) that is the moment of the change, and where it comes twice it is the first one. Each moment is in one period: what clocks that
 * are set back show again belongs to the period that has begun. An hour ends where the clock is changed. */
#include "route/budget.h"

enum { DAY_S = 86400, HOUR_S = 3600, OFFSETS_S = 26 * 3600 /* no zone was ever further from UTC */ };
static const int64_t far_s = INT64_C(1) << 40; /* 34,000 years: keeps arithmetic and days in range */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static int64_t clamped(int64_t t) { return t > far_s ? far_s : t < -far_s ? -far_s : t; }

/* How many changes happened at or before this moment. */
static size_t changes_before(const dd_zone *z, int64_t time_s)
{
    size_t low = 0, high = z == NULL ? 0 : z->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->from_s[middle] <= time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_after(const dd_zone *z, size_t changes)
{
    if (z == NULL)
        return 0;
    return changes == 0 ? z->before_s : z->offset_s[changes - 1];
}

int32_t dd_zone_offset(const dd_zone *z, int64_t time_s) { return offset_after(z, changes_before(z, time_s)); }

static int64_t change_at(const dd_zone *z, size_t i) { return z != NULL && i < z->n ? z->from_s[i] : INT64_MAX; }

/* The first moment at which the clock shows `local_s` or later. */
static int64_t first_moment(const dd_zone *z, int64_t local_s)
{
    size_t  i    = changes_before(z, local_s - OFFSETS_S);
    int64_t from = INT64_MIN;
    for (;; from = change_at(z, i), i++) {
        int64_t t = local_s - offset_after(z, i);
        t         = t < from ? from : t;
        if (t < change_at(z, i))
            return t;
    }
}

typedef struct { int64_t from, to; } days; /* since 1970, local */

static days days_of(dd_period p, int64_t day)
{
    if (p == DD_PERIOD_DAY)
        return (days){ day, day + 1 };
    if (p == DD_PERIOD_WEEK) {
        int64_t monday = dd_day_monday((dd_day)day);
        return (days){ monday, monday + 7 };
    }
    return (days){ dd_day_month((dd_day)day, 0), dd_day_month((dd_day)day, 1) };
}

static void hour_bounds(const dd_zone *z, int64_t t, int64_t *from_s, int64_t *to_s)
{
    size_t  n = changes_before(z, t);
    int64_t offset = offset_after(z, n), begun = floor_div(t + offset, HOUR_S) * HOUR_S - offset;
    int64_t since = n > 0 ? z->from_s[n - 1] : INT64_MIN, until = change_at(z, n);
    *from_s = begun < since ? since : begun;
    *to_s   = begun + HOUR_S > until ? until : begun + HOUR_S;
}

void dd_period_bounds(dd_period p, const dd_zone *z, int64_t time_s, int64_t *from_s, int64_t *to_s)
{
    int64_t t = clamped(time_s);
    if (p == DD_PERIOD_TOTAL) {
        *from_s = 0;
        *to_s   = INT64_MAX;
        return;
    }
    if (p == DD_PERIOD_HOUR) {
        hour_bounds(z, t, from_s, to_s);
        return;
    }
    days d  = days_of(p, floor_div(t + dd_zone_offset(z, t), DAY_S));
    *to_s   = first_moment(z, d.to * DAY_S);
    if (t >= *to_s) { /* set back over midnight: the next one has begun */
        d     = days_of(p, d.to);
        *to_s = first_moment(z, d.to * DAY_S);
    }
    *from_s = first_moment(z, d.from * DAY_S);
}
