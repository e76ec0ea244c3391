/* cmd/proxy.c - `dd0c proxy` serves until it is told to end; `dd0c run -- CMD` serves while a command runs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "cmd/cmd.h"
#include "cmd/serve.h"

const dd_opt dd_proxy_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "config", dd_serve_opts, config, "file", "configuration (./dd0c.yaml, then the user's)"),
    DD_OPT(DD_OPT_TEXT, 0, "listen", dd_serve_opts, listen, "host:port", "where to listen (127.0.0.1:4000); port 0 takes any"),
    DD_OPT(DD_OPT_FLAG, 0, "dev", dd_serve_opts, dev, NULL, "send every model to a local Ollama; also DD0C_MODE=dev"),
    DD_OPT(DD_OPT_FLAG, 0, "insecure", dd_serve_opts, insecure, NULL, "listen for others although no key guards the proxy"),
    DD_OPT(DD_OPT_TEXT, 0, "tls-cert", dd_serve_opts, tls_cert, "file", "certificate chain (PEM): clients come by TLS"),
    DD_OPT(DD_OPT_TEXT, 0, "tls-key", dd_serve_opts, tls_key, "file", "its key (PEM)"),
    DD_OPT(DD_OPT_TEXT, 0, "metrics-listen", dd_serve_opts, metrics_listen, "host:port", "where GET /metrics needs no key (nowhere)"),
    DD_OPT(DD_OPT_INT, 0, "workers", dd_serve_opts, workers, "n", "worker threads (one a core)"),
    DD_OPT(DD_OPT_CHOICE, 0, "log-format", dd_serve_opts, log_format, "text|json", "how the log is written, to standard error"),
    DD_OPT(DD_OPT_CHOICE, 0, "log-level", dd_serve_opts, log_level, "error|warning|info|debug", "what the log holds (info)"),
    DD_OPT_END
};

static void watched(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
}

/* The next signal, or 0 after a second. */
static int next_signal(const sigset_t *set)
{
    struct timespec second = { 1, 0 };
    int n = sigtimedwait(set, NULL, &second);
    return n > 0 ? n : 0;
}

dd_code dd_cmd_proxy(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    dd_serve_opts args = { .workers = -1 };
    bool          done;
    sigset_t      set;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    watched(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    dd_serve *s = dd_serve_start(cmd, &args, err);
    if (!s)
        return err->code;
    dd_serve_announce(s);
    for (int got; (got = next_signal(&set)) != SIGTERM && got != SIGINT;) {
        if (got == SIGHUP)
            dd_serve_reload(s);
        else if (got == 0)
            dd_serve_watch(s);
    }
    dd_serve_stop(s);
    return DD_OK;
}

/* --- run --- */

typedef struct { dd_serve_opts serve; } run_args;
const dd_opt dd_run_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "config", run_args, serve.config, "file", "configuration (./dd0c.yaml, then the user's)"),
    DD_OPT(DD_OPT_FLAG, 0, "dev", run_args, serve.dev, NULL, "send every model to a local Ollama; also DD0C_MODE=dev"),
    DD_OPT_END
};

static void set_environment(const char *url, const char *token)
{
    char v1[400];
    snprintf(v1, sizeof v1, "%s/v1", url);
    setenv("OPENAI_BASE_URL", v1, 1);
    setenv("OPENAI_API_BASE", v1, 1);
    setenv("ANTHROPIC_BASE_URL", url, 1);       /* its SDKs add /v1 themselves */
    /* SDKs refuse to start without a key; the real ones stay with the proxy. */
    setenv("OPENAI_API_KEY", token, 1);
    setenv("ANTHROPIC_API_KEY", token, 1);
}

static dd_code spawn(char **argv, const dd_serve *s, const sigset_t *set, pid_t *child, dd_err *err)
{
    int report[2];
    if (pipe(report) != 0)
        return dd_fail_errno(err, errno, "could not start \"%s\"", argv[0]);
    for (int i = 0; i < 2; i++)
        fcntl(report[i], F_SETFD, FD_CLOEXEC);
    *child = fork();
    if (*child < 0) {
        dd_fail_errno(err, errno, "could not start \"%s\"", argv[0]);
        close(report[0]);
        close(report[1]);
        return err->code;
    }
    if (*child == 0) {
        close(report[0]);
        sigprocmask(SIG_UNBLOCK, set, NULL);
        signal(SIGPIPE, SIG_DFL);
        dd_crash_dump_again();
        set_environment(dd_serve_url(s), dd_serve_token(s));
        execvp(argv[0], argv);
        int why = errno;
        if (write(report[1], &why, sizeof why) < 0)
            _exit(126);
        _exit(127);
    }
    int why = 0;
    close(report[1]);
    bool failed = read(report[0], &why, sizeof why) == (ssize_t)sizeof why;   /* closed by a successful exec */
    close(report[0]);
    if (failed) {
        waitpid(*child, NULL, 0);
        return dd_fail_errno(err, why, "could not start \"%s\"", argv[0]);
    }
    return DD_OK;
}

static int wait_for(pid_t child, const sigset_t *set, dd_serve *s)
{
    for (;;) {
        int raw, got = next_signal(set);
        if (waitpid(child, &raw, WNOHANG) == child)
            return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        if (got == SIGTERM || got == SIGHUP)
            kill(child, got);                    /* SIGINT reaches it from the terminal */
        else if (got == 0)
            dd_serve_watch(s);
    }
}

dd_code dd_cmd_run(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    run_args args = { .serve = { .workers = 1, .listen = "127.0.0.1:0", .quiet = true, .token = true } };
    int      words;
    bool     done;
    sigset_t set;
    pid_t    child = -1;
    dd_code  rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc == DD_ERR_USAGE)
        dd_hint(err, "Options of the command itself stand behind --: dd0c run -- python app.py --verbose");
    if (rc != DD_OK || done)
        return rc;
    if (!words) {
        rc = dd_fail(err, DD_ERR_USAGE, "no command given");
        dd_hint(err, "dd0c run -- python app.py");
        return rc;
    }
    watched(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    dd_serve *s = dd_serve_start(cmd, &args.serve, err);
    if (!s)
        return err->code;
    char **command = dd_calloc((size_t)words + 1, sizeof *command);
    memcpy(command, argv + 1, (size_t)words * sizeof *command);
    rc = spawn(command, s, &set, &child, err);
    if (rc == DD_OK)
        *status = wait_for(child, &set, s);
    free(command);
    dd_serve_stop(s);
    return rc;
}
