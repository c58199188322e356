/**
 * Runs the tests that reach the C code on builds with AddressSanitizer and UndefinedBehaviorSanitizer: `npm run test:asan`.
 *
 * The addon is loaded into an ordinary node, so the sanitizer's runtime has to be there first: LD_PRELOAD. Node itself leaks at exit by design,
 * so leak detection is off for it; capstan-init is checked for leaks by its own build.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const run = (command, args, env = {}) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

if (run('npm', ['run', '-s', 'build:native:asan']) !== 0) process.exit(1);

const runtime = execFileSync('cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
if (!existsSync(runtime)) {
  console.error('the sanitizer runtime (libasan) is not installed; it comes with gcc');
  process.exit(1);
}

const suites = [
  'build/test/broker/native/**/*.test.js',
  'build/test/transports/**/*.test.js',
  'build/test/process/init*.test.js',
];
process.exit(
  run(join(root, 'node_modules', '.bin', 'ava'), ['--timeout=300s', ...suites], {
    LD_PRELOAD: runtime,
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    CAPSTAN_NATIVE: join(root, 'broker', 'native', 'build-asan', 'capstan_native.node'),
    CAPSTAN_INIT: join(root, 'broker', 'init', 'build', 'capstan-init-asan'),
  }),
);
