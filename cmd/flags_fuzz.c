/* Any text: flags that are read have an owner and end within 14 days of their making; one that is changed in its text is changed, and no other one is. */
#include <stdlib.h>

#include "cmd/flags.h"
#include "cmd/flags_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void change(dd_str text, const dd_flags *flags, size_t at, dd_arena *a)
{
    dd_flags now;
    dd_err   err  = DD_ERR_INIT;
    dd_buf   out  = DD_BUF_INIT(1 << 20);
    dd_flag  want = flags->v[at];
    want.on       = !want.on;
    want.rollout  = 37;
    if (dd_flags_edit(text, &flags->v[at], &want, &out, &err) == DD_OK) {
        must(dd_flags_parse(dd_buf_str(&out), "flags", a, &now, &err) == DD_OK && now.n == flags->n);
        for (size_t i = 0; i < now.n; i++) {
            must(now.v[i].on == (i == at ? want.on : flags->v[i].on));
            must(i == at ? now.v[i].rollout > 36.9 && now.v[i].rollout < 37.1 : now.v[i].rollout <= flags->v[i].rollout + 1e-6);
        }
    } else {
        must(err.hint[0] != '\0');
    }
    dd_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_arena a    = DD_ARENA_INIT;
    dd_err   err  = DD_ERR_INIT;
    dd_str   text = { (const char *)data, size };
    dd_flags flags;
    if (size > 1 << 16)
        return 0;
    dd_code rc = dd_flags_parse(text, "flags", &a, &flags, &err);
    must((rc == DD_OK) == (err.msg[0] == '\0'));
    for (size_t i = 0; i < flags.n; i++) {
        const dd_flag *f = &flags.v[i];
        must(f->owner.len && f->expires - f->created <= DD_FLAG_TTL_MAX && f->expires > f->created && f->rollout >= 0 && f->rollout <= 100);
        must(i == 0 || dd_str_cmp(flags.v[i - 1].name, f->name) < 0);
        if (i < 4)
            change(text, &flags, i, &a);
    }
    dd_arena_fini(&a);
    return 0;
}
