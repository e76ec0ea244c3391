/* scan/detect_int.h - between the engine (detect.c) and the filling of a site (detect_site.c). */
#ifndef DD_SCAN_DETECT_INT_H
#define DD_SCAN_DETECT_INT_H
#include "scan/detect_tables.h"

typedef struct {
    const dd_family *family;
    const dd_row    *row;
    dd_path          path;
    int              client;          /* step of path that is the client, -1 none */
    dd_provenance    provenance;
    const char      *api;             /* instead of the row's, when a wrapper bills another way; NULL: the row's */
    bool             known_package;   /* a family owns the package, though no row fits */
    dd_path          billed;          /* the wrapped client */
    bool             has_billed;
    bool             subclass;        /* a class of the project below the one the row names */
} dd_found;

dd_site *dd_site_of_match(const dd_ctx *c, const dd_found *m);   /* NULL: evidence only */
dd_site *dd_site_of_http(const dd_ctx *c);                        /* NULL: no endpoint in sight */
dd_site *dd_site_new(const dd_ctx *c);                            /* place, symbol, context, annotations */
void     dd_site_name(dd_arena *a, dd_site *site, dd_site *const *before, size_t n);  /* id; before: the file's sites that stand before it */
void     dd_site_host(const dd_ctx *c, dd_site *site, const dd_value *base_url);
#endif
