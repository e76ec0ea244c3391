/* cmd/zone.h - time zones of the configuration: budgets' periods, hour and weekday, conditions.
 *
 * All zones of the process are read once, from $TZDIR or /usr/share/zoneinfo. UTC needs no file. */
#ifndef DD_CMD_ZONE_H
#define DD_CMD_ZONE_H
#include "base/arena.h"
#include "base/err.h"
#include "base/zone.h"
#include "route/budget.h"

/* Those of the process; never freed. The ctx of dd_zones_offset. */
dd_zones *dd_zones_shared(void);
/* The zone with its changes until 2100, in the arena; *out NULL: UTC, or no name. DD_ERR_NOT_FOUND: the nearest name is the hint. */
dd_code   dd_zone_load(dd_str name, dd_arena *arena, const dd_zone **out, dd_err *err);
/* The zone of the clocks that people read: `timezone` of the configuration that is found without being named. NULL: UTC, or it cannot be read. */
const dd_zone *dd_zone_of_clocks(dd_arena *arena);
#endif
