/* scan/project.h - all files of one scan, parsed when first needed.
 *
 * Knows the tree's files by path, finds what an import means (Python packages and relative imports; ES and CommonJS with
 * extensions, index files, tsconfig paths/baseUrl, package.json imports/exports/workspaces) and reads data files that code names literally. */
#ifndef DD_SCAN_PROJECT_H
#define DD_SCAN_PROJECT_H
#include "scan/value.h"

/* `files` are all source and data files of the walk (candidates or not); borrowed. */
dd_project *dd_project_new(dd_str root_abs, dd_source_file *const *files, size_t n_files, int64_t max_bytes);
void        dd_project_free(dd_project *p);
/* Bytes that values take up. */
size_t      dd_project_held(const dd_project *p);
/* Drops all values: none may be in use. Units and what was read stay. */
void        dd_project_forget(dd_project *p);
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
size_t      dd_project_units(dd_project *p, dd_unit_ir *const **out);   /* all parsed so far */
uint64_t    dd_project_bytes_parsed(const dd_project *p);
#endif
