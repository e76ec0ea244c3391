/* cmd/admin.h - questions to a running proxy whose answers take a while: they read databases, and no request's thread may wait for those.
 *
 * One helper thread answers them in the order they came, from a queue with an end: when it is full, or the proxy is about to stop, the answer is 503
 * at once. What may be asked is a table in admin.c, a row a question; whoever answers in a thread of his own has a row in cmd/serve.c instead. */
#ifndef DD_CMD_ADMIN_H
#define DD_CMD_ADMIN_H
#include "base/json.h"
#include "proxy/gateway.h"
#include "store/ledger.h"

typedef struct {
    const char *dir;                  /* of the state */
    dd_ledger  *ledger;               /* borrowed */
    size_t      queue;                /* questions that may wait; 0: 64 */
    int64_t   (*now_s)(void);         /* wall time; NULL: the system's */
} dd_admin_opts;

typedef struct dd_admin dd_admin;
typedef void dd_admin_done(void *arg, int status, dd_str json);
/* Starts its thread. Caller owns; NULL: *err. */
dd_admin *dd_admin_open(const dd_admin_opts *opts, dd_err *err);
/* The configuration that answers go by, held until the next one. Any thread. */
void      dd_admin_use(dd_admin *a, dd_snapshot *s);
/* As hooks.ask. Any thread; NULL is a closed one. */
void      dd_admin_ask(dd_admin *a, const dd_ask *ask, dd_admin_done *done, void *arg);
/* Waits for the answer that is being made, answers the rest with 503. When no worker runs any more, and before the gateway is freed. NULL is fine. */
void      dd_admin_close(dd_admin *a);

/* --- for those who answer --- */

struct dd_dashboard;
typedef struct {
    const dd_ask      *ask;
    const dd_snapshot *s;             /* NULL: none yet */
    const char        *dir;
    dd_ledger         *ledger;
    struct dd_dashboard *dashboard;   /* its connections: cmd/dashboard.h */
    int64_t            now_s;
    dd_arena          *arena;         /* of the question */
    dd_buf            *out;           /* the answer */
} dd_question;
typedef int dd_answer_fn(dd_question *q);   /* JSON into q->out; the status */

/* An error in OpenAI's shape in place of what was written. `param` and `code` may be NULL. Returns `status`. */
int    dd_answer_error(dd_question *q, int status, const char *param, const char *code, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The caller's organisation. */
dd_str dd_question_org(const dd_question *q);

/* A member: a moment, or null. */
void   dd_answer_time(dd_json *j, const char *name, int64_t s);

/* Parameters behind the question mark, decoded into the arena, in their order. False: more than `max`, or a bad %XX. */
typedef struct { dd_str name, value; } dd_param;
bool dd_params_read(dd_str query, dd_arena *arena, dd_param *out, size_t max, size_t *n);
/* "2026-11-20" (a day of the zone; `last`: its end), RFC 3339 ("2026-11-20T08:00:00+01:00"), or seconds since 1970. */
bool dd_moment_read(dd_str text, const struct dd_zone *zone, bool last, int64_t *out_s);

dd_answer_fn dd_answer_usage;         /* GET /v1/usage (RO.7, RC.3) */
dd_answer_fn dd_answer_metrics;       /* GET /metrics: text, in place of JSON */
#endif
