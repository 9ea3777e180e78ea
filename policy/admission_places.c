/* Places (R05, R27) and services: their notation, and whether one admits. Compares text and bits:
 * nothing here is ever resolved.
 *
 * MUSTs:
 * - What is no address, no terminal and no word of ours is refused when it is written: a host's
 *   name in a rule would look as if it were in force.
 * - A network of IPv4 admits addresses of IPv4 alone, one of IPv6 those of IPv6 alone: "::/0" holds
 *   nothing of what IPv6 carries for IPv4. */
#include "policy/admission_rules.h"

#include "base/auto.h"
#include "base/message.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PLACES_DIGITS "0123456789"
#define PLACES_LETTERS                                                                             \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"                                         \
    "0123456789"

#define PLACES_MAPPED 96 /* bits before an address of IPv4 (RFC 4291, 2.5.5.2) */

const char *const admission_places_help =
    N_("any, or addresses, networks and terminals separated by ',': \"console, own, "
       "local, 10.1.0.0/16, 2001:db8::/32, tty*\"");
const char *const admission_services_help =
    N_("any, or PAM services separated by ',': \"sshd, login, su\"");

/* -- what all rules are made of --------------------------------------------------------------- */

bool rule_part(const char **text, char separator, char *part, size_t size)
{
    const char *begin = *text + strspn(*text, " \t"), *end = strchrnul(begin, separator);
    *text = *end != '\0' ? end + 1 : NULL;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    const size_t len = (size_t)(end - begin);
    if (len == 0 || len >= size)
        return false;
    memcpy(part, begin, len);
    part[len] = '\0';
    return true;
}

bool rule_add(char *canonical, const char *separator, const char *part)
{
    const size_t used = strlen(canonical);
    const int len = snprintf(canonical + used, POLICY_RULE_SIZE - used, "%s%s", separator, part);
    return len >= 0 && (size_t)len < POLICY_RULE_SIZE - used;
}

bool rule_is(const char *rule, const char *word)
{
    char part[16];
    return rule_part(&rule, '\0', part, sizeof(part)) && strcasecmp(part, word) == 0;
}

/* -- places ----------------------------------------------------------------------------------- */

enum places_kind {
    PLACES_NETWORK,
    PLACES_TERMINAL,
    PLACES_CONSOLE,
    PLACES_OWN,
    PLACES_LOCAL,
};

struct places_part {
    enum places_kind kind;
    unsigned char address[16];
    int bits;
    char pattern[sizeof(((struct admission_place *)0)->terminal)];
};

static bool places_is_mapped(const unsigned char address[16])
{
    static const unsigned char prefix[PLACES_MAPPED / 8] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, prefix, sizeof(prefix)) == 0;
}

/* Returns the bits that its notation has: 32 or 128; 0: no address. inet_pton() takes neither host
 * names nor zones nor any other notation of a number. */
static int places_address(const char *text, unsigned char address[16])
{
    memset(address, 0, 16);
    if (inet_pton(AF_INET, text, address + PLACES_MAPPED / 8) == 1) {
        memset(address + 10, 0xff, 2);
        return 32;
    }
    return inet_pton(AF_INET6, text, address) == 1 ? 128 : 0;
}

static bool places_same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    const size_t whole = (size_t)bits / 8;
    const int rest = bits % 8;
    return memcmp(a, b, whole) == 0 &&
           (rest == 0 || ((a[whole] ^ b[whole]) & (0xff00 >> rest) & 0xff) == 0);
}

/* "10.1.0.0/16", "10.1.2.3". Bits behind the prefix are a mistake somewhere: refused. */
static bool places_network(const char *text, struct places_part *part)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char network[16] = {0};
    const size_t len = strcspn(text, "/");
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    const int all = places_address(address, part->address);
    if (all == 0)
        return false;
    part->kind = PLACES_NETWORK;
    part->bits = all;
    if (text[len] == '/') {
        const char *digits = text + len + 1;
        const size_t count = strspn(digits, PLACES_DIGITS);
        if (count == 0 || count > 3 || digits[count] != '\0' || (digits[0] == '0' && count > 1))
            return false;
        part->bits = 0;
        for (size_t i = 0; i < count; i++)
            part->bits = part->bits * 10 + digits[i] - '0';
        if (part->bits > all)
            return false;
    }
    part->bits += 128 - all;
    for (int bit = 0; bit < part->bits; bit++)
        network[bit / 8] |= (unsigned char)(part->address[bit / 8] & (0x80 >> bit % 8));
    return memcmp(network, part->address, sizeof(network)) == 0;
}

/* ":0", ":*", ":0.0": a display. */
static bool places_display(const char *text)
{
    const size_t number = text[0] == ':' ? strspn(text + 1, PLACES_DIGITS "*?") : 0;
    const char *screen = text + 1 + number;
    return number > 0 &&
           (*screen == '\0' || (screen[0] == '.' && screen[1] != '\0' &&
                                screen[1 + strspn(screen + 1, PLACES_DIGITS "*?")] == '\0'));
}

/* The names that Linux gives to terminals: whatever else a word is, it may be a host's. */
static bool places_terminal(const char *text, const char *wildcards, char *pattern, size_t size)
{
    static const char *const names[] = {"tty", "pts/",      "hvc",   "hvsi",
                                        "xvc", "sclp_line", "3270/", "console"};
    char allowed[sizeof(PLACES_LETTERS "/_*?")];
    (void)snprintf(allowed, sizeof(allowed), "%s/_%s", PLACES_LETTERS, wildcards);
    if (strncmp(text, "/dev/", 5) == 0)
        text += 5;
    if (text_copy(pattern, size, text) != MEDGL_OK)
        return false;
    if (places_display(text))
        return wildcards[0] != '\0' || strpbrk(text, "*?") == NULL;
    if (text[0] == '\0' || text[strspn(text, allowed)] != '\0')
        return false;
    if (strchr(wildcards, text[0]) != NULL)
        return true;
    for (size_t i = 0; i < MEDGL_COUNT(names); i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool places_part_of(const char *text, struct places_part *part)
{
    *part = (struct places_part){.kind = PLACES_TERMINAL};
    if (strcasecmp(text, "console") == 0)
        part->kind = PLACES_CONSOLE;
    else if (strcasecmp(text, "own") == 0)
        part->kind = PLACES_OWN;
    else if (strcasecmp(text, "local") == 0)
        part->kind = PLACES_LOCAL;
    else
        return places_terminal(text, "*?", part->pattern, sizeof(part->pattern)) ||
               places_network(text, part);
    return true;
}

static bool places_format(const struct places_part *part, char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN];
    const bool four = part->bits >= PLACES_MAPPED && places_is_mapped(part->address);
    const int before = four ? PLACES_MAPPED : 0;
    switch (part->kind) {
    case PLACES_CONSOLE:
        return text_copy(text, size, "console") == MEDGL_OK;
    case PLACES_OWN:
        return text_copy(text, size, "own") == MEDGL_OK;
    case PLACES_LOCAL:
        return text_copy(text, size, "local") == MEDGL_OK;
    case PLACES_TERMINAL:
        return text_copy(text, size, part->pattern) == MEDGL_OK;
    case PLACES_NETWORK:
        if (inet_ntop(four ? AF_INET : AF_INET6, part->address + before / 8, address,
                      sizeof(address)) == NULL)
            return false;
        if (part->bits == 128)
            return text_copy(text, size, address) == MEDGL_OK;
        return snprintf(text, size, "%s/%d", address, part->bits - before) < (int)size;
    }
    return false;
}

/* MUST: whoever is logged in here has a pty, whatever name they give: a terminal beside the machine
 * is for those who come from there. */
static bool places_names_terminal(const struct admission_place *place)
{
    return place->origin == ADMISSION_ORIGIN_LOCAL
               ? admission_is_pty(place->terminal)
               : place->origin == ADMISSION_ORIGIN_CONSOLE && place->terminal[0] != '\0';
}

static bool places_holds(const struct places_part *part, const struct admission_place *place)
{
    switch (part->kind) {
    case PLACES_CONSOLE:
        return place->origin == ADMISSION_ORIGIN_CONSOLE;
    case PLACES_OWN:
        return place->origin == ADMISSION_ORIGIN_LOCAL && place->own;
    case PLACES_LOCAL:
        return place->origin == ADMISSION_ORIGIN_LOCAL;
    case PLACES_TERMINAL:
        return places_names_terminal(place) && fnmatch(part->pattern, place->terminal, 0) == 0;
    case PLACES_NETWORK:
        return place->origin == ADMISSION_ORIGIN_ADDRESS &&
               places_is_mapped(place->address) ==
                   (part->bits >= PLACES_MAPPED && places_is_mapped(part->address)) &&
               places_same_bits(part->address, place->address, part->bits);
    }
    return false;
}

enum medgl_error admission_parse_places(const char *text, char *canonical)
{
    char word[POLICY_RULE_SIZE];
    struct places_part part;
    canonical[0] = '\0';
    if (rule_is(text, "any"))
        return rule_add(canonical, "", "any") ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    while (text != NULL)
        if (!rule_part(&text, ',', word, sizeof(word)) || !places_part_of(word, &part) ||
            !places_format(&part, word, sizeof(word)) ||
            !rule_add(canonical, canonical[0] == '\0' ? "" : ", ", word))
            return MEDGL_ERR_ARGUMENT;
    return MEDGL_OK;
}

bool places_admit(const char *rule, const struct admission_place *place)
{
    char word[POLICY_RULE_SIZE];
    struct places_part part;
    bool holds = rule_is(rule, "any");
    if (holds)
        return true;
    while (rule != NULL) { /* to the end: a rule with a mistake in it admits nobody */
        if (!rule_part(&rule, ',', word, sizeof(word)) || !places_part_of(word, &part))
            return false;
        holds = holds || places_holds(&part, place);
    }
    return holds;
}

bool admission_places_strand(const char *rule)
{
    char word[POLICY_RULE_SIZE];
    struct places_part part;
    bool network = false;
    while (rule != NULL) {
        if (!rule_part(&rule, ',', word, sizeof(word)) || !places_part_of(word, &part) ||
            part.kind == PLACES_CONSOLE || part.kind == PLACES_OWN || part.kind == PLACES_LOCAL ||
            (part.kind == PLACES_TERMINAL && fnmatch(part.pattern, "pts/0", 0) == 0))
            return false;
        network = network || part.kind == PLACES_NETWORK;
    }
    return network;
}

bool admission_places_remote(const char *rule)
{
    char word[POLICY_RULE_SIZE];
    struct places_part part;
    if (rule_is(rule, "any"))
        return true;
    while (rule != NULL)
        if (rule_part(&rule, ',', word, sizeof(word)) && places_part_of(word, &part) &&
            part.kind == PLACES_NETWORK)
            return true;
    return false;
}

bool admission_is_pty(const char *terminal)
{
    const char *number = terminal + 4;
    return strncmp(terminal, "pts/", 4) == 0 && number[0] != '\0' &&
           number[strspn(number, PLACES_DIGITS)] == '\0';
}

/* tty1, ttyS0, hvc0, console, :0 (a display): what stands beside the machine. A pty does not. */
bool admission_is_console(const char *terminal)
{
    static const char *const prefixes[] = {"ttyS", "ttyAMA", "ttyUSB", "hvc", "console"};
    for (size_t i = 0; i < MEDGL_COUNT(prefixes); i++)
        if (strncmp(terminal, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    if (strncmp(terminal, "tty", 3) == 0)
        return terminal[3] >= '0' && terminal[3] <= '9';
    return terminal[0] == ':' && terminal[1] >= '0' && terminal[1] <= '9';
}

enum medgl_error admission_parse_place(const char *text, struct admission_place *place)
{
    *place = (struct admission_place){.origin = ADMISSION_ORIGIN_UNKNOWN};
    place->own = strcasecmp(text, "own") == 0;
    if (place->own || strcasecmp(text, "local") == 0)
        place->origin = ADMISSION_ORIGIN_LOCAL;
    else if (strcasecmp(text, "console") == 0)
        place->origin = ADMISSION_ORIGIN_CONSOLE;
    else if (places_address(text, place->address) != 0)
        place->origin = ADMISSION_ORIGIN_ADDRESS;
    else if (places_terminal(text, "", place->terminal, sizeof(place->terminal))) {
        if (admission_is_console(place->terminal))
            place->origin = ADMISSION_ORIGIN_CONSOLE;
        else if (admission_is_pty(place->terminal))
            place->origin = ADMISSION_ORIGIN_LOCAL;
    }
    return place->origin == ADMISSION_ORIGIN_UNKNOWN ? MEDGL_ERR_ARGUMENT : MEDGL_OK;
}

/* -- services --------------------------------------------------------------------------------- */

/* The name of a file in /etc/pam.d. libpam takes it in lower case, and so do we. */
static bool services_name(char *name)
{
    if (strchr("-.", name[0]) != NULL || name[strspn(name, PLACES_LETTERS "._+@-")] != '\0')
        return false;
    for (; *name != '\0'; name++)
        if (*name >= 'A' && *name <= 'Z')
            *name = (char)(*name - 'A' + 'a');
    return true;
}

enum medgl_error admission_parse_services(const char *text, char *canonical)
{
    char name[64];
    canonical[0] = '\0';
    if (rule_is(text, "any"))
        return rule_add(canonical, "", "any") ? MEDGL_OK : MEDGL_ERR_ARGUMENT;
    while (text != NULL)
        if (!rule_part(&text, ',', name, sizeof(name)) || !services_name(name) ||
            strcmp(name, "any") == 0 ||
            !rule_add(canonical, canonical[0] == '\0' ? "" : ", ", name))
            return MEDGL_ERR_ARGUMENT;
    return MEDGL_OK;
}

bool services_admit(const char *rule, const char *service)
{
    char name[64];
    bool holds = rule_is(rule, "any");
    if (holds)
        return true;
    while (rule != NULL) {
        if (!rule_part(&rule, ',', name, sizeof(name)) || !services_name(name) ||
            strcmp(name, "any") == 0)
            return false;
        holds = holds || strcasecmp(name, service) == 0;
    }
    return holds;
}
