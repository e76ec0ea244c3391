/* report/treemap.h - rectangles whose areas are amounts, as near to squares as they go.
 *
 * Squarified layout: M. Bruls, K. Huizing, J. van Wijk, "Squarified Treemaps", 2000. Pure arithmetic. */
#ifndef DD_REPORT_TREEMAP_H
#define DD_REPORT_TREEMAP_H
#include <stddef.h>

typedef struct { double x, y, w, h; } dd_rect;
/* `size` in falling order, all above 0; out[i] is the place of size[i] within `box`. */
void dd_treemap(const double *size, size_t n, dd_rect box, dd_rect *out);
#endif
