/* Loaded before the C library, this makes the disk fail from the moment on when a file says so: the first word of the file that
 * QUOLL_DISK_FAULT names is what fails. A write that fails has written half. A sync that fails has lost what was written since the
 * last one: on a real disk that is what may happen, and nobody must have been told that it was there. A slow sync does not fail. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 4096
#define SLOW_US 150000

/* What was there before the writes that no sync has followed yet, the latest first. Each file has one writer. */
struct undo {
    struct undo *next;
    off_t offset;
    size_t count;
    char bytes[];
};
static struct undo *unsynced[FILES];

static int fails(const char *call)
{
    char asked[32] = "";
    const char *path = getenv("QUOLL_DISK_FAULT");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file)
        return 0;
    int read = fscanf(file, "%31s", asked);
    fclose(file);
    return read == 1 && strcmp(asked, call) == 0;
}

/* The same file without the flags that it was opened with: direct reads and writes want memory that is aligned. */
static int plain(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int file = open(path, O_RDWR);
    if (file < 0)
        abort();
    return file;
}

static void remember(int fd, size_t count, off_t offset)
{
    struct undo *undo = calloc(1, sizeof *undo + count);
    int file = plain(fd);
    if (!undo || syscall(SYS_pread64, file, undo->bytes, count, offset) < 0)
        abort();
    close(file);
    undo->offset = offset;
    undo->count = count;
    undo->next = unsynced[fd];
    unsynced[fd] = undo;
}

static void forget(int fd, int restore)
{
    int file = restore && unsynced[fd] ? plain(fd) : -1;
    while (unsynced[fd]) {
        struct undo *undo = unsynced[fd];
        if (restore && syscall(SYS_pwrite64, file, undo->bytes, undo->count, undo->offset) != (long)undo->count)
            abort();
        unsynced[fd] = undo->next;
        free(undo);
    }
    if (file >= 0)
        close(file);
}

static int sync_of(int fd, long call)
{
    int known = fd >= 0 && fd < FILES;
    if (fails("sync")) {
        if (known)
            forget(fd, 1);
        errno = EIO;
        return -1;
    }
    if (fails("sync-slow"))
        usleep(SLOW_US);
    int result = (int)syscall(call, fd);
    if (known && result == 0)
        forget(fd, 0);
    return result;
}

int fdatasync(int fd)
{
    return sync_of(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return sync_of(fd, SYS_fsync);
}

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t offset)
{
    int error = fails("write-EIO") ? EIO : fails("write-ENOSPC") ? ENOSPC : 0;
    if (error) {
        int file = plain(fd);
        if (count > 1 && syscall(SYS_pwrite64, file, bytes, count / 2, offset) < 0)
            abort();
        close(file);
        errno = error;
        return -1;
    }
    if (fd < FILES)
        remember(fd, count, offset);
    return syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return write_at(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset)
{
    return write_at(fd, bytes, count, offset);
}

/* .NET asks the C library itself for what a program imports by hand, past whatever was loaded before. */
void *dlsym(void *restrict handle, const char *restrict name)
{
    static void *(*real)(void *, const char *);
    static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
    for (int i = 0; !real && i < 3; i++)
        real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    if (strcmp(name, "fdatasync") == 0)
        return (void *)fdatasync;
    if (strcmp(name, "fsync") == 0)
        return (void *)fsync;
    return real(handle, name);
}
