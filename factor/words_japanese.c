/* The Japanese part of the built-in word list: readings of words and names, as they are typed in
 * Latin letters, from the dictionary of MeCab (IPADIC). */
#include "factor/words_make.h"

#include "base/auto.h"

#include <err.h>
#include <glob.h>
#include <iconv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum source {
    SOURCE_WORD,
    SOURCE_SURNAME,
    SOURCE_GIVEN_NAME,
    SOURCE_PLACE,
    SOURCE_OTHER_NAME,
};
struct reading {
    enum source source;
    char *kana;
    double weight;
};
struct readings {
    struct reading *at;
    size_t count, room;
};

enum column {
    COLUMN_COST = 3,
    COLUMN_CLASS = 4,
    COLUMN_DETAIL = 5,
    COLUMN_KIND = 6,
    COLUMN_PART = 7,
    COLUMN_FORM = 9,
    COLUMN_READING = 11,
    COLUMNS = 13,
};

static void readings_free(struct readings *readings)
{
    for (size_t i = 0; i < readings->count; i++)
        free(readings->at[i].kana);
    free(readings->at);
}

/* A line that was quoted has more commas than columns: such words are no words to type. */
static bool japanese_split(char *line, const char *columns[COLUMNS])
{
    size_t count = 0;
    char *column;
    while ((column = strsep(&line, ",\n")) != NULL) {
        if (count < COLUMNS)
            columns[count] = column;
        count++;
    }
    return count == COLUMNS || count == COLUMNS + 1; /* with the newline */
}

/* Of the forms of a verb, those that stand alone. */
static bool japanese_is_wanted(const char *const columns[COLUMNS])
{
    static const char *const forms[] = {"*", "基本形", "連用形", "命令ｅ"};
    static const char *const unwanted[] = {"記号", "助詞", "助動詞"};
    for (size_t i = 0; i < MEDGL_COUNT(unwanted); i++) {
        if (strcmp(columns[COLUMN_CLASS], unwanted[i]) == 0)
            return false;
    }
    for (size_t i = 0; i < MEDGL_COUNT(forms); i++) {
        if (strcmp(columns[COLUMN_FORM], forms[i]) == 0)
            return true;
    }
    return false;
}

static enum source japanese_source(const char *const columns[COLUMNS])
{
    if (strcmp(columns[COLUMN_DETAIL], "固有名詞") != 0)
        return SOURCE_WORD;
    if (strcmp(columns[COLUMN_KIND], "地域") == 0)
        return SOURCE_PLACE;
    if (strcmp(columns[COLUMN_PART], "姓") == 0)
        return SOURCE_SURNAME;
    return strcmp(columns[COLUMN_PART], "名") == 0 ? SOURCE_GIVEN_NAME : SOURCE_OTHER_NAME;
}

/* The dictionary's costs fall with the logarithm of how often a word was met, most were not met at
 * all. So that a name which is written in many ways counts as a common one, the costs are taken
 * together flatter than they were made. */
#define COST_SCALE 2000.0

static void japanese_read_line(struct readings *readings, char *line)
{
    const char *columns[COLUMNS];
    struct reading reading;
    if (!japanese_split(line, columns) || !japanese_is_wanted(columns))
        return;
    reading.source = japanese_source(columns);
    reading.weight = exp(-strtod(columns[COLUMN_COST], NULL) / COST_SCALE);
    reading.kana = strdup(columns[COLUMN_READING]);
    if (reading.kana == NULL)
        err(1, "no memory");
    readings->at = grow(readings->at, readings->count, &readings->room, sizeof(reading));
    readings->at[readings->count++] = reading;
}

static void japanese_read_file(struct readings *readings, iconv_t from_euc, const char *path)
{
    auto_free char *line = NULL;
    size_t size = 0;
    ssize_t len;
    auto_file FILE *file = fopen(path, "re");
    if (file == NULL)
        err(1, "%s", path);
    while ((len = getline(&line, &size, file)) > 0) {
        char text[4096], *in = line, *out = text;
        size_t in_left = (size_t)len, out_left = sizeof(text) - 1;
        if (iconv(from_euc, &in, &in_left, &out, &out_left) == (size_t)-1)
            err(1, "%s", path);
        *out = '\0';
        japanese_read_line(readings, text);
    }
    if (ferror(file))
        err(1, "%s", path);
}

static bool reading_is_same(const struct reading *x, const struct reading *y)
{
    return x->source == y->source && strcmp(x->kana, y->kana) == 0;
}

/* Weights too: they are added up in this order, whatever order the dictionary has. */
static int reading_order(const void *a, const void *b)
{
    const struct reading *x = a, *y = b;
    int order = strcmp(x->kana, y->kana);
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return order != 0 ? order : (x->weight > y->weight) - (x->weight < y->weight);
}

static int weight_order(const void *a, const void *b)
{
    const struct reading *x = a, *y = b;
    int order = (x->weight < y->weight) - (x->weight > y->weight);
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return order != 0 ? order : strcmp(x->kana, y->kana);
}

/* One reading for all words that have it, in one source. */
static void japanese_unite(struct readings *readings)
{
    size_t kept = 0;
    qsort(readings->at, readings->count, sizeof(readings->at[0]), reading_order);
    for (size_t i = 0; i < readings->count; i++) {
        struct reading *reading = &readings->at[i];
        if (kept > 0 && reading_is_same(&readings->at[kept - 1], reading)) {
            readings->at[kept - 1].weight += reading->weight;
            free(reading->kana);
        } else {
            readings->at[kept++] = *reading;
        }
    }
    readings->count = kept;
    qsort(readings->at, readings->count, sizeof(readings->at[0]), weight_order);
}

/* Names of persons in all spellings, other words without the rare ones. Long names of places and
 * things not at all: they are made of words. That keeps the list at six megabytes. */
static void japanese_add(struct words *words, const struct reading *reading, uint8_t cost)
{
    static const struct {
        size_t variants, longest;
    } wanted[] = {
        [SOURCE_WORD] = {6, WORDS_LONGEST},
        [SOURCE_SURNAME] = {ROMAJI_VARIANTS, WORDS_LONGEST},
        [SOURCE_GIVEN_NAME] = {ROMAJI_VARIANTS, WORDS_LONGEST},
        [SOURCE_PLACE] = {ROMAJI_USUAL, 11},
        [SOURCE_OTHER_NAME] = {ROMAJI_USUAL, 11},
    };
    struct romaji romaji;
    words_spell(&romaji, reading->kana);
    for (size_t i = 0; i < romaji.count && i < wanted[reading->source].variants; i++) {
        if (strlen(romaji.spelling[i]) <= wanted[reading->source].longest)
            word_add(words, romaji.spelling[i], cost);
    }
}

/* Each source begins anew after our own list; readings of one weight share the middle of their
 * ranks. */
static void japanese_rank(struct words *words, const struct readings *readings, size_t before)
{
    size_t source = 0;
    for (size_t i = 0, end; i < readings->count; i = end) {
        const struct reading *first = &readings->at[i];
        if (first->source != readings->at[source].source)
            source = i;
        for (end = i; end < readings->count && readings->at[end].source == first->source &&
                      readings->at[end].weight == first->weight;)
            end++;
        double rank = (double)(i - source) + (double)(end - i + 1) / 2;
        for (size_t j = i; j < end; j++)
            japanese_add(words, &readings->at[j], cost_of_rank((double)before + rank));
    }
}

void japanese_read(struct words *words, const char *directory, size_t before)
{
    auto_clean(readings_free) struct readings readings = {0};
    char pattern[4096];
    glob_t found;
    iconv_t from_euc = iconv_open("UTF-8", "EUC-JP");
    if (from_euc == (iconv_t)-1)
        err(1, "EUC-JP");
    (void)snprintf(pattern, sizeof(pattern), "%s/*.csv", directory);
    if (glob(pattern, 0, NULL, &found) != 0)
        errx(1, "%s: no dictionary of MeCab there", directory);
    for (size_t i = 0; i < found.gl_pathc; i++)
        japanese_read_file(&readings, from_euc, found.gl_pathv[i]);
    globfree(&found);
    (void)iconv_close(from_euc);
    japanese_unite(&readings);
    japanese_rank(words, &readings, before);
}
