/* cmd/flags.c - dd0c flags: list, show, check, set, reset. */
#include "cmd/flags.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/near.h"
#include "cmd/flags_edit.h"
#include "cmd/keys.h"

typedef struct { const char *format, *config, *file; } flag_args;

#define FILE_OPTS \
    DD_OPT(DD_OPT_TEXT, 0, "file", flag_args, file, "file", "file of flags (flags.file of the configuration, else DD0C_FLAGS)"), \
    DD_OPT(DD_OPT_TEXT, 'c', "config", flag_args, config, "file", "configuration (./dd0c.yaml)")

const dd_opt dd_flags_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'f', "format", flag_args, format, "text|json", "print text (default) or JSON"), FILE_OPTS, DD_OPT_END
};
const dd_opt dd_flags_set_opts[] = { FILE_OPTS, DD_OPT_END };

typedef struct {
    flag_args       args;
    int             words;
    char          **argv;
    dd_config       config;
    dd_arena        arena;
    dd_flags        flags;
    dd_tripped_list tripped;
    dd_day          today;
    dd_buf          out;
    bool            done;
} run;

static void end(run *r)
{
    dd_config_fini(&r->config);
    dd_arena_fini(&r->arena);
    dd_buf_free(&r->out);
}

/* Arguments, configuration, flags and what has tripped. */
static dd_code begin(run *r, const dd_cmd *cmd, int argc, char **argv, dd_err *err)
{
    *r = (run){ .args = { .format = "text" }, .argv = argv, .arena = DD_ARENA_INIT, .out = DD_BUF_INIT(0) };
    dd_code rc = dd_cmd_args(cmd, argc, argv, &r->args, &r->words, &r->done, err);
    if (rc != DD_OK || r->done)
        return rc;
    r->today = dd_day_of(dd_wall_now());
    if (!r->args.file || r->args.config)
        rc = dd_config_load(&r->config, r->args.config, err);
    if (r->args.file)
        r->config.flags.file = r->args.file;
    if (rc == DD_OK)
        rc = dd_flags_load(&r->config, &r->arena, &r->flags, err);
    return rc == DD_OK ? dd_tripped_read(&r->arena, &r->tripped, err) : rc;
}

static const dd_tripped *tripped(const run *r, dd_str name)
{
    for (size_t i = 0; i < r->tripped.n; i++)
        if (dd_str_eq(r->tripped.v[i].name, name))
            return &r->tripped.v[i];
    return NULL;
}

static const char *state(const run *r, const dd_flag *f)
{
    return !f->on ? "off" : tripped(r, f->name) ? "tripped" : dd_flag_expired(f, r->today) ? "expired" : "on";
}

static void put_json(dd_json *j, const run *r, const dd_flag *f)
{
    char              day[11];
    const dd_tripped *t = tripped(r, f->name);
    char              share[32];
    dd_json_open(j, '{');
    dd_json_key(j, "name");
    dd_json_str(j, f->name);
    dd_json_key(j, "state");
    dd_json_strz(j, state(r, f));
    dd_json_key(j, "on");
    dd_json_bool(j, f->on);
    dd_json_key(j, "rollout");
    snprintf(share, sizeof share, "%.10g", f->rollout);
    dd_json_raw(j, dd_str_z(share));
    dd_json_key(j, "owner");
    dd_json_str(j, f->owner);
    dd_day_format(f->created, day);
    dd_json_key(j, "created");
    dd_json_strz(j, day);
    dd_day_format(f->expires, day);
    dd_json_key(j, "expires");
    dd_json_strz(j, day);
    dd_json_key(j, "doc");
    dd_json_strz(j, f->doc.len ? f->doc.ptr : NULL);
    dd_json_key(j, "tripped");
    dd_json_strz(j, t ? t->why.ptr : NULL);
    dd_json_key(j, "tripped_at");
    dd_json_time(j, t ? t->at_s : 0);
    dd_json_close(j, '}');
}

static void cell(dd_buf *out, dd_str text, size_t width)
{
    dd_buf_add_line(out, text);
    dd_buf_pad(out, ' ', 1 + (dd_utf8_width(text) < width ? width - dd_utf8_width(text) : 0));
}

static void put_lines(run *r)
{
    size_t name = 4, owner = 5;
    for (size_t i = 0; i < r->flags.n; i++) {
        size_t a = dd_utf8_width(r->flags.v[i].name), b = dd_utf8_width(r->flags.v[i].owner);
        name  = a > name ? a : name;
        owner = b > owner ? b : owner;
    }
    cell(&r->out, DD_STR("name"), name);
    dd_buf_addz(&r->out, "state   rollout expires    ");
    cell(&r->out, DD_STR("owner"), owner);
    dd_buf_addz(&r->out, "what\n");
    for (size_t i = 0; i < r->flags.n; i++) {
        const dd_flag    *f = &r->flags.v[i];
        const dd_tripped *t = tripped(r, f->name);
        char              day[11];
        dd_day_format(f->expires, day);
        cell(&r->out, f->name, name);
        dd_buf_printf(&r->out, "%-7s %6.4g%% %s ", state(r, f), f->rollout, day);
        cell(&r->out, f->owner, owner);
        dd_buf_add_line(&r->out, t && f->on ? t->why : f->doc);
        while (r->out.len && r->out.ptr[r->out.len - 1] == ' ')
            r->out.len--;
        dd_buf_addc(&r->out, '\n');
    }
}

static void put_none(run *r)
{
    const char *path = dd_flags_path(&r->config);
    if (path)
        dd_buf_printf(&r->out, "There are no flags in %s.\n", path);
    else
        dd_buf_addz(&r->out, "There are no flags. A file holds them, and dd0c.yaml names it:\n\n  flags: {file: flags.yaml}\n\n"
                             "  # flags.yaml\n  cheap-chat: {on: true, rollout: 10, owner: ada, created: 2026-11-20, ttl: 7d}\n");
}

static void put_list(run *r)
{
    dd_json j = DD_JSON_INIT(&r->out, 1);
    if (strcmp(r->args.format, "json") != 0) {
        if (r->flags.n)
            put_lines(r);
        else
            put_none(r);
        return;
    }
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.flags/1");
    dd_json_key(&j, "flags");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < r->flags.n; i++)
        put_json(&j, r, &r->flags.v[i]);
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(&r->out, '\n');
}

dd_code dd_cmd_flags(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    run     r;
    dd_code rc = begin(&r, cmd, argc, argv, err);
    (void)status;
    if (rc == DD_OK && !r.done && r.words)
        rc = dd_fail(err, DD_ERR_USAGE, "unexpected word \"%s\"", argv[1]);
    if (rc == DD_OK && !r.done) {
        put_list(&r);
        rc = dd_cmd_print(dd_buf_str(&r.out), err);
    }
    end(&r);
    return rc;
}

/* --- one --- */

static dd_code find(run *r, const char *hint, dd_flag **out, dd_err *err)
{
    *out             = NULL;
    if (!r->words) {
        dd_fail(err, DD_ERR_USAGE, "it takes the name of a flag");
        dd_hint(err, "%s", hint);
        return DD_ERR_USAGE;
    }
    dd_str  name = dd_str_z(r->argv[1]);
    dd_near near = { .asked = name };
    for (size_t i = 0; i < r->flags.n; i++) {
        dd_near_look(&near, r->flags.v[i].name);
        if (dd_str_eq(name, r->flags.v[i].name))
            *out = &r->flags.v[i];
    }
    if (*out)
        return DD_OK;
    dd_fail(err, DD_ERR_NOT_FOUND, "there is no flag \"%s\"", r->argv[1]);
    if (!dd_near_hint(&near, err))
        dd_hint(err, "\"dd0c flags\" lists them.");
    return DD_ERR_NOT_FOUND;
}

static void put_one(run *r, const dd_flag *f)
{
    char              made[11], last[11];
    const dd_tripped *t = tripped(r, f->name);
    dd_day_format(f->created, made);
    dd_day_format(f->expires, last);
    const struct { const char *name; dd_str value; } lines[] = {
        { "name", f->name }, { "state", dd_str_z(state(r, f)) }, { "rollout", dd_arena_printf(&r->arena, "%.4g%%", f->rollout) },
        { "owner", f->owner }, { "created", dd_str_z(made) }, { "expires", dd_str_z(last) }, { "what", f->doc }, { "tripped", t ? t->why : DD_STR("") },
    };
    for (size_t i = 0; i < DD_COUNT(lines); i++)
        if (lines[i].value.len) {
            dd_buf_printf(&r->out, "%-8s ", lines[i].name);
            dd_buf_add_line(&r->out, lines[i].value);
            dd_buf_addc(&r->out, '\n');
        }
}

dd_code dd_cmd_flags_show(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    run      r;
    dd_flag *f  = NULL;
    dd_code  rc = begin(&r, cmd, argc, argv, err);
    dd_json  j  = DD_JSON_INIT(&r.out, 1);
    (void)status;
    if (rc == DD_OK && !r.done)
        rc = find(&r, "dd0c flags show NAME", &f, err);
    if (f && strcmp(r.args.format, "json") == 0) {
        put_json(&j, &r, f);
        dd_buf_addc(&r.out, '\n');
    } else if (f) {
        put_one(&r, f);
    }
    if (f)
        rc = dd_cmd_print(dd_buf_str(&r.out), err);
    end(&r);
    return rc;
}

/* --- check: for CI (make flag-audit) --- */

dd_code dd_cmd_flags_check(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    run     r;
    dd_code rc = begin(&r, cmd, argc, argv, err);
    for (size_t i = 0; rc == DD_OK && !r.done && i < r.flags.n; i++) {
        const dd_flag *f    = &r.flags.v[i];
        bool           full = f->on && f->rollout >= 100;
        if (dd_flag_expired(f, r.today) && full) {
            dd_buf_addz(&r.out, "Expired flag at full rollout: ");
            dd_buf_add_line(&r.out, f->name);
            dd_buf_addc(&r.out, '\n');
            *status = DD_EXIT_GATE;
        } else if (dd_flag_expired(f, r.today)) {
            dd_cmd_warn(cmd, "flag \"" DD_STR_FMT "\" of " DD_STR_FMT " has expired: take it out", DD_STR_ARG(f->name), DD_STR_ARG(f->owner));
        } else if (f->created > r.today) {
            dd_cmd_warn(cmd, "flag \"" DD_STR_FMT "\" was created in the future", DD_STR_ARG(f->name));
        }
    }
    if (rc == DD_OK && !r.done)
        rc = dd_cmd_print(dd_buf_str(&r.out), err);
    end(&r);
    return rc;
}

/* --- set, reset --- */

static dd_code audit(const char *action, dd_str name, dd_str old, dd_str now, dd_err *err)
{
    dd_db   *db  = NULL;
    dd_buf   who = DD_BUF_INIT(0);
    dd_actor by  = dd_cmd_actor(&who);
    dd_code  rc  = dd_config_db_open(true, &db, err);
    if (rc == DD_OK)
        rc = dd_audit_add(db, &by, action, name, old, now, err);
    if (rc != DD_OK)
        dd_wrap(err, "the change is made, but not in the audit log");
    dd_db_close(db);
    dd_buf_free(&who);
    return rc;
}

static dd_str brief(run *r, const dd_flag *f)
{
    return dd_arena_printf(&r->arena, "{\"on\":%s,\"rollout\":%.10g}", f->on ? "true" : "false", f->rollout);
}

/* on | off | rollout 25 */
static dd_code wanted(const run *r, const dd_flag *f, dd_flag *out, dd_err *err)
{
    const char *word = r->words > 1 ? r->argv[2] : "", *end_at = "";
    *out             = *f;
    if (r->words == 2 && (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)) {
        out->on = strcmp(word, "on") == 0;
        return DD_OK;
    }
    if (r->words == 3 && strcmp(word, "rollout") == 0) {
        char  *stop;
        double share = strtod(r->argv[3], &stop);
        end_at       = *stop == '%' ? stop + 1 : stop;
        if (stop != r->argv[3] && !*end_at && share >= 0 && share <= 100) {
            out->rollout = share;
            return DD_OK;
        }
    }
    dd_fail(err, DD_ERR_USAGE, "it takes a flag, and on, off or rollout with a share of 0 to 100");
    dd_hint(err, "dd0c flags set NAME on|off|rollout 25");
    return DD_ERR_USAGE;
}

static dd_code set_one(run *r, const dd_flag *f, dd_err *err)
{
    dd_flag     want;
    struct stat st;
    const char *path = dd_flags_path(&r->config);
    dd_buf      text = DD_BUF_INIT(1 << 20), next = DD_BUF_INIT(1 << 20);
    dd_code     rc   = wanted(r, f, &want, err);
    if (rc == DD_OK)
        rc = dd_file_read(path, &text, err);
    if (rc == DD_OK)
        rc = dd_flags_edit(dd_buf_str(&text), f, &want, &next, err);
    if (rc == DD_OK)
        rc = dd_file_replace(path, dd_buf_str(&next), stat(path, &st) == 0 ? st.st_mode & 0777 : 0644, err);
    if (rc == DD_OK)
        rc = audit("flag.set", f->name, brief(r, f), brief(r, &want), err);
    if (rc == DD_OK)
        dd_buf_printf(&r->out, "flag \"" DD_STR_FMT "\" is %s, rollout %.4g%%\n", DD_STR_ARG(f->name), want.on ? "on" : "off", want.rollout);
    dd_buf_free(&text);
    dd_buf_free(&next);
    return rc;
}

dd_code dd_cmd_flags_set(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    run      r;
    dd_flag *f  = NULL;
    dd_code  rc = begin(&r, cmd, argc, argv, err);
    (void)status;
    if (rc == DD_OK && !r.done)
        rc = find(&r, "dd0c flags set NAME on|off|rollout 25", &f, err);
    if (f)
        rc = set_one(&r, f, err);
    if (rc == DD_OK && f)
        rc = dd_cmd_print(dd_buf_str(&r.out), err);
    end(&r);
    return rc;
}

dd_code dd_cmd_flags_reset(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    run     r;
    bool    was = false;
    dd_code rc  = begin(&r, cmd, argc, argv, err);
    (void)status;
    if (rc == DD_OK && !r.done && r.words != 1) {
        rc = dd_fail(err, DD_ERR_USAGE, "it takes the name of a flag");
        dd_hint(err, "dd0c flags reset NAME");
    }
    if (rc == DD_OK && !r.done) {
        dd_str            name = dd_str_z(argv[1]);
        const dd_tripped *t    = tripped(&r, name);
        dd_json           j    = DD_JSON_INIT(&r.out, 0);
        rc                     = dd_tripped_remove(name, &was, err);
        dd_json_open(&j, '{');
        dd_json_key(&j, "tripped");
        dd_json_strz(&j, t ? t->why.ptr : NULL);
        dd_json_close(&j, '}');
        if (rc == DD_OK && was)
            rc = audit("flag.reset", name, dd_buf_str(&r.out), DD_STR("{\"tripped\":null}"), err);
        dd_buf_clear(&r.out);
        dd_buf_printf(&r.out, was ? "flag \"%s\" counts again\n" : "flag \"%s\" had not turned itself off\n", argv[1]);
    }
    if (rc == DD_OK && !r.done)
        rc = dd_cmd_print(dd_buf_str(&r.out), err);
    end(&r);
    return rc;
}
