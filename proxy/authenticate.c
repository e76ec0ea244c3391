/* proxy/authenticate.c - who calls. A key that nobody has seen is checked on another thread; the request waits, and may be gone when the answer comes. */
#include <stdlib.h>

#include "proxy/exchange.h"
#include "proxy/http/stage.h"

struct auth_wait {      /* outlives the request when the client leaves while its key is checked */
    worker    *w;
    exchange  *x;       /* NULL: left */
    auth_wait *next, **at;   /* in w->waits */
};

static dd_str key_of(const dd_http *h)
{
    static const char *const names[] = { "x-api-key", "api-key" };
    dd_str bearer = dd_http_header(h, "authorization");
    if (bearer.len > 7 && dd_str_eq_nocase(dd_str_sub(bearer, 0, 7), DD_STR("Bearer ")))
        return dd_str_trim(dd_str_sub(bearer, 7, bearer.len));
    for (size_t i = 0; i < DD_COUNT(names); i++) {
        dd_str own = dd_http_header(h, names[i]);
        if (own.len)
            return own;
    }
    return DD_STR("");
}

static bool in_scope(const exchange *x)
{
    if (x->ep.admin)
        return x->caller.open || (x->ep.whole ? x->caller.operates : x->caller.admin);
    if (x->ep.kind == EP_MODELS || x->ep.kind == EP_ASK || x->ep.kind == EP_PROVIDERS)
        return true;
    if (x->ep.kind == EP_PASS || x->ep.kind == EP_PROVIDER)
        return x->caller.may_pass && (x->ep.work != WORK_GENERATE || x->caller.may_generate) && (x->ep.work != WORK_EMBED || x->caller.may_embed);
    return x->ep.dialect == DD_DIALECT_EMBEDDINGS ? x->caller.may_embed : x->caller.may_generate;
}

static void link_wait(auth_wait *wait)
{
    wait->next = wait->w->waits;
    wait->at   = &wait->w->waits;
    if (wait->next)
        wait->next->at = &wait->next;
    wait->w->waits = wait;
}

static void end_wait(auth_wait *wait)
{
    *wait->at = wait->next;
    if (wait->next)
        wait->next->at = wait->at;
    free(wait);
}

void exchange_forget_wait(exchange *x)
{
    if (x->wait)
        x->wait->x = NULL;
}

void exchange_forget_waits(worker *w)
{
    for (auth_wait *wait = w->waits, *next; wait; wait = next) {
        next = wait->next;
        free(wait);
    }
    w->waits = NULL;
}

static void checked(void *arg)           /* in the worker's thread */
{
    auth_wait *wait = arg;
    exchange  *x    = wait->x;
    end_wait(wait);
    if (x) {
        x->wait = NULL;
        exchange_authenticate(x);
    }
}

static void checked_elsewhere(void *arg) /* in the thread that checks */
{
    auth_wait *wait = arg;
    dd_loop_post(wait->w->loop, checked, wait);
}

void exchange_authenticate(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    dd_stage_enter(DD_STAGE_auth);
    if (!x->asked_at)
        x->asked_at = dd_mono_now().ns;
    if (x->door != DOOR_ADDRESS) {       /* who may open the socket is an admin; the address of metrics answers all who reach it */
        x->caller = (dd_caller){ .admin = true };
        exchange_serve(x);
        return;
    }
    if (!hooks->check || (hooks->open && hooks->open(hooks->ctx))) {
        x->caller = (dd_caller){ .open = true, .may_generate = true, .may_embed = true, .may_pass = true };
        exchange_serve(x);
        return;
    }
    auth_wait *wait = dd_malloc(sizeof *wait);
    *wait           = (auth_wait){ .w = x->w, .x = x };
    dd_caller_verdict v = hooks->check(hooks->ctx, key_of(x->h), &x->caller, x->h->arena, checked_elsewhere, wait);
    if (v == DD_CALLER_PENDING) {
        bool again = x->asked_twice;
        link_wait(wait);
        wait->x        = again ? NULL : x;      /* its answer comes all the same, and frees it */
        x->wait        = again ? NULL : wait;
        x->asked_twice = true;
        if (!again)
            return;
        v = DD_CALLER_BUSY;
    } else {
        free(wait);
    }
    if (v == DD_CALLER_OK && in_scope(x)) {
        exchange_serve(x);
        return;
    }
    if (v == DD_CALLER_OK)
        fail_request(x, 403, "permission_error", "scope", "", "this key may not be used here");
    else if (v == DD_CALLER_BUSY)
        fail_request(x, 429, "rate_limit_error", "auth_busy", "", "too many keys wait to be checked");
    else
        fail_request(x, 401, "invalid_request_error", "invalid_api_key", "", v == DD_CALLER_EXPIRED ? "Invalid API key: it has expired" : "Invalid API key");
    exchange_error(x);
}
