/* Values: names of types, equality, order of numbers, printing. */
#include "route/cel_parts.h"

#include <math.h>

static const char *const type_names[DD_CEL_TYPES] = {
    [DD_CEL_UNSET] = "unset",   [DD_CEL_NULL] = "null_type", [DD_CEL_BOOL] = "bool", [DD_CEL_INT] = "int", [DD_CEL_UINT] = "uint",
    [DD_CEL_DOUBLE] = "double", [DD_CEL_STRING] = "string",  [DD_CEL_BYTES] = "bytes", [DD_CEL_LIST] = "list", [DD_CEL_MAP] = "map",
    [DD_CEL_TIMESTAMP] = "google.protobuf.Timestamp", [DD_CEL_DURATION] = "google.protobuf.Duration",
    [DD_CEL_TYPE] = "type",     [DD_CEL_DYN] = "dyn",        [DD_CEL_ERROR] = "error",
};
static const char *const complaints[DD_CEL_E_COUNT] = {
    [DD_CEL_E_OVERLOAD] = "no such overload",
    [DD_CEL_E_DIVIDE] = "divide by zero",
    [DD_CEL_E_MODULUS] = "modulus by zero",
    [DD_CEL_E_OVERFLOW] = "overflow",
    [DD_CEL_E_RANGE] = "out of range",
    [DD_CEL_E_KEY] = "no such key",
    [DD_CEL_E_INDEX] = "index out of bounds",
    [DD_CEL_E_KEY_TYPE] = "unsupported key type",
    [DD_CEL_E_REPEATED] = "repeated key",
    [DD_CEL_E_NAME] = "no such name or it has no value",
    [DD_CEL_E_FIELD] = "what has no members was asked for",
    [DD_CEL_E_CONVERT] = "cannot convert",
    [DD_CEL_E_PATTERN] = "pattern cannot be used",
    [DD_CEL_E_FORMAT] = "format does not fit",
    [DD_CEL_E_ZONE] = "unknown time zone",
    [DD_CEL_E_LIMIT] = "expression takes too many steps",
};

const char *dd_cel_type_name(dd_cel_type t) { return (unsigned)t < DD_CEL_TYPES ? type_names[t] : "unknown"; }
dd_str      cel_name(const dd_cel_value *v) { return dd_str_z(dd_cel_type_name((dd_cel_type)v->type)); }

/* --- numbers on one line --- */
static int order_int_uint(int64_t i, uint64_t u) { return i < 0 ? -1 : ((uint64_t)i > u) - ((uint64_t)i < u); }
static int order_doubles(double a, double b) { return a != a || b != b ? 2 : (a > b) - (a < b); }

static int turned(int order) { return order == 2 ? 2 : -order; }

/* An integer meets a double as a double: past 2^53 neighbours are equal, as in other implementations. */
static int order_mixed(const dd_cel_value *a, const dd_cel_value *b) /* a's type before b's */
{
    if (b->type == DD_CEL_UINT)
        return order_int_uint(a->i, b->u);
    return order_doubles(a->type == DD_CEL_INT ? (double)a->i : (double)a->u, b->d);
}

int cel_order_numbers(const dd_cel_value *a, const dd_cel_value *b)
{
    if (a->type != b->type)
        return a->type < b->type ? order_mixed(a, b) : turned(order_mixed(b, a));
    if (a->type == DD_CEL_INT)
        return (a->i > b->i) - (a->i < b->i);
    return a->type == DD_CEL_UINT ? (a->u > b->u) - (a->u < b->u) : order_doubles(a->d, b->d);
}

/* --- equality --- */
static bool is_number(const dd_cel_value *v) { return CEL_NUM >> v->type & 1; }

static bool equal_lists(const dd_cel_value *a, const dd_cel_value *b, int64_t *steps)
{
    if (a->list.n != b->list.n)
        return false;
    for (size_t i = 0; i < a->list.n; i++)
        if (!cel_equal(&a->list.items[i], &b->list.items[i], steps))
            return false;
    return true;
}

static bool equal_maps(const dd_cel_value *a, const dd_cel_value *b, int64_t *steps)
{
    if (a->map.n != b->map.n)
        return false;
    for (size_t i = 0; i < a->map.n && *steps >= 0; i++) {
        const dd_cel_value *other = cel_find(b, &a->map.entries[i].key);
        *steps -= (int64_t)b->map.n / 8;
        if (!other || !cel_equal(&a->map.entries[i].value, other, steps))
            return false;
    }
    return *steps >= 0;
}

static bool equal_same(const dd_cel_value *a, const dd_cel_value *b, int64_t *steps)
{
    switch (a->type) {
    case DD_CEL_BOOL:      return a->b == b->b;
    case DD_CEL_STRING:
    case DD_CEL_BYTES:     return dd_str_eq(a->s, b->s);
    case DD_CEL_LIST:      return equal_lists(a, b, steps);
    case DD_CEL_MAP:       return equal_maps(a, b, steps);
    case DD_CEL_TIMESTAMP:
    case DD_CEL_DURATION:  return a->seconds == b->seconds && a->ns == b->ns;
    case DD_CEL_TYPE:      return a->is == b->is;
    default:               return a->type == DD_CEL_NULL;
    }
}

bool cel_equal(const dd_cel_value *a, const dd_cel_value *b, int64_t *steps)
{
    if (--*steps < 0)
        return false;
    if (is_number(a) && is_number(b))
        return cel_order_numbers(a, b) == 0;
    return a->type == b->type && equal_same(a, b, steps);
}

bool dd_cel_equal(const dd_cel_value *a, const dd_cel_value *b)
{
    int64_t steps = DD_CEL_MAX_STEPS;
    return cel_equal(a, b, &steps);
}

const dd_cel_value *cel_find(const dd_cel_value *map, const dd_cel_value *key)
{
    int64_t steps = INT64_MAX; /* keys are scalars */
    if (key->type == DD_CEL_LIST || key->type == DD_CEL_MAP)
        return NULL;
    for (size_t i = 0; i < map->map.n; i++)
        if (cel_equal(&map->map.entries[i].key, key, &steps))
            return &map->map.entries[i].value;
    return NULL;
}

/* --- printing --- */
enum { PRINT_DEPTH = 16 };

static bool must_escape(unsigned char c, bool bytes) { return c < 0x20 || c == 0x7f || (bytes && c >= 0x80); }

static void print_quoted(dd_str s, dd_buf *out, bool bytes)
{
    dd_buf_addz(out, bytes ? "b\"" : "\"");
    for (size_t i = 0; i < s.len && !out->over; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '\n')
            dd_buf_addz(out, "\\n");
        else if (must_escape(c, bytes))
            dd_buf_printf(out, "\\x%02x", c);
        else {
            dd_buf_addz(out, c == '"' || c == '\\' ? "\\" : "");
            dd_buf_addc(out, (char)c);
        }
    }
    dd_buf_addc(out, '"');
}

static void print_number(const dd_cel_value *v, dd_buf *out)
{
    if (v->type == DD_CEL_INT)
        dd_buf_printf(out, "%lld", (long long)v->i);
    else if (v->type == DD_CEL_UINT)
        dd_buf_printf(out, "%lluu", (unsigned long long)v->u);
    else {
        size_t from = out->len;
        cel_print_double(v->d, out);
        if (isfinite(v->d) && from < out->len && dd_str_find(dd_str_sub(dd_buf_str(out), from, out->len), DD_STR(".")) < 0 &&
            dd_str_chr(dd_str_sub(dd_buf_str(out), from, out->len), 'e') < 0)
            dd_buf_addz(out, ".0");
    }
}

static void print_value(const dd_cel_value *v, dd_buf *out, int depth);

static void print_list(const dd_cel_value *v, dd_buf *out, int depth)
{
    dd_buf_addc(out, '[');
    for (size_t i = 0; i < v->list.n && !out->over; i++) {
        dd_buf_addz(out, i ? ", " : "");
        print_value(&v->list.items[i], out, depth + 1);
    }
    dd_buf_addc(out, ']');
}

static void print_map(const dd_cel_value *v, dd_buf *out, int depth)
{
    dd_buf_addc(out, '{');
    for (size_t i = 0; i < v->map.n && !out->over; i++) {
        dd_buf_addz(out, i ? ", " : "");
        print_value(&v->map.entries[i].key, out, depth + 1);
        dd_buf_addz(out, ": ");
        print_value(&v->map.entries[i].value, out, depth + 1);
    }
    dd_buf_addc(out, '}');
}

static void print_error(const dd_cel_value *v, dd_buf *out)
{
    dd_buf_addz(out, v->kind < DD_CEL_E_COUNT && complaints[v->kind] ? complaints[v->kind] : "error");
    dd_str about = dd_str_starts(v->s, DD_STR("_")) ? dd_str_sub(v->s, 1, v->s.len) : v->s;
    about = dd_str_ends(about, DD_STR("_")) ? dd_str_sub(about, 0, about.len - 1) : about;
    if (about.len) {
        dd_buf_addz(out, ": ");
        dd_buf_add_line(out, dd_str_sub(about, 0, 100));
    }
}

static void print_time(const dd_cel_value *v, dd_buf *out)
{
    bool stamp = v->type == DD_CEL_TIMESTAMP;
    dd_buf_addz(out, stamp ? "timestamp(\"" : "duration(\"");
    (stamp ? cel_print_timestamp : cel_print_duration)(v, out);
    dd_buf_addz(out, "\")");
}

static void print_simple(const dd_cel_value *v, dd_buf *out)
{
    switch (v->type) {
    case DD_CEL_NULL:   dd_buf_addz(out, "null"); break;
    case DD_CEL_BOOL:   dd_buf_addz(out, v->b ? "true" : "false"); break;
    case DD_CEL_STRING:
    case DD_CEL_BYTES:  print_quoted(v->s, out, v->type == DD_CEL_BYTES); break;
    case DD_CEL_TYPE:   dd_buf_addz(out, dd_cel_type_name((dd_cel_type)v->is)); break;
    case DD_CEL_ERROR:  print_error(v, out); break;
    default:            dd_buf_addz(out, dd_cel_type_name((dd_cel_type)v->type)); break;
    }
}

static void print_value(const dd_cel_value *v, dd_buf *out, int depth)
{
    static void (*const ways[DD_CEL_TYPES])(const dd_cel_value *, dd_buf *) = {
        [DD_CEL_INT] = print_number,     [DD_CEL_UINT] = print_number,    [DD_CEL_DOUBLE] = print_number,
        [DD_CEL_TIMESTAMP] = print_time, [DD_CEL_DURATION] = print_time,
    };
    if (depth > PRINT_DEPTH)
        dd_buf_addz(out, "...");
    else if (v->type == DD_CEL_LIST)
        print_list(v, out, depth);
    else if (v->type == DD_CEL_MAP)
        print_map(v, out, depth);
    else
        (v->type < DD_CEL_TYPES && ways[v->type] ? ways[v->type] : print_simple)(v, out);
}

void dd_cel_print(const dd_cel_value *v, dd_buf *out) { print_value(v, out, 0); }
