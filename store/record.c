#include "store/record.h"

#include "store/field.h"

enum { VERSION = 1, VARINT = 10, ATTEMPT_NUMBERS = 11, FRAME_MAX = 1 << 20, SUM_AT = 4, MARK_AT = 8 };

/* ---- numbers: zigzag, seven bits a byte; 0 is "not known", so the others are moved up by one ---- */

static char *put_u64(char *p, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        *p++ = (char)(v | 128);
    *p++ = (char)v;
    return p;
}

static uint64_t zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0); }

static char *put_number(char *p, int64_t v, bool null)
{
    uint64_t z = zigzag(v);
    return put_u64(p, null || z == UINT64_MAX ? 0 : z + 1);
}

typedef struct { const unsigned char *p, *end; bool bad; } reader;

static uint64_t get_u64(reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; r->p < r->end && shift < 64; shift += 7) {
        unsigned char c = *r->p++;
        v |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return v;
    }
    r->bad = true;
    return 0;
}

static int64_t get_number(reader *r, bool *null)
{
    uint64_t z = get_u64(r);
    *null = z == 0;
    z -= 1;
    return *null ? 0 : (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

static char *put_text(char *p, dd_str s)
{
    p = put_u64(p, s.len);
    if (s.len > 0)
        memcpy(p, s.ptr, s.len);
    return p + s.len;
}

static dd_str get_text(reader *r)
{
    uint64_t n = get_u64(r);
    if (n > (uint64_t)(r->end - r->p)) {
        r->bad = true;
        return DD_STR_NULL;
    }
    dd_str s = { (const char *)r->p, (size_t)n };
    r->p += n;
    return s;
}

/* ---- text that is too long ---- */

static dd_str clip(dd_str s, size_t longest)
{
    if (s.len <= longest)
        return s;
    while (longest > 0 && ((unsigned char)s.ptr[longest] & 0xC0) == 0x80)
        longest--;
    return dd_str_sub(s, 0, longest);
}

static dd_str kept(const dd_field *f, const dd_event *e)
{
    dd_str s = dd_field_read(f, e);
    bool json = f->offset == offsetof(dd_event, tags) || f->offset == offsetof(dd_event, considered) || f->offset == offsetof(dd_event, rules);
    if (json && s.len > f->longest)
        return DD_STR_NULL;
    return clip(s, f->longest);
}

enum { MODEL_LONGEST = 256 };

/* ---- attempts ---- */

static char *put_attempt(char *p, const dd_attempt *a)
{
    const int64_t numbers[ATTEMPT_NUMBERS] = { a->status, (int64_t)a->error, a->start_us, a->first_us, a->total_us, a->usage.input,
                                               a->usage.cache_read, a->usage.cache_write, a->usage.cache_write_1h, a->usage.output, a->cost };
    p = put_text(p, clip(a->provider, MODEL_LONGEST));
    p = put_text(p, clip(a->model, MODEL_LONGEST));
    p = put_u64(p, ATTEMPT_NUMBERS);
    for (size_t i = 0; i < ATTEMPT_NUMBERS; i++)
        p = put_number(p, numbers[i], i + 1 == ATTEMPT_NUMBERS ? a->cost == DD_PUSD_UNKNOWN : numbers[i] < 0);
    return p;
}

static void get_attempt(reader *r, dd_attempt *a)
{
    int64_t v[ATTEMPT_NUMBERS];
    bool    null = true;
    a->provider = get_text(r);
    a->model = get_text(r);
    uint64_t n = get_u64(r);
    for (uint64_t i = 0; i < n && !r->bad; i++) {
        int64_t one = get_number(r, &null);
        if (i < ATTEMPT_NUMBERS)
            v[i] = null ? (i + 1 == ATTEMPT_NUMBERS ? DD_PUSD_UNKNOWN : -1) : one;
    }
    if (n < ATTEMPT_NUMBERS || r->bad) {
        r->bad = true;
        return;
    }
    a->status = (int)v[0];
    a->error = v[1] < 0 ? DD_EC_NONE : (dd_error_class)v[1];
    for (int i = 2; i + 1 < ATTEMPT_NUMBERS; i++)
        v[i] = dd_field_number(v[i]);
    a->start_us = v[2];
    a->first_us = v[3];
    a->total_us = v[4];
    a->usage = (dd_usage){ v[5], v[6], v[7], v[8], v[9] };
    a->cost = v[10];
}

static size_t n_kept(const dd_event *e)
{
    return e->n_attempts < DD_RECORD_ATTEMPTS ? e->n_attempts : DD_RECORD_ATTEMPTS;
}

/* Both together are no more than there is room for when they are read. */
static size_t n_aside(const dd_event *e)
{
    size_t room = DD_RECORD_ATTEMPTS - n_kept(e);
    return e->n_asides < room ? e->n_asides : room;
}

static size_t call_bound(const dd_attempt *a)
{
    return clip(a->provider, MODEL_LONGEST).len + clip(a->model, MODEL_LONGEST).len + VARINT * (ATTEMPT_NUMBERS + 4);
}

/* ---- records ---- */

size_t dd_record_bound(const dd_event *e)
{
    size_t n = 1 + VARINT * 3;
    for (size_t i = 0; i < dd_n_fields; i++)
        n += VARINT + (dd_fields[i].kind == DD_F_TEXT ? kept(&dd_fields[i], e).len : 0);
    for (size_t i = 0; i < n_kept(e); i++)
        n += call_bound(&e->attempts[i]);
    for (size_t i = 0; i < n_aside(e); i++)
        n += call_bound(&e->asides[i]);
    return n;
}

size_t dd_record_write(const dd_event *e, char *out)
{
    char *p = out;
    *p++ = VERSION;
    p = put_u64(p, dd_n_fields);
    for (size_t i = 0; i < dd_n_fields; i++) {
        const dd_field *f = &dd_fields[i];
        if (f->kind == DD_F_TEXT)
            p = put_text(p, kept(f, e));
        else {
            bool    null;
            int64_t v = dd_field_get(f, e, &null);
            p = put_number(p, v, null);
        }
    }
    p = put_u64(p, n_kept(e));
    for (size_t i = 0; i < n_kept(e); i++)
        p = put_attempt(p, &e->attempts[i]);
    if (n_aside(e))                      /* most have none; who does not know of them stops before */
        p = put_u64(p, n_aside(e));
    for (size_t i = 0; i < n_aside(e); i++)
        p = put_attempt(put_u64(p, (uint64_t)e->asides[i].purpose), &e->asides[i]);
    return (size_t)(p - out);
}

static reader over(dd_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    return (reader){ p, s.len == 0 ? p : p + s.len, false };
}

/* More fields than ours: a newer program wrote it. Their kinds are not known, so they cannot be stepped over. */
static void get_fields(reader *r, dd_event *e)
{
    uint64_t n = r->p < r->end && *r->p++ == VERSION ? get_u64(r) : UINT64_MAX;
    if (n > dd_n_fields) {
        r->bad = true;
        return;
    }
    for (size_t i = 0; i < dd_n_fields && !r->bad; i++) {
        const dd_field *f = &dd_fields[i];
        bool            null = true;
        if (f->kind == DD_F_TEXT)
            *dd_field_text(f, e) = i < n ? get_text(r) : DD_STR_NULL;
        else {
            int64_t v = i < n ? get_number(r, &null) : 0;
            dd_field_set(f, e, v, null);
        }
    }
}

static void get_asides(reader *r, dd_event *e, dd_attempt *asides)
{
    uint64_t n = get_u64(r);
    r->bad = r->bad || n > DD_RECORD_ATTEMPTS - e->n_attempts;
    for (uint64_t i = 0; i < n && !r->bad; i++) {
        uint64_t purpose = get_u64(r);
        asides[i].purpose = purpose <= DD_CALL_CLASSIFIES ? (dd_call_purpose)purpose : DD_CALL_VERIFIES;
        get_attempt(r, &asides[i]);
    }
    e->asides   = asides;
    e->n_asides = r->bad ? 0 : (size_t)n;
    e->n_attempts = r->bad ? 0 : e->n_attempts;
}

static void get_attempts(reader *r, dd_event *e, dd_attempt *attempts)
{
    uint64_t n = get_u64(r);
    r->bad = r->bad || n > DD_RECORD_ATTEMPTS;
    for (uint64_t i = 0; i < n && !r->bad; i++)
        get_attempt(r, &attempts[i]);
    e->attempts = attempts;
    e->n_attempts = r->bad ? 0 : (size_t)n;
    if (!r->bad && r->p < r->end)
        get_asides(r, e, attempts + n);
}

dd_code dd_record_read(dd_str record, dd_event *e, dd_attempt *attempts, dd_str *tail)
{
    reader r = over(record);
    memset(e, 0, sizeof *e);
    get_fields(&r, e);
    if (tail != NULL)
        *tail = r.bad ? DD_STR_NULL : (dd_str){ (const char *)r.p, (size_t)(r.end - r.p) };
    if (!r.bad && attempts != NULL)
        get_attempts(&r, e, attempts);
    return r.bad ? DD_ERR_PARSE : DD_OK;
}

dd_code dd_record_read_attempts(dd_str bytes, dd_event *e, dd_attempt *attempts)
{
    reader r = over(bytes);
    get_attempts(&r, e, attempts);
    return r.bad ? DD_ERR_PARSE : DD_OK;
}

/* ---- frames ---- */

static uint32_t get_u32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void put_u32(char *p, uint32_t v) { memcpy(p, &v, sizeof v); }

/* Of all that follows the checksum. */
static uint32_t sum(const char *frame, size_t record_len)
{
    uint64_t h = dd_str_hash((dd_str){ frame + MARK_AT, DD_FRAME_HEAD - MARK_AT + record_len });
    return (uint32_t)(h ^ h >> 32);
}

void dd_frame_add(dd_buf *out, dd_frame f)
{
    char head[DD_FRAME_HEAD] = {0};
    put_u32(head, (uint32_t)f.record.len);
    memcpy(head + MARK_AT, &f.mark, sizeof f.mark);
    dd_buf_add(out, (dd_str){ head, sizeof head });
    dd_buf_add(out, f.record);
}

bool dd_frame_take(dd_str *frames, dd_frame *out)
{
    if (frames->len < DD_FRAME_HEAD)
        return false;
    uint32_t n = get_u32(frames->ptr);
    if (n > frames->len - DD_FRAME_HEAD)
        return false;
    memcpy(&out->mark, frames->ptr + MARK_AT, sizeof out->mark);
    out->record = dd_str_sub(*frames, DD_FRAME_HEAD, DD_FRAME_HEAD + n);
    *frames = dd_str_sub(*frames, DD_FRAME_HEAD + n, frames->len);
    return true;
}

void dd_frames_seal(char *frames, size_t len)
{
    dd_str   rest = { frames, len };
    dd_frame f;
    for (char *at = frames; dd_frame_take(&rest, &f); at += DD_FRAME_HEAD + f.record.len)
        put_u32(at + SUM_AT, sum(at, f.record.len));
}

bool dd_frame_check(dd_str *frames, dd_frame *out, bool *damaged)
{
    dd_str rest = *frames;
    *damaged = frames->len >= DD_FRAME_HEAD && get_u32(frames->ptr) > FRAME_MAX;
    if (*damaged || !dd_frame_take(&rest, out))
        return false;
    *damaged = get_u32(frames->ptr + SUM_AT) != sum(frames->ptr, out->record.len);
    if (!*damaged)
        *frames = rest;
    return !*damaged;
}
