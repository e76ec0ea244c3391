/* base/buf.c - dd_buf. One byte beyond len is always there for a NUL. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and a NUL; less when a maximum is near. Returns how many fit. */
static size_t room(dd_buf *b, size_t n)
{
    if (b->max && n > b->max - b->len) {
        n       = b->max - b->len;
        b->over = true;
    }
    size_t need = b->len + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        while (cap < need)
            cap *= 2;
        b->ptr = dd_realloc(b->ptr, cap);
        b->cap = cap;
    }
    return n;
}

void dd_buf_add(dd_buf *b, dd_str s)
{
    size_t n = room(b, s.len);
    if (n)
        memcpy(b->ptr + b->len, s.ptr, n);
    b->len += n;
}

void dd_buf_addz(dd_buf *b, const char *z) { dd_buf_add(b, dd_str_z(z)); }

void dd_buf_addc(dd_buf *b, char c) { dd_buf_add(b, (dd_str){ &c, 1 }); }

void dd_buf_pad(dd_buf *b, char c, size_t n)
{
    n = room(b, n);
    memset(b->ptr + b->len, c, n);
    b->len += n;
}

void dd_buf_vprintf(dd_buf *b, const char *fmt, va_list ap)
{
    char    small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        dd_buf_add(b, (dd_str){ small, (size_t)n });
    } else if (n >= 0) {
        char *large = dd_malloc((size_t)n + 1);
        vsnprintf(large, (size_t)n + 1, fmt, again);
        dd_buf_add(b, (dd_str){ large, (size_t)n });
        free(large);
    }
    va_end(again);
}

void dd_buf_printf(dd_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dd_buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void dd_buf_utf8(dd_buf *b, uint32_t cp)
{
    char   s[4];
    size_t n;
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        cp = 0xfffd;
    if (cp < 0x80) {
        s[0] = (char)cp;
        n    = 1;
    } else if (cp < 0x800) {
        s[0] = (char)(0xc0 | cp >> 6);
        s[1] = (char)(0x80 | (cp & 0x3f));
        n    = 2;
    } else if (cp < 0x10000) {
        s[0] = (char)(0xe0 | cp >> 12);
        s[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        s[2] = (char)(0x80 | (cp & 0x3f));
        n    = 3;
    } else {
        s[0] = (char)(0xf0 | cp >> 18);
        s[1] = (char)(0x80 | (cp >> 12 & 0x3f));
        s[2] = (char)(0x80 | (cp >> 6 & 0x3f));
        s[3] = (char)(0x80 | (cp & 0x3f));
        n    = 4;
    }
    dd_buf_add(b, (dd_str){ s, n });
}

void dd_buf_add_line(dd_buf *b, dd_str s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t cp = dd_utf8_next(s, &i);
        dd_buf_utf8(b, dd_utf8_harmful(cp) ? 0xfffd : cp);
    }
}

dd_str dd_buf_str(const dd_buf *b) { return (dd_str){ b->ptr ? b->ptr : "", b->len }; }

const char *dd_buf_z(dd_buf *b)
{
    room(b, 0);
    b->ptr[b->len] = '\0';
    return b->ptr;
}

void dd_buf_reserve(dd_buf *b, size_t n)
{
    if (b->cap >= n + 1)
        return;
    b->ptr = dd_realloc(b->ptr, n + 1);
    b->cap = n + 1;
}

void dd_buf_clear(dd_buf *b)
{
    b->len  = 0;
    b->over = false;
}

void dd_buf_free(dd_buf *b)
{
    free(b->ptr);
    b->ptr = NULL;
    b->len = b->cap = 0;
    b->over         = false;
}
