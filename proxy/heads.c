/* proxy/heads.c - the head of what a client gets: ours, and what of the provider's goes on. */
#include <assert.h>

#include "proxy/exchange.h"

static header_list list_in(exchange *x, dd_arena *arena, size_t more)
{
    enum { OURS = 28 };   /* more than any answer adds: 8 of head_ours, 3 for CORS, 6 of budgets and limits, 2 of money, what its caller has */
    size_t room = x->n_headers + OURS + more;
    return (header_list){ .v = dd_newn(arena, dd_header, room), .room = room };
}

header_list head_new(exchange *x, size_t more) { return list_in(x, x->h->arena, more); }

header_list head_brief(exchange *x) { return list_in(x, &x->w->scratch, 0); }

void head_add(header_list *l, const char *name, dd_str value)
{
    if (!value.len)
        return;
    assert(l->n < l->room);
    l->v[l->n++] = (dd_header){ dd_str_z(name), value };
}

void head_cors(header_list *l, exchange *x)
{
    dd_str origin = dd_http_header(x->h, "origin");
    for (size_t i = 0; origin.len && i < x->s->n_cors; i++) {
        bool all = dd_str_eqz(x->s->cors_origins[i], "*");
        if (all || dd_str_eq(x->s->cors_origins[i], origin)) {
            head_add(l, "access-control-allow-origin", all ? DD_STR("*") : origin);
            head_add(l, "access-control-expose-headers", DD_STR("*"));
            if (!all)
                head_add(l, "vary", DD_STR("Origin"));
            return;
        }
    }
}

void head_money(header_list *l, exchange *x, const char *name, dd_pusd money)
{
    dd_buf b = DD_BUF_INIT(64);
    if (money == DD_PUSD_UNKNOWN)
        return;
    dd_money_json(money, &b);
    head_add(l, name, dd_arena_dup(x->h->arena, dd_buf_str(&b)));
    dd_buf_free(&b);
}

static void add_drops(header_list *l, exchange *x)
{
    dd_buf b = DD_BUF_INIT(1024);
    if (!x->drops.n)
        return;
    for (size_t i = 0; i < x->drops.n && b.len < 900; i++)
        for (size_t k = 0; k <= x->drops.v[i].len; k++) {
            char c = k < x->drops.v[i].len ? x->drops.v[i].ptr[k] : ',';
            if (k == x->drops.v[i].len && i + 1 == x->drops.n)
                break;
            dd_buf_addc(&b, c > ' ' && c < 127 ? c : '?');   /* a member's name is the client's text */
        }
    head_add(l, "x-dd0c-dropped", dd_arena_dup(x->h->arena, dd_buf_str(&b)));
    dd_buf_free(&b);
}

static dd_str number(exchange *x, int64_t n)
{
    enum { DIGITS = 20 };
    char    *text = dd_arena_alloc(x->h->arena, DIGITS);
    size_t   at   = DIGITS;
    uint64_t left = n < 0 ? 0 : (uint64_t)n;
    do
        text[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    return (dd_str){ text + at, DIGITS - at };
}

static void add_budget(header_list *l, exchange *x)
{
    dd_header more[8];
    for (size_t i = 0, n = spend_headers(x, more); i < n; i++)
        head_add(l, more[i].name.ptr, more[i].value);
}

void head_ours(header_list *l, exchange *x)
{
    head_add(l, "x-dd0c-request-id", x->id_text[0] ? dd_str_z(x->id_text) : DD_STR(""));
    if (x->provider) {
        head_add(l, "x-dd0c-provider", x->provider->name);
        head_add(l, "x-dd0c-model", x->ep.kind == EP_GENERATE ? x->decision.model : DD_STR(""));
        head_add(l, "x-dd0c-strategy", dd_str_z(settle_strategy(x)));
        head_add(l, "x-dd0c-cache", dd_str_z(x->cache_word ? x->cache_word : "off"));
    }
    if (x->plan.route)
        head_add(l, "x-dd0c-route", x->plan.route->name);
    if (x->plan.panic)
        head_add(l, "x-dd0c-panic", DD_STR("active"));
    if (x->attempts.n)
        head_add(l, "x-dd0c-fallbacks", attempt_others(x));
    if (x->n_accounts && x->status < 400)
        add_budget(l, x);
    add_drops(l, x);
    head_cors(l, x);
    if (x->call_at) {
        int64_t now = dd_mono_now().ns, up = (x->last_at ? x->last_at : now) - x->call_at;
        head_add(l, "x-dd0c-overhead-us", number(x, (now - x->h->started.ns - up) / 1000));
    }
}

/* Of one connection only, or of a body that we may have changed. */
static bool passes_down(dd_str name, bool same_body)
{
    static const char *const kept_back[] = { "connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer",
                                             "transfer-encoding", "upgrade", "content-length", "date",
                                             "content-encoding", "set-cookie", "alt-svc", "strict-transport-security" };
    for (size_t i = 0; i < DD_COUNT(kept_back); i++)
        if (dd_str_eqz(name, kept_back[i]))
            return false;
    return (same_body || !dd_str_eqz(name, "content-type")) && !dd_str_startsz(name, "access-control-") && !dd_str_startsz(name, "x-dd0c-");
}

/* Some providers repeat what they were sent. A value that is shorter than any key holds none. */
static dd_str without_keys(exchange *x, dd_str value)
{
    enum { SHORTEST = 16 };
    return value.len < SHORTEST && value.len < x->up_key.len ? value : settle_redacted(x, value);
}

void head_theirs(header_list *l, exchange *x, bool same_body)
{
    for (size_t i = 0; i < x->n_headers; i++)
        if (x->headers[i].value.len && passes_down(x->headers[i].name, same_body))
            l->v[l->n++] = (dd_header){ x->headers[i].name, without_keys(x, x->headers[i].value) };   /* room for all of them was made */
}
