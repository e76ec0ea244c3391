#include "route/money_json.h"

void dd_money_value(dd_json *j, dd_pusd m)
{
    dd_buf b = DD_BUF_INIT(64);
    dd_money_json(m, &b);
    dd_json_raw(j, dd_buf_str(&b));
    dd_buf_free(&b);
}

void dd_money_member(dd_json *j, const char *key, dd_pusd m)
{
    dd_json_key(j, key);
    dd_money_value(j, m);
}
