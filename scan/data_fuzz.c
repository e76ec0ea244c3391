/* Fuzz target: data files of any bytes, in all three formats. A value that comes out is a tree within its limits, of texts the input could hold. */
#include "scan/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool ok)
{
    if (!ok)
        abort();
}

static void walk(const dd_value *v, int depth, size_t size, size_t *left)
{
    if (*left == 0)      /* aliases share nodes: the tree may be seen many times */
        return;
    --*left;
    demand(depth <= DD_DATA_DEPTH + 1 && v->source == DD_SRC_CONFIG_FILE);
    switch (v->kind) {
    case DD_V_STRING: demand(v->text.len <= size * 3 + 8); break;
    case DD_V_LIST:
        for (uint32_t i = 0; i < v->n_items; i++)
            walk(v->items[i], depth + 1, size, left);
        break;
    case DD_V_DATA:
        for (uint32_t i = 0; i < v->n_entries; i++) {
            demand(v->entries[i].key.ptr || !v->entries[i].key.len);
            walk(v->entries[i].value, depth + 1, size, left);
        }
        break;
    default: demand(v->kind == DD_V_NUMBER || v->kind == DD_V_BOOL || v->kind == DD_V_NONE); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str      text = { (const char *)data, size };
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 0);
    dd_value *read[3] = { dd_data_json(p, text), dd_data_yaml(p, text), dd_data_toml(p, text) };
    for (size_t i = 0; i < DD_COUNT(read); i++) {
        size_t left = 20000;
        if (read[i])
            walk(read[i], 0, size, &left);
    }
    dd_project_free(p);
    return 0;
}
