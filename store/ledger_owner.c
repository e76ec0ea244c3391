/* store/ledger_owner.c - who has the file open, and who has died.
 *
 * An owner holds a lock on a byte of its own, which the system takes away when its process ends, whatever way it ended and in whatever namespace
 * it ran. Where such locks are not to be had, its number and start tell. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "store/ledger_parts.h"

static bool read_small(const char *path, char *out, size_t cap)
{
    int     fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n  = fd < 0 ? -1 : read(fd, out, cap - 1);
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

void ledger_boot(char out[40])
{
    if (read_small("/proc/sys/kernel/random/boot_id", out, 40))
        out[strcspn(out, "\n")] = '\0';
}

/* The state and the 22nd field of /proc/PID/stat; the second one may hold blanks and brackets. */
static bool process_start(uint32_t pid, char *state, uint64_t *start)
{
    char  path[64], text[1024];
    char *at;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    if (!read_small(path, text, sizeof text) || (at = strrchr(text, ')')) == NULL || at[1] == '\0')
        return false;
    *state = at[2];
    for (int field = 2; field < 22 && at != NULL; field++)
        at = strchr(at + 1, ' ');
    return at != NULL && (*start = strtoull(at + 1, NULL, 10), true);
}

static struct flock byte_lock(uint32_t owner, short type)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = LEDGER_LOCKS_AT + owner, .l_len = 1 };
}

bool ledger_owner_dead(const dd_ledger *l, uint32_t owner)
{
    if (owner == l->owner || owner >= l->head->owners)
        return owner != l->owner;
    const ledger_owner *o    = &l->owners[owner];
    struct flock        lock = byte_lock(owner, F_WRLCK);
    char                boot[40], state;
    uint64_t            start;
    if (atomic_load(&o->state) != OWNER_OPEN)
        return true;
    if (o->locked)
        return fcntl(l->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
    ledger_boot(boot);
    if (strcmp(boot, o->boot) != 0)
        return true;
    return !process_start(o->pid, &state, &start) ? errno == ENOENT : start != o->start || state == 'X';
}

bool ledger_anyone(int fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LEDGER_LOCKS_AT, .l_len = 65536 };
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool ledger_flock(int fd, int wait_ms)
{
    for (int waited = 0;; waited++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (waited >= wait_ms)
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
}

void ledger_funlock(int fd) { flock(fd, LOCK_UN); }

bool ledger_alone(const dd_ledger *l)
{
    for (uint32_t i = 0; i < l->head->owners; i++)
        if (!ledger_owner_dead(l, i) && i != l->owner)
            return false;
    return true;
}

bool ledger_lock(dd_ledger *l, int wait_ms)
{
    pthread_mutex_lock(&l->mutex);
    if (ledger_flock(l->fd, wait_ms))
        return true;
    pthread_mutex_unlock(&l->mutex);
    return false;
}

void ledger_unlock(dd_ledger *l)
{
    ledger_funlock(l->fd);
    pthread_mutex_unlock(&l->mutex);
}

static bool has_slots(const dd_ledger *l, uint32_t owner)
{
    uint32_t high = atomic_load(&l->head->high);
    for (uint32_t i = 0; i < high && i < l->head->slots; i++) {
        uint64_t state = atomic_load(&l->states[i]);
        if (ledger_phase_of(state) != PHASE_FREE && ledger_owner_of(state) == owner)
            return true;
    }
    return false;
}

bool ledger_join(dd_ledger *l, dd_err *err)
{
    l->owner = UINT32_MAX;
    for (uint32_t i = 0; i < l->head->owners && l->owner == UINT32_MAX; i++)
        if (ledger_owner_dead(l, i) && !has_slots(l, i))
            l->owner = i;
    if (l->owner == UINT32_MAX) {
        dd_fail(err, DD_ERR_LIMIT, "ledger: %u processes have it open", l->head->owners);
        return false;
    }
    ledger_owner *o    = &l->owners[l->owner];
    struct flock  lock = byte_lock(l->owner, F_WRLCK);
    char          state;
    atomic_store(&o->state, OWNER_NONE);
    o->pid    = (uint32_t)getpid();
    o->locked = fcntl(l->fd, F_OFD_SETLK, &lock) == 0;
    if (!process_start(o->pid, &state, &o->start))
        o->start = 0;
    ledger_boot(o->boot);
    atomic_store(&o->state, OWNER_OPEN);
    return true;
}

/* What it still holds is given back by the next reclaim. */
void ledger_leave(dd_ledger *l) { atomic_store(&l->owners[l->owner].state, OWNER_CLOSED); }
