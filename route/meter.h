/* route/meter.h - what a running proxy counts: requests, tokens, money, times, by a few labels, for /metrics, OTLP and the live views.
 *
 * One table for the process, of fixed size, written by all workers without a lock and read while they write; each number is exact, numbers of one
 * moment may be some requests apart. Labels: provider, asked model, model that answered, team, feature, operation, outcome. Teams, features and
 * refused models are words of clients: past DD_METER_SERIES rows what is new counts under "(other)", so memory has an end whatever is sent. Keys and
 * users are no labels. Pure but for its own memory. */
#ifndef DD_ROUTE_METER_H
#define DD_ROUTE_METER_H
#include "route/event.h"
#include "route/histogram.h"

enum { DD_METER_SERIES = 1000, DD_METER_LABEL = 96 /* bytes; longer ones are cut */ };

typedef enum { DD_METER_INPUT, DD_METER_CACHE_READ, DD_METER_CACHE_WRITE, DD_METER_OUTPUT, DD_METER_REASONING, DD_METER_KINDS } dd_meter_tokens;

/* By model: a row for each (operation, provider, requested, used). */
typedef struct {
    char    operation[DD_METER_LABEL], provider[DD_METER_LABEL], requested[DD_METER_LABEL], used[DD_METER_LABEL];
    int64_t requests, unpriced, hits, fallbacks, retries;
    int64_t errors[DD_EC_COUNT];             /* by class; [DD_EC_NONE]: good ones */
    int64_t tokens[DD_METER_KINDS];
    dd_pusd cost, saved, premium_saved;
    dd_hist total, first;
} dd_meter_model;
/* By spender: a row for each (team, feature). */
typedef struct {
    char    team[DD_METER_LABEL], feature[DD_METER_LABEL];
    int64_t requests, errors, unpriced;
    dd_pusd cost, saved;
} dd_meter_spender;
/* All of it. */
typedef struct {
    int64_t requests, errors, unpriced, hits, misses, fallbacks, disconnected;
    int64_t tokens[DD_METER_KINDS];
    dd_pusd cost, saved;
    dd_hist total, first, overhead;
} dd_meter_sum;

typedef struct dd_meter dd_meter;
dd_meter *dd_meter_new(void);                /* caller owns; pages that are not touched cost nothing */
void      dd_meter_free(dd_meter *m);
void      dd_meter_add(dd_meter *m, const dd_event *e);           /* any thread */
/* Copies of rows 0..n-1; false: there are no more. A row stays where it is. */
bool      dd_meter_model_at(const dd_meter *m, size_t i, dd_meter_model *out);
bool      dd_meter_spender_at(const dd_meter *m, size_t i, dd_meter_spender *out);
void      dd_meter_total(const dd_meter *m, dd_meter_sum *out);
#endif
