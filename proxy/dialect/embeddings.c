/* Embeddings as clients ask for them (S18).
 *
 * The official clients ask for base64 unless told otherwise and decode it without a look; providers that do not know encoding_format answer
 * with numbers.
 * Source: OpenAI's API reference, "Create embeddings"; openai-python, resources/embeddings.py (numpy float32, little-endian), read 2026-11-20. */
#include <math.h>

#include "proxy/dialect/dialect.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes at a time, from a stream of bytes. */
typedef struct { uint32_t bits; int bytes; char *to; } base64;

static void put_byte(base64 *b, unsigned char byte)
{
    b->bits = b->bits << 8 | byte;
    if (++b->bytes < 3)
        return;
    for (int shift = 18; shift >= 0; shift -= 6)
        *b->to++ = digits[b->bits >> shift & 63];
    b->bits  = 0;
    b->bytes = 0;
}

static void put_rest(base64 *b)
{
    if (b->bytes == 0)
        return;
    int      n    = b->bytes;
    uint32_t bits = b->bits << (24 - 8 * n);
    for (int i = 0; i < 4; i++)
        *b->to++ = i <= n ? digits[bits >> (18 - 6 * i) & 63] : '=';
}

/* ptr NULL: something in it is no number that a float can hold. */
static dd_str encode(const dd_jspan *j, uint32_t vector, dd_arena *arena)
{
    size_t  bytes = (size_t)j->v[vector].count * 4;
    char   *text  = dd_arena_alloc(arena, (bytes + 2) / 3 * 4 + 2);
    base64  b     = { .to = text };
    *b.to++       = '"';
    for (dd_jit it = dd_jspan_each(j, vector); dd_jspan_step(j, &it);) {
        double   number;
        uint32_t bits;
        if (!dd_jspan_f64(j, it.value, &number) || !isfinite((float)number))
            return DD_STR_NULL;
        float value = (float)number;
        memcpy(&bits, &value, sizeof bits);
        for (int i = 0; i < 4; i++)
            put_byte(&b, (unsigned char)(bits >> 8 * i));
    }
    put_rest(&b);
    *b.to++ = '"';
    return (dd_str){ text, (size_t)(b.to - text) };
}

dd_str dd_embeddings_base64(const dd_jspan *body, dd_arena *arena)
{
    dd_jedits edits = { 0 };
    for (dd_jit it = dd_jspan_each(body, dd_jspan_member(body, 0, "data", NULL)); dd_jspan_step(body, &it);) {
        uint32_t vector = dd_jspan_member(body, it.value, "embedding", NULL);
        if (dd_jspan_kind(body, vector) != DD_J_ARRAY)
            continue;
        dd_str text = encode(body, vector, arena);
        if (text.ptr)
            dd_jedit_replace(&edits, arena, body, vector, text);
    }
    return edits.n ? dd_jedit_apply(&edits, arena, body) : DD_STR_NULL;
}
