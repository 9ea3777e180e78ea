/* What a hash costs at the least, whatever the policy asks for. */
#ifndef MEDGL_TESTS_CHEAP_COST_H
#define MEDGL_TESTS_CHEAP_COST_H

#include <argon2.h>

static inline void cheap_cost(argon2_context *context)
{
    if (context->m_cost > 8 * context->lanes)
        context->m_cost = 8 * context->lanes;
    if (context->t_cost > 1)
        context->t_cost = 1;
}

#endif
