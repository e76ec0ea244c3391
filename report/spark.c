#include "report/spark.h"

enum { LEVELS = 8 };

static double mean(const dd_pusd *v, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += v[i] > 0 ? (double)v[i] : 0; /* unknown is below nothing, too */
    return sum / (double)(to - from);
}

dd_str dd_spark(dd_arena *a, const dd_pusd *v, size_t n, int width, bool ascii)
{
    static const char *const bars[LEVELS]  = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char *const plain[LEVELS] = { "_", ".", ":", "-", "=", "+", "*", "#" };
    size_t columns = width < 1 ? 0 : n < (size_t)width ? n : (size_t)width;
    double most = 0;
    for (size_t c = 0; c < columns; c++) {
        double m = mean(v, c * n / columns, (c + 1) * n / columns);
        most = m > most ? m : most;
    }
    dd_buf b = DD_BUF_INIT(0);
    for (size_t c = 0; c < columns; c++) {
        double m  = mean(v, c * n / columns, (c + 1) * n / columns);
        int    at = m > 0 ? 1 + (int)(m / most * (LEVELS - 2) + 0.5) : 0;
        dd_buf_addz(&b, (ascii ? plain : bars)[at]);
    }
    dd_str out = dd_arena_dup(a, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}
