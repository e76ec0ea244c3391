/* proxy/attempt.c - the plan's steps, one after the other, until an answer can be given.
 *
 * Nothing is tried again once the client has a byte. When all fail the client gets the first step's failure (R1.4), and x-dd0c-fallbacks names the rest.
 * A pause is a timer, never a wait; a call is not begun within another's callback (libcurl forbids it), but when that timer is due. */
#include "proxy/exchange.h"
#include "proxy/http/stage.h"

#include <string.h>

static void start(exchange *x);

static int64_t mono_ms(const exchange *x) { return dd_loop_now(x->w->loop).ns / 1000000; }
static dd_live *live(const exchange *x) { return dd_gateway_live(x->w->gateway); }
static bool     planned(const exchange *x) { return x->plan.n_steps > 0; }

/* --- keys: by weight, but none that is set aside or was refused a moment ago --- */

static uint32_t key_slot(const exchange *x, size_t at)
{
    uint64_t print = dd_str_hash(x->provider->keys[at].value);
    return dd_live_slot(live(x), x->provider->name, DD_STR(""), print + !print, true);
}

/* One bit for every 256th: of a thousand keys not all are tried for one request. */
static uint64_t *tried(exchange *x, size_t at, uint64_t *bit)
{
    *bit = UINT64_C(1) << (at % 64);
    return &x->tried_keys[at % 256 / 64];
}

static bool usable(exchange *x, size_t at)
{
    uint64_t bit;
    if (*tried(x, at, &bit) & bit)
        return false;
    return !dd_live_is_aside(live(x), key_slot(x, at), mono_ms(x));
}

static bool another_key(exchange *x, size_t *out)
{
    size_t n = x->provider->n_keys, from = n ? (size_t)(x->w->picks++ % n) : 0;
    for (size_t i = 0; i < n; i++)
        if (usable(x, (from + i) % n)) {
            *out = (from + i) % n;
            return true;
        }
    return false;
}

static void choose_key(exchange *x)
{
    const dd_provider *p = x->provider;
    x->key_at   = 0;
    x->live_key = DD_LIVE_NONE;
    if (p->n_keys < 2)
        return;
    const dd_provider_key *key = dd_provider_pick(p, x->w->picks++);
    x->key_at = key ? (size_t)(key - p->keys) : 0;
    if (!usable(x, x->key_at) && !another_key(x, &x->key_at))
        x->key_at = key ? (size_t)(key - p->keys) : 0;     /* all are aside: one of them is better than none */
    x->live_key = key_slot(x, x->key_at);
}

/* A refused key rests: an hour when it is refused for good, as long as told when it was too quick. */
static void set_aside(exchange *x, const dd_failure *f)
{
    enum { MINUTE = 60000, HOUR = 3600000 };
    unsigned on = dd_failure_on(f);
    uint64_t bit, *set;
    if (!(on & (DD_ON_AUTH | DD_ON_RATE_LIMIT)))
        return;
    set   = tried(x, x->key_at, &bit);
    *set |= bit;                         /* also where the table of what lives is full: or one key would be asked for ever */
    int64_t rest = on & DD_ON_AUTH ? HOUR : f->retry_after_ms >= 0 && f->retry_after_ms < HOUR ? f->retry_after_ms : MINUTE;
    dd_live_aside(live(x), x->live_key, mono_ms(x) + rest);
}

/* --- what an attempt came to --- */

static dd_live_outcome outcome(dd_error_class error)
{
    switch (error) {
    case DD_EC_NONE: return DD_LIVE_GOOD;
    case DD_EC_RATE_LIMIT: case DD_EC_UPSTREAM: case DD_EC_OVERLOADED: case DD_EC_TIMEOUT: case DD_EC_CONNECT: case DD_EC_RESET: case DD_EC_TRUNCATED:
        return DD_LIVE_FAILED;
    default: return DD_LIVE_NEITHER;
    }
}

static void end_live(exchange *x, dd_error_class error)
{
    const dd_breaker_rule *rule = &x->s->policy.breaker;
    if (!x->live_open)
        return;
    x->live_open    = false;
    int64_t latency = (x->last_at - x->call_at) / 1000, first = x->first_at ? (x->first_at - x->call_at) / 1000 : -1;
    /* That nobody is reached says something of the whole provider; what one model answers does not. */
    dd_live_outcome whole = error == DD_EC_CONNECT ? DD_LIVE_FAILED : x->head_at ? DD_LIVE_GOOD : DD_LIVE_NEITHER;
    dd_live_end(live(x), x->live_whole, rule, whole, -1, -1, mono_ms(x));
    bool    changed = dd_live_end(live(x), x->live, rule, outcome(error), latency, first, mono_ms(x));
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (changed && hooks->log) {
        dd_live_facts f;
        dd_live_look(live(x), x->live, rule, mono_ms(x), &f);
        dd_str line = dd_arena_printf(x->h->arena, "breaker of " DD_STR_FMT "/" DD_STR_FMT ": %s", DD_STR_ARG(x->provider->name), DD_STR_ARG(x->decision.model),
                                      dd_breaker_name(f.breaker));
        hooks->log(hooks->ctx, f.breaker == DD_BREAKER_CLOSED ? 2 : 1, line.ptr);
    }
}

void attempt_end(exchange *x, dd_error_class error)
{
    static const dd_usage none = { -1, -1, -1, -1, -1 };
    if (!x->call_at || x->ended)
        return;
    x->ended = true;
    if (!x->last_at)
        x->last_at = dd_mono_now().ns;
    int64_t    from = x->h->started.ns;
    dd_attempt a = { .provider = x->provider->name, .model = x->decision.model, .status = x->status, .error = error, .start_us = (x->call_at - from) / 1000,
                     .first_us = x->head_at ? (x->head_at - from) / 1000 : -1, .total_us = (x->last_at - x->call_at) / 1000,
                     .usage = x->usage_source == DD_USAGE_NONE ? none : x->usage.usage, .cost = x->bill.actual };
    if (a.cost != DD_PUSD_UNKNOWN)
        a.cost -= x->spent;              /* the bill is the request's */
    dd_avec_push(x->h->arena, &x->attempts, a);
    end_live(x, error);
}

/* --- what comes next --- */

static int retries_here(const exchange *x)
{
    int own = planned(x) ? x->plan.steps[x->step].retries : -1;
    return own >= 0 ? own : x->s->policy.retry.attempts - 1;
}

bool attempt_may_follow(const exchange *x)
{
    if (x->ep.kind != EP_GENERATE || x->given || x->h->head_sent || !planned(x))
        return false;
    return x->step + 1 < x->plan.n_steps || x->tries <= retries_here(x) || x->provider->n_keys > 1;
}

bool attempt_is_checked(const exchange *x) { return !x->rescued && x->plan.strategy == DD_STRATEGY_CASCADE && x->plan.checks && x->step + 1 < x->plan.n_primary; }

static void note_step(exchange *x, failed_step **at)
{
    if (!*at)
        *at = dd_new(x->h->arena, failed_step);
    **at = (failed_step){ .status = x->status, .headers = x->headers, .n_headers = x->n_headers, .to = x->to, .decision = x->decision,
                          .body = dd_arena_dup(x->h->arena, dd_buf_str(&x->collected)), .provider = x->provider, .up_key = x->up_key,
                          .failure = x->failure, .error = x->error };
}

static void remember(exchange *x)
{
    if (!x->first || x->step == 0)
        note_step(x, &x->first);
}

static void restore(exchange *x, const failed_step *f)
{
    x->status    = f->status;
    x->headers   = f->headers;
    x->n_headers = f->n_headers;
    x->to        = f->to;
    x->decision  = f->decision;
    x->provider  = f->provider;
    x->up_key    = f->up_key;
    x->failure   = f->failure;
    x->error     = f->error;
    dd_buf_clear(&x->collected);
    dd_buf_add(&x->collected, f->body);
}

static void put_back(exchange *x)
{
    x->given = true;
    if (x->first && x->step > 0)
        restore(x, x->first);
}

void attempt_keep(exchange *x)
{
    const dd_attempt *a = x->attempts.n ? &x->attempts.v[x->attempts.n - 1] : NULL;
    x->rejected_cost = a && a->cost != DD_PUSD_UNKNOWN ? a->cost : 0;
    note_step(x, &x->rejected);
}

/* Its cost is the answer's again, no longer that of something thrown away. */
bool attempt_rescue(exchange *x)
{
    if (!x->rejected || x->rescued || x->h->head_sent)
        return false;
    x->given = x->rescued = true;
    x->usage = (dd_usage_report){ 0 };
    x->spent -= x->rejected_cost;
    restore(x, x->rejected);
    return true;
}

static void forget_answer(exchange *x)
{
    deliver_reset(x);
    x->verified  = false;
    x->status    = 0;
    x->headers   = NULL;
    x->n_headers = 0;
    x->length    = -1;
    x->json = x->event_stream = x->held = false;
    x->failure   = DD_EC_NONE;
    x->error     = (dd_api_error){ 0 };
    x->usage     = (dd_usage_report){ 0 };
    x->stop      = DD_STOP_NONE;
    x->called    = false;
    x->usage_source = DD_USAGE_NONE;
    x->bill      = (dd_bill){ DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN };
    x->call_at = x->head_at = x->first_at = x->last_at = 0;
}

static void pause_over(dd_timer *t)
{
    exchange *x = t->owner;
    x->begun_at = dd_loop_now(x->w->loop).ns;
    start(x);
}

static void pause_for(exchange *x, int64_t ms)
{
    exchange_move(x, EX_pause);
    forget_answer(x);
    x->timer = (dd_timer){ .due = pause_over, .owner = x };
    dd_loop_timer(x->w->loop, &x->timer, dd_loop_now(x->w->loop).ns + (ms > 0 ? ms * 1000000 : 1));
}

static void to_step(exchange *x, size_t step)
{
    x->step      = step;
    x->tries     = 0;
    x->triggered = true;
    memset(x->tried_keys, 0, sizeof x->tried_keys);
}

void attempt_next(exchange *x)
{
    to_step(x, x->step + 1);
    pause_for(x, 0);
}

static dd_retry_step decide(exchange *x, const dd_failure *f)
{
    const dd_retry *rule = &x->s->policy.retry;
    size_t          other;
    int64_t         past = (dd_loop_now(x->w->loop).ns - x->h->started.ns) / 1000000, total = x->provider->total_ms;
    dd_attempts a = { .tries_here = x->tries, .retries = retries_here(x), .more_steps = x->step + 1 < x->plan.n_steps, .more_keys = false,
                      .fallback_on = x->plan.fallback_on, .within_budget = true, .left_ms = total > 0 ? total - past : INT64_MAX,
                      .random = (uint64_t)x->id * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)past };
    a.more_keys = x->provider->n_keys > 1 && dd_failure_on(f) & (DD_ON_AUTH | DD_ON_RATE_LIMIT) && another_key(x, &other);
    dd_retry_step s = dd_retry_next(rule, f, &a);
    if (s.next == DD_NEXT_RETRY && !dd_live_retry(live(x), rule->budget, rule->budget_min, mono_ms(x))) {
        a.within_budget = false;
        s               = dd_retry_next(rule, f, &a);
    }
    return s;
}

void attempt_drop_call(exchange *x)
{
    if (x->call)
        dd_call_cancel(x->call);
    x->call = NULL;
}

/* The call under way goes on where what it brings is the answer after all. */
bool attempt_failed(exchange *x, const dd_failure *f)
{
    if (x->given || x->h->head_sent)
        return false;
    dd_loop_timer(x->w->loop, &x->timer, 0);
    x->failure = f->error;
    attempt_end(x, f->error);
    set_aside(x, f);
    if (!attempt_may_follow(x)) {
        put_back(x);
        return false;
    }
    dd_retry_step s = decide(x, f);
    if (s.next == DD_NEXT_ANSWER) {
        put_back(x);
        return false;
    }
    remember(x);
    attempt_drop_call(x);
    if (s.next == DD_NEXT_STEP)
        to_step(x, x->step + 1);
    else if (s.next == DD_NEXT_KEY)
        x->tries--;                      /* another key is no retry */
    pause_for(x, s.wait_ms);
    return true;
}

dd_str attempt_others(exchange *x)
{
    dd_buf b = DD_BUF_INIT(900);
    size_t n = x->attempts.n;
    if (n && x->ended && x->failure == DD_EC_NONE && x->status < 400 && !x->rescued)
        n--;                             /* the one that answered */
    for (size_t i = 0; i < n; i++) {
        const dd_attempt *a = &x->attempts.v[i];
        dd_buf_printf(&b, "%s" DD_STR_FMT "/" DD_STR_FMT "=", i ? ", " : "", DD_STR_ARG(a->provider), DD_STR_ARG(a->model));
        if (a->status >= 400)
            dd_buf_printf(&b, "%d", a->status);
        else
            dd_buf_addz(&b, a->error == DD_EC_NONE ? "rejected" : dd_error_class_name(a->error));
    }
    dd_str out = b.over ? DD_STR("...") : dd_arena_dup(x->h->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

/* --- the call --- */

void attempt_fail_call(exchange *x, dd_call_end end, const char *why)
{
    static const struct { int status; dd_error_class class; const char *text; } ends[] = {
        [DD_CALL_OK]              = { 502, DD_EC_UPSTREAM, "sent an event that is too long" },
        [DD_CALL_CONNECT]         = { 502, DD_EC_CONNECT, "could not be reached" },
        [DD_CALL_RESET]           = { 502, DD_EC_RESET, "closed the connection before its answer was whole" },
        [DD_CALL_TIMEOUT_CONNECT] = { 504, DD_EC_TIMEOUT, "did not take the connection in time" },
        [DD_CALL_TIMEOUT_FIRST]   = { 504, DD_EC_TIMEOUT, "did not begin to answer in time" },
        [DD_CALL_TIMEOUT_IDLE]    = { 504, DD_EC_TIMEOUT, "stopped in the midst of its answer" },
        [DD_CALL_TIMEOUT_TOTAL]   = { 504, DD_EC_TIMEOUT, "did not finish its answer in time" },
        [DD_CALL_PROTOCOL]        = { 502, DD_EC_UPSTREAM, "sent what is no HTTP answer" },
        [DD_CALL_CANCELLED]       = { 502, DD_EC_INTERNAL, "was given up" },
    };
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    x->failure = ends[end].class;
    if (!x->h->head_sent)
        x->status = 0;                   /* what came of an answer is none */
    fail_request(x, ends[end].status, ends[end].status == 504 ? "timeout_error" : "server_error",
                 end == DD_CALL_CONNECT ? "upstream_unreachable" : "upstream_error", "",
                 "the provider \"" DD_STR_FMT "\" %s%s", DD_STR_ARG(x->provider->name), ends[end].text,
                 x->s->policy.dev_mode && end == DD_CALL_CONNECT ? ": start it with `ollama serve`, or say in dev.base_url where it is" : "");
    if (hooks->log) {
        dd_str line = dd_arena_printf(x->h->arena, "%s provider " DD_STR_FMT " %s: %s", x->id_text, DD_STR_ARG(x->provider->name), ends[end].text, why);
        hooks->log(hooks->ctx, 1, line.ptr);
    }
}


/* A call's failure before the client has a byte: another attempt, or the error as the answer. */
static void fail(exchange *x, dd_call_end end, const char *why)
{
    attempt_fail_call(x, end, why);
    dd_failure f = { x->failure, x->status, -1 };
    if (!attempt_failed(x, &f))
        deliver_failure(x);
}

static void on_done(void *ctx, dd_call_end end, const char *why)
{
    exchange *x = ctx;
    x->call     = NULL;
    x->last_at  = dd_mono_now().ns;
    dd_loop_timer(x->w->loop, &x->timer, 0);
    switch (x->state) {
    case EX_collect:
        if (end == DD_CALL_OK) {
            deliver_whole(x);
            return;
        }
        break;
    case EX_hold:
        if (end == DD_CALL_OK) {
            deliver_held(x);
            return;
        }
        break;
    case EX_relay:
    case EX_convert:
        if (x->reader || x->writer) {
            deliver_stream_end(x, end, why);
        } else if (end == DD_CALL_OK) {
            deliver_rest(x);
            exchange_finish(x, x->status, true);
        } else {                             /* a body of any kind: only a cut tells the client that it is not whole */
            attempt_fail_call(x, end, why);
            exchange_finish(x, x->status, false);
        }
        return;
    default: break;
    }
    fail(x, end, why);
}

static void out_of_time(dd_timer *t)
{
    exchange *x = t->owner;
    attempt_drop_call(x);
    x->last_at = dd_loop_now(x->w->loop).ns;
    fail(x, DD_CALL_TIMEOUT_FIRST, "the step's own timeout");
}

/* A step's timeout is over with its first content, of an answer in one piece with its end. */
static void set_deadline(exchange *x)
{
    int64_t ms = planned(x) ? x->plan.steps[x->step].timeout_ms : -1;
    if (ms < 0)
        return;
    x->timer = (dd_timer){ .due = out_of_time, .owner = x };
    dd_loop_timer(x->w->loop, &x->timer, dd_loop_now(x->w->loop).ns + ms * 1000000);
}

void attempt_contented(exchange *x) { dd_loop_timer(x->w->loop, &x->timer, 0); }

static dd_str upstream_path(const exchange *x)
{
    bool generate = x->ep.kind == EP_GENERATE;
    if (generate && x->to == DD_DIALECT_MESSAGES)
        return DD_STR("/messages");
    return generate && x->to == DD_DIALECT_CHAT ? DD_STR("/chat/completions") : x->ep.path;
}

/* false: x->error */
static bool call(exchange *x)
{
    dd_buf       url = DD_BUF_INIT(16 << 10);
    dd_err       err = DD_ERR_INIT;
    dd_provider *p   = x->provider;
    dd_provider_url(p, upstream_path(x), x->decision.model, x->to == x->ep.dialect ? x->h->query : DD_STR(""), &url);
    dd_call_opts o = { .method = x->ep.kind == EP_GENERATE ? "POST" : dd_arena_dup(x->h->arena, x->h->method).ptr, .url = dd_buf_z(&url),
                       .headers = x->up_headers, .n_headers = x->n_up_headers,
                       .body = x->up_body, .connect_ms = p->connect_ms, .first_ms = p->first_ms, .idle_ms = p->idle_ms, .total_ms = p->total_ms,
                       .stream = x->up_stream,
                       .insecure = p->insecure, .head = deliver_head, .data = deliver_data, .done = on_done, .ctx = x };
    dd_stage_enter(DD_STAGE_upstream);
    x->ended   = false;
    x->call_at = dd_mono_now().ns;
    x->prepare_ns += x->call_at - x->begun_at;
    x->call    = url.over ? (dd_fail(&err, DD_ERR_LIMIT, "the URL is too long"), NULL) : dd_client_start(x->w->client, &o, &err);
    dd_buf_free(&url);
    if (!x->call) {
        x->call_at = 0;
        return fail_request(x, 502, "server_error", "bad_provider_url", "", "%s", err.msg);
    }
    set_deadline(x);
    exchange_move(x, EX_await_head);
    return true;
}

/* The first step from here on that its breaker lets through; the last one goes in any case: the breaker steers, it never refuses (R2.4). */
static void admit(exchange *x)
{
    const dd_breaker_rule *rule = &x->s->policy.breaker;
    for (;; to_step(x, x->step + 1)) {
        bool last   = x->step + 1 >= x->plan.n_steps;
        x->decision = dd_plan_decision(&x->plan, x->step);
        x->provider = &x->s->providers[x->decision.provider];
        x->live     = dd_live_slot(live(x), x->provider->name, x->decision.model, 0, true);
        x->live_whole = dd_live_slot(live(x), x->provider->name, DD_STR(""), 0, true);
        if (!dd_live_begin(live(x), x->live_whole, rule, last, mono_ms(x)))
            continue;
        if (dd_live_begin(live(x), x->live, rule, last, mono_ms(x)))
            break;
        dd_live_end(live(x), x->live_whole, rule, DD_LIVE_NEITHER, -1, -1, mono_ms(x));
    }
    x->live_open = true;
}

static void start(exchange *x)
{
    for (;; to_step(x, x->step + 1)) {
        admit(x);
        choose_key(x);
        x->tries++;
        if (prepare_step(x, attempt_is_checked(x)) && call(x))
            return;
        end_live(x, DD_EC_INVALID);
        if (x->step + 1 < x->plan.n_steps)
            continue;                    /* another step's API may take it */
        if (x->first) {
            put_back(x);
            deliver_failure(x);
        } else {
            exchange_error(x);
        }
        return;
    }
}

void attempt_start(exchange *x)
{
    const dd_retry *retry = &x->s->policy.retry;
    x->live = x->live_key = x->live_whole = DD_LIVE_NONE;
    if (!planned(x)) {
        if (!call(x))
            exchange_error(x);
        return;
    }
    dd_live_request(live(x), retry->budget, retry->budget_min, mono_ms(x));
    start(x);
}
