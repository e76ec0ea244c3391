/* scan/project.h - all files of one scan, parsed when first needed.
 *
 * Knows the tree's files by path, finds what an import means (Python packages and relative imports; ES and CommonJS with
 * extensions, index files, tsconfig paths/baseUrl, package.json imports/exports/workspaces) and reads data files that code names literally. */
#ifndef DD_SCAN_PROJECT_H
#define DD_SCAN_PROJECT_H
#include "scan/uses.h"
#include "scan/value.h"

/* Which files and folders there are: made once, then only read, by several projects at once. */
typedef struct dd_tree dd_tree;
dd_tree    *dd_tree_new(dd_source_file *const *files, size_t n_files);   /* the files are borrowed */
void        dd_tree_free(dd_tree *t);
dd_project *dd_project_in(dd_tree *tree, dd_str root_abs, int64_t max_bytes);   /* the tree is borrowed */
/* `files` are all source and data files of the walk (candidates or not); borrowed. */
dd_project *dd_project_new(dd_str root_abs, dd_source_file *const *files, size_t n_files, int64_t max_bytes);
void        dd_project_free(dd_project *p);
/* Files that were parsed elsewhere (the parallel phase), for several projects to read at once. All borrowed. */
typedef struct {
    dd_source_file *const *files;
    dd_unit_ir *const *units;              /* beside; NULL: parsed again when it is needed */
    size_t n;
    const dd_use_index *calls, *bases;     /* of all of them; file: of the same list */
} dd_parsed;
void        dd_project_share(dd_project *p, const dd_parsed *parsed);
dd_unit_ir *dd_project_parsed(dd_project *p, uint32_t file);   /* one of them; NULL: it cannot be parsed */
/* Takes n bytes from those that the prompts of all sites may fill together. False: they are used up. */
bool        dd_project_prompt_room(dd_project *p, size_t n);
/* Bytes that values take up; drops them all: none may be in use. Units and what was read stay. */
size_t      dd_project_held(const dd_project *p);
void        dd_project_forget(dd_project *p);
/* The same for units that were parsed on demand; values go with them. */
size_t      dd_project_code(const dd_project *p);
void        dd_project_forget_code(dd_project *p);
/* fn for each file that this project parsed itself, once. */
void        dd_project_each_parsed(dd_project *p, void (*fn)(void *ctx, const dd_source_file *file, size_t bytes), void *ctx);
/* Hands over a unit that was parsed elsewhere (the parallel phase). */
void        dd_project_add(dd_project *p, dd_unit_ir *unit);
/* The unit of a file, parsed now if it was not; NULL: not in the tree, or it failed. */
dd_unit_ir *dd_project_unit(dd_project *p, dd_str path);
/* The file that `module` means when `from` imports it, or NULL: outside the tree (a package). level: Python's leading dots. */
dd_unit_ir *dd_project_import(dd_project *p, const dd_unit_ir *from, dd_str module, int level);
/* True when the tree holds its own top-level module or package of that name (a file named openai.py). */
bool        dd_project_owns(dd_project *p, const dd_unit_ir *from, dd_str module);
/* Text of a file that code names literally ("prompts/a.md", "./config.json"), relative to the code or to the root. False: not there. */
bool        dd_project_text(dd_project *p, const dd_unit_ir *from, dd_str path, dd_str *text);
/* JSON, YAML or TOML as a DATA value, or NULL. */
dd_value   *dd_project_data(dd_project *p, const dd_unit_ir *from, dd_str path);
#endif
