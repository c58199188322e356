/**
 * Generates the static protobuf code from `control.proto` into `generated/` (committed; a test proves it is current), or into
 * the directory that is named. With `--copy` copies it next to the compiled TypeScript, because tsc leaves JavaScript alone.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const generated = join(here, 'generated');

if (process.argv.includes('--copy')) {
  const to = join(root, 'build', 'broker', 'contract', 'generated');
  if (existsSync(generated)) cpSync(generated, to, { recursive: true });
} else {
  generate(resolve(process.argv[2] ?? generated));
}

function generate(out) {
  mkdirSync(out, { recursive: true });
  const code = join(out, 'control.js');
  const types = join(out, 'control.d.ts');
  const typed = join(out, 'typed.js');
  // The types come from the comments, and half of the code would be comments that every start reads: so two runs.
  pbjs('--dts', '-o', typed, 'control.proto');
  pbjs('--no-comments', '-o', code, 'control.proto');
  rmSync(typed);
  const text = readFileSync(join(out, 'typed.d.ts'), 'utf8');
  rmSync(join(out, 'typed.d.ts'));
  // The schema has no 64-bit integers, and `long` is not a dependency of ours.
  writeFileSync(types, text.replace('import Long = require("long");\n', ''));
}

/** Only what is used: encode, decode and the constructors. */
function pbjs(...args) {
  const options = [
    ...['-t', 'static-module', '-w', 'esm', '--dependency', 'protobufjs/minimal.js', '-r', 'capstan-control'],
    ...['--no-create', '--no-delimited', '--no-verify', '--no-convert', '--no-typeurl', '--no-service'],
    '--force-number',
  ];
  const tool = join(root, 'node_modules', 'protobufjs-cli', 'bin', 'pbjs');
  execFileSync(process.execPath, [tool, ...options, ...args], {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
