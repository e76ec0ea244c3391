/* Timestamps (years 1 to 9999) and durations (what 64 bits of nanoseconds hold): reading, printing, arithmetic, parts of the clock. */
#include "base/time.h"
#include "route/cel_parts.h"

#define UNUSED (void)f, (void)n
enum { NANO = 1000000000, DAY = 86400 };
static const int64_t first_second = -62135596800, last_second = 253402300799; /* 0001-01-01 and 9999-12-31T23:59:59 */
static const dd_str  no_text = { "", 0 };

/* month, day_of_year, weekday (Sunday) from 0; day from 1 */
typedef struct { int64_t year; int month, day, day_of_year, weekday, hour, minute, second; } moment;

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static moment moment_of(int64_t t)
{
    int64_t days = floor_div(t, DAY);
    int     second = (int)(t - days * DAY), year, month, day;
    dd_day_split((dd_day)days, &year, &month, &day);
    return (moment){ .year = year, .month = month - 1, .day = day, .day_of_year = (int)(days - dd_day_make(year, 1, 1)),
                     .weekday = (int)(days + 4 - floor_div(days + 4, 7) * 7), .hour = second / 3600, .minute = second / 60 % 60,
                     .second = second % 60 };
}

bool cel_timestamp_ok(int64_t s) { return s >= first_second && s <= last_second; }

/* --- reading --- */
/* Exactly n digits at *at, which moves behind them. */
static bool number_at(dd_str s, size_t *at, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (*at >= s.len || s.ptr[*at] < '0' || s.ptr[*at] > '9')
            return false;
        *out = *out * 10 + (s.ptr[*at] - '0');
    }
    return true;
}

static bool mark_at(dd_str s, size_t *at, char c)
{
    bool there = *at < s.len && s.ptr[*at] == c;
    *at += there;
    return there;
}

/* Numbers with their separators, from a table: {digits, least, most, separator behind or 0}. */
typedef struct { int digits, least, most; char then; } field;
static bool fields_at(dd_str s, size_t *at, const field *fields, size_t n, int *out)
{
    for (size_t i = 0; i < n; i++)
        if (!number_at(s, at, fields[i].digits, &out[i]) || out[i] < fields[i].least || out[i] > fields[i].most ||
            (fields[i].then && !mark_at(s, at, fields[i].then)))
            return false;
    return true;
}

/* ".25" as nanoseconds; digits past the ninth count nothing. */
static bool fraction_at(dd_str s, size_t *at, int32_t *ns)
{
    int32_t unit = NANO / 10;
    size_t  from;
    *ns = 0;
    if (!mark_at(s, at, '.'))
        return true;
    for (from = *at; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; (*at)++, unit /= 10)
        *ns += unit * (s.ptr[*at] - '0');
    return *at > from;
}

/* "+05:45", also without its sign, which then is +. */
static bool offset_at(dd_str s, size_t *at, int64_t *seconds)
{
    static const field fields[] = { { 2, 0, 23, ':' }, { 2, 0, 59, 0 } };
    int  v[2];
    bool minus = mark_at(s, at, '-');
    if (!minus)
        mark_at(s, at, '+');
    if (!fields_at(s, at, fields, DD_COUNT(fields), v))
        return false;
    *seconds = (minus ? -60 : 60) * (v[0] * 60 + v[1]);
    return true;
}

static bool zone_at(dd_str s, size_t *at, int64_t *seconds)
{
    *seconds = 0;
    if (mark_at(s, at, 'Z'))
        return true;
    return *at < s.len && (s.ptr[*at] == '+' || s.ptr[*at] == '-') && offset_at(s, at, seconds);
}

bool cel_parse_timestamp(dd_str s, dd_cel_value *out)
{
    static const field fields[] = {
        { 4, 1, 9999, '-' }, { 2, 1, 12, '-' }, { 2, 1, 31, 'T' }, { 2, 0, 23, ':' }, { 2, 0, 59, ':' }, { 2, 0, 59, 0 },
    };
    int     v[6];
    int32_t ns;
    int64_t offset;
    size_t  at = 0;
    if (!fields_at(s, &at, fields, DD_COUNT(fields), v) || !fraction_at(s, &at, &ns) || !zone_at(s, &at, &offset) || at != s.len)
        return false;
    int64_t days = dd_day_make(v[0], v[1], v[2]), t = days * DAY + v[3] * 3600 + v[4] * 60 + v[5];
    moment  back = moment_of(t);
    if (back.day != v[2] || !cel_timestamp_ok(t - offset)) /* the 30th of February moves on */
        return false;
    *out = (dd_cel_value){ .type = DD_CEL_TIMESTAMP, .ns = ns, .seconds = t - offset };
    return true;
}

static bool duration_of(__int128 ns, dd_cel_value *out)
{
    if (ns > INT64_MAX || ns < INT64_MIN)
        return false;
    *out = (dd_cel_value){ .type = DD_CEL_DURATION, .ns = (int32_t)(ns % NANO), .seconds = (int64_t)(ns / NANO) };
    return true;
}

static bool unit_at(dd_str s, size_t *at, int64_t *unit)
{
    static const struct { const char *name; int64_t ns; } units[] = { /* longer ones first */
        { "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 }, { "\xce\xbcs", 1000 }, { "ms", 1000000 }, { "s", NANO }, { "m", 60 * (int64_t)NANO },
        { "h", 3600 * (int64_t)NANO },
    };
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (dd_str_startsz(dd_str_sub(s, *at, s.len), units[i].name)) {
            *at += strlen(units[i].name);
            *unit = units[i].ns;
            return true;
        }
    return false;
}

enum { MOST_DIGITS = 24 }; /* times an hour's nanoseconds they fit 128 bits */

/* Digits at *at as a number, and its power of ten; those past MOST_DIGITS count nothing. */
static __int128 digits_at(dd_str s, size_t *at, __int128 *scale)
{
    static const __int128 most = (__int128)1000000000000 * 1000000000000;
    __int128              v = 0;
    for (*scale = 1; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; (*at)++)
        if (*scale < most) {
            v = v * 10 + (s.ptr[*at] - '0');
            *scale *= 10;
        }
    return v;
}

/* One part as "1.5h", added to *sum. */
static bool part_at(dd_str s, size_t *at, __int128 *sum)
{
    __int128 scale, whole, part = 0;
    int64_t  unit;
    size_t   from = *at, digits;
    whole = digits_at(s, at, &scale);
    digits = *at - from;
    scale = 1;
    if (digits > MOST_DIGITS)
        return false;
    if (mark_at(s, at, '.')) {
        from = *at;
        part = digits_at(s, at, &scale);
        digits += *at - from;
    }
    if (digits == 0 || !unit_at(s, at, &unit))
        return false;
    *sum += whole * unit + part * unit / scale;
    return *sum < (__int128)INT64_MAX * 2;
}

bool cel_parse_duration(dd_str s, dd_cel_value *out)
{
    __int128 sum = 0;
    size_t   at = 0;
    bool     minus = mark_at(s, &at, '-');
    if (!minus)
        mark_at(s, &at, '+');
    if (dd_str_eqz(dd_str_sub(s, at, s.len), "0"))
        return duration_of(0, out);
    if (at == s.len)
        return false;
    while (at < s.len)
        if (!part_at(s, &at, &sum))
            return false;
    return duration_of(minus ? -sum : sum, out);
}

/* --- printing --- */
static void print_fraction(int32_t ns, dd_buf *out)
{
    char text[16];
    if (ns == 0)
        return;
    int n = snprintf(text, sizeof text, ".%09d", ns < 0 ? -ns : ns);
    while (text[n - 1] == '0')
        n--;
    dd_buf_add(out, (dd_str){ text, (size_t)n });
}

void cel_print_timestamp(const dd_cel_value *v, dd_buf *out)
{
    moment m = moment_of(v->seconds);
    dd_buf_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)m.year, m.month + 1, m.day, m.hour, m.minute, m.second);
    print_fraction(v->ns, out);
    dd_buf_addc(out, 'Z');
}

void cel_print_duration(const dd_cel_value *v, dd_buf *out)
{
    dd_buf_addz(out, v->seconds == 0 && v->ns < 0 ? "-" : "");
    dd_buf_printf(out, "%lld", (long long)v->seconds);
    print_fraction(v->ns, out);
    dd_buf_addc(out, 's');
}

/* --- arithmetic --- */
static __int128 nanos(const dd_cel_value *v) { return (__int128)v->seconds * NANO + v->ns; }

static void time_from(__int128 ns, dd_cel_value *out)
{
    __int128 second = ns / NANO - (ns % NANO < 0);
    if (second >= first_second && second <= last_second)
        *out = (dd_cel_value){ .type = DD_CEL_TIMESTAMP, .ns = (int32_t)(ns - second * NANO), .seconds = (int64_t)second };
    else
        cel_fail(out, DD_CEL_E_RANGE, no_text);
}

static void duration_from(__int128 ns, dd_cel_value *out)
{
    if (!duration_of(ns, out))
        cel_fail(out, DD_CEL_E_RANGE, no_text);
}

#define ARITHMETIC(name, make, op)                                                                       \
    void name(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)                 \
    {                                                                                                    \
        UNUSED;                                                                                          \
        make(nanos(&a[0]) op nanos(&a[1]), out);                                                         \
    }
ARITHMETIC(cel_add_time, time_from, +)
ARITHMETIC(cel_time_add, time_from, +)
ARITHMETIC(cel_add_duration, duration_from, +)
ARITHMETIC(cel_subtract_times, duration_from, -)
ARITHMETIC(cel_subtract_from_time, time_from, -)
ARITHMETIC(cel_subtract_duration, duration_from, -)

/* --- parts of the clock --- */
/* The moment a[0] is in the zone a[1], if there is one; false: *out says that there is no such zone. */
static bool read_clock(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out, moment *m)
{
    int64_t offset = 0;
    int32_t east = 0;
    size_t  at = 0;
    dd_str  zone = n->n == 2 ? a[1].s : DD_STR("UTC");
    if (!dd_str_eqz(zone, "UTC") && !(offset_at(zone, &at, &offset) && at == zone.len)) {
        if (!f->env->zone || !f->env->zone(f->env->zone_ctx, zone, a->seconds, &east)) {
            cel_fail(out, DD_CEL_E_ZONE, zone);
            return false;
        }
        offset = east;
    }
    *m = moment_of(a->seconds + offset);
    return true;
}

#define PART(name, expression)                                                                           \
    void name(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)                 \
    {                                                                                                    \
        moment m;                                                                                        \
        if (read_clock(f, n, a, out, &m))                                                                \
            *out = dd_cel_int(expression);                                                               \
    }
PART(cel_get_year, m.year)
PART(cel_get_month, m.month)
PART(cel_get_date, m.day)
PART(cel_get_day_of_month, m.day - 1)
PART(cel_get_day_of_week, m.weekday)
PART(cel_get_day_of_year, m.day_of_year)
PART(cel_get_hours, m.hour)
PART(cel_get_minutes, m.minute)
PART(cel_get_seconds, m.second)
PART(cel_get_millis, a->ns / 1000000)

#define SPAN(name, expression)                                                                           \
    void name(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)                 \
    {                                                                                                    \
        UNUSED;                                                                                          \
        *out = dd_cel_int(expression);                                                                   \
    }
SPAN(cel_span_hours, a->seconds / 3600)
SPAN(cel_span_minutes, a->seconds / 60)
SPAN(cel_span_seconds, a->seconds)
SPAN(cel_span_millis, a->ns / 1000000) /* the part behind the seconds */
