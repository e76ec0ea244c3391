/* scan/source.h - one file of the tree being scanned: its bytes, and where a byte stands.
 *
 * A notebook's code cells are joined, in order, into one text; `cells` maps a row of that text back to (cell, line). */
#ifndef DD_SCAN_SOURCE_H
#define DD_SCAN_SOURCE_H
#include "base/arena.h"
#include "base/err.h"
#include "route/audit.h"

typedef struct { uint32_t first_row; int32_t cell; } dd_cell_start; /* row of the joined text, 0-based */

typedef struct dd_source_file {
    dd_str   path;          /* as printed, with / */
    dd_str   abs;           /* to open it; NUL-terminated */
    dd_lang  lang;
    uint32_t size;          /* bytes of the text, also when it is not held (any more) */
    dd_str   text;          /* UTF-8 BOM removed; bytes otherwise as they are (CRLF stays). NULL: read it again */
    uint32_t *rows;         /* start offset of each row */
    uint32_t n_rows;
    dd_cell_start *cells;   /* NULL: no notebook */
    uint32_t n_cells;
} dd_source_file;

typedef struct { uint32_t line; int32_t cell; uint32_t column; } dd_place; /* 1-based line and column, cell -1 */
dd_place dd_source_place(const dd_source_file *f, uint32_t offset);

/* Reads and prepares: BOM, row table, notebook joining. Memory from `arena`. */
dd_code dd_source_load(dd_source_file *f, int64_t max_bytes, dd_arena *arena, dd_err *err);
/* The row table alone, for text that is in memory. */
void dd_source_index(dd_source_file *f, dd_arena *arena);
/* Language by file name; false: not ours (also *.d.ts and *.min.js). */
bool dd_source_lang(dd_str path, dd_lang *out);
/* The same for bytes that were read already. They need not outlive the call. */
dd_code dd_source_take(dd_source_file *f, dd_str bytes, int64_t max_bytes, dd_arena *arena, dd_err *err);
/* How large a file of that language may be when its code may be max_bytes (0: no limit). */
int64_t dd_source_limit(dd_lang lang, int64_t max_bytes);
/* Opens for reading, without waiting on a FIFO, also where the path is longer than the system takes at once. -1: errno. */
int dd_open_read(const char *path, int extra_flags);

/* scan/notebook.c: joins the code cells of .ipynb `json` into f->text and f->cells; each cell ends in a line end. Magics and
 * shell lines become `pass`, but `%store -r A` becomes `from __ipython_store__ import A`: A is bound in another notebook of
 * the folder. With a JavaScript or TypeScript kernel f->lang becomes that. DD_ERR_PARSE: no notebook; DD_ERR_USAGE: a kernel
 * that is not ours (nothing is wrong with the file). Source: nbformat 3 and 4. */
dd_code dd_notebook_join(dd_source_file *f, dd_str json, dd_arena *arena, dd_err *err);
#endif
