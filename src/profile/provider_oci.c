/* provider_oci: OCI Email Delivery. */
#include "provider_private.h"

static const struct provider_preset presets[] = {
	{ OPT_tls, "on" },
	{ OPT_auth, "on" },
	/* What a tenancy can be granted; its own limit is the server's word. */
	{ OPT_max_message_size, "60M" },
	{ OPT_null_sender, "off" },
	{ OPT_sender_from_header, "on" },
	{ OPT_from_policy, "rewrite" },
	{ OPT_COUNT, NULL },
};

static const struct provider_port ports[] = {
	{ 465, false },
	{ 587, true },
	{ 25, true },
	{ 0, false },
};

static const struct region_host hosts[] = {
	{ false, "smtp.email.", ".oci.oraclecloud.com" },
	/* Other realms have other domains. */
	{ false, "smtp.email.", ".oci." },
	{ false, NULL, NULL },
};

static void advise(const struct provider_work *w)
{
	const char *user = w->s->user;

	if (user && !strstr(user, "@ocid1.tenancy."))
		provider_warn(w,
		    "user does not look like a generated SMTP user name "
		    "(ocid1.user...@ocid1.tenancy...)");
}

const struct provider provider_oci = {
	.name = "oci",
	.title = "OCI Email Delivery",
	.example = "eu-frankfurt-1",
	.documentation = "the documentation of OCI",
	.regions = &region_table_oci,
	.hosts = hosts,
	.presets = presets,
	.ports = ports,
	.advise = advise,
};
