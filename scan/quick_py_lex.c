/* Tokens of the fast reader of Python. */
#include <string.h>

#include "scan/quick_py.h"

static const struct { uint8_t len; char text[9]; } words[P_COUNT] = {
    { 0, "" },
#define X(w) { sizeof #w - 1, #w },
    QP_WORDS(X)
#undef X
};

static unsigned word_of(const char *s, size_t len)
{
    if (len < 2 || len > 8)
        return P_none;
    for (unsigned w = 1; w < P_COUNT; w++)
        if (words[w].len == len && words[w].text[0] == s[0] && memcmp(words[w].text, s, len) == 0)
            return w;
    return P_none;
}

uint32_t qp_fail(qp *q)
{
#ifdef QJ_DEBUG
    extern uint32_t qj_debug_at;
    if (!q->failed)
        qj_debug_at = q->tok.start;
#endif
    q->failed = true;
    q->tok    = (qp_token){ .kind = QP_END, .start = q->len, .end = q->len };
    return 0;
}

bool qp_enter(qp *q)
{
    if (q->failed || q->depth >= QP_DEPTH) {
        qp_fail(q);
        return false;
    }
    q->depth++;
    return true;
}

uint32_t qp_take(qp *q, uint16_t kind)
{
    uint32_t n = qp_node(q, kind, q->tok.start);
    qp_at(q, n)->end = q->tok.end;
    qp_next(q);
    return n;
}

void qp_mark(qp *q, uint32_t parent, uint16_t kind, uint8_t field)
{
    uint32_t n = qp_take(q, kind);
    qp_at(q, n)->flags = 0;
    qp_add(q, parent, n, field);
}

uint32_t qp_name(qp *q) { return qp_is_name(q) ? qp_take(q, K_identifier) : qp_fail(q); }

/* --- the bytes --- */

static unsigned char at(const qp *q, uint32_t i) { return i < q->len ? (unsigned char)q->s[i] : 0; }
static bool is_letter(unsigned char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_'; }
static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

static uint32_t comment_end(qp *q, uint32_t i)
{
    const char *p   = memchr(q->s + i, '\n', q->len - i);
    uint32_t    end = p ? (uint32_t)(p - q->s) : q->len;
    quick_tree_comment(&q->tree, q->s, i, end);
    return end;
}

/* Blanks within a line, and a backslash that joins the next one. */
static uint32_t blank(const qp *q, uint32_t i)
{
    for (;; i++) {
        unsigned char c = at(q, i);
        if (c == '\\' && at(q, i + 1) == '\n')
            i++;
        else if (c == '\\' && at(q, i + 1) == '\r' && at(q, i + 2) == '\n')
            i += 2;
        else if (c != ' ' && c != '\t' && c != '\f' && !(c == '\r' && at(q, i + 1) == '\n'))
            return i;
    }
}

/* The end of a plain string whose first quote stands at i; 0: it has none. */
static uint32_t string_end(const qp *q, uint32_t i)
{
    char quote  = q->s[i];
    bool triple = at(q, i + 1) == (unsigned char)quote && at(q, i + 2) == (unsigned char)quote;
    for (i += triple ? 3 : 1; i < q->len; i++) {
        if (q->s[i] == '\\')
            i += at(q, i + 1) == '\r' && at(q, i + 2) == '\n' ? 2 : 1;
        else if (q->s[i] == quote && (!triple || (at(q, i + 1) == (unsigned char)quote && at(q, i + 2) == (unsigned char)quote)))
            return i + (triple ? 3 : 1);
        else if (q->s[i] == '\n' && !triple)
            return 0;
    }
    return 0;
}

static uint32_t number_end(const qp *q, uint32_t i, bool *real)
{
    if (at(q, i) == '0' && is_letter(at(q, i + 1)) && (at(q, i + 1) | 0x20) != 'e' && (at(q, i + 1) | 0x20) != 'j') {
        for (i += 2; is_letter(at(q, i)) || is_digit(at(q, i)); i++)
            ;
        return i;
    }
    while (is_digit(at(q, i)) || at(q, i) == '_')
        i++;
    if (at(q, i) == '.') {
        *real = true;
        for (i++; is_digit(at(q, i)) || at(q, i) == '_'; i++)
            ;
    }
    uint32_t power = i + 1 + (at(q, i + 1) == '+' || at(q, i + 1) == '-');
    if ((at(q, i) | 0x20) == 'e' && is_digit(at(q, power))) {
        *real = true;
        for (i = power; is_digit(at(q, i)) || at(q, i) == '_'; i++)
            ;
    }
    i += (at(q, i) | 0x20) == 'j';
    return is_letter(at(q, i)) ? 0 : i;
}

static uint32_t operator_of(const qp *q, uint32_t i, uint32_t *end)
{
    static const char *const longer[] = {
        "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<", "<=", ">=", "==", "!=", "->", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", ":=",
    };
    unsigned char c = at(q, i), d = at(q, i + 1);
    *end = i + 1;
    if (!d || !strchr("*/<>=.", d))
        return c;
    for (size_t k = 0; k < DD_COUNT(longer); k++) {
        size_t n = strlen(longer[k]);
        if (longer[k][0] != (char)c || i + n > q->len || memcmp(q->s + i, longer[k], n) != 0)
            continue;
        *end = i + (uint32_t)n;
        uint32_t op = 0;
        for (size_t b = n; b-- > 0;)
            op = op << 8 | (unsigned char)longer[k][b];
        return op;
    }
    return c;
}

/* A name, or the letters in front of a string. */
static void name_or_string(qp *q, uint32_t i, qp_token *tok)
{
    uint32_t end = i;
    while (is_letter(at(q, end)) || is_digit(at(q, end)))
        end++;
    tok->kind = QP_NAME;
    tok->end  = end;
    if ((at(q, end) == '"' || at(q, end) == '\'') && end - i <= 2) {
        bool plain = true, prefix = true;
        for (uint32_t k = i; k < end; k++) {
            plain &= (at(q, k) | 0x20) != 'f' && (at(q, k) | 0x20) != 't';
            prefix &= strchr("rbuft", at(q, k) | 0x20) != NULL;
        }
        tok->kind = QP_STRING;
        tok->end  = !prefix ? 0 : plain ? string_end(q, end) : end + 1; /* of f"..." the reader finds the end */
        return;
    }
    tok->word = (uint8_t)word_of(q->s + i, end - i);
}

void qp_seek(qp *q, uint32_t i)
{
    if (q->failed)
        return;
    qp_token tok = { .start = i, .end = i };
    for (i = blank(q, i); q->brackets && (at(q, i) == '\n' || at(q, i) == '#');)
        i = blank(q, at(q, i) == '#' ? comment_end(q, i) : i + 1);
    unsigned char c = at(q, i);
    tok.start = i;
    if (i >= q->len) { /* behind the end, so that 0 says failure alone */
        tok.kind = q->brackets ? QP_END : QP_NEWLINE;
        tok.end  = i ? i : 1;
    } else if (c == '\n' || c == '#') {
        tok.kind = QP_NEWLINE;
        tok.end  = c == '#' ? comment_end(q, i) : i;
        tok.end += tok.end == 0;
    } else if (is_letter(c)) {
        name_or_string(q, i, &tok);
    } else if (is_digit(c) || (c == '.' && is_digit(at(q, i + 1)))) {
        tok.kind = QP_NUMBER;
        tok.end  = number_end(q, i, &tok.real);
    } else if (c == '"' || c == '\'') {
        tok.kind = QP_STRING;
        tok.end  = string_end(q, i);
    } else {
        tok.kind = QP_OPERATOR;
        tok.op   = operator_of(q, i, &tok.end);
    }
    bool odd = tok.kind == QP_NAME && at(q, tok.end) >= 0x80;
    if (odd || !tok.end || (tok.kind == QP_OPERATOR && (c < ' ' || c >= 0x80 || strchr("?$`\\", c))))
        qp_fail(q); /* an open string, a letter beyond ASCII, what is no Python */
    else
        q->tok = tok;
}

/* --- lines --- */

/* From the end of a line to the first token of the next that holds something; its indent. */
static uint32_t next_line(qp *q, uint32_t i, uint32_t *indent)
{
    *indent = 0;
    for (;; i++) {
        unsigned char c = at(q, i);
        if (i >= q->len) {
            *indent = 0;
            return q->len;
        }
        if (c == '\n' || c == '\r' || c == '\f')
            *indent = 0;
        else if (c == ' ')
            ++*indent;
        else if (c == '\t')
            *indent += 8;
        else if (c == '#')
            i = comment_end(q, i) - 1;
        else if (c == '\\')
            return qp_fail(q);
        else
            return i;
    }
}

static void begin_line(qp *q, uint32_t i)
{
    uint32_t indent;
    i = next_line(q, i, &indent);
    if (q->failed)
        return;
    uint32_t top = q->indents[q->n_indents - 1];
    q->tok = (qp_token){ .kind = QP_INDENT, .start = i, .end = i };
    if (indent > top) {
        if (q->n_indents == QP_INDENTS) {
            qp_fail(q);
            return;
        }
        q->indents[q->n_indents++] = indent;
        return;
    }
    while (indent < q->indents[q->n_indents - 1]) {
        q->n_indents--;
        q->dedents++;
    }
    if (indent != q->indents[q->n_indents - 1]) {
        qp_fail(q);
        return;
    }
    q->tok.kind = QP_DEDENT;
    if (q->dedents)
        q->dedents--;
    else if (i >= q->len)
        q->tok.kind = QP_END;
    else
        qp_seek(q, i);
}

void qp_next(qp *q)
{
    if (q->failed)
        return;
    switch (q->tok.kind) {
    case QP_NEWLINE: begin_line(q, q->tok.end); return;
    case QP_DEDENT:
        if (q->dedents)
            q->dedents--;
        else if (q->tok.end >= q->len)
            q->tok.kind = QP_END;
        else
            qp_seek(q, q->tok.end);
        return;
    case QP_INDENT: qp_seek(q, q->tok.end); return;
    case QP_END: return;
    default:
        q->before = q->tok.end;
        qp_seek(q, q->tok.end);
    }
}

void qp_begin(qp *q)
{
    q->n_indents = 1;
    begin_line(q, 0);
}

void qp_open(qp *q, uint32_t op)
{
    if (!qp_is(q, op)) {
        qp_fail(q);
        return;
    }
    q->brackets++;
    qp_next(q);
}

void qp_close(qp *q, uint32_t op)
{
    if (!qp_is(q, op)) {
        qp_fail(q);
        return;
    }
    q->brackets--;
    qp_next(q);
}
