/* scan/notebook_cell.h - one code cell as plain Python.
 *
 * IPython lets lines stand between the statements that are no Python: magics, shell commands, questions. Each becomes
 * `pass` or an empty line, so that rows stay true. Pure. Source: IPython 8, inputtransformer2. */
#ifndef DD_SCAN_NOTEBOOK_CELL_H
#define DD_SCAN_NOTEBOOK_CELL_H
#include "base/str.h"

/* Appends the cell (it ends in a line end) to *out; the number of rows. Other languages than Python go through unchanged. */
uint32_t dd_notebook_cell(dd_str cell, bool python, dd_buf *out);
#endif
