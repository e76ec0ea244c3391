/* report/digest.h - what every view says about an audit: lists picked, grouped and ordered once.
 *
 * A digest only points into the audit. When nothing is in production (audit->no_production) its amounts are per
 * 1,000 calls of a site, else a month's. Amounts that are not known are DD_PUSD_UNKNOWN and sort last. */
#ifndef DD_REPORT_DIGEST_H
#define DD_REPORT_DIGEST_H
#include "route/audit.h"

typedef struct { const dd_site **v; size_t n, cap; } dd_site_list;

typedef struct {
    dd_advice_kind kind;
    dd_str         model;        /* the model it is about, "" when it is about many */
    dd_str         replacement;  /* or "" */
    dd_str         text;         /* of the first site */
    dd_day         day;
    dd_pusd        saving;       /* summed over sites; 0: a warning */
    dd_site_list   sites;        /* those in the total first */
} dd_notice;
typedef struct { dd_notice *v; size_t n, cap; } dd_notice_list;

typedef struct {
    dd_arena       arena;
    bool           per_1000;
    const char    *unit;          /* "a month", "per 1,000 calls" */
    dd_money_range total;
    dd_pusd        savings;
    dd_site_list   opportunities; /* with a suggestion, largest first */
    dd_site_list   billed;        /* in the headline, dearest first */
    dd_site_list   unknown;       /* billed by token, model or price not known */
    dd_site_list   aside;         /* priced, but not in the headline: tests, examples, notebooks */
    dd_site_list   not_tokens, local, ignored;
    dd_notice_list retired, defaults, more; /* more: caps, caching, batch, embeddings */
    dd_notice_list causes;        /* of the unknown ones that would be billed, by why; most sites first */
    dd_notice_list causes_aside;  /* of the others: tests, examples, notebooks */
    size_t         n_unknown_billed; /* sites in `causes` */
    const dd_sum  *by_file, *by_model, *by_provider, *by_dir;
    size_t         n_by_file, n_by_model, n_by_provider, n_by_dir;
} dd_digest;

void dd_digest_make(dd_digest *d, const dd_audit *audit);
void dd_digest_free(dd_digest *d);
/* What a site costs, and what its suggestion saves, in the digest's unit. */
dd_pusd dd_digest_amount(const dd_digest *d, const dd_site *s);
dd_pusd dd_digest_saving(const dd_digest *d, const dd_site *s);
/* Billed by token, but in no total; the price of one call may be known as a range of candidates. */
bool dd_site_unknown(const dd_site *s);
bool dd_site_priced(const dd_site *s);
/* Why a site has no figure: "model comes from parameter model", "no price for \"x\"". In `a`. */
dd_str dd_site_cause(dd_arena *a, const dd_site *s);
dd_str dd_provider_name(dd_str id);   /* "openai" is "OpenAI"; unknown ones as they are */
#endif
