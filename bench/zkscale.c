/* zkscale: what zkload does not measure, of anything that speaks the ZooKeeper client protocol: starts, watches, idle sessions, pauses,
 * and parents with many children. Each call prints one line of key=value pairs. CPU and memory are those of the process given with -P.
 *   zkscale ready    HOST:PORT -p PATH -b NANOSECONDS       until PATH could be read, since that time of the wall clock
 *   zkscale watch    HOST:PORT -c SESSIONS -n PATHS -P PID  every session watches every path; then some changes fire
 *   zkscale idle     HOST:PORT -c SESSIONS -t SECONDS -T TIMEOUT -P PID    sessions that only ping, every third of their timeout
 *   zkscale probe    HOST:PORT -t SECONDS                   a ping each millisecond: the longest wait is the longest pause
 *   zkscale children HOST:PORT -p PATH -k PARENTS -n OPS -P PID    creates, looks for and deletes children of PATH/d0000 and on
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CREATE = 1, DELETE = 2, EXISTS = 3, GET_DATA = 4, SET_DATA = 5, PING = 11 };
enum { NODE_EXISTS = -110, WINDOW = 200, IN_CAPACITY = 256 * 1024 };

typedef struct {
  int fd, xid, errors;
  size_t in, out;
  uint8_t *in_bytes, *out_bytes;
} Session;

static struct sockaddr_in server = { .sin_family = AF_INET };
static int sessions = 100, timeout = 30000, parents = 1, pid, events_seen;
static long count = 10000, seconds = 10;
static long long begun;
static const char *path_given = "/";

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  fprintf(stderr, "zkscale: %s: %s\n", what, strerror(errno));
  exit(4);
}

static double cpu_seconds(void) {
  char name[64], text[1024];
  unsigned long user = 0, system = 0;
  snprintf(name, sizeof name, "/proc/%d/stat", pid);
  FILE *file = fopen(name, "r");
  if (!file)
    return 0;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  char *rest = strrchr(text, ')');
  if (rest)
    sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static long resident_kb(void) {
  char name[64], line[256];
  long kb = 0;
  snprintf(name, sizeof name, "/proc/%d/status", pid);
  FILE *file = fopen(name, "r");
  if (!file)
    return 0;
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, "VmRSS:", 6))
      kb = atol(line + 6);
  fclose(file);
  return kb;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* ---- the protocol ---- */

static void put_int(Session *s, uint32_t value) {
  value = htonl(value);
  memcpy(s->out_bytes + s->out, &value, 4);
  s->out += 4;
}

static void put_string(Session *s, const char *text) {
  size_t length = strlen(text);
  put_int(s, length);
  memcpy(s->out_bytes + s->out, text, length);
  s->out += length;
}

static int32_t int_at(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, 4);
  return (int32_t)ntohl(value);
}

static void put_request(Session *s, int op, const char *path, int watch) {
  size_t start = s->out;
  put_int(s, 0);
  put_int(s, op == PING ? -2 : ++s->xid);
  put_int(s, op);
  if (op != PING)
    put_string(s, path);
  switch (op) {
    case CREATE: /* no data, open to all, persistent */
      put_int(s, 0);
      put_int(s, 1);
      put_int(s, 31);
      put_string(s, "world");
      put_string(s, "anyone");
      put_int(s, 0);
      break;
    case DELETE: put_int(s, -1); break;
    case EXISTS: case GET_DATA: s->out_bytes[s->out++] = (uint8_t)watch; break;
    case SET_DATA: put_int(s, 0); put_int(s, -1); break;
  }
  size_t end = s->out;
  s->out = start;
  put_int(s, end - start - 4);
  s->out = end;
}

static void send_all(Session *s) {
  for (size_t sent = 0; sent < s->out;) {
    ssize_t n = send(s->fd, s->out_bytes + sent, s->out - sent, MSG_NOSIGNAL);
    if (n < 0)
      fail("send");
    sent += n;
  }
  s->out = 0;
}

/* Reads once; returns how many replies came. Events are counted apart. */
static int receive(Session *s, int flags) {
  if (!s->in_bytes)
    s->in_bytes = malloc(IN_CAPACITY);
  ssize_t n = recv(s->fd, s->in_bytes + s->in, IN_CAPACITY - s->in, flags);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return 0;
  if (n <= 0)
    fail("the connection was closed");
  s->in += n;
  size_t at = 0;
  int replies = 0;
  while (s->in - at >= 4 && s->in - at - 4 >= (size_t)int_at(s->in_bytes + at)) {
    const uint8_t *frame = s->in_bytes + at + 4;
    if (int_at(frame) == -1)
      events_seen++;
    else {
      replies++;
      int error = int_at(frame + 12);
      if (error != 0 && error != NODE_EXISTS)
        s->errors++;
    }
    at += 4 + int_at(s->in_bytes + at);
  }
  memmove(s->in_bytes, s->in_bytes + at, s->in - at);
  s->in -= at;
  return replies;
}

static int try_open(Session *s) {
  int one = 1;
  s->in = s->out = 0;
  s->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (!s->out_bytes)
    s->out_bytes = malloc(64 * 1024);
  if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&server, sizeof server))
    return 0;
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  put_int(s, 45); /* length, version, last zxid, timeout, session, password, read-only */
  for (int i = 0; i < 3; i++)
    put_int(s, 0);
  put_int(s, timeout);
  put_int(s, 0);
  put_int(s, 0);
  put_int(s, 16);
  memset(s->out_bytes + s->out, 0, 17);
  s->out += 17;
  return send(s->fd, s->out_bytes, s->out, MSG_NOSIGNAL) == (ssize_t)s->out;
}

static int accepted(Session *s) {
  uint8_t reply[256];
  s->out = 0;
  size_t have = 0;
  while (have < 4 || have < 4 + (size_t)int_at(reply)) {
    size_t want = have < 4 ? 4 : 4 + (size_t)int_at(reply);
    if (want > sizeof reply)
      return 0;
    ssize_t n = recv(s->fd, reply + have, want - have, 0);
    if (n <= 0)
      return 0;
    have += n;
  }
  return int_at(reply + 8) > 0;
}

/* Sessions are made many at a time, since each is a transaction. The buffers of one that says little are given back. */
static Session *open_sessions(int number) {
  Session *all = calloc(number, sizeof *all);
  for (int from = 0; from < number; from += 100) {
    int to = from + 100 < number ? from + 100 : number;
    for (int i = from; i < to; i++)
      if (!try_open(&all[i]))
        fail("connect");
    for (int i = from; i < to; i++)
      if (!accepted(&all[i]))
        fail("handshake");
  }
  return all;
}

typedef void (*Naming)(char *path, long i);

static char prefix[64];
static void flat_name(char *path, long i) { sprintf(path, "%s/n%07ld", prefix, i); }
static void nested_name(char *path, long i) { sprintf(path, "%s/d%04ld/m%08ld", prefix, i % parents, i); }

/* Each session sends so many requests of one kind, all sessions at a time; session i begins with the name i * apart. */
static void run(Session *all, int number, int op, Naming naming, long each, long apart, int watch) {
  char path[160];
  int window = WINDOW / number < 20 ? 20 : WINDOW / number;
  for (long from = 0; from < each; from += window) {
    long to = from + window < each ? from + window : each;
    for (int k = 0; k < number; k++) {
      for (long i = from; i < to; i++) {
        naming(path, k * apart + i);
        put_request(&all[k], op, path, watch);
      }
      send_all(&all[k]);
    }
    for (int k = 0; k < number; k++)
      for (long left = to - from; left > 0;)
        left -= receive(&all[k], 0);
  }
  for (int k = 0; k < number; k++)
    if (all[k].errors)
      fail("the server answered with errors");
}

static void call(Session *s, int op, const char *path) {
  put_request(s, op, path, 0);
  send_all(s);
  while (receive(s, 0) == 0) {
  }
}

/* ---- what is measured ---- */

static int ready(void) {
  struct timespec wall;
  struct timeval patience = { .tv_sec = 1 };
  for (double end = now() + 600; now() < end; usleep(2000)) {
    Session s = { 0 };
    int good = try_open(&s) && !setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) && accepted(&s);
    uint8_t reply[4 + 16];
    if (good) {
      put_request(&s, EXISTS, path_given, 0);
      send_all(&s);
      good = recv(s.fd, reply, sizeof reply, MSG_WAITALL) == sizeof reply && int_at(reply + 16) == 0;
    }
    if (s.fd >= 0)
      close(s.fd);
    free(s.out_bytes);
    if (good) {
      clock_gettime(CLOCK_REALTIME, &wall);
      printf("op=ready ms=%.0f rss_kb=%ld\n", (wall.tv_sec * 1000000000LL + wall.tv_nsec - begun) / 1e6, resident_kb());
      return 0;
    }
  }
  return 1;
}

/* Changes of znodes, one at a time; each has to tell so many watchers. */
static void fire(const char *name, Session *writer, int epoll, const char *below, int each, long changes) {
  double *took = calloc(changes, sizeof *took), cpu = cpu_seconds();
  char path[160];
  for (long i = 0; i < changes; i++) {
    struct epoll_event ready_now[128];
    double begin = now();
    events_seen = 0;
    snprintf(path, sizeof path, "%s/n%07ld", below, i);
    call(writer, SET_DATA, path);
    while (events_seen < each) {
      int n = epoll_wait(epoll, ready_now, 128, 10000);
      if (n <= 0)
        fail("an event did not come");
      for (int k = 0; k < n; k++)
        receive(ready_now[k].data.ptr, 0);
    }
    took[i] = now() - begin;
  }
  cpu = cpu_seconds() - cpu;
  qsort(took, changes, sizeof *took, compare_doubles);
  printf(" %s_p50_us=%.0f %s_p99_us=%.0f %s_cpu_us=%.1f", name, took[changes / 2] * 1e6, name, took[changes * 99 / 100] * 1e6, name,
    cpu * 1e6 / changes);
  free(took);
}

static int watch(void) {
  Session *all = open_sessions(sessions + 1), *writer = &all[sessions];
  const char *trees[] = { "/watched", "/watched1", "/watched0" };
  int epoll = epoll_create1(0);
  for (int i = 0; i < sessions; i++) {
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all[i] };
    epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  for (int i = 0; i < 3; i++) {
    strcpy(prefix, trees[i]);
    call(writer, CREATE, prefix);
    run(writer, 1, CREATE, flat_name, count, 0, 0);
  }
  strcpy(prefix, trees[0]);
  run(all, sessions, EXISTS, flat_name, count, 0, 0); /* the same without watches: what reading costs is not counted */
  sleep(2);
  long before = resident_kb();
  double cpu = cpu_seconds();
  run(all, sessions, EXISTS, flat_name, count, 0, 1);
  cpu = cpu_seconds() - cpu;
  sleep(2);
  printf("op=watch watches=%ld more_kb=%ld rss_kb=%ld cpu_us_per_watch=%.2f", sessions * count, resident_kb() - before, resident_kb(),
    cpu * 1e6 / (sessions * count));
  strcpy(prefix, trees[1]);
  run(all, 1, EXISTS, flat_name, count, 0, 1);
  long changes = count < 2000 ? count : 2000;
  fire("none", writer, epoll, trees[2], 0, changes);
  fire("one", writer, epoll, trees[1], 1, changes);
  fire("all", writer, epoll, trees[0], sessions, changes);
  printf("\n");
  return 0;
}

static int idle(void) {
  long before = resident_kb();
  double begin = now();
  Session *all = open_sessions(sessions);
  double opened = now() - begin, interval = timeout / 3000.0;
  int epoll = epoll_create1(0);
  for (int i = 0; i < sessions; i++) {
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all[i] };
    epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
  }
  long pings = 0, pongs = 0, measured_from = 0, total = (long)((seconds + interval) * sessions / interval);
  double cpu = 0, from = 0;
  uint8_t drain[4096];
  begin = now();
  while (pings < total) {
    for (; pings < total && begin + pings * interval / sessions <= now(); pings++) {
      Session *s = &all[pings % sessions];
      put_request(s, PING, "", 0);
      send_all(s);
    }
    if (!from && now() - begin >= interval) { /* each has pinged once */
      from = now();
      cpu = cpu_seconds();
      measured_from = pings;
    }
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, 1);
    for (int i = 0; i < n; i++) {
      ssize_t got = recv(((Session *)events[i].data.ptr)->fd, drain, sizeof drain, 0);
      if (got <= 0)
        fail("the connection was closed");
      pongs += got / 20;
    }
  }
  cpu = cpu_seconds() - cpu;
  double took = now() - from;
  long after = resident_kb();
  if (pongs < total - sessions)
    fail("pings were not answered");
  printf("op=idle sessions=%d opened_s=%.2f pings_per_s=%.0f core_percent=%.2f cpu_us_per_ping=%.1f kb_each=%.2f rss_kb=%ld\n", sessions,
    opened, (pings - measured_from) / took, cpu * 100 / took, cpu * 1e6 / (pings - measured_from), (double)(after - before) / sessions,
    after);
  return 0;
}

static int probe(void) {
  struct sched_param ahead = { .sched_priority = 1 };
  sched_setscheduler(0, SCHED_FIFO, &ahead); /* where that is allowed, the probe itself is not kept waiting */
  Session *s = open_sessions(1);
  long total = seconds * 1000, sent = 0, answered = 0;
  double *at = calloc(total, sizeof *at), *took = calloc(total, sizeof *took), begin = now(), late = 0;
  while (answered < total) {
    for (; sent < total && now() >= begin + sent * 1e-3; sent++) {
      at[sent] = now();
      if (at[sent] - (begin + sent * 1e-3) > late)
        late = at[sent] - (begin + sent * 1e-3);
      put_request(s, PING, "", 0);
      send_all(s);
    }
    struct pollfd readable = { .fd = s->fd, .events = POLLIN };
    double rest = sent < total ? begin + sent * 1e-3 - now() : 1;
    struct timespec wait = { .tv_nsec = rest > 0.9 ? 900000000 : rest > 0 ? (long)(rest * 1e9) : 0 };
    if (ppoll(&readable, 1, &wait, NULL) > 0)
      for (int n = receive(s, MSG_DONTWAIT); n > 0; n--, answered++)
        took[answered] = now() - at[answered];
  }
  qsort(took, total, sizeof *took, compare_doubles);
  printf("op=probe seconds=%ld p50_us=%.0f p99_us=%.0f p999_us=%.0f max_us=%.0f own_delay_max_us=%.0f\n", seconds, took[total / 2] * 1e6,
    took[total * 99 / 100] * 1e6, took[total * 999 / 1000] * 1e6, took[total - 1] * 1e6, late * 1e6);
  return 0;
}

enum { WORKERS = 20 };

static void phase(const char *name, Session *all, int op) {
  double cpu = cpu_seconds(), begin = now();
  run(all, WORKERS, op, nested_name, count / WORKERS, count / WORKERS, 0);
  printf(" %s_per_s=%.0f %s_cpu_us=%.2f", name, count / (now() - begin), name, (cpu_seconds() - cpu) * 1e6 / count);
}

static int children(void) {
  Session *all = open_sessions(WORKERS);
  snprintf(prefix, sizeof prefix, "%s", path_given);
  for (int warm = 0; warm < 2; warm++) {
    run(all, WORKERS, CREATE, nested_name, count / 10 / WORKERS, count / 10 / WORKERS, 0);
    run(all, WORKERS, EXISTS, nested_name, count / 10 / WORKERS, count / 10 / WORKERS, 0);
    run(all, WORKERS, DELETE, nested_name, count / 10 / WORKERS, count / 10 / WORKERS, 0);
  }
  printf("op=children parents=%d ops=%ld", parents, count);
  phase("create", all, CREATE);
  phase("exists", all, EXISTS);
  phase("delete", all, DELETE);
  printf(" rss_kb=%ld\n", resident_kb());
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3 || !strchr(argv[2], ':'))
    return 2;
  char *command = argv[1], *port = strchr(argv[2], ':');
  *port++ = 0;
  server.sin_port = htons(atoi(port));
  inet_pton(AF_INET, argv[2], &server.sin_addr);
  for (int option; (option = getopt(argc - 2, argv + 2, "b:c:k:n:p:t:P:T:")) != -1;)
    switch (option) {
      case 'b': begun = atoll(optarg); break;
      case 'c': sessions = atoi(optarg); break;
      case 'k': parents = atoi(optarg); break;
      case 'n': count = atol(optarg); break;
      case 'p': path_given = optarg; break;
      case 't': seconds = atol(optarg); break;
      case 'P': pid = atoi(optarg); break;
      case 'T': timeout = atoi(optarg); break;
      default: return 2;
    }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (!strcmp(command, "ready")) return ready();
  if (!strcmp(command, "watch")) return watch();
  if (!strcmp(command, "idle")) return idle();
  if (!strcmp(command, "probe")) return probe();
  if (!strcmp(command, "children")) return children();
  return 2;
}
