/* scan/ir.h - what a source file says, in one small form for all languages.
 *
 * scan/lower_python.c and scan/lower_js.c turn a syntax tree into this form and drop the tree (a tree costs 44 times
 * its source). The resolver and the detectors read only this. It keeps expressions, the scopes with what binds each
 * name, calls, functions, classes, imports and exports, and for each of them where it stands and under which
 * condition; it has no statements. All memory is the unit's arena; text points into the source or the arena.
 *
 * Wrappers that change nothing are gone: parentheses, await, `!`, `as`, `satisfies`, type assertions and arguments,
 * the head of a sequence expression, optional chaining. */
#ifndef DD_SCAN_IR_H
#define DD_SCAN_IR_H
#include "scan/source.h"

typedef struct dd_expr dd_expr;
typedef struct dd_scope dd_scope;
typedef struct dd_func dd_func;
typedef struct dd_class_def dd_class_def;
typedef struct dd_unit_ir dd_unit_ir;

typedef enum {
    DD_X_UNKNOWN,   /* not modelled; `items` holds its expressions so that nothing inside is lost */
    DD_X_STRING,    /* name: decoded text (escapes resolved; implicit concatenation joined); bytes literals too */
    DD_X_NUMBER,    /* number; name: as written */
    DD_X_BOOL,      /* number 0 or 1 */
    DD_X_NONE,      /* None, null, undefined */
    DD_X_TEMPLATE,  /* f-string, template literal, also concatenations with an f-string: items are STRING or expressions */
    DD_X_NAME,      /* name (`this` is the name "this"; `super` the name "super") */
    DD_X_MEMBER,    /* a.name; also a["name"] when the callee path needs it is INDEX: see dd_expr_step */
    DD_X_INDEX,     /* a[b] */
    DD_X_CALL,      /* a(args) ; `items` are the arguments in order */
    DD_X_NEW,       /* new a(args) */
    DD_X_DICT,      /* items: DD_X_PAIR or DD_X_SPREAD, in order */
    DD_X_PAIR,      /* a: key (STRING for identifiers and shorthands, else an expression), b: value */
    DD_X_LIST,      /* list, tuple, set, array: items, DD_X_SPREAD among them */
    DD_X_KEYWORD,   /* argument name=b */
    DD_X_SPREAD,    /* *a in lists and arguments, ...a */
    DD_X_SPREAD_DICT, /* **a in arguments and dicts */
    DD_X_OR,        /* a or b, a || b */
    DD_X_COALESCE,  /* a ?? b */
    DD_X_AND,       /* a and b, a && b */
    DD_X_CHOICE,    /* a if c else b: a, b values, c condition */
    DD_X_ADD,       /* a + b */
    DD_X_FORMAT,    /* a % b of Python */
    DD_X_BINARY,    /* any other operator: a, b; name: operator */
    DD_X_UNARY,     /* name: operator, a (a negative number literal is a NUMBER) */
    DD_X_FUNC,      /* func: lambda, arrow, function expression */
    DD_X_CLASS,     /* cls: class expression */
    DD_X_ASSIGN,    /* assignment used as a value (walrus, `a ??= b`, `x = y` in JS): a target, b value, name: operator */
    DD_X_COMPREHENSION /* a: element (b: value of a dict comprehension); items: DD_X_UNKNOWN with the iterated expressions */
} dd_expr_kind;

/* A conditional block: an arm of if / loop / try / match / case / short-circuit is NOT one (only statements are). Arms of one
 * construct share `construct` and exclude each other (except try: body and handlers do not). */
typedef struct dd_branch {
    const struct dd_branch *parent;  /* NULL: the function's or module's body is unconditional */
    enum { DD_BR_IF, DD_BR_LOOP, DD_BR_TRY, DD_BR_EXCEPT, DD_BR_CASE, DD_BR_MAIN /* if __name__ == "__main__" */ } kind;
    uint32_t construct;   /* number of the construct in the file */
    uint16_t arm;         /* of this construct: 0, 1, ... */
    uint16_t arms;        /* how many the construct has */
    bool     exhaustive;  /* has else / default: one arm is always taken */
    bool     exits;       /* the arm ends in return, raise, throw, continue or break: later code was not reached through it */
    const dd_expr *test;  /* condition, match subject, or iterated expression of a loop; NULL for while-true and try */
    const dd_expr *label; /* CASE: the value of this arm; NULL: default, or not a plain value */
    const struct dd_branch *prev; /* the arm before this one in its construct, NULL: the first (the resolver decides else by it) */
} dd_branch;

struct dd_expr {
    dd_expr_kind kind;
    bool       in_type;      /* stands in an annotation or type: never a use */
    bool       broken;       /* its own subtree holds a parse error; CALL, NEW: its arguments do */
    bool       awaited;
    uint32_t   start, end;   /* bytes of the whole expression */
    uint32_t   name_pos;     /* byte of the name: of the member's name, of the called name; else start */
    uint32_t   n_items;
    dd_str     name;         /* CALL, NEW: the called name (of a NAME or MEMBER callee) */
    dd_expr   *a, *b, *c;
    dd_expr  **items;
    union {                  /* by kind: three quarters of the nodes need none of them */
        double        number; /* NUMBER, BOOL */
        dd_func      *func;   /* FUNC */
        dd_class_def *cls;    /* CLASS */
    };
    dd_scope  *scope;        /* the scope it stands in */
    const dd_branch *branch; /* condition it stands under (within its function) */
    dd_expr   *up;           /* the expression it stands in directly, NULL: a statement's own, or a function's body */
};

typedef enum {
    DD_B_ASSIGN,      /* name = value; also const/let/var (decl), := ; `value` NULL for a bare declaration */
    DD_B_AUGMENT,     /* name += value, ||=, ??= (op) */
    DD_B_PARAM,       /* parameter `index` of `func` */
    DD_B_FUNC, DD_B_CLASS,
    DD_B_IMPORT,      /* `import` */
    DD_B_LOOP,        /* for name in value: an element of value */
    DD_B_WITH,        /* with value as name */
    DD_B_EXCEPT,      /* except E as name: never a model */
    DD_B_PATTERN,     /* destructured: name is at `keys` of value ({a: {b}} -> "a","b"; [x, y] -> "0" ...); deflt: default */
    DD_B_MEMBER,      /* root name of an assignment to name.x.y or name["k"]: `target` is the whole left side */
    DD_B_MUTATE,      /* name.update(..), .append, .extend, .setdefault, .push, Object.assign(name, ..): `value` is the call */
    DD_B_GLOBAL,      /* global / nonlocal: look further out */
    DD_B_DELETE
} dd_binding_kind;

typedef struct dd_import {
    enum { DD_IMP_MODULE /* import a.b as n; import * as n; require */, DD_IMP_NAME /* from m import x as n; { x as n } */,
           DD_IMP_DEFAULT, DD_IMP_WILDCARD } kind;
    dd_str   module;       /* as written: "openai", ".llm", "../lib/ai", "npm:openai@7" */
    int      level;        /* Python: leading dots (they are not in `module`) */
    dd_str   name;         /* imported name, DD_IMP_NAME */
    bool     type_only;    /* import type; under `if TYPE_CHECKING` */
    uint32_t start;
} dd_import;

typedef struct dd_binding {
    dd_binding_kind kind;
    dd_str     name;
    enum { DD_DECL_NONE, DD_DECL_VAR, DD_DECL_LET, DD_DECL_CONST } decl;  /* JS; Python: NONE */
    dd_str     op;
    dd_expr   *value, *target, *type, *deflt;  /* type: the annotation, as an expression with in_type set */
    dd_str    *keys; uint32_t n_keys;
    dd_func   *func; dd_class_def *cls; dd_import *import;
    uint32_t   index;
    uint32_t   pos, end;             /* start and end byte of the statement or declarator */
    const dd_branch *branch;
    dd_scope  *scope;                /* where it stands (a JS block scope, a Python function) */
    struct dd_binding *next;         /* the next of this name in this scope, in source order */
} dd_binding;

struct dd_scope {
    enum { DD_SCOPE_MODULE, DD_SCOPE_CLASS, DD_SCOPE_FUNC, DD_SCOPE_BLOCK } kind;
    dd_scope *parent;
    dd_func  *func;            /* the function it belongs to, NULL at module level */
    dd_class_def *cls;         /* the class it directly belongs to (CLASS) */
    dd_binding **names; uint32_t n_names, cap_names;  /* first binding of each name */
    uint32_t  *index, index_mask;  /* of dd_scope_find only */
    uint32_t start, end;
    dd_unit_ir *unit;
};
/* First binding of `name` in this very scope (then ->next), or NULL. Python class scopes are not seen from methods: the resolver skips them. */
dd_binding *dd_scope_find(const dd_scope *s, dd_str name);

typedef struct {
    dd_str   name;             /* "" for a pattern: its names are DD_B_PATTERN bindings with func and index set */
    dd_expr *deflt, *type;
    enum { DD_P_PLAIN, DD_P_KEYWORD_ONLY, DD_P_REST /* *args, ...rest */, DD_P_REST_DICT /* **kw */ } kind;
    bool     property;         /* TS constructor(private x: T): also a field */
    bool     optional;
} dd_param;

struct dd_func {
    dd_str     name;           /* "" anonymous; for `const f = () =>` the name f; for a method its name */
    dd_str     qualname;       /* "Class.method", "outer.inner", "<module>" parts joined by . */
    dd_param  *params; uint32_t n_params;  /* Python methods keep self */
    dd_expr  **returns; uint32_t n_returns; /* returned expressions (arrow body); NULL entries for a bare return */
    const dd_branch **return_branch;        /* beside each return */
    dd_expr  **yields; uint32_t n_yields;
    dd_expr  **decorators; uint32_t n_decorators;
    dd_scope  *scope;          /* its own */
    dd_class_def *cls;         /* the class whose method it is */
    dd_expr   *returns_type;
    bool       is_async, is_property, is_static, is_classmethod, is_abstract, is_constructor;
    dd_expr   *expr;           /* the FUNC expression it is, NULL: a declaration or a method. expr->up goes on outward */
    uint32_t   start, end;
    dd_unit_ir *unit;
};

typedef struct {               /* a field: class body, self.x = in a method, constructor property, enum member */
    dd_str    name;
    dd_expr  *value, *type;    /* value NULL: declared only */
    dd_func  *in;              /* the method it was set in; NULL: class body */
    const dd_branch *branch;
    uint32_t  pos;
    dd_str    op;              /* "=", "??=", "+=" ... */
    bool      is_static;
} dd_field;

struct dd_class_def {
    dd_str     name, qualname;
    dd_expr  **bases; uint32_t n_bases;    /* positional superclasses; JS extends */
    dd_field  *fields; uint32_t n_fields;  /* in source order, several of one name possible */
    dd_func  **methods; uint32_t n_methods;
    dd_expr  **decorators; uint32_t n_decorators;
    bool       is_enum;        /* TS enum; Python enums are known by their bases */
    dd_scope  *scope;
    uint32_t   start, end;
    dd_unit_ir *unit;
};

typedef struct {               /* JS: what the module shows. Python shows its module scope. */
    dd_str   name;             /* "default", "x", "*" */
    dd_str   local;            /* name in the module scope, "" when `value` */
    dd_expr *value;            /* export default <expr>, module.exports = <expr>, exports.x = <expr> */
    dd_str   from;             /* re-export: module as written, else "" ; then `local` is the name there ("*" all, "" whole as namespace) */
    bool     type_only;
} dd_export;

typedef struct { uint32_t row; dd_str text; } dd_comment;  /* only comments that hold "dd0c:"; row 0-based of the joined text */

struct dd_unit_ir {
    dd_source_file *file;
    dd_arena   *arena;
    dd_scope   *module;        /* names of the file */
    dd_scope  **scopes; uint32_t n_scopes;     /* all, as they open; the first is the module's */
    dd_expr   **calls; uint32_t n_calls;       /* every CALL and NEW outside types, in source order */
    dd_func   **funcs; uint32_t n_funcs;
    dd_class_def **classes; uint32_t n_classes;
    dd_import **imports; uint32_t n_imports;   /* all, also in functions */
    dd_export  *exports; uint32_t n_exports;
    dd_comment *comments; uint32_t n_comments;
    uint32_t    n_errors;      /* ERROR and MISSING nodes */
    bool        is_commonjs;
    bool        has_main;      /* if __name__ == "__main__" */
};

/* Parses and lowers. The tree is freed before it returns. DD_ERR_PARSE when the parser gives up (time limit, depth). */
dd_code dd_lower(dd_source_file *file, dd_arena *arena, dd_unit_ir **out, dd_err *err);

/* Helpers that every reader needs. */
dd_str   dd_expr_step(const dd_expr *e);                  /* name of a MEMBER, or of an INDEX with a plain string; else "" */
dd_expr *dd_call_keyword(const dd_expr *call, const char *name); /* value of name=..., or NULL */
dd_expr *dd_call_arg(const dd_expr *call, uint32_t i);    /* i-th positional argument that is no spread; NULL when a spread comes before */
dd_expr *dd_dict_get(const dd_expr *dict, const char *key);      /* value of the last literal pair with that key, or NULL */
/* "self.client.chat.completions.create": names of a callee path; a call inside shows as "f()", anything else as "*". */
void     dd_expr_path(const dd_expr *callee, dd_buf *out);
dd_func *dd_scope_func(const dd_scope *s);                 /* enclosing function or NULL */

/* scan/ir_dump.c: for tests and for looking at it; the format is not stable. */
void dd_ir_dump(const dd_unit_ir *u, dd_buf *out);
void dd_scope_dump(const dd_scope *s, dd_buf *out);
void dd_expr_dump(const dd_expr *e, dd_buf *out);
#endif
