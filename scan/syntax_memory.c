/* A parse makes and drops hundreds of thousands of small pieces. The system's malloc took a sixth of a scan for them, and
 * giving a tree back piece by piece as much again. Here a piece comes off the end of a block or from the list of dropped
 * pieces of its class, and after a file the blocks start over: nothing is given back one by one. */
#include "scan/syntax_memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <tree_sitter/api.h>

#include "base/str.h"

enum {
    STEP = 16,
    SMALL = 64,          /* classes in steps of 16 bytes, up to 1 kB; then powers of two */
    CLASSES = SMALL + 54,
    HEAD = 16,           /* before each piece: its class; and pieces stay aligned */
    BLOCK = 1 << 20,
    KEPT_BLOCKS = 2      /* between files: what a large one took besides goes back to the system */
};

typedef struct block { struct block *next; size_t cap; } block;
typedef struct piece { struct piece *next; } piece;

typedef struct {
    block *first, *now;
    size_t used;         /* of `now` */
    size_t held;         /* by all blocks */
    piece *dropped[CLASSES];
} heap;

static _Thread_local heap mine;
static pthread_key_t      at_exit;   /* of a thread */

static unsigned class_of(size_t n)
{
    if (n <= SMALL * STEP)
        return n ? (unsigned)((n - 1) / STEP) : 0;
    return SMALL + 54 - (unsigned)__builtin_clzll(n - 1) - 1;
}

static size_t bytes_of(unsigned c)
{
    return c < SMALL ? (size_t)(c + 1) * STEP : (size_t)1 << (c - SMALL + 11);
}

/* Mapped, not from malloc: what goes back is gone at once, not kept below what was made after it. */
static void *map(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? dd_malloc(SIZE_MAX / 2) /* as when there is no memory */ : p;
}

static void next_block(heap *h, size_t least)
{
    block **at = h->now ? &h->now->next : &h->first;
    while (*at && (*at)->cap < least)
        at = &(*at)->next;
    if (!*at) {
        size_t cap = least > BLOCK - sizeof(block) ? least : BLOCK - sizeof(block);
        *at         = map(sizeof(block) + cap);
        (*at)->next = NULL;
        (*at)->cap  = cap;
        h->held += cap;
        pthread_setspecific(at_exit, h);
    }
    h->now  = *at;
    h->used = 0;
}

static void *take(size_t n)
{
    heap    *h = &mine;
    unsigned c = class_of(n);
    piece   *p = h->dropped[c];
    if (p) {
        h->dropped[c] = p->next;
        return p;
    }
    size_t bytes = bytes_of(c) + HEAD;
    if (!h->now || h->now->cap - h->used < bytes)
        next_block(h, bytes);
    char *at = (char *)(h->now + 1) + h->used;
    h->used += bytes;
    memcpy(at, &c, sizeof c);
    return at + HEAD;
}

static unsigned class_at(const void *p)
{
    unsigned c;
    memcpy(&c, (const char *)p - HEAD, sizeof c);
    return c;
}

static void drop(void *p)
{
    if (!p)
        return;
    unsigned c         = class_at(p);
    ((piece *)p)->next = mine.dropped[c];
    mine.dropped[c]    = p;
}

static void *take_cleared(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        bytes = SIZE_MAX / 2; /* malloc refuses, and that ends the process */
    return memset(take(bytes), 0, bytes);
}

static void *grow(void *old, size_t n)
{
    size_t had = old ? bytes_of(class_at(old)) : 0;
    if (old && n <= had)
        return old;
    void *p = take(n);
    if (old)
        memcpy(p, old, had);
    drop(old);
    return p;
}

static void keep_blocks(heap *h, int n)
{
    block **at = &h->first;
    while (*at) {
        block *b = *at;
        if (n > 0 && b->cap < BLOCK) {
            n--;
            at = &b->next;
            continue;
        }
        *at = b->next;
        h->held -= b->cap;
        munmap(b, sizeof(block) + b->cap);
    }
    h->now  = NULL;
    h->used = 0;
    memset(h->dropped, 0, sizeof h->dropped);
}

static void free_all(void *h) { keep_blocks(h, 0); }

void dd_syn_memory_init(void)
{
    pthread_key_create(&at_exit, free_all);
    ts_set_allocator(take, take_cleared, grow, drop);
}

void dd_syn_memory_reset(void) { keep_blocks(&mine, KEPT_BLOCKS); }

size_t dd_syn_memory_held(void) { return mine.held; }
