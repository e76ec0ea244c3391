/* report/board_text.c - the dashboard for programs (JSON) and for screen readers (lines that tell what changed). */
#include <math.h>

#include "report/board_parts.h"
#include "route/money_json.h"

static void number(dd_json *j, const char *key, double d)
{
    char text[40];
    dd_json_key(j, key);
    if (d >= 0 && d < 1e15) {
        snprintf(text, sizeof text, "%.3f", d);
        dd_json_raw(j, dd_str_z(text));
    } else {
        dd_json_null(j);
    }
}

static void sum(dd_json *j, const char *key, const dd_board_sum *s)
{
    dd_json_key(j, key);
    dd_json_open(j, '{');
    dd_json_member_known(j, "requests", s->requests);
    dd_json_member_known(j, "errors", s->errors);
    dd_json_member_known(j, "hits", s->hits);
    dd_json_member_known(j, "misses", s->misses);
    dd_json_member_known(j, "fallbacks", s->fallbacks);
    dd_json_member_known(j, "unpriced", s->unpriced);
    dd_money_member(j, "cost_usd", dd_board_cost(s));
    dd_money_member(j, "saved_usd", dd_board_saved(s));
    dd_json_close(j, '}');
}

static void times(dd_json *j, const char *key, const dd_board_times *t)
{
    dd_json_key(j, key);
    dd_json_open(j, '{');
    number(j, "p50", t->p50);
    number(j, "p95", t->p95);
    number(j, "p99", t->p99);
    dd_json_close(j, '}');
}

static void rows(dd_json *j, const dd_board *b)
{
    dd_json_key(j, "rows");
    dd_json_open(j, '[');
    for (size_t i = 0; i < b->n_rows; i++) {
        dd_json_open(j, '{');
        dd_json_member_str(j, "name", b->rows[i].name);
        dd_json_member_str(j, "value", b->rows[i].value);
        sum(j, "now", &b->rows[i].now);
        sum(j, "before", &b->rows[i].before);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void providers(dd_json *j, const dd_board *b)
{
    dd_json_key(j, "providers");
    dd_json_open(j, '[');
    for (size_t i = 0; i < b->n_providers; i++) {
        const dd_board_provider *p = &b->providers[i];
        dd_json_open(j, '{');
        dd_json_member_str(j, "provider", p->name);
        dd_json_member_str(j, "model", p->model);
        dd_json_member_str(j, "breaker", p->breaker);
        number(j, "error_rate", p->error_rate);
        number(j, "latency_ms", p->latency_ms);
        number(j, "first_ms", p->first_ms);
        dd_json_member_known(j, "under_way", p->under_way);
        if (!p->model.len) {
            dd_json_member_i64(j, "models", p->models);
            dd_json_member_i64(j, "models_held_back", p->held);
            sum(j, "period", &p->period);
        }
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void live(dd_json *j, const dd_board *b)
{
    dd_json_key(j, "live");
    if (b->link != DD_BOARD_LIVE) {
        dd_json_null(j);
        return;
    }
    dd_json_open(j, '{');
    dd_json_member_i64(j, "proxies", b->proxies);
    dd_json_key(j, "panic");
    dd_json_bool(j, b->panic);
    number(j, "requests_per_second", b->per_second);
    dd_money_member(j, "usd_per_hour", b->per_hour);
    dd_json_member_known(j, "under_way", b->under_way);
    dd_json_member_known(j, "events_queued", b->queued);
    dd_json_member_known(j, "events_dropped", b->dropped);
    dd_json_close(j, '}');
}

void dd_board_json(const dd_board *b, const dd_board_view *v, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 2);
    (void)v;
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.top/1");
    dd_json_key(&j, "now");
    dd_json_time(&j, b->now_ms / 1000);
    dd_json_key(&j, "period");
    dd_json_strz(&j, dd_board_period_name(b->period));
    dd_json_key(&j, "from");
    dd_json_time(&j, b->from_s);
    dd_json_member_str(&j, "problem", b->problem);
    live(&j, b);
    sum(&j, "total", &b->total);
    sum(&j, "before", &b->before);
    dd_json_key(&j, "comparable");
    dd_json_bool(&j, dd_board_comparable(b));
    dd_money_member(&j, "saved_today_usd", b->saved_today);
    dd_money_member(&j, "saved_week_usd", b->saved_week);
    dd_money_member(&j, "saved_month_usd", b->saved_month);
    dd_money_member(&j, "spent_today_usd", b->spent_today);
    dd_money_member(&j, "spent_month_usd", b->spent_month);
    times(&j, "latency_ms", &b->latency);
    times(&j, "first_ms", &b->first);
    times(&j, "overhead_ms", &b->overhead);
    dd_json_key(&j, "by");
    dd_json_strz(&j, dd_board_by_name(b->by));
    rows(&j, b);
    providers(&j, b);
    dd_json_key(&j, "budgets");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < b->n_budgets; i++) {
        dd_json_open(&j, '{');
        dd_spend_account_json(&j, &b->budgets[i], b->now_ms / 1000);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

/* --- lines --- */

/* Two digits that count: 1,234 is 1,200, so that a figure that trembles is told once. */
static int64_t calm(int64_t n)
{
    int64_t step = 1;
    while (n / step >= 100)
        step *= 10;
    int64_t whole = n / step;
    whole += n % step >= (step + 1) / 2;
    return whole > INT64_MAX / step ? n : whole * step;
}

static dd_str about(dd_arena *a, dd_pusd m) { return m == DD_PUSD_UNKNOWN ? DD_STR("not known") : m < 0 ? dd_fmt_money(a, m) : dd_fmt_about(a,
        calm(m)); }

typedef struct { dd_board_said *said; dd_buf *out; size_t at; } teller;

static void tell(teller *t, dd_str line)
{
    if (t->at >= DD_COUNT(t->said->lines))
        return;
    dd_buf *before = &t->said->lines[t->at++];
    if (dd_str_eq(dd_buf_str(before), line))
        return;
    dd_buf_clear(before);
    dd_buf_add(before, line);
    if (line.len) {
        dd_buf_add_line(t->out, line);
        dd_buf_addc(t->out, '\n');
    }
}

/* What was told last, as long as what is now is within a fifth of it. */
static double steady(double *told, double now)
{
    if (!(*told > 0 && now >= 0.8 * *told && now <= 1.2 * *told))
        *told = now;
    return *told;
}

static dd_str rates(dd_arena *a, const dd_board *b, dd_board_said *said)
{
    if (b->empty)
        return DD_STR("Nothing is recorded yet.");
    if (b->link == DD_BOARD_NO_PROXY)
        return DD_STR("No proxy runs here.");
    if (b->link == DD_BOARD_UNREACHABLE)
        return DD_STR("The proxy does not answer.");
    const char *panic = b->panic ? " Panic mode is on." : "";
    if (b->per_second < 0)
        return dd_arena_printf(a, "Live.%s", panic);
    double  rate = steady(&said->rate, b->per_second);
    dd_pusd hour = b->per_hour == DD_PUSD_UNKNOWN ? DD_PUSD_UNKNOWN : (dd_pusd)steady(&said->hour, (double)b->per_hour);
    if (rate < 0.05)
        return dd_arena_printf(a, "Live: no requests just now.%s", panic);
    dd_str n = dd_fmt_plural(a, (size_t)calm((int64_t)(rate + 0.5)), "request", "requests");
    return dd_arena_printf(a, "Live: %s" DD_STR_FMT " a second, " DD_STR_FMT " an hour.%s", rate < 0.95 ? "" : "about ",
                           DD_STR_ARG(rate < 0.95 ? DD_STR("less than a request") : n), DD_STR_ARG(about(a, hour)), panic);
}

/* "In 24h: about 1,200 requests, spent $12, errors 3%." */
static dd_str sums_line(dd_arena *a, const dd_board *b)
{
    const char *span = dd_board_period_name(b->period);
    int64_t     n    = b->total.requests, percent = n > 0 ? (int64_t)floor(100 * (double)b->total.errors / (double)n + 0.5) : 0;
    if (n < 0)
        return dd_arena_printf(a, "In %s: not known.", span);
    if (!n)
        return dd_arena_printf(a, "In %s: no requests.", span);
    dd_str errors = !b->total.errors ? DD_STR("no errors") : DD_STR("errors below 1%");
    if (percent)
        errors = dd_arena_printf(a, "errors %lld%%", (long long)percent);
    return dd_arena_printf(a, "In %s: %s" DD_STR_FMT ", spent " DD_STR_FMT ", " DD_STR_FMT ".", span, n < 100 ? "" : "about ",
                           DD_STR_ARG(dd_fmt_plural(a, (size_t)calm(n), "request", "requests")), DD_STR_ARG(about(a, dd_board_cost(&b->total))),
                           DD_STR_ARG(errors));
}

static const char *verb(dd_pusd saved) { return saved != DD_PUSD_UNKNOWN && saved < 0 ? "lost" : "saved"; }
static dd_str amount(dd_arena *a, dd_pusd saved) { return about(a, saved != DD_PUSD_UNKNOWN && saved < 0 ? -saved : saved); }

/* "You saved $1,300 this week, $4,100 this month." A dearer model than was asked for loses. */
static dd_str saved_words(dd_arena *a, const dd_board *b)
{
    const char *week = verb(b->saved_week), *month = verb(b->saved_month);
    bool        same = strcmp(week, month) == 0;
    if (b->saved_week == DD_PUSD_UNKNOWN)
        return DD_STR("");
    if (b->saved_month == 0 && b->saved_week == 0)
        return DD_STR("Nothing was saved this month.");
    return dd_arena_printf(a, "You %s " DD_STR_FMT " this week, %s%s" DD_STR_FMT " this month.", week, DD_STR_ARG(amount(a, b->saved_week)),
                           same ? "" : month, same ? "" : " ", DD_STR_ARG(amount(a, b->saved_month)));
}

/* "1,200%"; what trembles is told once. */
static dd_str full(dd_arena *a, const dd_spend_account *s)
{
    double percent = s->limit > 0 ? 100.0 * (double)s->spent / (double)s->limit : 0;
    if (percent < 100 || percent > 1e12)
        return dd_fmt_percent(a, s->spent, s->limit);
    return dd_arena_printf(a, DD_STR_FMT "%%", DD_STR_ARG(dd_fmt_count(a, percent < 1000 ? (int64_t)percent : calm((int64_t)percent))));
}

static dd_str provider_line(dd_arena *a, const dd_board *b)
{
    dd_buf s = DD_BUF_INIT(0);
    for (size_t i = 0; i < b->n_providers; i++) {
        const dd_board_provider *p = &b->providers[i];
        if (dd_str_eqz(p->breaker, "open") || dd_str_eqz(p->breaker, "half_open"))
            dd_buf_printf(&s, "%s" DD_STR_FMT "%s" DD_STR_FMT, s.len ? ", " : "Set aside: ", DD_STR_ARG(p->name), p->model.len ? "/" : "",
                          DD_STR_ARG(p->model));
    }
    if (!s.len && b->link == DD_BOARD_LIVE && b->n_providers)
        dd_buf_addz(&s, "All providers are well");
    dd_str line = s.len ? dd_arena_printf(a, DD_STR_FMT ".", DD_STR_ARG(dd_buf_str(&s))) : DD_STR("");
    dd_buf_free(&s);
    return line;
}

void dd_board_plain(const dd_board *b, dd_board_said *said, dd_buf *out)
{
    dd_arena a = DD_ARENA_INIT;
    teller   t = { said, out, 0 };
    tell(&t, rates(&a, b, said));
    if (!b->empty) {
        tell(&t, sums_line(&a, b));
        tell(&t, saved_words(&a, b));
        if (b->n_top)
            tell(&t, dd_arena_printf(&a, "Most is spent by %s " DD_STR_FMT ": " DD_STR_FMT ".", dd_board_by_name(b->top_by),
                                     DD_STR_ARG(dd_board_name_of(&b->top[0])),
                                     DD_STR_ARG(dd_fmt_percent(&a, dd_board_cost(&b->top[0].now), dd_board_cost(&b->total)))));
        else
            t.at++;
        tell(&t, provider_line(&a, b));
    }
    t.at = 5;
    tell(&t, b->problem);
    for (size_t i = 0; i < b->n_budgets && t.at < DD_COUNT(said->lines); i++)
        if (!b->budgets[i].open)
            tell(&t, dd_arena_printf(&a, "Budget " DD_STR_FMT " (" DD_STR_FMT "): " DD_STR_FMT ", %s.", DD_STR_ARG(b->budgets[i].name),
                                     DD_STR_ARG(dd_spend_who(&a, &b->budgets[i])),
                                     DD_STR_ARG(full(&a, &b->budgets[i])),
                                     b->budgets[i].outlook.kind == DD_OUTLOOK_EXCEEDED ? "exceeded"
                                         : b->budgets[i].outlook.kind == DD_OUTLOOK_WILL_EXCEED ? "will be exceeded" : "holds"));
    dd_arena_fini(&a);
}

void dd_board_said_fini(dd_board_said *s)
{
    for (size_t i = 0; i < DD_COUNT(s->lines); i++)
        dd_buf_free(&s->lines[i]);
}
