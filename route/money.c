#include "route/money.h"

/* Decimal places of a picodollar. */
enum { PLACES = 12 };

static bool storable(dd_pusd m)
{
    return m != DD_PUSD_UNKNOWN;
}

dd_code dd_money_add(dd_pusd a, dd_pusd b, dd_pusd *out)
{
    dd_pusd sum;
    if (!storable(a) || !storable(b) || __builtin_add_overflow(a, b, &sum) || !storable(sum))
        return DD_ERR_RANGE;
    *out = sum;
    return DD_OK;
}

dd_code dd_money_mul(dd_pusd a, int64_t n, dd_pusd *out)
{
    dd_pusd product;
    if (!storable(a) || __builtin_mul_overflow(a, n, &product) || !storable(product))
        return DD_ERR_RANGE;
    *out = product;
    return DD_OK;
}

dd_pusd dd_money_less(dd_pusd a, dd_pusd b)
{
    dd_pusd difference;
    bool    fits = storable(a) && storable(b) && !__builtin_sub_overflow(a, b, &difference);
    return fits ? difference : DD_PUSD_UNKNOWN;
}

/* The absolute value; unsigned, because that of INT64_MIN + 1 and of INT64_MAX are alike. */
static uint64_t magnitude(dd_pusd m)
{
    return m < 0 ? 0 - (uint64_t)m : (uint64_t)m;
}

/* Without printf, because each proxied request says what it cost. */
static void put_number(uint64_t n, dd_buf *out)
{
    char   digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    dd_buf_add(out, (dd_str){ digits + at, sizeof digits - at });
}

/* ".01485": the fraction's digits without trailing zeros, but at least `keep` of them. */
static void put_fraction(uint64_t fraction, int keep, dd_buf *out)
{
    char digits[PLACES];
    int  n = PLACES;
    for (int i = PLACES - 1; i >= 0; i--, fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    while (n > keep && digits[n - 1] == '0')
        n--;
    if (n == 0)
        return;
    dd_buf_addc(out, '.');
    dd_buf_add(out, (dd_str){ digits, (size_t)n });
}

void dd_money_json(dd_pusd m, dd_buf *out)
{
    if (!storable(m)) {
        dd_buf_addz(out, "null");
        return;
    }
    uint64_t u = magnitude(m);
    if (m < 0)
        dd_buf_addc(out, '-');
    put_number(u / DD_PUSD_PER_USD, out);
    put_fraction(u % DD_PUSD_PER_USD, 0, out);
}

static void put_grouped(uint64_t n, dd_buf *out)
{
    char digits[24];
    int  len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            dd_buf_addc(out, ',');
        dd_buf_addc(out, digits[i]);
    }
}

/* The place (as a power of ten in picodollars) that a person is shown: cents, or the second significant digit. */
static uint64_t shown_unit(uint64_t u)
{
    uint64_t unit = DD_PUSD_PER_USD / 100;
    while (unit > 1 && u < unit * 10)
        unit /= 10;
    return unit;
}

void dd_money_show(dd_pusd m, dd_buf *out)
{
    if (!storable(m)) {
        dd_buf_addz(out, "unknown");
        return;
    }
    uint64_t u = magnitude(m), unit = u == 0 ? 1 : shown_unit(u);
    u = (u + unit / 2) / unit * unit; /* half away from zero */
    dd_buf_addz(out, m < 0 ? "-$" : "$");
    put_grouped(u / DD_PUSD_PER_USD, out);
    put_fraction(u % DD_PUSD_PER_USD, 2, out);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_of(dd_str s)
{
    size_t n = 0;
    while (n < s.len && digit(s.ptr[n]))
        n++;
    return n;
}

static dd_code push_digit(dd_pusd *v, char c)
{
    if (__builtin_mul_overflow(*v, 10, v) || __builtin_add_overflow(*v, (dd_pusd)(c - '0'), v))
        return DD_ERR_RANGE;
    return DD_OK;
}

static dd_code take_digits(dd_str *s, size_t n, dd_pusd *value)
{
    dd_code rc = DD_OK;
    for (size_t i = 0; i < n && rc == DD_OK; i++)
        rc = push_digit(value, s->ptr[i]);
    *s = dd_str_sub(*s, n, s->len);
    return rc;
}

static bool take_char(dd_str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = dd_str_sub(*s, 1, s->len);
    return true;
}

/* Reads "1200" or "1,200" off the front of *s. Commas only where thousands are: "1,20" is a decimal comma, refused. */
static dd_code whole_part(dd_str *s, dd_pusd *value, bool *any)
{
    size_t  n  = digits_of(*s);
    dd_code rc = take_digits(s, n, value);
    *any = n > 0;
    if (n == 0 || n > 3)
        return rc;
    while (rc == DD_OK && take_char(s, ','))
        rc = digits_of(*s) == 3 ? take_digits(s, 3, value) : DD_ERR_PARSE;
    return rc;
}

/* Reads ".50" off the front of *s and scales *value to picodollars. More than 12 places cannot be held exactly: refused unless zeros. */
static dd_code fraction_part(dd_str *s, dd_pusd *value, bool *any)
{
    dd_code rc    = DD_OK;
    int     taken = 0;
    if (s->len > 0 && s->ptr[0] == '.') {
        size_t i = 1;
        for (; i < s->len && digit(s->ptr[i]) && rc == DD_OK; i++) {
            *any = true;
            if (taken < PLACES)
                rc = push_digit(value, s->ptr[i]), taken++;
            else if (s->ptr[i] != '0')
                rc = DD_ERR_RANGE;
        }
        *s = dd_str_sub(*s, i, s->len);
    }
    for (; taken < PLACES && rc == DD_OK; taken++)
        rc = push_digit(value, '0');
    return rc;
}

dd_code dd_money_parse(dd_str text, dd_pusd *out, dd_err *err)
{
    dd_str  s        = dd_str_trim(text);
    bool    any      = false, any_fraction = false, negative = take_char(&s, '-');
    dd_pusd value    = 0;
    (void)take_char(&s, '$');
    dd_code rc = whole_part(&s, &value, &any);
    if (rc == DD_OK)
        rc = fraction_part(&s, &value, &any_fraction);
    if (rc == DD_ERR_RANGE)
        return dd_fail(err, rc, "amount \"" DD_STR_FMT "\": outside what can be represented", DD_STR_ARG(text));
    if (rc != DD_OK || s.len > 0 || !(any || any_fraction)) {
        dd_fail(err, DD_ERR_PARSE, "amount \"" DD_STR_FMT "\": not an amount of USD", DD_STR_ARG(text));
        dd_hint(err, "Write it as 12.50, $12.50 or 1,200.");
        return DD_ERR_PARSE;
    }
    *out = negative ? -value : value;
    return DD_OK;
}
