#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "store/record.h"

#define MAGIC  "dd0cspl2"
#define ENDING ".spool"
enum { MAGIC_LEN = sizeof MAGIC - 1, SEGMENT_PARTS = 8, SEGMENT_MIN = 1 << 16, NAME_MAX_BYTES = 96,
       LOCK_TRIES = 1000, ROOM_MIN = 1 << 17 /* more than any frame */ };

typedef struct { int fd; int64_t size; char name[NAME_MAX_BYTES]; } segment; /* fd -1: none */

struct dd_spool {
    pthread_mutex_t lock;
    char           *dir;
    int64_t         max_bytes;
    segment         out, in;
    int64_t         at, next;     /* in `in`: read and done; read */
    unsigned        counter;
    _Atomic int64_t bytes, damaged;
};

/* ---- files ---- */

static void path_of(const dd_spool *s, const char *name, dd_buf *path)
{
    dd_buf_printf(path, "%s/%s", s->dir, name);
}

static bool is_ours(const char *name)
{
    dd_str n = dd_str_z(name);
    return n.len < NAME_MAX_BYTES && dd_str_endsz(n, ENDING) && n.len > sizeof ENDING;
}

static int64_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_nlink > 0 ? (int64_t)st.st_size : -1;
}

static int64_t bytes_in_folder(const dd_spool *s)
{
    int64_t        sum = 0;
    struct dirent *d;
    struct stat    st;
    DIR           *dir = opendir(s->dir);
    if (dir == NULL)
        return 0;
    while ((d = readdir(dir)) != NULL)
        if (is_ours(d->d_name) && fstatat(dirfd(dir), d->d_name, &st, 0) == 0)
            sum += st.st_size;
    closedir(dir);
    return sum;
}

static void close_segment(segment *g)
{
    if (g->fd >= 0)
        close(g->fd);
    g->fd = -1;
}

dd_spool *dd_spool_new(const char *dir, int64_t max_bytes)
{
    dd_spool *s = dd_calloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->dir = dd_strdup(dd_str_z(dir));
    s->max_bytes = max_bytes;
    s->out.fd = s->in.fd = -1;
    atomic_init(&s->bytes, bytes_in_folder(s));
    return s;
}

void dd_spool_free(dd_spool *s)
{
    if (s == NULL)
        return;
    close_segment(&s->out);
    close_segment(&s->in);
    pthread_mutex_destroy(&s->lock);
    free(s->dir);
    free(s);
}

int64_t dd_spool_bytes(dd_spool *s) { return atomic_load(&s->bytes); }
int64_t dd_spool_damaged(dd_spool *s) { return atomic_load(&s->damaged); }

/* ---- appending ---- */

/* Names sort by the time of their making. */
static dd_code new_segment(dd_spool *s, dd_err *err)
{
    segment *g = &s->out;
    dd_buf   path = DD_BUF_INIT(0);
    dd_code  rc = dd_dir_make(s->dir, err);
    if (rc != DD_OK)
        return rc;
    snprintf(g->name, sizeof g->name, "%013lld-%ld-%u" ENDING, (long long)time(NULL), (long)getpid(), s->counter++);
    path_of(s, g->name, &path);
    g->fd = open(dd_buf_z(&path), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (g->fd < 0)
        rc = dd_fail_errno(err, errno, "could not make spool file \"%s\"", dd_buf_z(&path));
    else if (flock(g->fd, LOCK_EX | LOCK_NB) != 0 || write(g->fd, MAGIC, MAGIC_LEN) != MAGIC_LEN) {
        rc = dd_fail_errno(err, errno, "could not write spool file \"%s\"", dd_buf_z(&path));
        unlink(dd_buf_z(&path));
        close_segment(g);
    } else {
        g->size = MAGIC_LEN;
        atomic_fetch_add(&s->bytes, MAGIC_LEN);
    }
    dd_buf_free(&path);
    return rc;
}

/* A file that takes no more: its torn end goes, or is found by who reads it; the next bytes try a new file. */
static void give_up(dd_spool *s)
{
    dd_buf path = DD_BUF_INIT(0);
    path_of(s, s->out.name, &path);
    bool cut = ftruncate(s->out.fd, s->out.size) == 0;
    if (cut && s->out.size == MAGIC_LEN) {
        unlink(dd_buf_z(&path));
        atomic_fetch_sub(&s->bytes, MAGIC_LEN);
    }
    dd_buf_free(&path);
    close_segment(&s->out);
}

static dd_code write_all(dd_spool *s, dd_str bytes, dd_err *err)
{
    dd_str rest = bytes;
    while (rest.len > 0) {
        ssize_t n = write(s->out.fd, rest.ptr, rest.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            dd_fail_errno(err, n == 0 ? ENOSPC : errno, "could not write spool file \"%s/%s\"", s->dir, s->out.name);
            give_up(s);
            return DD_ERR_IO;
        }
        rest = dd_str_sub(rest, (size_t)n, rest.len);
    }
    s->out.size += (int64_t)bytes.len;
    atomic_fetch_add(&s->bytes, (int64_t)bytes.len);
    return DD_OK;
}

static dd_code append(dd_spool *s, dd_str bytes, dd_err *err)
{
    int64_t part = s->max_bytes / SEGMENT_PARTS > SEGMENT_MIN ? s->max_bytes / SEGMENT_PARTS : SEGMENT_MIN;
    if (s->out.fd >= 0 && size_of(s->out.fd) < 0) { /* somebody removed it */
        atomic_fetch_sub(&s->bytes, s->out.size);
        close_segment(&s->out);
    }
    if (s->out.fd >= 0 && s->out.size > part)
        close_segment(&s->out);
    if (dd_spool_bytes(s) + (int64_t)bytes.len + (s->out.fd >= 0 ? 0 : MAGIC_LEN) > s->max_bytes)
        return dd_fail(err, DD_ERR_LIMIT, "the spool \"%s\" is full", s->dir);
    dd_code rc = s->out.fd >= 0 ? DD_OK : new_segment(s, err);
    return rc == DD_OK ? write_all(s, bytes, err) : rc;
}

/* Whoever holds the lock may hang in a system call; the caller has better things to do than to hang too. */
static bool lock_within(dd_spool *s)
{
    const struct timespec pause = { 0, 1000000 };
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (pthread_mutex_trylock(&s->lock) == 0)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

dd_code dd_spool_append(dd_spool *s, dd_buf *frames, dd_err *err)
{
    if (frames->len == 0)
        return DD_OK;
    dd_frames_seal(frames->ptr, frames->len);
    if (!lock_within(s))
        return dd_fail(err, DD_ERR_IO, "could not write to the spool \"%s\": its disk does not answer", s->dir);
    dd_code rc = append(s, dd_buf_str(frames), err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

void dd_spool_release(dd_spool *s)
{
    if (!lock_within(s))
        return;
    close_segment(&s->out);
    close_segment(&s->in);
    pthread_mutex_unlock(&s->lock);
}

/* ---- reading ---- */

/* Locks the file for reading, if nobody else writes or reads it. */
static bool try_segment(dd_spool *s, const char *name)
{
    dd_buf path = DD_BUF_INIT(0);
    path_of(s, name, &path);
    segment g = { open(dd_buf_z(&path), O_RDONLY | O_CLOEXEC), 0, "" };
    dd_buf_free(&path);
    if (g.fd < 0)
        return false;
    if (flock(g.fd, LOCK_EX | LOCK_NB) != 0 || (g.size = size_of(g.fd)) < 0) {
        close_segment(&g);
        return false;
    }
    snprintf(g.name, sizeof g.name, "%s", name);
    s->in = g;
    s->at = s->next = MAGIC_LEN;
    return true;
}

/* The oldest file that can be had. Folders of spools hold a handful of files: nothing is kept between two looks. */
static bool pick(dd_spool *s)
{
    char           after[NAME_MAX_BYTES] = "", best[NAME_MAX_BYTES];
    struct dirent *d;
    for (;;) {
        DIR *dir = opendir(s->dir);
        best[0] = '\0';
        if (dir == NULL)
            return false;
        while ((d = readdir(dir)) != NULL)
            if (is_ours(d->d_name) && strcmp(d->d_name, after) > 0 && (best[0] == '\0' || strcmp(d->d_name, best) < 0))
                snprintf(best, sizeof best, "%.*s", NAME_MAX_BYTES - 1, d->d_name);
        closedir(dir);
        if (best[0] == '\0')
            return false;
        if (try_segment(s, best))
            return true;
        memcpy(after, best, sizeof after);
    }
}

static void finish_segment(dd_spool *s)
{
    dd_buf path = DD_BUF_INIT(0);
    path_of(s, s->in.name, &path);
    unlink(dd_buf_z(&path));
    dd_buf_free(&path);
    close_segment(&s->in);
    if (atomic_fetch_sub(&s->bytes, s->in.size) < s->in.size)
        atomic_store(&s->bytes, 0);
}

/* Whole, sound frames at `next`, to *out. False: there are no more in this file. */
static bool read_frames(dd_spool *s, size_t max_bytes, dd_buf *out)
{
    size_t  room = max_bytes > ROOM_MIN ? max_bytes : ROOM_MIN, start = out->len;
    char   *bytes = dd_malloc(room);
    ssize_t n = pread(s->in.fd, bytes, room, s->next);
    dd_str  rest = { bytes, n > 0 ? (size_t)n : 0 };
    dd_frame f;
    bool    damaged = false;
    while (dd_frame_check(&rest, &f, &damaged))
        dd_frame_add(out, f);
    size_t taken = out->len - start;
    free(bytes);
    if (taken == 0 && n > 0)
        atomic_fetch_add(&s->damaged, 1);
    s->next += (int64_t)taken;
    return taken > 0;
}

/* A file of another version is moved out of the way, for the program that knows it. */
static bool starts_well(const dd_spool *s)
{
    char magic[MAGIC_LEN];
    if (pread(s->in.fd, magic, MAGIC_LEN, 0) != MAGIC_LEN)
        return false;
    if (memcmp(magic, MAGIC, MAGIC_LEN - 1) == 0 && magic[MAGIC_LEN - 1] != MAGIC[MAGIC_LEN - 1]) {
        dd_buf from = DD_BUF_INIT(0), to = DD_BUF_INIT(0);
        path_of(s, s->in.name, &from);
        dd_buf_printf(&to, "%s-version-%c", dd_buf_z(&from), magic[MAGIC_LEN - 1]);
        if (rename(dd_buf_z(&from), dd_buf_z(&to)) != 0)
            unlink(dd_buf_z(&from));
        dd_buf_free(&from);
        dd_buf_free(&to);
    }
    return memcmp(magic, MAGIC, MAGIC_LEN) == 0;
}

static void read_some(dd_spool *s, size_t max_bytes, dd_buf *out)
{
    s->next = s->at;
    for (;;) {
        if (s->in.fd < 0) {
            bool more = pick(s);
            if (!more && s->out.fd >= 0) {
                close_segment(&s->out); /* what is left is the one that we are writing: it ends here */
                more = pick(s);
            }
            if (!more)
                return;
        }
        if (starts_well(s) && read_frames(s, max_bytes, out))
            return;
        finish_segment(s);
    }
}

dd_code dd_spool_read(dd_spool *s, size_t max_bytes, dd_buf *out, dd_err *err)
{
    (void)err;
    pthread_mutex_lock(&s->lock);
    read_some(s, max_bytes, out);
    if (s->in.fd < 0 && s->out.fd < 0)
        atomic_store(&s->bytes, bytes_in_folder(s));
    pthread_mutex_unlock(&s->lock);
    return DD_OK;
}

void dd_spool_done(dd_spool *s)
{
    pthread_mutex_lock(&s->lock);
    s->at = s->next;
    if (s->in.fd >= 0 && s->at >= size_of(s->in.fd))
        finish_segment(s);
    pthread_mutex_unlock(&s->lock);
}
