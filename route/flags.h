/* route/flags.h - feature flags, decided on this machine (R10.1).
 *
 * A set is a snapshot read from a file (flagd's format or ours) by cmd/; deciding is pure. A flag that is off, expired or not known lets the request
 * pass by its route. Each has an owner and a ttl of at most 14 days. What a flag's path does to latency and errors is counted in a guard, which the
 * process shares and which outlives reloads: when the path is proven worse than the requests beside it, the flag is off for all until it is reset.
 * Time comes in. Source: docs/decisions/0022-flags.json. */
#ifndef DD_ROUTE_FLAGS_H
#define DD_ROUTE_FLAGS_H
#include <stdatomic.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/time.h"

enum { DD_FLAG_TTL_MAX = 14 };      /* days */

typedef struct dd_guard_windows dd_guard_windows;
typedef struct dd_flag_guard {
    atomic_bool       tripped;
    dd_guard_windows *windows;      /* NULL: only `tripped` counts */
} dd_flag_guard;

typedef struct {
    dd_str  name, owner, doc;
    bool    on;
    double  rollout;                /* 0..100: share of units (sessions, users, keys) that get it */
    dd_day  created, expires;       /* expires: created + ttl, the last day that it holds */
    int     line;                   /* in its file; 0: none */
    bool    flagd;                  /* written in flagd's format */
    dd_flag_guard *guard;           /* owned by the process; NULL: none */
} dd_flag;
typedef struct dd_flags { dd_flag *v; size_t n; } dd_flags;   /* sorted by name */

typedef enum { DD_FLAG_ON, DD_FLAG_OFF, DD_FLAG_OUTSIDE /* of the rollout */, DD_FLAG_EXPIRED, DD_FLAG_TRIPPED, DD_FLAG_UNKNOWN } dd_flag_state;
const char    *dd_flag_state_name(dd_flag_state s);
const dd_flag *dd_flags_find(const dd_flags *f, dd_str name);
bool           dd_flag_expired(const dd_flag *f, dd_day today);
/* `unit` is what the rollout spreads over: a session, a user or a request; the same unit gets the same answer, and keeps the flag while the share grows. */
dd_flag_state  dd_flags_decide(const dd_flags *f, dd_str name, uint64_t unit, dd_day today);
/* Nobody gets with `next` what he did not get with `old`: flags only went off, away or down. Such a change is as safe as a panic. */
bool           dd_flags_narrow(const dd_flags *old, const dd_flags *next);

/* --- the guard (flags_guard.c): any thread counts, one looks ---
 *
 * Requests of the flag's path are compared with those that the same rule held for and that the rollout left out; at full rollout there are none, and all
 * other requests stand in. Two windows each, of 30 s and of an hour, that are stretched (to 20 times) until both sides have DD_GUARD_LEAST requests.
 *   latency  as many of the path's requests are slower than 1.05 times the others' 99th percentile as happens by chance once in a million, were their
 *            tails alike but for that factor (exact: a precedence test, whatever the distribution)
 *   errors   the share of failed requests is more than 2 points higher, and Fisher's exact test gives one in a million
 * A false alarm costs a rollout, and nothing else: off is passthrough. */
enum { DD_GUARD_LEAST = 200, DD_GUARD_FAST_MS = 30000, DD_GUARD_SLOW_MS = 3600000, DD_GUARD_STRETCH = 20 };
#define DD_GUARD_P 1e-6
#define DD_GUARD_LATENCY 1.05
#define DD_GUARD_ERRORS 0.02

typedef enum { DD_GUARD_PATH, DD_GUARD_BESIDE } dd_guard_side;
typedef struct {
    int64_t n, failed;                  /* failed ones among n */
    int64_t p99_us;                     /* of those that did not; -1: none */
} dd_guard_counts;
typedef struct {
    dd_guard_counts path, beside;
    double          p_latency, p_errors;    /* chance of such figures without a difference */
    bool            slower, failing;        /* the verdicts */
} dd_guard_look;

typedef struct dd_guards dd_guards;     /* of a process, by name */
dd_guards     *dd_guards_new(void);
void           dd_guards_free(dd_guards *g);
dd_flag_guard *dd_guards_find(dd_guards *g, dd_str name, bool make);
/* Gives each flag its guard. A flag whose share changed is counted anew. One thread at a time. */
void           dd_guards_attach(dd_guards *g, dd_flags *f, int64_t now_ms);
/* One request ended. with: the flag of the route that it took, "" none; held: the flag whose rollout left it out of a route that else held. */
void           dd_flags_note(const dd_flags *f, dd_str with, dd_str held, int64_t latency_us, bool failed);
void           dd_guard_note(dd_flag_guard *g, dd_guard_side side, int64_t latency_us, bool failed);
/* About once a second. True: it must trip; *out is the window that says so. Windows that are full begin anew. */
bool           dd_guard_check(dd_flag_guard *g, int64_t now_ms, dd_guard_look *out);
void           dd_guard_reset(dd_flag_guard *g, int64_t now_ms);   /* counts anew; `tripped` stays */
/* P(X >= x) when `drawn` of `all` are drawn and `marked` of all are marked: what both tests are made of. */
double         dd_guard_tail(int64_t all, int64_t marked, int64_t drawn, int64_t x);
#endif
