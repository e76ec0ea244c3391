#include "store/rollup.h"

#include "base/sum.h"
#include "store/rollup_parts.h"

dd_rollup *dd_rollup_new(void)
{
    dd_rollup *r = dd_calloc(1, sizeof *r);
    dd_tally_init(&r->kinds, K_TEXTS, COUNTERS);
    dd_tally_init(&r->combinations, TEXTS, OF_COMBINATION);
    dd_tally_init(&r->dims, DIM_TEXTS, COUNTERS);
    dd_tally_init(&r->latency, LATENCY_TEXTS, BUCKET_COUNTERS);
    dd_tally_init(&r->ids, LATENCY_TEXTS, IDS_COUNTERS);
    return r;
}

void dd_rollup_free(dd_rollup *r)
{
    if (r == NULL)
        return;
    dd_rollup_close(r);
    dd_tally_fini(&r->kinds);
    dd_tally_fini(&r->combinations);
    dd_tally_fini(&r->dims);
    dd_tally_fini(&r->latency);
    dd_tally_fini(&r->ids);
    dd_arena_fini(&r->texts);
    free(r);
}

void dd_rollup_clear(dd_rollup *r)
{
    dd_tally_clear(&r->kinds);
    dd_tally_clear(&r->combinations);
    dd_tally_clear(&r->dims);
    dd_tally_clear(&r->latency);
    dd_tally_clear(&r->ids);
    dd_arena_fini(&r->texts);
}

/* ---- what an event counts ---- */

static bool known(dd_pusd v) { return v != DD_PUSD_UNKNOWN; }

/* Tokens and money that are not known add nothing. */
static void count(const dd_event *e, int64_t c[COUNTERS])
{
    const int64_t tokens[] = { e->usage.input, e->usage.cache_read, e->usage.cache_write, e->usage.cache_write_1h, e->usage.output };
    int64_t       saved;
    memset(c, 0, COUNTERS * sizeof *c);
    c[REQUESTS] = 1;
    c[ERRORS] = e->error != DD_EC_NONE || e->status >= 400;
    c[UNPRICED] = !known(e->cost_actual);
    c[LATENCIES] = e->total_us >= 0;
    c[LATENCY_US] = e->total_us >= 0 ? e->total_us : 0;
    c[COST] = known(e->cost_actual) ? e->cost_actual : 0;
    c[SAVED] = known(e->cost_saved) ? e->cost_saved : 0;
    for (size_t i = 0; i < DD_COUNT(tokens); i++)
        c[INPUT + i] = tokens[i] >= 0 ? tokens[i] : 0;
    c[HITS] = dd_str_eqz(e->cache, "hit");
    c[FALLBACKS] = e->fallback;
    if (known(e->cost_premium) && known(e->cost_actual) && !__builtin_sub_overflow(e->cost_premium, e->cost_actual, &saved)) {
        c[PREMIUM] = 1;
        c[PREMIUM_SAVED] = saved;
    }
    if (known(e->cost_original) && known(e->cost_actual) && !__builtin_sub_overflow(e->cost_original, e->cost_actual, &saved)) {
        c[COMPARED] = 1;
        c[ORIGINAL] = e->cost_original;
        c[COMPARED_COST] = e->cost_actual;
        c[COMPARED_SAVED] = saved;
    }
}

static void add_to(dd_tally *t, dd_tally_row *row, const int64_t *c)
{
    int64_t *to = dd_tally_counters(t, row);
    for (size_t i = 0; i < t->counters; i++)
        dd_sum_add(&to[i], c[i]);
}

/* Most events of a batch are like others in every word, so each is looked up once, not once a dimension. */
static void add_kind(dd_rollup *r, const dd_event *e, dd_str org, int64_t hour)
{
    const dd_str texts[K_TEXTS] = {
        [K_ORG] = org, [K_TEAM] = e->team, [K_FEATURE] = e->feature, [K_REQUESTED] = e->requested_model, [K_USED] = e->used_model,
        [K_PROVIDER] = e->provider, [K_KEY] = e->key_id, [K_USER] = e->user, [K_ROUTE] = e->route, [K_STRATEGY] = e->strategy, [K_TASK] = e->task,
        [K_CALL_SITE] = e->call_site, [K_ENV] = e->env,
    };
    int64_t c[COUNTERS];
    bool    fresh;
    count(e, c);
    add_to(&r->kinds, dd_tally_find(&r->kinds, (dd_tally_key){ hour, (int32_t)e->error, 0 }, texts, &fresh), c);
}

static void add_latencies(dd_rollup *r, const dd_event *e, dd_str org, int64_t hour)
{
    const int64_t us[DD_LATENCY_COUNT] = { [DD_LATENCY_TOTAL] = e->total_us, [DD_LATENCY_FIRST] = e->first_us, [DD_LATENCY_OVERHEAD] = e->overhead_us };
    bool          fresh;
    for (int kind = 0; kind < DD_LATENCY_COUNT; kind++)
        if (us[kind] >= 0) {
            const int64_t      c[BUCKET_COUNTERS] = { 1, us[kind] };
            const dd_tally_key k = { hour, kind, (int32_t)dd_hist_bucket(us[kind]) };
            add_to(&r->latency, dd_tally_find(&r->latency, k, &org, &fresh), c);
        }
}

void dd_rollup_add(dd_rollup *r, const dd_event *e)
{
    int64_t hour = start_of(e->time_ms / 1000, HOUR_S);
    dd_str  org = e->org.len > 0 ? e->org : DD_STR("default");
    add_kind(r, e, org, hour);
    add_latencies(r, e, org, hour);
    rollup_ids_add(r, e, org, hour);
}

/* ---- where it counts ---- */

static dd_str answering(const dd_str *k) { return k[K_USED].len > 0 ? k[K_USED] : k[K_REQUESTED]; }

/* "openai/gpt-4o" asks for the gpt-4o that answers. */
static bool is_one(dd_str asked, dd_str used)
{
    return dd_str_eq(asked, used) || (asked.len > used.len && dd_str_ends(asked, used) && asked.ptr[asked.len - used.len - 1] == '/');
}

static dd_str swap_of(dd_rollup *r, const dd_str *k)
{
    if (k[K_USED].len == 0 || k[K_REQUESTED].len == 0 || is_one(k[K_REQUESTED], k[K_USED]))
        return DD_STR("");
    return dd_arena_printf(&r->texts, DD_STR_FMT " > " DD_STR_FMT, DD_STR_ARG(k[K_REQUESTED]), DD_STR_ARG(k[K_USED]));
}

static dd_str value_of(dd_rollup *r, int dim, const dd_str *k, int32_t error)
{
    static const uint8_t text[DD_DIM_COUNT] = {
        [DD_DIM_TEAM] = K_TEAM, [DD_DIM_FEATURE] = K_FEATURE, [DD_DIM_REQUESTED] = K_REQUESTED, [DD_DIM_PROVIDER] = K_PROVIDER, [DD_DIM_KEY] = K_KEY,
        [DD_DIM_USER] = K_USER, [DD_DIM_ROUTE] = K_ROUTE, [DD_DIM_STRATEGY] = K_STRATEGY, [DD_DIM_TASK] = K_TASK, [DD_DIM_CALL_SITE] = K_CALL_SITE,
        [DD_DIM_ENV] = K_ENV,
    };
    switch (dim) {
    case DD_DIM_TOTAL: return DD_STR("");
    case DD_DIM_MODEL: return answering(k);
    case DD_DIM_SWAP: return swap_of(r, k);
    case DD_DIM_ERROR: return dd_str_z(dd_error_class_name((dd_error_class)error));
    default: return k[text[dim]];
    }
}

void rollup_spread(dd_rollup *r)
{
    bool fresh;
    for (size_t i = 0; i < r->kinds.n; i++) {
        dd_tally_row  *row = dd_tally_at(&r->kinds, i);
        const int64_t *c = dd_tally_counters(&r->kinds, row), hour = row->key.period;
        const dd_str  *k = dd_tally_texts(row), texts[TEXTS] = { k[K_ORG], k[K_TEAM], k[K_FEATURE], answering(k), k[K_PROVIDER], k[K_KEY] };
        add_to(&r->combinations, dd_tally_find(&r->combinations, (dd_tally_key){ hour, 0, 0 }, texts, &fresh), c);
        for (int d = 0; d < DD_DIM_COUNT; d++) {
            const dd_str value[DIM_TEXTS] = { k[K_ORG], value_of(r, d, k, row->key.a) };
            add_to(&r->dims, dd_tally_find(&r->dims, (dd_tally_key){ hour, d, 0 }, value, &fresh), c);
        }
    }
}
