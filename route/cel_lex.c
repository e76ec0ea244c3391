/* Tokens of an expression, but for strings (cel_string.c). */
#include "route/cel_parts.h"

static const struct { const char *text; cel_token_kind kind; } marks[] = { /* longer ones first */
    { "==", CEL_T_EQ }, { "!=", CEL_T_NE }, { "<=", CEL_T_LE }, { ">=", CEL_T_GE }, { "&&", CEL_T_AND }, { "||", CEL_T_OR }, { "<", CEL_T_LT },
    { ">", CEL_T_GT },
    { "!", CEL_T_NOT }, { "+", CEL_T_PLUS }, { "-", CEL_T_MINUS }, { "*", CEL_T_STAR }, { "/", CEL_T_SLASH }, { "%", CEL_T_PERCENT },
    { "?", CEL_T_ASK },
    { ":", CEL_T_COLON }, { ",", CEL_T_COMMA }, { ".", CEL_T_DOT }, { "(", CEL_T_OPEN }, { ")", CEL_T_CLOSE }, { "[", CEL_T_BRACKET },
    { "]", CEL_T_BRACKET_END },
    { "{", CEL_T_BRACE }, { "}", CEL_T_BRACE_END },
};
/* What people write who know other languages. */
static const struct { const char *text, *instead; } foreign[] = {
    { "=", "==" }, { "&", "&&" }, { "|", "||" }, { "~", "matches()" },
};
static const struct { const char *text; cel_token_kind kind; } keywords[] = {
    { "true", CEL_T_TRUE }, { "false", CEL_T_FALSE }, { "null", CEL_T_NULL }, { "in", CEL_T_IN },
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static char peek(dd_str s, size_t at) { return at < s.len ? s.ptr[at] : '\0'; }

static size_t skip_space(dd_str s, size_t at)
{
    for (; at < s.len; at++) {
        if (s.ptr[at] == '/' && peek(s, at + 1) == '/') {
            while (at < s.len && s.ptr[at] != '\n')
                at++;
            if (at == s.len)
                return at;
        }
        if (s.ptr[at] == '\0' || !strchr(" \t\n\f\r", s.ptr[at]))
            break;
    }
    return at;
}

static size_t skip_digits(dd_str s, size_t at)
{
    while (is_digit(peek(s, at)))
        at++;
    return at;
}

/* Behind a fraction and an exponent, if there are any. */
static size_t skip_fraction(dd_str s, size_t at)
{
    if (peek(s, at) == '.' && is_digit(peek(s, at + 1)))
        at = skip_digits(s, at + 1);
    if (peek(s, at) == 'e' || peek(s, at) == 'E') {
        size_t sign = at + 1 + (peek(s, at + 1) == '+' || peek(s, at + 1) == '-');
        if (is_digit(peek(s, sign)))
            at = skip_digits(s, sign);
    }
    return at;
}

static bool add_digit(uint64_t *value, unsigned base, int digit)
{
    return !__builtin_mul_overflow(*value, (uint64_t)base, value) && !__builtin_add_overflow(*value, (uint64_t)digit, value);
}

static bool is_hex(dd_str s, size_t at) { return peek(s, at) == '0' && peek(s, at + 1) == 'x' && dd_hex_digit(peek(s, at + 2)) >= 0; }

/* The digits at *at, which moves behind them; false: more than 64 bits. */
static bool read_digits(dd_str s, size_t *at, unsigned base, uint64_t *value)
{
    bool fits = true;
    for (int d; *at < s.len && (d = dd_hex_digit(s.ptr[*at])) >= 0 && d < (int)base; (*at)++)
        fits = fits && add_digit(value, base, d);
    return fits;
}

static dd_code lex_int(cel_source *src, size_t *pos, cel_token *out)
{
    bool   hex = is_hex(src->text, *pos);
    size_t at = *pos + (hex ? 2 : 0);
    bool   fits = read_digits(src->text, &at, hex ? 16 : 10, &out->u);
    out->kind = CEL_T_INT;
    if (peek(src->text, at) == 'u' || peek(src->text, at) == 'U') {
        out->kind = CEL_T_UINT;
        at++;
    }
    if (!fits || (out->kind == CEL_T_INT && out->u > (uint64_t)INT64_MAX + 1))
        return cel_wrong(src, *pos, "number \"" DD_STR_FMT "\" does not fit 64 bits", DD_STR_ARG(dd_str_sub(src->text, *pos, at)));
    *pos = at;
    return DD_OK;
}

static dd_code lex_number(cel_source *src, size_t *pos, cel_token *out)
{
    size_t whole = skip_digits(src->text, *pos), end = skip_fraction(src->text, whole);
    if (end == whole)
        return lex_int(src, pos, out);
    dd_str text = dd_str_sub(src->text, *pos, end);
    out->kind = CEL_T_DOUBLE;
    if (!cel_parse_double(text, &out->d))
        return cel_wrong(src, *pos, "number \"" DD_STR_FMT "\" cannot be read", DD_STR_ARG(text));
    *pos = end;
    return DD_OK;
}

static void lex_word(cel_source *src, size_t *pos, cel_token *out)
{
    size_t end = *pos;
    while (is_word(peek(src->text, end)) || is_digit(peek(src->text, end)))
        end++;
    out->kind = CEL_T_NAME;
    out->s = dd_str_sub(src->text, *pos, end);
    for (size_t i = 0; i < DD_COUNT(keywords); i++)
        if (dd_str_eqz(out->s, keywords[i].text))
            out->kind = keywords[i].kind;
    *pos = end;
}

/* `content-type`: a member whose name is no word. */
static dd_code lex_quoted(cel_source *src, size_t *pos, cel_token *out)
{
    dd_str rest = dd_str_sub(src->text, *pos + 1, src->text.len);
    size_t n = 0;
    while (is_word(peek(rest, n)) || is_digit(peek(rest, n)) || (peek(rest, n) && strchr("-./ ", peek(rest, n))))
        n++;
    if (n == 0 || peek(rest, n) != '`')
        return cel_wrong(src, *pos, "a name in backquotes holds letters, digits, _ - . / and spaces, and ends with a backquote");
    out->kind = CEL_T_QUOTED;
    out->s = dd_str_sub(rest, 0, n);
    *pos += n + 2;
    return DD_OK;
}

static dd_code lex_mark(cel_source *src, size_t *pos, cel_token *out)
{
    dd_str rest = dd_str_sub(src->text, *pos, src->text.len);
    for (size_t i = 0; i < DD_COUNT(marks); i++)
        if (dd_str_startsz(rest, marks[i].text)) {
            out->kind = marks[i].kind;
            *pos += strlen(marks[i].text);
            return DD_OK;
        }
    for (size_t i = 0; i < DD_COUNT(foreign); i++)
        if (dd_str_startsz(rest, foreign[i].text)) {
            cel_wrong(src, *pos, "unexpected \"%s\"", foreign[i].text);
            dd_hint(src->err, "Write %s.", foreign[i].instead);
            return DD_ERR_PARSE;
        }
    size_t end = *pos;
    dd_utf8_next(src->text, &end);
    return cel_wrong(src, *pos, "unexpected \"" DD_STR_FMT "\"", DD_STR_ARG(dd_str_sub(src->text, *pos, end)));
}

/* r"..", b'..', Rb.. and the like begin a string, not a word. */
static bool is_string(dd_str s, size_t at)
{
    if (peek(s, at) == 'b' || peek(s, at) == 'B')
        at++;
    if (peek(s, at) == 'r' || peek(s, at) == 'R')
        at++;
    return peek(s, at) == '"' || peek(s, at) == '\'';
}

dd_code cel_lex(cel_source *src, size_t *pos, cel_token *out)
{
    dd_code rc = DD_OK;
    *pos = skip_space(src->text, *pos);
    *out = (cel_token){ .kind = CEL_T_END, .from = (uint32_t)*pos, .to = (uint32_t)*pos };
    if (*pos == src->text.len)
        return DD_OK;
    char c = src->text.ptr[*pos];
    if (is_string(src->text, *pos))
        rc = cel_lex_string(src, pos, out);
    else if (is_word(c))
        lex_word(src, pos, out);
    else if (c == '`')
        rc = lex_quoted(src, pos, out);
    else if (is_digit(c) || (c == '.' && is_digit(peek(src->text, *pos + 1))))
        rc = lex_number(src, pos, out);
    else
        rc = lex_mark(src, pos, out);
    out->to = (uint32_t)*pos;
    return rc;
}
