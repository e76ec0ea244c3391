/* cmd/master.h - where the master key comes from, and secrets for whoever needs their values.
 *
 * $DD0C_MASTER_KEY, else what $DD0C_MASTER_KEY_CMD prints (a KMS client, a password manager), else the file master.key of the state folder, which
 * is made with the first secret. docs/keys.md says it to users. */
#ifndef DD_CMD_MASTER_H
#define DD_CMD_MASTER_H
#include "base/secret.h"
#include "store/db.h"

typedef enum { DD_MASTER_ENV, DD_MASTER_COMMAND, DD_MASTER_FILE } dd_master_source;

/* The master key that fits the database. `create`: a file is made when there is no key and nothing is sealed yet. Caller frees *out. */
dd_code dd_master_open(dd_db *db, bool create, dd_secret *out, dd_master_source *from, dd_err *err);
/* A new master key is in the file once `keep` was called; until then the old one is. After a crash between the two, dd_master_open takes the one
 * that fits. */
dd_code dd_master_file_prepare(dd_secret next, dd_err *err);
dd_code dd_master_file_keep(dd_err *err);
void    dd_master_file_drop(void);               /* of the new one */
dd_code dd_master_file_remove(dd_err *err);      /* of the old one: the key is kept elsewhere from now on */

/* Values for the proxy's configuration (`api_key: secret:openai`). Opened when the first one is asked for; a reload opens it anew. */
typedef struct dd_vault dd_vault;
dd_vault *dd_vault_open(dd_err *err);            /* NULL: *err; DD_ERR_NOT_FOUND: nothing was ever set */
dd_code   dd_vault_get(dd_vault *v, dd_str name, dd_secret *out, dd_err *err);
void      dd_vault_close(dd_vault *v);           /* NULL is fine */
#endif
