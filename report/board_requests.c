/* report/board_requests.c - the latest requests, and the keys. */
#include "report/board_parts.h"

enum { WIDE = 110 };

static dd_str tokens(dd_arena *a, const dd_usage *u)
{
    const int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h };
    int64_t in = 0;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        in += parts[i] > 0 ? parts[i] : 0;
    if (u->input < 0 && u->output < 0)
        return DD_STR("-");
    dd_str to = u->output < 0 ? DD_STR("?") : dd_fmt_tokens(a, u->output);
    return dd_arena_printf(a, DD_STR_FMT ">" DD_STR_FMT, DD_STR_ARG(dd_fmt_tokens(a, in)), DD_STR_ARG(to));
}

/* "gpt-4o > gpt-4o-mini" where another answered than was asked for. */
static void models(dd_canvas *c, int x, int y, int w, const dd_event *e)
{
    dd_str used = e->used_model.len ? e->used_model : e->requested_model, asked = e->requested_model;
    if (!used.len)
        used = e->endpoint.len ? dd_arena_printf(c->a, "(" DD_STR_FMT ")", DD_STR_ARG(e->endpoint)) : DD_STR("-");
    dd_str name = e->provider.len && w > 40 ? dd_arena_printf(c->a, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(e->provider), DD_STR_ARG(used)) : used;
    int    end = x + w;
    x = dd_canvas_text(c, x, y, w, DD_ROLE_MODEL, name);
    if (asked.len && !dd_str_eq(asked, used) && !dd_str_eq(asked, name))
        dd_canvas_text(c, x + 1, y, end - x - 1, DD_ROLE_DIM, dd_arena_printf(c->a, "for " DD_STR_FMT, DD_STR_ARG(asked)));
}

static dd_role status_role(const dd_event *e) { return e->status >= 500 || e->status == 0 ? DD_ROLE_BAD : e->status >= 400 ? DD_ROLE_WARN
                                                : DD_ROLE_TEXT; }

typedef struct { int models, labels; bool saved; } layout;
enum { CLOCK = 8, STATUS = 4, TOKENS = 12, COST = 10, SAVED = 10, TOOK = 9 };

static layout place(int w)
{
    layout l    = { .saved = w >= 96 };
    int    rest = w - 2 - CLOCK - 1 - STATUS - 1 - TOKENS - 1 - COST - 1 - TOOK - 2 - (l.saved ? SAVED + 1 : 0);
    l.models    = w >= WIDE ? rest * 6 / 10 : rest - (rest >= 34 ? 14 : 0);
    l.labels    = rest - l.models - 2;
    return l;
}

static dd_str labels(dd_canvas *c, const dd_event *e)
{
    const struct { const char *name; dd_str value; } all[] = { { "", e->feature }, { "", e->team }, { "cache ", dd_str_eqz(e->cache, "hit")
                                                                                                      ? e->cache : DD_STR("") } };
    dd_buf b = DD_BUF_INIT(0);
    if (e->error != DD_EC_NONE)
        dd_buf_addz(&b, dd_error_class_name(e->error));
    for (size_t i = 0; i < DD_COUNT(all); i++)
        if (all[i].value.len)
            dd_buf_printf(&b, "%s%s" DD_STR_FMT, b.len ? " · " : "", all[i].name, DD_STR_ARG(all[i].value));
    dd_str s = dd_arena_dup(c->a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static void request(dd_canvas *c, dd_area at, const layout *l, const dd_event *e)
{
    int x = at.x + 2, y = at.y;
    dd_canvas_text(c, x, y, CLOCK, DD_ROLE_DIM, dd_fmt_clock(c->a, e->time_ms, c->b->offset_s));
    x += CLOCK + 1;
    dd_canvas_end(c, x + STATUS - 1, y, STATUS - 1, status_role(e), e->status ? dd_arena_printf(c->a, "%d", e->status) : DD_STR("-"));
    x += STATUS + 1;
    models(c, x, y, l->models, e);
    x += l->models + 1 + TOKENS;
    dd_canvas_end(c, x, y, TOKENS, DD_ROLE_DIM, tokens(c->a, &e->usage));
    x += 1 + COST;
    dd_canvas_end(c, x, y, COST, e->cost_actual == DD_PUSD_UNKNOWN ? DD_ROLE_DIM : DD_ROLE_MONEY, dd_board_money(c->a, e->cost_actual));
    if (l->saved) {
        x += 1 + SAVED;
        dd_canvas_end(c, x, y, SAVED, e->cost_saved > 0 ? DD_ROLE_SAVING : DD_ROLE_DIM, dd_board_money(c->a, e->cost_saved));
    }
    x += 1 + TOOK;
    dd_canvas_end(c, x, y, TOOK, DD_ROLE_TEXT, dd_fmt_took(c->a, e->total_us < 0 ? -1 : (double)e->total_us / 1e3));
    dd_canvas_text(c, x + 2, y, l->labels, e->error != DD_EC_NONE ? DD_ROLE_WARN : DD_ROLE_DIM, labels(c, e));
}

static void titles(dd_canvas *c, dd_area at, const layout *l)
{
    int x = at.x + 2;
    dd_canvas_textz(c, x, at.y, CLOCK, DD_ROLE_DIM, "time");
    x += CLOCK + 1 + STATUS + 1;
    dd_canvas_textz(c, x, at.y, l->models, DD_ROLE_DIM, "model");
    x += l->models + 1 + TOKENS;
    dd_canvas_end(c, x, at.y, TOKENS, DD_ROLE_DIM, DD_STR("in>out"));
    dd_canvas_end(c, x += 1 + COST, at.y, COST, DD_ROLE_DIM, DD_STR("cost"));
    if (l->saved)
        dd_canvas_end(c, x += 1 + SAVED, at.y, SAVED, DD_ROLE_DIM, DD_STR("saved"));
    dd_canvas_end(c, x += 1 + TOOK, at.y, TOOK, DD_ROLE_DIM, DD_STR("took"));
    dd_canvas_textz(c, x + 2, at.y, l->labels, DD_ROLE_DIM, "feature, team");
}

void dd_board_requests(dd_canvas *c, dd_area at)
{
    int64_t n = (int64_t)c->b->n_events, picked = c->v->selected[DD_BOARD_REQUESTS];
    dd_str  note = c->v->filter[0] ? dd_arena_printf(c->a, "only %s", c->v->filter) : dd_arena_printf(c->a, "%s%lld", c->b->more ? "newest " : "",
                                                                                                      (long long)n);
    layout  l    = place(at.w);
    at = dd_canvas_section(c, at, "Latest requests", note);
    titles(c, at, &l);
    int64_t room = at.h - 1, first = dd_board_first(n, picked, room);
    for (int64_t i = 0; i < room && first + i < n; i++) {
        int y = at.y + 1 + (int)i;
        dd_canvas_click(c, DD_HIT_ROW, first + i);
        dd_canvas_blank(c, at.x, y, at.w, DD_ROLE_TEXT);
        request(c, (dd_area){ at.x, y, at.w, 1 }, &l, &c->b->events[first + i]);
        if (first + i == picked)
            dd_canvas_mark(c, at.x, y, at.w);
        dd_canvas_click(c, DD_HIT_NONE, 0);
    }
    if (!n)
        dd_canvas_none(c, at.x + 2, at.y + 1, at.w - 2, c->v->filter[0] ? "no request is like that" : "no requests yet");
}

/* --- help --- */

static const struct { const char *key, *what; } helps[] = {
    { "", "Screens" },
    { "1 - 5, Tab", "a screen, the next one" },
    { "p, P", "look back further: 1h 24h 7d 30d 90d; less far" },
    { "space", "hold still, and go on" },
    { "?", "this help" },
    { "q, Ctrl-C", "leave; Ctrl-Z: for a while; Ctrl-L: draw anew" },
    { "", "Lists" },
    { "arrows, j k", "up and down; PgUp, PgDn, Home, End, g, G" },
    { "Enter", "look into: a spender, a request" },
    { "Esc, Backspace", "back" },
    { "", "Spend" },
    { "left, right, h l", "by team, feature, model, call site, provider, key, route" },
    { "s, S", "sort by cost, calls, saved, change, name" },
    { "/", "only names that hold a word" },
    { "", "Requests" },
    { "/", "filter as dd0c tail does: model=gpt-4o* cost>0.01 status>=400" },
    { "n, N", "the older, the newer request, while one is looked into" },
    { "mouse", "click tabs, rows, tiles, heads of columns; the wheel scrolls" },
};

void dd_board_help(dd_canvas *c, dd_area at)
{
    int y = at.y - (int)c->v->scroll;
    for (size_t i = 0; i < DD_COUNT(helps); i++, y++) {
        if (y < at.y || y >= at.y + at.h)
            continue;
        if (!*helps[i].key) {
            dd_canvas_section(c, (dd_area){ at.x, y, at.w > 76 ? 76 : at.w, 1 }, helps[i].what, DD_STR(""));
            continue;
        }
        dd_canvas_textz(c, at.x + 2, y, 17, DD_ROLE_KEY, helps[i].key);
        dd_canvas_textz(c, at.x + 20, y, at.w - 20, DD_ROLE_TEXT, helps[i].what);
    }
}
