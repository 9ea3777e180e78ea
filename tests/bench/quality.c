/* How long it takes to judge one candidate, without its KDF (goal: 1 ms), usual ones and the
 * longest ones that there may be. */
#include "tests/bench/bench.h"

#include "base/auto.h"
#include "base/crypto.h"
#include "factor/password.h"
#include "factor/quality.h"

#include <string.h>

#define ROUNDS       500
#define ROUNDS_QUICK 20
#define GOAL         1.0

/* With a long vowel in each part of the name, so that it is spelled in many ways. */
static const struct quality_person owner = {
    .login_name = "y-satou",
    .full_name = "Satou Yuuichirou",
    .reading = "さとう ゆういちろう",
    .staff_number = "M-20417",
    .birth_date = "1985-04-01",
    .places = "karte.chuo-hospital.example,ちゅうおうそうごうびょういん,中央総合病院",
};

static void prepare(const char *text, struct secret *typed, struct secret *prepared)
{
    BENCH_MUST(secret_copy(typed, text, strlen(text)) == MEDGL_OK);
    BENCH_MUST(password_prepare(typed, prepared) == MEDGL_OK);
}

/* Random characters of a set, as many as there may be. */
static void fill(const char *set, size_t length, char text[PASSWORD_BYTES_MAX + 1])
{
    for (size_t i = 0; i < length; i++) {
        unsigned pick;
        BENCH_MUST(crypto_random_below((unsigned)strlen(set), &pick) == MEDGL_OK);
        text[i] = set[pick];
    }
    text[length] = '\0';
}

static void repeat(const char *word, char text[PASSWORD_BYTES_MAX + 1])
{
    text[0] = '\0';
    for (size_t length = 0; length + strlen(word) <= PASSWORD_BYTES_MAX; length += strlen(word))
        memcpy(text + length, word, strlen(word) + 1);
}

static void measure(const struct bench *bench, const char *name, const char *text)
{
    auto_sample struct sample sample = {0};
    auto_secret struct secret typed = SECRET_NONE, prepared = SECRET_NONE;
    char worst[80];
    prepare(text, &typed, &prepared);
    for (unsigned i = 0; i < (bench->quick ? ROUNDS_QUICK : ROUNDS); i++) {
        struct quality quality;
        double begin = bench_now();
        BENCH_MUST(quality_assess(NULL, &owner, &typed, &prepared, &quality) == MEDGL_OK);
        sample_add(&sample, bench_now() - begin);
    }
    line_goal(bench, name, sample_median(&sample), "ms", GOAL, false);
    (void)snprintf(worst, sizeof(worst), "  the worst of 100");
    line_info(worst, sample_quantile(&sample, 0.99), "ms");
}

void bench_quality(const struct bench *bench)
{
    static const char printable[] = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    char text[PASSWORD_BYTES_MAX + 1];
    line_head("judging a candidate, without the KDF");
    measure(bench, "weak: P@ssw0rd2024!", "P@ssw0rd2024!");
    measure(bench, "own name: y.satou-1985", "y.satou-1985");
    fill(printable, 8, text);
    measure(bench, "8 random printable characters", text);
    fill(printable, 16, text);
    measure(bench, "16 random printable characters", text);
    measure(bench, "five words", "timber-Lantern-42-harbour-cinnamon-otter");
    fill(printable, PASSWORD_BYTES_MAX, text);
    measure(bench, "1,024 bytes: random printable characters", text);
    fill("aeiounst14", PASSWORD_BYTES_MAX, text);
    measure(bench, "1,024 bytes: letters of many words", text);
    repeat("yuuichirou", text);
    measure(bench, "1,024 bytes: the own name, again and again", text);
    repeat("1985", text);
    measure(bench, "1,024 bytes: the own year, again and again", text);
    repeat("さとうゆ", text);
    measure(bench, "1,024 bytes: kana", text);
}
