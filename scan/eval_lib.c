/* Calls into libraries whose result is known without running them: environment, JSON, files, wrappers that change nothing. */
#include "scan/eval.h"

/* --- paths --- */

static bool path_ends(const dd_value *v, dd_str path)
{
    for (; v; v = v->parent) {
        dd_str tail = v->step == DD_E_MEMBER || v->step == DD_E_PACKAGE ? v->name : v->step == DD_E_INDEX ? DD_STR("[]") : DD_STR("()");
        if (v->step == DD_E_PACKAGE)
            return dd_str_eq(path, tail);
        if (v->step == DD_E_MEMBER && dd_str_eqz(v->name, "default") && v->parent && v->parent->step == DD_E_PACKAGE)
            continue;                                  /* fs.default.readFileSync is fs.readFileSync */
        if (!dd_str_ends(path, tail))
            return false;
        path.len -= tail.len;
        if (v->step == DD_E_MEMBER) {
            if (path.len == 0 || path.ptr[path.len - 1] != '.')
                return false;
            path.len--;
        }
    }
    return false;
}

bool dd_lib_path_is(const dd_value *v, const char *path)
{
    return v && v->kind == DD_V_EXTERN && path_ends(v, dd_str_z(path));
}

bool dd_lib_reads_data(const dd_value *v)
{
    static const char *const roots[] = { "yaml", "json", "toml", "tomllib", "tomli", "tomlkit", "configparser", "omegaconf", "dynaconf", "js-yaml", "ruamel.yaml", "conf" };
    const dd_value *root = dd_extern_root(v);
    for (size_t i = 0; i < DD_COUNT(roots); i++)
        if (dd_str_eqz(root->name, roots[i]))
            return true;
    return false;
}

static bool is_env_object(const dd_value *v)
{
    static const char *const paths[] = { "os.environ", "globalThis.process.env", "process.env", "globalThis.Bun.env", "bun.env", "globalThis.import.meta.env",
                                         "import.meta.env", "$env/static/private", "$env/dynamic/private.env", "$env/static/public", "astro:env/server",
                                         "os.environb", "dotenv.dotenv_values()" };
    for (size_t i = 0; i < DD_COUNT(paths); i++)
        if (dd_lib_path_is(v, paths[i]))
            return true;
    return false;
}

/* --- the environment --- */

static dd_str line_of(dd_str text, dd_str var)
{
    while (text.len) {
        dd_str line = dd_str_trim(dd_str_cut(&text, '\n'));
        if (dd_str_startsz(line, "export "))
            line = dd_str_sub(line, 7, line.len);
        if (line.len <= var.len || !dd_str_starts(line, var) || line.ptr[var.len] != '=')
            continue;
        dd_str v = dd_str_trim(dd_str_sub(line, var.len + 1, line.len));
        if (v.len >= 2 && (v.ptr[0] == '"' || v.ptr[0] == '\'') && v.ptr[v.len - 1] == v.ptr[0])
            v = dd_str_sub(v, 1, v.len - 1);
        return v;
    }
    return DD_STR("");
}

/* M-11: what the project's example of an environment says. A hint for people: it is not what runs. */
static dd_str example_of(dd_project *p, const dd_unit_ir *u, dd_str var)
{
    static const char *const names[] = { ".env.example", ".env.sample", ".env.template", ".env.local.example", "env.example" };
    if (!u || !u->file || !(dd_str_has(var, "MODEL") || dd_str_has(var, "DEPLOYMENT") || dd_str_has(var, "LLM")))
        return DD_STR("");
    for (dd_str dir = dd_path_dir(u->file->path);; dir = dd_path_dir(dir)) {
        for (size_t i = 0; i < DD_COUNT(names); i++) {
            dd_str text, at = dd_path_join(p, dir, dd_str_z(names[i]));
            dd_str v = at.ptr && dd_project_file_text(p, at, &text) ? line_of(text, var) : DD_STR("");
            if (v.len && v.len < 80)
                return v;
        }
        if (!dir.len)
            return DD_STR("");
    }
}

dd_value *dd_lib_env(dd_project *p, dd_str var, const dd_expr *e)
{
    dd_value *v = dd_v_unknown(p, "", e);
    dd_str    hint = example_of(p, dd_ev_unit(e), var);
    v->env_var = var;
    v->text = hint.len ? dd_arena_printf(&p->arena, "env " DD_STR_FMT ", " DD_STR_FMT " in the example environment", DD_STR_ARG(var), DD_STR_ARG(hint))
                       : dd_arena_printf(&p->arena, "env " DD_STR_FMT, DD_STR_ARG(var));
    return v;
}

/* --- handlers --- */

typedef struct { const dd_expr *call; const dd_frame *f; const dd_value *callee; int n; } lib_ctx;
typedef dd_value *lib_fn(dd_project *p, const lib_ctx *c);

static dd_value *arg(dd_project *p, const lib_ctx *c, uint32_t i)
{
    return dd_ev_arg(p, c->call, i, c->f);
}

static dd_value *keyword(dd_project *p, const lib_ctx *c, const char *name)
{
    return dd_ev_keyword(p, c->call, name, c->f);
}

static dd_value *lib_same(dd_project *p, const lib_ctx *c)
{
    return arg(p, c, (uint32_t)c->n);
}

static dd_value *lib_env(dd_project *p, const lib_ctx *c)
{
    dd_value *name = arg(p, c, 0), *deflt = arg(p, c, 1);
    deflt = deflt ? deflt : keyword(p, c, "default");
    deflt = deflt ? deflt : keyword(p, c, "fallback");
    dd_value *env = dd_lib_env(p, name && name->kind == DD_V_STRING ? name->text : DD_STR("?"), c->call);
    if (!deflt || deflt->kind == DD_V_NONE || deflt->kind == DD_V_CLASS)
        return env;
    if (deflt->kind == DD_V_EXTERN && !dd_extern_made(deflt))
        return env;                                     /* config("X", cast=str) */
    return dd_v_or(p, env, deflt, true);
}

static dd_value *lib_dict(dd_project *p, const lib_ctx *c)
{
    dd_value *d = dd_v_new(p, DD_V_DICT, c->call);
    for (uint32_t i = 0; i < c->call->n_items; i++) {
        const dd_expr *a = c->call->items[i];
        if (a->kind == DD_X_KEYWORD)
            d = dd_v_dict_set(p, d, a->name, dd_ev(p, a->b, c->f), false);
        else
            d = dd_v_dict_merge(p, d, dd_v_as_dict(p, dd_ev(p, a->kind == DD_X_SPREAD || a->kind == DD_X_SPREAD_DICT ? a->a : a, c->f)), false);
    }
    return d;
}

static dd_value *lib_values(dd_project *p, const lib_ctx *c)
{
    dd_value *d = arg(p, c, 0);
    if (!d || (d->kind != DD_V_DICT && d->kind != DD_V_DATA))
        return d && d->kind == DD_V_CLASS ? dd_v_unknown(p, "enum values", c->call) : NULL;
    dd_value **items = dd_newn(&p->arena, dd_value *, d->n_entries + 1);
    for (uint32_t i = 0; i < d->n_entries; i++)
        items[i] = c->n ? (d->entries[i].key_value ? d->entries[i].key_value : dd_v_string(p, d->entries[i].key, c->call)) : d->entries[i].value;
    dd_value *list = dd_v_list(p, items, d->n_entries, c->call);
    list->open = d->open;
    return list;
}

/* --- files --- */

/* Unknown parts in front are where the code runs; the rest is looked for beside the code and from the root. */
static dd_value *lib_path(dd_project *p, const lib_ctx *c)
{
    dd_buf text = DD_BUF_INIT(1024);
    for (uint32_t i = 0; i < c->call->n_items; i++) {
        const dd_expr *a = c->call->items[i];
        if (a->kind == DD_X_KEYWORD || a->kind == DD_X_SPREAD)
            continue;
        dd_value *v = dd_ev(p, a, c->f);
        if (v->kind != DD_V_STRING) {
            dd_buf_clear(&text);
            continue;
        }
        if (text.len && v->text.len)
            dd_buf_addc(&text, '/');
        dd_buf_add(&text, v->text);
    }
    dd_value *v = dd_v_string(p, dd_arena_dup(&p->arena, dd_buf_str(&text)), c->call);
    dd_buf_free(&text);
    return v;
}

/* The path an open file, a Path or a plain string stands for. */
static dd_value *path_of(dd_project *p, dd_value *v, int depth)
{
    if (v->kind == DD_V_STRING)
        return v;
    if (v->kind != DD_V_EXTERN || !v->call || depth > 3)
        return NULL;
    dd_value *a = dd_ev_arg(p, v->call, 0, v->frame);
    return a ? path_of(p, a, depth + 1) : NULL;
}

static dd_value *file_unknown(dd_project *p, const dd_expr *e)
{
    dd_value *v = dd_v_unknown(p, "file", e);
    v->source = DD_SRC_CONFIG_FILE;
    return v;
}

static dd_value *file_text(dd_project *p, dd_value *file, const dd_expr *e)
{
    dd_value   *path = path_of(p, file, 0);
    dd_unit_ir *u = dd_ev_unit(e);
    dd_str      text;
    if (!path || !path->text.len || !u || !dd_project_text(p, u, path->text, &text))
        return file_unknown(p, e);
    dd_value *v = dd_v_string(p, text, e);
    v->source = DD_SRC_CONFIG_FILE;
    return dd_v_chain(p, v, u, e->start, "file " DD_STR_FMT, DD_STR_ARG(path->text));
}

static dd_value *lib_read(dd_project *p, const lib_ctx *c)
{
    dd_value *a = c->n ? (dd_value *)c->callee->parent : arg(p, c, 0);     /* n: it is a method of the file */
    return a ? file_text(p, a, c->call) : NULL;
}

enum { AS_JSON, AS_YAML, AS_TOML };

static dd_value *parse_as(dd_project *p, dd_value *v, int format, const dd_expr *e)
{
    if (v->kind == DD_V_STRING) {
        dd_value *d = format == AS_JSON ? dd_data_json(p, v->text) : format == AS_YAML ? dd_data_yaml(p, v->text) : dd_data_toml(p, v->text);
        return d ? d : dd_v_unknown(p, "data", e);
    }
    if (v->kind == DD_V_EXTERN && v->call && (dd_lib_path_is(v, "builtins.open()") || dd_lib_path_is(v, "io.open()") || dd_lib_path_is(v, "codecs.open()"))) {
        dd_value *text = file_text(p, v, e);
        return text->kind == DD_V_STRING ? parse_as(p, text, format, e) : text;
    }
    if (v->kind == DD_V_UNKNOWN && v->source == DD_SRC_CONFIG_FILE)
        return v;
    return NULL;
}

static dd_value *lib_load_path(dd_project *p, const lib_ctx *c)
{
    dd_value *a = arg(p, c, 0), *text = a ? file_text(p, a, c->call) : NULL;
    return text && text->kind == DD_V_STRING ? parse_as(p, text, c->n, c->call) : file_unknown(p, c->call);
}

static dd_value *lib_load(dd_project *p, const lib_ctx *c)
{
    dd_value *a = arg(p, c, 0);
    if (!a)
        return NULL;
    if (c->n == AS_TOML && a->kind == DD_V_STRING && dd_str_endsz(a->text, ".toml"))
        return lib_load_path(p, c);
    dd_value *d = parse_as(p, a, c->n, c->call);
    if (d)
        return d;
    if (c->n == AS_JSON)
        return a->kind == DD_V_EXTERN ? NULL : a;       /* JSON.parse(JSON.stringify(x)) is x */
    return file_unknown(p, c->call);
}

/* --- schemas and frameworks --- */

static dd_value *lib_zod(dd_project *p, const lib_ctx *c)   /* z.string().default("x") */
{
    if (!dd_str_eqz(dd_extern_root(c->callee)->name, "zod"))
        return NULL;
    dd_value *v = arg(p, c, 0);
    return v ? dd_v_stamp(p, v, DD_SRC_CLASS_ATTR, DD_STR("")) : NULL;
}

static dd_value *lib_create_env(dd_project *p, const lib_ctx *c)
{
    dd_value *d = arg(p, c, 0), *out = dd_v_new(p, DD_V_DICT, c->call);
    static const char *const parts[] = { "shared", "client", "server" };
    if (!d || d->kind != DD_V_DICT)
        return NULL;
    for (size_t i = 0; i < DD_COUNT(parts); i++) {
        dd_value *part = dd_value_get(d, parts[i]);
        if (part && part->kind == DD_V_DICT)
            out = dd_v_dict_merge(p, out, part, false);
    }
    out = dd_v_stamp(p, out, DD_SRC_ENV_DEFAULT, DD_STR(""));
    for (uint32_t i = 0; i < out->n_entries; i++)
        if (out->entries[i].value->kind != DD_V_STRING)
            out->entries[i].value = dd_lib_env(p, out->entries[i].key, c->call);
    return out;
}

static dd_value *lib_apply_first(dd_project *p, const lib_ctx *c)     /* asyncio.run(f()), React's cache(f): the value itself */
{
    return arg(p, c, 0);
}

static dd_value *lib_any(dd_project *p, const lib_ctx *c)             /* random.choice(MODELS) */
{
    dd_value *a = arg(p, c, 0);
    return a ? dd_ev_element(p, a) : NULL;
}

/* What a form offers: the user picks one (n: place of the options), or types over a value. */
static dd_value *lib_pick(dd_project *p, const lib_ctx *c)
{
    dd_value *options = keyword(p, c, "options");
    options = options ? options : arg(p, c, 1);
    return options && (options->kind == DD_V_LIST || options->kind == DD_V_DICT) ? dd_ev_element(p, options) : NULL;
}

static dd_value *lib_typed_in(dd_project *p, const lib_ctx *c)
{
    dd_value *v = keyword(p, c, "value"), *input = dd_v_unknown(p, "user-input", c->call);
    v = v ? v : arg(p, c, (uint32_t)c->n);
    return v && v->kind == DD_V_STRING && v->text.len ? dd_v_or(p, input, v, true) : input;
}

static dd_value *lib_getattr(dd_project *p, const lib_ctx *c)
{
    dd_value *of = arg(p, c, 0), *name = arg(p, c, 1), *deflt = arg(p, c, 2);
    if (!of || !name || name->kind != DD_V_STRING)
        return NULL;
    dd_value *v = of->kind == DD_V_EXTERN && deflt ? dd_v_unknown(p, "attribute", c->call) : dd_ev_member(p, of, name->text, NULL);
    return deflt ? dd_v_or(p, v, deflt, false) : v;
}

static dd_value *lib_number(dd_project *p, const lib_ctx *c)
{
    dd_value *a = arg(p, c, 0);
    int64_t   n;
    if (!a)
        return NULL;
    if (a->kind == DD_V_STRING && dd_parse_i64(dd_str_trim(a->text), &n)) {
        dd_value *v = dd_v_copy(p, a);
        v->kind = DD_V_NUMBER;
        v->number = (double)n;
        return v;
    }
    return a->kind == DD_V_NUMBER || a->kind == DD_V_UNKNOWN ? a : NULL;
}

static dd_value *lib_state(dd_project *p, const lib_ctx *c)   /* const [model, setModel] = useState("x") */
{
    dd_value *a = arg(p, c, 0), **items = dd_newn(&p->arena, dd_value *, 2);
    if (!a || a->kind == DD_V_FUNC)
        return NULL;
    items[0] = dd_v_stamp(p, a, DD_SRC_DEFAULT_PARAM, DD_STR(""));
    items[1] = dd_v_unknown(p, "setter", c->call);
    return dd_v_list(p, items, 2, c->call);
}

/* I-PY-9, the name handed in: def load(name): return importlib.import_module(name) */
static dd_value *lib_module(dd_project *p, const lib_ctx *c)
{
    dd_value   *name = arg(p, c, 0);
    dd_unit_ir *u = dd_ev_unit(c->call);
    if (!name || name->kind != DD_V_STRING || !name->text.len || name->text.ptr[0] == '.' || !u)
        return NULL;
    dd_import module = { .kind = DD_IMP_MODULE, .module = name->text };
    return dd_ev_import(p, u, &module, DD_STR("module"));
}

#define PATH(text) { text, sizeof text - 1 }
static const struct { dd_str path; lib_fn *fn; int n; } known[] = {
    { PATH("os.getenv"), lib_env, 0 }, { PATH("os.environ.get"), lib_env, 0 }, { PATH("os.environ.setdefault"), lib_env, 0 }, { PATH("os.environ.pop"), lib_env, 0 },
    { PATH("decouple.config"), lib_env, 0 }, { PATH("environ.Env()"), lib_env, 0 }, { PATH("environ.Env().str"), lib_env, 0 }, { PATH("environs.Env()"), lib_env, 0 },
    { PATH("environs.Env().str"), lib_env, 0 }, { PATH("environs.env.str"), lib_env, 0 }, { PATH("environs.env"), lib_env, 0 }, { PATH("starlette.config.Config()"), lib_env, 0 },
    { PATH("globalThis.Deno.env.get"), lib_env, 0 }, { PATH("dotenv.get_key"), lib_env, 1 }, { PATH("environ.Env().get_value"), lib_env, 0 }, { PATH("env-var.get"), lib_env, 0 },
    { PATH("importlib.import_module"), lib_module, 0 }, { PATH("builtins.__import__"), lib_module, 0 },
    { PATH("builtins.str"), lib_same, 0 }, { PATH("builtins.list"), lib_same, 0 }, { PATH("builtins.tuple"), lib_same, 0 }, { PATH("builtins.set"), lib_same, 0 },
    { PATH("builtins.sorted"), lib_same, 0 }, { PATH("builtins.iter"), lib_same, 0 }, { PATH("builtins.reversed"), lib_same, 0 }, { PATH("tqdm.tqdm"), lib_same, 0 },
    { PATH("copy.deepcopy"), lib_same, 0 }, { PATH("copy.copy"), lib_same, 0 }, { PATH("typing.cast"), lib_same, 1 }, { PATH("inspect.cleandoc"), lib_same, 0 },
    { PATH("textwrap.dedent"), lib_same, 0 }, { PATH("json.dumps"), lib_same, 0 }, { PATH("orjson.dumps"), lib_same, 0 }, { PATH("functools.lru_cache()"), lib_same, 0 },
    { PATH("functools.lru_cache"), lib_same, 0 }, { PATH("functools.cache"), lib_same, 0 }, { PATH("asyncio.run"), lib_apply_first, 0 }, { PATH("asyncio.wait_for"), lib_apply_first, 0 },
    { PATH("dataclasses.replace"), lib_same, 0 }, { PATH("asyncio.create_task"), lib_same, 0 }, { PATH("types.MappingProxyType"), lib_same, 0 },
    { PATH("globalThis.String"), lib_same, 0 }, { PATH("globalThis.Object.freeze"), lib_same, 0 }, { PATH("globalThis.structuredClone"), lib_same, 0 },
    { PATH("globalThis.JSON.stringify"), lib_same, 0 }, { PATH("globalThis.Promise.resolve"), lib_same, 0 }, { PATH("globalThis.Proxy"), lib_same, 0 },
    { PATH("globalThis.Object.seal"), lib_same, 0 }, { PATH("react.cache"), lib_same, 0 }, { PATH("react.useMemo"), lib_same, 0 }, { PATH("react.useState"), lib_state, 0 }, { PATH("globalThis.Array.from"), lib_same, 0 },
    { PATH("globalThis.JSON.parse"), lib_load, AS_JSON }, { PATH("json.loads"), lib_load, AS_JSON }, { PATH("json.load"), lib_load, AS_JSON }, { PATH("orjson.loads"), lib_load, AS_JSON },
    { PATH("yaml.safe_load"), lib_load, AS_YAML }, { PATH("yaml.load"), lib_load, AS_YAML }, { PATH("yaml.full_load"), lib_load, AS_YAML }, { PATH("js-yaml.load"), lib_load, AS_YAML },
    { PATH("yaml.parse"), lib_load, AS_YAML }, { PATH("toml.load"), lib_load, AS_TOML }, { PATH("toml.loads"), lib_load, AS_TOML }, { PATH("tomllib.load"), lib_load, AS_TOML },
    { PATH("tomllib.loads"), lib_load, AS_TOML }, { PATH("tomli.load"), lib_load, AS_TOML }, { PATH("tomli.loads"), lib_load, AS_TOML }, { PATH("tomlkit.load"), lib_load, AS_TOML },
    { PATH("omegaconf.OmegaConf.load"), lib_load_path, AS_YAML }, { PATH("fs-extra.readJsonSync"), lib_load_path, AS_JSON },
    { PATH("fs-extra.readJson"), lib_load_path, AS_JSON }, { PATH("jsonfile.readFileSync"), lib_load_path, AS_JSON },
    { PATH("streamlit.selectbox"), lib_pick, 1 }, { PATH("streamlit.sidebar.selectbox"), lib_pick, 1 }, { PATH("streamlit.radio"), lib_pick, 1 },
    { PATH("streamlit.sidebar.radio"), lib_pick, 1 }, { PATH("streamlit.text_input"), lib_typed_in, 1 }, { PATH("streamlit.sidebar.text_input"), lib_typed_in, 1 },
    { PATH("builtins.input"), lib_typed_in, 9 },
    { PATH("os.path.join"), lib_path, 0 }, { PATH("path.join"), lib_path, 0 }, { PATH("path.resolve"), lib_path, 0 }, { PATH("pathlib.Path"), lib_path, 0 },
    { PATH("pathlib.PurePath"), lib_path, 0 }, { PATH("os.path.abspath"), lib_same, 0 }, { PATH("os.path.realpath"), lib_same, 0 }, { PATH("os.path.expanduser"), lib_same, 0 },
    { PATH("url.fileURLToPath"), lib_same, 0 }, { PATH("os.path.normpath"), lib_same, 0 },
    { PATH("fs.readFileSync"), lib_read, 0 }, { PATH("fs.promises.readFile"), lib_read, 0 }, { PATH("fs/promises.readFile"), lib_read, 0 }, { PATH("builtins.open().read"), lib_read, 1 },
    { PATH("io.open().read"), lib_read, 1 }, { PATH("codecs.open().read"), lib_read, 1 }, { PATH("fs-extra.readFileSync"), lib_read, 0 },
    { PATH("builtins.dict"), lib_dict, 0 }, { PATH("collections.OrderedDict"), lib_dict, 0 }, { PATH("types.SimpleNamespace"), lib_dict, 0 }, { PATH("argparse.Namespace"), lib_dict, 0 },
    { PATH("globalThis.Object.assign"), lib_dict, 0 }, { PATH("box.Box"), lib_dict, 0 }, { PATH("munch.Munch"), lib_dict, 0 }, { PATH("omegaconf.OmegaConf.create"), lib_dict, 0 },
    { PATH("dataclasses.asdict"), lib_dict, 0 }, { PATH("builtins.vars"), lib_dict, 0 },
    { PATH("globalThis.Object.values"), lib_values, 0 }, { PATH("globalThis.Object.keys"), lib_values, 1 },
    { PATH("random.choice"), lib_any, 0 }, { PATH("builtins.next"), lib_any, 0 }, { PATH("builtins.getattr"), lib_getattr, 0 },
    { PATH("builtins.int"), lib_number, 0 }, { PATH("builtins.float"), lib_number, 0 }, { PATH("globalThis.Number"), lib_number, 0 }, { PATH("globalThis.parseInt"), lib_number, 0 },
    { PATH("globalThis.Number.parseInt"), lib_number, 0 },
    { PATH("zod.object"), lib_same, 0 }, { PATH("zod.z.object"), lib_same, 0 }, { PATH("zod.strictObject"), lib_same, 0 },
    { PATH("@t3-oss/env-nextjs.createEnv"), lib_create_env, 0 }, { PATH("@t3-oss/env-core.createEnv"), lib_create_env, 0 }
};

dd_value *dd_lib_call(dd_project *p, dd_value *callee, const dd_expr *call, const dd_frame *f)
{
    lib_ctx c = { call, f, callee, 0 };
    if (callee->step == DD_E_MEMBER && dd_str_eqz(callee->name, "default") && callee->parent->step != DD_E_PACKAGE)
        return lib_zod(p, &c);
    if (!callee->name.len && callee->step == DD_E_MEMBER)
        return NULL;
    for (size_t i = 0; i < DD_COUNT(known); i++) {
        dd_str path = known[i].path;
        bool   by_name = callee->step == DD_E_MEMBER && !dd_str_eqz(callee->name, "default");
        if (by_name && (path.len < callee->name.len || path.ptr[path.len - callee->name.len] != callee->name.ptr[0]))
            continue;
        if (!path_ends(callee, path))
            continue;
        c.n = known[i].n;
        /* cppcheck-suppress returnDanglingLifetime ; values do not keep the context */
        return known[i].fn(p, &c);
    }
    return NULL;
}

static const dd_expr *root_of(const dd_expr *e)
{
    while (e && (e->kind == DD_X_MEMBER || e->kind == DD_X_INDEX))
        e = e->a;
    return e && e->kind == DD_X_NAME ? e : NULL;
}

/* A framework's drawer: what this file puts into st.session_state["model"] or app.state.client is what it takes out. */
static dd_value *kept_outside(dd_project *p, const dd_value *v, const dd_expr *use)
{
    static const char *const drawers[] = { "session_state", "state", "config" };
    const dd_expr *root = root_of(use);
    bool drawer = false;
    for (size_t i = 0; i < DD_COUNT(drawers); i++)
        drawer = drawer || (v->step == DD_E_MEMBER && dd_str_eqz(v->name, drawers[i]));
    if (!drawer || !root)
        return NULL;
    dd_value *out = NULL;
    dd_buf    want = DD_BUF_INIT(256), got = DD_BUF_INIT(256);
    dd_expr_path(use, &want);
    for (dd_scope *s = use->scope; s; s = s->parent)
        for (dd_binding *b = dd_scope_find(s, root->name); b; b = b->next) {
            if (b->kind != DD_B_MEMBER || !b->target || !b->value || b->target == use)
                continue;
            dd_buf_clear(&got);
            dd_expr_path(b->target, &got);
            if (dd_str_eq(dd_buf_str(&got), dd_buf_str(&want)))
                out = dd_v_either(p, out, dd_ev(p, b->value, NULL));
        }
    dd_buf_free(&want);
    dd_buf_free(&got);
    return out && dd_v_known(out) ? out : NULL;
}

dd_value *dd_lib_member(dd_project *p, dd_value *v, dd_str name, const dd_expr *use)
{
    dd_value *kept = kept_outside(p, v, use);
    if (kept)
        return kept;
    if (is_env_object(v)) {
        static const char *const verbs[] = { "get", "setdefault", "pop", "copy", "items", "keys", "update" };
        for (size_t i = 0; i < DD_COUNT(verbs); i++)
            if (dd_str_eqz(name, verbs[i]))
                return NULL;
        return dd_lib_env(p, name, use);
    }
    return dd_lib_cli(p, v, name, use);
}

/* --- methods of values --- */

typedef struct { dd_value *recv; const dd_expr *call; const dd_frame *f; } method_call;

static dd_value *dict_get(dd_project *p, const method_call *m)
{
    dd_value *key = dd_ev_arg(p, m->call, 0, m->f), *deflt = dd_ev_arg(p, m->call, 1, m->f);
    if (!key)
        return NULL;
    dd_value *v = dd_ev_index(p, m->recv, key, m->call);
    return deflt ? dd_v_or(p, v, deflt, false) : v;
}

static dd_value *dict_method(dd_project *p, const method_call *m, dd_str name)
{
    if (dd_v_dict_find(m->recv, name))
        return NULL;                                    /* an object with a function of that name */
    if (dd_str_eqz(name, "get") || dd_str_eqz(name, "pop") || dd_str_eqz(name, "setdefault"))
        return dict_get(p, m);
    static const char *const same[] = { "copy", "parse", "parseAsync", "strict", "passthrough", "partial", "optional", "valueOf", "model_dump", "dict", "encode" };
    for (size_t i = 0; i < DD_COUNT(same); i++)
        if (dd_str_eqz(name, same[i])) {
            dd_value *source = dd_ev_arg(p, m->call, 0, m->f);
            return source && is_env_object(source) ? dd_v_stamp(p, m->recv, DD_SRC_ENV_DEFAULT, DD_STR("")) : m->recv;
        }
    if (dd_str_eqz(name, "safeParse") || dd_str_eqz(name, "safeParseAsync"))   /* { success, data } */
        return dd_v_dict_set(p, dd_v_new(p, DD_V_DICT, m->call), DD_STR("data"), m->recv, false);
    bool values = dd_str_eqz(name, "values"), keys = dd_str_eqz(name, "keys"), items = dd_str_eqz(name, "items");
    if (!values && !keys && !items)
        return NULL;
    dd_value *list = dd_v_list(p, dd_newn(&p->arena, dd_value *, m->recv->n_entries + 1), 0, m->call);
    list->open = m->recv->open;
    for (uint32_t i = 0; i < m->recv->n_entries; i++) {
        const dd_entry *e = &m->recv->entries[i];
        dd_value *k = e->key_value ? e->key_value : dd_v_string(p, e->key, m->call);
        dd_value *pair[2] = { k, e->value };
        dd_value *item = values ? e->value : k;
        if (items) {
            dd_value **two = dd_newn(&p->arena, dd_value *, 2);
            memcpy(two, pair, sizeof pair);
            item = dd_v_list(p, two, 2, m->call);
        }
        list->items[list->n_items++] = item;
    }
    return list;
}

static dd_value *list_method(dd_project *p, const method_call *m, dd_str name)
{
    static const char *const same[] = { "filter", "slice", "copy", "sort", "reverse", "flat" };
    for (size_t i = 0; i < DD_COUNT(same); i++)
        if (dd_str_eqz(name, same[i])) {
            dd_value *l = dd_v_copy(p, m->recv);
            l->open = true;
            return l;
        }
    if (dd_str_eqz(name, "find") || dd_str_eqz(name, "pop") || dd_str_eqz(name, "shift"))
        return dd_ev_element(p, m->recv);
    if (dd_str_eqz(name, "at")) {
        dd_value *k = dd_ev_arg(p, m->call, 0, m->f);
        return k ? dd_ev_index(p, m->recv, k, m->call) : NULL;
    }
    if (dd_str_eqz(name, "concat")) {
        dd_value *l = m->recv;
        for (uint32_t i = 0; i < m->call->n_items && i < 8; i++) {
            dd_value *more = dd_ev_arg(p, m->call, i, m->f);
            if (!more)
                break;
            if (more->kind != DD_V_LIST) {
                l = dd_v_list_add(p, l, more);
                continue;
            }
            for (uint32_t k = 0; k < more->n_items && k < 64; k++)
                l = dd_v_list_add(p, l, more->items[k]);
        }
        return l;
    }
    if (dd_str_eqz(name, "map")) {                       /* one element stands for all */
        dd_value *fn = dd_ev_arg(p, m->call, 0, m->f);
        if (!fn || fn->kind != DD_V_FUNC || m->recv->n_items == 0)
            return NULL;
        dd_value **bound = dd_newn(&p->arena, dd_value *, 1), **items = dd_newn(&p->arena, dd_value *, 1);
        bound[0] = dd_ev_element(p, m->recv);
        dd_value *out = NULL;
        const dd_frame *own = dd_ev_frame_bound(p, m->f, fn->func, fn->self, fn->frame, bound, 1);
        if (own->depth <= DD_EV_FRAMES)
            for (uint32_t i = 0; i < fn->func->n_returns; i++)
                if (fn->func->returns[i])
                    out = dd_v_either(p, out, dd_ev(p, fn->func->returns[i], own));
        items[0] = out ? out : dd_v_unknown(p, "element", m->call);
        dd_value *l = dd_v_list(p, items, 1, m->call);
        l->open = true;
        return l;
    }
    return NULL;
}

/* x.then(fn): fn's result with x as its argument. */
static dd_value *promise_method(dd_project *p, const method_call *m, dd_str name)
{
    if (dd_str_eqz(name, "catch") || dd_str_eqz(name, "finally"))
        return m->recv;
    if (!dd_str_eqz(name, "then"))
        return NULL;
    dd_value *fn = dd_ev_arg(p, m->call, 0, m->f);
    if (!fn || fn->kind != DD_V_FUNC || (m->f && m->f->depth >= DD_EV_FRAMES))
        return NULL;
    dd_value **bound = dd_newn(&p->arena, dd_value *, 1), *out = NULL;
    bound[0] = m->recv;
    const dd_frame *own = dd_ev_frame_bound(p, m->f, fn->func, fn->self, fn->frame, bound, 1);
    for (uint32_t i = 0; i < fn->func->n_returns && i < 8; i++)
        if (fn->func->returns[i])
            out = dd_v_either(p, out, dd_ev(p, fn->func->returns[i], own));
    return out;
}

/* A default for something that was read from outside: cfg.get("model", "x"). */
static dd_value *foreign_get(dd_project *p, const method_call *m)
{
    dd_value *key = dd_ev_arg(p, m->call, 0, m->f), *deflt = dd_ev_keyword(p, m->call, "fallback", m->f);
    deflt = deflt ? deflt : dd_ev_arg(p, m->call, 1, m->f);
    if (!key || key->kind != DD_V_STRING || !deflt || (deflt->kind != DD_V_STRING && deflt->kind != DD_V_NUMBER && deflt->kind != DD_V_DICT))
        return NULL;
    dd_value *u = m->recv->kind == DD_V_UNKNOWN ? dd_v_copy(p, m->recv) : dd_v_unknown(p, "", m->call);
    u->text = dd_arena_printf(&p->arena, "key " DD_STR_FMT, DD_STR_ARG(key->text));
    if (m->recv->kind == DD_V_EXTERN && dd_lib_reads_data(m->recv))
        u->source = DD_SRC_CONFIG_FILE;
    return dd_v_or(p, u, deflt, false);
}

dd_value *dd_lib_method(dd_project *p, dd_value *recv, dd_str name, const dd_expr *call, const dd_frame *f)
{
    method_call m = { recv, call, f };
    switch (recv->kind) {
    case DD_V_DICT: case DD_V_DATA:
        return dict_method(p, &m, name);
    case DD_V_LIST:
        return list_method(p, &m, name);
    case DD_V_STRING: case DD_V_TEXT:
        if (dd_str_eqz(name, "read_text") || dd_str_eqz(name, "read_bytes"))
            return file_text(p, recv, call);
        return dd_lib_text_method(p, recv, name, call, f);
    case DD_V_INSTANCE:
        if (dd_class_method(recv->cls, name))
            return NULL;
        if (dd_str_eqz(name, "dict") || dd_str_eqz(name, "model_dump") || dd_str_eqz(name, "_asdict") || dd_str_eqz(name, "to_dict"))
            return dd_v_as_dict(p, recv);
        if (dd_str_eqz(name, "get") || dd_str_eqz(name, "pop"))
            return dict_get(p, &m);
        return dd_str_eqz(name, "copy") || dd_str_eqz(name, "model_copy") ? recv : promise_method(p, &m, name);
    case DD_V_FUNC:
        return dd_str_eqz(name, "bind") ? recv : NULL;
    case DD_V_EXTERN:
        if (dd_str_eqz(name, "bind") && recv->step == DD_E_MEMBER)
            return recv;
        if ((dd_str_eqz(name, "get") || dd_str_eqz(name, "pop")) && dd_extern_made(recv) && dd_ev_python(dd_ev_unit(call)))
            return foreign_get(p, &m);
        return dd_str_eqz(name, "then") ? promise_method(p, &m, name) : NULL;
    case DD_V_MODULE:
        return promise_method(p, &m, name);
    case DD_V_UNKNOWN:
        if (dd_str_eqz(name, "get") || dd_str_eqz(name, "pop") || dd_str_eqz(name, "setdefault"))
            return foreign_get(p, &m);
        if (dd_str_eqz(name, "strip") || dd_str_eqz(name, "trim") || dd_str_eqz(name, "lower") || dd_str_eqz(name, "toLowerCase") || dd_str_eqz(name, "toString"))
            return recv;
        return NULL;
    default:
        return NULL;
    }
}
