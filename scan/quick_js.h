/* scan/quick_js.h - what the parts of the fast reader of scripts share. Private to scan/quick_js*.c.
 *
 * One token of lookahead. A failure makes the current token the end of the file, so that every loop ends, and the whole
 * file is declined. A mark allows going back: nodes made since are dropped with it. */
#ifndef DD_SCAN_QUICK_JS_H
#define DD_SCAN_QUICK_JS_H
#include "scan/quick_tree.h"

#define QJ_WORDS(X) \
    X(break) X(case) X(catch) X(class) X(const) X(continue) X(debugger) X(default) X(delete) X(do) X(else) X(enum) X(export) X(extends) \
    X(false) X(finally) X(for) X(function) X(if) X(import) X(in) X(instanceof) X(new) X(null) X(return) X(super) X(switch) X(this) \
    X(throw) X(true) X(try) X(typeof) X(var) X(void) X(while) X(with) \
    /* from here on words that may be names */ \
    X(abstract) X(accessor) X(any) X(as) X(assert) X(asserts) X(async) X(await) X(boolean) X(declare) X(from) X(get) X(global) \
    X(implements) X(infer) X(interface) X(is) X(keyof) X(let) X(module) X(namespace) X(never) X(number) X(object) X(of) X(override) \
    X(private) X(protected) X(public) X(readonly) X(require) X(satisfies) X(set) X(static) X(string) X(symbol) X(type) X(undefined) \
    X(unique) X(unknown) X(using) X(yield)

enum {
    W_none,
#define X(w) W_##w,
    QJ_WORDS(X)
#undef X
    W_COUNT,
    W_RESERVED = W_with
};

typedef enum { QJ_END, QJ_NAME, QJ_PRIVATE, QJ_NUMBER, QJ_STRING, QJ_PUNCTUATION } qj_kind;

/* Punctuation as a number: its characters, the first one lowest. */
#define QJ_OP1(a) ((uint32_t)(a))
#define QJ_OP2(a, b) (QJ_OP1(a) | (uint32_t)(b) << 8)
#define QJ_OP3(a, b, c) (QJ_OP2(a, b) | (uint32_t)(c) << 16)

typedef struct {
    uint8_t  kind, word;
    bool     nl;            /* a line ends between the token before and this one */
    uint32_t op, start, end;
} qj_token;

typedef struct {
    const char  *s;
    uint32_t     len;
    dd_syn_tree *t;
    quick_tree   tree;      /* of t */
    bool         ts, jsx;
    bool         failed;
    bool         no_in;           /* `in` belongs to the for loop */
    bool         no_conditional;  /* `(x): ...` ends the middle of a ternary and is no arrow */
    bool         targets;         /* patterns may write to members */
    uint32_t     depth, guesses;
    qj_token     tok;
    uint32_t     before;    /* end of the token before */
} qj;

typedef struct { qj_token tok; uint32_t before; size_t nodes, comments; } qj_mark;

/* --- quick_js_lex.c --- */
void     qj_next(qj *q);
void     qj_regex(qj *q);                     /* the current `/` starts a regular expression: reads it whole */
void     qj_seek(qj *q, uint32_t at);         /* goes on lexing there */
uint32_t qj_fail(qj *q);                      /* 0 */
qj_mark  qj_here(const qj *q);
void     qj_back(qj *q, qj_mark m);           /* also after a failure */
bool     qj_semicolon(qj *q, bool expression);  /* takes `;`, or the end of a statement without one */
void     qj_close_angle(qj *q);               /* takes one `>`, also off the front of `>>` */

static inline bool qj_is(const qj *q, uint32_t op) { return q->tok.kind == QJ_PUNCTUATION && q->tok.op == op; }
static inline bool qj_word(const qj *q, unsigned w) { return q->tok.kind == QJ_NAME && q->tok.word == w; }
static inline bool qj_name(const qj *q) { return q->tok.kind == QJ_NAME && (q->tok.word == W_none || q->tok.word > W_RESERVED); }
static inline bool qj_eat(qj *q, uint32_t op)
{
    bool is = qj_is(q, op);
    if (is)
        qj_next(q);
    return is;
}
static inline void qj_need(qj *q, uint32_t op)
{
    if (!qj_eat(q, op))
        qj_fail(q);
}
static inline bool qj_eat_word(qj *q, unsigned w)
{
    bool is = qj_word(q, w);
    if (is)
        qj_next(q);
    return is;
}

/* --- nodes --- */
static inline uint32_t qj_node(qj *q, uint16_t kind, uint32_t start) { return quick_tree_node(&q->tree, kind, start); }
static inline void     qj_add(qj *q, uint32_t parent, uint32_t child, uint8_t field) { quick_tree_add(&q->tree, parent, child, field); } /* 0: nothing */
uint32_t qj_take(qj *q, uint16_t kind);                   /* the current token as a named node */
void     qj_mark_word(qj *q, uint32_t parent, uint16_t kind, uint8_t field); /* the current token as an unnamed child */
void     qj_leaf(qj *q, uint32_t n);                      /* drops what was made behind n: the inside is of no use */
static inline void qj_end(qj *q, uint32_t n) { q->t->v[n].end = q->before; }
static inline uint32_t qj_start(const qj *q, uint32_t n) { return q->t->v[n].start; }
static inline uint16_t qj_kind_of(const qj *q, uint32_t n) { return q->t->v[n].kind; }
/* Nesting is bounded: beyond, the file is declined. */
enum { QJ_DEPTH = 300 };
bool     qj_enter(qj *q);                                 /* then q->depth-- */

/* --- quick_js_expr.c --- */
uint32_t qj_expression(qj *q);                            /* no comma */
uint32_t qj_sequence(qj *q);                              /* with commas */
uint32_t qj_pattern(qj *q);                               /* name, [..] or {..} */
uint32_t qj_pattern_default(qj *q);                       /* with = value */
uint32_t qj_property_name(qj *q);
uint32_t qj_string(qj *q);
uint32_t qj_template(qj *q);
uint32_t qj_arguments(qj *q);
uint32_t qj_parenthesized(qj *q);
uint32_t qj_left_side(qj *q);                             /* member chain without calls of type arguments: extends X */
/* --- quick_js_func.c --- */
uint32_t qj_parameters(qj *q);
bool     qj_signature(qj *q, uint32_t n);                 /* <T>(params): type, into n */
uint32_t qj_function(qj *q, bool declaration);
uint32_t qj_arrow(qj *q);                                 /* 0 without failure: it is none, and the place is as it was */
uint32_t qj_class(qj *q, uint16_t kind, uint32_t start, uint32_t decorators);
uint32_t qj_decorators(qj *q);                            /* a chain by `next`; 0: none */
uint32_t qj_method(qj *q, uint32_t n);                    /* signature and body into a method that has its name */
uint32_t qj_block(qj *q);
/* --- quick_js_type.c --- */
uint32_t qj_type(qj *q);
uint32_t qj_type_annotation(qj *q);                       /* ": type"; 0: none */
uint32_t qj_type_arguments(qj *q);
uint32_t qj_type_parameters(qj *q);
/* --- quick_js_jsx.c --- */
uint32_t qj_jsx(qj *q);
#endif
