/* Requests from anyone, through every reader and writer: what comes out is JSON, the same each time; what is refused says why; what is dropped
 * fits a header. The first byte picks the two APIs, the second what the target can. */
#include "proxy/dialect/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    dd_arena       arena;
    dd_drops       drops;
    dd_renames     names, ids;
    dd_api_error   error;
    dd_dialect_ctx ctx;
    dd_request     request;
    dd_buf         out;
    bool           ok;
} attempt;

static void run(attempt *a, dd_dialect from, dd_dialect to, dd_str text, const dd_target_facts *facts)
{
    dd_jspan body;
    *a     = (attempt){ .arena = DD_ARENA_INIT, .out = DD_BUF_INIT(0) };
    a->ctx = (dd_dialect_ctx){ .arena = &a->arena, .drops = &a->drops, .names = &a->names, .ids = &a->ids, .error = &a->error };
    if (dd_jspan_parse(&body, &a->arena, text, NULL) != DD_OK)
        return;
    a->ok = dd_request_read(from, &body, &a->ctx, &a->request) && dd_request_write(to, &a->request, DD_STR("m"), facts, &a->ctx, &a->out);
    if (!a->ok && (a->error.status != 400 || !a->error.message.len))
        abort();
}

static void check(attempt *a, attempt *again)
{
    dd_jspan j;
    if (a->ok != again->ok || !dd_str_eq(dd_buf_str(&a->out), dd_buf_str(&again->out)))
        abort();
    if (a->ok && dd_jspan_parse(&j, &a->arena, dd_buf_str(&a->out), NULL) != DD_OK)
        abort();
    for (size_t i = 0; i < a->drops.n; i++)
        for (size_t k = 0; k < a->drops.v[i].len; k++)
            if (a->drops.v[i].ptr[k] <= ' ' || a->drops.v[i].ptr[k] >= 0x7f || a->drops.v[i].ptr[k] == ',')
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dd_dialect d[] = { DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES };
    attempt a, again;
    if (size < 2)
        return 0;
    dd_target_facts facts = { .adaptive_thinking = data[1] & 1, .reasoning = data[1] & 2, .json_schema = data[1] & 4, .plain_text = data[1] & 8,
                              .replay_thinking = data[1] & 16, .cache_control = data[1] & 32, .no_sampling = data[1] & 64,
                              .max_output = data[1] & 128 ? 4000 : 0 };
    dd_str text = { (const char *)data + 2, size - 2 };
    run(&a, d[data[0] % 3], d[data[0] / 3 % 3], text, &facts);
    run(&again, d[data[0] % 3], d[data[0] / 3 % 3], text, &facts);
    check(&a, &again);
    dd_buf_free(&a.out);
    dd_buf_free(&again.out);
    dd_arena_fini(&a.arena);
    dd_arena_fini(&again.arena);
    return 0;
}
