/* cmd/usage.h - the usage file: how often each call runs, where the default is not true.
 *
 * YAML or JSON, described in docs/usage-file.md. Rules are for the estimator; the file is checked against the sites of the scan. */
#ifndef DD_CMD_USAGE_H
#define DD_CMD_USAGE_H
#include "route/estimate.h"

typedef struct {
    dd_arena       arena;
    const char    *preset;                 /* NULL: not set */
    dd_usage_rule *rules; size_t n_rules;
    const char    *path;
} dd_usage_file;

/* An id that no site of the audit has is an error that names the nearest ones. */
dd_code dd_usage_load(dd_usage_file *u, const char *path, const dd_audit *audit, dd_err *err);
/* Writes the template for the audit's sites to `path`; what a file there says already is kept, of sites that are gone as comments. */
dd_code dd_usage_sync(const char *path, const dd_audit *audit, dd_err *err);
/* The reader alone: for tests and fuzzing. audit may be NULL: ids are not checked. */
dd_code dd_usage_parse(dd_usage_file *u, dd_str text, const char *what, const dd_audit *audit, dd_err *err);
void    dd_usage_fini(dd_usage_file *u);
#endif
