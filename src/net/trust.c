#include "trust.h"
#include "der.h"
#include "io.h"
#include "mem.h"
#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	/* Most names end behind two or three steps; a multiple of 3. */
	HEAD_STEP = 144,
	HEAD_MAX = HEAD_STEP * 64,
	ENTRIES_FIRST = 256,
};

/* Beside four characters of the alphabet, which are 24 bits. */
#define BASE64_BLANK (UINT32_C(1) << 24)
#define BASE64_WRONG (UINT32_C(2) << 24)

struct entry {
	struct slice block; /* from -----BEGIN to the END line's last dash */
	uint32_t subject;   /* see hash_name() */
	bool is_wanted;
};

struct trust {
	char *bytes;
	size_t size;
	struct entry *v;
	size_t n;
	size_t cap;
	uint32_t base64[4][256]; /* the bits of a character at each place */
};

/*
 * Equal for names that the TLS library may take for the same: it compares the
 * strings and not how they are encoded. So tags, and all else below a blank,
 * make no difference here, at least where they stand for the same bytes. Names
 * that are equal by accident cost an import, and no more.
 */
static uint32_t hash_name(struct slice name)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c >= ' ')
			hash = (hash ^ c) * 16777619U;
	}
	return hash;
}

static void fill_base64(struct trust *t)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t place = 0; place < 4; place++) {
		uint32_t *of = t->base64[place];

		for (size_t i = 0; i < 256; i++)
			of[i] = BASE64_WRONG;
		for (uint32_t i = 0; i < sizeof(alphabet) - 1; i++)
			of[(unsigned char)alphabet[i]] = i << (18 - 6 * place);
		for (const char *c = "\n\r \t"; *c; c++)
			of[(unsigned char)*c] = BASE64_BLANK;
	}
}

/*
 * Decodes and takes up to room bytes, a multiple of 3, and spoils the one
 * behind them; less when the body ends, or has something in it that this does
 * not take: blanks within four characters, the padding at the end, which no
 * name reaches.
 */
static size_t decode_step(
    const struct trust *t, struct slice *body, char *out, size_t room)
{
	const unsigned char *p = (const unsigned char *)body->p;
	const unsigned char *end = p + body->n;
	size_t n = 0;

	while (n < room && end - p >= 4) {
		uint32_t bits = t->base64[0][p[0]] | t->base64[1][p[1]] |
				t->base64[2][p[2]] | t->base64[3][p[3]];

		if (bits >= BASE64_BLANK) {
			if (t->base64[0][p[0]] != BASE64_BLANK)
				break;
			p++;
			continue;
		}
		bits = htobe32(bits << 8);
		memcpy(out + n, &bits, sizeof(bits));
		n += 3;
		p += 4;
	}
	*body = slice_skip(*body, body->n - (size_t)(end - p));
	return n;
}

/*
 * Octets that are no blanks, as base64 stands in lines. They are counted in
 * steps that an octet can hold the sum of, which vectors do side by side.
 */
static size_t base64_length(struct slice body)
{
	enum { STEP = 240 };

	size_t n = body.n;

	for (; body.n; body = slice_skip(body, STEP)) {
		struct slice part = slice_head(body, STEP);
		unsigned char blanks = 0;

		for (size_t i = 0; i < part.n; i++)
			blanks += (unsigned char)part.p[i] <= ' ';
		n -= blanks;
	}
	return n;
}

/*
 * The subject of one certificate. That the length it gives itself is that of
 * the block tells a block that was cut or joined.
 */
static bool read_subject(
    const struct trust *t, struct slice body, uint32_t *ret_subject)
{
	char head[HEAD_MAX + 1];
	struct slice rest = body;
	struct der_names names;
	enum der_status status = DER_SHORT;
	size_t step = HEAD_STEP;

	for (size_t n = 0;
	     status == DER_SHORT && step == HEAD_STEP && n < HEAD_MAX;
	     n += step) {
		step = decode_step(t, &rest, head + n, HEAD_STEP);
		status =
		    der_read_names((struct slice){ head, n + step }, &names);
	}
	if (status != DER_DONE ||
	    base64_length(body) != (names.size + 2) / 3 * 4)
		return false;
	*ret_subject = hash_name(names.subject);
	return true;
}

static void add_entry(struct trust *t, struct slice block, uint32_t subject)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : ENTRIES_FIRST;
		t->v = mem_resize(t->v, t->cap * sizeof(*t->v));
	}
	t->v[t->n++] = (struct entry){ block, subject, false };
}

/*
 * Takes the text up to the end of the next certificate; the block is empty
 * when there is none. False: something that the library would take for a
 * certificate, too, or that it reads in a way of its own.
 */
static bool take_block(struct slice *rest, struct slice *ret_block)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	static const char *const odd[] = { "-----BEGIN CERTIFICATE",
		"-----BEGIN X509 CERTIFICATE" };
	struct slice s = slice_skip(*rest, slice_find(*rest, '-'));
	size_t at;

	for (; s.n; s = slice_skip(s, 1 + slice_find(slice_skip(s, 1), '-'))) {
		if (slice_starts(s, slice_of(begin)))
			break;
		for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
			if (slice_starts(s, slice_of(odd[i])))
				return false;
	}
	*rest = *ret_block = s;
	if (s.n == 0)
		return true;
	/* Base64 has no dash. */
	at = sizeof(begin) - 1;
	at += slice_find(slice_skip(s, at), '-');
	if (!slice_starts(slice_skip(s, at), slice_of(end)))
		return false;
	*ret_block = slice_head(s, at + sizeof(end) - 1);
	*rest = slice_skip(s, ret_block->n);
	return true;
}

static struct slice body_of(struct slice block)
{
	const size_t lines = sizeof("-----BEGIN CERTIFICATE-----") - 1;

	block = slice_skip(block, lines);
	return slice_head(block, slice_find(block, '-'));
}

static bool index_text(struct trust *t)
{
	struct slice rest = trust_text(t), block;
	uint32_t subject;

	while (take_block(&rest, &block)) {
		if (block.n == 0)
			return t->n > 0;
		if (!read_subject(t, body_of(block), &subject))
			return false;
		add_entry(t, block, subject);
	}
	return false;
}

struct trust *trust_parse(char *bytes, size_t n)
{
	struct trust *t = mem_zero(sizeof(*t));

	t->bytes = bytes;
	t->size = n;
	fill_base64(t);
	return index_text(t) ? t : trust_free(t);
}

static struct trust *read_all(int fd, size_t size)
{
	char *bytes = mem_alloc(size + 1);

	/* What is no file of this size, whatever it is now, is not for this. */
	if (io_read_whole(fd, bytes, size) == 0)
		return trust_parse(bytes, size);
	free(bytes);
	return NULL;
}

struct trust *trust_load(const char *path)
{
	struct trust *t;
	struct stat st;
	int fd;

	/* Looked at before it is opened: the writer of a pipe would notice. */
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > TRUST_FILE_MAX)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	t = read_all(fd, (size_t)st.st_size);
	io_close(fd);
	return t;
}

struct trust *trust_free(struct trust *t)
{
	if (!t)
		return NULL;
	free(t->bytes);
	free(t->v);
	free(t);
	return NULL;
}

struct slice trust_text(const struct trust *t)
{
	return (struct slice){ t->bytes, t->size };
}

size_t trust_count(const struct trust *t)
{
	return t->n;
}

int trust_want(struct trust *t, struct slice certificate)
{
	struct der_names names;
	uint32_t issuer, subject;

	if (der_read_names(certificate, &names) != DER_DONE)
		return -1;
	issuer = hash_name(names.issuer);
	subject = hash_name(names.subject);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].subject == issuer || t->v[i].subject == subject)
			t->v[i].is_wanted = true;
	return 0;
}

void trust_add_wanted(const struct trust *t, struct buf *pem)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].is_wanted) {
			buf_add_slice(pem, t->v[i].block);
			buf_addc(pem, '\n');
		}
}
