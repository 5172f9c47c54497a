#include "canary_text.h"
#include "derive.h"
#include "unit.h"

#define BASE64_40 "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* Tab separated: secret, region, password, version, ... */
static bool take_row(FILE *file, char *line, size_t size, char *columns[4])
{
	char *rest = line;

	if (!fgets(line, (int)size, file))
		return false;
	for (int i = 0; i < 4; i++) {
		columns[i] = strsep(&rest, "\t");
		if (!columns[i])
			return false;
	}
	return true;
}

TEST(published_vectors)
{
	FILE *file = fopen(TEST_DATA "/ses-vectors.tsv", "re");
	char line[1000];
	char *column[4];
	int current = 0, old = 0;

	CHECK(file != NULL);
	if (!file)
		return;
	CHECK(take_row(file, line, sizeof(line), column));
	CHECK_STR(column[0], "secret");
	while (take_row(file, line, sizeof(line), column)) {
		enum password_shape shape = derive_shape(slice_of(column[2]));
		struct secret *password;
		struct fail why = { FAIL_NONE, "" };

		CASE(column[2]);
		if (strcmp(column[3], "2") == 0) {
			CHECK_INT(shape, SHAPE_SMTP_OLD);
			old++;
			continue;
		}
		CHECK_STR(column[3], "4");
		CHECK_INT(shape, SHAPE_SMTP);
		password =
		    derive_ses_password(slice_of(column[0]), column[1], &why);
		CHECK(password != NULL);
		CHECK_SLICE(secret_view(password), column[2]);
		secret_free(password);
		current++;
	}
	CHECK(current >= 8);
	CHECK(old >= 2);
	fclose(file);
}

TEST(shapes)
{
	static const struct {
		const char *password;
		enum password_shape shape;
	} rows[] = {
		{ "", SHAPE_OTHER },
		{ "hunter2", SHAPE_OTHER },
		{ BASE64_40, SHAPE_AWS_SECRET },
		{ BASE64_40 "x", SHAPE_OTHER },
		{ "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE", SHAPE_OTHER },
		{ "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE=", SHAPE_OTHER },
		{ "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE;", SHAPE_OTHER },
		{ "wJalrXUtnFEMI/K7MDENG bPxRfiCYEXAMPLEKEY", SHAPE_OTHER },
		/* 44 characters; the version is the first byte. */
		{ "BA" BASE64_40 "AA", SHAPE_SMTP },
		{ "BP" BASE64_40 "AA", SHAPE_SMTP },
		{ "BQ" BASE64_40 "AA", SHAPE_OTHER },
		{ "Ag" BASE64_40 "AA", SHAPE_SMTP_OLD },
		{ "Av" BASE64_40 "AA", SHAPE_SMTP_OLD },
		{ "Aw" BASE64_40 "AA", SHAPE_OTHER },
		{ "Af" BASE64_40 "AA", SHAPE_OTHER },
		{ "AA" BASE64_40 "AA", SHAPE_OTHER },
		{ "//" BASE64_40 "AA", SHAPE_OTHER },
		{ "BA" BASE64_40 "A=", SHAPE_OTHER },
		{ "BA" BASE64_40 "A-", SHAPE_OTHER },
		{ "BA" BASE64_40 "AAA", SHAPE_OTHER },
	};

	static const char with_nul[] = "wJalrXUtnFEMI/K7MDENG\0bPxRfiCYEXAMPLE"
				       "KEY";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].password);
		CHECK_INT(
		    derive_shape(slice_of(rows[i].password)), rows[i].shape);
	}
	CASE("NUL");
	CHECK_INT(derive_shape((struct slice){ with_nul, 40 }), SHAPE_OTHER);
}

TEST(any_secret_gives_a_password)
{
	static const size_t sizes[] = { 0, 1, 59, 60, 61, 64, 4096 };
	char text[4096];

	memset(text, 'k', sizeof(text));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fail why = { FAIL_NONE, "" };
		struct secret *password;

		CASE("size");
		password = derive_ses_password(
		    (struct slice){ text, sizes[i] }, "us-east-1", &why);
		CHECK(password != NULL);
		CHECK_INT(secret_view(password).n, 44);
		CHECK_INT(derive_shape(secret_view(password)), SHAPE_SMTP);
		secret_free(password);
	}
}

TEST(nothing_is_left_in_memory)
{
	unsigned char key[30];
	struct secret *source = secret_new(sizeof(key), NULL);
	struct secret *password;
	unsigned char masked[44];

	canary_make(key, sizeof(key));
	canary_put(secret_extend(source, sizeof(key)), key, sizeof(key));
	CHECK_INT(canary_count(key, sizeof(key)), 1);
	password = derive_ses_password(secret_view(source), "eu-west-1", NULL);
	secret_free(source);
	CHECK_INT(canary_count(key, sizeof(key)), 0);
	for (size_t i = 0; i < sizeof(masked); i++)
		masked[i] =
		    (unsigned char)(secret_view(password).p[i] ^ CANARY_MASK);
	CHECK_INT(canary_count(masked, sizeof(masked)), 1);
	secret_free(password);
	CHECK_INT(canary_count(masked, sizeof(masked)), 0);
}
