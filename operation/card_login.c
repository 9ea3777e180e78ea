/* Smartcards at a login. */
#include "operation/card.h"

#include <string.h>

/* No reader is looked at yet. */
enum medgl_error card_login_begin(const struct context *context, struct card_login **login,
                                  enum card_presence *presence)
{
    (void)context;
    *login = NULL;
    *presence = CARD_ABSENT;
    return MEDGL_OK;
}

void card_login_free(struct card_login **login)
{
    *login = NULL;
}

void card_login_prompt(const struct card_login *login, char *text, size_t size)
{
    (void)login;
    if (size > 0)
        text[0] = '\0';
}

enum medgl_error card_login_prove(struct card_login *login, const struct secret *pin,
                                  const char *account_name, const struct factors *factors,
                                  medgl_time now, struct card_answer *answer)
{
    (void)login;
    (void)pin;
    (void)account_name;
    (void)factors;
    (void)now;
    memset(answer, 0, sizeof(*answer));
    return MEDGL_OK;
}
