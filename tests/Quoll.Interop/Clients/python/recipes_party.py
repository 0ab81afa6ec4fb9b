"""Members of kazoo's parties, beside members of another client."""
import sys

from steps import await_line, close, connect, equal, ok, say


def main(address):
    client = connect(address)
    party = client.Party("/party", "from-kazoo")
    party.join()
    say("joined")
    await_line("look")
    equal(["from-kazoo", "from-quoll"], sorted(party), "the party")
    equal(2, len(party), "its size")
    ok("party")
    shallow = client.ShallowParty("/shallow", "kazoo")
    shallow.join()
    equal(["kazoo", "quoll"], sorted(shallow), "the shallow party")
    ok("shallow")
    shallow.leave()
    party.leave()
    ok("left")
    close(client)


main(sys.argv[1])
