#include "io.h"
#include "mime.h"
#include "recode.h"
#include "rewrite.h"
#include "tally.h"
#include "unit.h"
#include "wire.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * In rows '@' is NUL, "N*c" is c N times (N of 2 digits or more), and
 * QP_FIELD what is put into a header.
 */
#define QP_FIELD "Content-Transfer-Encoding: quoted-printable\n"
#define VERSION  "MIME-Version: 1.0\n"
#define TOP_QP   QP_FIELD VERSION
#define MIXED    "Content-Type: multipart/mixed; boundary=b\n" VERSION
#define AE       "\xc3\xa4"

enum { NOT_8BIT, MAY_8BIT, BOTH };

static const struct {
	const char *label;
	int when;
	const char *in;
	const char *out; /* NULL: as it was */
} rows[] = {
	{ "ASCII", BOTH, "A: b\n\ntext\n", NULL },
	{ "nothing", BOTH, "\n", NULL },
	{ "8-bit that may stay", MAY_8BIT, "A: " AE "\n\n" AE "\n", NULL },
	{ "998", BOTH, "A: b\n\n998*x\n998*y", NULL },
	{ "998 in the header", BOTH, "A: 995*b\n\nx\n", NULL },
	{ "bare CR", BOTH, "A: b\n\nx\ry\r\n", NULL },
	{ "mailbox line of 999", BOTH, "From 994*x\nA: b\n\nx\n",
	    "A: b\n\nx\n" },

	{ "8-bit text", NOT_8BIT, "A: b\n\nx" AE " \ny=\n",
	    "A: b\n" TOP_QP "\nx=C3=A4=20\ny=3D\n" },
	{ "without header", NOT_8BIT, "\nx" AE "\n", TOP_QP "\nx=C3=A4\n" },
	{ "without line end", NOT_8BIT, "A: b\n\nx" AE,
	    "A: b\n" TOP_QP "\nx=C3=A4" },
	{ "CRLF", NOT_8BIT, "A: b\r\n\r\nx" AE "\r\ny\r\n",
	    "A: b\r\n" TOP_QP "\nx=C3=A4\r\ny\r\n" },
	{ "CR", NOT_8BIT, "A: b\n\nx" AE "\ry\r\r\nz\n",
	    "A: b\n" TOP_QP "\nx=C3=A4\ry\r\r\nz\n" },
	{ "MIME-Version is there", NOT_8BIT, VERSION "\n" AE "\n",
	    VERSION QP_FIELD "\n=C3=A4\n" },
	{ "the field is there", NOT_8BIT,
	    "content-transfer-encoding: 8BIT\nA: b\n\n" AE "\n",
	    QP_FIELD "A: b\n" VERSION "\n=C3=A4\n" },
	{ "with a comment", NOT_8BIT,
	    VERSION "Content-Transfer-Encoding:\n (x) Binary (y)\n\n" AE "\n",
	    VERSION QP_FIELD "\n=C3=A4\n" },
	{ "the field is there twice", NOT_8BIT,
	    VERSION "Content-Transfer-Encoding: 8bit\nA: b\n"
		    "Content-Transfer-Encoding: 7bit\n\n" AE "\n",
	    VERSION QP_FIELD "A: b\n\n=C3=A4\n" },
	{ "an encoding nobody knows", NOT_8BIT,
	    VERSION "Content-Transfer-Encoding: 8-bit\n\n" AE "\n",
	    VERSION QP_FIELD "\n=C3=A4\n" },
	{ "not text", NOT_8BIT,
	    VERSION "Content-Type: image/png\n\n\x89PNG\r\n\x1a\n",
	    VERSION "Content-Type: image/png\n" QP_FIELD "\n=89PNG\r\n=1A\n" },
	{ "only the header", NOT_8BIT, "Subject: xxxxx" AE "\n\ntext =\n",
	    "Subject: =?UTF-8?q?xxxxx=C3=A4?=\n\ntext =\n" },
	{ "multipart without boundary", NOT_8BIT,
	    VERSION "Content-Type: multipart/mixed\n\n" AE "\n",
	    VERSION "Content-Type: multipart/mixed\n" QP_FIELD "\n=C3=A4\n" },
	{ "multipart without delimiters", NOT_8BIT, MIXED "\n" AE "\n--bb\n",
	    MIXED QP_FIELD "\n=C3=A4\n--bb\n" },

	{ "NUL", BOTH, "A: b\n\nx@y\nz\n", "A: b\n" TOP_QP "\nx=00y\nz\n" },
	{ "NUL in the header", BOTH, "A: @b@\n\nx\n", "A: b\n\nx\n" },
	{ "NUL in base64", BOTH,
	    VERSION "Content-Transfer-Encoding: base64\n\nQ@Q=@=\n",
	    VERSION "Content-Transfer-Encoding: base64\n\nQQ==\n" },
	{ "NUL in quoted-printable", BOTH, VERSION QP_FIELD "\nx@=20\n",
	    VERSION QP_FIELD "\nx=20\n" },
	{ "999 in base64", BOTH,
	    VERSION "Content-Transfer-Encoding: base64\n\n999*A\n",
	    VERSION "Content-Transfer-Encoding: base64\n\n998*A\n A\n" },
	{ "999 in quoted-printable", BOTH, VERSION QP_FIELD "\n999*A\n",
	    VERSION QP_FIELD "\n997*A=\nAA\n" },
	{ "8-bit in base64", NOT_8BIT,
	    VERSION "Content-Transfer-Encoding: base64\n\nQQ" AE "==\n",
	    VERSION "Content-Transfer-Encoding: base64\n\nQQ?\?==\n" },
	{ "8-bit in quoted-printable", NOT_8BIT,
	    VERSION QP_FIELD "\n" AE "=20\n",
	    VERSION QP_FIELD "\n=C3=A4=20\n" },
	{ "999 in the header", BOTH, "A: 990*b 10*c\n\nx\n",
	    "A: 990*b\n 10*c\n\nx\n" },

	{ "one part of three", NOT_8BIT,
	    MIXED "\n--b\n\none =\n--b\nX: y\n\n" AE "\n--b\n\nthree\n--b--\n",
	    MIXED "\n--b\n\none =\n--b\nX: y\n" QP_FIELD
		  "\n=C3=A4\n--b\n\nthree\n--b--\n" },
	{ "preamble and epilogue", NOT_8BIT,
	    MIXED "\n" AE "@\n--b\n\none =\n--b--\n" AE "\n",
	    MIXED "\n?\?\n--b\n\none =\n--b--\n?\?\n" },
	{ "long lines there", BOTH, MIXED "\n999*x\n--b\n\none\n--b--\n1000*y",
	    MIXED "\n998*x\n x\n--b\n\none\n--b--\n998*y\n yy" },
	{ "multipart that is 8bit", NOT_8BIT,
	    MIXED "Content-Transfer-Encoding: 8bit\n\n--b\n"
		  "Content-Transfer-Encoding: 8bit\n\n" AE "\n--b--\n",
	    MIXED "Content-Transfer-Encoding: 7bit\n\n--b\n" QP_FIELD
		  "\n=C3=A4\n--b--\n" },
	{ "multipart that stays 8bit", MAY_8BIT,
	    MIXED "Content-Transfer-Encoding: 8bit\n\n--b\n\n" AE
		  "\n--b\n\n@\n--b--\n",
	    MIXED "Content-Transfer-Encoding: 8bit\n\n--b\n\n" AE
		  "\n--b\n" QP_FIELD "\n=00\n--b--\n" },
	{ "multipart without MIME-Version", NOT_8BIT,
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" AE "\n",
	    "Content-Type: multipart/mixed; boundary=b\n" VERSION
	    "\n--b\n" QP_FIELD "\n=C3=A4\n" },
	{ "nested", NOT_8BIT,
	    MIXED "\n--b\nContent-Type: multipart/x; boundary=c\n"
		  "Content-Transfer-Encoding: binary\n\n--c\n\n" AE
		  "\n--c--\n--b\n\ntwo\n",
	    MIXED "\n--b\nContent-Type: multipart/x; boundary=c\n"
		  "Content-Transfer-Encoding: 7bit\n\n--c\n" QP_FIELD
		  "\n=C3=A4\n--c--\n--b\n\ntwo\n" },
	{ "the other one is not", NOT_8BIT,
	    MIXED "\n--b\nContent-Type: multipart/x; boundary=c\n"
		  "Content-Transfer-Encoding: 8bit\n\n--c\n\none\n--c--\n--b\n"
		  "\n" AE "\n",
	    MIXED "\n--b\nContent-Type: multipart/x; boundary=c\n"
		  "Content-Transfer-Encoding: "
		  "8bit\n\n--c\n\none\n--c--\n--b\n" QP_FIELD "\n=C3=A4\n" },
	{ "blank before a delimiter", NOT_8BIT,
	    MIXED "\n--b\n\n" AE " \n--b--\n",
	    MIXED "\n--b\n" QP_FIELD "\n=C3=A4=20\n--b--\n" },
	{ "look-alike in a part", NOT_8BIT,
	    MIXED "\n--b\n\n" AE "\n--bb\n--b =\n--b--\n",
	    MIXED "\n--b\n" QP_FIELD "\n=C3=A4\n--bb\n--b =3D\n--b--\n" },
	{ "header of a part", NOT_8BIT,
	    MIXED "\n--b\nContent-Disposition: a; filename=" AE
		  "\n\none\n--b--\n",
	    MIXED "\n--b\nContent-Disposition: a;\n filename*=UTF-8''%C3%A4\n"
		  "\none\n--b--\n" },
	{ "part without header", NOT_8BIT, MIXED "\n--b\n" AE " text\n--b--\n",
	    MIXED "\n--b\n" QP_FIELD "\n=C3=A4 text\n--b--\n" },
	{ "part whose text would be a field", BOTH,
	    MIXED "\n--b\nX: y\na@b: c\n--b--\n",
	    MIXED "\n--b\nX: y\n" QP_FIELD "\na=00b: c\n--b--\n" },
	{ "the same in base64", BOTH,
	    MIXED "\n--b\nContent-Transfer-Encoding: base64\na@b: c\n",
	    MIXED "\n--b\nContent-Transfer-Encoding: base64\n\nab: c\n" },
	{ "the same in a preamble", BOTH,
	    MIXED "\n--b\nContent-Type: multipart/x; boundary=c\na@b: c\n--c\n"
		  "\n--c--\n",
	    MIXED "\n--b\nContent-Type: multipart/x; boundary=c\n\nab: c\n"
		  "--c\n\n--c--\n" },
	{ "the same in a message", BOTH,
	    MIXED "\n--b\nContent-Type: message/rfc822\na@b: c\n",
	    MIXED "\n--b\nContent-Type: message/rfc822\n\n" TOP_QP
		  "\na=00b: c\n" },
	{ "the same behind a delimiter that ends in CR", BOTH,
	    "Content-Type: multipart/digest; boundary=b\n\n--b\ra@b: c\n",
	    "Content-Type: multipart/digest; boundary=b\n" VERSION
	    "\n--b\n\n" TOP_QP "\na=00b: c\n" },
	{ "delimiter behind a NUL", BOTH, MIXED "\n@--b\n--b\n\n--b@\nx\n",
	    MIXED "\n --b\n--b\n" QP_FIELD "\n--b=00\nx\n" },
	{ "8-bit boundary", NOT_8BIT,
	    VERSION "Content-Type: multipart/x; boundary=\"" AE "\"\n\n--" AE
		    "\n\n" AE "\n--" AE "--\n",
	    VERSION
	    "Content-Type: multipart/x;\n boundary=\"?\?\"\n\n--?\?\n" QP_FIELD
	    "\n=C3=A4\n--?\?--\n" },

	{ "signed", NOT_8BIT,
	    VERSION "Content-Type: multipart/signed; boundary=b\n\n--b\n\n" AE
		    "\n--b\nContent-Type: application/pgp-signature\n\nx=\n"
		    "--b--\n",
	    VERSION
	    "Content-Type: multipart/signed; boundary=b\n\n--b\n" QP_FIELD
	    "\n=C3=A4\n--b\n"
	    "Content-Type: application/pgp-signature\n\nx=\n--b--\n" },
	{ "message", NOT_8BIT,
	    MIXED "\n--b\nContent-Type: message/rfc822\n"
		  "Content-Transfer-Encoding: 8bit\n\nSubject: xxxxx" AE
		  "\n\n" AE "\n--b--\n",
	    MIXED "\n--b\nContent-Type: message/rfc822\n"
		  "Content-Transfer-Encoding: 7bit\n\n"
		  "Subject: =?UTF-8?q?xxxxx=C3=A4?=\n" TOP_QP
		  "\n=C3=A4\n--b--\n" },
	{ "message with 8-bit only in its header", NOT_8BIT,
	    MIXED "\n--b\nContent-Type: message/rfc822\n"
		  "Content-Transfer-Encoding: 8bit\n\nSubject: xxxxx" AE
		  "\n\none\n--b--\n",
	    MIXED "\n--b\nContent-Type: message/rfc822\n"
		  "Content-Transfer-Encoding: 7bit\n\n"
		  "Subject: =?UTF-8?q?xxxxx=C3=A4?=\n\none\n--b--\n" },
	{ "message in a message", NOT_8BIT,
	    "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n"
	    "\nA: b\n\n" AE "\n",
	    "Content-Type: message/rfc822\n" VERSION
	    "\nContent-Type: message/rfc822\n" VERSION "\nA: b\n" TOP_QP
	    "\n=C3=A4\n" },
	{ "message that is encoded", NOT_8BIT,
	    VERSION "Content-Type: message/rfc822\n" QP_FIELD "\nA: " AE "\n",
	    VERSION "Content-Type: message/rfc822\n" QP_FIELD "\nA: =C3=A4\n" },
	{ "mailbox line in a message", NOT_8BIT,
	    VERSION "Content-Type: message/rfc822\n\nFrom " AE "\nA: b\n\nx\n",
	    VERSION "Content-Type: message/rfc822\n\nFrom ?\?\nA: b\n\nx\n" },
	{ "digest", NOT_8BIT,
	    VERSION "Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
		    "A: b\n\n" AE "\n--b--\n",
	    VERSION "Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
		    "A: b\n" TOP_QP "\n=C3=A4\n--b--\n" },
};

static struct buf make(const char *text)
{
	struct buf b;

	buf_init(&b, 64 * 1024 * 1024);
	while (*text) {
		char *end;
		bool is_number = text[0] >= '0' && text[0] <= '9' &&
				 text[1] >= '0' && text[1] <= '9';
		unsigned long n = is_number ? strtoul(text, &end, 10) : 0;

		is_number = is_number && *end == '*';
		text = is_number ? end + 1 : text;
		for (n = is_number ? n : 1; n > 0; n--)
			buf_addc(&b, *text == '@' ? '\0' : *text);
		text++;
	}
	return b;
}

static void take(struct msg *m, struct slice text)
{
	const struct intake_params params = { .dot_ends = false };
	int fd = memfd_create("message", MFD_CLOEXEC);
	struct fail why;

	if (io_write(fd, text.p, text.n) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	msg_init(m);
	CHECK_INT(msg_intake(m, fd, &params, &why), 0);
	io_close(fd);
}

static struct buf read_all(struct msg *m)
{
	static char bytes[64 * 1024];
	struct buf all;
	ssize_t n;

	buf_init(&all, 256 * 1024 * 1024);
	while ((n = msg_read(m, bytes, sizeof(bytes), NULL)) > 0)
		buf_add(&all, bytes, (size_t)n);
	CHECK_INT(n, 0);
	msg_rewind(m);
	return all;
}

/* The facts are those of the message as it is read now. */
static void check_facts(const struct msg *m, struct slice all)
{
	struct tally t = { .text = 0 };
	struct msg again;

	take(&again, all);
	tally_add(&t, all.p, all.n);
	tally_finish(&t);
	CHECK_INT(tally_wire_size(&t), msg_wire_size(m));
	CHECK_INT(m->facts.size, again.facts.size);
	CHECK_INT(m->facts.body_wire, again.facts.body_wire);
	CHECK_INT(m->facts.longest_line, again.facts.longest_line);
	CHECK_INT(m->facts.has_8bit_header, again.facts.has_8bit_header);
	CHECK_INT(m->facts.has_8bit_body, again.facts.has_8bit_body);
	CHECK_INT(m->facts.has_bad_utf8, again.facts.has_bad_utf8);
	CHECK_INT(m->facts.has_nul, false);
	msg_free(&again);
}

static void check_row(size_t i, bool may_8bit)
{
	struct buf in = make(rows[i].in), want, all;
	struct fail why;
	struct msg m;

	take(&m, buf_slice(&in));
	CHECK_INT(recode(&m, may_8bit, &why), 0);
	all = read_all(&m);
	want = rows[i].out ? make(rows[i].out) : make(rows[i].in);
	if (!slice_eq(buf_slice(&all), buf_slice(&want)))
		UNIT_FAIL("%d: \"%s\", expected \"%s\"", may_8bit,
		    buf_text(&all), buf_text(&want));
	check_facts(&m, buf_slice(&all));
	buf_free(&all);
	/* What was done once is done. */
	CHECK_INT(recode(&m, may_8bit, &why), 0);
	all = read_all(&m);
	CHECK(slice_eq(buf_slice(&all), buf_slice(&want)));
	buf_free(&all);
	buf_free(&in);
	buf_free(&want);
	msg_free(&m);
}

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		if (rows[i].when != MAY_8BIT)
			check_row(i, false);
		if (rows[i].when != NOT_8BIT)
			check_row(i, true);
	}
}

/* Nothing is copied when nothing has to be done. */
TEST(nothing_to_do)
{
	struct buf in = make("A: b\nC: " AE "\n\n998*x\n" AE "\n");
	struct msg m;
	const char *header, *body;

	take(&m, buf_slice(&in));
	header = m.header.p;
	body = m.body.p;
	CHECK_INT(recode(&m, true, NULL), 0);
	CHECK(m.header.p == header && m.body.p == body);
	msg_free(&m);
	buf_free(&in);
}

/* RFC 2045 6.7. */
static struct buf decode(struct slice s)
{
	struct buf b;

	buf_init(&b, 256 * 1024 * 1024);
	for (size_t i = 0; i < s.n; i++) {
		char hex[3] = "", *end;

		if (s.p[i] != '=') {
			buf_addc(&b, s.p[i]);
		} else if (s.p[i + 1] == '\n') {
			i++;
		} else {
			memcpy(hex, s.p + i + 1, 2);
			buf_addc(&b, (char)strtoul(hex, &end, 16));
			CHECK(*end == '\0');
			i += 2;
		}
	}
	return b;
}

static void check_large(const char *line, size_t times)
{
	struct buf text = make(line), in, all, back;
	struct slice body;
	struct fail why;
	struct msg m;

	buf_init(&in, 64 * 1024 * 1024);
	buf_adds(&in, "A: b\n\n");
	while (times--)
		buf_add_slice(&in, buf_slice(&text));
	take(&m, buf_slice(&in));
	CHECK_INT(recode(&m, false, &why), 0);
	CHECK_STR(buf_text(&m.header), "A: b\n" TOP_QP);
	CHECK(m.body.n <= MSG_MEMORY_MAX);
	CHECK(m.facts.longest_line <= 76);
	all = read_all(&m);
	CHECK_INT(m.body.n + m.fd_size + m.header.n + 1, all.n);
	check_facts(&m, buf_slice(&all));
	body = slice_skip(buf_slice(&all), m.header.n + 1);
	back = decode(body);
	CHECK(slice_eq(buf_slice(&back), slice_skip(buf_slice(&in), 6)));
	buf_free(&text);
	buf_free(&in);
	buf_free(&all);
	buf_free(&back);
	msg_free(&m);
}

/* In memory and beyond, at the edges of blocks. */
TEST(large)
{
	CASE("999");
	check_large("999*x\n", 1);
	CASE("a line of 5 MB");
	check_large("5000000*x", 1);
	CASE("one of 8-bit octets");
	check_large("1500000*\xe4", 1);
	CASE("many lines");
	check_large("40*a" AE "@ \n", 60000);
	CASE("NULs");
	check_large("@", 700000);
	CASE("NULs at the edges");
	check_large("32767*x@", 70);
	CASE("the other edge");
	check_large("@32766*x\n@", 70);
}

static bool has_8bit(struct slice s)
{
	struct tally t = { .text = 0 };

	tally_add(&t, s.p, s.n);
	return t.has_8bit;
}

/* The edits of the header count: they may be all that needs mending. */
static void check_edits(const char *in, const struct rewrite_field *field,
    bool may_8bit, const char *out)
{
	const struct rewrite_params params = {
		.set_from = REWRITE_FROM_OFF,
		.id_domain = "x",
		.fields = field,
		.n_fields = field->name ? 1 : 0,
		.qualify = "q.example",
	};
	struct buf text = make(in), want = make(out), all;
	struct arena a = { 0 };
	struct fail why;
	struct msg m;

	take(&m, buf_slice(&text));
	CHECK_INT(rewrite_plan(&params, &m, &a, &why), 0);
	CHECK_INT(recode(&m, may_8bit, &why), 0);
	all = read_all(&m);
	CHECK_STR(buf_text(&all), buf_text(&want));
	CHECK(recode_has_8bit(&m) || !has_8bit(buf_slice(&all)));
	if (!m.n_edits && !m.prefix.n)
		check_facts(&m, buf_slice(&all));
	buf_free(&text);
	buf_free(&want);
	buf_free(&all);
	msg_free(&m);
	arena_free(&a);
}

TEST(edits)
{
	static const struct rewrite_field none = { NULL, NULL };
	static const struct rewrite_field eight = { "X", "xxxxx" AE };
	struct buf value = make("997*v");
	const struct rewrite_field longer = { "X", buf_text(&value) };

	CASE("removed NUL");
	check_edits("Bcc: x@@y\nA: b\n\nx\n", &none, true, "A: b\n\nx\n");
	CASE("removed 8-bit");
	check_edits(
	    "Bcc: " AE "\nA: b\n\nx =\n", &none, false, "A: b\n\nx =\n");
	CASE("removed long line");
	check_edits("Bcc: 999*x\nA: b\n\nx =\n", &none, false, "A: b\n\nx =\n");
	CASE("added 8-bit");
	check_edits("A: b\n\nx =\n", &eight, false,
	    "X: =?UTF-8?q?xxxxx=C3=A4?=\nA: b\n\nx =\n");
	CASE("added 8-bit that may stay");
	check_edits(
	    "A: b\n\nx =\n", &eight, true, "X: xxxxx" AE "\nA: b\n\nx =\n");
	CASE("added long line");
	check_edits(
	    "A: b\n\nx =\n", &longer, true, "X:\n 997*v\nA: b\n\nx =\n");
	CASE("made long by what is added");
	check_edits(
	    "To: a 980*x\n\nx =\n", &none, true, "To: a 980*x\n\nx =\n");
	CASE("and edits stay");
	check_edits("Bcc: x\nA: b\n\n" AE "\n", &none, false,
	    "A: b\n" TOP_QP "\n=C3=A4\n");
	buf_free(&value);
}

/* A body in the file is read and written as well. */
TEST(parts_beyond_memory)
{
	struct buf in =
	    make(MIXED "\n--b\n\n1500000*x\n--b\n\nlast" AE " =\n--b--\n");
	struct buf all;
	struct msg m;

	take(&m, buf_slice(&in));
	CHECK(m.fd >= 0);
	CHECK_INT(recode(&m, true, NULL), 0);
	all = read_all(&m);
	CHECK(strstr(buf_text(&all), "x\n--b\n\nlast" AE " =\n--b--\n"));
	CHECK(strstr(buf_text(&all), "\n--b\n" QP_FIELD "\nxxxxx"));
	check_facts(&m, buf_slice(&all));
	buf_free(&all);
	CHECK_INT(recode(&m, false, NULL), 0);
	all = read_all(&m);
	CHECK(strstr(
	    buf_text(&all), "x\n--b\n" QP_FIELD "\nlast=C3=A4 =3D\n--b--\n"));
	check_facts(&m, buf_slice(&all));
	buf_free(&all);
	msg_free(&m);
	buf_free(&in);
}

static void check_refused(const char *text, size_t times, const char *words)
{
	struct buf in = make(MIXED "\n"), part = make(text), before, after;
	struct fail why = { .kind = FAIL_NONE };
	struct msg m;

	while (times--)
		buf_add_slice(&in, buf_slice(&part));
	take(&m, buf_slice(&in));
	before = read_all(&m);
	CHECK_INT(recode(&m, false, &why), -1);
	CHECK_INT(why.kind, FAIL_MESSAGE);
	CHECK(strstr(why.text, words));
	after = read_all(&m);
	CHECK(slice_eq(buf_slice(&before), buf_slice(&after)));
	buf_free(&in);
	buf_free(&part);
	buf_free(&before);
	buf_free(&after);
	msg_free(&m);
}

TEST(limits)
{
	CASE("parts");
	check_refused("--b\n\n" AE "\n", RECODE_PARTS_MAX, "more than 100000");
	CASE("depth");
	check_refused(
	    "--b\n" MIXED "\n" AE "\n", MIME_DEPTH_MAX + 1, "deeper than 100");
	CASE("header of a part");
	check_refused("--b\nX: " AE "1100000*x\n\n", 1, "header of a part");
}

/* Without room for the file the message is as it was. */
TEST(no_room)
{
	struct buf in = make("A: b\n\n800000*\xe4\n"), before, after;
	struct fail why = { .kind = FAIL_NONE };
	pid_t child;
	int status;
	struct msg m;

	take(&m, buf_slice(&in));
	before = read_all(&m);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		const struct rlimit limit = { 1000, 1000 };

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
		    recode(&m, false, &why) != -1 || why.kind != FAIL_OS)
			_exit(1);
		after = read_all(&m);
		_exit(!slice_eq(buf_slice(&before), buf_slice(&after)));
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	buf_free(&in);
	buf_free(&before);
	msg_free(&m);
}
