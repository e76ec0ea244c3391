#include "cmd/export.h"

#include <curl/curl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/time.h"
#include "cmd/cmd.h"
#include "cmd/export_parts.h"
#include "store/record.h"
#include "store/ring.h"

enum { SPANS_A_TRACE = 6 /* about: when to wake for a batch */, BODY_MAX = 4 << 20, REPLY_MAX = 64 << 10, QUEUES = 8 };
enum { PAUSE_MS = 500, PAUSE_MAX_MS = 30000, RETRY_AFTER_MAX_MS = 300000, PIPE_PIECE = 4096, IDLE_MS = 60000 };
static const int64_t ms_ns = 1000000;

/* One signal's way out: nothing, or one message that is sent, or that waits to be sent again. */
typedef struct {
    const export_way  *set;
    const char        *name;
    dd_otlp           *otlp;
    CURL              *easy;
    struct curl_slist *headers;
    dd_buf             body, packed, reply;
    dd_str             message;        /* in body or packed; len 0: there is none */
    int64_t            items;          /* traces in it; 1 of metrics */
    bool               sending, tried_last;   /* tried_last: what is sent at the end was sent */
    int64_t            due, first_try, next_try;   /* monotonic ns: of the next message; of this one */
    int64_t            pause_ms;
    char               why[CURL_ERROR_SIZE];
    bool               told_partial, told_full;
    _Atomic int64_t    sent, dropped, failed, held;   /* held: traces in the message */
    _Atomic bool       up;
} way;

struct dd_export {
    dd_export_opts  opts;
    export_settings set;
    way             ways[DD_EXPORT_WAYS];
    dd_ring        *ring;              /* NULL: no traces */
    CURLM          *multi;
    pthread_t       thread;
    _Atomic size_t  wake_at;           /* depth of the queue that wakes the thread; SIZE_MAX: it does not sleep, or waits for something else */
    _Atomic bool    stopping;
    _Atomic int64_t stop_by;
    int64_t         start_ns;          /* wall time: metrics count from here */
    char           *where;

    /* the thread's own */
    dd_buf          frame;
    dd_arena        arena;
    dd_arena_mark   empty;
};

static int64_t now_ns(void) { return dd_mono_now().ns; }

static int64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void say(const dd_export *x, int level, const char *line)
{
    if (x->opts.log)
        x->opts.log(x->opts.ctx, level, line);
}

static way *traces(dd_export *x) { return &x->ways[EXPORT_TRACES]; }

/* --- pushing --- */

bool dd_export_push(dd_export *x, const dd_event *e)
{
    if (!x || !x->ring || !export_sampled(&x->set, e))
        return true;
    /* The depth is looked at first: a put that fails has copied by then. */
    size_t depth = dd_ring_depth(x->ring) >= x->set.queue ? 0 : dd_ring_put(x->ring, e, x->set.queue);
    if (depth == 0) {
        atomic_fetch_add_explicit(&traces(x)->dropped, 1, memory_order_relaxed);
        return false;
    }
    if (depth >= atomic_load(&x->wake_at) && atomic_exchange(&x->wake_at, SIZE_MAX) != SIZE_MAX)
        curl_multi_wakeup(x->multi);
    return true;
}

/* --- messages --- */

/* False: the bytes are none of an event's. */
static bool add_trace(dd_export *x, way *w, size_t *spans)
{
    dd_event   e;
    dd_attempt attempts[DD_RECORD_ATTEMPTS];
    dd_frame   f;
    dd_trace   t;
    dd_str     bytes = dd_buf_str(&x->frame);
    if (!dd_frame_take(&bytes, &f) || dd_record_read(f.record, &e, attempts, NULL) != DD_OK)
        return false;
    dd_trace_make(&e, &x->arena, &t);
    dd_otlp_add(w->otlp, &t, &w->body);
    dd_arena_back(&x->arena, x->empty);
    *spans += t.n_spans;
    return true;
}

static void fill_traces(dd_export *x, way *w)
{
    size_t spans = 0;
    w->items = 0;
    dd_otlp_begin(w->otlp, &w->body);
    while (spans < x->set.batch && w->body.len < BODY_MAX) {
        dd_buf_clear(&x->frame);
        if (!dd_ring_take(x->ring, &x->frame))
            break;
        w->items += add_trace(x, w, &spans);
    }
    w->message = w->items ? dd_otlp_end(w->otlp, &w->body) : DD_STR("");
    atomic_store(&w->held, w->items);
}

static void fill_metrics(dd_export *x, way *w)
{
    dd_otlp_queue  queues[QUEUES];
    way           *t  = traces(x);
    dd_otlp_moment at = { .meter = x->opts.meter, .start_ns = x->start_ns, .now_ns = wall_ns(), .queues = queues };
    if (x->opts.queues)
        at.n_queues = x->opts.queues(x->opts.ctx, queues, QUEUES - 1);
    if (x->ring)
        queues[at.n_queues++] = (dd_otlp_queue){ t->name, (int64_t)dd_ring_depth(x->ring) + t->held, t->dropped };
    w->message = dd_otlp_metrics(w->otlp, &at, &w->body);
    w->items   = 1;
}

static void pack(way *w)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16 /* gzip */, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    dd_buf_reserve(&w->packed, deflateBound(&z, w->message.len));
    z.next_in   = (unsigned char *)(uintptr_t)w->message.ptr;
    z.avail_in  = (unsigned)w->message.len;
    z.next_out  = (unsigned char *)w->packed.ptr;
    z.avail_out = (unsigned)w->packed.cap;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END)
        w->message = (dd_str){ w->packed.ptr, z.total_out };
    deflateEnd(&z);
}

/* --- console: a line each --- */

/* In pieces that a pipe with room takes at once: a reader that stopped holds up this thread alone, and not its end. */
static void print(dd_export *x, dd_str line)
{
    while (line.len && now_ns() < atomic_load(&x->stop_by)) {
        struct pollfd p = { STDOUT_FILENO, POLLOUT, 0 };
        ssize_t       n = poll(&p, 1, 100) > 0 ? write(STDOUT_FILENO, line.ptr, line.len < PIPE_PIECE ? line.len : PIPE_PIECE) : 0;
        if (n < 0)
            return;
        line = dd_str_sub(line, (size_t)n, line.len);
    }
}

static void to_console(dd_export *x, way *w)
{
    dd_buf_addc(&w->body, '\n');
    print(x, (dd_str){ w->body.ptr, w->body.len });
    w->sent   += w->items;
    w->held    = 0;
    w->message = DD_STR("");
}

/* --- sending --- */

static void begin(dd_export *x, way *w, int64_t now)
{
    int64_t timeout = w->set->timeout_ms;
    if (atomic_load(&x->stopping)) {
        int64_t left = (atomic_load(&x->stop_by) - now) / ms_ns;
        timeout      = left < timeout ? left : timeout;
    }
    if (!w->first_try)
        w->first_try = now;
    dd_buf_clear(&w->reply);
    w->why[0] = '\0';
    curl_easy_setopt(w->easy, CURLOPT_TIMEOUT_MS, (long)(timeout < 1 ? 1 : timeout));
    curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->message.len);
    curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, w->message.ptr);
    w->sending = curl_multi_add_handle(x->multi, w->easy) == CURLM_OK;
}

static void settle(way *w, int64_t sent, int64_t failed)
{
    w->sent     += sent;
    w->failed   += failed;
    w->held      = 0;
    w->message   = DD_STR("");
    w->first_try = 0;
}

static void taken(dd_export *x, way *w)
{
    dd_otlp_reply reply;
    char          line[512];
    dd_otlp_reply_read(w->set->form, dd_buf_str(&w->reply), &reply);
    int64_t refused = reply.rejected > w->items ? w->items : reply.rejected;   /* spans are told, traces are counted */
    if ((reply.rejected || reply.why[0]) && !w->told_partial) {
        snprintf(line, sizeof line, "%s: the collector took a message in part: %lld refused%s%s", w->name, (long long)reply.rejected,
                 reply.why[0] ? ": " : "", reply.why);
        say(x, 1, line);
        w->told_partial = true;
    }
    if (!atomic_exchange(&w->up, true)) {
        snprintf(line, sizeof line, "%s: the collector is back", w->name);
        say(x, 2, line);
    }
    w->pause_ms = PAUSE_MS;
    settle(w, w->items - refused, refused);
}

static void tell_down(dd_export *x, way *w, long status, CURLcode done, const char *then)
{
    char line[CURL_ERROR_SIZE + 256];
    if (!atomic_exchange(&w->up, false))
        return;
    if (done == CURLE_OK)
        snprintf(line, sizeof line, "%s: the collector answers with status %ld; %s", w->name, status, then);
    else
        snprintf(line, sizeof line, "%s: the collector cannot be reached: %s; %s", w->name, w->why[0] ? w->why : curl_easy_strerror(done), then);
    say(x, 1, line);
}

static bool may_pass(CURLcode done, long status)
{
    if (done != CURLE_OK)
        return done != CURLE_PEER_FAILED_VERIFICATION && done != CURLE_SSL_CACERT_BADFILE && done != CURLE_SSL_CERTPROBLEM &&
               done != CURLE_URL_MALFORMAT;
    return status == 429 || (status >= 502 && status <= 504);
}

/* Jitter keeps many proxies from coming back at once. */
static int64_t jittered(int64_t ms)
{
    unsigned char r;
    dd_random_bytes(&r, 1);
    return ms - ms / 4 + ms * r / 512;
}

static void not_taken(dd_export *x, way *w, CURLcode done, long status, int64_t now)
{
    bool       again = may_pass(done, status);
    curl_off_t after = 0;
    tell_down(x, w, status, done, again ? "it is tried again" : "the message is dropped");
    if (done == CURLE_OK)
        curl_easy_getinfo(w->easy, CURLINFO_RETRY_AFTER, &after);
    int64_t asked = after > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : (int64_t)after * 1000;
    int64_t pause = again ? jittered(w->pause_ms) : 0;
    w->next_try   = now + (asked > pause ? asked : pause) * ms_ns;
    w->pause_ms   = w->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : w->pause_ms * 2;
    if (!again || now - w->first_try >= x->set.give_up_ms * ms_ns || atomic_load(&x->stopping))
        settle(w, 0, w->items);
}

static void take_results(dd_export *x)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(x->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode done   = m->data.result;
        CURL    *easy   = m->easy_handle;
        way     *w      = &x->ways[x->ways[EXPORT_TRACES].easy == easy ? EXPORT_TRACES : EXPORT_METRICS];
        long     status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (done == CURLE_WRITE_ERROR && w->reply.over)
            done = CURLE_OK;                           /* what counts is its status: nobody waits for a gigabyte behind it */
        curl_multi_remove_handle(x->multi, easy);
        w->sending = false;
        if (done == CURLE_OK && status >= 200 && status < 300)
            taken(x, w);
        else
            not_taken(x, w, done, status, now_ns());
    }
}

/* Once: the figures go on telling it. */
static void tell_full(dd_export *x)
{
    way *w = traces(x);
    if (w->told_full || !atomic_load(&w->dropped))
        return;
    w->told_full = true;
    say(x, 1, "otlp-traces: the queue is full, new traces are dropped and counted (telemetry.otlp.queue, OTEL_TRACES_SAMPLER)");
}

/* --- the thread --- */

static size_t batch_traces(const dd_export *x) { return x->set.batch / SPANS_A_TRACE + 1; }

static bool is_due(dd_export *x, way *w, int64_t now)
{
    if (now < w->next_try)
        return atomic_load(&x->stopping);      /* a pause that the collector asked for holds for what comes next, too */
    if (now >= w->due || atomic_load(&x->stopping))
        return true;
    return w == traces(x) && dd_ring_depth(x->ring) >= batch_traces(x);
}

static void fill(dd_export *x, way *w, int64_t now)
{
    bool of_traces = w == traces(x), last = atomic_load(&x->stopping);
    w->due = now + (of_traces ? x->set.delay_ms : x->set.interval_ms) * ms_ns;
    (of_traces ? fill_traces : fill_metrics)(x, w);
    w->tried_last = last && (!of_traces || !w->message.len);
    if (w->message.len && w->set->to == EXPORT_CONSOLE)
        to_console(x, w);
    else if (w->message.len && w->set->gzip)
        pack(w);
}

static void step(dd_export *x, way *w, int64_t now)
{
    if (w->set->to == EXPORT_NOWHERE || w->sending)
        return;
    if (!w->message.len && !w->tried_last && is_due(x, w, now))
        fill(x, w, now);
    if (w->message.len && (now >= w->next_try || atomic_load(&x->stopping)))
        begin(x, w, now);
}

static bool is_idle(const way *w) { return w->set->to == EXPORT_NOWHERE || (!w->sending && !w->message.len); }

static bool finished(dd_export *x, int64_t now)
{
    bool all = true;
    for (int i = 0; i < DD_EXPORT_WAYS; i++)
        all = all && is_idle(&x->ways[i]) && (x->ways[i].tried_last || x->ways[i].set->to == EXPORT_NOWHERE);
    return atomic_load(&x->stopping) && (all || now >= atomic_load(&x->stop_by));
}

/* Who pushes looks at wake_at after it has put, this thread looks at the queue after it has set it: one of them sees the other. While a message
 * is under way or waits, nobody wakes this thread: a collector that stands still costs a push nothing. */
static void rest(dd_export *x, int64_t now)
{
    int64_t until = now + IDLE_MS * ms_ns;
    bool    ready = false;
    for (int i = 0; i < DD_EXPORT_WAYS; i++) {
        way    *w    = &x->ways[i];
        int64_t next = w->message.len || w->next_try > w->due ? w->next_try : w->due;
        if (w->set->to == EXPORT_NOWHERE || w->sending)
            continue;
        ready = ready || (atomic_load(&x->stopping) && !w->tried_last);
        until = next < until ? next : until;
        if (w != traces(x) || w->message.len || now < w->next_try)
            continue;
        atomic_store(&x->wake_at, batch_traces(x));
        ready = ready || dd_ring_depth(x->ring) >= batch_traces(x);
    }
    if (atomic_load(&x->stopping))
        until = atomic_load(&x->stop_by);
    int64_t ms = (until - now + ms_ns - 1) / ms_ns;
    if (!ready && ms > 0)
        curl_multi_poll(x->multi, NULL, 0, ms > INT_MAX ? INT_MAX : (int)ms, NULL);
    atomic_store(&x->wake_at, SIZE_MAX);
}

static void *run(void *ctx)
{
    dd_export *x = ctx;
    int        n;
#ifdef __linux__
    prctl(PR_SET_NAME, "export");     /* for who looks at /proc: bench/export.py does */
#endif
    for (int64_t now; !finished(x, now = now_ns());) {
        for (int i = 0; i < DD_EXPORT_WAYS; i++)
            step(x, &x->ways[i], now);
        curl_multi_perform(x->multi, &n);
        take_results(x);
        tell_full(x);
        if (!finished(x, now_ns()))
            rest(x, now_ns());
    }
    return NULL;
}

/* --- start and stop --- */

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    dd_buf *reply = ctx;
    dd_buf_add(reply, (dd_str){ bytes, size * n });
    return reply->over ? 0 : size * n;                 /* ends the exchange: see take_results */
}

static void add_header(way *w, const char *name, dd_str value)
{
    dd_buf line = DD_BUF_INIT(0);
    dd_buf_reserve(&line, strlen(name) + value.len + 3);
    dd_buf_printf(&line, "%s:%s" DD_STR_FMT, name, value.len ? " " : "", DD_STR_ARG(value));
    w->headers = curl_slist_append(w->headers, dd_buf_z(&line));
    dd_wipe_buf(&line);
}

static void set_tls(way *w)
{
    const export_way *s = w->set;
    if (s->certificate)
        curl_easy_setopt(w->easy, CURLOPT_CAINFO, s->certificate);
    if (s->client_certificate)
        curl_easy_setopt(w->easy, CURLOPT_SSLCERT, s->client_certificate);
    if (s->client_key)
        curl_easy_setopt(w->easy, CURLOPT_SSLKEY, s->client_key);
}

/* No redirect is followed: headers with keys would go along. */
static void set_handle(way *w)
{
    const export_way *s = w->set;
    add_header(w, "Content-Type", s->form == DD_OTLP_JSON ? DD_STR("application/json") : DD_STR("application/x-protobuf"));
    add_header(w, "Expect", DD_STR(""));
    if (s->gzip)
        add_header(w, "Content-Encoding", DD_STR("gzip"));
    for (size_t i = 0; i < s->n_headers; i++)
        add_header(w, s->headers[i].name, dd_secret_reveal(s->headers[i].value));
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(w->easy, CURLOPT_QUICK_EXIT, 1L);     /* no waiting for a name server at the end */
#endif
    curl_easy_setopt(w->easy, CURLOPT_URL, s->url);
    curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, w->headers);
    curl_easy_setopt(w->easy, CURLOPT_USERAGENT, "dd0c/" DD_VERSION);
    curl_easy_setopt(w->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(w->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(w->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(w->easy, CURLOPT_ERRORBUFFER, w->why);
    curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, &w->reply);
    set_tls(w);
}

/* "http://host:4318": no path, no name and password. */
static char *origin(const char *url)
{
    dd_str    all = dd_str_z(url);
    ptrdiff_t at  = dd_str_findz(all, "://");
    dd_str    scheme = dd_str_sub(all, 0, (size_t)at + 3), rest = dd_str_sub(all, (size_t)at + 3, all.len), host = dd_str_cut(&rest, '/');
    ptrdiff_t user = dd_str_rchr(host, '@');
    dd_buf    b = DD_BUF_INIT(0);
    host = dd_str_cut(&host, '?');
    dd_buf_add(&b, scheme);
    dd_buf_add(&b, dd_str_sub(host, user < 0 ? 0 : (size_t)user + 1, host.len));
    char *out = dd_strdup(dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

static bool open_way(dd_export *x, export_signal s, int64_t now)
{
    static const char *const names[DD_EXPORT_WAYS] = { "otlp-traces", "otlp-metrics" };
    way *w = &x->ways[s];
    w->set       = &x->set.ways[s];
    w->name      = names[s];
    w->up        = true;
    w->pause_ms  = PAUSE_MS;
    w->due       = now + (s == EXPORT_TRACES ? x->set.delay_ms : x->set.interval_ms) * ms_ns;
    w->reply.max = REPLY_MAX;
    if (w->set->to == EXPORT_NOWHERE)
        return true;
    w->otlp = dd_otlp_new(w->set->form, x->set.resource, x->set.n_resource, DD_STR(DD_VERSION));
    if (w->set->to == EXPORT_CONSOLE)
        return true;
    if (!x->where)
        x->where = origin(w->set->url);
    w->easy = curl_easy_init();
    if (w->easy)
        set_handle(w);
    return w->easy != NULL;
}

static void close_way(dd_export *x, way *w)
{
    if (w->sending)
        curl_multi_remove_handle(x->multi, w->easy);
    curl_easy_cleanup(w->easy);
    for (struct curl_slist *h = w->headers; h; h = h->next)
        dd_wipe(h->data, strlen(h->data));
    curl_slist_free_all(w->headers);
    dd_otlp_free(w->otlp);
    dd_buf_free(&w->body);
    dd_buf_free(&w->packed);
    dd_buf_free(&w->reply);
}

static void free_all(dd_export *x)
{
    for (int i = 0; i < DD_EXPORT_WAYS; i++)
        close_way(x, &x->ways[i]);
    curl_multi_cleanup(x->multi);
    dd_ring_free(x->ring);
    dd_buf_free(&x->frame);
    dd_arena_fini(&x->arena);
    export_settings_fini(&x->set);
    free(x->where);
    free(x);
    curl_global_cleanup();
}

static void tell_notes(const dd_export *x, dd_buf *notes)
{
    dd_str rest = dd_buf_str(notes);
    char   line[512];
    while (rest.len) {
        dd_str one = dd_str_cut(&rest, '\n');
        snprintf(line, sizeof line, DD_STR_FMT, DD_STR_ARG(one));
        say(x, 1, line);
    }
}

static bool start(dd_export *x)
{
    int64_t now = now_ns();
    bool    ok  = (x->multi = curl_multi_init()) != NULL;
    for (int i = 0; i < DD_EXPORT_WAYS; i++)
        ok = open_way(x, (export_signal)i, now) && ok;
    if (x->set.ways[EXPORT_TRACES].to != EXPORT_NOWHERE)
        x->ring = dd_ring_new(x->set.queue);
    dd_arena_alloc(&x->arena, 1);                  /* a first block, which stays */
    x->empty    = dd_arena_here(&x->arena);
    x->start_ns = wall_ns();
    atomic_store(&x->wake_at, SIZE_MAX);
    atomic_store(&x->stop_by, INT64_MAX);
    if (ok && pthread_create(&x->thread, NULL, run, x) == 0)
        return true;
    say(x, 1, "traces and metrics are not sent: libcurl or a thread does not start");
    return false;
}

dd_export *dd_export_start(const dd_export_opts *opts)
{
    dd_export *x     = dd_calloc(1, sizeof *x);
    dd_buf     notes = DD_BUF_INIT(16 << 10);
    x->opts = *opts;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    export_settings_read(opts->config, (export_env *)getenv, &x->set, &notes);
    tell_notes(x, &notes);
    dd_buf_free(&notes);
    for (int i = 0; i < DD_EXPORT_WAYS; i++)
        x->ways[i].set = &x->set.ways[i];
    bool any = x->set.ways[EXPORT_TRACES].to != EXPORT_NOWHERE || x->set.ways[EXPORT_METRICS].to != EXPORT_NOWHERE;
    if (any && start(x))
        return x;
    free_all(x);
    return NULL;
}

size_t dd_export_counts(const dd_export *x, dd_export_count out[DD_EXPORT_WAYS])
{
    size_t n = 0;
    for (int i = 0; x && i < DD_EXPORT_WAYS; i++) {
        const way *w = &x->ways[i];
        if (w->set->to == EXPORT_NOWHERE)
            continue;
        int64_t depth = i == EXPORT_TRACES ? (int64_t)dd_ring_depth(x->ring) : 0;
        out[n++] = (dd_export_count){ .name = w->name, .sent = w->sent, .dropped = w->dropped, .failed = w->failed, .queued = depth + w->held,
                                      .up = w->up };
    }
    return n;
}

const char *dd_export_where(const dd_export *x) { return !x ? "" : x->where ? x->where : "standard output"; }

void dd_export_stop(dd_export *x, int64_t timeout_ms)
{
    char line[128];
    if (!x)
        return;
    atomic_store(&x->stop_by, now_ns() + timeout_ms * ms_ns);
    atomic_store(&x->stopping, true);
    curl_multi_wakeup(x->multi);
    pthread_join(x->thread, NULL);
    int64_t left = x->ring ? (int64_t)dd_ring_depth(x->ring) + traces(x)->held : 0;
    if (left) {
        snprintf(line, sizeof line, "%lld traces were not sent: the collector did not take them in time", (long long)left);
        say(x, 1, line);
    }
    free_all(x);
}
