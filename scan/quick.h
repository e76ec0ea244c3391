/* scan/quick.h - a fast reader of plain code, in front of the parser.
 *
 * Most files hold nothing that needs a general parser: this one goes over the bytes once, builds the flat tree of
 * scan/syntax.h directly and is twenty times as fast. It declines what it is not sure of: errors, rare syntax, anything that
 * reads in two ways; then tree-sitter parses the file, so that the answer is its answer. A test compares the two on real
 * files, and so does a fuzz target. */
#ifndef DD_SCAN_QUICK_H
#define DD_SCAN_QUICK_H
#include "scan/syntax.h"

bool dd_quick_python(dd_str text, dd_syn_tree *t);
bool dd_quick_script(dd_str text, dd_lang lang, dd_syn_tree *t); /* JavaScript, TypeScript, TSX */
/* Into *t, as dd_syn_parse does it. False: declined, *t is not to be read. */
static inline bool dd_quick(dd_str text, dd_lang lang, dd_syn_tree *t)
{
    return lang == DD_LANG_PYTHON || lang == DD_LANG_NOTEBOOK ? dd_quick_python(text, t) : dd_quick_script(text, lang, t);
}
#endif
