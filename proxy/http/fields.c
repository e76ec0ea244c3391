#include "proxy/http/fields.h"

#include <string.h>

enum { TOKEN = 1, HOST = 2, TARGET = 4, HEX = 8 };

/* tchar of RFC 9110 5.6.2; reg-name of RFC 3986 3.2.2; what may stand in a target: visible ASCII but "#" and "\". */
static unsigned char_class(unsigned char c)
{
    bool     alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    unsigned set   = alnum ? TOKEN | HOST : 0;
    if (c && strchr("!#$%&'*+-.^_`|~", c))
        set |= TOKEN;
    if (c && strchr("-._~%!$&'()*+,;=", c))
        set |= HOST;
    if (c > 0x20 && c < 0x7f && c != '#' && c != '\\')
        set |= TARGET;
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
        set |= HEX;
    return set;
}

static unsigned char classes[256], small[256];
__attribute__((constructor)) static void fill_classes(void)
{
    for (unsigned c = 0; c < 256; c++) {
        classes[c] = (unsigned char)char_class((unsigned char)c);
        small[c]   = (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

static bool all_of(dd_str s, unsigned set)
{
    unsigned both = set;
    for (size_t i = 0; i < s.len; i++)
        both &= classes[(unsigned char)s.ptr[i]];
    return both == set;
}

bool dd_field_name(char *name, size_t n)
{
    unsigned both = TOKEN;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        both &= classes[c];
        name[i] = (char)small[c];
    }
    return both && n > 0;
}

bool dd_field_token(dd_str name) { return name.len > 0 && all_of(name, TOKEN); }

/* Bit 7 of each byte below `n` (at most 128), and of none else when no byte below it is there. */
static uint64_t below(uint64_t x, uint64_t n) { return (x - UINT64_C(0x0101010101010101) * n) & ~x; }

bool dd_field_value(dd_str v)
{
    bool   bad = false;
    size_t at  = 0;
    for (uint64_t eight; v.len - at >= 8; at += 8) { /* values are long: eight bytes at a time, and again one by one where a byte may be bad */
        memcpy(&eight, v.ptr + at, 8);
        if ((below(eight, 0x20) | below(eight ^ UINT64_C(0x7f7f7f7f7f7f7f7f), 1)) & UINT64_C(0x8080808080808080))
            break;
    }
    for (size_t i = at; i < v.len; i++) {
        unsigned char c = (unsigned char)v.ptr[i];
        bad |= (c < 0x20 && c != '\t') | (c == 0x7f);
    }
    return !bad;
}

bool dd_field_is(dd_str v, const char *lower)
{
    for (size_t i = 0; i < v.len; i++) /* ends at the first letter, mostly; a NUL in v is no end of `lower` */
        if (lower[i] == '\0' || small[(unsigned char)v.ptr[i]] != (unsigned char)lower[i])
            return false;
    return lower[v.len] == '\0';
}

bool dd_field_lists(dd_str v, const char *lower)
{
    while (v.len > 0)
        if (dd_field_is(dd_str_trim(dd_str_cut(&v, ',')), lower))
            return true;
    return false;
}

static bool port_digits(dd_str s)
{
    int64_t port;
    return s.len == 0 || (s.len <= 5 && s.ptr[0] >= '0' && s.ptr[0] <= '9' && dd_parse_i64(s, &port) && port <= 65535);
}

bool dd_host(dd_str v)
{
    if (v.len > 0 && v.ptr[0] == '[') {
        ptrdiff_t end = dd_str_chr(v, ']');
        if (end < 3)
            return false;
        for (ptrdiff_t i = 1; i < end; i++)
            if (!(classes[(unsigned char)v.ptr[i]] & HEX) && v.ptr[i] != ':' && v.ptr[i] != '.')
                return false;
        dd_str rest = dd_str_sub(v, (size_t)end + 1, v.len);
        return rest.len == 0 || (rest.ptr[0] == ':' && port_digits(dd_str_sub(rest, 1, rest.len)));
    }
    dd_str host = dd_str_cut(&v, ':');
    return all_of(host, HOST) && port_digits(v);
}

/* The byte at s[*i], an escape decoded; *i moves behind it. */
static int next_byte(dd_str s, size_t *i)
{
    char c = s.ptr[(*i)++];
    if (c != '%' || s.len - *i < 2)
        return (unsigned char)c;
    int hi = dd_hex_digit(s.ptr[*i]), lo = dd_hex_digit(s.ptr[*i + 1]);
    if (hi < 0 || lo < 0)
        return '%';
    *i += 2;
    return hi * 16 + lo;
}

/* A "." or ".." segment, written in any way, means another path to another server. Slashes in escapes separate, too, for some. */
static bool path_is_plain(dd_str path)
{
    size_t dots = 0, other = 0;
    if (!memchr(path.ptr, '.', path.len) && !memchr(path.ptr, '%', path.len))
        return true;
    for (size_t i = 0; i < path.len;) {
        int c = next_byte(path, &i);
        if (c == 0)
            return false;
        if (c == '/' || c == '\\') {
            if (other == 0 && (dots == 1 || dots == 2))
                return false;
            dots = other = 0;
        } else if (c == '.')
            dots++;
        else
            other++;
    }
    return other > 0 || (dots != 1 && dots != 2);
}

dd_str dd_target_origin(dd_str t)
{
    if (t.len == 0 || !all_of(t, TARGET))
        return DD_STR_NULL;
    if (t.ptr[0] != '/') {
        size_t scheme = dd_field_is(dd_str_sub(t, 0, 7), "http://") ? 7 : dd_field_is(dd_str_sub(t, 0, 8), "https://") ? 8 : 0;
        if (scheme == 0)
            return DD_STR_NULL;
        dd_str rest  = dd_str_sub(t, scheme, t.len);
        size_t slash = 0;
        while (slash < rest.len && rest.ptr[slash] != '/' && rest.ptr[slash] != '?')
            slash++;
        if (slash == 0 || !dd_host(dd_str_sub(rest, 0, slash)) || rest.ptr[0] == ':')
            return DD_STR_NULL;
        t = dd_str_sub(rest, slash, rest.len);
        if (t.len == 0 || t.ptr[0] == '?') /* a path that is not there is "/" */
            return t.len == 0 ? DD_STR("/") : DD_STR_NULL;
    }
    ptrdiff_t query = dd_str_chr(t, '?');
    return path_is_plain(dd_str_sub(t, 0, query < 0 ? t.len : (size_t)query)) ? t : DD_STR_NULL;
}
