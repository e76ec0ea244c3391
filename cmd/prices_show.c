/* cmd/prices_show.c - dd0c prices show: everything the table knows about a model, and how the name led there. */
#include "cmd/prices.h"

#include <string.h>

enum { NEAR = 5 };

typedef struct {
    const char *format, *provider, *override;
} show_args;

const dd_opt dd_prices_show_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'p', "provider", show_args, provider, "name", "who bills for the model"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", show_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT(DD_OPT_TEXT, 0, "price-override", show_args, override, "file", "prices that win over the table"),
    DD_OPT_END
};

static void put_rates(dd_buf *out, const char *label, const dd_rates *r)
{
    const struct { const char *name; int64_t price; } parts[] = {
        { "in", r->input }, { "out", r->output }, { "cached", r->cache_read }, { "cache write", r->cache_write }, { "cache write 1h", r->cache_write_1h },
    };
    const char *sep = "";
    dd_buf_printf(out, "  %-14s", label);
    for (size_t i = 0; i < DD_COUNT(parts); i++) {
        if (parts[i].price == DD_PRICE_NONE)
            continue;
        dd_buf_printf(out, "%s%s $", sep, parts[i].name);
        dd_prices_put_usd(out, parts[i].price);
        sep = ", ";
    }
    dd_buf_addc(out, '\n');
}

static void put_steps(dd_buf *out, const dd_price *row)
{
    char label[40], day[11];
    for (size_t i = 0; i < row->n_tiers; i++) {
        snprintf(label, sizeof label, "> %lld in", (long long)row->tiers[i].above_input_tokens);
        put_rates(out, label, &row->tiers[i].rates);
    }
    for (size_t i = 0; i < row->n_scheduled; i++) {
        dd_day_format(row->scheduled[i].from, day);
        snprintf(label, sizeof label, "from %s", day);
        put_rates(out, label, &row->scheduled[i].rates);
    }
    if (row->off_peak.input != DD_PRICE_NONE) {
        put_rates(out, "off-peak", &row->off_peak);
        if (row->peak_utc.len)
            dd_buf_printf(out, "  %-14s%.*s UTC\n", "peak", DD_STR_ARG(row->peak_utc));
    }
}

static void put_line(dd_buf *out, const char *label, dd_str text)
{
    if (text.len)
        dd_buf_printf(out, "  %-14s" DD_STR_FMT "\n", label, DD_STR_ARG(text));
}

static void put_day(dd_buf *out, const char *label, dd_day day)
{
    char text[11];
    if (day == DD_DAY_NONE)
        return;
    dd_day_format(day, text);
    put_line(out, label, dd_str_z(text));
}

static void put_caps(dd_buf *out, const dd_price *row)
{
    static const struct { uint32_t bit; const char *name; } caps[] = {
        { DD_CAP_VISION, "vision" }, { DD_CAP_TOOLS, "tools" }, { DD_CAP_JSON, "json" }, { DD_CAP_REASONING, "reasoning" },
        { DD_CAP_AUDIO_IN, "audio in" }, { DD_CAP_PDF_IN, "pdf in" }, { DD_CAP_PROMPT_CACHE, "prompt cache" }, { DD_CAP_WEB_SEARCH, "web search" },
    };
    const char *sep = "";
    if (!row->caps)
        return;
    dd_buf_printf(out, "  %-14s", "can");
    for (size_t i = 0; i < DD_COUNT(caps); i++) {
        if (row->caps & caps[i].bit) {
            dd_buf_printf(out, "%s%s", sep, caps[i].name);
            sep = ", ";
        }
    }
    dd_buf_addc(out, '\n');
}

static void put_facts(dd_buf *out, const dd_prices *p, const dd_price *row)
{
    const char *const *names = dd_prices_aliases(p, row);
    if (row->context || row->max_output)
        dd_buf_printf(out, "  %-14scontext %lld, output %lld tokens (0: not known)\n", "limits", (long long)row->context, (long long)row->max_output);
    put_caps(out, row);
    put_line(out, "tokenizer", row->tokenizer);
    put_day(out, "released", row->released);
    put_day(out, row->status == DD_MODEL_RETIRED ? "retired" : "retires", row->retires);
    put_day(out, "not before", row->retires_not_before);
    put_line(out, "replacement", row->replacement);
    for (size_t i = 0; names[i]; i++)
        put_line(out, i ? "" : "also", dd_str_z(names[i]));
    put_line(out, row->suspect ? "doubtful" : "note", row->note);
}

static void put_source(dd_buf *out, const dd_price *row)
{
    char day[11] = "";
    if (!row->source.len)
        return;
    if (row->source_date != DD_DAY_NONE)
        dd_day_format(row->source_date, day);
    dd_buf_printf(out, "  %-14s" DD_STR_FMT " %s", "source", DD_STR_ARG(row->source), day);
    if (row->agreeing || row->differing)
        dd_buf_printf(out, " (%d other%s agree%s, %d differ%s)", row->agreeing, row->agreeing == 1 ? "" : "s", row->agreeing == 1 ? "s" : "", row->differing,
                      row->differing == 1 ? "s" : "");
    dd_buf_addc(out, '\n');
}

static void put_match(dd_buf *out, dd_str name, const dd_price_hit *hit)
{
    static const char *const why[] = {
        "", "exact id", "alias", "the same model under another spelling", "the name without its date",
        "a fine-tuned model", "a deployment whose name holds this model: low confidence",
    };
    dd_buf_printf(out, "  %-14s\"" DD_STR_FMT "\": %s%s%s\n", "matched", DD_STR_ARG(name), why[hit->match], hit->batch ? ", billed as batch" : "",
                  hit->priority ? ", on a route whose price may differ" : "");
    if (hit->match == DD_MATCH_FINE_TUNED && !dd_str_startsz(hit->price->id, "ft:"))
        dd_buf_printf(out, "  %-14sthe fine-tuned price is not known: this is the base model's\n", "");
}

static void show_text(dd_buf *out, const dd_prices *p, dd_str name, const dd_price_hit *hit)
{
    const dd_price *row   = hit->price;
    dd_rates        batch = { row->batch_input, row->batch_output, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE };
    dd_buf_printf(out, DD_STR_FMT " " DD_STR_FMT " (%s, %s)\n", DD_STR_ARG(row->provider), DD_STR_ARG(row->id), dd_price_kind_names[row->kind],
                  dd_model_status_names[row->status]);
    put_match(out, name, hit);
    put_rates(out, "per 1M tokens", &row->rates);
    if (row->batch_input != DD_PRICE_NONE || row->batch_output != DD_PRICE_NONE)
        put_rates(out, row->batch_derived ? "batch (rule)" : "batch", &batch);
    put_steps(out, row);
    put_facts(out, p, row);
    put_source(out, row);
}

static void show_json(dd_json *j, const dd_prices *p, dd_str name, const dd_price_hit *hit)
{
    const dd_price *near[NEAR];
    dd_json_open(j, '{');
    dd_json_key(j, "name");
    dd_json_str(j, name);
    dd_json_key(j, "match");
    dd_json_strz(j, dd_match_name(hit->match));
    if (hit->price) {
        dd_json_key(j, "batch");
        dd_json_bool(j, hit->batch);
        dd_json_key(j, "price_may_differ");
        dd_json_bool(j, hit->priority || (hit->match == DD_MATCH_FINE_TUNED && !dd_str_startsz(hit->price->id, "ft:")));
        dd_json_key(j, "model");
        dd_json_open(j, '{');
        dd_prices_json(j, p, hit->price);
        dd_json_close(j, '}');
    } else {
        size_t n = dd_prices_near(p, name, near, NEAR);
        dd_json_key(j, "nearest");
        dd_json_open(j, '[');
        for (size_t i = 0; i < n; i++)
            dd_json_str(j, near[i]->id);
        dd_json_close(j, ']');
    }
    dd_json_close(j, '}');
}

static dd_code unknown(const dd_prices *p, dd_str name, size_t more, dd_err *err)
{
    const dd_price *near[NEAR];
    size_t          n = dd_prices_near(p, name, near, NEAR);
    dd_buf          b = DD_BUF_INIT(240);
    dd_fail(err, DD_ERR_NOT_FOUND, "model \"%.*s\" has no price%s", (int)(name.len < 200 ? name.len : 200), name.ptr,
            more > 1 ? ", nor have others that were named" : "");
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(&b, "%s\"%.*s\"", i ? ", " : "", DD_STR_ARG(near[i]->id));
    if (n)
        dd_hint(err, "Did you mean %s?", dd_buf_z(&b));
    else
        dd_hint(err, "\"dd0c prices list\" shows all names; --price-override takes prices of your own.");
    dd_buf_free(&b);
    return DD_ERR_NOT_FOUND;
}

typedef struct {
    const show_args *args;
    char           **names;
    int              n;
} show_what;

static dd_code show_all(const dd_prices *p, const show_what *w, dd_err *err)
{
    dd_buf  out     = DD_BUF_INIT(0);
    dd_json j       = DD_JSON_INIT(&out, 1);
    bool    json    = strcmp(w->args->format, "json") == 0;
    size_t  missing = 0;
    dd_str  first   = DD_STR("");
    if (json) {
        dd_json_open(&j, '{');
        dd_json_key(&j, "schema");
        dd_json_strz(&j, "dd0c.price/1");
        dd_prices_json_about(&j, p);
        dd_json_key(&j, "names");
        dd_json_open(&j, '[');
    }
    for (int i = 0; i < w->n; i++) {
        dd_str       name = dd_str_z(w->names[i]);
        dd_price_hit hit  = dd_prices_find(p, dd_str_z(w->args->provider), name);
        if (!hit.price && missing++ == 0)
            first = name;
        if (json)
            show_json(&j, p, name, &hit);
        else if (hit.price)
            show_text(&out, p, name, &hit);
    }
    if (json) {
        dd_json_close(&j, ']');
        dd_json_close(&j, '}');
        dd_buf_addc(&out, '\n');
    }
    dd_code rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc == DD_OK && missing ? unknown(p, first, missing, err) : rc;
}

dd_code dd_cmd_prices_show(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    show_args  args  = { .format = "text" };
    int        words = 0;
    bool       done  = false;
    dd_prices *p     = NULL;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (!words) {
        dd_fail(err, DD_ERR_USAGE, "no MODEL given");
        dd_hint(err, "For example: dd0c prices show gpt-4o-mini");
        return DD_ERR_USAGE;
    }
    rc = dd_prices_cmd_open(cmd, &(dd_prices_opts){ .override_file = args.override }, &p, err);
    if (rc == DD_OK)
        rc = show_all(p, &(show_what){ &args, argv + 1, words }, err);
    dd_prices_close(p);
    return rc;
}
