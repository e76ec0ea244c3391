/* cmd/sockets.h - asking the proxies of a state folder, over their sockets (docs/live.md). */
#ifndef DD_CMD_SOCKETS_H
#define DD_CMD_SOCKETS_H
#include "base/str.h"

typedef struct dd_sockets dd_sockets;
dd_sockets *dd_sockets_new(const char *dir);        /* the state folder. Caller owns; one thread */
void        dd_sockets_free(dd_sockets *s);         /* NULL is fine */

/* `name`: "4711.sock"; status 0: it is there and did not answer in time. The answer is borrowed for the call. */
typedef void dd_sockets_fn(void *ctx, const char *name, int status, dd_str answer);
/* Asks all at once, so that one that hangs takes no time from the others; `timeout_ms` for all; `body` NULL: GET, else POST. Answers are handed over in
 * the folder's order. How many there are: sockets whose process is gone are none. */
int         dd_sockets_ask(dd_sockets *s, const char *path, const char *body, int64_t timeout_ms, dd_sockets_fn *fn, void *ctx);
#endif
