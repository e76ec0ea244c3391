/* store/audit.h - the log of control actions: who changed what, when, from what to what.
 *
 * A row is written in the transaction of the change it tells of. Old and new value are JSON objects and never hold a secret. Rows go after 90 days.
 * Source: spec R4.7. */
#ifndef DD_STORE_AUDIT_H
#define DD_STORE_AUDIT_H
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "store/db.h"

#define DD_ORG_DEFAULT DD_STR("default")
enum { DD_AUDIT_DAYS = 90 };

/* In whose name a change is made. */
typedef struct {
    dd_str  org;
    dd_str  who;   /* "ada", "root (sudo of ada)"; later a user of the API */
    dd_wall now;
} dd_actor;

typedef struct {
    int64_t id, time_ms;
    dd_str  org, who;
    dd_str  action;            /* "key.create", "secret.set", ... */
    dd_str  object;            /* the key's id, the secret's name */
    dd_str  old_value, new_value; /* JSON objects, "" none */
} dd_audit_row;

dd_code dd_audit_add(dd_db *db, const dd_actor *by, const char *action, dd_str object, dd_str old_value, dd_str new_value, dd_err *err);
/* Rows since `since_ms`, oldest first; the texts are borrowed for the call. */
typedef void dd_audit_fn(void *ctx, const dd_audit_row *row);
dd_code dd_audit_each(dd_db *db, dd_str org, int64_t since_ms, dd_audit_fn *fn, void *ctx, dd_err *err);
#endif
