/* cmd/top_store.h - what `dd0c top` reads of the state folder: sums, latest requests, budgets. */
#ifndef DD_CMD_TOP_STORE_H
#define DD_CMD_TOP_STORE_H
#include "cmd/budgets.h"
#include "cmd/top.h"
#include "store/dims.h"
#include "store/pages.h"

typedef struct {
    dd_arena    arena;       /* of all that the board names */
    dd_board    board;
    dd_top_want want;
    int         refs;        /* samples that show it, and the sampler */
} dd_top_stored;

typedef struct {
    const dd_top_opts *opts;
    dd_dims           *dims;
    dd_pages          *pages;
    dd_buf             dir;
    bool               warned;
    dd_book           *book;        /* NULL: not read yet, or it cannot be: then `problem` says why */
    dd_buf             problem;
    int64_t            next_ms;     /* when the book is read again; monotonic. Budgets that no proxy has charged yet are summed up, which takes long */
} dd_top_store;

dd_top_stored *dd_top_stored_read(dd_top_store *s, const dd_top_want *want, int64_t now_ms);
/* Fills the board's rows, `top` and totals from the sums (cmd/top_sums.c). */
dd_code dd_top_read_sums(dd_top_store *s, dd_top_stored *out, dd_err *err);
dd_event *dd_top_event_dup(dd_arena *a, const dd_event *e);
#endif
