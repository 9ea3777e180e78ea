/* The notations of policy.conf: numbers, sizes, spans of time, dates. */
#ifndef MEDGL_POLICY_VALUE_H
#define MEDGL_POLICY_VALUE_H

#include "policy/policy.h"

/* Strict parsers: white space around is forgiven, anything else not. MEDGL_ERR_ARGUMENT. */
enum medgl_error value_parse_number(const char *text, int64_t *number);
enum medgl_error value_parse_size(const char *text, int64_t *bytes);
enum medgl_error value_parse_span(const char *text, struct policy_span *span);
/* "2027-04-01" and nothing else: the days since 1970-01-01. MEDGL_ERR_ARGUMENT: no such day. */
enum medgl_error value_parse_date(const char *text, int64_t *day);

/* The shortest exact notation: "64 MiB", "15 min", "2 months". */
void value_format_size(int64_t bytes, char *text, size_t size);
void value_format_span(struct policy_span span, char *text, size_t size);

#endif
