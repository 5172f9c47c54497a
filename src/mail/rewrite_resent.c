#include "rewrite_private.h"

bool rewrite_take_resent(
    struct slice *rest, struct slice *ret_block, unsigned *ret_flags)
{
	bool seen[HDR_ID_COUNT] = { false };
	struct slice after = *rest, block = slice_head(after, 0);
	unsigned flags = 0;
	struct hdr_field f;

	while (hdr_next(&after, &f)) {
		bool is_resent = f.info->flags & HDR_RESENT;

		if (block.n &&
		    (seen[f.info->id] || (f.info->flags & HDR_TRACE)))
			break;
		if (is_resent) {
			block.p = block.n ? block.p : f.raw.p;
			block.n = (size_t)(f.raw.p + f.raw.n - block.p);
			flags |= f.info->flags;
			seen[f.info->id] = true;
		}
		*rest = after;
	}
	*ret_block = block;
	*ret_flags = flags;
	return block.n > 0;
}

bool rewrite_is_within(struct slice block, const struct hdr_field *f)
{
	return (f->info->flags & HDR_RESENT) && f->raw.p >= block.p &&
	       f->raw.p < block.p + block.n;
}
