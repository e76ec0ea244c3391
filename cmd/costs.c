/* cmd/costs.c - dd0c costs: what was spent on what, and where the month will end. */
#include "cmd/costs.h"

#include <string.h>

#include "base/time.h"
#include "cmd/render.h"
#include "report/spend.h"

typedef struct {
    const char    *by, *period, *since, *format, *config;
    dd_render_args render;
} costs_args;

const dd_opt dd_costs_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'b', "by", costs_args, by, "model|provider|key|team|feature|user|route|call_site|day",
           "a row each model (default), provider, key ..."),
    DD_OPT(DD_OPT_CHOICE, 'p', "period", costs_args, period, "1h|24h|7d|30d|90d|month", "look so far back; month: since it began (default)"),
    DD_OPT(DD_OPT_TEXT, 's', "since", costs_args, since, "time", "look back to a day (2026-11-01) or so far (12h, 45d, 6w)"),
    DD_OPT(DD_OPT_TEXT, 'c', "config", costs_args, config, "file", "configuration (./dd0c.yaml), for budgets and the time zone"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", costs_args, format, "text|json|csv", "print text (default), JSON or CSV"),
    DD_OPT(DD_OPT_CHOICE, 0, "color", costs_args, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"),
    DD_OPT(DD_OPT_INT, 0, "width", costs_args, render.width, "columns", "lay the text out for so many columns"),
    DD_OPT(DD_OPT_FLAG, 0, "ascii", costs_args, render.ascii, NULL, "no block characters"),
    DD_OPT_END
};

/* "since 2026-11-01", with the hour where it is not midnight. */
static dd_str span_text(const dd_costs_ask *ask, const dd_book *book, dd_arena *a)
{
    int32_t offset = ask->daily ? 0 : dd_zone_offset(dd_book_zone(book), ask->from_s);
    int64_t local  = ask->from_s + offset, second = local - (int64_t)dd_day_of((dd_wall){ local }) * 86400;
    dd_str  day    = dd_spend_day(a, ask->from_s, offset);
    const char *zone = offset == 0 ? " UTC" : "";
    if (second == 0)
        return dd_arena_printf(a, "since " DD_STR_FMT, DD_STR_ARG(day));
    return dd_arena_printf(a, "since " DD_STR_FMT " %02lld:%02lld%s", DD_STR_ARG(day), (long long)(second / 3600), (long long)(second / 60 % 60),
                           zone);
}

static void put(const costs_args *args, const dd_spend_costs *c, dd_buf *out)
{
    dd_report_opts look = dd_render_opts(&args->render, DD_STR(""));
    if (strcmp(args->format, "json") == 0)
        dd_report_costs_json(c, out);
    else if (strcmp(args->format, "csv") == 0)
        dd_report_costs_csv(c, out);
    else if (c->n)
        dd_report_costs(c, &look, out);
    else
        dd_buf_printf(out, "Nothing was recorded " DD_STR_FMT ". \"dd0c costs --period 90d\" looks further back.\n", DD_STR_ARG(c->span));
}

static dd_code show(const costs_args *args, const dd_book *book, int64_t now_s, dd_err *err)
{
    dd_arena       a   = DD_ARENA_INIT;
    dd_buf         out = DD_BUF_INIT(0);
    dd_costs_ask   ask = { .by = args->by };
    dd_spend_costs c   = { 0 };
    dd_code        rc  = dd_costs_span(args->period, args->since, book, now_s, &ask, err);
    if (rc == DD_OK)
        rc = dd_costs_read(&ask, book, &a, &c, err);
    bool empty = rc == DD_ERR_NOT_FOUND; /* no database: what programs ask for is empty, people are told how to begin */
    if (empty && strcmp(args->format, "text") == 0) {
        dd_buf_addz(&out, "Nothing is recorded yet. Requests that go through \"dd0c proxy\" are; \"dd0c run -- COMMAND\" sends a program's there.\n");
        rc = DD_OK;
    } else if (empty || rc == DD_OK) {
        c.total.limit = DD_PUSD_UNKNOWN;
        c.span        = span_text(&ask, book, &a);
        put(args, &c, &out);
        rc = DD_OK;
    }
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_cmd_costs(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    costs_args args = { .format = "text", .by = "model", .period = "month", .render = DD_RENDER_ARGS_INIT };
    int64_t    now_s = dd_wall_now().s;
    bool       done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = dd_render_check(&args.render, err);
    if (rc != DD_OK)
        return rc;
    dd_book *book = dd_book_open(cmd, args.config, now_s, err);
    if (!book)
        return err->code;
    rc = show(&args, book, now_s, err);
    dd_book_close(book);
    return rc;
}
