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
} dd_config;

/* `path` NULL: search. No file at all is fine; a file that was named must be there. */
dd_code dd_config_load(dd_config *c, const char *path, dd_err *err);
/* The reader alone, into a config that dd_config_load or {0} made: for tests and fuzzing. */
dd_code dd_config_parse(dd_config *c, dd_str text, const char *what, dd_err *err);
void    dd_config_fini(dd_config *c);
/* JSON schema of the file. */
void    dd_config_schema(dd_buf *out);
#endif
