/* Who asks, and from where: what an attempt is counted against. */
#ifndef MEDGL_OPERATION_CALLER_H
#define MEDGL_OPERATION_CALLER_H

#include "policy/admission.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the host said, and what the kernel says of the host. Texts are "" where there is none. */
struct caller {
    bool trusted;     /* root, or no privilege boundary: its words are believed */
    uid_t peer_uid;   /* of the process that asks, by the kernel */
    int64_t real_uid; /* getuid() of the host, by its own word; -1 unknown */
    char service[STORE_NAME_SIZE];
    char rhost[STORE_NAME_SIZE];
    char tty[STORE_NAME_SIZE];
    char ruser[STORE_NAME_SIZE];
    char leader[PROCESS_NAME_SIZE]; /* the process that asks (base/process.h); "": not known */
    char person[384];               /* the token that an earlier call of this login gave (see
                                       operation/person_asked.h): the word of whoever could set the
                                       host's environment, checked there */
};

struct source {
    char key[STORE_SOURCE_SIZE]; /* "203.0.113.7", "2001:db8:1:2::/64", "tty1", "user alice",
                                    "uid 1000"; "change uid 1000" */
    bool remote;                 /* another machine, by the word of a host that is believed */
    bool own;     /* asked for by the account's own uid; set by who knows the account */
    bool console; /* a terminal at the machine: not closed by what strangers on the network do */
};

/* A remote address is itself (IPv4, IPv4-mapped as IPv4, IPv6 by its /64); a name stays a name and
 * is never resolved. Local: the asking user, or the terminal where root asks for nobody (login on a
 * console). A caller that is not trusted is counted by its uid whatever it says. */
void source_of(const struct caller *caller, struct source *source);

/* The same for the access rules: where that is (policy/admission.h), by its whole address. Only a
 * believed host's address and terminal are taken, and of somebody logged in here a pty alone; cron,
 * atd and systemd-user with nobody behind them, and root's own su, are the system. `own` is for who
 * knows the account. */
void place_of(const struct caller *caller, struct admission_place *place);

/* Whether the account's own user asks, logged in here (sudo, a screen locker): by the kernel's word
 * of who asks, or a believed host's. */
bool caller_is_owner(const struct caller *caller, const struct account *account);

/* Whether a PAM service acts for accounts while nobody logs in: cron, the user's own systemd. */
bool service_is_the_machines(const char *service);

/* What the access rules are asked about an account. Borrows all three. */
struct admission_facts admission_facts_from(const struct account *account,
                                            const struct admission_place *place,
                                            const char *service, medgl_time at);

/* The current password, asked for in order to change it, is counted by itself (R17): "change "
 * stands before the key. Wrong answers there close the change at that place and not the login from
 * there, and the other way round; account-wide, both count. */
void source_of_change(struct source *source);
bool source_key_is_change(const char *key);

/* Where that is: the key without what it is asked for. */
const char *source_key_place(const char *key);

/* Whether a source's key is that of a terminal at the machine, or of the account's own uid. */
bool source_key_is_console(const char *key);
bool source_key_is_own(const char *key, const struct account *account);

/* Who asked, where the key is no place: the login name, and `*uid` -1; or "", and `*uid`. A place
 * gives "" and -1. */
const char *source_key_asker(const char *key, int64_t *uid);

#endif
