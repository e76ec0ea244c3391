/* S18. 1.0, -0.5 and 0.0 as little-endian binary32 are 00 00 80 3F, 00 00 00 BF, 00 00 00 00; base64 by RFC 4648. */
#include "proxy/dialect/dialect.h"
#include "tests/unit/test.h"

TEST(embeddings_as_base64)
{
    static const struct { const char *in, *want; } cases[] = {
        { "{\"object\":\"list\", \"data\":[{\"embedding\":[1.0, -0.5, 0],\"index\":0},{\"embedding\":[1,2e0],\"index\":1}],\"usage\":{\"prompt_tokens\":1}}",
          "{\"object\":\"list\", \"data\":[{\"embedding\":\"AACAPwAAAL8AAAAA\",\"index\":0},{\"embedding\":\"AACAPwAAAEA=\",\"index\":1}],\"usage\":{\"prompt_tokens\":1}}" },
        { "{\"data\":[{\"embedding\":[1]},{\"embedding\":[]}]}", "{\"data\":[{\"embedding\":\"AACAPw==\"},{\"embedding\":\"\"}]}" },
        { "{\"data\":[{\"embedding\":\"AACAPw==\"}]}", NULL },
        { "{\"data\":[{\"embedding\":[1,\"x\"]}]}", NULL },
        { "{\"data\":[{\"embedding\":[1e99]}]}", NULL },
        { "{\"data\":[]}", NULL },
        { "{\"error\":{}}", NULL },
        { "[1]", NULL },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_arena arena = DD_ARENA_INIT;
        dd_jspan j;
        CHECK_OK(dd_jspan_parse(&j, &arena, dd_str_z(cases[i].in), NULL));
        dd_str out = dd_embeddings_base64(&j, &arena);
        CHECK_EQ(out.ptr != NULL, cases[i].want != NULL, cases[i].in);
        if (cases[i].want)
            CHECK_STR(out, cases[i].want);
        dd_arena_fini(&arena);
    }
}
