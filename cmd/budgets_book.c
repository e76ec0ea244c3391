/* cmd/budgets_book.c - one list of budgets out of three places. */
#include "cmd/budgets.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "cmd/keys.h"
#include "cmd/snapshot.h"
#include "cmd/zone.h"
#include "store/ledger.h"

struct dd_book {
    dd_arena       arena;
    dd_config      config;
    const dd_snapshot *s;      /* NULL: no configuration that could be read */
    bool           borrowed;   /* snapshot and ledger */
    dd_ledger     *ledger;     /* NULL: no proxy ever had budgets here */
    dd_buf         dir;
    int64_t        now_s;
    const dd_zone *zone;
    dd_key        *keys; size_t n_keys;
    DD_VEC(dd_spend_account) accounts;
};

dd_str dd_book_premium(const dd_book *b) { return b->s ? dd_str_z(b->config.premium) : DD_STR(""); }

dd_str dd_book_key_name(const dd_book *b, dd_str id)
{
    for (size_t i = 0; i < b->n_keys; i++)
        if (dd_str_eq(b->keys[i].id, id))
            return b->keys[i].name;
    return DD_STR("");
}

static void finish(const dd_book *b, dd_spend_account *a)
{
    a->outlook = dd_spend_outlook(a->spent, a->limit, a->from_s, a->to_s, b->now_s);
    if (a->scope == DD_SCOPE_KEY)
        a->shown = dd_book_key_name(b, a->value);
}

static const dd_budget *budget_of(const dd_book *b, const dd_ledger_row *r)
{
    for (size_t i = 0; b->s && i < b->s->budgets.n; i++) {
        const dd_budget *c = &b->s->budgets.v[i];
        if (dd_str_eq(dd_str_sub(c->name, 0, sizeof r->name - 1), dd_str_z(r->name)) && c->scope == r->scope && c->period == r->period)
            return c;
    }
    return NULL;
}

/* What the configuration says now; the ledger knows what it said at the first request. */
static void say(dd_spend_account *a, const dd_book *b, const dd_budget *c)
{
    a->name       = c->name;
    a->limit      = c->limit;
    a->on_exceed  = c->on_exceed;
    a->downgrade  = c->downgrade;
    a->plan       = c->plan != 0;
    a->configured = true;
    a->offset_s   = dd_zone_offset(c->zone, b->now_s);
}

static void take_row(void *ctx, const dd_ledger_row *r)
{
    dd_book         *b = ctx;
    const dd_budget *c = budget_of(b, r);
    dd_spend_account a = { .id = r->id, .name = dd_arena_dupz(&b->arena, r->name), .value = dd_arena_dupz(&b->arena, r->value), .scope = r->scope,
                           .period = r->period, .on_exceed = r->on_exceed, .source = "ledger", .spent = r->spent, .reserved = r->reserved,
                           .limit = r->limit, .from_s = r->from_s, .to_s = r->to_s };
    if (c)
        say(&a, b, c);
    finish(b, &a);
    dd_vec_push(&b->accounts, a);
}

static dd_spend_account of_budget(dd_book *b, const dd_budget *c, const dd_account *account)
{
    dd_ledger_row    row;
    dd_spend_account a = { .id = account->id, .value = account->value, .scope = c->scope, .period = c->period, .from_s = account->from_s,
                           .to_s = account->to_s, .source = "sums" };
    say(&a, b, c);
    if (b->ledger && dd_ledger_look(b->ledger, account, &row)) {
        a.spent    = row.spent;
        a.reserved = row.reserved;
        a.source   = "ledger";
    } else {
        a.spent = dd_ledger_seed_sums(b->dir.ptr, account);
    }
    finish(b, &a);
    return a;
}

static bool is_listed(const dd_book *b, const dd_budget *c)
{
    for (size_t i = 0; i < b->accounts.n; i++)
        if (dd_str_eq(b->accounts.v[i].name, c->name))
            return true;
    return false;
}

/* A budget that nobody was charged to yet: of one value, with what the sums know; else the rule alone. */
static void take_budget(dd_book *b, const dd_budget *c)
{
    bool       one = c->scope == DD_SCOPE_GLOBAL || (c->match.len && dd_str_chr(c->match, '*') < 0 && dd_str_chr(c->match, '?') < 0);
    dd_account account = { .budget = c, .value = c->scope == DD_SCOPE_GLOBAL ? DD_STR("") : c->match };
    if (is_listed(b, c))
        return;
    dd_period_bounds(c->period, c->zone, b->now_s, &account.from_s, &account.to_s);
    account.id         = dd_budget_id(c, account.value, account.from_s);
    dd_spend_account a = { .scope = c->scope, .period = c->period, .value = c->match, .open = true, .source = "none", .from_s = account.from_s,
                           .to_s = account.to_s };
    if (one)
        a = of_budget(b, c, &account);
    else
        say(&a, b, c);
    dd_vec_push(&b->accounts, a);
}

static double share(const dd_spend_account *a)
{
    return a->open ? -1 : a->limit > 0 ? (double)(a->spent + a->reserved) / (double)a->limit : a->spent > 0 ? 1e9 : 0;
}

static int fullest(const void *pa, const void *pb)
{
    const dd_spend_account *a = pa, *b = pb;
    double                  x = share(a), y = share(b);
    if (x != y)
        return x < y ? 1 : -1;
    int c = dd_str_cmp(a->name, b->name);
    return c ? c : dd_str_cmp(a->value, b->value);
}

static dd_code open_ledger(dd_book *b, dd_err *err)
{
    dd_buf  path = DD_BUF_INIT(0);
    dd_code rc   = DD_OK;
    dd_buf_add(&path, dd_buf_str(&b->dir));
    dd_buf_addz(&path, "/ledger");
    if (dd_file_exists(dd_buf_z(&path))) {
        b->ledger = dd_ledger_open(&(dd_ledger_opts){ .path = dd_buf_z(&path) }, err);
        rc        = b->ledger ? DD_OK : err->code;
    }
    dd_buf_free(&path);
    return rc;
}

static dd_code open_config(dd_book *b, const dd_cmd *cmd, const char *path, dd_err *err)
{
    dd_buf  missing = DD_BUF_INIT(64 << 10);
    dd_err  why     = DD_ERR_INIT;
    dd_code rc      = dd_config_load(&b->config, path, &why);
    if (rc == DD_OK && !(b->s = dd_snapshot_draft(&b->config, &missing, &why)))
        rc = why.code;
    dd_buf_free(&missing);
    if (rc == DD_OK && b->config.timezone)
        (void)dd_zone_load(dd_str_z(b->config.timezone), &b->arena, &b->zone, NULL); /* the draft has checked it */
    if (rc == DD_OK || path) {
        if (rc != DD_OK)
            *err = why;
        return rc;
    }
    if (cmd)
        dd_cmd_warn(cmd, "%s", why.msg);
    return DD_OK;
}

static void read_keys(dd_book *b)
{
    dd_err err = DD_ERR_INIT;
    dd_db *db  = NULL;
    if (dd_config_db_open(false, &db, &err) == DD_OK && db)
        (void)dd_keys_list(db, DD_ORG_DEFAULT, &b->arena, &b->keys, &b->n_keys, &err); /* names are a courtesy */
    dd_db_close(db);
}

static void list_accounts(dd_book *b)
{
    if (b->ledger)
        dd_ledger_each(b->ledger, b->now_s, take_row, b);
    for (size_t i = 0; b->s && i < b->s->budgets.n; i++)
        take_budget(b, &b->s->budgets.v[i]);
    if (b->accounts.n)
        qsort(b->accounts.v, b->accounts.n, sizeof *b->accounts.v, fullest);
}

dd_book *dd_book_join(const char *dir, const dd_snapshot *s, dd_ledger *ledger, int64_t now_s)
{
    dd_book *b  = dd_calloc(1, sizeof *b);
    b->now_s    = now_s;
    b->s        = s;
    b->ledger   = ledger;
    b->borrowed = true;
    b->zone     = s ? s->policy.zone : NULL;
    dd_buf_addz(&b->dir, dir);
    (void)dd_buf_z(&b->dir);
    read_keys(b);
    list_accounts(b);
    return b;
}

dd_book *dd_book_open(const dd_cmd *cmd, const char *config, int64_t now_s, dd_err *err)
{
    dd_book *b = dd_calloc(1, sizeof *b);
    b->now_s   = now_s;
    dd_dir_state(&b->dir);
    (void)dd_buf_z(&b->dir);
    dd_code rc = open_config(b, cmd, config, err);
    if (rc == DD_OK)
        rc = open_ledger(b, err);
    if (rc != DD_OK) {
        dd_book_close(b);
        return NULL;
    }
    read_keys(b);
    if (cmd && b->ledger && dd_ledger_note(b->ledger)[0])
        dd_cmd_warn(cmd, "%s", dd_ledger_note(b->ledger));
    list_accounts(b);
    return b;
}

void dd_book_close(dd_book *b)
{
    if (!b)
        return;
    if (!b->borrowed) {
        dd_ledger_close(b->ledger);
        dd_snapshot_drop((dd_snapshot *)b->s);
        dd_config_fini(&b->config);
    }
    dd_vec_free(&b->accounts);
    dd_buf_free(&b->dir);
    dd_arena_fini(&b->arena);
    free(b);
}

const dd_spend_account *dd_book_accounts(const dd_book *b, size_t *n)
{
    *n = b->accounts.n;
    return b->accounts.v;
}

bool           dd_book_configured(const dd_book *b) { return b->s && b->config.path; }
const dd_zone *dd_book_zone(const dd_book *b) { return b->zone; }
const char    *dd_book_dir(const dd_book *b) { return b->dir.ptr; }

const dd_spend_account *dd_book_of(const dd_book *b, dd_budget_scope scope, dd_str value)
{
    for (size_t i = 0; i < b->accounts.n; i++)
        if (!b->accounts.v[i].open && b->accounts.v[i].scope == scope && dd_str_eq(b->accounts.v[i].value, value))
            return &b->accounts.v[i];
    return NULL;
}

static bool has_room(const dd_spend_account *a, dd_pusd amount)
{
    dd_pusd sum;
    return amount == 0 || a->on_exceed == DD_EXCEED_WARN ||
           (!__builtin_add_overflow(a->spent, a->reserved, &sum) && !__builtin_add_overflow(sum, amount, &sum) && sum <= a->limit);
}

size_t dd_book_explain(dd_book *b, const dd_facts *f, dd_pusd amount, dd_book_verdict *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; b->s && i < b->s->budgets.n && n < max; i++) {
        const dd_budget *c = &b->s->budgets.v[i];
        dd_account       account = { .budget = c };
        dd_book_verdict *v = &out[n++];
        *v = (dd_book_verdict){ .applies = dd_budget_applies(c->scope, c->match, f, &account.value), .fits = true };
        dd_period_bounds(c->period, c->zone, b->now_s, &account.from_s, &account.to_s);
        account.id = dd_budget_id(c, account.value, account.from_s);
        if (v->applies) {
            v->account = of_budget(b, c, &account);
            v->fits    = has_room(&v->account, amount);
        } else {
            v->account = (dd_spend_account){ .scope = c->scope, .period = c->period, .value = c->match, .open = true, .source = "none" };
            say(&v->account, b, c);
            v->why = account.value.len ? "another value" : "the request names none";
        }
    }
    return n;
}

static void spent_json(dd_buf *out, dd_pusd spent)
{
    dd_buf_addz(out, "{\"spent_usd\":");
    dd_money_json(spent, out);
    dd_buf_addc(out, '}');
}

static dd_code log_reset(const dd_spend_account *a, dd_db *db, dd_err *err)
{
    dd_buf   who = DD_BUF_INIT(0), before = DD_BUF_INIT(0), after = DD_BUF_INIT(0), object = DD_BUF_INIT(0);
    dd_actor by  = dd_cmd_actor(&who);
    spent_json(&before, a->spent);
    spent_json(&after, 0);
    dd_buf_add(&object, a->name);
    if (a->value.len) {
        dd_buf_addc(&object, ' ');
        dd_buf_add(&object, a->value);
    }
    dd_code rc = dd_audit_add(db, &by, "budget.reset", dd_buf_str(&object), dd_buf_str(&before), dd_buf_str(&after), err);
    dd_buf_free(&who);
    dd_buf_free(&before);
    dd_buf_free(&after);
    dd_buf_free(&object);
    return rc;
}

/* First the log, then the deed: a change without its entry must not be. */
static dd_code forgive(dd_book *b, dd_spend_account *a, dd_err *err)
{
    dd_db  *db = NULL;
    dd_code rc = dd_config_db_open(true, &db, err);
    if (rc == DD_OK)
        rc = dd_db_begin(db, err);
    if (rc == DD_OK && (rc = log_reset(a, db, err)) != DD_OK)
        dd_db_rollback(db);
    if (rc == DD_OK)
        rc = dd_db_commit(db, err);
    dd_db_close(db);
    if (rc == DD_OK && !dd_ledger_forgive(b->ledger, a->id, &a->spent))
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "budget \"" DD_STR_FMT "\": its period is over", DD_STR_ARG(a->name));
    return rc;
}

static bool is_value(const dd_spend_account *a, dd_str value)
{
    return dd_str_eq(a->value, value) || (a->shown.len && dd_str_eq(a->shown, value));
}

dd_code dd_book_reset(dd_book *b, dd_str name, dd_str value, dd_spend_account *out, dd_err *err)
{
    bool known = false;
    for (size_t i = 0; i < b->accounts.n; i++) {
        dd_spend_account *a = &b->accounts.v[i];
        known = known || dd_str_eq(a->name, name);
        if (a->open || !dd_str_eq(a->name, name) || !is_value(a, value) || a->source[0] != 'l')
            continue;
        dd_code rc = forgive(b, a, err);
        *out       = *a;
        return rc;
    }
    if (!known)
        dd_fail(err, DD_ERR_NOT_FOUND, "there is no budget \"" DD_STR_FMT "\"", DD_STR_ARG(name));
    else
        dd_fail(err, DD_ERR_NOT_FOUND, "budget \"" DD_STR_FMT "\" has no account for \"" DD_STR_FMT "\"", DD_STR_ARG(name), DD_STR_ARG(value));
    dd_hint(err, "\"dd0c budgets list\" lists them.");
    return DD_ERR_NOT_FOUND;
}
