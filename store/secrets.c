#include "store/secrets.h"

#include <string.h>

#include "base/json.h"
#include "base/near.h"
#include "store/seal.h"
#include "store/sql.h"

/* --- the master key --- */

static bool parse_hex(dd_str s, unsigned char out[DD_MASTER_LEN])
{
    if (s.len != 2 * DD_MASTER_LEN)
        return false;
    for (size_t i = 0; i < DD_MASTER_LEN; i++) {
        int high = dd_hex_digit(s.ptr[2 * i]), low = dd_hex_digit(s.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* Either alphabet of RFC 4648; 32 bytes are 43 characters and one "=", which may be missing. */
static bool parse_base64(dd_str s, unsigned char out[DD_MASTER_LEN])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", url[] = "-_";
    uint32_t          bits = 0;
    int               have = 0;
    size_t            n    = 0;
    if (s.len == 44 && s.ptr[43] == '=')
        s.len--;
    if (s.len != 43)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        const char *at = s.ptr[i] ? strchr(plain, s.ptr[i]) : NULL, *at_url = s.ptr[i] ? strchr(url, s.ptr[i]) : NULL;
        if (!at && !at_url)
            return false;
        bits = bits << 6 | (uint32_t)(at ? at - plain : 62 + (at_url - url));
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (unsigned char)(bits >> have);
        }
    }
    return n == DD_MASTER_LEN && (bits & 3) == 0; /* two bits are left over */
}

dd_code dd_master_parse(dd_str text, dd_secret *out, dd_err *err)
{
    unsigned char bytes[DD_MASTER_LEN];
    dd_str        s  = dd_str_trim(text);
    bool          ok = parse_hex(s, bytes) || parse_base64(s, bytes);
    *out             = ok ? dd_secret_new((dd_str){ (const char *)bytes, sizeof bytes }) : DD_SECRET_NONE;
    dd_wipe(bytes, sizeof bytes);
    if (ok)
        return DD_OK;
    dd_fail(err, DD_ERR_PARSE, "the master key is not 32 bytes in hexadecimal or base64");
    dd_hint(err, "Make one: openssl rand -hex 32.");
    return DD_ERR_PARSE;
}

dd_secret dd_master_new(void)
{
    char bytes[DD_MASTER_LEN];
    dd_random_bytes(bytes, sizeof bytes);
    dd_secret s = dd_secret_new((dd_str){ bytes, sizeof bytes });
    dd_wipe(bytes, sizeof bytes);
    return s;
}

void dd_master_format(dd_secret master, char out[2 * DD_MASTER_LEN + 1])
{
    dd_str s = dd_secret_reveal(master);
    for (size_t i = 0; i < DD_MASTER_LEN; i++) {
        unsigned char b = i < s.len ? (unsigned char)s.ptr[i] : 0;
        out[2 * i]      = "0123456789abcdef"[b >> 4];
        out[2 * i + 1]  = "0123456789abcdef"[b & 15];
    }
    out[2 * DD_MASTER_LEN] = '\0';
}

/* --- what is authenticated with each piece: no two pieces share a text, for no part can hold a NUL --- */

static void about(dd_buf *out, const char *kind, dd_str org, dd_str name)
{
    dd_buf_addz(out, kind);
    dd_buf_addc(out, '\0');
    dd_buf_add(out, org);
    dd_buf_addc(out, '\0');
    dd_buf_add(out, name);
}

static dd_code seal(dd_secret key, const char *kind, dd_str org, dd_str name, dd_str plain, dd_buf *out, dd_err *err)
{
    dd_buf  text = DD_BUF_INIT(0);
    about(&text, kind, org, name);
    dd_code rc = dd_seal(dd_secret_reveal(key), dd_buf_str(&text), plain, out, err);
    dd_buf_free(&text);
    return rc;
}

static dd_code unseal(dd_secret key, const char *kind, dd_str org, dd_str name, dd_str sealed, dd_secret *out, dd_err *err)
{
    dd_buf  text = DD_BUF_INIT(0);
    about(&text, kind, org, name);
    dd_code rc = dd_unseal(dd_secret_reveal(key), dd_buf_str(&text), sealed, out, err);
    dd_buf_free(&text);
    return rc;
}

#define DATA_KEY "dd0c data key"
#define SECRET   "dd0c secret"

/* --- the data key --- */

static dd_code wrong_master(dd_err *err)
{
    dd_fail(err, DD_ERR_PARSE, "the master key does not fit these secrets");
    dd_hint(err, "They were sealed under another one: give it by DD0C_MASTER_KEY, DD0C_MASTER_KEY_CMD or the file master.key.");
    return DD_ERR_PARSE;
}

/* *id 0: there is none yet. */
static dd_code open_data_key(dd_db *db, dd_str org, dd_secret master, int64_t *id, dd_secret *out, dd_err *err)
{
    dd_err unused = DD_ERR_INIT;
    dd_sql s      = dd_sql_prepare(db, "SELECT id, sealed FROM data_keys WHERE org = ? ORDER BY id DESC LIMIT 1", err);
    bool   fits   = true;
    *id  = 0;
    *out = DD_SECRET_NONE;
    dd_sql_text(&s, org);
    if (dd_sql_row(&s)) {
        *id  = dd_sql_get_i64(&s, 0);
        fits = unseal(master, DATA_KEY, org, DD_STR(""), dd_sql_get_text(&s, 1), out, &unused) == DD_OK && dd_secret_reveal(*out).len == DD_SEAL_KEY;
    }
    dd_code rc = dd_sql_end(&s);
    if (rc == DD_OK && !fits)
        rc = wrong_master(err);
    if (rc != DD_OK)
        dd_secret_free(out);
    return rc;
}

static dd_code make_data_key(dd_db *db, const dd_actor *by, dd_secret master, int64_t *id, dd_secret *out, dd_err *err)
{
    dd_buf sealed = DD_BUF_INIT(0);
    *out          = dd_master_new(); /* as many random bytes */
    dd_code rc    = seal(master, DATA_KEY, by->org, DD_STR(""), dd_secret_reveal(*out), &sealed, err);
    if (rc == DD_OK) {
        dd_sql s = dd_sql_prepare(db, "INSERT INTO data_keys (org, sealed, created_s) VALUES (?, ?, ?)", err);
        dd_sql_text(&s, by->org);
        dd_sql_blob(&s, sealed.ptr, sealed.len);
        dd_sql_i64(&s, by->now.s);
        rc  = dd_sql_run(&s);
        *id = sqlite3_last_insert_rowid(dd_db_sqlite(db));
    }
    dd_buf_free(&sealed);
    return rc;
}

dd_code dd_secrets_sealed(dd_db *db, dd_str org, bool *sealed, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "SELECT 1 FROM data_keys WHERE org = ? LIMIT 1", err);
    dd_sql_text(&s, org);
    *sealed = dd_sql_row(&s);
    return dd_sql_end(&s);
}

dd_code dd_secrets_check(dd_db *db, dd_str org, dd_secret master, dd_err *err)
{
    dd_secret key;
    int64_t   id;
    dd_code   rc = open_data_key(db, org, master, &id, &key, err);
    dd_secret_free(&key);
    return rc;
}

/* What is replaced or deleted does not stay in free pages: an old master key must not open an old copy of a value. */
static dd_code begin(dd_db *db, dd_err *err)
{
    dd_code rc = dd_db_exec(db, "PRAGMA secure_delete = ON", err);
    return rc == DD_OK ? dd_db_begin(db, err) : rc;
}

static dd_code finish(dd_db *db, dd_code rc, dd_err *err)
{
    rc = dd_sql_finish(db, rc, err);
    /* The write-ahead log holds old pages, too. A reader may prevent it; then it is done by who closes the database last. */
    sqlite3_wal_checkpoint_v2(dd_db_sqlite(db), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return rc;
}

/* --- secrets --- */

bool dd_secret_name_ok(dd_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c     = name.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (i == 0 || !strchr("-_.", c) || !c))
            return false;
    }
    return name.len && name.len <= DD_SECRET_NAME_MAX;
}

static dd_code put(dd_db *db, const dd_actor *by, int64_t data_key, dd_str name, dd_str sealed, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "INSERT INTO secrets (org, name, data_key_id, sealed, created_s, updated_s) VALUES (?1, ?2, ?3, ?4, ?5, ?5) "
                                  "ON CONFLICT (org, name) DO UPDATE SET data_key_id = ?3, sealed = ?4, updated_s = ?5", err);
    dd_sql_text(&s, by->org);
    dd_sql_text(&s, name);
    dd_sql_i64(&s, data_key);
    dd_sql_blob(&s, sealed.ptr, sealed.len);
    dd_sql_i64(&s, by->now.s);
    return dd_sql_run(&s);
}

static dd_code exists(dd_db *db, dd_str org, dd_str name, int64_t *updated_s, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "SELECT updated_s FROM secrets WHERE org = ? AND name = ?", err);
    dd_sql_text(&s, org);
    dd_sql_text(&s, name);
    *updated_s = dd_sql_row(&s) ? dd_sql_get_i64(&s, 0) : -1;
    return dd_sql_end(&s);
}

/* {"name": ..., "updated": seconds} */
static void put_audit(dd_buf *out, dd_str name, int64_t updated_s)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "name");
    dd_json_str(&j, name);
    dd_json_key(&j, "updated_s");
    dd_json_i64(&j, updated_s);
    dd_json_close(&j, '}');
}

static dd_code log_change(dd_db *db, const dd_actor *by, const char *action, dd_str name, int64_t before_s, int64_t after_s, dd_err *err)
{
    dd_buf before = DD_BUF_INIT(0), after = DD_BUF_INIT(0);
    if (before_s >= 0)
        put_audit(&before, name, before_s);
    if (after_s >= 0)
        put_audit(&after, name, after_s);
    dd_code rc = dd_audit_add(db, by, action, name, dd_buf_str(&before), dd_buf_str(&after), err);
    dd_buf_free(&before);
    dd_buf_free(&after);
    return rc;
}

dd_code dd_secrets_set(dd_db *db, const dd_actor *by, dd_secret master, dd_str name, dd_secret value, bool *replaced, dd_err *err)
{
    dd_secret key    = DD_SECRET_NONE;
    dd_buf    sealed = DD_BUF_INIT(0);
    int64_t   id = 0, before = -1;
    if (!dd_secret_name_ok(name)) {
        dd_fail(err, DD_ERR_USAGE, "the name of a secret has letters, digits, \"-\", \"_\" and \".\", at most %d", DD_SECRET_NAME_MAX);
        return DD_ERR_USAGE;
    }
    if (!dd_secret_reveal(value).len || dd_secret_reveal(value).len > DD_SECRET_VALUE_MAX)
        return dd_fail(err, DD_ERR_USAGE, "a secret has 1 to %d bytes", DD_SECRET_VALUE_MAX);
    dd_code rc = begin(db, err);
    if (rc == DD_OK)
        rc = open_data_key(db, by->org, master, &id, &key, err);
    if (rc == DD_OK && !id)
        rc = make_data_key(db, by, master, &id, &key, err);
    if (rc == DD_OK)
        rc = seal(key, SECRET, by->org, name, dd_secret_reveal(value), &sealed, err);
    if (rc == DD_OK)
        rc = exists(db, by->org, name, &before, err);
    if (rc == DD_OK)
        rc = put(db, by, id, name, dd_buf_str(&sealed), err);
    if (rc == DD_OK)
        rc = log_change(db, by, "secret.set", name, before, by->now.s, err);
    *replaced = before >= 0;
    dd_secret_free(&key);
    dd_buf_free(&sealed);
    return finish(db, rc, err);
}

dd_code dd_secrets_list(dd_db *db, dd_str org, dd_arena *a, dd_secret_info **out, size_t *n, dd_err *err)
{
    DD_VEC(dd_secret_info) all = { 0 };
    dd_sql s = dd_sql_prepare(db, "SELECT name, created_s, updated_s FROM secrets WHERE org = ? ORDER BY name", err);
    dd_sql_text(&s, org);
    while (dd_sql_row(&s)) {
        dd_secret_info info = { dd_arena_dup(a, dd_sql_get_text(&s, 0)), dd_sql_get_i64(&s, 1), dd_sql_get_i64(&s, 2) };
        dd_avec_push(a, &all, info);
    }
    *out = all.v;
    *n   = all.n;
    return dd_sql_end(&s);
}

static dd_code unknown(dd_db *db, dd_str org, dd_str name, dd_err *err)
{
    dd_arena        a    = DD_ARENA_INIT;
    dd_err          own  = DD_ERR_INIT;
    dd_secret_info *all  = NULL;
    size_t          n    = 0;
    dd_near         near = { .asked = name };
    dd_fail(err, DD_ERR_NOT_FOUND, "no secret \"" DD_STR_FMT "\"", DD_STR_ARG(name));
    dd_secrets_list(db, org, &a, &all, &n, &own);
    for (size_t i = 0; i < n; i++)
        dd_near_look(&near, all[i].name);
    if (!dd_near_hint(&near, err))
        dd_hint(err, "\"dd0c secrets list\" lists all names.");
    dd_arena_fini(&a);
    return DD_ERR_NOT_FOUND;
}

static dd_code damaged(dd_str name, dd_err *err)
{
    dd_fail(err, DD_ERR_PARSE, "secret \"" DD_STR_FMT "\" is damaged: it is not what was sealed under that name", DD_STR_ARG(name));
    dd_hint(err, "Set it again: dd0c secrets set " DD_STR_FMT ".", DD_STR_ARG(name));
    return DD_ERR_PARSE;
}

dd_code dd_secrets_get(dd_db *db, dd_str org, dd_secret master, dd_str name, dd_secret *out, dd_err *err)
{
    dd_secret key = DD_SECRET_NONE;
    dd_err    own = DD_ERR_INIT;
    int64_t   id;
    bool      found = false, whole = false;
    *out = DD_SECRET_NONE;
    dd_code rc = open_data_key(db, org, master, &id, &key, err);
    if (rc != DD_OK)
        return rc;
    dd_sql s = dd_sql_prepare(db, "SELECT sealed FROM secrets WHERE org = ? AND name = ? AND data_key_id = ?", err);
    dd_sql_text(&s, org);
    dd_sql_text(&s, name);
    dd_sql_i64(&s, id);
    if (id && dd_sql_row(&s)) {
        found = true;
        whole = unseal(key, SECRET, org, name, dd_sql_get_text(&s, 0), out, &own) == DD_OK;
    }
    rc = dd_sql_end(&s);
    dd_secret_free(&key);
    if (rc == DD_OK && !found)
        return unknown(db, org, name, err);
    return rc == DD_OK && !whole ? damaged(name, err) : rc;
}

dd_code dd_secrets_stamp(dd_db *db, dd_str org, dd_str name, uint64_t *stamp, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "SELECT sealed FROM secrets WHERE org = ? AND name = ?", err);
    dd_sql_text(&s, org);
    dd_sql_text(&s, name);
    *stamp = *stamp * 31 + (dd_sql_row(&s) ? dd_str_hash(dd_sql_get_text(&s, 0)) : 1);
    return dd_sql_end(&s);
}

dd_code dd_secrets_remove(dd_db *db, const dd_actor *by, dd_str name, dd_err *err)
{
    int64_t before = -1;
    dd_code rc     = begin(db, err);
    if (rc == DD_OK && (rc = exists(db, by->org, name, &before, err)) == DD_OK && before < 0)
        rc = unknown(db, by->org, name, err);
    if (rc == DD_OK) {
        dd_sql s = dd_sql_prepare(db, "DELETE FROM secrets WHERE org = ? AND name = ?", err);
        dd_sql_text(&s, by->org);
        dd_sql_text(&s, name);
        rc = dd_sql_run(&s);
    }
    if (rc == DD_OK)
        rc = log_change(db, by, "secret.remove", name, before, -1, err);
    return finish(db, rc, err);
}

/* --- a new master key --- */

typedef struct {
    dd_str name;
    dd_buf sealed;
} sealed_row;

static dd_code reseal_one(dd_db *db, dd_str org, dd_secret old_key, dd_secret new_key, int64_t id, sealed_row *row, dd_err *err)
{
    dd_secret value  = DD_SECRET_NONE;
    dd_buf    sealed = DD_BUF_INIT(0);
    dd_err    own    = DD_ERR_INIT;
    dd_code   rc     = unseal(old_key, SECRET, org, row->name, dd_buf_str(&row->sealed), &value, &own);
    if (rc != DD_OK)
        return damaged(row->name, err);
    rc = seal(new_key, SECRET, org, row->name, dd_secret_reveal(value), &sealed, err);
    if (rc == DD_OK) {
        dd_sql s = dd_sql_prepare(db, "UPDATE secrets SET sealed = ?, data_key_id = ? WHERE org = ? AND name = ?", err);
        dd_sql_blob(&s, sealed.ptr, sealed.len);
        dd_sql_i64(&s, id);
        dd_sql_text(&s, org);
        dd_sql_text(&s, row->name);
        rc = dd_sql_run(&s);
    }
    dd_secret_free(&value);
    dd_buf_free(&sealed);
    return rc;
}

static dd_code reseal_all(dd_db *db, dd_str org, dd_secret old_key, dd_secret new_key, int64_t id, size_t *n, dd_err *err)
{
    dd_arena           a    = DD_ARENA_INIT;
    DD_VEC(sealed_row) rows = { 0 };
    dd_sql s = dd_sql_prepare(db, "SELECT name, sealed FROM secrets WHERE org = ? ORDER BY name", err);
    dd_sql_text(&s, org);
    while (dd_sql_row(&s)) {
        sealed_row row = { dd_arena_dup(&a, dd_sql_get_text(&s, 0)), DD_BUF_INIT(0) };
        dd_buf_add(&row.sealed, dd_sql_get_text(&s, 1));
        dd_vec_push(&rows, row);
    }
    dd_code rc = dd_sql_end(&s);
    for (size_t i = 0; rc == DD_OK && i < rows.n; i++)
        rc = reseal_one(db, org, old_key, new_key, id, &rows.v[i], err);
    for (size_t i = 0; i < rows.n; i++)
        dd_buf_free(&rows.v[i].sealed);
    *n = rows.n;
    dd_vec_free(&rows);
    dd_arena_fini(&a);
    return rc;
}

static dd_code drop_old_keys(dd_db *db, dd_str org, int64_t id, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "DELETE FROM data_keys WHERE org = ? AND id <> ?", err);
    dd_sql_text(&s, org);
    dd_sql_i64(&s, id);
    return dd_sql_run(&s);
}

dd_code dd_secrets_reseal(dd_db *db, const dd_actor *by, dd_secret from, dd_secret to, size_t *n, dd_err *err)
{
    dd_secret old_key = DD_SECRET_NONE, new_key = DD_SECRET_NONE;
    int64_t   old_id = 0, id = 0;
    *n         = 0;
    dd_code rc = begin(db, err);
    if (rc == DD_OK)
        rc = open_data_key(db, by->org, from, &old_id, &old_key, err);
    if (rc == DD_OK && old_id) {
        rc = make_data_key(db, by, to, &id, &new_key, err);
        if (rc == DD_OK)
            rc = reseal_all(db, by->org, old_key, new_key, id, n, err);
        if (rc == DD_OK)
            rc = drop_old_keys(db, by->org, id, err);
        if (rc == DD_OK)
            rc = dd_audit_add(db, by, "secret.rotate", DD_STR("master key"), DD_STR(""), DD_STR(""), err);
    }
    dd_secret_free(&old_key);
    dd_secret_free(&new_key);
    return finish(db, rc, err);
}
