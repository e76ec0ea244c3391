/* cmd/route_replay.c - dd0c route replay: recorded requests under another policy. */
#include "cmd/route_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/snapshot.h"
#include "store/query.h"

typedef struct {
    const char *config, *format;
    dd_opt_list filters;
    int64_t     since_ms, limit;
} replay_args;

const dd_opt dd_route_replay_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'c', "config", replay_args, config, "file", "the configuration to try (./dd0c.yaml)"),
    DD_OPT(DD_OPT_DURATION, 's', "since", replay_args, since_ms, "time", "how far back: 24h, 7d (7d)"),
    DD_OPT(DD_OPT_LIST, 0, "filter", replay_args, filters, "name=value", "only matching events, as `tail` takes them; may be given several times"),
    DD_OPT(DD_OPT_INT, 'n', "limit", replay_args, limit, "n", "the newest n events at most (100000)"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", replay_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};

typedef struct {
    dd_replay    found;
    dd_arena     arena;              /* of what was found */
    dd_snapshot *s;
    dd_policy    bare;               /* the policy without its routes: what happens when none holds */
    const char  *unheld;             /* the fact that the last condition asked for and this event does not hold */
    bool         has_task, has_class;   /* the event knows its task; its complexity and score, too */
    bool         guessed;            /* it does not, and something weighed them */
    dd_facts     facts;
    dd_arena     scratch;            /* of one event */
} work;

/* --- facts of an event --- */

/* Facts that events do not hold: what asks for one of them cannot be told. */
static const char *const unheld[] = {
    "budget.used", "error_rate", "fast", "has_audio", "has_documents", "has_images", "has_tools", "json_schema", "key_tags", "latency",
    "max_cost", "max_tokens", "messages", "priority", "reasoning", "tools", "turns",
};

/* A busy proxy classifies some requests only. */
static const char *not_held(const work *w, const char *name)
{
    const struct { const char *name; bool held; } class[] = { { "complexity", w->has_class }, { "score", w->has_class }, { "task", w->has_task } };
    for (size_t i = 0; i < DD_COUNT(class); i++)
        if (strcmp(name, class[i].name) == 0)
            return class[i].held ? NULL : class[i].name;
    for (size_t i = 0; i < DD_COUNT(unheld); i++)
        if (strcmp(name, unheld[i]) == 0)
            return unheld[i];
    return NULL;
}

typedef struct { dd_facts_view view; work *w; } event_view;

static bool fill_held(void *ctx, size_t variable, dd_cel_value *out)
{
    event_view *v    = ctx;
    const char *name = variable < dd_facts_env.n ? dd_facts_env.vars[variable].name : "";
    const char *lacks = not_held(v->w, name);
    if (lacks)
        v->w->unheld = lacks;
    return !lacks && dd_facts_fill(&v->view, variable, out);
}

static void read_tags(work *w, dd_str json)
{
    static const struct { const char *name; size_t offset; } own[] = {
        { "session", offsetof(dd_facts, session) }, { "tier", offsetof(dd_facts, tier) }, { "call-site", offsetof(dd_facts, call_site) },
    };
    dd_err  err = DD_ERR_INIT;
    cJSON  *j   = json.len ? dd_json_parse(json, "tags", &err) : NULL;
    dd_tag *v   = dd_newn(&w->scratch, dd_tag, (size_t)cJSON_GetArraySize(j) + 1);
    size_t  n   = 0;
    for (cJSON *c = j ? j->child : NULL; c; c = c->next) {
        if (!cJSON_IsString(c))
            continue;
        v[n] = (dd_tag){ dd_arena_dupz(&w->scratch, c->string), dd_arena_dupz(&w->scratch, c->valuestring) };
        for (size_t i = 0; i < DD_COUNT(own); i++)
            if (dd_str_eqz(v[n].name, own[i].name))
                *(dd_str *)(void *)((char *)&w->facts + own[i].offset) = v[n].value;
        n++;
    }
    w->facts.tags   = v;
    w->facts.n_tags = n;
    cJSON_Delete(j);
}

static dd_task task_of(dd_str name)
{
    for (int t = 0; t < DD_TASK_COUNT; t++)
        if (dd_str_eqz(name, dd_task_name((dd_task)t)))
            return (dd_task)t;
    return DD_TASK_CHAT;
}

/* What was recorded; but where complexity begins and ends is the new configuration's word. */
static dd_complexity complexity_of(const work *w, const dd_event *e)
{
    const dd_classifier_settings *c = &w->s->classifier;
    if (c->low > 0 || c->high > 0)
        return e->score < c->low ? DD_COMPLEXITY_LOW : e->score < c->high ? DD_COMPLEXITY_MEDIUM : DD_COMPLEXITY_HIGH;
    for (int i = DD_COMPLEXITY_LOW; i <= DD_COMPLEXITY_HIGH; i++)
        if (dd_str_eqz(e->complexity, dd_complexity_name((dd_complexity)i)))
            return (dd_complexity)i;
    return DD_COMPLEXITY_MEDIUM;
}

/* What the event does not know is taken to be medium, and counted. */
static void guess(dd_facts *f, unsigned which)
{
    work *w = f->ctx;
    w->guessed |= (which & DD_FACT_CLASS) != 0;
    f->known |= which;
}

static int64_t whole_input(const dd_usage *u)
{
    int64_t sum = 0;
    const int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h };
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        sum += parts[i] > 0 ? parts[i] : 0;
    return sum;
}

static void read_event(work *w, const dd_event *e)
{
    bool messages = dd_str_eqz(e->endpoint, "messages");
    w->guessed    = false;
    w->has_task   = e->task.len > 0;
    w->has_class  = w->has_task && e->complexity.len && e->score >= 0;
    w->facts      = (dd_facts){
        .model = e->requested_model, .endpoint = e->endpoint, .family = messages ? DD_FAMILY_ANTHROPIC : DD_FAMILY_OPENAI, .stream = e->stream,
        .max_tokens = -1, .feature = e->feature, .team = e->team, .env = e->env, .user = e->user, .org = e->org, .key = e->key_id,
        .time_s = e->time_ms / 1000, .tz_minutes = w->s->policy.tz_minutes, .max_cost = DD_PUSD_UNKNOWN,
        .random = (uint64_t)e->id * 0x9e3779b97f4a7c15u, .known = DD_FACT_TOKENS | (w->has_class ? DD_FACT_CLASS : 0u), .input_tokens = whole_input(&e->usage),
        .class = { .task = task_of(e->task), .complexity = DD_COMPLEXITY_MEDIUM, .score = 0.5 }, .call_site = e->call_site, .fill = guess, .ctx = w,
    };
    if (w->has_class) {
        w->facts.class.complexity = complexity_of(w, e);
        w->facts.class.score      = e->score;
    }
    read_tags(w, e->tags);
}

/* --- which route --- */

typedef enum { FOUND, NONE, UNTOLD } told;

static told find_route(work *w, const dd_route **out)
{
    const dd_policy *p      = &w->s->policy;
    event_view       view   = { { .facts = &w->facts, .arena = &w->scratch }, w };
    dd_cel_value    *values = dd_newn(&w->scratch, dd_cel_value, dd_facts_env.n);
    dd_cel_vars      vars   = { values, fill_held, &view };
    for (size_t i = 0; i < p->n_routes; i++) {
        const dd_route *r     = *out = &p->routes[i];
        const char     *needs = r->strategy == DD_STRATEGY_COMPLEXITY ? not_held(w, "score") : NULL;
        dd_cel_value    v     = dd_cel_bool(true);
        if (r->flag.len && dd_flags_decide(&w->s->flags, r->flag, w->facts.random, dd_day_of((dd_wall){ w->facts.time_s })) != DD_FLAG_ON)
            continue;
        w->unheld = NULL;
        if (r->test)
            dd_cel_eval(r->test, &vars, &w->scratch, &v, NULL);
        if (v.type == DD_CEL_ERROR && w->unheld)
            return UNTOLD;
        if (v.type != DD_CEL_BOOL || !v.b)
            continue;
        w->unheld = needs;
        return needs ? UNTOLD : FOUND;
    }
    return NONE;
}

/* --- sums --- */

static void add_money(dd_pusd *sum, dd_pusd m) { (void)dd_money_add(*sum, m, sum); }

static dd_str keep(work *w, dd_str s) { return dd_arena_dup(&w->arena, s); }

static dd_replay_route *route_sum(work *w, dd_str name)
{
    for (size_t i = 0; i < w->found.routes.n; i++)
        if (dd_str_eq(w->found.routes.v[i].name, name))
            return &w->found.routes.v[i];
    dd_replay_route one = { .name = name };
    dd_avec_push(&w->arena, &w->found.routes, one);
    return &w->found.routes.v[w->found.routes.n - 1];
}

static dd_replay_change *change_sum(work *w, dd_str route, dd_str from, dd_str to)
{
    for (size_t i = 0; i < w->found.changes.n; i++) {
        dd_replay_change *c = &w->found.changes.v[i];
        if (dd_str_eq(c->route, route) && dd_str_eq(c->from, from) && dd_str_eq(c->to, to))
            return c;
    }
    dd_replay_change one = { .route = route, .from = keep(w, from), .to = keep(w, to) };
    dd_avec_push(&w->arena, &w->found.changes, one);
    return &w->found.changes.v[w->found.changes.n - 1];
}

static void count_untold(work *w, dd_str route)
{
    dd_str fact = dd_str_z(w->unheld);
    w->found.untold++;
    for (size_t i = 0; i < w->found.untolds.n; i++)
        if (dd_str_eq(w->found.untolds.v[i].route, route) && dd_str_eq(w->found.untolds.v[i].fact, fact)) {
            w->found.untolds.v[i].requests++;
            return;
        }
    dd_replay_untold one = { route, fact, 1 };
    dd_avec_push(&w->arena, &w->found.untolds, one);
}

/* --- one event --- */

/* The same tokens at another model: its cache would have been cold. */
static dd_pusd price_at(work *w, const dd_event *e, const dd_decision *d, bool same)
{
    dd_usage u = e->usage;
    if (same)
        return e->cost_actual;
    u.input      = whole_input(&e->usage);
    u.cache_read = u.cache_write = u.cache_write_1h = 0;
    return dd_decision_bill(&w->s->policy, d, &u, dd_day_of((dd_wall){ e->time_ms / 1000 })).actual;
}

static void settle(work *w, const dd_event *e, const dd_plan *p)
{
    dd_decision d    = dd_plan_decision(p, 0);
    dd_str      name = w->s->policy.providers[d.provider].name;
    bool        same = dd_str_eq(name, e->provider) && dd_str_eq(d.model, e->used_model);
    dd_pusd     cost = price_at(w, e, &d, same);
    if (cost == DD_PUSD_UNKNOWN || e->cost_actual == DD_PUSD_UNKNOWN) {
        w->found.unpriced++;
        return;
    }
    dd_str from = dd_arena_printf(&w->scratch, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(e->provider), DD_STR_ARG(e->used_model));
    dd_str to   = dd_arena_printf(&w->scratch, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(name), DD_STR_ARG(d.model));
    dd_replay_route *r = route_sum(w, p->route ? p->route->name : DD_STR(""));
    w->found.replayed++;
    w->found.unclassified += w->guessed;
    r->requests++;
    add_money(&r->before, e->cost_actual);
    add_money(&r->after, cost);
    add_money(&w->found.before, e->cost_actual);
    add_money(&w->found.after, cost);
    if (same)
        return;
    dd_replay_change *c = change_sum(w, r->name, from, to);
    w->found.changed++;
    r->changed++;
    c->requests++;
    add_money(&c->before, e->cost_actual);
    add_money(&c->after, cost);
}

static bool answered(const dd_event *e)
{
    return e->status >= 200 && e->status < 300 && e->usage.input >= 0 && e->requested_model.len && !dd_str_eqz(e->endpoint, "passthrough");
}

static void one(void *ctx, const dd_event *e)
{
    work           *w = ctx;
    const dd_route *r = NULL;
    w->found.events++;
    w->found.first_ms = w->found.events == 1 ? e->time_ms : w->found.first_ms;
    w->found.last_ms  = e->time_ms;
    if (!answered(e)) {
        w->found.failed++;
        return;
    }
    dd_arena_mark mark = dd_arena_here(&w->scratch);
    read_event(w, e);
    told t = find_route(w, &r);
    if (t == UNTOLD) {
        count_untold(w, r->name);
    } else {
        dd_plan      p;
        dd_plan_opts o = { .policy = t == FOUND ? &w->s->policy : &w->bare, .prices = w->s->prices, .day = dd_day_of((dd_wall){ e->time_ms / 1000 }),
                           .only_route = t == FOUND ? r->name : DD_STR("") };
        dd_plan_make(&o, &w->facts, &w->scratch, &p);
        if (p.verdict == DD_DECIDED)
            settle(w, e, &p);
        else
            w->found.refused++;
    }
    dd_arena_back(&w->scratch, mark);
}

/* --- the command --- */

static int by_saving(const void *a, const void *b)
{
    const dd_replay_change *x = a, *y = b;
    dd_pusd p = x->before - x->after, q = y->before - y->after;
    return p != q ? (p > q ? -1 : 1) : dd_str_cmp(x->from, y->from);
}

static dd_code read_events(work *w, const replay_args *args, dd_err *err)
{
    dd_buf    dir = DD_BUF_INIT(4096);
    char      since[40], at[25];
    dd_dir_state(&dir);
    dd_query *q = dd_query_new(dd_buf_z(&dir));
    dd_event_time(dd_wall_now().s * 1000 - args->since_ms, at);
    snprintf(since, sizeof since, "time>=%s", at);
    dd_code rc = dd_query_where(q, dd_str_z(since), err);
    for (size_t i = 0; i < args->filters.n && rc == DD_OK; i++)
        rc = dd_query_where(q, dd_str_z(args->filters.v[i]), err);
    if (rc == DD_OK)
        rc = dd_query_newest(q, args->limit, one, w, err);
    dd_query_free(q);
    dd_buf_free(&dir);
    return rc;
}

static dd_code print(work *w, const replay_args *args, dd_err *err)
{
    dd_buf out = DD_BUF_INIT(0);
    if (w->found.changes.n)
        qsort(w->found.changes.v, w->found.changes.n, sizeof *w->found.changes.v, by_saving);
    (args->format && strcmp(args->format, "json") == 0 ? dd_replay_json : dd_replay_text)(&w->found, &out);
    dd_code rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

static dd_code replay(work *w, const dd_config *config, const replay_args *args, dd_err *err)
{
    dd_buf missing = DD_BUF_INIT(64 << 10);
    w->s = config->n_providers ? dd_snapshot_draft(config, &missing, err) : dd_snapshot_make(config, false, err);
    dd_buf_free(&missing);
    if (!w->s)
        return err->code;
    w->bare          = w->s->policy;
    w->bare.routes   = NULL;
    w->bare.n_routes = 0;
    dd_policy_index(&w->bare, w->s->prices, &w->s->arena);
    w->found.config = config->path ? config->path : "the environment";
    dd_code rc      = read_events(w, args, err);
    return rc == DD_OK ? print(w, args, err) : rc;
}

dd_code dd_cmd_route_replay(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    replay_args args = { .since_ms = INT64_C(7) * 24 * 3600 * 1000, .limit = 100000 };
    dd_config   config;
    work        w = { 0 };
    bool        done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    dd_config_init(&config);
    rc = dd_config_load(&config, args.config, err);
    if (rc == DD_OK)
        rc = replay(&w, &config, &args, err);
    dd_opt_fini(cmd->opts, &args);
    if (w.s)
        dd_snapshot_drop(w.s);
    dd_config_fini(&config);
    dd_arena_fini(&w.scratch);
    dd_arena_fini(&w.arena);
    return rc;
}
