/*
 * show: settings and the dialogue for a person to read. Secrets are never in
 * either: settings show them as *, the dialogue as a label.
 */
#ifndef APP_SHOW_H
#define APP_SHOW_H

#include "conn.h"
#include "files.h"

/*
 * "account NAME", then a line for each setting that has a value: "key =
 * value   # origin". In the form of msmtp, which others read, the first is
 * "using account NAME from FILE" and nothing stands behind the value.
 */
void show_settings(const struct files *f, bool is_msmtp, struct buf *b);

/* The dialogue, on standard error: standard output may be a web page. */
extern const struct conn_trace show_dialogue;
/* The same on standard output, where msmtp has it. */
extern const struct conn_trace show_dialogue_out;

#endif
