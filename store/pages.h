/* store/pages.h - requests out of telemetry.db a page at a time, newest first, however many there are.
 *
 * A page begins below an id (keyset paging): as deep as it may be, it costs what the first one does. A filter over a column that has an index is
 * answered by ranges of that index, one for each of the column's values that it holds for, merged by id; any other by looking at events, newest first.
 * Where the sums know that an hour or a day has no event that fits (store/skip.h), neither is looked at: who does not exist is known at once.
 * A page looks for a bounded time only: it then says where it stopped and that it is partial, and who goes on from there misses nothing.
 *
 * Source: docs/decisions/0026-paging.json. */
#ifndef DD_STORE_PAGES_H
#define DD_STORE_PAGES_H
#include "route/event.h"
#include "store/db.h"
#include "store/filter.h"

enum { DD_PAGES_US = 10000, DD_PAGES_MOST = 500 };

typedef struct {
    dd_str           org;       /* ptr NULL: all */
    const dd_filter *filter;    /* NULL: none; borrowed for the call */
    int64_t          before;    /* ids below this; 0: from the newest */
    int64_t          limit;     /* events at most, 1..DD_PAGES_MOST */
    int64_t          work_us;   /* how long to look; 0: DD_PAGES_US */
    int64_t          work;      /* how many events to look at; 0: no end but the time's */
    bool             just;      /* these alone: whether there are more is not looked for, `next` goes on behind the last one */
} dd_pages_ask;

typedef struct {
    int64_t next;               /* `before` of the next page; 0: there is no more */
    bool    partial;            /* fewer than `limit`, though there may be more: go on from `next` */
    int64_t looked;             /* events looked at */
} dd_page;

typedef struct dd_pages dd_pages;
/* `dir` is the state folder. The database is opened when it is first asked, and again when it was replaced. One thread. Caller owns. */
dd_pages *dd_pages_new(const char *dir);
void      dd_pages_free(dd_pages *p);
/* For modules of this folder: on a connection of the caller's, and in its transaction, which outlive it. */
dd_pages *dd_pages_over(dd_db *db);
typedef void dd_pages_fn(void *ctx, const dd_event *e);
/* DD_ERR_NOT_FOUND: there is no database yet. */
dd_code   dd_pages_read(dd_pages *p, const dd_pages_ask *ask, dd_pages_fn *fn, void *ctx, dd_page *out, dd_err *err);
/* The event of this id. DD_ERR_NOT_FOUND: this organisation (ptr NULL: any) has none. */
dd_code   dd_pages_one(dd_pages *p, dd_str org, int64_t id, dd_pages_fn *fn, void *ctx, dd_err *err);
#endif
