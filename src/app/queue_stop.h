/*
 * queue_stop: the wish of a person, or of the system, that a queue run ends. A
 * signal asks for it, after the message in hand; the same one again ends the
 * process at once.
 */
#ifndef APP_QUEUE_STOP_H
#define APP_QUEUE_STOP_H

#include <signal.h>
#include <stdbool.h>

void queue_stop_listen(int signal_number);
bool queue_stop_is_wanted(void);

#endif
