/* Requests of chat.completions clients to messages and to responses. The rules are those of docs/translation.md. */
#include "tests/unit/proxy/translate.h"

#define C  DD_DIALECT_CHAT
#define M  DD_DIALECT_MESSAGES
#define R  DD_DIALECT_RESPONSES
#define HI "{'role':'user','content':'hi'}"
#define ASK(messages, more) "{'model':'m','messages':[" messages "]" more "}"

static const translation_case text_rows[] = {
    { "T1 system and developer from anywhere, joined by a line end", C, M,
      ASK("{'role':'system','content':'a'}," HI ",{'role':'developer','content':[{'type':'text','text':'b'},{'type':'text','text':'c'}]}", ""), NULL,
      { "system='a\\nb\\nc'", "messages[0].content[0].text='hi'", "messages[1]=" } },
    { "T1 marked system text stays in blocks", C, M,
      ASK("{'role':'system','content':[{'type':'text','text':'a'},{'type':'text','text':'b','cache_control':{'type':'ephemeral'}}]}," HI, ""), NULL,
      { "system=[{'type':'text','text':'a'},{'type':'text','text':'b','cache_control':{'type':'ephemeral'}}]" } },
    { "T2 blank text is no block, and its turn no message", C, M,
      ASK("{'role':'user','content':[{'type':'text','text':' \\n'},{'type':'text','text':'x'}]},{'role':'assistant','content':''},{'role':'user','content':'y'}", ""),
      NULL, { "messages[0].content[0].text='x'", "messages[0].content[1].text='y'", "messages[1]=" } },
    { "T2 blank system text too", C, M, ASK("{'role':'system','content':'  '}," HI, ""), NULL, { "system=" } },
    { "T3 turns of one role are merged, the first is the user's", C, M,
      ASK("{'role':'assistant','content':'a'},{'role':'assistant','content':'b'},{'role':'user','content':'c'}", ""), NULL,
      { "messages[0].role='user'", "messages[1].role='assistant'", "messages[1].content[0].text='a'", "messages[1].content[1].text='b'",
        "messages[2].content[0].text='c'", "messages[3]=" } },
    { "T3 system messages alone are the user's", C, M, ASK("{'role':'system','content':'say hi'}", ""), NULL,
      { "system=", "messages[0].role='user'", "messages[0].content[0].text='say hi'" } },
    { "a last turn of the model ends without white space", C, M, ASK(HI ",{'role':'assistant','content':'{\\\\n \\n\\u0020 '}", ""), NULL,
      { "messages[1].content[0].text='{\\\\n'" } },
    { "T22 a refusal is text", C, M, ASK(HI ",{'role':'assistant','content':null,'refusal':'no'}," HI, ""), NULL,
      { "messages[1].content[0]={'type':'text','text':'no'}" } },
    { "no text at all", C, M, ASK("{'role':'user','content':' '}", ""), NULL, { NULL }, NULL, "messages|no text" },
    { "text that is no Unicode stays", C, M, ASK("{'role':'user','content':'\\u0000 \\ud800 \\/'}", ""), NULL, { "messages[0].content[0].text='\\u0000 \\ud800 \\/'" } },
    { "a message's name has no place", C, M, ASK("{'role':'user','name':'Ann','content':'x'},{'role':'user','name':'Bob','content':'y'}", ""), NULL, { NULL },
      "messages[].name" },
};
TEST(chat_to_messages_text) { check_translations(text_rows, DD_COUNT(text_rows)); }

#define CALL(id, args) "{'id':'" id "','type':'function','function':{'name':'f','arguments':'" args "'}}"
#define CALLS(calls) "{'role':'assistant','content':null,'tool_calls':[" calls "]}"
#define RESULT(id, text) "{'role':'tool','tool_call_id':'" id "','content':'" text "'}"
#define TOOL ",'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object','properties':{}}}}]"
#define LONG_ID "call_0123456789012345678901234567890123456789"

static const translation_case call_rows[] = {
    { "T4 parallel results are one message, before the text", C, M,
      ASK(HI "," CALLS(CALL("c1", "{}") "," CALL("c2", "{\\\"x\\\": 1.50}")) "," RESULT("c2", "two") "," RESULT("c1", "one") ",{'role':'user','content':'go'}", TOOL), NULL,
      { "messages[1].content[1].input={'x': 1.50}", "messages[2].content[0].tool_use_id='c2'", "messages[2].content[1].tool_use_id='c1'",
        "messages[2].content[2].text='go'", "messages[2].content[0].content='two'", "messages[3]=", "messages[1].content[0].type='tool_use'" } },
    { "T4 text before results moves behind them", C, M, ASK(HI "," CALLS(CALL("c", "{}")) ",{'role':'user','content':'t'}," RESULT("c", "r"), TOOL), NULL,
      { "messages[2].content[0].type='tool_result'", "messages[2].content[1].text='t'" } },
    { "T5 no arguments are an empty object", C, M, ASK(HI "," CALLS(CALL("c", "")) "," RESULT("c", ""), TOOL), NULL,
      { "messages[1].content[0].input={}", "messages[2].content[0].content=''" } },
    { "T5 arguments that are no JSON are wrapped", C, M, ASK(HI "," CALLS(CALL("c", "{\\\"x")) "," RESULT("c", "r"), TOOL), NULL,
      { "messages[1].content[0].input={'arguments':'{\\\"x'}" }, "messages[1].tool_calls[0].function.arguments=wrapped" },
    { "T5 and so are those that are no object", C, M, ASK(HI "," CALLS(CALL("c", "[1]")) "," RESULT("c", "r"), TOOL), NULL,
      { "messages[1].content[0].input={'arguments':[1]}" }, "messages[1].tool_calls[0].function.arguments=wrapped" },
    { "T6 a result without a call", C, M, ASK(HI "," RESULT("c9", "r"), TOOL), NULL, { NULL }, NULL, "messages[1]|\"c9\"" },
    { "T6 a call without a result", C, M, ASK(HI "," CALLS(CALL("c7", "{}") "," CALL("c8", "{}")) "," RESULT("c7", "r") "," HI, TOOL), NULL, { NULL }, NULL,
      "messages[1].tool_calls[1]|\"c8\"" },
    { "T6 a call at the end", C, M, ASK(HI "," CALLS(CALL("c7", "{}")), TOOL), NULL, { NULL }, NULL, "messages[1].tool_calls[0]|\"c7\"" },
    { "T6 a result that is there twice", C, M, ASK(HI "," CALLS(CALL("c7", "{}")) "," RESULT("c7", "r") "," RESULT("c7", "r"), TOOL), NULL, { NULL }, NULL,
      "messages[3]|already" },
    { "T6 one id for two calls", C, M, ASK(HI "," CALLS(CALL("c7", "{}") "," CALL("c7", "{}")) "," RESULT("c7", "r"), TOOL), NULL, { NULL }, NULL,
      "messages[1].tool_calls[1]|two tool calls" },
    { "T11 calls in the history declare their tools", C, M, ASK(HI "," CALLS(CALL("c", "{}")) "," RESULT("c", "r"), ""), NULL,
      { "tools=[{'name':'f','input_schema':{'type':'object','properties':{}}}]", "tool_choice={'type':'none'}" } },
    { "T23 legacy functions", C, M,
      ASK(HI ",{'role':'assistant','content':null,'function_call':{'name':'f','arguments':'{}'}},{'role':'function','name':'f','content':'r'}",
          ",'functions':[{'name':'f','description':'d'}],'function_call':{'name':'f'}"), NULL,
      { "messages[1].content[0].id='call_function_0'", "messages[2].content[0].tool_use_id='call_function_0'", "tools[0].name='f'", "tools[0].description='d'",
        "tool_choice={'type':'tool','name':'f'}" } },
    { "T23 a function's result without a call", C, M, ASK(HI ",{'role':'function','name':'f','content':'r'}", ""), NULL, { NULL }, NULL, "messages[1]|no function call" },
    { "a tool call that has no id", C, M, ASK(HI ",{'role':'assistant','tool_calls':[{'type':'function','function':{'name':'f','arguments':''}}]}", ""), NULL, { NULL },
      NULL, "messages[1].tool_calls[0].id|missing" },
    { "pictures in a result", C, M,
      ASK(HI "," CALLS(CALL("c", "{}")) ",{'role':'tool','tool_call_id':'c','content':[{'type':'text','text':'see'},{'type':'image_url','image_url':{'url':'https://x/y'}}]}", TOOL),
      NULL, { "messages[2].content[0].content[1].source={'type':'url','url':'https://x/y'}" } },
    { "to responses the arguments keep their spelling", C, R, ASK(HI "," CALLS(CALL("c", " {\\\"a\\\" : 1e2}")) "," RESULT("c", "r"), TOOL), NULL,
      { "input[1].arguments=' {\\\"a\\\" : 1e2}'", "input[1].type='function_call'", "input[2].output='r'", "input[2].call_id='c'" } },
    { "free-text tools exist in responses", C, R,
      ASK(HI ",{'role':'assistant','tool_calls':[{'id':'c','type':'custom','custom':{'name':'p','input':'a b'}}]}," RESULT("c", "r"),
          ",'tools':[{'type':'custom','custom':{'name':'p','format':{'type':'text'}}}]"), NULL,
      { "input[1].type='custom_tool_call'", "input[1].input='a b'", "input[2].type='custom_tool_call_output'", "tools[0].format={'type':'text'}" } },
    { "and not in messages", C, M,
      ASK(HI ",{'role':'assistant','tool_calls':[{'id':'c','type':'custom','custom':{'name':'p','input':'a b'}}]}," RESULT("c", "r"),
          ",'tools':[{'type':'custom','custom':{'name':'p'}}]"), NULL,
      { "messages[1].content[0].input={'input':'a b'}", "tools[0].name='p'" }, "tools[0].custom" },
};
TEST(chat_to_messages_calls) { check_translations(call_rows, DD_COUNT(call_rows)); }

#define FUNCTION(inner) ",'tools':[{'type':'function','function':{" inner "}}]"

static const translation_case tool_rows[] = {
    { "T9 no parameters", C, M, ASK(HI, FUNCTION("'name':'f'")), NULL, { "tools[0].input_schema={'type':'object','properties':{}}" } },
    { "T9 empty parameters", C, M, ASK(HI, FUNCTION("'name':'f','parameters':{}")), NULL, { "tools[0].input_schema={'type':'object','properties':{}}" } },
    { "T9 parameters without a type", C, M, ASK(HI, FUNCTION("'name':'f','parameters':{'properties':{'a':{}}}")), NULL,
      { "tools[0].input_schema={'type':'object','properties':{'a':{}}}" } },
    { "T9 strict where the model can", C, M, ASK(HI, FUNCTION("'name':'f','strict':true")), NULL, { "tools[0].strict=true" } },
    { "T9 strict where it cannot", C, M, ASK(HI, FUNCTION("'name':'f','strict':true")), &old_model, { "tools[0].strict=" }, "tools[0].function.strict" },
    { "T9 a schema stays as it is written", C, M, ASK(HI, FUNCTION("'name':'f','parameters':{'type':'object', 'x':12345678901234567890.10 , 'y':'\\ud800\\u0000'}")), NULL,
      { "tools[0].input_schema={'type':'object', 'x':12345678901234567890.10 , 'y':'\\ud800\\u0000'}" } },
    { "T10 auto", C, M, ASK(HI, TOOL ",'tool_choice':'auto'"), NULL, { "tool_choice={'type':'auto'}" } },
    { "T10 required", C, M, ASK(HI, TOOL ",'tool_choice':'required'"), NULL, { "tool_choice={'type':'any'}" } },
    { "T10 none", C, M, ASK(HI, TOOL ",'tool_choice':'none'"), NULL, { "tool_choice={'type':'none'}" } },
    { "T10 named", C, M, ASK(HI, TOOL ",'tool_choice':{'type':'function','function':{'name':'f'}}"), NULL, { "tool_choice={'type':'tool','name':'f'}" } },
    { "T10 named, but not declared", C, M, ASK(HI, TOOL ",'tool_choice':{'type':'function','function':{'name':'g'}}"), NULL, { NULL }, NULL, "tool_choice|\"g\"" },
    { "T10 one call at a time needs a choice", C, M, ASK(HI, TOOL ",'parallel_tool_calls':false"), NULL,
      { "tool_choice={'type':'auto','disable_parallel_tool_use':true}" } },
    { "T10 one call at a time beside any", C, M, ASK(HI, TOOL ",'parallel_tool_calls':false,'tool_choice':'required'"), NULL,
      { "tool_choice={'type':'any','disable_parallel_tool_use':true}" } },
    { "T10 no tools, no choice", C, M, ASK(HI, ",'parallel_tool_calls':false,'tool_choice':'auto'"), NULL, { "tool_choice=" } },
    { "T10 a set of allowed tools keeps its mode", C, M, ASK(HI, TOOL ",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'required','tools':[]}}"), NULL,
      { "tool_choice={'type':'any'}" }, "tool_choice.allowed_tools.tools" },
    { "T12 a forced tool excludes thinking", C, M, ASK(HI, TOOL ",'tool_choice':'required','reasoning_effort':'high'"), NULL, { "thinking=", "output_config=" },
      "reasoning_effort" },
    { "Anthropic's own tools may come through this API", C, M, ASK(HI, ",'tools':[{'type':'web_search_20250305','name':'web_search','max_uses':5}]"), NULL,
      { "tools[0]={'type':'web_search_20250305','name':'web_search','max_uses':5}" } },
    { "others' do not go on", C, M, ASK(HI, ",'tools':[{'type':'openrouter:web_search'}],'tool_choice':'required'"), NULL, { "tools=" },
      "tools[0].openrouter:web_search tool_choice" },
    { "strict is said to responses where something is optional", C, R, ASK(HI, FUNCTION("'name':'f','parameters':{'type':'object','properties':{'a':{}},'required':[]}")), NULL,
      { "tools[0].strict=false", "tools[0].name='f'" } },
    { "and left alone where nothing is", C, R, ASK(HI, FUNCTION("'name':'f','parameters':{'type':'object','properties':{'a':{}},'required':['a']}")), NULL,
      { "tools[0].strict=", "tools[0].type='function'" } },
    { "a named choice is flat in responses", C, R, ASK(HI, TOOL ",'tool_choice':{'type':'function','function':{'name':'f'}},'parallel_tool_calls':false"), NULL,
      { "tool_choice={'type':'function','name':'f'}", "parallel_tool_calls=false" } },
};
TEST(chat_to_messages_tools) { check_translations(tool_rows, DD_COUNT(tool_rows)); }

/* T7, T8: what the other side does not take is renamed, the same way in each request, and known for the way back. */
TEST(names_and_ids_that_the_target_refuses)
{
    static const char body[] =
        ASK(HI "," CALLS("{'id':'a b','type':'function','function':{'name':'x.y','arguments':''}}") "," RESULT("a b", "r") "," CALLS(CALL("a b", "")) "," RESULT("a b", "s"),
            ",'tools':[{'type':'function','function':{'name':'x.y'}},{'type':'function','function':{'name':'x_y'}},{'type':'function','function':{'name':'f'}}],"
            "'tool_choice':{'type':'function','function':{'name':'x.y'}}");
    translation t, again;
    translate(&t, C, M, body, &new_model, DD_UNSUPPORTED_DROP);
    translate(&again, C, M, body, &new_model, DD_UNSUPPORTED_DROP);
    CHECK(t.ok && dd_str_eq(dd_buf_str(&t.out), dd_buf_str(&again.out)));
    dd_str name = value_at(&t.body, "tools[0].name");
    CHECK(!dd_str_eqz(name, "\"x.y\"") && !dd_str_eqz(name, "\"x_y\"") && !dd_str_has(name, "."));
    CHECK(dd_str_eqz(value_at(&t.body, "tools[1].name"), "\"x_y\""));
    CHECK(dd_str_eq(value_at(&t.body, "messages[1].content[0].name"), name));
    CHECK(dd_str_eq(value_at(&t.body, "tool_choice.name"), name));
    CHECK_EQ(t.names.n, 1, "one name was changed");
    CHECK_STR(t.names.v[0].ours, "x.y");
    CHECK(dd_str_has(name, "x_y_"));
    dd_str first = value_at(&t.body, "messages[1].content[0].id"), second = value_at(&t.body, "messages[3].content[0].id");
    CHECK(!dd_str_has(first, " ") && !dd_str_eq(first, second));
    CHECK(dd_str_eq(value_at(&t.body, "messages[2].content[0].tool_use_id"), first));
    CHECK(dd_str_eq(value_at(&t.body, "messages[4].content[0].tool_use_id"), second));
    translate_fini(&t);
    translate_fini(&again);
}

TEST(limits_of_names_and_ids_differ)
{
    char        body[1024], name[101];
    translation t;
    memset(name, 'n', 100);
    name[100] = '\0';
    snprintf(body, sizeof body,
             "{'model':'m','max_tokens':5,'messages':[{'role':'user','content':'hi'},{'role':'assistant','content':[{'type':'tool_use','id':'%s','name':'%s','input':{}}]},"
             "{'role':'user','content':[{'type':'tool_result','tool_use_id':'%s','content':'r'}]}],'tools':[{'name':'%s','input_schema':{'type':'object'}}]}",
             LONG_ID, name, LONG_ID, name);
    translate(&t, M, C, body, &new_model, DD_UNSUPPORTED_DROP);
    CHECK_EQ(value_at(&t.body, "tools[0].function.name").len, 64 + 2, "T8: OpenAI takes 64 letters");
    CHECK(dd_str_eq(value_at(&t.body, "tools[0].function.name"), value_at(&t.body, "messages[1].tool_calls[0].function.name")));
    CHECK(value_at(&t.body, "messages[1].tool_calls[0].id").len <= 40 + 2);
    CHECK(dd_str_eq(value_at(&t.body, "messages[1].tool_calls[0].id"), value_at(&t.body, "messages[2].tool_call_id")));
    CHECK_EQ(t.names.n, 1, "T8");
    CHECK_EQ(t.names.v[0].ours.len, 100, "the client's name comes back");
    CHECK_EQ(t.ids.n, 1, "T7");
    translate_fini(&t);
}

static const translation_case limit_rows[] = {
    { "T13 no limit and none known", C, M, ASK(HI, ""), NULL, { "max_tokens=8192" } },
    { "T13 the model's own limit", C, M, ASK(HI, ""), &(dd_target_facts){ .max_output = 64000 }, { "max_tokens=64000" } },
    { "T13 the newer name counts", C, M, ASK(HI, ",'max_tokens':5,'max_completion_tokens':7"), NULL, { "max_tokens=7" }, "max_tokens" },
    { "T13 the older one alone", C, M, ASK(HI, ",'max_tokens':5"), NULL, { "max_tokens=5" } },
    { "more than the model gives", C, M, ASK(HI, ",'max_completion_tokens':100000"), &(dd_target_facts){ .max_output = 4096 }, { "max_tokens=4096" },
      "max_completion_tokens=4096" },
    { "T14 too little room for a budget", C, M, ASK(HI, ",'max_tokens':1000,'reasoning_effort':'high'"), &old_model, { "thinking=", "max_tokens=1000" },
      "reasoning_effort" },
    { "T14 a budget below the limit", C, M, ASK(HI, ",'max_tokens':3000,'reasoning_effort':'high'"), &old_model,
      { "thinking={'type':'enabled','budget_tokens':1500}", "max_tokens=3000" } },
    { "T14 a budget of the client's own", C, M, ASK(HI, ",'max_tokens':3000,'thinking':{'type':'enabled','budget_tokens':5000}"), &old_model,
      { "thinking.budget_tokens=2999" }, "thinking.budget_tokens=2999" },
    { "T14 at least 1024", C, M, ASK(HI, ",'max_tokens':3000,'thinking':{'type':'enabled','budget_tokens':5}"), &old_model, { "thinking.budget_tokens=1024" },
      "thinking.budget_tokens=1024" },
    { "T15 room behind the thinking where nobody said how much", C, M, ASK(HI, ",'reasoning_effort':'max'"), &old_model,
      { "thinking.budget_tokens=16384", "max_tokens=24576" } },
    { "T15 newer models think as they see fit", C, M, ASK(HI, ",'reasoning_effort':'xhigh'"), NULL,
      { "thinking={'type':'adaptive'}", "output_config={'effort':'xhigh'}" } },
    { "T15 minimal is low", C, M, ASK(HI, ",'reasoning_effort':'minimal'"), NULL, { "output_config.effort='low'" } },
    { "T15 none is nothing", C, M, ASK(HI, ",'reasoning_effort':'none'"), NULL, { "thinking=", "output_config=" } },
    { "T15 budgets: minimal", C, M, ASK(HI, ",'reasoning_effort':'minimal'"), &old_model, { "thinking.budget_tokens=1024" } },
    { "T15 budgets: low", C, M, ASK(HI, ",'reasoning_effort':'low'"), &old_model, { "thinking.budget_tokens=1024" } },
    { "T15 budgets: medium", C, M, ASK(HI, ",'reasoning_effort':'medium'"), &old_model, { "thinking.budget_tokens=2048" } },
    { "T15 budgets: high", C, M, ASK(HI, ",'reasoning_effort':'high'"), &old_model, { "thinking.budget_tokens=4096" } },
    { "T15 budgets: xhigh", C, M, ASK(HI, ",'reasoning_effort':'xhigh'"), &old_model, { "thinking.budget_tokens=8192" } },
    { "T15 a model that does not think", C, M, ASK(HI, ",'reasoning_effort':'low'"), &(dd_target_facts){ 0 }, { "thinking=" }, "reasoning_effort" },
    { "T15 OpenRouter's spelling", C, M, ASK(HI, ",'reasoning':{'effort':'low','exclude':true}"), NULL, { "output_config.effort='low'" }, "reasoning.exclude" },
    { "T16 heat above 1", C, M, ASK(HI, ",'temperature':1.7,'top_p':0.90"), NULL, { "temperature=1", "top_p=0.90" }, "temperature=1" },
    { "T16 a number keeps its spelling", C, M, ASK(HI, ",'temperature':0.70"), NULL, { "temperature=0.70" } },
    { "T16 no sampling while thinking", C, M, ASK(HI, ",'temperature':0.5,'top_p':0.5,'top_k':5,'reasoning_effort':'low'"), NULL, { "temperature=", "top_p=" },
      "temperature top_p top_k" },
    { "T16 a model without sampling", C, M, ASK(HI, ",'temperature':0.5,'top_p':0.5"), &(dd_target_facts){ .no_sampling = true }, { "temperature=" },
      "temperature top_p" },
    { "T16 one of both", C, M, ASK(HI, ",'temperature':0.5,'top_p':0.5"), &(dd_target_facts){ .one_sampling = true }, { "temperature=0.5", "top_p=" }, "top_p" },
    { "T17 one word", C, M, ASK(HI, ",'stop':'END'"), NULL, { "stop_sequences=['END']" } },
    { "T17 blank ones are not taken", C, M, ASK(HI, ",'stop':['\\n\\n','END',' ']"), NULL, { "stop_sequences=['END']" }, "stop[]" },
    { "T17 none are left", C, M, ASK(HI, ",'stop':'\\n'"), NULL, { "stop_sequences=" }, "stop[0]" },
    { "T18 several choices", C, M, ASK(HI, ",'n':3"), NULL, { NULL }, NULL, "n|one choice" },
    { "T18 one choice", C, M, ASK(HI, ",'n':1"), NULL, { "n=" } },
    { "T18 what this API has nothing for", C, M,
      ASK(HI, ",'logprobs':true,'top_logprobs':2,'logit_bias':{'1':2},'seed':0,'presence_penalty':0.1,'frequency_penalty':-1,'prediction':{},'audio':{},'modalities':['text','audio']"),
      NULL, { NULL }, "logprobs top_logprobs logit_bias seed presence_penalty frequency_penalty prediction audio modalities" },
    { "T18 the values they have anyway", C, M,
      ASK(HI, ",'logprobs':false,'top_logprobs':0,'logit_bias':{},'seed':null,'presence_penalty':0.0,'frequency_penalty':0,'modalities':['text'],'stop':null"), NULL, { NULL } },
    { "stop words are not in responses", C, R, ASK(HI, ",'stop':['a'],'max_tokens':5"), NULL, { "stop=", "max_output_tokens=16" }, "max_completion_tokens=16 stop" },
};
TEST(chat_to_messages_limits) { check_translations(limit_rows, DD_COUNT(limit_rows)); }

#define SCHEMA "{'type':'object','properties':{'a':{'type':'string'}},'required':['a'],'additionalProperties':false}"
#define FORMAT ",'response_format':{'type':'json_schema','json_schema':{'name':'n','schema':" SCHEMA ",'strict':true}}"

static const translation_case rest_rows[] = {
    { "T19 a schema", C, M, ASK(HI, FORMAT), NULL, { "output_config={'format':{'type':'json_schema','schema':" SCHEMA "}}", "tools=" } },
    { "T19 any object", C, M, ASK(HI, ",'response_format':{'type':'json_object'}"), NULL, { "output_config.format.schema={'type':'object','additionalProperties':true}" } },
    { "T19 a model without schemas is made to call a tool", C, M, ASK(HI, FORMAT), &old_model,
      { "output_config=", "tools[0].input_schema=" SCHEMA, "tool_choice={'type':'tool','name':'json_answer'}" } },
    { "T19 unless it has tools of its own", C, M, ASK(HI, FORMAT TOOL), &old_model, { "tools[0].name='f'", "tools[1]=", "tool_choice=" }, "response_format" },
    { "T19 in responses", C, R, ASK(HI, FORMAT ",'verbosity':'low'"), NULL,
      { "text={'format':{'type':'json_schema','name':'n','schema':" SCHEMA ",'strict':true},'verbosity':'low'}" } },
    { "T20 the user", C, M, ASK(HI, ",'user':'u-1'"), NULL, { "metadata={'user_id':'u-1'}" } },
    { "T20 no address of a person", C, M, ASK(HI, ",'user':'a@b.c'"), NULL, { "metadata=" }, "user" },
    { "T20 the newer name counts", C, M, ASK(HI, ",'user':'a','safety_identifier':'b'"), NULL, { "metadata={'user_id':'b'}" }, "user" },
    { "T20 tiers", C, M, ASK(HI, ",'service_tier':'default'"), NULL, { "service_tier='standard_only'" } },
    { "T20 a tier that is not there", C, M, ASK(HI, ",'service_tier':'flex'"), NULL, { "service_tier=" }, "service_tier" },
    { "T20 what is kept there is not kept here", C, M, ASK(HI, ",'store':true,'metadata':{'a':'b'},'prompt_cache_key':'k','verbosity':'low'"), NULL, { "metadata=" },
      "metadata store verbosity prompt_cache_key" },
    { "all of that has a place in responses", C, R, ASK(HI, ",'store':true,'metadata':{'a':'b'},'prompt_cache_key':'k','user':'u','service_tier':'flex'"), NULL,
      { "store=true", "metadata={'a':'b'}", "prompt_cache_key='k'", "user='u'", "service_tier='flex'" } },
    { "a stream", C, M, ASK(HI, ",'stream':true,'stream_options':{'include_usage':true}"), NULL, { "stream=true", "stream_options=" } },
    { "no stream", C, M, ASK(HI, ",'stream':false"), NULL, { "stream=" } },
    { "instructions and turns in responses", C, R, ASK("{'role':'system','content':'a'}," HI ",{'role':'assistant','content':'b'},{'role':'developer','content':'c'}", ""), NULL,
      { "instructions='a'", "input[0]={'type':'message','role':'user','content':[{'type':'input_text','text':'hi'}]}",
        "input[1]={'type':'message','role':'assistant','content':'b'}", "input[2].role='developer'", "model='target'", "stream=false" } },
    { "system messages alone are the input", C, R, ASK("{'role':'system','content':'a'}", ""), NULL, { "instructions=", "input[0].role='system'" } },
    { "effort in responses", C, R, ASK(HI, ",'reasoning_effort':'low'"), NULL, { "reasoning={'effort':'low'}" } },
};
TEST(chat_to_messages_rest) { check_translations(rest_rows, DD_COUNT(rest_rows)); }

#define PART(part) ASK("{'role':'user','content':[" part "]}", "")
#define URL(url) PART("{'type':'image_url','image_url':{'url':'" url "'}}")
#define MARK "'cache_control':{'type':'ephemeral'}"
#define MARKED(text) "{'type':'text','text':'" text "'," MARK "}"

static const translation_case part_rows[] = {
    { "T21 a data URL", C, M, URL("data:image/png;base64,iVBORw0KGgo="), NULL,
      { "messages[0].content[0]={'type':'image','source':{'type':'base64','media_type':'image/png','data':'iVBORw0KGgo='}}" } },
    { "T21 with slashes escaped", C, M, URL("data:image\\/png;base64,iVBORw0KGgo\\/"), NULL,
      { "messages[0].content[0].source={'type':'base64','media_type':'image/png','data':'iVBORw0KGgo/'}" } },
    { "T21 the data knows better than its name", C, M, URL("data:image/png;base64,/9j/4AAQ"), NULL, { "messages[0].content[0].source.media_type='image/jpeg'" } },
    { "T21 https", C, M, URL("https://a.b/c?d=1&e=\\u00e9"), NULL, { "messages[0].content[0].source={'type':'url','url':'https://a.b/c?d=1&e=\xc3\xa9'}" } },
    { "T21 another URL", C, M, URL("gs://a/b"), NULL, { NULL }, NULL, "messages[0].content[0]|https://" },
    { "T21 a data URL that is not base64", C, M, URL("data:image/png,abc"), NULL, { NULL }, NULL, "messages[0].content[0]|base64" },
    { "T21 detail", C, M, PART("{'type':'image_url','image_url':{'url':'https://a.b/c','detail':'high'}}"), NULL, { "messages[0].content[0].type='image'" },
      "messages[0].content[0].image_url.detail" },
    { "T21 detail that says nothing", C, M, PART("{'type':'image_url','image_url':{'url':'https://a.b/c','detail':'auto'}}"), NULL, { NULL } },
    { "T21 audio", C, M, PART("{'type':'input_audio','input_audio':{'data':'AA==','format':'wav'}}"), NULL, { NULL }, NULL, "messages[0].content[0]|audio" },
    { "T21 a PDF", C, M, PART("{'type':'file','file':{'filename':'a.pdf','file_data':'data:application/pdf;base64,JVBERi0='}}"), NULL,
      { "messages[0].content[0]={'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'JVBERi0='},'title':'a.pdf'}" } },
    { "T21 a text file: aGkgw6kK is \"hi e-acute newline\"", C, M, PART("{'type':'file','file':{'file_data':'data:text/plain;base64,aGkgw6kK'}}"), NULL,
      { "messages[0].content[0].source={'type':'text','media_type':'text/plain','data':'hi \xc3\xa9\\n'}" } },
    { "T21 a file of another kind", C, M, PART("{'type':'file','file':{'file_data':'data:application/zip;base64,UEsDBA=='}}"), NULL, { NULL }, NULL,
      "messages[0].content[0]|PDF" },
    { "T21 a file that is none", C, M, PART("{'type':'file','file':{}}"), NULL, { NULL }, NULL, "messages[0].content[0]|neither data nor an id" },
    { "T21 a part nobody knows", C, M, PART("{'type':'video_url','video_url':{}}"), NULL, { NULL }, NULL, "messages[0].content[0]|\"video_url\"" },
    { "T24 signed thoughts go back", C, M,
      ASK(HI ",{'role':'assistant','content':'x','reasoning_content':'t','thinking_blocks':[{'type':'thinking','thinking':'t','signature':'c2ln'},"
          "{'type':'redacted_thinking','data':'ZGF0YQ=='}]}," HI, ""), NULL,
      { "messages[1].content[0]={'type':'thinking','thinking':'t','signature':'c2ln'}", "messages[1].content[1]={'type':'redacted_thinking','data':'ZGF0YQ=='}",
        "messages[1].content[2].text='x'" } },
    { "T24 the signature of a stream's thought belongs to the plain text", C, M,
      ASK(HI ",{'role':'assistant','content':'x','reasoning_content':'t','thinking_blocks':[{'type':'thinking','signature':'dd0c.messages.c2ln'}]}," HI, ""), NULL,
      { "messages[1].content[0]={'type':'thinking','thinking':'t','signature':'c2ln'}", "messages[1].content[1].text='x'" } },
    { "T24 unsigned ones do not", C, M, ASK(HI ",{'role':'assistant','content':'x','reasoning_content':'t'}," HI, ""), NULL, { "messages[1].content[0].text='x'" },
      "messages[1].reasoning_content" },
    { "T24 nor those of another model's", C, M,
      ASK(HI ",{'role':'assistant','content':'x','thinking_blocks':[{'type':'thinking','thinking':'t','signature':'dd0c.responses.abc'}]}," HI, ""), NULL,
      { "messages[1].content[0].text='x'" }, "messages[1].thinking_blocks[0]" },
    { "T24 but to their own they do", C, R,
      ASK(HI ",{'role':'assistant','content':'x','thinking_blocks':[{'type':'thinking','thinking':'t','signature':'dd0c.responses.abc'}]}," HI, ""), NULL,
      { "input[1]={'type':'reasoning','summary':[{'type':'summary_text','text':'t'}],'encrypted_content':'abc'}" } },
    { "T24 a call in mid-loop without its thoughts: no budget", C, M, ASK(HI "," CALLS(CALL("c", "{}")) "," RESULT("c", "r"), TOOL ",'reasoning_effort':'low'"), &old_model,
      { "thinking=" }, "reasoning_effort" },
    { "T25 marks stay", C, M, ASK("{'role':'user','content':[" MARKED("a") "]}", ""), NULL, { "messages[0].content[0].cache_control={'type':'ephemeral'}" } },
    { "T25 a mark on a message is its last part's", C, M, ASK("{'role':'user','content':'a'," MARK "}", ""), NULL,
      { "messages[0].content[0]={'type':'text','text':'a','cache_control':{'type':'ephemeral'}}" } },
    { "T25 the last four", C, M,
      ASK("{'role':'system','content':[" MARKED("s") "]},{'role':'user','content':[" MARKED("a") "," MARKED("b") "," MARKED("c") "," MARKED("d") "]}",
          ",'tools':[{'type':'function','function':{'name':'f'}," MARK "}]"), NULL,
      { "tools[0].cache_control=", "system[0].cache_control=", "messages[0].content[0].cache_control={'type':'ephemeral'}",
        "messages[0].content[3].cache_control={'type':'ephemeral'}" }, "tools[0].cache_control messages[0].content[0].cache_control" },
    { "T25 a result's mark", C, M, ASK(HI "," CALLS(CALL("c", "{}")) ",{'role':'tool','tool_call_id':'c','content':'r'," MARK "}", TOOL), NULL,
      { "messages[2].content[0].cache_control={'type':'ephemeral'}" } },
    { "files in responses", C, R,
      ASK("{'role':'user','content':[{'type':'image_url','image_url':{'url':'https://a.b/c'}},{'type':'file','file':{'file_id':'file-1'}},"
          "{'type':'input_audio','input_audio':{'data':'AA==','format':'wav'}}]}", ""), NULL,
      { "input[0].content[0]={'type':'input_image','image_url':'https://a.b/c','detail':'auto'}", "input[0].content[1]={'type':'input_file','file_id':'file-1'}",
        "input[0].content[2]={'type':'input_audio','input_audio':{'data':'AA==','format':'wav'}}" } },
};
TEST(chat_to_messages_parts) { check_translations(part_rows, DD_COUNT(part_rows)); }

static const translation_case error_rows[] = {
    { "no object", C, M, "[]", NULL, { NULL }, NULL, "|JSON object" },
    { "no model", C, M, "{'messages':[" HI "]}", NULL, { NULL }, NULL, "model|missing" },
    { "no messages", C, M, "{'model':'m'}", NULL, { NULL }, NULL, "messages|missing" },
    { "empty messages", C, M, "{'model':'m','messages':[]}", NULL, { NULL }, NULL, "messages|empty" },
    { "messages of another kind", C, M, "{'model':'m','messages':'hi'}", NULL, { NULL }, NULL, "messages|an array is needed here, not a string" },
    { "a message of another kind", C, M, ASK("'hi'", ""), NULL, { NULL }, NULL, "messages[0]|an object is needed" },
    { "a message that is null", C, M, ASK("null", ""), NULL, { NULL }, NULL, "messages[0]|an object is needed" },
    { "no role", C, M, ASK("{'content':'x'}", ""), NULL, { NULL }, NULL, "messages[0].role|missing" },
    { "no such role", C, M, ASK("{'role':'king','content':'x'}", ""), NULL, { NULL }, NULL, "messages[0].role|\"king\"" },
    { "content of another kind", C, M, ASK("{'role':'user','content':5}", ""), NULL, { NULL }, NULL, "messages[0].content|a string or an array" },
    { "no content", C, M, ASK("{'role':'user'}", ""), NULL, { NULL }, NULL, "messages[0].content|missing" },
    { "a part of another kind", C, M, ASK("{'role':'user','content':[5]}", ""), NULL, { NULL }, NULL, "messages[0].content[0]|an object is needed" },
    { "text of another kind", C, M, PART("{'type':'text','text':5}"), NULL, { NULL }, NULL, "messages[0].content[0].text|a string is needed" },
    { "a limit of another kind", C, M, ASK(HI, ",'max_tokens':'5'"), NULL, { NULL }, NULL, "max_tokens|a number is needed here, not a string" },
    { "half a token", C, M, ASK(HI, ",'max_tokens':0.5"), NULL, { NULL }, NULL, "max_tokens|whole number" },
    { "less than none", C, M, ASK(HI, ",'max_completion_tokens':-1"), NULL, { NULL }, NULL, "max_completion_tokens|whole number" },
    { "a stream of another kind", C, M, ASK(HI, ",'stream':'yes'"), NULL, { NULL }, NULL, "stream|true or false" },
    { "tools of another kind", C, M, ASK(HI, ",'tools':{}"), NULL, { NULL }, NULL, "tools|an array" },
    { "a tool without a name", C, M, ASK(HI, ",'tools':[{'type':'function','function':{}}]"), NULL, { NULL }, NULL, "tools[0].function.name|missing" },
    { "a choice nobody knows", C, M, ASK(HI, TOOL ",'tool_choice':'some'"), NULL, { NULL }, NULL, "tool_choice|auto, none, required" },
    { "a format nobody knows", C, M, ASK(HI, ",'response_format':{'type':'xml'}"), NULL, { NULL }, NULL, "response_format.type|json_schema" },
    { "a member that is there twice", C, M, ASK(HI, ",'stream':false,'str\\u0065am':true"), NULL, { NULL }, NULL, "stream|twice" },
    { "stop of another kind", C, M, ASK(HI, ",'stop':[1]"), NULL, { NULL }, NULL, "stop[0]|a string" },
};
TEST(chat_requests_that_are_wrong) { check_translations(error_rows, DD_COUNT(error_rows)); }

/* P14: what cannot be carried is dropped and named, or an error, as the policy says; a rule for one name goes before it. */
TEST(a_policy_may_refuse_what_would_be_dropped)
{
    static const char body[] = ASK("{'role':'user','name':'x','content':'hi'}", ",'seed':1,'temperature':1.5");
    static const struct { dd_unsupported policy; dd_unsupported_rule rule; const char *param; } rows[] = {
        { DD_UNSUPPORTED_DROP, { { "-", 1 }, DD_UNSUPPORTED_ERROR }, NULL },
        { DD_UNSUPPORTED_DROP, { { "seed", 4 }, DD_UNSUPPORTED_ERROR }, "seed" },
        { DD_UNSUPPORTED_DROP, { { "messages[].name", 15 }, DD_UNSUPPORTED_ERROR }, "messages[0].name" },
        { DD_UNSUPPORTED_DROP, { { "temperature", 11 }, DD_UNSUPPORTED_ERROR }, "temperature" },
        { DD_UNSUPPORTED_ERROR, { { "seed", 4 }, DD_UNSUPPORTED_DROP }, "messages[0].name" },
    };
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        translation t;
        translate(&t, C, M, ASK(HI, ""), &new_model, rows[i].policy);
        CHECK(t.ok);
        t.ctx.rules   = &rows[i].rule;
        t.ctx.n_rules = 1;
        CHECK_OK(dd_jspan_parse(&t.in, &t.arena, quoted(&t.arena, body), NULL));
        bool ok = dd_request_read(C, &t.in, &t.ctx, &t.request) && dd_request_write(M, &t.request, DD_STR("m"), &new_model, &t.ctx, &t.out);
        CHECK_EQ(ok, rows[i].param == NULL, rows[i].rule.name.ptr);
        if (rows[i].param) {
            CHECK_STR(t.error.param, rows[i].param);
            CHECK_STR(t.error.code, "unsupported_parameter");
            CHECK_EQ(t.error.status, 400, "T18");
        }
        translate_fini(&t);
    }
}

/* T19: the answer's reader has to know that a call of this tool is the text. */
TEST(the_tool_of_a_schema_is_told_to_the_answer)
{
    translation t;
    translate(&t, C, M, ASK(HI, FORMAT), &old_model, DD_UNSUPPORTED_DROP);
    CHECK_EQ(t.names.n, 1, "T19");
    CHECK_EQ(t.names.v[0].ours.len, 0, "T19");
    CHECK_STR(t.names.v[0].theirs, "json_answer");
    translate_fini(&t);
}

TEST(legacy_functions_are_told_to_the_answer)
{
    translation t;
    translate(&t, C, M, ASK(HI, ",'functions':[{'name':'f'}]"), &new_model, DD_UNSUPPORTED_DROP);
    CHECK(t.request.legacy_functions);
    translate_fini(&t);
    translate(&t, C, M, ASK(HI, TOOL), &new_model, DD_UNSUPPORTED_DROP);
    CHECK(!t.request.legacy_functions);
    translate_fini(&t);
}
