#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

struct dd_secret_bytes {
    size_t len;
    char   text[];
};

void dd_wipe(void *p, size_t n)
{
    if (!n)
        return;
    memset(p, 0, n);
    __asm__ __volatile__("" : : "r"(p) : "memory"); /* the bytes count as read, so the memset stays */
}

dd_secret dd_secret_new(dd_str text)
{
    struct dd_secret_bytes *b = dd_malloc(sizeof *b + text.len + 1);
    b->len = text.len;
    if (text.len)
        memcpy(b->text, text.ptr, text.len);
    b->text[text.len] = '\0';
    return (dd_secret){ b };
}

dd_secret dd_secret_take(dd_buf *text)
{
    dd_secret s = dd_secret_new(dd_buf_str(text));
    dd_wipe_buf(text);
    return s;
}

dd_str dd_secret_reveal(dd_secret s) { return s.hidden ? (dd_str){ s.hidden->text, s.hidden->len } : DD_STR(""); }

bool dd_secret_is(dd_secret s) { return s.hidden != NULL; }

void dd_secret_free(dd_secret *s)
{
    if (!s || !s->hidden)
        return;
    dd_wipe(s->hidden, sizeof *s->hidden + s->hidden->len);
    free(s->hidden);
    s->hidden = NULL;
}

void dd_wipe_buf(dd_buf *b)
{
    if (b->ptr)
        dd_wipe(b->ptr, b->cap);
    dd_buf_free(b);
}

bool dd_equal_slowly(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b;
    unsigned char                 differ = 0;
    for (size_t i = 0; i < n; i++)
        differ |= x[i] ^ y[i];
    return differ == 0;
}

void dd_random_bytes(void *out, size_t n)
{
    unsigned char *p = out;
    while (n) {
        size_t some = n < 256 ? n : 256; /* getentropy(3) gives no more at once */
        if (getentropy(p, some) != 0) {
            fputs("dd0c: the system gives no random bytes\n", stderr);
            abort();
        }
        p += some;
        n -= some;
    }
}

void dd_random_text(char *out, size_t n, dd_str alphabet)
{
    unsigned limit = 256 - 256 % (unsigned)alphabet.len; /* bytes past it would favour the first characters */
    for (size_t i = 0; i < n;) {
        unsigned char bytes[64];
        dd_random_bytes(bytes, sizeof bytes);
        for (size_t k = 0; k < sizeof bytes && i < n; k++)
            if (bytes[k] < limit)
                out[i++] = alphabet.ptr[bytes[k] % alphabet.len];
        dd_wipe(bytes, sizeof bytes);
    }
    out[n] = '\0';
}
