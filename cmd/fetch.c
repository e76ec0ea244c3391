#include "cmd/fetch.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "cmd/cmd.h"

enum { CONNECT_MS = 10000, TOTAL_MS = 60000, SLOW_BYTES = 100, SLOW_S = 15, REDIRECTS = 5 };

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    dd_fetch_reply *reply = ctx;
    dd_buf_add(&reply->body, (dd_str){ bytes, size * n });
    return reply->body.over ? 0 : size * n; /* 0 ends the transfer */
}

/* Headers of every answer come here, those of redirects too: the last one counts. */
static size_t take_header(char *bytes, size_t size, size_t n, void *ctx)
{
    dd_fetch_reply *reply = ctx;
    dd_str          line  = { bytes, size * n }, value;
    if (dd_str_startsz(line, "HTTP/")) {
        reply->etag[0] = '\0';
        dd_buf_clear(&reply->body);
    }
    if (line.len < 5 || strncasecmp(line.ptr, "etag:", 5) != 0)
        return size * n;
    value = dd_str_trim(dd_str_sub(line, 5, line.len));
    if (value.len < sizeof reply->etag) {
        memcpy(reply->etag, value.ptr, value.len);
        reply->etag[value.len] = '\0';
    }
    return size * n;
}

static void only_http(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_options(CURL *c, const char *url, struct curl_slist *headers, dd_fetch_reply *reply, char *why)
{
    only_http(c);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "dd0c/" DD_VERSION);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)reply->body.max);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, reply);
}

static dd_code outcome(CURL *c, CURLcode done, const char *url, const char *why, dd_fetch_reply *reply, dd_err *err)
{
    long status = 0;
    if (reply->body.over || done == CURLE_FILESIZE_EXCEEDED)
        return dd_fail(err, DD_ERR_LIMIT, "address \"%s\": the answer is larger than %zu MB", url, reply->body.max >> 20);
    if (done != CURLE_OK) {
        dd_fail(err, DD_ERR_NET, "address \"%s\": %s", url, why[0] ? why : curl_easy_strerror(done));
        dd_hint(err, done == CURLE_UNSUPPORTED_PROTOCOL ? "Only http and https are fetched; \"dd0c prices import FILE\" takes a file."
                                                          : "The prices at hand are still used; \"dd0c prices import FILE\" takes a file.");
        return DD_ERR_NET;
    }
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    reply->status = (int)status;
    return DD_OK;
}

dd_code dd_fetch_post(const char *url, dd_str json, dd_err *err)
{
    char               why[CURL_ERROR_SIZE] = "";
    dd_fetch_reply     reply   = { .body = DD_BUF_INIT(1 << 20) };
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL              *c       = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    dd_code            rc      = DD_OK;
    if (c) {
        set_options(c, url, headers, &reply, why);
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)json.len);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, json.ptr);
        CURLcode done = curl_easy_perform(c);
        rc            = outcome(c, done, url, why, &reply, err);
        if (rc == DD_OK && (reply.status < 200 || reply.status > 299))
            rc = dd_fail(err, DD_ERR_NET, "address \"%s\": answered with status %d", url, reply.status);
        curl_easy_cleanup(c);
        curl_global_cleanup();
    } else {
        rc = dd_fail(err, DD_ERR_NET, "address \"%s\": libcurl does not start", url);
    }
    if (rc != DD_OK)
        dd_hint(err, "The scan itself needs no network: leave --opt-in out.");
    curl_slist_free_all(headers);
    dd_buf_free(&reply.body);
    return rc;
}

dd_code dd_fetch_url(void *ctx, const char *url, const char *etag, dd_fetch_reply *reply, dd_err *err)
{
    char               why[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    (void)ctx;
    CURL *c = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!c) {
        curl_slist_free_all(headers);
        return dd_fail(err, DD_ERR_NET, "address \"%s\": libcurl does not start", url);
    }
    if (*etag) {
        dd_buf line = DD_BUF_INIT(0);
        dd_buf_printf(&line, "If-None-Match: %s", etag);
        headers = curl_slist_append(headers, dd_buf_z(&line));
        dd_buf_free(&line);
    }
    set_options(c, url, headers, reply, why);
    CURLcode done = curl_easy_perform(c);
    dd_code  rc   = outcome(c, done, url, why, reply, err);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return rc;
}
