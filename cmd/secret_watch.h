/* cmd/secret_watch.h - whether a secret that the configuration names was set anew or removed, by whichever process.
 *
 * For the thread that waits for signals, once a second: a look at SQLite's count of commits, and only after one at the rows. Values are not opened:
 * what is compared is what is sealed. Without a `secret:NAME` in the configuration the database is never opened. */
#ifndef DD_CMD_SECRET_WATCH_H
#define DD_CMD_SECRET_WATCH_H
#include "cmd/config.h"

typedef struct dd_secret_watch dd_secret_watch;
dd_secret_watch *dd_secret_watch_new(void);
/* What is sealed now was seen; to be called before the values are read, so that no change falls between. */
void             dd_secret_watch_names(dd_secret_watch *w, const dd_config *c);
bool             dd_secret_watch_changed(dd_secret_watch *w);   /* once a change. A database that cannot be read, or is gone, is none */
void             dd_secret_watch_free(dd_secret_watch *w);      /* NULL is fine */
#endif
