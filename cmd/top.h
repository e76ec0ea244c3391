/* cmd/top.h - `dd0c top`: sampling, keys and the screen, three parts that meet in cmd/top.c.
 *
 * The reader samples on a thread of its own, so that a locked database or a proxy that hangs never holds up a key. It reads the store again only when
 * something was written, at most every interval, and so seldom that reading takes no more than a hundredth of a core. */
#ifndef DD_CMD_TOP_H
#define DD_CMD_TOP_H
#include "base/arena.h"
#include "cmd/cmd.h"
#include "report/board.h"

typedef struct {
    const dd_cmd *cmd;          /* for warnings about the configuration; NULL: none are printed */
    const char   *config;       /* NULL: as every command finds it */
    int64_t       interval_ms;
    bool          quick;        /* the first sample is without budgets and time zone, the next follows at once */
} dd_top_opts;

/* What a sample is to hold: the part of the view that the reader must know. */
typedef struct {
    dd_board_tab    tab;
    dd_board_period period;
    dd_board_by     by;
    dd_board_drill  drills[DD_BOARD_DRILLS]; size_t n_drills;
    char            filter[DD_BOARD_LINE];
    int64_t         inspect;
    bool            all;        /* rows and requests whatever the tab */
    bool            paused;
} dd_top_want;
void dd_top_want_of(const dd_board_view *v, dd_top_want *out);
/* DD_ERR_USAGE: what is wrong with filters that blanks part. */
dd_code dd_top_filter_check(const char *text, dd_err *err);
bool dd_top_want_same(const dd_top_want *a, const dd_top_want *b);

/* --- what proxies say of themselves (docs/live.md) --- */

typedef struct {
    char    name[96], model[96], breaker[16];
    int64_t requests, failures, under_way;
    double  error_rate, latency_ms, first_ms;
} dd_top_provider;
enum { DD_TOP_PROVIDERS = 64, DD_TOP_SERIES = 240 };
typedef struct {
    int            found, answered;      /* sockets; those that answered in time */
    bool           panic;
    int64_t        requests, errors, under_way, queued, dropped;
    dd_pusd        cost;
    double         per_second;           /* < 0: one answer makes no rate */
    dd_pusd        per_hour;
    dd_board_times latency, first, overhead;
    dd_top_provider providers[DD_TOP_PROVIDERS];
    size_t         n_providers;
    double         rates[DD_TOP_SERIES], paces[DD_TOP_SERIES];   /* of the samples so far, oldest first */
    size_t         n_rates;
} dd_top_live;
typedef struct dd_top_sockets dd_top_sockets;
dd_top_sockets *dd_top_sockets_new(const char *dir);        /* the state folder */
void            dd_top_sockets_free(dd_top_sockets *s);
/* Asks all; false: nothing differs from the last time. Takes no longer than a quarter of a second. */
bool            dd_top_sockets_read(dd_top_sockets *s, dd_top_live *out);
/* One answer, added to *out; false: it is none. */
bool            dd_top_live_add(dd_str json, dd_top_live *out);

/* --- samples --- */

typedef struct dd_top_sample dd_top_sample;
const dd_board *dd_top_sample_board(const dd_top_sample *s);
const dd_top_want *dd_top_sample_want(const dd_top_sample *s);
void            dd_top_sample_free(dd_top_sample *s);

typedef struct dd_top_sampler dd_top_sampler;
dd_top_sampler *dd_top_sampler_new(const dd_top_opts *opts);
void            dd_top_sampler_free(dd_top_sampler *s);
/* NULL: nothing differs from the last sample. `hurry`: read the store although it was read a moment ago. */
dd_top_sample  *dd_top_sampler_next(dd_top_sampler *s, const dd_top_want *want, bool hurry);

typedef struct dd_top_reader dd_top_reader;
dd_top_reader *dd_top_reader_start(const dd_top_opts *opts, const dd_top_want *want, dd_err *err);
int            dd_top_reader_fd(const dd_top_reader *r);             /* readable when there is a sample */
void           dd_top_reader_want(dd_top_reader *r, const dd_top_want *want);
dd_top_sample *dd_top_reader_take(dd_top_reader *r);                 /* the newest; caller owns; NULL: none */
void           dd_top_reader_stop(dd_top_reader *r);                 /* waits for it a little; what hangs is left behind */

/* --- keys: pure --- */

typedef enum { DD_KEY_NONE, DD_KEY_CHAR, DD_KEY_UP, DD_KEY_DOWN, DD_KEY_LEFT, DD_KEY_RIGHT, DD_KEY_PAGE_UP, DD_KEY_PAGE_DOWN, DD_KEY_HOME,
               DD_KEY_END, DD_KEY_TAB,
               DD_KEY_BACK_TAB, DD_KEY_ENTER, DD_KEY_ESCAPE, DD_KEY_BACKSPACE, DD_KEY_CLICK, DD_KEY_REDRAW, DD_KEY_RESIZE } dd_top_key_kind;
typedef struct { dd_top_key_kind kind; uint32_t ch; dd_board_hit hit; int times; } dd_top_key;
/* False: the user wants to leave. `rows`: how many fit on the screen. */
bool dd_top_key_press(dd_board_view *v, const dd_board *b, const dd_top_key *k, int rows);
/* The rows of `now` that were selected in `before` stay selected although others came. */
void dd_top_keep_selection(dd_board_view *v, const dd_board *before, const dd_board *now);

/* --- the screen: ncurses --- */

typedef struct dd_top_screen dd_top_screen;
/* DD_ERR_USAGE: this terminal cannot place a cursor. */
dd_top_screen *dd_top_screen_open(bool ascii, bool mouse, dd_err *err);
void dd_top_screen_close(dd_top_screen *s);
void dd_top_screen_size(const dd_top_screen *s, int *width, int *height);
bool dd_top_screen_color(const dd_top_screen *s);
bool dd_top_screen_ascii(const dd_top_screen *s);
/* One write to the terminal, of what differs from what it shows. */
void dd_top_screen_show(dd_top_screen *s, const dd_grid *g);
/* The next key, DD_KEY_NONE when none waits. Clicks are found in what is shown. */
dd_top_key dd_top_screen_key(dd_top_screen *s);
int  dd_top_screen_signals(const dd_top_screen *s);   /* readable when the size changed, or when it is time to leave */
bool dd_top_screen_leaves(dd_top_screen *s, int *signal);   /* empties that; true: leave */
#endif
