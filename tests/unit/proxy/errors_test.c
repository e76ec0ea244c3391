/* Errors of providers in the shapes of both families: S12, S13. */
#include "proxy/dialect/dialect.h"
#include "tests/unit/test.h"

typedef struct { const char *why; int status; const char *body, *type, *code, *message; } read_case;

static const read_case reads[] = {
    { "OpenAI", 401, "{\"error\":{\"message\":\"Incorrect\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}", "invalid_request_error",
      "invalid_api_key", "Incorrect" },
    { "Anthropic 400", 400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"bad\"},\"request_id\":\"req_1\"}", "invalid_request_error", "", "bad" },
    { "Anthropic 401", 401, "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key\"}}", "authentication_error", "invalid_api_key",
      "invalid x-api-key" },
    { "Anthropic 403", 403, "{\"type\":\"error\",\"error\":{\"type\":\"permission_error\",\"message\":\"no\"}}", "permission_error", "", "no" },
    { "Anthropic 404", 404, "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model: claude-9\"}}", "not_found_error", "model_not_found", "model: claude-9" },
    { "Anthropic 413", 413, "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\",\"message\":\"big\"}}", "request_too_large", "", "big" },
    { "Anthropic 429", 429, "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}", "rate_limit_error", "", "slow" },
    { "Anthropic 500", 500, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"oops\"}}", "server_error", "", "oops" },
    { "Anthropic 529", 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", "server_error", "overloaded_error", "Overloaded" },
    { "a prompt that does not fit, Anthropic", 400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 210000 tokens > 200000 maximum\"}}",
      "invalid_request_error", "context_length_exceeded", "prompt is too long: 210000 tokens > 200000 maximum" },
    { "a prompt that does not fit, vLLM", 400, "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 tokens\",\"type\":\"BadRequestError\",\"code\":400}",
      "invalid_request_error", "context_length_exceeded", "This model's maximum context length is 4096 tokens" },
    { "Ollama", 404, "{\"error\":\"model \\\"x\\\" not found, try pulling it first\"}", "not_found_error", "model_not_found", "model \"x\" not found, try pulling it first" },
    { "Mistral", 429, "{\"object\":\"error\",\"message\":\"Requests rate limit exceeded\",\"type\":\"rate_limited\",\"param\":null,\"code\":\"1300\"}", "rate_limited", "1300",
      "Requests rate limit exceeded" },
    { "FastAPI, one text", 422, "{\"detail\":\"no\"}", "invalid_request_error", "", "no" },
    { "FastAPI, a list", 422, "{\"detail\":[{\"loc\":[\"body\",\"model\"],\"msg\":\"Field required\",\"type\":\"missing\"}]}", "invalid_request_error", "", "Field required" },
    { "Gemini", 400, "[{\"error\":{\"code\":400,\"message\":\"API key not valid\",\"status\":\"INVALID_ARGUMENT\"}}]", "invalid_request_error", "", "API key not valid" },
    { "a page", 502, "<html><head><title>502 Bad Gateway</title></head></html>", "server_error", "", "502 Bad Gateway" },
    { "a page without a title", 503, "<html></html>", "server_error", "", "the provider answered with status 503 and no message" },
    { "words", 500, " upstream connect error\n", "server_error", "", "upstream connect error" },
    { "nothing", 504, "", "timeout_error", "", "the provider answered with status 504 and no message" },
    { "JSON that says nothing", 418, "{}", "invalid_request_error", "", "the provider answered with status 418 and no message" },
    { "half of it", 500, "{\"error\":{\"mess", "server_error", "", "{\"error\":{\"mess" },
};

TEST(errors_of_providers_are_read)
{
    for (size_t i = 0; i < DD_COUNT(reads); i++) {
        const read_case *c     = &reads[i];
        dd_arena         arena = DD_ARENA_INIT;
        dd_api_error     e;
        dd_error_read(c->status, dd_str_z(c->body), &arena, &e);
        CHECK_EQ(e.status, c->status, c->why);
        if (!dd_str_eqz(e.type, c->type) || !dd_str_eqz(e.code, c->code) || !dd_str_eqz(e.message, c->message))
            dd_test_fail(__FILE__, __LINE__, "%s: type %.*s code %.*s message %.*s", c->why, DD_STR_ARG(e.type), DD_STR_ARG(e.code), DD_STR_ARG(e.message));
        dd_arena_fini(&arena);
    }
}

TEST(a_key_in_a_message_is_taken_out)
{
    dd_arena     arena = DD_ARENA_INIT;
    dd_api_error e;
    char         body[200];
    snprintf(body, sizeof body, "{\"error\":{\"message\":\"Incorrect API key provided: sk-%s\"}}", "a1b2c3d4e5f6a7b8c9d0e1f2a3b4");
    dd_error_read(401, dd_str_z(body), &arena, &e);
    CHECK(dd_str_has(e.message, "redacted") && !dd_str_has(e.message, "a1b2c3"));
    dd_arena_fini(&arena);
}

static const struct { const char *why; dd_dialect to; dd_api_error e; const char *want; int status; } writes[] = {
    { "to OpenAI's", DD_DIALECT_CHAT, { 400, DD_STR("invalid_request_error"), DD_STR(""), DD_STR("messages[0].role"), DD_STR("no \"x\""), false },
      "{\"error\":{\"message\":\"no \\\"x\\\"\",\"type\":\"invalid_request_error\",\"param\":\"messages[0].role\",\"code\":null}}", 400 },
    { "S12 401", DD_DIALECT_RESPONSES, { 401, DD_STR("authentication_error"), DD_STR(""), DD_STR(""), DD_STR("k"), false },
      "{\"error\":{\"message\":\"k\",\"type\":\"authentication_error\",\"param\":null,\"code\":\"invalid_api_key\"}}", 401 },
    { "S12 529 is 503 to OpenAI's", DD_DIALECT_CHAT, { 529, DD_STR("server_error"), DD_STR(""), DD_STR(""), DD_STR("o"), false },
      "{\"error\":{\"message\":\"o\",\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded_error\"}}", 503 },
    { "S12 a budget", DD_DIALECT_CHAT, { 402, DD_STR("insufficient_quota"), DD_STR("budget_exceeded"), DD_STR(""), DD_STR("b"), true },
      "{\"error\":{\"message\":\"b\",\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"budget_exceeded\"}}", 402 },
    { "S12 400 to Anthropic's", DD_DIALECT_MESSAGES, { 400, DD_STR("invalid_request_error"), DD_STR("c"), DD_STR("p"), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 400 },
    { "S12 401 to Anthropic's", DD_DIALECT_MESSAGES, { 401, DD_STR("invalid_request_error"), DD_STR("invalid_api_key"), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 401 },
    { "S12 402 to Anthropic's", DD_DIALECT_MESSAGES, { 402, DD_STR("insufficient_quota"), DD_STR("budget_exceeded"), DD_STR(""), DD_STR("m"), true },
      "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 402 },
    { "S12 404 to Anthropic's", DD_DIALECT_MESSAGES, { 404, DD_STR("invalid_request_error"), DD_STR("model_not_found"), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 404 },
    { "S12 429 to Anthropic's", DD_DIALECT_MESSAGES, { 429, DD_STR("tokens"), DD_STR("rate_limit_exceeded"), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 429 },
    { "S12 500 to Anthropic's", DD_DIALECT_MESSAGES, { 500, DD_STR("server_error"), DD_STR(""), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 500 },
    { "S12 503 is 529 to Anthropic's", DD_DIALECT_MESSAGES, { 503, DD_STR("server_error"), DD_STR(""), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 529 },
    { "S12 504 to Anthropic's", DD_DIALECT_MESSAGES, { 504, DD_STR("timeout_error"), DD_STR(""), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"timeout_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 504 },
    { "an odd status", DD_DIALECT_MESSAGES, { 422, DD_STR("x"), DD_STR(""), DD_STR(""), DD_STR("m"), false },
      "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"},\"request_id\":\"req_9\"}", 422 },
    { "no provider was reached", DD_DIALECT_CHAT, { 0, DD_STR(""), DD_STR(""), DD_STR(""), DD_STR("m"), false },
      "{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,\"code\":null}}", 502 },
};

TEST(errors_take_the_clients_shape)
{
    for (size_t i = 0; i < DD_COUNT(writes); i++) {
        dd_buf out = DD_BUF_INIT(0);
        dd_error_write(writes[i].to, &writes[i].e, DD_STR("req_9"), &out);
        if (!dd_str_eqz(dd_buf_str(&out), writes[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: %.*s", writes[i].why, DD_STR_ARG(dd_buf_str(&out)));
        CHECK_EQ(dd_error_status(writes[i].to, &writes[i].e), writes[i].status, writes[i].why);
        dd_buf_free(&out);
    }
}

TEST(errors_in_the_midst_of_a_stream)
{
    static const dd_api_error e = { 529, DD_STR("server_error"), DD_STR("overloaded_error"), DD_STR(""), DD_STR("Over\nloaded"), false };
    static const struct { dd_dialect to; const char *want; } rows[] = {
        { DD_DIALECT_CHAT, "data: {\"error\":{\"message\":\"Over\\nloaded\",\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded_error\"}}\n\n" },
        { DD_DIALECT_MESSAGES, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Over\\nloaded\"}}\n\n" },
        { DD_DIALECT_RESPONSES,
          "event: error\ndata: {\"type\":\"error\",\"code\":\"overloaded_error\",\"message\":\"Over\\nloaded\",\"param\":null,\"sequence_number\":0}\n\n" },
    };
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        dd_buf out = DD_BUF_INIT(0);
        dd_error_event(rows[i].to, &e, DD_STR(""), &out);
        CHECK_STR(dd_buf_str(&out), rows[i].want);
        dd_buf_free(&out);
    }
}
