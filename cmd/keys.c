/* cmd/keys.c - dd0c keys create, rotate and revoke. */
#include "cmd/keys.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name, *user, *team, *feature, *expires, *format;
    dd_opt_list tags, models, scopes;
    bool        quiet;
} create_args;

const dd_opt dd_keys_create_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'n', "name", create_args, name, "name", "what the key is called"),
    DD_OPT(DD_OPT_TEXT, 0, "user", create_args, user, "user", "user of its requests that name none"),
    DD_OPT(DD_OPT_TEXT, 0, "team", create_args, team, "team", "team of its requests that name none"),
    DD_OPT(DD_OPT_TEXT, 0, "feature", create_args, feature, "feature", "feature of its requests that name none"),
    DD_OPT(DD_OPT_LIST, 0, "tag", create_args, tags, "name=text", "tag of its requests; may be given several times"),
    DD_OPT(DD_OPT_TEXT, 0, "expires", create_args, expires, "when", "a span such as 12h, 90d, 6w, 1y, or a day such as 2027-01-31 (default: never)"),
    DD_OPT(DD_OPT_LIST, 0, "model", create_args, models, "glob", "model it may ask for; may be given several times (default: all)"),
    DD_OPT(DD_OPT_CHOICES, 0, "scope", create_args, scopes, "chat|embeddings|passthrough|admin",
           "what it may do; may be given several times (default: all but admin)"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", create_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", create_args, quiet, NULL, "print the key alone"),
    DD_OPT_END
};

static dd_code add_tag(dd_key *k, dd_json *tags, dd_str word, dd_err *err)
{
    dd_str        text  = word, name = dd_str_cut(&text, '=');
    const struct { const char *name; dd_str *into; } own[] = { { "user", &k->user }, { "team", &k->team }, { "feature", &k->feature } };
    if (!name.len || dd_str_chr(word, '=') < 0) {
        dd_fail(err, DD_ERR_USAGE, "no tag \"" DD_STR_FMT "\"", DD_STR_ARG(word));
        dd_hint(err, "A tag is name=text, such as env=prod.");
        return DD_ERR_USAGE;
    }
    for (size_t i = 0; i < DD_COUNT(own); i++)
        if (dd_str_eqz(name, own[i].name)) {
            *own[i].into = text;
            return DD_OK;
        }
    dd_json_key_str(tags, name);
    dd_json_str(tags, text);
    return DD_OK;
}

static dd_code read_tags(const create_args *args, dd_key *k, dd_buf *json, dd_err *err)
{
    dd_json j = DD_JSON_INIT(json, 0);
    dd_json_open(&j, '{');
    for (size_t i = 0; i < args->tags.n; i++) {
        dd_code rc = add_tag(k, &j, dd_str_z(args->tags.v[i]), err);
        if (rc != DD_OK)
            return rc;
    }
    dd_json_close(&j, '}');
    if (json->len > 2)
        k->tags = dd_buf_str(json);
    return DD_OK;
}

static dd_code read_create(const create_args *args, dd_key *k, dd_arena *a, dd_buf *tags, dd_err *err)
{
    if (!args->name) {
        dd_fail(err, DD_ERR_USAGE, "a key needs a name");
        dd_hint(err, "dd0c keys create --name NAME");
        return DD_ERR_USAGE;
    }
    k->name     = dd_str_z(args->name);
    k->n_models = args->models.n;
    dd_str *models = dd_newn(a, dd_str, args->models.n + 1);
    for (size_t i = 0; i < args->models.n; i++)
        models[i] = dd_str_z(args->models.v[i]);
    k->models = models;
    for (size_t i = 0; i < args->scopes.n; i++) {
        unsigned bit = 0;
        dd_key_scope_find(dd_str_z(args->scopes.v[i]), &bit);
        k->scopes |= bit;
    }
    if (!k->scopes)
        k->scopes = DD_SCOPE_DEFAULT;
    dd_code rc = args->expires ? dd_expiry_parse(args->expires, dd_clock(), &k->expires_s, err) : DD_OK;
    if (rc == DD_OK)
        rc = read_tags(args, k, tags, err);
    if (args->user)
        k->user = dd_str_z(args->user);
    if (args->team)
        k->team = dd_str_z(args->team);
    if (args->feature)
        k->feature = dd_str_z(args->feature);
    return rc;
}

static void put_made(dd_buf *out, const dd_key *k, dd_str text, const char *format, bool quiet, dd_wall now)
{
    dd_buf_reserve(out, 32 << 10); /* so that the key's text is in one place only, and wiped */
    if (quiet && strcmp(format, "json") != 0) {
        dd_buf_add(out, text);
        dd_buf_addc(out, '\n');
    } else if (strcmp(format, "json") == 0) {
        dd_put_key_json(out, k, text, now);
    } else {
        dd_buf_printf(out, "%-10s ", "key");
        dd_buf_add(out, text);
        dd_buf_addc(out, '\n');
        dd_put_key(out, k, now);
    }
}

/* The only time that a key is shown. */
static dd_code show_once(const dd_cmd *cmd, dd_db *db, const dd_actor *by, dd_key_made *made, const char *format, bool quiet, dd_err *err)
{
    dd_arena a   = DD_ARENA_INIT;
    dd_buf   out = DD_BUF_INIT(0);
    dd_key   k   = { 0 };
    dd_code  rc  = dd_keys_find(db, by->org, dd_str_z(made->id), &a, &k, err);
    if (rc == DD_OK) {
        put_made(&out, &k, dd_secret_reveal(made->text), format, quiet, by->now);
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    if (rc == DD_OK && !quiet)
        fprintf(stderr, "dd0c %s: keep the key now, it is not shown again\n", cmd->name);
    dd_wipe_buf(&out);
    dd_secret_free(&made->text);
    dd_arena_fini(&a);
    return rc;
}

/* What nobody has seen is of no use to anybody, so it does not stay. */
static dd_code show_new(const dd_cmd *cmd, dd_db *db, const dd_actor *by, dd_key_made *made, const create_args *args, dd_err *err)
{
    dd_code rc = show_once(cmd, db, by, made, args->format, args->quiet, err);
    if (rc != DD_OK) {
        dd_err unused = DD_ERR_INIT;
        bool   already;
        dd_keys_revoke(db, by, dd_str_z(made->id), &already, &unused);
        dd_hint(err, "The new key could not be shown and was revoked.");
    }
    return rc;
}

static dd_code want_name(const dd_db_run *r, const void *args, dd_err *err)
{
    dd_code rc = dd_words_none(r, args, err);
    if (rc != DD_OK)
        dd_hint(err, "The name of a key goes with --name.");
    return rc;
}

static dd_code create(dd_db_run *r, void *ctx, dd_err *err)
{
    const create_args *args = ctx;
    dd_buf      tags = DD_BUF_INIT(0);
    dd_key      k    = { 0 };
    dd_key_made made = { "", DD_SECRET_NONE };
    dd_code     rc   = read_create(args, &k, &r->arena, &tags, err);
    if (rc == DD_OK)
        rc = dd_keys_create(r->db, &r->by, &k, &made, err);
    if (rc == DD_OK)
        rc = show_new(r->cmd, r->db, &r->by, &made, args, err);
    dd_buf_free(&tags);
    return rc;
}

dd_code dd_cmd_keys_create(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { true, want_name, create };
    create_args args = { .format = "text" };
    (void)status;
    dd_code rc = dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
    dd_opt_fini(dd_keys_create_opts, &args);
    return rc;
}

/* --- rotate, revoke --- */

typedef struct {
    const char *format;
    bool        quiet;
} change_args;

const dd_opt dd_keys_rotate_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'f', "format", change_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", change_args, quiet, NULL, "print the new key alone"),
    DD_OPT_END
};
const dd_opt dd_keys_revoke_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'f', "format", change_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", change_args, quiet, NULL, "say nothing when it went well"),
    DD_OPT_END
};

static dd_code want_keys(const dd_db_run *r, const void *args, dd_err *err)
{
    (void)args;
    if (r->words)
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "it takes the id or name of a key");
    dd_hint(err, "\"dd0c keys list\" lists all keys.");
    return DD_ERR_USAGE;
}

static dd_code rotate(dd_db_run *r, void *ctx, dd_err *err)
{
    const change_args *args = ctx;
    dd_key      k    = { 0 };
    dd_key_made made = { "", DD_SECRET_NONE };
    dd_code     rc   = dd_cmd_key(r->db, r->argv[1], &r->arena, &k, err);
    if (rc == DD_OK)
        rc = dd_keys_rotate(r->db, &r->by, k.id, &made, err);
    if (rc == DD_OK && k.expires_s && k.expires_s <= r->by.now.s)
        dd_cmd_warn(r->cmd, "key \"" DD_STR_FMT "\" has expired; its new text is refused, too", DD_STR_ARG(k.name));
    if (rc == DD_OK && (rc = show_once(r->cmd, r->db, &r->by, &made, args->format, args->quiet, err)) != DD_OK)
        dd_hint(err, "The old key is dead and the new one was not shown: rotate it again.");
    return rc;
}

dd_code dd_cmd_keys_rotate(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, dd_words_key, rotate };
    change_args args = { .format = "text" };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}

static dd_code revoke_one(const dd_cmd *cmd, dd_db *db, const dd_actor *by, const dd_key *k, const change_args *args, dd_buf *out, dd_err *err)
{
    dd_arena a = DD_ARENA_INIT;
    dd_key   now;
    bool     already;
    dd_code  rc = dd_keys_revoke(db, by, k->id, &already, err);
    if (rc == DD_OK && strcmp(args->format, "json") == 0) {
        rc = dd_keys_find(db, by->org, k->id, &a, &now, err);
        if (rc == DD_OK)
            dd_put_key_json(out, &now, DD_STR(""), by->now);
    } else if (rc == DD_OK && !args->quiet) {
        dd_buf note = DD_BUF_INIT(0);
        dd_buf_printf(&note, "key \"" DD_STR_FMT "\" (" DD_STR_FMT ") %s", DD_STR_ARG(k->name), DD_STR_ARG(k->id),
                      already ? "was revoked before" : "is revoked");
        fprintf(stderr, "dd0c %s: %s\n", cmd->name, dd_buf_z(&note));
        dd_buf_free(&note);
    }
    dd_arena_fini(&a);
    return rc;
}

static dd_code revoke(dd_db_run *r, void *ctx, dd_err *err)
{
    dd_key *keys = dd_newn(&r->arena, dd_key, (size_t)r->words);
    dd_code rc   = DD_OK;
    for (int i = 0; rc == DD_OK && i < r->words; i++) /* all or none: first every word is understood */
        rc = dd_cmd_key(r->db, r->argv[i + 1], &r->arena, &keys[i], err);
    for (int i = 0; rc == DD_OK && i < r->words; i++)
        rc = revoke_one(r->cmd, r->db, &r->by, &keys[i], ctx, &r->out, err);
    return rc;
}

dd_code dd_cmd_keys_revoke(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, want_keys, revoke };
    change_args args = { .format = "text" };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}
