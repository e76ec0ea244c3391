/* Any text: it compiles or says where it is wrong; evaluating ends, twice with the same result; constants computed at compile time, types left to
 * run time and parentheses around it change nothing; lint and explain agree with the value. */
#include "route/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_VARS = 8 };
static const dd_cel_var vars[N_VARS] = {
    { "s", DD_CEL_STRING, DD_CEL_UNSET, "" }, { "i", DD_CEL_INT, DD_CEL_UNSET, "" }, { "b", DD_CEL_BOOL, DD_CEL_UNSET, "" },
    { "d", DD_CEL_DOUBLE, DD_CEL_UNSET, "" },
    { "m", DD_CEL_MAP, DD_CEL_STRING, "" }, { "l", DD_CEL_LIST, DD_CEL_UNSET, "" }, { "x.y", DD_CEL_DYN, DD_CEL_UNSET, "" },
    { "none", DD_CEL_DYN, DD_CEL_UNSET, "" },
};

static void insist(bool held, const char *what)
{
    if (!held) {
        fprintf(stderr, "property broken: %s\n", what);
        abort();
    }
}

static void set_values(dd_cel_value values[N_VARS])
{
    static dd_cel_entry entries[2];
    static dd_cel_value items[3];
    entries[0] = (dd_cel_entry){ dd_cel_string(DD_STR("a")), dd_cel_string(DD_STR("\xc3\xa9")) };
    entries[1] = (dd_cel_entry){ dd_cel_string(DD_STR("b")), dd_cel_null() };
    items[0] = dd_cel_int(1);
    items[1] = dd_cel_string(DD_STR("x\xff"));
    items[2] = dd_cel_map(entries, 2);
    values[0] = dd_cel_string(DD_STR("gpt-4o"));
    values[1] = dd_cel_int(500);
    values[2] = dd_cel_bool(true);
    values[3] = dd_cel_double(0.5);
    values[4] = dd_cel_map(entries, 2);
    values[5] = dd_cel_list(items, 3);
    values[6] = (dd_cel_value){ .type = DD_CEL_TIMESTAMP, .ns = 5, .seconds = 1700000000 };
    values[7] = (dd_cel_value){ .type = DD_CEL_UNSET };
}

typedef struct { bool compiled, ok, limited; char shown[2000]; size_t n; const dd_cel *p; } outcome;

static outcome run(dd_str text, const dd_cel_env *env, dd_arena *arena)
{
    outcome      o = { 0 };
    dd_cel_value values[N_VARS], v;
    dd_buf       shown = DD_BUF_INIT(sizeof o.shown);
    dd_err       err = DD_ERR_INIT;
    size_t       at = 0;
    set_values(values);
    o.p = dd_cel_compile(text, env, arena, &err, &at);
    o.compiled = o.p != NULL;
    if (!o.p) {
        insist(err.msg[0] && at <= text.len, "an error has a message and a place");
        return o;
    }
    o.ok = dd_cel_eval(o.p, &(dd_cel_vars){ .values = values }, arena, &v, &err) == DD_OK;
    o.limited = v.type == DD_CEL_ERROR && v.kind == DD_CEL_E_LIMIT;
    if (v.type != DD_CEL_ERROR) /* which of two errors is told may differ */
        dd_cel_print(&v, &shown);
    o.n = shown.len;
    if (shown.len)
        memcpy(o.shown, shown.ptr, shown.len);
    dd_buf_free(&shown);
    return o;
}

static void agree(const outcome *a, const outcome *b, const char *what)
{
    if (!a->limited && !b->limited) /* what is computed beforehand takes no steps */
        insist(a->ok == b->ok && a->n == b->n && memcmp(a->shown, b->shown, a->n) == 0, what);
}

static void look_inside(const outcome *o, dd_arena *arena)
{
    dd_cel_value values[N_VARS];
    dd_buf       why = DD_BUF_INIT(4000);
    dd_cel_truth truth = dd_cel_constant(o->p);
    bool         holds = o->ok && o->n == 4 && memcmp(o->shown, "true", 4) == 0 && dd_cel_result(o->p) != DD_CEL_STRING;
    set_values(values);
    insist(dd_cel_covers(o->p, o->p), "it covers itself");
    insist(truth != DD_CEL_NEVER || !holds, "what never holds does not hold");
    insist(truth != DD_CEL_ALWAYS || holds, "what always holds does");
    dd_cel_why(o->p, &(dd_cel_vars){ .values = values }, arena, &why);
    insist((why.len == 0) == holds, "there is a reason just when it does not hold");
    dd_buf_free(&why);
}

static bool is_true(const outcome *o) { return o->ok && dd_str_eqz((dd_str){ o->shown, o->n }, "true"); }

static void compare(dd_str text, const dd_cel_env *plain, const outcome *a, const outcome *unfolded, const outcome *unchecked, dd_arena *arena)
{
    agree(a, unfolded, "constants are computed as at run time");
    agree(a, unchecked, "types known beforehand change nothing");
    outcome again = run(text, plain, arena), wrapped = run(dd_arena_printf(arena, "(" DD_STR_FMT "\n)", DD_STR_ARG(text)), plain, arena);
    insist(again.n == a->n && again.ok == a->ok && memcmp(again.shown, a->shown, a->n) == 0, "twice the same");
    if (wrapped.compiled && !memchr(text.ptr, 0, text.len))
        agree(a, &wrapped, "parentheses change nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dd_cel_env plain = { .vars = vars, .n = N_VARS }, unfolded = { .vars = vars, .n = N_VARS, .unfolded = true },
                            unchecked = { .vars = vars, .n = N_VARS, .unchecked = true };
    dd_arena arena = DD_ARENA_INIT;
    dd_str   text = { (const char *)data, size };
    outcome  a = run(text, &plain, &arena), b = run(text, &unfolded, &arena), c = run(text, &unchecked, &arena);
    outcome  half = run(dd_str_sub(text, 0, size / 2), &plain, &arena);
    insist(!a.compiled || (b.compiled && c.compiled), "what compiles does so without constants and types, too"); /* not the other way: patterns */
    if (a.compiled) {
        compare(text, &plain, &a, &b, &c, &arena);
        look_inside(&a, &arena);
        if (half.compiled && is_true(&a) && dd_cel_covers(half.p, a.p))
            insist(is_true(&half), "what covers it holds, too");
    }
    dd_arena_fini(&arena);
    return 0;
}
