/* Any stream, in pieces whose sizes the input's end says: the same bytes come out as in one piece, and taking the usage chunks out again changes
 * nothing. Any object: what is spliced in is there, in JSON. */
#include <stdlib.h>
#include <string.h>

#include "proxy/splice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void strip(dd_str text, const uint8_t *sizes, size_t n, dd_buf *out)
{
    dd_usage_strip *s = dd_usage_strip_new();
    for (size_t at = 0, i = 0; at < text.len; i++) {
        dd_str part = dd_str_sub(text, at, n ? at + sizes[i % n] % 64 : text.len);
        char  *copy = dd_strdup(part);
        at += part.len;
        dd_usage_strip_feed(s, (dd_str){ copy, part.len }, out);
        free(copy);
    }
    dd_usage_strip_end(s, out);
    dd_usage_strip_free(s);
}

static void check_request(dd_str text)
{
    dd_arena  arena = DD_ARENA_INIT;
    dd_jspan  d, after;
    bool      twice = false;
    dd_splice change = { DD_STR("a\"\xff" "b"), true };
    if (dd_jspan_parse(&d, &arena, text, NULL) == DD_OK && dd_jspan_kind(&d, 0) == DD_J_OBJECT) {
        uint32_t options = dd_jspan_member(&d, 0, "stream_options", &twice);
        dd_jspan_member(&d, 0, "model", &twice);
        dd_jspan_member(&d, options, "include_usage", &twice);
        bool strange = options != DD_J_NONE && dd_jspan_kind(&d, options) != DD_J_OBJECT && dd_jspan_kind(&d, options) != DD_J_NULL;
        if (dd_jspan_parse(&after, &arena, dd_splice_request(&d, &change, &arena), NULL) != DD_OK)
            abort();
        if (!twice && !dd_jspan_is(&after, dd_jspan_member(&after, 0, "model", NULL), "a\"\xef\xbf\xbd" "b"))
            abort();
        uint32_t asked = dd_jspan_member(&after, dd_jspan_member(&after, 0, "stream_options", NULL), "include_usage", NULL);
        if (!twice && !strange && (asked == DD_J_NONE || dd_jspan_kind(&after, asked) == DD_J_FALSE))
            abort();
    }
    dd_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t  n = size < 8 ? 0 : 4;
    dd_str  text = { (const char *)data, size - n };
    dd_buf  whole = DD_BUF_INIT(0), pieces = DD_BUF_INIT(0), again = DD_BUF_INIT(0);
    uint8_t sizes[4] = { 1, 2, 3, 5 };
    memcpy(sizes, data + size - n, n);
    sizes[0] |= 1; /* not zeros alone */
    strip(text, NULL, 0, &whole);
    strip(text, sizes, 4, &pieces);
    if (!dd_str_eq(dd_buf_str(&whole), dd_buf_str(&pieces)) || whole.len > text.len)
        abort();
    strip(dd_buf_str(&whole), NULL, 0, &again);
    if (!dd_str_eq(dd_buf_str(&whole), dd_buf_str(&again)))
        abort();
    check_request((dd_str){ (const char *)data, size });
    dd_buf_free(&whole);
    dd_buf_free(&pieces);
    dd_buf_free(&again);
    return 0;
}
