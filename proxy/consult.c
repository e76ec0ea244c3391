/* proxy/consult.c - a small question that a model answers while a request waits: how hard is it (classifier.model), is this answer good (verifier).
 *
 * What asking costs is the request's. Whoever asks gets the model's words, or nothing when it failed or was too slow, and must know what to do then. */
#include "proxy/exchange.h"

#include "base/json.h"

enum { ANSWER_MOST = 1 << 20 };

typedef struct {
    exchange    *x;
    dd_decision  decision;
    dd_dialect   to;
    int          status;
    dd_buf       body;
    consult_fn  *done;
    dd_attempt   call;           /* as the event will have it */
    int64_t      start_ns;
} consultation;

static void on_head(void *ctx, int status, const dd_header *headers, size_t n)
{
    (void)headers;
    (void)n;
    consultation *c  = ctx;
    c->status        = status;
    c->call.status   = status;
    c->call.first_us = (dd_mono_now().ns - c->x->h->started.ns) / 1000;
}

static bool on_data(void *ctx, dd_str bytes)
{
    dd_buf_add(&((consultation *)ctx)->body, bytes);
    return true;
}

static void pay(exchange *x, consultation *c, const dd_jspan *d)
{
    dd_usage_report u    = { 0 };
    dd_stop         stop = DD_STOP_NONE;
    dd_usage_read(c->to, d, &u, &stop);
    if (!u.reported)
        return;
    dd_bill b = dd_decision_bill(&x->s->policy, &c->decision, &u.usage, dd_day_of((dd_wall){ worker_wall_ms(x->w) / 1000 }));
    dd_pusd sum;
    c->call.usage = u.usage;
    c->call.cost  = b.actual;
    if (b.actual != DD_PUSD_UNKNOWN && dd_money_add(x->spent, b.actual, &sum) == DD_OK)
        x->spent = sum;
}

static dd_str words(exchange *x, consultation *c)
{
    dd_jspan d = { .n = 0 };
    if (c->status < 200 || c->status > 299 || c->body.over || dd_jspan_parse(&d, x->h->arena, dd_buf_str(&c->body), NULL) != DD_OK)
        return DD_STR("");
    pay(x, c, &d);
    if (c->to == DD_DIALECT_MESSAGES)
        return dd_jspan_text(&d, dd_jspan_member(&d, dd_jspan_item(&d, dd_jspan_member(&d, 0, "content", NULL), 0), "text", NULL), x->h->arena);
    uint32_t choice = dd_jspan_item(&d, dd_jspan_member(&d, 0, "choices", NULL), 0);
    return dd_jspan_text(&d, dd_jspan_member(&d, dd_jspan_member(&d, choice, "message", NULL), "content", NULL), x->h->arena);
}

static dd_error_class class_of(const consultation *c, dd_call_end end)
{
    static const dd_error_class classes[] = {
        [DD_CALL_OK] = DD_EC_NONE,          [DD_CALL_CONNECT] = DD_EC_CONNECT,         [DD_CALL_RESET] = DD_EC_RESET,
        [DD_CALL_TIMEOUT_CONNECT] = DD_EC_TIMEOUT, [DD_CALL_TIMEOUT_FIRST] = DD_EC_TIMEOUT, [DD_CALL_TIMEOUT_IDLE] = DD_EC_TIMEOUT,
        [DD_CALL_TIMEOUT_TOTAL] = DD_EC_TIMEOUT,   [DD_CALL_PROTOCOL] = DD_EC_UPSTREAM,     [DD_CALL_CANCELLED] = DD_EC_ABORTED,
    };
    return end == DD_CALL_OK && c->status >= 400 ? settle_class(c->status) : classes[end];
}

/* What it took and cost is the request's; the event has it apart. */
static void note(consultation *c, dd_error_class error)
{
    exchange *x      = c->x;
    c->call.error    = error;
    c->call.total_us = (dd_mono_now().ns - c->start_ns) / 1000;
    dd_avec_push(x->h->arena, &x->asides, c->call);
}

static void on_done(void *ctx, dd_call_end end, const char *why)
{
    consultation *c = ctx;
    exchange     *x = c->x;
    (void)why;
    x->call     = NULL;
    dd_str said = end == DD_CALL_OK ? dd_arena_dup(x->h->arena, dd_str_trim(words(x, c))) : DD_STR("");
    note(c, class_of(c, end));
    x->consultation = NULL;
    dd_buf_free(&c->body);
    c->done(x, said);
}

/* Its client left meanwhile. */
void consult_drop(exchange *x)
{
    consultation *c = x->consultation;
    if (!c)
        return;
    note(c, DD_EC_ABORTED);
    dd_buf_free(&c->body);
    x->consultation = NULL;
}
/* The same short body for both APIs, but for where the instruction stands. */
static dd_str make_body(exchange *x, const consultation *c, const consult_ask *ask)
{
    dd_buf  out   = DD_BUF_INIT(0);
    dd_json j     = DD_JSON_INIT(&out, 0);
    bool    apart = c->to == DD_DIALECT_MESSAGES;
    dd_json_open(&j, '{');
    dd_json_key(&j, "model");
    dd_json_str(&j, c->decision.model);
    dd_json_key(&j, "max_tokens");
    dd_json_i64(&j, CONSULT_TOKENS);
    if (apart) {
        dd_json_key(&j, "system");
        dd_json_strz(&j, ask->instruction);
    }
    dd_json_key(&j, "messages");
    dd_json_open(&j, '[');
    for (int i = apart; i < 2; i++) {
        dd_json_open(&j, '{');
        dd_json_key(&j, "role");
        dd_json_strz(&j, i ? "user" : "system");
        dd_json_key(&j, "content");
        dd_json_str(&j, i ? ask->text : dd_str_z(ask->instruction));
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_str body = dd_arena_dup(x->h->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return body;
}

/* A key's list of models and a spent budget bind here, too: the model reads the prompt, and costs. */
bool consult_may(const exchange *x, dd_str model, dd_decision *d)
{
    const dd_caller *c = &x->caller;
    if (!model.len)
        return false;
    dd_decide(&x->s->policy, x->s->prices, model, d, NULL);
    if (d->verdict != DD_DECIDED)
        return false;
    const dd_policy_provider *p = &x->s->policy.providers[d->provider];
    if (x->only_local && !p->free && !p->local)
        return false;
    return dd_policy_allows(c->models, c->n_models, model) ||
           dd_policy_allows(c->models, c->n_models, dd_arena_printf(x->h->arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(p->name), DD_STR_ARG(d->model)));
}

bool consult_start(exchange *x, const consult_ask *ask)
{
    consultation *c = dd_new(x->h->arena, consultation);
    *c              = (consultation){ .x = x, .body = DD_BUF_INIT(ANSWER_MOST), .done = ask->done, .start_ns = dd_mono_now().ns };
    if (!consult_may(x, ask->model, &c->decision))
        return false;
    dd_provider *p   = &x->s->providers[c->decision.provider];
    dd_buf       url = DD_BUF_INIT(16 << 10);
    dd_header    headers[3] = { { DD_STR("content-type"), DD_STR("application/json") } };
    dd_err       err = DD_ERR_INIT;
    c->to = p->kind->family == DD_FAMILY_ANTHROPIC ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT;
    const dd_provider_key *key = dd_provider_pick(p, x->w->picks++);
    size_t n = 1 + dd_provider_auth(p, key ? key->value : DD_STR(""), x->h->arena, headers + 1);
    dd_provider_url(p, c->to == DD_DIALECT_MESSAGES ? DD_STR("/messages") : DD_STR("/chat/completions"), c->decision.model, DD_STR(""), &url);
    dd_call_opts o = { .method = "POST", .url = dd_buf_z(&url), .headers = headers, .n_headers = n, .body = make_body(x, c, ask),
                       .connect_ms = p->connect_ms, .first_ms = ask->timeout_ms, .total_ms = ask->timeout_ms, .insecure = p->insecure, .head = on_head,
                       .data = on_data, .done = on_done, .ctx = c };
    c->call = (dd_attempt){ .provider = p->name, .model = c->decision.model, .start_us = (c->start_ns - x->h->started.ns) / 1000, .first_us = -1,
                            .usage = { -1, -1, -1, -1, -1 }, .cost = DD_PUSD_UNKNOWN, .purpose = ask->purpose };
    x->call = dd_client_start(x->w->client, &o, &err);
    dd_buf_free(&url);
    if (!x->call)
        return false;
    x->consultation = c;
    exchange_move(x, EX_await_answer);
    return true;
}
