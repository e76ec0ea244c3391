/* report/sheet.h - what the terminal views are drawn with: headings, wrapped text, columns of money, bars.
 *
 * Fills a grid; knows the width and whether block characters may be used, nothing about terminals. */
#ifndef DD_REPORT_SHEET_H
#define DD_REPORT_SHEET_H
#include "report/digest.h"
#include "report/views.h"

typedef struct {
    dd_grid               g;
    const dd_audit       *audit;
    const dd_report_opts *opts;
    dd_digest             d;
    dd_arena              tmp;
    int                   left, right;   /* content is in columns [left, right) */
    bool                  narrow, wide;  /* below 60; from 110 on */
} dd_sheet;

void   dd_sheet_init(dd_sheet *v, const dd_audit *audit, const dd_report_opts *opts);
void   dd_sheet_finish(dd_sheet *v, dd_buf *out);  /* prints and frees */
size_t dd_sheet_row(dd_sheet *v);
void   dd_sheet_need(dd_sheet *v, size_t row);     /* adds rows until `row` is one */
/* A blank row, then the title with a rule to the right edge and `note` at its end. */
void   dd_sheet_heading(dd_sheet *v, const char *title, dd_str note);
/* Writes words from `col` on, broken before `end`, further rows beginning at `hang`. Says the last row used. */
size_t dd_sheet_wrap(dd_sheet *v, size_t row, int col, int hang, int end, dd_role role, dd_str text);
/* "label   text", the text wrapped behind the label; without a label the text stands in the text's column. */
void   dd_sheet_entry(dd_sheet *v, const char *label, dd_role role, dd_str text);
/* Folder dim, name plain, shortened to `width`, clickable. Says the column behind. */
int    dd_sheet_where(dd_sheet *v, size_t row, int col, int width, const dd_site *s);
int    dd_sheet_path(dd_sheet *v, size_t row, int col, int width, dd_str path, dd_str shown);
/* fraction 0..1 of `width` columns in eighths; anything above nothing shows. */
void   dd_sheet_bar(dd_sheet *v, size_t row, int col, int width, dd_role role, double fraction);
const char *dd_sheet_arrow(const dd_sheet *v);

/* A column of money with the decimal points under each other. */
typedef struct { int whole, part; } dd_money_col;
void dd_money_col_add(dd_sheet *v, dd_money_col *c, dd_pusd m);
int  dd_money_col_width(const dd_money_col *c);
void dd_money_col_put(dd_sheet *v, const dd_money_col *c, size_t row, int end, dd_role role, dd_pusd m);

/* The sections, in the files they are named after. */
void dd_text_headline(dd_sheet *v);
void dd_text_opportunities(dd_sheet *v);
void dd_text_calls(dd_sheet *v);
void dd_text_sums(dd_sheet *v);
void dd_text_notices(dd_sheet *v);
void dd_text_aside(dd_sheet *v);
void dd_text_footer(dd_sheet *v);
#endif
