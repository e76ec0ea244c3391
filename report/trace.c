/* The tree: a row a span, its bar where it was on the way from the request's start to its end. Below it the decision, the attempts, whose it was. */
#include "report/trace.h"

#include "base/json.h"
#include "report/format.h"
#include "report/sheet.h"

enum { TOOK = 9 /* columns of a duration */, LEAST_BAR = 10 };

typedef struct {
    dd_sheet        v;
    dd_arena       *a;
    const dd_event *e;
    const dd_trace *t;
    int32_t         offset_s;
} view;

static dd_str took(dd_arena *a, int64_t us) { return dd_fmt_took(a, us < 0 ? -1 : (double)us / 1e3); }

static dd_str full_model(dd_arena *a, dd_str provider, dd_str model)
{
    if (!provider.len || !model.len)
        return provider.len ? provider : model;
    return dd_arena_printf(a, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(provider), DD_STR_ARG(model));
}

/* ---- the headline ---- */

/* "gpt-4o -> openai/gpt-4o-mini"; what asks for no model is named by its endpoint. */
static dd_str from_to(view *w)
{
    const dd_event *e    = w->e;
    dd_str          used = e->provider.len || e->used_model.len ? full_model(w->a, e->provider, e->used_model) : DD_STR("");
    if (!e->requested_model.len)
        return used.len ? used : e->endpoint;
    if (!used.len || dd_str_eq(e->requested_model, used) || dd_str_eq(e->requested_model, e->used_model))
        return used.len ? used : e->requested_model;
    return dd_arena_printf(w->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(e->requested_model), dd_sheet_arrow(&w->v), DD_STR_ARG(used));
}

static dd_str money_part(view *w)
{
    const dd_event *e = w->e;
    dd_buf          b = DD_BUF_INIT(256);
    if (e->cost_actual != DD_PUSD_UNKNOWN)
        dd_buf_printf(&b, " · " DD_STR_FMT, DD_STR_ARG(dd_fmt_money(w->a, e->cost_actual)));
    if (e->cost_saved != DD_PUSD_UNKNOWN && e->cost_saved > 0) {
        dd_str share = dd_fmt_percent(w->a, e->cost_saved, e->cost_original);
        dd_buf_printf(&b, " · saved " DD_STR_FMT, DD_STR_ARG(dd_fmt_money(w->a, e->cost_saved)));
        if (share.len)
            dd_buf_printf(&b, " (" DD_STR_FMT ")", DD_STR_ARG(share));
    }
    dd_str s = dd_arena_dup(w->a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static void headline(view *w)
{
    const dd_event *e = w->e;
    dd_sheet       *v = &w->v;
    char            id[20];
    dd_str          time = dd_fmt_moment(w->a, e->time_ms, w->offset_s);
    dd_event_spell(e->id, id);
    size_t r   = dd_sheet_row(v);
    int    col = dd_grid_putz(&v->g, r, v->left, DD_ROLE_STRONG, id);
    if (v->right - col > (int)dd_utf8_width(time) + 1)
        dd_grid_put_end(&v->g, r, v->right, DD_ROLE_DIM, time);
    r   = dd_sheet_row(v);
    col = dd_grid_put(&v->g, r, v->left, e->error == DD_EC_NONE ? DD_ROLE_SAVING : DD_ROLE_BAD, dd_arena_printf(w->a, "%d", e->status));
    if (e->error != DD_EC_NONE)
        col = dd_grid_put(&v->g, r, col + 1, DD_ROLE_BAD, dd_str_z(dd_error_class_name(e->error)));
    dd_sheet_wrap(v, r, col + 1, v->left, v->right, DD_ROLE_TEXT,
                  dd_arena_printf(w->a, DD_STR_FMT " · " DD_STR_FMT DD_STR_FMT, DD_STR_ARG(from_to(w)), DD_STR_ARG(took(w->a, e->total_us)),
                                  DD_STR_ARG(money_part(w))));
}

/* ---- the tree ---- */

static const dd_attempt *attempt_of(const view *w, size_t span)
{
    size_t n = 0;
    for (size_t i = 0; i < span; i++)
        n += w->t->spans[i].kind == DD_SPAN_ATTEMPT;
    return n < w->e->n_attempts ? &w->e->attempts[n] : NULL;
}

/* "verify", "classify". */
static dd_str aside_word(const dd_span *s)
{
    for (size_t i = 0; i < s->n_attrs; i++)
        if (strcmp(s->attrs[i].name, "dd0c.purpose") == 0)
            return s->attrs[i].text;
    return DD_STR("");
}

/* What stands behind a span's name. */
static dd_str detail(view *w, size_t i)
{
    const dd_span    *s = &w->t->spans[i];
    const dd_attempt *a = s->kind == DD_SPAN_ATTEMPT ? attempt_of(w, i) : NULL;
    if (a && a->status > 0)
        return dd_arena_printf(w->a, s->error.len ? "%d " DD_STR_FMT : "%d", a->status, DD_STR_ARG(s->error));
    if (s->kind == DD_SPAN_REQUEST)
        return DD_STR("");
    if (s->kind == DD_SPAN_ASIDE)
        return dd_arena_printf(w->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(aside_word(s)), s->error.len ? ", " : "", DD_STR_ARG(s->error));
    return s->error.len ? s->error : s->kind == DD_SPAN_CACHE ? w->e->cache : DD_STR("");
}

static dd_role bar_role(const dd_span *s)
{
    if (s->error.len && s->kind != DD_SPAN_REQUEST)
        return DD_ROLE_BAD;
    return s->kind == DD_SPAN_REQUEST ? DD_ROLE_DIM : s->client ? DD_ROLE_BAR_SAVING : DD_ROLE_BAR;
}

/* From its start to its end; the part of an attempt until its head came is hatched. */
static void bar(view *w, size_t r, int col, int width, size_t i)
{
    const dd_span    *s     = &w->t->spans[i];
    const dd_attempt *a     = s->kind == DD_SPAN_ATTEMPT ? attempt_of(w, i) : NULL;
    double            whole = (double)w->t->spans[0].duration_us;
    if (whole <= 0 || s->duration_us < 0)
        return;
    int from = (int)((double)s->start_us / whole * width);
    from     = from >= width ? width - 1 : from;
    dd_sheet_bar(&w->v, r, col + from, width - from, bar_role(s), (double)s->duration_us / whole * width / (width - from));
    if (s->duration_us == 0)
        dd_sheet_bar(&w->v, r, col + from, width - from, bar_role(s), 1e-9);
    if (!a || a->first_us <= a->start_us)
        return;
    int first = (int)((double)(a->first_us < s->start_us + s->duration_us ? a->first_us : s->start_us + s->duration_us) / whole * width);
    dd_grid_fill(&w->v.g, r, col + from, col + first, bar_role(s), "░");
}

static const char *branch(const view *w, size_t i) { return i == 0 ? "" : i + 1 < w->t->n_spans ? "├ " : "└ "; }

static int name_width(view *w, int most)
{
    int widest = 0;
    for (size_t i = 0; i < w->t->n_spans; i++) {
        dd_str more = detail(w, i);
        int    n    = (i ? 2 : 0) + (int)dd_utf8_width(w->t->spans[i].name) + (more.len ? 1 + (int)dd_utf8_width(more) : 0);
        widest = n > widest ? n : widest;
    }
    return widest < most ? widest : most;
}

static void tree(view *w)
{
    dd_sheet *v    = &w->v;
    int       room = v->right - v->left, least = room / 3 > LEAST_BAR ? room / 3 : LEAST_BAR;
    int       names = name_width(w, v->narrow ? room - TOOK - 1 : room - TOOK - 3 - least);
    bool      bars = room - names - TOOK - 3 >= LEAST_BAR;
    dd_sheet_heading(v, "Time", w->e->n_attempts && bars ? DD_STR("░ waits, █ answers") : DD_STR(""));
    for (size_t i = 0; i < w->t->n_spans; i++) {
        const dd_span *s    = &w->t->spans[i];
        size_t         r    = dd_sheet_row(v);
        dd_str         more = detail(w, i);
        int            col  = dd_grid_putz(&v->g, r, v->left, DD_ROLE_RULE, branch(w, i));
        int            left = v->left + names - col - (more.len ? 1 + (int)dd_utf8_width(more) : 0);
        col = dd_grid_put(&v->g, r, col, i ? DD_ROLE_TEXT : DD_ROLE_STRONG, dd_fmt_fit(w->a, s->name, left > 6 ? left : 6));
        if (col < v->left + names)
            dd_grid_put(&v->g, r, col + 1, s->error.len ? DD_ROLE_BAD : DD_ROLE_DIM, dd_fmt_fit(w->a, more, v->left + names - col - 1));
        col = v->left + names + 1 + TOOK;
        dd_grid_put_end(&v->g, r, col, s->duration_us < 0 ? DD_ROLE_DIM : DD_ROLE_TEXT, took(w->a, s->duration_us));
        if (bars)
            bar(w, r, col + 2, v->right - col - 2, i);
    }
}

/* ---- the decision ---- */

static void entry(view *w, const char *label, dd_str text)
{
    if (text.len)
        dd_sheet_entry(&w->v, label, DD_ROLE_TEXT, text);
}

/* The strings of a JSON array, with commas. */
static dd_str listed(view *w, dd_str json)
{
    cJSON *list = dd_json_parse(json, "rules", NULL), *item;
    dd_buf b    = DD_BUF_INIT(4096);
    cJSON_ArrayForEach(item, list)
        if (cJSON_IsString(item))
            dd_buf_printf(&b, "%s%s", b.len ? ", " : "", item->valuestring);
    dd_str s = dd_arena_dup(w->a, dd_buf_str(&b));
    dd_buf_free(&b);
    cJSON_Delete(list);
    return s;
}

/* Names of the configuration and of events, for whoever never read docs/routing.md. */
static dd_str strategy(view *w)
{
    static const struct { const char *name, *words; } all[] = {
        { "passthrough", "the model that was asked for, or the first of the rule's that can" },
        { "alias", "what the name that was asked for stands for" },
        { "cheapest", "the least expected cost of those that will do" },
        { "quality-first", "the best by public evidence for this kind of task" },
        { "cascading", "the cheapest first, the next when its answer fails a check" },
        { "score", "the best score of cost, latency and fit" },
        { "weighted", "a share of requests for each model" },
        { "latency", "the quickest of late" },
        { "complexity", "by how hard the request is" },
        { "cache", "an answer that was kept" },
        { "dev", "what stands in while developing" },
    };
    for (size_t i = 0; i < DD_COUNT(all); i++)
        if (dd_str_eqz(w->e->strategy, all[i].name) && !(i == 0 && !w->e->route.len))
            return dd_arena_printf(w->a, "%s: %s", all[i].name, all[i].words);
    return dd_str_eqz(w->e->strategy, "passthrough") ? DD_STR("none: the model that was asked for") : w->e->strategy;
}

static dd_str task(view *w)
{
    const dd_event *e = w->e;
    dd_buf          b = DD_BUF_INIT(256);
    dd_buf_add(&b, e->task);
    if (e->complexity.len)
        dd_buf_printf(&b, "%s" DD_STR_FMT " complexity", b.len ? ", " : "", DD_STR_ARG(e->complexity));
    if (e->complexity.len && e->score >= 0)
        dd_buf_printf(&b, " (%.2f)", e->score);
    dd_str s = dd_arena_dup(w->a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

/* R10.4's cost delta, in words. */
static dd_str delta(view *w)
{
    const dd_event *e = w->e;
    dd_pusd d = dd_money_less(e->cost_actual, e->cost_original);
    if (d == DD_PUSD_UNKNOWN || !e->requested_model.len)
        return DD_STR("");
    if (dd_str_eqz(e->cache, "hit") && d < 0)
        return dd_arena_printf(w->a, DD_STR_FMT " less than asking again", DD_STR_ARG(dd_fmt_money(w->a, -d)));
    if (d == 0)   /* who asked nobody paid nothing, whatever the model */
        return e->n_attempts ? DD_STR("as the requested model") : DD_STR("");
    return dd_arena_printf(w->a, DD_STR_FMT " %s than " DD_STR_FMT ": " DD_STR_FMT " instead of " DD_STR_FMT,
                           DD_STR_ARG(dd_fmt_money(w->a, d < 0 ? -d : d)),
                           d < 0 ? "less" : "more", DD_STR_ARG(e->requested_model), DD_STR_ARG(dd_fmt_money(w->a, e->cost_actual)),
                           DD_STR_ARG(dd_fmt_money(w->a, e->cost_original)));
}

static dd_str member(dd_arena *a, const cJSON *o, const char *name)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsString(m) ? dd_arena_dupz(a, m->valuestring) : DD_STR("");
}

/* A model that was compared when it was decided: what it was expected to cost, and why it stands there. */
typedef struct { dd_str model, why; dd_pusd cost; } alternative;

static size_t read_considered(const dd_event *e, dd_arena *a, alternative **out)
{
    cJSON *list = e->considered.len ? dd_json_parse(e->considered, "models", NULL) : NULL, *item;
    size_t n    = 0;
    *out        = dd_newn(a, alternative, (size_t)cJSON_GetArraySize(list) + 1);
    cJSON_ArrayForEach(item, list) {
        const cJSON  *cost = cJSON_GetObjectItemCaseSensitive(item, "cost");
        bool          known = cJSON_IsNumber(cost) && cost->valuedouble >= 0 && cost->valuedouble < 9e6;   /* dd_pusd ends at 9.2 million */
        alternative c = { member(a, item, "model"), member(a, item, "why"),
                            known ? (dd_pusd)(cost->valuedouble * (double)DD_PUSD_PER_USD + 0.5) : DD_PUSD_UNKNOWN };
        if (c.model.len)
            (*out)[n++] = c;
    }
    cJSON_Delete(list);
    return n;
}

static dd_str expected_cost(view *w, const alternative *c) { return c->cost == DD_PUSD_UNKNOWN ? DD_STR("") : dd_fmt_money(w->a, c->cost); }

static void draw_alternative(view *w, const alternative *c, int name, int cost)
{
    dd_sheet *v    = &w->v;
    size_t    r    = dd_sheet_row(v);
    int       col  = v->left + name + 2 + cost;
    int       hang = v->narrow ? v->left + 2 : col + 2;
    dd_grid_put(&v->g, r, v->left, DD_ROLE_MODEL, dd_fmt_fit(w->a, c->model, name));
    dd_grid_put_end(&v->g, r, col, DD_ROLE_MONEY, expected_cost(w, c));
    dd_sheet_wrap(v, v->narrow ? r + 1 : r, hang, hang, v->right, DD_ROLE_DIM, c->why);
}

/* The models that were compared, a row each: name, what it was expected to cost, why it stands there. */
static void considered(view *w)
{
    dd_sheet      *v = &w->v;
    alternative   *all;
    size_t         n    = read_considered(w->e, w->a, &all);
    int            name = 0, cost = 0;
    for (size_t i = 0; i < n; i++) {
        int columns = (int)dd_utf8_width(all[i].model), c = (int)dd_utf8_width(expected_cost(w, &all[i]));
        name = columns > name ? columns : name;
        cost = c > cost ? c : cost;
    }
    int most = v->narrow ? v->right - v->left - cost - 2 : (v->right - v->left) / 2;
    name     = name > most ? most : name;
    if (name)
        dd_sheet_heading(v, "Compared", DD_STR("expected cost, and why it stands there"));
    for (size_t i = 0; i < n; i++)
        draw_alternative(w, &all[i], name, cost);
}

static bool is_decided(const dd_event *e) { return e->strategy.len || e->route.len || e->rules.len || e->budget.len; }

static void decision(view *w)
{
    const dd_event *e = w->e;
    if (!is_decided(e))
        return;
    dd_sheet_heading(&w->v, "Decision", DD_STR(""));
    entry(w, "Rule", e->route);
    entry(w, "Strategy", strategy(w));
    if (e->rules.len)
        entry(w, "Not held", listed(w, e->rules));
    entry(w, "Asked for", e->requested_model);
    if (e->used_model.len)
        dd_sheet_entry(&w->v, "Taken", DD_ROLE_MODEL, full_model(w->a, e->provider, e->used_model));
    entry(w, "Task", task(w));
    dd_str cost = delta(w);
    if (cost.len)
        dd_sheet_entry(&w->v, "Cost", e->cost_actual < e->cost_original ? DD_ROLE_SAVING : DD_ROLE_TEXT, cost);
    if (e->budget.len)
        entry(w, "Budget", dd_arena_printf(w->a, "%s: " DD_STR_FMT, e->error == DD_EC_BUDGET ? "its limit is reached" : "near its limit, or past it",
                                           DD_STR_ARG(e->budget)));
    entry(w, "Cache", e->cache);
    entry(w, "Dropped", e->dropped);
    considered(w);
}

/* ---- attempts, and whose it was ---- */

static void add_tokens(view *w, dd_buf *b, const dd_usage *u)
{
    const int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h };
    int64_t       in = 0, out = u->output > 0 ? u->output : 0, kept = 0;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        in += parts[i] > 0 ? parts[i] : 0;
    kept = (u->cache_write > 0 ? u->cache_write : 0) + (u->cache_write_1h > 0 ? u->cache_write_1h : 0);
    if (u->input < 0 && u->output < 0)
        return;
    dd_buf_printf(b, " · " DD_STR_FMT " tokens in", DD_STR_ARG(dd_fmt_count(w->a, in)));
    if (u->cache_read > 0 || kept > 0)
        dd_buf_printf(b, " (prompt cache: " DD_STR_FMT " read, " DD_STR_FMT " written)",
                      DD_STR_ARG(dd_fmt_count(w->a, u->cache_read > 0 ? u->cache_read : 0)),
                      DD_STR_ARG(dd_fmt_count(w->a, kept)));
    dd_buf_printf(b, ", " DD_STR_FMT " out", DD_STR_ARG(dd_fmt_count(w->a, out)));
}

static void call(view *w, const dd_attempt *a, dd_str label)
{
    dd_sheet         *v   = &w->v;
    size_t            r   = dd_sheet_row(v);
    dd_buf            b   = DD_BUF_INIT(1024);
    int               col = dd_grid_put(&v->g, r, v->left, DD_ROLE_DIM, label);
    col = dd_grid_put(&v->g, r, col, DD_ROLE_MODEL, dd_fmt_fit(w->a, full_model(w->a, a->provider, a->model), v->right - col));
    if (a->error != DD_EC_NONE)
        dd_buf_printf(&b, "%s", dd_error_class_name(a->error));
    if (a->status > 0)
        dd_buf_printf(&b, "%s%d", b.len ? " " : "", a->status);
    bool   bad  = a->error != DD_EC_NONE || a->status >= 400;
    dd_str what = dd_arena_dup(w->a, dd_buf_str(&b));
    if (col + 2 + (int)dd_utf8_width(what) <= v->right)
        dd_grid_put(&v->g, r, col + 1, bad ? DD_ROLE_BAD : DD_ROLE_SAVING, what);
    dd_buf_clear(&b);
    dd_buf_printf(&b, "at " DD_STR_FMT ", took " DD_STR_FMT, DD_STR_ARG(took(w->a, a->start_us)),
                  DD_STR_ARG(took(w->a, a->total_us)));
    if (a->first_us > a->start_us)
        dd_buf_printf(&b, ", head after " DD_STR_FMT, DD_STR_ARG(took(w->a, a->first_us - a->start_us)));
    add_tokens(w, &b, &a->usage);
    if (a->cost != DD_PUSD_UNKNOWN)
        dd_buf_printf(&b, " · " DD_STR_FMT, DD_STR_ARG(dd_fmt_money(w->a, a->cost)));
    dd_sheet_wrap(v, r + 1, v->left + 2, v->left + 2, v->right, DD_ROLE_TEXT, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void attempts(view *w)
{
    if (w->e->n_attempts)
        dd_sheet_heading(&w->v, "Attempts", dd_fmt_plural(w->a, w->e->n_attempts, "call", "calls"));
    for (size_t i = 0; i < w->e->n_attempts; i++)
        call(w, &w->e->attempts[i], dd_arena_printf(w->a, "%zu ", i + 1));
    if (w->e->n_asides)
        dd_sheet_heading(&w->v, "Asked about it", dd_fmt_plural(w->a, w->e->n_asides, "call", "calls"));
    for (size_t i = 0; i < w->e->n_asides; i++)
        call(w, &w->e->asides[i], dd_arena_printf(w->a, "%s ", dd_call_purpose_name(w->e->asides[i].purpose)));
}

static dd_str hex(view *w, const uint8_t *v, size_t n)
{
    dd_buf b = DD_BUF_INIT(64);
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(&b, "%02x", v[i]);
    dd_str s = dd_arena_dup(w->a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static void ending(view *w)
{
    const dd_event *e = w->e;
    if (e->stream && e->first_us >= 0)
        entry(w, "First word", dd_arena_printf(w->a, "after " DD_STR_FMT, DD_STR_ARG(took(w->a, e->first_us))));
    entry(w, "Ended", e->disconnected ? DD_STR("the client left") : e->finish_reason);
    if (e->overhead_us >= 0)
        entry(w, "Overhead", dd_arena_printf(w->a, DD_STR_FMT " of ours", DD_STR_ARG(took(w->a, e->overhead_us))));
}

static void whose(view *w)
{
    const dd_event *e = w->e;
    const struct { const char *label; dd_str text; } rows[] = {
        { "Key", e->key_id }, { "Team", e->team }, { "Feature", e->feature }, { "User", e->user }, { "Env", e->env }, { "Call site", e->call_site },
        { "Tags", e->tags },
    };
    dd_sheet_heading(&w->v, "Request", e->endpoint);
    ending(w);
    for (size_t i = 0; i < DD_COUNT(rows); i++)
        entry(w, rows[i].label, rows[i].text);
    entry(w, "Trace", dd_arena_printf(w->a, DD_STR_FMT "%s", DD_STR_ARG(hex(w, w->t->trace_id, 16)), w->t->sampled ? "" : ", not sampled"));
    if (w->t->parent_span)
        entry(w, "Parent", dd_arena_printf(w->a, "%016llx, the client's span", (unsigned long long)w->t->parent_span));
}

void dd_report_trace_draw(dd_grid *g, int left, int right, const dd_event *e, const dd_trace *t, int32_t offset_s, const dd_report_opts *opts)
{
    int  end = right < g->width ? right : g->width;
    view w   = { .v = { .g = *g, .opts = opts, .left = left, .right = end, .narrow = end - left < 60 }, .e = e, .t = t, .offset_s = offset_s };
    w.a    = &w.v.tmp;
    headline(&w);
    tree(&w);
    decision(&w);
    attempts(&w);
    whose(&w);
    *g = w.v.g;
    dd_arena_fini(&w.v.tmp);
}

void dd_report_trace(const dd_event *e, const dd_trace *t, int32_t offset_s, const dd_report_opts *opts, dd_buf *out)
{
    enum { WIDEST = 160 };
    dd_grid       g;
    int           width = opts->width <= 0 ? 80 : opts->width < WIDEST ? opts->width : WIDEST;
    dd_grid_style style = { opts->color, opts->ascii, opts->links };
    dd_grid_init(&g, width);
    int left = g.width < 60 ? 1 : 2;
    dd_grid_row(&g);
    dd_report_trace_draw(&g, left, g.width - left, e, t, offset_s, opts);
    dd_grid_row(&g);
    dd_grid_write(&g, &style, out);
    dd_grid_fini(&g);
}
