/* Merging takes the adjacent pair of parts whose concatenation has the lowest rank, leftmost first, until no pair is a
 * token. Done over the whole of a long piece that is quadratic, so a long piece is merged in windows.
 *
 * Why windows are exact: call (a, b) a stable pair when merging the bytes of a and b gives just a and b. A sequence of
 * tokens is the result for a text if and only if every adjacent pair in it is stable. (If: look at the first merge that
 * would cross a border between a and b. Up to then the merges inside a and b are those that merging ab alone makes, in
 * the same order, so that would cross, too. Only if: the merges of the text that lie in ab are those of ab alone.)
 * So a window's tokens, less the last few, stay, and the next window starts behind them: if the pair across that border
 * is stable, the whole is. When the next window begins with the token that was dropped there, it is known to be; else
 * merging the two tells. If it is not, the window is doubled. */
#include "route/tokens_merge.h"

enum {
    WINDOW = 64,  /* bytes merged at once in a long piece */
    REDO = 2      /* tokens at a window's end that its successor decides */
};

/* Parts are named by their first byte. `best` is the rank of merging a part with its successor, above its position, so
 * that the smallest is the lowest rank, leftmost. */
typedef struct {
    uint64_t *best;
    uint32_t *next, *prev, *id;
} parts;

#define DEAD UINT64_MAX
#define BEST(rank, at) ((uint64_t)(rank) << 32 | (at))

static inline uint64_t best_of(const uint64_t *v, size_t n)
{
    uint64_t a = DEAD, b = DEAD;
    size_t   i = 0;
    for (; i + 1 < n; i += 2) {
        a = v[i] < a ? v[i] : a;
        b = v[i + 1] < b ? v[i + 1] : b;
    }
    if (i < n)
        a = v[i] < a ? v[i] : a;
    return a < b ? a : b;
}

static inline void start(const dd_tok_tables *t, const uint8_t *s, size_t n, const parts *p)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t rank = i + 1 < n ? t->pairs[s[i] << 8 | s[i + 1]] : DD_TOK_NONE;
        p->best[i] = BEST(rank, i);
        p->next[i] = (uint32_t)i + 1;
        p->prev[i] = (uint32_t)i - 1;
        p->id[i] = t->bytes[s[i]];
    }
}

static inline void rate(const dd_tok_tables *t, const uint8_t *s, size_t n, const uint8_t *limit, const parts *p, uint32_t at)
{
    uint32_t mid = p->next[at];
    uint32_t rank = mid < n ? dd_tok_find(t, s + at, p->next[mid] - at, limit) : DD_TOK_NONE;
    p->best[at] = BEST(rank, at);
}

/* Afterwards the parts, by p->next from 0 on, are the tokens p->id. */
static inline void merge(const dd_tok_tables *t, const uint8_t *s, size_t n, const uint8_t *limit, const parts *p)
{
    start(t, s, n, p);
    for (;;) {
        uint64_t best = best_of(p->best, n);
        uint32_t at = (uint32_t)best, rank = (uint32_t)(best >> 32);
        if (rank == DD_TOK_NONE)
            return;
        uint32_t gone = p->next[at], behind = p->next[gone];
        p->id[at] = rank;
        p->best[gone] = DEAD;
        p->next[at] = behind;
        if (behind < n)
            p->prev[behind] = at;
        rate(t, s, n, limit, p, at);
        if (at > 0)
            rate(t, s, n, limit, p, p->prev[at]);
    }
}

size_t dd_tok_merge_short(const dd_tok_tables *t, const uint8_t *s, size_t n, uint32_t ids[DD_TOK_SHORT])
{
    uint64_t best[DD_TOK_SHORT];
    uint32_t next[DD_TOK_SHORT], prev[DD_TOK_SHORT], id[DD_TOK_SHORT];
    parts    p = {best, next, prev, id};
    size_t   count = 0;
    merge(t, s, n, s + n + 16, &p);
    for (uint32_t at = 0; at < n; at = next[at])
        ids[count++] = id[at];
    return count;
}

static bool stable(const dd_tok_tables *t, const uint8_t *s, uint32_t border, uint32_t n, const uint8_t *limit)
{
    uint64_t best[2 * DD_TOK_LONGEST];
    uint32_t next[2 * DD_TOK_LONGEST], prev[2 * DD_TOK_LONGEST], id[2 * DD_TOK_LONGEST];
    parts    p = {best, next, prev, id};
    merge(t, s, n, limit, &p);
    return next[0] == border && next[border] == n;
}

typedef struct { uint32_t id, len; } token;

/* A long piece in work: what is settled so far, and the window behind it. */
typedef struct {
    const dd_tok_tables *t;
    const uint8_t       *s;
    size_t               n, at;     /* settled are the bytes before `at` */
    size_t               window;    /* bytes to merge next */
    size_t               mark;      /* where a border last failed: the window stays large until it is passed */
    uint32_t             expected;  /* length of the token that was dropped at `at`; 0: none was */
    DD_VEC(token)        settled;
    void                *room;      /* of the window's parts */
    size_t               room_for;
    dd_token_fn         *each;
    void                *ctx;
    int64_t              count;     /* tokens handed on and forgotten */
} work;

/* An unstable border is taken back, token by token. What changes at the right end of a text can only reach leftwards
 * through merges of ever higher rank, so never over more tokens than there are ranks: older ones need not be kept. */
enum { KEEP = 1 << 18 };

static void hand_on(work *w, size_t n)
{
    for (size_t i = 0; i < n && w->each != NULL; i++)
        w->each(w->ctx, w->settled.v[i].id);
    w->count += (int64_t)n;
    w->settled.n -= n;
    if (w->settled.n > 0)
        memmove(w->settled.v, w->settled.v + n, w->settled.n * sizeof *w->settled.v);
}

static void settle(work *w, const parts *p, uint32_t border)
{
    for (uint32_t at = 0; at < border; at = p->next[at]) {
        token kept = {p->id[at], p->next[at] - at};
        dd_vec_push(&w->settled, kept);
    }
    w->at += border;
    if (w->settled.n >= 2 * KEEP)
        hand_on(w, w->settled.n - KEEP);
}

/* Where the first of the window's last tokens begins, that are left to its successor; 0: there are no others. */
static uint32_t border_of(const parts *p, size_t n)
{
    uint32_t ring[REDO] = {0}, count = 0;
    for (uint32_t at = 0; at < n; at = p->next[at])
        ring[count++ % REDO] = at;
    return count > REDO ? ring[count % REDO] : 0;
}

static bool joins(const work *w, const parts *p)
{
    if (w->settled.n == 0 || p->next[0] == w->expected)
        return true;
    uint32_t last = w->settled.v[w->settled.n - 1].len;
    return stable(w->t, w->s + w->at - last, last, last + p->next[0], w->s + w->n);
}

static void take_back(work *w)
{
    w->mark = w->at > w->mark ? w->at : w->mark;
    w->at -= w->settled.v[--w->settled.n].len;
    w->expected = 0;
    w->window *= 2;
}

static parts parts_in(work *w, size_t n)
{
    if (n > w->room_for) {
        w->room = dd_realloc(w->room, n * (sizeof(uint64_t) + 3 * sizeof(uint32_t)));
        w->room_for = n;
    }
    parts p = {.best = w->room};
    p.next = (uint32_t *)(p.best + n);
    p.prev = p.next + n;
    p.id = p.prev + n;
    return p;
}

static void step(work *w)
{
    bool     whole = w->n - w->at <= w->window;
    size_t   n = whole ? w->n - w->at : w->window;
    parts    p = parts_in(w, n);
    uint32_t border;
    merge(w->t, w->s + w->at, n, w->s + w->n, &p);
    if (!joins(w, &p)) {
        take_back(w);
        return;
    }
    border = whole ? (uint32_t)n : border_of(&p, n);
    if (border == 0) {
        w->window *= 2;
        return;
    }
    w->expected = whole ? 0 : p.next[border] - border;
    settle(w, &p, border);
    if (w->at > w->mark)
        w->window = WINDOW;
}

int64_t dd_tok_merge_long(const dd_tok_tables *t, const uint8_t *s, size_t n, dd_token_fn *each, void *ctx)
{
    work w = {.t = t, .s = s, .n = n, .window = WINDOW, .each = each, .ctx = ctx};
    while (w.at < n)
        step(&w);
    hand_on(&w, w.settled.n);
    dd_vec_free(&w.settled);
    free(w.room);
    return w.count;
}
