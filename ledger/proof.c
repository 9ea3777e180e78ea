/* Proofs over the tree: see proof.h. */
#include "ledger/proof.h"
