/*
 * fuzz_addr: what the parser takes for addresses can be written and read
 * again; nothing that may stand in a command can end it; a mended list says
 * the same as before; a display name is one name whatever it was.
 */
#include "addr.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct addr_syntax header = { .bare_blanks = false };
static const struct addr_syntax operands = { .bare_blanks = true };

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

/* Written apart from addr_check(): could this break out of "<...>"? */
static bool is_harmless(const char *spec)
{
	bool quoted = false;

	for (const char *p = spec; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && strchr("<> ", *p))
			return false;
	}
	return !quoted;
}

static void check_spec(struct arena *a, const struct addr *addr)
{
	struct addr_list again = { 0 };
	struct slice spec = slice_of(addr->spec);
	size_t local_n;

	require(addr_parse(a, spec, &header, &again, NULL) == 0);
	require(again.n == 1);
	require(strcmp(again.v[0].spec, addr->spec) == 0);
	require(again.v[0].has_domain == addr->has_domain);
	require(again.v[0].start == 0 && again.v[0].end == spec.n);
	require(addr_same(addr->spec, addr->spec));
	local_n = spec.n - addr->has_domain - addr_domain(addr->spec).n;
	require(!addr->has_domain || addr->spec[local_n] == '@');
	if (addr_check(addr->spec, false, NULL) == 0) {
		require(is_harmless(addr->spec));
		require(spec.n <= ADDR_MAX && local_n <= ADDR_LOCAL_MAX);
		require(addr->has_domain ==
			(addr_check(addr->spec, true, NULL) == 0));
	}
}

static void check_places(struct slice text, const struct addr_list *list)
{
	size_t end = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct addr *addr = &list->v[i];

		require(addr->start >= end && addr->start < addr->local_end);
		require(addr->local_end <= addr->end && addr->end <= text.n);
		require(addr->has_domain == (addr->end > addr->local_end));
		require(addr->name.n == 0 ||
			(addr->name.p >= text.p &&
			    addr->name.p + addr->name.n <= text.p + text.n));
		end = addr->end;
	}
}

/* "@q.example" behind each bare address and a ";" where it lacks, as in a
   header; and other lists around it. */
static void check_mended(
    struct arena *a, struct slice text, const struct addr_list *list)
{
	struct addr_list again = { 0 };
	size_t done = 0;
	struct buf b;

	buf_init(&b, text.n + list->n * 10 + sizeof("x@y,;,x@y"));
	buf_adds(&b, "x@y,");
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].has_domain)
			continue;
		buf_add(&b, text.p + done, list->v[i].local_end - done);
		buf_adds(&b, "@q.example");
		done = list->v[i].local_end;
	}
	buf_add_slice(&b, slice_trim_eol(slice_skip(text, done)));
	buf_adds(&b, list->is_open ? ";,x@y" : ",x@y");
	require(!b.full);
	if (list->n + 2 > ADDR_LIST_MAX) {
		buf_free(&b);
		return;
	}
	require(addr_parse(a, buf_slice(&b), &header, &again, NULL) == 0);
	require(again.n == list->n + 2 && !again.is_open);
	for (size_t i = 0; i < list->n; i++)
		require(
		    strcmp(again.v[i + 1].spec,
			addr_qualify(a, list->v[i].spec, "q.example")) == 0);
	buf_free(&b);
}

static void check_list(struct slice text, const struct addr_syntax *syntax)
{
	struct fail why = { .kind = FAIL_NONE };
	struct addr_list list = { 0 };
	struct arena a = { 0 };

	if (addr_parse(&a, text, syntax, &list, &why) < 0) {
		require(why.kind == FAIL_MESSAGE && why.text[0]);
		require(list.n == 0 && !list.v);
	} else {
		require(why.kind == FAIL_NONE && list.n <= ADDR_LIST_MAX);
		check_places(text, &list);
		for (size_t i = 0; i < list.n; i++)
			check_spec(&a, &list.v[i]);
		if (!syntax->bare_blanks)
			check_mended(&a, text, &list);
	}
	arena_free(&a);
}

/* The text as a display name, and as an address that nobody parsed. */
static void check_name(struct slice text)
{
	struct addr_list list = { 0 };
	struct arena a = { 0 };
	size_t phrase_n;
	struct buf b;
	char *spec;

	buf_init(&b, 100 + 40 * text.n);
	addr_add_phrase(&b, text);
	phrase_n = b.n;
	for (size_t i = 0; i < b.n; i++) {
		require(!is_8bit(b.p[i]));
		require(!is_control(b.p[i]) ||
			(b.p[i] == '\n' && b.p[i + 1] == ' '));
	}
	buf_adds(&b, " <a@b>");
	require(!b.full);
	require(addr_parse(&a, buf_slice(&b), &header, &list, NULL) == 0);
	require(list.n == 1 && strcmp(list.v[0].spec, "a@b") == 0);
	require(list.v[0].name.n == phrase_n);
	buf_free(&b);

	spec = arena_copy(&a, text);
	if (addr_check(spec, false, NULL) == 0)
		require(is_harmless(spec));
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };

	check_list(text, &header);
	check_list(text, &operands);
	check_name(text);
	return 0;
}
