/* cmd/top_keys.c - what a key does to what is looked at. Pure: no terminal, no store. */
#include <stdlib.h>

#include "cmd/top.h"

static void select_row(dd_board_view *v, const dd_board *b, int64_t row)
{
    int64_t n = dd_board_count(b, v);
    v->selected[v->tab] = row < 0 || n == 0 ? 0 : row >= n ? n - 1 : row;
}

static void go(dd_board_view *v, dd_board_tab tab)
{
    v->tab     = tab;
    v->inspect = 0;
    v->scroll  = 0;
    v->note[0] = 0;
}

/* --- looking into --- */

static bool crosses(dd_board_by by) { return by != DD_BOARD_CALL_SITE && by != DD_BOARD_ROUTE; }

static bool is_drilled(const dd_board_view *v, dd_board_by by)
{
    for (size_t i = 0; i < v->n_drills; i++)
        if (v->drills[i].by == by)
            return true;
    return false;
}

/* Of call sites and routes no sums cross with others: their requests are shown. */
static void show_requests(dd_board_view *v, dd_board_by by, dd_str value)
{
    int n = snprintf(v->filter, sizeof v->filter, "%s=" DD_STR_FMT, dd_board_by_name(by), DD_STR_ARG(value));
    for (int i = 0; i < n && i < (int)sizeof v->filter; i++)
        if (v->filter[i] == ' ')   /* blanks part filters */
            v->filter[i] = '*';
    go(v, DD_BOARD_REQUESTS);
    v->selected[DD_BOARD_REQUESTS] = 0;
}

static void look_into(dd_board_view *v, dd_board_by by, const dd_board_row *row)
{
    if (!crosses(by)) {
        show_requests(v, by, row->value);
        return;
    }
    if (v->n_drills == DD_BOARD_DRILLS || is_drilled(v, by) || row->value.len >= DD_BOARD_LINE) {
        snprintf(v->note, sizeof v->note, "There is nothing further to look into; / on Requests filters them.");
        return;
    }
    dd_board_drill *d = &v->drills[v->n_drills++];
    d->by = by;
    snprintf(d->value, sizeof d->value, DD_STR_FMT, DD_STR_ARG(row->value));
    for (int i = 0; i < DD_BOARD_BYS; i++)
        if (crosses((dd_board_by)i) && !is_drilled(v, (dd_board_by)i)) {
            v->by = (dd_board_by)i;
            break;
        }
    v->find[0] = 0;
    v->selected[DD_BOARD_SPEND] = 0;
    go(v, DD_BOARD_SPEND);
}

static void enter(dd_board_view *v, const dd_board *b)
{
    int64_t row = v->selected[v->tab];
    if (v->tab == DD_BOARD_REQUESTS && row < (int64_t)b->n_events) {
        v->inspect = b->events[row].id;
        v->scroll  = 0;
    } else if (v->tab == DD_BOARD_SPEND && b->n_rows && b->by == v->by) {
        size_t *order = dd_malloc(b->n_rows * sizeof *order), n = dd_board_order(b, v, order);
        if (row < (int64_t)n)
            look_into(v, v->by, &b->rows[order[row]]);
        free(order);
    } else if (v->tab == DD_BOARD_OVERVIEW) {
        go(v, DD_BOARD_SPEND);
    }
}

static void leave(dd_board_view *v)
{
    v->note[0] = 0;
    if (v->inspect) {
        v->inspect = 0;
    } else if (v->tab == DD_BOARD_REQUESTS) {
        v->filter[0] = 0;
        v->selected[DD_BOARD_REQUESTS] = 0;
    } else if (v->tab == DD_BOARD_SPEND && v->find[0]) {
        v->find[0] = 0;
    } else if (v->tab == DD_BOARD_SPEND && v->n_drills) {
        v->by = v->drills[--v->n_drills].by;
        v->selected[DD_BOARD_SPEND] = 0;
    }
}

/* --- typing --- */

static char *typed_into(dd_board_view *v) { return v->tab == DD_BOARD_SPEND ? v->find : v->filter; }

static void begin_typing(dd_board_view *v)
{
    if (v->tab != DD_BOARD_SPEND)
        go(v, DD_BOARD_REQUESTS);
    v->typing = true;
    snprintf(v->line, sizeof v->line, "%s", typed_into(v));
}

static void add_char(dd_board_view *v, uint32_t ch)
{
    dd_buf b = DD_BUF_INIT(8);
    size_t n = strlen(v->line);
    dd_buf_utf8(&b, ch);
    if (!dd_utf8_harmful(ch) && n + b.len < sizeof v->line) {
        memcpy(v->line + n, b.ptr, b.len);
        v->line[n + b.len] = 0;
    }
    dd_buf_free(&b);
}

static void drop_char(dd_board_view *v)
{
    size_t n = strlen(v->line);
    while (n && ((unsigned char)v->line[--n] & 0xc0) == 0x80)
        ;
    v->line[n] = 0;
}

static void type(dd_board_view *v, const dd_top_key *k)
{
    if (k->kind == DD_KEY_ESCAPE) {
        v->typing = false;
        if (v->tab == DD_BOARD_SPEND)
            v->find[0] = 0;
        return;
    }
    if (k->kind == DD_KEY_CHAR && k->ch == 21)   /* Ctrl-U, as in a shell */
        v->line[0] = 0;
    else if (k->kind == DD_KEY_CHAR)
        add_char(v, k->ch);
    if (k->kind == DD_KEY_BACKSPACE)
        drop_char(v);
    if (k->kind == DD_KEY_ENTER || v->tab == DD_BOARD_SPEND) {   /* names are found while one types */
        snprintf(typed_into(v), DD_BOARD_LINE, "%s", v->line);
        v->selected[v->tab] = 0;
        v->note[0] = 0;
    }
    v->typing = k->kind != DD_KEY_ENTER;
}

/* --- letters --- */

static void step_inspect(dd_board_view *v, const dd_board *b, int by)
{
    for (size_t i = 0; i < b->n_events; i++)
        if (b->events[i].id == v->inspect && (by > 0 ? i + 1 < b->n_events : i > 0)) {
            v->inspect = b->events[by > 0 ? i + 1 : i - 1].id;
            v->selected[DD_BOARD_REQUESTS] = (int64_t)i + by;
            v->scroll = 0;
            return;
        }
}

static void turn(dd_board_view *v, int by)
{
    if (v->tab != DD_BOARD_SPEND)
        return;
    do
        v->by = (dd_board_by)(((int)v->by + DD_BOARD_BYS + by) % DD_BOARD_BYS);
    while (is_drilled(v, v->by) || (v->n_drills && !crosses(v->by)));
    v->selected[DD_BOARD_SPEND] = 0;
}

static void sort_on(dd_board_view *v, int by)
{
    v->sort = (dd_board_sort)(((int)v->sort + DD_BOARD_SORTS + by) % DD_BOARD_SORTS);
    v->selected[DD_BOARD_SPEND] = 0;
}

static void look_back(dd_board_view *v, int by) { v->period = (dd_board_period)(((int)v->period + DD_BOARD_PERIODS + by) % DD_BOARD_PERIODS); }

static void open_help(dd_board_view *v)
{
    v->help   = true;
    v->scroll = 0;
}

typedef struct { dd_board_view *v; const dd_board *b; int rows; } place;   /* rows: of a page */
typedef void act(const place *p, int by);
static void act_tab(const place *p, int by) { go(p->v, (dd_board_tab)by); }
static void act_period(const place *p, int by) { look_back(p->v, by); }
static void act_pause(const place *p, int by) { (void)by, p->v->paused = !p->v->paused; }
static void act_help(const place *p, int by) { (void)by, open_help(p->v); }
static void act_type(const place *p, int by) { (void)by, begin_typing(p->v); }
static void act_sort(const place *p, int by) { sort_on(p->v, by); }
static void act_turn(const place *p, int by) { turn(p->v, by); }
static void act_step(const place *p, int by) { select_row(p->v, p->b, p->v->selected[p->v->tab] + by); }
static void act_half(const place *p, int by) { select_row(p->v, p->b, p->v->selected[p->v->tab] + by * (p->rows / 2)); }
static void act_end(const place *p, int by) { select_row(p->v, p->b, by < 0 ? 0 : INT64_MAX - 1); }
static void act_other(const place *p, int by) { step_inspect(p->v, p->b, by); }

enum { CTRL_D = 4, CTRL_U = 21 };
static const struct { uint32_t ch; act *act; int by; } letters[] = {
    { '1', act_tab, 0 },   { '2', act_tab, 1 },     { '3', act_tab, 2 },   { '4', act_tab, 3 },    { '5', act_tab, 4 },       { ' ', act_pause, 0 },
    { '?', act_help, 0 },  { '/', act_type, 0 },    { 'p', act_period, 1 }, { 'P', act_period, -1 }, { 's', act_sort, 1 },    { 'S', act_sort, -1 },
    { 'h', act_turn, -1 }, { 'l', act_turn, 1 },    { 'j', act_step, 1 },  { 'k', act_step, -1 },  { 'g', act_end, -1 },      { 'G', act_end, 1 },
    { 'n', act_other, 1 }, { 'N', act_other, -1 },  { CTRL_D, act_half, 1 }, { CTRL_U, act_half, -1 },
};

/* False: leave. */
static bool letter(dd_board_view *v, const dd_board *b, uint32_t ch, int rows)
{
    for (size_t i = 0; i < DD_COUNT(letters); i++)
        if (letters[i].ch == ch)
            letters[i].act(&(place){ v, b, rows }, letters[i].by);
    return ch != 'q';
}

/* --- clicks --- */

static void click(dd_board_view *v, const dd_board *b, const dd_board_hit *hit)
{
    switch (hit->kind) {
    case DD_HIT_TAB: go(v, (dd_board_tab)hit->index); break;
    case DD_HIT_PERIOD: look_back(v, 1); break;
    case DD_HIT_BY:
        if (!is_drilled(v, (dd_board_by)hit->index) && (!v->n_drills || crosses((dd_board_by)hit->index)))
            v->by = (dd_board_by)hit->index;
        v->selected[DD_BOARD_SPEND] = 0;
        break;
    case DD_HIT_SORT: v->sort = (dd_board_sort)hit->index; break;
    case DD_HIT_ROW:
        if (v->selected[v->tab] == hit->index)
            enter(v, b);
        else
            select_row(v, b, hit->index);
        break;
    case DD_HIT_TILE:
        if (v->tab == DD_BOARD_OVERVIEW && hit->index < (int64_t)b->n_top) {
            v->n_drills = 0;
            look_into(v, b->top_by, &b->top[hit->index]);
        } else if (v->tab == DD_BOARD_SPEND && hit->index < (int64_t)b->n_rows) {
            look_into(v, b->by, &b->rows[hit->index]);
        }
        break;
    default: break;
    }
}

static void scroll(dd_board_view *v, int64_t by)
{
    v->scroll = v->scroll + by < 0 ? 0 : v->scroll + by > 150 ? 150 : v->scroll + by;
}

/* Up and down, by how many rows; 0: another key. */
static int64_t step_of(const dd_top_key *k, int rows)
{
    int64_t one = k->times > 1 ? k->times : 1;
    switch (k->kind) {
    case DD_KEY_UP: return -one;
    case DD_KEY_DOWN: return one;
    case DD_KEY_PAGE_UP: return -rows;
    case DD_KEY_PAGE_DOWN: return rows;
    case DD_KEY_HOME: return -1000000;
    case DD_KEY_END: return 1000000;
    case DD_KEY_CHAR: return k->ch == 'j' ? 1 : k->ch == 'k' ? -1 : 0;
    default: return 0;
    }
}

bool dd_top_key_press(dd_board_view *v, const dd_board *b, const dd_top_key *k, int rows)
{
    int64_t step = step_of(k, rows);
    if (v->typing && k->kind != DD_KEY_CLICK) {
        type(v, k);
        return true;
    }
    if (v->help) {
        if (step)
            scroll(v, step);
        else
            v->help = false;
        return true;
    }
    if (step && v->inspect) {
        scroll(v, step);
        return true;
    }
    if (step && k->kind != DD_KEY_CHAR) {
        select_row(v, b, v->selected[v->tab] + step);
        return true;
    }
    switch (k->kind) {
    case DD_KEY_CHAR: v->note[0] = 0; return letter(v, b, k->ch, rows);
    case DD_KEY_LEFT: turn(v, -1); break;
    case DD_KEY_RIGHT: turn(v, 1); break;
    case DD_KEY_TAB: go(v, (dd_board_tab)((v->tab + 1) % DD_BOARD_TABS)); break;
    case DD_KEY_BACK_TAB: go(v, (dd_board_tab)((v->tab + DD_BOARD_TABS - 1) % DD_BOARD_TABS)); break;
    case DD_KEY_ENTER: if (!v->inspect) enter(v, b); break;
    case DD_KEY_ESCAPE: case DD_KEY_BACKSPACE: leave(v); break;
    case DD_KEY_CLICK: v->typing = false; click(v, b, &k->hit); break;
    default: break;
    }
    return true;
}

/* --- other rows came --- */

static void keep_request(dd_board_view *v, const dd_board *before, const dd_board *now)
{
    int64_t *at = &v->selected[DD_BOARD_REQUESTS];
    if (*at == 0 || *at >= (int64_t)before->n_events)   /* at the top one follows the newest */
        return;
    for (size_t i = 0; i < now->n_events; i++)
        if (now->events[i].id == before->events[*at].id) {
            *at = (int64_t)i;
            return;
        }
}

static void keep_spender(dd_board_view *v, const dd_board *before, const dd_board *now)
{
    int64_t *at = &v->selected[DD_BOARD_SPEND];
    size_t  *a  = dd_malloc((before->n_rows + now->n_rows + 1) * sizeof *a), *b = a + before->n_rows;
    size_t   n  = dd_board_order(before, v, a), m = dd_board_order(now, v, b);
    for (size_t i = 0; *at > 0 && *at < (int64_t)n && i < m; i++)
        if (dd_str_eq(before->rows[a[*at]].value, now->rows[b[i]].value)) {
            *at = (int64_t)i;
            break;
        }
    free(a);
}

void dd_top_keep_selection(dd_board_view *v, const dd_board *before, const dd_board *now)
{
    if (before && v->tab == DD_BOARD_REQUESTS)
        keep_request(v, before, now);
    if (before && v->tab == DD_BOARD_SPEND && before->by == now->by)
        keep_spender(v, before, now);
    select_row(v, now, v->selected[v->tab]);
}
