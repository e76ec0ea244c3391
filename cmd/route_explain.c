/* cmd/route_explain.c - dd0c route explain: what the proxy would do with a request, and why. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/keys.h"
#include "cmd/route_request.h"
#include "cmd/route_show.h"
#include "cmd/snapshot.h"
#include "route/tokens.h"

enum { REQUEST_MAX = 64 << 20 };

typedef struct {
    const char    *format, *key, *at, *config, *endpoint, *model;
    dd_opt_list    headers, tags;
    dd_route_look look;
} explain_args;

const dd_opt dd_route_explain_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "model", explain_args, model, "name", "the model that is asked for, instead of the request's"),
    DD_OPT(DD_OPT_LIST, 't', "tag", explain_args, tags, "name=value",
           "a tag of the request: feature, team, env, user, session, tier, call-site or any other"),
    DD_OPT(DD_OPT_LIST, 'H', "header", explain_args, headers, "name=value", "a header of the request; X-DD0C-NAME is the tag NAME"),
    DD_OPT(DD_OPT_TEXT, 0, "key", explain_args, key, "id", "as if this key had called: its models, tags, team"),
    DD_OPT(DD_OPT_TEXT, 0, "at", explain_args, at, "time", "as if it were then: 2026-11-20 or 2026-11-20T18:30, UTC"),
    DD_OPT(DD_OPT_CHOICE, 0, "endpoint", explain_args, endpoint, "chat|messages|responses|omni", "the API that the request is of (by its members)"),
    DD_OPT(DD_OPT_TEXT, 'c', "config", explain_args, config, "file", "configuration (./dd0c.yaml)"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", explain_args, format, "text|json", "print text (default) or JSON"),
    DD_ROUTE_LOOK_OPTS(explain_args),
    DD_OPT_END
};

/* --- what was given --- */

static dd_code read_stdin(dd_buf *out, dd_err *err)
{
    char    piece[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return dd_fail_errno(err, errno, "could not read standard input");
        dd_buf_add(out, (dd_str){ piece, (size_t)n });
    }
    return out->over ? dd_fail(err, DD_ERR_LIMIT, "the request is longer than %d MiB", REQUEST_MAX >> 20) : DD_OK;
}

/* "2026-11-20", "2026-11-20T18:30", with seconds, with or without Z. */
static dd_code read_time(const char *text, int64_t *out, dd_err *err)
{
    dd_day day;
    int    h = 0, m = 0, s = 0, n = 0;
    dd_str t = dd_str_z(text);
    bool   timed = t.len > 10 && sscanf(text + 10, "%*[T ]%2d:%2d%n:%2d%n", &h, &m, &n, &s, &n) >= 2 && n;
    bool   whole = t.len == 10 || (timed && (t.len == 10 + (size_t)n || (t.len == 11 + (size_t)n && text[t.len - 1] == 'Z')));
    if (dd_day_parse(dd_str_sub(t, 0, 10), &day) && whole && h >= 0 && h < 24 && m >= 0 && m < 60 && s >= 0 && s < 61) {
        *out = (int64_t)day * 86400 + h * 3600 + m * 60 + s;
        return DD_OK;
    }
    return dd_fail(err, DD_ERR_USAGE, "time \"%s\": 2026-11-20 or 2026-11-20T18:30 is meant", text);
}

static dd_code add_tag(dd_route_request *r, const char *text, bool header, dd_err *err)
{
    dd_str    s  = dd_str_z(text);
    ptrdiff_t at = dd_str_chr(s, '=');
    if (at < 0 && header)
        at = dd_str_chr(s, ':');
    if (at <= 0)
        return dd_fail(err, DD_ERR_USAGE, "%s \"%s\": NAME=VALUE is meant", header ? "header" : "tag", text);
    dd_str name = dd_str_trim(dd_str_sub(s, 0, (size_t)at)), value = dd_str_trim(dd_str_sub(s, (size_t)at + 1, s.len));
    if (header && dd_str_eq_nocase(name, DD_STR("x-dd0c-fallback")))
        dd_route_request_chain(r, value);
    else if (!header)
        dd_route_request_tag(r, name, value);
    else if (name.len > 7 && dd_str_eq_nocase(dd_str_sub(name, 0, 7), DD_STR("x-dd0c-")))
        dd_route_request_tag(r, dd_str_sub(name, 7, name.len), value);
    return DD_OK;
}

/* --- the key --- */

static void key_tags(dd_route_request *r, dd_str json)
{
    dd_err   err = DD_ERR_INIT;
    cJSON   *j   = json.len ? dd_json_parse(json, "tags", &err) : NULL;
    size_t   n   = (size_t)cJSON_GetArraySize(j), i = 0;
    dd_tag  *v   = dd_newn(r->arena, dd_tag, n + 1);
    for (cJSON *c = j ? j->child : NULL; c; c = c->next)
        if (cJSON_IsString(c))
            v[i++] = (dd_tag){ dd_arena_dupz(r->arena, c->string), dd_arena_dupz(r->arena, c->valuestring) };
    r->facts.key_tags   = v;
    r->facts.n_key_tags = i;
    cJSON_Delete(j);
}

static dd_str either(dd_str first, dd_str second) { return first.len ? first : second; }

static dd_str tag_of(const dd_facts *f, const char *name)
{
    for (size_t i = 0; i < f->n_key_tags; i++)
        if (dd_str_eqz(f->key_tags[i].name, name))
            return f->key_tags[i].value;
    return DD_STR("");
}

static dd_code use_key(const char *word, dd_route_request *r, dd_plan_opts *o, dd_err *err)
{
    dd_db  *db = NULL;
    dd_key  k  = { 0 };
    dd_code rc = dd_config_db_open(false, &db, err);
    if (rc == DD_OK)
        rc = dd_cmd_key(db, word, r->arena, &k, err);
    dd_db_close(db);
    if (rc != DD_OK)
        return rc;
    dd_facts *f = &r->facts;
    key_tags(r, k.tags);
    f->key     = k.id;
    f->org     = k.org;
    f->user    = either(f->user, k.user);
    f->team    = either(f->team, k.team);
    f->feature = either(f->feature, k.feature);
    f->env     = either(f->env, tag_of(f, "env"));
    f->tier    = either(f->tier, tag_of(f, "tier"));
    o->allow   = k.models;
    o->n_allow = k.n_models;
    return DD_OK;
}

/* --- from request to plan --- */

typedef struct {
    const explain_args *args;
    dd_arena            arena;
    dd_config           config;
    dd_snapshot        *s;
    dd_route_request    request;
    dd_plan_opts        opts;
    dd_plan             plan;
} work;

static dd_code read_request(work *w, const char *file, dd_err *err)
{
    dd_buf  body = DD_BUF_INIT(REQUEST_MAX);
    dd_code rc   = !file || strcmp(file, "-") == 0 ? read_stdin(&body, err) : dd_file_read(file, &body, err);
    if (rc == DD_OK)
        rc = dd_route_request_read(dd_arena_dup(&w->arena, dd_buf_str(&body)), w->args->endpoint, &w->arena, &w->request, err);
    dd_buf_free(&body);
    for (size_t i = 0; i < w->args->headers.n && rc == DD_OK; i++)
        rc = add_tag(&w->request, w->args->headers.v[i], true, err);
    for (size_t i = 0; i < w->args->tags.n && rc == DD_OK; i++)
        rc = add_tag(&w->request, w->args->tags.v[i], false, err);
    dd_facts *f = &w->request.facts;
    if (rc == DD_OK && w->args->model)
        f->model = dd_str_z(w->args->model);
    if (rc == DD_OK && !f->model.len && !dd_str_eqz(f->endpoint, "chat")) {
        rc = dd_fail(err, DD_ERR_USAGE, "the request names no model");
        dd_hint(err, "--model names one; --endpoint omni leaves it to the router, as POST /v1/chat does.");
    }
    return rc;
}

/* Variables that are not set here are no error: nobody is asked anything. But where they decide who the providers are, they count. */
static dd_code load(work *w, dd_err *err)
{
    dd_buf  missing = DD_BUF_INIT(64 << 10);
    dd_code rc      = dd_config_load(&w->config, w->args->config, err);
    if (rc == DD_OK)
        w->s = w->config.n_providers ? dd_snapshot_draft(&w->config, &missing, err) : dd_snapshot_make(&w->config, false, err);
    if (rc == DD_OK && !w->s)
        rc = err->code;
    dd_buf_free(&missing);
    return rc;
}

static void decide(work *w)
{
    dd_facts   *f = &w->request.facts;
    dd_decision d = { .verdict = DD_DECIDED_NO_MODEL };
    if (f->model.len)
        dd_decide(&w->s->policy, w->s->prices, f->model, &d, NULL);
    if (d.verdict == DD_DECIDED)
        w->request.tokenizer = d.used.price && d.used.price->tokenizer.len ? d.used.price->tokenizer : dd_tokenizer_guess(d.model);
    w->request.low  = w->s->classifier.low;
    w->request.high = w->s->classifier.high;
    w->opts.policy  = &w->s->policy;
    w->opts.prices = w->s->prices;
    w->opts.flags  = &w->s->flags;
    w->opts.own_chain   = w->request.chain.v;
    w->opts.n_own_chain = w->request.chain.n;
    w->opts.day    = dd_day_of((dd_wall){ f->time_s });
    w->opts.trace  = true;
    dd_plan_make(&w->opts, f, &w->arena, &w->plan);
}

static dd_code explain(work *w, const char *file, dd_err *err)
{
    int64_t at = dd_wall_now().s;
    dd_code rc = w->args->at ? read_time(w->args->at, &at, err) : DD_OK;
    if (rc == DD_OK)
        rc = load(w, err);
    if (rc == DD_OK)
        rc = read_request(w, file, err);
    if (rc == DD_OK && w->args->key)
        rc = use_key(w->args->key, &w->request, &w->opts, err);
    if (rc != DD_OK)
        return rc;
    w->request.facts.time_s = at;
    decide(w);
    dd_buf out = DD_BUF_INIT(0);
    if (w->args->format && strcmp(w->args->format, "json") == 0) {
        dd_plan_json(&w->plan, &w->s->policy, &w->request.facts, &out);
        dd_buf_addc(&out, '\n');
    } else {
        dd_route_show_plan(&w->plan, &w->s->policy, &w->request.facts, &w->args->look, &out);
    }
    rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

dd_code dd_cmd_route_explain(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    explain_args args = { 0 };
    work         w    = { .args = &args };
    int          words;
    bool         done;
    (void)status;
    dd_config_init(&w.config);
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc == DD_OK && !done && words > 1)
        rc = dd_fail(err, DD_ERR_USAGE, "one file is enough, \"%s\" is one too many", argv[2]);
    if (rc == DD_OK && !done)
        rc = dd_route_look_check(&args.look, err);
    if (rc == DD_OK && !done)
        rc = explain(&w, words ? argv[1] : NULL, err);
    dd_opt_fini(cmd->opts, &args);
    dd_route_request_fini(&w.request);
    if (w.s)
        dd_snapshot_drop(w.s);
    dd_config_fini(&w.config);
    dd_arena_fini(&w.arena);
    return rc;
}
