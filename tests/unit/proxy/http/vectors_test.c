/* Raw requests and what a careful server answers: tests/data/http.jsonl.gz (its fields: tests/data/http.md). */
#include "tests/unit/proxy/http/client.h"

#include <cjson/cJSON.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

typedef struct {
    const char *name, *expect, *delivery;
    dd_buf      raw;
    bool        must_close, needs_upstream;
    int         responses;      /* 0: not said */
    const cJSON *then;
} vector;

static const char *text_of(const cJSON *o, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
    return s ? s : "";
}

static void base64(const char *s, dd_buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t          bits = 0;
    int               n    = 0;
    for (; *s && *s != '='; s++) {
        bits = bits << 6 | (uint32_t)(strchr(letters, *s) - letters);
        if ((n += 6) >= 8)
            dd_buf_addc(out, (char)(bits >> (n -= 8) & 255));
    }
}

static bool meets(dd_str expect, int status, bool interim)
{
    while (expect.len > 0) {
        dd_str one = dd_str_cut(&expect, '|');
        int64_t code;
        if ((dd_str_eqz(one, "close") && status == 0) || (dd_str_eqz(one, "4xx") && status / 100 == 4) || (dd_str_eqz(one, "100") && interim))
            return true;
        if (dd_parse_i64(one, &code) && code == status)
            return true;
    }
    return false;
}

static bool judge(const vector *v, const answers *a, const char *how)
{
    const char *fault = NULL;
    int         first = a->n > 0 ? a->final[0] : 0, i = 1;
    if (!meets(dd_str_z(v->expect), first, a->interim > 0))
        fault = "another outcome";
    if (v->responses && a->n > v->responses)
        fault = "too many answers";
    if (v->must_close && !a->closed)
        fault = "the connection stays open";
    if (a->broken)
        fault = "the answer is broken";
    const cJSON *t;
    cJSON_ArrayForEach(t, v->then)
    {
        if (i < a->n && !meets(dd_str_z(cJSON_GetStringValue(t)), a->final[i], false))
            fault = "another answer after the first";
        i++;
    }
    if (fault)
        dd_test_fail(__FILE__, __LINE__, "%s, %s: %s (first answer %d of %d, expected %s)", v->name, how, fault, first, a->n, v->expect);
    return fault == NULL;
}

static void run(test_server *t, const vector *v, bool bytewise)
{
    int     before = t->upstream, canaries = t->canaries, fd = test_connect(t->port), want = v->responses ? v->responses : 1;
    bool    hold = strcmp(v->delivery, "hold") == 0;
    answers a    = { 0 };
    test_send(fd, dd_buf_str(&v->raw), bytewise || strcmp(v->delivery, "bytewise") == 0);
    if (strcmp(v->delivery, "reset") == 0) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
        a.closed = true;
    } else {
        if (strcmp(v->delivery, "half_close") == 0)
            shutdown(fd, SHUT_WR);
        test_read(fd, &a, want, false);
        if (!v->must_close && !hold)
            shutdown(fd, SHUT_WR); /* now it ends the connection, too: nothing more is to come */
        test_read(fd, &a, 128, false);
    }
    close(fd);
    judge(v, &a, bytewise ? "bytewise" : "as told");
    if (v->needs_upstream && a.n > 0 && a.final[0] == 200)
        CHECK_EQ(t->upstream - before, 1, v->name);
    if (v->responses == 1 || t->upstream == before + 1)
        CHECK_EQ(t->canaries - canaries, 0, v->name);
    test_answers_free(&a);
}

static bool read_vector(cJSON *o, vector *v)
{
    if (o == NULL)
        return false;
    *v = (vector){ text_of(o, "name"), text_of(o, "expect"), text_of(o, "delivery"), DD_BUF_INIT(0), false, false, 0,
        cJSON_GetObjectItemCaseSensitive(o, "then") };
    base64(text_of(o, "raw_base64"), &v->raw);
    v->must_close        = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "must_close"));
    v->needs_upstream    = strcmp(text_of(o, "needs"), "upstream") == 0;
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(o, "responses");
    v->responses         = cJSON_IsNumber(most) ? (int)most->valuedouble : 0;
    return true;
}

TEST(http_vectors_are_met)
{
    static char line[2 << 20];
    test_server t;
    int         n  = 0;
    gzFile      gz = gzopen("tests/data/http.jsonl.gz", "rb");
    CHECK(gz != NULL);
    test_server_start(&t, NULL);
    while (gz && gzgets(gz, line, sizeof line)) {
        vector v;
        cJSON *o = cJSON_Parse(line);
        if (read_vector(o, &v)) {
            run(&t, &v, false);
            if (v.raw.len < 4000 && strcmp(v.delivery, "reset") != 0)
                run(&t, &v, true);
            dd_buf_free(&v.raw);
            n++;
        }
        cJSON_Delete(o);
    }
    if (gz)
        gzclose(gz);
    CHECK_EQ(n, 126, "vectors");
    test_server_stop(&t);
}
