/* cmd/dashboard_tree.c - GET /api/dashboard/treemap: what was spent by team, feature, model ..., one within the other, the dearest first. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/sum.h"
#include "cmd/dashboard.h"
#include "route/money_json.h"
#include "store/rollup.h"

enum { PARAMS = 24, LIMIT = 50, LIMIT_MOST = 500, NODES_MOST = 5000 };

typedef struct node node;
struct node {
    dd_str  value;
    int64_t requests, unpriced, merged;   /* merged: how many values stand behind this one, which is no value of its own */
    dd_pusd cost, saved;
    DD_VEC(node *) below;
};

typedef struct {
    dd_question *q;
    dd_window      span;
    dd_cross_ask  ask;
    dd_dim       dim;         /* with `alone`: out of the sums of one dimension */
    bool         alone, by_given;
    int64_t      limit;
    node         root;
    dd_map       known;       /* of a node's place, to the node */
    size_t       n_nodes;
} treemap;

/* --- what is asked --- */

static int bad_column(treemap *t, const char *param, dd_str name)
{
    static const char columns[] = "team, feature, model, provider and key";
    return dd_answer_error(t->q, 400, param, "invalid_value", "there is no \"" DD_STR_FMT "\" in a treemap: there are %s%s", DD_STR_ARG(name),
                           columns, strcmp(param, "by") == 0 ? ", up to three of them, or call_site alone" : "");
}

/* "team,feature,model", or one alone. */
static int read_by(treemap *t, dd_str list)
{
    if (t->by_given)
        return dd_answer_error(t->q, 400, "by", "duplicate_parameter", "\"by\" is there twice");
    t->by_given = true;
    t->alone    = dd_str_eqz(list, "call_site");
    t->dim      = DD_DIM_CALL_SITE;
    t->ask.n_by = 0;
    while (list.len && !t->alone) {
        dd_str         name = dd_str_trim(dd_str_cut(&list, ','));
        dd_cross_column c;
        if (t->ask.n_by == DD_CROSS_DEPTH || !dd_cross_find(name, &c))
            return bad_column(t, "by", name);
        for (size_t i = 0; i < t->ask.n_by; i++)
            if (t->ask.by[i] == c)
                return dd_answer_error(t->q, 400, "by", "invalid_value", "\"by\" names %s twice", dd_cross_name(c));
        t->ask.by[t->ask.n_by++] = c;
    }
    return t->ask.n_by || t->alone ? 0 : bad_column(t, "by", list);
}

/* "team=core" */
static int read_within(treemap *t, dd_str text)
{
    dd_cross_column c;
    dd_str         name = dd_str_cut(&text, '=');
    if (!dd_cross_find(name, &c))
        return bad_column(t, "within", name);
    if (t->ask.within[c].ptr)
        return dd_answer_error(t->q, 400, "within", "duplicate_parameter", "\"within\" names %s twice", dd_cross_name(c));
    t->ask.within[c] = text.ptr ? text : DD_STR("");
    return 0;
}

static int read_param(treemap *t, const dd_param *p)
{
    if (dd_str_eqz(p->name, "by"))
        return read_by(t, p->value);
    if (dd_str_eqz(p->name, "within"))
        return read_within(t, p->value);
    if (!dd_str_eqz(p->name, "limit"))
        return dd_dashboard_unknown(t->q, p, ", by, within and limit");
    if (dd_parse_i64(p->value, &t->limit) && t->limit >= 1 && t->limit <= LIMIT_MOST)
        return 0;
    return dd_answer_error(t->q, 400, "limit", "invalid_value", "limit is 1 to %d, not \"" DD_STR_FMT "\"", LIMIT_MOST, DD_STR_ARG(p->value));
}

/* One column within nothing is summed by itself already. */
static int choose_sums(treemap *t)
{
    static const dd_dim dims[DD_CROSS_COLUMNS] = { DD_DIM_TEAM, DD_DIM_FEATURE, DD_DIM_MODEL, DD_DIM_PROVIDER, DD_DIM_KEY };
    bool within = false;
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        within = within || t->ask.within[i].ptr;
    if (t->alone && within)
        return dd_answer_error(t->q, 400, "within", "invalid_value", "call sites are summed by themselves, within nothing else");
    if (!t->alone && !within && t->ask.n_by == 1) {
        t->alone    = true;
        t->dim      = dims[t->ask.by[0]];
        t->ask.n_by = 0;
    }
    return 0;
}

static int read_question(treemap *t)
{
    dd_param      p[PARAMS];
    dd_window_words w = {0};
    size_t        n;
    int           status = 0;
    if (!dd_params_read(t->q->ask->query, t->q->arena, p, PARAMS, &n))
        return dd_answer_error(t->q, 400, NULL, "invalid_query", "what stands behind the question mark cannot be read");
    for (size_t i = 0; i < n && !status; i++)
        if (!dd_window_take(t->q, &p[i], &w, &status))
            status = read_param(t, &p[i]);
    if (!status)
        status = choose_sums(t);
    return status ? status : dd_window_choose(t->q, &w, &t->span);
}

/* --- adding up --- */

static void add(node *to, const dd_cross_leaf *l)
{
    dd_sum_add(&to->requests, l->requests);
    dd_sum_add(&to->unpriced, l->unpriced);
    dd_sum_add(&to->cost, l->cost);
    dd_sum_add(&to->saved, l->saved);
}

static node *below(treemap *t, node *n, dd_str value)
{
    dd_arena *a   = t->q->arena;
    dd_str    key = dd_arena_printf(a, "%p ", (void *)n);
    key           = dd_arena_printf(a, DD_STR_FMT DD_STR_FMT, DD_STR_ARG(key), DD_STR_ARG(value));
    void **at     = dd_map_at(&t->known, key);
    node  *found  = *at;
    if (found)
        return found;
    found        = dd_new(a, node);
    found->value = value;
    *at          = found;
    dd_avec_push(a, &n->below, found);
    return found;
}

static void take(treemap *t, const dd_cross_leaf *l, size_t n_by)
{
    node *n = &t->root;
    add(n, l);
    for (size_t i = 0; i < n_by; i++) {
        n = below(t, n, l->value[i]);
        add(n, l);
    }
}

static void take_row(void *ctx, const dd_dims_row *r)
{
    treemap     *t = ctx;
    dd_cross_leaf l = { .requests = r->requests, .unpriced = r->unpriced, .cost = r->cost, .saved = r->saved };
    l.value[0]      = dd_arena_dup(t->q->arena, r->value);
    take(t, &l, 1);
}

static dd_code read_alone(treemap *t, dd_err *err)
{
    const dd_dims_ask ask = { .dim = t->dim, .org = dd_question_org(t->q), .daily = t->span.daily, .from_s = t->span.from_s, .to_s = t->span.to_s };
    return dd_dims_read(t->q->dashboard->dims, &ask, take_row, t, err);
}

static dd_code read_tree(treemap *t, dd_err *err)
{
    dd_cross_leaf *leaves;
    size_t        n;
    int64_t       unit = t->span.daily ? DD_WINDOW_DAY : DD_WINDOW_HOUR;
    t->ask.org         = dd_question_org(t->q);
    t->ask.daily       = t->span.daily;
    t->ask.from_s      = t->span.from_s;
    t->ask.to_s        = t->span.to_s;
    t->ask.over_s      = t->q->now_s / unit * unit;
    dd_code rc         = dd_cross_read(t->q->dashboard->cross, &t->ask, t->q->arena, &leaves, &n, err);
    for (size_t i = 0; rc == DD_OK && i < n; i++)
        take(t, &leaves[i], t->ask.n_by);
    return rc;
}

/* --- as much of it as is told --- */

static int by_cost(const void *pa, const void *pb)
{
    const node *a = *(node *const *)pa, *b = *(node *const *)pb;
    if (!a->merged != !b->merged)
        return a->merged ? 1 : -1;       /* what was put together stays the last one */
    if (a->cost != b->cost)
        return a->cost < b->cost ? 1 : -1;
    return a->requests != b->requests ? (a->requests < b->requests ? 1 : -1) : dd_str_cmp(a->value, b->value);
}

/* The dearest `limit`, and one for the rest. Depth is at most DD_CROSS_DEPTH. */
static size_t shorten(treemap *t, node *n, int64_t limit)
{
    size_t told = 0;
    if (n->below.n)
        qsort(n->below.v, n->below.n, sizeof *n->below.v, by_cost);
    if (n->below.n > (size_t)limit) {
        node *rest  = dd_new(t->q->arena, node);
        rest->value = DD_ROLLUP_OTHER;
        for (size_t i = (size_t)limit - 1; i < n->below.n; i++) {
            const node *m = n->below.v[i];
            add(rest, &(dd_cross_leaf){ .requests = m->requests, .unpriced = m->unpriced, .cost = m->cost, .saved = m->saved });
            rest->merged += m->merged ? m->merged : 1;
        }
        n->below.v[limit - 1] = rest;
        n->below.n            = (size_t)limit;
    }
    for (size_t i = 0; i < n->below.n; i++)
        told += 1 + shorten(t, n->below.v[i], limit);
    return told;
}

/* --- the answer --- */

static void put_node(const treemap *t, dd_json *j, const node *n, size_t depth)
{
    bool   known = n->requests > n->unpriced || n->cost;
    dd_buf share = DD_BUF_INIT(40);
    if (t->root.cost > 0)
        dd_buf_printf(&share, "%.6g", (double)n->cost / (double)t->root.cost);
    dd_json_open(j, '{');
    dd_json_member_str(j, "value", n->value);
    if (n->merged)
        dd_json_member_i64(j, "merged", n->merged);
    dd_money_member(j, "cost", known ? n->cost : DD_PUSD_UNKNOWN);
    dd_money_member(j, "saved", known ? n->saved : DD_PUSD_UNKNOWN);
    dd_json_member_i64(j, "requests", n->requests);
    dd_json_member_i64(j, "unpriced", n->unpriced);
    dd_json_key(j, "share");
    dd_json_raw(j, share.len ? dd_buf_str(&share) : DD_STR("null"));
    dd_buf_free(&share);
    if (n->below.n && depth) {
        dd_json_key(j, "values");
        dd_json_open(j, '[');
        for (size_t i = 0; i < n->below.n; i++)
            put_node(t, j, n->below.v[i], depth - 1);
        dd_json_close(j, ']');
    }
    dd_json_close(j, '}');
}

static void put_question(const treemap *t, dd_json *j)
{
    dd_json_key(j, "by");
    dd_json_open(j, '[');
    for (size_t i = 0; i < t->ask.n_by; i++)
        dd_json_strz(j, dd_cross_name(t->ask.by[i]));
    if (t->alone)
        dd_json_strz(j, dd_dim_name(t->dim));
    dd_json_close(j, ']');
    dd_json_key(j, "within");
    dd_json_open(j, '{');
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        if (t->ask.within[i].ptr) {
            dd_json_key(j, dd_cross_name((dd_cross_column)i));
            dd_json_str(j, t->ask.within[i]);
        }
    dd_json_close(j, '}');
}

static void put_answer(const treemap *t)
{
    dd_json j     = DD_JSON_INIT(t->q->out, 0);
    bool    known = !t->root.requests || t->root.requests > t->root.unpriced || t->root.cost;
    dd_json_open(&j, '{');
    dd_window_json(&j, t->q, "dashboard.treemap", &t->span);
    put_question(t, &j);
    dd_money_member(&j, "total_cost", known ? t->root.cost : DD_PUSD_UNKNOWN);
    dd_money_member(&j, "total_saved", known ? t->root.saved : DD_PUSD_UNKNOWN);
    dd_json_member_i64(&j, "request_count", t->root.requests);
    dd_json_key(&j, "values");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < t->root.below.n; i++)
        put_node(t, &j, t->root.below.v[i], DD_CROSS_DEPTH);
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
}

int dd_answer_treemap(dd_question *q)
{
    static const dd_cross_ask nested = { .by = { DD_CROSS_TEAM, DD_CROSS_FEATURE, DD_CROSS_MODEL }, .n_by = DD_CROSS_DEPTH };
    treemap t      = { .q = q, .limit = LIMIT, .ask = nested };
    dd_err  err    = DD_ERR_INIT;
    int     status = read_question(&t);
    if (!status)
        status = dd_dashboard_failed(q, t.alone ? read_alone(&t, &err) : read_tree(&t, &err), &err);
    if (!status) {
        for (int64_t limit = t.limit; shorten(&t, &t.root, limit) > NODES_MOST && limit > 1; limit /= 2)
            continue;
        put_answer(&t);
        status = 200;
    }
    dd_map_free(&t.known);
    return status;
}
