/* Token counters: what each API says, made disjoint. Expected values by the APIs' definitions: chat.completions and responses count cached
 * tokens within the prompt's, messages beside input_tokens. */
#include "proxy/dialect/answer.h"
#include "tests/unit/proxy/reply.h"

static const struct { const char *why; dd_dialect d; const char *body; dd_usage want; int64_t reasoning; } cases[] = {
    { "S3 chat: cached tokens leave the prompt's", DD_DIALECT_CHAT,
      "{'usage':{'prompt_tokens':100,'completion_tokens':7,'total_tokens':107,'prompt_tokens_details':{'cached_tokens':60},"
      "'completion_tokens_details':{'reasoning_tokens':3}}}", { 40, 60, 0, 0, 7 }, 3 },
    { "S3 chat: written ones too", DD_DIALECT_CHAT,
      "{'usage':{'prompt_tokens':1000,'completion_tokens':10,'prompt_tokens_details':{'cached_tokens':300,'cache_write_tokens':200}}}",
      { 500, 300, 200, 0, 10 }, 0 },
    { "DeepSeek's name for cached ones", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':9,'completion_tokens':1,'prompt_cache_hit_tokens':4,"
      "'prompt_cache_miss_tokens':5}}",
      { 5, 4, 0, 0, 1 }, 0 },
    { "Moonshot's", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':9,'completion_tokens':1,'cached_tokens':4}}", { 5, 4, 0, 0, 1 }, 0 },
    { "Mistral's", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':9,'completion_tokens':1,'num_cached_tokens':4}}", { 5, 4, 0, 0, 1 }, 0 },
    { "Gemini: thinking shows in the total alone, 402 - 7 = 395", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':7,'completion_tokens':12,"
      "'total_tokens':402}}",
      { 7, 0, 0, 0, 395 }, 0 },
    { "xAI: 560 - 307 = 26 + 227", DD_DIALECT_CHAT,
      "{'usage':{'prompt_tokens':307,'completion_tokens':26,'total_tokens':560,'prompt_tokens_details':{'cached_tokens':306},"
      "'completion_tokens_details':{'reasoning_tokens':227}}}", { 1, 306, 0, 0, 253 }, 227 },
    { "Groq hides it", DD_DIALECT_CHAT, "{'x_groq':{'usage':{'prompt_tokens':3,'completion_tokens':4,'total_tokens':7}}}", { 3, 0, 0, 0, 4 }, 0 },
    { "more cached than there was: never below 0", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':5,'completion_tokens':1,"
      "'prompt_tokens_details':{'cached_tokens':9}}}",
      { 0, 5, 0, 0, 1 }, 0 },
    { "null details", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':5,'completion_tokens':1,'total_tokens':6,'prompt_tokens_details':null,"
      "'completion_tokens_details':null}}",
      { 5, 0, 0, 0, 1 }, 0 },
    { "counts that are none are not counted", DD_DIALECT_CHAT, "{'usage':{'prompt_tokens':5,'completion_tokens':-3,"
      "'total_tokens':99999999999999999999}}",
      { 5, 0, 0, 0, 0 }, 0 },
    { "responses", DD_DIALECT_RESPONSES,
      "{'usage':{'input_tokens':20,'input_tokens_details':{'cached_tokens':8},'output_tokens':6,'output_tokens_details':{'reasoning_tokens':2},"
          "'total_tokens':26}}",
      { 12, 8, 0, 0, 6 }, 2 },
    { "S3 messages: the cache's stand beside", DD_DIALECT_MESSAGES,
      "{'usage':{'input_tokens':15,'cache_creation_input_tokens':13,'cache_read_input_tokens':12,'output_tokens':21}}", { 15, 12, 13, 0, 21 }, 0 },
    { "an hour's cache is a counter of its own", DD_DIALECT_MESSAGES,
      "{'usage':{'input_tokens':1,'cache_creation_input_tokens':30,'cache_creation':{'ephemeral_5m_input_tokens':10,'ephemeral_1h_input_tokens':20},"
      "'output_tokens':2,'output_tokens_details':{'thinking_tokens':1}}}", { 1, 0, 10, 20, 2 }, 1 },
    { "compaction stands in iterations only: 23 + 180, 1 + 3", DD_DIALECT_MESSAGES,
      "{'usage':{'input_tokens':23,'output_tokens':1,'iterations':[{'type':'compaction','input_tokens':180,'output_tokens':3},"
      "{'type':'message','input_tokens':23,'output_tokens':1}]}}", { 203, 0, 0, 0, 4 }, 0 },
    { "embeddings have no output", DD_DIALECT_EMBEDDINGS, "{'usage':{'prompt_tokens':8,'total_tokens':8}}", { 8, 0, 0, 0, 0 }, 0 },
    { "embeddings with a total alone", DD_DIALECT_EMBEDDINGS, "{'usage':{'total_tokens':3}}", { 3, 0, 0, 0, 0 }, 0 },
    { "completions", DD_DIALECT_COMPLETIONS, "{'usage':{'prompt_tokens':2,'completion_tokens':3,'total_tokens':5}}", { 2, 0, 0, 0, 3 }, 0 },
};

TEST(usage_of_each_api)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_arena        arena = DD_ARENA_INIT;
        dd_jspan        j;
        dd_usage_report u;
        dd_stop         stop;
        CHECK_OK(dd_jspan_parse(&j, &arena, reply_json(&arena, cases[i].body), NULL));
        dd_usage_read(cases[i].d, &j, &u, &stop);
        CHECK(u.reported);
        CHECK_EQ(u.usage.input, cases[i].want.input, cases[i].why);
        CHECK_EQ(u.usage.cache_read, cases[i].want.cache_read, cases[i].why);
        CHECK_EQ(u.usage.cache_write, cases[i].want.cache_write, cases[i].why);
        CHECK_EQ(u.usage.cache_write_1h, cases[i].want.cache_write_1h, cases[i].why);
        CHECK_EQ(u.usage.output, cases[i].want.output, cases[i].why);
        CHECK_EQ(u.reasoning, cases[i].reasoning, cases[i].why);
        dd_arena_fini(&arena);
    }
}

TEST(usage_unknown_is_not_zero)
{
    static const char *const bodies[] = { "{}", "{'usage':null}", "{'usage':{}}", "{'usage':{'prompt_tokens':'7'}}", "{'usage':[1]}", "[]", "7" };
    for (size_t i = 0; i < DD_COUNT(bodies); i++)
        for (dd_dialect d = DD_DIALECT_CHAT; d <= DD_DIALECT_EMBEDDINGS; d++) {
            dd_arena        arena = DD_ARENA_INIT;
            dd_jspan        j;
            dd_usage_report u;
            CHECK_OK(dd_jspan_parse(&j, &arena, reply_json(&arena, bodies[i]), NULL));
            dd_usage_read(d, &j, &u, NULL);
            CHECK(!u.reported);
            CHECK_EQ(u.usage.input, -1, bodies[i]);
            CHECK_EQ(u.usage.output, -1, bodies[i]);
            dd_arena_fini(&arena);
        }
}

TEST(usage_written_for_each_api)   /* S3 and its reverse: 40 + 12 read + 13 written + 5 for an hour = 70; 70 + 21 = 91 */
{
    static const dd_usage_report u = { .usage = { 40, 12, 13, 5, 21 }, .reported = true, .reasoning = 4 };
    static const struct { dd_dialect to; const char *want; } wants[] = {
        { DD_DIALECT_CHAT, "{'prompt_tokens':70,'completion_tokens':21,'total_tokens':91,'prompt_tokens_details':{'cached_tokens':12,"
          "'cache_write_tokens':18},"
                           "'completion_tokens_details':{'reasoning_tokens':4}}" },
        { DD_DIALECT_RESPONSES, "{'input_tokens':70,'output_tokens':21,'total_tokens':91,'input_tokens_details':{'cached_tokens':12,"
          "'cache_write_tokens':18},"
                                "'output_tokens_details':{'reasoning_tokens':4}}" },
        { DD_DIALECT_MESSAGES, "{'input_tokens':40,'cache_creation_input_tokens':18,'cache_read_input_tokens':12,"
          "'cache_creation':{'ephemeral_5m_input_tokens':13,"
                               "'ephemeral_1h_input_tokens':5},'output_tokens':21,'output_tokens_details':{'thinking_tokens':4},"
                                   "'service_tier':'batch'}" },
    };
    for (size_t i = 0; i < DD_COUNT(wants); i++) {
        dd_arena arena = DD_ARENA_INIT;
        dd_buf   out   = DD_BUF_INIT(0);
        dd_usage_write(wants[i].to, &u, DD_STR("batch"), &out);
        CHECK_STR(dd_buf_str(&out), reply_json(&arena, wants[i].want).ptr);
        dd_buf_free(&out);
        dd_arena_fini(&arena);
    }
}

TEST(stop_reasons_each_way)   /* S1 */
{
    static const struct { const char *word; dd_stop stop; } read[] = {
        { "end_turn", DD_STOP_END }, { "stop_sequence", DD_STOP_SEQUENCE }, { "max_tokens", DD_STOP_LENGTH }, { "model_context_window_exceeded",
          DD_STOP_LENGTH },
        { "tool_use", DD_STOP_TOOLS }, { "refusal", DD_STOP_FILTER }, { "pause_turn", DD_STOP_PAUSE }, { "stop", DD_STOP_END }, { "STOP",
          DD_STOP_END },
        { "length", DD_STOP_LENGTH }, { "tool_calls", DD_STOP_TOOLS }, { "content_filter", DD_STOP_FILTER }, { "", DD_STOP_NONE }, { "eos",
          DD_STOP_END },
    };
    static const struct { dd_stop stop; const char *chat, *messages; } write[] = {
        { DD_STOP_END, "stop", "end_turn" }, { DD_STOP_SEQUENCE, "stop", "stop_sequence" }, { DD_STOP_LENGTH, "length", "max_tokens" },
        { DD_STOP_FILTER, "content_filter", "refusal" }, { DD_STOP_PAUSE, "stop", "pause_turn" }, { DD_STOP_NONE, "stop", "end_turn" },
    };
    for (size_t i = 0; i < DD_COUNT(read); i++)
        CHECK_EQ(dd_stop_read(dd_str_z(read[i].word)), read[i].stop, read[i].word);
    for (size_t i = 0; i < DD_COUNT(write); i++) {
        CHECK_STR(dd_str_z(dd_stop_chat(write[i].stop, false)), write[i].chat);
        CHECK_STR(dd_str_z(dd_stop_messages(write[i].stop, false)), write[i].messages);
    }
    CHECK_STR(dd_str_z(dd_stop_chat(DD_STOP_END, true)), "tool_calls");        /* calls are there, whatever was said */
    CHECK_STR(dd_str_z(dd_stop_messages(DD_STOP_END, true)), "tool_use");
    CHECK_STR(dd_str_z(dd_stop_chat(DD_STOP_LENGTH, true)), "length");
    const char *reason;
    CHECK_STR(dd_str_z(dd_stop_responses(DD_STOP_LENGTH, &reason)), "incomplete");
    CHECK_STR(dd_str_z(reason), "max_output_tokens");
}
