/* Whatever the mock takes for a request, what it answers is JSON, whole and event by event. The first byte picks the endpoint. */
#include <stdlib.h>

#include "proxy/mock_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(dd_str text)
{
    dd_arena a = DD_ARENA_INIT;
    dd_jspan d;
    if (dd_jspan_parse(&d, &a, text, NULL) != DD_OK)
        abort();
    dd_arena_fini(&a);
}

static void check_stream(const dd_mock_plan *p)
{
    dd_buf out = DD_BUF_INIT(0);
    for (size_t step = 0; dd_mock_write_event(p, step, step & 1, false, &out); step++) {
        dd_str    event = dd_buf_str(&out);
        ptrdiff_t at    = dd_str_findz(event, "data: ");
        if (at < 0 || !dd_str_endsz(event, "\n\n") || step > 200000)
            abort();
        event = dd_str_sub(event, (size_t)at + 6, event.len - 2);
        if (!dd_str_eqz(event, "[DONE]"))
            check_json(event);
        dd_buf_clear(&out);
    }
    dd_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dd_mock_counter counter;
    if (counter.memo == NULL)
        counter.memo = dd_token_memo_new(DD_ENC_O200K);
    if (size < 2)
        return 0;
    dd_arena     arena = DD_ARENA_INIT;
    dd_buf       out   = DD_BUF_INIT(0);
    dd_mock_plan p;
    dd_mock_api  api = (dd_mock_api)(data[0] % (DD_MOCK_COUNT - DD_MOCK_CHAT + 1) + DD_MOCK_CHAT);
    if (dd_mock_plan_make(&p, api, (dd_str){ (const char *)data + 1, size - 1 }, data[0] / 8, &counter, &arena, NULL) == DD_OK
        && p.inputs * p.dimensions < 20000) {
        dd_mock_write_body(&p, &out);
        check_json(dd_buf_str(&out));
        if (p.stream && api != DD_MOCK_EMBEDDINGS && api != DD_MOCK_COUNT)
            check_stream(&p);
    }
    dd_mock_fault f;
    dd_mock_fault_parse((dd_str){ (const char *)data, size }, &f, NULL);
    dd_buf_free(&out);
    dd_arena_fini(&arena);
    return 0;
}
