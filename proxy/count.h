/* proxy/count.h - how many tokens the strings of a request are, each counted once.
 *
 * A conversation comes again with every turn, an agent's with every step: what was counted before is known by a keyed hash of its bytes as they are
 * written, at a tenth of the cost of counting or less. Nothing of a text is kept but that hash and its count. A worker's own; 128 kB when it is in use. */
#ifndef DD_PROXY_COUNT_H
#define DD_PROXY_COUNT_H
#include "base/jspan.h"

typedef struct dd_counts dd_counts;
dd_counts *dd_counts_new(void);   /* caller owns */
void       dd_counts_free(dd_counts *c);
/* Tokens of the string `node` by this tokenizer tag (dd_tokens_model). `arena`: for what is written with escapes. */
int64_t    dd_counts_string(dd_counts *c, dd_str tag, const dd_jspan *d, uint32_t node, dd_arena *arena);
#endif
