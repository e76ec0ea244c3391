#include "cmd/money.h"

#include "base/time.h"

static int64_t mono_ms(void) { return dd_mono_now().ns / 1000000; }

bool dd_money_reserve(dd_ledger *ledger, const dd_account *v, size_t n, dd_pusd amount, uint64_t *hold, dd_reserved *out)
{
    dd_hold           h       = { 0 };
    dd_ledger_verdict verdict = { .refused = SIZE_MAX };
    bool              ok      = dd_ledger_reserve(ledger, v, n, amount, mono_ms(), &h, &verdict);
    *hold                     = ok ? (uint64_t)h.turn << 32 | h.slot : 0;
    *out = (dd_reserved){ .refused = verdict.refused, .spent = verdict.spent, .reserved = verdict.reserved, .limit = verdict.limit, .used = verdict.used };
    return ok;
}

void dd_money_settle(dd_ledger *ledger, uint64_t hold, const dd_account *v, size_t n, dd_pusd actual)
{
    dd_hold h = { .slot = (uint32_t)hold, .turn = (uint32_t)(hold >> 32) };
    if (actual > 0)
        dd_ledger_settle(ledger, h, v, n, actual);
    else
        dd_ledger_release(ledger, h);
}

double dd_money_used(dd_ledger *ledger, const dd_account *v, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        dd_ledger_row row;
        if (!dd_ledger_look(ledger, &v[i], &row) || row.limit <= 0)
            continue;
        double share = ((double)row.spent + (double)row.reserved) / (double)row.limit;
        most         = share > most ? share : most;
    }
    return most;
}
