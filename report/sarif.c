/* SARIF 2.1.0 (OASIS standard, 2020-03-27): one rule a kind of advice, one result a site and advice. The fingerprint is the
 * site's id, which survives line shifts, so that a code host keeps what was dismissed dismissed. */
#include "report/views.h"

#include "route/money_json.h"

static const struct { const char *name, *title, *help, *level; } rules[DD_ADVICE_COUNT] = {
    [DD_ADVICE_DOWNGRADE] = { "CheaperModel", "A cheaper model can do this call",
        "The call asks for little that its model is needed for. Try the suggested model on your own data, compare the answers, "
        "then change the model's name. What was not checked is part of the message.", "note" },
    [DD_ADVICE_RETIRED] = { "RetiredModel", "The model is retired or will be soon",
        "Calls of a retired model fail or are moved to another one at another price. Change the name to the replacement before the date.", "warning" },
    [DD_ADVICE_NO_CAP] = { "NoOutputCap", "The output has no upper bound",
        "Output tokens are the dearest part of a call. Where a short answer is wanted, set the parameter for the most output tokens.", "note" },
    [DD_ADVICE_CACHE] = { "CacheablePrefix", "A long static prompt is paid in full each time",
        "Providers bill a repeated prefix at a fraction once it is cached. Put what never changes first and mark it where the provider asks for that.", "note" },
    [DD_ADVICE_BATCH] = { "BatchPrice", "Work that can wait could use the batch price",
        "Batch endpoints cost about half and answer within a day. Scripts and nightly jobs seldom need more.", "note" },
    [DD_ADVICE_UNKNOWN] = { "UnknownPrice", "Model or price is not known: the call is in no total",
        "Name the model in dd0c-usage.yaml (dd0c scan --sync-usage writes it), or give its price with --price-override.", "note" },
    [DD_ADVICE_SDK_DEFAULT] = { "FrameworkDefault", "The framework chooses the model",
        "No model is named, so an update of the framework can change cost and answers. Name it.", "note" },
    [DD_ADVICE_EMBED] = { "EmbeddingModel", "A newer embedding model costs less",
        "Vectors of different models cannot be compared: changing the model means embedding everything again.", "note" },
};

static void key_str(dd_json *j, const char *key, dd_str s)
{
    dd_json_key(j, key);
    dd_json_str(j, s);
}

static void message(dd_json *j, const char *key, dd_str s)
{
    dd_json_key(j, key);
    dd_json_open(j, '{');
    key_str(j, "text", s);
    dd_json_close(j, '}');
}

static void write_rules(dd_json *j)
{
    dd_json_key(j, "rules");
    dd_json_open(j, '[');
    for (int k = 0; k < DD_ADVICE_COUNT; k++) {
        dd_json_open(j, '{');
        key_str(j, "id", dd_str_z(dd_advice_rule((dd_advice_kind)k)));
        key_str(j, "name", dd_str_z(rules[k].name));
        message(j, "shortDescription", dd_str_z(rules[k].title));
        message(j, "fullDescription", dd_str_z(rules[k].help));
        dd_json_key(j, "help");
        dd_json_open(j, '{');
        key_str(j, "text", dd_str_z(rules[k].help));
        key_str(j, "markdown", dd_str_z(rules[k].help));
        dd_json_close(j, '}');
        dd_json_key(j, "defaultConfiguration");
        dd_json_open(j, '{');
        key_str(j, "level", dd_str_z(rules[k].level));
        dd_json_close(j, '}');
        dd_json_key(j, "properties");
        dd_json_open(j, '{');
        dd_json_key(j, "tags");
        dd_json_open(j, '[');
        dd_json_strz(j, "cost");
        dd_json_strz(j, "llm");
        dd_json_close(j, ']');
        dd_json_close(j, '}');
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

/* A relative reference whose first part cannot be taken for a scheme. */
static dd_str uri_of(dd_arena *tmp, dd_str path)
{
    dd_str full = dd_fmt_uri(tmp, DD_STR("/"), path);
    if (path.len && path.ptr[0] == '/')
        return full;
    return dd_str_sub(full, sizeof "file:///" - 1, full.len);
}

static void location(dd_json *j, dd_arena *tmp, const dd_site *s)
{
    bool absolute = s->path.len && s->path.ptr[0] == '/';
    dd_json_key(j, "locations");
    dd_json_open(j, '[');
    dd_json_open(j, '{');
    dd_json_key(j, "physicalLocation");
    dd_json_open(j, '{');
    dd_json_key(j, "artifactLocation");
    dd_json_open(j, '{');
    key_str(j, "uri", uri_of(tmp, s->path));
    if (!absolute)
        key_str(j, "uriBaseId", DD_STR("%SRCROOT%"));
    dd_json_close(j, '}');
    if (s->cell < 0 && s->line > 0) { /* a notebook's line counts in its cell, not in the file */
        dd_json_key(j, "region");
        dd_json_open(j, '{');
        dd_json_key(j, "startLine"), dd_json_i64(j, s->line);
        if (s->end_line >= s->line)
            dd_json_key(j, "endLine"), dd_json_i64(j, s->end_line);
        dd_json_close(j, '}');
    }
    dd_json_close(j, '}');
    if (s->symbol.len) {
        dd_json_key(j, "logicalLocations");
        dd_json_open(j, '[');
        dd_json_open(j, '{');
        key_str(j, "fullyQualifiedName", s->symbol);
        dd_json_close(j, '}');
        dd_json_close(j, ']');
    }
    dd_json_close(j, '}');
    dd_json_close(j, ']');
}

static const char *level_of(const dd_audit *a, const dd_advice *ad)
{
    if (ad->kind == DD_ADVICE_RETIRED && ad->day != DD_DAY_NONE && ad->day <= dd_day_of(a->when))
        return "error";
    return (unsigned)ad->kind < DD_ADVICE_COUNT ? rules[ad->kind].level : "note";
}

static void result(dd_json *j, dd_arena *tmp, const dd_audit *a, const dd_site *s, const dd_advice *ad)
{
    dd_str text = ad->text.len ? ad->text : dd_str_z(rules[ad->kind].title);
    if (s->cell >= 0)
        text = dd_arena_printf(tmp, DD_STR_FMT " (cell %d, line %u)", DD_STR_ARG(text), (int)s->cell, (unsigned)s->line);
    if (ad->monthly > 0)
        text = dd_arena_printf(tmp, DD_STR_FMT ". Saves about " DD_STR_FMT " a month.", DD_STR_ARG(text), DD_STR_ARG(dd_fmt_money(tmp, ad->monthly)));
    dd_json_open(j, '{');
    key_str(j, "ruleId", dd_str_z(dd_advice_rule(ad->kind)));
    dd_json_key(j, "ruleIndex"), dd_json_i64(j, (int64_t)ad->kind);
    key_str(j, "level", dd_str_z(level_of(a, ad)));
    message(j, "message", text);
    location(j, tmp, s);
    dd_json_key(j, "partialFingerprints");
    dd_json_open(j, '{');
    dd_json_key(j, "dd0cSite/v1"), dd_json_str(j, s->id);
    dd_json_close(j, '}');
    dd_json_key(j, "properties");
    dd_json_open(j, '{');
    dd_json_key(j, "model");
    if (s->model.ptr)
        dd_json_str(j, s->model);
    else
        dd_json_null(j);
    key_str(j, "context", dd_str_z(dd_context_name(s->context)));
    dd_money_member(j, "monthlyCostUsd", s->monthly.expected);
    dd_money_member(j, "monthlySavingsUsd", ad->monthly);
    dd_json_close(j, '}');
    dd_json_close(j, '}');
}

static void results_of(dd_json *j, dd_arena *tmp, const dd_audit *a, const dd_site *s)
{
    bool swap = false;
    for (size_t i = 0; i < s->n_advice; i++) {
        if ((unsigned)s->advice[i].kind >= DD_ADVICE_COUNT)
            continue;
        swap |= s->advice[i].kind == DD_ADVICE_DOWNGRADE;
        result(j, tmp, a, s, &s->advice[i]);
    }
    if (!s->suggestion || swap)
        return;
    const dd_suggestion *sg = s->suggestion;
    dd_advice ad = { .kind = DD_ADVICE_DOWNGRADE, .monthly = sg->monthly, .model = sg->model, .day = DD_DAY_NONE };
    ad.text = dd_arena_printf(tmp, DD_STR_FMT " instead of " DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(sg->model), DD_STR_ARG(dd_fmt_model(tmp, s)), DD_STR_ARG(sg->reason));
    result(j, tmp, a, s, &ad);
}

static void invocation(dd_json *j, dd_arena *tmp, const dd_audit *a)
{
    dd_json_key(j, "invocations");
    dd_json_open(j, '[');
    dd_json_open(j, '{');
    dd_json_key(j, "executionSuccessful"), dd_json_bool(j, true);
    dd_json_key(j, "toolExecutionNotifications");
    dd_json_open(j, '[');
    for (size_t i = 0; i < a->n_failed; i++) {
        dd_json_open(j, '{');
        key_str(j, "level", DD_STR("warning"));
        message(j, "message", dd_arena_printf(tmp, "could not read " DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(a->failed[i].path), DD_STR_ARG(a->failed[i].why)));
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
    dd_json_close(j, '}');
    dd_json_close(j, ']');
}

dd_code dd_report_sarif(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    dd_arena tmp = DD_ARENA_INIT;
    dd_json  j   = DD_JSON_INIT(out, 1);
    (void)err;
    dd_json_open(&j, '{');
    key_str(&j, "$schema", DD_STR("https://json.schemastore.org/sarif-2.1.0.json"));
    key_str(&j, "version", DD_STR("2.1.0"));
    dd_json_key(&j, "runs");
    dd_json_open(&j, '[');
    dd_json_open(&j, '{');
    dd_json_key(&j, "tool");
    dd_json_open(&j, '{');
    dd_json_key(&j, "driver");
    dd_json_open(&j, '{');
    key_str(&j, "name", DD_STR("dd0c"));
    if (o->version.len)
        key_str(&j, "version", o->version);
    write_rules(&j);
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    invocation(&j, &tmp, a);
    dd_json_key(&j, "results");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < a->n_sites; i++)
        if (!a->sites[i]->ignore)
            results_of(&j, &tmp, a, a->sites[i]);
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
    dd_arena_fini(&tmp);
    return DD_OK;
}
