/* store/secrets.h - provider keys at rest: names and values, of which only the names can be read without the master key.
 *
 * A value is sealed with AES-256-GCM under the org's data key, which is sealed the same way under the master key: 32 bytes that come from outside
 * and never stand in the database. Each sealing has a random nonce of its own; org and name are authenticated with it, so that a row cannot be
 * moved to another name. Source: spec R4.3; NIST SP 800-38D (96-bit nonces, 128-bit tags). */
#ifndef DD_STORE_SECRETS_H
#define DD_STORE_SECRETS_H
#include "base/arena.h"
#include "base/secret.h"
#include "store/audit.h"

enum { DD_MASTER_LEN = 32, DD_SECRET_NAME_MAX = 64, DD_SECRET_VALUE_MAX = 64 << 10 };

/* 32 bytes, written as 64 hexadecimal digits or as base64, with white space around them. DD_ERR_PARSE; the message never holds the text. */
dd_code dd_master_parse(dd_str text, dd_secret *out, dd_err *err);
dd_secret dd_master_new(void);                    /* random */
void    dd_master_format(dd_secret master, char out[2 * DD_MASTER_LEN + 1]);

/* There is a data key: a master key that fits exists somewhere, and no other will do. */
dd_code dd_secrets_sealed(dd_db *db, dd_str org, bool *sealed, dd_err *err);
/* DD_ERR_PARSE: the master key does not fit. DD_OK when nothing is sealed yet. */
dd_code dd_secrets_check(dd_db *db, dd_str org, dd_secret master, dd_err *err);

/* Names: letters, digits, "-", "_", "."; a letter or digit first. */
bool    dd_secret_name_ok(dd_str name);
dd_code dd_secrets_set(dd_db *db, const dd_actor *by, dd_secret master, dd_str name, dd_secret value, bool *replaced, dd_err *err);
/* DD_ERR_NOT_FOUND: no such name, with the nearest; DD_ERR_PARSE: another master key, or the row was changed. */
dd_code dd_secrets_get(dd_db *db, dd_str org, dd_secret master, dd_str name, dd_secret *out, dd_err *err);
dd_code dd_secrets_remove(dd_db *db, const dd_actor *by, dd_str name, dd_err *err);
/* Mixes what is sealed under that name into *stamp, without opening it: another stamp, another value (or the same one, set again). */
dd_code dd_secrets_stamp(dd_db *db, dd_str org, dd_str name, uint64_t *stamp, dd_err *err);

typedef struct {
    dd_str  name;
    int64_t created_s, updated_s;
} dd_secret_info;
/* By name; the texts live in `a`. */
dd_code dd_secrets_list(dd_db *db, dd_str org, dd_arena *a, dd_secret_info **out, size_t *n, dd_err *err);
/* Seals all of the org's secrets anew, under a new data key that `to` seals. All or nothing. */
dd_code dd_secrets_reseal(dd_db *db, const dd_actor *by, dd_secret from, dd_secret to, size_t *n, dd_err *err);
#endif
