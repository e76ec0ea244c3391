#include "cmd/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "cmd/keys.h"
#include "store/secrets.h"

enum { TEXT_MAX = 4096, COMMAND_S = 30 };
extern char **environ;

/* --- the command --- */

/* What comes from fd until its end, wiped when it is too much. */
static dd_code read_all(int fd, dd_buf *out, dd_err *err)
{
    int64_t end = dd_mono_now().ns + (int64_t)COMMAND_S * 1000000000;
    for (;;) {
        char          piece[512];
        struct pollfd p    = { fd, POLLIN, 0 };
        int64_t       left = (end - dd_mono_now().ns) / 1000000;
        if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
            return dd_fail(err, DD_ERR_IO, "the command of DD0C_MASTER_KEY_CMD did not end within %d s", COMMAND_S);
        if (!p.revents)
            continue;
        ssize_t n = read(fd, piece, sizeof piece);
        if (n > 0 && out->len + (size_t)n <= TEXT_MAX)
            dd_buf_add(out, (dd_str){ piece, (size_t)n });
        dd_wipe(piece, sizeof piece);
        if (n == 0 || (n < 0 && errno != EINTR))
            return DD_OK;
    }
}

static dd_code start(const char *command, int out, pid_t *pid, dd_err *err)
{
    char                      *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)command, NULL };
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    int failed = posix_spawn(pid, "/bin/sh", &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    return failed ? dd_fail_errno(err, failed, "could not run the command of DD0C_MASTER_KEY_CMD") : DD_OK;
}

static dd_code from_command(const char *command, dd_secret *out, dd_err *err)
{
    int    ends[2], status = 0;
    pid_t  pid  = 0;
    dd_buf text = DD_BUF_INIT(0);
    if (pipe(ends) != 0)
        return dd_fail_errno(err, errno, "could not make a pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    dd_buf_reserve(&text, TEXT_MAX);
    dd_code rc = start(command, ends[1], &pid, err);
    close(ends[1]);
    if (rc == DD_OK) {
        if ((rc = read_all(ends[0], &text, err)) != DD_OK)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (rc == DD_OK && status != 0) {
            rc = dd_fail(err, DD_ERR_IO, "the command of DD0C_MASTER_KEY_CMD failed");
            dd_hint(err, "It must print the master key and end with status 0.");
        }
    }
    close(ends[0]);
    if (rc == DD_OK && (rc = dd_master_parse(dd_buf_str(&text), out, err)) != DD_OK)
        dd_wrap(err, "DD0C_MASTER_KEY_CMD");
    dd_wipe_buf(&text);
    return rc;
}

/* --- the file --- */

static void key_path(dd_buf *out, const char *ending)
{
    dd_dir_state(out);
    dd_buf_printf(out, "/master.key%s", ending);
}

/* DD_ERR_NOT_FOUND: there is none. */
static dd_code from_file(const char *ending, dd_secret *out, dd_err *err)
{
    dd_buf      path = DD_BUF_INIT(0), text = DD_BUF_INIT(TEXT_MAX);
    struct stat st;
    dd_code     rc = DD_OK;
    *out           = DD_SECRET_NONE;
    key_path(&path, ending);
    dd_buf_reserve(&text, TEXT_MAX);
    if (stat(dd_buf_z(&path), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 027)) {
        rc = dd_fail(err, DD_ERR_IO, "the master key \"%s\" may be read or written by others", dd_buf_z(&path));
        dd_hint(err, "chmod 600 %s", dd_buf_z(&path));
    }
    if (rc == DD_OK)
        rc = dd_file_read(dd_buf_z(&path), &text, err);
    if (rc == DD_OK && (rc = dd_master_parse(dd_buf_str(&text), out, err)) != DD_OK)
        dd_wrap(err, "file \"%s\"", dd_buf_z(&path));
    dd_wipe_buf(&text);
    dd_buf_free(&path);
    return rc;
}

static bool write_key(int fd, dd_secret key)
{
    char text[2 * DD_MASTER_LEN + 2];
    dd_master_format(key, text);
    text[2 * DD_MASTER_LEN]     = '\n';
    bool ok = write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1 && fsync(fd) == 0;
    dd_wipe(text, sizeof text);
    return ok;
}

/* Appears whole or not at all. DD_ERR_USAGE: another process was first. */
static dd_code new_file(const char *ending, dd_secret key, dd_err *err)
{
    dd_buf path = DD_BUF_INIT(0), temp = DD_BUF_INIT(0);
    key_path(&path, ending);
    dd_buf_printf(&temp, "%s.XXXXXX", dd_buf_z(&path));
    dd_buf_z(&temp);
    dd_code rc = DD_OK;
    int     fd = mkstemp(temp.ptr); /* 0600 */
    if (fd < 0 || !write_key(fd, key) || link(temp.ptr, dd_buf_z(&path)) != 0)
        rc = errno == EEXIST ? DD_ERR_USAGE : dd_fail_errno(err, errno, "could not write the master key \"%s\"", dd_buf_z(&path));
    if (fd >= 0) {
        close(fd);
        unlink(temp.ptr);
    }
    dd_buf_free(&path);
    dd_buf_free(&temp);
    return rc;
}

static dd_code create_file(dd_secret *out, dd_err *err)
{
    *out       = dd_master_new();
    dd_code rc = new_file("", *out, err);
    if (rc == DD_OK)
        return DD_OK;
    dd_secret_free(out);
    return rc == DD_ERR_USAGE ? from_file("", out, err) : rc;
}

void dd_master_file_drop(void)
{
    dd_buf next = DD_BUF_INIT(0);
    key_path(&next, ".new");
    unlink(dd_buf_z(&next));
    dd_buf_free(&next);
}

dd_code dd_master_file_prepare(dd_secret next, dd_err *err)
{
    dd_master_file_drop();
    dd_code rc = new_file(".new", next, err);
    return rc == DD_ERR_USAGE ? dd_fail(err, DD_ERR_IO, "another process is changing the master key") : rc;
}

dd_code dd_master_file_keep(dd_err *err)
{
    dd_buf  next = DD_BUF_INIT(0), path = DD_BUF_INIT(0);
    key_path(&next, ".new");
    key_path(&path, "");
    dd_code rc = DD_OK;
    if (rename(dd_buf_z(&next), dd_buf_z(&path)) != 0)
        rc = dd_fail_errno(err, errno, "could not keep the new master key \"%s\"", dd_buf_z(&path));
    dd_buf_free(&next);
    dd_buf_free(&path);
    return rc;
}

dd_code dd_master_file_remove(dd_err *err)
{
    dd_buf path = DD_BUF_INIT(0);
    key_path(&path, "");
    dd_code rc = unlink(dd_buf_z(&path)) == 0 ? DD_OK : dd_fail_errno(err, errno, "could not remove the old master key \"%s\"", dd_buf_z(&path));
    dd_buf_free(&path);
    return rc;
}

/* The file's key, or the one beside it that a change left there when it was cut off. */
static dd_code fitting_file(dd_db *db, dd_secret *out, dd_err *err)
{
    dd_secret next = DD_SECRET_NONE;
    dd_err    own  = DD_ERR_INIT;
    dd_code   rc   = from_file("", out, err);
    if (rc == DD_OK)
        rc = dd_secrets_check(db, DD_ORG_DEFAULT, *out, err);
    if (rc == DD_OK || from_file(".new", &next, &own) != DD_OK)
        return rc;
    if (dd_secrets_check(db, DD_ORG_DEFAULT, next, &own) == DD_OK && dd_master_file_keep(&own) == DD_OK) {
        dd_secret_free(out);
        *out = next;
        return DD_OK;
    }
    dd_secret_free(&next);
    return rc;
}

static dd_code open_file(dd_db *db, bool create, dd_secret *out, dd_err *err)
{
    bool    sealed = false;
    dd_code rc     = dd_secrets_sealed(db, DD_ORG_DEFAULT, &sealed, err);
    if (rc != DD_OK)
        return rc;
    rc = fitting_file(db, out, err);
    if (rc == DD_ERR_NOT_FOUND && create && !sealed)
        return create_file(out, err);
    if (rc == DD_ERR_NOT_FOUND) {
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "the master key is missing");
        dd_hint(err, "Give it by DD0C_MASTER_KEY, DD0C_MASTER_KEY_CMD or the file master.key of the state folder; without it the secrets are lost.");
    }
    return rc;
}

dd_code dd_master_open(dd_db *db, bool create, dd_secret *out, dd_master_source *from, dd_err *err)
{
    const char *text = getenv("DD0C_MASTER_KEY"), *command = getenv("DD0C_MASTER_KEY_CMD");
    dd_code     rc;
    *out  = DD_SECRET_NONE;
    *from = text && *text ? DD_MASTER_ENV : command && *command ? DD_MASTER_COMMAND : DD_MASTER_FILE;
    if (*from == DD_MASTER_FILE) {
        rc = open_file(db, create, out, err);
    } else if (*from == DD_MASTER_COMMAND) {
        rc = from_command(command, out, err);
    } else if ((rc = dd_master_parse(dd_str_z(text), out, err)) != DD_OK) {
        dd_wrap(err, "DD0C_MASTER_KEY");
    }
    if (rc == DD_OK)
        rc = dd_secrets_check(db, DD_ORG_DEFAULT, *out, err);
    if (rc != DD_OK)
        dd_secret_free(out);
    return rc;
}

/* --- values --- */

struct dd_vault {
    dd_db    *db;
    dd_secret master;
};

dd_vault *dd_vault_open(dd_err *err)
{
    dd_vault        *v = dd_calloc(1, sizeof *v);
    dd_master_source from;
    dd_code          rc = dd_config_db_open(false, &v->db, err);
    if (rc == DD_OK && !v->db) {
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "no secret was ever set");
        dd_hint(err, "Set one: dd0c secrets set NAME.");
    }
    if (rc == DD_OK)
        rc = dd_master_open(v->db, false, &v->master, &from, err);
    if (rc == DD_OK)
        return v;
    dd_vault_close(v);
    return NULL;
}

dd_code dd_vault_get(dd_vault *v, dd_str name, dd_secret *out, dd_err *err)
{
    return dd_secrets_get(v->db, DD_ORG_DEFAULT, v->master, name, out, err);
}

void dd_vault_close(dd_vault *v)
{
    if (!v)
        return;
    dd_secret_free(&v->master);
    dd_db_close(v->db);
    free(v);
}
