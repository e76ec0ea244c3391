/* cmd/budgets.h - budgets as configuration, ledger and sums know them together: for `dd0c budgets` and `dd0c costs`.
 *
 * Works without a running proxy, and beside one. Of its own, because report/ and proxy/ have words in common. */
#ifndef DD_CMD_BUDGETS_H
#define DD_CMD_BUDGETS_H
#include "base/json.h"
#include "cmd/cmd.h"
#include "route/spend.h"

typedef struct dd_book dd_book;
struct dd_snapshot;
struct dd_ledger;
/* `config` NULL: as every command finds it. What is wrong with a configuration that was not named is a warning, and budgets are those of the
 * ledger. `cmd` NULL: nothing is warned of. Caller owns; NULL: *err. */
dd_book *dd_book_open(const dd_cmd *cmd, const char *config, int64_t now_s, dd_err *err);
/* The same of a running proxy: its snapshot (NULL: none) and its ledger, both borrowed. Never fails. */
dd_book *dd_book_join(const char *dir, const struct dd_snapshot *s, struct dd_ledger *ledger, int64_t now_s);
void     dd_book_close(dd_book *b);
/* All accounts: the fullest first. Text lives as long as the book. */
const dd_spend_account *dd_book_accounts(const dd_book *b, size_t *n);
/* An account's members, as `dd0c budgets --format json` has them. */
void     dd_book_account_json(dd_json *j, const dd_spend_account *a, int64_t now_s);
/* Whether a configuration was read. */
bool     dd_book_configured(const dd_book *b);

/* The budgets for a request with these facts: each with its account, and why it applies or does not. */
typedef struct { dd_spend_account account; bool applies, fits; const char *why; } dd_book_verdict;
size_t   dd_book_explain(dd_book *b, const dd_facts *f, dd_pusd amount, dd_book_verdict *out, size_t max);
/* The accounts that a value is charged to, of one scope; the fullest one, or NULL. */
const dd_spend_account *dd_book_of(const dd_book *b, dd_budget_scope scope, dd_str value);
/* What was spent counts no more; with an entry in the audit log. DD_ERR_NOT_FOUND: no account of this name and value has spent anything. */
dd_code  dd_book_reset(dd_book *b, dd_str name, dd_str value, dd_spend_account *out, dd_err *err);
/* The configuration's `timezone`, as an offset at a moment and bounds of months; UTC without one. */
const struct dd_zone *dd_book_zone(const dd_book *b);
/* The configuration's `premium`; "" it names none. */
dd_str   dd_book_premium(const dd_book *b);
/* The state folder. */
const char *dd_book_dir(const dd_book *b);
/* A key's name for its id; "" none. */
dd_str   dd_book_key_name(const dd_book *b, dd_str id);
#endif
