/* A trace as JSON: dd0c.trace/1. */
#include "report/trace.h"

#include "base/json.h"

static void put_id(dd_json *j, const char *key, uint64_t id)
{
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)id);
    dd_json_member_str(j, key, id ? dd_str_z(text) : DD_STR(""));   /* none: null */
}

static void put_value(dd_json *j, const dd_attr *a)
{
    char text[40];
    switch (a->kind) {
    case DD_ATTR_INT: dd_json_i64(j, a->number); break;
    case DD_ATTR_BOOL: dd_json_bool(j, a->number != 0); break;
    case DD_ATTR_DOUBLE:
        snprintf(text, sizeof text, "%.12g", a->real);
        dd_json_raw(j, dd_str_z(text));
        break;
    case DD_ATTR_TEXTS:
        dd_json_open(j, '[');
        dd_json_str(j, a->text);
        dd_json_close(j, ']');
        break;
    default: dd_json_str(j, a->text);
    }
}

static const char *const kinds[] = {
    [DD_SPAN_REQUEST] = "request", [DD_SPAN_AUTH] = "auth",       [DD_SPAN_DECISION] = "decision", [DD_SPAN_CACHE] = "cache",
    [DD_SPAN_PREPARE] = "prepare", [DD_SPAN_ATTEMPT] = "attempt", [DD_SPAN_ANSWER] = "answer",
    [DD_SPAN_ASIDE] = "aside",
};

static void put_span(dd_json *j, const dd_trace *t, const dd_span *s)
{
    dd_json_open(j, '{');
    put_id(j, "id", s->id);
    put_id(j, "parent", s->parent >= 0 ? t->spans[s->parent].id : t->parent_span);
    dd_json_member_str(j, "kind", dd_str_z(kinds[s->kind]));
    dd_json_member_str(j, "name", s->name);
    dd_json_member_known(j, "start_us", s->start_us);
    dd_json_member_known(j, "duration_us", s->duration_us);
    dd_json_member_str(j, "error", s->error);
    dd_json_key(j, "attributes");
    dd_json_open(j, '{');
    for (size_t i = 0; i < s->n_attrs; i++) {
        dd_json_key(j, s->attrs[i].name);
        put_value(j, &s->attrs[i]);
    }
    dd_json_close(j, '}');
    dd_json_close(j, '}');
}

void dd_report_trace_json(const dd_event *e, const dd_trace *t, dd_buf *out)
{
    dd_json j     = DD_JSON_INIT(out, 0);
    dd_buf  event = DD_BUF_INIT(0);
    char    trace[33], start[25];
    for (size_t i = 0; i < sizeof t->trace_id; i++)
        snprintf(trace + 2 * i, 3, "%02x", t->trace_id[i]);
    dd_event_json(e, &event);
    dd_event_time(t->start_ns / 1000000, start);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "trace_id", dd_str_z(trace));
    dd_json_member_str(&j, "start", dd_str_z(start));
    dd_json_key(&j, "sampled");
    dd_json_bool(&j, t->sampled);
    dd_json_key(&j, "spans");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < t->n_spans; i++)
        put_span(&j, t, &t->spans[i]);
    dd_json_close(&j, ']');
    dd_json_key(&j, "request");
    dd_json_raw(&j, dd_buf_str(&event));
    dd_json_close(&j, '}');
    dd_buf_free(&event);
}
