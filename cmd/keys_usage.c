/* cmd/keys_usage.c - dd0c keys usage: what a key has asked for and cost. */
#include <string.h>

#include "base/file.h"
#include "cmd/keys.h"
#include "route/money_json.h"
#include "store/key_usage.h"

typedef struct {
    const char *format, *by;
    int64_t     days;
} usage_args;

const dd_opt dd_keys_usage_opts[] = {
    DD_OPT(DD_OPT_INT, 'd', "days", usage_args, days, "n", "look so many days back, today among them (30)"),
    DD_OPT(DD_OPT_CHOICE, 0, "by", usage_args, by, "model|day", "a row each model (default) or each day"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", usage_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};

typedef struct {
    const usage_args *args;
    const dd_key     *key;
    const dd_key_sum *rows;
    size_t            n;
    dd_key_sum        all;
    dd_day            from;
} view;

static dd_code add_up(view *v, dd_err *err)
{
    dd_key_sum *all = &v->all;
    for (size_t i = 0; i < v->n; i++) {
        const dd_key_sum *r = &v->rows[i];
        all->requests += r->requests;
        all->errors += r->errors;
        all->unpriced += r->unpriced;
        all->tokens.input += r->tokens.input;
        all->tokens.cache_read += r->tokens.cache_read;
        all->tokens.cache_write += r->tokens.cache_write;
        all->tokens.cache_write_1h += r->tokens.cache_write_1h;
        all->tokens.output += r->tokens.output;
        if (dd_money_add(all->cost, r->cost, &all->cost) != DD_OK || dd_money_add(all->saved, r->saved, &all->saved) != DD_OK)
            return dd_fail(err, DD_ERR_RANGE, "the sum is too large");
    }
    return DD_OK;
}

/* Requests of which none has a price cost an unknown amount, not 0. */
static bool has_cost(const dd_key_sum *r) { return r->requests == 0 || r->requests > r->unpriced || r->cost != 0; }

static int64_t input_of(const dd_key_sum *r) { return r->tokens.input + r->tokens.cache_read + r->tokens.cache_write + r->tokens.cache_write_1h; }

static void money(dd_buf *out, const dd_key_sum *r, dd_pusd m, size_t width)
{
    dd_buf b = DD_BUF_INIT(0);
    if (has_cost(r))
        dd_money_show(m, &b);
    else
        dd_buf_addz(&b, "unknown");
    dd_buf_pad(out, ' ', b.len < width ? width - b.len : 1);
    dd_buf_add(out, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void text_row(dd_buf *out, dd_str name, const dd_key_sum *r, size_t width)
{
    dd_buf label = DD_BUF_INIT(0);
    dd_buf_add_line(&label, name);
    size_t used = dd_utf8_width(dd_buf_str(&label));
    dd_buf_add(out, dd_buf_str(&label));
    dd_buf_pad(out, ' ', used < width ? width - used : 0);
    dd_buf_printf(out, "%10lld%8lld%13lld%12lld", (long long)r->requests, (long long)r->errors, (long long)input_of(r), (long long)r->tokens.output);
    money(out, r, r->cost, 14);
    money(out, r, r->saved, 14);
    dd_buf_addc(out, '\n');
    dd_buf_free(&label);
}

static void label_of(const dd_key_sum *r, dd_buf *out)
{
    char day[11];
    if (r->day != DD_DAY_NONE) {
        dd_day_format(r->day, day);
        dd_buf_addz(out, day);
    } else {
        dd_buf_printf(out, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(r->provider), r->provider.len ? "/" : "", DD_STR_ARG(r->model));
        if (!out->len)
            dd_buf_addz(out, "(none)");
    }
}

static void put_text(dd_buf *out, const view *v)
{
    size_t width = 5;
    dd_buf label = DD_BUF_INIT(0);
    for (size_t i = 0; i < v->n; i++) {
        dd_buf_clear(&label);
        label_of(&v->rows[i], &label);
        size_t w = dd_utf8_width(dd_buf_str(&label));
        width    = w > width ? w : width;
    }
    width = width > 60 ? 60 : width;
    dd_buf_printf(out, "%-*s%10s%8s%13s%12s%14s%14s\n", (int)width, v->args->by[0] == 'd' ? "DAY" : "MODEL",
                  "REQUESTS", "ERRORS", "INPUT", "OUTPUT", "COST", "SAVED");
    for (size_t i = 0; i < v->n; i++) {
        dd_buf_clear(&label);
        label_of(&v->rows[i], &label);
        text_row(out, dd_buf_str(&label), &v->rows[i], width);
    }
    text_row(out, DD_STR("total"), &v->all, width);
    dd_buf_addz(out, "Key \"");
    dd_buf_add_line(out, v->key->name);
    char day[11];
    dd_day_format(v->from, day);
    dd_buf_printf(out, "\" (" DD_STR_FMT "), since %s (UTC).", DD_STR_ARG(v->key->id), day);
    if (v->all.unpriced)
        dd_buf_printf(out, " Of %lld requests the price is not known; they are in no amount.", (long long)v->all.unpriced);
    dd_buf_addc(out, '\n');
    dd_buf_free(&label);
}

static void json_sum(dd_json *j, const dd_key_sum *r)
{
    dd_json_member_i64(j, "requests", r->requests);
    dd_json_member_i64(j, "errors", r->errors);
    dd_json_member_i64(j, "unpriced", r->unpriced);
    dd_json_member_i64(j, "input_tokens", r->tokens.input);
    dd_json_member_i64(j, "cache_read_tokens", r->tokens.cache_read);
    dd_json_member_i64(j, "cache_write_tokens", r->tokens.cache_write);
    dd_json_member_i64(j, "cache_write_1h_tokens", r->tokens.cache_write_1h);
    dd_json_member_i64(j, "output_tokens", r->tokens.output);
    dd_money_member(j, "cost_usd", has_cost(r) ? r->cost : DD_PUSD_UNKNOWN);
    dd_money_member(j, "saved_usd", has_cost(r) ? r->saved : DD_PUSD_UNKNOWN);
}

static void json_day(dd_json *j, const char *name, dd_day d)
{
    char day[11];
    dd_day_format(d, day);
    dd_json_key(j, name);
    dd_json_strz(j, day);
}

static void put_json(dd_buf *out, const view *v)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.key-usage/1");
    dd_json_key(&j, "id");
    dd_json_str(&j, v->key->id);
    dd_json_key(&j, "name");
    dd_json_str(&j, v->key->name);
    json_day(&j, "since", v->from);
    dd_json_key(&j, "total");
    dd_json_open(&j, '{');
    json_sum(&j, &v->all);
    dd_json_close(&j, '}');
    dd_json_key(&j, "rows");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < v->n; i++) {
        dd_json_open(&j, '{');
        if (v->rows[i].day != DD_DAY_NONE) {
            json_day(&j, "day", v->rows[i].day);
        } else {
            dd_json_key(&j, "provider");
            dd_json_str(&j, v->rows[i].provider);
            dd_json_key(&j, "model");
            dd_json_str(&j, v->rows[i].model);
        }
        json_sum(&j, &v->rows[i]);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static dd_code want(const dd_db_run *r, const void *args, dd_err *err)
{
    dd_code rc = dd_words_key(r, args, err);
    return rc == DD_OK ? dd_days_ok(((const usage_args *)args)->days, err) : rc;
}

static dd_code show(dd_db_run *r, void *ctx, dd_err *err)
{
    const usage_args *args = ctx;
    dd_buf      dir  = DD_BUF_INIT(0);
    dd_key_sum *rows = NULL;
    dd_key      k    = { 0 };
    view        v    = { .args = args, .key = &k, .all = { .day = DD_DAY_NONE }, .from = dd_day_of(dd_clock()) - (dd_day)(args->days - 1) };
    dd_dir_state(&dir);
    dd_code rc = dd_cmd_key(r->db, r->argv[1], &r->arena, &k, err);
    if (rc == DD_OK)
        rc = dd_key_usage(dd_buf_z(&dir), r->by.org, k.id, v.from, args->by[0] == 'd', &r->arena, &rows, &v.n, err);
    v.rows = rows;
    if (rc == DD_OK)
        rc = add_up(&v, err);
    if (rc == DD_OK)
        (strcmp(args->format, "json") == 0 ? put_json : put_text)(&r->out, &v);
    dd_buf_free(&dir);
    return rc;
}

dd_code dd_cmd_keys_usage(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, want, show };
    usage_args args = { .format = "text", .by = "model", .days = 30 };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}
