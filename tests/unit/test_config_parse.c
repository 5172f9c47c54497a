#include "config_text.h"
#include "unit.h"

struct text_row {
	const char *label;
	const char *text;
	const char *accounts; /* NULL: it fails */
	const char *failure;
};

static void check_texts(const struct text_row *rows, size_t n)
{
	struct buf b;

	buf_init(&b, 100000);
	for (size_t i = 0; i < n; i++) {
		struct fail why = { FAIL_NONE, "" };
		struct config c;
		char *copy;
		int result;

		CASE(rows[i].label);
		result = parse(&c, slice_of(rows[i].text), &copy, &why);
		CHECK_INT(result, rows[i].accounts ? 0 : -1);
		CHECK_INT(why.kind, rows[i].accounts ? FAIL_NONE : FAIL_CONFIG);
		CHECK_STR(why.text, rows[i].failure ? rows[i].failure : "");
		dump(&c, &b);
		CHECK_STR(
		    buf_text(&b), rows[i].accounts ? rows[i].accounts : "");
		config_free(&c);
		free(copy);
	}
	buf_free(&b);
	arena_free(&arena);
}

#define CHECK_TEXTS(rows) check_texts(rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- lines ---- */

TEST(lines)
{
	static const struct text_row rows[] = {
		{ "nothing", "", "", NULL },
		{ "blank lines", "\n \n\t\n\r\n", "", NULL },
		{ "comments", "# a\n \t# host x\n#\n", "", NULL },
		{ "no account", "host h\n", "default:1 host=h", NULL },
		{ "no newline at the end", "host h", "default:1 host=h", NULL },
		{ "CRLF", "host h\r\nport 25\r\n", "default:1 host=h;port=25",
		    NULL },
		{ "CR at the end", "host h\r", "default:1 host=h", NULL },
		{ "blanks", "\t host \t h \t\n", "default:1 host=h", NULL },
		{ "only a TAB", "host\th\n", "default:1 host=h", NULL },
		{ "blanks inside", "domain a  b\tc\n",
		    "default:1 domain=a  b\tc", NULL },
		{ "no comment behind a value", "from a@b.example # x\n",
		    "default:1 from=a@b.example # x", NULL },
		{ "value that begins with #", "domain # x\n",
		    "default:1 domain=# x", NULL },
		{ "line numbers count all lines", "\n# c\n\nhost h\n",
		    "default:4 host=h", NULL },
		{ "the last one wins", "host a\nhost b\n", "default:1 host=b",
		    NULL },
		{ "no continuation", "host a\\\nport 1\n",
		    "default:1 host=a\\;port=1", NULL },
		{ "no expansion", "user $USER`id`%U\n",
		    "default:1 user=$USER`id`%U", NULL },
		{ "home", "logfile ~/l\n", "default:1 logfile=/home/u/l",
		    NULL },
		{ "alias", "connect_timeout 5\n", "default:1 timeout=5", NULL },
		{ "alias with a value", "tls_nocertcheck\n",
		    "default:1 tls_certcheck=off", NULL },
		{ "another one", "tls_nostarttls \r\n",
		    "default:1 tls_starttls=off", NULL },
		{ "alias that takes none", "host h\ntls_nocertcheck on\n", NULL,
		    "rc: line 2: command tls_nocertcheck does not take an "
		    "argument" },
		{ "alias in defaults", "defaults\ntls_nostarttls\naccount a\n",
		    "a:3 tls_starttls=off", NULL },
		{ "switch with older words", "keepbcc on\n",
		    "default:1 remove_bcc_headers=off", NULL },
		{ "the other way", "keepbcc off\n",
		    "default:1 remove_bcc_headers=on", NULL },
		{ "without a value", "keepbcc\n",
		    "default:1 remove_bcc_headers=off", NULL },
		{ "add_missing_from_header",
		    "add_missing_from_header on\nadd_missing_date_header\n",
		    "default:1 set_from_header=auto;set_date_header=auto",
		    NULL },
		{ "add_missing_date_header",
		    "add_missing_from_header off\n"
		    "add_missing_date_header off\n",
		    "default:1 set_from_header=off;set_date_header=off", NULL },
		{ "undisclosed_recipients", "undisclosed_recipients on\n",
		    "default:1 set_to_header=undisclosed_recipients", NULL },
		{ "undisclosed_recipients off", "undisclosed_recipients off\n",
		    "default:1 set_to_header=off", NULL },
		{ "neither on nor off", "host h\nkeepbcc yes\n", NULL,
		    "rc: line 2: invalid argument yes for command keepbcc: on "
		    "or off expected" },
		{ "the later one counts",
		    "set_to_header on\nundisclosed_recipients off\n",
		    "default:1 set_to_header=off", NULL },
		{ "accepted and ignored", "tls_force_sslv3 whatever it is\n",
		    "default:1 tls_force_sslv3=whatever it is", NULL },
	};

	CHECK_TEXTS(rows);
}

TEST(quotes)
{
	static const struct text_row rows[] = {
		{ "one pair", "user \"a b\"\n", "default:1 user=a b", NULL },
		{ "blanks are kept in it", "user \" a \"\n",
		    "default:1 user= a ", NULL },
		{ "only one pair", "user \"\"a\"\"\n", "default:1 user=\"a\"",
		    NULL },
		{ "inner ones stay", "user \"un\"bal\"\n",
		    "default:1 user=un\"bal", NULL },
		{ "at the front only", "user \"a b\"@x\n",
		    "default:1 user=\"a b\"@x", NULL },
		{ "at the end only", "user a\"\n", "default:1 user=a\"", NULL },
		{ "a lone one", "user \"\n", "default:1 user=\"", NULL },
		{ "empty", "user \"\"\n", "default:1 user=", NULL },
		{ "no escapes", "user \"a\\\"\n", "default:1 user=a\\", NULL },
		{ "single ones are data", "user 'a'\n", "default:1 user='a'",
		    NULL },
		{ "a number", "port \"25\"\n", "default:1 port=25", NULL },
		{ "a name", "account \"edge\"\nhost \"h\"\n", "edge:1 host=h",
		    NULL },
		{ "CRLF", "user \"a \"\r\n", "default:1 user=a ", NULL },
	};

	CHECK_TEXTS(rows);
}

TEST(empty_values)
{
	static const struct text_row rows[] = {
		{ "text", "host h\nhost\n", "default:1 host=", NULL },
		{ "switch", "tls\n", "default:1 tls=on", NULL },
		{ "auth", "auth \n", "default:1 auth=on", NULL },
		{ "choice", "set_from_header\n",
		    "default:1 set_from_header=auto", NULL },
		{ "path", "logfile \"\"\n", "default:1 logfile=", NULL },
		{ "secret", "password\n", "default:1 password=", NULL },
		{ "number", "host h\nport\n", NULL,
		    "rc: line 2: missing argument for command port: a number "
		    "from 1 to 65535 expected" },
	};

	CHECK_TEXTS(rows);
}

/* ---- accounts ---- */

TEST(accounts)
{
	static const struct text_row rows[] = {
		{ "two", "account a\nhost x\naccount b\nhost y\n",
		    "a:1 host=x|b:3 host=y", NULL },
		{ "empty account", "account a\n", "a:1", NULL },
		{ "blanks in a name", "account my mail\nhost x\n",
		    "my mail:1 host=x", NULL },
		{ "defaults", "defaults\nport 1\naccount a\nhost x\n",
		    "a:3 host=x;port=1", NULL },
		{ "defaults are for later accounts",
		    "account a\nhost x\ndefaults\nport 1\naccount b\n",
		    "a:1 host=x|b:5 port=1", NULL },
		{ "defaults add up",
		    "defaults\nport 1\ntls on\naccount a\n"
		    "defaults\nport 2\naccount b\n",
		    "a:4 port=1;tls=on|b:7 port=2;tls=on", NULL },
		{ "an account beats the defaults",
		    "defaults\nport 1\naccount a\nport 2\n", "a:3 port=2",
		    NULL },
		{ "only defaults", "defaults\nport 1\n", "", NULL },
		{ "nothing before defaults is an account",
		    "defaults\naccount default\nhost h\n", "default:2 host=h",
		    NULL },
	};

	CHECK_TEXTS(rows);
}

TEST(parents)
{
	static const struct text_row rows[] = {
		{ "one", "account a\nhost x\naccount b : a\n",
		    "a:1 host=x|b:3 host=x", NULL },
		{ "no blanks", "account a\nhost x\naccount b:a\n",
		    "a:1 host=x|b:3 host=x", NULL },
		{ "later ones win",
		    "account a\nhost x\nport 1\naccount b\nport 2\nuser u\n"
		    "account c:a , b\n",
		    "a:1 host=x;port=1|b:4 port=2;user=u|"
		    "c:7 host=x;port=2;user=u",
		    NULL },
		{ "only what was set",
		    "account a\nhost x\ndefaults\nport 9\nhost y\n"
		    "account b : a\n",
		    "a:1 host=x|b:6 host=x;port=9", NULL },
		{ "a default of a parent does not count as set",
		    "defaults\nport 1\naccount a\ndefaults\nport 2\n"
		    "account b : a\n",
		    "a:3 port=1|b:6 port=2", NULL },
		{ "nor against another parent",
		    "defaults\nport 1\nhost h\naccount a\nport 2\naccount b\n"
		    "host x\naccount c : a, b\n",
		    "a:4 host=h;port=2|b:6 host=x;port=1|c:8 host=x;port=2",
		    NULL },
		{ "until it is set again",
		    "defaults\nport 1\naccount a\nport 1\ndefaults\nport 2\n"
		    "account b : a\n",
		    "a:3 port=1|b:7 port=1", NULL },
		{ "quotes around names",
		    "account \"a b\"\nhost x\naccount c : \"a b\"\n"
		    "account \"d e\": c\n",
		    "a b:1 host=x|c:3 host=x|d e:4 host=x", NULL },
		{ "unset in a parent",
		    "account a\nuser\ndefaults\nuser u\naccount b : a\n",
		    "a:1 user=|b:5 user=", NULL },
		{ "own settings win",
		    "account a\nhost x\naccount b:a\nhost y\n",
		    "a:1 host=x|b:3 host=y", NULL },
		{ "grandparents",
		    "account a\nhost x\naccount b:a\nport 1\n"
		    "account c:b\n",
		    "a:1 host=x|b:3 host=x;port=1|c:5 host=x;port=1", NULL },
		{ "a secret", "account a\npassword p;q\naccount b:a\n",
		    "a:1 password=p;q|b:3 password=p;q", NULL },
		{ "default last", "account a\nhost x\naccount default : a\n",
		    "a:1 host=x|default:3 host=x", NULL },
		{ "twice the same", "account a\nhost x\naccount b : a, a\n",
		    "a:1 host=x|b:3 host=x", NULL },
	};

	CHECK_TEXTS(rows);
}

/* ---- errors ---- */

TEST(errors)
{
	static const struct text_row rows[] = {
		{ "unknown", "host h\n\nfrobnicate on\n", NULL,
		    "rc: line 3: unknown command frobnicate" },
		{ "capitals", "HOST h\n", NULL,
		    "rc: line 1: unknown command HOST" },
		{ "dashes", "tls-starttls on\n", NULL,
		    "rc: line 1: unknown command tls-starttls" },
		{ "line by CRLF", "host h\r\n\r\nfrob\r\n", NULL,
		    "rc: line 3: unknown command frob" },
		{ "equals sign", "host=h\n", NULL,
		    "rc: line 1: command host is followed by '=', not by a "
		    "blank" },
		{ "colon", "port: 25\n", NULL,
		    "rc: line 1: command port is followed by ':', not by a "
		    "blank" },
		{ "no word", "=x\n", NULL,
		    "rc: line 1: unknown command (not shown)" },
		{ "value", "tls\ntls maybe\n", NULL,
		    "rc: line 2: invalid argument maybe for command tls: on or "
		    "off expected" },
		{ "duplicate", "account a\naccount a\n", NULL,
		    "rc: line 2: account a was already defined in line 1" },
		{ "implied default", "host h\naccount default\n", NULL,
		    "rc: line 2: account default was already defined in line "
		    "1" },
		{ "forward parent", "account a : b\naccount b\n", NULL,
		    "rc: line 1: account b not (yet) defined" },
		{ "own parent", "account a : a\n", NULL,
		    "rc: line 1: account a not (yet) defined" },
		{ "second parent", "account a\naccount b : a, c\n", NULL,
		    "rc: line 2: account c not (yet) defined" },
		{ "empty parent", "account a\naccount b : a,,a\n", NULL,
		    "rc: line 2: account  not (yet) defined" },
		{ "no parents", "account a :\n", NULL,
		    "rc: line 1: no account after the colon" },
		{ "no name", "account\n", NULL,
		    "rc: line 1: missing argument for command account" },
		{ "no name, parents", "account : a\n", NULL,
		    "rc: line 1: missing argument for command account" },
		{ "comma", "account a,b\n", NULL,
		    "rc: line 1: a name of an account must not contain commas "
		    "or control characters" },
		{ "CR in a name", "account a\rb\n", NULL,
		    "rc: line 1: a name of an account must not contain commas "
		    "or control characters" },
		{ "defaults with a name", "defaults x\n", NULL,
		    "rc: line 1: command defaults does not take an argument" },
		{ "eval without a command", "host h\neval\n", NULL,
		    "rc: line 2: missing argument for command eval" },
		{ "CR inside", "host a\rb\n", NULL,
		    "rc: line 1: invalid argument a?b for command host: a "
		    "value without control characters expected" },
	};

	CHECK_TEXTS(rows);
}

/* ---- limits ---- */

static void check_line_length(size_t n, bool newline, int expected)
{
	char *text = malloc(n + 1);
	struct fail why = { FAIL_NONE, "" };
	struct config c;
	char *copy;

	if (!text)
		return;
	memset(text, 'x', n);
	memcpy(text, "domain ", 7);
	if (newline)
		text[n - 1] = '\n';
	CHECK_INT(parse(&c, (struct slice){ text, n }, &copy, &why), expected);
	if (expected)
		CHECK_STR(
		    why.text, "rc: line 1: line longer than 8192 characters");
	config_free(&c);
	arena_free(&arena);
	free(copy);
	free(text);
}

TEST(line_length)
{
	CASE("8192");
	check_line_length(8192, true, 0);
	check_line_length(8192, false, 0);
	CASE("8193");
	check_line_length(8193, true, -1);
	check_line_length(8193, false, -1);
}

TEST(nul_byte)
{
	static const char text[] = "host a\nhost b\0c\n";
	struct fail why;
	struct config c;
	char *copy;

	CHECK_INT(parse(&c, SLICE(text), &copy, &why), -1);
	CHECK_STR(why.text, "rc: line 2: line with a NUL byte");
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

/* Cut at every byte: an error with its line, or accounts; nothing else. */
TEST(cut_anywhere)
{
	static const char text[] =
	    "# c\r\ndefaults\nport 0x24b\ntls\n\taccount \"a\"\nhost "
	    "\"h\"\npassword \"p;#\"\naccount b : a\nfrom "
	    "*@x.example\naccount default:a , b\nset_from_header "
	    "auto\nmax_message_size 40M\nsyslog LOG_MAIL\n";

	for (size_t n = 0; n <= sizeof(text) - 1; n++) {
		struct fail why = { FAIL_NONE, "" };
		struct config c;
		char *copy;
		int result;

		CASE("cut");
		result = parse(&c, (struct slice){ text, n }, &copy, &why);
		if (result != 0) {
			CHECK_INT(why.kind, FAIL_CONFIG);
			CHECK(strstr(why.text, "rc: line ") == why.text);
			CHECK_INT(c.n, 0);
		}
		CHECK(c.n <= 3);
		CHECK(n < sizeof(text) - 1 || c.n == 3);
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}

TEST(many_accounts)
{
	struct buf b;
	struct config c;
	char *copy;

	buf_init(&b, 100000);
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "account a%d%s\nport %d\n", i,
		    i ? " : a0" : "\nhost h", i + 1);
	CHECK_INT(parse(&c, buf_slice(&b), &copy, NULL), 0);
	CHECK_INT(c.n, 1000);
	CHECK_STR(c.v[999].name, "a999");
	CHECK_STR(c.v[999].settings.host, "h");
	CHECK_INT(c.v[999].settings.port, 1000);
	config_free(&c);
	free(copy);
	buf_free(&b);
	arena_free(&arena);
}

/* ---- eval ---- */

TEST(eval)
{
	static const struct text_row rows[] = {
		{ "a setting", "eval echo host h\n", "default:1 host=h", NULL },
		{ "the first line", "eval printf 'host a\\r\\nhost b\\n'\n",
		    "default:1 host=a", NULL },
		{ "a shell", "eval x='a b'; echo \"domain $x\"\n",
		    "default:1 domain=a b", NULL },
		{ "quotes around the command are dropped",
		    "eval \"echo host h\"\n", "default:1 host=h", NULL },
		{ "an account", "eval echo account a\nhost h\n", "a:1 host=h",
		    NULL },
		{ "defaults", "eval echo defaults\nport 1\naccount a\n",
		    "a:3 port=1", NULL },
		{ "a comment", "eval echo '# x'\nhost h\n", "default:2 host=h",
		    NULL },
		{ "a password", "eval echo 'password a;#b'\n",
		    "default:1 password=a;#b", NULL },
		{ "standard input is empty", "eval cat; echo host h\n",
		    "default:1 host=h", NULL },
		{ "an empty line", "host h\neval echo; echo user u\n",
		    "default:1 host=h", NULL },
		{ "an empty line of CRLF", "host h\neval printf '\\r\\n'\n",
		    "default:1 host=h", NULL },
		{ "an empty line before an account",
		    "eval echo\naccount a\nhost h\n", "a:2 host=h", NULL },
		{ "nothing", "host h\neval true\n", NULL,
		    "rc: line 2: eval: no output" },
		{ "failed", "eval exit 3\n", NULL,
		    "rc: line 1: eval: no output, exit status 3" },
		{ "again", "eval echo eval echo host h\n", NULL,
		    "rc: line 1: eval must not yield eval" },
		{ "unknown", "eval echo frob\n", NULL,
		    "rc: line 1: unknown command frob" },
		{ "two of them", "eval echo host h\neval echo user u\n",
		    "default:1 host=h;user=u", NULL },
	};

	CHECK_TEXTS(rows);
}
