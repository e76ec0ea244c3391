/* A server in a thread, a small application behind it, and a client that reads raw answers. */
#ifndef DD_TEST_HTTP_CLIENT_H
#define DD_TEST_HTTP_CLIENT_H
#include <pthread.h>
#include <stdatomic.h>

#include "proxy/http/server.h"
#include "tests/unit/test.h"

typedef struct {
    dd_loop       *loop;
    dd_server     *server;
    pthread_t      thread;
    int            port;
    atomic_int     requests, gone, sent, drained, upstream, canaries;
    atomic_size_t  waiting_max;
    _Atomic int64_t bytes_sent, bytes_received;  /* of all answers; of the last request */
    dd_buf         seen;           /* bodies of POST, one behind the other: read it after stop */
    dd_http       *held;           /* of GET /hold: answered by GET /release of another connection */
    size_t         left;           /* of GET /large: bytes still to be said */
    atomic_bool    done;
} test_server;

void test_server_start(test_server *t, const dd_server_opts *opts);
void test_server_drain(test_server *t);      /* from any thread; t->done when none is left */
void test_server_stop(test_server *t);

typedef struct {
    int    interim, final[128], n;  /* statuses; interim: how many 1xx */
    bool   closed, says_close, broken;
    dd_buf body, head;              /* of the first final answer */
    int64_t received;
} answers;

int  test_connect(int port);
bool test_send(int fd, dd_str bytes, bool bytewise);
/* Reads until there are `want` final answers, the end, or nothing comes for 5 s. `head_only`: answers to HEAD. */
void test_read(int fd, answers *a, int want, bool head_only);
void test_answers_free(answers *a);
/* One exchange on its own connection; the connection is closed by us unless the server did. */
answers test_exchange(int port, const char *request, int want);
bool test_until(atomic_int *n, int at_least); /* waits for a counter of another thread, at most 5 s */
#endif
