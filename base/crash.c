#include "base/crash.h"

#include <execinfo.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/redact.h"

enum { ROOM = 64 << 10 };       /* pages that only a crash touches; registers alone take up to 11 kB */
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

static void (*before)(void);

void dd_crash_before(void (*fn)(void)) { before = fn; }

static void fatal(int number)
{
    static const char text[] = "dd0c: a fatal error; please report the lines below, they hold no data\n";
    void *frames[48];
    char  line[128];
    if (before)
        before();
    size_t n = dd_redact_into(line, sizeof line, (dd_str){ text, sizeof text - 1 });
    if (write(STDERR_FILENO, line, n) > 0)
        backtrace_symbols_fd(frames, backtrace(frames, 48), STDERR_FILENO);
    raise(number);              /* once more, with the system's own handling */
}

void dd_crash_catch(void)
{
    static const int     numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    static dd_crash_room first;
    struct sigaction a = { .sa_handler = fatal, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK) };
    void *warm[1];
    backtrace(warm, 1);         /* loads what it needs while memory is whole */
    if (!first.memory)
        dd_crash_room_open(&first);
    for (size_t i = 0; i < DD_COUNT(numbers); i++)
        sigaction(numbers[i], &a, NULL);
}

void dd_crash_room_open(dd_crash_room *r)
{
    void *memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *r           = (dd_crash_room){ .memory = memory == MAP_FAILED ? NULL : memory };
    stack_t room = { .ss_sp = r->memory, .ss_size = ROOM };
    if (r->memory && sigaltstack(&room, &r->before) != 0) {
        munmap(r->memory, ROOM);
        r->memory = NULL;
    }
}

void dd_crash_room_close(dd_crash_room *r)
{
    if (!r->memory)
        return;
    sigaltstack(&r->before, NULL);
    munmap(r->memory, ROOM);
    r->memory = NULL;
}

/* --- no core --- */

static const char    what_is_dumped[] = "/proc/self/coredump_filter";   /* core(5); it holds for dumps that go to a program, too, which the limit does not stop */
static struct rlimit core_before;
static char          dumped_before[32] = "0x";
static bool          silenced;

static void choose_dumped(dd_str mask)
{
    int fd = open(what_is_dumped, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, mask.ptr, mask.len) < 0) {
        /* then the limit is all there is */
    }
    if (fd >= 0)
        close(fd);
}

void dd_crash_dump_nothing(void)
{
    if (silenced || getrlimit(RLIMIT_CORE, &core_before) != 0)
        return;
    int fd = open(what_is_dumped, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, dumped_before + 2, sizeof dumped_before - 3) < 1)
        dumped_before[0] = '\0';
    if (fd >= 0)
        close(fd);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, core_before.rlim_max });
    choose_dumped(DD_STR("0"));
    silenced = true;
}

void dd_crash_dump_again(void)
{
    if (!silenced)
        return;
    setrlimit(RLIMIT_CORE, &core_before);
    if (dumped_before[0])
        choose_dumped(dd_str_z(dumped_before));
    silenced = false;
}
