/* factor/romaji, factor/words: readings in Latin letters, and the list that is built in (R14). */
#include "base/auto.h"
#include "factor/romaji.h"
#include "factor/words.h"
#include "tests/unit/table.h"

#include <math.h>
#include <string.h>

/* -- readings -------------------------------------------------------------------------------- */

/* All spellings, in their order. */
static const struct spelled {
    const char *name, *spellings;
} spelled[] = {
    /* Hepburn and Kunrei */
    {"さくら", "sakura"},
    {"まつもと", "matsumoto matumoto"},
    {"つじ", "tsuji tuzi"},
    {"ふじた", "fujita huzita"},
    {"ちしま", "chishima tisima"},
    {"いちご", "ichigo itigo"},
    {"きゃくしゃ", "kyakusha kyakusya"},
    {"ちゃや", "chaya tyaya"},
    {"ひゃくまんごく", "hyakumangoku"},
    {"ぎょぎょ", "gyogyo"},
    {"ぴょんぴょん", "pyonpyon pyompyon"},
    {"じゅんこ", "junko zyunko jyunko"},
    {"じょん", "jon zyon jyon"},
    {"ぢゃ", "ja zya dya"},
    {"かづこ", "kazuko kaduko"},
    {"はなぢ", "hanaji hanazi hanadi"},
    {"をとめ", "otome wotome"},
    {"ゐゑ", "ie"},
    {"わかもの", "wakamono"},
    {"りゅうのすけ", "ryuunosuke ryunosuke ryuhnosuke"},
    /* long vowels: written, dropped, with h, doubled */
    {"さとう", "satou sato satoh satoo"},
    {"おおの", "oono ono ohno"},
    {"ゆうこ", "yuuko yuko yuhko"},
    {"いとう", "itou ito itoh itoo"},
    {"こうぞう", "kouzou kozo kozou kouzo kohzoh koozoo"},
    {"たろう", "tarou taro taroh taroo"},
    {"おおうち", "oouchi ouchi oouti outi ohuchi ohuti"},
    {"しょうじ",
     "shouji shoji syouzi syozi syouji syoji shohji syohzi syohji shooji syoozi syooji"},
    {"ゆういちろう", "yuuichirou yuichiro yuuitirou yuitiro yuichirou yuitirou yuuichiro yuuitiro "
                     "yuhichiroh yuhitiroh yuuichiroo yuuitiroo"},
    {"にいがた", "niigata"},
    {"けいこ", "keiko"},
    {"コーヒー", "koohii kohi kohii koohi kohhih"},
    {"ー", ""},
    {"んー", "n"},
    {"まぁ", "maa"},
    /* sokuon, and n before what follows it */
    {"きって", "kitte"},
    {"ざっし", "zasshi zassi"},
    {"きっちん", "kicchin kittin kitchin"},
    {"マッチャ", "maccha mattya matcha"},
    {"はっとり", "hattori"},
    {"みっつ", "mittsu mittu"},
    {"あっ", "a"},
    {"あっあ", "aa"},
    {"っ", ""},
    {"しんぶん", "shinbun sinbun shimbun"},
    {"さんま", "sanma samma"},
    {"てんぷら", "tenpura tempura"},
    {"しんいち", "shinichi siniti shin'ichi sin'iti shinnichi"},
    {"じゅんいち", "junichi zyuniti jyunichi jun'ichi zyun'iti jyunnichi"},
    {"ほんや", "honya hon'ya honnya"},
    {"かんな", "kanna"},
    {"ん", "n"},
    /* small kana */
    {"ファン", "fan"},
    {"フィルム", "firumu"},
    {"フュ", "fyu"},
    {"ティ", "ti"},
    {"ディズニー", "dizunii dizuni dizunih"},
    {"デュ", "dyu"},
    {"トゥ", "tu"},
    {"シェフ", "shefu syehu syefu"},
    {"ジェット", "jetto zyetto jyetto"},
    {"チェ", "che tye"},
    {"ツァ", "tsa"},
    {"ウィ", "wi"},
    {"ウォ", "wo"},
    {"イェ", "ye"},
    {"ヴァ", "va"},
    {"ヴュ", "vyu"},
    {"ヴ", "vu"},
    {"クァ", "kwa"},
    {"クヮ", "kwa"},
    {"グァ", "gwa"},
    {"スィ", "si"},
    {"ぁ", "a"},
    {"ゃ", "ya"},
    {"んぁ", "na n'a nna"},
    {"っゃ", "yya"},
    {"ヶ", "ke"},
    /* the ways to write kana */
    {"サトウ", "satou sato satoh satoo"},
    {"ｻﾄｳ", "satou sato satoh satoo"},
    {"ﾀﾞｲｷ", "daiki"},
    {"ﾊﾟｰﾊﾟｰ", "paapaa papa papaa paapa pahpah"},
    {"ｼﾞｭﾝｺ", "junko zyunko jyunko"},
    {"さとウ", "satou sato satoh satoo"},
    {"か\u3099", "ga"}, /* decomposed */
    {"", ""},
};

static void reading_is_spelled(void **state)
{
    const struct spelled *row = *state;
    struct romaji romaji;
    char all[ROMAJI_VARIANTS * ROMAJI_SIZE] = "", *end = all;
    assert_int_equal(romaji_spell(row->name, &romaji), MEDGL_OK);
    for (size_t i = 0; i < romaji.count; i++) {
        end = stpcpy(end, i > 0 ? " " : "");
        end = stpcpy(end, romaji.spelling[i]);
    }
    assert_string_equal(all, row->spellings);
}

static const struct unspelled {
    const char *name, *text;
} unspelled[] = {
    {"Latin letters", "sato"},          {"kanji", "佐藤"},
    {"a space", "さとう はなこ"},       {"a full-width space", "さとう　はなこ"},
    {"a middle dot", "ジョン・スミス"}, {"a digit behind kana", "さくら1"},
    {"broken UTF-8", "さ\xe3\x81"},     {"a byte of nothing", "\xff"},
    {"a control character", "さ\n"},    {"a mark of its own", "か゛"},
    {"an iteration mark", "すゞき"},
};

static void reading_is_refused(void **state)
{
    const struct unspelled *row = *state;
    struct romaji romaji = {.count = 1};
    assert_int_equal(romaji_spell(row->text, &romaji), MEDGL_ERR_ARGUMENT);
    assert_int_equal(romaji.count, 0);
}

/* Whatever is repeated, no spelling is longer than its room, and none stands twice. */
static void long_reading_is_cut(void **state)
{
    (void)state;
    static const char *const parts[] = {"きゃ", "じょう", "しんおうっちゅう", "あ", "ー", "っ",
                                        "んい", "コー"};
    struct romaji romaji;
    for (size_t part = 0; part < MEDGL_COUNT(parts); part++) {
        char text[8192] = "";
        for (size_t i = 0; i < 300; i++)
            (void)strcat(text, parts[part]);
        assert_int_equal(romaji_spell(text, &romaji), MEDGL_OK);
        assert_true(romaji.count <= ROMAJI_VARIANTS);
        for (size_t i = 0; i < romaji.count; i++) {
            assert_true(strlen(romaji.spelling[i]) < ROMAJI_SIZE);
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(romaji.spelling[i], romaji.spelling[j]);
        }
    }
}

static void cut_is_at_a_mora(void **state)
{
    (void)state;
    char text[8192] = "";
    struct romaji romaji;
    for (size_t i = 0; i < 300; i++)
        (void)strcat(text, "きゃ");
    assert_int_equal(romaji_spell(text, &romaji), MEDGL_OK);
    assert_int_equal(romaji.count, 1);
    assert_int_equal(strlen(romaji.spelling[0]), (ROMAJI_SIZE - 1) / 3 * 3);
    (void)strcat(text, "x");
    assert_int_equal(romaji_spell(text, &romaji), MEDGL_ERR_ARGUMENT);
}

/* -- the list -------------------------------------------------------------------------------- */

static bool cursor_at(const char *word, struct words_cursor *cursor)
{
    *cursor = words_begin();
    for (; *word != '\0'; word++) {
        if (!words_step(cursor, *word))
            return false;
    }
    return true;
}

static bool cost_of(const char *word, unsigned *cost)
{
    struct words_cursor cursor;
    return cursor_at(word, &cursor) && words_complete(&cursor, cost);
}

/* Words that are there, at no more than so many tenths of a bit. */
static const struct listed {
    const char *name;
    unsigned most;
} listed[] = {
    /* our own, and in every spelling */
    {"password", 1},
    {"admin", 30},
    {"letmein", 40},
    {"hospital", 70},
    {"clinic", 70},
    {"nurse", 70},
    {"byouin", 70},
    {"byoin", 70},
    {"isha", 70},
    {"isya", 70},
    {"kangoshi", 70},
    {"kangosi", 70},
    {"kusuri", 70},
    {"karute", 70},
    {"naika", 75},
    {"geka", 75},
    {"shinryou", 75},
    {"sinryo", 75},
    {"sakura", 90},
    {"iloveyou", 90},
    {"doraemon", 95},
    {"monday", 90},
    {"getsuyoubi", 90},
    {"getuyobi", 90},
    {"september", 90},
    {"kugatsu", 90},
    /* names */
    {"suzuki", 110},
    {"satou", 110},
    {"sato", 110},
    {"satoh", 110},
    {"tanaka", 110},
    {"watanabe", 110},
    {"hanako", 110},
    {"keiko", 110},
    {"kenichi", 110},
    {"syouta", 110},
    {"yuichirou", 130},
    {"katsuragi", 130},
    {"gotanda", 145},
    {"michael", 110},
    {"macdonald", 170},
    /* places */
    {"tokyo", 110},
    {"toukyou", 110},
    {"hokkaido", 110},
    {"odawara", 130},
    {"london", 110},
    /* dictionaries */
    {"the", 120},
    {"because", 130},
    {"anatomy", 150},
    {"electrocardiogram", 170},
    {"caesarean", 180},
    {"anaesthetist", 180},
    {"cafe", 150},
    {"dont", 130},
    {"taberu", 170},
    {"shinkansen", 110},
    {"sinkansen", 110},
    {"tempura", 130},
    {"chuusha", 90},
    {"tyusya", 90},
    {"kinmuhyou", 80},
};

static void word_is_listed(void **state)
{
    const struct listed *row = *state;
    unsigned cost = UINT32_MAX;
    assert_true(cost_of(row->name, &cost));
    assert_in_range(cost, 0, row->most);
}

static const struct unlisted {
    const char *name, *word;
} unlisted[] = {
    {"nothing like a word", "xqzvw"},
    {"the beginning of one", "electrocardiogra"},
    {"one and a letter", "passwordx"},
    {"two in a row", "hospitaldoctor"},
    {"upper case", "Password"},
    {"a digit in it", "passw0rd"},
    {"a digit behind it", "password1"},
    {"an apostrophe", "don't"},
    {"a possessive", "doctor's"},
    {"an accent", "caf\xc3\xa9"},
    {"shorter than any", "an"},
    {"a letter", "a"},
    {"nothing", ""},
    {"longer than any", "antidisestablishmentarianisms"},
    {"kana", "さくら"},
};

static void word_is_not_listed(void **state)
{
    const struct unlisted *row = *state;
    unsigned cost;
    assert_false(cost_of(row->word, &cost));
}

static const struct dearer {
    const char *name, *common, *rare;
} dearer[] = {
    {"our own before English", "hospital", "house"},
    {"our own in its order", "password", "letmein"},
    {"English by its levels", "because", "escutcheon"},
    {"Japanese words by their costs", "kaigi", "nokogiri"},
    {"surnames by their costs", "watanabe", "kisarazu"},
    {"given names by their number", "hiroshi", "yasunari"},
    {"all spellings alike", "satou", "gorgonzola"},
};

static void rare_word_is_dearer(void **state)
{
    const struct dearer *row = *state;
    unsigned common, rare;
    assert_true(cost_of(row->common, &common));
    assert_true(cost_of(row->rare, &rare));
    assert_in_range(common, 0, rare - 1);
}

/* Each word of factor/words_extra.txt, whatever way it is written there. */
static void own_words_are_listed(void **state)
{
    (void)state;
    auto_file FILE *file = fopen(WORDS_EXTRA, "re");
    char line[512];
    size_t words = 0;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line, *word;
        line[strcspn(line, "#\n")] = '\0';
        while ((word = strsep(&rest, " ")) != NULL) {
            struct romaji romaji = {.count = 1};
            (void)strcpy(romaji.spelling[0], word);
            if (strspn(word, "abcdefghijklmnopqrstuvwxyz") != strlen(word))
                assert_int_equal(romaji_spell(word, &romaji), MEDGL_OK);
            for (size_t i = 0; i < romaji.count; i++) {
                size_t len = strlen(romaji.spelling[i]);
                unsigned cost = UINT32_MAX;
                if (len < WORDS_SHORTEST || strchr(romaji.spelling[i], '\'') != NULL)
                    continue;
                if (!cost_of(romaji.spelling[i], &cost) || cost > 110)
                    fail_msg("%s: cost %u", romaji.spelling[i], cost);
                words++;
            }
        }
    }
    assert_in_range(words, 1000, 10000);
}

/* -- the cursor ------------------------------------------------------------------------------ */

static void cursor_narrows(void **state)
{
    (void)state;
    struct words_cursor cursor = words_begin();
    uint32_t left = cursor.high - cursor.low;
    unsigned cost;
    for (const char *at = "hospital"; *at != '\0'; at++) {
        assert_true(words_step(&cursor, *at));
        assert_in_range(cursor.high - cursor.low, 1, left);
        left = cursor.high - cursor.low;
    }
    assert_true(words_complete(&cursor, &cost));
    assert_true(words_step(&cursor, 's')); /* hospitals */
    assert_true(words_complete(&cursor, &cost));
}

static void empty_cursor_stays_empty(void **state)
{
    (void)state;
    struct words_cursor cursor;
    unsigned cost;
    assert_false(cursor_at("xqz", &cursor));
    for (size_t i = 0; i < 3 * WORDS_LONGEST; i++) {
        assert_false(words_step(&cursor, 'a'));
        assert_false(words_complete(&cursor, &cost));
    }
}

/* Nothing but a..z leads on, from any depth and from the ends of the list. */
static void other_bytes_lead_nowhere(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"",         "a",         "aa",     "aar",
                                           "z",        "zzz",       "passwo", "zyu",
                                           "password", "hospitals", "zzzz",   "aardvarks"};
    for (size_t i = 0; i < MEDGL_COUNT(prefixes); i++) {
        for (int byte = 0; byte <= UINT8_MAX; byte++) {
            struct words_cursor cursor;
            unsigned cost;
            (void)cursor_at(prefixes[i], &cursor);
            bool more = words_step(&cursor, (char)byte);
            assert_true(!more || (byte >= 'a' && byte <= 'z'));
            assert_int_equal(more, cursor.low < cursor.high);
            assert_true(more || !words_complete(&cursor, &cost));
            assert_true(more || !words_step(&cursor, 's')); /* nor does it come back */
        }
    }
}

static size_t walk(const struct words_cursor *from, unsigned deepest)
{
    size_t words = 0;
    unsigned cost = UINT32_MAX;
    if (from->depth == deepest)
        return from->high - from->low;
    if (words_complete(from, &cost)) {
        words++;
        assert_in_range(cost, 0, 10 * 20);
        assert_in_range(from->depth, WORDS_SHORTEST, WORDS_LONGEST);
    }
    for (char letter = 'a'; letter <= 'z'; letter++) {
        struct words_cursor cursor = *from;
        if (words_step(&cursor, letter))
            words += walk(&cursor, deepest);
    }
    return words;
}

/* Letter by letter all words are found, each once. */
static void all_words_are_found(void **state)
{
    (void)state;
    struct words_cursor cursor = words_begin();
    const size_t count = cursor.high - cursor.low;
    assert_in_range(count, 300 * 1000, 1000 * 1000);
    for (unsigned deepest = 1; deepest <= 4; deepest++)
        assert_in_range(walk(&cursor, deepest), count - (deepest == 4 ? 17576 : 0), count);
    static const char *const beginnings[] = {"aa", "ky", "pas", "q", "zyu", "zz"};
    for (size_t i = 0; i < MEDGL_COUNT(beginnings); i++) {
        assert_true(cursor_at(beginnings[i], &cursor));
        assert_int_equal(walk(&cursor, WORDS_LONGEST + 1), cursor.high - cursor.low);
    }
}

/* -- letters --------------------------------------------------------------------------------- */

/* Per letter, in tenths of a bit. */
static unsigned mean_cost(const char *text)
{
    unsigned sum = 0;
    char before_last = '\0', last = '\0';
    for (const char *at = text; *at != '\0'; at++) {
        sum += words_letter_cost(before_last, last, *at);
        before_last = last;
        last = *at;
    }
    return sum / (unsigned)strlen(text);
}

static const struct likely {
    const char *name;
    unsigned least, most;
} likely[] = {
    /* no word of the list, but like one */
    {"unhospitalising", 15, 38},
    {"catheterizationally", 15, 38},
    {"wakarimasendeshita", 15, 38},
    {"tabetakunakatta", 15, 38},
    {"ponkotsutarou", 15, 38},
    /* the letters that a generator gives */
    {"xqzvwjkqfg", 50, 60},
    {"fjwqpzxkvb", 50, 60},
    {"hgdtrwmclq", 43, 60},
};

static void letters_are_judged(void **state)
{
    const struct likely *row = *state;
    assert_in_range(mean_cost(row->name), row->least, row->most);
}

static void letter_costs_are_of_probabilities(void **state)
{
    (void)state;
    static const char letters[] = "\0abcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < 27; i++) {
        for (size_t j = 0; j < 27; j++) {
            double sum = 0;
            for (size_t k = 1; k < 27; k++) {
                unsigned cost = words_letter_cost(letters[i], letters[j], letters[k]);
                assert_in_range(cost, 0, WORDS_LETTER_COST_MAX);
                sum += exp2(-(double)cost / 10);
            }
            /* one, but for rounding and for what the limit adds */
            assert_true(sum > 0.95 && sum < 1.5);
        }
    }
    assert_true(words_letter_cost('i', 'n', 'g') < words_letter_cost('q', 'z', 'x'));
    assert_true(words_letter_cost('q', 'u', 'e') < words_letter_cost('q', 'u', 'q'));
    assert_true(words_letter_cost('s', 'h', 'i') < words_letter_cost('s', 'h', 'x'));
}

static void other_bytes_cost_most(void **state)
{
    (void)state;
    for (int byte = 0; byte <= UINT8_MAX; byte++) {
        if (byte < 'a' || byte > 'z')
            assert_int_equal(words_letter_cost('a', 'b', (char)byte), WORDS_LETTER_COST_MAX);
        assert_in_range(words_letter_cost((char)byte, (char)byte, 'a'), 0, WORDS_LETTER_COST_MAX);
    }
}

int main(void)
{
    TABLE_ADD("spelled", spelled, reading_is_spelled);
    TABLE_ADD("no reading", unspelled, reading_is_refused);
    table_add("reading", "a long one is cut", long_reading_is_cut, NULL);
    table_add("reading", "a cut is at a mora", cut_is_at_a_mora, NULL);
    TABLE_ADD("in the list", listed, word_is_listed);
    TABLE_ADD("not in the list", unlisted, word_is_not_listed);
    TABLE_ADD("cost", dearer, rare_word_is_dearer);
    table_add("list", "all our own words", own_words_are_listed, NULL);
    table_add("cursor", "narrows", cursor_narrows, NULL);
    table_add("cursor", "empty stays empty", empty_cursor_stays_empty, NULL);
    table_add("cursor", "other bytes lead nowhere", other_bytes_lead_nowhere, NULL);
    table_add("cursor", "all words are found", all_words_are_found, NULL);
    TABLE_ADD("letters", likely, letters_are_judged);
    table_add("letters", "costs are of probabilities", letter_costs_are_of_probabilities, NULL);
    table_add("letters", "other bytes cost most", other_bytes_cost_most, NULL);
    return table_run("words");
}
