#include "cmd/zone.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/near.h"
#include "base/time.h"
#include "cmd/config.h"

enum { MOST_CHANGES = 2000, LAST_YEAR = 2100, LONGEST_NAME = 64 };

static dd_zones      *shared;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *folder(void)
{
    const char *dir = getenv("TZDIR");
    return dir && *dir ? dir : "/usr/share/zoneinfo";
}

static void open_shared(void) { shared = dd_zones_open(folder()); }

dd_zones *dd_zones_shared(void)
{
    pthread_once(&once, open_shared);
    return shared;
}

/* --- a name that is none --- */

typedef struct { dd_str asked; char best[LONGEST_NAME + 1]; size_t distance; int left; } search;

static void keep(search *s, const char *name, size_t distance)
{
    if (distance >= s->distance || strlen(name) >= sizeof s->best)
        return;
    s->distance = distance;
    memcpy(s->best, name, strlen(name) + 1);
}

/* Zones below `prefix` ("", "Europe/"). */
static void look_below(search *s, const char *prefix, int depth)
{
    dd_buf path = DD_BUF_INIT(4096);
    dd_buf_printf(&path, "%s/%s", folder(), prefix);
    DIR           *dir = opendir(dd_buf_z(&path));
    struct dirent *e;
    while (dir && (e = readdir(dir)) && s->left-- > 0) {
        if (!(e->d_name[0] >= 'A' && e->d_name[0] <= 'Z'))   /* posix/, right/, tables */
            continue;
        dd_buf_clear(&path);
        dd_buf_printf(&path, "%s%s", prefix, e->d_name);
        const char *name = dd_buf_z(&path);
        bool        city = *prefix && dd_str_eq_nocase(s->asked, dd_str_z(e->d_name));   /* "Berlin" alone is no zone */
        keep(s, name, city ? 0 : dd_near_distance(s->asked, dd_str_z(name)));
        if (e->d_type == DT_DIR && depth < 2) {
            dd_buf_addc(&path, '/');
            look_below(s, dd_buf_z(&path), depth + 1);
        }
    }
    if (dir)
        closedir(dir);
    dd_buf_free(&path);
}

static dd_code unknown(dd_str name, dd_err *err)
{
    search s = { .asked = name, .distance = DD_NEAR_NONE, .left = 5000 };
    dd_fail(err, DD_ERR_NOT_FOUND, "there is no time zone \"" DD_STR_FMT "\"", DD_STR_ARG(name));
    if (name.len <= LONGEST_NAME)
        look_below(&s, "", 0);
    if (s.best[0])
        dd_hint(err, "Did you mean \"%s\"?", s.best);
    else if (s.left == 5000)
        dd_hint(err, "%s has no time zones; the package tzdata brings them.", folder());
    else
        dd_hint(err, "An IANA name is needed, such as Europe/Berlin or UTC.");
    return DD_ERR_NOT_FOUND;
}

/* --- a zone --- */

dd_code dd_zone_load(dd_str name, dd_arena *arena, const dd_zone **out, dd_err *err)
{
    *out = NULL;
    if (!name.len || dd_str_eqz(name, "UTC"))
        return DD_OK;
    const dd_tz *tz = dd_zones_find(dd_zones_shared(), name);
    if (!tz)
        return unknown(name, err);
    dd_zone *zone    = dd_new(arena, dd_zone);
    int64_t *from    = dd_newn(arena, int64_t, MOST_CHANGES);
    int32_t *offsets = dd_newn(arena, int32_t, MOST_CHANGES);
    zone->n          = dd_tz_changes(tz, (int64_t)dd_day_make(LAST_YEAR, 1, 1) * 86400, from, offsets, MOST_CHANGES, &zone->before_s);
    zone->from_s     = from;
    zone->offset_s   = offsets;
    *out             = zone;
    return DD_OK;
}

const dd_zone *dd_zone_of_clocks(dd_arena *arena)
{
    dd_config      c;
    dd_err         err  = DD_ERR_INIT;
    const dd_zone *zone = NULL;
    if (dd_config_load(&c, NULL, &err) == DD_OK && c.timezone)
        (void)dd_zone_load(dd_str_z(c.timezone), arena, &zone, &err);
    dd_config_fini(&c);
    return zone;
}
