/* cmd/costs.h - the figures of `dd0c costs`, read from the sums. */
#ifndef DD_CMD_COSTS_H
#define DD_CMD_COSTS_H
#include "cmd/budgets.h"

typedef struct {
    const char *by;                 /* model|provider|key|team|feature|user|route|call_site|day */
    int64_t     from_s, now_s;
    bool        daily;              /* from the sums of days: they are kept for ever, and begin at midnight UTC */
} dd_costs_ask;

/* "1h", "24h", "7d", "month", or "2026-11-01", "12h", "6w". DD_ERR_USAGE. */
dd_code dd_costs_span(const char *period, const char *since, const dd_book *book, int64_t now_s, dd_costs_ask *out, dd_err *err);
/* Fills all of *out but its span; memory is the arena's. DD_ERR_NOT_FOUND: nothing was ever recorded. */
dd_code dd_costs_read(const dd_costs_ask *ask, const dd_book *book, dd_arena *a, dd_spend_costs *out, dd_err *err);
#endif
