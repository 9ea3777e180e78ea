/* medgl-admin: help, and the order in which a verb is carried out. */
#include "admin/admin.h"

#include "admin/alert.h"
#include "admin/breakglass.h"
#include "admin/opener.h"
#include "admin/place.h"
#include "admin/reset.h"
#include "admin/role.h"
#include "base/log.h"
#include "factor/card.h"
#include "factor/totp.h"
#include "ledger/entry.h"
#include "operation/account.h"
#include "operation/report.h"
#include "policy/reset.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* -- errors --------------------------------------------------------------------------------- */

enum admin_exit admin_failed(enum medgl_error error, const char *name, const char *why)
{
    switch (error) {
    case MEDGL_OK:
        return ADMIN_DONE;
    case MEDGL_ERR_REFUSED:
        complain("%s", why != NULL && why[0] != '\0' ? why : _("The rules do not allow that."));
        return ADMIN_REFUSED;
    case MEDGL_ERR_EXISTS:
        complain(_("%s is enrolled already, or was: a name is never given out twice."), name);
        return ADMIN_REFUSED;
    case MEDGL_ERR_ABORTED:
        complain(_("Cancelled; nothing was changed."));
        return ADMIN_REFUSED;
    case MEDGL_ERR_ARGUMENT:
        complain(_("A value is malformed or too long; nothing was changed."));
        return ADMIN_USAGE;
    case MEDGL_ERR_NOT_FOUND:
        complain(_("%s is not enrolled; medgl-admin account list says who is."), name);
        return ADMIN_NOT_FOUND;
    case MEDGL_ERR_MEMORY:
    case MEDGL_ERR_IO:
    case MEDGL_ERR_SPACE:
    case MEDGL_ERR_ACCESS:
    case MEDGL_ERR_CORRUPT:
    case MEDGL_ERR_KEY:
    case MEDGL_ERR_POLICY:
    case MEDGL_ERR_VERSION:
    case MEDGL_ERR_CONFLICT:
    case MEDGL_ERR_DEADLINE:
    case MEDGL_ERR_PEER:
    case MEDGL_ERR_CRYPTO:
        break;
    }
    complain(_("Not done: %s. medgl-admin doctor may say more."), medgl_error_text(error));
    return ADMIN_UNUSABLE;
}

/* -- help ----------------------------------------------------------------------------------- */

static const struct {
    int number;
    const char *meaning;
} exits[] = {
#define HELP_EXIT(id, number, meaning) {number, meaning},
    ADMIN_EXITS(HELP_EXIT)
#undef HELP_EXIT
};

static bool help_about(const struct options *options, const struct verb *verb)
{
    return options->verb != NULL ? options->verb == verb
                                 : options->noun == NULL || strcmp(options->noun, verb->noun) == 0;
}

static void help_json_verbs(struct output *output, const struct options *options)
{
    static const struct column columns[] = {
        {"noun", "", COLUMN_TEXT, COLUMN_BOTH},       {"verb", "", COLUMN_TEXT, COLUMN_BOTH},
        {"usage", "", COLUMN_TEXT, COLUMN_BOTH},      {"help", "", COLUMN_TEXT, COLUMN_BOTH},
        {"takes_name", "", COLUMN_BOOL, COLUMN_BOTH}, {"changes", "", COLUMN_BOOL, COLUMN_BOTH},
        {"roles", "", COLUMN_TEXT, COLUMN_BOTH},
    };
    static const struct column option_columns[] = {
        {"noun", "", COLUMN_TEXT, COLUMN_BOTH},
        {"verb", "", COLUMN_TEXT, COLUMN_BOTH},
        {"option", "", COLUMN_TEXT, COLUMN_BOTH},
        {"required", "", COLUMN_BOOL, COLUMN_BOTH},
    };
    size_t count;
    const struct verb *verbs = admin_verbs(&count);
    struct table *table = table_new(output, "verbs", TABLE_LIST, columns, MEDGL_COUNT(columns));
    struct table *taken =
        table_new(output, "verb_options", TABLE_LIST, option_columns, MEDGL_COUNT(option_columns));
    for (size_t i = 0; i < count; i++) {
        const struct verb *verb = &verbs[i];
        auto_free char *usage = verb_usage(verb);
        char roles[ROLE_TEXT_SIZE];
        role_verb_words(verb, roles);
        if (!help_about(options, verb))
            continue;
        table_row(table,
                  (struct cell[]){CELL_TEXT(verb->noun), CELL_TEXT(verb->word), CELL_TEXT(usage),
                                  CELL_TEXT(_(verb->help)), CELL_NUMBER(verb->named),
                                  CELL_NUMBER(verb->changes), CELL_TEXT(roles)});
        for (int j = 0; j < OPTION_COUNT; j++)
            if ((verb->options & OPTION_BIT(j)) != 0)
                table_row(taken,
                          (struct cell[]){CELL_TEXT(verb->noun), CELL_TEXT(verb->word),
                                          CELL_TEXT(option_word((enum option)j)->name),
                                          CELL_NUMBER((verb->required & OPTION_BIT(j)) != 0)});
    }
    table_print(&table);
    table_print(&taken);
}

static void help_json_options(struct output *output)
{
    static const struct column columns[] = {
        {"option", "", COLUMN_TEXT, COLUMN_BOTH},
        {"value", "", COLUMN_TEXT, COLUMN_BOTH},
        {"help", "", COLUMN_TEXT, COLUMN_BOTH},
        {"everywhere", "", COLUMN_BOOL, COLUMN_BOTH},
    };
    struct table *table = table_new(output, "options", TABLE_LIST, columns, MEDGL_COUNT(columns));
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_word *word = option_word((enum option)i);
        table_row(table, (struct cell[]){CELL_TEXT(word->name), CELL_TEXT(word->value),
                                         CELL_TEXT(_(word->help)),
                                         CELL_NUMBER((OPTIONS_EVERYWHERE & OPTION_BIT(i)) != 0)});
    }
    table_print(&table);
}

/* The words that options take as values, and the exit codes. */
static void help_json_words(struct output *output)
{
    static const struct column word_columns[] = {{"option", "", COLUMN_TEXT, COLUMN_BOTH},
                                                 {"word", "", COLUMN_TEXT, COLUMN_BOTH}};
    static const struct column exit_columns[] = {{"code", "", COLUMN_NUMBER, COLUMN_BOTH},
                                                 {"meaning", "", COLUMN_TEXT, COLUMN_BOTH}};
    struct table *words =
        table_new(output, "words", TABLE_LIST, word_columns, MEDGL_COUNT(word_columns));
    for (int c = ACCOUNT_CLASS_STAFF; c <= ACCOUNT_CLASS_BREAKGLASS; c++)
        table_row(words, (struct cell[]){CELL_TEXT("class"),
                                         CELL_TEXT(account_class_word((enum account_class)c))});
    char method[POLICY_WORD_SIZE]; /* a site's policy may name others */
    for (size_t i = 0; policy_list_word(policy_key_find("reset_methods")->preset, i, method); i++)
        table_row(words, (struct cell[]){CELL_TEXT("verified-by"), CELL_TEXT(method)});
    for (int k = 0; k < LEDGER_KIND_COUNT; k++)
        table_row(words, (struct cell[]){CELL_TEXT("kind"),
                                         CELL_TEXT(ledger_kind_word((enum ledger_kind)k))});
    for (int r = ACCESS_RESULT_SUCCESS; r <= ACCESS_RESULT_END; r++)
        table_row(words, (struct cell[]){CELL_TEXT("result"),
                                         CELL_TEXT(access_result_word((enum access_result)r))});
    for (int f = ACCOUNT_FACTOR_CLASS; f <= ACCOUNT_FACTOR_NONE; f++)
        table_row(words, (struct cell[]){CELL_TEXT("factor"),
                                         CELL_TEXT(account_factor_word((enum account_factor)f))});
    for (int i = GRANT_INSTEAD_RECOVERY; i <= GRANT_INSTEAD_CODE; i++)
        table_row(words, (struct cell[]){CELL_TEXT("instead"),
                                         CELL_TEXT(grant_instead_word((enum grant_instead)i))});
    for (const char *const *format = options_formats(); *format != NULL; format++)
        table_row(words, (struct cell[]){CELL_TEXT("format"), CELL_TEXT(*format)});
    for (int a = TOTP_SHA1; a <= TOTP_SHA512; a++)
        table_row(words, (struct cell[]){CELL_TEXT("algorithm"),
                                         CELL_TEXT(totp_algorithm_word((enum totp_algorithm)a))});
    for (int m = CARD_MATCH_EXACT; m <= CARD_MATCH_SUBJECT; m++)
        table_row(words, (struct cell[]){CELL_TEXT("match"),
                                         CELL_TEXT(card_match_word((enum card_match_kind)m))});
    for (const char *const *name = options_attributes(); *name != NULL; name++)
        table_row(words, (struct cell[]){CELL_TEXT("attribute"), CELL_TEXT(*name)});
    for (const char *const *order = options_orders(); *order != NULL; order++)
        table_row(words, (struct cell[]){CELL_TEXT("sort"), CELL_TEXT(*order)});
    table_print(&words);
    struct table *codes =
        table_new(output, "exit_codes", TABLE_LIST, exit_columns, MEDGL_COUNT(exit_columns));
    for (size_t i = 0; i < MEDGL_COUNT(exits); i++)
        table_row(codes,
                  (struct cell[]){CELL_NUMBER(exits[i].number), CELL_TEXT(_(exits[i].meaning))});
    table_print(&codes);
}

static void help_options(option_set options)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_word *word = option_word((enum option)i);
        char left[40];
        if ((options & OPTION_BIT(i)) == 0)
            continue;
        (void)snprintf(left, sizeof(left), "--%s%s%s", word->name, word->value != NULL ? " " : "",
                       word->value != NULL ? word->value : "");
        (void)printf("  %-22s %s\n", left, _(word->help));
    }
}

static void help_verb(const struct verb *verb)
{
    auto_free char *usage = verb_usage(verb);
    char groups[ROLE_TEXT_SIZE];
    role_verb_groups(verb, groups);
    (void)printf(_("Usage: %s\n%s\n"), usage != NULL ? usage : verb->noun, _(verb->help));
    if (groups[0] != '\0')
        (void)printf(_("For members of: %s\n"), groups);
    if (verb->options != 0) {
        (void)printf("\n");
        help_options(verb->options);
    }
    if ((verb->options & OPTION_BIT(OPTION_VERIFIED_BY)) != 0)
        (void)printf(
            _("\nMETHOD is one of those that the policy names (reset_methods); as shipped: "
              "%s.\n"),
            policy_key_find("reset_methods")->preset);
}

static void help_text(const struct options *options)
{
    size_t count;
    const struct verb *verbs = admin_verbs(&count);
    if (options->verb != NULL) {
        help_verb(options->verb);
    } else {
        (void)printf(_("Usage: %s [--root DIR] [--json] [--operator NAME] NOUN VERB [options] "
                       "[NAME]\n\n"),
                     ADMIN_PROGRAM);
        for (size_t i = 0; i < count; i++)
            if (help_about(options, &verbs[i]))
                (void)printf("  %-11s %-11s %s\n", verbs[i].noun, verbs[i].word, _(verbs[i].help));
    }
    (void)printf(_("\nEverywhere, in any place:\n"));
    help_options(OPTIONS_EVERYWHERE);
    (void)printf(_("\nExit codes:\n"));
    for (size_t i = 0; i < MEDGL_COUNT(exits); i++)
        (void)printf("  %d  %s\n", exits[i].number, _(exits[i].meaning));
    (void)printf(_("\nSee medgl-admin(8), or \"%s NOUN VERB --help\".\n"), ADMIN_PROGRAM);
}

static enum admin_exit admin_help(struct admin *admin)
{
    if (!admin->output.json) {
        help_text(&admin->options);
        return ADMIN_DONE;
    }
    help_json_verbs(&admin->output, &admin->options);
    help_json_options(&admin->output);
    help_json_words(&admin->output);
    return ADMIN_DONE;
}

static enum admin_exit admin_version(struct admin *admin)
{
    static const struct column columns[] = {{"name", "", COLUMN_TEXT, COLUMN_BOTH},
                                            {"version", "", COLUMN_TEXT, COLUMN_BOTH}};
    output_say(&admin->output, "%s (%s) %s", ADMIN_PROGRAM, PACKAGE_NAME, PACKAGE_VERSION);
    if (admin->output.json) {
        struct table *table =
            table_new(&admin->output, "program", TABLE_RECORD, columns, MEDGL_COUNT(columns));
        table_row(table, (struct cell[]){CELL_TEXT(ADMIN_PROGRAM), CELL_TEXT(PACKAGE_VERSION)});
        table_print(&table);
    }
    return ADMIN_DONE;
}

/* -- carrying out a verb -------------------------------------------------------------------- */

/* A store that was changed so that it cannot even be opened is no better evidence. */
static enum admin_exit admin_not_opened(const struct admin *admin, enum medgl_error error)
{
    const bool evidence = strcmp(admin->options.verb->noun, "ledger") == 0;
    return evidence && error == MEDGL_ERR_CORRUPT ? ADMIN_EVIDENCE : ADMIN_UNUSABLE;
}

static enum admin_exit admin_with_context(struct admin *admin, enum context_need need)
{
    enum medgl_error error = place_open(admin, need);
    if (error != MEDGL_OK) {
        complain(_("Nothing was done: %s. medgl-admin doctor may say more."),
                 medgl_error_text(error));
        return admin_not_opened(admin, error);
    }
    admin->context.actor = admin->small.actor = admin->identity.actor;
    enum admin_exit code = role_reaches_named(admin);
    if (code == ADMIN_DONE)
        code = admin->options.verb->run(admin);
    place_close(admin);
    return code == ADMIN_DONE && admin->partial ? admin_not_opened(admin, admin->lacking) : code;
}

static enum admin_exit admin_without_privilege(struct admin *admin)
{
    enum admin_exit code = identity_drop(&admin->identity);
    if (code != ADMIN_DONE)
        return code;
    switch (admin->options.verb->need) {
    case VERB_STATE:
        return admin_with_context(admin, CONTEXT_STATE);
    case VERB_READING:
        return admin_with_context(admin, CONTEXT_READING);
    case VERB_READING_OF_NAME:
        if (admin->options.name != NULL)
            return admin_with_context(admin, CONTEXT_READING);
        break;
    case VERB_NOTHING:
    case VERB_BARE:
        break;
    }
    return admin->options.verb->run(admin);
}

/* What the verb will need root for, after its commit. */
static enum privileged_act admin_act(const struct options *options, bool private)
{
    const char *const *value = options->value;
    if (options->verb->run == emergency_recover || options->verb->run == emergency_settle_now ||
        options->verb->run == breakglass_seal)
        return private || value[OPTION_ROOT] != NULL ? PRIVILEGED_NOTHING : PRIVILEGED_END_LOGINS;
    if (options->verb->run == maintenance_end)
        return value[OPTION_ROOT] != NULL ? PRIVILEGED_NOTHING : PRIVILEGED_END_PROCESSES;
    if (value[OPTION_LOCK] != NULL ||
        (value[OPTION_LOCK_SHADOW] != NULL && value[OPTION_DRY_RUN] == NULL))
        return PRIVILEGED_LOCK_SHADOW;
    if (value[OPTION_UNLOCK] != NULL)
        return PRIVILEGED_UNLOCK_SHADOW;
    if (options->verb->run == session_end)
        return PRIVILEGED_END_SESSION;
    return value[OPTION_SESSIONS] != NULL ? PRIVILEGED_END_PROCESSES : PRIVILEGED_NOTHING;
}

static bool admin_delivers(const struct verb *verb)
{
    return verb->run == alert_test || verb->run == alert_retry || verb->run == alert_deliver;
}

/* What root does not do, whoever asks. */
static bool admin_act_fits(const struct admin *admin, enum privileged_act act)
{
    const struct identity *identity = &admin->identity;
    struct stat st;
    bool guest = identity->from_root && identity->root[0] != '\0' &&
                 (stat(identity->root, &st) != 0 || st.st_uid != 0);
    if (act == PRIVILEGED_END_PROCESSES && identity->from_root && identity->root[0] != '\0')
        complain(_("--sessions does not go with --root: processes belong to this machine, not to "
                   "%s. Leave --sessions out."),
                 identity->root);
    else if (act == PRIVILEGED_LOCK_SHADOW && admin->options.value[OPTION_SHADOW] != NULL)
        complain(_("--lock-shadow does not go with --shadow: what %s says is not what would be "
                   "locked in /etc/shadow. Leave one of them out."),
                 admin->options.value[OPTION_SHADOW]);
    else if ((act == PRIVILEGED_LOCK_SHADOW || act == PRIVILEGED_UNLOCK_SHADOW) && guest)
        complain(_("%s belongs to somebody else: root changes no Unix password there. Run this as "
                   "its owner."),
                 identity->root);
    else if (act == PRIVILEGED_END_SESSION && guest)
        complain(_("%s belongs to somebody else: root ends no process on its word. Run this as its "
                   "owner."),
                 identity->root);
    else if (admin_delivers(admin->options.verb) && guest)
        complain(_("%s belongs to somebody else: root runs no programs of theirs. Run this as its "
                   "owner."),
                 identity->root);
    else
        return true;
    return false;
}

/* Whether a slip is printed is known later. */
static bool admin_prepare_printer(struct admin *admin)
{
    const struct identity *identity = &admin->identity;
    struct stat st;
    if (!identity->from_root || identity->root[0] == '\0' ||
        (stat(identity->root, &st) == 0 && st.st_uid == 0))
        return courier_start_printer(&admin->courier, identity->root, identity->owner);
    admin->courier.trouble = "root runs no programs of somebody else's: run this as their owner";
    return true;
}

static enum admin_exit admin_keep_root(struct admin *admin)
{
    /* Processes are the machine's, not those of a private root. */
    const bool private = admin->identity.from_root && admin->identity.root[0] != '\0';
    enum privileged_act act = admin_act(&admin->options, private);
    const char *name = admin->options.verb->id ? NULL : admin->options.name;
    if (!admin_act_fits(admin, act))
        return ADMIN_USAGE;
    bool good = act == PRIVILEGED_NOTHING ||
                privileged_start(&admin->privileged, act, admin->identity.root, name,
                                 admin->identity.actor.asserted ? -1 : admin->identity.actor.uid);
    if (good && admin_delivers(admin->options.verb))
        good = courier_start(&admin->courier, admin->identity.root, admin->identity.owner);
    if (good && (reset_prints(&admin->options) || breakglass_prints(&admin->options)))
        good = admin_prepare_printer(admin);
    if (good && reset_asks(&admin->options))
        good = opener_start(&admin->opener, &admin->identity);
    return good ? ADMIN_DONE : ADMIN_UNUSABLE;
}

static enum admin_exit admin_bare(struct admin *admin)
{
    const enum admin_exit code =
        identity_is_guest(&admin->identity) ? identity_drop(&admin->identity) : ADMIN_DONE;
    return code == ADMIN_DONE ? admin->options.verb->run(admin) : code;
}

static enum admin_exit admin_dropped(struct admin *admin)
{
    const enum admin_exit code = admin_keep_root(admin);
    return code == ADMIN_DONE ? admin_without_privilege(admin) : code;
}

static enum admin_exit admin_run(struct admin *admin)
{
    if (admin->options.value[OPTION_VERSION] != NULL)
        return admin_version(admin);
    if (admin->options.value[OPTION_HELP] != NULL)
        return admin_help(admin);
    enum admin_exit code = identity_settle(admin);
    if (code == ADMIN_DONE)
        code = role_settle(admin);
    if (code == ADMIN_DONE)
        code = identity_open_files(admin);
    if (code == ADMIN_DONE)
        code = admin->options.verb->need == VERB_BARE ? admin_bare(admin) : admin_dropped(admin);
    privileged_end(&admin->privileged);
    courier_end(&admin->courier);
    opener_end(&admin->opener);
    enum admin_exit released = identity_release_file(&admin->file, admin->file_stays);
    for (size_t i = 0; i < admin->options.checkpoint_count; i++)
        free(admin->checkpoint[i]);
    free(admin->vkey);
    files_close_archives(admin);
    secret_free(&admin->from);
    secret_free(&admin->key);
    secret_free(&admin->document);
    if (admin->input >= 0)
        (void)close(admin->input);
    if (admin->shadow >= 0)
        (void)close(admin->shadow);
    return code != ADMIN_DONE ? code : released;
}

/* A closed standard stream would be given to the next file that is opened: to the store. */
static bool admin_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd) /* writing to it fails */
            return false;
    return true;
}

int main(int argc, char **argv)
{
    static struct admin admin = {.file = {.fd = -1}, .shadow = -1, .input = -1};
    if (!admin_streams())
        return ADMIN_UNUSABLE;
    (void)signal(SIGPIPE,
                 SIG_IGN); /* a reader that went away is an error to be told, no reason to die */
    ask_hold_stops();
    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain(MESSAGE_DOMAIN, MEDGL_LOCALEDIR);
    log_open(LOG_TARGET_STDERR, ADMIN_PROGRAM, false);
    enum admin_exit code = options_parse(&admin.options, argc, argv);
    admin.output.json = admin.options.value[OPTION_JSON] != NULL;
    admin.output.csv = admin.options.value[OPTION_CSV] != NULL;
    if (code == ADMIN_DONE)
        code = admin_run(&admin);
    return (int)output_close(&admin.output, code);
}
