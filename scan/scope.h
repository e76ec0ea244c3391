/* scan/scope.h - the ignore rules that hold in a folder: its own and those of the folders above it.
 *
 * From the deepest up: `.dd0cignore` files, and if none says anything `.gitignore` files up to the top of the repository, then
 * that repository's `.git/info/exclude`. Paths are relative to the outermost folder of the chain. */
#ifndef DD_SCAN_SCOPE_H
#define DD_SCAN_SCOPE_H
#include "scan/ignore.h"

typedef struct dd_scope {
    const struct dd_scope *up;
    size_t    base;                    /* length of the path of the folder that these rules stand in */
    bool      top;                     /* it is a repository: no .gitignore above it counts */
    dd_rules *git, *own, *exclude;     /* owned, each may be NULL */
} dd_scope;

/* 1 ignored, -1 re-included, 0 nothing said. *forced: a .dd0cignore re-includes it. */
int       dd_scope_match(const dd_scope *s, dd_str path, bool is_dir, bool *forced);
/* Rules of the folders above `root`, up to the top of its repository; *path is the way from there to root, "" or with "/" behind.
 * NULL when there is no repository, or when its rules ignore root: then they say nothing about what is in it. The caller
 * frees the chain. */
dd_scope *dd_scope_above(const char *root, dd_buf *path);
void      dd_scope_free(dd_scope *s);
void      dd_scope_free_chain(dd_scope *s);
#endif
