/* Writes our own price file: the form tools/prices-import.py writes, byte for byte, so that a list that is read and written is the
 * same file again. */
#include "base/json.h"
#include "pricing-cache/formats.h"

static void put_price(dd_json *j, const char *key, int64_t micros)
{
    char   text[32];
    dd_buf b = DD_BUF_INIT(0);
    if (micros == DD_PRICE_NONE)
        return;
    dd_price_show(micros, &b);
    snprintf(text, sizeof text, "%s", dd_buf_z(&b));
    dd_buf_free(&b);
    dd_json_key(j, key);
    dd_json_raw(j, dd_str_z(text));
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

static void put_int(dd_json *j, const char *key, int64_t n)
{
    if (n == 0)
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

static void put_tiers(dd_json *j, const dd_price *p)
{
    if (!p->n_tiers)
        return;
    dd_json_key(j, "tiers");
    dd_json_open(j, '[');
    for (size_t i = 0; i < p->n_tiers; i++) {
        dd_json_open(j, '{');
        dd_json_key(j, "above_input_tokens");
        dd_json_i64(j, p->tiers[i].above_input_tokens);
        put_rates(j, &p->tiers[i].rates);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_scheduled(dd_json *j, const dd_price *p)
{
    if (!p->n_scheduled)
        return;
    dd_json_key(j, "scheduled");
    dd_json_open(j, '[');
    for (size_t i = 0; i < p->n_scheduled; i++) {
        dd_json_open(j, '{');
        put_day(j, "from", p->scheduled[i].from);
        put_rates(j, &p->scheduled[i].rates);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_off_peak(dd_json *j, const dd_price *p)
{
    if (p->off_peak.input == DD_PRICE_NONE)
        return;
    dd_json_key(j, "off_peak");
    dd_json_open(j, '{');
    put_rates(j, &p->off_peak);
    put_text(j, "peak_utc", p->peak_utc);
    dd_json_close(j, '}');
}

static void put_regions(dd_json *j, const dd_price_row *row)
{
    if (!row->n_regions)
        return;
    dd_json_key(j, "region_prefixes");
    dd_json_open(j, '{');
    for (size_t i = 0; i < row->n_regions; i++) {
        dd_json_key_str(j, row->regions[i].prefix);
        dd_json_open(j, '{');
        put_price(j, "input", row->regions[i].input);
        put_price(j, "output", row->regions[i].output);
        dd_json_close(j, '}');
    }
    dd_json_close(j, '}');
}

static void put_aliases(dd_json *j, const dd_price_row *row)
{
    if (!row->aliases || !row->aliases[0])
        return;
    dd_json_key(j, "aliases");
    dd_json_open(j, '[');
    for (size_t i = 0; row->aliases[i]; i++)
        dd_json_strz(j, row->aliases[i]);
    dd_json_close(j, ']');
}

static void put_caps(dd_json *j, const dd_price_row *row)
{
    if (!(row->has & DD_ROW_CAPS) && !row->price.caps)
        return;
    dd_json_key(j, "caps");
    dd_json_open(j, '[');
    for (unsigned i = 0; dd_price_cap_name(i); i++)
        if (row->price.caps & dd_price_cap(dd_str_z(dd_price_cap_name(i))))
            dd_json_strz(j, dd_price_cap_name(i));
    dd_json_close(j, ']');
}

static void put_source(dd_json *j, const dd_price *p)
{
    if (!p->source.len)
        return;
    dd_json_key(j, "source");
    dd_json_open(j, '{');
    put_text(j, "name", p->source);
    put_day(j, "date", p->source_date);
    dd_json_close(j, '}');
}

static void put_row(dd_json *j, const dd_price_row *row)
{
    static const char *const kinds[]  = { "chat", "completion", "embedding" };
    static const char *const states[] = { "active", "deprecated", "retired", "unlisted" };
    const dd_price          *p        = &row->price;
    dd_json_open(j, '{');
    put_text(j, "provider", p->provider);
    put_text(j, "id", p->id);
    if (row->has & DD_ROW_KIND)
        put_text(j, "kind", dd_str_z(kinds[p->kind]));
    if (row->has & DD_ROW_STATUS)
        put_text(j, "status", dd_str_z(states[p->status]));
    put_rates(j, &p->rates);
    put_price(j, "batch_input", p->batch_input);
    put_price(j, "batch_output", p->batch_output);
    put_true(j, "batch_derived", p->batch_derived);
    put_tiers(j, p);
    put_scheduled(j, p);
    put_off_peak(j, p);
    put_regions(j, row);
    put_aliases(j, row);
    put_int(j, "context", p->context);
    put_int(j, "max_output", p->max_output);
    put_caps(j, row);
    put_day(j, "released", p->released);
    put_day(j, "retires", p->retires);
    put_day(j, "retires_not_before", p->retires_not_before);
    put_text(j, "replacement", p->replacement);
    put_text(j, "tokenizer", p->tokenizer);
    put_true(j, "free", p->free);
    put_true(j, "suspect", p->suspect);
    put_text(j, "note", p->note);
    put_source(j, p);
    put_int(j, "agreeing", p->agreeing);
    put_int(j, "differing", p->differing);
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
