/* report/board_inspect.c - one request: who decided what and why, what else could have answered, what it cost, where its time went. Never its text. */
#include "base/json.h"
#include "report/board_parts.h"
#include "report/trace.h"

enum { TALL = 160, LABEL = 16 };

typedef struct { dd_canvas *c; dd_area at; int y; } pad;   /* y: the next row that is free */

static bool room(const pad *p) { return p->y < p->at.y + p->at.h; }

static void heading(pad *p, const char *title, dd_str note)
{
    if (p->y > p->at.y)
        p->y++;
    if (room(p))
        dd_canvas_section(p->c, (dd_area){ p->at.x, p->y++, p->at.w, 1 }, title, note);
}

static void entry(pad *p, const char *name, dd_role role, dd_str text)
{
    if (!text.len || !room(p))
        return;
    dd_canvas_textz(p->c, p->at.x, p->y, LABEL, DD_ROLE_DIM, name);
    p->y += dd_canvas_wrap(p->c, (dd_area){ p->at.x + LABEL, p->y, p->at.w - LABEL, p->at.y + p->at.h - p->y }, role, text);
}

static dd_str or_dash(dd_str s) { return s.len ? s : DD_STR("-"); }

/* The names of a JSON array of strings, joined. */
static dd_str names_of(dd_canvas *c, dd_str json)
{
    dd_buf b    = DD_BUF_INIT(0);
    cJSON *list = json.len ? dd_json_parse(json, "rules", NULL) : NULL;
    const cJSON *item;
    for (item = list ? list->child : NULL; item; item = item->next)
        if (cJSON_IsString(item))
            dd_buf_printf(&b, "%s%s", b.len ? ", " : "", item->valuestring);
    dd_str s = dd_arena_dup(c->a, dd_buf_str(&b));
    cJSON_Delete(list);
    dd_buf_free(&b);
    return s;
}

static void decision(pad *p, const dd_event *e)
{
    dd_arena *a = p->c->a;
    dd_str asked = or_dash(e->requested_model), used = or_dash(e->used_model);
    heading(p, "Decision", dd_str_z(e->fallback ? "a fallback answered or was tried" : ""));
    entry(p, "asked for", DD_ROLE_TEXT, asked);
    entry(p, "selected", DD_ROLE_MODEL, e->provider.len ? dd_arena_printf(a, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(e->provider), DD_STR_ARG(used))
          : used);
    entry(p, "route", DD_ROLE_TEXT, e->route);
    entry(p, "strategy", DD_ROLE_TEXT, e->strategy);
    entry(p, "passed over", DD_ROLE_DIM, names_of(p->c, e->rules));
    entry(p, "task", DD_ROLE_TEXT, e->task);
    if (e->complexity.len)
        entry(p, "complexity", DD_ROLE_TEXT, e->score >= 0 ? dd_arena_printf(a, DD_STR_FMT " (%.2f)", DD_STR_ARG(e->complexity), e->score)
              : e->complexity);
    entry(p, "cache", DD_ROLE_TEXT, e->cache);
    entry(p, "budget", DD_ROLE_WARN, e->budget);
    entry(p, "left out", DD_ROLE_WARN, e->dropped);
    if (e->error != DD_EC_NONE)
        entry(p, "error", DD_ROLE_BAD, dd_str_z(dd_error_class_name(e->error)));
    entry(p, "finish", DD_ROLE_TEXT, e->finish_reason);
}

static void alternatives(pad *p, const dd_event *e)
{
    dd_considered *all;
    size_t         n    = dd_considered_read(e, p->c->a, &all);
    int            name = p->at.w / 3;
    if (n)
        heading(p, "Alternatives", DD_STR("expected cost, and why or why not"));
    for (size_t i = 0; i < n && room(p); i++, p->y++) {
        dd_canvas_text(p->c, p->at.x, p->y, name, DD_ROLE_MODEL, all[i].model);
        dd_canvas_end(p->c, p->at.x + name + 12, p->y, 11, DD_ROLE_TEXT, dd_board_money(p->c->a, all[i].cost));
        dd_canvas_text(p->c, p->at.x + name + 14, p->y, p->at.w - name - 14, DD_ROLE_DIM, all[i].why);
    }
}

static dd_str count(dd_arena *a, const char *name, int64_t n)
{
    return n > 0 ? dd_arena_printf(a, " · " DD_STR_FMT " %s", DD_STR_ARG(dd_fmt_count(a, n)), name) : DD_STR("");
}

static void money(pad *p, const dd_event *e)
{
    dd_arena *a = p->c->a;
    heading(p, "Cost", DD_STR(""));
    entry(p, "as asked for", DD_ROLE_TEXT, dd_board_money(a, e->cost_original));
    entry(p, "actual", DD_ROLE_MONEY, e->cost_actual == DD_PUSD_UNKNOWN ? DD_STR("not known") : dd_fmt_money(a, e->cost_actual));
    dd_str share = e->cost_saved > 0 ? dd_fmt_percent(a, e->cost_saved, e->cost_original) : DD_STR("");
    dd_str saved = dd_board_money(a, e->cost_saved);
    if (share.len)
        saved = dd_arena_printf(a, DD_STR_FMT " (" DD_STR_FMT ")", DD_STR_ARG(saved), DD_STR_ARG(share));
    entry(p, "saved", e->cost_saved > 0 ? DD_ROLE_SAVING : DD_ROLE_DIM, saved);
    if (e->usage.input >= 0 || e->usage.output >= 0) {
        int64_t minutes = e->usage.cache_write, hour = e->usage.cache_write_1h, written = (minutes > 0 ? minutes : 0) + (hour > 0 ? hour : 0);
        dd_str parts[] = { count(a, "input", e->usage.input), count(a, "from the prompt cache", e->usage.cache_read),
                           count(a, "to the prompt cache", written),
                           count(a, "output", e->usage.output), count(a, "reasoning", e->reasoning_tokens) };
        dd_buf b = DD_BUF_INIT(0);
        for (size_t i = 0; i < DD_COUNT(parts); i++)
            dd_buf_add(&b, parts[i]);
        dd_str s = dd_arena_dup(a, dd_buf_str(&b));
        entry(p, "tokens", DD_ROLE_TEXT, s.len ? dd_str_sub(s, sizeof " · " - 1, s.len) : DD_STR("0"));
        dd_buf_free(&b);
    }
}

static void attempts(pad *p, const dd_event *e)
{
    dd_arena *a = p->c->a;
    if (e->n_attempts)
        heading(p, "Attempts", DD_STR(""));
    for (size_t i = 0; i < e->n_attempts && room(p); i++, p->y++) {
        const dd_attempt *t = &e->attempts[i];
        bool bad = t->error != DD_EC_NONE;
        int  x = p->at.x, name = p->at.w / 3;
        dd_canvas_text(p->c, x, p->y, 3, DD_ROLE_DIM, dd_arena_printf(a, "%zu", i + 1));
        dd_str who = dd_arena_printf(a, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(t->provider), DD_STR_ARG(t->model));
        dd_canvas_text(p->c, x + 3, p->y, name - 3, DD_ROLE_MODEL, who);
        dd_canvas_end(p->c, x + name + 12, p->y, 11, DD_ROLE_TEXT, dd_board_money(a, t->cost));
        dd_str took   = dd_board_ms(a, t->total_us < 0 ? -1 : (double)t->total_us / 1e3);
        dd_str first  = dd_board_ms(a, t->first_us < 0 ? -1 : (double)t->first_us / 1e3);
        dd_str status = t->status ? dd_arena_printf(a, "%d", t->status) : DD_STR("no answer");
        dd_canvas_text(p->c, x + name + 14, p->y, p->at.w - name - 14, bad ? DD_ROLE_BAD : DD_ROLE_DIM,
                       dd_arena_printf(a, DD_STR_FMT " · first " DD_STR_FMT " · took " DD_STR_FMT "%s%s", DD_STR_ARG(status),
                                       DD_STR_ARG(first), DD_STR_ARG(took), bad ? " · " : "", bad ? dd_error_class_name(t->error) : ""));
    }
}

static int depth_of(const dd_trace *t, size_t i)
{
    int depth = 0;
    for (int up = t->spans[i].parent; up >= 0 && up < (int)i && depth < 8; up = t->spans[up].parent)
        depth++;
    return depth;
}

static void waterfall(pad *p, const dd_trace *t, int64_t total_us)
{
    dd_arena *a = p->c->a;
    int name = p->at.w / 3 < 24 ? 24 : p->at.w / 3 > 40 ? 40 : p->at.w / 3, bar = p->at.w - name - 12;
    heading(p, "Timings", DD_STR(""));
    for (size_t i = 0; i < t->n_spans && room(p); i++, p->y++) {
        const dd_span *s = &t->spans[i];
        int indent = 2 * depth_of(t, i);
        dd_canvas_text(p->c, p->at.x + indent, p->y, name - indent - 1, s->error.len ? DD_ROLE_BAD : DD_ROLE_TEXT, s->name);
        dd_canvas_end(p->c, p->at.x + p->at.w, p->y, 10, DD_ROLE_DIM, dd_board_ms(a, s->duration_us < 0 ? -1 : (double)s->duration_us / 1e3));
        if (s->duration_us < 0 || total_us <= 0)
            continue;
        double scale = bar / (double)total_us;
        int    from = (int)((double)s->start_us * scale), to = (int)((double)(s->start_us + s->duration_us) * scale + 0.5);
        from = from < 0 ? 0 : from >= bar ? bar - 1 : from;
        to   = to <= from ? from + 1 : to > bar ? bar : to;
        bool        thin = to - from == 1 && (double)s->duration_us * scale < 0.5;
        const char *sign = p->c->v->ascii ? (thin ? "|" : "#") : thin ? "▏" : "█";
        dd_role     role = s->error.len ? DD_ROLE_BAD : s->client ? DD_ROLE_BAR_SAVING : DD_ROLE_BAR;
        dd_grid_fill(p->c->g, (size_t)p->y, p->at.x + name + from, p->at.x + name + to, role, sign);
    }
}

static void times(pad *p, const dd_event *e)
{
    const struct { const char *name; int64_t us; } all[] = { { "whole", e->total_us }, { "first token", e->first_us }, { "queue", e->queue_us },
                                                             { "overhead", e->overhead_us } };
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < DD_COUNT(all); i++)
        if (all[i].us >= 0)
            dd_buf_printf(&b, "%s%s " DD_STR_FMT, b.len ? " · " : "", all[i].name, DD_STR_ARG(dd_board_ms(p->c->a, (double)all[i].us / 1e3)));
    if (b.len && room(p))
        dd_canvas_text(p->c, p->at.x, p->y++, p->at.w, DD_ROLE_DIM, dd_arena_dup(p->c->a, dd_buf_str(&b)));
    dd_buf_free(&b);
}

static void who(pad *p, const dd_event *e)
{
    const struct { const char *name; dd_str value; } all[] = { { "feature", e->feature }, { "team", e->team }, { "user", e->user },
        { "key", e->key_id },
        { "environment", e->env }, { "call site", e->call_site }, { "endpoint", e->endpoint }, { "trace", e->trace_id } };
    heading(p, "Caller", DD_STR(""));
    for (size_t i = 0; i < DD_COUNT(all); i++)
        entry(p, all[i].name, DD_ROLE_TEXT, all[i].value);
}

static void whole(pad *p, const dd_event *e, const dd_trace *t)
{
    char id[20], time[25];
    dd_event_spell(e->id, id);
    dd_event_time(e->time_ms, time);
    dd_role role = e->status >= 500 || e->status == 0 ? DD_ROLE_BAD : e->status >= 400 ? DD_ROLE_WARN : DD_ROLE_SAVING;
    int x = dd_canvas_textz(p->c, p->at.x, p->y, p->at.w, DD_ROLE_STRONG, id);
    x = dd_canvas_text(p->c, x + 2, p->y, p->at.w, role, dd_arena_printf(p->c->a, "%d", e->status));
    dd_canvas_end(p->c, p->at.x + p->at.w, p->y, p->at.x + p->at.w - x - 2, DD_ROLE_DIM, dd_str_z(time));
    p->y++;
    times(p, e);
    if (p->at.w >= 150) {   /* side by side */
        int half = p->at.w / 2 - 2;
        pad left = { p->c, { p->at.x, p->at.y, half, p->at.h }, p->y }, right = { p->c, { p->at.x + half + 4, p->at.y, half, p->at.h }, p->y };
        decision(&left, e);
        who(&left, e);
        alternatives(&right, e);
        money(&right, e);
        attempts(&right, e);
        p->y = left.y > right.y ? left.y : right.y;
    } else {
        decision(p, e);
        alternatives(p, e);
        money(p, e);
        attempts(p, e);
    }
    if (t)
        waterfall(p, t, e->total_us);
    if (p->at.w < 150)
        who(p, e);
}

void dd_board_inspect(dd_canvas *c, dd_area at)
{
    dd_grid   tall;
    dd_canvas on = { &tall, c->b, c->v, c->a };
    pad       p  = { &on, { at.x, 0, at.w, TALL }, 0 };
    if (!c->b->event || c->b->event->id != c->v->inspect) {
        dd_canvas_textz(c, at.x, at.y + 1, at.w, DD_ROLE_DIM, "looking ...");
        return;
    }
    dd_grid_init(&tall, c->g->width);
    for (int i = 0; i < TALL; i++)
        dd_grid_row(&tall);
    whole(&p, c->b->event, c->b->trace);
    int64_t most = p.y - at.h, from = c->v->scroll > most ? most : c->v->scroll;
    from = from < 0 ? 0 : from;
    for (int y = 0; y < at.h && from + y < p.y && from + y < TALL; y++)
        memcpy(c->g->cells + (size_t)(at.y + y) * (size_t)c->g->width, tall.cells + (size_t)(from + y) * (size_t)c->g->width,
               (size_t)c->g->width * sizeof *tall.cells);
    if (from < most)
        dd_canvas_textz(c, at.x + at.w - 7, at.y + at.h - 1, 7, DD_ROLE_DIM, " more ▾");
    dd_grid_fini(&tall);
}
