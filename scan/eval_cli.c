/* Defaults of command-line options (M-24): argparse, click and typer, commander and yargs. */
#include "scan/eval.h"

/* "-m, --model <name>", "--model-name", "model": does it name the attribute? */
static bool option_names(dd_str text, dd_str attribute, bool python)
{
    while (text.len) {
        size_t n = 0;
        while (n < text.len && text.ptr[n] != ' ' && text.ptr[n] != ',' && text.ptr[n] != '|' && text.ptr[n] != '/')
            n++;
        dd_str word = dd_str_sub(text, 0, n);
        text = dd_str_sub(text, n + 1, text.len);
        bool dashed = dd_str_startsz(word, "-");
        while (dd_str_startsz(word, "-"))
            word = dd_str_sub(word, 1, word.len);
        if (!dashed && dd_str_startsz(word, "<"))
            continue;
        size_t i = 0, k = 0;
        for (; i < word.len && k < attribute.len; i++, k++) {
            char a = word.ptr[i], b = attribute.ptr[k];
            if (python && a == '-')
                a = '_';
            if (!python && a == '-' && i + 1 < word.len) {      /* --max-tokens is maxTokens */
                a = word.ptr[++i];
                a = a >= 'a' && a <= 'z' ? (char)(a - 32) : a;
            }
            if (a != b)
                break;
        }
        if (word.len && i == word.len && k == attribute.len)
            return true;
    }
    return false;
}

static bool call_names(dd_project *p, const dd_expr *call, dd_str attribute, bool python)
{
    dd_value *dest = python ? dd_ev_keyword(p, call, "dest", NULL) : NULL;
    if (dest && dest->kind == DD_V_STRING)
        return dd_str_eq(dest->text, attribute);
    for (uint32_t i = 0; i < call->n_items && i < 4; i++) {
        const dd_expr *a = call->items[i];
        if (a->kind == DD_X_STRING && option_names(a->name, attribute, python))
            return true;
        if (!python)
            break;
    }
    return false;
}

static dd_value *option_default(dd_project *p, const dd_expr *call, bool python)
{
    dd_value *d;
    if (python)
        return dd_ev_keyword(p, call, "default", NULL);
    d = dd_ev_arg(p, call, 2, NULL);                    /* commander: flags, description, default */
    if (d && (d->kind == DD_V_STRING || d->kind == DD_V_NUMBER || d->env_var.len))
        return d;
    d = dd_ev_arg(p, call, 1, NULL);                    /* yargs: name, { default } */
    return d && d->kind == DD_V_DICT ? dd_value_get(d, "default") : NULL;
}

static dd_value *from_options(dd_project *p, dd_unit_ir *u, dd_str attribute, bool *found)
{
    bool python = dd_ev_python(u);
    for (uint32_t i = 0; u && i < u->n_calls; i++) {
        const dd_expr *c = u->calls[i];
        bool option = python ? dd_str_eqz(c->name, "add_argument") : dd_str_eqz(c->name, "option") || dd_str_eqz(c->name, "requiredOption");
        if (!option || !c->a || c->a->kind != DD_X_MEMBER || !call_names(p, c, attribute, python))
            continue;
        *found = true;
        dd_value *d = option_default(p, c, python);
        if (!d || d->kind == DD_V_NONE)
            return NULL;
        d = dd_v_stamp(p, d, DD_SRC_DEFAULT_PARAM, DD_STR(""));
        return dd_v_chain(p, d, u, c->start, "default of option " DD_STR_FMT, DD_STR_ARG(attribute));
    }
    return NULL;
}

static bool parsed_options(const dd_value *v)
{
    static const char *const paths[] = { "argparse.ArgumentParser().parse_args()", "argparse.Namespace()", "argparse.ArgumentParser().parse_known_args()[]",
                                         "commander.Command().opts()", "commander.program.opts()", "commander.opts()", "argparse.ArgumentParser().parse_known_args()" };
    if (v->kind != DD_V_EXTERN)
        return false;
    for (size_t i = 0; i < DD_COUNT(paths); i++)
        if (dd_lib_path_is(v, paths[i]))
            return true;
    const dd_value *root = dd_extern_root(v);
    bool yargs = dd_str_eqz(root->name, "yargs") || dd_str_eqz(root->name, "yargs/yargs") || dd_str_eqz(root->name, "commander");
    return yargs && (dd_str_eqz(v->name, "argv") || (v->step == DD_E_CALL && v->parent && (dd_str_eqz(v->parent->name, "parseSync") || dd_str_eqz(v->parent->name, "parse") || dd_str_eqz(v->parent->name, "opts"))));
}

/* args.model of a parser: the option's default, else what the user types. A parameter named like that is the parser's result too. */
dd_value *dd_lib_cli(dd_project *p, dd_value *v, dd_str name, const dd_expr *use)
{
    bool passed = v->kind == DD_V_UNKNOWN && (dd_str_eqz(v->text, "parameter args") || dd_str_eqz(v->text, "parameter options") || dd_str_eqz(v->text, "parameter opts"));
    if (!passed && !parsed_options(v))
        return NULL;
    bool found = false;
    dd_unit_ir *u = v->call && !passed ? dd_ev_unit(v->call) : NULL;
    u = u ? u : use ? dd_ev_unit(use) : v->unit;
    dd_value *d = u ? from_options(p, u, name, &found) : NULL;
    if (d)
        return d;
    if (passed && !found)
        return NULL;
    dd_value *unknown = dd_v_unknown(p, "user-input", use);
    unknown->source = DD_SRC_DEFAULT_PARAM;
    return unknown;
}

/* @click.option("--model", default="x") over the function. */
dd_value *dd_lib_cli_param(dd_project *p, const dd_func *fn, dd_str name)
{
    for (uint32_t i = 0; i < fn->n_decorators; i++) {
        const dd_expr *d = fn->decorators[i];
        if (d->kind != DD_X_CALL || (!dd_str_eqz(d->name, "option") && !dd_str_eqz(d->name, "argument")) || !call_names(p, d, name, true))
            continue;
        return dd_ev_keyword(p, d, "default", NULL);
    }
    return NULL;
}
