/* cmd/tokens.c - dd0c tokens: count the tokens of files, of standard input, or of lines of JSON. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/lines.h"
#include "cmd/tokens_line.h"
#include "pricing-cache/prices.h"
#include "route/tokens.h"

#define LINE_MAX_BYTES ((size_t)1 << 30) /* a longer line is refused: its text and ids would not fit memory */
#define CHUNK ((size_t)1 << 18)

typedef struct {
    const char *encoding, *model, *format;
    bool        jsonl, ids;
} tokens_args;

const dd_opt dd_tokens_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'e', "encoding", tokens_args, encoding, "o200k_base|cl100k_base", "count with this encoding (default: o200k_base)"),
    DD_OPT(DD_OPT_TEXT, 'm', "model", tokens_args, model, "name", "count as this model does; an estimate where its tokenizer is not public"),
    DD_OPT(DD_OPT_FLAG, 0, "jsonl", tokens_args, jsonl, NULL, "read lines of {\"text\": ...}, write lines of {\"tokens\": N} in the same order"),
    DD_OPT(DD_OPT_FLAG, 0, "ids", tokens_args, ids, NULL, "also print the ids of the tokens"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", tokens_args, format, "text|json", "print text (default) or one JSON document"),
    DD_OPT_END
};

typedef struct {
    const dd_cmd       *cmd;
    const tokens_args  *args;
    const dd_tokenizer *how;
    dd_token_memo      *memo;
    dd_buf              out, ids; /* ids: of the text counted last, separated by commas */
    dd_buf              text;     /* of a line, decoded */
    int64_t             tokens, bytes; /* of all files */
    size_t              files, failed;
} run;

/* ---- what to count with ---- */

static dd_code tag_of_model(const char *model, dd_buf *tag, dd_err *err)
{
    dd_buf         cache = DD_BUF_INIT(0);
    dd_prices_opts opts = {0};
    dd_dir_cache(&cache);
    opts.cache_dir = dd_buf_z(&cache);
    dd_prices *prices = dd_prices_open(&opts, err);
    dd_buf_free(&cache);
    if (prices == NULL)
        return err->code != DD_OK ? err->code : DD_ERR_PARSE;
    dd_price_hit hit = dd_prices_find(prices, DD_STR(""), dd_str_z(model));
    bool         known = hit.price != NULL && hit.price->tokenizer.len > 0;
    dd_buf_add(tag, known ? hit.price->tokenizer : dd_tokenizer_guess(dd_str_z(model)));
    dd_prices_close(prices);
    return DD_OK;
}

static dd_code choose(const tokens_args *args, const dd_tokenizer **how, dd_err *err)
{
    dd_buf  tag = DD_BUF_INIT(0);
    dd_code rc = DD_OK;
    if (args->model != NULL && args->encoding != NULL) {
        dd_fail(err, DD_ERR_USAGE, "options \"--model\" and \"--encoding\" exclude each other");
        dd_hint(err, "A model names its encoding: give one of the two.");
        return DD_ERR_USAGE;
    }
    if (args->model != NULL)
        rc = tag_of_model(args->model, &tag, err);
    else
        dd_buf_addz(&tag, args->encoding != NULL ? args->encoding : "o200k_base");
    if (rc == DD_OK)
        *how = dd_tokenizer_find(dd_buf_str(&tag));
    dd_buf_free(&tag);
    if (rc == DD_OK && args->ids && !(*how)->exact) {
        dd_fail(err, DD_ERR_USAGE, "model \"%s\" has no public tokenizer, so its tokens have no ids", args->model);
        dd_hint(err, "Its count is estimated without \"--ids\"; ids exist with \"--encoding o200k_base\" or cl100k_base.");
        return DD_ERR_USAGE;
    }
    return rc;
}

static void add_number(dd_buf *out, uint64_t n)
{
    char  digits[20];
    char *p = digits + sizeof digits;
    do
        *--p = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    dd_buf_add(out, (dd_str){p, (size_t)(digits + sizeof digits - p)});
}

static void add_id(void *ctx, uint32_t id)
{
    run *r = ctx;
    if (r->ids.len > 0)
        dd_buf_add(&r->ids, DD_STR(", "));
    add_number(&r->ids, id);
}

/* Counts; with --ids they are in r->ids afterwards. */
static int64_t count(run *r, dd_str text)
{
    dd_buf_clear(&r->ids);
    if (r->how->exact)
        return dd_tokens_encode_memo(r->memo, text, r->args->ids ? add_id : NULL, r);
    return dd_tokens_model(dd_str_z(r->how->tag), text, NULL);
}

static dd_code flush(run *r, dd_err *err)
{
    dd_code rc = dd_cmd_print(dd_buf_str(&r->out), err);
    dd_buf_clear(&r->out);
    return rc;
}

/* ---- lines of JSON ---- */

static dd_code count_line(void *ctx, dd_str line, dd_err *err)
{
    run    *r = ctx;
    dd_code rc = dd_tokens_line(line, &r->text, err);
    if (rc != DD_OK) {
        dd_hint(err, "Each line must be a JSON object with a member \"text\" that is a string.");
        return rc;
    }
    dd_buf_add(&r->out, DD_STR("{\"tokens\": "));
    add_number(&r->out, (uint64_t)count(r, dd_buf_str(&r->text)));
    if (r->args->ids) {
        dd_buf_add(&r->out, DD_STR(", \"ids\": ["));
        dd_buf_add(&r->out, dd_buf_str(&r->ids));
        dd_buf_addc(&r->out, ']');
    }
    dd_buf_addz(&r->out, r->how->exact ? "}\n" : ", \"estimate\": true}\n");
    return r->out.len < CHUNK ? DD_OK : flush(r, err);
}

static dd_code flush_lines(void *ctx, dd_err *err)
{
    return flush(ctx, err);
}

static dd_code count_jsonl_files(run *r, char **names, int n, dd_err *err)
{
    dd_code rc = DD_OK;
    for (int i = 0; i < n && rc == DD_OK; i++)
        rc = dd_lines_each(names[i], LINE_MAX_BYTES, count_line, flush_lines, r, err);
    return rc;
}

/* ---- files ---- */

static int64_t times(int64_t n, double factor)
{
    return (int64_t)ceil((double)n * factor - 1e-9);
}

static void json_count(run *r, dd_json *j, const char *name, int64_t tokens, int64_t bytes)
{
    dd_json_open(j, '{');
    if (name != NULL) {
        dd_json_key(j, "path");
        dd_json_strz(j, name);
    }
    dd_json_key(j, "bytes");
    dd_json_i64(j, bytes);
    dd_json_key(j, "tokens");
    dd_json_i64(j, tokens);
    if (!r->how->exact) {
        dd_json_key(j, "low");
        dd_json_i64(j, times(tokens, r->how->low));
        dd_json_key(j, "high");
        dd_json_i64(j, times(tokens, r->how->high));
    }
    if (name != NULL && r->args->ids) {
        dd_buf all = DD_BUF_INIT(0);
        dd_buf_printf(&all, "[" DD_STR_FMT "]", DD_STR_ARG(dd_buf_str(&r->ids)));
        dd_json_key(j, "ids");
        dd_json_raw(j, dd_buf_str(&all));
        dd_buf_free(&all);
    }
    dd_json_close(j, '}');
}

static void text_count(run *r, const char *name, int64_t tokens)
{
    dd_buf digits = DD_BUF_INIT(0);
    if (!r->how->exact)
        dd_buf_addc(&digits, '~');
    add_number(&digits, (uint64_t)tokens);
    dd_buf_pad(&r->out, ' ', digits.len < 10 ? 10 - digits.len : 0);
    dd_buf_printf(&r->out, DD_STR_FMT "  %s\n", DD_STR_ARG(dd_buf_str(&digits)), name);
    if (r->args->ids && r->ids.len > 0) {
        dd_buf_add(&r->out, dd_buf_str(&r->ids));
        dd_buf_addc(&r->out, '\n');
    }
    dd_buf_free(&digits);
}

/* A file that cannot be read is said and counted; the others go on. */
static void count_file(run *r, dd_json *j, const char *name)
{
    dd_buf text = DD_BUF_INIT(0);
    dd_err err = DD_ERR_INIT;
    if (dd_lines_all(name, &text, &err) != DD_OK) {
        dd_cmd_warn(r->cmd, "%s", err.msg);
        r->failed++;
    } else {
        int64_t n = count(r, dd_buf_str(&text));
        r->tokens += n;
        r->bytes += (int64_t)text.len;
        r->files++;
        if (j != NULL)
            json_count(r, j, name, n, (int64_t)text.len);
        else
            text_count(r, name, n);
    }
    dd_buf_free(&text);
}

static void count_files_text(run *r, char **names, int n)
{
    for (int i = 0; i < n; i++)
        count_file(r, NULL, names[i]);
    dd_buf_clear(&r->ids);
    if (n > 1)
        text_count(r, "total", r->tokens);
    if (!r->how->exact)
        fprintf(stderr, "%s; the truth is probably between %.2f and %.2f of it\n", r->how->basis, r->how->low, r->how->high);
}

static void count_files_json(run *r, char **names, int n)
{
    dd_json j = DD_JSON_INIT(&r->out, 2);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.tokens/1");
    dd_json_key(&j, "tokenizer");
    dd_json_strz(&j, r->how->tag);
    dd_json_key(&j, "exact");
    dd_json_bool(&j, r->how->exact);
    dd_json_key(&j, "basis");
    dd_json_strz(&j, r->how->basis);
    dd_json_key(&j, "files");
    dd_json_open(&j, '[');
    for (int i = 0; i < n; i++)
        count_file(r, &j, names[i]);
    dd_json_close(&j, ']');
    dd_json_key(&j, "total");
    json_count(r, &j, NULL, r->tokens, r->bytes);
    dd_json_close(&j, '}');
    dd_buf_addc(&r->out, '\n');
}

static dd_code count_files(run *r, char **names, int n, int *status, dd_err *err)
{
    if (r->args->format != NULL && strcmp(r->args->format, "json") == 0)
        count_files_json(r, names, n);
    else
        count_files_text(r, names, n);
    if (r->failed > 0)
        *status = DD_EXIT_FAILED;
    return flush(r, err);
}

dd_code dd_cmd_tokens(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    char         dash[] = "-", *standard_input[] = {dash};
    tokens_args  args = {0};
    run          r = {.cmd = cmd, .args = &args, .out = DD_BUF_INIT(0), .ids = DD_BUF_INIT(0), .text = DD_BUF_INIT(0)};
    int          words = 0;
    bool         done = false;
    dd_code      rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if ((rc = choose(&args, &r.how, err)) != DD_OK)
        return rc;
    char **names = words > 0 ? argv + 1 : standard_input;
    words = words > 0 ? words : 1;
    r.memo = dd_token_memo_new(r.how->base);
    rc = args.jsonl ? count_jsonl_files(&r, names, words, err) : count_files(&r, names, words, status, err);
    dd_buf_free(&r.out);
    dd_buf_free(&r.ids);
    dd_buf_free(&r.text);
    dd_token_memo_free(r.memo);
    return rc;
}
