/*
 * replay: runs a fuzz entrance without a fuzzer, the same way every time:
 * each file of a corpus, then mutations of them that depend on nothing but
 * the seed and their number.
 *
 *	replay-NAME [-n MUTATIONS] [-s SEED] [-k NUMBER] [-m BYTES] CORPUS...
 *
 * CORPUS is a folder or a file. -k repeats one mutation alone. When an input
 * ends the program, it is shown on stderr with its name or number.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
/* Of the sanitizers, when there is one. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

enum { SEEDS_MAX = 1000, SEED_BYTES_MAX = 65536, SECONDS_PER_INPUT = 20 };

struct seed {
	char name[256];
	uint8_t *bytes;
	size_t n;
};

struct options {
	unsigned long mutations;
	unsigned long seed;
	unsigned long only; /* a mutation's number, from 1; 0: all */
	size_t max;
};

static struct seed seeds[SEEDS_MAX];
static size_t seeds_n;

/* What is running now, for the report of a crash. */
static char running[512];
static const uint8_t *running_bytes;
static size_t running_n;

static uint64_t state;

/* xorshift64*: small, and the same on every machine. */
static uint64_t next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static size_t below(size_t n)
{
	return n ? (size_t)((next_random() >> 11) % n) : 0;
}

static void put(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

/* As a C string, so that it can become a row of a test. */
static void report(void)
{
	static const char hex[] = "0123456789abcdef";

	put("\nreplay: ended by ");
	put(running);
	put("\nreplay: \"");
	for (size_t i = 0; i < running_n; i++) {
		uint8_t c = running_bytes[i];
		char plain[] = { (char)c, '\0' };
		char coded[] = { '\\', 'x', hex[c >> 4], hex[c & 15], '\0' };
		bool is_plain = c >= ' ' && c < 127 && c != '"' && c != '\\';

		put(is_plain ? plain : coded);
	}
	put("\"\n");
}

static void on_signal(int signal_number)
{
	report();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void watch(void)
{
	static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
		SIGALRM, SIGTERM };

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(report);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		/* A sanitizer knows more about these than we do. */
		if (!__sanitizer_set_death_callback || deadly[i] == SIGABRT ||
		    deadly[i] == SIGALRM || deadly[i] == SIGTERM)
			signal(deadly[i], on_signal);
}

/* A copy of the exact size, so that a byte too far is noticed. */
static void run_input(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy) {
		put("replay: out of memory\n");
		exit(2);
	}
	if (n)
		memcpy(copy, bytes, n);
	running_bytes = bytes;
	running_n = n;
	alarm(SECONDS_PER_INPUT);
	(void)LLVMFuzzerTestOneInput(copy, n);
	alarm(0);
	free(copy);
}

/* What means something to a parser of mail, of SMTP or of settings. */
static const struct {
	const char *p;
	size_t n;
} tokens[] = {

#define TOKEN(text)                                                            \
	{                                                                      \
		(text), sizeof(text) - 1                                       \
	}
	TOKEN("\r\n"),
	TOKEN("\n"),
	TOKEN("\r"),
	TOKEN("\r\n.\r\n"),
	TOKEN("\n.\n"),
	TOKEN("\n.."),
	TOKEN("."),
	TOKEN("\0"),
	TOKEN("\xff"),
	TOKEN("\xc3\xa4"),
	TOKEN("\x7f"),
	TOKEN(" "),
	TOKEN("\t"),
	TOKEN("\n "),
	TOKEN("\n\n"),
	TOKEN(":"),
	TOKEN(";"),
	TOKEN(","),
	TOKEN("<"),
	TOKEN(">"),
	TOKEN("@"),
	TOKEN("\""),
	TOKEN("\\"),
	TOKEN("("),
	TOKEN(")"),
	TOKEN("["),
	TOKEN("]"),
	TOKEN("="),
	TOKEN("#"),
	TOKEN("'"),
	TOKEN("%"),
	TOKEN("250-"),
	TOKEN("250 "),
	TOKEN("334 "),
	TOKEN("421 "),
	TOKEN("5.7.1 "),
	TOKEN("To: "),
	TOKEN("Bcc: "),
	TOKEN("Resent-"),
	TOKEN("=?utf-8?q?"),
	TOKEN("account "),
	TOKEN("default"),
	TOKEN("password "),
	TOKEN("\nhost "),
	TOKEN("0"),
	TOKEN("-1"),
	TOKEN("65536"),
	TOKEN("4294967296"),
	TOKEN("18446744073709551616"),
#undef TOKEN
};

struct input {
	uint8_t *bytes;
	size_t n;
	size_t max;
};

static void insert(struct input *in, const void *bytes, size_t n)
{
	size_t at = below(in->n + 1);

	if (n > in->max - in->n)
		return;
	memmove(in->bytes + at + n, in->bytes + at, in->n - at);
	memcpy(in->bytes + at, bytes, n);
	in->n += n;
}

static void insert_token(struct input *in)
{
	size_t i = below(sizeof(tokens) / sizeof(tokens[0]));

	insert(in, tokens[i].p, tokens[i].n);
}

static void insert_run(struct input *in)
{
	static const char kinds[] = "aA \t.\n\r\"\\<(,@0\xff";
	static uint8_t run[4096];
	size_t n = below(below(4) ? 80 : sizeof(run));

	memset(run, kinds[below(sizeof(kinds))], n);
	insert(in, run, n);
}

static void insert_part(struct input *in)
{
	const struct seed *s = &seeds[below(seeds_n)];
	size_t from = below(s->n);

	insert(in, s->bytes + from, below(s->n - from + 1));
}

static void overwrite(struct input *in)
{
	if (in->n)
		in->bytes[below(in->n)] = (uint8_t)next_random();
}

static void flip_bit(struct input *in)
{
	if (in->n)
		in->bytes[below(in->n)] ^= (uint8_t)(1U << below(8));
}

static void delete_part(struct input *in)
{
	size_t at = below(in->n);
	size_t n = below(below(3) ? 4 : in->n - at + 1);

	if (n > in->n - at)
		n = in->n - at;
	memmove(in->bytes + at, in->bytes + at + n, in->n - at - n);
	in->n -= n;
}

static void truncate_input(struct input *in)
{
	in->n = below(in->n + 1);
}

static void swap_bytes(struct input *in)
{
	size_t a = below(in->n), b = below(in->n);
	uint8_t c;

	if (in->n == 0)
		return;
	c = in->bytes[a];
	in->bytes[a] = in->bytes[b];
	in->bytes[b] = c;
}

static void mutate(struct input *in)
{
	static void (*const ways[])(struct input *) = { insert_token,
		insert_token, insert_token, insert_part, insert_run, overwrite,
		flip_bit, delete_part, delete_part, truncate_input,
		swap_bytes };
	size_t times = 1 + below(below(3) ? 4 : 20);

	while (times-- > 0)
		ways[below(sizeof(ways) / sizeof(ways[0]))](in);
}

static void run_mutation(
    const struct options *o, unsigned long number, struct input *in)
{
	const struct seed *s;

	/* Not a continued sequence: -k repeats a mutation by itself. */
	state = (o->seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
		number * UINT64_C(0xd1342543de82ef95);
	if (state == 0)
		state = 1;
	for (int i = 0; i < 4; i++)
		(void)next_random();
	s = &seeds[below(seeds_n)];
	in->n = s->n < in->max ? s->n : in->max;
	if (in->n)
		memcpy(in->bytes, s->bytes, in->n);
	mutate(in);
	(void)snprintf(running, sizeof(running), "mutation %lu (of %.255s)",
	    number, s->name);
	run_input(in->bytes, in->n);
}

static int add_file(const char *path)
{
	struct seed *s = &seeds[seeds_n];
	FILE *f = fopen(path, "re");

	if (!f || seeds_n == SEEDS_MAX) {
		(void)fprintf(stderr, "replay: %s: %s\n", path,
		    f ? "too many files" : strerror(errno));
		if (f)
			(void)fclose(f);
		return -1;
	}
	s->bytes = malloc(SEED_BYTES_MAX);
	if (s->bytes)
		s->n = fread(s->bytes, 1, SEED_BYTES_MAX, f);
	(void)fclose(f);
	(void)snprintf(s->name, sizeof(s->name), "%s", path);
	seeds_n++;
	return s->bytes ? 0 : -1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct seed *)a)->name, ((const struct seed *)b)->name);
}

static int add_corpus(const char *path)
{
	struct stat st;
	struct dirent *entry;
	int result = 0;
	DIR *folder;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return add_file(path);
	folder = opendir(path);
	if (!folder) {
		(void)fprintf(
		    stderr, "replay: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (result == 0 && (entry = readdir(folder)) != NULL) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(
		    file, sizeof(file), "%s/%s", path, entry->d_name);
		result = add_file(file);
	}
	(void)closedir(folder);
	return result;
}

static int read_options(int argc, char **argv, struct options *ret_options)
{
	struct options o = { .mutations = 1000, .seed = 1, .max = 4096 };
	int c;

	while ((c = getopt(argc, argv, "n:s:k:m:")) != -1) {
		char *end = NULL;
		unsigned long value = optarg ? strtoul(optarg, &end, 10) : 0;

		if (c == '?' || !end || *end)
			return -1;
		if (c == 'n')
			o.mutations = value;
		else if (c == 's')
			o.seed = value;
		else if (c == 'k')
			o.only = value;
		else
			o.max = value;
	}
	if (optind == argc || o.max == 0)
		return -1;
	*ret_options = o;
	return 0;
}

int main(int argc, char **argv)
{
	struct options o;
	struct input in = { 0 };

	if (read_options(argc, argv, &o) != 0) {
		put("usage: replay [-n MUTATIONS] [-s SEED] [-k NUMBER] "
		    "[-m BYTES] CORPUS...\n");
		return 64;
	}
	for (int i = optind; i < argc; i++)
		if (add_corpus(argv[i]) != 0)
			return 66;
	qsort(seeds, seeds_n, sizeof(seeds[0]), by_name);
	in.max = o.max;
	in.bytes = malloc(o.max);
	if (!in.bytes || seeds_n == 0) {
		put("replay: no memory or no file\n");
		return 66;
	}
	watch();
	for (size_t i = 0; i < seeds_n && o.only == 0; i++) {
		memcpy(running, seeds[i].name, sizeof(seeds[i].name));
		run_input(seeds[i].bytes, seeds[i].n);
	}
	if (o.only)
		run_mutation(&o, o.only, &in);
	for (unsigned long k = 1; k <= o.mutations && o.only == 0; k++)
		run_mutation(&o, k, &in);
	free(in.bytes);
	for (size_t i = 0; i < seeds_n; i++)
		free(seeds[i].bytes);
	printf("%zu files, %lu mutations\n", o.only ? 0 : seeds_n,
	    o.only ? 1 : o.mutations);
	return 0;
}
