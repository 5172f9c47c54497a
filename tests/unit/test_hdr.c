#include "hdr.h"
#include "unit.h"

TEST(lookup)
{
	static const struct {
		const char *name;
		enum hdr_id id;
	} rows[] = {
		{ "From", HDR_ID_FROM },
		{ "FROM", HDR_ID_FROM },
		{ "from", HDR_ID_FROM },
		{ "fROM", HDR_ID_FROM },
		{ "To", HDR_ID_TO },
		{ "tO", HDR_ID_TO },
		{ "Cc", HDR_ID_CC },
		{ "CC", HDR_ID_CC },
		{ "Bcc", HDR_ID_BCC },
		{ "message-id", HDR_ID_MESSAGE_ID },
		{ "resent-message-id", HDR_ID_RESENT_MESSAGE_ID },
		{ "Resent-Bcc", HDR_ID_RESENT_BCC },
		{ "Apparently-To", HDR_ID_APPARENTLY_TO },
		{ "acceptlanguage", HDR_ID_ACCEPTLANGUAGE },
		{ "accept-language", HDR_ID_ACCEPT_LANGUAGE },
		{ "vbr-info", HDR_ID_VBR_INFO },
		{ "", HDR_ID_OTHER },
		{ "F", HDR_ID_OTHER },
		{ "Fro", HDR_ID_OTHER },
		{ "From ", HDR_ID_OTHER },
		{ " From", HDR_ID_OTHER },
		{ "Froms", HDR_ID_OTHER },
		{ "Frim", HDR_ID_OTHER },
		{ "X-From", HDR_ID_OTHER },
		{ "Subject:", HDR_ID_OTHER },
		{ "received", HDR_ID_RECEIVED },
		{ "Receive", HDR_ID_OTHER },
		{ "DKIM_Signature", HDR_ID_OTHER },
		/* 0x4d and 0x0d differ in more than the case bit. */
		{ "Fro\r", HDR_ID_OTHER },
		{ "Fro\xcd", HDR_ID_OTHER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].name);
		CHECK_INT(hdr_lookup(slice_of(rows[i].name))->id, rows[i].id);
	}
	CHECK_INT(hdr_lookup(SLICE("From\0"))->id, HDR_ID_OTHER);
	CHECK_INT(hdr_lookup(SLICE("\0rom"))->id, HDR_ID_OTHER);
}

TEST(table_is_sound)
{
	for (size_t i = 1; i < HDR_ID_COUNT; i++) {
		const struct hdr_info *info = hdr_info((enum hdr_id)i);

		CASE(info->name);
		CHECK_INT(info->id, i);
		CHECK(hdr_is_name(slice_of(info->name)));
		/* No name twice: the look-up finds this row, not another. */
		CHECK(hdr_lookup(slice_of(info->name)) == info);
		CHECK(info->flags != 0);
		if (info->flags & HDR_RCPT)
			CHECK(info->flags & HDR_ADDRESSES);
		if (info->flags & HDR_BCC)
			CHECK(info->flags & HDR_DROP);
		if (info->flags & HDR_MERGE)
			CHECK(info->flags & HDR_ONCE);
		if (info->flags & HDR_MADE)
			CHECK(info->flags &
			      (HDR_ONCE | HDR_ONCE_RELAY | HDR_RESENT));
		CHECK_INT((info->flags & HDR_RESENT) != 0,
		    slice_istarts(slice_of(info->name), SLICE("Resent-")));
		CHECK((info->flags & (HDR_ONCE | HDR_ONCE_RELAY)) !=
		      (HDR_ONCE | HDR_ONCE_RELAY));
	}
	CHECK_INT(hdr_info(HDR_ID_OTHER)->flags, 0);
}

/* What a large relay lists as refused when it comes twice. */
TEST(once_only_list)
{
	static const char *const names[] = { "Accept-Language",
		"acceptLanguage", "Archived-At", "Auto-Submitted", "Bounces-to",
		"Comments", "Content-Alternative", "Content-Base",
		"Content-Class", "Content-Description", "Content-Disposition",
		"Content-Duration", "Content-ID", "Content-Language",
		"Content-Length", "Content-Location", "Content-MD5",
		"Content-Transfer-Encoding", "Content-Type", "Date",
		"Delivered-To", "Disposition-Notification-Options",
		"Disposition-Notification-To", "DKIM-Signature",
		"DomainKey-Signature", "Errors-To", "From", "Importance",
		"In-Reply-To", "Keywords", "List-Archive", "List-Help",
		"List-Id", "List-Owner", "List-Post", "List-Subscribe",
		"List-Unsubscribe", "Message-Context", "Message-ID",
		"MIME-Version", "Organization", "Original-From",
		"Original-Message-ID", "Original-Recipient", "Original-Subject",
		"Precedence", "Priority", "References", "Reply-To",
		"Return-Path", "Return-Receipt-To", "Sender", "Solicitation",
		"Sensitivity", "Subject", "Thread-Index", "Thread-Topic",
		"User-Agent", "VBR-Info", "To", "Cc" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CASE(names[i]);
		CHECK(hdr_lookup(slice_of(names[i]))->flags &
		      (HDR_ONCE | HDR_ONCE_RELAY | HDR_DROP));
	}
}

TEST(field_line)
{
	static const struct {
		const char *line;
		bool is_field;
	} rows[] = {
		{ "Subject: x\n", true },
		{ "Subject:x", true },
		{ "Subject:", true },
		{ "Subject:\r\n", true },
		{ "Subject : x", true },
		{ "Subject \t : x", true },
		{ "X:", true },
		{ "a!#$%&'*+-/=?^_`{|}~.0: x", true },
		{ "(x): y", true },
		{ "\"x\": y", true },
		{ "12:30 lunch", true },
		{ "", false },
		{ "\n", false },
		{ ":", false },
		{ ": x", false },
		{ " Subject: x", false },
		{ "\tSubject: x", false },
		{ "Subject", false },
		{ "Subject\n", false },
		{ "Subject\n: x", false },
		{ "Subject\r\n: x", false },
		{ "Subject\r: x", false },
		{ "Two words: x", false },
		{ "From root Mon Jan  1 00:00:00 2024", false },
		{ "From : x", true },
		{ "S\xc3\xbc"
		  "bject: x",
		    false },
		{ "S\x7f: x", false },
		{ "S\x01: x", false },
		{ "http://www.example.com/", false },
		{ "https://www.example.com: x", false },
		{ "http:/x", true },
		{ "x:", true },
		{ "x:/", true },
		{ "x://", false },
		{ "x : //", true },
		{ "x :// y", false },
		/* A name we know is a field whatever it says. */
		{ "Subject://server/share is down", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].line);
		CHECK_INT(hdr_is_field_line(slice_of(rows[i].line)),
		    rows[i].is_field);
	}
	CHECK(!hdr_is_field_line(SLICE("Sub\0ject: x")));
}

TEST(colon_limit)
{
	static char line[HDR_COLON_MAX + 10];

	for (size_t n = HDR_COLON_MAX - 2; n < HDR_COLON_MAX + 2; n++) {
		memset(line, 'x', sizeof(line));
		line[n] = ':';
		CHECK_INT(hdr_is_field_line((struct slice){ line, n + 4 }),
		    n < HDR_COLON_MAX);
		memset(line + 1, ' ', n - 1);
		CHECK_INT(hdr_is_field_line((struct slice){ line, n + 4 }),
		    n < HDR_COLON_MAX);
	}
}

/* Fields of a block as "name|value|raw octets;". */
static const char *walk(const char *text)
{
	static char out[4096];
	struct slice rest = slice_of(text);
	struct hdr_field f;
	size_t o = 0;

	out[0] = '\0';
	while (hdr_next(&rest, &f)) {
		o +=
		    (size_t)snprintf(out + o, sizeof(out) - o, "%.*s|%.*s|%zu;",
			SLICE_ARG(f.name), SLICE_ARG(f.value), f.raw.n);
		CHECK(f.info == hdr_lookup(f.name));
	}
	snprintf(out + o, sizeof(out) - o, "+%zu", rest.n);
	return out;
}

TEST(walk)
{
	static const struct {
		const char *label;
		const char *text;
		const char *fields;
	} rows[] = {
		{ "nothing", "", "+0" },
		{ "one", "A: b\n", "A| b\n|5;+0" },
		{ "one without line end", "A: b", "A| b|4;+0" },
		{ "CRLF", "A: b\r\nC:d\r\n", "A| b\r\n|6;C|d\r\n|5;+0" },
		{ "folded", "A: b\n c\n\td\nE: f\n",
		    "A| b\n c\n\td\n|11;E| f\n|5;+0" },
		{ "folded CRLF", "A: b\r\n c\r\nE: f\r\n",
		    "A| b\r\n c\r\n|10;E| f\r\n|6;+0" },
		{ "blank line in a fold", "A: b\n \nC: d\n",
		    "A| b\n \n|7;C| d\n|5;+0" },
		{ "fold at the end", "A:\n b", "A|\n b|5;+0" },
		{ "blanks before the colon", "A \t: b\n", "A| b\n|7;+0" },
		{ "empty value", "A:\nB:\n", "A|\n|3;B|\n|3;+0" },
		{ "a continuation of nothing", " a: b\nC: d\n", "+11" },
		{ "no field", "hello\n", "+6" },
		{ "ends at what is none", "A: b\nhello\nC: d\n",
		    "A| b\n|5;+11" },
		{ "ends at an empty line", "A: b\n\nC: d\n", "A| b\n|5;+6" },
		{ "a CR alone is no line end here", "A: b\rC: d\n",
		    "A| b\rC: d\n|10;+0" },
		{ "CR before a blank", "A: b\r c\n", "A| b\r c\n|8;+0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].label);
		CHECK_STR(walk(rows[i].text), rows[i].fields);
	}
}
