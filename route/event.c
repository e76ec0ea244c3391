#include "route/event.h"

#include <stdio.h>

#include "route/money_json.h"

/* ---- words ---- */

static const char *const class_names[DD_EC_COUNT] = {
    [DD_EC_NONE] = "none",           [DD_EC_INVALID] = "invalid",       [DD_EC_AUTH] = "auth",         [DD_EC_FORBIDDEN] = "forbidden",
    [DD_EC_NOT_FOUND] = "not_found", [DD_EC_TOO_LARGE] = "too_large",   [DD_EC_RATE_LIMIT] = "rate_limit", [DD_EC_BUDGET] = "budget",
    [DD_EC_CONTENT] = "content",     [DD_EC_CONTEXT] = "context",       [DD_EC_UPSTREAM] = "upstream", [DD_EC_OVERLOADED] = "overloaded",
    [DD_EC_TIMEOUT] = "timeout",     [DD_EC_CONNECT] = "connect",       [DD_EC_RESET] = "reset",       [DD_EC_TRUNCATED] = "truncated",
    [DD_EC_ABORTED] = "aborted",     [DD_EC_INTERNAL] = "internal",
};
static const char *const source_names[] = { [DD_USAGE_NONE] = "none", [DD_USAGE_REPORTED] = "reported", [DD_USAGE_COUNTED] = "counted" };

static const char *word(const char *const *names, size_t n, unsigned i)
{
    return i < n ? names[i] : "unknown";
}

static bool find(const char *const *names, size_t n, dd_str name, unsigned *out)
{
    for (unsigned i = 0; i < n; i++)
        if (dd_str_eqz(name, names[i])) {
            *out = i;
            return true;
        }
    return false;
}

const char *dd_error_class_name(dd_error_class c) { return word(class_names, DD_COUNT(class_names), (unsigned)c); }
const char *dd_usage_source_name(dd_usage_source s) { return word(source_names, DD_COUNT(source_names), (unsigned)s); }

bool dd_error_class_find(dd_str name, dd_error_class *out)
{
    unsigned i;
    if (!find(class_names, DD_COUNT(class_names), name, &i))
        return false;
    *out = (dd_error_class)i;
    return true;
}

bool dd_usage_source_find(dd_str name, dd_usage_source *out)
{
    unsigned i;
    if (!find(source_names, DD_COUNT(source_names), name, &i))
        return false;
    *out = (dd_usage_source)i;
    return true;
}

/* ---- the request id ---- */

#define PREFIX "req_"
enum { PREFIX_LEN = sizeof PREFIX - 1, LETTERS = 13 };
static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz";

void dd_event_spell(int64_t id, char out[20])
{
    uint64_t left = (uint64_t)id;
    memcpy(out, PREFIX, PREFIX_LEN);
    for (int i = LETTERS - 1; i >= 0; i--, left >>= 5)
        out[PREFIX_LEN + i] = crockford[left & 31];
    out[PREFIX_LEN + LETTERS] = '\0';
}

/* Crockford's alphabet takes both cases, and o for 0, i and l for 1: people copy ids from screens. */
static int letter_value(char c)
{
    char lower = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (lower == 'o')
        return 0;
    if (lower == 'i' || lower == 'l')
        return 1;
    const char *at = lower == '\0' ? NULL : strchr(crockford, lower);
    return at == NULL ? -1 : (int)(at - crockford);
}

bool dd_event_unspell(dd_str text, int64_t *id)
{
    uint64_t v = 0;
    if (text.len != PREFIX_LEN + LETTERS || !dd_str_startsz(text, PREFIX))
        return false;
    for (size_t i = PREFIX_LEN; i < text.len; i++) {
        int d = letter_value(text.ptr[i]);
        if (d < 0 || v >> 58 != 0) /* ids are positive: the 64th bit and what is above are not there */
            return false;
        v = v << 5 | (uint64_t)d;
    }
    if (v > INT64_MAX)
        return false;
    *id = (int64_t)v;
    return true;
}

/* ---- JSON ---- */

void dd_event_time(int64_t time_ms, char out[25])
{
    int64_t s = time_ms / 1000 - (time_ms % 1000 < 0), ms = time_ms - s * 1000;
    dd_day   day = dd_day_of((dd_wall){ s });
    unsigned of_day = (unsigned)(s - (int64_t)day * 86400);
    char     date[11];
    dd_day_format(day, date);
    snprintf(out, 25, "%.10sT%02u:%02u:%02u.%03uZ", date, of_day / 3600 % 24, of_day / 60 % 60, of_day % 60, (unsigned)ms % 1000);
}

static void put_class(dd_json *j, dd_error_class c)
{
    dd_json_member_str(j, "error", c == DD_EC_NONE ? DD_STR_NULL : dd_str_z(dd_error_class_name(c)));
}

static void put_usage(dd_json *j, const dd_usage *u)
{
    dd_json_key(j, "usage");
    dd_json_open(j, '{');
    dd_json_member_known(j, "input", u->input);
    dd_json_member_known(j, "cache_read", u->cache_read);
    dd_json_member_known(j, "cache_write", u->cache_write);
    dd_json_member_known(j, "cache_write_1h", u->cache_write_1h);
    dd_json_member_known(j, "output", u->output);
    dd_json_close(j, '}');
}

/* The tags are a client's JSON, laid out as it liked. A line break can only stand between its values: the event stays on one line. */
static void put_raw(dd_json *j, const char *key, dd_str text, char first)
{
    dd_buf flat = DD_BUF_INIT(0);
    dd_json_key(j, key);
    if (text.len == 0 || text.ptr[0] != first) {
        dd_json_null(j);
        return;
    }
    dd_buf_add(&flat, text);
    for (size_t i = 0; i < flat.len; i++)
        if ((unsigned char)flat.ptr[i] < ' ')
            flat.ptr[i] = ' ';
    dd_json_raw(j, dd_buf_str(&flat));
    dd_buf_free(&flat);
}

const char *dd_call_purpose_name(dd_call_purpose p)
{
    static const char *const names[] = { [DD_CALL_ANSWERS] = "answer", [DD_CALL_VERIFIES] = "verify", [DD_CALL_CLASSIFIES] = "classify" };
    return (size_t)p < DD_COUNT(names) ? names[p] : "other";
}

static void put_calls(dd_json *j, const char *name, const dd_attempt *v, size_t n, bool purpose)
{
    dd_json_key(j, name);
    dd_json_open(j, '[');
    for (size_t i = 0; i < n; i++) {
        const dd_attempt *a = &v[i];
        dd_json_open(j, '{');
        if (purpose)
            dd_json_member_str(j, "purpose", dd_str_z(dd_call_purpose_name(a->purpose)));
        dd_json_member_str(j, "provider", a->provider);
        dd_json_member_str(j, "model", a->model);
        dd_json_member_known(j, "status", a->status);
        put_class(j, a->error);
        dd_json_member_known(j, "start_us", a->start_us);
        dd_json_member_known(j, "first_us", a->first_us);
        dd_json_member_known(j, "total_us", a->total_us);
        put_usage(j, &a->usage);
        dd_money_member(j, "cost", a->cost);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_who(dd_json *j, const dd_event *e)
{
    char id[20], time[25];
    dd_event_spell(e->id, id);
    dd_event_time(e->time_ms, time);
    dd_json_member_str(j, "id", dd_str_z(id));
    dd_json_member_str(j, "time", dd_str_z(time));
    dd_json_member_str(j, "org", e->org);
    dd_json_member_str(j, "key_id", e->key_id);
    dd_json_member_str(j, "user", e->user);
    dd_json_member_str(j, "feature", e->feature);
    dd_json_member_str(j, "team", e->team);
    dd_json_member_str(j, "env", e->env);
    put_raw(j, "tags", e->tags, '{');
    dd_json_member_str(j, "task", e->task);
    dd_json_member_str(j, "strategy", e->strategy);
    dd_json_member_str(j, "route", e->route);
}

static void put_decision(dd_json *j, const dd_event *e)
{
    char score[32] = "";
    dd_json_member_str(j, "complexity", e->complexity);
    if (e->score >= 0 && e->score <= 1)
        snprintf(score, sizeof score, "%.6g", e->score);
    dd_json_key(j, "score");
    if (score[0])
        dd_json_raw(j, dd_str_z(score));
    else
        dd_json_null(j);
    put_raw(j, "considered", e->considered, '[');
    dd_json_key(j, "fallback");
    dd_json_bool(j, e->fallback);
    dd_json_member_str(j, "cache", e->cache);
    dd_json_member_str(j, "budget", e->budget);
    dd_json_member_str(j, "session", e->session);
    dd_json_member_str(j, "call_site", e->call_site);
    dd_json_member_str(j, "prompt_hash", e->prompt_hash);
    put_raw(j, "rules", e->rules, '[');
}

static void put_trace(dd_json *j, const dd_event *e)
{
    dd_json_member_str(j, "trace_id", e->trace_id);
    dd_json_member_str(j, "parent_span", e->parent_span);
    dd_json_key(j, "sampled");
    dd_json_bool(j, !e->unsampled);
    dd_json_member_known(j, "auth_us", e->auth_us);
    dd_json_member_known(j, "decide_us", e->decide_us);
    dd_json_member_known(j, "cache_us", e->cache_us);
    dd_json_member_known(j, "prepare_us", e->prepare_us);
    dd_json_member_known(j, "answer_us", e->answer_us);
}

static void put_outcome(dd_json *j, const dd_event *e)
{
    dd_json_member_str(j, "endpoint", e->endpoint);
    dd_json_member_str(j, "requested_model", e->requested_model);
    dd_json_member_str(j, "used_model", e->used_model);
    dd_json_member_str(j, "provider", e->provider);
    dd_json_key(j, "stream");
    dd_json_bool(j, e->stream);
    dd_json_key(j, "disconnected");
    dd_json_bool(j, e->disconnected);
    dd_json_member_known(j, "status", e->status);
    put_class(j, e->error);
    dd_json_member_str(j, "finish_reason", e->finish_reason);
}

static void put_figures(dd_json *j, const dd_event *e)
{
    char day[11] = "";
    put_usage(j, &e->usage);
    dd_json_member_known(j, "reasoning_tokens", e->reasoning_tokens);
    dd_json_member_str(j, "usage_source", dd_str_z(dd_usage_source_name(e->usage_source)));
    dd_money_member(j, "cost_original", e->cost_original);
    dd_money_member(j, "cost_actual", e->cost_actual);
    dd_money_member(j, "cost_saved", e->cost_saved);
    dd_money_member(j, "cost_premium", e->cost_premium);
    if (e->prices != DD_DAY_NONE)
        dd_day_format(e->prices, day);
    dd_json_member_str(j, "prices", dd_str_z(day));
    dd_json_member_known(j, "first_us", e->first_us);
    dd_json_member_known(j, "total_us", e->total_us);
    dd_json_member_known(j, "overhead_us", e->overhead_us);
    dd_json_member_known(j, "queue_us", e->queue_us);
    dd_json_member_known(j, "bytes_in", e->bytes_in);
    dd_json_member_known(j, "bytes_out", e->bytes_out);
    dd_json_member_known(j, "retries", e->retries);
    dd_json_member_str(j, "dropped", e->dropped);
}

void dd_event_json(const dd_event *e, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    put_who(&j, e);
    put_decision(&j, e);
    put_outcome(&j, e);
    put_figures(&j, e);
    put_trace(&j, e);
    put_calls(&j, "attempts", e->attempts, e->n_attempts, false);
    put_calls(&j, "asides", e->asides, e->n_asides, true);
    dd_json_close(&j, '}');
}
