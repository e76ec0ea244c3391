/* scan/detect_tables.h - what a billable call looks like, as data; inside the detectors only.
 *
 * A family is what one package (or several with one surface) offers. A row is one path of names in it, read from its
 * end. Tokens of a path, parted by '.':
 *   name|other   one of these names        name()     the same, and it was called there
 *   *            any name                  *()        any call
 *   C            the client: any call or construction, or the package itself
 * What stands left of the first token may be module names only, unless that token is C or called.
 * Steps that change nothing (beta, with_raw_response, with_options(), bind() ...) are gone before rows are tried. */
#ifndef DD_SCAN_DETECT_TABLES_H
#define DD_SCAN_DETECT_TABLES_H
#include "scan/prompt.h"

/* Keys are tried in order; a dot goes into a nested object ("config.max_output_tokens"). Lists end with NULL. */
typedef struct {
    const char *const *model, *const *prompt, *const *system, *const *cap;
    int8_t model_at, prompt_at;      /* positional index + 1; 0: none */
} dd_keys;

typedef enum {
    DD_ROW_CALL,      /* the site itself */
    DD_ROW_BINDING,   /* constructor that is the site (LangChain, model objects) */
    DD_ROW_AGENT,     /* site only when it names its model as text, or none and a default applies */
    DD_ROW_TRIGGER,   /* evidence for a binding */
    DD_ROW_FREE       /* known and silent */
} dd_row_kind;

/* Rungs of the provenance ladder a row may stand on when the receiver is not known. */
enum {
    DD_RUNG_IMPORT = 1,   /* the SDK is imported in the file and the tail is distinctive */
    DD_RUNG_KEYS   = 2,   /* the SDK is imported and the keys fit, or, without import, the keys fit */
    DD_RUNG_ALONE  = 4,   /* tail alone */
    DD_ROW_MANY    = 8,   /* the model is in the elements of a list of requests */
    DD_ROW_BODY    = 16,  /* arguments are inside a JSON body (key "body") */
    DD_ROW_PATH    = 32,  /* first positional is an endpoint path; it decides api */
    DD_ROW_ROUNDS  = 64,  /* a loop over tools runs inside */
    DD_ROW_CLIENT  = 128  /* the client may hold the model */
};

typedef struct {
    const char    *path, *api;
    const dd_keys *keys;
    dd_row_kind    kind;
    unsigned       flags;
    dd_unit        unit;
    const char    *bound;       /* the model is an argument of this called step of the path, else NULL */
    const char    *provider;    /* NULL: the family's */
    const char    *sdk;         /* NULL: the family's */
    int            rounds;      /* default bound of agent rounds, 0: one */
} dd_row;

typedef struct {
    const char   *packages;     /* parted by '|'; '*' at the end of one: any that starts so */
    const char   *sdk, *provider;
    const dd_row *rows;         /* ends with path NULL */
} dd_family;

/* Models that packages use when none is named. `since` is the version the fact was read from. */
typedef struct { const char *packages, *name, *model, *env, *since; } dd_sdk_default;

extern const dd_family dd_families_sdk[], dd_families_js[], dd_families_frameworks[], dd_families_bedrock[]; /* end: packages NULL */
extern const dd_sdk_default dd_sdk_defaults[];   /* end: packages NULL */
extern const char dd_silent_packages[];          /* '|' list: known, and never a model call */

/* hosts.c: who stands behind a host, a client class or a package. */
typedef struct { const char *host, *provider; } dd_host;   /* '*' for any run of characters */
/* Provider behind an URL, "" unknown. local: this machine or its network. */
typedef struct { const char *provider; bool known, local, has_host; dd_str host, path; } dd_url;
dd_url dd_url_read(dd_str url);
const char *dd_provider_of_class(dd_str name);             /* "AzureOpenAI" -> "azure"; NULL: says nothing */
const char *dd_provider_of_package(dd_str package);        /* "@ai-sdk/google" -> "google"; NULL: says nothing */
const char *dd_provider_of_prefix(dd_str model);           /* "anthropic/..." , "openai:..." ; NULL: none */

/* --- the engine's view of a callee: detect_path.c --- */
enum { DD_MAX_STEPS = 24 };
typedef struct { dd_str name; bool called, typed; const dd_value *call; } dd_path_step;
typedef struct {
    dd_path_step  v[DD_MAX_STEPS];
    int           n;
    int           base;          /* steps of the package, once a family matched */
    bool          external;      /* the root is a package, not a name */
    const dd_value *root;
    const char   *wrapper;       /* "instructor" when the client was seen through it, "wrap" for any other */
    const dd_value *wrap_call;   /* the wrapping call */
} dd_path;

bool dd_path_of_value(const dd_value *v, dd_path *out);              /* EXTERN only */
void dd_path_of_expr(const dd_expr *callee, dd_arena *arena, dd_path *out);
void dd_path_clean(dd_path *p);
bool dd_package_match(const char *packages, const dd_path *p, int *base);
bool dd_package_name_match(const char *packages, dd_str module);
bool dd_row_match(const dd_row *row, const dd_path *p, int *client);  /* client: step that is C, -1 none */
bool dd_row_match_tail(const dd_row *row, const dd_path *p);          /* only what follows C */
bool dd_word_in(const char *list, dd_str word);                       /* '|' list, '*' at one end */

/* --- helpers of all detectors: detect_value.c --- */
typedef struct {
    dd_project *p; dd_unit_ir *unit; dd_arena *arena;
    const dd_expr *call; const dd_frame *frame;
} dd_ctx;
dd_value *dd_args_get(dd_project *p, const dd_value *args, const char *dotted);  /* through objects and constructor calls; NULL */
dd_value *dd_args_first(dd_project *p, const dd_value *args, const char *const *keys);
dd_value *dd_positional(const dd_value *list, int at);    /* at: index + 1 */
/* Arguments of the CALL/NEW step `v`. */
dd_value *dd_args_of_value(dd_project *p, const dd_value *v, dd_value **positional);
/* Looks through JSON.stringify, json.dumps, .encode() and the like to the object; NULL when it is none. */
dd_value *dd_body_value(const dd_ctx *c, const dd_expr *e, dd_value *v);
bool      dd_inside(const dd_expr *outer, const dd_expr *inner);
/* Static text with \x01 for what is not known. */
bool      dd_value_text(const dd_value *v, dd_buf *out);
/* Puts what `v` says into the model members of the site. */
void      dd_model_set(const dd_ctx *c, dd_site *site, const dd_value *v, const dd_unit_ir *from_other_call);
int64_t   dd_value_cap(dd_project *p, const dd_value *args, const char *const *keys, bool *set);

/* --- detectors that need code beside their rows --- */
void dd_model_ai_sdk(const dd_ctx *c, dd_site *site, dd_value *v);      /* detect_js.c */
bool dd_http_own_sender(const dd_expr *call);                         /* an endpoint given to a function of the file that sends */
bool dd_http_call(const dd_expr *call);                               /* by its name: may send a request */
bool dd_http_api(dd_str path, bool known_host, const char **api, dd_unit *unit, bool *distinctive);
bool dd_detect_bedrock_client(const dd_ctx *c, const dd_path *p, const char **service); /* detect_bedrock.c */
#endif
