/* base/map.h - hash map from text to a pointer.
 *
 * Keys are borrowed: they must outlive the map (put them in an arena first). No removal. Not shared between
 * threads while it is written. */
#ifndef DD_BASE_MAP_H
#define DD_BASE_MAP_H
#include "base/str.h"

typedef struct {
    struct dd_map_slot { dd_str key; void *value; uint64_t hash; } *slots;
    size_t n, cap;
} dd_map;

#define DD_MAP_INIT { NULL, 0, 0 }

void *dd_map_get(const dd_map *m, dd_str key);            /* NULL: none */
bool  dd_map_has(const dd_map *m, dd_str key);
void *dd_map_put(dd_map *m, dd_str key, void *value);     /* returns the value that was there, or NULL */
void **dd_map_at(dd_map *m, dd_str key);                  /* the slot's value, made when absent (NULL); until the next put */
void  dd_map_free(dd_map *m);
/* for (size_t i = 0; dd_map_each(m, &i, &key, &value);) in no order. */
bool  dd_map_each(const dd_map *m, size_t *i, dd_str *key, void **value);
#endif
