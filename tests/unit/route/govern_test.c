#include "route/govern.h"
#include "tests/unit/test.h"

static const struct { const char *why; dd_govern_question q; const char *want; bool applies; } cases[] = {
    { "audit takes it", { .mode = DD_GOVERN_AUDIT }, "Allowed by audit mode", true },
    { "strict waits", { .mode = DD_GOVERN_STRICT }, "Blocked by strict mode", false },
    { "strict, approved", { .mode = DD_GOVERN_STRICT, .word = DD_WORD_APPROVED }, "Approved", true },
    { "strict, rejected", { .mode = DD_GOVERN_STRICT, .word = DD_WORD_REJECTED }, "Rejected", false },
    { "rejected stays so when the mode changes", { .mode = DD_GOVERN_AUDIT, .word = DD_WORD_REJECTED }, "Rejected", false },
    { "an admin's own edit is the approval", { .mode = DD_GOVERN_STRICT, .own = true }, "Approved by who asked for it", true },
    { "panic freezes in audit mode", { .mode = DD_GOVERN_AUDIT, .panic = true }, "Panic mode active — frozen", false },
    { "panic freezes what was approved", { .mode = DD_GOVERN_STRICT, .panic = true, .word = DD_WORD_APPROVED }, "Panic mode active — frozen", false },
    { "panic freezes an admin's edit, too", { .panic = true, .own = true }, "Panic mode active — frozen", false },
    { "what only takes away applies in strict mode", { .mode = DD_GOVERN_STRICT, .narrows = true }, "Applied: it only takes away", true },
    { "and in panic", { .mode = DD_GOVERN_STRICT, .narrows = true, .panic = true }, "Applied: it only takes away", true },
};

TEST(governance_verdicts_R10_5)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_govern_verdict v = dd_govern_decide(&cases[i].q), again = DD_GOVERN_ALLOWED;
        CHECK_STR(dd_str_z(dd_govern_text(v)), cases[i].want);
        CHECK_EQ(dd_govern_applies(v), cases[i].applies, cases[i].why);
        CHECK(dd_govern_find(dd_str_z(cases[i].want), &again) && again == v);
    }
}

TEST(governance_names_a_change_by_both_ends_R10_5)
{
    dd_govern_state a = { 1, 2, 3 }, b = { 1, 2, 4 }, c = { 2, 1, 3 };
    char            ab[13], ba[13], ac[13], again[13];
    dd_govern_id(&a, &b, ab);
    dd_govern_id(&b, &a, ba);
    dd_govern_id(&a, &c, ac);
    dd_govern_id(&a, &b, again);
    CHECK_EQ(strlen(ab), 12, "hex digits");
    CHECK(strcmp(ab, again) == 0 && strcmp(ab, ba) != 0 && strcmp(ab, ac) != 0);
    CHECK(dd_govern_same(&a, &a) && !dd_govern_same(&a, &b) && !dd_govern_same(&a, &c));
}

TEST(governance_alert_R10_5)
{
    CHECK(dd_govern_share(0, 0) < 0);
    CHECK(!dd_govern_alert(DD_GOVERN_AUDIT, 0, 0));
    CHECK(!dd_govern_alert(DD_GOVERN_AUDIT, 8, 2));      /* 80% is not above 80% */
    CHECK(dd_govern_alert(DD_GOVERN_AUDIT, 9, 2));
    CHECK(!dd_govern_alert(DD_GOVERN_STRICT, 0, 7));
    CHECK(dd_govern_alert(DD_GOVERN_STRICT, 1, 99));
}

TEST(governance_words)
{
    dd_govern_mode m;
    dd_buf         b = DD_BUF_INIT(0);
    CHECK(dd_govern_mode_find(DD_STR("strict"), &m) && m == DD_GOVERN_STRICT);
    CHECK(dd_govern_mode_find(DD_STR("audit"), &m) && m == DD_GOVERN_AUDIT);
    CHECK(!dd_govern_mode_find(DD_STR("Strict"), &m));
    dd_change_kinds(DD_CHANGE_RULES | DD_CHANGE_PRICES, &b);
    CHECK_STR(dd_buf_str(&b), "rules, prices");
    dd_buf_free(&b);
}
