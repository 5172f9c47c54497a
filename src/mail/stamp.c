#include "stamp.h"
#include "random.h"
#include <stdlib.h>

void stamp_date(struct buf *b, time_t when)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm t = { .tm_mday = 1 };
	long minutes = 0;
	time_t shown;

	if (localtime_r(&when, &t))
		minutes = t.tm_gmtoff / 60;
	/* An offset of odd seconds has no notation (RFC 5322 3.3): show the
	   time that belongs to the offset in whole minutes. */
	shown = when + minutes * 60;
	if (!gmtime_r(&shown, &t))
		t = (struct tm){ .tm_mday = 1, .tm_year = 70, .tm_wday = 4 };
	buf_addf(b, "%s, %02d %s %04ld %02d:%02d:%02d %c%02ld%02ld",
	    days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900L,
	    t.tm_hour, t.tm_min, t.tm_sec, minutes < 0 ? '-' : '+',
	    labs(minutes) / 60, labs(minutes) % 60);
}

static bool is_domain_byte(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* A host name, or "[...]" around an address: RFC 5322 3.6.4 id-right. */
static bool is_domain(struct slice s)
{
	bool literal = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';

	if (literal)
		s = slice_head(slice_skip(s, 1), s.n - 2);
	if (s.n == 0 || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((!is_domain_byte(s.p[i]) && !(literal && s.p[i] == ':')) ||
		    (s.p[i] == '.' && s.p[i + 1] == '.'))
			return false;
	return true;
}

void stamp_message_id(struct buf *b, const char *domain)
{
	uint32_t unique[3];

	if (!is_domain(slice_of(domain)))
		domain = "localhost";
	random_fill(unique, sizeof(unique));
	buf_addf(
	    b, "<%08x%08x%08x@%s>", unique[0], unique[1], unique[2], domain);
}
