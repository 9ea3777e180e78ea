/* The local lists: blocklists in memory, and the filter of breached passwords as an open file. They
 * are no secret; what is asked of them is. */
#include "factor/quality_piece.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define BLOCKLIST_MAX ((size_t)8 << 20) /* bytes; what is larger belongs into a filter */
#define ENTRY_LONGEST 1024
#define CORE_LEAST    4 /* characters of an entry that is looked for in decoration */
#define DECORATION    8 /* characters at either end */

struct blocklist {
    uint8_t *text; /* folded entries, one after the other */
    const uint8_t **entries;
    size_t count;
};

#define BLOCKLISTS_MAX 16

struct quality_lists {
    struct blocklist blocklists[BLOCKLISTS_MAX];
    size_t count;
    int filter; /* -1: none */
};

void quality_lists_free(struct quality_lists **lists)
{
    if (*lists == NULL)
        return;
    for (size_t i = 0; i < (*lists)->count; i++) {
        free((*lists)->blocklists[i].text);
        free((*lists)->blocklists[i].entries);
    }
    if ((*lists)->filter >= 0)
        (void)close((*lists)->filter);
    free(*lists);
    *lists = NULL;
}

/* -- reading --------------------------------------------------------------------------------- */

/* Spaces as OpaqueString has them, and folded. Returns the end of what was written: a character
 * may need one byte more than before. */
static uint8_t *blocklist_fold(const uint8_t *line, size_t len, uint8_t *to)
{
    const uint8_t *end = line + len;
    while (line < end) {
        ucs4_t c;
        line += u8_mbtouc(&c, line, (size_t)(end - line));
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs))
            c = ' ';
        int wrote = u8_uctomb(to, candidate_fold(c), 6);
        if (wrote > 0)
            to += wrote;
    }
    *to++ = '\0';
    return to;
}

static int blocklist_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum medgl_error blocklist_split(const uint8_t *normal, size_t len,
                                        struct blocklist *blocklist)
{
    const uint8_t *end = normal + len;
    size_t lines = 1;
    for (const uint8_t *at = normal; at < end; at++)
        lines += *at == '\n';
    uint8_t *to = blocklist->text = malloc(2 * len + lines + 6);
    blocklist->entries = calloc(lines, sizeof(*blocklist->entries));
    if (to == NULL || blocklist->entries == NULL)
        return MEDGL_ERR_MEMORY;
    for (const uint8_t *line = normal; line < end;) {
        const uint8_t *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            stop = end;
        size_t here = (size_t)(stop - line);
        here -= here > 0 && line[here - 1] == '\r';
        if (here > 0 && here <= ENTRY_LONGEST && line[0] != '#') {
            blocklist->entries[blocklist->count++] = to;
            to = blocklist_fold(line, here, to);
        }
        line = stop + 1;
    }
    qsort(blocklist->entries, blocklist->count, sizeof(*blocklist->entries), blocklist_order);
    return MEDGL_OK;
}

static enum medgl_error blocklist_read(const struct secret *content, const char *path,
                                       struct blocklist *blocklist)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* some editors begin a file with it */
    const uint8_t *bytes = content->bytes;
    size_t len = content->len, normal_len;
    if (len >= sizeof(mark) && memcmp(bytes, mark, sizeof(mark)) == 0) {
        bytes += sizeof(mark);
        len -= sizeof(mark);
    }
    if (len == 0)
        return MEDGL_OK;
    if (u8_check(bytes, len) != NULL || memchr(bytes, '\0', len) != NULL) {
        log_line(LOG_ERR,
                 "%s is not text in UTF-8: convert it with iconv(1), one password a line; a filter "
                 "belongs to password_filter",
                 path);
        return MEDGL_ERR_CORRUPT;
    }
    auto_free uint8_t *normal = u8_normalize(UNINORM_NFC, bytes, len, NULL, &normal_len);
    if (normal == NULL)
        return MEDGL_ERR_MEMORY;
    return blocklist_split(normal, normal_len, blocklist);
}

/* -- opening --------------------------------------------------------------------------------- */

static enum medgl_error lists_missing(const char *path, enum medgl_error error)
{
    if (error == MEDGL_ERR_NOT_FOUND)
        log_line(LOG_ERR,
                 "%s is missing: no password can be set until it is there again, or no longer "
                 "named in policy.conf",
                 path);
    return error;
}

static enum medgl_error lists_add_blocklist(struct quality_lists *lists, const char *path,
                                            uid_t owner)
{
    struct file_rule rule = {.owner = owner, .forbidden = 0022, .max = BLOCKLIST_MAX};
    auto_secret struct secret content = SECRET_NONE;
    if (lists->count == BLOCKLISTS_MAX) {
        log_line(LOG_ERR, "more than %d blocklists: join some of them", BLOCKLISTS_MAX);
        return MEDGL_ERR_ARGUMENT;
    }
    enum medgl_error error = file_read_trusted(path, &rule, &content);
    if (error != MEDGL_OK)
        return lists_missing(path, error);
    return blocklist_read(&content, path, &lists->blocklists[lists->count++]);
}

static enum medgl_error lists_add_filter(struct quality_lists *lists, const char *path, uid_t owner)
{
    struct file_rule rule = {.owner = owner, .forbidden = 0022, .max = SIZE_MAX};
    bool found;
    enum medgl_error error = file_open_trusted(path, &rule, &lists->filter);
    if (error != MEDGL_OK)
        return lists_missing(path, error);
    error = quality_passwdqc_filter(lists->filter, "to see whether it can be asked", &found);
    if (error != MEDGL_OK)
        log_line(LOG_ERR,
                 "%s cannot be asked: make it with pwqfilter --create and --hash-md4 or "
                 "--hash-ntlm-cp1252",
                 path);
    return error;
}

static enum medgl_error lists_add(struct quality_lists *lists,
                                  const struct quality_lists_request *request, const char *name,
                                  size_t len, bool filter)
{
    char path[PATH_MAX];
    if (name[0] != '/' ||
        snprintf(path, sizeof(path), "%s%.*s", request->root, (int)len, name) >= PATH_MAX)
        return MEDGL_ERR_ARGUMENT;
    return filter ? lists_add_filter(lists, path, request->owner)
                  : lists_add_blocklist(lists, path, request->owner);
}

enum medgl_error quality_lists_open(const struct quality_lists_request *request,
                                    struct quality_lists **lists)
{
    auto_clean(quality_lists_free) struct quality_lists *opened = calloc(1, sizeof(*opened));
    if (opened == NULL)
        return MEDGL_ERR_MEMORY;
    opened->filter = -1;
    const char *at = request->blocklists + strspn(request->blocklists, " ");
    while (*at != '\0') {
        size_t len = strcspn(at, " ");
        MEDGL_TRY(lists_add(opened, request, at, len, false));
        at += len + strspn(at + len, " ");
    }
    if (request->filter[0] != '\0')
        MEDGL_TRY(lists_add(opened, request, request->filter, strlen(request->filter), true));
    *lists = auto_give(opened);
    return MEDGL_OK;
}

/* -- asking ---------------------------------------------------------------------------------- */

struct key {
    const uint32_t *folded;
    size_t length;
};

/* The order of UTF-8 is that of its code points. */
static int key_order(const void *a, const void *b)
{
    const struct key *key = a;
    const uint8_t *entry = *(const uint8_t *const *)b;
    for (size_t i = 0; i < key->length; i++) {
        ucs4_t c;
        if (*entry == '\0')
            return 1;
        entry += u8_mbtouc(&c, entry, 4);
        if (key->folded[i] != c)
            return key->folded[i] < c ? -1 : 1;
    }
    return *entry == '\0' ? 0 : -1;
}

static bool lists_hold(const struct quality_lists *lists, const uint32_t *folded, size_t length)
{
    const struct key key = {folded, length};
    for (size_t i = 0; i < lists->count; i++) {
        const struct blocklist *blocklist = &lists->blocklists[i];
        if (blocklist->count > 0 && bsearch(&key, blocklist->entries, blocklist->count,
                                            sizeof(*blocklist->entries), key_order) != NULL)
            return true;
    }
    return false;
}

/* With less and less of what may be decoration; a word written twice is looked for once. */
static bool lists_hold_core(const struct quality_lists *lists, const struct candidate *candidate)
{
    size_t before = candidate->decoration_ends,
           after = candidate->count - candidate->decoration_begins;
    before = before < DECORATION ? before : DECORATION;
    after = after < DECORATION ? after : DECORATION;
    for (size_t from = 0; from <= before; from++) {
        for (size_t less = 0; less <= after && from + less < candidate->count; less++) {
            size_t length = candidate->count - from - less;
            const uint32_t *core = candidate->core + from;
            if (length < CORE_LEAST && from + less > 0)
                continue;
            if (lists_hold(lists, core, length))
                return true;
            if (length >= 2 * CORE_LEAST && length % 2 == 0 &&
                memcmp(core, core + length / 2, length / 2 * sizeof(*core)) == 0 &&
                lists_hold(lists, core, length / 2))
                return true;
        }
    }
    return false;
}

/* As it stands, and with usual substitutions undone: with the first or the last letter that each
 * may be. */
static bool lists_hold_any(const struct quality_lists *lists, struct candidate *candidate)
{
    memcpy(candidate->core, candidate->folded, sizeof(candidate->core));
    if (lists_hold_core(lists, candidate))
        return true;
    for (size_t last = 0; last < 2; last++) {
        for (size_t i = 0; i < candidate->count; i++) {
            const char *readings = candidate_readings(candidate->folded[i]);
            size_t count = strlen(readings);
            if (count > 0)
                candidate->core[i] = (uint32_t)readings[last == 0 ? 0 : count - 1];
        }
        if (lists_hold_core(lists, candidate))
            return true;
    }
    return false;
}

enum medgl_error quality_lists_ask(const struct quality_lists *lists, struct candidate *candidate,
                                   const struct secret *prepared, enum password_weakness *weakness)
{
    bool found = false;
    *weakness = PASSWORD_WEAKNESS_NONE;
    if (lists_hold_any(lists, candidate)) {
        *weakness = PASSWORD_WEAKNESS_BLOCKLIST;
        return MEDGL_OK;
    }
    if (lists->filter >= 0)
        MEDGL_TRY(quality_passwdqc_filter(lists->filter, (const char *)prepared->bytes, &found));
    if (found)
        *weakness = PASSWORD_WEAKNESS_BREACHED;
    return MEDGL_OK;
}
