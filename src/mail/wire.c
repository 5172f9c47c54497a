#include "wire.h"
#include "scan.h"
#include <string.h>

static const char *find(const char *p, const char *end, char c)
{
	const char *found = memchr(p, c, (size_t)(end - p));

	return found ? found : end;
}

static char *put_line_end(struct wire *w, char *out)
{
	*w = (struct wire){ .in_line = false, .pending_cr = false };
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

static char *put_text(struct wire *w, char *out, const char *p, size_t n)
{
	if (n == 0)
		return out;
	if (!w->in_line && *p == '.')
		*out++ = '.';
	memcpy(out, p, n);
	w->in_line = true;
	return out + n;
}

/* Any text, line by line. */
static char *put_lines(struct wire *w, char *o, const char *in, const char *end)
{
	/* The next CR. Kept, so that text without CRs is searched once. */
	const char *cr = NULL;

	while (in < end) {
		const char *stop;

		if (w->pending_cr && *in != '\r') {
			o = put_line_end(w, o);
			if (*in == '\n') {
				in++;
				continue;
			}
		}
		if (!cr || cr < in)
			cr = find(in, end, '\r');
		stop = find(in, cr, '\n');
		o = put_text(w, o, in, (size_t)(stop - in));
		if (stop == end)
			break;
		if (*stop == '\n')
			o = put_line_end(w, o);
		else
			w->pending_cr = true;
		in = stop + 1;
	}
	return o;
}

/* Text whose lines end in LF, and which has no CR. */
static char *put_lf_lines(
    struct wire *w, char *o, const char *in, const char *end)
{
	while (in < end) {
		const char *lf = find(in, end, '\n');

		o = put_text(w, o, in, (size_t)(lf - in));
		if (lf == end)
			break;
		o = put_line_end(w, o);
		in = lf + 1;
	}
	return o;
}

/*
 * Text whose lines end in CRLF: nothing but dots at their start is added, and
 * where there are none lines need not be told apart. In steps, so that what
 * was searched is copied while it is at hand.
 */
static char *put_crlf_lines(
    struct wire *w, char *o, const char *in, const char *end)
{
	enum { STEP = 1024 };

	while (in < end) {
		const char *stop = end - in > STEP ? in + STEP : end;
		bool is_plain =
		    !scan_has_pair(in, (size_t)(stop - in), '\n', '.');

		while (in < stop) {
			const char *next =
			    is_plain ? stop : find(in, stop, '\n');

			next += next < stop;
			o = put_text(w, o, in, (size_t)(next - in));
			w->in_line = next[-1] != '\n';
			in = next;
		}
	}
	return o;
}

/* Text that neither starts behind a CR nor ends in one. */
static char *put_block(struct wire *w, char *o, const char *in, const char *end)
{
	static char *(*const puts[])(
	    struct wire * w, char *o, const char *in, const char *end) = {
		[SCAN_LF] = put_lf_lines,
		[SCAN_CRLF] = put_crlf_lines,
		[SCAN_MIXED] = put_lines,
	};
	size_t ends;

	if (in == end)
		return o;
	return puts[scan_ends(in, (size_t)(end - in), &ends)](w, o, in, end);
}

size_t wire_filter(struct wire *w, const char *in, size_t n, char *out)
{
	struct scan_parts parts = scan_split(in, n, w->pending_cr);
	char *o = put_lines(w, out, in, in + parts.head);

	o = put_block(w, o, in + parts.head, in + parts.tail);
	o = put_lines(w, o, in + parts.tail, in + n);
	return (size_t)(o - out);
}

size_t wire_finish(struct wire *w, char *out)
{
	if (!w->in_line && !w->pending_cr)
		return 0;
	return (size_t)(put_line_end(w, out) - out);
}
