/* Lookups in the word list that was built into the program. Reads nothing but that, and keeps
 * nothing of what is asked. What words_make.c made sure of is not looked at again; a letter that is
 * none finds nothing. */
#include "factor/words.h"

#include "factor/words_data.h"

/* The data as it lies in the file that words_make.c wrote, below the directory of the build. */
__asm__(".pushsection .rodata.words_data, \"a\", %progbits\n"
        ".balign 8\n"
        ".globl words_data\n"
        ".hidden words_data\n"
        ".type words_data, %object\n"
        "words_data:\n"
        ".incbin \"factor/words.bin\"\n"
        ".size words_data, . - words_data\n"
        ".popsection\n");
extern const struct words_data words_data __attribute__((visibility("hidden")));

static const uint8_t *words_costs(void)
{
    return (const uint8_t *)(words_data.start + words_data.count + 1);
}

/* The letter of a word at a place behind its first ones, '\0' behind its end. */
static char words_letter(uint32_t word, unsigned at)
{
    const char *text = (const char *)words_costs() + words_data.count;
    uint32_t start = words_data.start[word];
    return at - WORDS_PREFIX < words_data.start[word + 1] - start ? text[start + at - WORDS_PREFIX]
                                                                  : '\0';
}

struct words_cursor words_begin(void)
{
    return (struct words_cursor){.low = 0, .high = words_data.count, .depth = 0};
}

/* The first word of the cursor with this letter, or a later one, at its depth. */
static uint32_t words_bound(const struct words_cursor *cursor, char letter)
{
    uint32_t low = cursor->low, high = cursor->high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (words_letter(middle, cursor->depth) < letter)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void words_step_prefix(struct words_cursor *cursor, char letter)
{
    uint32_t first, behind;
    cursor->prefix = words_prefix_extend(cursor->prefix, letter);
    first = cursor->prefix;
    behind = first + 1;
    for (unsigned depth = cursor->depth + 1; depth < WORDS_PREFIX; depth++) {
        first *= WORDS_LETTERS;
        behind *= WORDS_LETTERS;
    }
    cursor->low = words_data.prefix[first];
    cursor->high = words_data.prefix[behind];
}

bool words_step(struct words_cursor *cursor, char letter)
{
    if (words_letter_index(letter) == 0 || cursor->low >= cursor->high) {
        cursor->low = cursor->high;
        return false;
    }
    if (cursor->depth < WORDS_PREFIX) {
        words_step_prefix(cursor, letter);
    } else {
        cursor->low = words_bound(cursor, letter);
        cursor->high = words_bound(cursor, (char)(letter + 1));
    }
    cursor->depth++;
    return cursor->low < cursor->high;
}

bool words_complete(const struct words_cursor *cursor, unsigned *cost)
{
    if (cursor->low >= cursor->high || cursor->depth < WORDS_PREFIX ||
        words_letter(cursor->low, cursor->depth) != '\0')
        return false;
    *cost = words_costs()[cursor->low];
    return true;
}

unsigned words_letter_cost(char before_last, char last, char letter)
{
    unsigned index = words_letter_index(letter);
    if (index == 0)
        return WORDS_LETTER_COST_MAX;
    return words_data
        .letter_cost[words_letter_index(before_last)][words_letter_index(last)][index - 1];
}
