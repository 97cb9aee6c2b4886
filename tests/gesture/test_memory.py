import subprocess
import sys

import pytest

from triptych.gesture.memory import give_back

PROGRAM = """
import sys
import psutil
from triptych.gesture.memory import give_back

def resident():
    return psutil.Process().memory_info().rss

pieces = [bytes(100_000) for _ in range(300)]
keep = bytes(100)  # above them, so that the heap cannot shrink by itself
pieces.append(keep)
full = resident()
del pieces[:-1]
give_back()
print(full - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has to be asked")
def test_freed_memory_goes_back_to_the_system() -> None:
    """Most of 30 MB that have been freed are the system's again."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert int(run.stdout) > 15e6, run.stderr


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody has to be asked, or the call is not there, nothing happens."""
    monkeypatch.setattr(sys, "platform", "win32")
    give_back()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    give_back()
