/* Answers that came whole though a stream was asked for: what their streams must say (R1.2, S5-S9). */
#include "tests/unit/proxy/reply.h"

#define COMPLETIONS DD_DIALECT_COMPLETIONS
#define CALL(id, name, arguments) "{'id':'" id "','type':'function','function':{'name':'" name "','arguments':'" arguments "'}}"
#define WHOLE_CHAT(message, why) "{'id':'c1','object':'chat.completion','created':7,'model':'m','choices':[{'index':0,'message':{'role':'assistant'," message "}," \
    "'logprobs':{'content':[]},'finish_reason':'" why "'}],'usage':{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15},'citations':['u']}"
#define WHOLE_MESSAGE(blocks, why) "{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[" blocks "],'stop_reason':'" why \
    "','stop_sequence':null,'usage':{'input_tokens':10,'output_tokens':5,'cache_read_input_tokens':3}}"
#define WHOLE_RESPONSE(items, status) "{'id':'resp_1','object':'response','created_at':7,'status':'" status "','model':'m','output':[" items "]," \
    "'error':null,'usage':{'input_tokens':10,'input_tokens_details':{'cached_tokens':0},'output_tokens':5,'output_tokens_details':{'reasoning_tokens':0},'total_tokens':15}}"

static const reply_case same[] = {
    { "chat: content, finish, usage, end mark, in that order; what we do not know stays", CHAT, CHAT, WHOLE_CHAT("'content':'Hi \\ud83d\\ude00','refusal':null", "stop"),
      { "data: {'id':'c1','created':7,'model':'m','citations':['u'],'object':'chat.completion.chunk','choices':[{'index':0,'logprobs':{'content':[]},'finish_reason':null,"
            "'delta':{'role':'assistant','content':'Hi \\ud83d\\ude00','refusal':null}}]}\n\n",
        "'finish_reason':'stop','delta':{}}]}\n\n", "'choices':[],'usage':{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15}}\n\n", "data: [DONE]\n\n" },
      "'chat.completion'" },
    { "chat: calls get the numbers that streams have", CHAT, CHAT, WHOLE_CHAT("'content':null,'tool_calls':[" CALL("t1", "f", "{}") "," CALL("t2", "g", "{\\u0022a\\u0022:1}") "]",
      "tool_calls"),
      { "'tool_calls':[{'index':0,'id':'t1'", "{'index':1,'id':'t2','type':'function','function':{'name':'g','arguments':'{\\u0022a\\u0022:1}'}}]}}]}",
        "'finish_reason':'tool_calls'" }, NULL },
    { "chat: several choices", CHAT, CHAT, "{'id':'c1','choices':[{'index':0,'message':{'content':'a'},'finish_reason':'stop'},{'index':1,'message':{'content':'b'},"
      "'finish_reason':'length'}]}",
      { "'delta':{'content':'a'}", "'finish_reason':'stop','delta':{}", "{'index':1,'finish_reason':null,'delta':{'content':'b'}}", "'finish_reason':'length'", "[DONE]" },
      "'usage'" },
    { "line ends between tokens do not end the event", CHAT, CHAT, "{\n 'id' : 'c1',\r\n 'choices':\n[ {'message':\n{ 'content':\n'a', 'x': [\n1\n] } } ] }",
      { "'delta':{'content':'a','x':[ 1 ]}" }, NULL },
    { "completions", COMPLETIONS, COMPLETIONS, "{'id':'cmpl-1','object':'text_completion','model':'m','choices':[{'text':'a','index':0,'finish_reason':'stop'}],'usage':{'prompt_tokens':1}}",
      { "'choices':[{'text':'a','index':0,'finish_reason':'stop'}]}\n\n", "'choices':[],'usage':{'prompt_tokens':1}}", "[DONE]" }, NULL },
    { "messages: each block opened, filled, closed", MESSAGES, MESSAGES,
      WHOLE_MESSAGE("{'type':'thinking','thinking':'Hm','signature':'c2ln'},{'type':'text','text':'a','citations':[{'type':'page'}]},"
                    "{'type':'tool_use','id':'t1','name':'f','input':{'a':1}},{'type':'web_search_tool_result','tool_use_id':'s','content':[{'type':'x'}]}", "tool_use"),
      { "event: message_start\ndata: {'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[],'stop_reason':null,"
            "'stop_sequence':null,'usage':{'input_tokens':10,",
        "'index':0,'content_block':{'type':'thinking','thinking':'','signature':''}}\n\n",
        "'delta':{'type':'thinking_delta','thinking':'Hm'}}\n\n", "'delta':{'type':'signature_delta','signature':'c2ln'}}\n\n",
        "'index':1,'content_block':{'type':'text','text':'','citations':[]}}\n\n"
            "event: content_block_delta\ndata: {'type':'content_block_delta','index':1,'delta':{'type':'text_delta','text':'a'}}\n\n"
            "event: content_block_delta\ndata: {'type':'content_block_delta','index':1,'delta':{'type':'citations_delta','citation':{'type':'page'}}}\n\n",
        "'content_block':{'type':'tool_use','id':'t1','name':'f','input':{}}}\n\nevent: content_block_delta\ndata: {'type':'content_block_delta','index':2,"
            "'delta':{'type':'input_json_delta','partial_json':'{\\'a\\':1}'}}\n\n",
        "'content_block':{'type':'web_search_tool_result','tool_use_id':'s','content':[{'type':'x'}]}}\n\nevent: content_block_stop",
        "'delta':{'stop_reason':'tool_use','stop_sequence':null},'usage':{'input_tokens':10,'output_tokens':5,'cache_read_input_tokens':3}}\n\n"
            "event: message_stop\ndata: {'type':'message_stop'}\n\n" }, NULL },
    { "responses: items, parts, texts, and the whole at the end", RESPONSES, RESPONSES,
      WHOLE_RESPONSE("{'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text','text':'Hm'}]},"
                     "{'type':'message','id':'msg_1','status':'completed','role':'assistant','content':[{'type':'output_text','text':'a','annotations':[{'type':'n'}]}]},"
                     "{'type':'function_call','id':'fc_1','call_id':'t1','name':'f','arguments':'{}','status':'completed'}", "completed"),
      { "event: response.created\ndata: {'type':'response.created','sequence_number':0,'response':{'id':'resp_1','object':'response','created_at':7,'status':'in_progress',"
            "'model':'m','output':[],'error':null,'usage':null}}\n\n",
        "'item':{'type':'reasoning','id':'rs_1','summary':[]}}\n\n",
        "{'type':'response.reasoning_summary_text.delta','sequence_number':4,'item_id':'rs_1','output_index':0,'summary_index':0,'delta':'Hm'}\n\n",
        "'item':{'type':'message','id':'msg_1','status':'in_progress','role':'assistant','content':[]}}\n\n",
        "'content_index':0,'part':{'type':'output_text','text':'','annotations':[]}}\n\n", "'content_index':0,'delta':'a','logprobs':[]}\n\n",
        "{'type':'response.function_call_arguments.done','sequence_number':16,'item_id':'fc_1','output_index':2,'arguments':'{}'}\n\n",
        "event: response.completed\ndata: {'type':'response.completed','sequence_number':18,'response':{'id':'resp_1','object':'response','created_at':7,'status':'completed'" },
      NULL },
    { "responses: cut short", RESPONSES, RESPONSES, WHOLE_RESPONSE("", "incomplete"), { "event: response.incomplete\n" }, "response.completed" },
};
TEST(whole_answers_become_streams_of_their_own_api) { reply_replays(same, DD_COUNT(same)); }

static const reply_case across[] = {
    { "chat to messages", CHAT, MESSAGES, WHOLE_CHAT("'reasoning_content':'Hm','content':'a','tool_calls':[" CALL("t1", "f", "{\\u0022a\\u0022:1}") "]", "tool_calls"),
      { "event: message_start", "'thinking':'Hm'", "'text':'a'", "'type':'tool_use','id':'t1','name':'f'", "'stop_reason':'tool_use'", "'output_tokens':5}", "message_stop" }, NULL },
    { "messages to chat", MESSAGES, CHAT, WHOLE_MESSAGE("{'type':'text','text':'a'},{'type':'tool_use','id':'t1','name':'f','input':{}}", "tool_use"),
      { "'role':'assistant'", "'content':'a'", "'tool_calls':[{'index':0,'id':'t1'", "'arguments':'{}'", "'finish_reason':'tool_calls'",
        "'prompt_tokens':13,'completion_tokens':5", "[DONE]" }, NULL },   /* 10 + 3 from the cache */
    { "messages to responses", MESSAGES, RESPONSES, WHOLE_MESSAGE("{'type':'text','text':'a'}", "max_tokens"),
      { "response.created", "'delta':'a'", "response.incomplete", "'input_tokens':13" }, NULL },
    { "responses to chat", RESPONSES, CHAT,
      WHOLE_RESPONSE("{'type':'message','id':'m','content':[{'type':'output_text','text':'a'}]},{'type':'function_call','id':'fc','call_id':'t1','name':'f','arguments':'{}'}", "completed"),
      { "'content':'a'", "'id':'t1'", "'arguments':'{}'", "'finish_reason':'tool_calls'", "'prompt_tokens':10,'completion_tokens':5", "[DONE]" }, "'content':'aa'" },
};
TEST(whole_answers_become_streams_of_another_api) { reply_replays(across, DD_COUNT(across)); }

static const struct { const char *why; dd_dialect of; const char *in; } refused[] = {
    { "an error", CHAT, "{'error':{'message':'no'},'choices':[{'message':{}}]}" },
    { "no choices", CHAT, "{'id':'c1'}" },
    { "no message", CHAT, "{'choices':[{'text':'a'}]}" },
    { "an error of messages", MESSAGES, "{'type':'error','error':{'type':'api_error','message':'no'}}" },
    { "still at it in the background", RESPONSES, WHOLE_RESPONSE("", "queued") },
    { "failed", RESPONSES, WHOLE_RESPONSE("", "failed") },
    { "no object", CHAT, "[1]" },
    { "vectors", DD_DIALECT_EMBEDDINGS, "{'data':[]}" },
};
TEST(what_is_no_finished_answer_is_not_replayed)
{
    for (size_t i = 0; i < DD_COUNT(refused); i++) {
        reply t;
        reply_open(&t);
        CHECK_EQ(reply_replay(&t, refused[i].of, refused[i].of, refused[i].in).len, 0, refused[i].why);
        reply_close(&t);
    }
}
