/* cmd/snapshot.h - from dd0c.yaml and the environment to what a running proxy knows. */
#ifndef DD_CMD_SNAPSHOT_H
#define DD_CMD_SNAPSHOT_H
#include "cmd/config.h"
#include "proxy/gateway.h"

/* `dev`: everything goes to the local server. Caller owns. NULL: *err names the provider and what is missing. Without a `providers:` section the environment decides: each
 * provider whose key is there, and OpenAI and Anthropic always, without one of their own. */
dd_snapshot *dd_snapshot_make(const dd_config *c, bool dev, dd_err *err);
/* Whether one could be made: all but what the environment would have to supply, which is listed in *missing, a line each. Secrets are not opened. */
dd_snapshot *dd_snapshot_draft(const dd_config *c, dd_buf *missing, dd_err *err);   /* it, for looking at; NULL: *err */
dd_code      dd_snapshot_check(const dd_config *c, dd_buf *missing, dd_err *err);
#endif
