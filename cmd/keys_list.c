/* cmd/keys_list.c - dd0c keys list and show. Neither can show a key's text: nobody has it. */
#include "cmd/keys.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    const char *format;
    bool        all;
} list_args;

const dd_opt dd_keys_list_opts[] = {
    DD_OPT(DD_OPT_FLAG, 'a', "all", list_args, all, NULL, "revoked keys, too"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", list_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};
const dd_opt dd_keys_show_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'f', "format", list_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};

/* `text` in a column of `width`, cut with "~" when it is longer. */
static void column(dd_buf *out, dd_str text, size_t width)
{
    dd_buf clean = DD_BUF_INIT(0);
    dd_buf_add_line(&clean, text.len ? text : DD_STR("-"));
    dd_str shown = dd_buf_str(&clean);
    bool   cut   = dd_utf8_width(shown) > width;
    while (dd_utf8_width(shown) > width - cut || (shown.len && shown.len < clean.len && ((unsigned char)clean.ptr[shown.len] & 0xc0) == 0x80))
        shown.len--;
    dd_buf_add(out, shown);
    if (cut)
        dd_buf_addc(out, '~');
    size_t used = dd_utf8_width(shown) + cut;
    dd_buf_pad(out, ' ', (used < width ? width - used : 0) + 2);
    dd_buf_free(&clean);
}

/* `day`: without the time of day. */
static void time_column(dd_buf *out, int64_t s, size_t width, bool day)
{
    size_t start = out->len;
    dd_put_time(out, s);
    if (day && out->len - start > 10)
        out->len = start + 10;
    size_t used = out->len - start;
    dd_buf_pad(out, ' ', used < width ? width - used : 0);
}

static void put_text(dd_buf *out, const dd_key *keys, size_t n, bool all, dd_wall now)
{
    bool   narrow = isatty(STDOUT_FILENO) && dd_cmd_width() < 105;
    size_t shown = 0, hidden = 0, name = narrow ? 18 : 24, team = narrow ? 12 : 16;
    dd_buf_printf(out, "%-12s  %-*s  %-7s  %-*s  ", "ID", (int)name, "NAME", "STATUS", (int)team, "TEAM");
    if (narrow)
        dd_buf_printf(out, "%-12s%s\n", "LAST USED", "EXPIRES");
    else
        dd_buf_printf(out, "%-18s%-18s%s\n", "CREATED", "LAST USED", "EXPIRES");
    for (size_t i = 0; i < n; i++) {
        const dd_key *k = &keys[i];
        if (k->revoked_s && !all) {
            hidden++;
            continue;
        }
        shown++;
        column(out, k->id, 12);
        column(out, k->name, name);
        column(out, dd_str_z(dd_key_status(k, now)), 7);
        column(out, k->team, team);
        if (!narrow)
            time_column(out, k->created_s, 18, false);
        time_column(out, k->last_used_s, narrow ? 12 : 18, narrow);
        time_column(out, k->expires_s, 0, narrow);
        dd_buf_addc(out, '\n');
    }
    dd_buf_printf(out, "%zu key%s", shown, shown == 1 ? "" : "s");
    if (hidden)
        dd_buf_printf(out, ", and %zu revoked (--all)", hidden);
    dd_buf_addz(out, ". Times are UTC.\n");
}

static void put_json(dd_buf *out, const dd_key *keys, size_t n, bool all, dd_wall now)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.keys/1");
    dd_json_key(&j, "keys");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        if (keys[i].revoked_s && !all)
            continue;
        dd_json_open(&j, '{');
        dd_key_json(&j, &keys[i], now);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

dd_code dd_cmd_keys_list(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    list_args args = { .format = "text" };
    dd_arena  a    = DD_ARENA_INIT;
    dd_buf    out  = DD_BUF_INIT(0);
    dd_db    *db   = NULL;
    dd_key   *keys = NULL;
    size_t    n    = 0;
    int       words;
    bool      done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words)
        return dd_fail(err, DD_ERR_USAGE, "unexpected word \"%s\"", argv[1]);
    rc = dd_config_db_open(false, &db, err);
    if (rc == DD_OK && db)
        rc = dd_keys_list(db, DD_ORG_DEFAULT, &a, &keys, &n, err);
    if (rc == DD_OK) {
        (strcmp(args.format, "json") == 0 ? put_json : put_text)(&out, keys, n, args.all, dd_clock());
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_db_close(db);
    dd_buf_free(&out);
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_cmd_keys_show(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    list_args args = { .format = "text" };
    dd_arena  a    = DD_ARENA_INIT;
    dd_buf    out  = DD_BUF_INIT(0);
    dd_db    *db   = NULL;
    dd_key    k    = { 0 };
    int       words;
    bool      done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words != 1) {
        dd_fail(err, DD_ERR_USAGE, "it takes the id or name of one key");
        dd_hint(err, "\"dd0c keys list\" lists all keys.");
        return DD_ERR_USAGE;
    }
    rc = dd_config_db_open(false, &db, err);
    if (rc == DD_OK)
        rc = dd_cmd_key(db, argv[1], &a, &k, err);
    if (rc == DD_OK) {
        if (strcmp(args.format, "json") == 0)
            dd_put_key_json(&out, &k, DD_STR(""), dd_clock());
        else
            dd_put_key(&out, &k, dd_clock());
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_db_close(db);
    dd_buf_free(&out);
    dd_arena_fini(&a);
    return rc;
}
