/* scan/uses.h - who may call a function, who may derive from a class: by name, over all files that were parsed beforehand.
 *
 * Made once, then only read, by any thread. It keeps numbers, not nodes: a file's lowered form may go and come again, and
 * its third call is its third call still. */
#ifndef DD_SCAN_USES_H
#define DD_SCAN_USES_H
#include "scan/ir.h"

typedef struct { uint32_t hash, at; } dd_use;                 /* of a name; at: of the unit's calls or classes */
typedef struct { dd_use *v; size_t n, cap; } dd_use_list;     /* of one unit, in source order */
typedef struct { uint32_t hash, file, at; } dd_use_entry;
typedef struct {
    dd_use_entry *v;         /* by the low bits of the hash, then by file and place */
    uint32_t     *first;     /* where each value of those bits begins, and the end */
    uint32_t      mask;
} dd_use_index;

/* Names called in a unit; names its classes are derived from. Memory from `a`. */
void dd_uses_calls(const dd_unit_ir *u, dd_arena *a, dd_use_list *out);
void dd_uses_bases(const dd_unit_ir *u, dd_arena *a, dd_use_list *out);
void dd_uses_index(dd_use_index *index, const dd_use_list *lists, size_t n_files, dd_arena *a);
/* for (size_t i = 0; dd_uses_next(index, name, &i, &use);) in order of files; two names may share a hash. */
bool dd_uses_next(const dd_use_index *index, dd_str name, size_t *i, dd_use_entry *out);
/* The last name of what a class is derived from: `Base`, `pkg.Base`, `Base[T]`. */
dd_str dd_uses_base_name(const dd_expr *base);
#endif
