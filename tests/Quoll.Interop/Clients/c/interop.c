/* The C client at work: every kind of znode, watches, ACLs, transactions, and a session kept over a restart of its server.
   usage: interop ADDRESS. Prints "ok step" as it goes; the first wrong thing ends it with 1. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

#define TIMEOUT_MS 10000
#define PATIENCE_S 30
#define HOUR_MS 3600000

#define CHECK(condition) ((condition) ? (void)0 : fail(__LINE__, #condition))
#define EXPECT(code, call) expect(__LINE__, #call, (code), (call))

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int state;
static int reconnects;
static char events[4096];

static void fail(int line, const char *what)
{
    fprintf(stderr, "failed at line %d: %s\nevents: %s\n", line, what, events);
    exit(1);
}

static void expect(int line, const char *what, int code, int actual)
{
    if (code == actual)
        return;

    fprintf(stderr, "failed at line %d: %s: expected %d, got %d (%s)\n", line, what, code, actual, zerror(actual));
    exit(1);
}

static void ok(const char *step)
{
    printf("ok %s\n", step);
    fflush(stdout);
}

static void on_session(zhandle_t *zk, int type, int now, const char *path, void *context)
{
    pthread_mutex_lock(&gate);
    if (now == ZOO_CONNECTED_STATE && state != ZOO_CONNECTED_STATE)
        reconnects++;
    state = now;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&gate);
}

/* Notes "name:type:path;" for every event but the session's. */
static void on_event(zhandle_t *zk, int type, int now, const char *path, void *name)
{
    if (type == ZOO_SESSION_EVENT)
        return;

    pthread_mutex_lock(&gate);
    size_t used = strlen(events);
    snprintf(events + used, sizeof events - used, "%s:%d:%s;", (const char *)name, type, path);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&gate);
}

static int is_connected(const void *times)
{
    return state == ZOO_CONNECTED_STATE && reconnects >= *(const int *)times;
}

static int has_event(const void *event)
{
    return strstr(events, event) != NULL;
}

static void await(int line, int (*condition)(const void *), const void *argument, const char *what)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&gate);
    int late = 0;
    while (!condition(argument) && late == 0)
        late = pthread_cond_timedwait(&changed, &gate, &deadline);
    pthread_mutex_unlock(&gate);
    if (late != 0)
        fail(line, what);
}

#define AWAIT_EVENT(event) await(__LINE__, has_event, event, "no event " event)

static void await_connection(int times)
{
    await(__LINE__, is_connected, &times, "not connected");
}

static zhandle_t *connect_to(const char *address)
{
    state = 0;
    reconnects = 0;
    zhandle_t *zk = zookeeper_init(address, on_session, TIMEOUT_MS, NULL, NULL, 0);
    CHECK(zk != NULL);
    await_connection(1);
    return zk;
}

static const char *create(zhandle_t *zk, const char *path, const char *value, int mode)
{
    static char name[256];
    int length = value == NULL ? -1 : (int)strlen(value);
    EXPECT(ZOK, zoo_create(zk, path, value, length, &ZOO_OPEN_ACL_UNSAFE, mode, name, sizeof name));
    return name;
}

static void kinds(zhandle_t *zk)
{
    char name[256], data[64];
    struct Stat stat;
    CHECK(strcmp(create(zk, "/kinds", "root", ZOO_PERSISTENT), "/kinds") == 0);
    CHECK(strcmp(create(zk, "/kinds/s-", "", ZOO_PERSISTENT_SEQUENTIAL), "/kinds/s-0000000000") == 0);
    CHECK(strcmp(create(zk, "/kinds/e", "mine", ZOO_EPHEMERAL), "/kinds/e") == 0);
    CHECK(strcmp(create(zk, "/kinds/es-", "", ZOO_EPHEMERAL_SEQUENTIAL), "/kinds/es-0000000002") == 0);
    CHECK(strcmp(create(zk, "/kinds/c", "box", ZOO_CONTAINER), "/kinds/c") == 0);
    EXPECT(ZOK, zoo_create2_ttl(zk, "/kinds/t", "x", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_WITH_TTL, HOUR_MS, name, sizeof name, &stat));
    CHECK(strcmp(name, "/kinds/t") == 0 && stat.dataLength == 1 && stat.ephemeralOwner == 0 && stat.czxid == stat.mzxid);
    EXPECT(ZOK, zoo_create2_ttl(zk, "/kinds/ts-", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, HOUR_MS,
        name, sizeof name, &stat));
    CHECK(strcmp(name, "/kinds/ts-0000000005") == 0);
    EXPECT(ZOK, zoo_create2(zk, "/kinds/null", NULL, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, name, sizeof name, &stat));

    int length = sizeof data;
    EXPECT(ZOK, zoo_get(zk, "/kinds/null", 0, data, &length, &stat));
    CHECK(length == -1 && stat.dataLength == 0);
    length = sizeof data;
    EXPECT(ZOK, zoo_get(zk, "/kinds/s-0000000000", 0, data, &length, &stat));
    CHECK(length == 0);
    EXPECT(ZOK, zoo_exists(zk, "/kinds/e", 0, &stat));
    CHECK(stat.ephemeralOwner == zoo_client_id(zk)->client_id);

    struct String_vector children;
    EXPECT(ZOK, zoo_get_children2(zk, "/kinds", 0, &children, &stat));
    CHECK(children.count == 7 && stat.numChildren == 7 && stat.cversion == 7);
    deallocate_String_vector(&children);
    ok("kinds");
}

static void errors(zhandle_t *zk)
{
    EXPECT(ZNODEEXISTS, zoo_create(zk, "/kinds", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    EXPECT(ZNONODE, zoo_create(zk, "/absent/child", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    EXPECT(ZNOCHILDRENFOREPHEMERALS, zoo_create(zk, "/kinds/e/child", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    EXPECT(ZNOTEMPTY, zoo_delete(zk, "/kinds", -1));
    EXPECT(ZNONODE, zoo_delete(zk, "/absent", -1));
    EXPECT(ZBADVERSION, zoo_set(zk, "/kinds", "x", 1, 7));
    EXPECT(ZBADVERSION, zoo_delete(zk, "/kinds/e", 7));
    EXPECT(ZNONODE, zoo_exists(zk, "/absent", 0, NULL));
    EXPECT(ZINVALIDACL, zoo_create(zk, "/acl", "", 0, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0));
    ok("errors");
}

static void watches(zhandle_t *zk)
{
    char data[64];
    int length = sizeof data;
    struct Stat stat;
    struct String_vector children;
    create(zk, "/w", "0", ZOO_PERSISTENT);
    EXPECT(ZOK, zoo_wget(zk, "/w", on_event, "data", data, &length, &stat));
    EXPECT(ZOK, zoo_wget_children(zk, "/w", on_event, "children", &children));
    EXPECT(ZNONODE, zoo_wexists(zk, "/w/x", on_event, "exists", &stat));
    EXPECT(ZOK, zoo_set2(zk, "/w", "1", 1, 0, &stat));
    CHECK(stat.version == 1);
    AWAIT_EVENT("data:3:/w;");
    create(zk, "/w/x", "", ZOO_PERSISTENT);
    AWAIT_EVENT("children:4:/w;");
    AWAIT_EVENT("exists:1:/w/x;");
    length = sizeof data;
    EXPECT(ZOK, zoo_wget(zk, "/w/x", on_event, "gone", data, &length, &stat));
    EXPECT(ZOK, zoo_delete(zk, "/w/x", 0));
    AWAIT_EVENT("gone:2:/w/x;");

    EXPECT(ZOK, zoo_wexists(zk, "/w", on_event, "removed", &stat));
    EXPECT(ZOK, zoo_remove_watches(zk, "/w", ZWATCHTYPE_DATA, on_event, "removed", 0));
    EXPECT(ZOK, zoo_set(zk, "/w", "2", 1, -1));
    EXPECT(ZNOWATCHER, zoo_remove_watches(zk, "/w", ZWATCHTYPE_DATA, on_event, "removed", 0));
    CHECK(!has_event("removed:3:"));
    ok("watches");
}

static void on_auth(int code, const void *done)
{
    pthread_mutex_lock(&gate);
    *(int *)done = code == ZOK ? 1 : -1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&gate);
}

static int is_set(const void *flag)
{
    return *(const volatile int *)flag != 0;
}

static void acls(zhandle_t *zk)
{
    static int done;
    char data[64];
    int length = sizeof data;
    struct Stat stat;
    struct ACL_vector acl;
    struct ACL others[] = { { ZOO_PERM_READ, { "world", "anyone" } } };
    struct ACL strangers[] = { { ZOO_PERM_ALL, { "digest", "alice:AAAAAAAAAAAAAAAAAAAAAAAAAAA=" } } };
    struct ACL_vector read_only = { 1, others }, stranger = { 1, strangers };

    create(zk, "/open", "x", ZOO_PERSISTENT);
    EXPECT(ZOK, zoo_set_acl(zk, "/open", 0, &read_only));
    EXPECT(ZNOAUTH, zoo_set_acl(zk, "/open", 1, &read_only));
    EXPECT(ZNOAUTH, zoo_set(zk, "/open", "y", 1, -1));
    EXPECT(ZOK, zoo_create(zk, "/strange", "x", 1, &stranger, 0, NULL, 0));
    EXPECT(ZNOAUTH, zoo_get(zk, "/strange", 0, data, &length, &stat));

    EXPECT(ZOK, zoo_add_auth(zk, "digest", "bob:secret", 10, on_auth, &done));
    await(__LINE__, is_set, &done, "no answer to addauth");
    CHECK(done == 1);
    EXPECT(ZOK, zoo_create(zk, "/bobs", "x", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0));
    EXPECT(ZOK, zoo_get_acl(zk, "/bobs", &acl, &stat));
    CHECK(acl.count == 1 && acl.data[0].perms == ZOO_PERM_ALL && strcmp(acl.data[0].id.scheme, "digest") == 0);
    CHECK(strcmp(acl.data[0].id.id, "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=") == 0);
    deallocate_ACL_vector(&acl);
    EXPECT(ZOK, zoo_set(zk, "/bobs", "y", 1, 0));
    EXPECT(ZBADVERSION, zoo_set_acl(zk, "/bobs", 5, &read_only));
    ok("acls");
}

static void transactions(zhandle_t *zk)
{
    char name[64];
    struct Stat set, created;
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    create(zk, "/m", "0", ZOO_PERSISTENT);

    zoo_create_op_init(&ops[0], "/m/s-", "x", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL, name, sizeof name);
    zoo_set_op_init(&ops[1], "/m", "1", 1, 0, &set);
    zoo_check_op_init(&ops[2], "/m", 1);
    zoo_delete_op_init(&ops[3], "/kinds/null", 0);
    EXPECT(ZOK, zoo_multi(zk, 4, ops, results));
    EXPECT(ZOK, zoo_exists(zk, "/m/s-0000000000", 0, &created));
    CHECK(strcmp(name, "/m/s-0000000000") == 0 && set.version == 1 && set.mzxid == created.czxid);
    EXPECT(ZNONODE, zoo_exists(zk, "/kinds/null", 0, NULL));

    zoo_create_op_init(&ops[0], "/m/b", "x", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    zoo_check_op_init(&ops[1], "/m", 99);
    zoo_delete_op_init(&ops[2], "/m/s-0000000000", 0);
    EXPECT(ZBADVERSION, zoo_multi(zk, 3, ops, results));
    CHECK(results[0].err == ZOK && results[1].err == ZBADVERSION && results[2].err == ZRUNTIMEINCONSISTENCY);
    EXPECT(ZNONODE, zoo_exists(zk, "/m/b", 0, NULL));
    EXPECT(ZOK, zoo_exists(zk, "/m/s-0000000000", 0, NULL));
    ok("transactions");
}

static void restart(zhandle_t *zk, const char *address)
{
    char line[64], data[64];
    int length = sizeof data;
    struct Stat before, after;
    struct String_vector children;
    clientid_t session = *zoo_client_id(zk);
    create(zk, "/kept", "before", ZOO_PERSISTENT);
    create(zk, "/kept/e", "mine", ZOO_EPHEMERAL);
    EXPECT(ZOK, zoo_exists(zk, "/kept/e", 0, &before));
    EXPECT(ZOK, zoo_wget(zk, "/kept", on_event, "kept-data", data, &length, &after));
    EXPECT(ZOK, zoo_wget_children(zk, "/kept", on_event, "kept-children", &children));
    EXPECT(ZNONODE, zoo_wexists(zk, "/kept/later", on_event, "kept-exists", &after));

    printf("ready-for-restart\n");
    fflush(stdout);
    CHECK(fgets(line, sizeof line, stdin) != NULL && strcmp(line, "restarted\n") == 0);
    await_connection(2);
    CHECK(memcmp(&session, zoo_client_id(zk), sizeof session) == 0);
    EXPECT(ZOK, zoo_exists(zk, "/kept/e", 0, &after));
    CHECK(memcmp(&before, &after, sizeof before) == 0 && after.ephemeralOwner == session.client_id);
    EXPECT(ZOK, zoo_set(zk, "/bobs", "z", 1, 1));
    CHECK(!has_event("kept-"));
    ok("session");

    EXPECT(ZOK, zoo_set(zk, "/kept", "after", 5, 0));
    AWAIT_EVENT("kept-data:3:/kept;");
    create(zk, "/kept/later", "", ZOO_PERSISTENT);
    AWAIT_EVENT("kept-exists:1:/kept/later;");
    AWAIT_EVENT("kept-children:4:/kept;");
    ok("watches-kept");

    EXPECT(ZOK, zookeeper_close(zk));
    zk = connect_to(address);
    EXPECT(ZNONODE, zoo_exists(zk, "/kept/e", 0, NULL));
    EXPECT(ZOK, zoo_exists(zk, "/kept/later", 0, NULL));
    EXPECT(ZOK, zookeeper_close(zk));
    ok("close");
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zhandle_t *zk = connect_to(arguments[1]);
    kinds(zk);
    errors(zk);
    watches(zk);
    acls(zk);
    transactions(zk);
    restart(zk, arguments[1]);
    return 0;
}
