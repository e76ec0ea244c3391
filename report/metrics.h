/* report/metrics.h - what a proxy counted, as Prometheus reads it: text exposition 0.0.4, or OpenMetrics 1.0.
 *
 * Pure: from readings that the caller took. Series have an end: rows of the meter have one (route/meter.h); histograms and tokens are of the first
 * 256 combinations of operation, provider and model, the rest together under "(other)"; targets and budgets are at most 256. No two samples have
 * equal labels, and no counter goes down while the process lives. The families are a table in metrics.c; docs/metrics.md lists them, and a test
 * compares. */
#ifndef DD_REPORT_METRICS_H
#define DD_REPORT_METRICS_H
#include "base/arena.h"
#include "route/live.h"
#include "route/meter.h"

typedef struct { const char *name; int64_t sent, dropped, failed, queued; bool up; } dd_metrics_way;
typedef struct { dd_str budget, scope, value; dd_pusd limit, spent, reserved, projected /* DD_PUSD_UNKNOWN: too early to tell */; } dd_metrics_budget;

typedef struct {
    const char            *version;
    const dd_meter        *meter;
    const dd_live         *live;
    const dd_breaker_rule *rule;
    int64_t                now_ms;              /* of the clock that `live` goes by */
    int64_t                under_way, connections;
    bool                   panic;
    dd_day                 prices;              /* DD_DAY_NONE: not known */
    struct { bool on; int64_t queued, dropped, spooled, written, spool_bytes; bool up; } events;
    const dd_metrics_way    *ways;    size_t n_ways;
    const dd_metrics_budget *budgets; size_t n_budgets;   /* the first ones are shown */
    struct { double cpu_s, started_s; int64_t resident, address_space, fds, fds_max; } process;   /* < 0: not known */
} dd_metrics;

enum { DD_METRICS_TARGETS = 256, DD_METRICS_BUDGETS = 256, DD_METRICS_GROUPS = 256 };
/* Appended to *out. Scratch memory comes from the arena. */
void dd_metrics_write(const dd_metrics *m, bool open_metrics, dd_arena *arena, dd_buf *out);
#endif
