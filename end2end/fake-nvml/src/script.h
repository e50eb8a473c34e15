/* The file that says what is so: read again when it has changed. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef int Return;
enum {
  SUCCESS = 0,
  INVALID_ARGUMENT = 2,
  NOT_SUPPORTED = 3,
  NOT_FOUND = 6,
  INSUFFICIENT_SIZE = 7,
  TIMEOUT = 10,
  VERSION_MISMATCH = 25,
};

/* WORD, and up to four words after it. */
typedef struct {
  char word[5][64];
  int count;
} Line;

enum { LINES = 4096, NO_GPU = 0xffff };
static const unsigned long long MIB = 1ULL << 20;

static Line lines[LINES];
static int line_count;
static struct stat read_as;
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;

static void read_lines(const char *path) {
  char text[512];
  FILE *file = fopen(path, "r");
  line_count = 0;
  while (file && line_count < LINES && fgets(text, sizeof text, file)) {
    Line *line = &lines[line_count];
    line->count = sscanf(text, "%63s %63s %63s %63s %63s", line->word[0], line->word[1], line->word[2],
                         line->word[3], line->word[4]);
    if (line->count > 0) line_count++;
  }
  if (file) fclose(file);
}

/* Whoever reads `lines` is between these two. */
static void begin(void) {
  static char path[4096];
  Dl_info here;
  struct stat now;
  pthread_mutex_lock(&reading);
  if (!path[0] && dladdr((void *)begin, &here)) snprintf(path, sizeof path, "%s.conf", here.dli_fname);
  if (stat(path, &now)) memset(&now, 0, sizeof now);
  if (now.st_ino != read_as.st_ino || now.st_size != read_as.st_size ||
      now.st_mtim.tv_sec != read_as.st_mtim.tv_sec || now.st_mtim.tv_nsec != read_as.st_mtim.tv_nsec) {
    read_lines(path);
    read_as = now;
  }
}
static void end(void) { pthread_mutex_unlock(&reading); }

static int about(const char *which, unsigned gpu) {
  return !strcmp(which, "*") || (gpu != NO_GPU && (unsigned)atoi(which) == gpu);
}

/* The number of the line "WORD GPU NUMBER". */
static long long of(const char *word, unsigned gpu, long long otherwise) {
  long long found = otherwise;
  begin();
  for (Line *line = lines; line < lines + line_count; line++)
    if (line->count >= 3 && !strcmp(line->word[0], word) && about(line->word[1], gpu))
      found = strtoll(line->word[2], NULL, 0);
  end();
  return found;
}

static unsigned gpu_count(void) {
  unsigned found = 0;
  begin();
  for (Line *line = lines; line < lines + line_count; line++)
    if (line->count == 2 && !strcmp(line->word[0], "gpus")) found = (unsigned)atoi(line->word[1]);
  end();
  return found;
}

static int hangs(const char *function, unsigned gpu) {
  int found = 0;
  begin();
  for (Line *line = lines; line < lines + line_count; line++)
    if (line->count >= 2 && !strcmp(line->word[0], "hang") &&
        (!strcmp(line->word[1], function) || !strcmp(line->word[1], "*")))
      found |= line->count == 2 || about(line->word[2], gpu);
  end();
  return found;
}

/* What a call about this GPU returns, when it does. */
static Return call(const char *function, unsigned gpu) {
  Return found = SUCCESS;
  while (hangs(function, gpu)) usleep(5000);
  begin();
  for (Line *line = lines; line < lines + line_count; line++)
    if (line->count == 4 && !strcmp(line->word[0], "fail"))
      if ((!strcmp(line->word[1], function) || !strcmp(line->word[1], "*")) && about(line->word[2], gpu)) found = atoi(line->word[3]);
  end();
  return found;
}

/* A device is its index + 1: no device is NULL. */
static unsigned index_of(void *device) { return (unsigned)(size_t)device - 1; }

#define CALLED(function, gpu)                 \
  do {                                        \
    Return answer = call(function, gpu);      \
    if (answer != SUCCESS) return answer;     \
  } while (0)

/* The first thing that a call about a device does. */
#define ABOUT(device)                \
  unsigned index = index_of(device); \
  CALLED(__func__, index)
