// Command interop is the Go client at work: znodes, watches, ACLs, transactions, a lock, and a session kept over a restart of its server.
// It prints "ok step" as it goes; the first wrong thing ends it with 1.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/samuel/go-zookeeper/zk"
)

const (
	timeout  = 10 * time.Second
	patience = 30 * time.Second
)

var open = zk.WorldACL(zk.PermAll)

func fail(format string, arguments ...interface{}) {
	fmt.Fprintf(os.Stderr, "failed: "+format+"\n", arguments...)
	os.Exit(1)
}

func equal(expected, actual interface{}, what string) {
	if !reflect.DeepEqual(expected, actual) {
		fail("%s: expected %v, got %v", what, expected, actual)
	}
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func ok(step string) {
	fmt.Println("ok " + step)
}

type quiet struct{}

func (quiet) Printf(string, ...interface{}) {}

// session is a connection and how often it has got a session.
type session struct {
	*zk.Conn
	ready chan struct{}
}

func connect(address string) *session {
	conn, events, err := zk.Connect([]string{address}, timeout, zk.WithLogger(quiet{}))
	must(err, "connect")
	s := &session{conn, make(chan struct{}, 16)}
	go func() {
		for event := range events {
			if event.State == zk.StateHasSession {
				s.ready <- struct{}{}
			}
		}
	}()
	s.await()
	return s
}

func (s *session) await() {
	select {
	case <-s.ready:
	case <-time.After(patience):
		fail("no session within %v", patience)
	}
}

func awaitEvent(events <-chan zk.Event, kind zk.EventType, path string) {
	select {
	case event := <-events:
		equal(kind, event.Type, "the event at "+path)
		equal(path, event.Path, "the event's path")
	case <-time.After(patience):
		fail("no event %v at %s within %v", kind, path, patience)
	}
}

func (s *session) create(path, data string, flags int32) string {
	name, err := s.Create(path, []byte(data), flags, open)
	must(err, "create "+path)
	return name
}

func kinds(s *session) {
	equal("/kinds", s.create("/kinds", "root", 0), "a persistent znode")
	equal("/kinds/s-0000000000", s.create("/kinds/s-", "", zk.FlagSequence), "a sequential znode")
	equal("/kinds/e", s.create("/kinds/e", "mine", zk.FlagEphemeral), "an ephemeral znode")
	equal("/kinds/es-0000000002", s.create("/kinds/es-", "", zk.FlagEphemeral|zk.FlagSequence), "both")
	protected, err := s.CreateProtectedEphemeralSequential("/kinds/p-", nil, open)
	must(err, "a protected znode")
	equal(true, strings.HasPrefix(protected, "/kinds/_c_") && strings.HasSuffix(protected, "-p-0000000003"), "its name")

	data, stat, err := s.Get("/kinds/e")
	must(err, "get")
	equal("mine", string(data), "the data")
	equal(s.SessionID(), stat.EphemeralOwner, "the owner")
	children, stat, err := s.Children("/kinds")
	must(err, "children")
	equal([]int{4, 4, 4}, []int{len(children), int(stat.NumChildren), int(stat.Cversion)}, "the children")

	big := bytes.Repeat([]byte("0123456789"), 100000)
	stat, err = s.Set("/kinds", big, 0)
	must(err, "set")
	equal(int32(1), stat.Version, "the version")
	data, _, err = s.Get("/kinds")
	must(err, "get")
	equal(true, bytes.Equal(big, data), "a million bytes")
	_, err = s.Sync("/kinds")
	must(err, "sync")
	ok("kinds")
}

func refused(s *session) {
	expect := func(expected, actual error, what string) {
		equal(expected, actual, what)
	}
	_, err := s.Create("/kinds", nil, 0, open)
	expect(zk.ErrNodeExists, err, "create what is there")
	_, err = s.Create("/absent/child", nil, 0, open)
	expect(zk.ErrNoNode, err, "create below nothing")
	_, err = s.Create("/kinds/e/child", nil, 0, open)
	expect(zk.ErrNoChildrenForEphemerals, err, "create below an ephemeral")
	expect(zk.ErrNotEmpty, s.Delete("/kinds", -1), "delete a parent")
	expect(zk.ErrBadVersion, s.Delete("/kinds/e", 7), "delete another version")
	_, err = s.Set("/kinds", nil, 7)
	expect(zk.ErrBadVersion, err, "set another version")
	there, _, err := s.Exists("/absent")
	must(err, "exists")
	equal(false, there, "an absent znode")
	ok("errors")
}

func watches(s *session) {
	s.create("/w", "0", 0)
	_, _, data, err := s.GetW("/w")
	must(err, "GetW")
	_, err = s.Set("/w", []byte("1"), 0)
	must(err, "set")
	awaitEvent(data, zk.EventNodeDataChanged, "/w")

	// Not together with the data watch: this client hands every event at a path to all the watches there.
	_, _, children, err := s.ChildrenW("/w")
	must(err, "ChildrenW")
	_, _, exists, err := s.ExistsW("/w/x")
	must(err, "ExistsW")
	s.create("/w/x", "", 0)
	awaitEvent(children, zk.EventNodeChildrenChanged, "/w")
	awaitEvent(exists, zk.EventNodeCreated, "/w/x")
	_, _, gone, err := s.GetW("/w/x")
	must(err, "GetW")
	must(s.Delete("/w/x", 0), "delete")
	awaitEvent(gone, zk.EventNodeDeleted, "/w/x")
	ok("watches")
}

func acls(s, stranger *session) {
	must(s.AddAuth("digest", []byte("bob:secret")), "addauth")
	mine := zk.DigestACL(zk.PermAll, "bob", "secret")
	equal("bob:fyVmFCwVbTJYrznoSu1koqYEYF0=", mine[0].ID, "the digest")
	_, err := s.Create("/bobs", []byte("x"), 0, zk.AuthACL(zk.PermAll))
	must(err, "create with auth")
	acl, stat, err := s.GetACL("/bobs")
	must(err, "getACL")
	equal(mine, acl, "the ACL")
	equal(int32(0), stat.Aversion, "its version")
	_, _, err = stranger.Get("/bobs")
	equal(zk.ErrNoAuth, err, "a stranger reads")
	_, err = stranger.SetACL("/bobs", open, -1)
	equal(zk.ErrNoAuth, err, "a stranger sets the ACL")
	stat, err = s.SetACL("/bobs", append(mine, zk.WorldACL(zk.PermRead)...), 0)
	must(err, "setACL")
	equal(int32(1), stat.Aversion, "its next version")
	_, _, err = stranger.Get("/bobs")
	must(err, "a stranger reads what all may read")
	_, err = stranger.Set("/bobs", nil, -1)
	equal(zk.ErrNoAuth, err, "a stranger writes")
	_, err = s.Create("/bad", nil, 0, []zk.ACL{{Perms: zk.PermAll, Scheme: "nosuchscheme", ID: "x"}})
	equal(zk.ErrInvalidACL, err, "an unknown scheme")
	ok("acls")
}

func transactions(s *session) {
	s.create("/m", "0", 0)
	s.create("/m/old", "", 0)
	results, err := s.Multi(
		&zk.CreateRequest{Path: "/m/s-", Data: []byte("x"), Acl: open, Flags: zk.FlagSequence},
		&zk.SetDataRequest{Path: "/m", Data: []byte("1"), Version: 0},
		&zk.CheckVersionRequest{Path: "/m", Version: 1},
		&zk.DeleteRequest{Path: "/m/old", Version: 0})
	must(err, "multi")
	equal("/m/s-0000000001", results[0].String, "the name")
	_, stat, err := s.Exists("/m/s-0000000001")
	must(err, "exists")
	equal([]int64{1, stat.Czxid}, []int64{int64(results[1].Stat.Version), results[1].Stat.Mzxid}, "version and zxid")
	there, _, _ := s.Exists("/m/old")
	equal(false, there, "the deleted")

	_, err = s.Multi(
		&zk.CreateRequest{Path: "/m/b", Data: nil, Acl: open, Flags: 0},
		&zk.CheckVersionRequest{Path: "/m", Version: 99},
		&zk.DeleteRequest{Path: "/m/s-0000000001", Version: 0})
	equal(zk.ErrBadVersion, err, "a broken transaction")
	children, _, err := s.Children("/m")
	must(err, "children")
	equal([]string{"s-0000000001"}, children, "nothing of it happened")
	ok("transactions")
}

func locks(sessions ...*session) {
	var gate sync.WaitGroup
	inside, balance := 0, 0
	for _, s := range sessions {
		gate.Add(1)
		go func(s *session) {
			defer gate.Done()
			for turn := 0; turn < 10; turn++ {
				lock := zk.NewLock(s.Conn, "/lock", open)
				must(lock.Lock(), "lock")
				inside++
				equal(1, inside, "holders of the lock")
				balance++
				inside--
				must(lock.Unlock(), "unlock")
			}
		}(s)
	}
	gate.Wait()
	equal(10*len(sessions), balance, "the balance")
	left, _, err := sessions[0].Children("/lock")
	must(err, "children")
	equal(0, len(left), "contenders left")
	ok("lock")
}

func restart(s, other *session) {
	s.create("/kept", "before", 0)
	s.create("/kept/e", "mine", zk.FlagEphemeral)
	_, before, err := s.Exists("/kept/e")
	must(err, "exists")
	_, _, data, err := s.GetW("/w")
	must(err, "GetW")
	_, _, children, err := s.ChildrenW("/kept")
	must(err, "ChildrenW")
	_, _, later, err := s.ExistsW("/kept/later")
	must(err, "ExistsW")
	id := s.SessionID()

	fmt.Println("ready-for-restart")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	must(err, "the line on standard input")
	equal("restarted\n", line, "the line on standard input")
	s.await()
	other.await()
	equal(id, s.SessionID(), "the session")
	_, after, err := s.Exists("/kept/e")
	must(err, "exists")
	equal(before, after, "the ephemeral's stat")
	equal(id, after.EphemeralOwner, "the ephemeral's owner")
	_, err = s.Set("/bobs", []byte("still bob"), -1)
	must(err, "set with the auth of before")
	ok("session")

	_, err = other.Set("/w", []byte("after"), 1)
	must(err, "set")
	awaitEvent(data, zk.EventNodeDataChanged, "/w")
	other.create("/kept/later", "", 0)
	awaitEvent(later, zk.EventNodeCreated, "/kept/later")
	awaitEvent(children, zk.EventNodeChildrenChanged, "/kept")
	ok("watches-kept")

	_, _, gone, err := other.ExistsW("/kept/e")
	must(err, "ExistsW")
	s.Close()
	awaitEvent(gone, zk.EventNodeDeleted, "/kept/e")
	names, _, err := other.Children("/")
	must(err, "children")
	sort.Strings(names)
	equal([]string{"bobs", "kept", "kinds", "lock", "m", "w", "zookeeper"}, names, "what stays")
	other.Close()
	ok("close")
}

func main() {
	address := os.Args[1]
	s, other := connect(address), connect(address)
	kinds(s)
	refused(s)
	watches(s)
	acls(s, other)
	transactions(s)
	locks(s, other)
	restart(s, other)
}
