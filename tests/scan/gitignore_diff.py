#!/usr/bin/env python3
"""Compares scan/ignore.c with `git check-ignore` on random rules and paths.

usage: tests/scan/gitignore_diff.py [SETS [SEED]]     (from the project's root; needs git and cc)
"""
import os, random, subprocess, sys, tempfile

SETS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
NAMES = ["a", "b", "ab", "abc", "foo", "foo.txt", "x.log", "a b", "c ", "#h", "!n", "Z", "z9", "[k]", "a*b", "é", "-", "foo.tar.gz", "b]"]
ATOMS = ["a", "b", "ab", "foo", "*", "**", "?", "*.txt", "*.log", "foo*", "*b*", "[ab]", "[!a]", "[^b]*", "[a-f]?", "[[:alpha:]]", "[[:digit:][:upper:]]*",
         "[]k]*", "\\*", "a\\*b", "\\#h", "\\!n", "c\\ ", "a b", "\\[k\\]", "[[]k]", "*.tar.gz", "[a", "foo\\", "**b", "a**", "[\\]b]*", "[a\\-z]", "[[:bad:]]", "*.*", "??", "é", "[é]*",
         "[z-a]", "[--0]", "[!]]*", "[[:space:]]*", "a?*", "**.txt", "x.log", "Z"]


def pattern(rng):
    p = "/".join(rng.choice(ATOMS) for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])))
    p = rng.choice(["", "", "", "/"]) + p + rng.choice(["", "", "", "/", "/**", "/*"])
    p = rng.choice(["", "", "", "!"]) + p + rng.choice(["", "", "", "", " ", "  ", "\t", "\r"])
    return rng.choice([p, p, p, p, p, p, p, p, "# " + p, " " + p, ""])


def tree(rng, base, depth, out):
    for name in rng.sample(NAMES, rng.randint(3, 7)):
        path = base + name
        if depth < 3 and rng.random() < 0.5:
            out.append((path, "d"))
            tree(rng, path + "/", depth + 1, out)
        else:
            out.append((path, "f"))


def hexed(s):
    return s.encode().hex() or "-"


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as tmp:
        probe = tmp + "/probe"
        base = ["base/str.c", "base/arena.c", "base/buf.c"]
        subprocess.run(["cc", "-std=gnu11", "-I.", "-O1", "-g", "-fsanitize=address,undefined", "-include", "base/banned.h", "-o", probe,
                        "tests/scan/ignore_probe.c", "scan/ignore.c", "scan/glob.c", *[b for b in base if os.path.exists(b)]], check=True)
        feed, expected, labels = [], [], []
        for number in range(SETS):
            top = f"{tmp}/t{number}"
            os.mkdir(top)
            subprocess.run(["git", "init", "-q", top], check=True)
            entries = []
            tree(rng, "", 0, entries)
            for path, kind in entries:
                os.makedirs(f"{top}/{path}") if kind == "d" else open(f"{top}/{path}", "w").close()
            feed.append("N")
            rules = {}
            for folder in [""] + [p + "/" for p, k in entries if k == "d" and rng.random() < 0.2]:
                text = "\n".join(pattern(rng) for _ in range(rng.randint(1, 6))) + rng.choice(["", "\n"])
                rules[folder] = text
                with open(f"{top}/{folder}.gitignore", "w", newline="") as f:
                    f.write(text)
                feed.append(f"R {hexed(folder)} {hexed(text)}")
            asked = "\0".join(p for p, _ in entries) + "\0"
            answer = subprocess.run(["git", "-C", top, "-c", "core.excludesFile=", "check-ignore", "-z", "--stdin", "--no-index"], input=asked.encode(), capture_output=True)
            yes = set(answer.stdout.decode().split("\0"))
            for path, kind in entries:
                feed.append(f"Q {kind} {hexed(path)}")
                expected.append(path in yes)
                labels.append((number, rules, path, kind))
        ours = subprocess.run([probe], input="\n".join(feed).encode() + b"\n", capture_output=True, check=True).stdout.split()
    wrong = [i for i, e in enumerate(expected) if (ours[i] == b"1") != e]
    for i in wrong[:10]:
        print("differs: git says", expected[i], labels[i])
    print(f"gitignore: {len(expected)} paths under {SETS} sets, {sum(expected)} ignored, {len(wrong)} differ")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
