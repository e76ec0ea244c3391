#include "base/redact.h"

#include <string.h>

#define MARK "\xe2\x80\xa6[redacted]"   /* shorter than any secret it stands for */

enum { DIGIT = 1, LETTER = 2, DASH = 4, BASE32 = 8, TOKEN = 16 };
#define UPPER  (LETTER | BASE32)
#define WORD   (DIGIT | LETTER)
static const unsigned char classes[256] = {
    ['0'] = DIGIT, ['1'] = DIGIT, ['2' ... '7'] = DIGIT | BASE32, ['8'] = DIGIT, ['9'] = DIGIT,
    ['A' ... 'Z'] = UPPER, ['a' ... 'z'] = LETTER, ['_'] = DASH, ['-'] = DASH, ['.'] = TOKEN, ['~'] = TOKEN, ['+'] = TOKEN, ['/'] = TOKEN,
};

/* Longer prefixes first; "sk-" also takes what is too short for one of them. */
static const struct {
    const char   *prefix;
    unsigned char len, body;   /* bytes of the prefix; classes of the body */
    bool          digit;       /* one at least */
    unsigned char min, exactly;
} kinds[] = {
    { "sk-svcacct-", 11, WORD | DASH, true, 20, 0 },
    { "sk-or-v1-",    9, WORD | DASH, true, 20, 0 },
    { "sk-admin-",    9, WORD | DASH, true, 20, 0 },
    { "sk-proj-",     8, WORD | DASH, true, 20, 0 },
    { "sk-ant-",      7, WORD | DASH, true, 20, 0 },
    { "sk-",          3, WORD | DASH, true, 20, 0 },
    { "dd0c_sk_",     8, WORD | DASH, true, 16, 0 },
    { "gsk_",         4, WORD,        true, 20, 0 },
    { "AIza",         4, WORD | DASH, false, 35, 35 },
    { "AKIA",         4, BASE32,      false, 16, 16 },
    { "ASIA",         4, BASE32,      false, 16, 16 },
};
static const char first_letters[] = { 's', 'd', 'g', 'A' };
enum { BEARER_MIN = 16 };

typedef struct { size_t start, body, end; } secret;   /* text[start, body) is kept, text[body, end) is not */

typedef struct {
    dd_str text;
    size_t from;                    /* nothing before it is looked at again: the end of the last secret */
    size_t dull_key, dull_bearer;   /* no digit before this place in the run that ends here: so that a row of prefixes costs linear time */
} scan;

static unsigned class_at(dd_str t, size_t i) { return i < t.len ? classes[(unsigned char)t.ptr[i]] : 0; }

static bool hex_at(dd_str t, size_t i)
{
    char c = i < t.len ? (char)(t.ptr[i] | 0x20) : 0;
    return (class_at(t, i) & DIGIT) || (c >= 'a' && c <= 'f');
}

/* No letter, digit or underscore stands to the left, unless it ends an escape: \n \t \r \u00XX %XX. Behind a secret anything may begin, as
 * the mark will stand there. */
static bool may_begin(const scan *s, size_t at)
{
    dd_str t = s->text;
    if (at == s->from || (!(class_at(t, at - 1) & WORD) && t.ptr[at - 1] != '_'))
        return true;
    if (at >= 2 && t.ptr[at - 2] == '\\' && (t.ptr[at - 1] == 'n' || t.ptr[at - 1] == 't' || t.ptr[at - 1] == 'r'))
        return true;
    if (at >= 3 && t.ptr[at - 3] == '%' && hex_at(t, at - 2) && hex_at(t, at - 1))
        return true;
    return at >= 6 && memcmp(t.ptr + at - 6, "\\u00", 4) == 0 && hex_at(t, at - 2) && hex_at(t, at - 1);
}

static bool starts_at(dd_str t, size_t at, const char *word, size_t len) { return t.len - at >= len && memcmp(t.ptr + at, word, len) == 0; }

/* A run of exactly so many that goes on with another key would be exact once that key is gone: then all of the run goes. */
static bool ends_in_prefix(dd_str t, size_t from, size_t end)
{
    for (size_t k = 0; k < DD_COUNT(kinds); k++) {
        size_t n = kinds[k].len;
        if (end - from > n && starts_at(t, end - n, kinds[k].prefix, n))
            return true;
    }
    return false;
}

static bool match_kind(scan *s, size_t at, size_t kind, secret *out)
{
    dd_str t    = s->text;
    size_t body = at + kinds[kind].len, end = body;
    bool   digit = !kinds[kind].digit, wide = (kinds[kind].body & DASH) != 0;
    if (!digit && wide && body < s->dull_key)
        return false;
    for (; class_at(t, end) & kinds[kind].body; end++) {
        digit = digit || (class_at(t, end) & DIGIT);
        if (kinds[kind].exactly && end - body == kinds[kind].exactly && !ends_in_prefix(t, body, end))
            return false;
    }
    if (!digit && wide)
        s->dull_key = end;
    *out = (secret){ at, body, end };
    return digit && end - body >= kinds[kind].min;
}

static bool match_key(scan *s, size_t at, secret *out)
{
    if (!memchr(first_letters, s->text.ptr[at], sizeof first_letters) || !may_begin(s, at))
        return false;
    for (size_t k = 0; k < DD_COUNT(kinds); k++)
        if (starts_at(s->text, at, kinds[k].prefix, kinds[k].len) && match_kind(s, at, k, out))
            return true;
    return false;
}

/* Bytes of one character of a bearer token at i: also one that JSON or a URL had to escape. 0: none. */
static size_t token_step(dd_str t, size_t i)
{
    if (class_at(t, i))
        return 1;
    if (starts_at(t, i, "\\/", 2))
        return 2;
    return starts_at(t, i, "%2F", 3) || starts_at(t, i, "%2B", 3) || starts_at(t, i, "%2f", 3) || starts_at(t, i, "%2b", 3) ? 3 : 0;
}

static size_t skip_blanks(dd_str t, size_t i)
{
    for (;;) {
        if (i < t.len && (t.ptr[i] == ' ' || t.ptr[i] == '\t' || t.ptr[i] == '+'))
            i++;
        else if (i < t.len && starts_at(t, i, "%20", 3))
            i += 3;
        else
            return i;
    }
}

/* A token that holds a key ends with that key's prefix: the key has its own rule, unless what is before it is a token by itself. */
static bool match_bearer(scan *s, size_t at, secret *out)
{
    dd_str t = s->text;
    if ((t.ptr[at] | 0x20) != 'b' || t.len - at < 7 || !dd_str_eq_nocase((dd_str){ t.ptr + at, 6 }, DD_STR("bearer")))
        return false;
    size_t body = skip_blanks(t, at + 6), end = body, count = 0, step;
    bool   digit = false;
    secret key;
    if (body == at + 6 || body < s->dull_bearer)
        return false;
    for (; end < t.len && (step = token_step(t, end)) > 0; end += step, count++) {
        if (match_key(s, end, &key)) {
            for (size_t i = end; i < key.body; i++, count++)
                digit = digit || (class_at(t, i) & DIGIT);
            end = key.end;
            break;
        }
        digit = digit || (class_at(t, end) & DIGIT);
    }
    if (!digit)
        s->dull_bearer = end;
    while (end < t.len && t.ptr[end] == '=')
        end++;
    *out = (secret){ at, body, end };
    return digit && count >= BEARER_MIN;
}

static bool next_secret(scan *s, secret *out)
{
    static const bool begins[256] = { ['s'] = true, ['d'] = true, ['g'] = true, ['A'] = true, ['B'] = true, ['b'] = true };
    for (size_t i = s->from; i < s->text.len; i++)
        if (begins[(unsigned char)s->text.ptr[i]] && (match_key(s, i, out) || match_bearer(s, i, out)))
            return true;
    return false;
}

bool dd_redact_needed(dd_str text)
{
    scan   s = { .text = text };
    secret found;
    return next_secret(&s, &found);
}

void dd_redact(dd_str text, dd_buf *out)
{
    scan   s = { .text = text };
    secret found;
    while (next_secret(&s, &found)) {
        dd_buf_add(out, dd_str_sub(text, s.from, found.body));
        dd_buf_add(out, DD_STR(MARK));
        s.from = found.end;
    }
    dd_buf_add(out, dd_str_sub(text, s.from, text.len));
}

static size_t put(char *out, size_t cap, size_t at, const char *p, size_t n)
{
    if (n > cap - at)
        n = cap - at;
    for (size_t i = 0; i < n; i++)
        out[at + i] = p[i];
    return at + n;
}

size_t dd_redact_into(char *out, size_t cap, dd_str text)
{
    scan   s  = { .text = text };
    size_t at = 0;
    secret found;
    while (at < cap && next_secret(&s, &found)) {
        at     = put(out, cap, at, text.ptr + s.from, found.body - s.from);
        at     = put(out, cap, at, MARK, sizeof MARK - 1);
        s.from = found.end;
    }
    return put(out, cap, at, text.ptr + s.from, text.len - s.from);
}
