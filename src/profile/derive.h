/*
 * derive: the SMTP password of Amazon SES from an AWS secret access key
 * (Signature Version 4, bound to a region). HMAC by the crypto library.
 */
#ifndef PROFILE_DERIVE_H
#define PROFILE_DERIVE_H

#include "secret.h"

/* 44 characters of base64, or NULL: why is BUG or NOMEM. */
struct secret *derive_ses_password(
    struct slice secret_key, const char *region, struct fail *why);

enum password_shape {
	SHAPE_OTHER,
	SHAPE_SMTP,       /* 44 characters, version byte 4 */
	SHAPE_SMTP_OLD,   /* 44 characters, version byte 2 */
	SHAPE_AWS_SECRET, /* 40 characters */
};
enum password_shape derive_shape(struct slice password);

#endif
