/* scan/syntax_memory.h - where the parser's pieces come from: the thread's own memory, dropped whole after each file. */
#ifndef DD_SCAN_SYNTAX_MEMORY_H
#define DD_SCAN_SYNTAX_MEMORY_H

/* Makes tree-sitter use it. Once, before the first parser. */
void dd_syn_memory_init(void);
/* Drops all that tree-sitter holds in this thread: parser, tree and cursor alike. None may be used or deleted behind it. */
void dd_syn_memory_reset(void);
size_t dd_syn_memory_held(void);    /* bytes of this thread's parser */
#endif
