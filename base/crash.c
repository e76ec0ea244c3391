#include "base/crash.h"

#include <execinfo.h>
#include <stddef.h>
#include <sys/mman.h>
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
