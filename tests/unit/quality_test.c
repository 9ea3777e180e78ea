/* factor/quality: what a candidate consists of, for whom, and what the lists of a site say of it
 * (R14). How many of the passwords that people choose get through is corpus_test's matter; bounds
 * here are wide, so that weights can be bettered without touching a row. */
#include "base/auto.h"
#include "factor/password.h"
#include "factor/quality.h"
#include "tests/unit/draw.h"
#include "tests/unit/table.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistr.h>

#define STRONG 45 /* bits */

/* As it stands, without pages of its own: nothing here is a secret. */
static struct secret plain(const char *text)
{
    return (struct secret){(unsigned char *)(uintptr_t)text, strlen(text), strlen(text)};
}

static enum medgl_error assess(const struct quality_lists *lists,
                               const struct quality_person *person, const char *text,
                               struct quality *quality)
{
    auto_secret struct secret prepared = SECRET_NONE;
    const struct secret typed = plain(text);
    assert_int_equal(password_prepare(&typed, &prepared), MEDGL_OK);
    return quality_assess(lists, person, &typed, &prepared, quality);
}

static struct quality assessed(const struct quality_person *person, const char *text)
{
    struct quality quality = {.refused = true};
    assert_int_equal(assess(NULL, person, text, &quality), MEDGL_OK);
    return quality;
}

static void assert_weakness(const char *text, const struct quality *quality,
                            enum password_weakness weakness)
{
    if (quality->weakness != weakness)
        fail_msg("\"%s\" is %s (%u bits), not %s", text, password_weakness_word(quality->weakness),
                 quality->bits, password_weakness_word(weakness));
}

static void assert_refused(const char *text, const struct quality *quality, bool refused)
{
    if (quality->refused != refused)
        fail_msg("\"%s\" is %srefused: %s, %u bits", text, quality->refused ? "" : "not ",
                 password_weakness_word(quality->weakness), quality->bits);
}

/* -- the person and the place ---------------------------------------------------------------- */

static const struct quality_person hanako = {
    .login_name = "kz-hana2",
    .full_name = "鈴木 花子",
    .reading = "すずき はなこ",
    .staff_number = "N40117",
    .birth_date = "1985-04-01",
    .places = "karte07.kazemidori.example,Kazemidori Byouin,しおさいかん",
};
static const struct quality_person tsuji = {
    .login_name = "tsj",
    .reading = "つじ しょういちろう",
    .staff_number = "0815",
    .birth_date = "2024-11-09",
};
static const struct quality_person okonkwo = {
    .login_name = "cokonkwo",
    .full_name = "Chidera O'Konkwo-Lindqvist",
    .birth_date = "1990-12-24",
};
static const struct quality_person mori = {
    .login_name = "mori",
    .full_name = "Mori Ken",
    .staff_number = "77",
    .birth_date = "1971-02-03",
};
static const struct quality_person nobody = {0};

/* Each alone, and with what hides nothing before and behind it. */
static const struct own {
    const char *name;
    const struct quality_person *person;
    enum password_weakness weakness;
} own[] = {
    /* login name */
    {"kz-hana2", &hanako, PASSWORD_WEAKNESS_NAME},
    {"KZ-Hana2", &hanako, PASSWORD_WEAKNESS_NAME},
    {"kz-h4n42", &hanako, PASSWORD_WEAKNESS_NAME},
    {"2anah-zk", &hanako, PASSWORD_WEAKNESS_NAME},
    {"tsj", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"cokonkwo", &okonkwo, PASSWORD_WEAKNESS_NAME},
    /* reading, in both orders, joined and apart, with initials */
    {"suzuki", &hanako, PASSWORD_WEAKNESS_NAME},
    {"hanako", &hanako, PASSWORD_WEAKNESS_NAME},
    {"suzukihanako", &hanako, PASSWORD_WEAKNESS_NAME},
    {"HanakoSuzuki", &hanako, PASSWORD_WEAKNESS_NAME},
    {"hanako.suzuki", &hanako, PASSWORD_WEAKNESS_NAME},
    {"SUZUKI_HANAKO", &hanako, PASSWORD_WEAKNESS_NAME},
    {"hsuzuki", &hanako, PASSWORD_WEAKNESS_NAME},
    {"suzukih", &hanako, PASSWORD_WEAKNESS_NAME},
    {"5uzuk1", &hanako, PASSWORD_WEAKNESS_NAME},
    {"$uzuki", &hanako, PASSWORD_WEAKNESS_NAME},
    {"ikuzus", &hanako, PASSWORD_WEAKNESS_NAME},
    {"okanaH", &hanako, PASSWORD_WEAKNESS_NAME},
    {"ｓｕｚｕｋｉ", &hanako, PASSWORD_WEAKNESS_NAME},
    {"すずき", &hanako, PASSWORD_WEAKNESS_NAME},
    {"スズキ", &hanako, PASSWORD_WEAKNESS_NAME},
    {"はなこすずき", &hanako, PASSWORD_WEAKNESS_NAME},
    /* Hepburn, Kunrei, and long vowels */
    {"tsuji", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"tuzi", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"shouichirou", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"syouitirou", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"Shoichiro", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"syoitiro", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"TsujiShoichiro", &tsuji, PASSWORD_WEAKNESS_NAME},
    {"stsuji", &tsuji, PASSWORD_WEAKNESS_NAME},
    /* full name, in any script */
    {"鈴木", &hanako, PASSWORD_WEAKNESS_NAME},
    {"鈴木花子", &hanako, PASSWORD_WEAKNESS_NAME},
    {"chidera", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"Lindqvist", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"Konkwo", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"ChideraLindqvist", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"clindqvist", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"lindqvistc", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"l1ndqv1st", &okonkwo, PASSWORD_WEAKNESS_NAME},
    {"Ken", &mori, PASSWORD_WEAKNESS_NAME},
    {"MoriKen", &mori, PASSWORD_WEAKNESS_NAME},
    {"kmori", &mori, PASSWORD_WEAKNESS_NAME},
    /* staff number */
    {"N40117", &hanako, PASSWORD_WEAKNESS_STAFF_NUMBER},
    {"n40117", &hanako, PASSWORD_WEAKNESS_STAFF_NUMBER},
    {"40117", &hanako, PASSWORD_WEAKNESS_STAFF_NUMBER},
    {"71104", &hanako, PASSWORD_WEAKNESS_STAFF_NUMBER},
    {"0815", &tsuji, PASSWORD_WEAKNESS_STAFF_NUMBER},
    /* birth date, in both calendars */
    {"1985-04-01", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"1985/4/1", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"1985.04.01", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"19850401", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"１９８５０４０１", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"850401", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"85-4-1", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"01041985", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"04/01/1985", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"198504", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"1985", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"0401", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"1985年4月1日", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"4月1日", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"S60", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"S60.4.1", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"s60/04/01", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"S600401", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"Showa60", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"syouwa60", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"昭和60年", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"昭和60年4月1日", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"昭和６０年４月１日", &hanako, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"R6.11.9", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"R06.11.09", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"R061109", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"Reiwa6", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"令和6年", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"令和6年11月9日", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"20241109", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"241109", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"1109", &tsuji, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"H2.12.24", &okonkwo, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"平成2年12月24日", &okonkwo, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"Heisei02", &okonkwo, PASSWORD_WEAKNESS_BIRTH_DATE},
    {"S46", &mori, PASSWORD_WEAKNESS_BIRTH_DATE},
};

static void r14_own_is_refused(void **state)
{
    const struct own *row = *state;
    static const char *const dresses[][2] = {{"", ""},    {"", "!"},   {"#", ""},
                                             {"vQ+", ""}, {"", "+qV"}, {"Xz7+", "+vKq_rW%T"}};
    for (size_t i = 0; i < MEDGL_COUNT(dresses); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%s%s%s", dresses[i][0], row->name, dresses[i][1]);
        struct quality quality = assessed(row->person, text);
        assert_refused(text, &quality, true);
        assert_weakness(text, &quality, row->weakness);
        quality = assessed(NULL, text); /* nobody's */
        assert_refused(text, &quality, false);
        quality = assessed(&nobody, text);
        assert_refused(text, &quality, false);
    }
}

/* What only looks like one's own, and what is somebody else's. */
static const struct foreign {
    const char *name, *text;
    const struct quality_person *person;
} foreign[] = {
    {"Mori's memories", "memories", &mori},
    {"Mori's memories in a phrase", "tundra-memories-otter-Vinyl", &mori},
    {"Mori in a longer word", "xmorix", &mori},
    {"Ken in a token", "broken-token-94-Wicker", &mori},
    {"kens", "vk-kenspeckle", &mori},
    {"a login name of three in a word", "utsjad-73", &tsuji},
    {"a staff number of two digits", "vQ-77-rK", &mori},
    {"a staff number among other digits", "908154", &tsuji},
    {"a staff number that is another's", "N40118", &hanako},
    {"a name that is another's", "lindqvist", &hanako},
    {"another birth date", "1984-05-02", &hanako},
    {"another birth date, eight digits", "19840401", &hanako},
    {"another birth date, six digits", "850501", &hanako},
    {"another day", "0402", &hanako},
    {"another year", "1986", &hanako},
    {"the day among other digits", "904017", &hanako},
    {"another era", "H60.4.1", &hanako},
    {"another year of the era", "昭和61年5月2日", &hanako},
    {"the era alone", "昭和", &hanako},
    {"a year of two digits", "vQ-85-rK", &hanako},
    {"a random one", "r8Tq-xW2m-Lz5v", &hanako},
    {"a place", "Kazemidori", &hanako},
};

static void r14_foreign_is_not_refused(void **state)
{
    const struct foreign *row = *state;
    struct quality quality = assessed(row->person, row->text);
    assert_refused(row->text, &quality, false);
}

static const char *const places[] = {
    "kazemidori",         "Kazemidori1!",   "KazemidoriByouin",   "kazemidori-byouin",
    "K4zem1dor1",         "irodimezak",     "Karte07.kazemidori", "shiosaikan",
    "siosaikan",          "Shiosaikan2024", "しおさいかん",       "シオサイカン!",
    "shiosaikan_karte07",
};

static void r14_place_is_weak(void **state)
{
    struct quality quality = assessed(&hanako, *state);
    assert_refused(*state, &quality, false);
    assert_weakness(*state, &quality, PASSWORD_WEAKNESS_PLACE);
    assert_in_range(quality.bits, 0, 30);
    assert_true(quality.bits <= assessed(NULL, *state).bits);
}

/* -- what people choose ---------------------------------------------------------------------- */

static const struct weak {
    const char *name;
    enum password_weakness weakness;
    unsigned most; /* bits */
} weak[] = {
    /* words */
    {"password", PASSWORD_WEAKNESS_WORD, 10},
    {"Password", PASSWORD_WEAKNESS_WORD, 10},
    {"PASSWORD", PASSWORD_WEAKNESS_WORD, 10},
    {"P@ssw0rd", PASSWORD_WEAKNESS_WORD, 20},
    {"drowssap", PASSWORD_WEAKNESS_WORD, 15},
    {"drowss4P", PASSWORD_WEAKNESS_WORD, 25},
    {"Password1!", PASSWORD_WEAKNESS_WORD, 25},
    {"P@$$w0rd2024!", PASSWORD_WEAKNESS_WORD, 35},
    {"password-password1", PASSWORD_WEAKNESS_WORD, 30},
    {"umbrella", PASSWORD_WEAKNESS_WORD, 20},
    {"Umbrella99", PASSWORD_WEAKNESS_WORD, 30},
    {"77!umbrella", PASSWORD_WEAKNESS_WORD, 35},
    {"allerbmu", PASSWORD_WEAKNESS_WORD, 25},
    {"umbr3ll4", PASSWORD_WEAKNESS_WORD, 25},
    {"umbrellA", PASSWORD_WEAKNESS_WORD, 25},
    {"Electrocardiogram1!", PASSWORD_WEAKNESS_WORD, 35},
    {"nurse-doctor", PASSWORD_WEAKNESS_WORD, 30},
    {"iloveyou", PASSWORD_WEAKNESS_WORD, 15},
    {"sakura", PASSWORD_WEAKNESS_WORD, 15},
    {"Sakura123!", PASSWORD_WEAKNESS_WORD, 30},
    {"s4kur4", PASSWORD_WEAKNESS_WORD, 20},
    {"arukas", PASSWORD_WEAKNESS_WORD, 20},
    {"kangoshi", PASSWORD_WEAKNESS_WORD, 15},
    {"Kangosi#1", PASSWORD_WEAKNESS_WORD, 30},
    {"byouin!byouin", PASSWORD_WEAKNESS_REPEAT, 25},
    {"watanabe2024", PASSWORD_WEAKNESS_WORD, 30},
    {"Yuichiro!7", PASSWORD_WEAKNESS_WORD, 35},
    {"さくら", PASSWORD_WEAKNESS_WORD, 18},
    {"サクラ!1", PASSWORD_WEAKNESS_WORD, 30},
    {"ｕｍｂｒｅｌｌａ", PASSWORD_WEAKNESS_WORD, 20},
    /* neighbouring keys that are so common that they are in the list */
    {"qwerty", PASSWORD_WEAKNESS_WORD, 15},
    {"qwertyuiop", PASSWORD_WEAKNESS_WORD, 20},
    {"asdfghjkl", PASSWORD_WEAKNESS_WORD, 20},
    {"poiuytrewq", PASSWORD_WEAKNESS_WORD, 25},
    /* other neighbouring keys, of US and JIS keyboards */
    {"wertyui", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"lkjhgfds", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"1qaz2wsx", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"1qaz2wsx3edc", PASSWORD_WEAKNESS_KEYBOARD, 30},
    {"!QAZ2wsx", PASSWORD_WEAKNESS_KEYBOARD, 38},
    {"!QAZ@WSX", PASSWORD_WEAKNESS_KEYBOARD, 30},
    {"!QAZ\"WSX", PASSWORD_WEAKNESS_KEYBOARD, 30},
    {"zaq1", PASSWORD_WEAKNESS_KEYBOARD, 15},
    {"zaq12wsx", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"zaq1ZAQ!", PASSWORD_WEAKNESS_KEYBOARD, 35},
    {"qweasdzxc", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"QWERTYuiop", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"!@#$%^&*()", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"!\"#$%&'()", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"@[;:]/\\", PASSWORD_WEAKNESS_KEYBOARD, 38},
    {"p@[l;:", PASSWORD_WEAKNESS_KEYBOARD, 35},
    {"7410852096", PASSWORD_WEAKNESS_KEYBOARD, 35},
    {"147258369", PASSWORD_WEAKNESS_KEYBOARD, 25},
    {"たていすかん", PASSWORD_WEAKNESS_KEYBOARD, 30},
    {"ちとしはきくま", PASSWORD_WEAKNESS_KEYBOARD, 30},
    /* sequences */
    {"abcdefgh", PASSWORD_WEAKNESS_SEQUENCE, 15},
    {"hgfedcba", PASSWORD_WEAKNESS_SEQUENCE, 20},
    {"ABCdefGHI", PASSWORD_WEAKNESS_SEQUENCE, 30},
    {"acegikmo", PASSWORD_WEAKNESS_SEQUENCE, 20},
    {"a1b2c3d4", PASSWORD_WEAKNESS_SEQUENCE, 25},
    {"13579", PASSWORD_WEAKNESS_SEQUENCE, 18},
    {"stuvwxyz", PASSWORD_WEAKNESS_SEQUENCE, 20},
    /* repetition */
    {"vqxvqxvqxvqx", PASSWORD_WEAKNESS_REPEAT, 35},
    {"vqxwwxqvvqxw", PASSWORD_WEAKNESS_REPEAT, 38},
    {"vqVQvqVQvqVQ", PASSWORD_WEAKNESS_REPEAT, 35},
    /* dates, in both calendars */
    {"1985-04-01", PASSWORD_WEAKNESS_DATE, 20},
    {"19850401", PASSWORD_WEAKNESS_DATE, 20},
    {"850401", PASSWORD_WEAKNESS_DATE, 20},
    {"24/12/1990", PASSWORD_WEAKNESS_DATE, 20},
    {"2024年11月9日", PASSWORD_WEAKNESS_DATE, 20},
    {"S60.4.1", PASSWORD_WEAKNESS_DATE, 25},
    {"H2.12.24", PASSWORD_WEAKNESS_DATE, 25},
    {"R061109", PASSWORD_WEAKNESS_DATE, 25},
    {"昭和60年4月1日", PASSWORD_WEAKNESS_DATE, 25},
    {"平成元年1月8日", PASSWORD_WEAKNESS_DATE, 25},
    {"reiwa6.11.9", PASSWORD_WEAKNESS_DATE, 25},
    {"M45", PASSWORD_WEAKNESS_DATE, 20},
    {"1985y4m1d", PASSWORD_WEAKNESS_DATE, 25},
    {"1985-04-011990-12-24", PASSWORD_WEAKNESS_DATE, 38},
    /* too little of anything */
    {"8", PASSWORD_WEAKNESS_SIMPLE, 7},
    {"7294", PASSWORD_WEAKNESS_SIMPLE, 18},
    {"83", PASSWORD_WEAKNESS_SIMPLE, 10},
    {"7302!", PASSWORD_WEAKNESS_SIMPLE, 25},
};

static void r14_weak_is_found(void **state)
{
    const struct weak *row = *state;
    struct quality quality = assessed(NULL, row->name);
    assert_weakness(row->name, &quality, row->weakness);
    assert_refused(row->name, &quality, false);
    if (quality.bits > row->most)
        fail_msg("\"%s\": %u bits", row->name, quality.bits);
}

/* Too few different characters, and repetition: either may explain it best. */
static const char *const same[] = {"aaaaaaaaaaaa", "AAAAAAAA", "%%%%%%%%%%%%%%%%", "7777777777",
                                   "雨雨雨雨雨雨雨雨"};

static void r14_same_character_is_weak(void **state)
{
    struct quality quality = assessed(NULL, *state);
    assert_true(quality.weakness == PASSWORD_WEAKNESS_SIMPLE ||
                quality.weakness == PASSWORD_WEAKNESS_REPEAT);
    assert_in_range(quality.bits, 0, 15);
}

/* -- good ones ------------------------------------------------------------------------------- */

static const char *const strong[] = {
    "r8Tq-xW2m-Lz5v",
    "vK#9pQz!4mWx",
    "gX7$kd2Lw@9Rb",
    "}uW3k_Hq;8Zr",
    "0fJ+vN5xTq&c",
    "Zb4%hPw9=yKs",
    "T9x(mV2c)Rf6kL",
    "wq7hd-x3m9z-k4vtr",
    "timber-Lantern-42-harbour-cinnamon-otter",
    "quartz pillow tundra wicker domino",
    "bishop.velvet.oyster.granite.whistle",
    "Kabuto9+tatami+nokogiri+hotaru+mikazuki",
    "雷鳥3-紫陽花-万華鏡+風車",
    "5kP雨xT梅9qW風L",
    "ыж7-Щлю4эцВ+фхд",
};

static void assert_strong(const char *text)
{
    struct quality quality = assessed(&hanako, text);
    assert_refused(text, &quality, false);
    if (quality.weakness != PASSWORD_WEAKNESS_NONE && quality.bits < STRONG)
        fail_msg("\"%s\" is %s, %u bits", text, password_weakness_word(quality.weakness),
                 quality.bits);
    assert_in_range(quality.bits, STRONG - 4, 2000);
    assert_false(quality.full_width);
}

static void r14_strong_is_let_be(void **state)
{
    assert_strong(*state);
}

static void r19_generated_is_let_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        auto_secret struct secret generated = SECRET_NONE;
        assert_int_equal(password_generate(8 + i % 20, &generated), MEDGL_OK);
        assert_strong((const char *)generated.bytes);
    }
}

/* -- an input method ------------------------------------------------------------------------- */

static const struct width {
    const char *name, *text;
    bool full;
} widths[] = {
    {"full-width letters", "vQ-ａb", true},
    {"full-width capitals", "Ｚ", true},
    {"full-width digits", "r8Tq-７", true},
    {"the first of the full-width symbols", "！vQ", true},
    {"the last of the full-width ASCII", "vQ～", true},
    {"a full-width yen sign", "vQ￥5", true},
    {"an ideographic space", "vQ　rK", true},
    {"half-width kana", "ｻｸﾗ", true},
    {"a half-width voiced mark", "vQﾞ", true},
    {"a half-width full stop", "vQ｡", true},
    {"ASCII", "r8Tq-xW2m", false},
    {"a space", "r8Tq xW2m", false},
    {"a no-break space", "r8Tq\u00a0xW2m", false},
    {"hiragana", "さくら", false},
    {"katakana and its long sound", "コーヒー", false},
    {"kanji", "紫陽花", false},
    {"Japanese full stops", "雨、風。", false},
    {"an emoji", "vQ\U0001f600", false},
    {"a yen sign", "vQ¥5", false},
};

static void r14_input_method_is_noticed(void **state)
{
    const struct width *row = *state;
    assert_int_equal(assessed(NULL, row->text).full_width, row->full);
}

/* -- the lists of a site --------------------------------------------------------------------- */

/* The working directory of all of these tests. */
static char here[] = "/tmp/medgl-quality-XXXXXX";

#define BREACHED "mzk4-vw8rt-fq3hj"

/* What stands in the directory for all rows. */
static const struct content {
    const char *name, *text;
    size_t len;
    mode_t mode;
} contents[] = {
#define TEXT(...) __VA_ARGS__, sizeof(__VA_ARGS__) - 1
    {"plain",
     TEXT("# of the site\n\nzephyrine-vq\nQuartzmole\n\n#notanentry7\nab1\nkv#x\n"
          "E\u0301clairvq\nすいかばたけ\nquartz\u3000mole ring\nlastofall9q"),
     0644},
    {"crlf", TEXT("# of the site\r\n\r\nwindowsill-vq\r\nsecondrow-vq\r\n"), 0600},
    {"bom",
     TEXT("\xef\xbb\xbf"
          "firstrow-vq\nsecond-vq\n"),
     0644},
    {"bom_comment", TEXT("\xef\xbb\xbf# of the site\nsecond-vq\n"), 0644},
    {"bom_alone", TEXT("\xef\xbb\xbf"), 0644},
    {"empty", TEXT(""), 0644},
    {"comments", TEXT("# nothing\n#\n\n\r\n"), 0644},
    {"latin1", TEXT("zephyrine\ncaf\xe9\n"), 0644},
    {"cut", TEXT("zephyrine\n\xe3\x81"), 0644},
    {"surrogate", TEXT("\xed\xa0\x80\n"), 0644},
    {"nul", TEXT("zephyrine\0vq\n"), 0644},
    {"group", TEXT("zephyrine\n"), 0664},
    {"others", TEXT("zephyrine\n"), 0646},
    {"stranger", TEXT("zephyrine\n"), 0644},
    {"words",
     TEXT("a text as long as any header of a filter could be, and then some more of it\n"
          "and some more of it, so that nothing is missing at the end of any of them\n"),
     0644},
#undef TEXT
};

static bool run(const char *command)
{
    char line[2048];
    (void)snprintf(line, sizeof(line), "umask 022 && { %s; } >/dev/null 2>&1", command);
    return system(line) == 0;
}

/* Filters are made by the program that a site makes them with. */
static bool lists_make(void)
{
    for (size_t i = 0; i < MEDGL_COUNT(contents); i++) {
        auto_file FILE *file = fopen(contents[i].name, "we");
        if (file == NULL || fwrite(contents[i].text, 1, contents[i].len, file) != contents[i].len ||
            fchmod(fileno(file), contents[i].mode) != 0)
            return false;
    }
    return run("mkfifo fifo && mkdir directory && ln -s plain link &&"
               "truncate -s 8388609 large &&"
               "{ test $(id -u) != 0 || chown 12345 stranger; } &&"
               "printf '" BREACHED "\nsecondone-8q\n' >breached.txt &&"
               "pwqfilter --create=1000 --hash-md4 --output=filter <breached.txt &&"
               "pwqfilter --create=1000 --hash-ntlm-cp1252 --output=ntlm <breached.txt &&"
               "pwqfilter --create=1000 --output=default <breached.txt &&"
               "cp filter wide && chmod 0666 wide && ln -s filter filter_link &&"
               "head -c 4 filter >magic && head -c 40 filter >header && head -c -1 filter >short &&"
               "head -c 1000 filter >half && { cat filter && printf x; } >longer &&"
               "{ printf x && tail -c +2 filter; } >othermagic && head -c 4096 /dev/zero >zero");
}

static enum medgl_error lists_open(const char *root, const char *blocklists, const char *filter,
                                   uid_t owner, struct quality_lists **lists)
{
    const struct quality_lists_request request = {
        .root = root, .owner = owner, .blocklists = blocklists, .filter = filter};
    return quality_lists_open(&request, lists);
}

static const struct opened {
    const char *name, *blocklists, *filter;
    enum medgl_error error;
    bool no_root;
} opened[] = {
    {"none", "", "", MEDGL_OK, false},
    {"a blocklist", "/plain", "", MEDGL_OK, false},
    {"spaces around it", "  /plain   /crlf ", "", MEDGL_OK, false},
    {"an empty one", "/empty", "", MEDGL_OK, false},
    {"one of comments", "/comments", "", MEDGL_OK, false},
    {"a mark alone", "/bom_alone", "", MEDGL_OK, false},
    {"missing", "/missing", "", MEDGL_ERR_NOT_FOUND, false},
    {"the second missing", "/plain /missing", "", MEDGL_ERR_NOT_FOUND, false},
    {"a missing directory", "/missing/plain", "", MEDGL_ERR_NOT_FOUND, false},
    {"relative", "plain", "", MEDGL_ERR_ARGUMENT, false},
    {"relative, and there", "plain", "", MEDGL_ERR_ARGUMENT, true},
    {"writable by a group", "/group", "", MEDGL_ERR_ACCESS, false},
    {"writable by others", "/others", "", MEDGL_ERR_ACCESS, false},
    {"of a stranger", "/stranger", "", MEDGL_ERR_ACCESS, false},
    {"a FIFO", "/fifo", "", MEDGL_ERR_ACCESS, false},
    {"a directory", "/directory", "", MEDGL_ERR_ACCESS, false},
    {"a link", "/link", "", MEDGL_ERR_ACCESS, false},
    {"a device", "/dev/zero", "", MEDGL_ERR_ACCESS, true},
    {"larger than it may be", "/large", "", MEDGL_ERR_ACCESS, false},
    {"Latin-1", "/latin1", "", MEDGL_ERR_CORRUPT, false},
    {"a character cut in two", "/cut", "", MEDGL_ERR_CORRUPT, false},
    {"a surrogate", "/surrogate", "", MEDGL_ERR_CORRUPT, false},
    {"a NUL", "/nul", "", MEDGL_ERR_CORRUPT, false},
    {"a filter as a blocklist", "/filter", "", MEDGL_ERR_CORRUPT, false},
    {"as many as there may be",
     "/plain /crlf /bom /plain /crlf /bom /plain /crlf /bom /plain /crlf /bom /plain /crlf /bom "
     "/empty",
     "", MEDGL_OK, false},
    {"one more",
     "/plain /crlf /bom /plain /crlf /bom /plain /crlf /bom /plain /crlf /bom /plain /crlf /bom "
     "/empty /empty",
     "", MEDGL_ERR_ARGUMENT, false},
    {"a filter", "", "/filter", MEDGL_OK, false},
    {"a filter of NTLM hashes", "", "/ntlm", MEDGL_OK, false},
    {"a filter by default", "", "/default", MEDGL_OK, false},
    {"a missing filter", "", "/missing", MEDGL_ERR_NOT_FOUND, false},
    {"a missing filter beside a blocklist", "/plain", "/missing", MEDGL_ERR_NOT_FOUND, false},
    {"a relative filter", "", "filter", MEDGL_ERR_ARGUMENT, true},
    {"a filter that others may write to", "", "/wide", MEDGL_ERR_ACCESS, false},
    {"a link to a filter", "", "/filter_link", MEDGL_ERR_ACCESS, false},
    {"a FIFO as a filter", "", "/fifo", MEDGL_ERR_ACCESS, false},
    {"a directory as a filter", "", "/directory", MEDGL_ERR_ACCESS, false},
    {"a device as a filter", "", "/dev/zero", MEDGL_ERR_ACCESS, true},
    {"a blocklist as a filter", "", "/plain", MEDGL_ERR_CORRUPT, false},
    {"text as a filter", "", "/words", MEDGL_ERR_CORRUPT, false},
    {"an empty filter", "", "/empty", MEDGL_ERR_CORRUPT, false},
    {"zeros as a filter", "", "/zero", MEDGL_ERR_CORRUPT, false},
    {"its first bytes", "", "/magic", MEDGL_ERR_CORRUPT, false},
    {"its header alone", "", "/header", MEDGL_ERR_CORRUPT, false},
    {"half a filter", "", "/half", MEDGL_ERR_CORRUPT, false},
    {"a filter less one byte", "", "/short", MEDGL_ERR_CORRUPT, false},
    {"a filter and one byte", "", "/longer", MEDGL_ERR_CORRUPT, false},
    {"a filter of something else", "", "/othermagic", MEDGL_ERR_CORRUPT, false},
};

static void r14_lists_are_opened_or_not(void **state)
{
    const struct opened *row = *state;
    uid_t owner = geteuid();
    if (strstr(row->blocklists, "stranger") != NULL && owner != 0)
        owner++; /* and so its owner is not the one it should be */
    auto_clean(quality_lists_free) struct quality_lists *lists = NULL;
    enum medgl_error error =
        lists_open(row->no_root ? "" : here, row->blocklists, row->filter, owner, &lists);
    assert_string_equal(medgl_error_text(error), medgl_error_text(row->error));
    assert_int_equal(lists != NULL, row->error == MEDGL_OK);
}

static const struct asked {
    const char *name, *blocklists, *filter, *text;
    enum password_weakness weakness; /* NONE: not refused */
} asked[] = {
    {"an entry", "/plain", "", "zephyrine-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"in other case", "/plain", "", "Zephyrine-VQ", PASSWORD_WEAKNESS_BLOCKLIST},
    {"an entry in other case", "/plain", "", "quartzmole", PASSWORD_WEAKNESS_BLOCKLIST},
    {"full width", "/plain", "", "ｑｕａｒｔｚｍｏｌｅ", PASSWORD_WEAKNESS_BLOCKLIST},
    {"decorated behind", "/plain", "", "Quartzmole99!", PASSWORD_WEAKNESS_BLOCKLIST},
    {"decorated before", "/plain", "", "#1quartzmole", PASSWORD_WEAKNESS_BLOCKLIST},
    {"decorated at both ends", "/plain", "", "1!zephyrine-vq#99", PASSWORD_WEAKNESS_BLOCKLIST},
    {"substituted", "/plain", "", "Qu4rtzm0l3", PASSWORD_WEAKNESS_BLOCKLIST},
    {"substituted and decorated", "/plain", "", "!Qu@rtzm0le2024", PASSWORD_WEAKNESS_BLOCKLIST},
    {"twice", "/plain", "", "quartzmolequartzmole", PASSWORD_WEAKNESS_BLOCKLIST},
    {"short, whole", "/plain", "", "ab1", PASSWORD_WEAKNESS_BLOCKLIST},
    {"with a symbol in it", "/plain", "", "kv#x7", PASSWORD_WEAKNESS_BLOCKLIST},
    {"composed", "/plain", "", "Éclairvq1", PASSWORD_WEAKNESS_BLOCKLIST},
    {"decomposed, in other case", "/plain", "", "e\u0301CLAIRVQ", PASSWORD_WEAKNESS_BLOCKLIST},
    {"kana", "/plain", "", "すいかばたけ", PASSWORD_WEAKNESS_BLOCKLIST},
    {"kana, decorated", "/plain", "", "すいかばたけ1!", PASSWORD_WEAKNESS_BLOCKLIST},
    {"spaces", "/plain", "", "quartz mole\u3000ring", PASSWORD_WEAKNESS_BLOCKLIST},
    {"the last line, not ended", "/plain", "", "lastofall9q", PASSWORD_WEAKNESS_BLOCKLIST},
    {"in a longer word", "/plain", "", "quartzmolest-8K", PASSWORD_WEAKNESS_NONE},
    {"a part of one", "/plain", "", "zephyrine", PASSWORD_WEAKNESS_NONE},
    {"one short of one", "/plain", "", "uartzmole", PASSWORD_WEAKNESS_NONE},
    {"short, decorated", "/plain", "", "ab1--", PASSWORD_WEAKNESS_NONE},
    {"a comment", "/plain", "", "notanentry7", PASSWORD_WEAKNESS_NONE},
    {"a comment with its sign", "/plain", "", "#notanentry7", PASSWORD_WEAKNESS_NONE},
    {"in no list", "/plain /crlf", "/filter", "r8Tq-xW2m-Lz5v", PASSWORD_WEAKNESS_NONE},
    {"of lines ended by CR LF", "/crlf", "", "windowsill-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"the last of them", "/crlf", "", "Secondrow-vq1", PASSWORD_WEAKNESS_BLOCKLIST},
    {"behind a mark", "/bom", "", "firstrow-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"the line after it", "/bom_comment", "", "second-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"a comment behind a mark", "/bom_comment", "", "# of the site", PASSWORD_WEAKNESS_NONE},
    {"of an empty list", "/empty", "", "zephyrine-vq", PASSWORD_WEAKNESS_NONE},
    {"of the first of two", "/plain /crlf", "", "zephyrine-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"of the second of two", "/plain /crlf", "", "windowsill-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"of the one behind an empty one", "/empty /bom", "", "second-vq", PASSWORD_WEAKNESS_BLOCKLIST},
    {"in the filter", "", "/filter", BREACHED, PASSWORD_WEAKNESS_BREACHED},
    {"the second in the filter", "", "/filter", "secondone-8q", PASSWORD_WEAKNESS_BREACHED},
    {"in the filter of NTLM hashes", "", "/ntlm", BREACHED, PASSWORD_WEAKNESS_BREACHED},
    {"in the filter by default", "", "/default", BREACHED, PASSWORD_WEAKNESS_BREACHED},
    {"in the filter beside a list", "/plain", "/filter", BREACHED, PASSWORD_WEAKNESS_BREACHED},
    {"in the list beside a filter", "/plain", "/filter", "zephyrine-vq",
     PASSWORD_WEAKNESS_BLOCKLIST},
    {"not in the filter", "", "/filter", "mzk4-vw8rt-fq3hk", PASSWORD_WEAKNESS_NONE},
    {"in the filter, but longer", "", "/filter", BREACHED "x", PASSWORD_WEAKNESS_NONE},
    {"in the filter in other case", "", "/filter", "Mzk4-vw8rt-fq3hj", PASSWORD_WEAKNESS_NONE},
};

static void r14_lists_are_asked(void **state)
{
    const struct asked *row = *state;
    struct quality quality;
    auto_clean(quality_lists_free) struct quality_lists *lists = NULL;
    assert_int_equal(lists_open(here, row->blocklists, row->filter, geteuid(), &lists), MEDGL_OK);
    assert_int_equal(assess(lists, NULL, row->text, &quality), MEDGL_OK);
    assert_refused(row->text, &quality, row->weakness != PASSWORD_WEAKNESS_NONE);
    if (row->weakness != PASSWORD_WEAKNESS_NONE)
        assert_weakness(row->text, &quality, row->weakness);
}

/* The filter is asked about everything that can be typed, also what no rule admits. */
static void r14_filter_takes_the_shortest(void **state)
{
    struct quality quality;
    auto_clean(quality_lists_free) struct quality_lists *lists = NULL;
    assert_int_equal(lists_open(here, "", "/filter", geteuid(), &lists), MEDGL_OK);
    assert_int_equal(assess(lists, NULL, *state, &quality), MEDGL_OK);
}

/* What happens to the files of a site while they are in use. */
static void r14_filter_that_shrinks_is_no_pass(void **state)
{
    struct quality quality = {0};
    (void)state;
    assert_true(run("cp filter shrinks"));
    auto_clean(quality_lists_free) struct quality_lists *lists = NULL;
    assert_int_equal(lists_open(here, "", "/shrinks", geteuid(), &lists), MEDGL_OK);
    assert_int_equal(truncate("shrinks", 1000), 0);
    assert_int_equal(assess(lists, NULL, BREACHED, &quality), MEDGL_ERR_CORRUPT);
    assert_true(quality.refused);
    assert_int_equal(assess(lists, NULL, "r8Tq-xW2m-Lz5v", &quality), MEDGL_ERR_CORRUPT);
    assert_true(quality.refused);
}

static void r14_filter_is_the_one_that_was_opened(void **state)
{
    struct quality quality = {0};
    (void)state;
    assert_true(run("cp filter exchanged"));
    auto_clean(quality_lists_free) struct quality_lists *lists = NULL;
    assert_int_equal(lists_open(here, "", "/exchanged", geteuid(), &lists), MEDGL_OK);
    assert_true(run("mv words exchanged"));
    assert_int_equal(assess(lists, NULL, BREACHED, &quality), MEDGL_OK);
    assert_int_equal(quality.weakness, PASSWORD_WEAKNESS_BREACHED);
}

/* -- bounds ---------------------------------------------------------------------------------- */

/* Each again and again, for as many bytes as there may be. */
static const char *const repeated[] = {
    "a",
    "1",
    "!",

    "a\u0301\u0327",
    "\U0001f600",
    "ﾞ",
    "あ",
    "んい",
    "しんおうっちゅう",
    "雨",
    "1985",
    "s60",
    "0401",
    "qwer",
    "1qaz2wsx",
    "suzukihanako",
    "zephyrine",
    "aeiou1!0",
    "il1!|",
    "password",
    "nurse's-",
    "-'_. ",
    "\u00a0x",
    "abc",
    "昭和60年",
    "x\u0301",
    "さとうゆ",
    "N40117",
    "Aa",
};

static double processor_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Goal: 1 ms (`make bench`). valgrind takes fifty times as long. */
#define MOST_MS 250.0

static void assert_bounded(const char *text)
{
    struct quality quality = {.refused = true};
    double begin = processor_ms();
    assert_int_equal(assess(NULL, &hanako, text, &quality), MEDGL_OK);
    double taken = processor_ms() - begin;
    if (taken > MOST_MS)
        fail_msg("%.30s..., %zu bytes: %.1f ms", text, strlen(text), taken);
    assert_in_range(quality.bits, 0, 1000);
    assert_true(quality.bits > 0 || quality.weakness != PASSWORD_WEAKNESS_NONE);
}

static void r14_any_length_is_judged(void **state)
{
    const char *part = *state;
    size_t len = strlen(part);
    static const size_t sizes[] = {1, 2, 63, 64, 65, 66, 256, PASSWORD_BYTES_MAX};
    char text[PASSWORD_BYTES_MAX + 1];
    for (size_t i = 0; i < MEDGL_COUNT(sizes); i++) {
        size_t at = 0;
        do {
            memcpy(text + at, part, len);
            at += len;
        } while (at + len <= sizes[i]);
        text[at] = '\0';
        assert_bounded(text);
    }
}

static void r14_every_length_is_judged(void **state)
{
    (void)state;
    uint64_t seed = 14;
    char text[PASSWORD_BYTES_MAX + 1] = "";
    for (size_t len = 1; len <= PASSWORD_BYTES_MAX; len += len < 130 ? 1 : 149) {
        for (size_t i = 0; i < len; i++)
            text[i] = (char)('!' + draw(&seed) % 94);
        assert_bounded(text);
    }
}

/* Characters of every sort that OpaqueString admits, mixed. */
static size_t draw_text(uint64_t *seed, char text[PASSWORD_BYTES_MAX + 1])
{
    static const struct {
        ucs4_t first, count;
    } sorts[] = {
        {'!', 94},      {'!', 94},      {'a', 26},        {'0', 10},       {' ', 1},
        {0xa0, 0x2e0},  {0x300, 0x70},  {0x370, 0x1000},  {0x3041, 0xbf},  {0x4e00, 0x5000},
        {0xac00, 9000}, {0xff01, 0xe8}, {0x1f300, 0x400}, {0x20000, 2000}, {0x1d400, 0x400},
    };
    size_t points = 1 + draw(seed) % 24, at = 0;
    size_t sort = draw(seed) % MEDGL_COUNT(sorts);
    for (size_t i = 0; i < points; i++) {
        if (draw(seed) % 3 == 0)
            sort = draw(seed) % MEDGL_COUNT(sorts);
        ucs4_t c = sorts[sort].first + (ucs4_t)(draw(seed) % sorts[sort].count);
        int wrote = u8_uctomb((uint8_t *)text + at, c, 6);
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    text[at] = '\0';
    return at;
}

static void r14_any_text_is_judged(void **state)
{
    (void)state;
    uint64_t seed = 1414;
    size_t judged = 0;
    for (size_t i = 0; i < 3000; i++) {
        auto_secret struct secret prepared = SECRET_NONE;
        char text[PASSWORD_BYTES_MAX + 1];
        struct quality quality;
        size_t len = draw_text(&seed, text);
        const struct secret typed = {(unsigned char *)text, len, len};
        if (password_prepare(&typed, &prepared) != MEDGL_OK)
            continue;
        judged++;
        assert_int_equal(quality_assess(NULL, &hanako, &typed, &prepared, &quality), MEDGL_OK);
        if (quality.bits == 0 && quality.weakness == PASSWORD_WEAKNESS_NONE)
            fail_msg("\"%s\": no bits, and no kind", text);
        assert_in_range(quality.weakness, PASSWORD_WEAKNESS_NONE, PASSWORD_WEAKNESS_SIMPLE);
    }
    assert_in_range(judged, 2000, 3000);
}

int main(void)
{
    if (mkdtemp(here) == NULL || chdir(here) != 0 || !lists_make())
        return 1;
    TABLE_ADD("R14 one's own", own, r14_own_is_refused);
    TABLE_ADD("R14 not one's own", foreign, r14_foreign_is_not_refused);
    for (size_t i = 0; i < MEDGL_COUNT(places); i++)
        table_add("R14 place", places[i], r14_place_is_weak, places[i]);
    TABLE_ADD("R14 weak", weak, r14_weak_is_found);
    for (size_t i = 0; i < MEDGL_COUNT(same); i++)
        table_add("R14 one character", same[i], r14_same_character_is_weak, same[i]);
    for (size_t i = 0; i < MEDGL_COUNT(strong); i++)
        table_add("R14 strong", strong[i], r14_strong_is_let_be, strong[i]);
    table_add("R19", "generated ones are strong", r19_generated_is_let_be, NULL);
    TABLE_ADD("R14 input method", widths, r14_input_method_is_noticed);
    TABLE_ADD("R14 opening lists", opened, r14_lists_are_opened_or_not);
    TABLE_ADD("R14 asking lists", asked, r14_lists_are_asked);
    static const char *const shortest[] = {"q", "7", "q7", "あ", "あい"};
    for (size_t i = 0; i < MEDGL_COUNT(shortest); i++)
        table_add("R14 filter", shortest[i], r14_filter_takes_the_shortest, shortest[i]);
    table_add("R14", "a filter that shrinks is no pass", r14_filter_that_shrinks_is_no_pass, NULL);
    table_add("R14", "a filter is the one that was opened", r14_filter_is_the_one_that_was_opened,
              NULL);
    for (size_t i = 0; i < MEDGL_COUNT(repeated); i++)
        table_add("R14 any length", repeated[i], r14_any_length_is_judged, repeated[i]);
    table_add("R14", "every length is judged", r14_every_length_is_judged, NULL);
    table_add("R14", "any text is judged", r14_any_text_is_judged, NULL);
    int failed = table_run("quality");
    return run("rm -r \"$PWD\"") ? failed : 1;
}
