#include "cmd/route_replay.h"

#include <stdio.h>

#include "route/event.h"
#include "route/money_json.h"

enum { CHANGES_SHOWN = 12, NAME = 26 };

/* --- text --- */

static void put_money(dd_buf *out, dd_pusd m, size_t width)
{
    dd_buf b = DD_BUF_INIT(64);
    dd_money_show(m, &b);
    dd_buf_pad(out, ' ', b.len < width ? width - b.len : 0);
    dd_buf_add(out, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void put_name(dd_buf *out, dd_str s, size_t width)
{
    dd_buf clean = DD_BUF_INIT(0);
    dd_buf_add_line(&clean, s);
    dd_str shown = dd_buf_str(&clean);
    size_t used  = dd_utf8_width(shown);
    if (used > width)
        dd_buf_printf(out, "%.*s~", (int)width - 1, shown.ptr);
    else
        dd_buf_add(out, shown);
    dd_buf_pad(out, ' ', used < width ? width - used : 0);
    dd_buf_free(&clean);
}

static int percent(dd_pusd part, dd_pusd whole) { return whole > 0 ? (int)((double)part / (double)whole * 100 + (part < 0 ? -0.5 : 0.5)) : 0; }

static const char *many(int64_t n) { return n == 1 ? "" : "s"; }

static void put_verdict(const dd_replay *r, dd_buf *out)
{
    dd_pusd saved = r->before - r->after;
    char    from[25], to[25];
    dd_event_time(r->first_ms, from);
    dd_event_time(r->last_ms, to);
    dd_buf_printf(out, "%lld request%s, %.10s %.5s to %.10s %.5s UTC, under %s\n\n", (long long)r->replayed, many(r->replayed), from, from + 11,
                  to, to + 11, r->config);
    dd_buf_addz(out, "  as recorded  ");
    put_money(out, r->before, 14);
    dd_buf_addz(out, "\n  as decided   ");
    put_money(out, r->after, 14);
    dd_buf_printf(out, "\n  %s", saved >= 0 ? "saves        " : "costs more   ");
    put_money(out, saved >= 0 ? saved : -saved, 14);
    dd_buf_printf(out, "  (%d%%), %lld request%s elsewhere\n", percent(saved >= 0 ? saved : -saved, r->before), (long long)r->changed,
                  many(r->changed));
}

static void put_routes(const dd_replay *r, dd_buf *out)
{
    dd_buf_printf(out, "\n%-*s  %9s  %9s  %12s  %12s\n", NAME, "ROUTE", "REQUESTS", "ELSEWHERE", "RECORDED", "DECIDED");
    for (size_t i = 0; i < r->routes.n; i++) {
        const dd_replay_route *t = &r->routes.v[i];
        put_name(out, t->name.len ? t->name : DD_STR("(no route)"), NAME);
        dd_buf_printf(out, "  %9lld  %9lld  ", (long long)t->requests, (long long)t->changed);
        put_money(out, t->before, 12);
        dd_buf_addz(out, "  ");
        put_money(out, t->after, 12);
        dd_buf_addc(out, '\n');
    }
}

static void put_changes(const dd_replay *r, dd_buf *out)
{
    if (!r->changes.n)
        return;
    dd_buf_addz(out, "\nWhat goes elsewhere, by what it saves\n");
    for (size_t i = 0; i < r->changes.n && i < CHANGES_SHOWN; i++) {
        const dd_replay_change *c = &r->changes.v[i];
        put_money(out, c->before - c->after, 12);
        dd_buf_printf(out, "  %6lld  " DD_STR_FMT " -> " DD_STR_FMT, (long long)c->requests, DD_STR_ARG(c->from), DD_STR_ARG(c->to));
        if (c->route.len)
            dd_buf_printf(out, "  (" DD_STR_FMT ")", DD_STR_ARG(c->route));
        dd_buf_addc(out, '\n');
    }
    if (r->changes.n > CHANGES_SHOWN)
        dd_buf_printf(out, "and %zu more: --format json lists all\n", r->changes.n - CHANGES_SHOWN);
}

static void put_left_out(const dd_replay *r, dd_buf *out)
{
    const struct { int64_t n; const char *text; } rest[] = {
        { r->failed, "had no answer" },
        { r->unpriced, "of models whose price is not known" },
        { r->refused, "for which the new policy has no model" },
    };
    if (r->untolds.n)
        dd_buf_addz(out, "\nCannot be told: events hold no prompt\n");
    for (size_t i = 0; i < r->untolds.n; i++)
        dd_buf_printf(out, "%9lld  route \"" DD_STR_FMT "\" needs " DD_STR_FMT "\n", (long long)r->untolds.v[i].requests,
                      DD_STR_ARG(r->untolds.v[i].route),
                      DD_STR_ARG(r->untolds.v[i].fact));
    for (size_t i = 0; i < DD_COUNT(rest); i++)
        if (rest[i].n)
            dd_buf_printf(out, "%sleft out: %lld request%s %s\n", i == 0 ? "\n" : "", (long long)rest[i].n, many(rest[i].n), rest[i].text);
    if (r->unclassified)
        dd_buf_printf(out, "\n%lld request%s had no task and complexity on record where they count: taken as chat of medium complexity.\n",
                      (long long)r->unclassified, many(r->unclassified));
    dd_buf_addz(out, "\nThe same tokens are priced at the other model; a prompt cache is taken to be cold there.\n");
}

void dd_replay_text(const dd_replay *r, dd_buf *out)
{
    if (!r->events) {
        dd_buf_addz(out, "no requests were recorded in that time\n");
        return;
    }
    put_verdict(r, out);
    if (r->routes.n)
        put_routes(r, out);
    put_changes(r, out);
    put_left_out(r, out);
}

/* --- JSON --- */

static void sums(dd_json *j, int64_t requests, dd_pusd before, dd_pusd after)
{
    dd_json_member_i64(j, "requests", requests);
    dd_money_member(j, "recorded_usd", before);
    dd_money_member(j, "decided_usd", after);
    dd_money_member(j, "saving_usd", before - after);
}

static void lists(const dd_replay *r, dd_json *j)
{
    dd_json_key(j, "routes");
    dd_json_open(j, '[');
    for (size_t i = 0; i < r->routes.n; i++) {
        dd_json_open(j, '{');
        dd_json_member_str(j, "route", r->routes.v[i].name);
        dd_json_member_i64(j, "changed", r->routes.v[i].changed);
        sums(j, r->routes.v[i].requests, r->routes.v[i].before, r->routes.v[i].after);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
    dd_json_key(j, "changes");
    dd_json_open(j, '[');
    for (size_t i = 0; i < r->changes.n; i++) {
        const dd_replay_change *c = &r->changes.v[i];
        dd_json_open(j, '{');
        dd_json_member_str(j, "route", c->route);
        dd_json_member_str(j, "from", c->from);
        dd_json_member_str(j, "to", c->to);
        sums(j, c->requests, c->before, c->after);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
    dd_json_key(j, "cannot_be_told");
    dd_json_open(j, '[');
    for (size_t i = 0; i < r->untolds.n; i++) {
        dd_json_open(j, '{');
        dd_json_member_str(j, "route", r->untolds.v[i].route);
        dd_json_member_str(j, "fact", r->untolds.v[i].fact);
        dd_json_member_i64(j, "requests", r->untolds.v[i].requests);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

void dd_replay_json(const dd_replay *r, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.route-replay/1"));
    dd_json_member_str(&j, "config", dd_str_z(r->config));
    dd_json_member_i64(&j, "events", r->events);
    dd_json_member_i64(&j, "changed", r->changed);
    sums(&j, r->replayed, r->before, r->after);
    dd_json_member_i64(&j, "failed", r->failed);
    dd_json_member_i64(&j, "unclassified", r->unclassified);
    dd_json_member_i64(&j, "untold", r->untold);
    dd_json_member_i64(&j, "unpriced", r->unpriced);
    dd_json_member_i64(&j, "refused", r->refused);
    lists(r, &j);
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}
