/* report/tail.h - requests as lines that come one after another, for people and for spreadsheets, and what they come to.
 *
 * A column is one of ours, made of several members of an event (its time, the models, tokens in and out), or a member that the caller reads: which
 * there are is the store's knowledge. A terminal gets lines that fit it, with colours by role; a pipe gets all of each, always alike. */
#ifndef DD_REPORT_TAIL_H
#define DD_REPORT_TAIL_H
#include "base/arena.h"
#include "report/grid.h"
#include "route/budget.h"
#include "route/event.h"
#include "route/histogram.h"

typedef enum {
    DD_TAIL_CLOCK, DD_TAIL_STATUS, DD_TAIL_MODELS, DD_TAIL_TOKENS, DD_TAIL_TOOK, DD_TAIL_LABELS,          /* ours: they need no `field` */
    DD_TAIL_TEXT, DD_TAIL_NUMBER, DD_TAIL_COST, DD_TAIL_SAVED, DD_TAIL_DURATION, DD_TAIL_TIME, DD_TAIL_ID, DD_TAIL_DAY, DD_TAIL_BOOL, DD_TAIL_SHARE
} dd_tail_kind;                /* COST, SAVED: money; DURATION: microseconds; SHARE: millionths; TIME: milliseconds since 1970 */

typedef struct {
    const char  *name;
    dd_tail_kind kind;
    const void  *field;        /* for `read`; NULL: one of ours */
} dd_tail_column;

typedef struct {
    const dd_tail_column *columns; size_t n;       /* at least one */
    dd_str (*text)(const void *field, const dd_event *e);                    /* of TEXT */
    int64_t (*number)(const void *field, const dd_event *e, bool *null);     /* of all others */
    const dd_zone *zone;       /* of the clock; NULL: UTC */
    int      width;            /* of the terminal; 0: none, nothing is cut */
    dd_color color;
    bool     ascii;
} dd_tail_look;

/* The column of ours with this name: "time", "models", "tokens", "took", "labels"; NULL: none. */
const dd_tail_column *dd_tail_find(dd_str name);
/* What is shown unless something else is asked for, in a terminal of this width (0: none). */
const dd_tail_column *dd_tail_usual(int width, size_t *n);

/* Each appends one line with its end. */
void dd_tail_head(const dd_tail_look *look, dd_buf *out);
void dd_tail_line(const dd_tail_look *look, const dd_event *e, dd_buf *out);
/* RFC 4180; money is exact, times are ISO 8601 in UTC, what is not known is empty. Columns of ours are left out, except the time. */
void dd_tail_csv_head(const dd_tail_look *look, dd_buf *out);
void dd_tail_csv_line(const dd_tail_look *look, const dd_event *e, dd_buf *out);

/* What they come to. Money is exact, or it is said that it is not. */
enum { DD_TAIL_EXACT = 4096 };   /* so many durations are kept one by one; of more the percentiles are those of a histogram, within 9% */
typedef struct {
    int64_t requests, errors, unpriced, input, output;
    dd_pusd cost, saved;
    bool    over;              /* a sum was too large */
    int64_t took[DD_TAIL_EXACT];
    dd_hist all;
} dd_tail_sum;                 /* begins as zeros */
void   dd_tail_add(dd_tail_sum *s, const dd_event *e);
double dd_tail_quantile_us(const dd_tail_sum *s, double q);   /* < 0: none is known */
/* "3 requests · 1 error · $0.0042 · saved $0.01 · 1.2k tokens in, 300 out · p50 830 ms, p95 2.1 s", broken to the width, below a rule. */
void   dd_tail_totals(const dd_tail_look *look, const dd_tail_sum *s, dd_buf *out);
#endif
