/*
 * fuzz_header: a whole message through intake, the header policy and the
 * wire. The edits are in order, the size is known before, what comes out is
 * read again as the same header and the same body, and in it the policy finds
 * nothing left to take away - nor does a reader of the wire find a field that
 * the policy did not see.
 */
#include "hdr.h"
#include "io.h"
#include "rewrite.h"
#include "wire.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum {
	USE_DOTS = 1,
	USE_KEEP_BCC = 2,
	USE_ONCE_RELAY = 4,
	USE_QUALIFY = 8,
	USE_FIELDS = 16,
	USE_FROM_ON = 32,
};

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void take(struct msg *m, struct slice text, bool dot_ends)
{
	const struct intake_params params = { .dot_ends = dot_ends };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && io_write(fd, text.p, text.n) == 0);
	require(lseek(fd, 0, SEEK_SET) == 0);
	msg_init(m);
	require(msg_intake(m, fd, &params, NULL) == 0);
	require(m->header.n == 0 || m->header.p[m->header.n - 1] == '\n');
	for (size_t i = 0; i < m->header.n; i++)
		require(m->header.p[i] != '\r' || m->header.p[i + 1] == '\r' ||
			m->header.p[i + 1] == '\n');
	io_close(fd);
}

static void check_edits(const struct msg *m)
{
	size_t end = 0;

	for (size_t i = 0; i < m->n_edits; i++) {
		const struct msg_edit *e = &m->edits[i];

		require(e->at >= end && (e->n || e->text.n));
		end = e->at + e->n;
	}
	require(end <= m->header.n);
}

/* All of it, and what the server sees of it, dots taken off again. */
static void send(struct msg *m, struct buf *message, struct buf *wire)
{
	char bytes[100], out[WIRE_GROWTH(sizeof(bytes))];
	struct wire w = { .in_line = false };
	bool at_start = true;
	ssize_t n;

	buf_init(message, 4 * MSG_HEADER_MAX);
	buf_init(wire, 8 * MSG_HEADER_MAX);
	while ((n = msg_read(m, bytes, sizeof(bytes), NULL)) != 0) {
		size_t put;

		require(n > 0);
		buf_add(message, bytes, (size_t)n);
		put = wire_filter(&w, bytes, (size_t)n, out);
		for (size_t i = 0; i < put; i++) {
			if (!at_start || out[i] != '.')
				buf_addc(wire, out[i]);
			at_start = out[i] == '\n';
		}
	}
	buf_add(wire, out, wire_finish(&w, out));
	require(!message->full && !wire->full);
	require(wire->n == msg_wire_size(m));
}

/* The names of the fields, as a list. */
static void add_names(struct buf *b, const struct msg *m)
{
	struct slice rest = buf_slice(&m->header);
	struct hdr_field f;

	buf_init(b, 4 * MSG_HEADER_MAX);
	while (hdr_next(&rest, &f)) {
		buf_add_slice(b, f.name);
		buf_addc(b, ':');
	}
	require(rest.n == 0);
}

/* Are the fields of an id lists of addresses that can be read? */
static bool is_readable(const struct msg *m, enum hdr_id id)
{
	const struct addr_syntax syntax = { .bare_blanks = false };
	struct slice rest = buf_slice(&m->header);
	struct addr_list list = { 0 };
	struct arena a = { 0 };
	bool readable = true;
	struct hdr_field f;

	while (readable && hdr_next(&rest, &f))
		if (f.info->id == id)
			readable =
			    addr_parse(&a, f.value, &syntax, &list, NULL) == 0;
	arena_free(&a);
	return readable;
}

static void check_fields(
    const struct msg *m, const struct rewrite_params *params)
{
	bool seen[HDR_ID_COUNT] = { false };
	struct slice rest = buf_slice(&m->header);
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		unsigned flags = f.info->flags;

		require(f.value.p == f.name.p + f.name.n + 1);
		require(!(flags & HDR_DROP) ||
			((flags & HDR_BCC) && params->keep_bcc));
		if ((flags & HDR_ONCE) ||
		    ((flags & HDR_ONCE_RELAY) && params->once_relay))
			require(!seen[f.info->id] ||
				((flags & HDR_MERGE) &&
				    !is_readable(m, f.info->id)));
		seen[f.info->id] = true;
	}
	require(
	    seen[HDR_ID_FROM] && seen[HDR_ID_DATE] && seen[HDR_ID_MESSAGE_ID]);
}

static void check_again(const struct msg *before, struct slice text,
    struct slice wire, struct rewrite_params *params)
{
	struct buf names, wire_names;
	struct arena a = { 0 };
	struct msg m, seen;

	take(&m, text, false);
	take(&seen, wire, false);
	require(m.facts.body_wire == before->facts.body_wire);
	require(slice_eq(buf_slice(&m.body), buf_slice(&before->body)));
	check_fields(&m, params);
	add_names(&names, &m);
	add_names(&wire_names, &seen);
	require(slice_eq(buf_slice(&names), buf_slice(&wire_names)));
	params->set_from = REWRITE_FROM_AUTO;
	params->n_fields = 0;
	require(seen.facts.body_wire == before->facts.body_wire);
	require(!seen.facts.has_bare_cr);
	require(rewrite_plan(params, &m, &a, NULL) == 0);
	require(m.prefix.n == 0 && m.n_edits == 0);
	buf_free(&names);
	buf_free(&wire_names);
	msg_free(&m);
	msg_free(&seen);
	arena_free(&a);
}

/* Blocks of Resent- fields that other fields stand between. */
static size_t resent_rows(const struct msg *m)
{
	struct slice rest = buf_slice(&m->header);
	bool was_resent = false;
	size_t rows = 0;
	struct hdr_field f;

	while (hdr_next(&rest, &f)) {
		bool is_resent = f.info->flags & HDR_RESENT;

		rows += is_resent && !was_resent;
		was_resent = is_resent;
	}
	return rows;
}

/*
 * No recipient is lost by what is done to the fields. (But what a block of
 * Resent- fields is may change when what stood between two rows is gone.)
 */
static void check_recipients(const struct rewrite_params *params,
    struct slice text, const struct addr_list *before)
{
	struct rewrite_view view = { .from = NULL };
	struct arena a = { 0 };
	struct msg m;

	take(&m, text, false);
	require(rewrite_look(&m, true, &a, &view, NULL) == 0);
	require(view.to.n >= before->n);
	for (size_t i = 0; i < before->n && i < 50; i++) {
		const char *spec =
		    addr_qualify(&a, before->v[i].spec, params->qualify);
		bool found = false;

		for (size_t k = 0; k < view.to.n && !found; k++)
			found = strcmp(view.to.v[k].spec, spec) == 0;
		require(found);
	}
	msg_free(&m);
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct rewrite_field field = { "X-Field", "value" };
	unsigned use = n ? bytes[0] : 0;
	struct rewrite_params params = {
		.set_from =
		    use & USE_FROM_ON ? REWRITE_FROM_ON : REWRITE_FROM_AUTO,
		.add_date = true,
		.add_message_id = true,
		.keep_bcc = use & USE_KEEP_BCC,
		.once_relay = use & USE_ONCE_RELAY,
		.from = "me@q.example",
		.full_name = "Me, Myself",
		.qualify = use & USE_QUALIFY ? "q.example" : NULL,
		.id_domain = "q.example",
		.fields = &field,
		.n_fields = use & USE_FIELDS ? 1 : 0,
	};
	struct slice text = { (const char *)bytes, n };
	struct rewrite_view view = { .from = NULL }, without;
	bool can_send, is_one_row;
	struct fail why = { .kind = FAIL_NONE };
	struct buf message, wire;
	struct arena a = { 0 };
	struct msg m;

	take(&m, slice_skip(text, 1), use & USE_DOTS);
	can_send = rewrite_look(&m, true, &a, &view, &why) == 0;
	is_one_row = resent_rows(&m) <= 1;
	require(can_send || (why.kind == FAIL_MESSAGE && view.to.n == 0));
	require(rewrite_look(&m, false, &a, &without, &why) == 0);
	require(without.to.n == 0);
	require(rewrite_plan(&params, &m, &a, NULL) == 0);
	check_edits(&m);
	send(&m, &message, &wire);
	if (can_send && params.keep_bcc && is_one_row)
		check_recipients(&params, buf_slice(&message), &view.to);
	check_again(&m, buf_slice(&message), buf_slice(&wire), &params);
	buf_free(&message);
	buf_free(&wire);
	msg_free(&m);
	arena_free(&a);
	return 0;
}
