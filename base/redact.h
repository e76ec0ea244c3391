/* base/redact.h - keys and tokens out of text that leaves the process: logs, errors, crash output (R1.7).
 *
 * A secret becomes "…[redacted]" behind the prefix that tells its kind: "sk-…[redacted]". What counts as one is a table in redact.c: a known
 * prefix and a body of some length, most with a digit in it, so that "sk-learn" and "sk-your-key-here" stay. Redacting twice changes nothing
 * more; time is linear.
 * Not here: keys without a prefix (a field's whole value is the caller's to hide), passwords in URLs. Any thread. */
#ifndef DD_BASE_REDACT_H
#define DD_BASE_REDACT_H
#include "base/str.h"

void   dd_redact(dd_str text, dd_buf *out);   /* appended; never longer than the text */
bool   dd_redact_needed(dd_str text);
/* Into cap bytes, the rest cut off; returns how many were written (no NUL). Allocates nothing and may run in a signal handler. */
size_t dd_redact_into(char *out, size_t cap, dd_str text);
#endif
