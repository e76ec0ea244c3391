/* route/tokens_split.h - where the next piece of a text ends: the encodings' patterns, written by hand. Private to route/tokens*.c.
 *
 * The patterns are those of the reference (tiktoken 0.14, openai_public.py), each alternative a function here. They look
 * at code points and their Unicode 16 classes. tokens.c has shortcuts for ASCII and comes here for the rest. */
#ifndef DD_ROUTE_TOKENS_SPLIT_H
#define DD_ROUTE_TOKENS_SPLIT_H
#include "route/tokens_table.h"

/* Both: valid UTF-8, p < end; the piece's end. */
const uint8_t *dd_tok_split_cl100k(const uint8_t *p, const uint8_t *end);
const uint8_t *dd_tok_split_o200k(const uint8_t *p, const uint8_t *end);
/* Bytes of 's 't 're 've 'm 'll 'd (any case, U+017F is an s) at p, or 0. */
size_t dd_tok_contraction(const uint8_t *p, const uint8_t *end);
#endif
