#include "cmd/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 18)

typedef struct {
    dd_line_fn *line;
    void       *ctx;
    dd_buf      in;         /* what is read and not yet done */
    size_t      searched;   /* so far there is no line's end in `in` */
    int64_t     number;
} reading;

static dd_code read_more(int fd, dd_buf *in, bool *end, dd_err *err)
{
    size_t  at = in->len;
    ssize_t n;
    dd_buf_pad(in, 0, CHUNK);
    if (in->over)
        return dd_fail(err, DD_ERR_LIMIT, "it is too long: more than %zu MB in one piece", in->max >> 20);
    do
        n = read(fd, in->ptr + at, CHUNK);
    while (n < 0 && errno == EINTR);
    in->len = at + (n > 0 ? (size_t)n : 0);
    *end    = n == 0;
    return n < 0 ? dd_fail_errno(err, errno, "could not read") : DD_OK;
}

static dd_code one_line(reading *r, dd_str line, dd_err *err)
{
    r->number++;
    if (dd_str_trim(line).len == 0)
        return DD_OK;
    dd_code rc = r->line(r->ctx, line, err);
    if (rc != DD_OK)
        dd_wrap(err, "line %lld", (long long)r->number);
    return rc;
}

/* All complete lines of r->in, the rest too when it is the last. */
static dd_code whole_lines(reading *r, bool last, dd_err *err)
{
    dd_str  rest = dd_buf_str(&r->in);
    dd_code rc   = DD_OK;
    while (rc == DD_OK && rest.len > 0) {
        size_t      from = r->searched < rest.len ? r->searched : rest.len;
        const char *end  = memchr(rest.ptr + from, '\n', rest.len - from);
        if (end == NULL && !last)
            break;
        dd_str line = { rest.ptr, end != NULL ? (size_t)(end - rest.ptr) : rest.len };
        rc          = one_line(r, line, err);
        rest        = dd_str_sub(rest, line.len + 1, rest.len);
        r->searched = 0;
    }
    if (rest.len > 0 && rest.len < r->in.len)
        memmove(r->in.ptr, rest.ptr, rest.len);
    r->in.len   = rest.len;
    r->searched = rest.len;
    return rc;
}

static dd_code open_input(const char *name, int *fd, dd_err *err)
{
    *fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 ? DD_OK : dd_fail_errno(err, errno, "could not read file \"%s\"", name);
}

static void close_input(const char *name, int fd, dd_code rc, dd_err *err)
{
    if (fd == STDIN_FILENO)
        return;
    if (rc != DD_OK)
        dd_wrap(err, "file \"%s\"", name);
    close(fd);
}

dd_code dd_lines_each(const char *name, size_t max, dd_line_fn *line, dd_pause_fn *pause, void *ctx, dd_err *err)
{
    reading r   = { .line = line, .ctx = ctx, .in = DD_BUF_INIT(max) };
    bool    end = false;
    int     fd;
    dd_code rc = open_input(name, &fd, err);
    if (rc != DD_OK)
        return rc;
    while (rc == DD_OK && !end) {
        rc = read_more(fd, &r.in, &end, err);
        if (rc == DD_OK)
            rc = whole_lines(&r, end, err);
        dd_err  ignored = DD_ERR_INIT;
        dd_code paused  = pause(ctx, rc == DD_OK ? err : &ignored);
        rc              = rc == DD_OK ? paused : rc;
    }
    close_input(name, fd, rc, err);
    dd_buf_free(&r.in);
    return rc;
}

dd_code dd_lines_all(const char *name, dd_buf *out, dd_err *err)
{
    bool    end = false;
    int     fd;
    dd_code rc = open_input(name, &fd, err);
    if (rc != DD_OK)
        return rc;
    while (rc == DD_OK && !end)
        rc = read_more(fd, out, &end, err);
    close_input(name, fd, rc, err);
    return rc;
}
