/* Sealed secrets: only the right master key opens them, only where they were put. */
#include "store/secrets.h"

#include <string.h>

#include "base/file.h"
#include "store/seal.h"
#include "tests/unit/test.h"

static const dd_actor ada = { { "default", 7 }, { "ada", 3 }, { 1800000000 } };

static dd_db *open_db(const char *name)
{
    char   dir[256];
    dd_err err = DD_ERR_INIT;
    snprintf(dir, sizeof dir, "%s/secrets-%s", dd_test_dir(), name);
    dd_db *db = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dir, .create = true }, &err);
    if (!db)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    return db;
}

static void unhex(const char *hex, dd_buf *out)
{
    for (; *hex; hex += 2) {
        unsigned byte = 0;
        sscanf(hex, "%2x", &byte);
        dd_buf_addc(out, (char)byte);
    }
}

static void set(dd_db *db, dd_secret master, const char *name, const char *value)
{
    dd_err    err = DD_ERR_INIT;
    bool      replaced;
    dd_secret v = dd_secret_new(dd_str_z(value));
    if (dd_secrets_set(db, &ada, master, dd_str_z(name), v, &replaced, &err) != DD_OK)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    dd_secret_free(&v);
}

static void check_value(dd_db *db, dd_secret master, const char *name, const char *want)
{
    dd_err    err = DD_ERR_INIT;
    dd_secret got;
    CHECK_OK(dd_secrets_get(db, ada.org, master, dd_str_z(name), &got, &err));
    CHECK_STR(dd_secret_reveal(got), want);
    dd_secret_free(&got);
}

/* Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega; the submission to NIST). */
TEST(sealing_is_aes_256_gcm) /* R4.3 */
{
    dd_buf    key = DD_BUF_INIT(0), plain = DD_BUF_INIT(0), about = DD_BUF_INIT(0), sealed = DD_BUF_INIT(0), again = DD_BUF_INIT(0);
    dd_secret out;
    dd_err    err = DD_ERR_INIT;
    unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", &key);
    unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", &plain);
    unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2", &about);
    unhex("cafebabefacedbaddecaf888"
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
          "76fc6ece0f4e1768cddf8853bb2d551b", &sealed);
    CHECK_OK(dd_unseal(dd_buf_str(&key), dd_buf_str(&about), dd_buf_str(&sealed), &out, &err));
    CHECK(dd_str_eq(dd_secret_reveal(out), dd_buf_str(&plain)));
    dd_secret_free(&out);
    for (size_t i = 0; i < sealed.len; i++) { /* each bit counts, and each length */
        sealed.ptr[i] ^= 1;
        CHECK_EQ(dd_unseal(dd_buf_str(&key), dd_buf_str(&about), dd_buf_str(&sealed), &out, &err), DD_ERR_PARSE, "a changed byte");
        sealed.ptr[i] ^= 1;
        CHECK_EQ(dd_unseal(dd_buf_str(&key), dd_buf_str(&about), (dd_str){ sealed.ptr, i }, &out, &err), DD_ERR_PARSE, "cut short");
    }
    CHECK_EQ(dd_unseal(dd_buf_str(&key), DD_STR("x"), dd_buf_str(&sealed), &out, &err), DD_ERR_PARSE, "sealed about something else");
    dd_buf_clear(&sealed);
    CHECK_OK(dd_seal(dd_buf_str(&key), dd_buf_str(&about), dd_buf_str(&plain), &sealed, &err));
    CHECK_OK(dd_seal(dd_buf_str(&key), dd_buf_str(&about), dd_buf_str(&plain), &again, &err));
    CHECK_EQ(sealed.len, plain.len + 12 + 16, "nonce, text, tag");
    CHECK(memcmp(sealed.ptr, again.ptr, 12) != 0); /* never the same nonce */
    CHECK_OK(dd_unseal(dd_buf_str(&key), dd_buf_str(&about), dd_buf_str(&again), &out, &err));
    CHECK(dd_str_eq(dd_secret_reveal(out), dd_buf_str(&plain)));
    dd_secret_free(&out);
    dd_buf_free(&key);
    dd_buf_free(&plain);
    dd_buf_free(&about);
    dd_buf_free(&sealed);
    dd_buf_free(&again);
}

TEST(a_master_key_has_32_bytes)
{
    /* bytes 0, 1, ... 31; printf by hand: base64 of them per RFC 4648 */
    static const char *const good[] = {
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
        "  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    };
    static const char *const bad[] = {
        "", "00", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh",
    };
    dd_secret s;
    dd_err    err = DD_ERR_INIT;
    char      text[65];
    for (size_t i = 0; i < DD_COUNT(good); i++) {
        CHECK_OK(dd_master_parse(dd_str_z(good[i]), &s, &err));
        dd_master_format(s, text);
        CHECK_STR(dd_str_z(text), good[0]);
        dd_secret_free(&s);
    }
    for (size_t i = 0; i < DD_COUNT(bad); i++) {
        CHECK_EQ(dd_master_parse(dd_str_z(bad[i]), &s, &err), DD_ERR_PARSE, bad[i]);
        CHECK(!dd_secret_is(s) && (!bad[i][0] || !strstr(err.msg, bad[i])));
    }
}

TEST(secrets_come_back_and_are_not_readable_at_rest) /* R4.3 */
{
    dd_db    *db     = open_db("rest");
    dd_secret master = dd_master_new(), got;
    dd_err    err    = DD_ERR_INIT;
    dd_arena  mem    = DD_ARENA_INIT;
    bool      sealed = true;
    CHECK_OK(dd_secrets_sealed(db, ada.org, &sealed, &err));
    CHECK(!sealed);
    CHECK_OK(dd_secrets_check(db, ada.org, master, &err));
    set(db, master, "openai", "value one of a provider");
    set(db, master, "anthropic", "value two of a provider");
    set(db, master, "openai", "value three of a provider");
    check_value(db, master, "openai", "value three of a provider");
    check_value(db, master, "anthropic", "value two of a provider");
    CHECK_OK(dd_secrets_sealed(db, ada.org, &sealed, &err));
    CHECK(sealed);
    CHECK_EQ(dd_secrets_get(db, ada.org, master, DD_STR("opnai"), &got, &err), DD_ERR_NOT_FOUND, "a slip");
    CHECK(strstr(err.hint, "openai") != NULL);
    CHECK_EQ(dd_secrets_get(db, DD_STR("other"), master, DD_STR("openai"), &got, &err), DD_ERR_NOT_FOUND, "R4.8: another org");
    dd_secret_info *all;
    size_t          n;
    CHECK_OK(dd_secrets_list(db, ada.org, &mem, &all, &n, &err));
    CHECK_EQ(n, 2, "two names");
    CHECK_STR(all[0].name, "anthropic");
    dd_buf file = DD_BUF_INIT(0);
    CHECK_OK(dd_file_read(dd_db_path(db), &file, &err));
    CHECK(dd_str_has(dd_buf_str(&file), "anthropic") && !dd_str_has(dd_buf_str(&file), "of a provider"));
    CHECK(dd_str_find(dd_buf_str(&file), dd_secret_reveal(master)) < 0);
    CHECK_OK(dd_secrets_remove(db, &ada, DD_STR("openai"), &err));
    CHECK_EQ(dd_secrets_get(db, ada.org, master, DD_STR("openai"), &got, &err), DD_ERR_NOT_FOUND, "removed");
    CHECK_EQ(dd_secrets_remove(db, &ada, DD_STR("openai"), &err), DD_ERR_NOT_FOUND, "removed");
    dd_buf_free(&file);
    dd_secret_free(&master);
    dd_arena_fini(&mem);
    dd_db_close(db);
}

TEST(another_master_key_opens_nothing) /* R4.3 */
{
    dd_db    *db    = open_db("other");
    dd_secret right = dd_master_new(), wrong = dd_master_new(), got, value = dd_secret_new(DD_STR("v"));
    dd_err    err   = DD_ERR_INIT;
    bool      replaced;
    set(db, right, "openai", "value");
    CHECK_EQ(dd_secrets_check(db, ada.org, wrong, &err), DD_ERR_PARSE, "does not fit");
    CHECK(strstr(err.msg, "master key") && err.hint[0]);
    CHECK_EQ(dd_secrets_get(db, ada.org, wrong, DD_STR("openai"), &got, &err), DD_ERR_PARSE, "does not fit");
    CHECK(!dd_secret_is(got));
    CHECK_EQ(dd_secrets_set(db, &ada, wrong, DD_STR("x"), value, &replaced, &err), DD_ERR_PARSE, "no mixture of keys");
    check_value(db, right, "openai", "value");
    dd_secret_free(&right);
    dd_secret_free(&wrong);
    dd_secret_free(&value);
    dd_db_close(db);
}

TEST(a_row_cannot_be_moved_or_changed) /* R4.3: org and name are authenticated */
{
    dd_db    *db     = open_db("moved");
    dd_secret master = dd_master_new(), got;
    dd_err    err    = DD_ERR_INIT;
    set(db, master, "cheap", "cheap value");
    set(db, master, "dear", "dear value");
    CHECK_OK(dd_db_exec(db, "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'dear') WHERE name = 'cheap'", &err));
    CHECK_EQ(dd_secrets_get(db, ada.org, master, DD_STR("cheap"), &got, &err), DD_ERR_PARSE, "moved");
    CHECK(strstr(err.msg, "damaged") != NULL);
    CHECK_OK(dd_db_exec(db, "INSERT INTO orgs VALUES ('o2', 'o2', 1); UPDATE secrets SET org = 'o2'; INSERT INTO data_keys (org, sealed, created_s) "
                            "SELECT 'o2', sealed, 1 FROM data_keys", &err));
    CHECK_EQ(dd_secrets_get(db, DD_STR("o2"), master, DD_STR("dear"), &got, &err), DD_ERR_PARSE, "R4.8: taken to another org");
    dd_secret_free(&master);
    dd_db_close(db);
}

TEST(names_and_values_have_bounds)
{
    dd_db    *db     = open_db("bounds");
    dd_secret master = dd_master_new(), value = dd_secret_new(DD_STR("v")), empty = dd_secret_new(DD_STR(""));
    dd_err    err    = DD_ERR_INIT;
    bool      replaced;
    static const char *const bad[] = { "", "-x", ".x", "a b", "a/b", "a:b", "caf\xc3\xa9", "a\n",
                                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    for (size_t i = 0; i < DD_COUNT(bad); i++)
        CHECK_EQ(dd_secrets_set(db, &ada, master, dd_str_z(bad[i]), value, &replaced, &err), DD_ERR_USAGE, bad[i]);
    CHECK(dd_secret_name_ok(DD_STR("openai")) && dd_secret_name_ok(DD_STR("azure.eu-1_b")) && !dd_secret_name_ok((dd_str){ "a\0b", 3 }));
    CHECK_EQ(dd_secrets_set(db, &ada, master, DD_STR("x"), empty, &replaced, &err), DD_ERR_USAGE, "empty");
    dd_secret_free(&master);
    dd_secret_free(&value);
    dd_secret_free(&empty);
    dd_db_close(db);
}

TEST(a_new_master_key_takes_all_or_nothing)
{
    dd_db    *db = open_db("reseal");
    dd_secret a = dd_master_new(), b = dd_master_new(), c = dd_master_new();
    dd_err    err = DD_ERR_INIT;
    dd_buf    before = DD_BUF_INIT(0), after = DD_BUF_INIT(0);
    size_t    n;
    CHECK_OK(dd_secrets_reseal(db, &ada, a, b, &n, &err)); /* nothing is sealed yet */
    set(db, a, "one", "1");
    set(db, a, "two", "2");
    sqlite3_stmt *s;
    sqlite3_prepare_v2(dd_db_sqlite(db), "SELECT sealed FROM data_keys UNION ALL SELECT sealed FROM secrets", -1, &s, NULL);
    dd_str pieces[3];
    for (size_t i = 0; i < 3 && sqlite3_step(s) == SQLITE_ROW; i++) {
        size_t at = before.len;
        dd_buf_add(&before, (dd_str){ sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0) });
        pieces[i] = (dd_str){ NULL, before.len - at };
    }
    sqlite3_finalize(s);
    CHECK_OK(dd_secrets_reseal(db, &ada, a, b, &n, &err));
    CHECK_EQ(n, 2, "both");
    check_value(db, b, "one", "1");
    check_value(db, b, "two", "2");
    CHECK_EQ(dd_secrets_check(db, ada.org, a, &err), DD_ERR_PARSE, "the old one is out");
    CHECK_OK(dd_file_read(dd_db_path(db), &after, &err));
    size_t at = 0;
    for (size_t i = 0; i < 3; at += pieces[i++].len)
        CHECK(dd_str_find(dd_buf_str(&after), dd_str_sub(dd_buf_str(&before), at, at + pieces[i].len)) < 0); /* no copy in a free page */
    CHECK_EQ(dd_secrets_reseal(db, &ada, a, c, &n, &err), DD_ERR_PARSE, "by the right one only");
    CHECK_OK(dd_db_exec(db, "UPDATE secrets SET sealed = x'00' WHERE name = 'two'", &err));
    CHECK_EQ(dd_secrets_reseal(db, &ada, b, c, &n, &err), DD_ERR_PARSE, "one is damaged");
    check_value(db, b, "one", "1"); /* all or nothing */
    dd_buf_free(&before);
    dd_buf_free(&after);
    dd_secret_free(&a);
    dd_secret_free(&b);
    dd_secret_free(&c);
    dd_db_close(db);
}

static void collect(void *ctx, const dd_audit_row *row)
{
    dd_buf_printf(ctx, DD_STR_FMT " " DD_STR_FMT " [" DD_STR_FMT "] [" DD_STR_FMT "]\n", DD_STR_ARG(row->action),
                  DD_STR_ARG(row->object), DD_STR_ARG(row->old_value), DD_STR_ARG(row->new_value));
}

TEST(changes_of_secrets_are_logged_without_them) /* R4.7 */
{
    dd_db    *db = open_db("log");
    dd_secret a = dd_master_new(), b = dd_master_new();
    dd_err    err = DD_ERR_INIT;
    dd_buf    log = DD_BUF_INIT(0);
    size_t    n;
    set(db, a, "openai", "hidden value");
    set(db, a, "openai", "hidden value");
    CHECK_OK(dd_secrets_reseal(db, &ada, a, b, &n, &err));
    CHECK_OK(dd_secrets_remove(db, &ada, DD_STR("openai"), &err));
    CHECK_OK(dd_audit_each(db, ada.org, 0, collect, &log, &err));
    CHECK_STR(dd_buf_str(&log), "secret.set openai [] [{\"name\":\"openai\",\"updated_s\":1800000000}]\n"
                                "secret.set openai [{\"name\":\"openai\",\"updated_s\":1800000000}] "
                                "[{\"name\":\"openai\",\"updated_s\":1800000000}]\n"
                                "secret.rotate master key [] []\n"
                                "secret.remove openai [{\"name\":\"openai\",\"updated_s\":1800000000}] []\n");
    dd_buf_free(&log);
    dd_secret_free(&a);
    dd_secret_free(&b);
    dd_db_close(db);
}
