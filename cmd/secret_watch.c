#include "cmd/secret_watch.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/keys.h"
#include "store/secrets.h"

struct dd_secret_watch {
    DD_VEC(char *) names;
    dd_db         *db;
    int64_t        version;   /* of the database when `seen` was taken; -1: not yet */
    uint64_t       seen;
};

dd_secret_watch *dd_secret_watch_new(void)
{
    dd_secret_watch *w = dd_calloc(1, sizeof *w);
    w->version         = -1;
    return w;
}

static void forget_names(dd_secret_watch *w)
{
    for (size_t i = 0; i < w->names.n; i++)
        free(w->names.v[i]);
    w->names.n = 0;
}

static void add_name(dd_secret_watch *w, const char *text)
{
    static const char front[] = "secret:";
    if (text && strncmp(text, front, sizeof front - 1) == 0)
        dd_vec_push(&w->names, dd_strdup(dd_str_z(text + sizeof front - 1)));
}

static dd_code open_db(dd_secret_watch *w, dd_err *err)
{
    if (w->db && dd_db_moved(w->db)) {
        dd_db_close(w->db);
        w->db = NULL;
    }
    if (w->db)
        return DD_OK;
    w->version = -1;
    dd_code rc = dd_config_db_open(false, &w->db, err);
    return rc == DD_OK && !w->db ? DD_ERR_NOT_FOUND : rc;
}

/* false: nothing new, or nothing to be known. */
static bool look(dd_secret_watch *w, uint64_t *now)
{
    dd_err  err     = DD_ERR_INIT;
    int64_t version = -1;
    *now            = 0;
    if (open_db(w, &err) != DD_OK || dd_db_commits(w->db, &version, &err) != DD_OK || version == w->version)
        return false;
    for (size_t i = 0; i < w->names.n; i++)
        if (dd_secrets_stamp(w->db, DD_ORG_DEFAULT, dd_str_z(w->names.v[i]), now, &err) != DD_OK)
            return false;
    w->version = version;
    return true;
}

void dd_secret_watch_names(dd_secret_watch *w, const dd_config *c)
{
    forget_names(w);
    for (size_t i = 0; i < c->n_providers; i++) {
        const dd_config_provider *p = &c->providers[i];
        add_name(w, p->api_key);
        add_name(w, p->base_url);
        add_name(w, p->api_version);
        for (size_t k = 0; k < p->n_keys; k++)
            add_name(w, p->keys[k].value);
    }
    w->version = -1;
    if (!w->names.n || !look(w, &w->seen))
        w->seen = 0;
}

bool dd_secret_watch_changed(dd_secret_watch *w)
{
    uint64_t now;
    if (!w->names.n || !look(w, &now) || now == w->seen)
        return false;
    w->seen = now;
    return true;
}

void dd_secret_watch_free(dd_secret_watch *w)
{
    if (!w)
        return;
    forget_names(w);
    dd_vec_free(&w->names);
    dd_db_close(w->db);
    free(w);
}
