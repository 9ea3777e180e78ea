/* Whether the keys belong together, the ledger's public keys are all there for who verifies, and no
 * exchange of a key stopped in the middle (R37). Works as the owner of the store. */
#include "operation/doctor.h"
#include "operation/keys.h"

#include "base/auto.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Which keys the commands that are told are about. */
static const char *look_option(enum context_place place)
{
    return place == CONTEXT_BREAKGLASS ? " --breakglass" : "";
}

struct looking {
    struct doctor *doctor;
    struct context *context;
    const char *lines; /* of ledger.vkey; NULL: not read */
    unsigned lacking;
    char last[STORE_TEXT_SIZE]; /* the name of the latest key */
};

static bool has_line(const char *lines, const char *line)
{
    const size_t len = strlen(line);
    for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
        if (strncmp(at, line, len) == 0 && (at[len] == '\n' || at[len] == '\0'))
            return true;
    return false;
}

static enum medgl_error look_period(void *argument, const struct key_period *key)
{
    struct looking *looking = argument;
    if (key->use == KEY_USE_LEDGER && looking->lines != NULL)
        looking->lacking += !has_line(looking->lines, key->name);
    memcpy(looking->last, key->name, sizeof(looking->last));
    return MEDGL_OK;
}

/* The public keys that auditors copy: the one in use first, then all that were in use before. */
static void look_vkey(struct looking *looking, const char *path, const char *vkey)
{
    struct doctor *doctor = looking->doctor;
    const char *option = look_option(looking->context->place);
    const size_t len = strlen(vkey);
    if (strncmp(looking->lines, vkey, len) != 0 ||
        (looking->lines[len] != '\n' && looking->lines[len] != '\0'))
        doctor_say(doctor, DOCTOR_FAULT, "keys",
                   "the first line of %s does not belong to the ledger key: restore both from the "
                   "same backup, or put there the last key that medgl-admin key list%s shows",
                   path, option);
    else if (looking->lacking > 0)
        doctor_say(doctor, DOCTOR_WARNING, "keys",
                   "%s lacks %u former keys of the ledger, with which its older checkpoints are "
                   "verified: add what medgl-admin key list%s shows, a key a line, below the first",
                   path, looking->lacking, option);
    else
        doctor_say(doctor, DOCTOR_OK, "keys", "the keys can be read and belong together");
}

/* What the store says is in force is what it opened with. */
static void look_use(struct looking *looking, enum key_use use, const char *name)
{
    enum medgl_error error = operation_key_each(looking->context, use, look_period, looking);
    if (error != MEDGL_OK)
        doctor_say(looking->doctor, DOCTOR_FAULT, "keys",
                   "which %s keys there were cannot be read: %s: do what the log says, then run "
                   "this again",
                   key_use_word(use), medgl_error_text(error));
    else if (strcmp(looking->last, name) != 0)
        doctor_say(looking->doctor, DOCTOR_FAULT, "keys",
                   "the store names another %s key as the last one than the one in use: run "
                   "medgl-admin ledger verify",
                   key_use_word(use));
}

/* MUST: the cure is no rm where the key is in force. */
static void look_exchange(struct doctor *doctor, enum context_place place, enum key_use use,
                          bool in_force)
{
    const char *fresh = context_file(place, use == KEY_USE_STORE ? CONTEXT_FILE_STORE_KEY_NEW
                                                                 : CONTEXT_FILE_LEDGER_KEY_NEW);
    const char *word = key_use_word(use);
    const char *option = look_option(place);
    char path[PATH_MAX];
    struct stat st;
    if (path_under(path, doctor->root, fresh) != MEDGL_OK || lstat(path, &st) != 0)
        return;
    if ((st.st_mode & 07777 & ~0400U) != 0 || st.st_uid != geteuid())
        doctor_say(doctor, DOCTOR_FAULT, "keys",
                   "%s is a key, and belongs to uid %u with mode %04o: it must be uid %u and 0400",
                   path, (unsigned)st.st_uid, (unsigned)(st.st_mode & 07777), (unsigned)geteuid());
    if (in_force)
        doctor_say(doctor, DOCTOR_WARNING, "keys",
                   "%s holds the key that is in force, as an exchange was interrupted: do not "
                   "remove it; run medgl-admin key rotate %s%s, which puts it in its place",
                   path, word, option);
    else
        doctor_say(doctor, DOCTOR_WARNING, "keys",
                   "%s was left by an exchange that was interrupted before anything was under it: "
                   "run medgl-admin key rotate %s%s, which makes another one",
                   path, word, option);
}

void doctor_keys(struct doctor *doctor, struct context *context, const char *vkey)
{
    struct looking looking = {.doctor = doctor, .context = context};
    auto_secret struct secret published = SECRET_NONE;
    char path[PATH_MAX], id[SEAL_KEY_ID_SIZE];
    const struct file_rule rule = {
        .owner = geteuid(), .forbidden = 0022, .max = KEYS_VKEY_FILE_MAX};
    enum medgl_error error = context_path(context, CONTEXT_FILE_LEDGER_VKEY, path);
    if (error == MEDGL_OK)
        error = file_read_trusted(path, &rule, &published);
    if (error == MEDGL_OK)
        looking.lines = (const char *)published.bytes;
    else
        doctor_say(doctor, DOCTOR_FAULT, "keys",
                   "%s cannot be read: %s: restore it from the backup, readable to all", path,
                   medgl_error_text(error));
    seal_key_id(context->seal, id);
    look_use(&looking, KEY_USE_STORE, id);
    look_use(&looking, KEY_USE_LEDGER, vkey);
    if (looking.lines != NULL)
        look_vkey(&looking, path, vkey);
    look_exchange(doctor, context->place, KEY_USE_STORE, context->store_key_new);
    look_exchange(doctor, context->place, KEY_USE_LEDGER, context->ledger_key_new);
}
