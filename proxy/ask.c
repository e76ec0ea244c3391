/* proxy/ask.c - answers that another thread finds (usage, budgets, what an admin asks for), and those that the gateway knows itself. */
#include <stdlib.h>
#include <string.h>

#include "proxy/exchange.h"
#include "route/money_json.h"

struct asking {              /* outlives a request whose client leaves */
    worker        *w;
    exchange      *x;        /* NULL: left */
    struct asking *next, **at;   /* in w->asks */
    dd_arena       arena;    /* of the question */
    dd_ask         ask;
    dd_buf         json;
    int            status;
};

static void drop(struct asking *a)
{
    dd_arena_fini(&a->arena);
    dd_buf_free(&a->json);
    free(a);
}

static void end_ask(struct asking *a)
{
    *a->at = a->next;
    if (a->next)
        a->next->at = a->at;
    drop(a);
}

static const char *type_of(const struct asking *a)
{
    if (a->status != 200 || strcmp(a->ask.what, "metrics") != 0)
        return "application/json";
    return a->ask.open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
}

/* Whoever names it can read it: scrapers do, and prefer it. */
static bool takes_open_metrics(const dd_http *h) { return dd_str_has(dd_http_header(h, "accept"), "application/openmetrics-text"); }

static void answered(void *arg)          /* in the worker's thread */
{
    static const dd_header no_store[] = { { { "cache-control", 13 }, { "no-store", 8 } } };   /* figures of the moment, and of one caller */
    struct asking *a = arg;
    exchange      *x = a->x;
    if (x) {
        x->asking = NULL;
        exchange_reply(x, a->status, type_of(a), dd_buf_str(&a->json), no_store, DD_COUNT(no_store));
    }
    end_ask(a);
}

static void answered_elsewhere(void *arg, int status, dd_str json)   /* in any thread */
{
    struct asking *a = arg;
    a->status        = status;
    dd_buf_add(&a->json, json);
    dd_loop_post(a->w->loop, answered, a);
}

void ask_start(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (!hooks->ask) {
        fail_request(x, 404, "invalid_request_error", "unknown_url", "", "there is nothing at " DD_STR_FMT, DD_STR_ARG(x->h->path));
        exchange_error(x);
        return;
    }
    struct asking *a = dd_calloc(1, sizeof *a);
    a->w    = x->w;
    a->x    = x;
    a->next = x->w->asks;
    a->at   = &x->w->asks;
    if (a->next)
        a->next->at = &a->next;
    x->w->asks = a;
    x->asking  = a;
    a->json    = (dd_buf)DD_BUF_INIT(0);
    a->ask     = (dd_ask){ .what = x->ep.ask, .path = dd_arena_dup(&a->arena, x->ep.path), .query = dd_arena_dup(&a->arena, x->h->query), .body = dd_arena_dup(&a->arena, x->h->body),
                           .org = dd_arena_dup(&a->arena, x->caller.org), .key_id = dd_arena_dup(&a->arena, x->caller.key_id),
                           .admin = x->caller.admin || x->caller.open, .gateway = x->w->gateway, .open_metrics = takes_open_metrics(x->h) };
    exchange_move(x, EX_await_answer);
    hooks->ask(hooks->ctx, &a->ask, answered_elsewhere, a);
}

void ask_gone(exchange *x)
{
    if (x->asking)
        x->asking->x = NULL;
    x->asking = NULL;
}

void ask_forget_waits(worker *w)
{
    for (struct asking *a = w->asks, *next; a; a = next) {
        next = a->next;
        drop(a);
    }
    w->asks = NULL;
}

/* --- GET /health/providers --- */

static void number(dd_json *j, const char *name, double n)
{
    dd_buf b = DD_BUF_INIT(40);
    dd_json_key(j, name);
    dd_buf_printf(&b, "%.4f", n);
    if (n < 0)
        dd_json_null(j);
    else
        dd_json_raw(j, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void target(dd_json *j, exchange *x, uint32_t slot, const char *model)
{
    dd_live_facts f;
    int64_t       now = dd_loop_now(x->w->loop).ns / 1000000;
    dd_live_look(dd_gateway_live(x->w->gateway), slot, &x->s->policy.breaker, now, &f);
    dd_json_open(j, '{');
    if (model) {
        dd_json_key(j, "model");
        dd_json_str(j, settle_redacted(x, dd_str_z(model)));   /* people paste keys anywhere */
    }
    dd_json_key(j, "breaker");
    dd_json_strz(j, dd_breaker_name(f.breaker));
    dd_json_member_i64(j, "requests", f.total);
    dd_json_member_i64(j, "failures", f.total_failures);
    dd_json_member_i64(j, "in_window", f.requests);
    dd_json_member_i64(j, "failed_in_window", f.failures);
    number(j, "error_rate", f.error_rate);
    number(j, "latency_ms", f.latency_ms);
    number(j, "first_token_ms", f.first_ms);
    dd_json_member_i64(j, "under_way", f.under_way);
    dd_json_member_i64(j, "openings", f.openings);
    number(j, "uptime", f.total ? 1 - (double)f.total_failures / (double)f.total : -1);
    dd_json_close(j, '}');
}

static bool is_of(const dd_live_name *n, const dd_provider *p) { return dd_str_eqz(p->name, n->provider); }

/* What traffic says of each provider's models, and how many of its keys rest. Which models are asked for, and how often, is of all organisations: a key of
 * another one than the process's sees how the provider is, no more (R4.8). */
static void provider_health(dd_json *j, exchange *x, const dd_provider *p)
{
    dd_live     *live = dd_gateway_live(x->w->gateway);
    int64_t      now  = dd_loop_now(x->w->loop).ns / 1000000, aside = 0;
    dd_live_name name;
    dd_json_open(j, '{');
    dd_json_key(j, "provider");
    dd_json_str(j, p->name);
    dd_json_key(j, "models");
    dd_json_open(j, '[');
    bool open = false;
    for (uint32_t i = 0; i < dd_live_count(live); i++) {
        if (!dd_live_at(live, i, &name) || !is_of(&name, p))
            continue;
        aside += name.key && dd_live_is_aside(live, i, now);
        if (name.key || !name.model[0])
            continue;
        dd_live_facts f;
        dd_live_look(live, i, &x->s->policy.breaker, now, &f);
        open |= f.breaker != DD_BREAKER_CLOSED;
        if (x->door != DOOR_ADDRESS || x->caller.open || x->caller.own)
            target(j, x, i, name.model);
    }
    dd_json_close(j, ']');
    dd_json_key(j, "status");
    dd_json_strz(j, open ? "degraded" : "ok");
    dd_json_member_i64(j, "keys", (int64_t)p->n_keys);
    dd_json_member_i64(j, "keys_aside", aside);
    dd_json_close(j, '}');
}

void endpoint_providers(exchange *x)
{
    dd_buf  body = DD_BUF_INIT(0);
    dd_json j    = DD_JSON_INIT(&body, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "panic");
    dd_json_bool(&j, dd_gateway_panicking(x->w->gateway));
    dd_json_key(&j, "providers");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < x->s->policy.n_providers; i++)
        provider_health(&j, x, &x->s->providers[i]);
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    exchange_reply(x, 200, "application/json", dd_buf_str(&body), NULL, 0);
    dd_buf_free(&body);
}

/* --- POST /v1/chat, /v1/agent-step (RO.1, RO.7) --- */

static void raw_member(dd_json *j, const char *name, const dd_jspan *d, uint32_t node)
{
    dd_json_key(j, name);
    if (node == DD_J_NONE)
        dd_json_null(j);
    else
        dd_json_raw(j, dd_jspan_raw(d, node));
}

static void savings(dd_json *j, exchange *x)
{
    dd_pusd premium = settle_premium(x);
    bool    known   = premium != DD_PUSD_UNKNOWN && x->bill.actual != DD_PUSD_UNKNOWN;
    dd_money_member(j, "savings_estimate", known ? premium - x->bill.actual : DD_PUSD_UNKNOWN);
    dd_json_key(j, "premium_model");
    if (x->plan.premium.price)
        dd_json_str(j, x->plan.premium.price->id);
    else
        dd_json_null(j);
}

/* The chat answer's words in the shape that asks for nothing else. */
void omni_reply(exchange *x, dd_str chat)
{
    dd_jspan d = { .n = 0 };
    dd_buf   body = DD_BUF_INIT(0);
    dd_json  j    = DD_JSON_INIT(&body, 0);
    uint32_t choice = DD_J_NONE, message = DD_J_NONE;
    if (dd_jspan_parse(&d, x->h->arena, chat, NULL) == DD_OK) {
        choice  = dd_jspan_item(&d, dd_jspan_member(&d, 0, "choices", NULL), 0);
        message = dd_jspan_member(&d, choice, "message", NULL);
    }
    dd_json_open(&j, '{');
    dd_json_key(&j, "id");
    dd_json_strz(&j, x->id_text);
    raw_member(&j, "output", &d, dd_jspan_member(&d, message, "content", NULL));
    raw_member(&j, "tool_calls", &d, dd_jspan_member(&d, message, "tool_calls", NULL));
    raw_member(&j, "finish_reason", &d, dd_jspan_member(&d, choice, "finish_reason", NULL));
    dd_json_key(&j, "model_used");
    dd_json_str(&j, x->decision.model);
    dd_json_key(&j, "provider");
    dd_json_str(&j, x->provider->name);
    dd_json_key(&j, "strategy");
    dd_json_strz(&j, x->decision.strategy);
    dd_money_member(&j, "cost", x->bill.actual);
    dd_json_key(&j, "latency_ms");
    dd_json_i64(&j, (dd_mono_now().ns - x->h->started.ns) / 1000000);
    savings(&j, x);
    dd_json_key(&j, "task");
    dd_json_strz(&j, x->asked.known & DD_FACT_CLASS ? dd_task_name(x->asked.class.task) : "chat");
    raw_member(&j, "usage", &d, dd_jspan_member(&d, 0, "usage", NULL));
    dd_json_close(&j, '}');
    exchange_reply(x, 200, "application/json", dd_buf_str(&body), NULL, 0);
    dd_buf_free(&body);
}
