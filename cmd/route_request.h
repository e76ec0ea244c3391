/* cmd/route_request.h - a request from a file as the facts that rules ask: for `route explain`.
 *
 * Chat completions, messages and responses, told apart by their members; POST /v1/chat by its own (priority, max_cost, latency_pref); text that is no
 * JSON is the user's one message. */
#ifndef DD_CMD_ROUTE_REQUEST_H
#define DD_CMD_ROUTE_REQUEST_H
#include "route/facts.h"

typedef struct {
    dd_facts         facts;
    dd_prompt        prompt;       /* of the classifier */
    dd_str           tools;        /* their text, which is counted */
    dd_str           tokenizer;    /* tag; by which the prompt is counted: the caller sets it before the facts are asked */
    dd_arena        *arena;
    double           low, high;    /* scores where complexity is medium, high; both 0: as built in */
    DD_VEC(dd_tag)   tags;
    DD_VEC(dd_route_step) chain;
} dd_route_request;

/* `endpoint`: "chat", "messages", "responses", "omni", or NULL to tell by the body. Memory is the arena's but for two lists (dd_route_request_fini).
 * Bad JSON, an unknown shape: DD_ERR_PARSE. */
dd_code dd_route_request_read(dd_str body, const char *endpoint, dd_arena *arena, dd_route_request *out, dd_err *err);
/* A tag as X-DD0C-NAME has it: feature, team, env, user, session, tier, call-site have their own facts, all others are tags.NAME. */
void    dd_route_request_tag(dd_route_request *r, dd_str name, dd_str value);
/* X-DD0C-Fallback: models separated by commas; what stands behind a semicolon is left out. */
void    dd_route_request_chain(dd_route_request *r, dd_str list);
void    dd_route_request_fini(dd_route_request *r);
#endif
