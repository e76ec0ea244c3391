/* proxy/settle.c - what a request cost, and the event that remembers it. */
#include "proxy/exchange.h"
#include "proxy/http/stage.h"

#include "base/json.h"
#include "base/redact.h"
#include "route/tokens.h"

#include <string.h>

/* Names of request headers that are tags with a place of their own in the event; any other x-dd0c-* goes into `tags`. */
static const struct { const char *header; size_t offset; } tags[] = {
    { "x-dd0c-feature", offsetof(dd_event, feature) },
    { "x-dd0c-team", offsetof(dd_event, team) },
    { "x-dd0c-env", offsetof(dd_event, env) },
    { "x-dd0c-user", offsetof(dd_event, user) },
    { "x-dd0c-call-site", offsetof(dd_event, call_site) },
};

dd_error_class settle_class(int status)
{
    static const struct { int status; dd_error_class class; } classes[] = {
        { 400, DD_EC_INVALID }, { 401, DD_EC_AUTH }, { 402, DD_EC_BUDGET }, { 403, DD_EC_FORBIDDEN }, { 404, DD_EC_NOT_FOUND }, { 408, DD_EC_TIMEOUT },
        { 413, DD_EC_TOO_LARGE }, { 422, DD_EC_INVALID }, { 429, DD_EC_RATE_LIMIT }, { 499, DD_EC_ABORTED }, { 503, DD_EC_OVERLOADED },
        { 504, DD_EC_TIMEOUT }, { 529, DD_EC_OVERLOADED },
    };
    for (size_t i = 0; i < DD_COUNT(classes); i++)
        if (classes[i].status == status)
            return classes[i].class;
    return status >= 500 ? DD_EC_UPSTREAM : status >= 400 ? DD_EC_INVALID : DD_EC_NONE;
}

/* --- counting by us: only where the provider said nothing --- */

static int64_t count_string(exchange *x, dd_str tag, const dd_jspan *d, uint32_t node, size_t *room)
{
    size_t bytes = d->v[node].end - d->v[node].start;
    if (bytes > *room)
        return (int64_t)(bytes / 4);
    *room -= bytes;
    return dd_counts_string(x->w->counts, tag, d, node, x->h->arena);
}

/* Tokens of all text below the members of these names. Media is not text: base64 of this length is no prompt that anyone wrote. Counting is this thread's time, which others
 * wait for: past COUNTED bytes (some milliseconds) the rest is taken at four bytes a token. */
static int64_t count_text(exchange *x, const dd_jspan *d, const char *const *names, size_t n)
{
    enum { MEMBERS = 8, LONGEST = 200000, COUNTED = 1 << 20 };
    size_t   room = COUNTED;
    uint32_t nodes[MEMBERS];
    dd_str   tag = x->decision.used.price ? x->decision.used.price->tokenizer : dd_tokenizer_guess(x->model);
    int64_t  sum = 0;
    if (!d->n || dd_jspan_kind(d, 0) != DD_J_OBJECT)
        return 0;
    dd_jspan_members(d, 0, names, nodes, n);
    for (size_t k = 0; k < n; k++)
        for (uint32_t i = nodes[k]; nodes[k] != DD_J_NONE && i < d->v[nodes[k]].next; i++)
            if (d->v[i].kind == DD_J_STRING && d->v[i].end - d->v[i].start < LONGEST && !dd_str_startsz(dd_jspan_inside(d, i), "data:"))
                sum += count_string(x, tag, d, i, &room);
    return sum;
}

int64_t settle_count_input(exchange *x)
{
    static const char *const names[] = { "messages", "system", "tools", "input", "instructions", "prompt" };
    return count_text(x, &x->body, names, DD_COUNT(names));
}

static void count_missing(exchange *x, int64_t output)
{
    x->usage        = (dd_usage_report){ .usage = { .input = settle_count_input(x), .output = output }, .reported = false };
    x->usage_source = DD_USAGE_COUNTED;
}

static dd_day today(const exchange *x) { return dd_day_of((dd_wall){ worker_wall_ms(x->w) / 1000 }); }

/* Answers that were thrown away were paid for, too. */
static void make_bill(exchange *x)
{
    x->bill = dd_decision_bill(&x->s->policy, &x->decision, &x->usage.usage, today(x));
    if (x->spent && x->bill.actual != DD_PUSD_UNKNOWN && dd_money_add(x->bill.actual, x->spent, &x->bill.actual) == DD_OK &&
        x->bill.original != DD_PUSD_UNKNOWN)
        x->bill.saved = x->bill.original - x->bill.actual;
}

dd_pusd settle_premium(const exchange *x)
{
    dd_pusd cost;
    if (!x->plan.premium.price || x->usage_source == DD_USAGE_NONE)
        return DD_PUSD_UNKNOWN;
    return dd_cost_request(x->plan.premium.price, &x->usage.usage, today(x), 0, &cost, NULL) == DD_OK ? cost : DD_PUSD_UNKNOWN;
}

const char *settle_strategy(const exchange *x)
{
    return x->triggered && x->plan.strategy != DD_STRATEGY_CASCADE ? "fallback" : x->decision.strategy;
}

/* Responses are "completed" with calls and without. */
static bool has_calls(const dd_jspan *answer)
{
    uint32_t output = dd_jspan_member(answer, 0, "output", NULL);
    for (dd_jit it = dd_jspan_each(answer, output); dd_jspan_step(answer, &it);) {
        uint32_t type = dd_jspan_member(answer, it.value, "type", NULL);
        if (dd_jspan_is(answer, type, "function_call") || dd_jspan_is(answer, type, "custom_tool_call"))
            return true;
    }
    return false;
}

void settle_answer(exchange *x, const dd_jspan *answer)
{
    static const char *const names[] = { "choices", "content", "output" };
    if (x->ep.kind != EP_GENERATE || x->status < 200 || x->status > 299)
        return;
    if (x->to == DD_DIALECT_RESPONSES && x->stop == DD_STOP_END && has_calls(answer))
        x->stop = DD_STOP_TOOLS;
    if (x->usage.reported)
        x->usage_source = DD_USAGE_REPORTED;
    else
        count_missing(x, count_text(x, answer, names, DD_COUNT(names)));
    make_bill(x);
}

/* What a stream cost: as reported, else as far as it got to the client (R1.8). */
static void settle_stream(exchange *x)
{
    if (!x->reader || x->usage_source != DD_USAGE_NONE)
        return;
    dd_stream_facts f = dd_stream_reader_facts(x->reader);
    x->stop           = x->to == DD_DIALECT_RESPONSES && f.stop == DD_STOP_END && x->called ? DD_STOP_TOOLS : f.stop;
    x->usage          = f.usage;
    if (f.usage.reported && !x->disconnected)
        x->usage_source = DD_USAGE_REPORTED;
    else if (x->first_at || x->disconnected) {
        bool    told  = f.usage.reported;
        dd_usage said = f.usage.usage;
        count_missing(x, (f.output_bytes + 3) / 4);   /* English has about four bytes a token */
        if (told) {                       /* the input was told at the start; the output only as far as it was passed on */
            int64_t passed = x->usage.usage.output;
            x->usage.usage = said;
            x->usage.usage.output = passed;
        }
    }
    if (x->usage_source != DD_USAGE_NONE)
        make_bill(x);
}

/* --- the event --- */

bool settle_redact(void *ctx, dd_str text, dd_buf *out)
{
    exchange *x  = ctx;
    ptrdiff_t at = x->up_key.len >= 8 ? dd_str_find(text, x->up_key) : -1;
    if (at < 0 && !dd_redact_needed(text))
        return false;
    dd_buf plain = DD_BUF_INIT(0);
    for (; at >= 0; at = dd_str_find(text, x->up_key)) {
        dd_buf_add(&plain, dd_str_sub(text, 0, (size_t)at));
        dd_buf_addz(&plain, "[redacted]");
        text = dd_str_sub(text, (size_t)at + x->up_key.len, text.len);
    }
    dd_buf_add(&plain, text);
    dd_redact(dd_buf_str(&plain), out);
    dd_buf_free(&plain);
    return true;
}

dd_str settle_redacted(exchange *x, dd_str text)
{
    dd_buf out = DD_BUF_INIT(0);
    if (settle_redact(x, text, &out))
        text = dd_arena_dup(x->h->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return text;
}

void settle_redact_error(exchange *x, dd_api_error *e)
{
    dd_str *const said[] = { &e->type, &e->code, &e->param, &e->message };
    for (size_t i = 0; i < DD_COUNT(said); i++)
        *said[i] = settle_redacted(x, *said[i]);
}

enum { TAGS_MAX = 64, TAG_BYTES = 256 };
typedef struct { dd_str name[TAGS_MAX], value[TAGS_MAX]; size_t n; } tag_list;

/* The first of a name counts. */
static void add_tag(tag_list *l, dd_str name, dd_str value)
{
    for (size_t i = 0; i < l->n; i++)
        if (dd_str_eq_nocase(l->name[i], name))
            return;
    if (l->n < TAGS_MAX && name.len && value.len && name.len <= TAG_BYTES && value.len <= TAG_BYTES) {
        l->name[l->n]    = name;
        l->value[l->n++] = value;
    }
}

static void add_members(exchange *x, tag_list *l, const dd_jspan *d, uint32_t object)
{
    for (dd_jit it = dd_jspan_each(d, object); dd_jspan_step(d, &it);) {
        dd_str name = dd_jspan_text(d, it.key, x->h->arena);
        if (!dd_str_eqz(name, "user_id"))          /* it has a place of its own */
            add_tag(l, name, dd_jspan_text(d, it.value, x->h->arena));
    }
}

/* Tags: x-dd0c-* headers that have no place of their own, then the body's metadata, then what the key carries. */
static dd_str other_tags(exchange *x, dd_event *e)
{
    tag_list l = { .n = 0 };
    for (size_t i = 0; i < x->h->n_headers; i++) {
        dd_header f     = x->h->headers[i];
        bool      known = !dd_str_startsz(f.name, "x-dd0c-") || dd_str_eqz(f.name, "x-dd0c-session");   /* of that the event has a hash, and no more */
        for (size_t k = 0; k < DD_COUNT(tags) && !known; k++)
            if (dd_str_eqz(f.name, tags[k].header)) {
                *(dd_str *)((char *)e + tags[k].offset) = f.value;
                known = true;
            }
        if (!known)
            add_tag(&l, dd_str_sub(f.name, 7, f.name.len), f.value);
    }
    if (x->metadata)
        add_members(x, &l, &x->body, x->metadata);
    dd_jspan of_key = { .n = 0 };
    if (x->caller.tags.len && dd_jspan_parse(&of_key, x->h->arena, x->caller.tags, NULL) == DD_OK)
        add_members(x, &l, &of_key, 0);
    if (!l.n)
        return DD_STR("");
    dd_buf  buf = DD_BUF_INIT(8192);
    dd_json j   = DD_JSON_INIT(&buf, 0);
    dd_json_open(&j, '{');
    for (size_t i = 0; i < l.n; i++) {
        dd_json_key_str(&j, l.name[i]);
        dd_json_str(&j, l.value[i]);
    }
    dd_json_close(&j, '}');
    dd_str out = buf.over ? DD_STR("") : dd_arena_dup(x->h->arena, dd_buf_str(&buf));
    dd_buf_free(&buf);
    return out;
}

static int64_t since(const exchange *x, int64_t at) { return at ? (at - x->h->started.ns) / 1000 : -1; }

static dd_str drops_text(exchange *x)
{
    dd_buf b = DD_BUF_INIT(2048);
    if (!x->drops.n)
        return DD_STR("");
    for (size_t i = 0; i < x->drops.n; i++)
        dd_buf_printf(&b, "%s" DD_STR_FMT, i ? ", " : "", DD_STR_ARG(x->drops.v[i]));
    dd_str out = dd_arena_dup(x->h->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

static void record(exchange *x, int status, dd_error_class error)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    static const dd_usage none = { -1, -1, -1, -1, -1 };
    int64_t  now      = x->over_at ? x->over_at : dd_mono_now().ns;   /* the loop's is as old as its turn */
    bool     decided  = x->provider != NULL;
    dd_event e = {
        .id = x->id, .time_ms = worker_wall_ms(x->w), .org = x->caller.org.len ? x->caller.org : DD_STR("default"), .key_id = x->caller.key_id,
        .user = x->caller.user.len ? x->caller.user : x->user,
        .feature = x->caller.feature, .team = x->caller.team, .env = x->caller.env, .strategy = dd_str_z(settle_strategy(x)),
        .endpoint = dd_str_z(x->ep.name),
        .requested_model = x->model, .used_model = decided ? x->decision.model : DD_STR(""), .provider = decided ? x->provider->name : DD_STR(""),
        .stream = x->stream,
        .disconnected = x->disconnected, .status = status, .error = error,
        .usage = x->usage_source == DD_USAGE_NONE ? none : x->usage.usage, .reasoning_tokens = x->usage.reasoning, .usage_source = x->usage_source,
        .cost_original = x->bill.original, .cost_actual = x->bill.actual, .cost_saved = x->bill.saved, .prices = dd_prices_about(x->s->prices).date,
        .first_us = since(x, x->first_at), .total_us = since(x, now), .queue_us = since(x, x->auth_at),
        .bytes_in = x->h->received_bytes,
        .bytes_out = x->h->sent_bytes + (x->disconnected ? 0 : (int64_t)dd_http_waiting(x->h)),
        .dropped = drops_text(x),
    };
    if (status >= 400 && !x->attempts.n && e.cost_actual == DD_PUSD_UNKNOWN)
        e.cost_original = e.cost_actual = e.cost_saved = 0;   /* refused before anybody was asked: known to have cost nothing */
    describe_decision(x, &e);
    describe_trace(x, &e, now);
    e.tags        = other_tags(x, &e);
    /* the client's text: people paste keys anywhere */
    dd_str *const said[] = { &e.user, &e.feature, &e.team, &e.env, &e.requested_model, &e.used_model, &e.tags, &e.dropped, &e.call_site, &e.considered };
    for (size_t i = 0; i < DD_COUNT(said); i++)
        *said[i] = settle_redacted(x, *said[i]);
    e.overhead_us = e.total_us - (x->call_at && x->last_at > x->call_at ? (x->last_at - x->call_at) / 1000 : 0);
    for (size_t i = 0; i < x->attempts.n; i++)
        x->attempts.v[i].model = settle_redacted(x, x->attempts.v[i].model);
    e.asides     = x->asides.v;
    e.n_asides   = x->asides.n;
    e.attempts   = x->attempts.v;
    e.n_attempts = x->attempts.n;
    e.retries    = x->attempts.n > 1 ? (int)x->attempts.n - 1 : 0;
    if (x->asked.known & DD_FACT_CLASS)
        e.task = dd_str_z(dd_task_name(x->asked.class.task));
    if (x->plan.route)
        e.route = x->plan.route->name;
    hooks->record(hooks->ctx, &e);
}

/* The model that answered keeps the session's prompt for a while: the next request of it is cheaper there. */
static void note_session(exchange *x, int status)
{
    const dd_usage *u = &x->usage.usage;
    if (x->plan.session && status < 400 && x->usage_source != DD_USAGE_NONE)
        dd_live_session_put(dd_gateway_live(x->w->gateway), x->plan.session, x->live, u->input + u->cache_read + u->cache_write + u->cache_write_1h,
                            dd_loop_now(x->w->loop).ns / 1000000);
}

/* What the guards of flags compare. Kept answers, budgets and clients that leave say nothing of a path. */
static void note_flags(exchange *x, dd_error_class error)
{
    const dd_flags *f = &x->s->flags;
    if (!f->n || x->plan.verdict != DD_DECIDED || !x->plan.n_steps || x->disconnected || error == DD_EC_BUDGET || error == DD_EC_ABORTED ||
        (x->cache_word && strcmp(x->cache_word, "hit") == 0))
        return;
    int64_t end = x->stream && x->first_at ? x->first_at : x->over_at ? x->over_at : dd_mono_now().ns;
    dd_flags_note(f, x->plan.route ? x->plan.route->flag : DD_STR(""), x->plan.held ? x->plan.held->flag : DD_STR(""),
                  (end - x->h->started.ns) / 1000, error != DD_EC_NONE);
}

/* Who looks at figures should not find himself in them, however often he looks; what is refused to him is remembered. */
static bool is_remembered(const exchange *x, int status)
{
    bool health = x->ep.kind == EP_HEALTH || x->ep.kind == EP_READY;
    return x->door == DOOR_ADDRESS && !health && (status >= 400 || !endpoint_is_asked_of_us(&x->ep));
}

void settle_record(exchange *x, int status)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (x->recorded)
        return;
    x->recorded  = true;
    dd_stage was = dd_stage_enter(DD_STAGE_record);
    settle_stream(x);
    dd_error_class error = x->failure != DD_EC_NONE ? x->failure : settle_class(status);
    attempt_end(x, error);
    if (x->spent && x->usage_source == DD_USAGE_NONE && x->bill.actual < x->spent)
        x->bill.actual = x->spent;           /* what came last cost nothing, what was thrown away before it did */
    spend_settle(x);
    note_session(x, status);
    note_flags(x, error);
    if (hooks->record && is_remembered(x, status) && x->id)
        record(x, status, error);
    dd_stage_enter(was);
    dd_stage_request();
}
