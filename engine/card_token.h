/* The smartcard driver, through libp11: what is in the readers, and a signature. */
#ifndef MEDGL_ENGINE_CARD_TOKEN_H
#define MEDGL_ENGINE_CARD_TOKEN_H

#include "operation/card_wire.h"

/* Carries out the order. `tell` takes each packet to whoever gave it, false: nobody listens. After
 * CARD_SAID_END, which always comes where the driver lets it, what was opened is closed again. */
void card_token_serve(const struct card_order *order, bool (*tell)(const struct card_said *said));

#endif
