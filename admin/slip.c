/* The slip with an issued password: folded, so that nobody reads it on the way, in English and
 * Japanese, whatever the operator's language. To a new file, to the site's printer, or, where the
 * policy allows that, to the operator's screen. Never on standard output, never in a stream's
 * buffer: the text is put together in locked pages and leaves from there. */
#include "admin/slip.h"

#include "base/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SLIP_TEXT_SIZE   8192
#define SLIP_PATIENCE_MS 30000

enum medgl_error slip_add(struct secret *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = text->cap - text->len + 1;
    const int len = vsnprintf((char *)text->bytes + text->len, room, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= room)
        return MEDGL_ERR_ARGUMENT;
    text->len += (size_t)len;
    return MEDGL_OK;
}

/* -- the text --------------------------------------------------------------------------------- */

/* What stays visible when the slip is folded. */
static enum medgl_error slip_outside(struct secret *text, const struct account *account)
{
    const char *full = account->full_name[0] != '\0' ? account->full_name : account->name;
    MEDGL_TRY(slip_add(text, SLIP_RULE));
    MEDGL_TRY(
        slip_add(text,
                 "  CONFIDENTIAL                                                      親展\n\n"
                 "  %s 様\n",
                 full));
    if (account->reading[0] != '\0')
        MEDGL_TRY(slip_add(text, "  (%s)\n", account->reading));
    return slip_add(text,
                    "  %s\n\n"
                    "  Only for the person named above. Everybody else: do not open.\n"
                    "  本人だけが開けてください。ほかの人は開けないでください。\n\n",
                    account->name);
}

static enum medgl_error slip_inside(struct secret *text, const struct account *account,
                                    const struct secret *password, medgl_time valid_until,
                                    const char *id)
{
    char host[HOST_NAME_MAX + 1] = "", until[CLOCK_LOCAL_SIZE];
    (void)gethostname(host, sizeof(host) - 1);
    clock_format_local(valid_until, until);
    MEDGL_TRY(slip_add(text,
                       "Issued password / 発行したパスワード\n\n"
                       "Login name: %s\n"
                       "Host: %s\n"
                       "Password: ",
                       account->name, host));
    MEDGL_TRY(slip_add(text, "%.*s\n", (int)password->len, (const char *)password->bytes));
    MEDGL_TRY(slip_add(text,
                       "Valid until: %s\n"
                       "Number: %.8s\n"
                       "(上から順に、ログイン名、ホスト、パスワード、有効期限、番号です。)\n\n",
                       until, id));
    return slip_add(text,
                    "How to read the password: small letters and the digits 2 to 9; i, l, o, 0\n"
                    "and 1 are not used. Every '-' belongs to it.\n"
                    "パスワードの読み方: 英小文字と数字の2から9です。i、l、o、0、1は\n"
                    "使いません。「-」(ハイフン)も入力します。すべて半角です。\n\n");
}

static enum medgl_error slip_steps(struct secret *text)
{
    MEDGL_TRY(slip_add(
        text, "What to do:\n"
              "1. Log in with this password before that time, the '-' included.\n"
              "2. Choose a new password when you are asked for one; tell it to nobody.\n"
              "3. Destroy this slip.\n"
              "You did not ask for this, or the slip was open? Do not use it, and tell the\n"
              "helpdesk at once.\n\n"));
    return slip_add(text, "すること:\n"
                          "1. 期限までにこのパスワードでログインします。\n"
                          "2. 求められたら新しいパスワードを決めます。だれにも教えません。\n"
                          "3. この紙を細かく破って捨てます。\n"
                          "頼んだ覚えがないとき、紙が開いていたときは、使わずにすぐ窓口へ\n"
                          "連絡してください。\n\n");
}

/* The empty part is folded up over what is inside, and the seam is taped. */
static enum medgl_error slip_cover(struct secret *text)
{
    MEDGL_TRY(
        slip_add(text, "- - - - - - - - - - -  fold / 折り線  - - - - - - - - - - - - - - - -\n"));
    for (int i = 0; i < 24; i++)
        MEDGL_TRY(slip_add(text, "\n"));
    return slip_add(text, "  Fold this part up over the text above, and tape it.\n"
                          "  この部分を上に折り重ね、テープで留めます。\n" SLIP_RULE);
}

static enum medgl_error slip_write(struct secret *text, const struct account *account,
                                   const struct secret *password, medgl_time valid_until,
                                   const char *id)
{
    MEDGL_TRY(secret_alloc(text, SLIP_TEXT_SIZE));
    MEDGL_TRY(slip_outside(text, account));
    MEDGL_TRY(slip_add(text, SLIP_RULE));
    MEDGL_TRY(slip_inside(text, account, password, valid_until, id));
    MEDGL_TRY(slip_steps(text));
    return slip_cover(text);
}

/* -- giving it out ---------------------------------------------------------------------------- */

enum medgl_error slip_to_file(int fd, const struct secret *text)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return medgl_error_from_errno(errno);
    MEDGL_TRY(file_write(fd, text->bytes, text->len));
    return fsync(fd) == 0 ? MEDGL_OK : medgl_error_from_errno(errno);
}

/* The order holds the text: locked pages, too. */
static enum medgl_error slip_to_printer(struct courier *courier, const struct secret *text)
{
    auto_secret struct secret pages = SECRET_NONE;
    char why[COURIER_WHY_SIZE];
    MEDGL_TRY(secret_alloc(&pages, sizeof(struct courier_order)));
    struct courier_order *order = (struct courier_order *)(void *)pages.bytes;
    *order = (struct courier_order){
        .program = COURIER_SLIP, .patience_ms = SLIP_PATIENCE_MS, .len = text->len};
    if (text->len > sizeof(order->input))
        return MEDGL_ERR_ARGUMENT;
    memcpy(order->input, text->bytes, text->len);
    enum medgl_error error = courier_run(courier, order, why);
    if (error == MEDGL_OK)
        return MEDGL_OK;
    complain(_("The slip was not printed: %s. If paper came out all the same, destroy it: what is "
               "on it opens nothing."),
             why);
    return MEDGL_ERR_IO;
}

enum medgl_error slip_give(const struct slip *slip, const struct secret *text)
{
    switch (slip->way) {
    case SLIP_TO_FILE:
        return slip_to_file(slip->admin->file.fd, text);
    case SLIP_TO_PRINTER:
        return slip_to_printer(&slip->admin->courier, text);
    case SLIP_TO_SCREEN: /* what is on the screen is not in force yet: it is said when it is */
        return ask_possible() ? file_write(STDERR_FILENO, text->bytes, text->len) : MEDGL_ERR_IO;
    case SLIP_NOWHERE:
        break;
    }
    return MEDGL_ERR_ARGUMENT;
}

enum medgl_error slip_deliver(void *argument, const struct account *account,
                              const struct secret *password, medgl_time valid_until)
{
    const struct slip *slip = argument;
    auto_secret struct secret text = SECRET_NONE;
    MEDGL_TRY(slip_write(&text, account, password, valid_until, slip->id));
    return slip_give(slip, &text);
}
