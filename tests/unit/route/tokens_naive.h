/* tests/unit/route/tokens_naive.h - the encodings as slowly and plainly as they are described, to compare with.
 *
 * The pieces come from tokens_split.c alone, without the shortcuts of tokens.c; a piece is merged as a whole, the lowest
 * rank first, looking at all pairs again after each merge. Ids turn back into bytes through the tables' own keys. */
#ifndef DD_TEST_TOKENS_NAIVE_H
#define DD_TEST_TOKENS_NAIVE_H
#include "route/tokens.h"
#include "route/tokens_split.h"
#include "route/tokens_table.h"

typedef DD_VEC(uint32_t) naive_ids;

static inline void naive_push(void *ctx, uint32_t id)
{
    naive_ids *ids = ctx;
    dd_vec_push(ids, id);
}

static inline size_t naive_lowest(const dd_tok_tables *t, const uint8_t *s, const uint32_t *at, size_t parts)
{
    uint32_t lowest = DD_TOK_NONE;
    size_t   where = parts;
    for (size_t i = 0; i + 1 < parts; i++) {
        uint32_t rank = dd_tok_find(t, s + at[i], at[i + 2] - at[i], s + at[parts]);
        if (rank < lowest) {
            lowest = rank;
            where = i;
        }
    }
    return where;
}

static inline void naive_merge(const dd_tok_tables *t, const uint8_t *s, size_t n, naive_ids *out)
{
    uint32_t *at = dd_malloc((n + 1) * sizeof *at);
    size_t    parts = n, i;
    for (i = 0; i <= n; i++)
        at[i] = (uint32_t)i;
    while ((i = naive_lowest(t, s, at, parts)) < parts) {
        memmove(at + i + 1, at + i + 2, (parts - i - 1) * sizeof *at);
        parts--;
    }
    for (i = 0; i < parts; i++)
        dd_vec_push(out, dd_tok_find(t, s + at[i], at[i + 1] - at[i], s + n));
    free(at);
}

/* `text` is valid UTF-8. */
static inline void naive_encode(dd_encoding enc, dd_str text, naive_ids *out)
{
    dd_tok_tables  t = dd_tok_open(enc == DD_ENC_O200K);
    const uint8_t *p = (const uint8_t *)text.ptr, *end = p + text.len;
    while (p < end) {
        const uint8_t *to = enc == DD_ENC_O200K ? dd_tok_split_o200k(p, end) : dd_tok_split_cl100k(p, end);
        uint32_t       id = dd_tok_find(&t, p, (size_t)(to - p), end);
        if (id != DD_TOK_NONE)
            dd_vec_push(out, id);
        else
            naive_merge(&t, p, (size_t)(to - p), out);
        p = to;
    }
}

/* The bytes of a token; false: there is no such id. Slow without `index`, which naive_index makes. */
typedef struct { const uint8_t *s; size_t n; } naive_token;

static inline naive_token *naive_index(dd_encoding enc)
{
    const dd_tok_head *head = (const dd_tok_head *)(const void *)dd_tok_blob;
    const dd_tok_enc  *e = &head->enc[enc == DD_ENC_O200K];
    dd_tok_tables      t = dd_tok_open(enc == DD_ENC_O200K);
    naive_token       *index = dd_calloc(e->tokens, sizeof *index);
    for (uint32_t i = 0; i < e->slots; i++)
        if (t.ids[i] != DD_TOK_NONE)
            index[t.ids[i]] = (naive_token){(const uint8_t *)&t.keys[i], (size_t)(t.keys[i].hi >> 56)};
    for (uint32_t i = 0; i <= e->long_mask; i++)
        if (t.longs[i].len != 0)
            index[t.longs[i].id] = (naive_token){t.long_bytes + t.longs[i].at, t.longs[i].len};
    return index;
}
#endif
