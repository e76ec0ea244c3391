/* The server over real sockets: order, framing of answers, limits, timeouts, back-pressure, draining, TLS. */
#include "tests/unit/proxy/http/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path, n, body) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " n "\r\n\r\n" body

static void expect(test_server *t, const char *request, int status, const char *body, const char *why)
{
    answers a = test_exchange(t->port, request, 1);
    CHECK_EQ(a.n, 1, why);
    CHECK_EQ(a.final[0], status, why);
    if (body)
        CHECK_STR(dd_buf_str(&a.body), body);
    test_answers_free(&a);
}

TEST(answers_are_framed)
{
    test_server t;
    test_server_start(&t, NULL);
    expect(&t, POST("/echo", "5", "hello"), 200, "hello", "a body goes in and out");
    expect(&t, GET("/chunks"), 200, "onetwo", "length not known: chunked, an empty piece is no end");
    expect(&t, "GET /chunks HTTP/1.0\r\n\r\n", 200, NULL, "HTTP/1.0 gets no chunks: the connection ends");
    expect(&t, GET("/empty"), 204, "", "204 has no body whatever is given");
    answers a = test_exchange(t.port, GET("/chunks"), 1);
    /* no header of a provider's ends a line */
    CHECK(dd_str_findz(dd_buf_str(&a.head), "x-evil") < 0 && dd_str_findz(dd_buf_str(&a.head), "x-split") < 0);
    CHECK(dd_str_findz(dd_buf_str(&a.head), "Content-Length") < 0 && dd_str_findz(dd_buf_str(&a.head), "x-fine: yes\r\n") > 0);
    CHECK(dd_str_findz(dd_buf_str(&a.head), "\r\nDate: ") > 0 && dd_str_findz(dd_buf_str(&a.head), " GMT\r\n") > 0);
    test_answers_free(&a);
    int fd = test_connect(t.port);
    a      = (answers){ 0 };
    test_send(fd, DD_STR("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\nHEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\n" GET("/empty")), false);
    test_read(fd, &a, 3, true);
    test_send(fd, DD_STR(GET("/health")), false);
    test_read(fd, &a, 4, false);
    CHECK(a.n == 4 && a.final[3] == 200 && !a.broken); /* HEAD and 204 have no body, and the connection goes on */
    CHECK(dd_str_findz(dd_buf_str(&a.head), "Content-Length: 2\r\n") > 0);
    close(fd);
    test_answers_free(&a);
    test_server_stop(&t);
}

TEST(close_wins_over_keep_alive)
{
    static const struct { const char *request; bool closes; } t[] = {
        { "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", true },
        { "GET /health HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", true },
        { "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false },
        { "GET /health HTTP/1.1\r\nHost: a\r\nConnection: x, Keep-Alive\r\n\r\n", false },
    };
    test_server s;
    test_server_start(&s, NULL);
    for (size_t i = 0; i < DD_COUNT(t); i++) {
        answers a = test_exchange(s.port, t[i].request, 1);
        CHECK_EQ(a.says_close, t[i].closes, t[i].request);
        test_answers_free(&a);
    }
    test_server_stop(&s);
}

TEST(cut_answers_look_cut)
{
    static const char *const paths[] = { GET("/cut"), GET("/short"), GET("/cut-chunked"), "GET /cut-chunked HTTP/1.0\r\n\r\n" };
    test_server t;
    test_server_start(&t, NULL);
    for (size_t i = 0; i < DD_COUNT(paths); i++) {
        int     fd = test_connect(t.port);
        char    piece[4096];
        ssize_t n, all = 0;
        test_send(fd, dd_str_z(paths[i]), false);
        while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
            all += n;
        CHECK_EQ(n, i == 3 ? -1 : 0, "only a reset tells a client of HTTP/1.0");
        CHECK(i == 3 || all > 0);
        close(fd);
    }
    CHECK_EQ(t.gone, 0, "who cuts is not told that the client left");
    test_server_stop(&t);
}

TEST(pipelined_requests_are_answered_in_order)
{
    test_server t;
    test_server_start(&t, NULL);
    int     fd = test_connect(t.port);
    answers a  = { 0 };
    test_send(fd, DD_STR(GET("/hold") POST("/echo", "3", "abc") GET("/nope") GET("/health")), false);
    CHECK(test_until(&t.requests, 1));
    expect(&t, GET("/release"), 200, NULL, "another connection is served meanwhile");
    test_read(fd, &a, 4, false);
    CHECK_EQ(a.n, 4, "all are answered");
    CHECK_STR(dd_buf_str(&a.body), "held");
    CHECK(a.final[1] == 200 && a.final[2] == 404 && a.final[3] == 200);
    close(fd);
    test_answers_free(&a);
    test_server_stop(&t);
}

TEST(pipelining_without_end_is_held_back)
{
    test_server t;
    dd_buf      many = DD_BUF_INIT(0);
    test_server_start(&t, NULL);
    int fd = test_connect(t.port), sent = 0;
    dd_buf_addz(&many, GET("/hold"));
    for (int i = 0; i < 1000; i++)
        dd_buf_addz(&many, GET("/health"));
    test_send(fd, dd_buf_str(&many), false);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (ssize_t n; (n = send(fd, many.ptr + 30, 36 * 900, MSG_NOSIGNAL)) > 0 && sent < 64 << 20; sent += (int)n)
        poll(NULL, 0, 1);
    CHECK(sent < 32 << 20); /* the kernel's buffers and 128 kB of ours */
    close(fd);
    CHECK(test_until(&t.requests, 1));
    dd_buf_free(&many);
    test_server_stop(&t);
}

TEST(refusals_come_in_the_applications_words)
{
    test_server t;
    test_server_start(&t, &(dd_server_opts){ .max_body_bytes = 10, .max_head_bytes = 1000 });
    expect(&t, POST("/echo", "11", "01234567890"), 413, "{\"error\":{\"message\":\"the body is larger than this server takes\",\"code\":413}}",
        "413");
    expect(&t, "GET / HTTP/1.1\r\n\r\n", 400, "{\"error\":{\"message\":\"there must be one Host field that names a host\",\"code\":400}}", "400");
    CHECK_EQ(t.requests, 0, "nothing of that reached the application");
    test_server_stop(&t);
}

TEST(refusals_reach_clients_that_still_send)
{
    test_server   t;
    struct pollfd p    = { .events = POLLIN };
    dd_buf        body = DD_BUF_INIT(0);
    answers       a    = { 0 };
    test_server_start(&t, NULL);
    p.fd = test_connect(t.port);
    dd_buf_pad(&body, 'x', 2 << 20);
    test_send(p.fd, DD_STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n"), false);
    CHECK(poll(&p, 1, 5000) == 1);
    test_send(p.fd, dd_buf_str(&body), false); /* closing now would reset the connection, and the answer with it */
    test_read(p.fd, &a, 1, false);
    CHECK(a.n == 1 && a.final[0] == 413);
    close(p.fd);
    test_answers_free(&a);
    dd_buf_free(&body);
    test_server_stop(&t);
}

TEST(more_connections_than_allowed_wait)
{
    test_server t;
    int         fd[3];
    answers     a = { 0 };
    test_server_start(&t, &(dd_server_opts){ .max_conns = 2 });
    for (int i = 0; i < 3; i++) {
        fd[i] = test_connect(t.port);
        test_send(fd[i], DD_STR(GET("/health")), false);
    }
    CHECK(test_until(&t.requests, 2));
    poll(NULL, 0, 30);
    CHECK_EQ(t.requests, 2, "the third is not let in");
    close(fd[0]);
    test_read(fd[2], &a, 1, false);
    CHECK_EQ(a.n, 1, "until one has left");
    close(fd[1]), close(fd[2]);
    test_answers_free(&a);
    test_server_stop(&t);
}

TEST(bytes_are_counted)
{
    test_server t;
    int64_t     before = 0;
    test_server_start(&t, NULL);
    static const char *const requests[] = { POST("/echo", "5", "hello"), GET("/chunks"),
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", GET("/large?3000000") };
    for (size_t i = 0; i < DD_COUNT(requests); i++) {
        answers a = test_exchange(t.port, requests[i], 1);
        CHECK(test_until(&t.sent, (int)i + 1));
        CHECK_EQ(t.bytes_sent - before, a.received, "each byte of an answer");
        CHECK_EQ(t.bytes_received, (int64_t)strlen(requests[i]), "each byte of a request");
        before = t.bytes_sent;
        test_answers_free(&a);
    }
    test_server_stop(&t);
}

TEST(expect_100_continue)
{
    test_server t;
    test_server_start(&t, NULL);
    int     fd = test_connect(t.port);
    char    piece[100];
    answers a = { 0 };
    test_send(fd, DD_STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"), false);
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    CHECK_STR(((dd_str){ piece, n > 0 ? (size_t)n : 0 }), "HTTP/1.1 100 Continue\r\n\r\n");
    test_send(fd, DD_STR("abc"), false);
    test_read(fd, &a, 1, false);
    CHECK_STR(dd_buf_str(&a.body), "abc");
    close(fd);
    test_answers_free(&a);
    expect(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n", 413, NULL, "no 100 before a 413");
    a  = (answers){ 0 };
    fd = test_connect(t.port);
    test_send(fd, DD_STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na"), false);
    poll(NULL, 0, 20);
    test_send(fd, DD_STR("bc"), false);
    test_read(fd, &a, 1, false);
    close(fd);
    CHECK(a.interim == 0 && a.final[0] == 200); /* who did not wait needs no leave */
    test_answers_free(&a);
    test_server_stop(&t);
}

TEST(timeouts)
{
    test_server t;
    test_server_start(&t, &(dd_server_opts){ .head_timeout_ms = 60, .body_timeout_ms = 60, .idle_timeout_ms = 60 });
    expect(&t, "GET / HTTP/1.1\r\nHost:", 408, NULL, "a head that does not end");
    expect(&t, POST("/echo", "5", "he"), 408, NULL, "a body that does not end");
    int     fd = test_connect(t.port);
    answers a  = { 0 };
    test_send(fd, DD_STR(GET("/health")), false);
    test_read(fd, &a, 2, false);
    CHECK(a.n == 1 && a.closed); /* idle: closed without a word */
    close(fd);
    test_answers_free(&a);
    fd = test_connect(t.port);
    test_send(fd, DD_STR(GET("/hold")), false);
    CHECK(test_until(&t.requests, 2));
    poll(NULL, 0, 150); /* the application may take its time */
    CHECK_EQ(t.gone, 0, "a request in hand has no timeout here");
    close(fd);
    CHECK(test_until(&t.gone, 1));
    test_server_stop(&t);
}

TEST(a_client_that_leaves_is_noticed)
{
    test_server t;
    test_server_start(&t, NULL);
    int fd = test_connect(t.port);
    test_send(fd, DD_STR(GET("/hold")), false);
    CHECK(test_until(&t.requests, 1));
    close(fd);
    CHECK(test_until(&t.gone, 1));
    CHECK_EQ(t.sent, 0, "gone, so nothing was sent");
    expect(&t, GET("/health"), 200, "ok", "others are served");
    test_server_stop(&t);
}

TEST(a_slow_reader_holds_back_its_source)
{
    enum { BYTES = 20 << 20, HIGH = 100000 };
    test_server t;
    test_server_start(&t, &(dd_server_opts){ .high_bytes = HIGH });
    int     fd = test_connect(t.port);
    answers a  = { 0 };
    test_send(fd, DD_STR(GET("/large?20971520")), false);
    poll(NULL, 0, 100);
    CHECK_EQ(t.sent, 0, "20 MB do not fit the kernel's buffers");
    test_read(fd, &a, 1, false);
    CHECK_EQ(a.body.len, BYTES, "all arrives");
    CHECK(test_until(&t.sent, 1) && t.drained > 0);
    CHECK(t.waiting_max <= HIGH + 70000); /* the mark and the piece that crossed it */
    close(fd);
    test_answers_free(&a);
    test_server_stop(&t);
}

TEST(a_reader_that_stops_is_given_up)
{
    test_server t;
    test_server_start(&t, &(dd_server_opts){ .send_timeout_ms = 80 });
    int fd = test_connect(t.port);
    test_send(fd, DD_STR(GET("/large?30000000")), false);
    CHECK(test_until(&t.gone, 1));
    close(fd);
    test_server_stop(&t);
}

TEST(drain_finishes_what_is_in_hand)
{
    test_server t;
    test_server_start(&t, NULL);
    int     held = test_connect(t.port), idle = test_connect(t.port);
    answers a = { 0 }, b = { 0 };
    test_send(idle, DD_STR(GET("/health")), false);
    test_read(idle, &b, 1, false);
    test_send(held, DD_STR(GET("/hold")), false);
    CHECK(test_until(&t.requests, 2));
    int release = test_connect(t.port);
    test_send(release, DD_STR("GET /release HTTP/1.1\r\nHos"), false);
    poll(NULL, 0, 20);
    test_server_drain(&t);
    test_read(idle, &b, 2, false);
    CHECK(b.n == 1 && b.closed);
    CHECK(!t.done);
    test_send(release, DD_STR("t: a\r\n\r\n"), false); /* a request that began before is still served */
    test_read(held, &a, 2, false);
    CHECK(a.n == 1 && a.final[0] == 200 && a.says_close && a.closed);
    close(release), close(held), close(idle);
    for (int i = 0; i < 2000 && !t.done; i++)
        poll(NULL, 0, 1);
    CHECK(t.done);
    test_answers_free(&a);
    test_answers_free(&b);
    test_server_stop(&t);
}

TEST(a_taken_port_is_not_shared_with_strangers)
{
    test_server t;
    dd_err      err = DD_ERR_INIT;
    test_server_start(&t, NULL);
    dd_server_opts none  = { 0 };
    dd_loop       *l     = dd_loop_new(NULL);
    dd_server     *again = dd_server_new(l, "127.0.0.1", t.port, &none, &err);
    CHECK(again != NULL); /* a loop of ours */
    dd_server_free(again);
    int                fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a  = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t          n  = sizeof a;
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
    CHECK(bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 1) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    CHECK(dd_server_new(l, "127.0.0.1", ntohs(a.sin_port), &none, &err) == NULL);
    CHECK(strstr(err.msg, "could not listen on \"127.0.0.1:") != NULL);
    close(fd);
    dd_loop_free(l);
    test_server_stop(&t);
}

/* ---- TLS ---- */

static void make_certificate(char cert[200], char key[200])
{
    snprintf(cert, 200, "%s/cert.pem", dd_test_dir());
    snprintf(key, 200, "%s/key.pem", dd_test_dir());
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509     *x    = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, pair);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, pair, EVP_sha256());
    FILE *f = fopen(cert, "w");
    PEM_write_X509(f, x);
    fclose(f);
    f = fopen(key, "w");
    PEM_write_PrivateKey(f, pair, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(pair);
}

/* Sends one request by TLS; the answer's bytes until the end, appended. false: no handshake. */
static bool tls_exchange(int port, int max_version, dd_str request, dd_buf *answer)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(ctx, max_version);
    SSL *ssl = SSL_new(ctx);
    int  fd = test_connect(port), n;
    SSL_set_fd(ssl, fd);
    bool ok = SSL_connect(ssl) == 1;
    if (ok) {
        char piece[16384];
        SSL_write(ssl, request.ptr, (int)request.len);
        while ((n = SSL_read(ssl, piece, sizeof piece)) > 0)
            dd_buf_add(answer, (dd_str){ piece, (size_t)n });
        ok = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN; /* the end was said, not only cut */
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return ok;
}

TEST(tls_speaks_the_same)
{
    char        cert[200], key[200];
    test_server t;
    dd_buf      got = DD_BUF_INIT(0), request = DD_BUF_INIT(0);
    signal(SIGPIPE, SIG_IGN);
    make_certificate(cert, key);
    test_server_start(&t, &(dd_server_opts){ .tls_cert = cert, .tls_key = key });
    dd_buf_printf(&request, "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n");
    dd_buf_pad(&request, 'x', 300000);
    CHECK(tls_exchange(t.port, TLS1_3_VERSION, dd_buf_str(&request), &got));
    CHECK(dd_str_startsz(dd_buf_str(&got), "HTTP/1.1 200 OK\r\n") && got.len > 300000);
    dd_buf_clear(&got);
    CHECK(!tls_exchange(t.port, TLS1_2_VERSION, DD_STR("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), &got)); /* 1.3 unless asked */
    CHECK_EQ(got.len, 0, "nothing was said to who speaks 1.2");
    CHECK(tls_exchange(t.port, TLS1_3_VERSION, DD_STR("GET /large?20000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), &got));
    CHECK(got.len > 20000000);
    answers plain = test_exchange(t.port, GET("/health"), 1);
    CHECK_EQ(plain.n, 0, "plain HTTP to a TLS port gets no answer");
    test_answers_free(&plain);
    test_server_stop(&t);
    test_server_start(&t, &(dd_server_opts){ .tls_cert = cert, .tls_key = key, .tls_12 = true });
    dd_buf_clear(&got);
    CHECK(tls_exchange(t.port, TLS1_2_VERSION, DD_STR("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), &got));
    CHECK(dd_str_endsz(dd_buf_str(&got), "\r\n\r\nok"));
    test_server_stop(&t);
    dd_loop       *l    = dd_loop_new(NULL);
    dd_err         err  = DD_ERR_INIT;
    dd_server_opts none = { .tls_cert = "/nowhere.pem" };
    CHECK(dd_server_new(l, "127.0.0.1", 0, &none, &err) == NULL && strstr(err.msg, "certificate \"/nowhere.pem\"") != NULL);
    dd_loop_free(l);
    dd_buf_free(&got), dd_buf_free(&request);
}
