/* report/savings_data.c - the statement for programs: JSON and CSV. Money is an exact decimal of USD, what is not known is null or nothing. */
#include "report/csv.h"
#include "report/format.h"
#include "report/savings.h"
#include "report/spend.h"
#include "route/money_json.h"

/* ---- JSON ---- */

static void day(dd_json *j, const char *name, dd_day d)
{
    char text[11] = "";
    if (d != DD_DAY_NONE)
        dd_day_format(d, text);
    dd_json_member_str(j, name, dd_str_z(text));
}

static void members(dd_json *j, const dd_savings_sum *s)
{
    bool compared = s->compared > 0 || s->requests == 0, premium = s->premiums > 0;
    dd_json_member_i64(j, "requests", s->requests);
    dd_json_member_i64(j, "errors", s->errors);
    dd_json_member_i64(j, "cache_hits", s->hits);
    dd_json_member_i64(j, "unpriced", s->unpriced);
    dd_money_member(j, "spent_usd", dd_savings_spent(s));
    dd_money_member(j, "instead_usd", dd_savings_instead(s));
    dd_money_member(j, "saved_usd", dd_savings_saved(s));
    dd_json_key(j, "compared");
    dd_json_open(j, '{');
    dd_json_member_i64(j, "requests", s->compared);
    dd_money_member(j, "requested_usd", compared ? s->original : DD_PUSD_UNKNOWN);
    dd_money_member(j, "spent_usd", compared ? s->compared_cost : DD_PUSD_UNKNOWN);
    dd_json_close(j, '}');
    dd_json_key(j, "premium");
    dd_json_open(j, '{');
    dd_json_member_i64(j, "requests", s->premiums);
    dd_money_member(j, "saved_usd", premium ? s->premium_saved : DD_PUSD_UNKNOWN);
    dd_json_close(j, '}');
    dd_json_member_i64(j, "input_tokens", s->input);
    dd_json_member_i64(j, "output_tokens", s->output);
}

static void period(dd_json *j, const dd_savings *s)
{
    dd_json_key(j, "period");
    dd_json_open(j, '{');
    dd_json_member_str(j, "name", s->period);
    day(j, "from", s->from);
    day(j, "to", s->to - 1);
    dd_json_member_i64(j, "days", s->to - s->from);
    dd_json_member_str(j, "zone", DD_STR("UTC"));
    dd_json_key(j, "so_far");
    dd_json_bool(j, s->open);
    dd_json_key(j, "time");
    dd_json_time(j, s->now_s);
    dd_json_close(j, '}');
}

static void sum(dd_json *j, const char *name, const dd_savings_sum *s)
{
    dd_json_key(j, name);
    dd_json_open(j, '{');
    members(j, s);
    dd_json_close(j, '}');
}

static void before(dd_json *j, const dd_savings *s)
{
    dd_json_key(j, "before");
    dd_json_open(j, '{');
    day(j, "from", s->before_from);
    day(j, "to", s->before_to - 1);
    dd_json_member_i64(j, "recorded_days", s->before_days);
    members(j, &s->before);
    dd_json_close(j, '}');
}

static void name_of(dd_json *j, dd_savings_by by, dd_str name)
{
    dd_str from, to;
    dd_json_member_str(j, dd_savings_by_name(by), name);
    if (by == DD_SAVINGS_SWAP) {
        bool two = dd_savings_swap(name, &from, &to);
        dd_json_member_str(j, "from", two ? from : DD_STR(""));
        dd_json_member_str(j, "to", two ? to : DD_STR(""));
    }
}

static void breakdowns(dd_json *j, const dd_savings *s)
{
    dd_json_key(j, "by");
    dd_json_open(j, '{');
    for (int by = 0; by < DD_SAVINGS_BY; by++) {
        dd_json_key(j, dd_savings_by_name((dd_savings_by)by));
        dd_json_open(j, '[');
        for (size_t i = 0; i < s->by[by].n; i++) {
            dd_json_open(j, '{');
            name_of(j, (dd_savings_by)by, s->by[by].v[i].name);
            members(j, &s->by[by].v[i].s);
            dd_json_close(j, '}');
        }
        dd_json_close(j, ']');
    }
    dd_json_close(j, '}');
}

static void spans(dd_json *j, const char *name, const dd_savings_spans *v, bool days)
{
    dd_json_key(j, name);
    dd_json_open(j, '[');
    for (size_t i = 0; i < v->n; i++) {
        dd_json_open(j, '{');
        day(j, days ? "day" : "from", v->v[i].from);
        if (!days)
            day(j, "to", v->v[i].to - 1);
        dd_json_key(j, "whole");
        dd_json_bool(j, v->v[i].whole);
        members(j, &v->v[i].s);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

/* The three that saved most, of each: they stand first, but for what was lost. */
static void top(dd_json *j, const dd_savings *s)
{
    static const dd_savings_by told[] = { DD_SAVINGS_SWAP, DD_SAVINGS_FEATURE, DD_SAVINGS_ROUTE };
    dd_json_key(j, "top_savers");
    dd_json_open(j, '{');
    for (size_t k = 0; k < DD_COUNT(told); k++) {
        const dd_savings_list *list = &s->by[told[k]];
        size_t                 n    = 0;
        dd_json_key(j, dd_savings_by_name(told[k]));
        dd_json_open(j, '[');
        for (size_t i = 0; i < list->n && n < 3; i++) {
            if (list->v[i].s.saved <= 0)
                continue;
            dd_json_open(j, '{');
            name_of(j, told[k], list->v[i].name);
            dd_money_member(j, "saved_usd", list->v[i].s.saved);
            dd_json_close(j, '}');
            n++;
        }
        dd_json_close(j, ']');
    }
    dd_json_close(j, '}');
}

static void not_counted(dd_json *j, const dd_savings *s)
{
    const dd_savings_sum *t = &s->total;
    dd_json_key(j, "not_counted");
    dd_json_open(j, '{');
    dd_json_member_i64(j, "unpriced", t->unpriced);
    dd_json_member_i64(j, "not_compared", t->requests - t->unpriced - t->compared);
    dd_json_key(j, "too_large");
    dd_json_bool(j, s->over);
    dd_json_close(j, '}');
}

static void method(dd_json *j, const dd_savings *s)
{
    dd_arena a = DD_ARENA_INIT;
    dd_json_key(j, "prices");
    dd_json_open(j, '{');
    day(j, "first", s->prices_first);
    day(j, "last", s->prices_last);
    dd_json_close(j, '}');
    dd_json_key(j, "method");
    dd_json_open(j, '[');
    dd_json_str(j, dd_savings_priced(&a, s));
    dd_json_str(j, dd_savings_counted(&a, s));
    dd_json_close(j, ']');
    dd_arena_fini(&a);
}

void dd_savings_json(const dd_savings *s, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.savings/1"));
    period(&j, s);
    sum(&j, "total", &s->total);
    before(&j, s);
    sum(&j, "cache", &s->cache);
    dd_json_member_str(&j, "premium_model", s->premium);
    top(&j, s);
    breakdowns(&j, s);
    spans(&j, "weeks", &s->weeks, false);
    spans(&j, "days", &s->days, true);
    not_counted(&j, s);
    dd_json_key(&j, "budgets");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < s->n_accounts; i++) {
        if (s->accounts[i].open)
            continue;
        dd_json_open(&j, '{');
        dd_spend_account_json(&j, &s->accounts[i], s->now_s);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    method(&j, s);
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

/* ---- CSV ---- */

static void csv_sum(dd_buf *out, const dd_savings_sum *s)
{
    const int64_t counts[] = { s->requests, s->errors, s->hits, s->unpriced, s->compared, s->premiums, s->input, s->output };
    bool          compared = s->compared > 0 || s->requests == 0;
    const dd_pusd amounts[] = { dd_savings_spent(s), dd_savings_instead(s), dd_savings_saved(s), compared ? s->original : DD_PUSD_UNKNOWN,
                                compared ? s->compared_cost : DD_PUSD_UNKNOWN, s->premiums ? s->premium_saved : DD_PUSD_UNKNOWN };
    for (size_t i = 0; i < DD_COUNT(counts); i++)
        dd_buf_addc(out, ','), dd_csv_number(out, counts[i], true);
    for (size_t i = 0; i < DD_COUNT(amounts); i++)
        dd_buf_addc(out, ','), dd_csv_money(out, amounts[i]);
    dd_buf_addz(out, "\r\n");
}

static void csv_row(dd_buf *out, const char *by, dd_str name, dd_day from, dd_day to, const dd_savings_sum *s)
{
    char first[11], last[11];
    dd_day_format(from, first);
    dd_day_format(to - 1, last);
    dd_buf_printf(out, "%s,", by);
    dd_csv_text(out, name);
    dd_buf_printf(out, ",%s,%s", first, last);
    csv_sum(out, s);
}

void dd_savings_csv(const dd_savings *s, dd_buf *out)
{
    static const char head[] = "by,name,from,to,requests,errors,cache_hits,unpriced,compared,premium_requests,input_tokens,output_tokens,spent_usd,"
                               "instead_usd,saved_usd,compared_requested_usd,compared_spent_usd,premium_saved_usd\r\n";
    dd_str none = DD_STR("");
    dd_buf_addz(out, head);
    csv_row(out, "total", none, s->from, s->to, &s->total);
    csv_row(out, "before", none, s->before_from, s->before_to, &s->before);
    csv_row(out, "cache", none, s->from, s->to, &s->cache);
    for (int by = 0; by < DD_SAVINGS_BY; by++)
        for (size_t i = 0; i < s->by[by].n; i++)
            csv_row(out, dd_savings_by_name((dd_savings_by)by), s->by[by].v[i].name, s->from, s->to, &s->by[by].v[i].s);
    for (size_t i = 0; i < s->weeks.n; i++)
        csv_row(out, "week", none, s->weeks.v[i].from, s->weeks.v[i].to, &s->weeks.v[i].s);
    for (size_t i = 0; i < s->days.n; i++)
        csv_row(out, "day", none, s->days.v[i].from, s->days.v[i].to, &s->days.v[i].s);
}
