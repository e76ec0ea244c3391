/* Answers of messages: what goes to and comes from others than chat.completions (that: answer_chat_test.c). */
#include "tests/unit/proxy/reply.h"

static const reply_case cases[] = {
    { "to responses", MESSAGES, RESPONSES,
      "{'id':'msg_1','model':'m','content':[{'type':'thinking','thinking':'Hm','signature':'SIG'},{'type':'text','text':'a'},"
      "{'type':'tool_use','id':'t1','name':'f','input':{'a':1}}],'stop_reason':'tool_use','usage':{'input_tokens':1,'cache_read_input_tokens':2,"
          "'output_tokens':3}}",
      { "'output':[{'id':'rs_n_0','type':'reasoning','summary':[{'type':'summary_text','text':'Hm'}],'encrypted_content':'dd0c.messages.SIG'},",
        "{'id':'msg_n_1','type':'message','status':'completed','role':'assistant','content':[{'type':'output_text','annotations':[],'logprobs':[],"
            "'text':'a'}]},",
        "{'id':'fc_n_2','type':'function_call','status':'completed','arguments':'{\\'a\\':1}','call_id':'t1','name':'f'}]",
        "'usage':{'input_tokens':3,'output_tokens':3,'total_tokens':6,'input_tokens_details':{'cached_tokens':2,'cache_write_tokens':0}" }, NULL },
    { "two texts are two parts of one message", MESSAGES, RESPONSES, "{'content':[{'type':'text','text':'a'},{'type':'text','text':'b'}],"
      "'stop_reason':'end_turn'}",
      { "'text':'a'},{'type':'output_text'", "'text':'b'}]}]" }, NULL },
    { "S1 refusal", MESSAGES, CHAT, "{'content':[],'stop_reason':'refusal'}", { "'content':null", "'finish_reason':'content_filter'" }, NULL },
    { "S1 the context is full", MESSAGES, CHAT, "{'content':[],'stop_reason':'model_context_window_exceeded'}", { "'finish_reason':'length'" },
      NULL },
    { "stop_sequence survives among its own", MESSAGES, MESSAGES, "{'content':[],'stop_reason':'stop_sequence','stop_sequence':'\\n\\nX'}",
      { "'stop_reason':'stop_sequence','stop_sequence':'\\n\\nX'" }, NULL },
    { "T2 an empty text could not be sent back", RESPONSES, MESSAGES,
      "{'status':'completed','output':[{'type':'message','content':[{'type':'output_text','text':''}]}]}", { "'content':[]",
          "'stop_reason':'end_turn'" }, NULL },
    { "usage that nobody gave: messages demands numbers", CHAT, MESSAGES, "{'choices':[{'message':{'content':'a'},'finish_reason':'stop'}]}",
      { "'usage':{'input_tokens':0,'cache_creation_input_tokens':0,'cache_read_input_tokens':0,'output_tokens':0}" }, NULL },
};
TEST(answers_of_messages) { reply_answers(cases, DD_COUNT(cases)); }

TEST(answer_of_servers_own_tools)
{
    reply t;
    reply_open(&t);
    dd_str out = reply_answer(&t, MESSAGES, CHAT,
                                  "{'content':[{'type':'server_tool_use','id':'s','name':'web_search','input':{}},{'type':'web_search_tool_result',"
                                      "'content':[]},"
                                  "{'type':'text','text':'a','citations':[{'url':'u'}]}],'stop_reason':'end_turn'}");
    CHECK(reply_has(&t, out, "'content':'a'"));
    CHECK(reply_has(&t, out, "'finish_reason':'stop'"));
    CHECK_STR(reply_drops(&t), "content[0].server_tool_use content[1].web_search_tool_result content[2].citations");
    reply_close(&t);
}
