/* cmd/serve_listen.h - where a proxy listens and with which certificate: what the command line says goes before the configuration.
 *
 * What is returned is borrowed from the two of them. */
#ifndef DD_CMD_SERVE_LISTEN_H
#define DD_CMD_SERVE_LISTEN_H
#include "cmd/serve.h"

/* "127.0.0.1:4000", "[::1]:4000", "4000" (of this machine alone) to a name of less than `cap` bytes and a port. DD_ERR_USAGE. */
dd_code     dd_listen_split(const char *text, char *host, size_t cap, int *port, dd_err *err);
const char *dd_listen_at(const dd_config *c, const dd_serve_opts *o);
const char *dd_listen_metrics(const dd_config *c, const dd_serve_opts *o);   /* NULL: nowhere */
bool        dd_listen_loopback(const char *host);

const char *dd_listen_cert(const dd_config *c, const dd_serve_opts *o);      /* a file; NULL: no TLS */
const char *dd_listen_key(const dd_config *c, const dd_serve_opts *o);
bool        dd_listen_tls_12(const dd_config *c);                            /* 1.2 is enough */
/* Both or none: with one alone nobody would be served by TLS. DD_ERR_USAGE. */
dd_code     dd_listen_check_tls(const dd_config *c, const dd_serve_opts *o, dd_err *err);
#endif
