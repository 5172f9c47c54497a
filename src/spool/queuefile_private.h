/*
 * queuefile_private: what the files of queuefile share. Nobody else includes
 * this.
 */
#ifndef SPOOL_QUEUEFILE_PRIVATE_H
#define SPOOL_QUEUEFILE_PRIVATE_H

#include "queuefile.h"

/* MESSAGE; returns -1. */
int queuefile_damaged(struct fail *why, const char *what);
/* Of 0-9 and a-f; -1 for anything else. */
int queuefile_hex_digit(char c);

/* The envelope as lines, and back. */
void queuefile_make_head(struct buf *b, struct queue_info *info);
int queuefile_parse_head(struct queue_info *info, struct arena *a,
    struct slice head, struct fail *why);

#endif
