/* route/tokens.h - how many tokens a text is.
 *
 * cl100k_base and o200k_base exactly as the reference implementation (tiktoken 0.14, Unicode 16); special tokens count
 * as plain text. Invalid UTF-8: each maximal subpart of an ill-formed sequence is read as one U+FFFD, as Python's
 * bytes.decode("utf-8", "replace") does (docs/tokens.md). Tables are static data. Pure, any thread; uses 60 kB of stack,
 * and heap only for invalid UTF-8 (a repaired copy) and for pieces that are long and no token (docs/tokens.md).
 * Everything else is an estimate from o200k_base with a stated ratio and range. */
#ifndef DD_ROUTE_TOKENS_H
#define DD_ROUTE_TOKENS_H
#include "base/str.h"

typedef enum { DD_ENC_NONE, DD_ENC_CL100K, DD_ENC_O200K } dd_encoding;

typedef void dd_token_fn(void *ctx, uint32_t id);
/* Counts, and hands each id to `each` when it is not NULL. Time is linear in the text, whatever it holds. DD_ENC_NONE: 0. */
int64_t dd_tokens_encode(dd_encoding enc, dd_str text, dd_token_fn *each, void *ctx);
#define dd_tokens_count(enc, text) dd_tokens_encode((enc), (text), NULL, NULL)
/* For many short texts of one encoding: what one call had to merge, the next ones know. One thread at a time; about twice
 * as fast. new: the caller frees it (NULL is fine). */
typedef struct dd_token_memo dd_token_memo;
dd_token_memo *dd_token_memo_new(dd_encoding enc);
void           dd_token_memo_free(dd_token_memo *memo);
int64_t        dd_tokens_encode_memo(dd_token_memo *memo, dd_str text, dd_token_fn *each, void *ctx);
dd_encoding dd_tokens_encoding(dd_str name); /* "o200k_base"; DD_ENC_NONE: no such */

/* How a tokenizer tag of the price table is counted. */
typedef struct {
    const char *tag;         /* "claude-3" */
    dd_encoding base;        /* what is really run */
    double      text, code;  /* times the base count; 1.0 and exact for the real ones */
    double      cjk, other;  /* the same for Chinese, Japanese, Korean, and for other scripts than Latin */
    double      low, high;   /* error range as a factor of the estimate */
    bool        exact;
    const char *basis;       /* one line for the report */
} dd_tokenizer;
const dd_tokenizer *dd_tokenizer_find(dd_str tag); /* never NULL: an unknown tag is the widest estimate */
/* Which tag a bare model name uses when it has no price row ("gpt-6-x" -> o200k_base, "claude-9" -> claude-4.7). */
dd_str dd_tokenizer_guess(dd_str model);
/* Count by tag: estimate rounded up; *exact (may be NULL) says whether it is one. */
int64_t dd_tokens_model(dd_str tag, dd_str text, bool *exact);

/* Fixed tokens around a chat request (docs/tokens.md): per message, per named tool, once for the reply. */
typedef struct { int per_message, per_name, per_reply, per_tool, tools_base; } dd_chat_overhead;
dd_chat_overhead dd_tokens_overhead(dd_str tag);
#endif
