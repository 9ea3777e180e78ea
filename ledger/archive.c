/* The head of an archive file: see archive.h. */
#include "ledger/archive.h"
