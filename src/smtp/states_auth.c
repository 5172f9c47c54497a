/*
 * The state of states.def that authenticates (RFC 4954).
 */
#include "session_private.h"

enum { AUTH_LINE_MAX = 12288 }; /* RFC 4954 4 */

static int choose_mechanism(
    const struct smtp *s, struct sasl_params *params, struct fail *why)
{
	const char *offered = s->caps.auth;

	if (!conn_is_tls(s->conn) && !conn_is_local(s->conn))
		return fail(why, FAIL_BUG, "AUTH in clear");
	if (offered[0] == '\0')
		return fail(why, FAIL_AUTH, "the server does not offer AUTH");
	if (!params->mechanism)
		params->mechanism =
		    sasl_choose(offered, true, params->binding.bytes.n > 0);
	if (!params->mechanism)
		return fail(why, FAIL_AUTH,
		    "the server offers only mechanisms for AUTH that are not "
		    "chosen automatically:%s",
		    offered);
	if (!caps_has_mechanism(&s->caps, params->mechanism))
		return fail(why, FAIL_AUTH,
		    "the server does not offer AUTH %s, only%s",
		    params->mechanism, offered);
	return 0;
}

int smtp_begin_auth(struct smtp *s, struct fail *why)
{
	struct smtp_auth *auth = &s->auth;
	struct sasl_params params = {
		.mechanism = s->params.mechanism,
		.user = s->params.user,
		.password = auth->password,
		.service = s->params.is_lmtp ? "lmtp" : "smtp",
		.host = s->params.host,
		.port = s->params.port,
		.realm = s->params.realm,
	};
	struct tls_binding binding;

	if (conn_binding(s->conn, &binding))
		params.binding = (struct sasl_binding){ binding.is_exporter,
			{ (const char *)binding.bytes, binding.n } };
	if (choose_mechanism(s, &params, why) != 0)
		return -1;
	auth->sasl = sasl_new(&params, why);
	if (!auth->sasl)
		return -1;
	auth->mechanism = params.mechanism;
	auth->has_token = sasl_is_client_first(auth->sasl);
	return auth->has_token
		   ? sasl_step(auth->sasl, SLICE(""), &auth->token, why)
		   : 0;
}

static void send_token(struct smtp *s)
{
	s->auth.has_token = false;
	(void)conn_send_secret(
	    s->conn, s->auth.token, "credentials", s->deadline, &s->broken);
}

enum smtp_state smtp_send_auth(struct smtp *s)
{
	struct smtp_auth *auth = &s->auth;
	struct slice name = slice_of(auth->mechanism);

	if (auth->is_cancelled) {
		(void)smtp_command(s, "*");
	} else if (auth->is_begun) {
		send_token(s);
	} else if (auth->has_token &&
		   sizeof("AUTH  \r\n") - 1 + name.n + auth->token.n <=
		       AUTH_LINE_MAX) {
		auth->is_begun = true;
		if (conn_put(s->conn, SLICE("AUTH "), s->deadline,
			&s->broken) == 0 &&
		    conn_put(s->conn, name, s->deadline, &s->broken) == 0 &&
		    conn_put(s->conn, SLICE(" "), s->deadline, &s->broken) == 0)
			send_token(s);
	} else {
		auth->is_begun = true;
		(void)smtp_command(s, "AUTH %s", auth->mechanism);
	}
	return STATE_WAIT;
}

/* 334: the server wants something (RFC 4954 4). */
static enum smtp_state recv_challenge(struct smtp *s)
{
	struct smtp_auth *auth = &s->auth;
	struct fail why;

	/* The initial response was too long for the command. */
	if (auth->has_token)
		return STATE_AUTH;
	if (!sasl_takes_challenge(auth->sasl))
		return smtp_give_up(s);
	if (sasl_step(auth->sasl, slice_trim(buf_slice(&s->reply.text)),
		&auth->token, &why) == 0) {
		auth->has_token = true;
		return STATE_AUTH;
	}
	auth->is_cancelled = true;
	return smtp_fail_here(s, &why, STATE_AUTH);
}

enum smtp_state smtp_recv_auth(struct smtp *s)
{
	bool is_proved = sasl_is_complete(s->auth.sasl);
	struct fail why;

	if (s->reply.code == 334 && !s->auth.is_cancelled)
		return recv_challenge(s);
	if (!smtp_is_accepted(s) || s->auth.is_cancelled) {
		enum smtp_state next = smtp_give_up(s);

		smtp_add_reason(
		    s, "the server's reason: ", sasl_reason(s->auth.sasl));
		smtp_end_auth(s);
		return next;
	}
	smtp_end_auth(s);
	if (is_proved)
		return STATE_READY;
	fail(&why, FAIL_AUTH,
	    "the server did not prove that it knows the password");
	return smtp_fail_here(s, &why, STATE_LEAVE);
}
