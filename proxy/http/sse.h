/* proxy/http/sse.h - server-sent events: read from any split of the bytes, write.
 *
 * The HTML standard's rules (WHATWG, "Interpreting an event stream"): CR, LF, CRLF, BOM, comments, multi-line data, fields without colon.
 * One event's data has a maximum; past it the reader fails rather than grow. Comments have none: they are passed over. */
#ifndef DD_PROXY_HTTP_SSE_H
#define DD_PROXY_HTTP_SSE_H
#include "base/str.h"

typedef struct {
    dd_str event;   /* "" when unnamed */
    dd_str data;    /* lines joined by LF; as bytes: broken UTF-8 is not mended */
    dd_str id;      /* the last one seen so far; ptr NULL: none ever */
    int64_t retry;  /* -1: none since the previous event */
} dd_sse_event;     /* borrowed for the callback */

typedef struct dd_sse {
    dd_buf  line, data, event, id;
    int64_t retry;
    bool    cr, bom_done, has_data, has_id, skip, failed;   /* skip: within a comment */
    size_t  max_bytes;   /* of one event; 0: 16 MiB */
} dd_sse;

typedef void dd_sse_fn(void *ctx, const dd_sse_event *e);

void dd_sse_init(dd_sse *s, size_t max_bytes);
void dd_sse_fini(dd_sse *s);
/* Takes any piece; each whole event is handed to fn. false: an event past the maximum; the reader is dead. Events are handed over as soon as their
 * blank line is there (a CR that may be followed by LF is not waited for). */
bool dd_sse_feed(dd_sse *s, dd_str bytes, dd_sse_fn *fn, void *ctx);
/* At the end of the stream: an event without its blank line, its last line perhaps cut. true: there was one and fn got it (many providers end so). */
bool dd_sse_finish(dd_sse *s, dd_sse_fn *fn, void *ctx);

/* The first CR or LF, or end. */
const char *dd_sse_line_end(const char *p, const char *end);

/* "event: name\ndata: ...\n\n"; `name` empty: no event line. data holds no line break (JSON in one line). */
void dd_sse_write(dd_buf *out, const char *name, dd_str data);
#endif
