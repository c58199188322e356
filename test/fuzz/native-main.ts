/**
 * Fuzzing of the C decoders by AFL++ under the address and undefined-behaviour sanitizers: `npm run fuzz:native`.
 *
 *     --seconds N      for each harness (default 20)
 *     --target NAME    one harness (`list` names them)
 *     --planted        plants a known fault into each, and insists that it is found
 *     --if-present     without AFL++ says so, and is content
 *
 * What crashes or hangs is kept in artifacts/fuzz/<harness>/, and how to see it again is printed.
 * Exit status 0: nothing was found (with --planted: everything was); 1: otherwise; 2: wrong usage.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { numberOption, runMain, say, WrongUsage } from '../support/main-program.js';
import { projectRoot } from '../support/source-tree.js';
import { plantedText, type Target, targets } from './native-targets.js';

const artifacts = join(projectRoot, 'artifacts', 'fuzz');
const compiler = 'afl-clang-fast';
/** An input that takes longer hangs; a thousand times what one takes on a busy machine. */
const hangMs = 5000;
const cFlags = [
  ...['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-g', '-O1'],
  ...['-fno-omit-frame-pointer', '-fno-sanitize-recover=all', '-Itest/fuzz/native'],
];
const environment = {
  ...process.env,
  AFL_USE_ASAN: '1',
  AFL_USE_UBSAN: '1',
  AFL_QUIET: '1',
  AFL_NO_UI: '1',
  AFL_NO_AFFINITY: '1',
  // Neither the governor nor the pattern of core files is ours to change.
  AFL_SKIP_CPUFREQ: '1',
  AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES: '1',
  AFL_HANG_TMOUT: `${hangMs}`,
  ASAN_OPTIONS: 'abort_on_error=1:symbolize=0:detect_leaks=0',
  UBSAN_OPTIONS: 'abort_on_error=1:halt_on_error=1:symbolize=0',
};

function fail(text: string, status: number): never {
  process.stderr.write(`${text}\n`);
  process.exit(status);
}

/** Compiles a harness; returns the program. With a planted fault one source is a changed copy. */
function compile(target: Target, isPlanted: boolean, directory: string): string {
  const program = join(artifacts, `${target.name}${isPlanted ? '-planted' : ''}.bin`);
  const { source } = target.planted;
  const copy = join(directory, basename(source));
  // First in the path of includes, for a harness that includes the source itself.
  const flags = isPlanted ? [`-I${directory}`, ...cFlags, ...target.flags] : [...cFlags, ...target.flags];
  if (isPlanted) writeFileSync(copy, plantedText(target));
  const sources = target.sources.map((path) => (isPlanted && path === source ? copy : path));
  const result = spawnSync(compiler, [...flags, ...sources, '-o', program], {
    cwd: projectRoot,
    env: environment,
    encoding: 'utf8',
  });
  if (result.status !== 0) fail(`${target.name} does not compile:\n${result.stdout}${result.stderr}`, 1);
  return program;
}

function found(directory: string): string[] {
  return ['crashes', 'hangs'].flatMap((kind) => {
    const path = join(directory, 'default', kind);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((name) => name.startsWith('id'))
      .map((name) => join(path, name));
  });
}

function statistic(directory: string, name: string): string {
  const text = readFileSync(join(directory, 'default', 'fuzzer_stats'), 'utf8');
  return new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '?';
}

/** Runs a program again on an input; what it says if it does not end well. */
function again(program: string, input: string): string | undefined {
  const options = { ...environment, ASAN_OPTIONS: 'abort_on_error=1', UBSAN_OPTIONS: 'print_stacktrace=1' };
  const result = spawnSync(program, { input: readFileSync(input), env: options, timeout: 2 * hangMs });
  return result.status === 0 ? undefined : `${result.signal ?? result.status}\n${result.stderr}`;
}

function keep(target: Target, program: string, inputs: readonly string[]): void {
  for (const [index, input] of inputs.slice(0, 10).entries()) {
    const path = join(artifacts, `${target.name}-${index}.input`);
    copyFileSync(input, path);
    say(`again: ${relative(projectRoot, program)} < ${relative(projectRoot, path)}`);
  }
}

/** Whether it is as it should be. */
function fuzz(target: Target, seconds: number, isPlanted: boolean): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-afl-'));
  try {
    const program = compile(target, isPlanted, directory);
    const seeds = join(directory, 'seeds');
    const out = join(directory, 'out');
    mkdirSync(seeds);
    for (const [index, bytes] of target.seeds().entries()) writeFileSync(join(seeds, `${index}`), bytes);
    const options = ['-V', `${seconds}`, '-t', '2000', '-m', 'none', '-i', seeds, '-o', out];
    const result = spawnSync('afl-fuzz', [...options, '--', program], {
      env: isPlanted ? { ...environment, AFL_BENCH_UNTIL_CRASH: '1' } : environment,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: (seconds + 60) * 1000,
    });
    if (!existsSync(join(out, 'default', 'fuzzer_stats'))) {
      // A seed that crashes ends it before it begins.
      if (isPlanted && result.stdout.includes('crash')) return true;
      fail(
        `${target.name}: afl-fuzz did not begin:\n${result.stdout.slice(-3000)}${result.stderr.slice(-1000)}`,
        1,
      );
    }
    const inputs = found(out).filter((input) => again(program, input) !== undefined);
    const facts = `${statistic(out, 'execs_done')} runs, ${statistic(out, 'corpus_count')} ways`;
    say(`${target.name}${isPlanted ? ' with a planted fault' : ''}: ${facts}, ${inputs.length} faults`);
    if (isPlanted) return inputs.length > 0;
    const [first] = inputs;
    if (first === undefined) return true;
    say(again(program, first) ?? '');
    keep(target, program, inputs);
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function main(): boolean {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    options: { seconds: text, target: text, planted: flag, 'if-present': flag },
  });
  const seconds = numberOption('seconds', values.seconds, 20, 1);
  const list = targets.filter(({ name }) => values.target === undefined || name === values.target);
  if (list.length === 0) throw new WrongUsage(`harnesses: ${targets.map(({ name }) => name).join(', ')}`);
  if (spawnSync(compiler, ['--version']).error !== undefined) {
    const isContent = values['if-present'] === true;
    fail(`AFL++ (${compiler}) is not installed: the C decoders are not fuzzed`, isContent ? 0 : 1);
  }
  mkdirSync(artifacts, { recursive: true });
  let isGood = true;
  for (const target of list) isGood = fuzz(target, seconds, values.planted === true) && isGood;
  return isGood;
}

await runMain(main);
