/* The rules in force as sentences for a partner institution (R40). Every sentence follows from the
 * policy; of what is switched off nothing is said.
 *
 * Both languages are here, side by side, and not in a catalogue: the text is always in both, so it
 * must not depend on which locales the machine has generated, nor on what it is called with;
 * gettext finds no catalogue where the locale is C. A translator sees at once what belongs
 * together. */
#include "admin/agreement.h"

#include "policy/calendar.h"
#include "policy/password.h"
#include "policy/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void say(struct agreement *to, const char *topic, const char *english, const char *japanese, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, japanese);
    (void)vsnprintf(text, sizeof(text), to->tongue == TONGUE_ENGLISH ? english : japanese,
                    arguments);
    va_end(arguments);
    if (to->output->json)
        table_row(to->table, (struct cell[]){CELL_TEXT(topic), CELL_TEXT(text)});
    else if (to->number == 0)
        output_say(to->output, "%s\n", text);
    else
        output_say(to->output, "%u. %s", to->number, text);
    to->number++;
}

const char *tongue_of(const struct agreement *to, const char *english, const char *japanese)
{
    return to->tongue == TONGUE_ENGLISH ? english : japanese;
}

struct phrase count_of(const struct agreement *to, int64_t number, const char *one,
                       const char *many, const char *counter)
{
    struct phrase phrase;
    bool english = to->tongue == TONGUE_ENGLISH;
    (void)snprintf(phrase.text, sizeof(phrase.text), english ? "%" PRId64 " %s" : "%" PRId64 "%s",
                   number, english ? (number == 1 ? one : many) : counter);
    return phrase;
}

static struct phrase characters(const struct agreement *to, int64_t number)
{
    return count_of(to, number, "character", "characters", "文字");
}

struct phrase span_of(const struct agreement *to, struct policy_span span)
{
    static const struct {
        medgl_time one;
        const char *name, *names, *counter;
    } units[] = {
        {MEDGL_DAY, "day", "days", "日"},
        {MEDGL_HOUR, "hour", "hours", "時間"},
        {MEDGL_MINUTE, "minute", "minutes", "分"},
        {MEDGL_SECOND, "second", "seconds", "秒"},
    };
    size_t i = 0;
    if (span.months != 0)
        return count_of(to, span.months, "month", "months", "か月");
    while (i + 1 < MEDGL_COUNT(units) && span.milliseconds % units[i].one != 0)
        i++;
    return count_of(to, span.milliseconds / units[i].one, units[i].name, units[i].names,
                    units[i].counter);
}

bool span_is_zero(struct policy_span span)
{
    return span.months == 0 && span.milliseconds == 0;
}

/* -- the sentences -------------------------------------------------------------------------- */

/* The site's first name, the server, the day. */
static void say_heading(struct agreement *to)
{
    char host[256] = "", now[CLOCK_LOCAL_SIZE];
    const char *names = to->policy->institution;
    clock_format_local(clock_read().now, now);
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        (void)snprintf(host, sizeof(host), "localhost");
    if (names[0] == '\0')
        say(to, "heading", "Rules for passwords and logins on the server %s, in force on %.10s.",
            "サーバー %s におけるパスワードとログインの規則（%.10s 現在）。", host, now);
    else
        say(to, "heading",
            "Rules for passwords and logins at %.*s on the server %s, in force on %.10s.",
            "%.*s のサーバー %s におけるパスワードとログインの規則（%.10s 現在）。",
            (int)strcspn(names, ","), names, host, now);
}

static void say_profile(struct agreement *to)
{
    switch (to->policy->profile) {
    case POLICY_PROFILE_MHLW_6_0:
        say(to, "profile",
            "The rules follow the guideline of the Japanese Ministry of Health, Labour and Welfare "
            "for the safe management of medical information systems, version 6.0 (Q&A Sys-54; the "
            "same as version 5.2, T15).",
            "本規則は、厚生労働省「医療情報システムの安全管理に関するガイドライン」第6.0版（Q&A "
            "Sys-54。第5.2版 T15 と同じ）に従います。");
        return;
    case POLICY_PROFILE_MHLW_5_1:
        say(to, "profile",
            "The rules follow the guideline of the Japanese Ministry of Health, Labour and Welfare "
            "for the safe management of medical information systems, version 5.1 (6.5 C.11).",
            "本規則は、厚生労働省「医療情報システムの安全管理に関するガイドライン」第5.1版（6.5 "
            "C.11）に従います。");
        return;
    case POLICY_PROFILE_NIST_800_63B_4:
        say(to, "profile", "The rules follow NIST Special Publication 800-63B-4 (3.1.1.2).",
            "本規則は、米国国立標準技術研究所（NIST）SP 800-63B-4（3.1.1.2）に従います。");
        return;
    }
}

static void say_who(struct agreement *to)
{
    switch (to->policy->unenrolled) {
    case POLICY_UNENROLLED_IGNORE:
        say(to, "who",
            "They hold for every enrolled user, and each account stands for one person; users who "
            "are not enrolled are subject to other rules of the server.",
            "登録された利用者全員に適用され、アカウントは一人に一つです。登録されていない利用者"
            "には、サーバーの別の規則が適用されます。");
        return;
    case POLICY_UNENROLLED_DENY:
        say(to, "who",
            "They hold for every enrolled user, and each account stands for one person; logins of "
            "users who are not enrolled are refused.",
            "登録された利用者全員に適用され、アカウントは一人に一つです。登録されていない利用者"
            "のログインは拒否されます。");
        return;
    }
}

static void say_composition(struct agreement *to)
{
    int64_t alone = policy_password_least(to->policy, false);
    int64_t with_factor = policy_password_least(to->policy, true);
    if (alone == with_factor)
        say(to, "length", "A password has at least %s.", "パスワードは%s以上です。",
            characters(to, alone).text);
    else
        say(to, "length",
            "A password has at least %s, or at least %s where a second factor is in force for the "
            "account.",
            "パスワードは%s以上です。第二の認証要素が有効なアカウントでは%s以上です。",
            characters(to, alone).text, characters(to, with_factor).text);
    if (to->policy->password_kinds == 3)
        say(to, "composition", "It mixes letters, digits and symbols.",
            "英字などの文字、数字、記号をすべて含みます。");
    else if (to->policy->password_kinds == 2) /* any character is of one kind */
        say(to, "composition", "It mixes at least two of letters, digits and symbols.",
            "英字などの文字、数字、記号のうち2種類以上を含みます。");
}

static void say_guessable(struct agreement *to)
{
    say(to, "guessable",
        "Passwords that are easily guessed are refused: those that hold the owner's name, staff "
        "number or birth date, and those that withstand fewer than 2^%" PRId64 " guesses by an "
        "estimate that knows words and names in English and Japanese, the names of the server and "
        "the institution, dates, neighbouring keys, sequences and repetition.",
        "推測しやすいパスワードは拒否されます。本人の氏名、職員番号、生年月日を含むもの、および、"
        "英語と日本語の単語や人名、サーバーと施設の名称、日付、キーボードの並び、連続、繰り返しを"
        "踏まえた見積もりで、推測に耐える回数が2の%" PRId64 "乗に満たないものです。",
        to->policy->password_guess_bits);
    if (to->policy->password_blocklist[0] != '\0')
        say(to, "blocklist", "Passwords on the lists that the site keeps are refused.",
            "施設が定める禁止リストにあるパスワードは拒否されます。");
    if (to->policy->password_breach_filter[0] != '\0')
        say(to, "breached", "Passwords that are known from breaches elsewhere are refused.",
            "他所での漏えいが知られているパスワードは拒否されます。");
}

static void say_history(struct agreement *to)
{
    if (to->policy->password_history == 1)
        say(to, "history", "The former password cannot be used again.",
            "直前に使っていたパスワードは再び使えません。");
    else
        say(to, "history", "The last %s cannot be used again.",
            "これまでに使った直近%sのパスワードは再び使えません。",
            count_of(to, to->policy->password_history, "", "former passwords", "個").text);
    say(to, "similar",
        "A password that resembles the current one, or one that cannot be used again, is refused.",
        "現在のパスワードや、再び使えないパスワードに似たものは拒否されます。");
    if (!span_is_zero(to->policy->password_min_age))
        say(to, "min_age",
            "Unless it must be changed, a password cannot be changed until %s after it was set.",
            "変更が求められる場合を除き、設定から%sが過ぎるまでパスワードは変更できません。",
            span_of(to, to->policy->password_min_age).text);
}

/* Whether any password expires at all. */
static bool say_expiry_rule(struct agreement *to)
{
    const struct policy *policy = to->policy;
    bool all_long = policy->password_short_length >= policy->password_long_length;
    const struct phrase age = span_of(to, policy->password_max_age);
    const struct phrase length = characters(to, policy->password_long_length);
    switch (policy->password_rotation) {
    case POLICY_ROTATION_ALL:
        say(to, "expiry",
            "Whatever its length, a password must be changed within %s, unless a second factor is "
            "in force for the account.",
            "長さにかかわらず、パスワードは%s以内に変更が必要です。ただし、第二の認証要素が有効な"
            "アカウントを除きます。",
            age.text);
        return true;
    case POLICY_ROTATION_SHORT:
        if (all_long)
            break;
        say(to, "expiry",
            "A password of %s or more does not expire; a shorter one must be changed within %s, "
            "unless a second factor is in force for the account.",
            "%s以上のパスワードに有効期限はありません。それより短いものは%s以内に変更が必要です。"
            "ただし、第二の認証要素が有効なアカウントを除きます。",
            length.text, age.text);
        return true;
    case POLICY_ROTATION_NONE:
        break;
    }
    say(to, "expiry", "Passwords do not expire.", "パスワードに有効期限はありません。");
    if (!all_long)
        say(to, "factor_gone",
            "One of fewer than %s must be changed when the second factor is taken away.",
            "%sに満たないパスワードは、第二の認証要素がなくなった時に変更が必要です。",
            length.text);
    return false;
}

static void say_expiry(struct agreement *to)
{
    const struct policy *policy = to->policy;
    if (!say_expiry_rule(to))
        return;
    if (!span_is_zero(policy->password_warn))
        say(to, "warning",
            "From %s before a password expires, its owner is warned at login, once a day.",
            "期限の%s前から、ログイン時に1日1回、本人に警告します。",
            span_of(to, policy->password_warn).text);
    if (policy->password_grace_logins == 0)
        say(to, "expired", "An expired password must be changed at the next login.",
            "期限を過ぎたパスワードは、次のログイン時に変更しなければなりません。");
    else
        say(to, "expired", "An expired password admits %s before it must be changed.",
            "期限を過ぎたパスワードでは、変更しなければならなくなるまであと%sログインできます。",
            count_of(to, policy->password_grace_logins, "more login", "more logins", "回").text);
}

static void say_change(struct agreement *to)
{
    say(to, "change",
        "A change asks for the current password; after %s, the password cannot be changed for %s.",
        "変更時には現在のパスワードを確認します。%s誤ると、%sの間は変更できません。",
        count_of(to, to->policy->attempts_per_change, "", "wrong answers", "回").text,
        span_of(to, to->policy->lock_time).text);
    if (to->policy->password_suggest == POLICY_YES)
        say(to, "suggestion", "A random password is offered where one is changed.",
            "変更時には、無作為に作ったパスワードを提案します。");
    say(to, "issued",
        "A password that an administrator issues is random, reaches its owner alone, can be used "
        "for %s, and must be changed at the first login.",
        "管理者が発行するパスワードは無作為に作られ、本人だけに渡されます。使えるのは%sで、最初の"
        "ログイン時に変更しなければなりません。",
        span_of(to, to->policy->password_issued_valid).text);
}

static void say_delay(struct agreement *to)
{
    const struct policy *policy = to->policy;
    const struct phrase first = span_of(to, policy->attempt_delay);
    if (policy_span_most(policy->attempt_delay) == policy_span_most(policy->attempt_delay_max))
        say(to, "delay", "After a failed try the next one waits for %s.",
            "失敗した後の次の試行は%s待たされます。", first.text);
    else
        say(to, "delay",
            "After a failed try the next one waits for %s, and for twice as long after each "
            "further one, up to %s.",
            "失敗した後の次の試行は%s待たされ、その時間は失敗のたびに2倍、最長%sになります。",
            first.text, span_of(to, policy->attempt_delay_max).text);
}

static void say_attempts(struct agreement *to)
{
    const struct policy *policy = to->policy;
    say(to, "lockout",
        "After %1$s from one source, the account is locked for that source for %2$s; after %3$s "
        "from all sources together, it is locked for as long for all but the local consoles and "
        "whoever is logged in as its user already.",
        "一つの接続元から%1$s失敗すると、その接続元からのログインを%2$sの間拒否します。全接続元の"
        "合計で%3$s失敗すると、サーバーに直結した端末とすでにログイン中の本人を除き、同じ時間"
        "ログインを拒否します。",
        count_of(to, policy->attempts_per_source, "", "failed tries", "回").text,
        span_of(to, policy->lock_time).text,
        count_of(to, policy->attempts_per_account, "", "failed tries", "回").text);
    say(to, "window", "Failed tries that are more than %s apart do not add up.",
        "間隔が%sを超える失敗は合算しません。", span_of(to, policy->attempt_window).text);
    if (!span_is_zero(policy->attempt_delay))
        say_delay(to);
    say(to, "breakglass",
        "Accounts for emergencies wait after failed tries, and no number of them locks them.",
        "非常時アカウントも失敗の後は待たされますが、何回失敗しても拒否されません。");
    say(to, "silence", "A refused login does not say what was wrong.",
        "拒否されたログインでは、何が誤りであったかを示しません。");
}

/* -- where, when, how long (R04, R05, R22, R27, R29) ------------------------------------------ */

const struct agreement_class agreement_classes[AGREEMENT_CLASSES] = {
    {ACCOUNT_CLASS_STAFF,
     "Staff",
     "職員",
     {"hours_staff", "places_staff", "services_staff", "sessions_staff", "idle_staff",
      "factor_staff"}},
    {ACCOUNT_CLASS_PRIVILEGED,
     "Administrators",
     "特権アカウントの利用者",
     {"hours_privileged", "places_privileged", "services_privileged", "sessions_privileged",
      "idle_privileged", "factor_privileged"}},
    {ACCOUNT_CLASS_MAINTENANCE,
     "Maintenance staff",
     "保守要員",
     {"hours_maintenance", "places_maintenance", "services_maintenance", "sessions_maintenance",
      "idle_maintenance", "factor_maintenance"}},
    {ACCOUNT_CLASS_BREAKGLASS,
     "Users of emergency accounts",
     "非常時アカウントの利用者",
     {"hours_breakglass", "places_breakglass", "services_breakglass", "sessions_breakglass",
      "idle_breakglass", "factor_breakglass"}},
};

static void say_access_of(struct agreement *to, size_t i)
{
    const struct policy_class *rules = policy_class_of(to->policy, agreement_classes[i].class_);
    const char *who = tongue_of(to, agreement_classes[i].english, agreement_classes[i].japanese);
    if (strcmp(rules->hours, "always") != 0)
        say(to, agreement_classes[i].topics[0], "%s can log in only at these times: %s.",
            "%sがログインできるのは次の時間だけです（%s）。", who, rules->hours);
    if (strcmp(rules->places, "any") != 0)
        say(to, agreement_classes[i].topics[1],
            "%s can log in only from these terminals and networks: %s.",
            "%sがログインできるのは次の端末とネットワークからだけです（%s）。", who, rules->places);
    if (strcmp(rules->services, "any") != 0)
        say(to, agreement_classes[i].topics[2], "%s can log in only through these services: %s.",
            "%sがログインできるのは次のサービスからだけです（%s）。", who, rules->services);
}

static void say_sessions_of(struct agreement *to, size_t i)
{
    const struct policy_class *rules = policy_class_of(to->policy, agreement_classes[i].class_);
    const char *who = tongue_of(to, agreement_classes[i].english, agreement_classes[i].japanese);
    const struct phrase each = count_of(to, rules->sessions, "session", "sessions", "件");
    const struct phrase all = count_of(to, rules->sessions_total, "session", "sessions", "件");
    const struct phrase idle = span_of(to, rules->idle);
    if (rules->sessions_total > 0)
        say(to, agreement_classes[i].topics[3],
            "%1$s can have %2$s open at the same time with one account, and %3$s with all of them "
            "together.",
            "%1$sが同時に接続できるのは、1アカウントにつき%2$s、全アカウントの合計で%3$sまでです。",
            who, each.text, all.text);
    else
        say(to, agreement_classes[i].topics[3],
            "%s can have %s open at the same time with one account.",
            "%sが同時に接続できるのは、1アカウントにつき%sまでです。", who, each.text);
    if (!span_is_zero(rules->idle))
        say(to, agreement_classes[i].topics[4], "%s have a shell that nobody uses ended after %s.",
            "%sの無操作のシェルは、%sで終了します。", who, idle.text);
}

/* The words that stand for places, where a rule may have them. */
static void say_places(struct agreement *to)
{
    bool limited = false;
    for (size_t i = 0; i < AGREEMENT_CLASSES; i++)
        limited |=
            strcmp(policy_class_of(to->policy, agreement_classes[i].class_)->places, "any") != 0;
    if (limited)
        say(to, "places",
            "Of terminals, \"console\" means all that stand beside the machine, \"own\" what the "
            "account's own user asks for who is logged in already, and \"local\" what anybody asks "
            "for who is.",
            "端末のうち、consoleは機器に直接つながるすべての端末、"
            "ownはログイン済みの本人による操作、"
            "localはログイン済みの利用者（本人以外を含む）による操作を指します。");
}

static void say_access(struct agreement *to)
{
    for (size_t i = 0; i < AGREEMENT_CLASSES; i++)
        say_access_of(to, i);
    say_places(to);
    say(to, "access",
        "An account can have rules on hours, places and services of its own, in place of those of "
        "its class. They hold for every way to log in, and a refusal does not name them.",
        "時間、場所、サービスの規則は、区分の規則に代えてアカウントごとに定めることもできます。"
        "どの方法のログインにも適用され、拒否された時にその理由は示しません。");
    for (size_t i = 0; i < AGREEMENT_CLASSES; i++)
        say_sessions_of(to, i);
}

/* -- emergencies (R31, R32) ------------------------------------------------------------------- */

static void say_emergencies(struct agreement *to)
{
    const struct policy *policy = to->policy;
    say(to, "emergency",
        "An emergency is declared on one of these grounds: %s. It is over when that is decided, "
        "and at the latest after %s; everybody is told of both.",
        "非常時は次のいずれかの理由で宣言します（%s）。終了を決定した時、"
        "または遅くとも%s後に終わり、どちらも全員に知らせます。",
        policy->emergency_criteria, span_of(to, policy->emergency_max).text);
    switch (policy->breakglass_outside) {
    case POLICY_OUTSIDE_DECLARE:
        say(to, "outside",
            "Accounts for emergencies have a credential in a sealed envelope. Whoever uses one in "
            "normal times declares an emergency by that.",
            "非常時アカウントの認証情報は封をした封筒に保管します。平常時に使うと、"
            "非常時を宣言したことになります。");
        break;
    case POLICY_OUTSIDE_DENY:
        say(to, "outside",
            "Accounts for emergencies have a credential in a sealed envelope, which is accepted "
            "only while an emergency is declared.",
            "非常時アカウントの認証情報は封をした封筒に保管し、非常時の宣言中だけ使えます。");
        break;
    }
    say(to, "closed",
        "When an emergency is over, accounts that were used in it are closed until they are sealed "
        "anew, and what was done is reviewed by somebody who had no part in it.",
        "非常時が終わると、使われたアカウントは新たに封をするまで使えなくなり、行われたことは"
        "関わらなかった人が確認します。");
}

/* -- storage (R02) ---------------------------------------------------------------------------- */

static void say_storage(struct agreement *to)
{
    char memory[32];
    value_format_size(to->policy->kdf_memory, memory, sizeof(memory));
    say(to, "storage",
        "Passwords are stored as hashes alone (Argon2id, %s of memory, %s), and these are "
        "encrypted (AES-256-GCM); nobody can read them, administrators included. One that was "
        "taken over from another system is hashed so at its first use.",
        "パスワードはハッシュ（Argon2id、メモリ %s、%s）としてのみ保存し、さらに暗号化"
        "（AES-256-GCM）します。管理者を含め、誰も読み取れません。他のシステムから引き継いだもの"
        "は、最初の使用時にこの形になります。",
        memory, count_of(to, to->policy->kdf_time, "pass", "passes", "回").text);
}

static void agreement_in(struct output *output, const struct policy *policy, enum tongue tongue)
{
    static const struct column columns[] = {{"topic", "", COLUMN_TEXT, COLUMN_JSON},
                                            {"sentence", "", COLUMN_TEXT, COLUMN_JSON}};
    struct agreement to = {.output = output, .policy = policy, .tongue = tongue};
    if (output->json)
        to.table = table_new(output, tongue == TONGUE_ENGLISH ? "en" : "ja", TABLE_LIST, columns,
                             MEDGL_COUNT(columns));
    say_heading(&to);
    say_profile(&to);
    say_departures(&to);
    say_who(&to);
    say_composition(&to);
    say_guessable(&to);
    say_history(&to);
    say_expiry(&to);
    say_change(&to);
    say_attempts(&to);
    say_access(&to);
    say_factors(&to);
    say_emergencies(&to);
    say_storage(&to);
    table_print(&to.table);
}

void agreement_print(struct output *output, const struct policy *policy)
{
    (void)clock_set_zone(policy->time_zone); /* it was looked for when the policy was loaded */
    agreement_in(output, policy, TONGUE_ENGLISH);
    output_raw(output, "\n", 1);
    agreement_in(output, policy, TONGUE_JAPANESE);
}
