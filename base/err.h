/* base/err.h - the one error type.
 *
 * A dd_err is a code, one line of message and one line of hint. The caller owns it; a function that fails
 * fills it and returns the code. Messages: lower case, no full stop, the object's kind and its name in
 * quotes, what failed, why. Hints: a sentence that says what to do. Only cmd/ prints one. */
#ifndef DD_BASE_ERR_H
#define DD_BASE_ERR_H
#include <stddef.h>

typedef enum {
    DD_OK = 0,
    DD_ERR_USAGE,     /* the user asked for something that cannot be */
    DD_ERR_IO,        /* the system refused */
    DD_ERR_PARSE,     /* text from outside is not what it should be */
    DD_ERR_RANGE,     /* a number is outside what can be represented */
    DD_ERR_LIMIT,     /* bigger than the limit that was set */
    DD_ERR_NOT_FOUND,
    DD_ERR_NET        /* a server did not answer as it should */
} dd_code;

typedef struct {
    dd_code code;
    char    msg[512];
    char    hint[256];
} dd_err;

#define DD_ERR_INIT { DD_OK, "", "" }

/* Fills *err (NULL is fine) and returns `code`. The hint is cleared. */
dd_code dd_fail(dd_err *err, dd_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As dd_fail, with ": " and the text of `errnum` behind. */
dd_code dd_fail_errno(dd_err *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Sets the hint of an error that is already filled. */
void dd_hint(dd_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "context: " in front of the message. */
void dd_wrap(dd_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
