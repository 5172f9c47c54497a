#include "outcome.h"

const char *outcome_name(enum outcome_class c)
{
	static const char *const names[] = {
		[OUTCOME_ACCEPTED] = "ACCEPTED",
		[OUTCOME_SUPPRESSED] = "SUPPRESSED",
		[OUTCOME_NOT_SENT] = "NOT-SENT",
		[OUTCOME_TEMP] = "TEMP",
		[OUTCOME_PERM] = "PERM",
		[OUTCOME_UNKNOWN] = "UNKNOWN",
	};

	return names[c];
}
