#include "store/rollup.h"

#include <stddef.h>

#include "store/rollup_parts.h"

enum { SWAP_BYTES = 520 };

dd_rollup *dd_rollup_new(void)
{
    dd_rollup *r = dd_calloc(1, sizeof *r);
    dd_tally_init(&r->combinations, TEXTS, OF_COMBINATION);
    dd_tally_init(&r->dims, DIM_TEXTS, COUNTERS);
    dd_tally_init(&r->latency, LATENCY_TEXTS, BUCKET_COUNTERS);
    return r;
}

void dd_rollup_free(dd_rollup *r)
{
    if (r == NULL)
        return;
    dd_rollup_close(r);
    dd_tally_fini(&r->combinations);
    dd_tally_fini(&r->dims);
    dd_tally_fini(&r->latency);
    dd_arena_fini(&r->texts);
    free(r);
}

void dd_rollup_clear(dd_rollup *r)
{
    dd_tally_clear(&r->combinations);
    dd_tally_clear(&r->dims);
    dd_tally_clear(&r->latency);
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
        dd_tally_add(&to[i], c[i]);
}

/* ---- where it counts ---- */

static dd_str total_of(const dd_event *e, char *room_for) { (void)e; (void)room_for; return DD_STR(""); }
static dd_str error_of(const dd_event *e, char *room_for) { (void)room_for; return dd_str_z(dd_error_class_name(e->error)); }
static dd_str answering(const dd_event *e) { return e->used_model.len > 0 ? e->used_model : e->requested_model; }
static dd_str model_of(const dd_event *e, char *room_for) { (void)room_for; return answering(e); }

/* "openai/gpt-4o" asks for the gpt-4o that answers. */
static bool is_one(dd_str asked, dd_str used)
{
    return dd_str_eq(asked, used) || (asked.len > used.len && dd_str_ends(asked, used) && asked.ptr[asked.len - used.len - 1] == '/');
}

static dd_str swap_of(const dd_event *e, char *room_for)
{
    if (e->used_model.len == 0 || e->requested_model.len == 0 || is_one(e->requested_model, e->used_model))
        return DD_STR("");
    int n = snprintf(room_for, SWAP_BYTES, DD_STR_FMT " > " DD_STR_FMT, DD_STR_ARG(e->requested_model), DD_STR_ARG(e->used_model));
    return (dd_str){ room_for, n < SWAP_BYTES ? (size_t)n : SWAP_BYTES - 1 };
}

static const struct { size_t member; dd_str (*value)(const dd_event *e, char *room_for); } values[DD_DIM_COUNT] = {
    [DD_DIM_TOTAL] = { .value = total_of },
    [DD_DIM_TEAM] = { offsetof(dd_event, team) },
    [DD_DIM_FEATURE] = { offsetof(dd_event, feature) },
    [DD_DIM_MODEL] = { .value = model_of },
    [DD_DIM_REQUESTED] = { offsetof(dd_event, requested_model) },
    [DD_DIM_SWAP] = { .value = swap_of },
    [DD_DIM_PROVIDER] = { offsetof(dd_event, provider) },
    [DD_DIM_KEY] = { offsetof(dd_event, key_id) },
    [DD_DIM_USER] = { offsetof(dd_event, user) },
    [DD_DIM_ROUTE] = { offsetof(dd_event, route) },
    [DD_DIM_STRATEGY] = { offsetof(dd_event, strategy) },
    [DD_DIM_TASK] = { offsetof(dd_event, task) },
    [DD_DIM_CALL_SITE] = { offsetof(dd_event, call_site) },
    [DD_DIM_ENV] = { offsetof(dd_event, env) },
    [DD_DIM_ERROR] = { .value = error_of },
};

static void add_dims(dd_rollup *r, const dd_event *e, dd_str org, int64_t hour, const int64_t *c)
{
    char swap[SWAP_BYTES];
    bool fresh;
    for (int d = 0; d < DD_DIM_COUNT; d++) {
        dd_str        value = values[d].value != NULL ? values[d].value(e, swap) : *(const dd_str *)(const void *)((const char *)e + values[d].member);
        const dd_str  texts[DIM_TEXTS] = { org, value };
        dd_tally_row *row = dd_tally_find(&r->dims, (dd_tally_key){ hour, d, 0 }, texts, &fresh);
        if (fresh && value.ptr == swap)
            dd_tally_texts(row)[DIM_VALUE] = dd_arena_dup(&r->texts, value);
        add_to(&r->dims, row, c);
    }
}

static void add_latencies(dd_rollup *r, const dd_event *e, dd_str org, int64_t hour)
{
    const int64_t us[DD_LATENCY_COUNT] = { [DD_LATENCY_TOTAL] = e->total_us, [DD_LATENCY_FIRST] = e->first_us, [DD_LATENCY_OVERHEAD] = e->overhead_us };
    bool          fresh;
    for (int kind = 0; kind < DD_LATENCY_COUNT; kind++)
        if (us[kind] >= 0) {
            const int64_t       c[BUCKET_COUNTERS] = { 1, us[kind] };
            const dd_tally_key  k = { hour, kind, (int32_t)dd_hist_bucket(us[kind]) };
            add_to(&r->latency, dd_tally_find(&r->latency, k, &org, &fresh), c);
        }
}

void dd_rollup_add(dd_rollup *r, const dd_event *e)
{
    int64_t      c[COUNTERS], hour = start_of(e->time_ms / 1000, HOUR_S);
    dd_str       org = e->org.len > 0 ? e->org : DD_STR("default");
    const dd_str texts[TEXTS] = { org, e->team, e->feature, answering(e), e->provider, e->key_id };
    bool         fresh;
    count(e, c);
    add_to(&r->combinations, dd_tally_find(&r->combinations, (dd_tally_key){ hour, 0, 0 }, texts, &fresh), c);
    add_dims(r, e, org, hour, c);
    add_latencies(r, e, org, hour);
}
