/* What holds of every report, whatever is in it. Issue section "The report"; R6.4. */
#include "tests/unit/report/fixture.h"
#include "tests/unit/test.h"

#include "base/json.h"
#include "report/digest.h"

static const fixture_kind kinds[] = { FIX_EMPTY, FIX_ONE, FIX_MIXED, FIX_MANY, FIX_NO_PRODUCTION, FIX_HOSTILE };
static const dd_report_opts plain = { .width = 80, .version = { "1.2.3", 5 } };

static dd_str write_as(const dd_audit *a, const char *format, const dd_report_opts *o, dd_buf *out)
{
    dd_err err = DD_ERR_INIT;
    dd_buf_clear(out);
    CHECK_OK(dd_report_find(format)->write(a, o, out, &err));
    return dd_buf_str(out);
}

static void round_trip(fixture_kind kind, const dd_report_opts *o)
{
    dd_audit a, b;
    dd_err   err = DD_ERR_INIT;
    dd_buf   one = DD_BUF_INIT(0), two = DD_BUF_INIT(0);
    fixture_make(&a, kind);
    write_as(&a, "json", o, &one);
    CHECK_OK(dd_report_read(dd_buf_str(&one), &b, &err));
    if (err.code)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    CHECK(dd_str_eq(dd_buf_str(&one), write_as(&b, "json", o, &two)));
    static const char *const others[] = { "text", "jsonl", "markdown", "sarif", "csv", "html" };
    for (size_t i = 0; i < DD_COUNT(others); i++) /* a saved scan renders as the live one did */
        if (kind != FIX_HOSTILE && !dd_str_eq(write_as(&a, others[i], o, &one), write_as(&b, others[i], o, &two)))
            dd_test_fail(__FILE__, __LINE__, "fixture %d as %s differs once saved", (int)kind, others[i]);
    dd_buf_free(&one);
    dd_buf_free(&two);
    dd_arena_fini(&a.arena);
    dd_arena_fini(&b.arena);
}

TEST(report_json_round_trip)
{
    dd_report_opts source = plain;
    source.show_source    = true;
    for (size_t i = 0; i < DD_COUNT(kinds); i++) {
        round_trip(kinds[i], &plain);
        round_trip(kinds[i], &source);
    }
}

TEST(report_money_survives_to_the_picodollar) /* a double would bend these */
{
    static const struct { const char *text; int64_t want; } cases[] = {
        { "9007199.254740993123", 9007199254740993123 }, { "0.000000000001", 1 }, { "-12.5", -12500000000000 },
        { "1.23e-05", 12300000 }, { "1.5e2", 150000000000000 }, { "2E+0", 2000000000000 }, { "5e-12", 5 }, { "1.2345678901234567e-3", 1234567890 },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_audit a;
        dd_err   err = DD_ERR_INIT;
        char     json[400];
        snprintf(json, sizeof json, "{\"schema\":\"dd0c.scan/1\",\"totals\":{\"potential_savings_usd\":%s},\"sites\":[]}", cases[i].text);
        CHECK_OK(dd_report_read(dd_str_z(json), &a, &err));
        CHECK_EQ(a.savings, cases[i].want, cases[i].text);
        dd_arena_fini(&a.arena);
    }
}

TEST(report_read_refuses_with_words)
{
    static const struct { const char *json, *message; } cases[] = {
        { "", "line 1: the text ends too early" },
        { "{\"schema\":\"dd0c.scan/1\"", "line 1: the text ends too early" },
        { "{}", "not a saved scan: \"schema\" is missing" },
        { "[]", "not a saved scan: \"schema\" is missing" },
        { "{\"schema\":\"dd0c.scan/9\"}", "schema \"dd0c.scan/9\" is not known" },
        { "{\"schema\":\"dd0c.scan/1\"}", "\"sites\" is not a list" },
        { "{\"schema\":\"dd0c.scan/1\",\n\"sites\":[{}]}", "line 2: \"path\" is missing" },
        { "{\"schema\":\"dd0c.scan/1\",\"sites\":[{\"path\":1}]}", "line 1: \"path\" is not a string" },
        { "{\"schema\":\"dd0c.scan/1\",\"sites\":[{\"path\":\"a\",\"line\":-1}]}", "line 1: \"line\" is not a whole number in range" },
        { "{\"schema\":\"dd0c.scan/1\",\"sites\":[{\"path\":\"a\",\"line\":1,\"id\":\"x\",\"context\":\"moon\"}]}", "line 1: unknown context \"moon\"" },
        { "{\"schema\":\"dd0c.scan/1\",\"sites\":[],\"opportunities\":[{\"id\":\"x\"}]}", "line 1: an opportunity names no site of this file" },
        { "{\"schema\":\"dd0c.scan/1\",\"schema\":1}", "line 1: a member is there twice" },
        { "{\"schema\":\"dd0c.scan/1\",\"sites\":[],}", "line 1: expected a member name in quotes" },
        { "{\"a\":01}", "line 1: not a number" },
        { "{\"a\":\"\\ud800\"}", "line 1: half of a surrogate pair" },
        { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "line 1: nested too deep" },
        { "{\"schema\":\"dd0c.scan/1\",\"sites\":[]} x", "line 1: more text behind the end" },
        { "{\"schema\":\"dd0c.scan/1\",\"generated_at\":\"yesterday\",\"sites\":[]}", "line 1: \"generated_at\" is not a date" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_audit a;
        dd_err   err = DD_ERR_INIT;
        CHECK(dd_report_read(dd_str_z(cases[i].json), &a, &err) != DD_OK);
        CHECK_STR(dd_str_z(err.msg), cases[i].message);
        dd_arena_fini(&a.arena);
    }
}

TEST(report_shows_no_prompt_text) /* privacy: only with show_source, only in JSON */
{
    dd_audit a;
    dd_buf   b = DD_BUF_INIT(0);
    size_t   n;
    const dd_report_format *f = dd_report_formats(&n);
    fixture_make(&a, FIX_MIXED);
    for (size_t i = 0; i < n; i++)
        CHECK(!dd_str_has(write_as(&a, f[i].name, &plain, &b), "SECRET PROMPT"));
    dd_report_opts source = plain;
    source.show_source    = true;
    CHECK(dd_str_has(write_as(&a, "json", &source, &b), "SECRET PROMPT"));
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

TEST(report_jsonl_contract) /* design.md, "Contracts that tests outside the project rely on" */
{
    static const struct { const char *name; int types; } members[] = {
        { "path", cJSON_String }, { "line", cJSON_Number }, { "end_line", cJSON_Number }, { "language", cJSON_String }, { "sdk", cJSON_String },
        { "api", cJSON_String }, { "model", cJSON_String | cJSON_NULL }, { "model_source", cJSON_String }, { "max_tokens", cJSON_Number | cJSON_NULL },
        { "input_tokens", cJSON_Number | cJSON_NULL }, { "output_tokens", cJSON_Number | cJSON_NULL }, { "cost_per_call_usd", cJSON_Number | cJSON_NULL },
        { "monthly_cost_usd", cJSON_Number | cJSON_NULL }, { "id", cJSON_String }, { "symbol", cJSON_String }, { "context", cJSON_String },
        { "candidates", cJSON_Array }, { "suggestion", cJSON_Object | cJSON_NULL },
    };
    dd_audit a;
    dd_buf   b = DD_BUF_INIT(0);
    fixture_make(&a, FIX_MIXED);
    dd_str rest  = write_as(&a, "jsonl", &plain, &b);
    size_t lines = 0;
    for (; rest.len; lines++) {
        dd_err err  = DD_ERR_INIT;
        dd_str line = dd_str_cut(&rest, '\n');
        cJSON *o    = dd_json_parse(line, "line", &err);
        for (size_t i = 0; i < DD_COUNT(members); i++) {
            const cJSON *m = cJSON_GetObjectItemCaseSensitive(o, members[i].name);
            if (!m || !((m->type & 0xff) & members[i].types))
                dd_test_fail(__FILE__, __LINE__, "%s is missing or of another type", members[i].name);
        }
        CHECK_EQ(cJSON_HasObjectItem(o, "cell"), a.sites[lines]->cell >= 0, "cell is there for notebooks only");
        cJSON_Delete(o);
    }
    CHECK_EQ(lines, a.n_sites, "every site, whatever its context");
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

/* --- terminal --- */

static void check_lines(dd_str text, int width)
{
    while (text.len) {
        dd_str line = dd_str_cut(&text, '\n');
        if ((int)dd_utf8_width(line) > width)
            dd_test_fail(__FILE__, __LINE__, "wider than %d: " DD_STR_FMT, width, DD_STR_ARG(line));
        CHECK(!line.len || line.ptr[line.len - 1] != ' ');
    }
}

TEST(report_text_keeps_to_its_width)
{
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < DD_COUNT(kinds); i++) {
        dd_audit a;
        fixture_make(&a, kinds[i]);
        for (int w = 20; w <= 140; w += 3) {
            dd_report_opts o = { .width = w, .verbose = w % 2 };
            dd_str         s = write_as(&a, "text", &o, &b);
            check_lines(s, w);
            CHECK(!dd_str_has(s, "\x1b"));
        }
        dd_arena_fini(&a.arena);
    }
    dd_buf_free(&b);
}

TEST(report_text_ascii_is_ascii)
{
    dd_audit       a;
    dd_buf         b = DD_BUF_INIT(0);
    dd_report_opts o = { .width = 80, .ascii = true, .color = DD_COLOR_16 };
    fixture_make(&a, FIX_HOSTILE);
    dd_str s = write_as(&a, "text", &o, &b);
    for (size_t i = 0; i < s.len; i++)
        CHECK((unsigned char)s.ptr[i] < 0x80);
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

TEST(report_text_file_names_move_no_cursor) /* a file may be named ESC [ 3 1 m */
{
    dd_audit a;
    dd_buf   b = DD_BUF_INIT(0);
    fixture_make(&a, FIX_HOSTILE);
    dd_str s = write_as(&a, "text", &plain, &b);
    CHECK(!dd_str_has(s, "\x1b") && !dd_str_has(s, "\xe2\x80\xae"));
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

/* --- the other formats --- */

TEST(report_markdown_fits_a_comment) /* 65k characters, first line the total, hidden marker */
{
    static const fixture_kind big[] = { FIX_EMPTY, FIX_MIXED, FIX_MANY, FIX_HUGE };
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < DD_COUNT(big); i++) {
        dd_audit a;
        fixture_make(&a, big[i]);
        dd_report_opts o = { .verbose = true };
        dd_str         s = write_as(&a, "markdown", &o, &b);
        CHECK(s.len <= 65000);
        CHECK(dd_str_startsz(s, "**"));
        CHECK(dd_str_has(s, "\n<!-- dd0c:scan -->\n"));
        if (big[i] != FIX_MANY)
            CHECK_EQ(dd_str_has(s, "Shortened to fit"), big[i] == FIX_HUGE, "says so when rows are left out");
        dd_arena_fini(&a.arena);
    }
    dd_buf_free(&b);
}

TEST(report_markdown_rows_keep_their_columns)
{
    dd_audit a;
    dd_buf   b = DD_BUF_INIT(0);
    fixture_make(&a, FIX_HOSTILE);
    dd_str rest = write_as(&a, "markdown", &plain, &b);
    int    want = 0;
    while (rest.len) {
        dd_str line = dd_str_cut(&rest, '\n');
        int    bars = 0;
        for (size_t i = 0; i < line.len; i++)
            bars += line.ptr[i] == '|' && (i == 0 || line.ptr[i - 1] != '\\');
        if (dd_str_startsz(line, "|"))
            CHECK_EQ(bars, want ? want : bars, "columns of a table");
        want = dd_str_startsz(line, "|") ? bars : 0;
    }
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

TEST(report_csv_holds_no_formula) /* RFC 4180; a spreadsheet must not run a path */
{
    dd_audit a;
    dd_buf   b = DD_BUF_INIT(0);
    fixture_make(&a, FIX_HOSTILE);
    dd_str s = write_as(&a, "csv", &plain, &b);
    size_t columns = 0, first = 0, cell = 0;
    bool   quoted = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (cell == i && c != '"')
            CHECK(!strchr("=+-@", c));
        if (cell == i && c == '"')
            CHECK(!strchr("=+-@", s.ptr[i + 1]));
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ',' || c == '\n')) {
            columns++;
            cell = i + 1;
        }
        if (!quoted && c == '\n') {
            CHECK(s.ptr[i - 1] == '\r');
            first = first ? first : columns;
            CHECK_EQ(columns, first, "cells in a row");
            columns = 0;
        }
    }
    CHECK_EQ(first, 27, "columns");
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

static size_t count_of(dd_str s, const char *needle)
{
    size_t n = 0;
    for (ptrdiff_t at; (at = dd_str_findz(s, needle)) >= 0; n++)
        s = dd_str_sub(s, (size_t)at + 1, s.len);
    return n;
}

TEST(report_html_is_one_closed_page)
{
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = 0; i < DD_COUNT(kinds); i++) {
        dd_audit a;
        fixture_make(&a, kinds[i]);
        dd_str s = write_as(&a, "html", &plain, &b);
        CHECK_EQ(count_of(s, "<script"), 1, "our script only");
        CHECK_EQ(count_of(s, "</script"), 1, "and nothing ends it");
        CHECK_EQ(count_of(s, "http:"), 0, "no request leaves the page");
        CHECK_EQ(count_of(s, "https:"), 0, "no request leaves the page");
        CHECK_EQ(count_of(s, " src="), kinds[i] == FIX_HOSTILE ? count_of(s, "&lt;img src=") : 0, "no outside file");
        CHECK_EQ(count_of(s, "<img"), 0, "no image");
        CHECK(dd_utf8_valid(s));
        dd_arena_fini(&a.arena);
    }
    dd_buf_free(&b);
}

TEST(report_sarif_structure) /* SARIF 2.1.0: what code hosts require */
{
    dd_audit a;
    dd_err   err = DD_ERR_INIT;
    dd_buf   b   = DD_BUF_INIT(0);
    fixture_make(&a, FIX_MIXED);
    cJSON       *top = dd_json_parse(write_as(&a, "sarif", &plain, &b), "sarif", &err);
    const cJSON *run = cJSON_GetArrayItem(cJSON_GetObjectItem(top, "runs"), 0), *r;
    const cJSON *rules = cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetObjectItem(run, "tool"), "driver"), "rules");
    CHECK_STR(dd_str_z(cJSON_GetStringValue(cJSON_GetObjectItem(top, "version"))), "2.1.0");
    CHECK_EQ(cJSON_GetArraySize(rules), DD_ADVICE_COUNT, "a rule a kind of advice");
    size_t n = 0;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(run, "results"))
    {
        int          index = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(r, "ruleIndex"));
        const cJSON *rule  = cJSON_GetArrayItem(rules, index);
        const cJSON *loc   = cJSON_GetArrayItem(cJSON_GetObjectItem(r, "locations"), 0);
        CHECK(!strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(rule, "id")), cJSON_GetStringValue(cJSON_GetObjectItem(r, "ruleId"))));
        CHECK(cJSON_GetObjectItem(cJSON_GetObjectItem(loc, "physicalLocation"), "artifactLocation") != NULL);
        CHECK(cJSON_GetObjectItem(cJSON_GetObjectItem(r, "message"), "text") != NULL);
        CHECK(cJSON_GetObjectItem(r, "partialFingerprints") != NULL);
        n++;
    }
    size_t want = 0;
    for (size_t i = 0; i < a.n_sites; i++)
        want += a.sites[i]->n_advice;
    CHECK_EQ(n, want, "a result a site and advice");
    cJSON_Delete(top);
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}

TEST(report_digest_puts_each_call_into_one_list)
{
    for (size_t i = 0; i < DD_COUNT(kinds); i++) {
        dd_audit  a;
        dd_digest d;
        fixture_make(&a, kinds[i]);
        dd_digest_make(&d, &a);
        CHECK_EQ(d.billed.n + d.unknown.n + d.aside.n + d.not_tokens.n + d.local.n + d.ignored.n, a.n_sites, "all, once");
        CHECK_EQ(d.unknown.n, a.n_unknown, "unknown as the totals count them");
        for (size_t k = 1; k < d.opportunities.n; k++)
            CHECK(dd_digest_saving(&d, d.opportunities.v[k - 1]) >= dd_digest_saving(&d, d.opportunities.v[k]));
        dd_digest_free(&d);
        dd_arena_fini(&a.arena);
    }
}

TEST(report_explain_finds_by_prefix)
{
    dd_audit a;
    dd_err   err = DD_ERR_INIT;
    dd_buf   b   = DD_BUF_INIT(0);
    fixture_make(&a, FIX_MIXED);
    CHECK_OK(dd_report_explain(&a, dd_str_sub(a.sites[0]->id, 0, 8), &plain, &b, &err));
    CHECK(dd_str_has(dd_buf_str(&b), "MODEL = "));
    CHECK_EQ(dd_report_explain(&a, DD_STR("nosuchid"), &plain, &b, &err), DD_ERR_NOT_FOUND, "an id of no site");
    CHECK_STR(dd_str_z(err.msg), "call site \"nosuchid\": no such id in this scan");
    dd_buf_free(&b);
    dd_arena_fini(&a.arena);
}
