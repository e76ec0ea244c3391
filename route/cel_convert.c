/* Conversions: int(), string() and the like, and numbers as text. */
#include "route/cel_parts.h"

#include <math.h>

#define UNUSED (void)f, (void)n
static const dd_str no_text = { "", 0 };

/* --- numbers as text --- */
enum { NUMBER_BYTES = 1100 }; /* more digits than any double needs */

static size_t digits_at(dd_str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.len && s.ptr[at + n] >= '0' && s.ptr[at + n] <= '9')
        n++;
    return n;
}

static size_t sign_at(dd_str s, size_t at) { return at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'); }

/* [+-] digits [. digits] [e [+-] digits], with a digit in front of or behind the dot. */
static bool looks_like_double(dd_str s)
{
    size_t at = sign_at(s, 0), whole = digits_at(s, at), part = 0;
    at += whole;
    if (at < s.len && s.ptr[at] == '.') {
        part = digits_at(s, at + 1);
        at += part + 1;
    }
    if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
        size_t sign = sign_at(s, at + 1), power = digits_at(s, at + 1 + sign);
        at += 1 + sign + power;
        if (power == 0)
            return false;
    }
    return at == s.len && whole + part > 0;
}

static bool parse_special(dd_str s, double *out)
{
    static const struct { const char *text; double value; } names[] = {
        { "nan", (double)NAN }, { "inf", (double)INFINITY }, { "infinity", (double)INFINITY },
    };
    size_t sign = sign_at(s, 0);
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eq_nocase(dd_str_sub(s, sign, s.len), dd_str_z(names[i].text))) {
            *out = s.ptr[0] == '-' ? -names[i].value : names[i].value;
            return true;
        }
    return false;
}

bool cel_parse_double(dd_str s, double *out)
{
    char text[NUMBER_BYTES];
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    if (!looks_like_double(s))
        return parse_special(s, out);
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    *out = strtod(text, NULL);
    return isfinite(*out);
}

static bool parse_uint(dd_str s, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || __builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(s.ptr[i] - '0'), out))
            return false;
    return s.len > 0;
}

/* Digits d with the decimal point behind the first `whole` of them; zeros where there are none. */
static void print_plain(const char *d, int n, int whole, dd_buf *out)
{
    if (whole <= 0)
        dd_buf_addz(out, "0");
    for (int i = 0; i < whole; i++)
        dd_buf_addc(out, i < n ? d[i] : '0');
    if (n > whole)
        dd_buf_addc(out, '.');
    for (int i = whole; i < n; i++)
        dd_buf_addc(out, i < 0 ? '0' : d[i]);
}

/* The digits of "-d.ddde+xx"; their number. */
static int only_digits(const char *text, const char *e, char digits[24])
{
    int n = 0;
    for (const char *c = text; c < e && n < 24; c++)
        if (*c >= '0' && *c <= '9')
            digits[n++] = *c;
    return n;
}

static void print_finite(double d, dd_buf *out)
{
    char    text[40], digits[24];
    int     precision = 0;
    int64_t power = 0;
    do /* the fewest digits that read back */
        snprintf(text, sizeof text, "%.*e", precision, d);
    while (strtod(text, NULL) != d && ++precision < 17);
    const char *e = strchr(text, 'e');
    dd_parse_i64(dd_str_z(e + 1), &power);
    if (power < -4 || power >= 21) {
        dd_buf_addz(out, text);
        return;
    }
    dd_buf_addz(out, text[0] == '-' ? "-" : "");
    print_plain(digits, only_digits(text, e, digits), (int)power + 1, out);
}

void cel_print_double(double d, dd_buf *out)
{
    if (isfinite(d))
        print_finite(d, out);
    else
        dd_buf_addz(out, d != d ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
}

/* --- functions --- */
static void cannot(const dd_cel_value *a, dd_cel_value *out)
{
    cel_fail(out, DD_CEL_E_CONVERT, a->type == DD_CEL_STRING ? a->s : no_text);
}

static const double two_to_63 = 9223372036854775808.0, two_to_64 = 18446744073709551616.0;

static void int_of_double(double d, dd_cel_value *out)
{
    if (d > -two_to_63 && d < two_to_63) /* the ends are out, as the language says */
        *out = dd_cel_int((int64_t)d);
    else
        cel_fail(out, DD_CEL_E_RANGE, no_text);
}

void cel_to_int(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    int64_t i;
    UNUSED;
    switch (a->type) {
    case DD_CEL_UINT:
        if (a->u <= INT64_MAX)
            *out = dd_cel_int((int64_t)a->u);
        else
            cel_fail(out, DD_CEL_E_RANGE, no_text);
        break;
    case DD_CEL_DOUBLE:    int_of_double(a->d, out); break;
    case DD_CEL_TIMESTAMP: *out = dd_cel_int(a->seconds); break;
    case DD_CEL_STRING:
        if (dd_parse_i64(a->s, &i))
            *out = dd_cel_int(i);
        else
            cannot(a, out);
        break;
    default:               *out = *a; break;
    }
}

static void uint_of_double(double d, dd_cel_value *out)
{
    if (d >= 0 && d < two_to_64)
        *out = dd_cel_uint((uint64_t)d);
    else
        cel_fail(out, DD_CEL_E_RANGE, no_text);
}

void cel_to_uint(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    uint64_t u;
    UNUSED;
    switch (a->type) {
    case DD_CEL_INT:
        if (a->i >= 0)
            *out = dd_cel_uint((uint64_t)a->i);
        else
            cel_fail(out, DD_CEL_E_RANGE, no_text);
        break;
    case DD_CEL_DOUBLE: uint_of_double(a->d, out); break;
    case DD_CEL_STRING:
        if (parse_uint(a->s, &u))
            *out = dd_cel_uint(u);
        else
            cannot(a, out);
        break;
    default:            *out = *a; break;
    }
}

void cel_to_double(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    double d = 0;
    UNUSED;
    switch (a->type) {
    case DD_CEL_INT:  *out = dd_cel_double((double)a->i); break;
    case DD_CEL_UINT: *out = dd_cel_double((double)a->u); break;
    case DD_CEL_STRING:
        if (cel_parse_double(a->s, &d))
            *out = dd_cel_double(d);
        else
            cannot(a, out);
        break;
    default:          *out = *a; break;
    }
}

static void print_as_text(const dd_cel_value *a, dd_buf *text)
{
    switch (a->type) {
    case DD_CEL_BOOL:      dd_buf_addz(text, a->b ? "true" : "false"); break;
    case DD_CEL_INT:       dd_buf_printf(text, "%lld", (long long)a->i); break;
    case DD_CEL_UINT:      dd_buf_printf(text, "%llu", (unsigned long long)a->u); break;
    case DD_CEL_DOUBLE:    cel_print_double(a->d, text); break;
    case DD_CEL_TIMESTAMP: cel_print_timestamp(a, text); break;
    default:               cel_print_duration(a, text); break;
    }
}

void cel_to_string(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    if (a->type == DD_CEL_STRING || a->type == DD_CEL_BYTES) {
        if (a->type == DD_CEL_BYTES && !dd_utf8_valid(a->s))
            cel_fail(out, DD_CEL_E_CONVERT, no_text);
        else
            *out = dd_cel_string(a->s);
        return;
    }
    dd_buf text = DD_BUF_INIT(0);
    print_as_text(a, &text);
    *out = dd_cel_string(dd_arena_dup(f->arena, dd_buf_str(&text)));
    dd_buf_free(&text);
}

void cel_to_bool(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    static const char *const words[2][6] = { { "0", "f", "F", "false", "FALSE", "False" }, { "1", "t", "T", "true", "TRUE", "True" } };
    UNUSED;
    if (a->type == DD_CEL_BOOL) {
        *out = *a;
        return;
    }
    for (size_t i = 0; i < 12; i++)
        if (dd_str_eqz(a->s, words[i / 6][i % 6])) {
            *out = dd_cel_bool(i / 6);
            return;
        }
    cannot(a, out);
}

void cel_to_bytes(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = *a;
    out->type = DD_CEL_BYTES;
}

void cel_to_dyn(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = *a;
}

void cel_to_type(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    *out = (dd_cel_value){ .type = DD_CEL_TYPE, .is = a->type };
}

void cel_to_timestamp(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (a->type == DD_CEL_TIMESTAMP)
        *out = *a;
    else if (a->type == DD_CEL_STRING) {
        if (!cel_parse_timestamp(a->s, out))
            cannot(a, out);
    } else if (cel_timestamp_ok(a->i))
        *out = (dd_cel_value){ .type = DD_CEL_TIMESTAMP, .seconds = a->i };
    else
        cel_fail(out, DD_CEL_E_RANGE, no_text);
}

void cel_to_duration(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    UNUSED;
    if (a->type == DD_CEL_DURATION)
        *out = *a;
    else if (!cel_parse_duration(a->s, out))
        cannot(a, out);
}
