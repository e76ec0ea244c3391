/* store/keys.h - the keys that clients of the proxy carry: made, listed, rotated, revoked.
 *
 * A key is "dd0c_sk_<id>_<secret>": 12 characters that name it, 43 that prove it (256 bits). Its text is seen once, when it is made; at rest there
 * is bcrypt of the secret part only. A key keeps its id when it is rotated, so its history, budgets and tags stay its own. Each change and its row
 * of the audit log are one transaction. Checking keys of requests is store/auth.h. Source: spec R1.5, R4.5, R9.3. */
#ifndef DD_STORE_KEYS_H
#define DD_STORE_KEYS_H
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "store/audit.h"

enum { DD_KEY_ID_LEN = 12, DD_KEY_SECRET_LEN = 43, DD_KEY_NAME_MAX = 200, DD_KEY_MODELS_MAX = 100 };
#define DD_KEY_PREFIX "dd0c_sk_"

/* What a key may ask for. The names are stored. */
enum {
    DD_SCOPE_CHAT       = 1,   /* chat completions, responses, messages, completions */
    DD_SCOPE_EMBEDDINGS = 2,
    DD_SCOPE_OTHER      = 4,   /* "passthrough": every other path of a provider */
    DD_SCOPE_ADMIN      = 8,   /* the control API */
    DD_SCOPE_ALL        = 15,
    DD_SCOPE_DEFAULT    = DD_SCOPE_ALL & ~DD_SCOPE_ADMIN
};

typedef struct {
    dd_str        id, org, name;
    dd_str        user, team, feature; /* of events whose request names none; "" none */
    dd_str        tags;                /* the same: a JSON object of texts; "" none */
    const dd_str *models;              /* globs of allowed model names; none: all */
    size_t        n_models;
    unsigned      scopes;
    int64_t       created_s, expires_s, rotated_s, revoked_s; /* seconds since 1970, 0: never */
    int64_t       last_used_s;         /* to the minute, 0: never */
    int64_t       rotations;
} dd_key;

/* "chat", "embeddings", "passthrough", "admin"; NULL past the last bit. */
const char *dd_key_scope_name(unsigned bit);
bool        dd_key_scope_find(dd_str name, unsigned *bit);
/* The parts of a key's text, borrowed from it; false when it has not the shape of one. */
bool        dd_key_parse(dd_str text, dd_str *id, dd_str *secret);

typedef struct {
    char      id[DD_KEY_ID_LEN + 1];
    dd_secret text;                    /* caller frees */
} dd_key_made;

/* Name, tags and the like come from *wanted; its id and times but expires_s are not read. DD_ERR_USAGE: a name, tag or glob that cannot be. */
dd_code dd_keys_create(dd_db *db, const dd_actor *by, const dd_key *wanted, dd_key_made *out, dd_err *err);
/* The key that `word` names: an id, the start of only one id (4 characters at least), a name that only one living key has, or a key's whole text.
 * DD_ERR_NOT_FOUND: none, with the nearest names; DD_ERR_USAGE: several, with their ids. The texts live in `a`. */
dd_code dd_keys_find(dd_db *db, dd_str org, dd_str word, dd_arena *a, dd_key *out, dd_err *err);
/* All keys of the org, newest last; revoked ones too. */
dd_code dd_keys_list(dd_db *db, dd_str org, dd_arena *a, dd_key **out, size_t *n, dd_err *err);
/* A new secret under the same id; the old one is dead when it returns. DD_ERR_USAGE: the key is revoked. */
dd_code dd_keys_rotate(dd_db *db, const dd_actor *by, dd_str id, dd_key_made *out, dd_err *err);
/* Dead when it returns. *already: it was revoked before, and nothing changed. */
dd_code dd_keys_revoke(dd_db *db, const dd_actor *by, dd_str id, bool *already, dd_err *err);

/* The members of a key's JSON object: all that is known of it but its secret and hash. Times as "2026-11-20T13:00:00Z", null for never. */
void dd_key_json(dd_json *j, const dd_key *key, dd_wall now);
/* "active", "expired", "revoked". */
const char *dd_key_status(const dd_key *key, dd_wall now);

/* bcrypt, cost 10 unless dd_keys_cost was set; `out` of 64 bytes. For store/auth.c and tests. */
dd_code dd_key_hash(dd_str secret, char out[64], dd_err *err);
bool    dd_key_verify(dd_str secret, const char *hash);
extern int dd_keys_cost;               /* 10; tests lower it to 4 */
#endif
