/* proxy/http/decode.h - bodies on their way in: chunks taken apart, codings undone, both within bounds. */
#ifndef DD_PROXY_HTTP_DECODE_H
#define DD_PROXY_HTTP_DECODE_H
#include "base/str.h"

typedef enum { DD_DECODE_MORE, DD_DECODE_DONE, DD_DECODE_BAD, DD_DECODE_LIMIT } dd_decode;

/* --- a body that grows to a maximum, never by what a client claims --- */
typedef struct { char *ptr; size_t len, cap, max; } dd_body;
bool dd_body_add(dd_body *b, dd_str bytes);       /* false: past max */
bool dd_body_room(dd_body *b, size_t n);          /* room for n more, or as many as max leaves; false: not one */
void dd_body_free(dd_body *b);

/* --- chunked (RFC 9112, 7.1): strict, extensions ignored, trailers checked and dropped --- */
typedef struct {
    int      state;
    uint64_t left;        /* bytes of the chunk, or its size so far */
    unsigned digits;
    size_t   extra_bytes; /* of extensions and trailers */
    size_t   extra_max;
    uint64_t size_max;    /* of one chunk */
    bool     line_start, colon, quoted;
} dd_chunks;
/* Takes bytes up to the end of the body; *used says how many. *data is a piece of the body within `in`; call again with the rest while MORE and
 * bytes are left. LIMIT: extensions and trailers past extra_max, a chunk past size_max. */
dd_decode dd_chunks_next(dd_chunks *c, dd_str in, size_t *used, dd_str *data);

/* --- content codings --- */
typedef struct dd_coding dd_coding;
/* "gzip", "x-gzip", "deflate", "zstd" in any case. NULL: none of them. */
dd_coding *dd_coding_new(dd_str name);
/* Decodes into `out`. MORE: give more. DONE: the coded stream is whole; more members may follow. LIMIT: past out->max. */
dd_decode  dd_coding_feed(dd_coding *c, dd_str in, dd_body *out);
void       dd_coding_free(dd_coding *c);
#endif
