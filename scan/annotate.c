/* scan/annotate.c - what the author says about a call: "# dd0c: calls=30000 label=summary tokens_in=1200 ignore".
 *
 * It counts on any row of the call, and in comment lines of their own right above it. */
#include "scan/detect.h"

enum { MAX_ABOVE = 4 };

static dd_str row_text(const dd_source_file *f, uint32_t row)
{
    if (row >= f->n_rows)
        return DD_STR("");
    uint32_t end = row + 1 < f->n_rows ? f->rows[row + 1] : (uint32_t)f->text.len;
    return dd_str_trim(dd_str_sub(f->text, f->rows[row], end));
}

static bool comment_row(const dd_source_file *f, uint32_t row)
{
    dd_str s = row_text(f, row);
    return dd_str_startsz(s, "#") || dd_str_startsz(s, "//") || dd_str_startsz(s, "/*") || dd_str_startsz(s, "*") || dd_str_startsz(s, "{/*");
}

static uint32_t row_of(const dd_source_file *f, uint32_t offset)
{
    uint32_t lo = 0, hi = f->n_rows;
    while (lo + 1 < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (f->rows[mid] <= offset)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static void apply(dd_site *site, dd_str word)
{
    static const struct { const char *key; size_t at; } numbers[] = {
        { "calls", offsetof(dd_site, note_calls) }, { "tokens_in", offsetof(dd_site, note_tokens_in) }, { "tokens_out", offsetof(dd_site, note_tokens_out) },
    };
    dd_str value = word, key = dd_str_cut(&value, '=');
    int64_t n;
    if (dd_str_eqz(key, "ignore"))
        site->ignore = true;
    if (dd_str_eqz(key, "label") && value.len)
        site->label = value;
    for (size_t i = 0; i < DD_COUNT(numbers); i++)
        if (dd_str_eqz(key, numbers[i].key) && dd_parse_i64(value, &n) && n >= 0)
            *(int64_t *)(void *)((char *)site + numbers[i].at) = n;
}

static void read_note(dd_site *site, dd_str text)
{
    ptrdiff_t at = dd_str_findz(text, "dd0c:");
    dd_str rest = at < 0 ? DD_STR("") : dd_str_sub(text, (size_t)at + 5, text.len);
    size_t i = 0;
    while (i < rest.len) {
        while (i < rest.len && (rest.ptr[i] == ' ' || rest.ptr[i] == '\t' || rest.ptr[i] == ',' || rest.ptr[i] == '\r'))
            i++;
        size_t from = i;
        while (i < rest.len && rest.ptr[i] != ' ' && rest.ptr[i] != '\t' && rest.ptr[i] != ',' && rest.ptr[i] != '\r' && rest.ptr[i] != '\n')
            i++;
        if (i > from)
            apply(site, dd_str_sub(rest, from, i));
        if (i < rest.len && rest.ptr[i] == '\n')
            break;
    }
}

void dd_annotate(const dd_unit_ir *unit, const dd_expr *call, dd_site *site)
{
    if (!unit->n_comments)
        return;
    const dd_source_file *f = unit->file;
    uint32_t first = row_of(f, call->start), last = row_of(f, call->end ? call->end - 1 : 0), from = first;
    for (int i = 0; i < MAX_ABOVE && from > 0 && comment_row(f, from - 1); i++)
        from--;
    for (uint32_t i = 0; i < unit->n_comments; i++)
        if (unit->comments[i].row >= from && unit->comments[i].row <= last)
            read_note(site, unit->comments[i].text);
}
