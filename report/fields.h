/* report/fields.h - the members of dd0c.scan/1, once, for the writer and the reader.
 *
 * A table names JSON members and where they live in a struct. What is added here is written, read back and compared
 * by the round-trip test; docs/scan-schema.json describes the same names for others. */
#ifndef DD_REPORT_FIELDS_H
#define DD_REPORT_FIELDS_H
#include "route/audit.h"

typedef enum {
    DD_F_STR,    /* dd_str */
    DD_F_TEXT,   /* dd_str whose NULL is null */
    DD_F_STRZ,   /* const char *, static or NUL-terminated */
    DD_F_U32, DD_F_I32, DD_F_INT, DD_F_I64, DD_F_SIZE, DD_F_BOOL,
    DD_F_MONEY,  /* dd_pusd as USD; unknown is null */
    DD_F_RATE,   /* int64 microdollars per million tokens as USD per million; DD_PRICE_NONE is null */
    DD_F_SCORE,  /* double with three decimals */
    DD_F_ENUM,
    DD_F_DAY, DD_F_WALL,
    DD_F_STRS,   /* const dd_str * and count */
    DD_F_GROUP,  /* object whose members live in the same or an embedded struct */
    DD_F_OPT,    /* pointer to a struct, NULL is null */
    DD_F_LIST    /* array of structs and count */
} dd_field_kind;

enum {
    DD_FF_ALWAYS  = 1,  /* written although it has its default value */
    DD_FF_NULL    = 2,  /* number: -1 is null */
    DD_FF_DERIVED = 4,  /* written for readers, not read back */
    DD_FF_SOURCE  = 8,  /* only with show_source */
    DD_FF_NEED    = 16  /* a text without it is refused */
};

typedef struct dd_field dd_field;
struct dd_field {
    const char    *name;    /* NULL ends a table */
    dd_field_kind  kind;
    unsigned       flags;
    size_t         at;      /* offset of the member */
    size_t         at_n;    /* lists: offset of the count */
    int64_t        plain;   /* default of a number, boolean, enumerator */
    const dd_field *sub;
    size_t         size;    /* lists, optional: of one struct */
    const char  *(*enum_name)(int);
    int            enum_count;
};

extern const dd_field dd_fields_audit[], dd_fields_site[];
void dd_fields_init(const dd_field *table, void *into); /* defaults */
#endif
