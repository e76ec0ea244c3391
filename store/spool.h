/* store/spool.h - events on disk that wait for the database.
 *
 * A folder of files that are only appended to, then read from the front and removed: what a process has not yet read survives its death, and the next
 * process finds it. Each file is locked (flock) by who writes or reads it, so that several processes can share a folder. Reading the same events
 * twice does no harm (store/writer.h knows their ids). One lock inside: may be used by several threads, never by one that serves requests. */
#ifndef DD_STORE_SPOOL_H
#define DD_STORE_SPOOL_H
#include "base/err.h"
#include "base/str.h"

typedef struct dd_spool dd_spool;
/* `dir` is made when the first event comes. max_bytes 0: nothing is ever taken, but what is there can be read. Caller owns. */
dd_spool *dd_spool_new(const char *dir, int64_t max_bytes);
void      dd_spool_free(dd_spool *s);             /* the files stay */
/* Appends frames (store/record.h), all or none; seals them. DD_ERR_LIMIT: the spool is full. DD_ERR_IO. */
dd_code   dd_spool_append(dd_spool *s, dd_buf *frames, dd_err *err);
/* Appends about max_bytes of the oldest frames, at least one, to *out. Nothing when there are none. They stay until dd_spool_done; without it they
 * are given again. */
dd_code   dd_spool_read(dd_spool *s, size_t max_bytes, dd_buf *out, dd_err *err);
void      dd_spool_done(dd_spool *s);
/* Closes the files, so that somebody else may read them. */
void      dd_spool_release(dd_spool *s);
int64_t   dd_spool_bytes(dd_spool *s);            /* that wait; 0: nothing */
int64_t   dd_spool_damaged(dd_spool *s);          /* files whose rest could not be read */
#endif
