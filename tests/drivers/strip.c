/* A chat stream from stdin to stdout without its usage chunk, read in pieces of argv[1] bytes. */
#include <stdio.h>

#include "proxy/splice.h"

static void put(dd_buf *out)
{
    if (out->len)
        fwrite(out->ptr, 1, out->len, stdout);
    dd_buf_clear(out);
}

int main(int argc, char **argv)
{
    int64_t         size = 4096;
    char            piece[65536];
    dd_buf          out = DD_BUF_INIT(0);
    dd_usage_strip *s   = dd_usage_strip_new();
    if (argc > 1 && (!dd_parse_i64(dd_str_z(argv[1]), &size) || size < 1 || size > (int64_t)sizeof piece))
        return 2;
    for (size_t n; (n = fread(piece, 1, (size_t)size, stdin)) > 0;) {
        dd_usage_strip_feed(s, (dd_str){ piece, n }, &out);
        put(&out);
    }
    dd_usage_strip_end(s, &out);
    put(&out);
    dd_usage_strip_free(s);
    dd_buf_free(&out);
    return 0;
}
