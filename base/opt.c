#include "base/opt.h"
#include "base/near.h"

#include <stdlib.h>
#include <string.h>

static bool is_flag(const dd_opt *o) { return o->kind == DD_OPT_FLAG; }

static const dd_opt *by_name(const dd_opt *table, dd_str name)
{
    for (const dd_opt *o = table; o->name; o++)
        if (o->kind != DD_OPT_HEADING && dd_str_eqz(name, o->name))
            return o;
    return NULL;
}

static const dd_opt *by_letter(const dd_opt *table, char c)
{
    for (const dd_opt *o = table; o->name; o++)
        if (o->kind != DD_OPT_HEADING && o->letter == c)
            return o;
    return NULL;
}

static dd_code unknown(const dd_opt *table, dd_str name, dd_err *err)
{
    dd_fail(err, DD_ERR_USAGE, "unknown option \"--" DD_STR_FMT "\"", DD_STR_ARG(name));
    dd_near near = { .asked = name };
    for (const dd_opt *o = table; o->name; o++)
        if (o->kind != DD_OPT_HEADING)
            dd_near_look(&near, dd_str_z(o->name));
    if (near.best.len)
        dd_hint(err, "Did you mean \"--" DD_STR_FMT "\"?", DD_STR_ARG(near.best));
    else
        dd_hint(err, "Run it with --help to see its options.");
    return DD_ERR_USAGE;
}

static dd_code bad_value(const dd_opt *o, const char *value, const char *want, dd_err *err)
{
    return dd_fail(err, DD_ERR_USAGE, "option \"--%s\" does not take \"%s\": %s", o->name, value, want);
}

static bool parse_size(dd_str s, int64_t *out)
{
    static const struct { const char *unit; int64_t factor; } units[] = {
        { "GiB", 1 << 30 }, { "GB", 1 << 30 }, { "G", 1 << 30 }, { "MiB", 1 << 20 }, { "MB", 1 << 20 },
        { "M", 1 << 20 },   { "KiB", 1024 },   { "KB", 1024 },   { "K", 1024 },      { "B", 1 },
    };
    int64_t factor = 1;
    for (size_t i = 0; i < DD_COUNT(units); i++) {
        dd_str unit = dd_str_z(units[i].unit);
        if (s.len > unit.len && dd_str_eq_nocase(dd_str_sub(s, s.len - unit.len, s.len), unit)) {
            factor = units[i].factor;
            s.len -= unit.len;
            break;
        }
    }
    return dd_parse_i64(s, out) && *out >= 0 && !__builtin_mul_overflow(*out, factor, out);
}

/* USD to picodollars, exactly; more than 12 decimals are refused. */
static bool parse_duration(dd_str s, int64_t *out)
{
    static const struct { const char *unit; int64_t ms; } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "", 1000 } };
    size_t  digits = 0;
    int64_t n;
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
        digits++;
    if (!dd_parse_i64(dd_str_sub(s, 0, digits), &n))
        return false;
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (dd_str_eqz(dd_str_sub(s, digits, s.len), units[i].unit))
            return n <= INT64_MAX / 1000000 / units[i].ms ? (*out = n * units[i].ms, true) : false;   /* fits in nanoseconds too */
    return false;
}

static bool parse_usd(dd_str s, int64_t *out)
{
    if (s.len && s.ptr[0] == '$')
        s = dd_str_sub(s, 1, s.len);
    dd_str  whole = dd_str_cut(&s, '.');
    int64_t usd = 0, part = 0;
    if ((whole.len == 0 && s.len == 0) || s.len > 12 || (whole.len && !dd_parse_i64(whole, &usd)) || (s.len && !dd_parse_i64(s, &part)))
        return false;
    for (size_t i = s.len; i < 12; i++)
        part *= 10;
    return usd >= 0 && part >= 0 && !__builtin_mul_overflow(usd, (int64_t)1000000000000, &usd) && !__builtin_add_overflow(usd, part, out);
}

static bool one_of(const char *choices, const char *value)
{
    dd_str rest = dd_str_z(choices);
    while (rest.len)
        if (dd_str_eqz(dd_str_cut(&rest, '|'), value))
            return true;
    return false;
}

static void list_add(dd_opt_list *list, const char *value)
{
    list->v              = dd_realloc(list->v, (list->n + 1) * sizeof *list->v);
    list->v[list->n++] = value;
}

static dd_code set(const dd_opt *o, const char *value, void *into, dd_err *err)
{
    void *member = (char *)into + o->offset;
    switch (o->kind) {
    case DD_OPT_FLAG: *(bool *)member = true; return DD_OK;
    case DD_OPT_TEXT: *(const char **)member = value; return DD_OK;
    case DD_OPT_LIST: list_add(member, value); return DD_OK;
    case DD_OPT_INT:
        if (!dd_parse_i64(dd_str_z(value), member) || *(int64_t *)member < 0)
            return bad_value(o, value, "it takes a whole number", err);
        return DD_OK;
    case DD_OPT_SIZE:
        return parse_size(dd_str_z(value), member) ? DD_OK : bad_value(o, value, "it takes a size such as 1048576, 512K or 1MB", err);
    case DD_OPT_DURATION:
        return parse_duration(dd_str_z(value), member) ? DD_OK : bad_value(o, value, "it takes a duration such as 250ms, 30s, 10m, 24h or 30d", err);
    case DD_OPT_USD: return parse_usd(dd_str_z(value), member) ? DD_OK : bad_value(o, value, "it takes an amount such as 12.50", err);
    case DD_OPT_CHOICE:
    case DD_OPT_CHOICES:
        if (!one_of(o->arg, value)) {
            bad_value(o, value, "no such choice", err);
            dd_hint(err, "One of: %s.", o->arg);
            return DD_ERR_USAGE;
        }
        if (o->kind == DD_OPT_CHOICE)
            *(const char **)member = value;
        else
            list_add(member, value);
        return DD_OK;
    case DD_OPT_HEADING: break;
    }
    return DD_OK;
}

typedef struct {
    const dd_opt *table;
    int           argc, at;
    char        **argv;
    void         *into;
    bool         *help;
    dd_err       *err;
} parse;

/* The value of `o`: given with it, or the next word. */
static dd_code take(parse *p, const dd_opt *o, const char *value)
{
    if (is_flag(o) && value)
        return dd_fail(p->err, DD_ERR_USAGE, "option \"--%s\" takes no value", o->name);
    if (!is_flag(o) && !value) {
        if (p->at + 1 >= p->argc) {
            dd_fail(p->err, DD_ERR_USAGE, "option \"--%s\" needs a value", o->name);
            dd_hint(p->err, "It takes <%s>.", o->arg);
            return DD_ERR_USAGE;
        }
        value = p->argv[++p->at];
    }
    return set(o, value, p->into, p->err);
}

static dd_code parse_long(parse *p, const char *word)
{
    const char   *eq    = strchr(word, '=');
    dd_str        name  = eq ? (dd_str){ word, (size_t)(eq - word) } : dd_str_z(word);
    const dd_opt *o     = by_name(p->table, name);
    if (o)
        return take(p, o, eq ? eq + 1 : NULL);
    if (dd_str_eqz(name, "help")) {
        *p->help = true;
        return DD_OK;
    }
    return unknown(p->table, name, p->err);
}

static dd_code parse_letters(parse *p, const char *letters)
{
    for (; *letters; letters++) {
        const dd_opt *o = by_letter(p->table, *letters);
        if (!o && *letters == 'h') {
            *p->help = true;
            continue;
        }
        if (!o) {
            dd_fail(p->err, DD_ERR_USAGE, "unknown option \"-%c\"", *letters);
            dd_hint(p->err, "Run it with --help to see its options.");
            return DD_ERR_USAGE;
        }
        if (!is_flag(o)) {
            const char *rest = letters[1] == '=' ? letters + 2 : letters + 1;
            return take(p, o, letters[1] ? rest : NULL);
        }
        dd_code rc = take(p, o, NULL);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

dd_code dd_opt_parse(const dd_opt *table, int argc, char **argv, void *into, int *words, bool *help, dd_err *err)
{
    parse p    = { table, argc, 1, argv, into, help, err };
    bool  ends = false;
    *words     = 0;
    *help      = false;
    for (; p.at < argc; p.at++) {
        char   *word = argv[p.at];
        dd_code rc   = DD_OK;
        if (ends || word[0] != '-' || word[1] == '\0')
            argv[++*words] = word;
        else if (strcmp(word, "--") == 0)
            ends = true;
        else if (word[1] == '-')
            rc = parse_long(&p, word + 2);
        else
            rc = parse_letters(&p, word + 1);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

void dd_opt_fini(const dd_opt *table, void *into)
{
    for (const dd_opt *o = table; o->name; o++) {
        if (o->kind != DD_OPT_LIST && o->kind != DD_OPT_CHOICES)
            continue;
        dd_opt_list *list = (dd_opt_list *)(void *)((char *)into + o->offset);
        free(list->v);
        *list = (dd_opt_list){ 0 };
    }
}

void dd_opt_spelling(const dd_opt *o, dd_buf *out)
{
    if (o->letter)
        dd_buf_printf(out, "-%c, ", o->letter);
    else
        dd_buf_addz(out, "    ");
    dd_buf_printf(out, "--%s", o->name);
    if (is_flag(o))
        return;
    if (o->kind == DD_OPT_CHOICE || o->kind == DD_OPT_CHOICES)
        dd_buf_printf(out, " %s", o->arg);
    else
        dd_buf_printf(out, " <%s>", o->arg);
}

void dd_opt_wrap(dd_str text, size_t indent, size_t width, dd_buf *out)
{
    size_t column = 0;
    while (text.len) {
        dd_str word = dd_str_cut(&text, ' ');
        if (column && column + 1 + word.len > width - indent) {
            dd_buf_addc(out, '\n');
            dd_buf_pad(out, ' ', indent);
            column = 0;
        }
        if (column) {
            dd_buf_addc(out, ' ');
            column++;
        }
        dd_buf_add(out, word);
        column += word.len;
    }
    dd_buf_addc(out, '\n');
}

void dd_opt_help(const dd_opt *table, size_t width, dd_buf *out)
{
    enum { HELP_COLUMN = 30 };
    for (const dd_opt *o = table; o->name; o++) {
        if (o->kind == DD_OPT_HEADING) {
            dd_buf_printf(out, "\n%s:\n", o->name);
            continue;
        }
        size_t start = out->len;
        dd_buf_addz(out, "  ");
        dd_opt_spelling(o, out);
        size_t used = out->len - start;
        if (used + 2 > HELP_COLUMN) {
            dd_buf_addc(out, '\n');
            used = 0;
        }
        dd_buf_pad(out, ' ', HELP_COLUMN - used);
        dd_opt_wrap(dd_str_z(o->help), HELP_COLUMN, width > 60 ? width : 60, out);
    }
}
