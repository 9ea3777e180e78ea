/* Who may log in where and when, as tables of cases (R05, R22, R25, R27, R29), and what must hold
 * for any rule at any time. */
#include "base/auto.h"
#include "base/clock.h"
#include "policy/admission.h"
#include "tests/unit/table.h"

#include <string.h>

#define TOKYO (9 * 3600)

static uint64_t seed = 88172645463325252ULL; /* the same cases at every run */

static uint32_t dice(uint32_t sides)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)(seed >> 16) % sides;
}

/* "2026-11-21 17:00", as the clocks of a zone show it. */
static medgl_time at(const char *shown, int offset)
{
    char text[64];
    medgl_time t = 0;
    (void)snprintf(text, sizeof(text), "%.10sT%s:00.000Z", shown, shown + 11);
    if (clock_parse_utc(text, &t) != MEDGL_OK)
        fail_msg("%s is no time", shown);
    return t - offset * MEDGL_SECOND;
}

static int32_t day_of(const char *date)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%.10s 00:00", date);
    return (int32_t)(at(text, 0) / MEDGL_DAY);
}

/* -- notations -------------------------------------------------------------------------------- */

struct notation_row {
    const char *name, *text, *canonical; /* NULL: refused */
};

static void notation(const struct notation_row *row,
                     enum medgl_error (*parse)(const char *text, char *canonical))
{
    char canonical[POLICY_RULE_SIZE], again[POLICY_RULE_SIZE];
    const enum medgl_error error = parse(row->text, canonical);
    if (row->canonical == NULL) {
        assert_int_equal(error, MEDGL_ERR_ARGUMENT);
        return;
    }
    assert_int_equal(error, MEDGL_OK);
    assert_string_equal(canonical, row->canonical);
    assert_int_equal(parse(canonical, again), MEDGL_OK);
    assert_string_equal(again, canonical);
}

#define PARTS_8(text)  text text text text text text text text
#define PARTS_32(text) PARTS_8(text) PARTS_8(text) PARTS_8(text) PARTS_8(text)

static const struct notation_row hours_rows[] = {
    {"always", "always", "always"},
    {"always, in capitals between blanks", " \tALWAYS ", "always"},
    {"a week", "Mon-Fri 08:00-20:00", "Mon-Fri 08:00-20:00"},
    {"lower case", "mon-fri 08:00-20:00", "Mon-Fri 08:00-20:00"},
    {"blanks everywhere", " Mon - Fri ,\tSun  08:00 - 20:00 ; holiday\t09:00-10:00 ",
     "Mon-Fri,Sun 08:00-20:00; holiday 09:00-10:00"},
    {"a list that is a range", "Tue,Mon,Wed 08:00-09:00", "Mon-Wed 08:00-09:00"},
    {"two days are a list", "Mon-Tue 08:00-09:00", "Mon,Tue 08:00-09:00"},
    {"the same day twice", "Mon,Mon 08:00-09:00", "Mon 08:00-09:00"},
    {"round the end of the week", "Fri-Mon 08:00-09:00", "Mon,Fri-Sun 08:00-09:00"},
    {"Sunday to Monday", "Sun-Mon 08:00-09:00", "Mon,Sun 08:00-09:00"},
    {"holiday in a list", "holiday,Sat 08:00-09:00", "Sat,holiday 08:00-09:00"},
    {"week and holiday are not daily", "Mon-Sun 08:00-09:00", "Mon-Sun 08:00-09:00"},
    {"all eight are daily", "Mon-Sun,holiday 08:00-09:00", "daily 08:00-09:00"},
    {"daily", "Daily 00:00-24:00", "daily 00:00-24:00"},
    {"into the next day", "Fri 22:00-06:00", "Fri 22:00-06:00"},
    {"to midnight", "Fri 22:00-24:00", "Fri 22:00-24:00"},
    {"to midnight, as 00:00", "Fri 22:00-00:00", "Fri 22:00-24:00"},
    {"all of a day", "Fri 00:00-00:00", "Fri 00:00-24:00"},
    {"a day from 08:00 on", "Fri 08:00-08:00", "Fri 08:00-08:00"},
    {"one minute", "Fri 23:59-24:00", "Fri 23:59-24:00"},
    {"as many parts as fit", "Mon 00:00-00:01" PARTS_8("") ";Tue 00:00-00:01",
     "Mon 00:00-00:01; Tue 00:00-00:01"},
    {"nothing", "", NULL},
    {"blanks", " \t ", NULL},
    {"never", "never", NULL},
    {"always and more", "always; Mon 08:00-09:00", NULL},
    {"more and always", "Mon 08:00-09:00; always", NULL},
    {"days alone", "Mon-Fri", NULL},
    {"a range without end", "Mon-", NULL},
    {"a range without end, with a time", "Mon- 08:00-20:00", NULL},
    {"a range without begin", "-Fri 08:00-20:00", NULL},
    {"a range of one day", "Mon-Mon 08:00-20:00", NULL},
    {"a range of three", "Mon-Wed-Fri 08:00-20:00", NULL},
    {"a range to the holidays", "Mon-holiday 08:00-20:00", NULL},
    {"a range from the holidays", "holiday-Mon 08:00-20:00", NULL},
    {"daily in a list", "daily,Mon 08:00-20:00", NULL},
    {"daily in a list, last", "Mon,daily 08:00-20:00", NULL},
    {"a time alone", "08:00-20:00", NULL},
    {"no blank", "Mon08:00-20:00", NULL},
    {"a time of four digits", "Mon 0800-2000", NULL},
    {"one digit", "Mon 8:00-20:00", NULL},
    {"one digit of minutes", "Mon 08:0-20:00", NULL},
    {"three digits", "Mon 008:00-20:00", NULL},
    {"three digits of minutes", "Mon 08:000-20:00", NULL},
    {"hour 25", "Mon 08:00-25:00", NULL},
    {"minute 60", "Mon 08:60-20:00", NULL},
    {"24:01", "Mon 08:00-24:01", NULL},
    {"begins at 24:00", "Mon 24:00-08:00", NULL},
    {"seconds", "Mon 08:00:00-20:00:00", NULL},
    {"no end", "Mon 08:00", NULL},
    {"no end behind its dash", "Mon 08:00-", NULL},
    {"a second time", "Mon 08:00-12:00 13:00-17:00", NULL},
    {"a second time behind a comma", "Mon 08:00-12:00,13:00-17:00", NULL},
    {"a negative time", "Mon -1:00-20:00", NULL},
    {"am and pm", "Mon 08:00am-08:00pm", NULL},
    {"an empty part", "Mon 08:00-20:00;;Tue 08:00-20:00", NULL},
    {"an empty part at the end", "Mon 08:00-20:00;", NULL},
    {"an empty part at the begin", ";Mon 08:00-20:00", NULL},
    {"a comma at the end", "Mon, 08:00-20:00", NULL},
    {"a comma at the begin", ",Mon 08:00-20:00", NULL},
    {"no such day", "Mom 08:00-20:00", NULL},
    {"a long name", "Monday 08:00-20:00", NULL},
    {"a short name", "Mo 08:00-20:00", NULL},
    {"Japanese", "\xe6\x9c\x88 08:00-20:00", NULL},
    {"full-width digits", "Mon \xef\xbc\x90\xef\xbc\x98:00-20:00", NULL},
    {"a zone", "Mon 08:00-20:00 JST", NULL},
    {"a line end", "Mon 08:00-20:00\n", NULL},
    {"an escape", "Mon 08:00-20:00\x1b[2J", NULL},
    {"a format", "%s%n", NULL},
    {"very long", PARTS_32("Mon 00:00-00:01;") "Tue 00:00-00:01", NULL},
    {"long in blanks", PARTS_32("                                ") "always",
     "always"}, /* nothing is copied of them */
    {"as canonical too long",
     PARTS_8("Mon,Wed,Fri,Sun,holiday 00:00-00:01;")
         PARTS_8("Mon,Wed,Fri,Sun,holiday 00:00-00:01;") "Mon 00:00-00:01",
     NULL},
};

static void hours_notation(void **state)
{
    notation(*state, admission_parse_hours);
}

static const struct notation_row places_rows[] = {
    {"any", "any", "any"},
    {"any, in capitals", " ANY\t", "any"},
    {"words of ours", "Console ,LOCAL, Own", "console, local, own"},
    {"IPv4", "203.0.113.7", "203.0.113.7"},
    {"IPv4 with all its bits", "203.0.113.7/32", "203.0.113.7"},
    {"a network of IPv4", "10.1.0.0/16", "10.1.0.0/16"},
    {"all of IPv4", "0.0.0.0/0", "0.0.0.0/0"},
    {"IPv6", "2001:DB8:0:0::1", "2001:db8::1"},
    {"IPv6 with all its bits", "2001:db8::1/128", "2001:db8::1"},
    {"a network of IPv6", "2001:db8:0000::/32", "2001:db8::/32"},
    {"all of IPv6", "::/0", "::/0"},
    {"IPv6, no address", "::", "::"},
    {"loopback", "::1", "::1"},
    {"IPv4 in IPv6", "::ffff:10.1.2.3", "10.1.2.3"},
    {"IPv4 in IPv6, in hexadecimal", "::ffff:a01:203", "10.1.2.3"},
    {"a network of IPv4 in IPv6", "::ffff:10.1.0.0/112", "10.1.0.0/16"},
    {"all of IPv4 in IPv6", "::ffff:0:0/96", "0.0.0.0/0"},
    {"terminals", "tty1,ttyS0, tty*,pts/?,:0,:0.0,:*", "tty1, ttyS0, tty*, pts/?, :0, :0.0, :*"},
    {"a device's path", "/dev/tty1, /dev/pts/*", "tty1, pts/*"},
    {"any terminal", "*", "*"},
    {"hypervisor and mainframe", "hvc0, xvc0, hvsi1, 3270/tty1, sclp_line0",
     "hvc0, xvc0, hvsi1, 3270/tty1, sclp_line0"},
    {"consoles by a pattern", "console*", "console*"},
    {"nothing", "", NULL},
    {"blanks", " \t", NULL},
    {"none", "none", NULL},
    {"any and more", "any, tty1", NULL},
    {"more and any", "tty1, any", NULL},
    {"an empty part", "tty1,,tty2", NULL},
    {"an empty part at the end", "tty1,", NULL},
    {"an empty part at the begin", ",tty1", NULL},
    {"two in one part", "tty1 tty2", NULL},
    {"a host", "ward3", NULL},
    {"a host with dots", "ward3.example.org", NULL},
    {"a host that begins like a terminal", "tty.example.org", NULL},
    {"a domain", ".example.org", NULL},
    {"a pattern of hosts", "*.example.org", NULL},
    {"localhost", "localhost", NULL},
    {"a host with a prefix", "ward3/24", NULL},
    {"IPv4, too many bits", "10.0.0.0/33", NULL},
    {"IPv6, too many bits", "::/129", NULL},
    {"very many bits", "10.0.0.0/99999999999999999999", NULL},
    {"no bits", "10.0.0.0/", NULL},
    {"bits with a sign", "10.0.0.0/+8", NULL},
    {"negative bits", "10.0.0.0/-1", NULL},
    {"bits with a zero before them", "10.0.0.0/08", NULL},
    {"a mask", "10.0.0.0/255.0.0.0", NULL},
    {"two prefixes", "10.0.0.0/8/8", NULL},
    {"bits behind the prefix", "10.1.2.3/16", NULL},
    {"bits behind the prefix, IPv6", "2001:db8::1/64", NULL},
    {"IPv4 in IPv6 cut", "::ffff:0:0/90", NULL},
    {"three parts", "10.1.2", NULL},
    {"five parts", "10.1.2.3.4", NULL},
    {"one number", "167772161", NULL},
    {"hexadecimal", "0x0a000001", NULL},
    {"hexadecimal parts", "0xa.0.0.1", NULL},
    {"octal", "010.0.0.1", NULL},
    {"a zero before", "10.0.0.01", NULL},
    {"256", "10.0.0.256", NULL},
    {"a pattern of addresses", "10.1.*.*", NULL},
    {"a range of addresses", "10.1.0.1-10.1.0.9", NULL},
    {"five hexadecimal digits", "2001:db8::10000", NULL},
    {"two gaps", "2001::db8::1", NULL},
    {"in brackets", "[2001:db8::1]", NULL},
    {"a zone", "fe80::1%eth0", NULL},
    {"a zone by number", "fe80::1%2", NULL},
    {"a port", "10.1.2.3:22", NULL},
    {"a display on a host", "ward3:0", NULL},
    {"a colon", ":", NULL},
    {"a display without screen", ":0.", NULL},
    {"a path", "/tmp/tty1", NULL},
    {"dev alone", "/dev/", NULL},
    {"a set of characters", "tty[12]", NULL},
    {"a backslash", "tty\\*", NULL},
    {"a negation", "!tty1", NULL},
    {"a line end", "tty1\n", NULL},
    {"an escape", "tty\x1b[2J", NULL},
    {"a format", "%s%n", NULL},
    {"not ASCII", "tty\xe7\xab\xaf", NULL},
    {"not UTF-8", "tty\xff", NULL},
    {"a name of 63 bytes", "tty012345678901234567890123456789012345678901234567890123456789",
     "tty012345678901234567890123456789012345678901234567890123456789"},
    {"a name of 64 bytes", "tty0123456789012345678901234567890123456789012345678901234567890",
     NULL},
    {"very long", PARTS_32(PARTS_8("tty1,")) "tty1", NULL},
    {"as canonical too long", PARTS_32("tty1,tty2,tty3,") "t", NULL},
};

static void places_notation(void **state)
{
    notation(*state, admission_parse_places);
}

static const struct notation_row services_rows[] = {
    {"any", " Any ", "any"},
    {"one", "sshd", "sshd"},
    {"some", "sshd,login ,\tgdm-password", "sshd, login, gdm-password"},
    {"as libpam has it", "SSHD", "sshd"},
    {"dots and signs", "runuser-l, systemd-user, vsftpd.conf, a_b+c@d",
     "runuser-l, systemd-user, vsftpd.conf, a_b+c@d"},
    {"nothing", "", NULL},
    {"blanks", "  ", NULL},
    {"any and more", "any, su", NULL},
    {"more and any", "su, ANY", NULL},
    {"an empty part", "su,,sshd", NULL},
    {"a comma at the end", "su,", NULL},
    {"two in one part", "su sshd", NULL},
    {"a path", "/etc/pam.d/su", NULL},
    {"a way up", "../shadow", NULL},
    {"an option", "-l", NULL},
    {"a pattern", "su*", NULL},
    {"a line end", "su\n", NULL},
    {"an escape", "su\x1b[2J", NULL},
    {"not ASCII", "\xe8\xaa\x8d\xe8\xa8\xbc", NULL},
    {"64 bytes", "0123456789012345678901234567890123456789012345678901234567890123", NULL},
    {"very long", PARTS_32(PARTS_8("sshd,")) "su", NULL},
};

static void services_notation(void **state)
{
    notation(*state, admission_parse_services);
}

static const struct place_row {
    const char *name, *text;
    enum admission_origin origin; /* UNKNOWN: refused */
    const char *rule;             /* that holds there, and nowhere else in this table's rules */
} place_rows[] = {
    {"IPv4", "10.1.2.3", ADMISSION_ORIGIN_ADDRESS, "10.1.0.0/16"},
    {"IPv6", "2001:db8::1", ADMISSION_ORIGIN_ADDRESS, "2001:db8::/32"},
    {"IPv4 in IPv6", "::ffff:10.1.2.3", ADMISSION_ORIGIN_ADDRESS, "10.1.2.3"},
    {"a virtual console", "tty1", ADMISSION_ORIGIN_CONSOLE, "tty1, tty2"},
    {"with its path", "/dev/ttyS0", ADMISSION_ORIGIN_CONSOLE, "ttyS0"},
    {"a display", ":0", ADMISSION_ORIGIN_CONSOLE, ":0"},
    {"a pty", "pts/3", ADMISSION_ORIGIN_LOCAL, "pts/?"},
    {"console", "Console", ADMISSION_ORIGIN_CONSOLE, "console"},
    {"local", "LOCAL", ADMISSION_ORIGIN_LOCAL, "local"},
    {"own", "Own", ADMISSION_ORIGIN_LOCAL, "own"},
    {"own is local", "own", ADMISSION_ORIGIN_LOCAL, "local"},
    {"whichever terminal there is", "tty", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a pty of long ago", "ttyp0", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a pty without its number", "pts/", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"nothing", "", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"any", "any", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a network", "10.1.0.0/16", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a pattern", "tty*", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a pattern of displays", ":?", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a star", "*", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a host", "ward3.example.org", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"a number", "0x0a000001", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"two", "tty1, tty2", ADMISSION_ORIGIN_UNKNOWN, NULL},
    {"with a blank", "tty1 ", ADMISSION_ORIGIN_UNKNOWN, NULL},
};

static struct admission_decision admit_at(const struct policy *policy, const char *places,
                                          const struct admission_place *place)
{
    const struct admission_facts facts = {
        .class_ = ACCOUNT_CLASS_STAFF, .places = places, .place = place, .service = "login"};
    return policy_admit(policy, &facts, 20000 * MEDGL_DAY);
}

static void place_of_a_command_line(void **state)
{
    const struct place_row *row = *state;
    struct admission_place place;
    struct policy policy;
    policy_defaults(&policy);
    assert_int_equal(admission_parse_place(row->text, &place),
                     row->rule == NULL ? MEDGL_ERR_ARGUMENT : MEDGL_OK);
    assert_int_equal(place.origin, row->origin);
    if (row->rule != NULL)
        assert_int_equal(admit_at(&policy, row->rule, &place).reason, ADMISSION_GRANTED);
    assert_int_equal(admit_at(&policy, "203.0.113.0/24, tty9, hvc*", &place).reason,
                     ADMISSION_PLACE);
}

/* -- hours ------------------------------------------------------------------------------------ */

/* 2026-11-23 is a Monday and a holiday, 2026-11-21 a Saturday. */
static const char *const holidays[] = {"2026-01-01", "2026-11-03", "2026-11-23",
                                       "2026-12-31", "2027-01-01", "2027-01-02"};

static struct policy with_calendar(void)
{
    struct policy policy;
    policy_defaults(&policy);
    for (size_t i = 0; i < MEDGL_COUNT(holidays); i++)
        policy.calendar.day[policy.calendar.count++] = day_of(holidays[i]);
    return policy;
}

static struct admission_decision admit_then(const struct policy *policy, const char *hours,
                                            medgl_time now, int offset)
{
    static const struct admission_place place = {.origin = ADMISSION_ORIGIN_CONSOLE};
    const struct admission_facts facts = {.class_ = ACCOUNT_CLASS_STAFF,
                                          .hours = hours,
                                          .place = &place,
                                          .service = "login",
                                          .utc_offset = offset};
    return policy_admit(policy, &facts, now);
}

static const struct hours_row {
    const char *name, *rule, *shown;
    bool granted;
    const char *until; /* as the clocks show it; "": no end */
} held_rows[] = {
    {"always", "always", "2026-11-21 03:00", true, ""},
    {"first minute", "Sat 08:00-20:00", "2026-11-21 08:00", true, "2026-11-21 20:00"},
    {"before it", "Sat 08:00-20:00", "2026-11-21 07:59", false, ""},
    {"last minute", "Sat 08:00-20:00", "2026-11-21 19:59", true, "2026-11-21 20:00"},
    {"after it", "Sat 08:00-20:00", "2026-11-21 20:00", false, ""},
    {"another day", "Fri 08:00-20:00", "2026-11-21 12:00", false, ""},
    {"one of a list", "Mon,Sat 08:00-20:00", "2026-11-21 12:00", true, "2026-11-21 20:00"},
    {"one of a range", "Thu-Mon 08:00-20:00", "2026-11-21 12:00", true, "2026-11-21 20:00"},
    {"outside of a range", "Mon-Fri 08:00-20:00", "2026-11-21 12:00", false, ""},
    {"Sunday", "Sun 08:00-20:00", "2026-11-22 12:00", true, "2026-11-22 20:00"},
    {"Friday", "Fri 08:00-20:00", "2026-11-20 12:00", true, "2026-11-20 20:00"},
    {"the second part", "Mon 08:00-20:00; Sat 10:00-12:00", "2026-11-21 11:00", true,
     "2026-11-21 12:00"},
    {"parts that touch", "Sat 08:00-10:00; Sat 10:00-12:00", "2026-11-21 09:00", true,
     "2026-11-21 12:00"},
    {"parts that overlap", "Sat 09:00-12:00; Sat 08:00-10:00", "2026-11-21 08:30", true,
     "2026-11-21 12:00"},
    {"parts with a gap", "Sat 08:00-10:00; Sat 10:01-12:00", "2026-11-21 09:00", true,
     "2026-11-21 10:00"},
    {"to midnight", "Sat 20:00-24:00", "2026-11-21 23:59", true, "2026-11-22 00:00"},
    {"to midnight and no further", "Sat 20:00-24:00", "2026-11-22 00:00", false, ""},
    {"from midnight", "Sun 00:00-06:00", "2026-11-22 00:00", true, "2026-11-22 06:00"},
    {"over midnight, in the evening", "Sat 22:00-06:00", "2026-11-21 23:00", true,
     "2026-11-22 06:00"},
    {"over midnight, in the morning", "Sat 22:00-06:00", "2026-11-22 05:59", true,
     "2026-11-22 06:00"},
    {"over midnight, at its end", "Sat 22:00-06:00", "2026-11-22 06:00", false, ""},
    {"over midnight, the morning before", "Sat 22:00-06:00", "2026-11-21 05:00", false, ""},
    {"a day from 08:00 on", "Sat 08:00-08:00", "2026-11-22 07:59", true, "2026-11-22 08:00"},
    {"a day from 08:00 on, over", "Sat 08:00-08:00", "2026-11-22 08:00", false, ""},
    {"nights that touch days", "Sat 22:00-06:00; Sun 06:00-12:00", "2026-11-21 22:00", true,
     "2026-11-22 12:00"},
    {"holiday", "holiday 08:00-20:00", "2026-11-23 12:00", true, "2026-11-23 20:00"},
    {"holiday, on another day", "holiday 08:00-20:00", "2026-11-24 12:00", false, ""},
    {"a holiday is no Monday", "Mon 08:00-20:00", "2026-11-23 12:00", false, ""},
    {"a holiday is in no range", "Mon-Sun 08:00-20:00", "2026-11-23 12:00", false, ""},
    {"a holiday is daily", "daily 08:00-20:00", "2026-11-23 12:00", true, "2026-11-23 20:00"},
    {"the evening before goes on into it", "Sun 22:00-06:00", "2026-11-23 05:00", true,
     "2026-11-23 06:00"},
    {"its evening goes on after it", "holiday 22:00-06:00", "2026-11-24 05:00", true,
     "2026-11-24 06:00"},
    {"a holiday's evening is no Monday's", "Mon 22:00-06:00", "2026-11-24 05:00", false, ""},
    {"the first holiday of the file", "holiday 08:00-20:00", "2026-01-01 12:00", true,
     "2026-01-01 20:00"},
    {"the last holiday of the file", "holiday 08:00-20:00", "2027-01-02 12:00", true,
     "2027-01-02 20:00"},
    {"holidays in a row", "holiday 00:00-24:00", "2026-12-31 12:00", true, "2027-01-03 00:00"},
    {"days in a row", "Tue-Sun 00:00-24:00", "2026-11-24 00:00", true, "2026-11-30 00:00"},
    {"days in a row, to a holiday", "Mon-Sun 00:00-24:00", "2026-11-17 12:00", true,
     "2026-11-23 00:00"},
    {"all of the time", "daily 00:00-24:00", "2026-11-21 12:00", true, ""},
    {"all of the time, in pieces", "daily 22:00-06:00; daily 05:00-22:30", "2026-11-21 12:00", true,
     ""},
    {"more than a week", "Mon-Sun 00:00-24:00", "2026-11-08 12:00", true, ""},
    {"eight days, to the minute", "Mon-Sun 00:00-24:00", "2026-11-15 00:00", true,
     "2026-11-23 00:00"},
    {"a minute more", "Mon-Sun 00:00-24:00", "2026-11-14 23:59", true, ""},
    {"eight days and on", "Mon-Sun 00:00-24:00", "2026-11-08 00:00", true, ""},
    {"leap day", "Tue 08:00-20:00", "2028-02-29 12:00", true, "2028-02-29 20:00"},
    {"before the epoch", "Wed 08:00-20:00", "1969-12-31 12:00", true, "1969-12-31 20:00"},
    {"malformed", "Mon-", "2026-11-23 12:00", false, ""},
    {"malformed behind a part that holds", "Sat 00:00-24:00; x", "2026-11-21 12:00", false, ""},
};

static void hours_held(void **state)
{
    static const int offsets[] = {0, TOKYO, -5 * 3600, 5 * 3600 + 2700, 14 * 3600, -12 * 3600};
    const struct hours_row *row = *state;
    const struct policy policy = with_calendar();
    for (size_t i = 0; i < MEDGL_COUNT(offsets); i++) {
        const medgl_time now = at(row->shown, offsets[i]);
        const struct admission_decision decision = admit_then(&policy, row->rule, now, offsets[i]);
        assert_int_equal(decision.reason, row->granted ? ADMISSION_GRANTED : ADMISSION_HOURS);
        assert_int_equal(decision.hours.granted, row->granted);
        assert_int_equal(decision.until, row->until[0] != '\0' ? at(row->until, offsets[i]) : 0);
        bool holiday = false;
        for (size_t day = 0; day < MEDGL_COUNT(holidays); day++)
            holiday = holiday || strncmp(holidays[day], row->shown, 10) == 0;
        assert_int_equal(decision.holiday, holiday);
    }
}

/* The same moment is another day elsewhere. */
static void hours_of_zones(void **state)
{
    const struct policy policy = with_calendar();
    const medgl_time now = at("2026-11-21 23:30", 0);
    (void)state;
    assert_int_equal(admit_then(&policy, "Sat 00:00-24:00", now, 0).reason, ADMISSION_GRANTED);
    assert_int_equal(admit_then(&policy, "Sat 00:00-24:00", now, TOKYO).reason, ADMISSION_HOURS);
    assert_int_equal(admit_then(&policy, "Sun 08:00-09:00", now, TOKYO).until,
                     at("2026-11-22 00:00", 0));
    assert_false(admit_then(&policy, "always", at("2026-11-22 12:00", 0), 0).holiday);
    assert_true(admit_then(&policy, "always", at("2026-11-22 15:00", 0), TOKYO).holiday);
}

static void hours_at_the_ends_of_time(void **state)
{
    static const medgl_time ends[] = {
        INT64_MIN,     INT64_MIN + 1,     -MEDGL_DAY,    -1,       0, 1,
        INT64_MAX / 4, INT64_MAX / 4 + 1, INT64_MAX - 1, INT64_MAX};
    const struct policy policy = with_calendar();
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(ends); i++) {
        const struct admission_decision decision =
            admit_then(&policy, "daily 00:00-24:00", ends[i], TOKYO);
        const bool far = ends[i] > INT64_MAX / 4 || ends[i] < -(INT64_MAX / 4);
        assert_int_equal(decision.reason, far ? ADMISSION_HOURS : ADMISSION_GRANTED);
    }
}

/* A calendar that cannot be read refuses by hours, whatever they are, and "always" it does not. */
static void hours_without_a_calendar(void **state)
{
    struct policy policy = with_calendar();
    const medgl_time now = at("2026-11-21 12:00", 0);
    (void)state;
    policy.calendar.known = false;
    assert_int_equal(admit_then(&policy, "always", now, 0).reason, ADMISSION_GRANTED);
    assert_int_equal(admit_then(&policy, "", now, 0).reason, ADMISSION_GRANTED);
    struct admission_decision decision = admit_then(&policy, "daily 00:00-24:00", now, 0);
    assert_int_equal(decision.reason, ADMISSION_CALENDAR);
    assert_false(decision.hours.granted);
    assert_int_equal(decision.until, 0);
    assert_false(admit_then(&policy, "always", at("2026-11-23 12:00", 0), 0).holiday);
}

/* A rule of parts at random, as an administrator could have written it. */
static void random_rule(char *rule, size_t size)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    size_t used = 0;
    for (uint32_t part = 0, parts = 1 + dice(5); part < parts; part++) {
        used += (size_t)snprintf(rule + used, size - used, "%s", part > 0 ? ";" : "");
        const uint32_t first = dice(7), last = dice(7);
        const uint32_t kind = dice(4);
        if (kind == 0)
            used += (size_t)snprintf(rule + used, size - used, "daily");
        else if (kind == 1)
            used += (size_t)snprintf(rule + used, size - used, "holiday,%s", days[first]);
        else
            used += (size_t)snprintf(rule + used, size - used, "%s%s%s", days[first],
                                     kind == 2 && first != last ? "-" : ",", days[last]);
        /* Often at the same few times, so that parts touch. */
        const uint32_t begin = dice(2) != 0 ? dice(4) * 360 : dice(1440),
                       end = dice(2) != 0 ? dice(5) * 360 : dice(1441);
        used += (size_t)snprintf(rule + used, size - used, " %02u:%02u-%02u:%02u", begin / 60,
                                 begin % 60, end / 60, end % 60);
    }
    assert_true(used < size);
}

/* For any rule at any time: it is granted to the last millisecond before `until`, refused then,
 * granted at any time between, and what it says does not depend on how it is written. */
static void hours_end_when_they_say(void **state)
{
    static const int offsets[] = {0, TOKYO, -5 * 3600 - 1800};
    struct policy policy = with_calendar();
    int ended = 0, endless = 0, refused = 0;
    (void)state;
    for (int i = 0; i < 5000; i++) {
        char rule[256], canonical[POLICY_RULE_SIZE];
        const int offset = offsets[dice(3)];
        const medgl_time now =
            at("2026-10-25 00:00", 0) + (medgl_time)dice(80 * 1440) * MEDGL_MINUTE;
        random_rule(rule, sizeof(rule));
        if (admission_parse_hours(rule, canonical) != MEDGL_OK)
            fail_msg("%s", rule);
        const struct admission_decision decision = admit_then(&policy, rule, now, offset),
                                        again = admit_then(&policy, canonical, now, offset);
        if (decision.reason != again.reason || decision.until != again.until)
            fail_msg("%s is not %s", rule, canonical);
        if (decision.reason != ADMISSION_GRANTED) {
            assert_int_equal(decision.reason, ADMISSION_HOURS);
            refused++;
            continue;
        }
        const medgl_time end = decision.until != 0 ? decision.until : now + 8 * MEDGL_DAY;
        const medgl_time between = now + (medgl_time)dice((uint32_t)(end - now));
        if (end <= now || end > now + 8 * MEDGL_DAY ||
            admit_then(&policy, rule, end - 1, offset).reason != ADMISSION_GRANTED ||
            admit_then(&policy, rule, between, offset).reason != ADMISSION_GRANTED)
            fail_msg("%s at %lld until %lld", rule, (long long)now, (long long)decision.until);
        if (decision.until != 0 &&
            admit_then(&policy, rule, decision.until, offset).reason != ADMISSION_HOURS)
            fail_msg("%s at %lld goes on", rule, (long long)now);
        if (decision.until != 0)
            ended++;
        else
            endless++;
    }
    assert_true(ended > 1000 && endless > 50 && refused > 1000);
}

/* Against a minute by minute look at each part, written down in another way. */
static bool minute_holds(const char *rule, const struct policy *policy, medgl_time local)
{
    static const char *const names[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    char text[256], *left = text, *part;
    (void)snprintf(text, sizeof(text), "%s", rule);
    const int minute = (int)(local % MEDGL_DAY / MEDGL_MINUTE);
    while ((part = strsep(&left, ";")) != NULL) {
        char days[64];
        int bh, bm, eh, em;
        assert_int_equal(sscanf(part, "%63s %d:%d-%d:%d", days, &bh, &bm, &eh, &em), 5);
        const int begin = bh * 60 + bm, end = eh * 60 + em;
        for (int before = 0; before < 2; before++) {
            const int64_t day = local / MEDGL_DAY - before;
            const int then = minute + before * 1440, until = end <= begin ? end + 1440 : end;
            bool holiday = false, on = strcmp(days, "daily") == 0;
            for (size_t i = 0; i < policy->calendar.count; i++)
                holiday = holiday || policy->calendar.day[i] == day;
            char *dash = strchr(days, '-');
            for (int d = 0; d < 7 && !on && !holiday && dash != NULL; d++)
                if (strncmp(names[d], days, 3) == 0)
                    for (on = names[d] == names[day % 7];
                         !on && strcmp(names[d % 7], dash + 1) != 0;)
                        on = names[++d % 7] == names[day % 7];
            if (dash == NULL)
                on = on || (holiday ? strstr(days, "holiday") != NULL
                                    : strstr(days, names[day % 7]) != NULL);
            if (on && then >= begin && then < until)
                return true;
        }
    }
    return false;
}

static void hours_agree_with_a_plain_reading(void **state)
{
    const struct policy policy = with_calendar();
    (void)state;
    for (int i = 0; i < 5000; i++) {
        char rule[256];
        const medgl_time now =
            at("2026-10-25 00:00", 0) + (medgl_time)dice(80 * 1440) * MEDGL_MINUTE;
        random_rule(rule, sizeof(rule));
        const bool granted = admit_then(&policy, rule, now, 0).reason == ADMISSION_GRANTED;
        if (granted != minute_holds(rule, &policy, now))
            fail_msg("%s at minute %lld: %d", rule, (long long)(now / MEDGL_MINUTE), granted);
    }
}

/* Bytes at random near the notations: nothing is read beyond, and what is accepted has one form. */
static void notations_stand_garbage(void **state)
{
    static const char alphabet[] =
        "MonFriholidaydailyalways any10.1/:-,;*? \t%\\\xff\n0123456789abcdef";
    enum medgl_error (*const parse[])(const char *, char *) = {
        admission_parse_hours, admission_parse_places, admission_parse_services};
    int accepted = 0;
    (void)state;
    for (int i = 0; i < 15000; i++) {
        const size_t len = dice(dice(8) == 0 ? 600 : 12);
        auto_free char *text = malloc(len + 1); /* its end is watched */
        char canonical[POLICY_RULE_SIZE], again[POLICY_RULE_SIZE];
        assert_non_null(text);
        for (size_t at = 0; at < len; at++)
            text[at] = alphabet[dice(sizeof(alphabet) - 1)];
        text[len] = '\0';
        if (parse[i % 3](text, canonical) != MEDGL_OK)
            continue;
        accepted++;
        assert_int_equal(parse[i % 3](canonical, again), MEDGL_OK);
        assert_string_equal(again, canonical);
    }
    assert_true(accepted > 50);
}

/* -- places and services ---------------------------------------------------------------------- */

static const struct places_row {
    const char *name, *rule;
    enum admission_origin origin;
    const char *where; /* address or terminal */
    bool granted, own;
} admitted_rows[] = {
    {"any, unknown", "any", ADMISSION_ORIGIN_UNKNOWN, "", true},
    {"any, from an address", "any", ADMISSION_ORIGIN_ADDRESS, "203.0.113.7", true},
    {"everything but any, unknown", "*, console, own, local, 0.0.0.0/0, ::/0",
     ADMISSION_ORIGIN_UNKNOWN, "tty1", false, true},
    {"one address", "10.1.2.3", ADMISSION_ORIGIN_ADDRESS, "10.1.2.3", true},
    {"its neighbour", "10.1.2.3", ADMISSION_ORIGIN_ADDRESS, "10.1.2.2", false},
    {"first of a network", "10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "10.1.0.0", true},
    {"last of a network", "10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "10.1.255.255", true},
    {"before a network", "10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "10.0.255.255", false},
    {"behind a network", "10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "10.2.0.0", false},
    {"a prefix inside a byte", "10.1.2.128/25", ADMISSION_ORIGIN_ADDRESS, "10.1.2.128", true},
    {"outside of it", "10.1.2.128/25", ADMISSION_ORIGIN_ADDRESS, "10.1.2.127", false},
    {"31 bits", "10.1.2.2/31", ADMISSION_ORIGIN_ADDRESS, "10.1.2.3", true},
    {"31 bits, outside", "10.1.2.2/31", ADMISSION_ORIGIN_ADDRESS, "10.1.2.4", false},
    {"all of IPv4", "0.0.0.0/0", ADMISSION_ORIGIN_ADDRESS, "255.255.255.255", true},
    {"all of IPv4 is none of IPv6", "0.0.0.0/0", ADMISSION_ORIGIN_ADDRESS, "2001:db8::1", false},
    {"all of IPv6 is none of IPv4", "::/0", ADMISSION_ORIGIN_ADDRESS, "10.1.2.3", false},
    {"all of IPv6", "::/0", ADMISSION_ORIGIN_ADDRESS, "fe80::1", true},
    {"IPv4 as IPv6 carries it", "10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "::ffff:10.1.2.3", true},
    {"IPv4 by its old place in IPv6 is none", "10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "::10.1.2.3",
     false},
    {"a network of IPv6", "2001:db8::/32", ADMISSION_ORIGIN_ADDRESS, "2001:db8:ffff::1", true},
    {"behind it", "2001:db8::/32", ADMISSION_ORIGIN_ADDRESS, "2001:db9::", false},
    {"a prefix of 65", "2001:db8::/65", ADMISSION_ORIGIN_ADDRESS, "2001:db8::7fff:0:0:1", true},
    {"a prefix of 65, outside", "2001:db8::/65", ADMISSION_ORIGIN_ADDRESS, "2001:db8::8000:0:0:1",
     false},
    {"the second of a list", "192.0.2.1, 10.1.0.0/16", ADMISSION_ORIGIN_ADDRESS, "10.1.2.3", true},
    {"an address is no terminal", "*", ADMISSION_ORIGIN_ADDRESS, "10.1.2.3", false},
    {"an address is not local", "console, local", ADMISSION_ORIGIN_ADDRESS, "127.0.0.1", false},
    {"loopback by its address", "127.0.0.0/8, ::1", ADMISSION_ORIGIN_ADDRESS, "::1", true},
    {"console", "console", ADMISSION_ORIGIN_CONSOLE, "tty1", true},
    {"console without a name", "console", ADMISSION_ORIGIN_CONSOLE, "", true},
    {"console is not local", "local", ADMISSION_ORIGIN_CONSOLE, "tty1", false},
    {"local", "local", ADMISSION_ORIGIN_LOCAL, "", true},
    {"local, of its owner", "local", ADMISSION_ORIGIN_LOCAL, "", true, true},
    {"own", "own", ADMISSION_ORIGIN_LOCAL, "", true, true},
    {"own, of somebody else", "own", ADMISSION_ORIGIN_LOCAL, "pts/3", false},
    {"own is not a console", "own", ADMISSION_ORIGIN_CONSOLE, "tty1", false, true},
    {"own is no address", "own", ADMISSION_ORIGIN_ADDRESS, "127.0.0.1", false, true},
    {"one loopback", "127.0.0.5", ADMISSION_ORIGIN_ADDRESS, "127.0.0.5", true},
    {"another loopback", "127.0.0.5", ADMISSION_ORIGIN_ADDRESS, "127.0.0.1", false},
    {"a terminal that su was given", "tty1", ADMISSION_ORIGIN_LOCAL, "tty1", false},
    {"whichever it has", "tty*", ADMISSION_ORIGIN_LOCAL, "tty", false},
    {"a serial line that su was given", "tty*, *", ADMISSION_ORIGIN_LOCAL, "ttyUSB0", false},
    {"no pty by its name", "*", ADMISSION_ORIGIN_LOCAL, "pts/x", false},
    {"local is not a console", "console", ADMISSION_ORIGIN_LOCAL, "tty1", false},
    {"a terminal", "tty1", ADMISSION_ORIGIN_CONSOLE, "tty1", true},
    {"another terminal", "tty1", ADMISSION_ORIGIN_CONSOLE, "tty2", false},
    {"a longer name", "tty1", ADMISSION_ORIGIN_CONSOLE, "tty11", false},
    {"a pattern", "tty*", ADMISSION_ORIGIN_CONSOLE, "ttyS0", true},
    {"one character", "tty?", ADMISSION_ORIGIN_CONSOLE, "tty9", true},
    {"one character and no two", "tty?", ADMISSION_ORIGIN_CONSOLE, "tty10", false},
    {"upper case is another", "ttys0", ADMISSION_ORIGIN_CONSOLE, "ttyS0", false},
    {"a display", ":0", ADMISSION_ORIGIN_CONSOLE, ":0", true},
    {"a pty", "pts/*", ADMISSION_ORIGIN_LOCAL, "pts/12", true},
    {"any terminal", "*", ADMISSION_ORIGIN_LOCAL, "pts/12", true},
    {"any terminal, none there", "*", ADMISSION_ORIGIN_LOCAL, "", false},
    {"no pattern in the terminal's name", "tty1", ADMISSION_ORIGIN_CONSOLE, "tty*", false},
    {"a service of the machine", "tty1", ADMISSION_ORIGIN_SYSTEM, "", true},
    {"a service of the machine, malformed", "x y", ADMISSION_ORIGIN_SYSTEM, "", true},
    {"malformed", "ward3", ADMISSION_ORIGIN_CONSOLE, "ward3", false},
    {"malformed behind one that holds", "console, ward3", ADMISSION_ORIGIN_CONSOLE, "tty1", false},
    {"malformed before one that holds", "ward3, console", ADMISSION_ORIGIN_CONSOLE, "tty1", false},
    {"any among others", "any, console", ADMISSION_ORIGIN_CONSOLE, "tty1", false},
};

static void places_admitted(void **state)
{
    const struct places_row *row = *state;
    struct admission_place place = {.origin = row->origin};
    struct policy policy;
    policy_defaults(&policy);
    if (row->origin == ADMISSION_ORIGIN_ADDRESS)
        assert_int_equal(admission_parse_place(row->where, &place), MEDGL_OK);
    else
        (void)snprintf(place.terminal, sizeof(place.terminal), "%s", row->where);
    assert_int_equal(place.origin, row->origin);
    place.own = row->own;
    const struct admission_decision decision = admit_at(&policy, row->rule, &place);
    assert_int_equal(decision.reason, row->granted ? ADMISSION_GRANTED : ADMISSION_PLACE);
    assert_int_equal(decision.places.granted, row->granted);
}

/* Whoever came from a network is asked for a place again by sudo, su and the screen's locker. */
static void places_that_strand(void **state)
{
    static const struct {
        const char *rule;
        bool strand;
    } rows[] = {
        {"10.1.0.0/16", true},
        {"203.0.113.7, 2001:db8::/32", true},
        {"tty1, 10.1.0.0/16", true},
        {"10.1.0.0/16, local", false},
        {"own, 10.1.0.0/16", false},
        {"console, 10.1.0.0/16", false},
        {"pts/*, 10.1.0.0/16", false},
        {"*, ::/0", false},
        {"any", false},
        {"tty1", false},
        {"console", false},
        {"10.1.0.0/16, ward3", false}, /* admits nobody */
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        assert_int_equal(admission_places_strand(rows[i].rule), rows[i].strand);
}

static const struct console_row {
    const char *name;
    bool console;
} console_rows[] = {
    {"tty1", true},   {"tty63", true},   {"ttyS0", true},  {"ttyAMA0", true}, {"ttyUSB0", true},
    {"hvc0", true},   {"console", true}, {":0", true},     {":0.0", true},    {"tty", false},
    {"ttyp0", false}, {"pts/0", false},  {"::/64", false}, {"", false},       {":", false},
};

static void console_or_not(void **state)
{
    const struct console_row *row = *state;
    assert_int_equal(admission_is_console(row->name), row->console);
}

static const struct service_row {
    const char *name, *rule, *service;
    bool granted;
} service_rows[] = {
    {"any", "any", "sshd", true},
    {"any, none named", "any", "", true},
    {"one", "sshd", "sshd", true},
    {"another", "sshd", "su", false},
    {"a longer name", "su", "su-l", false},
    {"a shorter name", "su-l", "su", false},
    {"the last of a list", "sshd, login, su", "su", true},
    {"the case of a host", "sshd", "SSHD", true},
    {"none named", "sshd", "", false},
    {"malformed", "su, ../x", "su", false},
    {"any among others", "su, any", "su", false},
};

static void services_admitted(void **state)
{
    const struct service_row *row = *state;
    static const struct admission_place place = {.origin = ADMISSION_ORIGIN_UNKNOWN};
    const struct admission_facts facts = {.class_ = ACCOUNT_CLASS_STAFF,
                                          .services = row->rule,
                                          .place = &place,
                                          .service = row->service};
    struct policy policy;
    policy_defaults(&policy);
    const struct admission_decision decision = policy_admit(&policy, &facts, MEDGL_DAY);
    assert_int_equal(decision.reason, row->granted ? ADMISSION_GRANTED : ADMISSION_SERVICE);
    assert_int_equal(decision.services.granted, row->granted);
}

/* -- closed hours that a grant opens (R03, R22) ------------------------------------------------ */

/* Of a Saturday; 2026-11-23 is a Monday and a holiday. */
static const struct grant_row {
    const char *name, *hours, *now, *granted;
    bool open, by_grant;
    const char *until; /* "": no end, or refused */
} grant_rows[] = {
    {"no grant", "Sat 08:00-12:00", "2026-11-21 13:00", "", false, false, ""},
    {"a grant", "Sat 08:00-12:00", "2026-11-21 13:00", "2026-11-21 15:30", true, true,
     "2026-11-21 15:30"},
    {"to the minute", "Sat 08:00-12:00", "2026-11-21 15:29", "2026-11-21 15:30", true, true,
     "2026-11-21 15:30"},
    {"over", "Sat 08:00-12:00", "2026-11-21 15:30", "2026-11-21 15:30", false, false, ""},
    {"long over", "Sat 08:00-12:00", "2026-11-21 15:30", "2026-11-01 00:00", false, false, ""},
    {"ends while hours hold, which go on", "Sat 08:00-12:00", "2026-11-21 07:00",
     "2026-11-21 09:00", true, true, "2026-11-21 12:00"},
    {"ends when they begin", "Sat 08:00-12:00", "2026-11-21 07:00", "2026-11-21 08:00", true, true,
     "2026-11-21 12:00"},
    {"ends before they begin", "Sat 08:00-12:00", "2026-11-21 07:00", "2026-11-21 07:59", true,
     true, "2026-11-21 07:59"},
    {"goes on behind them", "Sat 08:00-12:00", "2026-11-21 07:00", "2026-11-21 13:00", true, true,
     "2026-11-21 13:00"},
    {"and to when they end", "Sat 08:00-12:00", "2026-11-21 07:00", "2026-11-21 12:00", true, true,
     "2026-11-21 12:00"},
    {"hours that hold", "Sat 08:00-12:00", "2026-11-21 09:00", "2026-11-21 10:00", true, false,
     "2026-11-21 12:00"},
    {"hours that hold, and then a grant", "Sat 08:00-12:00", "2026-11-21 09:00", "2026-11-21 18:00",
     true, false, "2026-11-21 18:00"},
    {"hours, a grant, hours", "daily 08:00-12:00", "2026-11-21 09:00", "2026-11-22 09:00", true,
     false, "2026-11-22 12:00"},
    {"into hours without an end", "Mon-Sun 00:00-24:00; holiday 12:00-24:00", "2026-11-23 08:00",
     "2026-11-23 13:00", true, true, ""},
    {"always, whatever is granted", "always", "2026-11-21 09:00", "2026-11-21 10:00", true, false,
     ""},
    {"on a holiday", "Mon-Fri 08:00-20:00", "2026-11-23 10:00", "2026-11-23 12:00", true, true,
     "2026-11-23 12:00"},
    {"a rule that is none", "Sat 8-12", "2026-11-21 09:00", "2026-11-21 10:00", false, false, ""},
    {"before the epoch", "Sat 08:00-12:00", "1969-06-01 09:00", "", false, false, ""},
};

static void hours_granted(void **state)
{
    static const int offsets[] = {0, TOKYO, -5 * 3600};
    static const struct admission_place place = {.origin = ADMISSION_ORIGIN_ADDRESS};
    const struct grant_row *row = *state;
    struct policy policy = with_calendar();
    for (size_t i = 0; i < MEDGL_COUNT(offsets); i++) {
        const int offset = offsets[i];
        struct admission_facts facts = {.class_ = ACCOUNT_CLASS_STAFF,
                                        .hours = row->hours,
                                        .place = &place,
                                        .service = "sshd",
                                        .utc_offset = offset,
                                        .granted_until =
                                            row->granted[0] == '\0' ? 0 : at(row->granted, offset)};
        const medgl_time now = at(row->now, offset),
                         until = row->until[0] == '\0' ? 0 : at(row->until, offset);
        struct admission_decision decision = policy_admit(&policy, &facts, now);
        assert_int_equal(decision.reason, row->open ? ADMISSION_GRANTED : ADMISSION_HOURS);
        assert_int_equal(decision.hours.granted, row->open);
        assert_int_equal(decision.by_grant, row->by_grant);
        assert_int_equal(decision.until, until);
        facts.places = "console"; /* R27: places and services are asked nevertheless */
        decision = policy_admit(&policy, &facts, now);
        assert_int_equal(decision.reason, ADMISSION_PLACE);
        assert_int_equal(decision.until, 0);
        facts.services = "login";
        assert_int_equal(policy_admit(&policy, &facts, now).reason, ADMISSION_SERVICE);
    }
}

/* Who has an approval is not kept out by a file of holidays; nor let in for longer. */
static void grant_without_a_calendar(void **state)
{
    static const struct admission_place place = {.origin = ADMISSION_ORIGIN_CONSOLE};
    struct policy policy = with_calendar();
    struct admission_facts facts = {.class_ = ACCOUNT_CLASS_STAFF,
                                    .hours = "Sat 08:00-20:00",
                                    .place = &place,
                                    .service = "login",
                                    .granted_until = at("2026-11-21 10:00", 0)};
    (void)state;
    policy.calendar.known = false;
    struct admission_decision decision = policy_admit(&policy, &facts, at("2026-11-21 09:00", 0));
    assert_int_equal(decision.reason, ADMISSION_GRANTED);
    assert_true(decision.by_grant);
    assert_int_equal(decision.until, at("2026-11-21 10:00", 0));
    assert_int_equal(policy_admit(&policy, &facts, at("2026-11-21 10:00", 0)).reason,
                     ADMISSION_CALENDAR);
}

static void grant_at_the_ends_of_time(void **state)
{
    static const struct admission_place place = {.origin = ADMISSION_ORIGIN_CONSOLE};
    const struct policy policy = with_calendar();
    struct admission_facts facts = {.class_ = ACCOUNT_CLASS_STAFF,
                                    .hours = "Sat 08:00-12:00",
                                    .place = &place,
                                    .service = "login",
                                    .utc_offset = TOKYO,
                                    .granted_until = INT64_MAX};
    (void)state;
    assert_int_equal(policy_admit(&policy, &facts, INT64_MAX - 1).reason, ADMISSION_HOURS);
    assert_int_equal(policy_admit(&policy, &facts, 0).reason, ADMISSION_GRANTED);
    assert_true(policy_admit(&policy, &facts, 0).until > 0);
    facts.granted_until = INT64_MIN;
    assert_int_equal(policy_admit(&policy, &facts, 0).reason, ADMISSION_HOURS);
}

/* -- all of them ------------------------------------------------------------------------------ */

static void set(struct policy *policy, const char *name, const char *value)
{
    char why[256];
    if (policy_set(policy, policy_key_find(name), value, why, sizeof(why)) != MEDGL_OK)
        fail_msg("%s", why);
}

/* -- maintenance (R30) ------------------------------------------------------------------------- */

/* Of a Saturday. */
static const struct maintenance_row {
    const char *name, *hours, *now, *approved, *granted;
    enum admission_reason reason;
    const char *until; /* "": no end, or refused */
} maintenance_rows[] = {
    {"R30: no grant", "always", "2026-11-21 09:00", "", "", ADMISSION_MAINTENANCE, ""},
    {"R30: within it", "always", "2026-11-21 09:00", "2026-11-22 00:00", "", ADMISSION_GRANTED,
     "2026-11-22 00:00"},
    {"R30: to its last moment", "always", "2026-11-21 23:59", "2026-11-22 00:00", "",
     ADMISSION_GRANTED, "2026-11-22 00:00"},
    {"R30: over at its end", "always", "2026-11-22 00:00", "2026-11-22 00:00", "",
     ADMISSION_MAINTENANCE, ""},
    {"R30: long over", "always", "2026-11-21 09:00", "2026-11-01 00:00", "", ADMISSION_MAINTENANCE,
     ""},
    {"R30: hours that end before it", "Sat 08:00-12:00", "2026-11-21 09:00", "2026-11-22 00:00", "",
     ADMISSION_GRANTED, "2026-11-21 12:00"},
    {"R30: hours that end after it", "Sat 08:00-12:00", "2026-11-21 09:00", "2026-11-21 11:00", "",
     ADMISSION_GRANTED, "2026-11-21 11:00"},
    {"R30: it opens no closed hours", "Sat 08:00-12:00", "2026-11-21 13:00", "2026-11-22 00:00", "",
     ADMISSION_HOURS, ""},
    {"R30: out of hours, by two grants", "Sat 08:00-12:00", "2026-11-21 13:00", "2026-11-22 00:00",
     "2026-11-21 15:00", ADMISSION_GRANTED, "2026-11-21 15:00"},
    {"R30: out of hours for longer than the work", "Sat 08:00-12:00", "2026-11-21 13:00",
     "2026-11-21 14:00", "2026-11-21 15:00", ADMISSION_GRANTED, "2026-11-21 14:00"},
    {"R30: out of hours alone opens nothing", "always", "2026-11-21 09:00", "", "2026-11-22 00:00",
     ADMISSION_MAINTENANCE, ""},
    {"R30: before the epoch", "always", "1969-06-01 09:00", "", "", ADMISSION_MAINTENANCE, ""},
};

/* From wherever it comes, and whatever the machine does by itself: cron, root stepping into it. */
static void maintenance(void **state)
{
    const struct maintenance_row *row = *state;
    const struct policy policy = with_calendar();
    for (int origin = ADMISSION_ORIGIN_UNKNOWN; origin <= ADMISSION_ORIGIN_ANYWHERE; origin++) {
        const struct admission_place place = {.origin = (enum admission_origin)origin};
        struct admission_facts facts = {
            .class_ = ACCOUNT_CLASS_MAINTENANCE,
            .hours = row->hours,
            .place = &place,
            .service = "sshd",
            .utc_offset = TOKYO,
            .approved_until = row->approved[0] == '\0' ? 0 : at(row->approved, TOKYO),
            .granted_until = row->granted[0] == '\0' ? 0 : at(row->granted, TOKYO)};
        const medgl_time now = at(row->now, TOKYO);
        struct admission_decision decision = policy_admit(&policy, &facts, now);
        assert_int_equal(decision.reason, row->reason);
        assert_int_equal(decision.approved, row->reason != ADMISSION_MAINTENANCE);
        assert_int_equal(decision.until, row->until[0] == '\0' ? 0 : at(row->until, TOKYO));
        facts.services = "login"; /* the other rules are asked nevertheless */
        decision = policy_admit(&policy, &facts, now);
        assert_int_equal(decision.services.granted, origin == ADMISSION_ORIGIN_SYSTEM);
        facts.class_ = ACCOUNT_CLASS_STAFF; /* nobody else needs one, and nobody else ends by it */
        facts.services = "";
        decision = policy_admit(&policy, &facts, now);
        assert_true(decision.approved && decision.reason != ADMISSION_MAINTENANCE);
        facts.approved_until = 0;
        assert_int_equal(policy_admit(&policy, &facts, now).until, decision.until);
    }
}

/* What the machine does by itself uses no service that people are let in through; a question that
 * names no place is asked for one. */
static void services_without_a_place(void **state)
{
    static const struct {
        enum admission_origin origin;
        enum admission_reason reason;
    } rows[] = {
        {ADMISSION_ORIGIN_SYSTEM, ADMISSION_GRANTED},
        {ADMISSION_ORIGIN_ANYWHERE, ADMISSION_SERVICE},
        {ADMISSION_ORIGIN_UNKNOWN, ADMISSION_SERVICE},
        {ADMISSION_ORIGIN_LOCAL, ADMISSION_SERVICE},
    };
    struct policy policy;
    (void)state;
    policy_defaults(&policy);
    set(&policy, "places_staff", "local");
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++) {
        const struct admission_place place = {.origin = rows[i].origin};
        struct admission_facts facts = {.class_ = ACCOUNT_CLASS_STAFF,
                                        .services = "sshd",
                                        .place = &place,
                                        .service = "systemd-user"};
        assert_int_equal(policy_admit(&policy, &facts, MEDGL_DAY).reason, rows[i].reason);
        facts.service = "sshd";
        assert_int_equal(policy_admit(&policy, &facts, MEDGL_DAY).reason,
                         rows[i].origin == ADMISSION_ORIGIN_UNKNOWN ? ADMISSION_PLACE
                                                                    : ADMISSION_GRANTED);
        facts.hours = "nonsense";
        assert_int_equal(policy_admit(&policy, &facts, MEDGL_DAY).hours.granted, false);
    }
}

/* Every rule has its finding whatever the others say, and the first in the order of the reasons is
 * given. */
static void all_findings(void **state)
{
    const medgl_time now = at("2026-11-21 12:00", 0);
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        const bool service = i % 2, terminal = i / 2 % 2, hour = i / 4 % 2, known = i / 8 % 2;
        struct policy policy;
        policy_defaults(&policy);
        set(&policy, "services_privileged", service ? "su" : "sshd");
        set(&policy, "places_privileged", terminal ? "tty1" : "tty2");
        set(&policy, "hours_privileged", hour ? "Sat 08:00-20:00" : "Sun 08:00-20:00");
        policy.calendar.known = known;
        const struct admission_place place = {.origin = ADMISSION_ORIGIN_CONSOLE,
                                              .terminal = "tty1"};
        const struct admission_facts facts = {
            .class_ = ACCOUNT_CLASS_PRIVILEGED, .place = &place, .service = "su"};
        const struct admission_decision decision = policy_admit(&policy, &facts, now);
        assert_int_equal(decision.services.granted, service);
        assert_int_equal(decision.places.granted, terminal);
        assert_int_equal(decision.hours.granted, hour && known);
        assert_int_equal(decision.reason, !service    ? ADMISSION_SERVICE
                                          : !terminal ? ADMISSION_PLACE
                                          : !known    ? ADMISSION_CALENDAR
                                          : !hour     ? ADMISSION_HOURS
                                                      : ADMISSION_GRANTED);
        assert_int_equal(decision.until,
                         decision.reason == ADMISSION_GRANTED ? at("2026-11-21 20:00", 0) : 0);
        assert_false(decision.services.own || decision.places.own || decision.hours.own);
        assert_ptr_equal(decision.hours.rule,
                         policy_class_of(&policy, ACCOUNT_CLASS_PRIVILEGED)->hours);
    }
}

/* R05: an account's own rule stands in the place of its class's, each by itself. */
static void own_rules(void **state)
{
    const struct admission_place place = {.origin = ADMISSION_ORIGIN_CONSOLE, .terminal = "tty1"};
    struct policy policy;
    (void)state;
    policy_defaults(&policy);
    set(&policy, "services_staff", "login");
    set(&policy, "places_staff", "tty1");
    set(&policy, "hours_staff", "Sat 08:00-20:00");
    struct admission_facts facts = {
        .class_ = ACCOUNT_CLASS_STAFF, .place = &place, .service = "login"};
    const medgl_time now = at("2026-11-21 12:00", 0);
    assert_int_equal(policy_admit(&policy, &facts, now).reason, ADMISSION_GRANTED);
    facts.hours = facts.places = facts.services = "";
    assert_int_equal(policy_admit(&policy, &facts, now).reason, ADMISSION_GRANTED);
    facts.places = "tty2";
    struct admission_decision decision = policy_admit(&policy, &facts, now);
    assert_int_equal(decision.reason, ADMISSION_PLACE);
    assert_true(decision.places.own && !decision.hours.own && !decision.services.own);
    assert_string_equal(decision.places.rule, "tty2");
    facts.places = "any";
    facts.hours = "Sat 12:00-12:01";
    decision = policy_admit(&policy, &facts, now);
    assert_int_equal(decision.until, now + MEDGL_MINUTE);
    assert_true(decision.hours.own);
    facts.hours = "nonsense";
    assert_int_equal(policy_admit(&policy, &facts, now).reason, ADMISSION_HOURS);
    facts.hours = "";
    facts.services = "su";
    assert_int_equal(policy_admit(&policy, &facts, now).reason, ADMISSION_SERVICE);
}

/* R27: nothing set, and yet privileged accounts come from administration terminals alone. */
static void R27_defaults(void **state)
{
    static const struct {
        enum admission_origin origin;
        bool own, privileged;
    } rows[] = {
        {ADMISSION_ORIGIN_UNKNOWN, false, false}, {ADMISSION_ORIGIN_ADDRESS, false, false},
        {ADMISSION_ORIGIN_CONSOLE, false, true},  {ADMISSION_ORIGIN_LOCAL, true, true},
        {ADMISSION_ORIGIN_LOCAL, false, false}, /* su, after a login from anywhere */
        {ADMISSION_ORIGIN_SYSTEM, false, true},
    };
    struct policy policy;
    (void)state;
    policy_defaults(&policy);
    for (size_t i = 0; i < MEDGL_COUNT(rows); i++)
        for (int class_ = 0; class_ <= 5; class_++) {
            const struct admission_place place = {.origin = rows[i].origin, .own = rows[i].own};
            const struct admission_facts facts = {.class_ = (enum account_class)class_,
                                                  .place = &place,
                                                  .service = "sshd",
                                                  .approved_until =
                                                      INT64_MAX /* asked of maintenance alone */};
            const enum admission_reason reason = policy_admit(&policy, &facts, MEDGL_DAY).reason;
            if (class_ == 0 || class_ == 5) /* no such class */
                assert_int_not_equal(reason, ADMISSION_GRANTED);
            else if (class_ == ACCOUNT_CLASS_PRIVILEGED)
                assert_int_equal(reason, rows[i].privileged ? ADMISSION_GRANTED : ADMISSION_PLACE);
            else
                assert_int_equal(reason, ADMISSION_GRANTED);
        }
}

static void words(void **state)
{
    static const char *const reasons[] = {"undecided", "granted", "maintenance", "service",
                                          "place",     "hours",   "calendar"};
    (void)state;
    for (unsigned i = 0; i < MEDGL_COUNT(reasons); i++)
        assert_string_equal(admission_reason_word((enum admission_reason)i), reasons[i]);
    assert_string_equal(admission_reason_word((enum admission_reason)99), "undecided");
}

/* -- how many, how long ------------------------------------------------------------------------ */

static const struct crowd_row {
    const char *name;
    int64_t limit, total;
    struct crowd_facts facts;
    enum crowd_verdict verdict;
} crowd_rows[] = {
    {"none open", 2, 0, {ACCOUNT_CLASS_STAFF, 0, 0, 0}, CROWD_ADMITTED},
    {"one left", 2, 0, {ACCOUNT_CLASS_STAFF, 0, 1, 1}, CROWD_ADMITTED},
    {"at the limit", 2, 0, {ACCOUNT_CLASS_STAFF, 0, 2, 2}, CROWD_ACCOUNT},
    {"beyond it", 2, 0, {ACCOUNT_CLASS_STAFF, 0, UINT32_MAX, 2}, CROWD_ACCOUNT},
    {"its own limit is higher", 2, 0, {ACCOUNT_CLASS_STAFF, 3, 2, 2}, CROWD_ADMITTED},
    {"its own limit is reached", 2, 0, {ACCOUNT_CLASS_STAFF, 3, 3, 3}, CROWD_ACCOUNT},
    {"its own limit is lower", 2, 0, {ACCOUNT_CLASS_STAFF, 1, 1, 1}, CROWD_ACCOUNT},
    {"no limit of the class", 2, 0, {ACCOUNT_CLASS_STAFF, 0, 0, UINT32_MAX}, CROWD_ADMITTED},
    {"one left of the class", 2, 5, {ACCOUNT_CLASS_STAFF, 0, 0, 4}, CROWD_ADMITTED},
    {"the class is full", 2, 5, {ACCOUNT_CLASS_STAFF, 0, 0, 5}, CROWD_CLASS},
    {"both are full", 2, 5, {ACCOUNT_CLASS_STAFF, 0, 2, 5}, CROWD_ACCOUNT},
    {"its own limit and a full class", 2, 5, {ACCOUNT_CLASS_STAFF, 9, 2, 5}, CROWD_CLASS},
    {"another class", 2, 5, {ACCOUNT_CLASS_PRIVILEGED, 0, 9, 9}, CROWD_ADMITTED},
    {"another class, full", 2, 5, {ACCOUNT_CLASS_PRIVILEGED, 0, 10, 10}, CROWD_ACCOUNT},
    {"no class", 2, 0, {(enum account_class)0, 9, 0, 0}, CROWD_ACCOUNT},
};

static void R29_crowd(void **state)
{
    const struct crowd_row *row = *state;
    struct policy policy;
    policy_defaults(&policy);
    policy.classes[ACCOUNT_CLASS_STAFF - 1].sessions = row->limit;
    policy.classes[ACCOUNT_CLASS_STAFF - 1].sessions_total = row->total;
    assert_int_equal(policy_crowd(&policy, &row->facts), row->verdict);
}

static const struct idle_row {
    const char *name, *of_class;
    int64_t own, seconds;
} idle_rows[] = {
    {"the class's", "15 min", 0, 900},
    {"the class's, never", "0", 0, 0},
    {"its own", "15 min", 60 * MEDGL_SECOND, 60},
    {"its own, where the class has none", "0", 60 * MEDGL_SECOND, 60},
    {"its own, never", "15 min", -1, 0},
    {"less than a second is no never", "15 min", 1, 1},
    {"part of a second", "15 min", 1001, 2},
    {"very long", "15 min", INT64_MAX, INT64_MAX / 1000 + 1},
    {"very negative", "15 min", INT64_MIN, 0},
};

static void R04_idle(void **state)
{
    const struct idle_row *row = *state;
    struct policy policy;
    policy_defaults(&policy);
    set(&policy, "idle_maintenance", row->of_class);
    assert_int_equal(policy_idle_seconds(&policy, ACCOUNT_CLASS_MAINTENANCE, row->own),
                     row->seconds);
    assert_int_equal(policy_idle_seconds(&policy, (enum account_class)9, 0), 60);
}

#define NOW (20000 * MEDGL_DAY)

static const struct dormant_row {
    const char *name;
    medgl_time last_login, created, now;
    bool dormant;
} dormant_rows[] = {
    {"a login just now", NOW, NOW - 400 * MEDGL_DAY, NOW, false},
    {"90 days less a millisecond", NOW - 90 * MEDGL_DAY + 1, MEDGL_DAY, NOW, false},
    {"90 days", NOW - 90 * MEDGL_DAY, MEDGL_DAY, NOW, true},
    {"never, new", 0, NOW - 89 * MEDGL_DAY, NOW, false},
    {"never, old", 0, NOW - 90 * MEDGL_DAY, NOW, true},
    {"clock set back", NOW + MEDGL_DAY, MEDGL_DAY, NOW, false},
    {"nothing known", 0, 0, NOW, true},
    {"ends of time", 0, INT64_MIN, INT64_MAX, false},
};

static void R25_dormant(void **state)
{
    const struct dormant_row *row = *state;
    struct policy policy;
    policy_defaults(&policy);
    assert_int_equal(policy_dormant(&policy, row->last_login, row->created, row->now),
                     row->dormant);
}

int main(void)
{
    TABLE_ADD("R22 notation of hours", hours_rows, hours_notation);
    TABLE_ADD("R05 notation of places", places_rows, places_notation);
    TABLE_ADD("R05 notation of services", services_rows, services_notation);
    TABLE_ADD("R05 place of a command line", place_rows, place_of_a_command_line);
    TABLE_ADD("R22 hours", held_rows, hours_held);
    table_add("R22 hours", "zones", hours_of_zones, NULL);
    table_add("R22 hours", "ends of time", hours_at_the_ends_of_time, NULL);
    table_add("R22 hours", "no calendar", hours_without_a_calendar, NULL);
    table_add("R22 hours", "they end when they say", hours_end_when_they_say, NULL);
    table_add("R22 hours", "as a plain reading has it", hours_agree_with_a_plain_reading, NULL);
    TABLE_ADD("R22 grant", grant_rows, hours_granted);
    TABLE_ADD("R30 maintenance", maintenance_rows, maintenance);
    table_add("R22 grant", "no calendar", grant_without_a_calendar, NULL);
    table_add("R22 grant", "ends of time", grant_at_the_ends_of_time, NULL);
    table_add("R05 R22 notations", "garbage", notations_stand_garbage, NULL);
    TABLE_ADD("R05 R27 places", admitted_rows, places_admitted);
    table_add("R05 places", "networks, and nothing for who is logged in", places_that_strand, NULL);
    TABLE_ADD("R27 console", console_rows, console_or_not);
    TABLE_ADD("R05 services", service_rows, services_admitted);
    table_add("R05 services", "where no place is asked", services_without_a_place, NULL);
    table_add("R05 R22 R27 admission", "every rule has its finding", all_findings, NULL);
    table_add("R05 admission", "an account's own rules", own_rules, NULL);
    table_add("R27 admission", "defaults of the classes", R27_defaults, NULL);
    table_add("admission", "words", words, NULL);
    TABLE_ADD("R29 sessions", crowd_rows, R29_crowd);
    TABLE_ADD("R04 idle", idle_rows, R04_idle);
    TABLE_ADD("R25 dormant", dormant_rows, R25_dormant);
    return table_run("admission");
}
