#include "cmd/summary.h"

#include "base/json.h"
#include "base/map.h"
#include "cmd/cmd.h"

typedef dd_str key_fn(const dd_site *s);

static dd_str language(const dd_site *s) { return dd_str_z(dd_lang_name(s->lang)); }
static dd_str context(const dd_site *s) { return dd_str_z(dd_context_name(s->context)); }
static dd_str source(const dd_site *s) { return dd_str_z(dd_source_name(s->model_source)); }
static dd_str sdk(const dd_site *s) { return s->sdk; }
static dd_str api(const dd_site *s) { return s->api; }

/* Only ids that stand in the public table: a deployment's or a private model's name says too much. */
static dd_str model(const dd_site *s)
{
    bool known = s->price.price && s->price.match != DD_MATCH_DEPLOYMENT && s->price.match != DD_MATCH_FINE_TUNED;
    return known ? s->price.price->id : s->model.ptr ? DD_STR("(other)") : DD_STR("(unknown)");
}

static int by_text(const void *a, const void *b) { return dd_str_cmp(*(const dd_str *)a, *(const dd_str *)b); }

static void counts(dd_json *j, const char *name, const dd_audit *a, key_fn *key)
{
    dd_str *all = dd_calloc(a->n_sites + 1, sizeof *all);
    for (size_t i = 0; i < a->n_sites; i++)
        all[i] = key(a->sites[i]);
    qsort(all, a->n_sites, sizeof *all, by_text);
    dd_json_key(j, name);
    dd_json_open(j, '{');
    for (size_t i = 0, n; i < a->n_sites; i += n) {
        for (n = 1; i + n < a->n_sites && dd_str_eq(all[i], all[i + n]);)
            n++;
        dd_json_key_str(j, all[i]);
        dd_json_i64(j, (int64_t)n);
    }
    dd_json_close(j, '}');
    free(all);
}

/* Two digits are enough for a statistic and tell nobody's bill. */
static void amount(dd_json *j, const char *name, dd_pusd m)
{
    dd_buf  text = DD_BUF_INIT(0);
    dd_pusd unit = 1;
    while (m / unit >= 100)
        unit *= 10;
    dd_money_json(m / unit * unit, &text);
    dd_json_key(j, name);
    dd_json_raw(j, dd_buf_str(&text));
    dd_buf_free(&text);
}

void dd_summary_write(const dd_audit *audit, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    char    day[11];
    dd_day_format(audit->prices.date, day);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.summary/1");
    dd_json_key(&j, "version");
    dd_json_strz(&j, DD_VERSION);
    dd_json_key(&j, "prices");
    dd_json_strz(&j, day);
    dd_json_key(&j, "sites");
    dd_json_i64(&j, (int64_t)audit->n_sites);
    counts(&j, "by_language", audit, language);
    counts(&j, "by_context", audit, context);
    counts(&j, "by_sdk", audit, sdk);
    counts(&j, "by_api", audit, api);
    counts(&j, "by_model", audit, model);
    counts(&j, "by_model_source", audit, source);
    amount(&j, "monthly_usd", audit->monthly.expected);
    amount(&j, "savings_usd", audit->savings);
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}
