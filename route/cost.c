#include "route/cost.h"

typedef __int128 wide;

static void take(int64_t *rate, int64_t other)
{
    if (other != DD_PRICE_NONE)
        *rate = other;
}

static void overlay(dd_rates *r, const dd_rates *o)
{
    take(&r->input, o->input);
    take(&r->output, o->output);
    take(&r->cache_read, o->cache_read);
    take(&r->cache_write, o->cache_write);
    take(&r->cache_write_1h, o->cache_write_1h);
}

/* `rate` times num/den, rounded up: a scaled price is never below the real one. Unknown or unusable: as it was. */
static int64_t scaled(int64_t rate, int64_t num, int64_t den)
{
    if (rate == DD_PRICE_NONE || num < 0 || den <= 0 || rate < 0)
        return rate;
    wide v = ((wide)rate * num + den - 1) / den;
    return v > INT64_MAX ? rate : (int64_t)v;
}

/* An announced price keeps the listed relation of the cache prices it does not name. */
static void apply_schedule(const dd_price *p, dd_day day, dd_rates *r)
{
    for (size_t i = 0; i < p->n_scheduled; i++)
        if (p->scheduled[i].from <= day)
            overlay(r, &p->scheduled[i].rates);
}

static int64_t whole_input(const dd_usage *u)
{
    wide sum = (wide)u->input + u->cache_read + u->cache_write + u->cache_write_1h;
    return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

/* The whole request is billed at the highest tier that its input exceeds. A cache price the tier does not name grows with its input. */
static void apply_tier(const dd_price *p, const dd_usage *u, dd_rates *r)
{
    const dd_price_tier *tier  = NULL;
    int64_t              input = whole_input(u), base = r->input;
    for (size_t i = 0; i < p->n_tiers; i++)
        if (input > p->tiers[i].above_input_tokens)
            tier = &p->tiers[i];
    if (tier == NULL)
        return;
    if (tier->rates.input != DD_PRICE_NONE) {
        r->cache_read     = scaled(r->cache_read, tier->rates.input, base);
        r->cache_write    = scaled(r->cache_write, tier->rates.input, base);
        r->cache_write_1h = scaled(r->cache_write_1h, tier->rates.input, base);
    }
    overlay(r, &tier->rates);
}

/* Batch prices are listed for the base rates; tiers, schedules and cache prices follow in proportion. */
static void apply_batch(const dd_price *p, dd_rates *r)
{
    int64_t bi = p->batch_input, bo = p->batch_output, base_in = p->rates.input, base_out = p->rates.output;
    if (bi != DD_PRICE_NONE) {
        r->input          = scaled(r->input, bi, base_in);
        r->cache_read     = scaled(r->cache_read, bi, base_in);
        r->cache_write    = scaled(r->cache_write, bi, base_in);
        r->cache_write_1h = scaled(r->cache_write_1h, bi, base_in);
    }
    if (bo != DD_PRICE_NONE)
        r->output = scaled(r->output, bo, base_out);
}

void dd_cost_rates(const dd_price *price, const dd_usage *usage, dd_day day, unsigned flags, dd_rates *out)
{
    dd_rates r = price->rates;
    apply_schedule(price, day, &r);
    apply_tier(price, usage, &r);
    if (flags & DD_COST_OFF_PEAK)
        overlay(&r, &price->off_peak);
    if (flags & DD_COST_BATCH)
        apply_batch(price, &r);
    if (r.cache_write_1h == DD_PRICE_NONE)
        r.cache_write_1h = r.cache_write;
    if (r.cache_read == DD_PRICE_NONE)
        r.cache_read = r.input;
    if (r.cache_write == DD_PRICE_NONE)
        r.cache_write = r.input;
    if (r.cache_write_1h == DD_PRICE_NONE)
        r.cache_write_1h = r.input;
    *out = r;
}

static dd_code add_line(int64_t tokens, int64_t rate, wide *sum)
{
    if (tokens < 0)
        return DD_ERR_RANGE;
    if (tokens == 0)
        return DD_OK;
    if (rate == DD_PRICE_NONE)
        return DD_ERR_NOT_FOUND;
    wide line = (wide)tokens * rate;
    if (rate < 0 || line > INT64_MAX)
        return DD_ERR_RANGE;
    *sum += line; /* five lines of at most 2^63: fits 128 bits */
    return DD_OK;
}

dd_code dd_cost_request(const dd_price *price, const dd_usage *usage, dd_day day, unsigned flags, dd_pusd *out, dd_err *err)
{
    dd_rates r;
    wide     sum = 0;
    dd_cost_rates(price, usage, day, flags, &r);
    const struct { int64_t tokens, rate; } lines[] = {
        { usage->input, r.input }, { usage->cache_read, r.cache_read }, { usage->cache_write, r.cache_write },
        { usage->cache_write_1h, r.cache_write_1h }, { usage->output, r.output },
    };
    dd_code rc = DD_OK;
    for (size_t i = 0; i < DD_COUNT(lines) && rc == DD_OK; i++)
        rc = add_line(lines[i].tokens, lines[i].rate, &sum);
    if (rc == DD_OK && sum > INT64_MAX)
        rc = DD_ERR_RANGE;
    if (rc == DD_ERR_NOT_FOUND)
        return dd_fail(err, rc, "price of \"" DD_STR_FMT "\": not known for this kind of token", DD_STR_ARG(price->id));
    if (rc != DD_OK)
        return dd_fail(err, rc, "cost of \"" DD_STR_FMT "\": token count negative or cost past 9.2 million USD", DD_STR_ARG(price->id));
    *out = (dd_pusd)sum;
    return DD_OK;
}
