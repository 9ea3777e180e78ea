/* The turns of an emergency, each in a transaction of others: it begins, lasts, ends, and what was
 * used in it is closed. Whether any of them is due is told by operation/emergency.h. */
#ifndef MEDGL_OPERATION_EMERGENCY_TURN_H
#define MEDGL_OPERATION_EMERGENCY_TURN_H

#include "operation/emergency.h"

/* MUST: row, entry and alert of a turn are one transaction. */

/* What every text about a drill begins with; "" of one in earnest. */
const char *emergency_drill_mark(const struct emergency *row);
const char *emergency_noun(const struct emergency *row); /* "Emergency", "Drill" */

/* clock_moment() of them, for a row. */
medgl_time emergency_moment(const struct emergency_clocks *clocks);

/* Begins one; or turns the drill that is open into one in earnest. `account`: whose login declares
 * it; NULL: an operator. `view` is the latest one before, and this one afterwards. */
enum medgl_error emergency_begin(struct context *context, struct store_txn *txn,
                                 const struct emergency_clocks *clocks,
                                 const struct account *account,
                                 const struct emergency_declare_request *request,
                                 struct emergency_now_view *view);

/* Keeps how long the open one has lasted, and reminds of it where that is due. */
enum medgl_error emergency_last(struct context *context, struct store_txn *txn,
                                const struct emergency_clocks *clocks,
                                struct emergency_now_view *view);

/* Records its end, and closes what was used in it. `decided_by` "": nobody; its time was over. */
enum medgl_error emergency_finish(struct context *context, struct store_txn *txn,
                                  const struct emergency_clocks *clocks, const char *decided_by,
                                  const char *note, struct emergency_now_view *view);

/* Closes whatever was used in one that is over. `*count`: of accounts. */
enum medgl_error emergency_close_used(struct context *context, struct store_txn *txn,
                                      const struct emergency_clocks *clocks,
                                      const struct emergency_now_view *view, uint32_t *count);

#endif
