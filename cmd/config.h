/* cmd/config.h - dd0c.yaml: what a project or a user sets once.
 *
 * Searched as ./dd0c.yaml, then $XDG_CONFIG_HOME/dd0c/dd0c.yaml; --config names one. Options on the command line win. An unknown key is an
 * error with file, line and suggestion. One table makes the reader, `config check` and the JSON schema. Text lives as long as the config. */
#ifndef DD_CMD_CONFIG_H
#define DD_CMD_CONFIG_H
#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"

typedef struct { dd_str name, model; } dd_deployment;

typedef struct { const char *value; int64_t weight; } dd_config_secret;
/* An entry of `providers:`. Text may hold ${NAME}, ${NAME:-default}, os.environ/NAME or secret:NAME; it is looked up when the proxy starts. */
typedef struct {
    const char       *name, *type, *base_url, *api_key, *api_version;
    dd_config_secret *keys; size_t n_keys;
    dd_opt_list       models;      /* globs of the only models it serves */
    int64_t           cost;        /* 0: free; -1: by the price table */
    int64_t           connect, first_token, idle, total;   /* ms, -1: as `timeouts:` says */
    const char       *verify_tls;  /* "no": tests */
} dd_config_provider;
/* An entry of `models:`. */
typedef struct { const char *name; dd_opt_list targets; } dd_config_model;

typedef struct {
    const char *path;              /* NULL: there is no file */
    dd_arena    arena;
    struct {
        dd_opt_list include, exclude, fail_on;
        int64_t     calls;         /* -1: not set */
        int64_t     max_monthly;   /* picodollars, -1: not set */
        int64_t     max_filesize;  /* bytes, -1: not set */
        const char *preset, *usage, *tests, *default_model, *summary_url;
        dd_deployment *deployments; size_t n_deployments;
    } scan;
    struct {
        const char *override, *url;
        int64_t     max_age_days;  /* -1: not set */
    } prices;
    struct {
        const char *listen, *tls_cert, *tls_key, *tls_min;
        int64_t     workers, max_body;                        /* -1: not set */
        dd_opt_list cors_origins;
    } server;
    struct { int64_t connect, first_token, idle, total, drain; } timeouts;   /* ms, -1: not set */
    struct {
        const char *store;
        int64_t     retention, spool, queue;                  /* ms, bytes, events; -1: not set */
    } telemetry;
    struct {
        const char *base_url, *model;
        dd_deployment *models; size_t n_models;               /* name asked for, local model */
    } dev;
    const char         *unpriced, *unsupported, *log_format;
    dd_config_provider *providers; size_t n_providers;
    dd_config_model    *models;    size_t n_models;
} dd_config;

/* `path` NULL: search. No file at all is fine; a file that was named must be there. */
dd_code dd_config_load(dd_config *c, const char *path, dd_err *err);
/* The reader alone, into a config that dd_config_load or {0} made: for tests and fuzzing. */
dd_code dd_config_parse(dd_config *c, dd_str text, const char *what, dd_err *err);
void    dd_config_fini(dd_config *c);
/* JSON schema of the file. */
void    dd_config_schema(dd_buf *out);
#endif
