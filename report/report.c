#include "report/views.h"

static const dd_report_format formats[] = {
    { "text", "txt", dd_report_text },   { "json", "json", dd_report_json },    { "jsonl", "jsonl", dd_report_jsonl },
    { "markdown", "md", dd_report_markdown }, { "sarif", "sarif", dd_report_sarif }, { "csv", "csv", dd_report_csv },
    { "html", "html", dd_report_html },
};

const dd_report_format *dd_report_find(const char *name)
{
    for (size_t i = 0; i < DD_COUNT(formats); i++)
        if (dd_str_eq(dd_str_z(name), dd_str_z(formats[i].name)))
            return &formats[i];
    return NULL;
}

const dd_report_format *dd_report_formats(size_t *n)
{
    *n = DD_COUNT(formats);
    return formats;
}
