#include "cmd/sockets.h"

#include <curl/curl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

enum { SOCKETS = 128 /* under way at a time */, MOST = 1024, ANSWER_BYTES = 1 << 20 };

typedef struct { CURL *curl; char name[256]; dd_buf answer; CURLcode code; } exchange;

struct dd_sockets {
    dd_buf   dir;
    CURLM   *multi;
    exchange exchanges[SOCKETS];
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
    for (size_t i = 0; i < SOCKETS; i++)
        curl_easy_cleanup(s->exchanges[i].curl);
    curl_multi_cleanup(s->multi);
    dd_buf_free(&s->dir);
    free(s);
}

static int64_t left_ms(const question *q) { return (q->until_ns - dd_mono_now().ns) / 1000000; }

static size_t take(char *bytes, size_t one, size_t n, void *into)
{
    dd_buf *b = into;
    dd_buf_add(b, (dd_str){ bytes, one * n });
    return b->over ? 0 : n;
}

static void begin(dd_sockets *s, exchange *x, const char *name, const question *q)
{
    dd_buf url = DD_BUF_INIT(0), socket = DD_BUF_INIT(0);
    snprintf(x->name, sizeof x->name, "%s", name);
    x->answer = (dd_buf)DD_BUF_INIT(ANSWER_BYTES);
    x->code   = CURLE_OPERATION_TIMEDOUT;
    if (left_ms(q) < 1 || (!x->curl && !(x->curl = curl_easy_init())))
        return;
    dd_buf_printf(&url, "http://proxy%s", q->path);
    dd_buf_printf(&socket, "%s/%s", s->dir.ptr, name);
    curl_easy_reset(x->curl);
    curl_easy_setopt(x->curl, CURLOPT_UNIX_SOCKET_PATH, dd_buf_z(&socket));
    curl_easy_setopt(x->curl, CURLOPT_URL, dd_buf_z(&url));
    curl_easy_setopt(x->curl, CURLOPT_PROXY, "");          /* the environment's is for the network */
    curl_easy_setopt(x->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(x->curl, CURLOPT_TIMEOUT_MS, (long)left_ms(q) + 1);
    curl_easy_setopt(x->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(x->curl, CURLOPT_WRITEDATA, &x->answer);
    curl_easy_setopt(x->curl, CURLOPT_PRIVATE, x);
    if (q->body)
        curl_easy_setopt(x->curl, CURLOPT_POSTFIELDS, q->body);
    curl_multi_add_handle(s->multi, x->curl);
    dd_buf_free(&url);
    dd_buf_free(&socket);
}

static void wait_all(dd_sockets *s, const question *q)
{
    int under_way = 0, more;
    while (curl_multi_perform(s->multi, &under_way) == CURLM_OK && under_way && left_ms(q) > 0)
        curl_multi_poll(s->multi, NULL, 0, (int)left_ms(q) + 1, NULL);
    for (CURLMsg *m; (m = curl_multi_info_read(s->multi, &more));) {
        exchange *x = NULL;
        if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x) == CURLE_OK && x)
            x->code = m->data.result;
    }
}

/* False: its process is gone. */
static bool end(dd_sockets *s, exchange *x, const question *q)
{
    long status = 0;
    bool there  = x->code != CURLE_COULDNT_CONNECT;
    if (x->curl)
        curl_multi_remove_handle(s->multi, x->curl);
    if (x->code == CURLE_OK)
        curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    if (there)
        q->fn(q->ctx, x->name, (int)status, x->code == CURLE_OK ? dd_buf_str(&x->answer) : DD_STR(""));
    dd_buf_free(&x->answer);
    return there;
}

static int finish(dd_sockets *s, size_t n, const question *q)
{
    int there = 0;
    wait_all(s, q);
    for (size_t i = 0; i < n; i++)
        there += end(s, &s->exchanges[i], q);
    return there;
}

int dd_sockets_ask(dd_sockets *s, const char *path, const char *body, int64_t timeout_ms, dd_sockets_fn *fn, void *ctx)
{
    question       q = { path, body, dd_mono_now().ns + timeout_ms * 1000000, fn, ctx };
    DIR           *d = opendir(dd_buf_z(&s->dir));
    size_t         n = 0;
    int            there = 0;
    struct dirent *e;
    if (!s->multi)
        s->multi = curl_multi_init();
    while (d && s->multi && there < MOST && (e = readdir(d))) {
        if (!dd_str_endsz(dd_str_z(e->d_name), ".sock"))
            continue;
        begin(s, &s->exchanges[n++], e->d_name, &q);
        if (n == SOCKETS) {
            there += finish(s, n, &q);
            n = 0;
        }
    }
    there += finish(s, n, &q);
    if (d)
        closedir(d);
    return there;
}
