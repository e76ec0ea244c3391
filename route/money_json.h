/* route/money_json.h - money as a value in JSON: an exact decimal of USD, null when it is not known. */
#ifndef DD_ROUTE_MONEY_JSON_H
#define DD_ROUTE_MONEY_JSON_H
#include "base/json.h"
#include "route/money.h"

void dd_money_value(dd_json *j, dd_pusd m);
void dd_money_member(dd_json *j, const char *key, dd_pusd m);   /* a name and its value */
#endif
