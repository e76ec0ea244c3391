/* proxy/dialect/dialect.h - what three APIs have in common, and where each goes its own way.
 *
 * chat.completions, messages and responses each have a reader into these types and a writer out of them, for requests, answers and streams: six
 * and not a pair of translators for each two. Only used between different families; within one, the bytes go through (proxy/splice.h).
 *
 * Text. Everything named `text` here, and ids and names, is the inside of a JSON string as it was written (escaped, base/jspan.h): it goes from one JSON string
 * into another without being decoded, so nothing is lost. `raw` is a whole JSON value. Empty raw or NULL ptr: not there. All of it is the arena's or borrowed from the body.
 *
 * What cannot be carried is named in dd_drops, never silently gone. Source of the rules: docs/translation.md (T and S numbers). */
#ifndef DD_PROXY_DIALECT_DIALECT_H
#define DD_PROXY_DIALECT_DIALECT_H
#include "base/jspan.h"
#include "route/cost.h"

typedef enum { DD_DIALECT_NONE, DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES, DD_DIALECT_COMPLETIONS, DD_DIALECT_EMBEDDINGS } dd_dialect;
const char *dd_dialect_name(dd_dialect d);   /* "chat.completions", "messages", "responses", ... */

typedef enum { DD_TRI_UNSET, DD_TRI_FALSE, DD_TRI_TRUE } dd_tri;

/* Names of what was not carried over: "logit_bias", "messages[2].content[1].input_audio"; or changed: "temperature=1". */
typedef DD_VEC(dd_str) dd_drops;
/* Once each: the same member in several places becomes one name with empty brackets, "messages[].name". Only printable ASCII without blanks and commas comes
 * out, fit for a header; a long list ends with "...". For members whose loss a policy may forbid: dd_dialect_drop. */
void dd_drop(dd_drops *drops, dd_arena *arena, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- requests --- */

typedef enum {
    DD_PART_TEXT,        /* text */
    DD_PART_IMAGE,       /* media_type + data (base64), or url, or file_id */
    DD_PART_DOCUMENT,    /* the same, or text; filename, title */
    DD_PART_AUDIO,       /* data, media_type (the format's name for chat: "wav") */
    DD_PART_TOOL_CALL,   /* id, name, raw = arguments as a JSON value (usually an object); what is no JSON (cut short): raw none, text = as it was written.
                            In requests text is there too whenever the arguments came as a string: its exact spelling */
    DD_PART_TOOL_RESULT, /* id, result, is_error; name: only of a legacy function's */
    DD_PART_THINKING,    /* text, signature and who made it; redacted: data */
    DD_PART_REFUSAL,     /* text */
    DD_PART_OTHER        /* raw, `type`: only its own dialect knows it */
} dd_part_kind;
typedef struct dd_part dd_part;
struct dd_part {
    dd_part_kind kind;
    dd_str   text, media_type, data, url, file_id, filename, title, detail;
    dd_str   id, name, type;
    dd_str   signature;       /* opaque: a thinking block's signature, a reasoning item's encrypted content; ptr NULL or empty: unsigned */
    dd_dialect signed_by;     /* whose model takes the signature back; dd_seal_* carries that through a client of another family */
    dd_str   cache_control;   /* raw */
    dd_str   raw;
    bool     is_error, redacted;
    bool     custom;          /* TOOL_CALL: a tool that takes free text, which is in `text` */
    dd_part *result, **tail;  /* first of the parts of a tool's result; tail: the reader's */
    dd_part *next;
    dd_str   where;           /* "messages[2].content[0]": for errors and drops */
};
typedef enum { DD_ROLE_SYSTEM, DD_ROLE_USER, DD_ROLE_ASSISTANT } dd_role;   /* developer is SYSTEM; a tool's result is a part of a USER turn */
typedef struct dd_turn dd_turn;
struct dd_turn {
    dd_role  role;
    bool     developer;       /* SYSTEM that was called developer */
    dd_str   where;
    dd_part *parts, **tail;   /* tail: the reader's */
    dd_turn *next;
};
typedef struct dd_tool dd_tool;
struct dd_tool {
    dd_str   name, description;     /* escaped; ptr NULL: none */
    dd_str   parameters;            /* raw; ptr NULL: none given */
    dd_str   cache_control;         /* raw */
    dd_tri   strict;
    dd_str   type, raw;             /* a provider's own tool (web search ...): its type and the whole value; name may be empty */
    bool     custom; dd_str format; /* takes free text; raw grammar */
    dd_str   where;
    dd_tool *next;
};
typedef enum { DD_CHOICE_UNSET, DD_CHOICE_AUTO, DD_CHOICE_NONE, DD_CHOICE_REQUIRED, DD_CHOICE_NAMED } dd_choice;
typedef enum { DD_FORMAT_TEXT, DD_FORMAT_OBJECT, DD_FORMAT_SCHEMA } dd_format;
typedef enum { DD_THINK_UNSET, DD_THINK_OFF, DD_THINK_ADAPTIVE, DD_THINK_BUDGET } dd_think;

/* A member that means the same to more than one API and to us nothing: "prompt_cache_key". */
typedef struct dd_extra dd_extra;
struct dd_extra { const char *name; dd_str raw; dd_extra *next; };

typedef struct {
    dd_dialect from;
    dd_str    model;             /* escaped, as the client wrote it */
    dd_turn  *turns;             /* in order; system turns where they stood */
    dd_tool  *tools;
    dd_choice tool_choice;  dd_str tool_choice_name;
    dd_tri    parallel_tools;
    dd_str    max_tokens, temperature, top_p, top_k;      /* raw numbers; ptr NULL: not given */
    dd_str   *stop; size_t n_stop;                        /* escaped */
    bool      stream, include_usage;                      /* include_usage: the client of a chat stream asked for the usage chunk */
    dd_format format; dd_str schema_name, schema, schema_description; dd_tri schema_strict;   /* schema raw */
    dd_str    effort;            /* "low", "xhigh" ... */
    dd_think  think; int64_t think_budget;
    dd_str    user;              /* escaped: user, safety_identifier, metadata.user_id */
    dd_str    service_tier;
    dd_str    metadata;          /* raw */
    dd_tri    store;             /* responses: true unless said otherwise; matters only where previous answers are asked for */
    dd_str    verbosity;         /* escaped */
    dd_extra *extras;
    bool      legacy_functions;  /* T23: the client speaks functions, not tools: its answer says function_call */
    bool      sealed_reasoning;  /* responses: include reasoning.encrypted_content */
} dd_request;

/* What the writer must know about the target model: from the price table's row and the configuration. */
typedef struct {
    int64_t max_output;       /* 0: not known */
    bool    adaptive_thinking;/* takes thinking:{type:adaptive} and output_config.effort; else a budget */
    bool    reasoning;        /* thinks at all */
    bool    no_sampling;      /* refuses temperature, top_p, top_k */
    bool    json_schema;      /* takes a schema for its answer; else a forced tool */
    bool    vision, documents;
    bool    one_sampling;     /* refuses temperature and top_p together */
    /* of the provider rather than the model; all false: as OpenAI and Anthropic themselves */
    bool    old_max_tokens;   /* chat: knows max_tokens, not max_completion_tokens */
    bool    no_developer;     /* chat: knows the role system only */
    bool    plain_text;       /* chat: content that is only text has to be a string */
    bool    cache_control;    /* chat: takes Anthropic's cache_control on parts */
    bool    replay_thinking;  /* chat: takes back reasoning_content of earlier turns */
    bool    top_k;            /* chat: takes top_k */
    bool    no_extras;        /* chat: refuses what only OpenAI knows: user, store, metadata, service_tier, verbosity, cache keys */
} dd_target_facts;

/* What to do with a member that the target has no place for; a policy by name may differ. */
typedef enum { DD_UNSUPPORTED_DROP, DD_UNSUPPORTED_ERROR } dd_unsupported;
typedef struct { dd_str name; dd_unsupported what; } dd_unsupported_rule;   /* "logit_bias", "messages[].name": as in drops, brackets empty */

/* An error that goes back to the client in its own API's shape (proxy/dialect/errors.c). Plain text, not escaped. */
typedef struct {
    int    status;
    dd_str type;              /* as OpenAI names it: "invalid_request_error", "rate_limit_error", "server_error" ... */
    dd_str code, param;       /* "" none */
    dd_str message;
    bool   no_retry;          /* x-should-retry: false */
} dd_api_error;

/* Tool names and ids that had to be changed for the target, and their way back (T7, T8): of one request, used again by its answer. Among names, an entry
 * with empty `ours` says that a call of `theirs` is the answer's text: a schema was asked of a model that only has tools (T19). */
typedef struct { dd_str ours, theirs; } dd_rename;
typedef DD_VEC(dd_rename) dd_renames;

typedef struct {
    dd_arena       *arena;
    dd_drops       *drops;
    dd_unsupported  unsupported;
    dd_renames     *names, *ids;
    dd_api_error   *error;    /* filled when a reader or writer returns false */
    const dd_unsupported_rule *rules; size_t n_rules;   /* by name, before `unsupported` */
} dd_dialect_ctx;

/* dd_drop, unless the policy says error: then ctx->error (400, the name as param), and the reader or writer of the request returns false at its end. */
void dd_dialect_drop(dd_dialect_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A signature in the hands of a client of another family says who can read it: "dd0c.messages.EqQB..." Escaped text in and out. The reader of
 * requests takes them apart again (dd_part.signature, signed_by); without that front a signature is the client's own family's. */
dd_str dd_seal_write(dd_dialect signed_by, dd_str signature, dd_arena *arena);
#define DD_SEAL_REDACTED "redacted."   /* before the data of a redacted block of messages in the hands of a responses client */
dd_str dd_seal_read(dd_str sealed, dd_dialect *signed_by);   /* *signed_by stays when there is no such front */

/* Body -> *r. Unknown members are named in drops (or are the error, by policy). false: ctx->error (400 with param). */
bool dd_request_read(dd_dialect from, const dd_jspan *body, dd_dialect_ctx *ctx, dd_request *r);
/* *r -> a body for `model` (plain text) in the target's dialect, appended. */
bool dd_request_write(dd_dialect to, const dd_request *r, dd_str model, const dd_target_facts *facts, dd_dialect_ctx *ctx, dd_buf *out);

/* --- answers --- */

/* What an answer or a stream says about its tokens. Unknown counters are -1 before dd_usage is made of them. */
typedef struct {
    dd_usage usage;           /* disjoint; only with `reported` */
    bool     reported;
    int64_t  reasoning, audio_in, audio_out;   /* parts of input and output; 0: none or not said */
} dd_usage_report;

typedef enum { DD_STOP_NONE, DD_STOP_END, DD_STOP_LENGTH, DD_STOP_TOOLS, DD_STOP_SEQUENCE, DD_STOP_FILTER, DD_STOP_PAUSE, DD_STOP_ERROR } dd_stop;

typedef struct {
    dd_str          id, model;       /* escaped */
    int64_t         created;         /* seconds; 0: not said */
    dd_part        *parts;           /* TEXT, THINKING, TOOL_CALL, REFUSAL, OTHER in order */
    dd_stop         stop; dd_str stop_sequence;
    dd_usage_report usage;
    dd_str          service_tier, system_fingerprint;
    dd_str          metadata;        /* raw */
} dd_answer;

/* What the client's request said that its answer must show again (responses: instructions, tools ... ). */
typedef struct {
    dd_str model;                    /* escaped: what the answer names as its model (the real one unless restamped) */
    bool   include_usage;
    const dd_request *request;
    int64_t now;                     /* seconds, for `created` where the provider said none */
    dd_str new_id;                   /* for ids of ours: unique text of [a-z0-9] */
    dd_str request_id;               /* for errors in the midst of a stream; may be empty */
} dd_answer_facts;

/* false: ctx->error; the body was an error, or no answer of that API. */
bool dd_answer_read(dd_dialect from, const dd_jspan *body, dd_dialect_ctx *ctx, dd_answer *a);
bool dd_answer_write(dd_dialect to, const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out);

/* Usage and stop of an answer body as it is (same family: nothing else is read). Also embeddings and completions. */
void dd_usage_read(dd_dialect d, const dd_jspan *body, dd_usage_report *u, dd_stop *stop);

/* An embeddings answer whose vectors are arrays of numbers, with each as base64 of little-endian 32-bit floats (what clients ask for by
 * encoding_format "base64", and some providers do not know); all else as it was. The arena's. ptr NULL: nothing to change (S18). */
dd_str dd_embeddings_base64(const dd_jspan *body, dd_arena *arena);

/* --- streams --- */

typedef enum {
    DD_SE_START,       /* id, model, created, usage so far, service_tier, system_fingerprint */
    DD_SE_TEXT,        /* text */
    DD_SE_THINKING,    /* text */
    DD_SE_SIGNATURE,   /* text: of the thinking before it; redacted: data in text */
    DD_SE_REFUSAL,     /* text */
    DD_SE_TOOL,        /* a tool call begins: tool = 0..k, id, name */
    DD_SE_TOOL_ARGS,   /* tool, text: a piece of the arguments, escaped once (the inside of a JSON string that holds JSON text) */
    DD_SE_TOOL_END,    /* tool */
    DD_SE_OTHER,       /* name: something only that API knows began (a server's own tool ...); it is dropped, and said so */
    DD_SE_USAGE,       /* usage: all that is known so far, not to be summed */
    DD_SE_STOP,        /* stop, stop_sequence */
    DD_SE_ERROR,       /* error; nothing follows */
    DD_SE_END          /* the provider's end mark ([DONE], message_stop, response.completed) */
} dd_se_kind;
typedef struct {
    dd_se_kind      kind;
    dd_str          id, model, name, text, stop_sequence, service_tier, system_fingerprint;
    int64_t         created;
    int             tool;
    bool            redacted;
    bool            custom;      /* TOOL: of one that takes free text; its TOOL_ARGS are that text */
    dd_dialect      signed_by;   /* SIGNATURE */
    dd_stop         stop;
    dd_usage_report usage;
    dd_api_error    error;
} dd_stream_event;
typedef void dd_stream_fn(void *ctx, const dd_stream_event *e);

/* Reads one provider stream, SSE event by SSE event. Opaque; the arena's, except what dd_stream_reader_free gives back. */
typedef struct dd_stream_reader dd_stream_reader;
dd_stream_reader *dd_stream_reader_new(dd_dialect from, dd_arena *arena);
/* What one event needs while it is read comes from `scratch`, which the readers of one thread may share; without this each has its own. */
void              dd_stream_reader_share(dd_stream_reader *r, dd_arena *scratch);
/* One SSE event (name may be empty). Its memory is bounded however long the stream is. A text that is no JSON gives DD_SE_ERROR. Text of an event is borrowed for the call. */
void dd_stream_read(dd_stream_reader *r, dd_str name, dd_str data, dd_stream_fn *fn, void *ctx);
/* The connection ended. true: the stream was whole (an end mark, or a stop reason for those who send no mark); false: it was cut, and DD_SE_ERROR was given. */
bool dd_stream_read_end(dd_stream_reader *r, dd_stream_fn *fn, void *ctx);
/* Facts so far, also for streams that are passed on as they are. */
typedef struct {
    dd_usage_report usage;
    dd_stop         stop;
    bool            content, failed;
    bool            ended;         /* the end mark was there. Streams of messages and responses may go on with a second answer, so their DD_SE_END waits for
                                      dd_stream_read_end: whoever has waited a moment for the connection's end may call that */
    int64_t         output_bytes;
} dd_stream_facts;
dd_stream_facts dd_stream_reader_facts(const dd_stream_reader *r);   /* content: a first token was there; output_bytes: of text and arguments, for counting by us */
void dd_stream_reader_free(dd_stream_reader *r);

/* Writes a client's stream: events in, SSE bytes appended. Starts lazily, closes blocks, dense indexes (S5-S9). Nothing is written behind an error or the end. */
typedef struct dd_stream_writer dd_stream_writer;
dd_stream_writer *dd_stream_writer_new(dd_dialect to, const dd_answer_facts *facts, dd_dialect_ctx *ctx);
void dd_stream_write(dd_stream_writer *w, const dd_stream_event *e, dd_buf *out);
void dd_stream_writer_free(dd_stream_writer *w);

/* A whole answer of an API as the stream (server-sent events of that same API) that it should have been, appended: for providers that answer stream:
 * true with one JSON. All of its members stay, spelled as they were. false, and nothing appended: an error, or no finished answer of that API. */
bool dd_answer_replay(dd_dialect d, const dd_jspan *body, dd_buf *out);

/* --- errors --- */

/* A provider's error body (any of the shapes) with its status. Never fails: what is no JSON becomes the message. The status stays the provider's. */
void dd_error_read(int status, dd_str body, dd_arena *arena, dd_api_error *e);
/* A body in the client's shape, appended. request_id: for messages. */
void dd_error_write(dd_dialect to, const dd_api_error *e, dd_str request_id, dd_buf *out);
/* The status a client of that API expects for an error: 529 only towards messages (else 503), and so on (S12). */
int  dd_error_status(dd_dialect to, const dd_api_error *e);
/* As an event in the midst of a stream of that API. */
void dd_error_event(dd_dialect to, const dd_api_error *e, dd_str request_id, dd_buf *out);
#endif
