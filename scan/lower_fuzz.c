/* Lowering of any bytes: positions lie in the file, calls are in source order, links agree, and a second run says the same. */
#include <assert.h>

#include "scan/ir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_calls(const dd_unit_ir *u, size_t size)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < u->n_calls; i++) {
        const dd_expr *e = u->calls[i];
        assert(e->kind == DD_X_CALL || e->kind == DD_X_NEW);
        assert(e->start <= e->end && e->end <= size && e->name_pos <= size && e->name_pos >= last);
        assert(e->a && e->a->up == e && e->scope && !e->in_type);
        for (uint32_t k = 0; k < e->n_items; k++)
            assert(e->items[k] && e->items[k]->up == e);
        last = e->name_pos;
    }
}

static void check_scopes(const dd_unit_ir *u, size_t size)
{
    for (uint32_t i = 0; i < u->n_scopes; i++) {
        const dd_scope *s = u->scopes[i];
        assert(s->unit == u && s->start <= s->end && s->end <= size && (i == 0) == (s->parent == NULL));
        for (uint32_t k = 0; k < s->n_names; k++) {
            assert(dd_scope_find(s, s->names[k]->name) == s->names[k]);
            for (const dd_binding *b = s->names[k]; b; b = b->next)
                assert(b->scope && b->pos <= b->end && b->end <= size && (!b->next || b->next->pos >= b->pos));
        }
    }
}

static size_t lower(const uint8_t *data, size_t size, dd_lang lang)
{
    dd_arena       a = DD_ARENA_INIT;
    dd_buf         b = DD_BUF_INIT(1 << 20);
    dd_source_file f = { .path = DD_STR("f"), .lang = lang, .text = { (const char *)data, size } };
    dd_unit_ir    *u = NULL;
    if (dd_lower(&f, &a, &u, NULL) == DD_OK) {
        check_calls(u, size);
        check_scopes(u, size);
        dd_ir_dump(u, &b);
    }
    size_t n = b.len;
    dd_buf_free(&b);
    dd_arena_fini(&a);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    dd_lang lang = (dd_lang)(data[0] % DD_LANG_COUNT);
    size_t  n    = lower(data + 1, size - 1, lang);
    assert(n == lower(data + 1, size - 1, lang));
    return 0;
}
