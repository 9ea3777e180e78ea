/* The second factors that accounts have by what the ledger told so far: for verify_factors.c. */
#ifndef MEDGL_OPERATION_VERIFY_OWNER_H
#define MEDGL_OPERATION_VERIFY_OWNER_H

#include "ledger/entry.h"
#include "operation/verify_map.h"
#include "store/store.h"

/* A device that makes codes, or a card. */
struct held_device {
    struct held_device *next;
    enum credential_kind kind;
    char id[CRYPTO_ID_SIZE];
    uint64_t seq; /* of the entry that made or last used it */
    int64_t step; /* the last one that was used; below 0: none */
    bool seen;    /* its row is there */
};

struct used_code {
    struct used_code *next;
    char id[CRYPTO_ID_SIZE];
};

/* The codes that one entry made. */
struct held_codes {
    struct held_codes *next;
    enum credential_kind kind;
    char grant[CRYPTO_ID_SIZE]; /* of a waiver; "": recovery codes */
    uint64_t seq;
    int64_t left;           /* made, less those that were used */
    int64_t rows;           /* that are there */
    struct used_code *used; /* each of them once */
};

struct owner {
    struct map_node node; /* by the account */
    struct held_device *devices;
    struct held_codes *codes;
    char
        pending[CRYPTO_ID_SIZE]; /* the code of a waiver that a login used: its grant.use follows */
};

/* NULL: there is none. */
struct owner *owner_find(const struct verify_map *owners, const char *account);
/* NULL: no memory. */
struct owner *owner_find_or_add(struct verify_map *owners, const char *account);

enum medgl_error owner_add_codes(struct owner *owner, const struct ledger_entry *entry,
                                 enum credential_kind kind, int64_t count);
enum medgl_error owner_add_device(struct owner *owner, const struct ledger_entry *entry,
                                  enum credential_kind kind, const char *id);

/* Those of a kind; of one grant, or of all (NULL). How many were left. */
int64_t owner_drop_codes(struct owner *owner, enum credential_kind kind, const char *grant);
/* Those of a kind; one of them, or all (NULL). How many there were. */
int64_t owner_drop_devices(struct owner *owner, enum credential_kind kind, const char *id);
/* How many there were. */
int64_t owner_drop_all(struct owner *owner);
void owner_forget(void *node); /* for map_free() */

#endif
