#include "proxy/http/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 64, BACKLOG = 1024 };
static const int64_t ACCEPT_PAUSE_NS = 50000000;

/* ---- options ---- */

static size_t or_size(size_t v, size_t otherwise) { return v ? v : otherwise; }
static int64_t or_ms(int64_t v, int64_t otherwise) { return v > 0 ? v : otherwise; }

static void fill_options(dd_server *s, const dd_server_opts *opts)
{
    dd_server_opts o  = *opts;
    o.head_timeout_ms = or_ms(o.head_timeout_ms, 30000);
    o.body_timeout_ms = or_ms(o.body_timeout_ms, 60000);
    o.idle_timeout_ms = or_ms(o.idle_timeout_ms, 75000);
    o.send_timeout_ms = or_ms(o.send_timeout_ms, 60000);
    o.high_bytes      = or_size(o.high_bytes, 256 << 10);
    s->opts           = o;
    s->limits         = (dd_request_limits){ or_size(o.max_head_bytes, 64 << 10), or_size(o.max_fields, 200), or_size(o.max_body_bytes, 64 << 20) };
}

/* ---- descriptors ---- */

static bool prepare(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0; }

static int accept_one(int listener)
{
#ifdef __linux__
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int fd = accept(listener, NULL, NULL), one = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (prepare(fd))
        return fd;
    close(fd);
    return -1;
#endif
}

/* ---- the port ---- */

/* Which ports are ours: a second loop may join them, another program's port may not be joined in silence. */
static struct { pthread_mutex_t lock; int port[256]; int users[256]; } ours = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int *users_of(int port, bool make)
{
    for (size_t i = 0; i < DD_COUNT(ours.port); i++)
        if (ours.users[i] > 0 && ours.port[i] == port)
            return &ours.users[i];
    for (size_t i = 0; make && i < DD_COUNT(ours.port); i++)
        if (ours.users[i] == 0) {
            ours.port[i] = port;
            return &ours.users[i];
        }
    return NULL;
}

static void use_port(int port, int by)
{
    pthread_mutex_lock(&ours.lock);
    int *users = users_of(port, by > 0);
    if (users)
        *users += by;
    pthread_mutex_unlock(&ours.lock);
}

static bool port_is_ours(int port)
{
    pthread_mutex_lock(&ours.lock);
    bool is = users_of(port, false) != NULL;
    pthread_mutex_unlock(&ours.lock);
    return is;
}

static int open_socket(const struct addrinfo *a, bool share)
{
    int one = 1, fd = socket(a->ai_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (share)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static int listen_on(const struct addrinfo *a, int port)
{
    int one = 1;
    if (port != 0 && !port_is_ours(port)) { /* SO_REUSEPORT would let us share it with whoever has it */
        int probe = open_socket(a, false);
        if (probe < 0)
            return -1;
        close(probe);
    }
    int fd = open_socket(a, true);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* connections inherit it */
    if (listen(fd, BACKLOG) == 0 && prepare(fd))
        return fd;
    close(fd);
    return -1;
}

static int port_of(int fd)
{
    union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } a = { .v6 = { 0 } };
    socklen_t n = sizeof a;
    if (getsockname(fd, &a.any, &n) != 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static dd_code open_listener(dd_server *s, const char *host, int port, dd_err *err)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
    char            service[16];
    snprintf(service, sizeof service, "%d", port);
    int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0)
        return dd_fail(err, DD_ERR_NET, "could not listen on \"%s\": %s", host, gai_strerror(rc));
    s->listener.fd = listen_on(found, port);
    freeaddrinfo(found);
    if (s->listener.fd < 0) {
        dd_fail_errno(err, errno, "could not listen on \"%s:%d\"", host, port);
        dd_hint(err, "Another program may listen there: choose another port (0 takes any that is free), or end it.");
        return DD_ERR_NET;
    }
    s->port = port_of(s->listener.fd);
    use_port(s->port, 1);
    return dd_loop_watch(s->loop, &s->listener, DD_IO_READ, err);
}

/* ---- a socket in a folder ---- */

static bool local_address(const char *path, struct sockaddr_un *a)
{
    size_t n = strlen(path);
    *a       = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (n >= sizeof a->sun_path)
        return false;
    memcpy(a->sun_path, path, n + 1);
    return true;
}

bool dd_server_is_local(const char *path)
{
    struct sockaddr_un a;
    if (!local_address(path, &a))
        return false;
    int  fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool is = fd >= 0 && prepare(fd) && (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EAGAIN);   /* EAGAIN: its queue is full */
    if (fd >= 0)
        close(fd);
    return is;
}

/* Nobody can connect before listen: until then the mode is set. */
static bool bind_local(dd_server *s, const struct sockaddr_un *a)
{
    struct stat st;
    s->listener.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s->listener.fd < 0 || bind(s->listener.fd, (const struct sockaddr *)a, sizeof *a) != 0)
        return false;
    if (stat(a->sun_path, &st) == 0) {
        s->local.path   = dd_strdup(dd_str_z(a->sun_path));
        s->local.device = (uint64_t)st.st_dev;
        s->local.inode  = (uint64_t)st.st_ino;
    }
    return chmod(a->sun_path, 0600) == 0 && listen(s->listener.fd, BACKLOG) == 0 && prepare(s->listener.fd);
}

static dd_code open_local(dd_server *s, const char *path, dd_err *err)
{
    struct sockaddr_un a;
    if (!local_address(path, &a)) {
        dd_fail(err, DD_ERR_LIMIT, "could not listen on \"%s\": a socket's path has at most %zu bytes", path, sizeof a.sun_path - 1);
        return DD_ERR_LIMIT;
    }
    if (bind_local(s, &a))
        return dd_loop_watch(s->loop, &s->listener, DD_IO_READ, err);
    dd_fail_errno(err, errno, "could not listen on \"%s\"", path);
    return DD_ERR_IO;
}

static void remove_local(dd_server *s)
{
    struct stat st;
    if (s->local.path && lstat(s->local.path, &st) == 0 && (uint64_t)st.st_dev == s->local.device && (uint64_t)st.st_ino == s->local.inode)
        unlink(s->local.path);
    free(s->local.path);
    s->local.path = NULL;
}

static void close_listener(dd_server *s)
{
    remove_local(s);
    if (s->listener.fd < 0)
        return;
    dd_loop_watch(s->loop, &s->listener, 0, NULL);
    close(s->listener.fd);
    s->listener.fd = -1;
    if (s->port)
        use_port(s->port, -1);
}

/* ---- connections come and go ---- */

static void pause_accepting(dd_server *s)
{
    dd_loop_watch(s->loop, &s->listener, 0, NULL);
    dd_loop_timer(s->loop, &s->accept_again, dd_loop_now(s->loop).ns + ACCEPT_PAUSE_NS);
}

static void on_accept_again(dd_timer *t)
{
    dd_server *s = t->owner;
    if (s->listener.fd >= 0)
        dd_loop_watch(s->loop, &s->listener, DD_IO_READ, NULL);
}

static void on_accept(dd_io *io, unsigned events)
{
    dd_server *s = io->owner;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        if (s->opts.max_conns && s->n_conns >= s->opts.max_conns) {
            pause_accepting(s);
            return;
        }
        int fd = accept_one(io->fd);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(s); /* it would be ready again at once */
            return;
        }
        dd_conn_accept(s, fd);
    }
}

static void tell_drained(void *arg)
{
    dd_server *s = arg;
    if (!s->drained && !s->dead) {
        s->drained = true;
        if (s->done)
            s->done(s->done_arg);
    }
    dd_server_called(s);
}

void dd_server_later(dd_server *s, void (*fn)(void *))
{
    s->calls++;
    dd_loop_defer(s->loop, fn, s);
}

void dd_server_called(dd_server *s)
{
    if (--s->calls == 0 && s->dead)
        free(s);
}

void dd_server_forget(dd_server *s, dd_conn *c)
{
    *(c->prev ? &c->prev->next : &s->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->n_conns--;
    if (s->draining && s->n_conns == 0 && !s->dead)
        dd_server_later(s, tell_drained);
}

const char *dd_server_date(dd_server *s)
{
    int64_t second = dd_loop_now(s->loop).ns / 1000000000;
    if (second != s->date_s) {
        static const char days[][4]   = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t    t = (time_t)dd_wall_now().s;
        struct tm g;
        gmtime_r(&t, &g);
        snprintf(s->date, sizeof s->date, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[g.tm_wday], (unsigned)g.tm_mday % 100u, months[g.tm_mon],
                 (unsigned)(g.tm_year + 1900) % 10000u, (unsigned)g.tm_hour % 100u, (unsigned)g.tm_min % 100u, (unsigned)g.tm_sec % 100u);
        s->date_s = second;
    }
    return s->date;
}

/* ---- life ---- */

static dd_server *new_server(dd_loop *l, const dd_server_opts *opts)
{
    dd_server *s    = dd_calloc(1, sizeof *s);
    s->loop         = l;
    s->listener     = (dd_io){ .fd = -1, .ready = on_accept, .owner = s };
    s->accept_again = (dd_timer){ .due = on_accept_again, .owner = s };
    s->date_s       = -1;
    s->scratch      = dd_malloc(DD_SCRATCH);
    fill_options(s, opts);
    return s;
}

dd_server *dd_server_new_local(dd_loop *l, const char *path, const dd_server_opts *opts, dd_err *err)
{
    dd_server *s = new_server(l, opts);
    if (open_local(s, path, err) == DD_OK)
        return s;
    dd_server_free(s);
    return NULL;
}

dd_server *dd_server_new(dd_loop *l, const char *host, int port, const dd_server_opts *opts, dd_err *err)
{
    dd_server *s  = new_server(l, opts);
    dd_code    rc = DD_OK;
    if (opts->tls_cert && !(s->tls = dd_tls_ctx_new(opts->tls_cert, opts->tls_key ? opts->tls_key : opts->tls_cert, opts->tls_12, err)))
        rc = DD_ERR_IO;
    if (rc == DD_OK)
        rc = open_listener(s, host, port, err);
    if (rc == DD_OK)
        return s;
    dd_server_free(s);
    return NULL;
}

void dd_server_tls(dd_server *s, dd_tls_ctx *c)
{
    dd_tls_ctx_free(s->tls);
    s->tls = c;
}

int    dd_server_port(const dd_server *s) { return s->port; }
size_t dd_server_conns(const dd_server *s) { return s->n_conns; }

void dd_server_drain(dd_server *s, void (*done)(void *), void *arg)
{
    if (s->draining)
        return;
    s->draining = true;
    s->done     = done;
    s->done_arg = arg;
    if (s->listener.fd >= 0)
        on_accept(&s->listener, DD_IO_READ); /* who was let in by the kernel already gets an answer */
    dd_loop_timer(s->loop, &s->accept_again, 0);
    close_listener(s);
    for (dd_conn *c = s->conns; c; c = c->next)
        dd_conn_drain(c);
    if (s->n_conns == 0)
        dd_server_later(s, tell_drained);
}

void dd_server_free(dd_server *s)
{
    if (s == NULL)
        return;
    s->dead = true;
    dd_loop_timer(s->loop, &s->accept_again, 0);
    close_listener(s);
    while (s->conns)
        dd_conn_kill(s->conns);
    dd_tls_ctx_free(s->tls);
    free(s->scratch);
    free(s->spare);
    s->scratch = s->spare = NULL;
    if (s->calls == 0)
        free(s); /* else with the last call that was put off */
}

dd_str dd_http_header(const dd_http *h, const char *lower_name)
{
    size_t n = strlen(lower_name);
    for (size_t i = 0; i < h->n_headers; i++)
        if (h->headers[i].name.len == n && memcmp(h->headers[i].name.ptr, lower_name, n) == 0)
            return h->headers[i].value;
    return DD_STR_NULL;
}
