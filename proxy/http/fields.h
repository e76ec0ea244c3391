/* proxy/http/fields.h - what a character may be where, in requests and in answers.
 *
 * What llhttp leaves to its user, or allows in its loose build: names are tokens, values hold no control bytes, Host is a host, a target
 * is one that can be handed on. Pure. Source: RFC 9110 (5.1, 5.5, 7.2), RFC 9112 (3.2), RFC 3986. */
#ifndef DD_PROXY_HTTP_FIELDS_H
#define DD_PROXY_HTTP_FIELDS_H
#include "base/str.h"

bool dd_field_name(char *name, size_t n);              /* a token; letters are made small in place */
bool dd_field_token(dd_str name);
bool dd_field_value(dd_str value);                     /* no control bytes but HTAB */
bool dd_field_is(dd_str value, const char *lower);     /* equal without case */
bool dd_field_lists(dd_str value, const char *lower);  /* an element of a list by commas, without case */
bool dd_host(dd_str value);                            /* uri-host [":" port]; empty is fine */
/* Origin-form out of any request target: "http://host/path?x" becomes "/path?x". NULL text: a target that is refused (control and
 * high bytes, fragments, backslashes, %00, "." and ".." segments, user information, an empty authority, other schemes). */
dd_str dd_target_origin(dd_str target);
#endif
