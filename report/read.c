/* Reads "dd0c.scan/1" back: the field tables of fields.c, the other way round. Members that this version does not know
 * are left aside, so that an older program reads a newer file of the same schema. */
#include "report/report.h"

#include "base/map.h"
#include "report/fields.h"
#include "report/jsontree.h"

typedef struct {
    dd_arena *arena;
    dd_err   *err;
} reading;

static dd_code wrong(const reading *r, const dd_jt *v, const char *name, const char *what)
{
    return dd_fail(r->err, DD_ERR_PARSE, "line %u: \"%s\" is not %s", (unsigned)v->line, name, what);
}

static dd_code read_fields(const reading *r, const dd_field *table, const dd_jt *from, void *into);

static dd_code set_number(const dd_field *f, char *p, int64_t n)
{
    switch (f->kind) {
    case DD_F_U32:
        if (n < 0 || n > UINT32_MAX)
            return DD_ERR_RANGE;
        *(uint32_t *)(void *)p = (uint32_t)n;
        break;
    case DD_F_I32: case DD_F_INT:
        if (n < INT32_MIN || n > INT32_MAX)
            return DD_ERR_RANGE;
        *(int *)(void *)p = (int)n;
        break;
    case DD_F_SIZE:
        if (n < 0)
            return DD_ERR_RANGE;
        *(size_t *)(void *)p = (size_t)n;
        break;
    default: *(int64_t *)(void *)p = n;
    }
    return DD_OK;
}

static dd_code read_number(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    int64_t n = -1;
    if (v->kind == DD_JT_NULL && f->flags & DD_FF_NULL)
        return set_number(f, p, -1);
    if (v->kind != DD_JT_NUMBER || !dd_parse_i64(v->text, &n) || set_number(f, p, n) != DD_OK)
        return wrong(r, v, f->name, "a whole number in range");
    return DD_OK;
}

/* Tools that pass JSON through doubles write 0.0000123 as 1.23e-05. Digits past the picodollar are dropped then. */
static bool without_exponent(dd_str s, dd_buf *out)
{
    int64_t   power = 0;
    size_t    e = 0, point = 0;
    char      digits[40];
    size_t    n = 0;
    while (e < s.len && s.ptr[e] != 'e' && s.ptr[e] != 'E')
        e++;
    dd_str exponent = dd_str_sub(s, e + 1, s.len);
    if (exponent.len && exponent.ptr[0] == '+')
        exponent = dd_str_sub(exponent, 1, exponent.len);
    if (!dd_parse_i64(exponent, &power) || power < -40 || power > 40)
        return false;
    bool seen_point = false;
    for (size_t i = s.ptr[0] == '-'; i < e; i++) {
        if (s.ptr[i] == '.')
            seen_point = true;
        else if (n == sizeof digits)
            return false;
        else
            digits[n++] = s.ptr[i], point += !seen_point;
    }
    int64_t at = (int64_t)point + power; /* digits in front of the point */
    if (s.ptr[0] == '-')
        dd_buf_addc(out, '-');
    if (at <= 0)
        dd_buf_addc(out, '0');
    for (int64_t i = at < 0 ? at : 0; (i < (int64_t)n || i < at) && i - at < 12; i++) {
        if (i == at)
            dd_buf_addc(out, '.');
        dd_buf_addc(out, i >= 0 && i < (int64_t)n ? digits[i] : '0');
    }
    return true;
}

static dd_code parse_money(dd_str s, int64_t *out)
{
    dd_err why = DD_ERR_INIT;
    if (!memchr(s.ptr, 'e', s.len) && !memchr(s.ptr, 'E', s.len))
        return dd_money_parse(s, out, &why);
    dd_buf  b  = DD_BUF_INIT(128);
    dd_code rc = without_exponent(s, &b) ? dd_money_parse(dd_buf_str(&b), out, &why) : DD_ERR_PARSE;
    dd_buf_free(&b);
    return rc;
}

static dd_code read_money(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    int64_t *out = (int64_t *)(void *)p;
    if (v->kind == DD_JT_NULL) {
        *out = f->kind == DD_F_RATE ? DD_PRICE_NONE : DD_PUSD_UNKNOWN;
        return DD_OK;
    }
    if (v->kind != DD_JT_NUMBER || parse_money(v->text, out) != DD_OK)
        return wrong(r, v, f->name, "an amount of USD");
    if (f->kind == DD_F_RATE) {
        if (*out % 1000000)
            return wrong(r, v, f->name, "a price in whole microdollars");
        *out /= 1000000;
    }
    return DD_OK;
}

static dd_code read_enum(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    for (int i = 0; v->kind == DD_JT_STRING && i < f->enum_count; i++)
        if (dd_str_eqz(v->text, f->enum_name(i))) {
            *(int *)(void *)p = i;
            return DD_OK;
        }
    dd_fail(r->err, DD_ERR_PARSE, "line %u: unknown %s \"" DD_STR_FMT "\"", (unsigned)v->line, f->name,
            DD_STR_ARG(dd_str_sub(v->text, 0, 60)));
    return DD_ERR_PARSE;
}

static int two(dd_str s, size_t at)
{
    if (at + 2 > s.len || s.ptr[at] < '0' || s.ptr[at] > '9' || s.ptr[at + 1] < '0' || s.ptr[at + 1] > '9')
        return -1;
    return (s.ptr[at] - '0') * 10 + s.ptr[at + 1] - '0';
}

static dd_code read_time(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    dd_day day;
    dd_str s = v->text;
    if (v->kind != DD_JT_STRING || !dd_day_parse(s, &day))
        return wrong(r, v, f->name, "a date");
    if (f->kind == DD_F_DAY) {
        *(dd_day *)(void *)p = day;
        return DD_OK;
    }
    int h = two(s, 11), m = two(s, 14), sec = two(s, 17);
    if (s.len != 20 || h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60 || s.ptr[19] != 'Z')
        return wrong(r, v, f->name, "a time like 2026-11-20T10:00:00Z");
    ((dd_wall *)(void *)p)->s = (int64_t)day * 86400 + h * 3600 + m * 60 + sec;
    return DD_OK;
}

static dd_code read_score(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    char text[32];
    if (v->kind != DD_JT_NUMBER || v->text.len >= sizeof text)
        return wrong(r, v, f->name, "a number");
    memcpy(text, v->text.ptr, v->text.len);
    text[v->text.len] = 0;
    double d = strtod(text, NULL);
    if (!(d >= -1000 && d <= 1000))
        return wrong(r, v, f->name, "a number in range");
    *(double *)(void *)p = d;
    return DD_OK;
}

static dd_code read_list(const reading *r, const dd_field *f, const dd_jt *v, char *base)
{
    if (v->kind != DD_JT_ARRAY)
        return wrong(r, v, f->name, "a list");
    size_t  size = f->kind == DD_F_STRS ? sizeof(dd_str) : f->size, i = 0;
    char   *items = dd_arena_zalloc(r->arena, size * (v->n ? v->n : 1));
    dd_code rc    = DD_OK;
    for (const dd_jt *c = v->first; c && rc == DD_OK; c = c->next, i++) {
        void *item = items + i * size;
        if (f->kind != DD_F_STRS)
            rc = read_fields(r, f->sub, c, item);
        else if (c->kind == DD_JT_STRING)
            *(dd_str *)item = dd_arena_dup(r->arena, c->text);
        else
            rc = wrong(r, c, f->name, "a list of strings");
    }
    *(void **)(void *)(base + f->at)    = v->n ? items : NULL;
    *(size_t *)(void *)(base + f->at_n) = v->n;
    return rc;
}

static dd_code read_opt(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    void **out = (void **)(void *)p;
    *out       = NULL;
    if (v->kind == DD_JT_NULL)
        return DD_OK;
    *out = dd_arena_zalloc(r->arena, f->size);
    return read_fields(r, f->sub, v, *out);
}

static dd_code read_string(const reading *r, const dd_field *f, const dd_jt *v, char *p)
{
    if (v->kind == DD_JT_NULL && f->kind == DD_F_TEXT) {
        *(dd_str *)(void *)p = DD_STR_NULL;
        return DD_OK;
    }
    if (v->kind != DD_JT_STRING)
        return wrong(r, v, f->name, "a string");
    dd_str s = dd_arena_dup(r->arena, v->text);
    if (f->kind == DD_F_STRZ)
        *(const char **)(void *)p = s.ptr;
    else
        *(dd_str *)(void *)p = s;
    return DD_OK;
}

static dd_code read_value(const reading *r, const dd_field *f, const dd_jt *v, char *base)
{
    char *p = base + f->at;
    switch (f->kind) {
    case DD_F_STR: case DD_F_TEXT: case DD_F_STRZ: return read_string(r, f, v, p);
    case DD_F_BOOL:
        if (v->kind != DD_JT_TRUE && v->kind != DD_JT_FALSE)
            return wrong(r, v, f->name, "true or false");
        *(bool *)(void *)p = v->kind == DD_JT_TRUE;
        return DD_OK;
    case DD_F_MONEY: case DD_F_RATE: return read_money(r, f, v, p);
    case DD_F_ENUM:  return read_enum(r, f, v, p);
    case DD_F_DAY: case DD_F_WALL: return read_time(r, f, v, p);
    case DD_F_SCORE: return read_score(r, f, v, p);
    case DD_F_STRS: case DD_F_LIST: return read_list(r, f, v, base);
    case DD_F_OPT:   return read_opt(r, f, v, p);
    case DD_F_GROUP: return read_fields(r, f->sub, v, p);
    default:         return read_number(r, f, v, p);
    }
}

static dd_code read_fields(const reading *r, const dd_field *table, const dd_jt *from, void *into)
{
    if (from->kind != DD_JT_OBJECT)
        return dd_fail(r->err, DD_ERR_PARSE, "line %u: expected an object", (unsigned)from->line);
    dd_fields_init(table, into);
    for (const dd_field *f = table; f->name; f++) {
        const dd_jt *v = f->flags & DD_FF_DERIVED ? NULL : dd_jt_get(from, f->name);
        if (!v && f->flags & DD_FF_NEED)
            return dd_fail(r->err, DD_ERR_PARSE, "line %u: \"%s\" is missing", (unsigned)from->line, f->name);
        dd_code rc = v ? read_value(r, f, v, into) : DD_OK;
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

/* A known amount has its bounds, else views would have to ask for each of the three. */
static void complete(dd_money_range *m)
{
    if (m->expected == DD_PUSD_UNKNOWN)
        return;
    if (m->low == DD_PUSD_UNKNOWN)
        m->low = m->expected;
    if (m->high == DD_PUSD_UNKNOWN)
        m->high = m->expected;
}

static dd_code read_sites(const reading *r, const dd_jt *list, dd_audit *a)
{
    if (!list || list->kind != DD_JT_ARRAY)
        return dd_fail(r->err, DD_ERR_PARSE, "\"sites\" is not a list");
    a->sites   = dd_newn(r->arena, dd_site *, list->n ? list->n : 1);
    a->n_sites = 0;
    for (const dd_jt *v = list->first; v; v = v->next) {
        dd_site *s  = dd_new(r->arena, dd_site);
        dd_code  rc = read_fields(r, dd_fields_site, v, s);
        if (rc != DD_OK)
            return rc;
        complete(&s->per_call);
        complete(&s->monthly);
        a->sites[a->n_sites++] = s;
    }
    return DD_OK;
}

static dd_code read_opportunities(const reading *r, const dd_jt *list, dd_audit *a)
{
    dd_map  by_id = DD_MAP_INIT;
    dd_code rc    = DD_OK;
    for (size_t i = 0; i < a->n_sites; i++)
        if (!dd_map_has(&by_id, a->sites[i]->id))
            dd_map_put(&by_id, a->sites[i]->id, a->sites[i]);
    a->opportunities = dd_newn(r->arena, dd_site *, list && list->n ? list->n : 1);
    for (const dd_jt *v = list && list->kind == DD_JT_ARRAY ? list->first : NULL; v && rc == DD_OK; v = v->next) {
        const dd_jt *id = dd_jt_get(v, "id");
        dd_site     *s  = id && id->kind == DD_JT_STRING ? dd_map_get(&by_id, id->text) : NULL;
        if (s)
            a->opportunities[a->n_opportunities++] = s;
        else
            rc = dd_fail(r->err, DD_ERR_PARSE, "line %u: an opportunity names no site of this file", (unsigned)v->line);
    }
    dd_map_free(&by_id);
    return rc;
}

static dd_code check_schema(const reading *r, const dd_jt *top)
{
    const dd_jt *schema = dd_jt_get(top, "schema");
    if (!schema || schema->kind != DD_JT_STRING) {
        dd_fail(r->err, DD_ERR_PARSE, "not a saved scan: \"schema\" is missing");
        dd_hint(r->err, "Make one with: dd0c scan --format json -o scan.json");
        return DD_ERR_PARSE;
    }
    if (dd_str_eqz(schema->text, "dd0c.scan/1"))
        return DD_OK;
    dd_fail(r->err, DD_ERR_PARSE, "schema \"" DD_STR_FMT "\" is not known", DD_STR_ARG(dd_str_sub(schema->text, 0, 60)));
    dd_hint(r->err, "This version reads dd0c.scan/1.");
    return DD_ERR_PARSE;
}

dd_code dd_report_read(dd_str json, dd_audit *a, dd_err *err)
{
    memset(a, 0, sizeof *a);
    reading r   = { &a->arena, err };
    dd_jt  *top = NULL;
    dd_code rc  = dd_jt_parse(json, &a->arena, &top, err);
    if (rc != DD_OK && dd_str_startsz(dd_str_trim(json), "{\"path\""))
        dd_hint(err, "These may be JSON lines: save the scan with --format json.");
    if (rc == DD_OK)
        rc = check_schema(&r, top);
    if (rc == DD_OK)
        rc = read_fields(&r, dd_fields_audit, top, a);
    if (rc == DD_OK)
        rc = read_sites(&r, dd_jt_get(top, "sites"), a);
    complete(&a->monthly);
    complete(&a->per_1000);
    if (rc == DD_OK)
        rc = read_opportunities(&r, dd_jt_get(top, "opportunities"), a);
    return rc;
}
