/* cmd/tail.h - the columns of `dd0c tail`: words of the command line, members of an event, how each is read. */
#ifndef DD_CMD_TAIL_H
#define DD_CMD_TAIL_H
#include "base/arena.h"
#include "base/err.h"
#include "report/tail.h"

/* Fills the columns and the readers of *look. `words`: "time,model,cost", "all", NULL: the usual ones. Memory is the arena's. DD_ERR_USAGE. */
dd_code dd_tail_columns(const char *words, bool csv, dd_arena *a, dd_tail_look *look, dd_err *err);
/* What `--columns help` prints. */
void    dd_tail_columns_help(dd_buf *out);
/* "15m", "2h", "3d", "6w" before `now_ms`, or a time in UTC as ISO 8601 has it. False: neither. */
bool    dd_tail_since(dd_str text, int64_t now_ms, int64_t *out);
#endif
