/* store/cross.h - what was spent, crossed by up to three columns: team, feature, model, provider, key.
 *
 * Out of the sums by combinations of hours and days (store/sums.h has the same rows). Thousands of combinations a day make a question over 90 days read a
 * hundred thousand rows; so what is over is kept in memory, summed by blocks of a week (or six hours), for whatever is asked of it next, and read again
 * only when its number of requests has changed, which store/dims.h knows. A question then reads the period that is under way. What is kept has an end:
 * DD_CROSS_CELLS combinations in all, the blocks used longest ago go first. */
#ifndef DD_STORE_CROSS_H
#define DD_STORE_CROSS_H
#include "base/arena.h"
#include "store/dims.h"

typedef enum { DD_CROSS_TEAM, DD_CROSS_FEATURE, DD_CROSS_MODEL, DD_CROSS_PROVIDER, DD_CROSS_KEY, DD_CROSS_COLUMNS } dd_cross_column;
enum { DD_CROSS_DEPTH = 3, DD_CROSS_LEAVES = 10000 /* of a block; past that, new ones are summed as DD_ROLLUP_OTHER */, DD_CROSS_CELLS = 100000 };
const char *dd_cross_name(dd_cross_column c);       /* "team" */
bool        dd_cross_find(dd_str name, dd_cross_column *out);

typedef struct {
    dd_str         org;
    bool           daily;
    int64_t        from_s, to_s;                  /* periods that begin in [from, to) */
    int64_t        over_s;                        /* those before this are over; within or past the two is fine */
    dd_cross_column by[DD_CROSS_DEPTH];
    size_t         n_by;
    dd_str         within[DD_CROSS_COLUMNS];       /* only these; ptr NULL: all */
} dd_cross_ask;

typedef struct {
    dd_str  value[DD_CROSS_DEPTH];
    int64_t requests, unpriced;
    dd_pusd cost, saved;
} dd_cross_leaf;

typedef struct dd_cross dd_cross;
/* `dims` is borrowed. One thread. Caller owns. */
dd_cross *dd_cross_new(const char *dir, dd_dims *dims);
void     dd_cross_free(dd_cross *t);
/* In no order, each combination once; all of it is in `arena`. DD_ERR_NOT_FOUND: there is no database yet. */
dd_code  dd_cross_read(dd_cross *t, const dd_cross_ask *ask, dd_arena *arena, dd_cross_leaf **out, size_t *n, dd_err *err);
/* Reads one block of the days, or hours, in [from, over) that is not kept yet, the newest first, so that a question to come need not. False: all are there. */
bool      dd_cross_ahead(dd_cross *t, dd_str org, bool daily, int64_t from_s, int64_t over_s);
#endif
