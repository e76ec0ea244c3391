/* proxy/dialect/answer.h - what the readers and writers of answers and streams share among themselves.
 *
 * Usage and stop reasons of each dialect, JSON pieces, names that go back. Not for others: they use proxy/dialect/dialect.h. */
#ifndef DD_PROXY_DIALECT_ANSWER_H
#define DD_PROXY_DIALECT_ANSWER_H
#include "proxy/dialect/dialect.h"

/* --- usage: the provider's own counters, gathered before they are made disjoint (S3, S4) --- */
typedef struct {
    int64_t input, output, total, cache_read, cache_write, cache_write_5m, cache_write_1h, reasoning, audio_in, audio_out;   /* -1: not said */
    int64_t extra_in, extra_out;   /* of compaction turns, which messages leaves out of its totals */
} dd_usage_raw;
#define DD_USAGE_RAW_INIT { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0 }

/* A `usage` object's counters replace those of before; what it leaves out stays. false: none was there. */
bool dd_usage_take(dd_dialect d, const dd_jspan *j, uint32_t usage, dd_usage_raw *raw);
dd_usage_report dd_usage_settle(dd_dialect d, const dd_usage_raw *raw);
dd_usage_report dd_usage_add(const dd_usage_report *a, const dd_usage_report *b);
/* A usage object. Where the client's API demands one and nothing is known its counters are 0; `service_tier` (messages): any API's word, or empty. */
void dd_usage_write(dd_dialect to, const dd_usage_report *u, dd_str service_tier, dd_buf *out);

/* --- stop reasons (S1) --- */
dd_stop     dd_stop_read(dd_str reason);                    /* any dialect's word, case aside; an unknown one is END, none is NONE */
const char *dd_stop_chat(dd_stop stop, bool tools);         /* "tool_calls" */
const char *dd_stop_messages(dd_stop stop, bool tools);     /* "tool_use" */
/* responses: "completed" or "incomplete"; then *reason is "max_output_tokens" or "content_filter", else NULL. */
const char *dd_stop_responses(dd_stop stop, const char **reason);

/* --- pieces of JSON --- */
void dd_jw_key(dd_buf *out, const char *key);                     /* "key": with a comma before it unless it is the first */
void dd_jw_str(dd_buf *out, const char *key, dd_str inside);      /* inside: escaped */
void dd_jw_int(dd_buf *out, const char *key, int64_t n);
void dd_jw_raw(dd_buf *out, const char *key, dd_str raw);         /* empty: null */
void dd_jw_comma(dd_buf *out);                                    /* unless something was just opened */
/* A value of a string of ours or a provider's id, or "<prefix><new_id>" where there is none. */
dd_str dd_answer_id(dd_str id, const char *prefix, const dd_answer_facts *facts, dd_arena *arena);

/* --- answers --- */
/* A service tier in the client's API's own words, empty where it has none: typed clients refuse a word they do not know. */
dd_str dd_tier(dd_dialect to, dd_str tier);
dd_str dd_restore(const dd_renames *names, dd_str theirs);
bool   dd_is_schema_tool(const dd_renames *names, dd_str theirs);   /* its call is the answer's text (T19) */
/* Name, id and arguments of a call as the client knows them; or a TEXT part, where the call was for a schema. */
void   dd_part_call(dd_part *p, dd_dialect_ctx *ctx, const dd_jspan *j, dd_str id, dd_str name, uint32_t arguments);
/* What a client of `to` gets as a signature: sealed when another family's model made it. */
dd_str dd_part_signature(const dd_part *p, dd_dialect to, dd_dialect_ctx *ctx);
/* Names the members of `object` that are neither in `known` (sorted or not, NULL at the end) nor null or empty. `where`: "choices[0]." or "". */
void dd_drop_unknown(const dd_jspan *j, uint32_t object, const char *const *known, const char *where, dd_dialect_ctx *ctx);
dd_part *dd_part_add(dd_part ***tail, dd_arena *arena, dd_part_kind kind);
/* A call's arguments as the inside of a JSON string, appended; nothing or null is "{}". */
void dd_part_arguments_text(const dd_part *p, dd_buf *out);
/* And as an object, appended; what is none is wrapped as {"arguments": ...}. false: it had to be. */
bool dd_part_arguments_object(const dd_part *p, dd_buf *out);
bool dd_answer_has_tools(const dd_part *parts);
/* An error member of any shape -> *e, text decoded. */
void dd_error_object(const dd_jspan *j, uint32_t node, dd_arena *arena, dd_api_error *e);
bool dd_answer_fail(dd_dialect_ctx *ctx, int status, const char *code, const char *message);   /* always false */
/* --- a responses object, in pieces: head, items, tail --- */
/* {"id":...,"status":...,"output":[ */
void dd_responses_head(dd_str id, dd_str model, int64_t created, const char *status, const char *reason, const dd_api_error *error, dd_buf *out);
/* One item: a call, a thought, or the message of a run of texts and refusals, with a comma where needed. Returns the first part behind it.
 * `status` may be empty for thoughts. */
const dd_part *dd_responses_item(const dd_part *p, dd_str item_id, const char *status, dd_dialect_ctx *ctx, dd_buf *out);
/* ],"instructions":... what the request said ...,"usage":...} */
void dd_responses_tail(const dd_usage_report *usage, dd_str service_tier, const dd_answer_facts *facts, dd_buf *out);

bool dd_answer_read_chat(const dd_jspan *body, dd_dialect_ctx *ctx, dd_answer *a);
bool dd_answer_read_messages(const dd_jspan *body, dd_dialect_ctx *ctx, dd_answer *a);
bool dd_answer_read_responses(const dd_jspan *body, dd_dialect_ctx *ctx, dd_answer *a);
void dd_answer_write_chat(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out);
void dd_answer_write_messages(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out);
void dd_answer_write_responses(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out);
#endif
