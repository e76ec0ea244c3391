#include "pricing-cache/rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

const char *const dd_price_kind_names[]   = { "chat", "completion", "embedding" };
const char *const dd_model_status_names[] = { "active", "deprecated", "retired", "unlisted" };

const dd_rates dd_rates_none = { DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE };

void dd_price_row_init(dd_price_row *row)
{
    *row = (dd_price_row){ .price = { .batch_input = DD_PRICE_NONE, .batch_output = DD_PRICE_NONE, .released = DD_DAY_NONE,
                                      .retires = DD_DAY_NONE, .retires_not_before = DD_DAY_NONE, .source_date = DD_DAY_NONE } };
    row->price.rates    = dd_rates_none;
    row->price.off_peak = dd_rates_none;
    row->price.provider = row->price.id = row->price.peak_utc = row->price.replacement = DD_STR("");
    row->price.tokenizer = row->price.source = row->price.note = DD_STR("");
}

static int by_name(const void *a, const void *b)
{
    const dd_price *x = a, *y = b;
    int             c = dd_str_cmp(x->provider, y->provider);
    return c ? c : dd_str_cmp(x->id, y->id);
}

void dd_price_list_sort(dd_price_list *list)
{
    if (list->n > 1)
        qsort(list->rows, list->n, sizeof *list->rows, by_name);
}

void dd_price_list_free(dd_price_list *list)
{
    dd_arena_fini(&list->arena);
    *list = (dd_price_list)DD_PRICE_LIST_INIT;
}

typedef struct {
    uint64_t digits;
    int      shift; /* value is digits * 10^shift */
    bool     negative, any;
} decimal;

/* Digits past the 18th do not fit: a dropped one before the point is counted in the exponent, behind it it is forgotten. */
static void take_digit(decimal *d, int digit, bool fraction)
{
    d->any = true;
    if (d->digits < UINT64_C(100000000000000000)) {
        d->digits = d->digits * 10 + (unsigned)digit;
        d->shift -= fraction;
    } else {
        d->shift += !fraction;
    }
}

static bool read_exponent(dd_str s, int *shift)
{
    int64_t e;
    if (s.len > 1 && s.ptr[0] == '+')
        s = dd_str_sub(s, 1, s.len);
    if (!dd_parse_i64(s, &e) || e < -400 || e > 400)
        return false;
    *shift += (int)e;
    return true;
}

static bool read_decimal(dd_str s, decimal *d)
{
    size_t i        = 0;
    bool   fraction = false;
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        d->negative = s.ptr[i++] == '-';
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (c >= '0' && c <= '9')
            take_digit(d, c - '0', fraction);
        else if (c == '.' && !fraction)
            fraction = true;
        else if ((c == 'e' || c == 'E') && d->any)
            return read_exponent(dd_str_sub(s, i + 1, s.len), &d->shift);
        else
            return false;
    }
    return d->any;
}

bool dd_decimal_scale(dd_str text, int scale, int64_t *out)
{
    decimal d = { 0 };
    if (!read_decimal(text, &d))
        return false;
    int      shift = d.shift + scale;
    uint64_t v     = d.digits;
    for (; shift > 0 && v; shift--) {
        if (v > (uint64_t)INT64_MAX / 10)
            return false;
        v *= 10;
    }
    for (; shift < -1 && v; shift++)
        v /= 10;
    if (shift < 0)
        v = (v + 5) / 10;
    if (v > (uint64_t)INT64_MAX)
        return false;
    *out = d.negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool dd_double_scale(double value, int scale, int64_t *out)
{
    double power = 1; /* powers of ten are exact up to 1e22: one rounding in all */
    for (; scale > 0; scale--)
        power *= 10;
    double v = value * power;
    if (!isfinite(v) || v > 9e18 || v < -9e18)
        return false;
    *out = llround(v);
    return true;
}

void dd_price_show(int64_t micros, dd_buf *out)
{
    char text[40];
    int  n = snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, micros / 1000000, micros % 1000000);
    while (n > 0 && text[n - 1] == '0')
        n--;
    if (n > 0 && text[n - 1] == '.')
        n--;
    dd_buf_add(out, (dd_str){ text, (size_t)n });
}
