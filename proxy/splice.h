/* proxy/splice.h - what is changed in a body or a stream that stays in its family: as little as possible.
 *
 * Requests: the model's name, and stream_options.include_usage where we want to know the usage of a chat stream. Streams: the usage chunk that the client did not
 * ask for is taken out again (R1.2). All else is the sender's bytes. */
#ifndef DD_PROXY_SPLICE_H
#define DD_PROXY_SPLICE_H
#include "base/jspan.h"

typedef struct {
    dd_str model;      /* plain text, the name that the provider knows; ptr NULL: stays */
    bool   ask_usage;  /* stream_options.include_usage: true */
    bool   whole;      /* a stream was asked for, and one piece is wanted */
    bool   ours;       /* members that only POST /v1/chat knows are taken out */
} dd_splice;
/* The body with its changes, in the arena (the body's own text when nothing changes). The body is an object; duplicates of what is changed were refused before. */
dd_str dd_splice_request(const dd_jspan *body, const dd_splice *change, dd_arena *arena);

/* Passes the bytes of a chat.completions stream on, without its usage-only chunks (choices empty, usage an object). Takes any split; holds back at most the
 * event that is not whole yet. */
typedef struct dd_usage_strip dd_usage_strip;
dd_usage_strip *dd_usage_strip_new(void);
void dd_usage_strip_feed(dd_usage_strip *s, dd_str bytes, dd_buf *out);   /* appended */
void dd_usage_strip_end(dd_usage_strip *s, dd_buf *out);                  /* what was held back */
void dd_usage_strip_free(dd_usage_strip *s);                              /* NULL is fine */
#endif
