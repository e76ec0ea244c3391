/* What a site sends: its static text counted, its dynamic parts by allowance. The figures' evidence: docs/estimates.md. */
#include "route/estimate_parts.h"

static const dd_range small_hole   = { 3, 20, 80 };
static const dd_range large_hole   = { 300, 1500, 6000 };
static const dd_range history      = { 200, 2000, 8000 };
static const dd_range user_message = { 10, 150, 1500 };   /* a question that a system prompt waits for */
static const dd_range unseen       = { 100, 1000, 6000 }; /* nothing of the prompt is in the source */
static const dd_range embed_item   = { 20, 400, 1500 };   /* a chunk of text */
static const dd_range one_tool     = { 60, 150, 600 };    /* a tool whose schema is not static */

static const struct { const char *model, *provider; dd_range tokens; } images[] = { /* the first row that fits */
    { "gpt-4o-mini", "", { 2833, 25501, 48169 } },  /* billed at 33 times gpt-4o's tokens */
    { "gpt-", "", { 85, 765, 1536 } },
    { "o1", "", { 85, 765, 1536 } },
    { "claude", "", { 200, 1334, 1600 } },
    { "gemini", "", { 258, 1032, 2580 } },
    { "", "openai", { 85, 765, 1536 } },
    { "", "anthropic", { 200, 1334, 1600 } },
    { "", "google", { 258, 1032, 2580 } },
    { "", "", { 85, 1000, 3000 } },
};

int64_t dd_tokens_clamp_add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) || sum > DD_TOKENS_MOST ? DD_TOKENS_MOST : sum;
}

int64_t dd_tokens_clamp_mul(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) || product > DD_TOKENS_MOST ? DD_TOKENS_MOST : product;
}

static void grow(dd_range *r, dd_range by, int64_t times)
{
    r->low      = dd_tokens_clamp_add(r->low, dd_tokens_clamp_mul(by.low, times));
    r->expected = dd_tokens_clamp_add(r->expected, dd_tokens_clamp_mul(by.expected, times));
    r->high     = dd_tokens_clamp_add(r->high, dd_tokens_clamp_mul(by.high, times));
}

static dd_range image_tokens(const dd_site *site)
{
    size_t i = 0;
    for (; i + 1 < DD_COUNT(images); i++)
        if ((images[i].model[0] == '\0' || (site->model.ptr != NULL && dd_str_has(site->model, images[i].model)))
            && (images[i].provider[0] == '\0' || dd_str_eqz(site->provider, images[i].provider)))
            break;
    return images[i].tokens;
}

static bool embeds(const dd_site *site)
{
    return dd_str_eqz(site->api, "embeddings");
}

static bool dynamic_text(const dd_site *site)
{
    return site->holes_small > 0 || site->holes_typed > 0 || site->holes_large > 0 || site->holes_history > 0;
}

/* The part of the prompt that the source does not even name. */
static void add_unnamed(const dd_site *site, dd_prompt_size *p)
{
    if (dynamic_text(site) || site->user_text.len > 0)
        return;
    if (embeds(site))
        grow(&p->material, embed_item, 1);
    else if (site->system_text.len > 0)
        grow(&p->material, user_message, 1);
    else
        grow(&p->material, unseen, 1), p->unseen = true;
}

static void add_dynamic(const dd_site *site, dd_prompt_size *p)
{
    grow(&p->material, small_hole, site->holes_small);
    grow(&p->material, embeds(site) ? embed_item : user_message, site->holes_typed);
    grow(&p->material, embeds(site) ? embed_item : large_hole, site->holes_large);
    grow(&p->material, history, site->holes_history);
    add_unnamed(site, p);
    p->dynamic = p->material;
    if (site->images > 0)
        grow(&p->dynamic, image_tokens(site), site->images);
    if (site->tools_unknown > 0)
        grow(&p->dynamic, one_tool, site->tools_unknown);
    p->material.low      = dd_tokens_clamp_add(p->material.low, p->user);
    p->material.expected = dd_tokens_clamp_add(p->material.expected, p->user);
    p->material.high     = dd_tokens_clamp_add(p->material.high, p->user);
}

static int messages_of(const dd_site *site)
{
    int least = (site->system_text.len > 0) + 1;
    return site->messages > least ? site->messages : least;
}

static int64_t overhead_of(const dd_site *site, dd_str tag)
{
    if (embeds(site))
        return 0;
    dd_chat_overhead o = dd_tokens_overhead(tag);
    int64_t          n = dd_tokens_clamp_add((int64_t)messages_of(site) * o.per_message, o.per_reply);
    if (site->tools > 0)
        n = dd_tokens_clamp_add(n, o.tools_base + (int64_t)site->tools * o.per_tool);
    return n;
}

static int64_t count(dd_str tag, dd_str text, bool *exact)
{
    bool    e = true;
    int64_t n = text.len > 0 ? dd_tokens_model(tag, text, &e) : 0;
    *exact = *exact && e;
    return n;
}

/* Tokens of the text that was not kept, as dense as what was. */
static int64_t count_cut(const dd_site *site, const dd_prompt_size *p)
{
    int64_t kept = (int64_t)(site->system_text.len + site->user_text.len);
    return kept > 0 ? (int64_t)((double)site->text_cut * (double)(p->system + p->user) / (double)kept) : 0;
}

void dd_prompt_measure(const dd_site *site, dd_str tag, dd_prompt_size *out)
{
    *out = (dd_prompt_size){ .tokenizer = dd_tokenizer_find(tag), .exact = true };
    out->exact    = out->tokenizer->exact;
    out->system   = count(tag, site->system_text, &out->exact);
    out->user     = count(tag, site->user_text, &out->exact);
    out->tools    = count(tag, site->tools_text, &out->exact);
    if (site->text_cut > 0) {
        out->user  = dd_tokens_clamp_add(out->user, count_cut(site, out));
        out->exact = false;
    }
    out->overhead = overhead_of(site, tag);
    add_dynamic(site, out);
}
