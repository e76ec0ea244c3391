/* cmd/audit.c - dd0c audit: who changed what, for reading and for taking away. */
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "cmd/keys.h"

typedef struct {
    const char *format;
    int64_t     days;
} audit_args;

const dd_opt dd_audit_opts[] = {
    DD_OPT(DD_OPT_INT, 'd', "days", audit_args, days, "n", "look so many days back (90, as long as rows are kept)"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", audit_args, format, "text|json|jsonl|csv", "print text (default), JSON, a JSON object a line, or CSV"),
    DD_OPT_END
};

typedef struct {
    dd_buf     *out;
    dd_json     json;   /* of the list that holds all rows */
    const char *format;
    size_t      n;
} view;

static void put_json(dd_json *j, const dd_audit_row *r)
{
    dd_json_open(j, '{');
    dd_json_key(j, "id");
    dd_json_i64(j, r->id);
    dd_put_time_json(j, "time", r->time_ms / 1000);
    const struct { const char *name; dd_str text; } texts[] = {
        { "org", r->org }, { "who", r->who }, { "action", r->action }, { "object", r->object },
    };
    for (size_t i = 0; i < DD_COUNT(texts); i++) {
        dd_json_key(j, texts[i].name);
        dd_json_str(j, texts[i].text);
    }
    const struct { const char *name; dd_str json; } values[] = { { "before", r->old_value }, { "after", r->new_value } };
    for (size_t i = 0; i < DD_COUNT(values); i++) {
        dd_json_key(j, values[i].name);
        dd_json_raw(j, values[i].json.len ? values[i].json : DD_STR("null"));
    }
    dd_json_close(j, '}');
}

/* Quoted; what a spreadsheet would run gets an apostrophe in front. */
static void cell(dd_buf *out, dd_str s)
{
    dd_buf_addc(out, '"');
    if (s.len && strchr("=+-@\t\r", s.ptr[0]))
        dd_buf_addc(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            dd_buf_addc(out, '"');
        dd_buf_addc(out, s.ptr[i]);
    }
    dd_buf_addc(out, '"');
}

static void csv_row(dd_buf *out, const dd_audit_row *r)
{
    const dd_str texts[] = { r->org, r->who, r->action, r->object, r->old_value, r->new_value };
    time_t       s       = (time_t)(r->time_ms / 1000);
    struct tm    utc;
    char         time[32] = "";
    if (gmtime_r(&s, &utc))
        strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &utc);
    dd_buf_printf(out, "%lld,%s", (long long)r->id, time);
    for (size_t i = 0; i < DD_COUNT(texts); i++) {
        dd_buf_addc(out, ',');
        cell(out, texts[i]);
    }
    dd_buf_addc(out, '\n');
}

/* The name that a key had, for people: its id says nothing to them. */
static void put_name(dd_buf *out, dd_str object, dd_str value)
{
    cJSON       *json = cJSON_ParseWithLength(value.ptr, value.len);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name");
    if (cJSON_IsString(name) && !dd_str_eqz(object, name->valuestring)) {
        dd_buf_addz(out, "  ");
        dd_buf_add_line(out, dd_str_z(name->valuestring));
    }
    cJSON_Delete(json);
}

static void text_row(dd_buf *out, const dd_audit_row *r)
{
    dd_put_time(out, r->time_ms / 1000);
    dd_buf_addz(out, "  ");
    size_t start = out->len;
    dd_buf_add_line(out, r->who);
    size_t used = dd_utf8_width(dd_str_sub(dd_buf_str(out), start, out->len));
    dd_buf_pad(out, ' ', (used < 16 ? 16 - used : 0) + 2);
    dd_buf_printf(out, "%-14.*s  ", DD_STR_ARG(r->action));
    dd_buf_add_line(out, r->object);
    put_name(out, r->object, r->new_value.len ? r->new_value : r->old_value);
    dd_buf_addc(out, '\n');
}

static void row(void *ctx, const dd_audit_row *r)
{
    view *v = ctx;
    v->n++;
    if (strcmp(v->format, "json") == 0) {
        put_json(&v->json, r);
    } else if (strcmp(v->format, "jsonl") == 0) {
        dd_json j = DD_JSON_INIT(v->out, 0);
        put_json(&j, r);
        dd_buf_addc(v->out, '\n');
    } else if (strcmp(v->format, "csv") == 0) {
        csv_row(v->out, r);
    } else {
        text_row(v->out, r);
    }
}

static void head(view *v)
{
    if (strcmp(v->format, "json") == 0) {
        dd_json_open(&v->json, '{');
        dd_json_key(&v->json, "schema");
        dd_json_strz(&v->json, "dd0c.audit/1");
        dd_json_key(&v->json, "rows");
        dd_json_open(&v->json, '[');
    } else if (strcmp(v->format, "csv") == 0) {
        dd_buf_addz(v->out, "id,time,org,who,action,object,before,after\n");
    } else if (strcmp(v->format, "text") == 0) {
        dd_buf_printf(v->out, "%-16s  %-16s  %-14s  %s\n", "TIME", "WHO", "ACTION", "OBJECT");
    }
}

static void foot(view *v)
{
    if (strcmp(v->format, "json") == 0) {
        dd_json_close(&v->json, ']');
        dd_json_close(&v->json, '}');
        dd_buf_addc(v->out, '\n');
    } else if (strcmp(v->format, "text") == 0) {
        dd_buf_printf(v->out, "%zu change%s. Times are UTC.\n", v->n, v->n == 1 ? "" : "s");
    }
}

static dd_code want(const dd_db_run *r, const void *args, dd_err *err)
{
    dd_code rc = dd_words_none(r, args, err);
    return rc == DD_OK ? dd_days_ok(((const audit_args *)args)->days, err) : rc;
}

static dd_code list(dd_db_run *r, void *ctx, dd_err *err)
{
    const audit_args *args = ctx;
    view    v  = { .out = &r->out, .json = DD_JSON_INIT(&r->out, 1), .format = args->format };
    dd_code rc = DD_OK;
    head(&v);
    if (r->db)
        rc = dd_audit_each(r->db, r->by.org, (r->by.now.s - args->days * 86400) * 1000, row, &v, err);
    foot(&v);
    return rc;
}

dd_code dd_cmd_audit(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, want, list };
    audit_args args = { .format = "text", .days = DD_AUDIT_DAYS };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}
