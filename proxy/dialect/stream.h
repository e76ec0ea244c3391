/* proxy/dialect/stream.h - what the stream readers and writers share among themselves.
 *
 * A reader holds a few words of state for each tool call and no text; a writer holds what its API says twice: responses repeats all text at the
 * end, messages must not open a block before the last one is closed. Both have a maximum. Not for others: they use proxy/dialect/dialect.h. */
#ifndef DD_PROXY_DIALECT_STREAM_H
#define DD_PROXY_DIALECT_STREAM_H
#include "proxy/dialect/answer.h"

enum { DD_STREAM_CALLS = 1024, DD_STREAM_SEEN = 8192, DD_STREAM_HELD = 32 << 20 };

/* Whether a text that comes in pieces is one whole JSON value by now. */
typedef struct { int depth; bool string, escape, started, whole; } dd_json_watch;
void dd_json_watch_inside(dd_json_watch *w, dd_str inside);   /* inside of a string that holds JSON */

/* --- readers --- */
typedef struct {
    int64_t       key;          /* the provider's number for it: tool_calls[].index, block, output item */
    uint64_t      id_hash;      /* of its id, 0: none yet */
    int           tool;         /* 0..k; -1: not announced, its name is not known */
    bool          custom, ended, any;
    dd_json_watch watch;
    dd_buf        id, held;     /* until it is announced; held: also a value that counts only if no piece follows */
} dd_stream_call;

struct dd_stream_reader {
    dd_dialect            from;
    dd_arena             *scratch, own; /* of one event: own, or shared */
    dd_stream_fn         *fn;           /* of the call that runs */
    void                 *ctx;
    const dd_jspan       *j;            /* of the event that is read */
    dd_stream_facts       facts;
    dd_usage_raw          raw;
    dd_usage_report       before;       /* of earlier messages in the same stream */
    bool                  started, over;   /* over: DD_SE_END or DD_SE_ERROR was given */
    bool                  failing;      /* an error is in `error`, not yet given */
    dd_buf                stop_sequence;
    int                   n_tools;
    bool                  thought;      /* responses: the item that is open has shown thoughts */
    DD_VEC(dd_stream_call) calls;
    DD_VEC(int64_t)        seen;        /* responses: pieces that came as deltas */
};

dd_str dd_sr_inside(dd_stream_reader *r, uint32_t object, const char *name);
void   dd_sr_start(dd_stream_reader *r, uint32_t object, const char *created);   /* once; reads id, model, ... of the object */
void   dd_sr_text(dd_stream_reader *r, dd_se_kind kind, dd_str text);            /* nothing when empty */
void   dd_sr_signature(dd_stream_reader *r, dd_str text, bool redacted, dd_dialect signed_by);
void   dd_sr_other(dd_stream_reader *r, dd_str name);
void   dd_sr_again(dd_stream_reader *r);                                         /* a second answer in one stream: both were paid for */
void   dd_sr_usage(dd_stream_reader *r, uint32_t usage);
void   dd_sr_stop(dd_stream_reader *r, dd_stop stop);
void   dd_sr_error(dd_stream_reader *r, uint32_t error);                         /* an error object of the event */
void   dd_sr_fail(dd_stream_reader *r, const char *message);
void   dd_sr_finish(dd_stream_reader *r);                                        /* the end mark: closes all that is open */

dd_stream_call *dd_sr_call_open(dd_stream_reader *r, int64_t key);               /* the newest one with that key that has not ended, or NULL */
dd_stream_call *dd_sr_call_new(dd_stream_reader *r, int64_t key);                /* NULL: too many, and the stream has failed */
void dd_sr_call_announce(dd_stream_reader *r, dd_stream_call *c, dd_str id, dd_str name);   /* once; gives what was held as arguments */
void dd_sr_call_args(dd_stream_reader *r, dd_stream_call *c, dd_str inside);
void dd_sr_call_value(dd_stream_reader *r, dd_stream_call *c, uint32_t value);   /* arguments as a string or as another value */
void dd_sr_call_end(dd_stream_reader *r, dd_stream_call *c);                     /* {} where there were no arguments */
void dd_sr_calls_end(dd_stream_reader *r, bool whole_only);

void dd_stream_read_chat(dd_stream_reader *r);
void dd_stream_read_messages(dd_stream_reader *r);
void dd_stream_read_responses(dd_stream_reader *r);

/* --- writers --- */
typedef struct { bool text, custom; int out; dd_str id, name; } dd_stream_called;   /* text: a schema's call, its arguments are the answer */
typedef struct dd_stream_item dd_stream_item;
struct dd_stream_item {          /* a block of messages, an item of responses */
    dd_part_kind kind;
    int          call, index;    /* index: the block's or item's number in the client's stream, -1: not opened */
    bool         ended, redacted;
    dd_dialect   signed_by;
    dd_buf       text, more;     /* more: a signature; a refusal behind the text */
    bool         open_text, open_more;   /* responses: which parts of a message were begun */
};
struct dd_stream_writer {
    dd_dialect        to;
    dd_answer_facts   facts;
    dd_dialect_ctx   *ctx;
    dd_buf           *out;       /* of the call that runs */
    bool              started, over, refused;
    dd_str            id, model, service_tier, system_fingerprint, stop_sequence;
    int64_t           created;
    dd_usage_report   usage;
    dd_stop           stop;
    int               n_calls;   /* the client's */
    int               n_items;
    int64_t           sequence;
    size_t            held;
    dd_str            prefix;    /* chat: a chunk up to its delta */
    DD_VEC(dd_stream_called) called;   /* by the reader's number */
    DD_VEC(dd_stream_item)   items;
    size_t            head;      /* messages: the first that is not closed */
};
/* What each dialect does with an event. Tool numbers are the client's; names and ids are restored; START comes first. */
void dd_stream_write_chat(dd_stream_writer *w, const dd_stream_event *e);
void dd_stream_write_messages(dd_stream_writer *w, const dd_stream_event *e);
void dd_stream_write_responses(dd_stream_writer *w, const dd_stream_event *e);
dd_stream_item *dd_sw_item(dd_stream_writer *w, dd_part_kind kind, int call);
/* Keeps text for later. false: that would be past the maximum, and the stream has failed. */
bool dd_sw_hold(dd_stream_writer *w, dd_buf *b, dd_str text);
void dd_sw_fail(dd_stream_writer *w, const char *message);
#endif
