/* factor/romaji, factor/words: readings in Latin letters, and the list that is built in (R14). */
#include "base/auto.h"
#include "factor/romaji.h"
#include "factor/words.h"
#include "tests/unit/table.h"

#include <string.h>

static bool cost_of(const char *word, unsigned *cost)
{
    struct words_cursor cursor = words_begin();
    for (; *word != '\0'; word++) {
        if (!words_step(&cursor, *word))
            return false;
    }
    return words_complete(&cursor, cost);
}

static const struct listed {
    const char *name;
} listed[] = {{"password"}, {"dog"}, {"satou"}, {"sato"}};

static void word_is_listed(void **state)
{
    const struct listed *row = *state;
    unsigned cost;
    assert_true(cost_of(row->name, &cost));
}

int main(void)
{
    TABLE_ADD("in the list", listed, word_is_listed);
    return table_run("words");
}
