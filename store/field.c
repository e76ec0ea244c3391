#include "store/field.h"

#include <stddef.h>

/* A client's text that is longer is cut; what must stay JSON is left out instead. */
#define WORD 16
#define HASH 64
#define NAME 256
#define LONG 4096
#define TAGS 16384

#define TEXT(name, alias, member, longest) { name, alias, DD_F_TEXT, offsetof(dd_event, member), longest }
#define NUM(name, alias, kind, member)     { name, alias, kind, offsetof(dd_event, member), 0 }

const dd_field dd_fields[] = {
    NUM("id", NULL, DD_F_I64, id),
    NUM("time_ms", NULL, DD_F_I64, time_ms),
    TEXT("org", NULL, org, NAME),
    TEXT("key_id", "key", key_id, NAME),
    TEXT("user", NULL, user, NAME),
    TEXT("feature", NULL, feature, NAME),
    TEXT("team", NULL, team, NAME),
    TEXT("env", NULL, env, NAME),
    TEXT("tags", NULL, tags, TAGS),
    TEXT("task", NULL, task, NAME),
    TEXT("strategy", NULL, strategy, NAME),
    TEXT("route", NULL, route, NAME),
    TEXT("endpoint", NULL, endpoint, NAME),
    TEXT("requested_model", NULL, requested_model, NAME),
    TEXT("used_model", "model", used_model, NAME),
    TEXT("provider", NULL, provider, NAME),
    NUM("stream", NULL, DD_F_BOOL, stream),
    NUM("disconnected", NULL, DD_F_BOOL, disconnected),
    NUM("status", NULL, DD_F_INT, status),
    NUM("error", NULL, DD_F_ERROR, error),
    NUM("input_tokens", "usage.input", DD_F_I64, usage.input),
    NUM("cache_read_tokens", "usage.cache_read", DD_F_I64, usage.cache_read),
    NUM("cache_write_tokens", "usage.cache_write", DD_F_I64, usage.cache_write),
    NUM("cache_write_1h_tokens", "usage.cache_write_1h", DD_F_I64, usage.cache_write_1h),
    NUM("output_tokens", "usage.output", DD_F_I64, usage.output),
    NUM("reasoning_tokens", NULL, DD_F_I64, reasoning_tokens),
    NUM("usage_source", NULL, DD_F_SOURCE, usage_source),
    NUM("cost_original", NULL, DD_F_MONEY, cost_original),
    NUM("cost_actual", "cost", DD_F_MONEY, cost_actual),
    NUM("cost_saved", "saved", DD_F_MONEY, cost_saved),
    NUM("prices_day", "prices", DD_F_DAY, prices),
    NUM("first_us", NULL, DD_F_I64, first_us),
    NUM("total_us", "latency", DD_F_I64, total_us),
    NUM("overhead_us", NULL, DD_F_I64, overhead_us),
    NUM("queue_us", NULL, DD_F_I64, queue_us),
    NUM("bytes_in", NULL, DD_F_I64, bytes_in),
    NUM("bytes_out", NULL, DD_F_I64, bytes_out),
    NUM("retries", NULL, DD_F_INT, retries),
    TEXT("dropped", NULL, dropped, LONG),
    TEXT("complexity", NULL, complexity, WORD),
    NUM("score", NULL, DD_F_SHARE, score),
    TEXT("considered", NULL, considered, DD_EVENT_CONSIDERED),
    NUM("fallback", NULL, DD_F_BOOL, fallback),
    NUM("cost_premium", "premium", DD_F_MONEY, cost_premium),
    TEXT("cache", NULL, cache, WORD),
    TEXT("budget", NULL, budget, NAME),
    TEXT("session", NULL, session, HASH),
    TEXT("call_site", NULL, call_site, NAME),
    TEXT("prompt_hash", NULL, prompt_hash, HASH),
    TEXT("rules", NULL, rules, DD_EVENT_RULES),
    TEXT("finish_reason", "finish", finish_reason, WORD),
    TEXT("trace_id", "trace", trace_id, HASH),
    TEXT("parent_span", NULL, parent_span, WORD),
    NUM("unsampled", NULL, DD_F_BOOL, unsampled),
    NUM("auth_us", NULL, DD_F_I64, auth_us),
    NUM("decide_us", NULL, DD_F_I64, decide_us),
    NUM("cache_us", NULL, DD_F_I64, cache_us),
    NUM("prepare_us", NULL, DD_F_I64, prepare_us),
    NUM("answer_us", NULL, DD_F_I64, answer_us),
};
const size_t dd_n_fields = DD_COUNT(dd_fields);

const dd_field *dd_field_find(dd_str name)
{
    for (size_t i = 0; i < dd_n_fields; i++)
        if (dd_str_eqz(name, dd_fields[i].name) || (dd_fields[i].alias != NULL && dd_str_eqz(name, dd_fields[i].alias)))
            return &dd_fields[i];
    return NULL;
}

#define MILLION 1000000
static int64_t share(double v) { return v >= 0 && v <= 1 ? (int64_t)(v * MILLION + 0.5) : -1; }

int64_t dd_field_get(const dd_field *f, const dd_event *e, bool *null)
{
    const void *at = (const char *)e + f->offset;
    int64_t     v = 0;
    switch (f->kind) {
    case DD_F_TEXT: break;
    case DD_F_INT: v = *(const int *)at; break;
    case DD_F_I64: case DD_F_MONEY: v = *(const int64_t *)at; break;
    case DD_F_DAY: v = *(const dd_day *)at; break;
    case DD_F_BOOL: v = *(const bool *)at; break;
    case DD_F_SHARE: v = share(*(const double *)at); break;
    case DD_F_ERROR: v = (int64_t)*(const dd_error_class *)at; break;
    case DD_F_SOURCE: v = (int64_t)*(const dd_usage_source *)at; break;
    }
    *null = f->kind == DD_F_MONEY ? v == DD_PUSD_UNKNOWN : f->kind == DD_F_DAY ? v == DD_DAY_NONE : v < 0;
    return v;
}

int64_t dd_field_number(int64_t v) { return v < 0 || v > INT64_C(1) << 53 ? -1 : v; }

void dd_field_set(const dd_field *f, dd_event *e, int64_t v, bool null)
{
    void *at = (char *)e + f->offset;
    switch (f->kind) {
    case DD_F_TEXT: break;
    case DD_F_INT: *(int *)at = null ? -1 : (int)v; break;
    case DD_F_I64: *(int64_t *)at = null ? -1 : f->offset == offsetof(dd_event, id) ? v : dd_field_number(v); break;
    case DD_F_MONEY: *(dd_pusd *)at = null ? DD_PUSD_UNKNOWN : v; break;
    case DD_F_DAY: *(dd_day *)at = null ? DD_DAY_NONE : (dd_day)v; break;
    case DD_F_BOOL: *(bool *)at = !null && v != 0; break;
    case DD_F_SHARE: *(double *)at = null ? -1 : (double)v / MILLION; break;
    case DD_F_ERROR: *(dd_error_class *)at = null ? DD_EC_NONE : (dd_error_class)v; break;
    case DD_F_SOURCE: *(dd_usage_source *)at = null ? DD_USAGE_NONE : (dd_usage_source)v; break;
    }
}
