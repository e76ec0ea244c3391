/* cmd/dashboard.h - what the dashboard asks for (R4.4): GET /api/dashboard/summary, /api/dashboard/treemap, /api/requests, /api/requests/ID.
 *
 * Answers for cmd/admin.c's table of questions, in its thread. An admin's key is needed, and an answer tells of its organisation alone. Figures come out
 * of sums, requests by pages of bounded work: no answer takes long, however many events there are. Connections stay open between questions. */
#ifndef DD_CMD_DASHBOARD_H
#define DD_CMD_DASHBOARD_H
#include "cmd/admin.h"
#include "store/pages.h"
#include "store/cross.h"

enum { DD_DASHBOARD_AHEAD = 3 };
struct dd_dashboard {
    dd_dims  *dims;
    dd_cross *cross;
    dd_pages *pages;
    char     *ahead[DD_DASHBOARD_AHEAD];   /* whose sums are read ahead of a question to come, the next one first; NULL behind the last */
    int       slices;     /* that were read for the first of them */
};
struct dd_dashboard *dd_dashboard_new(const char *dir);
void                 dd_dashboard_free(struct dd_dashboard *d);   /* NULL is fine */
/* The first questions after a start shall find their sums, too: those of the organisations that have some, DD_DASHBOARD_AHEAD at most, are wanted. Of the
 * thread that answers. */
void                 dd_dashboard_start(struct dd_dashboard *d);
/* When nobody asks: is there something to read ahead for who was there at the start, or has asked? Then a few milliseconds of it. False: none is left. */
bool                 dd_dashboard_wants(const struct dd_dashboard *d);
bool                 dd_dashboard_ahead(struct dd_dashboard *d, int64_t now_s);

dd_answer_fn dd_answer_summary, dd_answer_treemap, dd_answer_requests, dd_answer_request;

/* --- for these answers --- */

/* Whole hours, or UTC days, that begin in [from, to). The last one may be under way. */
typedef struct {
    const char *period;                 /* "7d"; NULL: from and to were given */
    int64_t     from_s, to_s;
    int64_t     exact_from_s, exact_to_s;   /* as asked, to the second; to -1: no end */
    bool        asked, daily;
} dd_window;
enum { DD_WINDOW_HOUR = 3600, DD_WINDOW_DAY = 86400 };

typedef struct { dd_str period, from, to; } dd_window_words;   /* as they were given; ptr NULL: not */
/* Is it one of the three? Then it is in *w; *status: it was there twice. */
bool dd_window_take(dd_question *q, const dd_param *p, dd_window_words *w, int *status);
/* 0, or the status of the error that was written. Without words: 7d. */
int  dd_window_choose(dd_question *q, const dd_window_words *w, dd_window *out);
void dd_window_json(dd_json *j, const dd_question *q, const char *object, const dd_window *s);

/* A parameter that is not among those: 400 with their names. */
int  dd_dashboard_unknown(dd_question *q, const dd_param *p, const char *others);
/* The sums cannot be read: 503. There is no database yet is no failure: 0. */
int  dd_dashboard_failed(dd_question *q, dd_code rc, const dd_err *err);
#endif
