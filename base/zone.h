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
typedef struct dd_zone dd_zone;
dd_zone *dd_zone_read(dd_str file); /* NULL: not one */
int32_t  dd_zone_offset(const dd_zone *z, int64_t t);
void     dd_zone_free(dd_zone *z);
#endif
