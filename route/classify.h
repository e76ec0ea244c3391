/* route/classify.h - what kind of work a prompt asks for, and how hard it is.
 *
 * Pure, no allocation; < 2 ms for 100 kB (R2.1). Of a live request the score is learned (route/complexity.h) and moved by what is known of
 * the task; of static text in source code, where the question itself is missing, it is the task's and the form's alone. */
#ifndef DD_ROUTE_CLASSIFY_H
#define DD_ROUTE_CLASSIFY_H
#include "base/str.h"

typedef enum {
    DD_TASK_CHAT, DD_TASK_CODING, DD_TASK_REASONING, DD_TASK_SUMMARIZATION, DD_TASK_TRANSLATION, DD_TASK_EXTRACTION,
    DD_TASK_CLASSIFICATION, DD_TASK_GENERATION, DD_TASK_EMBEDDING, DD_TASK_IMAGE, DD_TASK_AGENT_STEP, DD_TASK_COUNT
} dd_task;
typedef enum { DD_COMPLEXITY_LOW, DD_COMPLEXITY_MEDIUM, DD_COMPLEXITY_HIGH } dd_complexity;

typedef struct {
    dd_str  system, text;     /* system prompt; everything else, newest last */
    dd_str  ask;              /* the user's newest turn, part of text; empty: text */
    int64_t input_tokens;     /* -1: not known */
    int64_t max_tokens;       /* -1: no cap */
    int     messages;         /* turns; 0: not known */
    int     tools;
    int     calls;            /* tool calls and their results among the messages */
    bool    json_schema, images, reasoning;
    bool    source;           /* static text of source code, not a request */
} dd_prompt;

typedef struct {
    dd_task       task;
    dd_complexity complexity;
    double        score;      /* 0..1, higher needs the stronger model */
    bool          recognised; /* false: nothing matched, medium by default */
    bool          brief;      /* a short text is asked for: a title, one sentence */
    const char   *why;        /* static text: the pattern that decided */
} dd_class;

dd_class    dd_classify(const dd_prompt *prompt);
const char *dd_task_name(dd_task t);
const char *dd_complexity_name(dd_complexity c);
#endif
