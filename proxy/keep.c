/* proxy/keep.c - answers kept for equal requests (RC.4): what makes two requests equal, and what of an answer may be kept.
 *
 * Equal are requests of the same caller (or organisation, or all, as configured) to the same endpoint whose bodies say the same: members in any order, without blanks, and without those that change nothing in
 * the answer. Kept is what the client got, whole and good; errors and answers that were cut short never are. */
#include <stdlib.h>

#include "proxy/exchange.h"

typedef struct keep_wait keep_wait;
struct keeping {
    dd_cache_key key;
    bool         ours;       /* the cache waits for what becomes of this request */
    bool         over;       /* too much to keep */
    keep_wait   *wait;       /* for another request's answer */
    dd_buf       bytes;
    dd_str       type;
    int64_t      ttl_s;
};
struct keep_wait {           /* outlives a request whose client leaves */
    worker   *w;
    exchange *x;             /* NULL: left */
    keep_wait *next, **at;   /* in w->keep_waits */
};

/* --- equal requests --- */

/* Members that change nothing in an answer; stream is a part of the key by itself. */
static bool is_ignored(const dd_jspan *d, uint32_t key)
{
    static const char *const names[] = { "stream", "user", "metadata", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_jspan_is(d, key, names[i]))
            return true;
    return false;
}

typedef struct { const dd_jspan *d; uint32_t key, value; } member;

static int by_name(const void *a, const void *b)
{
    const member *x = a, *y = b;
    return dd_str_cmp(dd_jspan_inside(x->d, x->key), dd_jspan_inside(y->d, y->key));
}

/* Depth is bounded by the reader's (DD_JSPAN_DEPTH). */
static void canonical(const dd_jspan *d, uint32_t node, bool top, dd_arena *arena, dd_buf *out)
{
    dd_jkind kind = dd_jspan_kind(d, node);
    if (kind != DD_J_OBJECT && kind != DD_J_ARRAY) {
        dd_buf_add(out, dd_jspan_raw(d, node));
        return;
    }
    size_t  n       = 0;
    member *members = dd_newn(arena, member, d->v[node].count + 1);
    for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it);)
        if (!top || !is_ignored(d, it.key))
            members[n++] = (member){ d, it.key, it.value };
    if (kind == DD_J_OBJECT)
        qsort(members, n, sizeof *members, by_name);
    dd_buf_addc(out, kind == DD_J_OBJECT ? '{' : '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            dd_buf_addc(out, ',');
        if (kind == DD_J_OBJECT) {
            dd_buf_add(out, dd_jspan_raw(d, members[i].key));
            dd_buf_addc(out, ':');
        }
        canonical(d, members[i].value, false, arena, out);
    }
    dd_buf_addc(out, kind == DD_J_OBJECT ? '}' : ']');
}

static dd_cache_key key_of(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    dd_cache_scope  scope = x->s->cache.scope;
    dd_buf          body  = DD_BUF_INIT(0);
    dd_arena_mark   mark  = dd_arena_here(&x->w->scratch);
    canonical(&x->body, 0, true, &x->w->scratch, &body);
    dd_str       parts[] = { scope == DD_CACHE_BY_ALL ? DD_STR("") : x->caller.org, scope == DD_CACHE_BY_KEY ? x->caller.key_id : DD_STR(""), dd_str_z(x->ep.name),
                             x->stream ? DD_STR("stream") : DD_STR(""), x->plan.route ? x->plan.route->name : DD_STR(""), dd_buf_str(&body) };
    dd_cache_key key     = hooks->cache_hash(hooks->ctx, parts, DD_COUNT(parts));
    dd_buf_free(&body);
    dd_arena_back(&x->w->scratch, mark);
    return key;
}

/* --- asking --- */

/* `Cache-Control: no-store, max-age=0`: has it this word? */
static bool directive(dd_str list, const char *word)
{
    while (list.len)
        if (dd_str_eq_nocase(dd_str_trim(dd_str_cut(&list, ',')), dd_str_z(word)))
            return true;
    return false;
}

static void answer(exchange *x, const dd_cached *c)
{
    size_t provider = dd_policy_find(&x->s->policy, c->provider);
    if (provider != SIZE_MAX)
        x->provider = &x->s->providers[provider];
    x->decision.model    = c->model;
    x->decision.strategy = "cache";
    x->cache_word        = "hit";
    x->bill              = (dd_bill){ .original = c->cost, .actual = 0, .saved = c->cost };
    header_list l        = head_new(x);
    head_add(&l, "content-type", c->content_type);
    head_ours(&l, x);
    if (!x->stream) {
        head_money(&l, x, "x-dd0c-cost", x->bill.actual);
        head_money(&l, x, "x-dd0c-saved", x->bill.saved);
    }
    head_add(&l, "age", dd_arena_printf(x->h->arena, "%lld", (long long)(worker_wall_ms(x->w) / 1000 - c->stored_s)));
    x->first_at = dd_loop_now(x->w->loop).ns;
    dd_http_head(x->h, c->status, l.v, l.n, (int64_t)c->body.len);
    dd_http_data(x->h, c->body);
    exchange_finish(x, c->status, true);
}

static void ready(void *arg)             /* in the worker's thread */
{
    keep_wait *wait = arg;
    exchange  *x    = wait->x;
    *wait->at       = wait->next;
    if (wait->next)
        wait->next->at = wait->at;
    free(wait);
    if (!x)
        return;
    x->keeping->wait = NULL;
    if (!keep_find(x))
        exchange_go_on(x);
}

static void ready_elsewhere(void *arg)   /* in any thread */
{
    keep_wait *wait = arg;
    dd_loop_post(wait->w->loop, ready, wait);
}

static bool look_up(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    struct keeping *k     = x->keeping;
    dd_cached       found;
    keep_wait      *wait  = dd_malloc(sizeof *wait);
    *wait = (keep_wait){ .w = x->w, .x = x, .next = x->w->keep_waits, .at = &x->w->keep_waits };
    if (wait->next)
        wait->next->at = &wait->next;
    x->w->keep_waits   = wait;           /* in its place before another thread may call */
    k->wait            = wait;
    dd_cache_verdict v = hooks->cache_find(hooks->ctx, &k->key, worker_wall_ms(x->w) / 1000, x->h->arena, &found, ready_elsewhere, wait);
    if (v == DD_CACHE_WAIT) {
        exchange_move(x, EX_await_answer);
        return true;
    }
    *wait->at = wait->next;
    if (wait->next)
        wait->next->at = wait->at;
    free(wait);
    k->wait = NULL;
    if (v == DD_CACHE_HIT) {
        x->keeping = NULL;
        answer(x, &found);
        return true;
    }
    k->ours = true;
    return false;
}

bool keep_find(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    bool            on    = x->plan.cache >= 0 ? x->plan.cache > 0 : x->s->cache.on;
    if (!on || !hooks->cache_find || x->ep.omni)
        return false;
    dd_str control = dd_http_header(x->h, "cache-control");
    if (directive(control, "no-store")) {
        x->cache_word = "bypass";
        return false;
    }
    if (!x->keeping) {
        x->keeping  = dd_new(x->h->arena, struct keeping);
        *x->keeping = (struct keeping){ .key = key_of(x), .ttl_s = x->s->cache.ttl_s,
                                        .bytes = DD_BUF_INIT((size_t)(x->s->cache.max_entry_bytes > 0 ? x->s->cache.max_entry_bytes : 1 << 20)) };
        int64_t own;
        dd_str  ttl = dd_http_header(x->h, "x-dd0c-cache-ttl");
        if (ttl.len && dd_parse_i64(ttl, &own) && own >= 0 && own < x->keeping->ttl_s)
            x->keeping->ttl_s = own;
    }
    x->cache_word = "miss";
    if (directive(control, "no-cache")) {
        x->cache_word = "bypass";        /* the new answer is kept all the same */
        return false;
    }
    return look_up(x);
}

/* --- keeping --- */

void keep_body(exchange *x, dd_str type, dd_str bytes)
{
    struct keeping *k = x->keeping;
    k->type           = type;
    if (!k->over)
        dd_buf_add(&k->bytes, bytes);
    if (k->bytes.over && !k->over) {
        k->over = true;
        dd_buf_free(&k->bytes);
    }
}

static bool is_good(const exchange *x, int status, bool whole)
{
    const struct keeping *k = x->keeping;
    bool ended = x->stop == DD_STOP_END || x->stop == DD_STOP_TOOLS || x->stop == DD_STOP_SEQUENCE || x->ep.dialect == DD_DIALECT_EMBEDDINGS;
    return whole && status == 200 && x->failure == DD_EC_NONE && ended && !k->over && k->bytes.len && k->ttl_s > 0 && !x->disconnected;
}

static dd_str tags_text(exchange *x)
{
    const dd_facts *f = &x->asked;
    return dd_arena_printf(x->h->arena, "team=" DD_STR_FMT " feature=" DD_STR_FMT " env=" DD_STR_FMT " user=" DD_STR_FMT, DD_STR_ARG(f->team), DD_STR_ARG(f->feature),
                           DD_STR_ARG(f->env), DD_STR_ARG(f->user));
}

void keep_end(exchange *x, int status, bool whole)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    struct keeping *k     = x->keeping;
    if (!k)
        return;
    if (is_good(x, status, whole)) {
        int64_t   now    = worker_wall_ms(x->w) / 1000;
        dd_usage *u      = &x->usage.usage;
        dd_cached c      = { .status = status, .content_type = k->type, .body = dd_buf_str(&k->bytes), .model = x->decision.model, .provider = x->provider->name,
                             .org = x->caller.org, .key_id = x->caller.key_id, .tags = tags_text(x), .cost = x->bill.actual,
                             .input_tokens = u->input + u->cache_read, .output_tokens = u->output, .stored_s = now, .expires_s = now + k->ttl_s };
        hooks->cache_put(hooks->ctx, &k->key, &c);
    } else if (k->ours) {
        hooks->cache_give_up(hooks->ctx, &k->key);
    }
    x->keeping = NULL;
    dd_buf_free(&k->bytes);
}

void keep_gone(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    struct keeping *k     = x->keeping;
    if (k && k->wait) {
        keep_wait *wait = k->wait;
        wait->x         = NULL;          /* an answer that is on its way finds nobody */
        if (hooks->cache_forget(hooks->ctx, &k->key, wait)) {
            *wait->at = wait->next;
            if (wait->next)
                wait->next->at = wait->at;
            free(wait);
        }
        k->wait = NULL;
    }
    keep_end(x, 499, false);
}

void keep_forget_waits(worker *w)
{
    for (keep_wait *wait = w->keep_waits, *next; wait; wait = next) {
        next = wait->next;
        free(wait);
    }
    w->keep_waits = NULL;
}
