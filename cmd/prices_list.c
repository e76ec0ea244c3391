/* cmd/prices_list.c - dd0c prices list: the rows of the table. */
#include "cmd/prices.h"

#include <string.h>

typedef struct {
    const char *format, *provider, *status, *kind, *override;
} list_args;

const dd_opt dd_prices_list_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'p', "provider", list_args, provider, "name", "only this provider's rows"),
    DD_OPT(DD_OPT_CHOICE, 's', "status", list_args, status, "active|deprecated|retired|unlisted", "only rows of this status"),
    DD_OPT(DD_OPT_CHOICE, 0, "kind", list_args, kind, "chat|completion|embedding", "only models of this kind"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", list_args, format, "text|json|csv", "print text (default), JSON or CSV"),
    DD_OPT(DD_OPT_TEXT, 0, "price-override", list_args, override, "file", "prices that win over the table"),
    DD_OPT_END
};

typedef struct {
    const list_args *args;
    dd_str           provider; /* as this table calls it */
    char           **words;
    int              n_words;
} filter;

static bool holds(dd_str text, const char *word)
{
    dd_str w = dd_str_z(word);
    for (size_t i = 0; i + w.len <= text.len; i++)
        if (dd_str_eq_nocase(dd_str_sub(text, i, i + w.len), w))
            return true;
    return false;
}

static bool wanted(const filter *f, const dd_price *row)
{
    if (f->provider.len && !dd_str_eq_nocase(row->provider, f->provider))
        return false;
    if (f->args->status && strcmp(dd_model_status_names[row->status], f->args->status) != 0)
        return false;
    if (f->args->kind && strcmp(dd_price_kind_names[row->kind], f->args->kind) != 0)
        return false;
    for (int i = 0; i < f->n_words; i++)
        if (!holds(row->id, f->words[i]))
            return false;
    return true;
}

static void right(dd_buf *out, int64_t micros, size_t width)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_prices_put_usd(&b, micros);
    dd_buf_pad(out, ' ', b.len < width ? width - b.len : 1);
    dd_buf_add(out, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void text_row(dd_buf *out, const dd_price *row, size_t id_width)
{
    dd_buf_printf(out, "%-11.*s", DD_STR_ARG(row->provider));
    dd_buf_add(out, row->id);
    dd_buf_pad(out, ' ', row->id.len < id_width ? id_width - row->id.len : 1);
    right(out, row->rates.input, 10);
    right(out, row->rates.output, 10);
    right(out, row->rates.cache_read, 10);
    right(out, row->batch_input, 10);
    if (row->context)
        dd_buf_printf(out, "%9lld", (long long)row->context);
    else
        dd_buf_addz(out, "        -");
    dd_buf_printf(out, "  %s\n", dd_model_status_names[row->status]);
}

static void put_text(dd_buf *out, const dd_prices *p, const filter *f)
{
    size_t         width = 6, n = 0;
    char           day[11] = "?";
    dd_prices_meta m = dd_prices_about(p);
    for (size_t i = 0; i < dd_prices_count(p); i++)
        if (wanted(f, dd_prices_at(p, i)) && dd_prices_at(p, i)->id.len > width)
            width = dd_prices_at(p, i)->id.len;
    width = width > 60 ? 60 : width;
    dd_buf_printf(out, "%-11s%-*s%10s%10s%10s%10s%9s  %s\n", "PROVIDER", (int)width, "MODEL", "INPUT", "OUTPUT", "CACHED", "BATCH IN", "CONTEXT", "STATUS");
    for (size_t i = 0; i < dd_prices_count(p); i++) {
        if (wanted(f, dd_prices_at(p, i))) {
            text_row(out, dd_prices_at(p, i), width);
            n++;
        }
    }
    if (m.date != DD_DAY_NONE)
        dd_day_format(m.date, day);
    dd_buf_printf(out, "%zu of %zu models. USD per million tokens; table: " DD_STR_FMT " of %s.\n", n, m.models, DD_STR_ARG(m.name), day);
}

static void put_json(dd_buf *out, const dd_prices *p, const filter *f)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.prices/1");
    dd_prices_json_about(&j, p);
    dd_json_key(&j, "models");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < dd_prices_count(p); i++) {
        if (!wanted(f, dd_prices_at(p, i)))
            continue;
        dd_json_open(&j, '{');
        dd_prices_json(&j, p, dd_prices_at(p, i));
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

/* A cell that a spreadsheet would run, or that holds a comma or quote, is quoted; text of ours starts with no sign. */
static void cell(dd_buf *out, dd_str s)
{
    bool plain = dd_str_chr(s, ',') < 0 && dd_str_chr(s, '"') < 0 && dd_str_chr(s, '\n') < 0;
    if (s.len && strchr("=+-@", s.ptr[0]) && s.len > 1) {
        dd_buf_addz(out, "\"'");
        plain = false;
    } else if (!plain) {
        dd_buf_addc(out, '"');
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            dd_buf_addc(out, '"');
        dd_buf_addc(out, s.ptr[i]);
    }
    if (!plain)
        dd_buf_addc(out, '"');
}

static void csv_price(dd_buf *out, int64_t micros)
{
    dd_buf_addc(out, ',');
    if (micros != DD_PRICE_NONE)
        dd_prices_put_usd(out, micros);
}

static void csv_row(dd_buf *out, const dd_price *row)
{
    char day[11] = "";
    cell(out, row->provider);
    dd_buf_addc(out, ',');
    cell(out, row->id);
    dd_buf_printf(out, ",%s,%s", dd_price_kind_names[row->kind], dd_model_status_names[row->status]);
    csv_price(out, row->rates.input);
    csv_price(out, row->rates.output);
    csv_price(out, row->rates.cache_read);
    csv_price(out, row->rates.cache_write);
    csv_price(out, row->batch_input);
    csv_price(out, row->batch_output);
    dd_buf_printf(out, ",%lld,%lld,", (long long)row->context, (long long)row->max_output);
    if (row->retires != DD_DAY_NONE)
        dd_day_format(row->retires, day);
    dd_buf_printf(out, "%s,", day);
    cell(out, row->replacement);
    dd_buf_addc(out, ',');
    cell(out, row->source);
    if (row->source_date != DD_DAY_NONE)
        dd_day_format(row->source_date, day);
    dd_buf_printf(out, ",%s\n", row->source_date != DD_DAY_NONE ? day : "");
}

static void put_csv(dd_buf *out, const dd_prices *p, const filter *f)
{
    dd_buf_addz(out, "provider,model,kind,status,input,output,cache_read,cache_write,batch_input,batch_output,context,max_output,retires,"
                     "replacement,source,source_date\n");
    for (size_t i = 0; i < dd_prices_count(p); i++)
        if (wanted(f, dd_prices_at(p, i)))
            csv_row(out, dd_prices_at(p, i));
}

dd_code dd_cmd_prices_list(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    list_args  args  = { .format = "text" };
    int        words = 0;
    bool       done  = false;
    dd_prices *p     = NULL;
    dd_buf     out   = DD_BUF_INIT(0);
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    filter f = { &args, dd_str_z(args.provider), argv + 1, words };
    if (dd_prices_provider(f.provider).len)
        f.provider = dd_prices_provider(f.provider);
    rc = dd_prices_cmd_open(cmd, &(dd_prices_opts){ .override_file = args.override }, &p, err);
    if (rc != DD_OK)
        return rc;
    if (strcmp(args.format, "json") == 0)
        put_json(&out, p, &f);
    else if (strcmp(args.format, "csv") == 0)
        put_csv(&out, p, &f);
    else
        put_text(&out, p, &f);
    rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    dd_prices_close(p);
    return rc;
}
