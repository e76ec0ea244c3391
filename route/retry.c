/* route/retry.c - what comes after a failed attempt. */
#include "route/retry.h"

#include "base/time.h"

unsigned dd_failure_on(const dd_failure *f)
{
    static const unsigned bits[DD_EC_COUNT] = {
        [DD_EC_AUTH]       = DD_ON_AUTH,       [DD_EC_FORBIDDEN] = DD_ON_AUTH,        [DD_EC_BUDGET]   = DD_ON_AUTH,
        [DD_EC_NOT_FOUND]  = DD_ON_NOT_FOUND,  [DD_EC_CONTENT]   = DD_ON_CONTENT,     [DD_EC_CONTEXT]  = DD_ON_CONTEXT,
        [DD_EC_RATE_LIMIT] = DD_ON_RATE_LIMIT, [DD_EC_UPSTREAM]  = DD_ON_SERVER,      [DD_EC_OVERLOADED] = DD_ON_SERVER,
        [DD_EC_TIMEOUT]    = DD_ON_TIMEOUT,    [DD_EC_CONNECT]   = DD_ON_CONNECT,     [DD_EC_RESET]    = DD_ON_CONNECT,
        [DD_EC_TRUNCATED]  = DD_ON_BAD_ANSWER,
    };
    if (f->error >= DD_EC_COUNT)
        return 0;
    return f->error == DD_EC_UPSTREAM && f->status >= 200 && f->status < 300 ? DD_ON_BAD_ANSWER : bits[f->error];
}

int64_t dd_backoff(const dd_retry *rule, int n, uint64_t random)
{
    int64_t most = rule->backoff_ms;
    for (int i = 1; i < n && most < rule->backoff_max_ms; i++)
        most *= 2;
    if (most > rule->backoff_max_ms)
        most = rule->backoff_max_ms;
    int64_t half = most / 2;
    return most <= 0 ? 0 : half + (int64_t)(random % (uint64_t)(most - half + 1));
}

/* What the step itself may do: wait and try again. Waiting for what will not change is no use. */
static bool may_retry(const dd_retry *rule, const dd_attempts *a, unsigned on)
{
    int retries = a->retries >= 0 ? a->retries : rule->attempts - 1;
    unsigned passing = DD_ON_RATE_LIMIT | DD_ON_SERVER | DD_ON_TIMEOUT | DD_ON_CONNECT | DD_ON_BAD_ANSWER;
    return (rule->on & on & passing) && a->tries_here <= retries && a->within_budget;
}

/* -1: not worth it. */
static int64_t wait_here(const dd_retry *rule, const dd_failure *f, const dd_attempts *a)
{
    bool    told = rule->respect_retry_after && f->retry_after_ms >= 0;
    int64_t wait = told ? f->retry_after_ms : dd_backoff(rule, a->tries_here, a->random);
    if ((told && wait > rule->retry_after_max_ms) || wait >= a->left_ms)
        return -1;
    return wait;
}

dd_retry_step dd_retry_next(const dd_retry *rule, const dd_failure *f, const dd_attempts *a)
{
    unsigned on = dd_failure_on(f);
    if (on & (DD_ON_AUTH | DD_ON_RATE_LIMIT) && a->more_keys)
        return (dd_retry_step){ DD_NEXT_KEY, 0 };   /* it is the key that is refused, not the request */
    if (may_retry(rule, a, on)) {
        int64_t wait = wait_here(rule, f, a);
        if (wait >= 0)
            return (dd_retry_step){ DD_NEXT_RETRY, wait };
    }
    if (a->more_steps && (a->fallback_on & on) && a->left_ms > 0)
        return (dd_retry_step){ DD_NEXT_STEP, 0 };
    return (dd_retry_step){ DD_NEXT_ANSWER, 0 };
}

/* --- Retry-After: RFC 9110 section 10.2.3; retry-after-ms as OpenAI and Azure send it --- */

static bool digit(dd_str s, size_t i) { return i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; }

/* "2", "0.5", in units of so many milliseconds; -1: no number. */
static int64_t number(dd_str s, int64_t unit)
{
    enum { MOST = 100000000 };
    int64_t whole = 0, part = 0, scale = unit;
    size_t  i = 0;
    for (; digit(s, i) && whole < MOST; i++)
        whole = whole * 10 + (s.ptr[i] - '0');
    if (!i)
        return -1;
    if (i < s.len && s.ptr[i] == '.')
        for (i++; digit(s, i); i++) {
            scale /= 10;
            part  += scale * (s.ptr[i] - '0');
        }
    return i == s.len ? whole * unit + part : -1;
}

/* "Fri, 20 Nov 2026 13:05:59 GMT", the one form that is still sent. False: not that. */
static bool http_date(dd_str s, int64_t *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (s.len != 29 || !dd_str_endsz(s, " GMT") || s.ptr[3] != ',')
        return false;
    ptrdiff_t month = dd_str_find(DD_STR(months), dd_str_sub(s, 8, 11));
    static const struct { size_t from, to; } places[] = { { 5, 7 }, { 12, 16 }, { 17, 19 }, { 20, 22 }, { 23, 25 } };
    int64_t n[DD_COUNT(places)];
    for (size_t i = 0; i < DD_COUNT(places); i++)
        if (!dd_parse_i64(dd_str_sub(s, places[i].from, places[i].to), &n[i]) || n[i] < 0)
            return false;
    if (month < 0 || month % 3 != 0)
        return false;
    *out = (int64_t)dd_day_make((int)n[1], (int)(month / 3) + 1, (int)n[0]) * 86400 + n[2] * 3600 + n[3] * 60 + n[4];
    return true;
}

int64_t dd_retry_after(dd_str retry_after_ms, dd_str retry_after, int64_t now_s)
{
    int64_t ms = retry_after_ms.len ? number(retry_after_ms, 1) : -1, at;
    if (ms < 0 && retry_after.len)
        ms = number(retry_after, 1000);
    if (ms < 0 && http_date(retry_after, &at))
        ms = at > now_s ? (at - now_s) * 1000 : 0;
    return ms;
}
