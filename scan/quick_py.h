/* scan/quick_py.h - what the parts of the fast reader of Python share. Private to scan/quick_py*.c.
 *
 * One token of lookahead; lines and indents are tokens outside of brackets. A failure makes the current token the end of the
 * file, so that every loop ends, and the whole file is declined. Nothing is read twice: what is written to is known by what
 * follows, and its nodes are turned into patterns then. */
#ifndef DD_SCAN_QUICK_PY_H
#define DD_SCAN_QUICK_PY_H
#include "scan/quick_tree.h"

#define QP_WORDS(X) \
    X(False) X(None) X(True) X(and) X(as) X(assert) X(async) X(await) X(break) X(class) X(continue) X(def) X(del) X(elif) X(else) X(except) \
    X(finally) X(for) X(from) X(global) X(if) X(import) X(in) X(is) X(lambda) X(nonlocal) X(not) X(or) X(pass) X(raise) X(return) X(try) \
    X(while) X(with) X(yield) \
    /* from here on words that may be names */ \
    X(exec) X(match) X(print) X(type)

enum {
    P_none,
#define X(w) P_##w,
    QP_WORDS(X)
#undef X
    P_COUNT,
    P_RESERVED = P_yield
};

typedef enum { QP_END, QP_NEWLINE, QP_INDENT, QP_DEDENT, QP_NAME, QP_NUMBER, QP_STRING, QP_OPERATOR } qp_kind;

typedef struct {
    uint8_t  kind, word;
    bool     real;          /* a NUMBER with a point or a power */
    uint32_t op, start, end;
} qp_token;

enum { QP_DEPTH = 300, QP_INDENTS = 100 };

typedef struct {
    const char *s;
    uint32_t    len;
    quick_tree  tree;
    bool        failed;
    uint32_t    depth, brackets;
    qp_token    tok;
    uint32_t    before;     /* end of the token before */
    uint32_t    indents[QP_INDENTS], n_indents;
    uint32_t    dedents;    /* still to be handed out */
} qp;

/* --- quick_py_lex.c --- */
void     qp_begin(qp *q);
void     qp_next(qp *q);
void     qp_seek(qp *q, uint32_t at);     /* goes on lexing there, within a line */
uint32_t qp_fail(qp *q);                  /* 0 */
bool     qp_enter(qp *q);                 /* nesting is bounded; then q->depth-- */
uint32_t qp_take(qp *q, uint16_t kind);   /* the current token as a named node */
void     qp_mark(qp *q, uint32_t parent, uint16_t kind, uint8_t field); /* ... as an unnamed child */
void     qp_open(qp *q, uint32_t op);     /* takes a bracket: lines end no more */
void     qp_close(qp *q, uint32_t op);
uint32_t qp_name(qp *q);                  /* an identifier, or failure */
static inline bool qp_is(const qp *q, uint32_t op) { return q->tok.kind == QP_OPERATOR && q->tok.op == op; }
static inline bool qp_word(const qp *q, unsigned w) { return q->tok.kind == QP_NAME && q->tok.word == w; }
static inline bool qp_is_name(const qp *q) { return q->tok.kind == QP_NAME && (!q->tok.word || q->tok.word > P_RESERVED); }
static inline bool qp_eat(qp *q, uint32_t op)
{
    bool is = qp_is(q, op);
    if (is)
        qp_next(q);
    return is;
}
static inline bool qp_eat_word(qp *q, unsigned w)
{
    bool is = qp_word(q, w);
    if (is)
        qp_next(q);
    return is;
}
static inline void qp_need(qp *q, uint32_t op)
{
    if (!qp_eat(q, op))
        qp_fail(q);
}
static inline uint32_t qp_node(qp *q, uint16_t kind, uint32_t start) { return quick_tree_node(&q->tree, kind, start); }
static inline void     qp_add(qp *q, uint32_t parent, uint32_t child, uint8_t field) { quick_tree_add(&q->tree, parent, child, field); }
static inline dd_syn  *qp_at(const qp *q, uint32_t n) { return &q->tree.t->v[n]; }
static inline void     qp_end(qp *q, uint32_t n) { qp_at(q, n)->end = q->before; }

/* --- quick_py_expr.c --- */
uint32_t qp_expression(qp *q);
uint32_t qp_expressions(qp *q);               /* one, or an expression_list */
uint32_t qp_yield(qp *q);
uint32_t qp_target(qp *q);                    /* what `for` binds: up to `in` */
uint32_t qp_pattern_of(qp *q, uint32_t n);    /* turns what was read into what is written to */
uint32_t qp_arguments(qp *q);
uint32_t qp_parameters(qp *q, bool lambda);   /* without the brackets for a lambda */
uint32_t qp_type(qp *q);
uint32_t qp_dotted(qp *q);
uint32_t qp_as_pattern(qp *q, uint32_t value); /* with ` as target`, or the value itself */
bool     qp_ends_expression(const qp *q);
#endif
