/* A saved report from anywhere: it is refused with words, or written again to the same bytes twice, in every format without
 * a crash. */
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const dd_audit *a, const dd_report_opts *o)
{
    size_t n;
    const dd_report_format *f = dd_report_formats(&n);
    for (size_t i = 0; i < n; i++) {
        dd_buf b   = DD_BUF_INIT(0);
        dd_err err = DD_ERR_INIT;
        if (f[i].write(a, o, &b, &err) != DD_OK || !b.len)
            if (a->n_sites)
                abort();
        dd_buf_free(&b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_report_opts o = { .width = 20 + (int)(size % 120), .color = DD_COLOR_TRUE, .links = true, .ascii = size % 2, .verbose = size % 3 == 0,
                         .show_source = true, .cwd_abs = DD_STR("/r"), .version = DD_STR("0") };
    dd_audit a, again;
    dd_err   err = DD_ERR_INIT;
    if (dd_report_read((dd_str){ (const char *)data, size }, &a, &err) != DD_OK) {
        if (!err.msg[0])
            abort();
        dd_arena_fini(&a.arena);
        return 0;
    }
    dd_buf one = DD_BUF_INIT(0), two = DD_BUF_INIT(0);
    const dd_report_format *json = dd_report_find("json");
    if (json->write(&a, &o, &one, &err) != DD_OK || dd_report_read(dd_buf_str(&one), &again, &err) != DD_OK ||
        json->write(&again, &o, &two, &err) != DD_OK || !dd_str_eq(dd_buf_str(&one), dd_buf_str(&two)))
        abort();
    write_all(&a, &o);
    dd_buf_free(&one);
    dd_buf_free(&two);
    dd_arena_fini(&again.arena);
    dd_arena_fini(&a.arena);
    return 0;
}
