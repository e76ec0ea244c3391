/* scan/schema.c - tool definitions and response schemas as the JSON text that goes to the provider, for counting.
 *
 * Literal objects are written as they are. A class of the project (pydantic, dataclass) or a zod object is written as
 * the schema its fields give; what is not static counts as a tool without a schema. */
#include "base/json.h"
#include "scan/detect_tables.h"
#include "scan/prompt_int.h"

enum { MAX_DEPTH = 12, MAX_JSON = 256 << 10 };

static bool write_value(dd_project *p, dd_json *j, const dd_value *v, int depth);

static const char *json_type(const dd_expr *type)
{
    static const struct { const char *name, *json; } types[] = { { "str", "string" }, { "int", "integer" }, { "float", "number" }, { "bool", "boolean" }, { "string", "string" }, { "number", "number" }, { "boolean", "boolean" } };
    for (size_t i = 0; type && type->kind == DD_X_NAME && i < DD_COUNT(types); i++)
        if (dd_str_eqz(type->name, types[i].name))
            return types[i].json;
    return type && type->kind == DD_X_NAME ? "object" : "array";
}

static void write_class(dd_json *j, const dd_class_def *cls)
{
    dd_json_open(j, '{');
    dd_json_key(j, "title");
    dd_json_str(j, cls->name);
    dd_json_key(j, "type");
    dd_json_strz(j, "object");
    dd_json_key(j, "properties");
    dd_json_open(j, '{');
    for (uint32_t i = 0; i < cls->n_fields; i++) {
        const dd_field *f = &cls->fields[i];
        if (f->in)
            continue;
        dd_json_key_str(j, f->name);
        dd_json_open(j, '{');
        dd_json_key(j, "type");
        dd_json_strz(j, json_type(f->type));
        const dd_expr *about = f->value && f->value->kind == DD_X_CALL ? dd_call_keyword(f->value, "description") : NULL;
        if (about && about->kind == DD_X_STRING) {
            dd_json_key(j, "description");
            dd_json_str(j, about->name);
        }
        dd_json_close(j, '}');
    }
    dd_json_close(j, '}');
    dd_json_close(j, '}');
}

/* z.object({ a: z.string() }) : its keys; tool({ description, parameters }) : its object */
static bool write_constructed(dd_project *p, dd_json *j, const dd_value *v, int depth)
{
    dd_value *positional = NULL, *args = dd_args_of_value(p, v, &positional), *one = dd_positional(positional, 1);
    if (one && one->kind == DD_V_CLASS)
        return write_value(p, j, one, depth + 1);
    if (args && args->kind == DD_V_DICT && args->n_entries)
        return write_value(p, j, args, depth + 1);
    if (one && one != args)
        return write_value(p, j, one, depth + 1);
    dd_json_strz(j, "string");
    return v->call != NULL;
}

static bool write_dict(dd_project *p, dd_json *j, const dd_value *v, int depth)
{
    bool all = !v->open;
    dd_json_open(j, '{');
    for (uint32_t i = 0; i < v->n_entries; i++)
        if (v->entries[i].value && v->entries[i].value->kind != DD_V_FUNC) {
            dd_json_key_str(j, v->entries[i].key);
            all &= write_value(p, j, v->entries[i].value, depth + 1);
        }
    dd_json_close(j, '}');
    return all;
}

static bool write_value(dd_project *p, dd_json *j, const dd_value *v, int depth)
{
    bool all = true;
    if (depth > MAX_DEPTH || j->out->over) {
        dd_json_null(j);
        return false;
    }
    switch (v->kind) {
    case DD_V_STRING: dd_json_str(j, v->text); return true;
    case DD_V_NUMBER: dd_json_i64(j, (int64_t)v->number); return true;
    case DD_V_BOOL:   dd_json_bool(j, v->number != 0); return true;
    case DD_V_NONE:   dd_json_null(j); return true;
    case DD_V_DICT: case DD_V_DATA: return write_dict(p, j, v, depth);
    case DD_V_CLASS:  write_class(j, v->cls); return true;
    case DD_V_EXTERN: return write_constructed(p, j, v, depth);
    case DD_V_LIST:
        dd_json_open(j, '[');
        for (uint32_t i = 0; i < v->n_items; i++)
            all &= write_value(p, j, v->items[i], depth + 1);
        dd_json_close(j, ']');
        return all && !v->open;
    default: dd_json_null(j); return false;
    }
}

static void add_tool(dd_project *p, dd_json *j, const dd_value *v, dd_site *site)
{
    site->tools++;
    if (!write_value(p, j, v, 0))
        site->tools_unknown++;
}

static void write_tools(dd_project *p, dd_json *j, const dd_value *v, dd_site *site)
{
    if (v->kind == DD_V_LIST)
        for (uint32_t i = 0; i < v->n_items; i++)
            add_tool(p, j, v->items[i], site);
    else if (v->kind == DD_V_DICT)
        for (uint32_t i = 0; i < v->n_entries; i++)
            add_tool(p, j, v->entries[i].value, site);
    else if (v->kind != DD_V_NONE)
        site->tools = site->tools_unknown = 1;
    if ((v->kind == DD_V_LIST || v->kind == DD_V_DICT) && v->open) {
        site->tools++;
        site->tools_unknown++;
    }
}

static bool plain_format(const dd_value *v)
{
    const dd_value *type = v->kind == DD_V_DICT ? dd_value_get(v, "type") : NULL;
    return v->kind == DD_V_STRING || (type && type->kind == DD_V_STRING && !dd_str_has(type->text, "schema"));
}

void dd_prompt_tools(dd_project *p, const dd_value *args, dd_arena *arena, dd_site *site)
{
    static const char *const tools[] = { "tools", "functions", "toolConfig.tools", "config.tools", NULL };
    static const char *const schemas[] = { "response_format", "response_model", "text_format", "schema", "output_format", "text.format", "output", "output_type", "outputType",
        "config.response_schema", "config.responseSchema", "generationConfig.responseSchema", "output_config.format", NULL };
    dd_buf text = DD_BUF_INIT(MAX_JSON);
    dd_json j = DD_JSON_INIT(&text, 0);
    dd_value *t = dd_args_first(p, args, tools), *s = dd_args_first(p, args, schemas);
    dd_json_open(&j, '[');
    if (t)
        write_tools(p, &j, t, site);
    if (s && !plain_format(s)) {
        site->json_schema = true;
        if (!write_value(p, &j, s, 0))
            site->tools_unknown++;
    }
    dd_json_close(&j, ']');
    site->tools_text = text.len > 2 ? dd_arena_dup(arena, dd_buf_str(&text)) : DD_STR("");
    dd_buf_free(&text);
}
