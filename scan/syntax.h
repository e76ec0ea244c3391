/* scan/syntax.h - a syntax tree as one flat array, the same for all grammars.
 *
 * tree-sitter's own node calls walk from the parent again and again, and its tree costs 44 times the source. So one
 * pass of a cursor copies what lowering needs into 20 bytes a node and the tree goes. Node types and fields of all
 * grammars become one enum each; comments, punctuation and the inside of strings are left out. No recursion. */
#ifndef DD_SCAN_SYNTAX_H
#define DD_SCAN_SYNTAX_H
#include "scan/ir.h"

/* Named nodes, as the grammars spell them. */
#define DD_SYN_KINDS(X) \
    X(module) X(program) X(expression_statement) X(block) X(statement_block) X(ERROR) X(comment) \
    /* Python */ \
    X(aliased_import) X(argument_list) X(as_pattern) X(as_pattern_target) X(assert_statement) X(assignment) X(attribute) \
    X(augmented_assignment) X(await) X(binary_operator) X(boolean_operator) X(break_statement) X(call) X(case_clause) \
    X(case_pattern) X(chevron) X(class_definition) X(class_pattern) X(comparison_operator) X(complex_pattern) X(concatenated_string) \
    X(conditional_expression) X(constrained_type) X(continue_statement) X(decorated_definition) X(decorator) \
    X(default_parameter) X(delete_statement) X(dict_pattern) X(dictionary) X(dictionary_comprehension) X(dictionary_splat) \
    X(dictionary_splat_pattern) X(dotted_name) X(elif_clause) X(else_clause) X(except_clause) X(except_group_clause) \
    X(exec_statement) X(expression_list) X(finally_clause) X(for_in_clause) X(for_statement) X(format_expression) \
    X(format_specifier) X(function_definition) X(future_import_statement) X(generator_expression) X(generic_type) \
    X(global_statement) X(if_clause) X(if_statement) X(import_from_statement) X(import_prefix) X(import_statement) \
    X(interpolation) X(keyword_argument) X(keyword_pattern) X(keyword_separator) X(lambda) X(lambda_parameters) X(list) \
    X(list_comprehension) X(list_pattern) X(list_splat) X(list_splat_pattern) X(match_statement) X(member_type) \
    X(named_expression) X(nonlocal_statement) X(not_operator) X(pair) X(parameters) X(parenthesized_expression) \
    X(parenthesized_list_splat) X(pass_statement) X(pattern_list) X(positional_separator) X(print_statement) \
    X(raise_statement) X(relative_import) X(return_statement) X(set) X(set_comprehension) X(slice) X(splat_pattern) \
    X(splat_type) X(string) X(string_content) X(string_start) X(string_end) X(subscript) X(try_statement) X(tuple) \
    X(tuple_pattern) X(type) X(type_alias_statement) X(type_parameter) X(typed_default_parameter) X(typed_parameter) \
    X(unary_operator) X(union_pattern) X(union_type) X(while_statement) X(wildcard_import) X(with_clause) X(with_item) \
    X(with_statement) X(yield) X(ellipsis) X(false) X(float) X(identifier) X(integer) X(none) X(true) X(line_continuation) \
    X(type_conversion) X(escape_sequence) X(escape_interpolation) \
    /* JavaScript, TypeScript, TSX */ \
    X(abstract_class_declaration) X(abstract_method_signature) X(accessibility_modifier) X(ambient_declaration) \
    X(arguments) X(array) X(array_pattern) X(array_type) X(arrow_function) X(as_expression) X(assignment_expression) \
    X(assignment_pattern) X(augmented_assignment_expression) X(await_expression) X(binary_expression) X(call_expression) \
    X(catch_clause) X(class) X(class_body) X(class_declaration) X(class_heritage) X(class_static_block) \
    X(computed_property_name) X(debugger_statement) X(do_statement) X(empty_statement) X(enum_assignment) X(enum_body) \
    X(enum_declaration) X(export_clause) X(export_specifier) X(export_statement) X(extends_clause) X(field_definition) \
    X(flow_maybe_type) X(for_in_statement) X(formal_parameters) X(function) X(function_declaration) X(function_expression) \
    X(function_signature) X(function_type) X(generator_function) X(generator_function_declaration) X(hash_bang_line) \
    X(html_character_reference) X(html_comment) X(implements_clause) X(import) X(import_alias) X(import_attribute) \
    X(import_clause) X(import_require_clause) X(import_specifier) X(index_signature) X(instantiation_expression) \
    X(interface_declaration) X(internal_module) X(intersection_type) X(jsx_attribute) X(jsx_closing_element) X(jsx_element) \
    X(jsx_expression) X(jsx_fragment) X(jsx_namespace_name) X(jsx_opening_element) X(jsx_self_closing_element) X(jsx_text) \
    X(labeled_statement) X(lexical_declaration) X(literal_type) X(lookup_type) X(member_expression) X(meta_property) \
    X(method_definition) X(method_signature) X(named_imports) X(namespace_export) X(namespace_import) X(nested_identifier) \
    X(nested_type_identifier) X(new_expression) X(non_null_expression) X(null) X(number) X(object) X(object_assignment_pattern) \
    X(object_pattern) X(object_type) X(optional_chain) X(optional_parameter) X(pair_pattern) X(parenthesized_type) \
    X(predefined_type) X(private_property_identifier) X(property_identifier) X(property_signature) X(public_field_definition) \
    X(readonly_type) X(regex) X(required_parameter) X(rest_pattern) X(satisfies_expression) X(sequence_expression) \
    X(shorthand_property_identifier) X(shorthand_property_identifier_pattern) X(spread_element) X(statement_identifier) \
    X(string_fragment) X(subscript_expression) X(super) X(switch_body) X(switch_case) X(switch_default) X(switch_statement) \
    X(template_string) X(template_substitution) X(ternary_expression) X(this) X(throw_statement) X(tuple_type) \
    X(type_alias_declaration) X(type_annotation) X(type_arguments) X(type_assertion) X(type_identifier) X(type_parameters) \
    X(type_query) X(unary_expression) X(undefined) X(update_expression) X(using_declaration) X(variable_declaration) \
    X(variable_declarator) X(yield_expression)

/* Anonymous tokens that carry meaning. */
#define DD_SYN_TOKENS(X) \
    X(async, "async") X(static, "static") X(get, "get") X(set, "set") X(type, "type") X(typeof, "typeof") X(star, "*") \
    X(default, "default") X(any, "_") X(export, "export") X(declare, "declare") X(readonly, "readonly") X(comma, ",")

#define DD_SYN_FIELDS(X) \
    X(alias) X(alternative) X(argument) X(arguments) X(attribute) X(body) X(cause) X(close_tag) X(condition) X(consequence) \
    X(constructor) X(declaration) X(decorator) X(definition) X(expression) X(finalizer) X(format_specifier) X(function) \
    X(guard) X(handler) X(increment) X(index) X(initializer) X(key) X(kind) X(left) X(module) X(module_name) X(name) X(object) \
    X(open_tag) X(operator) X(operators) X(parameter) X(parameters) X(pattern) X(property) X(return_type) X(right) X(source) \
    X(subject) X(subscript) X(superclasses) X(type) X(type_arguments) X(type_parameters) X(value)

typedef enum {
    K_other, /* a named node of another type */
    K_token, /* an operator: its text says which */
#define X(n) K_##n,
    DD_SYN_KINDS(X)
#undef X
#define X(n, text) T_##n,
    DD_SYN_TOKENS(X)
#undef X
    K_COUNT
} dd_syn_kind;

typedef enum {
    F_none,
#define X(n) F_##n,
    DD_SYN_FIELDS(X)
#undef X
    F_COUNT
} dd_syn_field;

enum { DD_SYN_HAS_ERROR = 1, DD_SYN_MISSING = 2, DD_SYN_NAMED = 4 };

typedef struct {
    uint16_t kind;
    uint8_t  field, flags;
    uint32_t start, end;
    uint32_t child, next; /* 0: none */
} dd_syn;

typedef struct {
    dd_syn    *v;        /* v[0] stands for nothing, v[1] is the root */
    size_t     n, cap;
    uint32_t   n_errors;
    DD_VEC(dd_comment) comments;
} dd_syn_tree;

/* Parses `file` with the grammar of `lang` into *t, whose arrays are reused (zero it first). Any thread.
 * DD_ERR_PARSE when the parser gave up, DD_ERR_LIMIT past 4 GB. */
dd_code dd_syn_parse(const dd_source_file *file, dd_lang lang, dd_syn_tree *t, dd_err *err);
/* The same without the fast reader of scan/quick.h, which goes first otherwise. */
dd_code dd_syn_parse_grammar(const dd_source_file *file, dd_lang lang, dd_syn_tree *t, dd_err *err);
void    dd_syn_fini(dd_syn_tree *t);
const char *dd_syn_kind_name(dd_syn_kind k);
#endif
