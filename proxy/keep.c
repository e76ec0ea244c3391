/* proxy/keep.c - answers kept for equal requests (RC.4): what makes two requests equal, and what of an answer may be kept.
 *
 * Equal are requests of the same caller (or organisation, or all, as configured) to the same endpoint by the same route whose bodies say the same:
 * members in any order, without blanks, and without those that change nothing in the answer. Kept is what the client got, whole and good; errors and
 * answers that were cut short never are. */
#include <stdlib.h>

#include "base/secret.h"
#include "proxy/exchange.h"

typedef struct keep_wait keep_wait;
struct keeping {
    dd_cache_key key;
    bool         ours;       /* the cache waits for what becomes of this request */
    bool         over;       /* too much to keep */
    keep_wait   *wait;       /* for another request's answer */
    dd_buf       bytes;
    dd_str       type;
    int64_t      ttl_s, max_age_s;
    const dd_route *route;   /* that the request was looked for by, and the model it would go to */
    dd_str       model;
};
struct keep_wait {           /* outlives a request whose client leaves */
    worker   *w;
    exchange *x;             /* NULL: left */
    keep_wait *next, **at;   /* in w->keep_waits */
};

/* --- equal requests --- */

/* Members that change nothing in an answer; stream is a part of the key by itself. Responses repeat nearly all of what they were asked. */
static bool is_ignored(const dd_jspan *d, uint32_t key, bool repeated)
{
    static const char *const names[] = { "stream", "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier" };
    for (size_t i = 0; i < (repeated ? 1 : DD_COUNT(names)); i++)
        if (dd_jspan_is(d, key, names[i]))
            return true;
    return false;
}

typedef struct { const dd_jspan *d; uint32_t key, value; } member;

/* Of two with one name the last counts for most readers: they keep their order. */
static int by_name(const void *a, const void *b)
{
    const member *x = a, *y = b;
    int order = dd_str_cmp(dd_jspan_inside(x->d, x->key), dd_jspan_inside(y->d, y->key));
    return order ? order : (x->key > y->key) - (x->key < y->key);
}

typedef enum { INSIDE, TOP, TOP_REPEATED } place;

/* Depth is bounded by the reader's (DD_JSPAN_DEPTH). */
static void canonical(const dd_jspan *d, uint32_t node, place at, dd_arena *arena, dd_buf *out)
{
    dd_jkind kind = dd_jspan_kind(d, node);
    if (kind != DD_J_OBJECT && kind != DD_J_ARRAY) {
        dd_buf_add(out, dd_jspan_raw(d, node));
        return;
    }
    size_t  n       = 0;
    member *members = dd_newn(arena, member, d->v[node].count + 1);
    for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it);)
        if (at == INSIDE || !is_ignored(d, it.key, at == TOP_REPEATED))
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
        canonical(d, members[i].value, INSIDE, arena, out);
    }
    dd_buf_addc(out, kind == DD_J_OBJECT ? '}' : ']');
}

/* What beside the body decides: headers that providers heed, and the models that the caller may have. In open mode a client may have brought a
 * provider's key of its own: that is who it is. */
static void surroundings(exchange *x, dd_buf *out)
{
    static const char *const heeded[] = { "anthropic-beta", "anthropic-version", "openai-beta", "openai-organization", "openai-project" };
    static const char *const own[]    = { "authorization", "x-api-key", "api-key" };
    for (size_t i = 0; i < DD_COUNT(heeded); i++)
        dd_buf_printf(out, DD_STR_FMT "\n", DD_STR_ARG(dd_http_header(x->h, heeded[i])));
    for (size_t i = 0; i < DD_COUNT(own) && x->caller.open && x->s->cache.scope == DD_CACHE_BY_KEY; i++)
        dd_buf_printf(out, DD_STR_FMT "\n", DD_STR_ARG(dd_http_header(x->h, own[i])));
    for (size_t i = 0; i < x->caller.n_models; i++)
        dd_buf_printf(out, DD_STR_FMT "\n", DD_STR_ARG(x->caller.models[i]));
}

static dd_cache_key key_of(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    dd_cache_scope  scope = x->s->cache.scope;
    dd_buf          body  = DD_BUF_INIT(0), more = DD_BUF_INIT(0);
    dd_arena_mark   mark  = dd_arena_here(&x->w->scratch);
    dd_buf_reserve(&body, x->body.text.len);
    canonical(&x->body, 0, x->ep.dialect == DD_DIALECT_RESPONSES ? TOP_REPEATED : TOP, &x->w->scratch, &body);
    dd_buf_reserve(&more, 2048);         /* keys may be among it: none is left behind by growing */
    surroundings(x, &more);
    dd_str       parts[] = { scope == DD_CACHE_BY_ALL ? DD_STR("") : x->asked.org, scope == DD_CACHE_BY_KEY ? x->caller.key_id : DD_STR(""), dd_str_z(x->ep.name),
                             x->stream ? DD_STR("stream") : DD_STR(""), x->plan.route ? x->plan.route->name : DD_STR(""), dd_buf_str(&more), dd_buf_str(&body) };
    dd_cache_key key     = hooks->cache_hash(hooks->ctx, parts, DD_COUNT(parts));
    dd_wipe_buf(&more);
    dd_buf_free(&body);
    dd_arena_back(&x->w->scratch, mark);
    return key;
}

/* The answer is not all that the provider does: a conversation grows there, or the work goes on behind the answer. */
static bool has_effects(const exchange *x)
{
    static const char *const names[] = { "conversation", "background" };
    uint32_t node[DD_COUNT(names)];
    if (x->ep.dialect != DD_DIALECT_RESPONSES)
        return false;
    dd_jspan_members(&x->body, 0, names, node, DD_COUNT(names));
    return dd_jspan_kind(&x->body, node[0]) != DD_J_NULL || dd_jspan_kind(&x->body, node[1]) == DD_J_TRUE;
}

/* --- asking --- */

/* `Cache-Control: no-store, max-age=60`: has it this word? *value is what stands behind "=". */
static bool directive(dd_str list, const char *word, dd_str *value)
{
    while (list.len) {
        *value      = dd_str_trim(dd_str_cut(&list, ','));
        dd_str name = dd_str_trim(dd_str_cut(value, '='));
        if (dd_str_eq_nocase(name, dd_str_z(word)))
            return true;
    }
    return false;
}

static void answer(exchange *x, const dd_cached *c)
{
    x->looked_at         = dd_mono_now().ns;
    size_t provider      = dd_policy_find(&x->s->policy, c->provider);
    x->provider          = provider != SIZE_MAX ? &x->s->providers[provider] : NULL;   /* it may be configured no more */
    x->decision.model    = c->model;
    x->decision.strategy = "cache";
    x->cache_word        = "hit";
    x->bill              = (dd_bill){ .original = c->cost, .actual = 0, .saved = c->cost };
    header_list l        = head_new(x, 0);
    int64_t     age      = worker_wall_ms(x->w) / 1000 - c->stored_s;
    head_add(&l, "content-type", c->content_type);
    if (dd_str_startsz(c->content_type, "text/event-stream"))
        head_add(&l, "cache-control", DD_STR("no-cache"));
    head_ours(&l, x);
    if (!x->provider)
        head_add(&l, "x-dd0c-cache", DD_STR("hit"));
    head_money(&l, x, "x-dd0c-cost", x->bill.actual);
    head_money(&l, x, "x-dd0c-saved", x->bill.saved);
    head_add(&l, "age", dd_arena_printf(x->h->arena, "%lld", (long long)(age > 0 ? age : 0)));
    x->first_at = x->looked_at;
    dd_http_head(x->h, c->status, l.v, l.n, (int64_t)c->body.len);
    dd_http_data(x->h, c->body);
    exchange_finish(x, c->status, true);
}

static void link_wait(keep_wait *wait)
{
    wait->next = wait->w->keep_waits;
    wait->at   = &wait->w->keep_waits;
    if (wait->next)
        wait->next->at = &wait->next;
    wait->w->keep_waits = wait;
}

static void end_wait(keep_wait *wait)
{
    *wait->at = wait->next;
    if (wait->next)
        wait->next->at = wait->at;
    free(wait);
}

static bool look_up(exchange *x);

static void ready(void *arg)             /* in the worker's thread */
{
    keep_wait *wait = arg;
    exchange  *x    = wait->x;
    end_wait(wait);
    if (!x)
        return;                          /* forgetting it has handed on what it was woken for */
    x->keeping->wait = NULL;
    if (!look_up(x))
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
    int64_t         now_s = worker_wall_ms(x->w) / 1000;
    dd_cached       found;
    keep_wait      *wait  = dd_malloc(sizeof *wait);
    *wait   = (keep_wait){ .w = x->w, .x = x };
    k->wait = wait;
    link_wait(wait);                     /* in its place before another thread may call; what that does with it, it does in this one */
    dd_cache_verdict v = hooks->cache_find(hooks->ctx, &k->key, now_s, x->h->arena, &found, ready_elsewhere, wait);
    if (v == DD_CACHE_WAIT) {
        exchange_move(x, EX_await_answer);
        return true;
    }
    end_wait(wait);
    k->wait = NULL;
    if (v == DD_CACHE_MISS) {
        k->ours = true;
        return false;
    }
    if (now_s - found.stored_s > k->max_age_s)
        return false;                    /* asked anew, and kept */
    dd_buf_free(&k->bytes);
    x->keeping = NULL;
    answer(x, &found);
    return true;
}

static void begin(exchange *x, dd_str control)
{
    struct keeping *k = x->keeping = dd_new(x->h->arena, struct keeping);
    int64_t         max = x->s->cache.max_entry_bytes;
    dd_str          ttl = dd_http_header(x->h, "x-dd0c-cache-ttl"), age;
    int64_t         own;
    *k = (struct keeping){ .key = key_of(x), .route = x->plan.route, .model = x->plan.n_steps ? x->plan.steps[0].model : DD_STR(""), .ttl_s = x->s->cache.ttl_s,
                           .max_age_s = INT64_MAX, .bytes = DD_BUF_INIT((size_t)(max > 0 ? max : 1 << 20)) };
    if (ttl.len && dd_parse_i64(ttl, &own) && own >= 0 && own < k->ttl_s)
        k->ttl_s = own;
    if (directive(control, "max-age", &age) && dd_parse_i64(age, &own) && own >= 0)
        k->max_age_s = own;
}

bool keep_find(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    bool            on    = x->plan.cache >= 0 ? x->plan.cache > 0 : x->s->cache.on;
    dd_str          unused;
    if (!on || !hooks->cache_find || x->ep.omni)
        return false;
    dd_str control = dd_http_header(x->h, "cache-control");
    x->cache_word  = "bypass";
    if (directive(control, "no-store", &unused) || has_effects(x))
        return false;
    begin(x, control);
    if (directive(control, "no-cache", &unused))
        return false;                    /* the new answer is kept all the same */
    x->cache_word = "miss";
    return look_up(x);
}

/* --- keeping --- */

/* What is passed on in pieces and is no stream was too much to be looked at. */
void keep_body(exchange *x, dd_str type, dd_str bytes)
{
    struct keeping *k = x->keeping;
    k->type           = type;
    if (!k->over)
        dd_buf_add(&k->bytes, bytes);
    if (k->bytes.over || (!x->event_stream && dd_str_startsz(type, "text/event-stream"))) {
        k->over = true;
        dd_buf_free(&k->bytes);
    }
}

static bool is_embeddings(exchange *x)
{
    dd_jspan d = { .n = 0 };
    return dd_jspan_parse(&d, x->h->arena, dd_buf_str(&x->keeping->bytes), NULL) == DD_OK && dd_jspan_kind(&d, dd_jspan_member(&d, 0, "data", NULL)) == DD_J_ARRAY;
}

/* One of several choices may be cut short while the first one is not. */
static bool has_short_choice(exchange *x)
{
    dd_jspan d = { .n = 0 };
    int64_t  n = 1;
    if ((x->ep.dialect != DD_DIALECT_CHAT && x->ep.dialect != DD_DIALECT_COMPLETIONS) ||
        !dd_jspan_i64(&x->body, dd_jspan_member(&x->body, 0, "n", NULL), &n) || n < 2)
        return false;
    if (x->stream || dd_jspan_parse(&d, x->h->arena, dd_buf_str(&x->keeping->bytes), NULL) != DD_OK)
        return true;
    for (dd_jit it = dd_jspan_each(&d, dd_jspan_member(&d, 0, "choices", NULL)); dd_jspan_step(&d, &it);) {
        uint32_t why = dd_jspan_member(&d, it.value, "finish_reason", NULL);
        if (!dd_jspan_is(&d, why, "stop") && !dd_jspan_is(&d, why, "tool_calls"))
            return true;
    }
    return false;
}

/* A budget's downgrade is for as long as the budget is spent: what it answered is not kept for the time after. */
static bool is_downgraded(const exchange *x)
{
    const struct keeping *k = x->keeping;
    return x->plan.route != k->route || !x->plan.n_steps || !dd_str_eq(x->plan.steps[0].model, k->model);
}

static bool is_good(exchange *x, int status, bool whole)
{
    const struct keeping *k = x->keeping;
    bool ended = x->stop == DD_STOP_END || x->stop == DD_STOP_TOOLS || x->stop == DD_STOP_SEQUENCE;
    if (!whole || status != 200 || x->failure != DD_EC_NONE || k->over || !k->bytes.len || k->ttl_s <= 0 || x->disconnected || !x->provider || x->rescued || is_downgraded(x))
        return false;
    return x->ep.dialect == DD_DIALECT_EMBEDDINGS ? is_embeddings(x) : ended && !has_short_choice(x);
}

static void add_tag(dd_buf *out, dd_str name, dd_str value)
{
    if (value.len && dd_str_chr(value, '\n') < 0 && dd_str_chr(name, '\n') < 0)
        dd_buf_printf(out, DD_STR_FMT "=" DD_STR_FMT "\n", DD_STR_ARG(name), DD_STR_ARG(value));
}

/* By which an answer can be invalidated. */
static dd_str tags_text(exchange *x)
{
    enum { MOST = 4096 };
    const dd_facts *f   = &x->asked;
    dd_buf          out = DD_BUF_INIT(MOST);
    add_tag(&out, DD_STR("team"), f->team);
    add_tag(&out, DD_STR("feature"), f->feature);
    add_tag(&out, DD_STR("env"), f->env);
    add_tag(&out, DD_STR("user"), f->user);
    for (size_t i = 0; i < x->h->n_headers; i++)
        if (dd_str_startsz(x->h->headers[i].name, "x-dd0c-"))
            add_tag(&out, dd_str_sub(x->h->headers[i].name, 7, x->h->headers[i].name.len), x->h->headers[i].value);
    for (size_t i = 0; i < f->n_tags; i++)
        add_tag(&out, f->tags[i].name, f->tags[i].value);
    for (size_t i = 0; i < f->n_key_tags; i++)
        add_tag(&out, f->key_tags[i].name, f->key_tags[i].value);
    dd_str text = dd_arena_dup(x->h->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return text;
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
                             .org = x->asked.org, .key_id = x->caller.key_id, .tags = tags_text(x), .cost = x->bill.actual,
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
        k->wait->x = NULL;               /* a call that is on its way finds nobody */
        if (hooks->cache_forget(hooks->ctx, &k->key, k->wait))
            end_wait(k->wait);
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
