/* bench/history.c - a company's history of requests, through the real writer: what views are measured over.
 *
 *   history DIR EVENTS DAYS [BATCH]
 *
 * EVENTS requests over the DAYS before now go into DIR/telemetry.db by dd_events, as fast as it takes them, oldest first. About a thousand combinations
 * of team, feature, model, provider and key are alive, a few of them most of the time; 60 call sites, 300 users. Tokens, latencies and errors are by
 * chance, prices by the bundled table. Prints the rate, with the processor time of the writer's threads. With BATCH they are written by one thread, so
 * many in a transaction, and only the writing is timed. One run is as another. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/time.h"
#include "pricing-cache/prices.h"
#include "route/cost.h"
#include "store/events.h"
#include "store/ring.h"
#include "store/writer.h"

enum { CALLERS = 1000, USERS = 300, TEAMS = 12, FEATURES = 40, SITES = 60, KEYS = 30, MINUTE_MS = 60000, DAY_MINUTES = 1440, DRAWS = 1 << 16 };

/* ---- chance ---- */

static uint64_t state = UINT64_C(0x2545F4914F6CDD1D);

static uint64_t chance(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

static bool   often(unsigned in_1000) { return chance() % 1000 < in_1000; }
static double about_0(void) { return (double)(chance() % 4096 + chance() % 4096 + chance() % 4096 + chance() % 4096) / 4096 - 2; }   /* +-2, a bell */

/* Around `middle`, a few times as much or as little. Powers of two by shifts and a line between: exp() would cost more than the write. */
static int64_t around(int64_t middle)
{
    double  x = about_0() * 1.2;
    int     whole = (int)floor(x);
    return (int64_t)(ldexp(1 + (x - whole), whole) * (double)middle);
}

/* ---- words ---- */

static const char *const team_words[TEAMS] = { "search", "support", "growth", "core", "data", "mobile", "billing", "risk", "content", "sales", "legal", "labs" };
static const char *const feature_words[] = { "summary", "classify", "chat", "extract", "rewrite", "translate", "answer", "tag", "draft", "review" };
static const char *const feature_kinds[] = { "", "-v2", "-batch", "-beta" };
static const char *const files[] = { "app/search.py", "app/inbox.py", "svc/rank.ts", "svc/tags.ts", "jobs/nightly.py", "api/chat.js" };
static const char *const tasks[] = { "chat", "classification", "extraction", "code", "summarization", "translation", "reasoning", "embedding" };
static const char *const routes[] = { "", "simple", "long-context", "code", "premium-only", "nightly", "cheap-tags", "default" };
static const char *const strategies[] = { "passthrough", "cheapest", "quality", "fallback" };
static const char *const levels[] = { "low", "medium", "high" };
static const char *const considered[] = {
    "", "[{\"model\":\"openai/gpt-4o-mini\",\"cost\":0.00018,\"why\":\"cheapest\"},{\"model\":\"openai/gpt-4o\",\"cost\":0.0031,\"why\":\"the requested model\"}]",
    "[{\"model\":\"groq/llama-3.1-8b-instant\",\"cost\":0.00006,\"why\":\"cheapest\"},{\"model\":\"openai/gpt-4o-mini\",\"cost\":0.00018,\"why\":\"behind the others\"},"
    "{\"model\":\"anthropic/claude-haiku-4-5\",\"cost\":0.0014,\"why\":\"below the rule's quality of 0.8\"}]",
};
static const char *const rules[] = { "", "[\"long-context\"]", "[\"long-context\",\"code\"]", "[\"long-context\",\"code\",\"premium-only\"]" };

/* What may be asked for, how often, and what may answer instead. */
static struct { const char *provider, *model; int share, instead; int64_t first_ms, token_us; const dd_price *price; } models[] = {
    { "openai", "gpt-4o", 30, 1, 480, 12000, NULL },           { "openai", "gpt-4o-mini", 25, 6, 350, 8000, NULL },
    { "openai", "gpt-4.1", 6, 3, 520, 12000, NULL },           { "openai", "gpt-4.1-mini", 5, 1, 390, 8000, NULL },
    { "anthropic", "claude-sonnet-4-5", 16, 5, 800, 15000, NULL }, { "anthropic", "claude-haiku-4-5", 8, 1, 420, 7000, NULL },
    { "groq", "llama-3.1-8b-instant", 3, 1, 110, 1500, NULL }, { "groq", "llama-3.3-70b-versatile", 3, 6, 160, 3500, NULL },
    { "google", "gemini-2.5-flash", 3, 1, 400, 5000, NULL },   { "google", "gemini-2.5-pro", 1, 8, 1500, 11000, NULL },
};
enum { MODELS = DD_COUNT(models), PREMIUM = 4 };

/* Some place in a source: a team's feature, always with the same key, model and route. */
typedef struct {
    dd_str   team, feature, key, site, env, task, route, strategy, level, considered, rules, prompt_hash;
    int      asked, used;
    int64_t  input, output;
    double   score;
    bool     stream, cached;
} caller;
static caller   callers[CALLERS];
static dd_str   users[USERS];
static uint16_t caller_draws[DRAWS], user_draws[DRAWS];   /* drawn as often as they are to come */
static char     words[1 << 18];
static size_t   words_used;

static dd_str word(const char *format, ...) __attribute__((format(printf, 1, 2)));
static dd_str word(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *at = words + words_used;
    int   n = vsnprintf(at, sizeof words - words_used, format, ap);
    va_end(ap);
    words_used += (size_t)n + 1;
    return (dd_str){ at, (size_t)n };
}

#define ONE_OF(list, i) dd_str_z((list)[(i) % DD_COUNT(list)])

static int pick_model(void)
{
    int at = (int)(chance() % 100), i = 0;
    for (; i + 1 < (int)MODELS && at >= models[i].share; i++)
        at -= models[i].share;
    return i;
}

/* The i-th of n comes in proportion to 1 / (i + 3). */
static void make_draws(uint16_t *draws, int n)
{
    double all = 0, upto = 0;
    size_t at = 0;
    for (int i = 0; i < n; i++)
        all += 1.0 / (i + 3);
    for (int i = 0; i < n; i++) {
        upto += 1.0 / (i + 3);
        while (at < DRAWS && (double)at < upto / all * DRAWS)
            draws[at++] = (uint16_t)i;
    }
    while (at < DRAWS)
        draws[at++] = 0;
}

static void make_callers(void)
{
    dd_str teams[TEAMS], features[FEATURES], keys[KEYS], sites[SITES];
    for (int i = 0; i < TEAMS; i++)
        teams[i] = word("%s", team_words[i]);
    for (int i = 0; i < FEATURES; i++)
        features[i] = word("%s%s", feature_words[i % 10], feature_kinds[i / 10]);
    for (int i = 0; i < KEYS; i++)
        keys[i] = word("k%05xQz%02d", (unsigned)(chance() & 0xfffff), i);
    for (int i = 0; i < SITES; i++)
        sites[i] = word("%s:%d", files[i % (int)DD_COUNT(files)], 12 + 17 * i);
    for (int i = 0; i < USERS; i++)
        users[i] = word("u-%04d", 1000 + i * 7);
    for (int i = 0; i < CALLERS; i++) {
        caller  *c = &callers[i];
        unsigned team = (unsigned)(i < TEAMS ? i : (int)(chance() % TEAMS)), feature = (unsigned)(i < FEATURES ? i : (int)(chance() % FEATURES));
        int      asked = pick_model();
        bool     routed = often(550);
        *c = (caller){ .team = often(20) ? DD_STR("") : teams[team], .feature = often(20) ? DD_STR("") : features[feature],
            .key = keys[chance() % KEYS], .site = often(300) ? DD_STR("") : sites[chance() % SITES], .env = dd_str_z(often(850) ? "production" : "staging"),
            .task = ONE_OF(tasks, feature), .asked = asked, .used = routed ? models[asked].instead : asked,
            .route = routed ? ONE_OF(routes, 1 + feature % 7) : DD_STR(""), .strategy = ONE_OF(strategies, routed ? 1 + feature % 3 : 0),
            .level = ONE_OF(levels, feature), .considered = dd_str_z(considered[routed ? 1 + feature % 2 : 0]),
            .rules = dd_str_z(rules[routed ? feature % 4 : 0]), .score = 0.1 + 0.02 * feature, .stream = often(500), .cached = often(250),
            .input = 100 + (int64_t)(chance() % 4000), .output = 20 + (int64_t)(chance() % 600),
            .prompt_hash = word("%016llx%016llx%016llx%016llx", (unsigned long long)chance(), (unsigned long long)chance(), (unsigned long long)chance(),
                                (unsigned long long)chance()) };
    }
    make_draws(caller_draws, CALLERS);
    make_draws(user_draws, USERS);
}

/* ---- a request ---- */

typedef struct { dd_event e; dd_attempt tries[2]; char trace[33], span[17], session[17], ticket[32], swap[8]; } request;

static const struct { unsigned in_10000; int status; dd_error_class error; } endings[] = {
    { 150, 429, DD_EC_RATE_LIMIT }, { 90, 400, DD_EC_INVALID }, { 60, 500, DD_EC_UPSTREAM }, { 40, 504, DD_EC_TIMEOUT }, { 80, 499, DD_EC_ABORTED },
    { 30, 402, DD_EC_BUDGET }, { 20, 400, DD_EC_CONTEXT }, { 15, 502, DD_EC_CONNECT },
};

static dd_pusd cost_of(int model, const dd_usage *u, dd_day day)
{
    dd_pusd cost;
    return models[model].price != NULL && dd_cost_request(models[model].price, u, day, 0, &cost, NULL) == DD_OK ? cost : DD_PUSD_UNKNOWN;
}

static void end_badly(dd_event *e)
{
    unsigned at = (unsigned)(chance() % 10000);
    for (size_t i = 0; i < DD_COUNT(endings); i++) {
        if (at < endings[i].in_10000) {
            e->status = endings[i].status;
            e->error = endings[i].error;
            e->disconnected = e->status == 499;
            return;
        }
        at -= endings[i].in_10000;
    }
}

/* Tokens, time and money; nothing of it for a request that never reached a model. */
static void spend(dd_event *e, const caller *c, int used)
{
    bool none = e->error != DD_EC_NONE && e->status != 499;
    e->overhead_us = 20 + (int64_t)(chance() % 60);
    e->total_us = e->overhead_us + around(none ? 20000 : models[used].first_ms * 1000);
    e->usage = (dd_usage){ -1, -1, -1, -1, -1 };
    e->cost_original = e->cost_actual = e->cost_saved = e->cost_premium = DD_PUSD_UNKNOWN;
    e->first_us = -1;
    if (none)
        return;
    int64_t input = around(c->input), output = around(c->output), read = c->cached ? input / 2 : 0;
    e->usage = (dd_usage){ input - read, read, 0, 0, output };
    e->usage_source = e->status == 499 ? DD_USAGE_COUNTED : DD_USAGE_REPORTED;
    e->first_us = e->total_us;
    e->total_us += output * models[used].token_us;
    e->cost_original = cost_of(c->asked, &e->usage, e->prices);
    e->cost_actual = used == c->asked ? e->cost_original : cost_of(used, &e->usage, e->prices);
    e->cost_premium = cost_of(PREMIUM, &e->usage, e->prices);
    e->finish_reason = dd_str_z(often(900) ? "stop" : often(500) ? "length" : "tool_calls");
}

static void from_cache(dd_event *e)
{
    e->cache = DD_STR("hit");
    e->strategy = DD_STR("cache");
    e->cost_actual = 0;
    e->total_us = 40 + (int64_t)(chance() % 100);
    e->first_us = e->total_us - 20;
    e->n_attempts = 0;
}

/* One try, or two: the first one failed, and another model answered. */
static void attempt(request *r, const caller *c, int used)
{
    dd_event *e = &r->e;
    size_t    n = 0;
    if (e->fallback)
        r->tries[n++] = (dd_attempt){ dd_str_z(models[c->used].provider), dd_str_z(models[c->used].model), 503, DD_EC_OVERLOADED, 30, -1, 150000,
                                      { -1, -1, -1, -1, -1 }, DD_PUSD_UNKNOWN };
    if (e->error != DD_EC_BUDGET)
        r->tries[n++] = (dd_attempt){ dd_str_z(models[used].provider), dd_str_z(models[used].model), e->status == 499 ? 200 : e->status, e->error,
                                      e->fallback ? 150040 : 40, e->first_us, e->total_us - e->overhead_us, e->usage, e->cost_actual };
    e->attempts = r->tries;
    e->n_attempts = n;
    e->retries = n > 1;
}

static void trace(request *r)
{
    dd_event *e = &r->e;
    if (often(600)) {
        snprintf(r->trace, sizeof r->trace, "%016llx%016llx", (unsigned long long)chance(), (unsigned long long)chance());
        snprintf(r->span, sizeof r->span, "%016llx", (unsigned long long)chance());
        e->trace_id = (dd_str){ r->trace, 32 };
        e->parent_span = (dd_str){ r->span, 16 };
    }
    if (often(300)) {
        snprintf(r->session, sizeof r->session, "%016llx", (unsigned long long)(chance() % 100000));
        e->session = (dd_str){ r->session, 16 };
    }
    if (often(100))
        e->tags = (dd_str){ r->ticket, (size_t)snprintf(r->ticket, sizeof r->ticket, "{\"ticket\":\"T-%d\"}", (int)(chance() % 9000)) };
    e->auth_us = 1;
    e->decide_us = 4 + (int64_t)(chance() % 12);
    e->cache_us = e->cache.len > 0 ? 2 + (int64_t)(chance() % 6) : -1;
    e->prepare_us = 1 + (int64_t)(chance() % 4);
    e->answer_us = 4 + (int64_t)(chance() % 20);
}

static void make(request *r, int64_t time_ms, int64_t number)
{
    const caller *c = &callers[caller_draws[chance() % DRAWS]];
    dd_event     *e = &r->e;
    bool          fallback = often(12);
    int           used = fallback ? models[c->used].instead : c->used;
    *e = (dd_event){
        .id = (time_ms - DD_EVENT_EPOCH_MS) << 21 | (number & 1) << 13 | (number >> 1 & 8191), .time_ms = time_ms, .org = DD_STR("default"), .key_id = c->key,
        .user = often(100) ? DD_STR("") : users[user_draws[chance() % DRAWS]], .feature = c->feature, .team = c->team, .env = c->env, .task = c->task,
        .strategy = c->strategy, .route = c->route, .endpoint = dd_str_z(models[c->asked].provider[0] == 'a' ? "messages" : "chat.completions"),
        .requested_model = dd_str_z(models[c->asked].model), .used_model = dd_str_z(models[used].model), .provider = dd_str_z(models[used].provider),
        .stream = c->stream, .status = 200, .reasoning_tokens = -1, .prices = dd_day_of((dd_wall){ time_ms / 1000 }), .queue_us = 1 + (int64_t)(chance() % 9),
        .bytes_in = c->input * 4 + 300, .bytes_out = c->output * 5 + 400, .complexity = c->level, .score = c->score, .considered = c->considered,
        .fallback = fallback, .cache = c->cached ? DD_STR("miss") : DD_STR(""), .call_site = c->site, .prompt_hash = c->prompt_hash, .rules = c->rules,
    };
    end_badly(e);
    spend(e, c, used);
    attempt(r, c, used);
    if (e->error == DD_EC_BUDGET || often(5))
        e->budget = DD_STR("growth-month");
    if (c->cached && e->error == DD_EC_NONE && often(320))
        from_cache(e);
    if (e->cost_original != DD_PUSD_UNKNOWN && e->cost_actual != DD_PUSD_UNKNOWN)
        e->cost_saved = e->cost_original - e->cost_actual;
    trace(r);
}

/* ---- the days ---- */

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* More by day than by night, less at week ends. */
static double rhythm(int64_t minute)
{
    double hour = (double)(minute % DAY_MINUTES) / 60, up = cos((hour - 14) / 24 * 2 * 3.14159265);
    int    weekday = (int)((minute / DAY_MINUTES + 4) % 7);
    return (1 + 0.8 * up) * (weekday == 0 || weekday == 6 ? 0.35 : 1);
}

typedef void take_fn(void *ctx, const dd_event *e);

static void push(void *ctx, const dd_event *e)
{
    while (!dd_events_push(ctx, e))
        nanosleep(&(struct timespec){ 0, 200000 }, NULL);
}

typedef struct { dd_writer *w; dd_ring *r; dd_buf frames; int64_t n, batch, written; double seconds, cpu; } direct;

static double thread_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_batch(direct *d)
{
    dd_writer_count n = {0};
    dd_err          err = DD_ERR_INIT;
    int64_t         begin = dd_mono_now().ns;
    double          cpu = thread_s();
    if (dd_writer_put(d->w, dd_buf_str(&d->frames), &n, &err) != DD_OK)
        fprintf(stderr, "%s\n", err.msg);
    d->seconds += (double)(dd_mono_now().ns - begin) / 1e9;
    d->cpu += thread_s() - cpu;
    d->written += n.written;
    d->n = 0;
    d->frames.len = 0;
}

static void collect(void *ctx, const dd_event *e)
{
    direct *d = ctx;
    dd_ring_put(d->r, e, SIZE_MAX);
    dd_ring_take(d->r, &d->frames);
    if (++d->n == d->batch)
        write_batch(d);
}

static void live(take_fn *take, void *ctx, int64_t events, int64_t days)
{
    int64_t        end = wall_ms() / MINUTE_MS, minutes = days * DAY_MINUTES, n = 0;
    double         all = 0, due = 0;
    static request r;
    for (int64_t m = end - minutes; m < end; m++)
        all += rhythm(m);
    for (int64_t m = end - minutes; m < end; m++) {
        due += rhythm(m) / all * (double)events;
        int64_t upto = m + 1 == end ? events : (int64_t)due, here = upto - n;
        for (int64_t i = 0; i < here; i++, n++) {
            make(&r, m * MINUTE_MS + i * MINUTE_MS / here, n);
            take(ctx, &r.e);
        }
    }
}

static void by_batches(const char *dir, int64_t events, int64_t days, int64_t batch)
{
    direct d = { dd_writer_new(&(dd_writer_opts){ .dir = dir }), dd_ring_new(1), DD_BUF_INIT(0), .batch = batch };
    live(collect, &d, events, days);
    write_batch(&d);
    printf("batches of %lld: %lld events in %.1f s: %.0f/s; processor time %.1f us an event\n", (long long)batch, (long long)d.written, d.seconds,
           (double)d.written / d.seconds, d.cpu / (double)d.written * 1e6);
    dd_writer_free(d.w);
    dd_ring_free(d.r);
    dd_buf_free(&d.frames);
}

static double cpu_s(int whose)
{
    struct rusage u;
    getrusage(whose, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void report(const char *dir, const dd_events *s, double seconds)
{
    char             path[4096];
    struct stat      st = {0};
    dd_events_counts c;
    double generator = cpu_s(RUSAGE_THREAD), all = cpu_s(RUSAGE_SELF);
    dd_events_count(s, &c);
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    stat(path, &st);
    printf("ingest: %lld events in %.1f s: %.0f/s, rows, indexes and all sums; processor time %.1f us an event for the writer, %.1f us to make it up\n",
           (long long)c.written, seconds, (double)c.written / seconds, (all - generator) / (double)c.written * 1e6, generator / (double)c.written * 1e6);
    printf("telemetry.db: %.2f GB, %.0f bytes an event; dropped and offered again %lld, failures %lld\n", (double)st.st_size / 1e9,
           (double)st.st_size / (double)c.written, (long long)c.dropped, (long long)c.failures);
}

static int by_queue(const char *dir, int64_t events, int64_t days)
{
    dd_err     err = DD_ERR_INIT;
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir, .spool_bytes = -1, .slots = 4096, .events_days = -1, .hourly_days = -1 }, &err);
    if (s == NULL) {
        fprintf(stderr, "%s\n", err.msg);
        return 3;
    }
    int64_t begin = dd_mono_now().ns;
    live(push, s, events, days);
    dd_events_flush(s, 600000);
    report(dir, s, (double)(dd_mono_now().ns - begin) / 1e9);
    dd_events_close(s, 600000);
    return 0;
}

int main(int argc, char **argv)
{
    int64_t numbers[] = { 1000000, 90, 0 };   /* events, days, batch */
    dd_err  err = DD_ERR_INIT;
    int     status = 0;
    for (int i = 2; i < argc; i++)
        if (i - 2 >= (int)DD_COUNT(numbers) || !dd_parse_i64(dd_str_z(argv[i]), &numbers[i - 2]) || numbers[i - 2] < 1)
            return 2;
    dd_prices *prices = argc < 2 ? NULL : dd_prices_open(&(dd_prices_opts){0}, &err);
    if (prices == NULL)
        return 2;
    for (size_t i = 0; i < MODELS; i++)
        models[i].price = dd_prices_find(prices, dd_str_z(models[i].provider), dd_str_z(models[i].model)).price;
    make_callers();
    if (numbers[2] > 0)
        by_batches(argv[1], numbers[0], numbers[1], numbers[2]);
    else
        status = by_queue(argv[1], numbers[0], numbers[1]);
    dd_prices_close(prices);
    return status;
}
