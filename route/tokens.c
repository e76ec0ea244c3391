/* Counting is one pass: find where the next piece ends, look the piece up, merge it if it is no token.
 *
 * Nearly all pieces of text and code are ASCII and at most 15 bytes long. Those take the short way here: a run of letters
 * is found with one comparison of 16 bytes, and the piece's key is one masked load. Whatever is not plainly such a piece
 * goes to tokens_split.c, which knows the whole patterns; both ways give the same pieces (tests/unit, tokens_fuzz.c).
 *
 * The patterns never look back, so a text may be cut at any piece's start: its last bytes are moved into a padded buffer
 * (DD_TOK_SLACK), and wide loads need no checks. */
#include "route/tokens.h"
#include "route/tokens_merge.h"
#include "route/tokens_split.h"
#include "route/tokens_utf8.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ALWAYS static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)

enum { APOSTROPHE = 128 }; /* class bit of one byte, beside those of tokens_table.h */

static const uint8_t ascii[256] = {
    ['\t'] = DD_TOK_SPACE, ['\v'] = DD_TOK_SPACE, ['\f'] = DD_TOK_SPACE, [' '] = DD_TOK_SPACE,
    ['\n'] = DD_TOK_SPACE | DD_TOK_BREAK, ['\r'] = DD_TOK_SPACE | DD_TOK_BREAK,
    ['0' ... '9'] = DD_TOK_NUMBER, ['\''] = APOSTROPHE,
    ['A' ... 'Z'] = DD_TOK_LETTER | DD_TOK_UPPER, ['a' ... 'z'] = DD_TOK_LETTER | DD_TOK_LOWER,
    [0x80 ... 0xff] = DD_TOK_HIGH,
};

/* Pieces that had to be merged, by key: identifiers and names come again. */
enum { MEMO_MAX = 2048 };
typedef struct {
    dd_tok_key key;       /* all zero: empty (a key holds its length) */
    uint32_t   starts;    /* a bit for each byte where a token begins */
    uint32_t   n;         /* how many */
} memo;

/* The same for longer ones, which are names and rules of dashes: where the text had it before. */
enum { LONG_MEMO_MAX = 256, LONG_MEMO_BYTES = 1024 };
typedef struct {
    const uint8_t *at;    /* NULL: empty */
    uint32_t       len, hash;
    int64_t        n;     /* how many tokens */
} long_memo;

typedef struct {
    dd_tok_tables t;
    int64_t       count;
    dd_token_fn  *each;
    void         *ctx;
    memo         *memos;
    uint32_t      memo_mask, long_mask;
    long_memo    *longs;
} encoder;

/* ---- splitting ---- */

#if defined(__SSE2__)
ALWAYS unsigned in_range(__m128i v, char low, char high)
{
    __m128i from_min = _mm_sub_epi8(v, _mm_set1_epi8((char)(low + 128)));
    return (unsigned)_mm_movemask_epi8(_mm_cmplt_epi8(from_min, _mm_set1_epi8((char)(high - low + 1 - 128))));
}

/* Bytes of the ASCII letters at q, at most 16. */
ALWAYS unsigned letters(const uint8_t *q)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)q);
    return (unsigned)__builtin_ctz(~in_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z'));
}

/* Bytes of the ASCII capitals and then small letters at q, at most 16. */
ALWAYS unsigned cased_letters(const uint8_t *q)
{
    __m128i  v = _mm_loadu_si128((const __m128i *)(const void *)q);
    unsigned upper = (unsigned)__builtin_ctz(~in_range(v, 'A', 'Z'));
    return upper + (unsigned)__builtin_ctz(~(in_range(v, 'a', 'z') >> upper));
}
#else
static unsigned run_of(const uint8_t *q, unsigned i, uint8_t bits)
{
    while (i < 16 && (ascii[q[i]] & bits))
        i++;
    return i;
}
ALWAYS unsigned letters(const uint8_t *q) { return run_of(q, 0, DD_TOK_LETTER); }
ALWAYS unsigned cased_letters(const uint8_t *q) { return run_of(q, run_of(q, 0, DD_TOK_UPPER), DD_TOK_LOWER); }
#endif

/* The short ways give NULL where the whole pattern must decide. `o200k` is a constant, so each encoding has its own copy. */
ALWAYS const uint8_t *short_word(const uint8_t *letter, const uint8_t *end, bool o200k)
{
    unsigned       n = o200k ? cased_letters(letter) : letters(letter);
    const uint8_t *to = letter + n;
    if (n == 16 || *to >= 0x80)
        return NULL;
    if (o200k && *to == '\'')
        to += dd_tok_contraction(to, end);
    return to;
}

ALWAYS const uint8_t *short_number(const uint8_t *p, const uint8_t *end)
{
    for (int i = 0; i < 3 && p < end; i++, p++)
        if (!(ascii[*p] & DD_TOK_NUMBER))
            return ascii[*p] & DD_TOK_HIGH ? NULL : p;
    return p;
}

ALWAYS const uint8_t *short_others(const uint8_t *q, const uint8_t *end, bool o200k)
{
    while (q < end && !(ascii[*q] & (DD_TOK_SPACE | DD_TOK_LETTER | DD_TOK_NUMBER | DD_TOK_HIGH)))
        q++;
    if (q < end && (ascii[*q] & DD_TOK_HIGH))
        return NULL;
    while (q < end && ((ascii[*q] & DD_TOK_BREAK) || (o200k && *q == '/')))
        q++;
    return q;
}

ALWAYS const uint8_t *short_spaces(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *q = p, *line = NULL;
    for (; q < end && (ascii[*q] & DD_TOK_SPACE); q++)
        if (ascii[*q] & DD_TOK_BREAK)
            line = q + 1;
    if (q == end || (ascii[*q] & DD_TOK_HIGH))
        return NULL;
    if (line != NULL)
        return line;
    return q - p > 1 ? q - 1 : q;
}

ALWAYS const uint8_t *short_rest(const uint8_t *p, const uint8_t *end, bool o200k)
{
    uint8_t class = ascii[*p];
    if (class & DD_TOK_NUMBER)
        return short_number(p, end);
    if (!(class & DD_TOK_SPACE))
        return short_others(p, end, o200k);
    if (*p == ' ' && !(ascii[p[1]] & (DD_TOK_SPACE | DD_TOK_NUMBER | DD_TOK_HIGH)))
        return short_others(p + 1, end, o200k);
    return short_spaces(p, end);
}

/* cl100k's first alternative: a contraction is a piece of its own, whatever is behind it. */
ALWAYS const uint8_t *short_apostrophe(const uint8_t *p, const uint8_t *end)
{
    size_t cut = dd_tok_contraction(p, end);
    if (cut > 0)
        return p + cut;
    return ascii[p[1]] & DD_TOK_LETTER ? short_word(p + 1, end, false) : short_others(p, end, false);
}

ALWAYS const uint8_t *piece_end(const uint8_t *p, const uint8_t *end, bool o200k)
{
    const uint8_t  no_lead = DD_TOK_NUMBER | DD_TOK_BREAK | DD_TOK_HIGH | (o200k ? 0 : APOSTROPHE);
    uint8_t        class = ascii[*p];
    const uint8_t *letter = p + !(class & DD_TOK_LETTER), *to = NULL;
    if (LIKELY(!(class & no_lead) && (ascii[*letter] & DD_TOK_LETTER)))
        to = short_word(letter, end, o200k);
    else if (!((class | ascii[p[1]]) & DD_TOK_HIGH))
        to = !o200k && (class & APOSTROPHE) ? short_apostrophe(p, end) : short_rest(p, end, o200k);
    if (LIKELY(to != NULL))
        return to;
    return o200k ? dd_tok_split_o200k(p, end) : dd_tok_split_cl100k(p, end);
}

/* ---- counting ---- */

/* The tokens of a merged piece: each goes from one bit of `starts` to the next. */
static void hand_on_parts(encoder *e, const uint8_t *p, size_t n, uint32_t starts)
{
    while (starts != 0) {
        uint32_t from = (uint32_t)__builtin_ctz(starts);
        starts &= starts - 1;
        uint32_t to = starts != 0 ? (uint32_t)__builtin_ctz(starts) : (uint32_t)n;
        e->each(e->ctx, dd_tok_find(&e->t, p + from, to - from, p + n + 16));
    }
}

static __attribute__((noinline)) void encode_merged(encoder *e, const uint8_t *p, size_t n, dd_tok_key key)
{
    memo *m = &e->memos[dd_tok_fold(key.lo ^ e->t.seed_lo, key.hi ^ e->t.seed_hi) & e->memo_mask];
    if (m->key.lo != key.lo || m->key.hi != key.hi) {
        m->key = key;
        m->starts = dd_tok_merge_short(&e->t, p, n);
        m->n = (uint32_t)__builtin_popcount(m->starts);
    }
    e->count += m->n;
    if (e->each != NULL)
        hand_on_parts(e, p, n, m->starts);
}

static bool remembers(const long_memo *m, const uint8_t *p, size_t n, uint32_t hash)
{
    return m->at != NULL && m->hash == hash && m->len == n && memcmp(m->at, p, n) == 0;
}

static int64_t count_long(encoder *e, const uint8_t *p, size_t n, uint32_t hash)
{
    long_memo *m = &e->longs[hash & e->long_mask];
    if (!remembers(m, p, n, hash))
        *m = (long_memo){p, (uint32_t)n, hash, dd_tok_merge_long(&e->t, p, n, NULL, NULL)};
    return m->n;
}

static __attribute__((noinline)) void encode_long(encoder *e, const uint8_t *p, size_t n)
{
    bool     memoed = n <= LONG_MEMO_BYTES;
    uint32_t hash = memoed ? dd_tok_long_hash(p, n) : 0;
    uint32_t id = n <= DD_TOK_LONGEST ? dd_tok_find_hashed(&e->t, p, n, hash) : DD_TOK_NONE;
    if (id == DD_TOK_NONE && memoed && e->each == NULL) {
        e->count += count_long(e, p, n, hash);
    } else if (id == DD_TOK_NONE) {
        e->count += dd_tok_merge_long(&e->t, p, n, e->each, e->ctx);
    } else {
        e->count++;
        if (e->each != NULL)
            e->each(e->ctx, id);
    }
}

ALWAYS void encode_piece(encoder *e, const uint8_t *p, size_t n)
{
    if (n > DD_TOK_SHORT) {
        encode_long(e, p, n);
        return;
    }
    dd_tok_key key = dd_tok_key_of(p, n);
    uint32_t   slot = dd_tok_find_slot(&e->t, key);
    if (slot == DD_TOK_NONE) {
        encode_merged(e, p, n, key);
        return;
    }
    e->count++;
    if (e->each != NULL)
        e->each(e->ctx, e->t.ids[slot]);
}

/* All pieces that begin before `stop`; where the last ends. DD_TOK_SLACK bytes behind `stop` can be read. */
ALWAYS const uint8_t *encode_run(encoder *e, const uint8_t *p, const uint8_t *stop, const uint8_t *end, bool o200k)
{
    while (p < stop) {
        const uint8_t *to = piece_end(p, end, o200k);
        encode_piece(e, p, (size_t)(to - p));
        p = to;
    }
    return p;
}

static void encode_text(encoder *e, const uint8_t *p, size_t n, bool o200k)
{
    uint8_t        tail[2 * DD_TOK_SLACK] = {0};
    const uint8_t *end = p + n;
    if (n > DD_TOK_SLACK)
        p = o200k ? encode_run(e, p, end - DD_TOK_SLACK, end, true) : encode_run(e, p, end - DD_TOK_SLACK, end, false);
    n = (size_t)(end - p);
    memcpy(tail, p, n);
    if (o200k)
        encode_run(e, tail, tail + n, tail + n, true);
    else
        encode_run(e, tail, tail + n, tail + n, false);
}

/* Short texts get few memos: clearing them costs, too. */
static uint32_t memo_mask_for(size_t n, uint32_t most, size_t bytes_each)
{
    uint32_t mask = 7;
    while (mask + 1 < most && mask * bytes_each < n)
        mask = mask * 2 + 1;
    return mask;
}

struct dd_token_memo {
    dd_encoding enc;
    memo        memos[MEMO_MAX];
};

static int64_t encode_valid(encoder *e, dd_encoding enc, dd_str text)
{
    long_memo longs[LONG_MEMO_MAX];
    e->t = dd_tok_open(enc == DD_ENC_O200K);
    e->longs = longs;
    e->long_mask = memo_mask_for(text.len, LONG_MEMO_MAX, 64);
    memset(longs, 0, (e->long_mask + 1) * sizeof *longs);
    encode_text(e, (const uint8_t *)text.ptr, text.len, enc == DD_ENC_O200K);
    e->longs = NULL;
    return e->count;
}

static int64_t encode(encoder *e, dd_encoding enc, dd_str text)
{
    dd_buf repaired = DD_BUF_INIT(0);
    if (enc == DD_ENC_NONE || text.len == 0)
        return 0;
    if (dd_tok_utf8_valid(text) < text.len) {
        dd_tok_utf8_repair(text, &repaired);
        text = dd_buf_str(&repaired);
    }
    int64_t n = encode_valid(e, enc, text);
    dd_buf_free(&repaired);
    return n;
}

int64_t dd_tokens_encode(dd_encoding enc, dd_str text, dd_token_fn *each, void *ctx)
{
    memo    memos[MEMO_MAX];
    encoder e = {.each = each, .ctx = ctx, .memos = memos, .memo_mask = memo_mask_for(text.len, MEMO_MAX, 16)};
    memset(memos, 0, (e.memo_mask + 1) * sizeof *memos);
    return encode(&e, enc, text);
}

dd_token_memo *dd_token_memo_new(dd_encoding enc)
{
    dd_token_memo *m = dd_calloc(1, sizeof *m);
    m->enc = enc;
    return m;
}

void dd_token_memo_free(dd_token_memo *m)
{
    free(m);
}

int64_t dd_tokens_encode_memo(dd_token_memo *m, dd_str text, dd_token_fn *each, void *ctx)
{
    encoder e = {.each = each, .ctx = ctx, .memos = m->memos, .memo_mask = MEMO_MAX - 1};
    return encode(&e, m->enc, text);
}

dd_encoding dd_tokens_encoding(dd_str name)
{
    if (dd_str_eqz(name, "cl100k_base"))
        return DD_ENC_CL100K;
    return dd_str_eqz(name, "o200k_base") ? DD_ENC_O200K : DD_ENC_NONE;
}
