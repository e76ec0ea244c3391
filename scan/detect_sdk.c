/* scan/detect_sdk.c - rows of the providers' own SDKs, Python and JavaScript side by side.
 *
 * Paths were read from the packages (call-shapes 6, 7, 10, 11, 12, 14, 15). A new SDK is one family here. */
#include "scan/detect_tables.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define OPENAI_CAPS "max_completion_tokens", "max_tokens", "max_output_tokens", "maxTokens", "maxOutputTokens", "maxCompletionTokens"

static const dd_keys chat = { KEYS("model"), KEYS("messages", "prompt", "input"), KEYS("system", "instructions"), KEYS(OPENAI_CAPS), 0, 0 };
static const dd_keys legacy = { KEYS("model", "engine", "deployment_id"), KEYS("messages", "prompt", "input"), NULL, KEYS(OPENAI_CAPS), 0, 0 };
static const dd_keys responses = { KEYS("model"), KEYS("input", "messages", "prompt"), KEYS("instructions"), KEYS(OPENAI_CAPS), 0, 0 };
static const dd_keys input_only = { KEYS("model"), KEYS("input", "inputs", "texts", "value", "values", "content", "contents"), NULL, KEYS("max_output_tokens"), 0, 0 };
static const dd_keys media = { KEYS("model"), KEYS("prompt", "input"), KEYS("instructions"), NULL, 0, 0 };
static const dd_keys sound = { KEYS("model"), KEYS("input", "prompt", "file"), KEYS("instructions"), NULL, 0, 0 };
static const dd_keys assistant = { KEYS("model"), KEYS("additional_messages"), KEYS("instructions", "additional_instructions"), KEYS(OPENAI_CAPS), 0, 0 };
static const dd_keys claude = { KEYS("model"), KEYS("messages", "prompt"), KEYS("system"), KEYS("max_tokens", "max_tokens_to_sample", "maxTokens", "max_completion_tokens"), 0, 0 };
static const dd_keys batch = { KEYS("model"), KEYS("requests"), NULL, KEYS("max_tokens"), 0, 0 };
static const dd_keys azure_js = { KEYS("model"), KEYS("messages", "prompt", "input"), NULL, KEYS("maxTokens", "max_tokens"), 1, 2 };
static const dd_keys gemini = { KEYS("model", "model_name"), KEYS("contents", "content", "message", "prompt", "input"), KEYS("config.system_instruction", "config.systemInstruction", "systemInstruction", "system_instruction"),
    KEYS("config.max_output_tokens", "config.maxOutputTokens", "generation_config.max_output_tokens", "generationConfig.maxOutputTokens", "max_output_tokens", "maxOutputTokens"), 0, 1 };
static const dd_keys gemini_model = { KEYS("model_name", "model"), KEYS("contents", "message"), KEYS("system_instruction", "systemInstruction"),
    KEYS("generation_config.max_output_tokens", "generationConfig.maxOutputTokens", "max_output_tokens", "maxOutputTokens"), 1, 1 };
static const dd_keys lite = { KEYS("model"), KEYS("messages", "prompt", "input"), NULL, KEYS("max_tokens", "max_completion_tokens"), 1, 2 };
static const dd_keys mistral = { KEYS("model"), KEYS("messages", "inputs", "prompt"), NULL, KEYS("max_tokens", "maxTokens"), 0, 0 };
static const dd_keys cohere = { KEYS("model"), KEYS("messages", "message", "texts", "prompt", "documents"), KEYS("preamble"), KEYS("max_tokens", "maxTokens"), 0, 0 };
static const dd_keys first_model = { KEYS("model"), KEYS("messages", "input", "prompt"), NULL, KEYS("max_tokens", "max_new_tokens"), 1, 2 };
static const dd_keys second_model = { KEYS("model"), KEYS("texts", "input", "query"), NULL, NULL, 2, 1 };
static const dd_keys watsonx = { KEYS("model_id", "modelId"), KEYS("prompt", "messages", "input", "texts", "text", "inputs"), NULL,
    KEYS("params.max_new_tokens", "params.max_tokens", "parameters.max_new_tokens", "parameters.maxTokens", "maxTokens"), 1, 1 };
static const dd_keys oci = { KEYS("serving_mode.model_id", "serving_mode.endpoint_id"), KEYS("chat_request.messages", "chat_request.message"), NULL, KEYS("chat_request.max_tokens"), 1, 1 };
static const dd_keys any_llm = { KEYS("model"), KEYS("messages", "input_data", "inputs", "input"), NULL, KEYS("max_tokens", "max_output_tokens"), 1, 0 };
static const dd_keys open_router = { KEYS("model", "chatGenerationParams.model", "chatRequest.model"), KEYS("messages", "input", "chatGenerationParams.messages", "chatRequest.messages"),
    KEYS("instructions"), KEYS(OPENAI_CAPS, "chatGenerationParams.maxTokens", "chatRequest.maxTokens"), 0, 0 };
static const dd_keys clarifai = { KEYS("url", "model_id", "model_name"), KEYS("inputs", "prompt"), NULL, KEYS("inference_params.max_tokens"), 1, 1 };
static const dd_keys maas = { KEYS("model.name"), KEYS("messages"), NULL, KEYS("parameters.max_new_tokens"), 1, 0 };
static const dd_keys embed_first = { KEYS("model"), KEYS("content", "contents", "texts"), NULL, NULL, 1, 2 };

#define CHAT_RUNGS (DD_RUNG_IMPORT | DD_RUNG_KEYS | DD_RUNG_ALONE)
#define SOME_RUNGS (DD_RUNG_IMPORT | DD_RUNG_KEYS)

/* The surface of the OpenAI SDK, which other providers' SDKs repeat. */
static const dd_row openai_rows[] = {
    { "C.chat.completions.create|parse|stream", "chat.completions", &chat, DD_ROW_CALL, CHAT_RUNGS },
    { "C.chat.completions.runTools|run_tools|runFunctions", "chat.completions", &chat, DD_ROW_CALL, CHAT_RUNGS | DD_ROW_ROUNDS, .rounds = 10 },
    { "C.responses.create|parse|stream|compact", "responses", &responses, DD_ROW_CALL, DD_RUNG_KEYS | DD_RUNG_IMPORT },
    { "C.completions.create", "completions", &chat, DD_ROW_CALL, SOME_RUNGS },
    { "C.embeddings.create", "embeddings", &input_only, DD_ROW_CALL, SOME_RUNGS },
    { "C.images.generate|edit|create_variation|createVariation", "images", &media, DD_ROW_CALL, SOME_RUNGS, DD_UNIT_IMAGE },
    { "C.audio.speech.create", "audio", &sound, DD_ROW_CALL, SOME_RUNGS, DD_UNIT_AUDIO },
    { "C.audio.transcriptions|translations.create", "audio", &sound, DD_ROW_CALL, SOME_RUNGS, DD_UNIT_AUDIO },
    { "C.audio.speech.with_streaming_response.create", "audio", &sound, DD_ROW_CALL, SOME_RUNGS, DD_UNIT_AUDIO },
    { "C.videos.create|edit|remix|extend|create_and_poll|createAndPoll", "videos", &media, DD_ROW_CALL, DD_RUNG_IMPORT, DD_UNIT_OTHER },
    { "C.decisions.create", "decisions", &input_only, DD_ROW_CALL, 0 },
    { "C.batches.create", "batches", &chat, DD_ROW_CALL, 0 },
    { "C.threads.runs.create|create_and_poll|createAndPoll|stream|create_and_stream|createAndStream", "assistants.runs", &assistant, DD_ROW_CALL, CHAT_RUNGS },
    { "C.threads.create_and_run|create_and_run_poll|create_and_run_stream|createAndRun|createAndRunPoll|createAndRunStream", "assistants.runs", &assistant, DD_ROW_CALL, CHAT_RUNGS },
    { "C.post", "chat.completions", &chat, DD_ROW_CALL, DD_ROW_PATH },
    { NULL }
};
static const dd_row openai_legacy_rows[] = {     /* Python before 1.0: classes of the module; JavaScript 3: OpenAIApi */
    { "ChatCompletion.create|acreate", "chat.completions", &legacy, DD_ROW_CALL, DD_RUNG_ALONE | DD_RUNG_IMPORT },
    { "Completion.create|acreate", "completions", &legacy, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "Embedding.create|acreate", "embeddings", &legacy, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "Edit.create|acreate", "completions", &legacy, DD_ROW_CALL, 0 },
    { "Image.create|acreate|create_edit|acreate_edit|create_variation|acreate_variation", "images", &media, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "Audio.transcribe|atranscribe|translate|atranslate", "audio", &first_model, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { "C.createChatCompletion", "chat.completions", &chat, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.createCompletion", "completions", &chat, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.createEmbedding", "embeddings", &input_only, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.createEdit", "completions", &chat, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.createImage|createImageEdit|createImageVariation", "images", &media, DD_ROW_CALL, SOME_RUNGS, DD_UNIT_IMAGE },
    { "C.createTranscription|createTranslation", "audio", &second_model, DD_ROW_CALL, DD_RUNG_IMPORT, DD_UNIT_AUDIO },
    { NULL }
};
static const dd_row azure_openai_rows[] = {
    { "C.getChatCompletions|streamChatCompletions|listChatCompletions", "chat.completions", &azure_js, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.getCompletions|streamCompletions|listCompletions", "completions", &azure_js, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.getEmbeddings", "embeddings", &azure_js, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.getImages", "images", &azure_js, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "C.getAudioTranscription|getAudioTranslation", "audio", &azure_js, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { NULL }
};
static const dd_row azure_inference_rows[] = {
    { "C.complete", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.embed", "embeddings", &input_only, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row azure_agents_rows[] = {      /* azure-ai-projects hands on an OpenAI client, and the agents client under the name "agents" */
    { "C.runs.create|create_and_process|stream|createAndPoll|createAndProcess", "assistants.runs", &assistant, DD_ROW_CALL, 0 },
    { "C.agents.runs.create|create_and_process|stream|createAndPoll|createAndProcess", "assistants.runs", &assistant, DD_ROW_CALL, 0 },
    { "C.create_run|create_and_process_run|create_stream|create_thread_and_run|create_thread_and_process_run|createRun|createThreadAndRun", "assistants.runs", &assistant, DD_ROW_CALL, 0 },
    { "C.agents.create_run|create_and_process_run|create_stream|create_thread_and_run|create_thread_and_process_run|createRun|createThreadAndRun", "assistants.runs", &assistant, DD_ROW_CALL, 0 },
    { "get_openai_client|get_azure_openai_client|getOpenAIClient|getAzureOpenAIClient().chat.completions.create|parse|stream", "chat.completions", &chat, DD_ROW_CALL, 0, .sdk = "openai" },
    { "get_openai_client|get_azure_openai_client|getOpenAIClient|getAzureOpenAIClient().responses.create|parse|stream", "responses", &responses, DD_ROW_CALL, 0, .sdk = "openai" },
    { "get_chat_completions_client().complete", "chat.completions", &chat, DD_ROW_CALL, 0, .sdk = "azure-ai-inference" },
    { NULL }
};
static const dd_row watsonx_rows[] = {
    { "Model|ModelInference().generate_text|generate|generate_text_stream|agenerate|agenerate_text", "completions", &watsonx, DD_ROW_CALL, 0, .bound = "Model|ModelInference" },
    { "Model|ModelInference().chat|chat_stream|achat|achat_stream", "chat", &watsonx, DD_ROW_CALL, 0, .bound = "Model|ModelInference" },
    { "Embeddings().embed_documents|embed_query|generate", "embeddings", &watsonx, DD_ROW_CALL, 0, .bound = "Embeddings" },
    { "C.generateText|generateTextStream|deploymentGenerateText", "completions", &watsonx, DD_ROW_CALL, 0 },
    { "C.textChat|textChatStream|deploymentsTextChat", "chat", &watsonx, DD_ROW_CALL, 0 },
    { "C.embedText", "embeddings", &watsonx, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row oci_rows[] = {
    { "C.chat", "chat", &oci, DD_ROW_CALL, 0 },
    { "C.generate_text|summarize_text|generateText|summarizeText", "completions", &oci, DD_ROW_CALL, 0 },
    { "C.embed_text|embedText", "embeddings", &oci, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row anthropic_rows[] = {
    { "C.messages.create|stream|parse", "messages", &claude, DD_ROW_CALL, DD_RUNG_KEYS },
    { "C.messages.tool_runner|toolRunner", "messages", &claude, DD_ROW_CALL, DD_RUNG_KEYS | DD_RUNG_IMPORT | DD_ROW_ROUNDS, .rounds = 10 },
    { "C.prompt_caching|promptCaching|tools.messages.create|stream", "messages", &claude, DD_ROW_CALL, DD_RUNG_KEYS | DD_RUNG_IMPORT },
    { "C.messages.batches.create", "batches", &batch, DD_ROW_CALL, DD_RUNG_IMPORT | DD_ROW_MANY },
    { "C.completions.create", "completions", &claude, DD_ROW_CALL, DD_RUNG_KEYS },
    { "C.completion|acompletion|completion_stream|acompletion_stream", "completions", &claude, DD_ROW_CALL, 0 },   /* before 0.3 */
    { NULL }
};
static const dd_row google_rows[] = {
    { "C.models.generate_content|generate_content_stream|generateContent|generateContentStream", "generateContent", &gemini, DD_ROW_CALL, CHAT_RUNGS },
    { "C.chats.create().send_message|send_message_stream|sendMessage|sendMessageStream", "generateContent", &gemini, DD_ROW_CALL, 0, .bound = "create" },
    { "C.interactions.create", "generateContent", &gemini, DD_ROW_CALL, 0 },
    { "C.models.embed_content|embedContent", "embeddings", &gemini, DD_ROW_CALL, SOME_RUNGS },
    { "C.models.generate_images|generateImages|edit_image|editImage|upscale_image|upscaleImage|recontext_image|recontextImage", "images", &gemini, DD_ROW_CALL, SOME_RUNGS, DD_UNIT_IMAGE },
    { "C.models.generate_videos|generateVideos", "videos", &gemini, DD_ROW_CALL, DD_RUNG_IMPORT, DD_UNIT_OTHER },
    { "C.batches.create|createEmbeddings|create_embeddings", "batches", &gemini, DD_ROW_CALL, 0 },
    /* both generations name the object differently, the names of its methods are the same */
    { "GenerativeModel().generate_content|generate_content_async|generateContent|generateContentStream", "generateContent", &gemini_model, DD_ROW_CALL, 0, .bound = "GenerativeModel" },
    { "getGenerativeModel().generateContent|generateContentStream", "generateContent", &gemini_model, DD_ROW_CALL, 0, .bound = "getGenerativeModel" },
    { "GenerativeModel().start_chat|startChat().send_message|send_message_async|sendMessage|sendMessageStream", "generateContent", &gemini_model, DD_ROW_CALL, 0, .bound = "GenerativeModel" },
    { "getGenerativeModel().startChat().sendMessage|sendMessageStream", "generateContent", &gemini_model, DD_ROW_CALL, 0, .bound = "getGenerativeModel" },
    { "getGenerativeModel().embedContent|batchEmbedContents", "embeddings", &gemini_model, DD_ROW_CALL, 0, .bound = "getGenerativeModel" },
    { "C.generate_content|generateContent|generateContentStream", "generateContent", &gemini, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "from_pretrained().predict|predict_streaming|predict_async|generate_content|send_message", "generateContent", &gemini_model, DD_ROW_CALL, 0, .bound = "from_pretrained" },
    { "from_pretrained().start_chat().send_message|send_message_streaming", "generateContent", &gemini_model, DD_ROW_CALL, 0, .bound = "from_pretrained" },
    { "from_pretrained().get_embeddings|get_embeddings_async|get_image_embeddings", "embeddings", &gemini_model, DD_ROW_CALL, 0, .bound = "from_pretrained" },
    { "from_pretrained().generate_images|edit_image|upscale_image", "images", &gemini_model, DD_ROW_CALL, 0, DD_UNIT_IMAGE, .bound = "from_pretrained" },
    { "embed_content|embed_content_async", "embeddings", &embed_first, DD_ROW_CALL, 0 },
    { "generate_text|chat", "generateContent", &gemini, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row litellm_rows[] = {
    { "completion|acompletion|text_completion|atext_completion|responses|aresponses|batch_completion|batch_completion_models|completion_with_retries", "completion", &lite, DD_ROW_CALL, 0 },
    { "embedding|aembedding", "embeddings", &lite, DD_ROW_CALL, 0 },
    { "rerank|arerank", "rerank", &lite, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "image_generation|aimage_generation", "images", &lite, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "transcription|atranscription|speech|aspeech", "audio", &lite, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { "Router().completion|acompletion|text_completion|atext_completion|aresponses|responses", "completion", &lite, DD_ROW_CALL, 0 },
    { "Router().embedding|aembedding", "embeddings", &lite, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row mistral_rows[] = {
    { "C.chat.complete|complete_async|stream|stream_async|parse|parse_async|parse_stream|parseStream|parse_stream_async", "chat", &mistral, DD_ROW_CALL, SOME_RUNGS },
    { "C.fim|agents.complete|complete_async|stream|stream_async", "chat", &mistral, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.chat|chat_stream|chatStream|completion|completion_stream", "chat", &mistral, DD_ROW_CALL, 0 },
    { "C.embeddings.create|create_async", "embeddings", &mistral, DD_ROW_CALL, DD_RUNG_IMPORT },
    { "C.embeddings", "embeddings", &mistral, DD_ROW_CALL, 0 },
    { "C.conversations.start|append|restart|start_async|append_async|start_stream|startStream|append_stream|appendStream", "chat", &mistral, DD_ROW_CALL, 0 },
    { "C.ocr.process|process_async", "ocr", &mistral, DD_ROW_CALL, DD_RUNG_IMPORT, DD_UNIT_OTHER },
    { "C.classifiers.moderate|classify|moderate_chat|classify_chat", "chat", &mistral, DD_ROW_FREE, 0 },
    { "C.audio.transcriptions|speech.complete|stream|complete_async", "audio", &mistral, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { NULL }
};
static const dd_row dashscope_rows[] = {
    { "Generation|AioGeneration|MultiModalConversation|AioMultiModalConversation|Application.call", "chat", &first_model, DD_ROW_CALL, 0 },
    { "TextEmbedding|MultiModalEmbedding|BatchTextEmbedding.call|async_call", "embeddings", &first_model, DD_ROW_CALL, 0 },
    { "TextReRank.call", "rerank", &first_model, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "ImageSynthesis.call|async_call", "images", &first_model, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { NULL }
};
static const dd_row dashscope_media_rows[] = {
    { "VideoSynthesis.call|async_call", "videos", &first_model, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "SpeechSynthesizer|Transcription.call|async_call", "audio", &first_model, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { "SpeechSynthesizer|Recognition().call|streaming_call", "audio", &first_model, DD_ROW_CALL, 0, DD_UNIT_AUDIO, .bound = "SpeechSynthesizer|Recognition" },
    { NULL }
};
static const dd_row zhipu_rows[] = {             /* beside the surface of OpenAI's */
    { "C.chat.asyncCompletions.create", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.images.generations|asyncGenerations", "images", &media, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "C.videos.generations", "videos", &media, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { NULL }
};
static const dd_row ark_rows[] = {
    { "C.bot_chat.completions.create", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.multimodal_embeddings.create", "embeddings", &input_only, DD_ROW_CALL, 0 },
    { "C.content_generation.tasks.create", "videos", &media, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { NULL }
};
static const dd_row maas_rows[] = {              /* the request is one object, or an endpoint's id and the object */
    { "C.chat|stream_chat", "chat", &maas, DD_ROW_CALL, 0 },
    { "C.embeddings", "embeddings", &maas, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row clarifai_rows[] = {
    { "Model().predict|predict_by_bytes|predict_by_url|predict_by_filepath|generate|generate_by_bytes|generate_by_url|stream", "completions", &clarifai, DD_ROW_CALL, 0, .bound = "Model" },
    { NULL }
};
static const dd_row fireworks_rows[] = {
    { "LLM().chat.completions.create|acreate", "chat.completions", &chat, DD_ROW_CALL, 0, .bound = "LLM" },
    { "LLM().completions.create|acreate", "completions", &chat, DD_ROW_CALL, 0, .bound = "LLM" },
    { "ChatCompletion.create|acreate", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "Completion.create|acreate", "completions", &chat, DD_ROW_CALL, 0 },
    { "C.chat.completions|completions.acreate", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row together_rows[] = {
    { "Complete.create", "completions", &chat, DD_ROW_CALL, 0 },
    { "C.rerank.create", "rerank", &cohere, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "C.images.create", "images", &media, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { NULL }
};
static const dd_row writer_rows[] = {
    { "C.chat.chat", "chat", &chat, DD_ROW_CALL, 0 },
    { "C.completions.create", "completions", &chat, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row any_llm_rows[] = {
    { "completion|acompletion", "completion", &lite, DD_ROW_CALL, 0 },
    { "responses|aresponses|messages|amessages", "completion", &any_llm, DD_ROW_CALL, 0 },
    { "embedding|aembedding", "embeddings", &any_llm, DD_ROW_CALL, 0 },
    { "AnyLLM.create().completion|acompletion|responses|aresponses", "completion", &lite, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row fal_rows[] = {               /* of what is hosted there, most makes pictures */
    { "C.subscribe|run|submit|stream|subscribe_async|run_async|submit_async|stream_async", "images", &first_model, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { NULL }
};
static const dd_row qianfan_rows[] = {
    { "ChatCompletion|Completion().do|ado", "chat", &chat, DD_ROW_CALL, DD_ROW_CLIENT },
    { "Embedding().do|ado", "embeddings", &input_only, DD_ROW_CALL, DD_ROW_CLIENT },
    { NULL }
};
static const dd_row cohere_rows[] = {
    { "C.v2.chat|chatStream|chat_stream", "chat", &cohere, DD_ROW_CALL, 0 },
    { "C.v2.embed", "embeddings", &cohere, DD_ROW_CALL, 0 },
    { "C.v2.rerank", "rerank", &cohere, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "C.chat|chat_stream|chatStream|generate|generate_stream|generateStream|summarize|classify", "chat", &cohere, DD_ROW_CALL, 0 },
    { "C.embed", "embeddings", &cohere, DD_ROW_CALL, 0 },
    { "C.rerank", "rerank", &cohere, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { NULL }
};
static const dd_row huggingface_rows[] = {
    { "C.chat_completion|text_generation|chatCompletion|chatCompletionStream|textGeneration|textGenerationStream|conversational|summarization", "chat.completions", &chat, DD_ROW_CALL, DD_ROW_CLIENT },
    { "C.chat.completions.create", "chat.completions", &chat, DD_ROW_CALL, DD_ROW_CLIENT },
    { "C.feature_extraction|featureExtraction", "embeddings", &chat, DD_ROW_CALL, DD_ROW_CLIENT },
    { "C.text_to_image|textToImage|image_to_image|imageToImage", "images", &chat, DD_ROW_CALL, DD_ROW_CLIENT, DD_UNIT_IMAGE },
    { "C.text_to_video|textToVideo|image_to_video|imageToVideo", "videos", &chat, DD_ROW_CALL, DD_ROW_CLIENT, DD_UNIT_OTHER },
    { "C.text_to_speech|textToSpeech|automatic_speech_recognition|automaticSpeechRecognition", "audio", &chat, DD_ROW_CALL, DD_ROW_CLIENT, DD_UNIT_AUDIO },
    { NULL }
};
static const dd_row replicate_rows[] = {
    { "C.run|stream|async_run|async_stream", "chat.completions", &first_model, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "C.predictions.create", "chat.completions", &first_model, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "C.use", "chat.completions", &first_model, DD_ROW_BINDING, 0, DD_UNIT_OTHER },
    { NULL }
};
static const dd_row ollama_rows[] = {
    { "C.chat|generate", "chat", &first_model, DD_ROW_CALL, 0 },
    { "C.embeddings|embed", "embeddings", &first_model, DD_ROW_CALL, 0 },
    { "chat|generate", "chat", &first_model, DD_ROW_CALL, 0 },
    { "embeddings|embed", "embeddings", &first_model, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row embedders_rows[] = {
    { "C.embed|multimodal_embed|contextualized_embed", "embeddings", &second_model, DD_ROW_CALL, 0 },
    { "C.rerank", "rerank", &second_model, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { NULL }
};
static const dd_row xai_rows[] = {
    { "C.chat.create().sample|stream|parse|sample_batch", "chat.completions", &chat, DD_ROW_CALL, 0, .bound = "create" },
    { "C.chat.create().defer", "chat.completions", &chat, DD_ROW_CALL, 0, .bound = "create" },
    { "C.chat.completions.create", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.image.sample|sample_batch", "images", &media, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "C.video.generate", "videos", &media, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { NULL }
};
static const dd_row openrouter_rows[] = {
    { "C.chat.send|create|completions", "chat.completions", &open_router, DD_ROW_CALL, 0 },
    { "C.responses.send", "responses", &responses, DD_ROW_CALL, 0 },
    { "C.embeddings.generate", "embeddings", &input_only, DD_ROW_CALL, 0 },
    { "C.rerank.rerank", "rerank", &cohere, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "C.callModel", "responses", &responses, DD_ROW_CALL, 0 },
    { NULL }
};
/* Names that exist only on the wrapped client; the rest is matched after the wrapper has been looked through. */
static const dd_row instructor_rows[] = {
    { "C.chat.completions.create|create_with_completion|create_partial|create_iterable|create_fn", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.completions.create|create_with_completion|create_partial|create_iterable|create_fn", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.messages.create|create_with_completion|create_partial|create_iterable|create_fn", "messages", &chat, DD_ROW_CALL, 0 },
    { "C.chat.create|create_with_completion|create_partial|create_iterable", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.create|create_with_completion|create_partial|create_iterable|create_fn", "chat.completions", &chat, DD_ROW_CALL, 0 },
    { "C.responses.create|create_with_completion|create_partial|create_iterable", "responses", &responses, DD_ROW_CALL, 0 },
    { NULL }
};
static const dd_row instructor_tail_rows[] = {   /* distinctive whatever the receiver is */
    { "C.chat.completions.create_with_completion|create_partial|create_iterable", "chat.completions", &chat, DD_ROW_CALL, CHAT_RUNGS },
    { "C.messages.create_with_completion|create_partial|create_iterable", "messages", &chat, DD_ROW_CALL, CHAT_RUNGS },
    { NULL }
};

const dd_family dd_families_sdk[] = {
    { "openai|langfuse.openai|posthog.ai.openai|@posthog/ai|portkey_ai|portkey-ai", "openai", "openai", openai_rows },
    { "openai|openai-edge|openai-edge-fns", "openai-legacy", "openai", openai_legacy_rows },
    { "@azure/openai", "azure-openai", "azure", azure_openai_rows },
    { "azure.ai.inference|@azure-rest/ai-inference", "azure-ai-inference", "azure", azure_inference_rows },
    { "azure.ai.projects|azure.ai.agents|@azure/ai-projects|@azure/ai-agents", "azure-ai-agents", "azure", azure_agents_rows },
    { "anthropic|@anthropic-ai/sdk|@anthropic-ai/bedrock-sdk|@anthropic-ai/vertex-sdk|@anthropic-ai/foundry-sdk|@anthropic-ai/*|posthog.ai.anthropic|langfuse.anthropic", "anthropic", "anthropic", anthropic_rows },
    { "groq|groq-sdk", "groq", "groq", openai_rows },
    { "together|together-ai", "together", "together", openai_rows },
    { "cerebras.cloud.sdk|@cerebras/cerebras_cloud_sdk", "cerebras", "cerebras", openai_rows },
    { "together|together-ai", "together", "together", together_rows },
    { "zhipuai|zai", "zhipuai", "zhipuai", openai_rows },
    { "zhipuai|zai", "zhipuai", "zhipuai", zhipu_rows },
    { "volcenginesdkarkruntime", "volcengine", "volcengine", openai_rows },
    { "volcenginesdkarkruntime", "volcengine", "volcengine", ark_rows },
    { "volcengine.maas", "volcengine", "volcengine", maas_rows },
    { "fireworks.client|fireworks", "fireworks", "fireworks", fireworks_rows },
    { "fireworks.client|fireworks", "fireworks", "fireworks", openai_rows },
    { "ai21", "ai21", "ai21", openai_rows },
    { "writerai|writer-sdk", "writer", "writer", writer_rows },
    { "aisuite", "aisuite", "", openai_rows },
    { "sambanova", "sambanova", "sambanova", openai_rows },
    { "perplexity|@perplexity-ai/perplexity_ai", "perplexity", "perplexity", openai_rows },
    { "google.genai|@google/genai|google.generativeai|@google/generative-ai|vertexai|@google-cloud/vertexai|firebase/ai|firebase/vertexai", "google-genai", "google", google_rows },
    { "litellm", "litellm", "", litellm_rows },
    { "mistralai|@mistralai/mistralai|@mistralai/*", "mistral", "mistral", mistral_rows },
    { "cohere|cohere-ai", "cohere", "cohere", cohere_rows },
    { "ibm_watsonx_ai|ibm_watson_machine_learning|@ibm-cloud/watsonx-ai", "ibm-watsonx", "watsonx", watsonx_rows },
    { "oci.generative_ai_inference|oci-generativeaiinference", "oci", "oci", oci_rows },
    { "dashscope", "dashscope", "dashscope", dashscope_rows },
    { "dashscope", "dashscope", "dashscope", dashscope_media_rows },
    { "clarifai", "clarifai", "clarifai", clarifai_rows },
    { "any_llm", "any-llm", "", any_llm_rows },
    { "fal_client|@fal-ai/client|@fal-ai/serverless-client", "fal", "fal", fal_rows },
    { "qianfan", "qianfan", "qianfan", qianfan_rows },
    { "huggingface_hub|@huggingface/inference", "huggingface", "huggingface", huggingface_rows },
    { "replicate", "replicate", "replicate", replicate_rows },
    { "ollama|ollama/browser", "ollama", "ollama", ollama_rows },
    { "voyageai|voyageai.client", "voyage", "voyage", embedders_rows },
    { "xai_sdk", "xai", "xai", xai_rows },
    { "@openrouter/sdk|@openrouter/agent|openrouter", "openrouter", "openrouter", openrouter_rows },
    { "instructor|@instructor-ai/instructor", "instructor", "", instructor_rows },
    { "instructor", "instructor", "", instructor_tail_rows },
    { NULL }
};

/* Known packages in which the same words mean something else (call-shapes 21). */
const char dd_silent_packages[] =
    "unittest*|mock|pytest*|jest|vitest|sinon|msw|nock|respx|responses|httpx_mock|requests_mock|vcr|types|twilio|plivo|telnyx|vonage|sendgrid|"
    "@prisma/client|prisma|drizzle-orm*|mongoose|typeorm|sequelize|stripe|slack_sdk|@slack/*|discord*|telegram*|express|fastify|hono|http|https|"
    "undici|sqlalchemy|django*|flask|kubernetes|rich|argparse|json|tiktoken|"
    "@testing-library/*|@playwright/*|playwright|puppeteer|googleapis|firebase-admin|@aws-sdk/client-s3|sentence_transformers|transformers|"
    "sqlite_utils|sqlite3|chromadb|pinecone|qdrant_client|@elevenlabs/*|elevenlabs|supabase|@supabase/*|redis|zod|pydantic|dataclasses";
