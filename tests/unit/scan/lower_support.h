/* What the lowering tests share: a text goes in, lines of the dump (docs/ir.md) are looked for. */
#ifndef DD_TEST_LOWER_SUPPORT_H
#define DD_TEST_LOWER_SUPPORT_H
#include "scan/ir.h"
#include "tests/unit/test.h"

typedef struct {
    const char *why, *text;
    const char *lines[10]; /* lines of the dump, leading blanks apart; "!x": x occurs nowhere in it, "~x": somewhere */
} lower_case;

static inline dd_unit_ir *lower_text(dd_arena *a, dd_source_file *f, dd_lang lang, dd_str text)
{
    dd_err      err = DD_ERR_INIT;
    dd_unit_ir *u   = NULL;
    *f = (dd_source_file){ .path = DD_STR("t"), .lang = lang, .text = text };
    dd_source_index(f, a);
    CHECK_OK(dd_lower(f, a, &u, &err));
    return u;
}

static inline bool has_line(dd_str dump, const char *line)
{
    while (dump.len)
        if (dd_str_eqz(dd_str_trim(dd_str_cut(&dump, '\n')), line))
            return true;
    return false;
}

static inline void check_cases(const lower_case *cases, size_t n, dd_lang lang)
{
    for (size_t i = 0; i < n; i++) {
        dd_arena       a    = DD_ARENA_INIT;
        dd_buf         dump = DD_BUF_INIT(0);
        dd_source_file f;
        dd_unit_ir    *u = lower_text(&a, &f, lang, dd_str_z(cases[i].text));
        if (u)
            dd_ir_dump(u, &dump);
        for (size_t k = 0; u && k < DD_COUNT(cases[i].lines) && cases[i].lines[k]; k++) {
            const char *want = cases[i].lines[k];
            bool found = dd_str_has(dd_buf_str(&dump), want + 1);
            bool ok    = want[0] == '!' ? !found : want[0] == '~' ? found : has_line(dd_buf_str(&dump), want);
            if (!ok)
                dd_test_fail(__FILE__, __LINE__, "%s: %s `%s` in\n%.*s", cases[i].why, want[0] == '!' ? "found" : "no", want, DD_STR_ARG(dd_buf_str(&dump)));
        }
        dd_buf_free(&dump);
        dd_arena_fini(&a);
    }
}
#endif
