/* Streams of chat.completions: what compatible providers send (S10), and what clients of it get (S5, S6, S11). */
#include "tests/unit/proxy/reply.h"

#define CALLS(items) CHUNK("'tool_calls':[" items "]")
#define OPEN0 "{'type':'content_block_start','index':0,'content_block':{'type':'tool_use'"
#define ARGS(index, text) "'index':" index ",'delta':{'type':'input_json_delta','partial_json':'" text "'}"
#define WHOLE "event: message_stop"

static const reply_case reads[] = {
    { "S8, S9 text; usage behind the finish waits for the end", CHAT, MESSAGES,
      CHUNK("'role':'assistant','content':''") CHUNK("'content':'Hel'") CHUNK("'content':'lo \\ud83d\\ude00'") FINISH("stop") USAGE DONE,
      { "event: message_start\ndata: {'type':'message_start','message':{'id':'c1'",
        "event: content_block_start\ndata: {'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}\n\n", "'text':'Hel'",
        "'text':'lo \\ud83d\\ude00'", "{'type':'content_block_stop','index':0}",
        "'delta':{'stop_reason':'end_turn','stop_sequence':null},'usage':{'input_tokens':6,'cache_creation_input_tokens':0,"
            "'cache_read_input_tokens':4,'output_tokens':5}",
        WHOLE }, NULL },
    { "S8 the text closes before a call opens; calls of one turn follow each other", CHAT, MESSAGES,
      CHUNK("'content':'a'") CALLS("{'index':0,'id':'t1','type':'function','function':{'name':'f','arguments':''}}")
      CALLS("{'index':0,'function':{'arguments':'{\\'a\\':'}}") CALLS("{'index':0,'function':{'arguments':'1}'}}")
      CALLS("{'index':1,'id':'t2','type':'function','function':{'name':'g','arguments':'{}'}}") FINISH("tool_calls") DONE,
      { "'content_block_stop','index':0}", "'index':1,'content_block':{'type':'tool_use','id':'t1','name':'f','input':{}}", ARGS("1", "{\\'a\\':"),
        "'content_block_stop','index':1}", "'index':2,'content_block':{'type':'tool_use','id':'t2'", ARGS("2", "{}"), "'stop_reason':'tool_use'",
            WHOLE }, NULL },
    { "calls whose pieces interleave: the second waits for the first", CHAT, MESSAGES,
      CALLS("{'index':0,'id':'t1','function':{'name':'f','arguments':'{'}},{'index':1,'id':'t2','function':{'name':'g','arguments':'['}}")
      CALLS("{'index':1,'function':{'arguments':']'}}") CALLS("{'index':0,'function':{'arguments':'}'}}") FINISH("tool_calls") DONE,
      { "'index':0,'content_block':{'type':'tool_use','id':'t1'", ARGS("0", "{"), ARGS("0", "}"), "'content_block_stop','index':0}",
        "'index':1,'content_block':{'type':'tool_use','id':'t2'", ARGS("1", "[]"), "'content_block_stop','index':1}", WHOLE }, NULL },
    { "S7 a call without arguments", CHAT, MESSAGES, CALLS("{'index':0,'id':'t1','function':{'name':'f'}}") FINISH("tool_calls") DONE,
      { ARGS("0", "{}"), "content_block_stop" }, NULL },
    { "S10 a call without number, whole, with arguments as an object", CHAT, MESSAGES, CALLS("{'id':'','function':{'name':'f','arguments':{'a':'b'}}"
      "}") FINISH("stop") DONE,
      { "'id':'toolu_n_0','name':'f'", ARGS("0", "{\\'a\\':\\'b\\'}"), "'stop_reason':'tool_use'" }, NULL },
    { "S10 two calls under one number", CHAT, MESSAGES,
      CALLS("{'index':0,'id':'t1','function':{'name':'f','arguments':'{}'}}") CALLS("{'index':0,'id':'t2','function':{'name':'f','arguments':'{}'}}")
      FINISH("tool_calls") DONE, { "'id':'t1'", "'id':'t2'", "'index':1}", WHOLE }, NULL },
    { "S10 the id with each piece", CHAT, MESSAGES,
      CALLS("{'index':0,'id':'t1','function':{'name':'f','arguments':'{'}}") CALLS("{'index':0,'id':'t1','function':{'name':'f','arguments':'}'}}")
      FINISH("tool_calls") DONE, { "'id':'t1'", ARGS("0", "{"), ARGS("0", "}"), WHOLE }, "'index':1" },
    { "S10 a name that comes late", CHAT, MESSAGES,
      CALLS("{'index':0,'id':'t1','function':{'arguments':'{'}}") CALLS("{'index':0,'function':{'name':'f','arguments':'}'}"
          "}") FINISH("tool_calls") DONE,
      { "'id':'t1','name':'f'", ARGS("0", "{"), ARGS("0", "}"), WHOLE }, NULL },
    { "S10 finish_reason '' is none, tool_calls [] is none, content '' opens nothing", CHAT, MESSAGES,
      D("{'id':'c1','choices':[{'delta':{'content':'','tool_calls':[]},'finish_reason':''}]}") CHUNK("'content':'a'") FINISH("stop"),
      { "'content_block_start','index':0", "'text':'a'", "'stop_reason':'end_turn'", WHOLE }, "'index':1" },
    { "S10 no [DONE], but a finish", CHAT, MESSAGES, CHUNK("'content':'a'") FINISH("length"), { "'stop_reason':'max_tokens'", WHOLE }, NULL },
    { "[DONE], but no finish", CHAT, MESSAGES, CHUNK("'content':'a'") DONE, { "'stop_reason':'end_turn'", WHOLE }, NULL },
    { "S10 Azure's first chunk, with no choices", CHAT, MESSAGES, D("{'id':'','model':'','choices':[],"
      "'prompt_filter_results':[]}") CHUNK("'content':'a'") FINISH("stop") DONE,
      { "'id':'c1'", "'model':'m'" }, NULL },
    { "S10 usage in each chunk is no sum; Groq's hides", CHAT, MESSAGES,
      D("{'id':'c','choices':[{'delta':{'content':'a'}}],'usage':{'prompt_tokens':5,'completion_tokens':1}}")
      D("{'id':'c','choices':[{'delta':{},'finish_reason':'stop'}],'x_groq':{'usage':{'prompt_tokens':5,'completion_tokens':2}}}") DONE,
      { "'input_tokens':5", "'output_tokens':2}" }, NULL },
    { "a message in one chunk", CHAT, MESSAGES, D("{'id':'c','choices':[{'message':{'content':'all'},'finish_reason':'stop'}]}"), { "'text':'all'",
      WHOLE }, NULL },
    { "thinking closes before text", CHAT, MESSAGES, CHUNK("'reasoning_content':'Hm'") CHUNK("'content':'a'") FINISH("stop") DONE,
      { "'index':0,'content_block':{'type':'thinking','thinking':'','signature':''}", "'delta':{'type':'thinking_delta','thinking':'Hm'}",
        "'content_block_stop','index':0}", "'index':1,'content_block':{'type':'text'", WHOLE }, NULL },
    { "a refusal", CHAT, MESSAGES, CHUNK("'refusal':'No.'") FINISH("stop") DONE, { "'text':'No.'", "'stop_reason':'refusal'" }, NULL },
    { "a legacy call", CHAT, MESSAGES, CHUNK("'function_call':{'name':'f','arguments':''}") CHUNK("'function_call':{'arguments':'{}"
      "'}") FINISH("function_call") DONE,
      { "'name':'f'", ARGS("0", "{}"), "'stop_reason':'tool_use'" }, NULL },
};
TEST(streams_of_chat) { reply_streams(reads, DD_COUNT(reads)); }

static const reply_case errors[] = {
    { "S8 cut before its end: an error, no end", CHAT, MESSAGES, CHUNK("'content':'a'"), { "event: error" }, "message_stop" },
    { "cut, for responses", CHAT, RESPONSES, CHUNK("'content':'a'"), { "event: response.failed", "'status':'failed'", "'error':{'code':",
      "'text':'a'" }, "response.completed" },
    { "cut, for chat", MESSAGES, CHAT, START BLOCK("0", "'type':'text','text':''") DELTA("0", "'type':'text_delta','text':'a'"), { "'content':'a'",
      "{'error':{" }, "[DONE]" },
    { "nothing at all", CHAT, MESSAGES, "", { "event: error" }, "message_st" },
    { "an end without a beginning", CHAT, MESSAGES, DONE, { "event: error" }, "message_stop" },
    { "S11 OpenRouter's, with finish_reason error", CHAT, MESSAGES,
      CHUNK("'content':'a'") D("{'id':'c1','error':{'code':429,'message':'slow down'},'choices':[{'delta':{'content':''},'finish_reason':'error'}]"
          "}") DONE,
      { "event: error", "slow down" }, "message_stop" },
    { "S11 an event named error", CHAT, MESSAGES, CHUNK("'content':'a'") "event: error\n" D("{'message':'broken'}") DONE, { "event: error",
      "broken" }, "message_stop" },
    { "S11 a text for an error", CHAT, MESSAGES, D("{'error':'broken'}"), { "event: error", "broken" }, "message_stop" },
    { "a finish_reason error with no word about it", CHAT, MESSAGES, CHUNK("'content':'a'") FINISH("error") DONE, { "event: error" },
      "message_stop" },
    { "no JSON", CHAT, RESPONSES, CHUNK("'content':'a'") D("{'id':") DONE, { "response.failed" }, "response.completed" },
    { "S11 overloaded, for chat", MESSAGES, CHAT, START D("{'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}"
      "}") END("end_turn"),
      { "{'error':{", "Overloaded" }, "[DONE]" },
    { "OpenAI's shape in a messages stream", MESSAGES, CHAT, START D("{'error':{'message':'gateway','type':'server_error'}}") END("end_turn"),
      { "gateway" }, "[DONE]" },
};
TEST(streams_that_fail) { reply_streams(errors, DD_COUNT(errors)); }

static const reply_case writes[] = {
    { "S5 first role, then text, finish, usage, [DONE]", MESSAGES, CHAT,
      START D("{'type':'ping'}") BLOCK("0", "'type':'text','text':''") DELTA("0", "'type':'text_delta','text':'a'") STOP("0") END("end_turn"),
      { "data: {'id':'msg_1','object':'chat.completion.chunk','created':1700000000,'model':'m','choices':[{'index':0,'delta':{'role':'assistant',"
        "'content':''",
        "'usage':null}", "'delta':{'content':'a'},'logprobs':null,'finish_reason':null}]", "'delta':{},'logprobs':null,'finish_reason':'stop'}]",
        "'choices':[],'usage':{'prompt_tokens':15,'completion_tokens':9,'total_tokens':24,'prompt_tokens_details':{'cached_tokens':3,"
            "'cache_write_tokens':2}}}\n\ndata: [DONE]\n\n" }, "ping" },
    { "S6 calls are numbered by themselves", MESSAGES, CHAT,
      START BLOCK("0", "'type':'thinking','thinking':''") DELTA("0", "'type':'thinking_delta','thinking':'Hm'") DELTA("0", "'type':'signature_delta',"
          "'signature':'SIG'")
      STOP("0") BLOCK("1", "'type':'text','text':''") STOP("1") BLOCK("2", "'type':'tool_use','id':'t1','name':'f','input':{}")
      DELTA("2", "'type':'input_json_delta','partial_json':''") DELTA("2", "'type':'input_json_delta','partial_json':'{\\'a\\':1}'") STOP("2")
      BLOCK("3", "'type':'tool_use','id':'t2','name':'g','input':{}") STOP("3") END("tool_use"),
      { "'reasoning_content':'Hm'", "'thinking_blocks':[{'index':0,'type':'thinking','signature':'dd0c.messages.SIG'}]",
        "'tool_calls':[{'index':0,'id':'t1','type':'function','function':{'name':'f','arguments':''}}]",
            "{'index':0,'function':{'arguments':'{\\'a\\':1}'}}",
        "{'index':1,'id':'t2'", "{'index':1,'function':{'arguments':'{}'}}", "'finish_reason':'tool_calls'" }, "'index':2" },
    { "a tool that takes free text", RESPONSES, CHAT,
      D("{'type':'response.created','response':{'id':'r'}}")
      D("{'type':'response.output_item.added','output_index':0,'item':{'type':'custom_tool_call','call_id':'c1','name':'exec','input':''}}")
      D("{'type':'response.custom_tool_call_input.delta','output_index':0,'delta':'ls'}")
      D("{'type':'response.output_item.done','output_index':0,'item':{'type':'custom_tool_call','call_id':'c1','name':'exec','input':'ls'}}")
      D("{'type':'response.completed','response':{'status':'completed'}}"),
      { "'type':'custom','custom':{'name':'exec','input':''}", "'custom':{'input':'ls'}", "'finish_reason':'tool_calls'", "[DONE]" }, NULL },
};
TEST(streams_for_chat) { reply_streams(writes, DD_COUNT(writes)); }

TEST(stream_usage_chunk_only_when_asked)   /* S5 */
{
    reply t;
    reply_open(&t);
    t.facts.include_usage = false;
    dd_str out            = reply_stream(&t, MESSAGES, CHAT, START END("end_turn"));
    CHECK(!reply_has(&t, out, "usage"));
    CHECK(reply_has(&t, out, "[DONE]"));
    CHECK_EQ(t.usage.usage.output, 9, "but the reader tells");
    reply_close(&t);
}

TEST(stream_gives_names_back)   /* T7, T8, T19, T23 */
{
    static const char body[] =
        START BLOCK("0", "'type':'tool_use','id':'t0','name':'json','input':{}") DELTA("0", "'type':'input_json_delta','partial_json':'{\\'a\\':1}"
            "'") STOP("0")
        BLOCK("1", "'type':'tool_use','id':'t_1','name':'short','input':{}") STOP("1") END("tool_use");
    reply t;
    reply_open(&t);
    dd_avec_push(&t.arena, &t.names, ((dd_rename){ DD_STR("the long name"), DD_STR("short") }));
    dd_avec_push(&t.arena, &t.names, ((dd_rename){ DD_STR(""), DD_STR("json") }));
    dd_avec_push(&t.arena, &t.ids, ((dd_rename){ DD_STR("t:1"), DD_STR("t_1") }));
    t.facts.model = DD_STR("asked");
    dd_str out    = reply_stream(&t, MESSAGES, CHAT, body);
    CHECK(reply_has(&t, out, "'model':'asked'"));
    CHECK(reply_has(&t, out, "'content':'{\\'a\\':1}'"));
    CHECK(reply_has(&t, out, "{'index':0,'id':'t:1','type':'function','function':{'name':'the long name'"));
    t.request.legacy_functions = true;
    out                        = reply_stream(&t, MESSAGES, CHAT, body);
    CHECK(reply_has(&t, out, "'delta':{'function_call':{'name':'the long name','arguments':''}}"));
    CHECK(reply_has(&t, out, "'delta':{'function_call':{'arguments':'{}'}}"));
    CHECK(reply_has(&t, out, "'finish_reason':'function_call'"));
    /* a schema's call alone: the answer is a text that simply ends */
    out = reply_stream(&t, MESSAGES, CHAT, START BLOCK("0", "'type':'tool_use','id':'t0','name':'json','input':{}") STOP("0") END("tool_use"));
    CHECK(reply_has(&t, out, "'content':'{}'"));
    CHECK(reply_has(&t, out, "'finish_reason':'stop'"));
    reply_close(&t);
}
