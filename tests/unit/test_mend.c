#include "mend.h"
#include "unit.h"
#include <time.h>

#define AE  "\xc3\xa4"
#define Q   "=?UTF-8?q?"
#define B   "=?UTF-8?b?"
#define AE_ "=?UTF-8?q?=C3=A4?="

/* What must go for a server without 8BITMIME. */
static const struct {
	const char *label, *in, *out;
} rows[] = {
	{ "ASCII", "Subject:  a  b\n", "Subject:  a  b\n" },
	{ "text", "Subject: xxxxx" AE "\n", "Subject: " Q "xxxxx=C3=A4?=\n" },
	{ "word among words", "Subject: a xxxxx" AE " b\n",
	    "Subject: a " Q "xxxxx=C3=A4?= b\n" },
	{ "blanks beside words stay", "Subject:\ta  xxxxx" AE "\t b \n",
	    "Subject:\ta  " Q "xxxxx=C3=A4?=\t b \n" },
	{ "two words are one", "Subject: xxxxx" AE " yyyyy" AE "\n",
	    "Subject: " B "eHh4eHjDpCB5eXl5ecOk?=\n" },
	{ "two words and a fold", "Subject: xxxxx" AE "\n yyyyy" AE "\n",
	    "Subject: " B "eHh4eHjDpCB5eXl5ecOk?=\n" },
	{ "fold before a word stays", "Subject: a\n xxxxx" AE "\n",
	    "Subject: a\n " Q "xxxxx=C3=A4?=\n" },
	{ "two words apart", "Subject: xxxxx" AE " a xxxxx" AE "\n",
	    "Subject: " Q "xxxxx=C3=A4?= a " Q "xxxxx=C3=A4?=\n" },
	{ "no blank behind the colon", "Subject:xxxxx" AE "\n",
	    "Subject:" Q "xxxxx=C3=A4?=\n" },
	{ "short is base64", "X: " AE AE "\n", "X: " B "w6TDpA==?=\n" },
	{ "not UTF-8", "Subject: xxxxx\xe4\n",
	    "Subject: =?unknown-8bit?q?xxxxx=E4?=\n" },
	{ "CRLF", "Subject: xxxxx" AE "\r\n",
	    "Subject: " Q "xxxxx=C3=A4?=\r\n" },
	{ "CRLF and fold", "Subject: xxxxx" AE "\r\n yyyyy" AE "\r\n",
	    "Subject: " B "eHh4eHjDpCB5eXl5ecOk?=\r\n" },
	{ "quotes are text", "Subject: \"xxxxx" AE " y\"\n",
	    "Subject: " B "Inh4eHh4w6Q=?= y\"\n" },
	{ "blank before one from before", "Subject: =?a?q?b?= xxxxx" AE "\n",
	    "Subject: =?a?q?b?= " Q "_xxxxx=C3=A4?=\n" },
	{ "blank behind one from before", "Subject: xxxxx" AE " =?a?q?b?=\n",
	    "Subject: " Q "xxxxx=C3=A4_?= =?a?q?b?=\n" },
	{ "unknown field", "X-Thing: xxxxx" AE "\n",
	    "X-Thing: " Q "xxxxx=C3=A4?=\n" },
	{ "long text",
	    "Subject: " AE AE AE AE AE AE AE AE AE AE AE AE AE AE AE AE AE AE AE
		AE AE AE AE AE "\n",
	    "Subject: " B
	    "w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\n " B
	    "w6TDpMOkw6TDpA==?=\n" },
	{ "far to the right is folded",
	    "Subject: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa xxxxx" AE
	    "\n",
	    "Subject: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n " Q
	    "xxxxx=C3=A4?=\n" },

	{ "display name", "From: xxxxx" AE " y <a@b>\n",
	    "From: " Q "xxxxx=C3=A4?= y <a@b>\n" },
	{ "quoted name", "From: \"xxxxx" AE ", y\" <a@b>\n",
	    "From: " Q "xxxxx=C3=A4=2C_y?= <a@b>\n" },
	{ "quoted pair in it", "From: \"xxxxx" AE "\\\"y\" <a@b>\n",
	    "From: " B "eHh4eHjDpCJ5?= <a@b>\n" },
	{ "name without blank", "From: xxxxx" AE "<a@b>\n",
	    "From: " Q "xxxxx=C3=A4?= <a@b>\n" },
	{ "two names", "To: xxxxx" AE " <a@b>, y <c@d>, zzzzz" AE " <e@f>\n",
	    "To: " Q "xxxxx=C3=A4?= <a@b>, y <c@d>,\n " Q
	    "zzzzz=C3=A4?= <e@f>\n" },
	{ "comma in quotes", "To: \"x, y\" <a@b>, zzzzz" AE " <e@f>\n",
	    "To: \"x, y\" <a@b>, " Q "zzzzz=C3=A4?= <e@f>\n" },
	{ "comment", "From: a@b (xxxxx" AE " (y) z)\n",
	    "From: a@b (" Q "xxxxx=C3=A4?= (y) z)\n" },
	{ "comment in comment", "From: a@b (x (yyyyy" AE "))\n",
	    "From: a@b (x (" Q "yyyyy=C3=A4?=))\n" },
	{ "quoted pair in a comment", "From: a@b (x\\)" AE " y)\n",
	    "From: a@b (" B "eCnDpA==?= y)\n" },
	{ "comment that is open", "From: a@b (xxxxx" AE "\n",
	    "From: a@b (" Q "xxxxx=C3=A4?=\n" },
	{ "comment in a name", "From: xxxxx" AE "(yyyyy" AE ") <a@b>\n",
	    "From: " Q "xxxxx=C3=A4?= (" Q "yyyyy=C3=A4?=) <a@b>\n" },
	{ "addr-spec", "From: xxxxx" AE "@b\n", "From: xxxxx?\?@b\n" },
	{ "addr-spec in brackets", "From: xxxxx" AE " <yyyyy" AE "@b>\n",
	    "From: " Q "xxxxx=C3=A4?= <yyyyy?\?@b>\n" },
	{ "quoted local part",
	    "From: <\"yyyyy" AE ">\"@b>, zzzzz" AE " <c@d>\n",
	    "From: <\"yyyyy?\?>\"@b>, " Q "zzzzz=C3=A4?= <c@d>\n" },
	{ "group", "To: xxxxx" AE ": a@b, yyyyy" AE " <c@d>;\n",
	    "To: " Q "xxxxx=C3=A4?= : a@b, " Q "yyyyy=C3=A4?= <c@d>;\n" },
	{ "no address at all", "To: xxxxx" AE "\n", "To: xxxxx?\?\n" },
	{ "bracket without end", "To: xxxxx" AE " <a" AE "\n",
	    "To: " Q "xxxxx=C3=A4?= <a?\?\n" },
	{ "quote without end", "To: \"xxxxx" AE " <a@b>\n",
	    "To: \"xxxxx?\? <a@b>\n" },
	{ "List-Id", "List-Id: xxxxx" AE " <a.b>\n",
	    "List-Id: " Q "xxxxx=C3=A4?= <a.b>\n" },

	{ "Message-ID", "Message-ID: <" AE "@b>\n", "Message-ID: <?\?@b>\n" },
	{ "Date", "Date: xxxxx" AE " (yyyyy" AE ")\n",
	    "Date: xxxxx?\? (" Q "yyyyy=C3=A4?=)\n" },
	{ "parenthesis in quotes", "Date: \"(xxxxx" AE ")\" " AE "\n",
	    "Date: \"(xxxxx?\?)\" ?\?\n" },
	{ "Received", "Received: x (yyyyy" AE ") " AE "\n",
	    "Received: x (yyyyy?\?) ?\?\n" },

	{ "parameter", "Content-Type: a/b; name=\"xxxxx" AE ".c\"\n",
	    "Content-Type: a/b;\n name*=UTF-8''xxxxx%C3%A4.c\n" },
	{ "parameter without quotes",
	    "Content-Type: a/b; name=xxxxx" AE " y; z=1\n",
	    "Content-Type: a/b;\n name*=UTF-8''xxxxx%C3%A4%20y; z=1\n" },
	{ "parameter without blank", "Content-Type: a/b;name=\"" AE "\"\n",
	    "Content-Type: a/b;\n name*=UTF-8''%C3%A4\n" },
	{ "parameter behind a fold", "Content-Type: a/b;\n\tname=\"" AE "\"\n",
	    "Content-Type: a/b;\n\tname*=UTF-8''%C3%A4\n" },
	{ "not UTF-8", "Content-Type: a/b; name=\"\xe4\"\n",
	    "Content-Type: a/b;\n name*=unknown-8bit''%E4\n" },
	{ "every special octet",
	    "Content-Type: a/b; n=\"" AE " *'%()\\\"\\\\\"\n",
	    "Content-Type: a/b;\n n*=UTF-8''%C3%A4%20%2A%27%25%28%29%22%5C\n" },
	{ "semicolon in quotes", "Content-Type: a/b; n=\"x;" AE "\"; m=1\n",
	    "Content-Type: a/b;\n n*=UTF-8''x%3B%C3%A4; m=1\n" },
	{ "extended already", "Content-Type: a/b; n*=utf-8''xxxxx" AE "\n",
	    "Content-Type: a/b;\n n*=utf-8''xxxxx%C3%A4\n" },
	{ "a piece of one", "Content-Type: a/b; n*0=\"xxxxx" AE "\"; n*1=y\n",
	    "Content-Type: a/b;\n n*0=\"xxxxx?\?\"; n*1=y\n" },
	{ "quote without end", "Content-Type: a/b; n=\"" AE "\r\n",
	    "Content-Type: a/b;\n n*=UTF-8''%C3%A4\r\n" },
	{ "value that ends in a quoted pair",
	    "Content-Type: a/b; n=\"" AE "\\\n",
	    "Content-Type: a/b;\n n*=UTF-8''%C3%A4%5C\n" },
	{ "comment that ends in one", "From: a@b (xxxxx" AE "\\\n",
	    "From: a@b (" B "eHh4eHjDpFw=?=\n" },
	{ "boundary", "Content-Type: multipart/mixed; boundary=xxxxx" AE "\n",
	    "Content-Type: multipart/mixed;\n boundary=\"xxxxx?\?\"\n" },
	{ "comment behind a value",
	    "Content-Type: a/b; n=\"" AE "\" (xxxxx" AE ")\n",
	    "Content-Type: a/b;\n n*=UTF-8''%C3%A4 (" Q "xxxxx=C3=A4?=)\n" },
	{ "type", "Content-Type: xxxxx" AE "/b; n=1\n",
	    "Content-Type: xxxxx?\?/b; n=1\n" },
	{ "no parameter", "Content-Type: a/b; xxxxx" AE "; n=1\n",
	    "Content-Type: a/b; xxxxx?\?; n=1\n" },
	{ "Content-Disposition",
	    "Content-Disposition: attachment; filename=\"" AE "\"\n",
	    "Content-Disposition: attachment;\n filename*=UTF-8''%C3%A4\n" },
	{ "long value",
	    "Content-Disposition: attachment; filename=\"" AE AE AE AE AE AE AE
	    "0123456789012345678901\"\n",
	    "Content-Disposition: attachment;\n filename*0*=UTF-8''"
	    "%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4012345678901;\n"
	    " filename*1*=2345678901\n" },

	{ "no field", "xxxxx" AE "\n", "xxxxx?\?\n" },
	{ "no line end", "Subject: xxxxx" AE, "Subject: " Q "xxxxx=C3=A4?=" },
};

TEST(without_8bit)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice in = slice_of(rows[i].in);
		struct buf out;

		CASE(rows[i].label);
		buf_init(&out, 64 * 1024);
		mend_field(&out, in, false);
		CHECK_SLICE(buf_slice(&out), rows[i].out);
		buf_clear(&out);
		mend_field(&out, in, true);
		CHECK_SLICE(buf_slice(&out), rows[i].in);
		buf_free(&out);
	}
}

/* "N*c" is c N times. */
static struct buf make(const char *text)
{
	struct buf b;

	buf_init(&b, 1024 * 1024);
	while (*text) {
		char *end;
		unsigned long n = strtoul(text, &end, 10);
		bool is_many = *text >= '0' && end > text && *end == '*';

		text = is_many ? end + 1 : text;
		for (n = is_many ? n : 1; n > 0; n--)
			buf_addc(&b, *text);
		text++;
	}
	return b;
}

static const struct {
	const char *label, *in, *out;
} long_rows[] = {
	{ "998", "X: 995*a\n", "X: 995*a\n" },
	{ "998 and CRLF", "X: 995*a\r\n", "X: 995*a\r\n" },
	{ "a word of 996", "X: 996*a\n", "X:\n 996*a\n" },
	{ "folded before the last blank", "X: a b c 992*d\n",
	    "X: a b c\n 992*d\n" },
	{ "before the last that does", "X: a 900*b c 200*d e\n",
	    "X: a 900*b c\n 200*d e\n" },
	{ "before the first of several", "X: 993*a   b\n", "X: 993*a  \n b\n" },
	{ "a tab", "X: 900*a\t200*b\n", "X: 900*a\n\t200*b\n" },
	{ "twice", "X: 900*a 900*b 900*c\n", "X: 900*a\n 900*b\n 900*c\n" },
	{ "no blank", "X:1500*a\n", "X:996*a\n 504*a\n" },
	{ "no blank, then one", "X:1500*a 600*b\n",
	    "X:996*a\n 504*a\n 600*b\n" },
	{ "long word behind a fold", "X: a 1200*b\n",
	    "X: a\n 997*b\n 203*b\n" },
	{ "only the long line", "X: a\n 1200*b\n c\n",
	    "X: a\n 997*b\n 203*b\n c\n" },
	{ "a fold is no blank", "X: 900*a\n\t900*b\n", "X: 900*a\n\t900*b\n" },
	{ "CRLF stays", "X: 900*a 200*b\r\n", "X: 900*a\n 200*b\r\n" },
	{ "no character is split", "X:995*a\xc3\xa4z\n",
	    "X:995*a\n \xc3\xa4z\n" },
	{ "long name", "1200*x: a\n", "998*x\n 202*x: a\n" },
	{ "blanks first", "X:1200* a\n", "X:996* \n204* a\n" },
	{ "blanks last", "X: 990*a20* \n", "X: 990*a5* \n" },
	{ "blanks last, in several lines", "X: 990*a2000* \r\n",
	    "X: 990*a5* \r\n" },
	{ "blanks for several lines", "X: 990*a2000* b\n",
	    "X: 990*a5* \n b\n" },
	{ "a fold of blanks", "X: a\n1200* b\n", "X: a\n b\n" },
	{ "a line of blanks", "X: a\n1200* \n b\n", "X: a\n \n b\n" },
	{ "addresses without a blank", "To:900*a@b,90*c@d,e@f\n",
	    "To:900*a@b,\n 90*c@d,e@f\n" },
	{ "the last of comma and blank", "To: 800*a@b,100*c@d,90*e@f\n",
	    "To: 800*a@b,100*c@d,\n 90*e@f\n" },
	{ "the last of blank and comma", "To:800*a@b,100*c@d, 90*e@f\n",
	    "To:800*a@b,100*c@d,\n 90*e@f\n" },
	{ "comma in quotes and comments",
	    "Cc:800*a@b,100*c@d (,),\",90*e\"@f\n",
	    "Cc:800*a@b,100*c@d (,),\n \",90*e\"@f\n" },
	{ "group", "Cc:g:900*a@b;90*c@d,e@f\n",
	    "Cc:g:900*a@b;\n 90*c@d,e@f\n" },
	{ "parameters", "Content-Type:a/b;900*c=d;100*e=f\n",
	    "Content-Type:a/b;900*c=d;\n 100*e=f\n" },
	{ "comma at the end", "To:994*a,b\n", "To:994*a,\n b\n" },
	{ "comma behind the end", "To:995*a,b\n", "To:995*a\n ,b\n" },
	{ "comma in text", "Subject:900*a,200*b\n",
	    "Subject:900*a,89*b\n 111*b\n" },
};

TEST(long_lines)
{
	for (size_t i = 0; i < sizeof(long_rows) / sizeof(long_rows[0]); i++) {
		struct buf in = make(long_rows[i].in), out;
		struct buf want = make(long_rows[i].out);

		CASE(long_rows[i].label);
		buf_init(&out, 64 * 1024);
		mend_field(&out, buf_slice(&in), true);
		CHECK_SLICE(buf_slice(&out), buf_text(&want));
		/* What was mended needs no mending. */
		buf_clear(&in);
		buf_add_slice(&in, buf_slice(&out));
		buf_clear(&out);
		mend_field(&out, buf_slice(&in), true);
		CHECK_SLICE(buf_slice(&out), buf_text(&want));
		buf_free(&in);
		buf_free(&out);
		buf_free(&want);
	}
}

/* Processor time for a field of n comments in one line; the best of a few. */
static double time_of(size_t n)
{
	double best = 0;

	for (int i = 0; i < 3; i++) {
		struct buf in, out;
		clock_t start;
		double took;

		buf_init(&in, 1024 * 1024);
		buf_init(&out, 16 * 1024 * 1024);
		buf_adds(&in, "Content-ID:");
		for (size_t k = 0; k < n; k++)
			buf_adds(&in, "(\xff)");
		buf_addc(&in, '\n');
		start = clock();
		mend_field(&out, buf_slice(&in), false);
		took = (double)(clock() - start);
		CHECK(!out.full && out.n > 20 * n);
		if (i == 0 || took < best)
			best = took;
		buf_free(&in);
		buf_free(&out);
	}
	return best;
}

/* 16 times the words: 16 times the work, and not 256 times. */
TEST(work_is_linear)
{
	double few = time_of(4000), many = time_of(64000);

	if (many > 50 * few)
		UNIT_FAIL("%.0f for 4000 words, %.0f for 64000", few, many);
}
