/* Streams of messages: usage (S4), what is whole and what is not, and what goes to responses. */
#include "tests/unit/proxy/reply.h"

static void ignore(void *ctx, const dd_stream_event *e)
{
    (void)ctx;
    (void)e;
}

/* Events one by one, as data lines without their frame. */
static dd_stream_facts read_all(dd_dialect from, const char *const *events, bool *whole)
{
    dd_arena          arena = DD_ARENA_INIT;
    dd_stream_reader *r     = dd_stream_reader_new(from, &arena);
    for (; *events; events++)
        dd_stream_read(r, DD_STR(""), reply_json(&arena, *events), ignore, NULL);
    *whole              = dd_stream_read_end(r, ignore, NULL);
    dd_stream_facts out = dd_stream_reader_facts(r);
    dd_stream_reader_free(r);
    dd_arena_fini(&arena);
    return out;
}

#define BEGIN(usage) "{'type':'message_start','message':{'id':'m','usage':{" usage "}}}"
#define CLOSE(usage) "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{" usage "}}"
#define LAST         "{'type':'message_stop'}"

TEST(stream_usage_is_the_last_word)   /* S4 */
{
    static const struct { const char *why; const char *events[8]; dd_usage want; } cases[] = {
        { "the delta has the output alone", { BEGIN("'input_tokens':11,'output_tokens':1"), CLOSE("'output_tokens':6"), LAST }, { 11, 0, 0, 0, 6 } },
        { "the delta repeats the input: no sum", { BEGIN("'input_tokens':15,'output_tokens':5"), CLOSE("'input_tokens':15,'output_tokens':21"),
          LAST }, { 15, 0, 0, 0, 21 } },
        { "the delta corrects it", { BEGIN("'input_tokens':34824,'output_tokens':0"), CLOSE("'input_tokens':3883,'output_tokens':49,"
          "'cache_read_input_tokens':30464"), LAST },
          { 3883, 30464, 0, 0, 49 } },
        { "the delta says 0 where the start said more", { BEGIN("'input_tokens':7,'cache_read_input_tokens':2,'output_tokens':0"),
          CLOSE("'input_tokens':0,'cache_read_input_tokens':0,'output_tokens':3"), LAST }, { 7, 2, 0, 0, 3 } },
        { "the start says 0, the delta all", { BEGIN("'input_tokens':0,'output_tokens':0"), CLOSE("'input_tokens':7,'output_tokens':3"), LAST }, { 7,
          0, 0, 0, 3 } },
        { "two messages in one stream are both paid for: 10 + 20, 1 + 2", { BEGIN("'input_tokens':10,'output_tokens':0"), CLOSE("'output_tokens':1"),
          LAST,
          BEGIN("'input_tokens':20,'output_tokens':0"), CLOSE("'output_tokens':2"), LAST }, { 30, 0, 0, 0, 3 } },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        bool            whole;
        dd_stream_facts f = read_all(MESSAGES, cases[i].events, &whole);
        CHECK(whole && f.usage.reported && f.ended && !f.failed);
        CHECK_EQ(f.usage.usage.input, cases[i].want.input, cases[i].why);
        CHECK_EQ(f.usage.usage.cache_read, cases[i].want.cache_read, cases[i].why);
        CHECK_EQ(f.usage.usage.output, cases[i].want.output, cases[i].why);
        CHECK_EQ(f.stop, DD_STOP_END, cases[i].why);
    }
}

TEST(stream_facts_for_counting)   /* R1.8: bytes of what was generated, when the provider says nothing */
{
    static const char *const events[] = { BEGIN("'input_tokens':1"), "{'type':'content_block_start','index':0,'content_block':{'type':'text',"
        "'text':''}}", NULL };
    static const char *const more[]   = { BEGIN("'input_tokens':1"), "{'type':'content_block_delta','index':0,'delta':{'type':'text_delta',"
        "'text':'12345'}}", NULL };
    bool            whole;
    dd_stream_facts f = read_all(MESSAGES, events, &whole);
    CHECK(!f.content && !whole && f.failed);
    f = read_all(MESSAGES, more, &whole);
    CHECK(f.content && !whole);
    CHECK_EQ(f.output_bytes, 5, "bytes of text");
}

static const reply_case cases[] = {
    { "input whole at the start of its block", MESSAGES, CHAT, START BLOCK("0", "'type':'tool_use','id':'t','name':'f',"
      "'input':{'a':1}") STOP("0") END("tool_use"),
      { "'arguments':'{\\'a\\':1}'", "'finish_reason':'tool_calls'" }, NULL },
    { "input at the start, and in pieces: the pieces count", MESSAGES, CHAT,
      START BLOCK("0", "'type':'tool_use','id':'t','name':'f','input':{'a':1}") DELTA("0", "'type':'input_json_delta','partial_json':'{\\'b\\':2}"
          "'") STOP("0")
      END("tool_use"), { "'arguments':'{\\'b\\':2}'" }, "{\\'a\\':1}" },
    { "redacted thinking", MESSAGES, RESPONSES, START BLOCK("0", "'type':'redacted_thinking','data':'RED'") STOP("0") END("end_turn"),
      { "event: response.output_item.done", "'type':'reasoning','summary':[],'encrypted_content':'dd0c.messages.redacted.RED'",
        "event: response.completed" },
        NULL },
    { "a server's own tool is left out, its input too", MESSAGES, CHAT,
      START BLOCK("0", "'type':'server_tool_use','id':'s','name':'web_search','input':{}") DELTA("0",
          "'type':'input_json_delta','partial_json':'{\\'q\\':1}'") STOP("0")
      BLOCK("1", "'type':'text','text':''") DELTA("1", "'type':'text_delta','text':'a'") STOP("1") END("end_turn"),
      { "'content':'a'", "'finish_reason':'stop'" }, "tool_calls" },
    { "the stop sequence survives", MESSAGES, MESSAGES,
      START D("{'type':'message_delta','delta':{'stop_reason':'stop_sequence','stop_sequence':'X\\n'},'usage':{'output_tokens':1}"
          "}") D("{'type':'message_stop'}"),
      { "'stop_reason':'stop_sequence','stop_sequence':'X\\n'" }, NULL },
    { "two messages in one stream: one answer", MESSAGES, CHAT,
      START BLOCK("0", "'type':'text','text':''") DELTA("0", "'type':'text_delta','text':'a'") STOP("0") END("end_turn")
      START BLOCK("0", "'type':'text','text':''") DELTA("0", "'type':'text_delta','text':'b'") STOP("0") END("max_tokens"),
      { "'content':'a'", "'content':'b'", "'finish_reason':'length'", "'prompt_tokens':30,'completion_tokens':18", "[DONE]" }, NULL },
    { "the stop is there, its mark is not", MESSAGES, CHAT, START D("{'type':'message_delta','delta':{'stop_reason':'end_turn'},"
      "'usage':{'output_tokens':1}}"),
      { "'finish_reason':'stop'", "[DONE]" }, NULL },
};
TEST(streams_of_messages) { reply_streams(cases, DD_COUNT(cases)); }

TEST(stream_says_what_it_dropped)
{
    reply t;
    reply_open(&t);
    reply_stream(&t, MESSAGES, CHAT,
                     START BLOCK("0", "'type':'server_tool_use','id':'s','name':'w','input':{}") STOP("0") BLOCK("1", "'type':'text','text':''")
                     DELTA("1", "'type':'citations_delta','citation':{}") STOP("1") END("end_turn"));
    CHECK_STR(reply_drops(&t), "server_tool_use citations_delta");
    reply_close(&t);
    reply_open(&t);
    reply_stream(&t, CHAT, MESSAGES,
                 D("{'id':'c','citations':['u'],'choices':[{'index':0,'delta':{'content':'a','annotations':[{}]},'logprobs':{'content':[]}},"
                   "{'index':1,'delta':{'content':'b'}}]}") FINISH("stop") DONE);
    CHECK_STR(reply_drops(&t), "citations annotations logprobs choices[1]");
    reply_close(&t);
}

TEST(stream_facts_say_calls_were_made)   /* S1: whatever word the provider gave */
{
    static const char *const events[] = {
        "{'id':'c','choices':[{'delta':{'tool_calls':[{'index':0,'id':'t','function':{'name':'f','arguments':'{}'}}]},'finish_reason':'stop'}]}",
            "[DONE]", NULL };
    bool            whole;
    dd_stream_facts f = read_all(CHAT, events, &whole);
    CHECK(whole && f.content && f.ended);
    CHECK_EQ(f.stop, DD_STOP_TOOLS, "calls are there");
}

TEST(stream_writer_is_silent_behind_its_end)   /* S8 */
{
    static const dd_dialect each[] = { CHAT, MESSAGES, RESPONSES };
    for (size_t i = 0; i < DD_COUNT(each); i++) {
        static const dd_se_kind ends[] = { DD_SE_END, DD_SE_ERROR };
        for (size_t k = 0; k < DD_COUNT(ends); k++) {
            reply             t;
            dd_drops          drops = { 0 };
            reply_open(&t);
            dd_dialect_ctx    ctx = { .arena = &t.arena, .drops = &drops, .names = &t.names, .ids = &t.ids, .error = &t.error };
            dd_stream_writer *w   = dd_stream_writer_new(each[i], &t.facts, &ctx);
            dd_stream_write(w, &(dd_stream_event){ .kind = DD_SE_TEXT, .text = DD_STR("a") }, &t.out);
            dd_stream_write(w, &(dd_stream_event){ .kind = ends[k], .error = { .status = 500, .message = DD_STR("no") } }, &t.out);
            size_t len = t.out.len;
            dd_stream_write(w, &(dd_stream_event){ .kind = DD_SE_TEXT, .text = DD_STR("b") }, &t.out);
            dd_stream_write(w, &(dd_stream_event){ .kind = DD_SE_END }, &t.out);
            dd_stream_write(w, &(dd_stream_event){ .kind = DD_SE_ERROR, .error = { .status = 500 } }, &t.out);
            CHECK_EQ(t.out.len, len, dd_dialect_name(each[i]));
            dd_stream_writer_free(w);
            reply_close(&t);
        }
    }
}
