/* cmd/out.c - what goes to standard output and standard error, and how wide the terminal is. */
#include "cmd/cmd.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

dd_code dd_cmd_print(dd_str text, dd_err *err)
{
    while (text.len) {
        ssize_t n = write(STDOUT_FILENO, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE) { /* `dd0c scan | head`: end as every filter does, without a word */
            signal(SIGPIPE, SIG_DFL);
            raise(SIGPIPE);
        }
        if (n < 0) {
            dd_fail_errno(err, errno, "could not write to standard output");
            dd_hint(err, "Is the disk full, or standard output closed? -o FILE writes to a file instead.");
            return DD_ERR_IO;
        }
        text = dd_str_sub(text, (size_t)n, text.len);
    }
    return DD_OK;
}

void dd_cmd_warn(const dd_cmd *cmd, const char *fmt, ...)
{
    dd_buf  line = DD_BUF_INIT(4096);
    va_list ap;
    va_start(ap, fmt);
    dd_buf_vprintf(&line, fmt, ap);
    va_end(ap);
    dd_buf shown = DD_BUF_INIT(0);
    dd_buf_add_line(&shown, dd_buf_str(&line));
    fprintf(stderr, "dd0c %s: warning: %s\n", cmd->name, dd_buf_z(&shown));
    dd_buf_free(&shown);
    dd_buf_free(&line);
}

size_t dd_cmd_width(void)
{
    struct winsize ws;
    const char    *columns = getenv("COLUMNS");
    int64_t        n;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
        return ws.ws_col;
    if (columns && dd_parse_i64(dd_str_z(columns), &n) && n >= 20 && n <= 1000)
        return (size_t)n;
    return 80;
}
