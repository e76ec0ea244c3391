/* store/skip.h - where requests that fit a filter may be, by what the sums know of each hour and day.
 *
 * Each event is counted in its day and its hour, in each dimension (store/dims.h), and the first and the last id of both are kept (id_summary). So a
 * day in which no value of a dimension fits the filter has no event that does; of a day that has one, its hours are asked; what is left are ranges of
 * ids. What has not fitted for weeks is found, or not, by some hundred seeks. Used for words that dimensions have, times, latencies, cost above some
 * amount, fallbacks and hits, and for an organisation's own events among those of others. Whether an event fits is said by the event alone: ranges
 * leave out, they never add.
 *
 * Nothing that fits is left out. Values that may stand behind DD_ROLLUP_OTHER are there wherever that is. Hours are asked where they add up to their
 * day: they are removed after a while (and come back when the spool was late), days are not. Where ids, latencies or costs were not counted with all
 * events (by older programs), these count as there, and ids as within a day before the period, for requests that took long, and an hour behind it,
 * for clocks put back.
 *
 * For modules of this folder. Source: docs/decisions/0026-paging.json. */
#ifndef DD_STORE_SKIP_H
#define DD_STORE_SKIP_H
#include "store/db.h"
#include "store/filter.h"

typedef enum {
    DD_SKIP_FOUND,     /* a range */
    DD_SKIP_LOOKING,   /* none yet: one more period was looked at */
    DD_SKIP_END, DD_SKIP_FAILED
} dd_skip_step;

typedef struct dd_skip dd_skip;
/* For the ids of [from, below), in the caller's transaction; `db` and `f` (NULL: none) are borrowed. org ptr NULL: all. Caller owns. NULL: the sums
 * do not help, because nothing of the filter is summed or there are too many organisations or no sums, or cannot be asked. */
dd_skip *dd_skip_new(dd_db *db, const dd_filter *f, dd_str org, int64_t from, int64_t below);
void     dd_skip_free(dd_skip *s);
/* Leaves out what this part of the filter says, which is answered otherwise. False: nothing else is known. */
bool     dd_skip_without(dd_skip *s, const dd_filter_part *part);
/* All that may be found is in [*from, *below). */
void     dd_skip_span(const dd_skip *s, int64_t *from, int64_t *below);
/* The next range, newest first; ranges do not overlap. Ids from `below` on are of no interest any more; what they are in costs nothing. */
dd_skip_step dd_skip_next(dd_skip *s, int64_t below, int64_t *from, int64_t *to);
/* Nothing from this id on is in a range still to come. */
int64_t  dd_skip_done(const dd_skip *s);

/* The first id of a moment. */
int64_t  dd_skip_id_at(int64_t time_ms);
/* An event of this time in milliseconds has, as a rule, an id of [*from, *below). */
void     dd_skip_rule(int64_t from_ms, int64_t to_ms, int64_t *from, int64_t *below);
#endif
