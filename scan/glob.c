/* Glob matching as git's wildmatch does it with path names.
 *
 * Two places to go back to are enough: the last `*`, which may take one more character of its folder, and the last `**`,
 * which may take one more folder. An earlier star never has to be moved again: whatever it could reach by taking more, the
 * later one reaches too. That keeps the time within the square of the path, where trying every star against every other
 * would not. */
#include "scan/ignore.h"

#include <ctype.h>

typedef struct {
    dd_str pattern, path;
    size_t p, t;
    bool   star, deep;         /* a `*` or `**` was passed */
    bool   deep_by_folder;     /* that `**` stood before a slash: it takes whole folders */
    size_t star_p, star_t;     /* where to go on: in the pattern behind the star, in the path */
    size_t deep_p, deep_t;
} matcher;

static const struct { const char *name; int (*is)(int); } classes[] = {
    { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
    { "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
    { "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

/* 0 no, 1 yes, -1 no such class. Bytes past ASCII are in none: git's own ctype tables say so. */
static int in_class(dd_str name, unsigned char c)
{
    for (size_t i = 0; i < DD_COUNT(classes); i++)
        if (dd_str_eqz(name, classes[i].name))
            return c < 128 && classes[i].is(c) != 0;
    return -1;
}

static int pattern_at(dd_str p, size_t i)
{
    return i < p.len ? (unsigned char)p.ptr[i] : -1;
}

/* "[:name:]" at p[*i] == '['. 0 or 1, and *i on its last byte; -1: malformed; -2: no class, a plain '['. */
static int named_class(dd_str p, size_t *i, unsigned char c)
{
    size_t from = *i + 2, end = from;
    while (end < p.len && p.ptr[end] != ']')
        end++;
    if (end == p.len)
        return -1;
    if (end == from || p.ptr[end - 1] != ':')
        return -2;
    int found = in_class(dd_str_sub(p, from, end - 1), c);
    *i = end;
    return found;
}

/* A bracket expression at p[*at] == '['. Moves *at behind it; -1: it never matches. */
static int bracket(dd_str p, size_t *at, unsigned char c)
{
    size_t i       = *at + 1;
    int    first   = pattern_at(p, i);
    bool   negated = first == '!' || first == '^', matched = false;
    int    previous = 0;
    if (negated)
        i++;
    do { /* the first byte is taken as it is, also a ']' */
        int b = pattern_at(p, i);
        if (b < 0)
            return -1;
        if (b == '\\') {
            if ((b = pattern_at(p, ++i)) < 0)
                return -1;
            matched = matched || c == b;
        } else if (b == '-' && previous && pattern_at(p, i + 1) >= 0 && pattern_at(p, i + 1) != ']') {
            b = pattern_at(p, ++i);
            if (b == '\\' && (b = pattern_at(p, ++i)) < 0)
                return -1;
            matched = matched || (c >= previous && c <= b);
            b = 0;
        } else if (b == '[' && pattern_at(p, i + 1) == ':') {
            int in = named_class(p, &i, c);
            if (in == -1)
                return -1;
            matched = matched || (in == -2 ? c == '[' : in == 1);
            if (in != -2)
                b = 0;
        } else
            matched = matched || c == b;
        previous = b;
        i++;
    } while (pattern_at(p, i) != ']');
    *at = i + 1;
    return matched != negated && c != '/';
}

/* Passes a run of stars. True: it was a `**` at the end, which takes all the rest. */
static bool pass_stars(matcher *m)
{
    size_t from = m->p, end = from;
    while (pattern_at(m->pattern, end) == '*')
        end++;
    int  before = from ? m->pattern.ptr[from - 1] : '/', after = pattern_at(m->pattern, end);
    bool escaped_slash = after == '\\' && pattern_at(m->pattern, end + 1) == '/';
    if (end - from < 2 || before != '/' || (after >= 0 && after != '/' && !escaped_slash)) {
        m->star   = true;
        m->star_p = m->p = end;
        m->star_t = m->t;
        return false;
    }
    if (after < 0)
        return true;
    m->deep           = true;
    m->star           = false;
    m->deep_by_folder = after == '/';
    m->deep_p = m->p  = end + m->deep_by_folder;
    m->deep_t         = m->t;
    return false;
}

/* Lets the last star, else the last `**`, take more. False: neither can. */
static bool take_more(matcher *m)
{
    if (m->star && m->path.ptr[m->star_t] != '/') {
        m->p = m->star_p;
        m->t = ++m->star_t;
        return m->t <= m->path.len;
    }
    m->star = false;
    if (!m->deep)
        return false;
    if (m->deep_by_folder)
        while (m->deep_t < m->path.len && m->path.ptr[m->deep_t] != '/')
            m->deep_t++;
    if (m->deep_t >= m->path.len)
        return false;
    m->p = m->deep_p;
    m->t = ++m->deep_t;
    return true;
}

/* One pattern element against one byte. False: they do not fit, or the element never fits. */
static bool step(matcher *m)
{
    unsigned char c = (unsigned char)m->path.ptr[m->t];
    int           b = pattern_at(m->pattern, m->p);
    if (b == '[') {
        if (bracket(m->pattern, &m->p, c) != 1)
            return false;
        m->t++;
        return true;
    }
    if (b == '\\')
        b = pattern_at(m->pattern, ++m->p);
    else if (b == '?' && c != '/')
        b = c;
    if (b < 0 || b != c)
        return false;
    m->p++;
    m->t++;
    return true;
}

bool dd_glob_match(dd_str pattern, dd_str path)
{
    matcher m = { .pattern = pattern, .path = path };
    for (;;) {
        if (pattern_at(pattern, m.p) == '*') {
            if (pass_stars(&m))
                return true;
            continue;
        }
        if (m.p == pattern.len && m.t == path.len)
            return true;
        /* With the path used up, taking more leaves even less for the rest of the pattern. */
        if (m.t == path.len)
            return false;
        if ((m.p == pattern.len || !step(&m)) && !take_more(&m))
            return false;
    }
}
