/* proxy/http/tls.h - TLS to clients by OpenSSL, behind calls that look like read and write. */
#ifndef DD_PROXY_HTTP_TLS_H
#define DD_PROXY_HTTP_TLS_H
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

typedef struct dd_tls_ctx dd_tls_ctx;
typedef struct dd_tls     dd_tls;

dd_tls_ctx *dd_tls_ctx_new(const char *cert, const char *key, bool tls_12, dd_err *err);  /* PEM files; caller owns */
dd_tls_ctx *dd_tls_ctx_share(const dd_tls_ctx *c);   /* the same for another thread; caller owns. One that is freed goes with its last connection */
void        dd_tls_ctx_free(dd_tls_ctx *c);
dd_tls     *dd_tls_new(dd_tls_ctx *c, int fd);   /* NULL: out of luck */
void        dd_tls_free(dd_tls *t);

/* As read and write; -1 with errno EAGAIN: wait, for what dd_tls_wants says. 0 of read: the end. */
ssize_t     dd_tls_handshake(dd_tls *t);         /* 1: done */
ssize_t     dd_tls_read(dd_tls *t, char *to, size_t n);
ssize_t     dd_tls_write(dd_tls *t, const char *from, size_t n);
void        dd_tls_bye(dd_tls *t);
bool        dd_tls_wants_write(const dd_tls *t); /* the call before waits for the socket to take bytes, whatever it was */
bool        dd_tls_holds(const dd_tls *t);       /* bytes are decrypted already: no event will tell of them */
#endif
