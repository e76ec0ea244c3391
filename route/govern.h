/* route/govern.h - may a change that nobody stands behind be taken (R10.5)? Pure: files, log and approvals are cmd/'s (cmd/govern.h).
 *
 * In audit mode a change is taken and logged, in strict mode it waits for a word under its id; while there is panic nothing changes. What an admin
 * does himself needs no further word; what only takes away (a revoked key, a flag turned off, panic itself) is never held up.
 * Source: docs/decisions/0024-governance.json. */
#ifndef DD_ROUTE_GOVERN_H
#define DD_ROUTE_GOVERN_H
#include "base/str.h"

typedef enum { DD_GOVERN_AUDIT, DD_GOVERN_STRICT } dd_govern_mode;
bool        dd_govern_mode_find(dd_str word, dd_govern_mode *out);   /* "audit", "strict" */
const char *dd_govern_mode_name(dd_govern_mode m);

enum { DD_CHANGE_RULES = 1, DD_CHANGE_PROVIDERS = 2, DD_CHANGE_PRICES = 4, DD_CHANGE_FLAGS = 8 };
/* "rules, prices" */
void        dd_change_kinds(unsigned kinds, dd_buf *out);

typedef enum { DD_WORD_NONE, DD_WORD_APPROVED, DD_WORD_REJECTED } dd_govern_word;
typedef struct {
    dd_govern_mode mode;
    bool           panic;
    bool           own;        /* an admin asked for it: the signal, the command */
    bool           narrows;    /* it only takes away */
    dd_govern_word word;       /* what was said of this very change */
} dd_govern_question;

typedef enum {
    DD_GOVERN_ALLOWED, DD_GOVERN_BLOCKED, DD_GOVERN_FROZEN, DD_GOVERN_APPROVED, DD_GOVERN_OWN, DD_GOVERN_NARROWS, DD_GOVERN_REJECTED
} dd_govern_verdict;
dd_govern_verdict dd_govern_decide(const dd_govern_question *q);
bool              dd_govern_applies(dd_govern_verdict v);
const char       *dd_govern_text(dd_govern_verdict v);               /* "Blocked by strict mode": log, audit log and `policy show` say just this */
bool              dd_govern_find(dd_str text, dd_govern_verdict *out);

/* Contents of what decides, as hashes; 0: not there. */
typedef struct { uint64_t config, prices, flags; } dd_govern_state;
bool dd_govern_same(const dd_govern_state *a, const dd_govern_state *b);
/* The name of the change from one to the other: 12 hex digits. */
void dd_govern_id(const dd_govern_state *old, const dd_govern_state *next, char out[13]);

/* How many changes were taken by themselves, how many with somebody's word. < 0: none at all. */
double dd_govern_share(int64_t alone, int64_t approved);
bool   dd_govern_alert(dd_govern_mode mode, int64_t alone, int64_t approved);   /* more than 80% in audit mode, any in strict */
#endif
