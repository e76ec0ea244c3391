#include "cmd/socket.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "proxy/http/server.h"

enum { LOOK_AT = 10000 /* names in the folder */, NAMES = 9 };

/* "123.sock", "123.2.sock": 123; else 0. */
static pid_t pid_of(const char *name)
{
    dd_str  rest = dd_str_z(name), front = dd_str_cut(&rest, '.');
    int64_t pid  = 0;
    bool    ours = dd_str_eqz(rest, "sock") || (rest.len == 6 && rest.ptr[0] >= '2' && rest.ptr[0] <= '9' && dd_str_endsz(rest, ".sock"));
    return ours && dd_parse_i64(front, &pid) && pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Between its bind and its listen a living one refuses, too: so both must say that it is gone. */
static bool is_stale(pid_t pid, const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH)) && !dd_server_is_local(path);
}

static void sweep(const char *folder)
{
    DIR           *d    = opendir(folder);
    dd_buf         path = DD_BUF_INIT(PATH_MAX);
    struct dirent *e;
    for (int i = 0; d && i < LOOK_AT && (e = readdir(d)); i++) {
        pid_t pid = pid_of(e->d_name);
        dd_buf_clear(&path);
        dd_buf_printf(&path, "%s/%s", folder, e->d_name);
        if (pid && is_stale(pid, dd_buf_z(&path)))
            unlink(dd_buf_z(&path));
    }
    if (d)
        closedir(d);
    dd_buf_free(&path);
}

dd_code dd_socket_prepare(const char *state, dd_buf *path, dd_err *err)
{
    dd_buf  folder = DD_BUF_INIT(PATH_MAX);
    size_t  front  = path->len;
    struct stat st;
    dd_buf_printf(&folder, "%s/run", state);
    dd_code rc = dd_dir_make(dd_buf_z(&folder), err);
    if (rc == DD_OK && chmod(dd_buf_z(&folder), 0700) != 0)
        rc = dd_fail_errno(err, errno, "could not keep \"%s\" to its owner", dd_buf_z(&folder));
    if (rc == DD_OK)
        sweep(dd_buf_z(&folder));
    for (int i = 1; rc == DD_OK && i <= NAMES; i++) {
        path->len = front;
        dd_buf_printf(path, i == 1 ? "%s/%ld.sock" : "%s/%ld.%d.sock", dd_buf_z(&folder), (long)getpid(), i);
        if (lstat(dd_buf_z(path), &st) != 0)
            break;
    }
    dd_buf_free(&folder);
    return rc;
}
