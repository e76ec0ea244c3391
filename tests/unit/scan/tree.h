/* tests/unit/scan/tree.h - a small project in memory, and what an expression in it is.
 *
 * The probe is the first argument of the first call of use(...) in the first file. */
#ifndef DD_TEST_TREE_H
#define DD_TEST_TREE_H
#include "scan/project.h"
#include "tests/unit/test.h"

enum { TREE_FILES = 6 };
typedef struct { const char *path, *text; } tree_source;
typedef struct {
    dd_arena       arena;
    dd_project    *project;
    dd_source_file file[TREE_FILES], *files[TREE_FILES];
    size_t         n;
    dd_unit_ir    *unit;      /* of the first file */
    const dd_expr *probe;     /* the call of use(...) */
} tree;

void tree_open(tree *t, const tree_source *sources);   /* ends with path NULL or after TREE_FILES */
void tree_close(tree *t);
/* "gpt-4o literal", "{a, b}" candidates, "?" unknown, "=openai.OpenAI()" foreign, "#12" a number, "none", "[x]", "<kind>" */
void tree_show(tree *t, const dd_value *v, dd_buf *out);
dd_value *tree_value(tree *t);                          /* of the probe's first argument */
#endif
