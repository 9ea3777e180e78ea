/* Types of documents by content: see document_type.h. */
#include "operation/document_type.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool begins(const unsigned char *bytes, size_t len, const char *with, size_t with_len)
{
    return len >= with_len && memcmp(bytes, with, with_len) == 0;
}

/* A string literal, in which NULs count. */
#define BEGINS(bytes, len, with) begins(bytes, len, "" with, sizeof(with) - 1)

static uint32_t number(const unsigned char *bytes, bool big)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)bytes[i] << 8 * (big ? 3 - i : i);
    return value;
}

/* Start of image, and a marker segment. */
static bool is_jpeg(const unsigned char *bytes, size_t len)
{
    return len >= 4 && BEGINS(bytes, len, "\xff\xd8\xff") && bytes[3] >= 0xc0 && bytes[3] != 0xff;
}

static bool is_png(const unsigned char *bytes, size_t len)
{
    return BEGINS(bytes, len, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
}

static bool is_pdf(const unsigned char *bytes, size_t len)
{
    return BEGINS(bytes, len, "%PDF-1.") || BEGINS(bytes, len, "%PDF-2.");
}

/* The first directory lies within the file. */
static bool is_tiff(const unsigned char *bytes, size_t len)
{
    const bool big = BEGINS(bytes, len, "MM\0*");
    if (len < 8 || (!big && !BEGINS(bytes, len, "II*\0")))
        return false;
    const uint32_t directory = number(bytes + 4, big);
    return directory >= 8 && directory < len;
}

static bool is_webp(const unsigned char *bytes, size_t len)
{
    return len >= 16 && BEGINS(bytes, len, "RIFF") && BEGINS(bytes + 8, len - 8, "WEBPVP8") &&
           strchr(" LX", bytes[15]) != NULL && bytes[15] != '\0';
}

/* ISO/IEC 23008-12: one picture coded with HEVC, or a file of the general kind. */
static const char *heif_type(const unsigned char *bytes, size_t len)
{
    static const char heic[][5] = {"heic", "heix", "heim", "heis"};
    if (len < 16 || !BEGINS(bytes + 4, len - 4, "ftyp") || number(bytes, true) < 16 ||
        number(bytes, true) > len)
        return NULL;
    for (size_t i = 0; i < sizeof(heic) / sizeof(heic[0]); i++)
        if (memcmp(bytes + 8, heic[i], 4) == 0)
            return "image/heic";
    return BEGINS(bytes + 8, len - 8, "mif1") ? "image/heif" : NULL;
}

const char *document_type(const void *bytes, size_t len)
{
    if (is_jpeg(bytes, len))
        return "image/jpeg";
    if (is_png(bytes, len))
        return "image/png";
    if (is_pdf(bytes, len))
        return "application/pdf";
    if (is_tiff(bytes, len))
        return "image/tiff";
    if (is_webp(bytes, len))
        return "image/webp";
    return heif_type(bytes, len);
}
