/* scan/lower.h - what lowering of all languages shares. Private to scan/lower*.c.
 *
 * A builder walks the flat tree (scan/syntax.h) and makes the unit of scan/ir.h. Expressions are rules in a table by
 * node kind. Recursion has a limit; what leans to the left (a + b + c, a.b().c()) is walked down in a loop first,
 * so that its length costs no stack. */
#ifndef DD_SCAN_LOWER_H
#define DD_SCAN_LOWER_H
#include "scan/syntax.h"

/* Deepest nesting that is looked into. Frames are below 300 bytes, two to three a level: it fits in 512 kB, the
 * smallest stack a thread gets (macOS). Bundles nest about 200 deep. */
#define DD_LOW_DEPTH 600

typedef struct dd_low dd_low;
typedef dd_expr *dd_low_leaf(dd_low *cx, uint32_t n);
typedef dd_expr *dd_low_tail(dd_low *cx, uint32_t n, dd_expr *head);
/* `tail` set: the node leans on the child `head` (a dd_syn_field, F_none: its first named child), which is lowered before. */
typedef struct {
    dd_low_leaf *leaf;
    dd_low_tail *tail;
    uint8_t      head;
} dd_low_rule;

/* A function being lowered, and what to go back to. */
typedef struct dd_low_func {
    struct dd_low_func *up;
    dd_func            *func;
    DD_VEC(dd_expr *)   returns;
    DD_VEC(const dd_branch *) branches;
    DD_VEC(dd_expr *)   yields;
    dd_scope           *scope;
    const dd_branch    *branch;
    bool                in_switch;
    struct dd_low_class *receiver, *cls;
    dd_str              self;
} dd_low_func;

/* A class being lowered. */
typedef struct dd_low_class {
    struct dd_low_class *up;
    dd_class_def        *cls;
    DD_VEC(dd_field)     fields;
    DD_VEC(dd_func *)    methods;
    dd_scope            *scope;
    struct dd_low_class *receiver;
    dd_str               self;
} dd_low_class;

struct dd_low {
    dd_unit_ir     *u;
    dd_arena       *arena;
    dd_str          text;
    const dd_syn   *s;
    const dd_low_rule *rules;
    dd_scope       *scope;
    dd_low_func    *func;      /* NULL: module level */
    dd_low_class   *cls;       /* class whose body this is, directly */
    dd_low_class   *receiver;  /* class that `self` / `this` is an object of here, NULL: none */
    dd_str          self;      /* name of the receiver */
    const dd_branch *branch;
    dd_str          hint;      /* name for the function or class expression that comes next */
    dd_str          about;     /* what the value being read is for: functions inside that have no name are called after it */
    dd_low_func    *about_in;  /* ... but not those inside its functions */
    dd_str          promised;  /* module whose import() the next function is handed */
    dd_expr        *awaiting;  /* JS: `await` belongs to the whole chain that goes on from here */
    bool            in_type, type_only;
    bool            in_switch;  /* `break` leaves a switch, no loop */
    uint32_t        depth, constructs;
    dd_expr        *pool; uint32_t pooled;
    DD_VEC(uint32_t)     spine;
    DD_VEC(dd_expr *)    stack;
    DD_VEC(dd_expr *)    calls;
    DD_VEC(dd_func *)    funcs;
    DD_VEC(dd_class_def *) classes;
    DD_VEC(dd_import *)  imports;
    DD_VEC(dd_export)    exports;
    DD_VEC(dd_binding *) pending;   /* their scope is known when the whole file is */
    DD_VEC(dd_scope *)   scopes;
    DD_VEC(dd_str)       keys;      /* path inside a pattern */
};

/* The tree. */
static inline const dd_syn *dd_low_node(const dd_low *cx, uint32_t n) { return &cx->s[n]; }
static inline uint32_t dd_low_first(const dd_low *cx, uint32_t n) { return cx->s[n].child; }
static inline uint32_t dd_low_next(const dd_low *cx, uint32_t n) { return cx->s[n].next; }
static inline uint16_t dd_low_kind(const dd_low *cx, uint32_t n) { return cx->s[n].kind; }
static inline bool dd_low_named(const dd_low *cx, uint32_t n) { return cx->s[n].flags & DD_SYN_NAMED; }
uint32_t dd_low_child(const dd_low *cx, uint32_t n, dd_syn_field f);   /* 0: none */
uint32_t dd_low_kid(const dd_low *cx, uint32_t n, dd_syn_kind k);      /* first child of that kind, 0: none */
uint32_t dd_low_only(const dd_low *cx, uint32_t n);                    /* first named child */
dd_str   dd_low_text(const dd_low *cx, uint32_t n);
#define dd_low_each(cx, i, n) for (uint32_t i = dd_low_first(cx, n); i; i = dd_low_next(cx, i))
#define dd_low_each_named(cx, i, n) \
    for (uint32_t i = dd_low_skip(cx, dd_low_first(cx, n)); i; i = dd_low_skip(cx, dd_low_next(cx, i)))
/* n, or the next named node behind it. */
static inline uint32_t dd_low_skip(const dd_low *cx, uint32_t n)
{
    while (n && !dd_low_named(cx, n))
        n = dd_low_next(cx, n);
    return n;
}

/* Expressions. */
dd_expr *dd_low_expr(dd_low *cx, uint32_t n);            /* NULL for 0 */
dd_expr *dd_low_type(dd_low *cx, uint32_t n);            /* with in_type */
dd_expr *dd_low_new(dd_low *cx, dd_expr_kind kind, uint32_t n);
dd_expr *dd_low_name(dd_low *cx, uint32_t n, dd_str name); /* a NAME that stands at n */
dd_expr *dd_low_string(dd_low *cx, uint32_t n, dd_str text);
dd_expr *dd_low_number(dd_low *cx, uint32_t n);
dd_expr *dd_low_unknown(dd_low *cx, uint32_t n);         /* with all its named children */
dd_expr *dd_low_value(dd_low *cx, uint32_t n, dd_str about); /* dd_low_expr of what `about` is given; "": nothing new */
dd_expr *dd_low_only_expr(dd_low *cx, uint32_t n);       /* of the first named child: wrappers */
dd_expr *dd_low_unwrap(dd_low *cx, uint32_t n, dd_expr *head); /* tail of wrappers: the head itself */
dd_expr *dd_low_call(dd_low *cx, uint32_t n, dd_expr_kind kind, dd_expr *callee, bool broken);
void     dd_low_set(dd_expr *parent, dd_expr **slot, dd_expr *child); /* and child->up */
/* Children are pushed to cx->stack and taken off: size_t base = cx->stack.n; dd_low_push(..); dd_low_items(cx, e, base). */
void     dd_low_push(dd_low *cx, dd_expr *e);            /* NULL is left out */
void     dd_low_items(dd_low *cx, dd_expr *e, size_t base);
dd_expr **dd_low_take(dd_low *cx, size_t base, uint32_t *n);

/* scan/lower_common.c: rules, or parts of them, of both languages. */
dd_expr *dd_low_await(dd_low *cx, uint32_t n, dd_expr *head);
dd_expr *dd_low_bool(dd_low *cx, uint32_t n);
dd_expr *dd_low_none(dd_low *cx, uint32_t n);
dd_expr *dd_low_list(dd_low *cx, uint32_t n);
dd_expr *dd_low_dict(dd_low *cx, uint32_t n);
dd_expr *dd_low_yield_expr(dd_low *cx, uint32_t n);
dd_expr *dd_low_unary(dd_low *cx, uint32_t n, dd_str op, dd_expr *a);   /* a negative number is a NUMBER */
dd_expr *dd_low_two(dd_low *cx, uint32_t n, dd_expr_kind kind, dd_expr *left, uint32_t right);   /* right: a node */

/* Scopes and bindings. */
dd_scope   *dd_low_scope(dd_low *cx, int kind, uint32_t n);   /* made, not entered; parent: cx->scope */
dd_binding *dd_low_bind(dd_low *cx, dd_scope *in, dd_binding_kind kind, dd_str name, uint32_t n); /* in NULL: where it is declared */
dd_import  *dd_low_import(dd_low *cx, int kind, dd_str module, dd_str name, uint32_t n);
void        dd_low_field(dd_low *cx, dd_low_class *c, dd_field f);
void        dd_low_export(dd_low *cx, dd_export e);
dd_scope   *dd_low_func_scope(const dd_scope *s);             /* nearest FUNC or MODULE */
void        dd_low_keys(dd_low *cx, dd_binding *b);           /* copies cx->keys into b */
dd_str      dd_low_index_key(dd_low *cx, uint32_t i);         /* "0", "1", ... */
/* Name at the root of a.b[c].d, NULL: something else. */
dd_expr    *dd_low_root(dd_expr *e);
/* MUTATE of a call like x.append(..), when it is one. */
void        dd_low_note_mutation(dd_low *cx, dd_expr *call, uint32_t n);
/* A member or index that is assigned to: MEMBER of its root, and a field when it is self.x. */
void        dd_low_note_member(dd_low *cx, dd_expr *target, dd_expr *value, dd_expr *type, dd_str op, uint32_t n);

/* How a statement leaves, weakest first: not at all, to behind its switch, to its loop, out of the function. */
typedef enum { DD_LOW_ON, DD_LOW_BREAK, DD_LOW_JUMP, DD_LOW_OUT } dd_low_exit;
static inline dd_low_exit dd_low_then(dd_low_exit first, dd_low_exit second) { return first ? first : second; }
static inline dd_low_exit dd_low_either(dd_low_exit a, dd_low_exit b) { return a < b ? a : b; }

/* Branches. An arm is made before its body is lowered; `prev`, the arm before, NULL for the first of a construct, gives the number. */
typedef struct { uint32_t arms; bool exhaustive; uint32_t number; uint16_t next; dd_branch *last; } dd_low_arms;
dd_low_arms dd_low_construct(dd_low *cx, uint32_t arms, bool exhaustive);
dd_branch  *dd_low_arm(dd_low *cx, dd_low_arms *of, int kind, const dd_expr *test);
/* Marks how its body leaves: a loop only by leaving the function, a case not by `break`. */
dd_low_exit dd_low_leave(dd_branch *b, dd_low_exit how);

/* Functions and classes. begin enters, end leaves. */
dd_func      *dd_low_func_new(dd_low *cx, dd_str name, uint32_t n);
dd_func      *dd_low_method_new(dd_low *cx, dd_str name, uint32_t n); /* of cx->cls */
void          dd_low_func_begin(dd_low *cx, dd_low_func *f, dd_func *func, uint32_t n);
void          dd_low_func_end(dd_low *cx, dd_low_func *f);
void          dd_low_return(dd_low *cx, dd_expr *e);
void          dd_low_yield(dd_low *cx, dd_expr *e);
dd_class_def *dd_low_class_new(dd_low *cx, dd_str name, uint32_t n);
void          dd_low_class_begin(dd_low *cx, dd_low_class *c, dd_class_def *cls, uint32_t n);
void          dd_low_class_end(dd_low *cx, dd_low_class *c);

/* scan/lower_text.c: literals. */
dd_str dd_low_python_text(dd_low *cx, uint32_t from, uint32_t to, dd_str prefix);
dd_str dd_low_js_text(dd_low *cx, uint32_t from, uint32_t to);
bool   dd_low_parse_number(dd_str written, double *out);

/* The languages. */
void dd_low_python(dd_low *cx);
void dd_low_js(dd_low *cx);
#endif
