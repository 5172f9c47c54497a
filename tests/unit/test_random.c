#include "random.h"
#include "unit.h"

TEST(around)
{
	static const struct {
		int64_t value;
		uint32_t random;
		int64_t expected;
	} rows[] = {
		{ 0, 7, 0 },
		{ 3, 7, 3 }, /* a quarter of it is nothing */
		{ 100, 0, 75 },
		{ 100, 50, 125 },
		{ 100, 51, 75 },
		{ 1000, 250, 1000 },
		{ INT64_C(14400), UINT32_MAX, 10800 + UINT32_MAX % 7201 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_INT(
		    (long long)random_around(rows[i].value, rows[i].random),
		    (long long)rows[i].expected);
}

/* Sixteen octets that come twice, or stay as they were, were not filled. */
TEST(filled)
{
	unsigned char one[16] = { 0 }, other[16] = { 0 }, none[16] = { 0 };

	random_fill(one, sizeof(one));
	random_fill(other, sizeof(other));
	CHECK(memcmp(one, none, sizeof(one)) != 0);
	CHECK(memcmp(one, other, sizeof(one)) != 0);
}
