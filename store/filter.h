/* store/filter.h - "status>=400" as a piece of SQL with its values. */
#ifndef DD_STORE_FILTER_H
#define DD_STORE_FILTER_H
#include "base/arena.h"
#include "base/err.h"

typedef struct { bool is_text; dd_str text; int64_t number; } dd_filter_value;
typedef enum { DD_FILTER_OTHER, DD_FILTER_EQUAL, DD_FILTER_GLOB /* of a text, not negated */, DD_FILTER_ABOVE, DD_FILTER_FROM, DD_FILTER_BELOW, DD_FILTER_UPTO } dd_filter_kind;
/* One of those added: its piece of `sql` and of `values`. It speaks of no other column than its field's. */
typedef struct {
    const struct dd_field *field;   /* NULL: a tag */
    dd_filter_kind kind;            /* but for OTHER, its one value is what is compared with */
    size_t sql_at, sql_len, value_at, n_values;
} dd_filter_part;
typedef struct {
    dd_arena arena;                 /* of the texts */
    dd_buf   sql;                   /* " AND (...)" for each */
    DD_VEC(dd_filter_value) values; /* of its question marks, in order */
    DD_VEC(dd_filter_part)  parts;
} dd_filter;

/* Adds one. Grammar: store/query.h. DD_ERR_USAGE; *f is then as it was. */
dd_code dd_filter_add(dd_filter *f, dd_str text, dd_err *err);
void    dd_filter_fini(dd_filter *f);
/* What each text begins with that a wildcard holds for; as far as it is ASCII, whose order is that of SQLite, whatever stands behind it. */
dd_str  dd_filter_prefix(dd_str glob);
#endif
