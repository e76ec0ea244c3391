/* What the three readers of requests share: members by name, values of a kind, parts, files in URLs. */
#include "proxy/dialect/request.h"

static const char *kind_name(dd_jkind kind)
{
    static const char *const names[] = { "null", "a boolean", "a boolean", "a number", "a string", "an array", "an object" };
    return names[kind];
}

dd_str dd_read_path(dd_reading *rd, dd_str where, const char *name)
{
    if (!where.len)
        return dd_str_z(name);
    return *name ? dd_arena_printf(rd->ctx->arena, DD_STR_FMT ".%s", DD_STR_ARG(where), name) : where;
}

dd_str dd_read_index(dd_reading *rd, dd_str where, size_t i)
{
    return dd_arena_printf(rd->ctx->arena, DD_STR_FMT "[%zu]", DD_STR_ARG(where), i);
}

/* --- members --- */

/* Members that clients send along with the value they have anyway: leaving these out changes nothing. */
enum { NOTHING_FALSE = 1, NOTHING_ZERO = 2, NOTHING_EMPTY = 4, NOTHING_TEXT = 8, NOTHING_DISABLED = 16 };
static const struct { const char *name; unsigned when; } idle_members[] = {
    { "annotations", NOTHING_EMPTY }, { "audio", 0 }, { "background", NOTHING_FALSE }, { "citations", NOTHING_EMPTY },
    { "frequency_penalty", NOTHING_ZERO }, { "logit_bias", NOTHING_EMPTY },
    { "logprobs", NOTHING_FALSE | NOTHING_EMPTY }, { "max_tool_calls", 0 }, { "modalities", NOTHING_TEXT },
    { "prediction", 0 }, { "presence_penalty", NOTHING_ZERO }, { "seed", 0 }, { "top_logprobs", NOTHING_ZERO }, { "truncation", NOTHING_DISABLED },
    { "web_search_options", 0 },
};

static bool says_nothing(const dd_jspan *j, uint32_t key, uint32_t value)
{
    size_t i = 0;
    double x;
    while (i < DD_COUNT(idle_members) && !dd_jspan_is(j, key, idle_members[i].name))
        i++;
    unsigned when = i < DD_COUNT(idle_members) ? idle_members[i].when : 0;
    switch (dd_jspan_kind(j, value)) {
    case DD_J_NULL: return i < DD_COUNT(idle_members);
    case DD_J_FALSE: return when & NOTHING_FALSE;
    case DD_J_NUMBER: return (when & NOTHING_ZERO) && dd_jspan_f64(j, value, &x) && x == 0;
    case DD_J_STRING: return (when & NOTHING_DISABLED) && dd_jspan_is(j, value, "disabled");
    case DD_J_ARRAY:
        return ((when & NOTHING_EMPTY) && j->v[value].count == 0) ||
               ((when & NOTHING_TEXT) && j->v[value].count == 1 && dd_jspan_is(j, dd_jspan_item(j, value, 0), "text"));
    case DD_J_OBJECT: return (when & NOTHING_EMPTY) && j->v[value].count == 0;
    default: return false;
    }
}

static size_t find_name(const dd_jspan *j, uint32_t key, const char *const *names, size_t n)
{
    dd_str inside = dd_jspan_inside(j, key);
    for (size_t i = 0; i < n; i++)
        if (inside.len && (inside.ptr[0] == names[i][0] || j->v[key].escaped) && dd_jspan_is(j, key, names[i]))
            return i;
    return n;
}

void dd_read_members(dd_reading *rd, uint32_t object, dd_str where, const char *const *names, uint32_t *out, size_t n)
{
    const dd_jspan *j = rd->j;
    uint64_t        seen = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = DD_J_NONE;
    for (dd_jit it = dd_jspan_each(j, object); dd_jspan_step(j, &it);) {
        size_t i = it.key == DD_J_NONE ? n : find_name(j, it.key, names, n);
        if (i < n) {
            if (seen >> i & 1)
                dd_request_fail(rd->ctx, dd_read_path(rd, where, names[i]), "is there twice");
            seen |= UINT64_C(1) << i;
            if (dd_jspan_kind(j, it.value) != DD_J_NULL)
                out[i] = it.value;
        } else if (it.key != DD_J_NONE && !says_nothing(j, it.key, it.value)) {
            dd_dialect_drop(rd->ctx, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(where), where.len ? "." : "", DD_STR_ARG(dd_jspan_inside(j, it.key)));
        }
    }
}

/* --- values --- */

bool dd_read_kind(dd_reading *rd, uint32_t node, dd_jkind kind, dd_str where, const char *name)
{
    dd_jkind is = dd_jspan_kind(rd->j, node);
    if (node == DD_J_NONE || is == kind)
        return node != DD_J_NONE;
    dd_request_fail(rd->ctx, dd_read_path(rd, where, name), "%s is needed here, not %s", kind_name(kind), kind_name(is));
    return false;
}

dd_str dd_read_string(dd_reading *rd, uint32_t node, dd_str where, const char *name)
{
    return dd_read_kind(rd, node, DD_J_STRING, where, name) ? dd_jspan_inside(rd->j, node) : DD_STR_NULL;
}

dd_str dd_read_required(dd_reading *rd, uint32_t node, dd_str where, const char *name)
{
    if (node == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, where, name), "is missing");
    dd_str s = dd_read_string(rd, node, where, name);
    if (node != DD_J_NONE && s.ptr && !s.len)
        dd_request_fail(rd->ctx, dd_read_path(rd, where, name), "is empty");
    return s;
}

dd_str dd_read_number(dd_reading *rd, uint32_t node, dd_str where, const char *name)
{
    return dd_read_kind(rd, node, DD_J_NUMBER, where, name) ? dd_jspan_raw(rd->j, node) : DD_STR_NULL;
}

dd_str dd_read_whole(dd_reading *rd, uint32_t node, dd_str where, const char *name)
{
    int64_t n;
    dd_str  raw = dd_read_number(rd, node, where, name);
    if (raw.ptr && (!dd_jspan_i64(rd->j, node, &n) || n < 0)) {
        dd_request_fail(rd->ctx, dd_read_path(rd, where, name), "a whole number of 0 or more is needed here");
        return DD_STR_NULL;
    }
    return raw;
}

dd_str dd_read_object(dd_reading *rd, uint32_t node, dd_str where, const char *name)
{
    return dd_read_kind(rd, node, DD_J_OBJECT, where, name) ? dd_jspan_raw(rd->j, node) : DD_STR_NULL;
}

dd_tri dd_read_bool(dd_reading *rd, uint32_t node, dd_str where, const char *name)
{
    dd_jkind is = dd_jspan_kind(rd->j, node);
    if (node != DD_J_NONE && is != DD_J_TRUE && is != DD_J_FALSE)
        dd_request_fail(rd->ctx, dd_read_path(rd, where, name), "true or false is needed here, not %s", kind_name(is));
    return node == DD_J_NONE ? DD_TRI_UNSET : is == DD_J_TRUE ? DD_TRI_TRUE : DD_TRI_FALSE;
}

dd_str dd_read_plain(dd_reading *rd, dd_str inside)
{
    if (dd_str_chr(inside, '\\') < 0)
        return inside;
    dd_buf b = DD_BUF_INIT(0);
    dd_jtext_escape(&b, dd_jtext_decode(inside, rd->ctx->arena));
    dd_str plain = dd_arena_dup(rd->ctx->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return plain;
}

void dd_read_extra(dd_reading *rd, const char *name, uint32_t node)
{
    if (node == DD_J_NONE)
        return;
    dd_extra *e      = dd_new(rd->ctx->arena, dd_extra);
    *e               = (dd_extra){ .name = name, .raw = dd_jspan_raw(rd->j, node) };
    *rd->extra_tail  = e;
    rd->extra_tail   = &e->next;
}

void dd_read_stop(dd_reading *rd, uint32_t node, const char *name)
{
    dd_request *r = rd->r;
    if (dd_jspan_kind(rd->j, node) == DD_J_STRING) {
        r->stop   = dd_new(rd->ctx->arena, dd_str);
        *r->stop  = dd_jspan_inside(rd->j, node);
        r->n_stop = 1;
        return;
    }
    if (!dd_read_kind(rd, node, DD_J_ARRAY, DD_STR(""), name))
        return;
    r->stop = dd_newn(rd->ctx->arena, dd_str, rd->j->v[node].count + 1);
    for (dd_jit it = dd_jspan_each(rd->j, node); dd_jspan_step(rd->j, &it);) {
        if (dd_jspan_kind(rd->j, it.value) != DD_J_STRING)
            dd_request_fail(rd->ctx, dd_read_index(rd, dd_str_z(name), r->n_stop), "a string is needed here");
        r->stop[r->n_stop++] = dd_jspan_inside(rd->j, it.value);
    }
}

void dd_read_thinking_config(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "budget_tokens" };
    uint32_t v[DD_COUNT(names)];
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_str type   = dd_read_string(rd, v[0], where, "type");
    dd_str budget = dd_read_whole(rd, v[1], where, "budget_tokens");
    if (!type.ptr) /* others' members of that name; what they held is named */
        return;
    if (dd_str_eqz(type, "disabled"))
        rd->r->think = DD_THINK_OFF;
    else if (dd_str_eqz(type, "adaptive"))
        rd->r->think = DD_THINK_ADAPTIVE;
    else if (dd_str_eqz(type, "enabled") && budget.ptr) {
        rd->r->think        = DD_THINK_BUDGET;
        rd->r->think_budget = dd_write_int(budget, 0);
    } else if (dd_str_eqz(type, "enabled"))
        rd->r->think = DD_THINK_ADAPTIVE;
    else
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "type"), "enabled, disabled or adaptive is needed here");
}

/* --- turns and parts --- */

/* Each takes some hundred bytes here and may take ten in the body: a small body should not become much memory. Anthropic takes 100,000 messages. */
#define MAX_PIECES 200000

static void count_piece(dd_reading *rd)
{
    if (++rd->pieces == MAX_PIECES)
        dd_request_fail(rd->ctx, DD_STR(""), "more than %d messages, parts and tools", MAX_PIECES - 1);
}

dd_turn *dd_read_turn(dd_reading *rd, dd_role role, dd_str where)
{
    dd_turn *t     = dd_new(rd->ctx->arena, dd_turn);
    count_piece(rd);
    t->role        = role;
    t->where       = where;
    *rd->turn_tail = t;
    rd->turn_tail  = &t->next;
    t->tail        = &t->parts;
    return rd->last = t;
}

static dd_part *new_part(dd_reading *rd, dd_part_kind kind, dd_str where)
{
    dd_part *p = dd_new(rd->ctx->arena, dd_part);
    count_piece(rd);
    p->kind    = kind;
    p->where   = where;
    p->tail    = &p->result;
    return p;
}

dd_part *dd_read_part(dd_reading *rd, dd_turn *turn, dd_part_kind kind, dd_str where)
{
    dd_part *p  = new_part(rd, kind, where);
    *turn->tail = p;
    turn->tail  = &p->next;
    return p;
}

dd_part *dd_read_result_part(dd_reading *rd, dd_part *result, dd_part_kind kind, dd_str where)
{
    dd_part *p    = new_part(rd, kind, where);
    *result->tail = p;
    result->tail  = &p->next;
    return p;
}

void dd_read_typed_part(dd_reading *rd, dd_part *p, uint32_t node, const dd_part_type *types, size_t n)
{
    if (!dd_read_kind(rd, node, DD_J_OBJECT, p->where, ""))
        return;
    uint32_t type = dd_jspan_member(rd->j, node, "type", NULL);
    for (size_t i = 0; i < n; i++)
        if (dd_jspan_is(rd->j, type, types[i].type)) {
            types[i].read(rd, p, node);
            return;
        }
    p->kind = DD_PART_OTHER;
    p->type = dd_read_required(rd, type, p->where, "type");
    p->raw  = dd_jspan_raw(rd->j, node);
}

dd_part *dd_read_piece(dd_reading *rd, dd_turn *turn, dd_part *result, dd_str where)
{
    return result ? dd_read_result_part(rd, result, DD_PART_TEXT, where) : dd_read_part(rd, turn, DD_PART_TEXT, where);
}

void dd_read_content(dd_reading *rd, dd_turn *turn, dd_part *result, uint32_t node, dd_str content, const dd_part_type *types, size_t n_types)
{
    size_t n = 0;
    if (dd_jspan_kind(rd->j, node) == DD_J_STRING) {
        dd_read_piece(rd, turn, result, content)->text = dd_jspan_inside(rd->j, node);
        return;
    }
    if (node != DD_J_NONE && dd_jspan_kind(rd->j, node) != DD_J_ARRAY)
        dd_request_fail(rd->ctx, content, "a string or an array of parts is needed here");
    for (dd_jit it = dd_jspan_each(rd->j, node); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++)
        dd_read_typed_part(rd, dd_read_piece(rd, turn, result, dd_read_index(rd, content, n)), it.value, types, n_types);
}

void dd_read_text_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "text", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, p->where, "text"), "is missing");
    p->kind          = DD_PART_TEXT;
    p->text          = dd_read_string(rd, v[1], p->where, "text");
    p->cache_control = dd_read_object(rd, v[2], p->where, "cache_control");
}

dd_tool *dd_read_tool(dd_reading *rd, dd_str where)
{
    dd_tool *t     = dd_new(rd->ctx->arena, dd_tool);
    count_piece(rd);
    t->where       = where;
    *rd->tool_tail = t;
    rd->tool_tail  = &t->next;
    return t;
}

void dd_read_objects(dd_reading *rd, uint32_t array, const char *name, void (*read)(dd_reading *rd, uint32_t node, dd_str where))
{
    size_t n = 0;
    if (!dd_read_kind(rd, array, DD_J_ARRAY, DD_STR(""), name))
        return;
    for (dd_jit it = dd_jspan_each(rd->j, array); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++) {
        dd_str where = dd_read_index(rd, dd_str_z(name), n);
        if (dd_read_kind(rd, it.value, DD_J_OBJECT, where, ""))
            read(rd, it.value, where);
    }
}

void dd_read_tool_raw(dd_reading *rd, dd_tool *t, uint32_t node)
{
    t->raw  = dd_jspan_raw(rd->j, node);
    t->name = dd_jspan_inside(rd->j, dd_jspan_member(rd->j, node, "name", NULL));
}

void dd_read_function(dd_reading *rd, dd_tool *t, const uint32_t v[4], dd_str where, const char *schema)
{
    t->name        = dd_read_required(rd, v[0], where, "name");
    t->description = dd_read_string(rd, v[1], where, "description");
    t->parameters  = dd_read_object(rd, v[2], where, schema);
    t->strict      = dd_read_bool(rd, v[3], where, "strict");
}

void dd_read_arguments(dd_reading *rd, dd_part *p, uint32_t node)
{
    dd_str id = p->id, name = p->name, where = p->where;
    dd_part_call(p, rd->ctx, rd->j, id, name, node);
    p->where = where;
    if (dd_jspan_kind(rd->j, node) == DD_J_STRING)
        p->text = dd_jspan_inside(rd->j, node);
}

void dd_read_signature(dd_part *p, dd_str sealed, dd_dialect own)
{
    dd_dialect by = own;
    dd_str     s  = dd_seal_read(sealed, &by);
    *(p->redacted ? &p->data : &p->signature) = s;
    p->signed_by = s.len ? by : DD_DIALECT_NONE;
}

/* --- files --- */

/* What the first bytes of a picture say, in base64; a wrong media type is refused by Anthropic. */
static dd_str sniff(dd_str data)
{
    static const struct { const char *front, *type; } kinds[] = {
        { "iVBORw0KGgo", "image/png" }, { "/9j/", "image/jpeg" }, { "R0lGOD", "image/gif" },
        { "UklGR", "image/webp" },      { "JVBERi", "application/pdf" },
    };
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (dd_str_startsz(data, kinds[i].front))
            return dd_str_z(kinds[i].type);
    return DD_STR_NULL;
}

/* data:[<media type>][;name=value]...[;base64],<data> (RFC 2397) */
static void read_data_url(dd_reading *rd, dd_part *p, dd_str rest)
{
    ptrdiff_t comma = dd_str_chr(rest, ',');
    dd_str    head  = dd_str_sub(rest, 0, comma < 0 ? 0 : (size_t)comma);
    if (comma < 0 || !dd_str_ends(head, DD_STR(";base64"))) {
        dd_request_fail(rd->ctx, p->where, "a data URL has to be base64: data:image/png;base64,...");
        return;
    }
    p->data       = dd_str_sub(rest, (size_t)comma + 1, rest.len);
    p->media_type = dd_str_cut(&head, ';');
    dd_str is     = sniff(p->data);
    if (is.ptr && (!p->media_type.len || dd_str_startsz(p->media_type, "image/")))
        p->media_type = is;
    else if (dd_str_eqz(p->media_type, "image/jpg"))
        p->media_type = DD_STR("image/jpeg");
    if (!p->media_type.len)
        dd_request_fail(rd->ctx, p->where, "the data URL does not say its media type");
}

void dd_read_url(dd_reading *rd, dd_part *p, dd_str inside)
{
    dd_str url = dd_read_plain(rd, inside);
    if (dd_str_eq_nocase(dd_str_sub(url, 0, 5), DD_STR("data:")))
        read_data_url(rd, p, dd_str_sub(url, 5, url.len));
    else if (dd_str_eq_nocase(dd_str_sub(url, 0, 8), DD_STR("https://")) || dd_str_eq_nocase(dd_str_sub(url, 0, 7), DD_STR("http://")))
        p->url = url;
    else if (inside.ptr)
        dd_request_fail(rd->ctx, p->where, "the URL has to begin with https:// or data:");
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool decode_base64(dd_arena *arena, dd_str in, dd_str *out)
{
    char    *to = dd_arena_alloc(arena, in.len / 4 * 3 + 4);
    size_t   n = 0;
    uint32_t bits = 0, have = 0;
    while (in.len && in.ptr[in.len - 1] == '=')
        in.len--;
    for (size_t i = 0; i < in.len; i++) {
        int s = sextet(in.ptr[i]);
        if (s < 0)
            return false;
        bits = bits << 6 | (uint32_t)s;
        have += 6;
        if (have >= 8) {
            have -= 8;
            to[n++] = (char)(bits >> have);
        }
    }
    *out = (dd_str){ to, n };
    return in.len % 4 != 1;
}

static bool read_text_file(dd_reading *rd, dd_part *p)
{
    dd_str plain;
    dd_buf b = DD_BUF_INIT(0);
    if (!decode_base64(rd->ctx->arena, p->data, &plain) || !dd_utf8_valid(plain))
        return false;
    dd_jtext_escape(&b, plain);
    p->text = dd_arena_dup(rd->ctx->arena, dd_buf_str(&b));
    p->data = p->media_type = DD_STR_NULL;
    dd_buf_free(&b);
    return true;
}

void dd_read_file(dd_reading *rd, dd_part *p, dd_str inside)
{
    if (!inside.len) {
        if (!p->file_id.len && !p->url.len)
            dd_request_fail(rd->ctx, p->where, "the file has neither data nor an id");
        return;
    }
    if (dd_str_startsz(inside, "data:"))
        dd_read_url(rd, p, inside);
    else {
        p->data       = dd_read_plain(rd, inside);
        p->media_type = sniff(p->data);
    }
    if (dd_str_eqz(p->media_type, "application/pdf") || !dd_request_ok(rd->ctx))
        return;
    if (!dd_str_startsz(p->media_type, "text/") || !read_text_file(rd, p))
        dd_request_fail(rd->ctx, p->where, "only PDF and plain text files can be sent to the model that serves this request");
}
