/* scan/detect_site.c - a matched call becomes a dd_site: place, provider, model, caps, prompt, id. */
#include "scan/detect_int.h"

dd_site *dd_site_new(const dd_ctx *c)
{
    dd_site *s = dd_new(c->arena, dd_site);
    const dd_source_file *file = c->unit->file;
    dd_place name = dd_source_place(file, c->call->name_pos), start = dd_source_place(file, c->call->start);
    dd_place end = dd_source_place(file, c->call->end ? c->call->end - 1 : 0);
    dd_buf callee = DD_BUF_INIT(512);
    const dd_func *f = dd_scope_func(c->call->scope);
    s->path = file->path;
    s->line = name.line;
    s->cell = name.cell;
    s->end_line = end.line;
    s->start_line = start.line;
    s->column = start.column;
    s->lang = file->lang;
    dd_expr_path(c->call->a, &callee);
    s->callee = dd_arena_dup(c->arena, dd_buf_str(&callee));
    dd_buf_free(&callee);
    s->symbol = f && f->qualname.len ? f->qualname : DD_STR("<module>");
    s->context = dd_context_of(c->unit, c->call);
    s->sdk = s->api = s->provider = s->model_cause = s->env_var = s->tools_text = s->reasoning_effort = DD_STR("");
    s->system_text = s->user_text = s->label = DD_STR("");
    s->model_source = DD_SRC_DYNAMIC;
    s->max_tokens = s->thinking_budget = s->note_calls = s->note_tokens_in = s->note_tokens_out = -1;
    s->retries = -1;
    s->n = s->loop = s->rounds = 1;
    dd_annotate(c->unit, c->call, s);
    return s;
}

/* Last three names of the callee: what stays when a variable is renamed. */
static dd_str suffix_of(dd_str callee)
{
    int dots = 0;
    for (size_t i = callee.len; i > 0; i--)
        if (callee.ptr[i - 1] == '.' && ++dots == 3)
            return dd_str_sub(callee, i, callee.len);
    return callee;
}

void dd_site_name(dd_arena *a, dd_site *site, dd_site *const *before, size_t n)
{
    unsigned ordinal = 0;
    dd_str suffix = suffix_of(site->callee);
    for (size_t i = 0; i < n; i++)
        ordinal += dd_str_eq(before[i]->symbol, site->symbol) && dd_str_eq(suffix_of(before[i]->callee), suffix);
    dd_str key = dd_arena_printf(a, DD_STR_FMT "\n" DD_STR_FMT "\n" DD_STR_FMT "\n%u", DD_STR_ARG(site->path), DD_STR_ARG(site->symbol), DD_STR_ARG(suffix), ordinal);
    site->id = dd_arena_printf(a, "%012llx", (unsigned long long)(dd_str_hash(key) >> 16));
}

/* --- provider --- */
void dd_site_host(const dd_ctx *c, dd_site *site, const dd_value *base_url)
{
    dd_buf text = DD_BUF_INIT(2048);
    if (!base_url || base_url->kind == DD_V_NONE)
        return;
    bool any = dd_value_text(base_url, &text);
    dd_url url = dd_url_read(dd_buf_str(&text));
    if (any && url.known) {
        site->provider = dd_str_z(url.provider);
        site->deployment |= !strcmp(url.provider, "azure");
    } else if (any && url.local) {
        site->local = true;
        site->provider = DD_STR("");
    } else if (any && url.has_host && !(url.host.len && url.host.ptr[0] == '\x01')) {
        site->provider = DD_STR("");
    } else {
        site->user_host = true;
        site->provider = DD_STR("");
    }
    dd_buf_free(&text);
    (void)c;
}

static void provider_of_client(const dd_ctx *c, dd_site *site, const dd_path_step *client)
{
    static const char *const keys[] = { "base_url", "baseURL", "baseUrl", "basePath", "api_base", "openai_api_base", "anthropic_api_url", "configuration.baseURL", "configuration.basePath",
        "clientOptions.baseURL", "serverURL", "server_url", "azure_endpoint", "azureOpenAIEndpoint", "azureOpenAIBasePath", "endpoint", "apiUrl", "inference_server_url", NULL };
    const char *by_class = dd_provider_of_class(client->name);
    dd_value *positional = NULL, *args = dd_args_of_value(c->p, client->call, &positional);
    dd_value *url = args ? dd_args_first(c->p, args, keys) : NULL;
    dd_value *first = dd_positional(positional, 1);
    if (!url && first && first->kind == DD_V_EXTERN)       /* new OpenAIApi(new Configuration({ basePath })) */
        url = dd_args_get(c->p, first, "basePath");
    if (url && !(by_class && !strcmp(by_class, "azure")))
        dd_site_host(c, site, url);
    if (by_class && by_class[0]) {
        site->provider = dd_str_z(by_class);
        site->deployment |= !strcmp(by_class, "azure") && dd_str_has(client->name, "OpenAI");
    }
    dd_value *vertex = args ? dd_value_get(args, "vertexai") : NULL;
    if (vertex && vertex->kind == DD_V_BOOL && vertex->number != 0)
        site->provider = DD_STR("vertex");
}

/* openai.api_base = "...", openai.api_type = "azure": the module itself is the client (AZ-PY-4). */
static void provider_of_module(const dd_ctx *c, dd_site *site, dd_str root)
{
    for (const dd_scope *s = c->call->scope; s; s = s->parent)
        for (const dd_binding *b = dd_scope_find(s, root); b; b = b->next) {
            dd_str what = b->kind == DD_B_MEMBER && b->target ? dd_expr_step(b->target) : DD_STR("");
            if (!b->value || !dd_word_in("api_base|base_url|api_type", what))
                continue;
            dd_value *v = dd_eval(c->p, b->value, c->frame);
            if (!dd_str_eqz(what, "api_type")) {
                dd_site_host(c, site, v);
            } else if (v->kind == DD_V_STRING && dd_str_startsz(v->text, "azure")) {
                site->provider = DD_STR("azure");
                site->deployment = true;
                return;
            }
        }
}

static void set_provider(const dd_ctx *c, const dd_found *m, dd_site *site)
{
    const char *by_package = m->path.external ? dd_provider_of_package(m->path.v[0].name) : NULL;
    const char *who = m->row->provider ? m->row->provider : by_package ? by_package : m->family->provider;
    const dd_path *p = m->has_billed ? &m->billed : &m->path;
    int client = 0;
    site->provider = dd_str_z(who ? who : "");
    while (client < p->n && !p->v[client].called)
        client++;
    if (client < p->n && p->v[client].call)
        provider_of_client(c, site, &p->v[client]);
    else if (client == p->n && dd_package_name_match("openai", p->v[0].name))
        provider_of_module(c, site, p->v[0].name);
    if (!strcmp(m->family->sdk, "ollama") || dd_str_eqz(site->provider, "ollama"))
        site->local = true;
}

/* --- model --- */
static const dd_sdk_default *default_of(const dd_found *m)
{
    const dd_path *p = &m->path;
    int base;
    for (const dd_sdk_default *d = dd_sdk_defaults; d->packages; d++)
        if (dd_package_match(d->packages, p, &base) && dd_word_in(d->name, p->v[p->n - 1].name))
            return d;
    return NULL;
}

static bool set_default(dd_site *site, const dd_found *m)
{
    const dd_sdk_default *d = default_of(m);
    if (!d)
        return false;
    site->model = dd_str_z(d->model);
    site->model_source = DD_SRC_SDK_DEFAULT;
    site->model_cause = DD_STR("");
    site->env_var = dd_str_z(d->env);
    return true;
}

/* For a run of an assistant: the model given to assistants.create in the same file. */
static dd_value *assistant_model(const dd_ctx *c)
{
    dd_value *found = NULL;
    for (uint32_t i = 0; i < c->unit->n_calls; i++) {
        const dd_expr *call = c->unit->calls[i];
        if (!dd_str_eqz(call->name, "create") || !call->a || !call->a->a || !dd_str_eqz(dd_expr_step(call->a->a), "assistants"))
            continue;
        dd_value *args = dd_eval_arguments(c->p, call, NULL, NULL), *model = args ? dd_value_get(args, "model") : NULL;
        if (!model || model->kind != DD_V_STRING || (found && !dd_str_eq(found->text, model->text)))
            return NULL;
        found = model;
    }
    return found;
}

/* AN-PY-6, AN-JS-4: the model stands in the requests of a batch. */
static const dd_expr *find_model(const dd_expr *e, int depth)
{
    if (!e || depth > 12)
        return NULL;
    if (e->kind == DD_X_DICT) {
        const dd_expr *m = dd_dict_get(e, "model");
        if (m)
            return m;
    }
    if ((e->kind == DD_X_CALL || e->kind == DD_X_NEW) && dd_call_keyword(e, "model"))
        return dd_call_keyword(e, "model");
    const dd_expr *kids[] = { e->a, e->b, e->c };
    for (size_t i = 0; i < DD_COUNT(kids); i++) {
        const dd_expr *hit = find_model(kids[i], depth + 1);
        if (hit)
            return hit;
    }
    for (uint32_t i = 0; i < e->n_items; i++) {
        const dd_expr *hit = find_model(e->items[i], depth + 1);
        if (hit)
            return hit;
    }
    if (e->kind == DD_X_FUNC && e->func)
        for (uint32_t i = 0; i < e->func->n_returns; i++) {
            const dd_expr *hit = find_model(e->func->returns[i], depth + 1);
            if (hit)
                return hit;
        }
    return NULL;
}

static dd_value *model_of_requests(const dd_ctx *c, const dd_value *args, int64_t *cap)
{
    dd_value *list = args ? dd_value_get(args, "requests") : NULL, *found = NULL;
    for (uint32_t i = 0; list && list->kind == DD_V_LIST && i < list->n_items; i++) {
        dd_value *m = dd_args_get(c->p, list->items[i], "params.model"), *n = dd_args_get(c->p, list->items[i], "params.max_tokens");
        if (n && n->kind == DD_V_NUMBER)
            *cap = (int64_t)n->number;
        if (m && !(found && found->kind == DD_V_STRING && m->kind == DD_V_STRING && !dd_str_eq(found->text, m->text)))
            found = m;
    }
    if (found)
        return found;
    for (uint32_t i = 0; i < c->call->n_items; i++) {
        const dd_expr *e = find_model(c->call->items[i], 0);
        if (e)
            return dd_eval(c->p, e, c->frame);
    }
    return NULL;
}

/* LL-5: an alias of a litellm Router. */
static dd_value *router_model(const dd_ctx *c, const dd_found *m, dd_value *name)
{
    const dd_path_step *router = m->client >= 0 ? &m->path.v[m->client] : NULL;
    if (!router || !router->call || !dd_str_eqz(router->name, "Router") || !name || name->kind != DD_V_STRING)
        return name;
    dd_value *positional = NULL, *args = dd_args_of_value(c->p, router->call, &positional);
    dd_value *list = args ? dd_value_get(args, "model_list") : NULL;
    if (!list)
        list = dd_positional(positional, 1);
    for (uint32_t i = 0; list && list->kind == DD_V_LIST && i < list->n_items; i++) {
        dd_value *alias = dd_args_get(c->p, list->items[i], "model_name"), *to = dd_args_get(c->p, list->items[i], "litellm_params.model");
        if (alias && to && alias->kind == DD_V_STRING && dd_str_eq(alias->text, name->text))
            return to;
    }
    return name;
}

typedef struct { dd_value *args, *positional, *model; const dd_unit_ir *from; int64_t cap; bool cap_set; } call_args;

static const dd_value *bound_step(const dd_found *m)
{
    for (int i = m->path.n - 1; m->row->bound && i >= 0; i--)
        if (m->path.v[i].called && dd_word_in(m->row->bound, m->path.v[i].name))
            return m->path.v[i].call;
    return NULL;
}

static const dd_unit_ir *unit_of(const dd_value *v)
{
    return v && v->call && v->call->scope ? v->call->scope->unit : NULL;
}

/* Model and cap of the step that binds them (GenerativeModel(...), a client factory, a deployment on the client). */
static void from_binding(const dd_ctx *c, const dd_value *step, const dd_keys *keys, call_args *a)
{
    dd_value *positional = NULL, *args = step ? dd_args_of_value(c->p, step, &positional) : NULL;
    if (!step || a->model)
        return;
    dd_value *v = args ? dd_args_first(c->p, args, keys->model) : NULL;
    if (!v && keys->model_at)
        v = dd_positional(positional, keys->model_at);
    if (v && v->kind == DD_V_DICT)                          /* getGenerativeModel({ model }) */
        v = dd_args_first(c->p, v, keys->model);
    a->model = v;
    a->from = unit_of(step);
    if (!a->cap_set)
        a->cap = dd_value_cap(c->p, args, keys->cap, &a->cap_set);
}

static void from_deployment(const dd_ctx *c, const dd_found *m, call_args *a)
{
    static const char *const deploy[] = { "azure_deployment", "deployment", "deployment_name", NULL };
    static const dd_keys keys = { deploy, NULL, NULL, NULL, 0, 0 };
    const dd_path_step *client = m->client >= 0 ? &m->path.v[m->client] : NULL;
    if (!a->model && client && client->call && dd_str_has(client->name, "Azure"))
        from_binding(c, client->call, &keys, a);
}

static void from_factory(const dd_ctx *c, const dd_found *m, call_args *a)
{
    static const char *const names[] = { "model", NULL }, *const caps[] = { "max_tokens", NULL };
    static const dd_keys by_name = { names, NULL, NULL, caps, 0, 0 }, first = { names, NULL, NULL, caps, 1, 0 };
    const dd_value *factory = m->path.wrap_call;
    if (!factory && !strcmp(m->family->sdk, "instructor") && m->client >= 0)
        factory = m->path.v[m->client].call;
    if (!factory || !m->path.external)
        return;
    bool named = factory->call && dd_str_eqz(factory->call->name, "from_provider");
    from_binding(c, factory, named ? &first : &by_name, a);
}

/* A JS method whose first argument is an id has its options in the second (runs.create(threadId, {...})). */
static dd_value *second_object(const dd_value *args, const dd_value *positional)
{
    dd_value *second = dd_positional(positional, 2);
    bool empty = !args || (args->kind == DD_V_DICT && !args->n_entries && !args->open);
    return empty && second && second->kind == DD_V_DICT ? second : NULL;
}

static dd_value *json_body(const dd_ctx *c, const dd_value *args)
{
    dd_value *v = args ? dd_value_get(args, "body") : NULL;
    return v ? dd_body_value(c, NULL, v) : NULL;
}

/* What the call's result was given to: `llm = ChatOpenAI()`, `self.client = ChatOpenAI()`. */
static const dd_binding *given_to(const dd_expr *call)
{
    for (const dd_scope *s = call->scope; s; s = s->parent)
        for (uint32_t i = 0; i < s->n_names; i++)
            for (const dd_binding *b = s->names[i]; b; b = b->next)
                if (b->value == call && (b->kind == DD_B_ASSIGN || (b->kind == DD_B_MEMBER && b->target)))
                    return b;
    return NULL;
}

/* client = ChatMistralAI(); client.model = "mistral-small": set on the object once it is there. */
static dd_value *set_afterwards(const dd_ctx *c, const char *const *keys)
{
    const dd_binding *made = given_to(c->call);
    dd_buf object = DD_BUF_INIT(256), target = DD_BUF_INIT(256);
    dd_value *found = NULL;
    if (made && made->kind == DD_B_ASSIGN)
        dd_buf_add(&object, made->name);
    else if (made)
        dd_expr_path(made->target, &object);
    for (const dd_binding *b = made ? made->next : NULL; b; b = b->next) {
        if (b->kind != DD_B_MEMBER || !b->target || !b->value || b->target->kind != DD_X_MEMBER || !b->target->a)
            continue;
        bool named = false;
        for (int i = 0; keys[i] && !named; i++)
            named = dd_str_eqz(b->target->name, keys[i]);
        dd_buf_clear(&target);
        dd_expr_path(b->target->a, &target);
        if (named && dd_str_eq(dd_buf_str(&target), dd_buf_str(&object)))
            found = dd_eval(c->p, b->value, c->frame);
    }
    dd_buf_free(&object);
    dd_buf_free(&target);
    return found;
}

/* maas.chat({"model": {"name": ...}, "messages": [...]}): all of it stands in the first argument. */
static void request_object(const dd_ctx *c, const dd_keys *keys, dd_value *object, call_args *a)
{
    a->model = dd_args_first(c->p, object, keys->model);
    if (a->args && a->args->kind == DD_V_DICT && !a->args->n_entries)
        a->args = object;
}

static void read_args(const dd_ctx *c, const dd_found *m, call_args *a)
{
    const dd_keys *keys = m->row->keys;
    a->cap = -1;
    a->args = dd_eval_arguments(c->p, c->call, c->frame, &a->positional);
    dd_value *second = second_object(a->args, a->positional);
    if (second)
        a->args = second;
    const dd_value *bound = bound_step(m);
    if (bound)
        from_binding(c, bound, keys, a);
    if (!a->model)
        a->model = dd_args_first(c->p, a->args, keys->model);
    if (!a->model && keys->model_at && !bound) {
        dd_value *v = dd_positional(a->positional, keys->model_at), *in = v && v->kind == DD_V_EXTERN && m->row->kind == DD_ROW_CALL ? dd_args_first(c->p, v, keys->model) : NULL;
        if (v && v->kind == DD_V_DICT && keys->model_at == 1 && m->row->kind == DD_ROW_CALL)
            request_object(c, keys, v, a);
        else if (v && (v->kind != DD_V_DICT || keys->model_at > 1))
            a->model = in ? in : v;                         /* chat(ChatDetails(serving_mode=OnDemandServingMode(model_id=...))) */
    }
    if (!a->cap_set)
        a->cap = dd_value_cap(c->p, a->args, keys->cap, &a->cap_set);
    if (m->row->flags & DD_ROW_BODY) {
        dd_value *body = json_body(c, a->args);
        if (body) {
            if (!a->cap_set)
                a->cap = dd_value_cap(c->p, body, keys->cap, &a->cap_set);
            a->args = body;
        }
    }
    if (m->row->flags & DD_ROW_MANY && !a->model)
        a->model = model_of_requests(c, a->args, &a->cap);
    from_deployment(c, m, a);
    from_factory(c, m, a);
    if (m->row->flags & DD_ROW_CLIENT && m->client >= 0) {
        dd_keys on_client = *keys;
        on_client.model_at = 1;
        from_binding(c, m->path.v[m->client].call, &on_client, a);
    }
    if (m->subclass && !a->model) {
        dd_value *made = dd_eval(c->p, c->call, c->frame);
        for (int i = 0; !a->model && keys->model[i]; i++) {
            dd_value *v = dd_value_member(c->p, made, dd_str_z(keys->model[i]));
            a->model = v->kind == DD_V_STRING ? v : NULL;
        }
    }
    if (!a->model && m->row->kind == DD_ROW_BINDING)
        a->model = set_afterwards(c, keys->model);
    a->model = router_model(c, m, a->model);
    if (!a->model && !strcmp(m->row->api, "assistants.runs")) {
        a->model = assistant_model(c);
        a->from = a->model ? c->unit : NULL;
    }
}

/* --- a default that the condition around the call denies --- */
static bool mentions(const dd_expr *e, dd_str path, int depth)
{
    if (!e || depth > 10)
        return false;
    if (e->kind == DD_X_NAME || e->kind == DD_X_MEMBER) {
        dd_buf text = DD_BUF_INIT(256);
        dd_expr_path(e, &text);
        bool same = dd_str_eq(dd_buf_str(&text), path);
        dd_buf_free(&text);
        if (same)
            return true;
    }
    for (uint32_t i = 0; i < e->n_items; i++)
        if (mentions(e->items[i], path, depth + 1))
            return true;
    return mentions(e->a, path, depth + 1) || mentions(e->b, path, depth + 1) || mentions(e->c, path, depth + 1);
}

static const dd_expr *written(const dd_expr *call, const char *const *keys)
{
    for (int i = 0; keys && keys[i]; i++) {
        const dd_expr *e = dd_call_keyword(call, keys[i]);
        for (uint32_t k = 0; !e && k < call->n_items; k++)
            if (call->items[k]->kind == DD_X_DICT)
                e = dd_dict_get(call->items[k], keys[i]);
        if (e)
            return e;
    }
    return NULL;
}

static bool says_text(const dd_expr *type, int depth)
{
    if (!type || depth > 4)
        return false;
    if (dd_word_in("str|string", type->kind == DD_X_NAME ? type->name : dd_expr_step(type)))
        return true;
    for (uint32_t i = 0; i < type->n_items; i++)
        if (says_text(type->items[i], depth + 1))
            return true;
    return says_text(type->a, depth + 1) || says_text(type->b, depth + 1);
}

/* What is not known is text when it is declared so or called a name or an id; else it may be an object that is a site itself. */
static bool unknown_text(const dd_value *v, const dd_expr *e)
{
    static const char names[] = "model_name|modelName|model_id|modelId|*_MODEL|*_model_name|*_model_id|*ModelName|*ModelId|MODEL|MODEL_NAME|MODEL_ID";
    if (v->env_var.len || (v->param_func && v->whole_param && says_text(v->param_func->params[v->param_index].type, 0)))
        return true;
    return e && dd_word_in(names, e->kind == DD_X_NAME ? e->name : dd_expr_step(e));
}

/* Rule of call-shapes 16: an agent is a site when it names its model as text itself, or a default applies. The AI SDK's
 * model objects are no sites, so what takes them is one whatever they are. */
static bool agent_is_site(const dd_ctx *c, const dd_found *m, const call_args *a)
{
    static const char providers[] = "@ai-sdk/*|@openrouter/ai-sdk-provider|@openai/agents-extensions*|workers-ai-provider|ollama-ai-provider*";
    dd_path path;
    const dd_value *v = a->model;
    if (!v)
        return default_of(m) && a->args && !a->args->open && !dd_value_get(a->args, "llm") && !dd_value_get(a->args, "model_client");
    if (dd_word_in("mastra|claude-agent-sdk", dd_str_z(m->family->sdk)))
        return true;
    switch (v->kind) {
    case DD_V_STRING: case DD_V_TEXT: case DD_V_DATA: return true;
    case DD_V_CHOICE: return v->n_items && v->items[0]->kind == DD_V_STRING;
    case DD_V_EXTERN: return dd_path_of_value(v, &path) && dd_word_in(providers, path.v[0].name);
    case DD_V_UNKNOWN: return unknown_text(v, written(c->call, m->row->keys->model));
    default: return false;
    }
}

/* `elif "claude" in self.model: ChatAnthropic(model=self.model)` with a default that is no Claude. */
static bool denied(const dd_ctx *c, const dd_found *m)
{
    const dd_expr *e = written(c->call, m->row->keys->model);
    dd_buf path = DD_BUF_INIT(256);
    bool about = false;
    if (!e || (e->kind != DD_X_NAME && e->kind != DD_X_MEMBER))
        return false;
    dd_expr_path(e, &path);
    for (const dd_branch *b = c->call->branch; b && !about; b = b->parent)
        about = b->kind == DD_BR_IF && mentions(b->test, dd_buf_str(&path), 0);
    dd_buf_free(&path);
    return about && dd_eval_excluded(c->p, c->call, c->frame);
}

/* `max_tokens: vision ? 4096 : null` caps only some calls: that is no bound. */
static bool sometimes_none(const dd_expr *e)
{
    return e && e->kind == DD_X_CHOICE && ((e->a && e->a->kind == DD_X_NONE) || (e->b && e->b->kind == DD_X_NONE));
}

static void forget_default(const dd_ctx *c, dd_site *site)
{
    dd_str *one = dd_new(c->arena, dd_str);
    *one = site->model;
    site->candidates = one;
    site->n_candidates = 1;
    site->model = DD_STR_NULL;
    site->model_source = DD_SRC_DYNAMIC;
    site->model_cause = DD_STR("the default is not reached here");
}

/* N-25: a call with a model of the test kit reaches nobody. */
static bool test_model(const dd_value *v)
{
    static const char doubles[] = "Mock*|mock*|Fake*|TestModel|FunctionModel|StubModel*";
    dd_path path;
    if (v && v->kind == DD_V_INSTANCE)
        return v->cls && dd_word_in(doubles, v->cls->name);
    if (!v || !dd_path_of_value(v, &path))
        return false;
    for (int i = 0; i < path.n; i++)
        if (path.v[i].called && dd_word_in(doubles, path.v[i].name))
            return true;
    return dd_word_in("ai/test|@ai-sdk/provider-utils/test", path.v[0].name);
}

static void set_model(const dd_ctx *c, const dd_found *m, dd_site *site, const call_args *a)
{
    bool ai = dd_word_in("vercel-ai|mastra|genkit|tanstack-ai", dd_str_z(m->family->sdk)) ||
              (m->row->kind == DD_ROW_AGENT && a->model && a->model->kind == DD_V_EXTERN);
    if (ai && a->model)
        dd_model_ai_sdk(c, site, a->model);
    else
        dd_model_set(c, site, a->model, a->from);
    if (site->model.ptr && site->model_source >= DD_SRC_DEFAULT_PARAM && site->model_source <= DD_SRC_CONFIG_FILE && denied(c, m))
        forget_default(c, site);
    if (!a->model && m->row->kind != DD_ROW_CALL && a->args && !a->args->open)
        set_default(site, m);
    const char *prefix = site->model.ptr ? dd_provider_of_prefix(site->model) : NULL;
    if (prefix && !site->provider.len && !site->local && !site->user_host)
        site->provider = dd_str_z(prefix);
}

static void set_names(const dd_found *m, dd_site *site, const dd_ctx *c, const dd_value *positional)
{
    site->sdk = dd_str_z(m->row->sdk ? m->row->sdk : m->family->sdk);
    site->api = dd_str_z(m->api ? m->api : m->row->api);
    site->unit = m->row->unit;
    if (m->row->flags & DD_ROW_PATH) {
        const char *api = NULL;
        dd_unit unit = DD_UNIT_TOKENS;
        bool distinct;
        dd_value *path = dd_positional(positional, 1);
        if (path && path->kind == DD_V_STRING && dd_http_api(path->text, true, &api, &unit, &distinct)) {
            site->api = dd_str_z(api);
            site->unit = unit;
        }
    }
    (void)c;
}

/* Hosts of many kinds of models: the name says what comes out. */
static void by_model_name(dd_site *site)
{
    static const struct { const char *word, *api; dd_unit unit; } kinds[] = {
        { "any-llm", "chat.completions", DD_UNIT_TOKENS }, { "video", "videos", DD_UNIT_OTHER }, { "/veo", "videos", DD_UNIT_OTHER }, { "/sora", "videos", DD_UNIT_OTHER },
        { "whisper", "audio", DD_UNIT_AUDIO }, { "-tts", "audio", DD_UNIT_AUDIO },
        { "stable-diffusion", "images", DD_UNIT_IMAGE }, { "sdxl", "images", DD_UNIT_IMAGE }, { "flux", "images", DD_UNIT_IMAGE }, { "imagen", "images", DD_UNIT_IMAGE },
        { "ideogram", "images", DD_UNIT_IMAGE }, { "recraft", "images", DD_UNIT_IMAGE }, { "kandinsky", "images", DD_UNIT_IMAGE }, { "dall-e", "images", DD_UNIT_IMAGE },
        { "seedream", "images", DD_UNIT_IMAGE },
    };
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (dd_str_has(site->model, kinds[i].word)) {
            site->api = dd_str_z(kinds[i].api);
            site->unit = kinds[i].unit;
            return;
        }
}

dd_site *dd_site_of_match(const dd_ctx *c, const dd_found *m)
{
    call_args a = { 0 };
    if (m->family->rows == dd_families_bedrock[0].rows && m->path.external) {
        const char *service = NULL;
        if (!dd_detect_bedrock_client(c, &m->path, &service))
            return NULL;
    }
    read_args(c, m, &a);
    if (test_model(a.model) || (m->row->kind == DD_ROW_AGENT && !agent_is_site(c, m, &a)))
        return NULL;
    dd_value *inner = m->row->kind == DD_ROW_BINDING && !a.model && a.args ? dd_value_get(a.args, "llm") : NULL;
    if (inner && inner->kind == DD_V_EXTERN)                /* ChatHuggingFace(llm=endpoint): the model is bound there */
        return NULL;
    if (m->row->flags & DD_ROW_PATH) {
        dd_value *path = dd_positional(a.positional, 1);
        const char *api;
        dd_unit unit;
        bool distinct;
        if (!path || path->kind != DD_V_STRING || !dd_http_api(path->text, true, &api, &unit, &distinct))
            return NULL;
        dd_value *body = a.args ? dd_value_get(a.args, "body") : NULL;
        if (body && !a.model)
            a.model = dd_value_get(body, "model");
    }
    dd_site *site = dd_site_new(c);
    set_names(m, site, c, a.positional);
    site->provenance = m->provenance;
    set_provider(c, m, site);
    if (dd_str_eqz(site->sdk, "xsai") && a.args)           /* the host is an option of the call */
        dd_site_host(c, site, dd_value_get(a.args, "baseURL"));
    set_model(c, m, site, &a);
    if (site->model.ptr && dd_word_in("replicate|fal", site->sdk))
        by_model_name(site);
    site->max_tokens = sometimes_none(written(c->call, m->row->keys->cap)) ? -1 : a.cap;
    site->max_tokens_set = a.cap_set;
    if (m->row->flags & DD_ROW_ROUNDS)
        site->rounds = m->row->rounds;
    site->batch |= !strcmp(m->row->api, "batches");
    dd_call_facts facts = { c->call, c->frame, a.args, a.positional, m->row->keys->prompt, m->row->keys->system, m->row->keys->cap, m->row->keys->prompt_at };
    dd_prompt_fill(c->p, c->unit, &facts, c->arena, site);
    return site;
}
