#include "qp.h"
#include "slice.h"

/* Leaves room for the "=" of a soft break in a line of 76. */
enum { TEXT_MAX = 75 };

static bool is_literal(char c)
{
	return !is_control(c) && !is_8bit(c) && c != '=';
}

static char *put(struct qp *q, char *o, char c, bool is_coded)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char u = (unsigned char)c;

	if (q->column + (is_coded ? 3 : 1) > TEXT_MAX) {
		*o++ = '=';
		*o++ = '\n';
		q->column = 0;
		is_coded = is_coded || c == '-';
	}
	if (!is_coded) {
		*o++ = c;
		q->column++;
		return o;
	}
	*o++ = '=';
	*o++ = digits[u >> 4];
	*o++ = digits[u & 15];
	q->column += 3;
	return o;
}

static char *put_blank(struct qp *q, char *o, bool is_last)
{
	char blank = q->blank;

	q->blank = '\0';
	return blank ? put(q, o, blank, is_last) : o;
}

size_t qp_add(struct qp *q, const char *in, size_t n, char *out)
{
	char *o = out;

	for (size_t i = 0; i < n; i++) {
		char c = in[i];
		bool is_end = c == '\n' || c == '\r';

		o = put_blank(q, o, is_end);
		if (is_blank(c)) {
			q->blank = c;
		} else if (is_end) {
			*o++ = c;
			q->column = 0;
		} else {
			o = put(q, o, c, !is_literal(c));
		}
	}
	return (size_t)(o - out);
}

size_t qp_finish(struct qp *q, char *out)
{
	size_t n = (size_t)(put_blank(q, out, true) - out);

	q->column = 0;
	return n;
}
