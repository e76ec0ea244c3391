#include "base/near.h"
#include "cmd/tail.h"

#include <time.h>

#include "base/opt.h"
#include "base/time.h"
#include "store/field.h"

/* ---- how a member is read ---- */

static dd_str read_text(const void *field, const dd_event *e)
{
    const dd_field *f = field;
    if (f->kind == DD_F_ERROR)
        return e->error == DD_EC_NONE ? DD_STR("") : dd_str_z(dd_error_class_name(e->error));
    if (f->kind == DD_F_SOURCE)
        return dd_str_z(dd_usage_source_name(e->usage_source));
    return dd_field_read(f, e);
}

static int64_t read_number(const void *field, const dd_event *e, bool *null) { return dd_field_get(field, e, null); }

static dd_tail_kind kind_of(const dd_field *f)
{
    static const struct { const char *name; dd_tail_kind kind; } named[] = {
        { "id", DD_TAIL_ID }, { "time_ms", DD_TAIL_TIME }, { "status", DD_TAIL_STATUS }, { "cost_saved", DD_TAIL_SAVED },
    };
    static const dd_tail_kind kinds[] = {
        [DD_F_TEXT] = DD_TAIL_TEXT, [DD_F_INT] = DD_TAIL_NUMBER, [DD_F_I64] = DD_TAIL_NUMBER, [DD_F_MONEY] = DD_TAIL_COST, [DD_F_DAY] = DD_TAIL_DAY,
        [DD_F_BOOL] = DD_TAIL_BOOL, [DD_F_SHARE] = DD_TAIL_SHARE, [DD_F_ERROR] = DD_TAIL_TEXT, [DD_F_SOURCE] = DD_TAIL_TEXT,
    };
    for (size_t i = 0; i < DD_COUNT(named); i++)
        if (dd_str_eqz(dd_str_z(f->name), named[i].name))
            return named[i].kind;
    return dd_str_endsz(dd_str_z(f->name), "_us") ? DD_TAIL_DURATION : kinds[f->kind];
}

/* ---- words ---- */

typedef DD_VEC(dd_tail_column) list;

/* A spreadsheet wants one thing a column. */
static const struct { const char *word, *members; } apart[] = {
    { "models", "provider,requested_model,used_model" }, { "took", "total_us" }, { "labels", "id,error,feature,team,user,key_id" },
    { "tokens", "input_tokens,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens,output_tokens" },
};
static const char csv_usual[] =
    "id,time,status,error,provider,requested_model,used_model,endpoint,org,team,feature,user,key_id,env,route,strategy,task,complexity,stream,cache,"
    "fallback,retries,input_tokens,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens,output_tokens,cost_original,cost_actual,cost_saved,"
    "cost_premium,prices_day,first_us,total_us,overhead_us";

static dd_code unknown_column(dd_str word, dd_err *err)
{
    dd_near near = { .asked = word };
    for (size_t i = 0; i < dd_n_fields; i++)
        dd_near_look(&near, dd_str_z(dd_fields[i].name));
    dd_fail(err, DD_ERR_USAGE, "events have no column \"" DD_STR_FMT "\"", DD_STR_ARG(word));
    if (!dd_near_hint(&near, err))
        dd_hint(err, "\"dd0c tail --columns help\" lists them.");
    return DD_ERR_USAGE;
}

static void add_field(const dd_field *f, dd_str word, dd_arena *a, list *into)
{
    dd_avec_push(a, into, ((dd_tail_column){ dd_arena_dup(a, word).ptr, kind_of(f), f }));
}

static dd_code add_words(dd_str words, bool csv, dd_arena *a, list *into, dd_err *err);

static dd_code add_word(dd_str word, bool csv, dd_arena *a, list *into, dd_err *err)
{
    const dd_tail_column *own = dd_tail_find(word);
    const dd_field       *f   = dd_field_find(word);
    for (size_t i = 0; csv && own && i < DD_COUNT(apart); i++)
        if (dd_str_eqz(word, apart[i].word))
            return add_words(dd_str_z(apart[i].members), false, a, into, err);
    if (own)
        dd_avec_push(a, into, *own);
    else if (f)
        add_field(f, csv ? dd_str_z(f->name) : word, a, into);
    else if (dd_str_eqz(word, "all"))
        for (size_t i = 0; i < dd_n_fields; i++)
            add_field(&dd_fields[i], dd_str_z(dd_fields[i].name), a, into);
    else
        return unknown_column(word, err);
    return DD_OK;
}

static dd_code add_words(dd_str words, bool csv, dd_arena *a, list *into, dd_err *err)
{
    dd_code rc = DD_OK;
    while (words.len && rc == DD_OK) {
        dd_str word = dd_str_trim(dd_str_cut(&words, ','));
        if (word.len)
            rc = add_word(word, csv, a, into, err);
    }
    return rc;
}

dd_code dd_tail_columns(const char *words, bool csv, dd_arena *a, dd_tail_look *look, dd_err *err)
{
    list    v  = { 0 };
    dd_code rc = DD_OK;
    look->text   = read_text;
    look->number = read_number;
    if (!words && !csv) {
        look->columns = dd_tail_usual(look->width, &look->n);
        return DD_OK;
    }
    rc = add_words(dd_str_z(words ? words : csv_usual), csv, a, &v, err);
    if (rc == DD_OK && v.n == 0)
        rc = dd_fail(err, DD_ERR_USAGE, "option \"--columns\" names no column");
    look->columns = v.v;
    look->n       = v.n;
    return rc;
}

void dd_tail_columns_help(dd_buf *out)
{
    dd_buf names = DD_BUF_INIT(0);
    dd_buf_addz(out, "For people: time, models, tokens, took, labels; all: every one of these:\n");
    for (size_t i = 0; i < dd_n_fields; i++) {
        dd_buf_printf(&names, "%s%s", i ? ", " : "", dd_fields[i].name);
        if (dd_fields[i].alias)
            dd_buf_printf(&names, " (%s)", dd_fields[i].alias);
    }
    dd_opt_wrap(dd_buf_str(&names), 0, 80, out);
    dd_buf_free(&names);
}

/* ---- since when ---- */

static bool ago(dd_str text, int64_t *ms)
{
    static const struct { char letter; int64_t ms; } units[] = {
        { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 }, { 'w', 7 * 86400000LL }
    };
    int64_t n;
    if (text.len < 2 || text.len > 7 || !dd_parse_i64(dd_str_sub(text, 0, text.len - 1), &n) || n < 0)
        return false;
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (units[i].letter == text.ptr[text.len - 1]) {
            *ms = n * units[i].ms;
            return true;
        }
    return false;
}

bool dd_tail_since(dd_str text, int64_t now_ms, int64_t *out)
{
    static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S" };
    char    z[32];
    int64_t back;
    dd_day  day;
    if (ago(text, &back)) {
        *out = now_ms - back;
        return true;
    }
    if (dd_str_endsz(text, "Z"))
        text.len--;
    if (text.len >= sizeof z || dd_str_chr(text, '\0') >= 0 || !dd_day_parse(text, &day)) /* strptime alone takes "2-6-11" */
        return false;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    for (size_t i = 0; i < DD_COUNT(forms); i++) {
        struct tm   tm  = { 0 };
        const char *end = strptime(z, forms[i], &tm);
        if (end && !*end) {
            *out = (int64_t)timegm(&tm) * 1000;
            return true;
        }
    }
    return false;
}
