"""Reads the lines of the three programs and prints them side by side; fails when counts differ or a bar is missed."""
import os
import sys

BARS = {"npm": 15.0, "pypi": 5.0}
rows = {}
for line in sys.stdin:
    who, encoding, file, best, median, tokens = line.split()
    rows.setdefault((encoding, os.path.basename(file)), {})[who] = (float(best), float(median), int(tokens))
print(f"{'encoding':12} {'file':14} {'dd0c MB/s':>10} {'median':>8} {'npm':>6} {'pypi':>6} {'x npm':>6} {'x pypi':>7}  tokens")
missed = 0
for (encoding, file), by in sorted(rows.items()):
    ours = by["dd0c"]
    times = {who: ours[0] / by[who][0] for who in BARS}
    same = len({v[2] for v in by.values()}) == 1
    missed += not same or any(times[who] < bar for who, bar in BARS.items())
    print(f"{encoding:12} {file:14} {ours[0]:10.1f} {ours[1]:8.1f} {by['npm'][0]:6.1f} {by['pypi'][0]:6.1f} "
          f"{times['npm']:6.1f} {times['pypi']:7.1f}  {ours[2]}{'' if same else '  COUNTS DIFFER'}")
print(f"bars: {BARS['npm']:.0f} times npm tiktoken, {BARS['pypi']:.0f} times PyPI tiktoken, equal counts: {'missed' if missed else 'held'}")
sys.exit(missed > 0)
