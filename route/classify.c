/* Problem: name the task and its difficulty from a prompt in well under 2 ms for 100 kB, in several languages, as a pure function.
 *
 * Idea for the task: one table of word stems (route/classify.def), bucketed by first byte in an index that fits the stack; one pass over the text
 * looks only where words start. A hint counts once. The system prompt, and its first lines most, weigh more than what follows it; of long
 * texts the two ends are read, where instructions stand. What it does not do: grammar, negation, meaning.
 * Idea for the difficulty: a learned score (route/complexity.h) of what is asked, drawn towards what the task usually needs where the task is given
 * as an instruction. Why no regular expressions: docs/decisions/0007-classifier.json; why learned: 0017-classifier.json. */
#include "route/classify.h"

#include <assert.h>

#include "route/complexity.h"

enum { HARD = 1, DEEP = 2, EASY = 4, BRIEF = 12 /* and easy */, LIVE = 16 };
enum { SEEN = 1, TOLD = 2 };

typedef struct {
    const char *text;
    uint8_t     len, task, weight, flags;
} hint;

static const hint hints[] = {
#define HINT(text, task, weight, flags) { text, sizeof(text) - 1, DD_TASK_##task, weight, flags },
#include "route/classify.def"
#undef HINT
};

enum {
    MAX_READ  = 65536,  /* bytes of each end of a system prompt */
    TEXT_READ = 4096,   /* bytes of each end of the other messages: further in they are material, not instructions */
    LEAD      = 400,    /* bytes of the system prompt that say what it is about */
    FIRST     = 16,     /* bytes within which a message's first instruction begins */
    ENOUGH    = 2       /* points from which a task counts as recognised */
};

/* By a hint's first two bytes, which are plain ones. */
enum { BUCKETS = 512 };
typedef struct {
    uint16_t first[BUCKETS], next[DD_COUNT(hints)];   /* 1-based; 0 ends */
} bucket_index;

typedef struct {
    int         points[DD_TASK_COUNT];
    const char *why[DD_TASK_COUNT];
    int         why_weight[DD_TASK_COUNT];
    int         told[DD_TASK_COUNT];     /* heaviest hint that begins an instruction or stands in the system prompt */
    bool        live;                    /* a request, not source code */
    int         deep, easy, brief;
    const char *hard;                    /* R2.1's word in the system prompt, or NULL */
    uint8_t     seen[DD_COUNT(hints)];
} tally;

static size_t bucket(unsigned char first, unsigned char second)
{
    return (first * 29u + second) % BUCKETS;
}

static void index_hints(bucket_index *ix)
{
    memset(ix->first, 0, sizeof ix->first);
    for (size_t i = DD_COUNT(hints); i-- > 0;) {
        assert(hints[i].len >= 2 && hints[i].text[1] != '*' && hints[i].text[1] != ' ');
        size_t at     = bucket((unsigned char)hints[i].text[0], (unsigned char)hints[i].text[1]);
        ix->next[i]   = ix->first[at];
        ix->first[at] = (uint16_t)(i + 1);
    }
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* First bytes of what is written without blanks: kana, CJK ideographs, hangul. */
static bool unspaced(unsigned char c)
{
    return c >= 0xE3 && c <= 0xED;
}

static bool starts_word(dd_str s, size_t i, unsigned char c)
{
    if (i == 0 || unspaced(c))
        return true;
    unsigned char before = fold(s.ptr[i - 1]);
    if (before < 0x80)
        return !alnum(before);
    return i >= 3 && unspaced((unsigned char)s.ptr[i - 3]);
}

/* Bytes from i on that are no letters or digits, at most four. */
static size_t gap(dd_str s, size_t i)
{
    size_t n = 0;
    while (n < 4 && i + n < s.len && fold(s.ptr[i + n]) < 0x80 && !alnum(fold(s.ptr[i + n])))
        n++;
    return n;
}

/* Moves *i past what the hint's character c stands for; false: it is not there. */
static bool step_over(char c, dd_str s, size_t *i)
{
    if (c == ' ') {
        size_t n = gap(s, *i);
        *i += n;
        return n > 0;
    }
    return *i < s.len && fold(s.ptr[(*i)++]) == (unsigned char)c;
}

static bool hint_at(const hint *h, dd_str s, size_t i)
{
    for (size_t k = 0; k < h->len; k++) {
        if (h->text[k] == '*')
            return true;
        if (!step_over(h->text[k], s, &i))
            return false;
    }
    return i >= s.len || !alnum(fold(s.ptr[i]));
}

static bool after_please(dd_str s, size_t i)
{
    return i >= 6 && dd_str_eq_nocase(dd_str_sub(s, i - 6, i), DD_STR("please"));
}

/* An instruction begins where a sentence, a line or an item does, or behind "please". */
static bool begins_instruction(dd_str s, size_t i)
{
    while (i > 0 && s.ptr[i - 1] == ' ')
        i--;
    return i == 0 || strchr(".!?:;\n-*#>\"", s.ptr[i - 1]) != NULL || after_please(s, i);
}

static void count_told(tally *t, size_t which, int factor)
{
    const hint *h = &hints[which];
    if (!t->live || (t->seen[which] & TOLD))
        return;
    t->seen[which] |= TOLD;
    t->points[h->task] += h->weight * factor;
    if (h->weight > t->told[h->task])
        t->told[h->task] = h->weight;
}

static void count_hint(tally *t, size_t which, int factor, bool system)
{
    const hint *h = &hints[which];
    if ((t->seen[which] & SEEN) || ((h->flags & LIVE) && !t->live))
        return;
    t->seen[which] |= SEEN;
    t->points[h->task] += h->weight * factor;
    if (h->weight > t->why_weight[h->task]) {
        t->why_weight[h->task] = h->weight;
        t->why[h->task]        = h->text;
    }
    t->deep += (h->flags & DEEP) != 0;
    t->easy += (h->flags & EASY) != 0;
    t->brief += (h->flags & BRIEF) == BRIEF;
    if (system && (h->flags & HARD))
        t->hard = h->text;
}

static void read_part(const bucket_index *ix, dd_str s, int factor, size_t lead, bool system, tally *t)
{
    unsigned char c = s.len ? fold(s.ptr[0]) : 0, next;
    for (size_t i = 0; i + 1 < s.len; i++, c = next) {
        next      = fold(s.ptr[i + 1]);
        size_t at = ix->first[bucket(c, next)];
        if (at == 0 || !starts_word(s, i, c))
            continue;
        for (size_t p = at; p != 0; p = ix->next[p - 1])
            if (hint_at(&hints[p - 1], s, i)) {
                count_hint(t, p - 1, factor + (i < lead), system);
                if (system || begins_instruction(s, i))
                    count_told(t, p - 1, system ? 0 : factor + (i < FIRST));
            }
    }
}

static void read_ends(const bucket_index *ix, dd_str s, size_t most, int factor, size_t lead, bool system, tally *t)
{
    if (s.len <= 2 * most) {
        read_part(ix, s, factor, lead, system, t);
        return;
    }
    read_part(ix, dd_str_sub(s, 0, most), factor, lead, system, t);
    read_part(ix, dd_str_sub(s, s.len - most, s.len), factor, 0, system, t);
}

static void add_points(tally *t, dd_task task, int points, const char *why)
{
    t->points[task] += points;
    if (points > t->why_weight[task]) {
        t->why_weight[task] = points;
        t->why[task]        = why;
    }
}

/* What the request's form says about its task. */
static void read_form(const dd_prompt *p, tally *t)
{
    if (p->max_tokens >= 1 && p->max_tokens <= 16) /* call-shapes: such a cap means classification */
        add_points(t, DD_TASK_CLASSIFICATION, 12, "output cap of 16 tokens or less");
    if (p->json_schema)
        add_points(t, DD_TASK_EXTRACTION, 1, "response schema");
    if (p->tools > 0)
        add_points(t, DD_TASK_AGENT_STEP, 4, "tools are offered");
    if (p->calls > 0)
        add_points(t, DD_TASK_AGENT_STEP, 12, "tools were called");
}

/* Ties go to the task whose answer is the narrower one. */
static const uint8_t by_precedence[] = {
    DD_TASK_CLASSIFICATION, DD_TASK_EXTRACTION, DD_TASK_TRANSLATION, DD_TASK_SUMMARIZATION, DD_TASK_IMAGE,
    DD_TASK_CODING, DD_TASK_AGENT_STEP, DD_TASK_REASONING, DD_TASK_GENERATION, DD_TASK_CHAT,
};

static dd_task strongest(const tally *t)
{
    dd_task best = by_precedence[0];
    for (size_t i = 1; i < DD_COUNT(by_precedence); i++)
        if (t->points[by_precedence[i]] > t->points[best])
            best = by_precedence[i];
    return best;
}

/* Where each task starts on the scale of difficulty; below LOW_BELOW is low, from HIGH_FROM on high. */
static const double base_score[DD_TASK_COUNT] = {
    [DD_TASK_CHAT] = 0.45, [DD_TASK_CODING] = 0.60, [DD_TASK_REASONING] = 0.60, [DD_TASK_SUMMARIZATION] = 0.38,
    [DD_TASK_TRANSLATION] = 0.38, [DD_TASK_EXTRACTION] = 0.20, [DD_TASK_CLASSIFICATION] = 0.15, [DD_TASK_GENERATION] = 0.50,
    [DD_TASK_EMBEDDING] = 0.10, [DD_TASK_IMAGE] = 0.50, [DD_TASK_AGENT_STEP] = 0.55,
};
#define LOW_BELOW 0.34
#define HIGH_FROM 0.67
#define UNRECOGNISED 0.50
#define HARD_WORK 0.55

static int at_most(int n, int most)
{
    return n < most ? n : most;
}

static int64_t input_size(const dd_prompt *p)
{
    return p->input_tokens >= 0 ? p->input_tokens : (int64_t)((p->system.len + p->text.len) / 4);
}

static double size_score(int64_t tokens)
{
    static const struct { int64_t from; double add; } steps[] = { { 50000, 0.20 }, { 8000, 0.10 }, { 500, 0.0 } };
    for (size_t i = 0; i < DD_COUNT(steps); i++)
        if (tokens >= steps[i].from)
            return steps[i].add;
    return -0.05;
}

static double cap_score(int64_t cap)
{
    if (cap <= 0)
        return 0;
    return cap <= 64 ? -0.10 : cap > 4000 ? 0.05 : 0;
}

static double difficulty(const dd_prompt *p, const tally *t, dd_task task)
{
    double s = base_score[task] + size_score(input_size(p)) + cap_score(p->max_tokens);
    s += 0.08 * at_most(t->deep, 3) - 0.05 * at_most(t->easy, 2);
    s += 0.02 * at_most(p->tools, 6);
    s += p->messages >= 10 ? 0.10 : 0;
    s += p->reasoning ? 0.15 : 0;
    s += t->hard != NULL ? 0.04 : 0;
    return s < 0 ? 0 : s > 1 ? 1 : s;
}

static dd_complexity complexity_of(double score)
{
    return score < LOW_BELOW ? DD_COMPLEXITY_LOW : score < HIGH_FROM ? DD_COMPLEXITY_MEDIUM : DD_COMPLEXITY_HIGH;
}

/* Nothing recognised is medium (R2.1), unless the request itself asks for reasoning. */
static dd_class unrecognised(const dd_prompt *p)
{
    dd_class c = { DD_TASK_CHAT, DD_COMPLEXITY_MEDIUM, UNRECOGNISED, false, false, "nothing recognised" };
    if (p->reasoning)
        c = (dd_class){ DD_TASK_REASONING, DD_COMPLEXITY_HIGH, HIGH_FROM + 0.05, true, false, "reasoning was asked for" };
    return c;
}

/* --- live requests: the learned score --- */

/* How much what a task usually needs counts beside the learned score, which knows examination questions best. */
static const double task_share[DD_TASK_COUNT] = {
    [DD_TASK_CHAT] = 0.3, [DD_TASK_CODING] = 0.4, [DD_TASK_REASONING] = 0.4, [DD_TASK_SUMMARIZATION] = 0.6, [DD_TASK_TRANSLATION] = 0.6,
    [DD_TASK_EXTRACTION] = 0.8, [DD_TASK_CLASSIFICATION] = 0.8, [DD_TASK_GENERATION] = 0.5, [DD_TASK_EMBEDDING] = 1, [DD_TASK_IMAGE] = 0.8,
    [DD_TASK_AGENT_STEP] = 0.6,
};

/* What the form of a text says of its task where no word does. */
static const struct { dd_complexity_feature feature; int least; dd_task task; const char *why; } forms[] = {
    { DD_CF_CODE, 48, DD_TASK_CODING, "it looks like code" },
    { DD_CF_OPTIONS, 2, DD_TASK_CHAT, "options to choose from" },
    { DD_CF_BACKSLASHES, 40, DD_TASK_REASONING, "it looks like mathematics" },
    { DD_CF_MATHEMATICS, 32, DD_TASK_REASONING, "it looks like mathematics" },
    { DD_CF_QUESTIONS, 1, DD_TASK_CHAT, "a question" },
};

static bool by_form(const dd_complexity_view *v, dd_class *c)
{
    for (size_t i = 0; i < DD_COUNT(forms); i++) {
        if (v->v[forms[i].feature] >= forms[i].least) {
            c->task       = forms[i].task;
            c->why        = forms[i].why;
            c->recognised = true;
            return true;
        }
    }
    return false;
}

/* Texts that begin with the same system prompt differ in what is asked. */
static dd_str asked(const dd_prompt *p)
{
    return p->ask.len > 0 ? p->ask : p->text.len > 0 ? p->text : p->system;
}

/* An examination question is what the learned score knows best; else the task counts, when it was told or many words say so. */
static double usual_share(const dd_prompt *p, const tally *t, const dd_complexity_view *view, dd_task task)
{
    if (view->v[DD_CF_OPTIONS] > 0 && p->system.len == 0)
        return 0;
    return t->told[task] >= ENOUGH || t->points[task] >= 2 * ENOUGH ? task_share[task] : 0;
}

/* Work that is usually hard is not made easier by its name: there the task only lifts. */
static double with_task(double score, double usual, double share, dd_task task)
{
    if (base_score[task] >= HARD_WORK && usual < score)
        return score;
    return share * usual + (1 - share) * score;
}

static dd_class learned(const dd_prompt *p, const tally *t, const dd_complexity_view *view, dd_class c)
{
    double score = dd_complexity_score(view);
    if (c.recognised) {
        double both = with_task(score, c.score, usual_share(p, t, view, c.task), c.task);
        c.score = p->reasoning && c.score > both ? c.score : both;
    } else {
        c.score = score;
        by_form(view, &c);
    }
    c.complexity = c.recognised ? complexity_of(c.score) : DD_COMPLEXITY_MEDIUM; /* R2.1 */
    return c;
}

/* R2.1: to extract something from a short text is easy. */
static dd_class short_extraction(const dd_prompt *p, const tally *t, dd_class c)
{
    if (c.task == DD_TASK_EXTRACTION && t->told[DD_TASK_EXTRACTION] >= ENOUGH && input_size(p) < 500) {
        c.complexity = DD_COMPLEXITY_LOW;
        c.score      = c.score < LOW_BELOW ? c.score : LOW_BELOW * 0.99;
    }
    return c;
}

static dd_class by_words(const dd_prompt *p, const tally *t)
{
    dd_task  task = strongest(t);
    dd_class c;
    if (t->points[task] >= ENOUGH)
        c = (dd_class){ .task = task, .score = difficulty(p, t, task), .recognised = true, .why = t->why[task] };
    else
        c = unrecognised(p);
    c.complexity = complexity_of(c.score);
    c.brief      = t->brief > 0;
    return c;
}

static dd_class classify_live(const dd_prompt *p, tally *t)
{
    dd_complexity_view view;
    dd_complexity_read(asked(p), &view);
    if (view.v[forms[0].feature] >= forms[0].least)
        add_points(t, forms[0].task, 4, forms[0].why);
    return short_extraction(p, t, learned(p, t, &view, by_words(p, t)));
}

dd_class dd_classify(const dd_prompt *p)
{
    bucket_index ix;
    tally        t;
    memset(&t, 0, sizeof t);
    t.live = !p->source;
    index_hints(&ix);
    read_ends(&ix, p->system, MAX_READ, 2, LEAD, true, &t);
    read_ends(&ix, p->text, TEXT_READ, p->system.len > 0 ? 1 : 2, 0, false, &t);
    read_form(p, &t);

    dd_class c = t.live ? classify_live(p, &t) : by_words(p, &t);
    if (p->messages >= 10 && t.hard != NULL) { /* R2.1 */
        c.complexity = DD_COMPLEXITY_HIGH;
        c.score      = c.score < 0.80 ? 0.80 : c.score;
        c.recognised = true;
        c.why        = t.hard;
    }
    return c;
}

static const char *const task_names[DD_TASK_COUNT] = {
    [DD_TASK_CHAT] = "chat", [DD_TASK_CODING] = "coding", [DD_TASK_REASONING] = "reasoning", [DD_TASK_SUMMARIZATION] = "summarization",
    [DD_TASK_TRANSLATION] = "translation", [DD_TASK_EXTRACTION] = "extraction", [DD_TASK_CLASSIFICATION] = "classification",
    [DD_TASK_GENERATION] = "generation", [DD_TASK_EMBEDDING] = "embedding", [DD_TASK_IMAGE] = "image", [DD_TASK_AGENT_STEP] = "agent_step",
};
static const char *const complexity_names[] = { "low", "medium", "high" };

const char *dd_task_name(dd_task t)
{
    return (size_t)t < DD_TASK_COUNT ? task_names[t] : "unknown";
}

const char *dd_complexity_name(dd_complexity c)
{
    return (size_t)c < DD_COUNT(complexity_names) ? complexity_names[c] : "unknown";
}
