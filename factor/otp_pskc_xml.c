#include "factor/otp_pskc_xml.h"

#include "base/auto.h"
#include "base/crypto.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define BASE64_SIZE 512 /* of a secret, encrypted and written with blanks */

/* Secrets go through libxml2's hands: what it gives back is wiped. */
static void wiping_free(void *memory)
{
    if (memory != NULL)
        secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

static void *wiping_realloc(void *memory, size_t size)
{
    void *moved = malloc(size);
    if (moved == NULL || memory == NULL)
        return moved;
    size_t kept = malloc_usable_size(memory);
    memcpy(moved, memory, kept < size ? kept : size);
    wiping_free(memory);
    return moved;
}

static void say_nothing(void *argument, xmlErrorPtr error)
{
    (void)argument;
    (void)error;
}

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *public,
                           const xmlChar *system)
{
    xmlParserCtxtPtr parser = context;
    (void)name, (void)public, (void)system;
    parser->wellFormed = 0;
    xmlStopParser(parser);
}

static void free_parser(xmlParserCtxtPtr *parser)
{
    xmlFreeParserCtxt(*parser);
}

void xml_free(xml_document **document)
{
    xmlFreeDoc(*document);
}

/* MUST: once, before anything else of libxml2 is called: what it has by then it would free with
 * functions that it was not made by, and what it keeps between two documents too. */
static bool prepare_xml(void)
{
    static bool ready;
    if (!ready) {
        ready = xmlMemSetup(wiping_free, malloc, wiping_realloc, strdup) == 0;
        xmlSetStructuredErrorFunc(NULL, say_nothing);
    }
    return ready;
}

enum medgl_error xml_read(const struct secret *text, xml_document **document)
{
    if (text->len == 0 || text->len > INT32_MAX)
        return MEDGL_ERR_ARGUMENT;
    if (!prepare_xml())
        return MEDGL_ERR_MEMORY;
    auto_clean(free_parser) xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (parser == NULL)
        return MEDGL_ERR_MEMORY;
    parser->sax->internalSubset = refuse_doctype;
    *document = xmlCtxtReadMemory(parser, (const char *)text->bytes, (int)text->len, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                      XML_PARSE_NOCDATA | XML_PARSE_NODICT);
    return *document != NULL ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
}

/* Of whatever name space: makers, drafts and the RFC do not agree on them. */
static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *first_named(const xmlNode *node, const char *name)
{
    while (node != NULL && !is_element(node, name))
        node = node->next;
    return node;
}

const xml_node *xml_root(const xml_document *document, const char *name)
{
    const xmlNode *root = xmlDocGetRootElement(document);
    const bool good = root != NULL && document->intSubset == NULL && is_element(root, name);
    return good ? root : NULL;
}

const xml_node *xml_child(const xml_node *node, const char *name)
{
    return node != NULL ? first_named(node->children, name) : NULL;
}

const xml_node *xml_next(const xml_node *node, const char *name)
{
    return first_named(node->next, name);
}

static bool put(char *to, size_t size, size_t *len, const xmlChar *from)
{
    size_t more = from != NULL ? strlen((const char *)from) : 0;
    if (more == 0)
        return true;
    if (more >= size - *len)
        return false;
    memcpy(to + *len, from, more);
    *len += more;
    to[*len] = '\0';
    return true;
}

bool xml_text(const xml_node *node, char *to, size_t size)
{
    size_t len = 0, blanks;
    to[0] = '\0';
    for (const xmlNode *part = node != NULL ? node->children : NULL; part != NULL;
         part = part->next) {
        if (part->type == XML_COMMENT_NODE)
            continue;
        if (part->type != XML_TEXT_NODE || !put(to, size, &len, part->content))
            return false;
    }
    while (len > 0 && isspace((unsigned char)to[len - 1]))
        to[--len] = '\0';
    for (blanks = 0; isspace((unsigned char)to[blanks]); blanks++)
        continue;
    memmove(to, to + blanks, len - blanks + 1);
    return true;
}

bool xml_attribute(const xml_node *node, const char *name, char *to, size_t size)
{
    to[0] = '\0';
    for (const xmlAttr *at = node != NULL ? node->properties : NULL; at != NULL; at = at->next) {
        if (strcmp((const char *)at->name, name) == 0)
            return xml_text((const xmlNode *)at, to, size);
    }
    return true;
}

static void wipe_base64(char (*text)[BASE64_SIZE])
{
    secret_wipe(*text, sizeof(*text));
}

bool xml_binary(const xml_node *node, unsigned char *bytes, size_t *len)
{
    auto_clean(wipe_base64) char text[BASE64_SIZE] = "";
    size_t kept = 0;
    if (node == NULL || !xml_text(node, text, sizeof(text)))
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (!isspace((unsigned char)*c))
            text[kept++] = *c;
    }
    return kept > 0 && crypto_unbase64(bytes, len, text, kept, true) == MEDGL_OK;
}
