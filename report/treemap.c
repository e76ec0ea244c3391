#include "report/treemap.h"

/* The worst ratio of sides in a row of areas between `least` and `most`, `sum` together, along a side. */
static double worst(double least, double most, double sum, double side)
{
    double a = side * side * most / (sum * sum), b = sum * sum / (side * side * least);
    return a > b ? a : b;
}

/* Takes as many of the next areas into one row along the shorter side as make it squarer. */
static size_t row_length(const double *area, size_t n, double side, double *sum)
{
    size_t taken = 1;
    *sum = area[0];
    while (taken < n) {
        double more = *sum + area[taken];
        if (worst(area[taken], area[0], more, side) > worst(area[taken - 1], area[0], *sum, side))
            break;
        *sum = more;
        taken++;
    }
    return taken;
}

static void place(const double *area, size_t n, double sum, dd_rect *box, dd_rect *out)
{
    double at   = 0;
    int    tall = box->w >= box->h; /* a column at the left, else a row at the top */
    double side = tall ? box->h : box->w, thick = side > 0 ? sum / side : 0;
    for (size_t i = 0; i < n; i++) {
        double len = sum > 0 ? side * area[i] / sum : 0;
        out[i] = tall ? (dd_rect){ box->x, box->y + at, thick, len } : (dd_rect){ box->x + at, box->y, len, thick };
        at += len;
    }
    if (tall)
        box->x += thick, box->w -= thick;
    else
        box->y += thick, box->h -= thick;
}

void dd_treemap(const double *size, size_t n, dd_rect box, dd_rect *out)
{
    double total = 0, scale, area[64] = { 0 };
    for (size_t i = 0; i < n; i++)
        total += size[i];
    scale = total > 0 ? box.w * box.h / total : 0;
    for (size_t i = 0; i < n;) {
        size_t some = n - i < sizeof area / sizeof *area ? n - i : sizeof area / sizeof *area;
        for (size_t k = 0; k < some; k++)
            area[k] = size[i + k] * scale;
        double sum, side = box.w < box.h ? box.w : box.h;
        size_t row = row_length(area, some, side > 0 ? side : 1, &sum);
        place(area, row, sum, &box, out + i);
        i += row;
    }
}
