/* report/board_tables.c - how providers and budgets stand. */
#include "report/board_parts.h"

/* --- providers --- */

typedef struct { const char *name; int width; } head;
static const head provider_heads[] = { { "state", 10 }, { "errors", 7 }, { "latency", 8 }, { "first", 8 }, { "under way", 9 }, { "calls", 7 },
                                       { "cost", 9 } };

static dd_str state_of(dd_canvas *c, const dd_board_provider *p)
{
    static const struct { const char *breaker, *word; } words[] = { { "closed", "closed" }, { "open", "open" }, { "half_open", "trying" } };
    if (p->held > 0 && dd_str_eqz(p->breaker, "closed"))
        return dd_arena_printf(c->a, "%d/%d open", p->held, p->models);
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eqz(p->breaker, words[i].breaker))
            return dd_str_z(words[i].word);
    return DD_STR("-");
}

static void provider(dd_canvas *c, dd_area at, int name, const dd_board_provider *p, size_t columns)
{
    bool    alone = p->model.len == 0;
    dd_str  state = dd_board_state(p);
    dd_role role  = dd_board_breaker_role(state);
    double  ms    = p->latency_ms >= 0 ? p->latency_ms : p->period.latencies ? (double)p->period.latency_us / 1e3 / (double)p->period.latencies : -1;
    dd_str  errors = p->error_rate >= 0 ? dd_board_share(c->a, (int64_t)(p->error_rate * 1e6), 1000000) : dd_board_share(c->a, p->period.errors,
                                                                                                                         p->period.requests);
    const struct { dd_role role; dd_str text; } cells[] = {
        { role, state_of(c, p) },
        { p->error_rate > 0.05 ? DD_ROLE_WARN : DD_ROLE_TEXT, errors },
        { DD_ROLE_TEXT, dd_fmt_took(c->a, ms) },
        { DD_ROLE_TEXT, dd_fmt_took(c->a, p->first_ms) },
        { DD_ROLE_TEXT, p->under_way < 0 ? DD_STR("-") : dd_fmt_count(c->a, p->under_way) },
        { DD_ROLE_TEXT, alone ? dd_board_short(c->a, p->period.requests) : dd_board_short(c->a, p->requests) },
        { DD_ROLE_MONEY, alone && p->period.requests ? dd_board_money(c->a, dd_board_cost(&p->period)) : DD_STR("-") },
    };
    int end = at.x + 2 + name;
    if (alone)
        dd_canvas_textz(c, at.x + 2, at.y, 1, role, dd_board_breaker_sign(state));
    dd_canvas_text(c, at.x + (alone ? 4 : 6), at.y, name - (alone ? 2 : 4), alone ? DD_ROLE_STRONG : DD_ROLE_MODEL, alone ? p->name : p->model);
    for (size_t i = 0; i < columns; i++)
        dd_canvas_end(c, end += provider_heads[i].width + 1, at.y, provider_heads[i].width, cells[i].role, cells[i].text);
}

void dd_board_providers(dd_canvas *c, dd_area at)
{
    int64_t n = (int64_t)c->b->n_providers, picked = c->v->selected[DD_BOARD_PROVIDERS];
    size_t  columns = 0;
    int     name = at.w - 2, end;
    while (columns < DD_COUNT(provider_heads) && name - provider_heads[columns].width - 1 >= 20)
        name -= provider_heads[columns++].width + 1;
    name = name > 50 ? 50 : name;
    dd_str note = c->b->link == DD_BOARD_LIVE ? dd_arena_printf(c->a, "state and latency now, calls and cost of %s",
                                                                dd_board_period_name(c->b->period))
                                              : dd_arena_printf(c->a, "of %s; breakers are told by a running proxy",
                                                                dd_board_period_name(c->b->period));
    at  = dd_canvas_section(c, at, "Providers", note);
    end = at.x + 2 + name;
    dd_canvas_textz(c, at.x + 2, at.y, name, DD_ROLE_DIM, "provider, model");
    for (size_t i = 0; i < columns; i++)
        dd_canvas_end(c, end += provider_heads[i].width + 1, at.y, provider_heads[i].width, DD_ROLE_DIM, dd_str_z(provider_heads[i].name));
    int64_t room = at.h - 1, first = dd_board_first(n, picked, room);
    for (int64_t i = 0; i < room && first + i < n; i++) {
        int y = at.y + 1 + (int)i;
        dd_canvas_click(c, DD_HIT_ROW, first + i);
        dd_canvas_blank(c, at.x, y, at.w, DD_ROLE_TEXT);
        provider(c, (dd_area){ at.x, y, at.w, 1 }, name, &c->b->providers[first + i], columns);
        if (first + i == picked)
            dd_canvas_mark(c, at.x, y, at.w);
        dd_canvas_click(c, DD_HIT_NONE, 0);
    }
    if (!n)
        dd_canvas_none(c, at.x + 2, at.y + 1, at.w - 2, "no provider was asked in this period");
}

/* --- budgets --- */

static const struct { dd_role text, bar; } looks[] = {
    [DD_OUTLOOK_NONE]        = { DD_ROLE_DIM, DD_ROLE_BAR },
    [DD_OUTLOOK_HOLDS]       = { DD_ROLE_SAVING, DD_ROLE_BAR_SAVING },
    [DD_OUTLOOK_WILL_EXCEED] = { DD_ROLE_WARN, DD_ROLE_WARN },
    [DD_OUTLOOK_EXCEEDED]    = { DD_ROLE_BAD, DD_ROLE_BAD },
};

/* The scale goes to the limit, or past it as far as a bar of this width can tell. */
static void meter(dd_canvas *c, int x, int y, int w, const dd_spend_account *a)
{
    double part = a->limit > 0 ? ((double)a->spent + (double)a->reserved) / (double)a->limit : a->spent > 0 ? 1 : 0;
    double ends = a->outlook.kind != DD_OUTLOOK_NONE && a->outlook.projection != DD_PUSD_UNKNOWN && a->limit > 0
        ? (double)a->outlook.projection / (double)a->limit : part;
    double most = ends > part ? ends : part, scale = most <= 1 ? 1 : most < 1.5 ? most : 1.5;
    dd_canvas_bar(c, x, y, w, looks[a->outlook.kind].bar, part / scale, ends / scale);
    if (scale > 1)   /* where the limit is */
        dd_canvas_textz(c, x + (int)(w / scale), y, 1, DD_ROLE_STRONG, "│");
}

static void budget(dd_canvas *c, dd_area at, const dd_spend_account *a, int64_t index)
{
    dd_str who = dd_spend_who(c->a, a), of, left = DD_STR("");
    of = dd_arena_printf(c->a, DD_STR_FMT " of " DD_STR_FMT "/%s", DD_STR_ARG(a->open ? DD_STR("$0") : dd_fmt_money(c->a, a->spent)),
                         DD_STR_ARG(dd_fmt_money(c->a, a->limit)), dd_period_name(a->period));
    int64_t s = a->to_s - c->b->now_ms / 1000;
    if (a->to_s != INT64_MAX && !a->open && s > 0)
        left = s < 172800 ? dd_arena_printf(c->a, "%lld h left", (long long)((s + 3599) / 3600)) : dd_arena_printf(c->a, "%lld days left",
                                                                                                                   (long long)(s / 86400));
    int end = at.x + at.w, name = at.w / 3;
    dd_canvas_click(c, DD_HIT_ROW, index);
    dd_canvas_blank(c, at.x, at.y, at.w, DD_ROLE_TEXT);
    int x = dd_canvas_text(c, at.x + 2, at.y, name, DD_ROLE_STRONG, a->name), money = (int)dd_utf8_width(of);
    dd_canvas_end(c, end, at.y, 12, DD_ROLE_DIM, left);
    dd_canvas_end(c, end - 14, at.y, money, DD_ROLE_MONEY, of);
    dd_canvas_text(c, x + 2, at.y, end - 16 - money - x - 2, DD_ROLE_DIM, who);
    if (index == c->v->selected[DD_BOARD_BUDGETS])
        dd_canvas_mark(c, at.x, at.y, at.w);
    dd_canvas_click(c, DD_HIT_NONE, 0);
    meter(c, at.x + 2, at.y + 1, at.w - 9, a);
    dd_canvas_end(c, end, at.y + 1, 6, looks[a->outlook.kind].text, a->open ? DD_STR("") : dd_board_share(c->a, a->spent + a->reserved, a->limit));
    dd_canvas_text(c, at.x + 2, at.y + 2, at.w - 2, looks[a->outlook.kind].text, dd_spend_verdict(c->a, a));
}

void dd_board_budgets(dd_canvas *c, dd_area at)
{
    int64_t n = (int64_t)c->b->n_budgets;
    at = dd_canvas_section(c, at, "Budgets", n ? dd_str_z(c->v->ascii ? "# spent  + at this pace" : "█ spent  ░ at this pace") : DD_STR(""));
    int     each = at.h >= 4 * n ? 4 : 3;
    int64_t room = at.h / each < 1 ? 1 : at.h / each, first = dd_board_first(n, c->v->selected[DD_BOARD_BUDGETS], room);
    for (int64_t i = 0; i < room && first + i < n; i++)
        budget(c, (dd_area){ at.x, at.y + (int)i * each, at.w, 3 }, &c->b->budgets[first + i], first + i);
    static const char none[] = "No budget is set. Write one into dd0c.yaml, for all requests or for each key, team, feature, user or model: "
                               "docs/budgets.md says how.";
    if (!n)
        dd_canvas_wrap(c, (dd_area){ at.x + 2, at.y + 1, at.w - 4, at.h - 1 }, DD_ROLE_DIM,
                       c->b->budgets_unread ? DD_STR("reading ...") : DD_STR(none));
}
