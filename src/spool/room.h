/*
 * room: is there room for one more message in the spool? A reserve of the file
 * system stays free: a report or a line of the log must still find room.
 */
#ifndef SPOOL_ROOM_H
#define SPOOL_ROOM_H

#include <stdbool.h>

/* Is there more than the reserve on the file system of this directory? */
bool room_is_left(int dir);

#endif
