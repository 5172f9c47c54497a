/*
 * queue_heir: the account that speaks for another one that cannot be used any
 * more: taken out of the configuration, wrong, without its secret. Mail is not
 * sent through it, since senders and their rules belong to an account; what is
 * told about that mail is.
 */
#ifndef APP_QUEUE_HEIR_H
#define APP_QUEUE_HEIR_H

#include "queue_line.h"

/* Zeros are its start. Texts are in the arena given. */
struct queue_heir {
	const char *of;      /* for which it was looked last */
	const char *account; /* NULL: there is none */
	struct settings settings;
};

/*
 * Can anybody be told about mail of the account in hand, by itself or by
 * another: one that its `failover` names, the default one, any other in the
 * order of the files?
 */
bool queue_heir_can_tell(
    struct queue_heir *h, const struct queue_line *l, struct arena *a);

/*
 * Has it waited long enough now, and can somebody be told so? The lifetime of
 * an account that is in no file is that of its heir.
 */
bool queue_heir_gives_up(struct queue_heir *h, const struct queue_line *l,
    int64_t created, int64_t now, struct arena *a);

/*
 * s, which has the settings of the account in hand, is to report: through the
 * heir where it must, though the log, and the wish who is told, stay those of
 * the account. After one of the above.
 */
void queue_heir_speak(
    const struct queue_heir *h, const struct queue_line *l, struct send *s);

#endif
