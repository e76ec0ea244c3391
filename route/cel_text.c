/* Functions of strings. Positions count code points. */
#include "route/cel_parts.h"

static const dd_str no_text = { "", 0 };

size_t cel_length(dd_str s)
{
    size_t n = 0, at = 0;
    for (; at < s.len; n++)
        dd_utf8_next(s, &at);
    return n;
}

/* The byte where code point k begins; SIZE_MAX: there are fewer than k in front of the end. */
static size_t byte_of(dd_str s, int64_t k)
{
    size_t at = 0;
    if (k < 0)
        return SIZE_MAX;
    for (; k > 0 && at < s.len; k--)
        dd_utf8_next(s, &at);
    return k ? SIZE_MAX : at;
}

static dd_str from_byte(dd_str s, size_t at) { return dd_str_sub(s, at, s.len); }

/* From byte `from` on, with the empty needle found there; SIZE_MAX: no. */
static size_t find(dd_str s, size_t from, dd_str needle)
{
    ptrdiff_t hit = from <= s.len ? dd_str_find(from_byte(s, from), needle) : -1;
    return hit < 0 ? SIZE_MAX : from + (size_t)hit;
}

/* A search of one in the other costs at most both together: memmem. */
static bool pay(cel_frame *f, const dd_cel_value *a, size_t n, dd_cel_value *out)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += a[i].type == DD_CEL_STRING ? a[i].s.len : 0;
    return cel_take(f, bytes / 64, out);
}

static void give(cel_frame *f, dd_buf *text, dd_cel_value *out)
{
    if (cel_take(f, text->len / 16, out))
        *out = dd_cel_string(dd_arena_dup(f->arena, dd_buf_str(text)));
    dd_buf_free(text);
}

/* --- questions --- */
void cel_contains(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    if (pay(f, a, n->n, out))
        *out = dd_cel_bool(a[1].s.len == 0 || dd_str_find(a[0].s, a[1].s) >= 0);
}

void cel_starts_with(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)f, (void)n;
    *out = dd_cel_bool(dd_str_starts(a[0].s, a[1].s));
}

void cel_ends_with(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)f, (void)n;
    *out = dd_cel_bool(dd_str_ends(a[0].s, a[1].s));
}

void cel_char_at(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    if (!cel_take(f, a->s.len / 64, out))
        return;
    size_t at = byte_of(a[0].s, a[1].i), end = at;
    if (at == SIZE_MAX) {
        cel_fail(out, DD_CEL_E_INDEX, no_text);
        return;
    }
    if (end < a[0].s.len)
        dd_utf8_next(a[0].s, &end);
    *out = dd_cel_string(dd_str_sub(a[0].s, at, end));
}

/* The byte at which a search begins: argument 2, else `otherwise`; SIZE_MAX, and the error, when that is outside. */
static size_t start_of(const cel_node *n, const dd_cel_value *a, size_t otherwise, dd_cel_value *out)
{
    size_t at = n->n == 3 ? byte_of(a[0].s, a[2].i) : otherwise;
    if (at == SIZE_MAX)
        cel_fail(out, DD_CEL_E_INDEX, no_text);
    return at;
}

static void say_index(dd_str s, size_t hit, dd_cel_value *out)
{
    *out = dd_cel_int(hit == SIZE_MAX ? -1 : (int64_t)cel_length((dd_str){ s.ptr, hit }));
}

void cel_index_of(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    if (!pay(f, a, 2, out))
        return;
    size_t from = start_of(n, a, 0, out);
    if (from != SIZE_MAX)
        say_index(a[0].s, find(a[0].s, from, a[1].s), out);
}

void cel_last_index_of(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    if (!pay(f, a, 2, out))
        return;
    size_t from = start_of(n, a, a[0].s.len, out), hit = SIZE_MAX;
    if (from == SIZE_MAX)
        return;
    for (size_t at = a[1].s.len ? 0 : from; (at = find(a[0].s, at, a[1].s)) != SIZE_MAX && at <= from; at++) {
        hit = at;
        if (!cel_take(f, 1 + a[1].s.len / 64, out))
            return;
    }
    say_index(a[0].s, hit, out);
}

/* --- what makes new strings --- */
static void map_ascii(cel_frame *f, dd_str s, char first, char last, dd_cel_value *out)
{
    if (!cel_take(f, s.len / 16, out))
        return;
    char *text = dd_arena_alloc(f->arena, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        text[i] = s.ptr[i] >= first && s.ptr[i] <= last ? (char)(s.ptr[i] ^ 0x20) : s.ptr[i];
    *out = dd_cel_string((dd_str){ text, s.len });
}

void cel_lower(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    map_ascii(f, a->s, 'A', 'Z', out);
}

void cel_upper(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    map_ascii(f, a->s, 'a', 'z', out);
}

void cel_reverse(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    if (!cel_take(f, a->s.len / 16, out))
        return;
    char *text = dd_arena_alloc(f->arena, a->s.len + 1);
    for (size_t at = 0, from; at < a->s.len;) {
        from = at;
        dd_utf8_next(a->s, &at);
        memcpy(text + (a->s.len - at), a->s.ptr + from, at - from);
    }
    *out = dd_cel_string((dd_str){ text, a->s.len });
}

void cel_substring(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    if (!cel_take(f, a->s.len / 64, out))
        return;
    size_t from = byte_of(a[0].s, a[1].i), to = n->n == 3 ? byte_of(a[0].s, a[2].i) : a[0].s.len;
    if (from == SIZE_MAX || to == SIZE_MAX || from > to)
        cel_fail(out, DD_CEL_E_INDEX, no_text);
    else
        *out = dd_cel_string(dd_str_sub(a[0].s, from, to));
}

/* White_Space of Unicode. */
static bool is_space(uint32_t c)
{
    static const struct { uint32_t first, last; } spaces[] = {
        { 0x09, 0x0d }, { 0x20, 0x20 }, { 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 },
        { 0x202f, 0x202f }, { 0x205f, 0x205f },
        { 0x3000, 0x3000 },
    };
    for (size_t i = 0; i < DD_COUNT(spaces); i++)
        if (c >= spaces[i].first && c <= spaces[i].last)
            return true;
    return false;
}

void cel_trim(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    (void)n;
    size_t from = 0, to = 0;
    bool   begun = false;
    if (!cel_take(f, a->s.len / 64, out))
        return;
    for (size_t at = 0; at < a->s.len;) {
        size_t here = at;
        if (is_space(dd_utf8_next(a->s, &at)))
            continue;
        from = begun ? from : here;
        begun = true;
        to = at;
    }
    *out = dd_cel_string(dd_str_sub(a->s, from, to));
}

void cel_quote(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    static const char escapes[][2] = { { '\a', 'a' }, { '\b', 'b' }, { '\f', 'f' }, { '\n', 'n' }, { '\r', 'r' }, { '\t', 't' }, { '\v', 'v' },
        { '\\', '\\' }, { '"', '"' } };
    (void)n;
    if (!cel_take(f, a->s.len / 8, out))
        return;
    dd_buf text = DD_BUF_INIT(0);
    dd_buf_addc(&text, '"');
    for (size_t at = 0; at < a->s.len;) {
        uint32_t c = dd_utf8_next(a->s, &at);
        size_t   e = 0;
        while (e < DD_COUNT(escapes) && c != (unsigned char)escapes[e][0])
            e++;
        if (e < DD_COUNT(escapes))
            dd_buf_printf(&text, "\\%c", escapes[e][1]);
        else
            dd_buf_utf8(&text, c);
    }
    dd_buf_addc(&text, '"');
    give(f, &text, out);
}

/* Is there anything left for the loop? A replacement may be long and the hits many: each is paid for. */
static bool add_paid(cel_frame *f, dd_buf *text, dd_str s, dd_cel_value *out)
{
    if (!cel_take(f, 1 + s.len / 16, out))
        return false;
    dd_buf_add(text, s);
    return true;
}

/* Behind the next code point. */
static size_t step(dd_str s, size_t at)
{
    if (at < s.len)
        dd_utf8_next(s, &at);
    return at;
}

/* At most `limit` hits (below 0: all); an empty one is found in front of each code point and at the end. */
static bool replace(cel_frame *f, const dd_cel_value *a, int64_t limit, dd_buf *text, dd_cel_value *out)
{
    dd_str s = a[0].s;
    size_t done = 0, hit;
    for (bool end = false; limit != 0 && !end && (hit = find(s, done, a[1].s)) != SIZE_MAX; limit--) {
        size_t behind = hit + a[1].s.len;
        if (!add_paid(f, text, dd_str_sub(s, done, hit), out) || !add_paid(f, text, a[2].s, out))
            return false;
        done = behind;
        if (a[1].s.len == 0) {
            done = step(s, behind);
            end = behind == s.len;
            dd_buf_add(text, dd_str_sub(s, behind, done));
        }
    }
    return add_paid(f, text, from_byte(s, done), out);
}

void cel_replace(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    dd_buf text = DD_BUF_INIT(0);
    if (a[0].s.len == 0 && a[1].s.len != 0)
        *out = a[0];
    else if (replace(f, a, n->n == 4 ? a[3].i : -1, &text, out)) {
        give(f, &text, out);
        return;
    }
    dd_buf_free(&text);
}

/* --- lists of strings --- */
void cel_join(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    dd_buf text = DD_BUF_INIT(0);
    dd_str between = n->n == 2 ? a[1].s : no_text;
    for (size_t i = 0; i < a->list.n; i++) {
        const dd_cel_value *item = &a->list.items[i];
        if (item->type != DD_CEL_STRING)
            cel_fail(out, DD_CEL_E_OVERLOAD, DD_STR("join"));
        else if (add_paid(f, &text, i ? between : no_text, out) && add_paid(f, &text, item->s, out))
            continue;
        dd_buf_free(&text);
        return;
    }
    give(f, &text, out);
}

/* Where the next part of a split ends; without a separator, behind one code point. */
static size_t part_end(dd_str s, size_t from, dd_str by)
{
    if (by.len)
        return find(s, from, by);
    size_t end = step(s, from);
    return end < s.len ? end : SIZE_MAX;
}

void cel_split(cel_frame *f, const cel_node *n, const dd_cel_value *a, dd_cel_value *out)
{
    int64_t limit = n->n == 3 ? a[2].i : -1;
    dd_str  s = a[0].s, by = a[1].s;
    size_t  from = 0, end;
    struct { dd_cel_value *v; size_t n, cap; } parts = { 0 };
    if (limit == 0 || (s.len == 0 && by.len == 0)) {
        *out = dd_cel_list(NULL, 0);
        return;
    }
    for (; limit != 1 && (end = part_end(s, from, by)) != SIZE_MAX; limit--) {
        if (!cel_take(f, 2, out))
            return;
        dd_avec_push(f->arena, &parts, dd_cel_string(dd_str_sub(s, from, end)));
        from = end + by.len;
    }
    dd_avec_push(f->arena, &parts, dd_cel_string(from_byte(s, from)));
    *out = dd_cel_list(parts.v, parts.n);
}
