/* cmd/route_lint.h - what is wrong or doubtful in rules that load: for `config check` and `route check`. */
#ifndef DD_CMD_ROUTE_LINT_H
#define DD_CMD_ROUTE_LINT_H
#include "cmd/config.h"
#include "proxy/gateway.h"

typedef enum { DD_LINT_WARNING /* it may be meant */, DD_LINT_ERROR /* it cannot be */ } dd_lint_severity;
typedef struct {
    int              line;      /* of the configuration; 0: of the whole */
    dd_lint_severity severity;
    dd_str           message;   /* route "x": ... */
    dd_str           hint;      /* "" none */
} dd_lint_note;
typedef struct { dd_arena arena; dd_lint_note *v; size_t n, cap; } dd_lint;   /* by line; all zero: empty */

/* `c` and the snapshot that was made of it. */
dd_code dd_route_lint(const dd_config *c, const dd_snapshot *s, dd_lint *out);
void    dd_lint_fini(dd_lint *l);
#endif
