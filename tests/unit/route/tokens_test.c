/* R2.7: token counts exactly as the reference. The 3,000 public vectors run in tests/cli/tokens_test.py. */
#include "route/tokens.h"
#include "route/tokens_utf8.h"
#include "tests/unit/route/tokens_naive.h"
#include "tests/unit/test.h"

#define CL DD_ENC_CL100K
#define O2 DD_ENC_O200K

/* From the reference's own documentation and its maker's cookbook ("How to count tokens with tiktoken"). */
static const struct { const char *why; dd_encoding enc; const char *text; uint32_t ids[12]; size_t n; } known[] = {
    {"words", CL, "hello world", {15339, 1917}, 2},
    {"words", O2, "hello world", {24912, 2375}, 2},
    {"a sentence", CL, "tiktoken is great!", {83, 1609, 5963, 374, 2294, 0}, 6},
    {"a long word is merged", CL, "antidisestablishmentarianism", {519, 85342, 34500, 479, 8997, 2191}, 6},
    {"a long word is merged", O2, "antidisestablishmentarianism", {493, 129901, 376, 160388, 21203, 2367}, 6},
    {"digits stand alone", CL, "2 + 2 = 4", {17, 489, 220, 17, 284, 220, 19}, 7},
    {"digits stand alone", O2, "2 + 2 = 4", {17, 659, 220, 17, 314, 220, 19}, 7},
    {"a run of letters that is no ASCII", CL, "お誕生日おめでとう", {33334, 45918, 243, 21990, 9080, 33334, 62004, 16556, 78699}, 9},
    {"a run of letters that is no ASCII", O2, "お誕生日おめでとう", {8930, 9697, 243, 128225, 8930, 17693, 4344, 48669}, 8},
};

TEST(tokens_known_ids)
{
    for (size_t i = 0; i < DD_COUNT(known); i++) {
        naive_ids got = {0};
        CHECK_EQ(dd_tokens_encode(known[i].enc, dd_str_z(known[i].text), naive_push, &got), known[i].n, known[i].why);
        for (size_t k = 0; k < got.n && k < known[i].n; k++)
            CHECK_EQ(got.v[k], known[i].ids[k], known[i].text);
        dd_vec_free(&got);
    }
}

/* Pieces by the patterns in words (docs/tokens.md), marked with |. */
static const struct { const char *why; dd_encoding enc; const char *pieces; } splits[] = {
    {"a blank goes with the word behind it", CL, "a| bc|  | d"},
    {"any one character but a line break leads a word", CL, "(a|\tb|\n|c"},
    {"contractions stand apart in cl100k", CL, "it|'s|'LL|'x"},
    {"the long s is an s", CL, "it|'ſ"},
    {"contractions go with the word in o200k", O2, "it's|'x| we'LL"},
    {"three digits at most", CL, "123|456|7| |8"},
    {"signs take the line breaks behind them", CL, "};\n\n|/x"},
    {"and slashes in o200k", O2, "};\n/\n| x"},
    {"a run of white space ends with its last line break", CL, " \n \n|  | x"},
    {"at the text's end it stays whole in cl100k", CL, "x|\n  "},
    {"but not in o200k", O2, "x|\n|  "},
    {"the last blank is left for the next word", O2, "x|   | y"},
    {"words end before a capital behind small letters in o200k", O2, "get|HTTPResponse|Code"},
    {"but not in cl100k", CL, "getHTTPResponseCode"},
    {"a mark is no letter in cl100k", CL, "e|\u0301| x"},
    {"a mark belongs to the word in o200k", O2, "e\u0301x"},
    {"the greedy first run gives back a mark", O2, "\u0301|A"},
    {"U+0085 is white space, U+FEFF is not", CL, "\xc2\x85\xc2\x85| \ufeff"},
};

TEST(tokens_pieces)
{
    for (size_t i = 0; i < DD_COUNT(splits); i++) {
        dd_buf text = DD_BUF_INIT(0), got = DD_BUF_INIT(0);
        for (const char *c = splits[i].pieces; *c; c++)
            if (*c != '|')
                dd_buf_addc(&text, *c);
        const uint8_t *p = (const uint8_t *)dd_buf_z(&text), *end = p + text.len;
        while (p < end) {
            const uint8_t *to = splits[i].enc == O2 ? dd_tok_split_o200k(p, end) : dd_tok_split_cl100k(p, end);
            dd_buf_add(&got, (dd_str){(const char *)p, (size_t)(to - p)});
            dd_buf_addz(&got, to < end ? "|" : "");
            p = to;
        }
        CHECK_EQ(dd_str_eqz(dd_buf_str(&got), splits[i].pieces), true, splits[i].why);
        CHECK_STR(dd_buf_str(&got), splits[i].pieces);
        dd_buf_free(&text);
        dd_buf_free(&got);
    }
}

/* Unicode 16, table 3-8 and the examples of section 3.9; Python's bytes.decode("utf-8", "replace") agrees. */
static const struct { const char *why, *bytes, *want; } broken[] = {
    {"a lone continuation byte", "a\x80z", "a\ufffdz"},
    {"two of them are two", "\x80\xbf", "\ufffd\ufffd"},
    {"a sequence cut short is one", "\xe2\x82z", "\ufffdz"},
    {"also at the end", "\xf0\x9f\x98", "\ufffd"},
    {"overlong forms: every byte", "\xc0\xaf\xe0\x80\xbf", "\ufffd\ufffd\ufffd\ufffd\ufffd"},
    {"surrogates: every byte", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
    {"past U+10FFFF: every byte", "\xf4\x91\x92\x93", "\ufffd\ufffd\ufffd\ufffd"},
    {"truncated sequences of table 3-11", "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "\ufffd\ufffd\ufffd\ufffd\x41"},
    {"valid text stays", "z\u00e9\u20ac\U0001f600", "z\u00e9\u20ac\U0001f600"},
};

TEST(tokens_invalid_utf8)
{
    for (size_t i = 0; i < DD_COUNT(broken); i++) {
        dd_str    raw = dd_str_z(broken[i].bytes);
        dd_buf    got = DD_BUF_INIT(0);
        naive_ids a = {0}, b = {0};
        dd_tok_utf8_repair(raw, &got);
        CHECK_EQ(dd_str_eqz(dd_buf_str(&got), broken[i].want), true, broken[i].why);
        dd_tokens_encode(O2, raw, naive_push, &a);
        dd_tokens_encode(O2, dd_str_z(broken[i].want), naive_push, &b);
        CHECK_EQ(a.n == b.n && memcmp(a.v, b.v, a.n * sizeof *a.v) == 0, true, broken[i].why);
        dd_buf_free(&got);
        dd_vec_free(&a);
        dd_vec_free(&b);
    }
}

static void compare(dd_encoding enc, dd_str text, const char *why)
{
    naive_ids got = {0}, want = {0};
    int64_t   n = dd_tokens_encode(enc, text, naive_push, &got);
    naive_encode(enc, text, &want);
    CHECK_EQ(n, want.n, why);
    CHECK_EQ(got.n == want.n && (got.n == 0 || memcmp(got.v, want.v, got.n * sizeof *got.v) == 0), true, why);
    dd_vec_free(&got);
    dd_vec_free(&want);
}

static uint32_t draw(uint64_t *state) /* a 64-bit linear congruential generator's high half */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

TEST(tokens_long_pieces_are_merged_in_windows)
{
    static const char *const alphabets[] = {"a", "ab", "aeinrst", "abcdefghijklmnopqrstuvwxyz", "lLoO", "ACGT"};
    uint64_t state = 1;
    char     text[1500];
    for (size_t i = 0; i < 60; i++) {
        const char *alphabet = alphabets[i % DD_COUNT(alphabets)];
        size_t      n = 1 + draw(&state) % sizeof text, letters = strlen(alphabet);
        for (size_t k = 0; k < n; k++)
            text[k] = alphabet[draw(&state) % letters];
        compare(CL, (dd_str){text, n}, "one run of letters");
        compare(O2, (dd_str){text, n}, "one run of letters");
    }
}

TEST(tokens_quick_way_and_plain_way_agree)
{
    static const char *const bits[] = {"a", "Z", "word", " ", "  ", "\n", "\r\n", "\t", "'", "'s", "'RE", "1", "23", ".", "//", "é", "ſ",
                                       "\u0301", "漢", "\U0001f600", "\u00a0", "\xc2\x85", "Ⅷ", "ª", "ABC", "-", "\u2028", "=", "_x", "़"};
    uint64_t state = 7;
    for (size_t i = 0; i < 3000; i++) {
        dd_buf text = DD_BUF_INIT(0);
        for (size_t n = draw(&state) % 60; n > 0; n--)
            dd_buf_addz(&text, bits[draw(&state) % DD_COUNT(bits)]);
        compare(CL, dd_buf_str(&text), "random pieces");
        compare(O2, dd_buf_str(&text), "random pieces");
        dd_buf_free(&text);
    }
}

TEST(tokens_every_token_has_its_id)
{
    const dd_encoding encodings[] = {CL, O2};
    const uint32_t    sizes[] = {100256, 199998};
    for (size_t i = 0; i < 2; i++) {
        dd_tok_tables t = dd_tok_open(encodings[i] == O2);
        naive_token  *index = naive_index(encodings[i]);
        size_t        wrong = 0;
        for (uint32_t id = 0; id < sizes[i]; id++)
            wrong += index[id].n == 0 || dd_tok_find(&t, index[id].s, index[id].n, index[id].s + index[id].n) != id;
        CHECK_EQ(wrong, 0, "ids 0 to 100255, and 0 to 199997, are all there");
        free(index);
    }
}

TEST(tokens_a_megabyte_of_one_letter)
{
    size_t n = 1 << 20;
    char  *text = dd_malloc(n);
    memset(text, 'a', n); /* cl100k: "aaaaaaaa" is a token and repeats; 131,072 of them */
    CHECK_EQ(dd_tokens_count(CL, ((dd_str){text, n})), n / 8, "eight letters a token");
    memset(text, ' ', n);
    CHECK(dd_tokens_count(O2, ((dd_str){text, n})) > 0);
    free(text);
}

TEST(tokens_with_a_memo_are_the_same)
{
    static const char *const texts[] = {"antidisestablishmentarianism", "", "xyzzyplugh xyzzyplugh", "xyzzyplugh", "antidisestablishmentarianism a\x80"};
    dd_token_memo *memo = dd_token_memo_new(CL);
    for (size_t i = 0; i < DD_COUNT(texts); i++) {
        naive_ids a = {0}, b = {0};
        CHECK_EQ(dd_tokens_encode_memo(memo, dd_str_z(texts[i]), naive_push, &a), dd_tokens_encode(CL, dd_str_z(texts[i]), naive_push, &b), texts[i]);
        CHECK_EQ(a.n == b.n && (a.n == 0 || memcmp(a.v, b.v, a.n * sizeof *a.v) == 0), true, texts[i]);
        dd_vec_free(&a);
        dd_vec_free(&b);
    }
    dd_token_memo_free(memo);
}

TEST(tokens_nothing)
{
    CHECK_EQ(dd_tokens_count(CL, DD_STR("")), 0, "an empty text has no tokens");
    CHECK_EQ(dd_tokens_count(DD_ENC_NONE, DD_STR("x")), 0, "no encoding, no tokens");
    CHECK_EQ(dd_tokens_count(CL, DD_STR("\0")), 1, "a zero byte is a byte");
    CHECK_EQ(dd_tokens_encoding(DD_STR("o200k_base")), O2, "by name");
    CHECK_EQ(dd_tokens_encoding(DD_STR("p50k_base")), DD_ENC_NONE, "not one of the two");
}

/* Special tokens count as plain text: "<|endoftext|>" is 7 tokens, not 1 (tiktoken: disallowed_special=()). */
TEST(tokens_special_tokens_are_text)
{
    CHECK_EQ(dd_tokens_count(CL, DD_STR("<|endoftext|>")), 7, "cl100k");
    CHECK_EQ(dd_tokens_count(O2, DD_STR("<|endoftext|>")), 7, "o200k");
}

static const struct { const char *model, *tag; } guesses[] = {
    {"gpt-6-x", "o200k_base"}, {"openai/gpt-4o-mini", "o200k_base"}, {"gpt-4.1-nano", "o200k_base"}, {"o3-mini", "o200k_base"},
    {"gpt-4-1106-preview", "cl100k_base"}, {"gpt-4", "cl100k_base"}, {"gpt-3.5-turbo-0301", "cl100k_base"}, {"gpt-35-turbo", "cl100k_base"},
    {"text-embedding-3-small", "cl100k_base"}, {"text-davinci-003", "p50k_base"}, {"openai/gpt-oss-120b", "o200k_harmony"},
    {"claude-9", "claude-4.7"}, {"claude-opus-4-7", "claude-4.7"}, {"anthropic.claude-opus-4-20250514-v1:0", "claude-3"},
    {"claude-3-5-sonnet-20241022", "claude-3"}, {"claude-sonnet-4-6", "claude-3"}, {"anthropic.claude-v2:1", "claude-2"},
    {"claude-instant-1.2", "claude-2"}, {"gemini-3.8-flash", "gemini"}, {"meta-llama/Llama-3.3-70B-Instruct", "llama-3"},
    {"mistral-large-latest", "mistral-tekken"}, {"something-new", "unknown"},
};

TEST(tokens_guess_by_name)
{
    for (size_t i = 0; i < DD_COUNT(guesses); i++)
        CHECK_STR(dd_tokenizer_guess(dd_str_z(guesses[i].model)), guesses[i].tag);
}

TEST(tokens_estimates)
{
    bool    exact = false;
    dd_str  prose = DD_STR("The quick brown fox jumps over the lazy dog, and then it goes home to sleep.");
    dd_str  code = DD_STR("for (int i = 0; i < n; i++) { sum += a[i] * b[i]; }");
    int64_t n = dd_tokens_count(O2, prose), m = dd_tokens_count(O2, code);
    CHECK_EQ(dd_tokens_model(DD_STR("o200k_base"), prose, &exact), n, "its own encoding");
    CHECK_EQ(exact, true, "which is exact");
    CHECK_EQ(dd_tokens_model(DD_STR("claude-3"), prose, &exact), (n * 116 + 99) / 100, "1.16 times in prose, rounded up");
    CHECK_EQ(exact, false, "which is an estimate");
    CHECK_EQ(dd_tokens_model(DD_STR("claude-3"), code, NULL), (m * 130 + 99) / 100, "1.30 times in code");
    CHECK_EQ(dd_tokens_model(DD_STR("claude-2"), DD_STR("漢字仮名"), NULL), (dd_tokens_count(O2, DD_STR("漢字仮名")) * 3 + 1) / 2, "1.5 times in CJK");
    CHECK_STR(dd_str_z(dd_tokenizer_find(DD_STR("no such tag"))->tag), "unknown");
    CHECK_EQ(dd_tokens_overhead(DD_STR("o200k_base")).per_message, 3, "three a message");
    CHECK_EQ(dd_tokens_overhead(DD_STR("cl100k_base")).per_reply, 3, "three for the reply");
}
