#include "proxy/splice.h"

#include "proxy/http/sse.h"

/* --- requests --- */

static dd_str quoted(dd_str plain, dd_arena *arena)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_addc(&b, '"');
    dd_jtext_escape(&b, plain);
    dd_buf_addc(&b, '"');
    dd_str json = dd_arena_dup(arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return json;
}

/* What is neither an object nor null stays, for the provider to refuse. */
static void ask_for_usage(dd_jedits *e, dd_arena *arena, const dd_jspan *body)
{
    uint32_t options = dd_jspan_member(body, 0, "stream_options", NULL);
    if (options == DD_J_NONE) {
        dd_jedit_add(e, arena, body, 0, "stream_options", DD_STR("{\"include_usage\":true}"));
    } else if (dd_jspan_kind(body, options) == DD_J_NULL) {
        dd_jedit_replace(e, arena, body, options, DD_STR("{\"include_usage\":true}"));
    } else if (dd_jspan_kind(body, options) == DD_J_OBJECT) {
        uint32_t asked = dd_jspan_member(body, options, "include_usage", NULL);
        if (asked == DD_J_NONE)
            dd_jedit_add(e, arena, body, options, "include_usage", DD_STR("true"));
        else if (dd_jspan_kind(body, asked) == DD_J_FALSE || dd_jspan_kind(body, asked) == DD_J_NULL)
            dd_jedit_replace(e, arena, body, asked, DD_STR("true"));
    }
}

static void remove_members(dd_jedits *e, dd_arena *arena, const dd_jspan *body, const char *const *names, size_t n)
{
    for (dd_jit it = dd_jspan_each(body, 0); dd_jspan_step(body, &it);)
        for (size_t i = 0; i < n; i++)
            if (dd_jspan_is(body, it.key, names[i])) {
                dd_jedit_remove(e, arena, body, 0, it.key);
                break;
            }
}

dd_str dd_splice_request(const dd_jspan *body, const dd_splice *change, dd_arena *arena)
{
    dd_jedits e = { 0 };
    if (change->model.ptr) {
        uint32_t model = dd_jspan_member(body, 0, "model", NULL);
        dd_str   json  = quoted(change->model, arena);
        if (model == DD_J_NONE)
            dd_jedit_add(&e, arena, body, 0, "model", json);
        else
            dd_jedit_replace(&e, arena, body, model, json);
    }
    if (change->ask_usage)
        ask_for_usage(&e, arena, body);
    static const char *const of_streams[] = { "stream", "stream_options" };
    static const char *const ours[]       = { "priority", "latency_pref", "max_cost", "session", "step", "fallback" };
    if (change->whole)
        remove_members(&e, arena, body, of_streams, DD_COUNT(of_streams));
    if (change->ours)
        remove_members(&e, arena, body, ours, DD_COUNT(ours));
    return dd_jedit_apply(&e, arena, body);
}

/* --- streams --- */

/* An event that goes on for longer is no usage chunk: it is passed on as it comes. */
enum { HOLD_MAX = 64 << 10 };

struct dd_usage_strip {
    dd_sse   sse;       /* reads the data of one event */
    dd_arena arena;     /* of one event's document */
    dd_buf   held;      /* the event that is not whole yet */
    bool     in_line;   /* the line has a byte */
    bool     cr;        /* the last byte was a CR: an LF is part of that line end */
    bool     comment;   /* the line is a comment in front of an event: it keeps a connection alive, so it is not held */
    bool     through;   /* the event is passed on already */
    bool     dropped;   /* the last event was taken out: the LF of its end goes with it */
};

dd_usage_strip *dd_usage_strip_new(void)
{
    dd_usage_strip *s = dd_calloc(1, sizeof *s);
    dd_sse_init(&s->sse, 0);
    return s;
}

void dd_usage_strip_free(dd_usage_strip *s)
{
    if (!s)
        return;
    dd_sse_fini(&s->sse);
    dd_arena_fini(&s->arena);
    dd_buf_free(&s->held);
    free(s);
}

typedef struct { dd_usage_strip *s; bool usage_only; } verdict;

static void judge(void *ctx, const dd_sse_event *e)
{
    verdict *v = ctx;
    dd_jspan d;
    if (dd_jspan_parse(&d, &v->s->arena, e->data, NULL) == DD_OK) {
        static const char *const names[] = { "choices", "usage", "error" };
        uint32_t at[DD_COUNT(names)];
        dd_jspan_members(&d, 0, names, at, DD_COUNT(names));
        v->usage_only = dd_jspan_kind(&d, at[0]) == DD_J_ARRAY && d.v[at[0]].count == 0 && dd_jspan_kind(&d, at[1]) == DD_J_OBJECT &&
                        dd_jspan_kind(&d, at[2]) == DD_J_NULL;
    }
    dd_arena_fini(&v->s->arena);
}

/* Most chunks have choices: only those whose text holds an empty row of them are looked at. What is not on one line may be. */
static bool may_be_usage_only(dd_str event)
{
    for (dd_str rest = event;;) {
        ptrdiff_t at = dd_str_findz(rest, "\"choices\"");
        if (at < 0)
            return false;
        rest = dd_str_sub(rest, (size_t)at + 9, rest.len);
        size_t i = 0;
        for (const char *want = ":[]"; *want && i < rest.len; i++) {
            if (rest.ptr[i] == *want)
                want++;
            else if (rest.ptr[i] == '\n' || rest.ptr[i] == '\r')
                return true;
            else if (rest.ptr[i] != ' ' && rest.ptr[i] != '\t')
                break;
            if (!*want)
                return true;
        }
    }
}

static bool is_usage_only(dd_usage_strip *s, dd_str event)
{
    verdict v = { s, false };
    if (event.len > HOLD_MAX || !may_be_usage_only(event))
        return false;
    dd_sse_feed(&s->sse, event, judge, &v);
    dd_sse_finish(&s->sse, judge, &v); /* the stream may have ended within the event */
    return v.usage_only;
}

/* The last of an event: its blank line included (but not the LF of a CRLF there). */
static void pass_event(dd_usage_strip *s, dd_str piece, dd_buf *out)
{
    dd_str event = piece;
    if (s->held.len) {
        dd_buf_add(&s->held, piece);
        event = dd_buf_str(&s->held);
    }
    s->dropped = !s->through && is_usage_only(s, event);
    if (!s->dropped)
        dd_buf_add(out, event);
    s->through = false;
    dd_buf_clear(&s->held);
}

static void hold(dd_usage_strip *s, dd_str piece, dd_buf *out)
{
    if (!s->comment && !s->through && s->held.len + piece.len <= HOLD_MAX) {
        dd_buf_add(&s->held, piece);
        return;
    }
    s->through = !s->comment;
    dd_buf_add(out, dd_buf_str(&s->held));
    dd_buf_add(out, piece);
    dd_buf_free(&s->held);
}

/* The LF of a CRLF whose CR was the last byte that was dealt with. */
static void pass_lf(dd_usage_strip *s, dd_buf *out)
{
    if (s->held.len)
        hold(s, DD_STR("\n"), out);
    else if (!s->dropped)
        dd_buf_addc(out, '\n');
}

void dd_usage_strip_feed(dd_usage_strip *s, dd_str bytes, dd_buf *out)
{
    size_t from = 0, at = 0; /* bytes [from, at) are the event's and neither held nor passed on */
    while (at < bytes.len) {
        if (s->cr && bytes.ptr[at] == '\n') {
            s->cr = false;
            if (from == at) {
                pass_lf(s, out);
                from++;
            }
            at++;
            continue;
        }
        const char *end = bytes.ptr + bytes.len, *stop = dd_sse_line_end(bytes.ptr + at, end);
        if (!s->in_line && from == at && !s->held.len && !s->through)
            s->comment = bytes.ptr[at] == ':';
        s->in_line = s->in_line || stop > bytes.ptr + at;
        s->cr      = stop < end && *stop == '\r';
        if (stop == end)
            break;
        at = (size_t)(stop - bytes.ptr) + 1;
        if (!s->in_line || s->comment) {
            pass_event(s, dd_str_sub(bytes, from, at), out);
            from = at;
        }
        s->in_line = s->comment = false;
    }
    if (from < bytes.len)
        hold(s, dd_str_sub(bytes, from, bytes.len), out);
}

void dd_usage_strip_end(dd_usage_strip *s, dd_buf *out) { pass_event(s, DD_STR_NULL, out); }
