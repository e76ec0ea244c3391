/* route/meter.h - what a running proxy counts: requests, tokens, money, times, by a few labels, for /metrics, OTLP and the live views.
 *
 * One table for the process, of fixed size, written by all workers at once and read while they write; each number is exact, numbers of one moment may
 * be some requests apart. No thread waits for another, but where labels come for the first time. Labels: provider, asked model, model that answered,
 * team, feature, operation, outcome. Keys and users are no labels.
 *
 * Teams, features and models that were asked for are words of clients, so memory has an end whatever is sent: past DD_METER_SERIES rows what is new
 * counts under DD_METER_OTHER, with operation and provider kept as long as there is room. Requests that no provider was found for get a quarter of
 * the rows: made-up names push out no real ones. Words of callers that no key vouches for make no row, nor does what is no UTF-8.
 * Pure but for its own memory. Source: docs/decisions/0028-metrics.json. */
#ifndef DD_ROUTE_METER_H
#define DD_ROUTE_METER_H
#include "route/event.h"
#include "route/histogram.h"

enum { DD_METER_SERIES = 1000, DD_METER_LABEL = 96 /* bytes with the NUL; longer ones are cut between characters */ };
#define DD_METER_OTHER DD_STR("(other)")

typedef enum {
    DD_METER_INPUT, DD_METER_CACHE_READ, DD_METER_CACHE_WRITE, DD_METER_OUTPUT, DD_METER_REASONING /* part of output */, DD_METER_KINDS
} dd_meter_tokens;

/* By model: a row for each (operation, provider, requested, used). */
typedef struct {
    char    operation[DD_METER_LABEL], provider[DD_METER_LABEL], requested[DD_METER_LABEL], used[DD_METER_LABEL];
    int64_t requests, unpriced, hits, fallbacks, retries;
    int64_t errors[DD_EC_COUNT];             /* by class; [DD_EC_NONE]: good ones. Together they are `requests` */
    int64_t tokens[DD_METER_KINDS];
    dd_pusd cost, saved, premium_saved;
    dd_pusd lost;                            /* saved goes down when a dearer model answers; that is in `lost`, so saved + lost never does */
    dd_hist total, first;
} dd_meter_model;
/* By spender: a row for each (team, feature). */
typedef struct {
    char    team[DD_METER_LABEL], feature[DD_METER_LABEL];
    int64_t requests, errors, unpriced;
    dd_pusd cost, saved, lost;
} dd_meter_spender;
/* All of it. errors: requests with a class of error, or a status of 400 or more. */
typedef struct {
    int64_t requests, errors, unpriced, hits, misses, bypasses, fallbacks, retries, disconnected;
    int64_t tokens[DD_METER_KINDS];
    dd_pusd cost, saved, lost;
    dd_hist total, first, overhead;
} dd_meter_sum;

typedef struct dd_meter dd_meter;
dd_meter *dd_meter_new(void);                /* caller owns; pages that are not touched cost nothing */
dd_meter *dd_meter_new_of(unsigned copies);  /* so many threads (at most 16) count without atomic additions; for tests */
void      dd_meter_free(dd_meter *m);
void      dd_meter_add(dd_meter *m, const dd_event *e);           /* any thread */
/* Copies of rows 0..n-1; false: there are no more. A row stays where it is. Row 0 is DD_METER_OTHER, with requests 0 as long as it has none. */
bool      dd_meter_model_at(const dd_meter *m, size_t i, dd_meter_model *out);
bool      dd_meter_spender_at(const dd_meter *m, size_t i, dd_meter_spender *out);
void      dd_meter_total(const dd_meter *m, dd_meter_sum *out);
#endif
