#include "config_text.h"
#include "provider.h"
#include "unit.h"

/* 0: taken. The rest of the text of the failure, behind the keyword. */
static void check_value(const char *key, const char *value, const char *failure)
{
	struct fail why = { FAIL_NONE, "" };
	struct settings s;
	struct config c;
	struct buf text;
	char *copy;
	int result;

	CASE(value);
	buf_init(&text, 4000);
	buf_addf(&text, "provider ses\nregion eu-west-1\n%s %s\n", key, value);
	CHECK_INT(parse(&c, buf_slice(&text), &copy, &why), 0);
	s = c.v[0].settings;
	buf_clear(&text);
	result = provider_apply(provider_find("ses"), &s, &arena, &text, &why);
	CHECK_INT(result, failure ? -1 : 0);
	if (failure) {
		buf_clear(&text);
		buf_addf(&text, "rc: line 3: %s: %s", key, failure);
		CHECK_STR(why.text, buf_text(&text));
	}
	buf_free(&text);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

#define NAME_EXPECTED                                                          \
	"up to 64 letters, digits, hyphens and underscores expected"
#define TAGS_EXPECTED                                                          \
	"name=value, ... expected, made of up to 256 letters, digits, "        \
	"hyphens and underscores each"
#define ARN_EXPECTED "an ARN expected, which begins with arn: and has no blanks"
#define LONG_64                                                                \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64

TEST(values)
{
	static const char *const rows[][3] = {
		{ "ses_configuration_set", "set_1-A", NULL },
		{ "ses_configuration_set", LONG_64, NULL },
		{ "ses_configuration_set", LONG_64 "a", NAME_EXPECTED },
		{ "ses_configuration_set", "a b", NAME_EXPECTED },
		{ "ses_configuration_set", "a.b", NAME_EXPECTED },
		{ "ses_configuration_set", "\xc3\xa4", NAME_EXPECTED },
		{ "ses_configuration_set", "a\tb", NAME_EXPECTED },
		{ "ses_configuration_set", "", NULL },
		{ "ses_tenant", "tenant-1", NULL },
		{ "ses_tenant", "a:b", NAME_EXPECTED },
		{ "ses_message_tags", "a=b", NULL },
		{ "ses_message_tags", "a=b, c=d ,e=f", NULL },
		{ "ses_message_tags", LONG_256 "=" LONG_256, NULL },
		{ "ses_message_tags", "a" LONG_256 "=b", TAGS_EXPECTED },
		{ "ses_message_tags", "a=b" LONG_256, TAGS_EXPECTED },
		{ "ses_message_tags", "a", TAGS_EXPECTED },
		{ "ses_message_tags", "a=", TAGS_EXPECTED },
		{ "ses_message_tags", "=b", TAGS_EXPECTED },
		{ "ses_message_tags", "a=b,", TAGS_EXPECTED },
		{ "ses_message_tags", ",a=b", TAGS_EXPECTED },
		{ "ses_message_tags", "a=b,,c=d", TAGS_EXPECTED },
		{ "ses_message_tags", "a=b=c", TAGS_EXPECTED },
		{ "ses_message_tags", "a = b", TAGS_EXPECTED },
		{ "ses_message_tags", "a=b c", TAGS_EXPECTED },
		{ "ses_message_tags", "a=\xc3\xa4", TAGS_EXPECTED },
		{ "ses_message_tags",
		    "a=" LONG_256 ",b=" LONG_256 ",c=" LONG_256 ",d=" LONG_256,
		    "too long for a header field" },
		{ "ses_source_arn", "arn:aws:ses:eu-west-1:1:identity/x",
		    NULL },
		{ "ses_source_arn", "arn:", ARN_EXPECTED },
		{ "ses_source_arn", "ARN:aws", ARN_EXPECTED },
		{ "ses_source_arn", "arn:aws ses", ARN_EXPECTED },
		{ "ses_source_arn", "x", ARN_EXPECTED },
		{ "ses_from_arn", "arn:a\tb", ARN_EXPECTED },
		{ "ses_return_path_arn", "arn:\xc3\xa4", ARN_EXPECTED },
		{ "ses_return_path_arn", "arn:aws:ses", NULL },
		{ "ses_list_management", "list; topic=news", NULL },
		{ "ses_list_management", "list\ttopic",
		    "printable ASCII characters expected" },
		{ "ses_list_management", "list; topic=\xc3\xa4",
		    "printable ASCII characters expected" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_value(rows[i][0], rows[i][1], rows[i][2]);
}

TEST(fields)
{
	static const char text[] =
	    "provider ses\nregion eu-west-1\nses_configuration_set cs\n"
	    "ses_message_tags a=b, c=d\nses_source_arn arn:s\n"
	    "ses_from_arn arn:f\nses_return_path_arn arn:r\n"
	    "ses_list_management l; topic=t\nses_tenant te\n";
	static const struct provider_field expected[] = {
		{ "X-SES-CONFIGURATION-SET", "cs" },
		{ "X-SES-MESSAGE-TAGS", "a=b, c=d" },
		{ "X-SES-SOURCE-ARN", "arn:s" },
		{ "X-SES-FROM-ARN", "arn:f" },
		{ "X-SES-RETURN-PATH-ARN", "arn:r" },
		{ "X-SES-LIST-MANAGEMENT-OPTIONS", "l; topic=t" },
		{ "X-SES-TENANT", "te" },
	};
	struct provider_field fields[PROVIDER_FIELDS_MAX];
	struct config c;
	char *copy;

	CHECK_INT(parse(&c, SLICE(text), &copy, NULL), 0);
	CHECK_INT(
	    provider_fields(&c.v[0].settings, fields, PROVIDER_FIELDS_MAX), 7);
	for (size_t i = 0; i < 7; i++) {
		CASE(expected[i].name);
		CHECK_STR(fields[i].name, expected[i].name);
		CHECK_STR(fields[i].value, expected[i].value);
	}
	CASE("room for two");
	CHECK_INT(provider_fields(&c.v[0].settings, fields, 2), 2);
	CHECK_INT(provider_fields(&c.v[0].settings, fields, 0), 0);
	CASE("another provider");
	c.v[0].settings.provider = "oci";
	CHECK_INT(provider_fields(&c.v[0].settings, fields, 8), 0);
	c.v[0].settings.provider = NULL;
	CHECK_INT(provider_fields(&c.v[0].settings, fields, 8), 0);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}
