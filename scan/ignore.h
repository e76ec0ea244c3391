/* scan/ignore.h - ignore rules, with the meaning git gives them.
 *
 * A dd_rules holds the rules of one file. The walk keeps one for each folder that has such a file and asks from the
 * deepest to the shallowest; the first verdict that is not 0 holds. Read-only once it is made: any number of threads
 * may ask. Pure: no I/O. Source: gitignore(5) and the behaviour of git 2.39, see docs/walk.md. */
#ifndef DD_SCAN_IGNORE_H
#define DD_SCAN_IGNORE_H
#include "base/str.h"

typedef struct dd_rules dd_rules;

/* Parses the text of an ignore file; NULL when it holds no rule. */
dd_rules *dd_rules_new(dd_str text);
void      dd_rules_free(dd_rules *r);
/* Adds one more pattern behind the others (for --include and --exclude); makes *r when it is NULL. */
void      dd_rules_add(dd_rules **r, dd_str line);
/* Verdict for `path`, relative to the folder the rules stand in: -1 re-included, 0 no rule, 1 ignored. */
int       dd_rules_match(const dd_rules *r, dd_str path, bool is_dir);

/* `pattern` against the whole of `path`: `*` and `?` stop at `/`, `**` between slashes crosses folders. Time is bounded by
 * the square of the path. */
bool      dd_glob_match(dd_str pattern, dd_str path);

/* The rules of several files of one tree. */
typedef struct dd_ignore dd_ignore;
dd_ignore *dd_ignore_new(void);
void       dd_ignore_free(dd_ignore *ig);
/* Rules of one file; base: folder it stands in, relative to the root, "" or ending in "/". Later ones win over earlier, deeper over shallower. */
void       dd_ignore_add(dd_ignore *ig, dd_str base, dd_str text);
/* Verdict for a path relative to the root: -1 re-included, 0 no rule, 1 ignored. Parents are not consulted: the walk does not enter ignored folders. */
int        dd_ignore_match(const dd_ignore *ig, dd_str path, bool is_dir);
#endif
