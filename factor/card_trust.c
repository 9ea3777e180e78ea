/* Anchors and lists of revoked certificates, and the judgement by them. */
#include "factor/card.h"
