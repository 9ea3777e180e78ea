/* Old passwords in new clothes (R14): what people do when they must change one, and what only looks
 * alike. All expectations were written by hand. */
#include "base/auto.h"
#include "base/clock.h"
#include "factor/password.h"
#include "factor/similar.h"

#include <string.h>
#include <time.h>

#include "tests/unit/draw.h"
#include "tests/unit/table.h"

struct pair {
    const char *name; /* what the person did */
    const char *before, *after;
    bool same;
};

/* The new password against the one in force, which is known while it is changed. */
static const struct pair changes[] = {
    /* Counting up. */
    {"the same", "Sakura2024!", "Sakura2024!", true},
    {"the next year", "Sakura2024!", "Sakura2025!", true},
    {"another decade", "Sakura1999!", "Sakura2031!", true},
    {"the next number", "Tokyo-Tower7", "Tokyo-Tower8", true},
    {"from 9 to 10", "Midori#9", "Midori#10", true},
    {"two digits on", "Kangoshi*07", "Kangoshi*19", true},
    {"the next month", "Naika-2026-04", "Naika-2026-06", true},
    {"the next quarter", "Byoutou3Q1!", "Byoutou3Q2!", true},
    {"a date for a date", "Hiroshi!0401", "Hiroshi!1123", true},
    {"a number in the middle", "Taro1985Tokyo!", "Taro2011Tokyo!", true},
    {"a number in the middle of short words", "Ken1985Mie!", "Ken2011Mie!", true},
    {"a number in front", "2024Sakura!", "2025Sakura!", true},
    {"a number goes from one end to the other", "2024Sakura!", "Sakura!2025", true},
    {"an era's year", "Heisei31!", "Heisei32!", true},
    {"a counter of one digit", "Welcome1!", "Welcome2!", true},
    {"a counter of roman numerals", "Emperor-IV-7", "Emperor-V-7", true},
    {"a longer number", "Suzuki-12", "Suzuki-123456", true},
    {"a shorter number", "Suzuki-123456", "Suzuki-12", true},
    {"no number any more", "Suzuki-123456", "Suzuki-suzuki", true},
    {"a room number", "Room#4021-East", "Room#5117-East", true},
    {"a telephone number for a year", "Yamada03-5521", "Yamada1985!", true},
    {"one letter counts", "Passcode-9a!", "Passcode-9b!", true},
    {"every number of several", "A1-Kyoto-22-Nara", "B7-Kyoto-95-Nara", true},
    /* Decorations. */
    {"one more mark at the end", "Sakura2024!", "Sakura2024!!", true},
    {"one more mark in front", "Sakura2024!", "#Sakura2024!", true},
    {"many marks at the end", "Sakura2024!", "Sakura2024!!!!!!!!!!!!!!!!", true},
    {"other marks at the end", "Sakura2024!", "Sakura2024#$%&", true},
    {"a mark for another", "Sakura_2024", "Sakura-2024", true},
    {"marks on both sides", "Sakura2024!", "**Sakura2024**", true},
    {"marks between", "Sakura2024!", "Sakura##2024!", true},
    {"a mark at another place", "Sakura2024!", "!Sakura2024", true},
    {"brackets", "Momiji[2024]", "(Momiji)2025", true},
    {"a letter behind", "Kyoto#88", "Kyoto#88a", true},
    {"three letters behind", "Kyoto#88", "Kyoto#88abc", true},
    {"three letters in front", "Kyoto#88", "NewKyoto#88", true},
    {"a title in front", "Tanaka1975!", "Dr.Tanaka1975!", true},
    {"an exclamation mark in the middle", "Hanako0401", "Hana!ko0401", true},
    {"a space in the middle", "Hanako0401!", "Hanako 0401!", true},
    {"letters pulled apart", "Sakura2024!", "S-a-k-u-r-a-2-4", true},
    {"the digits taken apart", "Sakura2024!", "2Sakura0!24", true},
    {"cut short", "Sakurazaka2024!", "Sakura24!", true},
    {"the front cut off", "Hokkaido-Univ-7", "kaido-Univ-7", true},
    {"the back cut off", "Hokkaido-Univ-7", "Hokkaido-7", true},
    /* Case and substitutions. */
    {"all small", "Sakura2024!", "sakura2024!", true},
    {"all capitals", "Sakura2024!", "SAKURA2024!", true},
    {"another capital", "Sakura2024!", "sAkura2024!", true},
    {"the last capital", "Sakura2024!", "sakurA2024!", true},
    {"alternating case", "Sakura2024!", "sAkUrA2024!", true},
    {"a for an a", "Sakura2024!", "S@kura2024!", true},
    {"all a replaced", "Sakura2024!", "S@kur@2024!", true},
    {"all a replaced otherwise", "Sakura-77", "S4kur4-77", true},
    {"s for an s", "Sakura2024!", "$akura2024!", true},
    {"a digit for an o", "Yokohama#8", "Y0k0hama#8", true},
    {"a digit for an i", "Niigata-5", "N11gata-5", true},
    {"a digit for an l", "Hello-World-9", "He11o-Wor1d-9", true},
    {"an e for an e", "Kobe-Beef-22", "Kob3-B33f-22", true},
    {"a t for a t", "Tetsu+Otoko9", "7etsu+O7oko9", true},
    {"substituted, and the next year", "Password2024!", "P@ssw0rd2025!", true},
    {"substituted and turned round", "Sakura2024!", "!2024@rukas", true},
    {"an umlaut's case", "M\u00fcnchen-82", "M\u00dcNCHEN-83", true},
    /* Moved, turned, doubled. */
    {"rotated by the year", "Sakura2024!", "2024!Sakura", true},
    {"rotated by one", "Sakura2024!", "!Sakura2024", true},
    {"rotated by three", "Kx7#mQ2zW", "#mQ2zWKx7", true},
    {"rotated within the word", "Sakura2024!", "ura2024!Sak", true},
    {"year first, and the next", "Sakura2024!", "!2025sakurA", true},
    {"words exchanged", "Tokyo-Osaka-88", "Osaka-Tokyo-88", true},
    {"words of a passphrase in another order", "correct-horse-battery-7", "battery-horse-correct-7",
     true},
    {"reversed", "Sakura2024!", "!4202arukaS", true},
    {"the word reversed", "Sakura2024!", "arukaS2024!", true},
    {"the word reversed, the next year", "Momotarou2024!", "uoratomoM2025!", true},
    {"a random one reversed", "Kx7#mQ2zW", "Wz2Qm#7xK", true},
    {"reversed and more", "Kx7#mQ2zW", "aWz2Qm#7xKb", true},
    {"doubled", "Sakura1!", "Sakura1!Sakura1!", true},
    {"the word doubled", "Sakura1!", "sakurasakura1!", true},
    {"the word doubled with a capital", "Sakura1!", "SakuraSakura-2", true},
    {"tripled", "Nara#7", "Nara#7Nara#7Nara#7", true},
    {"doubled, now once", "Ab3!Ab3!", "Ab3!Ab3?", true},
    {"doubled and turned", "Kyoto#88", "Kyoto#8888#otoyK", true},
    {"a letter doubled", "Sakura2024!", "Sakkuura2024!", true},
    {"a letter drawn out", "Sakura2024!", "Sakuraaaaaa2024!", true},
    /* Few edits. */
    {"one character changed", "kR7#vLp2Xq", "kR7#vLp3Xq", true},
    {"two characters changed", "kR7#vLp2Xq", "kR8#vLp2Xw", true},
    {"three characters changed", "kR7#vLp2Xq", "mR7#vWp2Xz", true},
    {"one taken out", "kR7#vLp2Xq", "kR7#vp2Xq", true},
    {"two put in", "kR7#vLp2Xq", "kR7#vLab2pXq", true},
    {"two exchanged", "kR7#vLp2Xq", "kR7#vpL2Xq", true},
    {"the last three new", "kR7#vLp2Xq", "kR7#vLpmW9", true},
    {"the first five new", "kR7#vLp2Xq", "Zb9!wLp2Xq", true},
    {"half of it kept at the front", "kR7#vLp2", "kR7#9wZb", true},
    {"half of it kept at the back", "kR7#vLp2", "9wZ!vLp2", true},
    {"half of it kept in the middle", "kR7#vLp2", "9w7#vLZ!", true},
    {"a third kept twice", "kR7#vLp2Xq9!", "kR7#abcdXq9!", true},
    {"one word of four exchanged", "correct-horse-battery-staple-1",
     "correct-horse-window-staple-1", true},
    {"one word of five exchanged", "lemon.river.candle.fox.7Street",
     "lemon.river.candle.owl.7Street", true},
    {"a generated one with one group new", "abcde-fgh23-jkmnp-qrst4", "abcde-fgh23-jkmnp-uvwx9",
     true},
    {"a generated one with two groups new", "abcde-fgh23-jkmnp-qrst4", "abcde-fgh23-55xyw-uvwx9",
     true},
    {"separators exchanged", "correct-horse-battery-7", "correct.horse.battery.7", true},
    {"no separators any more", "correct-horse-battery-7", "CorrectHorseBattery7!", true},
    {"an ending changed", "Kenkou-desu-7", "Kenkou-deshita-7", true},
    {"the plural", "Flower#2024", "Flowers#2024", true},
    /* The word changes, the rest stays: what is new is too little. */
    {"the season changes, the year stays", "Haru2024!", "Natsu2024!", true},
    {"the next season", "Natsu2024!", "Aki2024!", true},
    {"the last season", "Aki2024!", "Fuyu2024!", true},
    {"a short word before a long tail", "Cat-20240401!", "Dog-20240401!", true},
    {"the ward changes", "Naika-2F-2026", "Geka-2F-2026", true},
    {"the month's name changes", "Jan-Hospital-5", "Feb-Hospital-5", true},
    {"the weekday changes", "Monday-Coffee1", "Friday-Coffee1", true},
    {"the given name changes", "Suzuki-Taro-7", "Suzuki-Jiro-7", true},
    {"a digit run stays in a short one", "Lion1234", "Bear1234", true},
    /* Japanese text: a kanji is one character. */
    {"kanji, the next year", "\u685c\u54b2\u304f2024!a", "\u685c\u54b2\u304f2025!a", true},
    {"kanji, an era's year", "\u662d\u548c60\u5e74!a1", "\u662d\u548c61\u5e74!a1", true},
    {"kanji, decorated otherwise", "\u6771\u4eac\u7279\u8a31-77x", "x!88\u6771\u4eac\u7279\u8a31",
     true},
    {"kanji of a name, another number", "\u4f50\u85e4-1985", "\u4f50\u85e4!2011", true},
    {"hiragana as katakana", "\u3055\u304f\u3089-2024a", "\u30b5\u30af\u30e9-2025a", true},
    {"kana turned round", "\u3055\u304f\u3089\u3082\u3061-1a", "a1-\u3061\u3082\u3089\u304f\u3055",
     true},
    {"kana doubled", "\u3055\u304f\u3089-1a", "\u3055\u304f\u3089\u3055\u304f\u3089-2b", true},
    {"one kanji of six changed", "\u6625\u590f\u79cb\u51ac\u5c71\u5ddd7!",
     "\u6625\u590f\u79cb\u51ac\u5c71\u6d777!", true},

    /* Not similar: two strong ones. */
    {"two random ones of eight", "kR7#vLp2", "9wZ!Qm4t", false},
    {"two more random ones of eight", "x$4Tn-8B", "Lq&2hV+9", false},
    {"two random ones of ten", "Gv!27kXpWm", "t9#BzRq5Yd", false},
    {"two random ones of twelve", "3nW-xPz8Lk@c", "Vh6?mJt4Rs(y", false},
    {"two random ones with the same kinds at the same places", "ab12-CD34-ef", "qz87-KW05-mv",
     false},
    {"two generated ones", "xk4wm-9dhtp-r7cqa-ebn3u", "hq2vz-tt8fy-m5wgk-dj7rs", false},
    {"two more generated ones", "a2b3c-d4e5f-g6h7j-k8m9n", "p9q8r-s7t6u-v5w4x-y3z2a", false},
    {"letters of one in another order", "kR7#vLp2Xq", "qX2Lk#Rp7v", false},
    {"a random one after a word", "Sakura2024!", "9wZ!Qm4tRk", false},
    {"a word after a random one", "9wZ!Qm4tRk", "Sakura2024!", false},
    {"a generated one after a word", "Sakura2024!", "xk4wm-9dhtp-r7cqa-ebn3u", false},
    {"a longer random one", "kR7#vLp2", "Zb9!wMcs4-Tg8Hd+3", false},
    {"a shorter random one", "Zb9!wMcs4-Tg8Hd+3", "kR7#vLp2", false},
    /* Passphrases. */
    {"passphrases without a common word", "correct-horse-battery-staple-1",
     "lemon.river.candle.fox.7Street", false},
    {"passphrases with one common word", "correct-horse-battery-staple-1",
     "horse-lemon-window-violet-7A", false},
    {"passphrases with one common word at the end", "correct-horse-battery-staple-1",
     "lemon-window-violet-staple-7A", false},
    {"passphrases with one common long word", "umbrella-fox-Tin-grape-8",
     "winter-umbrella-Lake-pepper-3", false},
    {"passphrases with two common words of six", "red-anchor-mild-pencil-tower-fig-4B",
     "anchor-orange-sleepy-tower-cousin-knot-9", false},
    {"passphrases with the same separators", "lamp_table_spoon_4Wall", "kite_river_green_8Moss",
     false},
    {"passphrases that share their small words", "the cat on the mat 1A", "the sun in the fog 2B",
     false},
    {"sentences of the same form", "Ichigo wa akai desu 3", "Umi to sora ga suki 8", false},
    {"Japanese passphrases", "yama-kawa-Umi-sora-7", "inu-neko-Tori-sakana-4", false},
    {"Japanese passphrases with one common word", "yama-kawa-Umi-sora-hoshi-7",
     "sakana-hoshi-Midori-tegami-4", false},
    {"a passphrase of words with common endings", "running-singing-Blue-4",
     "walking-holding-Gray-9", false},
    {"a new passphrase that holds the old short one", "Ab3!xyz9", "violet-Engine-Ab3!xyz9-harbour",
     false},
    {"a new passphrase that holds the old word", "Sakura2024!", "sakura-Engine-violet-harbour-3",
     false},
    {"a part of a passphrase and as much that is new", "lemon-window-violet-7A",
     "violet-7A-garden-Prison-cloud", false},
    /* Different words with short common pieces. */
    {"the same tail 1!", "Tulip-garden1!", "Cobalt-ferry1!", false},
    {"the same tail 1! of short ones", "kRxvLp1!", "wZbQmt1!", false},
    {"the same tail 23#", "Winter-sky23#", "Granite-ox23#", false},
    {"the same tail 123 of ten", "Umbrela123!", "Pyjama-123?", false},
    {"the same tail 99!", "Mangrove99!", "Sycophant99!", false},
    {"the same first letters", "Kanagawa-4Sun", "Kanpeki!9Moon", false},
    {"the same first three characters", "Xy7kRvLp2#", "Xy7wZbQm4!", false},
    {"the same middle", "kR20vLp!x", "9w20Zbt?m", false},
    {"the same year and other words", "Momiji-kouen-2024!", "Tsubaki-hanaya-2024?", false},
    {"the same year, longer words", "Chrysanthemum2024!", "Marshmallow2024?", false},
    {"the same marks", "!!kRxvLp77!!", "!!wZbQmt31!!", false},
    {"the same form", "Sakura-2024-Tokyo", "Kaeru-1987-Nagoya", false},
    {"word, mark, number", "Hokkaido#31", "Shinjuku#84", false},
    {"number, mark, word", "4711-Himawari", "8206-Kaminari", false},
    {"the same length", "Aomori-Ringo5", "Kagawa-Udon+8", false},
    {"the same length of eight", "Ringo-5a", "Udon+82k", false},
    {"another season and another year", "Haru-ichiban-2024", "Fuyugeshiki-1987", false},
    {"both years and a new word", "Sakura2024!", "Momiji2025!", false},
    {"a six letter word before the same year", "Sakura2024!", "Momiji2024!", false},
    {"another family name, another year", "Suzuki-1985!", "Watanabe-2003?", false},
    {"words that rhyme", "Kitty-Sparkle6", "Ditto-Marble+2", false},
    {"the same vowels", "Sakanaya+61", "Hatakawa-38", false},
    {"the same consonants", "Tokiwa-Kane5", "Tekuno=Kuni8", false},
    {"the same prefix of a hospital", "ICU-morning4Rain", "ICU-violet7Stone", false},
    {"digits only in common", "48-Rv-2910-kk", "77-Wx-1038-zz", false},
    {"the same digits in another order", "Pine!2468Bay", "Cup#8642Oak", false},
    {"mirrored marks", "(kRxvLp)77", "<wZbQmt>31", false},
    /* Japanese text. */
    {"different kanji words", "\u6771\u4eac\u7279\u8a31-77x", "\u5927\u962a\u57ce\u9580!31b",
     false},
    {"different kana words", "\u3055\u304f\u3089\u3082\u3061-1a",
     "\u306d\u3053\u3084\u306a\u304e+7b", false},
    {"kanji words with one kanji in common", "\u6771\u4eac\u90fd\u5e81-4a7",
     "\u4eac\u90fd\u99c5\u524d!b93", false},
    {"romaji after kana", "\u3055\u304f\u3089-2024a", "Himawari!77", false},
    {"different names in kanji", "\u4f50\u85e4-1985a!", "\u9234\u6728+2011b?", false},
    {"two random sentences of kana", "\u3044\u306c\u304c\u3042\u308b\u304f7!",
     "\u305d\u3089\u306f\u3072\u308d\u30444?", false},
};

/* A former password against the new one, by their stems alone. */
static const struct pair stems[] = {
    /* The same word under all that surrounds it. */
    {"the same", "Sakura2024!", "Sakura2024!", true},
    {"the next year", "Sakura2024!", "Sakura2025!", true},
    {"years apart", "Sakura1998#", "Sakura2031?", true},
    {"no number", "Sakura2024!", "Sakura-!-!-", true},
    {"a longer number", "Sakura7!", "Sakura-20260401", true},
    {"the number in front", "Sakura2024!", "2025Sakura!", true},
    {"marks in front", "Sakura2024!", "!!Sakura77", true},
    {"on both sides", "Sakura2024!", "##1sakura1##", true},
    {"marks only", "Sakura2024!", "Sakura!\"#$%&'()", true},
    {"all capitals", "Sakura2024!", "SAKURA-77", true},
    {"a capital inside", "Sakura2024!", "saKura-77", true},
    {"a capital at the end, number in front", "Sakura2024!", "!2025sakurA", true},
    {"@ for an a inside", "Sakura2024!", "S@kura77#", true},
    {"@ for all a", "Sakura2024!", "S@kur@77#", true},
    {"4 for all a", "Sakura2024!", "S4kur4#77", true},
    {"$ for the first s", "Sakura2024!", "$akura#77", true},
    {"both ends substituted", "Sakura2024!", "$akur@#77", true},
    {"@ as a decoration", "Sakura2024!", "Sakura@2025", true},
    {"! as a decoration", "Sakura2024!", "!Sakura!7", true},
    {"1 as a counter", "Sakura1!", "Sakura2!", true},
    {"0 for an o at the end", "Yamamoto1985!", "Yamamot0#77", true},
    {"0 for an o inside", "Yokohama#8", "Y0k0hama-31", true},
    {"1 for an i", "Niigata-5", "N1igata!77", true},
    {"11 for ii", "Niigata-5", "N11gata!77", true},
    {"1 for an l", "Hello-World9", "He1lo-World8", true},
    {"11 for ll", "Hello-World9", "He11o_Wor1d8", true},
    {"3 for an e", "Kobe-Beef-22", "Kobe-B33f-31", true},
    {"5 for an s", "Password1!", "Pa55word2?", true},
    {"$ for an s", "Password1!", "Pa$$word-2026", true},
    {"everything at once", "Password1!", "!!P@$$w0rd2026", true},
    {"7 for a t", "Monster-5!", "Mons7er-6?", true},
    {"doubled", "Sakura1!", "sakurasakura2!", true},
    {"doubled with what stands between", "Sakura1!", "Sakura-Sakura-7", true},
    {"doubled whole", "Sakura1!", "Sakura1!Sakura1!", true},
    {"tripled", "Nara-kouen7", "Narakouen-Narakouen-Narakouen8", true},
    {"doubled and substituted at the end", "Sakura1!", "sakur@sakur@-2", true},
    {"a letter drawn out", "Sakura1!", "Sakuraaaa-2", true},
    {"a letter in front drawn out", "Sakura1!", "SSSakura-2", true},
    {"another separator", "Tokyo-Tower7", "Tokyo_Tower!8", true},
    {"no separator", "Tokyo-Tower7", "TokyoTower#8", true},
    {"a space", "Tokyo-Tower7", "Tokyo Tower 88", true},
    {"a number inside", "Taro1985Tokyo!", "Taro2011Tokyo#", true},
    {"a number inside goes", "Taro1985Tokyo!", "Taro-Tokyo#77", true},
    {"a date inside", "Ken-19850401-Mie", "Ken-20110927-Mie", true},
    {"less letters in doubt at an end", "Sakura-77#", "Kura-1985!", true},
    {"a short word", "Haru2024!", "Haru-1987#", true},
    {"a word of three letters", "Aki-20240401", "Aki!1987!!", true},
    {"a name of four letters", "Sato19850401!", "2011-SATO-0927", true},
    {"a passphrase with another number", "correct-horse-battery-7", "Correct.Horse.Battery.31",
     true},
    {"a passphrase without separators", "correct-horse-battery-7", "31CorrectHorseBattery!", true},
    {"a random one with another tail", "kRxvLpq77!", "kRxvLpq-31", true},
    {"a name and a role", "Kangoshi-Suzuki1", "KangoshiSuzuki#2026", true},
    {"an era", "Showa60!!", "Showa-64-0107", true},
    {"kanji", "\u6771\u4eac\u7279\u8a31-77", "2026!\u6771\u4eac\u7279\u8a31", true},
    {"two kanji", "\u4f50\u85e4-198504", "#\u4f50\u85e42011!", true},
    {"kanji doubled", "\u4f50\u85e4-198504", "\u4f50\u85e4\u4f50\u85e4-2011", true},
    {"hiragana as katakana", "\u3055\u304f\u3089-20241", "\u30b5\u30af\u30e9!2025#", true},
    {"an umlaut's case", "M\u00fcnchen-82", "M\u00dcNCHEN#1972", true},

    /* Another word. */
    {"spring and summer", "Haru2024!", "Natsu2024!", false},
    {"summer and autumn", "Natsu2024!", "Aki2024!", false},
    {"autumn and winter", "Aki2024!", "Fuyu2024!", false},
    {"seasons in English", "Spring2024!", "Summer2024!", false},
    {"autumn, either word", "Autumn2024!", "October2024!", false},
    {"weekdays", "Monday2024!", "Friday2024!", false},
    {"months", "January-24!", "February-24!", false},
    {"the same number and another word", "Sakura2024!", "Momiji2024!", false},
    {"family names", "Suzuki-1985!", "Tanaka-1985!", false},
    {"family names with a common ending", "Yamada-1985!", "Ueda-1985!", false},
    {"given names", "Hanako0401!", "Haruko0401!", false},
    {"given names with a common beginning", "Hanako0401!", "Hanae0401!", false},
    {"sisters", "Yumiko-77!", "Kumiko-77!", false},
    {"brothers", "Taro-19850401", "Jiro-19850401", false},
    {"cities", "Tokyo-2024!", "Kyoto-2024!", false},
    {"departments", "Naika-2026!", "Geka-2026!", false},
    {"staff", "Kangoshi#1", "Yakuzaishi#1", false},
    {"one letter apart", "Sakamoto#77", "Sakimoto#77", false},
    {"a longer word", "Sakura-77#", "Sakurazaka-77#", false},
    {"a word more", "Sakura-77#", "Sakura-Momiji-77#", false},
    {"a word in front", "Tower-77#", "Tokyo-Tower-77#", false},
    {"the other order", "Tokyo-Tower-7", "Tower-Tokyo-7", false},
    {"two random ones of eight", "kR7#vLp2", "9wZ!Qm4t", false},
    {"two random ones of ten", "Gv!27kXpWm", "t9#BzRq5Yd", false},
    {"two random ones of twelve", "3nW-xPz8Lk@c", "Vh6?mJt4Rs(y", false},
    {"random ones with the same tail", "kRxvLp1!", "wZbQmt1!", false},
    {"random ones with the same beginning", "kRxvLp1!", "kRxWmt1!", false},
    {"two generated ones", "xk4wm-9dhtp-r7cqa-ebn3u", "hq2vz-tt8fy-m5wgk-dj7rs", false},
    {"generated ones with one group in common", "abcde-fgh23-jkmnp-qrst4",
     "abcde-55xyw-uvwx9-zzk7m", false},
    {"passphrases", "correct-horse-battery-staple-1", "lemon.river.candle.fox.7Street", false},
    {"passphrases with one common word", "correct-horse-battery-7", "horse-lemon-window-8", false},
    {"passphrases with all but one word in common", "correct-horse-battery-7",
     "correct-horse-window-7", false},
    {"the same vowels", "Sakanaya+61", "Hatakawa-38", false},
    {"the same consonants", "Tokiwa-Kane5", "Tekuno=Kuni8", false},
    {"kanji", "\u6771\u4eac\u7279\u8a31-77", "\u5927\u962a\u57ce\u9580-77", false},
    {"kanji with one in common", "\u6771\u4eac-198504", "\u4eac\u90fd-198504", false},
    {"kana", "\u3055\u304f\u3089-20241", "\u306d\u3053\u3084-20241", false},
    {"kana and its romaji", "\u3055\u304f\u3089-20241", "Sakura-20241", false},
    /* What counts up is more often a number than a letter. */
    {"3 for an e at a word's end", "Kobe-Beef-22", "Kob3-Beef-31", false},
    {"a word read backwards", "Sakura-77#", "arukaS-77#", false},
    /* Nothing identifies them. */
    {"digits and marks, the same", "2024-0401!!", "2024-0401!!", false},
    {"two letters among digits, the same", "48-Kx-7129", "48-Kx-7129", false},
    {"two letters among digits", "48-Kx-7129", "K-1985-x-77", false},
    {"one letter", "4829#x#7711", "1985#x#0401", false},
    {"one letter repeated", "aaaa-1985!", "aaaaaaaa-7!", false},
    {"one kanji", "4829#\u685c#7711", "1985#\u685c#0401", false},
};

static void prepare(const char *text, struct secret *prepared)
{
    auto_secret struct secret typed = SECRET_NONE;
    assert_int_equal(secret_copy(&typed, text, strlen(text)), MEDGL_OK);
    assert_int_equal(password_prepare(&typed, prepared), MEDGL_OK);
}

static bool similar(const struct secret *fresh, const struct secret *current)
{
    bool found = false;
    assert_int_equal(similar_to(fresh, current, &found), MEDGL_OK);
    return found;
}

/* As history does: an empty stem is compared with none. */
static bool same_stem(const struct secret *a, const struct secret *b)
{
    auto_secret struct secret one = SECRET_NONE, other = SECRET_NONE;
    assert_int_equal(similar_stem(a, &one), MEDGL_OK);
    assert_int_equal(similar_stem(b, &other), MEDGL_OK);
    return one.len > 0 && secret_equal(one.bytes, one.len, other.bytes, other.len);
}

static void judged(void **state, bool (*judge)(const struct secret *, const struct secret *))
{
    const struct pair *row = *state;
    auto_secret struct secret before = SECRET_NONE, after = SECRET_NONE;
    prepare(row->before, &before);
    prepare(row->after, &after);
    if (judge(&after, &before) != row->same)
        fail_msg("\"%s\" after \"%s\": %s", row->after, row->before,
                 row->same ? "not found" : "taken for the same");
}

static void r14_change_is_judged(void **state)
{
    judged(state, similar);
}

static void r14_stem_is_judged(void **state)
{
    judged(state, same_stem);
    const struct pair *row = *state;
    struct pair turned = {row->name, row->after, row->before, row->same};
    void *turned_state = &turned;
    judged(&turned_state, same_stem);
}

/* -- properties ------------------------------------------------------------------------------ */

static void r14_a_text_is_similar_to_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(changes); i++) {
        auto_secret struct secret text = SECRET_NONE;
        prepare(changes[i].after, &text);
        assert_true(similar(&text, &text));
    }
}

/* Whatever digits and symbols it is put between, and in whatever case. */
static void r14_decorations_leave_the_stem(void **state)
{
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(stems); i++) {
        char decorated[128];
        auto_secret struct secret plain = SECRET_NONE, dressed = SECRET_NONE;
        (void)snprintf(decorated, sizeof(decorated), "@19(%s)!*7$", stems[i].after);
        for (char *c = decorated; *c != '\0'; c++)
            if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z'))
                *c ^= 'a' ^ 'A';
        prepare(stems[i].after, &plain);
        prepare(decorated, &dressed);
        if (same_stem(&plain, &plain) != same_stem(&plain, &dressed))
            fail_msg("\"%s\"", decorated);
    }
}

static void r19_generated_passwords_are_never_similar(void **state)
{
    (void)state;
    auto_secret struct secret before = SECRET_NONE;
    assert_int_equal(password_generate(0, &before), MEDGL_OK);
    for (int i = 0; i < 4000; i++) {
        auto_secret struct secret after = SECRET_NONE;
        assert_int_equal(password_generate(0, &after), MEDGL_OK);
        assert_false(similar(&after, &before));
        assert_false(same_stem(&after, &before));
        secret_free(&before);
        before = after;
        after = (struct secret)SECRET_NONE;
    }
}

/* Shorter ones share pieces by chance more often: eight printable characters are the worst. */
static void r14_random_passwords_are_rarely_similar(void **state)
{
    (void)state;
    uint64_t seed = 14;
    unsigned false_alarms = 0, draws = 8000;
    char before[9] = "kR7#vLp2", after[9] = "";
    for (unsigned i = 0; i < draws; i++) {
        for (size_t at = 0; at < 8; at++)
            after[at] = (char)('!' + draw(&seed) % 94);
        auto_secret struct secret fresh = SECRET_NONE, current = SECRET_NONE;
        prepare(after, &fresh);
        prepare(before, &current);
        false_alarms += similar(&fresh, &current) || same_stem(&fresh, &current) ? 1 : 0;
        memcpy(before, after, sizeof(before));
    }
    print_message("# %u of %u pairs of eight random characters taken for similar\n", false_alarms,
                  draws);
    assert_true(false_alarms * 1000 < draws);
}

/* Text that costs most: one letter; a long period; many characters of four bytes. */
static void r14_time_is_bounded(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "ab", "abcdefghijklmnopqrstuvwxyz1234567", "1a",
                                         "\U0002000b"};
    for (size_t i = 0; i < MEDGL_COUNT(pieces); i++) {
        char text[PASSWORD_BYTES_MAX + 1] = "";
        while (strlen(text) + strlen(pieces[i]) <= PASSWORD_BYTES_MAX)
            strcat(text, pieces[i]);
        auto_secret struct secret before = SECRET_NONE, after = SECRET_NONE;
        prepare(text, &before);
        text[SIMILAR_POINTS / 3] = 'x';
        prepare(i == MEDGL_COUNT(pieces) - 1 ? "\U0002000b-a7" : text, &after);
        const clock_t begin = clock(); /* of the processor: others work on this machine too */
        for (int round = 0; round < 20; round++) {
            (void)similar(&after, &before);
            (void)same_stem(&after, &before);
        }
        const double taken = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
        print_message("# %zu: %.2f ms\n", i, taken / 20);
        assert_true(taken < 20 * 50); /* valgrind takes fifty times as long */
    }
}

int main(void)
{
    TABLE_ADD("R14 after a change", changes, r14_change_is_judged);
    TABLE_ADD("R14 by stem", stems, r14_stem_is_judged);
    table_add("R14", "a text is similar to itself", r14_a_text_is_similar_to_itself, NULL);
    table_add("R14", "decorations leave the stem", r14_decorations_leave_the_stem, NULL);
    table_add("R19", "generated passwords are never similar",
              r19_generated_passwords_are_never_similar, NULL);
    table_add("R14", "random passwords are rarely similar", r14_random_passwords_are_rarely_similar,
              NULL);
    table_add("R14", "time is bounded", r14_time_is_bounded, NULL);
    return table_run("similar");
}
