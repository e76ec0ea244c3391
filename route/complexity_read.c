/* Problem: say in numbers what a text looks like, in one pass, without memory of its own, the same way at training and at run time.
 *
 * Idea: every byte has a kind; kinds that begin something longer (a word, a number, a line) have a reader, the others are counted. Options to choose
 * from ("A. ...", "(B) ...") are found first, because what is asked stands before them. Words are hashed, each counted once.
 * What it does not do: parse mathematics or code, tell languages apart. */
#include <math.h>

#include "route/complexity.h"

typedef enum {
    K_OTHER, K_LETTER, K_DIGIT, K_LINE, K_STOP, K_EQUALS, K_POWER, K_UNDERSCORE, K_OPERATOR, K_MINUS, K_BACKSLASH, K_DOLLAR,
    K_OPEN, K_BRACE, K_CLOSE, K_QUOTE, K_COMMA, K_COLON, K_COUNT
} kind;

static const uint8_t kind_of[256] = {
    ['a' ... 'z'] = K_LETTER, ['A' ... 'Z'] = K_LETTER, [0x80 ... 0xFF] = K_LETTER, ['0' ... '9'] = K_DIGIT, ['\n'] = K_LINE,
    ['.'] = K_STOP, ['!'] = K_STOP, ['?'] = K_STOP, ['='] = K_EQUALS, ['^'] = K_POWER, ['_'] = K_UNDERSCORE, ['+'] = K_OPERATOR, ['*'] = K_OPERATOR,
    ['/'] = K_OPERATOR, ['<'] = K_OPERATOR, ['>'] = K_OPERATOR, ['|'] = K_OPERATOR, ['-'] = K_MINUS, ['\\'] = K_BACKSLASH, ['$'] = K_DOLLAR,
    ['('] = K_OPEN, ['['] = K_OPEN, ['{'] = K_BRACE, [')'] = K_CLOSE, [']'] = K_CLOSE, ['}'] = K_CLOSE, ['"'] = K_QUOTE, ['`'] = K_QUOTE,
    [','] = K_COMMA, [':'] = K_COLON, [';'] = K_COLON,
};

typedef enum {
    G_WHO, G_WHAT, G_WHICH, G_WHEN, G_WHERE, G_WHY, G_HOW, G_NEGATION, G_CONDITION, G_CAUSE, G_COMPARISON, G_QUANTITY, G_MATHEMATICS, G_ORDER,
    G_PERSON, G_FUNCTION, G_TIME, G_MONEY, G_NUMBER, G_LOGIC, G_CODE, G_COUNT
} word_group;

#define B(group) (1u << G_##group)
static const struct { const char *text; uint8_t len; uint32_t groups; } known_words[] = {
#define WORD(text, groups) { text, sizeof(text) - 1, groups },
#include "route/complexity_words.def"
#undef WORD
};
#undef B

enum {
    READ = 12288,           /* bytes of each end of a text: further in it is material */
    OPTIONS_READ = 8192,
    MOST_OPTIONS = 12,
    WORD_KEPT = 16,         /* bytes of a word that are looked up */
    LETTERS = 'z' - 'a' + 1
};

typedef struct {
    int n[K_COUNT];         /* bytes, or runs of them */
    int group[G_COUNT];
    int words, letters, long_words, very_long_words, longest_word, distinct, sentences, longest_sentence, sentence;
    int numbers, most_digits, decimals, percents, amounts, fractions, variables, wide;
    int code, indented, depth, deepest, questions, blanks, capitals, acronyms;
    double largest;
} counts;

typedef struct {
    size_t bytes, stem_bytes;
    int    options, numeric_options, above_options;
    int    option_bytes, longest_option, shortest_option, last_sentence;
    char   last;            /* of the text before the options */
} parts;

typedef struct {
    dd_str              s;
    size_t              i;
    uint32_t            before;   /* hash of the word before, 0 none */
    bool                starts;   /* a sentence or line starts here */
    counts             *c;
    dd_complexity_view *view;
    uint8_t            *seen;     /* a bit a hash */
    uint16_t            by_letter[LETTERS + 1];
} reader;

/* --- words --- */

/* False: it was there before. */
static bool note(reader *r, uint32_t h)
{
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    h ^= h >> 15;
    h &= (1u << DD_COMPLEXITY_BITS) - 1;
    uint8_t bit = (uint8_t)(1u << (h & 7));
    if (r->seen[h >> 3] & bit)
        return false;
    r->seen[h >> 3] |= bit;
    if (r->view->words < DD_COMPLEXITY_WORDS)
        r->view->word[r->view->words++] = (uint16_t)h;
    return true;
}

static int compare_word(const char *word, size_t len, size_t k)
{
    size_t least = len < known_words[k].len ? len : known_words[k].len;
    int    c     = memcmp(word, known_words[k].text, least);
    return c != 0 ? c : (int)len - (int)known_words[k].len;
}

/* Where the known words of each letter begin: `by_letter[c - 'a']` up to the next one's. */
static void index_words(uint16_t by_letter[LETTERS + 1])
{
    size_t k = 0;
    for (int letter = 0; letter <= LETTERS; letter++) {
        while (k < DD_COUNT(known_words) && known_words[k].text[0] < 'a' + letter)
            k++;
        by_letter[letter] = (uint16_t)k;
    }
}

static uint32_t groups_of(const uint16_t by_letter[LETTERS + 1], const char *word, size_t len)
{
    if (word[0] < 'a' || word[0] > 'z')
        return 0;
    size_t from = by_letter[word[0] - 'a'], to = by_letter[word[0] - 'a' + 1];
    while (from < to) {
        size_t middle = (from + to) / 2;
        int    c      = compare_word(word, len, middle);
        if (c == 0)
            return known_words[middle].groups;
        if (c < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return 0;
}

static void count_groups(counts *c, uint32_t groups)
{
    for (int g = 0; groups != 0; g++, groups >>= 1)
        c->group[g] += (int)(groups & 1);
}

typedef struct {
    size_t   len;
    int      upper, wide;
    uint32_t hash, front;           /* front: of its first five bytes */
    char     low[WORD_KEPT];
} word;

static bool in_word(dd_str s, size_t at, size_t start)
{
    unsigned char c = (unsigned char)s.ptr[at];
    if (kind_of[c] == K_DIGIT)
        return at > start;
    if (c == '\'')
        return at + 1 < s.len && kind_of[(unsigned char)s.ptr[at + 1]] == K_LETTER;
    return kind_of[c] == K_LETTER;
}

static word take_word(dd_str s, size_t start)
{
    word w = { .hash = 2166136261u };
    for (size_t at = start; at < s.len && in_word(s, at, start); at++, w.len++) {
        unsigned char c = (unsigned char)s.ptr[at];
        w.wide += c >= 0x80;
        if (c >= 'A' && c <= 'Z') {
            w.upper++;
            c = (unsigned char)(c + 32);
        }
        if (w.len < WORD_KEPT)
            w.low[w.len] = (char)c;
        w.hash = (w.hash ^ c) * 16777619u;
        if (w.len == 4)
            w.front = w.hash;
    }
    return w;
}

static void measure_word(reader *r, const word *w, bool capital)
{
    counts *c = r->c;
    c->words++;
    c->sentence++;
    c->letters += (int)w->len;
    c->wide += w->wide;
    c->long_words += w->len >= 8;
    c->very_long_words += w->len >= 12;
    if ((int)w->len > c->longest_word && w->len < 40)
        c->longest_word = (int)w->len;
    c->variables += w->len == 1 && w->low[0] != 'a' && w->low[0] != 'i';
    c->capitals += capital;
    c->acronyms += capital && w->upper > 1;
    if (w->len <= WORD_KEPT)
        count_groups(c, groups_of(r->by_letter, w->low, w->len));
}

static void read_word(reader *r)
{
    word w = take_word(r->s, r->i);
    char first = r->s.ptr[r->i];
    measure_word(r, &w, !r->starts && w.len > 1 && first >= 'A' && first <= 'Z');
    r->c->distinct += note(r, w.hash);
    if (w.len > 5)
        note(r, w.front * 31 + 7);
    if (r->before != 0)
        note(r, r->before * 0x9E3779B1u + w.hash);
    r->before = w.hash;
    r->starts = false;
    r->i += w.len;
}

/* --- numbers --- */

static char byte_at(dd_str s, size_t i)
{
    return i < s.len ? s.ptr[i] : '\0';
}

static bool digit_at(dd_str s, size_t i)
{
    return kind_of[(unsigned char)byte_at(s, i)] == K_DIGIT;
}

typedef struct { size_t len; int digits, decimal; double value; } number;

static number take_number(dd_str s, size_t start)
{
    number n = { 0 };
    for (size_t at = start; at < s.len; at++, n.len++) {
        if (digit_at(s, at)) {
            n.digits++;
            if (!n.decimal && n.value < 1e15)
                n.value = n.value * 10 + (s.ptr[at] - '0');
        } else if ((s.ptr[at] == '.' || s.ptr[at] == ',') && digit_at(s, at + 1)) {
            n.decimal |= s.ptr[at] == '.';
        } else {
            break;
        }
    }
    return n;
}

static void read_number(reader *r)
{
    number n = take_number(r->s, r->i);
    size_t end = r->i + n.len;
    counts *c = r->c;
    c->numbers++;
    c->sentence++;
    c->decimals += n.decimal;
    c->percents += byte_at(r->s, end) == '%';
    c->amounts += r->i > 0 && r->s.ptr[r->i - 1] == '$';
    c->fractions += byte_at(r->s, end) == '/' && digit_at(r->s, end + 1);
    if (n.digits > c->most_digits)
        c->most_digits = n.digits;
    if (n.value > c->largest && n.value < 1e15)
        c->largest = n.value;
    uint32_t shape = (uint32_t)(n.digits * 977 + n.decimal);
    if (r->before != 0)
        note(r, r->before * 0x9E3779B1u + shape);
    r->before = shape + 1;
    r->starts = false;
    r->i = end;
}

/* --- signs --- */

static void end_sentence(counts *c)
{
    c->sentences += c->sentence > 1;
    if (c->sentence > c->longest_sentence)
        c->longest_sentence = c->sentence;
    c->sentence = 0;
}

static void read_line(reader *r)
{
    size_t at = r->i + 1;
    while (byte_at(r->s, at) == ' ' || byte_at(r->s, at) == '\t')
        at++;
    r->c->indented += at - r->i > 3;
    r->c->n[K_LINE]++;
    r->starts = true;
    r->before = 0;
    r->i++;
}

static void read_stop(reader *r)
{
    char behind = byte_at(r->s, r->i + 1);
    r->c->questions += r->s.ptr[r->i] == '?';
    r->before = 0;
    if (behind == '\0' || behind == ' ' || behind == '\n') {
        end_sentence(r->c);
        r->starts = true;
    }
    r->i++;
}

static void read_equals(reader *r)
{
    r->c->n[K_EQUALS]++;
    r->c->code += 4 * (byte_at(r->s, r->i + 1) == '=');
    r->i++;
}

/* One is a subscript, more are a blank to fill in. */
static void read_underscore(reader *r)
{
    size_t from = r->i;
    while (byte_at(r->s, r->i) == '_')
        r->i++;
    r->c->blanks += r->i - from > 1;
    r->c->n[K_POWER] += r->i - from == 1;
}

static void read_minus(reader *r)
{
    r->i++;
    r->c->n[K_OPERATOR] += byte_at(r->s, r->i) == ' ' || digit_at(r->s, r->i);
}

static void read_open(reader *r)
{
    r->c->n[kind_of[(unsigned char)r->s.ptr[r->i]]]++;
    if (++r->c->depth > r->c->deepest)
        r->c->deepest = r->c->depth;
    r->c->code += r->s.ptr[r->i] == '(' && r->i > 0 && kind_of[(unsigned char)r->s.ptr[r->i - 1]] == K_LETTER;
    r->i++;
}

static void read_close(reader *r)
{
    r->c->depth -= r->c->depth > 0;
    r->i++;
}

static void read_colon(reader *r)
{
    r->c->n[K_COLON]++;
    r->c->code += 4 * (r->s.ptr[r->i] == ';' && byte_at(r->s, r->i + 1) == '\n');
    r->i++;
}

static void read_sign(reader *r)
{
    r->c->n[kind_of[(unsigned char)r->s.ptr[r->i]]]++;
    r->i++;
}

static void (*const readers[K_COUNT])(reader *) = {
    [K_OTHER] = read_sign, [K_LETTER] = read_word, [K_DIGIT] = read_number, [K_LINE] = read_line, [K_STOP] = read_stop, [K_EQUALS] = read_equals,
    [K_POWER] = read_sign, [K_UNDERSCORE] = read_underscore, [K_OPERATOR] = read_sign, [K_MINUS] = read_minus, [K_BACKSLASH] = read_sign,
    [K_DOLLAR] = read_sign, [K_OPEN] = read_open, [K_BRACE] = read_open, [K_CLOSE] = read_close, [K_QUOTE] = read_sign, [K_COMMA] = read_sign,
    [K_COLON] = read_colon,
};

static void read_text(dd_str s, counts *c, dd_complexity_view *view, uint8_t *seen)
{
    reader r = { .s = s, .starts = true, .c = c, .view = view, .seen = seen };
    index_words(r.by_letter);
    while (r.i < s.len)
        readers[kind_of[(unsigned char)s.ptr[r.i]]](&r);
    end_sentence(c);
}

static void read_ends(dd_str s, size_t most, counts *c, dd_complexity_view *view, uint8_t *seen)
{
    if (s.len <= 2 * most) {
        read_text(s, c, view, seen);
    } else {
        read_text(dd_str_sub(s, 0, most), c, view, seen);
        read_text(dd_str_sub(s, s.len - most, s.len), c, view, seen);
    }
}

/* --- options --- */

/* Bytes of "A. ", "(A) " or "A: " at the start of a line, 0 none. */
static size_t option_mark(dd_str s, size_t at, char letter)
{
    size_t from = at;
    while (at - from < 3 && (byte_at(s, at) == ' ' || byte_at(s, at) == '('))
        at++;
    if (byte_at(s, at) != letter)
        return 0;
    char behind = byte_at(s, at + 1);
    return behind == '.' || behind == ')' || behind == ':' ? at + 2 - from : 0;
}

static size_t next_line(dd_str s, size_t at)
{
    const char *end = memchr(s.ptr + at, '\n', s.len - at);
    return end != NULL ? (size_t)(end - s.ptr) + 1 : s.len;
}

static void measure_option(dd_str option, parts *t)
{
    option   = dd_str_trim(option);
    int size = (int)(option.len < 1 << 20 ? option.len : 1 << 20);
    char first = byte_at(option, 0);
    t->option_bytes += size;
    t->longest_option  = size > t->longest_option ? size : t->longest_option;
    t->shortest_option = size < t->shortest_option || t->shortest_option < 0 ? size : t->shortest_option;
    t->numeric_options += digit_at(option, 0) || ((first == '-' || first == '$') && option.len > 1);
    t->above_options += option.len < 80 && dd_str_findz(option, "of the above") >= 0;
}

typedef struct { size_t line, text; } option_place;

/* Where the options stand, line by line; their number, 0 for less than two. */
static int find_options(dd_str s, option_place *at)
{
    int n = 0;
    for (size_t line = 0; line < s.len && n < MOST_OPTIONS - 1; line = next_line(s, line)) {
        size_t mark = option_mark(s, line, (char)('A' + n));
        if (mark == 0 && n == 1 && (mark = option_mark(s, line, 'A')) > 0)
            n = 0;   /* the first one was something else */
        if (mark > 0)
            at[n++] = (option_place){ line, line + mark };
    }
    return n >= 2 ? n : 0;
}

/* Splits the text: what is asked, and the options. */
static void split(dd_str s, parts *t, dd_str *stem, dd_str *options)
{
    option_place at[MOST_OPTIONS];
    t->bytes           = s.len;
    t->shortest_option = -1;
    t->options         = find_options(s, at);
    *stem              = s;
    *options           = DD_STR("");
    if (t->options > 0) {
        size_t end = next_line(s, at[t->options - 1].text);
        at[t->options].line = end;
        for (int i = 0; i < t->options; i++)
            measure_option(dd_str_sub(s, at[i].text, at[i + 1].line), t);
        *stem    = dd_str_sub(s, 0, at[0].line);
        *options = dd_str_sub(s, at[0].text, end);
    }
    t->shortest_option = t->shortest_option < 0 ? 0 : t->shortest_option;
    t->stem_bytes      = stem->len;
}

/* The last sentence before the options is where the question stands. */
static void find_last(dd_str stem, parts *t)
{
    dd_str s    = dd_str_trim(stem);
    size_t from = s.len > 0 ? s.len - 1 : 0;
    while (from > 0 && s.len - from < 4096 && kind_of[(unsigned char)s.ptr[from - 1]] != K_STOP && s.ptr[from - 1] != '\n')
        from--;
    t->last_sentence = (int)(s.len - from);
    t->last          = byte_at(s, s.len - 1);
}

/* --- numbers of it all --- */

static double lg(double x)
{
    return x > 0 ? 16 * log2(1 + x) : 0;
}

static double share(double part, double whole)
{
    return whole > 0 ? 256 * part / whole : 0;
}

/* About as many as a tokenizer would make: a word is one or more by its length, other signs are one each. */
static double tokens_of(const counts *c)
{
    int signs = 0;
    for (int k = K_EQUALS; k < K_COUNT; k++)
        signs += c->n[k];
    return c->words + c->very_long_words + c->wide / 3.0 + 1.5 * c->numbers + signs + c->n[K_LINE] / 2.0 + c->sentences;
}

static int16_t clamp(double x)
{
    return (int16_t)lrint(x < -32000 ? -32000 : x > 32000 ? 32000 : x);
}

static void fill_features(int16_t *v, const counts *s, const counts *o, const parts *t)
{
#define FEATURE(name, value) v[DD_CF_##name] = clamp(value);
#include "route/complexity_features.def"
#undef FEATURE
}

void dd_complexity_read(dd_str text, dd_complexity_view *out)
{
    uint8_t seen[(1u << DD_COMPLEXITY_BITS) / 8];
    counts  stem, options;
    parts   t;
    dd_str  asked, choice;
    memset(seen, 0, sizeof seen);
    memset(&stem, 0, sizeof stem);
    memset(&options, 0, sizeof options);
    memset(&t, 0, sizeof t);
    out->words = 0;
    split(text, &t, &asked, &choice);
    find_last(asked, &t);
    read_ends(asked, READ, &stem, out, seen);
    read_ends(choice, OPTIONS_READ, &options, out, seen);
    stem.code += 4 * stem.group[G_CODE];
    fill_features(out->v, &stem, &options, &t);
}
