#include "service.h"
#include <libsecret/secret.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * What is looked for, in this order; the first name is not compared. In each:
 * what holds the host, what holds "smtp", what holds the user, as text.
 */
static const SecretSchema found[] = {
	{ "de.marlam.msmtp.password", SECRET_SCHEMA_DONT_MATCH_NAME,
	    { { "host" }, { "service" }, { "user" } } },
	{ "org.gnome.keyring.NetworkPassword", SECRET_SCHEMA_NONE,
	    { { "server" }, { "protocol" }, { "user" } } },
};

enum { KINDS = sizeof(found) / sizeof(found[0]) };

static GHashTable *attributes(
    const SecretSchema *schema, const struct service_key *key)
{
	const char *values[] = { key->host, "smtp", key->user };
	GHashTable *table =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		g_hash_table_insert(table, g_strdup(schema->attributes[i].name),
		    g_strdup(values[i]));
	return table;
}

/* ---- beginning, and every way to end ---- */

static void end_late(int signal_number)
{
	(void)signal_number;
	_exit(KEYRING_LATE);
}

/* Nothing that a library has to say is for whoever sends a message. */
static GLogWriterOutput drop_message(GLogLevelFlags level,
    const GLogField *fields, gsize n_fields, gpointer data)
{
	(void)level, (void)fields, (void)n_fields, (void)data;
	return G_LOG_WRITER_HANDLED;
}

static enum keyring_exit failed(GError *error)
{
	bool is_locked =
	    g_error_matches(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED);

	g_clear_error(&error);
	return is_locked ? KEYRING_LOCKED : KEYRING_FAILED;
}

/* A key that is no UTF-8 cannot be asked for, nor can it have been stored. */
static bool is_text(const struct service_key *key)
{
	return g_utf8_validate(key->host, -1, NULL) &&
	       g_utf8_validate(key->user, -1, NULL);
}

static enum keyring_exit start(
    const struct service_key *key, SecretService **ret)
{
	GError *error = NULL;

	(void)signal(SIGALRM, end_late);
	(void)alarm(SERVICE_ANSWER_SECONDS);
	g_log_set_writer_func(drop_message, NULL, NULL);
	if (!is_text(key))
		return KEYRING_NOTHING;
	*ret =
	    secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &error);
	g_clear_error(&error);
	return *ret ? KEYRING_DONE : KEYRING_ABSENT;
}

static enum keyring_exit end(
    SecretService *service, GList *items, enum keyring_exit result)
{
	g_list_free_full(items, g_object_unref);
	g_clear_object(&service);
	secret_service_disconnect();
	return result;
}

/* ---- finding ---- */

/* Appends the entries of one kind to *items. */
static enum keyring_exit search(SecretService *service,
    const SecretSchema *schema, const struct service_key *key, GList **items)
{
	GHashTable *wanted = attributes(schema, key);
	GError *error = NULL;
	GList *more = secret_service_search_sync(
	    service, schema, wanted, SECRET_SEARCH_ALL, NULL, &error);

	g_hash_table_unref(wanted);
	*items = g_list_concat(*items, more);
	return error ? failed(error) : KEYRING_DONE;
}

/* Should SecretItem a count before b? One that can be read, then the newer. */
static bool is_better(SecretItem *a, SecretItem *b)
{
	if (secret_item_get_locked(a) != secret_item_get_locked(b))
		return !secret_item_get_locked(a);
	return secret_item_get_modified(a) > secret_item_get_modified(b);
}

static SecretItem *best_of(GList *items)
{
	SecretItem *best = items->data;

	for (; items; items = items->next)
		if (is_better(items->data, best))
			best = items->data;
	return best;
}

/* ---- unlocking ---- */

static bool has_display(void)
{
	static const char *const names[] = { "DISPLAY", "WAYLAND_DISPLAY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return true;
	}
	return false;
}

/* An item or a collection; asks a person only where one can be asked. */
static enum keyring_exit unlock(SecretService *service, gpointer object)
{
	GList one = { .data = object };
	GList *unlocked = NULL;
	GError *error = NULL;
	int n;

	if (!has_display())
		return KEYRING_LOCKED;
	(void)alarm(SERVICE_PROMPT_SECONDS);
	n = secret_service_unlock_sync(service, &one, NULL, &unlocked, &error);
	(void)alarm(SERVICE_ANSWER_SECONDS);
	g_list_free_full(unlocked, g_object_unref);
	if (error)
		return failed(error);
	return n > 0 ? KEYRING_DONE : KEYRING_LOCKED;
}

static enum keyring_exit unlock_item(SecretService *service, SecretItem *item)
{
	return secret_item_get_locked(item) ? unlock(service, item)
					    : KEYRING_DONE;
}

/*
 * Where entries are made. Without a keyring a first one is made, for which a
 * person has to choose its password.
 */
static enum keyring_exit unlock_default(SecretService *service)
{
	GError *error = NULL;
	SecretCollection *collection = secret_collection_for_alias_sync(service,
	    SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, &error);
	enum keyring_exit result = KEYRING_DONE;

	if (error)
		return failed(error);
	if (!collection)
		result = has_display() ? KEYRING_DONE : KEYRING_ABSENT;
	else if (secret_collection_get_locked(collection))
		result = unlock(service, collection);
	g_clear_object(&collection);
	return result;
}

/* ---- lookup ---- */

static enum keyring_exit read_item(SecretItem *item, struct secret *s)
{
	GError *error = NULL;
	SecretValue *value;
	const char *bytes;
	gsize n = 0;
	int added;

	if (!secret_item_load_secret_sync(item, NULL, &error))
		return failed(error);
	value = secret_item_get_secret(item);
	if (!value)
		return KEYRING_FAILED;
	bytes = secret_value_get(value, &n);
	added = secret_add(s, (struct slice){ bytes, n });
	secret_value_unref(value);
	return added == 0 ? KEYRING_DONE : KEYRING_UNUSABLE;
}

enum keyring_exit service_lookup(
    const struct service_key *key, struct secret *s)
{
	SecretService *service = NULL;
	GList *items = NULL;
	SecretItem *item;
	enum keyring_exit result = start(key, &service);

	for (size_t i = 0; i < KINDS && !items && result == KEYRING_DONE; i++)
		result = search(service, &found[i], key, &items);
	if (result == KEYRING_DONE && !items)
		result = KEYRING_NOTHING;
	if (result == KEYRING_DONE) {
		item = best_of(items);
		result = unlock_item(service, item);
		if (result == KEYRING_DONE)
			result = read_item(item, s);
	}
	return end(service, items, result);
}

/* ---- store ---- */

static enum keyring_exit store(SecretService *service,
    const struct service_key *key, const struct secret *s)
{
	struct slice bytes = secret_view(s);
	GHashTable *table = attributes(&found[0], key);
	char *label = g_strdup_printf("%s at %s (SMTP)", key->user, key->host);
	/* A copy in memory that libsecret locks, and wipes. */
	SecretValue *value =
	    secret_value_new(bytes.p, (gssize)bytes.n, "text/plain");
	GError *error = NULL;

	if (has_display())
		(void)alarm(SERVICE_PROMPT_SECONDS);
	/* Without a schema's name, as secret-tool: one replaces the other's. */
	secret_service_store_sync(service, NULL, table,
	    SECRET_COLLECTION_DEFAULT, label, value, NULL, &error);
	secret_value_unref(value);
	g_free(label);
	g_hash_table_unref(table);
	return error ? failed(error) : KEYRING_DONE;
}

enum keyring_exit service_store(
    const struct service_key *key, const struct secret *s)
{
	SecretService *service = NULL;
	enum keyring_exit result = start(key, &service);

	if (result == KEYRING_DONE)
		result = unlock_default(service);
	if (result == KEYRING_DONE)
		result = store(service, key, s);
	return end(service, NULL, result);
}

/* ---- delete ---- */

static enum keyring_exit delete_item(SecretService *service, SecretItem *item)
{
	enum keyring_exit result = unlock_item(service, item);
	GError *error = NULL;

	if (result == KEYRING_DONE &&
	    !secret_item_delete_sync(item, NULL, &error))
		result = failed(error);
	return result;
}

enum keyring_exit service_delete(const struct service_key *key)
{
	SecretService *service = NULL;
	GList *items = NULL;
	enum keyring_exit result = start(key, &service);

	for (size_t i = 0; i < KINDS && result == KEYRING_DONE; i++)
		result = search(service, &found[i], key, &items);
	if (result == KEYRING_DONE && !items)
		result = KEYRING_NOTHING;
	for (GList *i = items; i && result == KEYRING_DONE; i = i->next)
		result = delete_item(service, i->data);
	return end(service, items, result);
}
