/* cmd/import.h - configurations of other gateways as a dd0c.yaml.
 *
 * A reader fills one dd_import from the source's tree; import_write.c writes it as YAML, with what was decided as comments and all that has no
 * equivalent listed by its path. No secret is copied: where the source holds one, ${NAME} stands in the result. */
#ifndef DD_CMD_IMPORT_H
#define DD_CMD_IMPORT_H
#include <cjson/cJSON.h>
#include "base/arena.h"
#include "base/err.h"

typedef struct { dd_str model; int64_t weight, timeout_ms, retries; double threshold; } dd_import_step;   /* -1: not said */
typedef struct { dd_import_step *v; size_t n, cap; } dd_import_steps;
typedef struct { dd_str name, type, base_url, api_version; struct { dd_str *v; size_t n, cap; } keys; } dd_import_provider;
/* on: "429, 5xx"; "" not said */
typedef struct { dd_str name; dd_import_steps targets; const char *strategy; dd_str on; } dd_import_model;
typedef struct { dd_str name, when; const char *strategy; dd_import_steps from, fallback; dd_str on; } dd_import_route;
typedef struct { dd_str path, why; } dd_import_lost_t;

typedef struct {
    dd_arena arena;
    struct { dd_import_provider *v; size_t n, cap; } providers;
    struct { dd_import_model *v; size_t n, cap; }    models;
    struct { dd_import_route *v; size_t n, cap; }    routes;
    dd_import_steps                                  fallback;
    struct { dd_str *v; size_t n, cap; }             settings;   /* lines of whole sections */
    struct { dd_str *v; size_t n, cap; }             notes;      /* what was decided */
    struct { dd_import_lost_t *v; size_t n, cap; }   lost;
    struct { dd_str *v; size_t n, cap; }             reserved;   /* variables that the source names */
    struct { dd_import_lost_t *v; size_t n, cap; }   seen;       /* what became of a path of the source: its secret's reference, its group's name */
} dd_import;

/* Members of an object; none of anything else. */
#define dd_import_each(item, object) for ((item) = cJSON_IsObject(object) ? (object)->child : NULL; (item); (item) = (item)->next)

void dd_import_note(dd_import *im, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void dd_import_set(dd_import *im, const char *fmt, ...) __attribute__((format(printf, 2, 3)));    /* a line of settings */
void dd_import_lose(dd_import *im, dd_str path, const char *why);                                  /* why "": no equivalent */
dd_str dd_import_path(dd_import *im, dd_str parent, const char *name);                             /* parent.name */
dd_str dd_import_item(dd_import *im, dd_str parent, int i);                                        /* parent[i] */
/* Before all else: variables that the source names get no other meaning. */
void   dd_import_reserve(dd_import *im, const cJSON *root);
/* What became of this path before; "": nothing. Remembers `now` else. */
dd_str dd_import_once(dd_import *im, dd_str path, dd_str now);
/* A value that servers without keys are given: "none", "EMPTY". */
bool   dd_import_placeholder(const char *key);
/* NAME_API_KEY */
const char *dd_import_variable(dd_import *im, dd_str name);
/* ${NAME} for what stands there: a reference stays one, a secret becomes one of the name `other`, and that is noted. */
dd_str dd_import_secret(dd_import *im, dd_str path, const char *value, const char *other);
/* Text that may be os.environ/NAME or an address with a password. */
dd_str dd_import_text(dd_import *im, dd_str path, const char *value);
/* The provider of this type and address; made when it is not there. */
dd_import_provider *dd_import_provider_at(dd_import *im, const char *type, dd_str name, dd_str base_url, dd_str api_version);
void   dd_import_key(dd_import *im, dd_import_provider *p, dd_str key);
dd_import_model *dd_import_model_find(dd_import *im, const char *name);
dd_import_step   dd_import_plain(dd_str model);
void   dd_import_add(dd_import *im, dd_import_steps *steps, dd_import_step step);                 /* one that is there grows by the weight */
dd_str dd_import_time(dd_import *im, double ms);                                                   /* "30s" */
dd_str dd_import_print(dd_import *im, const cJSON *scalar);                                        /* a value as text */
/* A provider's name elsewhere as a row of our table; NULL: none. */
const char *dd_import_kind(const char *name);
/* Statuses as words of fallback_on, "429, 5xx"; the others are lost. */
dd_str dd_import_statuses(dd_import *im, const cJSON *list, dd_str path);
/* A literal of CEL: "text", 5. */
void   dd_import_literal(dd_buf *out, const cJSON *value);
/* Members that nobody has asked for: all but `known` (NULL-terminated). */
void   dd_import_rest(dd_import *im, const cJSON *object, dd_str path, const char *const *known, const char *why);

dd_code dd_import_litellm(dd_import *im, const cJSON *root, dd_err *err);
dd_code dd_import_portkey(dd_import *im, const cJSON *root, dd_err *err);
dd_code dd_import_policy(dd_import *im, const cJSON *root, dd_err *err);
/* The whole as YAML; `what` is the source's name for the first comment. */
void    dd_import_write(dd_import *im, const char *format, const char *what, dd_buf *out);
void    dd_import_fini(dd_import *im);
#endif
