/* Time of a decision's conditions: argv[1] rules (200), none of which matches, so all are evaluated; percentiles over 20,000 decisions, and single
 * conditions. */
#include <stdio.h>

#include "base/time.h"
#include "route/cel.h"

enum { FEATURE, INPUT, TEAM, TAGS, MODEL, STREAM, N_VARS, ROUNDS = 20000, MOST = 1000 };
static const dd_cel_var vars[N_VARS] = {
    { "feature", DD_CEL_STRING, DD_CEL_UNSET, "" }, { "input_tokens", DD_CEL_INT, DD_CEL_UNSET, "" },  { "team", DD_CEL_STRING, DD_CEL_UNSET, "" },
    { "tags", DD_CEL_MAP, DD_CEL_STRING, "" },      { "model", DD_CEL_STRING, DD_CEL_UNSET, "" },      { "stream", DD_CEL_BOOL, DD_CEL_UNSET, "" },
};
static const char *const shapes[] = {
    "feature == \"classify-%d\" && input_tokens < 500",
    "team in [\"search-%d\", \"ads-%d\", \"mail-%d\"] && !stream",
    "tags[\"tier\"] == \"gold-%d\" || input_tokens > 100000%d",
    "model.startsWith(\"claude-%d\") && (input_tokens < 2000 || stream)",
    "model.matches(\"^gpt-%d\") && has(tags.region)",
};

static int by_size(const void *a, const void *b) { return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b); }

static dd_cel *compile(dd_arena *a, const dd_cel_env *env, const char *shape, int k)
{
    dd_buf  text = DD_BUF_INIT(0);
    dd_err  err = DD_ERR_INIT;
    for (const char *c = shape; *c; c++)
        if (c[0] == '%' && c[1] == 'd') {
            dd_buf_printf(&text, "%d", k);
            c++;
        } else
            dd_buf_addc(&text, *c);
    dd_cel *p = dd_cel_compile(dd_arena_dup(a, dd_buf_str(&text)), env, a, &err, NULL);
    if (!p) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    dd_buf_free(&text);
    return p;
}

static void single(dd_arena *a, const dd_cel_env *env, const dd_cel_vars *all, const char *text)
{
    enum { N = 200000 };
    dd_arena scratch = DD_ARENA_INIT;
    dd_cel  *p = compile(a, env, text, 0);
    dd_mono  t = dd_mono_now();
    int      held = 0;
    for (int i = 0; i < N; i++) {
        dd_arena_mark here = dd_arena_here(&scratch);
        held += dd_cel_test(p, all, &scratch);
        dd_arena_back(&scratch, here);
    }
    printf("%6.0f ns  %s%s\n", (double)(dd_mono_now().ns - t.ns) / N, text, held ? "" : "  (does not hold)");
    dd_arena_fini(&scratch);
}

int main(int argc, char **argv)
{
    static int64_t took[ROUNDS];
    static dd_cel *rules[MOST];
    int64_t        n = 200;
    dd_arena       a = DD_ARENA_INIT, scratch = DD_ARENA_INIT;
    dd_cel_entry   tags[] = { { dd_cel_string(DD_STR("env")), dd_cel_string(DD_STR("prod")) }, { dd_cel_string(DD_STR("tier")),
        dd_cel_string(DD_STR("silver")) } };
    dd_cel_value   values[N_VARS] = { dd_cel_string(DD_STR("classify-x")), dd_cel_int(412), dd_cel_string(DD_STR("search-x")), dd_cel_map(tags, 2),
                                      dd_cel_string(DD_STR("gpt-5.6-sol")), dd_cel_bool(true) };
    dd_cel_vars    all = { .values = values };
    dd_cel_env     env = { .vars = vars, .n = N_VARS };
    if (argc > 1 && (!dd_parse_i64(dd_str_z(argv[1]), &n) || n < 1 || n > MOST))
        return 2;
    dd_mono t = dd_mono_now();
    for (int i = 0; i < n; i++)
        rules[i] = compile(&a, &env, shapes[(size_t)i % DD_COUNT(shapes)], 1000 + i);
    printf("%lld rules compile in %.0f us\n", (long long)n, (double)(dd_mono_now().ns - t.ns) / 1e3);
    t = dd_mono_now();
    size_t covered = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            covered += dd_cel_covers(rules[k], rules[i]);
    printf("which covers which: %.0f ms (%zu do)\n", (double)(dd_mono_now().ns - t.ns) / 1e6, covered);
    for (int r = 0; r < ROUNDS; r++) {
        t = dd_mono_now();
        for (int i = 0; i < n; i++)
            if (dd_cel_test(rules[i], &all, &scratch))
                return 1;
        took[r] = dd_mono_now().ns - t.ns;
    }
    qsort(took, ROUNDS, sizeof *took, by_size);
    printf("a decision over all of them: p50 %.1f us, p99 %.1f us\n", (double)took[ROUNDS / 2] / 1e3, (double)took[ROUNDS / 100 * 99] / 1e3);
    static const char *const singles[] = {
        "stream", "feature == \"classify\" && input_tokens < 500", "feature == \"classify-x\" && input_tokens < 500",
            "team in [\"a\", \"b\", \"c\", \"d\", \"search-x\"]",
        "tags[\"tier\"] == \"gold\"", "model.startsWith(\"gpt-\")", "model.matches(\"^gpt-5\")", "model.matches(\"^gpt-[45][.]\")",
            "input_tokens * 2 + 100 < 1000 && !stream",
        "[1, 2, 3, 4].exists(x, x * 100 > input_tokens)", "feature + \"-\" + team == \"a-b\"",
    };
    for (size_t i = 0; i < DD_COUNT(singles); i++)
        single(&a, &env, &all, singles[i]);
    dd_arena_fini(&scratch);
    dd_arena_fini(&a);
    return 0;
}
