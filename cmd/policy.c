/* cmd/policy.c - dd0c policy: show, approve, reject, panic, log. */
#include "cmd/policy.h"

#include <string.h>

#include "base/file.h"
#include "cmd/keys.h"

typedef struct { const char *format, *config, *file; int64_t days; } policy_args;

#define FILE_OPTS \
    DD_OPT(DD_OPT_TEXT, 0, "file", policy_args, file, "file", "policy.json (governance.file of the configuration, else the state folder's)"), \
    DD_OPT(DD_OPT_TEXT, 'c', "config", policy_args, config, "file", "configuration (./dd0c.yaml)")
#define FORMAT_OPT DD_OPT(DD_OPT_CHOICE, 'f', "format", policy_args, format, "text|json", "print text (default) or JSON")

const dd_opt dd_policy_show_opts[] = { FORMAT_OPT, FILE_OPTS, DD_OPT_END };
const dd_opt dd_policy_panic_opts[] = { FILE_OPTS, DD_OPT_END };
const dd_opt dd_policy_word_opts[] = { DD_OPT_END };
const dd_opt dd_policy_log_opts[] = {
    DD_OPT(DD_OPT_INT, 0, "days", policy_args, days, "days", "of so many days (7)"), FORMAT_OPT, DD_OPT_END
};

/* In an emergency a configuration that cannot be read keeps nobody from panic. */
static void find_policy(const policy_args *args, const dd_cmd *cmd, dd_buf *path)
{
    dd_config c;
    dd_err    err = DD_ERR_INIT;
    if (args->file) {
        dd_buf_addz(path, args->file);
        return;
    }
    dd_code rc = dd_config_load(&c, args->config, &err);
    if (rc != DD_OK)
        dd_cmd_warn(cmd, "%s; the state folder's policy.json is meant", err.msg);
    dd_policy_path(rc == DD_OK ? &c : NULL, path);
    dd_config_fini(&c);
}

/* --- show --- */

typedef struct {
    dd_buf          path;
    dd_policy_file  file;
    dd_waiting_list list;
    dd_govern_week  week;
    dd_arena        arena;
} view;

static dd_code look(view *v, dd_err *err)
{
    dd_db  *db = NULL;
    dd_code rc = dd_policy_read(dd_buf_z(&v->path), &v->file, err);
    if (rc == DD_OK)
        rc = dd_waiting_read(&v->arena, &v->list, err);
    if (rc == DD_OK)
        rc = dd_config_db_open(false, &db, err);
    if (rc == DD_OK)
        rc = dd_govern_count(db, dd_clock().s, &v->week, err);
    dd_db_close(db);
    return rc;
}

static bool alerts(const view *v)
{
    return dd_govern_alert(v->file.mode, v->file.mode == DD_GOVERN_STRICT ? v->week.alone_strict : v->week.alone, v->week.approved);
}

static void put_json(const view *v, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    char    share[32];
    double  ratio = dd_govern_share(v->week.alone, v->week.approved);
    const struct { const char *name; int64_t n; } counts[] = {
        { "alone", v->week.alone }, { "approved", v->week.approved }, { "blocked", v->week.blocked }, { "frozen", v->week.frozen },
    };
    snprintf(share, sizeof share, "%.4f", ratio);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.policy/1");
    dd_json_key(&j, "governance_mode");
    dd_json_strz(&j, dd_govern_mode_name(v->file.mode));
    dd_json_key(&j, "panic_mode");
    dd_json_bool(&j, v->file.panic);
    dd_json_key(&j, "panic_provider");
    dd_json_strz(&j, v->file.provider[0] ? v->file.provider : NULL);
    dd_json_key(&j, "week");
    dd_json_open(&j, '{');
    for (size_t i = 0; i < DD_COUNT(counts); i++) {
        dd_json_key(&j, counts[i].name);
        dd_json_i64(&j, counts[i].n);
    }
    dd_json_key(&j, "share_alone");
    dd_json_raw(&j, ratio < 0 ? DD_STR("null") : dd_str_z(share));
    dd_json_key(&j, "alert");
    dd_json_bool(&j, alerts(v));
    dd_json_close(&j, '}');
    dd_json_key(&j, "waiting");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < v->list.n; i++) {
        const dd_waiting *w = &v->list.v[i];
        if (w->word != DD_WORD_NONE)
            continue;
        dd_json_open(&j, '{');
        dd_json_key(&j, "id");
        dd_json_str(&j, w->id);
        dd_json_key(&j, "what");
        dd_json_str(&j, w->what);
        dd_put_time_json(&j, "since", w->at_s);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static void put_text(const view *v, dd_buf *out)
{
    double ratio   = dd_govern_share(v->week.alone, v->week.approved);
    size_t waiting = 0;
    dd_buf_printf(out, "policy     %.*s%s\n", DD_STR_ARG(dd_buf_str(&v->path)), v->file.there ? "" : " (not there: the defaults hold)");
    dd_buf_printf(out, "mode       %s\n", v->file.mode == DD_GOVERN_STRICT ? "strict: a change waits for `dd0c policy approve ID`"
                                                                            : "audit: a change applies and is logged");
    dd_buf_printf(out, "panic      %s%s%s\n", v->file.panic ? "on" : "off", v->file.provider[0] ? ", provider " : "", v->file.provider);
    dd_buf_printf(out, "this week  %lld applied by themselves, %lld approved, %lld blocked, %lld frozen", (long long)v->week.alone,
                  (long long)v->week.approved, (long long)v->week.blocked, (long long)v->week.frozen);
    if (ratio >= 0)
        dd_buf_printf(out, " (%.0f%% by themselves)", ratio * 100);
    dd_buf_addc(out, '\n');
    if (alerts(v))
        dd_buf_printf(out, "alert      %s\n", v->file.mode == DD_GOVERN_STRICT ? "changes were applied without anybody's word, in strict mode"
                                                                               : "more than 80% of the changes were applied without anybody's word");
    for (size_t i = 0; i < v->list.n; i++) {
        const dd_waiting *w = &v->list.v[i];
        if (w->word != DD_WORD_NONE)
            continue;
        dd_buf_addz(out, waiting++ ? "           " : "waiting    ");
        dd_buf_add_line(out, w->id);
        dd_buf_addz(out, "  ");
        dd_put_time(out, w->at_s);
        dd_buf_addz(out, "  ");
        dd_buf_add_line(out, w->what);
        dd_buf_addc(out, '\n');
    }
}

dd_code dd_cmd_policy_show(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    policy_args args = { .format = "text" };
    view        v    = { .arena = DD_ARENA_INIT };
    dd_buf      out  = DD_BUF_INIT(0);
    bool        done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    find_policy(&args, cmd, &v.path);
    rc = look(&v, err);
    if (rc == DD_OK && strcmp(args.format, "json") == 0)
        put_json(&v, &out);
    else if (rc == DD_OK)
        put_text(&v, &out);
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    dd_buf_free(&v.path);
    dd_arena_fini(&v.arena);
    return rc;
}

/* --- approve, reject --- */

static dd_code find_waiting(dd_arena *a, const char *word, dd_waiting *out, dd_err *err)
{
    dd_waiting_list list;
    size_t          hits = 0;
    dd_code         rc   = dd_waiting_read(a, &list, err);
    for (size_t i = 0; rc == DD_OK && i < list.n; i++)
        if (list.v[i].word != DD_WORD_APPROVED && strlen(word) >= 4 && dd_str_startsz(list.v[i].id, word)) {
            *out = list.v[i];
            hits++;
        }
    if (rc != DD_OK || hits == 1)
        return rc;
    dd_fail(err, DD_ERR_NOT_FOUND, hits ? "more than one change begins with \"%s\"" : "no change \"%s\" waits", word);
    dd_hint(err, "\"dd0c policy show\" lists those that wait.");
    return DD_ERR_NOT_FOUND;
}

static dd_code give_word(const dd_cmd *cmd, int argc, char **argv, dd_govern_word word, dd_err *err)
{
    policy_args args = { .format = "text" };
    dd_arena    a    = DD_ARENA_INIT;
    dd_buf      who  = DD_BUF_INIT(0), out = DD_BUF_INIT(0), now = DD_BUF_INIT(0);
    dd_waiting  w;
    int         words;
    bool        done;
    const char *said = word == DD_WORD_APPROVED ? "approved" : "rejected";
    dd_code     rc   = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words != 1) {
        rc = dd_fail(err, DD_ERR_USAGE, "it takes the id of a change");
        dd_hint(err, "\"dd0c policy show\" lists those that wait.");
    }
    if (rc == DD_OK)
        rc = find_waiting(&a, argv[1], &w, err);
    if (rc == DD_OK) {
        dd_actor by = dd_cmd_actor(&who);
        dd_json  j  = DD_JSON_INIT(&now, 0);
        dd_json_open(&j, '{');
        dd_json_key(&j, "word");
        dd_json_strz(&j, said);
        dd_json_key(&j, "what");
        dd_json_str(&j, w.what);
        dd_json_close(&j, '}');
        w.word = word;
        w.who  = by.who;
        rc     = dd_govern_audit(&by, word == DD_WORD_APPROVED ? "governance.approve" : "governance.reject", w.id, DD_STR(""), dd_buf_str(&now), err);
    }
    if (rc == DD_OK)
        rc = dd_waiting_put(&w, DD_STR(""), err);
    if (rc == DD_OK) {
        dd_buf_printf(&out, "change " DD_STR_FMT " is %s: " DD_STR_FMT "\n", DD_STR_ARG(w.id), said, DD_STR_ARG(w.what));
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_buf_free(&who);
    dd_buf_free(&out);
    dd_buf_free(&now);
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_cmd_policy_approve(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    (void)status;
    return give_word(cmd, argc, argv, DD_WORD_APPROVED, err);
}

dd_code dd_cmd_policy_reject(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    (void)status;
    return give_word(cmd, argc, argv, DD_WORD_REJECTED, err);
}

/* --- panic --- */

dd_code dd_cmd_policy_panic(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    policy_args args = { .format = "text" };
    dd_buf      path = DD_BUF_INIT(4200), who = DD_BUF_INIT(0);
    int         words;
    bool        done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    bool on = words == 1 && strcmp(argv[1], "on") == 0;
    if (words != 1 || (!on && strcmp(argv[1], "off") != 0))
        return dd_fail(err, DD_ERR_USAGE, "it takes on or off");
    find_policy(&args, cmd, &path);
    dd_actor by = dd_cmd_actor(&who);
    rc          = dd_policy_set_panic(dd_buf_z(&path), on, err);
    const dd_str states[] = { DD_STR("{\"panic\":false}"), DD_STR("{\"panic\":true}") };
    if (rc == DD_OK)
        rc = dd_govern_audit(&by, on ? "panic.on" : "panic.off", DD_STR("panic"), states[!on], states[on], err);
    if (rc == DD_OK)
        rc = dd_cmd_print(on ? DD_STR("panic mode is on: rules are frozen and nothing falls back\n") : DD_STR("panic mode is off\n"), err);
    dd_buf_free(&path);
    dd_buf_free(&who);
    return rc;
}

/* --- log --- */

typedef struct { dd_buf *out; bool json; size_t n; } log_view;

static void log_row(void *ctx, const dd_audit_row *row)
{
    log_view *v = ctx;
    if (!dd_str_startsz(row->action, "governance.") && !dd_str_startsz(row->action, "panic.") && !dd_str_startsz(row->action, "flag."))
        return;
    v->n++;
    if (v->json) {
        dd_json j = DD_JSON_INIT(v->out, 0);
        dd_json_open(&j, '{');
        dd_put_time_json(&j, "time", row->time_ms / 1000);
        const struct { const char *name; dd_str value; } texts[] = { { "who", row->who }, { "action", row->action }, { "object", row->object } };
        for (size_t i = 0; i < DD_COUNT(texts); i++) {
            dd_json_key(&j, texts[i].name);
            dd_json_str(&j, texts[i].value);
        }
        dd_json_key(&j, "new");
        dd_json_raw(&j, row->new_value.len ? row->new_value : DD_STR("null"));
        dd_json_close(&j, '}');
        dd_buf_addc(v->out, '\n');
        return;
    }
    cJSON      *o      = cJSON_ParseWithLength(row->new_value.ptr, row->new_value.len);
    const char *result = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "result"));
    const char *what   = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "what"));
    dd_put_time(v->out, row->time_ms / 1000);
    dd_buf_addz(v->out, "  ");
    dd_buf_add_line(v->out, row->who);
    dd_buf_addz(v->out, "  ");
    dd_buf_add_line(v->out, result ? dd_str_z(result) : row->action);
    dd_buf_addz(v->out, "  ");
    dd_buf_add_line(v->out, row->object);
    if (what) {
        dd_buf_addz(v->out, "  ");
        dd_buf_add_line(v->out, dd_str_z(what));
    }
    dd_buf_addc(v->out, '\n');
    cJSON_Delete(o);
}

static dd_code want_none(const dd_db_run *r, const void *ctx, dd_err *err)
{
    dd_code rc = dd_words_none(r, ctx, err);
    return rc == DD_OK ? dd_days_ok(((const policy_args *)ctx)->days, err) : rc;
}

static dd_code put_log(dd_db_run *r, void *ctx, dd_err *err)
{
    const policy_args *args = ctx;
    log_view           v    = { &r->out, strcmp(args->format, "json") == 0, 0 };
    return r->db ? dd_audit_each(r->db, r->by.org, (r->by.now.s - args->days * 86400) * 1000, log_row, &v, err) : DD_OK;
}

dd_code dd_cmd_policy_log(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, want_none, put_log };
    policy_args args = { .format = "text", .days = 7 };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}
