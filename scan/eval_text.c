/* Text: joining what is known, keeping what is not as holes. */
#include "scan/eval.h"

enum { MAX_FOLDED = 1 << 20 };

static bool as_text(dd_project *p, const dd_value *v, dd_str *out)
{
    if (v->kind == DD_V_STRING) {
        *out = v->text;
        return true;
    }
    if (v->kind == DD_V_NUMBER) {
        *out = v->number == (double)(int64_t)v->number ? dd_arena_printf(&p->arena, "%lld", (long long)v->number) : dd_arena_printf(&p->arena, "%g", v->number);
        return true;
    }
    return false;
}

/* The weakest of the parts names the source of the whole. */
static void inherit(dd_value *to, const dd_value *from)
{
    if (from->source > to->source && from->source >= DD_SRC_DEFAULT_PARAM)
        to->source = from->source;
    if (from->env_var.len)
        to->env_var = from->env_var;
    if (!to->chain)
        to->chain = from->chain;
    to->maybe = to->maybe || from->maybe;
}

static dd_value *folded(dd_project *p, dd_value *const *parts, size_t n, const dd_expr *e)
{
    dd_buf    text = DD_BUF_INIT(MAX_FOLDED);
    dd_value *v = dd_v_string(p, DD_STR(""), e);
    for (size_t i = 0; i < n; i++) {
        dd_str s = DD_STR("");
        as_text(p, parts[i], &s);
        dd_buf_add(&text, s);
        inherit(v, parts[i]);
    }
    v->text = dd_arena_dup(&p->arena, dd_buf_str(&text));
    dd_buf_free(&text);
    return v;
}

static dd_value *with_holes(dd_project *p, dd_value *const *parts, size_t n, const dd_expr *e)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += parts[i]->kind == DD_V_TEXT ? parts[i]->n_items : 1;
    dd_value *v = dd_v_new(p, DD_V_TEXT, e);
    v->items = dd_newn(&p->arena, dd_value *, total + 1);
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->kind != DD_V_TEXT)
            v->items[v->n_items++] = parts[i];
        for (uint32_t k = 0; parts[i]->kind == DD_V_TEXT && k < parts[i]->n_items; k++)
            v->items[v->n_items++] = parts[i]->items[k];
        if (parts[i]->kind == DD_V_UNKNOWN && !v->param_func) {
            v->param_func = parts[i]->param_func;
            v->param_index = parts[i]->param_index;
            v->env_var = parts[i]->env_var;
            v->text = parts[i]->text;
        }
    }
    v->source = DD_SRC_DYNAMIC;
    return v;
}

dd_value *dd_lib_join(dd_project *p, dd_value **parts, size_t n, const dd_expr *e)
{
    size_t unknown = 0, choices = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        dd_str s;
        if (parts[i]->kind == DD_V_CHOICE) {
            choices++;
            at = i;
        } else if (!as_text(p, parts[i], &s)) {
            unknown++;
        }
    }
    if (!unknown && !choices)
        return folded(p, parts, n, e);
    if (choices != 1 || unknown || parts[at]->n_items > 8)
        return with_holes(p, parts, n, e);
    dd_value *out = NULL, *choice = parts[at];
    for (uint32_t i = 0; i < choice->n_items; i++) {
        dd_value **one = dd_newn(&p->arena, dd_value *, n);
        memcpy(one, parts, n * sizeof *one);
        one[at] = choice->items[i];
        dd_str s;
        out = dd_v_either(p, out, as_text(p, one[at], &s) ? folded(p, one, n, e) : with_holes(p, one, n, e));
    }
    return out;
}

bool dd_lib_textual(const dd_value *v)
{
    for (uint32_t i = 0; v->kind == DD_V_CHOICE && i < v->n_items; i++)
        if (v->items[i]->kind == DD_V_STRING || v->items[i]->kind == DD_V_TEXT)
            return true;
    return v->kind == DD_V_STRING || v->kind == DD_V_TEXT;
}

dd_value *dd_lib_add(dd_project *p, dd_value *a, dd_value *b, const dd_expr *e)
{
    if (a->kind == DD_V_NUMBER && b->kind == DD_V_NUMBER)
        return dd_v_number(p, a->number + b->number, e);
    if (a->kind == DD_V_LIST && b->kind == DD_V_LIST) {
        dd_value *l = dd_v_copy(p, a);
        l->items = dd_newn(&p->arena, dd_value *, a->n_items + b->n_items + 1);
        if (a->n_items)
            memcpy(l->items, a->items, a->n_items * sizeof *l->items);
        if (b->n_items)
            memcpy(l->items + a->n_items, b->items, b->n_items * sizeof *l->items);
        l->n_items = a->n_items + b->n_items;
        l->open = a->open || b->open;
        return l;
    }
    if (a->kind == DD_V_LIST || b->kind == DD_V_LIST) {
        dd_value *l = dd_v_copy(p, a->kind == DD_V_LIST ? a : b);
        l->open = true;
        return l;
    }
    if (!dd_lib_textual(a) && !dd_lib_textual(b))
        return dd_v_unknown(p, "expression", e);
    dd_value **parts = dd_newn(&p->arena, dd_value *, 2);
    parts[0] = a;
    parts[1] = b;
    return dd_lib_join(p, parts, 2, e);
}

/* --- methods --- */

typedef struct { dd_value *recv; const dd_expr *call; const dd_frame *f; } text_call;

static dd_value *changed(dd_project *p, const text_call *t, dd_str text)
{
    dd_value *v = dd_v_copy(p, t->recv);
    v->text = text;
    return v;
}

static dd_value *text_case(dd_project *p, const text_call *t, bool lower)
{
    dd_str s = dd_arena_dup(&p->arena, t->recv->text);
    for (size_t i = 0; i < s.len; i++) {
        char *c = (char *)s.ptr + i;
        if (lower && *c >= 'A' && *c <= 'Z')
            *c += 32;
        else if (!lower && *c >= 'a' && *c <= 'z')
            *c -= 32;
    }
    return changed(p, t, s);
}

static dd_value *text_replace(dd_project *p, const text_call *t)
{
    dd_value *from = dd_ev_arg(p, t->call, 0, t->f), *to = dd_ev_arg(p, t->call, 1, t->f);
    if (!from || !to || from->kind != DD_V_STRING || !from->text.len)
        return dd_v_unknown(p, "text", t->call);
    dd_value *parts[64];
    size_t    n = 0;
    dd_str    rest = t->recv->text;
    for (ptrdiff_t at; n + 2 < DD_COUNT(parts) && (at = dd_str_find(rest, from->text)) >= 0;) {
        parts[n++] = changed(p, t, dd_str_sub(rest, 0, (size_t)at));
        parts[n++] = to;
        rest = dd_str_sub(rest, (size_t)at + from->text.len, rest.len);
    }
    parts[n++] = changed(p, t, rest);
    dd_value **kept = dd_newn(&p->arena, dd_value *, n);
    memcpy(kept, parts, n * sizeof *kept);
    return dd_lib_join(p, kept, n, t->call);
}

static dd_value *format_field(dd_project *p, const text_call *t, dd_str field, uint32_t *next)
{
    char    name[64];
    int64_t n;
    ptrdiff_t colon = dd_str_chr(field, ':');
    field = colon >= 0 ? dd_str_sub(field, 0, (size_t)colon) : field;
    dd_value *v = NULL;
    if (!field.len)
        v = dd_ev_arg(p, t->call, (*next)++, t->f);
    else if (dd_parse_i64(field, &n) && n >= 0 && n < 64)
        v = dd_ev_arg(p, t->call, (uint32_t)n, t->f);
    else if (field.len < sizeof name) {
        memcpy(name, field.ptr, field.len);
        name[field.len] = '\0';
        v = dd_ev_keyword(p, t->call, name, t->f);
    }
    return v ? v : dd_v_unknown(p, "format", t->call);
}

static dd_value *text_format(dd_project *p, const text_call *t)
{
    DD_VEC(dd_value *) parts = { 0 };
    dd_buf   plain = DD_BUF_INIT(MAX_FOLDED);
    dd_str   s = t->recv->text;
    uint32_t next = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool twice = i + 1 < s.len && s.ptr[i + 1] == s.ptr[i];
        if ((s.ptr[i] == '{' || s.ptr[i] == '}') && twice) {
            dd_buf_addc(&plain, s.ptr[i++]);
            continue;
        }
        ptrdiff_t end = s.ptr[i] == '{' ? dd_str_chr(dd_str_sub(s, i, s.len), '}') : -1;
        if (end < 0 || parts.n > 400) {
            dd_buf_addc(&plain, s.ptr[i]);
            continue;
        }
        dd_vec_push(&parts, changed(p, t, dd_arena_dup(&p->arena, dd_buf_str(&plain))));
        dd_vec_push(&parts, format_field(p, t, dd_str_sub(s, i + 1, i + (size_t)end), &next));
        dd_buf_clear(&plain);
        i += (size_t)end;
    }
    dd_vec_push(&parts, changed(p, t, dd_arena_dup(&p->arena, dd_buf_str(&plain))));
    dd_value **kept = dd_newn(&p->arena, dd_value *, parts.n);
    memcpy(kept, parts.v, parts.n * sizeof *kept);
    dd_value *v = dd_lib_join(p, kept, parts.n, t->call);
    dd_buf_free(&plain);
    dd_vec_free(&parts);
    return v;
}

static dd_value *text_join(dd_project *p, const text_call *t)
{
    dd_value *list = dd_ev_arg(p, t->call, 0, t->f);
    if (!list || list->kind != DD_V_LIST || list->n_items > 1000)
        return dd_v_unknown(p, "text", t->call);
    dd_value **parts = dd_newn(&p->arena, dd_value *, (size_t)list->n_items * 2 + 2);
    size_t     n = 0;
    for (uint32_t i = 0; i < list->n_items; i++) {
        if (i)
            parts[n++] = t->recv;
        parts[n++] = list->items[i];
    }
    if (list->open)
        parts[n++] = dd_v_unknown(p, "text", t->call);
    return dd_lib_join(p, parts, n, t->call);
}

static dd_value *text_split(dd_project *p, const text_call *t)
{
    dd_value *sep = dd_ev_arg(p, t->call, 0, t->f);
    if (!sep || sep->kind != DD_V_STRING || sep->text.len == 0 || t->recv->text.len > 4096)
        return dd_v_unknown(p, "text", t->call);
    dd_value *list = dd_v_list(p, dd_newn(&p->arena, dd_value *, 33), 0, t->call);
    dd_str    rest = t->recv->text;
    for (ptrdiff_t at; list->n_items < 32 && (at = dd_str_find(rest, sep->text)) >= 0;) {
        list->items[list->n_items++] = changed(p, t, dd_str_sub(rest, 0, (size_t)at));
        rest = dd_str_sub(rest, (size_t)at + sep->text.len, rest.len);
    }
    list->items[list->n_items++] = changed(p, t, rest);
    return list;
}

static dd_value *text_test(dd_project *p, const text_call *t, dd_str name)
{
    dd_value *a = dd_ev_arg(p, t->call, 0, t->f);
    if (!a || a->kind != DD_V_STRING)
        return dd_v_unknown(p, "text", t->call);
    bool starts = dd_str_startsz(name, "starts"), ends = dd_str_startsz(name, "ends");
    bool yes = starts ? dd_str_starts(t->recv->text, a->text) : ends ? dd_str_ends(t->recv->text, a->text) : dd_str_find(t->recv->text, a->text) >= 0;
    dd_value *v = dd_v_bool(p, yes, t->call);
    v->source = t->recv->source;
    return v;
}

static dd_value *text_prefix(dd_project *p, const text_call *t, bool front)
{
    dd_value *a = dd_ev_arg(p, t->call, 0, t->f);
    dd_str    s = t->recv->text;
    if (!a || a->kind != DD_V_STRING)
        return dd_v_unknown(p, "text", t->call);
    if (front && dd_str_starts(s, a->text))
        s = dd_str_sub(s, a->text.len, s.len);
    else if (!front && dd_str_ends(s, a->text))
        s = dd_str_sub(s, 0, s.len - a->text.len);
    return changed(p, t, s);
}

static bool one_of(dd_str name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dd_str_eqz(name, names[i]))
            return true;
    return false;
}

dd_value *dd_lib_text_method(dd_project *p, dd_value *recv, dd_str name, const dd_expr *call, const dd_frame *f)
{
    static const char *const same[] = { "toString", "encode", "decode", "valueOf", "normalize", "resolve", "absolute", "expanduser", "as_posix", "dedent", "casefold",
                                        "rstrip", "lstrip", "trimEnd", "trimStart" };
    static const char *const tests[] = { "startsWith", "startswith", "endsWith", "endswith", "includes" };
    text_call t = { recv, call, f };
    if (one_of(name, same, DD_COUNT(same)))
        return recv;
    if (recv->kind == DD_V_TEXT) {
        if (dd_str_eqz(name, "strip") || dd_str_eqz(name, "trim") || dd_str_eqz(name, "format") || dd_str_eqz(name, "replace"))
            return recv;
        return dd_v_unknown(p, "text", call);
    }
    if (dd_str_eqz(name, "strip") || dd_str_eqz(name, "trim"))
        return call->n_items ? recv : changed(p, &t, dd_str_trim(recv->text));
    if (dd_str_eqz(name, "lower") || dd_str_eqz(name, "toLowerCase"))
        return text_case(p, &t, true);
    if (dd_str_eqz(name, "upper") || dd_str_eqz(name, "toUpperCase"))
        return text_case(p, &t, false);
    if (dd_str_eqz(name, "replace") || dd_str_eqz(name, "replaceAll"))
        return text_replace(p, &t);
    if (dd_str_eqz(name, "format"))
        return text_format(p, &t);
    if (dd_str_eqz(name, "join"))
        return text_join(p, &t);
    if (dd_str_eqz(name, "split"))
        return text_split(p, &t);
    if (one_of(name, tests, DD_COUNT(tests)))
        return text_test(p, &t, name);
    if (dd_str_eqz(name, "removeprefix") || dd_str_eqz(name, "removesuffix"))
        return text_prefix(p, &t, dd_str_eqz(name, "removeprefix"));
    return dd_v_unknown(p, "text", call);
}
