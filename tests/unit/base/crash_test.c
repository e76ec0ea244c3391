#include "base/crash.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pool.h"
#include "tests/unit/test.h"

static volatile int deep = 1;

__attribute__((noinline)) static int recurse(int n)
{
    volatile char frame[4096];
    frame[n % 4096] = (char)n;
    return deep ? recurse(n + 1) + frame[n % 4096] : frame[0];
}

static void *overflow(void *unused)
{
    (void)unused;
    deep = recurse(0);
    return NULL;
}

static void *write_nowhere(void *unused)
{
    (void)unused;
    raise(SIGSEGV);
    return NULL;
}

static void *stop(void *unused)
{
    (void)unused;
    abort();
}

static void in_thread(void *(*fn)(void *))
{
    pthread_t t;
    if (dd_thread_start(&t, fn, NULL) == 0)
        pthread_join(t, NULL);
}

/* What a process says that ends by `fn`; its status in *status. */
static size_t told(void *(*fn)(void *), bool thread, int *status, char *text, size_t cap)
{
    int    ends[2];
    size_t n = 0;
    if (pipe(ends) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        dup2(ends[1], STDERR_FILENO);
        dd_crash_catch();
        if (thread)
            in_thread(fn);
        else
            fn(NULL);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; n < cap && (got = read(ends[0], text + n, cap - n)) > 0;)
        n += (size_t)got;
    close(ends[0]);
    waitpid(child, status, 0);
    return n;
}

static const struct { const char *why; void *(*fn)(void *); int signal; } crashes[] = {
    { "R1.7 a stack that ran out", overflow, SIGSEGV },
    { "R1.7 a fault", write_nowhere, SIGSEGV },
    { "R1.7 an abort", stop, SIGABRT },
};

TEST(a_crash_is_told_in_any_thread_and_ends_the_process)
{
    for (size_t i = 0; i < DD_COUNT(crashes); i++)
        for (int thread = 0; thread < 2; thread++) {
            char   text[16384];
            int    status = 0;
            dd_str said   = { text, told(crashes[i].fn, thread, &status, text, sizeof text) };
            CHECK_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : 0, crashes[i].signal, crashes[i].why);
            CHECK_EQ(dd_str_startsz(said, "dd0c: a fatal error"), true, crashes[i].why);
            CHECK_EQ(dd_str_has(said, "["), true, "addresses follow");
        }
}

static void *look(void *out)
{
    stack_t now;
    *(bool *)out = sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE) && now.ss_size >= 32 << 10;
    return NULL;
}

TEST(each_thread_has_room_for_the_handler)
{
    for (int i = 0; i < 3; i++) {
        pthread_t t;
        bool      has = false;
        CHECK_EQ(dd_thread_start(&t, look, &has), 0, "a thread");
        pthread_join(t, NULL);
        CHECK(has);
    }
}

/* Exit status 0: what happens to a core went off and came back. */
static int off_and_on(void)
{
    struct rlimit one = { 4096, 4096 }, now;
    if (getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max < 4096)
        one = now;
    setrlimit(RLIMIT_CORE, &one);
    dd_crash_dump_nothing();
    if (getrlimit(RLIMIT_CORE, &now) != 0 || now.rlim_cur != 0)
        return 1;
    dd_crash_dump_again();
    return getrlimit(RLIMIT_CORE, &now) != 0 || now.rlim_cur != one.rlim_cur;
}

TEST(a_dying_proxy_leaves_no_core_but_its_children_may_R2_8)
{
    int   status = -1;
    pid_t child  = fork();
    if (child == 0)
        _exit(off_and_on());
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
