/* The page with a sealed credential (R32): folded and put into an envelope, and read by somebody
 * in a hurry who has nothing else. So it says all that has to be known, in the order in which it
 * is needed. Put together in locked pages. */
#include "admin/breakglass.h"

#include "base/text.h"
#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_TEXT_SIZE 16384
#define PAGE_BLANK     44 /* columns behind the words of a line */
#define PAGE_END       28 /* a line ends nowhere before: then a contact takes three at most */

/* Where the policy does not say whom to tell, the lines are for a pen. */
static enum medgl_error page_contact(struct secret *text, const char *contact)
{
    static const char label[] = "  Whom to tell / 連絡先:   ";
    static const char under[] = "                           ";
    if (contact[0] == '\0')
        return slip_add(text,
                        "%s____________________________________________\n"
                        "  Telephone / 電話:        ____________________________________________\n",
                        label);
    size_t fits = 0;
    for (const char *at = contact; *at != '\0'; at += fits) {
        fits = text_fit(at, PAGE_BLANK, PAGE_END);
        MEDGL_TRY(slip_add(text, "%s%.*s\n", at == contact ? label : under, (int)fits, at));
    }
    return MEDGL_OK;
}

/* What can be read while it is sealed. */
static enum medgl_error page_outside(struct secret *text, const struct policy *policy,
                                     const struct account *account, const struct breakglass *row,
                                     const char *host)
{
    char date[CLOCK_LOCAL_SIZE];
    clock_format_local(row->sealed_at, date);
    MEDGL_TRY(slip_add(text, SLIP_RULE
                       "  EMERGENCY ACCESS                  非常時アクセス(平時は開封厳禁)\n\n"
                       "  Open only in an emergency. Who logs in with it is asked for a name and\n"
                       "  a reason, and the administrators of this machine are told at once.\n"
                       "  非常時以外は開封しないでください。ログインする人には氏名と理由を\n"
                       "  尋ね、すぐにこの機器の管理者へ通知します。\n\n"));
    MEDGL_TRY(slip_add(text,
                       "  Account / アカウント:    %s\n"
                       "  Host / ホスト:           %s\n"
                       "  Serial number / 番号:    %s\n"
                       "  Sealed / 封印した日時:   %s\n",
                       account->name, host, row->serial, date));
    MEDGL_TRY(page_contact(text, policy->emergency_contact));
    return slip_add(text,
                    "  Sealed by / 封印した人:  ____________________________________________\n\n");
}

static enum medgl_error page_code(struct secret *text, const struct account *account,
                                  const struct secret *code)
{
    MEDGL_TRY(slip_add(text,
                       SLIP_RULE "Login name / ログイン名:  %s\n"
                                 "Password / パスワード:\n\n",
                       account->name));
    MEDGL_TRY(slip_add(text, "        %.*s\n\n", (int)code->len, (const char *)code->bytes));
    MEDGL_TRY(slip_add(text,
                       "How to read it: six groups of four. Capitals or small letters, with or\n"
                       "without the '-': all of that works. The letters I, L, O and U are not\n"
                       "used: a round one is a zero, an upright one is a one. A typing error is\n"
                       "told, and is not counted as a try. Nothing is shown while you type.\n"));
    return slip_add(text, "読み方: 4文字ずつ6組です。大文字でも小文字でも、「-」(ハイフン)は\n"
                          "あってもなくても構いません。英字のI、L、O、Uは使いません(丸い字は\n"
                          "数字の0、縦棒の字は数字の1です)。すべて半角です。打ち間違いは画面で\n"
                          "知らせ、失敗には数えません。入力中は画面に何も出ません。\n\n");
}

/* By the rule of when it was sealed; where that was changed since, the login says so. */
static enum medgl_error page_declaring(struct secret *text, enum policy_outside outside,
                                       bool japanese)
{
    switch (outside) {
    case POLICY_OUTSIDE_DENY:
        return slip_add(
            text, japanese
                      ? "   拒否されたら管理者に medgl-admin emergency declare を頼みます。\n"
                      : "   Refused? An administrator must run medgl-admin emergency declare.\n");
    case POLICY_OUTSIDE_DECLARE:
        break;
    }
    return slip_add(text,
                    japanese ? "   宣言がまだなければ、ログインが非常時の宣言になります。\n"
                             : "   Logging in declares an emergency where none is declared yet.\n");
}

/* The longest time is that of the policy when it was sealed; the login says the one in force. */
static enum medgl_error page_steps(struct secret *text, const struct policy *policy,
                                   const char *account, const char *host)
{
    const unsigned hours = (unsigned)(policy_span_most(policy->emergency_max) / MEDGL_HOUR);
    MEDGL_TRY(slip_add(text,
                       "What to do:\n"
                       "1. Log in with the name and password above: at the machine itself, or\n"
                       "   from another one: ssh %s@%s\n",
                       account, host));
    MEDGL_TRY(page_declaring(text, policy->breakglass_outside, false));
    MEDGL_TRY(slip_add(text,
                       "2. Say who you are and why. Whatever you answer, you are let in.\n"
                       "3. Telephone whom the outside names: the alerts may not have arrived.\n"
                       "4. Do what is needed; sudo asks for the password above. The screen\n"
                       "   says drill, and you have none? Go on, and tell it on the telephone.\n"
                       "5. Afterwards log out of every window, and write down what you did.\n"
                       "6. Give this page to the security administrator, who ends the\n"
                       "   emergency. Then, and %u hours after its beginning at the latest, you\n"
                       "   are logged out, and the password is refused like any wrong one.\n"
                       "Found open, or opened by mistake? Do not use it; tell the security\n"
                       "administrator at once: a new one is sealed.\n\n",
                       hours));
    MEDGL_TRY(slip_add(text,
                       "手順:\n"
                       "1. 機器の前で、または別の機器から次のコマンドで、上のログイン名と\n"
                       "   パスワードを使ってログインします: ssh %s@%s\n",
                       account, host));
    MEDGL_TRY(page_declaring(text, policy->breakglass_outside, true));
    return slip_add(text,
                    "2. 氏名と理由を尋ねられます。何と答えても、ログインできます。\n"
                    "3. 紙の外側の連絡先へ電話します(通知は届いていないことがあります)。\n"
                    "4. 必要なことをします。sudoが尋ねるのも上のパスワードです。画面に訓練と\n"
                    "   出ても訓練でなければ、そのまま続け、電話でそう伝えます。\n"
                    "終わったら:\n"
                    "5. すべての画面でログアウトし、いつ・何を・なぜしたかを書き留めます。\n"
                    "6. この紙をセキュリティ管理者に渡します。管理者が非常時を終わらせると、\n"
                    "   または始まりから%u時間が過ぎると、自動的にログアウトされ、この\n"
                    "   パスワードは間違ったパスワードと同じように拒否されます。\n"
                    "封筒が開いていたとき、間違えて開けたときは、使わずにすぐセキュリティ\n"
                    "管理者へ知らせてください。新しいものを封印します。\n",
                    hours);
}

enum medgl_error breakglass_page(struct secret *text, const struct policy *policy,
                                 const struct account *account, const struct breakglass *row,
                                 const struct secret *code)
{
    char host[HOST_NAME_MAX + 1] = "";
    (void)gethostname(host, sizeof(host) - 1);
    MEDGL_TRY(secret_alloc(text, PAGE_TEXT_SIZE));
    MEDGL_TRY(page_outside(text, policy, account, row, host));
    MEDGL_TRY(slip_add(
        text, "- - -  fold this part over the rest / この部分を上に折り重ねます  - - -\n"));
    MEDGL_TRY(page_code(text, account, code));
    MEDGL_TRY(page_steps(text, policy, account->name, host));
    return slip_add(text, SLIP_RULE);
}
