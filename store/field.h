/* store/field.h - the members of an event, a row each: how they are kept in a record, in the table `events`, and named in a filter.
 *
 * The order is that of records in the spool file: append only. */
#ifndef DD_STORE_FIELD_H
#define DD_STORE_FIELD_H
#include "route/event.h"

typedef enum {
    DD_F_TEXT,    /* dd_str; empty is NULL */
    DD_F_INT,     /* int, negative is NULL */
    DD_F_I64,     /* int64_t, negative is NULL */
    DD_F_MONEY,   /* dd_pusd, unknown is NULL */
    DD_F_DAY,     /* dd_day, none is NULL */
    DD_F_BOOL,
    DD_F_SHARE,   /* double, 0..1, kept as millionths; negative is NULL */
    DD_F_ERROR,   /* dd_error_class */
    DD_F_SOURCE   /* dd_usage_source */
} dd_field_kind;

typedef struct dd_field {
    const char   *name;    /* of the column and the filter */
    const char   *alias;   /* as the JSON has it, or a shorter word; NULL */
    dd_field_kind kind;
    size_t        offset;  /* in dd_event */
    size_t        longest; /* text: what is kept of it, in bytes */
} dd_field;

extern const dd_field dd_fields[];
extern const size_t   dd_n_fields;

/* NULL: no such field. */
const dd_field *dd_field_find(dd_str name);
/* Numbers of all kinds as the one that is kept; *null: not known. Not for text. */
int64_t dd_field_get(const dd_field *f, const dd_event *e, bool *null);
void    dd_field_set(const dd_field *f, dd_event *e, int64_t v, bool null);
/* A time, a size or a count as it was read: below 0 or past 2^53 it can only be damage, and is not known (-1). */
int64_t dd_field_number(int64_t v);
static inline dd_str *dd_field_text(const dd_field *f, dd_event *e) { return (dd_str *)(void *)((char *)e + f->offset); }
static inline dd_str  dd_field_read(const dd_field *f, const dd_event *e) { return *(const dd_str *)(const void *)((const char *)e + f->offset); }
#endif
