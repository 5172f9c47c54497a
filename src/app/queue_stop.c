#include "queue_stop.h"

static volatile sig_atomic_t is_to_stop;

static void stop(int signal_number)
{
	(void)signal_number;
	is_to_stop = 1;
}

void queue_stop_listen(int signal_number)
{
	struct sigaction action = {
		.sa_handler = stop,
		.sa_flags = SA_RESTART | (int)SA_RESETHAND,
	};

	(void)sigaction(signal_number, &action, NULL);
}

bool queue_stop_is_wanted(void)
{
	return is_to_stop;
}
