/* report/jsontree.h - reads a saved report: a JSON tree that keeps numbers as they are written.
 *
 * Money is exact to the picodollar, which a double cannot hold: numbers stay text here. Strict RFC 8259, depth at
 * most 24, duplicate members refused. Memory from the arena; text without escapes points into the input. */
#ifndef DD_REPORT_JSONTREE_H
#define DD_REPORT_JSONTREE_H
#include "base/arena.h"
#include "base/err.h"

typedef enum { DD_JT_NULL, DD_JT_FALSE, DD_JT_TRUE, DD_JT_NUMBER, DD_JT_STRING, DD_JT_ARRAY, DD_JT_OBJECT } dd_jt_kind;
typedef struct dd_jt dd_jt;
struct dd_jt {
    dd_jt_kind kind;
    uint32_t   line;   /* where it starts, 1-based */
    dd_str     key;    /* as a member */
    dd_str     text;   /* number as written, string decoded */
    dd_jt     *first, *next;
    size_t     n;      /* children */
};

dd_code      dd_jt_parse(dd_str text, dd_arena *arena, dd_jt **out, dd_err *err);
const dd_jt *dd_jt_get(const dd_jt *object, const char *key); /* NULL: no such member */
#endif
