/* store/tally.h - counters by key, in memory: what a batch of events adds to the sums, and what an answer adds up from rows.
 *
 * A key is a period, two small numbers and some texts. Text is borrowed; who keeps rows longer than their text sets it anew when a row is fresh. One
 * thread. */
#ifndef DD_STORE_TALLY_H
#define DD_STORE_TALLY_H
#include "base/str.h"

typedef struct { int64_t period; int32_t a, b; } dd_tally_key;
typedef struct { dd_tally_key key; uint64_t hash; } dd_tally_row;   /* its texts follow, then its counters */
typedef struct {
    char     *rows;
    size_t    n, cap, stride, texts, counters;
    uint32_t *slots;       /* open addressing: index + 1 of a row; 0 free */
    size_t    n_slots;
} dd_tally;

void dd_tally_init(dd_tally *t, size_t texts, size_t counters);
void dd_tally_fini(dd_tally *t);
void dd_tally_clear(dd_tally *t);
/* The row of this key; made with counters of 0 when there is none: *fresh. Valid until the next find. */
dd_tally_row *dd_tally_find(dd_tally *t, dd_tally_key key, const dd_str *texts, bool *fresh);

static inline dd_tally_row *dd_tally_at(const dd_tally *t, size_t i) { return (dd_tally_row *)(void *)(t->rows + i * t->stride); }
static inline dd_str       *dd_tally_texts(dd_tally_row *r) { return (dd_str *)(void *)(r + 1); }
static inline int64_t      *dd_tally_counters(const dd_tally *t, dd_tally_row *r) { return (int64_t *)(void *)(dd_tally_texts(r) + t->texts); }
#endif
