#include "route/quality.h"

enum {
#define SET(name, title, date, source, divisor, rating) name,
#define TIER(provider, model, family, tier, tiers)
#define SCORE(provider, model, set, value)
#include "route/quality.def"
#undef SET
    N_SETS
};

static const struct { const char *title, *date, *source; int divisor; bool rating; } sets[N_SETS] = {
#define SET(name, title, date, source, divisor, rating) { title, date, source, divisor, rating },
#include "route/quality.def"
#undef SET
#undef TIER
};

typedef struct { const char *provider, *model; } name;

static const struct { name n; dd_quality_tier t; } tiers[] = { /* sorted by name */
#define SET(name, title, date, source, divisor, rating)
#define TIER(provider, model, family, tier, tiers) { { provider, model }, { family, tier, tiers } },
#include "route/quality.def"
#undef TIER
#undef SCORE
};

static const struct { name n; int set, value; } scores[] = { /* sorted by name; a model's scores stand together */
#define TIER(provider, model, family, tier, tiers)
#define SCORE(provider, model, set, value) { { provider, model }, set, value },
#include "route/quality.def"
};

/* --- names --- */

typedef struct { char provider[24], model[96]; } key;

static int cmp(const key *k, const name *n)
{
    int c = strcmp(k->provider, n->provider);
    return c != 0 ? c : strcmp(k->model, n->model);
}

static bool put(char *to, size_t size, dd_str s)
{
    if (s.len >= size)
        return false;
    memcpy(to, s.ptr, s.len);
    to[s.len] = '\0';
    return true;
}

static bool make_key(key *k, dd_str provider, dd_str model)
{
    return put(k->provider, sizeof k->provider, provider) && put(k->model, sizeof k->model, model);
}

/* "-20250929-v1:0" off the end of a Bedrock name. */
static dd_str without_version(dd_str s)
{
    ptrdiff_t v = dd_str_findz(s, "-v1:");
    if (v > 0)
        s = dd_str_sub(s, 0, (size_t)v);
    if (s.len > 9 && s.ptr[s.len - 9] == '-' && s.ptr[s.len - 8] == '2')
        s = dd_str_sub(s, 0, s.len - 9);
    return s;
}

static void dots_to_dashes(char *s)
{
    for (; *s != '\0'; s++)
        if (*s == '.')
            *s = '-';
}

/* Makers as a reseller spells them in front of a slash or dot. */
static const struct { const char *spelled, *provider; } makers[] = {
    { "openai", "openai" }, { "anthropic", "anthropic" }, { "google", "google" }, { "mistralai", "mistral" }, { "mistral", "mistral" },
    { "x-ai", "xai" }, { "deepseek", "deepseek" }, { "cohere", "cohere" },
};

static bool maker_key(const dd_price *row, char sign, key *k)
{
    ptrdiff_t at = dd_str_chr(row->id, sign);
    if (at <= 0)
        return false;
    dd_str maker = dd_str_sub(row->id, 0, (size_t)at), model = dd_str_sub(row->id, (size_t)at + 1, row->id.len);
    for (size_t i = 0; i < DD_COUNT(makers); i++)
        if (dd_str_eqz(maker, makers[i].spelled)) {
            bool ok = make_key(k, dd_str_z(makers[i].provider), without_version(model));
            if (ok && dd_str_eqz(maker, "anthropic"))
                dots_to_dashes(k->model);
            return ok;
        }
    return false;
}

/* The model behind a reseller's row. False: the row is the maker's own. */
static bool origin_key(const dd_price *row, key *k)
{
    if (dd_str_eqz(row->provider, "azure"))
        return make_key(k, DD_STR("openai"), row->id);
    if (dd_str_eqz(row->provider, "openrouter"))
        return maker_key(row, '/', k);
    if (dd_str_eqz(row->provider, "bedrock"))
        return maker_key(row, '.', k);
    if (dd_str_startsz(row->id, "openai/gpt-oss") || dd_str_startsz(row->id, "zai-org/") || dd_str_startsz(row->id, "moonshotai/"))
        return make_key(k, DD_STR("openrouter"), row->id);
    return false;
}

/* --- lookup --- */

static ptrdiff_t find_tier(const key *k)
{
    size_t lo = 0, hi = DD_COUNT(tiers);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int    c   = cmp(k, &tiers[mid].n);
        if (c == 0)
            return (ptrdiff_t)mid;
        if (c > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

/* Where the scores of a name begin; they go on while the name does. */
static size_t first_score(const key *k)
{
    size_t lo = 0, hi = DD_COUNT(scores);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (cmp(k, &scores[mid].n) > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

typedef struct { bool any; int value[N_SETS]; bool has[N_SETS]; } score_row;

static void add_scores(const key *k, score_row *r)
{
    for (size_t i = first_score(k); i < DD_COUNT(scores) && cmp(k, &scores[i].n) == 0; i++) {
        r->any = true;
        if (r->has[scores[i].set])
            continue;
        r->has[scores[i].set]   = true;
        r->value[scores[i].set] = scores[i].value;
    }
}

static score_row scores_of(const dd_price *row)
{
    score_row r;
    key       k;
    memset(&r, 0, sizeof r);
    if (make_key(&k, row->provider, row->id))
        add_scores(&k, &r);
    if (origin_key(row, &k))
        add_scores(&k, &r);
    return r;
}

bool dd_quality_tier_of(const dd_price *model, dd_quality_tier *out)
{
    key       k;
    ptrdiff_t at = make_key(&k, model->provider, model->id) ? find_tier(&k) : -1;
    if (at < 0 && origin_key(model, &k))
        at = find_tier(&k);
    if (at < 0)
        return false;
    *out = tiers[at].t;
    return true;
}

bool dd_quality_known(const dd_price *model)
{
    dd_quality_tier t;
    return dd_quality_tier_of(model, &t) || scores_of(model).any;
}

static bool in_set(const score_row *a, const score_row *b, int set, dd_quality_compare *out)
{
    if (!a->has[set] || !b->has[set] || a->value[set] <= 0)
        return false;
    double from = (double)a->value[set] / sets[set].divisor, to = (double)b->value[set] / sets[set].divisor;
    *out = (dd_quality_compare){ sets[set].title, sets[set].date, sets[set].source, from, to, sets[set].rating,
                                 sets[set].rating ? 1 + (to - from) / 400 : to / from };
    return true;
}

static int own_set(dd_task task)
{
    return task == DD_TASK_CODING ? CODING_2026_08 : task == DD_TASK_AGENT_STEP ? AGENTIC_2026_08 : -1;
}

bool dd_quality_between(const dd_price *from, const dd_price *to, dd_task task, dd_quality_compare *out)
{
    static const int general[] = { INDEX_2026_08, INDEX_2026_10, INDEX_2026_07, ARENA_2025_08, TERMINAL_2026_10 };
    score_row a = scores_of(from), b = scores_of(to);
    int       own = own_set(task);
    if (own >= 0 && in_set(&a, &b, own, out))
        return true;
    for (size_t i = 0; i < DD_COUNT(general); i++)
        if (in_set(&a, &b, general[i], out))
            return true;
    return false;
}

/* --- one number a model --- */

_Static_assert((int)N_SETS <= (int)DD_QUALITY_SETS, "quality.h has room for all sets");

static const int anchors[DD_QUALITY_KINDS] = {
    [DD_QUALITY_GENERAL] = INDEX_2026_08, [DD_QUALITY_CODING] = CODING_2026_08, [DD_QUALITY_AGENTIC] = AGENTIC_2026_08,
};
/* From which a model is carried over, the nearest relatives first. */
static const int carriers[DD_QUALITY_KINDS][N_SETS - 1] = {
    [DD_QUALITY_GENERAL] = { INDEX_2026_10, INDEX_2026_07, CODING_2026_08, AGENTIC_2026_08, TERMINAL_2026_10, ARENA_2025_08 },
    [DD_QUALITY_CODING]  = { TERMINAL_2026_10, INDEX_2026_08, INDEX_2026_10, INDEX_2026_07, AGENTIC_2026_08, ARENA_2025_08 },
    [DD_QUALITY_AGENTIC] = { INDEX_2026_08, TERMINAL_2026_10, INDEX_2026_10, INDEX_2026_07, CODING_2026_08, ARENA_2025_08 },
};

dd_quality_kind dd_quality_kind_of(dd_task task)
{
    return task == DD_TASK_CODING ? DD_QUALITY_CODING : task == DD_TASK_AGENT_STEP ? DD_QUALITY_AGENTIC : DD_QUALITY_GENERAL;
}

typedef struct { double n, x, y, xx, xy; } fit;

static double points(const score_row *r, int set) { return (double)r->value[set] / sets[set].divisor; }

static void add_row(const score_row *r, fit fits[DD_QUALITY_KINDS][N_SETS])
{
    for (int k = 0; k < DD_QUALITY_KINDS; k++)
        for (int s = 0; s < N_SETS && r->has[anchors[k]]; s++) {
            double x = points(r, s), y = points(r, anchors[k]);
            fit   *f = &fits[k][s];
            if (r->has[s])
                *f = (fit){ f->n + 1, f->x + x, f->y + y, f->xx + x * x, f->xy + x * y };
        }
}

static bool same_name(const name *a, const name *b) { return strcmp(a->provider, b->provider) == 0 && strcmp(a->model, b->model) == 0; }

/* The scores of the name that begins at *at, which moves to the next one. */
static score_row next_row(size_t *at)
{
    score_row r;
    memset(&r, 0, sizeof r);
    for (size_t from = *at; *at < DD_COUNT(scores) && same_name(&scores[*at].n, &scores[from].n); ++*at) {
        r.has[scores[*at].set]   = true;
        r.value[scores[*at].set] = scores[*at].value;
    }
    return r;
}

static void lay_lines(fit fits[DD_QUALITY_KINDS][N_SETS], dd_quality_scale *out)
{
    enum { LEAST = 4 };
    for (int k = 0; k < DD_QUALITY_KINDS; k++)
        for (int s = 0; s < N_SETS; s++) {
            const fit *f     = &fits[k][s];
            double     width = f->n * f->xx - f->x * f->x, slope = width > 0 ? (f->n * f->xy - f->x * f->y) / width : 0;
            if (f->n >= LEAST && slope > 0) {
                out->link[k][s].slope = slope;
                out->link[k][s].base  = (f->y - slope * f->x) / f->n;
            }
        }
}

/* In points of the kind's own set; false: in no set that leads there. */
static bool carried(const dd_quality_scale *scale, const score_row *r, int kind, double *out, bool *linked)
{
    *linked = !r->has[anchors[kind]];
    *out    = points(r, anchors[kind]);
    for (size_t i = 0; *linked && i < DD_COUNT(carriers[kind]); i++) {
        int s = carriers[kind][i];
        if (r->has[s] && scale->link[kind][s].slope > 0) {
            *out = scale->link[kind][s].base + scale->link[kind][s].slope * points(r, s);
            return true;
        }
    }
    return !*linked;
}

void dd_quality_scale_make(dd_quality_scale *out)
{
    fit    fits[DD_QUALITY_KINDS][N_SETS];
    double at;
    bool   linked;
    memset(fits, 0, sizeof fits);
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < DD_COUNT(scores);) {
        score_row r = next_row(&i);
        add_row(&r, fits);
    }
    lay_lines(fits, out);
    for (size_t i = 0; i < DD_COUNT(scores);) {
        score_row r = next_row(&i);
        for (int k = 0; k < DD_QUALITY_KINDS; k++)
            if (carried(out, &r, k, &at, &linked) && at > out->most[k])
                out->most[k] = at;
    }
}

/* The mean of those of the same tier of its family. */
static bool by_tier(const dd_quality_scale *scale, const dd_quality_tier *tier, int kind, double *out)
{
    double sum = 0, n = 0, one;
    bool   linked;
    for (size_t i = 0; i < DD_COUNT(tiers); i++) {
        key       k;
        score_row r;
        memset(&r, 0, sizeof r);
        if (tiers[i].t.tier != tier->tier || strcmp(tiers[i].t.family, tier->family) != 0)
            continue;
        if (make_key(&k, dd_str_z(tiers[i].n.provider), dd_str_z(tiers[i].n.model)))
            add_scores(&k, &r);
        if (carried(scale, &r, kind, &one, &linked)) {
            sum += one;
            n++;
        }
    }
    *out = n > 0 ? sum / n : 0;
    return n > 0;
}

bool dd_quality_levels_of(const dd_quality_scale *scale, const dd_price *model, dd_quality_levels *out)
{
    score_row       r = scores_of(model);
    dd_quality_tier tier;
    bool            in_tier = dd_quality_tier_of(model, &tier), any = false;
    for (int k = 0; k < DD_QUALITY_KINDS; k++) {
        double at     = 0;
        bool   linked = true, ok = carried(scale, &r, k, &at, &linked) || (in_tier && by_tier(scale, &tier, k, &at));
        double level  = ok && scale->most[k] > 0 ? at / scale->most[k] : -1;
        out->level[k]  = ok && level < 0.01 ? 0.01 : level > 1 ? 1 : level;
        out->linked[k] = linked;
        any |= ok;
    }
    return any;
}
