/* store/ring.h - the queue between those who serve requests and those who write events.
 *
 * A row of slots with a number each (D. Vyukov's bounded queue): any thread puts, any thread takes, nobody waits for anybody; a put is one
 * compare-and-swap. An event is kept as a record (store/record.h) in its slot; one that is longer than a slot is on the heap, in room that the slot keeps
 * when it is small. A thread that was stopped in the middle of a put holds back the takers, never the other putters. */
#ifndef DD_STORE_RING_H
#define DD_STORE_RING_H
#include "route/event.h"

typedef struct dd_ring dd_ring;
/* Room for `slots` events at least (rounded up to a power of two). Caller owns. */
dd_ring *dd_ring_new(size_t slots);
void     dd_ring_free(dd_ring *r);
/* How many were in it behind this one, itself included; 0: there were `limit` already, or it was full, or no memory for a long one. */
size_t   dd_ring_put(dd_ring *r, const dd_event *e, size_t limit);
/* Takes the oldest as a frame appended to *out. False: empty. */
bool     dd_ring_take(dd_ring *r, dd_buf *out);
size_t   dd_ring_depth(const dd_ring *r);   /* about */
#endif
