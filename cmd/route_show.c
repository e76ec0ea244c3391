#include "cmd/route_show.h"

#include "cmd/render.h"
#include "report/plan.h"

static dd_render_args render_of(const dd_route_look *look)
{
    dd_render_args r = DD_RENDER_ARGS_INIT;
    r.color          = look->color ? look->color : "auto";
    r.width          = look->width;
    r.ascii          = look->ascii;
    return r;
}

dd_code dd_route_look_check(const dd_route_look *look, dd_err *err)
{
    dd_render_args r = render_of(look);
    return dd_render_check(&r, err);
}

void dd_route_show_plan(const dd_plan *plan, const dd_policy *policy, const dd_facts *facts, const dd_route_look *look, dd_buf *out)
{
    dd_render_args r = render_of(look);
    dd_report_opts o = dd_render_opts(&r, DD_STR(""));
    dd_report_plan(plan, policy, facts, &o, out);
}
