#include "proxy/http/sse.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { DEFAULT_MAX = 16 << 20, KEEP = 256 << 10 /* memory that an idle reader may hold on to, a buffer */ };

typedef struct {
    dd_sse    *s;
    dd_sse_fn *fn;
    void      *ctx;
} sink;

void dd_sse_init(dd_sse *s, size_t max_bytes)
{
    memset(s, 0, sizeof *s);
    s->retry     = -1;
    s->max_bytes = !max_bytes ? DEFAULT_MAX : max_bytes < 16 ? 16 : max_bytes; /* a byte order mark must fit */
}

void dd_sse_fini(dd_sse *s)
{
    dd_buf_free(&s->line);
    dd_buf_free(&s->data);
    dd_buf_free(&s->event);
    dd_buf_free(&s->id);
}

static void empty(dd_buf *b)
{
    if (b->cap > KEEP)
        dd_buf_free(b);
    else
        dd_buf_clear(b);
}

const char *dd_sse_line_end(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');
    for (; end - p >= 16; p += 16) {
        __m128i  x    = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, cr), _mm_cmpeq_epi8(x, lf)));
        if (mask)
            return p + __builtin_ctz(mask);
    }
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    for (; end - p >= 8; p += 8) {
        uint64_t x, cr, lf;
        memcpy(&x, p, 8);
        cr = x ^ ones * '\r';
        lf = x ^ ones * '\n';
        if ((((cr - ones) & ~cr) | ((lf - ones) & ~lf)) & tops)
            break;
    }
#endif
    while (p < end && *p != '\r' && *p != '\n')
        p++;
    return p;
}

static bool dispatch(const sink *to)
{
    dd_sse *s   = to->s;
    bool    had = s->has_data;
    if (had) {
        dd_sse_event e = { .event = dd_buf_str(&s->event), .data = dd_buf_str(&s->data), .retry = s->retry };
        if (s->has_id)
            e.id = s->id.len ? dd_buf_str(&s->id) : DD_STR("");
        to->fn(to->ctx, &e);
        s->retry = -1;
    }
    s->has_data = false;
    empty(&s->data);
    empty(&s->event);
    return had;
}

/* Sets *b to the value, within the event's maximum. */
static bool keep(dd_sse *s, dd_buf *b, dd_str value)
{
    if (value.len > s->max_bytes)
        return false;
    dd_buf_clear(b);
    dd_buf_add(b, value);
    return true;
}

static bool add_data(dd_sse *s, dd_str value)
{
    if (value.len + 1 > s->max_bytes - s->data.len)
        return false;
    if (s->has_data)
        dd_buf_addc(&s->data, '\n');
    s->has_data = true;
    dd_buf_add(&s->data, value);
    return true;
}

static void set_retry(dd_sse *s, dd_str value)
{
    int64_t n = 0;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9' || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, value.ptr[i] - '0', &n))
            return;
    if (value.len)
        s->retry = n;
}

/* One whole line without its end. Empty: the event is complete. */
static bool take_line(const sink *to, dd_str line)
{
    dd_sse *s = to->s;
    if (line.len == 0) {
        dispatch(to);
        return true;
    }
    const char *colon = memchr(line.ptr, ':', line.len < 6 ? line.len : 6); /* no field's name has more than five letters */
    dd_str      name  = { line.ptr, colon ? (size_t)(colon - line.ptr) : line.len };
    dd_str      value = { line.ptr + line.len, 0 };
    if (colon)
        value = dd_str_sub(line, name.len + 1 + (name.len + 1 < line.len && colon[1] == ' '), line.len);
    if (dd_str_eqz(name, "data"))
        return add_data(s, value);
    if (dd_str_eqz(name, "event"))
        return keep(s, &s->event, value);
    if (dd_str_eqz(name, "retry"))
        set_retry(s, value);
    if (dd_str_eqz(name, "id") && dd_str_chr(value, '\0') < 0) {
        s->has_id = true;
        return keep(s, &s->id, value);
    }
    return true;
}

/* A byte order mark at the front of the stream, in any pieces. What only began like one is the first line's. */
static const char *skip_mark(dd_sse *s, const char *p, const char *end)
{
    static const char mark[] = "\xef\xbb\xbf";
    while (p < end && *p == mark[s->line.len]) {
        dd_buf_addc(&s->line, *p++);
        if (s->line.len == 3) {
            dd_buf_clear(&s->line);
            s->bom_done = true;
            return p;
        }
    }
    s->bom_done = p < end;
    return p;
}

/* A piece of a line whose end is not there yet. */
static bool keep_part(dd_sse *s, dd_str part)
{
    if (s->skip)
        return true;
    if (part.len > s->max_bytes - s->line.len)
        return false;
    dd_buf_add(&s->line, part);
    return true;
}

static bool take_end_of_line(const sink *to, dd_str part)
{
    dd_sse *s  = to->s;
    bool    ok = true;
    if (s->skip) {
        s->skip = false;
    } else if (s->line.len == 0) {
        ok = part.len <= s->max_bytes && take_line(to, part); /* as if it had come in pieces */
    } else {
        ok = keep_part(s, part) && take_line(to, dd_buf_str(&s->line));
        empty(&s->line);
    }
    return ok;
}

bool dd_sse_feed(dd_sse *s, dd_str bytes, dd_sse_fn *fn, void *ctx)
{
    const sink  to = { s, fn, ctx };
    const char *p = bytes.ptr, *end = p + bytes.len;
    if (s->failed || bytes.len == 0)
        return !s->failed;
    if (!s->bom_done)
        p = skip_mark(s, p, end);
    while (p < end && !s->failed) {
        if (s->cr) { /* CR and LF are one line end, wherever they are cut */
            s->cr = false;
            if (*p == '\n') {
                p++;
                continue;
            }
        }
        s->skip = s->skip || (s->line.len == 0 && *p == ':');
        const char *stop = dd_sse_line_end(p, end);
        dd_str      part = { p, (size_t)(stop - p) };
        if (stop == end) {
            s->failed = !keep_part(s, part);
            break;
        }
        s->cr     = *stop == '\r';
        s->failed = !take_end_of_line(&to, part);
        p         = stop + 1;
    }
    return !s->failed;
}

bool dd_sse_finish(dd_sse *s, dd_sse_fn *fn, void *ctx)
{
    const sink to = { s, fn, ctx };
    if (s->failed)
        return false;
    if (s->line.len && !take_line(&to, dd_buf_str(&s->line)))
        s->failed = true;
    empty(&s->line);
    return !s->failed && dispatch(&to);
}

void dd_sse_write(dd_buf *out, const char *name, dd_str data)
{
    if (name && name[0]) {
        dd_buf_addz(out, "event: ");
        dd_buf_addz(out, name);
        dd_buf_addc(out, '\n');
    }
    dd_buf_addz(out, "data: ");
    dd_buf_add(out, data);
    dd_buf_add(out, DD_STR("\n\n"));
}
