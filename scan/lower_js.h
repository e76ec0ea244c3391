/* scan/lower_js.h - between the parts of JavaScript's and TypeScript's lowering. Private to scan/lower_js*.c.
 *
 * _expr: expressions and types; _bind: patterns, functions, classes; _module: imports, exports, CommonJS; lower_js.c: statements. */
#ifndef DD_SCAN_LOWER_JS_H
#define DD_SCAN_LOWER_JS_H
#include "scan/lower.h"

extern const dd_low_rule dd_low_js_rules[K_COUNT];

/* What the names of a pattern are bound to. */
typedef struct {
    dd_binding_kind kind;     /* of a plain name; inside a pattern ASSIGN and PARAM become PATTERN */
    int             decl;
    dd_expr        *value, *type, *deflt;
    dd_scope       *in;       /* NULL: an assignment to what is declared elsewhere */
    dd_func        *func;
    uint32_t        index, node;
    dd_str          module;   /* value is that module: names become IMPORT bindings */
    dd_str          member;   /* ... or this member of it */
} dd_low_target;

/* scan/lower_js_bind.c */
void     dd_low_js_bind(dd_low *cx, uint32_t pattern, const dd_low_target *t);
dd_expr *dd_low_js_value(dd_low *cx, uint32_t n, dd_str name);  /* a value that `name` is given */
dd_str   dd_low_js_key(dd_low *cx, uint32_t n);                 /* text of a property name; "" when computed */
dd_func *dd_low_js_func(dd_low *cx, uint32_t n, dd_func *func); /* parameters and body */
dd_expr *dd_low_js_func_expr(dd_low *cx, uint32_t n, dd_str name);
dd_class_def *dd_low_js_class(dd_low *cx, uint32_t n, dd_str name);
void     dd_low_js_enum(dd_low *cx, uint32_t n);

/* scan/lower_js_module.c */
void     dd_low_js_import(dd_low *cx, uint32_t n);
void     dd_low_js_export(dd_low *cx, uint32_t n);
/* Module that `e` is: require("m"), import("m"), also through interop helpers, and one member of it. Empty: none. */
dd_str   dd_low_js_module(const dd_expr *e, dd_str *member);
void     dd_low_js_exports_call(dd_low *cx, dd_expr *call);      /* Object.defineProperty(exports, ..), __exportStar(..) */
void     dd_low_js_exports_assign(dd_low *cx, const dd_expr *target, dd_expr *value);

/* scan/lower_js.c */
dd_low_exit dd_low_js_statement(dd_low *cx, uint32_t n);
dd_low_exit dd_low_js_body(dd_low *cx, uint32_t n);             /* statements without a scope of their own */
void     dd_low_js_errors(dd_low *cx, uint32_t n);              /* statements inside ERROR children */
bool     dd_low_js_declares(const dd_low *cx, uint32_t n);      /* some statement of this block needs a scope */
#endif
