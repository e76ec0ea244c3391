/* base/jspan.h - bodies of clients and providers: strict JSON as offsets into its own bytes.
 *
 * cJSON is for files of ours. A body must come out as it went in: order, unknown members, spelling of numbers, \u0000 and lone
 * surrogates. So a document is checked whole (RFC 8259; UTF-8; no duplicate may decide anything, see dd_jspan_member) and kept
 * as a row of nodes in text order; a value is copied by its bytes, a change is a splice. Text inside a body stays as it is written
 * (escaped): the inside of one JSON string may be put into another without decoding. */
#ifndef DD_BASE_JSPAN_H
#define DD_BASE_JSPAN_H
#include "base/arena.h"
#include "base/err.h"

typedef enum { DD_J_NULL, DD_J_FALSE, DD_J_TRUE, DD_J_NUMBER, DD_J_STRING, DD_J_ARRAY, DD_J_OBJECT } dd_jkind;
typedef struct {
    uint32_t start, end;  /* bytes of the value in the text, quotes or brackets included */
    uint32_t next;        /* index of the first node behind this value and all inside it */
    uint32_t count;       /* members of an object, items of an array */
    uint8_t  kind;        /* dd_jkind */
    bool     escaped;     /* string with a backslash in it */
} dd_jnode;
/* Node 0 is the whole value. An object's members are pairs of nodes: name (a string), value. */
typedef struct {
    dd_str    text;
    dd_jnode *v;
    size_t    n;
} dd_jspan;

#define DD_JSPAN_DEPTH 512
#define DD_J_NONE UINT32_MAX

/* `text` is borrowed and must outlive the document; nodes are the arena's. DD_ERR_PARSE with line and column (1-based, in bytes) in the message,
 * DD_ERR_LIMIT deeper than DD_JSPAN_DEPTH or 4 GiB and longer. White space around the value is fine, anything else behind it is not. */
dd_code dd_jspan_parse(dd_jspan *d, dd_arena *arena, dd_str text, dd_err *err);

/* Walking: for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it);) ... it.key (DD_J_NONE in arrays), it.value. */
typedef struct { uint32_t at, left, key, value; bool object; } dd_jit;
dd_jit dd_jspan_each(const dd_jspan *d, uint32_t node);   /* nothing for scalars and DD_J_NONE */
bool   dd_jspan_step(const dd_jspan *d, dd_jit *it);
/* The member's value, or DD_J_NONE. Names compare after unescaping, with case. *twice (may be NULL) is set when the name is there more
 * than once: who acts on the member must refuse the body (the first one is returned). Takes DD_J_NONE and other kinds: DD_J_NONE. */
uint32_t dd_jspan_member(const dd_jspan *d, uint32_t object, const char *name, bool *twice);
/* Many members in one pass: out[i] for names[i] (the first of that name). Returns the smallest i that is there twice, or -1. */
int      dd_jspan_members(const dd_jspan *d, uint32_t object, const char *const *names, uint32_t *out, size_t n);
uint32_t dd_jspan_item(const dd_jspan *d, uint32_t array, size_t i);

dd_jkind dd_jspan_kind(const dd_jspan *d, uint32_t node);   /* DD_J_NONE: DD_J_NULL */
dd_str   dd_jspan_raw(const dd_jspan *d, uint32_t node);    /* the value's bytes; DD_J_NONE: empty */
dd_str   dd_jspan_inside(const dd_jspan *d, uint32_t node); /* a string between its quotes, as written (escaped); else empty */
bool     dd_jspan_is(const dd_jspan *d, uint32_t node, const char *text); /* a string equal to `text` after unescaping */
/* The decoded text: borrowed when nothing was escaped, else the arena's. A lone surrogate becomes U+FFFD, \u0000 a NUL: for deciding and
 * showing, never for what goes on to a provider. */
dd_str   dd_jspan_text(const dd_jspan *d, uint32_t node, dd_arena *arena);
bool     dd_jspan_i64(const dd_jspan *d, uint32_t node, int64_t *out);    /* a number that is a whole one ("1e3", "5.0" count); false: no */
bool     dd_jspan_f64(const dd_jspan *d, uint32_t node, double *out);

/* --- text of strings, escaped (what stands between the quotes) --- */
/* Decodes escapes: what a nested JSON text (tool arguments) really says. A lone surrogate stays as its \uXXXX, so that nested JSON keeps its
 * meaning. Text that was not checked is taken too. */
dd_str dd_jtext_decode(dd_str inside, dd_arena *arena);
/* Appends `plain` escaped as the inside of a JSON string; bytes that are not UTF-8 become U+FFFD. */
void   dd_jtext_escape(dd_buf *out, dd_str plain);
bool   dd_jtext_blank(dd_str inside);   /* empty, or white space only (also escaped \n \t \r \u0020) */

/* --- splice: a copy of the text with some values changed --- */
typedef enum { DD_JEDIT_REPLACE, DD_JEDIT_REMOVE, DD_JEDIT_ADD } dd_jedit_kind;
typedef struct { dd_jedit_kind kind; uint32_t object, node; dd_str with; } dd_jedit;
typedef DD_VEC(dd_jedit) dd_jedits;
/* Edits that compose, in any order: replace a value, remove a member (all of them may go), add a member at the end of an object (also of an
 * empty one; whether the name is there already is the caller's to know). `json` is a JSON value; dd_jedit_replace borrows it until the edits are
 * applied.
 * Edits inside a value that is itself replaced or removed do nothing; of two replacements of one value the first counts. What is no
 * node, or no object, is left alone. */
void dd_jedit_replace(dd_jedits *e, dd_arena *arena, const dd_jspan *d, uint32_t value, dd_str json);
void dd_jedit_remove(dd_jedits *e, dd_arena *arena, const dd_jspan *d, uint32_t object, uint32_t key);
void dd_jedit_add(dd_jedits *e, dd_arena *arena, const dd_jspan *d, uint32_t object, const char *name, dd_str json);
/* The changed text, in the arena; the text itself when nothing changes. */
dd_str dd_jedit_apply(dd_jedits *e, dd_arena *arena, const dd_jspan *d);
#endif
