#include "scan/notebook_cell.h"

#include <ctype.h>
#include <string.h>

/* What a line of Python leaves open for the next one. */
typedef struct {
    int  brackets;
    char quote;        /* 0: not in a text */
    bool triple;
    bool backslash;    /* the line ended in one */
} open_state;

static bool statement_starts(const open_state *s)
{
    return s->brackets == 0 && s->quote == 0 && !s->backslash;
}

static bool three(dd_str line, size_t i, char quote)
{
    return i + 2 < line.len && line.ptr[i + 1] == quote && line.ptr[i + 2] == quote;
}

/* In a text at line[i]; the index behind what was read. */
static size_t read_in_text(dd_str line, size_t i, open_state *s)
{
    if (line.ptr[i] == '\\')
        return i + 2;
    if (line.ptr[i] != s->quote)
        return i + 1;
    if (s->triple && !three(line, i, s->quote))
        return i + 1;
    s->quote = 0;
    return i + (s->triple ? 3 : 1);
}

static size_t read_in_code(dd_str line, size_t i, open_state *s)
{
    char c = line.ptr[i];
    if (c == '#')
        return line.len;
    if (c == '"' || c == '\'') {
        s->quote  = c;
        s->triple = three(line, i, c);
        return i + (s->triple ? 3 : 1);
    }
    if (strchr("([{", c) && c)
        s->brackets++;
    else if (strchr(")]}", c) && c && s->brackets > 0)
        s->brackets--;
    return i + 1;
}

static void read_line(dd_str line, open_state *s)
{
    bool comment = false;
    for (size_t i = 0; i < line.len;) {
        comment = !s->quote && line.ptr[i] == '#';
        i       = s->quote ? read_in_text(line, i, s) : read_in_code(line, i, s);
    }
    s->backslash = !comment && dd_str_endsz(line, "\\");
    if (s->quote && !s->triple && !s->backslash)
        s->quote = 0; /* an unclosed text ends with its line */
}

/* `name?`, `a.b??`, `%magic?`, `*pattern*?` */
static bool is_question(dd_str s)
{
    size_t marks = 0;
    while (marks < 2 && s.len && s.ptr[s.len - 1] == '?') {
        s.len--;
        marks++;
    }
    if (marks == 0 || s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.ptr[i]) && !strchr("_.*%[]'\"", s.ptr[i]))
            return false;
    return true;
}

/* `files = !ls`, `a, b = %magic x`: on the left only what may be assigned to. */
static bool is_assigned_magic(dd_str s)
{
    ptrdiff_t equals = dd_str_chr(s, '=');
    if (equals <= 0)
        return false;
    for (ptrdiff_t i = 0; i < equals; i++)
        if (!isalnum((unsigned char)s.ptr[i]) && !strchr("_., []*'\"\t", s.ptr[i]))
            return false;
    dd_str right = dd_str_trim(dd_str_sub(s, (size_t)equals + 1, s.len));
    return right.len > 1 && (right.ptr[0] == '!' || right.ptr[0] == '%');
}

/* Commands that IPython takes without their sign. */
static bool is_bare_command(dd_str s)
{
    static const char *const commands[] = { "pip install ", "pip uninstall ", "pip3 install ", "conda install ", "uv pip install ", "mamba install " };
    for (size_t i = 0; i < DD_COUNT(commands); i++)
        if (dd_str_startsz(s, commands[i]))
            return true;
    return false;
}

static bool is_magic(dd_str s)
{
    return s.len && (strchr("!%?", s.ptr[0]) || is_question(s) || is_assigned_magic(s) || is_bare_command(s));
}

/* "%store -r A B": the names come from another notebook of the folder. */
static bool add_store(dd_str s, dd_buf *out)
{
    bool   any = false;
    dd_str command = dd_str_cut(&s, ' ');
    if (!dd_str_eqz(command, "%store"))
        return false;
    s = dd_str_trim(s);
    if (!dd_str_eqz(dd_str_cut(&s, ' '), "-r"))
        return false;
    dd_buf_addz(out, "from __ipython_store__ import ");
    while ((s = dd_str_trim(s)).len) {
        dd_str name = dd_str_cut(&s, ' ');
        if (!isalpha((unsigned char)name.ptr[0]) && name.ptr[0] != '_')
            break;
        dd_buf_addz(out, any ? ", " : "");
        dd_buf_add(out, name);
        any = true;
    }
    if (!any)
        dd_buf_addc(out, '*');
    return true;
}

static bool runs_python(dd_str header)
{
    static const char *const names[] = { "time", "timeit", "capture", "prun", "memit" };
    dd_str word = dd_str_cut(&header, ' ');
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(word, names[i]))
            return true;
    return false;
}

/* Blanks the "%%" lines in front; true: the whole cell is in another language. */
static bool pass_headers(dd_str *cell, uint32_t *rows, dd_buf *out)
{
    for (;;) {
        dd_str rest = *cell;
        dd_str line = dd_str_cut(&rest, '\n'), header = dd_str_trim(line);
        bool   magic = dd_str_startsz(line, "%%");
        if (!magic && (header.len || rest.len == 0))
            return false;
        if (magic && !runs_python(dd_str_sub(header, 2, header.len)))
            return true;
        dd_buf_addc(out, '\n');
        *rows += 1;
        *cell = rest;
    }
}

static uint32_t blank(dd_str cell, dd_buf *out)
{
    uint32_t rows = 0;
    for (; cell.len; rows++) {
        dd_str_cut(&cell, '\n');
        dd_buf_addc(out, '\n');
    }
    return rows;
}

static void add_line(dd_str line, open_state *state, bool *in_command, dd_buf *out)
{
    dd_str code = dd_str_trim(line);
    if (*in_command || (statement_starts(state) && is_magic(code))) {
        bool goes_on = dd_str_endsz(code, "\\");
        if (!*in_command) {
            dd_buf_add(out, dd_str_sub(line, 0, (size_t)(code.ptr - line.ptr)));
            if (!add_store(code, out))
                dd_buf_addz(out, "pass");
        }
        *in_command = goes_on;
        return;
    }
    read_line(dd_str_endsz(line, "\r") ? dd_str_sub(line, 0, line.len - 1) : line, state);
    dd_buf_add(out, line);
}

uint32_t dd_notebook_cell(dd_str cell, bool python, dd_buf *out)
{
    uint32_t   rows  = 0;
    open_state state = { 0 };
    bool       in_command = false;
    if (python && pass_headers(&cell, &rows, out))
        return rows + blank(cell, out);
    for (; cell.len; rows++) {
        dd_str line = dd_str_cut(&cell, '\n');
        if (python)
            add_line(line, &state, &in_command, out);
        else
            dd_buf_add(out, line);
        dd_buf_addc(out, '\n');
    }
    return rows;
}
