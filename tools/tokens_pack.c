/* tools/tokens_pack.c - build the token tables of route/tokens_table.h from the plain files of tokens_extract.mjs.
 *
 * tokens_pack CL100K.tiktoken O200K.tiktoken UNICODE.classes OUT
 * Runs on the machine that builds; any fault in the input ends it with a message and status 1. */
#include <errno.h>
#include "route/tokens_table.h"

#define LOAD 0.97        /* slots are filled that far */
#define PER_BUCKET 4     /* keys a bucket, on average */
#define MAX_TOKENS 262144
#define FILTER_BITS 10   /* a token, at least */

typedef struct { uint8_t len, bytes[DD_TOK_LONGEST]; } token;
typedef struct { uint32_t first, count; } bucket;
typedef struct { uint64_t hash; uint32_t id; } hashed;

const uint64_t dd_tok_masks[16][2]; /* declared in the header, not needed here */

static uint8_t *blob;
static size_t   blob_len, blob_cap;

static _Noreturn void die(const char *what, const char *name)
{
    fprintf(stderr, "tokens_pack: %s: %s\n", name, what);
    exit(1);
}

static void *need(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (p == NULL)
        die("out of memory", "tables");
    return p;
}

/* Room for n bytes, on a cache line's start; its offset. */
static uint32_t place(const void *data, size_t n)
{
    size_t at = (blob_len + 63) & ~(size_t)63;
    while (at + n > blob_cap) {
        blob_cap = blob_cap ? blob_cap * 2 : 1 << 20;
        if ((blob = realloc(blob, blob_cap)) == NULL)
            die("out of memory", "tables");
    }
    memset(blob + blob_len, 0, at - blob_len);
    memcpy(blob + at, data, n);
    blob_len = at + n;
    return (uint32_t)at;
}

static int digit64(int c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? strchr(digits, c) : NULL;
    return p ? (int)(p - digits) : -1;
}

static size_t decode64(const char *s, uint8_t *out, size_t max)
{
    uint32_t bits = 0;
    size_t   have = 0, n = 0;
    for (; digit64(*s) >= 0; s++) {
        bits = bits << 6 | (uint32_t)digit64(*s);
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (n == max)
            return 0;
        out[n++] = (uint8_t)(bits >> have);
    }
    return n;
}

static uint32_t read_ranks(const char *name, token *out)
{
    char     line[512];
    uint32_t n = 0;
    FILE    *f = fopen(name, "r");
    if (f == NULL)
        die(strerror(errno), name);
    for (; fgets(line, sizeof line, f) != NULL; n++) {
        const char *space = strchr(line, ' ');
        if (n == MAX_TOKENS || space == NULL || strtoul(space + 1, NULL, 10) != n)
            die("not a rank file: ranks must count up from 0", name);
        out[n].len = (uint8_t)decode64(line, out[n].bytes, DD_TOK_LONGEST);
        if (out[n].len == 0)
            die("a token is empty, too long or no base64", name);
    }
    fclose(f);
    return n;
}

static dd_tok_key key_of(const token *t)
{
    dd_tok_key k = {0, 0};
    memcpy(&k, t->bytes, t->len);
    k.hi |= (uint64_t)t->len << 56;
    return k;
}

static int by_hash(const void *a, const void *b)
{
    const hashed *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static int by_count(const void *a, const void *b)
{
    const bucket *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : (x->first < y->first ? -1 : 1);
}

/* Do the bucket's keys all land on free, different slots? Then they take them. */
static bool settle(const hashed *h, uint32_t count, uint32_t pilot, uint32_t slots, uint32_t *owner)
{
    uint32_t done = 0;
    for (; done < count; done++) {
        uint32_t slot = dd_tok_slot(h[done].hash, pilot, slots);
        if (owner[slot] != DD_TOK_NONE)
            break;
        owner[slot] = h[done].id;
    }
    if (done == count)
        return true;
    while (done-- > 0)
        owner[dd_tok_slot(h[done].hash, pilot, slots)] = DD_TOK_NONE;
    return false;
}

static bool assign(const dd_tok_enc *e, const hashed *h, uint32_t n, uint16_t *pilots, uint32_t *owner)
{
    bucket *b = need(sizeof *b * e->buckets);
    bool    fits = true;
    for (uint32_t i = 0; i < e->buckets; i++)
        b[i].first = DD_TOK_NONE;
    for (uint32_t i = 0; i < n; i++) { /* sorted by hash, so a bucket's keys are neighbours */
        bucket *at = &b[dd_tok_bucket(h[i].hash, e->buckets)];
        at->first = at->count++ == 0 ? i : at->first;
    }
    qsort(b, e->buckets, sizeof *b, by_count);
    for (uint32_t i = 0; i < e->buckets && b[i].count > 0 && fits; i++) {
        uint32_t pilot = 0;
        while (pilot <= UINT16_MAX && !settle(h + b[i].first, b[i].count, pilot, e->slots, owner))
            pilot++;
        fits = pilot <= UINT16_MAX;
        if (fits)
            pilots[dd_tok_bucket(h[b[i].first].hash, e->buckets)] = (uint16_t)pilot;
    }
    free(b);
    return fits;
}

static void pack_short(dd_tok_enc *e, const token *tokens, const char *name)
{
    hashed  *h = need(sizeof *h * e->tokens);
    uint32_t n = 0;
    for (uint32_t id = 0; id < e->tokens; id++)
        n += tokens[id].len <= DD_TOK_SHORT;
    e->slots = (uint32_t)(n / LOAD) + 1;
    e->buckets = n / PER_BUCKET + 1;
    uint16_t *pilots = need(sizeof *pilots * e->buckets);
    uint32_t *owner = need(sizeof *owner * e->slots);
    for (int attempt = 0;; attempt++) {
        if (attempt == 50)
            die("no perfect hash found", name);
        e->seed_lo = 0x243f6a8885a308d3u * (uint64_t)(2 * attempt + 1);
        e->seed_hi = 0x13198a2e03707344u * (uint64_t)(2 * attempt + 1);
        n = 0;
        for (uint32_t id = 0; id < e->tokens; id++)
            if (tokens[id].len <= DD_TOK_SHORT)
                h[n++] = (hashed){dd_tok_hash(key_of(&tokens[id]), e->seed_lo, e->seed_hi), id};
        qsort(h, n, sizeof *h, by_hash);
        memset(owner, 0xff, sizeof *owner * e->slots);
        if (assign(e, h, n, pilots, owner))
            break;
    }
    dd_tok_key *keys = need(sizeof *keys * e->slots);
    for (uint32_t slot = 0; slot < e->slots; slot++)
        if (owner[slot] != DD_TOK_NONE) /* a free slot's key is all zero, with length 0: never asked for */
            keys[slot] = key_of(&tokens[owner[slot]]);
    e->keys = place(keys, sizeof *keys * e->slots);
    e->ids = place(owner, sizeof *owner * e->slots);
    e->pilots = place(pilots, sizeof *pilots * e->buckets);
    free(keys);
    free(owner);
    free(pilots);
    free(h);
}

static void pack_tiny(dd_tok_enc *e, const token *tokens, const char *name)
{
    uint32_t *pairs = need(65536 * sizeof *pairs), *bytes = need(256 * sizeof *bytes);
    memset(pairs, 0xff, 65536 * sizeof *pairs);
    memset(bytes, 0xff, 256 * sizeof *bytes);
    for (uint32_t id = 0; id < e->tokens; id++) {
        const token *t = &tokens[id];
        if (t->len == 1)
            bytes[t->bytes[0]] = id;
        else if (t->len == 2)
            pairs[t->bytes[0] << 8 | t->bytes[1]] = id;
    }
    for (int i = 0; i < 256; i++)
        if (bytes[i] == DD_TOK_NONE)
            die("a single byte is no token", name);
    e->pairs = place(pairs, 65536 * sizeof *pairs);
    e->bytes = place(bytes, 256 * sizeof *bytes);
    free(pairs);
    free(bytes);
}

static void pack_filter(dd_tok_enc *e, const token *tokens)
{
    e->filter_mask = 1;
    while ((size_t)e->filter_mask * 64 < (size_t)e->tokens * FILTER_BITS)
        e->filter_mask = e->filter_mask * 2 + 1;
    uint64_t *filter = need(sizeof *filter * ((size_t)e->filter_mask + 1));
    for (uint32_t id = 0; id < e->tokens; id++) {
        if (tokens[id].len < 3 || tokens[id].len > DD_TOK_SHORT)
            continue;
        uint64_t hash = dd_tok_hash(key_of(&tokens[id]), e->seed_lo, e->seed_hi);
        filter[hash & e->filter_mask] |= dd_tok_filter_bits(hash);
    }
    e->filter = place(filter, sizeof *filter * ((size_t)e->filter_mask + 1));
    free(filter);
}

static void pack_long(dd_tok_enc *e, const token *tokens)
{
    uint32_t n = 0, at = 0;
    for (uint32_t id = 0; id < e->tokens; id++)
        n += tokens[id].len > DD_TOK_SHORT;
    e->long_mask = 255;
    while (e->long_mask < 2 * n)
        e->long_mask = e->long_mask * 2 + 1;
    dd_tok_long *longs = need(sizeof *longs * ((size_t)e->long_mask + 1));
    uint8_t     *bytes = need((size_t)n * DD_TOK_LONGEST);
    for (uint32_t id = 0; id < e->tokens; id++) {
        const token *t = &tokens[id];
        if (t->len <= DD_TOK_SHORT)
            continue;
        uint32_t hash = dd_tok_long_hash(t->bytes, t->len), slot = hash & e->long_mask;
        while (longs[slot].len != 0)
            slot = (slot + 1) & e->long_mask;
        longs[slot] = (dd_tok_long){id, at, t->len, hash};
        memcpy(bytes + at, t->bytes, t->len);
        at += t->len;
    }
    e->longs = place(longs, sizeof *longs * ((size_t)e->long_mask + 1));
    e->long_bytes = place(bytes, at);
    free(longs);
    free(bytes);
}

static void pack_encoding(dd_tok_enc *e, const char *name)
{
    token *tokens = need(sizeof *tokens * MAX_TOKENS);
    e->tokens = read_ranks(name, tokens);
    pack_short(e, tokens, name);
    pack_filter(e, tokens);
    pack_tiny(e, tokens, name);
    pack_long(e, tokens);
    free(tokens);
}

static uint8_t class_bits(const char *name)
{
    static const struct { const char *name; uint8_t bits; } classes[] = {
        {"Lu", DD_TOK_LETTER | DD_TOK_UPPER}, {"Lt", DD_TOK_LETTER | DD_TOK_UPPER}, {"Ll", DD_TOK_LETTER | DD_TOK_LOWER},
        {"Lm", DD_TOK_LETTER | DD_TOK_UPPER | DD_TOK_LOWER}, {"Lo", DD_TOK_LETTER | DD_TOK_UPPER | DD_TOK_LOWER},
        {"M", DD_TOK_UPPER | DD_TOK_LOWER}, {"N", DD_TOK_NUMBER}, {"Z", DD_TOK_SPACE},
    };
    for (size_t i = 0; i < DD_COUNT(classes); i++)
        if (!strcmp(name, classes[i].name))
            return classes[i].bits;
    return 0;
}

static void pack_classes(dd_tok_head *head, const char *name)
{
    enum { POINTS = 0x110000, BLOCKS = POINTS / DD_TOK_BLOCK };
    uint8_t *all = need(POINTS), *index = need(BLOCKS), *blocks = need(256 * DD_TOK_BLOCK);
    unsigned from, to, used = 0;
    char     class[8];
    FILE    *f = fopen(name, "r");
    if (f == NULL)
        die(strerror(errno), name);
    while (fscanf(f, "%x %x %7s", &from, &to, class) == 3) {
        if (from > to || to >= POINTS || class_bits(class) == 0)
            die("not a class table", name);
        memset(all + from, class_bits(class), to - from + 1);
    }
    fclose(f);
    all['\r'] |= DD_TOK_BREAK;
    all['\n'] |= DD_TOK_BREAK;
    for (unsigned b = 0; b < BLOCKS; b++) {
        unsigned i = 0;
        while (i < used && memcmp(blocks + i * DD_TOK_BLOCK, all + b * DD_TOK_BLOCK, DD_TOK_BLOCK) != 0)
            i++;
        if (i == 256)
            die("too many different blocks", name);
        memcpy(blocks + i * DD_TOK_BLOCK, all + b * DD_TOK_BLOCK, DD_TOK_BLOCK);
        used += i == used;
        index[b] = (uint8_t)i;
    }
    head->class_index = place(index, BLOCKS);
    head->class_blocks = place(blocks, (size_t)used * DD_TOK_BLOCK);
    free(all);
    free(index);
    free(blocks);
}

int main(int argc, char **argv)
{
    dd_tok_head head = {.magic = DD_TOK_MAGIC};
    if (argc != 5)
        die("expected CL100K O200K CLASSES OUT", "arguments");
    place(&head, sizeof head);
    pack_classes(&head, argv[3]);
    pack_encoding(&head.enc[0], argv[1]);
    pack_encoding(&head.enc[1], argv[2]);
    head.size = (uint32_t)blob_len;
    memcpy(blob, &head, sizeof head);
    FILE *f = fopen(argv[4], "wb");
    if (f == NULL || fwrite(blob, 1, blob_len, f) != blob_len || fclose(f) != 0)
        die(strerror(errno), argv[4]);
    return 0;
}
