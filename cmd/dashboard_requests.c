/* cmd/dashboard_requests.c - GET /api/requests, a page of them by filters, and GET /api/requests/ID, all of one. */
#include <string.h>

#include "cmd/dashboard.h"
#include "cmd/dashboard_trace.h"

enum { PARAMS = 40, LIMIT = 50 };

typedef struct {
    dd_question  *q;
    dd_filter     filter;
    dd_window_words words;
    dd_pages_ask  ask;
    dd_json       j;
    size_t        n;
} listing;

/* --- what is asked --- */

static int read_limit(listing *l, dd_str text)
{
    if (dd_parse_i64(text, &l->ask.limit) && l->ask.limit >= 1 && l->ask.limit <= DD_PAGES_MOST)
        return 0;
    return dd_answer_error(l->q, 400, "limit", "invalid_value", "limit is 1 to %d, not \"" DD_STR_FMT "\"", DD_PAGES_MOST, DD_STR_ARG(text));
}

static int read_before(listing *l, dd_str text)
{
    if (dd_event_unspell(text, &l->ask.before) && l->ask.before > 0)
        return 0;
    return dd_answer_error(l->q, 400, "before", "invalid_value", "\"" DD_STR_FMT "\" is no request's id: \"next\" of a page is one",
                           DD_STR_ARG(text));
}

static int add_filter(listing *l, const char *param, dd_str text)
{
    dd_err err = DD_ERR_INIT;
    if (dd_filter_add(&l->filter, text, &err) == DD_OK)
        return 0;
    return dd_answer_error(l->q, 400, param, "invalid_filter", "%s%s%s", err.msg, err.hint[0] ? ". " : "", err.hint);
}

/* "status=5xx" as it stands; "cost>=0.01" was cut at its "=", "cost>0.01" has none. */
static int read_filter(listing *l, const dd_param *p)
{
    static const char ends[] = "<>!=";
    size_t      n = 0;
    while (n < p->name.len && strchr(ends, p->name.ptr[n]) == NULL)
        n++;
    bool        whole = n < p->name.len && !p->value.len && n + 1 < p->name.len;
    const char *name  = dd_arena_dup(l->q->arena, dd_str_sub(p->name, 0, n)).ptr;
    dd_str      text  = whole ? p->name : dd_arena_printf(l->q->arena, DD_STR_FMT "=" DD_STR_FMT, DD_STR_ARG(p->name), DD_STR_ARG(p->value));
    return add_filter(l, name, text);
}

static int read_param(listing *l, const dd_param *p)
{
    int status = 0;
    if (dd_window_take(l->q, p, &l->words, &status))
        return status;
    if (dd_str_eqz(p->name, "limit"))
        return read_limit(l, p->value);
    if (dd_str_eqz(p->name, "before"))
        return read_before(l, p->value);
    return dd_str_eqz(p->name, "filter") ? add_filter(l, "filter", p->value) : read_filter(l, p);
}

/* A time of the parameters is one more filter, to the second. */
static int read_span(listing *l)
{
    dd_window s = {0};
    int     status = dd_window_choose(l->q, &l->words, &s);
    if (status || !s.asked)
        return status;
    if (s.exact_from_s > 0)
        status = add_filter(l, "from", dd_arena_printf(l->q->arena, "time_ms>=%lld", (long long)s.exact_from_s * 1000));
    if (!status && s.exact_to_s >= 0)
        status = add_filter(l, "to", dd_arena_printf(l->q->arena, "time_ms<%lld", (long long)s.exact_to_s * 1000));
    return status;
}

static int read_question(listing *l)
{
    dd_param p[PARAMS];
    size_t   n;
    int      status = 0;
    if (!dd_params_read(l->q->ask->query, l->q->arena, p, PARAMS, &n))
        return dd_answer_error(l->q, 400, NULL, "invalid_query", "what stands behind the question mark cannot be read");
    for (size_t i = 0; i < n && !status; i++)
        status = read_param(l, &p[i]);
    return status ? status : read_span(l);
}

/* --- GET /api/requests --- */

static void put_event(void *ctx, const dd_event *e)
{
    listing *l = ctx;
    dd_buf   b = DD_BUF_INIT(0);
    dd_event_json(e, &b);
    dd_json_raw(&l->j, dd_buf_str(&b));
    dd_buf_free(&b);
    l->n++;
}

static int put_page(listing *l)
{
    dd_err  err = DD_ERR_INIT;
    dd_page page;
    char    next[20] = "";
    l->j          = (dd_json)DD_JSON_INIT(l->q->out, 0);
    l->ask.org    = dd_question_org(l->q);
    l->ask.filter = &l->filter;
    dd_json_open(&l->j, '{');
    dd_json_member_str(&l->j, "object", DD_STR("list"));
    dd_json_member_str(&l->j, "org", l->ask.org);
    dd_json_key(&l->j, "data");
    dd_json_open(&l->j, '[');
    int status = dd_dashboard_failed(l->q, dd_pages_read(l->q->dashboard->pages, &l->ask, put_event, l, &page, &err), &err);
    if (status)
        return status;
    if (page.next)
        dd_event_spell(page.next, next);
    dd_json_close(&l->j, ']');
    dd_json_member_i64(&l->j, "count", (int64_t)l->n);
    dd_json_member_str(&l->j, "next", dd_str_z(next));
    dd_json_key(&l->j, "has_more");
    dd_json_bool(&l->j, page.next != 0);
    dd_json_key(&l->j, "partial");
    dd_json_bool(&l->j, page.partial);
    dd_json_close(&l->j, '}');
    return 200;
}

int dd_answer_requests(dd_question *q)
{
    listing l      = { .q = q, .ask = { .limit = LIMIT } };
    int     status = read_question(&l);
    if (!status)
        status = put_page(&l);
    dd_filter_fini(&l.filter);
    return status;
}

/* --- GET /api/requests/ID --- */

static void put_request(void *ctx, const dd_event *e)
{
    dd_question *q = ctx;
    dd_json      j = DD_JSON_INIT(q->out, 0);
    dd_buf       b = DD_BUF_INIT(0);
    dd_dashboard_trace_json(e, q->arena, &b);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.trace/1"));
    dd_json_key(&j, "requests");
    dd_json_open(&j, '[');
    dd_json_raw(&j, dd_buf_str(&b));
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_free(&b);
}

int dd_answer_request(dd_question *q)
{
    dd_str  name = dd_str_sub(q->ask->path, (size_t)dd_str_rchr(q->ask->path, '/') + 1, q->ask->path.len);
    dd_err  err  = DD_ERR_INIT;
    int64_t id;
    if (q->ask->query.len)
        return dd_answer_error(q, 400, NULL, "invalid_query", "one request is asked for by its id alone");
    if (!dd_event_unspell(name, &id))
        return dd_answer_error(q, 404, NULL, "not_found", "\"" DD_STR_FMT "\" is no request's id: x-dd0c-request-id of an answer is one",
                               DD_STR_ARG(name));
    dd_code rc = dd_pages_one(q->dashboard->pages, dd_question_org(q), id, put_request, q, &err);
    if (rc == DD_ERR_NOT_FOUND)
        return dd_answer_error(q, 404, NULL, "not_found", "there is no request \"" DD_STR_FMT "\"; the newest are written within a second",
                               DD_STR_ARG(name));
    int status = dd_dashboard_failed(q, rc, &err);
    return status ? status : 200;
}
