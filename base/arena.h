/* base/arena.h - memory that goes with a unit of work.
 *
 * A scanned file, a request, a report each have an arena: nothing inside is freed alone, all goes in one
 * call. Not shared between threads. Out of memory ends the process. */
#ifndef DD_BASE_ARENA_H
#define DD_BASE_ARENA_H
#include "base/str.h"

typedef struct dd_arena_block dd_arena_block;
typedef struct {
    dd_arena_block *head;
    size_t          used;  /* bytes handed out, for reports */
} dd_arena;

#define DD_ARENA_INIT { NULL, 0 }

void  *dd_arena_alloc(dd_arena *a, size_t n);  /* 16-byte aligned, not cleared */
void  *dd_arena_zalloc(dd_arena *a, size_t n); /* cleared */
dd_str dd_arena_dup(dd_arena *a, dd_str s);    /* also NUL-terminated behind its end */
dd_str dd_arena_dupz(dd_arena *a, const char *z);
dd_str dd_arena_printf(dd_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void   dd_arena_join(dd_arena *a, dd_arena *from); /* what was `from`'s is a's now; `from` is empty */
void   dd_arena_fini(dd_arena *a);             /* frees all; the arena can be used again */

/* What was handed out since the mark is given back; marks nest. */
typedef struct { dd_arena_block *head, *next; size_t used_in_head, used; } dd_arena_mark;
dd_arena_mark dd_arena_here(const dd_arena *a);
void          dd_arena_back(dd_arena *a, dd_arena_mark to);

#define dd_new(arena, T)      ((T *)dd_arena_zalloc((arena), sizeof(T)))
#define dd_newn(arena, T, n)  ((T *)dd_arena_zalloc((arena), sizeof(T) * (n)))

/* A growing array inside an arena (old copies stay until the arena goes): same struct as DD_VEC. */
#define dd_avec_push(arena, vec, item) \
    (dd_avec_grow((arena), (void **)&(vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v), (void)((vec)->v[(vec)->n++] = (item)))
void dd_avec_grow(dd_arena *a, void **v, size_t n, size_t *cap, size_t size);
#endif
