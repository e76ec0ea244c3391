/* base/file.h - whole files: read with a limit, replace atomically, find the user's folders. */
#ifndef DD_BASE_FILE_H
#define DD_BASE_FILE_H
#include "base/err.h"
#include "base/str.h"

/* Reads all of `path` behind what *out holds. DD_ERR_LIMIT past out->max, DD_ERR_NOT_FOUND, DD_ERR_IO. */
dd_code dd_file_read(const char *path, dd_buf *out, dd_err *err);
/* Writes to a temporary file beside `path`, syncs and renames: nothing half written. Makes parent folders. mode as for open. */
dd_code dd_file_replace(const char *path, dd_str bytes, unsigned mode, dd_err *err);
bool    dd_file_exists(const char *path);
/* mkdir -p, 0700. */
dd_code dd_dir_make(const char *path, dd_err *err);
/* "$XDG_CACHE_HOME/dd0c", else "$HOME/.cache/dd0c"; config: "$XDG_CONFIG_HOME/dd0c"; state: "$DD0C_HOME",
 * else "$XDG_STATE_HOME/dd0c" or "$HOME/.local/state/dd0c". Appended to *out. */
void dd_dir_cache(dd_buf *out);
void dd_dir_config(dd_buf *out);
void dd_dir_state(dd_buf *out);
#endif
