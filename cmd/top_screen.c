/* cmd/top_screen.c - the terminal: ncurses, signals, and giving it back whatever happens.
 *
 * ncurses writes at each move of the cursor, so that a terminal may show half a frame. Its descriptor is therefore a duplicate of ours, which stands for
 * a file in memory while a frame is made; the frame then goes out in one write. */
#define _GNU_SOURCE 1   /* memfd_create */
#define NCURSES_WIDECHAR 1
#include "cmd/top.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#undef lines     /* term.h's names for capabilities */
#undef columns

#include "base/crash.h"

enum { SIDE_MOST = 1000 /* of a screen, in cells: what is larger is no terminal, and would be gigabytes */ };

struct dd_top_screen {
    SCREEN *term;
    FILE   *out;          /* what ncurses takes for the terminal */
    int     frame;        /* a file in memory; < 0: there is none, and frames come in pieces */
    dd_buf  bytes;
    WINDOW *keys;         /* never shown: reading from it draws nothing */
    int     width, height;
    bool    ascii, whole; /* whole: all cells are put again */
    attr_t  attr[DD_ROLE_COUNT];
    dd_grid shown;
    struct sigaction before[5];
};

/* --- giving back --- */

static struct termios cooked;
static char           farewell[256];
static size_t         n_farewell;
static int            signal_pipe[2] = { -1, -1 };
static const int      ours[5] = { SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void say_farewell(const char *s)
{
    if (s && s != (const char *)-1 && n_farewell + strlen(s) < sizeof farewell)
        while (*s)
            farewell[n_farewell++] = *s++;
}

/* From a crash: only what a signal handler may do. */
static void give_back(void)
{
    ssize_t n = write(STDOUT_FILENO, farewell, n_farewell);
    (void)n;
    tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
}

static void on_signal(int number)
{
    int  saved = errno;
    char byte  = (char)number;
    ssize_t n  = write(signal_pipe[1], &byte, 1);
    (void)n;
    errno = saved;
}

static bool catch_signals(dd_top_screen *s)
{
    struct sigaction a = { .sa_handler = on_signal };
    if (signal_pipe[0] < 0 && pipe(signal_pipe) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
    }
    sigemptyset(&a.sa_mask);
    for (size_t i = 0; i < DD_COUNT(ours); i++)
        sigaction(ours[i], &a, &s->before[i]);
    return true;
}

/* --- colours --- */

typedef struct { int fg, bg; attr_t attr; } look;   /* a colour below 0: the terminal's own */

/* One number of an SGR; of 38;5;N and 48;5;N the N is taken off `rest`. */
static void add_sgr(look *l, int64_t n, dd_str *rest)
{
    static const struct { int from, to, first; bool back; } colors[] = { { 30, 37, 0, false }, { 40, 47, 0, true }, { 90, 97, 8, false },
                                                                         { 100, 107, 8, true } };
    l->attr |= n == 1 ? A_BOLD : n == 7 ? A_REVERSE : A_NORMAL;
    if (n == 38 || n == 48) {
        int64_t value = 0;
        (void)dd_str_cut(rest, ';');
        dd_parse_i64(dd_str_cut(rest, ';'), &value);
        *(n == 38 ? &l->fg : &l->bg) = (int)value;
    }
    for (size_t i = 0; i < DD_COUNT(colors); i++)
        if (n >= colors[i].from && n <= colors[i].to)
            *(colors[i].back ? &l->bg : &l->fg) = (int)n - colors[i].from + colors[i].first;
}

/* Eight colours: grey is dim, light is bold. */
static void fit_colors(look *l)
{
    if (l->fg >= COLORS) {
        l->attr |= l->fg == 8 ? A_DIM : A_BOLD;
        l->fg = l->fg == 8 ? -1 : l->fg - 8;
    }
    if (l->bg >= COLORS)
        l->bg -= 8;
}

/* An SGR as ncurses has it. Colours are pairs there: one a role. */
static void set_look(dd_top_screen *s, dd_role role, bool color)
{
    look   l    = { -1, -1, A_NORMAL };
    dd_str rest = dd_str_z(dd_grid_sgr(role, color && COLORS >= 256 ? DD_COLOR_256 : DD_COLOR_16));
    while (rest.len) {
        int64_t n = 0;
        dd_parse_i64(dd_str_cut(&rest, ';'), &n);
        add_sgr(&l, n, &rest);
    }
    if (!color && role >= DD_ROLE_TILE)
        l.attr = role >= DD_ROLE_TILE_STRONG ? A_BOLD : A_NORMAL;
    fit_colors(&l);
    if (color && (l.fg >= 0 || l.bg >= 0) && init_pair((short)(role + 1), (short)l.fg, (short)l.bg) == OK)
        l.attr |= (attr_t)COLOR_PAIR(role + 1);
    s->attr[role] = l.attr;
}

static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR");
    return has_colors() && !(no && *no);
}

/* --- beginning and end --- */

static void true_size(int *width, int *height)
{
    struct winsize w;
    *width  = 80;
    *height = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0) {
        *width  = w.ws_col < SIDE_MOST ? w.ws_col : SIDE_MOST;
        *height = w.ws_row < SIDE_MOST ? w.ws_row : SIDE_MOST;
    }
}

static const struct { const char *text; int code; } arrows[] = {
    { "\x1b[A", KEY_UP }, { "\x1b[B", KEY_DOWN }, { "\x1b[C", KEY_RIGHT }, { "\x1b[D", KEY_LEFT }, { "\x1b[H", KEY_HOME }, { "\x1b[F", KEY_END },
    { "\x1bOA", KEY_UP }, { "\x1bOB", KEY_DOWN }, { "\x1bOC", KEY_RIGHT }, { "\x1bOD", KEY_LEFT },
};

static int memory_file(void)
{
#ifdef MFD_CLOEXEC
    return memfd_create("frame", MFD_CLOEXEC);
#else
    return -1;
#endif
}

static bool begin(dd_top_screen *s)
{
    int fd = dup(STDOUT_FILENO);
    s->out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!s->out || !(s->term = newterm(NULL, s->out, stdin))) {
        if (s->out)
            fclose(s->out);
        return false;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    s->frame = memory_file();
    return true;
}

static void *fail(dd_top_screen *s, dd_err *err)
{
    const char *term = getenv("TERM");
    free(s);
    dd_fail(err, DD_ERR_USAGE, "the terminal \"%s\" cannot place a cursor", term ? term : "");
    dd_hint(err, "Use --plain for lines of text, or --once for one screen.");
    return NULL;
}

dd_top_screen *dd_top_screen_open(bool ascii, bool mouse, dd_err *err)
{
    dd_top_screen *s = dd_calloc(1, sizeof *s);
    int            problem;
    if (setupterm(NULL, STDOUT_FILENO, &problem) != OK)
        return fail(s, err);
    bool able = cursor_address && clear_screen;
    del_curterm(cur_term);
    if (!able)
        return fail(s, err);
    true_size(&s->width, &s->height);
    tcgetattr(STDIN_FILENO, &cooked);
    if (!catch_signals(s))
        return fail(s, err);
    if (!begin(s))
        return fail(s, err);
    resizeterm(s->height, s->width);
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    set_escdelay(25);
    s->keys = newpad(1, 1);
    keypad(s->keys, TRUE);
    nodelay(s->keys, TRUE);
    for (size_t i = 0; i < DD_COUNT(arrows); i++)   /* terminals send these, too, whatever was asked of them */
        define_key(arrows[i].text, arrows[i].code);
    if (mouse) {
        mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
        mouseinterval(0);
        say_farewell("\x1b[?1000l\x1b[?1006l");
    }
    say_farewell(exit_attribute_mode);
    say_farewell(keypad_local);
    say_farewell(cursor_normal);
    say_farewell(exit_ca_mode);
    s->ascii = ascii;
    bool color = wants_color() && start_color() == OK && use_default_colors() == OK;
    for (int i = 0; i < DD_ROLE_COUNT; i++)
        set_look(s, (dd_role)i, color);
    s->whole = true;
    refresh();            /* what it sets in the terminal, it sets now */
    dd_crash_before(give_back);
    dd_crash_catch();
    return s;
}

void dd_top_screen_close(dd_top_screen *s)
{
    if (!s)
        return;
    dd_crash_before(NULL);
    endwin();
    delwin(s->keys);
    delscreen(s->term);
    fclose(s->out);
    if (s->frame >= 0)
        close(s->frame);
    dd_buf_free(&s->bytes);
    for (size_t i = 0; i < DD_COUNT(ours); i++)
        sigaction(ours[i], &s->before[i], NULL);
    dd_grid_fini(&s->shown);
    n_farewell = 0;
    free(s);
}

void dd_top_screen_size(const dd_top_screen *s, int *width, int *height)
{
    *width  = s->width;
    *height = s->height;
}

bool dd_top_screen_color(const dd_top_screen *s) { return s->attr[DD_ROLE_SAVING] & A_COLOR; }
bool dd_top_screen_ascii(const dd_top_screen *s) { return s->ascii; }

/* --- drawing --- */

static void put(const dd_top_screen *s, int y, int x, const dd_cell *cell)
{
    wchar_t text[6] = { L' ', 0 };
    cchar_t c;
    attr_t  attr = s->attr[cell->role];
    size_t  pos = 0, n = 0;
    if (s->ascii)
        text[0] = (wchar_t)(unsigned char)dd_grid_plain(cell);
    while (!s->ascii && pos < cell->len && n < 5)
        text[n++] = (wchar_t)dd_utf8_next((dd_str){ cell->text, cell->len }, &pos);
    if (setcchar(&c, text, attr & ~A_COLOR, (short)PAIR_NUMBER(attr), NULL) == OK)
        mvadd_wch(y, x, &c);
}

static void remember(dd_top_screen *s, const dd_grid *g)
{
    if (s->shown.width != g->width || s->shown.cap < g->rows) {
        dd_grid_fini(&s->shown);
        dd_grid_init(&s->shown, g->width);
    }
    while (s->shown.rows < g->rows)
        dd_grid_row(&s->shown);
    s->shown.rows = g->rows;
    memcpy(s->shown.cells, g->cells, g->rows * (size_t)g->width * sizeof *g->cells);
}

static void write_all(dd_str text)
{
    while (text.len) {
        ssize_t n = write(STDOUT_FILENO, text.ptr, text.len);
        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){ STDOUT_FILENO, POLLOUT, 0 }, 1, 1000);
        else if (n < 0 && errno != EINTR)
            return;                          /* the terminal is gone: standard input tells */
        text = dd_str_sub(text, n > 0 ? (size_t)n : 0, text.len);
    }
}

/* Nothing but the frame may go there: a stop, at which ncurses speaks to the terminal, waits. */
static void flush_frame(dd_top_screen *s)
{
    int      fd = fileno(s->out);
    sigset_t stop, old;
    if (s->frame < 0) {
        refresh();
        return;
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &stop, &old);
    if (lseek(s->frame, 0, SEEK_SET) == 0 && dup2(s->frame, fd) == fd) {
        refresh();
        off_t end = lseek(s->frame, 0, SEEK_CUR);
        dup2(STDOUT_FILENO, fd);
        dd_buf_clear(&s->bytes);
        dd_buf_reserve(&s->bytes, end > 0 ? (size_t)end : 1);
        ssize_t n = end > 0 ? pread(s->frame, s->bytes.ptr, (size_t)end, 0) : 0;
        write_all((dd_str){ s->bytes.ptr, n > 0 ? (size_t)n : 0 });
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static bool is_same(const dd_cell *a, const dd_cell *b)
{
    return a->len == b->len && a->role == b->role && a->tail == b->tail && memcmp(a->text, b->text, a->len) == 0;
}

void dd_top_screen_show(dd_top_screen *s, const dd_grid *g)
{
    bool whole = s->whole || s->shown.width != g->width || s->shown.rows != g->rows;
    if (s->whole)
        clearok(curscr, TRUE);
    for (size_t y = 0; y < g->rows && (int)y < s->height; y++)
        for (int x = 0; x < g->width && x < s->width; x++) {
            const dd_cell *cell = &g->cells[y * (size_t)g->width + (size_t)x];
            if (!cell->tail && (whole || !is_same(cell, &s->shown.cells[y * (size_t)g->width + (size_t)x])))
                put(s, (int)y, x, cell);
        }
    flush_frame(s);
    s->whole = false;
    remember(s, g);
}

/* --- keys --- */

static const struct { int code; dd_top_key_kind kind; } codes[] = {
    { KEY_UP, DD_KEY_UP },       { KEY_DOWN, DD_KEY_DOWN },   { KEY_LEFT, DD_KEY_LEFT },       { KEY_RIGHT, DD_KEY_RIGHT }, { KEY_PPAGE,
                                                                                                                              DD_KEY_PAGE_UP },
    { KEY_NPAGE, DD_KEY_PAGE_DOWN }, { KEY_HOME, DD_KEY_HOME }, { KEY_END, DD_KEY_END },         { KEY_BTAB, DD_KEY_BACK_TAB },
    { KEY_ENTER, DD_KEY_ENTER }, { KEY_BACKSPACE, DD_KEY_BACKSPACE },
};
static const struct { wint_t ch; dd_top_key_kind kind; } chars[] = {
    { '\t', DD_KEY_TAB }, { '\r', DD_KEY_ENTER }, { '\n', DD_KEY_ENTER }, { 27, DD_KEY_ESCAPE }, { 8, DD_KEY_BACKSPACE }, { 127, DD_KEY_BACKSPACE },
        { 12, DD_KEY_REDRAW },
};

static dd_top_key from_mouse(dd_top_screen *s)
{
    MEVENT e;
    if (getmouse(&e) != OK)
        return (dd_top_key){ .kind = DD_KEY_NONE };
    if (e.bstate & BUTTON4_PRESSED)
        return (dd_top_key){ .kind = DD_KEY_UP, .times = 3 };
    if (e.bstate & BUTTON5_PRESSED)
        return (dd_top_key){ .kind = DD_KEY_DOWN, .times = 3 };
    if (!(e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) || e.y < 0 || (size_t)e.y >= s->shown.rows || e.x < 0 || e.x >= s->shown.width)
        return (dd_top_key){ .kind = DD_KEY_REDRAW };   /* nothing to do, but a key */
    return (dd_top_key){ .kind = DD_KEY_CLICK, .hit = dd_board_hit_of(s->shown.cells[(size_t)e.y * (size_t)s->shown.width + (size_t)e.x].link) };
}

dd_top_key dd_top_screen_key(dd_top_screen *s)
{
    wint_t ch;
    int    kind = wget_wch(s->keys, &ch);
    if (kind == ERR)
        return (dd_top_key){ .kind = DD_KEY_NONE };
    if (kind == KEY_CODE_YES && ch == KEY_MOUSE)
        return from_mouse(s);
    for (size_t i = 0; kind == KEY_CODE_YES && i < DD_COUNT(codes); i++)
        if ((wint_t)codes[i].code == ch)
            return (dd_top_key){ .kind = codes[i].kind, .times = 1 };
    if (kind == KEY_CODE_YES)
        return (dd_top_key){ .kind = DD_KEY_RESIZE };
    for (size_t i = 0; i < DD_COUNT(chars); i++)
        if (chars[i].ch == ch) {
            s->whole = s->whole || chars[i].kind == DD_KEY_REDRAW;
            return (dd_top_key){ .kind = chars[i].kind, .times = 1 };
        }
    return (dd_top_key){ .kind = DD_KEY_CHAR, .ch = (uint32_t)ch, .times = 1 };
}

int dd_top_screen_signals(const dd_top_screen *s)
{
    (void)s;
    return signal_pipe[0];
}

bool dd_top_screen_leaves(dd_top_screen *s, int *signal)
{
    char bytes[32];
    bool leave = false;
    for (ssize_t n; (n = read(signal_pipe[0], bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i] == SIGWINCH) {
                true_size(&s->width, &s->height);
                resizeterm(s->height, s->width);
                s->whole = true;
            } else {
                *signal = (unsigned char)bytes[i];
                leave   = true;
            }
    return leave;
}
