/* Streams of responses. The order of a client's events is the API reference's, "Streaming events". */
#include "tests/unit/proxy/reply.h"

#define R_CREATED \
    D("{'type':'response.created','sequence_number':0,'response':{'id':'resp_1','created_at':7,'model':'m','status':'in_progress','output':[]}}")
#define R_TEXT(text) D("{'type':'response.output_text.delta','output_index':0,'content_index':0,'delta':'" text "'}")
#define R_ITEM(event, index, item) D("{'type':'response.output_item." event "','output_index':" index ",'item':{" item "}}")
#define R_DONE \
    D("{'type':'response.completed','response':{'id':'resp_1','status':'completed','output':[]," \
      "'usage':{'input_tokens':10,'output_tokens':5,'total_tokens':15}}}")

static const reply_case reads[] = {
    { "text", RESPONSES, CHAT, R_CREATED R_ITEM("added", "0", "'type':'message'") R_TEXT("a") R_TEXT("b") D("{'type':'response.output_text.done',"
      "'output_index':0,'content_index':0,'text':'ab'}") R_DONE,
      { "'id':'resp_1'", "'created':7", "'content':'a'", "'content':'b'", "'finish_reason':'stop'", "'prompt_tokens':10", "[DONE]" },
        "'content':'ab'" },
    { "text without deltas", RESPONSES, CHAT, R_CREATED D("{'type':'response.output_text.done','output_index':0,'content_index':0,"
      "'text':'ab'}") R_DONE, { "'content':'ab'" }, NULL },
    { "all of it at the end", RESPONSES, CHAT,
      D("{'type':'response.completed','response':{'id':'r','status':'completed','output':[{'type':'message','content':[{'type':'output_text',"
          "'text':'ab'}]},"
        "{'type':'function_call','call_id':'c','name':'f','arguments':'{}'}]}}"),
      { "'id':'r'", "'content':'ab'", "'id':'c'", "'finish_reason':'tool_calls'", "[DONE]" }, NULL },
    { "a call", RESPONSES, MESSAGES,
      R_CREATED R_ITEM("added", "1", "'type':'function_call','call_id':'c','name':'f','arguments':''")
      D("{'type':'response.function_call_arguments.delta','output_index':1,'delta':'{\\'a\\''}") D("{'type':'response.function_call_arguments.delta',"
          "'output_index':1,'delta':':1}'}")
      D("{'type':'response.function_call_arguments.done','output_index':1,'arguments':'{\\'a\\':1}'}")
      R_ITEM("done", "1", "'type':'function_call','call_id':'c','name':'f','arguments':'{\\'a\\':1}'") R_DONE,
      { "'id':'c','name':'f'", "'partial_json':'{\\'a\\''", "'partial_json':':1}'", "content_block_stop", "'stop_reason':'tool_use'" },
        "{\\'a\\':1}" },
    { "reasoning: summaries with a blank line between, sealed", RESPONSES, MESSAGES,
      R_CREATED R_ITEM("added", "0", "'type':'reasoning'") D("{'type':'response.reasoning_summary_part.added','output_index':0,'summary_index':0}")
      D("{'type':'response.reasoning_summary_text.delta','output_index':0,'summary_index':0,'delta':'one'}")
      D("{'type':'response.reasoning_summary_part.added','output_index':0,'summary_index':1}")
      D("{'type':'response.reasoning_summary_text.delta','output_index':0,'summary_index':1,'delta':'two'}")
      R_ITEM("done", "0", "'type':'reasoning','encrypted_content':'ENC'") R_DONE,
      { "'thinking':'one'", "'thinking':'\\n\\n'", "'thinking':'two'", "'type':'signature_delta','signature':'dd0c.responses.ENC'",
        "content_block_stop" }, "redacted" },
    { "reasoning that shows nothing", RESPONSES, MESSAGES, R_CREATED R_ITEM("added", "0", "'type':'reasoning'") R_ITEM("done", "0",
      "'type':'reasoning','encrypted_content':'ENC'") R_DONE,
      { "'content_block':{'type':'redacted_thinking','data':'dd0c.responses.ENC'}", "content_block_stop" }, "signature" },
    { "incomplete", RESPONSES, CHAT, R_CREATED R_TEXT("a") D("{'type':'response.incomplete','response':{'status':'incomplete',"
      "'incomplete_details':{'reason':'max_output_tokens'}}}"),
      { "'finish_reason':'length'", "[DONE]" }, NULL },
    { "failed", RESPONSES, CHAT, R_CREATED D("{'type':'response.failed','response':{'status':'failed','error':{'code':'server_error',"
      "'message':'boom'}}}"), { "boom" }, "[DONE]" },
    { "an error event, flat", RESPONSES, CHAT, R_CREATED D("{'type':'error','code':'rate_limit_exceeded','message':'slow','param':null}"), { "slow" },
      "[DONE]" },
    { "cut", RESPONSES, CHAT, R_CREATED R_TEXT("a"), { "'error':{" }, "[DONE]" },
};
TEST(streams_of_responses) { reply_streams(reads, DD_COUNT(reads)); }

TEST(stream_for_responses_in_order)
{
    static const char *const want[] = {
        "event: response.created\ndata: {'type':'response.created','sequence_number':0,'response':{'id':'c1','object':'response','created_at':7,"
            "'status':'in_progress'",
        "event: response.in_progress\ndata: {'type':'response.in_progress','sequence_number':1,",
        "event: response.output_item.added\ndata: {'type':'response.output_item.added','sequence_number':2,'output_index':0,'item':{'id':'rs_n_0',"
            "'type':'reasoning','summary':[]}}",
        "event: response.reasoning_summary_part.added\ndata: {'type':'response.reasoning_summary_part.added','sequence_number':3,'item_id':'rs_n_0',"
            "'output_index':0,'summary_index':0,"
        "'part':{'type':'summary_text','text':''}}",
        "event: response.reasoning_summary_text.delta\ndata: {'type':'response.reasoning_summary_text.delta','sequence_number':4,'item_id':'rs_n_0',"
            "'output_index':0,'summary_index':0,"
        "'delta':'Hm'}",
        "'sequence_number':5,'item_id':'rs_n_0','output_index':0,'summary_index':0,'text':'Hm'}", "event: response.reasoning_summary_part.done",
        "event: response.output_item.done\ndata: {'type':'response.output_item.done','sequence_number':7,'output_index':0,'item':{'id':'rs_n_0',"
            "'type':'reasoning','summary':"
        "[{'type':'summary_text','text':'Hm'}]}}",
        "'sequence_number':8,'output_index':1,'item':{'id':'msg_n_1','type':'message','status':'in_progress','role':'assistant','content':[]}}",
        "event: response.content_part.added\ndata: {'type':'response.content_part.added','sequence_number':9,'item_id':'msg_n_1','output_index':1,"
            "'content_index':0,"
        "'part':{'type':'output_text','annotations':[],'logprobs':[],'text':''}}",
        "event: response.output_text.delta\ndata: {'type':'response.output_text.delta','sequence_number':10,'item_id':'msg_n_1','output_index':1,"
            "'content_index':0,'delta':'a','logprobs':[]}",
        "event: response.output_text.done", "'sequence_number':11,'item_id':'msg_n_1','output_index':1,'content_index':0,'text':'a'",
            "event: response.content_part.done",
        "event: response.output_item.done", "event: response.output_item.added",
        "'item':{'id':'fc_n_2','type':'function_call','status':'in_progress','arguments':'','call_id':'t1','name':'f'}}",
        "event: response.function_call_arguments.delta", "'item_id':'fc_n_2','output_index':2,'delta':'{}'}",
        "event: response.function_call_arguments.done", "'arguments':'{}'}", "event: response.output_item.done",
            "'status':'completed','arguments':'{}','call_id':'t1'",
        "event: response.completed", "'status':'completed'", "'output':[{'id':'rs_n_0'", "{'id':'msg_n_1'", "'text':'a'", "{'id':'fc_n_2'",
        "'usage':{'input_tokens':10,'output_tokens':5,'total_tokens':15,'input_tokens_details':{'cached_tokens':4,'cache_write_tokens':0},"
            "'output_tokens_details':{'reasoning_tokens':0}}}}\n\n",
    };
    reply t;
    reply_open(&t);
    dd_str rest = reply_stream(&t, CHAT, RESPONSES,
                                   CHUNK("'role':'assistant','reasoning_content':'Hm'") CHUNK("'content':'a'")
                                   CHUNK("'tool_calls':[{'index':0,'id':'t1','function':{'name':'f','arguments':'{}'}}"
                                       "]") FINISH("tool_calls") USAGE DONE);
    for (size_t i = 0; i < DD_COUNT(want); i++) {
        ptrdiff_t at = dd_str_find(rest, reply_json(&t.arena, want[i]));
        if (at < 0) {
            dd_test_fail(__FILE__, __LINE__, "no %s in " DD_STR_FMT, want[i], DD_STR_ARG(rest));
            break;
        }
        rest = dd_str_sub(rest, (size_t)at + strlen(want[i]), rest.len);
    }
    CHECK_EQ(rest.len, 0, "nothing behind response.completed");
    reply_close(&t);
}

static const reply_case writes[] = {
    { "calls whose pieces interleave", CHAT, RESPONSES,
      CHUNK("'tool_calls':[{'index':0,'id':'t1','function':{'name':'f','arguments':'{'}},{'index':1,'id':'t2','function':{'name':'g','arguments':'['}"
          "}]")
      CHUNK("'tool_calls':[{'index':1,'function':{'arguments':']'}},{'index':0,'function':{'arguments':'}'}}]") FINISH("tool_calls") DONE,
      { "'item_id':'fc_n_0','output_index':0,'delta':'{'", "'item_id':'fc_n_1','output_index':1,'delta':'['", "'delta':']'", "'delta':'}'",
        "'output':[{'id':'fc_n_0'", "'arguments':'{}'", "{'id':'fc_n_1'", "'arguments':'[]'" }, NULL },
    { "cut by its length", CHAT, RESPONSES, CHUNK("'content':'a'") FINISH("length") DONE,
      { "event: response.incomplete", "'status':'incomplete'", "'incomplete_details':{'reason':'max_output_tokens'}", "'text':'a'" },
        "response.completed" },
    { "a text and a refusal are two parts", CHAT, RESPONSES, CHUNK("'content':'a'") CHUNK("'refusal':'No.'") FINISH("stop") DONE,
      { "'content_index':1,'part':{'type':'refusal','refusal':''}", "response.refusal.delta", "'content_index':1,'delta':'No.'",
        "event: response.completed",
        "'text':'a'},{'type':'refusal','refusal':'No.'}]" }, NULL },
    { "a failure before anything", CHAT, RESPONSES, D("{'error':{'message':'no','code':'x'}}"),
      { "event: response.created", "event: response.failed", "'id':'resp_n'", "'status':'failed'", "'error':{'code':'x','message':'no'}" },
        "completed" },
};
TEST(streams_for_responses) { reply_streams(writes, DD_COUNT(writes)); }
