/* report/spend_json.c - costs and budgets for programs. Money is an exact decimal of USD; what is not known is null. */
#include <stdio.h>

#include "report/csv.h"
#include "report/spend.h"
#include "route/money_json.h"

static void moment(dd_json *j, const char *name, int64_t s)
{
    dd_json_key(j, name);
    dd_json_time(j, s == INT64_MAX ? 0 : s);
}

/* Four digits behind the point. */
static void share(dd_json *j, const char *name, dd_pusd part, dd_pusd whole)
{
    char   s[40];
    size_t n;
    dd_json_key(j, name);
    if (whole <= 0 || part == DD_PUSD_UNKNOWN) {
        dd_json_null(j);
        return;
    }
    n = (size_t)snprintf(s, sizeof s, "%.4f", (double)part / (double)whole);
    dd_json_raw(j, (dd_str){ s, n });
}

static void outlook(dd_json *j, const dd_outlook *o)
{
    dd_money_member(j, "projection_usd", o->projection);
    dd_json_member_str(j, "verdict", o->kind == DD_OUTLOOK_NONE ? DD_STR("") : dd_str_z(dd_outlook_name(o->kind)));
    moment(j, "exceeded_on", o->kind == DD_OUTLOOK_WILL_EXCEED ? o->when_s : 0);
}

void dd_spend_account_json(dd_json *j, const dd_spend_account *a, int64_t now_s)
{
    dd_json_member_str(j, "name", a->name);
    dd_json_member_str(j, "scope", dd_str_z(dd_budget_scope_name(a->scope)));
    dd_json_member_str(j, "value", a->value);
    if (a->shown.len)
        dd_json_member_str(j, "key_name", a->shown);
    dd_json_member_str(j, "period", dd_str_z(dd_period_name(a->period)));
    moment(j, "from", a->open ? 0 : a->from_s);
    moment(j, "to", a->open ? 0 : a->to_s);
    dd_money_member(j, "limit_usd", a->limit);
    dd_money_member(j, "spent_usd", a->open ? 0 : a->spent);
    dd_money_member(j, "reserved_usd", a->open ? 0 : a->reserved);
    share(j, "used", a->spent + a->reserved, a->limit);
    dd_json_key(j, "days_left");
    if (a->to_s == INT64_MAX || a->open) {
        dd_json_null(j);
    } else {
        char   s[40];
        size_t n = (size_t)snprintf(s, sizeof s, "%.2f", (double)(a->to_s - now_s) / 86400);
        dd_json_raw(j, (dd_str){ s, n });
    }
    outlook(j, &a->outlook);
    dd_json_member_str(j, "on_exceed", dd_str_z(dd_on_exceed_name(a->on_exceed)));
    dd_json_member_str(j, "downgrade", a->downgrade);
    dd_json_key(j, "plan");
    dd_json_bool(j, a->plan);
    dd_json_key(j, "configured");
    dd_json_bool(j, a->configured);
    dd_json_member_str(j, "source", dd_str_z(a->source));
}

void dd_report_budgets_json(const dd_spend_account *v, size_t n, int64_t now_s, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.budgets/1"));
    moment(&j, "time", now_s);
    dd_json_key(&j, "budgets");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        dd_json_open(&j, '{');
        dd_spend_account_json(&j, &v[i], now_s);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static void row_members(dd_json *j, const dd_spend_costs *c, const dd_spend_row *r)
{
    bool   has   = dd_spend_has_cost(r);
    double daily = (double)r->cost / c->days;
    dd_json_member_i64(j, "calls", r->requests);
    dd_json_member_i64(j, "errors", r->errors);
    dd_json_member_i64(j, "unpriced", r->unpriced);
    dd_money_member(j, "cost_usd", has ? r->cost : DD_PUSD_UNKNOWN);
    share(j, "share", has ? r->cost : DD_PUSD_UNKNOWN, c->total.cost);
    dd_money_member(j, "daily_usd", has && daily < 9e18 ? (dd_pusd)daily : DD_PUSD_UNKNOWN);
    dd_money_member(j, "saved_usd", has ? r->saved : DD_PUSD_UNKNOWN);
    dd_money_member(j, "budget_usd", r->limit);
    dd_money_member(j, "budget_spent_usd", r->limit != DD_PUSD_UNKNOWN ? r->limit_spent : DD_PUSD_UNKNOWN);
    share(j, "budget_used", r->limit_spent, r->limit == DD_PUSD_UNKNOWN ? 0 : r->limit);
    dd_json_key(j, "series_usd");
    dd_json_open(j, '[');
    for (size_t i = 0; i < (r->series ? c->n_series : 0); i++) {
        dd_money_value(j, r->series[i]);
    }
    dd_json_close(j, ']');
}

void dd_report_costs_json(const dd_spend_costs *c, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.costs/1"));
    dd_json_member_str(&j, "by", dd_str_z(c->by));
    moment(&j, "from", c->from_s);
    moment(&j, "to", c->now_s);
    dd_json_member_str(&j, "series_unit", dd_str_z(c->series_unit));
    dd_json_key(&j, "total");
    dd_json_open(&j, '{');
    row_members(&j, c, &c->total);
    dd_json_close(&j, '}');
    dd_json_key(&j, "rows");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < c->n; i++) {
        dd_json_open(&j, '{');
        dd_json_member_str(&j, c->by, c->rows[i].id.len ? c->rows[i].id : c->rows[i].name);
        if (c->rows[i].id.len)
            dd_json_member_str(&j, "name", c->rows[i].name);
        row_members(&j, c, &c->rows[i]);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_key(&j, "month");
    dd_json_open(&j, '{');
    moment(&j, "from", c->month_from_s);
    moment(&j, "to", c->month_to_s);
    dd_money_member(&j, "cost_usd", c->month);
    dd_money_member(&j, "today_usd", c->today);
    dd_money_member(&j, "projection_usd", c->outlook.projection);
    dd_json_close(&j, '}');
    dd_json_key(&j, "budgets");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < c->n_accounts; i++) {
        if (c->accounts[i].open)
            continue;
        dd_json_open(&j, '{');
        dd_spend_account_json(&j, &c->accounts[i], c->now_s);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

void dd_report_costs_csv(const dd_spend_costs *c, dd_buf *out)
{
    dd_buf_printf(out, "%s,name,calls,errors,unpriced,cost_usd,saved_usd,budget_usd,budget_spent_usd\n", c->by);
    for (size_t i = 0; i < c->n; i++) {
        const dd_spend_row *r   = &c->rows[i];
        bool                has = dd_spend_has_cost(r);
        const dd_pusd       amounts[] = { has ? r->cost : DD_PUSD_UNKNOWN, has ? r->saved : DD_PUSD_UNKNOWN, r->limit,
                                          r->limit == DD_PUSD_UNKNOWN ? DD_PUSD_UNKNOWN : r->limit_spent };
        dd_csv_text(out, r->id.len ? r->id : r->name);
        dd_buf_addc(out, ',');
        dd_csv_text(out, r->id.len ? r->name : DD_STR(""));
        dd_buf_printf(out, ",%lld,%lld,%lld", (long long)r->requests, (long long)r->errors, (long long)r->unpriced);
        for (size_t k = 0; k < DD_COUNT(amounts); k++)
            dd_buf_addc(out, ','), dd_csv_money(out, amounts[k]);
        dd_buf_addc(out, '\n');
    }
}
