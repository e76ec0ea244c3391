/* What a client says survives or is named: members nobody knows are put anywhere into valid bodies, and odd text and numbers wherever text and numbers go. */
#include "tests/unit/proxy/translate.h"

#define TEXT "\\u0000\\ud800 \\/ \\\\u0041 \\\" \xf0\x9f\x90\x82"

static const struct { dd_dialect from; const char *body; } bodies[] = {
    { DD_DIALECT_CHAT,
      "{'model':'m','messages':[{'role':'system','content':'s'},{'role':'developer','content':[{'type':'text','text':'s','cache_control':{'type':'ephemeral'}}]},"
      "{'role':'user','name':'n','content':[{'type':'text','text':'t'},{'type':'image_url','image_url':{'url':'https://a.b/c','detail':'low'}},"
      "{'type':'file','file':{'file_data':'data:application/pdf;base64,JVBERi0=','filename':'a.pdf'}}]},"
      "{'role':'assistant','content':'a','thinking_blocks':[{'type':'thinking','thinking':'t','signature':'c2ln'}],'tool_calls':[{'id':'c1','type':'function','function':"
      "{'name':'f','arguments':'{}'}}]},{'role':'tool','tool_call_id':'c1','content':'r'},{'role':'user','content':'go'}],"
      "'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object','properties':{'a':{'type':'string'}}},'strict':false}},{'type':'x_tool','o':{}}],"
      "'tool_choice':{'type':'function','function':{'name':'f'}},'stream':true,'stream_options':{'include_usage':true},'metadata':{'k':'v'},'logit_bias':{'1':1},"
      "'response_format':{'type':'json_schema','json_schema':{'name':'n','schema':{'type':'object','properties':{}}}},'thinking':{'type':'adaptive'},"
      "'reasoning':{'effort':'low'},'prediction':{'type':'content','content':'x'},'user':'u','seed':12345678901234567890,'temperature':0.10}" },
    { DD_DIALECT_MESSAGES,
      "{'model':'m','max_tokens':2000,'system':[{'type':'text','text':'s','cache_control':{'type':'ephemeral'}}],'messages':[{'role':'user','content':["
      "{'type':'text','text':'t'},{'type':'image','source':{'type':'base64','media_type':'image/png','data':'AAAA'}},"
      "{'type':'document','source':{'type':'text','media_type':'text/plain','data':'d'},'citations':{'enabled':true}},"
      "{'type':'search_result','source':'s','title':'t','content':[{'type':'text','text':'x'}]}]},"
      "{'role':'assistant','content':[{'type':'thinking','thinking':'t','signature':'c2ln'},{'type':'server_tool_use','id':'s1','name':'w','input':{'q':{}}},"
      "{'type':'text','text':'a','citations':[{'type':'c'}]},{'type':'tool_use','id':'c1','name':'f','input':{'a':{'b':1.0}}}]},"
      "{'role':'user','content':[{'type':'tool_result','tool_use_id':'c1','content':[{'type':'text','text':'r'},{'type':'tool_reference','tool_name':'f'}]}]}],"
      "'tools':[{'name':'f','input_schema':{'type':'object','properties':{'a':{}}}},{'type':'web_search_20250305','name':'web_search','user_location':{'type':'approximate'}}],"
      "'tool_choice':{'type':'tool','name':'f'},'thinking':{'type':'enabled','budget_tokens':1500},'output_config':{'effort':'low','format':{'type':'json_schema',"
      "'schema':{'type':'object'}}},'metadata':{'user_id':'u','o':{}},'mcp_servers':[{'type':'url'}],'container':{'id':'c'}}" },
    { DD_DIALECT_RESPONSES,
      "{'model':'m','instructions':'s','input':[{'type':'message','role':'user','content':[{'type':'input_text','text':'t'},{'type':'input_image','image_url':'https://a.b/c'},"
      "{'type':'input_file','filename':'a.pdf','file_data':'JVBERi0='}]},{'type':'reasoning','id':'r','summary':[{'type':'summary_text','text':'t'}],'encrypted_content':'gAAA'},"
      "{'type':'web_search_call','id':'ws','action':{'type':'search'}},{'type':'message','role':'assistant','content':[{'type':'output_text','text':'a','annotations':[{'type':'x'}]}]},"
      "{'type':'function_call','call_id':'c1','name':'f','arguments':'{}'},{'type':'function_call_output','call_id':'c1','output':[{'type':'input_text','text':'r'}]}],"
      "'tools':[{'type':'function','name':'f','parameters':{'type':'object','properties':{'a':{}}}},{'type':'mcp','o':{}}],'tool_choice':{'type':'function','name':'f'},"
      "'text':{'format':{'type':'json_schema','name':'n','schema':{'type':'object'}},'verbosity':'low'},'reasoning':{'effort':'low'},'metadata':{'k':'v'},"
      "'stream_options':{'include_obfuscation':false}}" },
};
static const dd_dialect all_dialects[] = { DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES };

/* --- objects of a body, by path --- */

typedef struct { uint32_t node; dd_str path; } place;
typedef DD_VEC(place) places;

static void collect(dd_arena *arena, const dd_jspan *j, uint32_t node, dd_str path, places *out)
{
    size_t i = 0;
    if (dd_jspan_kind(j, node) == DD_J_OBJECT)
        dd_avec_push(arena, out, ((place){ node, path }));
    for (dd_jit it = dd_jspan_each(j, node); dd_jspan_step(j, &it); i++) {
        dd_str name = it.key == DD_J_NONE ? DD_STR("") : dd_jspan_inside(j, it.key);
        dd_str at   = it.key == DD_J_NONE ? dd_arena_printf(arena, DD_STR_FMT "[%zu]", DD_STR_ARG(path), i)
                                          : dd_arena_printf(arena, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(path), path.len ? "." : "", DD_STR_ARG(name));
        collect(arena, j, it.value, at, out);
    }
}

/* --- is a path named? --- */

static dd_str without_numbers(dd_arena *arena, dd_str path)
{
    char  *to = dd_arena_alloc(arena, path.len + 1);
    size_t n  = 0;
    for (size_t i = 0; i < path.len; i++) {
        to[n++] = path.ptr[i];
        if (path.ptr[i] == '[')
            while (i + 1 < path.len && path.ptr[i + 1] != ']')
                i++;
    }
    return (dd_str){ to, n };
}

/* By its own name, or by that of something it is in; a whole part, item or tool goes by its place and type. */
static bool named(translation *t, dd_str path)
{
    dd_arena *arena = &t->arena;
    for (size_t d = 0; d < t->drops.n; d++) {
        dd_str drop = without_numbers(arena, t->drops.v[d]);
        for (size_t end = 1; end <= path.len; end++) {
            if (end < path.len && path.ptr[end] != '.' && path.ptr[end] != '[')
                continue;
            dd_str up = dd_arena_dup(arena, (dd_str){ path.ptr, end }), type = value_at(&t->in, dd_arena_printf(arena, DD_STR_FMT ".type", DD_STR_ARG(up)).ptr);
            dd_str plain = without_numbers(arena, up);
            if (dd_str_eq(drop, plain) || (type.len > 2 && dd_str_eq(drop, dd_arena_printf(arena, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(plain), (int)type.len - 2, type.ptr + 1))))
                return true;
        }
    }
    return false;
}

static bool carried(translation *t, dd_str member)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_jtext_escape(&b, member); /* inside the text of arguments */
    bool yes = dd_str_find(dd_buf_str(&t->out), member) >= 0 || dd_str_find(dd_buf_str(&t->out), dd_buf_str(&b)) >= 0;
    dd_buf_free(&b);
    return yes;
}

static void check_member(dd_dialect from, dd_dialect to, const char *body, size_t at, const char *value)
{
    dd_arena    arena = DD_ARENA_INIT;
    dd_jspan    j;
    places      all   = { 0 };
    dd_jedits   edits = { 0 };
    translation t;
    CHECK_OK(dd_jspan_parse(&j, &arena, quoted(&arena, body), NULL));
    collect(&arena, &j, 0, DD_STR(""), &all);
    place p = all.v[at % all.n];
    dd_jedit_add(&edits, &arena, &j, p.node, "zz_new", dd_str_z(value));
    translate(&t, from, to, dd_arena_dup(&arena, dd_jedit_apply(&edits, &arena, &j)).ptr, &new_model, DD_UNSUPPORTED_DROP);
    dd_str path = dd_arena_printf(&arena, DD_STR_FMT "%szz_new", DD_STR_ARG(p.path), p.path.len ? "." : "");
    if (!t.ok)
        dd_test_fail(__FILE__, __LINE__, "%s to %s: %.*s", dd_dialect_name(from), dd_dialect_name(to), DD_STR_ARG(t.error.message));
    else if (!carried(&t, dd_arena_printf(&arena, "\"zz_new\":%s", value)) && !named(&t, path))
        dd_test_fail(__FILE__, __LINE__, "%s to %s: %.*s = %s is gone; named are: %.*s", dd_dialect_name(from), dd_dialect_name(to), DD_STR_ARG(path), value,
                     DD_STR_ARG(all_drops(&t)));
    translate_fini(&t);
    dd_arena_fini(&arena);
}

TEST(members_nobody_knows_survive_or_are_named)
{
    static const char *const values[] = { "123456789012345678901234567890", "\"\\u0000\\ud800\"", "[1,{\"zz_in\":-0.0}]", "1e400", "false", "null", "{}", "\"\"" };
    for (size_t b = 0; b < DD_COUNT(bodies); b++)
        for (size_t d = 0; d < DD_COUNT(all_dialects); d++) {
            places   all   = { 0 };
            dd_arena arena = DD_ARENA_INIT;
            dd_jspan j;
            CHECK_OK(dd_jspan_parse(&j, &arena, quoted(&arena, bodies[b].body), NULL));
            collect(&arena, &j, 0, DD_STR(""), &all);
            for (size_t at = 0; at < all.n && all_dialects[d] != bodies[b].from; at++)
                for (size_t v = 0; v < DD_COUNT(values); v++)
                    check_member(bodies[b].from, all_dialects[d], bodies[b].body, at, values[v]);
            CHECK(all.n > 20);
            dd_arena_fini(&arena);
        }
}

/* Every text that reaches the model, with escapes that decode to nothing sensible, comes out as it was written. */
TEST(odd_text_survives_everywhere)
{
    static const struct { dd_dialect from; const char *body; int times; } texts[] = {
        { DD_DIALECT_CHAT,
          "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"" TEXT "\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"" TEXT "\"}]},"
          "{\"role\":\"assistant\",\"content\":\"" TEXT "\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
          "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"" TEXT "\"}],\"stop\":[\"x\"],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"description\":\"" TEXT "\",\"parameters\":{\"type\":\"object\",\"title\":\"" TEXT "\"}}}]}", 6 },
        { DD_DIALECT_MESSAGES,
          "{\"model\":\"m\",\"max_tokens\":50,\"system\":\"" TEXT "\",\"messages\":[{\"role\":\"user\",\"content\":\"" TEXT "\"},{\"role\":\"assistant\",\"content\":["
          "{\"type\":\"text\",\"text\":\"" TEXT "\"},{\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":["
          "{\"type\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"" TEXT "\"}]}],\"tools\":[{\"name\":\"f\",\"description\":\"" TEXT "\",\"input_schema\":"
          "{\"type\":\"object\",\"title\":\"" TEXT "\"}}]}", 6 },
        { DD_DIALECT_RESPONSES,
          "{\"model\":\"m\",\"instructions\":\"" TEXT "\",\"input\":[{\"role\":\"user\",\"content\":\"" TEXT "\"},{\"role\":\"assistant\",\"content\":[{\"type\":"
          "\"output_text\",\"text\":\"" TEXT "\"}]},{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"},{\"type\":"
          "\"function_call_output\",\"call_id\":\"c\",\"output\":\"" TEXT "\"}],\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"description\":\"" TEXT "\","
          "\"parameters\":{\"type\":\"object\",\"title\":\"" TEXT "\"}}]}", 6 },
    };
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        for (size_t d = 0; d < DD_COUNT(all_dialects); d++) {
            translation t;
            int         times = 0;
            if (all_dialects[d] == texts[i].from)
                continue;
            translate(&t, texts[i].from, all_dialects[d], texts[i].body, &new_model, DD_UNSUPPORTED_DROP);
            dd_str rest = dd_buf_str(&t.out);
            for (ptrdiff_t at; (at = dd_str_findz(rest, "\"" TEXT "\"")) >= 0; times++)
                rest = dd_str_sub(rest, (size_t)at + 1, rest.len);
            CHECK_EQ(times, texts[i].times, dd_dialect_name(all_dialects[d]));
            translate_fini(&t);
        }
}

/* Arguments are JSON in a string on one side and JSON on the other; there and back nothing in them changes but white space. */
TEST(arguments_keep_their_meaning_in_both_directions)
{
    static const char args[] = "{\"n\":12345678901234567890.50,\"e\":1E+2,\"s\":\"\\u0000\\ud800\\/\\\"\\\\\",\"k\":{\"\":[]}}";
    dd_arena    arena = DD_ARENA_INIT;
    dd_buf      inside = DD_BUF_INIT(0);
    translation t, back;
    dd_jtext_escape(&inside, dd_str_z(args));
    dd_str body = dd_arena_printf(&arena,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":"
        "\"f\",\"arguments\":\"" DD_STR_FMT "\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"r\"}]}", DD_STR_ARG(dd_buf_str(&inside)));
    translate(&t, DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, body.ptr, &new_model, DD_UNSUPPORTED_DROP);
    CHECK(dd_str_eqz(value_at(&t.body, "messages[1].content[0].input"), args));
    translate(&back, DD_DIALECT_MESSAGES, DD_DIALECT_CHAT, dd_arena_dup(&arena, dd_buf_str(&t.out)).ptr, &new_model, DD_UNSUPPORTED_DROP);
    dd_str got = value_at(&back.body, "messages[1].tool_calls[0].function.arguments");
    CHECK(dd_str_eq(dd_str_sub(got, 1, got.len - 1), dd_buf_str(&inside)));
    dd_buf_free(&inside);
    translate_fini(&t);
    translate_fini(&back);
    dd_arena_fini(&arena);
}

/* Names come from the client and go into a header. */
TEST(dropped_names_are_fit_for_a_header)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_drops drops = { 0 };
    dd_drop(&drops, &arena, "a\r\nb, \"c\" %s", "\xc3\xa9");
    CHECK_STR(drops.v[0], "a??b???c????");
    dd_drop(&drops, &arena, "messages[%d].x", 3);
    dd_drop(&drops, &arena, "messages[%d].x", 3);
    CHECK_EQ(drops.n, 2, "once");
    CHECK_STR(drops.v[1], "messages[3].x");
    dd_drop(&drops, &arena, "messages[%d].x", 10);
    dd_drop(&drops, &arena, "messages[%d].x", 4);
    CHECK_EQ(drops.n, 2, "one name for the same member elsewhere");
    CHECK_STR(drops.v[1], "messages[].x");
    dd_drop(&drops, &arena, "messages[%d].y[%d]", 1, 2);
    dd_drop(&drops, &arena, "messages[%d].y[%d]", 1, 3);
    CHECK_STR(drops.v[2], "messages[1].y[]");
    for (int i = 0; i < 1000; i++)
        dd_drop(&drops, &arena, "name%d", i);
    CHECK(drops.n <= 65);
    CHECK_STR(drops.v[drops.n - 1], "...");
    dd_arena_fini(&arena);
}

static void repeat(dd_buf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        dd_buf_addz(b, i ? "," : "");
        dd_buf_addz(b, text);
    }
}

static bool read_large(const char *front, const char *text, size_t times, const char *back, translation *t)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_addz(&b, front);
    repeat(&b, text, times);
    dd_buf_addz(&b, back);
    translate(t, DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, dd_buf_z(&b), &new_model, DD_UNSUPPORTED_DROP);
    dd_buf_free(&b);
    return t->ok;
}

/* Ten bytes of a body become some hundred here: there is a limit. And what is only named costs nothing but its place in the parsed body. */
TEST(a_small_body_does_not_become_much_memory)
{
    translation t;
    CHECK(read_large("{'model':'m','messages':[", "{'role':'user','content':'x'}", 99999, "]}", &t));
    translate_fini(&t);
    CHECK(!read_large("{'model':'m','messages':[", "{'role':'user','content':'x'}", 100000, "]}", &t));
    CHECK(dd_str_has(t.error.message, "more than 199999"));
    translate_fini(&t);
    CHECK(read_large("{'model':'m','messages':[{'role':'user','content':'x'}],", "'zz':1", 100000, "}", &t));
    CHECK_EQ(t.drops.n, 1, "one name");
    CHECK(t.arena.used < 100000 * (2 * 7 + 4 * 2 * sizeof(dd_jnode)));   /* the text twice, two nodes a member in an array that doubles */
    translate_fini(&t);
}

/* Many calls with one result each, in one turn: time must not grow with their square. */
TEST(many_calls_are_paired_in_time)
{
    dd_buf      b = DD_BUF_INIT(0);
    translation t;
    dd_buf_addz(&b, "{'model':'m','messages':[{'role':'user','content':'x'},{'role':'assistant','tool_calls':[");
    for (int i = 0; i < 40000; i++)
        dd_buf_printf(&b, "%s{'id':'a %d','type':'function','function':{'name':'f.%d','arguments':''}}", i ? "," : "", i, i);
    dd_buf_addz(&b, "]}");
    for (int i = 0; i < 40000; i++)
        dd_buf_printf(&b, ",{'role':'tool','tool_call_id':'a %d','content':'r'}", i);
    dd_buf_addz(&b, "]}");
    translate(&t, DD_DIALECT_CHAT, DD_DIALECT_MESSAGES, dd_buf_z(&b), &new_model, DD_UNSUPPORTED_DROP);
    CHECK(t.ok);
    CHECK_EQ(t.names.n, 40000, "each name was changed");
    translate_fini(&t);
    dd_buf_free(&b);
}
