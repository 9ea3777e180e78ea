/* What an attempt is counted against. Never asks the DNS (CVE-2024-10963 was a terminal's name
 * resolved as a host). */
#include "operation/caller.h"

#include "base/auto.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_CHANGE "change "

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

/* tty1, ttyS0, hvc0, console, :0 (a display): terminals that stand beside the machine. A pty is not
 * one, and neither is "::/64". */
bool source_key_is_console(const char *key)
{
    static const char *const prefixes[] = {"ttyS", "ttyAMA", "ttyUSB", "hvc", "console"};
    key = source_key_place(key);
    for (size_t i = 0; i < MEDGL_COUNT(prefixes); i++)
        if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    if (strncmp(key, "tty", 3) == 0)
        return key[3] >= '0' && key[3] <= '9';
    return key[0] == ':' && key[1] >= '0' && key[1] <= '9';
}

void source_of(const struct caller *caller, struct source *source)
{
    *source = (struct source){.console = false};
    const char *tty = caller->tty;
    if (strncmp(tty, "/dev/", 5) == 0)
        tty += 5;
    /* MUST: who is not trusted is counted by what the kernel says; else each made-up address would
     * be five guesses more. */
    if (!caller->trusted)
        (void)snprintf(source->key, sizeof(source->key), "uid %u", (unsigned)caller->peer_uid);
    else if ((source->remote = caller->rhost[0] != '\0'))
        source_remote(caller->rhost, source);
    else if (caller->real_uid > 0)
        (void)snprintf(source->key, sizeof(source->key), "uid %lld", (long long)caller->real_uid);
    else if (caller->ruser[0] != '\0')
        (void)snprintf(source->key, sizeof(source->key), "user %s", caller->ruser);
    else if (tty[0] != '\0') {
        (void)snprintf(source->key, sizeof(source->key), "%s", tty);
        source->console = source_key_is_console(tty);
    } else {
        (void)snprintf(source->key, sizeof(source->key), "local %s", caller->service);
    }
}

void source_of_change(struct source *source)
{
    const size_t shift = strlen(SOURCE_CHANGE), last = sizeof(source->key) - 1;
    memmove(source->key + shift, source->key, last - shift);
    memcpy(source->key, SOURCE_CHANGE, shift);
    source->key[last] = '\0';
}
