/* PSKC files as XML, which libxml2 reads: nothing is fetched, no document type is accepted, no
 * entity is expanded, and what held a secret is wiped. */
#ifndef MEDGL_FACTOR_OTP_PSKC_XML_H
#define MEDGL_FACTOR_OTP_PSKC_XML_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>

/* Of libxml2, whose headers nobody else needs. */
typedef struct _xmlDoc xml_document;
typedef struct _xmlNode xml_node;

/* MEDGL_ERR_ARGUMENT: not XML, or with a document type. */
enum medgl_error xml_read(const struct secret *text, xml_document **document);
void xml_free(xml_document **document); /* also for auto_clean(); harmless on NULL */

/* The element that holds all others; NULL: it has another name. */
const xml_node *xml_root(const xml_document *document, const char *name);
/* The first element of that name in `node`, and the next one beside it; NULL: there is none. What
 * is in NULL is NULL. */
const xml_node *xml_child(const xml_node *node, const char *name);
const xml_node *xml_next(const xml_node *node, const char *name);

/* The text between a node's tags, or of an attribute, without blanks around it. "" of none; false:
 * too long, or more than text. */
bool xml_text(const xml_node *node, char *to, size_t size);
bool xml_attribute(const xml_node *node, const char *name, char *to, size_t size);
/* The same of base64, with blanks wherever; `*len` is the room in `bytes` first, then how many they
 * are. false: none, or too long. */
bool xml_binary(const xml_node *node, unsigned char *bytes, size_t *len);

#endif
