/* scan/detect.c - the engine: which calls of a unit are call sites.
 *
 * Most calls are nothing, so a call is looked at only when its name is a verb of some row. What its callee is comes from
 * the evaluator: a path in a package, or a function of the project (then it is no site: the call inside is), or
 * unknown. For an unknown receiver the tail of the written path counts, on the rungs its row allows (call-shapes 4.3). */
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "scan/detect_int.h"

enum { VERB_SLOTS = 2048, MAX_SEE_THROUGH = 4 };
static struct { const char *word; size_t len; } verbs[VERB_SLOTS];
static const dd_family *const all_families[] = { dd_families_sdk, dd_families_js, dd_families_frameworks, dd_families_bedrock };

static bool verb_slot(dd_str word, size_t *slot)
{
    size_t i = (size_t)(dd_str_hash(word) % VERB_SLOTS);
    for (; verbs[i].word; i = (i + 1) % VERB_SLOTS)
        if (verbs[i].len == word.len && !memcmp(verbs[i].word, word.ptr, word.len)) {
            *slot = i;
            return true;
        }
    *slot = i;
    return false;
}

static void add_verbs(const char *path)
{
    const char *dot = strrchr(path, '.');
    dd_str words = dd_str_z(dot ? dot + 1 : path);
    while (words.len) {
        size_t slot;
        dd_str w = dd_str_cut(&words, '|');
        if (!verb_slot(w, &slot)) {
            verbs[slot].word = w.ptr;
            verbs[slot].len = w.len;
        }
    }
}

static void build_verbs(void)
{
    for (size_t i = 0; i < DD_COUNT(all_families); i++)
        for (const dd_family *f = all_families[i]; f->packages; f++)
            for (const dd_row *r = f->rows; r->path; r++)
                add_verbs(r->path);
}

static bool is_verb(dd_str name)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t slot;
    pthread_once(&once, build_verbs);
    return name.len && verb_slot(name, &slot);
}

/* Everyday words that are a row's verb only behind one name: `append` is a list's, but for `conversations.append`. */
static const struct { const char *verbs, *behind, *import; } everyday[] = {   /* "~agent": contains it, in any case; import: any name will do */
    { "append|append_async|append_stream|appendStream|start|start_async|start_stream|startStream|restart", "conversations", NULL },
    { "extend|remix", "videos", NULL }, { "edit", "images|videos", NULL }, { "process|process_async", "ocr", NULL }, { "compact", "responses", NULL },
    { "send", "chat|responses", NULL }, { "query", "", NULL }, { "parse", "completions|responses|messages|chat|create", NULL },
    { "summarize|classify", "~cohere|co|client", NULL },
    { "run|run_sync|arun|run_stream|iter", "~agent|~runner|~replicate|~team|~crew|AI|~llm", "replicate|fal_client|@fal-ai/*" },
    { "subscribe|submit", "fal|fal_client", "fal_client|@fal-ai/*" }, { "use", "replicate", NULL }, { "simple|complex", "ell", NULL },
    { "messages|responses", "any_llm", NULL }, { "defer", "chat|create", NULL },
    { "call", "llm|openai|anthropic|gemini|google|groq|mistral|cohere|litellm|azure|bedrock", "dashscope" },
    { "do|ado", "", "qianfan" },
};

static bool imports(const dd_unit_ir *unit, const char *packages)
{
    for (uint32_t i = 0; i < unit->n_imports && i < 128; i++)
        if (!unit->imports[i]->level && dd_package_name_match(packages, unit->imports[i]->module))
            return true;
    return false;
}

static bool behind(const char *list, dd_str name)
{
    dd_str rest = dd_str_z(list);
    while (rest.len) {
        dd_str word = dd_str_cut(&rest, '|');
        bool inside = dd_str_startsz(word, "~");
        if (!inside && dd_str_eq(word, name))
            return true;
        for (size_t i = 0; inside && i + word.len - 1 <= name.len; i++)
            if (!strncasecmp(name.ptr + i, word.ptr + 1, word.len - 1))
                return true;
    }
    return false;
}

static bool everyday_word(const dd_expr *call)
{
    const dd_expr *before = call->a && call->a->kind == DD_X_MEMBER ? call->a->a : NULL;
    if (!before)
        return false;
    dd_str name = before->kind == DD_X_NAME || before->kind == DD_X_CALL ? before->name : dd_expr_step(before);
    for (size_t i = 0; i < DD_COUNT(everyday); i++)
        if (dd_word_in(everyday[i].verbs, call->name))
            return !behind(everyday[i].behind, name) && !(everyday[i].import && imports(call->scope->unit, everyday[i].import));
    return false;
}

/* The shape of names that frameworks' partners give their classes. */
static bool partner_name(dd_str name)
{
    bool camel = name.len > 4 && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z';
    return camel && (dd_str_has(name, "Chat") || dd_str_has(name, "LLM") || dd_str_endsz(name, "Embeddings"));
}

static bool model_name(const dd_expr *e)
{
    dd_str name = !e ? DD_STR("") : e->kind == DD_X_NAME ? e->name : dd_expr_step(e);
    return partner_name(name) || (name.len && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z' && is_verb(name));
}

static bool alias_of_verb(const dd_binding *b)
{
    for (int i = 0; b && i < 16; b = b->next, i++) {
        if (b->kind == DD_B_IMPORT && b->import && b->import->kind == DD_IMP_NAME && is_verb(b->import->name))
            return true;
        if (b->kind == DD_B_ASSIGN && b->value && (is_verb(dd_expr_step(b->value)) || (b->value->kind == DD_X_NAME && (is_verb(b->value->name) || model_name(b->value)))))
            return true;
        if (b->kind == DD_B_ASSIGN && b->value && b->value->kind == DD_X_CALL && dd_str_eqz(b->value->name, "bind") && b->value->a && b->value->a->a && is_verb(dd_expr_step(b->value->a->a)))
            return true;
        if (b->kind == DD_B_ASSIGN && b->value && b->value->kind == DD_X_CHOICE && (model_name(b->value->a) || model_name(b->value->b)))
            return true;
        for (uint32_t k = 0; b->kind == DD_B_CLASS && b->cls && k < b->cls->n_bases; k++)
            if (model_name(b->cls->bases[k]))
                return true;
        if (b->kind == DD_B_PATTERN && b->n_keys && is_verb(b->keys[b->n_keys - 1]))
            return true;
    }
    return false;
}

/* Is this call worth evaluating? Names given to verbs by imports and assignments count too (C-11, C-20, I-PY-4). */
static bool interesting(const dd_expr *call)
{
    const dd_expr *callee = call->a;
    if (call->in_type || !callee)
        return false;
    if (is_verb(call->name))
        return !everyday_word(call) || dd_http_own_sender(call);
    if (dd_http_call(call) || partner_name(call->name))
        return true;
    if (callee->kind != DD_X_NAME)
        return false;
    for (const dd_scope *s = call->scope; s; s = s->parent) {
        const dd_binding *b = dd_scope_find(s, callee->name);
        if (b)
            return alias_of_verb(b);
    }
    return false;
}

/* --- rows against a path --- */
static bool match_rows(const dd_family *families, dd_path *path, dd_found *m)
{
    bool known = false;
    for (const dd_family *f = families; f->packages; f++) {
        int base, client;
        if (!dd_package_match(f->packages, path, &base))
            continue;
        known = true;
        path->base = base;
        for (const dd_row *r = f->rows; r->path; r++)
            if (dd_row_match(r, path, &client)) {
                m->family = f;
                m->row = r;
                m->client = client;
                m->path = *path;
                m->provenance = client >= 0 && path->v[client].typed ? DD_PROV_TYPED : DD_PROV_CONSTRUCTED;
                return true;
            }
    }
    m->known_package |= known;
    return false;
}

static bool match_any(dd_path *path, dd_found *m)
{
    for (size_t i = 0; i < DD_COUNT(all_families); i++)
        if (match_rows(all_families[i], path, m))
            return true;
    return false;
}

static bool is_sdk(const dd_path *p)
{
    int base;
    for (const dd_family *f = dd_families_sdk; f->packages; f++)
        if (!dd_str_eqz(dd_str_z(f->sdk), "instructor") && dd_package_match(f->packages, p, &base))
            return true;
    return false;
}

/* --- wrappers: W-1 ... W-13 --- */
static dd_value *client_argument(const dd_ctx *c, const dd_value *call)
{
    static const char *const keys[] = { "client", "create", "openai", "llm", "model", NULL };
    dd_value *positional = NULL, *args = dd_args_of_value(c->p, call, &positional), *first = dd_positional(positional, 1);
    if (first && first->kind == DD_V_EXTERN)
        return first;
    for (int i = 0; args && keys[i]; i++) {
        dd_value *v = dd_value_get(args, keys[i]);
        if (v && v->kind == DD_V_EXTERN)
            return v;
    }
    return NULL;
}

static bool is_instructor(const dd_path *p)
{
    int base;
    return dd_package_match("instructor|@instructor-ai/instructor", p, &base);
}

static void graft(dd_path *out, const dd_path *head, const dd_path *tail, int from)
{
    *out = *head;
    for (int i = from; i < tail->n && out->n < DD_MAX_STEPS; i++)
        out->v[out->n++] = tail->v[i];
    out->external = true;
}

/* instructor.from_provider("openai/gpt-4o"): the same as a client of that provider. */
static bool from_provider(const dd_ctx *c, const dd_path *p, int at, dd_path *out)
{
    static const struct { const char *provider, *package; } heads[] = { { "openai", "openai" }, { "anthropic", "anthropic" }, { "groq", "groq" }, { "mistral", "mistralai" }, { "cohere", "cohere" } };
    dd_value *positional = NULL;
    dd_path head = { .external = true };
    dd_args_of_value(c->p, p->v[at].call, &positional);
    dd_value *name = dd_positional(positional, 1);
    const char *who = name && name->kind == DD_V_STRING ? dd_provider_of_prefix(name->text) : NULL;
    for (size_t i = 0; who && i < DD_COUNT(heads); i++)
        if (!strcmp(heads[i].provider, who)) {
            head.v[0].name = dd_str_z(heads[i].package);
            head.v[1] = (dd_path_step){ .name = DD_STR("Client"), .called = true };
            head.n = 2;
            graft(out, &head, p, at + 1);
            return true;
        }
    return false;
}

/* The path with the wrapping call replaced by the client it was given. */
static bool see_through(const dd_ctx *c, const dd_path *p, dd_path *out)
{
    for (int i = p->n - 2; i >= 0; i--) {
        dd_path inner;
        if (!p->v[i].called || !p->v[i].call || p->v[i].typed)
            continue;
        bool found = false;
        if (dd_str_eqz(p->v[i].name, "from_provider")) {
            found = from_provider(c, p, i, out);
        } else {
            dd_value *client = client_argument(c, p->v[i].call);
            if (client && dd_path_of_value(client, &inner)) {
                dd_path_clean(&inner);
                graft(out, &inner, p, i + 1);
                found = true;
            }
        }
        if (!found)
            continue;
        out->wrapper = is_instructor(p) ? "instructor" : p->wrapper ? p->wrapper : "wrap";
        out->wrap_call = is_instructor(p) ? p->v[i].call : p->wrap_call;
        return true;
    }
    return false;
}

static const char *billed_api(const dd_path *seen)
{
    static const struct { const char *packages, *api; } apis[] = { { "anthropic", "messages" }, { "cohere|mistralai", "chat" }, { "openai|groq|together|litellm", "chat.completions" } };
    int base;
    for (size_t i = 0; i < DD_COUNT(apis); i++)
        if (dd_package_match(apis[i].packages, seen, &base))
            return apis[i].api;
    return NULL;
}

/* A wrapped client that keeps its own chain of names is a site of its SDK; else the wrapper's own (README of the corpus, tier rules). */
static bool match_wrapped(const dd_ctx *c, dd_path *path, dd_found *m)
{
    dd_path at = *path, seen;
    for (int i = 0; i < MAX_SEE_THROUGH && !is_sdk(&at) && see_through(c, &at, &seen); i++) {
        if (match_rows(dd_families_sdk, &seen, m) && strcmp(m->family->sdk, "instructor") != 0) {
            m->path = seen;
            return true;
        }
        at = seen;
    }
    bool wrapped = at.wrapper != NULL;
    if (!match_any(path, m))
        return false;
    if (wrapped && !strcmp(m->family->sdk, "instructor")) {
        m->path.wrapper = at.wrapper;
        m->path.wrap_call = at.wrap_call;
        m->api = strncmp(m->row->api, "responses", 9) ? billed_api(&at) : NULL;
        m->billed = at;
        m->has_billed = true;
    }
    return true;
}

/* --- receivers that are not known --- */
static bool keys_fit(const dd_ctx *c, const dd_row *row, bool *open)
{
    dd_value *args = dd_eval_arguments(c->p, c->call, c->frame, NULL);
    *open = args && args->open;
    if (!args || !row->keys)
        return false;
    bool model = dd_args_first(c->p, args, row->keys->model) != NULL, prompt = dd_args_first(c->p, args, row->keys->prompt) != NULL;
    if (row->flags & DD_ROW_BODY)
        prompt |= dd_value_get(args, "body") != NULL;
    return prompt && (model || *open);
}

static int rung(const dd_ctx *c, const dd_family *f, const dd_row *r)
{
    bool open = false, fit = keys_fit(c, r, &open), imported = imports(c->unit, f->packages);
    int steps = 1;
    for (const char *s = r->path; *s; s++)
        steps += *s == '.';
    if (imported && (r->flags & (DD_RUNG_IMPORT | DD_RUNG_KEYS)) && (fit || open || (steps > 3 && (r->flags & DD_RUNG_IMPORT))))
        return 3;
    if (fit && (r->flags & DD_RUNG_KEYS))
        return 2;
    return r->flags & DD_RUNG_ALONE ? 1 : 0;
}

static bool stand_in(const dd_path *p)
{
    static const char doubles[] = "mock*|Mock*|fake*|Fake*|stub*|Stub*|dummy*|Dummy*|_mock*|_fake*|jest|vi|sinon";
    for (int i = 0; i < p->n; i++)
        if (dd_word_in(doubles, p->v[i].name))
            return true;
    return false;
}

static bool match_tail(const dd_ctx *c, dd_path *path, dd_found *m)
{
    int best = 0;
    if (path->n < 1 || stand_in(path))
        return false;
    static const dd_family *const tails[] = { dd_families_sdk, dd_families_bedrock };
    for (size_t k = 0; k < DD_COUNT(tails); k++)
        for (const dd_family *f = tails[k]; f->packages; f++)
            for (const dd_row *r = f->rows; r->path; r++) {
                if (!(r->flags & (DD_RUNG_IMPORT | DD_RUNG_KEYS | DD_RUNG_ALONE)) || !dd_row_match_tail(r, path))
                    continue;
                int got = rung(c, f, r);
                if (got > best) {
                    best = got;
                    m->family = f;
                    m->row = r;
                    m->provenance = got == 3 ? DD_PROV_IMPORTED : got == 2 ? DD_PROV_ARGUMENTS : DD_PROV_SUFFIX;
                }
            }
    m->path = *path;
    m->client = -1;
    return best > 0;
}

/* A test's class that the code under test is given stands for the real one. */
static bool of_tests(const dd_ctx *c, const dd_value *v)
{
    const dd_unit_ir *home = v->kind == DD_V_FUNC && v->func ? v->func->unit : v->cls ? v->cls->unit : NULL;
    return home && home != c->unit && dd_path_is_test(home->file->path) && !dd_path_is_test(c->unit->file->path);
}

static bool owned(const dd_ctx *c, const dd_value *v)
{
    switch (v->kind) {
    case DD_V_FUNC: case DD_V_CLASS: case DD_V_INSTANCE: return !of_tests(c, v);
    case DD_V_MODULE: case DD_V_STRING: case DD_V_NUMBER:
    case DD_V_BOOL: case DD_V_LIST: case DD_V_DICT: case DD_V_DATA: case DD_V_TEXT: return true;
    default: return false;
    }
}

static bool match_written(const dd_ctx *c, dd_found *m)
{
    dd_path path;
    dd_path_of_expr(c->call->a, c->arena, &path);
    dd_path_clean(&path);
    return match_tail(c, &path, m);
}

static bool made_in_test(const dd_ctx *c, const dd_value *v)
{
    for (; v; v = v->parent)
        if (v->call && v->call->scope && v->call->scope->unit != c->unit)
            return dd_path_is_test(v->call->scope->unit->file->path) && !dd_path_is_test(c->unit->file->path);
    return false;
}

static bool match_value(const dd_ctx *c, const dd_value *v, dd_found *m)
{
    dd_path path;
    int base;
    if (!dd_path_of_value(v, &path))
        return false;
    dd_path_clean(&path);
    if (match_wrapped(c, &path, m))
        return true;
    if (dd_package_match("unittest*|mock|pytest*|jest|vitest|sinon", &path, &base) && made_in_test(c, v))
        return match_written(c, m);                       /* only a test hands in the double */
    if (m->known_package || is_sdk(&path) || dd_package_match(dd_silent_packages, &path, &base))
        return false;
    return match_tail(c, &path, m);
}

/* A client kept as `.chat.completions` in one branch and `.completions` in another: what is sent says which it is here. */
static bool sent_to(const dd_ctx *c, const dd_row *row)
{
    bool text = !strcmp(row->api, "completions");
    if (!text && strcmp(row->api, "chat.completions") != 0)
        return false;
    dd_value *args = dd_eval_arguments(c->p, c->call, c->frame, NULL);
    return args && dd_value_get(args, text ? "prompt" : "messages") && !dd_value_get(args, text ? "messages" : "prompt");
}

/* One name for several SDKs (`create = client.chat.completions.create` or `litellm.completion`): one site, of the family
 * that stands first in the tables. */
static bool match_choice(const dd_ctx *c, const dd_value *v, dd_found *m)
{
    bool any = false;
    for (uint32_t i = 0; i < v->n_items; i++) {
        dd_found one = { .client = -1 };
        if (v->items[i]->kind != DD_V_EXTERN || !match_value(c, v->items[i], &one))
            continue;
        bool binds = any && one.family == m->family && one.row->bound && !m->row->bound;   /* the module, later the model made with it */
        bool sent = any && one.family == m->family && one.row != m->row && sent_to(c, one.row);
        if (!any || binds || sent || (one.family >= dd_families_sdk && one.family < m->family))
            *m = one;
        any = true;
    }
    return any;
}

/* LL-7: `litellm` may be an object that loads the package when it is asked for something, or a name that is there when the
 * code runs. The name says it, as long as nothing of the project answers to what follows. */
static bool match_named(const dd_ctx *c, dd_found *m)
{
    dd_path path;
    dd_path_of_expr(c->call->a, c->arena, &path);
    dd_path_clean(&path);
    int at = path.n > 1 && dd_word_in("self|cls|this", path.v[0].name);
    if (path.n < at + 2 || path.v[at].called || !dd_word_in("litellm|openai|anthropic", path.v[at].name))
        return false;
    path.n -= at;
    memmove(path.v, path.v + at, (size_t)path.n * sizeof path.v[0]);
    path.external = true;
    if (!match_rows(dd_families_sdk, &path, m))
        return false;
    m->provenance = DD_PROV_SUFFIX;
    return true;
}

static bool unbound(const dd_value *v)
{
    const dd_value *root = dd_extern_root(v);
    return root && dd_str_eqz(root->name, "builtins");
}

/* Of a project's object that has no such member. */
static bool asks_object(const dd_ctx *c, const dd_value *v)
{
    if (v->kind != DD_V_UNKNOWN || c->call->a->kind != DD_X_MEMBER)
        return false;
    const dd_value *object = dd_eval(c->p, c->call->a->a, c->frame);
    return object->kind == DD_V_INSTANCE && !of_tests(c, object) && !(object->cls && dd_word_in("Mock*|Fake*|Stub*|Dummy*", object->cls->name));
}

/* N-14, N-15: below a model's class, but answering itself: by its name, or because it stands in a test and overrides what sends. */
static bool answers_itself(const dd_class_def *cls)
{
    static const char sending[] = "invoke|ainvoke|generate|agenerate|_generate|_agenerate|_call|_acall|stream|astream|_stream|_astream|predict|embed_documents|embed_query|__call__";
    if (dd_word_in("Mock*|Fake*|Stub*|Dummy*|_Mock*|_Fake*|_Stub*|_Dummy*", cls->name))
        return true;
    bool test = cls->unit && dd_path_is_test(cls->unit->file->path);
    for (uint32_t i = 0; test && i < cls->n_methods; i++)
        if (dd_word_in(sending, cls->methods[i]->name))
            return true;
    return false;
}

/* A class of the project below a framework's model object, built as that one is: class Ours(ChatOpenAI). */
static bool match_subclass(const dd_ctx *c, const dd_value *v, dd_found *m, int depth)
{
    dd_class_def *cls = v->cls;
    for (uint32_t i = 0; i < cls->n_methods; i++)
        if (cls->methods[i]->is_constructor)
            return false;                                /* it decides itself what it hands on */
    if (answers_itself(cls))
        return false;
    for (uint32_t i = 0; i < cls->n_bases && depth < 4; i++) {
        const dd_value *base = cls->bases[i] ? dd_eval(c->p, cls->bases[i], NULL) : NULL;
        dd_path path;
        if (base && base->kind == DD_V_CLASS && base->cls != cls && match_subclass(c, base, m, depth + 1))
            return true;
        if (!base || base->kind != DD_V_EXTERN || !dd_path_of_value(base, &path))
            continue;
        dd_path_clean(&path);
        if (match_rows(dd_families_frameworks, &path, m) && m->row->kind == DD_ROW_BINDING)
            return m->subclass = true;
    }
    return false;
}

static bool match_class(const dd_ctx *c, const dd_value *v, dd_found *m)
{
    size_t n = v->kind == DD_V_CHOICE ? v->n_items : 1;
    for (size_t i = 0; i < n; i++) {
        const dd_value *one = v->kind == DD_V_CHOICE ? v->items[i] : v;
        if (one->kind == DD_V_CLASS && match_subclass(c, one, m, 0))
            return true;
    }
    return false;
}

static bool match_callee(const dd_ctx *c, dd_found *m)
{
    dd_value *v = dd_eval(c->p, c->call->a, c->frame);
    if (match_class(c, v, m))
        return true;
    if ((asks_object(c, v) || (v->kind == DD_V_EXTERN && unbound(v))) && match_named(c, m))
        return true;
    if (v->kind == DD_V_EXTERN)
        return match_value(c, v, m);
    if (v->kind == DD_V_CHOICE)
        return match_choice(c, v, m);
    if (owned(c, v))
        return false;
    if (c->call->a->kind == DD_X_MEMBER && owned(c, dd_eval(c->p, c->call->a->a, c->frame)))
        return false;
    return match_written(c, m);
}

/* --- one call --- */
static dd_call_place place_of(const dd_expr *call)
{
    return (dd_call_place){ call->scope ? call->scope->unit->file->path.ptr : NULL, call->start, call->end };
}

static void keep(const dd_ctx *c, dd_site_list *out, dd_site *site)
{
    dd_avec_push(c->arena, out, site);
    dd_avec_push(c->arena, &out->calls, place_of(c->call));
}

static void note_trigger(const dd_ctx *c, dd_site_list *out, const dd_value *v, const dd_site *sends)
{
    for (; v && v->kind == DD_V_EXTERN; v = v->parent)
        if ((v->step == DD_E_CALL || v->step == DD_E_NEW) && v->call) {
            dd_trigger t = { place_of(v->call), sends };
            dd_avec_push(c->arena, &out->triggers, t);
        }
}

/* llm.invoke(text), Runner.run(agent, text): the binding is the receiver or the first argument, the prompt what is left. */
static void trigger(const dd_ctx *c, dd_site_list *out)
{
    static const char *const prompts[] = { "input", "prompt", "messages", "query", "text", "task", NULL };
    dd_value *positional = NULL, *args = dd_eval_arguments(c->p, c->call, c->frame, &positional), *callee = dd_eval(c->p, c->call->a, c->frame);
    dd_value *first = dd_positional(positional, 1);
    bool bound = first && first->kind == DD_V_EXTERN && (first->step == DD_E_CALL || first->step == DD_E_NEW) && !dd_word_in("invoke|ainvoke|stream|astream|batch|abatch", c->call->name);
    dd_call_facts facts = { c->call, c->frame, args, positional, prompts, NULL, NULL, bound ? 2 : 1 };
    dd_site *sends = dd_site_new(c);
    dd_prompt_fill(c->p, c->unit, &facts, c->arena, sends);
    dd_model_set(c, sends, args ? dd_args_get(c->p, args, "model") : NULL, NULL);
    note_trigger(c, out, callee, sends);
    if (bound)
        note_trigger(c, out, first, sends);
}

static void look_at(const dd_ctx *c, dd_site_list *out)
{
    dd_found m = { .client = -1 };
    dd_site *site = NULL;
    if (match_callee(c, &m)) {
        if (m.row->kind == DD_ROW_TRIGGER) {
            trigger(c, out);
            return;
        }
        site = m.row->kind == DD_ROW_FREE ? NULL : dd_site_of_match(c, &m);
    } else if (dd_http_call(c->call)) {
        site = dd_site_of_http(c);
    }
    if (!site || (c->call->broken && m.provenance > DD_PROV_TYPED))
        return;
    keep(c, out, site);
}

bool dd_detect_worth(const dd_unit_ir *unit)
{
    for (uint32_t i = 0; i < unit->n_calls; i++)
        if (interesting(unit->calls[i]))
            return true;
    return false;
}

uint32_t dd_detect_unit(dd_project *p, dd_unit_ir *unit, uint32_t from, size_t held_bytes, dd_arena *arena, dd_site_list *out)
{
    uint32_t i = from;
    for (; i < unit->n_calls && (i == from || dd_project_held(p) <= held_bytes); i++) {
        const dd_expr *call = unit->calls[i];
        if (!interesting(call))
            continue;
        dd_ctx c = { .p = p, .unit = unit, .arena = arena, .call = call, .frame = NULL };   /* no caller known */
        look_at(&c, out);
    }
    return i;
}

/* The first trigger that sends text says what a binding sends; loops of any of them count. */
static void join(dd_site *site, const dd_site *sends)
{
    site->triggers++;
    if (sends->in_loop && !site->in_loop) {
        site->in_loop = true;
        site->loop = sends->loop;
    }
    site->stream |= sends->stream;
    if (!site->model.ptr && sends->model.ptr && dd_str_eqz(site->model_cause, "no model argument")) {   /* llm.invoke(text, model="x") */
        site->model = sends->model;
        site->model_source = sends->model_source == DD_SRC_LITERAL ? DD_SRC_CONST_SAME_FILE : sends->model_source;
        site->model_cause = DD_STR("");
        site->env_var = sends->env_var;
        site->chain = sends->chain;
        site->n_chain = sends->n_chain;
    }
    if (site->user_text.len || site->messages || site->holes_typed || site->holes_large || site->holes_history)
        return;
    site->user_text = sends->user_text;
    site->text_cut += sends->text_cut;
    if (!site->system_text.len)
        site->system_text = sends->system_text;
    site->holes_small += sends->holes_small;
    site->holes_typed += sends->holes_typed;
    site->holes_large += sends->holes_large;
    site->holes_history += sends->holes_history;
    site->messages = sends->messages;
    site->images += sends->images;
}

static void join_triggers(dd_site_list *list)
{
    dd_map  at   = DD_MAP_INIT; /* place -> the first site there, counted from 1 */
    size_t *next = dd_calloc(list->n + 1, sizeof *next);
    for (size_t k = list->n; k-- > 0;) {
        void **first = dd_map_at(&at, (dd_str){ (const char *)&list->calls.v[k], sizeof list->calls.v[k] });
        next[k]      = (size_t)(uintptr_t)*first;
        *first       = (void *)(uintptr_t)(k + 1);
    }
    for (size_t i = 0; i < list->triggers.n; i++) {
        dd_str place = { (const char *)&list->triggers.v[i].binding, sizeof list->triggers.v[i].binding };
        for (size_t k = (size_t)(uintptr_t)dd_map_get(&at, place); k; k = next[k - 1])
            join(list->v[k - 1], list->triggers.v[i].sends);
    }
    dd_map_free(&at);
    free(next);
}

void dd_detect_finish(dd_site_list *list, dd_arena *arena)
{
    size_t first = 0;
    join_triggers(list);
    for (size_t i = 0; i < list->n; i++) {
        if (!dd_str_eq(list->v[i]->path, list->v[first]->path))
            first = i;
        dd_site_name(arena, list->v[i], list->v + first, i - first);
    }
}
