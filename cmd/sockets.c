#include "cmd/sockets.h"

#include <curl/curl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

enum { SOCKETS = 16, ANSWER_BYTES = 4 << 20 };

struct dd_sockets {
    dd_buf dir;
    CURL  *curl;
};

typedef struct { const char *path, *body; int64_t until_ns; dd_sockets_fn *fn; void *ctx; } question;

dd_sockets *dd_sockets_new(const char *dir)
{
    dd_sockets *s = dd_calloc(1, sizeof *s);
    dd_buf_printf(&s->dir, "%s/run", dir);
    return s;
}

void dd_sockets_free(dd_sockets *s)
{
    if (!s)
        return;
    if (s->curl)
        curl_easy_cleanup(s->curl);
    dd_buf_free(&s->dir);
    free(s);
}

static size_t take(char *bytes, size_t one, size_t n, void *into)
{
    dd_buf *b = into;
    dd_buf_add(b, (dd_str){ bytes, one * n });
    return b->over ? 0 : n;
}

static CURLcode exchange(CURL *curl, const char *socket, const question *q, long timeout_ms, dd_buf *answer)
{
    dd_buf url = DD_BUF_INIT(0);
    dd_buf_printf(&url, "http://proxy%s", q->path);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(curl, CURLOPT_URL, dd_buf_z(&url));
    curl_easy_setopt(curl, CURLOPT_PROXY, "");             /* the environment's is for the network */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (q->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body);
    CURLcode code = curl_easy_perform(curl);
    dd_buf_free(&url);
    return code;
}

/* False: its process is gone. */
static bool ask(dd_sockets *s, const char *name, const question *q)
{
    dd_buf path = DD_BUF_INIT(0), answer = DD_BUF_INIT(ANSWER_BYTES);
    long   left = (long)((q->until_ns - dd_mono_now().ns) / 1000000), status = 0;
    CURLcode code = CURLE_OPERATION_TIMEDOUT;
    dd_buf_printf(&path, "%s/%s", s->dir.ptr, name);
    if (!s->curl)
        s->curl = curl_easy_init();
    if (s->curl && left > 0)
        code = exchange(s->curl, dd_buf_z(&path), q, left, &answer);
    if (code == CURLE_OK)
        curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_COULDNT_CONNECT)
        q->fn(q->ctx, name, (int)status, code == CURLE_OK ? dd_buf_str(&answer) : DD_STR(""));
    dd_buf_free(&path);
    dd_buf_free(&answer);
    return code != CURLE_COULDNT_CONNECT;
}

int dd_sockets_ask(dd_sockets *s, const char *path, const char *body, int64_t timeout_ms, dd_sockets_fn *fn, void *ctx)
{
    question       q = { path, body, dd_mono_now().ns + timeout_ms * 1000000, fn, ctx };
    DIR           *d = opendir(dd_buf_z(&s->dir));
    int            n = 0;
    struct dirent *e;
    while (d && n < SOCKETS && (e = readdir(d)))
        if (dd_str_endsz(dd_str_z(e->d_name), ".sock"))
            n += ask(s, e->d_name, &q);
    if (d)
        closedir(d);
    return n;
}
