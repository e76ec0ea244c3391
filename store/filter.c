#include "store/filter.h"

#include "base/near.h"
#include "store/field.h"

typedef struct { const char *text, *sql; bool is_equal, is_order; } op;
static const op ops[] = { /* longer ones first */
    { "!=", "IS NOT", true, false }, { ">=", ">=", false, true }, { "<=", "<=", false, true }, { "==", "=", true, false },
    { "=", "=", true, false },   { ">", ">", false, true },   { "<", "<", false, true },
};

typedef struct { dd_filter *f; const op *op; dd_str name, value, whole; dd_err *err; } parse;

static dd_code bad(parse *p, const char *what)
{
    return dd_fail(p->err, DD_ERR_USAGE, "filter \"" DD_STR_FMT "\": %s", DD_STR_ARG(p->whole), what);
}

static void push_text(dd_filter *f, dd_str s)
{
    dd_filter_value v = { true, dd_arena_dup(&f->arena, s), 0 };
    dd_vec_push(&f->values, v);
}

static void push_number(dd_filter *f, int64_t n)
{
    dd_filter_value v = { false, DD_STR_NULL, n };
    dd_vec_push(&f->values, v);
}

static bool negated(const parse *p) { return p->op == &ops[0]; }

/* ---- text ---- */

/* SQLite's GLOB has two more special characters than we promise. */
static dd_str as_glob(dd_filter *f, dd_str s)
{
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '[' || s.ptr[i] == '?')
            dd_buf_printf(&b, "[%c]", s.ptr[i]);
        else
            dd_buf_addc(&b, s.ptr[i]);
    dd_str out = dd_arena_dup(&f->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

/* column: an expression that holds a text or NULL; its own value, if it has one, was pushed. */
static void text_condition(parse *p, const char *column)
{
    dd_filter *f = p->f;
    bool       glob = dd_str_chr(p->value, '*') >= 0;
    if (p->value.len == 0) {
        dd_buf_printf(&f->sql, " AND (%s IS %sNULL)", column, negated(p) ? "NOT " : "");
        return;
    }
    dd_buf_printf(&f->sql, " AND (ifnull(%s, '') %s ?)", column, glob ? (negated(p) ? "NOT GLOB" : "GLOB") : negated(p) ? "IS NOT" : "IS");
    push_text(f, glob ? as_glob(f, p->value) : p->value);
}

static dd_code add_text(parse *p, const char *column)
{
    if (p->op->is_order)
        return bad(p, "text is equal or not, it has no order");
    text_condition(p, column);
    return DD_OK;
}

static dd_code add_tag(parse *p)
{
    dd_buf path = DD_BUF_INIT(0);
    dd_str tag = dd_str_sub(p->name, sizeof "tags." - 1, p->name.len);
    if (p->op->is_order)
        return bad(p, "text is equal or not, it has no order");
    if (tag.len == 0 || dd_str_chr(tag, '"') >= 0)
        return bad(p, "the name of a tag is missing");
    dd_buf_printf(&path, "$.\"" DD_STR_FMT "\"", DD_STR_ARG(tag));
    push_text(p->f, dd_buf_str(&path));
    dd_buf_free(&path);
    text_condition(p, "CASE WHEN json_valid(tags) THEN CAST(json_extract(tags, ?) AS TEXT) END");
    return DD_OK;
}

/* ---- words that are kept as numbers ---- */

static const char *class_word(int i) { return dd_error_class_name((dd_error_class)i); }
static const char *source_word(int i) { return dd_usage_source_name((dd_usage_source)i); }

static dd_code add_word(parse *p, const dd_field *field, const char *(*word)(int), int n)
{
    dd_str value = p->value.len == 0 ? DD_STR("none") : p->value;
    int    found = 0;
    bool   any = dd_str_eqz(value, "*"); /* "error=*": there is one */
    dd_buf list = DD_BUF_INIT(0);
    for (int i = 0; i < n; i++)
        if (any ? i > 0 : dd_str_glob(value, dd_str_z(word(i)), false))
            dd_buf_printf(&list, "%s%d", found++ > 0 ? ", " : "", i);
    if (found > 0 && !p->op->is_order)
        dd_buf_printf(&p->f->sql, " AND (ifnull(%s, 0) %sIN (" DD_STR_FMT "))", field->name, negated(p) ? "NOT " : "", DD_STR_ARG(dd_buf_str(&list)));
    dd_buf_clear(&list);
    for (int i = 0; i < n; i++)
        dd_buf_printf(&list, "%s%s", i > 0 ? ", " : "", word(i));
    if (found == 0 || p->op->is_order) {
        bad(p, p->op->is_order ? "words are equal or not, they have no order" : "no such word");
        dd_hint(p->err, "One of: %s.", dd_buf_z(&list));
    }
    dd_buf_free(&list);
    return found == 0 || p->op->is_order ? DD_ERR_USAGE : DD_OK;
}

/* ---- numbers ---- */

static bool read_bool(dd_str s, int64_t *out)
{
    *out = dd_str_eqz(s, "true") || dd_str_eqz(s, "yes") || dd_str_eqz(s, "1");
    return *out != 0 || dd_str_eqz(s, "false") || dd_str_eqz(s, "no") || dd_str_eqz(s, "0");
}

/* "0.7": a decimal number is read as an amount is, and kept as millionths. */
static bool read_share(dd_str s, int64_t *out)
{
    dd_pusd m;
    if (s.len > 12 || dd_str_has(s, "$") || dd_money_parse(s, &m, NULL) != DD_OK || m < 0)
        return false;
    *out = m / (DD_PUSD_PER_USD / 1000000);
    return true;
}

static bool read_duration(dd_str s, int64_t *out)
{
    static const struct { const char *unit; int64_t us; } units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 } };
    dd_pusd m;
    if (dd_parse_i64(s, out))
        return *out >= 0;
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (dd_str_endsz(s, units[i].unit)) { /* "1.5": a decimal number is read as an amount is */
            dd_str n = dd_str_sub(s, 0, s.len - strlen(units[i].unit));
            if (n.len > 12 || dd_str_has(n, "$") || dd_money_parse(n, &m, NULL) != DD_OK || m < 0)
                return false;
            *out = (int64_t)((__int128)m * units[i].us / DD_PUSD_PER_USD);
            return true;
        }
    return false;
}

static bool two_digits(dd_str s, size_t at, int max, int64_t *out)
{
    int64_t v;
    if (s.len < at + 2 || s.ptr[at] < '0' || s.ptr[at] > '9' || !dd_parse_i64(dd_str_sub(s, at, at + 2), &v) || v > max)
        return false;
    *out = v;
    return true;
}

/* "2026-11-20", "2026-11-20T13:05", "...:59", "....123", each with or without Z. */
static bool read_time(dd_str s, int64_t *out)
{
    dd_day  day;
    int64_t h = 0, m = 0, sec = 0, ms = 0;
    if (s.len < 10 || !dd_day_parse(s, &day))
        return dd_parse_i64(s, out);
    if (dd_str_endsz(s, "Z"))
        s.len--;
    if (s.len > 10 && !(two_digits(s, 11, 23, &h) && s.len >= 16 && s.ptr[13] == ':' && two_digits(s, 14, 59, &m)))
        return false;
    if (s.len > 16 && !(s.ptr[16] == ':' && two_digits(s, 17, 60, &sec)))
        return false;
    if (s.len > 19 && !(s.ptr[19] == '.' && s.len == 23 && dd_parse_i64(dd_str_sub(s, 20, 23), &ms) && ms >= 0))
        return false;
    *out = (((int64_t)day * 24 + h) * 60 + m) * 60000 + sec * 1000 + ms;
    return true;
}

static bool read_number(const dd_field *field, dd_str s, int64_t *out)
{
    dd_day day;
    if (field->kind == DD_F_MONEY)
        return dd_money_parse(s, out, NULL) == DD_OK;
    if (field->kind == DD_F_BOOL)
        return read_bool(s, out);
    if (field->kind == DD_F_SHARE)
        return read_share(s, out);
    if (field->kind == DD_F_DAY) {
        bool ok = dd_day_parse(s, &day);
        *out = ok ? day : 0;
        return ok;
    }
    if (field->offset == offsetof(dd_event, id) && dd_event_unspell(s, out))
        return true;
    if (field->offset == offsetof(dd_event, time_ms))
        return read_time(s, out);
    return dd_str_endsz(dd_str_z(field->name), "_us") ? read_duration(s, out) : dd_parse_i64(s, out);
}

static dd_code add_number(parse *p, const dd_field *field)
{
    char    column[64];
    int64_t n;
    dd_str  v = p->value;
    bool    family = v.len == 3 && v.ptr[0] >= '1' && v.ptr[0] <= '9' && dd_str_endsz(v, "xx"); /* 5xx */
    if (p->op->is_equal && (v.len == 0 || family || dd_str_chr(v, '*') >= 0)) {
        char glob[] = { family ? v.ptr[0] : '*', '*', '\0' };
        p->value = family ? dd_str_z(glob) : v;
        snprintf(column, sizeof column, "CAST(%s AS TEXT)", field->name);
        text_condition(p, v.len == 0 ? field->name : column);
        return DD_OK;
    }
    if (!read_number(field, v, &n)) {
        bad(p, field->kind == DD_F_MONEY ? "not an amount of USD" : field->kind == DD_F_BOOL ? "neither true nor false" : "not a number");
        if (dd_str_endsz(dd_str_z(field->name), "_ms"))
            dd_hint(p->err, "A time is a day, or more of it, in UTC: 2026-11-20, 2026-11-20T08:00.");
        else if (dd_str_endsz(dd_str_z(field->name), "_us"))
            dd_hint(p->err, "A duration is 250ms, 10s or 2m; a bare number is microseconds.");
        return DD_ERR_USAGE;
    }
    dd_buf_printf(&p->f->sql, " AND (%s %s ?)", field->name, p->op->sql);
    push_number(p->f, n);
    return DD_OK;
}

/* ---- the whole ---- */

static dd_code unknown_name(parse *p)
{
    dd_near near = { .asked = p->name };
    for (size_t i = 0; i < dd_n_fields; i++) {
        dd_near_look(&near, dd_str_z(dd_fields[i].name));
        dd_near_look(&near, dd_str_z(dd_fields[i].alias));
    }
    dd_fail(p->err, DD_ERR_USAGE, "filter \"" DD_STR_FMT "\": events have no \"" DD_STR_FMT "\"", DD_STR_ARG(p->whole), DD_STR_ARG(p->name));
    if (!dd_near_hint(&near, p->err))
        dd_hint(p->err, "Names are those that --format json prints, such as model, status, feature, cost or total_us.");
    return DD_ERR_USAGE;
}

static bool split(parse *p)
{
    for (size_t i = 1; i < p->whole.len; i++)
        for (size_t k = 0; k < DD_COUNT(ops); k++)
            if (dd_str_startsz(dd_str_sub(p->whole, i, p->whole.len), ops[k].text)) {
                p->op = &ops[k];
                p->name = dd_str_trim(dd_str_sub(p->whole, 0, i));
                p->value = dd_str_trim(dd_str_sub(p->whole, i + strlen(ops[k].text), p->whole.len));
                return true;
            }
    return false;
}

static dd_code add_field(parse *p, const dd_field *field)
{
    switch (field->kind) {
    case DD_F_TEXT: return add_text(p, field->name);
    case DD_F_ERROR: return add_word(p, field, class_word, DD_EC_COUNT);
    case DD_F_SOURCE: return add_word(p, field, source_word, DD_USAGE_COUNTED + 1);
    default: return add_number(p, field);
    }
}

static dd_filter_kind kind_of(const parse *p, const dd_filter_part *part)
{
    const dd_filter_value *v = part->n_values == 1 ? &p->f->values.v[part->value_at] : NULL;
    if (v == NULL || part->field == NULL || negated(p) || v->is_text != (part->field->kind == DD_F_TEXT))
        return DD_FILTER_OTHER;
    if (p->op->is_order)
        return p->op->text[0] == '>' ? (p->op->text[1] ? DD_FILTER_FROM : DD_FILTER_ABOVE) : p->op->text[1] ? DD_FILTER_UPTO : DD_FILTER_BELOW;
    return v->is_text && dd_str_chr(v->text, '*') >= 0 ? DD_FILTER_GLOB : DD_FILTER_EQUAL;   /* the text that stands there, where it is no wildcard */
}

dd_code dd_filter_add(dd_filter *f, dd_str text, dd_err *err)
{
    parse           p = { .f = f, .whole = text, .err = err };
    dd_filter_part  part = { .sql_at = f->sql.len, .value_at = f->values.n };
    const dd_field *field = NULL;
    if (!split(&p)) {
        bad(&p, "not NAME=VALUE");
        dd_hint(err, "For example model=gpt-4*, status>=400 or cost>0.01.");
        return DD_ERR_USAGE;
    }
    bool tag = dd_str_startsz(p.name, "tags.");
    if (!tag && (field = dd_field_find(dd_str_eqz(p.name, "time") ? DD_STR("time_ms") : p.name)) == NULL)
        return unknown_name(&p);
    dd_code rc = tag ? add_tag(&p) : add_field(&p, field);
    if (rc != DD_OK)
        return rc;
    part.field = field;
    part.sql_len = f->sql.len - part.sql_at;
    part.n_values = f->values.n - part.value_at;
    part.kind = kind_of(&p, &part);
    dd_vec_push(&f->parts, part);
    return DD_OK;
}

dd_str dd_filter_prefix(dd_str glob)
{
    size_t n = 0;
    while (n < glob.len && glob.ptr[n] > 0 && strchr("*?[", glob.ptr[n]) == NULL)
        n++;
    return dd_str_sub(glob, 0, n);
}

void dd_filter_fini(dd_filter *f)
{
    dd_arena_fini(&f->arena);
    dd_buf_free(&f->sql);
    dd_vec_free(&f->values);
    dd_vec_free(&f->parts);
}
