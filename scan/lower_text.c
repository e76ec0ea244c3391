/* scan/lower_text.c - string and number literals of the languages. Text without escapes stays where it is. */
#include "scan/lower.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads up to `max` hex digits at s[*i]; false when there are fewer than `min`. */
static bool read_hex(dd_str s, size_t *i, int min, int max, uint32_t *out)
{
    int n = 0;
    *out  = 0;
    while (n < max && *i < s.len && hex_digit(s.ptr[*i]) >= 0) {
        *out = *out * 16 + (uint32_t)hex_digit(s.ptr[(*i)++]);
        n++;
    }
    return n >= min;
}

static bool simple_escape(char c, char *out)
{
    static const char from[] = "abfnrtv\\'\"`", to[] = "\a\b\f\n\r\t\v\\'\"`";
    const char *at = memchr(from, c, sizeof from - 1);
    if (!at)
        return false;
    *out = to[at - from];
    return true;
}

static void add_octal(dd_buf *b, dd_str s, size_t *i)
{
    uint32_t v = 0;
    for (int n = 0; n < 3 && *i < s.len && s.ptr[*i] >= '0' && s.ptr[*i] <= '7'; n++)
        v = v * 8 + (uint32_t)(s.ptr[(*i)++] - '0');
    dd_buf_utf8(b, v);
}

static void skip_newline(dd_str s, size_t *i)
{
    if (s.ptr[(*i)++] == '\r' && *i < s.len && s.ptr[*i] == '\n')
        (*i)++;
}

/* After \u: four digits or {...}; joins a surrogate pair. */
static bool js_unicode(dd_str s, size_t *i, uint32_t *cp)
{
    if (*i < s.len && s.ptr[*i] == '{') {
        size_t at = *i + 1;
        if (!read_hex(s, &at, 1, 6, cp) || at >= s.len || s.ptr[at] != '}')
            return false;
        *i = at + 1;
        return true;
    }
    if (!read_hex(s, i, 4, 4, cp))
        return false;
    if (*cp >= 0xd800 && *cp < 0xdc00 && *i + 6 <= s.len && s.ptr[*i] == '\\' && s.ptr[*i + 1] == 'u') {
        size_t   at = *i + 2;
        uint32_t low;
        if (read_hex(s, &at, 4, 4, &low) && low >= 0xdc00 && low < 0xe000) {
            *cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
            *i  = at;
        }
    }
    return true;
}

static void add_code_point(dd_buf *b, uint32_t cp)
{
    dd_buf_utf8(b, cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000) ? 0xfffd : cp);
}

/* s[*i] is the character behind a backslash. */
static void js_escape(dd_buf *b, dd_str s, size_t *i)
{
    char     c = s.ptr[*i], plain;
    uint32_t cp;
    size_t   at = *i + 1;
    if (c == '\n' || c == '\r') {
        skip_newline(s, i);
    } else if ((c == 'u' && js_unicode(s, &at, &cp)) || (c == 'x' && read_hex(s, &at, 2, 2, &cp))) {
        add_code_point(b, cp);
        *i = at;
    } else if (c >= '0' && c <= '7') {
        add_octal(b, s, i);
    } else {
        dd_buf_addc(b, c != 'a' && simple_escape(c, &plain) ? plain : c);
        (*i)++;
    }
}

static dd_str keep(dd_low *cx, dd_buf *b)
{
    dd_str s = dd_arena_dup(cx->arena, dd_buf_str(b));
    dd_buf_free(b);
    return s;
}

dd_str dd_low_js_text(dd_low *cx, uint32_t from, uint32_t to)
{
    dd_str s = dd_str_sub(cx->text, from, to);
    if (!s.len || !memchr(s.ptr, '\\', s.len))
        return s;
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < s.len;) {
        if (s.ptr[i] != '\\' || i + 1 == s.len) {
            dd_buf_addc(&b, s.ptr[i++]);
            continue;
        }
        i++;
        js_escape(&b, s, &i);
    }
    return keep(cx, &b);
}

static void python_escape(dd_buf *b, dd_str s, size_t *i, bool bytes)
{
    char     c = s.ptr[*i], plain;
    uint32_t cp;
    size_t   at = *i + 1;
    int      n  = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (c == '\n' || c == '\r') {
        skip_newline(s, i);
    } else if (n && !(bytes && c != 'x') && read_hex(s, &at, n, n, &cp)) {
        add_code_point(b, cp);
        *i = at;
    } else if (c >= '0' && c <= '7') {
        add_octal(b, s, i);
    } else if (c != '`' && simple_escape(c, &plain)) {
        dd_buf_addc(b, plain);
        (*i)++;
    } else { /* Python keeps the backslash of what it does not know; \N{...} stays as written too */
        dd_buf_addc(b, '\\');
        dd_buf_addc(b, c);
        (*i)++;
    }
}

typedef struct { bool raw, bytes, format; } string_prefix;

static string_prefix read_prefix(dd_str prefix)
{
    string_prefix p = { 0 };
    for (size_t i = 0; i < prefix.len; i++) {
        char c = (char)(prefix.ptr[i] | 0x20);
        p.raw |= c == 'r';
        p.bytes |= c == 'b';
        p.format |= c == 'f' || c == 't';
    }
    return p;
}

dd_str dd_low_python_text(dd_low *cx, uint32_t from, uint32_t to, dd_str prefix)
{
    dd_str        s = dd_str_sub(cx->text, from, to);
    string_prefix p = read_prefix(prefix);
    bool braces     = p.format && s.len && (memchr(s.ptr, '{', s.len) || memchr(s.ptr, '}', s.len));
    bool escapes    = !p.raw && s.len && memchr(s.ptr, '\\', s.len);
    if (!braces && !escapes)
        return s;
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < s.len;) {
        char c = s.ptr[i++];
        if (c == '\\' && escapes && i < s.len) {
            python_escape(&b, s, &i, p.bytes);
            continue;
        }
        dd_buf_addc(&b, c);
        if (braces && (c == '{' || c == '}') && i < s.len && s.ptr[i] == c)
            i++;
    }
    return keep(cx, &b);
}

bool dd_low_parse_number(dd_str written, double *out)
{
    char   clean[64], *end;
    size_t n = 0;
    *out     = 0;
    for (size_t i = 0; i < written.len && n < sizeof clean - 1; i++)
        if (written.ptr[i] != '_')
            clean[n++] = written.ptr[i];
    clean[n] = '\0';
    int base = 10;
    if (n > 2 && clean[0] == '0')
        base = (clean[1] | 0x20) == 'x' ? 16 : (clean[1] | 0x20) == 'o' ? 8 : (clean[1] | 0x20) == 'b' ? 2 : 10;
    *out = base == 10 ? strtod(clean, &end) : (double)strtoull(clean + 2, &end, base);
    return end != clean;
}
