/* cmd/prices.c - dd0c prices update and import: a newer price list into the cache. */
#include "cmd/prices.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/config.h"
#include "cmd/fetch.h"
#include "pricing-cache/formats.h"
#include "pricing-cache/update.h"

static const char default_path[] = "/api/v1/pricing/current";

typedef struct {
    const char *url, *config;
    bool        quiet;
} update_args;

const dd_opt dd_prices_update_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "url", update_args, url, "url", "fetch this list (default: prices.url of the configuration, else $DD0C_PRICES_URL)"),
    DD_OPT(DD_OPT_TEXT, 0, "config", update_args, config, "file", "read this configuration file"),
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", update_args, quiet, NULL, "say nothing when it went well"),
    DD_OPT_END
};
const dd_opt dd_prices_import_opts[] = {
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", update_args, quiet, NULL, "say nothing when it went well"),
    DD_OPT_END
};

dd_code dd_prices_cmd_open(const dd_cmd *cmd, const dd_prices_opts *opts, dd_prices **out, dd_err *err)
{
    dd_buf         cache = DD_BUF_INIT(0);
    dd_prices_opts own   = *opts;
    dd_dir_cache(&cache);
    own.cache_dir = dd_buf_z(&cache);
    *out          = dd_prices_open(&own, err);
    dd_buf_free(&cache);
    if (!*out)
        return err->code;
    dd_prices_check_age(*out, dd_day_of(dd_wall_now()));
    if (dd_prices_warning(*out).len)
        dd_cmd_warn(cmd, DD_STR_FMT, DD_STR_ARG(dd_prices_warning(*out)));
    return DD_OK;
}

static void say(const dd_prices_updated *r, const char *verb)
{
    char day[11] = "?";
    if (r->date != DD_DAY_NONE)
        dd_day_format(r->date, day);
    fprintf(stderr, "dd0c prices: %s %zu prices of %s (%s)\n", verb, r->rows, day, r->format);
    if (r->skipped)
        fprintf(stderr, "dd0c prices: left out %zu entries that are no token price of a model, first: %s\n", r->skipped, r->first_skipped);
}

/* "https://prices.example" is a server: the list is at the path every such server has. */
static void complete_url(const char *url, dd_buf *out)
{
    const char *host  = strstr(url, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;
    dd_buf_addz(out, url);
    if (!host || (slash && slash[1]))
        return;
    if (slash)
        out->len--;
    dd_buf_addz(out, default_path);
}

static dd_code fetch(const char *url, bool quiet, dd_err *err)
{
    dd_buf                  cache = DD_BUF_INIT(0), full = DD_BUF_INIT(0);
    dd_prices_updated result;
    dd_dir_cache(&cache);
    complete_url(url, &full);
    dd_prices_source opts = { dd_buf_z(&cache), dd_buf_z(&full), dd_day_of(dd_wall_now()), dd_fetch_url, NULL };
    dd_code          rc   = dd_prices_update(&opts, &result, err);
    if (rc == DD_OK && !quiet)
        say(&result, result.unchanged ? "still the newest:" : "fetched");
    dd_buf_free(&cache);
    dd_buf_free(&full);
    return rc;
}

static const char *choose_url(const char *given, const char *configured)
{
    const char *env = getenv("DD0C_PRICES_URL");
    if (given && *given)
        return given;
    if (configured && *configured)
        return configured;
    return env && *env ? env : NULL;
}

static dd_code no_url(dd_err *err)
{
    dd_fail(err, DD_ERR_USAGE, "no address to fetch prices from is set");
    dd_hint(err, "Give --url, prices.url in dd0c.yaml or $DD0C_PRICES_URL; docs/prices.md names lists that can be read, such as OpenRouter's "
                 "and models.dev's.");
    return DD_ERR_USAGE;
}

dd_code dd_prices_refresh(const dd_cmd *cmd, const char *url, dd_err *err)
{
    (void)cmd;
    const char *chosen = choose_url(NULL, url);
    return chosen ? fetch(chosen, false, err) : no_url(err);
}

dd_code dd_cmd_prices_update(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    update_args args = { NULL, NULL, false };
    dd_config   config;
    int         words = 0;
    bool        done  = false;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words)
        return dd_fail(err, DD_ERR_USAGE, "unexpected argument \"%s\": an address is given with --url", argv[1]);
    rc = dd_config_load(&config, args.config, err);
    if (rc != DD_OK)
        return rc;
    const char *url = choose_url(args.url, config.prices.url);
    rc              = url ? fetch(url, args.quiet, err) : no_url(err);
    dd_config_fini(&config);
    return rc;
}

static dd_code read_stdin(dd_buf *out, dd_err *err)
{
    char    chunk[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0) {
        dd_buf_add(out, (dd_str){ chunk, (size_t)n });
        if (out->over)
            return dd_fail(err, DD_ERR_LIMIT, "standard input is larger than %zu MB", out->max >> 20);
    }
    return n == 0 ? DD_OK : dd_fail(err, DD_ERR_IO, "could not read standard input");
}

dd_code dd_cmd_prices_import(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    update_args             args = { NULL, NULL, false };
    dd_prices_updated result;
    dd_buf                  cache = DD_BUF_INIT(0), text = DD_BUF_INIT(DD_PRICES_MAX_BYTES), what = DD_BUF_INIT(600);
    int                     words = 0;
    bool                    done  = false;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words != 1)
        return dd_fail(err, DD_ERR_USAGE, words ? "more than one file: each would replace the one before" : "no FILE given");
    rc = strcmp(argv[1], "-") == 0 ? read_stdin(&text, err) : dd_file_read(argv[1], &text, err);
    dd_buf_printf(&what, "price list \"%s\"", argv[1]);
    dd_dir_cache(&cache);
    if (rc == DD_OK)
        rc = dd_prices_import(dd_buf_z(&cache), dd_buf_str(&text), dd_buf_z(&what), dd_day_of(dd_wall_now()), &result, err);
    if (rc == DD_OK && !args.quiet)
        say(&result, "imported");
    dd_buf_free(&cache);
    dd_buf_free(&text);
    dd_buf_free(&what);
    return rc;
}
