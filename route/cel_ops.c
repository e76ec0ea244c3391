/* Operators: arithmetic that says when it overflows, order, membership, indexing. */
#include "route/cel_parts.h"

#include <math.h>

#define UNUSED (void)f, (void)n
static const dd_str no_text = { "", 0 };

/* --- equality and order --- */
static void equals(cel_frame *f, const dd_cel_value *a, dd_cel_value *out, bool want)
{
    bool same = cel_equal(&a[0], &a[1], &f->steps);
    if (f->steps < 0)
        cel_fail(out, DD_CEL_E_LIMIT, no_text);
    else
        *out = dd_cel_bool(same == want);
}

void cel_equals(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    equals(f, a, out, true);
}

void cel_differs(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    equals(f, a, out, false);
}

static int order_times(const dd_cel_value *a, const dd_cel_value *b)
{
    return a->seconds != b->seconds ? (a->seconds > b->seconds) - (a->seconds < b->seconds) : (a->ns > b->ns) - (a->ns < b->ns);
}

static int order(const dd_cel_value *a)
{
    switch (a->type) {
    case DD_CEL_STRING:
    case DD_CEL_BYTES:     return dd_str_cmp(a[0].s, a[1].s);
    case DD_CEL_BOOL:      return a[0].b - a[1].b;
    case DD_CEL_TIMESTAMP:
    case DD_CEL_DURATION:  return order_times(&a[0], &a[1]);
    default:               return cel_order_numbers(&a[0], &a[1]);
    }
}

void cel_less(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = dd_cel_bool(order(a) < 0);
}

void cel_less_equal(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = dd_cel_bool(order(a) <= 0);
}

void cel_greater(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    int o = order(a);
    *out = dd_cel_bool(o > 0 && o != 2);
}

void cel_greater_equal(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    int o = order(a);
    *out = dd_cel_bool(o >= 0 && o != 2);
}

void cel_not(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = dd_cel_bool(!a->b);
}

/* --- members --- */
void cel_in_list(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    bool found = false;
    for (size_t i = 0; i < a[1].list.n && !found; i++)
        found = cel_equal(&a[0], &a[1].list.items[i], &f->steps);
    if (f->steps < 0)
        cel_fail(out, DD_CEL_E_LIMIT, no_text);
    else
        *out = dd_cel_bool(found);
}

void cel_in_map(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    if (cel_take(f, a[1].map.n / 8, out))
        *out = dd_cel_bool(cel_find(&a[1], &a[0]) != NULL);
}

/* A number that is whole and no negative double, of any type. */
static bool whole(const dd_cel_value *v, int64_t *out)
{
    bool ok = v->type == DD_CEL_INT || v->u <= INT64_MAX;
    if (v->type == DD_CEL_DOUBLE)
        ok = v->d >= 0 && v->d < 9223372036854775808.0 && v->d == trunc(v->d);
    *out = !ok ? -1 : v->type == DD_CEL_DOUBLE ? (int64_t)v->d : v->i; /* a uint within the limit has the same bits */
    return ok;
}

static void index_list(const dd_cel_value *a, dd_cel_value *out)
{
    int64_t at = 0;
    if (!whole(&a[1], &at) || at < 0 || (uint64_t)at >= a[0].list.n)
        cel_fail(out, DD_CEL_E_INDEX, no_text);
    else
        *out = a[0].list.items[at];
}

void cel_index(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    if (a->type == DD_CEL_LIST) {
        index_list(a, out);
        return;
    }
    if (!cel_take(f, a->map.n / 8, out))
        return;
    const dd_cel_value *found = cel_find(&a[0], &a[1]);
    if (found)
        *out = *found;
    else
        cel_fail(out, DD_CEL_E_KEY, a[1].type == DD_CEL_STRING ? a[1].s : no_text);
}

void cel_size(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    size_t size = a->type == DD_CEL_LIST ? a->list.n : a->type == DD_CEL_MAP ? a->map.n : a->s.len;
    if (a->type == DD_CEL_STRING && cel_take(f, a->s.len / 64, out))
        size = cel_length(a->s);
    *out = dd_cel_int((int64_t)size);
}

/* --- arithmetic --- */
#define CHECKED(name, T, member, make, builtin)                                                          \
    void name(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)                 \
    {                                                                                                    \
        T r;                                                                                             \
        UNUSED;                                                                                          \
        if (builtin(a[0].member, a[1].member, &r))                                                       \
            cel_fail(out, DD_CEL_E_OVERFLOW, no_text);                                                   \
        else                                                                                             \
            *out = make(r);                                                                              \
    }
CHECKED(cel_add_int, int64_t, i, dd_cel_int, __builtin_add_overflow)
CHECKED(cel_subtract_int, int64_t, i, dd_cel_int, __builtin_sub_overflow)
CHECKED(cel_multiply_int, int64_t, i, dd_cel_int, __builtin_mul_overflow)
CHECKED(cel_add_uint, uint64_t, u, dd_cel_uint, __builtin_add_overflow)
CHECKED(cel_subtract_uint, uint64_t, u, dd_cel_uint, __builtin_sub_overflow)
CHECKED(cel_multiply_uint, uint64_t, u, dd_cel_uint, __builtin_mul_overflow)

#define PLAIN(name, op)                                                                                  \
    void name(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)                 \
    {                                                                                                    \
        UNUSED;                                                                                          \
        *out = dd_cel_double(a[0].d op a[1].d);                                                          \
    }
PLAIN(cel_add_double, +)
PLAIN(cel_subtract_double, -)
PLAIN(cel_multiply_double, *)

void cel_divide_double(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (a[1].d != 0)
        *out = dd_cel_double(a[0].d / a[1].d);
    else if (a[0].d != a[0].d || a[0].d == 0)
        *out = dd_cel_double((double)NAN);
    else
        *out = dd_cel_double(copysign((double)INFINITY, a[0].d) * copysign(1, a[1].d));
}

/* Zero and the one quotient that has no place; true: *out is the error. */
static bool bad_divisor(const dd_cel_value *a, dd_cel_error zero, dd_cel_value *out)
{
    if (a[1].i == 0)
        cel_fail(out, zero, no_text);
    else if (a->type == DD_CEL_INT && a[0].i == INT64_MIN && a[1].i == -1)
        cel_fail(out, DD_CEL_E_OVERFLOW, no_text);
    else
        return false;
    return true;
}

void cel_divide_int(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (!bad_divisor(a, DD_CEL_E_DIVIDE, out))
        *out = dd_cel_int(a[0].i / a[1].i);
}

void cel_divide_uint(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (!bad_divisor(a, DD_CEL_E_DIVIDE, out))
        *out = dd_cel_uint(a[0].u / a[1].u);
}

void cel_modulo_int(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (!bad_divisor(a, DD_CEL_E_MODULUS, out))
        *out = dd_cel_int(a[0].i % a[1].i);
}

void cel_modulo_uint(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (!bad_divisor(a, DD_CEL_E_MODULUS, out))
        *out = dd_cel_uint(a[0].u % a[1].u);
}

void cel_negate_int(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (a->i == INT64_MIN)
        cel_fail(out, DD_CEL_E_OVERFLOW, no_text);
    else
        *out = dd_cel_int(-a->i);
}

void cel_negate_double(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = dd_cel_double(-a->d);
}

/* --- concatenation --- */
void cel_add_text(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    size_t x = a[0].s.len, y = a[1].s.len;
    if (!cel_take(f, (x + y) / 16, out))
        return;
    char *text = dd_arena_alloc(f->arena, x + y + 1);
    if (x)
        memcpy(text, a[0].s.ptr, x);
    if (y)
        memcpy(text + x, a[1].s.ptr, y);
    *out = (dd_cel_value){ .type = a->type, .s = { text, x + y } };
}

void cel_add_list(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    size_t x = a[0].list.n, y = a[1].list.n;
    if (!cel_take(f, x + y, out))
        return;
    dd_cel_value *items = dd_arena_alloc(f->arena, (x + y + 1) * sizeof *items);
    if (x)
        memcpy(items, a[0].list.items, x * sizeof *items);
    if (y)
        memcpy(items + x, a[1].list.items, y * sizeof *items);
    *out = dd_cel_list(items, x + y);
}
