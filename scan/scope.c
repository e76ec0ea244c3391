#include "scan/scope.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Enough for any real path; a link loop cannot come here, the path is resolved. */
#define DEEPEST_ROOT 256

int dd_scope_match(const dd_scope *s, dd_str path, bool is_dir, bool *forced)
{
    *forced = false;
    for (const dd_scope *at = s; at; at = at->up) {
        int verdict = dd_rules_match(at->own, dd_str_sub(path, at->base, path.len), is_dir);
        *forced     = verdict == -1;
        if (verdict)
            return verdict;
    }
    for (const dd_scope *at = s; at; at = at->up) {
        int verdict = dd_rules_match(at->git, dd_str_sub(path, at->base, path.len), is_dir);
        if (verdict || at->top)
            return verdict ? verdict : dd_rules_match(at->exclude, dd_str_sub(path, at->base, path.len), is_dir);
    }
    return 0;
}

void dd_scope_free(dd_scope *s)
{
    if (!s)
        return;
    dd_rules_free(s->git);
    dd_rules_free(s->own);
    dd_rules_free(s->exclude);
    free(s);
}

void dd_scope_free_chain(dd_scope *s)
{
    while (s) {
        dd_scope *up = (dd_scope *)s->up;
        dd_scope_free(s);
        s = up;
    }
}

static dd_rules *read_rules(dd_str folder, const char *name)
{
    dd_buf path = DD_BUF_INIT(0), text = DD_BUF_INIT(1 << 20);
    dd_buf_printf(&path, DD_STR_FMT "/%s", DD_STR_ARG(folder), name);
    dd_rules *r = NULL;
    if (dd_file_read(dd_buf_z(&path), &text, NULL) == DD_OK)
        r = dd_rules_new(dd_buf_str(&text));
    dd_buf_free(&path);
    dd_buf_free(&text);
    return r;
}

static bool is_repository(dd_str folder)
{
    dd_buf path = DD_BUF_INIT(0);
    dd_buf_printf(&path, DD_STR_FMT "/.git", DD_STR_ARG(folder));
    bool yes = dd_file_exists(dd_buf_z(&path));
    dd_buf_free(&path);
    return yes;
}

/* The root, or all that could be in it, is ignored from above. */
static bool root_ignored(const dd_scope *s, dd_str path)
{
    bool forced;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '/' && dd_scope_match(s, dd_str_sub(path, 0, i), true, &forced) == 1)
            return true;
    dd_buf probe = DD_BUF_INIT(0);
    dd_buf_add(&probe, path);
    dd_buf_addc(&probe, '\x01');
    bool all = dd_scope_match(s, dd_buf_str(&probe), true, &forced) == 1;
    dd_buf_free(&probe);
    return all;
}

static dd_scope *read_chain(dd_str root, const size_t *ends, size_t n, size_t top)
{
    dd_scope *chain = NULL;
    for (size_t i = n; i-- > 0;) { /* from the top down */
        dd_str    folder = dd_str_sub(root, 0, ends[i]);
        dd_scope *s      = dd_calloc(1, sizeof *s);
        s->up      = chain;
        s->base    = ends[i] + 1 - top;
        s->top     = i + 1 == n;
        s->git     = read_rules(folder, ".gitignore");
        s->own     = read_rules(folder, ".dd0cignore");
        s->exclude = s->top ? read_rules(folder, ".git/info/exclude") : NULL;
        chain      = s;
    }
    return chain;
}

dd_scope *dd_scope_above(const char *root, dd_buf *path)
{
    size_t ends[DEEPEST_ROOT], n = 0;
    char  *real = realpath(root, NULL);
    bool   found = false;
    dd_str r     = dd_str_z(real);
    dd_scope *chain = NULL;
    if (r.len > 1 && !is_repository(r))
        for (size_t i = r.len; i-- > 0 && n < DEEPEST_ROOT && !found;)
            if (r.ptr[i] == '/') {
                ends[n++] = i;
                found     = is_repository(dd_str_sub(r, 0, i));
            }
    if (found) {
        size_t top = ends[n - 1] + 1;
        chain      = read_chain(r, ends, n, top);
        dd_buf_add(path, dd_str_sub(r, top, r.len));
        dd_buf_addc(path, '/');
        if (root_ignored(chain, dd_buf_str(path))) {
            dd_scope_free_chain(chain);
            chain = NULL;
            dd_buf_clear(path);
        }
    }
    free(real);
    return chain;
}
