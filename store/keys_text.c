/* store/keys_text.c - what a key's text is made of, what it allows, and its hash. */
#include "store/keys.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

int dd_keys_cost = 10; /* OWASP's password storage sheet asks for 10 or more, read 2026-11-20; these secrets have 256 random bits besides */

static const struct { const char *name; unsigned bit; } scopes[] = {
    { "chat", DD_SCOPE_CHAT }, { "embeddings", DD_SCOPE_EMBEDDINGS }, { "passthrough", DD_SCOPE_OTHER }, { "admin", DD_SCOPE_ADMIN },
};

const char *dd_key_scope_name(unsigned bit)
{
    for (size_t i = 0; i < DD_COUNT(scopes); i++)
        if (scopes[i].bit == bit)
            return scopes[i].name;
    return NULL;
}

bool dd_key_scope_find(dd_str name, unsigned *bit)
{
    for (size_t i = 0; i < DD_COUNT(scopes); i++)
        if (dd_str_eqz(name, scopes[i].name)) {
            *bit = scopes[i].bit;
            return true;
        }
    return false;
}

static bool is_base62(dd_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return true;
}

bool dd_key_parse(dd_str text, dd_str *id, dd_str *secret)
{
    enum { PREFIX = sizeof DD_KEY_PREFIX - 1, TOTAL = PREFIX + DD_KEY_ID_LEN + 1 + DD_KEY_SECRET_LEN };
    if (text.len != TOTAL || memcmp(text.ptr, DD_KEY_PREFIX, PREFIX) != 0 || text.ptr[PREFIX + DD_KEY_ID_LEN] != '_')
        return false;
    *id     = dd_str_sub(text, PREFIX, PREFIX + DD_KEY_ID_LEN);
    *secret = dd_str_sub(text, PREFIX + DD_KEY_ID_LEN + 1, TOTAL);
    return is_base62(*id) && is_base62(*secret);
}

const char *dd_key_status(const dd_key *key, dd_wall now)
{
    if (key->revoked_s)
        return "revoked";
    return key->expires_s && key->expires_s <= now.s ? "expired" : "active";
}

static void put_time(dd_json *j, const char *name, int64_t s)
{
    dd_json_key(j, name);
    dd_json_time(j, s);
}

void dd_key_json(dd_json *j, const dd_key *key, dd_wall now)
{
    dd_json_member_str(j, "id", key->id);
    dd_json_member_str(j, "name", key->name);
    dd_json_member_str(j, "org", key->org);
    dd_json_key(j, "status");
    dd_json_strz(j, dd_key_status(key, now));
    dd_json_member_str(j, "user", key->user);
    dd_json_member_str(j, "team", key->team);
    dd_json_member_str(j, "feature", key->feature);
    dd_json_key(j, "tags");
    dd_json_raw(j, key->tags.len ? key->tags : DD_STR("{}"));
    dd_json_key(j, "models");
    dd_json_open(j, '[');
    for (size_t i = 0; i < key->n_models; i++)
        dd_json_str(j, key->models[i]);
    dd_json_close(j, ']');
    dd_json_key(j, "scopes");
    dd_json_open(j, '[');
    for (size_t i = 0; i < DD_COUNT(scopes); i++)
        if (key->scopes & scopes[i].bit)
            dd_json_strz(j, scopes[i].name);
    dd_json_close(j, ']');
    put_time(j, "created", key->created_s);
    put_time(j, "expires", key->expires_s);
    put_time(j, "rotated", key->rotated_s);
    put_time(j, "revoked", key->revoked_s);
    put_time(j, "last_used", key->last_used_s);
    dd_json_key(j, "rotations");
    dd_json_i64(j, key->rotations);
}

/* crypt(3) with the salt or hash in `setting`; the result goes to out[64]. */
static bool bcrypt(dd_str secret, const char *setting, char out[64])
{
    char               text[73]; /* bcrypt reads no more than 72 bytes */
    bool               ok   = false;
    struct crypt_data *data = dd_calloc(1, sizeof *data);
    if (secret.len < sizeof text && !memchr(secret.ptr, 0, secret.len)) {
        memcpy(text, secret.ptr, secret.len);
        text[secret.len]   = '\0';
        const char *hashed = crypt_r(text, setting, data);
        ok                 = hashed && hashed[0] == '$' && strlen(hashed) < 64;
        if (ok)
            memcpy(out, hashed, strlen(hashed) + 1);
    }
    dd_wipe(text, sizeof text);
    dd_wipe(data, sizeof *data);
    free(data);
    return ok;
}

dd_code dd_key_hash(dd_str secret, char out[64], dd_err *err)
{
    char salt[16], setting[64];
    dd_random_bytes(salt, sizeof salt);
    if (!crypt_gensalt_rn("$2b$", (unsigned long)dd_keys_cost, salt, sizeof salt, setting, sizeof setting) || !bcrypt(secret, setting, out)) {
        dd_fail(err, DD_ERR_IO, "crypt(3) of this system cannot make bcrypt hashes");
        dd_hint(err, "Install libxcrypt (libcrypt) with bcrypt.");
        return DD_ERR_IO;
    }
    return DD_OK;
}

bool dd_key_verify(dd_str secret, const char *hash)
{
    char   again[64] = "";
    size_t n         = strlen(hash);
    return bcrypt(secret, hash, again) && n == strlen(again) && dd_equal_slowly(again, hash, n);
}
