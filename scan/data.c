/* Data files as values: JSON (with the comments and trailing commas of tsconfig) and YAML. TOML: data_toml.c.
 *
 * Objects are DATA, arrays LIST, the rest what it is; each says CONFIG_FILE as its source. Size, depth and number of nodes are bounded. */
#include <yaml.h>

#include "scan/data.h"

dd_value *dd_data_scalar(dd_data *d, dd_value_kind kind)
{
    if (++d->nodes > DD_DATA_NODES)
        return NULL;
    dd_value *v = dd_v_new(d->p, kind, NULL);
    v->source = DD_SRC_CONFIG_FILE;
    return v;
}

dd_value *dd_data_text(dd_data *d, dd_str text)
{
    dd_value *v = dd_data_scalar(d, DD_V_STRING);
    if (v)
        v->text = dd_arena_dup(&d->p->arena, text);
    return v;
}

void dd_data_put(dd_data *d, dd_value *object, dd_str key, dd_value *v)
{
    uint32_t n = object->n_entries;
    if ((n & (n + 1)) == 0) {                 /* full at 0, 1, 3, 7, ... */
        dd_entry *room = dd_newn(&d->p->arena, dd_entry, (size_t)n * 2 + 1);
        if (n)
            memcpy(room, object->entries, n * sizeof *room);
        object->entries = room;
    }
    object->entries[n] = (dd_entry){ .key = key, .value = v };
    object->n_entries++;
}

void dd_data_push(dd_data *d, dd_value *list, dd_value *v)
{
    uint32_t n = list->n_items;
    if ((n & (n + 1)) == 0) {
        dd_value **room = dd_newn(&d->p->arena, dd_value *, (size_t)n * 2 + 1);
        if (n)
            memcpy(room, list->items, n * sizeof *room);
        list->items = room;
    }
    list->items[list->n_items++] = v;
}

/* A word that is no quoted text: true, 3.5, null. */
dd_value *dd_data_word(dd_data *d, dd_str s)
{
    static const char *const yes[] = { "true", "True", "TRUE" }, *const no[] = { "false", "False", "FALSE" }, *const none[] = { "null", "Null", "NULL", "~", "" };
    for (size_t i = 0; i < DD_COUNT(yes); i++) {
        if (!dd_str_eqz(s, yes[i]) && !dd_str_eqz(s, no[i]))
            continue;
        dd_value *v = dd_data_scalar(d, DD_V_BOOL);
        if (v)
            v->number = dd_str_eqz(s, yes[i]);
        return v;
    }
    for (size_t i = 0; i < DD_COUNT(none); i++)
        if (dd_str_eqz(s, none[i]))
            return dd_data_scalar(d, DD_V_NONE);
    char  text[64], *end;
    if (s.len < sizeof text && (s.ptr[0] == '-' || s.ptr[0] == '+' || s.ptr[0] == '.' || (s.ptr[0] >= '0' && s.ptr[0] <= '9'))) {
        size_t n = 0;
        for (size_t i = 0; i < s.len; i++)
            if (s.ptr[i] != '_')
                text[n++] = s.ptr[i];
        text[n] = '\0';
        double x = strtod(text, &end);
        if (n && *end == '\0') {
            dd_value *v = dd_data_scalar(d, DD_V_NUMBER);
            if (v)
                v->number = x;
            return v;
        }
    }
    return NULL;
}

/* --- JSON --- */

static void skip(dd_data *d)
{
    dd_str s = d->text;
    for (;;) {
        while (d->at < s.len && (s.ptr[d->at] == ' ' || s.ptr[d->at] == '\t' || s.ptr[d->at] == '\n' || s.ptr[d->at] == '\r'))
            d->at++;
        if (d->at + 1 >= s.len || s.ptr[d->at] != '/')
            return;
        if (s.ptr[d->at + 1] == '/') {
            while (d->at < s.len && s.ptr[d->at] != '\n')
                d->at++;
        } else if (s.ptr[d->at + 1] == '*') {
            ptrdiff_t end = dd_str_findz(dd_str_sub(s, d->at + 2, s.len), "*/");
            d->at = end < 0 ? s.len : d->at + 2 + (size_t)end + 2;
        } else {
            return;
        }
    }
}

static int hex4(dd_str s, size_t at)
{
    int v = 0;
    if (at + 4 > s.len)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        char c = s.ptr[at + i];
        int  x = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (x < 0)
            return -1;
        v = v * 16 + x;
    }
    return v;
}

static size_t json_unicode(dd_str s, size_t i, dd_buf *out)   /* i at the u; returns the last byte read */
{
    int hi = hex4(s, i + 1);
    if (hi < 0)
        return i;
    if (hi >= 0xD800 && hi < 0xDC00 && i + 6 < s.len && s.ptr[i + 5] == '\\' && s.ptr[i + 6] == 'u') {
        int lo = hex4(s, i + 7);
        if (lo >= 0xDC00 && lo < 0xE000) {
            dd_buf_utf8(out, 0x10000u + (((uint32_t)hi - 0xD800u) << 10) + ((uint32_t)lo - 0xDC00u));
            return i + 10;
        }
    }
    dd_buf_utf8(out, hi >= 0xD800 && hi < 0xE000 ? 0xFFFDu : (uint32_t)hi);
    return i + 4;
}

bool dd_data_quoted(dd_data *d, char quote, dd_buf *out)   /* at behind the opening quote; false: no end */
{
    static const char from[] = "nrtbf\"\\/'", to[] = "\n\r\t\b\f\"\\/'";
    dd_str s = d->text;
    for (; d->at < s.len; d->at++) {
        char c = s.ptr[d->at];
        if (c == quote) {
            d->at++;
            return true;
        }
        if (c != '\\' || d->at + 1 >= s.len) {
            dd_buf_addc(out, c);
            continue;
        }
        c = s.ptr[++d->at];
        const char *known = memchr(from, c, sizeof from - 1);
        if (c == 'u')
            d->at = json_unicode(s, d->at, out);
        else
            dd_buf_addc(out, known ? to[known - from] : c);
    }
    return false;
}

static dd_value *json_value(dd_data *d, int depth);

static bool json_key(dd_data *d, dd_str *key)
{
    char c = d->at < d->text.len ? d->text.ptr[d->at] : '\0';
    if (c != '"' && c != '\'')
        return false;
    dd_buf out = DD_BUF_INIT(1 << 16);
    d->at++;
    bool ok = dd_data_quoted(d, c, &out);
    *key = dd_arena_dup(&d->p->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return ok;
}

static bool take(dd_data *d, char c)
{
    skip(d);
    if (d->at >= d->text.len || d->text.ptr[d->at] != c)
        return false;
    d->at++;
    return true;
}

static dd_value *json_object(dd_data *d, int depth)
{
    dd_value *o = dd_data_scalar(d, DD_V_DATA);
    while (o && !take(d, '}')) {
        dd_str    key;
        dd_value *v;
        if (!json_key(d, &key) || !take(d, ':') || !(v = json_value(d, depth + 1)))
            return NULL;
        dd_data_put(d, o, key, v);
        if (!take(d, ',') && !(d->at < d->text.len && d->text.ptr[d->at] == '}'))
            return NULL;
    }
    return o;
}

static dd_value *json_array(dd_data *d, int depth)
{
    dd_value *l = dd_data_scalar(d, DD_V_LIST);
    while (l && !take(d, ']')) {
        dd_value *v = json_value(d, depth + 1);
        if (!v)
            return NULL;
        dd_data_push(d, l, v);
        if (!take(d, ',') && !(d->at < d->text.len && d->text.ptr[d->at] == ']'))
            return NULL;
    }
    return l;
}

static dd_value *json_value(dd_data *d, int depth)
{
    skip(d);
    if (d->at >= d->text.len || depth > DD_DATA_DEPTH)
        return NULL;
    char c = d->text.ptr[d->at];
    if (c == '{' || c == '[') {
        d->at++;
        return c == '{' ? json_object(d, depth) : json_array(d, depth);
    }
    if (c == '"') {
        dd_buf out = DD_BUF_INIT(1 << 22);
        d->at++;
        bool      ok = dd_data_quoted(d, '"', &out);
        dd_value *v = ok ? dd_data_text(d, dd_buf_str(&out)) : NULL;
        dd_buf_free(&out);
        return v;
    }
    size_t from = d->at;
    while (d->at < d->text.len && !strchr(",]} \t\r\n:/", d->text.ptr[d->at]))
        d->at++;
    return d->at > from ? dd_data_word(d, dd_str_sub(d->text, from, d->at)) : NULL;
}

dd_value *dd_data_json(dd_project *p, dd_str text)
{
    dd_data   d = { .p = p, .text = text };
    dd_value *v = json_value(&d, 0);
    skip(&d);
    return v && d.at >= text.len ? v : NULL;
}

/* --- YAML, by libyaml's events --- */

typedef struct { dd_value *node; dd_str key; bool has_key; } yaml_level;
typedef struct {
    dd_data    *d;
    yaml_level  stack[DD_DATA_DEPTH];
    int         depth;
    dd_value   *top;
    dd_map      anchors;
    bool        failed;
} yaml_state;

static void yaml_merge(yaml_state *y, dd_value *into, const dd_value *from)   /* <<: *base */
{
    if (from->kind == DD_V_LIST)
        for (uint32_t i = 0; i < from->n_items && i < 16; i++)
            if (from->items[i]->kind == DD_V_DATA)
                yaml_merge(y, into, from->items[i]);
    for (uint32_t i = 0; from->kind == DD_V_DATA && i < from->n_entries && ++y->d->nodes < DD_DATA_NODES; i++)
        if (!dd_v_dict_find(into, from->entries[i].key))
            dd_data_put(y->d, into, from->entries[i].key, from->entries[i].value);
}

static void yaml_add(yaml_state *y, dd_value *v)
{
    if (!v) {
        y->failed = true;
        return;
    }
    if (y->depth == 0) {
        y->top = y->top ? y->top : v;
        return;
    }
    yaml_level *l = &y->stack[y->depth - 1];
    if (l->node->kind == DD_V_LIST) {
        dd_data_push(y->d, l->node, v);
    } else if (!l->has_key) {
        l->key = v->kind == DD_V_STRING ? v->text : DD_STR("");
        l->has_key = true;
    } else {
        if (dd_str_eqz(l->key, "<<"))
            yaml_merge(y, l->node, v);
        else
            dd_data_put(y->d, l->node, l->key, v);
        l->has_key = false;
    }
}

static void yaml_anchor(yaml_state *y, const yaml_char_t *name, dd_value *v)
{
    if (name && v)
        dd_map_put(&y->anchors, dd_arena_dupz(&y->d->p->arena, (const char *)name), v);
}

static void yaml_open(yaml_state *y, dd_value_kind kind, const yaml_char_t *anchor)
{
    dd_value *v = dd_data_scalar(y->d, kind);
    if (!v || y->depth >= DD_DATA_DEPTH) {
        y->failed = true;
        return;
    }
    yaml_anchor(y, anchor, v);
    y->stack[y->depth++] = (yaml_level){ .node = v };
}

static void yaml_close(yaml_state *y)
{
    if (y->depth == 0) {
        y->failed = true;
        return;
    }
    dd_value *v = y->stack[--y->depth].node;
    yaml_add(y, v);
}

static void yaml_scalar(yaml_state *y, const yaml_event_t *e)
{
    dd_str    s = { (const char *)e->data.scalar.value, e->data.scalar.length };
    bool      key = y->depth && y->stack[y->depth - 1].node->kind == DD_V_DATA && !y->stack[y->depth - 1].has_key;
    dd_value *v = !key && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? dd_data_word(y->d, s) : NULL;
    v = v ? v : dd_data_text(y->d, s);
    yaml_anchor(y, e->data.scalar.anchor, v);
    yaml_add(y, v);
}

static bool yaml_event(yaml_state *y, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:         yaml_scalar(y, e); break;
    case YAML_MAPPING_START_EVENT:  yaml_open(y, DD_V_DATA, e->data.mapping_start.anchor); break;
    case YAML_SEQUENCE_START_EVENT: yaml_open(y, DD_V_LIST, e->data.sequence_start.anchor); break;
    case YAML_MAPPING_END_EVENT: case YAML_SEQUENCE_END_EVENT: yaml_close(y); break;
    case YAML_ALIAS_EVENT: {
        dd_value *v = dd_map_get(&y->anchors, dd_str_z((const char *)e->data.alias.anchor));
        for (int i = 0; v && i < y->depth; i++)
            if (y->stack[i].node == v)
                v = NULL;                        /* an object inside itself */
        yaml_add(y, v ? v : dd_data_scalar(y->d, DD_V_NONE));
        break;
    }
    case YAML_DOCUMENT_END_EVENT: case YAML_STREAM_END_EVENT: return false;   /* the first document counts */
    default: break;
    }
    return !y->failed;
}

dd_value *dd_data_yaml(dd_project *p, dd_str text)
{
    dd_data       d = { .p = p, .text = text };
    yaml_state    y = { .d = &d };
    yaml_parser_t parser;
    yaml_event_t  event;
    bool          more = true;
    if (!yaml_parser_initialize(&parser))
        return NULL;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    while (more) {
        if (!yaml_parser_parse(&parser, &event)) {
            y.failed = true;
            break;
        }
        more = yaml_event(&y, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    dd_map_free(&y.anchors);
    return y.failed ? NULL : y.top;
}
