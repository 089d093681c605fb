/* Preloaded under the database: writes down, in order, every write, truncation and sync of the files below
   KIBALI_RECORD_DIR into KIBALI_RECORD_LOG. The wal-index (-shm) is left out: SQLite makes it anew. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *directory;

__attribute__((constructor)) static void start(void) {
  directory = getenv("KIBALI_RECORD_DIR");
  const char *log = getenv("KIBALI_RECORD_LOG");
  if (directory && log) log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/* The file's name below the directory, or null where it is none of ours. */
static const char *name_of(int fd, char *buffer, size_t size) {
  char link[64];
  if (log_fd < 0 || fd == log_fd) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, size - 1);
  if (length <= 0) return NULL;
  buffer[length] = 0;
  size_t prefix = strlen(directory);
  if (strncmp(buffer, directory, prefix) != 0 || buffer[prefix] != '/') return NULL;
  if (length > 4 && strcmp(buffer + length - 4, "-shm") == 0) return NULL;
  return buffer + prefix + 1;
}

static void put(const void *data, size_t length) {
  const char *at = data;
  while (length > 0) {
    ssize_t done = syscall(SYS_write, log_fd, at, length);
    if (done <= 0) abort();
    at += done;
    length -= (size_t)done;
  }
}

static void record(char what, const char *name, off_t offset, const void *data, size_t length) {
  char head[512];
  int size = snprintf(head, sizeof head, "%c %s %lld %zu\n", what, name, (long long)offset, length);
  put(head, (size_t)size);
  if (data) put(data, length);
}

#define REAL(ret, name, ...) \
  static ret (*real)(__VA_ARGS__); \
  if (!real) *(void **)(&real) = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  char buffer[400];
  const char *name = name_of(fd, buffer, sizeof buffer);
  if (!name) return real(fd, data, length);
  pthread_mutex_lock(&lock);
  ssize_t done = real(fd, data, length);
  if (done > 0) record('W', name, lseek(fd, 0, SEEK_CUR) - done, data, (size_t)done);
  pthread_mutex_unlock(&lock);
  return done;
}

static ssize_t written(int fd, const void *data, size_t length, off_t offset, ssize_t done) {
  char buffer[400];
  const char *name = name_of(fd, buffer, sizeof buffer);
  if (name && done > 0) {
    pthread_mutex_lock(&lock);
    record('W', name, offset, data, (size_t)done);
    pthread_mutex_unlock(&lock);
  }
  (void)length;
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
  return written(fd, data, length, offset, real(fd, data, length, offset));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  return written(fd, data, length, offset, real(fd, data, length, offset));
}

static int noted(char what, int fd, off_t length, int result) {
  char buffer[400];
  const char *name = name_of(fd, buffer, sizeof buffer);
  if (name && result == 0) {
    pthread_mutex_lock(&lock);
    record(what, name, length, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int ftruncate(int fd, off_t length) {
  REAL(int, "ftruncate", int, off_t);
  return noted('T', fd, length, real(fd, length));
}

int ftruncate64(int fd, off64_t length) {
  REAL(int, "ftruncate64", int, off64_t);
  return noted('T', fd, length, real(fd, length));
}

int fsync(int fd) {
  REAL(int, "fsync", int);
  return noted('S', fd, 0, real(fd));
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  return noted('S', fd, 0, real(fd));
}
