#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dd_code read_all(int fd, const char *path, dd_buf *out, dd_err *err)
{
    char chunk[65536];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, -1) >= 0)
            continue;                                            /* <(a command) that has not written yet */
        if (n < 0)
            return dd_fail_errno(err, errno, "could not read file \"%s\"", path);
        if (n == 0)
            return DD_OK;
        dd_buf_add(out, (dd_str){ chunk, (size_t)n });
        if (out->over)
            return dd_fail(err, DD_ERR_LIMIT, "file \"%s\" is larger than %zu bytes", path, out->max);
    }
}

dd_code dd_file_read(const char *path, dd_buf *out, dd_err *err)
{
    struct stat st;
    int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without a writer must not hang us */
    if (fd < 0) {
        int e = errno;
        dd_fail_errno(err, e, "could not read file \"%s\"", path);
        return err && e == ENOENT ? (err->code = DD_ERR_NOT_FOUND) : e == ENOENT ? DD_ERR_NOT_FOUND : DD_ERR_IO;
    }
    dd_code rc;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rc = dd_fail(err, DD_ERR_IO, "could not read file \"%s\": it is a folder", path);
    else
        rc = read_all(fd, path, out, err);
    close(fd);
    return rc;
}

bool dd_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

dd_code dd_dir_make(const char *path, dd_err *err)
{
    char *p = dd_strdup(dd_str_z(path));
    for (char *s = p + 1;; s++) {
        if (*s != '/' && *s != '\0')
            continue;
        char c = *s;
        *s     = '\0';
        if (mkdir(p, 0700) != 0 && errno != EEXIST && errno != EISDIR) {
            int e = errno;
            dd_fail_errno(err, e, "could not make folder \"%s\"", p);
            free(p);
            return DD_ERR_IO;
        }
        *s = c;
        if (c == '\0')
            break;
    }
    free(p);
    return DD_OK;
}

static dd_code write_all(int fd, dd_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return DD_ERR_IO;
        bytes = dd_str_sub(bytes, (size_t)n, bytes.len);
    }
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP ? DD_OK : DD_ERR_IO;
}

/* A device or a FIFO is written to; a file put in its place would take it from everybody. */
static dd_code write_into(const char *path, dd_str bytes, dd_err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return dd_fail_errno(err, errno, "could not write file \"%s\"", path);
    dd_code rc = write_all(fd, bytes);
    int     e  = errno;
    close(fd);
    return rc == DD_OK ? DD_OK : dd_fail_errno(err, e, "could not write file \"%s\"", path);
}

static dd_code make_folder_of(const char *path, dd_err *err)
{
    dd_str    p     = dd_str_z(path);
    ptrdiff_t slash = dd_str_rchr(p, '/');
    if (slash <= 0)
        return DD_OK;
    char   *dir = dd_strdup(dd_str_sub(p, 0, (size_t)slash));
    dd_code rc  = dd_file_exists(dir) ? DD_OK : dd_dir_make(dir, err);
    free(dir);
    return rc;
}

/* Bytes into a new file beside `path`, which then takes its name. */
static dd_code put_in_place(const char *path, dd_str bytes, mode_t mode, dd_err *err)
{
    dd_buf tmp = DD_BUF_INIT(0);
    dd_buf_printf(&tmp, "%s.XXXXXX", path);
    dd_buf_z(&tmp);
    int fd = mkstemp(tmp.ptr);
    if (fd < 0) {
        dd_fail_errno(err, errno, "could not write file \"%s\"", path);
        dd_buf_free(&tmp);
        return DD_ERR_IO;
    }
    dd_code rc = write_all(fd, bytes);
    if (rc == DD_OK && fchmod(fd, mode) != 0)
        rc = DD_ERR_IO;
    int e = errno;
    if (close(fd) != 0 && rc == DD_OK) {
        rc = DD_ERR_IO;
        e  = errno;
    }
    if (rc == DD_OK && rename(tmp.ptr, path) != 0) {
        rc = DD_ERR_IO;
        e  = errno;
    }
    if (rc != DD_OK) {
        unlink(tmp.ptr);
        dd_fail_errno(err, e, "could not write file \"%s\"", path);
    }
    dd_buf_free(&tmp);
    return rc;
}

static mode_t less_umask(unsigned mode)
{
    mode_t mask = umask(0);
    umask(mask);
    return (mode_t)mode & ~mask;
}

dd_code dd_file_replace(const char *path, dd_str bytes, unsigned mode, dd_err *err)
{
    struct stat st;
    bool        there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        return write_into(path, bytes, err);
    if (!there) {
        dd_code rc = make_folder_of(path, err);
        return rc == DD_OK ? put_in_place(path, bytes, less_umask(mode), err) : rc;
    }
    char   *real = realpath(path, NULL);   /* a symlink stays one */
    dd_code rc   = put_in_place(real ? real : path, bytes, st.st_mode & 0777, err);
    free(real);
    return rc;
}

static void user_dir(dd_buf *out, const char *env, const char *under_home)
{
    const char *v = getenv(env);
    if (v && v[0] == '/') { /* the XDG specification: relative values are to be ignored */
        dd_buf_addz(out, v);
    } else {
        const char *home = getenv("HOME");
        if (!home || !*home) {
            const struct passwd *user = getpwuid(getuid());
            home = user && user->pw_dir && *user->pw_dir ? user->pw_dir : "/nonexistent";   /* no folder that others may make for us: keys are in it */
        }
        dd_buf_addz(out, home);
        dd_buf_addz(out, under_home);
    }
    dd_buf_addz(out, "/dd0c");
}

void dd_dir_cache(dd_buf *out) { user_dir(out, "XDG_CACHE_HOME", "/.cache"); }

void dd_dir_config(dd_buf *out) { user_dir(out, "XDG_CONFIG_HOME", "/.config"); }

void dd_dir_state(dd_buf *out)
{
    const char *v = getenv("DD0C_HOME");
    if (v && *v)
        dd_buf_addz(out, v);
    else
        user_dir(out, "XDG_STATE_HOME", "/.local/state");
}
