/* Cosignatures of witnesses: see cosign.h. */
#include "ledger/cosign.h"
