/* provider_ses: Amazon SES. */
#include "derive.h"
#include "provider_private.h"

static const struct provider_preset presets[] = {
	{ OPT_tls, "on" },
	{ OPT_auth, "on" },
	{ OPT_max_message_size, "40M" },
	{ OPT_max_recipients, "50" },
	{ OPT_null_sender, "off" },
	{ OPT_sender_from_header, "on" },
	{ OPT_from_policy, "rewrite" },
	{ OPT_header_once, "relay" },
	{ OPT_COUNT, NULL },
};

static const struct provider_port ports[] = {
	{ 465, false },
	{ 587, true },
	{ 2465, false },
	{ 2587, true },
	{ 25, true },
	{ 0, false },
};

static const char vpc_before[] = "email-smtp.";
static const char vpc_after[] = ".vpce.amazonaws.com";

static const struct region_host hosts[] = {
	{ false, "email-smtp.", ".amazonaws.com" },
	{ false, "email-smtp-fips.", ".amazonaws.com" },
	{ false, "email-smtp.", ".amazonaws.eu" },
	{ true, vpc_before, vpc_after },
	{ false, NULL, NULL },
};

/* ---- header fields ---- */

static bool is_name_char(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static bool is_name(struct slice s, size_t max)
{
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_name_char(s.p[i]))
			return false;
	return true;
}

static bool is_short_name(struct slice s)
{
	return is_name(s, 64);
}

/* "name=value, name=value" */
static bool is_tags(struct slice s)
{
	bool ends_in_comma = s.n && s.p[s.n - 1] == ',';
	struct slice tag;

	if (!slice_is_printable(s))
		return false;
	while (slice_take_until(&s, ',', &tag)) {
		struct slice name;

		tag = slice_trim(tag);
		if (!slice_take_until(&tag, '=', &name) ||
		    !is_name(name, 256) || !is_name(tag, 256))
			return false;
	}
	return !ends_in_comma;
}

static bool is_arn(struct slice s)
{
	return slice_starts(s, SLICE("arn:")) && s.n > 4 &&
	       slice_is_printable(s) && slice_find(s, ' ') == s.n;
}

static const char name_expected[] =
    "up to 64 letters, digits, hyphens and underscores expected";
static const char arn_expected[] =
    "an ARN expected, which begins with arn: and has no blanks";

static const struct provider_header headers[] = {
	{ OPT_ses_configuration_set, "X-SES-CONFIGURATION-SET", is_short_name,
	    name_expected },
	{ OPT_ses_message_tags, "X-SES-MESSAGE-TAGS", is_tags,
	    "name=value, ... expected, made of up to 256 letters, digits, "
	    "hyphens and underscores each" },
	{ OPT_ses_source_arn, "X-SES-SOURCE-ARN", is_arn, arn_expected },
	{ OPT_ses_from_arn, "X-SES-FROM-ARN", is_arn, arn_expected },
	{ OPT_ses_return_path_arn, "X-SES-RETURN-PATH-ARN", is_arn,
	    arn_expected },
	{ OPT_ses_list_management, "X-SES-LIST-MANAGEMENT-OPTIONS",
	    slice_is_printable, "printable ASCII characters expected" },
	{ OPT_ses_tenant, "X-SES-TENANT", is_short_name, name_expected },
	{ OPT_COUNT, NULL, NULL, NULL },
};

/* ---- hosts and users ---- */

static bool is_endpoint_id(struct slice s)
{
	if (!slice_starts(s, SLICE("vpce-")) || s.n < 6 || s.n > 63)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return true;
}

/* A VPC endpoint, by its id or by its whole name. */
static int endpoint_host(const struct provider_work *w, const char **ret_host)
{
	const char *endpoint = w->s->endpoint;
	struct slice name = slice_of(endpoint);
	size_t dot = slice_find(name, '.');
	const char *host;

	if (!is_endpoint_id(slice_head(name, dot)))
		return option_fail(w->why, w->s, OPT_endpoint,
		    "endpoint %s: standard, fips or a VPC endpoint (vpce-...) "
		    "expected",
		    endpoint);
	host =
	    arena_printf(w->a, "%.*s.%s%s%s", SLICE_ARG(slice_head(name, dot)),
		vpc_before, w->s->region, vpc_after);
	if (dot < name.n && !slice_ieq(name, slice_of(host)))
		return option_fail(w->why, w->s, OPT_endpoint,
		    "endpoint %s: the name in region %s would be %s", endpoint,
		    w->s->region, host);
	*ret_host = host;
	return 0;
}

/*
 * Ingress endpoints of Mail Manager take mail in: they answer 250 and hand it
 * to rules that may drop it.
 */
static void advise(const struct provider_work *w)
{
	const struct settings *s = w->s;

	if (s->host && strstr(s->host, "mail-manager-smtp"))
		provider_warn(w,
		    "host %s is an inbound endpoint of SES Mail Manager, not "
		    "one for sending",
		    s->host);
	if (s->user && slice_starts(slice_of(s->user), SLICE("inp-")))
		provider_warn(w,
		    "user %s is one of an inbound endpoint of SES Mail "
		    "Manager, not one for sending",
		    s->user);
}

static int check_sending(const struct settings *s, struct fail *why)
{
	if (s->user && slice_starts(slice_of(s->user), SLICE("ASIA")))
		return option_fail(why, s, OPT_user,
		    "user %s is a temporary access key (ASIA...): temporary "
		    "credentials cannot be used for SMTP; create an access "
		    "key of an IAM user (AKIA...)",
		    s->user);
	return 0;
}

/* ---- password ---- */

static int password(
    const struct settings *s, struct secret **secret, struct fail *why)
{
	enum password_shape shape = derive_shape(secret_view(*secret));
	struct secret *derived;

	if (s->password_kind == PASSWORD_SMTP ||
	    (s->password_kind == PASSWORD_AUTO && shape != SHAPE_AWS_SECRET))
		return 0;
	if (!s->region)
		return option_fail(why, s, OPT_password_kind,
		    "the password is the secret of an AWS access key; the "
		    "SMTP password is derived from it for a region: set "
		    "region");
	derived = derive_ses_password(secret_view(*secret), s->region, why);
	if (!derived)
		return -1;
	secret_free(*secret);
	*secret = derived;
	return 0;
}

const struct provider provider_ses = {
	.name = "ses",
	.title = "Amazon SES",
	.example = "eu-west-1",
	.documentation = "the documentation of Amazon SES",
	.regions = &region_table_ses,
	.hosts = hosts,
	.presets = presets,
	.ports = ports,
	.headers = headers,
	.endpoint = endpoint_host,
	.advise = advise,
	.check_sending = check_sending,
	.password = password,
};
