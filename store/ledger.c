#include "store/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/ledger_parts.h"

static const char magic[16] = "dd0c-ledger\n";

static size_t bytes_of(const ledger_head *h)
{
    return LEDGER_HEAD_BYTES + h->owners * sizeof(ledger_owner) + ((size_t)h->accounts + h->slots) * 8 + h->slots * sizeof(ledger_slot) +
           h->accounts * sizeof(ledger_account);
}

static uint64_t check_of(const ledger_head *h) { return dd_str_hash((dd_str){ (const char *)h, offsetof(ledger_head, check) }); }

static ledger_head new_head(const dd_ledger_opts *o)
{
    ledger_head h = { .version = LEDGER_VERSION, .account_bytes = sizeof(ledger_account), .slot_bytes = sizeof(ledger_slot) };
    memcpy(h.magic, magic, sizeof magic);
    h.owners = LEDGER_OWNERS;
    /* In multiples of 8 lines of the cache, and no more than a tag can name. */
    h.accounts = (uint32_t)((o->accounts == 0 ? 16384 : o->accounts > 1 << 22 ? 1 << 22 : o->accounts) + 63) & ~63u;
    h.slots    = (uint32_t)((o->reservations == 0 ? 8192 : o->reservations > 1 << 19 ? 1 << 19 : o->reservations) + 63) & ~63u;
    h.check    = check_of(&h);
    return h;
}

static const char *why_bad(const ledger_head *h, off_t size)
{
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return "it is no ledger";
    if (h->check != check_of(h))
        return "it is damaged";
    if (h->version != LEDGER_VERSION || h->account_bytes != sizeof(ledger_account) || h->slot_bytes != sizeof(ledger_slot))
        return "it is another version's";
    if (h->owners == 0 || h->owners > 1 << 16 || h->accounts == 0 || h->slots == 0 || h->slots >= LEDGER_NO_SLOT || (off_t)bytes_of(h) != size)
        return "it is damaged";
    return NULL;
}

/* Room on the disk is taken now: a page that finds none when it is first touched ends the process. The head comes last. */
static dd_code make(int fd, const dd_ledger_opts *o, dd_err *err)
{
    ledger_head h  = new_head(o);
    int         no = ftruncate(fd, 0) != 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes_of(&h));
    if (no != 0)
        return dd_fail_errno(err, no, "could not make ledger \"%s\"", o->path);
    if (pwrite(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
        return dd_fail_errno(err, errno, "could not write ledger \"%s\"", o->path);
    return DD_OK;
}

static void place(dd_ledger *l, void *at)
{
    char *p     = at;
    l->head     = at;
    l->owners   = (void *)(p += LEDGER_HEAD_BYTES);
    l->slots    = (void *)(p += l->head->owners * sizeof(ledger_owner));
    l->accounts = (void *)(p += l->head->slots * sizeof(ledger_slot));
    l->ids      = (void *)(p += l->head->accounts * sizeof(ledger_account));
    l->states   = (void *)(p + l->head->accounts * sizeof *l->ids);
}

static bool slot_is_sound(const dd_ledger *l, uint32_t i)
{
    const ledger_slot *s     = &l->slots[i];
    uint64_t           state = atomic_load(&l->states[i]);
    uint32_t           n     = atomic_load(&s->n);
    if (ledger_phase_of(state) >= PHASE_COUNT || ledger_owner_of(state) >= l->head->owners || n > DD_LEDGER_ACCOUNTS || atomic_load(&s->k) > n)
        return false;
    for (uint32_t j = 0; j < n; j++)
        if (atomic_load(&s->at[j]) >= l->head->accounts)
            return false;
    return atomic_load(&s->amount) >= 0;
}

/* Of what holds at every moment: whoever writes meanwhile. */
static const char *why_unsound(const dd_ledger *l)
{
    if (atomic_load(&l->head->high) > l->head->slots)
        return "it is damaged";
    for (uint32_t i = 0; i < l->head->slots; i++)
        if (!slot_is_sound(l, i))
            return "it is damaged";
    for (uint32_t i = 0; i < l->head->accounts; i++) {
        uint64_t id   = atomic_load(&l->ids[i]);
        uint32_t away = (i + l->head->accounts - (uint32_t)(id % l->head->accounts)) % l->head->accounts;
        bool is_id = id >= DD_BUDGET_ID_MIN;
        if ((!is_id && id > ID_DYING) || (is_id && (away >= LEDGER_WINDOW || atomic_load(&l->accounts[i].spent.value) < 0)))
            return "it is damaged";
    }
    return NULL;
}

/* Nobody else has it open and the dead have been cleared away: what is committed is what was spent, or a page was lost. */
static void heal(dd_ledger *l)
{
    char     boot[40];
    uint32_t healed = 0;
    ledger_boot(boot);
    bool booted = strncmp(boot, l->head->boot, sizeof boot) != 0;
    for (uint32_t i = 0; i < l->head->accounts; i++) {
        ledger_account *a = &l->accounts[i];
        if (atomic_load(&l->ids[i]) < DD_BUDGET_ID_MIN)
            continue;
        int64_t spent = atomic_load(&a->spent.value), committed = atomic_load(&a->committed.value);
        if (spent != committed) {
            atomic_store(&a->committed.value, spent);
            healed++;
        }
        if ((booted && l->head->boot[0] != '\0') || spent != committed)
            atomic_store(&a->stale, 1);
    }
    memcpy(l->head->boot, boot, sizeof boot);
    if (healed > 0)
        snprintf(l->note, sizeof l->note, "ledger: %u sums did not agree; taken from what was spent", healed);
}

static void put_aside(dd_ledger *l, const char *path, const char *why)
{
    dd_buf aside = DD_BUF_INIT(0);
    dd_buf_printf(&aside, "%s.damaged", path);
    if (rename(path, dd_buf_z(&aside)) != 0)
        unlink(path);
    snprintf(l->note, sizeof l->note, "ledger \"%.100s\": %s; put aside as \"%.100s\", begun anew", path, why, dd_buf_z(&aside));
    dd_buf_free(&aside);
}

/* Opens and locks what stands at the path: another process may be putting it aside. */
static int open_locked(const char *path, dd_err *err)
{
    for (;;) {
        struct stat here, there;
        int         fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
            dd_fail_errno(err, errno, "could not open ledger \"%s\"", path);
            return -1;
        }
        if (!ledger_flock(fd, 10000)) {
            dd_fail(err, DD_ERR_IO, "could not lock ledger \"%s\": another process has it for long", path);
            close(fd);
            return -1;
        }
        if (fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino && here.st_dev == there.st_dev)
            return fd;
        close(fd);
    }
}

/* Empty, or what one who was killed while making it has left. */
static bool is_blank(const ledger_head *h, ssize_t got)
{
    static const char nothing[sizeof h->magic];
    return got <= 0 || ((size_t)got >= sizeof h->magic && memcmp(h->magic, nothing, sizeof nothing) == 0 && h->version == 0);
}

/* Maps a file that is locked. DD_ERR_PARSE: *why it is not to be used. */
static dd_code map_it(dd_ledger *l, const dd_ledger_opts *o, const char **why, dd_err *err)
{
    ledger_head h = { 0 };
    struct stat st;
    ssize_t     got = pread(l->fd, &h, sizeof h, 0);
    if (fstat(l->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return dd_fail(err, DD_ERR_IO, "could not use ledger \"%s\": not a file", o->path);
    if (is_blank(&h, got)) {
        dd_code rc = make(l->fd, o, err);
        if (rc != DD_OK)
            return rc;
        h = new_head(o);
        st.st_size = (off_t)bytes_of(&h);
    }
    *why = why_bad(&h, st.st_size);
    if (*why != NULL)
        return DD_ERR_PARSE;
    l->bytes = bytes_of(&h);
    void *at = mmap(NULL, l->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
    if (at == MAP_FAILED)
        return dd_fail_errno(err, errno, "could not map ledger \"%s\"", o->path);
    place(l, at);
    *why = why_unsound(l);
    return *why != NULL ? DD_ERR_PARSE : DD_OK;
}

static void unmap(dd_ledger *l)
{
    if (l->head != NULL)
        munmap(l->head, l->bytes);
    if (l->fd >= 0)
        close(l->fd); /* and with it all locks */
    l->head = NULL;
    l->fd   = -1;
}

static dd_code open_file(dd_ledger *l, const dd_ledger_opts *o, dd_err *err)
{
    for (int tries = 0;; tries++) {
        const char *why = NULL;
        l->fd           = open_locked(o->path, err);
        if (l->fd < 0)
            return err->code;
        dd_code rc = map_it(l, o, &why, err);
        if (rc != DD_ERR_PARSE)
            return rc;
        if (tries > 0 || ledger_anyone(l->fd)) {
            dd_fail(err, DD_ERR_PARSE, "could not use ledger \"%s\": %s, and another process has it open", o->path, why);
            dd_hint(err, "Stop the other proxy, or give this one a state folder of its own.");
            return DD_ERR_PARSE;
        }
        put_aside(l, o->path, why);
        unmap(l);
    }
}

static void make_folder(const char *path)
{
    ptrdiff_t slash = dd_str_rchr(dd_str_z(path), '/');
    if (slash > 0) {
        char *dir = dd_strdup(dd_str_sub(dd_str_z(path), 0, (size_t)slash));
        (void)dd_dir_make(dir, NULL); /* opening tells */
        free(dir);
    }
}

dd_ledger *dd_ledger_open(const dd_ledger_opts *o, dd_err *err)
{
    dd_err     own = DD_ERR_INIT;
    dd_ledger *l   = dd_calloc(1, sizeof *l);
    err            = err != NULL ? err : &own;
    l->fd          = -1;
    l->expiry_ms   = o->expiry_ms > 0 ? o->expiry_ms : 15 * 60000;
    l->seed        = o->seed;
    l->seed_ctx    = o->seed_ctx;
    l->wall_s      = o->wall_s;
    l->recycled_ms = INT64_MIN / 2;
    pthread_mutex_init(&l->mutex, NULL);
    make_folder(o->path);
    if (open_file(l, o, err) != DD_OK || !ledger_join(l, err)) {
        unmap(l);
        pthread_mutex_destroy(&l->mutex);
        free(l);
        return NULL;
    }
    ledger_clear(l, INT64_MIN);
    if (ledger_alone(l))
        heal(l);
    ledger_funlock(l->fd);
    return l;
}

void dd_ledger_close(dd_ledger *l)
{
    if (l == NULL)
        return;
    if (ledger_lock(l, 1000)) {
        ledger_clear_own(l);
        ledger_leave(l);
        ledger_unlock(l);
    } else {
        ledger_leave(l);
    }
    unmap(l);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

const char *dd_ledger_note(const dd_ledger *l) { return l->note; }
