/* route/tokens_merge.h - byte-pair merging of a piece that is no token itself. Private to route/tokens*.c. */
#ifndef DD_ROUTE_TOKENS_MERGE_H
#define DD_ROUTE_TOKENS_MERGE_H
#include "route/tokens.h"
#include "route/tokens_table.h"

/* Merges n bytes, 1 <= n <= DD_TOK_SHORT: a bit for each byte where a token begins. 16 bytes from any of them on are read. */
uint32_t dd_tok_merge_short(const dd_tok_tables *t, const uint8_t *s, size_t n);
/* Any n >= 1, in time linear in n (tokens_merge.c says why) and fixed memory; hands the ids to each, which may be NULL.
 * Nothing behind s + n is read. */
int64_t dd_tok_merge_long(const dd_tok_tables *t, const uint8_t *s, size_t n, dd_token_fn *each, void *ctx);
#endif
