/* Periods of budgets in a time zone. From stdin: "z BEFORE", then "t FROM OFFSET" for each change of the clocks, then "q SECONDS" for each
 * question; answers each question with "FROM TO" of hour, day, week and month. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "route/budget.h"

int main(void)
{
    enum { MAX = 4096 };
    static int64_t from[MAX];
    static int32_t offset[MAX];
    dd_zone        z = { from, offset, 0, 0 };
    char           line[128];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char   *rest;
        int64_t a = strtoll(line + 1, &rest, 10), b = strtoll(rest, NULL, 10), begin, end;
        if (line[0] == 'z') {
            z.before_s = (int32_t)a;
            z.n        = 0;
        } else if (line[0] == 't' && z.n < MAX) {
            from[z.n]     = a;
            offset[z.n++] = (int32_t)b;
        } else if (line[0] == 'q') {
            for (int p = DD_PERIOD_HOUR; p <= DD_PERIOD_MONTH; p++) {
                dd_period_bounds((dd_period)p, &z, a, &begin, &end);
                printf("%" PRId64 " %" PRId64 "%c", begin, end, p == DD_PERIOD_MONTH ? '\n' : ' ');
            }
        }
    }
    return 0;
}
