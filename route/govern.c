#include "route/govern.h"

#include <stdio.h>

static const char *const modes[] = { "audit", "strict" };
static const char *const kinds_text[] = { "rules", "providers", "prices", "flags" };
static const char *const verdicts[] = {
    "Allowed by audit mode", "Blocked by strict mode", "Panic mode active \xe2\x80\x94 frozen", "Approved", "Approved by who asked for it",
    "Applied: it only takes away", "Rejected",
};

const char *dd_govern_mode_name(dd_govern_mode m) { return modes[m]; }

bool dd_govern_mode_find(dd_str word, dd_govern_mode *out)
{
    for (size_t i = 0; i < DD_COUNT(modes); i++)
        if (dd_str_eqz(word, modes[i])) {
            *out = (dd_govern_mode)i;
            return true;
        }
    return false;
}

void dd_change_kinds(unsigned kinds, dd_buf *out)
{
    size_t from = out->len;
    for (size_t i = 0; i < DD_COUNT(kinds_text); i++)
        if (kinds & 1u << i)
            dd_buf_printf(out, "%s%s", out->len > from ? ", " : "", kinds_text[i]);
}

dd_govern_verdict dd_govern_decide(const dd_govern_question *q)
{
    if (q->narrows)
        return DD_GOVERN_NARROWS;
    if (q->panic)
        return DD_GOVERN_FROZEN;
    if (q->own)
        return DD_GOVERN_OWN;
    if (q->word == DD_WORD_REJECTED)
        return DD_GOVERN_REJECTED;
    if (q->word == DD_WORD_APPROVED)
        return DD_GOVERN_APPROVED;
    return q->mode == DD_GOVERN_STRICT ? DD_GOVERN_BLOCKED : DD_GOVERN_ALLOWED;
}

bool dd_govern_applies(dd_govern_verdict v) { return v != DD_GOVERN_BLOCKED && v != DD_GOVERN_FROZEN && v != DD_GOVERN_REJECTED; }

const char *dd_govern_text(dd_govern_verdict v) { return verdicts[v]; }

bool dd_govern_find(dd_str text, dd_govern_verdict *out)
{
    for (size_t i = 0; i < DD_COUNT(verdicts); i++)
        if (dd_str_eqz(text, verdicts[i])) {
            *out = (dd_govern_verdict)i;
            return true;
        }
    return false;
}

bool dd_govern_same(const dd_govern_state *a, const dd_govern_state *b)
{
    return a->config == b->config && a->prices == b->prices && a->flags == b->flags;
}

void dd_govern_id(const dd_govern_state *old, const dd_govern_state *next, char out[13])
{
    char           text[6 * 17 + 1];
    const uint64_t ends[] = { old->config, old->prices, old->flags, next->config, next->prices, next->flags };
    size_t         n      = 0;
    for (size_t i = 0; i < DD_COUNT(ends); i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%016llx ", (unsigned long long)ends[i]);
    uint64_t h = dd_str_hash((dd_str){ text, n });
    h          = (h ^ h >> 31) * UINT64_C(0x9e3779b97f4a7c15);
    snprintf(out, 13, "%012llx", (unsigned long long)(h >> 16));
}

double dd_govern_share(int64_t alone, int64_t approved)
{
    return alone + approved > 0 ? (double)alone / (double)(alone + approved) : -1;
}

bool dd_govern_alert(dd_govern_mode mode, int64_t alone, int64_t approved)
{
    return mode == DD_GOVERN_STRICT ? alone > 0 : dd_govern_share(alone, approved) > 0.8;
}
