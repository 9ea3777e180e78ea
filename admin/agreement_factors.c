/* What the agreement says of second factors and approved exceptions (R03, R24, R38, R40). */
#include "admin/agreement.h"

static bool has_cards(const struct policy *policy)
{
    return policy->factor_kinds != POLICY_FACTOR_KINDS_TOTP && policy->card_module[0] != '\0';
}

/* Of a class: required, optional, or none, of which nothing is said but that. */
static void say_factor_of(struct agreement *to, size_t i)
{
    const char *who = tongue_of(to, agreement_classes[i].english, agreement_classes[i].japanese);
    const char *from = to->policy->factor_required_from, *topic = agreement_classes[i].topics[5];
    switch (policy_class_of(to->policy, agreement_classes[i].class_)->factor) {
    case POLICY_FACTOR_REQUIRED:
        if (from[0] == '\0')
            say(to, topic, "%s must log in with a second factor.",
                "%sのログインには、第二の認証要素が必要です。", who);
        else
            say(to, topic,
                "%1$s must log in with a second factor from %2$s on; until then it is asked of "
                "those who have one.",
                "%1$sのログインには、%2$"
                "s以降、第二の認証要素が必要です。それまでは、登録した人だけに"
                "確認します。",
                who, from);
        return;
    case POLICY_FACTOR_OPTIONAL:
        say(to, topic, "%s are asked for a second factor where they have one.",
            "%sには、第二の認証要素を登録した人だけにそれを確認します。", who);
        return;
    case POLICY_FACTOR_NONE:
        say(to, topic, "%s are asked for no second factor.",
            "%sには、第二の認証要素を確認しません。", who);
        return;
    }
}

static void say_factor_exempt(struct agreement *to)
{
    const char *places = to->policy->factor_exempt_places;
    const char *services = to->policy->factor_exempt_services;
    if (places[0] != '\0')
        say(to, "factor_exempt_places",
            "Whoever comes from these terminals and networks is asked for no second factor: %s.",
            "次の端末とネットワークからは、第二の認証要素を確認しません（%s）。", places);
    if (services[0] != '\0')
        say(to, "factor_exempt_services", "These services ask for no second factor: %s.",
            "次のサービスでは、第二の認証要素を確認しません（%s）。", services);
}

static void say_factor_kinds(struct agreement *to)
{
    const struct policy *policy = to->policy;
    const bool totp = policy->factor_kinds != POLICY_FACTOR_KINDS_CARD;
    if (totp && has_cards(policy))
        say(to, "factor_kinds",
            "A second factor is a device that makes one-time codes (RFC 6238), or a smartcard with "
            "its PIN.",
            "第二の認証要素は、ワンタイムコードを作る機器（RFC 6238）、または暗証番号付きの"
            "ICカードです。");
    else if (totp)
        say(to, "factor_kinds", "A second factor is a device that makes one-time codes (RFC 6238).",
            "第二の認証要素は、ワンタイムコードを作る機器（RFC 6238）です。");
    else
        say(to, "factor_kinds", "A second factor is a smartcard with its PIN.",
            "第二の認証要素は、暗証番号付きのICカードです。");
    if (totp)
        say(to, "factor_code",
            "Each one-time code is accepted once; %s without a success between them close the "
            "codes of an account until an administrator acts.",
            "ワンタイムコードはそれぞれ一度だけ使えます。成功を挟まずに%s誤ると、管理者が対応する"
            "まで、そのアカウントではコードを受け付けません。",
            count_of(to, policy->factor_failures, "wrong code", "wrong codes", "回").text);
}

/* How somebody comes by the first one. */
static void say_factor_enrol(struct agreement *to)
{
    switch (to->policy->factor_enrol) {
    case POLICY_ENROL_LOGIN:
        say(to, "factor_enrol",
            "Whoever is required to have a second factor and has none enrols one at the next "
            "login.",
            "必要な第二の認証要素がない人は、次のログイン時にそれを登録します。");
        return;
    case POLICY_ENROL_ADMINISTRATOR:
        say(to, "factor_enrol",
            "Only an administrator enrols a second factor where one is required and missing; until "
            "then logins are refused.",
            "必要な第二の認証要素がない人には、管理者だけがそれを登録します。それまでログインは拒否"
            "されます。");
        return;
    }
}

static void say_recovery(struct agreement *to)
{
    switch (to->policy->factor_recovery) {
    case POLICY_RECOVERY_ALWAYS:
        say(to, "recovery",
            "Instead of the second factor its owner can use a recovery code; each of them works "
            "once.",
            "第二の認証要素の代わりに、本人の復旧コードを使えます。コードはそれぞれ一度だけ使え"
            "ます。");
        return;
    case POLICY_RECOVERY_GRANT:
        say(to, "recovery",
            "Recovery codes are accepted only with an approval; each of them works once.",
            "復旧コードは、承認された期間だけ使えます。コードはそれぞれ一度だけ使えます。");
        return;
    }
}

static void say_cards(struct agreement *to)
{
    if (!has_cards(to->policy))
        return;
    switch (to->policy->card_alone) {
    case POLICY_NO:
        say(to, "card_alone", "A card is used together with the password.",
            "カードはパスワードと併せて使います。");
        break;
    case POLICY_YES:
        say(to, "card_alone", "A card and its PIN are two factors, and need no password.",
            "カードとその暗証番号は二つの認証要素であり、パスワードは不要です。");
        break;
    }
    switch (to->policy->card_crl) {
    case POLICY_CRL_REQUIRE:
        say(to, "card_crl",
            "A card's certificate must come from an issuer that the site trusts and must not be "
            "revoked; without a current list of revoked ones it is refused.",
            "カードの証明書は、施設が信頼する発行者のもので、失効していないことを確認します。最新の"
            "失効リストがなければ拒否されます。");
        break;
    case POLICY_CRL_WARN:
        say(to, "card_crl",
            "A card's certificate must come from an issuer that the site trusts and must not be on "
            "the list of revoked ones; where that list is old, a warning is recorded.",
            "カードの証明書は、施設が信頼する発行者のもので、失効リストにないことを確認します。失効"
            "リストが古い場合は、警告を記録します。");
        break;
    }
}

void say_factors(struct agreement *to)
{
    bool any = false;
    for (size_t i = 0; i < AGREEMENT_CLASSES; i++) {
        say_factor_of(to, i);
        any |=
            policy_class_of(to->policy, agreement_classes[i].class_)->factor != POLICY_FACTOR_NONE;
    }
    if (any)
        say_factor_exempt(to);
    say(to, "factor_own",
        "An account can have a rule of its own on the second factor, which goes before that of its "
        "class.",
        "第二の認証要素の規則は、区分の規則に優先してアカウントごとに定めることもできます。");
    say_factor_kinds(to);
    say_factor_enrol(to);
    say_recovery(to);
    say_cards(to);
    say(to, "grant",
        "An exception (another proof in place of the second factor, or a login outside the hours) "
        "names who approved it and why, lasts for %s at most, ends by itself, and is recorded.",
        "例外（第二の認証要素に代わる確認、時間外のログイン）には、承認者と理由を定めます。期間は"
        "最長%sで、自動的に終了し、記録されます。",
        span_of(to, to->policy->grant_max).text);
}
