/* The outbox of alerts (R07). Part of the interface of store.h. */
#ifndef MEDGL_STORE_ALERT_H
#define MEDGL_STORE_ALERT_H

#include "base/alert.h"
#include "store/store.h"

/* MUSTs: an alert is written in the transaction of its event; it leaves no sooner than its event is
 * committed, and stays until every receiver had it. */
struct alert {
    char id[CRYPTO_ID_SIZE];
    enum alert_kind kind;
    char fold[STORE_TEXT_SIZE];      /* what it is about: the same again is the same alert */
    char account_id[CRYPTO_ID_SIZE]; /* "" where it is about none */
    char subject[STORE_NAME_SIZE];   /* login name, "" likewise; never an unknown name */
    char source[STORE_SOURCE_SIZE];  /* "" likewise */
    char text[STORE_ALERT_SIZE];     /* one sentence, English */
    medgl_time first, last;
    uint32_t count;        /* times it happened */
    medgl_time not_before; /* of its delivery; of one that is addressed: when that was */
    bool addressed;        /* its deliveries are there: what happens from now on is a new alert */
    medgl_time done;       /* every receiver had it; 0: not yet */
};
enum medgl_error store_alert_add(struct store_txn *txn, const struct alert *alert);
/* Replaces the row with that id. */
enum medgl_error store_alert_update(struct store_txn *txn, const struct alert *alert);
enum medgl_error store_alert_by_id(struct store_txn *txn, const char *id, struct alert *alert);
/* The alert about that which is not addressed yet, else the latest. MEDGL_ERR_NOT_FOUND. */
enum medgl_error store_alert_by_fold(struct store_txn *txn, const char *fold, struct alert *alert);
/* Those that are not done (`all`: every one), the oldest first. Of alerts and deliveries, one that
 * was changed from outside is passed over: MEDGL_ERR_CORRUPT when the others have been read. */
enum medgl_error store_alert_each(struct store_txn *txn, bool all,
                                  enum medgl_error (*each)(void *argument,
                                                           const struct alert *alert),
                                  void *argument);
/* Forgets alerts that were done before then, with their deliveries. */
enum medgl_error store_alert_purge(struct store_txn *txn, medgl_time before);

/* Stored by number. */
enum delivery_state {
    DELIVERY_WAITING = 1,
    DELIVERY_DONE = 2,
    DELIVERY_DROPPED = 3, /* its receiver is not there any more */
};
/* One alert to one receiver. */
struct delivery {
    char alert_id[CRYPTO_ID_SIZE];
    char channel[STORE_NAME_SIZE]; /* "syslog", "mail", "wall", "hook NAME" */
    enum delivery_state state;
    uint32_t tries;
    medgl_time next;               /* try, while it waits */
    medgl_time last;               /* try; 0: none */
    char problem[STORE_TEXT_SIZE]; /* why the last one failed; "" */
};
/* Adds it, or replaces that of the same alert and channel. */
enum medgl_error store_delivery_put(struct store_txn *txn, const struct delivery *delivery);
enum medgl_error store_delivery_each(struct store_txn *txn, const char *alert_id,
                                     enum medgl_error (*each)(void *argument,
                                                              const struct delivery *delivery),
                                     void *argument);

#endif
