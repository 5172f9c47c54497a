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

size_t wire_filter(struct wire *w, const char *in, size_t n, char *out)
{
	const char *const end = in + n;
	/* No CR stands before this one. Kept, so that text without CRs is
	   searched for them only once. */
	const char *cr = in;
	bool cr_is_known = false;
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
		if (!cr_is_known || cr < in) {
			cr = find(in, end, '\r');
			cr_is_known = true;
		}
		stop = find(in, cr, '\n');
		if (stop > in) {
			if (!w->in_line && *in == '.')
				*o++ = '.';
			memcpy(o, in, (size_t)(stop - in));
			o += stop - in;
			w->in_line = true;
		}
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
