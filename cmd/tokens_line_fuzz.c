/* Any bytes as a line: an error that says something, or a text. Any bytes as a text: written as JSON and read back, it is
 * the same, but for bytes that are not UTF-8. */
#include "base/json.h"
#include "cmd/tokens_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str raw = {(const char *)data, size};
    dd_buf text = DD_BUF_INIT(0), line = DD_BUF_INIT(0);
    dd_err err = DD_ERR_INIT;
    if (dd_tokens_line(raw, &text, &err) != DD_OK && err.msg[0] == '\0')
        abort();
    dd_buf_addz(&line, "{\"a\": [{}, 1], \"text\": ");
    dd_json_quote(&line, raw);
    dd_buf_addz(&line, "}");
    if (dd_tokens_line(dd_buf_str(&line), &text, &err) != DD_OK)
        abort();
    if (dd_utf8_valid(raw) && !dd_str_eq(raw, dd_buf_str(&text)))
        abort();
    dd_buf_free(&text);
    dd_buf_free(&line);
    return 0;
}
