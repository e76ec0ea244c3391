/* cmd/govern.h - governance in a running proxy: policy.json watched, each change checked, logged and audited, panic from wherever it comes. */
#ifndef DD_CMD_GOVERN_H
#define DD_CMD_GOVERN_H
#include "cmd/policy.h"
#include "proxy/gateway.h"

typedef struct dd_governor dd_governor;
typedef void dd_govern_log(void *ctx, int level, const char *line);
/* Reads policy.json. One thread, but for dd_governor_ask. Caller owns. */
dd_governor *dd_governor_new(const dd_config *c, dd_govern_log *log, void *ctx);
void         dd_governor_free(dd_governor *g);
/* The providers that serve from now on: what policy.json says of another is told in the log, and means nothing. */
void         dd_governor_know(dd_governor *g, const dd_policy *policy);
/* Whom panic is told, from now on. */
void         dd_governor_use(dd_governor *g, dd_gateway *gateway);
/* `c`: the configuration that serves. About once a second. True: what waited may be asked for again: a word
 * was given, the mode changed, panic is over. */
bool         dd_governor_look(dd_governor *g, const dd_config *c);
bool         dd_governor_panicking(const dd_governor *g);

typedef struct {
    dd_govern_state old, next;
    unsigned        kinds;
    dd_str          what;        /* "routes, budgets": the sections that differ */
    bool            own, narrows;
} dd_govern_change;
/* Logs, audits, and puts it on the list of what waits. True: take it. */
bool         dd_governor_check(dd_governor *g, const dd_govern_change *c);
void         dd_governor_withdraw(dd_governor *g);   /* what waited is no more: the files are as they were */

/* POST /admin/panic {"on": true}: heard at once; policy.json follows within a second. Any thread. The status; the answer in *out. */
int          dd_governor_ask(dd_governor *g, const dd_ask *ask, dd_buf *out);

/* Contents of the files that decide: configuration, price table, flags. */
dd_govern_state dd_govern_state_of(const char *config, const char *prices, const char *flags);
/* The sections of two configurations that differ, and the kinds of change that means. */
unsigned     dd_govern_diff(dd_str old, dd_str next, dd_buf *what);
#endif
