/* Any bytes: refused with a place, or a document whose values, copied one by one, are the text again; decoded and escaped text is the same
 * text; and an edited document is a document with the edit in it. */
#include <stdlib.h>
#include <string.h>

#include "base/jspan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Depth is the reader's limit. */
static uint32_t copy(const dd_jspan *d, uint32_t node, uint32_t from, dd_buf *out)
{
    const dd_jnode *v = &d->v[node];
    uint32_t        at = v->start, left = v->count;
    require(v->start >= from && v->end > v->start && v->end <= d->text.len && v->next > node && v->next <= d->n);
    dd_buf_add(out, dd_str_sub(d->text, from, at));
    for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it); left--) {
        if (it.object)
            at = copy(d, it.key, at, out);
        at = copy(d, it.value, at, out);
    }
    require(left == 0 || v->kind < DD_J_ARRAY);
    dd_buf_add(out, dd_str_sub(d->text, at, v->end));
    return v->end;
}

static void check_strings(const dd_jspan *d, dd_arena *arena)
{
    for (uint32_t i = 0; i < d->n; i++) {
        int64_t whole;
        double  x;
        if (dd_jspan_i64(d, i, &whole))
            require(d->v[i].kind == DD_J_NUMBER && dd_jspan_f64(d, i, &x));
        if (d->v[i].kind != DD_J_STRING)
            continue;
        dd_str text = dd_jspan_text(d, i, arena), back;
        dd_buf b    = DD_BUF_INIT(0);
        dd_buf_addc(&b, '"');
        dd_jtext_escape(&b, text);
        dd_buf_addc(&b, '"');
        dd_jspan again;
        require(dd_utf8_valid(text) && dd_jspan_parse(&again, arena, dd_buf_str(&b), NULL) == DD_OK);
        back = dd_jspan_text(&again, 0, arena);
        require(dd_str_eq(back, text));
        dd_jtext_decode(dd_jspan_inside(d, i), arena);
        dd_jtext_blank(dd_jspan_inside(d, i));
        dd_buf_free(&b);
    }
}

static void check_edits(const dd_jspan *d, const uint8_t *data, size_t size, dd_arena *arena)
{
    dd_jedits e = { 0 };
    dd_jspan  after;
    for (size_t k = 0; k < size && k < 16; k++) {
        uint32_t node = data[size - 1 - k] % (uint32_t)d->n, nth = data[k] % 8;
        if (k % 3 == 0)
            dd_jedit_add(&e, arena, d, node, "added", DD_STR("{}"));
        else if (k % 3 == 1 && node)
            dd_jedit_replace(&e, arena, d, node, DD_STR("\"new\"")); /* a name or a value */
        else
            for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it);)
                if (it.object && nth-- == 0)
                    dd_jedit_remove(&e, arena, d, node, it.key);
    }
    bool object = d->v[0].kind == DD_J_OBJECT;
    dd_jedit_add(&e, arena, d, 0, "very last", DD_STR("true"));
    dd_str text = dd_jedit_apply(&e, arena, d);
    require(dd_jspan_parse(&after, arena, text, NULL) == DD_OK);
    require(!object || dd_jspan_kind(&after, dd_jspan_member(&after, 0, "very last", NULL)) == DD_J_TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_err   err = DD_ERR_INIT;
    dd_str   text = { (const char *)data, size };
    dd_jspan d;
    if (dd_jspan_parse(&d, &arena, text, &err) == DD_OK) {
        dd_buf out = DD_BUF_INIT(0);
        uint32_t end = copy(&d, 0, 0, &out);
        dd_buf_add(&out, dd_str_sub(text, end, size));
        require(dd_str_eq(dd_buf_str(&out), text) && d.v[0].next == d.n && dd_utf8_valid(text));
        dd_buf_free(&out);
        check_strings(&d, &arena);
        check_edits(&d, data, size, &arena);
    } else {
        require(err.msg[0] != '\0');
        dd_jtext_decode(text, &arena); /* takes text that was not checked */
        dd_jtext_blank(text);
    }
    dd_arena_fini(&arena);
    return 0;
}
