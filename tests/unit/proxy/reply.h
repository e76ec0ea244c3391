/* tests/unit/proxy/reply.h - one answer or stream through a reader and a writer.
 *
 * JSON in these tests is written with ' for ". */
#ifndef DD_TEST_REPLY_H
#define DD_TEST_REPLY_H
#include "proxy/dialect/dialect.h"
#include "tests/unit/test.h"

typedef struct {
    dd_arena        arena;
    dd_drops        drops;
    dd_renames      names, ids;
    dd_api_error    error;
    dd_request      request;
    dd_answer_facts facts;     /* new_id "n", now 1700000000, include_usage */
    dd_buf          out;
    dd_usage_report usage;     /* of a stream */
    bool            whole;     /* a stream's end */
} reply;

void   reply_open(reply *t);
void   reply_close(reply *t);
/* The body for the client; "" where the reader refused, and t->error says why. */
dd_str reply_answer(reply *t, dd_dialect from, dd_dialect to, const char *body);
/* The client's stream. `text` is the provider's, server-sent events. */
dd_str reply_stream(reply *t, dd_dialect from, dd_dialect to, const char *text);
/* The client's stream of an answer that came whole: replayed, and read again where the client's API is another one. */
dd_str reply_replay(reply *t, dd_dialect from, dd_dialect to, const char *body);
/* Names of what was dropped, with blanks between them. */
dd_str reply_drops(reply *t);

dd_str reply_json(dd_arena *arena, const char *text);                /* ' becomes ", NUL-terminated */
bool   reply_has(reply *t, dd_str text, const char *piece);

/* What each row of a table wants: pieces that are there, in this order, and one that is not. */
typedef struct {
    const char *why;
    dd_dialect  from, to;
    const char *in;
    const char *has[8];
    const char *not;
} reply_case;
void reply_answers(const reply_case *cases, size_t n);
void reply_streams(const reply_case *cases, size_t n);
void reply_replays(const reply_case *cases, size_t n);

#define CHAT      DD_DIALECT_CHAT
#define MESSAGES  DD_DIALECT_MESSAGES
#define RESPONSES DD_DIALECT_RESPONSES
#define D(json)     "data: " json "\n\n"
#define DONE        "data: [DONE]\n\n"
/* A chunk of chat.completions with this delta; with this end. */
#define CHUNK_HEAD   "{'id':'c1','object':'chat.completion.chunk','created':7,'model':'m','choices':["
#define CHUNK(delta) D(CHUNK_HEAD "{'index':0,'delta':{" delta "},'finish_reason':null}]}")
#define FINISH(word) D(CHUNK_HEAD "{'index':0,'delta':{},'finish_reason':'" word "'}]}")
#define USAGE \
    D(CHUNK_HEAD "],'usage':{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15,'prompt_tokens_details':{'cached_tokens':4}}}")
#define START \
    D("{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[],'stop_reason':null," \
      "'usage':{'input_tokens':10,'cache_read_input_tokens':3,'cache_creation_input_tokens':2,'output_tokens':1}}}")
#define BLOCK(index, block) D("{'type':'content_block_start','index':" index ",'content_block':{" block "}}")
#define DELTA(index, delta) D("{'type':'content_block_delta','index':" index ",'delta':{" delta "}}")
#define STOP(index)         D("{'type':'content_block_stop','index':" index "}")
#define END(reason)         D("{'type':'message_delta','delta':{'stop_reason':'" reason "','stop_sequence':null},'usage':{'output_tokens':9}}") \
                            D("{'type':'message_stop'}")
#endif
