#include "report/savings.h"

#include <stdlib.h>

#include "report/format.h"

enum { WEEK = 7 };

/* ---- sums ---- */

static bool add_i64(int64_t *into, int64_t more)
{
    int64_t sum;
    if (__builtin_add_overflow(*into, more, &sum))
        return false;
    *into = sum;
    return true;
}

static bool add_money(dd_pusd *into, dd_pusd more) { return dd_money_add(*into, more, into) == DD_OK; }

bool dd_savings_add(dd_savings_sum *a, const dd_savings_sum *b)
{
    int64_t *const counts[] = { &a->requests, &a->errors, &a->hits, &a->unpriced, &a->compared, &a->premiums, &a->input, &a->output };
    const int64_t  more[]   = { b->requests, b->errors, b->hits, b->unpriced, b->compared, b->premiums, b->input, b->output };
    dd_pusd *const sums[]   = { &a->cost, &a->original, &a->compared_cost, &a->saved, &a->premium_saved };
    const dd_pusd  money[]  = { b->cost, b->original, b->compared_cost, b->saved, b->premium_saved };
    bool           ok       = true;
    for (size_t i = 0; i < DD_COUNT(counts); i++)
        ok = add_i64(counts[i], more[i]) && ok;
    for (size_t i = 0; i < DD_COUNT(sums); i++)
        ok = add_money(sums[i], money[i]) && ok;
    return ok;
}

static dd_savings_sum minus(const dd_savings_sum *s)
{
    return (dd_savings_sum){ -s->requests, -s->errors, -s->hits, -s->unpriced, -s->compared, -s->premiums, -s->input, -s->output,
                             -s->cost, -s->original, -s->compared_cost, -s->saved, -s->premium_saved };
}

dd_pusd dd_savings_spent(const dd_savings_sum *s) { return s->requests > 0 && s->unpriced >= s->requests ? DD_PUSD_UNKNOWN : s->cost; }
dd_pusd dd_savings_saved(const dd_savings_sum *s) { return s->requests > 0 && s->compared == 0 ? DD_PUSD_UNKNOWN : s->saved; }

dd_pusd dd_savings_instead(const dd_savings_sum *s)
{
    dd_pusd sum;
    return dd_savings_spent(s) != DD_PUSD_UNKNOWN && dd_money_add(s->cost, s->saved, &sum) == DD_OK ? sum : DD_PUSD_UNKNOWN;
}

/* ---- breakdowns ---- */

static const struct { const char *name, *none; } kinds[DD_SAVINGS_BY] = {
    [DD_SAVINGS_SWAP] = { "swap", "(as asked for)" },     [DD_SAVINGS_MODEL] = { "model", "(no model)" },
    [DD_SAVINGS_FEATURE] = { "feature", "(no feature)" }, [DD_SAVINGS_REQUESTED] = { "requested", "(no model)" },
    [DD_SAVINGS_TEAM] = { "team", "(no team)" },          [DD_SAVINGS_ROUTE] = { "route", "(no rule)" },
};

const char *dd_savings_by_name(dd_savings_by by) { return kinds[by].name; }
dd_str      dd_savings_shown(dd_savings_by by, dd_str name) { return name.len ? name : dd_str_z(kinds[by].none); }

bool dd_savings_swap(dd_str name, dd_str *from, dd_str *to)
{
    ptrdiff_t at = dd_str_findz(name, " > ");
    if (at <= 0 || dd_str_findz(dd_str_sub(name, (size_t)at + 1, name.len), " > ") >= 0)
        return false;
    *from = dd_str_sub(name, 0, (size_t)at);
    *to   = dd_str_sub(name, (size_t)at + 3, name.len);
    return to->len > 0;
}

static uint64_t size_of(dd_pusd m) { return m < 0 ? (uint64_t)0 - (uint64_t)m : (uint64_t)m; }

/* What was saved or lost, the larger first; then what was spent. */
static int larger(const void *pa, const void *pb)
{
    const dd_savings_row *a = pa, *b = pb;
    uint64_t              x = size_of(a->s.saved), y = size_of(b->s.saved);
    if (x != y)
        return x < y ? 1 : -1;
    if (a->s.cost != b->s.cost)
        return a->s.cost < b->s.cost ? 1 : -1;
    return a->s.requests != b->s.requests ? (a->s.requests < b->s.requests ? 1 : -1) : dd_str_cmp(a->name, b->name);
}

static void settle(dd_savings *s, dd_savings_list *list)
{
    static const dd_savings_sum nothing;
    dd_savings_sum              left = s->total;
    for (size_t i = 0; i < list->n; i++) {
        dd_savings_sum less = minus(&list->v[i].s);
        s->over = !dd_savings_add(&left, &less) || s->over;
    }
    if (!s->over && memcmp(&left, &nothing, sizeof left) != 0)
        dd_avec_push(&s->arena, list, ((dd_savings_row){ DD_STR(DD_SAVINGS_REST), left }));
    if (list->n > 1)
        qsort(list->v, list->n, sizeof *list->v, larger);
}

size_t dd_savings_top(const dd_savings_list *list, size_t top, dd_savings_sum *rest)
{
    size_t shown = list->n <= top + 1 ? list->n : top; /* "1 more" takes the room of that one */
    *rest = (dd_savings_sum){ 0 };
    for (size_t i = shown; i < list->n; i++)
        dd_savings_add(rest, &list->v[i].s);
    return shown;
}

/* ---- days and weeks ---- */

enum { DAYS_MAX = 40000 };

static void fill_days(dd_savings *s)
{
    dd_savings_spans all = { 0 };
    dd_day           today = dd_day_of((dd_wall){ s->now_s });
    size_t           at = 0;
    for (dd_day d = s->from; d < s->to && all.n < DAYS_MAX; d++) {
        dd_savings_span day = { .from = d, .to = d + 1, .whole = d < today };
        for (; at < s->days.n && s->days.v[at].from <= d; at++)
            if (s->days.v[at].from == d)
                s->over = !dd_savings_add(&day.s, &s->days.v[at].s) || s->over;
        dd_avec_push(&s->arena, &all, day);
    }
    s->days = all;
}

static void make_weeks(dd_savings *s)
{
    dd_day monday = dd_day_monday(s->from);
    for (size_t i = 0; i < s->days.n; monday += WEEK) {
        dd_savings_span week = { .from = s->days.v[i].from, .whole = s->days.v[i].from == monday };
        for (; i < s->days.n && s->days.v[i].from < monday + WEEK; i++) {
            s->over    = !dd_savings_add(&week.s, &s->days.v[i].s) || s->over;
            week.whole = week.whole && s->days.v[i].whole;
            week.to    = s->days.v[i].to;
        }
        week.whole = week.whole && week.to == monday + WEEK;
        dd_avec_push(&s->arena, &s->weeks, week);
    }
}

void dd_savings_finish(dd_savings *s)
{
    for (int by = 0; by < DD_SAVINGS_BY; by++)
        settle(s, &s->by[by]);
    fill_days(s);
    make_weeks(s);
}

void dd_savings_free(dd_savings *s) { dd_arena_fini(&s->arena); }

/* ---- words ---- */

dd_str dd_savings_dates(dd_arena *a, dd_day from, dd_day to)
{
    if (to - from == 1)
        return dd_fmt_day(a, from);
    return dd_arena_printf(a, DD_STR_FMT " to " DD_STR_FMT, DD_STR_ARG(dd_fmt_day(a, from)), DD_STR_ARG(dd_fmt_day(a, to - 1)));
}

dd_str dd_savings_calls(dd_arena *a, int64_t n) { return dd_fmt_plural(a, (size_t)n, "call", "calls"); }
dd_str dd_savings_best(const dd_savings *s) { return s->premium.len ? s->premium : DD_STR("the strongest there is"); }

dd_str dd_savings_share(dd_arena *a, dd_pusd part, dd_pusd whole)
{
    if (part == DD_PUSD_UNKNOWN || whole == DD_PUSD_UNKNOWN || whole <= 0)
        return DD_STR("");
    if (part >= 0)
        return dd_fmt_percent(a, part, whole);
    double p = -100.0 * (double)part / (double)whole;
    return p < 1 ? DD_STR("<-1%") : dd_arena_printf(a, p < 100000 ? "-%.0f%%" : "-%.2g%%", p);
}

dd_str dd_savings_change(dd_arena *a, dd_pusd now, dd_pusd before)
{
    if (now == DD_PUSD_UNKNOWN || before == DD_PUSD_UNKNOWN || before <= 0 || now < 0)
        return DD_STR("");
    double p = 100.0 * ((double)now - (double)before) / (double)before;
    if (p > 99999)
        return DD_STR("many times");
    return p > -0.5 && p < 0.5 ? DD_STR("0%") : dd_arena_printf(a, "%+.0f%%", p);
}

bool dd_savings_comparable(const dd_savings *s) { return s->before.requests && 2 * s->before_days >= s->before_to - s->before_from; }

dd_str dd_savings_against(dd_arena *a, const dd_savings *s, dd_pusd now, dd_pusd before)
{
    if (!s->before.requests || before == DD_PUSD_UNKNOWN)
        return DD_STR("");
    dd_str then = dd_fmt_money(a, before), change = dd_savings_change(a, now, before);
    if (!dd_savings_comparable(s))
        return dd_arena_printf(a, DD_STR_FMT " before (%d of %d days recorded)", DD_STR_ARG(then), s->before_days,
                               (int)(s->before_to - s->before_from));
    return change.len ? dd_arena_printf(a, DD_STR_FMT " against " DD_STR_FMT " before", DD_STR_ARG(change), DD_STR_ARG(then))
                      : dd_arena_printf(a, DD_STR_FMT " before", DD_STR_ARG(then));
}

dd_str dd_savings_counted(dd_arena *a, const dd_savings *s)
{
    static const char text[] = "All requests that were recorded from " DD_STR_FMT "%s; days begin at 0:00 UTC. A request whose price is not known is "
                               "in no amount; where the model that was asked for has no price, it is in what was spent and in no saving. Requests "
                               "that failed count with what they cost.";
    return dd_arena_printf(a, text, DD_STR_ARG(dd_savings_dates(a, s->from, s->to)), s->open ? ", today so far" : "");
}

static dd_str tables(dd_arena *a, const dd_savings *s)
{
    dd_str first = dd_fmt_day(a, s->prices_first), last = dd_fmt_day(a, s->prices_last);
    if (!first.len)
        return DD_STR("");
    if (s->prices_first == s->prices_last)
        return dd_arena_printf(a, " (that of " DD_STR_FMT ")", DD_STR_ARG(last));
    return dd_arena_printf(a, " (those of " DD_STR_FMT " to " DD_STR_FMT ")", DD_STR_ARG(first), DD_STR_ARG(last));
}

dd_str dd_savings_priced(dd_arena *a, const dd_savings *s)
{
    static const char text[] = "Each request was priced when it ended, with its own tokens and the price table of then" DD_STR_FMT ": by the model "
                               "that answered, and by the one that was asked for. The difference is what was saved. An answer out of the cache "
                               "costs nothing and saves what it cost first.";
    return dd_arena_printf(a, text, DD_STR_ARG(tables(a, s)));
}
