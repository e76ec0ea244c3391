/* base/yaml.h - YAML and JSON files of the user's, as one tree that remembers lines.
 *
 * libyaml reads; the tree is cJSON's. JSON is YAML, so one reader serves both. Anchors and merge keys are refused where they could blow
 * up (at most 100,000 nodes, 64 levels); a key twice in one mapping is an error with its line. */
#ifndef DD_BASE_YAML_H
#define DD_BASE_YAML_H
#include <cjson/cJSON.h>
#include "base/err.h"
#include "base/str.h"

typedef struct dd_yaml dd_yaml;
/* `what` names the file in errors: `config "dd0c.yaml"`. Caller owns; NULL: *err holds what and line. An empty document is an empty mapping. */
dd_yaml *dd_yaml_parse(dd_str text, const char *what, dd_err *err);
cJSON   *dd_yaml_root(const dd_yaml *y);
/* Line a node (its key, in a mapping) stands on, 1-based; 0: not known. */
size_t   dd_yaml_line(const dd_yaml *y, const cJSON *node);
void     dd_yaml_free(dd_yaml *y);
#endif
