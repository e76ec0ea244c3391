/* cmd/top_read.c - samples: what the store knows and what proxies say, as a dashboard's figures; and the thread that makes them. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/time.h"
#include "cmd/top_store.h"

enum { EVENTS = 400, LOOK_MS = 120, STALE_MS = 60000,
       REST = 100 /* reading takes one part of so many */, REST_MOST_MS = 15000, SOON_MS = 350, BOOK_MS = 2000 };

void dd_top_want_of(const dd_board_view *v, dd_top_want *out)
{
    *out          = (dd_top_want){ .tab = v->tab };
    out->period   = v->period;
    out->by       = v->by;
    out->n_drills = v->n_drills;
    for (size_t i = 0; i < v->n_drills; i++) {
        out->drills[i].by = v->drills[i].by;
        snprintf(out->drills[i].value, sizeof out->drills[i].value, "%s", v->drills[i].value);
    }
    snprintf(out->filter, sizeof out->filter, "%s", v->filter);
    out->inspect = v->inspect;
    out->paused  = v->paused;
}

bool dd_top_want_same(const dd_top_want *a, const dd_top_want *b)
{
    bool same = a->tab == b->tab && a->period == b->period && a->by == b->by && a->n_drills == b->n_drills && strcmp(a->filter, b->filter) == 0 &&
                a->inspect == b->inspect && a->all == b->all && a->paused == b->paused;
    for (size_t i = 0; same && i < a->n_drills; i++)
        same = a->drills[i].by == b->drills[i].by && strcmp(a->drills[i].value, b->drills[i].value) == 0;
    return same;
}

/* --- requests --- */

static dd_attempt *calls_dup(dd_arena *a, const dd_attempt *v, size_t n)
{
    dd_attempt *all = dd_newn(a, dd_attempt, n + 1);
    for (size_t i = 0; i < n; i++) {
        all[i]          = v[i];
        all[i].provider = dd_arena_dup(a, v[i].provider);
        all[i].model    = dd_arena_dup(a, v[i].model);
    }
    return all;
}

dd_event *dd_top_event_dup(dd_arena *a, const dd_event *e)
{
    static const size_t texts[] = {
        offsetof(dd_event, org), offsetof(dd_event, key_id), offsetof(dd_event, user), offsetof(dd_event, feature), offsetof(dd_event, team),
        offsetof(dd_event, env), offsetof(dd_event, tags), offsetof(dd_event, task), offsetof(dd_event, strategy), offsetof(dd_event, route),
        offsetof(dd_event, endpoint), offsetof(dd_event, requested_model), offsetof(dd_event, used_model), offsetof(dd_event, provider), offsetof(dd_event, dropped),
        offsetof(dd_event, complexity), offsetof(dd_event, considered), offsetof(dd_event, cache), offsetof(dd_event, budget), offsetof(dd_event, session),
        offsetof(dd_event, call_site), offsetof(dd_event, prompt_hash), offsetof(dd_event, rules), offsetof(dd_event, finish_reason), offsetof(dd_event, trace_id),
        offsetof(dd_event, parent_span),
    };
    dd_event   *out = dd_new(a, dd_event);
    *out = *e;
    for (size_t i = 0; i < DD_COUNT(texts); i++) {
        dd_str *s = (dd_str *)((char *)out + texts[i]);
        *s = s->len ? dd_arena_dup(a, *s) : DD_STR("");
    }
    out->attempts = calls_dup(a, e->attempts, e->n_attempts);
    out->asides   = calls_dup(a, e->asides, e->n_asides);
    return out;
}

typedef struct { dd_arena *a; dd_event **v; size_t n, max; } taker;

static void take_event(void *ctx, const dd_event *e)
{
    taker *t = ctx;
    if (t->n < t->max)
        t->v[t->n++] = dd_top_event_dup(t->a, e);
}

static dd_code make_filter(const char *text, dd_filter *f, dd_err *err)
{
    dd_str  rest = dd_str_z(text);
    dd_code rc   = DD_OK;
    while (rest.len && rc == DD_OK) {
        dd_str word = dd_str_cut(&rest, ' ');
        if (word.len)
            rc = dd_filter_add(f, word, err);
    }
    return rc;
}

dd_code dd_top_filter_check(const char *text, dd_err *err)
{
    dd_filter f  = { .arena = DD_ARENA_INIT };
    dd_code   rc = make_filter(text, &f, err);
    dd_filter_fini(&f);
    return rc;
}

/* A filter that few hold for is looked for in pieces, and not for ever. */
static dd_code look(dd_top_store *s, taker *t, const dd_filter *f, bool *more, dd_err *err)
{
    dd_page page  = { .partial = true };
    int64_t start = dd_mono_now().ns;
    dd_code rc    = DD_OK;
    *more         = true;
    while (rc == DD_OK && page.partial && t->n < t->max && dd_mono_now().ns - start < LOOK_MS * INT64_C(1000000)) {
        dd_pages_ask ask = { .filter = f, .before = page.next, .limit = (int64_t)(t->max - t->n) };
        rc = dd_pages_read(s->pages, &ask, take_event, t, &page, err);
        if (rc == DD_OK && !page.next)
            break;
    }
    *more = page.next != 0;
    return rc;
}

static dd_code read_events(dd_top_store *s, dd_top_stored *out, dd_err *err)
{
    dd_filter f = { .arena = DD_ARENA_INIT };
    taker     t = { &out->arena, dd_newn(&out->arena, dd_event *, EVENTS), 0, EVENTS };
    dd_code   rc = make_filter(out->want.filter, &f, err);
    if (rc == DD_OK)
        rc = look(s, &t, &f, &out->board.more, err);
    dd_filter_fini(&f);
    dd_event *flat = dd_newn(&out->arena, dd_event, t.n + 1);
    for (size_t i = 0; i < t.n; i++)
        flat[i] = *t.v[i];
    out->board.events   = flat;
    out->board.n_events = t.n;
    return rc;
}

static dd_code read_one(dd_top_store *s, dd_top_stored *out, dd_err *err)
{
    dd_event *slot = NULL;
    taker     t    = { &out->arena, &slot, 0, 1 };
    dd_code   rc   = dd_pages_one(s->pages, DD_STR_NULL, out->want.inspect, take_event, &t, err);
    if (slot) {
        dd_trace *trace = dd_new(&out->arena, dd_trace);
        dd_trace_make(slot, &out->arena, trace);
        out->board.event = slot;
        out->board.trace = trace;
    }
    return rc;
}

/* --- budgets --- */

static void read_budgets(const dd_book *book, dd_top_stored *out)
{
    size_t                  n;
    const dd_spend_account *all = dd_book_accounts(book, &n);
    dd_spend_account       *own = dd_newn(&out->arena, dd_spend_account, n + 1);
    for (size_t i = 0; i < n; i++) {
        own[i]           = all[i];
        own[i].name      = dd_arena_dup(&out->arena, all[i].name);
        own[i].value     = dd_arena_dup(&out->arena, all[i].value);
        own[i].shown     = dd_arena_dup(&out->arena, all[i].shown);
        own[i].downgrade = dd_arena_dup(&out->arena, all[i].downgrade);
    }
    out->board.budgets   = own;
    out->board.n_budgets = n;
}

static int64_t mono_ms(void) { return dd_mono_now().ns / 1000000; }
static int64_t wall_ms(void) { return dd_wall_now().s * 1000; }

static int64_t within(int64_t n, int64_t least, int64_t most) { return n < least ? least : n > most ? most : n; }

static void read_book(dd_top_store *s)
{
    dd_err  err   = DD_ERR_INIT;
    int64_t start = mono_ms();
    dd_book_close(s->book);
    s->book   = dd_book_open(s->warned ? NULL : s->opts->cmd, s->opts->config, wall_ms() / 1000, &err);
    s->warned = true;
    dd_buf_clear(&s->problem);
    if (!s->book)
        dd_buf_addz(&s->problem, err.msg);
    s->next_ms = mono_ms() + within((mono_ms() - start) * REST, BOOK_MS, STALE_MS);
}

/* --- the stored part of a sample --- */

/* What could not be read is not known, and not nothing. */
static void forget_sums(dd_board *b)
{
    static const dd_board_sum none = { .requests = -1, .errors = -1, .hits = -1, .misses = -1, .fallbacks = -1, .unpriced = -1 };
    dd_pusd *const amounts[] = { &b->saved_today, &b->saved_week, &b->saved_month, &b->spent_today, &b->spent_month };
    b->total = b->before = none;
    for (size_t i = 0; i < DD_COUNT(amounts); i++)
        *amounts[i] = DD_PUSD_UNKNOWN;
}

static void note(dd_top_stored *out, dd_code rc, const dd_err *err)
{
    if (rc == DD_ERR_NOT_FOUND)
        out->board.empty = true;
    else if (rc != DD_OK && !out->board.problem.len)
        out->board.problem = dd_arena_printf(&out->arena, err->hint[0] ? "%s. %s" : "%s", err->msg, err->hint);
}

static void read_all(dd_top_store *s, dd_top_stored *out)
{
    dd_err err = DD_ERR_INIT;
    if (s->book)
        read_budgets(s->book, out);
    out->board.problem        = dd_arena_dup(&out->arena, dd_buf_str(&s->problem));
    out->board.budgets_unread = !s->warned;
    dd_code rc = dd_top_read_sums(s, out, &err);
    if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
        forget_sums(&out->board);
    note(out, rc, &err);
    if (!out->board.empty && out->want.tab == DD_BOARD_REQUESTS)
        note(out, read_events(s, out, &err), &err);
    if (!out->board.empty && out->want.inspect && out->want.tab == DD_BOARD_REQUESTS) {
        rc = read_one(s, out, &err);
        if (rc == DD_ERR_NOT_FOUND)   /* gone since, which does not make the store empty */
            out->board.problem = DD_STR("this request is no longer kept");
        else
            note(out, rc, &err);
    }
}

dd_top_stored *dd_top_stored_read(dd_top_store *s, const dd_top_want *want, int64_t now_ms)
{
    static const dd_board_times none = { -1, -1, -1 };
    dd_top_stored *out = dd_calloc(1, sizeof *out);
    out->refs  = 1;
    out->want  = *want;
    out->board = (dd_board){ .now_ms = now_ms, .period = want->period, .by = want->by, .dir = dd_arena_dup(&out->arena, dd_buf_str(&s->dir)),
                             .per_second = -1,
                             .per_hour = DD_PUSD_UNKNOWN, .under_way = -1, .queued = -1, .dropped = -1, .latency = none,
                             .first = none, .overhead = none };
    read_all(s, out);
    return out;
}

static void drop(dd_top_stored *s)
{
    if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        dd_arena_fini(&s->arena);
        free(s);
    }
}

/* --- a sample: the stored part, and what proxies say --- */

struct dd_top_sample {
    dd_board       board;
    dd_top_want    want;
    dd_arena       arena;
    dd_top_stored *stored;
};

const dd_board    *dd_top_sample_board(const dd_top_sample *s) { return &s->board; }
const dd_top_want *dd_top_sample_want(const dd_top_sample *s) { return &s->want; }

void dd_top_sample_free(dd_top_sample *s)
{
    if (!s)
        return;
    drop(s->stored);
    dd_arena_fini(&s->arena);
    free(s);
}

static const dd_board_provider *stored_provider(const dd_board *b, dd_str name)
{
    for (size_t i = 0; i < b->n_providers; i++)
        if (dd_str_eq(b->providers[i].name, name))
            return &b->providers[i];
    return NULL;
}

static void put_live(dd_board_provider *to, const dd_top_provider *p, dd_arena *a)
{
    to->name       = dd_arena_dupz(a, p->name);
    to->model      = dd_arena_dupz(a, p->model);
    to->breaker    = dd_arena_dupz(a, p->breaker);
    to->requests   = p->requests;
    to->failures   = p->failures;
    to->under_way  = p->under_way;
    to->error_rate = p->error_rate;
    to->latency_ms = p->latency_ms;
    to->first_ms   = p->first_ms;
}

static void count_models(dd_board_provider *own, const dd_board_provider *models, size_t n)
{
    own->models = (int)n;
    own->held   = 0;
    for (size_t i = 0; i < n; i++)
        own->held += !dd_str_eqz(models[i].breaker, "closed");
}

/* Each provider that the store or a proxy knows, its models below it. */
static void join_providers(dd_top_sample *s, const dd_top_live *l)
{
    const dd_board    *b   = &s->stored->board;
    dd_board_provider *all = dd_newn(&s->arena, dd_board_provider, b->n_providers + 2 * l->n_providers + 1);
    size_t             n   = 0;
    for (size_t i = 0; i < b->n_providers + l->n_providers; i++) {
        dd_str name = i < b->n_providers ? b->providers[i].name : dd_str_z(l->providers[i - b->n_providers].name);
        bool   done = i >= b->n_providers && stored_provider(b, name) != NULL;
        for (size_t k = b->n_providers; k < i && !done; k++)
            done = dd_str_eqz(name, l->providers[k - b->n_providers].name);
        if (done)
            continue;
        dd_board_provider *own = &all[n++];
        *own = i < b->n_providers ? b->providers[i] : (dd_board_provider){ .name = name, .requests = -1, .under_way = -1, .error_rate = -1,
                                                                           .latency_ms = -1, .first_ms = -1 };
        for (size_t k = 0; k < l->n_providers; k++)
            if (dd_str_eqz(name, l->providers[k].name))
                put_live(l->providers[k].model[0] ? &all[n++] : own, &l->providers[k], &s->arena);
        count_models(own, own + 1, (size_t)(all + n - own) - 1);
    }
    s->board.providers   = all;
    s->board.n_providers = n;
}

static dd_board_series series(dd_arena *a, const double *v, size_t n)
{
    double *own = dd_newn(a, double, n + 1);
    memcpy(own, v, n * sizeof *v);
    return (dd_board_series){ own, n };
}

static void put_proxies(dd_top_sample *s, const dd_top_live *l)
{
    dd_board *b = &s->board;
    b->link    = l->answered ? DD_BOARD_LIVE : l->found > 0 ? DD_BOARD_UNREACHABLE : DD_BOARD_NO_PROXY;
    b->proxies = l->answered;
    if (!l->answered)
        return;
    b->empty      = b->empty && l->requests == 0;
    b->panic      = l->panic;
    b->per_second = l->per_second;
    b->per_hour   = l->per_hour;
    b->under_way  = l->under_way;
    b->queued     = l->queued;
    b->dropped    = l->dropped;
    b->rates      = series(&s->arena, l->rates, l->n_rates);
    b->paces      = series(&s->arena, l->paces, l->n_rates);
    if (l->latency.p50 >= 0) {
        b->latency      = l->latency;
        b->first        = l->first;
        b->overhead     = l->overhead;
        b->latency_live = true;
    }
    join_providers(s, l);
}

/* --- sampling --- */

struct dd_top_sampler {
    dd_top_store    store;
    dd_top_sockets *sockets;
    dd_top_live     live;
    dd_top_stored  *stored;
    int64_t         version, next_ms, read_ms;   /* monotonic */
};

dd_top_sampler *dd_top_sampler_new(const dd_top_opts *opts)
{
    dd_top_sampler *s = dd_calloc(1, sizeof *s);
    s->store.opts = opts;
    dd_dir_state(&s->store.dir);
    s->store.dims  = dd_dims_new(dd_buf_z(&s->store.dir));
    s->store.pages = dd_pages_new(dd_buf_z(&s->store.dir));
    s->sockets     = dd_top_sockets_new(dd_buf_z(&s->store.dir));
    return s;
}

void dd_top_sampler_free(dd_top_sampler *s)
{
    if (!s)
        return;
    drop(s->stored);
    dd_dims_free(s->store.dims);
    dd_pages_free(s->store.pages);
    dd_top_sockets_free(s->sockets);
    dd_book_close(s->store.book);
    dd_buf_free(&s->store.problem);
    dd_buf_free(&s->store.dir);
    free(s);
}

/* Is the store to be read again? */
static bool is_stale(const dd_top_sampler *s, const dd_top_want *want, bool hurry, int64_t version)
{
    int64_t now = mono_ms();
    if (!s->stored || hurry || !dd_top_want_same(&s->stored->want, want))
        return true;
    return now >= s->next_ms && (version != s->version || now - s->read_ms > STALE_MS);
}

static void reread(dd_top_sampler *s, const dd_top_want *want, int64_t version)
{
    int64_t start = dd_mono_now().ns;
    drop(s->stored);
    s->stored  = dd_top_stored_read(&s->store, want, wall_ms());
    s->version = version;
    s->read_ms = mono_ms();
    s->next_ms = s->read_ms + within((dd_mono_now().ns - start) * REST / 1000000, s->store.opts->interval_ms, REST_MOST_MS) - 50;
}

dd_top_sample *dd_top_sampler_next(dd_top_sampler *s, const dd_top_want *want, bool hurry)
{
    dd_top_live live;
    bool        news    = dd_top_sockets_read(s->sockets, &live);
    int64_t     version = dd_dims_version(s->store.dims);
    bool        stale   = is_stale(s, want, hurry, version), first = s->store.opts->quick && !s->stored;
    if (!first && (!s->store.warned || (stale && mono_ms() >= s->store.next_ms && !hurry))) {
        read_book(&s->store);
        stale = true;
    }
    if (stale)
        reread(s, want, version);
    if (!stale && !news)
        return NULL;
    dd_top_sample *out = dd_calloc(1, sizeof *out);
    __atomic_add_fetch(&s->stored->refs, 1, __ATOMIC_RELAXED);
    out->stored       = s->stored;
    out->want         = *want;
    out->board        = s->stored->board;
    out->board.now_ms = wall_ms();
    put_proxies(out, &live);
    return out;
}

/* --- the thread --- */

struct dd_top_reader {
    dd_top_opts     opts;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    int             pipe[2];
    dd_top_want     want;
    bool            changed, stop, over;
    dd_top_sample  *ready;
    int             refs;      /* whoever is last frees it: what hangs is left behind */
};

static void let_go(dd_top_reader *r)
{
    if (__atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL))
        return;
    dd_top_sample_free(r->ready);
    close(r->pipe[0]);
    close(r->pipe[1]);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* Until the user wants something else, or the interval is over. False: stop. */
static bool await(dd_top_reader *r, int64_t ms, dd_top_want *want, bool *hurry)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->lock);
    while (!r->changed && !r->stop)
        if (r->want.paused)
            pthread_cond_wait(&r->wake, &r->lock);
        else if (pthread_cond_timedwait(&r->wake, &r->lock, &until) == ETIMEDOUT)
            break;
    *want      = r->want;
    *hurry     = r->changed;
    r->changed = false;
    bool on    = !r->stop;
    pthread_mutex_unlock(&r->lock);
    return on;
}

static void publish(dd_top_reader *r, dd_top_sample *s)
{
    pthread_mutex_lock(&r->lock);
    dd_top_sample *old = r->ready;
    r->ready = s;
    pthread_mutex_unlock(&r->lock);
    dd_top_sample_free(old);
    ssize_t n = write(r->pipe[1], "", 1);   /* a full pipe is readable, too */
    (void)n;
}

static void *run(void *arg)
{
    dd_top_reader  *r = arg;
    dd_top_sampler *s = dd_top_sampler_new(&r->opts);
    dd_top_want     want;
    bool            hurry;
    int64_t         wait_ms = 0;
    while (await(r, wait_ms, &want, &hurry)) {
        dd_top_sample *got = dd_top_sampler_next(s, &want, hurry);
        /* One answer of a proxy makes no rate: the second follows soon. */
        bool one_answer = got && got->board.link == DD_BOARD_LIVE && got->board.per_second < 0;
        wait_ms         = got && got->board.budgets_unread ? 0 : one_answer ? SOON_MS : r->opts.interval_ms;
        if (got)
            publish(r, got);
    }
    dd_top_sampler_free(s);
    pthread_mutex_lock(&r->lock);
    r->over = true;
    pthread_cond_broadcast(&r->wake);
    pthread_mutex_unlock(&r->lock);
    let_go(r);
    return NULL;
}

static int make_pipe(int fd[2])
{
    if (pipe(fd) != 0)
        return errno;
    for (int i = 0; i < 2; i++) {
        fcntl(fd[i], F_SETFD, FD_CLOEXEC);
        fcntl(fd[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

dd_top_reader *dd_top_reader_start(const dd_top_opts *opts, const dd_top_want *want, dd_err *err)
{
    dd_top_reader     *r = dd_calloc(1, sizeof *r);
    pthread_condattr_t attr;
    r->opts = *opts;
    r->want = *want;
    r->refs = 2;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &attr);
    pthread_condattr_destroy(&attr);
    int code = make_pipe(r->pipe);
    if (code) {
        dd_fail_errno(err, code, "could not begin to read");
        free(r);
        return NULL;
    }
    code = dd_thread_start(&r->thread, run, r);
    if (code) {
        dd_fail_errno(err, code, "could not begin to read");
        r->refs = 1;
        let_go(r);
        return NULL;
    }
    return r;
}

int dd_top_reader_fd(const dd_top_reader *r) { return r->pipe[0]; }

void dd_top_reader_want(dd_top_reader *r, const dd_top_want *want)
{
    pthread_mutex_lock(&r->lock);
    if (!dd_top_want_same(&r->want, want)) {
        r->want    = *want;
        r->changed = true;
        pthread_cond_signal(&r->wake);
    }
    pthread_mutex_unlock(&r->lock);
}

dd_top_sample *dd_top_reader_take(dd_top_reader *r)
{
    char bytes[64];
    while (read(r->pipe[0], bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        ;
    pthread_mutex_lock(&r->lock);
    dd_top_sample *s = r->ready;
    r->ready = NULL;
    pthread_mutex_unlock(&r->lock);
    return s;
}

void dd_top_reader_stop(dd_top_reader *r)
{
    struct timespec until;
    if (!r)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 300000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->wake);
    while (!r->over && pthread_cond_timedwait(&r->wake, &r->lock, &until) == 0)
        ;
    bool over = r->over;
    pthread_mutex_unlock(&r->lock);
    if (over)
        pthread_join(r->thread, NULL);
    else
        pthread_detach(r->thread);
    let_go(r);
}
