/* proxy/mock_parts.h - how the mock's files share its work: what to answer (plan), how to say it (write). */
#ifndef DD_PROXY_MOCK_PARTS_H
#define DD_PROXY_MOCK_PARTS_H
#include "base/jspan.h"
#include "proxy/mock.h"
#include "route/tokens.h"

typedef enum {
    DD_MOCK_NONE, DD_MOCK_CHAT, DD_MOCK_MESSAGES, DD_MOCK_RESPONSES, DD_MOCK_COMPLETIONS, DD_MOCK_EMBEDDINGS, DD_MOCK_COUNT, DD_MOCK_MODELS
} dd_mock_api;

typedef struct {
    dd_str  name, id;              /* insides of JSON strings */
    dd_str  args;                  /* a JSON object */
    dd_str *pieces; size_t n;      /* of the same, escaped: what a stream says one after the other */
} dd_mock_call;

typedef struct {
    dd_mock_api   api;
    dd_str        model;           /* as it was sent, without what is behind "!" */
    dd_str        id;              /* 16 letters of the hash of texts and model */
    bool          stream, include_usage, thinking, anthropic;
    int           n;               /* choices */
    dd_str       *pieces; size_t n_pieces;  /* of the text, escaped */
    dd_mock_call *calls;  size_t n_calls;
    bool          cut_short;       /* by max_tokens */
    int64_t       in_tokens, out_tokens;
    size_t        inputs, dimensions;       /* embeddings */
    bool          base64;
    uint64_t      hash;
    dd_str        fault;           /* behind "!" in the model's name */
} dd_mock_plan;

/* Counts of the last texts: a load test sends the same again and again. One thread at a time. */
typedef struct { dd_token_memo *memo; struct { uint64_t hash; size_t len; int64_t tokens; } known[256]; } dd_mock_counter;

/* Reads the body. DD_ERR_PARSE, DD_ERR_USAGE: what a provider would refuse. `tokens`: how long an answer is; `counter`: this thread's. */
dd_code dd_mock_plan_make(dd_mock_plan *p, dd_mock_api api, dd_str body, int64_t tokens, dd_mock_counter *counter, dd_arena *arena, dd_err *err);
/* A value that a JSON schema allows, as JSON. */
dd_str  dd_mock_sample(const dd_jspan *d, uint32_t schema, dd_arena *arena);

/* The whole answer, appended. */
void    dd_mock_write_body(const dd_mock_plan *p, dd_buf *out);
/* The stream's event number `step`, appended; false: there was none left. */
bool    dd_mock_write_event(const dd_mock_plan *p, size_t step, bool no_usage, bool no_done, dd_buf *out);
void    dd_mock_write_models(dd_str one, bool anthropic, dd_buf *out);
void    dd_mock_write_error(bool anthropic, int status, const char *why, dd_buf *out);
void    dd_mock_write_error_event(const dd_mock_plan *p, dd_buf *out);
#endif
