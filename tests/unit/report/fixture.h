/* tests/unit/report/fixture.h - audits made by hand, for golden files and round trips.
 *
 * Prices and tokens are plausible; sums are added up here, not by the code under test. */
#ifndef DD_TESTS_REPORT_FIXTURE_H
#define DD_TESTS_REPORT_FIXTURE_H
#include "report/report.h"

typedef enum { FIX_EMPTY, FIX_ONE, FIX_MIXED, FIX_MANY, FIX_NO_PRODUCTION, FIX_HOSTILE, FIX_HUGE } fixture_kind;
void fixture_make(dd_audit *a, fixture_kind kind); /* dd_arena_fini(&a->arena) frees it */
#endif
