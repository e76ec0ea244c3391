#include "proxy/guard.h"

#include "base/jspan.h"
#include "proxy/http/sse.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { HELD_MAX = 1 << 20 };

/* --- where events end --- */

/* A blank line ends at `at`: behind it an event may begin. */
static bool is_boundary(dd_str s, size_t at)
{
    if (at < 2)
        return false;
    char last = s.ptr[at - 1], before = s.ptr[at - 2];
    if (last == '\r')
        return before == '\n' || before == '\r';
    return last == '\n' && (before == '\n' || (before == '\r' && at >= 3 && (s.ptr[at - 3] == '\n' || s.ptr[at - 3] == '\r')));
}

static size_t first_boundary(dd_str s, size_t from)
{
    const char *end = s.ptr + s.len;
    for (const char *p = s.ptr + from; (p = dd_sse_line_end(p, end)) < end; p++)
        if (is_boundary(s, (size_t)(p - s.ptr) + 1))
            return (size_t)(p - s.ptr) + 1;
    return s.len;
}

/* Behind blank lines and one comment in front of an event; `at` where there are none. */
static size_t behind_comment(dd_str s, size_t at)
{
    const char *end = s.ptr + s.len;
    while (at < s.len && (s.ptr[at] == '\n' || s.ptr[at] == '\r'))
        at++;
    const char *stop = at < s.len && s.ptr[at] == ':' ? dd_sse_line_end(s.ptr + at, end) : end;
    return stop < end ? (size_t)(stop - s.ptr) + 1 : at;
}

/* Up to where all is whole; up to `known` no event ends. Comments keep a connection alive: they do not wait for the event behind them. */
static size_t whole_events(dd_str s, size_t known)
{
    size_t at = s.len;
    while (at > known && !is_boundary(s, at))
        at--;
    if (at <= known)
        at = 0;
    for (size_t next; (next = behind_comment(s, at)) > at;)
        at = next;
    return at;
}

/* --- what an event is --- */

typedef struct { dd_arena arena; bool error; } verdict;

static bool tells(const dd_jspan *j, uint32_t object)
{
    uint32_t error = dd_jspan_member(j, object, "error", NULL);
    return dd_jspan_kind(j, error) == DD_J_OBJECT || dd_jspan_inside(j, error).len;
}

static bool is_error(const dd_jspan *j)
{
    uint32_t type = dd_jspan_member(j, 0, "type", NULL), choices = dd_jspan_member(j, 0, "choices", NULL);
    if (tells(j, 0) || tells(j, dd_jspan_member(j, 0, "response", NULL)) || dd_jspan_is(j, type, "error") ||
        dd_jspan_is(j, dd_jspan_member(j, 0, "object", NULL), "error"))
        return true;
    for (dd_jit it = dd_jspan_each(j, choices); dd_jspan_step(j, &it);)
        if (tells(j, it.value))
            return true;
    return false;
}

static void judge(void *ctx, const dd_sse_event *e)
{
    verdict *v = ctx;
    dd_jspan j;
    v->error = v->error || dd_str_eqz(e->event, "error") || dd_jspan_parse(&j, &v->arena, e->data, NULL) != DD_OK || is_error(&j);
}

static bool is_error_event(dd_str event)
{
    verdict v = { .arena = DD_ARENA_INIT };
    dd_sse  sse;
    dd_sse_init(&sse, 0);
    dd_sse_feed(&sse, event, judge, &v);
    dd_sse_finish(&sse, judge, &v);
    dd_sse_fini(&sse);
    dd_arena_fini(&v.arena);
    return v.error;
}

/* --- passing on --- */

/* The word "error". Each chunk of each stream is looked through for it, so by its two r, which are rare. */
static bool has_error(dd_str s)
{
#ifdef __SSE2__
    const __m128i r  = _mm_set1_epi8('r');
    size_t        at = 0;
    for (; at + 17 <= s.len; at += 16) {
        const char *p   = s.ptr + at;
        __m128i     one = _mm_loadu_si128((const __m128i *)(const void *)p), two = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
        unsigned both = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(one, r), _mm_cmpeq_epi8(two, r)));
        for (; both; both &= both - 1) {
            size_t k = at + (size_t)__builtin_ctz(both);
            if (k > 0 && k + 4 <= s.len && memcmp(s.ptr + k - 1, "error", 5) == 0)
                return true;
        }
    }
    for (at -= at > 0; at + 5 <= s.len; at++)
        if (memcmp(s.ptr + at, "error", 5) == 0)
            return true;
    return false;
#else
    return dd_str_has(s, "error");
#endif
}

/* Few chunks hold the word, and of those few a key: only these are taken apart. false: the text may go on as it is. */
static bool clean_events(dd_str text, dd_guard_clean *clean, void *ctx, dd_buf *out)
{
    dd_buf all = DD_BUF_INIT(0);
    bool   any = has_error(text) && clean(ctx, text, &all);
    for (size_t from = 0, to; any && from < text.len; from = to) {
        bool comment = (to = behind_comment(text, from)) > from;
        if (!comment)
            to = first_boundary(text, from);
        dd_str event = dd_str_sub(text, from, to);
        if (!has_error(event) || !(comment || is_error_event(event)) || !clean(ctx, event, out))
            dd_buf_add(out, event);
    }
    dd_buf_free(&all);
    return any;
}

static dd_str give(dd_guard *g, dd_buf out)
{
    dd_buf_free(&g->given);
    g->given = out;
    return dd_buf_str(&g->given);
}

/* All but the line ends that it ends with: with what comes they may be a boundary. */
static size_t without_line_ends(dd_str s)
{
    size_t n = s.len;
    while (n > 0 && s.len - n < 3 && (s.ptr[n - 1] == '\n' || s.ptr[n - 1] == '\r'))
        n--;
    return n;
}

/* The end of an event that was let through, as far as it is there; returns where it ends. */
static size_t let_through(dd_guard *g, dd_str all, dd_buf *out)
{
    size_t at  = first_boundary(all, 0);
    g->through = !is_boundary(all, at);
    if (g->through)
        at = without_line_ends(all);
    dd_buf_add(out, dd_str_sub(all, 0, at));
    return at;
}

/* Something waits, or will. What waits was looked through when it came: a long event may come in many small pieces. */
static dd_str feed_pieces(dd_guard *g, dd_str bytes, dd_guard_clean *clean, void *ctx)
{
    dd_buf out = DD_BUF_INIT(0), rest = DD_BUF_INIT(0);
    size_t known = g->through ? 0 : g->held.len;
    dd_buf_add(&g->held, bytes);
    dd_str all  = dd_buf_str(&g->held);
    size_t from = g->through ? let_through(g, all, &out) : 0;
    all = dd_str_sub(all, from, all.len);
    if (!g->through) {
        size_t to    = whole_events(all, known);
        dd_str ready = dd_str_sub(all, 0, to);
        if (!clean_events(ready, clean, ctx, &out))
            dd_buf_add(&out, ready);
        all        = dd_str_sub(all, to, all.len);
        g->through = all.len > HELD_MAX;
        if (g->through) {
            size_t n = without_line_ends(all);
            dd_buf_add(&out, dd_str_sub(all, 0, n));
            all = dd_str_sub(all, n, all.len);
        }
    }
    if (all.len < g->held.len) {
        dd_buf_add(&rest, all);
        dd_buf_free(&g->held);
        g->held = rest;
    }
    return give(g, out);
}

dd_str dd_guard_feed(dd_guard *g, dd_str bytes, dd_guard_clean *clean, void *ctx)
{
    dd_buf out = DD_BUF_INIT(0);
    if (g->through || g->held.len || !is_boundary(bytes, bytes.len))
        return feed_pieces(g, bytes, clean, ctx);
    return clean_events(bytes, clean, ctx, &out) ? give(g, out) : bytes;
}

dd_str dd_guard_end(dd_guard *g, dd_guard_clean *clean, void *ctx)
{
    dd_buf out = DD_BUF_INIT(0);
    return clean_events(dd_buf_str(&g->held), clean, ctx, &out) ? give(g, out) : dd_buf_str(&g->held);
}

void dd_guard_fini(dd_guard *g)
{
    dd_buf_free(&g->held);
    dd_buf_free(&g->given);
}
