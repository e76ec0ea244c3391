/* cmd/policy.h - policy.json, the changes that wait, and this week's count (docs/governance.md).
 *
 * policy.json: {"governance_mode": "audit"|"strict", "panic_mode": false, "panic": {"provider": "..."}}; other members are kept and mean nothing.
 * Changes and words on them stand in $DD0C_HOME/governance.json; history is the audit log's. Files are replaced whole; who writes holds a lock. */
#ifndef DD_CMD_POLICY_H
#define DD_CMD_POLICY_H
#include "base/arena.h"
#include "cmd/config.h"
#include "route/govern.h"
#include "store/audit.h"

typedef struct {
    bool           there;
    dd_govern_mode mode;
    bool           panic;
    char           provider[128];   /* "": as configured */
} dd_policy_file;

/* governance.file of the configuration, else $DD0C_HOME/policy.json. Appended. */
void    dd_policy_path(const dd_config *c, dd_buf *out);
dd_code dd_policy_read(const char *path, dd_policy_file *out, dd_err *err);   /* no file: the defaults */
/* Whether panic.provider, if it is set, is one of `names`. DD_ERR_NOT_FOUND: *err has file, line and a suggestion. */
dd_code dd_policy_check(const char *path, const dd_policy_file *f, const dd_str *names, size_t n, dd_err *err);
dd_code dd_policy_set_panic(const char *path, bool on, dd_err *err);

typedef struct {
    dd_str         id, what, who;   /* what: "rules: routes, budgets"; who gave the word */
    dd_govern_word word;
    int64_t        at_s;
} dd_waiting;
typedef struct { dd_waiting *v; size_t n; } dd_waiting_list;
dd_code dd_waiting_read(dd_arena *a, dd_waiting_list *out, dd_err *err);
/* A change is put on the list, or gets its word. `replaces`: an id that waits no more, "" none. */
dd_code dd_waiting_put(const dd_waiting *w, dd_str replaces, dd_err *err);
dd_code dd_waiting_drop(dd_str id, dd_err *err);      /* if it still waits */
void    dd_waiting_path(dd_buf *out);

typedef struct { int64_t alone, approved, blocked, frozen, alone_strict; } dd_govern_week;
/* Of the seven days before now_s. `db` NULL: none. */
dd_code dd_govern_count(dd_db *db, int64_t now_s, dd_govern_week *out, dd_err *err);
/* One row of the audit log, in its own connection. */
dd_code dd_govern_audit(const dd_actor *by, const char *action, dd_str object, dd_str old_value, dd_str new_value, dd_err *err);
#endif
