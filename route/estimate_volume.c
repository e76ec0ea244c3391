/* How often a site runs in a month: what the user said, else the preset of its context. */
#include "route/estimate_parts.h"

static const struct { const char *name; int64_t production, script; } presets[] = { /* design.md, "Volume" */
    { "default", 1000, 100 }, { "small", 1000, 100 }, { "medium", 30000, 1000 }, { "large", 1000000, 10000 },
};

void dd_count_show(int64_t n, dd_buf *out)
{
    char digits[24];
    int  len = snprintf(digits, sizeof digits, "%lld", (long long)n), from = digits[0] == '-';
    for (int i = 0; i < len; i++) {
        if (i > from && (len - i) % 3 == 0)
            dd_buf_addc(out, ',');
        dd_buf_addc(out, digits[i]);
    }
}

static bool gives(const dd_usage_rule *r, dd_rule_field field)
{
    switch (field) {
    case DD_RULE_CALLS:      return r->calls >= 0;
    case DD_RULE_TOKENS_IN:  return r->tokens_in >= 0;
    case DD_RULE_TOKENS_OUT: return r->tokens_out >= 0;
    case DD_RULE_MODEL:      return r->model.len > 0;
    }
    return false;
}

static bool path_fits(const dd_usage_rule *r, const dd_site *site, const dd_estimate_opts *opts)
{
    return opts->glob != NULL ? opts->glob(r->path_glob, site->path) : dd_str_eq(r->path_glob, site->path);
}

/* Everything a rule names has to fit; the most specific thing it names is its rank. */
static dd_rule_rank rank_of(const dd_usage_rule *r, const dd_site *site, const dd_estimate_opts *opts)
{
    dd_rule_rank rank = DD_RULE_NONE;
    if (r->context >= 0) {
        if (r->context != (int)site->context)
            return DD_RULE_NONE;
        rank = DD_RULE_BY_CONTEXT;
    }
    if (r->path_glob.len > 0) {
        if (!path_fits(r, site, opts))
            return DD_RULE_NONE;
        rank = DD_RULE_BY_PATH;
    }
    if (r->id.len > 0)
        rank = dd_str_eq(r->id, site->id) ? DD_RULE_BY_ID : DD_RULE_NONE;
    return rank;
}

const dd_usage_rule *dd_usage_rule_find(const dd_site *site, const dd_estimate_opts *opts, dd_rule_field field, dd_rule_rank *rank)
{
    const dd_usage_rule *best = NULL;
    *rank = DD_RULE_NONE;
    for (size_t i = 0; i < opts->n_rules; i++) {
        dd_rule_rank r = gives(&opts->rules[i], field) ? rank_of(&opts->rules[i], site, opts) : DD_RULE_NONE;
        if (r != DD_RULE_NONE && r >= *rank) { /* of equals the later one, as in an ignore file */
            best  = &opts->rules[i];
            *rank = r;
        }
    }
    return best;
}

static const char *rank_words(dd_rule_rank rank)
{
    static const char *const words[] = { "", "usage file, by context", "usage file, by path", "usage file, by id" };
    return words[rank];
}

static dd_code preset_calls(const dd_site *site, const dd_estimate_opts *opts, int64_t *calls, const char **name, dd_err *err)
{
    const char *wanted = opts->preset != NULL ? opts->preset : "default";
    for (size_t i = 0; i < DD_COUNT(presets); i++)
        if (strcmp(wanted, presets[i].name) == 0) {
            *calls = site->context == DD_CTX_PRODUCTION ? presets[i].production : site->context == DD_CTX_SCRIPT ? presets[i].script : 0;
            *name  = presets[i].name;
            return DD_OK;
        }
    dd_fail(err, DD_ERR_USAGE, "usage preset \"%s\": no such preset", wanted);
    dd_hint(err, "Use default, small, medium or large.");
    return DD_ERR_USAGE;
}

/* What the user counted for this very place are calls; a preset and --calls are runs of the enclosing code, to which loops add. */
typedef struct { int64_t runs; bool counted; } volume;

static dd_code runs_of(const dd_site *site, const dd_estimate_opts *opts, volume *v, dd_buf *basis, dd_err *err)
{
    dd_rule_rank         rank;
    const dd_usage_rule *rule = dd_usage_rule_find(site, opts, DD_RULE_CALLS, &rank);
    const char          *preset;
    if (site->note_calls >= 0 && rank < DD_RULE_BY_ID) {
        *v = (volume){ site->note_calls, true };
        dd_buf_addz(basis, "inline note");
    } else if (rule != NULL) {
        *v = (volume){ rule->calls, true };
        dd_buf_addz(basis, rank_words(rank));
    } else if (opts->calls >= 0 && site->context == DD_CTX_PRODUCTION) {
        *v = (volume){ opts->calls, false };
        dd_buf_addz(basis, "--calls");
    } else {
        dd_code rc = preset_calls(site, opts, &v->runs, &preset, err);
        if (rc != DD_OK)
            return rc;
        dd_buf_printf(basis, "preset %s, %s", preset, dd_context_name(site->context));
    }
    return DD_OK;
}

static void describe(const dd_site *site, const volume *v, dd_buf *basis)
{
    dd_buf_addz(basis, ": ");
    dd_count_show(v->runs, basis);
    if (v->counted || v->runs == 0 || site->loop == 1) {
        dd_buf_addz(basis, v->runs == 0 ? " (priced by call only)" : " calls a month");
    } else if (site->loop > 1) {
        dd_buf_addz(basis, " runs a month x ");
        dd_count_show(site->loop, basis);
        dd_buf_addz(basis, " items");
    } else {
        dd_buf_addz(basis, " runs a month, one item each assumed (loop of unknown length)");
    }
    if (site->guarded_by_cache)
        dd_buf_addz(basis, "; a cache stands in front, so fewer may be billed");
}

dd_code dd_volume_of(dd_site *site, dd_arena *arena, const dd_estimate_opts *opts, dd_err *err)
{
    dd_buf  basis = DD_BUF_INIT(0);
    volume  v     = { 0, false };
    dd_code rc    = runs_of(site, opts, &v, &basis, err);
    int64_t times = site->loop > 1 && !v.counted ? site->loop : 1;
    if (rc == DD_OK && __builtin_mul_overflow(v.runs, times, &site->calls))
        rc = dd_fail(err, DD_ERR_RANGE, "call site \"" DD_STR_FMT "\": more calls than can be counted", DD_STR_ARG(site->id));
    describe(site, &v, &basis);
    site->calls_basis = dd_arena_dup(arena, dd_buf_str(&basis));
    dd_buf_free(&basis);
    return rc;
}
