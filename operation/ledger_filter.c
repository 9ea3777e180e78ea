/* Which entries somebody wants to see. */
#include "operation/ledger_filter.h"

#include "ledger/peek.h"

#include <string.h>

static enum medgl_error test_needle(struct ledger_test *test, const char *name)
{
    if (name == NULL)
        return MEDGL_OK;
    return ledger_peek_needle("name", name, test->needle[test->needles++],
                              sizeof(test->needle[0])) > 0
               ? MEDGL_OK
               : MEDGL_ERR_ARGUMENT;
}

enum medgl_error ledger_test_make(const struct ledger_filter *filter, struct ledger_test *test)
{
    *test = (struct ledger_test){.filter = filter};
    if (filter->since > 0)
        clock_format_utc(filter->since, test->since);
    if (filter->until > 0)
        clock_format_utc(filter->until, test->until);
    MEDGL_TRY(test_needle(test, filter->subject));
    return test_needle(test, filter->actor);
}

bool ledger_filter_empty(const struct ledger_filter *filter)
{
    return filter->kind == NULL && filter->subject == NULL && filter->actor == NULL &&
           filter->since == 0 && filter->until == 0;
}

bool ledger_test_wants(const struct ledger_test *test, const char *line, size_t len)
{
    struct ledger_peek peek;
    if (!ledger_peek(line, len, &peek))
        return true; /* for the decoder to refuse */
    if (test->filter->kind != NULL) {
        const char *word = ledger_kind_word(*test->filter->kind);
        if (peek.kind_len != strlen(word) || memcmp(peek.kind, word, peek.kind_len) != 0)
            return false;
    }
    if ((test->since[0] != '\0' && memcmp(peek.time, test->since, CLOCK_TEXT_SIZE - 1) < 0) ||
        (test->until[0] != '\0' && memcmp(peek.time, test->until, CLOCK_TEXT_SIZE - 1) >= 0))
        return false;
    for (size_t i = 0; i < test->needles; i++)
        if (memmem(peek.rest, peek.rest_len, test->needle[i], strlen(test->needle[i])) == NULL)
            return false;
    return true;
}

static bool test_is(const char *wanted, const char *name)
{
    return wanted == NULL || (name != NULL && strcmp(name, wanted) == 0);
}

bool ledger_test_fits(const struct ledger_test *test, const struct ledger_entry *entry)
{
    const struct ledger_filter *filter = test->filter;
    return (filter->kind == NULL || entry->kind == *filter->kind) &&
           test_is(filter->subject, entry->subject.name) &&
           test_is(filter->actor, entry->actor.name) &&
           (filter->since == 0 || entry->time >= filter->since) &&
           (filter->until == 0 || entry->time < filter->until);
}
