/* proxy/describe.c - what the event says of the decision (how hard the request was, what was compared, which budget spoke), and of its trace. */
#include <openssl/sha.h>

#include "base/json.h"

#include "proxy/exchange.h"

enum { CHARACTERS = 500, WRITTEN = 12 * CHARACTERS /* as two \uXXXX each */, ENOUGH = 4 * CHARACTERS };

static void add_part(const dd_jspan *d, uint32_t node, dd_arena *arena, dd_buf *out)
{
    if (dd_jspan_kind(d, node) != DD_J_STRING || out->len >= ENOUGH)
        return;
    if (out->len)
        dd_buf_addc(out, '\n');
    dd_buf_add(out, dd_jtext_decode(dd_str_sub(dd_jspan_inside(d, node), 0, WRITTEN + 12), arena));
}

/* Text, or the texts of its parts. */
static void add_text(const dd_jspan *d, uint32_t node, dd_arena *arena, dd_buf *out)
{
    add_part(d, node, arena, out);
    if (dd_jspan_kind(d, node) != DD_J_ARRAY)
        return;
    for (dd_jit it = dd_jspan_each(d, node); out->len < ENOUGH && dd_jspan_step(d, &it);)
        add_part(d, dd_jspan_member(d, it.value, "text", NULL), arena, out);
}

/* The system prompt where each of the three APIs has it; in a list of messages it is the first. */
static void add_system(const dd_jspan *d, dd_arena *arena, dd_buf *out)
{
    static const char *const names[] = { "system", "instructions", "messages", "input" };
    uint32_t node[DD_COUNT(names)];
    dd_jspan_members(d, 0, names, node, DD_COUNT(names));
    add_text(d, node[0], arena, out);
    add_text(d, node[1], arena, out);
    uint32_t list = node[2] != DD_J_NONE ? node[2] : node[3];
    uint32_t one  = dd_jspan_kind(d, list) == DD_J_ARRAY ? dd_jspan_item(d, list, 0) : DD_J_NONE;
    uint32_t role = dd_jspan_member(d, one, "role", NULL);
    if (dd_jspan_is(d, role, "system") || dd_jspan_is(d, role, "developer"))
        add_text(d, dd_jspan_member(d, one, "content", NULL), arena, out);
}

/* Bytes of its first `most` characters. */
static size_t front(dd_str s, size_t most)
{
    size_t at = 0;
    for (; at < s.len; at++)
        if (((unsigned char)s.ptr[at] & 0xc0) != 0x80 && most-- == 0)
            break;
    return at;
}

/* R10.4: the one thing that is kept of a prompt. */
static dd_str prompt_hash(exchange *x)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    dd_buf        text = DD_BUF_INIT(0);
    dd_str        out  = DD_STR("");
    dd_arena_mark mark = dd_arena_here(&x->w->scratch);
    add_system(&x->body, &x->w->scratch, &text);
    if (text.len) {
        SHA256((const unsigned char *)text.ptr, front(dd_buf_str(&text), CHARACTERS), digest);
        char *hex = dd_arena_alloc(x->h->arena, 2 * sizeof digest);
        for (size_t i = 0; i < sizeof digest; i++) {
            hex[2 * i]     = "0123456789abcdef"[digest[i] >> 4];
            hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
        }
        out = (dd_str){ hex, 2 * sizeof digest };
    }
    dd_arena_back(&x->w->scratch, mark);
    dd_buf_free(&text);
    return out;
}

static dd_str considered(exchange *x)
{
    if (x->plan.n_considered < 2)
        return DD_STR("");
    dd_buf b = DD_BUF_INIT(2 * DD_EVENT_CONSIDERED);
    dd_plan_considered(&x->plan, &x->s->policy, DD_EVENT_CONSIDERED, &b);
    dd_str out = dd_arena_dup(x->h->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

void describe_decision(exchange *x, dd_event *e)
{
    const dd_facts *f = &x->asked;
    e->score        = -1;
    e->cost_premium = settle_premium(x);
    e->cache        = x->cache_word ? dd_str_z(x->cache_word) : DD_STR("");
    e->fallback     = x->triggered;
    e->considered   = considered(x);
    e->budget       = spend_spoke(x);
    if (f->known & DD_FACT_CLASS) {
        e->complexity = dd_str_z(dd_complexity_name(f->class.complexity));
        e->score      = f->class.score;
    }
    e->call_site = f->call_site;
    if (f->session.len)
        e->session = dd_arena_printf(x->h->arena, "%016llx", (unsigned long long)dd_str_hash(f->session));
    if (x->ep.kind == EP_GENERATE && x->body.n)
        e->prompt_hash = prompt_hash(x);
}

/* --- the trace --- */

/* As OpenAI's API has it. A stream that broke off has none. */
static dd_str finish_reason(const exchange *x, const dd_event *e)
{
    static const char *const words[] = {
        [DD_STOP_NONE] = "",           [DD_STOP_END] = "stop",              [DD_STOP_LENGTH] = "length", [DD_STOP_TOOLS] = "tool_calls",
        [DD_STOP_SEQUENCE] = "stop",   [DD_STOP_FILTER] = "content_filter", [DD_STOP_PAUSE] = "stop",    [DD_STOP_ERROR] = "error",
    };
    bool broke = x->reader && x->stop == DD_STOP_NONE && e->error != DD_EC_NONE && !x->disconnected;
    return dd_str_z(words[broke ? DD_STOP_ERROR : x->stop]);
}

static int64_t us_between(int64_t from_ns, int64_t to_ns) { return from_ns && to_ns >= from_ns ? (to_ns - from_ns) / 1000 : -1; }

/* Each step goes on until the next begins; the one that the request ended in, until now. */
static void describe_times(const exchange *x, dd_event *e, int64_t now)
{
    bool decides  = x->ep.kind == EP_GENERATE || x->ep.kind == EP_COUNT_TOKENS || x->ep.kind == EP_PASS || x->ep.kind == EP_PROVIDER;
    e->auth_us    = us_between(x->asked_at, x->auth_at ? x->auth_at : now);
    e->decide_us  = decides ? us_between(x->auth_at, x->decided_at ? x->decided_at : now) : -1;
    e->cache_us   = x->cache_word ? us_between(x->decided_at, x->looked_at ? x->looked_at : now) : -1;
    e->prepare_us = x->attempts.n ? x->prepare_ns / 1000 : -1;
    e->answer_us  = x->attempts.n && !x->disconnected ? us_between(x->last_at, now) : -1;
}

void describe_trace(exchange *x, dd_event *e, int64_t now_ns)
{
    e->trace_id      = (dd_str){ x->trace.trace_id, 32 };
    e->parent_span   = x->traced ? (dd_str){ x->trace.parent_span, 16 } : DD_STR("");
    e->unsampled     = x->traced && !x->trace.sampled;
    e->rules         = dd_policy_tried(&x->s->policy, x->plan.n_tried, x->h->arena);
    e->finish_reason = finish_reason(x, e);
    describe_times(x, e, now_ns);
}

/* SplitMix64's steps, of two sequences. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t v = *state += UINT64_C(0x9e3779b97f4a7c15);
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

/* W3C Trace Context: two of that header, or one that cannot be read, are as none. An id of ours begins with the time in seconds, as AWS X-Ray's do:
 * so `dd0c trace` finds it among millions without an index. Samplers go by its other end. */
void trace_begin(exchange *x)
{
    const dd_http *h = x->h;
    dd_str         header = DD_STR("");
    size_t         n = 0;
    for (size_t i = 0; i < h->n_headers; i++)
        if (dd_str_eq(h->headers[i].name, DD_STR("traceparent"))) {
            header = h->headers[i].value;
            n++;
        }
    x->traced = n == 1 && dd_traceparent_read(header, &x->trace);
    if (!x->traced) {
        uint64_t seconds = (uint64_t)(worker_wall_ms(x->w) / 1000), random = next_random(&x->w->random[0]);
        dd_trace_new_id(seconds << 32 | random >> 32, next_random(&x->w->random[1]), x->trace.trace_id);
        x->trace.sampled = true;
    }
}
