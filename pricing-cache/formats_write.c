/* Writes our own price file: the form tools/prices-import.py writes, byte for byte, so that a list that is read and written is the
 * same file again. */
#include "pricing-cache/formats.h"
#include "pricing-cache/price_json.h"

static void put_regions(dd_json *j, const dd_price_row *row)
{
    if (!row->n_regions)
        return;
    dd_json_key(j, "region_prefixes");
    dd_json_open(j, '{');
    for (size_t i = 0; i < row->n_regions; i++) {
        dd_json_key_str(j, row->regions[i].prefix);
        dd_json_open(j, '{');
        dd_price_json_usd(j, "input", row->regions[i].input);
        dd_price_json_usd(j, "output", row->regions[i].output);
        dd_json_close(j, '}');
    }
    dd_json_close(j, '}');
}

static void put_source(dd_json *j, const dd_price *p)
{
    if (!p->source.len)
        return;
    dd_json_key(j, "source");
    dd_json_open(j, '{');
    dd_price_json_text(j, "name", p->source);
    dd_price_json_day(j, "date", p->source_date);
    dd_json_close(j, '}');
}

static void put_row(dd_json *j, const dd_price_row *row)
{
    const dd_price *p = &row->price;
    dd_json_open(j, '{');
    dd_price_json_text(j, "provider", p->provider);
    dd_price_json_text(j, "id", p->id);
    if (row->has & DD_ROW_KIND)
        dd_price_json_text(j, "kind", dd_str_z(dd_price_kind_names[p->kind]));
    if (row->has & DD_ROW_STATUS)
        dd_price_json_text(j, "status", dd_str_z(dd_model_status_names[p->status]));
    dd_price_json_rates(j, &p->rates);
    dd_price_json_usd(j, "batch_input", p->batch_input);
    dd_price_json_usd(j, "batch_output", p->batch_output);
    dd_price_json_true(j, "batch_derived", p->batch_derived);
    dd_price_json_steps(j, p);
    put_regions(j, row);
    dd_price_json_names(j, row->aliases);
    dd_price_json_count(j, "context", p->context);
    dd_price_json_count(j, "max_output", p->max_output);
    if ((row->has & DD_ROW_CAPS) || p->caps)
        dd_price_json_caps(j, p->caps);
    dd_price_json_life(j, p);
    put_source(j, p);
    dd_price_json_count(j, "agreeing", p->agreeing);
    dd_price_json_count(j, "differing", p->differing);
    dd_json_close(j, '}');
}

void dd_prices_write(const dd_price_list *list, dd_buf *out)
{
    char day[11];
    dd_buf_addz(out, "{\"schema\":\"dd0c-prices/1\"");
    if (list->generated != DD_DAY_NONE) {
        dd_day_format(list->generated, day);
        dd_buf_printf(out, ",\n\"generated\":\"%s\"", day);
    }
    if (list->url.len || list->etag.len) {
        dd_buf_addz(out, ",\n\"fetched\":{\"url\":");
        dd_json_quote(out, list->url);
        dd_buf_addz(out, ",\"etag\":");
        dd_json_quote(out, list->etag);
        dd_buf_addz(out, ",\"format\":");
        dd_json_quote(out, list->origin);
        dd_buf_addc(out, '}');
    }
    dd_buf_addz(out, ",\n\"models\":[\n");
    for (size_t i = 0; i < list->n; i++) {
        dd_buf row  = DD_BUF_INIT(0);
        dd_json j   = DD_JSON_INIT(&row, 0);
        put_row(&j, &list->rows[i]);
        dd_buf_add(out, dd_buf_str(&row));
        dd_buf_addz(out, i + 1 < list->n ? ",\n" : "\n");
        dd_buf_free(&row);
    }
    dd_buf_addz(out, "]}\n");
}
