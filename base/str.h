/* base/str.h - text: a slice (dd_str) and a growing buffer (dd_buf).
 *
 * dd_str is pointer and length, by value, borrowed, not NUL-terminated. dd_buf owns its bytes and may have a
 * maximum: past it the bytes are dropped and `over` is set, so a size from outside never becomes memory. Out of memory ends the process. */
#ifndef DD_BASE_STR_H
#define DD_BASE_STR_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *ptr;
    size_t      len;
} dd_str;

#define DD_STR(lit)  ((dd_str){ (lit), sizeof(lit) - 1 })
#define DD_STR_NULL  ((dd_str){ NULL, 0 })
#define DD_STR_FMT   "%.*s"
#define DD_STR_ARG(s) (int)(s).len, (s).ptr
#define DD_COUNT(a)  (sizeof(a) / sizeof((a)[0]))

/* The short ones are here so that the length of a literal is known where it is compared: a scan compares millions. */
static inline dd_str dd_str_z(const char *z) { return z ? (dd_str){ z, strlen(z) } : (dd_str){ "", 0 }; } /* NULL: the empty slice */
static inline bool   dd_str_eq(dd_str a, dd_str b) { return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0); }
static inline bool   dd_str_eqz(dd_str a, const char *z)
{
    return (a.len == 0 || (z && a.ptr[0] == z[0])) && dd_str_eq(a, dd_str_z(z));
}
bool   dd_str_eq_nocase(dd_str a, dd_str b); /* ASCII */
int    dd_str_cmp(dd_str a, dd_str b);       /* byte order, shorter first */
static inline bool dd_str_starts(dd_str s, dd_str p) { return s.len >= p.len && (p.len == 0 || memcmp(s.ptr, p.ptr, p.len) == 0); }
static inline bool dd_str_ends(dd_str s, dd_str x)
{
    return s.len >= x.len && (x.len == 0 || memcmp(s.ptr + (s.len - x.len), x.ptr, x.len) == 0);
}
static inline bool dd_str_startsz(dd_str s, const char *prefix) { return dd_str_starts(s, dd_str_z(prefix)); }
static inline bool dd_str_endsz(dd_str s, const char *suffix) { return dd_str_ends(s, dd_str_z(suffix)); }
/* Offset of the first (last) match, or -1. */
ptrdiff_t dd_str_find(dd_str s, dd_str needle);
ptrdiff_t dd_str_findz(dd_str s, const char *needle);
ptrdiff_t dd_str_chr(dd_str s, char c);
ptrdiff_t dd_str_rchr(dd_str s, char c);
bool      dd_str_has(dd_str s, const char *needle);
dd_str    dd_str_sub(dd_str s, size_t from, size_t to); /* clamped */
dd_str    dd_str_trim(dd_str s);                        /* ASCII white space off both ends */
/* The part before the first `sep`; *rest moves behind it (empty when none is left). */
dd_str   dd_str_cut(dd_str *rest, char sep);
uint64_t dd_str_hash(dd_str s);                      /* FNV-1a, 64 bits: stable, may be stored */
/* For long texts, sixteen bytes a step, and for this process alone. Who does not know the seed finds no two texts with one value. */
uint64_t dd_str_mix(dd_str s, uint64_t seed);
bool     dd_parse_i64(dd_str s, int64_t *out);       /* the whole slice is a decimal number in range */
bool     dd_utf8_valid(dd_str s);
/* Decodes one code point at s[*pos] and moves *pos; a broken sequence gives U+FFFD and moves one byte. */
uint32_t dd_utf8_next(dd_str s, size_t *pos);
/* Columns a terminal uses for `s` (wcwidth rules: wide East Asian 2, combining 0). */
size_t dd_utf8_width(dd_str s);
/* A character that moves the cursor, colours the screen, breaks or reorders a line: text from outside may hold it, output may not. */
bool dd_utf8_harmful(uint32_t cp);
/* `*` stands for any run of bytes, `?` for one; `nocase`: ASCII letters without case. The time is at most the product of both lengths. */
bool dd_str_glob(dd_str glob, dd_str text, bool nocase);
int  dd_hex_digit(char c); /* 0 to 15, or -1 */
/* Edit distance (ASCII case folded, a swap of neighbours is one edit), at most `max`+1; base/near.h tells which names are near. */
size_t dd_str_distance(dd_str a, dd_str b, size_t max);

typedef struct {
    char  *ptr;
    size_t len, cap, max; /* max 0: unlimited */
    bool   over;          /* bytes were dropped */
} dd_buf;

#define DD_BUF_INIT(maximum) { NULL, 0, 0, (maximum), false }

void   dd_buf_add(dd_buf *b, dd_str s);
void   dd_buf_addz(dd_buf *b, const char *z);
void   dd_buf_addc(dd_buf *b, char c);
void   dd_buf_pad(dd_buf *b, char c, size_t n);
void   dd_buf_printf(dd_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void   dd_buf_vprintf(dd_buf *b, const char *fmt, va_list ap);
void   dd_buf_utf8(dd_buf *b, uint32_t cp);
void   dd_buf_add_line(dd_buf *b, dd_str s);   /* harmful characters and broken UTF-8 become U+FFFD */
dd_str dd_buf_str(const dd_buf *b); /* borrowed until the next change */
const char *dd_buf_z(dd_buf *b);    /* NUL-terminated, borrowed until the next change */
void   dd_buf_reserve(dd_buf *b, size_t n); /* room for n bytes in all: adding them moves nothing */
void   dd_buf_clear(dd_buf *b);     /* keeps the memory */
void   dd_buf_free(dd_buf *b);

/* malloc family that ends the process when memory is out. */
void *dd_malloc(size_t n);
void *dd_calloc(size_t n, size_t size);
void *dd_realloc(void *p, size_t n);
char *dd_strdup(dd_str s); /* NUL-terminated, free() it */

/* A growing array on the heap: DD_VEC(int) v = {0}; dd_vec_push(&v, 3); ... dd_vec_free(&v); */
#define DD_VEC(T) struct { T *v; size_t n, cap; }
#define dd_vec_push(vec, item) \
    (dd_vec_grow((void **)&(vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v), (void)((vec)->v[(vec)->n++] = (item)))
#define dd_vec_free(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)
void dd_vec_grow(void **v, size_t n, size_t *cap, size_t size);
#endif
