"""Records math-verify's own examples (Apache-2.0, its tests) for the grader `math`: [reference, answer, expected].

    pip download --no-deps --no-binary :all: math-verify==0.9.0 && tar xzf math_verify-0.9.0.tar.gz
    python record_math.py math_verify-0.9.0/tests > math.json

Left out are tests of options that the grader does not have, and of texts in which only marked mathematics counts (OTHERWISE).
"""

import ast
import glob
import json
import sys

# They are compared without what stands outside of the marks; here a line break ends no mathematics.
OTHERWISE = [["$9$", "Answer $ \n 9 \n $"], ["$9$", "Answer \\( \n 9 \n \\)"]]
OTHER = ("timeout", "raise", "string", "strict", "configs")
cases = []
for path in sorted(glob.glob(f"{sys.argv[1]}/test_*.py")):
    if any(word in path for word in OTHER):
        continue
    with open(path) as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or len(decorator.args) < 2:
                continue
            try:
                names, values = ast.literal_eval(decorator.args[0]), ast.literal_eval(decorator.args[1])
            except ValueError:
                continue
            if [name.strip() for name in names.split(",")] == ["gold", "pred", "expected"]:
                cases.extend([gold, pred, int(bool(expected))] for gold, pred, expected in values if [gold, pred] not in OTHERWISE)

print("[\n" + ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases) + "\n]")
