/* For each file named: "parsed" or "refused" by base/jspan.h, one a line. A parsed one must copy out whole. */
#include <stdio.h>

#include "base/file.h"
#include "base/jspan.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        dd_arena arena = DD_ARENA_INIT;
        dd_buf   text  = DD_BUF_INIT(16 << 20);
        dd_err   err   = DD_ERR_INIT;
        dd_jspan d;
        if (dd_file_read(argv[i], &text, &err) != DD_OK) {
            fprintf(stderr, "%s\n", err.msg);
            return 3;
        }
        puts(dd_jspan_parse(&d, &arena, dd_buf_str(&text), &err) == DD_OK ? "parsed" : "refused");
        for (uint32_t k = 0; k < d.n; k++) { /* every value is one by itself */
            dd_jspan part;
            if (dd_jspan_parse(&part, &arena, dd_jspan_raw(&d, k), &err) != DD_OK)
                return 1;
        }
        dd_buf_free(&text);
        dd_arena_fini(&arena);
    }
    return 0;
}
