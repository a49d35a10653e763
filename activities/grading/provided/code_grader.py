"""The grader `code`: whether the code of an answer passes the reference's tests, in a process of its own.

An answer passes if its program, and then all tests, come to their end: who leaves early, by whatever exit, has not passed.
It is kept from accidents, its own and the machine's, not from a program that sets out to deceive: it runs beside its tests.
"""

import ctypes
import json
import os
import re
import resource
import secrets
import signal
import subprocess
import sys
import tempfile

MEGABYTE = 1024 * 1024
# Slow is not wrong: what counts is the time that it computes. This is for what waits for something.
WALL_FACTOR = 10
PR_SET_CHILD_SUBREAPER = 36

# Reads what it is to run, and says the word that it was given once all has come to its end.
DRIVER = """
import json, os, sys
word, parts = json.loads(sys.stdin.read())
sys.stdin = open(os.devnull)
said = os.dup(1)
silence = os.open(os.devnull, os.O_WRONLY)
os.dup2(silence, 1)
os.dup2(silence, 2)
def run(parts, word, said):
    names = {"__name__": "__main__"}
    for name, text in parts:
        exec(compile(text, name, "exec"), names)
    os.write(said, word.encode())
run(parts, word, said)
os._exit(0)
"""


def score(output, reference, prompt, options):
    return float(passes(program_of(output, prompt, options), reference, options))


def refuses(output, reference, options):
    """Fails where the reference tests nothing."""
    try:
        compile(reference, "tests", "exec")
    except (SyntaxError, ValueError) as cause:
        raise ValueError(f"its tests are no Python ({cause})") from cause
    if passes("", reference, options):
        raise ValueError("its tests pass without an answer: they test nothing (what they define must be called)")
    return 1.0


BLOCK = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n]*\n(.*?)(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
PYTHON = ("", "python", "python3", "py", "py3")


def program_of(output, prompt, options):
    """The last block of Python, else all of it; with the prompt before it, where an answer goes on with that."""
    blocks = [text for _, language, text in BLOCK.findall(output) if language.lower() in PYTHON]
    if blocks:
        return blocks[-1]
    return prompt + output if options["continues"] else output


def passes(program, tests, options):
    word = secrets.token_hex(16)
    asked = json.dumps([word, [["answer", program], ["tests", tests]]])
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "HOME": folder, "TMPDIR": folder},
            start_new_session=True,
            preexec_fn=lambda: limit(options),
        )
        try:
            child.stdin.write(asked.encode("utf-8", "surrogatepass"))
            child.stdin.close()
            left = child.wait(options["seconds"] * WALL_FACTOR)
            # Not to its end: something that it started may hold the pipe.
            os.set_blocking(child.stdout.fileno(), False)
            said = child.stdout.read(len(word)) or b""
        except (subprocess.TimeoutExpired, BrokenPipeError):
            return False
        finally:
            end(child)
    return left == 0 and said == word.encode()


def limit(options):
    seconds = max(1, round(options["seconds"]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    most = options["megabytes"] * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * MEGABYTE, 64 * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end(child):
    """With whatever it started: on Linux what it left behind has become ours."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    for stream in (child.stdin, child.stdout):
        try:
            stream.close()
        except BrokenPipeError:
            pass
    child.wait()
    for pid in left_behind():
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError, PermissionError):
            pass


def left_behind():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as children:
            return [int(pid) for pid in children.read().split()]
    except OSError:
        return []


try:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
except (AttributeError, OSError):
    pass
