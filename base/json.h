/* base/json.h - writing JSON, and reading our own files.
 *
 * The writer appends to a dd_buf and keeps track of commas; text that is not UTF-8 becomes U+FFFD. Reading is
 * cJSON's (dd_json_parse adds size limit and place of the error). Not for bodies of clients or providers. */
#ifndef DD_BASE_JSON_H
#define DD_BASE_JSON_H
#include <cjson/cJSON.h>
#include "base/err.h"
#include "base/str.h"

typedef struct {
    dd_buf  *out;
    int      indent;      /* spaces a level; 0: one line */
    int      depth;
    uint64_t used;        /* bit a depth: a member was written */
} dd_json;

#define DD_JSON_INIT(buf, spaces) { (buf), (spaces), 0, 0 }

void dd_json_open(dd_json *j, char bracket);   /* '{' or '[' */
void dd_json_close(dd_json *j, char bracket);  /* '}' or ']' */
void dd_json_key(dd_json *j, const char *key);
void dd_json_key_str(dd_json *j, dd_str key);
void dd_json_str(dd_json *j, dd_str s);
void dd_json_strz(dd_json *j, const char *z);  /* NULL writes null */
void dd_json_i64(dd_json *j, int64_t n);
void dd_json_bool(dd_json *j, bool b);
void dd_json_null(dd_json *j);
void dd_json_time(dd_json *j, int64_t s);      /* seconds since 1970 as "2026-11-20T08:00:00Z"; 0 and less: null */
void dd_json_raw(dd_json *j, dd_str json);     /* a value that is JSON already */
/* A name and its value. */
void dd_json_member_i64(dd_json *j, const char *key, int64_t n);
void dd_json_member_known(dd_json *j, const char *key, int64_t n);   /* below 0: not known, null */
void dd_json_member_str(dd_json *j, const char *key, dd_str s);   /* nothing in it: null */
/* Only the quoted, escaped text, no commas. */
void dd_json_quote(dd_buf *out, dd_str s);

/* The caller frees with cJSON_Delete. On failure NULL and DD_ERR_PARSE with line and column. `what` names the object: `price list "x"`. */
cJSON *dd_json_parse(dd_str text, const char *what, dd_err *err);
#endif
