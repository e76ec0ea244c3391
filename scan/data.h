/* scan/data.h - what the readers of data files share; private to scan/data*.c. */
#ifndef DD_SCAN_DATA_H
#define DD_SCAN_DATA_H
#include "scan/eval.h"

enum { DD_DATA_DEPTH = 64, DD_DATA_NODES = 200000 };

typedef struct { dd_project *p; dd_str text; size_t at, nodes; } dd_data;

/* NULL past DD_DATA_NODES. */
dd_value *dd_data_scalar(dd_data *d, dd_value_kind kind);
dd_value *dd_data_text(dd_data *d, dd_str text);
dd_value *dd_data_word(dd_data *d, dd_str s);                 /* NULL: neither number, truth value nor null */
void      dd_data_put(dd_data *d, dd_value *object, dd_str key, dd_value *v);
void      dd_data_push(dd_data *d, dd_value *list, dd_value *v);
bool      dd_data_quoted(dd_data *d, char quote, dd_buf *out);
#endif
