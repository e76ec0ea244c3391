// The same files through npm tiktoken (WebAssembly): tokens_npm.mjs RUNS MODULES FILE...
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [runs, modules, ...files] = process.argv.slice(2);
const { get_encoding } = createRequire(resolve(modules) + '/')('tiktoken');
for (const name of ['cl100k_base', 'o200k_base']) {
  const encoding = get_encoding(name);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const size = Buffer.byteLength(text);
    const rates = [];
    let tokens = 0;
    for (let i = 0; i < Number(runs); i++) {
      const start = performance.now();
      tokens = encoding.encode_ordinary(text).length;
      rates.push(size / (performance.now() - start) / 1e3);
    }
    rates.sort((a, b) => a - b);
    console.log(`npm ${name} ${file} ${rates.at(-1).toFixed(1)} ${rates[runs >> 1].toFixed(1)} ${tokens}`);
  }
}
