/* cmd/fetch.h - GET and POST over HTTP(S), with libcurl: the one place of the program that opens a connection outward. */
#ifndef DD_CMD_FETCH_H
#define DD_CMD_FETCH_H
#include "pricing-cache/update.h"

/* A dd_fetch_fn; ctx is not used. http and https only, also after a redirect (at most 5); 10 s to connect, 60 s in all, and not under
 * 100 bytes a second for 15 s; the body up to reply->body.max. Honours the usual proxy variables; reads no .netrc, keeps no cookie. */
dd_fetch_fn dd_fetch_url;
/* POST of JSON with the same limits; an answer other than 2xx is an error. */
dd_code dd_fetch_post(const char *url, dd_str json, dd_err *err);
#endif
