#include "der.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_SEQUENCE = 0x30,
	TAG_VERSION = 0xa0,
	LENGTH_BYTES_MAX = 3,
};

/* Takes tag and length of an element; what is in it need not be there. */
static enum der_status take_head(
    struct slice *rest, unsigned char tag, size_t *ret_inside)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t more = 0, n;

	if (rest->n > 0 && p[0] != tag)
		return DER_WRONG;
	if (rest->n < 2)
		return DER_SHORT;
	n = p[1];
	if (n >= 0x80) {
		more = n & 0x7f;
		/* 0 is the indefinite form, which DER does not have. */
		if (more == 0 || more > LENGTH_BYTES_MAX)
			return DER_WRONG;
		if (rest->n < 2 + more)
			return DER_SHORT;
		n = 0;
		for (size_t i = 0; i < more; i++)
			n = n << 8 | p[2 + i];
	}
	*rest = slice_skip(*rest, 2 + more);
	*ret_inside = n;
	return DER_DONE;
}

static enum der_status take(
    struct slice *rest, unsigned char tag, struct slice *ret_element)
{
	struct slice behind = *rest;
	enum der_status status;
	size_t n;

	status = take_head(&behind, tag, &n);
	if (status != DER_DONE)
		return status;
	if (behind.n < n)
		return DER_SHORT;
	behind = slice_skip(behind, n);
	*ret_element = slice_head(*rest, rest->n - behind.n);
	*rest = behind;
	return DER_DONE;
}

enum der_status der_read_names(struct slice head, struct der_names *ret_names)
{
	enum { SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, PARTS };

	static const unsigned char tags[PARTS] = { TAG_INTEGER, TAG_SEQUENCE,
		TAG_SEQUENCE, TAG_SEQUENCE, TAG_SEQUENCE };
	struct slice rest = head, parts[PARTS], version;
	enum der_status status;
	size_t inside, size;

	status = take_head(&rest, TAG_SEQUENCE, &inside);
	if (status != DER_DONE)
		return status;
	size = head.n - rest.n + inside;
	status = take_head(&rest, TAG_SEQUENCE, &inside);
	if (status != DER_DONE)
		return status;
	/* Absent in version 1. */
	status = take(&rest, TAG_VERSION, &version);
	if (status == DER_SHORT)
		return status;
	for (int i = 0; i < PARTS; i++) {
		status = take(&rest, tags[i], &parts[i]);
		if (status != DER_DONE)
			return status;
	}
	*ret_names = (struct der_names){ parts[ISSUER], parts[SUBJECT], size };
	return DER_DONE;
}
