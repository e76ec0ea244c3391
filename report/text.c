/* The terminal report, top to bottom: what it costs, what can be saved, where it goes, what is not known. */
#include "report/sheet.h"

static void title(dd_sheet *v)
{
    dd_sheet_row(v);
    size_t r   = dd_sheet_row(v);
    int    end = v->right;
    if (!v->narrow)
        end = dd_grid_put_end(&v->g, r, end, DD_ROLE_DIM, dd_fmt_day(&v->tmp, dd_day_of(v->audit->when))) - 2;
    int col = dd_grid_putz(&v->g, r, v->left, DD_ROLE_STRONG, "dd0c scan") + 2;
    dd_str root = v->audit->root.len ? v->audit->root : DD_STR(".");
    dd_grid_put(&v->g, r, col, DD_ROLE_TEXT, dd_fmt_path(&v->tmp, root, end - col));
}

static void nothing_found(dd_sheet *v)
{
    const dd_audit *a = v->audit;
    dd_sheet_row(v);
    size_t r = dd_sheet_row(v);
    if (!a->files_seen) {
        dd_grid_putz(&v->g, r, v->left, DD_ROLE_STRONG, "No source files here");
        dd_sheet_wrap(v, r + 1, v->left, v->left, v->right, DD_ROLE_TEXT,
                      DD_STR("dd0c reads Python, JavaScript, TypeScript and Jupyter notebooks. Is this the right folder? "
                             "Files may be ignored: --no-ignore and --hidden look at them too."));
        return;
    }
    dd_grid_putz(&v->g, r, v->left, DD_ROLE_STRONG, "No LLM calls found");
    dd_str text = dd_arena_printf(&v->tmp, "Looked at " DD_STR_FMT " for calls of OpenAI, Anthropic, Google, Bedrock, Mistral and other "
                                  "providers, of agent frameworks, and raw HTTP requests; " DD_STR_FMT ".",
                                  DD_STR_ARG(dd_fmt_plural(&v->tmp, a->files_seen, "file", "files")),
                                  DD_STR_ARG(a->files_candidates
                                      ? dd_arena_printf(&v->tmp, "%zu mentioned one and %s read in full", a->files_candidates,
                                                        a->files_candidates == 1 ? "was" : "were")
                                      : DD_STR("none mentions one")));
    r = dd_sheet_wrap(v, r + 1, v->left, v->left, v->right, DD_ROLE_TEXT, text);
    dd_sheet_wrap(v, r + 2, v->left, v->left, v->right, DD_ROLE_DIM,
                  DD_STR("Something missing? --no-ignore looks at ignored files too, --max-filesize at larger ones."));
}

dd_code dd_report_text(const dd_audit *audit, const dd_report_opts *opts, dd_buf *out, dd_err *err)
{
    dd_sheet v;
    (void)err;
    dd_sheet_init(&v, audit, opts);
    title(&v);
    if (!audit->n_sites) {
        nothing_found(&v);
    } else {
        dd_text_headline(&v);
        dd_text_opportunities(&v);
        dd_text_calls(&v);
        dd_text_sums(&v);
        dd_text_notices(&v);
        dd_text_aside(&v);
    }
    dd_text_footer(&v);
    dd_sheet_row(&v);
    dd_sheet_finish(&v, out);
    return DD_OK;
}
