#!/usr/bin/env python3
"""Trains the model of route/complexity.c on public results of strong and cheap models and writes route/complexity.def.

Features come from the C code itself (route/complexity_read.c, as a shared library), so training and run time see the same integers. Needs numpy, scipy and
scikit-learn; `make train-router` puts them into build/venv-router (tools/router.mk has the versions). Seeds are fixed: the same data gives the same table.

  train-router.py                  leave-one-set-out and 5-fold figures, then the table from all rows
  train-router.py --only-score     the figures only
  train-router.py --only-table     the table (and tests/data/router.bin.gz) only
  train-router.py --thresholds     what a threshold chosen on other sets saves

Leave-one-set-out: no row of the set that is scored is trained on, and no row of another set that asks the same question (same text before the options,
letters and digits only). Nothing that comes from the scored rows is used: not their mean, not their spread. The few settings below were chosen by looking
at these figures, though, so they are a little better than a wholly new set would give.
"""
import argparse
import ctypes
import gzip
import hashlib
import importlib.util
import math
import os
import pathlib
import re
import struct
import subprocess
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.ensemble import HistGradientBoostingRegressor

ROOT = pathlib.Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("routing", ROOT / "bench" / "routing.py")
routing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(routing)

BITS, WORDS = 15, 768
FEATURES = re.findall(r"^FEATURE\((\w+),", (ROOT / "route" / "complexity_features.def").read_text(), re.M)
F = {name: i for i, name in enumerate(FEATURES)}

# Parts of the score and their weights. All were trained to tell standard deviations of a target; length is in standard deviations of its logarithm.
LENGTH = {"BYTES": 0.7, "WORDS": 0.3}
CHOICE_TREES, CHOICE_WORDS = 2.0, 5.0                         # the gain, of questions with options
OPEN_GAIN_TREES, OPEN_HARD_TREES, OPEN_WORDS = 1.0, 0.7, 8.0  # the gain of all others; how hard any is for the cheap model
SEEDS = 3


class View(ctypes.Structure):
    _fields_ = [("v", ctypes.c_int16 * len(FEATURES)), ("word", ctypes.c_uint16 * WORDS), ("words", ctypes.c_int)]


class Str(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_char_p), ("len", ctypes.c_size_t)]


def library():
    out = ROOT / "build" / "router"
    out.mkdir(parents=True, exist_ok=True)
    name = out / f"features-{os.getpid()}.so"
    sources = [ROOT / "route" / "complexity_read.c", ROOT / "base" / "str.c"]
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-fPIC", "-shared", f"-I{ROOT}", "-include", str(ROOT / "base" / "banned.h"),
                    *map(str, sources), "-lm", "-o", str(name)], check=True)
    lib = ctypes.CDLL(str(name))
    name.unlink()
    lib.dd_complexity_read.argtypes = [Str, ctypes.POINTER(View)]
    return lib


class Data:
    def __init__(self, folder):
        self.by_set, self.prices = routing.load(folder)
        self.rows = [r for s in routing.SETS for r in self.by_set[s]]
        self.set = np.array([s for s in routing.SETS for _ in self.by_set[s]])
        self.stem = np.array([stem(r["prompt"]) for r in self.rows])
        self.read()
        self.choice = self.x[:, F["OPTIONS"]] > 0
        self.gain, self.hard = self.targets()

    def read(self):
        lib, view = library(), View()
        self.x = np.zeros((len(self.rows), len(FEATURES)), np.int16)
        words, ends = [], [0]
        for i, r in enumerate(self.rows):
            text = r["prompt"].encode()
            lib.dd_complexity_read(Str(text, len(text)), ctypes.byref(view))
            self.x[i] = view.v
            words.append(np.array(view.word[:view.words], np.int64))
            ends.append(ends[-1] + view.words)
        share = np.repeat(1 / np.sqrt(np.diff(ends) + 1.0), np.diff(ends))
        self.w = sp.csr_matrix((share, np.concatenate(words), ends), shape=(len(self.rows), 1 << BITS))

    def targets(self):
        """What the strong model gains, and whether the cheap one fails: means over the pairs of a set, each standardised."""
        gain, hard = np.zeros(len(self.rows)), np.zeros(len(self.rows))
        for name in routing.SETS:
            those = self.set == name
            g, h = [], []
            for s, strong, cheap in routing.PAIRS:
                if s == name:
                    out = np.array(routing.outcomes(self.by_set[s], strong, cheap, self.prices))
                    g.append(standard(out[:, 0] - out[:, 1]))
                    h.append(standard(-out[:, 1]))
            gain[those], hard[those] = standard(np.mean(g, 0)), standard(np.mean(h, 0))
        return gain, hard


def standard(v):
    return (v - v.mean()) / v.std()


def stem(prompt):
    """The question without its frame: for telling whether two sets ask the same."""
    if "Question:" in prompt[:4000] and "Context:" in prompt[:400]:
        prompt = prompt.split("Question:")[-1]
    prompt = re.split(r"\n\s*\(?A[.):]\s|\nOptions|\nProvide|\nAfter careful|\nAnswer", prompt)[0]
    return re.sub(r"[^a-z0-9]+", "", prompt.lower())


def weights(d, rows):
    """A set counts by the root of its size."""
    w = np.zeros(len(rows))
    for s in routing.SETS:
        those = d.set[rows] == s
        if those.any():
            w[those] = those.sum() ** -0.5
    return w / w.mean()


def centred(d, target, rows):
    """Within each set and form: what tells sets apart must not be learnt."""
    y = target[rows].copy()
    for s in routing.SETS:
        for form in (False, True):
            those = (d.set[rows] == s) & (d.choice[rows] == form)
            if those.any():
                y[those] -= y[those].mean()
    return y


def ridge(x, y, w, alpha, steps=60):
    """Weighted ridge without intercept, by conjugate gradients; x dense or sparse."""
    n = x.shape[1]
    op = LinearOperator((n, n), matvec=lambda v: x.T @ (w * (x @ v)) + alpha * v)
    coef, _ = cg(op, x.T @ (w * y), rtol=1e-4, maxiter=steps)
    return coef


class Words:
    def __init__(self, d, rows, y, alpha, weight):
        coef = weight * ridge(d.w[rows], y, weights(d, rows), alpha)
        self.unit = np.quantile(np.abs(coef[coef != 0]), 0.999) / 127
        self.weight = np.clip(np.round(coef / self.unit), -127, 127).astype(int)

    def __call__(self, d, rows):
        return (d.w[rows] @ self.weight.astype(float)) * self.unit


class Trees:
    UNIT = 1 / 16384

    def __init__(self, d, rows, y, weight):
        self.trees = []
        for seed in range(SEEDS):
            m = HistGradientBoostingRegressor(random_state=seed, max_features=0.3, max_iter=120, learning_rate=0.05, max_leaf_nodes=10, min_samples_leaf=40,
                                              l2_regularization=10)
            m.fit(d.x[rows].astype(float), y, sample_weight=weights(d, rows))
            self.trees += [self.flat(p[0].nodes, weight / SEEDS) for p in m._predictors]

    def flat(self, nodes, weight):
        """Rows (feature, threshold, left, right); a leaf has feature -1 and its value as threshold. v <= threshold goes left."""
        return [(-1, int(round(n["value"] * weight / self.UNIT)), 0, 0) if n["is_leaf"] else
                (int(n["feature_idx"]), int(math.floor(n["num_threshold"])), int(n["left"]), int(n["right"])) for n in nodes]

    def __call__(self, d, rows):
        x, out = d.x[rows], np.zeros(len(rows))
        for tree in self.trees:
            t = np.array(tree)
            at = np.zeros(len(rows), int)
            while (t[at, 0] >= 0).any():
                go = x[np.arange(len(rows)), np.maximum(t[at, 0], 0)] <= t[at, 1]
                at = np.where(t[at, 0] >= 0, np.where(go, t[at, 2], t[at, 3]), at)
            out += t[at, 1]
        return out * self.UNIT


class Model:
    def __init__(self, d, rows):
        w = weights(d, rows)
        self.length = {}
        for name, share in LENGTH.items():
            v = d.x[rows, F[name]].astype(float)
            within = np.mean([v[d.set[rows] == s].var() for s in routing.SETS if (d.set[rows] == s).any()])
            self.length[name] = (float(np.average(v, weights=w)), float(share / np.sqrt(within)))
        choice, opened = rows[d.choice[rows]], rows[~d.choice[rows]]
        gain, hard = centred(d, d.gain, choice), d.hard[rows] - np.average(d.hard[rows], weights=w)
        self.choice_trees = [Trees(d, choice, gain, CHOICE_TREES)]
        self.choice_words = Words(d, choice, gain, 30, CHOICE_WORDS)
        self.open_trees = [Trees(d, opened, centred(d, d.gain, opened), OPEN_GAIN_TREES), Trees(d, rows, hard, OPEN_HARD_TREES)]
        self.open_words = Words(d, rows, hard, 100, OPEN_WORDS)
        self.choice_mean = float(np.average(self.choice_parts(d, choice), weights=weights(d, choice)))
        self.open_mean = float(np.average(self.open_parts(d, opened), weights=weights(d, opened)))
        raw = self.raw(d, rows)
        self.middle = float(np.average(raw, weights=w))
        self.spread = float(np.sqrt(np.average((raw - self.middle) ** 2, weights=w)))

    def choice_parts(self, d, rows):
        return sum(t(d, rows) for t in self.choice_trees) + self.choice_words(d, rows)

    def open_parts(self, d, rows):
        return sum(t(d, rows) for t in self.open_trees) + self.open_words(d, rows)

    def raw(self, d, rows):
        out = sum((d.x[rows, F[name]] - mean) * unit for name, (mean, unit) in self.length.items())
        c = d.choice[rows]
        out[c] += self.choice_parts(d, rows[c]) - self.choice_mean
        out[~c] += self.open_parts(d, rows[~c]) - self.open_mean
        return out

    def score(self, d, rows):
        return 1 / (1 + np.exp(-1.7 * (self.raw(d, rows) - self.middle) / self.spread))


def leave_one_set_out(d):
    out = np.zeros(len(d.rows))
    for s in routing.SETS:
        test = np.where(d.set == s)[0]
        asked = set(d.stem[test])
        rows = np.array([i for i in np.where(d.set != s)[0] if d.stem[i] not in asked])
        out[test] = Model(d, rows).score(d, test)
    return out


def five_fold(d):
    fold = np.array([int(hashlib.sha256(s.encode()).hexdigest()[:8], 16) % 5 for s in d.stem])
    out = np.zeros(len(d.rows))
    for k in range(5):
        test = np.where(fold == k)[0]
        out[test] = Model(d, np.where(fold != k)[0]).score(d, test)
    return out


def by_set(d, scores):
    return {s: scores[d.set == s].tolist() for s in routing.SETS}


def show(d, title, scores):
    print(title)
    routing.show(routing.report(by_set(d, scores), d.by_set, d.prices))
    sys.stdout.flush()


def write(m):
    """route/complexity.def: numbers only, in the units that route/complexity.c adds up."""
    def rows(values, per=32):
        values = [str(int(v)) for v in values]
        return "\n".join("    " + ",".join(values[i:i + per]) + "," for i in range(0, len(values), per))

    def forest(name, forests):
        nodes, starts = [], []
        for tree in (t for f in forests for t in f.trees):
            starts.append(len(nodes))
            nodes += tree
        lines = "\n".join("    " + " ".join("{%d,%d,%d,%d}," % n for n in nodes[i:i + 10]) for i in range(0, len(nodes), 10))
        return [f"static const tree_node {name}_nodes[] = {{", lines, "};", f"static const uint16_t {name}_starts[] = {{", rows(starts), "};"]

    out = [
        "/* route/complexity.def - the trained model. Generated by tools/train-router.py; do not edit. No text is in it, only weights. */",
        *(f"#define {name}_{what} {value:.9f}" for name, pair in m.length.items() for what, value in zip(("MEAN", "UNIT"), pair)),
        f"#define TREE_UNIT {Trees.UNIT:.15f}",
        f"#define CHOICE_WORD_UNIT {m.choice_words.unit:.12f}", f"#define CHOICE_MEAN {m.choice_mean:.9f}",
        f"#define OPEN_WORD_UNIT {m.open_words.unit:.12f}", f"#define OPEN_MEAN {m.open_mean:.9f}",
        f"#define MIDDLE {m.middle:.9f}", f"#define SLOPE {1.7 / m.spread:.9f}",
        "/* A feature's number, or -1 for a leaf; v <= limit goes to the first child, else the second; a leaf's limit is its value. */",
        *forest("choice", m.choice_trees), *forest("open", m.open_trees),
        "static const int8_t choice_words[1 << DD_COMPLEXITY_BITS] = {", rows(m.choice_words.weight), "};",
        "static const int8_t open_words[1 << DD_COMPLEXITY_BITS] = {", rows(m.open_words.weight), "};",
    ]
    (ROOT / "route" / "complexity.def").write_text("\n".join(out) + "\n")


def fixture(d, m, each=60):
    """tests/data/router.bin.gz: what was measured of some questions, how two models did on them, and the score. The text is not in it."""
    out = [struct.pack("<HH", len(FEATURES), 0)]
    for number, (name, strong, cheap) in enumerate(first_pairs()):
        those = np.where(d.set == name)[0]
        for i in those[:: max(1, len(those) // each)][:each]:
            r = d.rows[i]
            words = d.w.indices[d.w.indptr[i]:d.w.indptr[i + 1]]
            out.append(struct.pack("<BffId", number, r["models"][strong]["score"], r["models"][cheap]["score"], len(r["prompt"]), m.score(d, np.array([i]))[0]))
            out.append(d.x[i].astype("<i2").tobytes() + struct.pack("<H", len(words)) + words.astype("<u2").tobytes())
    (ROOT / "tests" / "data").mkdir(parents=True, exist_ok=True)
    (ROOT / "tests" / "data" / "router.bin.gz").write_bytes(gzip.compress(b"".join(out), mtime=0))


def first_pairs():
    """A pair a set."""
    return [next(p for p in routing.PAIRS if p[0] == name) for name in routing.SETS]


def calibrated(d):
    """RO.10: a threshold chosen without the set it is used on. For each set, models that never saw it score the others (each left out in its turn); the
    threshold is the highest at which the others keep, on average, 98 % of the strong model's quality."""
    global SEEDS
    SEEDS = 1   # many models; a third of the trees tells as much
    print("threshold from the other sets: quality kept and cost saved against always-strong")
    for name in ("routellm-gsm8k", "zeroeval", "ulab-mixed", "mmlupro", "routellm-mmlu", "routellm-mtbench"):
        asked = set(d.stem[d.set == name])
        known = np.array([i for i in np.where(d.set != name)[0] if d.stem[i] not in asked])
        others = []
        for s in ("routellm-gsm8k", "zeroeval", "ulab-mixed", "mmlupro", "routellm-mmlu"):
            test = known[d.set[known] == s]
            if len(test) >= 100:
                asked = set(d.stem[test])
                m = Model(d, np.array([i for i in known if d.set[i] != s and d.stem[i] not in asked]))
                others += [(m.score(d, test), results(d, p, test)) for p in routing.PAIRS if p[0] == s]
        threshold = max((t for t in np.arange(0, 1, 0.005) if np.mean([at(t, *o)[0] for o in others]) >= 0.98), default=0)
        test = np.where(d.set == name)[0]
        scores = Model(d, known).score(d, test)
        for p in routing.PAIRS:
            if p[0] == name:
                quality, saved = at(threshold, scores, results(d, p, test))
                print(f"  {name:17}{p[1] + ' / ' + p[2]:56} score < {threshold:.3f} to the cheap one: quality {100 * quality:6.2f} %, saved {100 * saved:5.1f} %", flush=True)


def results(d, pair, rows):
    return np.array(routing.outcomes([d.rows[i] for i in rows], pair[1], pair[2], d.prices))


def at(threshold, scores, out):
    """Quality kept and cost saved when score >= threshold goes to the strong model."""
    strong = scores >= threshold
    return np.where(strong, out[:, 0], out[:, 1]).sum() / out[:, 0].sum(), 1 - np.where(strong, out[:, 2], out[:, 3]).sum() / out[:, 2].sum()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "routing"))
    ap.add_argument("--only-score", action="store_true")
    ap.add_argument("--only-table", action="store_true")
    ap.add_argument("--thresholds", action="store_true")
    args = ap.parse_args()
    d = Data(args.data)
    if args.thresholds:
        return calibrated(d)
    if not args.only_table:
        show(d, "leave one set out", leave_one_set_out(d))
        show(d, "five folds of all sets", five_fold(d))
    if not args.only_score:
        m = Model(d, np.arange(len(d.rows)))
        write(m)
        fixture(d, m)


if __name__ == "__main__":
    main()
