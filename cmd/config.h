/* cmd/config.h - dd0c.yaml: what a project or a user sets once.
 *
 * Searched as ./dd0c.yaml, then $XDG_CONFIG_HOME/dd0c/dd0c.yaml; --config names one. Options on the command line win. An unknown key is an
 * error with file, line and suggestion. One table makes the reader, `config check` and the JSON schema. Text lives as long as the config. */
#ifndef DD_CMD_CONFIG_H
#define DD_CMD_CONFIG_H
#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"
#include "route/budget.h"

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
    const char       *health;      /* "yes", "no" or a path; NULL: as `health:` says */
    int               local;       /* 1: on this machine, whatever its address; -1: by the address */
} dd_config_provider;

/* Something that may be called: of `from:`, `fallback:`, `targets:`, `registry:`. */
typedef struct {
    const char *model;             /* "provider/": its nearest equal of the requested model */
    int64_t     weight, timeout, retries;   /* -1: not set; timeout in ms */
    double      threshold;         /* -1: none */
    int         line;
} dd_config_step;
typedef struct { dd_config_step *v; size_t n; bool none; } dd_config_steps;   /* none: it says that there is none */

typedef struct { double cost, latency, task; } dd_config_weights;             /* -1: not set */
typedef struct { int64_t n, window_ms; } dd_config_rate;                      /* n -1: not set */
typedef struct { int64_t from_ms, to_ms; } dd_config_span;                    /* -1: not set */

/* An entry of `models:`. */
typedef struct {
    const char     *name;
    dd_config_steps targets;
    int64_t         fallback_on, strategy;   /* DD_ON_... bits, dd_strategy; -1: not set */
    int             line;
} dd_config_model;

/* An entry of `routes:`. */
typedef struct {
    const char       *name, *when;
    int64_t           strategy, sticky;      /* dd_strategy, dd_sticky_by; -1 */
    dd_config_steps   from, fallback;
    int64_t           fallback_on, checks;   /* bits; -1 */
    const char       *verifier, *flag;
    dd_config_weights weights;
    double            min_quality;           /* -1 */
    int               cache;                 /* -1 */
    int               line, when_line;
} dd_config_route;

/* An entry of `budgets:`. */
typedef struct {
    const char  *name, *match, *timezone;
    int64_t      scope, period;              /* dd_budget_scope, dd_period; -1 */
    int64_t      limit, limit_period;        /* picodollars; the period that the limit's own text names; -1 */
    double       warn_at;                    /* -1 */
    dd_on_exceed on_exceed;
    const char  *downgrade;                  /* route's name; NULL */
    int          plan;                       /* 1: a plan limit */
    int          line;
} dd_config_budget;

/* An entry of `limits:`. */
typedef struct {
    const char    *name, *match;
    int64_t        scope, concurrent;        /* -1 */
    dd_config_rate requests, tokens;
    int            line;
} dd_config_limit;

/* `telemetry: {otlp: ...}`: where traces and metrics are sent. The variables OTEL_... win (cmd/export.h). */
typedef struct {
    const char    *endpoint, *protocol, *compression, *certificate;
    dd_deployment *headers; size_t n_headers;                 /* name, value; a value may hold ${NAME}, os.environ/NAME or secret:NAME */
    int64_t        timeout, interval, retry, queue;           /* ms, ms, ms, traces; -1: not set */
    int            traces, metrics;                           /* -1: not set */
    double         sample;                                    /* 0 .. 1; -1: not set */
} dd_config_otlp;

typedef struct {
    const char *path;              /* NULL: there is no file */
    dd_arena    arena;
    struct dd_config_place { const char *section; int line; } *places; size_t n_places;
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
        dd_config_otlp otlp;
    } telemetry;
    struct {
        const char *base_url, *model;
        dd_deployment *models; size_t n_models;               /* name asked for, local model */
    } dev;
    const char         *unpriced, *unsupported, *log_format, *timezone;
    dd_config_provider *providers; size_t n_providers;
    dd_config_model    *models;    size_t n_models;
    dd_config_route    *routes;    size_t n_routes;
    dd_config_budget   *budgets;   size_t n_budgets;
    dd_config_limit    *limits;    size_t n_limits;
    dd_config_steps     fallback, registry;
    int64_t             fallback_on;                          /* bits, -1: not set */
    struct {
        int64_t        attempts, retry_after_max;             /* -1: not set */
        dd_config_span backoff;
        int            respect_retry_after;                   /* -1: not set */
        double         budget, budget_min;                    /* -1: not set */
        int64_t        on;                                    /* bits, -1: not set */
    } retry;
    struct {
        double  error_rate;                                   /* -1: not set; 2: off */
        int64_t window, cooldown, min_requests, probes;       /* -1: not set */
    } breaker;
    struct { dd_config_weights weights; } scoring;
    const char *premium;
    struct { const char *cheap, *reasoning, *coding, *fallback; } roles;
    struct {
        const char *model;
        int64_t     timeout;                                  /* ms, -1: not set */
        struct { double low, high; } thresholds;              /* -1: not set */
    } classifier;
    struct {
        int64_t     interval, timeout;                        /* ms, -1: not set */
        const char *path;
        bool        there;                                    /* the section is */
    } health;
    struct {
        const char *mode, *scope;
        int64_t     ttl, max_memory, max_entry, disk;         /* ms, bytes; -1: not set; disk -2: off */
    } cache;
    struct { const char *file; } flags, governance;
    struct { const char *listen; } metrics;
    struct { const char *provider; int on; } panic;           /* on: -1: not set */
} dd_config;

/* Nothing is set. */
void    dd_config_init(dd_config *c);
/* `path` NULL: search. No file at all is fine; a file that was named must be there. */
dd_code dd_config_load(dd_config *c, const char *path, dd_err *err);
/* The reader alone, into a config that dd_config_load or dd_config_init made: for tests and fuzzing. */
dd_code dd_config_parse(dd_config *c, dd_str text, const char *what, dd_err *err);
void    dd_config_fini(dd_config *c);
int     dd_config_section_line(const dd_config *c, const char *section);   /* 0: it is not there */
/* JSON schema of the file. */
void    dd_config_schema(dd_buf *out);
#endif
