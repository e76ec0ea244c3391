/* cmd/prices.h - what the `dd0c prices` commands share. */
#ifndef DD_CMD_PRICES_H
#define DD_CMD_PRICES_H
#include "base/json.h"
#include "cmd/cmd.h"
#include "pricing-cache/prices.h"

/* Opens the table as a scan would (cache_dir of *opts is set here), and says its warnings. */
dd_code dd_prices_cmd_open(const dd_cmd *cmd, const dd_prices_opts *opts, dd_prices **out, dd_err *err);
/* cmd/prices_json.c: all facts of a row as JSON members, in USD per million tokens; what is not known is absent. */
void dd_prices_json(dd_json *j, const dd_prices *p, const dd_price *row);
void dd_prices_json_about(dd_json *j, const dd_prices *p); /* "table": {...} */
/* "0.15"; "-" when not known. */
void dd_prices_put_usd(dd_buf *out, int64_t micros);
#endif
