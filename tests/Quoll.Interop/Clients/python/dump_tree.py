"""Prints every znode but those given as further arguments: path, data, ACL and stat, one a line."""
import sys

from steps import close, say
from trees import connect_super, described, paths_below

address, left_out = sys.argv[1], sys.argv[2:]
zk = connect_super(address)
for line in described(zk, [path for path in paths_below(zk, "/") if path not in left_out]):
    say(line)
close(zk)
