#include "cert_text.h"
#include "der.h"
#include "unit.h"

static struct buf der;

static struct slice certificate(int version, const char *subject, size_t zeros)
{
	buf_free(&der);
	buf_init(&der, 16384);
	der_add_certificate(&der, version, 0x0c, "issuer", subject, zeros);
	return buf_slice(&der);
}

static void check_name(struct slice name, const char *text)
{
	CHECK(name.n > strlen(text) && name.p[0] == 0x30);
	CHECK_SLICE(slice_skip(name, name.n - strlen(text)), text);
}

TEST(names)
{
	static char longest[] = "a name of three hundred bytes and more "
				"a name of three hundred bytes and more "
				"a name of three hundred bytes and more "
				"a name of three hundred bytes and more "
				"a name of three hundred bytes and more "
				"a name of three hundred bytes and more "
				"a name of three hundred bytes and more "
				"a name of three hundred bytes and more ";

	static const struct {
		const char *label;
		int version;
		const char *subject;
		size_t zeros;
	} rows[] = {
		{ "version 3", 3, "subject", 40 },
		{ "version 1 has no version", 1, "subject", 40 },
		{ "length of two bytes", 3, "subject", 160 },
		{ "length of three bytes", 3, "subject", 1000 },
		{ "nothing behind the names", 3, "subject", 0 },
		{ "a long name", 3, longest, 10 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice all = certificate(
		    rows[i].version, rows[i].subject, rows[i].zeros);
		struct der_names names = { 0 };
		size_t shortest = 0;

		CASE(rows[i].label);
		CHECK_INT(der_read_names(all, &names), DER_DONE);
		check_name(names.issuer, "issuer");
		check_name(names.subject, rows[i].subject);
		CHECK_INT(names.size, all.n);
		/* Every beginning of it is short, up to the subject's end. */
		while (der_read_names(slice_head(all, shortest), &names) ==
		       DER_SHORT)
			shortest++;
		CHECK_INT(der_read_names(slice_head(all, shortest), &names),
		    DER_DONE);
		CHECK_INT(shortest + rows[i].zeros, all.n);
		CHECK_INT(names.size, all.n);
	}
}

TEST(wrong)
{
	static const struct {
		const char *label;
		struct slice bytes;
		enum der_status status;
	} rows[] = {
		{ "nothing", { "", 0 }, DER_SHORT },
		{ "no sequence", { "\x31\x00", 2 }, DER_WRONG },
		{ "a tag alone", { "\x30", 1 }, DER_SHORT },
		{ "indefinite length", { "\x30\x80\x30\x03", 4 }, DER_WRONG },
		{ "a length of four bytes", { "\x30\x84\0\0\0\1\x30", 7 },
		    DER_WRONG },
		{ "a length that is cut", { "\x30\x82\x01", 3 }, DER_SHORT },
		{ "the greatest length",
		    { "\x30\x83\xff\xff\xff\x30\x83\xff\xff\xff\x02\x83\xff"
		      "\xff\xff\x00",
			16 },
		    DER_SHORT },
		{ "no serial number", { "\x30\x04\x30\x02\x04\x00", 6 },
		    DER_WRONG },
		{ "no name",
		    { "\x30\x09\x30\x07\x02\x01\x01\x30\x00\x31\x00", 11 },
		    DER_WRONG },
		{ "empty names",
		    { "\x30\x0f\x30\x0d\x02\x01\x01\x30\x00\x30\x00\x30\x00"
		      "\x30\x00",
			15 },
		    DER_DONE },
		{ "PEM", { "-----BEGIN CERTIFICATE-----", 27 }, DER_WRONG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct der_names names = { 0 };

		CASE(rows[i].label);
		CHECK_INT(
		    der_read_names(rows[i].bytes, &names), rows[i].status);
		if (rows[i].status != DER_DONE)
			CHECK(!names.issuer.p && !names.subject.p);
	}
}
