/* report/board.h - the terminal dashboard: all figures of one moment, what the user looks at, and a screen of cells made of both.
 *
 * `dd0c top` samples into a dd_board, keys change a dd_board_view, dd_board_draw fills a grid; none knows the others. Text of a board is borrowed from
 * whoever made it. Money that is not known is DD_PUSD_UNKNOWN, times and rates below 0 are not known: shown as "-", never as 0. Pure. */
#ifndef DD_REPORT_BOARD_H
#define DD_REPORT_BOARD_H
#include "report/grid.h"
#include "route/event.h"
#include "route/spend.h"
#include "route/trace.h"

typedef enum { DD_BOARD_OVERVIEW, DD_BOARD_SPEND, DD_BOARD_PROVIDERS, DD_BOARD_BUDGETS, DD_BOARD_REQUESTS, DD_BOARD_TABS } dd_board_tab;
typedef enum { DD_BOARD_1H, DD_BOARD_24H, DD_BOARD_7D, DD_BOARD_30D, DD_BOARD_90D, DD_BOARD_PERIODS } dd_board_period;
typedef enum {
    DD_BOARD_TEAM, DD_BOARD_FEATURE, DD_BOARD_MODEL, DD_BOARD_CALL_SITE, DD_BOARD_PROVIDER, DD_BOARD_KEY, DD_BOARD_ROUTE, DD_BOARD_BYS
} dd_board_by;
typedef enum { DD_BOARD_SORT_COST, DD_BOARD_SORT_REQUESTS, DD_BOARD_SORT_SAVED, DD_BOARD_SORT_CHANGE, DD_BOARD_SORT_NAME,
               DD_BOARD_SORTS } dd_board_sort;
const char *dd_board_period_name(dd_board_period p);  /* "24h" */
const char *dd_board_by_name(dd_board_by b);          /* "call_site": also the member of an event, for filters */
bool dd_board_tab_find(dd_str name, dd_board_tab *out);
bool dd_board_period_find(dd_str name, dd_board_period *out);
bool dd_board_by_find(dd_str name, dd_board_by *out);

typedef struct {
    int64_t requests, errors, hits, misses /* of the cache; -1: not known */, fallbacks;   /* all -1: could not be read */
    int64_t unpriced;            /* of requests: their cost is not known and in no sum */
    int64_t latencies, latency_us;
    dd_pusd cost, saved;
} dd_board_sum;
/* The cost; DD_PUSD_UNKNOWN when of no request the price was known, or the sum could not be read. */
dd_pusd dd_board_cost(const dd_board_sum *s);
dd_pusd dd_board_saved(const dd_board_sum *s);

typedef struct { const double *v; size_t n; } dd_board_series;   /* oldest first; < 0: not known */
typedef struct { double p50, p95, p99; } dd_board_times;         /* milliseconds; < 0: not known */

typedef struct {
    dd_str          name;        /* for people */
    dd_str          value;       /* as it is in events; "" none */
    dd_board_sum    now, before; /* this period, the one before it */
    dd_board_series cost;        /* over the period */
} dd_board_row;

typedef struct {
    dd_str       name, model;    /* model "": all of the provider */
    dd_str       breaker;        /* "closed", "open", "half_open"; "" not known: no proxy runs */
    int64_t      requests, failures, under_way;   /* of late, as the proxy counts; -1 not known */
    double       error_rate, latency_ms, first_ms;
    dd_board_sum period;         /* from the store */
    int          models, held;   /* of the row of a whole provider: its models below, and those whose breakers hold requests back */
} dd_board_provider;

typedef enum { DD_BOARD_NO_PROXY, DD_BOARD_LIVE, DD_BOARD_UNREACHABLE } dd_board_link;

typedef struct {
    int64_t         now_ms;
    int32_t         offset_s;    /* of the time zone that days and clocks are shown in */
    bool            empty;       /* nothing was ever recorded here */
    dd_str          dir;         /* the state folder */
    dd_str          problem;     /* why figures are old or missing; "" none */
    dd_board_period period;      /* what the sums are of */
    int64_t         from_s;      /* since when */

    /* live: sums over the proxies that answered */
    dd_board_link   link;
    int             proxies;
    bool            panic;
    double          per_second;  /* requests now */
    dd_pusd         per_hour;    /* spent an hour, at the pace of the last seconds */
    int64_t         under_way, queued, dropped;   /* events that wait, that were lost; -1 not known */
    dd_board_series rates, paces;                 /* requests a second and dollars an hour, of the last minutes */

    dd_board_sum    total, before;
    int             before_steps, before_known;   /* days of the period before, and those of them with requests; hours are not counted: 0 */
    dd_pusd         saved_today, saved_week, saved_month;   /* calendar, in the time zone */
    dd_pusd         spent_today, spent_month;
    dd_board_series requests, cost;               /* over the period */
    dd_board_times  latency, first, overhead;
    bool            latency_live;                 /* of the last minute; else of the period */

    dd_board_by     by;                           /* what `rows` are */
    const dd_board_row      *rows; size_t n_rows;           /* dearest first */
    const dd_board_row      *top; size_t n_top;             /* for the overview: by team, or by model when no request names a team */
    dd_board_by     top_by;
    const dd_board_provider *providers; size_t n_providers;
    const dd_spend_account  *budgets; size_t n_budgets;     /* fullest first */
    bool            budgets_unread;                         /* they come in a moment */
    const dd_event  *events; size_t n_events;               /* newest first */
    bool            more;                                   /* there are older ones */
    const dd_event  *event;                                 /* the inspector's; NULL: none */
    const dd_trace  *trace;                                 /* of it; NULL: none */
} dd_board;

enum { DD_BOARD_DRILLS = 4, DD_BOARD_LINE = 200 };
typedef struct { dd_board_by by; char value[DD_BOARD_LINE]; } dd_board_drill;

typedef struct {
    dd_board_tab    tab;
    dd_board_period period;
    dd_board_by     by;
    dd_board_sort   sort;
    dd_board_drill  drills[DD_BOARD_DRILLS]; size_t n_drills;   /* Spend: only these */
    char            find[DD_BOARD_LINE];          /* Spend: names that hold this */
    char            filter[DD_BOARD_LINE];        /* Requests: as `dd0c tail --filter`, separated by blanks */
    bool            typing;                       /* one of them is being typed, into `line` */
    char            line[DD_BOARD_LINE];
    char            note[256];                    /* what was wrong with it */
    int64_t         selected[DD_BOARD_TABS];      /* row */
    int64_t         inspect;                      /* id of the event that is looked into; 0: none */
    int64_t         scroll;                       /* of the inspector and the help */
    bool            help, paused, ascii;
    bool            waiting;                      /* the board is of another view: this one's figures are being read */
    bool            flat;                         /* no colours: tiles of the treemap have borders */
} dd_board_view;

/* Fills `g`, which is initialized, with exactly `height` rows of its width. A cell's `link` says what a click there means (dd_board_hit), it is no link. */
void dd_board_draw(const dd_board *b, const dd_board_view *v, int height, dd_grid *g);

typedef enum { DD_HIT_NONE, DD_HIT_TAB, DD_HIT_ROW, DD_HIT_BY, DD_HIT_PERIOD, DD_HIT_SORT, DD_HIT_TILE } dd_board_hit_kind;
typedef struct { dd_board_hit_kind kind; int64_t index; } dd_board_hit;
dd_board_hit dd_board_hit_of(uint32_t link);

/* How many rows the tab has; the order in which the Spend tab shows `rows`, as indices (in *out, at least n_rows); how many stay. */
int64_t dd_board_count(const dd_board *b, const dd_board_view *v);
size_t  dd_board_order(const dd_board *b, const dd_board_view *v, size_t *out);

/* One JSON object, schema dd0c.top/1 (docs/top.md). */
void dd_board_json(const dd_board *b, const dd_board_view *v, dd_buf *out);
/* Lines for a screen reader: at first all, later only what differs from what was said before. Figures are rounded, so that what hardly changes is still. */
typedef struct { dd_buf lines[16]; size_t n; double rate, hour /* those last told */; } dd_board_said;
void dd_board_plain(const dd_board *b, dd_board_said *said, dd_buf *out);
void dd_board_said_fini(dd_board_said *s);
#endif
