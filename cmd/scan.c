/* cmd/scan.c - dd0c scan: walk, resolve, price, report, gate. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "cmd/config.h"
#include "cmd/fetch.h"
#include "cmd/render.h"
#include "cmd/summary.h"
#include "cmd/usage.h"
#include "route/estimate.h"
#include "scan/scan.h"

typedef struct {
    dd_render_args render;
    dd_opt_list    include, exclude, langs, providers, fail_on;
    bool           no_ignore, hidden, strict, refresh, other_providers, opt_in;
    int64_t        max_filesize, threads, calls, max_monthly, min_cost, max_price_age;
    const char    *tests, *preset, *usage, *sync_usage, *override, *config, *explain;
} scan_args;

const dd_opt dd_scan_opts_table[] = {
    DD_RENDER_OPTS(scan_args),
    DD_OPT(DD_OPT_TEXT, 0, "explain", scan_args, explain, "id", "print how one site's model, tokens and price were found"),
    { 0, "Files", DD_OPT_HEADING, 0, NULL, NULL },
    DD_OPT(DD_OPT_LIST, 0, "include", scan_args, include, "glob", "scan only files that match (gitignore syntax)"),
    DD_OPT(DD_OPT_LIST, 0, "exclude", scan_args, exclude, "glob", "leave out files that match"),
    DD_OPT(DD_OPT_CHOICES, 0, "lang", scan_args, langs, "python|javascript|typescript|notebook", "only files of this language"),
    DD_OPT(DD_OPT_FLAG, 0, "no-ignore", scan_args, no_ignore, NULL, "do not read .gitignore and .dd0cignore"),
    DD_OPT(DD_OPT_FLAG, 0, "hidden", scan_args, hidden, NULL, "scan hidden files and folders too"),
    DD_OPT(DD_OPT_SIZE, 0, "max-filesize", scan_args, max_filesize, "size", "list larger files instead of scanning them (1MB)"),
    DD_OPT(DD_OPT_INT, 'j', "threads", scan_args, threads, "n", "worker threads (one a core)"),
    { 0, "Volume and prices", DD_OPT_HEADING, 0, NULL, NULL },
    DD_OPT(DD_OPT_INT, 0, "calls", scan_args, calls, "n", "calls a month of each production site"),
    DD_OPT(DD_OPT_CHOICE, 0, "usage-preset", scan_args, preset, "default|small|medium|large", "assumed volume where nothing else is known"),
    DD_OPT(DD_OPT_TEXT, 0, "usage", scan_args, usage, "file", "calls and tokens a site, path or context"),
    DD_OPT(DD_OPT_TEXT, 0, "sync-usage", scan_args, sync_usage, "file", "write the usage file's template, keeping its numbers"),
    DD_OPT(DD_OPT_CHOICE, 0, "tests", scan_args, tests, "exclude|separate|include", "tests, examples, notebooks: hide, show apart, or count"),
    DD_OPT(DD_OPT_LIST, 0, "provider", scan_args, providers, "name", "only sites billed by this provider"),
    DD_OPT(DD_OPT_USD, 0, "min-cost", scan_args, min_cost, "usd", "list only sites above this a month (totals stay)"),
    DD_OPT(DD_OPT_TEXT, 0, "price-override", scan_args, override, "file", "prices that win over the table"),
    DD_OPT(DD_OPT_FLAG, 0, "refresh-prices", scan_args, refresh, NULL, "fetch the price table first"),
    DD_OPT(DD_OPT_FLAG, 0, "other-providers", scan_args, other_providers, NULL, "suggest models of other providers first"),
    { 0, "Gates (exit status 1)", DD_OPT_HEADING, 0, NULL, NULL },
    DD_OPT(DD_OPT_USD, 0, "max-monthly", scan_args, max_monthly, "usd", "the monthly estimate is above this"),
    DD_OPT(DD_OPT_LIST, 0, "fail-on", scan_args, fail_on, "what", "unknown, retired, or opportunity=USD a month"),
    DD_OPT(DD_OPT_INT, 0, "max-price-age", scan_args, max_price_age, "days", "the price table is older than this"),
    DD_OPT(DD_OPT_FLAG, 0, "strict", scan_args, strict, NULL, "exit 3 when a file could not be read or parsed"),
    { 0, "Other", DD_OPT_HEADING, 0, NULL, NULL },
    DD_OPT(DD_OPT_FLAG, 0, "opt-in", scan_args, opt_in, NULL, "show an anonymised summary and send it (docs/summary.md)"),
    DD_OPT(DD_OPT_TEXT, 0, "config", scan_args, config, "file", "configuration (./dd0c.yaml)"),
    DD_OPT_END
};

enum { DEFAULT_MAX_FILESIZE = 1 << 20 };

typedef struct {
    const dd_cmd *cmd;
    scan_args     args;
    dd_config     config;
    dd_usage_file usage;
    dd_prices    *prices;
    dd_audit      audit;
    DD_VEC(dd_usage_rule) rules;
    bool          unknown, retired;   /* --fail-on */
    int64_t       opportunity;        /* -1: no such gate */
    bool          progress_shown;
    dd_mono       started;
} scan_run;

/* --- set-up --- */

static dd_code read_gates(scan_run *r, const dd_opt_list *gates, dd_err *err)
{
    for (size_t i = 0; i < gates->n; i++) {
        dd_str gate = dd_str_z(gates->v[i]);
        if (dd_str_eqz(gate, "unknown"))
            r->unknown = true;
        else if (dd_str_eqz(gate, "retired"))
            r->retired = true;
        else if (!dd_str_startsz(gate, "opportunity=") ||
                 dd_money_parse(dd_str_sub(gate, 12, gate.len), &r->opportunity, NULL) != DD_OK || r->opportunity < 0) {
            dd_fail(err, DD_ERR_USAGE, "option \"--fail-on\" does not take \"%s\"", gates->v[i]);
            dd_hint(err, "One of: unknown, retired, opportunity=USD.");
            return DD_ERR_USAGE;
        }
    }
    return DD_OK;
}

/* What the configuration says where the command line says nothing. */
static dd_code merge_config(scan_run *r, dd_err *err)
{
    scan_args       *a = &r->args;
    const dd_config *c = &r->config;
    if (a->calls < 0)
        a->calls = c->scan.calls;
    if (a->max_monthly < 0)
        a->max_monthly = c->scan.max_monthly;
    if (a->max_filesize < 0)
        a->max_filesize = c->scan.max_filesize >= 0 ? c->scan.max_filesize : DEFAULT_MAX_FILESIZE;
    if (!a->preset)
        a->preset = c->scan.preset;
    if (!a->usage && !a->sync_usage)
        a->usage = c->scan.usage;
    if (!a->tests)
        a->tests = c->scan.tests ? c->scan.tests : "separate";
    if (!a->override)
        a->override = c->prices.override;
    if (a->max_price_age < 0)
        a->max_price_age = c->prices.max_age_days;
    if (a->tests && strcmp(a->tests, "exclude") != 0 && strcmp(a->tests, "include") != 0 && strcmp(a->tests, "separate") != 0)
        return dd_fail(err, DD_ERR_USAGE, "\"%s\" is no way to treat tests", a->tests);
    return read_gates(r, a->fail_on.n ? &a->fail_on : &c->scan.fail_on, err);
}

static dd_code open_prices(scan_run *r, dd_err *err)
{
    dd_buf cache = DD_BUF_INIT(0);
    dd_dir_cache(&cache);
    dd_prices_opts opts = { .cache_dir = dd_buf_z(&cache), .override_file = r->args.override };
    r->prices           = dd_prices_open(&opts, err);
    dd_buf_free(&cache);
    if (!r->prices)
        return err->code ? err->code : DD_ERR_PARSE;
    dd_prices_check_age(r->prices, dd_day_of(r->audit.when));
    return DD_OK;
}

/* --- the scan --- */

static void show_progress(void *ctx, size_t files)
{
    scan_run *r = ctx;
    if (dd_mono_now().ns - r->started.ns < 300000000)
        return;
    r->progress_shown = true;
    fprintf(stderr, "\r\033[K%zu files", files);
}

static uint32_t lang_bits(const dd_opt_list *langs)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < langs->n; i++)
        for (int l = 0; l < DD_LANG_COUNT; l++)
            if (strcmp(langs->v[i], dd_lang_name((dd_lang)l)) == 0)
                bits |= 1u << l;
    return bits;
}

static dd_code run_scan(scan_run *r, const char *const *roots, size_t n_roots, dd_err *err)
{
    bool               tty     = isatty(STDERR_FILENO) && !r->args.render.quiet;
    const dd_opt_list *include = r->args.include.n ? &r->args.include : &r->config.scan.include;
    const dd_opt_list *exclude = r->args.exclude.n ? &r->args.exclude : &r->config.scan.exclude;
    dd_scan_opts opts = {
        .walk = { .include = include->v, .n_include = include->n, .exclude = exclude->v, .n_exclude = exclude->n,
                  .no_ignore = r->args.no_ignore, .hidden = r->args.hidden, .max_filesize = r->args.max_filesize,
                  .langs = lang_bits(&r->args.langs), .threads = (unsigned)r->args.threads,
                  .progress = tty ? show_progress : NULL, .progress_ctx = r },
        .threads = (unsigned)r->args.threads,
    };
    dd_code rc = dd_scan(roots, n_roots, &opts, &r->audit, err);
    if (r->progress_shown)
        fputs("\r\033[K", stderr);
    return rc;
}

/* Keeps the sites for which keep() holds. */
static void filter(scan_run *r, bool (*keep)(const scan_run *, const dd_site *))
{
    size_t n = 0;
    for (size_t i = 0; i < r->audit.n_sites; i++)
        if (keep(r, r->audit.sites[i]))
            r->audit.sites[n++] = r->audit.sites[i];
    r->audit.n_sites = n;
    n                = 0;
    for (size_t i = 0; i < r->audit.n_opportunities; i++)
        if (keep(r, r->audit.opportunities[i]))
            r->audit.opportunities[n++] = r->audit.opportunities[i];
    r->audit.n_opportunities = n;
}

static bool of_provider(const scan_run *r, const dd_site *s)
{
    for (size_t i = 0; i < r->args.providers.n; i++)
        if (dd_str_eq_nocase(s->provider, dd_str_z(r->args.providers.v[i])))
            return true;
    return false;
}

static bool not_a_test(const scan_run *r, const dd_site *s)
{
    (void)r;
    return s->context == DD_CTX_PRODUCTION || s->context == DD_CTX_SCRIPT;
}

static bool not_ignored(const scan_run *r, const dd_site *s)
{
    (void)r;
    return !s->ignore;
}

static bool dear_enough(const scan_run *r, const dd_site *s)
{
    return s->monthly.expected != DD_PUSD_UNKNOWN && s->monthly.expected >= r->args.min_cost;
}

/* --- estimate --- */

static bool glob_matches(dd_str pattern, dd_str path)
{
    dd_ignore *ig = dd_ignore_new();
    dd_ignore_add(ig, DD_STR(""), pattern);
    bool hit = dd_ignore_match(ig, path, false) > 0;
    dd_ignore_free(ig);
    return hit;
}

static const dd_usage_rule no_rule = { .context = -1, .calls = -1, .tokens_in = -1, .tokens_out = -1 };

/* What the configuration's settings amount to, weakest first: of equal rules the later one wins. */
static void rules_of_settings(scan_run *r)
{
    const dd_config *c = &r->config;
    for (int context = 0; c->scan.default_model && context < DD_CTX_COUNT; context++) {
        dd_usage_rule rule = no_rule;
        rule.context       = context;
        rule.model         = dd_str_z(c->scan.default_model);
        dd_vec_push(&r->rules, rule);
    }
    for (int context = DD_CTX_TEST; strcmp(r->args.tests, "include") == 0 && context < DD_CTX_COUNT; context++) {
        dd_usage_rule rule = no_rule;
        rule.context       = context;
        rule.calls         = r->args.calls >= 0 ? r->args.calls : 1000;
        dd_vec_push(&r->rules, rule);
    }
    for (size_t i = 0; i < r->audit.n_sites; i++) {
        const dd_site *s = r->audit.sites[i];
        for (size_t d = 0; s->deployment && d < c->scan.n_deployments; d++)
            if (dd_str_eq(s->model, c->scan.deployments[d].name)) {
                dd_usage_rule rule = no_rule;
                rule.id            = s->id;
                rule.model         = c->scan.deployments[d].model;
                dd_vec_push(&r->rules, rule);
            }
    }
}

static void gather_rules(scan_run *r)
{
    rules_of_settings(r);
    for (size_t i = 0; i < r->usage.n_rules; i++)
        dd_vec_push(&r->rules, r->usage.rules[i]);
}

static dd_code estimate(scan_run *r, dd_err *err)
{
    if (r->args.usage) {
        dd_code rc = dd_usage_load(&r->usage, r->args.usage, &r->audit, err);
        if (rc != DD_OK)
            return rc;
    }
    gather_rules(r);
    dd_estimate_opts opts = {
        .preset = r->args.preset ? r->args.preset : r->usage.preset ? r->usage.preset : "default",
        .calls = r->args.calls, .rules = r->rules.v, .n_rules = r->rules.n, .today = dd_day_of(r->audit.when),
        .other_providers = r->args.other_providers, .count_all = strcmp(r->args.tests, "include") == 0, .glob = glob_matches,
    };
    return dd_estimate_audit(&r->audit, r->prices, &opts, err);
}

/* --- gates --- */

static bool gate(scan_run *r, bool crossed, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool gate(scan_run *r, bool crossed, const char *fmt, ...)
{
    va_list ap;
    if (!crossed)
        return false;
    fprintf(stderr, "dd0c %s: gate: ", r->cmd->name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return true;
}

static size_t count_retired(const dd_audit *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_sites; i++)
        for (size_t k = 0; k < a->sites[i]->n_advice; k++)
            n += a->sites[i]->advice[k].kind == DD_ADVICE_RETIRED;
    return n;
}

static bool gates_crossed(scan_run *r)
{
    const dd_audit *a = &r->audit;
    dd_buf          is = DD_BUF_INIT(0), limit = DD_BUF_INIT(0);
    bool            crossed = false;
    if (r->args.max_monthly >= 0) {
        dd_money_show(a->monthly.expected, &is);
        dd_money_show(r->args.max_monthly, &limit);
        crossed |= gate(r, a->monthly.expected > r->args.max_monthly, "the estimate of %s a month is above the limit of %s", dd_buf_z(&is), dd_buf_z(&limit));
    }
    crossed |= gate(r, r->unknown && a->n_unknown > 0, "%zu call sites have an unknown model or price", a->n_unknown);
    size_t retired = r->retired ? count_retired(a) : 0;
    crossed |= gate(r, retired > 0, "%zu call sites use a model that is retired or soon will be", retired);
    dd_pusd best = a->n_opportunities && a->opportunities[0]->suggestion ? a->opportunities[0]->suggestion->monthly : 0;
    if (r->opportunity >= 0 && best != DD_PUSD_UNKNOWN) {
        dd_buf_clear(&is);
        dd_money_show(best, &is);
        crossed |= gate(r, best >= r->opportunity && best > 0, "one opportunity saves %s a month", dd_buf_z(&is));
    }
    crossed |= gate(r, r->args.max_price_age >= 0 && a->price_age_days > r->args.max_price_age, "the price table is %d days old", a->price_age_days);
    dd_buf_free(&is);
    dd_buf_free(&limit);
    return crossed;
}

/* --- the opt-in summary --- */

static const char *summary_url(const scan_run *r)
{
    const char *env = getenv("DD0C_SUMMARY_URL");
    return r->config.scan.summary_url ? r->config.scan.summary_url : env && *env ? env : NULL;
}

static dd_code check_opt_in(const scan_run *r, dd_err *err)
{
    if (!r->args.opt_in || summary_url(r))
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "option \"--opt-in\": there is no address to send the summary to");
    dd_hint(err, "Set scan.summary_url in dd0c.yaml or $DD0C_SUMMARY_URL.");
    return DD_ERR_USAGE;
}

/* Shown first, then sent: the very same bytes. */
static dd_code send_summary(const scan_run *r, dd_err *err)
{
    dd_buf body = DD_BUF_INIT(0);
    dd_summary_write(&r->audit, &body);
    fprintf(stderr, "dd0c %s: sending to %s:\n" DD_STR_FMT, r->cmd->name, summary_url(r), DD_STR_ARG(dd_buf_str(&body)));
    dd_code rc = dd_fetch_post(summary_url(r), dd_buf_str(&body), err);
    dd_buf_free(&body);
    return rc;
}

/* --- the command --- */

static dd_code output(scan_run *r, const char *const *roots, size_t n_roots, dd_err *err)
{
    char   real[PATH_MAX];
    dd_str root = DD_STR("");
    if (realpath(n_roots == 1 ? roots[0] : ".", real))
        root = dd_str_z(real);
    struct stat st;
    if (root.len && stat(real, &st) == 0 && !S_ISDIR(st.st_mode))
        root.len = (size_t)dd_str_rchr(root, '/');
    if (!r->args.explain)
        return dd_render(r->cmd, &r->audit, &r->args.render, root, err);
    dd_report_opts opts = dd_render_opts(&r->args.render, root);
    dd_buf         out  = DD_BUF_INIT(0);
    dd_code        rc   = dd_report_explain(&r->audit, dd_str_z(r->args.explain), &opts, &out, err);
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

static dd_code prepare(scan_run *r, dd_err *err)
{
    dd_code rc = dd_render_check(&r->args.render, err);
    if (rc == DD_OK)
        rc = dd_config_load(&r->config, r->args.config, err);
    if (rc == DD_OK)
        rc = merge_config(r, err);
    if (rc == DD_OK)
        rc = check_opt_in(r, err);
    if (rc == DD_OK && r->args.refresh)
        rc = dd_prices_refresh(r->cmd, r->config.prices.url, err);
    if (rc == DD_OK)
        rc = open_prices(r, err);
    return rc;
}

static dd_code audit_tree(scan_run *r, const char *const *roots, size_t n_roots, dd_err *err)
{
    dd_code rc = run_scan(r, roots, n_roots, err);
    if (rc != DD_OK)
        return rc;
    r->audit.root = dd_arena_dupz(&r->audit.arena, n_roots == 1 ? roots[0] : "");
    for (size_t i = 0; n_roots > 1 && i < n_roots; i++)
        r->audit.root = dd_arena_printf(&r->audit.arena, DD_STR_FMT "%s%s", DD_STR_ARG(r->audit.root), i ? " " : "", roots[i]);
    filter(r, not_ignored);
    if (r->args.providers.n)
        filter(r, of_provider);
    if (strcmp(r->args.tests, "exclude") == 0)
        filter(r, not_a_test);
    rc               = estimate(r, err);
    r->audit.seconds = (double)(dd_mono_now().ns - r->started.ns) / 1e9;
    return rc;
}

static dd_code finish(scan_run *r, const char *const *roots, size_t n_roots, int *status, dd_err *err)
{
    dd_str  warning = dd_prices_warning(r->prices);
    dd_code rc      = r->args.sync_usage ? dd_usage_sync(r->args.sync_usage, &r->audit, err) : DD_OK;
    if (rc == DD_OK && r->args.sync_usage && !r->args.render.quiet)
        fprintf(stderr, "dd0c %s: wrote %s (%zu sites)\n", r->cmd->name, r->args.sync_usage, r->audit.n_sites);
    if (rc == DD_OK && warning.len && !r->args.render.quiet)
        dd_cmd_warn(r->cmd, DD_STR_FMT, DD_STR_ARG(warning));
    if (rc == DD_OK && r->args.min_cost > 0)
        filter(r, dear_enough);
    if (rc == DD_OK)
        rc = output(r, roots, n_roots, err);
    if (rc == DD_OK && r->args.opt_in)
        rc = send_summary(r, err);
    if (rc == DD_OK && gates_crossed(r))
        *status = DD_EXIT_GATE;
    if (rc == DD_OK && r->args.strict && r->audit.n_failed) {
        rc = dd_fail(err, DD_ERR_IO, "%zu files could not be read or parsed", r->audit.n_failed);
        dd_hint(err, "The report's last lines name them; without --strict they are only counted.");
    }
    return rc;
}

static void run_fini(scan_run *r)
{
    dd_vec_free(&r->rules);
    dd_usage_fini(&r->usage);
    dd_config_fini(&r->config);
    dd_prices_close(r->prices);
    dd_arena_fini(&r->audit.arena);
    dd_opt_fini(r->cmd->opts, &r->args);
}

dd_code dd_cmd_scan(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const char *const here[] = { "." };
    scan_run r = { .cmd = cmd, .opportunity = -1, .started = dd_mono_now(),
                   .args = { .render = DD_RENDER_ARGS_INIT, .max_filesize = -1, .calls = -1, .max_monthly = -1, .max_price_age = -1 } };
    int      words;
    bool     done;
    r.audit.when = dd_wall_now();
    dd_code rc   = dd_cmd_args(cmd, argc, argv, &r.args, &words, &done, err);
    if (rc != DD_OK || done) {
        dd_opt_fini(cmd->opts, &r.args);
        return rc;
    }
    const char *const *roots   = words ? (const char *const *)argv + 1 : here;
    size_t             n_roots = words ? (size_t)words : 1;
    rc = prepare(&r, err);
    if (rc == DD_OK)
        rc = audit_tree(&r, roots, n_roots, err);
    if (rc == DD_OK)
        rc = finish(&r, roots, n_roots, status, err);
    run_fini(&r);
    return rc;
}
