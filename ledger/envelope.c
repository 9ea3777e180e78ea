/* CMS EnvelopedData through OpenSSL: see envelope.h. */
#include "ledger/envelope.h"
