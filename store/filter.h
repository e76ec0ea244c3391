/* store/filter.h - "status>=400" as a piece of SQL with its values. */
#ifndef DD_STORE_FILTER_H
#define DD_STORE_FILTER_H
#include "base/arena.h"
#include "base/err.h"

typedef struct { bool is_text; dd_str text; int64_t number; } dd_filter_value;
typedef struct {
    dd_arena arena;                 /* of the texts */
    dd_buf   sql;                   /* " AND (...)" for each */
    DD_VEC(dd_filter_value) values; /* of its question marks, in order */
} dd_filter;

/* Adds one. Grammar: store/query.h. DD_ERR_USAGE; *f is then as it was. */
dd_code dd_filter_add(dd_filter *f, dd_str text, dd_err *err);
void    dd_filter_fini(dd_filter *f);
#endif
