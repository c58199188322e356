/**
 * Generates the static protobuf code from `control.proto` into `generated/` (committed; a test proves it is current), and with
 * `--copy` copies it next to the compiled TypeScript, because tsc leaves JavaScript alone.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const generated = join(here, 'generated');

if (process.argv.includes('--copy')) {
  const to = join(root, 'build', 'broker', 'contract', 'generated');
  if (existsSync(generated)) cpSync(generated, to, { recursive: true });
} else {
  const out = process.argv[2] ?? generated;
  mkdirSync(out, { recursive: true });
  const run = (tool, ...args) =>
    execFileSync(process.execPath, [join(root, 'node_modules', 'protobufjs-cli', 'bin', tool), ...args], {
      cwd: here,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  run(
    'pbjs',
    ...['-t', 'static-module', '-w', 'es6', '--es6', '--no-delimited', '--no-verify', '--force-number'],
    ...['-o', join(out, 'control.js'), 'control.proto'],
  );
  run('pbts', '-o', join(out, 'control.d.ts'), join(out, 'control.js'));
}
