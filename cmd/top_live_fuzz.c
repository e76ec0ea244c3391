/* What a socket in the run folder answers: never a crash, and no figure below what was there. */
#include <stdlib.h>

#include "cmd/top.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dd_board_times none = { -1, -1, -1 };
    dd_top_live *l = dd_calloc(1, sizeof *l);
    l->latency = l->first = l->overhead = none;
    bool first = dd_top_live_add((dd_str){ (const char *)data, size }, l);
    int  seen = l->answered;
    bool again = dd_top_live_add((dd_str){ (const char *)data, size }, l);
    if (first != again || seen != first || l->answered != 2 * seen || l->n_providers > DD_TOP_PROVIDERS || l->cost < 0)
        abort();
    free(l);
    return 0;
}
