#include "pricing-cache/price_json.h"

#include "pricing-cache/formats.h"

void dd_price_json_usd(dd_json *j, const char *key, int64_t micros)
{
    dd_buf b = DD_BUF_INIT(0);
    if (micros == DD_PRICE_NONE)
        return;
    dd_price_show(micros, &b);
    dd_json_key(j, key);
    dd_json_raw(j, dd_buf_str(&b));
    dd_buf_free(&b);
}

void dd_price_json_rates(dd_json *j, const dd_rates *r)
{
    dd_price_json_usd(j, "input", r->input);
    dd_price_json_usd(j, "output", r->output);
    dd_price_json_usd(j, "cache_read", r->cache_read);
    dd_price_json_usd(j, "cache_write", r->cache_write);
    dd_price_json_usd(j, "cache_write_1h", r->cache_write_1h);
}

void dd_price_json_text(dd_json *j, const char *key, dd_str s)
{
    if (s.len)
        dd_json_member_str(j, key, s);
}

void dd_price_json_day(dd_json *j, const char *key, dd_day day)
{
    char text[11];
    if (day == DD_DAY_NONE)
        return;
    dd_day_format(day, text);
    dd_price_json_text(j, key, dd_str_z(text));
}

void dd_price_json_count(dd_json *j, const char *key, int64_t n)
{
    if (n)
        dd_json_member_i64(j, key, n);
}

void dd_price_json_true(dd_json *j, const char *key, bool b)
{
    if (!b)
        return;
    dd_json_key(j, key);
    dd_json_bool(j, true);
}

static void put_tiers(dd_json *j, const dd_price *row)
{
    if (!row->n_tiers)
        return;
    dd_json_key(j, "tiers");
    dd_json_open(j, '[');
    for (size_t i = 0; i < row->n_tiers; i++) {
        dd_json_open(j, '{');
        dd_json_member_i64(j, "above_input_tokens", row->tiers[i].above_input_tokens);
        dd_price_json_rates(j, &row->tiers[i].rates);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_scheduled(dd_json *j, const dd_price *row)
{
    if (!row->n_scheduled)
        return;
    dd_json_key(j, "scheduled");
    dd_json_open(j, '[');
    for (size_t i = 0; i < row->n_scheduled; i++) {
        dd_json_open(j, '{');
        dd_price_json_day(j, "from", row->scheduled[i].from);
        dd_price_json_rates(j, &row->scheduled[i].rates);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

void dd_price_json_steps(dd_json *j, const dd_price *row)
{
    put_tiers(j, row);
    put_scheduled(j, row);
    if (row->off_peak.input == DD_PRICE_NONE)
        return;
    dd_json_key(j, "off_peak");
    dd_json_open(j, '{');
    dd_price_json_rates(j, &row->off_peak);
    dd_price_json_text(j, "peak_utc", row->peak_utc);
    dd_json_close(j, '}');
}

void dd_price_json_names(dd_json *j, const char *const *names)
{
    if (!names || !names[0])
        return;
    dd_json_key(j, "aliases");
    dd_json_open(j, '[');
    for (size_t i = 0; names[i]; i++)
        dd_json_strz(j, names[i]);
    dd_json_close(j, ']');
}

void dd_price_json_caps(dd_json *j, uint32_t caps)
{
    dd_json_key(j, "caps");
    dd_json_open(j, '[');
    for (unsigned i = 0; dd_price_cap_name(i); i++)
        if (caps & dd_price_cap(dd_str_z(dd_price_cap_name(i))))
            dd_json_strz(j, dd_price_cap_name(i));
    dd_json_close(j, ']');
}

void dd_price_json_life(dd_json *j, const dd_price *row)
{
    dd_price_json_day(j, "released", row->released);
    dd_price_json_day(j, "retires", row->retires);
    dd_price_json_day(j, "retires_not_before", row->retires_not_before);
    dd_price_json_text(j, "replacement", row->replacement);
    dd_price_json_text(j, "tokenizer", row->tokenizer);
    dd_price_json_true(j, "free", row->free);
    dd_price_json_true(j, "suspect", row->suspect);
    dd_price_json_text(j, "note", row->note);
}
