/* A zone is a list of moments at which its offset changed, and a rule in POSIX's spelling ("CET-1CEST,M3.5.0,M10.5.0/3") for the time behind the last one. */
#include "base/zone.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/file.h"
#include "base/time.h"

enum { MOST_ZONES = 128, MOST_BYTES = 1 << 20, DAY = 86400, HEAD = 44 };

typedef struct { char kind; int month, week, day; int32_t seconds; } change; /* M: month, week, weekday; J: day 1..365 without 29 February; N: day 0..365 */
struct dd_tz {
    size_t   n;
    int64_t *at;      /* ascending */
    int32_t *offsets; /* from at[i] on */
    int32_t  first;   /* before at[0] */
    bool     has_rule, has_dst;
    int32_t  std, dst;
    change   begin, end; /* of summer time, in local time */
};

/* --- the rule --- */
static bool read_int(dd_str *s, int *out)
{
    size_t n = 0;
    for (*out = 0; n < s->len && n < 4 && s->ptr[n] >= '0' && s->ptr[n] <= '9'; n++)
        *out = *out * 10 + (s->ptr[n] - '0');
    *s = dd_str_sub(*s, n, s->len);
    return n > 0;
}

static bool skip(dd_str *s, char c)
{
    bool there = s->len && s->ptr[0] == c;
    *s = dd_str_sub(*s, there, s->len);
    return there;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(dd_str *s, int32_t *out)
{
    bool minus = skip(s, '-');
    int  h = 0, m = 0, sec = 0;
    if (!minus)
        skip(s, '+');
    if (!read_int(s, &h) || (skip(s, ':') && !read_int(s, &m)) || (skip(s, ':') && !read_int(s, &sec)))
        return false;
    *out = (minus ? -1 : 1) * (h * 3600 + m * 60 + sec);
    return h <= 167 && m < 60 && sec < 60;
}

/* "CET" or "<+0545>" */
static bool skip_name(dd_str *s)
{
    size_t n = 0;
    if (skip(s, '<')) {
        ptrdiff_t end = dd_str_chr(*s, '>');
        *s = dd_str_sub(*s, end < 0 ? s->len : (size_t)end + 1, s->len);
        return end > 0;
    }
    while (n < s->len && ((s->ptr[n] | 0x20) >= 'a' && (s->ptr[n] | 0x20) <= 'z'))
        n++;
    *s = dd_str_sub(*s, n, s->len);
    return n >= 3;
}

static bool read_change(dd_str *s, change *c)
{
    *c = (change){ .kind = 'N', .seconds = 2 * 3600 };
    if (!skip(s, ','))
        return false;
    if (skip(s, 'M')) {
        c->kind = 'M';
        if (!read_int(s, &c->month) || !skip(s, '.') || !read_int(s, &c->week) || !skip(s, '.') || !read_int(s, &c->day))
            return false;
        if (c->month < 1 || c->month > 12 || c->week < 1 || c->week > 5 || c->day > 6)
            return false;
    } else {
        c->kind = skip(s, 'J') ? 'J' : 'N';
        if (!read_int(s, &c->day) || c->day > 365)
            return false;
    }
    return !skip(s, '/') || read_time(s, &c->seconds);
}

static bool read_rule(dd_str s, dd_tz *z)
{
    int32_t west;
    if (!skip_name(&s) || !read_time(&s, &west))
        return false;
    z->std = z->dst = -west;
    if (s.len == 0)
        return true;
    if (!skip_name(&s))
        return false;
    z->dst = z->std + 3600;
    if (s.len && s.ptr[0] != ',') {
        if (!read_time(&s, &west))
            return false;
        z->dst = -west;
    }
    z->has_dst = read_change(&s, &z->begin) && read_change(&s, &z->end) && s.len == 0;
    return z->has_dst;
}

static int64_t year_of(int64_t t)
{
    int64_t days = t / DAY - (t % DAY < 0), y = 1970 + days / 366;
    while (y < 9999 && dd_day_make((int)y + 1, 1, 1) <= days)
        y++;
    while (y > 1 && dd_day_make((int)y, 1, 1) > days)
        y--;
    return y;
}

/* The local second of that year at which the change happens. */
static int64_t change_at(const change *c, int year)
{
    int64_t first = dd_day_make(year, 1, 1), day = first + c->day;
    bool    leap = dd_day_make(year, 3, 1) - dd_day_make(year, 2, 28) == 2;
    if (c->kind == 'J')
        day = first + c->day - 1 + (leap && c->day >= 60);
    if (c->kind == 'M') {
        int64_t month = dd_day_make(year, c->month, 1), next = c->month == 12 ? dd_day_make(year + 1, 1, 1) : dd_day_make(year, c->month + 1, 1);
        int64_t weekday = ((month + 4) % 7 + 7) % 7;
        day = month + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
        while (day >= next)
            day -= 7;
    }
    return day * DAY + c->seconds;
}

static int32_t rule_offset(const dd_tz *z, int64_t t)
{
    if (!z->has_dst)
        return z->std;
    int     year = (int)year_of(t + z->std);
    int64_t begin = change_at(&z->begin, year) - z->std, end = change_at(&z->end, year) - z->dst;
    bool    summer = begin < end ? t >= begin && t < end : t >= begin || t < end;
    return summer ? z->dst : z->std;
}

/* --- the file --- */
static int64_t big_endian(const char *p, int bytes)
{
    uint64_t v = (unsigned char)p[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)p[i];
    return (int64_t)v;
}

typedef struct { size_t utc, std, leap, times, types, chars; } counts;

/* The counts of a header, and how long its block is with times of that many bytes; false: no header. */
static bool read_head(dd_str s, size_t at, int time_bytes, counts *c, size_t *block)
{
    size_t *fields[] = { &c->utc, &c->std, &c->leap, &c->times, &c->types, &c->chars };
    if (s.len < at + HEAD || memcmp(s.ptr + at, "TZif", 4) != 0)
        return false;
    for (size_t i = 0; i < DD_COUNT(fields); i++) {
        int64_t v = big_endian(s.ptr + at + 20 + 4 * i, 4);
        if (v < 0 || v > MOST_BYTES)
            return false;
        *fields[i] = (size_t)v;
    }
    *block = c->times * (size_t)(time_bytes + 1) + c->types * 6 + c->chars + c->leap * (size_t)(time_bytes + 4) + c->std + c->utc;
    return s.len - at - HEAD >= *block;
}

static bool read_transitions(dd_str s, size_t at, const counts *c, dd_tz *z)
{
    const char *times = s.ptr + at, *kinds = times + 8 * c->times, *types = kinds + c->times;
    z->n = c->times;
    z->at = dd_calloc(c->times + 1, sizeof *z->at);
    z->offsets = dd_calloc(c->times + 1, sizeof *z->offsets);
    z->first = c->types ? (int32_t)big_endian(types, 4) : 0;
    for (size_t i = 0; i < c->times; i++) {
        size_t kind = (unsigned char)kinds[i];
        if (kind >= c->types)
            return false;
        z->at[i] = big_endian(times + 8 * i, 8);
        z->offsets[i] = (int32_t)big_endian(types + 6 * kind, 4);
    }
    return c->types > 0;
}

dd_tz *dd_tz_read(dd_str file)
{
    counts c;
    size_t block, at = 0;
    if (!read_head(file, 0, 4, &c, &block) || file.ptr[4] < '2')
        return NULL;
    at = HEAD + block;
    if (!read_head(file, at, 8, &c, &block))
        return NULL;
    dd_tz *z = dd_calloc(1, sizeof *z);
    dd_str   rule = dd_str_trim(dd_str_sub(file, at + HEAD + block, file.len));
    if (!read_transitions(file, at + HEAD, &c, z)) {
        dd_tz_free(z);
        return NULL;
    }
    z->has_rule = rule.len && read_rule(rule, z);
    return z;
}

int32_t dd_tz_offset(const dd_tz *z, int64_t t)
{
    size_t lo = 0, hi = z->n; /* the number of transitions at or before t */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (z->at[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == z->n && z->has_rule)
        return rule_offset(z, t);
    return lo ? z->offsets[lo - 1] : z->first;
}

typedef struct { int64_t *from; int32_t *offsets; size_t n, max; } changes;

static void add_change(changes *c, int64_t from, int32_t offset)
{
    if (c->n == c->max || (c->n && from <= c->from[c->n - 1]))
        return;
    c->from[c->n]      = from;
    c->offsets[c->n++] = offset;
}

size_t dd_tz_changes(const dd_tz *z, int64_t until, int64_t *from, int32_t *offsets, size_t max, int32_t *first)
{
    changes c = { from, offsets, 0, max };
    *first    = z->n || !z->has_rule ? z->first : z->std;
    for (size_t i = 0; i < z->n && z->at[i] < until; i++)
        add_change(&c, z->at[i], z->offsets[i]);
    int64_t last = c.n && from[c.n - 1] > 0 ? from[c.n - 1] : 0; /* how it was before 1970 is in tables alone */
    for (int year = (int)year_of(last); z->has_rule && z->has_dst && c.n < max && year < 9999; year++) {
        int64_t begin = change_at(&z->begin, year) - z->std, end = change_at(&z->end, year) - z->dst;
        bool    ahead = begin < end; /* south of the equator summer ends first */
        if (begin >= until && end >= until)
            break;
        add_change(&c, ahead ? begin : end, ahead ? z->dst : z->std);
        add_change(&c, ahead ? end : begin, ahead ? z->std : z->dst);
    }
    return c.n;
}

void dd_tz_free(dd_tz *z)
{
    if (!z)
        return;
    free(z->at);
    free(z->offsets);
    free(z);
}

/* --- zones by name --- */
typedef struct { char name[64]; dd_tz *zone; } entry; /* zone NULL: there is none of that name */
struct dd_zones {
    pthread_mutex_t lock;
    char            dir[256];
    entry           entries[MOST_ZONES];
    size_t          n;
};

dd_zones *dd_zones_open(const char *dir)
{
    dd_zones *z = dd_calloc(1, sizeof *z);
    pthread_mutex_init(&z->lock, NULL);
    snprintf(z->dir, sizeof z->dir, "%s", dir ? dir : "/usr/share/zoneinfo");
    return z;
}

/* Letters, digits, _ + - and single slashes between them: no path leaves the folder. */
static bool is_name(dd_str s)
{
    if (s.len == 0 || s.len >= sizeof((entry *)0)->name)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '+' || c == '-';
        if (!word && !(c == '/' && i && i + 1 < s.len && s.ptr[i - 1] != '/'))
            return false;
    }
    return true;
}

static dd_tz *load(const dd_zones *z, dd_str name)
{
    char     path[384];
    dd_buf   file = DD_BUF_INIT(MOST_BYTES);
    dd_tz *zone = NULL;
    snprintf(path, sizeof path, "%s/" DD_STR_FMT, z->dir, DD_STR_ARG(name));
    if (dd_file_read(path, &file, NULL) == DD_OK)
        zone = dd_tz_read(dd_buf_str(&file));
    dd_buf_free(&file);
    return zone;
}

static dd_tz *find(dd_zones *z, dd_str name)
{
    for (size_t i = 0; i < z->n; i++)
        if (dd_str_eqz(name, z->entries[i].name))
            return z->entries[i].zone;
    if (z->n == MOST_ZONES)
        return NULL;
    entry *e = &z->entries[z->n++];
    memcpy(e->name, name.ptr, name.len);
    return e->zone = load(z, name);
}

const dd_tz *dd_zones_find(dd_zones *z, dd_str name)
{
    if (!is_name(name))
        return NULL;
    pthread_mutex_lock(&z->lock);
    const dd_tz *zone = find(z, name);
    pthread_mutex_unlock(&z->lock);
    return zone;
}

bool dd_zones_offset(void *zones, dd_str name, int64_t t, int32_t *offset)
{
    const dd_tz *zone = dd_zones_find(zones, name);
    if (zone)
        *offset = dd_tz_offset(zone, t);
    return zone != NULL;
}

void dd_zones_close(dd_zones *z)
{
    for (size_t i = 0; z && i < z->n; i++)
        dd_tz_free(z->entries[i].zone);
    if (z)
        pthread_mutex_destroy(&z->lock);
    free(z);
}
