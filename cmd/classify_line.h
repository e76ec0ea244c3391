/* cmd/classify_line.h - one line of JSON as what the classifier reads.
 *
 * {"text": ...}, or the body of a request: chat completions and messages ("messages", "system"), responses ("input", "instructions"). Only what says
 * something of the task is looked at; nothing else has to be there or right. Strict JSON. */
#ifndef DD_CMD_CLASSIFY_LINE_H
#define DD_CMD_CLASSIFY_LINE_H
#include "base/arena.h"
#include "base/err.h"
#include "route/classify.h"

/* Text is the arena's. DD_ERR_PARSE: not an object, damaged, without a text, or a member of a wrong kind; *err says which. */
dd_code dd_classify_line(dd_str line, dd_arena *arena, dd_prompt *out, dd_err *err);
#endif
