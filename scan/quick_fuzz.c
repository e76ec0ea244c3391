/* The fast reader's tree is one: nodes lie within their parents, in order, and all are reached once. */
#include <assert.h>

#include "scan/quick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check(const dd_syn_tree *t, uint32_t n, uint32_t size)
{
    size_t   seen = 1;
    uint32_t at   = t->v[n].start;
    assert(t->v[n].start <= t->v[n].end && t->v[n].end <= size);
    for (uint32_t i = t->v[n].child; i; i = t->v[i].next) {
        assert(i < t->n && t->v[i].start >= at && t->v[i].end <= t->v[n].end);
        at = t->v[i].end;
        seen += check(t, i, size);
        assert(seen <= t->n);
    }
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dd_lang langs[] = { DD_LANG_JAVASCRIPT, DD_LANG_TYPESCRIPT, DD_LANG_TSX, DD_LANG_PYTHON };
    if (size < 1 || size > 8192)
        return 0;
    dd_syn_tree t    = { 0 };
    dd_str      text = { (const char *)data + 1, size - 1 };
    if (dd_quick(text, langs[data[0] % DD_COUNT(langs)], &t))
        check(&t, 1, (uint32_t)text.len);
    dd_syn_fini(&t);
    return 0;
}
