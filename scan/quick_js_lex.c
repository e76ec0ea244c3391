/* Tokens, nodes and ends of statements of the fast reader of scripts. */
#include <stdlib.h>
#include <string.h>

#include "scan/quick_js.h"

static const struct { uint8_t len; char text[11]; } words[W_COUNT] = {
    { 0, "" },
#define X(w) { sizeof #w - 1, #w },
    QJ_WORDS(X)
#undef X
};

/* Where the words of a first letter begin; both lists are in order of the alphabet. */
static unsigned word_of(const char *s, size_t len)
{
    static const struct { uint8_t reserved, reserved_end, name, name_end; } by_letter[26] = {
        ['a' - 'a'] = { 0, 0, W_abstract, W_await }, ['b' - 'a'] = { W_break, W_break, W_boolean, W_boolean },
        ['c' - 'a'] = { W_case, W_continue, 0, 0 }, ['d' - 'a'] = { W_debugger, W_do, W_declare, W_declare },
        ['e' - 'a'] = { W_else, W_extends, 0, 0 }, ['f' - 'a'] = { W_false, W_function, W_from, W_from },
        ['g' - 'a'] = { 0, 0, W_get, W_global }, ['i' - 'a'] = { W_if, W_instanceof, W_implements, W_is },
        ['k' - 'a'] = { 0, 0, W_keyof, W_keyof }, ['l' - 'a'] = { 0, 0, W_let, W_let },
        ['m' - 'a'] = { 0, 0, W_module, W_module }, ['n' - 'a'] = { W_new, W_null, W_namespace, W_number },
        ['o' - 'a'] = { 0, 0, W_object, W_override }, ['p' - 'a'] = { 0, 0, W_private, W_public },
        ['r' - 'a'] = { W_return, W_return, W_readonly, W_require }, ['s' - 'a'] = { W_super, W_switch, W_satisfies, W_symbol },
        ['t' - 'a'] = { W_this, W_typeof, W_type, W_type }, ['u' - 'a'] = { 0, 0, W_undefined, W_using },
        ['v' - 'a'] = { W_var, W_void, 0, 0 }, ['w' - 'a'] = { W_while, W_with, 0, 0 }, ['y' - 'a'] = { 0, 0, W_yield, W_yield },
    };
    unsigned letter = (unsigned)(unsigned char)s[0] - 'a';
    if (letter >= 26 || len < 2 || len > 10)
        return W_none;
    for (unsigned w = by_letter[letter].reserved; w && w <= by_letter[letter].reserved_end; w++)
        if (words[w].len == len && memcmp(words[w].text, s, len) == 0)
            return w;
    for (unsigned w = by_letter[letter].name; w && w <= by_letter[letter].name_end; w++)
        if (words[w].len == len && memcmp(words[w].text, s, len) == 0)
            return w;
    return W_none;
}

/* --- failing and going back --- */

#ifdef QJ_DEBUG
uint32_t qj_debug_at;
#endif
uint32_t qj_fail(qj *q)
{
#ifdef QJ_DEBUG
    if (!q->failed)
        qj_debug_at = q->tok.start;
#endif
    q->failed = true;
    q->tok    = (qj_token){ .kind = QJ_END, .start = q->len, .end = q->len };
    return 0;
}

qj_mark qj_here(const qj *q) { return (qj_mark){ q->tok, q->before, q->t->n, q->t->comments.n }; }

void qj_back(qj *q, qj_mark m)
{
    q->failed        = false;
    q->tok           = m.tok;
    q->before        = m.before;
    q->t->n          = m.nodes;
    q->t->comments.n = m.comments;
}

bool qj_enter(qj *q)
{
    if (q->failed || q->depth >= QJ_DEPTH) {
        qj_fail(q);
        return false;
    }
    q->depth++;
    return true;
}

/* --- nodes --- */

uint32_t qj_take(qj *q, uint16_t kind)
{
    uint32_t n = qj_node(q, kind, q->tok.start);
    q->t->v[n].end = q->tok.end;
    qj_next(q);
    return n;
}

void qj_mark_word(qj *q, uint32_t parent, uint16_t kind, uint8_t field)
{
    uint32_t n = qj_take(q, kind);
    q->t->v[n].flags = 0;
    qj_add(q, parent, n, field);
}

void qj_leaf(qj *q, uint32_t n)
{
    q->t->v[n].child = 0;
    q->tree.last[n]  = 0;
    q->t->n          = n + 1;
}

/* --- tokens --- */

static bool is_letter(unsigned char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80 || c == '_' || c == '$'; }
static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
static unsigned char at(const qj *q, uint32_t i) { return i < q->len ? (unsigned char)q->s[i] : 0; }

/* The end of the comment at i. */
static uint32_t comment_end(const qj *q, uint32_t i)
{
    const char *p;
    if (q->s[i + 1] == '/') {
        p = memchr(q->s + i, '\n', q->len - i);
        uint32_t end = p ? (uint32_t)(p - q->s) : q->len;
        return end > i && q->s[end - 1] == '\r' ? end - 1 : end;
    }
    p = memmem(q->s + i + 2, q->len - i - 2, "*/", 2);
    return p ? (uint32_t)(p - q->s) + 2 : q->len + 1;
}

static bool blank(qj *q, uint32_t *i)
{
    bool nl = false;
    for (;; ++*i) {
        unsigned char c = at(q, *i);
        if (c == '\n') {
            nl = true;
        } else if (c == '/' && (at(q, *i + 1) == '/' || at(q, *i + 1) == '*')) {
            uint32_t end = comment_end(q, *i);
            if (end > q->len) {
                qj_fail(q);
                return nl;
            }
            quick_tree_comment(&q->tree, q->s, *i, end);
            *i = end - 1;
        } else if (c != ' ' && c != '\t' && c != '\r' && c != '\f' && c != '\v') {
            return nl;
        }
    }
}

static uint32_t number_end(const qj *q, uint32_t i)
{
    bool point = false, power = false, plain = at(q, i) != '0' || is_digit(at(q, i + 1)) || at(q, i + 1) == '.' || (at(q, i + 1) | 0x20) == 'e';
    for (;; i++) {
        unsigned char c = at(q, i);
        if (is_digit(c) || c == '_')
            continue;
        if (plain && c == '.' && !point && !power)
            point = true;
        else if (plain && (c | 0x20) == 'e' && !power) {
            power = true;
            i += at(q, i + 1) == '+' || at(q, i + 1) == '-';
        } else if (!is_letter(c) || c >= 0x80)
            return i;
    }
}

static uint32_t string_end(const qj *q, uint32_t i)
{
    char quote = q->s[i];
    for (i++; i < q->len && q->s[i] != '\n'; i++) {
        if (q->s[i] == '\\')
            i += at(q, i + 1) == '\r' && at(q, i + 2) == '\n' ? 2 : 1;
        else if (q->s[i] == quote)
            return i + 1;
    }
    return 0;
}

static uint32_t punctuation(const qj *q, uint32_t i, uint32_t *end)
{
    static const char *const longer[] = {
        ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "\?\?=", "=>", "==", "!=", "<=", ">=", "&&", "||", "\?\?", "?.",
        "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**",
    };
    unsigned char c = at(q, i), d = at(q, i + 1);
    *end = i + 1;
    if (!d || !strchr("=>&|?+-*/.<", d) || (d == '.' && c != '.' && c != '?'))
        return c;
    for (size_t k = 0; k < DD_COUNT(longer); k++) {
        size_t n = strlen(longer[k]);
        if (longer[k][0] != (char)c || i + n > q->len || memcmp(q->s + i, longer[k], n) != 0)
            continue;
        if (d == '.' && c == '?' && is_digit(at(q, i + 2)))
            return c;
        *end = i + (uint32_t)n;
        uint32_t op = 0;
        for (size_t b = n; b-- > 0;)
            op = op << 8 | (unsigned char)longer[k][b];
        return op;
    }
    return c;
}

/* Spaces and marks beyond ASCII that are no part of a name. */
static bool odd_letter(const qj *q, uint32_t i)
{
    unsigned char c = at(q, i), d = at(q, i + 1), e = at(q, i + 2);
    return (c == 0xC2 && d <= 0xA0) || (c == 0xE1 && d == 0x9A && e == 0x80) || (c == 0xE3 && d == 0x80 && e == 0x80) ||
           (c == 0xEF && d == 0xBB && e == 0xBF) ||
           (c == 0xE2 && ((d == 0x80 && (e <= 0x8B || e == 0xA8 || e == 0xA9 || e == 0xAF)) || (d == 0x81 && (e == 0x9F || e == 0xA0))));
}

/* The end of the name, 0: it holds what no name does. */
static uint32_t name_end(const qj *q, uint32_t i)
{
    for (; i < q->len && (is_letter((unsigned char)q->s[i]) || is_digit((unsigned char)q->s[i])); i++)
        if ((unsigned char)q->s[i] >= 0xC0 && odd_letter(q, i))
            return 0;
    return i;
}

void qj_seek(qj *q, uint32_t i)
{
    if (q->failed)
        return;
    bool nl = blank(q, &i);
    if (q->failed)
        return;
    qj_token      tok = { .kind = QJ_END, .nl = nl, .start = i, .end = i };
    unsigned char c   = at(q, i);
    if (i >= q->len) {
        q->tok = tok;
        return;
    }
    if (is_letter(c) || (c == '#' && is_letter(at(q, i + 1)))) {
        tok.kind = c == '#' ? QJ_PRIVATE : QJ_NAME;
        tok.end  = name_end(q, i + (c == '#'));
        tok.word = c == '#' ? W_none : (uint8_t)word_of(q->s + i, tok.end - i);
    } else if (is_digit(c) || (c == '.' && is_digit(at(q, i + 1)))) {
        tok.kind = QJ_NUMBER;
        tok.end  = number_end(q, i);
    } else if (c == '"' || c == '\'') {
        tok.kind = QJ_STRING;
        tok.end  = string_end(q, i);
    } else {
        tok.kind = QJ_PUNCTUATION;
        tok.op   = punctuation(q, i, &tok.end);
    }
    bool odd = !tok.end || c < ' ' || c == '\\' || (c == '#' && tok.kind != QJ_PRIVATE) || (c == '<' && at(q, i + 1) == '!') ||
               (tok.kind <= QJ_PRIVATE && at(q, tok.end) == '\\');
    if (odd) /* an open string, an escape in a name, a comment of HTML */
        qj_fail(q);
    else
        q->tok = tok;
}

void qj_next(qj *q)
{
    q->before = q->tok.end;
    qj_seek(q, q->tok.end);
}

void qj_regex(qj *q)
{
    uint32_t i   = q->tok.start + 1;
    bool     set = false;
    for (;; i++) {
        unsigned char c = at(q, i);
        if (!c || c == '\n') {
            qj_fail(q);
            return;
        }
        if (c == '\\')
            i++;
        else if (c == '[')
            set = true;
        else if (c == ']')
            set = false;
        else if (c == '/' && !set)
            break;
    }
    q->tok.end = name_end(q, i + 1);
}

void qj_close_angle(qj *q)
{
    if (q->tok.kind != QJ_PUNCTUATION || (q->tok.op & 0xff) != '>') {
        qj_fail(q);
        return;
    }
    q->before = q->tok.start + 1;
    qj_seek(q, q->before);
}

/* --- the end of a statement --- */

/* A line that begins like this goes on with the one before. */
static bool goes_on(const qj *q, uint32_t i, bool expression)
{
    unsigned char c = at(q, i), d = at(q, i + 1);
    switch (c) {
    case '`': case ',': case ';': case '*': case '%': case '>': case '<': case '=': case '?': case '^': case '|': case '&': case '/': case ':':
        return true;
    case '.': return q->ts || !is_digit(d);
    case '(': case '[': return !q->ts || expression;
    case '+': case '-': return d != c;
    case '!': return d == '=';
    case 'i': {
        uint32_t end = i;
        while (is_letter(at(q, end)) || is_digit(at(q, end)))
            end++;
        return (end - i == 2 && d == 'n') || (end - i == 10 && memcmp(q->s + i, "instanceof", 10) == 0);
    }
    default: return false;
    }
}

bool qj_semicolon(qj *q, bool expression)
{
    if (qj_eat(q, ';'))
        return true;
    bool ends = q->tok.kind == QJ_END || qj_is(q, '}') || (q->tok.nl && !goes_on(q, q->tok.start, expression));
    if (q->failed || !ends) {
        qj_fail(q);
        return false;
    }
    return true;
}
