/* Of what type a file is, by its content alone: the pictures and pages that scanners, cameras and
 * telephones make. Pure. */
#ifndef MEDGL_OPERATION_DOCUMENT_TYPE_H
#define MEDGL_OPERATION_DOCUMENT_TYPE_H

#include <stddef.h>

/* "image/jpeg", "image/png", "application/pdf", "image/tiff", "image/heic", "image/heif",
 * "image/webp" by how it begins; NULL: none of them. Says nothing of what stands behind the
 * beginning. */
const char *document_type(const void *bytes, size_t len);

#endif
