/* proxy/health.h - asking providers whether they answer, so that a dead one is known before a request finds out.
 *
 * One worker asks, as the configuration says (health:). Two failures in a row open the provider's breaker, one answer closes it again; what requests meet is counted apart.
 * Any answer below 500 is one: a provider that refuses our key is there. */
#ifndef DD_PROXY_HEALTH_H
#define DD_PROXY_HEALTH_H
#include "proxy/gateway.h"

typedef struct dd_health dd_health;
/* `snapshot` is asked at each round; `ctx` is its argument. All in the loop's thread. */
dd_health *dd_health_start(dd_gateway *g, dd_loop *loop, dd_client *client, const dd_snapshot *(*snapshot)(void *ctx), void *ctx);
void       dd_health_stop(dd_health *h);   /* NULL is fine */
#endif
