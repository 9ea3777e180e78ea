/* The report of an emergency as a page to print (R33), in English and Japanese, whatever the
 * operator's language: a reviewer goes through it with a pen, and signs. What was recorded stands
 * as it was recorded. */
#include "admin/report_page.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_WIDTH 72
#define PAGE_RULE  "========================================================================"
#define PAGE_LINE  "________________________________________________________________________"

/* The parts, in the order in which they are heard of; each has its heading, also an empty one. */
enum page_part {
    PAGE_HEAD = 0,
    PAGE_LOGINS,
    PAGE_SESSIONS,
    PAGE_ACTS,
    PAGE_ALERTS,
    PAGE_LEFT,
    PAGE_REVIEW,
};

static const char *const page_headings[] = {
    [PAGE_HEAD] = "",
    [PAGE_LOGINS] = "1. Who logged in, or tried to / ログインした人、試みた人",
    [PAGE_SESSIONS] = "2. Sessions / セッション",
    [PAGE_ACTS] = "3. What operators did / 実行者の操作",
    [PAGE_ALERTS] = "4. Alerts / 警報",
    [PAGE_LEFT] = "5. To be done / 残っている作業",
    [PAGE_REVIEW] = "6. Review / 事後確認",
};

struct page {
    struct admin *admin;
    enum page_part part;
    bool empty; /* nothing stands below its heading */
};

/* -- lines ------------------------------------------------------------------------------------ */

/* Columns that a character takes on paper, and its bytes. */
static unsigned page_character(const char *text, size_t *len)
{
    const unsigned char first = (unsigned char)text[0];
    *len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (*len > strlen(text))
        *len = strlen(text);
    return first < 0xe1 ? 1 : 2; /* wide ones begin at U+1100 */
}

/* No line begins with what ends a clause. */
static bool page_clings(const char *text)
{
    static const char *const ends[] = {"、", "。", "」", ")"};
    for (size_t i = 0; i < MEDGL_COUNT(ends); i++)
        if (strncmp(text, ends[i], strlen(ends[i])) == 0)
            return true;
    return false;
}

/* How much of it fits: up to a blank where there is one, or before a wide character. */
static size_t page_fits(const char *text, unsigned room)
{
    size_t at = 0, cut = 0, len;
    for (unsigned used = 0; text[at] != '\0'; at += len) {
        const unsigned width = page_character(text + at, &len);
        if (at > 0 && (text[at] == ' ' || width == 2) && !page_clings(text + at))
            cut = at;
        if (used + width > room)
            return cut > 0 ? cut : at > 0 ? at : len;
        used += width;
    }
    return at;
}

static void page_bytes(const struct page *page, const char *bytes, size_t len)
{
    output_raw(&page->admin->output, bytes, len);
}

/* One paragraph: what follows its first line stands `indent` to the right. */
static void page_wrapped(const struct page *page, unsigned indent, const char *text)
{
    for (bool first = true; *text != '\0'; first = false) {
        const unsigned left = first ? 0 : indent;
        const size_t len = page_fits(text, PAGE_WIDTH - left);
        size_t shown = len;
        while (shown > 0 && text[shown - 1] == ' ')
            shown--;
        page_bytes(page, "                ", left);
        page_bytes(page, text, shown);
        page_bytes(page, "\n", 1);
        text += len;
        text += strspn(text, " ");
    }
}

__attribute__((format(printf, 3, 4))) static void page_say(struct page *page, unsigned indent,
                                                           const char *format, ...)
{
    auto_free char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0) {
        text = NULL;
        page->admin->output.failed = true;
        return;
    }
    page->empty = false;
    page_wrapped(page, indent, text);
}

static void page_blank(const struct page *page)
{
    page_bytes(page, "\n", 1);
}

/* Those between have nothing below them. */
static void page_turn(struct page *page, enum page_part part)
{
    while (page->part < part) {
        if (page->empty)
            page_say(page, 0, "    none / なし");
        page_blank(page);
        page_say(page, 0, "%s", page_headings[++page->part]);
        page_blank(page);
        page->empty = true;
    }
}

static void page_time(medgl_time t, char text[CLOCK_LOCAL_SIZE])
{
    if (t == 0)
        (void)snprintf(text, CLOCK_LOCAL_SIZE, "-");
    else
        clock_format_local(t, text);
}

static const char *page_or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* -- the emergency ---------------------------------------------------------------------------- */

/* Of entries: the first, and behind the last. `to` below 0: it lasts; `from`: there are none. */
static void page_range(int64_t from, int64_t to, char range[64])
{
    if (to > from)
        (void)snprintf(range, 64, "%" PRId64 " - %" PRId64, from, to - 1);
    else if (to < 0)
        (void)snprintf(range, 64, "%" PRId64 " -", from);
    else
        (void)snprintf(range, 64, "none / なし");
}

/* So that the paper can be held against the evidence. */
static void page_evidence(struct page *page, const struct emergency_report *report)
{
    const struct emergency *row = &report->row;
    char own[64], main[64] = "could not be read then / 当時は読めませんでした";
    page_range((int64_t)row->own_from, row->ended != EMERGENCY_END_NONE ? (int64_t)row->own_to : -1,
               own);
    if (row->main_from >= 0)
        page_range(row->main_from, row->main_to, main);
    page_say(page, 4, "Ledger / 台帳: %s", report->origin);
    page_say(page, 4, "Its entries / その記録: %s", own);
    page_say(page, 4, "Entries of the main ledger / 主台帳の記録: %s", main);
}

static void page_times(struct page *page, const struct emergency_report *report)
{
    const struct emergency *row = &report->row;
    char declared[CLOCK_LOCAL_SIZE], ended[CLOCK_LOCAL_SIZE];
    page_time(row->declared, declared);
    page_time(row->recovered, ended);
    page_say(page, 4, "Declared / 宣言: %s", declared);
    const enum emergency_phase state = emergency_state_of(row, report->phase);
    page_say(page, 4, "Ended / 終了: %s%s", ended,
             state == EMERGENCY_TIMED_OUT ? " (by its longest time / 最長時間の満了)"
             : state == EMERGENCY_OPEN    ? " (it is open / 継続中)"
                                          : "");
    page_say(page, 4, "End decided by / 終了を決定した人: %s", page_or_dash(row->recovered_by));
    page_say(page, 4, "Lasted / 継続時間: %" PRId64 " min / 分", report->spent / MEDGL_MINUTE);
}

static void page_head(void *argument, const struct emergency_report *report)
{
    struct page *page = argument;
    const struct emergency *row = &report->row;
    const struct actor *actor = &page->admin->identity.actor;
    char host[HOST_NAME_MAX + 1] = "", now[CLOCK_LOCAL_SIZE];
    (void)gethostname(host, sizeof(host) - 1);
    page_time(clock_read().now, now);
    page_say(page, 0, "%s", PAGE_RULE);
    if (row->drill)
        page_say(page, 0,
                 "DRILL %" PRIu32 ", no emergency: what was done / 訓練 %" PRIu32 " の記録",
                 row->number, row->number);
    else
        page_say(page, 0, "EMERGENCY %" PRIu32 ": what was done / 非常時 %" PRIu32 " の記録",
                 row->number, row->number);
    page_say(page, 0, "%s", PAGE_RULE);
    page_say(page, 4, "Host / ホスト: %s", host);
    page_say(page, 4, "Printed / 印刷: %s%s%s", now, actor->name[0] != '\0' ? ", " : "",
             actor->name);
    page_say(page, 4, "Criterion / 宣言の理由: %s", row->criterion);
    if (report->account[0] != '\0')
        page_say(page, 4, "Declared by a login of / ログインで宣言したアカウント: %s",
                 report->account);
    else
        page_say(page, 4, "Decided by / 決定した人: %s", page_or_dash(row->decided_by));
    page_say(page, 4, "Note / 備考: %s", page_or_dash(row->note));
    page_times(page, report);
    page_evidence(page, report);
}

/* -- its parts -------------------------------------------------------------------------------- */

static void page_login(void *argument, const struct emergency_login *login)
{
    struct page *page = argument;
    char time[CLOCK_LOCAL_SIZE], last[CLOCK_LOCAL_SIZE];
    page_turn(page, PAGE_LOGINS);
    page_time(login->time, time);
    page_time(login->last, last);
    page_say(page, 4, "[ ] %s%s  %s, %s, from / 接続元: %s", time,
             login->clock_synchronised ? "" : " (clock not synchronised / 時刻は未同期)",
             login->account, page_or_dash(login->service), page_or_dash(login->source));
    if (!login->allowed && login->times > 1)
        page_say(page, 8, "    refused / 拒否: %s, %" PRIu32 " times / 回, until / 最後: %s",
                 login->reason, login->times, last);
    else if (!login->allowed)
        page_say(page, 8, "    refused / 拒否: %s", login->reason);
    else if (login->inside)
        page_say(page, 8,
                 "    by who was logged in as it already / すでにログインしていた人による");
    else
        page_say(page, 8, "    who / 氏名: %s",
                 login->person[0] != '\0' ? login->person
                                          : "____________________ (not said / 未回答)");
    if (login->allowed && !login->inside)
        page_say(page, 8, "    why / 理由: %s", page_or_dash(login->purpose));
    if (login->serial[0] != '\0')
        page_say(page, 8, "    envelope / 封筒: %s", login->serial);
}

static const char *page_session_state(const char *state)
{
    static const char *const both[][2] = {
        {"open", "open / 継続中"},
        {"closed", "closed / 終了"},
        {"lost", "lost, its end is not known / 終了時刻は不明"},
        {"ended", "ended by an operator / 実行者が終了"},
        {"forgotten", "long ago: its end is in the ledger / 終了の記録は台帳にあります"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(both); i++)
        if (strcmp(both[i][0], state) == 0)
            return both[i][1];
    return state;
}

static void page_session(void *argument, const struct emergency_session *told)
{
    struct page *page = argument;
    const struct session *session = told->session;
    char opened[CLOCK_LOCAL_SIZE], closed[CLOCK_LOCAL_SIZE], length[64] = "";
    page_turn(page, PAGE_SESSIONS);
    page_time(session->opened, opened);
    page_time(session->closed, closed);
    if (told->seconds >= 0)
        (void)snprintf(length, sizeof(length), ", %" PRId64 " min / 分 %" PRId64 " s / 秒",
                       told->seconds / 60, told->seconds % 60);
    page_say(page, 4, "[ ] %s - %s  %s%s", opened, closed, told->account, length);
    page_say(page, 8, "    who / 氏名: %s; %s, from / 接続元: %s; %s",
             page_or_dash(session->person), page_or_dash(session->service),
             page_or_dash(session->source), page_session_state(told->state));
}

static void page_act(void *argument, const struct emergency_act *act)
{
    struct page *page = argument;
    char time[CLOCK_LOCAL_SIZE];
    page_turn(page, PAGE_ACTS);
    page_time(act->time, time);
    page_say(page, 4, "[ ] %s  %s%s%s, by / 実行者: %s%s  [%s %" PRIu64 "]", time, act->kind,
             act->subject[0] != '\0' ? " " : "", act->subject, page_or_dash(act->actor),
             act->breakglass ? " (break-glass account / 非常時アカウント)" : "",
             act->main ? "main" : "breakglass", act->seq);
    if (act->details[0] != '\0')
        page_say(page, 8, "    %s", act->details);
}

static void page_alarm(void *argument, const struct emergency_alarm *alarm)
{
    struct page *page = argument;
    char time[CLOCK_LOCAL_SIZE];
    page_turn(page, PAGE_ALERTS);
    page_time(alarm->time, time);
    if (alarm->delivered)
        page_say(page, 4, "    %s  %s: delivered / 配信済み", time, alarm->kind);
    else if (!alarm->tried)
        page_say(page, 4, "[ ] %s  %s: not delivered yet / 未配信", time, alarm->kind);
    else
        page_say(page, 4,
                 "[ ] %s  %s: not delivered to %" PRIu32 " of %" PRIu32
                 " receivers so far / 宛先 %" PRIu32 " 件のうち %" PRIu32 " 件に未達",
                 time, alarm->kind, alarm->failed, alarm->receivers, alarm->receivers,
                 alarm->failed);
    page_say(page, 8, "    %s", alarm->text);
}

static const char *page_left_japanese(enum emergency_left what)
{
    switch (what) {
    case EMERGENCY_LEFT_OPEN:
        return "継続中です。medgl-admin emergency recover で終わらせます";
    case EMERGENCY_LEFT_SESSIONS:
        return "記録上まだ開いているセッション";
    case EMERGENCY_LEFT_ALERTS:
        return "全員には届いていない警報";
    case EMERGENCY_LEFT_PERSON:
        return "氏名の回答がないログイン。封筒を持っていた人に確かめてください";
    case EMERGENCY_LEFT_REVIEW:
        return "事後確認がまだです";
    case EMERGENCY_LEFT_SEAL:
        return "使われたまま、封印し直していないアカウント";
    case EMERGENCY_LEFT_JOIN:
        return "主台帳の裏付けがまだない記録";
    case EMERGENCY_LEFT_MAIN:
        return "主台帳を当時または今読めないか、記録が失われています。その操作は載っていないおそれ"
               "があります";
    case EMERGENCY_LEFT_BODIES:
        return "アーカイブに移した記録。その操作はここに載っていません";
    }
    return "";
}

static void page_left(void *argument, enum emergency_left what, uint32_t count)
{
    struct page *page = argument;
    page_turn(page, PAGE_LEFT);
    page_say(page, 4, "[ ] %" PRIu32 "  %s", count, report_left_say(what));
    page_say(page, 8, "       %s", page_left_japanese(what));
}

/* -- the signature ---------------------------------------------------------------------------- */

static void page_sign(struct page *page, const struct emergency *row)
{
    char reviewed[CLOCK_LOCAL_SIZE];
    page_turn(page, PAGE_REVIEW);
    page_time(row->reviewed, reviewed);
    if (row->reviewed != 0)
        page_say(page, 4, "Recorded / 記録済み: %s, %s: %s", reviewed, row->reviewed_by,
                 page_or_dash(row->review_note));
    else
        page_say(page, 4,
                 "Recorded / 記録済み: not yet / 未 (medgl-admin emergency review %" PRIu32 ")",
                 row->number);
    page_blank(page);
    static const char *const boxes[][2] = {
        {"Each line above was asked about, and is in order", "上の各項目を確かめ、問題はなかった"},
        {"What was written on paper meanwhile was entered", "その間の紙の記録を転記した"},
        {"I used none of these accounts, and did not decide on it",
         "これらのアカウントを使っておらず、宣言や終了の決定もしていない"},
    };
    for (size_t i = 0; i < MEDGL_COUNT(boxes); i++) {
        page_say(page, 4, "[ ] %s", boxes[i][0]);
        page_say(page, 4, "    %s", boxes[i][1]);
    }
    page_blank(page);
    page_say(page, 0, "Remarks / 所見:");
    for (int i = 0; i < 3; i++) {
        page_blank(page);
        page_say(page, 0, "%.*s", PAGE_WIDTH, PAGE_LINE);
    }
    page_blank(page);
    page_say(page, 0, "Name / 氏名:      ________________________________________");
    page_blank(page);
    page_say(page, 0, "Signature / 署名: ________________________________________");
    page_blank(page);
    page_say(page, 0, "Date / 日付:      ________________________________________");
}

enum medgl_error report_page(struct admin *admin, struct context *there, uint32_t number)
{
    struct page page = {.admin = admin};
    struct emergency_report report = {.argument = &page,
                                      .login = page_login,
                                      .session = page_session,
                                      .act = page_act,
                                      .alarm = page_alarm,
                                      .left = page_left};
    MEDGL_TRY(operation_report_emergency(&admin->context, there, number, &report, page_head));
    page_sign(&page, &report.row);
    return MEDGL_OK;
}
