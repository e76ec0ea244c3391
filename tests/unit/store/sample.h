/* An event with every member set, and small helpers, for the tests of the store. */
#ifndef DD_TEST_STORE_SAMPLE_H
#define DD_TEST_STORE_SAMPLE_H
#include <sqlite3.h>

#include "route/event.h"

/* Ids grow with `n`, by a millisecond each, from a recent day on. Usage: n input tokens, 2 output; cost n picodollars. */
dd_event sample_event(int64_t n);
int64_t  sample_now_ms(void);
/* A fresh folder below the test's own. */
const char *sample_dir(const char *name);
/* One number out of a database file; -1: no row, -2: failure. */
int64_t sample_number(const char *dir, const char *file, const char *sql);

typedef struct { int64_t *v; size_t n; } sample_ids;
/* All that fit, newest first, by nothing but the condition on each row. org ptr NULL: all. Free v. */
sample_ids sample_plain(const char *dir, const char *const *filters, size_t n, dd_str org);
#endif
