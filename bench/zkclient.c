// Reads through the C client, so many at a time, and tells what they took of this process's CPU:
//   zkclient HOST:PORT PATH OUTSTANDING SECONDS
// Counting begins after a second of warming up. Prints "ops=N seconds=S cpu=S". Built with -DTHREADED it is for the library with threads of
// its own (zookeeper_mt), otherwise for the one that the program drives (zookeeper_st), which costs less.
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

static zhandle_t *client;
static const char *path;
static volatile int ends;
static volatile long done;
static volatile int outstanding;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile int connected;

static void fail(const char *what, int error) {
  fprintf(stderr, "zkclient: %s: %s\n", what, zerror(error));
  exit(1);
}

static void on_event(zhandle_t *handle, int type, int state, const char *at, void *context) {
  if (type != ZOO_SESSION_EVENT || state != ZOO_CONNECTED_STATE) return;
  pthread_mutex_lock(&gate);
  connected = 1;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&gate);
}

// All answers come on one thread.
static void on_data(int error, const char *value, int length, const struct Stat *stat, const void *context) {
  if (error != ZOK) fail("a read", error);
  done++;
  if (!ends) {
    int sent = zoo_aget(client, path, 0, on_data, 0);
    if (sent != ZOK) fail("a request", sent);
    return;
  }

  pthread_mutex_lock(&gate);
  outstanding--;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&gate);
}

static double seconds_of(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

#ifdef THREADED
static void pause_for(double seconds) {
  struct timespec time = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
  nanosleep(&time, 0);
}

static void run_for(double seconds) { pause_for(seconds); }

static void await(volatile int *what, int value) {
  pthread_mutex_lock(&gate);
  while (*what != value) pthread_cond_wait(&changed, &gate);
  pthread_mutex_unlock(&gate);
}
#else
static void turn(void) {
  int fd = -1, interest = 0;
  struct timeval patience;
  zookeeper_interest(client, &fd, &interest, &patience);
  struct pollfd waits = { fd, (interest & ZOOKEEPER_READ ? POLLIN : 0) | (interest & ZOOKEEPER_WRITE ? POLLOUT : 0), 0 };
  poll(&waits, 1, patience.tv_sec * 1000 + patience.tv_usec / 1000);
  int events = (waits.revents & POLLIN ? ZOOKEEPER_READ : 0) | (waits.revents & (POLLOUT | POLLHUP) ? ZOOKEEPER_WRITE : 0);
  zookeeper_process(client, events);
}

static void run_for(double seconds) {
  for (double end = now() + seconds; now() < end;) turn();
}

static void await(volatile int *what, int value) {
  while (*what != value) turn();
}
#endif

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "zkclient HOST:PORT PATH OUTSTANDING SECONDS\n");
    return 2;
  }

  path = argv[2];
  outstanding = atoi(argv[3]);
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  client = zookeeper_init(argv[1], on_event, 30000, 0, 0, 0);
  await(&connected, 1);
  for (int i = outstanding; i > 0; i--) {
    int sent = zoo_aget(client, path, 0, on_data, 0);
    if (sent != ZOK) fail("a request", sent);
  }

  run_for(1);
  long before = done;
  double used = cpu(), began = now();
  run_for(atof(argv[4]));
  printf("ops=%ld seconds=%.3f cpu=%.3f\n", done - before, now() - began, cpu() - used);
  ends = 1;
  await(&outstanding, 0);
  return zookeeper_close(client) != ZOK;
}
