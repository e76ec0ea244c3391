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

static dd_code list(dd_db_run *r, void *ctx, dd_err *err)
{
    const list_args *args = ctx;
    dd_key          *keys = NULL;
    size_t           n    = 0;
    dd_code          rc   = r->db ? dd_keys_list(r->db, r->by.org, &r->arena, &keys, &n, err) : DD_OK;
    if (rc == DD_OK)
        (strcmp(args->format, "json") == 0 ? put_json : put_text)(&r->out, keys, n, args->all, r->by.now);
    return rc;
}

dd_code dd_cmd_keys_list(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, dd_words_none, list };
    list_args args = { .format = "text" };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}

static dd_code show(dd_db_run *r, void *ctx, dd_err *err)
{
    const list_args *args = ctx;
    dd_key           k    = { 0 };
    dd_code          rc   = dd_cmd_key(r->db, r->argv[1], &r->arena, &k, err);
    if (rc == DD_OK && strcmp(args->format, "json") == 0)
        dd_put_key_json(&r->out, &k, DD_STR(""), r->by.now);
    else if (rc == DD_OK)
        dd_put_key(&r->out, &k, r->by.now);
    return rc;
}

dd_code dd_cmd_keys_show(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, dd_words_key, show };
    list_args args = { .format = "text" };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}
