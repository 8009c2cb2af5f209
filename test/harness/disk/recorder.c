/*
 * Preloaded into a process (Linux, LD_PRELOAD) it writes down, in order, everything that the process changes in the
 * files of one folder: DISK_FOLDER. The log goes to DISK_LOG; recorded-disk.ts reads it and says what a disk that lost
 * its power at some moment would hold.
 *
 * A record: kind (1 byte), length of the path (4), offset or size (8), length of the data (4), path, data; little endian.
 * Kinds: C create, W write, T truncate, S sync of a file or folder (its number: 1 on the main thread, else 0), R rename (data:
 * the new path), U unlink, M shared writable mapping, which nobody can follow.
 *
 * Nothing is synced for real. A sync takes DISK_SYNC_MS milliseconds, for a slow disk; none without it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *folder;
static size_t folder_length;
static int log_fd = -1;
static long sync_us;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *log = getenv("DISK_LOG");
  folder = getenv("DISK_FOLDER");
  if (folder == NULL || log == NULL) return;
  folder_length = strlen(folder);
  const char *sync_ms = getenv("DISK_SYNC_MS");
  if (sync_ms != NULL) sync_us = atol(sync_ms) * 1000;
  log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int is_ours(const char *path) {
  if (log_fd < 0 || strncmp(path, folder, folder_length) != 0) return 0;
  return path[folder_length] == '/' || path[folder_length] == 0;
}

/* The path of a descriptor, if it is one of ours. */
static int path_of(int fd, char *path) {
  char link[64];
  if (log_fd < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static void absolute(int at, const char *path, char *out) {
  char base[PATH_MAX];
  if (path[0] == '/') {
    snprintf(out, PATH_MAX, "%s", path);
    return;
  }
  base[0] = 0;
  if (at == AT_FDCWD) {
    if (getcwd(base, sizeof base) == NULL) base[0] = 0;
  } else if (!path_of(at, base)) base[0] = 0;
  if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) out[0] = 0;
}

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t written = syscall(SYS_write, log_fd, at, length);
    if (written < 0) abort();
    at += written;
    length -= written;
  }
}

static void record(char kind, const char *path, uint64_t number, const void *data, uint32_t length) {
  unsigned char head[17];
  uint32_t path_length = strlen(path);
  head[0] = kind;
  memcpy(head + 1, &path_length, 4);
  memcpy(head + 5, &number, 8);
  memcpy(head + 13, &length, 4);
  put(head, sizeof head);
  put(path, path_length);
  if (length > 0) put(data, length);
}

/* A descriptor with O_SYNC or O_DSYNC syncs each of its writes. */
static void record_sync_of(int fd, const char *path) {
  if (fcntl(fd, F_GETFL) & O_DSYNC) record('S', path, 0, NULL, 0);
}

static int opened(int at, const char *path, int flags, mode_t mode) {
  char full[PATH_MAX];
  struct stat before;
  absolute(at, path, full);
  if (!is_ours(full)) return syscall(SYS_openat, at, path, flags, mode);
  pthread_mutex_lock(&lock);
  int existed = syscall(SYS_newfstatat, AT_FDCWD, full, &before, 0) == 0;
  int fd = syscall(SYS_openat, at, path, flags, mode);
  int error = errno;
  if (fd >= 0 && !existed && (flags & O_CREAT)) record('C', full, 0, NULL, 0);
  if (fd >= 0 && existed && (flags & O_TRUNC)) record('T', full, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opened(AT_FDCWD, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int at, const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opened(at, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t length) {
  REAL(write);
  char path[PATH_MAX];
  if (!path_of(fd, path)) return real(fd, data, length);
  pthread_mutex_lock(&lock);
  ssize_t written = real(fd, data, length);
  int error = errno;
  // Behind it: where it stood before is not known of a file that is appended to.
  if (written > 0) {
    record('W', path, lseek(fd, 0, SEEK_CUR) - written, data, written);
    record_sync_of(fd, path);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return written;
}

#define PWRITE(name, type) \
  ssize_t name(int fd, const void *data, size_t length, type offset) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!path_of(fd, path)) return real(fd, data, length, offset); \
    pthread_mutex_lock(&lock); \
    ssize_t written = real(fd, data, length, offset); \
    int error = errno; \
    if (written > 0) { \
      record('W', path, offset, data, written); \
      record_sync_of(fd, path); \
    } \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return written; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, type) \
  int name(int fd, type length) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!path_of(fd, path)) return real(fd, length); \
    pthread_mutex_lock(&lock); \
    int result = real(fd, length); \
    int error = errno; \
    if (result == 0) record('T', path, length, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name) \
  int name(int fd) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!path_of(fd, path)) return real(fd); \
    if (sync_us > 0) usleep(sync_us); \
    pthread_mutex_lock(&lock); \
    record('S', path, gettid() == getpid(), NULL, 0); \
    pthread_mutex_unlock(&lock); \
    return 0; \
  }
SYNC(fsync)
SYNC(fdatasync)

static int renamed(int from_at, const char *from, int to_at, const char *to) {
  char full_from[PATH_MAX], full_to[PATH_MAX];
  absolute(from_at, from, full_from);
  absolute(to_at, to, full_to);
  pthread_mutex_lock(&lock);
  int result = syscall(SYS_renameat2, from_at, from, to_at, to, 0);
  int error = errno;
  if (result == 0 && is_ours(full_from)) record('R', full_from, 0, full_to, strlen(full_to));
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return renamed(from_at, from, to_at, to); }

static int unlinked(int at, const char *path, int flags) {
  char full[PATH_MAX];
  absolute(at, path, full);
  pthread_mutex_lock(&lock);
  int result = syscall(SYS_unlinkat, at, path, flags);
  int error = errno;
  if (result == 0 && is_ours(full)) record('U', full, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}
int unlink(const char *path) { return unlinked(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlinked(at, path, flags); }
/* The standard library's own remove, which Node calls for a file, reaches the kernel without passing unlink. */
int remove(const char *path) {
  int result = unlinked(AT_FDCWD, path, 0);
  return result != 0 && errno == EISDIR ? rmdir(path) : result;
}

#define MMAP(name, type) \
  void *name(void *address, size_t length, int protection, int flags, int fd, type offset) { \
    char path[PATH_MAX]; \
    if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE) && path_of(fd, path)) record('M', path, 0, NULL, 0); \
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset); \
  }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)
