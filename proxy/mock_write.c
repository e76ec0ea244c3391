/* proxy/mock_write.c - a plan as bodies and as events. Text of the plan is escaped already; times are fixed, so that equal requests get equal
 * bytes. */
#include "proxy/mock_parts.h"

#include <string.h>

#define CREATED "1700000000"
#define S(s) dd_buf_add(out, (s))
#define Z(z) dd_buf_addz(out, (z))
#define N(n) add_number(out, (int64_t)(n))

static void add_number(dd_buf *out, int64_t n)
{
    char     digits[24];
    size_t   at = sizeof digits;
    uint64_t v  = (uint64_t)(n < 0 ? 0 : n);
    do
        digits[--at] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    dd_buf_add(out, (dd_str){ digits + at, sizeof digits - at });
}

static void add_text(const dd_mock_plan *p, dd_buf *out)
{
    for (size_t i = 0; i < p->n_pieces; i++)
        S(p->pieces[i]);
}

static void add_escaped(const dd_mock_call *c, dd_buf *out)
{
    for (size_t i = 0; i < c->n; i++)
        S(c->pieces[i]);
}

static const char *finish_reason(const dd_mock_plan *p) { return p->n_calls ? "tool_calls" : p->cut_short ? "length" : "stop"; }
static const char *stop_reason(const dd_mock_plan *p) { return p->n_calls ? "tool_use" : p->cut_short ? "max_tokens" : "end_turn"; }

/* ---- chat.completions and completions ---- */

static void openai_usage(const dd_mock_plan *p, dd_buf *out)
{
    int64_t said = p->out_tokens * p->n;
    Z("{\"prompt_tokens\":"), N(p->in_tokens), Z(",\"completion_tokens\":"), N(said), Z(",\"total_tokens\":"), N(p->in_tokens + said);
    Z(",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"
      "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}");
}

static void chat_calls(const dd_mock_plan *p, dd_buf *out)
{
    Z(",\"tool_calls\":[");
    for (size_t i = 0; i < p->n_calls; i++) {
        const dd_mock_call *c = &p->calls[i];
        Z(i ? "," : ""), Z("{\"id\":\""), S(c->id), Z("\",\"type\":\"function\",\"function\":{\"name\":\""), S(c->name), Z("\",\"arguments\":\""),
            add_escaped(c, out), Z("\"}}");
    }
    Z("]");
}

static void chat_body(const dd_mock_plan *p, dd_buf *out)
{
    Z("{\"id\":\"chatcmpl-"), S(p->id), Z("\",\"object\":\"chat.completion\",\"created\":" CREATED ",\"model\":\""), S(p->model),
        Z("\",\"choices\":[");
    for (int i = 0; i < p->n; i++) {
        Z(i ? "," : ""), Z("{\"index\":"), N(i), Z(",\"message\":{\"role\":\"assistant\",\"content\":");
        if (p->n_calls)
            Z("null"), chat_calls(p, out);
        else
            Z("\""), add_text(p, out), Z("\"");
        Z(",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\""), Z(finish_reason(p)), Z("\"}");
    }
    Z("],\"usage\":"), openai_usage(p, out), Z(",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\"}");
}

static void completion_body(const dd_mock_plan *p, dd_buf *out)
{
    Z("{\"id\":\"cmpl-"), S(p->id), Z("\",\"object\":\"text_completion\",\"created\":" CREATED ",\"model\":\""), S(p->model), Z("\",\"choices\":[");
    for (int i = 0; i < p->n; i++)
        Z(i ? "," : ""), Z("{\"text\":\""), add_text(p, out), Z("\",\"index\":"), N(i), Z(",\"logprobs\":null,\"finish_reason\":\""),
            Z(finish_reason(p)), Z("\"}");
    Z("],\"usage\":"), openai_usage(p, out), Z("}");
}

static void chunk_open(const dd_mock_plan *p, dd_buf *out)
{
    bool chat = p->api == DD_MOCK_CHAT;
    Z("data: {\"id\":\""), Z(chat ? "chatcmpl-" : "cmpl-"), S(p->id), Z("\",\"object\":\""), Z(chat ? "chat.completion.chunk" : "text_completion");
    Z("\",\"created\":" CREATED ",\"model\":\""), S(p->model), Z("\",\"system_fingerprint\":\"fp_mock\",\"choices\":[");
}

static void chunk_close(const dd_mock_plan *p, dd_buf *out)
{
    Z(p->include_usage ? "],\"usage\":null}\n\n" : "]}\n\n");
}

/* Which piece of which call the item is; the first is its name. */
static bool find_call(const dd_mock_plan *p, size_t item, size_t extra, size_t *call, size_t *at)
{
    for (*call = 0; *call < p->n_calls; ++*call) {
        size_t n = p->calls[*call].n + extra;
        if (item < n) {
            *at = item;
            return true;
        }
        item -= n;
    }
    return false;
}

static size_t call_items(const dd_mock_plan *p, size_t extra)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_calls; i++)
        n += p->calls[i].n + extra;
    return n;
}

static void chat_delta(const dd_mock_plan *p, size_t item, dd_buf *out)
{
    size_t call, at;
    if (item == 0) {
        Z("{\"role\":\"assistant\",\"content\":"), Z(p->n_calls ? "null" : "\"\""), Z(",\"refusal\":null}");
    } else if (item - 1 < p->n_pieces) {
        Z("{\"content\":\""), S(p->pieces[item - 1]), Z("\"}");
    } else if (find_call(p, item - 1 - p->n_pieces, 1, &call, &at)) {
        const dd_mock_call *c = &p->calls[call];
        Z("{\"tool_calls\":[{\"index\":"), N(call);
        if (at == 0)
            Z(",\"id\":\""), S(c->id), Z("\",\"type\":\"function\",\"function\":{\"name\":\""), S(c->name), Z("\",\"arguments\":\"\"}}]}");
        else
            Z(",\"function\":{\"arguments\":\""), S(c->pieces[at - 1]), Z("\"}}]}");
    } else
        Z("{}");
}

/* All choices say their first piece, then all their second, and so on: as providers do. */
static bool openai_event(const dd_mock_plan *p, size_t step, bool no_usage, bool no_done, dd_buf *out)
{
    bool   chat  = p->api == DD_MOCK_CHAT;
    size_t items = p->n_pieces + 1 + (chat ? 1 + call_items(p, 1) : 0), n = (size_t)p->n, tail = step - items * n;
    bool   usage = p->include_usage && !no_usage;
    if (step < items * n) {
        size_t item = step / n;
        bool   last = item == items - 1;
        chunk_open(p, out);
        Z("{\"index\":"), N(step % n);
        if (chat)
            Z(",\"delta\":"), chat_delta(p, item, out);
        else
            Z(",\"text\":\""), S(last ? DD_STR("") : p->pieces[item]), Z("\"");
        Z(",\"logprobs\":null,\"finish_reason\":"), Z(last ? "\"" : "null"), Z(last ? finish_reason(p) : ""), Z(last ? "\"}" : "}");
        chunk_close(p, out);
        return true;
    }
    if (tail == 0 && usage) {
        chunk_open(p, out);
        Z("],\"usage\":"), openai_usage(p, out), Z("}\n\n");
        return true;
    }
    if (tail == (usage ? 1u : 0u) && !no_done)
        return Z("data: [DONE]\n\n"), true;
    return false;
}

/* ---- messages ---- */

static void message_usage(const dd_mock_plan *p, int64_t said, dd_buf *out)
{
    Z("{\"input_tokens\":"), N(p->in_tokens), Z(",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":"), N(said),
        Z("}");
}

#define THOUGHT "Let me think."
#define SIGNATURE "bW9jay1zaWduYXR1cmU="

static void message_body(const dd_mock_plan *p, dd_buf *out)
{
    Z("{\"id\":\"msg_"), S(p->id), Z("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\""), S(p->model), Z("\",\"content\":[");
    if (p->thinking)
        Z("{\"type\":\"thinking\",\"thinking\":\"" THOUGHT "\",\"signature\":\"" SIGNATURE "\"},");
    if (p->n_calls == 0)
        Z("{\"type\":\"text\",\"text\":\""), add_text(p, out), Z("\"}");
    for (size_t i = 0; i < p->n_calls; i++) {
        const dd_mock_call *c = &p->calls[i];
        Z(i ? "," : ""), Z("{\"type\":\"tool_use\",\"id\":\""), S(c->id), Z("\",\"name\":\""), S(c->name), Z("\",\"input\":"), S(c->args), Z("}");
    }
    Z("],\"stop_reason\":\""), Z(stop_reason(p)), Z("\",\"stop_sequence\":null,\"usage\":"), message_usage(p, p->out_tokens, out), Z("}");
}

static void named(dd_buf *out, const char *event) { Z("event: "), Z(event), Z("\ndata: {\"type\":\""), Z(event), Z("\""); }

static void block(dd_buf *out, const char *event, size_t index) { named(out, event), Z(",\"index\":"), N(index); }

static void thinking_event(size_t item, dd_buf *out)
{
    static const char *const says[] = { ",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
        ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"" THOUGHT "\"}",
                                        ",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"" SIGNATURE "\"}", "" };
    static const char *const events[] = { "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop" };
    block(out, events[item], 0), Z(says[item]), Z("}\n\n");
}

static void text_event(const dd_mock_plan *p, size_t item, size_t index, dd_buf *out)
{
    if (item == 0)
        block(out, "content_block_start", index), Z(",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
    else if (item == 1)
        named(out, "ping"), Z("}\n\n");
    else if (item - 2 < p->n_pieces)
        block(out, "content_block_delta", index), Z(",\"delta\":{\"type\":\"text_delta\",\"text\":\""), S(p->pieces[item - 2]), Z("\"}}\n\n");
    else
        block(out, "content_block_stop", index), Z("}\n\n");
}

static void use_event(const dd_mock_call *c, size_t at, size_t index, dd_buf *out)
{
    if (at == 0)
        block(out, "content_block_start", index), Z(",\"content_block\":{\"type\":\"tool_use\",\"id\":\""), S(c->id), Z("\",\"name\":\""),
            S(c->name), Z("\",\"input\":{}}}\n\n");
    else if (at - 1 < c->n)
        block(out, "content_block_delta", index), Z(",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\""), S(c->pieces[at - 1]),
            Z("\"}}\n\n");
    else
        block(out, "content_block_stop", index), Z("}\n\n");
}

static void message_start(const dd_mock_plan *p, dd_buf *out)
{
    named(out, "message_start"), Z(",\"message\":{\"id\":\"msg_"), S(p->id), Z("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\""),
        S(p->model);
    Z("\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":"), message_usage(p, 1, out), Z("}}\n\n");
}

static bool message_event(const dd_mock_plan *p, size_t step, bool no_usage, bool no_done, dd_buf *out)
{
    size_t thoughts = p->thinking ? 4 : 0, text = p->n_calls ? 0 : p->n_pieces + 3, first = p->thinking, call, at;
    if (step-- == 0)
        return message_start(p, out), true;
    if (step < thoughts)
        return thinking_event(step, out), true;
    step -= thoughts;
    if (step < text)
        return text_event(p, step, first, out), true;
    step -= text;
    if (find_call(p, step, 2, &call, &at))
        return use_event(&p->calls[call], at, first + call, out), true;
    step -= call_items(p, 2);
    if (step == 0) {
        named(out, "message_delta"), Z(",\"delta\":{\"stop_reason\":\""), Z(stop_reason(p)), Z("\",\"stop_sequence\":null}");
        if (!no_usage)
            Z(",\"usage\":{\"output_tokens\":"), N(p->out_tokens), Z("}");
        return Z("}\n\n"), true;
    }
    if (step == 1 && !no_done)
        return named(out, "message_stop"), Z("}\n\n"), true;
    return false;
}

/* ---- responses ---- */

static void response_text_item(const dd_mock_plan *p, const char *status, bool whole, dd_buf *out)
{
    Z("{\"id\":\"msg_"), S(p->id), Z("\",\"type\":\"message\",\"status\":\""), Z(status), Z("\",\"role\":\"assistant\",\"content\":[");
    if (whole)
        Z("{\"type\":\"output_text\",\"text\":\""), add_text(p, out), Z("\",\"annotations\":[],\"logprobs\":[]}");
    Z("]}");
}

static void response_call_item(const dd_mock_call *c, bool whole, dd_buf *out)
{
    Z("{\"id\":\"fc_"), S(c->id), Z("\",\"type\":\"function_call\",\"status\":\""), Z(whole ? "completed" : "in_progress"), Z("\",\"call_id\":\""),
        S(c->id), Z("\",\"name\":\""), S(c->name);
    Z("\",\"arguments\":\"");
    if (whole)
        add_escaped(c, out);
    Z("\"}");
}

static void response_object(const dd_mock_plan *p, const char *status, bool whole, bool usage, dd_buf *out)
{
    Z("{\"id\":\"resp_"), S(p->id), Z("\",\"object\":\"response\",\"created_at\":" CREATED ",\"status\":\""), Z(status),
        Z("\",\"error\":null,\"incomplete_details\":");
    Z(whole && p->cut_short ? "{\"reason\":\"max_output_tokens\"}" : "null"),
        Z(",\"instructions\":null,\"max_output_tokens\":null,\"metadata\":{},\"model\":\""), S(p->model);
    Z("\",\"output\":[");
    if (whole && p->n_calls == 0)
        response_text_item(p, p->cut_short ? "incomplete" : "completed", true, out);
    for (size_t i = 0; whole && i < p->n_calls; i++)
        Z(i ? "," : ""), response_call_item(&p->calls[i], true, out);
    Z("],\"parallel_tool_calls\":true,\"previous_response_id\":null,\"reasoning\":{\"effort\":null,\"summary\":null},"
      "\"store\":false,\"temperature\":1.0,"
      "\"text\":{\"format\":{\"type\":\"text\"}},\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":1.0,\"truncation\":\"disabled\",\"usage\":");
    if (usage) {
        Z("{\"input_tokens\":"), N(p->in_tokens), Z(",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":"), N(p->out_tokens);
        Z(",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":"), N(p->in_tokens + p->out_tokens), Z("}}");
    } else
        Z("null}");
}

static const char *response_status(const dd_mock_plan *p) { return p->cut_short ? "incomplete" : "completed"; }

static void numbered(dd_buf *out, const char *event, size_t step) { named(out, event), Z(",\"sequence_number\":"), N(step); }

#define PLACE ",\"output_index\":0,\"content_index\":0,\"item_id\":\"msg_"
static void response_text_event(const dd_mock_plan *p, size_t item, size_t step, dd_buf *out)
{
    size_t after = p->n_pieces + 2;
    if (item == 0)
        numbered(out, "response.output_item.added", step), Z(",\"output_index\":0,\"item\":"), response_text_item(p, "in_progress", false, out);
    else if (item == 1)
        numbered(out, "response.content_part.added", step), Z(PLACE), S(p->id),
            Z("\",\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[],\"logprobs\":[]}");
    else if (item < after)
        numbered(out, "response.output_text.delta", step), Z(PLACE), S(p->id), Z("\",\"delta\":\""), S(p->pieces[item - 2]), Z("\",\"logprobs\":[]");
    else if (item == after)
        numbered(out, "response.output_text.done", step), Z(PLACE), S(p->id), Z("\",\"text\":\""), add_text(p, out), Z("\",\"logprobs\":[]");
    else if (item == after + 1) {
        numbered(out, "response.content_part.done", step), Z(PLACE), S(p->id), Z("\",\"part\":{\"type\":\"output_text\",\"text\":\""), add_text(p, out);
        Z("\",\"annotations\":[],\"logprobs\":[]}");
    } else
        numbered(out, "response.output_item.done", step), Z(",\"output_index\":0,\"item\":"), response_text_item(p, response_status(p), true, out);
    Z("}\n\n");
}

static void response_call_event(const dd_mock_call *c, size_t index, size_t at, size_t step, dd_buf *out)
{
    if (at == 0)
        numbered(out, "response.output_item.added", step), Z(",\"output_index\":"), N(index), Z(",\"item\":"), response_call_item(c, false, out);
    else if (at - 1 < c->n)
        numbered(out, "response.function_call_arguments.delta", step), Z(",\"output_index\":"), N(index), Z(",\"item_id\":\"fc_"), S(c->id),
            Z("\",\"delta\":\""), S(c->pieces[at - 1]), Z("\"");
    else if (at - 1 == c->n)
        numbered(out, "response.function_call_arguments.done", step), Z(",\"output_index\":"), N(index), Z(",\"item_id\":\"fc_"), S(c->id),
            Z("\",\"name\":\""), S(c->name), Z("\",\"arguments\":\""), add_escaped(c, out), Z("\"");
    else
        numbered(out, "response.output_item.done", step), Z(",\"output_index\":"), N(index), Z(",\"item\":"), response_call_item(c, true, out);
    Z("}\n\n");
}

static bool response_event(const dd_mock_plan *p, size_t step, bool no_usage, bool no_done, dd_buf *out)
{
    size_t text = p->n_calls ? 0 : p->n_pieces + 5, at = step - 2, call, piece;
    if (step < 2) {
        numbered(out, step ? "response.in_progress" : "response.created", step), Z(",\"response\":"), response_object(p, "in_progress", false, false, out);
        Z("}\n\n");
        return true;
    }
    if (at < text)
        return response_text_event(p, at, step, out), true;
    if (find_call(p, at - text, 3, &call, &piece))
        return response_call_event(&p->calls[call], call, piece, step, out), true;
    if (at == text + call_items(p, 3) && !no_done) {
        numbered(out, p->cut_short ? "response.incomplete" : "response.completed", step), Z(",\"response\":");
        return response_object(p, response_status(p), true, !no_usage, out), Z("}\n\n"), true;
    }
    return false;
}

/* ---- embeddings ---- */

static float coordinate(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)((int64_t)(*seed >> 53) - 1024) / 1024.0f; /* eleven bits: exact as float, short as text */
}

static void base64_floats(uint64_t seed, size_t n, dd_buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t          bits = 0;
    int               have = 0;
    for (size_t i = 0; i < n; i++) {
        float         f = coordinate(&seed);
        unsigned char b[4];
        uint32_t      u;
        memcpy(&u, &f, 4);
        /* little endian, whoever we are */
        b[0] = (unsigned char)u, b[1] = (unsigned char)(u >> 8), b[2] = (unsigned char)(u >> 16), b[3] = (unsigned char)(u >> 24);
        for (int k = 0; k < 4; k++) {
            bits = bits << 8 | b[k];
            for (have += 8; have >= 6; have -= 6)
                dd_buf_addc(out, letters[bits >> (have - 6) & 63]);
        }
    }
    if (have)
        dd_buf_addc(out, letters[bits << (6 - have) & 63]);
    for (size_t rest = n * 4 % 3; rest > 0 && rest < 3; rest++)
        dd_buf_addc(out, '=');
}

static void embeddings_body(const dd_mock_plan *p, dd_buf *out)
{
    Z("{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < p->inputs; i++) {
        uint64_t seed = p->hash + i;
        Z(i ? "," : ""), Z("{\"object\":\"embedding\",\"index\":"), N(i), Z(",\"embedding\":"), Z(p->base64 ? "\"" : "[");
        if (p->base64)
            base64_floats(seed, p->dimensions, out);
        for (size_t k = 0; !p->base64 && k < p->dimensions; k++)
            dd_buf_printf(out, "%s%.10g", k ? "," : "", (double)coordinate(&seed));
        Z(p->base64 ? "\"}" : "]}");
    }
    Z("],\"model\":\""), S(p->model), Z("\",\"usage\":{\"prompt_tokens\":"), N(p->in_tokens), Z(",\"total_tokens\":"), N(p->in_tokens), Z("}}");
}

/* ---- all of it ---- */

void dd_mock_write_body(const dd_mock_plan *p, dd_buf *out)
{
    switch (p->api) {
    case DD_MOCK_CHAT:
        chat_body(p, out);
        break;
    case DD_MOCK_MESSAGES:
        message_body(p, out);
        break;
    case DD_MOCK_RESPONSES:
        response_object(p, response_status(p), true, true, out);
        break;
    case DD_MOCK_COMPLETIONS:
        completion_body(p, out);
        break;
    case DD_MOCK_EMBEDDINGS:
        embeddings_body(p, out);
        break;
    default:
        Z("{\"input_tokens\":"), N(p->in_tokens), Z("}");
    }
}

bool dd_mock_write_event(const dd_mock_plan *p, size_t step, bool no_usage, bool no_done, dd_buf *out)
{
    if (p->api == DD_MOCK_MESSAGES)
        return message_event(p, step, no_usage, no_done, out);
    return p->api == DD_MOCK_RESPONSES ? response_event(p, step, no_usage, no_done, out) : openai_event(p, step, no_usage, no_done, out);
}

static const char *const models[] = { "mock-large", "mock-small", "mock-embedding" };

static void write_model(dd_str id, bool anthropic, dd_buf *out)
{
    if (anthropic)
        Z("{\"type\":\"model\",\"id\":\""), S(id), Z("\",\"display_name\":\""), S(id), Z("\",\"created_at\":\"2023-11-14T22:13:20Z\"}");
    else
        Z("{\"id\":\""), S(id), Z("\",\"object\":\"model\",\"created\":" CREATED ",\"owned_by\":\"dd0c\"}");
}

void dd_mock_write_models(dd_str one, bool anthropic, dd_buf *out)
{
    if (one.len > 0) {
        write_model(one, anthropic, out);
        return;
    }
    Z(anthropic ? "{\"data\":[" : "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < DD_COUNT(models); i++)
        Z(i ? "," : ""), write_model(dd_str_z(models[i]), anthropic, out);
    Z("]");
    if (anthropic)
        Z(",\"has_more\":false,\"first_id\":\""), Z(models[0]), Z("\",\"last_id\":\""), Z(models[DD_COUNT(models) - 1]), Z("\"");
    Z("}");
}

/* ---- errors ---- */

static const struct { int status; const char *openai, *code, *anthropic; } errors[] = {
    { 400, "invalid_request_error", "null", "invalid_request_error" },
    { 401, "authentication_error", "\"invalid_api_key\"", "authentication_error" },
    { 403, "permission_error", "null", "permission_error" },
    { 404, "invalid_request_error", "\"not_found\"", "not_found_error" },
    { 413, "invalid_request_error", "\"request_too_large\"", "request_too_large" },
    { 429, "rate_limit_error", "\"rate_limit_exceeded\"", "rate_limit_error" },
    { 500, "server_error", "null", "api_error" },
    { 503, "server_error", "\"overloaded\"", "overloaded_error" },
    { 529, "server_error", "\"overloaded\"", "overloaded_error" },
};

void dd_mock_write_error(bool anthropic, int status, const char *why, dd_buf *out)
{
    size_t i = status >= 500 ? 6 : 0;
    for (size_t k = 0; k < DD_COUNT(errors); k++)
        if (errors[k].status == status)
            i = k;
    Z(anthropic ? "{\"type\":\"error\",\"error\":{\"type\":\"" : "{\"error\":{\"message\":\"");
    if (anthropic)
        Z(errors[i].anthropic), Z("\",\"message\":\"");
    dd_jtext_escape(out, dd_str_z(why));
    if (anthropic)
        Z("\"},\"request_id\":\"req_mock\"}");
    else
        Z("\",\"type\":\""), Z(errors[i].openai), Z("\",\"param\":null,\"code\":"), Z(errors[i].code), Z("}}");
}

void dd_mock_write_error_event(const dd_mock_plan *p, dd_buf *out)
{
    bool messages = p->api == DD_MOCK_MESSAGES;
    if (p->api == DD_MOCK_RESPONSES) {
        Z("event: error\ndata: {\"type\":\"error\",\"sequence_number\":0,\"code\":\"server_error\",\"message\":\"the mock was told to fail\","
          "\"param\":null}\n\n");
        return;
    }
    Z(messages ? "event: error\ndata: " : "data: ");
    dd_mock_write_error(messages, 529, "the mock was told to fail", out);
    Z("\n\n");
}
