/* cmd/config_amount.c - numbers, amounts, durations, rates and switches of dd0c.yaml. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/config_parts.h"

/* Numbers and amounts go through the option parser, so that both spell them alike. */
bool dd_config_amount(dd_opt_kind kind, dd_str text, int64_t *out)
{
    dd_opt table[] = { { 0, "value", kind, 0, "value", "" }, DD_OPT_END };
    dd_buf word    = DD_BUF_INIT(300);
    dd_err why     = DD_ERR_INIT;
    int64_t amount = *out; /* a refused one may have been written */
    int    words;
    bool   help;
    dd_buf_addz(&word, "--value=");
    dd_buf_add(&word, text);
    char   *argv[] = { NULL, (char *)(uintptr_t)dd_buf_z(&word) };
    dd_code rc     = word.over || memchr(text.ptr, '\0', text.len) ? DD_ERR_PARSE : dd_opt_parse(table, 2, argv, &amount, &words, &help, &why);
    dd_buf_free(&word);
    if (rc == DD_OK)
        *out = amount;
    return rc == DD_OK;
}

/* What was written, as text; "" for lists and mappings. */
static const char *written(dd_config_reader *r, const cJSON *node)
{
    if (cJSON_IsString(node))
        return node->valuestring;
    if (!cJSON_IsNumber(node))
        return "";
    char       *number = cJSON_PrintUnformatted(node);
    const char *text   = dd_arena_dupz(&r->config->arena, number).ptr;
    free(number);
    return text;
}

typedef struct { const char *needed, *hint; } complaint;

static const complaint complaints[] = {
    [KEY_INT]      = { "not a fitting number for", NULL },
    [KEY_SIZE]     = { "not a fitting number for", NULL },
    [KEY_USD]      = { "not a fitting number for", NULL },
    [KEY_DURATION] = { "not a duration such as 30s for", NULL },
    [KEY_SWITCH]   = { "yes or no is needed for", NULL },
    [KEY_SHARE]    = { "not a share such as 10% for", "Between 0% and 100%, or 0 and 1." },
    [KEY_NUMBER]   = { "not a fitting number for", "Not negative, and at most a million." },
    [KEY_SPAN]     = { "not a span of durations such as 250ms..5s for", NULL },
    [KEY_RATE]     = { "not a rate such as 100/min for", "A number, alone or per s, min, hour, day or a duration: 100/min, 5/s, 2000/10m." },
    [KEY_LIMIT]    = { "not an amount such as $100/month for", "Periods: hour, day, week, month, total." },
    [KEY_EXCEED]   = { "no such choice for", "One of: block, local, warn, downgrade:ROUTE." },
};

static bool read_switch(const char *text, const cJSON *node, int *out)
{
    static const char *const off[] = { "off", "no", "false" }, *const on[] = { "on", "yes", "true" };
    if (cJSON_IsBool(node)) {
        *out = cJSON_IsTrue(node);
        return true;
    }
    for (size_t i = 0; i < DD_COUNT(on); i++)
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *out = strcmp(text, on[i]) == 0;
            return true;
        }
    return false;
}

static bool number(dd_str text, double max, double *out)
{
    char   z[64], *end;
    double d;
    if (!text.len || text.len >= sizeof z || !strchr("0123456789.", text.ptr[0]))
        return false;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    d           = strtod(z, &end);
    if (*end || strspn(z, "0123456789.eE+-") != text.len || !isfinite(d) || d < 0 || d > max)
        return false;
    *out = d;
    return true;
}

static bool share(const dd_config_key *k, dd_str text, const cJSON *node, double *out)
{
    double d;
    if (k->choices && (dd_str_eqz(text, k->choices) || cJSON_IsFalse(node))) {
        *out = strcmp(k->name, "error_rate") == 0 ? 2 : 0;   /* no share of failures is more than all */
        return true;
    }
    bool percent = dd_str_endsz(text, "%");
    if (percent)
        text = dd_str_trim(dd_str_sub(text, 0, text.len - 1));
    if (!number(text, percent ? 100 : 1, &d))
        return false;
    *out = percent ? d / 100 : d;
    return true;
}

/* A size, or where it may be: off. */
static bool size(const dd_config_key *k, dd_str text, const cJSON *node, int64_t *out)
{
    int on;
    if (k->choices && read_switch(text.ptr, node, &on)) {
        *out = on ? -1 : -2;
        return true;
    }
    return dd_config_amount(DD_OPT_SIZE, text, out);
}

static bool span(dd_str text, dd_config_span *out)
{
    ptrdiff_t      dots = dd_str_findz(text, "..");
    dd_config_span s    = *out;
    dd_str         from = dots < 0 ? text : dd_str_sub(text, 0, (size_t)dots);
    if (!dd_config_amount(DD_OPT_DURATION, dd_str_trim(from), &s.from_ms))
        return false;
    if (dots >= 0 && (!dd_config_amount(DD_OPT_DURATION, dd_str_trim(dd_str_sub(text, (size_t)dots + 2, text.len)), &s.to_ms) || s.to_ms < s.from_ms))
        return false;
    *out = s;
    return true;
}

/* "min", "second", "10s" */
static bool window(dd_str text, int64_t *ms)
{
    static const struct { const char *word; int64_t ms; } units[] = {
        { "s", 1000 },       { "sec", 1000 },    { "second", 1000 },  { "m", 60000 },    { "min", 60000 }, { "minute", 60000 },
        { "h", 3600000 },    { "hour", 3600000 }, { "d", 86400000 }, { "day", 86400000 },
    };
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (dd_str_eqz(text, units[i].word)) {
            *ms = units[i].ms;
            return true;
        }
    return dd_config_amount(DD_OPT_DURATION, text, ms) && *ms > 0;
}

static bool rate(dd_str text, dd_config_rate *out)
{
    dd_config_rate r    = { -1, 60000 };
    ptrdiff_t      bar  = dd_str_chr(text, '/'), per = dd_str_findz(text, " per ");
    dd_str         many = dd_str_trim(bar >= 0 ? dd_str_sub(text, 0, (size_t)bar) : per >= 0 ? dd_str_sub(text, 0, (size_t)per) : text);
    int64_t        unit = dd_str_endsz(many, "k") ? 1000 : dd_str_endsz(many, "M") ? 1000000 : 1;
    if (unit > 1)
        many.len--;
    if (!dd_parse_i64(many, &r.n) || r.n < 0 || r.n > INT64_C(1000000000000) / unit)
        return false;
    r.n *= unit;
    size_t from = bar >= 0 ? (size_t)bar + 1 : (size_t)per + 5;
    if ((bar >= 0 || per >= 0) && !window(dd_str_trim(dd_str_sub(text, from, text.len)), &r.window_ms))
        return false;
    *out = r;
    return true;
}

/* "$100/month", or an amount alone, whose period stands beside it. */
static bool budget_limit(dd_str text, dd_config_budget *b)
{
    dd_pusd   limit  = -1;
    dd_period period = DD_PERIOD_MONTH;
    if (dd_str_chr(text, '/') < 0 && dd_str_findz(text, " per ") < 0)
        return dd_config_amount(DD_OPT_USD, text, &b->limit);
    if (dd_budget_parse_limit(text, &limit, &period, NULL) != DD_OK || limit < 0)
        return false;
    b->limit        = limit;
    b->limit_period = period;
    return true;
}

static bool exceed(dd_config_reader *r, dd_str text, dd_config_budget *b)
{
    static const struct { const char *word; dd_on_exceed is; } words[] = {
        { "block", DD_EXCEED_BLOCK }, { "local", DD_EXCEED_LOCAL }, { "warn", DD_EXCEED_WARN },
    };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eqz(text, words[i].word)) {
            b->on_exceed = words[i].is;
            return true;
        }
    dd_str route = dd_str_trim(dd_str_sub(text, sizeof "downgrade:" - 1, text.len));
    if (!dd_str_startsz(text, "downgrade:") || !route.len)
        return false;
    b->on_exceed = DD_EXCEED_DOWNGRADE;
    b->downgrade = dd_arena_dup(&r->config->arena, route).ptr;
    return true;
}

static bool set_amount(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *base)
{
    void       *member = (char *)base + k->offset;
    const char *z      = written(r, node);
    dd_str      text   = dd_str_trim(dd_str_z(z));
    switch (k->kind) {
    case KEY_INT: return dd_config_amount(DD_OPT_INT, text, member);
    case KEY_SIZE: return size(k, text, node, member);
    case KEY_USD: return dd_config_amount(DD_OPT_USD, text, member);
    case KEY_DURATION: return dd_config_amount(DD_OPT_DURATION, text, member);
    case KEY_SWITCH: return read_switch(z, node, member);
    case KEY_SHARE: return share(k, text, node, member);
    case KEY_NUMBER: return number(text, 1e6, member);
    case KEY_SPAN: return span(text, member);
    case KEY_RATE: return rate(text, member);
    case KEY_LIMIT: return budget_limit(text, base);
    case KEY_EXCEED: return exceed(r, text, base);
    default: return false;
    }
}

dd_code dd_config_set_amount(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *base)
{
    if (set_amount(r, k, node, base))
        return DD_OK;
    dd_config_fail(r, node, complaints[k->kind].needed, k->name);
    if (complaints[k->kind].hint)
        dd_hint(r->err, "%s", complaints[k->kind].hint);
    return DD_ERR_PARSE;
}
