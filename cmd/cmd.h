/* cmd/cmd.h - what a subcommand is, and what all of them share.
 *
 * Only this folder knows argv, the environment, the terminal and the exit status. A command is a row of the table in
 * cmd/table.c: the row makes its parser, --help, man page and completion. */
#ifndef DD_CMD_CMD_H
#define DD_CMD_CMD_H
#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

enum { DD_EXIT_DONE = 0, DD_EXIT_GATE = 1, DD_EXIT_USAGE = 2, DD_EXIT_FAILED = 3 };

typedef struct dd_cmd dd_cmd;
/* argv[0] is the command's name; options not yet parsed (dd_cmd_args). A failure is returned, with *err filled; main prints it.
 * *status: the exit status when DD_OK is returned. */
typedef dd_code dd_cmd_fn(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err);

struct dd_cmd {
    const char   *name;      /* "scan", "prices list" */
    dd_cmd_fn    *run;
    const char   *summary;   /* one line, lower case, no full stop */
    const char   *words;     /* "[PATH ...]" */
    const dd_opt *opts;
    const char   *about;     /* what it does: paragraphs separated by an empty line */
    const char   *examples;  /* a command a line, "# why" lines between; NULL none */
};

extern const dd_cmd dd_cmds[];   /* sorted by name, ends with a NULL name */
const dd_cmd *dd_cmd_find(const char *name);

/* Parses by the command's own table. *words: how many of argv from 1 on are no options; NULL: it takes none. *done: --help was printed, return DD_OK at once. */
dd_code dd_cmd_args(const dd_cmd *cmd, int argc, char **argv, void *into, int *words, bool *done, dd_err *err);
/* Help for "keys", of which there are only "keys create" and its like; false when no command begins so. */
bool    dd_cmd_help_group(const char *group, size_t width, dd_buf *out);
void    dd_cmd_help(const dd_cmd *cmd, size_t width, dd_buf *out);
void    dd_cmd_man(const dd_cmd *cmd, dd_buf *out);        /* troff; NULL: dd0c(1) itself */
dd_code dd_cmd_completion(const char *shell, dd_buf *out, dd_err *err);

/* Results go to standard output through this: a full disk or closed descriptor is an error, a reader that left ends the process as SIGPIPE does. */
dd_code dd_cmd_print(dd_str text, dd_err *err);
/* A line for people on standard error: "dd0c scan: warning: ...". */
void    dd_cmd_warn(const dd_cmd *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t  dd_cmd_width(void);       /* of the terminal on stdout, COLUMNS, or 80 */

/* The fetch behind `prices update` and `scan --refresh-prices` (cmd/prices.c); url NULL: the environment's or none. */
dd_code dd_prices_refresh(const dd_cmd *cmd, const char *url, dd_err *err);

/* The commands. */
dd_cmd_fn dd_cmd_scan, dd_cmd_report, dd_cmd_tokens, dd_cmd_completion_run, dd_cmd_help_run, dd_cmd_config_schema, dd_cmd_config_check, dd_cmd_config_import;
dd_cmd_fn dd_cmd_prices_list, dd_cmd_prices_show, dd_cmd_prices_diff, dd_cmd_prices_update, dd_cmd_prices_import;
dd_cmd_fn dd_cmd_tail;
extern const dd_opt dd_tail_opts[];
dd_cmd_fn dd_cmd_trace;
extern const dd_opt dd_trace_opts[];
extern const dd_opt dd_scan_opts_table[], dd_report_opts_table[], dd_tokens_opts[], dd_completion_opts[], dd_help_opts[], dd_config_opts[], dd_config_import_opts[];
extern const dd_opt dd_prices_list_opts[], dd_prices_show_opts[], dd_prices_diff_opts[], dd_prices_update_opts[], dd_prices_import_opts[];
dd_cmd_fn dd_cmd_audit, dd_cmd_keys_create, dd_cmd_keys_list, dd_cmd_keys_revoke, dd_cmd_keys_rotate, dd_cmd_keys_show, dd_cmd_keys_usage;
extern const dd_opt dd_audit_opts[], dd_keys_create_opts[], dd_keys_list_opts[], dd_keys_revoke_opts[], dd_keys_rotate_opts[], dd_keys_show_opts[], dd_keys_usage_opts[];
dd_cmd_fn dd_cmd_secrets_list, dd_cmd_secrets_rm, dd_cmd_secrets_rotate, dd_cmd_secrets_set;
extern const dd_opt dd_secrets_opts[], dd_secrets_list_opts[];
dd_cmd_fn dd_cmd_proxy, dd_cmd_run, dd_cmd_bench, dd_cmd_bench_cache, dd_cmd_mock;
extern const dd_opt dd_proxy_opts[], dd_run_opts[], dd_bench_opts[], dd_bench_cache_opts[], dd_mock_opts[];
dd_cmd_fn dd_cmd_route_check, dd_cmd_route_explain, dd_cmd_route_replay;
extern const dd_opt dd_route_check_opts[], dd_route_explain_opts[], dd_route_replay_opts[];
dd_cmd_fn dd_cmd_route_classify;
extern const dd_opt dd_route_classify_opts[];
dd_cmd_fn dd_cmd_budgets, dd_cmd_budgets_explain, dd_cmd_budgets_reset, dd_cmd_costs;
extern const dd_opt dd_budgets_opts[], dd_budgets_explain_opts[], dd_budgets_reset_opts[], dd_costs_opts[];
dd_cmd_fn dd_cmd_cache, dd_cmd_cache_clear;
extern const dd_opt dd_cache_cmd_opts[], dd_cache_clear_opts[];
dd_cmd_fn dd_cmd_flags, dd_cmd_flags_check, dd_cmd_flags_reset, dd_cmd_flags_set, dd_cmd_flags_show;
extern const dd_opt dd_flags_opts[], dd_flags_set_opts[];
dd_cmd_fn dd_cmd_policy_approve, dd_cmd_policy_log, dd_cmd_policy_panic, dd_cmd_policy_reject, dd_cmd_policy_show;
extern const dd_opt dd_policy_word_opts[], dd_policy_log_opts[], dd_policy_panic_opts[], dd_policy_show_opts[];
dd_cmd_fn dd_cmd_top;
extern const dd_opt dd_top_opts_table[];
dd_cmd_fn dd_cmd_report_savings;
extern const dd_opt dd_report_savings_opts[];
#define DD_VERSION "0.1.0"
#endif
