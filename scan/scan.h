/* scan/scan.h - a source tree in, call sites out (nothing priced yet).
 *
 * No network, no clock. Findings' paths are relative to the root given, or to the working directory with several roots. */
#ifndef DD_SCAN_SCAN_H
#define DD_SCAN_SCAN_H
#include "route/audit.h"
#include "scan/walk.h"

typedef struct {
    dd_walk_opts walk;
    unsigned     threads;      /* 0: one a core */
} dd_scan_opts;

/* Walks, parses, resolves and detects; fills audit->sites (upper half), file counts and notes. */
dd_code dd_scan(const char *const *roots, size_t n_roots, const dd_scan_opts *opts, dd_audit *audit, dd_err *err);
#endif
