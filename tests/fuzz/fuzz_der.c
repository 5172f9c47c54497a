/*
 * fuzz_der: the names of a certificate are elements within it, and no byte
 * behind them matters.
 */
#include "der.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_element(struct slice element, struct slice all)
{
	require(element.p >= all.p && element.p + element.n <= all.p + all.n);
	require(element.n >= 2 && element.p[0] == 0x30);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice all = { (const char *)bytes, n };
	struct der_names names, again;
	size_t end;

	if (der_read_names(all, &names) != DER_DONE)
		return 0;
	check_element(names.issuer, all);
	check_element(names.subject, all);
	require(names.issuer.p + names.issuer.n < names.subject.p);
	end = (size_t)(names.subject.p - all.p) + names.subject.n;
	require(der_read_names(slice_head(all, end), &again) == DER_DONE);
	require(slice_eq(again.issuer, names.issuer));
	require(slice_eq(again.subject, names.subject));
	require(again.size == names.size);
	for (size_t i = 0; i < end; i++)
		require(
		    der_read_names(slice_head(all, i), &again) == DER_SHORT);
	return 0;
}
