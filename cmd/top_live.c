/* cmd/top_live.c - asking the proxies of this state folder how they are, over their sockets. */
#include "cmd/top.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/sum.h"
#include "base/time.h"
#include "cmd/sockets.h"

enum { TIMEOUT_MS = 200 };

struct dd_top_sockets {
    dd_sockets *sockets;
    dd_top_live last;
    dd_mono     when;
    bool        asked;
};

dd_top_sockets *dd_top_sockets_new(const char *dir)
{
    dd_top_sockets *s = dd_calloc(1, sizeof *s);
    s->sockets        = dd_sockets_new(dir);
    return s;
}

void dd_top_sockets_free(dd_top_sockets *s)
{
    if (!s)
        return;
    dd_sockets_free(s->sockets);
    free(s);
}

/* --- an answer --- */

static int64_t whole(const cJSON *o, const char *name, int64_t none)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 9e15 ? (int64_t)n->valuedouble : none;
}

static double real(const cJSON *o, const char *name)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(n) && n->valuedouble >= 0 ? n->valuedouble : -1;
}

/* Numbers beyond a double's 15 digits are not needed for a rate. */
static dd_pusd money(const cJSON *o, const char *name)
{
    double usd = real(o, name);
    return usd >= 0 && usd < 9e6 ? (dd_pusd)(usd * (double)DD_PUSD_PER_USD) : 0;
}

static void text(const cJSON *o, const char *name, char *out, size_t size)
{
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(o, name);
    snprintf(out, size, "%s", cJSON_IsString(s) ? s->valuestring : "");
}

/* Percentiles of several proxies cannot be joined: the slowest is told. */
static void slower(const cJSON *o, const char *name, dd_board_times *t)
{
    const cJSON *c = cJSON_GetObjectItemCaseSensitive(o, name);
    t->p50 = fmax(t->p50, real(c, "p50"));
    t->p95 = fmax(t->p95, real(c, "p95"));
    t->p99 = fmax(t->p99, real(c, "p99"));
}

static dd_top_provider *provider(dd_top_live *out, const char *name, const char *model)
{
    for (size_t i = 0; i < out->n_providers; i++)
        if (strcmp(out->providers[i].name, name) == 0 && strcmp(out->providers[i].model, model) == 0)
            return &out->providers[i];
    if (out->n_providers == DD_TOP_PROVIDERS)
        return NULL;
    dd_top_provider *p = &out->providers[out->n_providers++];
    *p = (dd_top_provider){ .error_rate = -1, .latency_ms = -1, .first_ms = -1 };
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->model, sizeof p->model, "%s", model);
    return p;
}

static int badness(const char *breaker) { return strcmp(breaker, "open") == 0 ? 3 : strcmp(breaker, "half_open") == 0 ? 2 : *breaker != 0; }

static void add_provider(const cJSON *o, dd_top_live *out)
{
    char name[96], model[96], breaker[16];
    text(o, "provider", name, sizeof name);
    text(o, "model", model, sizeof model);
    text(o, "breaker", breaker, sizeof breaker);
    dd_top_provider *p = *name ? provider(out, name, model) : NULL;
    if (!p)
        return;
    if (badness(breaker) > badness(p->breaker))
        snprintf(p->breaker, sizeof p->breaker, "%s", breaker);
    dd_sum_add(&p->requests, whole(o, "requests", 0));
    dd_sum_add(&p->failures, whole(o, "failures", 0));
    dd_sum_add(&p->under_way, whole(o, "under_way", 0));
    p->error_rate = fmax(p->error_rate, real(o, "error_rate"));
    p->latency_ms = fmax(p->latency_ms, real(o, "latency_ms"));
    p->first_ms   = fmax(p->first_ms, real(o, "first_ms"));
}

bool dd_top_live_add(dd_str json, dd_top_live *out)
{
    dd_err       err = DD_ERR_INIT;
    cJSON       *o   = dd_json_parse(json, "answer", &err);
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(o, "schema"), *row;
    bool         is = cJSON_IsString(schema) && dd_str_startsz(dd_str_z(schema->valuestring), "dd0c.live/");
    if (is) {
        const cJSON *events = cJSON_GetObjectItemCaseSensitive(o, "events");
        out->answered++;
        out->panic = out->panic || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "panic"));
        dd_sum_add(&out->requests, whole(o, "requests", 0));
        dd_sum_add(&out->errors, whole(o, "errors", 0));
        dd_sum_add(&out->under_way, whole(o, "under_way", 0));
        dd_sum_add(&out->queued, whole(events, "queued", 0));
        dd_sum_add(&out->dropped, whole(events, "dropped", 0));
        dd_sum_add(&out->cost, money(o, "cost_usd"));
        slower(o, "latency_ms", &out->latency);
        slower(o, "first_ms", &out->first);
        slower(o, "overhead_ms", &out->overhead);
        const cJSON *rows = cJSON_GetObjectItemCaseSensitive(o, "providers");
        for (row = rows ? rows->child : NULL; row; row = row->next)
            add_provider(row, out);
    }
    cJSON_Delete(o);
    return is;
}

/* --- asking --- */

static void add_answer(void *ctx, const char *name, int status, dd_str answer)
{
    (void)name;
    if (status == 200)
        dd_top_live_add(answer, ctx);
}

static void push(double *v, size_t n, double x)
{
    if (n == DD_TOP_SERIES)
        memmove(v, v + 1, (DD_TOP_SERIES - 1) * sizeof *v);
    v[n == DD_TOP_SERIES ? n - 1 : n] = x;
}

/* Two answers make a rate. A proxy that came or went makes the sums jump: that is none. */
static void find_rates(const dd_top_live *last, dd_top_live *out, double seconds)
{
    memcpy(out->rates, last->rates, sizeof out->rates);
    memcpy(out->paces, last->paces, sizeof out->paces);
    out->n_rates = last->n_rates;
    if (!out->answered || out->answered != last->answered || out->requests < last->requests || out->cost < last->cost || seconds <= 0)
        return;
    double fresh = (double)(out->requests - last->requests) / seconds, pace = (double)(out->cost - last->cost) * 3600 / seconds;
    double old_pace = last->per_hour == DD_PUSD_UNKNOWN ? pace : (double)last->per_hour;
    /* Smoothed over some seconds: a figure that jumps cannot be read. */
    double keep = exp(-seconds / 4);
    out->per_second = last->per_second < 0 ? fresh : last->per_second * keep + fresh * (1 - keep);
    if (out->per_second < 0.005)
        out->per_second = 0;
    pace = old_pace * keep + pace * (1 - keep);
    out->per_hour = pace > 9e18 ? INT64_MAX : pace < 1e6 ? 0 : (dd_pusd)pace;
    push(out->rates, out->n_rates, fresh);
    push(out->paces, out->n_rates, (double)out->per_hour / (double)DD_PUSD_PER_USD);
    out->n_rates += out->n_rates < DD_TOP_SERIES;
}

static bool same_providers(const dd_top_live *a, const dd_top_live *b)
{
    bool same = a->n_providers == b->n_providers;
    for (size_t i = 0; same && i < a->n_providers; i++) {
        const dd_top_provider *p = &a->providers[i], *q = &b->providers[i];
        same = strcmp(p->name, q->name) == 0 && strcmp(p->model, q->model) == 0 && strcmp(p->breaker, q->breaker) == 0 &&
            p->requests == q->requests &&
               p->failures == q->failures && p->under_way == q->under_way && p->error_rate == q->error_rate && p->latency_ms == q->latency_ms;
    }
    return same;
}

bool dd_top_sockets_read(dd_top_sockets *s, dd_top_live *out)
{
    static const dd_board_times none = { -1, -1, -1 };
    dd_mono now = dd_mono_now();
    *out = (dd_top_live){ .per_second = -1, .per_hour = DD_PUSD_UNKNOWN, .latency = none, .first = none, .overhead = none };
    out->found = dd_sockets_ask(s->sockets, "/admin/live", NULL, TIMEOUT_MS, add_answer, out);
    find_rates(&s->last, out, s->asked ? (double)(now.ns - s->when.ns) / 1e9 : 0);
    bool same = s->asked && out->found == s->last.found && out->answered == s->last.answered && out->requests == s->last.requests &&
        out->panic == s->last.panic &&
                out->under_way == s->last.under_way && (out->per_second == s->last.per_second || (out->per_second < 0 && s->last.per_second < 0)) &&
                same_providers(out, &s->last);
    s->last  = *out;
    s->when  = now;
    s->asked = true;
    return !same;
}
