/* The mock: what faults and times mean, and that clients which leave at any moment leave nothing behind. */
#include "proxy/mock.h"
#include "tests/unit/proxy/http/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

TEST(mock_times_are_read)
{
    static const struct { const char *text; bool ok; int64_t low, high; } t[] = {
        { "50ms", true, 50000, 50000 }, { "1.5s", true, 1500000, 1500000 }, { "200us", true, 200, 200 }, { "20ms..80ms", true, 20000, 80000 },
        { "5", true, 5000, 5000 }, { "0ms", true, 0, 0 }, { "", false, 0, 0 }, { "ms", false, 0, 0 }, { "5m", false, 0, 0 }, { "-1ms", false, 0, 0 },
        { "80ms..20ms", false, 0, 0 }, { "1e9s", false, 0, 0 }, { "nans", false, 0, 0 }, { "1.2.3s", false, 0, 0 },
    };
    for (size_t i = 0; i < DD_COUNT(t); i++) {
        dd_mock_delay d = { -1, -1 };
        CHECK_EQ(dd_mock_delay_parse(dd_str_z(t[i].text), &d), t[i].ok, t[i].text);
        if (t[i].ok)
            CHECK(d.low_us == t[i].low && d.high_us == t[i].high);
    }
}

TEST(mock_faults_are_read)
{
    dd_mock_fault    f;
    dd_mock_schedule s;
    dd_err           err = DD_ERR_INIT;
    CHECK_OK(dd_mock_fault_parse(DD_STR("status=429; retry-after=1;reset-after=0;drip=1ms;tokens=7"), &f, &err));
    CHECK(f.status == 429 && strcmp(f.retry_after, "1") == 0 && f.reset_after == 0 && f.drip_us == 1000 && f.tokens == 7 && f.stall_after == -1);
    CHECK_OK(dd_mock_fault_parse(DD_STR(""), &f, &err));
    static const char *const bad[] = { "status", "status=99", "status=x", "reset=1", "what", "drip=0ms", "stall-after=-1", "retry-after=" };
    for (size_t i = 0; i < DD_COUNT(bad); i++)
        CHECK_EQ(dd_mock_fault_parse(dd_str_z(bad[i]), &f, &err), DD_ERR_USAGE, bad[i]);
    CHECK_OK(dd_mock_schedule_parse(DD_STR("12.5%:reset"), &s, &err));
    CHECK(s.percent > 12.4 && s.percent < 12.6 && s.fault.reset);
    CHECK_EQ(dd_mock_schedule_parse(DD_STR("101%:reset"), &s, &err), DD_ERR_USAGE, "a share is at most 100");
}

typedef struct { dd_mock_shared shared; dd_loop *loop; dd_mock *mock; pthread_t thread; int port; } served;

static void *run_loop(void *loop)
{
    dd_loop_run(loop);
    return NULL;
}

static void start_mock(served *s)
{
    dd_err err = DD_ERR_INIT;
    s->loop = dd_loop_new(&err);
    s->mock = dd_mock_new(s->loop, "127.0.0.1", 0, &s->shared, &err);
    s->port = dd_server_port(dd_mock_server(s->mock));
    pthread_create(&s->thread, NULL, run_loop, s->loop);
}

static void stop_mock(served *s)
{
    dd_loop_stop(s->loop);
    pthread_join(s->thread, NULL);
    dd_mock_free(s->mock);
    dd_loop_free(s->loop);
}

static const char *const faults[] = { "", "status=503", "reset", "stall", "truncate", "malformed", "garbage-headers", "drip=20us", "no-done",
    "reset-after=3",
                                      "stall-after=2", "error-after=2", "latency=2ms", "chunk-delay=1ms", "latency=1ms;drip=20us;truncate" };
static const char *const bodies[] = { "{\"model\":\"m\",\"messages\":[]}", "{\"model\":\"m\",\"stream\":true,\"messages\":[]}", "{\"model\":", "" };

TEST(mock_outlives_clients_that_leave)
{
    served   s    = { 0 };
    uint32_t seed = 1;
    dd_buf   text = DD_BUF_INIT(0);
    start_mock(&s);
    for (int i = 0; i < 600; i++) {
        seed             = seed * 1664525 + 1013904223;
        const char *body = bodies[seed >> 8 & 3], *fault = faults[(seed >> 12) % DD_COUNT(faults)];
        bool        rst = seed >> 20 & 1;
        char        piece[256];
        int         fd = test_connect(s.port);
        dd_buf_clear(&text);
        for (unsigned n = 0; n <= (seed >> 24 & 1); n++)
            dd_buf_printf(&text, "POST /v1/%s HTTP/1.1\r\nHost: a\r\nx-mock-fault: %s\r\nContent-Length: %zu\r\n\r\n%s",
                          seed >> 21 & 1 ? "messages" : "chat/completions", fault, strlen(body), body);
        size_t part = seed >> 26 & 3 ? text.len : (seed >> 4) % text.len;
        test_send(fd, dd_str_sub(dd_buf_str(&text), 0, part), false);
        struct pollfd p = { fd, POLLIN, 0 };
        for (unsigned n = seed >> 28 & 3; n > 0 && poll(&p, 1, 3) == 1 && recv(fd, piece, sizeof piece, 0) > 0; n--)
            continue;
        if (rst)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
        close(fd);
    }
    for (int i = 0; i < 3000 && dd_server_conns(dd_mock_server(s.mock)) > 0; i++)
        poll(NULL, 0, 1);
    CHECK_EQ(dd_server_conns(dd_mock_server(s.mock)), 0, "no connection is left");
    answers a = test_exchange(s.port, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    CHECK(a.n == 1 && a.final[0] == 200);
    test_answers_free(&a);
    dd_buf_free(&text);
    stop_mock(&s);
}
