/* Answers of chat.completions, read for other clients and written from other providers. */
#include "proxy/dialect/answer.h"
#include "tests/unit/proxy/reply.h"

#define ANSWER(message, finish) \
    "{'id':'chatcmpl-1','object':'chat.completion','created':7,'model':'m','choices':[{'index':0,'message':{'role':'assistant'," message \
    "},'finish_reason':" finish "}],'usage':{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15}}"
#define CALL(id, name, arguments) "{'id':'" id "','type':'function','function':{'name':'" name "','arguments':" arguments "}}"

static const reply_case reads[] = {
    { "S2 text", CHAT, MESSAGES, ANSWER("'content':'Hi \\u00e9 \\ud83d\\ude00'", "'stop'"),
      { "{'id':'chatcmpl-1','type':'message','role':'assistant','model':'m','content':[{'type':'text','text':'Hi \\u00e9 \\ud83d\\ude00'}],"
        "'stop_reason':'end_turn','stop_sequence':null,'usage':{'input_tokens':10," }, NULL },
    { "tool calls", CHAT, MESSAGES, ANSWER("'content':null,'tool_calls':[" CALL("call_1", "f", "'{\\'a\\': 1}'") "," CALL("call_2", "g", "''") "]",
      "'tool_calls'"),
      { "'content':[{'type':'tool_use','id':'call_1','name':'f','input':{'a': 1}},{'type':'tool_use','id':'call_2','name':'g','input':{}}]",
        "'stop_reason':'tool_use'" }, NULL },
    { "S1 calls though it says stop", CHAT, MESSAGES, ANSWER("'content':'','tool_calls':[" CALL("c", "f", "'{}'") "]", "'stop'"),
      { "'stop_reason':'tool_use'" },
      "'type':'text'" },
    { "S10 arguments as an object", CHAT, MESSAGES, ANSWER("'tool_calls':[" CALL("c", "f", "{'a':[1,2]}") "]", "'tool_calls'"), { "'input':{'a':[1,2]"
      "}" }, NULL },
    { "a call cut short stays a call", CHAT, MESSAGES, ANSWER("'content':null,'tool_calls':[" CALL("c", "f", "'{\\'city\\': \\'Par'") "]",
      "'length'"),
      { "'input':{'arguments':'{\\'city\\': \\'Par'}", "'stop_reason':'max_tokens'" }, NULL },
    { "and is incomplete for responses", CHAT, RESPONSES, ANSWER("'content':null,'tool_calls':[" CALL("c", "f", "'{\\'city\\': \\'Par'") "]",
      "'length'"),
      { "'status':'incomplete'", "'incomplete_details':{'reason':'max_output_tokens'}", "'status':'incomplete','arguments':'{\\'city\\': \\'Par'" },
        NULL },
    { "a call without an id gets one", CHAT, MESSAGES, ANSWER("'tool_calls':[" CALL("", "f", "'{}'") "]", "'tool_calls'"), { "'id':'toolu_n_0'" },
      NULL },
    { "Snowflake sends both forms of a call", CHAT, MESSAGES,
      ANSWER("'content':'','tool_calls':[{'id':'c','type':'function','function':{'name':'f','arguments':'{}'},'custom':{'name':'','input':''}}]",
          "''"),
      { "'id':'c','name':'f','input':{}" }, NULL },
    { "a legacy call", CHAT, MESSAGES, ANSWER("'content':null,'function_call':{'name':'f','arguments':'{\\'a\\':1}'}", "'function_call'"),
      { "'type':'tool_use'", "'name':'f','input':{'a':1}", "'stop_reason':'tool_use'" }, NULL },
    { "a refusal", CHAT, MESSAGES, ANSWER("'content':null,'refusal':'No.'", "'stop'"), { "{'type':'text','text':'No.'}", "'stop_reason':'refusal'" },
      NULL },
    { "a refusal stays one", CHAT, RESPONSES, ANSWER("'content':null,'refusal':'No.'", "'stop'"), { "{'type':'refusal','refusal':'No.'}" }, NULL },
    { "reasoning_content", CHAT, MESSAGES, ANSWER("'reasoning_content':'Hm','content':'Yes'", "'stop'"),
      { "{'type':'thinking','thinking':'Hm','signature':''},{'type':'text','text':'Yes'}" }, NULL },
    { "reasoning is another name of it", CHAT, RESPONSES, ANSWER("'reasoning':'Hm','content':'Yes'", "'stop'"),
      { "'type':'reasoning','summary':[{'type':'summary_text','text':'Hm'}]", "'type':'message'", "'text':'Yes'" }, NULL },
    { "Mistral's list", CHAT, MESSAGES, ANSWER("'content':[{'type':'thinking','thinking':[{'type':'text','text':'Hm'}]},{'type':'text','text':'Yes'}"
      "]", "'stop'"),
      { "'thinking':'Hm'", "'text':'Yes'" }, NULL },
    { "signed thinking comes back to its maker", CHAT, MESSAGES,
      ANSWER("'content':'x','thinking_blocks':[{'type':'thinking','thinking':'Hm','signature':'dd0c.messages.SIG'}]", "'stop'"),
      { "'thinking':'Hm','signature':'SIG'" }, NULL },
    { "a spoken answer has words", CHAT, MESSAGES, ANSWER("'content':null,'audio':{'id':'a','data':'AAAA','transcript':'Hello'}", "'stop'"),
      { "'text':'Hello'" }, NULL },
    { "S15 ids and times stay", CHAT, RESPONSES, ANSWER("'content':'x'", "'stop'"),
      { "{'id':'chatcmpl-1','object':'response','created_at':7,'status':'completed'", "'output':[{'id':'msg_n_0','type':'message',"
        "'status':'completed'",
        "'tool_choice':'auto','tools':[]", "'usage':{'input_tokens':10,'output_tokens':5,'total_tokens':15" }, NULL },
    { "content_filter", CHAT, RESPONSES, ANSWER("'content':'x'", "'content_filter'"), { "'status':'incomplete'", "'reason':'content_filter'" },
      NULL },
};
TEST(answers_of_chat) { reply_answers(reads, DD_COUNT(reads)); }

static const reply_case writes[] = {
    { "S2 several texts become one, S3 usage", MESSAGES, CHAT,
      "{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[{'type':'text','text':'a'},{'type':'text','text':'b'}],"
      "'stop_reason':'end_turn','usage':{'input_tokens':15,'cache_creation_input_tokens':13,'cache_read_input_tokens':12,'output_tokens':21}}",
      { "{'id':'msg_1','object':'chat.completion','created':1700000000,'model':'m','choices':[{'index':0,'message':{'role':'assistant',"
        "'content':'ab',"
        "'refusal':null},'logprobs':null,'finish_reason':'stop'}],'usage':{'prompt_tokens':40,'completion_tokens':21,'total_tokens':61," }, NULL },
    { "S2 only calls: content null", MESSAGES, CHAT,
      "{'id':'msg_1','content':[{'type':'tool_use','id':'t1','name':'f','input':{'q':'a\\'b'}}],'stop_reason':'tool_use'}",
      { "'content':null", "'tool_calls':[{'id':'t1','type':'function','function':{'name':'f','arguments':'{\\'q\\':\\'a\\\\\\'b\\'}'}}]",
        "'finish_reason':'tool_calls'" }, "usage" },
    { "thinking is kept with its signature", MESSAGES, CHAT,
      "{'content':[{'type':'thinking','thinking':'Hm','signature':'SIG'},{'type':'redacted_thinking','data':'RED'},{'type':'text','text':'x'}],"
      "'stop_reason':'max_tokens'}",
      { "'id':'chatcmpl-n'", "'content':'x'", "'reasoning_content':'Hm'", "'thinking_blocks':[{'type':'thinking','thinking':'Hm',"
        "'signature':'dd0c.messages.SIG'},"
        "{'type':'redacted_thinking','data':'dd0c.messages.RED'}]", "'finish_reason':'length'" }, NULL },
    { "a tool that takes free text", RESPONSES, CHAT,
      "{'id':'r','status':'completed','output':[{'type':'custom_tool_call','call_id':'c1','name':'exec','input':'ls \\'x\\''}]}",
      { "'tool_calls':[{'id':'c1','type':'custom','custom':{'name':'exec','input':'ls \\'x\\''}}]" }, NULL },
};
TEST(answers_for_chat) { reply_answers(writes, DD_COUNT(writes)); }

TEST(answer_tiers_in_the_clients_words)
{
    static const struct { const char *word, *openai, *messages; } tiers[] = {
        { "standard", "default", "standard" }, { "default", "default", "standard" }, { "priority", "priority", "priority" }, { "batch", "", "batch" },
        { "flex", "flex", "" }, { "provisioned", "", "" }, { "", "", "" },
    };
    for (size_t i = 0; i < DD_COUNT(tiers); i++) {
        CHECK_STR(dd_tier(CHAT, dd_str_z(tiers[i].word)), tiers[i].openai);
        CHECK_STR(dd_tier(RESPONSES, dd_str_z(tiers[i].word)), tiers[i].openai);
        CHECK_STR(dd_tier(MESSAGES, dd_str_z(tiers[i].word)), tiers[i].messages);
    }
}

TEST(answer_names_what_it_drops)
{
    reply t;
    reply_open(&t);
    reply_answer(&t, CHAT, MESSAGES,
                     "{'id':'1','x_new':1,'x_null':null,'choices':[{'index':0,'message':{'content':'a','audio':{'id':1},'annotations':[]},"
                     "'logprobs':{'content':[1]},'finish_reason':'stop'},{'index':1,'message':{'content':'b'}}]}");
    CHECK_STR(reply_drops(&t), "choices[0].message.audio choices[1] choices[0].logprobs x_new");
    reply_close(&t);
}

TEST(answer_that_is_an_error)   /* S11, S12: a body of status 200 */
{
    static const struct { const char *body; int status; const char *type, *code, *message; } errors[] = {
        { "{'error':{'message':'no','type':'invalid_request_error','code':'x'}}", 400, "invalid_request_error", "x", "no" },
        { "{'error':{'message':'slow \\u0041','code':429}}", 429, "rate_limit_error", "", "slow A" },
        { "{'type':'error','error':{'type':'overloaded_error','message':'busy'}}", 529, "server_error", "overloaded_error", "busy" },
        { "{'error':'broken'}", 502, "server_error", "", "broken" },
        { "{'choices':[{'error':{'code':502,'message':'up'},'finish_reason':'error'}]}", 502, "server_error", "", "up" },
        { "{'choices':[]}", 502, "server_error", "", "the provider's answer has no choices" },
        { "[]", 502, "server_error", "", "the provider's answer is not a JSON object" },
    };
    for (size_t i = 0; i < DD_COUNT(errors); i++) {
        reply t;
        reply_open(&t);
        CHECK_STR(reply_answer(&t, CHAT, MESSAGES, errors[i].body), "");
        CHECK_EQ(t.error.status, errors[i].status, errors[i].body);
        CHECK_STR(t.error.type, errors[i].type);
        CHECK_STR(t.error.code, errors[i].code);
        CHECK_STR(t.error.message, errors[i].message);
        reply_close(&t);
    }
}

TEST(answer_gives_names_back)   /* T7, T8, T19, T23, S16 */
{
    static const char body[] = "{'content':[{'type':'tool_use','id':'t_1','name':'short','input':{}},{'type':'tool_use','id':'t2','name':'json',"
        "'input':"
                               "{'a':'b'}}],'model':'real','stop_reason':'tool_use'}";
    reply t;
    reply_open(&t);
    dd_avec_push(&t.arena, &t.names, ((dd_rename){ DD_STR("the long name"), DD_STR("short") }));
    dd_avec_push(&t.arena, &t.names, ((dd_rename){ DD_STR(""), DD_STR("json") }));
    dd_avec_push(&t.arena, &t.ids, ((dd_rename){ DD_STR("t:1"), DD_STR("t_1") }));
    t.facts.model = DD_STR("asked");
    dd_str out    = reply_answer(&t, MESSAGES, CHAT, body);
    CHECK(reply_has(&t, out, "'model':'asked'"));
    CHECK(reply_has(&t, out, "'content':'{\\'a\\':\\'b\\'}'"));
    CHECK(reply_has(&t, out, "'tool_calls':[{'id':'t:1','type':'function','function':{'name':'the long name','arguments':'{}'}}]"));
    t.request.legacy_functions = true;
    out                        = reply_answer(&t, MESSAGES, CHAT, body);
    CHECK(reply_has(&t, out, "'function_call':{'name':'the long name','arguments':'{}'}"));
    CHECK(reply_has(&t, out, "'finish_reason':'function_call'"));
    reply_close(&t);
}
