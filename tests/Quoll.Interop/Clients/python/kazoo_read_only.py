"""A client that contents itself with reads, at a server that has lost all others: it reads, and is refused every change."""
import sys

from kazoo.client import KeeperState
from kazoo.exceptions import NotReadOnlyCallError

from steps import close, connect, equal, ok, refused

zk = connect(sys.argv[1], read_only=True)
equal(KeeperState.CONNECTED_RO, zk.client_state, "the client's state")
equal(b"kept", zk.get("/kept")[0], "what is read")
equal(["kept", "zookeeper"], sorted(zk.get_children("/")), "the root's children")
ok("reads")

refused(NotReadOnlyCallError, zk.create, "/refused", b"")
refused(NotReadOnlyCallError, zk.create, "/refused", b"", ephemeral=True)
refused(NotReadOnlyCallError, zk.set, "/kept", b"")
refused(NotReadOnlyCallError, zk.delete, "/kept")
refused(NotReadOnlyCallError, zk.sync, "/")
equal(b"kept", zk.get("/kept")[0], "what is read behind refused changes")
ok("refused")
close(zk)
