/* route/policy_words.c - the words of a policy, and what holds where nothing is said. */
#include "route/policy.h"

static const char *const strategies[DD_STRATEGY_COUNT] = {
    [DD_STRATEGY_PASSTHROUGH] = "passthrough", [DD_STRATEGY_CHEAPEST] = "cheapest", [DD_STRATEGY_QUALITY] = "quality-first",
    [DD_STRATEGY_CASCADE] = "cascading", [DD_STRATEGY_SCORE] = "score", [DD_STRATEGY_WEIGHTED] = "weighted",
    [DD_STRATEGY_LATENCY] = "latency", [DD_STRATEGY_COMPLEXITY] = "complexity",
};
/* What others call them. */
static const struct { const char *name; dd_strategy is; } other_names[] = {
    { "quality", DD_STRATEGY_QUALITY }, { "quality_first", DD_STRATEGY_QUALITY }, { "cascade", DD_STRATEGY_CASCADE },
    { "loadbalance", DD_STRATEGY_WEIGHTED }, { "least-latency", DD_STRATEGY_LATENCY }, { "fastest", DD_STRATEGY_LATENCY },
};

const char *dd_strategy_name(dd_strategy s) { return (unsigned)s < DD_STRATEGY_COUNT ? strategies[s] : "unknown"; }

bool dd_strategy_find(dd_str name, dd_strategy *out)
{
    for (size_t i = 0; i < DD_STRATEGY_COUNT; i++)
        if (dd_str_eqz(name, strategies[i])) {
            *out = (dd_strategy)i;
            return true;
        }
    for (size_t i = 0; i < DD_COUNT(other_names); i++)
        if (dd_str_eqz(name, other_names[i].name)) {
            *out = other_names[i].is;
            return true;
        }
    return false;
}

typedef struct { const char *name; unsigned bits; } word;

static const word on_words[] = {
    { "429", DD_ON_RATE_LIMIT },      { "rate_limit", DD_ON_RATE_LIMIT }, { "5xx", DD_ON_SERVER },           { "500", DD_ON_SERVER },
    { "502", DD_ON_SERVER },          { "503", DD_ON_SERVER },            { "504", DD_ON_SERVER },           { "529", DD_ON_SERVER },
    { "error", DD_ON_SERVER | DD_ON_BAD_ANSWER },                         { "server_error", DD_ON_SERVER },  { "overloaded", DD_ON_SERVER },
    { "timeout", DD_ON_TIMEOUT },     { "408", DD_ON_TIMEOUT },           { "connect", DD_ON_CONNECT },      { "reset", DD_ON_CONNECT },
    { "context", DD_ON_CONTEXT },     { "context_length", DD_ON_CONTEXT },{ "content_policy", DD_ON_CONTENT }, { "content_filter", DD_ON_CONTENT },
    { "auth", DD_ON_AUTH },           { "401", DD_ON_AUTH },              { "402", DD_ON_AUTH },             { "403", DD_ON_AUTH },
    { "bad_answer", DD_ON_BAD_ANSWER }, { "not_found", DD_ON_NOT_FOUND }, { "404", DD_ON_NOT_FOUND },        { "usual", DD_ON_USUAL },
};
static const word check_words[] = {
    { "empty", DD_CHECK_EMPTY }, { "truncated", DD_CHECK_TRUNCATED }, { "refusal", DD_CHECK_REFUSAL }, { "invalid_json", DD_CHECK_JSON },
    { "json", DD_CHECK_JSON },   { "tool_error", DD_CHECK_TOOL },     { "verifier", DD_CHECK_VERIFIER }, { "usual", DD_CHECK_USUAL },
};

static bool find_word(const word *w, size_t n, dd_str name, unsigned *bits)
{
    for (size_t i = 0; i < n; i++)
        if (dd_str_eq_nocase(name, dd_str_z(w[i].name))) {
            *bits = w[i].bits;
            return true;
        }
    return false;
}

static const char *const on_names[] = { "429", "5xx", "timeout", "connect", "context", "content_policy", "auth", "bad_answer", "not_found" };
static const char *const check_names[] = { "empty", "truncated", "refusal", "invalid_json", "tool_error", "verifier" };

static const char *name_of(const char *const *names, size_t n, unsigned bit)
{
    for (size_t i = 0; i < n; i++)
        if (bit == 1u << i)
            return names[i];
    return "unknown";
}

const char *dd_on_name(unsigned bit) { return name_of(on_names, DD_COUNT(on_names), bit); }
const char *dd_check_name(unsigned bit) { return name_of(check_names, DD_COUNT(check_names), bit); }

/* Any status of the fives is the server's fault. */
static bool is_server_status(dd_str s) { return s.len == 3 && s.ptr[0] == '5' && dd_hex_digit(s.ptr[1]) < 10 && dd_hex_digit(s.ptr[2]) < 10
                                                && dd_hex_digit(s.ptr[1]) >= 0 && dd_hex_digit(s.ptr[2]) >= 0; }

bool dd_on_find(dd_str name, unsigned *bits)
{
    if (find_word(on_words, DD_COUNT(on_words), name, bits))
        return true;
    if (!is_server_status(name))
        return false;
    *bits = DD_ON_SERVER;
    return true;
}

bool dd_check_find(dd_str name, unsigned *bits) { return find_word(check_words, DD_COUNT(check_words), name, bits); }

void dd_policy_defaults(dd_policy *p)
{
    *p = (dd_policy){
        .fallback_on = DD_ON_USUAL,
        .retry       = { .attempts = 1, .backoff_ms = 250, .backoff_max_ms = 5000, .respect_retry_after = true, .retry_after_max_ms = 10000,
                         .budget = 0.2, .budget_min = 10, .on = DD_ON_RATE_LIMIT | DD_ON_SERVER | DD_ON_TIMEOUT | DD_ON_CONNECT },
        .breaker     = { .error_rate = 0.10, .window_ms = 60000, .cooldown_ms = 30000, .min_requests = 20, .probes = 1 },
        .w_cost = 0.4, .w_latency = 0.3, .w_task = 0.3,
    };
}
