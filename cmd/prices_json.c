/* cmd/prices_json.c - a price row in JSON. */
#include "cmd/prices.h"
#include "pricing-cache/price_json.h"
#include "pricing-cache/rows.h"

void dd_prices_put_usd(dd_buf *out, int64_t micros)
{
    if (micros == DD_PRICE_NONE)
        dd_buf_addc(out, '-');
    else
        dd_price_show(micros, out);
}

void dd_prices_json(dd_json *j, const dd_prices *p, const dd_price *row)
{
    dd_price_json_text(j, "provider", row->provider);
    dd_price_json_text(j, "id", row->id);
    dd_price_json_text(j, "kind", dd_str_z(dd_price_kind_names[row->kind]));
    dd_price_json_text(j, "status", dd_str_z(dd_model_status_names[row->status]));
    dd_price_json_rates(j, &row->rates);
    dd_price_json_usd(j, "batch_input", row->batch_input);
    dd_price_json_usd(j, "batch_output", row->batch_output);
    dd_price_json_true(j, "batch_derived", row->batch_derived && row->batch_input != DD_PRICE_NONE);
    dd_price_json_steps(j, row);
    dd_price_json_count(j, "context", row->context);
    dd_price_json_count(j, "max_output", row->max_output);
    dd_price_json_names(j, dd_prices_aliases(p, row));
    dd_price_json_caps(j, row->caps);
    dd_price_json_life(j, row);
    dd_price_json_text(j, "source", row->source);
    dd_price_json_day(j, "source_date", row->source_date);
    dd_price_json_count(j, "agreeing", row->agreeing);
    dd_price_json_count(j, "differing", row->differing);
}

void dd_prices_json_about(dd_json *j, const dd_prices *p)
{
    dd_prices_meta m = dd_prices_about(p);
    dd_json_key(j, "table");
    dd_json_open(j, '{');
    dd_price_json_text(j, "name", m.name);
    dd_price_json_day(j, "date", m.date);
    dd_json_key(j, "models");
    dd_json_i64(j, (int64_t)m.models);
    dd_json_key(j, "names");
    dd_json_i64(j, (int64_t)m.names);
    dd_json_close(j, '}');
}
