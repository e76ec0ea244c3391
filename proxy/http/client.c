/* proxy/http/client.c - libcurl driven by our loop.
 *
 * libcurl says which sockets to watch and when to be called again; everything it reports comes from within curl_multi_socket_action or
 * curl_easy_pause. A call that is cancelled there is only marked, and taken out of the multi handle at the end of the turn. */
#include "proxy/http/client.h"
#include "proxy/http/stage.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_HANDLES = 256, HEAD_MAX = 128 << 10, KEPT_BYTES = 16 << 10, STREAM_BUFFER = 2 << 10, PLAIN_BUFFER = 16 << 10, DNS_S = 60, CONN_S = 600,
       EXPECT_FROM = 64 << 10 /* libcurl asks before it sends a megabyte */ };
static const int64_t stale_ns = 1000000000;   /* within this a kept connection shows that the provider had closed it */

typedef struct {
    dd_io      io;
    dd_client *client;
    bool       wanted;        /* by libcurl, now */
} sock;

/* What a handle was told last. libcurl keeps options from call to call, and copies, checks and parses each anew when it is told again. */
typedef struct {
    CURLU *url;                                /* parsed; libcurl takes it from here */
    dd_buf url_text;                           /* what it was parsed from */
    bool   posts;                              /* POST with a body */
    bool   stream, insecure, known;            /* known: these and the next were told */
    long   connect_ms;
} told_options;

/* A call that ended is kept with its handle and buffers: the next one allocates nothing of ours. */
struct dd_call {
    dd_client         *client;
    CURL              *easy;
    told_options       told;
    struct curl_slist *headers;                /* lines in `sent`; libcurl only reads them */
    size_t             headers_cap;
    dd_buf             sent;
    dd_call           *prev, *next;
    dd_timer           timer;
    int64_t            first_ns, idle_ns, total_at;     /* limits; total as a moment */
    int64_t            started, last_byte;
    dd_buf             head;                            /* lines of the head so far */
    dd_call_end        timed_out;                       /* DD_CALL_OK: not */
    int                status;
    bool               head_done, cancelled, paused, stream;
    int                asked;                           /* how often the request was sent */
    int64_t            asked_at;
    bool (*on_data)(void *, dd_str);
    void (*on_head)(void *, int, const dd_header *, size_t);
    void (*on_done)(void *, dd_call_end, const char *);
    void              *ctx;
};

typedef DD_VEC(dd_header) dd_headers;

struct dd_client {
    dd_loop  *loop;
    CURLM    *multi;
    CURLSH   *share;          /* TLS sessions; of this thread alone, so without locks */
    dd_timer  timer;          /* libcurl's */
    dd_call  *calls;
    size_t    open, most;
    dd_headers fields;        /* of the head that is handed on */
    sock    **socks;          /* by descriptor */
    size_t    n_socks;
    dd_call  *idle[IDLE_HANDLES];
    size_t    n_idle;
    int       inside;         /* depth of calls into libcurl that may call back */
    bool      kick, reap;     /* deferred work is queued */
    bool      ending;         /* the loop runs no more */
    bool      direct;         /* no proxy is in the environment, so libcurl need not look there for each request */
};

const char *dd_call_end_name(dd_call_end e)
{
    static const char *const names[] = { "ok", "connect", "reset", "connect timeout", "first byte timeout", "idle timeout", "total timeout",
                                         "protocol", "cancelled" };
    return (size_t)e < DD_COUNT(names) ? names[e] : "?";
}

/* --- ends of calls --- */

static void call_destroy(dd_call *c)
{
    curl_easy_cleanup(c->easy);
    curl_url_cleanup(c->told.url);
    dd_buf_free(&c->told.url_text);
    dd_buf_free(&c->head);
    dd_buf_free(&c->sent);
    free(c->headers);
    free(c);
}

static void call_free(dd_call *c)
{
    dd_client *cl = c->client;
    dd_loop_timer(cl->loop, &c->timer, 0);
    if (c->prev)
        c->prev->next = c->next;
    else
        cl->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
    cl->open--;
    if (cl->n_idle < IDLE_HANDLES && c->head.cap + c->sent.cap + c->told.url_text.cap < KEPT_BYTES) {
        dd_buf_clear(&c->head);
        cl->idle[cl->n_idle++] = c;
    } else {
        call_destroy(c);
    }
}

static dd_call_end end_of(const dd_call *c, CURLcode rc)
{
    switch (rc) {
    case CURLE_OK: return c->head_done ? DD_CALL_OK : DD_CALL_RESET;
    case CURLE_OPERATION_TIMEDOUT: return DD_CALL_TIMEOUT_CONNECT;   /* the only limit that libcurl keeps for us */
    case CURLE_COULDNT_RESOLVE_PROXY: case CURLE_COULDNT_RESOLVE_HOST: case CURLE_COULDNT_CONNECT: case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CACERT_BADFILE: case CURLE_INTERFACE_FAILED: case CURLE_PROXY: return DD_CALL_CONNECT;
    case CURLE_PARTIAL_FILE: case CURLE_RECV_ERROR: case CURLE_SEND_ERROR: case CURLE_GOT_NOTHING: case CURLE_HTTP2: case CURLE_HTTP2_STREAM:
    case CURLE_ABORTED_BY_CALLBACK:   /* on_request: not a second time */
        return DD_CALL_RESET;
    default: return DD_CALL_PROTOCOL;
    }
}

static void collect_done(dd_client *cl)
{
    int      left;
    CURLMsg *m;
    while ((m = curl_multi_info_read(cl->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode rc   = m->data.result;
        dd_call *c    = NULL;
        CURL    *easy = m->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
        curl_multi_remove_handle(cl->multi, easy);
        void (*done)(void *, dd_call_end, const char *) = c->cancelled ? NULL : c->on_done;
        void       *ctx = c->ctx;
        dd_call_end end = end_of(c, rc);
        call_free(c);
        dd_stage_enter(DD_STAGE_answer);
        if (done)
            done(ctx, end, rc == CURLE_OK ? "" : curl_easy_strerror(rc));
        dd_stage_enter(DD_STAGE_upstream);
    }
}

static void run_reap(void *arg)
{
    dd_client *cl = arg;
    cl->reap      = false;
    for (dd_call *c = cl->calls, *next; c; c = next) {
        next = c->next;   /* NOLINT(clang-analyzer-unix.Malloc): it cannot see that no freed call is listed */
        if (c->cancelled || c->timed_out) {
            void (*done)(void *, dd_call_end, const char *) = c->cancelled ? NULL : c->on_done;
            void       *ctx = c->ctx;
            dd_call_end end = c->timed_out;
            cl->inside++;
            curl_multi_remove_handle(cl->multi, c->easy);
            cl->inside--;
            call_free(c);
            if (done) {
                done(ctx, end, dd_call_end_name(end));
                next = cl->calls;   /* the callback may have changed the list */
            }
        }
    }
}

static void want_reap(dd_client *cl)
{
    if (!cl->reap)
        dd_loop_defer(cl->loop, run_reap, cl);
    cl->reap = true;
}

/* --- libcurl and the loop --- */

static void act(dd_client *cl, curl_socket_t fd, int mask)
{
    int running;
    dd_stage_enter(DD_STAGE_upstream);
    cl->inside++;
    curl_multi_socket_action(cl->multi, fd, mask, &running);
    cl->inside--;
    collect_done(cl);
    dd_stage_enter(DD_STAGE_loop);
}

static void run_kick(void *arg)
{
    dd_client *cl = arg;
    cl->kick      = false;
    act(cl, CURL_SOCKET_TIMEOUT, 0);
}

static void want_kick(dd_client *cl)
{
    if (!cl->kick)
        dd_loop_defer(cl->loop, run_kick, cl);
    cl->kick = true;
}

/* libcurl lets go of a socket after each request and asks for it again with the next: it stays watched meanwhile, which saves two system calls a request. What happens on it
 * while nobody asks for it (the provider closes) ends the watch; libcurl looks at the connection itself before it takes it again. */
static void socket_ready(dd_io *io, unsigned events)
{
    sock *s = io->owner;
    if (!s->wanted) {
        dd_loop_watch(s->client->loop, io, 0, NULL);
        return;
    }
    int mask = (events & DD_IO_READ ? CURL_CSELECT_IN : 0) | (events & DD_IO_WRITE ? CURL_CSELECT_OUT : 0) | (events & DD_IO_HANGUP ? CURL_CSELECT_ERR : 0);
    act(s->client, io->fd, mask);
}

static sock *socket_of(dd_client *cl, curl_socket_t fd)
{
    size_t at = (size_t)fd;
    if (at >= cl->n_socks) {
        size_t n  = at + 64;
        cl->socks = dd_realloc(cl->socks, n * sizeof(sock *));
        memset(cl->socks + cl->n_socks, 0, (n - cl->n_socks) * sizeof(sock *));
        cl->n_socks = n;
    }
    if (!cl->socks[at]) {
        sock *s       = dd_calloc(1, sizeof *s);
        s->client     = cl;
        s->io         = (dd_io){ .fd = fd, .ready = socket_ready, .owner = s };
        cl->socks[at] = s;
    }
    return cl->socks[at];
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    (void)easy;
    (void)known;
    dd_client *cl = arg;
    sock      *s  = socket_of(cl, fd);
    s->wanted     = what != CURL_POLL_REMOVE;
    unsigned want = (what & CURL_POLL_IN ? DD_IO_READ : 0) | (what & CURL_POLL_OUT ? DD_IO_WRITE : 0);
    if (!s->wanted)
        want = s->io.want & DD_IO_READ;
    if (want == s->io.want)
        return 0;
    return dd_loop_watch(cl->loop, &s->io, want, NULL) == DD_OK ? 0 : -1;
}

static int on_close(void *arg, curl_socket_t fd)
{
    dd_client *cl = arg;
    if ((size_t)fd < cl->n_socks && cl->socks[fd]) {
        sock *s = cl->socks[fd];
        cl->socks[fd] = NULL;
        dd_loop_watch(cl->loop, &s->io, 0, NULL);
        if (cl->ending)
            free(s);
        else
            dd_loop_defer(cl->loop, free, s);   /* an event of this turn may still name it */
    }
    return close(fd);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    (void)multi;
    dd_client *cl = arg;
    if (ms == 0)
        want_kick(cl);
    else
        dd_loop_timer(cl->loop, &cl->timer, ms < 0 ? 0 : dd_mono_now().ns + (int64_t)ms * 1000000);   /* libcurl's clock is not the turn's */
    return 0;
}

/* Rung before its time libcurl does nothing and does not ask again either: so it is asked. */
static void multi_due(dd_timer *t)
{
    dd_client *cl = t->owner;
    long       ms = -1;
    act(cl, CURL_SOCKET_TIMEOUT, 0);
    if (t->at_ns == 0 && curl_multi_timeout(cl->multi, &ms) == CURLM_OK && ms >= 0)
        on_timer(cl->multi, ms, cl);
}

/* --- limits of a call: one timer, moved lazily --- */

static int64_t next_limit(const dd_call *c, dd_call_end *which)
{
    int64_t at = c->total_at, other = 0;
    *which     = DD_CALL_TIMEOUT_TOTAL;
    if (!c->head_done && c->first_ns)
        other = c->started + c->first_ns;
    else if (c->head_done && c->idle_ns)
        other = (c->paused ? dd_loop_now(c->client->loop).ns : c->last_byte) + c->idle_ns;   /* a pause is ours, not the provider's */
    if (other && (!at || other < at)) {
        at     = other;
        *which = c->head_done ? DD_CALL_TIMEOUT_IDLE : DD_CALL_TIMEOUT_FIRST;
    }
    return at;
}

static void limit_due(dd_timer *t)
{
    dd_call    *c = t->owner;
    dd_call_end which;
    int64_t     at = next_limit(c, &which);
    if (at > dd_loop_now(c->client->loop).ns) {
        dd_loop_timer(c->client->loop, t, at);
        return;
    }
    c->timed_out = which;
    want_reap(c->client);
}

/* --- what comes in --- */

static void hand_head(dd_call *c)
{
    dd_str      rest   = dd_buf_str(&c->head);
    dd_headers *fields = &c->client->fields;
    fields->n          = 0;
    while (rest.len) {
        dd_str    line  = dd_str_cut(&rest, '\n');
        ptrdiff_t colon = dd_str_chr(line, ':');
        if (colon <= 0)
            continue;
        char *name = c->head.ptr + (line.ptr - c->head.ptr);
        for (ptrdiff_t i = 0; i < colon; i++)
            if (name[i] >= 'A' && name[i] <= 'Z')
                name[i] = (char)(name[i] | 32);
        dd_header field = { dd_str_sub(line, 0, (size_t)colon), dd_str_trim(dd_str_sub(line, (size_t)colon + 1, line.len)) };
        dd_vec_push(fields, field);
    }
    c->head_done = true;
    dd_stage_enter(DD_STAGE_answer);
    c->on_head(c->ctx, c->status, fields->v, fields->n);
    dd_stage_enter(DD_STAGE_upstream);
    if (c->stream)
        dd_buf_free(&c->head);   /* thousands of streams wait at a time */
}

static size_t on_header_line(char *bytes, size_t size, size_t n, void *arg)
{
    dd_call *c     = arg;
    dd_str   line  = { bytes, size * n };
    c->last_byte   = dd_loop_now(c->client->loop).ns;
    if (c->cancelled)
        return 0;
    if (c->head_done)      /* trailers */
        return line.len;
    if (dd_str_startsz(line, "HTTP/")) {
        ptrdiff_t blank = dd_str_chr(line, ' ');
        int64_t   code  = 0;
        dd_buf_clear(&c->head);
        c->status = blank > 0 && dd_parse_i64(dd_str_sub(line, (size_t)blank + 1, (size_t)blank + 4), &code) ? (int)code : 0;
        return line.len;
    }
    dd_str field = dd_str_trim(line);
    if (field.len) {
        dd_buf_add(&c->head, field);
        dd_buf_addc(&c->head, '\n');
        return c->head.over ? 0 : line.len;
    }
    if (c->status >= 200)
        hand_head(c);
    return c->cancelled ? 0 : line.len;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    dd_call *c   = arg;
    c->last_byte = dd_loop_now(c->client->loop).ns;
    if (c->cancelled)
        return 0;
    dd_stage_enter(DD_STAGE_answer);
    bool taken = c->on_data(c->ctx, (dd_str){ bytes, size * n });
    dd_stage_enter(DD_STAGE_upstream);
    if (!taken) {
        c->paused = true;
        return c->cancelled ? 0 : CURL_WRITEFUNC_PAUSE;
    }
    return c->cancelled ? 0 : size * n;
}

/* libcurl sends a request again, up to five times, when a kept connection ends before a byte of an answer. Once is right, on a new connection, when the provider had
 * closed the kept one; a provider that took its time has worked on the request, and may ask money for it twice. */
static int on_request(void *arg, char *to, char *from, int to_port, int from_port)
{
    dd_call *c = arg;
    (void)to, (void)from, (void)to_port, (void)from_port;
    int64_t now = dd_mono_now().ns;
    if (c->asked++ == 0) {
        c->asked_at = now;
        curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L);   /* for the next time; this one has its connection */
        return CURL_PREREQFUNC_OK;
    }
    return c->asked == 2 && now - c->asked_at < stale_ns ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* --- the calls --- */

static dd_call *call_new(dd_client *cl)
{
    if (cl->n_idle)
        return cl->idle[--cl->n_idle];
    CURL *e = curl_easy_init();
    if (!e)
        abort();
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_SHARE, cl->share);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, cl);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header_line);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "identity");   /* what comes encoded all the same is decoded */
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, (long)DNS_S);
    curl_easy_setopt(e, CURLOPT_MAXLIFETIME_CONN, (long)CONN_S);   /* a busy connection follows a name that moved, too */
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);   /* a path is the client's; we do not mend it */
    curl_easy_setopt(e, CURLOPT_HTTP_TRANSFER_DECODING, 1L);
    curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);   /* a tunnel's answer is not the provider's */
    if (cl->direct)
        curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    dd_call *c = dd_calloc(1, sizeof *c);
    c->easy   = e;
    c->client = cl;
    c->head = c->sent = c->told.url_text = (dd_buf)DD_BUF_INIT(HEAD_MAX);
    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
    return c;
}

/* Parsed once for all calls of a handle that go to the same place, as most do. false: it is none. */
static bool set_url(dd_call *c, const char *url)
{
    told_options *t = &c->told;
    if (t->url && dd_str_eqz(dd_buf_str(&t->url_text), url))
        return true;
    curl_url_cleanup(t->url);
    dd_buf_clear(&t->url_text);
    dd_buf_addz(&t->url_text, url);
    t->url = curl_url();
    return t->url && !t->url_text.over && strncmp(url, "http", 4) == 0 &&
           curl_url_set(t->url, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS) == CURLUE_OK &&
           curl_easy_setopt(c->easy, CURLOPT_URL, url) == CURLE_OK && curl_easy_setopt(c->easy, CURLOPT_CURLU, t->url) == CURLE_OK;
}

static void set_method(dd_call *c, const dd_call_opts *o)
{
    bool  none = o->body.len == 0, posts = !none && strcmp(o->method, "POST") == 0;
    CURL *e    = c->easy;
    if (posts && c->told.posts) {
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, o->body.ptr);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body.len);
        return;
    }
    c->told.posts = posts;
    curl_easy_setopt(e, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
    if (strcmp(o->method, "HEAD") == 0) {
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    } else if (none && strcmp(o->method, "GET") == 0) {
        curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
    } else if (none && strcmp(o->method, "POST") != 0 && strcmp(o->method, "PUT") != 0 && strcmp(o->method, "PATCH") != 0) {
        curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, o->method);
    } else {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, none ? "" : o->body.ptr);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body.len);
        if (strcmp(o->method, "POST") != 0)
            curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, o->method);
    }
}

static void set_options(dd_call *c, const dd_call_opts *o)
{
    told_options *t          = &c->told;
    CURL         *e          = c->easy;
    long          connect_ms = o->connect_ms > 0 && o->connect_ms < LONG_MAX ? (long)o->connect_ms : 0;
    if (!t->known || t->connect_ms != connect_ms)
        curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    if (!t->known || t->stream != o->stream) {
        curl_easy_setopt(e, CURLOPT_HTTP_VERSION, o->stream ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
        curl_easy_setopt(e, CURLOPT_BUFFERSIZE, o->stream ? (long)STREAM_BUFFER : (long)PLAIN_BUFFER);
    }
    if (!t->known || t->insecure != o->insecure) {
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, o->insecure ? 0L : 1L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, o->insecure ? 0L : 2L);
    }
    t->known      = true;
    t->connect_ms = connect_ms;
    t->stream     = o->stream;
    t->insecure   = o->insecure;
    set_method(c, o);
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 0L);   /* on_request sets it */
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
}

/* A line of the list, with its NUL. */
static void add_line(dd_call *c, size_t *lines, dd_str name, dd_str value)
{
    dd_buf_add(&c->sent, name);
    dd_buf_add(&c->sent, value);
    dd_buf_addc(&c->sent, '\0');
    ++*lines;
}

/* The lines first, because they move while they grow; then the list over them. A field without a value is spelled "name;", one that libcurl must not add "name:". libcurl goes
 * through the list for each header that it may add, and prints its own ones letter by letter, twice: so it gets few lines and adds none. */
static void set_headers(dd_call *c, const dd_call_opts *o)
{
    bool   type = false, accept = false, coding = false;
    size_t lines = 0, at = 0, cap = o->n_headers + 5;
    if (c->headers_cap < cap) {
        c->headers_cap = cap + 8;
        c->headers     = dd_realloc(c->headers, c->headers_cap * sizeof *c->headers);
    }
    dd_buf_clear(&c->sent);
    for (size_t i = 0; i < o->n_headers; i++) {
        dd_header h = o->headers[i];
        dd_buf_add(&c->sent, h.name);
        add_line(c, &lines, h.value.len ? DD_STR(": ") : DD_STR(";"), h.value);
        type   |= dd_str_eq_nocase(h.name, DD_STR("content-type"));
        accept |= dd_str_eq_nocase(h.name, DD_STR("accept"));
        coding |= dd_str_eq_nocase(h.name, DD_STR("accept-encoding"));
    }
    if (!type)
        add_line(c, &lines, DD_STR("Content-Type:"), DD_STR(""));
    if (!accept)
        add_line(c, &lines, DD_STR("Accept:"), DD_STR(""));
    if (!coding)
        add_line(c, &lines, DD_STR("Accept-Encoding:"), DD_STR(" identity"));
    if (o->body.len >= EXPECT_FROM)
        add_line(c, &lines, DD_STR("Expect:"), DD_STR(""));
    for (size_t i = 0; i < lines && !c->sent.over; i++) {
        c->headers[i] = (struct curl_slist){ c->sent.ptr + at, i + 1 < lines ? &c->headers[i + 1] : NULL };
        at += strlen(c->sent.ptr + at) + 1;
    }
}

dd_call *dd_client_start(dd_client *cl, const dd_call_opts *o, dd_err *err)
{
    dd_call *c   = call_new(cl);
    int64_t  now = dd_loop_now(cl->loop).ns;
    set_headers(c, o);
    if (c->sent.over || !set_url(c, o->url)) {
        if (c->sent.over)
            dd_fail(err, DD_ERR_LIMIT, "the request's headers are too long");
        else
            dd_fail(err, DD_ERR_USAGE, "\"%s\" is no URL of a provider", o->url);
        call_destroy(c);
        return NULL;
    }
    c->prev       = NULL;
    c->next       = cl->calls;
    c->first_ns   = o->first_ms * 1000000;
    c->idle_ns    = o->idle_ms * 1000000;
    c->total_at   = o->total_ms ? now + o->total_ms * 1000000 : 0;
    c->started    = c->last_byte = now;
    c->timed_out  = DD_CALL_OK;
    c->status     = 0;
    c->head_done  = c->cancelled = c->paused = false;
    c->stream     = o->stream;
    c->asked      = 0;
    c->on_data    = o->data;
    c->on_head    = o->head;
    c->on_done    = o->done;
    c->ctx        = o->ctx;
    if (cl->calls)
        cl->calls->prev = c;
    cl->calls = c;
    if (++cl->open > cl->most)
        cl->most = cl->open;
    set_options(c, o);
    dd_call_end which;
    c->timer = (dd_timer){ .due = limit_due, .owner = c };
    dd_loop_timer(cl->loop, &c->timer, next_limit(c, &which));
    curl_multi_add_handle(cl->multi, c->easy);   /* asks for a call through on_timer */
    want_kick(cl);
    return c;
}

void dd_call_resume(dd_call *c)
{
    dd_client *cl = c->client;
    if (c->cancelled)
        return;
    c->paused    = false;
    c->last_byte = dd_loop_now(cl->loop).ns;
    cl->inside++;
    curl_easy_pause(c->easy, CURLPAUSE_CONT);
    cl->inside--;
    want_kick(cl);
}

void dd_call_cancel(dd_call *c)
{
    dd_client *cl = c->client;
    if (c->cancelled)
        return;
    c->cancelled = true;
    if (cl->inside) {      /* libcurl is on the stack: it gives the call up itself, or the end of the turn does */
        want_reap(cl);
        return;
    }
    curl_multi_remove_handle(cl->multi, c->easy);
    call_free(c);
}

static bool without_proxy(void)
{
    static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };   /* those that libcurl reads */
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (getenv(names[i]))
            return false;
    return true;
}

dd_client *dd_client_new(dd_loop *l, size_t max_idle_conns, dd_err *err)
{
    static const char *const failed = "libcurl could not be started";
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
        dd_fail(err, DD_ERR_NET, "%s", failed);
        return NULL;
    }
    dd_client *cl = dd_calloc(1, sizeof *cl);
    cl->loop   = l;
    cl->direct = without_proxy();
    cl->timer = (dd_timer){ .due = multi_due, .owner = cl };
    cl->multi = curl_multi_init();
    cl->share = curl_share_init();
    if (!cl->multi || !cl->share) {
        dd_fail(err, DD_ERR_NET, "%s", failed);
        dd_client_free(cl);
        return NULL;
    }
    curl_share_setopt(cl->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(cl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(cl->multi, CURLMOPT_SOCKETDATA, cl);
    curl_multi_setopt(cl->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(cl->multi, CURLMOPT_TIMERDATA, cl);
    /* One request a connection at a time. To one provider go HTTP/1.1 (streams) and HTTP/2 requests; libcurl 7.88 put several of the latter on a connection that was still being made
     * and turned out to be HTTP/1.1: answers went to the wrong clients. */
    curl_multi_setopt(cl->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(cl->multi, CURLMOPT_MAXCONNECTS, (long)max_idle_conns);
    return cl;
}

size_t dd_client_most_calls(dd_client *cl, bool again)
{
    size_t most = cl->most;
    if (again)
        cl->most = cl->open;
    return most;
}

size_t dd_client_open_calls(const dd_client *cl) { return cl->open; }

void dd_client_free(dd_client *cl)
{
    if (!cl)
        return;
    for (dd_call *c = cl->calls, *next; c; c = next) {
        next = c->next;
        curl_multi_remove_handle(cl->multi, c->easy);
        call_free(c);
    }
    while (cl->n_idle)
        call_destroy(cl->idle[--cl->n_idle]);
    dd_loop_timer(cl->loop, &cl->timer, 0);
    cl->ending = true;
    curl_multi_cleanup(cl->multi);
    curl_share_cleanup(cl->share);
    for (size_t i = 0; i < cl->n_socks; i++)
        if (cl->socks[i]) {
            dd_loop_watch(cl->loop, &cl->socks[i]->io, 0, NULL);
            free(cl->socks[i]);
        }
    free(cl->socks);
    dd_vec_free(&cl->fields);
    free(cl);
}
