/* scan/value.h - what an expression may be, found on demand across the project.
 *
 * dd_eval walks back from an expression to what supplies it: through names, parameters, attributes, dictionaries,
 * function results and imports, over files. It never runs code and never guesses: what is not known is
 * DD_V_UNKNOWN with the reason. Depth, steps and candidates are bounded; cycles end as unknown. Values live in the project's
 * arena. One thread. Rules and ids (M-1 ...): docs/resolver.md. */
#ifndef DD_SCAN_VALUE_H
#define DD_SCAN_VALUE_H
#include "scan/ir.h"

typedef struct dd_project dd_project;
typedef struct dd_value dd_value;

/* Bindings of parameters while a function is looked through, and the object `self`/`this` is. */
typedef struct dd_frame {
    const struct dd_frame *up;   /* frame of the caller */
    const dd_func *func;
    const dd_expr *call;         /* the call whose arguments bind func's parameters; evaluated in `up` */
    dd_value      *self;         /* INSTANCE or CLASS, or NULL */
    const struct dd_frame *closure; /* frame of the function that `func` stands in, when it was defined there */
    dd_value     **bound; uint32_t n_bound; /* values of the first parameters where no call binds them (callbacks) */
    unsigned       depth;
} dd_frame;

typedef enum {
    DD_V_UNKNOWN,
    DD_V_STRING,    /* text */
    DD_V_NUMBER,    /* number */
    DD_V_BOOL,      /* number */
    DD_V_NONE,
    DD_V_TEXT,      /* a string of which only parts are known: parts are STRING values or others (holes) */
    DD_V_DICT,      /* entries in order of last write; `open`: unknown keys may be there or override */
    DD_V_LIST,      /* items; `open`: more items may follow */
    DD_V_FUNC,      /* func + frame it closes over; bound self in `self` */
    DD_V_CLASS,     /* cls of the project */
    DD_V_INSTANCE,  /* object of a project class: cls, call that made it (may be NULL: typed only) */
    DD_V_MODULE,    /* file of the project */
    DD_V_EXTERN,    /* something of a package outside: see below */
    DD_V_CHOICE,    /* one of items (candidates), each with its own source */
    DD_V_DATA       /* a node of a JSON/YAML/TOML file of the project */
} dd_value_kind;

/* EXTERN spellings. A package's default export is the member "default" (`new (require("openai"))()`, `openai_1.default` and
 * `import OpenAI from "openai"` are all openai.default); a namespace is the package itself; `npm:openai@7` and
 * "https://esm.sh/openai@4" are openai. Names that nothing binds are members of the packages "globalThis" (JS: globalThis.fetch,
 * globalThis.process) and "builtins" (Python: builtins.open). `this` and `self` outside a class are UNKNOWN.
 *
 * EXTERN: package "openai", then steps. `openai.OpenAI(...).chat.completions` is
 * {package openai}.OpenAI -> call -> .chat -> .completions; each is a value whose `parent` is the one before it. */
typedef enum { DD_E_PACKAGE, DD_E_MEMBER, DD_E_CALL, DD_E_NEW, DD_E_INDEX, DD_E_TYPED /* instance known only by its annotation */ } dd_extern_step;

typedef struct { dd_str key; dd_value *value; dd_value *key_value; } dd_entry;

struct dd_value {
    dd_value_kind kind : 8;    /* small fields together: a scan makes millions of values */
    dd_source     source : 8;  /* of the step that supplied it */
    dd_extern_step step : 8;   /* EXTERN */
    bool          open;        /* DICT, LIST: incomplete */
    bool          maybe;       /* a later unknown splat may override it: lower confidence */
    bool          whole_param; /* UNKNOWN: it is the parameter itself, not a part of it */
    uint32_t      n_items, n_entries, param_index;
    dd_str        text;        /* STRING; UNKNOWN: cause ("parameter model", "env OPENAI_MODEL", "user-input", "runtime", "cycle") */
    dd_str        env_var;     /* variable it was read from, "" none */
    double        number;
    dd_value    **items;       /* LIST, CHOICE, TEXT: n_items */
    dd_entry     *entries;     /* DICT, DATA objects: n_entries */
    dd_func      *func; dd_class_def *cls; dd_unit_ir *unit;
    const dd_frame *frame;     /* in which `call`'s arguments are to be evaluated; closure of FUNC */
    dd_value     *self;        /* FUNC bound to an object */
    const dd_expr *call;       /* EXTERN CALL/NEW, INSTANCE: the constructing call */
    const dd_expr *expr;       /* where it stands, for messages; may be NULL */
    dd_value *parent; dd_str name;  /* EXTERN: name of PACKAGE (module path as imported) or MEMBER */
    const dd_func *param_func; /* UNKNOWN because of a parameter, its param_index; NULL: no */
    struct dd_value_chain { const struct dd_value_chain *next; dd_str what; const dd_unit_ir *unit; uint32_t pos; } *chain; /* newest first */
};

/* `f` may be NULL: no caller is known, then parameters are their defaults or unknown. Never NULL. */
dd_value *dd_eval(dd_project *p, const dd_expr *e, const dd_frame *f);
/* The value of v.name / v[key] / v(...) as the evaluator sees it. */
dd_value *dd_value_member(dd_project *p, dd_value *v, dd_str name);
/* Arguments of a call as one dictionary, rebuilt in order: keywords, **splats, for JS the first object argument; positional ones by their
 * index in *positional when that is not NULL (LIST). Keys are evaluated lazily by dd_value_get. */
dd_value *dd_eval_arguments(dd_project *p, const dd_expr *call, const dd_frame *f, dd_value **positional);
dd_value *dd_value_get(const dd_value *dict, const char *key);   /* DICT or DATA; NULL: not there */
/* "openai.OpenAI().chat.completions.create" for an EXTERN; package first. */
void dd_extern_path(const dd_value *v, dd_buf *out);
const dd_value *dd_extern_root(const dd_value *v);               /* the PACKAGE value */
/* The conditions the call stands under do not hold when defaults, settings and attributes are what they say: then such a
 * default is not the model of this call (`elif "claude" in self.model: ...` with a default of another family). */
bool dd_eval_excluded(dd_project *p, const dd_expr *call, const dd_frame *f);
/* Where a string came from as a site of `site_unit` whose call is `call` sees it: literal only when it stands within the call. */
dd_source dd_value_source(const dd_value *v, const dd_unit_ir *site_unit, const dd_expr *call);
/* The client inside a wrapper: for an EXTERN made by a call that was handed a client (first positional or `client=`,
 * call-shapes W-1 ... W-13), that argument's value when it is an EXTERN made by a call too; else v itself. */
dd_value *dd_value_unwrap_client(dd_project *p, dd_value *v);
/* The value an EXTERN was made by: the nearest CALL, NEW or TYPED step at or above `v`; NULL: none. */
const dd_value *dd_extern_made(const dd_value *v);
/* All distinct strings `v` may be (CHOICE flattened), at most max; returns how many; *complete: there is nothing else it may be. */
size_t dd_value_strings(const dd_value *v, const dd_value **out, size_t max, bool *complete);

/* Every call in the project whose callee resolves to `func` (methods through instances too), for wrappers (M-12). Bounded. */
typedef struct { const dd_expr *call; dd_unit_ir *unit; const dd_frame *frame; } dd_caller;
size_t dd_callers(dd_project *p, const dd_func *func, dd_caller *out, size_t max);
#endif
