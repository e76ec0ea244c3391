/* cmd/budgets.c - dd0c budgets: how they stand, which ones a request meets, and beginning one anew. */
#include "cmd/budgets.h"

#include <string.h>

#include "cmd/keys.h"
#include "cmd/render.h"
#include "report/spend.h"

typedef struct {
    const char    *format, *config, *key, *team, *user, *feature, *org;
    int64_t        cost;
    dd_render_args render;
} budget_args;

#define CONFIG_OPT DD_OPT(DD_OPT_TEXT, 'c', "config", budget_args, config, "file", "configuration (./dd0c.yaml)")
#define LOOK_OPTS \
    DD_OPT(DD_OPT_CHOICE, 'f', "format", budget_args, format, "text|json", "print text (default) or JSON"), \
    DD_OPT(DD_OPT_CHOICE, 0, "color", budget_args, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"), \
    DD_OPT(DD_OPT_INT, 0, "width", budget_args, render.width, "columns", "lay the text out for so many columns"), \
    DD_OPT(DD_OPT_FLAG, 0, "ascii", budget_args, render.ascii, NULL, "no block characters")

const dd_opt dd_budgets_opts[] = { CONFIG_OPT, LOOK_OPTS, DD_OPT_END };
const dd_opt dd_budgets_explain_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'k', "key", budget_args, key, "key", "the request's key: its id or name"),
    DD_OPT(DD_OPT_TEXT, 't', "team", budget_args, team, "name", "its team"),
    DD_OPT(DD_OPT_TEXT, 'u', "user", budget_args, user, "name", "its user"),
    DD_OPT(DD_OPT_TEXT, 0, "feature", budget_args, feature, "name", "its feature"),
    DD_OPT(DD_OPT_TEXT, 0, "org", budget_args, org, "name", "its organisation (default)"),
    DD_OPT(DD_OPT_USD, 0, "cost", budget_args, cost, "usd", "what it may cost: its input, and its output up to the cap"),
    CONFIG_OPT, LOOK_OPTS, DD_OPT_END
};
const dd_opt dd_budgets_reset_opts[] = { CONFIG_OPT, DD_OPT_END };

static dd_code open_book(const dd_cmd *cmd, budget_args *args, dd_book **out, int64_t *now_s, dd_err *err)
{
    dd_code rc = dd_render_check(&args->render, err);
    if (rc != DD_OK)
        return rc;
    *now_s = dd_wall_now().s;
    *out   = dd_book_open(cmd, args->config, *now_s, err);
    return *out ? DD_OK : err->code;
}

void dd_book_account_json(dd_json *j, const dd_spend_account *a, int64_t now_s) { dd_spend_account_json(j, a, now_s); }

/* --- list --- */

static dd_code no_budgets(const dd_book *b, dd_err *err)
{
    dd_buf  out = DD_BUF_INIT(0);
    dd_buf_printf(&out, "There are no budgets%s. A line in dd0c.yaml makes one:\n\n"
                        "  budgets:\n    - {scope: key, limit: $100/month, on_exceed: block}\n",
                  dd_book_configured(b) ? "" : ", and no dd0c.yaml here");
    dd_code rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

dd_code dd_cmd_budgets(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    budget_args args = { .format = "text", .render = DD_RENDER_ARGS_INIT };
    dd_book    *b    = NULL;
    dd_buf      out  = DD_BUF_INIT(0);
    int64_t     now_s;
    size_t      n;
    bool        done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = open_book(cmd, &args, &b, &now_s, err);
    if (rc != DD_OK)
        return rc;
    const dd_spend_account *v    = dd_book_accounts(b, &n);
    bool                    json = strcmp(args.format, "json") == 0;
    dd_report_opts          look = dd_render_opts(&args.render, DD_STR(""));
    if (json)
        dd_report_budgets_json(v, n, now_s, &out);
    else if (n)
        dd_report_budgets(v, n, now_s, &look, &out);
    rc = n || json ? dd_cmd_print(dd_buf_str(&out), err) : no_budgets(b, err);
    dd_buf_free(&out);
    dd_book_close(b);
    return rc;
}

/* --- explain --- */

enum { BUDGETS_MAX = 1024 };

static void money_text(dd_buf *out, dd_pusd m) { dd_money_show(m, out); }

static void explain_line(dd_buf *out, dd_arena *a, const dd_book_verdict *v)
{
    const dd_spend_account *b = &v->account;
    dd_str                  who = dd_spend_who(a, b);
    dd_buf_addz(out, v->applies ? (v->fits ? "  fits     " : "  no room  ") : "  -        ");
    dd_buf_add_line(out, b->name);
    dd_buf_addz(out, " (");
    dd_buf_add_line(out, who);
    dd_buf_addz(out, ", ");
    money_text(out, b->limit);
    dd_buf_printf(out, "/%s)", dd_period_name(b->period));
    if (!v->applies) {
        dd_buf_printf(out, ": does not apply: %s\n", v->why);
        return;
    }
    dd_buf_addz(out, ": ");
    money_text(out, b->spent);
    dd_buf_addz(out, " spent, ");
    money_text(out, b->reserved);
    dd_buf_addz(out, " reserved, ");
    money_text(out, b->limit - b->spent - b->reserved < 0 ? 0 : b->limit - b->spent - b->reserved);
    dd_buf_addz(out, " left\n");
}

static const dd_book_verdict *refusing(const dd_book_verdict *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].applies && !v[i].fits)
            return &v[i];
    return NULL;
}

static void explain_text(dd_buf *out, const dd_book_verdict *v, size_t n, dd_pusd cost)
{
    dd_arena               a  = DD_ARENA_INIT;
    const dd_book_verdict *no = refusing(v, n);
    for (size_t i = 0; i < n; i++)
        explain_line(out, &a, &v[i]);
    dd_buf_addz(out, "A request of up to ");
    money_text(out, cost);
    if (!no) {
        dd_buf_addz(out, " is let in.\n");
    } else if (no->account.on_exceed == DD_EXCEED_BLOCK) {
        dd_buf_printf(out, " gets %s: ", no->account.plan ? "429" : "402 budget_exceeded");
        dd_buf_add_line(out, no->account.name);
        dd_buf_addz(out, " has no room.\n");
    } else {
        dd_buf_printf(out, " is not served as asked (on_exceed: %s): ", dd_on_exceed_name(no->account.on_exceed));
        dd_buf_add_line(out, no->account.name);
        dd_buf_addz(out, " has no room.\n");
    }
    dd_arena_fini(&a);
}

static void explain_json(dd_buf *out, const dd_book_verdict *v, size_t n, dd_pusd cost, int64_t now_s)
{
    dd_json                j  = DD_JSON_INIT(out, 1);
    dd_buf                 m  = DD_BUF_INIT(0);
    const dd_book_verdict *no = refusing(v, n);
    dd_money_json(cost, &m);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.budgets-explain/1");
    dd_json_key(&j, "cost_usd");
    dd_json_raw(&j, dd_buf_str(&m));
    dd_json_key(&j, "fits");
    dd_json_bool(&j, !no);
    dd_json_key(&j, "refused_by");
    if (no)
        dd_json_str(&j, no->account.name);
    else
        dd_json_null(&j);
    dd_json_key(&j, "budgets");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        dd_json_open(&j, '{');
        dd_json_key(&j, "applies");
        dd_json_bool(&j, v[i].applies);
        dd_json_key(&j, "fits");
        dd_json_bool(&j, v[i].fits);
        dd_json_key(&j, "why");
        dd_json_strz(&j, v[i].why);
        dd_spend_account_json(&j, &v[i].account, now_s);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
    dd_buf_free(&m);
}

/* The id of a key that is named by another word; a word that names none is taken as an id, since budgets may be older than keys. */
static dd_code facts_of(const budget_args *args, dd_arena *a, dd_facts *f)
{
    dd_err why = DD_ERR_INIT;
    dd_db *db  = NULL;
    dd_key k   = { 0 };
    *f = (dd_facts){ .key = dd_str_z(args->key), .team = dd_str_z(args->team), .user = dd_str_z(args->user), .feature = dd_str_z(args->feature),
                     .org = dd_str_z(args->org ? args->org : "default") };
    if (args->key && dd_config_db_open(false, &db, &why) == DD_OK && db && dd_cmd_key(db, args->key, a, &k, &why) == DD_OK) {
        f->key     = k.id;
        f->team    = f->team.len ? f->team : k.team;
        f->user    = f->user.len ? f->user : k.user;
        f->feature = f->feature.len ? f->feature : k.feature;
    }
    dd_db_close(db);
    return DD_OK;
}

dd_code dd_cmd_budgets_explain(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    budget_args args = { .format = "text", .render = DD_RENDER_ARGS_INIT };
    dd_book    *b    = NULL;
    dd_buf      out  = DD_BUF_INIT(0);
    dd_arena    a    = DD_ARENA_INIT;
    dd_facts    f;
    int64_t     now_s;
    bool        done;
    dd_code     rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = open_book(cmd, &args, &b, &now_s, err);
    if (rc == DD_OK)
        rc = facts_of(&args, &a, &f);
    if (rc == DD_OK) {
        dd_book_verdict *v = dd_newn(&a, dd_book_verdict, BUDGETS_MAX);
        size_t           n = dd_book_explain(b, &f, args.cost, v, BUDGETS_MAX);
        *status            = refusing(v, n) ? DD_EXIT_GATE : DD_EXIT_DONE;
        if (strcmp(args.format, "json") == 0)
            explain_json(&out, v, n, args.cost, now_s);
        else if (n)
            explain_text(&out, v, n, args.cost);
        rc = out.len ? dd_cmd_print(dd_buf_str(&out), err) : no_budgets(b, err);
    }
    dd_buf_free(&out);
    dd_book_close(b);
    dd_arena_fini(&a);
    return rc;
}

/* --- reset --- */

dd_code dd_cmd_budgets_reset(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    budget_args      args = { .render = DD_RENDER_ARGS_INIT };
    dd_book         *b    = NULL;
    dd_buf           out  = DD_BUF_INIT(0);
    dd_spend_account a;
    int64_t          now_s;
    int              words;
    bool             done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words < 1 || words > 2) {
        dd_fail(err, DD_ERR_USAGE, "it takes a budget's name, and whose account: a key, a team");
        dd_hint(err, "\"dd0c budgets list\" lists them.");
        return DD_ERR_USAGE;
    }
    rc = open_book(cmd, &args, &b, &now_s, err);
    if (rc == DD_OK)
        rc = dd_book_reset(b, dd_str_z(argv[1]), dd_str_z(words == 2 ? argv[2] : ""), &a, err);
    if (rc == DD_OK) {
        dd_buf_addz(&out, "Budget \"");
        dd_buf_add_line(&out, a.name);
        dd_buf_addz(&out, "\": ");
        money_text(&out, a.spent);
        dd_buf_addz(&out, " that was spent counts no more.\n");
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_buf_free(&out);
    dd_book_close(b);
    return rc;
}
