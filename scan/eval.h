/* scan/eval.h - inside of the resolver; only project.c, modules*.c, data*.c and eval*.c include it.
 *
 * An expression is evaluated in a unit and a frame. Results are kept by (expression, frame); a result that was cut off
 * by a cycle further out is not kept. A query that runs past its steps or depth gives UNKNOWN "limit". */
#ifndef DD_SCAN_EVAL_H
#define DD_SCAN_EVAL_H
#include "base/map.h"
#include "scan/project.h"

enum {
    DD_EV_DEPTH = 72,        /* nested evaluations; a level costs about 1 kB of stack */
    DD_EV_STEPS = 20000,     /* a query */
    DD_EV_FRAMES = 8,        /* nested calls looked through */
    DD_EV_CHOICES = 16,
    DD_EV_CALLERS = 12,
    DD_EV_WHOLE = 1 << 30
};

typedef struct {
    dd_source_file *file;
    dd_unit_ir     *unit;
    bool            tried;
    bool            parsed;   /* by this project, now or before */
    size_t          parsed_bytes;
} dd_file_slot;

typedef enum { DD_DIR_NONE, DD_DIR_PLAIN, DD_DIR_PYTHON /* a .py file is in it or further in */ } dd_tree_dir;
struct dd_tree {
    dd_map files;             /* path -> where it stands in `all`, from 1 */
    dd_map dirs;              /* folder ("" the root) -> dd_tree_dir */
    DD_VEC(dd_source_file *) all;
    DD_VEC(dd_source_file *) notebooks;
};

typedef struct { const void *expr, *frame; dd_value *value; unsigned depth; } dd_memo_slot;   /* value NULL: being worked out, since `depth` */

/* Compiler options of one folder's tsconfig.json or jsconfig.json. */
typedef struct { dd_str pattern; dd_str *targets; size_t n_targets; } dd_js_path;
typedef struct dd_js_config {
    dd_js_path *paths; size_t n_paths, cap_paths;
    dd_str base_url;          /* "" none; "." the root */
    bool has_base;
} dd_js_config;
typedef struct { dd_str dir; const dd_value *json; } dd_js_package;

typedef struct { dd_caller *v; size_t n; bool busy; } dd_caller_memo;

struct dd_project {
    dd_arena arena;           /* values, frames, the memo's results: gone with dd_project_forget */
    dd_arena code;            /* what was parsed on demand */
    dd_arena keep;            /* files, units, texts, data, indexes: as long as the project */
    bool     keeping;         /* the two have changed places: what is made now is kept. dd_keep() is the right one always */
    dd_str   root;
    int64_t  max_bytes;
    dd_tree *tree, *own_tree; /* own: NULL, or the same */
    dd_file_slot **slots; size_t n_slots;   /* beside tree->all; NULL: nothing to say of that file yet */
    dd_map   imports;         /* "level module importer" -> what modules.c found */
    dd_map   tails;           /* last name of a Python file's path -> dd_path_list */
    DD_VEC(dd_unit_ir *) units;          /* where nothing was parsed beforehand: all so far */
    DD_VEC(dd_file_slot *) demanded;     /* in `code` */
    dd_map   data, texts;     /* path -> dd_value / text, or `absent` */
    dd_map   js_configs, js_packages;  /* folder -> ... */
    dd_map   workspaces; bool workspaces_read;  /* package name -> dd_js_package */
    dd_memo_slot *memo; size_t memo_n, memo_cap;
    DD_VEC(dd_frame *) frames; dd_map frame_map;
    dd_map   calls_by_name, classes_by_base; size_t units_indexed;   /* where nothing was parsed beforehand */
    const dd_parsed *parsed; uint32_t *parsed_at;                    /* of a scan: where in tree->all; NULL: no index */
    dd_map   callers;         /* "%p" of a function -> dd_caller_memo */
    unsigned searches_cut;    /* for names that modules take from each other */
    size_t   prompt_bytes;    /* handed out by dd_project_prompt_room */
    unsigned depth, steps, caller_depth;
    unsigned cut;             /* depth of the outermost work that a result since then leant on unfinished; DD_EV_WHOLE: none */
    bool     soft;            /* conditions: defaults and settings decide too */
};

/* --- values: eval_value.c --- */
dd_value *dd_v_new(dd_project *p, dd_value_kind kind, const dd_expr *e);
dd_value *dd_v_copy(dd_project *p, const dd_value *v);
dd_value *dd_v_unknown(dd_project *p, const char *cause, const dd_expr *e);
dd_value *dd_v_string(dd_project *p, dd_str text, const dd_expr *e);
dd_value *dd_v_number(dd_project *p, double n, const dd_expr *e);
dd_value *dd_v_bool(dd_project *p, bool b, const dd_expr *e);
dd_value *dd_v_none(dd_project *p, const dd_expr *e);
dd_value *dd_v_list(dd_project *p, dd_value **items, size_t n, const dd_expr *e);
dd_value *dd_v_package(dd_project *p, dd_str name);
dd_value *dd_v_step(dd_project *p, dd_value *parent, dd_extern_step step, dd_str name);
dd_value *dd_v_instance(dd_project *p, dd_class_def *c, const dd_expr *call, const dd_frame *f);
dd_value *dd_v_func(dd_project *p, dd_func *fn, const dd_frame *closure, dd_value *self);
/* The value with a source laid over it where it was only a constant before; dictionaries and lists within reach too. */
dd_value *dd_v_stamp(dd_project *p, dd_value *v, dd_source source, dd_str env_var);
dd_value *dd_v_maybe(dd_project *p, dd_value *v);
dd_value *dd_v_chain(dd_project *p, dd_value *v, const dd_unit_ir *u, uint32_t pos, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Both are possible. None and undefined go when something else is there; equal ones are one. NULL counts as nothing. */
dd_value *dd_v_either(dd_project *p, dd_value *a, dd_value *b);
/* a, and b where a is missing or false: `a or b`, `a ?? b`, a default. */
dd_value *dd_v_or(dd_project *p, dd_value *a, dd_value *b, bool falsy_too);
bool      dd_v_same(const dd_value *a, const dd_value *b);
bool      dd_v_known(const dd_value *v);         /* something other than UNKNOWN and NONE */
/* New dictionary with key set; cond: perhaps it is not. */
dd_value *dd_v_dict_set(dd_project *p, const dd_value *dict, dd_str key, dd_value *v, bool cond);
dd_value *dd_v_dict_merge(dd_project *p, const dd_value *dict, dd_value *from, bool cond);
dd_value *dd_v_dict_find(const dd_value *dict, dd_str key);
/* Of an object that is not known, a dictionary of which nothing is known yet. */
dd_value *dd_v_open_dict(dd_project *p, const dd_value *unknown);
dd_value *dd_v_list_add(dd_project *p, const dd_value *list, dd_value *item);
/* fn on the value, or on each candidate of a CHOICE. */
typedef dd_value *dd_map_fn(dd_project *p, dd_value *v, void *ctx);
dd_value *dd_v_map(dd_project *p, dd_value *v, dd_map_fn *fn, void *ctx);

/* --- the evaluator: eval.c --- */
/* Work under a key and a frame is done once. enter: true when the caller must do it now and call leave; else *out is the
 * result (or UNKNOWN "cycle" or "limit"). */
typedef struct { const void *key; const dd_frame *frame; unsigned depth, cut; } dd_memo;
bool      dd_memo_enter(dd_project *p, const void *key, const dd_frame *f, const dd_expr *e, dd_memo *m, dd_value **out);
dd_value *dd_memo_leave(dd_project *p, const dd_memo *m, dd_value *v);
dd_value *dd_ev(dd_project *p, const dd_expr *e, const dd_frame *f);
static inline dd_unit_ir *dd_ev_unit(const dd_expr *e) { return e && e->scope ? e->scope->unit : NULL; }
int       dd_ev_truth(dd_project *p, const dd_expr *e, const dd_frame *f);  /* 1, 0, -1 not known */
int       dd_ev_truth_of(const dd_value *v);
dd_value *dd_ev_index(dd_project *p, dd_value *v, dd_value *key, const dd_expr *e);
dd_value *dd_ev_element(dd_project *p, dd_value *v);       /* any element of it */
/* The test says that what `value` is made from is there: `if (v) return String(v)`. */
bool      dd_ev_there_test(const dd_expr *test, const dd_expr *value);
bool      dd_ev_same_path(const dd_expr *a, const dd_expr *b);   /* both the same chain of names */
/* 1: the test says that `what` is missing, 0: that it is there, -1: something else. */
int       dd_ev_missing_test(const dd_expr *test, const dd_expr *what, dd_str name);
bool      dd_ev_test_env(const dd_expr *test);             /* the condition asks whether tests are running */
bool      dd_ev_python(const dd_unit_ir *u);

/* --- names: eval_name.c, eval_flow.c --- */
dd_value *dd_ev_name(dd_project *p, const dd_expr *e, const dd_frame *f);
dd_value *dd_ev_module_name(dd_project *p, dd_unit_ir *u, dd_str name);    /* NULL: the module does not bind it */
/* What statements of `in` that assign to root.field.x... make of the value `v` of that field; use: where it is read, or NULL. */
dd_value *dd_ev_changes_inside(dd_project *p, dd_value *v, dd_binding *first, const dd_func *in, dd_str field, const dd_expr *use, const dd_frame *f);
dd_value *dd_ev_scope_name(dd_project *p, dd_scope *s, dd_str name, const dd_frame *f); /* as seen at its end; NULL: unbound */
const dd_frame *dd_ev_frame_for(const dd_frame *f, const dd_func *fn);
typedef struct { uint32_t pos, end; const dd_branch *branch; const void *ref; const dd_expr *value; bool certain; } dd_def;
/* Definitions, in source order, that may reach `at` under `use`; oldest first into out. Returns how many. */
size_t    dd_flow(const dd_def *defs, size_t n, uint32_t at, const dd_branch *use, dd_def *out, size_t max);
typedef enum { DD_REL_CERTAIN, DD_REL_PERHAPS, DD_REL_NEVER } dd_relation;
dd_relation dd_flow_relation(const dd_branch *def, const dd_branch *use);
/* What the name is when `d` gave it v and it was `before` otherwise; prev: the definition that gave `before`, or NULL. */
dd_value *dd_flow_join(dd_project *p, dd_value *before, dd_value *v, const dd_def *d, const dd_def *prev, dd_str name, const dd_frame *f);

/* --- functions and calls: eval_call.c, eval_param.c --- */
dd_value *dd_ev_call(dd_project *p, const dd_expr *e, const dd_frame *f);
dd_value *dd_ev_apply(dd_project *p, dd_value *callee, const dd_expr *call, const dd_frame *f);
dd_value *dd_ev_call_func(dd_project *p, dd_value *fn, const dd_expr *call, const dd_frame *f);
dd_value *dd_ev_param(dd_project *p, dd_func *fn, uint32_t index, const dd_frame *f);
/* Calls of that name, classes derived from a name, one after the other (*i starts at 0); NULL: no more. eval_uses.c */
const dd_expr *dd_ev_next_call(dd_project *p, dd_str name, size_t *i);
dd_class_def  *dd_ev_next_subclass(dd_project *p, dd_str base, size_t *i);
/* The object that callers in the tree hand over for a parameter that is not known otherwise, or NULL. Never text. */
dd_value *dd_ev_param_object(dd_project *p, const dd_value *v);
dd_value *dd_ev_type(dd_project *p, const dd_expr *type);   /* what an annotation promises, or NULL */
const dd_frame *dd_ev_frame(dd_project *p, const dd_frame *up, const dd_func *fn, const dd_expr *call, dd_value *self, const dd_frame *closure);
const dd_frame *dd_ev_frame_bound(dd_project *p, const dd_frame *up, const dd_func *fn, dd_value *self, const dd_frame *closure, dd_value **bound, uint32_t n);
dd_value *dd_ev_arg(dd_project *p, const dd_expr *call, uint32_t i, const dd_frame *f);   /* NULL: not there */
dd_value *dd_ev_keyword(dd_project *p, const dd_expr *call, const char *name, const dd_frame *f);
bool      dd_call_is_setting(dd_str name);                /* getSetting and its kin */
int       dd_ev_branch(dd_project *p, const dd_branch *b, const dd_frame *f);  /* taken: 1, 0, -1 */

/* --- objects: eval_class.c --- */
dd_value *dd_ev_member(dd_project *p, dd_value *v, dd_str name, const dd_expr *use);
dd_value *dd_ev_super(dd_project *p, const dd_scope *s, const dd_frame *f);
dd_value *dd_v_as_dict(dd_project *p, dd_value *v);     /* an object's fields; anything else as it is */
dd_value *dd_ev_this(dd_project *p, const dd_scope *s, const dd_frame *f);
dd_func  *dd_class_method(dd_class_def *c, dd_str name);
dd_func  *dd_class_constructor(dd_project *p, dd_class_def *c, dd_class_def **owner, int depth);
dd_class_def *dd_class_base(dd_project *p, dd_class_def *c, uint32_t i, dd_value **foreign);
bool      dd_class_is_enum(dd_project *p, dd_class_def *c);

/* --- imports: eval_module.c --- */
dd_value *dd_ev_import(dd_project *p, dd_unit_ir *u, const dd_import *imp, dd_str bound_name);
dd_value *dd_ev_require(dd_project *p, dd_unit_ir *u, dd_str module);
dd_value *dd_ev_module_member(dd_project *p, dd_value *module, dd_str name);
dd_value *dd_ev_module_default(dd_project *p, dd_unit_ir *u);      /* NULL: none */
dd_value *dd_ev_wildcard(dd_project *p, dd_unit_ir *u, dd_str name);
dd_value *dd_ev_store(dd_project *p, dd_unit_ir *u, dd_str name);  /* %store of a neighbouring notebook, or NULL */

/* --- known libraries: eval_lib.c, eval_text.c, eval_cli.c --- */
dd_value *dd_lib_call(dd_project *p, dd_value *callee, const dd_expr *call, const dd_frame *f);  /* NULL: nothing special */
dd_value *dd_lib_method(dd_project *p, dd_value *recv, dd_str name, const dd_expr *call, const dd_frame *f);
dd_value *dd_lib_member(dd_project *p, dd_value *v, dd_str name, const dd_expr *use);
dd_value *dd_lib_text_method(dd_project *p, dd_value *recv, dd_str name, const dd_expr *call, const dd_frame *f);
dd_value *dd_lib_add(dd_project *p, dd_value *a, dd_value *b, const dd_expr *e);
bool      dd_lib_textual(const dd_value *v);                 /* text, or one of several of which some are */
dd_value *dd_lib_join(dd_project *p, dd_value **parts, size_t n, const dd_expr *e);
dd_value *dd_lib_cli(dd_project *p, dd_value *v, dd_str name, const dd_expr *use);
dd_value *dd_lib_cli_param(dd_project *p, const dd_func *fn, dd_str name);
dd_value *dd_lib_env(dd_project *p, dd_str var, const dd_expr *e);
bool      dd_lib_reads_data(const dd_value *v);              /* it comes from a reader of data files */
bool      dd_lib_path_is(const dd_value *v, const char *path);

/* --- files: modules.c, modules_js.c, data.c, data_toml.c, project.c --- */
typedef struct { dd_unit_ir *unit; dd_str dir; bool is_dir; const dd_value *data; } dd_module_hit;
bool      dd_module_find(dd_project *p, const dd_unit_ir *from, dd_str module, int level, dd_module_hit *hit);
bool      dd_module_find_python(dd_project *p, dd_str from_path, dd_str module, int level, dd_str *path, bool *is_dir);
bool      dd_module_find_js(dd_project *p, dd_str from_path, dd_str module, dd_str *path);
bool      dd_module_sub(dd_project *p, dd_str dir, dd_str name, dd_module_hit *hit);  /* submodule of a Python package folder */
bool      dd_module_is_sdk(dd_str module);
dd_str    dd_module_package(dd_project *p, dd_str module);   /* "npm:openai@7" -> "openai" */
dd_str    dd_path_join(dd_project *p, dd_str dir, dd_str rest);  /* "." and ".." taken out; ptr NULL: leaves the root */
dd_str    dd_path_dir(dd_str path);                          /* without the last name; "" at the root */
dd_str    dd_path_base(dd_str path);
dd_tree_dir dd_project_dir(const dd_project *p, dd_str path);
bool      dd_project_has(dd_project *p, dd_str path);
bool      dd_project_file_text(dd_project *p, dd_str path, dd_str *text);   /* exact path */
dd_value *dd_project_file_data(dd_project *p, dd_str path);                 /* exact path */
/* Between the two, p->arena is what lives as long as the project. They nest: hand the first's answer to the second. */
bool      dd_project_keep(dd_project *p);
void      dd_project_kept(dd_project *p, bool began);
static inline dd_arena *dd_keep(dd_project *p) { return p->keeping ? &p->arena : &p->keep; }
dd_value *dd_data_json(dd_project *p, dd_str text);          /* comments and trailing commas are allowed; NULL: no JSON */
dd_value *dd_data_yaml(dd_project *p, dd_str text);
dd_value *dd_data_toml(dd_project *p, dd_str text);
#endif
