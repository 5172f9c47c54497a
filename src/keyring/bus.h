/*
 * bus: where the session's message bus is, so that nobody else goes looking
 * for it: D-Bus libraries start a bus of their own when they find none.
 */
#ifndef KEYRING_BUS_H
#define KEYRING_BUS_H

#include "buf.h"

/*
 * From the values of DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR (NULL:
 * unset) to the address of a socket on this machine. False when there is none:
 * what starts a program ("autolaunch:") or leads elsewhere ("tcp:") is not
 * followed, nor is a socket in XDG_RUNTIME_DIR that is not our own.
 */
bool bus_find(
    const char *address, const char *runtime_dir, struct buf *ret_address);

#endif
