/* cmd/snapshot_parts.h - what makes a snapshot: its providers (snapshot.c), its rules (snapshot_route.c). */
#ifndef DD_CMD_SNAPSHOT_PARTS_H
#define DD_CMD_SNAPSHOT_PARTS_H
#include "cmd/master.h"
#include "cmd/snapshot.h"
#include "cmd/zone.h"

typedef struct {
    const dd_config    *config;
    dd_snapshot        *s;
    dd_policy_provider *known;    /* beside s->providers */
    size_t              cap;
    dd_vault           *vault;    /* opened with the first secret:NAME */
    bool                dev;
    dd_buf             *missing;  /* a check: lines of what the environment lacks, which then is no error; NULL otherwise */
    dd_err             *err;
} dd_snapshot_maker;

/* config "dd0c.yaml", line 7: ... */
dd_code dd_snapshot_fail(dd_snapshot_maker *m, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A provider that rules name and providers: does not: taken from the environment, as without that section. *lacks: the variable that is not there;
 * then none was added. False: there is no provider of that name. */
bool    dd_snapshot_imply(dd_snapshot_maker *m, dd_str name, const char **lacks);
/* Routes, chains, budgets, limits and what else decides. After the providers and prices. */
dd_code dd_snapshot_rules(dd_snapshot_maker *m);
/* A text ("", NULL) as the snapshot's own. */
dd_str  dd_snapshot_text(dd_snapshot_maker *m, const char *z);
#endif
