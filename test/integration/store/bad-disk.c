/*
 * Stands between a host and its disk: what the file AGENTMESH_DISK holds becomes of the store's writes and syncs.
 * "hang" lets every sync take until it says something else, "fail-sync" and "fail-write" let them fail as a broken disk does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is(const char *wanted, int descriptor) {
  char link[64], path[4096], mood[32] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (strstr(path, "agentmesh.db") == NULL) return 0;
  const char *file = getenv("AGENTMESH_DISK");
  int mind = file == NULL ? -1 : open(file, O_RDONLY);
  if (mind < 0) return 0;
  if (read(mind, mood, sizeof mood - 1) < 0) mood[0] = 0;
  close(mind);
  return strcmp(mood, wanted) == 0;
}

static int sync_with(const char *name, int descriptor) {
  struct timespec moment = {0, 2 * 1000 * 1000};
  while (is("hang", descriptor)) nanosleep(&moment, NULL);
  if (is("fail-sync", descriptor)) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return real(descriptor);
}

int fsync(int descriptor) { return sync_with("fsync", descriptor); }

int fdatasync(int descriptor) { return sync_with("fdatasync", descriptor); }

static ssize_t write_with(const char *name, int descriptor, const void *bytes, size_t count, off_t at) {
  if (is("fail-write", descriptor)) {
    errno = EIO;
    return -1;
  }
  ssize_t (*real)(int, const void *, size_t, off_t) =
      (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, name);
  return real(descriptor, bytes, count, at);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t at) {
  return write_with("pwrite", descriptor, bytes, count, at);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t at) {
  return write_with("pwrite64", descriptor, bytes, count, at);
}
