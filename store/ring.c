#include "store/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/time.h"
#include "store/record.h"

enum { SLOT_BYTES = 512, STACK_BYTES = 4096, KEPT_BYTES = 2048, LINE = 64 };

typedef struct {
    _Atomic size_t turn;   /* position p: free for the put p; p + 1: filled by it; p + slots: free again */
    uint32_t       len;
    uint32_t       room;   /* at `heap` */
    char          *heap;   /* where a record is that `bytes` is too small for; up to KEPT_BYTES stay for the next one: another thread's free is dear. NULL */
    char           bytes[SLOT_BYTES - sizeof(size_t) - sizeof(char *) - sizeof(uint64_t)];
} slot;

struct dd_ring {
    alignas(LINE) _Atomic size_t tail;   /* puts so far */
    alignas(LINE) _Atomic size_t head;   /* takes so far */
    alignas(LINE) size_t mask;
    slot   *slots;
    int64_t first_mark;   /* of position 0 */
};

/* Positions count up from a place that another queue, here or in another process, will not be near: one of 2^62. */
static int64_t random_mark(void)
{
    uint64_t r = 0;
    if (getentropy(&r, sizeof r) != 0)
        r = (uint64_t)dd_mono_now().ns * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)getpid();
    return (int64_t)(r >> 2);
}

dd_ring *dd_ring_new(size_t slots)
{
    size_t n = 2;
    while (n < slots)
        n *= 2;
    dd_ring *r = aligned_alloc(LINE, sizeof *r);
    if (r == NULL)
        abort();
    memset(r, 0, sizeof *r);
    r->slots = dd_malloc(n * sizeof *r->slots); /* pages that are never used are never there */
    r->mask = n - 1;
    r->first_mark = random_mark();
    for (size_t i = 0; i < n; i++) {
        atomic_init(&r->slots[i].turn, i);
        r->slots[i].heap = NULL;
        r->slots[i].room = 0;
    }
    return r;
}

void dd_ring_free(dd_ring *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i <= r->mask; i++)
        free(r->slots[i].heap);
    free(r->slots);
    free(r);
}

size_t dd_ring_depth(const dd_ring *r)
{
    size_t head = atomic_load(&r->head), tail = atomic_load(&r->tail);
    return tail > head ? tail - head : 0;
}

/* A slot for this thread alone, with its position; NULL: full. */
static slot *claim(dd_ring *r, size_t *at, size_t limit)
{
    size_t pos = atomic_load_explicit(&r->tail, memory_order_relaxed);
    for (;;) {
        slot     *s = &r->slots[pos & r->mask];
        ptrdiff_t ahead = (ptrdiff_t)(atomic_load_explicit(&s->turn, memory_order_acquire) - pos);
        if (ahead < 0 || pos - atomic_load_explicit(&r->head, memory_order_relaxed) >= limit) {
            size_t again = atomic_load_explicit(&r->tail, memory_order_relaxed);
            if (again == pos)
                return NULL;
            pos = again;
        } else if (ahead > 0)
            pos = atomic_load_explicit(&r->tail, memory_order_relaxed);
        else if (atomic_compare_exchange_weak(&r->tail, &pos, pos + 1)) {
            *at = pos;
            return s;
        }
    }
}

/* `len` bytes in a claimed slot; NULL: there is no memory. */
static char *room_in(slot *s, size_t len)
{
    if (len <= sizeof s->bytes)
        return s->bytes;
    if (s->room < len) {
        free(s->heap);
        s->heap = malloc(len);
        s->room = s->heap ? (uint32_t)len : 0;
    }
    return s->heap;
}

size_t dd_ring_put(dd_ring *r, const dd_event *e, size_t limit)
{
    char   stack[STACK_BYTES], *record = stack;
    size_t bound = dd_record_bound(e), pos;
    if (bound > sizeof stack && (record = malloc(bound)) == NULL)
        return 0;
    size_t len = dd_record_write(e, record);
    slot  *s   = claim(r, &pos, limit);
    char  *to  = s ? room_in(s, len) : NULL;
    if (to)
        memcpy(to, record, len);
    if (record != stack)
        free(record);
    if (!s)
        return 0;
    s->len = to ? (uint32_t)len : 0;   /* a claimed place cannot be given back: without memory it is filled with nothing */
    atomic_store_explicit(&s->turn, pos + 1, memory_order_release);
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    return !to ? 0 : pos + 1 > head ? pos + 1 - head : 1;
}

/* The oldest slot that is filled, for this thread alone, with its position; NULL: none. */
static slot *oldest(dd_ring *r, size_t *at)
{
    size_t pos = atomic_load_explicit(&r->head, memory_order_relaxed);
    for (;;) {
        slot     *s = &r->slots[pos & r->mask];
        ptrdiff_t ahead = (ptrdiff_t)(atomic_load_explicit(&s->turn, memory_order_acquire) - (pos + 1));
        if (ahead < 0)
            return NULL;
        if (ahead > 0)
            pos = atomic_load_explicit(&r->head, memory_order_relaxed);
        else if (atomic_compare_exchange_weak(&r->head, &pos, pos + 1)) {
            *at = pos;
            return s;
        }
    }
}

bool dd_ring_take(dd_ring *r, dd_buf *out)
{
    size_t pos;
    slot  *s;
    while ((s = oldest(r, &pos)) != NULL) {
        bool filled = s->len > 0;
        if (filled)
            dd_frame_add(out, (dd_frame){ { s->len > sizeof s->bytes ? s->heap : s->bytes, s->len }, r->first_mark + (int64_t)pos });
        if (s->room > KEPT_BYTES) {
            free(s->heap);
            s->heap = NULL;
            s->room = 0;
        }
        atomic_store_explicit(&s->turn, pos + r->mask + 1, memory_order_release);
        if (filled)
            return true;
    }
    return false;
}
