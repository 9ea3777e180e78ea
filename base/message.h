/* Messages for people go through gettext: _() translates, N_() marks for translation, both in the
 * catalogue "medgl". */
#ifndef MEDGL_BASE_MESSAGE_H
#define MEDGL_BASE_MESSAGE_H

#include <libintl.h>

#define MESSAGE_DOMAIN "medgl"
#define _(text)        dgettext(MESSAGE_DOMAIN, text)
#define N_(text)       text

#endif
