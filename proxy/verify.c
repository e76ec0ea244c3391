/* proxy/verify.c - a cascade's last check, when the route names a verifier: another model says whether the answer will do.
 *
 * The verifier gets the request's text and the answer's and says yes or no. What it costs is the request's. A verifier that fails, or says neither, lets the answer
 * pass: it is there to save money, not to lose answers. */
#include "base/json.h"
#include "proxy/exchange.h"

typedef struct {
    exchange   *x;
    dd_decision decision;
    dd_dialect  to;
    int         status;
    dd_buf      body;
} verification;

enum { TEXT_MOST = 24 << 10, ANSWER_MOST = 1 << 20, TIMEOUT_MS = 10000, VERDICT_TOKENS = 16 };

static const char instruction[] =
    "You check the work of an assistant. You get a request and the assistant's answer. Say YES if the answer does what the request asks for, completely and without "
    "mistakes that you can see; otherwise say NO. Say nothing else.";

static void on_head(void *ctx, int status, const dd_header *headers, size_t n)
{
    (void)headers;
    (void)n;
    ((verification *)ctx)->status = status;
}

static bool on_data(void *ctx, dd_str bytes)
{
    dd_buf_add(&((verification *)ctx)->body, bytes);
    return true;
}

/* Adds what asking cost. */
static void pay(exchange *x, const verification *v, const dd_jspan *d)
{
    dd_usage_report u    = { 0 };
    dd_stop         stop = DD_STOP_NONE;
    dd_usage_read(v->to, d, &u, &stop);
    if (!u.reported)
        return;
    dd_bill b = dd_decision_bill(&x->s->policy, &v->decision, &u.usage, dd_day_of((dd_wall){ worker_wall_ms(x->w) / 1000 }));
    dd_pusd sum;
    if (b.actual != DD_PUSD_UNKNOWN && dd_money_add(x->spent, b.actual, &sum) == DD_OK)
        x->spent = sum;
}

static bool says_no(exchange *x, verification *v)
{
    dd_jspan d = { .n = 0 };
    if (v->status < 200 || v->status > 299 || v->body.over || dd_jspan_parse(&d, x->h->arena, dd_buf_str(&v->body), NULL) != DD_OK)
        return false;
    pay(x, v, &d);
    uint32_t text = v->to == DD_DIALECT_MESSAGES
                  ? dd_jspan_member(&d, dd_jspan_item(&d, dd_jspan_member(&d, 0, "content", NULL), 0), "text", NULL)
                  : dd_jspan_member(&d, dd_jspan_member(&d, dd_jspan_item(&d, dd_jspan_member(&d, 0, "choices", NULL), 0), "message", NULL), "content", NULL);
    return dd_str_eq_nocase(dd_str_sub(dd_str_trim(dd_jspan_text(&d, text, x->h->arena)), 0, 2), DD_STR("no"));
}

static void on_done(void *ctx, dd_call_end end, const char *why)
{
    verification *v = ctx;
    exchange     *x = v->x;
    (void)why;
    x->call = NULL;
    bool no = end == DD_CALL_OK && says_no(x, v);
    dd_buf_free(&v->body);
    x->verification = NULL;
    x->verified     = true;
    x->usage_source = DD_USAGE_NONE;     /* reckoned anew, with what asking cost */
    if (no)
        check_reject(x);
    else
        deliver_whole(x);
}

void verify_drop(exchange *x)
{
    verification *v = x->verification;
    if (v)
        dd_buf_free(&v->body);
    x->verification = NULL;
}

static dd_str make_body(exchange *x, const verification *v, dd_str request, dd_str answer)
{
    dd_buf  out = DD_BUF_INIT(0), text = DD_BUF_INIT(0);
    dd_json j   = DD_JSON_INIT(&out, 0);
    dd_buf_printf(&text, "<request>\n" DD_STR_FMT "\n</request>\n<answer>\n" DD_STR_FMT "\n</answer>",
                  DD_STR_ARG(dd_str_sub(request, request.len > TEXT_MOST ? request.len - TEXT_MOST : 0, request.len)), DD_STR_ARG(dd_str_sub(answer, 0, TEXT_MOST)));
    dd_json_open(&j, '{');
    dd_json_key(&j, "model");
    dd_json_str(&j, v->decision.model);
    dd_json_key(&j, "max_tokens");
    dd_json_i64(&j, VERDICT_TOKENS);
    if (v->to == DD_DIALECT_MESSAGES) {
        dd_json_key(&j, "system");
        dd_json_strz(&j, instruction);
    }
    dd_json_key(&j, "messages");
    dd_json_open(&j, '[');
    for (int i = v->to == DD_DIALECT_MESSAGES; i < 2; i++) {
        dd_json_open(&j, '{');
        dd_json_key(&j, "role");
        dd_json_strz(&j, i ? "user" : "system");
        dd_json_key(&j, "content");
        dd_json_str(&j, i ? dd_buf_str(&text) : DD_STR(instruction));
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_str body = dd_arena_dup(x->h->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    dd_buf_free(&text);
    return body;
}

/* A key's list of models and a spent budget bind here, too: the verifier reads the prompt, and costs. */
static bool may_ask(exchange *x, dd_decision *d)
{
    const dd_caller *c = &x->caller;
    if (!x->plan.verifier.len)
        return false;
    dd_decide(&x->s->policy, x->s->prices, x->plan.verifier, d, NULL);
    if (d->verdict != DD_DECIDED)
        return false;
    const dd_policy_provider *p = &x->s->policy.providers[d->provider];
    if (x->only_local && !p->free && !p->local)
        return false;
    return dd_policy_allows(c->models, c->n_models, x->plan.verifier) ||
           dd_policy_allows(c->models, c->n_models, dd_arena_printf(x->h->arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(p->name), DD_STR_ARG(d->model)));
}

dd_pusd verify_at_most(exchange *x)
{
    enum { INSTRUCTION = 80, BYTES_A_TOKEN = 3 };
    dd_decision d;
    int64_t     most = TEXT_MOST / BYTES_A_TOKEN, asked = x->asked.input_tokens, cap = x->asked.max_tokens >= 0 ? x->asked.max_tokens : x->plan.expected_output;
    if (!may_ask(x, &d) || x->s->policy.providers[d.provider].free || !d.used.price)
        return 0;
    int64_t input = INSTRUCTION + (asked >= 0 && asked < most ? asked : most) + (cap >= 0 && cap < most ? cap : most);
    dd_pusd one   = dd_budget_estimate(d.used.price, input, VERDICT_TOKENS, VERDICT_TOKENS, dd_day_of((dd_wall){ x->asked.time_s }));
    return one == DD_PUSD_UNKNOWN ? 0 : one;
}

bool verify_start(exchange *x, dd_str answer)
{
    verification *v = dd_new(x->h->arena, verification);
    *v              = (verification){ .x = x, .body = DD_BUF_INIT(ANSWER_MOST) };
    if (!may_ask(x, &v->decision))
        return false;
    dd_provider *p   = &x->s->providers[v->decision.provider];
    dd_buf       url = DD_BUF_INIT(16 << 10), request = DD_BUF_INIT(256 << 10);
    dd_header    headers[3] = { { DD_STR("content-type"), DD_STR("application/json") } };
    dd_err       err = DD_ERR_INIT;
    v->to = p->kind->family == DD_FAMILY_ANTHROPIC ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT;
    weigh_text(x, &request);
    dd_str body = make_body(x, v, dd_buf_str(&request), answer);
    dd_buf_free(&request);
    const dd_provider_key *key = dd_provider_pick(p, x->w->picks++);
    size_t n = 1 + dd_provider_auth(p, key ? key->value : DD_STR(""), x->h->arena, headers + 1);
    dd_provider_url(p, v->to == DD_DIALECT_MESSAGES ? DD_STR("/messages") : DD_STR("/chat/completions"), v->decision.model, DD_STR(""), &url);
    dd_call_opts o = { .method = "POST", .url = dd_buf_z(&url), .headers = headers, .n_headers = n, .body = body, .connect_ms = p->connect_ms,
                       .first_ms = TIMEOUT_MS, .total_ms = TIMEOUT_MS, .insecure = p->insecure, .head = on_head, .data = on_data, .done = on_done, .ctx = v };
    x->call = dd_client_start(x->w->client, &o, &err);
    dd_buf_free(&url);
    if (!x->call)
        return false;
    x->verification = v;
    exchange_move(x, EX_await_answer);
    return true;
}
