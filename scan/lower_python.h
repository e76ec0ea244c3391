/* scan/lower_python.h - between the two halves of Python's lowering: expressions, statements. Private to scan/lower_python*.c. */
#ifndef DD_SCAN_LOWER_PYTHON_H
#define DD_SCAN_LOWER_PYTHON_H
#include "scan/lower.h"

extern const dd_low_rule dd_low_python_rules[K_COUNT];

/* What a target is bound to. */
typedef struct {
    dd_binding_kind kind;
    dd_expr        *value, *type;
    uint32_t        node;     /* statement */
} dd_low_bound;

/* Binds every name of a target: `a`, `(a, *b)`, `x.y`, `x["k"]`. */
void dd_low_python_bind(dd_low *cx, uint32_t target, const dd_low_bound *b);
/* Parameters: values and types are read outside the function, then names are bound inside. `fn`: a def or lambda. */
void dd_low_python_enter(dd_low *cx, dd_low_func *f, dd_func *func, uint32_t fn);
dd_expr *dd_low_python_value(dd_low *cx, uint32_t n, dd_str name); /* a value that `name` is given */
dd_expr *dd_low_dotted(dd_low *cx, uint32_t n); /* a dotted_name as NAME and MEMBERs */
#endif
