#include "report/format.h"

#include <inttypes.h>

dd_str dd_fmt_count(dd_arena *a, int64_t n)
{
    char digits[24], out[40];
    int  len = snprintf(digits, sizeof digits, "%" PRId64, n < 0 ? 0 : n);
    int  o   = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[o++] = ',';
        out[o++] = digits[i];
    }
    return dd_arena_dup(a, (dd_str){ out, (size_t)o });
}

dd_str dd_fmt_plural(dd_arena *a, size_t n, const char *one, const char *many)
{
    dd_str count = dd_fmt_count(a, (int64_t)n);
    return dd_arena_printf(a, DD_STR_FMT " %s", DD_STR_ARG(count), n == 1 ? one : many);
}

dd_str dd_fmt_tokens(dd_arena *a, int64_t n)
{
    if (n < 0)
        return DD_STR("?");
    if (n < 10000)
        return dd_fmt_count(a, n);
    if (n < 999950)
        return n < 100000 ? dd_arena_printf(a, "%.1fk", (double)n / 1e3) : dd_arena_printf(a, "%.0fk", (double)n / 1e3);
    return dd_arena_printf(a, "%.1fM", (double)n / 1e6);
}

dd_str dd_fmt_money(dd_arena *a, dd_pusd m)
{
    if (m == DD_PUSD_UNKNOWN)
        return DD_STR("unknown");
    dd_buf b = DD_BUF_INIT(64);
    dd_money_show(m, &b);
    dd_str s = dd_arena_dup(a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

dd_str dd_fmt_about(dd_arena *a, dd_pusd m)
{
    if (m < 1000 * DD_PUSD_PER_USD)
        return dd_fmt_money(a, m);
    dd_str n = dd_fmt_count(a, m / DD_PUSD_PER_USD + (m % DD_PUSD_PER_USD >= DD_PUSD_PER_USD / 2));
    return dd_arena_printf(a, "$" DD_STR_FMT, DD_STR_ARG(n));
}

dd_str dd_fmt_percent(dd_arena *a, dd_pusd part, dd_pusd whole)
{
    if (whole <= 0 || part == DD_PUSD_UNKNOWN || part < 0)
        return DD_STR("");
    double p = 100.0 * (double)part / (double)whole;
    if (part > 0 && p < 1)
        return DD_STR("<1%");
    if (part < whole && p > 99)
        return DD_STR("99%");
    return dd_arena_printf(a, "%.0f%%", p);
}

dd_str dd_fmt_took(dd_arena *a, double ms)
{
    static const struct { double below, by; int digits; const char *unit; } kinds[] = {
        { 0.995, 1, 2, "ms" }, { 9.95, 1, 1, "ms" }, { 999.5, 1, 0, "ms" }, { 9995, 1e3, 2, "s" }, { 59950, 1e3, 1, "s" }, { 3570000, 6e4, 0, "min" },
        { 3.6e11, 3.6e6, 1, "h" },
    };
    if (!(ms >= 0))
        return DD_STR("-");
    if (ms < 0.005)
        return DD_STR("<0.01 ms");
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (ms < kinds[i].below)
            return dd_arena_printf(a, "%.*f %s", kinds[i].digits, ms / kinds[i].by, kinds[i].unit);
    return DD_STR(">10 years");
}

/* Whole seconds since 1970 as that zone's clocks have them. */
static int64_t local_of(int64_t time_ms, int32_t offset_s) { return (time_ms >= 0 ? time_ms : time_ms - 999) / 1000 + offset_s; }

dd_str dd_fmt_clock(dd_arena *a, int64_t time_ms, int32_t offset_s)
{
    int64_t s = local_of(time_ms, offset_s) % 86400;
    s += s < 0 ? 86400 : 0;
    return dd_arena_printf(a, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

dd_str dd_fmt_zone(dd_arena *a, int32_t offset_s)
{
    int minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
    return minutes ? dd_arena_printf(a, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60) : DD_STR("UTC");
}

dd_str dd_fmt_moment(dd_arena *a, int64_t time_ms, int32_t offset_s)
{
    char day[11];
    int  ms = (int)(time_ms % 1000);
    dd_day_format(dd_day_of((dd_wall){ local_of(time_ms, offset_s) }), day);
    return dd_arena_printf(a, "%s " DD_STR_FMT ".%03d " DD_STR_FMT, day, DD_STR_ARG(dd_fmt_clock(a, time_ms, offset_s)), ms < 0 ? ms + 1000 : ms,
                           DD_STR_ARG(dd_fmt_zone(a, offset_s)));
}

dd_str dd_fmt_day(dd_arena *a, dd_day d)
{
    if (d == DD_DAY_NONE)
        return DD_STR("");
    char text[11];
    dd_day_format(d, text);
    return dd_arena_dupz(a, text);
}

dd_str dd_fmt_age(dd_arena *a, int days)
{
    if (days <= 0)
        return DD_STR("0 days old");
    return days == 1 ? DD_STR("1 day old") : dd_arena_printf(a, "%d days old", days);
}

/* The first `width` columns of s, at whole characters. */
static dd_str head_of(dd_str s, int width)
{
    size_t end = 0;
    for (size_t pos = 0; pos < s.len;) {
        dd_utf8_next(s, &pos);
        if ((int)dd_utf8_width(dd_str_sub(s, 0, pos)) > width)
            break;
        end = pos;
    }
    return dd_str_sub(s, 0, end);
}

dd_str dd_fmt_fit(dd_arena *a, dd_str s, int width)
{
    size_t pos = 0, fit = 0;
    if ((int)dd_utf8_width(s) <= width)
        return s;
    while (pos < s.len && (int)dd_utf8_width(dd_str_sub(s, 0, pos)) < width) {
        fit = pos;
        dd_utf8_next(s, &pos);
    }
    return dd_arena_printf(a, DD_STR_FMT "…", DD_STR_ARG(dd_str_sub(s, 0, fit)));
}

static dd_str tail_of(dd_str s, int width)
{
    size_t from = 0;
    while (from < s.len && (int)dd_utf8_width(dd_str_sub(s, from, s.len)) > width)
        dd_utf8_next(s, &from);
    return dd_str_sub(s, from, s.len);
}

/* Shortens a name that has no folders left to drop: its end (extension, line) says more than its middle. */
static dd_str cut_name(dd_arena *a, dd_str name, int width)
{
    if (width < 2)
        return head_of(name, width < 0 ? 0 : width);
    int    back = (width - 1) * 2 / 3;
    dd_str h    = head_of(name, width - 1 - back), t = tail_of(name, back);
    return dd_arena_printf(a, DD_STR_FMT "…" DD_STR_FMT, DD_STR_ARG(h), DD_STR_ARG(t));
}

dd_str dd_fmt_path(dd_arena *a, dd_str path, int width)
{
    if ((int)dd_utf8_width(path) <= width)
        return path;
    ptrdiff_t slash = dd_str_rchr(path, '/');
    if (slash < 0)
        return cut_name(a, path, width);
    size_t    tail  = (size_t)slash + 1; /* the kept end starts here */
    int       room  = width - 2 - (int)dd_utf8_width(dd_str_sub(path, tail, path.len));
    if (room < 0)
        return cut_name(a, dd_str_sub(path, tail, path.len), width);
    size_t    head  = 0;                 /* the kept front ends here */
    ptrdiff_t first = dd_str_chr(path, '/');
    if (first >= 0 && (int)dd_utf8_width(dd_str_sub(path, 0, (size_t)first + 1)) <= room) {
        head = (size_t)first + 1;
        room -= (int)dd_utf8_width(dd_str_sub(path, 0, head));
    }
    for (;;) {
        ptrdiff_t up = tail > 1 ? dd_str_rchr(dd_str_sub(path, 0, tail - 1), '/') : -1;
        if (up < 0 || (size_t)up + 1 <= head)
            break;
        int more = (int)dd_utf8_width(dd_str_sub(path, (size_t)up + 1, tail));
        if (more > room)
            break;
        room -= more;
        tail = (size_t)up + 1;
    }
    dd_str h = dd_str_sub(path, 0, head), t = dd_str_sub(path, tail, path.len);
    return dd_arena_printf(a, DD_STR_FMT "…/" DD_STR_FMT, DD_STR_ARG(h), DD_STR_ARG(t));
}

dd_str dd_fmt_where(dd_arena *a, const dd_site *s, int width)
{
    dd_str full = s->cell >= 0
        ? dd_arena_printf(a, DD_STR_FMT "[%d]:%u", DD_STR_ARG(s->path), (int)s->cell, (unsigned)s->line)
        : dd_arena_printf(a, DD_STR_FMT ":%u", DD_STR_ARG(s->path), (unsigned)s->line);
    return width > 0 ? dd_fmt_path(a, full, width) : full;
}

dd_str dd_fmt_join(dd_arena *a, const dd_str *v, size_t n, const char *sep, size_t max)
{
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < n && i < max; i++) {
        if (i)
            dd_buf_addz(&b, sep);
        dd_buf_add(&b, v[i]);
    }
    if (n > max)
        dd_buf_printf(&b, "%s+%zu", sep, n - max);
    dd_str s = dd_arena_dup(a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

dd_str dd_fmt_model(dd_arena *a, const dd_site *s)
{
    if (s->model.ptr)
        return s->model.len ? s->model : DD_STR("\"\"");
    if (s->n_candidates)
        return dd_fmt_join(a, s->candidates, s->n_candidates, " | ", 3);
    return DD_STR("unknown model");
}

dd_str dd_fmt_how(const dd_site *s)
{
    static const char *const words[DD_SRC_COUNT] = {
        [DD_SRC_LITERAL] = "literal", [DD_SRC_CONST_SAME_FILE] = "constant", [DD_SRC_CONST_CROSS_FILE] = "constant, other file",
        [DD_SRC_DEFAULT_PARAM] = "parameter default", [DD_SRC_ENV_DEFAULT] = "env default", [DD_SRC_CLASS_ATTR] = "class attribute",
        [DD_SRC_CONFIG_FILE] = "config file", [DD_SRC_SDK_DEFAULT] = "SDK default", [DD_SRC_DYNAMIC] = "dynamic",
    };
    if (!s->model.ptr && s->n_candidates)
        return DD_STR("one of several");
    return (unsigned)s->model_source < DD_SRC_COUNT ? dd_str_z(words[s->model_source]) : DD_STR("dynamic");
}

dd_str dd_fmt_capital(dd_arena *a, dd_str s)
{
    size_t word = 0;
    while (word < s.len && s.ptr[word] >= 'a' && s.ptr[word] <= 'z')
        word++;
    if (!word || (word < s.len && !strchr(" ,.;:", s.ptr[word]))) /* "gpt-4o ..." is a name and stays as it is */
        return s;
    char *copy = dd_arena_alloc(a, s.len);
    memcpy(copy, s.ptr, s.len);
    copy[0] = (char)(copy[0] - 'a' + 'A');
    return (dd_str){ copy, s.len };
}

static void add_uri(dd_buf *b, dd_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        bool          plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("/-._~", c));
        if (plain)
            dd_buf_addc(b, (char)c);
        else
            dd_buf_printf(b, "%%%02X", c);
    }
}

dd_str dd_fmt_uri(dd_arena *a, dd_str root, dd_str path)
{
    bool absolute = path.len && path.ptr[0] == '/';
    if (!absolute && (!root.len || root.ptr[0] != '/'))
        return DD_STR("");
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_addz(&b, "file://");
    if (!absolute) {
        add_uri(&b, root);
        if (root.ptr[root.len - 1] != '/')
            dd_buf_addc(&b, '/');
    }
    add_uri(&b, path);
    dd_str s = dd_arena_dup(a, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}
