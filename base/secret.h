/* base/secret.h - text that must not be seen: API keys, master keys.
 *
 * A dd_secret is no pointer to characters, so no %s prints it; freeing wipes it. Ask for its text only where it is used, and do not keep that. */
#ifndef DD_BASE_SECRET_H
#define DD_BASE_SECRET_H
#include "base/str.h"

typedef struct {
    struct dd_secret_bytes *hidden; /* NULL: none */
} dd_secret;

#define DD_SECRET_NONE ((dd_secret){ NULL })

dd_secret dd_secret_new(dd_str text);           /* a copy, NUL-terminated behind its end; caller frees */
dd_secret dd_secret_take(dd_buf *text);         /* a copy; the buffer is wiped and freed */
dd_str    dd_secret_reveal(dd_secret s);        /* borrowed until it is freed; "" for none */
bool      dd_secret_is(dd_secret s);            /* there is one, be it empty */
void      dd_secret_free(dd_secret *s);         /* wipes; NULL and none are fine */

void dd_wipe(void *p, size_t n);                /* not removed by the compiler */
void dd_wipe_buf(dd_buf *b);                    /* wipes and frees. Growing leaves copies behind: give such a buffer its size at once (dd_buf_reserve) */
bool dd_equal_slowly(const void *a, const void *b, size_t n); /* takes the same time whatever differs */

/* n bytes from the system's generator. Without one the process ends: nothing weaker is ever used. */
void dd_random_bytes(void *out, size_t n);
/* n characters of `alphabet` (2 to 256 different ones), each equally likely, and a NUL behind them. */
void dd_random_text(char *out, size_t n, dd_str alphabet);
#endif
