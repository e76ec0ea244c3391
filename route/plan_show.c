/* A plan as JSON: what explain, debug, replay and events show. Names are stable: docs/routing.md. */
#include "route/money_json.h"
#include "route/plan_parts.h"

#include <math.h>
#include <stdio.h>

const char *dd_verdict_name(dd_verdict v)
{
    static const char *const names[] = { "decided", "no_model", "no_provider", "unpriced", "too_dear", "incapable", "not_allowed" };
    return (size_t)v < DD_COUNT(names) ? names[v] : "unknown";
}

static void put_double(dd_json *j, double d)
{
    char text[40];
    if (!isfinite(d)) {
        dd_json_null(j);
        return;
    }
    snprintf(text, sizeof text, "%.6g", d);
    dd_json_raw(j, dd_str_z(text));
}

static void member_known(dd_json *j, const char *key, double d)
{
    dd_json_key(j, key);
    put_double(j, d < 0 ? NAN : d);
}

/* --- facts --- */

static void put_map(dd_json *j, const dd_cel_value *v)
{
    dd_json_open(j, '{');
    for (size_t i = 0; i < v->map.n; i++) {
        dd_json_key_str(j, v->map.entries[i].key.s);
        dd_json_str(j, v->map.entries[i].value.s);
    }
    dd_json_close(j, '}');
}

static void put_value(dd_json *j, const dd_cel_value *v)
{
    switch (v->type) {
    case DD_CEL_BOOL: dd_json_bool(j, v->b); break;
    case DD_CEL_INT: dd_json_i64(j, v->i); break;
    case DD_CEL_DOUBLE: put_double(j, v->d); break;
    case DD_CEL_STRING: dd_json_str(j, v->s); break;
    case DD_CEL_MAP: put_map(j, v); break;
    case DD_CEL_TIMESTAMP: dd_json_time(j, v->seconds); break;
    default: dd_json_null(j);
    }
}

static void put_facts(dd_json *j, const dd_facts *facts)
{
    dd_facts      known = *facts;
    dd_arena      a     = DD_ARENA_INIT;
    dd_facts_view view  = { .facts = &known, .arena = &a };
    known.fill          = NULL;   /* shows what is known, asks for nothing */
    dd_json_open(j, '{');
    for (size_t i = 0; i < dd_facts_env.n; i++) {
        dd_cel_value v = dd_cel_null();
        if (!dd_facts_fill(&view, i, &v))
            v = dd_cel_null();
        dd_json_key(j, dd_facts_env.vars[i].name);
        put_value(j, &v);
    }
    dd_json_close(j, '}');
    dd_arena_fini(&a);
}

/* --- candidates --- */

static bool same(const dd_candidate *a, const dd_candidate *b) { return a->provider == b->provider && dd_str_eq(a->model, b->model); }

const char *dd_plan_role(const dd_plan *p, const dd_candidate *c)
{
    for (size_t i = 0; i < p->n_steps; i++)
        if (same(&p->steps[i], c))
            return i == 0 ? "chosen" : i < p->n_primary ? "ladder" : "fallback";
    return "";
}

static dd_str provider_name(const dd_policy *policy, const dd_candidate *c)
{
    return c->provider < policy->n_providers ? policy->providers[c->provider].name : DD_STR("");
}

static void put_candidate(dd_json *j, const dd_plan *p, const dd_policy *policy, const dd_candidate *c)
{
    dd_json_open(j, '{');
    dd_json_member_str(j, "provider", provider_name(policy, c));
    dd_json_member_str(j, "model", c->model);
    dd_json_member_str(j, "role", dd_str_z(dd_plan_role(p, c)));
    dd_json_member_str(j, "fit", dd_str_z(dd_fit_name(c->fit)));
    dd_json_key(j, "weak");
    dd_json_bool(j, c->weak);
    dd_json_member_str(j, "why", c->why);
    dd_money_member(j, "expected_cost_usd", c->expected);
    member_known(j, "quality", c->quality);
    dd_json_key(j, "score");
    put_double(j, c->score);
    member_known(j, "latency_ms", c->latency_ms);
    member_known(j, "error_rate", c->error_rate);
    dd_json_member_str(j, "breaker", dd_str_z(dd_breaker_name(c->breaker)));
    member_known(j, "timeout_ms", (double)c->timeout_ms);
    member_known(j, "retries", c->retries);
    dd_json_close(j, '}');
}

static void put_candidates(dd_json *j, const char *key, const dd_plan *p, const dd_policy *policy, const dd_candidate *v, size_t n)
{
    dd_json_key(j, key);
    dd_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        put_candidate(j, p, policy, &v[i]);
    dd_json_close(j, ']');
}

static void put_rules(dd_json *j, const dd_plan *p)
{
    dd_json_key(j, "rules");
    dd_json_open(j, '[');
    for (size_t i = 0; i < p->n_rules; i++) {
        const dd_rule_trace *r = &p->rules[i];
        dd_json_open(j, '{');
        dd_json_member_str(j, "name", r->route->name);
        member_known(j, "line", r->route->line > 0 ? r->route->line : -1);
        dd_json_key(j, "matched");
        dd_json_bool(j, r->matched);
        dd_json_member_str(j, "why", r->why);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_bits(dd_json *j, const char *key, unsigned bits, const char *(*name)(unsigned))
{
    dd_json_key(j, key);
    dd_json_open(j, '[');
    for (unsigned bit = 1; bit && bit <= bits; bit <<= 1)
        if (bits & bit)
            dd_json_strz(j, name(bit));
    dd_json_close(j, ']');
}

static void put_row(dd_json *j, const char *key, const dd_price *row)
{
    dd_json_key(j, key);
    if (!row) {
        dd_json_null(j);
        return;
    }
    dd_json_open(j, '{');
    dd_json_member_str(j, "provider", row->provider);
    dd_json_member_str(j, "model", row->id);
    dd_json_close(j, '}');
}

dd_pusd dd_plan_saving(const dd_plan *p)
{
    if (!p->n_steps || p->steps[0].expected == DD_PUSD_UNKNOWN || p->expected_requested == DD_PUSD_UNKNOWN)
        return DD_PUSD_UNKNOWN;
    return p->expected_requested - p->steps[0].expected;
}

static void put_money(dd_json *j, const dd_plan *p)
{
    put_row(j, "requested", p->requested.price);
    put_row(j, "premium", p->premium.price);
    dd_money_member(j, "expected_cost_usd", p->n_steps ? p->steps[0].expected : DD_PUSD_UNKNOWN);
    dd_money_member(j, "expected_requested_usd", p->expected_requested);
    dd_money_member(j, "expected_premium_usd", p->expected_premium);
    dd_money_member(j, "expected_saving_usd", dd_plan_saving(p));
    dd_money_member(j, "cheapest_usd", p->cheapest);
    member_known(j, "expected_output_tokens", (double)p->expected_output);
}

void dd_plan_json(const dd_plan *p, const dd_policy *policy, dd_facts *facts, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.plan/1"));
    dd_json_member_str(&j, "verdict", dd_str_z(dd_verdict_name(p->verdict)));
    dd_json_member_str(&j, "strategy", dd_str_z(p->strategy_name));
    dd_json_member_str(&j, "route", p->route ? p->route->name : DD_STR(""));
    dd_json_member_str(&j, "alias", p->alias ? p->alias->name : DD_STR(""));
    dd_json_key(&j, "panic");
    dd_json_bool(&j, p->panic);
    dd_json_key(&j, "stuck");
    dd_json_bool(&j, p->stuck);
    dd_json_key(&j, "facts");
    put_facts(&j, facts);
    put_rules(&j, p);
    put_candidates(&j, "steps", p, policy, p->steps, p->n_steps);
    member_known(&j, "n_primary", (double)p->n_primary);
    put_candidates(&j, "considered", p, policy, p->considered, p->n_considered);
    put_money(&j, p);
    put_bits(&j, "fallback_on", p->fallback_on, dd_on_name);
    put_bits(&j, "checks", p->strategy == DD_STRATEGY_CASCADE ? p->checks : 0, dd_check_name);
    dd_json_member_str(&j, "verifier", p->verifier);
    dd_json_member_str(&j, "near", p->near);
    dd_json_close(&j, '}');
}

static void put_short(const dd_plan *p, const dd_policy *policy, const dd_candidate *c, dd_buf *out)
{
    char        full[256];
    const char *role = dd_plan_role(p, c);
    dd_str      name = provider_name(policy, c);
    int         n    = snprintf(full, sizeof full, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(name), name.len ? "/" : "", DD_STR_ARG(c->model));
    dd_buf_addz(out, "{\"model\":");
    dd_json_quote(out, (dd_str){ full, n < (int)sizeof full ? (size_t)n : sizeof full - 1 });
    if (c->expected != DD_PUSD_UNKNOWN) {
        dd_buf_addz(out, ",\"cost\":");
        dd_money_json(c->expected, out);
    }
    dd_buf_addz(out, ",\"why\":");
    dd_json_quote(out, c->why.len ? c->why : dd_str_z(*role ? role : c->fit == DD_FIT_OK ? "behind the others" : dd_fit_name(c->fit)));
    dd_buf_addc(out, '}');
}

void dd_plan_considered(const dd_plan *p, const dd_policy *policy, size_t max, dd_buf *out)
{
    size_t start = out->len;
    if (max < 2)
        return;
    dd_buf_addc(out, '[');
    for (size_t i = 0; i < p->n_considered; i++) {
        size_t before = out->len;
        if (i)
            dd_buf_addc(out, ',');
        put_short(p, policy, &p->considered[i], out);
        if (out->len - start + 1 > max) {
            out->len = before;
            break;
        }
    }
    dd_buf_addc(out, ']');
}
