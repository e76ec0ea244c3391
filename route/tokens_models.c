/* What is known of each tokenizer tag, and which tag a model name means. Ratios and their sources: docs/tokens.md. */
#include "route/tokens.h"

#include <math.h>
#include <string.h>

#define EXACT(tag, base, basis) {tag, base, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, true, basis}
#define ROUGH "estimate from o200k_base: rough public comparisons, no published count"

/* tag, base, text, code, CJK, other scripts, low, high. The last row is for every tag that is not here. */
static const dd_tokenizer tokenizers[] = {
    EXACT("o200k_base", DD_ENC_O200K, "counted with o200k_base"),
    EXACT("o200k_harmony", DD_ENC_O200K, "counted with o200k_base, which harmony shares for text"),
    EXACT("cl100k_base", DD_ENC_CL100K, "counted with cl100k_base"),
    {"p50k_base", DD_ENC_CL100K, 1.21, 1.30, 1.9, 2.5, 0.92, 1.10, false, "estimate from cl100k_base: ratio measured with both vocabularies"},
    {"r50k_base", DD_ENC_CL100K, 1.27, 1.75, 1.9, 2.5, 0.80, 1.20, false, "estimate from cl100k_base: ratio measured with both vocabularies"},
    {"claude-2", DD_ENC_O200K, 1.10, 1.09, 1.5, 2.5, 0.92, 1.25, false, "estimate from o200k_base: ratio measured with the published vocabulary"},
    {"claude-3", DD_ENC_O200K, 1.16, 1.30, 1.16, 1.16, 0.90, 1.12, false, "estimate from o200k_base: published comparisons; the vocabulary is not public"},
    {"claude-4.7", DD_ENC_O200K, 1.68, 1.52, 1.16, 1.16, 0.69, 1.08, false, "estimate from o200k_base: public measurement of 2026-04-17; its maker says 1.0 to 1.35 times claude-3"},
    {"gemini", DD_ENC_O200K, 1.07, 1.10, 1.0, 1.0, 0.90, 1.12, false, ROUGH},
    {"gemma", DD_ENC_O200K, 1.07, 1.10, 1.0, 1.0, 0.90, 1.12, false, ROUGH},
    {"llama-2", DD_ENC_O200K, 1.15, 1.30, 1.9, 2.5, 0.90, 1.25, false, ROUGH},
    {"llama-3", DD_ENC_CL100K, 1.00, 1.00, 0.9, 0.8, 0.93, 1.08, false, "estimate from cl100k_base, which its vocabulary extends"},
    {"llama-4", DD_ENC_O200K, 1.02, 1.05, 1.0, 1.0, 0.93, 1.12, false, ROUGH},
    {"mistral-tekken", DD_ENC_O200K, 1.07, 1.10, 1.1, 1.1, 0.90, 1.12, false, ROUGH},
    {"mistral", DD_ENC_O200K, 1.15, 1.30, 1.7, 2.2, 0.88, 1.25, false, ROUGH},
    {"mistral-v1", DD_ENC_O200K, 1.15, 1.30, 1.7, 2.2, 0.88, 1.25, false, ROUGH},
    {"deepseek", DD_ENC_O200K, 1.05, 1.10, 0.9, 1.3, 0.90, 1.15, false, ROUGH},
    {"qwen", DD_ENC_O200K, 1.05, 1.08, 0.9, 1.3, 0.90, 1.15, false, ROUGH},
    {"glm", DD_ENC_O200K, 1.05, 1.08, 0.9, 1.3, 0.90, 1.15, false, ROUGH},
    {"kimi", DD_ENC_O200K, 1.05, 1.08, 0.9, 1.3, 0.90, 1.15, false, ROUGH},
    {"minimax", DD_ENC_O200K, 1.05, 1.08, 0.9, 1.2, 0.90, 1.15, false, ROUGH},
    {"grok", DD_ENC_O200K, 1.05, 1.10, 1.1, 1.2, 0.90, 1.15, false, ROUGH},
    {"cohere", DD_ENC_O200K, 1.07, 1.15, 1.0, 1.0, 0.88, 1.15, false, ROUGH},
    {"nova", DD_ENC_O200K, 1.10, 1.15, 1.2, 1.3, 0.85, 1.25, false, ROUGH},
    {"titan", DD_ENC_O200K, 1.15, 1.25, 1.5, 1.8, 0.80, 1.30, false, ROUGH},
    {"unknown", DD_ENC_O200K, 1.10, 1.15, 1.1, 1.2, 0.70, 1.60, false, "estimate from o200k_base: the tokenizer is not known"},
};

const dd_tokenizer *dd_tokenizer_find(dd_str tag)
{
    size_t last = DD_COUNT(tokenizers) - 1;
    for (size_t i = 0; i < last; i++)
        if (dd_str_eqz(tag, tokenizers[i].tag))
            return &tokenizers[i];
    return &tokenizers[last];
}

/* ---- what kind of text it is: a cheap look at its first bytes ---- */

enum { LOOK = 16384 };

static bool is_codish(char c)
{
    return c != '\0' && strchr("{}()[]<>=;_\\|&*+#$\"", c) != NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Share of a code's signs among letters, above which a text is code: prose in the public vectors has up to 0.04, nine
 * tenths of their code over 0.078 (docs/tokens.md). */
#define CODE_SHARE 0.065

static double ratio_for(const dd_tokenizer *t, dd_str text)
{
    size_t n = text.len < LOOK ? text.len : LOOK, letters = 0, signs = 0, cjk = 0, other = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        letters += is_letter(text.ptr[i]);
        signs += is_codish(text.ptr[i]);
        cjk += c >= 0xe3 && c <= 0xed;
        other += c >= 0xce && c < 0xe2; /* U+0380 to U+1FFF; before it is Latin, behind it are dashes and quotes */
    }
    size_t all = letters + cjk + other;
    if (cjk * 2 > all)
        return t->cjk;
    if (other * 2 > all)
        return t->other;
    return (double)signs > CODE_SHARE * (double)letters ? t->code : t->text;
}

int64_t dd_tokens_model(dd_str tag, dd_str text, bool *exact)
{
    const dd_tokenizer *t = dd_tokenizer_find(tag);
    int64_t             n = dd_tokens_count(t->base, text);
    if (exact != NULL)
        *exact = t->exact;
    return t->exact ? n : (int64_t)ceil((double)n * ratio_for(t, text) - 1e-9);
}

/* ---- names ---- */

/* The first row whose word stands in the name, where a word may begin, decides. */
static const struct { const char *word, *tag; } names[] = {
    {"gpt-oss", "o200k_harmony"},
    {"gpt-4o", "o200k_base"}, {"gpt-4.1", "o200k_base"}, {"gpt-4-1", "o200k_base"}, {"gpt-4.5", "o200k_base"}, {"gpt-4-5", "o200k_base"},
    {"gpt-4", "cl100k_base"}, {"gpt-3.5", "cl100k_base"}, {"gpt-35", "cl100k_base"},
    {"text-embedding-3", "cl100k_base"}, {"text-embedding-ada-002", "cl100k_base"},
    {"text-davinci", "p50k_base"}, {"code-davinci", "p50k_base"}, /* before davinci-002, which ends some of these */
    {"babbage-002", "cl100k_base"}, {"davinci-002", "cl100k_base"}, {"code-cushman", "p50k_base"},
    {"davinci", "r50k_base"}, {"curie", "r50k_base"}, {"babbage", "r50k_base"}, {"ada", "r50k_base"},
    {"gpt", "o200k_base"}, {"chatgpt", "o200k_base"}, {"codex", "o200k_base"}, {"o1", "o200k_base"}, {"o3", "o200k_base"},
    {"o4", "o200k_base"}, {"computer-use-preview", "o200k_base"},
    {"gemini", "gemini"}, {"gemma", "gemma"}, {"learnlm", "gemini"},
    {"llama-2", "llama-2"}, {"llama2", "llama-2"}, {"llama-4", "llama-4"}, {"llama4", "llama-4"}, {"codellama", "llama-2"}, {"llama", "llama-3"},
    {"mixtral", "mistral-v1"}, {"codestral", "mistral"}, {"mistral", "mistral-tekken"}, {"ministral", "mistral-tekken"},
    {"magistral", "mistral-tekken"}, {"devstral", "mistral-tekken"}, {"pixtral", "mistral-tekken"}, {"voxtral", "mistral-tekken"},
    {"deepseek", "deepseek"}, {"qwen", "qwen"}, {"qwq", "qwen"}, {"glm", "glm"}, {"kimi", "kimi"}, {"minimax", "minimax"},
    {"grok", "grok"}, {"command", "cohere"}, {"embed-english", "cohere"}, {"embed-multilingual", "cohere"}, {"aya", "cohere"},
    {"nova", "nova"}, {"titan", "titan"},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Not within a longer word or number: "gpt-4" is not in "gpt-4o" nor "gpt-4-1" in "gpt-4-1106", but "qwen" is in "qwen3". */
static bool apart(dd_str name, size_t from, size_t to)
{
    if (from > 0 && (is_letter(name.ptr[from - 1]) || is_digit(name.ptr[from - 1])))
        return false;
    if (to == name.len)
        return true;
    return !is_letter(name.ptr[to]) && !(is_digit(name.ptr[to - 1]) && is_digit(name.ptr[to]));
}

static bool word_in(dd_str name, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= name.len; at++)
        if (dd_str_eq_nocase(dd_str_sub(name, at, at + n), dd_str_z(word)) && apart(name, at, at + n))
            return true;
    return false;
}

/* The number of one or two digits at `at`, or -1: dates are longer. *end is behind the digits. */
static int small_number(dd_str s, size_t at, size_t *end)
{
    int    value = 0;
    size_t i = at;
    for (; i < s.len && is_digit(s.ptr[i]); i++)
        value = i - at < 2 ? value * 10 + (s.ptr[i] - '0') : value;
    *end = i;
    return i > at && i - at <= 2 ? value : -1;
}

/* Ten times the version in a Claude name ("claude-3-5-sonnet-20241022": 35, "claude-opus-5": 50); -1: none in it. */
static int claude_version(dd_str name)
{
    size_t at = (size_t)(dd_str_findz(name, "claude") < 0 ? 0 : dd_str_findz(name, "claude")), end;
    while (at < name.len && !is_digit(name.ptr[at]))
        at++;
    int major = small_number(name, at, &end);
    if (major < 0)
        return -1;
    bool more = end < name.len && (name.ptr[end] == '-' || name.ptr[end] == '.');
    int  minor = more ? small_number(name, end + 1, &end) : -1;
    return major * 10 + (minor < 0 || minor > 9 ? 0 : minor);
}

static const char *claude_tag(dd_str name)
{
    int version = claude_version(name);
    if (word_in(name, "instant") || (version >= 0 && version < 30))
        return "claude-2";
    return version >= 30 && version < 47 ? "claude-3" : "claude-4.7";
}

dd_str dd_tokenizer_guess(dd_str model)
{
    if (word_in(model, "claude"))
        return dd_str_z(claude_tag(model));
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (word_in(model, names[i].word))
            return dd_str_z(names[i].tag);
    return dd_str_z("unknown");
}

/* ---- chat overhead ---- */

static const struct { const char *tag; dd_chat_overhead overhead; } overheads[] = {
    {"claude-2", {3, 0, 3, 0, 0}},
    {"claude-3", {4, 0, 3, 8, 346}},
    {"claude-4.7", {3, 0, 3, 8, 346}},
};

dd_chat_overhead dd_tokens_overhead(dd_str tag)
{
    for (size_t i = 0; i < DD_COUNT(overheads); i++)
        if (dd_str_eqz(tag, overheads[i].tag))
            return overheads[i].overhead;
    return (dd_chat_overhead){.per_message = 3, .per_name = 1, .per_reply = 3, .per_tool = 7, .tools_base = 9};
}
