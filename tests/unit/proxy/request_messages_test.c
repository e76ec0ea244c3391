/* Requests of messages clients to chat.completions and to responses. The rules are those of docs/translation.md, read the other way. */
#include "tests/unit/proxy/translate.h"

#define C  DD_DIALECT_CHAT
#define M  DD_DIALECT_MESSAGES
#define R  DD_DIALECT_RESPONSES
#define HI "{'role':'user','content':'hi'}"
#define ASK(messages, more) "{'model':'m','max_tokens':100,'messages':[" messages "]" more "}"
#define MARK "'cache_control':{'type':'ephemeral'}"

static const translation_case text_rows[] = {
    { "T1 system is the first message", M, C, ASK(HI, ",'system':'s'"), NULL,
      { "messages[0]={'role':'system','content':'s'}", "messages[1]={'role':'user','content':[{'type':'text','text':'hi'}]}", "model='target'",
        "max_completion_tokens=100", "stream=false" } },
    { "T1 in blocks", M, C, ASK(HI, ",'system':[{'type':'text','text':'a'},{'type':'text','text':'b'}]"), NULL,
      { "messages[0].content=[{'type':'text','text':'a'},{'type':'text','text':'b'}]" } },
    { "T1 or one string where the provider wants that", M, C, ASK(HI, ",'system':[{'type':'text','text':'a'},{'type':'text','text':'b'}]"),
      &(dd_target_facts){ .plain_text = true }, { "messages[0].content='a\\nb'", "messages[1].content='hi'" } },
    { "T1 instructions", M, R, ASK(HI, ",'system':[{'type':'text','text':'a'},{'type':'text','text':'b'}]"), NULL, { "instructions='a\\nb'", "input[1]=" } },
    { "T1 a system message in between", M, C, ASK(HI ",{'role':'system','content':'s'}", ""), NULL, { "messages[1]={'role':'system','content':'s'}" } },
    { "T25 marks have a place with some providers only", M, C, ASK("{'role':'user','content':[{'type':'text','text':'a'," MARK "}]}", ""), NULL,
      { "messages[0].content[0]={'type':'text','text':'a'}" }, "messages[0].content[0].cache_control" },
    { "T25 there they stay", M, C, ASK("{'role':'user','content':[{'type':'text','text':'a'," MARK "}]}", ",'system':[{'type':'text','text':'s'," MARK "}]"),
      &(dd_target_facts){ .cache_control = true },
      { "messages[1].content[0]={'type':'text','text':'a','cache_control':{'type':'ephemeral'}}",
        "messages[0].content=[{'type':'text','text':'s','cache_control':{'type':'ephemeral'}}]" } },
    { "the model's text", M, C, ASK(HI ",{'role':'assistant','content':[{'type':'text','text':'a'}]}," HI, ""), NULL,
      { "messages[1]={'role':'assistant','content':'a'}" } },
    { "text that is no Unicode stays", M, R, ASK("{'role':'user','content':'\\u0000\\ud800'}", ""), NULL, { "input[0].content[0].text='\\u0000\\ud800'" } },
    { "what only Anthropic has", M, C, ASK(HI, ",'mcp_servers':[],'container':'c','top_k':5"), NULL, { "top_k=" }, "mcp_servers container top_k" },
    { "top_k where it is known", M, C, ASK(HI, ",'top_k':5"), &(dd_target_facts){ .top_k = true }, { "top_k=5" } },
};
TEST(messages_to_chat_text) { check_translations(text_rows, DD_COUNT(text_rows)); }

#define USE(id, input) "{'type':'tool_use','id':'" id "','name':'f','input':" input "}"
#define USES(uses) "{'role':'assistant','content':[{'type':'text','text':'see'}," uses "]}"
#define TOOL ",'tools':[{'name':'f','description':'d','input_schema':{'type':'object','properties':{'a':{}}}}]"
#define PICTURE "{'type':'image','source':{'type':'base64','media_type':'image/png','data':'AAAA'}}"

static const translation_case call_rows[] = {
    { "T4 each result is a message of its own, before the text", M, C,
      ASK(HI "," USES(USE("c1", "{'x' : 'y z', 'n':1.0}") "," USE("c2", "{}"))
          ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','content':'one'},{'type':'text','text':'go'},{'type':'tool_result','tool_use_id':'c2'}]}", TOOL), NULL,
      { "messages[1].content='see'", "messages[1].tool_calls[0].function.arguments='{\\\"x\\\":\\\"y z\\\",\\\"n\\\":1.0}'", "messages[2].content='one'",
        "messages[2].tool_call_id='c1'", "messages[3].role='tool'", "messages[3].content=''", "messages[4].content[0].text='go'", "tools[0].function.description='d'" } },
    { "T4 in responses", M, R,
      ASK(HI "," USES(USE("c1", "{'x':1}")) ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','content':[{'type':'text','text':'a'},{'type':'text','text':'b'}]}]}", TOOL),
      NULL,
      { "input[1].content='see'",
        "input[2]={'type':'function_call','call_id':'c1','name':'f','arguments':'{\\\"x\\\":1}','status':'completed'}",
        "input[3].output=[{'type':'input_text','text':'a'},{'type':'input_text','text':'b'}]", "tools[0].strict=false" } },
    { "pictures of a result follow in the user's message", M, C,
      ASK(HI "," USES(USE("c1", "{}")) ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','content':[" PICTURE "]}]}", TOOL), NULL,
      { "messages[2].role='tool'", "messages[2].content='The result is in the next message.'", "messages[3].role='user'",
        "messages[3].content[0]={'type':'image_url','image_url':{'url':'data:image/png;base64,AAAA'}}" } },
    { "and in responses they stand in the result", M, R,
      ASK(HI "," USES(USE("c1", "{}")) ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','content':[" PICTURE "]}]}", TOOL), NULL,
      { "input[3].output=[{'type':'input_image','image_url':'data:image/png;base64,AAAA','detail':'auto'}]" } },
    { "a result that is an error", M, C, ASK(HI "," USES(USE("c1", "{}")) ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','is_error':true,'content':'x'}]}", TOOL),
      NULL, { "messages[2].content='x'" }, "messages[2].content[0].is_error" },
    { "T6 a call without a result", M, C, ASK(HI "," USES(USE("c1", "{}")) "," HI, TOOL), NULL, { NULL }, NULL, "messages[1].content[1]|\"c1\"" },
    { "T10 any", M, C, ASK(HI, TOOL ",'tool_choice':{'type':'any'}"), NULL, { "tool_choice='required'" } },
    { "T10 none", M, R, ASK(HI, TOOL ",'tool_choice':{'type':'none'}"), NULL, { "tool_choice='none'" } },
    { "T10 one tool, one call", M, C, ASK(HI, TOOL ",'tool_choice':{'type':'tool','name':'f','disable_parallel_tool_use':true}"), NULL,
      { "tool_choice={'type':'function','function':{'name':'f'}}", "parallel_tool_calls=false" } },
    { "T10 a choice without a type", M, C, ASK(HI, TOOL ",'tool_choice':{}"), NULL, { NULL }, NULL, "tool_choice.type|auto, any" },
    { "a server's tool has no place, and no choice is left", M, C, ASK(HI, ",'tools':[{'type':'web_search_20250305','name':'web_search'}],'tool_choice':{'type':'any'}"), NULL,
      { "tools=", "tool_choice=" }, "tools[0].web_search_20250305 tool_choice" },
    { "nor have its calls", M, C,
      ASK(HI ",{'role':'assistant','content':[{'type':'server_tool_use','id':'s','name':'web_search','input':{}},{'type':'text','text':'a'}]}," HI, ""), NULL,
      { "messages[1].content='a'" }, "messages[1].content[0].server_tool_use" },
};
TEST(messages_to_chat_calls) { check_translations(call_rows, DD_COUNT(call_rows)); }

#define BLOCK(block) ASK("{'role':'user','content':[" block "]}", "")
#define DOC(source) "{'type':'document','source':" source ",'title':'t'}"
#define PDF "{'type':'base64','media_type':'application/pdf','data':'JVBERi0='}"
#define THOUGHT ASK(HI ",{'role':'assistant','content':[{'type':'thinking','thinking':'t','signature':'c2ln'},{'type':'text','text':'a'}]}," HI, "")

static const translation_case part_rows[] = {
    { "T21 a picture by URL", M, C, BLOCK("{'type':'image','source':{'type':'url','url':'https://a.b/c'}}"), NULL,
      { "messages[0].content[0]={'type':'image_url','image_url':{'url':'https://a.b/c'}}" } },
    { "T21 a picture by id", M, R, BLOCK("{'type':'image','source':{'type':'file','file_id':'f1'}}"), NULL,
      { "input[0].content[0]={'type':'input_image','file_id':'f1','detail':'auto'}" } },
    { "T21 chat knows no such ids", M, C, BLOCK("{'type':'image','source':{'type':'file','file_id':'f1'}}"), NULL, { NULL }, NULL, "messages[0].content[0]|file id" },
    { "T21 a PDF", M, C, BLOCK(DOC(PDF)), NULL,
      { "messages[0].content[0]={'type':'file','file':{'file_data':'data:application/pdf;base64,JVBERi0=','filename':'t'}}" } },
    { "T21 a PDF in responses", M, R, BLOCK(DOC(PDF)), NULL,
      { "input[0].content[0]={'type':'input_file','file_data':'data:application/pdf;base64,JVBERi0=','filename':'t'}" } },
    { "T21 a text document", M, C, BLOCK(DOC("{'type':'text','media_type':'text/plain','data':'x'}")), NULL, { "messages[0].content[0]={'type':'text','text':'x'}" },
      "messages[0].content[0].title" },
    { "several texts of the model's, in responses", M, R, ASK(HI ",{'role':'assistant','content':[{'type':'text','text':'a'},{'type':'text','text':'b'}]}," HI, ""), NULL,
      { "input[1].content=[{'type':'output_text','text':'a'},{'type':'output_text','text':'b'}]" } },
    { "T21 a document by URL", M, C, BLOCK(DOC("{'type':'url','url':'https://a.b/c'}")), NULL, { NULL }, NULL, "messages[0].content[0]|by URL" },
    { "T21 which responses takes", M, R, BLOCK(DOC("{'type':'url','url':'https://a.b/c'}")), NULL, { "input[0].content[0]={'type':'input_file','file_url':'https://a.b/c'}" },
      "messages[0].content[0].title" },
    { "T21 a source nobody knows", M, C, BLOCK("{'type':'image','source':{'type':'moon'}}"), NULL, { NULL }, NULL, "messages[0].content[0].source|\"moon\"" },
    { "T21 a block nobody knows", M, C, BLOCK("{'type':'container_upload','file_id':'f'}"), NULL, { NULL }, NULL, "messages[0].content[0]|\"container_upload\"" },
    { "a search result is text", M, C, BLOCK("{'type':'search_result','source':'s','title':'t','content':[{'type':'text','text':'x'}]}"), NULL,
      { "messages[0].content[0]={'type':'text','text':'x'}" }, "messages[0].content[0].source messages[0].content[0].title" },
    { "T24 signed thoughts are no one else's", M, C, THOUGHT, NULL, { "messages[1]={'role':'assistant','content':'a'}" }, "messages[1].content[0].thinking" },
    { "T24 unless the provider asks for their text", M, C, THOUGHT, &(dd_target_facts){ .replay_thinking = true },
      { "messages[1]={'role':'assistant','reasoning_content':'t','content':'a'}" } },
    { "T24 what responses sealed goes back to it", M, R,
      ASK(HI ",{'role':'assistant','content':[{'type':'thinking','thinking':'t','signature':'dd0c.responses.c2ln'},{'type':'redacted_thinking','data':'dd0c.responses.ZA=='},"
          "{'type':'text','text':'a'}]}," HI, ""), NULL,
      { "input[1]={'type':'reasoning','summary':[{'type':'summary_text','text':'t'}],'encrypted_content':'c2ln'}",
        "input[2]={'type':'reasoning','summary':[],'encrypted_content':'ZA=='}", "input[3].role='assistant'" } },
};
TEST(messages_to_chat_parts) { check_translations(part_rows, DD_COUNT(part_rows)); }

static const translation_case rest_rows[] = {
    { "the limit by its older name", M, C, ASK(HI, ""), &(dd_target_facts){ .old_max_tokens = true }, { "max_tokens=100", "max_completion_tokens=" } },
    { "T15 effort", M, C, ASK(HI, ",'output_config':{'effort':'medium'}"), NULL, { "reasoning_effort='medium'" } },
    { "T15 the most there is", M, C, ASK(HI, ",'output_config':{'effort':'max'}"), NULL, { "reasoning_effort='xhigh'" }, "output_config.effort=xhigh" },
    { "T15 budget 10000", M, C, ASK(HI, ",'thinking':{'type':'enabled','budget_tokens':10000}"), NULL, { "reasoning_effort='high'" } },
    { "T15 budget 9999", M, C, ASK(HI, ",'thinking':{'type':'enabled','budget_tokens':9999}"), NULL, { "reasoning_effort='medium'" } },
    { "T15 budget 2000", M, C, ASK(HI, ",'thinking':{'type':'enabled','budget_tokens':2000}"), NULL, { "reasoning_effort='low'" } },
    { "T15 budget 1024", M, C, ASK(HI, ",'thinking':{'type':'enabled','budget_tokens':1024}"), NULL, { "reasoning_effort='minimal'" } },
    { "T15 as it sees fit", M, R, ASK(HI, ",'thinking':{'type':'adaptive'}"), NULL, { "reasoning={'effort':'high'}", "include=['reasoning.encrypted_content']" } },
    { "T15 off", M, C, ASK(HI, ",'thinking':{'type':'disabled'}"), NULL, { "reasoning_effort=" }, "thinking" },
    { "T15 a model that does not think", M, C, ASK(HI, ",'thinking':{'type':'enabled','budget_tokens':1024}"), &(dd_target_facts){ 0 }, { "reasoning_effort=" }, "thinking" },
    { "T15 thinking of an unknown kind", M, C, ASK(HI, ",'thinking':{'type':'deep'}"), NULL, { NULL }, NULL, "thinking.type|adaptive" },
    { "T16 a model without sampling", M, C, ASK(HI, ",'temperature':0.5"), &(dd_target_facts){ .no_sampling = true }, { "temperature=" }, "temperature" },
    { "T17 stop words", M, C, ASK(HI, ",'stop_sequences':['a','b','c','d','e']"), NULL, { "stop=['a','b','c','d']" }, "stop_sequences[4]" },
    { "T17 none in responses", M, R, ASK(HI, ",'stop_sequences':['a']"), NULL, { "stop=" }, "stop_sequences" },
    { "T19 a schema", M, C, ASK(HI, ",'output_config':{'format':{'type':'json_schema','schema':{'type':'object'}}}"), NULL,
      { "response_format={'type':'json_schema','json_schema':{'name':'structured_output','schema':{'type':'object'}}}" } },
    { "T19 a schema in its first place", M, R, ASK(HI, ",'output_format':{'type':'json_schema','schema':{'type':'object'}}"), NULL,
      { "text.format={'type':'json_schema','name':'structured_output','schema':{'type':'object'}}" } },
    { "T20 the user, and what chat keeps only with stored answers", M, C, ASK(HI, ",'metadata':{'user_id':'u','trace':'t'}"), NULL, { "user='u'", "metadata=" },
      "metadata.trace" },
    { "T20 responses takes it as it is", M, R, ASK(HI, ",'metadata':{'user_id':'u','trace':'t'}"), NULL, { "metadata={'user_id':'u','trace':'t'}", "user=" } },
    { "T20 a user's id that is too long: the FNV-1a of it", M, C,
      ASK(HI, ",'metadata':{'user_id':'0123456789012345678901234567890123456789012345678901234567890123456789'}"), NULL, { "metadata=" }, "metadata.user_id=hash" },
    { "T20 a provider that knows none of it", M, C, ASK(HI, ",'metadata':{'user_id':'u'},'service_tier':'auto'"), &(dd_target_facts){ .no_extras = true },
      { "user=", "service_tier=" }, "metadata.user_id service_tier" },
    { "T20 a tier", M, C, ASK(HI, ",'service_tier':'standard_only'"), NULL, { "service_tier='default'" } },
    { "a stream asks for its usage", M, C, ASK(HI, ",'stream':true"), NULL, { "stream=true", "stream_options={'include_usage':true}" } },
};
TEST(messages_to_chat_rest) { check_translations(rest_rows, DD_COUNT(rest_rows)); }

static const translation_case error_rows[] = {
    { "no object", M, C, "'x'", NULL, { NULL }, NULL, "|JSON object" },
    { "no messages", M, C, "{'model':'m'}", NULL, { NULL }, NULL, "messages|missing" },
    { "no content", M, C, ASK("{'role':'user'}", ""), NULL, { NULL }, NULL, "messages[0].content|missing" },
    { "no such role", M, C, ASK("{'role':'tool','content':'x'}", ""), NULL, { NULL }, NULL, "messages[0].role|\"tool\"" },
    { "a block of another kind", M, C, ASK("{'role':'user','content':[[]]}", ""), NULL, { NULL }, NULL, "messages[0].content[0]|an object is needed here, not an array" },
    { "a block without a type", M, C, ASK("{'role':'user','content':[{}]}", ""), NULL, { NULL }, NULL, "messages[0].content[0].type|missing" },
    { "no source", M, C, BLOCK("{'type':'image'}"), NULL, { NULL }, NULL, "messages[0].content[0].source|missing" },
    { "input of another kind", M, C, ASK(HI ",{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':'x'}]}", ""), NULL, { NULL }, NULL,
      "messages[1].content[0].input|an object is needed here, not a string" },
    { "a system of another kind", M, C, ASK(HI, ",'system':5"), NULL, { NULL }, NULL, "system|a string or an array" },
    { "a picture in the system", M, C, ASK(HI, ",'system':[" PICTURE "]"), NULL, { NULL }, NULL, "system[0]|only text" },
    { "max_tokens of another kind", M, C, "{'model':'m','max_tokens':[],'messages':[" HI "]}", NULL, { NULL }, NULL, "max_tokens|a number" },
};
TEST(messages_requests_that_are_wrong) { check_translations(error_rows, DD_COUNT(error_rows)); }
