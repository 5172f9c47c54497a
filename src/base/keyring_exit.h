/*
 * keyring_exit: what postrider-keyring, the only program that talks to a
 * keyring, says by its exit status. It is an executable of its own, so that
 * the process that sends mail never maps what a desktop's libraries bring.
 *
 *	postrider-keyring lookup HOST USER    the password on standard output
 *	postrider-keyring store HOST USER     takes it from standard input
 *	postrider-keyring delete HOST USER
 */
#ifndef BASE_KEYRING_EXIT_H
#define BASE_KEYRING_EXIT_H

enum keyring_exit {
	KEYRING_DONE,
	KEYRING_NOTHING,  /* no such password */
	KEYRING_ABSENT,   /* no session bus, or no keyring on it */
	KEYRING_LOCKED,   /* and nobody unlocked it */
	KEYRING_LATE,     /* no answer in time */
	KEYRING_UNUSABLE, /* the password is empty, too long or has a NUL */
	KEYRING_FAILED,   /* anything else */
	KEYRING_USAGE,
	KEYRING_EXITS
};

#endif
