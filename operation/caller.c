/* What an attempt is counted against. Never asks the DNS (CVE-2024-10963 was a terminal's name
 * resolved as a host). */
#include "operation/caller.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_CHANGE "change "
#define SOURCE_UID    "uid "
#define SOURCE_USER   "user "

/* A local user has all of 127.0.0.0/8 to call from: it is one source. */
static void source_ipv4(const char *address, struct source *source)
{
    bool loopback = strncmp(address, "127.", 4) == 0;
    (void)snprintf(source->key, sizeof(source->key), "%s", loopback ? "127.0.0.1" : address);
}

static bool source_ipv6(const char *rhost, struct source *source)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    char bare[STORE_NAME_SIZE];
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(rhost, "%"), rhost); /* fe80::1%eth0 */
    if (inet_pton(AF_INET6, bare, &address) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        if (inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof(text)) == NULL)
            return false;
        source_ipv4(text, source);
        return true;
    }
    memset(address.s6_addr + 8, 0, 8); /* one customer has a /64: its addresses are one source */
    if (inet_ntop(AF_INET6, &address, text, sizeof(text)) == NULL)
        return false;
    (void)snprintf(source->key, sizeof(source->key), "%s/64", text);
    return true;
}

static void source_remote(const char *rhost, struct source *source)
{
    struct in_addr address;
    if (source_ipv6(rhost, source))
        return;
    if (inet_pton(AF_INET, rhost, &address) == 1)
        source_ipv4(rhost, source);
    else
        (void)snprintf(source->key, sizeof(source->key), "host %s", rhost);
}

bool source_key_is_change(const char *key)
{
    return strncmp(key, SOURCE_CHANGE, strlen(SOURCE_CHANGE)) == 0;
}

const char *source_key_place(const char *key)
{
    return source_key_is_change(key) ? key + strlen(SOURCE_CHANGE) : key;
}

/* A source is kept as text: "::/64" is no display. */
bool source_key_is_console(const char *key)
{
    return admission_is_console(source_key_place(key));
}

bool source_key_is_own(const char *key, const struct account *account)
{
    char own[32];
    (void)snprintf(own, sizeof(own), SOURCE_UID "%lld", (long long)account->uid);
    return account->uid > 0 && strcmp(source_key_place(key), own) == 0;
}

const char *source_key_asker(const char *key, int64_t *uid)
{
    const char *place = source_key_place(key);
    char *end;
    *uid = -1;
    if (strncmp(place, SOURCE_USER, strlen(SOURCE_USER)) == 0)
        return place + strlen(SOURCE_USER);
    if (strncmp(place, SOURCE_UID, strlen(SOURCE_UID)) == 0) {
        const long long number = strtoll(place + strlen(SOURCE_UID), &end, 10);
        *uid = *end == '\0' ? number : -1;
    }
    return "";
}

static const char *caller_terminal(const struct caller *caller)
{
    return strncmp(caller->tty, "/dev/", 5) == 0 ? caller->tty + 5 : caller->tty;
}

void source_of(const struct caller *caller, struct source *source)
{
    *source = (struct source){.console = false};
    const char *tty = caller_terminal(caller);
    /* MUST: who is not trusted is counted by what the kernel says; else each made-up address would
     * be five guesses more. */
    if (!caller->trusted)
        (void)snprintf(source->key, sizeof(source->key), SOURCE_UID "%u",
                       (unsigned)caller->peer_uid);
    else if ((source->remote = caller->rhost[0] != '\0'))
        source_remote(caller->rhost, source);
    else if (caller->real_uid > 0)
        (void)snprintf(source->key, sizeof(source->key), SOURCE_UID "%lld",
                       (long long)caller->real_uid);
    else if (caller->ruser[0] != '\0')
        (void)snprintf(source->key, sizeof(source->key), SOURCE_USER "%s", caller->ruser);
    else if (tty[0] != '\0') {
        (void)snprintf(source->key, sizeof(source->key), "%s", tty);
        source->console = source_key_is_console(tty);
    } else {
        (void)snprintf(source->key, sizeof(source->key), "local %s", caller->service);
    }
}

/* -- for the access rules --------------------------------------------------------------------- */

static bool place_address(const char *rhost, unsigned char address[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char bare[STORE_NAME_SIZE];
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(rhost, "%"), rhost);
    if (inet_pton(AF_INET, bare, address + sizeof(mapped)) == 1)
        memcpy(address, mapped, sizeof(mapped));
    else
        return inet_pton(AF_INET6, bare, address) == 1;
    return true;
}

bool service_is_the_machines(const char *service)
{
    static const char *const services[] = {"cron", "crond", "atd", "systemd-user"};
    for (size_t i = 0; i < MEDGL_COUNT(services); i++)
        if (strcmp(service, services[i]) == 0)
            return true;
    return false;
}

/* cron sets its own name as the terminal. */
static bool place_is_service(const struct caller *caller)
{
    const char *tty = caller_terminal(caller);
    return (tty[0] == '\0' || strcmp(tty, "cron") == 0 || strcmp(tty, "atd") == 0) &&
           service_is_the_machines(caller->service);
}

static enum admission_origin place_origin(const struct caller *caller,
                                          struct admission_place *place)
{
    const bool root = caller->real_uid == 0;
    if (!caller->trusted)
        return ADMISSION_ORIGIN_LOCAL;
    if (caller->rhost[0] != '\0') /* a name is no place: it is not resolved */
        return place_address(caller->rhost, place->address) ? ADMISSION_ORIGIN_ADDRESS
                                                            : ADMISSION_ORIGIN_UNKNOWN;
    if (root && strcmp(caller->ruser, "root") == 0)
        return ADMISSION_ORIGIN_SYSTEM;
    if (caller->real_uid > 0 || caller->ruser[0] != '\0')
        return ADMISSION_ORIGIN_LOCAL;
    if (source_key_is_console(caller_terminal(caller)))
        return ADMISSION_ORIGIN_CONSOLE;
    return root && place_is_service(caller) ? ADMISSION_ORIGIN_SYSTEM : ADMISSION_ORIGIN_UNKNOWN;
}

void place_of(const struct caller *caller, struct admission_place *place)
{
    const char *tty = caller_terminal(caller);
    *place = (struct admission_place){.origin = ADMISSION_ORIGIN_UNKNOWN};
    place->origin = place_origin(caller, place);
    /* MUST: su takes the name of its standard input, which whoever is logged in over the network
     * can make a terminal beside the machine. */
    if (place->origin == ADMISSION_ORIGIN_CONSOLE ||
        (place->origin == ADMISSION_ORIGIN_LOCAL && caller->trusted && admission_is_pty(tty)))
        (void)text_copy(place->terminal, sizeof(place->terminal), tty);
}

bool caller_is_owner(const struct caller *caller, const struct account *account)
{
    if (!caller->trusted)
        return account->uid == (int64_t)caller->peer_uid;
    if (caller->rhost[0] != '\0')
        return false;
    return caller->real_uid > 0
               ? caller->real_uid == account->uid
               : account->name[0] != '\0' && strcmp(caller->ruser, account->name) == 0;
}

struct admission_facts admission_facts_from(const struct account *account,
                                            const struct admission_place *place,
                                            const char *service, medgl_time at)
{
    return (struct admission_facts){
        .class_ = account->class_,
        .hours = account->hours,
        .places = account->places,
        .services = account->services,
        .place = place,
        .service = service,
        .utc_offset = clock_utc_offset(at),
    };
}

/* -- of a change ------------------------------------------------------------------------------ */

void source_of_change(struct source *source)
{
    const size_t shift = strlen(SOURCE_CHANGE), last = sizeof(source->key) - 1;
    memmove(source->key + shift, source->key, last - shift);
    memcpy(source->key, SOURCE_CHANGE, shift);
    source->key[last] = '\0';
}
