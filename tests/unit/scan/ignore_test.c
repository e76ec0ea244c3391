#include "scan/ignore.h"

#include "base/file.h"
#include "base/json.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

static dd_str folder_of(dd_str path)
{
    return dd_str_sub(path, 0, (size_t)(dd_str_rchr(path, '/') + 1));
}

static bool ends_in(dd_str path, const char *name)
{
    dd_str last = dd_str_sub(path, folder_of(path).len, path.len);
    return dd_str_eqz(last, name);
}

/* As git asks: an ignored folder shuts out all below it, the ignore files there included. */
static bool ignored(const dd_ignore *ig, const dd_rules *exclude, dd_str path, bool is_dir)
{
    for (size_t i = 0; i <= path.len; i++) {
        bool whole = i == path.len;
        if (!whole && path.ptr[i] != '/')
            continue;
        dd_str part    = dd_str_sub(path, 0, i);
        int    verdict = dd_ignore_match(ig, part, whole ? is_dir : true);
        if (verdict == 0)
            verdict = dd_rules_match(exclude, part, whole ? is_dir : true);
        if (verdict == 1)
            return true;
    }
    return false;
}

static void check_set(const cJSON *set)
{
    dd_ignore   *ig      = dd_ignore_new();
    dd_rules    *exclude = NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(set, "files")) {
        dd_str path = dd_str_z(item->string), text = dd_str_z(item->valuestring);
        if (ends_in(path, ".gitignore"))
            dd_ignore_add(ig, folder_of(path), text);
        else
            exclude = dd_rules_new(text);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(set, "paths")) {
        const char *path = cJSON_GetArrayItem(item, 0)->valuestring, *type = cJSON_GetArrayItem(item, 1)->valuestring;
        bool        want = cJSON_IsTrue(cJSON_GetArrayItem(item, 2));
        char        why[512];
        snprintf(why, sizeof why, "%s: %s %s", cJSON_GetObjectItemCaseSensitive(set, "set")->valuestring, type, path);
        CHECK_EQ(ignored(ig, exclude, dd_str_z(path), strcmp(type, "dir") == 0), want, why);
    }
    dd_rules_free(exclude);
    dd_ignore_free(ig);
}

TEST(ignore_agrees_with_git)
{
    dd_buf text = DD_BUF_INIT(4 << 20);
    dd_err err  = DD_ERR_INIT;
    CHECK_OK(dd_file_read("tests/data/gitignore/vectors.jsonl", &text, &err));
    dd_str rest = dd_buf_str(&text);
    int    sets = 0;
    while (rest.len) {
        cJSON *set = dd_json_parse(dd_str_cut(&rest, '\n'), "vectors", &err);
        CHECK(set != NULL);
        if (set)
            check_set(set);
        cJSON_Delete(set);
        sets++;
    }
    CHECK_EQ(sets, 59, "the set of vectors is whole");
    dd_buf_free(&text);
}

static const struct { const char *pattern, *path; bool want; const char *why; } globs[] = {
    { "a/**/b", "a/b", true, "a double star takes no folder" },
    { "a/**/b", "a/x/y/b", true, "or several" },
    { "a/**/b", "a/xb", false, "but no part of one" },
    { "a**b", "a/b", false, "beside a letter it is a plain star" },
    { "*/b", "a/c/b", false, "a star stays in its folder" },
    { "[!a-c]x", "dx", true, "negated class" },
    { "[^a-c]x", "bx", false, "negated class, other sign" },
    { "[]]x", "]x", true, "a bracket first is itself" },
    { "[[:digit:]-]x", "-x", true, "a minus last is itself" },
    { "[[:nope:]]", "n", false, "an unknown class fits nothing" },
    { "a[/]b", "a/b", false, "no class crosses folders" },
    { "\\*", "*", true, "escaped" },
    { "a\\", "a\\", false, "a backslash with nothing behind it fits nothing" },
    { "*a*b*c", "xaxbxbxc", true, "several stars" },
    { "**/x/**/y", "x/a/x/b/y", true, "two double stars" },
};

TEST(globs_as_documented)
{
    for (size_t i = 0; i < DD_COUNT(globs); i++)
        CHECK_EQ(dd_glob_match(dd_str_z(globs[i].pattern), dd_str_z(globs[i].path)), globs[i].want, globs[i].why);
}

TEST(globs_take_bounded_time)
{
    char pattern[4001], path[4001];
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        pattern[i] = "*a"[i % 2];
    memset(path, 'a', sizeof path - 1);
    CHECK(!dd_glob_match((dd_str){ pattern, 3999 }, (dd_str){ path, 1000 }));
    for (size_t i = 0; i + 3 <= sizeof pattern - 1; i += 3)
        memcpy(pattern + i, "**/", 3);
    for (size_t i = 0; i < sizeof path - 1; i++)
        path[i] = "a/"[i % 2];
    pattern[3998] = 'z';
    CHECK(!dd_glob_match((dd_str){ pattern, 3999 }, (dd_str){ path, 4000 }));
}

TEST(the_last_rule_wins_whatever_its_form)
{
    dd_rules *r = dd_rules_new(DD_STR("*.log\n!keep.log\n/a/keep.log\nbuild/\n!b*d/\n"));
    CHECK_EQ(dd_rules_match(r, DD_STR("x.log"), false), 1, "ending");
    CHECK_EQ(dd_rules_match(r, DD_STR("b/keep.log"), false), -1, "name after ending");
    CHECK_EQ(dd_rules_match(r, DD_STR("a/keep.log"), false), 1, "path after name");
    CHECK_EQ(dd_rules_match(r, DD_STR("build"), true), -1, "glob after name");
    CHECK_EQ(dd_rules_match(r, DD_STR("build"), false), 0, "both are for folders");
    dd_rules_free(r);
    CHECK(dd_rules_new(DD_STR("# nothing\n\n   \n")) == NULL);
}
