#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void fill(char *to, size_t size, const char *fmt, va_list ap)
{
    vsnprintf(to, size, fmt, ap);
    dd_str s = dd_str_z(to);
    for (size_t i = 0, from = 0; i < s.len; from = i) { /* one harmless line, whatever a file name holds */
        uint32_t cp = dd_utf8_next(s, &i);
        if (dd_utf8_harmful(cp) || cp == 0xfffd)
            memset(to + from, '?', i - from);
    }
}

dd_code dd_fail(dd_err *err, dd_code code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        err->hint[0] = '\0';
        err->code    = code;
    }
    return code;
}

dd_code dd_fail_errno(dd_err *err, int errnum, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        size_t used = strlen(err->msg);
        snprintf(err->msg + used, sizeof err->msg - used, ": %s", strerror(errnum));
        err->hint[0] = '\0';
        err->code    = DD_ERR_IO;
    }
    return DD_ERR_IO;
}

void dd_hint(dd_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    fill(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

void dd_wrap(dd_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    char    front[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    fill(front, sizeof front, fmt, ap);
    va_end(ap);
    size_t n    = strlen(front);
    size_t keep = strlen(err->msg);
    if (n + 2 >= sizeof err->msg)
        return;
    if (keep > sizeof err->msg - n - 3)
        keep = sizeof err->msg - n - 3;
    memmove(err->msg + n + 2, err->msg, keep);
    memcpy(err->msg, front, n);
    memcpy(err->msg + n, ": ", 2);
    err->msg[n + 2 + keep] = '\0';
}
