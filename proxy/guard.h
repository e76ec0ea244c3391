/* proxy/guard.h - error events in a stream that is passed on as it is, without the keys that providers like to repeat in them (R1.7).
 *
 * Ordinary events keep their bytes, whatever they say. To know what an event is it must be whole: the piece of one that a read ends with waits for
 * its rest, which no client could have used before. An event of more than 1 MiB in several reads is not waited for: it goes through as it comes. */
#ifndef DD_PROXY_GUARD_H
#define DD_PROXY_GUARD_H
#include "base/str.h"

typedef struct {
    dd_buf held;       /* the event that is not whole yet */
    dd_buf given;      /* what the last call returned, where it was not the caller's bytes */
    bool   through;    /* the event that goes on has been passed on in part; held: line ends, which may be its last */
} dd_guard;            /* {0} is a new one */

typedef bool dd_guard_clean(void *ctx, dd_str text, dd_buf *out);   /* appends the text without its keys; false, and nothing, where there are none */

/* What may go on now: a part of `bytes`, or good until the next call. */
dd_str dd_guard_feed(dd_guard *g, dd_str bytes, dd_guard_clean *clean, void *ctx);
dd_str dd_guard_end(dd_guard *g, dd_guard_clean *clean, void *ctx);   /* what waited: the stream is over */
void   dd_guard_fini(dd_guard *g);
#endif
