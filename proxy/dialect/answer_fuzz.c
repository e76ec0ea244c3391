/* Fuzz target: any JSON as a provider's answer, the first byte picks the two APIs. What is written is JSON, and read again it is the same answer. */
#include "proxy/dialect/answer.h"
#include "proxy/http/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool ok)
{
    if (!ok)
        abort();
}

static void gather(const dd_part *p, dd_buf *text, dd_buf *calls)
{
    for (; p; p = p->next) {
        if (p->kind == DD_PART_TEXT || p->kind == DD_PART_REFUSAL)
            dd_buf_add(text, p->text);
        else if (p->kind == DD_PART_TOOL_CALL) {
            dd_buf_add(calls, p->name);
            dd_buf_addc(calls, ' ');
        }
    }
}

static void same(const dd_answer *a, const dd_answer *b)
{
    dd_buf text[2] = { 0 }, calls[2] = { 0 };
    gather(a->parts, &text[0], &calls[0]);
    gather(b->parts, &text[1], &calls[1]);
    demand(text[0].len == text[1].len && dd_str_eq(dd_buf_str(&calls[0]), dd_buf_str(&calls[1])));
    if (a->usage.reported)
        demand(a->usage.usage.input == b->usage.usage.input && a->usage.usage.output == b->usage.usage.output);
    for (int i = 0; i < 2; i++) {
        dd_buf_free(&text[i]);
        dd_buf_free(&calls[i]);
    }
}

static void check_event(void *ctx, const dd_sse_event *e)
{
    dd_jspan j;
    demand(dd_str_eqz(e->data, "[DONE]") || dd_jspan_parse(&j, ctx, dd_arena_dup(ctx, e->data), NULL) == DD_OK);
}

/* Whatever the answer: each event is one line of JSON, and the last one ends. */
static void replay(dd_dialect d, const dd_jspan *j, dd_arena *arena)
{
    dd_buf out = DD_BUF_INIT(0);
    dd_sse sse;
    demand(dd_answer_replay(d, j, &out) == (out.len > 0));
    dd_sse_init(&sse, 64 << 20);
    dd_sse_feed(&sse, dd_buf_str(&out), check_event, arena);
    demand(!dd_sse_finish(&sse, check_event, arena));
    dd_sse_fini(&sse);
    dd_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dd_dialect which[] = { DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES };
    dd_arena        arena = DD_ARENA_INIT;
    dd_drops        drops = { 0 };
    dd_api_error    error = { 0 };
    dd_renames      none  = { 0 };
    dd_dialect_ctx  ctx   = { .arena = &arena, .drops = &drops, .names = &none, .ids = &none, .error = &error };
    dd_answer_facts facts = { .now = 1, .new_id = DD_STR("n") };
    dd_buf          out   = DD_BUF_INIT(0);
    dd_jspan        j, k;
    dd_answer       a, b;
    if (size && dd_jspan_parse(&j, &arena, (dd_str){ (const char *)data + 1, size - 1 }, NULL) == DD_OK) {
        dd_dialect to = which[data[0] / 3 % 3];
        if (dd_answer_read(which[data[0] % 3], &j, &ctx, &a)) {
            demand(dd_answer_write(to, &a, &facts, &ctx, &out));
            demand(dd_jspan_parse(&k, &arena, dd_buf_str(&out), NULL) == DD_OK && dd_answer_read(to, &k, &ctx, &b));
            same(&a, &b);
        } else
            demand(error.status >= 400 && error.message.len);
        dd_embeddings_base64(&j, &arena);
        replay(which[data[0] % 3], &j, &arena);
    }
    dd_buf_free(&out);
    dd_arena_fini(&arena);
    return 0;
}
