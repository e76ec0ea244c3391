#include "tests/unit/proxy/translate.h"

const dd_target_facts new_model = { .adaptive_thinking = true, .reasoning = true, .json_schema = true, .vision = true, .documents = true };
const dd_target_facts old_model = { .reasoning = true, .vision = true, .documents = true };

dd_str quoted(dd_arena *arena, const char *json)
{
    dd_str s = dd_arena_dupz(arena, json);
    char  *p = (char *)(uintptr_t)s.ptr;
    for (size_t i = 0; i < s.len; i++)
        if (p[i] == '\'')
            p[i] = '"';
    return s;
}

void translate(translation *t, dd_dialect from, dd_dialect to, const char *json, const dd_target_facts *facts, dd_unsupported policy)
{
    dd_err err = DD_ERR_INIT;
    *t         = (translation){ .arena = DD_ARENA_INIT, .out = DD_BUF_INIT(0) };
    t->ctx     = (dd_dialect_ctx){ .arena = &t->arena, .drops = &t->drops, .names = &t->names, .ids = &t->ids, .error = &t->error, .unsupported = policy };
    if (dd_jspan_parse(&t->in, &t->arena, quoted(&t->arena, json), &err) != DD_OK) {
        dd_test_fail(__FILE__, __LINE__, "%s: %s", json, err.msg);
        return;
    }
    t->ok = dd_request_read(from, &t->in, &t->ctx, &t->request) && dd_request_write(to, &t->request, DD_STR("target"), facts, &t->ctx, &t->out);
    if (t->ok && dd_jspan_parse(&t->body, &t->arena, dd_buf_str(&t->out), &err) != DD_OK)
        dd_test_fail(__FILE__, __LINE__, "%s in %.*s", err.msg, DD_STR_ARG(dd_buf_str(&t->out)));
}

void translate_fini(translation *t)
{
    dd_buf_free(&t->out);
    dd_arena_fini(&t->arena);
}

dd_str value_at(const dd_jspan *j, const char *path)
{
    uint32_t node = j->n ? 0 : DD_J_NONE;
    while (*path && node != DD_J_NONE) {
        char   name[64];
        size_t n = strcspn(path, ".[]");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        bool item = n && path[n] == ']';
        node      = item ? dd_jspan_item(j, node, (size_t)strtol(name, NULL, 10)) : n ? dd_jspan_member(j, node, name, NULL) : node;
        path += n;
        path += strspn(path, ".[]");
    }
    return node == DD_J_NONE ? DD_STR_NULL : dd_jspan_raw(j, node);
}

bool dropped(const translation *t, const char *name)
{
    for (size_t i = 0; i < t->drops.n; i++)
        if (dd_str_eqz(t->drops.v[i], name))
            return true;
    return false;
}

dd_str all_drops(translation *t)
{
    dd_str all = DD_STR("");
    for (size_t i = 0; i < t->drops.n; i++)
        all = dd_arena_printf(&t->arena, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(all), i ? " " : "", DD_STR_ARG(t->drops.v[i]));
    return all;
}

static void check_values(const translation_case *c, translation *t)
{
    for (size_t i = 0; i < DD_COUNT(c->want) && c->want[i]; i++) {
        size_t n    = strcspn(c->want[i], "=");
        dd_str path = dd_arena_dup(&t->arena, (dd_str){ c->want[i], n }), want = quoted(&t->arena, c->want[i] + n + 1), got = value_at(&t->body, path.ptr);
        if (want.len ? !dd_str_eq(got, want) : got.ptr != NULL)
            dd_test_fail(__FILE__, __LINE__, "%s: %s is %.*s, not %.*s", c->why, path.ptr, DD_STR_ARG(got), DD_STR_ARG(want));
    }
}

static void check_error(const translation_case *c, translation *t)
{
    size_t n = strcspn(c->error, "|");
    if (t->ok || t->error.status != 400 || !dd_str_eqz(t->error.type, "invalid_request_error") || !dd_str_eq(t->error.param, (dd_str){ c->error, n }) ||
        !dd_str_has(t->error.message, c->error + n + 1))
        dd_test_fail(__FILE__, __LINE__, "%s: not the error %s but %d %.*s: %.*s %.*s", c->why, c->error, t->error.status, DD_STR_ARG(t->error.param),
                     DD_STR_ARG(t->error.message), DD_STR_ARG(dd_buf_str(&t->out)));
}

void check_translations(const translation_case *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const translation_case *c = &rows[i];
        translation             t;
        translate(&t, c->from, c->to, c->in, c->facts ? c->facts : &new_model, DD_UNSUPPORTED_DROP);
        if (c->error) {
            check_error(c, &t);
        } else if (!t.ok) {
            dd_test_fail(__FILE__, __LINE__, "%s: %.*s", c->why, DD_STR_ARG(t.error.message));
        } else {
            check_values(c, &t);
            dd_str drops = all_drops(&t);
            if (!dd_str_eqz(drops, c->drops ? c->drops : ""))
                dd_test_fail(__FILE__, __LINE__, "%s: dropped \"%.*s\"", c->why, DD_STR_ARG(drops));
        }
        translate_fini(&t);
    }
}
