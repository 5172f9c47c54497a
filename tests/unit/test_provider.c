#include "config_text.h"
#include "provider.h"
#include "unit.h"

/* "key=value;..." of what the provider filled in. */
static void dump_filled(const struct settings *s, struct buf *b)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (s->origin[i].kind != ORIGIN_PROVIDER)
			continue;
		buf_addf(b, "%s%s=", b->n ? ";" : "", option_table[i].key);
		option_format(s, &option_table[i], b);
	}
}

struct apply_row {
	const char *label;
	const char *text;     /* of a configuration */
	const char *filled;   /* NULL: it fails */
	const char *warnings; /* or the failure */
};

static void check_apply(const struct apply_row *row)
{
	struct fail why = { FAIL_NONE, "" };
	struct settings s;
	struct config c;
	struct buf filled, warnings;
	char *copy;
	int result;

	CASE(row->label);
	buf_init(&filled, 4000);
	buf_init(&warnings, 4000);
	CHECK_INT(parse(&c, slice_of(row->text), &copy, &why), 0);
	s = c.v[0].settings;
	result = provider_apply(
	    provider_find(s.provider), &s, &arena, &warnings, &why);
	CHECK_INT(result, row->filled ? 0 : -1);
	if (row->filled) {
		dump_filled(&s, &filled);
		CHECK_STR(buf_text(&filled), row->filled);
		CHECK_STR(buf_text(&warnings), row->warnings);
	} else {
		CHECK_INT(why.kind, FAIL_CONFIG);
		CHECK_STR(why.text, row->warnings);
	}
	buf_free(&filled);
	buf_free(&warnings);
	config_free(&c);
	free(copy);
	arena_free(&arena);
}

#define CHECK_APPLY(rows)                                                      \
	do {                                                                   \
		for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)  \
			check_apply(&(rows)[i]);                               \
	} while (0)

#define SES_REST                                                               \
	"auth=on;null_sender=off;sender_from_header=on;from_policy=rewrite;"   \
	"header_once=relay;max_message_size=40M;"                              \
	"max_recipients=50"
#define OCI_REST                                                               \
	"auth=on;null_sender=off;sender_from_header=on;from_policy=rewrite;"   \
	"max_message_size=60M"

TEST(list)
{
	CHECK(!provider_find(NULL));
	CHECK(!provider_find(""));
	CHECK(!provider_find("SES"));
	CHECK(!provider_find("se"));
	CHECK(provider_find("ses") != NULL);
	CHECK(provider_find("oci") != NULL);
	CHECK(provider_find("ses") != provider_find("oci"));
	CHECK_STR(provider_names(), "ses, oci");
}

TEST(whole_accounts)
{
	static const struct apply_row rows[] = {
		{ "SES", "provider ses\nregion eu-west-1\n",
		    "host=email-smtp.eu-west-1.amazonaws.com;port=465;tls=on;"
		    "tls_starttls=off;" SES_REST,
		    "" },
		{ "OCI", "provider oci\nregion eu-frankfurt-1\n",
		    "host=smtp.email.eu-frankfurt-1.oci.oraclecloud.com;"
		    "port=465;tls=on;tls_starttls=off;" OCI_REST,
		    "" },
		{ "what is set stays",
		    "provider ses\nregion eu-west-1\nport 587\ntls on\n"
		    "tls_starttls on\nauth plain\nmax_recipients 1\n"
		    "max_message_size off\nnull_sender on\nheader_once rfc\n"
		    "sender_from_header off\nfrom_policy pass\n"
		    "host h.example\n",
		    "", "" },
	};

	CHECK_APPLY(rows);
}

TEST(ports)
{
	static const struct {
		const char *text, *port, *starttls;
		const char *warning;
	} rows[] = {
		{ "provider ses\n", "465", "off", "" },
		{ "provider ses\nport 465\n", "465", "off", "" },
		{ "provider ses\nport 2465\n", "2465", "off", "" },
		{ "provider ses\nport 587\n", "587", "on", "" },
		{ "provider ses\nport 2587\n", "2587", "on", "" },
		{ "provider ses\nport 25\n", "25", "on", "" },
		{ "provider ses\nport 1025\n", "1025", "off", "" },
		{ "provider ses\ntls_starttls on\n", "587", "on", "" },
		{ "provider ses\ntls_starttls off\n", "465", "off", "" },
		{ "provider ses\ntls off\n", "587", "on", "" },
		{ "provider ses\nport 465\ntls_starttls on\n", "465", "on",
		    "port 465 of provider ses wants tls_starttls off\n" },
		{ "provider ses\nport 587\ntls_starttls off\n", "587", "off",
		    "port 587 of provider ses wants tls_starttls on\n" },
		{ "provider ses\nport 465\ntls_starttls on\ntls off\n", "465",
		    "on", "" },
		{ "provider oci\n", "465", "off", "" },
		{ "provider oci\nport 587\n", "587", "on", "" },
		{ "provider oci\nport 25\n", "25", "on", "" },
		{ "provider oci\nport 2465\n", "2465", "off", "" },
		{ "provider oci\ntls_starttls on\n", "587", "on", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings s;
		struct config c;
		struct buf b;
		char *copy;

		CASE(rows[i].text);
		buf_init(&b, 1000);
		CHECK_INT(parse(&c, slice_of(rows[i].text), &copy, NULL), 0);
		s = c.v[0].settings;
		s.host = "h.example";
		s.origin[OPT_host].kind = ORIGIN_USER;
		CHECK_INT(provider_apply(
			      provider_find(s.provider), &s, &arena, &b, NULL),
		    0);
		CHECK_STR(buf_text(&b), rows[i].warning);
		buf_clear(&b);
		option_format(&s, &option_table[OPT_port], &b);
		CHECK_STR(buf_text(&b), rows[i].port);
		buf_clear(&b);
		option_format(&s, &option_table[OPT_tls_starttls], &b);
		CHECK_STR(buf_text(&b), rows[i].starttls);
		buf_free(&b);
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}

/* ---- regions and hosts ---- */

#define SES_PORT ";port=465;tls=on;tls_starttls=off;" SES_REST
#define OCI_PORT ";port=465;tls=on;tls_starttls=off;" OCI_REST
#define SES_OWN  "port=465;tls=on;tls_starttls=off;" SES_REST

TEST(regions)
{
	static const struct apply_row rows[] = {
		{ "misspelt", "provider ses\nregion eu-wset-1\n", NULL,
		    "rc: line 2: unknown region eu-wset-1: did you mean "
		    "eu-west-1?" },
		{ "no dash", "provider ses\nregion us-east1\n", NULL,
		    "rc: line 2: unknown region us-east1: did you mean "
		    "us-east-1?" },
		{ "two candidates", "provider ses\nregion us-est-1\n", NULL,
		    "rc: line 2: unknown region us-est-1: did you mean "
		    "us-east-1 or us-west-1?" },
		{ "airport", "provider oci\nregion PHX\n", NULL,
		    "rc: line 2: unknown region PHX: did you mean "
		    "us-phoenix-1?" },
		{ "city", "provider oci\nregion Ashburn\n", NULL,
		    "rc: line 2: unknown region Ashburn: did you mean "
		    "us-ashburn-1 or us-gov-ashburn-1 or us-ashburn-2?" },
		{ "OCI's", "provider ses\nregion eu-frankfurt-1\n", NULL,
		    "rc: line 2: region eu-frankfurt-1 is one of provider oci "
		    "(OCI Email Delivery), not of provider ses" },
		{ "SES's", "provider oci\nregion eu-central-1\n", NULL,
		    "rc: line 2: region eu-central-1 is one of provider ses "
		    "(Amazon SES), not of provider oci" },
		{ "no region at all", "provider ses\nregion moon\n", NULL,
		    "rc: line 2: unknown region moon: a region of provider ses "
		    "looks like eu-west-1" },
		{ "injected host", "provider ses\nregion x.evil.example/\n",
		    NULL,
		    "rc: line 2: unknown region x.evil.example/: a region of "
		    "provider ses looks like eu-west-1" },
		{ "new", "provider ses\nregion mx-nowhere-1\n",
		    "host=email-smtp.mx-nowhere-1.amazonaws.com" SES_PORT,
		    "region mx-nowhere-1 is not known to provider ses\n" },
		{ "new number", "provider ses\nregion ap-southeast-7\n",
		    "host=email-smtp.ap-southeast-7.amazonaws.com" SES_PORT,
		    "region ap-southeast-7 is not known to provider ses\n" },
		{ "new, OCI", "provider oci\nregion xx-nowhere-1\n",
		    "host=smtp.email.xx-nowhere-1.oci.oraclecloud.com" OCI_PORT,
		    "region xx-nowhere-1 is not known to provider oci\n" },
		{ "no SMTP", "provider ses\nregion af-south-1\n",
		    "host=email-smtp.af-south-1.amazonaws.com" SES_PORT,
		    "region af-south-1 has no SMTP endpoint according to the "
		    "documentation of Amazon SES\n" },
		{ "not known", "provider ses\nregion il-central-1\n",
		    "host=email-smtp.il-central-1.amazonaws.com" SES_PORT,
		    "the documentation of Amazon SES does not say whether "
		    "region il-central-1 has an SMTP endpoint; trying "
		    "email-smtp.il-central-1.amazonaws.com\n" },
		{ "another realm", "provider oci\nregion uk-gov-london-1\n",
		    "host=smtp.email.uk-gov-london-1.oci."
		    "oraclegovcloud.uk" OCI_PORT,
		    "the documentation of OCI does not say whether region "
		    "uk-gov-london-1 has an SMTP endpoint; trying "
		    "smtp.email.uk-gov-london-1.oci.oraclegovcloud.uk\n" },
		{ "none", "provider ses\n", NULL,
		    "rc: line 1: provider ses needs a region: set region (for "
		    "example region eu-west-1), or set host" },
		{ "set as empty", "provider oci\nregion\nhost\n", NULL,
		    "rc: line 1: provider oci needs a region: set region (for "
		    "example region eu-frankfurt-1), or set host" },
	};

	CHECK_APPLY(rows);
}

TEST(own_hosts)
{
	static const struct apply_row rows[] = {
		{ "region of the host",
		    "provider ses\nhost email-smtp.eu-west-1.amazonaws.com\n",
		    "port=465;region=eu-west-1;tls=on;tls_starttls="
		    "off;" SES_REST,
		    "" },
		{ "older host",
		    "provider oci\nhost smtp.us-phoenix-1.oraclecloud.com\n",
		    "port=465;region=us-phoenix-1;tls=on;tls_starttls="
		    "off;" OCI_REST,
		    "" },
		{ "misspelt host",
		    "provider ses\nhost email-smtp.eu-wset-1.amazonaws.com\n",
		    NULL,
		    "rc: line 2: unknown region eu-wset-1: did you mean "
		    "eu-west-1?" },
		{ "another host", "provider ses\nhost relay.example.com\n",
		    SES_OWN, "" },
		{ "another host with a region",
		    "provider ses\nhost relay.example.com\n"
		    "region af-south-1\n",
		    SES_OWN, "" },
		{ "misspelt region beside a host",
		    "provider ses\nhost relay.example.com\n"
		    "region eu-wset-1\n",
		    SES_OWN,
		    "region eu-wset-1 is not known to provider ses; is it "
		    "eu-west-1\n" },
		{ "junk beside a host",
		    "provider ses\nhost relay.example.com\nregion moon\n", NULL,
		    "rc: line 3: unknown region moon: a region of provider ses "
		    "looks like eu-west-1" },
		{ "contradiction",
		    "provider ses\nhost email-smtp.us-east-1.amazonaws.com\n"
		    "region eu-west-1\n",
		    SES_OWN,
		    "host email-smtp.us-east-1.amazonaws.com is in region "
		    "us-east-1, not in eu-west-1\n" },
		{ "endpoint beside a host",
		    "provider ses\nhost relay.example.com\nendpoint fips\n",
		    SES_OWN,
		    "endpoint fips has no effect, because host is set\n" },
	};

	CHECK_APPLY(rows);
}

TEST(endpoints)
{
	static const struct apply_row rows[] = {
		{ "standard",
		    "provider ses\nregion eu-west-1\nendpoint standard\n",
		    "host=email-smtp.eu-west-1.amazonaws.com" SES_PORT, "" },
		{ "fips", "provider ses\nregion us-west-2\nendpoint fips\n",
		    "host=email-smtp-fips.us-west-2.amazonaws.com" SES_PORT,
		    "" },
		{ "fips, none",
		    "provider ses\nregion eu-west-1\nendpoint fips\n", NULL,
		    "rc: line 3: endpoint fips: region eu-west-1 has none; "
		    "these have: us-east-1, us-east-2, us-west-1, us-west-2, "
		    "ca-central-1, us-gov-east-1, us-gov-west-1" },
		{ "fips, unknown region",
		    "provider ses\nregion zz-top-1\nendpoint fips\n", NULL,
		    "rc: line 3: endpoint fips: region zz-top-1 has none; "
		    "these have: us-east-1, us-east-2, us-west-1, us-west-2, "
		    "ca-central-1, us-gov-east-1, us-gov-west-1" },
		{ "fips, OCI",
		    "provider oci\nregion us-phoenix-1\nendpoint fips\n", NULL,
		    "rc: line 3: endpoint fips: provider oci has none" },
		{ "VPC id",
		    "provider ses\nregion eu-west-1\nendpoint vpce-0a1-b2\n",
		    "host=vpce-0a1-b2.email-smtp.eu-west-1.vpce.amazonaws."
		    "com" SES_PORT,
		    "" },
		{ "VPC name",
		    "provider ses\nregion eu-west-1\nendpoint "
		    "vpce-0a1-b2.email-smtp.eu-west-1.vpce.amazonaws.com\n",
		    "host=vpce-0a1-b2.email-smtp.eu-west-1.vpce.amazonaws."
		    "com" SES_PORT,
		    "" },
		{ "VPC name gives the region",
		    "provider ses\nendpoint "
		    "vpce-0a1-b2.email-smtp.us-east-1.vpce.amazonaws.com\n",
		    "host=vpce-0a1-b2.email-smtp.us-east-1.vpce.amazonaws.com;"
		    "port=465;region=us-east-1;tls=on;tls_starttls="
		    "off;" SES_REST,
		    "" },
		{ "VPC id without a region",
		    "provider ses\nendpoint vpce-0a1-b2\n", NULL,
		    "rc: line 1: provider ses needs a region: set region (for "
		    "example region eu-west-1), or set host" },
		{ "VPC of another region",
		    "provider ses\nregion eu-west-1\nendpoint "
		    "vpce-0a1-b2.email-smtp.us-east-1.vpce.amazonaws.com\n",
		    NULL,
		    "rc: line 3: endpoint vpce-0a1-b2.email-smtp.us-east-1."
		    "vpce.amazonaws.com: the name in region eu-west-1 would be "
		    "vpce-0a1-b2.email-smtp.eu-west-1.vpce.amazonaws.com" },
		{ "VPC, injected",
		    "provider ses\nregion eu-west-1\nendpoint vpce-a/b\n", NULL,
		    "rc: line 3: endpoint vpce-a/b: standard, fips or a VPC "
		    "endpoint (vpce-...) expected" },
		{ "VPC, nothing",
		    "provider ses\nregion eu-west-1\nendpoint vpce-\n", NULL,
		    "rc: line 3: endpoint vpce-: standard, fips or a VPC "
		    "endpoint (vpce-...) expected" },
		{ "VPC, OCI",
		    "provider oci\nregion us-phoenix-1\nendpoint vpce-1\n",
		    NULL,
		    "rc: line 3: endpoint vpce-1: provider oci has only the "
		    "standard one" },
		{ "junk", "provider ses\nregion eu-west-1\nendpoint FIPS\n",
		    NULL,
		    "rc: line 3: endpoint FIPS: standard, fips or a VPC "
		    "endpoint (vpce-...) expected" },
	};

	CHECK_APPLY(rows);
}

/* ---- users, useless settings ---- */

TEST(advice)
{
	static const struct apply_row rows[] = {
		{ "inbound host",
		    "provider ses\nregion us-east-1\n"
		    "host a1.wmjb.mail-manager-smtp.amazonaws.com\n",
		    SES_OWN,
		    "host a1.wmjb.mail-manager-smtp.amazonaws.com is an "
		    "inbound endpoint of SES Mail Manager, not one for "
		    "sending\n" },
		{ "inbound user",
		    "provider ses\nregion eu-west-1\nuser inp-abc\n",
		    "host=email-smtp.eu-west-1.amazonaws.com" SES_PORT,
		    "user inp-abc is one of an inbound endpoint of SES Mail "
		    "Manager, not one for sending\n" },
		{ "OCI user", "provider oci\nregion us-phoenix-1\nuser me@x\n",
		    "host=smtp.email.us-phoenix-1.oci.oraclecloud.com" OCI_PORT,
		    "user does not look like a generated SMTP user name "
		    "(ocid1.user...@ocid1.tenancy...)\n" },
		{ "right OCI user",
		    "provider oci\nregion us-phoenix-1\n"
		    "user ocid1.user.oc1..a@ocid1.tenancy.oc1..b.xx.com\n",
		    "host=smtp.email.us-phoenix-1.oci.oraclecloud.com" OCI_PORT,
		    "" },
		{ "without a provider",
		    "region eu-west-1\nendpoint fips\nses_tenant t\n", "",
		    "region has no effect without provider\n"
		    "endpoint has no effect without provider\n"
		    "ses_tenant has no effect without provider\n" },
		{ "for another provider",
		    "provider oci\nregion us-phoenix-1\nses_tenant t\n",
		    "host=smtp.email.us-phoenix-1.oci.oraclecloud.com" OCI_PORT,
		    "ses_tenant has no effect with provider oci\n" },
	};

	CHECK_APPLY(rows);
}

TEST(check_sending)
{
	static const struct {
		const char *text, *failure;
	} rows[] = {
		{ "provider ses\nuser AKIAEXAMPLE\n", NULL },
		{ "provider ses\nuser ASIAEXAMPLE\n",
		    "rc: line 2: user ASIAEXAMPLE is a temporary access key "
		    "(ASIA...): temporary credentials cannot be used for SMTP; "
		    "create an access key of an IAM user (AKIA...)" },
		{ "provider ses\nuser asia\n", NULL },
		{ "provider ses\n", NULL },
		{ "provider oci\nuser ASIAEXAMPLE\n", NULL },
		{ "user ASIAEXAMPLE\n", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail why = { FAIL_NONE, "" };
		struct config c;
		char *copy;
		const struct settings *s;

		CASE(rows[i].text);
		CHECK_INT(parse(&c, slice_of(rows[i].text), &copy, &why), 0);
		s = &c.v[0].settings;
		CHECK_INT(
		    provider_check_sending(provider_find(s->provider), s, &why),
		    rows[i].failure ? -1 : 0);
		CHECK_STR(why.text, rows[i].failure ? rows[i].failure : "");
		config_free(&c);
		free(copy);
	}
	arena_free(&arena);
}
