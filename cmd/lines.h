/* cmd/lines.h - the lines of a file or of standard input, one at a time, in constant memory. */
#ifndef DD_CMD_LINES_H
#define DD_CMD_LINES_H
#include "base/err.h"
#include "base/str.h"

/* What is done with a line, without its end; blank lines are left out. Not DD_OK ends the reading. */
typedef dd_code dd_line_fn(void *ctx, dd_str line, dd_err *err);
/* Called when what was read so far is done with: the place to write answers, so that one who waits for them gets them. */
typedef dd_code dd_pause_fn(void *ctx, dd_err *err);

/* `name`: a file, or "-" for standard input. Errors of a line begin with its number ("line 3: "), for a file with its name before that. A line
 * longer than `max` bytes is DD_ERR_LIMIT. `pause` is also called before an error is returned. */
dd_code dd_lines_each(const char *name, size_t max, dd_line_fn *line, dd_pause_fn *pause, void *ctx, dd_err *err);
/* All of it, as it is, behind what *out holds. */
dd_code dd_lines_all(const char *name, dd_buf *out, dd_err *err);
#endif
