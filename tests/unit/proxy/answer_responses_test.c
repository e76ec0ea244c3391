/* Answers of responses, and what a response repeats of its request. */
#include "tests/unit/proxy/reply.h"

#define RESPONSE(status, output) \
    "{'id':'resp_1','object':'response','created_at':7,'status':'" status "','error':null,'model':'m','output':[" \
        output "],'usage':{'input_tokens':10," \
    "'input_tokens_details':{'cached_tokens':4},'output_tokens':5,'output_tokens_details':{'reasoning_tokens':2},'total_tokens':15}}"

static const reply_case cases[] = {
    { "reasoning, text, call", RESPONSES, CHAT,
      RESPONSE("completed", "{'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text','text':'one'},{'type':'summary_text','text':'two'}],"
                            "'encrypted_content':'ENC'},{'type':'message','content':[{'type':'output_text','text':'Hi','annotations':[]}]},"
                            "{'type':'function_call','call_id':'c1','name':'f','arguments':'{\\'a\\':1}'}"),
      { "'content':'Hi'", "'reasoning_content':'one\\n\\ntwo'", "'signature':'dd0c.responses.ENC'", "'id':'c1'", "'arguments':'{\\'a\\':1}'",
        "'finish_reason':'tool_calls'", "'prompt_tokens':10,'completion_tokens':5", "'reasoning_tokens':2" }, NULL },
    { "reasoning that shows nothing", RESPONSES, MESSAGES, RESPONSE("completed", "{'type':'reasoning','id':'rs_1','summary':[],"
      "'encrypted_content':'ENC'}"),
      { "{'type':'redacted_thinking','data':'dd0c.responses.ENC'}", "'input_tokens':6", "'cache_read_input_tokens':4" }, NULL },
    { "reasoning that holds nothing", RESPONSES, MESSAGES, RESPONSE("completed", "{'type':'reasoning','id':'rs_1','summary':[]}"), { "'content':[]" },
      NULL },
    { "a refusal", RESPONSES, CHAT, RESPONSE("completed", "{'type':'message','content':[{'type':'refusal','refusal':'No.'}]}"),
      { "'content':null,'refusal':'No.'" }, NULL },
    { "a tool that takes free text, for those who know none", RESPONSES, MESSAGES,
      RESPONSE("completed", "{'type':'custom_tool_call','call_id':'c1','name':'exec','input':'ls'}"), { "'name':'exec','input':{'input':'ls'}" },
          NULL },
    { "no end of it", RESPONSES, CHAT,
      "{'status':'incomplete','incomplete_details':{'reason':'max_output_tokens'},'output':[{'type':'message','content':[{'type':'output_text',"
          "'text':'a'}]}]}",
      { "'finish_reason':'length'" }, NULL },
};
TEST(answers_of_responses) { reply_answers(cases, DD_COUNT(cases)); }

TEST(answer_of_responses_that_is_none)
{
    static const char *const bodies[] = { "{'status':'failed','error':{'code':'rate_limit_exceeded','message':'m'},'output':[]}",
        "{'status':'queued','output':[]}", "{}" };
    static const int         want[]   = { 429, 502, 502 };
    for (size_t i = 0; i < DD_COUNT(bodies); i++) {
        reply t;
        reply_open(&t);
        CHECK_STR(reply_answer(&t, RESPONSES, CHAT, bodies[i]), "");
        CHECK_EQ(t.error.status, want[i], bodies[i]);
        reply_close(&t);
    }
}

TEST(response_repeats_its_request)
{
    reply t;
    dd_tool     tool = { .name = DD_STR("f"), .parameters = DD_STR("{\"type\":\n\"object\"}"), .strict = DD_TRI_TRUE };
    reply_open(&t);
    t.request = (dd_request){ .from = RESPONSES, .tools = &tool, .tool_choice = DD_CHOICE_NAMED, .tool_choice_name = DD_STR("f"),
        .parallel_tools = DD_TRI_FALSE,
                              .max_tokens = DD_STR("99"), .temperature = DD_STR("0.50"), .metadata = DD_STR("{\"k\":\"v\"}"), .effort = DD_STR("low"),
                              .format = DD_FORMAT_SCHEMA, .schema_name = DD_STR("s"), .schema = DD_STR("{}") };
    dd_str out = reply_answer(&t, MESSAGES, RESPONSES, "{'content':[],'stop_reason':'end_turn'}");
    static const char *const want[] = {
        "'max_output_tokens':99", "'metadata':{'k':'v'}", "'parallel_tool_calls':false", "'reasoning':{'effort':'low','summary':null}",
            "'temperature':0.50",
        "'text':{'format':{'type':'json_schema','name':'s','schema':{},'strict':false}}", "'tool_choice':{'type':'function','name':'f'}",
        "'tools':[{'type':'function','name':'f','parameters':{'type':\n'object'},'strict':true}]", "'usage':null",
    };
    for (size_t i = 0; i < DD_COUNT(want); i++)
        if (!reply_has(&t, out, want[i]))
            dd_test_fail(__FILE__, __LINE__, "no %s in " DD_STR_FMT, want[i], DD_STR_ARG(out));
    /* in a stream an event's data is one line */
    out = reply_stream(&t, CHAT, RESPONSES, CHUNK("'content':'a'") FINISH("stop") DONE);
    CHECK(reply_has(&t, out, "'parameters':{'type': 'object'}"));
    reply_close(&t);
}
