/* What the agreement says of rules that are weaker than those of the guideline that it names: where
 * a partner would be deceived by the name alone (R40). */
#include "admin/agreement.h"

#include <stdio.h>
#include <string.h>

/* What a key means to somebody who does not know it: of all that can be weaker than a profile. The
 * choices are in the order of the enum. */
static const struct meaning {
    const char *key, *english, *japanese;
    struct {
        const char *english, *japanese;
    } choices[3];
} meanings[] = {
    {"password_long_length", "the least number of characters of a password that stands alone",
     "単独で使うパスワードの最少の文字数"},
    {"password_kinds", "the number of kinds that a password mixes, of letters, digits and symbols,",
     "文字、数字、記号のうちパスワードに含める種類の数"},
    {"password_rotation",
     "what expires without a second factor",
     "第二の認証要素がなければ期限が切れるもの",
     {{"short passwords alone", "短いパスワードだけ"},
      {"every password", "すべてのパスワード"},
      {"no password", "「該当なし」"}}},
    {"password_warn", "the time from the first warning to the expiry of a password",
     "最初の警告からパスワードの期限までの期間"},
    {"password_issued_valid", "the time for which an issued password can be used",
     "発行されたパスワードを使える期間"},
    {"password_min_age", "the time after which a password can be changed again",
     "パスワードを再び変更できるまでの期間"},
    {"password_history", "the number of former passwords that cannot be used again",
     "再び使えない過去のパスワードの数"},
    {"password_guess_bits", "the number of guesses that a password withstands, as a power of two,",
     "パスワードが耐える推測の回数（2の累乗の指数）"},
    {"password_grace_logins", "the number of logins that an expired password admits",
     "期限を過ぎたパスワードでログインできる回数"},
    {"password_suggest",
     "the offer of a random password at a change",
     "変更時に無作為なパスワードを提案する設定",
     {{"switched off", "「なし」"}, {"switched on", "「あり」"}}},
    {"attempts_per_source", "the number of failed tries that lock an account for one source",
     "一つの接続元を拒否するまでの失敗の回数"},
    {"attempts_per_account", "the number of failed tries that lock an account for all sources",
     "全接続元を拒否するまでの失敗の回数"},
    {"attempts_per_change", "the number of wrong answers that close the change of a password",
     "パスワードの変更を拒否するまでの誤りの回数"},
    {"attempts_spread", "the number of accounts tried from one source that raise an alert",
     "一つの接続元から試されて警報となるアカウントの数"},
    {"idle_staff", "the time after which an unused session of staff ends",
     "職員の無操作の接続を終了するまでの時間"},
    {"idle_privileged", "the time after which an unused session of an administrator ends",
     "特権アカウントの無操作の接続を終了するまでの時間"},
    {"idle_maintenance", "the time after which an unused session of maintenance staff ends",
     "保守要員の無操作の接続を終了するまでの時間"},
    {"idle_breakglass", "the time after which an unused session of an emergency account ends",
     "非常時アカウントの無操作の接続を終了するまでの時間"},
    {"places_privileged",
     "the place from which administrators log in",
     "特権アカウントでログインできる場所",
     {{"administration terminals alone", "管理端末だけ"},
      {"any terminal or network", "すべての端末とネットワーク"}}},
    {"dormant_after", "the time without a login after which an account is reported as unused",
     "使われていないアカウントとして報告するまでの期間"},
    {"attempt_window", "the time within which failed tries add up", "失敗を合算する間隔"},
    {"lock_time", "the duration of a lock", "ログインを拒否する時間"},
    {"attempt_delay", "the wait after the first failed try", "最初の失敗の後に待たされる時間"},
    {"attempt_delay_max", "the longest wait after a failed try", "失敗の後に待たされる最長の時間"},
    {"kdf_memory", "the memory that a password hash takes", "パスワードのハッシュに使うメモリ"},
    {"kdf_time", "the number of passes of a password hash", "パスワードのハッシュの反復回数"},
    {"factor_staff",
     "a second factor of staff",
     "職員の第二の認証要素",
     {{"required", "必須"}, {"optional", "任意"}, {"not asked for", "「確認しない」"}}},
    {"factor_privileged",
     "a second factor of administrators",
     "特権アカウントの第二の認証要素",
     {{"required", "必須"}, {"optional", "任意"}, {"not asked for", "「確認しない」"}}},
    {"factor_maintenance",
     "a second factor of maintenance staff",
     "保守要員の第二の認証要素",
     {{"required", "必須"}, {"optional", "任意"}, {"not asked for", "「確認しない」"}}},
    {"factor_required_from", "the day from which a second factor is required",
     "第二の認証要素を必須とする日"},
    {"factor_exempt_places",
     "where no second factor is asked for",
     "第二の認証要素を確認しない場所",
     {{"nowhere", "「なし」"}, {"some terminals or networks", "一部の端末やネットワーク"}}},
    {"factor_exempt_services",
     "what no second factor is asked for in",
     "第二の認証要素を確認しないサービス",
     {{"no service", "「なし」"}, {"some services", "一部のサービス"}}},
    {"card_places",
     "the place where a card in the server's reader counts",
     "サーバーの読取装置のカードを使える場所",
     {{"terminals of the server alone", "サーバーの端末だけ"},
      {"terminals or networks elsewhere as well", "ほかの端末やネットワークも含む場所"}}},
    {"card_crl",
     "a card whose list of revoked certificates is old or missing",
     "失効リストが古い、またはないカードの扱い",
     {{"refused", "拒否"}, {"accepted with a warning", "警告のうえ受け入れ"}}},
    {"grant_max", "the longest time that an approved exception lasts",
     "承認された例外の最長の期間"},
    {"totp_algorithm",
     "the hash function of one-time codes",
     "ワンタイムコードのハッシュ関数",
     {{"SHA-1", "SHA-1"}, {"SHA-256", "SHA-256"}, {"SHA-512", "SHA-512"}}},
    {"minimum_free", "the free storage below which the administrator is warned",
     "管理者に警告する空き容量の下限"},
};

static const struct meaning *meaning_of(const struct policy_key *key)
{
    static const struct meaning none = {.english = "a setting", .japanese = "設定"};
    for (size_t i = 0; i < MEDGL_COUNT(meanings); i++)
        if (strcmp(meanings[i].key, key->name) == 0)
            return &meanings[i];
    return &none; /* a test finds it */
}

static struct phrase phrase_of(const struct agreement *to, const char *english,
                               const char *japanese)
{
    struct phrase phrase;
    (void)snprintf(phrase.text, sizeof(phrase.text), "%s",
                   to->tongue == TONGUE_ENGLISH ? english : japanese);
    return phrase;
}

static struct phrase value_of(const struct agreement *to, const struct policy *policy,
                              const struct policy_key *key, const struct meaning *meaning)
{
    struct phrase phrase;
    struct policy_span span;
    unsigned choice;
    const char *member = (const char *)policy + key->offset;
    policy_format(policy, key, phrase.text, sizeof(phrase.text));
    if (key->type == POLICY_TYPE_SPAN) {
        memcpy(&span, member, sizeof(span));
        return span_is_zero(span) && strncmp(key->name, "idle_", 5) == 0
                   ? phrase_of(to, "unlimited", "無制限")
                   : span_of(to, span);
    }
    if (key->type == POLICY_TYPE_CHOICE)
        memcpy(&choice, member, sizeof(choice));
    else if (key->type == POLICY_TYPE_PLACES || key->type == POLICY_TYPE_SERVICES)
        choice = policy_weaker(policy, key) != NULL; /* a rule's text says little to an outsider */
    else
        return phrase;
    return phrase_of(to, meaning->choices[choice].english, meaning->choices[choice].japanese);
}

void say_departures(struct agreement *to)
{
    size_t count;
    const struct policy_key *keys = policy_keys(&count);
    struct policy profile;
    policy_profile(&profile, to->policy->profile);
    for (size_t i = 0; i < count; i++) {
        const char *clause = policy_weaker(to->policy, &keys[i]);
        if (clause == NULL)
            continue;
        const struct meaning *meaning = meaning_of(&keys[i]);
        say(to, "departure", "Departing from that, %1$s is %2$s and not %3$s (%4$s).",
            "ただし、%1$sは%3$sではなく%2$sです（%4$s）。",
            to->tongue == TONGUE_ENGLISH ? meaning->english : meaning->japanese,
            value_of(to, to->policy, &keys[i], meaning).text,
            value_of(to, &profile, &keys[i], meaning).text, clause);
    }
}
