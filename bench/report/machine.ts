/** What a result has to say about where it was measured (benchmark method, point 15). */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memory_mib: number;
  readonly kernel: string;
  readonly governor: string;
  readonly mitigations: Readonly<Record<string, string>>;
  readonly node: string;
  readonly v8: string;
  readonly node_flags: readonly string[];
  readonly commit: string;
  readonly is_dirty: boolean;
  readonly load_1min: number;
  /** Share of CPU time that the hypervisor took away since boot, 0 to 1. */
  readonly steal: number;
  /** One reading of the clock that the samples are taken with, and the least difference between two of its readings. */
  readonly clock_cost_ns: number;
  readonly clock_resolution_ns: number;
}

function text(path: string, otherwise: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : otherwise;
}

function mitigations(): Record<string, string> {
  const directory = '/sys/devices/system/cpu/vulnerabilities';
  if (!existsSync(directory)) return {};
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, text(join(directory, name), 'unknown')]),
  );
}

function git(directory: string, ...args: string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: Number.POSITIVE_INFINITY,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** Files of an unfinished run change while it is measured, and may lie in the working tree. */
const notRunFiles = ['.', ':(exclude,glob)**/launches.jsonl', ':(exclude,glob)**/run.json'];
/** What is compiled or run; other files that git does not know may be anything. */
const sources = ['*.ts', '*.mjs', '*.c', '*.h', '*.py', '*.sh', '*.proto', '*.capnp'];

/**
 * A hash of what differs from the commit: in files that git knows, and in sources that it does not know yet. Empty where nothing does, and
 * where there is no git.
 */
export function changesOf(directory: string): string {
  const diff = git(
    directory,
    'diff',
    'HEAD',
    '--no-ext-diff',
    '--no-color',
    '--binary',
    '--',
    ...notRunFiles,
  );
  const added = git(directory, 'ls-files', '--others', '--exclude-standard', '-z', '--', ...sources)
    .split('\0')
    .filter((name) => name !== '');
  if (diff === '' && added.length === 0) return '';
  const hash = createHash('sha256').update(diff);
  for (const name of added) hash.update(`\0${name}\0`).update(text(join(directory, name), ''));
  return hash.digest('hex').slice(0, 12);
}

/** CPU time since boot that the hypervisor took away, and all there was, in ticks (/proc/stat, proc(5)). */
export function stealTicks(): { readonly stolen: number; readonly all: number } {
  const line = text('/proc/stat', 'cpu 1 0 0 0 0 0 0 0').split('\n')[0] ?? '';
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { stolen: fields[7] ?? 0, all: fields.reduce((a, b) => a + b, 0) };
}

/** Share of the CPU time since `before` that the hypervisor took away, 0 to 1. */
export function stealSince(before: { readonly stolen: number; readonly all: number }): number {
  const now = stealTicks();
  const all = now.all - before.all;
  return all <= 0 ? 0 : Number(((now.stolen - before.stolen) / all).toFixed(4));
}

/** Mean cost of one reading of the clock that the samples are taken with. */
function clockCostNs(): number {
  const readings = 20_000;
  const start = performance.now();
  for (let at = 1; at < readings; at++) performance.now();
  return Math.round(((performance.now() - start) * 1e6) / readings);
}

/** Least difference between two readings that differ. */
function clockResolutionNs(): number {
  let least = Number.POSITIVE_INFINITY;
  let last = performance.now();
  for (let at = 0; at < 20_000; at++) {
    const now = performance.now();
    if (now > last) least = Math.min(least, now - last);
    last = now;
  }
  return Math.round(least * 1e6);
}

export function describeMachine(projectDirectory: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    memory_mib: Math.round(totalmem() / 1024 / 1024),
    kernel: release(),
    governor: text('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'none'),
    mitigations: mitigations(),
    node: process.versions.node,
    v8: process.versions.v8,
    node_flags: process.execArgv,
    commit: git(projectDirectory, 'rev-parse', '--short=12', 'HEAD') || 'none',
    is_dirty: git(projectDirectory, 'status', '--porcelain') !== '',
    load_1min: loadavg()[0] ?? 0,
    steal: stealSince({ stolen: 0, all: 0 }),
    clock_cost_ns: clockCostNs(),
    clock_resolution_ns: clockResolutionNs(),
  };
}
