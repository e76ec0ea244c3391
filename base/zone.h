/* base/zone.h - time zones by name, from the system's zoneinfo files.
 *
 * A zone is read at its first use and kept; any thread may ask. Files: RFC 8536, versions 2 and up, with the rule behind the last transition. */
#ifndef DD_BASE_ZONE_H
#define DD_BASE_ZONE_H
#include "base/str.h"

typedef struct dd_zones dd_zones;
dd_zones *dd_zones_open(const char *dir); /* NULL: the system's folder */
/* Seconds east of UTC at `t` (Unix) in "Europe/Berlin"; false: no such zone. `zones` is a dd_zones. */
bool      dd_zones_offset(void *zones, dd_str name, int64_t t, int32_t *offset);
void      dd_zones_close(dd_zones *zones);

/* One zone's file, read. */
typedef struct dd_tz dd_tz;
const dd_tz *dd_zones_find(dd_zones *zones, dd_str name); /* borrowed until the zones are closed; NULL: no such zone */
dd_tz *dd_tz_read(dd_str file); /* NULL: not one */
int32_t  dd_tz_offset(const dd_tz *z, int64_t t);
/* The moments before `until` (Unix) at which the offset changes, ascending, and the offsets from then on; at most `max` of them. *first: the offset before. */
size_t   dd_tz_changes(const dd_tz *z, int64_t until, int64_t *from, int32_t *offsets, size_t max, int32_t *first);
void     dd_tz_free(dd_tz *z);
#endif
