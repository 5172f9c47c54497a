#include "cut.h"
#include "unit.h"

/* In the notation "N*c" of make(), so that long lines fit into a row. */
static struct buf make(const char *text)
{
	struct buf b;

	buf_init(&b, 1024 * 1024);
	for (; *text; text++) {
		char *end;
		unsigned long n = strtoul(text, &end, 10);

		if (*text >= '0' && end > text && *end == '*') {
			for (text = end + 1; n > 0; n--)
				buf_addc(&b, *text);
		} else if (*text == '@') {
			buf_addc(&b, '\0');
		} else {
			buf_addc(&b, *text);
		}
	}
	return b;
}

static const struct {
	const char *label;
	enum cut_mode mode;
	bool may_8bit;
	const char *in, *out; /* '@' is NUL */
} rows[] = {
	{ "nothing", CUT_PLAIN, true, "", "" },
	{ "text", CUT_PLAIN, false, "a\nb\r\nc\rd", "a\nb\r\nc\rd" },
	{ "998", CUT_PLAIN, true, "998*a\n", "998*a\n" },
	{ "999", CUT_PLAIN, true, "999*a\n", "998*a\n a\n" },
	{ "998 without line end", CUT_PLAIN, true, "998*a", "998*a" },
	{ "999 without line end", CUT_PLAIN, true, "999*a", "998*a\n a" },
	{ "999 and CRLF", CUT_PLAIN, true, "999*a\r\n", "998*a\n a\r\n" },
	{ "998 and CRs", CUT_PLAIN, true, "998*a\r\r\nb", "998*a\r\r\nb" },
	{ "1995", CUT_PLAIN, true, "1995*a\n", "998*a\n 997*a\n" },
	{ "1996", CUT_PLAIN, true, "1996*a\n", "998*a\n 997*a\n a\n" },
	{ "998 and NUL", CUT_PLAIN, true, "998*a@\n", "998*a\n" },
	{ "NUL", CUT_PLAIN, true, "a@b@\n@\n", "ab\n\n" },
	{ "NUL between line ends", CUT_PLAIN, true, "a\r@\n\r@\rb\r@c\n@\n",
	    "a\r\n\n\r\n\rb\r\nc\n\n" },
	{ "8-bit stays", CUT_PLAIN, true, "a\xe4\n", "a\xe4\n" },
	{ "8-bit", CUT_PLAIN, false, "a\xc3\xa4\n", "a??\n" },
	{ "no character is split", CUT_PLAIN, true, "996*a\xe2\x82\xac\n",
	    "996*a\n \xe2\x82\xac\n" },
	{ "nor one of two octets", CUT_PLAIN, true, "997*a\xc3\xa4\n",
	    "997*a\n \xc3\xa4\n" },
	{ "one that just fits", CUT_PLAIN, true, "996*a\xc3\xa4z\n",
	    "996*a\xc3\xa4\n z\n" },
	{ "what is no character", CUT_PLAIN, true, "1000*\x80\n",
	    "998*\x80\n 2*\x80\n" },
	{ "a NUL hid a delimiter", CUT_PLAIN, true, "-@-b\n--b\n",
	    " --b\n--b\n" },
	{ "before it", CUT_PLAIN, true, "@--b\n", " --b\n" },
	{ "behind it", CUT_PLAIN, true, "--b@", " --b" },
	{ "blanks hid a delimiter", CUT_PLAIN, true, "--b1000* c\n",
	    " --b994* \n 6* c\n" },

	{ "QP: text", CUT_QUOTED, false, "a=\n=20b \n", "a=\n=20b \n" },
	{ "QP: 998", CUT_QUOTED, true, "998*a\n", "998*a\n" },
	{ "QP: 999", CUT_QUOTED, true, "999*a\n", "997*a=\n2*a\n" },
	{ "QP: no code is split", CUT_QUOTED, true, "996*a=41b\n",
	    "996*a=\n=41b\n" },
	{ "QP: nor at its end", CUT_QUOTED, true, "995*a=41b\n",
	    "995*a=\n=41b\n" },
	{ "QP: one that just fits", CUT_QUOTED, true, "994*a=41bc\n",
	    "994*a=41=\nbc\n" },
	{ "QP: NUL", CUT_QUOTED, true, "a@b\n", "ab\n" },
	{ "QP: 8-bit stays", CUT_QUOTED, true, "\xe4\n", "\xe4\n" },
	{ "QP: 8-bit", CUT_QUOTED, false, "a\xe4\n", "a=E4\n" },
	{ "QP: 8-bit makes it long", CUT_QUOTED, false, "990*a6*\xe4z\n",
	    "990*a=E4=E4=\n=E4=E4=E4=E4z\n" },
	{ "QP: dash behind a soft break", CUT_QUOTED, true, "997*a--b\n",
	    "997*a=\n=2D-b\n" },
	{ "QP: a NUL hid a delimiter", CUT_QUOTED, true, "--b@\n", "=2D-b\n" },
	{ "QP: that makes it long", CUT_QUOTED, true, "@-997*a\n",
	    "=2D994*a=\n3*a\n" },
};

TEST(rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf in = make(rows[i].in), want = make(rows[i].out);

		CASE(rows[i].label);
		for (size_t at = 0; at <= in.n; at++) {
			static struct cut c;
			struct buf out;

			buf_init(&out, 1024 * 1024);
			cut_begin(&c, rows[i].mode, rows[i].may_8bit);
			cut_add(&c, slice_head(buf_slice(&in), at), &out);
			cut_add(&c, slice_skip(buf_slice(&in), at), &out);
			cut_finish(&c, &out);
			CHECK_SLICE(buf_slice(&out), buf_text(&want));
			buf_free(&out);
		}
		buf_free(&in);
		buf_free(&want);
	}
}
