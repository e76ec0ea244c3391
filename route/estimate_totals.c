/* Sums over the sites of an audit, the opportunities in order, and what all of it assumes. */
#include "base/map.h"
#include "route/estimate_parts.h"

/* --- sums --- */

static dd_code add_range(dd_money_range *sum, const dd_money_range *m)
{
    dd_code rc = dd_money_add(sum->low, m->low, &sum->low);
    if (rc == DD_OK)
        rc = dd_money_add(sum->expected, m->expected, &sum->expected);
    return rc == DD_OK ? dd_money_add(sum->high, m->high, &sum->high) : rc;
}

static dd_pusd saving_of(const dd_site *site)
{
    return site->suggestion != NULL && site->suggestion->monthly > 0 ? site->suggestion->monthly : 0;
}

typedef dd_str key_fn(const dd_site *site);

static dd_str model_of(const dd_site *site)
{
    return site->price.price->id;
}

static dd_str provider_of(const dd_site *site)
{
    return site->provider.len > 0 ? site->provider : site->price.price->provider;
}

static dd_str file_of(const dd_site *site)
{
    return site->path;
}

static dd_str dir_of(const dd_site *site)
{
    ptrdiff_t slash = dd_str_rchr(site->path, '/');
    return slash > 0 ? dd_str_sub(site->path, 0, (size_t)slash) : DD_STR(".");
}

static int by_money(const void *a, const void *b)
{
    const dd_sum *x = a, *y = b;
    if (x->monthly.expected != y->monthly.expected)
        return x->monthly.expected > y->monthly.expected ? -1 : 1;
    return dd_str_cmp(x->name, y->name);
}

static dd_code add_site(dd_sum *s, const dd_site *site)
{
    s->sites++;
    dd_code rc = add_range(&s->monthly, &site->monthly);
    return rc == DD_OK ? dd_money_add(s->savings, saving_of(site), &s->savings) : rc;
}

static dd_code sum_by(dd_audit *a, key_fn *key, dd_sum **out, size_t *n)
{
    dd_map  index = DD_MAP_INIT;
    dd_sum *sums  = dd_newn(&a->arena, dd_sum, a->n_sites + 1);
    dd_code rc    = DD_OK;
    *n = 0;
    for (size_t i = 0; i < a->n_sites && rc == DD_OK; i++) {
        if (!a->sites[i]->in_total)
            continue;
        dd_str  name = key(a->sites[i]);
        void  **slot = dd_map_at(&index, name);
        if (*slot == NULL) {
            sums[*n].name = name;
            *slot = &sums[(*n)++];
        }
        rc = add_site(*slot, a->sites[i]);
    }
    dd_map_free(&index);
    qsort(sums, *n, sizeof *sums, by_money);
    *out = sums;
    return rc;
}

/* Every site is one of: ignored, not billed by tokens, local, priced, unknown. */
static void count_kind(dd_audit *a, const dd_site *site)
{
    a->n_by_context[site->context]++;
    if (site->ignore)
        a->n_ignored++;
    else if (site->unit != DD_UNIT_TOKENS)
        a->n_not_tokens++;
    else if (site->local)
        a->n_local++;
    else if (site->monthly.expected != DD_PUSD_UNKNOWN)
        a->n_priced++;
    else {
        a->n_unknown++;
        a->n_ranged += site->per_call.expected != DD_PUSD_UNKNOWN;
    }
}

static bool plainly_priced(const dd_site *site)
{
    return !site->ignore && !site->local && site->monthly.expected != DD_PUSD_UNKNOWN;
}

static dd_code add_thousand(dd_audit *a, const dd_site *site)
{
    dd_money_range k = { 0, 0, 0 };
    dd_code rc = dd_money_mul(site->per_call.low, 1000, &k.low);
    if (rc == DD_OK)
        rc = dd_money_mul(site->per_call.expected, 1000, &k.expected);
    if (rc == DD_OK)
        rc = dd_money_mul(site->per_call.high, 1000, &k.high);
    return rc == DD_OK ? add_range(&a->per_1000, &k) : rc;
}

static dd_code add_to_audit(dd_audit *a, const dd_site *site)
{
    dd_code rc = DD_OK;
    count_kind(a, site);
    if (plainly_priced(site))
        rc = add_thousand(a, site);
    if (!site->in_total || rc != DD_OK)
        return rc;
    a->n_in_total++;
    rc = add_range(&a->monthly, &site->monthly);
    return rc == DD_OK ? dd_money_add(a->savings, saving_of(site), &a->savings) : rc;
}

/* --- opportunities --- */

static int place_order(const dd_site *x, const dd_site *y)
{
    int c = dd_str_cmp(x->path, y->path);
    if (c != 0)
        return c;
    return x->cell != y->cell ? (x->cell < y->cell ? -1 : 1) : x->line < y->line ? -1 : x->line > y->line;
}

static int by_saving(const void *a, const void *b)
{
    const dd_site *x = *(dd_site *const *)a, *y = *(dd_site *const *)b;
    if (saving_of(x) != saving_of(y))
        return saving_of(x) > saving_of(y) ? -1 : 1;
    if (x->suggestion->per_call != y->suggestion->per_call)
        return x->suggestion->per_call > y->suggestion->per_call ? -1 : 1;
    return place_order(x, y);
}

/* What is in the bill; a tree without a bill shows what it would save a call. */
static void collect_opportunities(dd_audit *a)
{
    a->opportunities   = dd_newn(&a->arena, dd_site *, a->n_sites + 1);
    a->n_opportunities = 0;
    for (size_t i = 0; i < a->n_sites; i++) {
        dd_site *s = a->sites[i];
        if (s->suggestion != NULL && (s->in_total || (a->n_in_total == 0 && plainly_priced(s))))
            a->opportunities[a->n_opportunities++] = s;
    }
    qsort(a->opportunities, a->n_opportunities, sizeof *a->opportunities, by_saving);
}

/* --- assumptions --- */

typedef bool site_fn(const dd_site *site);

static bool is_default_production(const dd_site *s) { return s->in_total && s->context == DD_CTX_PRODUCTION && dd_str_startsz(s->calls_basis, "preset"); }
static bool is_default_script(const dd_site *s) { return s->in_total && s->context == DD_CTX_SCRIPT && dd_str_startsz(s->calls_basis, "preset"); }
static bool is_flag_volume(const dd_site *s) { return s->in_total && dd_str_startsz(s->calls_basis, "--calls"); }
static bool is_given_volume(const dd_site *s) { return s->in_total && (dd_str_startsz(s->calls_basis, "inline") || dd_str_startsz(s->calls_basis, "usage")); }
static bool guesses_input(const dd_site *s) { return s->in_total && s->note_tokens_in < 0; }
static bool guesses_output(const dd_site *s) { return s->in_total && s->note_tokens_out < 0 && s->cls.task != DD_TASK_EMBEDDING; }
static bool has_small(const dd_site *s) { return guesses_input(s) && s->holes_small > 0; }
static bool has_typed(const dd_site *s) { return guesses_input(s) && s->holes_typed > 0 && s->cls.task != DD_TASK_EMBEDDING; }
static bool has_large(const dd_site *s) { return guesses_input(s) && s->holes_large > 0 && s->cls.task != DD_TASK_EMBEDDING; }
static bool has_texts(const dd_site *s) { return guesses_input(s) && s->cls.task == DD_TASK_EMBEDDING; }
static bool has_history(const dd_site *s) { return guesses_input(s) && s->holes_history > 0; }
static bool has_unseen(const dd_site *s) { return guesses_input(s) && dd_str_has(s->tokens_basis, "prompt not in the source"); }
static bool has_images(const dd_site *s) { return guesses_input(s) && s->images > 0; }
static bool has_no_cap(const dd_site *s) { return guesses_output(s) && s->max_tokens <= 0; }
static bool has_cap(const dd_site *s) { return guesses_output(s) && s->max_tokens > 0; }
static bool has_hidden(const dd_site *s) { return guesses_output(s) && dd_str_has(s->tokens_basis, " reasoning ("); }
static bool has_loop(const dd_site *s) { return s->in_total && dd_str_has(s->calls_basis, "loop of unknown length"); }
static bool has_rounds(const dd_site *s) { return s->in_total && s->rounds > 1; }
static bool is_inexact(const dd_site *s) { return guesses_input(s) && s->static_tokens > 0 && !s->tokens_exact && s->text_cut == 0; }
static bool is_cut(const dd_site *s) { return guesses_input(s) && s->text_cut > 0; }
static bool is_by_name(const dd_site *s) { return s->in_total && s->price.match > DD_MATCH_ALIAS; }

/* text: %s is "1 site" or "12 sites". */
static const struct { site_fn *fits; const char *text; } assumptions[] = {
    { is_default_production, "volume of %s in production by preset %p: %n calls a month each" },
    { is_default_script, "volume of %s in scripts by preset %p: %m runs a month each" },
    { is_flag_volume, "volume of %s by --calls" },
    { is_given_volume, "volume of %s from the usage file or inline notes" },
    { has_small, "short dynamic parts taken as 20 tokens (3 to 80) at %s" },
    { has_typed, "text that a person types taken as 150 tokens (10 to 1,500) at %s" },
    { has_large, "long dynamic parts taken as 1,500 tokens (300 to 6,000) at %s" },
    { has_history, "conversation history taken as 2,000 tokens (200 to 8,000) at %s" },
    { has_unseen, "prompt not in the source, taken as 1,000 tokens (100 to 6,000) at %s" },
    { has_texts, "texts to embed taken as 400 tokens (20 to 1,500) at %s" },
    { has_images, "images counted by the provider's usual size at %s" },
    { has_no_cap, "output length by task, no cap in the code, at %s" },
    { has_cap, "output length by task, bounded by the cap, at %s" },
    { has_hidden, "reasoning tokens by effort or by the model's default at %s" },
    { has_loop, "one item a run for loops of unknown length at %s" },
    { has_rounds, "4 rounds (10 where more than 25 are allowed) for tool loops at %s" },
    { is_inexact, "static text counted with a ratio, the model's tokenizer is not public, at %s" },
    { is_cut, "long prompts counted by their first 4 kB, there being too many, at %s" },
    { is_by_name, "price found under a normalised name at %s" },
};

static size_t count_sites(const dd_audit *a, site_fn *fits)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_sites; i++)
        n += fits(a->sites[i]);
    return n;
}

static int64_t preset_figure(const dd_audit *a, site_fn *fits)
{
    for (size_t i = 0; i < a->n_sites; i++)
        if (fits(a->sites[i]) && a->sites[i]->loop <= 1)
            return a->sites[i]->calls;
    for (size_t i = 0; i < a->n_sites; i++)
        if (fits(a->sites[i]))
            return a->sites[i]->calls / a->sites[i]->loop;
    return 0;
}

static void put_field(char field, size_t n, const dd_audit *a, site_fn *fits, const char *preset, dd_buf *b)
{
    if (field == 's')
        dd_buf_printf(b, "%zu site%s", n, n == 1 ? "" : "s");
    else if (field == 'p')
        dd_buf_addz(b, preset);
    else
        dd_count_show(preset_figure(a, fits), b);
}

static dd_str fill_assumption(dd_audit *a, size_t row, size_t n, const char *preset)
{
    dd_buf b = DD_BUF_INIT(0);
    for (const char *c = assumptions[row].text; *c != '\0'; c++) {
        if (*c == '%')
            put_field(*++c, n, a, assumptions[row].fits, preset, &b);
        else
            dd_buf_addc(&b, *c);
    }
    dd_str s = dd_arena_dup(&a->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static void list_assumptions(dd_audit *a, const char *preset)
{
    a->assumptions   = dd_newn(&a->arena, dd_str, DD_COUNT(assumptions));
    a->n_assumptions = 0;
    for (size_t i = 0; i < DD_COUNT(assumptions); i++) {
        size_t n = count_sites(a, assumptions[i].fits);
        if (n > 0)
            a->assumptions[a->n_assumptions++] = fill_assumption(a, i, n, preset);
    }
}

static dd_str volume_basis(dd_audit *a, const dd_estimate_opts *opts, const char *preset)
{
    const char *rules = opts->n_rules > 0 ? ", usage file" : "";
    if (opts->calls >= 0)
        return dd_arena_printf(&a->arena, "--calls %lld%s, scripts by preset %s", (long long)opts->calls, rules, preset);
    return dd_arena_printf(&a->arena, "preset %s%s", preset, rules);
}

static void clear(dd_audit *a)
{
    a->monthly = a->per_1000 = (dd_money_range){ 0, 0, 0 };
    a->savings = 0;
    a->n_in_total = a->n_priced = a->n_unknown = a->n_ranged = a->n_not_tokens = a->n_local = a->n_ignored = 0;
    memset(a->n_by_context, 0, sizeof a->n_by_context);
}

dd_code dd_estimate_totals(dd_audit *a, const dd_estimate_opts *opts, dd_err *err)
{
    const char *preset = opts->preset != NULL ? opts->preset : "default";
    dd_code     rc     = DD_OK;
    clear(a);
    for (size_t i = 0; i < a->n_sites && rc == DD_OK; i++)
        rc = add_to_audit(a, a->sites[i]);
    const struct { key_fn *key; dd_sum **out; size_t *n; } tables[] = {
        { model_of, &a->by_model, &a->n_by_model }, { provider_of, &a->by_provider, &a->n_by_provider },
        { file_of, &a->by_file, &a->n_by_file },    { dir_of, &a->by_dir, &a->n_by_dir },
    };
    for (size_t i = 0; i < DD_COUNT(tables) && rc == DD_OK; i++)
        rc = sum_by(a, tables[i].key, tables[i].out, tables[i].n);
    if (rc != DD_OK) {
        dd_fail(err, rc, "total of %zu call sites: past 9.2 million USD", a->n_sites);
        dd_hint(err, "Check the calls and token counts given by the usage file, --calls and inline notes.");
        return rc;
    }
    a->no_production = a->n_by_context[DD_CTX_PRODUCTION] == 0;
    collect_opportunities(a);
    a->volume_basis = volume_basis(a, opts, preset);
    list_assumptions(a, preset);
    return DD_OK;
}
