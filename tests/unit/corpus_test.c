/* How many of the passwords that people choose get through (R14), and how many good ones do not:
 * the lists of weak passwords that Debian ships, each entry dressed so that it meets R13's rule of
 * composition; 300 weak ones of a Japanese hospital; generated ones (R19); random strong ones.
 * `--long`: every entry in every dress, a few minutes. */
#include "base/auto.h"
#include "factor/password.h"
#include "factor/quality.h"
#include "policy/password.h"

#include <string.h>

#include "tests/unit/draw.h"
#include "tests/unit/table.h"

#define CANDIDATE_SIZE 256
#define EXAMPLES       30
#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* -- judging --------------------------------------------------------------------------------- */

/* As it stands, without pages of its own: nothing here is a secret. */
static struct secret plain(const char *text)
{
    return (struct secret){(unsigned char *)(uintptr_t)text, strlen(text), strlen(text)};
}

/* What the default policy says of one candidate, whoever it is for. */
static struct password_verdict judged(const struct policy *policy, const char *text)
{
    auto_secret struct secret normal = SECRET_NONE;
    const struct secret typed = plain(text);
    struct secret prepared = typed; /* ASCII is OpaqueString as it stands */
    struct password_composition kinds;
    struct quality quality = {.refused = true};
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x80)
            continue;
        assert_int_equal(password_prepare(&typed, &normal), MEDGL_OK);
        prepared = normal;
        break;
    }
    assert_int_equal(quality_assess(NULL, NULL, &typed, &prepared, &quality), MEDGL_OK);
    password_compose(&prepared, &kinds);
    const struct password_candidate candidate = {.length = kinds.length,
                                                 .letters = kinds.letters,
                                                 .digits = kinds.digits,
                                                 .symbols = kinds.symbols,
                                                 .valid_text = true,
                                                 .full_width = quality.full_width,
                                                 .weakness = quality.weakness,
                                                 .weakness_refused = quality.refused,
                                                 .guess_bits = quality.bits};
    return policy_password_check(policy, &candidate);
}

/* R13: 8 and more characters of all three kinds. */
static bool well_composed(const char *text)
{
    const struct secret prepared = plain(text);
    struct password_composition kinds;
    password_compose(&prepared, &kinds);
    return kinds.length >= 8 && kinds.letters && kinds.digits && kinds.symbols;
}

/* The refusals that say something about guessing. Any other is a mistake of this test. */
static bool passes(const struct policy *policy, const char *text)
{
    struct password_verdict verdict = judged(policy, text);
    if (verdict.refusal != PASSWORD_ACCEPTED && verdict.refusal != PASSWORD_REFUSED_GUESSABLE)
        fail_msg("\"%s\" is refused as %d", text, (int)verdict.refusal);
    return verdict.refusal == PASSWORD_ACCEPTED;
}

/* -- lists ----------------------------------------------------------------------------------- */

struct list {
    char **entries;
    size_t count, comments, blank, not_text;
};

static void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i]);
    free((void *)list->entries);
}

/* Whether OpaqueString admits it as a password, whatever its length. */
static bool is_text(const char *entry)
{
    auto_secret struct secret prepared = SECRET_NONE;
    const struct secret typed = plain(entry);
    return password_prepare(&typed, &prepared) == MEDGL_OK;
}

static void list_read(const char *path, const char *comment, struct list *list)
{
    auto_file FILE *file = fopen(path, "re");
    auto_free char *line = NULL;
    size_t room = 0;
    ssize_t len;
    if (file == NULL)
        fail_msg("%s cannot be read: see tests/packages", path);
    while ((len = getline(&line, &room, file)) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0') {
            list->blank++;
        } else if (strncmp(line, comment, strlen(comment)) == 0) {
            list->comments++;
        } else if (!is_text(line)) {
            list->not_text++;
        } else {
            void *more = realloc((void *)list->entries, (list->count + 1) * sizeof(char *));
            assert_non_null(more);
            list->entries = more;
            assert_non_null(list->entries[list->count++] = strdup(line));
        }
    }
}

/* -- dressing -------------------------------------------------------------------------------- */

/* What people do to a weak password that is not let in, one letter for each step:
 * w the entry, W with a capital, L with its last letter capital, U all capitals,
 * s with substitutions, S with substitutions and a capital, x with other substitutions,
 * n a number, Y a year, + a mark, - a joint. */
static const char *const dresses[] = {
    "Wn+",  "+nW",   "nW+", "W+n", "WY+", "YW+",  "W-Y",  "sn+",  "Sn+",
    "SY+",  "xn+",   "+Yx", "U-n", "Ln+", "+YL",  "WWn+", "wwn+", "w-wn",
    "SSn+", "WnWn+", "sY+", "+sn", "W+Y", "YW+n", "wY+W", "UY+",
};

struct text {
    char bytes[CANDIDATE_SIZE];
    size_t len;
};

static void put(struct text *text, const char *what)
{
    for (; *what != '\0'; what++) {
        assert_true(text->len < sizeof(text->bytes) - 1);
        text->bytes[text->len++] = *what;
    }
    text->bytes[text->len] = '\0';
}

static char to_case(char c, char first)
{
    char other = first == 'a' ? 'A' : 'a';
    return c >= other && c < other + 26 ? (char)(c - other + first) : c;
}

static char substituted(char c, const char *pairs)
{
    for (; *pairs != '\0'; pairs += 2)
        if (to_case(c, 'a') == pairs[0])
            return pairs[1];
    return c;
}

static void put_entry(struct text *text, const char *entry, char step)
{
    size_t begin = text->len, len = strlen(entry);
    put(text, entry);
    char *word = text->bytes + begin;
    for (size_t i = 0; i < len; i++) {
        if (step == 'U')
            word[i] = to_case(word[i], 'A');
        else if (step == 'W' || step == 'L')
            word[i] = to_case(word[i], i == (step == 'W' ? 0 : len - 1) ? 'A' : 'a');
        else if (step == 'S' && i == 0)
            word[i] = to_case(word[i], 'A');
        else if (step == 's' || step == 'S')
            word[i] = substituted(word[i], "a@e3i1o0s$");
        else if (step == 'x')
            word[i] = substituted(word[i], "a4e3i!o0s5t7l1");
    }
}

/* One candidate. `which` chooses year, number and mark; `longer` more of the last two. */
static void dress(const char *entry, const char *steps, size_t which, size_t longer,
                  struct text *text)
{
    static const char *const numbers[] = {"1",  "2",  "7",  "0",   "12",  "01",
                                          "99", "77", "21", "123", "007", "11"};
    static const char marks[] = "!!!#@$%&*?._", joints[] = "-_.#@", count[] = "1234567";
    *text = (struct text){.len = 0};
    bool number = strchr(steps, 'n') != NULL;
    for (; *steps != '\0'; steps++) {
        char piece[16] = "";
        switch (*steps) {
        case 'n':
            (void)snprintf(piece, sizeof(piece), "%s%.*s", numbers[which % MEDGL_COUNT(numbers)],
                           (int)longer, count);
            break;
        case 'Y':
            (void)snprintf(piece, sizeof(piece), "%zu", 1950 + which * 7 % 80);
            break;
        case '+':
            memset(piece, marks[which % (sizeof(marks) - 1)], number ? 1 : longer + 1);
            break;
        case '-':
            memset(piece, joints[which % (sizeof(joints) - 1)], number ? 1 : longer + 1);
            break;
        default:
            put_entry(text, entry, *steps);
        }
        put(text, piece);
    }
}

/* An entry as it would be made to fit: longer where it is too short, with a letter where it has
 * none, or none that is left one. */
static void dress_well(const char *entry, const char *steps, size_t which, struct text *text)
{
    for (size_t longer = 0; longer <= 7; longer++) {
        dress(entry, steps, which, longer, text);
        if (strpbrk(text->bytes, LETTERS) == NULL)
            put(text, "a");
        if (well_composed(text->bytes))
            return;
    }
    fail_msg("\"%s\" does not fit as %s", entry, steps);
}

/* -- the lists of Debian --------------------------------------------------------------------- */

static const struct corpus {
    const char *name, *path, *comment;
    size_t least;  /* entries, or it is not the list that we mean */
    size_t stride; /* each entry in every so manyth dress, beginning with another one */
} corpora[] = {
    {"john's password.lst", "/usr/share/john/password.lst", "#!comment", 3000, 4},
    {"cracklib-small", "/usr/share/dict/cracklib-small", "#!comment", 50000, 13},
    {"every dress: john's password.lst", "/usr/share/john/password.lst", "#!comment", 3000, 1},
    {"every dress: cracklib-small", "/usr/share/dict/cracklib-small", "#!comment", 50000, 1},
};

static void r14_dressed_entries_are_refused(void **state)
{
    struct policy policy;
    policy_defaults(&policy);
    const struct corpus *corpus = *state;
    auto_clean(list_free) struct list list = {0};
    size_t candidates = 0, passed = 0, worn[MEDGL_COUNT(dresses)] = {0},
           through[MEDGL_COUNT(dresses)] = {0};
    list_read(corpus->path, corpus->comment, &list);
    assert_true(list.count >= corpus->least);
    for (size_t i = 0; i < list.count; i++) {
        for (size_t d = i % corpus->stride; d < MEDGL_COUNT(dresses); d += corpus->stride) {
            struct text text;
            dress_well(list.entries[i], dresses[d], i + d, &text);
            candidates++;
            worn[d]++;
            if (!passes(&policy, text.bytes))
                continue;
            through[d]++;
            if (passed++ % 16 == 0 && passed / 16 < EXAMPLES)
                print_message("# passes: %s\n", text.bytes);
        }
    }
    print_message("# %s: %zu entries; skipped: %zu comments, %zu blank, %zu no text\n",
                  corpus->name, list.count, list.comments, list.blank, list.not_text);
    for (size_t d = 0; d < MEDGL_COUNT(dresses); d++)
        print_message("# %-5s %6zu of %6zu pass\n", dresses[d], through[d], worn[d]);
    print_message("# %zu of %zu pass, %.3f %%\n", passed, candidates,
                  100.0 * (double)passed / (double)candidates);
    assert_true(passed * 1000 <= candidates * 5);
}

/* -- the list of this project ---------------------------------------------------------------- */

static void r14_weak_japanese_passwords_are_refused(void **state)
{
    struct policy policy;
    policy_defaults(&policy);
    (void)state;
    auto_clean(list_free) struct list list = {0};
    size_t passed = 0;
    list_read(CORPUS_DIRECTORY "/weak_japanese.txt", "# ", &list);
    size_t kinds = 0, entries = 0, in_kind = 10;
    for (size_t i = 0; i < list.count; i++) {
        if (strncmp(list.entries[i], "## ", 3) == 0) {
            assert_true(in_kind >= 10);
            in_kind = 0;
            kinds++;
            continue;
        }
        in_kind++;
        entries++;
        if (!well_composed(list.entries[i]))
            fail_msg("\"%s\" does not meet the rule", list.entries[i]);
        if (passes(&policy, list.entries[i])) {
            passed++;
            print_message("# passes: %s\n", list.entries[i]);
        }
    }
    print_message("# %zu of %zu of %zu kinds pass\n", passed, entries, kinds);
    assert_true(entries >= 300 && kinds >= 12 && in_kind >= 10);
    assert_int_equal(passed, 0);
}

/* -- what must pass -------------------------------------------------------------------------- */

static void r19_generated_passwords_pass(void **state)
{
    struct policy policy;
    policy_defaults(&policy);
    (void)state;
    for (int i = 0; i < 10000; i++) {
        auto_secret struct secret password = SECRET_NONE;
        assert_int_equal(password_generate(0, &password), MEDGL_OK);
        if (!passes(&policy, (const char *)password.bytes))
            fail_msg("\"%s\" is refused", (const char *)password.bytes);
    }
}

static void draw_printable(const struct list *words, uint64_t *seed, struct text *text)
{
    (void)words;
    size_t len = 8 + draw(seed) % 3;
    for (*text = (struct text){.len = 0}; text->len < len;)
        put(text, (char[]){(char)('!' + draw(seed) % 94), '\0'});
}

/* Letters and digits with a few of the marks that every keyboard has. */
static void draw_longer(const struct list *words, uint64_t *seed, struct text *text)
{
    (void)words;
    static const char characters[] = LETTERS "0123456789-_.+!?=";
    size_t len = 12 + draw(seed) % 5;
    for (*text = (struct text){.len = 0}; text->len < len;)
        put(text, (char[]){characters[draw(seed) % (sizeof(characters) - 1)], '\0'});
}

/* Five words, one of them with a capital, a joint, and a digit behind one of them. */
static void draw_passphrase(const struct list *words, uint64_t *seed, struct text *text)
{
    static const char joints[] = "-._ +";
    const char joint[] = {joints[draw(seed) % (sizeof(joints) - 1)], '\0'};
    const char digit[] = {(char)('0' + draw(seed) % 10), '\0'};
    uint64_t capital = draw(seed) % 5, numbered = draw(seed) % 5;
    *text = (struct text){.len = 0};
    for (uint64_t i = 0; i < 5; i++) {
        if (i > 0)
            put(text, joint);
        const char *word;
        do
            word = words->entries[draw(seed) % words->count];
        while (strlen(word) < 4 || word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] != '\0');
        put_entry(text, word, i == capital ? 'W' : 'w');
        if (i == numbered)
            put(text, digit);
    }
}

static const struct family {
    const char *name;
    void (*make)(const struct list *words, uint64_t *seed, struct text *text);
    unsigned draws;
} families[] = {
    {"8 to 10 printable characters", draw_printable, 8000},
    {"12 to 16 letters, digits and symbols", draw_longer, 6000},
    {"five words, a joint, a digit, a capital", draw_passphrase, 6000},
};

static void r14_strong_passwords_are_rarely_refused(void **state)
{
    struct policy policy;
    policy_defaults(&policy);
    const struct family *family = *state;
    auto_clean(list_free) struct list words = {0};
    uint64_t seed = 13;
    unsigned refused = 0;
    list_read("/usr/share/dict/cracklib-small", "#!comment", &words);
    for (unsigned i = 0; i < family->draws; i++) {
        struct text text;
        do
            family->make(&words, &seed, &text);
        while (!well_composed(text.bytes));
        if (passes(&policy, text.bytes))
            continue;
        if (refused++ < EXAMPLES)
            print_message("# refused: %s (%s)\n", text.bytes,
                          password_weakness_word(judged(&policy, text.bytes).weakness));
    }
    print_message("# %s: %u of %u refused\n", family->name, refused, family->draws);
    assert_true(refused * 1000 < family->draws);
}

int main(int argc, char **argv)
{
    bool all = argc > 1 && strcmp(argv[1], "--long") == 0;
    for (size_t i = all ? 2 : 0; i < (all ? 4U : 2U); i++)
        table_add("R14 weak", corpora[i].name, r14_dressed_entries_are_refused, &corpora[i]);
    table_add("R14 weak", "a Japanese hospital", r14_weak_japanese_passwords_are_refused, NULL);
    table_add("R19", "generated passwords pass", r19_generated_passwords_pass, NULL);
    TABLE_ADD("R14 strong", families, r14_strong_passwords_are_rarely_refused);
    return table_run("corpus");
}
