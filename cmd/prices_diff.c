/* cmd/prices_diff.c - dd0c prices diff: what a newer list changes in the bundled table. */
#include "pricing-cache/diff.h"

#include <assert.h>
#include <string.h>

#include "cmd/prices.h"

typedef struct {
    const char *format;
    bool        all;
} diff_args;

const dd_opt dd_prices_diff_opts[] = {
    DD_OPT(DD_OPT_FLAG, 'a', "all", diff_args, all, NULL, "also rows whose limits alone differ, and rows that are only added"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", diff_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};

static bool shown(const dd_price_diff *d, bool all)
{
    return all || (d->before && d->after && (d->what & ~(unsigned)DD_DIFF_LIMITS));
}

static void put_pair(dd_buf *out, const dd_price *row)
{
    dd_buf_addc(out, '$');
    dd_prices_put_usd(out, row->rates.input);
    dd_buf_addz(out, " / $");
    dd_prices_put_usd(out, row->rates.output);
}

static void text_row(dd_buf *out, const dd_price_diff *d)
{
    const dd_price *row = d->after ? d->after : d->before;
    assert(row);
    dd_buf_printf(out, "%c %-11.*s" DD_STR_FMT "  ", !d->before ? '+' : !d->after ? '-' : '~', DD_STR_ARG(row->provider), DD_STR_ARG(row->id));
    if (d->before && d->after && (d->what & DD_DIFF_PRICE)) {
        put_pair(out, d->before);
        dd_buf_addz(out, " -> ");
    }
    put_pair(out, row);
    if (d->what & DD_DIFF_OTHER)
        dd_buf_addz(out, ", cache, batch or tier prices differ");
    if (d->what & DD_DIFF_STATUS)
        dd_buf_printf(out, ", %s", dd_model_status_names[row->status]);
    if ((d->what & DD_DIFF_LIMITS) && d->before && d->after)
        dd_buf_addz(out, ", limits differ");
    dd_buf_addc(out, '\n');
}

static void json_side(dd_json *j, const char *key, const dd_prices *p, const dd_price *row)
{
    dd_json_key(j, key);
    if (!row) {
        dd_json_null(j);
        return;
    }
    dd_json_open(j, '{');
    dd_prices_json(j, p, row);
    dd_json_close(j, '}');
}

static void put_json(dd_buf *out, const dd_prices *before, const dd_prices *after, const dd_price_diff *diff, size_t n, bool all)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.prices-diff/1");
    dd_prices_json_about(&j, after);
    dd_json_key(&j, "changes");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        if (!shown(&diff[i], all))
            continue;
        dd_json_open(&j, '{');
        json_side(&j, "before", before, diff[i].before);
        json_side(&j, "after", after, diff[i].after);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static void put_text(dd_buf *out, const dd_prices *after, const dd_price_diff *diff, size_t n, bool all)
{
    size_t added = 0, changed = 0, minor = 0;
    for (size_t i = 0; i < n; i++) {
        added += !diff[i].before;
        changed += diff[i].before && (diff[i].what & ~(unsigned)DD_DIFF_LIMITS);
        minor += diff[i].before && diff[i].what == DD_DIFF_LIMITS;
        if (shown(&diff[i], all))
            text_row(out, &diff[i]);
    }
    char day[11] = "?";
    if (dd_prices_about(after).date != DD_DAY_NONE)
        dd_day_format(dd_prices_about(after).date, day);
    dd_buf_printf(out, "%zu changed, %zu added, %zu with other limits only, against the bundled table; " DD_STR_FMT " of %s. Prices: input / output, USD per million tokens.%s\n",
                  changed, added, minor, DD_STR_ARG(dd_prices_about(after).name), day, all || !(added + minor) ? "" : " --all lists every row.");
}

static dd_code compare(const dd_cmd *cmd, const char *file, const diff_args *args, dd_err *err)
{
    dd_arena       arena = DD_ARENA_INIT;
    dd_buf         out   = DD_BUF_INIT(0);
    dd_price_diff *diff  = NULL;
    dd_prices     *after = NULL, *before = dd_prices_open(NULL, err);
    dd_code        rc    = before ? dd_prices_cmd_open(cmd, &(dd_prices_opts){ .table_file = file }, &after, err) : err->code;
    if (rc == DD_OK) {
        size_t n = dd_prices_diff(before, after, &arena, &diff);
        if (strcmp(args->format, "json") == 0)
            put_json(&out, before, after, diff, n, args->all);
        else
            put_text(&out, after, diff, n, args->all);
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_buf_free(&out);
    dd_arena_fini(&arena);
    dd_prices_close(after);
    dd_prices_close(before);
    return rc;
}

dd_code dd_cmd_prices_diff(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    diff_args args  = { .format = "text" };
    int       words = 0;
    bool      done  = false;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words > 1)
        return dd_fail(err, DD_ERR_USAGE, "more than one FILE: one list is compared with the bundled table");
    return compare(cmd, words ? argv[1] : NULL, &args, err);
}
