#include "report/metrics.h"

#include <math.h>
#include <stdio.h>

#include "base/map.h"
#include "base/redact.h"

/* --- what is shown, read once: the families of one scrape agree --- */

typedef struct {
    dd_str  labels;
    int64_t tokens[DD_METER_KINDS], fallbacks, retries;
    dd_hist total, first;
} group;                                   /* of one operation, provider and model */
typedef struct {
    dd_str  labels;
    bool    served;                        /* a provider was found */
    int64_t unpriced, errors[DD_EC_COUNT];
    dd_pusd cost, saved, lost;
} model;
typedef struct { dd_str labels; dd_meter_spender s; } spender;
typedef struct { dd_str labels; dd_live_facts f; } target;

typedef struct {
    const dd_metrics *m;
    bool              open;
    dd_arena         *arena;
    dd_buf           *out;
    dd_meter_sum      sum;
    DD_VEC(group *)   groups;
    DD_VEC(model *)   models;
    DD_VEC(spender)   spenders;
    DD_VEC(target)    targets;
    dd_str           *budgets; size_t n_budgets;      /* labels */
} scrape;

/* --- labels --- */

static void add_escaped(dd_buf *b, dd_str s)
{
    for (size_t at = 0; at < s.len;) {
        uint32_t c = dd_utf8_next(s, &at);       /* what is no UTF-8 would spoil the whole scrape */
        if (c == '\\' || c == '"')
            dd_buf_addc(b, '\\');
        if (c == '\n')
            dd_buf_addz(b, "\\n");
        else
            dd_buf_utf8(b, c);
    }
}

typedef struct { const char *name; dd_str value; } label;

static dd_str labels_of(scrape *s, const label *v, size_t n)
{
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < n; i++) {
        dd_buf_printf(&b, "%s%s=\"", i ? "," : "", v[i].name);
        add_escaped(&b, v[i].value);
        dd_buf_addc(&b, '"');
    }
    dd_str out = dd_arena_dup(s->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}
#define LABELS(s, ...) labels_of((s), (const label[]){ __VA_ARGS__ }, DD_COUNT(((const label[]){ __VA_ARGS__ })))

/* --- reading --- */

static dd_str group_labels(scrape *s, const dd_meter_model *r, dd_str used)
{
    return LABELS(s, { "provider", dd_str_z(r->provider) }, { "model", used }, { "operation", dd_str_z(r->operation) });
}

/* Rows stay where they are, so what is beyond the limit always is: sums do not jump. */
static group *group_of(scrape *s, dd_map *known, const dd_meter_model *r)
{
    dd_str  labels = group_labels(s, r, dd_str_z(r->used));
    void   *found  = dd_map_get(known, labels);
    if (!found && known->n >= DD_METRICS_GROUPS) {
        labels = LABELS(s, { "provider", DD_METER_OTHER }, { "model", DD_METER_OTHER }, { "operation", DD_METER_OTHER });
        found  = dd_map_get(known, labels);
    }
    if (found)
        return found;
    group *g  = dd_new(s->arena, group);
    g->labels = labels;
    dd_map_put(known, labels, g);
    dd_avec_push(s->arena, &s->groups, g);
    return g;
}

static void add_to_group(group *g, const dd_meter_model *r)
{
    for (size_t i = 0; i < DD_METER_KINDS; i++)
        g->tokens[i] += r->tokens[i];
    g->fallbacks += r->fallbacks;
    g->retries   += r->retries;
    dd_hist_merge(&g->total, &r->total);
    dd_hist_merge(&g->first, &r->first);
}

static void read_models(scrape *s)
{
    dd_meter_model r;
    dd_map         known = DD_MAP_INIT;
    for (size_t i = 0; dd_meter_model_at(s->m->meter, i, &r); i++) {
        if (!r.requests)
            continue;
        model *row    = dd_new(s->arena, model);
        row->labels   = LABELS(s, { "provider", dd_str_z(r.provider) }, { "model", dd_str_z(r.used) }, { "requested_model", dd_str_z(r.requested) },
                               { "operation", dd_str_z(r.operation) });
        row->served   = r.provider[0] != '\0';
        row->unpriced = r.unpriced;
        row->cost     = r.cost;
        row->saved    = r.saved + r.lost;
        row->lost     = r.lost;
        memcpy(row->errors, r.errors, sizeof row->errors);
        dd_avec_push(s->arena, &s->models, row);
        add_to_group(group_of(s, &known, &r), &r);
    }
    dd_map_free(&known);
}

static void read_spenders(scrape *s)
{
    spender row;
    for (size_t i = 0; dd_meter_spender_at(s->m->meter, i, &row.s); i++)
        if (row.s.requests) {
            row.labels = LABELS(s, { "team", dd_str_z(row.s.team) }, { "feature", dd_str_z(row.s.feature) });
            dd_avec_push(s->arena, &s->spenders, row);
        }
}

/* The meter's models come from events, which hold no keys; these are as clients wrote them. */
static dd_str without_keys(scrape *s, const char *name)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_redact(dd_str_z(name), &b);
    dd_str out = dd_arena_dup(s->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

/* Names there are cut to fit: two may have become one, and the first counts. */
static void read_targets(scrape *s)
{
    dd_live_name name;
    dd_map       known = DD_MAP_INIT;
    for (uint32_t i = 0; s->m->live && i < dd_live_count(s->m->live) && s->targets.n < DD_METRICS_TARGETS; i++) {
        target t;
        if (!dd_live_at(s->m->live, i, &name) || name.key || !dd_live_look(s->m->live, i, s->m->rule, s->m->now_ms, &t.f))
            continue;
        t.labels = LABELS(s, { "provider", dd_str_z(name.provider) }, { "model", without_keys(s, name.model) });
        if (!dd_map_has(&known, t.labels)) {
            dd_map_put(&known, t.labels, s);
            dd_avec_push(s->arena, &s->targets, t);
        }
    }
    dd_map_free(&known);
}

/* A label that is "" is a budget that is not shown. */
static void read_budgets(scrape *s)
{
    dd_map known = DD_MAP_INIT;
    s->n_budgets = s->m->n_budgets < DD_METRICS_BUDGETS ? s->m->n_budgets : DD_METRICS_BUDGETS;
    s->budgets   = dd_newn(s->arena, dd_str, s->n_budgets + 1);
    for (size_t i = 0; i < s->n_budgets; i++) {
        const dd_metrics_budget *b = &s->m->budgets[i];
        dd_str labels = LABELS(s, { "budget", b->budget }, { "scope", b->scope }, { "value", b->value });
        if (!dd_map_has(&known, labels)) {
            dd_map_put(&known, labels, s);
            s->budgets[i] = labels;
        }
    }
    dd_map_free(&known);
}

/* --- samples --- */

/* Up to the value. `more`: a label behind the others. */
static void begin(scrape *s, const char *name, const char *suffix, dd_str labels, const char *more)
{
    dd_buf_addz(s->out, name);
    dd_buf_addz(s->out, suffix);
    if (labels.len || more[0]) {
        dd_buf_addc(s->out, '{');
        dd_buf_add(s->out, labels);
        if (labels.len && more[0])
            dd_buf_addc(s->out, ',');
        dd_buf_addz(s->out, more);
        dd_buf_addc(s->out, '}');
    }
    dd_buf_addc(s->out, ' ');
}

static void count(scrape *s, const char *name, dd_str labels, const char *more, int64_t n)
{
    begin(s, name, "", labels, more);
    dd_buf_printf(s->out, "%lld\n", (long long)n);
}

static void money(scrape *s, const char *name, dd_str labels, dd_pusd m)
{
    begin(s, name, "", labels, "");
    dd_money_json(m, s->out);
    dd_buf_addc(s->out, '\n');
}

static void figure(scrape *s, const char *name, dd_str labels, double n)
{
    if (n < 0)
        return;
    begin(s, name, "", labels, "");
    dd_buf_printf(s->out, "%.15g\n", n);
}

static const dd_str none = { "", 0 };

/* Bounds of 2^low to 2^high seconds. The label reads alike in both formats: a series must not change its name with the scraper's wish. */
static void histogram(scrape *s, const char *name, dd_str labels, const dd_hist *h, int low, int high)
{
    int64_t  sum = 0;
    unsigned at  = 0;
    char     le[48];
    for (int octave = low; octave <= high; octave++) {
        for (; at <= (unsigned)(DD_HIST_ZERO + octave * DD_HIST_OCTAVE); at++)
            sum += h->count[at];
        snprintf(le, sizeof le, octave < 0 ? "le=\"%.17g\"" : "le=\"%.1f\"", ldexp(1, octave));
        begin(s, name, "_bucket", labels, le);
        dd_buf_printf(s->out, "%lld\n", (long long)sum);
    }
    begin(s, name, "_bucket", labels, "le=\"+Inf\"");
    dd_buf_printf(s->out, "%lld\n", (long long)h->n);
    begin(s, name, "_sum", labels, "");
    dd_buf_printf(s->out, "%lld.%06lld\n", (long long)(h->sum_us / 1000000), (long long)(h->sum_us % 1000000));
    begin(s, name, "_count", labels, "");
    dd_buf_printf(s->out, "%lld\n", (long long)h->n);
}

/* --- the families' samples --- */

static void build(scrape *s, const char *name)
{
    count(s, name, LABELS(s, { "version", dd_str_z(s->m->version) }), "", 1);
}

static void requests(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->models.n; i++)
        for (size_t c = 0; c < DD_EC_COUNT; c++) {
            char outcome[48];
            snprintf(outcome, sizeof outcome, "outcome=\"%s\"", c == DD_EC_NONE ? "ok" : dd_error_class_name((dd_error_class)c));
            if (s->models.v[i]->errors[c] || (c == DD_EC_NONE && s->models.v[i]->served))
                count(s, name, s->models.v[i]->labels, outcome, s->models.v[i]->errors[c]);
        }
}

static void model_money(scrape *s, const char *name, size_t member)
{
    for (size_t i = 0; i < s->models.n; i++)
        if (s->models.v[i]->served)
            money(s, name, s->models.v[i]->labels, *(const dd_pusd *)(const void *)((const char *)s->models.v[i] + member));
}

static void cost(scrape *s, const char *name) { model_money(s, name, offsetof(model, cost)); }
static void saved(scrape *s, const char *name) { model_money(s, name, offsetof(model, saved)); }
static void lost(scrape *s, const char *name) { model_money(s, name, offsetof(model, lost)); }

static void unpriced(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->models.n; i++)
        if (s->models.v[i]->served)
            count(s, name, s->models.v[i]->labels, "", s->models.v[i]->unpriced);
}

static void tokens(scrape *s, const char *name)
{
    static const char *const kinds[DD_METER_KINDS] = { [DD_METER_INPUT] = "kind=\"input\"", [DD_METER_CACHE_READ] = "kind=\"cache_read\"",
                                                       [DD_METER_CACHE_WRITE] = "kind=\"cache_write\"", [DD_METER_OUTPUT] = "kind=\"output\"",
                                                       [DD_METER_REASONING] = "kind=\"reasoning\"" };
    for (size_t i = 0; i < s->groups.n; i++)
        for (size_t k = 0; k < DD_METER_KINDS; k++)
            count(s, name, s->groups.v[i]->labels, kinds[k], s->groups.v[i]->tokens[k]);
}

static void duration(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->groups.n; i++)
        histogram(s, name, s->groups.v[i]->labels, &s->groups.v[i]->total, -10, 9);
}

static void first(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->groups.n; i++)
        if (s->groups.v[i]->first.n)
            histogram(s, name, s->groups.v[i]->labels, &s->groups.v[i]->first, -10, 8);
}

static void overhead(scrape *s, const char *name) { histogram(s, name, none, &s->sum.overhead, -17, 0); }

static void fallbacks(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->groups.n; i++)
        count(s, name, s->groups.v[i]->labels, "", s->groups.v[i]->fallbacks);
}

static void retries(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->groups.n; i++)
        count(s, name, s->groups.v[i]->labels, "", s->groups.v[i]->retries);
}

static void disconnects(scrape *s, const char *name) { count(s, name, none, "", s->sum.disconnected); }

static void cache(scrape *s, const char *name)
{
    count(s, name, none, "result=\"hit\"", s->sum.hits);
    count(s, name, none, "result=\"miss\"", s->sum.misses);
    count(s, name, none, "result=\"bypass\"", s->sum.bypasses);
}

static void spender_count(scrape *s, const char *name, size_t member)
{
    for (size_t i = 0; i < s->spenders.n; i++)
        count(s, name, s->spenders.v[i].labels, "", *(const int64_t *)(const void *)((const char *)&s->spenders.v[i].s + member));
}

static void spend_requests(scrape *s, const char *name) { spender_count(s, name, offsetof(dd_meter_spender, requests)); }
static void spend_errors(scrape *s, const char *name) { spender_count(s, name, offsetof(dd_meter_spender, errors)); }

static void spend(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->spenders.n; i++)
        money(s, name, s->spenders.v[i].labels, s->spenders.v[i].s.cost);
}

static void spend_saved(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->spenders.n; i++)
        money(s, name, s->spenders.v[i].labels, s->spenders.v[i].s.saved + s->spenders.v[i].s.lost);
}

static void target_count(scrape *s, const char *name, size_t member)
{
    for (size_t i = 0; i < s->targets.n; i++)
        count(s, name, s->targets.v[i].labels, "", *(const int64_t *)(const void *)((const char *)&s->targets.v[i].f + member));
}

static void target_requests(scrape *s, const char *name) { target_count(s, name, offsetof(dd_live_facts, total)); }
static void target_failures(scrape *s, const char *name) { target_count(s, name, offsetof(dd_live_facts, total_failures)); }
static void target_openings(scrape *s, const char *name) { target_count(s, name, offsetof(dd_live_facts, openings)); }
static void target_under_way(scrape *s, const char *name) { target_count(s, name, offsetof(dd_live_facts, under_way)); }

static void breaker(scrape *s, const char *name)
{
    static const int of[] = { [DD_BREAKER_CLOSED] = 0, [DD_BREAKER_HALF_OPEN] = 1, [DD_BREAKER_OPEN] = 2 };
    for (size_t i = 0; i < s->targets.n; i++)
        count(s, name, s->targets.v[i].labels, "", of[s->targets.v[i].f.breaker]);
}

static void target_latency(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->targets.n; i++)
        figure(s, name, s->targets.v[i].labels, s->targets.v[i].f.latency_ms / 1000);
}

static void target_first(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->targets.n; i++)
        figure(s, name, s->targets.v[i].labels, s->targets.v[i].f.first_ms / 1000);
}

static void budget_money(scrape *s, const char *name, size_t member)
{
    for (size_t i = 0; i < s->n_budgets; i++) {
        dd_pusd m = *(const dd_pusd *)(const void *)((const char *)&s->m->budgets[i] + member);
        if (s->budgets[i].len && m != DD_PUSD_UNKNOWN)
            money(s, name, s->budgets[i], m);
    }
}

static void budget_limit(scrape *s, const char *name) { budget_money(s, name, offsetof(dd_metrics_budget, limit)); }
static void budget_spent(scrape *s, const char *name) { budget_money(s, name, offsetof(dd_metrics_budget, spent)); }
static void budget_reserved(scrape *s, const char *name) { budget_money(s, name, offsetof(dd_metrics_budget, reserved)); }
static void budget_projected(scrape *s, const char *name) { budget_money(s, name, offsetof(dd_metrics_budget, projected)); }

static void in_flight(scrape *s, const char *name) { count(s, name, none, "", s->m->under_way); }
static void connections(scrape *s, const char *name) { count(s, name, none, "", s->m->connections); }
static void panic(scrape *s, const char *name) { count(s, name, none, "", s->m->panic); }

static void prices(scrape *s, const char *name)
{
    if (s->m->prices != DD_DAY_NONE)
        count(s, name, none, "", (int64_t)s->m->prices * 86400);
}

static void event_count(scrape *s, const char *name, int64_t n)
{
    if (s->m->events.on)
        count(s, name, none, "", n);
}

static void events_queued(scrape *s, const char *name) { event_count(s, name, s->m->events.queued); }
static void events_dropped(scrape *s, const char *name) { event_count(s, name, s->m->events.dropped); }
static void events_spooled(scrape *s, const char *name) { event_count(s, name, s->m->events.spooled); }
static void events_written(scrape *s, const char *name) { event_count(s, name, s->m->events.written); }
static void events_spool(scrape *s, const char *name) { event_count(s, name, s->m->events.spool_bytes); }
static void events_up(scrape *s, const char *name) { event_count(s, name, s->m->events.up); }

static void way_count(scrape *s, const char *name, size_t member)
{
    for (size_t i = 0; i < s->m->n_ways; i++) {
        const dd_metrics_way *w = &s->m->ways[i];
        count(s, name, LABELS(s, { "way", dd_str_z(w->name) }), "", *(const int64_t *)(const void *)((const char *)w + member));
    }
}

static void export_sent(scrape *s, const char *name) { way_count(s, name, offsetof(dd_metrics_way, sent)); }
static void export_dropped(scrape *s, const char *name) { way_count(s, name, offsetof(dd_metrics_way, dropped)); }
static void export_failed(scrape *s, const char *name) { way_count(s, name, offsetof(dd_metrics_way, failed)); }
static void export_queued(scrape *s, const char *name) { way_count(s, name, offsetof(dd_metrics_way, queued)); }

static void export_up(scrape *s, const char *name)
{
    for (size_t i = 0; i < s->m->n_ways; i++)
        count(s, name, LABELS(s, { "way", dd_str_z(s->m->ways[i].name) }), "", s->m->ways[i].up);
}

static void cpu(scrape *s, const char *name) { figure(s, name, none, s->m->process.cpu_s); }
static void resident(scrape *s, const char *name) { figure(s, name, none, (double)s->m->process.resident); }
static void address_space(scrape *s, const char *name) { figure(s, name, none, (double)s->m->process.address_space); }
static void fds(scrape *s, const char *name) { figure(s, name, none, (double)s->m->process.fds); }
static void fds_max(scrape *s, const char *name) { figure(s, name, none, (double)s->m->process.fds_max); }
static void started(scrape *s, const char *name) { figure(s, name, none, s->m->process.started_s); }

/* --- the families --- */

typedef enum { COUNTER, GAUGE, HISTOGRAM, INFO } kind;
static const struct { const char *name; kind kind; void (*samples)(scrape *s, const char *name); const char *help; } families[] = {
    { "dd0c_build_info", INFO, build, "The program's version; always 1." },
    { "dd0c_requests_total", COUNTER, requests, "Requests that ended, by what became of them: ok, or a class of error." },
    { "dd0c_request_duration_seconds", HISTOGRAM, duration, "Time from a request's first byte to its answer's last." },
    { "dd0c_time_to_first_token_seconds", HISTOGRAM, first, "Time from a request's first byte to the answer's first content." },
    { "dd0c_overhead_seconds", HISTOGRAM, overhead, "What of a request's time the proxy took: all but waiting for the provider." },
    { "dd0c_cost_usd_total", COUNTER, cost, "What requests cost, by the price table." },
    { "dd0c_saved_usd_total", COUNTER, saved, "What requests cost less than the requested model would have." },
    { "dd0c_lost_usd_total", COUNTER, lost, "What requests cost more than the requested model would have. Saved less lost is the net saving." },
    { "dd0c_unpriced_requests_total", COUNTER, unpriced, "Requests whose cost is not known, and so is in no sum." },
    { "dd0c_tokens_total", COUNTER, tokens, "Tokens as providers report them; reasoning is part of output, input is without what the cache had." },
    { "dd0c_spend_usd_total", COUNTER, spend, "What requests cost, by who asked." },
    { "dd0c_spend_saved_usd_total", COUNTER, spend_saved, "What requests cost less than the requested model would have, by who asked." },
    { "dd0c_spend_requests_total", COUNTER, spend_requests, "Requests by who asked." },
    { "dd0c_spend_errors_total", COUNTER, spend_errors, "Requests with an error, by who asked." },
    { "dd0c_fallbacks_total", COUNTER, fallbacks, "Requests in which a step behind the first choice was tried." },
    { "dd0c_retries_total", COUNTER, retries, "Attempts after the first of a request." },
    { "dd0c_disconnects_total", COUNTER, disconnects, "Clients that left before their answer's end." },
    { "dd0c_cache_requests_total", COUNTER, cache, "Requests by what the cache of answers said." },
    { "dd0c_breaker_state", GAUGE, breaker, "Circuit breaker: 0 closed, 1 half open, 2 open. Model \"\" is all of the provider." },
    { "dd0c_breaker_openings_total", COUNTER, target_openings, "Times that the circuit breaker opened." },
    { "dd0c_provider_requests_total", COUNTER, target_requests, "Attempts at a provider's model." },
    { "dd0c_provider_failures_total", COUNTER, target_failures, "Attempts that failed: 429, 5xx, timeout, connection." },
    { "dd0c_provider_in_flight_requests", GAUGE, target_under_way, "Attempts under way." },
    { "dd0c_provider_latency_seconds", GAUGE, target_latency, "Moving average of good answers' time." },
    { "dd0c_provider_time_to_first_token_seconds", GAUGE, target_first, "Moving average of good answers' time to first content." },
    { "dd0c_budget_limit_usd", GAUGE, budget_limit, "What may be spent in the budget's period." },
    { "dd0c_budget_spent_usd", GAUGE, budget_spent, "What is spent of it; begins anew with the period." },
    { "dd0c_budget_reserved_usd", GAUGE, budget_reserved, "What requests under way have set aside." },
    { "dd0c_budget_projected_usd", GAUGE, budget_projected, "What will be spent by the period's end at the pace so far." },
    { "dd0c_in_flight_requests", GAUGE, in_flight, "Requests that clients wait for." },
    { "dd0c_connections", GAUGE, connections, "Open connections of clients." },
    { "dd0c_panic_mode", GAUGE, panic, "1 while panic mode is on: rules are frozen, nothing falls back." },
    { "dd0c_prices_timestamp_seconds", GAUGE, prices, "The day of the price table." },
    { "dd0c_events_queued", GAUGE, events_queued, "Events that wait to be written." },
    { "dd0c_events_dropped_total", COUNTER, events_dropped, "Events that found no place: they are in no report." },
    { "dd0c_events_spooled_total", COUNTER, events_spooled, "Events put into files because the store was behind." },
    { "dd0c_events_written_total", COUNTER, events_written, "Events written to the store." },
    { "dd0c_events_spool_bytes", GAUGE, events_spool, "Size of the files of events." },
    { "dd0c_events_store_up", GAUGE, events_up, "1: the store took the last batch." },
    { "dd0c_export_sent_total", COUNTER, export_sent, "Records that a collector took." },
    { "dd0c_export_dropped_total", COUNTER, export_dropped, "Records that found the queue full." },
    { "dd0c_export_failed_total", COUNTER, export_failed, "Records given up, or refused by the collector." },
    { "dd0c_export_queued", GAUGE, export_queued, "Records that wait to be sent." },
    { "dd0c_export_up", GAUGE, export_up, "1: the collector took the last batch." },
    { "process_cpu_seconds_total", COUNTER, cpu, "Processor time, user and system." },
    { "process_resident_memory_bytes", GAUGE, resident, "Resident memory." },
    { "process_virtual_memory_bytes", GAUGE, address_space, "Address space." },
    { "process_open_fds", GAUGE, fds, "Open descriptors." },
    { "process_max_fds", GAUGE, fds_max, "Descriptors that may be open." },
    { "process_start_time_seconds", GAUGE, started, "When the proxy began, since 1970." },
};

/* OpenMetrics names a family without what its samples carry behind. */
static dd_str family_name(const scrape *s, const char *name, kind k)
{
    dd_str n = dd_str_z(name), behind = k == COUNTER ? DD_STR("_total") : k == INFO ? DD_STR("_info") : DD_STR("");
    return s->open && dd_str_ends(n, behind) ? dd_str_sub(n, 0, n.len - behind.len) : n;
}

static void family_head(scrape *s, size_t i)
{
    static const char *const kinds[2][4] = { { "counter", "gauge", "histogram", "gauge" }, { "counter", "gauge", "histogram", "info" } };
    static const char *const units[]     = { "_seconds", "_usd", "_bytes" };
    dd_str name = family_name(s, families[i].name, families[i].kind);
    dd_buf_printf(s->out, "# HELP " DD_STR_FMT " ", DD_STR_ARG(name));
    for (const char *c = families[i].help; *c; c++) {
        if (*c == '"' && s->open)
            dd_buf_addc(s->out, '\\');
        dd_buf_addc(s->out, *c);
    }
    dd_buf_printf(s->out, "\n# TYPE " DD_STR_FMT " %s\n", DD_STR_ARG(name), kinds[s->open][families[i].kind]);
    for (size_t u = 0; u < DD_COUNT(units) && s->open; u++)
        if (dd_str_endsz(name, units[u]))
            dd_buf_printf(s->out, "# UNIT " DD_STR_FMT " %s\n", DD_STR_ARG(name), units[u] + 1);
}

void dd_metrics_write(const dd_metrics *m, bool open_metrics, dd_arena *arena, dd_buf *out)
{
    scrape *s = dd_new(arena, scrape);
    s->m      = m;
    s->open   = open_metrics;
    s->arena  = arena;
    s->out    = out;
    dd_meter_total(m->meter, &s->sum);
    read_models(s);
    read_spenders(s);
    read_targets(s);
    read_budgets(s);
    for (size_t i = 0; i < DD_COUNT(families); i++) {
        family_head(s, i);
        families[i].samples(s, families[i].name);
    }
    if (open_metrics)
        dd_buf_addz(out, "# EOF\n");
}
