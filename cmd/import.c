/* cmd/import.c - `dd0c config import`. */
#include "cmd/import.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/yaml.h"
#include "cmd/cmd.h"
#include "cmd/snapshot.h"

typedef struct { const char *output; } import_args;
const dd_opt dd_config_import_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'o', "output", import_args, output, "file",
           "write it to <file>, which must not be there yet; without this, to standard output"),
    DD_OPT_END
};

typedef dd_code reader_fn(dd_import *im, const cJSON *root, dd_err *err);
static const struct { const char *name, *says; reader_fn *read; } formats[] = {
    { "litellm", "LiteLLM", dd_import_litellm },
    { "portkey", "Portkey", dd_import_portkey },
    { "policy", "policy file", dd_import_policy },
};

/* The result is read back, so that nobody gets a file that does not load. */
static void check(const dd_cmd *cmd, dd_str text)
{
    dd_config    c;
    dd_err       why     = DD_ERR_INIT;
    dd_buf       missing = DD_BUF_INIT(64 << 10);
    dd_snapshot *s       = NULL;
    dd_config_init(&c);
    if (dd_config_parse(&c, text, "the result", &why) == DD_OK)
        s = dd_snapshot_draft(&c, &missing, &why);
    if (!s)
        dd_cmd_warn(cmd, "the result needs a hand before it loads: %s", why.msg);
    dd_snapshot_drop(s);
    dd_config_fini(&c);
    dd_buf_free(&missing);
}

static dd_code hand_over(const dd_cmd *cmd, const dd_import *im, const char *path, dd_str text, dd_err *err)
{
    dd_code rc;
    if (path && dd_file_exists(path)) {
        rc = dd_fail(err, DD_ERR_USAGE, "file \"%s\" is there already", path);
        dd_hint(err, "Name another one: nothing is overwritten.");
        return rc;
    }
    rc = path ? dd_file_replace(path, text, 0644, err) : dd_cmd_print(text, err);
    for (size_t i = 0; i < im->notes.n && rc == DD_OK; i++) {
        dd_buf line = DD_BUF_INIT(4096);
        dd_buf_add_line(&line, im->notes.v[i]);
        fprintf(stderr, "note: " DD_STR_FMT "\n", DD_STR_ARG(dd_buf_str(&line)));
        dd_buf_free(&line);
    }
    for (size_t i = 0; i < im->lost.n && rc == DD_OK; i++)
        dd_cmd_warn(cmd, "not taken over: " DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(im->lost.v[i].path), DD_STR_ARG(im->lost.v[i].why));
    return rc;
}

static dd_code import(const dd_cmd *cmd, size_t format, const char *file, const char *output, dd_err *err)
{
    dd_buf    text = DD_BUF_INIT(16 << 20), out = DD_BUF_INIT(0), what = DD_BUF_INIT(400);
    dd_import im = { 0 };
    dd_buf_printf(&what, "%s configuration \"%s\"", formats[format].says, file);
    dd_code  rc   = dd_file_read(file, &text, err);
    dd_yaml *yaml = rc == DD_OK ? dd_yaml_parse(dd_buf_str(&text), dd_buf_z(&what), err) : NULL;
    if (yaml)
        dd_import_reserve(&im, dd_yaml_root(yaml));
    if (rc == DD_OK)
        rc = yaml ? formats[format].read(&im, dd_yaml_root(yaml), err) : err->code;
    if (rc == DD_OK) {
        const char *slash = strrchr(file, '/');
        dd_import_write(&im, formats[format].says, slash ? slash + 1 : file, &out);
        check(cmd, dd_buf_str(&out));
        rc = hand_over(cmd, &im, output, dd_buf_str(&out), err);
    }
    dd_yaml_free(yaml);
    dd_import_fini(&im);
    dd_buf_free(&text);
    dd_buf_free(&out);
    dd_buf_free(&what);
    return rc;
}

dd_code dd_cmd_config_import(const dd_cmd *self, int argc, char **argv, int *status, dd_err *err)
{
    import_args args = { 0 };
    int         words;
    bool        done;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words != 2) {
        rc = dd_fail(err, DD_ERR_USAGE, "a format and a file are needed");
        dd_hint(err, "dd0c config import litellm config.yaml -o dd0c.yaml; formats: litellm, portkey, policy.");
        return rc;
    }
    for (size_t i = 0; i < DD_COUNT(formats); i++)
        if (strcmp(argv[1], formats[i].name) == 0)
            return import(self, i, argv[2], args.output, err);
    rc = dd_fail(err, DD_ERR_USAGE, "there is no format \"%s\"", argv[1]);
    dd_hint(err, "One of: litellm, portkey, policy.");
    return rc;
}
