/* Runs every registered test, or those whose "file:name" holds argv[1]. */
#include "tests/unit/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct { const char *file, *name; dd_test_fn *fn; } tests[4096];
static size_t n_tests;
static int    failures;

void dd_test_register(const char *file, const char *name, dd_test_fn *fn)
{
    if (n_tests < DD_COUNT(tests)) {
        tests[n_tests].file = file;
        tests[n_tests].name = name;
        tests[n_tests++].fn = fn;
    }
}

void dd_test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    failures++;
    printf("%s:%d: ", file, line);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

const char *dd_test_dir(void)
{
    static char dir[64];
    if (!dir[0]) {
        snprintf(dir, sizeof dir, "/tmp/dd0c-test.XXXXXX");
        if (!mkdtemp(dir))
            abort();
    }
    return dir;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    for (size_t i = 0; i < n_tests; i++) {
        char full[512];
        snprintf(full, sizeof full, "%s:%s", tests[i].file, tests[i].name);
        if (argc > 1 && !strstr(full, argv[1]))
            continue;
        int before = failures;
        tests[i].fn();
        if (failures == before)
            passed++;
        else {
            failed++;
            printf("FAIL %s\n", full);
        }
    }
    if (dd_test_dir()[0]) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", dd_test_dir());
        if (system(command) != 0)
            printf("could not remove %s\n", dd_test_dir());
    }
    printf("unit: %d passed, %d failed\n", passed, failed);
    return failed || passed == 0;
}
