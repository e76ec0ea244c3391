/* cmd/flags_edit.h - one flag changed in the text of its file: everything else stays as it was written, comments too. */
#ifndef DD_CMD_FLAGS_EDIT_H
#define DD_CMD_FLAGS_EDIT_H
#include "route/flags.h"

/* Writes `text` with the flag's `on` and `rollout` as `want` has them. The result was read again and says so, else DD_ERR_USAGE. */
dd_code dd_flags_edit(dd_str text, const dd_flag *f, const dd_flag *want, dd_buf *out, dd_err *err);
#endif
