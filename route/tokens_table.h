/* route/tokens_table.h - the static token tables: their layout and the lookups. Private to route/tokens*.c and tools/tokens_pack.c.
 *
 * One blob, made at build time by tools/tokens_pack.c, mapped with the program and used as it lies: offsets instead of
 * pointers, so nothing is relocated or built at start.
 *
 * Tokens of up to 15 bytes (98 %) are in a perfect hash of 16-byte keys: the bytes, zero-padded, with the length in the
 * last one, so that one comparison decides. A bucket's pilot moves its keys to free slots; a miss is known after one
 * probe. Merging asks for many strings that are no tokens; a Bloom filter that fits the second-level cache turns most of
 * them away (97 %), without a look into the tables that do not fit. Longer tokens are in an open-addressing table over their bytes.
 *
 * Keys are read as little-endian words; only such machines are supported (the reader checks the blob's mark). */
#ifndef DD_ROUTE_TOKENS_TABLE_H
#define DD_ROUTE_TOKENS_TABLE_H
#include <stdint.h>
#include <string.h>
#include "base/str.h"

#define DD_TOK_MAGIC 0x31306b6f74306464u /* "dd0tok01" read as a little-endian word */
#define DD_TOK_NONE UINT32_MAX           /* no such token; also the highest rank */

enum {
    DD_TOK_SHORT = 15,      /* longest token in the perfect hash */
    DD_TOK_LONGEST = 128,   /* longest token at all; the packer checks */
    DD_TOK_SLACK = 64       /* bytes that may be read behind a text in work */
};

/* Class bits of a code point. A mark may stand in both halves of an o200k word, a capital only in its first. */
enum {
    DD_TOK_LETTER = 1, DD_TOK_UPPER = 2, DD_TOK_LOWER = 4, DD_TOK_NUMBER = 8, DD_TOK_SPACE = 16, DD_TOK_BREAK = 32,
    DD_TOK_HIGH = 64        /* only in tables by byte: not ASCII, ask for the code point */
};
enum { DD_TOK_BLOCK = 128 };  /* code points in a block of the class table */

typedef struct { uint64_t lo, hi; } dd_tok_key;

typedef struct {             /* in the blob; offsets count from its start */
    uint64_t seed_lo, seed_hi;
    uint32_t slots, buckets; /* of the perfect hash */
    uint32_t keys, ids;      /* dd_tok_key[slots], uint32_t[slots] */
    uint32_t pilots;         /* uint16_t[buckets] */
    uint32_t pairs;          /* uint32_t[65536]: id of a token of two bytes, first byte high */
    uint32_t bytes;          /* uint32_t[256]: id of a single byte */
    uint32_t longs;          /* dd_tok_long[long_mask + 1]; length 0: free */
    uint32_t long_mask;
    uint32_t long_bytes;     /* their text */
    uint32_t tokens;         /* how many there are; ids are 0 .. tokens-1 */
    uint32_t filter;         /* uint64_t[filter_mask + 1]: two bits for each short token of three bytes or more */
    uint32_t filter_mask;
    uint32_t unused;
} dd_tok_enc;

typedef struct { uint32_t id, at; uint32_t len, hash; } dd_tok_long;

typedef struct {
    uint64_t   magic;
    uint32_t   size;
    uint32_t   class_index;  /* uint8_t[0x110000 / DD_TOK_BLOCK]: number of the block */
    uint32_t   class_blocks; /* uint8_t[][DD_TOK_BLOCK]: class bits */
    uint32_t   unused;
    dd_tok_enc enc[2];       /* cl100k, o200k */
} dd_tok_head;

extern const unsigned char dd_tok_blob[]; /* starts with a dd_tok_head */

/* An encoding's tables as pointers. */
typedef struct {
    const dd_tok_key  *keys;
    const uint32_t    *ids, *pairs, *bytes;
    const uint16_t    *pilots;
    const dd_tok_long *longs;
    const uint8_t     *long_bytes;
    const uint64_t    *filter;
    uint64_t           seed_lo, seed_hi;
    uint32_t           slots, buckets, long_mask, filter_mask;
} dd_tok_tables;

static inline uint64_t dd_tok_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t dd_tok_hash(dd_tok_key k, uint64_t seed_lo, uint64_t seed_hi)
{
    return dd_tok_fold(k.lo ^ seed_lo, k.hi ^ seed_hi);
}

static inline uint32_t dd_tok_bucket(uint64_t hash, uint32_t buckets)
{
    return (uint32_t)(((hash >> 32) * buckets) >> 32);
}

static inline uint32_t dd_tok_slot(uint64_t hash, uint32_t pilot, uint32_t slots)
{
    uint64_t x = (hash ^ pilot * 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    return (uint32_t)(((x >> 32) * slots) >> 32);
}

/* The filter's word is named by the hash's low half, its bits by the high half. */
static inline uint64_t dd_tok_filter_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 52 & 63) | UINT64_C(1) << (hash >> 58);
}

static inline uint32_t dd_tok_long_hash(const uint8_t *s, size_t n)
{
    uint64_t h = n * 0x9e3779b97f4a7c15u, w;
    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&w, s, 8);
        h = dd_tok_fold(h ^ w, 0xd6e8feb86659fd93u);
    }
    w = 0;
    memcpy(&w, s, n);
    h = dd_tok_fold(h ^ w, 0xa0761d6478bd642fu);
    return (uint32_t)(h ^ (h >> 32));
}

extern const uint64_t dd_tok_masks[16][2];

/* The key of n <= 15 bytes; 16 bytes are read. */
static inline dd_tok_key dd_tok_key_of(const uint8_t *s, size_t n)
{
    dd_tok_key k;
    memcpy(&k, s, sizeof k);
    k.lo &= dd_tok_masks[n][0];
    k.hi = (k.hi & dd_tok_masks[n][1]) | (uint64_t)n << 56;
    return k;
}

/* Slot of the key, or DD_TOK_NONE. */
static inline uint32_t dd_tok_find_slot(const dd_tok_tables *t, dd_tok_key k)
{
    uint64_t hash = dd_tok_hash(k, t->seed_lo, t->seed_hi);
    uint32_t slot = dd_tok_slot(hash, t->pilots[dd_tok_bucket(hash, t->buckets)], t->slots);
    const dd_tok_key *at = &t->keys[slot];
    return ((at->lo ^ k.lo) | (at->hi ^ k.hi)) == 0 ? slot : DD_TOK_NONE;
}

/* Id of the token that is these n bytes, 3 <= n <= 15, or DD_TOK_NONE, which is the likely answer; reads 16 bytes. */
static inline uint32_t dd_tok_find_rare(const dd_tok_tables *t, const uint8_t *s, size_t n)
{
    dd_tok_key k = dd_tok_key_of(s, n);
    uint64_t   hash = dd_tok_hash(k, t->seed_lo, t->seed_hi), bits = dd_tok_filter_bits(hash);
    if ((t->filter[hash & t->filter_mask] & bits) != bits)
        return DD_TOK_NONE;
    uint32_t slot = dd_tok_find_slot(t, k);
    return slot == DD_TOK_NONE ? DD_TOK_NONE : t->ids[slot];
}

dd_tok_tables dd_tok_open(int which); /* 0: cl100k, 1: o200k */
/* Id of the token that is these n > 15 bytes, whose dd_tok_long_hash is `hash`, or DD_TOK_NONE. */
uint32_t dd_tok_find_hashed(const dd_tok_tables *t, const uint8_t *s, size_t n, uint32_t hash);

static inline uint32_t dd_tok_find_long(const dd_tok_tables *t, const uint8_t *s, size_t n)
{
    return n > DD_TOK_LONGEST ? DD_TOK_NONE : dd_tok_find_hashed(t, s, n, dd_tok_long_hash(s, n));
}

/* Id of the token s[0..n), n >= 1, or DD_TOK_NONE; `limit` ends what may be read. */
static inline uint32_t dd_tok_find(const dd_tok_tables *t, const uint8_t *s, size_t n, const uint8_t *limit)
{
    uint8_t pad[16] = {0};
    if (n > DD_TOK_SHORT)
        return dd_tok_find_long(t, s, n);
    if ((size_t)(limit - s) < 16)
        s = memcpy(pad, s, n);
    uint32_t slot = dd_tok_find_slot(t, dd_tok_key_of(s, n));
    return slot == DD_TOK_NONE ? DD_TOK_NONE : t->ids[slot];
}
#endif
