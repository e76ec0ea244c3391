/* Any bytes: the quick way gives the ids of the plain way (tokens_naive.h), as many as it counts, and they decode to the
 * text, with U+FFFD where it was not UTF-8. */
#include "route/tokens_utf8.h"
#include "tests/unit/route/tokens_naive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool held, const char *what)
{
    if (!held) {
        fprintf(stderr, "property broken: %s\n", what);
        abort();
    }
}

static void check(dd_encoding enc, dd_str raw, dd_str text, const naive_token *index)
{
    naive_ids got = {0}, want = {0};
    dd_buf    back = DD_BUF_INIT(0);
    int64_t   n = dd_tokens_encode(enc, raw, naive_push, &got);
    naive_encode(enc, text, &want);
    insist(n == (int64_t)got.n && n == dd_tokens_count(enc, raw), "the count is that of the ids");
    insist(got.n == want.n && (got.n == 0 || memcmp(got.v, want.v, got.n * sizeof *got.v) == 0), "the plain way gives the same ids");
    for (size_t i = 0; i < got.n; i++)
        dd_buf_add(&back, (dd_str){(const char *)index[got.v[i]].s, index[got.v[i]].n});
    insist(dd_str_eq(dd_buf_str(&back), text), "the ids decode to the text");
    dd_buf_free(&back);
    dd_vec_free(&got);
    dd_vec_free(&want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static naive_token *cl100k, *o200k;
    dd_str              raw = {(const char *)data, size};
    dd_buf              text = DD_BUF_INIT(0);
    if (cl100k == NULL) {
        cl100k = naive_index(DD_ENC_CL100K);
        o200k = naive_index(DD_ENC_O200K);
    }
    dd_tok_utf8_repair(raw, &text);
    insist(dd_utf8_valid(dd_buf_str(&text)), "what was repaired is UTF-8");
    check(DD_ENC_CL100K, raw, dd_buf_str(&text), cl100k);
    check(DD_ENC_O200K, raw, dd_buf_str(&text), o200k);
    dd_buf_free(&text);
    return 0;
}
