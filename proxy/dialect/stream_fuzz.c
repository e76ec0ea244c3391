/* Fuzz target: any text as a provider's stream. The first byte picks the two APIs, the second the size of the pieces.
 *
 * Events come in order (a call begins before its arguments, nothing behind an end or an error), and what a writer makes of them reads back as
 * the same answer. Memory is bounded by the input. */
#include "proxy/dialect/answer.h"
#include "proxy/http/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct { dd_buf arguments; bool ended; } call;
typedef struct {
    dd_stream_reader *reader;
    dd_stream_writer *writer;
    dd_buf            out, text, thinking;
    DD_VEC(call)      calls;
    dd_usage_report   usage;
    dd_stop           stop;
    bool              failed, ended, loose;
} side;

static void demand(bool ok)
{
    if (!ok)
        abort();
}

static void on_event(void *ctx, const dd_stream_event *e)
{
    side *s = ctx;
    demand(!s->failed && !s->ended);
    switch (e->kind) {
    case DD_SE_TEXT:
    case DD_SE_REFUSAL: dd_buf_add(&s->text, e->text); break;
    case DD_SE_THINKING: dd_buf_add(&s->thinking, e->text); break;
    case DD_SE_TOOL:
        demand(e->tool == (int)s->calls.n);
        s->loose |= !e->name.len || e->custom;
        dd_vec_push(&s->calls, ((call){ DD_BUF_INIT(0), false }));
        break;
    case DD_SE_TOOL_ARGS:
        demand(e->tool >= 0 && (size_t)e->tool < s->calls.n && !s->calls.v[e->tool].ended);
        dd_buf_add(&s->calls.v[e->tool].arguments, e->text);
        break;
    case DD_SE_TOOL_END:
        demand(e->tool >= 0 && (size_t)e->tool < s->calls.n && !s->calls.v[e->tool].ended);
        s->calls.v[e->tool].ended = true;
        break;
    case DD_SE_USAGE:
        demand(e->usage.usage.input >= 0 && e->usage.usage.cache_read >= 0 && e->usage.usage.cache_write >= 0 && e->usage.usage.output >= 0);
        s->usage = e->usage;
        break;
    case DD_SE_STOP: s->stop = e->stop; break;
    case DD_SE_ERROR: s->failed = true; break;
    case DD_SE_END: s->ended = true; break;
    default: break;
    }
    if (s->writer)
        dd_stream_write(s->writer, e, &s->out);
}

static void on_sse(void *ctx, const dd_sse_event *e)
{
    side *s = ctx;
    dd_stream_read(s->reader, e->event, e->data, on_event, s);
}

static void read_all(side *s, dd_str text, size_t piece)
{
    dd_sse sse;
    dd_sse_init(&sse, 0);
    for (size_t at = 0; at < text.len; at += piece)
        dd_sse_feed(&sse, dd_str_sub(text, at, at + piece), on_sse, s);
    dd_sse_finish(&sse, on_sse, s);
    bool whole = dd_stream_read_end(s->reader, on_event, s);
    demand(whole == s->ended && whole != s->failed);
    dd_sse_fini(&sse);
}

static void same(const side *a, const side *b)
{
    demand(a->failed == b->failed);
    if (a->failed) { /* what waited for its turn when the stream broke is not shown */
        demand(dd_str_starts(dd_buf_str(&a->text), dd_buf_str(&b->text)));
        return;
    }
    demand(dd_str_eq(dd_buf_str(&a->text), dd_buf_str(&b->text)) && dd_str_eq(dd_buf_str(&a->thinking), dd_buf_str(&b->thinking)));
    demand(a->calls.n == b->calls.n);
    for (size_t i = 0; i < a->calls.n; i++)
        demand(a->calls.v[i].ended && b->calls.v[i].ended);
    for (size_t i = 0; i < a->calls.n && !a->loose; i++) /* a call without a name is waited for, free text is wrapped */
        demand(dd_str_eq(dd_buf_str(&a->calls.v[i].arguments), dd_buf_str(&b->calls.v[i].arguments)));
    if (a->usage.reported)
        demand(a->usage.usage.input == b->usage.usage.input && a->usage.usage.output == b->usage.usage.output &&
               a->usage.usage.cache_read == b->usage.usage.cache_read);
    demand((a->stop == DD_STOP_LENGTH) == (b->stop == DD_STOP_LENGTH));
}

static void side_fini(side *s)
{
    dd_stream_reader_free(s->reader);
    dd_stream_writer_free(s->writer);
    for (size_t i = 0; i < s->calls.n; i++)
        dd_buf_free(&s->calls.v[i].arguments);
    dd_vec_free(&s->calls);
    dd_buf_free(&s->out);
    dd_buf_free(&s->text);
    dd_buf_free(&s->thinking);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dd_dialect from[] = { DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES, DD_DIALECT_COMPLETIONS };
    static const dd_dialect to[]   = { DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES };
    dd_arena        arena = DD_ARENA_INIT;
    dd_drops        drops = { 0 };
    dd_api_error    error = { 0 };
    dd_renames      none  = { 0 };
    dd_dialect_ctx  ctx   = { .arena = &arena, .drops = &drops, .names = &none, .ids = &none, .error = &error };
    dd_answer_facts facts = { .include_usage = true, .now = 1, .new_id = DD_STR("n") };
    if (size < 2)
        return 0;
    dd_dialect target = to[data[0] / 4 % 3];
    side       a = { .reader = dd_stream_reader_new(from[data[0] % 4], &arena), .writer = dd_stream_writer_new(target, &facts, &ctx) };
    side       b = { .reader = dd_stream_reader_new(target, &arena) }, c = { .reader = dd_stream_reader_new(from[data[0] % 4], &arena) };
    dd_str     text = { (const char *)data + 2, size - 2 };
    read_all(&a, text, data[1] ? data[1] : size);
    read_all(&c, text, size);
    same(&a, &c);
    read_all(&b, dd_buf_str(&a.out), size);
    same(&a, &b);
    demand(arena.used < 64 * size + (1 << 20));
    side_fini(&a);
    side_fini(&b);
    side_fini(&c);
    dd_arena_fini(&arena);
    return 0;
}
