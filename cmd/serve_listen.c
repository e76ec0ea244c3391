#include "cmd/serve_listen.h"

#include <string.h>

dd_code dd_listen_split(const char *text, char *host, size_t cap, int *port, dd_err *err)
{
    dd_str    s     = dd_str_z(text);
    ptrdiff_t colon = dd_str_rchr(s, ':');
    int64_t   n     = -1;
    bool      alone = colon < 0;                    /* "4000" */
    dd_str    name  = alone ? DD_STR("127.0.0.1") : dd_str_sub(s, 0, (size_t)colon);
    if (dd_str_startsz(name, "[") && dd_str_endsz(name, "]"))
        name = dd_str_sub(name, 1, name.len - 1);
    if (!name.len || dd_str_eqz(name, "localhost"))
        name = DD_STR("127.0.0.1");
    if (dd_str_has(name, "/") || !dd_parse_i64(alone ? s : dd_str_sub(s, (size_t)colon + 1, s.len), &n) || n < 0 || n > 65535 || name.len >= cap) {
        dd_fail(err, DD_ERR_USAGE, "\"%s\" is no address to listen on", text);
        dd_hint(err, "It looks like 127.0.0.1:4000; port 0 takes any that is free.");
        return DD_ERR_USAGE;
    }
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    *port          = (int)n;
    return DD_OK;
}

const char *dd_listen_cert(const dd_config *c, const dd_serve_opts *o) { return o->tls_cert ? o->tls_cert : c->server.tls_cert; }
const char *dd_listen_key(const dd_config *c, const dd_serve_opts *o) { return o->tls_key ? o->tls_key : c->server.tls_key; }
bool dd_listen_tls_12(const dd_config *c) { return c->server.tls_min && strcmp(c->server.tls_min, "1.2") == 0; }

const char *dd_listen_at(const dd_config *c, const dd_serve_opts *o)
{
    return o->listen ? o->listen : c->server.listen ? c->server.listen : "127.0.0.1:4000";
}

const char *dd_listen_metrics(const dd_config *c, const dd_serve_opts *o) { return o->metrics_listen ? o->metrics_listen : c->metrics.listen; }

dd_code dd_listen_check_tls(const dd_config *c, const dd_serve_opts *o, dd_err *err)
{
    const char *cert = dd_listen_cert(c, o), *key = dd_listen_key(c, o);
    if (!cert == !key)
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "TLS needs a certificate and its key; the %s is missing", cert ? "key" : "certificate");
    dd_hint(err, "Give --tls-cert and --tls-key, or tls_cert and tls_key below server:.");
    return DD_ERR_USAGE;
}

dd_code dd_serve_check(const dd_config *c, dd_err *err)
{
    static const dd_serve_opts none = { .workers = -1 };
    char    host[256];
    int     port;
    dd_code rc = dd_listen_split(dd_listen_at(c, &none), host, sizeof host, &port, err);
    if (rc == DD_OK && dd_listen_metrics(c, &none))
        rc = dd_listen_split(dd_listen_metrics(c, &none), host, sizeof host, &port, err);
    return rc == DD_OK ? dd_listen_check_tls(c, &none, err) : rc;
}

bool dd_listen_loopback(const char *host)
{
    return dd_str_startsz(dd_str_z(host), "127.") || strcmp(host, "::1") == 0;
}
