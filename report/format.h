/* report/format.h - figures and places as people read them.
 *
 * Everything returns text in the arena that is handed in. Unknown money is the word "unknown", never 0. */
#ifndef DD_REPORT_FORMAT_H
#define DD_REPORT_FORMAT_H
#include "route/audit.h"

dd_str dd_fmt_count(dd_arena *a, int64_t n);                     /* "1,234" */
dd_str dd_fmt_plural(dd_arena *a, size_t n, const char *one, const char *many); /* "1 call", "1,234 calls" */
dd_str dd_fmt_tokens(dd_arena *a, int64_t n);                    /* "912", "12.3k", "1.2M"; "?" below 0 */
dd_str dd_fmt_money(dd_arena *a, dd_pusd m);                     /* "$0.0042", "$12.50" */
dd_str dd_fmt_about(dd_arena *a, dd_pusd m);                     /* as above, without cents from $1,000 on */
dd_str dd_fmt_percent(dd_arena *a, dd_pusd part, dd_pusd whole); /* "71%", "<1%"; "" when there is no whole */
dd_str dd_fmt_took(dd_arena *a, double ms);                      /* "<0.01 ms", "0.42 ms", "420 ms", "1.90 s", "12 min"; "-" below 0 */
/* A moment as the clocks of a zone show it, which it names: "2026-11-20 13:05:59.123 UTC", "2026-11-20 14:05:59.123 +01:00". */
dd_str dd_fmt_moment(dd_arena *a, int64_t time_ms, int32_t offset_s);
dd_str dd_fmt_clock(dd_arena *a, int64_t time_ms, int32_t offset_s);   /* "13:05:59" */
dd_str dd_fmt_zone(dd_arena *a, int32_t offset_s);               /* "UTC", "+01:00" */
dd_str dd_fmt_day(dd_arena *a, dd_day d);                        /* "2026-11-20"; "" for none */
dd_str dd_fmt_age(dd_arena *a, int days);                        /* "0 days old", "1 day old" */
/* `s` in at most `width` columns, cut with an ellipsis. */
dd_str dd_fmt_fit(dd_arena *a, dd_str s, int width);
/* `path` in at most `width` columns: folders in the middle go first, then the middle of the name. */
dd_str dd_fmt_path(dd_arena *a, dd_str path, int width);
dd_str dd_fmt_where(dd_arena *a, const dd_site *s, int width);   /* "src/a.py:12", "nb.ipynb[3]:12"; width 0: any */
dd_str dd_fmt_model(dd_arena *a, const dd_site *s);              /* as written; "a | b" of candidates; "unknown model" */
dd_str dd_fmt_how(const dd_site *s);                             /* how the model is known: "literal", "env default" */
dd_str dd_fmt_join(dd_arena *a, const dd_str *v, size_t n, const char *sep, size_t max); /* "a, b, +3" */
dd_str dd_fmt_capital(dd_arena *a, dd_str s);                    /* first letter upper case, unless the first word is a name like gpt-4o */
dd_str dd_fmt_uri(dd_arena *a, dd_str root, dd_str path);        /* file:// URI; "" when root is not absolute */
#endif
