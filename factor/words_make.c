/* Makes the built-in word list: words_make SCOWL-DIRECTORY IPADIC-DIRECTORY COMMON-FILE
 * CRACKER-FILE EXTRA-FILE > DATA. Runs while the product is built, never afterwards. What it writes
 * follows from its input alone.
 *
 * A word costs what whoever goes through the lists has tried before: first our own short one, then
 * the passwords that are most common, both in their order, then a cracker's words, English words,
 * Japanese words, surnames, given names or places, common ones first. Nobody has counted how common
 * each word is as a password. What is known is the level of an English word in SCOWL, and of a
 * Japanese reading the costs of all words with that reading. */
#include "factor/words_make.h"

#include "base/auto.h"

#include <err.h>
#include <glob.h>
#include <math.h>
#include <string.h>
#include <uninorm.h>

static void words_free(struct words *words)
{
    free(words->at);
}

void *grow(void *at, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return at;
    *room = *room == 0 ? 1024 : 2 * *room;
    at = reallocarray(at, *room, size);
    if (at == NULL)
        err(1, "no memory");
    return at;
}

uint8_t cost_of_rank(double rank)
{
    double cost = round(10 * log2(rank));
    return cost > UINT8_MAX ? UINT8_MAX : (uint8_t)cost;
}

void word_add(struct words *words, const char *text, uint8_t cost)
{
    struct word word = {.cost = cost};
    size_t len = strlen(text);
    if (len < WORDS_SHORTEST || len > WORDS_LONGEST)
        return;
    for (size_t i = 0; i < len; i++) {
        word.text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        if (words_letter_index(word.text[i]) == 0)
            return;
    }
    words->at = grow(words->at, words->count, &words->room, sizeof(word));
    words->at[words->count++] = word;
}

void words_spell(struct romaji *romaji, const char *kana)
{
    if (romaji_spell(kana, romaji) == MEDGL_ERR_MEMORY)
        err(1, "no memory");
}

static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* -- our own list ---------------------------------------------------------------------------- */

static void extra_add(struct words *words, const char *word, uint8_t cost)
{
    struct romaji romaji;
    if (is_ascii(word)) {
        word_add(words, word, cost);
        return;
    }
    words_spell(&romaji, word);
    if (romaji.count == 0)
        errx(1, "%s: neither Latin letters nor kana", word);
    for (size_t i = 0; i < romaji.count; i++)
        word_add(words, romaji.spelling[i], cost);
}

/* Returns how many words come before those of the dictionaries. */
static size_t extra_read(struct words *words, const char *path)
{
    auto_free char *line = NULL;
    size_t size = 0, rank = 0;
    auto_file FILE *file = fopen(path, "re");
    if (file == NULL)
        err(1, "%s", path);
    while (getline(&line, &size, file) > 0) {
        char *rest = line, *word;
        line[strcspn(line, "#\n")] = '\0';
        while ((word = strsep(&rest, " ")) != NULL) {
            if (word[0] == '\0')
                continue;
            rank++;
            extra_add(words, word, cost_of_rank((double)rank));
        }
    }
    if (ferror(file))
        err(1, "%s", path);
    return rank;
}

/* -- passwords that everybody tries ---------------------------------------------------------- */

/* The commonest first; what they are without the digits behind them. Returns the last rank. */
static size_t common_read(struct words *words, const char *path, size_t rank)
{
    auto_free char *line = NULL;
    size_t size = 0;
    auto_file FILE *file = fopen(path, "re");
    if (file == NULL)
        err(1, "%s", path);
    while (getline(&line, &size, file) > 0) {
        size_t len = strcspn(line, "\n");
        if (line[0] == '#')
            continue;
        while (len > 0 && line[len - 1] >= '0' && line[len - 1] <= '9')
            len--;
        line[len] = '\0';
        rank++;
        word_add(words, line, cost_of_rank((double)rank));
    }
    if (ferror(file))
        err(1, "%s", path);
    return rank;
}

/* -- English --------------------------------------------------------------------------------- */

/* "café" is typed "cafe", and "don't" is typed "dont"; "dog's" is no word of its own. */
static void english_add(struct words *words, const char *text, bool contraction)
{
    char plain[WORDS_LONGEST + 2];
    size_t len, kept = 0;
    auto_free uint8_t *apart =
        u8_normalize(UNINORM_NFD, (const uint8_t *)text, strlen(text), NULL, &len);
    if (apart == NULL)
        err(1, "%s", text);
    for (size_t i = 0; i < len && kept < sizeof(plain) - 1; i++) {
        if (apart[i] == 0xcc || apart[i] == 0xcd)
            i++; /* a combining mark, U+0300 and following */
        else if (apart[i] != '\'' || !contraction)
            plain[kept++] = (char)apart[i];
    }
    plain[kept] = '\0';
    word_add(words, plain, 0);
}

static void english_read_file(struct words *words, const char *path, bool contractions)
{
    auto_free char *line = NULL;
    size_t size = 0;
    auto_file FILE *file = fopen(path, "re");
    if (file == NULL)
        err(1, "%s", path);
    while (getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        english_add(words, line, contractions);
    }
    if (ferror(file))
        err(1, "%s", path);
}

/* All words of a level cost the same: in the middle of it, after those of the levels before. */
static size_t english_read_level(struct words *words, const char *directory, unsigned level,
                                 size_t before)
{
    char pattern[4096];
    glob_t found;
    size_t first = words->count;
    (void)snprintf(pattern, sizeof(pattern),
                   "%s/{{english,american,british,variant_1,variant_2}-"
                   "{words,upper,proper-names,contractions,abbreviations},special-hacker}.%u",
                   directory, level);
    if (glob(pattern, GLOB_BRACE, NULL, &found) != 0)
        errx(1, "%s: no SCOWL lists of level %u there", directory, level);
    for (size_t i = 0; i < found.gl_pathc; i++)
        english_read_file(words, found.gl_pathv[i],
                          strstr(found.gl_pathv[i], "contractions") != NULL);
    globfree(&found);
    size_t count = words->count - first;
    for (size_t i = first; i < words->count; i++)
        words->at[i].cost = cost_of_rank((double)before + (double)count / 2);
    return before + count;
}

/* What crackers go through besides, in no order: each costs the same. */
static void cracker_read(struct words *words, const char *path, size_t before)
{
    size_t first = words->count;
    english_read_file(words, path, true);
    for (size_t i = first; i < words->count; i++)
        words->at[i].cost = cost_of_rank((double)before + (double)(words->count - first) / 2);
}

static void english_read(struct words *words, const char *directory, size_t before)
{
    static const unsigned levels[] = {10, 20, 35, 40, 50, 55, 60, 70, 80, 95};
    for (size_t i = 0; i < MEDGL_COUNT(levels); i++)
        before = english_read_level(words, directory, levels[i], before);
}

/* -- the data -------------------------------------------------------------------------------- */

static int word_order(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (int)x->cost - (int)y->cost;
}

/* Each word once, at its lowest cost. */
static void words_unite(struct words *words)
{
    size_t kept = 0;
    qsort(words->at, words->count, sizeof(words->at[0]), word_order);
    for (size_t i = 0; i < words->count; i++) {
        if (kept == 0 || strcmp(words->at[kept - 1].text, words->at[i].text) != 0)
            words->at[kept++] = words->at[i];
    }
    words->count = kept;
}

#define SYMBOLS          (WORDS_LETTERS + 1)
#define LETTER_SMOOTHING 2.0 /* how many words a guess from fewer letters is worth */

struct letter_counts {
    double one[SYMBOLS], two[SYMBOLS][SYMBOLS], three[SYMBOLS][SYMBOLS][SYMBOLS];
};

static void letters_count(struct letter_counts *counts, const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        unsigned a = 0, b = 0;
        for (const char *at = words->at[i].text; *at != '\0'; at++) {
            unsigned c = words_letter_index(*at);
            counts->one[0]++;
            counts->one[c]++;
            counts->two[b][0]++;
            counts->two[b][c]++;
            counts->three[a][b][0]++;
            counts->three[a][b][c]++;
            a = b;
            b = c;
        }
    }
}

/* [0] of each table holds the sum of the others. */
static uint8_t letter_cost(const struct letter_counts *counts, unsigned a, unsigned b, unsigned c)
{
    double p = counts->one[c] / counts->one[0];
    p = (counts->two[b][c] + LETTER_SMOOTHING * p) / (counts->two[b][0] + LETTER_SMOOTHING);
    p = (counts->three[a][b][c] + LETTER_SMOOTHING * p) /
        (counts->three[a][b][0] + LETTER_SMOOTHING);
    double cost = round(-10 * log2(p));
    return cost > WORDS_LETTER_COST_MAX ? WORDS_LETTER_COST_MAX : (uint8_t)cost;
}

static void letters_fill(struct words_data *data, const struct words *words)
{
    struct letter_counts counts = {0};
    letters_count(&counts, words);
    for (unsigned a = 0; a < SYMBOLS; a++) {
        for (unsigned b = 0; b < SYMBOLS; b++) {
            for (unsigned c = 1; c < SYMBOLS; c++)
                data->letter_cost[a][b][c - 1] = letter_cost(&counts, a, b, c);
        }
    }
}

/* Where the words with each beginning stand, or would stand. */
static void prefixes_fill(struct words_data *data, const struct words *words)
{
    uint32_t prefix = 0;
    for (uint32_t word = 0; word < words->count; word++) {
        uint32_t own = 0;
        for (unsigned i = 0; i < WORDS_PREFIX; i++)
            own = words_prefix_extend(own, words->at[word].text[i]);
        while (prefix <= own)
            data->prefix[prefix++] = word;
    }
    while (prefix < MEDGL_COUNT(data->prefix))
        data->prefix[prefix++] = data->count;
}

static void words_write(const struct words *words)
{
    struct words_data data = {.count = (uint32_t)words->count};
    uint32_t start = 0;
    letters_fill(&data, words);
    prefixes_fill(&data, words);
    (void)fwrite(&data, sizeof(data), 1, stdout);
    for (size_t i = 0; i <= words->count; i++) {
        (void)fwrite(&start, sizeof(start), 1, stdout);
        start += i < words->count ? (uint32_t)strlen(words->at[i].text) - WORDS_PREFIX : 0;
    }
    for (size_t i = 0; i < words->count; i++)
        (void)putchar(words->at[i].cost);
    for (size_t i = 0; i < words->count; i++)
        (void)fputs(words->at[i].text + WORDS_PREFIX, stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        err(1, "cannot write the words");
}

int main(int argc, char **argv)
{
    auto_clean(words_free) struct words words = {0};
    if (argc != 6)
        errx(2, "usage: words_make SCOWL-DIRECTORY IPADIC-DIRECTORY COMMON-FILE CRACKER-FILE "
                "EXTRA-FILE > DATA");
    size_t before = extra_read(&words, argv[5]);
    before = common_read(&words, argv[3], before);
    cracker_read(&words, argv[4], before);
    english_read(&words, argv[1], before);
    japanese_read(&words, argv[2], before);
    words_unite(&words);
    words_write(&words);
    return 0;
}
