/* The transaction that ends a try, in its parts: for operation/decide*.c alone. */
#ifndef MEDGL_OPERATION_DECIDE_H
#define MEDGL_OPERATION_DECIDE_H

#include "operation/alert.h"
#include "operation/breakglass_login.h"
#include "operation/evidence.h"
#include "operation/password.h"
#include "operation/totp.h"

struct commit_run {
    struct proof *proof;
    struct clock_reading clock;
    struct login_decision decision;
    struct account account; /* as it is now, in this transaction */
    struct credential credential;
    bool present;
    bool renews;                       /* what the proof found out about it can be stored */
    struct breakglass_look breakglass; /* of an account of that class (R32) */
    struct activity activity;
    struct factors factors; /* of the account, in this transaction */
    struct factor_demand demand;
    enum factor_result second;
    const struct totp_enrolment *enrolment; /* a device that was confirmed just now; NULL: none */
    struct account person;                  /* who uses a shared id */
    bool person_found;
    bool repeated;                  /* what failed from there before: no new guess */
    struct attempt_decision locked; /* the state that a failure led to */
    bool now_locked;
    bool factor_closed; /* by this very try */
    char factor_text[64];
    bool alerted;
    struct head_mark head; /* where the ledger ends with this */
};

/* What is told of every try. */
void commit_describe(struct commit_run *run, struct ledger_entry *entry);
void commit_describe_place(const struct commit_run *run, struct ledger_entry *entry);
/* How many tries before this one have no entry, which is told once. */
void commit_describe_unrecorded(struct commit_run *run, struct ledger_entry *entry);
/* Login name of who uses a shared id; "": nobody else. */
const char *commit_person_name(const struct commit_run *run);

/* The limits that a failure reached, with what is told of them (R20, R24). */
enum medgl_error commit_limits(struct store_txn *txn, struct commit_run *run);
/* Where space is scarce, one about all sources, and at most one an hour (R32). */
enum medgl_error commit_alert(struct store_txn *txn, struct commit_run *run, enum alert_kind kind,
                              const struct account *account, const char *source, const char *text);

/* The last act of the transaction: tells of a store that was put back, and where the ledger ends
 * now, which is remembered after the commit. */
enum medgl_error commit_head(struct store_txn *txn, struct commit_run *run);
void commit_keep_head(const struct commit_run *run);

/* What a success leaves behind: its entry, what it used up, what it renewed. */
enum medgl_error commit_success(struct store_txn *txn, struct commit_run *run);

#endif
