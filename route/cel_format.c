/* "%d of %s".format([1, "x"]). */
#include "route/cel_parts.h"

#include <math.h>

typedef struct {
    cel_frame    *f;
    dd_buf        text;
    dd_cel_value *out; /* the error, if there is one */
    int           precision;
    bool          upper;
} writer;
enum { MOST_PRECISION = 1000, FORMAT_DEPTH = 100 };

static bool does_not_fit(writer *w, const dd_cel_value *v)
{
    cel_fail(w->out, DD_CEL_E_FORMAT, cel_name(v));
    return false;
}

/* --- %s --- */
static bool put_value(writer *w, const dd_cel_value *v, int depth);

/* Bytes that are no UTF-8, any run of them, are one U+FFFD. */
static void put_bytes(dd_buf *out, dd_str s)
{
    bool broken = false;
    for (size_t at = 0; at < s.len;) {
        size_t   from = at;
        uint32_t c = dd_utf8_next(s, &at);
        bool     bad = c == 0xfffd && at - from == 1;
        if (!(bad && broken))
            dd_buf_utf8(out, c);
        broken = bad;
    }
}

static bool put_list(writer *w, const dd_cel_value *v, int depth)
{
    dd_buf_addc(&w->text, '[');
    for (size_t i = 0; i < v->list.n; i++) {
        dd_buf_addz(&w->text, i ? ", " : "");
        if (!put_value(w, &v->list.items[i], depth + 1))
            return false;
    }
    dd_buf_addc(&w->text, ']');
    return true;
}

typedef struct { dd_str key; const dd_cel_value *value; } shown;

static int by_key(const void *a, const void *b) { return dd_str_cmp(((const shown *)a)->key, ((const shown *)b)->key); }

/* Keys as they are shown, in order; NULL: *w->out. */
static shown *show_keys(writer *w, const dd_cel_value *v, int depth)
{
    shown *list = dd_arena_alloc(w->f->arena, (v->map.n + 1) * sizeof *list);
    for (size_t i = 0; i < v->map.n; i++) {
        size_t from = w->text.len;
        if (!put_value(w, &v->map.entries[i].key, depth))
            return NULL;
        list[i] = (shown){ dd_arena_dup(w->f->arena, dd_str_sub(dd_buf_str(&w->text), from, w->text.len)), &v->map.entries[i].value };
        w->text.len = from;
    }
    if (v->map.n)
        qsort(list, v->map.n, sizeof *list, by_key);
    return list;
}

static bool put_map(writer *w, const dd_cel_value *v, int depth)
{
    shown *list = show_keys(w, v, depth + 1);
    if (!list)
        return false;
    dd_buf_addc(&w->text, '{');
    for (size_t i = 0; i < v->map.n; i++) {
        dd_buf_addz(&w->text, i ? ", " : "");
        dd_buf_add(&w->text, list[i].key);
        dd_buf_addz(&w->text, ": ");
        if (!put_value(w, list[i].value, depth + 1))
            return false;
    }
    dd_buf_addc(&w->text, '}');
    return true;
}

static void put_number(writer *w, const dd_cel_value *v)
{
    if (v->type == DD_CEL_INT)
        dd_buf_printf(&w->text, "%lld", (long long)v->i);
    else if (v->type == DD_CEL_UINT)
        dd_buf_printf(&w->text, "%llu", (unsigned long long)v->u);
    else
        cel_print_double(v->d, &w->text);
}

static void put_simple(writer *w, const dd_cel_value *v)
{
    switch (v->type) {
    case DD_CEL_NULL:      dd_buf_addz(&w->text, "null"); break;
    case DD_CEL_BOOL:      dd_buf_addz(&w->text, v->b ? "true" : "false"); break;
    case DD_CEL_STRING:    dd_buf_add(&w->text, v->s); break;
    case DD_CEL_BYTES:     put_bytes(&w->text, v->s); break;
    case DD_CEL_TIMESTAMP: cel_print_timestamp(v, &w->text); break;
    case DD_CEL_DURATION:  cel_print_duration(v, &w->text); break;
    case DD_CEL_TYPE:      dd_buf_addz(&w->text, dd_cel_type_name((dd_cel_type)v->is)); break;
    default:               put_number(w, v); break;
    }
}

static bool put_value(writer *w, const dd_cel_value *v, int depth)
{
    bool text = v->type == DD_CEL_STRING || v->type == DD_CEL_BYTES;
    if (depth > FORMAT_DEPTH)
        return does_not_fit(w, v);
    if (!cel_take(w->f, 1 + (text ? v->s.len / 16 : 0), w->out))
        return false;
    if (v->type == DD_CEL_LIST)
        return put_list(w, v, depth);
    if (v->type == DD_CEL_MAP)
        return put_map(w, v, depth);
    put_simple(w, v);
    return true;
}

/* --- the verbs --- */
static bool verb_s(writer *w, const dd_cel_value *v) { return put_value(w, v, 0); }

static bool verb_d(writer *w, const dd_cel_value *v)
{
    if (!(CEL_NUM >> v->type & 1))
        return does_not_fit(w, v);
    put_number(w, v);
    return true;
}

/* A number as a double; false when it is none, or has no digits and was put as its name. */
static bool to_double(writer *w, const dd_cel_value *v, double *d, bool *ok)
{
    *ok = CEL_NUM >> v->type & 1;
    if (!*ok)
        return does_not_fit(w, v);
    *d = v->type == DD_CEL_DOUBLE ? v->d : v->type == DD_CEL_INT ? (double)v->i : (double)v->u;
    if (isfinite(*d))
        return true;
    cel_print_double(*d, &w->text);
    return false;
}

static bool verb_f(writer *w, const dd_cel_value *v)
{
    double d;
    bool   ok;
    if (to_double(w, v, &d, &ok))
        dd_buf_printf(&w->text, "%.*f", w->precision, d);
    return ok;
}

static bool verb_e(writer *w, const dd_cel_value *v)
{
    double d;
    bool   ok;
    if (to_double(w, v, &d, &ok))
        dd_buf_printf(&w->text, "%.*e", w->precision, d);
    return ok;
}

/* Digits of an integer in a base of 2^shift, with its sign in front. */
static void put_based(writer *w, const dd_cel_value *v, unsigned shift)
{
    bool     minus = v->type == DD_CEL_INT && v->i < 0;
    uint64_t u = minus ? 0 - v->u : v->u;
    char     digits[65];
    size_t   n = sizeof digits;
    do
        digits[--n] = (w->upper ? "0123456789ABCDEF" : "0123456789abcdef")[u & ((1u << shift) - 1)];
    while (u >>= shift);
    dd_buf_addz(&w->text, minus ? "-" : "");
    dd_buf_add(&w->text, (dd_str){ digits + n, sizeof digits - n });
}

static bool verb_b(writer *w, const dd_cel_value *v)
{
    if (v->type == DD_CEL_BOOL)
        dd_buf_addc(&w->text, v->b ? '1' : '0');
    else if (v->type == DD_CEL_INT || v->type == DD_CEL_UINT)
        put_based(w, v, 1);
    else
        return does_not_fit(w, v);
    return true;
}

static bool verb_o(writer *w, const dd_cel_value *v)
{
    if (v->type != DD_CEL_INT && v->type != DD_CEL_UINT)
        return does_not_fit(w, v);
    put_based(w, v, 3);
    return true;
}

static bool verb_x(writer *w, const dd_cel_value *v)
{
    if (v->type == DD_CEL_INT || v->type == DD_CEL_UINT) {
        put_based(w, v, 4);
        return true;
    }
    if (v->type != DD_CEL_STRING && v->type != DD_CEL_BYTES)
        return does_not_fit(w, v);
    if (!cel_take(w->f, v->s.len / 16, w->out))
        return false;
    for (size_t i = 0; i < v->s.len; i++)
        dd_buf_printf(&w->text, w->upper ? "%02X" : "%02x", (unsigned char)v->s.ptr[i]);
    return true;
}

static const struct { char letter; bool upper, precision; bool (*put)(writer *, const dd_cel_value *); } verbs[] = {
    { 's', false, false, verb_s }, { 'd', false, false, verb_d }, { 'f', false, true, verb_f }, { 'e', false, true, verb_e },
    { 'x', false, false, verb_x },
    { 'X', true, false, verb_x }, { 'o', false, false, verb_o }, { 'b', false, false, verb_b },
};

/* ".3" at *at, if it is there; false: too long or no number. */
static bool read_precision(dd_str s, size_t *at, int *out)
{
    *out = -1;
    if (*at >= s.len || s.ptr[*at] != '.')
        return true;
    size_t from = ++*at;
    for (*out = 0; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9' && *out <= MOST_PRECISION; (*at)++)
        *out = *out * 10 + (s.ptr[*at] - '0');
    return *at > from && *out <= MOST_PRECISION;
}

/* The verb at *at with its precision, or DD_COUNT(verbs). */
static size_t read_verb(writer *w, dd_str s, size_t *at)
{
    bool   ok = read_precision(s, at, &w->precision);
    size_t k = 0;
    while (k < DD_COUNT(verbs) && (*at >= s.len || verbs[k].letter != s.ptr[*at]))
        k++;
    return ok && k < DD_COUNT(verbs) && (w->precision < 0 || verbs[k].precision) ? k : DD_COUNT(verbs);
}

/* The clause behind a percent sign, at *at. */
static bool put_clause(writer *w, dd_str s, size_t *at, const dd_cel_value *args, size_t *used)
{
    size_t k = read_verb(w, s, at);
    if (k == DD_COUNT(verbs)) {
        cel_fail(w->out, DD_CEL_E_FORMAT, dd_str_sub(s, *at, *at + 1));
        return false;
    }
    if (*used >= args->list.n) {
        cel_fail(w->out, DD_CEL_E_INDEX, DD_STR("format"));
        return false;
    }
    ++*at;
    w->upper = verbs[k].upper;
    w->precision = w->precision < 0 ? 6 : w->precision;
    return verbs[k].put(w, &args->list.items[(*used)++]);
}

static bool put_all(writer *w, dd_str s, const dd_cel_value *args)
{
    size_t used = 0;
    for (size_t at = 0; at < s.len;) {
        ptrdiff_t mark = dd_str_chr(dd_str_sub(s, at, s.len), '%');
        size_t    next = mark < 0 ? s.len : at + (size_t)mark;
        dd_buf_add(&w->text, dd_str_sub(s, at, next));
        at = next + 1;
        if (mark >= 0 && at < s.len && s.ptr[at] == '%') {
            dd_buf_addc(&w->text, '%');
            at++;
        } else if (mark >= 0 && !put_clause(w, s, &at, args, &used))
            return false;
    }
    return true;
}

void cel_format(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    writer w = { .f = f, .out = out, .text = DD_BUF_INIT(0) };
    (void)n;
    if (cel_take(f, a[0].s.len / 16, out) && put_all(&w, a[0].s, &a[1]) && cel_take(f, w.text.len / 16, out))
        *out = dd_cel_string(dd_arena_dup(f->arena, dd_buf_str(&w.text)));
    dd_buf_free(&w.text);
}
