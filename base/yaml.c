#include "base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/map.h"
#include "base/arena.h"

enum { MAX_NODES = 100000, MAX_DEPTH = 64 };

struct dd_yaml {
    cJSON   *root;
    dd_arena arena;
    dd_map   lines; /* node address -> line */
};

typedef struct {
    dd_yaml       *doc;
    yaml_parser_t  parser;
    const char    *what;
    dd_err        *err;
    size_t         nodes;
} reader;

static dd_str address(const cJSON **node) { return (dd_str){ (const char *)node, sizeof *node }; }

static void remember(reader *r, const cJSON *node, size_t line)
{
    const cJSON **key = dd_arena_alloc(&r->doc->arena, sizeof *key);
    *key              = node;
    dd_map_put(&r->doc->lines, address(key), (void *)(uintptr_t)(line + 1));
}

static bool fail(reader *r, size_t line, const char *why)
{
    dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: %s", r->what, line + 1, why);
    return false;
}

static bool next(reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return true;
    fail(r, r->parser.problem_mark.line, r->parser.problem ? r->parser.problem : "not valid YAML");
    if (r->parser.problem && strstr(r->parser.problem, "cannot start any token"))
        dd_hint(r->err, "Is it a tab? YAML is indented with spaces; a value that begins with @, %% or ` stands in quotes.");
    return false;
}

static bool is_one_of(dd_str s, const char *const *words)
{
    for (; *words; words++)
        if (dd_str_eqz(s, *words))
            return true;
    return false;
}

/* YAML 1.2 core schema: null, booleans and numbers when plain; text otherwise. */
static cJSON *plain(const char *text, size_t len)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const trues[] = { "true", "True", "TRUE", NULL }, *const falses[] = { "false", "False", "FALSE", NULL };
    dd_str                   s       = { text, len };
    if (is_one_of(s, nulls))
        return cJSON_CreateNull();
    if (is_one_of(s, trues) || is_one_of(s, falses))
        return cJSON_CreateBool(is_one_of(s, trues));
    char  *end = NULL;
    double d   = len && strchr("+-.0123456789", text[0]) ? strtod(text, &end) : 0;
    if (end && *end == '\0' && end != text && strspn(text, "+-.0123456789eE") == len)
        return cJSON_CreateNumber(d);
    return cJSON_CreateString(text);
}

static cJSON *scalar(const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !e->data.scalar.tag)
        return plain(text, e->data.scalar.length);
    return cJSON_CreateString(text);
}

static bool node(reader *r, yaml_event_t *event, int depth, cJSON **out);

static bool sequence(reader *r, int depth, cJSON *list)
{
    for (;;) {
        yaml_event_t e;
        if (!next(r, &e))
            return false;
        if (e.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&e);
            return true;
        }
        cJSON *item = NULL;
        if (!node(r, &e, depth + 1, &item))
            return false;
        cJSON_AddItemToArray(list, item);
    }
}

static bool pairs(reader *r, int depth, cJSON *object, dd_map *keys)
{
    for (;;) {
        yaml_event_t e;
        if (!next(r, &e))
            return false;
        if (e.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&e);
            return true;
        }
        size_t line = e.start_mark.line;
        if (e.type != YAML_SCALAR_EVENT) {
            yaml_event_delete(&e);
            return fail(r, line, "a key must be text");
        }
        dd_str key = dd_arena_dupz(&r->doc->arena, (const char *)e.data.scalar.value);
        yaml_event_delete(&e);
        if (dd_map_get(keys, key)) {
            dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: key \"%s\" is there twice", r->what, line + 1, key.ptr);
            return false;
        }
        dd_map_put(keys, key, object);
        cJSON *value = NULL;
        if (!next(r, &e) || !node(r, &e, depth + 1, &value))
            return false;
        cJSON_AddItemToObject(object, key.ptr, value);
        remember(r, value, line);
    }
}

static bool mapping(reader *r, int depth, cJSON *object)
{
    dd_map keys = DD_MAP_INIT;
    bool   ok   = pairs(r, depth, object, &keys);
    dd_map_free(&keys);
    return ok;
}

/* Takes the event; *out is the tree below it. */
static bool node(reader *r, yaml_event_t *event, int depth, cJSON **out)
{
    size_t            line = event->start_mark.line;
    yaml_event_type_t type = event->type;
    cJSON            *made = type == YAML_SCALAR_EVENT           ? scalar(event)
                             : type == YAML_SEQUENCE_START_EVENT ? cJSON_CreateArray()
                             : type == YAML_MAPPING_START_EVENT  ? cJSON_CreateObject()
                                                                 : NULL;
    yaml_event_delete(event);
    if (!made)
        return fail(r, line, type == YAML_ALIAS_EVENT ? "aliases (*name) are not supported" : "a value is missing");
    *out = made;
    remember(r, made, line);
    bool ok = true;
    if (++r->nodes > MAX_NODES || depth > MAX_DEPTH)
        ok = fail(r, line, "too large or nested too deep");
    else if (type == YAML_SEQUENCE_START_EVENT)
        ok = sequence(r, depth, made);
    else if (type == YAML_MAPPING_START_EVENT)
        ok = mapping(r, depth, made);
    if (!ok) {
        cJSON_Delete(made);
        *out = NULL;
    }
    return ok;
}

/* The document's root, and nothing behind it. */
static bool document(reader *r)
{
    for (;;) {
        yaml_event_t e;
        if (!next(r, &e))
            return false;
        yaml_event_type_t type = e.type;
        size_t            line = e.start_mark.line;
        if (type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&e);
            return true;
        }
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT || type == YAML_DOCUMENT_END_EVENT) {
            yaml_event_delete(&e);
            continue;
        }
        if (r->doc->root) {
            yaml_event_delete(&e);
            return fail(r, line, "more than one document");
        }
        if (!node(r, &e, 0, &r->doc->root))
            return false;
    }
}

dd_yaml *dd_yaml_parse(dd_str text, const char *what, dd_err *err)
{
    reader r = { .doc = dd_calloc(1, sizeof(dd_yaml)), .what = what, .err = err };
    if (!yaml_parser_initialize(&r.parser)) {
        dd_fail(err, DD_ERR_LIMIT, "%s: the YAML reader could not start", what);
        dd_yaml_free(r.doc);
        return NULL;
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
    bool ok = document(&r);
    yaml_parser_delete(&r.parser);
    if (ok && (!r.doc->root || cJSON_IsNull(r.doc->root))) {
        cJSON_Delete(r.doc->root);
        r.doc->root = cJSON_CreateObject();
    }
    if (!ok) {
        dd_yaml_free(r.doc);
        return NULL;
    }
    return r.doc;
}

cJSON *dd_yaml_root(const dd_yaml *y) { return y->root; }

size_t dd_yaml_line(const dd_yaml *y, const cJSON *n)
{
    return (size_t)(uintptr_t)dd_map_get(&y->lines, address(&n));
}

void dd_yaml_free(dd_yaml *y)
{
    if (!y)
        return;
    cJSON_Delete(y->root);
    dd_map_free(&y->lines);
    dd_arena_fini(&y->arena);
    free(y);
}
