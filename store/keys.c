/* store/keys.c - keys in the configuration database. */
#include "store/keys.h"

#include <string.h>

#include "base/near.h"
#include "store/sql.h"

static const dd_str base62 = { "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 62 };

/* --- what may be stored --- */

static bool harmless(dd_str text)
{
    if (!dd_utf8_valid(text))
        return false;
    for (size_t i = 0; i < text.len;)
        if (dd_utf8_harmful(dd_utf8_next(text, &i)))
            return false;
    return true;
}

static dd_code check_text(const char *what, dd_str text, dd_err *err)
{
    if (text.len <= DD_KEY_NAME_MAX && harmless(text))
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "the %s of a key is text of at most %d bytes without control characters", what, DD_KEY_NAME_MAX);
    return DD_ERR_USAGE;
}

static dd_code check_tags(dd_str tags, dd_err *err)
{
    enum { TAGS_MAX = 32, BYTES_MAX = 8192 };
    if (!tags.len)
        return DD_OK;
    if (tags.len > BYTES_MAX)
        return dd_fail(err, DD_ERR_USAGE, "the tags of a key may have %d bytes together", BYTES_MAX);
    cJSON *tree = dd_json_parse(tags, "tags", err), *tag;
    if (!tree)
        return err->code = DD_ERR_USAGE;
    bool    fits = cJSON_IsObject(tree) && cJSON_GetArraySize(tree) <= TAGS_MAX;
    dd_code rc   = fits ? DD_OK : dd_fail(err, DD_ERR_USAGE, "a key has at most %d tags", TAGS_MAX);
    if (rc == DD_OK)
        cJSON_ArrayForEach(tag, tree) {
            if (cJSON_IsString(tag) && tag->string[0])
                rc = check_text("tag", dd_str_z(tag->valuestring), err);
            else
                rc = dd_fail(err, DD_ERR_USAGE, "a tag of a key has a name and a text");
            if (rc != DD_OK)
                break;
        }
    cJSON_Delete(tree);
    return rc;
}

static dd_code check_wanted(const dd_key *k, dd_err *err)
{
    dd_code rc = check_text("name", k->name, err);
    if (rc == DD_OK && !k->name.len)
        rc = dd_fail(err, DD_ERR_USAGE, "a key needs a name");
    if (rc == DD_OK && dd_str_startsz(k->name, DD_KEY_PREFIX))
        rc = dd_fail(err, DD_ERR_USAGE, "the name of a key must not look like a key");
    if (rc == DD_OK)
        rc = check_text("user", k->user, err);
    if (rc == DD_OK)
        rc = check_text("team", k->team, err);
    if (rc == DD_OK)
        rc = check_text("feature", k->feature, err);
    if (rc == DD_OK)
        rc = check_tags(k->tags, err);
    if (rc == DD_OK && k->n_models > DD_KEY_MODELS_MAX)
        rc = dd_fail(err, DD_ERR_USAGE, "a key may name at most %d models", DD_KEY_MODELS_MAX);
    for (size_t i = 0; rc == DD_OK && i < k->n_models; i++)
        rc = k->models[i].len ? check_text("model", k->models[i], err) : dd_fail(err, DD_ERR_USAGE, "the name of a model is empty");
    if (rc == DD_OK && (!k->scopes || (k->scopes & ~(unsigned)DD_SCOPE_ALL)))
        rc = dd_fail(err, DD_ERR_USAGE, "a key needs a scope");
    return rc;
}

/* --- rows --- */

#define COLUMNS \
    "k.id, k.org, k.name, k.user, k.team, k.feature, k.tags, k.models, k.scopes, k.created_s, k.expires_s, k.rotated_s, k.revoked_s, " \
    "coalesce(u.last_used_s, 0), k.rotations FROM keys k LEFT JOIN key_use u ON u.key_id = k.id "

static void split_models(dd_str text, dd_arena *a, dd_key *k)
{
    DD_VEC(dd_str) globs = { 0 };
    while (text.len)
        dd_avec_push(a, &globs, dd_str_cut(&text, '\n'));
    k->models   = globs.v;
    k->n_models = globs.n;
}

static unsigned read_scopes(dd_str text)
{
    unsigned all = 0, bit;
    while (text.len)
        if (dd_key_scope_find(dd_str_cut(&text, ' '), &bit)) /* what a newer version wrote is no right here */
            all |= bit;
    return all;
}

static void read_row(dd_sql *s, dd_arena *a, dd_key *k)
{
    dd_str *texts[] = { &k->id, &k->org, &k->name, &k->user, &k->team, &k->feature, &k->tags };
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        *texts[i] = dd_arena_dup(a, dd_sql_get_text(s, (int)i));
    split_models(dd_arena_dup(a, dd_sql_get_text(s, 7)), a, k);
    k->scopes      = read_scopes(dd_sql_get_text(s, 8));
    k->created_s   = dd_sql_get_i64(s, 9);
    k->expires_s   = dd_sql_get_i64(s, 10);
    k->rotated_s   = dd_sql_get_i64(s, 11);
    k->revoked_s   = dd_sql_get_i64(s, 12);
    k->last_used_s = dd_sql_get_i64(s, 13);
    k->rotations   = dd_sql_get_i64(s, 14);
}

dd_code dd_keys_list(dd_db *db, dd_str org, dd_arena *a, dd_key **out, size_t *n, dd_err *err)
{
    DD_VEC(dd_key) keys = { 0 };
    dd_sql s = dd_sql_prepare(db, "SELECT " COLUMNS "WHERE k.org = ? ORDER BY k.created_s, k.id", err);
    dd_sql_text(&s, org);
    while (dd_sql_row(&s)) {
        dd_key k = { 0 };
        read_row(&s, a, &k);
        dd_avec_push(a, &keys, k);
    }
    *out = keys.v;
    *n   = keys.n;
    return dd_sql_end(&s);
}

static dd_code by_id(dd_db *db, dd_str org, dd_str id, dd_arena *a, dd_key *out, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "SELECT " COLUMNS "WHERE k.org = ? AND k.id = ?", err);
    dd_sql_text(&s, org);
    dd_sql_text(&s, id);
    bool found = dd_sql_row(&s);
    if (found)
        read_row(&s, a, out);
    dd_code rc = dd_sql_end(&s);
    if (rc == DD_OK && !found)
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "no key \"" DD_STR_FMT "\"", DD_STR_ARG(id));
    return rc;
}

/* --- by name --- */

typedef bool fits(const dd_key *k, dd_str word);

static bool fits_id(const dd_key *k, dd_str word) { return dd_str_eq(k->id, word); }
static bool fits_living_name(const dd_key *k, dd_str word) { return !k->revoked_s && dd_str_eq(k->name, word); }
static bool fits_name(const dd_key *k, dd_str word) { return dd_str_eq(k->name, word); }
static bool fits_start(const dd_key *k, dd_str word) { return word.len >= 4 && dd_str_starts(k->id, word); }

static size_t count(const dd_key *keys, size_t n, fits *fit, dd_str word, const dd_key **one)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        if (fit(&keys[i], word)) {
            *one = &keys[i];
            hits++;
        }
    return hits;
}

static dd_code several(const dd_key *keys, size_t n, fits *fit, dd_str word, dd_err *err)
{
    dd_buf ids = DD_BUF_INIT(200);
    for (size_t i = 0; i < n; i++)
        if (fit(&keys[i], word))
            dd_buf_printf(&ids, "%s" DD_STR_FMT, ids.len ? ", " : "", DD_STR_ARG(keys[i].id));
    dd_fail(err, DD_ERR_USAGE, "several keys are called \"" DD_STR_FMT "\"", DD_STR_ARG(word));
    dd_hint(err, "Name one by its id: %s%s", dd_buf_z(&ids), ids.over ? " ..." : ".");
    dd_buf_free(&ids);
    return DD_ERR_USAGE;
}

static size_t distance(const dd_key *k, dd_str word)
{
    size_t by_name = dd_near_distance(word, k->name), by_key = dd_near_distance(word, k->id);
    if (word.len >= 3 && dd_str_starts(k->name, word))
        by_name = 1;
    return by_name < by_key ? by_name : by_key;
}

static dd_code unknown(const dd_key *keys, size_t n, dd_str word, dd_err *err)
{
    dd_buf near = DD_BUF_INIT(200);
    int    told = 0;
    dd_fail(err, DD_ERR_NOT_FOUND, "no key \"" DD_STR_FMT "\"", DD_STR_ARG(word));
    for (size_t d = 0; d <= DD_NEAR_EDITS; d++)
        for (size_t i = 0; i < n && told < 3; i++)
            if (distance(&keys[i], word) == d && (told += 1))
                dd_buf_printf(&near, "%s\"" DD_STR_FMT "\" (" DD_STR_FMT ")", near.len ? ", " : "", DD_STR_ARG(keys[i].name), DD_STR_ARG(keys[i].id));
    if (near.len)
        dd_hint(err, "Near it: %s.", dd_buf_z(&near));
    else
        dd_hint(err, "\"dd0c keys list\" lists all keys.");
    dd_buf_free(&near);
    return DD_ERR_NOT_FOUND;
}

dd_code dd_keys_find(dd_db *db, dd_str org, dd_str word, dd_arena *a, dd_key *out, dd_err *err)
{
    static fits *const ways[] = { fits_id, fits_living_name, fits_name, fits_start };
    dd_key *keys;
    size_t  n;
    dd_str  id, secret;
    if (dd_key_parse(word, &id, &secret))
        word = id;
    else if (dd_str_startsz(word, DD_KEY_PREFIX)) /* may hold most of a secret: not to be repeated */
        return dd_fail(err, DD_ERR_USAGE, "that is not a whole key");
    dd_code rc = dd_keys_list(db, org, a, &keys, &n, err);
    for (size_t i = 0; rc == DD_OK && i < DD_COUNT(ways); i++) {
        const dd_key *one  = NULL;
        size_t        hits = count(keys, n, ways[i], word, &one);
        if (hits > 1)
            return several(keys, n, ways[i], word, err);
        if (hits == 1) {
            *out = *one;
            return DD_OK;
        }
    }
    return rc == DD_OK ? unknown(keys, n, word, err) : rc;
}

/* --- changes --- */

static dd_code make_text(dd_str id, dd_key_made *out, char hash[64], dd_err *err)
{
    char    secret[DD_KEY_SECRET_LEN + 1];
    dd_buf  text = DD_BUF_INIT(0);
    dd_random_text(secret, DD_KEY_SECRET_LEN, base62);
    dd_code rc = dd_key_hash((dd_str){ secret, DD_KEY_SECRET_LEN }, hash, err);
    if (rc == DD_OK) {
        dd_buf_reserve(&text, 128);
        dd_buf_addz(&text, DD_KEY_PREFIX);
        dd_buf_add(&text, id);
        dd_buf_addc(&text, '_');
        dd_buf_addz(&text, secret);
        out->text = dd_secret_take(&text);
    }
    dd_wipe(secret, sizeof secret);
    return rc;
}

/* 61 bits: two keys of one database never meet. A letter first, so that nothing takes it for a number. */
static void random_id(char id[DD_KEY_ID_LEN + 1])
{
    char first[2];
    dd_random_text(first, 1, DD_STR("abcdefghijklmnopqrstuvwxyz"));
    dd_random_text(id, DD_KEY_ID_LEN, DD_STR("0123456789abcdefghijklmnopqrstuvwxyz"));
    id[0] = first[0];
}

static void put_audit(dd_buf *out, const dd_key *k, dd_wall now)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    dd_key_json(&j, k, now);
    dd_json_close(&j, '}');
}

static void join_models(const dd_key *k, dd_buf *out)
{
    for (size_t i = 0; i < k->n_models; i++) {
        if (i)
            dd_buf_addc(out, '\n');
        dd_buf_add(out, k->models[i]);
    }
}

static void join_scopes(unsigned scopes, dd_buf *out)
{
    for (unsigned bit = 1; bit <= DD_SCOPE_ALL; bit <<= 1)
        if (scopes & bit)
            dd_buf_printf(out, "%s%s", out->len ? " " : "", dd_key_scope_name(bit));
}

static dd_code insert(dd_db *db, const dd_key *k, const char *hash, dd_err *err)
{
    dd_buf models = DD_BUF_INIT(0), scopes = DD_BUF_INIT(0);
    join_models(k, &models);
    join_scopes(k->scopes, &scopes);
    dd_sql s = dd_sql_prepare(db,
                              "INSERT INTO keys (id, org, name, hash, user, team, feature, tags, models, scopes, created_s, expires_s) "
                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);
    const dd_str texts[] = { k->id,   k->org,     k->name, dd_str_z(hash),      k->user,
                             k->team, k->feature, k->tags, dd_buf_str(&models), dd_buf_str(&scopes) };
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        dd_sql_text(&s, texts[i]);
    dd_sql_i64(&s, k->created_s);
    dd_sql_i64(&s, k->expires_s);
    dd_code rc = dd_sql_run(&s);
    dd_buf_free(&models);
    dd_buf_free(&scopes);
    return rc;
}

/* Ends the transaction; what was made is only given out when it is kept. */
static dd_code finish(dd_db *db, dd_code rc, dd_key_made *made, dd_err *err)
{
    rc = dd_sql_finish(db, rc, err);
    if (rc != DD_OK && made)
        dd_secret_free(&made->text);
    return rc;
}

dd_code dd_keys_create(dd_db *db, const dd_actor *by, const dd_key *wanted, dd_key_made *out, dd_err *err)
{
    char    hash[64];
    dd_key  k  = *wanted;
    dd_code rc = check_wanted(wanted, err);
    *out       = (dd_key_made){ "", DD_SECRET_NONE };
    if (rc != DD_OK)
        return rc;
    random_id(out->id);
    k.id        = (dd_str){ out->id, DD_KEY_ID_LEN };
    k.org       = by->org;
    k.created_s = by->now.s;
    k.rotated_s = k.revoked_s = k.last_used_s = k.rotations = 0;
    if ((rc = make_text(k.id, out, hash, err)) != DD_OK) /* before the transaction: bcrypt takes its time */
        return rc;
    if ((rc = dd_db_begin(db, err)) == DD_OK) {
        dd_buf after = DD_BUF_INIT(0);
        put_audit(&after, &k, by->now);
        rc = insert(db, &k, hash, err);
        if (rc == DD_OK)
            rc = dd_audit_add(db, by, "key.create", k.id, DD_STR(""), dd_buf_str(&after), err);
        dd_buf_free(&after);
    }
    return finish(db, rc, out, err);
}

/* Runs `change` on the row between two looks at it, and logs both. */
static dd_code change(dd_db *db, const dd_actor *by, const char *action, dd_str id, dd_sql *update, dd_err *err)
{
    dd_arena a      = DD_ARENA_INIT;
    dd_buf   before = DD_BUF_INIT(0), after = DD_BUF_INIT(0);
    dd_key   k      = { 0 };
    dd_code  rc     = by_id(db, by->org, id, &a, &k, err);
    if (rc == DD_OK)
        put_audit(&before, &k, by->now);
    dd_code ran = dd_sql_run(update);
    if (rc == DD_OK)
        rc = ran;
    if (rc == DD_OK)
        rc = by_id(db, by->org, id, &a, &k, err);
    if (rc == DD_OK) {
        put_audit(&after, &k, by->now);
        rc = dd_audit_add(db, by, action, id, dd_buf_str(&before), dd_buf_str(&after), err);
    }
    dd_buf_free(&before);
    dd_buf_free(&after);
    dd_arena_fini(&a);
    return rc;
}

static dd_code must_live(dd_db *db, dd_str org, dd_str id, bool *revoked, dd_err *err)
{
    dd_arena a  = DD_ARENA_INIT;
    dd_key   k  = { 0 };
    dd_code  rc = by_id(db, org, id, &a, &k, err);
    *revoked    = k.revoked_s != 0;
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_keys_rotate(dd_db *db, const dd_actor *by, dd_str id, dd_key_made *out, dd_err *err)
{
    char hash[64];
    bool revoked;
    *out = (dd_key_made){ "", DD_SECRET_NONE };
    if (id.len != DD_KEY_ID_LEN)
        return dd_fail(err, DD_ERR_NOT_FOUND, "no key \"" DD_STR_FMT "\"", DD_STR_ARG(id));
    memcpy(out->id, id.ptr, DD_KEY_ID_LEN);
    dd_code rc = make_text(id, out, hash, err);
    if (rc != DD_OK)
        return rc;
    rc = dd_db_begin(db, err);
    if (rc == DD_OK && (rc = must_live(db, by->org, id, &revoked, err)) == DD_OK && revoked) {
        rc = dd_fail(err, DD_ERR_USAGE, "key \"" DD_STR_FMT "\" is revoked", DD_STR_ARG(id));
        dd_hint(err, "Make a new one: dd0c keys create --name NAME.");
    }
    if (rc == DD_OK) {
        dd_sql s = dd_sql_prepare(db, "UPDATE keys SET hash = ?, rotated_s = ?, rotations = rotations + 1 WHERE org = ? AND id = ?", err);
        dd_sql_text(&s, dd_str_z(hash));
        dd_sql_i64(&s, by->now.s);
        dd_sql_text(&s, by->org);
        dd_sql_text(&s, id);
        rc = change(db, by, "key.rotate", id, &s, err);
    }
    return finish(db, rc, out, err);
}

dd_code dd_keys_revoke(dd_db *db, const dd_actor *by, dd_str id, bool *already, dd_err *err)
{
    dd_code rc = dd_db_begin(db, err);
    if (rc == DD_OK)
        rc = must_live(db, by->org, id, already, err);
    if (rc == DD_OK && !*already) {
        dd_sql s = dd_sql_prepare(db, "UPDATE keys SET revoked_s = ? WHERE org = ? AND id = ?", err);
        dd_sql_i64(&s, by->now.s > 0 ? by->now.s : 1);
        dd_sql_text(&s, by->org);
        dd_sql_text(&s, id);
        rc = change(db, by, "key.revoke", id, &s, err);
    }
    return finish(db, rc, NULL, err);
}
