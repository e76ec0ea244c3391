/* Notebooks: JSON whose cells hold code.
 *
 * Outputs may be a thousand times as large as the code, so nothing is made of them: the bytes are walked by spans, strings
 * are leapt over with memchr, and only the code cells' sources are decoded. Texts that are no JSON but lead to the same cells
 * are taken too: what matters is the code in them. No recursion. */
#include <stdlib.h>
#include <string.h>

#include "scan/notebook_cell.h"
#include "scan/source.h"

typedef struct {
    dd_str s;
    size_t i;
} cursor;

static void skip_blanks(cursor *c)
{
    while (c->i < c->s.len && strchr(" \t\r\n", c->s.ptr[c->i]) && c->s.ptr[c->i])
        c->i++;
}

static char peek(cursor *c)
{
    skip_blanks(c);
    return c->i < c->s.len ? c->s.ptr[c->i] : '\0';
}

/* At a quote: behind the closing one. */
static bool skip_string(cursor *c)
{
    size_t start = c->i + 1, at = start;
    for (;;) {
        const char *q = at < c->s.len ? memchr(c->s.ptr + at, '"', c->s.len - at) : NULL;
        if (!q)
            return false;
        size_t end = (size_t)(q - c->s.ptr), slashes = 0;
        while (end - slashes > at && c->s.ptr[end - slashes - 1] == '\\')
            slashes++;
        c->i = at = end + 1;
        if (slashes % 2 == 0)
            return true;
    }
}

static bool skip_brackets(cursor *c)
{
    size_t depth = 0;
    while (c->i < c->s.len) {
        char b = c->s.ptr[c->i];
        if (b == '"') {
            if (!skip_string(c))
                return false;
            continue;
        }
        c->i++;
        if (b == '{' || b == '[')
            depth++;
        else if ((b == '}' || b == ']') && --depth == 0)
            return true;
    }
    return false;
}

/* The span of the value that starts here. */
static bool take_value(cursor *c, dd_str *out)
{
    char   first = peek(c);
    size_t from  = c->i;
    bool   ok    = true;
    if (first == '"')
        ok = skip_string(c);
    else if (first == '{' || first == '[')
        ok = skip_brackets(c);
    else
        while (c->i < c->s.len && !strchr(",]} \t\r\n", c->s.ptr[c->i]))
            c->i++;
    *out = dd_str_sub(c->s, from, c->i);
    return ok && c->i > from;
}

/* The next member of the object (or item of the list) that the cursor is in; key is empty in lists. False: the end, or *broken. */
static bool next_item(cursor *c, bool keys, dd_str *key, dd_str *value, bool *broken)
{
    char first = peek(c);
    if (first == ',') {
        c->i++;
        first = peek(c);
    }
    if (first == '}' || first == ']')
        return false;
    *broken = true;
    *key    = DD_STR_NULL;
    if (keys) {
        if (first != '"' || !take_value(c, key) || peek(c) != ':')
            return false;
        c->i++;
        *key = dd_str_sub(*key, 1, key->len - 1);
    }
    if (!take_value(c, value))
        return false;
    *broken = false;
    return true;
}

static cursor into(dd_str span)
{
    return (cursor){ span, span.len ? 1 : 0 };
}

static bool is_object(dd_str v) { return v.len && v.ptr[0] == '{'; }
static bool is_list(dd_str v) { return v.len && v.ptr[0] == '['; }
static bool is_text(dd_str v) { return v.len >= 2 && v.ptr[0] == '"'; }

static dd_str member(dd_str object, const char *name)
{
    cursor c = into(object);
    dd_str key, value;
    bool   broken = false;
    while (is_object(object) && next_item(&c, true, &key, &value, &broken))
        if (dd_str_eqz(key, name))
            return value;
    return DD_STR_NULL;
}

/* A text's bytes without the quotes; escapes stay. Enough for names of languages. */
static dd_str plain(dd_str v)
{
    return is_text(v) ? dd_str_sub(v, 1, v.len - 1) : DD_STR_NULL;
}

static bool hex4(dd_str s, size_t i, uint32_t *out)
{
    *out = 0;
    if (i + 4 > s.len)
        return false;
    for (size_t k = i; k < i + 4; k++) {
        char     b = s.ptr[k];
        uint32_t d = b >= '0' && b <= '9' ? (uint32_t)(b - '0') : (b | 32) >= 'a' && (b | 32) <= 'f' ? (uint32_t)((b | 32) - 'a') + 10 : 16;
        if (d == 16)
            return false;
        *out = *out * 16 + d;
    }
    return true;
}

/* \uXXXX at s[*i] == 'u'; a surrogate without its partner becomes U+FFFD. */
static void decode_unicode(dd_str s, size_t *i, dd_buf *out)
{
    uint32_t high, low;
    if (!hex4(s, *i + 1, &high)) {
        dd_buf_utf8(out, 0xFFFD);
        return;
    }
    *i += 4;
    if (high >= 0xD800 && high < 0xDC00 && *i + 2 < s.len && s.ptr[*i + 1] == '\\' && s.ptr[*i + 2] == 'u' &&
        hex4(s, *i + 3, &low) && low >= 0xDC00 && low < 0xE000) {
        dd_buf_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        *i += 6;
        return;
    }
    dd_buf_utf8(out, high >= 0xD800 && high < 0xE000 ? 0xFFFD : high);
}

static void decode(dd_str quoted, dd_buf *out)
{
    static const char from[] = "ntrbf", to[] = "\n\t\r\b\f";
    dd_str s = plain(quoted);
    for (size_t i = 0; i < s.len; i++) {
        const char *slash = memchr(s.ptr + i, '\\', s.len - i);
        size_t      end   = slash ? (size_t)(slash - s.ptr) : s.len;
        dd_buf_add(out, dd_str_sub(s, i, end));
        i = end + 1;
        if (i >= s.len)
            return;
        const char *known = strchr(from, s.ptr[i]);
        if (s.ptr[i] == 'u')
            decode_unicode(s, &i, out);
        else
            dd_buf_addc(out, known && *known ? to[known - from] : s.ptr[i]);
    }
}

typedef enum { OTHER_KERNEL, PYTHON, JAVASCRIPT, TYPESCRIPT, UNSAID } kernel;

static kernel kernel_named(dd_str name)
{
    static const struct { const char *name; kernel k; } names[] = {
        { "python", PYTHON },       { "python3", PYTHON },          { "python2", PYTHON },   { "ipython", PYTHON },  { "ipython3", PYTHON },
        { "pyspark", PYTHON },      { "javascript", JAVASCRIPT },   { "js", JAVASCRIPT },    { "node", JAVASCRIPT }, { "nodejs", JAVASCRIPT },
        { "typescript", TYPESCRIPT }, { "ts", TYPESCRIPT },         { "deno", TYPESCRIPT },  { "tslab", TYPESCRIPT }, { "jslab", JAVASCRIPT },
    };
    if (name.len == 0)
        return UNSAID;
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eq_nocase(name, dd_str_z(names[i].name)))
            return names[i].k;
    return OTHER_KERNEL;
}

typedef struct {
    dd_source_file *f;
    kernel          kernel;
    int32_t         index;      /* of the next cell, of all kinds */
    uint32_t        rows;
    dd_buf          text, cell;
    DD_VEC(dd_cell_start) starts;
} joiner;

static void add_source(joiner *j, dd_str source)
{
    if (is_text(source))
        decode(source, &j->cell);
    cursor c = into(source);
    dd_str key, value;
    bool   broken = false;
    while (is_list(source) && next_item(&c, false, &key, &value, &broken))
        decode(value, &j->cell);
}

/* A cell may be in another language than the notebook. */
static bool foreign_cell(const joiner *j, dd_str language, dd_str metadata)
{
    dd_str own = language.len ? language : plain(member(member(metadata, "vscode"), "languageId"));
    kernel k   = kernel_named(own);
    return k != UNSAID && (k == PYTHON) != (j->kernel == PYTHON);
}

static bool add_cell(joiner *j, dd_str cell)
{
    cursor  c = into(cell);
    dd_str  key, value, type = DD_STR_NULL, source = DD_STR_NULL, language = DD_STR_NULL, metadata = DD_STR_NULL;
    bool    broken = false;
    int32_t index  = j->index++;
    if (!is_object(cell))
        return true;
    while (next_item(&c, true, &key, &value, &broken)) {
        if (dd_str_eqz(key, "cell_type"))
            type = plain(value);
        else if (dd_str_eqz(key, "source") || dd_str_eqz(key, "input"))
            source = value;
        else if (dd_str_eqz(key, "language"))
            language = plain(value);
        else if (dd_str_eqz(key, "metadata"))
            metadata = value;
    }
    if (broken)
        return false;
    if (!dd_str_eqz(type, "code") || foreign_cell(j, language, metadata))
        return true;
    dd_buf_clear(&j->cell);
    add_source(j, source);
    if (j->cell.len == 0 || j->cell.ptr[j->cell.len - 1] != '\n')
        dd_buf_addc(&j->cell, '\n');
    dd_vec_push(&j->starts, ((dd_cell_start){ j->rows, index }));
    j->rows += dd_notebook_cell(dd_buf_str(&j->cell), j->kernel == PYTHON, &j->text);
    return true;
}

static bool add_cells(joiner *j, dd_str cells)
{
    cursor c = into(cells);
    dd_str key, value;
    bool   broken = false;
    while (is_list(cells) && next_item(&c, false, &key, &value, &broken))
        if (!add_cell(j, value))
            return false;
    return !broken;
}

/* nbformat 3 keeps the cells one level further down. */
static bool add_worksheets(joiner *j, dd_str sheets)
{
    cursor c = into(sheets);
    dd_str key, value;
    bool   broken = false;
    while (is_list(sheets) && next_item(&c, false, &key, &value, &broken))
        if (!add_cells(j, member(value, "cells")))
            return false;
    return !broken;
}

static dd_code bad(dd_err *err)
{
    return dd_fail(err, DD_ERR_PARSE, "not a notebook that can be read");
}

/* What the notebook says its language is. A dialect of Python has a name of its own, but Python's lexer. */
static kernel kernel_of(dd_str metadata, dd_str *called)
{
    dd_str spec = member(metadata, "kernelspec"), info = member(metadata, "language_info"), mode = member(info, "codemirror_mode");
    dd_str said[] = { plain(member(spec, "language")), plain(member(info, "name")) };
    dd_str also[] = { is_text(mode) ? plain(mode) : plain(member(mode, "name")), plain(member(info, "nbconvert_exporter")), plain(member(info, "pygments_lexer")), plain(member(spec, "name")) };
    kernel k = UNSAID;
    *called = said[0].len ? said[0] : said[1];
    for (size_t i = 0; i < DD_COUNT(said) && k == UNSAID; i++)
        k = kernel_named(said[i]);
    for (size_t i = 0; i < DD_COUNT(also) && (k == UNSAID || k == OTHER_KERNEL); i++) {
        kernel other = kernel_named(also[i]);
        if (other != UNSAID && other != OTHER_KERNEL)
            k = other;
    }
    return k;
}

static dd_code finish(joiner *j, dd_arena *arena)
{
    dd_source_file *f = j->f;
    f->text    = dd_arena_dup(arena, dd_buf_str(&j->text));
    f->n_cells = (uint32_t)j->starts.n;
    f->cells   = dd_newn(arena, dd_cell_start, j->starts.n + 1);
    if (j->starts.n)
        memcpy(f->cells, j->starts.v, j->starts.n * sizeof *f->cells);
    if (j->kernel == JAVASCRIPT || j->kernel == TYPESCRIPT)
        f->lang = j->kernel == JAVASCRIPT ? DD_LANG_JAVASCRIPT : DD_LANG_TYPESCRIPT;
    return DD_OK;
}

dd_code dd_notebook_join(dd_source_file *f, dd_str json, dd_arena *arena, dd_err *err)
{
    cursor c = { json, 0 };
    dd_str key, value, cells = DD_STR_NULL, sheets = DD_STR_NULL, metadata = DD_STR_NULL;
    bool   broken = false;
    if (peek(&c) != '{')
        return bad(err);
    c.i++;
    while (next_item(&c, true, &key, &value, &broken)) {
        if (dd_str_eqz(key, "cells"))
            cells = value;
        else if (dd_str_eqz(key, "worksheets"))
            sheets = value;
        else if (dd_str_eqz(key, "metadata"))
            metadata = value;
    }
    if (broken || (!is_list(cells) && !is_list(sheets)))
        return bad(err);
    dd_str called;
    joiner j = { .f = f, .kernel = kernel_of(metadata, &called) };
    if (j.kernel == OTHER_KERNEL)
        return dd_fail(err, DD_ERR_USAGE, "its kernel is \"" DD_STR_FMT "\"", DD_STR_ARG(called));
    if (j.kernel == UNSAID)
        j.kernel = PYTHON;
    bool ok = add_cells(&j, cells) && add_worksheets(&j, sheets);
    dd_code rc = ok ? finish(&j, arena) : bad(err);
    dd_buf_free(&j.text);
    dd_buf_free(&j.cell);
    dd_vec_free(&j.starts);
    return rc;
}
