/* examples/policies/cheap-first.yaml: at least four of five requests of a mixed load go to cheap models (RC.5). */
#include "../test.h"

#include "cmd/snapshot.h"
#include "route/plan.h"

/* What people ask of an assistant, a support desk and a code base, in a hundred requests. `hard`: a cheap model would get it wrong. */
static const struct { int of_hundred; bool hard; const char *system, *text; } load[] = {
    { 9, false, "You are a support assistant for a web shop.", "Where is my order? I have been waiting for a week." },
    { 8, false, "You are a support assistant for a web shop.", "How do I change the delivery address?" },
    { 8, false, "Classify the ticket as billing, delivery or other. Answer with one word.", "I was charged twice for the same book." },
    { 7, false, "Answer with the sentiment: positive, negative or neutral.", "The staff was friendly, but the food came cold." },
    { 8, false, "Extract the fields as JSON.", "Extract name and date from this text: Maria Keller visited us on 3 May 2024." },
    { 7, false, "", "Extract the name from this text: the invoice was sent to Jonas Weber." },
    { 6, false, "", "Summarize this in one sentence: the committee met on Tuesday, heard three reports and moved the vote to next week." },
    { 6, false, "Translate to German.", "The train leaves at nine from platform four." },
    { 5, false, "", "Translate to French: thank you for your help." },
    { 6, false, "", "What is the capital of Australia?" },
    { 5, false, "", "Write a friendly subject line for a newsletter about spring flowers." },
    { 5, false, "", "Hi, can you recommend a simple recipe with potatoes?" },
    { 4, false, "", "Fix the spelling: I recieved you're letter yesteday." },
    { 4, false, "", "Write a Python function that returns the larger of two numbers." },
    { 3, true, "", "Prove that there are infinitely many primes congruent to 3 modulo 4, and say where the argument fails for 1 modulo 4." },
    { 3, true, "Analyze and compare the options step by step. Reason carefully.",
      "Compare optimistic and pessimistic concurrency control for our ledger, derive the worst-case latency of each and argue which one to use." },
    { 3, true, "",
      "Solve step by step: a tank is filled by two pipes in 6 and 8 hours and emptied by a third in 12. How long until it is full, and why?" },
    { 3, true, "Reason step by step.",
      "Analyze this deadlock: thread A holds the journal lock and waits for the page cache, thread B the reverse. Design a lock "
      "order, prove it is free of cycles and show what changes in recovery." },
};

static const char *const cheap[] = { "gpt-6-luna", "claude-haiku-5-5" };

static bool is_cheap(dd_str model)
{
    for (size_t i = 0; i < DD_COUNT(cheap); i++)
        if (dd_str_eqz(model, cheap[i]))
            return true;
    return false;
}

static void plan(const dd_snapshot *s, const char *system, const char *text, dd_arena *arena, dd_plan *out)
{
    dd_prompt prompt = { .system = dd_str_z(system), .text = dd_str_z(text), .input_tokens = (int64_t)(strlen(system) + strlen(text)) / 4,
                         .max_tokens = -1,
                         .messages = *system ? 2 : 1 };
    dd_facts  f      = { .model = DD_STR("claude-opus-5-5"), .family = DD_FAMILY_OPENAI, .provider = DD_STR("anthropic"),
                         .endpoint = DD_STR("chat.completions"),
                         .max_tokens = -1, .messages = prompt.messages, .turns = 1, .time_s = 1720000000, .max_cost = DD_PUSD_UNKNOWN,
                         .known = DD_FACT_TOKENS | DD_FACT_CLASS | DD_FACT_BUDGET, .input_tokens = prompt.input_tokens,
                             .class = dd_classify(&prompt) };
    dd_plan_opts o = { .policy = &s->policy, .prices = s->prices, .day = dd_day_make(2026, 11, 20) };
    dd_plan_make(&o, &f, arena, out);
}

TEST(sample_policy_sends_four_of_five_to_cheap_models) /* RC.5 */
{
    dd_config c;
    dd_err    err     = DD_ERR_INIT;
    dd_buf    missing = DD_BUF_INIT(0);
    int       all = 0, to_cheap = 0, hard = 0, hard_to_strong = 0;
    CHECK_OK(dd_config_load(&c, "examples/policies/cheap-first.yaml", &err));
    dd_snapshot *s = dd_snapshot_draft(&c, &missing, &err);   /* as a check: whatever keys this machine has */
    if (!s)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    for (size_t i = 0; i < DD_COUNT(load) && s; i++) {
        dd_arena arena = DD_ARENA_INIT;
        dd_plan  p;
        plan(s, load[i].system, load[i].text, &arena, &p);
        bool ok = p.verdict == DD_DECIDED && p.n_steps > 0;
        CHECK(ok);
        all += load[i].of_hundred;
        hard += load[i].hard ? load[i].of_hundred : 0;
        if (ok && is_cheap(p.steps[0].model))
            to_cheap += load[i].of_hundred;
        else if (ok && load[i].hard)
            hard_to_strong += load[i].of_hundred;
        dd_arena_fini(&arena);
    }
    CHECK_EQ(all, 100, "the load is a hundred requests");
    if (to_cheap < 80)
        dd_test_fail(__FILE__, __LINE__, "%d of 100 requests went to cheap models", to_cheap);
    if (hard_to_strong * 2 < hard)   /* else sending all to the cheapest would do */
        dd_test_fail(__FILE__, __LINE__, "%d of %d hard requests went to strong models", hard_to_strong, hard);
    dd_snapshot_drop(s);
    dd_buf_free(&missing);
    dd_config_fini(&c);
}
