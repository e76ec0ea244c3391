/* scan/skip.h - what of a tree is not the project's own source.
 *
 * Folders of installed packages by their names, folders of built files by their sources standing beside them, minified and
 * bundled files by their text. Source of the names: docs/walk.md. */
#ifndef DD_SCAN_SKIP_H
#define DD_SCAN_SKIP_H
#include "scan/source.h"

/* Why a folder of that name is never looked into ("installed packages"; "" where that goes without saying), or NULL. */
const char *dd_skip_folder(dd_str name);
/* True for names that need a look beside them: dist, build, out, vendor. */
bool        dd_skip_maybe_built(dd_str name);
/* Why the folder `name` in the open folder `at` holds nothing of its own, or NULL. Reads a bounded number of entries. */
const char *dd_skip_built(int at, const char *name);
/* Why the text is not source that somebody wrote ("minified"), or NULL. The row table must be there. */
const char *dd_skip_text(const dd_source_file *f);
#endif
