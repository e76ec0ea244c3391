/* route/money.h - money.
 *
 * dd_pusd is whole picodollars (1e-12 USD), within +-9.2 million USD. A price in microdollars per million
 * tokens, times tokens, is exactly that: nothing is rounded before it is printed. */
#ifndef DD_ROUTE_MONEY_H
#define DD_ROUTE_MONEY_H
#include "base/err.h"
#include "base/str.h"

typedef int64_t dd_pusd;
#define DD_PUSD_PER_USD ((dd_pusd)1000000000000)
#define DD_PUSD_UNKNOWN INT64_MIN   /* unknown is never 0 */

/* Sums and products; DD_ERR_RANGE past dd_pusd, *out then as it was. */
dd_code dd_money_add(dd_pusd a, dd_pusd b, dd_pusd *out);
dd_code dd_money_mul(dd_pusd a, int64_t n, dd_pusd *out);
/* a - b; DD_PUSD_UNKNOWN when one of them is not known, or past dd_pusd. */
dd_pusd dd_money_less(dd_pusd a, dd_pusd b);
/* Exact decimal of USD without trailing zeros ("0.01485", "12", "-0.5"): what JSON carries. */
void dd_money_json(dd_pusd m, dd_buf *out);
/* For people: "$1,234.56", "$0.0042", "<$0.01"-free: at least 2 decimals, at least 2 significant digits. */
void dd_money_show(dd_pusd m, dd_buf *out);
/* "12.50", "$12.50", "1,200" to picodollars. DD_ERR_PARSE. */
dd_code dd_money_parse(dd_str s, dd_pusd *out, dd_err *err);
#endif
