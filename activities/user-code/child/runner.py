"""A program: loads one Python file of a user's and calls it for the worker.

Frames (see ../frames.ts) come and go over fd 3; where the code is when it hangs or crashes is told over fd 4.
Needs Python 3.8 and nothing but its standard library; PyTorch only where the user's file imports it.
"""

import asyncio
import faulthandler
import importlib.util
import inspect
import json
import math
import os
import socket
import struct
import sys
import threading
import traceback
from array import array

REPORTS = 4
LONGEST_MESSAGE = 2000
LONGEST_STACK = 8000
GIGABYTE = 1024**3


class WrongShape(Exception):
    """What is asked of a user's code, and is not what it does."""


def main():
    # Neither this folder nor the user's: what runs are the pinned bytes alone.
    sys.path.pop(0)
    faulthandler.enable(file=REPORTS)
    worker = socket.socket(fileno=3)
    threading.Thread(target=watch_worker, daemon=True).start()
    work = None
    while True:
        head, body = receive(worker)
        limit = head["limitMs"] / 1000
        if head["type"] == "load":
            work = load(worker, head, limit)
        elif work is not None:
            work(head, body, limit)


def watch_worker():
    """Ends the process with the worker, and says where it is when the worker asks."""
    while os.read(REPORTS, 1):
        faulthandler.dump_traceback(file=REPORTS, all_threads=True)
    os._exit(1)


def load(worker, head, limit):
    limit_memory(head["memoryBytes"])
    try:
        module = within(limit, lambda: module_of(head["file"]))
        if head["role"] == "grader":
            work = grader_of(worker, module, head.get("function") or "score")
        else:
            work = objective_of(worker, module, head.get("function") or "loss")
    except BaseException as cause:
        send(worker, {"type": "failed", "error": thrown(cause)})
        return None
    send(worker, {"type": "loaded"})
    return work


def limit_memory(count):
    """So that a single huge allocation fails with its line; what grows slowly is seen by the worker."""
    try:
        import resource

        most = count + count // 2 + GIGABYTE // 2
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    except (ImportError, ValueError, OSError):
        pass


def module_of(path):
    # Not the name of a module that others import: a user's file may be called math.py.
    name = "user_" + os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def function_of(module, name, arguments):
    function = getattr(module, name, None)
    if not callable(function):
        raise WrongShape(f"define a function `{name}({arguments})`")
    return function


# Graders


def grader_of(worker, module, name):
    function = function_of(module, name, "output, reference, prompt")
    pass_on = arguments_after(function, 2, name)

    def grade(head, _body, limit):
        for item, given in enumerate(head["items"]):
            about = {"prompt": given["prompt"], "id": given["id"], "options": head["options"]}
            try:
                ask = lambda: function(given["output"], given["reference"], **pass_on(about))
                score = within(limit, lambda: settled(ask()))
                send(worker, {"type": "score", "item": item, **number(score)})
            except BaseException as cause:
                send(worker, {"type": "failed", "item": item, "error": thrown(cause)})

    return grade


def arguments_after(function, count, name):
    """Which of prompt, id, options and about (a dict of the three) the function wants, besides the first `count`."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return lambda about: {}
    everything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    rest = [
        parameter
        for parameter in parameters[count:]
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    known = ("prompt", "id", "options", "about")
    for parameter in rest:
        if parameter.name not in known and parameter.default is parameter.empty:
            raise WrongShape(
                f"`{name}` wants `{parameter.name}`, which nobody gives: after output and reference it may take "
                "prompt, id, options, or about, a dict of the three"
            )
    wanted = [parameter.name for parameter in rest if parameter.name in known]

    def chosen(about):
        given = {**about, "about": about}
        return dict(about) if everything else {key: given[key] for key in wanted}

    return chosen


def settled(value):
    if not inspect.isawaitable(value):
        return value

    async def wait():
        return await value

    return asyncio.run(wait())


def number(value):
    kind = type(value).__name__
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        return {"score": None, "kind": kind}
    score = float(value)
    return {"score": score if math.isfinite(score) else None, "kind": kind if math.isfinite(score) else str(score)}


# Objectives


def objective_of(worker, module, name):
    function = function_of(module, name, "logprobs, examples, options")
    metrics = getattr(module, "metrics", None)

    def evaluate(head, body, limit):
        try:
            answer, numbers = within(limit, lambda: evaluated(function, metrics, name, head, body))
        except BaseException as cause:
            send(worker, {"type": "failed", "error": thrown(cause)})
        else:
            send(worker, answer, numbers)

    return evaluate


def evaluated(function, metrics, name, head, body):
    lengths = head["lengths"]
    logprobs, targets, *inputs = unpacked(body, lengths, 2 + len(head["inputs"]))
    # A file that imports PyTorch is given tensors; any other is given lists.
    torch = sys.modules.get("torch")
    row, leaf, whole = list, list, lambda values: [int(value) for value in values]
    if torch is not None:
        row = lambda values: torch.tensor(values, dtype=torch.float64)
        leaf = lambda values: torch.tensor(values, dtype=torch.float64, requires_grad=True)
        whole = lambda values: torch.tensor(values, dtype=torch.int64)
    leaves = [leaf(values) for values in logprobs]
    examples = [
        {
            "targetTokens": whole(targets[index]),
            "inputs": {key: row(inputs[at][index]) for at, key in enumerate(head["inputs"])},
        }
        for index in range(len(lengths))
    ]
    given = called(function, leaves, examples, head["options"])
    more = {}
    if torch is not None and isinstance(given, torch.Tensor):
        own = False
        loss, gradients = differentiated(torch, given, leaves, name)
    elif isinstance(given, (tuple, list)) and len(given) in (2, 3):
        own = True
        loss, gradients = float(given[0]), [plain(values) for values in given[1]]
        more = given[2] if len(given) == 3 else {}
    else:
        raise WrongShape(
            f"`{name}` must return (loss, gradients), with a list of numbers per example, or a scalar tensor of "
            f"PyTorch; it returned {type(given).__name__}"
        )
    if metrics is not None:
        more = {**more, **called(metrics, leaves, examples, head["options"])}
    for index, length in enumerate(lengths):
        count = len(gradients[index]) if index < len(gradients) else 0
        if count != length:
            raise WrongShape(f"`{name}` gave {count} slopes for {length} targets (example {index})")
    flat = array("d", [loss])
    for values in gradients:
        flat.extend(values)
    answer = {
        "type": "evaluated",
        "lengths": lengths,
        "ownGradient": own,
        "metrics": {str(key): float(value) for key, value in more.items() if math.isfinite(float(value))},
    }
    return answer, flat.tobytes()


def called(function, logprobs, examples, options):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    more = (options,) if len(positional) > 2 or any(p.kind is p.VAR_POSITIONAL for p in parameters) else ()
    return settled(function(logprobs, examples, *more))


def differentiated(torch, loss, leaves, name):
    if loss.dim() != 0:
        raise WrongShape(f"`{name}` returned a tensor of shape {tuple(loss.shape)}: it must be a scalar")
    if not loss.requires_grad:
        raise WrongShape(f"the loss that `{name}` returned does not depend on logprobs: nothing could be learned")
    slopes = torch.autograd.grad(loss, leaves, allow_unused=True)
    zeros = (torch.zeros_like(one) if slope is None else slope for one, slope in zip(leaves, slopes))
    return float(loss.detach()), [slope.tolist() for slope in zeros]


def plain(values):
    values = values.tolist() if hasattr(values, "tolist") else values
    return [float(value) for value in values]


def unpacked(body, lengths, matrices):
    numbers = array("d")
    numbers.frombytes(body)
    at = 0
    for _ in range(matrices):
        rows = []
        for length in lengths:
            rows.append(numbers[at : at + length].tolist())
            at += length
        yield rows


# What both have in common


def within(limit, work):
    """Past its limit the code says where it is, from a thread of C that no loop of Python can stop; the worker ends it."""
    faulthandler.dump_traceback_later(limit, file=REPORTS)
    try:
        return work()
    finally:
        faulthandler.cancel_dump_traceback_later()


def thrown(cause):
    """In a form that fits a message, whatever it is. Frames most recent first."""
    try:
        message = str(cause)
    except BaseException:
        message = "what cannot be told"
    if isinstance(cause, WrongShape):
        return {"kind": "shape", "message": cut(message, LONGEST_MESSAGE), "stack": ""}
    frames = reversed(traceback.extract_tb(cause.__traceback__))
    lines = [f'  File "{frame.filename}", line {frame.lineno} in {frame.name}' for frame in frames]
    if isinstance(cause, SyntaxError):
        lines.insert(0, f'  File "{cause.filename}", line {cause.lineno}')
        message = cause.msg
    name = type(cause).__name__
    told = f"{name}: {message}" if message else name
    return {"kind": "raised", "message": cut(told, LONGEST_MESSAGE), "stack": cut("\n".join(lines), LONGEST_STACK)}


def cut(text, longest):
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def receive(worker):
    head, body = struct.unpack("<II", exactly(worker, 8))
    return json.loads(exactly(worker, head)), exactly(worker, body)


def exactly(worker, count):
    data = bytearray(count)
    view, at = memoryview(data), 0
    while at < count:
        read = worker.recv_into(view[at:])
        if read == 0:
            os._exit(0)
        at += read
    return bytes(data)


def send(worker, head, body=b""):
    text = json.dumps(head, allow_nan=False).encode("utf-8", "surrogatepass")
    worker.sendall(struct.pack("<II", len(text), len(body)) + text + body)


if __name__ == "__main__":
    main()
