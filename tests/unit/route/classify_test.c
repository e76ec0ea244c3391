#include <stdlib.h>
#include <time.h>

#include "tests/unit/test.h"
#include "route/classify.h"

static dd_prompt prompt(const char *system, const char *text)
{
    return (dd_prompt){ .system = dd_str_z(system), .text = dd_str_z(text), .input_tokens = -1, .max_tokens = -1 };
}

TEST(the_scenarios_of_r2_1)
{
    dd_prompt p = prompt("", "Extract the name from this text");
    p.input_tokens = 40;
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_LOW, "extract under 500 tokens");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_EXTRACTION, "extract");
    p = prompt("Extract the name from this text", "");
    p.input_tokens = 499;
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_LOW, "in the system prompt too");

    static const char *const words[] = { "Analyze the discussion.", "You analyse contracts", "Reason about it", "please COMPARE offers", "reasoning", "analysis" };
    for (size_t i = 0; i < DD_COUNT(words); i++) {
        p = prompt(words[i], "and then?");
        p.messages = 10;
        CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_HIGH, words[i]);
        CHECK(dd_classify(&p).score >= 0.67);
        p.messages = 9;
        CHECK(dd_classify(&p).complexity != DD_COMPLEXITY_HIGH || i > 3);
    }
    p = prompt("", "Analyze the discussion.");
    p.messages = 12;
    CHECK(dd_classify(&p).complexity != DD_COMPLEXITY_HIGH); /* the word has to stand in the system prompt */

    p = prompt("lorem ipsum dolor", "sit amet");
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_MEDIUM, "nothing recognised");
    CHECK(!dd_classify(&p).recognised);
    p = prompt("", "");
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_MEDIUM, "empty");
}

static const struct { const char *system, *text; dd_task task; } cases[] = {
    { "You are a helpful assistant that translates English to French.", "", DD_TASK_TRANSLATION },
    { "You are a helpful assistant.", "Summarize the following article in three bullet points:", DD_TASK_SUMMARIZATION },
    { "Classify the sentiment of the review as positive, negative or neutral.", "", DD_TASK_CLASSIFICATION },
    { "Answer yes or no.", "Is this message spam?", DD_TASK_CLASSIFICATION },
    { "You are a senior software engineer. Review the pull request and refactor the code.", "", DD_TASK_CODING },
    { "You are a mathematician. Think step by step and prove that the statement holds.", "", DD_TASK_REASONING },
    { "Write a blog post about gardening.", "", DD_TASK_GENERATION },
    { "You are a friendly chatbot for customer support.", "Hi!", DD_TASK_CHAT },
    { "You are an agent. Use the tools to reach the goal.", "", DD_TASK_AGENT_STEP },
    { "Du bist Übersetzer. Übersetze den Text ins Deutsche.", "", DD_TASK_TRANSLATION },
    { "Fasse den Text zusammen. Zusammenfassung in drei Sätzen.", "", DD_TASK_SUMMARIZATION },
    { "Résume le document suivant.", "", DD_TASK_SUMMARIZATION },
    { "Traduce el texto al inglés.", "", DD_TASK_TRANSLATION },
    { "你是一个翻译助手，把下面的文字翻译成英文。", "", DD_TASK_TRANSLATION },
    { "请总结以下文章的要点。", "", DD_TASK_SUMMARIZATION },
    { "次の文章を要約してください。", "", DD_TASK_SUMMARIZATION },
    { "다음 글을 요약해 주세요.", "", DD_TASK_SUMMARIZATION },
    { "Переведи текст на английский.", "", DD_TASK_TRANSLATION },
};

TEST(tasks_are_recognised_in_several_languages)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_prompt p = prompt(cases[i].system, cases[i].text);
        dd_class  c = dd_classify(&p);
        CHECK(c.recognised);
        CHECK_STR(dd_str_z(dd_task_name(c.task)), dd_task_name(cases[i].task));
        CHECK(c.score >= 0 && c.score <= 1 && c.why != NULL);
    }
}

TEST(a_short_text_is_the_easy_one_to_extract_from)   /* R2.1: under 500 tokens */
{
    dd_prompt p = prompt("", "Extract the name from this text");
    static const struct { int64_t tokens; bool low; } sizes[] = { { 0, true }, { 499, true }, { 500, false }, { 60000, false } };
    p.json_schema = true;
    for (size_t i = 0; i < DD_COUNT(sizes); i++) {
        p.input_tokens = sizes[i].tokens;
        dd_class c = dd_classify(&p);
        CHECK_EQ(c.task, DD_TASK_EXTRACTION, "extract");
        CHECK(!sizes[i].low || (c.complexity == DD_COMPLEXITY_LOW && c.score < 0.34));
    }
    p = prompt("Extract a comprehensive, rigorous, in depth strategy for complex cases from the text.", "Extract it.");
    p.max_tokens   = 8000;
    p.input_tokens = 500;
    CHECK(dd_classify(&p).complexity != DD_COMPLEXITY_LOW);
    p.input_tokens = 499;
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_LOW, "whatever else is said");
    p = prompt("", "Why did the chemist extract the caffeine with chloroform, and which losses does each of the three steps cause?");
    CHECK(dd_classify(&p).score != dd_classify(&(dd_prompt){ .text = DD_STR("Extract the name"), .input_tokens = -1, .max_tokens = -1 }).score);
}

/* Source code holds half of a prompt: the task and the form alone decide there, as docs/decisions/0007-classifier.json says. */
TEST(source_code_is_scored_by_task_and_form)
{
    static const struct { const char *text; double score; const char *why; } sites[] = {
        { "Extract the name from this text", 0.15, "0.20 for extraction, 0.05 off for a short one" },
        { "You are a senior software engineer.", 0.55, "0.60 for coding, 0.05 off" },
        { "Translate the text.", 0.33, "0.38 for translation, 0.05 off" },
        { "lorem ipsum", 0.50, "nothing recognised" },
    };
    for (size_t i = 0; i < DD_COUNT(sites); i++) {
        dd_prompt p = prompt(sites[i].text, "");
        p.source    = true;
        CHECK_EQ((int)(dd_classify(&p).score * 1000 + 0.5), (int)(sites[i].score * 1000 + 0.5), sites[i].why);
    }
    dd_prompt p = prompt("", "a function in python, please");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_CODING, "what people write to a model");
    p = prompt("", "a function, please");
    CHECK(dd_classify(&p).recognised);
    p.source = true;
    CHECK(!dd_classify(&p).recognised); /* a word that is marked LIVE */
}

TEST(an_instruction_weighs_more_than_material)
{
    dd_prompt p = prompt("", "Translate the following into German.\nThe summary of the summarized report was summarily rejected.");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_TRANSLATION, "it begins the sentence");
    p = prompt("", "The translated text arrived. Please summarize it.");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_SUMMARIZATION, "behind please");
    p = prompt("", "Summarize these reviews.\nTranslated: good.\nTranslated: bad.\nTranslated: fine.\nTranslated: dull.\nTranslated: long.");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_SUMMARIZATION, "what is repeated counts once");
}

TEST(the_newest_turn_is_scored)
{
    static const char hard[] = "Determine all real k such that f(x) = x^4 - 5x^2 + 4 = k has exactly four solutions, and prove it.";
    dd_prompt p = prompt("", "thanks\nDetermine all real k such that f(x) = x^4 - 5x^2 + 4 = k has exactly four solutions, and prove it.\nok");
    p.ask       = dd_str_z(hard);
    double with = dd_classify(&p).score;
    p.ask       = DD_STR("ok");
    CHECK(with > dd_classify(&p).score);
}

TEST(called_tools_are_steps_of_an_agent)
{
    dd_prompt p = prompt("You are a coding agent.", "Fix the failing test.");
    CHECK(dd_classify(&p).task != DD_TASK_AGENT_STEP);
    p.calls = 2;
    CHECK_EQ(dd_classify(&p).task, DD_TASK_AGENT_STEP, "a call and its result");
}

TEST(words_are_words)
{
    dd_prompt p = prompt("The encoder postcode unclassified resummarized barcode", "");
    CHECK(!dd_classify(&p).recognised); /* no hint starts inside a word */
    p = prompt("TRANSLATE", "");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_TRANSLATION, "case is folded");
    p = prompt("step-by-step", "");
    CHECK_EQ(dd_classify(&p).task, DD_TASK_REASONING, "a blank stands for a hyphen");
    p = prompt("codex", "");
    CHECK(!dd_classify(&p).recognised);
    p = (dd_prompt){ .system = { "translat\xC3", 9 }, .input_tokens = -1, .max_tokens = -1 };
    CHECK_EQ(dd_classify(&p).task, DD_TASK_TRANSLATION, "broken UTF-8 does no harm");
}

TEST(the_form_of_a_request_counts)
{
    dd_prompt p = prompt("You are a helpful assistant.", "");
    p.max_tokens = 5;
    CHECK_EQ(dd_classify(&p).task, DD_TASK_CLASSIFICATION, "a cap of 1 to 16 means classification");
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_LOW, "and an easy one");
    p = prompt("You are a helpful assistant.", "");
    p.tools = 6;
    CHECK_EQ(dd_classify(&p).task, DD_TASK_AGENT_STEP, "tools are offered");
    p = prompt("", "");
    p.reasoning = true;
    CHECK_EQ(dd_classify(&p).complexity, DD_COMPLEXITY_HIGH, "reasoning was asked for");
}

static int64_t own_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

TEST(classifying_100_kb_takes_less_than_2_ms)   /* R2.1; this thread's time, the best of several runs: a busy machine does not fail it */
{
    static const char words[] = "Compare the offers, analyze translations; summarise code reviews and extract every category. ";
    dd_buf b = DD_BUF_INIT(0);
    while (b.len < 100000)
        dd_buf_addz(&b, words);
    dd_prompt p = { .system = dd_buf_str(&b), .text = dd_buf_str(&b), .input_tokens = -1, .max_tokens = -1 };
    int64_t best = INT64_MAX;
    for (int i = 0; i < 50; i++) {
        int64_t start = own_ns();
        dd_classify(&p);
        int64_t took = own_ns() - start;
        best = took < best ? took : best;
    }
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    CHECK(best < 2000000);
#endif
    if (getenv("DD_BENCH"))
        printf("classify 100 kB: %.3f ms\n", (double)best / 1e6);
    dd_buf_free(&b);
}
