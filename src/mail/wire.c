#include "wire.h"
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

size_t wire_filter(struct wire *w, const char *in, size_t n, char *out)
{
	const char *const end = in + n;
	/* The next CR. Kept, so that text without CRs is searched once. */
	const char *cr = NULL;
	char *o = out;

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
	return (size_t)(o - out);
}

size_t wire_finish(struct wire *w, char *out)
{
	if (!w->in_line && !w->pending_cr)
		return 0;
	return (size_t)(put_line_end(w, out) - out);
}
