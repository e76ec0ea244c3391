/* TOML as far as configuration uses it: tables, arrays of tables, dotted keys, strings, numbers, arrays, inline tables. */
#include "scan/data.h"

static char peek(const dd_data *d)
{
    return d->at < d->text.len ? d->text.ptr[d->at] : '\0';
}

static void blanks(dd_data *d, bool lines)
{
    for (;;) {
        char c = peek(d);
        if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
            d->at++;
        } else if (c == '#') {
            while (d->at < d->text.len && peek(d) != '\n')
                d->at++;
        } else {
            return;
        }
    }
}

static bool bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool literal_text(dd_data *d, dd_buf *out)      /* '...' without escapes */
{
    while (d->at < d->text.len && peek(d) != '\'')
        dd_buf_addc(out, d->text.ptr[d->at++]);
    return d->at++ < d->text.len;
}

static bool long_text(dd_data *d, char quote, dd_buf *out)
{
    char   end[4] = { quote, quote, quote, '\0' };
    size_t from = d->at;
    if (peek(d) == '\n')
        from++;
    ptrdiff_t n = dd_str_findz(dd_str_sub(d->text, from, d->text.len), end);
    if (n < 0)
        return false;
    dd_buf_add(out, dd_str_sub(d->text, from, from + (size_t)n));
    d->at = from + (size_t)n + 3;
    return true;
}

static bool any_text(dd_data *d, dd_buf *out)
{
    char quote = peek(d);
    d->at++;
    if (peek(d) == quote && d->at + 1 < d->text.len && d->text.ptr[d->at + 1] == quote) {
        d->at += 2;
        return long_text(d, quote, out);
    }
    return quote == '\'' ? literal_text(d, out) : dd_data_quoted(d, '"', out);
}

static bool one_key(dd_data *d, dd_str *key)
{
    if (peek(d) == '"' || peek(d) == '\'') {
        dd_buf out = DD_BUF_INIT(1 << 14);
        bool   ok = any_text(d, &out);
        *key = dd_arena_dup(&d->p->arena, dd_buf_str(&out));
        dd_buf_free(&out);
        return ok;
    }
    size_t from = d->at;
    while (bare(peek(d)))
        d->at++;
    *key = dd_arena_dup(&d->p->arena, dd_str_sub(d->text, from, d->at));
    return d->at > from;
}

enum { KEY_PARTS = 16 };
typedef struct { dd_str v[KEY_PARTS]; size_t n; } toml_key;

static bool read_key(dd_data *d, toml_key *k)
{
    k->n = 0;
    for (;;) {
        blanks(d, false);
        if (k->n == KEY_PARTS || !one_key(d, &k->v[k->n++]))
            return false;
        blanks(d, false);
        if (peek(d) != '.')
            return true;
        d->at++;
    }
}

/* The table behind all but the last part; arrays of tables stand for their last one. */
static dd_value *descend(dd_data *d, dd_value *from, const toml_key *k, size_t parts)
{
    for (size_t i = 0; i < parts && from; i++) {
        dd_value *next = dd_v_dict_find(from, k->v[i]);
        if (!next) {
            next = dd_data_scalar(d, DD_V_DATA);
            if (next)
                dd_data_put(d, from, k->v[i], next);
        }
        if (next && next->kind == DD_V_LIST)
            next = next->n_items ? next->items[next->n_items - 1] : NULL;
        from = next && next->kind == DD_V_DATA ? next : NULL;
    }
    return from;
}

static dd_value *toml_value(dd_data *d, int depth);

static bool pair(dd_data *d, dd_value *table, int depth)
{
    toml_key k;
    if (!read_key(d, &k) || peek(d) != '=')
        return false;
    d->at++;
    dd_value *v = toml_value(d, depth), *in = descend(d, table, &k, k.n - 1);
    if (!v || !in)
        return false;
    dd_data_put(d, in, k.v[k.n - 1], v);
    return true;
}

static dd_value *inline_table(dd_data *d, int depth)
{
    dd_value *t = dd_data_scalar(d, DD_V_DATA);
    for (;;) {
        blanks(d, true);
        if (peek(d) == '}') {
            d->at++;
            return t;
        }
        if (!t || !pair(d, t, depth + 1))
            return NULL;
        blanks(d, true);
        if (peek(d) == ',')
            d->at++;
        else if (peek(d) != '}')
            return NULL;
    }
}

static dd_value *array(dd_data *d, int depth)
{
    dd_value *l = dd_data_scalar(d, DD_V_LIST);
    for (;;) {
        blanks(d, true);
        if (peek(d) == ']') {
            d->at++;
            return l;
        }
        dd_value *v = l ? toml_value(d, depth + 1) : NULL;
        if (!v)
            return NULL;
        dd_data_push(d, l, v);
        blanks(d, true);
        if (peek(d) == ',')
            d->at++;
        else if (peek(d) != ']')
            return NULL;
    }
}

static dd_value *toml_value(dd_data *d, int depth)
{
    blanks(d, false);
    if (depth > DD_DATA_DEPTH)
        return NULL;
    char c = peek(d);
    if (c == '"' || c == '\'') {
        dd_buf    out = DD_BUF_INIT(1 << 20);
        dd_value *v = any_text(d, &out) ? dd_data_text(d, dd_buf_str(&out)) : NULL;
        dd_buf_free(&out);
        return v;
    }
    if (c == '{' || c == '[') {
        d->at++;
        return c == '{' ? inline_table(d, depth) : array(d, depth);
    }
    size_t from = d->at;
    while (d->at < d->text.len && !strchr(",]}#\r\n", peek(d)))
        d->at++;
    dd_str    word = dd_str_trim(dd_str_sub(d->text, from, d->at));
    dd_value *v = word.len ? dd_data_word(d, word) : NULL;
    return v ? v : word.len ? dd_data_text(d, word) : NULL;      /* a date stays text */
}

static dd_value *header(dd_data *d, dd_value *top)
{
    toml_key k;
    d->at++;
    bool many = peek(d) == '[';
    d->at += many;
    if (!read_key(d, &k) || peek(d) != ']')
        return NULL;
    d->at += many ? 2 : 1;
    if (!many)
        return descend(d, top, &k, k.n);
    dd_value *in = descend(d, top, &k, k.n - 1), *list = in ? dd_v_dict_find(in, k.v[k.n - 1]) : NULL;
    if (in && !list) {
        list = dd_data_scalar(d, DD_V_LIST);
        if (list)
            dd_data_put(d, in, k.v[k.n - 1], list);
    }
    dd_value *t = list && list->kind == DD_V_LIST ? dd_data_scalar(d, DD_V_DATA) : NULL;
    if (t)
        dd_data_push(d, list, t);
    return t;
}

dd_value *dd_data_toml(dd_project *p, dd_str text)
{
    dd_data   d = { .p = p, .text = text };
    dd_value *top = dd_data_scalar(&d, DD_V_DATA), *table = top;
    while (top) {
        blanks(&d, true);
        if (d.at >= text.len)
            return top;
        if (peek(&d) == '[')
            table = header(&d, top);
        else if (!pair(&d, table, 0))
            return NULL;
        if (!table)
            return NULL;
    }
    return NULL;
}
