/* Fuzz target: the resolver over two files of any bytes (the first byte picks the language, 0x1E parts the files). What a call's
 * callee and arguments are is found within the bounds, and is the same when a fresh project is asked. */
#include "scan/eval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t mix(uint64_t h, uint64_t x) { return (h ^ x) * 0x100000001b3u; }

static uint64_t digest(const dd_value *v, int depth)
{
    uint64_t h = mix(0xcbf29ce484222325u, v->kind);
    if (depth > 4)
        return h;
    h = mix(h, v->source);
    if (v->kind == DD_V_STRING)
        h = mix(h, dd_str_hash(v->text));
    for (uint32_t i = 0; i < v->n_items && i < 8; i++)
        h = mix(h, digest(v->items[i], depth + 1));
    for (uint32_t i = 0; i < v->n_entries && i < 8; i++)
        h = mix(h, digest(v->entries[i].value, depth + 1));
    demand(v->kind != DD_V_CHOICE || (v->n_items > 0 && v->n_items <= DD_EV_CHOICES));
    return h;
}

static uint64_t look(dd_source_file *const *files, size_t n)
{
    dd_project *p = dd_project_new(DD_STR("/nowhere"), files, n, 1 << 20);
    uint64_t    h = 0;
    for (size_t f = 0; f < n; f++) {
        dd_unit_ir *u = dd_project_unit(p, files[f]->path);
        for (uint32_t i = 0; u && i < u->n_calls && i < 64; i++) {
            h = mix(h, digest(dd_eval(p, u->calls[i]->a, NULL), 0));
            h = mix(h, digest(dd_eval_arguments(p, u->calls[i], NULL, NULL), 0));
            demand(p->depth == 0 && !p->soft && p->caller_depth == 0);
        }
    }
    dd_project_free(p);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[][2] = { { "a.py", "b.py" }, { "a.ts", "b.ts" }, { "a.js", "b.js" } };
    if (size < 2 || size > 1 << 16)
        return 0;
    dd_str         rest = { (const char *)data + 1, size - 1 };
    dd_arena       arena = DD_ARENA_INIT;
    dd_source_file file[2], *files[2];
    for (size_t i = 0; i < 2; i++) {
        dd_str name = dd_str_z(names[data[0] % 3][i]);
        file[i] = (dd_source_file){ .path = name, .abs = name, .text = i ? rest : dd_str_cut(&rest, '\x1e') };
        if (!file[i].text.ptr)
            file[i].text = DD_STR("");
        dd_source_lang(name, &file[i].lang);
        dd_source_index(&file[i], &arena);
        files[i] = &file[i];
    }
    demand(look(files, 2) == look(files, 2));
    dd_arena_fini(&arena);
    return 0;
}
