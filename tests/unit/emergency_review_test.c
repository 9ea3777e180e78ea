/* R33: who may review an emergency: nobody who used an account in it, decided on it or recorded it,
 * by any name, login or account of theirs; and nobody where that is not known. */
#include "tests/unit/emergency_fixture.h"
#include "tests/unit/table.h"

#include "operation/identity.h"

static struct both here;

/* -- who there is ----------------------------------------------------------------------------- */

/* Users of any Debian. The first three are one person, by the staff number, or by full name and
 * birth date. */
static const struct enrolled {
    const char *name;
    int64_t uid;
    struct account_person person;
} people[] = {
    {"daemon",
     1,
     {.full_name = "Tanaka Hanako", .staff_number = "S-1", .birth_date = "1985-04-01"}},
    {"bin", 2, {.full_name = "Admin One", .staff_number = "s-1"}},
    {"sys", 3, {.full_name = "TANAKA Hanako", .birth_date = "S60.4.1"}},
    {"man", 6, {.full_name = "Sato Jiro", .staff_number = "S-9", .birth_date = "1985-04-01"}},
};

static void enrol_people(void)
{
    char why[OPERATION_WHY_SIZE];
    for (size_t i = 0; i < MEDGL_COUNT(people); i++) {
        const struct account_add_request request = {.name = people[i].name,
                                                    .uid = people[i].uid,
                                                    .class_ = ACCOUNT_CLASS_PRIVILEGED,
                                                    .person = people[i].person};
        assert_int_equal(operation_account_add(&here.main->context, &request, why), MEDGL_OK);
    }
}

static void acts(const char *name, int64_t uid)
{
    here.small.actor = (struct actor){.uid = uid, .roles = ROLE_ROOT};
    (void)snprintf(here.small.actor.name, sizeof(here.small.actor.name), "%s", name);
}

static bool database_fails;

enum medgl_error __real_unix_user_find(const char *name, struct unix_user *user);
enum medgl_error __wrap_unix_user_find(const char *name, struct unix_user *user);

enum medgl_error __wrap_unix_user_find(const char *name, struct unix_user *user)
{
    return database_fails ? MEDGL_ERR_IO : __real_unix_user_find(name, user);
}

/* -- what happened ---------------------------------------------------------------------------- */

struct happened {
    enum ledger_kind kind;
    const char *source, *person;
};

static enum medgl_error happened_now(struct store_txn *txn, void *argument)
{
    const struct happened *happened = argument;
    const struct clock_reading clock = clock_read();
    struct emergency_clocks clocks;
    struct emergency_now_view view;
    struct account account;
    struct ledger_entry entry;
    MEDGL_TRY(store_account_by_name(txn, BREAKGLASS_ONE, &account));
    if (happened->kind == LEDGER_BREAKGLASS_USE) {
        MEDGL_TRY(emergency_clocks_read(txn, &clocks));
        return emergency_use(&here.small, txn, &clocks, &account, "su", happened->source, &view);
    }
    evidence_begin(&here.small, &clock, happened->kind, &account, &entry);
    ledger_entry_text(&entry, "service", "su");
    ledger_entry_text(&entry, "source", happened->source);
    if (happened->person != NULL)
        ledger_entry_text(&entry, "person", happened->person);
    return evidence_append(&here.small, txn, &entry, NULL);
}

static void happens(enum ledger_kind kind, const char *source, const char *person)
{
    struct happened happened = {.kind = kind, .source = source, .person = person};
    assert_int_equal(store_transact(here.small.store, STORE_WRITE, happened_now, &happened),
                     MEDGL_OK);
}

static void declares(const char *decided_by, bool drill)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    const struct emergency_declare_request request = {
        .criterion = "disaster", .decided_by = decided_by, .drill = drill};
    assert_int_equal(operation_emergency_declare(&here.small, &request, &row, why), MEDGL_OK);
}

static void recovers(const char *decided_by)
{
    char why[OPERATION_WHY_SIZE];
    struct emergency row;
    assert_int_equal(operation_emergency_recover(&here.small, decided_by, NULL, &row, why),
                     MEDGL_OK);
}

static enum medgl_error review(char why[OPERATION_WHY_SIZE])
{
    return operation_emergency_review(&here.small, &here.main->context, 1, "fine", why);
}

static void begin(void)
{
    database_fails = false;
    both_begin(&here);
    enrol_people();
    both_seal(&here, BREAKGLASS_ONE);
}

/* -- one part in it after the other ----------------------------------------------------------- */

struct login {
    const char *name;
    int64_t uid;
};

#define NOBODY                                                                                     \
    {                                                                                              \
        "", -1                                                                                     \
    }
#define TANAKA                                                                                     \
    {                                                                                              \
        "daemon", 1                                                                                \
    }
#define ANOTHER                                                                                    \
    {                                                                                              \
        "bin", 2                                                                                   \
    } /* login of the same person */
#define SATO                                                                                       \
    {                                                                                              \
        "man", 6                                                                                   \
    }
#define CLERK                                                                                      \
    {                                                                                              \
        "clerk", 900                                                                               \
    } /* not enrolled, and no Unix user */

#define DECIDED  "who decided"
#define RECORDED "who declared or ended"
#define USED     "who used"

static const struct part_row {
    const char *name;
    struct login reviewer, declarer, ender, user; /* as the kernel knows them */
    const char *source, *person, *late;           /* of the use; said within it, afterwards */
    bool sealed_anew;                             /* before what was said afterwards */
    const char *decided, *ended;                  /* NULL: somebody else */
    const char *says;                             /* NULL: reviewed */
} part_rows[] = {
    {"none, enrolled", SATO, CLERK, CLERK, NOBODY, .says = NULL},
    {"none, beside one who had", SATO, TANAKA, TANAKA, TANAKA, "uid 1", "Tanaka Hanako",
     .says = NULL},
    {"none, by a name alone", {"auditor", -1}, CLERK, CLERK, NOBODY, .says = NULL},
    {"nobody knows who", NOBODY, CLERK, CLERK, NOBODY, .says = "nobody knows who you are"},
    {"the uid it came from", TANAKA, CLERK, CLERK, NOBODY, "uid 1", .says = USED},
    {"that uid, of a name that was given",
     {"daemon", -1},
     CLERK,
     CLERK,
     NOBODY,
     "uid 1",
     .says = USED},
    {"the uid of another account", TANAKA, CLERK, CLERK, NOBODY, "uid 2", .says = USED},
    {"that of one without staff number", ANOTHER, CLERK, CLERK, NOBODY, "uid 1", .says = USED},
    {"by name and birth date", TANAKA, CLERK, CLERK, NOBODY, "uid 3", .says = USED},
    {"linked by a third account, first by name",
     {"sys", 3},
     CLERK,
     CLERK,
     NOBODY,
     "uid 2",
     .says = USED},
    {"linked by it, last by name", ANOTHER, CLERK, CLERK, NOBODY, "uid 3", .says = USED},
    {"another one's birth date", SATO, CLERK, CLERK, NOBODY, "uid 3", .says = NULL},
    {"the login it came from", TANAKA, CLERK, CLERK, NOBODY, "user Daemon", .says = USED},
    {"what looks like a uid", TANAKA, CLERK, CLERK, NOBODY, "uid 1x", .says = NULL},
    {"the kernel's word", TANAKA, CLERK, CLERK, {"", 1}, "user root", .says = USED},
    {"its word, another account", TANAKA, CLERK, CLERK, {"", 2}, "user root", .says = USED},
    {"the account itself", {"games", 5}, CLERK, CLERK, NOBODY, .says = USED},
    {"its uid", {"clerk", 5}, CLERK, CLERK, NOBODY, .says = USED},
    {"a login name that was typed", TANAKA, CLERK, CLERK, NOBODY, .person = "Daemon", .says = USED},
    {"an enrolled name", TANAKA, CLERK, CLERK, NOBODY, .person = "hanako tanaka", .says = USED},
    {"that of another account", TANAKA, CLERK, CLERK, NOBODY, .person = "admin one", .says = USED},
    {"a staff number", TANAKA, CLERK, CLERK, NOBODY, .person = "S-1", .says = USED},
    {"somebody else's", TANAKA, CLERK, CLERK, NOBODY, .person = "S-9", .says = NULL},
    {"said afterwards", TANAKA, CLERK, CLERK, NOBODY, .late = "Tanaka Hanako", .says = USED},
    {"said of the next envelope", TANAKA, CLERK, CLERK, NOBODY, .late = "Tanaka Hanako",
     .sealed_anew = true, .says = NULL},
    {"declared", TANAKA, TANAKA, CLERK, NOBODY, .says = RECORDED},
    {"declared, another account", TANAKA, ANOTHER, CLERK, NOBODY, .says = RECORDED},
    {"ended", TANAKA, CLERK, TANAKA, NOBODY, .says = RECORDED},
    {"ended, by a name alone", {"clerk", -1}, SATO, CLERK, NOBODY, .says = RECORDED},
    {"decided, by a name alone",
     {"director", -1},
     CLERK,
     CLERK,
     NOBODY,
     .decided = "Director",
     .says = DECIDED},
    {"decided, an enrolled name", ANOTHER, CLERK, CLERK, NOBODY, .decided = "Admin One",
     .says = DECIDED},
    {"decided the end", TANAKA, CLERK, CLERK, NOBODY, .ended = "Hanako Tanaka", .says = DECIDED},
    {"all of it", TANAKA, TANAKA, TANAKA, TANAKA, "uid 1", "Tanaka", "Tanaka Hanako",
     .decided = "Tanaka Hanako", .says = USED},
};

static void part_plays(const struct part_row *row)
{
    acts(row->declarer.name, row->declarer.uid);
    declares(row->decided != NULL ? row->decided : "Somebody", false);
    acts(row->user.name, row->user.uid);
    happens(LEDGER_BREAKGLASS_USE, row->source != NULL ? row->source : "192.0.2.7", NULL);
    if (row->person != NULL)
        happens(LEDGER_BREAKGLASS_PERSON, "192.0.2.7", row->person);
    acts(row->ender.name, row->ender.uid);
    recovers(row->ended != NULL ? row->ended : "Somebody");
    acts("operator", -1);
    if (row->sealed_anew)
        both_seal(&here, BREAKGLASS_ONE);
    if (row->late != NULL)
        happens(LEDGER_BREAKGLASS_PERSON, "192.0.2.7", row->late);
    acts(row->reviewer.name, row->reviewer.uid);
}

static void R33_part_in_it(void **state)
{
    const struct part_row *row = *state;
    char why[OPERATION_WHY_SIZE];
    begin();
    part_plays(row);
    assert_int_equal(review(why), row->says == NULL ? MEDGL_OK : MEDGL_ERR_REFUSED);
    assert_string_equal(row->says == NULL ? why : "", "");
    if (row->says != NULL)
        assert_non_null(strstr(why, row->says));
    else
        assert_int_equal(review(why), MEDGL_ERR_REFUSED); /* once */
    both_end(&here);
}

/* -- what befalls it -------------------------------------------------------------------------- */

/* The first one was decided as a drill. */
static void drill_before(void)
{
    acts("clerk", 900);
    declares("Sato Jiro", true);
    declares("Somebody", false);
    recovers("Somebody");
    acts("man", 6);
}

static void others_session(void)
{
    acts("clerk", 900);
    declares("Somebody", false);
    acts("", 6);
    happens(LEDGER_SESSION_OPEN, "user root", NULL);
    acts("clerk", 900);
    recovers("Somebody");
    acts("man", 6);
}

/* Another one, which they used, is none of this one's. */
static void next_one(void)
{
    acts("clerk", 900);
    declares("Somebody", false);
    happens(LEDGER_BREAKGLASS_USE, "192.0.2.7", NULL);
    recovers("Somebody");
    both_seal(&here, BREAKGLASS_ONE);
    acts("man", 6);
    declares("Sato Jiro", false);
    happens(LEDGER_BREAKGLASS_USE, "uid 6", NULL);
    happens(LEDGER_BREAKGLASS_PERSON, "uid 6", "Sato Jiro");
}

static void still_open(void)
{
    acts("clerk", 900);
    declares("Somebody", false);
    acts("man", 6);
}

static void is_over(void)
{
    still_open();
    acts("clerk", 900);
    recovers("Somebody");
    acts("man", 6);
}

static void time_is_over(void)
{
    still_open();
    here.small.policy.emergency_max = (struct policy_span){0};
}

static void no_answer(void)
{
    is_over();
    database_fails = true;
}

static enum medgl_error archive_now(struct store_txn *txn, void *argument)
{
    struct ledger_head head;
    (void)argument;
    MEDGL_TRY(store_ledger_head(txn, &head));
    return store_ledger_archive(txn, 0, head.tree.size);
}

static void archived(void)
{
    is_over();
    assert_int_equal(store_transact(here.small.store, STORE_WRITE, archive_now, NULL), MEDGL_OK);
}

static const struct befalls_row {
    const char *name;
    void (*befalls)(void);
    bool no_main; /* store can be read */
    uint32_t number;
    enum medgl_error error;
    const char *says;
} befalls_rows[] = {
    {"nothing", is_over, false, 1, MEDGL_OK, ""},
    {"there is none", is_over, false, 2, MEDGL_ERR_NOT_FOUND, ""},
    {"it is open", still_open, false, 1, MEDGL_ERR_REFUSED, "is open"},
    {"its time was over, which the review records", time_is_over, false, 1, MEDGL_OK, ""},
    {"a drill that somebody else decided", drill_before, false, 1, MEDGL_ERR_REFUSED, DECIDED},
    {"a session without the envelope", others_session, false, 1, MEDGL_ERR_REFUSED, USED},
    {"part in the next one", next_one, false, 1, MEDGL_OK, ""},
    {"no main store", is_over, true, 1, MEDGL_ERR_REFUSED, "the main store cannot be read"},
    {"no user database", no_answer, false, 1, MEDGL_ERR_REFUSED, "gives no answer"},
    {"its entries are archived", archived, false, 1, MEDGL_ERR_REFUSED, "is archived"},
};

static void R33_what_befalls_it(void **state)
{
    const struct befalls_row *row = *state;
    char why[OPERATION_WHY_SIZE];
    begin();
    row->befalls();
    assert_int_equal(operation_emergency_review(&here.small,
                                                row->no_main ? NULL : &here.main->context,
                                                row->number, "fine", why),
                     row->error);
    assert_non_null(strstr(why, row->says));
    assert_int_equal(why[0] == '\0', row->says[0] == '\0');
    both_end(&here);
}

int main(void)
{
    TABLE_ADD("R33 part", part_rows, R33_part_in_it);
    TABLE_ADD("R33 review", befalls_rows, R33_what_befalls_it);
    return table_run("reviews of emergencies");
}
