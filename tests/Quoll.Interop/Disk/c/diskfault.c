/* Loaded before the C library, this makes the disk fail from the moment on when a file says so: the first word of the file that
 * QUOLL_DISK_FAULT names is what fails. A write that fails has written half. A sync that fails has lost what was written since the
 * last one: on a real disk that is what may happen, and nobody must have been told that it was there. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 4096
static struct { off_t from, to; } unsynced[FILES];

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

static int sync_of(int fd, long call)
{
    static const char zeros[65536];
    int known = fd >= 0 && fd < FILES;
    if (fails("sync")) {
        while (known && unsynced[fd].from < unsynced[fd].to) {
            off_t left = unsynced[fd].to - unsynced[fd].from;
            ssize_t done = syscall(SYS_pwrite64, fd, zeros, left < (off_t)sizeof zeros ? left : (off_t)sizeof zeros, unsynced[fd].from);
            if (done <= 0)
                abort();
            unsynced[fd].from += done;
        }
        errno = EIO;
        return -1;
    }
    if (known)
        unsynced[fd].from = unsynced[fd].to = 0;
    return (int)syscall(call, fd);
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
        if (count > 1)
            syscall(SYS_pwrite64, fd, bytes, count / 2, offset);
        errno = error;
        return -1;
    }
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, count, offset);
    if (done > 0 && fd < FILES) {
        int first = unsynced[fd].from == unsynced[fd].to;
        if (first || offset < unsynced[fd].from)
            unsynced[fd].from = offset;
        if (first || offset + done > unsynced[fd].to)
            unsynced[fd].to = offset + done;
    }
    return done;
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
