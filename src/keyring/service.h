/*
 * service: the session's Secret Service, by way of libsecret. This is the
 * only file that includes its header.
 *
 * An entry is the one that msmtp's manual has people make, and that msmtp
 * looks for: the attributes host, service (always "smtp") and user. So both
 * programs find what was stored for either. Lookups also take the older
 * entries that msmtp takes: network passwords with server, protocol, user.
 *
 * A keyring that is locked is only asked to unlock itself when there is a
 * display for its prompt; a person gets PROMPT_SECONDS for that. Otherwise
 * the process ends as KEYRING_LATE ANSWER_SECONDS after it began to ask:
 * no function here can hang.
 */
#ifndef KEYRING_SERVICE_H
#define KEYRING_SERVICE_H

#include "keyring_exit.h"
#include "secret.h"

enum { SERVICE_ANSWER_SECONDS = 10, SERVICE_PROMPT_SECONDS = 60 };

struct service_key {
	const char *host;
	const char *user;
};

/*
 * Each first connects to the bus in DBUS_SESSION_BUS_ADDRESS. The secret of
 * a lookup is appended to *s; UNUSABLE when it has no room.
 */
enum keyring_exit service_lookup(
    const struct service_key *key, struct secret *s);
enum keyring_exit service_store(
    const struct service_key *key, const struct secret *s);
/* Every entry that a lookup would find. */
enum keyring_exit service_delete(const struct service_key *key);

#endif
