/* Answers for gitignore_diff.py. Lines in: "N" a new set, "R <base> <text>" the rules of one file, "Q d|f <path>" a
 * question; base, text and path in hex, "-" for nothing. Out: 1 or 0 a question. */
#include "scan/ignore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dd_str unhex(char *s)
{
    size_t n = 0;
    if (strcmp(s, "-") == 0)
        return (dd_str){ s, 0 };
    for (const char *h = s; h[0] && h[1]; h += 2) {
        const char pair[3] = { h[0], h[1], 0 };
        s[n++] = (char)strtol(pair, NULL, 16);
    }
    return (dd_str){ s, n };
}

static int ignored(const dd_ignore *ig, dd_str path, bool is_dir)
{
    for (size_t i = 0; i <= path.len; i++)
        if ((i == path.len || path.ptr[i] == '/') &&
            dd_ignore_match(ig, dd_str_sub(path, 0, i), i == path.len ? is_dir : true) == 1)
            return 1;
    return 0;
}

int main(void)
{
    static char line[1 << 20], a[1 << 19], b[1 << 19];
    dd_ignore  *ig = dd_ignore_new();
    while (fgets(line, sizeof line, stdin)) {
        char what = line[0];
        if (what == 'N') {
            dd_ignore_free(ig);
            ig = dd_ignore_new();
        } else if (sscanf(line + 1, "%524287s %524287s", a, b) == 2) {
            if (what == 'R')
                dd_ignore_add(ig, unhex(a), unhex(b));
            else
                printf("%d\n", ignored(ig, unhex(b), a[0] == 'd'));
        }
    }
    dd_ignore_free(ig);
    return 0;
}
