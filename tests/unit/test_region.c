#include "region.h"
#include "unit.h"

static const struct region_table *const tables[] = { &region_table_ses,
	&region_table_oci };

/* ---- the tables ---- */

TEST(tables_are_whole)
{
	CHECK_INT(region_table_ses.n, 30);
	CHECK_INT(region_table_oci.n, 85);
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct region *r = &tables[t]->v[i];
			struct slice id = slice_of(r->id);

			CASE(r->id);
			CHECK(region_is_wellformed(id));
			CHECK(region_find(tables[t], id) == r);
			CHECK(!region_find(tables[1 - t], id));
			CHECK(r->host && strstr(r->host, r->id));
			CHECK(r->place && *r->place);
			CHECK(!r->fips_host || strstr(r->fips_host, r->id));
		}
}

TEST(facts)
{
	static const struct {
		const struct region_table *table;
		const char *id, *host, *fips;
		enum region_smtp smtp;
	} rows[] = {
		{ &region_table_ses, "us-east-1",
		    "email-smtp.us-east-1.amazonaws.com",
		    "email-smtp-fips.us-east-1.amazonaws.com",
		    REGION_SMTP_YES },
		{ &region_table_ses, "eu-west-1",
		    "email-smtp.eu-west-1.amazonaws.com", NULL,
		    REGION_SMTP_YES },
		{ &region_table_ses, "af-south-1",
		    "email-smtp.af-south-1.amazonaws.com", NULL,
		    REGION_SMTP_NONE },
		{ &region_table_ses, "eu-south-1",
		    "email-smtp.eu-south-1.amazonaws.com", NULL,
		    REGION_SMTP_NONE },
		{ &region_table_ses, "il-central-1",
		    "email-smtp.il-central-1.amazonaws.com", NULL,
		    REGION_SMTP_UNKNOWN },
		{ &region_table_ses, "eusc-de-east-1",
		    "email-smtp.eusc-de-east-1.amazonaws.eu", NULL,
		    REGION_SMTP_UNKNOWN },
		{ &region_table_oci, "eu-frankfurt-1",
		    "smtp.email.eu-frankfurt-1.oci.oraclecloud.com", NULL,
		    REGION_SMTP_YES },
		{ &region_table_oci, "eu-paris-1",
		    "smtp.email.eu-paris-1.oci.oraclecloud.com", NULL,
		    REGION_SMTP_YES },
		{ &region_table_oci, "uk-gov-london-1",
		    "smtp.email.uk-gov-london-1.oci.oraclegovcloud.uk", NULL,
		    REGION_SMTP_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct region *r =
		    region_find(rows[i].table, slice_of(rows[i].id));

		CASE(rows[i].id);
		CHECK(r != NULL);
		if (!r)
			continue;
		CHECK_STR(r->host, rows[i].host);
		CHECK_STR(r->fips_host, rows[i].fips);
		CHECK_INT(r->smtp, rows[i].smtp);
	}
}

TEST(form)
{
	static const struct {
		const char *id;
		bool wellformed;
	} rows[] = {
		{ "eu-west-1", true },
		{ "xx-y-0", true },
		{ "abcd-e-12345", true },
		{ "me-dcc-doha-1", true },
		{ "", false },
		{ "1", false },
		{ "-1", false },
		{ "eu", false },
		{ "eu-1", false },
		{ "eu-west", false },
		{ "eu-west-", false },
		{ "eu-west1", false },
		{ "eu--1", false },
		{ "eu--west-1", false },
		{ "eu-west--1", false },
		{ "-eu-west-1", false },
		{ "e-west-1", false },
		{ "europ-west-1", false },
		{ "EU-west-1", false },
		{ "eu-west-1 ", false },
		{ "eu-we5t-1", false },
		{ "eu_west_1", false },
		{ "eu-west-1-", false },
		{ "eu-west-1a", false },
		{ "eu-west.evil-1", false },
		{ "eu-wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
		  "ww-1",
		    true },
		{ "eu-wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
		  "www-1",
		    false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].id);
		CHECK_INT(region_is_wellformed(slice_of(rows[i].id)),
		    rows[i].wellformed);
	}
}

TEST(siblings)
{
	static const struct {
		const char *id;
		bool ses, oci;
	} rows[] = {
		{ "eu-west-4", true, false },
		{ "eu-west-12", true, false },
		{ "eu-west-", false, false },
		{ "eu-wset-1", false, false },
		{ "ap-southeast-7", true, false },
		{ "eu-frankfurt-9", false, true },
		{ "", false, false },
		{ "7", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice id = slice_of(rows[i].id);

		CASE(rows[i].id);
		CHECK_INT(
		    region_is_sibling(&region_table_ses, id), rows[i].ses);
		CHECK_INT(
		    region_is_sibling(&region_table_oci, id), rows[i].oci);
	}
}

/* ---- suggestions ---- */

static void check_suggestions(
    const struct region_table *t, const char *name, const char *expected)
{
	const struct region *found[REGION_SUGGESTIONS];
	size_t n = region_suggest(t, slice_of(name), found);
	char text[200] = "";

	CASE(name);
	CHECK(n <= REGION_SUGGESTIONS);
	for (size_t i = 0; i < n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, found[i]->id);
	}
	CHECK_STR(text, expected);
}

TEST(suggestions_for_ses)
{
	static const char *const rows[][2] = {
		{ "eu-wset-1", "eu-west-1" },
		{ "eu-west1", "eu-west-1" },
		{ "euwest1", "eu-west-1" },
		{ "EU-WEST-1", "eu-west-1" },
		{ "eu_west_1", "eu-west-1" },
		{ "eu west 1", "eu-west-1" },
		{ "us-east1", "us-east-1" },
		{ "us-gov-west1", "us-gov-west-1" },
		{ "u-west-1", "us-west-1 eu-west-1" },
		{ "eu-wst-1", "eu-west-1" },
		{ "eu-wesst-1", "eu-west-1" },
		{ "eu-wwest-2", "eu-west-2" },
		{ "ue-west-1", "us-west-1 eu-west-1" },
		{ "eu-west-l", "eu-west-1 eu-west-2 eu-west-3" },
		{ "eu-centrla-1", "eu-central-1" },
		{ "ap-notheast-1", "ap-northeast-1" },
		{ "us-est-1", "us-east-1 us-west-1" },
		{ "Frankfurt", "eu-central-1" },
		{ "ireland", "eu-west-1" },
		{ "n. virginia", "us-east-1" },
		{ "Sao Paulo", "sa-east-1" },
		{ "tokyo", "ap-northeast-1" },
		{ "europe", "eu-central-1 eu-central-2 eu-north-1" },
		{ "FRA", "" },
		{ "mars-1", "" },
		{ "", "" },
		{ "e", "" },
		{ "xyzzyx-xyz-9", "" },
		{ "eu-wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
		  "www-1",
		    "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_suggestions(&region_table_ses, rows[i][0], rows[i][1]);
}

TEST(suggestions_for_oci)
{
	static const char *const rows[][2] = {
		{ "FRA", "eu-frankfurt-1" },
		{ "fra", "eu-frankfurt-1" },
		{ "iad", "us-ashburn-1" },
		{ "phx", "us-phoenix-1" },
		{ "frankfurt", "eu-frankfurt-1 eu-frankfurt-2" },
		{ "Phoenix", "us-phoenix-1 us-gov-phoenix-1" },
		{ "sao paulo", "sa-saopaulo-1" },
		{ "salt lake city", "us-saltlake-2" },
		{ "eu-frankfrut-1", "eu-frankfurt-1" },
		{ "eu-franfurt-1", "eu-frankfurt-1" },
		{ "us-asburn-1", "us-ashburn-1" },
		{ "us_phoenix_1", "us-phoenix-1" },
		{ "eu-frnkfrt-1", "eu-frankfurt-1" },
		{ "eu-fnkfrt-1", "" },
		{ "XXX", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_suggestions(&region_table_oci, rows[i][0], rows[i][1]);
}

/* Two neighbours swapped or a letter dropped: the region is always named. */
TEST(every_slip_is_seen)
{
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct region *r = &tables[t]->v[i];
			const struct region *found[REGION_SUGGESTIONS];
			char name[64];
			size_t n = strlen(r->id);

			CASE(r->id);
			for (size_t k = 0; k + 1 < n; k++) {
				struct slice s = { name, n };

				memcpy(name, r->id, n);
				name[k] = r->id[k + 1];
				name[k + 1] = r->id[k];
				CHECK(region_find(tables[t], s) ||
				      region_suggest(tables[t], s, found));
				memmove(name + k, r->id + k + 1, n - k - 1);
				s.n--;
				CHECK(region_suggest(tables[t], s, found));
			}
		}
}

/* ---- hosts ---- */

TEST(region_in_a_host)
{
	static const struct region_host ses[] = {
		{ false, "email-smtp.", ".amazonaws.com" },
		{ true, "email-smtp.", ".vpce.amazonaws.com" },
		{ false, NULL, NULL },
	};
	static const struct region_host oci[] = {
		{ false, "smtp.email.", ".oci." },
		{ false, NULL, NULL },
	};

	static const struct {
		const struct region_table *table;
		const struct region_host *patterns;
		const char *host, *region;
	} rows[] = {
		{ &region_table_ses, ses, "email-smtp.eu-west-1.amazonaws.com",
		    "eu-west-1" },
		{ &region_table_ses, ses, "EMAIL-SMTP.eu-west-1.AmazonAWS.com",
		    "eu-west-1" },
		{ &region_table_ses, ses, "email-smtp.xx-yy-9.amazonaws.com",
		    "xx-yy-9" },
		{ &region_table_ses, ses,
		    "vpce-1.email-smtp.us-east-1.vpce.amazonaws.com",
		    "us-east-1" },
		{ &region_table_ses, ses, "email-smtp..amazonaws.com", NULL },
		{ &region_table_ses, ses, "email-smtp.eu-west-1.amazonaws.co",
		    NULL },
		{ &region_table_ses, ses,
		    "email-smtp.eu-west-1.amazonaws.com.example", NULL },
		{ &region_table_ses, ses, "email-smtp.eu-west-1", NULL },
		{ &region_table_ses, ses, "email-smtp.", NULL },
		{ &region_table_ses, ses, "", NULL },
		{ &region_table_ses, ses, "mail.example.com", NULL },
		{ &region_table_oci, oci,
		    "smtp.email.eu-frankfurt-1.oci.oraclecloud.com",
		    "eu-frankfurt-1" },
		{ &region_table_oci, oci,
		    "smtp.email.uk-gov-london-1.oci.oraclegovcloud.uk",
		    "uk-gov-london-1" },
		{ &region_table_oci, oci, "smtp.us-ashburn-1.oraclecloud.com",
		    "us-ashburn-1" },
		{ &region_table_oci, oci, "smtp.us-nowhere-1.oraclecloud.com",
		    NULL },
		{ &region_table_oci, oci, "smtp.email.eu-frankfurt-1.oci",
		    NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice region = SLICE("untouched");
		bool found;

		CASE(rows[i].host);
		found = region_of_host(rows[i].table, rows[i].patterns,
		    slice_of(rows[i].host), &region);
		CHECK_INT(found, rows[i].region != NULL);
		CHECK_SLICE(
		    region, rows[i].region ? rows[i].region : "untouched");
	}
}
