/* Token counters and stop reasons, each API's words into one.
 *
 * chat.completions and responses count cached tokens within the input, messages beside it; ours are disjoint. Some compatible providers leave
 * thinking out of completion_tokens and show it in total_tokens alone (Gemini, xAI): what the total has more than input and output is output. */
#include "proxy/dialect/answer.h"

enum { MAX_TOKENS_EXP = 50 };   /* a count past 2^50 is no count */

static bool count(const dd_jspan *j, uint32_t node, int64_t *into)
{
    int64_t n;
    if (!dd_jspan_i64(j, node, &n) || n < 0 || n > INT64_C(1) << MAX_TOKENS_EXP)
        return false;
    *into = n;
    return true;
}

/* The first of some names that is a count. */
static bool first(const dd_jspan *j, uint32_t object, const char *const *names, int64_t *into)
{
    for (; *names; names++)
        if (count(j, dd_jspan_member(j, object, *names, NULL), into))
            return true;
    return false;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The same over nodes that one pass has found: from `at` as long as *into has no count. */
static bool first_of(const dd_jspan *j, const uint32_t *node, size_t n, int64_t *into)
{
    for (size_t i = 0; i < n; i++)
        if (count(j, node[i], into))
            return true;
    return false;
}

enum { U_IN_DETAILS, U_OUT_DETAILS = U_IN_DETAILS + 2, U_INPUT = U_OUT_DETAILS + 2, U_OUTPUT = U_INPUT + 2, U_TOTAL = U_OUTPUT + 2, U_CACHED, U_WRITTEN = U_CACHED + 4, U_ALL };
static const char *const usage_names[U_ALL] = {   /* where two stand for one thing, the first that is there counts */
    "prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details", "prompt_tokens", "input_tokens",
    "completion_tokens", "output_tokens", "total_tokens",
    "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens", /* DeepSeek, Moonshot, Mistral and gateways */
    "cache_creation_input_tokens",
};
enum { D_CACHED, D_WRITTEN, D_AUDIO = D_WRITTEN + 2, D_REASONING, D_ALL };
static const char *const detail_names[D_ALL] = { "cached_tokens", "cache_write_tokens", "cache_creation_tokens", "audio_tokens", "reasoning_tokens" };

static bool take_openai(const dd_jspan *j, uint32_t usage, dd_usage_raw *raw)
{
    uint32_t u[U_ALL], in[D_ALL], out[D_ALL];
    dd_jspan_members(j, usage, usage_names, u, U_ALL);
    dd_jspan_members(j, u[U_IN_DETAILS] != DD_J_NONE ? u[U_IN_DETAILS] : u[U_IN_DETAILS + 1], detail_names, in, D_ALL);
    dd_jspan_members(j, u[U_OUT_DETAILS] != DD_J_NONE ? u[U_OUT_DETAILS] : u[U_OUT_DETAILS + 1], detail_names, out, D_ALL);
    bool any = first_of(j, u + U_INPUT, 2, &raw->input);
    any |= first_of(j, u + U_OUTPUT, 2, &raw->output);
    any |= first_of(j, u + U_TOTAL, 1, &raw->total);
    if (!first_of(j, in + D_CACHED, 1, &raw->cache_read))
        first_of(j, u + U_CACHED, 4, &raw->cache_read);
    if (!first_of(j, in + D_WRITTEN, 2, &raw->cache_write))
        first_of(j, u + U_WRITTEN, 1, &raw->cache_write);
    first_of(j, in + D_AUDIO, 1, &raw->audio_in);
    first_of(j, out + D_AUDIO, 1, &raw->audio_out);
    first_of(j, out + D_REASONING, 1, &raw->reasoning);
    return any;
}

/* What compaction cost stands only in `iterations`. */
static void take_iterations(const dd_jspan *j, uint32_t list, dd_usage_raw *raw)
{
    int64_t in = 0, out = 0, n;
    for (dd_jit it = dd_jspan_each(j, list); dd_jspan_step(j, &it);)
        if (dd_jspan_is(j, dd_jspan_member(j, it.value, "type", NULL), "compaction")) {
            if (count(j, dd_jspan_member(j, it.value, "input_tokens", NULL), &n) && __builtin_add_overflow(in, n, &in))
                in = 0;
            if (count(j, dd_jspan_member(j, it.value, "output_tokens", NULL), &n) && __builtin_add_overflow(out, n, &out))
                out = 0;
        }
    if (in || out) {
        raw->extra_in  = in;
        raw->extra_out = out;
    }
}

static bool take_messages(const dd_jspan *j, uint32_t usage, dd_usage_raw *raw)
{
    dd_usage_raw now  = DD_USAGE_RAW_INIT;
    uint32_t     kept = dd_jspan_member(j, usage, "cache_creation", NULL);
    bool         any  = first(j, usage, NAMES("input_tokens"), &now.input);
    any |= first(j, usage, NAMES("output_tokens"), &now.output);
    first(j, usage, NAMES("cache_read_input_tokens"), &now.cache_read);
    first(j, usage, NAMES("cache_creation_input_tokens"), &now.cache_write);
    first(j, kept, NAMES("ephemeral_5m_input_tokens"), &now.cache_write_5m);
    first(j, kept, NAMES("ephemeral_1h_input_tokens"), &now.cache_write_1h);
    first(j, dd_jspan_member(j, usage, "output_tokens_details", NULL), NAMES("thinking_tokens", "reasoning_tokens"), &raw->reasoning);
    take_iterations(j, dd_jspan_member(j, usage, "iterations", NULL), raw);
    /* a message_delta whose input is all zero says nothing about it: no prompt is empty */
    if (now.input > 0 || now.cache_read > 0 || now.cache_write > 0 || raw->input < 0) {
        raw->input = now.input >= 0 ? now.input : raw->input;
        raw->cache_read = now.cache_read >= 0 ? now.cache_read : raw->cache_read;
        raw->cache_write = now.cache_write >= 0 ? now.cache_write : raw->cache_write;
        raw->cache_write_5m = now.cache_write_5m >= 0 ? now.cache_write_5m : raw->cache_write_5m;
        raw->cache_write_1h = now.cache_write_1h >= 0 ? now.cache_write_1h : raw->cache_write_1h;
    }
    if (now.output >= 0)
        raw->output = now.output;
    return any;
}

bool dd_usage_take(dd_dialect d, const dd_jspan *j, uint32_t usage, dd_usage_raw *raw)
{
    if (dd_jspan_kind(j, usage) != DD_J_OBJECT)
        return false;
    return d == DD_DIALECT_MESSAGES ? take_messages(j, usage, raw) : take_openai(j, usage, raw);
}

static int64_t known(int64_t n) { return n > 0 ? n : 0; }
static int64_t at_most(int64_t n, int64_t most) { return n > most ? most : n; }

/* Sums of counts stay counts: no counter is more than a small part of what `count` takes. */
static dd_usage_report within(dd_usage_report u)
{
    int64_t *all[] = { &u.usage.input,  &u.usage.cache_read, &u.usage.cache_write, &u.usage.cache_write_1h,
                       &u.usage.output, &u.reasoning,        &u.audio_in,          &u.audio_out };
    for (size_t i = 0; i < DD_COUNT(all); i++)
        *all[i] = at_most(*all[i], INT64_C(1) << (MAX_TOKENS_EXP - 4));
    return u;
}

dd_usage_report dd_usage_settle(dd_dialect d, const dd_usage_raw *raw)
{
    dd_usage_report u = { .reported = raw->input >= 0 || raw->output >= 0 || raw->total >= 0 };
    if (!u.reported) {
        u.usage = (dd_usage){ -1, -1, -1, -1, -1 };
        return u;
    }
    u.reasoning = known(raw->reasoning);
    u.audio_in  = known(raw->audio_in);
    u.audio_out = known(raw->audio_out);
    if (d == DD_DIALECT_MESSAGES) {
        int64_t hour = known(raw->cache_write_1h), write = raw->cache_write >= 0 ? raw->cache_write : known(raw->cache_write_5m) + hour;
        hour    = at_most(hour, write);
        u.usage = (dd_usage){ known(raw->input) + raw->extra_in, known(raw->cache_read), write - hour, hour, known(raw->output) + raw->extra_out };
        return within(u);
    }
    int64_t output = known(raw->output), input = raw->input;
    if (input < 0) /* embeddings of some providers say the total alone */
        input = known(raw->total - output);
    if (raw->total > input + output)
        output = raw->total - input;
    int64_t read = at_most(known(raw->cache_read), input), write = at_most(known(raw->cache_write), input - read);
    u.usage = (dd_usage){ input - read - write, read, write, 0, output };
    return within(u);
}

dd_usage_report dd_usage_add(const dd_usage_report *a, const dd_usage_report *b)
{
    if (!a->reported || !b->reported)
        return a->reported ? *a : *b;
    dd_usage_report u = *a;
    u.usage.input += b->usage.input;
    u.usage.cache_read += b->usage.cache_read;
    u.usage.cache_write += b->usage.cache_write;
    u.usage.cache_write_1h += b->usage.cache_write_1h;
    u.usage.output += b->usage.output;
    u.reasoning += b->reasoning;
    u.audio_in += b->audio_in;
    u.audio_out += b->audio_out;
    return within(u);
}

/* --- writing --- */

static void write_messages(const dd_usage *u, const dd_usage_report *r, dd_str service_tier, dd_buf *out)
{
    dd_jw_int(out, "input_tokens", u->input);
    dd_jw_int(out, "cache_creation_input_tokens", u->cache_write + u->cache_write_1h);
    dd_jw_int(out, "cache_read_input_tokens", u->cache_read);
    if (u->cache_write_1h > 0)
        dd_buf_printf(out, ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":%lld,\"ephemeral_1h_input_tokens\":%lld}", (long long)u->cache_write,
                      (long long)u->cache_write_1h);
    dd_jw_int(out, "output_tokens", u->output);
    if (r->reasoning > 0)
        dd_buf_printf(out, ",\"output_tokens_details\":{\"thinking_tokens\":%lld}", (long long)r->reasoning);
    dd_str tier = dd_tier(DD_DIALECT_MESSAGES, service_tier);
    if (tier.len)
        dd_jw_str(out, "service_tier", tier);
}

static void write_openai(bool chat, const dd_usage *u, const dd_usage_report *r, dd_buf *out)
{
    int64_t write = u->cache_write + u->cache_write_1h, input = u->input + u->cache_read + write;
    dd_jw_int(out, chat ? "prompt_tokens" : "input_tokens", input);
    dd_jw_int(out, chat ? "completion_tokens" : "output_tokens", u->output);
    dd_jw_int(out, "total_tokens", input + u->output);
    dd_jw_key(out, chat ? "prompt_tokens_details" : "input_tokens_details");
    dd_buf_addc(out, '{');
    dd_jw_int(out, "cached_tokens", u->cache_read);
    if (write > 0 || !chat) /* openai-python 3 demands it of responses */
        dd_jw_int(out, "cache_write_tokens", write);
    if (r->audio_in > 0)
        dd_jw_int(out, "audio_tokens", r->audio_in);
    dd_buf_addc(out, '}');
    if (chat && r->reasoning <= 0 && r->audio_out <= 0)
        return;
    dd_jw_key(out, chat ? "completion_tokens_details" : "output_tokens_details");
    dd_buf_addc(out, '{');
    dd_jw_int(out, "reasoning_tokens", r->reasoning);
    if (r->audio_out > 0)
        dd_jw_int(out, "audio_tokens", r->audio_out);
    dd_buf_addc(out, '}');
}

void dd_usage_write(dd_dialect to, const dd_usage_report *r, dd_str service_tier, dd_buf *out)
{
    dd_usage u = r->reported ? r->usage : (dd_usage){ 0 };
    dd_buf_addc(out, '{');
    if (to == DD_DIALECT_MESSAGES)
        write_messages(&u, r, service_tier, out);
    else
        write_openai(to != DD_DIALECT_RESPONSES, &u, r, out);
    dd_buf_addc(out, '}');
}

/* --- stop reasons --- */

dd_stop dd_stop_read(dd_str reason)
{
    static const struct { const char *word; dd_stop stop; } words[] = {
        { "stop", DD_STOP_END },                 { "end_turn", DD_STOP_END },
        { "length", DD_STOP_LENGTH },            { "max_tokens", DD_STOP_LENGTH },
        { "max_output_tokens", DD_STOP_LENGTH }, { "model_length", DD_STOP_LENGTH },
        { "model_context_window_exceeded", DD_STOP_LENGTH },
        { "tool_calls", DD_STOP_TOOLS },         { "function_call", DD_STOP_TOOLS },
        { "tool_use", DD_STOP_TOOLS },           { "stop_sequence", DD_STOP_SEQUENCE },
        { "content_filter", DD_STOP_FILTER },    { "refusal", DD_STOP_FILTER },
        { "safety", DD_STOP_FILTER },            { "pause_turn", DD_STOP_PAUSE },
        { "error", DD_STOP_ERROR },
    };
    if (reason.len == 0)
        return DD_STOP_NONE;
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eq_nocase(reason, dd_str_z(words[i].word)))
            return words[i].stop;
    return DD_STOP_END;
}

const char *dd_stop_chat(dd_stop stop, bool tools)
{
    switch (stop) {
    case DD_STOP_LENGTH: return "length";
    case DD_STOP_FILTER: return "content_filter";
    default: return tools ? "tool_calls" : "stop"; /* a client looks for calls only then (S1) */
    }
}

const char *dd_stop_messages(dd_stop stop, bool tools)
{
    switch (stop) {
    case DD_STOP_LENGTH: return "max_tokens";
    case DD_STOP_FILTER: return "refusal";
    case DD_STOP_SEQUENCE: return tools ? "tool_use" : "stop_sequence";
    case DD_STOP_PAUSE: return "pause_turn";
    default: return tools ? "tool_use" : "end_turn";
    }
}

const char *dd_stop_responses(dd_stop stop, const char **reason)
{
    *reason = stop == DD_STOP_LENGTH ? "max_output_tokens" : stop == DD_STOP_FILTER ? "content_filter" : NULL;
    return *reason ? "incomplete" : "completed";
}

/* --- of a body as it is --- */

static dd_stop stop_of(dd_dialect d, const dd_jspan *j)
{
    uint32_t choice;
    switch (d) {
    case DD_DIALECT_CHAT:
    case DD_DIALECT_COMPLETIONS:
        choice = dd_jspan_item(j, dd_jspan_member(j, 0, "choices", NULL), 0);
        return dd_stop_read(dd_jspan_inside(j, dd_jspan_member(j, choice, "finish_reason", NULL)));
    case DD_DIALECT_MESSAGES: return dd_stop_read(dd_jspan_inside(j, dd_jspan_member(j, 0, "stop_reason", NULL)));
    case DD_DIALECT_RESPONSES: {
        uint32_t status = dd_jspan_member(j, 0, "status", NULL), why = dd_jspan_member(j, 0, "incomplete_details", NULL);
        if (dd_jspan_is(j, status, "incomplete"))
            return dd_stop_read(dd_jspan_inside(j, dd_jspan_member(j, why, "reason", NULL)));
        if (dd_jspan_is(j, status, "failed"))
            return DD_STOP_ERROR;
        for (dd_jit it = dd_jspan_each(j, dd_jspan_member(j, 0, "output", NULL)); dd_jspan_step(j, &it);)
            if (dd_jspan_is(j, dd_jspan_member(j, it.value, "type", NULL), "function_call"))
                return DD_STOP_TOOLS;
        return dd_jspan_is(j, status, "completed") ? DD_STOP_END : DD_STOP_NONE;
    }
    default: return DD_STOP_NONE;
    }
}

void dd_usage_read(dd_dialect d, const dd_jspan *body, dd_usage_report *u, dd_stop *stop)
{
    dd_usage_raw raw = DD_USAGE_RAW_INIT;
    if (!dd_usage_take(d, body, dd_jspan_member(body, 0, "usage", NULL), &raw))
        dd_usage_take(d, body, dd_jspan_member(body, dd_jspan_member(body, 0, "x_groq", NULL), "usage", NULL), &raw);
    *u = dd_usage_settle(d, &raw);
    if (stop)
        *stop = stop_of(d, body);
}
