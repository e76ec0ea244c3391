/* Property: a file of rules says what its rules say one by one, the last that fits winning. */
#include "scan/ignore.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int one_by_one(dd_str text, dd_str path, bool is_dir)
{
    int verdict = 0;
    while (text.len) {
        dd_rules *rule = dd_rules_new(dd_str_cut(&text, '\n'));
        int       says = dd_rules_match(rule, path, is_dir);
        verdict        = says ? says : verdict;
        dd_rules_free(rule);
    }
    return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str all = { (const char *)data, size };
    if (size < 2 || size > 4096)
        return 0;
    bool   is_dir = data[0] & 1;
    dd_str text = dd_str_sub(all, 1, size), path = dd_str_cut(&text, '\n');
    if (dd_str_has(text, "\xEF\xBB\xBF") || dd_str_has(text, "\r\n"))
        return 0; /* a mark counts only in front, a CR goes only before a line end */
    dd_rules *rules = dd_rules_new(text);
    if (dd_rules_match(rules, path, is_dir) != one_by_one(text, path, is_dir))
        abort();
    dd_rules_free(rules);
    return 0;
}
