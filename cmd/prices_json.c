/* cmd/prices_json.c - a price row in JSON, and the words its enumerations have there. */
#include "cmd/prices.h"
#include "pricing-cache/formats.h"

const char *dd_prices_status_name(const dd_price *row)
{
    static const char *const names[] = { "active", "deprecated", "retired", "unlisted" };
    return names[row->status];
}

const char *dd_prices_kind_name(const dd_price *row)
{
    static const char *const names[] = { "chat", "completion", "embedding" };
    return names[row->kind];
}

void dd_prices_put_usd(dd_buf *out, int64_t micros)
{
    if (micros == DD_PRICE_NONE)
        dd_buf_addc(out, '-');
    else
        dd_price_show(micros, out);
}

static void put_price(dd_json *j, const char *key, int64_t micros)
{
    dd_buf b = DD_BUF_INIT(0);
    if (micros == DD_PRICE_NONE)
        return;
    dd_price_show(micros, &b);
    dd_json_key(j, key);
    dd_json_raw(j, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void put_rates(dd_json *j, const dd_rates *r)
{
    put_price(j, "input", r->input);
    put_price(j, "output", r->output);
    put_price(j, "cache_read", r->cache_read);
    put_price(j, "cache_write", r->cache_write);
    put_price(j, "cache_write_1h", r->cache_write_1h);
}

static void put_text(dd_json *j, const char *key, dd_str s)
{
    if (!s.len)
        return;
    dd_json_key(j, key);
    dd_json_str(j, s);
}

static void put_day(dd_json *j, const char *key, dd_day day)
{
    char text[11];
    if (day == DD_DAY_NONE)
        return;
    dd_day_format(day, text);
    put_text(j, key, dd_str_z(text));
}

static void put_count(dd_json *j, const char *key, int64_t n)
{
    if (!n)
        return;
    dd_json_key(j, key);
    dd_json_i64(j, n);
}

static void put_true(dd_json *j, const char *key, bool b)
{
    if (!b)
        return;
    dd_json_key(j, key);
    dd_json_bool(j, true);
}

static void put_steps(dd_json *j, const dd_price *row)
{
    if (row->n_tiers) {
        dd_json_key(j, "tiers");
        dd_json_open(j, '[');
        for (size_t i = 0; i < row->n_tiers; i++) {
            dd_json_open(j, '{');
            dd_json_key(j, "above_input_tokens");
            dd_json_i64(j, row->tiers[i].above_input_tokens);
            put_rates(j, &row->tiers[i].rates);
            dd_json_close(j, '}');
        }
        dd_json_close(j, ']');
    }
    if (row->n_scheduled) {
        dd_json_key(j, "scheduled");
        dd_json_open(j, '[');
        for (size_t i = 0; i < row->n_scheduled; i++) {
            dd_json_open(j, '{');
            put_day(j, "from", row->scheduled[i].from);
            put_rates(j, &row->scheduled[i].rates);
            dd_json_close(j, '}');
        }
        dd_json_close(j, ']');
    }
    if (row->off_peak.input != DD_PRICE_NONE) {
        dd_json_key(j, "off_peak");
        dd_json_open(j, '{');
        put_rates(j, &row->off_peak);
        put_text(j, "peak_utc", row->peak_utc);
        dd_json_close(j, '}');
    }
}

static void put_lists(dd_json *j, const dd_prices *p, const dd_price *row)
{
    const char *const *names = dd_prices_aliases(p, row);
    if (names[0]) {
        dd_json_key(j, "aliases");
        dd_json_open(j, '[');
        for (size_t i = 0; names[i]; i++)
            dd_json_strz(j, names[i]);
        dd_json_close(j, ']');
    }
    dd_json_key(j, "caps");
    dd_json_open(j, '[');
    for (unsigned i = 0; dd_price_cap_name(i); i++)
        if (row->caps & dd_price_cap(dd_str_z(dd_price_cap_name(i))))
            dd_json_strz(j, dd_price_cap_name(i));
    dd_json_close(j, ']');
}

void dd_prices_json(dd_json *j, const dd_prices *p, const dd_price *row)
{
    put_text(j, "provider", row->provider);
    put_text(j, "id", row->id);
    put_text(j, "kind", dd_str_z(dd_prices_kind_name(row)));
    put_text(j, "status", dd_str_z(dd_prices_status_name(row)));
    put_rates(j, &row->rates);
    put_price(j, "batch_input", row->batch_input);
    put_price(j, "batch_output", row->batch_output);
    put_true(j, "batch_derived", row->batch_derived && row->batch_input != DD_PRICE_NONE);
    put_steps(j, row);
    put_count(j, "context", row->context);
    put_count(j, "max_output", row->max_output);
    put_lists(j, p, row);
    put_day(j, "released", row->released);
    put_day(j, "retires", row->retires);
    put_day(j, "retires_not_before", row->retires_not_before);
    put_text(j, "replacement", row->replacement);
    put_text(j, "tokenizer", row->tokenizer);
    put_true(j, "free", row->free);
    put_true(j, "suspect", row->suspect);
    put_text(j, "note", row->note);
    put_text(j, "source", row->source);
    put_day(j, "source_date", row->source_date);
    put_count(j, "agreeing", row->agreeing);
    put_count(j, "differing", row->differing);
}

void dd_prices_json_about(dd_json *j, const dd_prices *p)
{
    dd_prices_meta m = dd_prices_about(p);
    dd_json_key(j, "table");
    dd_json_open(j, '{');
    put_text(j, "name", m.name);
    put_day(j, "date", m.date);
    dd_json_key(j, "models");
    dd_json_i64(j, (int64_t)m.models);
    dd_json_key(j, "names");
    dd_json_i64(j, (int64_t)m.names);
    dd_json_close(j, '}');
}
