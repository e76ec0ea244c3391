/* bench/tokens_bench.c - MB/s of dd_tokens_count on files, one thread: tokens_bench RUNS FILE...
 * A line each: encoding, file, best and median MB/s, tokens. Built by bench/tokens.sh. */
#include "base/file.h"
#include "base/time.h"
#include "route/tokens.h"

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void measure(const char *encoding, const char *file, dd_str text, size_t runs)
{
    double *rates = dd_calloc(runs, sizeof *rates);
    int64_t tokens = 0;
    for (size_t i = 0; i < runs; i++) {
        dd_mono from = dd_mono_now();
        tokens = dd_tokens_count(dd_tokens_encoding(dd_str_z(encoding)), text);
        rates[i] = (double)text.len * 1e3 / (double)(dd_mono_now().ns - from.ns + 1);
    }
    qsort(rates, runs, sizeof *rates, by_value);
    printf("dd0c %s %s %.1f %.1f %lld\n", encoding, file, rates[runs - 1], rates[runs / 2], (long long)tokens);
    free(rates);
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        dd_buf text = DD_BUF_INIT(0);
        dd_err err = DD_ERR_INIT;
        if (dd_file_read(argv[i], &text, &err) != DD_OK) {
            fprintf(stderr, "tokens_bench: %s\n", err.msg);
            return 1;
        }
        measure("cl100k_base", argv[i], dd_buf_str(&text), (size_t)strtoul(argv[1], NULL, 10));
        measure("o200k_base", argv[i], dd_buf_str(&text), (size_t)strtoul(argv[1], NULL, 10));
        dd_buf_free(&text);
    }
    return 0;
}
