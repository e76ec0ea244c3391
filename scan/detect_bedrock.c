/* scan/detect_bedrock.c - Amazon Bedrock: a boto3 client of the right service, or a command object in JavaScript.
 *
 * For invoke_model the prompt and the cap stand inside a JSON body (call-shapes 13). */
#include "scan/detect_tables.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
static const dd_keys converse = { KEYS("modelId"), KEYS("messages"), KEYS("system"), KEYS("inferenceConfig.maxTokens"), 0, 0 };
static const dd_keys invoke = { KEYS("modelId"), KEYS("messages", "prompt", "inputText", "texts"), KEYS("system"),
    KEYS("max_tokens", "max_tokens_to_sample", "maxTokens", "textGenerationConfig.maxTokenCount", "inferenceConfig.max_new_tokens", "max_gen_len", "max_new_tokens"), 0, 0 };
static const dd_keys rag = { KEYS("modelArn", "retrieveAndGenerateConfiguration.knowledgeBaseConfiguration.modelArn"), KEYS("input.text"), NULL, NULL, 0, 0 };
static const dd_keys agent = { KEYS("foundationModel"), KEYS("inputText"), NULL, NULL, 0, 0 };

static const dd_row boto_rows[] = {
    { "C.converse|converse_stream", "converse", &converse, DD_ROW_CALL, DD_RUNG_KEYS | DD_RUNG_IMPORT },
    { "C.invoke_model|invoke_model_with_response_stream", "invoke_model", &invoke, DD_ROW_CALL, DD_RUNG_KEYS | DD_RUNG_IMPORT | DD_ROW_BODY },
    { "C.invoke_agent|invoke_inline_agent", "invoke_agent", &agent, DD_ROW_CALL, 0 },
    { "C.retrieve_and_generate|retrieve_and_generate_stream", "retrieve_and_generate", &rag, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row command_rows[] = {
    { "ConverseCommand|ConverseStreamCommand", "converse", &converse, DD_ROW_CALL, DD_RUNG_ALONE },
    { "InvokeModelCommand|InvokeModelWithResponseStreamCommand|InvokeModelWithBidirectionalStreamCommand|StartAsyncInvokeCommand", "invoke_model", &invoke, DD_ROW_CALL, DD_RUNG_ALONE | DD_ROW_BODY },
    { "InvokeAgentCommand|InvokeInlineAgentCommand", "invoke_agent", &agent, DD_ROW_CALL, 0 },
    { "RetrieveAndGenerateCommand|RetrieveAndGenerateStreamCommand", "retrieve_and_generate", &rag, DD_ROW_CALL, 0 },
    { "C.converse|converseStream", "converse", &converse, DD_ROW_CALL, 0 },
    { "C.invokeModel|invokeModelWithResponseStream", "invoke_model", &invoke, DD_ROW_CALL, DD_ROW_BODY },
    { NULL }
};
const dd_family dd_families_bedrock[] = {
    { "boto3|aioboto3|botocore|aiobotocore", "aws-bedrock", "bedrock", boto_rows },
    { "@aws-sdk/client-bedrock-runtime|@aws-sdk/client-bedrock-agent-runtime", "aws-bedrock", "bedrock", command_rows },
    { NULL }
};

/* boto3.client("bedrock-runtime"): false when the service is known to be another. */
bool dd_detect_bedrock_client(const dd_ctx *c, const dd_path *p, const char **service)
{
    *service = "bedrock-runtime";
    for (int i = 0; i < p->n; i++) {
        if (!p->v[i].called || !p->v[i].call || !dd_word_in("client|create_client", p->v[i].name))
            continue;
        dd_value *positional = NULL, *args = dd_args_of_value(c->p, p->v[i].call, &positional);
        dd_value *name = dd_positional(positional, 1);
        if (!name && args)
            name = dd_value_get(args, "service_name");
        if (name && name->kind == DD_V_STRING)
            return dd_str_startsz(name->text, "bedrock");
    }
    return true;
}
