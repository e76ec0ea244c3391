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

#include <assert.h>

/* ---- up to 63 bytes ---- */

/* Most merging is of pieces of five to ten bytes, where a wrongly predicted branch costs more than the work. So the parts
 * are a mask of their first bytes, each has a lane (rank of merging it with its successor, above its number, so that the
 * smallest is the lowest rank, leftmost), lanes are compared without branches, and a miss looks as a hit does. */
enum { BLOCK = 16, BLOCKS = 4, LANES = BLOCK * BLOCKS, LANE_BITS = 6 };
#define NO_LANE (DD_TOK_NONE >> LANE_BITS << LANE_BITS)

#define ALWAYS static inline __attribute__((always_inline))

typedef struct {
    const dd_tok_tables *t;
    const uint8_t       *s;   /* 16 bytes behind the last are readable */
    uint32_t             n;
    uint64_t             starts; /* a bit for each part's first byte, and bit n */
    uint32_t             lane[LANES];
    uint32_t             least[BLOCKS]; /* of each block of lanes */
} lanes;

ALWAYS uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The lanes were just written one by one, and wide loads of such words wait: volatile keeps them narrow (twice as fast). */
ALWAYS uint32_t least_of(const volatile uint32_t lane[BLOCK])
{
    uint32_t m[4];
    for (int i = 0; i < 4; i++)
        m[i] = min32(min32(lane[i], lane[i + 4]), min32(lane[i + 8], lane[i + 12]));
    return min32(min32(m[0], m[1]), min32(m[2], m[3]));
}

/* Rank of s[at..to), above the lane's number. */
ALWAYS uint32_t rate(const lanes *l, uint32_t at, uint32_t to)
{
    const dd_tok_tables *t = l->t;
    if (__builtin_expect(to - at > DD_TOK_SHORT, 0)) {
        uint32_t id = dd_tok_find_long(t, l->s + at, to - at);
        return id == DD_TOK_NONE ? NO_LANE : id << LANE_BITS | at;
    }
    uint32_t id = dd_tok_find_rare(t, l->s + at, to - at);
    return id == DD_TOK_NONE ? NO_LANE : id << LANE_BITS | at;
}

ALWAYS uint32_t after(uint64_t starts, uint32_t at)
{
    return (uint32_t)__builtin_ctzll(starts >> at >> 1) + at + 1;
}

/* `blocks` is a constant: with one of them (n <= 15) nothing is kept of blocks. */
ALWAYS void set_lane(lanes *l, uint32_t at, uint32_t value, uint32_t blocks)
{
    l->lane[at] = value;
    if (blocks > 1)
        l->least[at / BLOCK] = least_of(l->lane + at / BLOCK * BLOCK);
}

ALWAYS uint32_t least(const lanes *l, uint32_t blocks)
{
    return blocks == 1 ? least_of(l->lane) : min32(min32(l->least[0], l->least[1]), min32(l->least[2], l->least[3]));
}

ALWAYS void start_lanes(lanes *l, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks * BLOCK; i++)
        l->lane[i] = NO_LANE;
    for (uint32_t i = 0; i + 1 < l->n; i++) {
        uint32_t rank = l->t->pairs[l->s[i] << 8 | l->s[i + 1]];
        l->lane[i] = rank == DD_TOK_NONE ? NO_LANE : rank << LANE_BITS | i;
    }
    for (uint32_t i = 0; i < blocks; i++)
        l->least[i] = least_of(l->lane + i * BLOCK);
    l->starts = ((uint64_t)2 << l->n) - 1;
}

ALWAYS uint64_t merge_lanes(lanes *l, uint32_t blocks)
{
    uint32_t best;
    start_lanes(l, blocks);
    while ((best = least(l, blocks)) < NO_LANE) {
        uint32_t at = best % LANES, gone = after(l->starts, at), behind = after(l->starts, gone);
        l->starts ^= (uint64_t)1 << gone;
        l->lane[gone] = NO_LANE;
        if (blocks > 1 && gone / BLOCK != at / BLOCK)
            l->least[gone / BLOCK] = least_of(l->lane + gone / BLOCK * BLOCK);
        uint32_t value = behind < l->n ? rate(l, at, after(l->starts, behind)) : NO_LANE;
        if (at > 0) {
            uint32_t before = 63u - (uint32_t)__builtin_clzll(l->starts & (((uint64_t)1 << at) - 1));
            set_lane(l, before, rate(l, before, behind), blocks);
        }
        set_lane(l, at, value, blocks);
    }
    return l->starts;
}

uint32_t dd_tok_merge_short(const dd_tok_tables *t, const uint8_t *s, size_t n)
{
    lanes l;
    l.t = t, l.s = s, l.n = (uint32_t)n;
    return (uint32_t)merge_lanes(&l, 1) ^ 1u << n;
}

/* ---- any number of bytes ---- */

/* As lanes, with more room: the least of each block is kept, so a merge costs a look at the blocks. */
typedef struct {
    uint64_t *best;   /* by a part's first byte; a multiple of BLOCK */
    uint64_t *least;  /* of each block */
    uint32_t *next, *prev;
    size_t    blocks;
} parts;

#define BEST(rank, at) ((uint64_t)(rank) << 32 | (at))

static uint64_t best_of(const uint64_t *v, size_t n)
{
    uint64_t a = UINT64_MAX, b = UINT64_MAX;
    size_t   i = 0;
    for (; i + 1 < n; i += 2) {
        a = v[i] < a ? v[i] : a;
        b = v[i + 1] < b ? v[i + 1] : b;
    }
    if (i < n)
        a = v[i] < a ? v[i] : a;
    return a < b ? a : b;
}

static void set_part(const parts *p, uint32_t at, uint64_t value)
{
    p->best[at] = value;
    p->least[at / BLOCK] = best_of(p->best + at / BLOCK * BLOCK, BLOCK);
}

static void rate_part(const dd_tok_tables *t, const uint8_t *s, size_t n, const parts *p, uint32_t at)
{
    uint32_t mid = p->next[at];
    uint32_t rank = mid < n ? dd_tok_find(t, s + at, p->next[mid] - at, s + n) : DD_TOK_NONE;
    set_part(p, at, BEST(rank, at));
}

static void start_parts(const dd_tok_tables *t, const uint8_t *s, size_t n, const parts *p)
{
    for (size_t i = 0; i < p->blocks * BLOCK; i++)
        p->best[i] = i + 1 < n ? BEST(t->pairs[s[i] << 8 | s[i + 1]], i) : UINT64_MAX;
    for (size_t i = 0; i < p->blocks; i++)
        p->least[i] = best_of(p->best + i * BLOCK, BLOCK);
    for (size_t i = 0; i < n; i++) {
        p->next[i] = (uint32_t)i + 1;
        p->prev[i] = (uint32_t)i - 1;
    }
}

/* Afterwards the tokens begin at 0, p->next[0], ... */
static void merge_parts(const dd_tok_tables *t, const uint8_t *s, size_t n, const parts *p)
{
    uint64_t best;
    start_parts(t, s, n, p);
    while ((best = best_of(p->least, p->blocks)) < BEST(DD_TOK_NONE, 0)) {
        uint32_t at = (uint32_t)best, gone = p->next[at], behind = p->next[gone];
        set_part(p, gone, UINT64_MAX);
        p->next[at] = behind;
        if (behind < n)
            p->prev[behind] = at;
        rate_part(t, s, n, p, at);
        if (at > 0)
            rate_part(t, s, n, p, p->prev[at]);
    }
}

/* ---- long pieces ---- */

enum {
    WINDOW = LANES - 1, /* bytes merged at once */
    REDO = 2            /* tokens at a window's end that its successor decides */
};

/* A long piece in work: what is settled so far, and the window behind it. */
typedef struct {
    const dd_tok_tables *t;
    const uint8_t       *s;
    size_t               n, at;    /* settled are the bytes before `at` */
    size_t               window;   /* bytes to merge next */
    size_t               mark;     /* where a border last failed: the window stays large until it is passed */
    uint32_t             expected; /* length of the token that was dropped at `at`; 0: none was */
    DD_VEC(uint8_t)      settled;  /* lengths of tokens, the last of them ending at `at` */
    DD_VEC(uint32_t)     ends;     /* where the tokens of the window end, counted from `at` */
    void                *room;     /* of the parts of a large window */
    size_t               room_for;
    size_t               done;     /* bytes whose tokens were handed on */
    int64_t              count;    /* those tokens */
    dd_token_fn         *each;
    void                *ctx;
} work;

static parts parts_in(work *w, size_t n)
{
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    if (n > w->room_for) {
        w->room = dd_realloc(w->room, blocks * (BLOCK + 1) * sizeof(uint64_t) + 2 * n * sizeof(uint32_t));
        w->room_for = n;
    }
    parts p = {.best = w->room, .blocks = blocks};
    p.least = p.best + blocks * BLOCK;
    p.next = (uint32_t *)(p.least + blocks);
    p.prev = p.next + n;
    return p;
}

/* Merges n bytes at s on their own; w->ends says into what. */
static void merge(work *w, const uint8_t *s, size_t n)
{
    w->ends.n = 0;
    if (n > WINDOW) {
        parts p = parts_in(w, n);
        merge_parts(w->t, s, n, &p);
        for (uint32_t at = 0; at < n; at = p.next[at])
            dd_vec_push(&w->ends, p.next[at]);
        return;
    }
    uint8_t padded[WINDOW + 17] = {0};
    lanes   l;
    l.t = w->t, l.s = memcpy(padded, s, n), l.n = (uint32_t)n;
    for (uint64_t starts = merge_lanes(&l, BLOCKS) & ~(uint64_t)1; starts != 0; starts &= starts - 1)
        dd_vec_push(&w->ends, (uint32_t)__builtin_ctzll(starts));
}

/* An unstable border is taken back, token by token. What changes at the right end of a text can only reach leftwards
 * through merges of ever higher rank, so never over more tokens than there are ranks: older ones need not be kept. */
enum { KEEP = 1 << 18 };

static void hand_on(work *w, size_t n)
{
    for (size_t i = 0; i < n && w->each != NULL; i++) {
        size_t len = w->settled.v[i];
        w->each(w->ctx, dd_tok_find(w->t, w->s + w->done, len, w->s + w->n));
        w->done += len;
    }
    w->count += (int64_t)n;
    w->settled.n -= n;
    if (w->settled.n > 0)
        memmove(w->settled.v, w->settled.v + n, w->settled.n);
}

static void settle(work *w, size_t tokens)
{
    uint32_t from = 0;
    for (size_t i = 0; i < tokens; i++) {
        dd_vec_push(&w->settled, (uint8_t)(w->ends.v[i] - from));
        from = w->ends.v[i];
    }
    w->expected = tokens < w->ends.n ? w->ends.v[tokens] - from : 0;
    w->at += from;
    if (w->at > w->mark)
        w->window = w->window > 2 * WINDOW ? w->window / 2 : WINDOW;
    if (w->settled.n >= 2 * KEEP)
        hand_on(w, w->settled.n - KEEP);
}

/* Is it right that a token ends at w->at, where one of `first` bytes begins? Uses w->ends. */
static bool stable(work *w, uint32_t first)
{
    uint32_t last = w->settled.v[w->settled.n - 1];
    merge(w, w->s + w->at - last, last + first);
    return w->ends.n == 2 && w->ends.v[0] == last;
}

static void take_back(work *w)
{
    w->mark = w->at > w->mark ? w->at : w->mark;
    w->at -= w->settled.v[--w->settled.n];
    w->expected = 0;
    w->window *= 2;
}

static void step(work *w)
{
    size_t left = w->n - w->at;
    bool   whole = left <= w->window;
    merge(w, w->s + w->at, whole ? left : w->window);
    if (!whole && w->ends.n <= REDO) {
        w->window *= 2;
        return;
    }
    assert(w->ends.n > 0);
    uint32_t first = w->ends.v[0];
    if (first != w->expected && w->settled.n > 0) {
        if (!stable(w, first)) {
            take_back(w);
            return;
        }
        merge(w, w->s + w->at, whole ? left : w->window);
    }
    settle(w, whole ? w->ends.n : w->ends.n - REDO);
}

int64_t dd_tok_merge_long(const dd_tok_tables *t, const uint8_t *s, size_t n, dd_token_fn *each, void *ctx)
{
    work w = {.t = t, .s = s, .n = n, .window = WINDOW, .each = each, .ctx = ctx};
    while (w.at < n)
        step(&w);
    hand_on(&w, w.settled.n);
    dd_vec_free(&w.settled);
    dd_vec_free(&w.ends);
    free(w.room);
    return w.count;
}
