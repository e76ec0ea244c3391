/* tests/unit/proxy/translate.h - one request through a reader and a writer, and rows of what has to come out.
 *
 * JSON in these tests is written with ' for ". */
#ifndef DD_TEST_TRANSLATE_H
#define DD_TEST_TRANSLATE_H
#include "proxy/dialect/dialect.h"
#include "tests/unit/test.h"

typedef struct {
    dd_arena             arena;
    dd_buf               out;
    dd_drops             drops;
    dd_renames           names, ids;
    dd_api_error         error;
    dd_dialect_ctx       ctx;
    dd_request           request;
    dd_jspan             in, body;   /* body: what came out, parsed */
    bool                 ok;
} translation;

extern const dd_target_facts new_model;   /* thinks adaptively, takes schemas */
extern const dd_target_facts old_model;   /* thinks by budget, takes none */

/* t is filled; translate_fini ends it. `policy` may be DD_UNSUPPORTED_DROP. */
void   translate(translation *t, dd_dialect from, dd_dialect to, const char *json, const dd_target_facts *facts, dd_unsupported policy);
void   translate_fini(translation *t);
dd_str quoted(dd_arena *arena, const char *json);                 /* ' becomes " */
/* "messages[0].content[1].text" -> the raw value; ptr NULL: not there */
dd_str value_at(const dd_jspan *j, const char *path);
bool   dropped(const translation *t, const char *name);
dd_str all_drops(translation *t);                                 /* with a blank between them */

typedef struct {
    const char            *why;
    dd_dialect             from, to;
    const char            *in;
    const dd_target_facts *facts;      /* NULL: new_model */
    const char            *want[8];    /* "path=raw" or "path=" (not there) */
    const char            *drops;      /* all of them, with a blank between; NULL: none */
    const char            *error;      /* "param|a part of the message" */
} translation_case;
void check_translations(const translation_case *rows, size_t n);
#endif
