#include "cmd/route_request.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/dialect/dialect.h"
#include "route/tokens.h"

/* --- which API --- */

static bool has(const dd_jspan *j, const char *name) { return dd_jspan_member(j, 0, name, NULL) != DD_J_NONE; }

static const struct { const char *word, *endpoint; dd_dialect dialect; } endpoints[] = {
    { "chat", "chat.completions", DD_DIALECT_CHAT }, { "messages", "messages", DD_DIALECT_MESSAGES },
    { "responses", "responses", DD_DIALECT_RESPONSES }, { "omni", "chat", DD_DIALECT_CHAT },
};
enum { CHAT, MESSAGES, RESPONSES, OMNI };

/* Claude's API wants max_tokens of each request and keeps the system prompt out of the messages. */
static size_t guess(const dd_jspan *j)
{
    if (has(j, "priority") || has(j, "max_cost") || has(j, "latency_pref"))
        return OMNI;
    if (has(j, "input"))
        return RESPONSES;
    if (has(j, "system") || has(j, "anthropic_version") || has(j, "stop_sequences") || has(j, "thinking"))
        return MESSAGES;
    return CHAT;
}

/* --- text --- */

typedef struct {
    dd_route_request *r;
    dd_buf            system, text, first;   /* first: what a provider's prompt cache would begin with */
} reading;

static void add_text(dd_buf *to, dd_arena *a, dd_str inside)
{
    if (!inside.len)
        return;
    if (to->len)
        dd_buf_addc(to, '\n');
    dd_buf_add(to, dd_jtext_decode(inside, a));
}

static void read_part(reading *rd, const dd_part *p, dd_buf *to, int depth)
{
    dd_facts *f = &rd->r->facts;
    f->has_images |= p->kind == DD_PART_IMAGE;
    f->has_documents |= p->kind == DD_PART_DOCUMENT;
    f->has_audio |= p->kind == DD_PART_AUDIO;
    if (p->kind != DD_PART_THINKING)
        add_text(to, rd->r->arena, p->text.len ? p->text : p->kind == DD_PART_TOOL_CALL ? p->raw : DD_STR(""));
    for (const dd_part *in = p->result; in && depth < 4; in = in->next)
        read_part(rd, in, to, depth + 1);
}

static bool is_users(const dd_turn *t)
{
    for (const dd_part *p = t->parts; p; p = p->next)
        if (p->kind != DD_PART_TOOL_RESULT)
            return t->role == DD_ROLE_USER;
    return false;
}

static void read_turns(reading *rd, const dd_request *q)
{
    dd_facts *f = &rd->r->facts;
    for (const dd_turn *t = q->turns; t; t = t->next) {
        dd_buf *to = t->role == DD_ROLE_SYSTEM ? &rd->system : &rd->text;
        for (const dd_part *p = t->parts; p; p = p->next)
            read_part(rd, p, to, 0);
        f->messages++;
        f->turns += is_users(t);
        if (f->turns == 1 && !rd->first.len)
            dd_buf_add(&rd->first, dd_buf_str(&rd->text));
    }
}

static void read_tools(reading *rd, const dd_request *q)
{
    dd_buf b = DD_BUF_INIT(0);
    for (const dd_tool *t = q->tools; t; t = t->next) {
        add_text(&b, rd->r->arena, t->name);
        add_text(&b, rd->r->arena, t->description);
        dd_buf_add(&b, t->parameters.ptr ? t->parameters : t->raw);
        rd->r->facts.tools++;
    }
    rd->r->tools           = dd_arena_dup(rd->r->arena, dd_buf_str(&b));
    rd->r->facts.has_tools = rd->r->facts.tools > 0;
    dd_buf_free(&b);
}

static bool reasons(const dd_request *q)
{
    bool effort = q->effort.len && !dd_str_eqz(q->effort, "none");
    return effort || q->think == DD_THINK_ADAPTIVE || q->think == DD_THINK_BUDGET;
}

static void read_facts(reading *rd, const dd_request *q)
{
    dd_route_request *r = rd->r;
    dd_facts         *f = &r->facts;
    int64_t           n = -1;
    f->model       = dd_jtext_decode(q->model, r->arena);
    f->user        = dd_jtext_decode(q->user, r->arena);
    f->stream      = q->stream;
    f->json_schema = q->format != DD_FORMAT_TEXT;
    f->reasoning   = reasons(q);
    f->max_tokens  = q->max_tokens.len && dd_parse_i64(q->max_tokens, &n) ? n : -1;
    read_turns(rd, q);
    read_tools(rd, q);
    uint64_t system = dd_str_hash(dd_buf_str(&rd->system)), tools = dd_str_hash(r->tools);
    f->prefix = dd_str_hash(dd_buf_str(&rd->first)) ^ system * 3 ^ tools * 5;
    r->prompt = (dd_prompt){
        .system = dd_arena_dup(r->arena, dd_buf_str(&rd->system)), .text = dd_arena_dup(r->arena, dd_buf_str(&rd->text)), .input_tokens = -1,
        .max_tokens = f->max_tokens, .messages = f->messages, .tools = f->tools, .json_schema = f->json_schema, .images = f->has_images,
        .reasoning = f->reasoning,
    };
}

/* --- filled when asked for --- */

static void count(dd_route_request *r)
{
    dd_chat_overhead o   = dd_tokens_overhead(r->tokenizer);
    int64_t          sum = dd_tokens_model(r->tokenizer, r->prompt.system, NULL) + dd_tokens_model(r->tokenizer, r->prompt.text, NULL);
    if (r->tools.len)
        sum += dd_tokens_model(r->tokenizer, r->tools, NULL) + o.tools_base + (int64_t)o.per_tool * r->facts.tools;
    r->facts.input_tokens = sum + (int64_t)o.per_message * r->facts.messages + o.per_reply;
    r->facts.known |= DD_FACT_TOKENS;
}

static void fill(dd_facts *f, unsigned which)
{
    dd_route_request *r = f->ctx;
    if (!(f->known & DD_FACT_TOKENS))
        count(r);
    if (which & DD_FACT_CLASS) {
        r->prompt.input_tokens = f->input_tokens;
        f->class               = dd_classify(&r->prompt);
        if (r->low > 0 || r->high > 0)
            f->class.complexity = f->class.score < r->low ? DD_COMPLEXITY_LOW : f->class.score < r->high ? DD_COMPLEXITY_MEDIUM : DD_COMPLEXITY_HIGH;
        f->known |= DD_FACT_CLASS;
    }
    if (which & DD_FACT_BUDGET)
        f->known |= DD_FACT_BUDGET;   /* nothing is spent here */
}

/* --- POST /v1/chat --- */

static dd_code read_omni(const dd_jspan *j, dd_route_request *r, dd_err *err)
{
    uint32_t node = dd_jspan_member(j, 0, "priority", NULL), fast = dd_jspan_member(j, 0, "latency_pref", NULL);
    double   usd  = 0;
    dd_str   word = dd_jspan_text(j, node, r->arena);
    if (node != DD_J_NONE && !dd_priority_find(word, &r->facts.priority))
        return dd_fail(err, DD_ERR_PARSE, "priority \"" DD_STR_FMT "\": cheap, balanced or best is meant", DD_STR_ARG(word));
    r->facts.fast = dd_jspan_is(j, fast, "fast");
    node          = dd_jspan_member(j, 0, "max_cost", NULL);
    if (node == DD_J_NONE)
        return DD_OK;
    if (!dd_jspan_f64(j, node, &usd) || usd < 0 || usd > 9e6)
        return dd_fail(err, DD_ERR_PARSE, "max_cost is not an amount in USD");
    r->facts.max_cost = (dd_pusd)(usd * (double)DD_PUSD_PER_USD + 0.5);
    return DD_OK;
}

/* The readers of requests want a name; "" is put back where the client left it to us. */
static const char no_model[] = "any";

static bool name_one(dd_jspan *j, dd_arena *a)
{
    dd_str   text = j->text;
    dd_jspan with = { 0 };
    if (has(j, "model"))
        return false;
    dd_str rest = dd_str_sub(text, 1, text.len);
    bool   sole = dd_str_trim(rest).ptr[0] == '}';
    dd_str body = dd_arena_printf(a, "{\"model\":\"%s\"%s" DD_STR_FMT, no_model, sole ? "" : ",", DD_STR_ARG(rest));
    if (dd_jspan_parse(&with, a, body, NULL) != DD_OK)
        return false;
    *j = with;
    return true;
}

static dd_code read_json(reading *rd, dd_jspan *j, size_t kind, dd_err *err)
{
    dd_route_request *r     = rd->r;
    dd_request        q     = { .from = endpoints[kind].dialect };
    dd_drops          drops = { 0 };
    dd_renames        names = { 0 }, ids = { 0 };
    dd_api_error      error = { 0 };
    dd_dialect_ctx    ctx   = { .arena = r->arena, .drops = &drops, .unsupported = DD_UNSUPPORTED_DROP, .names = &names, .ids = &ids,
                                .error = &error };
    bool              named = !name_one(j, r->arena);
    bool              ok    = dd_request_read(endpoints[kind].dialect, j, &ctx, &q);
    r->facts.endpoint       = dd_str_z(endpoints[kind].endpoint);
    r->facts.family         = kind == MESSAGES ? DD_FAMILY_ANTHROPIC : DD_FAMILY_OPENAI;
    if (ok)
        read_facts(rd, &q);
    if (!named)
        r->facts.model = DD_STR("");
    if (!ok)
        return dd_fail(err, DD_ERR_PARSE, "request: " DD_STR_FMT, DD_STR_ARG(error.message));
    return kind == OMNI ? read_omni(j, r, err) : DD_OK;
}

static void read_plain(reading *rd, dd_str text, bool omni)
{
    dd_route_request *r = rd->r;
    r->facts.endpoint   = omni ? DD_STR("chat") : DD_STR("chat.completions");
    r->facts.messages = r->facts.turns = 1;
    r->prompt = (dd_prompt){ .text = text, .input_tokens = -1, .max_tokens = -1, .messages = 1 };
    r->facts.prefix = dd_str_hash(text);
}

dd_code dd_route_request_read(dd_str body, const char *endpoint, dd_arena *arena, dd_route_request *out, dd_err *err)
{
    reading  rd   = { .r = out };
    dd_jspan j    = { 0 };
    dd_str   text = dd_str_trim(body);
    dd_code  rc   = DD_OK;
    *out = (dd_route_request){ .arena = arena, .tokenizer = DD_STR("o200k_base"),
                               .facts = { .max_tokens = -1, .max_cost = DD_PUSD_UNKNOWN, .fill = fill, .ctx = out } };
    if (!text.len)
        return dd_fail(err, DD_ERR_PARSE, "request: it is empty");
    if (text.ptr[0] != '{') {
        read_plain(&rd, text, endpoint && strcmp(endpoint, "omni") == 0);
    } else if ((rc = dd_jspan_parse(&j, arena, text, err)) == DD_OK) {
        size_t kind = guess(&j);
        for (size_t i = 0; endpoint && i < DD_COUNT(endpoints); i++)
            kind = strcmp(endpoints[i].word, endpoint) == 0 ? i : kind;
        rc = read_json(&rd, &j, kind, err);
    } else {
        dd_wrap(err, "request");
    }
    dd_buf_free(&rd.system);
    dd_buf_free(&rd.text);
    dd_buf_free(&rd.first);
    out->facts.random = out->facts.prefix;
    return rc;
}

/* --- tags --- */

static const struct { const char *name; size_t offset; } own[] = {
    { "feature", offsetof(dd_facts, feature) }, { "team", offsetof(dd_facts, team) },       { "env", offsetof(dd_facts, env) },
    { "user", offsetof(dd_facts, user) },       { "session", offsetof(dd_facts, session) }, { "tier", offsetof(dd_facts, tier) },
    { "call-site", offsetof(dd_facts, call_site) }, { "call_site", offsetof(dd_facts, call_site) },
};

void dd_route_request_tag(dd_route_request *r, dd_str name, dd_str value)
{
    for (size_t i = 0; i < DD_COUNT(own); i++)
        if (dd_str_eq_nocase(name, dd_str_z(own[i].name))) {
            *(dd_str *)(void *)((char *)&r->facts + own[i].offset) = value;
            return;
        }
    char *lower = dd_arena_alloc(r->arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] + 32 : name.ptr[i]);
    dd_tag tag = { { lower, name.len }, value };
    dd_vec_push(&r->tags, tag);
    r->facts.tags   = r->tags.v;
    r->facts.n_tags = r->tags.n;
}

void dd_route_request_chain(dd_route_request *r, dd_str list)
{
    while (list.len) {
        dd_str one = dd_str_cut(&list, ','), model = dd_str_trim(dd_str_cut(&one, ';'));
        dd_route_step step = { .model = model, .weight = 1, .timeout_ms = -1, .retries = -1, .threshold = -1 };
        if (model.len)
            dd_vec_push(&r->chain, step);
    }
}

void dd_route_request_fini(dd_route_request *r)
{
    dd_vec_free(&r->tags);
    dd_vec_free(&r->chain);
}
