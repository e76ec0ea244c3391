/* cmd/serve.h - a proxy inside this process, for `dd0c proxy` and `dd0c run`: gateway, keys, events and log joined. */
#ifndef DD_CMD_SERVE_H
#define DD_CMD_SERVE_H
#include "cmd/cmd.h"
#include "cmd/config.h"

typedef struct {
    const char *config, *listen, *metrics_listen, *tls_cert, *tls_key, *log_format, *log_level;
    int64_t     workers;     /* -1: as configured */
    bool        dev, insecure, quiet;
    bool        token;       /* make a key for this process: dd_serve_token */
} dd_serve_opts;

typedef struct dd_serve dd_serve;
/* Reads the configuration, opens the stores, listens. Blocks SIGTERM, SIGINT and SIGHUP in all threads that it starts: the caller waits for them. Caller owns; NULL: *err. */
dd_serve *dd_serve_start(const dd_cmd *cmd, const dd_serve_opts *opts, dd_err *err);
const char *dd_serve_url(const dd_serve *s);      /* "http://127.0.0.1:4000" */
const char *dd_serve_token(const dd_serve *s);    /* accepted beside the keys of the store, as long as this one serves; "" unless asked for */
void      dd_serve_announce(dd_serve *s);         /* to standard error: where it listens, for which providers, who may call */
/* What of `server:` would keep a proxy from starting. */
dd_code   dd_serve_check(const dd_config *c, dd_err *err);
/* Reads the configuration again; a bad one is refused with its reason in the log, and the old one stays. */
void      dd_serve_reload(dd_serve *s);
/* Once a second: whether configuration, price table or a secret that is used was changed, by whichever process. */
void      dd_serve_watch(dd_serve *s);
void      dd_serve_stop(dd_serve *s);             /* drains, flushes, frees; NULL is fine */
#endif
