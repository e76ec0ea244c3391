#include "cmd/govern.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cmd/keys.h"

typedef struct { struct timespec at; ino_t inode; } stamp;

struct dd_governor {
    dd_govern_log  *log;
    void           *ctx;
    dd_gateway     *gateway;
    dd_policy_file  file;
    bool            unreadable;     /* since the start: nothing is taken that nobody approved */
    stamp           seen_file, seen_words;
    char            waits[13];      /* the change of ours that waits, "" none */
    char            told[13];       /* the verdict below was told of this one already */
    dd_govern_verdict last;
    bool            panic;          /* as it was told last */
    bool            held;           /* by DD0C_PANIC or the configuration */
    dd_buf          path;           /* of policy.json */
    dd_arena        arena;
    const dd_str   *names;          /* the providers that serve */
    size_t          n_names;
    char            stray[128];     /* a provider of policy.json that is none, as it was told last */
    char            provider[128];
    DD_VEC(char *)  providers;      /* told the gateway, which may still read them */
    pthread_mutex_t lock;           /* of what follows: another thread asks for it */
    int             wanted;         /* by POST /admin/panic: -1 nothing, 0, 1 */
    int             memory;         /* the same, where policy.json could not be written; -1 */
    char            who[80];
};

static bool moved(const char *path, stamp *seen)
{
    struct stat st  = { 0 };
    bool        is  = stat(path, &st) == 0;
    stamp       now = { is ? st.st_mtim : (struct timespec){ 0, 0 }, is ? st.st_ino : 0 };
    bool differs    = now.at.tv_sec != seen->at.tv_sec || now.at.tv_nsec != seen->at.tv_nsec || now.inode != seen->inode;
    *seen           = now;
    return differs;
}

static bool env_on(const char *text)
{
    static const char *const off[] = { "", "0", "off", "no", "false" };
    for (size_t i = 0; text && i < DD_COUNT(off); i++)
        if (strcmp(text, off[i]) == 0)
            return false;
    return text != NULL;
}

/* --- panic --- */

/* The gateway is told under the lock: what a request asked for meanwhile is not overwritten. */
static bool effective(dd_governor *g, bool tell)
{
    pthread_mutex_lock(&g->lock);
    bool on = g->held || (g->wanted >= 0 ? g->wanted : g->memory >= 0 ? g->memory : g->file.panic);
    if (tell && g->gateway)
        dd_gateway_panic(g->gateway, on);
    pthread_mutex_unlock(&g->lock);
    return on;
}

/* A name that is none is said once; until it is one, dd0c.yaml's holds. */
static bool is_stray(dd_governor *g)
{
    dd_err err = DD_ERR_INIT;
    if (!g->names || dd_policy_check(dd_buf_z(&g->path), &g->file, g->names, g->n_names, &err) == DD_OK) {
        g->stray[0] = '\0';
        return false;
    }
    if (strcmp(g->stray, g->file.provider) != 0) {
        dd_buf line = DD_BUF_INIT(8192);
        dd_buf_printf(&line, "%s: it gets no request in panic mode. %s", err.msg, err.hint);
        g->log(g->ctx, 1, dd_buf_z(&line));
        dd_buf_free(&line);
    }
    snprintf(g->stray, sizeof g->stray, "%s", g->file.provider);
    return true;
}

static void tell_provider(dd_governor *g)
{
    if (!g->gateway)
        return;
    const char *name = is_stray(g) ? "" : g->file.provider;
    if (strcmp(g->provider, name) == 0)
        return;
    snprintf(g->provider, sizeof g->provider, "%s", name);
    dd_vec_push(&g->providers, dd_strdup(dd_str_z(g->provider)));
    dd_gateway_panic_to(g->gateway, g->providers.v[g->providers.n - 1]);
}

/* True: it is over. */
static bool tell_panic(dd_governor *g)
{
    tell_provider(g);
    bool on = effective(g, true), over = g->panic && !on;
    if (on && !g->panic)
        g->log(g->ctx, 1, g->held ? "panic mode is on, by the environment or the configuration: rules are frozen and nothing falls back"
                                  : "panic mode is on: rules are frozen and nothing falls back");
    if (over)
        g->log(g->ctx, 1, "panic mode is over");
    g->panic = on;
    return over;
}

static bool take_wanted(dd_governor *g, bool *on, char who[80])
{
    pthread_mutex_lock(&g->lock);
    bool any = g->wanted >= 0;
    *on      = g->wanted > 0;
    snprintf(who, 80, "%s", g->who);
    pthread_mutex_unlock(&g->lock);
    return any;
}

/* What was asked for by POST is written where every proxy of the machine looks. */
static void write_wanted(dd_governor *g, const char *path)
{
    bool   on;
    char   who[80];
    dd_err err = DD_ERR_INIT;
    if (!take_wanted(g, &on, who))
        return;
    bool     written = dd_policy_set_panic(path, on, &err) == DD_OK;
    dd_actor by      = { DD_ORG_DEFAULT, dd_str_z(who), dd_clock() };
    if (!written)
        g->log(g->ctx, 0, err.msg);
    const dd_str states[] = { DD_STR("{\"panic\":false}"), DD_STR("{\"panic\":true}") };
    if (dd_govern_audit(&by, on ? "panic.on" : "panic.off", DD_STR("panic"), states[!on], states[on], &err) != DD_OK)
        g->log(g->ctx, 1, err.msg);
    pthread_mutex_lock(&g->lock);
    if (g->wanted == on) {
        g->wanted = -1;
        g->memory = written ? -1 : on;
    }
    if (written)
        g->file.panic = on;
    pthread_mutex_unlock(&g->lock);
}

static int answer_error(dd_buf *out, int status, const char *message)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "error");
    dd_json_open(&j, '{');
    dd_json_key(&j, "message");
    dd_json_strz(&j, message);
    dd_json_key(&j, "type");
    dd_json_strz(&j, status == 403 ? "permission_error" : "invalid_request_error");
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    return status;
}

int dd_governor_ask(dd_governor *g, const dd_ask *ask, dd_buf *out)
{
    cJSON       *body = cJSON_ParseWithLength(ask->body.ptr, ask->body.len);
    const cJSON *on   = cJSON_GetObjectItemCaseSensitive(body, "on");
    bool         good = cJSON_IsBool(on), want = cJSON_IsTrue(on);
    cJSON_Delete(body);
    if (!ask->admin)
        return answer_error(out, 403, "an admin's key is needed");
    if (!good)
        return answer_error(out, 400, "{\"on\": true} or {\"on\": false} is needed");
    pthread_mutex_lock(&g->lock);
    g->wanted = want;
    snprintf(g->who, sizeof g->who, "key " DD_STR_FMT, DD_STR_ARG(ask->key_id));
    bool held = g->held;
    if (g->gateway)
        dd_gateway_panic(g->gateway, want || held);
    pthread_mutex_unlock(&g->lock);
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "panic");
    dd_json_bool(&j, want || held);
    dd_json_key(&j, "held_by");
    dd_json_strz(&j, held ? "DD0C_PANIC or panic.mode" : NULL);
    dd_json_close(&j, '}');
    return 200;
}

/* --- the file, and words on changes --- */

static bool read_file(dd_governor *g, const char *path)
{
    dd_policy_file next;
    dd_err         err = DD_ERR_INIT;
    if (dd_policy_read(path, &next, &err) != DD_OK) {
        g->log(g->ctx, 0, err.msg);
        g->log(g->ctx, 0, "what was said there before holds until it can be read; a change waits for an approval");
        g->unreadable = true;
        return false;
    }
    pthread_mutex_lock(&g->lock);
    bool mode     = next.mode != g->file.mode || g->unreadable;
    g->unreadable = false;
    g->file       = next;
    pthread_mutex_unlock(&g->lock);
    return mode;
}

bool dd_governor_look(dd_governor *g, const dd_config *c)
{
    dd_buf words = DD_BUF_INIT(4096);
    bool   again = false;
    dd_buf_clear(&g->path);
    dd_policy_path(c, &g->path);
    const char *path = dd_buf_z(&g->path);
    dd_waiting_path(&words);
    pthread_mutex_lock(&g->lock);
    g->held = env_on(getenv("DD0C_PANIC")) || c->panic.on > 0;
    pthread_mutex_unlock(&g->lock);
    write_wanted(g, path);
    if (moved(path, &g->seen_file))
        again = read_file(g, path);
    again |= moved(dd_buf_z(&words), &g->seen_words) && g->waits[0];
    again |= tell_panic(g);
    dd_buf_free(&words);
    return again;
}

dd_governor *dd_governor_new(const dd_config *c, dd_govern_log *log, void *ctx)
{
    dd_governor *g = dd_calloc(1, sizeof *g);
    g->log         = log;
    g->ctx         = ctx;
    g->wanted = g->memory = -1;
    g->path   = (dd_buf)DD_BUF_INIT(4096);
    pthread_mutex_init(&g->lock, NULL);
    dd_governor_look(g, c);
    return g;
}

void dd_governor_free(dd_governor *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->providers.n; i++)
        free(g->providers.v[i]);
    dd_vec_free(&g->providers);
    dd_buf_free(&g->path);
    dd_arena_fini(&g->arena);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

void dd_governor_know(dd_governor *g, const dd_policy *policy)
{
    dd_arena_fini(&g->arena);
    g->n_names    = policy->dev_mode ? 0 : policy->n_providers;   /* there all is one provider, whatever a file says */
    dd_str *names = g->n_names ? dd_newn(&g->arena, dd_str, g->n_names) : NULL;
    for (size_t i = 0; i < g->n_names; i++)
        names[i] = dd_arena_dup(&g->arena, policy->providers[i].name);
    g->names = names;
}

void dd_governor_use(dd_governor *g, dd_gateway *gateway)
{
    pthread_mutex_lock(&g->lock);
    g->gateway = gateway;
    pthread_mutex_unlock(&g->lock);
    tell_panic(g);
}

bool dd_governor_panicking(const dd_governor *g) { return g->panic; }

/* --- a change --- */

static dd_govern_word word_on(dd_governor *g, const char *id)
{
    dd_arena        a    = DD_ARENA_INIT;
    dd_err          err  = DD_ERR_INIT;
    dd_govern_word  word = DD_WORD_NONE;
    dd_waiting_list list;
    if (dd_waiting_read(&a, &list, &err) != DD_OK)
        g->log(g->ctx, 1, err.msg);
    for (size_t i = 0; err.code == DD_OK && i < list.n; i++)
        if (dd_str_eqz(list.v[i].id, id))
            word = list.v[i].word;
    dd_arena_fini(&a);
    return word;
}

static void alert(dd_governor *g)
{
    dd_db         *db  = NULL;
    dd_err         err = DD_ERR_INIT;
    dd_govern_week w   = { 0 };
    if (!g->file.there)
        return;                     /* nobody governs here */
    if (dd_config_db_open(false, &db, &err) == DD_OK && dd_govern_count(db, dd_clock().s, &w, &err) == DD_OK &&
        dd_govern_alert(g->file.mode, g->file.mode == DD_GOVERN_STRICT ? w.alone_strict : w.alone, w.approved)) {
        dd_buf line = DD_BUF_INIT(256);
        dd_buf_printf(&line, "alert: %lld of this week's %lld changes were applied without anybody's word", (long long)w.alone,
                      (long long)w.alone + (long long)w.approved);
        g->log(g->ctx, 1, dd_buf_z(&line));
        dd_buf_free(&line);
    }
    dd_db_close(db);
}

static void audit(dd_governor *g, const dd_govern_change *c, const char *id, dd_govern_verdict v, dd_str what)
{
    dd_err   err = DD_ERR_INIT;
    dd_buf   who = DD_BUF_INIT(0), now = DD_BUF_INIT(0);
    dd_json  j   = DD_JSON_INIT(&now, 0);
    dd_actor by  = dd_cmd_actor(&who);
    if (!c->own)
        by.who = DD_STR("dd0c");
    dd_json_open(&j, '{');
    dd_json_key(&j, "result");
    dd_json_strz(&j, dd_govern_text(v));
    dd_json_key(&j, "mode");
    dd_json_strz(&j, dd_govern_mode_name(g->file.mode));
    dd_json_key(&j, "what");
    dd_json_str(&j, what);
    dd_json_close(&j, '}');
    if (dd_govern_audit(&by, "governance.check", dd_str_z(id), DD_STR(""), dd_buf_str(&now), &err) != DD_OK)
        g->log(g->ctx, 1, err.msg);
    dd_buf_free(&who);
    dd_buf_free(&now);
}

static void tell(dd_governor *g, const dd_govern_change *c, const char *id, dd_govern_verdict v, dd_str what)
{
    dd_buf line = DD_BUF_INIT(1024);
    if (strcmp(g->told, id) == 0 && g->last == v && !dd_govern_applies(v))
        return;
    snprintf(g->told, sizeof g->told, "%s", id);
    g->last = v;
    dd_buf_printf(&line, "%s: " DD_STR_FMT ", change %s", dd_govern_text(v), DD_STR_ARG(what), id);
    if (v == DD_GOVERN_BLOCKED)
        dd_buf_printf(&line, " waits for `dd0c policy approve %s`", id);
    audit(g, c, id, v, what);
    g->log(g->ctx, dd_govern_applies(v) ? 2 : 1, dd_buf_z(&line));
    dd_buf_free(&line);
    if (v == DD_GOVERN_ALLOWED)
        alert(g);
}

static void put_waiting(dd_governor *g, const char *id, dd_str what)
{
    dd_err     err = DD_ERR_INIT;
    dd_waiting w   = { dd_str_z(id), what, DD_STR(""), DD_WORD_NONE, dd_clock().s };
    if (strcmp(g->waits, id) == 0)
        return;
    if (dd_waiting_put(&w, dd_str_z(g->waits), &err) != DD_OK)
        g->log(g->ctx, 0, err.msg);
    snprintf(g->waits, sizeof g->waits, "%s", id);
}

bool dd_governor_check(dd_governor *g, const dd_govern_change *c)
{
    char   id[13];
    dd_buf what = DD_BUF_INIT(512);
    dd_govern_id(&c->old, &c->next, id);
    dd_change_kinds(c->kinds, &what);
    if (c->what.len)
        dd_buf_printf(&what, " (" DD_STR_FMT ")", DD_STR_ARG(c->what));
    dd_govern_question q = { .mode = g->unreadable ? DD_GOVERN_STRICT : g->file.mode, .panic = effective(g, false), .own = c->own, .narrows = c->narrows,
                             .word = word_on(g, id) };
    dd_govern_verdict  v = dd_govern_decide(&q);
    if (v == DD_GOVERN_BLOCKED)
        put_waiting(g, id, dd_buf_str(&what));      /* who reads the log may approve at once */
    tell(g, c, id, v, dd_buf_str(&what));
    if (dd_govern_applies(v) && strcmp(g->waits, id) != 0)
        dd_governor_withdraw(g);
    if (dd_govern_applies(v))
        g->waits[0] = '\0';
    dd_buf_free(&what);
    return dd_govern_applies(v);
}

void dd_governor_withdraw(dd_governor *g)
{
    dd_err err = DD_ERR_INIT;
    if (g->waits[0] && dd_waiting_drop(dd_str_z(g->waits), &err) != DD_OK)
        g->log(g->ctx, 1, err.msg);
    g->waits[0] = g->told[0] = '\0';
}

/* --- what changed --- */

static uint64_t contents(const char *path)
{
    dd_buf   text = DD_BUF_INIT(64 << 20);
    dd_err   err  = DD_ERR_INIT;
    uint64_t h    = path && dd_file_read(path, &text, &err) == DD_OK ? dd_str_hash(dd_buf_str(&text)) : 0;
    dd_buf_free(&text);
    return h;
}

dd_govern_state dd_govern_state_of(const char *config, const char *prices, const char *flags)
{
    return (dd_govern_state){ contents(config), contents(prices), contents(flags) };
}

static void add_differing(const cJSON *from, const cJSON *to, bool both, dd_buf *what, unsigned *kinds)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, from) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(to, one->string);
        if ((other && !both) || (other && cJSON_Compare(one, other, true)))
            continue;
        dd_buf_printf(what, "%s%s", what->len ? ", " : "", one->string);
        *kinds |= strcmp(one->string, "providers") == 0 ? DD_CHANGE_PROVIDERS : DD_CHANGE_RULES;
    }
}

unsigned dd_govern_diff(dd_str old, dd_str next, dd_buf *what)
{
    dd_err   err   = DD_ERR_INIT;
    unsigned kinds = 0;
    dd_yaml *a = dd_yaml_parse(old, "old", &err), *b = dd_yaml_parse(next, "new", &err);
    if (a && b) {
        add_differing(dd_yaml_root(b), dd_yaml_root(a), true, what, &kinds);
        add_differing(dd_yaml_root(a), dd_yaml_root(b), false, what, &kinds);
    }
    dd_yaml_free(a);
    dd_yaml_free(b);
    return kinds ? kinds : DD_CHANGE_RULES;
}
