/* Requests of responses clients to chat.completions and to messages. */
#include "tests/unit/proxy/translate.h"

#define C  DD_DIALECT_CHAT
#define M  DD_DIALECT_MESSAGES
#define R  DD_DIALECT_RESPONSES
#define ASK(input, more) "{'model':'m','input':" input more "}"
#define USER(text) "{'role':'user','content':'" text "'}"
#define CALL(id) "{'type':'function_call','id':'fc_1','call_id':'" id "','name':'f','arguments':'{\\\"a\\\":1}','status':'completed'}"
#define OUT(id, text) "{'type':'function_call_output','call_id':'" id "','output':'" text "'}"
#define TOOL ",'tools':[{'type':'function','name':'f','parameters':{'type':'object'},'strict':true}]"

static const translation_case input_rows[] = {
    { "a string", R, C, ASK("'hi'", ",'instructions':'s'"), NULL,
      { "messages[0]={'role':'developer','content':'s'}", "messages[1]={'role':'user','content':[{'type':'text','text':'hi'}]}" } },
    { "a provider that knows no developer", R, C, ASK("'hi'", ",'instructions':'s'"), &(dd_target_facts){ .no_developer = true },
      { "messages[0]={'role':'system','content':'s'}" } },
    { "T1 instructions and system items", R, M, ASK("[{'type':'message','role':'system','content':'b'}," USER("hi") "]", ",'instructions':'a'"), NULL,
      { "system='a\\nb'", "messages[0].content[0].text='hi'", "max_tokens=8192" } },
    { "T4 calls and outputs", R, M, ASK("[" USER("x") "," CALL("c1") "," CALL("c2") "," OUT("c1", "1") "," OUT("c2", "2") "," USER("y") "]", TOOL), NULL,
      { "messages[1].content[0]={'type':'tool_use','id':'c1','name':'f','input':{\"a\":1}}", "messages[1].content[1].id='c2'",
        "messages[2].content[0]={'type':'tool_result','tool_use_id':'c1','content':'1'}", "messages[2].content[2].text='y'", "messages[3]=", "tools[0].strict=true" } },
    { "a thought, a text and a call are one turn", R, C,
      ASK("[" USER("x") ",{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':'gAAA'},{'type':'message','role':'assistant','id':'msg_1','status':'completed',"
          "'content':[{'type':'output_text','text':'t','annotations':[],'logprobs':[]}]}," CALL("c1") "," OUT("c1", "1") "]", TOOL), NULL,
      { "messages[1].content='t'", "messages[1].tool_calls[0].id='c1'", "messages[1].tool_calls[0].function.arguments='{\\\"a\\\":1}'", "messages[2].role='tool'",
        "messages[3]=", "tools[0].function.strict=true" }, "input[1].reasoning" },
    { "T24 Anthropic's thoughts that show nothing or are redacted", R, M,
      ASK("[" USER("x") ",{'type':'reasoning','summary':[],'encrypted_content':'dd0c.messages.c2ln'},{'type':'reasoning','summary':[],'encrypted_content':'dd0c.messages.redacted.ZA=='},"
          "{'role':'assistant','content':'a'}," USER("y") "]", ""), NULL,
      { "messages[1].content[0]={'type':'thinking','thinking':'','signature':'c2ln'}", "messages[1].content[1]={'type':'redacted_thinking','data':'ZA=='}" } },
    { "T24 Anthropic's own thoughts come back", R, M,
      ASK("[" USER("x") ",{'type':'reasoning','summary':[{'type':'summary_text','text':'t'}],'encrypted_content':'dd0c.messages.c2ln'},"
          "{'role':'assistant','content':'a'}," USER("y") "]", ""), NULL,
      { "messages[1].content[0]={'type':'thinking','thinking':'t','signature':'c2ln'}", "messages[1].content[1].text='a'" } },
    { "outputs in parts", R, C,
      ASK("[" USER("x") "," CALL("c1") ",{'type':'function_call_output','call_id':'c1','output':[{'type':'input_text','text':'a'},{'type':'input_image','image_url':'https://a.b/c'}]}]", TOOL),
      NULL, { "messages[2].content='a'", "messages[3].content[0]={'type':'image_url','image_url':{'url':'https://a.b/c'}}" } },
    { "free-text tools", R, C,
      ASK("[" USER("x") ",{'type':'custom_tool_call','call_id':'c1','name':'p','input':'i'},{'type':'custom_tool_call_output','call_id':'c1','output':'o'}]",
          ",'tools':[{'type':'custom','name':'p','description':'d'}],'tool_choice':{'type':'custom','name':'p'}"), NULL,
      { "messages[1].tool_calls[0]={'id':'c1','type':'custom','custom':{'name':'p','input':'i'}}", "messages[2].content='o'",
        "tools[0]={'type':'custom','custom':{'name':'p','description':'d'}}", "tool_choice={'type':'custom','custom':{'name':'p'}}" } },
    { "pictures and files", R, M,
      ASK("[{'role':'user','content':[{'type':'input_image','image_url':'data:image/png;base64,AAAA','detail':'low'},{'type':'input_file','filename':'a.pdf','file_data':'JVBERi0='},"
          "{'type':'input_file','file_url':'https://a.b/c'}]}]", ""), NULL,
      { "messages[0].content[0].source={'type':'base64','media_type':'image/png','data':'AAAA'}",
        "messages[0].content[1]={'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'JVBERi0='},'title':'a.pdf'}",
        "messages[0].content[2].source={'type':'url','url':'https://a.b/c'}" }, "input[0].content[0].detail" },
    { "OpenAI's own tools and what they did", R, M, ASK("[" USER("x") ",{'type':'web_search_call','id':'ws_1','status':'completed'}]", ",'tools':[{'type':'web_search'}]"), NULL,
      { "tools=", "messages[1]=" }, "input[1].web_search_call tools[0].web_search" },
};
TEST(responses_to_others_input) { check_translations(input_rows, DD_COUNT(input_rows)); }

static const translation_case rest_rows[] = {
    { "T10 and T15", R, M, ASK("'x'", TOOL ",'tool_choice':'required','parallel_tool_calls':true,'max_output_tokens':50"), NULL,
      { "tool_choice={'type':'any'}", "max_tokens=50" } },
    { "T10 a tool of OpenAI's", R, C, ASK("'x'", TOOL ",'tool_choice':{'type':'file_search'}"), NULL, { "tool_choice=" }, "tool_choice.file_search" },
    { "T10 a named tool", R, C, ASK("'x'", TOOL ",'tool_choice':{'type':'function','name':'f'}"), NULL, { "tool_choice={'type':'function','function':{'name':'f'}}" } },
    { "T15 effort", R, M, ASK("'x'", ",'reasoning':{'effort':'high','summary':'auto'}"), NULL, { "thinking={'type':'adaptive'}", "output_config={'effort':'high'}" },
      "reasoning.summary" },
    { "T15 in chat", R, C, ASK("'x'", ",'reasoning':{'effort':'minimal'}"), NULL, { "reasoning_effort='minimal'" } },
    { "T19 a schema", R, C, ASK("'x'", ",'text':{'format':{'type':'json_schema','name':'n','schema':{'type':'object'},'strict':false},'verbosity':'low'}"), NULL,
      { "response_format={'type':'json_schema','json_schema':{'name':'n','schema':{'type':'object'},'strict':false}}", "verbosity='low'" } },
    { "T19 in messages", R, M, ASK("'x'", ",'text':{'format':{'type':'json_object'},'verbosity':'high'}"), NULL,
      { "output_config.format.schema={'type':'object','additionalProperties':true}" }, "text.verbosity" },
    { "T20 who it is for", R, C, ASK("'x'", ",'user':'u','store':false,'prompt_cache_key':'k','metadata':{'a':'b'},'service_tier':'flex'"), NULL,
      { "user='u'", "store=false", "prompt_cache_key='k'", "metadata=", "service_tier='flex'" }, "metadata" },
    { "metadata of stored answers", R, C, ASK("'x'", ",'store':true,'metadata':{'a':'b'}"), NULL, { "metadata={'a':'b'}", "store=true" } },
    { "include", R, M, ASK("'x'", ",'include':['reasoning.encrypted_content','file_search_call.results']"), NULL, { "include=" }, "include[1]" },
    { "the values they have anyway", R, M, ASK("'x'", ",'truncation':'disabled','background':false,'top_logprobs':0,'previous_response_id':null,'tools':[]"), NULL, { NULL } },
};
TEST(responses_to_others_rest) { check_translations(rest_rows, DD_COUNT(rest_rows)); }

static const translation_case error_rows[] = {
    { "no input", R, C, "{'model':'m'}", NULL, { NULL }, NULL, "input|missing" },
    { "input of another kind", R, C, ASK("5", ""), NULL, { NULL }, NULL, "input|a string or an array" },
    { "no items", R, C, ASK("[]", ""), NULL, { NULL }, NULL, "input|empty" },
    { "an item of another kind", R, C, ASK("['x']", ""), NULL, { NULL }, NULL, "input[0]|an object is needed here, not a string" },
    { "an item of no type", R, C, ASK("[{}]", ""), NULL, { NULL }, NULL, "input[0].type|missing" },
    { "an earlier answer", R, C, ASK("'x'", ",'previous_response_id':'resp_1'"), NULL, { NULL }, NULL, "previous_response_id|earlier answer" },
    { "a stored conversation", R, M, ASK("'x'", ",'conversation':'conv_1'"), NULL, { NULL }, NULL, "conversation|stored" },
    { "a stored prompt", R, M, ASK("'x'", ",'prompt':{'id':'p'}"), NULL, { NULL }, NULL, "prompt|stored" },
    { "an item by reference", R, M, ASK("[{'type':'item_reference','id':'rs_1'}]", ""), NULL, { NULL }, NULL, "input[0]|send the item itself" },
    { "an answer for later", R, M, ASK("'x'", ",'background':true"), NULL, { NULL }, NULL, "background|at once" },
    { "T6 an output without a call", R, C, ASK("[" USER("x") "," OUT("c9", "1") "]", ""), NULL, { NULL }, NULL, "input[1]|\"c9\"" },
    { "T6 a call without an output", R, M, ASK("[" USER("x") "," CALL("c9") "," USER("y") "]", TOOL), NULL, { NULL }, NULL, "input[1]|\"c9\"" },
    { "no output", R, C, ASK("[" USER("x") "," CALL("c1") ",{'type':'function_call_output','call_id':'c1'}]", TOOL), NULL, { NULL }, NULL, "input[2].output|missing" },
};
TEST(responses_requests_that_are_wrong) { check_translations(error_rows, DD_COUNT(error_rows)); }
