#!/usr/bin/env python3
"""Rejects an #include of a module that the including module did not declare, and declarations that point upwards.

Usage: include_rule_test.py SOURCE_DIR MODULES_FILE; the build writes MODULES_FILE, one line a module:
    name: modules that its library uses | modules that only its tests use
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"shoal/([a-z0-9_]+)/')
# Modules for tests only: no library that is part of the product may use them.
TEST_ONLY = {"sim", "testing"}


def read_modules(path):
    uses, test_uses = {}, {}
    for line in path.read_text().splitlines():
        name, rest = line.split(":", 1)
        own, _, tests = rest.partition("|")
        uses[name], test_uses[name] = set(own.split()), set(tests.split())
    return uses, test_uses


def is_test(path):
    return path.stem.endswith(("_test", "_fuzz"))


def main():
    source, modules_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    uses, test_uses = read_modules(modules_file)
    problems = []

    folders = {p.name for p in (source / "shoal").iterdir() if (p / "CMakeLists.txt").exists()}
    for missing in sorted(folders - uses.keys()):
        problems.append(f"shoal/{missing}: has a CMakeLists.txt but is not built as a module")

    seen = 0
    for name in sorted(uses):
        for path in sorted((source / "shoal" / name).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            allowed = {name} | uses[name] | (test_uses[name] if is_test(path) else set())
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                seen += 1
                if match[1] not in allowed:
                    problems.append(f"{path.relative_to(source)}:{number}: includes {match[1]}, which {name} does not declare")
        if name not in TEST_ONLY and uses[name] & TEST_ONLY:
            problems.append(f"shoal/{name}: the product may not use {', '.join(sorted(uses[name] & TEST_ONLY))}")

    done = set()

    def visit(name, trail):
        if name in trail:
            problems.append("uses go in a circle: " + " -> ".join(trail + [name]))
            return
        if name in done:
            return
        for used in sorted(uses.get(name, ())):
            if used not in uses:
                problems.append(f"shoal/{name}: uses {used}, which is not a module")
            visit(used, trail + [name])
        done.add(name)

    for name in sorted(uses):
        visit(name, [])

    if seen == 0:
        problems.append("no include was found: the rule would prove nothing")
    print("\n".join(problems) or f"{len(uses)} modules, {seen} includes, all downwards")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
