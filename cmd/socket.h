/* cmd/socket.h - where a running proxy is asked what it does: $DD0C_HOME/run/<pid>.sock (docs/live.md). */
#ifndef DD_CMD_SOCKET_H
#define DD_CMD_SOCKET_H
#include "base/err.h"
#include "base/str.h"

/* Makes the folder, 0700, removes the sockets of processes that are gone, and appends a path that is free. `state`: the state folder. */
dd_code dd_socket_prepare(const char *state, dd_buf *path, dd_err *err);
#endif
