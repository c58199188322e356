/** What a result has to say about where it was measured (benchmark method, point 15). */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { codeDigest, sourcesNewerThanBuild } from '../code.js';

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
  /** `unknown` where git does not tell. */
  readonly commit: string;
  /** Whether the working tree differs from the commit; `null` where git does not tell. */
  readonly is_dirty: boolean | null;
  /** A hash of the built programs (code.ts). Runs before it was recorded have none. */
  readonly code?: string;
  /** Sources that are newer than what was built of them: then the commit is not the code that ran. */
  readonly newer_sources?: readonly string[];
  readonly load_1min: number;
  /** Share of CPU time that the hypervisor took away since boot, 0 to 1; that of the run is in `run.json`. */
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

/** What git prints; undefined where it is missing or refuses. */
function git(directory: string, ...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: Number.POSITIVE_INFINITY,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
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
  const changes = git(projectDirectory, 'status', '--porcelain');
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
    commit: git(projectDirectory, 'rev-parse', '--short=12', 'HEAD') || 'unknown',
    is_dirty: changes === undefined ? null : changes !== '',
    code: codeDigest(projectDirectory),
    newer_sources: sourcesNewerThanBuild(projectDirectory),
    load_1min: loadavg()[0] ?? 0,
    steal: stealSince({ stolen: 0, all: 0 }),
    clock_cost_ns: clockCostNs(),
    clock_resolution_ns: clockResolutionNs(),
  };
}
