/*
 * cert_text: the outlines of certificates for unit tests: names, and behind
 * them zeros where key and signature would be.
 */
#ifndef UNIT_CERT_TEXT_H
#define UNIT_CERT_TEXT_H

#include "buf.h"

/* Tag, length in as few bytes as DER wants, content. */
static void der_add(struct buf *out, int tag, struct slice content)
{
	unsigned char length[3];
	size_t n = 0;

	if (content.n > 0xff)
		length[n++] = 0x82;
	else if (content.n > 0x7f)
		length[n++] = 0x81;
	if (content.n > 0xff)
		length[n++] = (unsigned char)(content.n >> 8);
	length[n++] = (unsigned char)content.n;
	buf_addc(out, (char)tag);
	buf_add(out, length, n);
	buf_add_slice(out, content);
}

/* A name with one string of this type: 0x0c UTF-8, 0x13 printable. */
static void der_add_name(struct buf *out, int type, const char *text)
{
	struct buf part[2];

	buf_init(&part[0], 4096);
	buf_init(&part[1], 4096);
	der_add(&part[0], 0x06, SLICE("\x55\x04\x03"));
	der_add(&part[0], type, slice_of(text));
	der_add(&part[1], 0x30, buf_slice(&part[0]));
	buf_clear(&part[0]);
	der_add(&part[0], 0x31, buf_slice(&part[1]));
	der_add(out, 0x30, buf_slice(&part[0]));
	buf_free(&part[0]);
	buf_free(&part[1]);
}

static void der_add_certificate(struct buf *out, int version, int type,
    const char *issuer, const char *subject, size_t zeros)
{
	struct buf inner, whole;

	buf_init(&inner, 8192);
	buf_init(&whole, 8192);
	if (version > 1)
		der_add(&inner, 0xa0, SLICE("\x02\x01\x02"));
	der_add(&inner, 0x02, SLICE("\x01\x23"));
	der_add(&inner, 0x30, SLICE("\x06\x01\x2a"));
	der_add_name(&inner, 0x0c, issuer);
	der_add(&inner, 0x30, SLICE("\x17\x01Z\x17\x01Z"));
	der_add_name(&inner, type, subject);
	while (zeros-- > 0)
		buf_addc(&inner, '\0');
	der_add(&whole, 0x30, buf_slice(&inner));
	der_add(out, 0x30, buf_slice(&whole));
	buf_free(&inner);
	buf_free(&whole);
}

#endif
