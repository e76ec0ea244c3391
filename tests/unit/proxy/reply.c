#include "tests/unit/proxy/reply.h"

#include <stdio.h>

#include "proxy/http/sse.h"

void reply_open(reply *t)
{
    *t       = (reply){ .arena = DD_ARENA_INIT };
    t->facts = (dd_answer_facts){ .include_usage = true, .now = 1700000000, .new_id = DD_STR("n"), .request = &t->request };
}

void reply_close(reply *t)
{
    dd_buf_free(&t->out);
    dd_arena_fini(&t->arena);
}

dd_str reply_json(dd_arena *arena, const char *text)
{
    dd_str s  = dd_arena_dup(arena, dd_str_z(text));
    char  *at = dd_arena_alloc(arena, s.len + 1);
    for (size_t i = 0; i <= s.len; i++)
        at[i] = s.ptr[i] == '\'' ? '"' : s.ptr[i];
    return (dd_str){ at, s.len };
}

bool reply_has(reply *t, dd_str text, const char *piece) { return dd_str_find(text, reply_json(&t->arena, piece)) >= 0; }

static dd_dialect_ctx ctx_of(reply *t)
{
    dd_buf_clear(&t->out);
    return (dd_dialect_ctx){ .arena = &t->arena, .drops = &t->drops, .names = &t->names, .ids = &t->ids, .error = &t->error };
}

dd_str reply_answer(reply *t, dd_dialect from, dd_dialect to, const char *body)
{
    dd_dialect_ctx ctx = ctx_of(t);
    dd_jspan       j, again;
    dd_answer      a;
    dd_err         err = DD_ERR_INIT;
    CHECK_OK(dd_jspan_parse(&j, &t->arena, reply_json(&t->arena, body), &err));
    if (dd_answer_read(from, &j, &ctx, &a)) {
        CHECK(dd_answer_write(to, &a, &t->facts, &ctx, &t->out));
        CHECK_OK(dd_jspan_parse(&again, &t->arena, dd_arena_dup(&t->arena, dd_buf_str(&t->out)), &err));
    }
    return dd_buf_str(&t->out);
}

typedef struct { reply *t; dd_stream_reader *reader; dd_stream_writer *writer; } pipe_ends;

static void on_event(void *ctx, const dd_stream_event *e)
{
    pipe_ends *p = ctx;
    if (e->kind == DD_SE_USAGE)
        p->t->usage = e->usage;
    if (e->kind == DD_SE_ERROR) {
        p->t->error         = e->error;
        p->t->error.message = dd_arena_dup(&p->t->arena, e->error.message);
    }
    dd_stream_write(p->writer, e, &p->t->out);
}

static void on_sse(void *ctx, const dd_sse_event *e)
{
    pipe_ends *p = ctx;
    dd_stream_read(p->reader, e->event, e->data, on_event, p);
}

/* Every event of what was written is JSON, or the end mark. */
static void on_written(void *ctx, const dd_sse_event *e)
{
    reply *t = ctx;
    dd_jspan     j;
    dd_err       err = DD_ERR_INIT;
    if (!dd_str_eqz(e->data, "[DONE]"))
        CHECK_OK(dd_jspan_parse(&j, &t->arena, dd_arena_dup(&t->arena, e->data), &err));
}

dd_str reply_stream(reply *t, dd_dialect from, dd_dialect to, const char *text)
{
    dd_dialect_ctx ctx = ctx_of(t);
    dd_sse         sse, check;
    pipe_ends      p = { t, dd_stream_reader_new(from, &t->arena), dd_stream_writer_new(to, &t->facts, &ctx) };
    dd_sse_init(&sse, 0);
    dd_sse_feed(&sse, reply_json(&t->arena, text), on_sse, &p);
    dd_sse_finish(&sse, on_sse, &p);
    t->whole = dd_stream_read_end(p.reader, on_event, &p);
    dd_sse_fini(&sse);
    dd_stream_reader_free(p.reader);
    dd_stream_writer_free(p.writer);
    dd_sse_init(&check, 0);
    dd_sse_feed(&check, dd_buf_str(&t->out), on_written, t);
    CHECK(!dd_sse_finish(&check, on_written, t));
    dd_sse_fini(&check);
    return dd_buf_str(&t->out);
}

dd_str reply_replay(reply *t, dd_dialect from, dd_dialect to, const char *body)
{
    dd_jspan j;
    dd_err   err    = DD_ERR_INIT;
    dd_buf   events = DD_BUF_INIT(0);
    dd_sse   check;
    CHECK_OK(dd_jspan_parse(&j, &t->arena, reply_json(&t->arena, body), &err));
    CHECK(dd_answer_replay(from, &j, &events) == (events.len > 0));
    dd_str text = dd_arena_printf(&t->arena, DD_STR_FMT, DD_STR_ARG(dd_buf_str(&events)));
    dd_buf_free(&events);
    dd_sse_init(&check, 0);
    dd_sse_feed(&check, text, on_written, t);
    CHECK(!dd_sse_finish(&check, on_written, t));
    dd_sse_fini(&check);
    return from == to || !text.len ? text : reply_stream(t, from, to, text.ptr);
}

dd_str reply_drops(reply *t)
{
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < t->drops.n; i++) {
        if (i)
            dd_buf_addc(&b, ' ');
        dd_buf_add(&b, t->drops.v[i]);
    }
    dd_str all = dd_arena_dup(&t->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return all;
}

static void run(const reply_case *cases, size_t n, dd_str (*fn)(reply *t, dd_dialect from, dd_dialect to, const char *in))
{
    for (size_t i = 0; i < n; i++) {
        reply t;
        reply_open(&t);
        dd_str out = fn(&t, cases[i].from, cases[i].to, cases[i].in), rest = out;
        for (size_t k = 0; k < DD_COUNT(cases[i].has) && cases[i].has[k]; k++) {
            ptrdiff_t at = dd_str_find(rest, reply_json(&t.arena, cases[i].has[k]));
            if (at < 0) {
                dd_test_fail(__FILE__, __LINE__, "%s: no %s in " DD_STR_FMT, cases[i].why, cases[i].has[k], DD_STR_ARG(out));
                break;
            }
            rest = dd_str_sub(rest, (size_t)at + strlen(cases[i].has[k]), rest.len);
        }
        if (cases[i].not && reply_has(&t, out, cases[i].not))
            dd_test_fail(__FILE__, __LINE__, "%s: %s is in " DD_STR_FMT, cases[i].why, cases[i].not, DD_STR_ARG(out));
        reply_close(&t);
    }
}

void reply_answers(const reply_case *cases, size_t n) { run(cases, n, reply_answer); }
void reply_streams(const reply_case *cases, size_t n) { run(cases, n, reply_stream); }
void reply_replays(const reply_case *cases, size_t n) { run(cases, n, reply_replay); }
