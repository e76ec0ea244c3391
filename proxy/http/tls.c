#include "proxy/http/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

struct dd_tls_ctx { SSL_CTX *ssl; };
struct dd_tls { SSL *ssl; bool wants_write; };

static dd_code tls_fail(dd_err *err, const char *what, const char *path)
{
    if (access(path, R_OK) != 0)
        return dd_fail_errno(err, errno, "could not read %s \"%s\"", what, path);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    dd_fail(err, DD_ERR_IO, "could not use %s \"%s\": %s", what, path, reason ? reason : "not a PEM file that can be read");
    ERR_clear_error();
    return DD_ERR_IO;
}

static int choose_http11(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl, (void)arg;
    int found = SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, ours, sizeof ours - 1, in, in_len);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

dd_tls_ctx *dd_tls_ctx_new(const char *cert, const char *key, bool tls_12, dd_err *err)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    dd_code  rc  = DD_OK;
    if (ssl == NULL) {
        dd_fail(err, DD_ERR_IO, "could not set up TLS");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ssl, tls_12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(ssl, choose_http11, NULL);
    if (SSL_CTX_use_certificate_chain_file(ssl, cert) != 1)
        rc = tls_fail(err, "certificate", cert);
    else if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        rc = tls_fail(err, "key", key);
    else if (SSL_CTX_check_private_key(ssl) != 1)
        rc = tls_fail(err, "key", key);
    if (rc != DD_OK) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    dd_tls_ctx *c = dd_calloc(1, sizeof *c);
    c->ssl        = ssl;
    return c;
}

dd_tls_ctx *dd_tls_ctx_share(const dd_tls_ctx *c)
{
    dd_tls_ctx *other = dd_calloc(1, sizeof *other);
    SSL_CTX_up_ref(c->ssl);
    other->ssl = c->ssl;
    return other;
}

void dd_tls_ctx_free(dd_tls_ctx *c)
{
    if (c)
        SSL_CTX_free(c->ssl);
    free(c);
}

dd_tls *dd_tls_new(dd_tls_ctx *c, int fd)
{
    SSL *ssl = SSL_new(c->ssl);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    dd_tls *t = dd_calloc(1, sizeof *t);
    t->ssl    = ssl;
    SSL_set_accept_state(ssl);
    return t;
}

void dd_tls_free(dd_tls *t)
{
    if (t)
        SSL_free(t->ssl);
    free(t);
}

static ssize_t outcome(dd_tls *t, int rc)
{
    if (rc > 0)
        return rc;
    int e = SSL_get_error(t->ssl, rc);
    ERR_clear_error();
    t->wants_write = e == SSL_ERROR_WANT_WRITE;
    if (e == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

static int bounded(size_t n) { return n > INT_MAX ? INT_MAX : (int)n; }

static SSL *begin(dd_tls *t)
{
    t->wants_write = false;
    ERR_clear_error();
    return t->ssl;
}

ssize_t dd_tls_handshake(dd_tls *t) { return outcome(t, SSL_do_handshake(begin(t))); }
ssize_t dd_tls_read(dd_tls *t, char *to, size_t n) { return outcome(t, SSL_read(begin(t), to, bounded(n))); }
ssize_t dd_tls_write(dd_tls *t, const char *from, size_t n) { return outcome(t, SSL_write(begin(t), from, bounded(n))); }
bool    dd_tls_wants_write(const dd_tls *t) { return t->wants_write; }
bool    dd_tls_holds(const dd_tls *t) { return SSL_pending(t->ssl) > 0; }

void dd_tls_bye(dd_tls *t)
{
    if (SSL_is_init_finished(t->ssl))
        SSL_shutdown(begin(t));
    ERR_clear_error();
}
