#include "outcome.h"
#include "unit.h"

TEST(names)
{
	static const struct {
		enum outcome_class class;
		const char *name;
	} rows[] = {
		{ OUTCOME_ACCEPTED, "ACCEPTED" },
		{ OUTCOME_SUPPRESSED, "SUPPRESSED" },
		{ OUTCOME_NOT_SENT, "NOT-SENT" },
		{ OUTCOME_TEMP, "TEMP" },
		{ OUTCOME_PERM, "PERM" },
		{ OUTCOME_UNKNOWN, "UNKNOWN" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CASE(rows[i].name);
		CHECK_STR(outcome_name(rows[i].class), rows[i].name);
	}
}
