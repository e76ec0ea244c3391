#include "report/views.h"

dd_code dd_report_html(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    (void)a, (void)o, (void)out;
    return dd_fail(err, DD_ERR_NOT_FOUND, "format \"html\" is not built yet");
}
