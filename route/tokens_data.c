/* route/tokens_data.c - the token tables, taken in as they were built. DD_TOKENS_BLOB names the file (Makefile). */
#include "route/tokens_table.h"

#ifndef DD_TOKENS_BLOB /* a linter, which does not assemble */
#define DD_TOKENS_BLOB "tokens.bin"
#endif
#ifdef __APPLE__
#define SECTION ".section __TEXT,__const\n"
#define SYMBOL  "_dd_tok_blob"
#define LEAVE   ".text\n"
#else
#define SECTION ".section .rodata.dd_tok_blob,\"a\",%progbits\n"
#define SYMBOL  "dd_tok_blob"
#define LEAVE   ".text\n"
#endif

__asm__(SECTION
        ".globl " SYMBOL "\n"
        ".balign 64\n"
        SYMBOL ":\n"
        ".incbin \"" DD_TOKENS_BLOB "\"\n"
        ".balign 64\n"
        LEAVE);

#define MASK(n) ((n) >= 8 ? UINT64_MAX : (UINT64_C(1) << ((n) & 7) * 8) - 1)
#define ROW(n)  {MASK(n), (n) > 8 ? MASK((n)-8) : 0}
const uint64_t dd_tok_masks[16][2] = {
    ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7),
    ROW(8), ROW(9), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15),
};

dd_tok_tables dd_tok_open(int which)
{
    const dd_tok_head *head = (const dd_tok_head *)(const void *)dd_tok_blob;
    const dd_tok_enc  *e = &head->enc[which];
#define AT(type, offset) ((const type *)(const void *)(dd_tok_blob + (offset)))
    return (dd_tok_tables){
        .keys = AT(dd_tok_key, e->keys), .ids = AT(uint32_t, e->ids), .pairs = AT(uint32_t, e->pairs),
        .bytes = AT(uint32_t, e->bytes), .pilots = AT(uint16_t, e->pilots), .longs = AT(dd_tok_long, e->longs),
        .long_bytes = dd_tok_blob + e->long_bytes, .seed_lo = e->seed_lo, .seed_hi = e->seed_hi,
        .slots = e->slots, .buckets = e->buckets, .long_mask = e->long_mask,
        .filter = AT(uint64_t, e->filter), .filter_mask = e->filter_mask,
    };
#undef AT
}

uint32_t dd_tok_find_hashed(const dd_tok_tables *t, const uint8_t *s, size_t n, uint32_t hash)
{
    for (uint32_t i = hash & t->long_mask; t->longs[i].len != 0; i = (i + 1) & t->long_mask)
        if (t->longs[i].hash == hash && t->longs[i].len == n && memcmp(t->long_bytes + t->longs[i].at, s, n) == 0)
            return t->longs[i].id;
    return DD_TOK_NONE;
}
