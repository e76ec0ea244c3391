/* base/file.h, json.h, yaml.h, err.h */
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "tests/unit/test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dd_test_dir(), name);
    return path;
}

TEST(replace_writes_whole_or_not_at_all)
{
    dd_err err = DD_ERR_INIT;
    dd_buf got = DD_BUF_INIT(0);
    CHECK_OK(dd_file_replace(path_of("deep/er/a.txt"), DD_STR("one"), 0640, &err));
    CHECK_OK(dd_file_replace(path_of("deep/er/a.txt"), DD_STR("two"), 0640, &err));
    CHECK_OK(dd_file_read(path_of("deep/er/a.txt"), &got, &err));
    CHECK_STR(dd_buf_str(&got), "two");
    struct stat st;
    CHECK(stat(path_of("deep/er/a.txt"), &st) == 0 && (st.st_mode & 0777) == 0640);
    CHECK_EQ(dd_file_replace("/dev/full/x", DD_STR("x"), 0600, &err), DD_ERR_IO, "not a folder");
    CHECK(strstr(err.msg, "/dev/full") != NULL);
    dd_buf_free(&got);
}

TEST(replace_leaves_devices_links_and_modes)
{
    dd_err err = DD_ERR_INIT;
    dd_buf got = DD_BUF_INIT(0);
    struct stat st;
    char link[256];
    CHECK_OK(dd_file_replace("/dev/null", DD_STR("x"), 0644, &err));
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));       /* as root, a rename would have taken it away */
    CHECK_EQ(dd_file_replace(dd_test_dir(), DD_STR("x"), 0644, &err), DD_ERR_IO, "a folder");
    CHECK_OK(dd_file_replace(path_of("private"), DD_STR("one"), 0600, &err));
    snprintf(link, sizeof link, "%s", path_of("link"));
    CHECK(symlink("private", link) == 0);
    CHECK_OK(dd_file_replace(link, DD_STR("two"), 0644, &err));
    CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat(path_of("private"), &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_OK(dd_file_read(path_of("private"), &got, &err));
    CHECK_STR(dd_buf_str(&got), "two");
    mode_t old = umask(077);
    CHECK_OK(dd_file_replace(path_of("masked"), DD_STR("x"), 0644, &err));
    umask(old);
    CHECK(stat(path_of("masked"), &st) == 0 && (st.st_mode & 0777) == 0600);
    dd_buf_free(&got);
}

TEST(messages_and_lines_are_harmless)
{
    dd_err err = DD_ERR_INIT;
    dd_buf b   = DD_BUF_INIT(0);
    dd_fail(&err, DD_ERR_IO, "a\x1b[2Jb\nc\xc2\x9b" "d\xe2\x80\xa8" "e\xe2\x80\xae\xff");
    CHECK_STR(dd_str_z(err.msg), "a?[2Jb?c??d???e????");
    dd_buf_add_line(&b, DD_STR("ä\n\xc2\x85\xff"));
    CHECK_STR(dd_buf_str(&b), "ä\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    dd_buf_free(&b);
}

TEST(reading_stops_at_the_limit_and_at_folders)
{
    dd_err err = DD_ERR_INIT;
    dd_buf got = DD_BUF_INIT(2);
    CHECK_OK(dd_file_replace(path_of("three"), DD_STR("abc"), 0600, &err));
    CHECK_EQ(dd_file_read(path_of("three"), &got, &err), DD_ERR_LIMIT, "3 bytes into 2");
    dd_buf_clear(&got);
    CHECK_EQ(dd_file_read(path_of("absent"), &got, &err), DD_ERR_NOT_FOUND, "absent");
    CHECK_EQ(dd_file_read(dd_test_dir(), &got, &err), DD_ERR_IO, "a folder");
    CHECK(mkfifo(path_of("fifo"), 0600) == 0); /* must not hang */
    CHECK_OK(dd_file_read(path_of("fifo"), &got, &err));
    dd_buf_free(&got);
}

TEST(json_writer_places_commas_and_escapes)
{
    dd_buf  out = DD_BUF_INIT(0);
    dd_json j   = DD_JSON_INIT(&out, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "a");
    dd_json_open(&j, '[');
    dd_json_i64(&j, INT64_MIN);
    dd_json_bool(&j, true);
    dd_json_open(&j, '{');
    dd_json_close(&j, '}');
    dd_json_close(&j, ']');
    dd_json_key(&j, "quote\"");
    dd_json_str(&j, DD_STR("tab\t nul\x01 slash\\ bad\xff :"));
    dd_json_key(&j, "none");
    dd_json_strz(&j, NULL);
    dd_json_close(&j, '}');
    CHECK_STR(dd_buf_str(&out), "{\"a\":[-9223372036854775808,true,{}],\"quote\\\"\":\"tab\\t nul\\u0001 slash\\\\ bad\xef\xbf\xbd :\",\"none\":null}");
    dd_err err  = DD_ERR_INIT;
    cJSON *tree = dd_json_parse(dd_buf_str(&out), "text", &err);
    CHECK(tree != NULL);
    cJSON_Delete(tree);
    dd_buf_free(&out);
}

TEST(json_errors_name_the_place)
{
    dd_err err = DD_ERR_INIT;
    CHECK(dd_json_parse(DD_STR("{\"a\": 1,\n \"b\": }"), "price list \"x\"", &err) == NULL);
    CHECK(strstr(err.msg, "price list \"x\", line 2") != NULL);
    CHECK(dd_json_parse(DD_STR("{} trailing"), "x", &err) == NULL);
    CHECK(dd_json_parse(DD_STR(""), "x", &err) == NULL);
}

TEST(yaml_and_json_are_one_tree_with_lines)
{
    dd_err   err = DD_ERR_INIT;
    dd_yaml *y   = dd_yaml_parse(DD_STR("scan:\n  calls: 30\n  on: yes\n  list: [a, \"2\", 3.5, null, true]\n"), "config \"x\"", &err);
    CHECK(y != NULL);
    cJSON *scan = cJSON_GetObjectItem(dd_yaml_root(y), "scan"), *calls = cJSON_GetObjectItem(scan, "calls");
    CHECK_EQ(calls->valuedouble, 30, "a number");
    CHECK_EQ(dd_yaml_line(y, calls), 2, "its line");
    CHECK(cJSON_IsString(cJSON_GetObjectItem(scan, "on"))); /* YAML 1.2: yes is text */
    cJSON *list = cJSON_GetObjectItem(scan, "list");
    CHECK(cJSON_IsString(cJSON_GetArrayItem(list, 1)) && cJSON_IsNull(cJSON_GetArrayItem(list, 3)) && cJSON_IsTrue(cJSON_GetArrayItem(list, 4)));
    dd_yaml_free(y);
    y = dd_yaml_parse(DD_STR("{\"a\": [1, 2]}"), "config \"x\"", &err);
    CHECK(y && cJSON_GetArraySize(cJSON_GetObjectItem(dd_yaml_root(y), "a")) == 2);
    dd_yaml_free(y);
    y = dd_yaml_parse(DD_STR(""), "config \"x\"", &err);
    CHECK(y && cJSON_IsObject(dd_yaml_root(y)));
    dd_yaml_free(y);
}

TEST(yaml_errors_name_line_and_reason)
{
    static const struct { const char *text, *want; } cases[] = {
        { "a: 1\na: 2\n", "line 2: key \"a\" is there twice" },
        { "a: [1\n", "line" },
        { "a: &x 1\nb: *x\n", "line 2: aliases" },
        { "a: 1\n---\nb: 2\n", "more than one document" },
        { "? [1]\n: 2\n", "a key must be text" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_err err = DD_ERR_INIT;
        CHECK(dd_yaml_parse(dd_str_z(cases[i].text), "file", &err) == NULL);
        if (!strstr(err.msg, cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", cases[i].want, err.msg);
    }
    dd_buf deep = DD_BUF_INIT(0);
    dd_buf_pad(&deep, '[', 100000);
    dd_err err = DD_ERR_INIT;
    CHECK(dd_yaml_parse(dd_buf_str(&deep), "file", &err) == NULL);
    dd_buf_free(&deep);
}

TEST(errors_are_one_line)
{
    dd_err err = DD_ERR_INIT;
    dd_fail(&err, DD_ERR_IO, "file \"%s\"", "a\nb\033[31m");
    CHECK_STR(dd_str_z(err.msg), "file \"a?b?[31m\"");
    dd_hint(&err, "Look.");
    dd_wrap(&err, "price list");
    CHECK_STR(dd_str_z(err.msg), "price list: file \"a?b?[31m\"");
    CHECK_STR(dd_str_z(err.hint), "Look.");
    for (int i = 0; i < 100; i++)
        dd_wrap(&err, "again and again and again");
    CHECK(strlen(err.msg) < sizeof err.msg);
}
