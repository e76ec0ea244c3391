#include "report/views.h"

#include "report/digest.h"
#include "report/fields.h"
#include "route/money_json.h"

/* An int of any width of ours, as int64. */
static int64_t number_at(const dd_field *f, const char *p)
{
    switch (f->kind) {
    case DD_F_U32:  return *(const uint32_t *)(const void *)p;
    case DD_F_I32:  return *(const int32_t *)(const void *)p;
    case DD_F_INT: case DD_F_ENUM: return *(const int *)(const void *)p;
    case DD_F_SIZE: return (int64_t)*(const size_t *)(const void *)p;
    case DD_F_BOOL: return *(const bool *)(const void *)p;
    case DD_F_DAY:  return *(const dd_day *)(const void *)p;
    case DD_F_WALL: return ((const dd_wall *)(const void *)p)->s;
    default:        return *(const int64_t *)(const void *)p;
    }
}

static bool is_plain(const dd_field *f, const char *base)
{
    const char *p = base + f->at;
    switch (f->kind) {
    case DD_F_STR:   return ((const dd_str *)(const void *)p)->len == 0;
    case DD_F_TEXT:  return ((const dd_str *)(const void *)p)->ptr == NULL;
    case DD_F_STRZ:  return !*(const char *const *)(const void *)p || !**(const char *const *)(const void *)p;
    case DD_F_SCORE: return false;
    case DD_F_STRS: case DD_F_LIST: return *(const size_t *)(const void *)(base + f->at_n) == 0;
    case DD_F_OPT:   return *(void *const *)(const void *)p == NULL;
    case DD_F_DAY:   return number_at(f, p) == DD_DAY_NONE;
    case DD_F_GROUP: return false;
    default:         return number_at(f, p) == f->plain;
    }
}

static void write_fields(dd_json *j, const dd_field *table, const void *from, bool show_source);

static void write_rate(dd_json *j, int64_t micros)
{
    dd_pusd m;
    if (micros == DD_PRICE_NONE || dd_money_mul(micros, 1000000, &m) != DD_OK)
        dd_json_null(j);
    else
        dd_money_value(j, m);
}

static void write_wall(dd_json *j, int64_t s)
{
    char   text[40];
    time_t t = (time_t)s;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        text[0] = 0;
    dd_json_strz(j, text);
}

static void write_text(dd_json *j, const dd_field *f, const char *p)
{
    char text[32];
    switch (f->kind) {
    case DD_F_STR:  dd_json_str(j, *(const dd_str *)(const void *)p); break;
    case DD_F_TEXT:
        if (((const dd_str *)(const void *)p)->ptr)
            dd_json_str(j, *(const dd_str *)(const void *)p);
        else
            dd_json_null(j);
        break;
    case DD_F_STRZ: dd_json_str(j, dd_str_z(*(const char *const *)(const void *)p)); break;
    case DD_F_ENUM: dd_json_strz(j, f->enum_name((int)number_at(f, p))); break;
    case DD_F_DAY:
        dd_day_format((dd_day)number_at(f, p), text);
        dd_json_strz(j, text);
        break;
    case DD_F_SCORE:
        snprintf(text, sizeof text, "%.3f", *(const double *)(const void *)p);
        dd_json_raw(j, dd_str_z(text));
        break;
    default: break;
    }
}

static void write_list(dd_json *j, const dd_field *f, const char *base, bool show_source)
{
    size_t      n = *(const size_t *)(const void *)(base + f->at_n);
    const char *v = *(const char *const *)(const void *)(base + f->at);
    dd_json_open(j, '[');
    for (size_t i = 0; i < n; i++) {
        if (f->kind == DD_F_STRS) {
            dd_json_str(j, ((const dd_str *)(const void *)v)[i]);
            continue;
        }
        dd_json_open(j, '{');
        write_fields(j, f->sub, v + i * f->size, show_source);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void write_value(dd_json *j, const dd_field *f, const char *base, bool show_source)
{
    const char *p = base + f->at;
    const void *one = p;
    switch (f->kind) {
    case DD_F_BOOL:  dd_json_bool(j, number_at(f, p) != 0); break;
    case DD_F_MONEY: dd_money_value(j, number_at(f, p)); break;
    case DD_F_RATE:  write_rate(j, number_at(f, p)); break;
    case DD_F_WALL:  write_wall(j, number_at(f, p)); break;
    case DD_F_U32: case DD_F_I32: case DD_F_INT: case DD_F_I64: case DD_F_SIZE:
        if (f->flags & DD_FF_NULL && number_at(f, p) < 0)
            dd_json_null(j);
        else
            dd_json_i64(j, number_at(f, p));
        break;
    case DD_F_STRS: case DD_F_LIST: write_list(j, f, base, show_source); break;
    case DD_F_OPT:
        one = *(const void *const *)one;
        if (!one) {
            dd_json_null(j);
            break;
        } /* fall through: an object like any other */
        __attribute__((fallthrough));
    case DD_F_GROUP:
        dd_json_open(j, '{');
        write_fields(j, f->sub, one, show_source);
        dd_json_close(j, '}');
        break;
    default: write_text(j, f, p);
    }
}

/* A group of which everything has its default says nothing. */
static bool group_empty(const dd_field *f, const char *base)
{
    for (const dd_field *m = f->sub; m->name; m++)
        if (m->flags & DD_FF_ALWAYS || !is_plain(m, base + f->at))
            return false;
    return true;
}

static void write_fields(dd_json *j, const dd_field *f, const void *from, bool show_source)
{
    for (; f->name; f++) {
        if (f->flags & DD_FF_SOURCE && !show_source)
            continue;
        if (!(f->flags & DD_FF_ALWAYS) && is_plain(f, from))
            continue;
        if (f->kind == DD_F_GROUP && group_empty(f, from))
            continue;
        dd_json_key(j, f->name);
        write_value(j, f, from, show_source);
    }
}

static void write_site(const dd_site *s, const dd_report_opts *o, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    write_fields(&j, dd_fields_site, s, o->show_source);
    dd_json_close(&j, '}');
}

dd_code dd_report_jsonl(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    (void)err;
    for (size_t i = 0; i < a->n_sites; i++) {
        write_site(a->sites[i], o, out);
        dd_buf_addc(out, '\n');
    }
    return DD_OK;
}

/* What a reader of the file alone wants beside an opportunity's id. Read back by id. */
static void write_opportunity(dd_json *j, dd_arena *tmp, const dd_site *s)
{
    dd_json_open(j, '{');
    dd_json_key(j, "id"), dd_json_str(j, s->id);
    dd_json_key(j, "where"), dd_json_str(j, dd_fmt_where(tmp, s, 0));
    dd_json_key(j, "model");
    if (s->model.ptr)
        dd_json_str(j, s->model);
    else
        dd_json_null(j);
    dd_json_key(j, "monthly_cost_usd"), dd_money_value(j, s->monthly.expected);
    dd_json_key(j, "suggested"), dd_json_str(j, s->suggestion ? s->suggestion->model : DD_STR(""));
    dd_json_key(j, "monthly_savings_usd"), dd_money_value(j, s->suggestion ? s->suggestion->monthly : DD_PUSD_UNKNOWN);
    dd_json_close(j, '}');
}

static void write_notes(dd_json *j, dd_arena *tmp, const dd_audit *a)
{
    dd_digest d;
    dd_digest_make(&d, a);
    const dd_notice_list *lists[] = { &d.retired, &d.defaults, &d.more };
    dd_json_key(j, "notes");
    dd_json_open(j, '[');
    for (size_t l = 0; l < DD_COUNT(lists); l++)
        for (size_t i = 0; i < lists[l]->n; i++) {
            const dd_notice *n = &lists[l]->v[i];
            dd_json_open(j, '{');
            dd_json_key(j, "rule"), dd_json_strz(j, dd_advice_rule(n->kind));
            dd_json_key(j, "kind"), dd_json_strz(j, dd_advice_name(n->kind));
            dd_json_key(j, "model"), dd_json_str(j, n->model);
            dd_json_key(j, "replacement"), dd_json_str(j, n->replacement);
            dd_json_key(j, "date");
            if (n->day == DD_DAY_NONE)
                dd_json_null(j);
            else
                dd_json_str(j, dd_fmt_day(tmp, n->day));
            dd_json_key(j, "text"), dd_json_str(j, n->text);
            dd_json_key(j, "sites");
            dd_json_open(j, '[');
            for (size_t k = 0; k < n->sites.n; k++)
                dd_json_str(j, n->sites.v[k]->id);
            dd_json_close(j, ']');
            dd_json_close(j, '}');
        }
    dd_json_close(j, ']');
    dd_digest_free(&d);
}

static void write_sites(dd_json *j, const dd_audit *a, const dd_report_opts *o)
{
    dd_buf line = DD_BUF_INIT(0);
    dd_json_key(j, "sites");
    dd_json_open(j, '[');
    for (size_t i = 0; i < a->n_sites; i++) { /* one line each, the same bytes as in JSON lines */
        dd_buf_clear(&line);
        write_site(a->sites[i], o, &line);
        dd_json_raw(j, dd_buf_str(&line));
    }
    dd_json_close(j, ']');
    dd_buf_free(&line);
}

dd_code dd_report_json(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    (void)err;
    dd_arena tmp = DD_ARENA_INIT;
    dd_json  j   = DD_JSON_INIT(out, 2);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema"), dd_json_strz(&j, "dd0c.scan/1");
    dd_json_key(&j, "generator"), dd_json_str(&j, dd_arena_printf(&tmp, "dd0c " DD_STR_FMT, DD_STR_ARG(o->version)));
    write_fields(&j, dd_fields_audit, a, o->show_source);
    dd_json_key(&j, "opportunities");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < a->n_opportunities; i++)
        write_opportunity(&j, &tmp, a->opportunities[i]);
    dd_json_close(&j, ']');
    write_notes(&j, &tmp, a);
    write_sites(&j, a, o);
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
    dd_arena_fini(&tmp);
    return DD_OK;
}
