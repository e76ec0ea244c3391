/* The smallest blocks are malloc's. Those of one to four kilobytes, which requests take and give back all the time and which are too large for malloc's own
 * lists of a thread, wait on a list of the thread that gave them back. The large ones of an arena that grew are mapped, all of one size, and a few that were
 * given back wait for the next arena: work that fills and drops an arena over and over neither asks the system each time nor leaves malloc's heap in pieces,
 * which held a seventh of a scan's memory. */
#include "base/arena.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct dd_arena_block {
    dd_arena_block *next;
    size_t          used, cap;
    _Alignas(16) char bytes[];
};

/* AddressSanitizer looks for pointers in malloc's blocks only, and puts guards around each. */
#if defined(__SANITIZE_ADDRESS__)
#define MAP_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAP_BLOCKS 0
#endif
#endif
#ifndef MAP_BLOCKS
#define MAP_BLOCKS 1
#endif

enum { FIRST_BLOCK = 4096, NEXT_STEP = 1024, MAPPED = 1 << 20, LARGEST_BLOCK = MAPPED - sizeof(dd_arena_block), KEPT_BLOCKS = 32 };
enum { SIZES = FIRST_BLOCK / NEXT_STEP, KEPT_OF_SIZE = 32, SMALLEST_KEPT = 900 };

/* What this thread gave back: by size in steps, from one to SIZES. */
typedef struct {
    dd_arena_block *first[SIZES];
    unsigned        n[SIZES];
    bool            known;   /* the key knows to empty it when the thread ends */
} thread_blocks;

static _Thread_local thread_blocks mine;
static pthread_key_t  at_exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void empty_mine(void *arg)
{
    thread_blocks *t = arg;
    for (int i = 0; i < SIZES; i++)
        for (dd_arena_block *b = t->first[i], *next; b; b = next) {
            next = b->next;
            free(b);
        }
    *t = (thread_blocks){ 0 };
}

static void make_key(void) { pthread_key_create(&at_exit_key, empty_mine); }

/* In steps, 1 to SIZES; 0: a block of this size waits nowhere. */
static size_t kept_size(size_t cap) { return MAP_BLOCKS && cap > SMALLEST_KEPT && cap <= FIRST_BLOCK ? (cap + NEXT_STEP - 1) / NEXT_STEP : 0; }

static bool keep_mine(dd_arena_block *b, size_t steps)
{
    if (mine.n[steps - 1] >= KEPT_OF_SIZE)
        return false;
    if (!mine.known) {
        pthread_once(&once, make_key);
        if (pthread_setspecific(at_exit_key, &mine) != 0)
            return false;
        mine.known = true;
    }
    b->next               = mine.first[steps - 1];
    mine.first[steps - 1] = b;
    mine.n[steps - 1]++;
    return true;
}

static dd_arena_block *take_mine(size_t steps)
{
    dd_arena_block *b = mine.first[steps - 1];
    if (b) {
        mine.first[steps - 1] = b->next;
        mine.n[steps - 1]--;
    }
    return b;
}

static struct {
    pthread_mutex_t lock;
    dd_arena_block *first;
    unsigned        n;
} spare = { .lock = PTHREAD_MUTEX_INITIALIZER };

static dd_arena_block *mapped_new(void)
{
    pthread_mutex_lock(&spare.lock);
    dd_arena_block *b = spare.first;
    if (b) {
        spare.first = b->next;
        spare.n--;
    }
    pthread_mutex_unlock(&spare.lock);
    if (b)
        return b;
    b = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return b == MAP_FAILED ? dd_malloc(SIZE_MAX / 2) /* as when there is no memory */ : b;
}

static void block_free(dd_arena_block *b)
{
    if (!MAP_BLOCKS || b->cap != LARGEST_BLOCK) {
        size_t steps = kept_size(b->cap);
        if (!steps || !keep_mine(b, steps))
            free(b);
        return;
    }
    pthread_mutex_lock(&spare.lock);
    bool keep = spare.n < KEPT_BLOCKS;
    if (keep) {
        b->next     = spare.first;
        spare.first = b;
        spare.n++;
    }
    pthread_mutex_unlock(&spare.lock);
    if (!keep)
        munmap(b, MAPPED);
}

static dd_arena_block *block_new(size_t cap)
{
    size_t bytes, steps = kept_size(cap);
    if (steps)
        cap = steps * NEXT_STEP;
    if (__builtin_add_overflow(sizeof(dd_arena_block), cap, &bytes))
        bytes = SIZE_MAX; /* malloc refuses, and that ends the process */
    dd_arena_block *b = steps ? take_mine(steps) : NULL;
    if (!b)
        b = MAP_BLOCKS && cap == LARGEST_BLOCK ? mapped_new() : dd_malloc(bytes);
    b->used           = 0;
    b->cap            = cap;
    return b;
}

void *dd_arena_alloc(dd_arena *a, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    dd_arena_block *b = a->head;
    if (!b || b->cap - b->used < n) {
        size_t cap = b ? a->used / 8 / NEXT_STEP * NEXT_STEP + NEXT_STEP : FIRST_BLOCK; /* grows by an eighth: little stays in no use */
        if (cap > LARGEST_BLOCK)
            cap = LARGEST_BLOCK;
        if (n > cap / 4 && b) { /* a large piece gets a block of its own, behind the one in use */
            dd_arena_block *own = block_new(n);
            own->used           = n;
            own->next           = b->next;
            b->next             = own;
            a->used += n;
            return own->bytes;
        }
        if (cap < n)
            cap = n;
        b       = block_new(cap);
        b->next = a->head;
        a->head = b;
    }
    void *p = b->bytes + b->used;
    b->used += n;
    a->used += n;
    return p;
}

void *dd_arena_zalloc(dd_arena *a, size_t n)
{
    void *p = dd_arena_alloc(a, n);
    memset(p, 0, n);
    return p;
}

dd_str dd_arena_dup(dd_arena *a, dd_str s)
{
    char *p = dd_arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return (dd_str){ p, s.len };
}

dd_str dd_arena_dupz(dd_arena *a, const char *z) { return dd_arena_dup(a, dd_str_z(z)); }

dd_str dd_arena_printf(dd_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = dd_arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
    p[0]    = '\0';
    if (n > 0)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (dd_str){ p, n < 0 ? 0 : (size_t)n };
}

void dd_arena_join(dd_arena *a, dd_arena *from)
{
    dd_arena_block **last = &a->head;
    while (*last)
        last = &(*last)->next;
    *last = from->head;
    a->used += from->used;
    *from = (dd_arena)DD_ARENA_INIT;
}

dd_arena_mark dd_arena_here(const dd_arena *a)
{
    const dd_arena_block *b = a->head;
    return (dd_arena_mark){ a->head, b ? b->next : NULL, b ? b->used : 0, a->used };
}

static dd_arena_block *free_until(dd_arena_block *b, const dd_arena_block *stop)
{
    while (b != stop) {
        dd_arena_block *next = b->next;
        block_free(b);
        b = next;
    }
    return b;
}

void dd_arena_back(dd_arena *a, dd_arena_mark to)
{
    a->head = free_until(a->head, to.head);
    a->used = to.used;
    if (a->head) {
        a->head->next = free_until(a->head->next, to.next); /* large pieces stand behind the block in use */
        a->head->used = to.used_in_head;
    }
}

void dd_arena_fini(dd_arena *a)
{
    for (dd_arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        block_free(b);
    }
    a->head = NULL;
    a->used = 0;
}

void dd_avec_grow(dd_arena *a, void **v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return;
    size_t want = *cap ? *cap * 2 : 4;
    void  *p    = dd_arena_alloc(a, want * size);
    if (n)
        memcpy(p, *v, n * size);
    *v   = p;
    *cap = want;
}
