"""A real Postfix of its own: takes mails, hands them to a next hop, keeps what comes back."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from support.needs import missing
from support.server import WAIT_SECONDS, free_port

_DAEMONS = Path("/usr/lib/postfix/sbin")
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
smtp unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = /
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
myhostname = relay.example.net
mydestination =
mynetworks = 127.0.0.0/8
recipient_delimiter = +
relayhost = [127.0.0.1]:{next_hop}
virtual_mailbox_domains = example.net
virtual_mailbox_maps = inline:{{ {{ {mailbox} = mailbox/ }} }}
virtual_mailbox_base = {folder}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
"""


class Postfix:
    """Runs with a queue and a port of its own; needs to be root, as Postfix does."""

    def __init__(self, next_hop: int, mailbox: str) -> None:
        """``mailbox`` is an address of example.net, with whatever follows a plus in it."""
        if shutil.which("postfix") is None or os.geteuid() != 0:
            missing("Postfix, and to be root (Debian's package postfix)")
        self.port = free_port()
        # What pytest makes is for its own user alone.
        self._folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self._folder.chmod(0o755)
        owner = shutil._get_uid("postfix"), shutil._get_gid("postfix")
        for name in ("queue", "data", "boxes"):
            (self._folder / name).mkdir()
            (self._folder / name).chmod(0o755)  # whatever umask a test before has left
        for name in ("data", "boxes"):
            os.chown(self._folder / name, *owner)
        words = {
            "folder": self._folder,
            "daemons": _DAEMONS,
            "port": self.port,
            "next_hop": next_hop,
            "mailbox": mailbox,
            "uid": owner[0],
            "gid": owner[1],
        }
        (self._folder / "main.cf").write_text(_MAIN.format(**words))
        (self._folder / "master.cf").write_text(_MASTER.format(**words))

    def start(self) -> "Postfix":
        self._do("start")
        return self

    def stop(self) -> None:
        self._do("stop")
        shutil.rmtree(self._folder)

    def returned(self) -> bytes:
        """The first mail that came to the mailbox, once it is there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := list(self._folder.glob("boxes/mailbox/new/*"))):
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)
        return found[0].read_bytes()

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text()

    def _do(self, what: str) -> None:
        done = subprocess.run(
            ["postfix", "-c", str(self._folder), what],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
