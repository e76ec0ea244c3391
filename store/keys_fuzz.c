/* A key's text is the sum of its parts; a glob fits exactly where the definition, spelled out, says so; a master key survives being written. */
#include <stdlib.h>
#include <string.h>

#include "store/secrets.h"
#include "store/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

/* By a table: fits[g][t] says that the glob from g on fits the text from t on. */
static bool by_definition(dd_str glob, dd_str text)
{
    static bool fits[66][66];
    for (size_t g = glob.len + 1; g-- > 0;)
        for (size_t t = text.len + 1; t-- > 0;) {
            char c     = g < glob.len ? glob.ptr[g] : '\0';
            bool whole = g == glob.len;
            if (whole)
                fits[g][t] = t == text.len;
            else if (c == '*')
                fits[g][t] = fits[g + 1][t] || (t < text.len && fits[g][t + 1]);
            else
                fits[g][t] = t < text.len && (c == '?' || lower(c) == lower(text.ptr[t])) && fits[g + 1][t + 1];
        }
    return fits[0][0];
}

static void check_master(dd_str text)
{
    dd_secret key, again;
    char      hex[2 * DD_MASTER_LEN + 1];
    if (dd_master_parse(text, &key, NULL) != DD_OK) {
        must(!dd_secret_is(key));
        return;
    }
    must(dd_secret_reveal(key).len == DD_MASTER_LEN);
    dd_master_format(key, hex);
    must(dd_master_parse(dd_str_z(hex), &again, NULL) == DD_OK && dd_str_eq(dd_secret_reveal(key), dd_secret_reveal(again)));
    dd_secret_free(&key);
    dd_secret_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str input = { (const char *)data, size }, id, secret;
    if (dd_key_parse(input, &id, &secret)) {
        dd_buf whole = DD_BUF_INIT(0);
        dd_buf_printf(&whole, DD_KEY_PREFIX DD_STR_FMT "_" DD_STR_FMT, DD_STR_ARG(id), DD_STR_ARG(secret));
        must(dd_str_eq(dd_buf_str(&whole), input));
        dd_buf_free(&whole);
    }
    check_master(input);
    dd_str text = input, glob = dd_str_cut(&text, '\n');
    glob = dd_str_sub(glob, 0, 64);
    text = dd_str_sub(text, 0, 64);
    must(dd_str_glob(glob, text, true) == by_definition(glob, text));
    return 0;
}
