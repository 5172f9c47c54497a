/*
 * store: the directory of queued messages. It belongs to one user and nobody
 * else may look into it (0700); below it
 *
 *	tmp/     being written, means nothing
 *	new/     waits for its next try
 *	hold/    waits until a person lets it go
 *	failed/  could not be read, kept for a person to look at
 *	lock     locked by whoever goes through all of it
 *	rate     changed when something was sent under max_rate
 *
 * on one file system. A message is there when its file has its name in new/
 * or hold/, and not before; it is gone when that name is gone. Whoever works
 * on a message holds a lock of its file, which dies with the process. A file
 * that a cut-off move (name.h) has left in two places is one message; it stays
 * where it is taken first.
 *
 * Fails: SPOOL (a disk that is full or refuses, a directory that is not there,
 * not ours or open to others), CONFIG (a file of a newer version, which is to
 * be left alone), LOCKED (somebody else works on it), MESSAGE (a file that is
 *no message).
 */
#ifndef SPOOL_STORE_H
#define SPOOL_STORE_H

#include "queuefile.h"
#include "room.h"

enum store_place {
	STORE_TMP,
	STORE_NEW,
	STORE_HOLD,
	STORE_FAILED,
	STORE_PLACES
};

struct store {
	const char *path; /* borrowed */
	int root;
	int dir[STORE_PLACES];
	struct room_limits limits; /* of store_add(); store_open() sets none */
};

/* One name in a directory. */
struct store_item {
	char id[QUEUE_ID_LEN + 1];
	enum store_place place;
};

/* Opens; creates what is missing below an existing parent of path. */
int store_open(struct store *s, const char *path, struct fail *why);
/* False when there is no spool at that path: nothing was ever queued. */
bool store_exists(const char *path);
void store_close(struct store *s);

/*
 * Makes f, with info and progress filled in (the id is chosen here), durable
 * in new/: 0 is only returned when a power cut could not take it back, and -1
 * only when it is not there, with one exception: when the directory cannot be
 * synced and the file cannot be taken back either, it is there and 0 is
 * returned with f->is_unsure set. f->fd is left open and locked.
 * The id is put into the arena.
 */
int store_add(struct store *s, struct queue_file *f, struct msg *m,
    struct arena *a, struct fail *why);

/*
 * Opens and locks a message. f->fd is set on success only. LOCKED also when
 * it is gone meanwhile.
 */
int store_take(struct store *s, const struct store_item *item,
    struct queue_file *f, struct arena *a, struct fail *why);
/*
 * Reads it without the lock: store_look() to list or sort it, f->fd is closed
 * again; store_peek() for its message, too, the caller calls store_release().
 */
int store_look(struct store *s, const struct store_item *item,
    struct queue_file *f, struct arena *a, struct fail *why);
int store_peek(struct store *s, const struct store_item *item,
    struct queue_file *f, struct arena *a, struct fail *why);
/* Does somebody work on it just now? */
bool store_is_locked(struct store *s, const struct store_item *item);
/* Lets go of it: unlocks and closes. */
void store_release(struct queue_file *f);

/* The message is dealt with: durably removes it. f stays open. */
int store_remove(struct store *s, enum store_place place,
    const struct queue_file *f, struct fail *why);
/*
 * The same for a file in which all letters are DONE: a power cut may bring it
 * back until store_settle(), and then it says so.
 */
int store_drop(struct store *s, enum store_place place,
    const struct queue_file *f, struct fail *why);
void store_settle(struct store *s);
/* Moves it by its name, durably; the caller has it locked. */
int store_move(struct store *s, enum store_place from, enum store_place to,
    const char *id, struct fail *why);

/*
 * Moves what store_take() has called MESSAGE to failed/, durably, unless
 * somebody works on it now (LOCKED).
 */
int store_put_aside(
    struct store *s, const struct store_item *item, struct fail *why);

struct store_list {
	struct store_item *v; /* arena, in no order */
	size_t n;
};

/* Appends the messages of a place; names that are no ids are left out. */
int store_list(struct store *s, enum store_place place, struct arena *a,
    struct store_list *list, struct fail *why);

/*
 * The lock of those who go through the whole spool: a descriptor to be closed
 * by its owner, or -1. Never waits. Fails: LOCKED, SPOOL.
 */
int store_lock(struct store *s, struct fail *why);

/* Something leaves now. Best effort. */
void store_note_sending(struct store *s);
/* Milliseconds since it was noted last; -1: never, or nobody knows. */
int64_t store_quiet(const struct store *s);

/*
 * Removes what was left in tmp/ by processes that died: files that nobody
 * locks and that are older than so many seconds. Best effort.
 */
void store_clean(struct store *s, int64_t seconds);

#endif
