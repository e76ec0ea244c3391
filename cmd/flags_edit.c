/* Lines are changed, not the tree: a tree that is written anew has lost its comments. What comes out is read again before it counts, so that a
 * spelling that this does not foresee is an error and never another flag. */
#include "cmd/flags_edit.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cmd/flags.h"

/* --- JSON: cJSON keeps order, and there are no comments --- */

static void put(cJSON *object, const char *name, cJSON *value)
{
    if (cJSON_HasObjectItem(object, name))
        cJSON_ReplaceItemInObjectCaseSensitive(object, name, value);
    else
        cJSON_AddItemToObject(object, name, value);
}

/* The names of a variant that is true and of one that is not. */
static bool two_variants(const cJSON *flag, const char **on, const char **off)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(flag, "variants");
    *on = *off = NULL;
    const cJSON *v;
    cJSON_ArrayForEach(v, list) {
        if (cJSON_IsTrue(v))
            *on = v->string;
        else
            *off = v->string;
    }
    return *on && *off;
}

static cJSON *part(const char *name, double weight)
{
    cJSON *p = cJSON_CreateArray();
    cJSON_AddItemToArray(p, cJSON_CreateString(name));
    cJSON_AddItemToArray(p, cJSON_CreateNumber(weight));
    return p;
}

static bool spread(cJSON *flag, double share)
{
    const char *on, *off;
    if (!two_variants(flag, &on, &off))
        return false;
    cJSON *targeting = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(targeting, "fractional");
    cJSON_AddItemToArray(list, part(on, share));
    cJSON_AddItemToArray(list, part(off, 100 - share));
    put(flag, "targeting", targeting);
    return true;
}

static bool same_share(const dd_flag *a, const dd_flag *b) { return !(a->rollout < b->rollout) && !(a->rollout > b->rollout); }

static bool edit_tree(cJSON *root, const dd_flag *f, const dd_flag *want)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "flags"), *flag;
    if (!list || cJSON_HasObjectItem(list, "owner"))
        list = root;
    flag = cJSON_GetObjectItemCaseSensitive(list, f->name.ptr);
    if (!flag)
        return false;
    if (f->on != want->on)
        put(flag, f->flagd ? "state" : "on", f->flagd ? cJSON_CreateString(want->on ? "ENABLED" : "DISABLED") : cJSON_CreateBool(want->on));
    if (same_share(f, want))
        return true;
    if (f->flagd)
        return spread(flag, want->rollout);
    put(flag, "rollout", cJSON_CreateNumber(want->rollout));
    return true;
}

static bool edit_json(dd_str text, const dd_flag *f, const dd_flag *want, dd_buf *out)
{
    cJSON *root = cJSON_ParseWithLength(text.ptr, text.len);
    bool   ok   = root && edit_tree(root, f, want);
    char  *made = ok ? cJSON_Print(root) : NULL;
    dd_buf_addz(out, made);
    dd_buf_addc(out, '\n');
    cJSON_free(made);
    cJSON_Delete(root);
    return made != NULL;
}

/* --- YAML: the flag's own lines --- */

static size_t indent_of(dd_str line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == ' ')
        n++;
    return n;
}

/* Where the value of `key` begins and ends in a line, "on: true" or "{on: true, ...}"; false: it is not there. */
static bool value_at(dd_str line, const char *key, size_t *from, size_t *to)
{
    size_t n = strlen(key);
    for (size_t i = 0; i + n < line.len; i++) {
        bool front = i == 0 || strchr(" {,\t", line.ptr[i - 1]), colon = line.ptr[i + n] == ':';
        if (line.ptr[i] == '#' && front)
            return false;
        if (!front || !colon || memcmp(line.ptr + i, key, n) != 0)
            continue;
        *from = i + n + 1;
        while (*from < line.len && line.ptr[*from] == ' ')
            ++*from;
        *to = *from;
        while (*to < line.len && !strchr(",}# \t\r", line.ptr[*to]))
            ++*to;
        return true;
    }
    return false;
}

typedef struct { const char *key, *value; bool done; } setting;

static bool set_in(dd_str line, setting *s, size_t n, dd_buf *out)
{
    dd_buf now = DD_BUF_INIT(0), next = DD_BUF_INIT(0);
    bool   any = false;
    dd_buf_add(&now, line);
    for (size_t i = 0; i < n; i++) {
        size_t from, to;
        if (s[i].done || !value_at(dd_buf_str(&now), s[i].key, &from, &to))
            continue;
        s[i].done = any = true;
        dd_buf_clear(&next);
        dd_buf_add(&next, dd_str_sub(dd_buf_str(&now), 0, from));
        dd_buf_addz(&next, s[i].value);
        dd_buf_add(&next, dd_str_sub(dd_buf_str(&now), to, now.len));
        dd_buf_clear(&now);
        dd_buf_add(&now, dd_buf_str(&next));
    }
    dd_buf_add(out, dd_buf_str(&now));
    dd_buf_free(&now);
    dd_buf_free(&next);
    return any;
}

/* What was not there is added behind the name: in its braces, or as lines of its own. */
static void add_rest(const setting *s, size_t n, size_t mark, size_t indent, bool braces, dd_buf *out)
{
    dd_buf tail = DD_BUF_INIT(0);
    dd_buf_add(&tail, dd_str_sub(dd_buf_str(out), mark, out->len));
    out->len = mark;
    for (size_t i = 0; i < n; i++) {
        if (s[i].done)
            continue;
        if (!braces)
            dd_buf_pad(out, ' ', indent);
        dd_buf_printf(out, braces ? "%s: %s, " : "%s: %s\n", s[i].key, s[i].value);
    }
    dd_buf_add(out, dd_buf_str(&tail));
    dd_buf_free(&tail);
}

static void edit_yaml(dd_str text, const dd_flag *f, setting *s, size_t n, dd_buf *out)
{
    size_t own = 0, below = 0, mark = 0;
    bool   inside = false, braces = false;
    for (int at = 1; text.len; at++) {
        ptrdiff_t br   = dd_str_chr(text, '\n');
        dd_str    line = dd_str_sub(text, 0, br < 0 ? text.len : (size_t)br), bare = dd_str_trim(line);
        text           = dd_str_sub(text, line.len + 1, text.len);
        if (at == f->line) {
            own    = indent_of(line);
            inside = true;
            ptrdiff_t brace = dd_str_chr(dd_str_sub(line, own + f->name.len, line.len), '{');
            braces          = brace >= 0;
            mark            = out->len + (braces ? own + f->name.len + (size_t)brace + 1 : line.len + 1);
        } else if (inside && bare.len && bare.ptr[0] != '#') {
            inside = indent_of(line) > own;
            below  = inside && !below ? indent_of(line) : below;
        }
        if (inside)
            set_in(line, s, n, out);
        else
            dd_buf_add(out, line);
        dd_buf_addc(out, '\n');
    }
    add_rest(s, n, mark, below ? below : own + 2, braces, out);
}

static bool alike(const dd_flag *a, const dd_flag *b)
{
    double off = a->rollout - b->rollout;
    return a->on == b->on && off < 1e-9 && off > -1e-9 && a->expires == b->expires && dd_str_eq(a->owner, b->owner);
}

/* The flag is as it is wanted, and every other one as it was. */
static bool says(dd_str before, dd_str after, const dd_flag *want)
{
    dd_arena a   = DD_ARENA_INIT;
    dd_err   err = DD_ERR_INIT;
    dd_flags was, now;
    bool     ok = dd_flags_parse(before, "flags", &a, &was, &err) == DD_OK && dd_flags_parse(after, "flags", &a, &now, &err) == DD_OK && was.n == now.n;
    for (size_t i = 0; ok && i < now.n; i++)
        ok = dd_str_eq(was.v[i].name, now.v[i].name) && alike(&now.v[i], dd_str_eq(now.v[i].name, want->name) ? want : &was.v[i]);
    dd_arena_fini(&a);
    return ok;
}

dd_code dd_flags_edit(dd_str text, const dd_flag *f, const dd_flag *want, dd_buf *out, dd_err *err)
{
    char    share[32];
    setting own[] = { { "on", want->on ? "true" : "false", f->on == want->on }, { "rollout", share, same_share(f, want) } };
    setting state[] = { { "state", want->on ? "ENABLED" : "DISABLED", f->on == want->on } };
    bool    json = dd_str_startsz(dd_str_trim(text), "{") && edit_json(text, f, want, out);
    snprintf(share, sizeof share, "%.10g", want->rollout);
    if (!json) {
        dd_buf_clear(out);
        edit_yaml(text, f, f->flagd ? state : own, f->flagd ? 1 : 2, out);
    }
    if (!out->over && says(text, dd_buf_str(out), want))
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "flag \"" DD_STR_FMT "\" is written in a way that is not changed here", DD_STR_ARG(f->name));
    dd_hint(err, "Change line %d of the file by hand.", f->line);
    return DD_ERR_USAGE;
}
