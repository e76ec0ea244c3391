/* cmd/tokens_line.h - the "text" member of one line of JSON.
 *
 * Strict JSON (RFC 8259), with two leniencies that counting needs: a lone surrogate escape becomes U+FFFD, and bytes that
 * are not UTF-8 stay as they are (the tokenizer reads them as U+FFFD). No recursion; nesting is limited. */
#ifndef DD_CMD_TOKENS_LINE_H
#define DD_CMD_TOKENS_LINE_H
#include "base/err.h"
#include "base/str.h"

/* Puts the text into *out, which is cleared first. Of two "text" members the last counts. DD_ERR_PARSE: not an object,
 * damaged, or without a string "text"; *err says what, and at which byte (from 1). */
dd_code dd_tokens_line(dd_str line, dd_buf *out, dd_err *err);
#endif
