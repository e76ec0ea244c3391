/* proxy/dialect/request.h - what the readers and writers of requests share among themselves.
 *
 * Readers go on after an error, so that no call needs a check: the first one stays in ctx->error and decides at the end. Not for others: they use
 * proxy/dialect/dialect.h. */
#ifndef DD_PROXY_DIALECT_REQUEST_H
#define DD_PROXY_DIALECT_REQUEST_H
#include "base/map.h"
#include "proxy/dialect/answer.h"

/* ctx->error = 400 invalid_request_error at `param`, unless there is an error already. The message begins with the place. */
void dd_request_fail(dd_dialect_ctx *ctx, dd_str param, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool dd_request_ok(const dd_dialect_ctx *ctx);

/* --- reading --- */
typedef struct {
    const dd_jspan *j;
    dd_dialect_ctx *ctx;
    dd_request     *r;
    dd_turn       **turn_tail, *last;   /* last: the newest turn */
    dd_tool       **tool_tail;
    dd_extra      **extra_tail;
    size_t          pieces;             /* turns, parts and tools so far */
    size_t          legacy_calls;       /* functions, not tools */
    dd_str          legacy_id;
} dd_reading;

/* An object's members by name, null as if it were not there. All others are named in drops; one that is there twice is an error. */
void dd_read_members(dd_reading *rd, uint32_t object, dd_str where, const char *const *names, uint32_t *out, size_t n);
/* "where.name", or name alone at the top. */
dd_str dd_read_path(dd_reading *rd, dd_str where, const char *name);
dd_str dd_read_index(dd_reading *rd, dd_str where, size_t i);
/* Values of one kind; another kind is an error at where.name. DD_J_NONE gives the value that means "not there". */
dd_str  dd_read_string(dd_reading *rd, uint32_t node, dd_str where, const char *name);   /* the inside, canonical only as far as it was written so */
dd_str  dd_read_number(dd_reading *rd, uint32_t node, dd_str where, const char *name);   /* raw */
dd_str  dd_read_whole(dd_reading *rd, uint32_t node, dd_str where, const char *name);    /* raw, a whole number of 0 or more */
dd_tri  dd_read_bool(dd_reading *rd, uint32_t node, dd_str where, const char *name);
dd_str  dd_read_object(dd_reading *rd, uint32_t node, dd_str where, const char *name);   /* raw */
dd_str  dd_read_required(dd_reading *rd, uint32_t node, dd_str where, const char *name); /* a string that must be there */
bool    dd_read_kind(dd_reading *rd, uint32_t node, dd_jkind kind, dd_str where, const char *name);   /* true: is there and of that kind */
/* Strings without escapes that mean nothing (a slash, a letter): what URLs and base64 are cut by. */
dd_str  dd_read_plain(dd_reading *rd, dd_str inside);
void    dd_read_extra(dd_reading *rd, const char *name, uint32_t node);
void    dd_read_stop(dd_reading *rd, uint32_t node, const char *name);
dd_turn *dd_read_turn(dd_reading *rd, dd_role role, dd_str where);
dd_part *dd_read_part(dd_reading *rd, dd_turn *turn, dd_part_kind kind, dd_str where);   /* at the end of the turn */
dd_part *dd_read_result_part(dd_reading *rd, dd_part *result, dd_part_kind kind, dd_str where);
/* A part by its "type": its reader of the table, else DD_PART_OTHER with its raw value. */
typedef struct { const char *type; void (*read)(dd_reading *rd, dd_part *p, uint32_t node); } dd_part_type;
void     dd_read_typed_part(dd_reading *rd, dd_part *p, uint32_t node, const dd_part_type *types, size_t n);
/* A text part, to be filled: at the end of a tool's result, or of the turn when there is none. */
dd_part *dd_read_piece(dd_reading *rd, dd_turn *turn, dd_part *result, dd_str where);
/* Content is a string or parts (not there: nothing). */
void     dd_read_content(dd_reading *rd, dd_turn *turn, dd_part *result, uint32_t node, dd_str content, const dd_part_type *types, size_t n_types);
void     dd_read_text_part(dd_reading *rd, dd_part *p, uint32_t node);   /* {type, text, cache_control} */
/* Each object of an array at the top, until there is an error. */
void     dd_read_objects(dd_reading *rd, uint32_t array, const char *name, void (*read)(dd_reading *rd, uint32_t node, dd_str where));
dd_tool *dd_read_tool(dd_reading *rd, dd_str where);
void     dd_read_tool_raw(dd_reading *rd, dd_tool *t, uint32_t node);    /* a provider's own: whole, with its name where it has one */
/* v: name, description, parameters (called `schema`), strict. */
void     dd_read_function(dd_reading *rd, dd_tool *t, const uint32_t v[4], dd_str where, const char *schema);
/* "data:image/png;base64,..." or https://...: fills media_type and data, or url. */
void    dd_read_url(dd_reading *rd, dd_part *p, dd_str inside);
void    dd_read_arguments(dd_reading *rd, dd_part *p, uint32_t node);   /* of a call that has its id and name */
/* A document's data, as a data URL or as base64 alone: a PDF stays, text becomes text, another kind is an error (T21). */
void    dd_read_file(dd_reading *rd, dd_part *p, dd_str inside);
void    dd_read_signature(dd_part *p, dd_str sealed, dd_dialect own);
void    dd_read_thinking_config(dd_reading *rd, uint32_t node, dd_str where);   /* {type, budget_tokens}, as messages has it */

bool dd_request_read_chat(dd_reading *rd);
bool dd_request_read_messages(dd_reading *rd);
bool dd_request_read_responses(dd_reading *rd);

/* --- writing --- */
typedef struct {
    const dd_request      *r;
    const dd_target_facts *facts;
    dd_dialect_ctx        *ctx;
    dd_buf                *out;
    dd_dialect             to;
    dd_str                 model;
    dd_map                 names, ids;         /* the client's -> dd_str of the provider's */
    dd_map                 taken, taken_ids;   /* the provider's, in use */
    dd_map                 custom;             /* ids of calls of free-text tools */
    size_t                 max_name;
    size_t                 cache_skip;         /* messages: marks to leave out before the last four (T25) */
} dd_writing;

/* Which member of the client's request a field came from: "max_completion_tokens", "output_config.effort". */
typedef enum { DD_F_MAX_TOKENS, DD_F_STOP, DD_F_EFFORT, DD_F_THINK, DD_F_USER, DD_F_FORMAT, DD_F_PARALLEL, DD_F_COUNT } dd_request_field;
const char *dd_request_field_name(const dd_request *r, dd_request_field f);

void dd_write_opt_str(dd_buf *out, const char *key, dd_str inside);   /* nothing when ptr is NULL */
void dd_write_opt_raw(dd_buf *out, const char *key, dd_str raw);
void dd_write_open(dd_buf *out, const char *key, char bracket);       /* key NULL: an item of an array */
void dd_write_bool(dd_buf *out, const char *key, bool value);
/* What has no place there: "where.member", "where.type" of a whole part; and a part without which the answer would be wrong. */
void dd_write_drop(dd_writing *w, dd_str where, const char *member);
void dd_write_drop_part(dd_writing *w, const dd_part *p);
void dd_write_refuse_part(dd_writing *w, const dd_part *p);
bool dd_write_system_text(dd_writing *w, const dd_part *p);           /* what else stands in a system turn is named, a file refused */
bool dd_part_is_file(const dd_part *p);                               /* a picture, a document, a sound */
void dd_write_data_url(dd_buf *out, const char *key, const dd_part *p);
/* Tool names and ids that the target takes (T7, T8). */
void   dd_write_names(dd_writing *w);      /* before the others: the tools that are declared come first */
dd_str dd_write_name(dd_writing *w, dd_str name);
dd_str dd_write_id(dd_writing *w, dd_str id, size_t max, bool fresh);   /* fresh: of a call, where an id that was there before gets a new one */
/* Every result answers a call of the turn before it, and every call is answered (T6). */
void dd_write_check_pairs(dd_writing *w);
/* Has the target any of the client's tools? Names those that it cannot have. */
bool dd_write_takes_tool(const dd_writing *w, const dd_tool *t);
bool dd_write_has_tools(dd_writing *w);
/* tool_choice as it can be asked: UNSET where there is nothing to choose from or the name is gone. */
dd_choice dd_write_choice(dd_writing *w, bool tools);
/* JSON without the white space between its values, as the inside of a string. */
void dd_write_json_inside(dd_buf *out, dd_str raw);
void dd_write_arguments(dd_writing *w, const dd_part *p);   /* the string of a call's arguments: "arguments":"..." */
dd_str dd_effort_of_budget(int64_t budget);   /* what thinking tokens come to (T15) */
/* The word for reasoning effort that OpenAI knows, or ptr NULL. */
dd_str dd_write_effort(dd_writing *w);
double  dd_write_double(dd_writing *w, dd_str raw);
int64_t dd_write_int(dd_str raw, int64_t none);
dd_str  dd_write_join(dd_writing *w, const dd_part *parts, bool skip_blank);   /* texts of parts, "\n" between them, escaped */
dd_str  dd_write_user(dd_writing *w, size_t max);   /* the user's name as the target takes it; ptr NULL: none */
dd_str  dd_write_tier(dd_writing *w);                 /* service_tier in the target's words */
void    dd_write_metadata_drops(dd_writing *w);       /* names each member of metadata but the user's id */
void    dd_write_verbosity_drop(dd_writing *w);       /* unless it is the usual one */
void    dd_write_extras(dd_writing *w, bool known);
bool    dd_write_optional_members(dd_writing *w, dd_str schema);   /* somewhere in it a property is not required */

void dd_request_write_chat(dd_writing *w);
void dd_request_write_messages(dd_writing *w);
void dd_request_write_responses(dd_writing *w);
#endif
