/* cmd/money.h - the proxy's budgets joined with the ledger that keeps them. */
#ifndef DD_CMD_MONEY_H
#define DD_CMD_MONEY_H
#include "proxy/gateway.h"
#include "store/ledger.h"

/* Fills reserve, settle and used of the hooks; `ledger` outlives them. */
bool   dd_money_reserve(dd_ledger *ledger, const dd_account *v, size_t n, dd_pusd amount, uint64_t *hold, dd_reserved *out);
void   dd_money_settle(dd_ledger *ledger, uint64_t hold, const dd_account *v, size_t n, dd_pusd actual);
double dd_money_used(dd_ledger *ledger, const dd_account *v, size_t n);
#endif
