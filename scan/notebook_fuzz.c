/* Properties: cells follow each other row by row, every byte has a place in one of them, and reading twice agrees. */
#include <stdlib.h>
#include <string.h>

#include "scan/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void check(const dd_source_file *f)
{
    for (uint32_t i = 0; i < f->n_cells; i++) {
        demand(f->cells[i].first_row + 1 < f->n_rows);
        demand(i == 0 || (f->cells[i - 1].first_row < f->cells[i].first_row && f->cells[i - 1].cell < f->cells[i].cell));
    }
    demand(f->n_cells == 0 || (f->text.len && f->text.ptr[f->text.len - 1] == '\n'));
    for (uint32_t at = 0; at <= f->text.len; at += 7) {
        dd_place p = dd_source_place(f, at);
        demand(p.line >= 1 && p.column >= 1 && (p.cell >= 0) == (f->n_cells > 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str         json  = { (const char *)data, size };
    dd_arena       a     = DD_ARENA_INIT;
    dd_source_file first = { .lang = DD_LANG_NOTEBOOK }, second = { .lang = DD_LANG_NOTEBOOK };
    if (dd_source_take(&first, json, 0, &a, NULL) == DD_OK) {
        check(&first);
        demand(dd_source_take(&second, json, 0, &a, NULL) == DD_OK && dd_str_eq(first.text, second.text));
    }
    dd_arena_fini(&a);
    return 0;
}
