/* cmd/import_write.c - what the readers of other configurations share, and the YAML that comes of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/redact.h"
#include "cmd/import.h"
#include "proxy/provider.h"

static dd_str vprint(dd_import *im, const char *fmt, va_list ap)
{
    dd_buf b = DD_BUF_INIT(64 << 10);
    dd_buf_vprintf(&b, fmt, ap);
    dd_str s = dd_arena_dup(&im->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

void dd_import_note(dd_import *im, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dd_str s = vprint(im, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < im->notes.n; i++)
        if (dd_str_eq(im->notes.v[i], s))
            return;
    dd_avec_push(&im->arena, &im->notes, s);
}

void dd_import_set(dd_import *im, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dd_str s = vprint(im, fmt, ap);
    va_end(ap);
    dd_str key = dd_str_sub(s, 0, (size_t)(dd_str_chr(s, ':') + 1));
    for (size_t i = 0; i < im->settings.n; i++)
        if (dd_str_starts(im->settings.v[i], key)) {
            im->settings.v[i] = s;   /* several sections of the source may say it: the last one counts */
            return;
        }
    dd_avec_push(&im->arena, &im->settings, s);
}

void dd_import_lose(dd_import *im, dd_str path, const char *why)
{
    for (size_t i = 0; i < im->lost.n; i++)
        if (dd_str_eq(im->lost.v[i].path, path))
            return;   /* a target that several rules lead to */
    dd_avec_push(&im->arena, &im->lost, ((dd_import_lost_t){ path, dd_arena_dupz(&im->arena, why && *why ? why : "no equivalent") }));
}

dd_str dd_import_path(dd_import *im, dd_str parent, const char *name)
{
    if (!parent.len)
        return dd_arena_dupz(&im->arena, name);
    return dd_arena_printf(&im->arena, DD_STR_FMT ".%s", DD_STR_ARG(parent), name);
}

dd_str dd_import_item(dd_import *im, dd_str parent, int i) { return dd_arena_printf(&im->arena, DD_STR_FMT "[%d]", DD_STR_ARG(parent), i); }

/* --- secrets and addresses --- */

static bool is_variable(dd_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] | 32) >= 'a' && (s.ptr[i] | 32) <= 'z') && s.ptr[i] != '_' && !(i && s.ptr[i] >= '0' && s.ptr[i] <= '9'))
            return false;
    return s.len > 0;
}

/* The variable that a value names, as the one gateway or the other writes it. */
static bool names_variable(dd_str value, dd_str *name)
{
    static const struct { const char *before, *after; } forms[] = { { "os.environ/", "" }, { "${", "}" }, { "$", "" }, { "{{env.", "}}" },
                                                                    { "env.", "" } };
    value = dd_str_trim(value);
    for (size_t i = 0; i < DD_COUNT(forms); i++) {
        size_t b = strlen(forms[i].before), a = strlen(forms[i].after);
        if (!dd_str_startsz(value, forms[i].before) || !dd_str_endsz(value, forms[i].after) || value.len < a + b)
            continue;
        *name = dd_str_sub(value, b, value.len - a);
        if (is_variable(*name))
            return true;
    }
    return false;
}

/* NAME, or NAME_2 ... when another secret already got it. */
static dd_str fresh_name(dd_import *im, const char *other)
{
    for (int n = 1;; n++) {
        dd_str ref  = n == 1 ? dd_arena_printf(&im->arena, "${%s}", other) : dd_arena_printf(&im->arena, "${%s_%d}", other, n);
        bool   used = false;
        for (size_t i = 0; i < im->reserved.n; i++)
            used |= dd_str_eq(im->reserved.v[i], dd_str_sub(ref, 2, ref.len - 1));
        for (size_t i = 0; i < im->providers.n; i++)
            for (size_t k = 0; k < im->providers.v[i].keys.n; k++)
                used |= dd_str_eq(im->providers.v[i].keys.v[k], ref);
        if (!used)
            return ref;
    }
}

void dd_import_reserve(dd_import *im, const cJSON *root)
{
    enum { DEEPEST = 64 };
    const cJSON *way[DEEPEST], *node = root;   /* without recursion */
    int          depth = 0;
    dd_str       name;
    while (node) {
        if (cJSON_IsString(node) && names_variable(dd_str_z(node->valuestring), &name))
            dd_avec_push(&im->arena, &im->reserved, dd_arena_dup(&im->arena, name));
        if (node->child && depth < DEEPEST) {
            way[depth++] = node;
            node         = node->child;
            continue;
        }
        while (node && !(node != root && node->next))
            node = depth ? way[--depth] : NULL;
        node = node ? node->next : NULL;
    }
}

dd_str dd_import_once(dd_import *im, dd_str path, dd_str now)
{
    for (size_t i = 0; i < im->seen.n; i++)
        if (dd_str_eq(im->seen.v[i].path, path))
            return im->seen.v[i].why;
    if (now.len)
        dd_avec_push(&im->arena, &im->seen, ((dd_import_lost_t){ path, now }));
    return DD_STR("");
}

bool dd_import_placeholder(const char *key)
{
    static const char *const words[] = { "none", "null", "empty", "dummy", "fake", "na", "n/a", "no-key", "not-needed", "anything", "fake-key",
                                         "ollama", "x" };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eq_nocase(dd_str_z(key), dd_str_z(words[i])))
            return true;
    return false;
}

const char *dd_import_variable(dd_import *im, dd_str name)
{
    if (dd_str_eqz(name, "google"))
        name = DD_STR("gemini");
    char *z = (char *)(uintptr_t)dd_arena_printf(&im->arena, DD_STR_FMT "_API_KEY", DD_STR_ARG(name)).ptr;
    for (char *p = z; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9' && p > z) ? *p : '_';
    return z;
}

dd_str dd_import_secret(dd_import *im, dd_str path, const char *value, const char *other)
{
    dd_str name;
    if (names_variable(dd_str_z(value), &name))
        return dd_arena_printf(&im->arena, "${" DD_STR_FMT "}", DD_STR_ARG(name));
    dd_str before = dd_import_once(im, path, DD_STR(""));
    if (before.len)
        return before;
    dd_str ref = fresh_name(im, other);
    dd_import_once(im, path, ref);
    dd_import_note(im, "the secret at " DD_STR_FMT " is not copied: put it into the environment as " DD_STR_FMT ", or use `dd0c secrets set`",
                   DD_STR_ARG(path),
                   DD_STR_ARG(dd_str_sub(ref, 2, ref.len - 1)));
    return ref;
}

dd_str dd_import_text(dd_import *im, dd_str path, const char *value)
{
    dd_str    text = dd_str_trim(dd_str_z(value)), name;
    ptrdiff_t from = dd_str_findz(text, "://");
    if (names_variable(text, &name))
        return dd_arena_printf(&im->arena, "${" DD_STR_FMT "}", DD_STR_ARG(name));
    if (from >= 0) {
        dd_str    rest = dd_str_sub(text, (size_t)from + 3, text.len);
        ptrdiff_t at = dd_str_chr(rest, '@'), slash = dd_str_chr(rest, '/'), query = dd_str_chr(rest, '?');
        if (at >= 0 && (slash < 0 || at < slash)) {
            dd_import_note(im, "the user and password in the address at " DD_STR_FMT " are not copied", DD_STR_ARG(path));
            return dd_arena_printf(&im->arena, DD_STR_FMT DD_STR_FMT, DD_STR_ARG(dd_str_sub(text, 0, (size_t)from + 3)),
                                   DD_STR_ARG(dd_str_sub(rest, (size_t)at + 1, query < at ? rest.len : (size_t)query)));
        }
        if (query >= 0) {   /* keys stand there, too */
            dd_import_note(im, "what stands behind the ? of the address at " DD_STR_FMT " is not copied", DD_STR_ARG(path));
            text.len = (size_t)from + 3 + (size_t)query;
        }
    }
    return dd_arena_dup(&im->arena, text);
}

/* --- providers, models, steps --- */

const char *dd_import_kind(const char *name)
{
    static const struct { const char *name, *kind; } others[] = {
        { "text-completion-openai", "openai" }, { "open-ai", "openai" },       { "gemini", "google" },        { "azure-openai", "azure" },
        { "azure_text", "azure" },              { "azure-ai", NULL },          { "mistral-ai", "mistral" },   { "x-ai", "xai" },
        { "together_ai", "together" },          { "together-ai", "together" }, { "ollama_chat", "ollama" },   { "deep-seek", "deepseek" },
    };
    for (size_t i = 0; i < DD_COUNT(others); i++)
        if (strcmp(others[i].name, name) == 0)
            return others[i].kind;
    for (const dd_provider_kind *k = dd_provider_kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k->name;
    return NULL;
}

/* Its name is the wanted one, or that with a number behind. */
static bool is_named(const dd_import_provider *p, dd_str wanted)
{
    int64_t n;
    if (!dd_str_starts(p->name, wanted))
        return false;
    dd_str rest = dd_str_sub(p->name, wanted.len, p->name.len);
    return !rest.len || (rest.ptr[0] == '-' && rest.len < 4 && dd_parse_i64(dd_str_sub(rest, 1, rest.len), &n));
}

static bool name_taken(const dd_import *im, dd_str name)
{
    for (size_t i = 0; i < im->providers.n; i++)
        if (dd_str_eq(im->providers.v[i].name, name))
            return true;
    return false;
}

dd_import_provider *dd_import_provider_at(dd_import *im, const char *type, dd_str name, dd_str base_url, dd_str api_version)
{
    dd_buf clean = DD_BUF_INIT(64);   /* a name stands before a slash */
    for (size_t i = 0; i < (name.len ? name.len : strlen(type)); i++) {
        char c = name.len ? name.ptr[i] : type[i];
        dd_buf_addc(&clean, ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : '-');
    }
    dd_str first = dd_arena_dup(&im->arena, dd_buf_str(&clean)), free_name = first;
    dd_buf_free(&clean);
    for (size_t i = 0; i < im->providers.n; i++) {
        dd_import_provider *p = &im->providers.v[i];
        if (dd_str_eqz(p->type, type) && dd_str_eq(p->base_url, base_url) && dd_str_eq(p->api_version, api_version) && is_named(p, first))
            return p;
    }
    for (int n = 2; name_taken(im, free_name); n++)
        free_name = dd_arena_printf(&im->arena, DD_STR_FMT "-%d", DD_STR_ARG(first), n);
    dd_import_provider p = { .name = free_name, .type = dd_arena_dupz(&im->arena, type), .base_url = base_url, .api_version = api_version };
    dd_avec_push(&im->arena, &im->providers, p);
    return &im->providers.v[im->providers.n - 1];
}

void dd_import_key(dd_import *im, dd_import_provider *p, dd_str key)
{
    for (size_t i = 0; i < p->keys.n; i++)
        if (dd_str_eq(p->keys.v[i], key))
            return;
    if (key.len)
        dd_avec_push(&im->arena, &p->keys, key);
    if (p->keys.n == 2)
        dd_import_note(im, "provider " DD_STR_FMT " has several keys now: each of its models may use any of them", DD_STR_ARG(p->name));
}

dd_import_model *dd_import_model_find(dd_import *im, const char *name)
{
    for (size_t i = 0; i < im->models.n; i++)
        if (dd_str_eqz(im->models.v[i].name, name))
            return &im->models.v[i];
    return NULL;
}

dd_import_step dd_import_plain(dd_str model) { return (dd_import_step){ model, -1, -1, -1, -1 }; }

void dd_import_add(dd_import *im, dd_import_steps *steps, dd_import_step step)
{
    for (size_t i = 0; i < steps->n; i++)
        if (dd_str_eq(steps->v[i].model, step.model)) {
            if (step.weight > 0 && steps->v[i].weight > 0)
                steps->v[i].weight += step.weight;
            return;
        }
    dd_avec_push(&im->arena, steps, step);
}

/* --- values --- */

dd_str dd_import_time(dd_import *im, double ms)
{
    int64_t n = ms < 0 || ms > 1e12 ? 0 : (int64_t)llround(ms);
    return n % 1000 == 0 ? dd_arena_printf(&im->arena, "%llds", (long long)(n / 1000)) : dd_arena_printf(&im->arena, "%lldms", (long long)n);
}

dd_str dd_import_print(dd_import *im, const cJSON *scalar)
{
    if (cJSON_IsString(scalar))
        return dd_arena_dupz(&im->arena, scalar->valuestring);
    char  *text = cJSON_PrintUnformatted(scalar);
    dd_str s    = dd_arena_dupz(&im->arena, text ? text : "");
    free(text);
    return s;
}

void dd_import_literal(dd_buf *out, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        dd_json_quote(out, dd_str_z(value->valuestring));
        return;
    }
    char *text = cJSON_PrintUnformatted(value);
    dd_buf_addz(out, text ? text : "null");
    free(text);
}

dd_str dd_import_statuses(dd_import *im, const cJSON *list, dd_str path)
{
    static const struct { int status; const char *word; } words[] = { { 429, "429" }, { 408, "timeout" }, { 401, "auth" }, { 402, "auth" },
                                                                      { 403, "auth" }, { 404, "not_found" } };
    dd_buf       out = DD_BUF_INIT(400);
    const cJSON *item;
    int          i = 0;
    cJSON_ArrayForEach(item, list) {
        int         status = cJSON_IsNumber(item) ? item->valueint : 0;
        const char *word   = status >= 500 && status <= 599 ? "5xx" : NULL;
        for (size_t k = 0; k < DD_COUNT(words); k++)
            if (words[k].status == status)
                word = words[k].word;
        if (!word)
            dd_import_lose(im, dd_import_item(im, path, i), "a request with this status is answered as it is: another provider would say the same");
        else if (!dd_str_has(dd_buf_str(&out), word))
            dd_buf_printf(&out, "%s%s", out.len ? ", " : "", word);
        i++;
    }
    if (dd_str_has(dd_buf_str(&out), "5xx"))
        dd_buf_addz(&out, ", timeout, reset");
    dd_str s = dd_arena_dup(&im->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return s;
}

void dd_import_rest(dd_import *im, const cJSON *object, dd_str path, const char *const *known, const char *why)
{
    const cJSON *node;
    dd_import_each(node, object) {
        bool asked = false;
        for (size_t i = 0; known[i] && !asked; i++)
            asked = strcmp(known[i], node->string) == 0;
        if (!asked)
            dd_import_lose(im, dd_import_path(im, path, node->string), why);
    }
}

/* --- YAML --- */

static bool is_plain(dd_str s)
{
    static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off" };
    if (!s.len || !(((s.ptr[0] | 32) >= 'a' && (s.ptr[0] | 32) <= 'z') || s.ptr[0] == '/' || s.ptr[0] == '$'))
        return false;
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eq_nocase(s, dd_str_z(words[i])))
            return false;
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] | 32) >= 'a' && (s.ptr[i] | 32) <= 'z') && !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && !strchr("_./@-$", s.ptr[i]))
            return false;
    return true;
}

static void scalar(dd_buf *out, dd_str s)
{
    if (is_plain(s) && !dd_redact_needed(s))   /* what stands in a key's place is text in quotes */
        dd_buf_add(out, s);
    else
        dd_json_quote(out, s);
}

/* Conditions are full of double quotes: single ones around them, unless something needs an escape. */
static void condition(dd_buf *out, dd_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || (unsigned char)s.ptr[i] >= 127) {
            dd_json_quote(out, s);
            return;
        }
    dd_buf_addc(out, '\'');
    for (size_t i = 0; i < s.len; i++)
        dd_buf_printf(out, s.ptr[i] == '\'' ? "''" : "%c", s.ptr[i]);
    dd_buf_addc(out, '\'');
}

static void comment(dd_buf *out, dd_str text)
{
    dd_buf line = DD_BUF_INIT(64 << 10);
    dd_buf_add_line(&line, text);
    dd_buf_addz(out, "# ");
    dd_buf_add(out, dd_buf_str(&line));
    dd_buf_addc(out, '\n');
    dd_buf_free(&line);
}

static void step(dd_import *im, dd_buf *out, const dd_import_step *s)
{
    if (s->weight < 0 && s->timeout_ms < 0 && s->retries < 0 && s->threshold < 0) {
        scalar(out, s->model);
        return;
    }
    bool provider = dd_str_endsz(s->model, "/");
    dd_buf_addz(out, provider ? "{provider: " : "{model: ");
    scalar(out, dd_str_sub(s->model, 0, s->model.len - provider));
    if (s->weight >= 0)
        dd_buf_printf(out, ", weight: %lld", (long long)s->weight);
    if (s->timeout_ms >= 0)
        dd_buf_printf(out, ", timeout: " DD_STR_FMT, DD_STR_ARG(dd_import_time(im, (double)s->timeout_ms)));
    if (s->retries >= 0)
        dd_buf_printf(out, ", retries: %lld", (long long)s->retries);
    if (s->threshold >= 0)
        dd_buf_printf(out, ", threshold: %g", s->threshold);
    dd_buf_addc(out, '}');
}

static void steps(dd_import *im, dd_buf *out, const char *key, const dd_import_steps *list, const char *indent)
{
    if (!list->n)
        return;
    dd_buf_printf(out, "%s%s: [", indent, key);
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            dd_buf_addz(out, ", ");
        step(im, out, &list->v[i]);
    }
    dd_buf_addz(out, "]\n");
}

static void write_providers(dd_import *im, dd_buf *out)
{
    if (im->providers.n)
        dd_buf_addz(out, "providers:\n");
    for (size_t i = 0; i < im->providers.n; i++) {
        const dd_import_provider *p = &im->providers.v[i];
        bool own = dd_str_eq(p->name, p->type);
        dd_buf_addz(out, "  ");
        scalar(out, p->name);
        dd_buf_addz(out, ":");
        if (own && !p->base_url.len && !p->api_version.len && !p->keys.n)
            dd_buf_addz(out, " {}");
        dd_buf_addz(out, "\n");
        if (!own)
            dd_buf_printf(out, "    type: " DD_STR_FMT "\n", DD_STR_ARG(p->type));
        const struct { const char *key; dd_str value; } texts[] = { { "base_url", p->base_url }, { "api_version", p->api_version },
                                                                    { "api_key", p->keys.n == 1 ? p->keys.v[0] : DD_STR("") } };
        for (size_t k = 0; k < DD_COUNT(texts); k++)
            if (texts[k].value.len) {
                dd_buf_printf(out, "    %s: ", texts[k].key);
                dd_json_quote(out, texts[k].value);
                dd_buf_addc(out, '\n');
            }
        if (p->keys.n > 1)
            dd_buf_addz(out, "    keys:\n");
        for (size_t k = 0; k < p->keys.n && p->keys.n > 1; k++) {
            dd_buf_addz(out, "      - value: ");
            dd_json_quote(out, p->keys.v[k]);
            dd_buf_addc(out, '\n');
        }
    }
}

static void write_models(dd_import *im, dd_buf *out)
{
    if (im->models.n)
        dd_buf_addz(out, "models:\n");
    for (size_t i = 0; i < im->models.n; i++) {
        const dd_import_model *m = &im->models.v[i];
        dd_buf_addz(out, "  ");
        scalar(out, m->name);
        dd_buf_addz(out, ":\n");
        steps(im, out, "targets", &m->targets, "    ");
        if (m->strategy)
            dd_buf_printf(out, "    strategy: %s\n", m->strategy);
        if (m->on.len)
            dd_buf_printf(out, "    fallback_on: [" DD_STR_FMT "]\n", DD_STR_ARG(m->on));
    }
}

static void write_routes(dd_import *im, dd_buf *out)
{
    if (im->routes.n)
        dd_buf_addz(out, "routes:\n");
    for (size_t i = 0; i < im->routes.n; i++) {
        const dd_import_route *r = &im->routes.v[i];
        dd_buf_addz(out, "  - name: ");
        scalar(out, r->name);
        dd_buf_addc(out, '\n');
        if (r->when.len) {
            dd_buf_addz(out, "    when: ");
            condition(out, r->when);
            dd_buf_addc(out, '\n');
        }
        if (r->strategy)
            dd_buf_printf(out, "    strategy: %s\n", r->strategy);
        steps(im, out, "from", &r->from, "    ");
        steps(im, out, "fallback", &r->fallback, "    ");
        if (r->on.len)
            dd_buf_printf(out, "    fallback_on: [" DD_STR_FMT "]\n", DD_STR_ARG(r->on));
    }
}

void dd_import_write(dd_import *im, const char *format, const char *what, dd_buf *out)
{
    dd_buf text = DD_BUF_INIT(0), line = DD_BUF_INIT(0);
    dd_buf_printf(&line, "dd0c.yaml, imported from %s (%s).", what, format);
    comment(&text, dd_buf_str(&line));
    for (size_t i = 0; i < im->notes.n; i++)
        comment(&text, im->notes.v[i]);
    dd_buf_addc(&text, '\n');
    write_providers(im, &text);
    write_models(im, &text);
    write_routes(im, &text);
    steps(im, &text, "fallback", &im->fallback, "");
    for (size_t i = 0; i < im->settings.n; i++)
        dd_buf_printf(&text, DD_STR_FMT "\n", DD_STR_ARG(im->settings.v[i]));
    if (im->lost.n)
        dd_buf_addz(&text, "\n# Not taken over:\n");
    for (size_t i = 0; i < im->lost.n; i++) {
        dd_buf_clear(&line);
        dd_buf_printf(&line, "  " DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(im->lost.v[i].path), DD_STR_ARG(im->lost.v[i].why));
        comment(&text, dd_buf_str(&line));
    }
    dd_redact(dd_buf_str(&text), out);   /* a key in a place where none belongs stays behind, too */
    dd_buf_free(&text);
    dd_buf_free(&line);
}

void dd_import_fini(dd_import *im)
{
    dd_arena_fini(&im->arena);
    *im = (dd_import){ 0 };
}
