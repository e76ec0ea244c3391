/* report/board_overview.c - what is going on, on one screen: what was saved, rates with curves, who spends, how providers and budgets stand. */
#include "report/board_parts.h"

#include <math.h>

/* --- what was saved --- */

static dd_str asides(dd_canvas *c)
{
    return dd_arena_printf(c->a, DD_STR_FMT " today · " DD_STR_FMT " this month", DD_STR_ARG(dd_board_money(c->a, c->b->saved_today)),
                           DD_STR_ARG(dd_board_money(c->a, c->b->saved_month)));
}

/* Dearer models than those that were asked for may have answered. */
static bool is_lost(const dd_canvas *c) { return c->b->saved_week != DD_PUSD_UNKNOWN && c->b->saved_week < 0; }
static dd_str week(dd_canvas *c) { return dd_board_money(c->a, is_lost(c) ? -c->b->saved_week : c->b->saved_week); }
static const char *verb(const dd_canvas *c) { return is_lost(c) ? "You lost " : "You saved "; }

static int saved_line(dd_canvas *c, dd_area at)
{
    int x = dd_canvas_textz(c, at.x, at.y, at.w, DD_ROLE_TEXT, verb(c));
    x     = dd_canvas_text(c, x, at.y, at.w, is_lost(c) ? DD_ROLE_WARN : DD_ROLE_SAVING, week(c));
    x     = dd_canvas_textz(c, x, at.y, at.w, DD_ROLE_TEXT, " this week");
    dd_canvas_end(c, at.x + at.w, at.y, at.x + at.w - x - 2, DD_ROLE_DIM, asides(c));
    return 2;
}

static int saved_big(dd_canvas *c, dd_area at)
{
    if (c->v->ascii || c->b->saved_week == DD_PUSD_UNKNOWN)
        return saved_line(c, at);
    int x = dd_canvas_textz(c, at.x, at.y + 1, at.w, DD_ROLE_TEXT, verb(c));
    x += dd_canvas_big(c, x, at.y, is_lost(c) ? DD_ROLE_WARN : DD_ROLE_SAVING, week(c), true);
    dd_canvas_textz(c, x, at.y + 1, at.w, DD_ROLE_TEXT, " this week");
    dd_canvas_end(c, at.x + at.w, at.y + 1, at.x + at.w - x - 12, DD_ROLE_DIM, asides(c));
    return 4;
}

/* --- figures: the same four, as lines or as cards --- */

typedef struct {
    const char     *title;
    dd_str          now, unit, below, below2;
    dd_board_series curve;
    dd_role         role, now_role;
} figure;

static dd_str period_of(dd_canvas *c) { return dd_str_z(dd_board_period_name(c->b->period)); }

/* An hour has too few sums for a curve: the last minutes are shown. */
static dd_board_series curve_of(const dd_board *b, dd_board_series sums, dd_board_series live)
{
    return b->period == DD_BOARD_1H && live.n > 1 ? live : sums;
}

static figure requests(dd_canvas *c)
{
    const dd_board *b    = c->b;
    bool            live = b->link == DD_BOARD_LIVE;
    figure f = { .title = "Requests", .unit = live ? DD_STR("/s") : DD_STR(""), .curve = curve_of(b, b->requests, b->rates), .role = DD_ROLE_BAR,
                 .now_role = DD_ROLE_STRONG };
    dd_str errors = dd_board_share(c->a, b->total.errors, b->total.requests);
    f.now    = live ? dd_board_rate(c->a, b->per_second) : dd_board_number(c->a, b->total.requests);
    f.below  = live ? dd_arena_printf(c->a, DD_STR_FMT " in " DD_STR_FMT, DD_STR_ARG(dd_board_number(c->a, b->total.requests)), DD_STR_ARG(period_of(c)))
                    : dd_arena_printf(c->a, "in " DD_STR_FMT, DD_STR_ARG(period_of(c)));
    f.below2 = dd_arena_printf(c->a, "errors " DD_STR_FMT, DD_STR_ARG(errors));
    return f;
}

static figure spend(dd_canvas *c)
{
    const dd_board *b    = c->b;
    dd_board_row    sums = { .now = b->total, .before = b->before };
    dd_role         role;
    bool            live = b->link == DD_BOARD_LIVE;
    dd_str          money = dd_board_money(c->a, dd_board_cost(&b->total)), change = dd_board_change(c->a, b, &sums, &role);
    figure f = { .title = "Spend", .unit = live ? DD_STR("/h") : DD_STR(""), .curve = curve_of(b, b->cost, b->paces), .role = DD_ROLE_BAR,
                 .now_role = DD_ROLE_MONEY };
    f.now    = live ? dd_board_money(c->a, b->per_hour) : money;
    f.below  = live ? dd_arena_printf(c->a, DD_STR_FMT " in " DD_STR_FMT, DD_STR_ARG(money), DD_STR_ARG(period_of(c)))
                    : dd_arena_printf(c->a, "in " DD_STR_FMT, DD_STR_ARG(period_of(c)));
    f.below2 = b->before.requests > 0 && b->total.requests >= 0 ? dd_arena_printf(c->a, DD_STR_FMT " on before", DD_STR_ARG(change)) : DD_STR("");
    if (b->before.requests > 0 && !dd_board_comparable(b))
        f.below2 = dd_arena_printf(c->a, "%d of %d days before recorded", b->before_known, b->before_steps);
    if (b->total.unpriced > 0)
        f.below2 = dd_arena_printf(c->a, DD_STR_FMT " unpriced", DD_STR_ARG(dd_board_short(c->a, b->total.unpriced)));
    return f;
}

static figure latency(dd_canvas *c)
{
    const dd_board *b = c->b;
    figure f = { .title = "Latency", .unit = DD_STR(" p50"), .now_role = DD_ROLE_STRONG };
    f.now    = dd_fmt_took(c->a, b->latency.p50);
    f.below  = dd_arena_printf(c->a, "p95 " DD_STR_FMT " · p99 " DD_STR_FMT, DD_STR_ARG(dd_fmt_took(c->a, b->latency.p95)),
                               DD_STR_ARG(dd_fmt_took(c->a, b->latency.p99)));
    f.below2 = dd_arena_printf(c->a, "first " DD_STR_FMT, DD_STR_ARG(dd_fmt_took(c->a, b->first.p50)));
    return f;
}

static figure overhead(dd_canvas *c)
{
    const dd_board *b = c->b;
    int64_t asked = b->total.misses >= 0 ? b->total.hits + b->total.misses : b->total.requests;
    figure f = { .title = "Overhead", .unit = DD_STR(" p50"), .now_role = DD_ROLE_STRONG };
    f.now    = dd_fmt_took(c->a, b->overhead.p50);
    f.below  = dd_arena_printf(c->a, "p95 " DD_STR_FMT " · p99 " DD_STR_FMT, DD_STR_ARG(dd_fmt_took(c->a, b->overhead.p95)),
                               DD_STR_ARG(dd_fmt_took(c->a, b->overhead.p99)));
    f.below2 = dd_arena_printf(c->a, "cache " DD_STR_FMT " hits", DD_STR_ARG(dd_board_share(c->a, b->total.hits, asked)));
    return f;
}

enum { LABEL = 10, NOW = 16 };

static void line(dd_canvas *c, dd_area at, const figure *f)
{
    dd_str both = f->below2.len ? dd_arena_printf(c->a, DD_STR_FMT " · " DD_STR_FMT, DD_STR_ARG(f->below), DD_STR_ARG(f->below2)) : f->below;
    int    x = at.x + LABEL, curve = f->curve.n ? (at.w - LABEL - NOW) / 3 : 0;
    dd_canvas_textz(c, at.x, at.y, LABEL, DD_ROLE_DIM, f->title);
    x = dd_canvas_text(c, x, at.y, NOW, f->now_role, f->now);
    dd_canvas_text(c, x, at.y, NOW, DD_ROLE_DIM, f->unit);
    x = at.x + LABEL + NOW;
    dd_canvas_chart(c, (dd_area){ x, at.y, curve, 1 }, f->role, f->curve, 0);
    x += curve ? curve + 2 : 0;
    dd_canvas_text(c, x, at.y, at.x + at.w - x, DD_ROLE_DIM, both);
}

/* Latency has no curve of its own: three bars on one scale say how far the tail is from the middle. */
static void tails(dd_canvas *c, dd_area at, const dd_board_times *t)
{
    const struct { const char *name; double ms; } rows[] = { { "p50", t->p50 }, { "p95", t->p95 }, { "p99", t->p99 } };
    for (int i = 0; i < 3 && i < at.h; i++) {
        dd_canvas_textz(c, at.x, at.y + i, 4, DD_ROLE_DIM, rows[i].name);
        if (rows[i].ms >= 0 && t->p99 > 0)
            dd_canvas_bar(c, at.x + 4, at.y + i, at.w - 14, DD_ROLE_BAR, rows[i].ms / t->p99, 0);
        dd_canvas_end(c, at.x + at.w, at.y + i, 9, DD_ROLE_TEXT, dd_fmt_took(c->a, rows[i].ms));
    }
}

static void card(dd_canvas *c, dd_area at, const figure *f, const dd_board_times *t)
{
    dd_area in = dd_canvas_section(c, at, f->title, f->below2);
    int     x  = dd_canvas_text(c, in.x, in.y, in.w, f->now_role, f->now);
    x          = dd_canvas_text(c, x, in.y, in.x + in.w - x, DD_ROLE_DIM, f->unit);
    if (t) {
        tails(c, (dd_area){ in.x, in.y + 1, in.w, in.h - 1 }, t);
        return;
    }
    dd_canvas_end(c, in.x + in.w, in.y, in.x + in.w - x - 1, DD_ROLE_DIM, f->below);
    dd_canvas_chart(c, (dd_area){ in.x, in.y + 1, in.w, in.h - 1 }, f->role, f->curve, 0);
}

static int figures(dd_canvas *c, dd_area at, bool cards, int tall)
{
    const figure f[] = { requests(c), spend(c), latency(c), overhead(c) };
    if (!cards) {
        for (int i = 0; i < 4; i++)
            line(c, (dd_area){ at.x, at.y + i, at.w, 1 }, &f[i]);
        return 5;
    }
    for (int i = 0; i < 4; i++) {
        int from = at.x + (at.w + 3) * i / 4, to = at.x + (at.w + 3) * (i + 1) / 4 - 3;
        card(c, (dd_area){ from, at.y, to - from, tall }, &f[i], i < 2 ? NULL : i == 2 ? &c->b->latency : &c->b->overhead);
    }
    return tall + 1;
}

/* --- strips --- */

/* As its own breaker is, or, when that is closed and a model's is not: as if it were on trial. */
dd_str dd_board_state(const dd_board_provider *p)
{
    return p->held > 0 && !dd_str_eqz(p->breaker, "open") ? DD_STR("half_open") : p->breaker;
}

dd_role dd_board_breaker_role(dd_str s)
{
    return dd_str_eqz(s, "open") ? DD_ROLE_BAD : dd_str_eqz(s, "half_open") ? DD_ROLE_WARN : dd_str_eqz(s, "closed") ? DD_ROLE_SAVING : DD_ROLE_DIM;
}

const char *dd_board_breaker_sign(dd_str s) { return dd_str_eqz(s, "half_open") ? "◐" : dd_str_eqz(s, "closed") ? "●" : dd_str_eqz(s, "open") ? "▲"
                                              : "○"; }

/* The one model of a provider that is set aside; "": none, or several. */
static dd_str held_model(const dd_board *b, const dd_board_provider *p)
{
    for (const dd_board_provider *m = p + 1; p->held == 1 && m <= p + p->models && m < b->providers + b->n_providers; m++)
        if (!dd_str_eqz(m->breaker, "closed"))
            return m->model;
    return DD_STR("");
}

static dd_str provider_words(dd_canvas *c, const dd_board_provider *p)
{
    dd_str errors = p->error_rate >= 0 ? dd_board_share(c->a, (int64_t)(p->error_rate * 1e6), 1000000) : dd_board_share(c->a, p->period.errors,
                                                                                                                        p->period.requests);
    double ms     = p->latency_ms >= 0 ? p->latency_ms : p->period.latencies ? (double)p->period.latency_us / 1e3 / (double)p->period.latencies : -1;
    if (dd_str_eqz(p->breaker, "open"))
        return dd_arena_printf(c->a, "open · " DD_STR_FMT " errors", DD_STR_ARG(errors));
    return dd_arena_printf(c->a, DD_STR_FMT " errors · " DD_STR_FMT, DD_STR_ARG(errors), DD_STR_ARG(dd_fmt_took(c->a, ms)));
}

void dd_board_provider_strip(dd_canvas *c, dd_area at)
{
    int cell = 37, columns = at.w / cell < 1 ? 1 : at.w / cell, i = 0;
    cell = at.w / columns;
    for (size_t k = 0; k < c->b->n_providers; k++) {
        const dd_board_provider *p = &c->b->providers[k];
        int x = at.x + i % columns * cell, y = at.y + i / columns, end = x + cell - 2;
        if (p->model.len)
            continue;
        if (y >= at.y + at.h)
            return;
        bool   aside = p->held > 0 && !dd_str_eqz(p->breaker, "open");
        dd_str which = held_model(c->b, p), state = dd_board_state(p), words = provider_words(c, p);
        if (aside && which.len)
            words = dd_arena_printf(c->a, DD_STR_FMT " set aside", DD_STR_ARG(dd_fmt_fit(c->a, which, 18)));
        else if (aside)
            words = dd_arena_printf(c->a, "%d of %d models set aside", p->held, p->models);
        dd_canvas_textz(c, x, y, 1, dd_board_breaker_role(state), dd_board_breaker_sign(state));
        int room = cell - 6 - (int)dd_utf8_width(words);
        x = dd_canvas_text(c, x + 2, y, room < 6 ? 6 : room, DD_ROLE_TEXT, p->name);
        dd_canvas_end(c, end, y, end - x - 1, aside ? DD_ROLE_WARN : dd_board_breaker_role(p->breaker) == DD_ROLE_BAD ? DD_ROLE_BAD : DD_ROLE_DIM, words);
        i++;
    }
    if (!i)
        dd_canvas_none(c, at.x, at.y, at.w, "no provider was asked in this period");
}

static const dd_role outlooks[] = { DD_ROLE_BAR, DD_ROLE_BAR_SAVING, DD_ROLE_WARN, DD_ROLE_BAD };

void dd_board_budget_strip(dd_canvas *c, dd_area at)
{
    int shown = 0;
    for (size_t i = 0; i < c->b->n_budgets && shown < at.h; i++) {
        const dd_spend_account *a = &c->b->budgets[i];
        if (a->open)
            continue;
        int     name = at.w / 4 < 22 ? at.w / 4 : 22, y = at.y + shown++;
        double  part = a->limit > 0 ? ((double)a->spent + (double)a->reserved) / (double)a->limit : 1;
        bool    told = a->outlook.projection != DD_PUSD_UNKNOWN && a->limit > 0 && a->outlook.kind != DD_OUTLOOK_NONE;
        dd_str  used = dd_arena_printf(c->a, DD_STR_FMT " of " DD_STR_FMT "/%s", DD_STR_ARG(dd_board_share(c->a, a->spent + a->reserved, a->limit)),
                                       DD_STR_ARG(dd_fmt_about(c->a, a->limit)), dd_period_name(a->period));
        int     words = 24, bar = at.w - name - words - 2;
        dd_str  whose = a->shown.len ? a->shown : a->value;
        dd_canvas_text(c, at.x, y, name - 1, DD_ROLE_TEXT, whose.len ? dd_arena_printf(c->a, DD_STR_FMT " " DD_STR_FMT, DD_STR_ARG(a->name),
                                                                                       DD_STR_ARG(whose)) : a->name);
        dd_canvas_bar(c, at.x + name, y, bar, outlooks[a->outlook.kind], part, told ? (double)a->outlook.projection / (double)a->limit : 0);
        dd_canvas_text(c, at.x + name + bar + 2, y, words, a->outlook.kind >= DD_OUTLOOK_WILL_EXCEED ? outlooks[a->outlook.kind] : DD_ROLE_DIM, used);
    }
    if (!shown)
        dd_canvas_textz(c, at.x, at.y, at.w, DD_ROLE_DIM, c->b->budgets_unread ? "reading ..." : "none is set; budgets: in dd0c.yaml sets them");
}

/* --- together --- */

static int count_providers(const dd_board *b)
{
    int n = 0;
    for (size_t i = 0; i < b->n_providers; i++)
        n += b->providers[i].model.len == 0;
    return n ? n : 1;
}

static int count_budgets(const dd_board *b)
{
    int n = 0;
    for (size_t i = 0; i < b->n_budgets; i++)
        n += !b->budgets[i].open;
    return n ? n : 1;
}

/* What a strip has no room for. */
static dd_str more(dd_canvas *c, int n) { return n > 0 ? dd_arena_printf(c->a, "%d more", n) : DD_STR(""); }

static int least(int a, int b) { return a < b ? a : b; }

void dd_board_overview(dd_canvas *c, dd_area at)
{
    bool cards = at.w >= 110 && at.h >= 26;
    int  y = at.y, bottom = at.y + at.h;
    y += cards ? saved_big(c, (dd_area){ at.x, y, at.w, 3 }) : saved_line(c, (dd_area){ at.x, y, at.w, 1 });
    y += figures(c, (dd_area){ at.x, y, at.w, bottom - y }, cards, at.h >= 40 ? 7 : 5);
    int columns   = at.w / 37 < 1 ? 1 : at.w / 37;
    int providers = 1 + least((count_providers(c->b) + columns - 1) / columns, at.h / 12 + 1), budgets = 1 + least(count_budgets(c->b), at.h / 8);
    if (at.h < 18)
        budgets = 0;
    if (bottom - y < providers)
        return;
    int  map = bottom - y - providers - budgets;
    map = map < 4 ? 0 : map;
    char title[64];
    snprintf(title, sizeof title, "Spend by %s", dd_board_by_name(c->b->top_by));
    if (map)
        dd_canvas_map(c, dd_canvas_section(c, (dd_area){ at.x, y, at.w, map }, title, period_of(c)), c->b->top, c->b->n_top, true);
    y += map;
    dd_board_provider_strip(c, dd_canvas_section(c, (dd_area){ at.x, y, at.w, providers }, "Providers",
                                                 more(c, count_providers(c->b) - (providers - 1) * columns)));
    y += providers;
    if (budgets && y + budgets <= bottom)
        dd_board_budget_strip(c, dd_canvas_section(c, (dd_area){ at.x, y, at.w, budgets }, "Budgets", more(c, count_budgets(c->b) - (budgets - 1))));
}
