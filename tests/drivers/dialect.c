/* Runs the dialects over lines of JSON, for tests that compare them with other implementations: one object in, one object out.
 *
 *   {"op":"request","from":"messages","to":"responses","body":TEXT,"model":TEXT,"facts":{"json_schema":true}}
 *                                                                        -> {"ok":true,"body":{...},"drops":[...]}
 *   {"op":"usage","from":"messages","body":TEXT}                         -> {"reported":true,"input":..,...,"stop":N}
 *   {"op":"answer","from":"messages","to":"chat.completions","body":TEXT} -> {"ok":true,"body":{...},"drops":[...]}
 *   {"op":"stream","from":..,"to":..,"text":TEXT,"piece":N}               -> {"whole":true,"out":TEXT,"assembled":{...},"drops":[...]}
 *
 * TEXT is a string that holds the body; a stream is fed in pieces of N bytes (0: at once). `to` may be empty: read only. */
#include "proxy/dialect/answer.h"
#include "proxy/http/sse.h"

typedef struct {
    dd_arena       arena;
    dd_jspan       line;
    dd_drops       drops;
    dd_api_error   error;
    dd_renames     names, ids;
    dd_dialect_ctx ctx;
    dd_buf         out;
} run;

static uint32_t member(run *r, const char *name) { return dd_jspan_member(&r->line, 0, name, NULL); }
static dd_str   text(run *r, const char *name) { return dd_jspan_text(&r->line, member(r, name), &r->arena); }

static dd_dialect dialect(run *r, const char *name)
{
    dd_str want = text(r, name);
    for (dd_dialect d = DD_DIALECT_CHAT; d <= DD_DIALECT_EMBEDDINGS; d++)
        if (dd_str_eqz(want, dd_dialect_name(d)))
            return d;
    return DD_DIALECT_NONE;
}

static void put_text(dd_buf *out, const char *key, dd_str plain)
{
    dd_jw_key(out, key);
    dd_buf_addc(out, '"');
    dd_jtext_escape(out, plain);
    dd_buf_addc(out, '"');
}

static void put_usage(dd_buf *out, const dd_usage_report *u)
{
    dd_jw_raw(out, "reported", u->reported ? DD_STR("true") : DD_STR("false"));
    dd_jw_int(out, "input", u->usage.input);
    dd_jw_int(out, "cache_read", u->usage.cache_read);
    dd_jw_int(out, "cache_write", u->usage.cache_write);
    dd_jw_int(out, "cache_write_1h", u->usage.cache_write_1h);
    dd_jw_int(out, "output", u->usage.output);
    dd_jw_int(out, "reasoning", u->reasoning);
}

static void put_drops(run *r)
{
    dd_buf_addz(&r->out, ",\"drops\":[");
    for (size_t i = 0; i < r->drops.n; i++) {
        dd_jw_comma(&r->out);
        dd_buf_addc(&r->out, '"');
        dd_jtext_escape(&r->out, r->drops.v[i]);
        dd_buf_addc(&r->out, '"');
    }
    dd_buf_addc(&r->out, ']');
}

static void put_error(dd_buf *out, const dd_api_error *e)
{
    dd_jw_key(out, "error");
    dd_buf_addc(out, '{');
    dd_jw_int(out, "status", e->status);
    put_text(out, "type", e->type);
    put_text(out, "code", e->code);
    put_text(out, "param", e->param);
    put_text(out, "message", e->message);
    dd_buf_addc(out, '}');
}

static const char *const stops[] = { "none", "end", "length", "tools", "sequence", "filter", "pause", "error" };

static void usage(run *r)
{
    dd_jspan        body;
    dd_usage_report u;
    dd_stop         stop;
    if (dd_jspan_parse(&body, &r->arena, text(r, "body"), NULL) != DD_OK) {
        dd_buf_addz(&r->out, "{\"parse\":false}");
        return;
    }
    dd_usage_read(dialect(r, "from"), &body, &u, &stop);
    dd_buf_addc(&r->out, '{');
    put_usage(&r->out, &u);
    dd_jw_str(&r->out, "stop", dd_str_z(stops[stop]));
    dd_buf_addc(&r->out, '}');
}

static dd_answer_facts facts_of(run *r)
{
    uint32_t usage_too = member(r, "include_usage");
    return (dd_answer_facts){ .include_usage = dd_jspan_kind(&r->line, usage_too) != DD_J_FALSE, .now = 1700000000, .new_id = DD_STR("0123abc") };
}

static void answer(run *r)
{
    dd_jspan        body;
    dd_answer       a;
    dd_answer_facts facts = facts_of(r);
    if (dd_jspan_parse(&body, &r->arena, text(r, "body"), NULL) != DD_OK) {
        dd_buf_addz(&r->out, "{\"parse\":false}");
        return;
    }
    dd_buf_addz(&r->out, "{\"ok\":");
    if (!dd_answer_read(dialect(r, "from"), &body, &r->ctx, &a)) {
        dd_buf_addz(&r->out, "false");
        put_error(&r->out, &r->error);
    } else {
        dd_buf_addz(&r->out, "true,\"body\":");
        dd_answer_write(dialect(r, "to"), &a, &facts, &r->ctx, &r->out);
    }
    put_drops(r);
    dd_buf_addc(&r->out, '}');
}

/* Facts that are not given: true, for what a model can; false, for what it refuses or a provider is special in. */
static dd_target_facts target_facts(run *r)
{
    uint32_t        given = member(r, "facts");
    dd_target_facts f     = { .adaptive_thinking = true, .reasoning = true, .json_schema = true, .vision = true, .documents = true };
    const struct { const char *name; bool *fact; } names[] = {
        { "adaptive_thinking", &f.adaptive_thinking }, { "reasoning", &f.reasoning },       { "no_sampling", &f.no_sampling },
        { "json_schema", &f.json_schema },             { "one_sampling", &f.one_sampling }, { "old_max_tokens", &f.old_max_tokens },
        { "no_developer", &f.no_developer },           { "plain_text", &f.plain_text },     { "cache_control", &f.cache_control },
        { "replay_thinking", &f.replay_thinking },     { "top_k", &f.top_k },
    };
    for (size_t i = 0; i < DD_COUNT(names); i++) {
        uint32_t node = dd_jspan_member(&r->line, given, names[i].name, NULL);
        if (node != DD_J_NONE)
            *names[i].fact = dd_jspan_kind(&r->line, node) == DD_J_TRUE;
    }
    dd_jspan_i64(&r->line, dd_jspan_member(&r->line, given, "max_output", NULL), &f.max_output);
    return f;
}

static void request(run *r)
{
    dd_jspan        body;
    dd_request      q;
    dd_target_facts facts = target_facts(r);
    if (dd_jspan_parse(&body, &r->arena, text(r, "body"), NULL) != DD_OK) {
        dd_buf_addz(&r->out, "{\"parse\":false}");
        return;
    }
    dd_buf to = DD_BUF_INIT(0);
    bool   ok = dd_request_read(dialect(r, "from"), &body, &r->ctx, &q);
    ok        = ok && dd_request_write(dialect(r, "to"), &q, text(r, "model"), &facts, &r->ctx, &to);
    dd_buf_addz(&r->out, ok ? "{\"ok\":true" : "{\"ok\":false");
    if (ok)
        dd_jw_raw(&r->out, "body", dd_buf_str(&to));
    else
        put_error(&r->out, &r->error);
    put_drops(r);
    dd_buf_addc(&r->out, '}');
    dd_buf_free(&to);
}

/* --- streams --- */

typedef struct { dd_buf arguments; dd_str id, name; bool ended; } call;
typedef struct {
    run               *r;
    dd_stream_reader  *reader;
    dd_stream_writer  *writer;
    dd_buf             out, text, thinking, signature, refusal;
    DD_VEC(call)       calls;
    dd_usage_report    usage;
    dd_stop            stop;
    dd_api_error       error;
    bool               failed, ended, misordered;
} stream;

static void on_event(void *ctx, const dd_stream_event *e)
{
    stream *s = ctx;
    s->misordered |= s->ended || s->failed;
    switch (e->kind) {
    case DD_SE_TEXT: dd_buf_add(&s->text, e->text); break;
    case DD_SE_THINKING: dd_buf_add(&s->thinking, e->text); break;
    case DD_SE_REFUSAL: dd_buf_add(&s->refusal, e->text); break;
    case DD_SE_SIGNATURE: dd_buf_add(&s->signature, e->text); break;
    case DD_SE_TOOL:
        s->misordered |= e->tool != (int)s->calls.n;
        dd_vec_push(&s->calls, ((call){ DD_BUF_INIT(0), dd_arena_dup(&s->r->arena, e->id), dd_arena_dup(&s->r->arena, e->name), false }));
        break;
    case DD_SE_TOOL_ARGS:
        if ((size_t)e->tool < s->calls.n && !s->calls.v[e->tool].ended)
            dd_buf_add(&s->calls.v[e->tool].arguments, e->text);
        else
            s->misordered = true;
        break;
    case DD_SE_TOOL_END:
        if ((size_t)e->tool < s->calls.n && !s->calls.v[e->tool].ended)
            s->calls.v[e->tool].ended = true;
        else
            s->misordered = true;
        break;
    case DD_SE_USAGE: s->usage = e->usage; break;
    case DD_SE_STOP: s->stop = e->stop; break;
    case DD_SE_ERROR:
        s->failed = true;
        s->error         = e->error;     /* borrowed for the call */
        s->error.type    = dd_arena_dup(&s->r->arena, e->error.type);
        s->error.code    = dd_arena_dup(&s->r->arena, e->error.code);
        s->error.param   = dd_arena_dup(&s->r->arena, e->error.param);
        s->error.message = dd_arena_dup(&s->r->arena, e->error.message);
        break;
    case DD_SE_END: s->ended = true; break;
    default: break;
    }
    if (s->writer)
        dd_stream_write(s->writer, e, &s->out);
}

static void on_sse(void *ctx, const dd_sse_event *e)
{
    stream *s = ctx;
    dd_stream_read(s->reader, e->event, e->data, on_event, s);
}

static void put_assembled(stream *s)
{
    dd_buf *out = &s->r->out;
    dd_jw_key(out, "assembled");
    dd_buf_addc(out, '{');
    dd_jw_str(out, "text", dd_buf_str(&s->text));
    dd_jw_str(out, "reasoning", dd_buf_str(&s->thinking));
    dd_jw_str(out, "signature", dd_buf_str(&s->signature));
    dd_jw_str(out, "refusal", dd_buf_str(&s->refusal));
    dd_buf_addz(out, ",\"tool_calls\":[");
    for (size_t i = 0; i < s->calls.n; i++) {
        dd_jw_comma(out);
        dd_buf_addc(out, '{');
        dd_jw_str(out, "id", s->calls.v[i].id);
        dd_jw_str(out, "name", s->calls.v[i].name);
        dd_jw_str(out, "arguments", dd_buf_str(&s->calls.v[i].arguments));
        dd_jw_raw(out, "ended", s->calls.v[i].ended ? DD_STR("true") : DD_STR("false"));
        dd_buf_addc(out, '}');
    }
    dd_buf_addz(out, "],\"usage\":{");
    put_usage(out, &s->usage);
    dd_buf_addc(out, '}');
    dd_jw_str(out, "stop", dd_str_z(stops[s->stop]));
    dd_jw_raw(out, "ended", s->ended ? DD_STR("true") : DD_STR("false"));
    dd_jw_raw(out, "misordered", s->misordered ? DD_STR("true") : DD_STR("false"));
    if (s->failed)
        put_error(out, &s->error);
    dd_buf_addc(out, '}');
}

static void stream_op(run *r)
{
    dd_answer_facts facts = facts_of(r);
    dd_sse          sse;
    dd_str          all = text(r, "text");
    int64_t         piece = 0;
    stream          s = { .r = r, .reader = dd_stream_reader_new(dialect(r, "from"), &r->arena) };
    if (dialect(r, "to") != DD_DIALECT_NONE)
        s.writer = dd_stream_writer_new(dialect(r, "to"), &facts, &r->ctx);
    dd_jspan_i64(&r->line, member(r, "piece"), &piece);
    dd_sse_init(&sse, 0);
    for (size_t at = 0, n = piece > 0 ? (size_t)piece : all.len; at < all.len; at += n)
        dd_sse_feed(&sse, dd_str_sub(all, at, at + n), on_sse, &s);
    dd_sse_finish(&sse, on_sse, &s);
    bool whole = dd_stream_read_end(s.reader, on_event, &s);
    dd_buf_addz(&r->out, "{\"whole\":");
    dd_buf_addz(&r->out, whole ? "true" : "false");
    put_text(&r->out, "out", dd_buf_str(&s.out));
    put_assembled(&s);
    put_drops(r);
    dd_buf_addc(&r->out, '}');
    dd_sse_fini(&sse);
    dd_stream_reader_free(s.reader);
    dd_stream_writer_free(s.writer);
    for (size_t i = 0; i < s.calls.n; i++)
        dd_buf_free(&s.calls.v[i].arguments);
    dd_vec_free(&s.calls);
    dd_buf *bufs[] = { &s.out, &s.text, &s.thinking, &s.signature, &s.refusal };
    for (size_t i = 0; i < DD_COUNT(bufs); i++)
        dd_buf_free(bufs[i]);
}

static const struct { const char *op; void (*fn)(run *r); } ops[] = {
    { "request", request }, { "usage", usage }, { "answer", answer }, { "stream", stream_op },
};

static void one(dd_str line)
{
    run    r   = { .arena = DD_ARENA_INIT };
    dd_err err = DD_ERR_INIT;
    r.ctx      = (dd_dialect_ctx){ .arena = &r.arena, .drops = &r.drops, .names = &r.names, .ids = &r.ids, .error = &r.error };
    if (dd_jspan_parse(&r.line, &r.arena, line, &err) != DD_OK)
        fprintf(stderr, "dialect: %s\n", err.msg);
    else
        for (size_t i = 0; i < DD_COUNT(ops); i++)
            if (dd_jspan_is(&r.line, member(&r, "op"), ops[i].op))
                ops[i].fn(&r);
    for (size_t i = 0; i < r.out.len; i++) /* bodies keep their white space: a line is one object */
        if (r.out.ptr[i] == '\n' || r.out.ptr[i] == '\r')
            r.out.ptr[i] = ' ';
    dd_buf_addc(&r.out, '\n');
    fwrite(r.out.ptr, 1, r.out.len, stdout);
    dd_buf_free(&r.out);
    dd_arena_fini(&r.arena);
}

int main(void)
{
    char   *line = NULL;
    size_t  cap  = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) > 0)
        one(dd_str_trim((dd_str){ line, (size_t)n }));
    free(line);
    return 0;
}
