/* route/tokens_utf8.h - make a text valid UTF-8. Private to route/tokens*.c. */
#ifndef DD_ROUTE_TOKENS_UTF8_H
#define DD_ROUTE_TOKENS_UTF8_H
#include "base/str.h"

/* Offset of the first byte that is not part of a valid sequence, or s.len. */
size_t dd_tok_utf8_valid(dd_str s);
/* Appends `s` to *out, with one U+FFFD for each maximal subpart of an ill-formed sequence (Unicode 16, section 3.9,
 * "U+FFFD substitution of maximal subparts"): what Python's bytes.decode("utf-8", "replace") gives. */
void dd_tok_utf8_repair(dd_str s, dd_buf *out);
#endif
