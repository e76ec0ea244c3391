#include "report/fields.h"

/* --- names of enumerators, with one type for the tables --- */

static const char *match_name(int m) { return dd_match_name((dd_match)m); }
static const char *unit_name(int u)
{
    static const char *const names[] = { "tokens", "image", "audio", "other" };
    return (unsigned)u < DD_COUNT(names) ? names[u] : "other";
}
static const char *kind_name(int k)
{
    return (unsigned)k < DD_PRICE_KINDS ? dd_price_kind_names[k] : "chat";
}
static const char *status_name(int s)
{
    return (unsigned)s < DD_MODEL_STATUSES ? dd_model_status_names[s] : "unlisted";
}
static const char *lang_name(int i) { return dd_lang_name((dd_lang)i); }
static const char *context_name(int i) { return dd_context_name((dd_context)i); }
static const char *source_name(int i) { return dd_source_name((dd_source)i); }
static const char *provenance_name(int i) { return dd_provenance_name((dd_provenance)i); }
static const char *confidence_name(int i) { return dd_confidence_name((dd_confidence)i); }
static const char *advice_name(int i) { return dd_advice_name((dd_advice_kind)i); }
static const char *rule_name(int i) { return dd_advice_rule((dd_advice_kind)i); }
static const char *task_name(int i) { return dd_task_name((dd_task)i); }
static const char *complexity_name(int i) { return dd_complexity_name((dd_complexity)i); }

/* --- short rows --- */
#define AT(T, m) .at = offsetof(T, m)
#define STR(n, T, m, f)   { .name = n, .kind = DD_F_STR, .flags = f, AT(T, m) }
#define TEXT(n, T, m, f)  { .name = n, .kind = DD_F_TEXT, .flags = f, AT(T, m) }
#define NUM(n, K, T, m, f, d) { .name = n, .kind = DD_F_##K, .flags = f, AT(T, m), .plain = d }
#define BOOL(n, T, m, f)  { .name = n, .kind = DD_F_BOOL, .flags = f, AT(T, m) }
#define MONEY(n, T, m, f) { .name = n, .kind = DD_F_MONEY, .flags = f, AT(T, m), .plain = DD_PUSD_UNKNOWN }
#define SUM(n, T, m)      { .name = n, .kind = DD_F_MONEY, .flags = A, AT(T, m), .plain = 0 }
#define RATE(n, T, m)     { .name = n, .kind = DD_F_RATE, .flags = 0, AT(T, m), .plain = DD_PRICE_NONE }
#define ENUM(n, T, m, f, fn, count, d) \
    { .name = n, .kind = DD_F_ENUM, .flags = f, AT(T, m), .enum_name = fn, .enum_count = count, .plain = d }
#define DAY(n, T, m)      { .name = n, .kind = DD_F_DAY, AT(T, m) }
#define STRS(n, T, m, c, f) { .name = n, .kind = DD_F_STRS, .flags = f, AT(T, m), .at_n = offsetof(T, c) }
#define GROUP(n, o, t)    { .name = n, .kind = DD_F_GROUP, .flags = A, .at = o, .sub = t }
#define OPT(n, T, m, t, S, f) { .name = n, .kind = DD_F_OPT, .flags = f, AT(T, m), .sub = t, .size = sizeof(S) }
#define LIST(n, T, m, c, t, S, f) \
    { .name = n, .kind = DD_F_LIST, .flags = f, AT(T, m), .at_n = offsetof(T, c), .sub = t, .size = sizeof(S) }
#define END { .name = NULL }
enum { A = DD_FF_ALWAYS, N = DD_FF_NULL, D = DD_FF_DERIVED, S = DD_FF_SOURCE, NEED = DD_FF_NEED };

static const dd_field tokens_fields[] = {
    NUM("low", I64, dd_range, low, A | N, -1), NUM("expected", I64, dd_range, expected, A | N, -1),
    NUM("high", I64, dd_range, high, A | N, -1), END
};
static const dd_field money_fields[] = {
    MONEY("low", dd_money_range, low, A), MONEY("expected", dd_money_range, expected, A), MONEY("high", dd_money_range, high, A), END
};
static const dd_field step_fields[] = {
    STR("path", dd_step, path, A), NUM("line", U32, dd_step, line, A, 0), NUM("cell", I32, dd_step, cell, 0, -1),
    STR("what", dd_step, what, A), END
};
static const dd_field rates_fields[] = {
    RATE("input", dd_rates, input), RATE("output", dd_rates, output), RATE("cache_read", dd_rates, cache_read),
    RATE("cache_write", dd_rates, cache_write), RATE("cache_write_1h", dd_rates, cache_write_1h), END
};
static const dd_field price_fields[] = {
    STR("provider", dd_price, provider, A), STR("id", dd_price, id, A), ENUM("kind", dd_price, kind, A, kind_name, 3, 0),
    ENUM("status", dd_price, status, A, status_name, 4, 0), GROUP("usd_per_million_tokens", offsetof(dd_price, rates), rates_fields),
    RATE("batch_input", dd_price, batch_input), RATE("batch_output", dd_price, batch_output),
    NUM("context", I64, dd_price, context, 0, 0), NUM("max_output", I64, dd_price, max_output, 0, 0),
    DAY("retires", dd_price, retires), STR("replacement", dd_price, replacement, 0), STR("source", dd_price, source, 0),
    DAY("source_date", dd_price, source_date), STR("note", dd_price, note, 0), BOOL("free", dd_price, free, 0),
    BOOL("suspect", dd_price, suspect, 0), END
};
static const dd_field suggestion_fields[] = {
    STR("model", dd_suggestion, model, A | NEED), STR("provider", dd_suggestion, provider, A),
    MONEY("monthly_savings_usd", dd_suggestion, monthly, A), MONEY("savings_per_call_usd", dd_suggestion, per_call, A),
    ENUM("confidence", dd_suggestion, confidence, A, confidence_name, DD_CONF_COUNT, DD_CONF_LOW),
    STR("reason", dd_suggestion, reason, A), STR("not_checked", dd_suggestion, unchecked, A), END
};
static const dd_field advice_fields[] = {
    ENUM("rule", dd_advice, kind, A | D, rule_name, DD_ADVICE_COUNT, 0),
    ENUM("kind", dd_advice, kind, A | NEED, advice_name, DD_ADVICE_COUNT, 0), STR("text", dd_advice, text, A),
    MONEY("monthly_savings_usd", dd_advice, monthly, A), STR("model", dd_advice, model, 0), DAY("date", dd_advice, day), END
};
static const dd_field task_fields[] = {
    ENUM("name", dd_class, task, A, task_name, DD_TASK_COUNT, 0), ENUM("complexity", dd_class, complexity, A, complexity_name, 3, 0),
    NUM("score", SCORE, dd_class, score, A, 0), BOOL("recognised", dd_class, recognised, A),
    { .name = "why", .kind = DD_F_STRZ, .at = offsetof(dd_class, why) }, END
};
static const dd_field prompt_fields[] = {
    NUM("static_tokens", I64, dd_site, static_tokens, 0, 0), BOOL("tokens_exact", dd_site, tokens_exact, 0),
    BOOL("static_first", dd_site, system_static_first, 0), NUM("small_parts", INT, dd_site, holes_small, 0, 0),
    NUM("typed_parts", INT, dd_site, holes_typed, 0, 0), NUM("large_parts", INT, dd_site, holes_large, 0, 0), NUM("history_parts", INT, dd_site, holes_history, 0, 0),
    NUM("messages", INT, dd_site, messages, 0, 0), NUM("tools", INT, dd_site, tools, 0, 0),
    NUM("tools_unknown", INT, dd_site, tools_unknown, 0, 0), NUM("images", INT, dd_site, images, 0, 0),
    BOOL("json_schema", dd_site, json_schema, 0), BOOL("stream", dd_site, stream, 0), BOOL("reasoning", dd_site, reasoning, 0),
    STR("reasoning_effort", dd_site, reasoning_effort, 0), NUM("thinking_budget", I64, dd_site, thinking_budget, N, -1),
    BOOL("batch", dd_site, batch, 0), BOOL("flex", dd_site, flex, 0), BOOL("priority", dd_site, priority, 0),
    BOOL("cached", dd_site, cached, 0), END
};
static const dd_field repeat_fields[] = {
    NUM("n", I64, dd_site, n, 0, 1), NUM("loop", I64, dd_site, loop, 0, 1), NUM("rounds", I64, dd_site, rounds, 0, 1),
    BOOL("in_loop", dd_site, in_loop, 0), BOOL("behind_cache", dd_site, guarded_by_cache, 0),
    NUM("retries", INT, dd_site, retries, N, -1), NUM("triggers", INT, dd_site, triggers, 0, 0), END
};
static const dd_field note_fields[] = {
    NUM("calls", I64, dd_site, note_calls, N, -1), NUM("tokens_in", I64, dd_site, note_tokens_in, N, -1),
    NUM("tokens_out", I64, dd_site, note_tokens_out, N, -1), STR("label", dd_site, label, 0), END
};
static const dd_field source_fields[] = {
    STR("system", dd_site, system_text, 0), STR("user", dd_site, user_text, 0), STR("tools", dd_site, tools_text, 0), END
};

/* The first rows, up to `suggestion`, are the contract of docs/findings.md: always there, in this order. */
const dd_field dd_fields_site[] = {
    STR("path", dd_site, path, A | NEED), NUM("line", U32, dd_site, line, A | NEED, 0), NUM("end_line", U32, dd_site, end_line, A, 0),
    NUM("cell", I32, dd_site, cell, 0, -1),
    ENUM("language", dd_site, lang, A, lang_name, DD_LANG_COUNT, -1),
    STR("sdk", dd_site, sdk, A), STR("api", dd_site, api, A), TEXT("model", dd_site, model, A),
    ENUM("model_source", dd_site, model_source, A, source_name, DD_SRC_COUNT, -1),
    NUM("max_tokens", I64, dd_site, max_tokens, A | N, -1),
    NUM("input_tokens", I64, dd_site, input_tokens.expected, A | N | D, -1),
    NUM("output_tokens", I64, dd_site, output_tokens.expected, A | N | D, -1),
    MONEY("cost_per_call_usd", dd_site, per_call.expected, A | D), MONEY("monthly_cost_usd", dd_site, monthly.expected, A | D),
    STR("id", dd_site, id, A | NEED), STR("symbol", dd_site, symbol, A),
    ENUM("context", dd_site, context, A, context_name, DD_CTX_COUNT, -1),
    STRS("candidates", dd_site, candidates, n_candidates, A),
    OPT("suggestion", dd_site, suggestion, suggestion_fields, dd_suggestion, A),
    /* what else is known */
    STR("provider", dd_site, provider, A), ENUM("provenance", dd_site, provenance, A, provenance_name, DD_PROV_COUNT, -1),
    STR("callee", dd_site, callee, A), ENUM("unit", dd_site, unit, A, unit_name, 4, -1), BOOL("in_total", dd_site, in_total, A),
    NUM("column", U32, dd_site, column, 0, 0), NUM("start_line", U32, dd_site, start_line, 0, 0),
    BOOL("local", dd_site, local, 0), BOOL("user_host", dd_site, user_host, 0), BOOL("deployment", dd_site, deployment, 0),
    BOOL("ignored", dd_site, ignore, 0), STR("model_cause", dd_site, model_cause, 0), STR("env_var", dd_site, env_var, 0),
    STRS("variants", dd_site, variants, n_variants, 0), LIST("chain", dd_site, chain, n_chain, step_fields, dd_step, 0),
    BOOL("max_tokens_set", dd_site, max_tokens_set, 0),
    GROUP("input_token_range", offsetof(dd_site, input_tokens), tokens_fields),
    GROUP("output_token_range", offsetof(dd_site, output_tokens), tokens_fields),
    GROUP("cost_per_call_range_usd", offsetof(dd_site, per_call), money_fields),
    GROUP("monthly_cost_range_usd", offsetof(dd_site, monthly), money_fields),
    NUM("calls_per_month", I64, dd_site, calls, A, 0), STR("calls_basis", dd_site, calls_basis, A),
    STR("tokens_basis", dd_site, tokens_basis, A), GROUP("task", offsetof(dd_site, cls), task_fields),
    GROUP("prompt", 0, prompt_fields), GROUP("repeat", 0, repeat_fields), GROUP("annotation", 0, note_fields),
    OPT("price", dd_site, price.price, price_fields, dd_price, A),
    ENUM("price_match", dd_site, price.match, A, match_name, 7, 0), BOOL("price_batch", dd_site, price.batch, 0),
    BOOL("price_priority", dd_site, price.priority, 0),
    OPT("other_provider", dd_site, other_provider, suggestion_fields, dd_suggestion, A),
    LIST("advice", dd_site, advice, n_advice, advice_fields, dd_advice, A),
    { .name = "source", .kind = DD_F_GROUP, .flags = DD_FF_SOURCE, .sub = source_fields }, END
};

#define SUMS(label)                                                                                        \
    {                                                                                                      \
        STR(label, dd_sum, name, A), NUM("sites", SIZE, dd_sum, sites, A, 0),                              \
        GROUP("monthly_cost_usd", offsetof(dd_sum, monthly), money_fields), SUM("potential_savings_usd", dd_sum, savings), END \
    }
static const dd_field by_path[] = SUMS("path");
static const dd_field by_model[] = SUMS("model");
static const dd_field by_provider[] = SUMS("provider");

static const dd_field context_fields[] = {
    NUM("production", SIZE, dd_audit, n_by_context[DD_CTX_PRODUCTION], A, 0), NUM("script", SIZE, dd_audit, n_by_context[DD_CTX_SCRIPT], A, 0),
    NUM("test", SIZE, dd_audit, n_by_context[DD_CTX_TEST], A, 0), NUM("example", SIZE, dd_audit, n_by_context[DD_CTX_EXAMPLE], A, 0),
    NUM("notebook", SIZE, dd_audit, n_by_context[DD_CTX_NOTEBOOK], A, 0), END
};
static const dd_field totals_fields[] = {
    MONEY("monthly_cost_usd", dd_audit, monthly.expected, A | D), GROUP("monthly_cost_range_usd", offsetof(dd_audit, monthly), money_fields),
    SUM("potential_savings_usd", dd_audit, savings), GROUP("per_1000_calls_usd", offsetof(dd_audit, per_1000), money_fields),
    BOOL("no_production", dd_audit, no_production, A), NUM("sites", SIZE, dd_audit, n_sites, A | D, 0),
    NUM("in_total", SIZE, dd_audit, n_in_total, A, 0), NUM("priced", SIZE, dd_audit, n_priced, A, 0),
    NUM("unknown", SIZE, dd_audit, n_unknown, A, 0),
    NUM("unknown_with_range", SIZE, dd_audit, n_ranged, A, 0), NUM("ignored", SIZE, dd_audit, n_ignored, A, 0), NUM("not_token_billed", SIZE, dd_audit, n_not_tokens, A, 0),
    NUM("local", SIZE, dd_audit, n_local, A, 0), GROUP("by_context", 0, context_fields), END
};
static const dd_field prices_fields[] = {
    STR("name", dd_audit, prices.name, A), DAY("date", dd_audit, prices.date), NUM("age_days", INT, dd_audit, price_age_days, A, 0),
    NUM("models", SIZE, dd_audit, prices.models, A, 0), NUM("names", SIZE, dd_audit, prices.names, A, 0),
    NUM("from_cache", SIZE, dd_audit, prices.from_cache, 0, 0), NUM("from_override", SIZE, dd_audit, prices.from_override, 0, 0),
    STR("warning", dd_audit, price_warning, 0), END
};
static const dd_field note_file_fields[] = { STR("path", dd_file_note, path, A), STR("why", dd_file_note, why, A), END };
static const dd_field coverage_fields[] = {
    NUM("files_seen", SIZE, dd_audit, files_seen, A, 0), NUM("files_candidates", SIZE, dd_audit, files_candidates, A, 0),
    NUM("files_parsed", SIZE, dd_audit, files_parsed, A, 0), NUM("files_ignored", SIZE, dd_audit, files_ignored, A, 0),
    NUM("bytes_seen", I64, dd_audit, bytes_seen, A, 0), NUM("bytes_parsed", I64, dd_audit, bytes_parsed, A, 0),
    LIST("skipped", dd_audit, skipped, n_skipped, note_file_fields, dd_file_note, A),
    LIST("failed", dd_audit, failed, n_failed, note_file_fields, dd_file_note, A), END
};
const dd_field dd_fields_audit[] = {
    STR("root", dd_audit, root, A), { .name = "generated_at", .kind = DD_F_WALL, .flags = A, .at = offsetof(dd_audit, when) },
    GROUP("totals", 0, totals_fields), GROUP("prices", 0, prices_fields), STR("volume_basis", dd_audit, volume_basis, A),
    STRS("assumptions", dd_audit, assumptions, n_assumptions, A), GROUP("coverage", 0, coverage_fields),
    LIST("files", dd_audit, by_file, n_by_file, by_path, dd_sum, A), LIST("folders", dd_audit, by_dir, n_by_dir, by_path, dd_sum, A),
    LIST("by_model", dd_audit, by_model, n_by_model, by_model, dd_sum, A),
    LIST("by_provider", dd_audit, by_provider, n_by_provider, by_provider, dd_sum, A), END
};

void dd_fields_init(const dd_field *f, void *into)
{
    for (; f->name; f++) {
        char *p = (char *)into + f->at;
        switch (f->kind) {
        case DD_F_U32:   *(uint32_t *)(void *)p = (uint32_t)f->plain; break;
        case DD_F_I32:   *(int32_t *)(void *)p = (int32_t)f->plain; break;
        case DD_F_INT:   *(int *)(void *)p = (int)f->plain; break;
        case DD_F_ENUM:  *(int *)(void *)p = f->plain < 0 ? 0 : (int)f->plain; break;
        case DD_F_I64: case DD_F_MONEY: case DD_F_RATE: *(int64_t *)(void *)p = f->plain; break;
        case DD_F_DAY:   *(dd_day *)(void *)p = DD_DAY_NONE; break;
        case DD_F_STRZ:  *(const char **)(void *)p = ""; break;
        case DD_F_GROUP: dd_fields_init(f->sub, p); break;
        default: break; /* zero is right */
        }
    }
}
