/* The second factors of accounts, as entries told of them. Judges nothing. */
#include "operation/verify_owner.h"

#include "base/auto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct owner *owner_find(const struct verify_map *owners, const char *account)
{
    return map_find(owners, account);
}

struct owner *owner_find_or_add(struct verify_map *owners, const char *account)
{
    struct owner *owner = owner_find(owners, account);
    return owner != NULL ? owner : map_add(owners, account, sizeof(*owner));
}

static void codes_free(struct held_codes *codes)
{
    while (codes->used != NULL) {
        struct used_code *next = codes->used->next;
        free(codes->used);
        codes->used = next;
    }
    free(codes);
}

int64_t owner_drop_codes(struct owner *owner, enum credential_kind kind, const char *grant)
{
    int64_t left = 0;
    for (struct held_codes **at = &owner->codes; *at != NULL;) {
        struct held_codes *codes = *at;
        if (codes->kind != kind || (grant != NULL && strcmp(codes->grant, grant) != 0)) {
            at = &codes->next;
            continue;
        }
        left += codes->left;
        *at = codes->next;
        codes_free(codes);
    }
    return left;
}

int64_t owner_drop_devices(struct owner *owner, enum credential_kind kind, const char *id)
{
    int64_t dropped = 0;
    for (struct held_device **at = &owner->devices; *at != NULL;) {
        struct held_device *device = *at;
        if (device->kind != kind || (id != NULL && strcmp(device->id, id) != 0)) {
            at = &device->next;
            continue;
        }
        dropped++;
        *at = device->next;
        free(device);
    }
    return dropped;
}

int64_t owner_drop_all(struct owner *owner)
{
    int64_t dropped = 0;
    static const enum credential_kind kinds[] = {CREDENTIAL_TOTP, CREDENTIAL_CARD,
                                                 CREDENTIAL_RECOVERY, CREDENTIAL_CODE};
    for (size_t i = 0; i < MEDGL_COUNT(kinds); i++) {
        dropped += owner_drop_devices(owner, kinds[i], NULL);
        dropped += owner_drop_codes(owner, kinds[i], NULL);
    }
    return dropped;
}

void owner_forget(void *node)
{
    (void)owner_drop_all(node);
}

enum medgl_error owner_add_codes(struct owner *owner, const struct ledger_entry *entry,
                                 enum credential_kind kind, int64_t count)
{
    struct held_codes *codes = calloc(1, sizeof(*codes));
    if (codes == NULL)
        return MEDGL_ERR_MEMORY;
    codes->kind = kind;
    codes->seq = entry->seq;
    codes->left = count;
    if (kind == CREDENTIAL_CODE)
        (void)snprintf(codes->grant, sizeof(codes->grant), "%s",
                       ledger_entry_find_text(entry, "grant"));
    codes->next = owner->codes;
    owner->codes = codes;
    return MEDGL_OK;
}

enum medgl_error owner_add_device(struct owner *owner, const struct ledger_entry *entry,
                                  enum credential_kind kind, const char *id)
{
    struct held_device *device = calloc(1, sizeof(*device));
    if (device == NULL)
        return MEDGL_ERR_MEMORY;
    device->kind = kind;
    device->seq = entry->seq;
    device->step = ledger_entry_find_number(entry, "step", -1);
    (void)snprintf(device->id, sizeof(device->id), "%s", id);
    device->next = owner->devices;
    owner->devices = device;
    return MEDGL_OK;
}
