/* scan/detect_frameworks.c - LangChain, LlamaIndex and agent frameworks.
 *
 * Here the constructor that fixes the model is the site and what runs it is evidence (call-shapes 9, 16). An agent's
 * constructor is a site only when it names the model as text, or names none and the framework has a default. */
#include "scan/detect_tables.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CAPS "max_tokens", "maxTokens", "max_output_tokens", "maxOutputTokens", "max_completion_tokens", "maxCompletionTokens", "max_tokens_to_sample", "maxTokensToSample", "num_predict", "model_kwargs.max_tokens", "modelKwargs.max_tokens"

static const dd_keys lc = { KEYS("model", "model_name", "modelName", "model_id", "modelId", "repo_id", "azure_deployment", "deployment_name", "azureOpenAIApiDeploymentName", "deploymentName", "deployment", "engine"), NULL, NULL, KEYS(CAPS), 0, 0 };
static const dd_keys lc_first = { KEYS("model"), NULL, NULL, KEYS(CAPS), 1, 0 };
static const dd_keys agent = { KEYS("model"), KEYS("input", "prompt"), KEYS("instructions", "instruction", "system_prompt", "systemPrompt", "prompt", "description", "goal"), KEYS("model_settings.max_tokens", "modelSettings.maxTokens", CAPS), 0, 0 };
static const dd_keys agent_first = { KEYS("model"), KEYS("input", "prompt"), KEYS("instructions", "system_prompt", "systemPrompt", "prompt"), KEYS("model_settings.max_tokens", "modelSettings.maxTokens", CAPS), 1, 0 };
static const dd_keys crew_agent = { KEYS("llm"), NULL, KEYS("role", "goal", "backstory"), KEYS(CAPS), 0, 0 };
static const dd_keys crew = { KEYS("manager_llm"), NULL, NULL, KEYS(CAPS), 0, 0 };
static const dd_keys id_first = { KEYS("id", "model", "model_name", "model_id"), NULL, NULL, KEYS(CAPS), 1, 0 };
static const dd_keys model_id = { KEYS("model_id", "model", "model_name"), NULL, NULL, KEYS(CAPS), 1, 0 };
static const dd_keys ai_model_id = { KEYS("ai_model_id", "model", "deployment_name"), NULL, NULL, KEYS(CAPS), 0, 0 };
static const dd_keys options = { KEYS("model", "options.model"), KEYS("prompt"), KEYS("system_prompt", "systemPrompt"), NULL, 0, 0 };
static const dd_keys autogen_old = { KEYS("llm_config.config_list.0.model", "llm_config.config_list.model", "llm_config.model"), NULL, KEYS("system_message"), KEYS("llm_config.max_tokens", "llm_config.config_list.0.max_tokens"), 0, 0 };
static const dd_keys request_first = { KEYS("model"), KEYS("messages"), NULL, KEYS("model_settings.max_tokens"), 1, 2 };

static const dd_keys swarm_agent = { KEYS("model", "model_name"), NULL, KEYS("instructions", "system_prompt"), KEYS(CAPS), 0, 0 };
static const dd_keys service = { KEYS("model", "settings.model", "params.model"), NULL, NULL, KEYS("params.max_tokens", "settings.max_tokens", CAPS), 0, 0 };
static const dd_keys qwen_agent = { KEYS("llm.model"), NULL, KEYS("system_message"), KEYS("llm.generate_cfg.max_tokens"), 0, 0 };
static const dd_keys camel = { KEYS("model_type"), NULL, NULL, KEYS("model_config_dict.max_tokens"), 2, 0 };
static const dd_keys inngest = { KEYS("model"), NULL, NULL, KEYS("defaultParameters.max_tokens", "defaultParameters.max_completion_tokens"), 0, 0 };
static const dd_keys stagehand = { KEYS("modelName", "model_name", "model.modelName", "model"), NULL, NULL, NULL, 0, 0 };
static const dd_keys name_second = { KEYS("model_name", "model"), NULL, NULL, NULL, 2, 0 };

#define LC_TRIGGERS "invoke|ainvoke|stream|astream|batch|abatch|generate|agenerate|predict|apredict|astream_events|streamEvents|complete|acomplete|chat|achat|stream_chat|stream_complete"

static const dd_row langchain_rows[] = {
    { "ChatOpenAI|ChatOpenAIResponses", "chat", &lc, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AzureChatOpenAI|AzureChatOpenAIResponses", "chat", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { "ChatAnthropic|ChatAnthropicMessages", "chat", &lc, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "ChatGoogleGenerativeAI|ChatGoogle|ChatGooglePalm", "chat", &lc, DD_ROW_BINDING, 0, .provider = "google" },
    { "ChatVertexAI|ChatAnthropicVertex|ChatGoogleVertexAI", "chat", &lc, DD_ROW_BINDING, 0, .provider = "vertex" },
    { "ChatBedrock|ChatBedrockConverse|BedrockChat", "chat", &lc, DD_ROW_BINDING, 0, .provider = "bedrock" },
    { "ChatGroq", "chat", &lc, DD_ROW_BINDING, 0, .provider = "groq" },
    { "ChatMistralAI", "chat", &lc, DD_ROW_BINDING, 0, .provider = "mistral" },
    { "ChatCohere", "chat", &lc, DD_ROW_BINDING, 0, .provider = "cohere" },
    { "ChatDeepSeek", "chat", &lc, DD_ROW_BINDING, 0, .provider = "deepseek" },
    { "ChatXAI", "chat", &lc, DD_ROW_BINDING, 0, .provider = "xai" },
    { "ChatFireworks", "chat", &lc, DD_ROW_BINDING, 0, .provider = "fireworks" },
    { "ChatTogether|ChatTogetherAI", "chat", &lc, DD_ROW_BINDING, 0, .provider = "together" },
    { "ChatPerplexity", "chat", &lc, DD_ROW_BINDING, 0, .provider = "perplexity" },
    { "ChatOpenRouter", "chat", &lc, DD_ROW_BINDING, 0, .provider = "openrouter" },
    { "ChatCerebras", "chat", &lc, DD_ROW_BINDING, 0, .provider = "cerebras" },
    { "ChatLiteLLM|ChatLiteLLMRouter|ChatNVIDIA|ChatHuggingFace|ChatWatsonx|ChatDatabricks|ChatSnowflakeCortex|ChatTongyi|ChatZhipuAI|QianfanChatEndpoint|MoonshotChat|ChatBaiduWenxin|ChatCloudflareWorkersAI|ChatReplicate|ChatSambaNovaCloud|ChatUpstage|"
      "JinaChat|MiniMaxChat|SolarChat|KonkoChat|AzureAIChatCompletionsModel", "chat", &lc, DD_ROW_BINDING, 0, .provider = "" },
    { "ChatOllama|OllamaLLM|Ollama", "chat", &lc, DD_ROW_BINDING, 0, .provider = "ollama" },
    { "OpenAIEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AzureOpenAIEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { "GoogleGenerativeAIEmbeddings|GooglePalmEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "google" },
    { "VertexAIEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "vertex" },
    { "BedrockEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "bedrock" },
    { "CohereEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "cohere" },
    { "MistralAIEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "mistral" },
    { "VoyageAIEmbeddings|VoyageEmbeddings|JinaEmbeddings|NomicEmbeddings|TogetherEmbeddings|TogetherAIEmbeddings|FireworksEmbeddings|NVIDIAEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "" },
    { "OllamaEmbeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "ollama" },
    /* hundreds of partners follow the same naming; what runs in this process, and what is no model at all, is taken out first */
    { "ChatPrompt*|ChatMessage*|ChatGeneration*|ChatResult*|ChatHistory*|ChatSession*|ChatLoader*|ChatVector*|ChatConversational*|ChatAgent*|ChatOutput*|ChatModel*|ChatGPT*|ChatZero*|ChatLlamaCpp|ChatMLX|ChatFake*", "chat", &lc, DD_ROW_FREE, 0 },
    { "Embeddings|*FakeEmbeddings|Fake*|HuggingFaceEmbeddings|HuggingFaceBgeEmbeddings|HuggingFaceInstructEmbeddings|SentenceTransformerEmbeddings|GPT4AllEmbeddings|LlamaCppEmbeddings|FastEmbedEmbeddings|SelfHosted*|"
      "Tensorflow*|Spacy*|CacheBackedEmbeddings|ModelScopeEmbeddings|Infinity*|OpenVINO*|Xinference*|LocalAIEmbeddings|Quantized*|HuggingFaceTransformersEmbeddings|SyntheticEmbeddings", "embeddings", &lc, DD_ROW_FREE, 0 },
    { "Chat*|GigaChat", "chat", &lc, DD_ROW_BINDING, 0, .provider = "" },
    { "*Embeddings", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "" },
    { "OpenAI|OpenAIChat", "completions", &lc, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AzureOpenAI", "completions", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { "Anthropic|AnthropicLLM", "completions", &lc, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "Cohere", "completions", &lc, DD_ROW_BINDING, 0, .provider = "cohere" },
    { "Bedrock|BedrockLLM", "completions", &lc, DD_ROW_BINDING, 0, .provider = "bedrock" },
    { "VertexAI|GoogleGenerativeAI|GooglePalm", "completions", &lc, DD_ROW_BINDING, 0, .provider = "google" },
    { "Replicate|Together|TogetherAI|HuggingFaceHub|HuggingFaceEndpoint|HuggingFaceInference|AI21|Fireworks|DeepInfra|Writer|WatsonxLLM|WatsonxAI|Tongyi|NLPCloud|GooseAI|MosaicML|SagemakerEndpoint|CloudflareWorkersAI", "completions", &lc, DD_ROW_BINDING, 0, .provider = "" },
    { "init_chat_model|initChatModel", "chat", &lc_first, DD_ROW_BINDING, 0, .provider = "" },
    { "init_embeddings", "embeddings", &lc_first, DD_ROW_BINDING, 0, .provider = "" },
    { "create_agent|create_react_agent|create_deep_agent|create_supervisor|create_swarm|create_tool_calling_executor", "agent", &agent_first, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "createAgent|createReactAgent|createDeepAgent", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "*()." LC_TRIGGERS, "chat", &lc, DD_ROW_TRIGGER, 0 },
    { "*().embed_query|embed_documents|aembed_query|aembed_documents|embedQuery|embedDocuments", "embeddings", &lc, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row browser_use_rows[] = {
    { "ChatOpenAI|ChatOpenAILike", "chat", &lc, DD_ROW_BINDING, 0, .provider = "openai", .sdk = "browser-use" },
    { "ChatAnthropic", "chat", &lc, DD_ROW_BINDING, 0, .provider = "anthropic", .sdk = "browser-use" },
    { "ChatGoogle", "chat", &lc, DD_ROW_BINDING, 0, .provider = "google", .sdk = "browser-use" },
    { "ChatGroq", "chat", &lc, DD_ROW_BINDING, 0, .provider = "groq", .sdk = "browser-use" },
    { "ChatAzureOpenAI", "chat", &lc, DD_ROW_BINDING, 0, .provider = "azure", .sdk = "browser-use" },
    { "ChatBrowserUse|ChatDeepSeek|ChatOpenRouter|ChatAWSBedrock|ChatAnthropicBedrock|ChatMistral|ChatVercel|ChatOCIRaw", "chat", &lc, DD_ROW_BINDING, 0, .provider = "", .sdk = "browser-use" },
    { "ChatOllama", "chat", &lc, DD_ROW_BINDING, 0, .provider = "ollama", .sdk = "browser-use" },
    { NULL }
};
static const dd_row openai_agents_rows[] = {
    { "OpenAIChatCompletionsModel|OpenAIResponsesModel", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { "LitellmModel|AnyLLMModel", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "" },
    { "Agent|SandboxAgent|RealtimeAgent", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "RunConfig", "agent", &agent, DD_ROW_AGENT, 0 },
    { "Runner.run|run_sync|run_streamed", "agent", &agent, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row openai_agents_js_rows[] = {
    { "Agent|SandboxAgent|RealtimeAgent", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "run", "agent", &agent, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row pydantic_ai_rows[] = {
    { "OpenAIChatModel|OpenAIModel|OpenAIResponsesModel|AnthropicModel|GoogleModel|GeminiModel|GroqModel|MistralModel|CohereModel|BedrockConverseModel|VertexAIModel|HuggingFaceModel|OpenRouterModel|CerebrasModel|XaiModel", "chat", &id_first, DD_ROW_BINDING, 0 },
    { "Agent", "agent", &agent_first, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "Embedder", "embeddings", &agent_first, DD_ROW_BINDING, 0 },
    { "model_request|model_request_sync|model_request_stream|model_request_stream_sync", "chat", &request_first, DD_ROW_CALL, 0 },
    { "Agent().run|run_sync|run_stream|iter|run_stream_events", "agent", &agent, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row agno_rows[] = {
    { "OpenAIChat|OpenAIResponses|OpenAILike|Claude|Gemini|Groq|MistralChat|Cohere|DeepSeek|xAI|OpenRouter|AwsBedrock|AzureOpenAI|AzureAIFoundry|Perplexity|Together|Fireworks|Cerebras|CerebrasOpenAI|LiteLLM|LiteLLMOpenAI|Nvidia|SambaNova|HuggingFace|WatsonX|DashScope|InternLM|Vercel|V0", "chat", &id_first, DD_ROW_BINDING, 0 },
    { "Ollama|LMStudio|LlamaCpp|VLLM", "chat", &id_first, DD_ROW_BINDING, 0, .provider = "ollama" },
    { "OpenAIEmbedder|GeminiEmbedder|CohereEmbedder|MistralEmbedder|VoyageAIEmbedder|AzureOpenAIEmbedder|JinaEmbedder|TogetherEmbedder|FireworksEmbedder", "embeddings", &id_first, DD_ROW_BINDING, 0 },
    { "Agent|Team", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "Agent|Team().run|arun|print_response|aprint_response", "agent", &agent, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row adk_rows[] = {
    { "Gemini", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { "Claude", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "vertex" },
    { "LiteLlm", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "" },
    { "LlmAgent|Agent", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row crewai_rows[] = {
    { "LLM", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { "Agent", "agent", &crew_agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 20 },
    { "Crew", "agent", &crew, DD_ROW_AGENT, 0 },
    { "Crew().kickoff|kickoff_async|kickoff_for_each|kickoff_for_each_async", "agent", &crew, DD_ROW_TRIGGER, 0 },
    { "LLM().call", "chat", &crew, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row autogen_rows[] = {
    { "OpenAIChatCompletionClient|AzureOpenAIChatCompletionClient|AnthropicChatCompletionClient|AzureAIChatCompletionClient|AnthropicBedrockChatCompletionClient", "chat", &lc, DD_ROW_BINDING, 0 },
    { "OllamaChatCompletionClient", "chat", &lc, DD_ROW_BINDING, 0, .provider = "ollama" },
    { "AssistantAgent|ConversableAgent|GroupChatManager", "agent", &autogen_old, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { "*().create|create_stream", "chat", &lc, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row agent_framework_rows[] = {
    { "OpenAIChatClient|OpenAIResponsesClient|OpenAIAssistantsClient|AnthropicClient", "chat", &model_id, DD_ROW_BINDING, 0 },
    { "AzureOpenAIChatClient|AzureOpenAIResponsesClient|AzureAIAgentClient|AzureOpenAIAssistantsClient", "chat", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { NULL }
};
static const dd_row llama_index_rows[] = {
    { "OpenAI|OpenAIResponses|OpenAILike|OpenAIMultiModal", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AzureOpenAI", "chat", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { "Anthropic", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "Gemini|GoogleGenAI|Vertex", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "google" },
    { "Bedrock|BedrockConverse", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "bedrock" },
    { "Groq|MistralAI|Cohere|DeepSeek|Fireworks|TogetherLLM|Perplexity|OpenRouter|LiteLLM|Cerebras|SambaNovaCloud|NVIDIA|DashScope|Replicate", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "" },
    { "Ollama|LMStudio|Vllm", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "ollama" },
    { "OpenAIEmbedding|AzureOpenAIEmbedding|GeminiEmbedding|GoogleGenAIEmbedding|CohereEmbedding|MistralAIEmbedding|VoyageEmbedding|JinaEmbedding|BedrockEmbedding|TogetherEmbedding|FireworksEmbedding", "embeddings", &lc, DD_ROW_BINDING, 0 },
    { "OllamaEmbedding", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "ollama" },
    { "openai|anthropic|gemini|mistral|groq", "chat", &lc, DD_ROW_BINDING, 0 },
    { "*()." LC_TRIGGERS "|predict|apredict|structured_predict|astructured_predict", "chat", &lc, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row dspy_rows[] = {
    { "LM", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { "Embedder", "embeddings", &agent_first, DD_ROW_BINDING, 0 },
    { "OpenAI|AzureOpenAI|Anthropic|Google|Cohere|GROQ|Claude|AWSAnthropic|Mistral|TogetherAI|DeepSeek", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row smolagents_rows[] = {
    { "OpenAIServerModel|OpenAIModel|LiteLLMModel|LiteLLMRouterModel|InferenceClientModel|HfApiModel|AzureOpenAIServerModel|AzureOpenAIModel|AmazonBedrockServerModel|AmazonBedrockModel", "chat", &model_id, DD_ROW_BINDING, 0 },
    { "CodeAgent|ToolCallingAgent().run", "agent", &agent, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row strands_rows[] = {
    { "BedrockModel", "chat", &model_id, DD_ROW_BINDING, 0 },
    { "AnthropicModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "GeminiModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "google" },
    { "MistralModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "mistral" },
    { "OpenAIModel|OpenAIResponsesModel|LiteLLMModel|LlamaAPIModel|WriterModel|SageMakerAIModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "" },
    { "OllamaModel|LlamaCppModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "ollama" },
    { "Agent", "agent", &agent_first, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row claude_agent_rows[] = {
    { "ClaudeAgentOptions|ClaudeCodeOptions", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row claude_agent_js_rows[] = {
    { "query", "agent", &options, DD_ROW_CALL, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row mastra_rows[] = {
    { "Agent", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 5 },
    { "Agent().generate|stream|generateLegacy|streamLegacy|generateVNext|streamVNext", "agent", &agent, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row tanstack_rows[] = {
    { "openaiText|anthropicText|geminiText|grokText|openRouterText", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row genkit_rows[] = {
    { "C.generate|generateStream", "chat", &agent, DD_ROW_CALL, DD_ROW_CLIENT },
    { "C.embed|embedMany", "embeddings", &agent, DD_ROW_CALL, DD_ROW_CLIENT },
    { NULL }
};
static const dd_row haystack_rows[] = {
    { "OpenAIChatGenerator|OpenAIGenerator|AnthropicChatGenerator|AnthropicGenerator|GoogleAIGeminiChatGenerator|GoogleGenAIChatGenerator|MistralChatGenerator|CohereChatGenerator|AmazonBedrockChatGenerator|HuggingFaceAPIChatGenerator", "chat", &lc, DD_ROW_BINDING, 0 },
    { "AzureOpenAIChatGenerator|AzureOpenAIGenerator", "chat", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { "HuggingFaceLocal*|OllamaChatGenerator|LlamaCppChatGenerator|LlamaStackChatGenerator|FallbackChatGenerator|ChatGenerator", "chat", &lc, DD_ROW_FREE, 0 },
    { "*ChatGenerator", "chat", &lc, DD_ROW_BINDING, 0 },
    { "OpenAITextEmbedder|OpenAIDocumentEmbedder|CohereTextEmbedder|CohereDocumentEmbedder|MistralTextEmbedder|MistralDocumentEmbedder|GoogleGenAITextEmbedder|GoogleGenAIDocumentEmbedder|"
      "JinaTextEmbedder|JinaDocumentEmbedder|VoyageTextEmbedder|VoyageDocumentEmbedder|AmazonBedrockTextEmbedder|AmazonBedrockDocumentEmbedder|NvidiaTextEmbedder|NvidiaDocumentEmbedder",
      "embeddings", &lc, DD_ROW_BINDING, 0 },
    { "AzureOpenAITextEmbedder|AzureOpenAIDocumentEmbedder", "embeddings", &lc, DD_ROW_BINDING, 0, .provider = "azure" },
    { NULL }
};
static const dd_row semantic_kernel_rows[] = {
    { "OpenAIChatCompletion|AnthropicChatCompletion|GoogleAIChatCompletion|MistralAIChatCompletion|BedrockChatCompletion", "chat", &ai_model_id, DD_ROW_BINDING, 0 },
    { "AzureChatCompletion", "chat", &ai_model_id, DD_ROW_BINDING, 0, .provider = "azure" },
    { "OpenAITextEmbedding|AzureTextEmbedding", "embeddings", &ai_model_id, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row mirascope_rows[] = {
    { "llm.call|override", "chat", &agent, DD_ROW_BINDING, 0 },
    { "openai|anthropic|gemini|google|groq|mistral|cohere|litellm|azure|bedrock.call|openai_call|anthropic_call|gemini_call", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};

static const dd_row swarm_rows[] = {
    { "Agent", "agent", &swarm_agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row plain_agent_rows[] = {       /* an Agent that names its model, and no more of a surface */
    { "Agent", "agent", &agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row pipecat_rows[] = {           /* voice pipelines; a realtime session is no single call */
    { "*RealtimeLLMService|*RealtimeBetaLLMService|*LiveLLMService|*MultimodalLive*|*SonicLLMService|LLMService|AIService|OLLama*|Ollama*", "chat", &service, DD_ROW_FREE, 0 },
    { "OpenAILLMService|OpenAIResponsesLLMService", "chat", &service, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AnthropicLLMService", "chat", &service, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "GoogleLLMService", "chat", &service, DD_ROW_BINDING, 0, .provider = "google" },
    { "AzureLLMService", "chat", &service, DD_ROW_BINDING, 0, .provider = "azure" },
    { "AWSBedrockLLMService", "chat", &service, DD_ROW_BINDING, 0, .provider = "bedrock" },
    { "*LLMService", "chat", &service, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row livekit_rows[] = {
    { "openai.LLM", "chat", &service, DD_ROW_BINDING, 0, .provider = "openai" },
    { "anthropic.LLM", "chat", &service, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "google.LLM", "chat", &service, DD_ROW_BINDING, 0, .provider = "google" },
    { "groq|mistralai|aws|inference|cerebras|baseten|langchain.LLM", "chat", &service, DD_ROW_BINDING, 0 },
    { "AgentSession", "agent", &crew_agent, DD_ROW_AGENT, 0 },
    { NULL }
};
static const dd_row agentscope_rows[] = {
    { "OpenAIChatModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "openai" },
    { "DashScopeChatModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "dashscope" },
    { "AnthropicChatModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "GeminiChatModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "google" },
    { "OllamaChatModel", "chat", &model_id, DD_ROW_BINDING, 0, .provider = "ollama" },
    { NULL }
};
static const dd_row qwen_agent_rows[] = {
    { "Assistant|FnCallAgent|ReActChat|ArticleAgent|ParallelDocQA|Router|GroupChat", "agent", &qwen_agent, DD_ROW_AGENT, DD_ROW_ROUNDS, .rounds = 10 },
    { NULL }
};
static const dd_row camel_rows[] = {
    { "ModelFactory.create", "chat", &camel, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row atomic_rows[] = {
    { "AgentConfig|BaseAgentConfig", "agent", &agent, DD_ROW_AGENT, 0 },
    { NULL }
};
static const dd_row inngest_rows[] = {
    { "openai", "chat", &inngest, DD_ROW_BINDING, 0, .provider = "openai" },
    { "anthropic", "chat", &inngest, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "gemini", "chat", &inngest, DD_ROW_BINDING, 0, .provider = "google" },
    { "grok", "chat", &inngest, DD_ROW_BINDING, 0, .provider = "xai" },
    { NULL }
};
static const dd_row stagehand_rows[] = {
    { "Stagehand", "agent", &stagehand, DD_ROW_AGENT, 0 },
    { NULL }
};
static const dd_row copilotkit_rows[] = {
    { "OpenAIAdapter", "chat", &agent, DD_ROW_AGENT, 0, .provider = "openai" },
    { "AnthropicAdapter", "chat", &agent, DD_ROW_AGENT, 0, .provider = "anthropic" },
    { "GroqAdapter", "chat", &agent, DD_ROW_AGENT, 0, .provider = "groq" },
    { "GoogleGenerativeAIAdapter", "chat", &agent, DD_ROW_AGENT, 0, .provider = "google" },
    { "BedrockAdapter", "chat", &agent, DD_ROW_AGENT, 0, .provider = "bedrock" },
    { NULL }
};
static const dd_row guidance_rows[] = {
    { "OpenAI", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AzureOpenAI", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "azure" },
    { "Anthropic|GoogleAI|VertexAI|LiteLLM", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row outlines_rows[] = {          /* the client is handed over, the model beside it */
    { "from_openai", "chat", &name_second, DD_ROW_BINDING, 0, .provider = "openai" },
    { "from_anthropic", "chat", &name_second, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "from_gemini", "chat", &name_second, DD_ROW_BINDING, 0, .provider = "google" },
    { "from_mistral", "chat", &name_second, DD_ROW_BINDING, 0, .provider = "mistral" },
    { NULL }
};
static const dd_row magentic_rows[] = {
    { "OpenaiChatModel", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "openai" },
    { "AnthropicChatModel", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "anthropic" },
    { "MistralChatModel", "chat", &agent_first, DD_ROW_BINDING, 0, .provider = "mistral" },
    { "LitellmChatModel", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row ell_rows[] = {
    { "simple|complex", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};
static const dd_row beeai_rows[] = {
    { "ChatModel.from_name|fromName", "chat", &agent_first, DD_ROW_BINDING, 0 },
    { "EmbeddingModel.from_name|fromName", "embeddings", &agent_first, DD_ROW_BINDING, 0 },
    { NULL }
};

const dd_family dd_families_frameworks[] = {
    { "browser_use", "browser-use", "", browser_use_rows },
    { "langchain*|langgraph*|@langchain/*|deepagents", "langchain", "", langchain_rows },
    { "agents", "openai-agents", "openai", openai_agents_rows },
    { "@openai/agents*", "openai-agents", "openai", openai_agents_js_rows },
    { "pydantic_ai*", "pydantic-ai", "", pydantic_ai_rows },
    { "agno|phi", "agno", "", agno_rows },
    { "google.adk", "google-adk", "google", adk_rows },
    { "crewai", "crewai", "", crewai_rows },
    { "autogen_ext*|autogen*", "autogen", "", autogen_rows },
    { "agent_framework*", "agent-framework", "", agent_framework_rows },
    { "llama_index*|llamaindex|@llamaindex/*", "llama-index", "", llama_index_rows },
    { "dspy", "dspy", "", dspy_rows },
    { "smolagents", "smolagents", "", smolagents_rows },
    { "strands", "strands", "bedrock", strands_rows },
    { "claude_agent_sdk|claude_code_sdk", "claude-agent-sdk", "anthropic", claude_agent_rows },
    { "@anthropic-ai/claude-agent-sdk|@anthropic-ai/claude-code", "claude-agent-sdk", "anthropic", claude_agent_js_rows },
    { "@mastra/*", "mastra", "", mastra_rows },
    { "@tanstack/ai*", "tanstack-ai", "", tanstack_rows },
    { "genkit*|@genkit-ai/*", "genkit", "google", genkit_rows },
    { "haystack*|haystack_integrations*", "haystack", "", haystack_rows },
    { "semantic_kernel*", "semantic-kernel", "", semantic_kernel_rows },
    { "mirascope*", "mirascope", "", mirascope_rows },
    { "swarm", "swarm", "openai", swarm_rows },
    { "swarms*", "swarms", "", swarm_rows },
    { "marvin", "marvin", "", plain_agent_rows },
    { "@voltagent/core", "voltagent", "", plain_agent_rows },
    { "pipecat", "pipecat", "", pipecat_rows },
    { "livekit*|@livekit/*", "livekit", "", livekit_rows },
    { "agentscope", "agentscope", "", agentscope_rows },
    { "qwen_agent", "qwen-agent", "dashscope", qwen_agent_rows },
    { "camel", "camel", "", camel_rows },
    { "atomic_agents", "atomic-agents", "", atomic_rows },
    { "@inngest/agent-kit|@inngest/ai|inngest", "inngest", "", inngest_rows },
    { "@browserbasehq/stagehand|stagehand", "stagehand", "", stagehand_rows },
    { "@copilotkit/runtime", "copilotkit", "", copilotkit_rows },
    { "guidance", "guidance", "", guidance_rows },
    { "outlines", "outlines", "", outlines_rows },
    { "magentic", "magentic", "", magentic_rows },
    { "ell", "ell", "", ell_rows },
    { "beeai_framework|beeai-framework", "beeai", "", beeai_rows },
    { NULL }
};

/* call-shapes 22. `since`: the package version the fact was read from. */
const dd_sdk_default dd_sdk_defaults[] = {
    { "agents|@openai/agents*", "Agent", "gpt-5.6-luna", "OPENAI_DEFAULT_MODEL", "2026-08 / 0.20.0" },
    { "agno", "Agent|Team", "gpt-5.4", "", "2026-08" },
    { "crewai", "Agent", "gpt-4o-mini", "OPENAI_MODEL_NAME", "2026-08" },
    { "deepagents", "create_deep_agent|createDeepAgent", "claude-sonnet-4-6", "", "2026-08" },
    { "strands", "Agent", "us.anthropic.claude-sonnet-4-20250514-v1:0", "", "2026-08" },
    { "@langchain/openai|langchain/*", "ChatOpenAI", "gpt-3.5-turbo", "", "1.6.0" },
    { "@langchain/openai|langchain/*", "OpenAIEmbeddings", "text-embedding-ada-002", "", "1.6.0" },
    { "@langchain/openai|langchain/*", "OpenAI", "gpt-3.5-turbo-instruct", "", "1.6.0" },
    { "@langchain/anthropic|langchain/*", "ChatAnthropic", "claude-sonnet-4-5-20250929", "", "1.5" },
    { "langchain*", "ChatOpenAI", "gpt-3.5-turbo", "", "2026-08" },
    { "langchain*", "OpenAIEmbeddings", "text-embedding-ada-002", "", "2026-08" },
    { "llama_index*", "OpenAI", "gpt-3.5-turbo", "", "2026-08" },
    { "llamaindex|@llamaindex/*", "OpenAI|openai", "gpt-4o", "", "0.4" },
    { NULL, NULL, NULL, NULL, NULL }
};
