/* Any bytes behind a question mark: refused, or parameters that, written with every byte escaped, read as the same; a moment is within bounds, and no day ends
 * before it begins. */
#include <stdlib.h>

#include "cmd/admin.h"

enum { MOST = 8 };

static void escape(dd_str s, dd_buf *out)
{
    for (size_t i = 0; i < s.len; i++)
        dd_buf_printf(out, "%%%02x", (unsigned char)s.ptr[i]);
}

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void check_moment(dd_str text)
{
    int64_t begin, end;
    bool    ok = dd_moment_read(text, NULL, false, &begin);
    need(ok == dd_moment_read(text, NULL, true, &end));
    need(!ok || (begin >= -86400 && end <= INT64_C(253402387200) && begin <= end));   /* an offset may reach behind 1970, or past 9999 */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_arena a     = DD_ARENA_INIT;
    dd_buf   again = DD_BUF_INIT(0);
    dd_param one[MOST], two[MOST];
    size_t   n, m;
    if (dd_params_read((dd_str){ (const char *)data, size }, &a, one, MOST, &n)) {
        for (size_t i = 0; i < n; i++) {
            escape(one[i].name, &again);
            dd_buf_addc(&again, '=');
            escape(one[i].value, &again);
            dd_buf_addc(&again, '&');
            check_moment(one[i].value);
        }
        need(dd_params_read(dd_buf_str(&again), &a, two, MOST, &m) && m == n);
        for (size_t i = 0; i < n; i++)
            need(dd_str_eq(one[i].name, two[i].name) && dd_str_eq(one[i].value, two[i].value));
    }
    dd_buf_free(&again);
    dd_arena_fini(&a);
    return 0;
}
