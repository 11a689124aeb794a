/* A disk between a process and its files: it keeps a copy of each file as of each sync, and fails where it is told to.
 *
 *   DISK_FILES   only files whose path begins so are watched
 *   DISK_COPIES  folder for copies: the file that was synced as the n-th, as "n name"
 *   DISK_FAILS   "sync EIO n" or "write ENOSPC n": that call fails, with the number of the error
 *
 * Loaded by LD_PRELOAD; see test_power_loss.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int watched(int fd, char *path, size_t room) {
    char link[64];
    const char *files = getenv("DISK_FILES");
    if (!files) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, files, strlen(files)) == 0;
}

static int fails(const char *what, int number) {
    char kind[16];
    int error, when;
    const char *told = getenv("DISK_FAILS");
    if (!told || sscanf(told, "%15s %d %d", kind, &error, &when) != 3) return 0;
    return strcmp(kind, what) == 0 && number == when ? error : 0;
}

static void copy(const char *path, int number) {
    char target[4200], hidden[4300], block[65536];
    const char *folder = getenv("DISK_COPIES"), *name = strrchr(path, '/');
    if (!folder) return;
    snprintf(hidden, sizeof hidden, "%s/.%d", folder, number);
    snprintf(target, sizeof target, "%s/%d %s", folder, number, name + 1);
    FILE *from = fopen(path, "rb"), *to = fopen(hidden, "wb");
    size_t read;
    while (from && to && (read = fread(block, 1, sizeof block, from)) > 0) fwrite(block, 1, read, to);
    if (from) fclose(from);
    if (to) fclose(to);
    rename(hidden, target);
}

static int synced(int fd, const char *function) {
    static int number = 0;
    char path[4096];
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
    if (!watched(fd, path, sizeof path)) return real(fd);
    int error = fails("sync", ++number);
    if (error) {
        errno = error;
        return -1;
    }
    int result = real(fd);
    if (result == 0) copy(path, number);
    return result;
}

static ssize_t written(int fd, const void *bytes, size_t count, off64_t offset, const char *function) {
    static int number = 0;
    char path[4096];
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, function);
    if (watched(fd, path, sizeof path)) {
        int error = fails("write", ++number);
        if (error) {
            errno = error;
            return -1;
        }
    }
    return real(fd, bytes, count, offset);
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return written(fd, bytes, count, at, "pwrite64"); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return written(fd, bytes, count, at, "pwrite"); }
