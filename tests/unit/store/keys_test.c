/* Keys at rest: their text, what they allow, create, find, rotate, revoke, and the audit log. */
#include "store/keys.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/unit/test.h"

static const dd_actor ada = { { "default", 7 }, { "ada", 3 }, { 1800000000 } };

/* A fresh database in a folder of its own. */
static dd_db *open_db(const char *name)
{
    char   dir[256];
    dd_err err = DD_ERR_INIT;
    snprintf(dir, sizeof dir, "%s/keys-%s", dd_test_dir(), name);
    dd_db *db = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dir, .create = true }, &err);
    if (!db)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    dd_keys_cost = 4;
    return db;
}

static dd_key wanted(const char *name) { return (dd_key){ .name = dd_str_z(name), .scopes = DD_SCOPE_DEFAULT }; }

static dd_key_made make(dd_db *db, const dd_key *k)
{
    dd_key_made made;
    dd_err      err = DD_ERR_INIT;
    if (dd_keys_create(db, &ada, k, &made, &err) != DD_OK)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    return made;
}

static void hash_of(dd_db *db, const char *id, char out[64])
{
    sqlite3_stmt *s;
    sqlite3_prepare_v2(dd_db_sqlite(db), "SELECT hash FROM keys WHERE id = ?", -1, &s, NULL);
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    out[0] = '\0';
    if (sqlite3_step(s) == SQLITE_ROW)
        snprintf(out, 64, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
}

TEST(key_text_has_one_shape) /* R9.3: dd0c_sk_<id>_<secret> */
{
    char   text[80];
    dd_str id, secret;
    snprintf(text, sizeof text, DD_KEY_PREFIX "%s_%s", "abcdefghij12", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg");
    CHECK(dd_key_parse(dd_str_z(text), &id, &secret));
    CHECK_STR(id, "abcdefghij12");
    CHECK_EQ(secret.len, 43, "R9.3: 43 of 62 characters are 256 bits");
    for (size_t i = 0; i < strlen(text); i++) { /* any other byte at any place that is fixed, or cut short anywhere */
        CHECK(!dd_key_parse((dd_str){ text, i }, &id, &secret));
        char was = text[i];
        text[i]  = '-';
        CHECK(!dd_key_parse(dd_str_z(text), &id, &secret));
        text[i] = was;
    }
    CHECK(!dd_key_parse(DD_STR_NULL, &id, &secret));
}

TEST(scopes_have_names)
{
    unsigned bit = 0;
    for (unsigned b = 1; b <= DD_SCOPE_ALL; b <<= 1)
        CHECK(dd_key_scope_name(b) && dd_key_scope_find(dd_str_z(dd_key_scope_name(b)), &bit) && bit == b);
    CHECK(!dd_key_scope_find(DD_STR("root"), &bit) && !dd_key_scope_name(0));
}

TEST(a_made_key_is_bcrypt_at_rest) /* R9.3 */
{
    dd_db      *db = open_db("made");
    dd_key      k  = wanted("ci");
    dd_key_made a  = make(db, &k), b = make(db, &k);
    dd_str      id, secret;
    char        hash[64];
    CHECK(dd_key_parse(dd_secret_reveal(a.text), &id, &secret));
    CHECK_STR(id, a.id);
    CHECK(strcmp(a.id, b.id) != 0);
    hash_of(db, a.id, hash);
    CHECK(strncmp(hash, "$2b$", 4) == 0 && strlen(hash) == 60);
    CHECK(dd_key_verify(secret, hash));
    CHECK(dd_key_parse(dd_secret_reveal(b.text), &id, &secret) && !dd_key_verify(secret, hash));
    dd_buf file = DD_BUF_INIT(0);
    dd_err err  = DD_ERR_INIT;
    sqlite3_wal_checkpoint_v2(dd_db_sqlite(db), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    CHECK_OK(dd_file_read(dd_db_path(db), &file, &err));
    CHECK(dd_key_parse(dd_secret_reveal(a.text), &id, &secret));
    CHECK(dd_str_find(dd_buf_str(&file), id) >= 0);      /* the search finds what is there */
    CHECK(dd_str_find(dd_buf_str(&file), secret) < 0);   /* R1.7: and the secret is not */
    struct stat st;
    CHECK(stat(dd_db_path(db), &st) == 0 && (st.st_mode & 077) == 0);
    dd_buf_free(&file);
    dd_secret_free(&a.text);
    dd_secret_free(&b.text);
    dd_db_close(db);
}

TEST(what_a_key_carries_comes_back)
{
    dd_db   *db  = open_db("carries");
    dd_arena mem = DD_ARENA_INIT;
    dd_err   err = DD_ERR_INIT;
    dd_str   models[] = { DD_STR("gpt-*"), DD_STR("anthropic/claude-*") };
    dd_key   k = { .name = DD_STR("caf\xc3\xa9"), .user = DD_STR("u1"), .team = DD_STR("core"), .feature = DD_STR("search"),
                   .tags = DD_STR("{\"env\":\"prod\"}"),
                   .models = models, .n_models = 2, .scopes = DD_SCOPE_EMBEDDINGS | DD_SCOPE_ADMIN, .expires_s = 1900000000 };
    dd_key_made made = make(db, &k);
    dd_key      got;
    CHECK_OK(dd_keys_find(db, ada.org, dd_str_z(made.id), &mem, &got, &err));
    CHECK_STR(got.name, "caf\xc3\xa9");
    CHECK_STR(got.org, "default");
    CHECK_STR(got.user, "u1");
    CHECK_STR(got.team, "core");
    CHECK_STR(got.feature, "search");
    CHECK_STR(got.tags, "{\"env\":\"prod\"}");
    CHECK_EQ(got.n_models, 2, "globs");
    CHECK_STR(got.models[1], "anthropic/claude-*");
    CHECK_EQ(got.scopes, DD_SCOPE_EMBEDDINGS | DD_SCOPE_ADMIN, "scopes");
    CHECK_EQ(got.expires_s, 1900000000, "expiry");
    CHECK_EQ(got.created_s, 1800000000, "created");
    dd_buf  json = DD_BUF_INIT(0);
    dd_json j    = DD_JSON_INIT(&json, 0);
    dd_json_open(&j, '{');
    dd_key_json(&j, &got, ada.now);
    dd_json_close(&j, '}');
    CHECK(dd_str_has(dd_buf_str(&json), "\"created\":\"2027-01-15T08:00:00Z\"")); /* date -u -d @1800000000 */
    CHECK(dd_str_has(dd_buf_str(&json), "\"status\":\"active\"") && dd_str_has(dd_buf_str(&json), "\"revoked\":null"));
    CHECK(dd_str_has(dd_buf_str(&json), "\"scopes\":[\"embeddings\",\"admin\"]"));
    CHECK_STR(dd_str_z(dd_key_status(&got, (dd_wall){ 1900000000 })), "expired");
    dd_buf_free(&json);
    dd_secret_free(&made.text);
    dd_arena_fini(&mem);
    dd_db_close(db);
}

TEST(what_no_key_may_be)
{
    dd_db *db  = open_db("refused");
    dd_err err = DD_ERR_INIT;
    char   looks[80], long_name[300];
    dd_str empty = DD_STR(""), line = DD_STR("a\nb");
    snprintf(looks, sizeof looks, DD_KEY_PREFIX "x");
    memset(long_name, 'n', sizeof long_name);
    dd_key bad[] = {
        { .name = DD_STR(""), .scopes = 1 },
        { .name = dd_str_z(looks), .scopes = 1 },
        { .name = { long_name, sizeof long_name }, .scopes = 1 },
        { .name = DD_STR("a\nb"), .scopes = 1 },
        { .name = DD_STR("a\x1b[31m"), .scopes = 1 },
        { .name = DD_STR("a\xff"), .scopes = 1 },
        { .name = DD_STR("n"), .scopes = 0 },
        { .name = DD_STR("n"), .scopes = 16 },
        { .name = DD_STR("n"), .scopes = 1, .tags = DD_STR("[1]") },
        { .name = DD_STR("n"), .scopes = 1, .tags = DD_STR("{\"a\":1}") },
        { .name = DD_STR("n"), .scopes = 1, .tags = DD_STR("{") },
        { .name = DD_STR("n"), .scopes = 1, .models = &empty, .n_models = 1 },
        { .name = DD_STR("n"), .scopes = 1, .models = &line, .n_models = 1 },
    };
    for (size_t i = 0; i < DD_COUNT(bad); i++) {
        dd_key_made made;
        CHECK_EQ(dd_keys_create(db, &ada, &bad[i], &made, &err), DD_ERR_USAGE, err.msg);
        CHECK(!dd_secret_is(made.text));
    }
    dd_db_close(db);
}

TEST(a_key_is_found_by_id_name_start_and_text)
{
    dd_db   *db  = open_db("find");
    dd_arena mem = DD_ARENA_INIT;
    dd_err   err = DD_ERR_INIT;
    dd_key   k = wanted("ci-main"), other = wanted("batch"), got;
    dd_key_made a = make(db, &k), b = make(db, &other), c = make(db, &other);
    CHECK_OK(dd_keys_find(db, ada.org, DD_STR("ci-main"), &mem, &got, &err));
    CHECK_STR(got.id, a.id);
    CHECK_OK(dd_keys_find(db, ada.org, dd_secret_reveal(a.text), &mem, &got, &err));
    CHECK_STR(got.id, a.id);
    CHECK_OK(dd_keys_find(db, ada.org, (dd_str){ a.id, 8 }, &mem, &got, &err));
    CHECK_STR(got.id, a.id);
    CHECK_EQ(dd_keys_find(db, ada.org, (dd_str){ a.id, 3 }, &mem, &got, &err), DD_ERR_NOT_FOUND, "three letters name nothing");
    CHECK_EQ(dd_keys_find(db, ada.org, DD_STR("batch"), &mem, &got, &err), DD_ERR_USAGE, "two of that name");
    CHECK(strstr(err.hint, b.id) && strstr(err.hint, c.id));
    bool already;
    CHECK_OK(dd_keys_revoke(db, &ada, dd_str_z(b.id), &already, &err));
    CHECK_OK(dd_keys_find(db, ada.org, DD_STR("batch"), &mem, &got, &err)); /* the living one */
    CHECK_STR(got.id, c.id);
    CHECK_EQ(dd_keys_find(db, ada.org, DD_STR("ci-mian"), &mem, &got, &err), DD_ERR_NOT_FOUND, "a slip");
    CHECK(strstr(err.hint, "ci-main") != NULL);
    CHECK_EQ(dd_keys_find(db, DD_STR("other"), DD_STR("ci-main"), &mem, &got, &err), DD_ERR_NOT_FOUND, "R4.8: another org sees nothing");
    dd_str whole = dd_secret_reveal(a.text);
    CHECK_EQ(dd_keys_find(db, ada.org, dd_str_sub(whole, 0, whole.len - 1), &mem, &got, &err), DD_ERR_USAGE, "half a key");
    CHECK(!strstr(err.msg, a.id)); /* R1.7: what may be a secret is not repeated */
    dd_secret_free(&a.text);
    dd_secret_free(&b.text);
    dd_secret_free(&c.text);
    dd_arena_fini(&mem);
    dd_db_close(db);
}

TEST(rotate_kills_the_old_text_and_keeps_the_id) /* R9.3 */
{
    dd_db      *db = open_db("rotate");
    dd_err      err = DD_ERR_INIT;
    dd_key      k = wanted("svc");
    dd_key_made old = make(db, &k), fresh;
    dd_str      id, secret;
    char        hash[64];
    bool        already;
    CHECK_OK(dd_keys_rotate(db, &ada, dd_str_z(old.id), &fresh, &err));
    CHECK(strcmp(old.id, fresh.id) == 0 && !dd_str_eq(dd_secret_reveal(old.text), dd_secret_reveal(fresh.text)));
    hash_of(db, old.id, hash);
    CHECK(dd_key_parse(dd_secret_reveal(old.text), &id, &secret) && !dd_key_verify(secret, hash));
    CHECK(dd_key_parse(dd_secret_reveal(fresh.text), &id, &secret) && dd_key_verify(secret, hash));
    dd_secret_free(&fresh.text);
    CHECK_OK(dd_keys_revoke(db, &ada, dd_str_z(old.id), &already, &err));
    CHECK(!already);
    CHECK_OK(dd_keys_revoke(db, &ada, dd_str_z(old.id), &already, &err));
    CHECK(already);
    CHECK_EQ(dd_keys_rotate(db, &ada, dd_str_z(old.id), &fresh, &err), DD_ERR_USAGE, "a revoked key stays dead");
    CHECK(!dd_secret_is(fresh.text));
    CHECK_EQ(dd_keys_rotate(db, &ada, DD_STR("nosuchkey123"), &fresh, &err), DD_ERR_NOT_FOUND, "no such key");
    CHECK_EQ(dd_keys_revoke(db, &ada, DD_STR("nosuchkey123"), &already, &err), DD_ERR_NOT_FOUND, "no such key");
    dd_secret_free(&old.text);
    dd_db_close(db);
}

static void collect(void *ctx, const dd_audit_row *row)
{
    dd_buf_printf(ctx, "%s " DD_STR_FMT " " DD_STR_FMT " %lld [" DD_STR_FMT "] [" DD_STR_FMT "]\n", dd_str_eq(row->who, ada.who) ? "ada" : "?",
                  DD_STR_ARG(row->action),
                  DD_STR_ARG(row->object), (long long)row->time_ms, DD_STR_ARG(row->old_value), DD_STR_ARG(row->new_value));
}

TEST(each_change_is_in_the_audit_log) /* R4.7 */
{
    dd_db      *db  = open_db("audit");
    dd_err      err = DD_ERR_INIT;
    dd_key      k   = wanted("svc");
    dd_key_made old = make(db, &k), fresh;
    bool        already;
    dd_buf      log = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
    CHECK_OK(dd_keys_rotate(db, &ada, dd_str_z(old.id), &fresh, &err));
    CHECK_OK(dd_keys_revoke(db, &ada, dd_str_z(old.id), &already, &err));
    CHECK_OK(dd_keys_revoke(db, &ada, dd_str_z(old.id), &already, &err)); /* changes nothing, so says nothing */
    CHECK_OK(dd_audit_each(db, ada.org, 0, collect, &log, &err));
    dd_str rest = dd_buf_str(&log), lines[4];
    for (size_t i = 0; i < 4; i++)
        lines[i] = dd_str_cut(&rest, '\n');
    dd_buf_printf(&want, "ada key.create %s 1800000000000 [] [{", old.id);
    CHECK(dd_str_starts(lines[0], dd_buf_str(&want)));
    CHECK(dd_str_has(lines[1], "ada key.rotate ") && dd_str_has(lines[1], "\"rotations\":0}] [{") && dd_str_endsz(lines[1], "\"rotations\":1}]"));
    CHECK(dd_str_has(lines[2], "ada key.revoke ") && dd_str_has(lines[2], "\"revoked\":null") && dd_str_has(lines[2], "\"status\":\"revoked\""));
    CHECK_EQ(lines[3].len, 0, "three rows");
    dd_str id, secret;
    CHECK(dd_key_parse(dd_secret_reveal(old.text), &id, &secret) && dd_str_find(dd_buf_str(&log), secret) < 0);
    CHECK(!dd_str_has(dd_buf_str(&log), "$2b$"));
    dd_buf_clear(&log);
    CHECK_OK(dd_audit_each(db, DD_STR("other"), 0, collect, &log, &err));
    CHECK_EQ(log.len, 0, "R4.8: another org sees nothing");
    dd_actor later = ada;
    later.now.s += 90 * 86400 + 1; /* kept 90 days */
    CHECK_OK(dd_audit_add(db, &later, "test", DD_STR("x"), DD_STR(""), DD_STR(""), &err));
    CHECK_OK(dd_audit_each(db, ada.org, 0, collect, &log, &err));
    CHECK(dd_str_has(dd_buf_str(&log), "ada test x") && !dd_str_has(dd_buf_str(&log), "key."));
    dd_buf_free(&log);
    dd_buf_free(&want);
    dd_secret_free(&old.text);
    dd_secret_free(&fresh.text);
    dd_db_close(db);
}

TEST(a_refused_change_leaves_nothing)
{
    dd_db      *db  = open_db("atomic");
    dd_err      err = DD_ERR_INIT;
    dd_key      k   = wanted("svc");
    dd_key_made made = make(db, &k), fresh;
    char        before[64], after[64];
    bool        already;
    hash_of(db, made.id, before);
    CHECK_OK(dd_db_exec(db, "CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN SELECT RAISE(FAIL, 'full'); END", &err));
    CHECK_EQ(dd_keys_rotate(db, &ada, dd_str_z(made.id), &fresh, &err), DD_ERR_IO, "R4.7: no change without its row in the log");
    CHECK(!dd_secret_is(fresh.text));
    CHECK_EQ(dd_keys_revoke(db, &ada, dd_str_z(made.id), &already, &err), DD_ERR_IO, "no change without its row");
    hash_of(db, made.id, after);
    CHECK(strcmp(before, after) == 0);
    dd_arena mem = DD_ARENA_INIT;
    CHECK_OK(dd_keys_find(db, ada.org, dd_str_z(made.id), &mem, &k, &err));
    CHECK_EQ(k.revoked_s, 0, "rolled back");
    dd_arena_fini(&mem);
    dd_secret_free(&made.text);
    dd_db_close(db);
}
