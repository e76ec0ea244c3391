/* cmd/keys_shared.c - the database, the user and the clock of the commands on keys and secrets. */
#include "cmd/keys.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

dd_code dd_config_db_open(bool create, dd_db **out, dd_err *err)
{
    dd_buf dir = DD_BUF_INIT(0);
    dd_dir_state(&dir);
    *out = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dd_buf_z(&dir), .create = create }, err);
    dd_buf_free(&dir);
    if (!*out && !create && err->code == DD_ERR_NOT_FOUND)
        return DD_OK;
    return *out ? DD_OK : err->code;
}

dd_wall dd_clock(void) { return (dd_wall){ (int64_t)time(NULL) }; }

dd_actor dd_cmd_actor(dd_buf *who)
{
    struct passwd *pw   = getpwuid(geteuid());
    const char    *sudo = getenv("SUDO_USER");
    if (pw && pw->pw_name)
        dd_buf_add_line(who, dd_str_z(pw->pw_name));
    else
        dd_buf_printf(who, "user %ld", (long)geteuid());
    if (geteuid() == 0 && sudo && *sudo) {
        dd_buf_addz(who, " (sudo of ");
        dd_buf_add_line(who, dd_str_sub(dd_str_z(sudo), 0, 64));
        dd_buf_addc(who, ')');
    }
    return (dd_actor){ DD_ORG_DEFAULT, dd_buf_str(who), dd_clock() };
}

static const struct { char letter; int64_t seconds; } units[] = { { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 }, { 'y', 31536000 } };

static bool parse_span(dd_str text, int64_t *seconds)
{
    int64_t n;
    if (text.len < 2 || text.len > 7 || !dd_parse_i64(dd_str_sub(text, 0, text.len - 1), &n) || n < 1)
        return false;
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (units[i].letter == text.ptr[text.len - 1]) {
            *seconds = n * units[i].seconds;
            return true;
        }
    return false;
}

dd_code dd_expiry_parse(const char *text, dd_wall now, int64_t *out_s, dd_err *err)
{
    dd_str  s = dd_str_z(text);
    dd_day  day;
    int64_t span;
    if (parse_span(s, &span)) {
        *out_s = now.s + span;
        return DD_OK;
    }
    if (s.len != 10 || !dd_day_parse(s, &day)) {
        dd_fail(err, DD_ERR_USAGE, "no time \"%s\"", text);
        dd_hint(err, "Give a span such as 12h, 90d, 6w or 1y, or a day such as 2027-01-31.");
        return DD_ERR_USAGE;
    }
    *out_s = (int64_t)day * 86400;
    if (*out_s <= now.s)
        return dd_fail(err, DD_ERR_USAGE, "the day \"%s\" is past", text);
    return DD_OK;
}

dd_code dd_cmd_key(dd_db *db, const char *word, dd_arena *a, dd_key *out, dd_err *err)
{
    if (db)
        return dd_keys_find(db, DD_ORG_DEFAULT, dd_str_z(word), a, out, err);
    dd_fail(err, DD_ERR_NOT_FOUND, "there are no keys yet");
    dd_hint(err, "Make one: dd0c keys create --name NAME.");
    return DD_ERR_NOT_FOUND;
}

dd_code dd_words_none(const dd_db_run *r, const void *args, dd_err *err)
{
    (void)args;
    return r->words ? dd_fail(err, DD_ERR_USAGE, "unexpected word \"%s\"", r->argv[1]) : DD_OK;
}

dd_code dd_words_key(const dd_db_run *r, const void *args, dd_err *err)
{
    (void)args;
    if (r->words == 1)
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "it takes the id or name of one key");
    dd_hint(err, "\"dd0c keys list\" lists all keys.");
    return DD_ERR_USAGE;
}

dd_code dd_days_ok(int64_t days, dd_err *err)
{
    return days < 1 || days > 36500 ? dd_fail(err, DD_ERR_USAGE, "option \"--days\" takes 1 to 36500 days") : DD_OK;
}

dd_code dd_cmd_on_db(const dd_db_command *c, const dd_cmd *cmd, int argc, char **argv, void *args, dd_err *err)
{
    dd_db_run r   = { .cmd = cmd, .argv = argv, .arena = DD_ARENA_INIT, .out = DD_BUF_INIT(0) };
    dd_buf    who = DD_BUF_INIT(0);
    bool      done;
    dd_code   rc = dd_cmd_args(cmd, argc, argv, args, &r.words, &done, err);
    if (rc == DD_OK && !done) {
        r.by = dd_cmd_actor(&who);
        rc   = c->words(&r, args, err);
        if (rc == DD_OK)
            rc = dd_config_db_open(c->create, &r.db, err);
        if (rc == DD_OK)
            rc = c->work(&r, args, err);
        if (rc == DD_OK)
            rc = dd_cmd_print(dd_buf_str(&r.out), err);
    }
    dd_db_close(r.db);
    dd_buf_free(&who);
    dd_buf_free(&r.out);
    dd_arena_fini(&r.arena);
    return rc;
}

void dd_put_time(dd_buf *out, int64_t s)
{
    char      text[32];
    struct tm tm;
    time_t    t = (time_t)s;
    if (s > 0 && gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm))
        dd_buf_addz(out, text);
    else
        dd_buf_addc(out, '-');
}

void dd_put_time_json(dd_json *j, const char *name, int64_t s)
{
    dd_json_key(j, name);
    dd_json_time(j, s);
}

/* Nothing where there is nothing to say. */
static void line(dd_buf *out, const char *name, dd_str value)
{
    if (!value.len)
        return;
    dd_buf_printf(out, "%-10s ", name);
    dd_buf_add_line(out, value);
    dd_buf_addc(out, '\n');
}

/* `none`: what stands there without a time; NULL: no line. */
static void time_line(dd_buf *out, const char *name, int64_t s, const char *none)
{
    if (s <= 0 && !none)
        return;
    dd_buf_printf(out, "%-10s ", name);
    if (s > 0) {
        dd_put_time(out, s);
        dd_buf_addz(out, " UTC\n");
    } else {
        dd_buf_printf(out, "%s\n", none);
    }
}

void dd_put_key(dd_buf *out, const dd_key *k, dd_wall now)
{
    dd_buf list = DD_BUF_INIT(0);
    line(out, "id", k->id);
    line(out, "name", k->name);
    line(out, "status", dd_str_z(dd_key_status(k, now)));
    line(out, "user", k->user);
    line(out, "team", k->team);
    line(out, "feature", k->feature);
    line(out, "tags", dd_str_eqz(k->tags, "{}") ? DD_STR("") : k->tags);
    for (size_t i = 0; i < k->n_models; i++) {
        dd_buf_addz(&list, i ? ", " : "");
        dd_buf_add(&list, k->models[i]);
    }
    line(out, "models", list.len ? dd_buf_str(&list) : DD_STR("all"));
    dd_buf_clear(&list);
    for (unsigned bit = 1; bit <= DD_SCOPE_ALL; bit <<= 1)
        if (k->scopes & bit)
            dd_buf_printf(&list, "%s%s", list.len ? ", " : "", dd_key_scope_name(bit));
    line(out, "scopes", dd_buf_str(&list));
    time_line(out, "created", k->created_s, NULL);
    time_line(out, "expires", k->expires_s, "never");
    time_line(out, "rotated", k->rotated_s, NULL);
    time_line(out, "revoked", k->revoked_s, NULL);
    time_line(out, "last used", k->last_used_s, "never");
    dd_buf_free(&list);
}

void dd_put_key_json(dd_buf *out, const dd_key *k, dd_str text, dd_wall now)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.key/1");
    if (text.len) {
        dd_json_key(&j, "key");
        dd_json_str(&j, text);
    }
    dd_key_json(&j, k, now);
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}
