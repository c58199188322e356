/**
 * The directory of a run (`capstan bench --out DIR`):
 *
 *   run.json         what was run: tier, seed, command, times, and what was missing
 *   machine.json     on what (method, point 15)
 *   cells.jsonl      a line a cell, `CellLine` or `OrderLine`
 *   launches.jsonl   a line a launch, written as soon as it is over: what an interrupted run goes on from
 *   histograms/      raw histograms in the HdrHistogram log format, one file a cell
 *   report.html, report.md, cells.csv
 *
 * and, while a process writes there, a file that says which (lock.ts).
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure, UsageError } from '../failure.js';
import type { Machine } from '../report/machine.js';
import type { MeasuredAgain } from './again.js';
import type { ResultLine } from './line.js';

/** What was measured without an interruption. */
export interface RunPart {
  /** ISO 8601. */
  readonly started: string;
  readonly duration_ms: number;
  /** Share of CPU time that a hypervisor took meanwhile. */
  readonly steal: number;
  /** 1-minute load before, and after its last launch. */
  readonly load_before: number;
  readonly load_after: number;
}

/** What was run. */
export interface Run {
  readonly format: 1;
  readonly tier: 'smoke' | 'quick' | 'standard' | 'full';
  readonly seed: number;
  /** The command that repeats it. */
  readonly command: string;
  /** ISO 8601. */
  readonly started: string;
  readonly duration_ms: number;
  /** Launches of each cell. */
  readonly launches: number;
  /** Share of CPU time that a hypervisor took during the run, in all parts together. */
  readonly steal: number;
  /** 1-minute load before (the highest of all parts) and after. */
  readonly load_before: number;
  readonly load_after: number;
  /** More than one if it was interrupted and went on later. */
  readonly parts?: readonly RunPart[];
  /** What recording one sample costs the harness, ns (method, point 14). */
  readonly sample_cost_ns: number | null;
  /** What could not be had here, each with the reason and what to install. */
  readonly missing: readonly string[];
  /** Names of those whom this size of a run has no place for, installed or not; absent where there is none. */
  readonly left_out?: readonly string[];
  /** What makes the figures doubtful, in words; empty on a quiet machine. */
  readonly noise: readonly string[];
  /** Workloads that were measured again later. */
  readonly again?: readonly MeasuredAgain[];
}

export interface Results {
  readonly run: Run;
  readonly machine: Machine;
  readonly lines: readonly ResultLine[];
}

const runFile = 'run.json';
const machineFile = 'machine.json';
const cellsFile = 'cells.jsonl';
export const launchesFile = 'launches.jsonl';
/** The part of a report that is always made. */
export const reportFile = 'report.md';

/** All that a run and its report write. */
const everything = [
  runFile,
  machineFile,
  cellsFile,
  launchesFile,
  'histograms',
  reportFile,
  'report.html',
  'cells.csv',
];

/** Whether a run came to its end here: `run.json` is written last. */
export function isFinishedRun(directory: string): boolean {
  return existsSync(join(directory, runFile));
}

/** Removes a run and its report, and nothing else that is there. */
export function removeRun(directory: string): void {
  for (const name of everything) rmSync(join(directory, name), { recursive: true, force: true });
}

/** What was run and when, for a message; empty where that cannot be read. */
export function runWords(directory: string): string {
  try {
    const { command, started } = JSON.parse(readFileSync(join(directory, runFile), 'utf8')) as Run;
    return `'${command}', begun ${started}`;
  } catch {
    return '';
  }
}

/** Directories that are still to be made, the outermost first. */
function missingOf(directory: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(directory); !existsSync(at) && dirname(at) !== at; at = dirname(at))
    missing.unshift(at);
  return missing;
}

/** Makes the directory if need be, and tries that something can be written there. Throws `UsageError` with what to do. */
export function makeDirectory(directory: string): void {
  try {
    // One by one: asked for all at once, Node never ends where the system says that a directory is missing which is there (/proc).
    for (const one of missingOf(directory)) mkdirSync(one);
    // Permissions do not tell it: who is root has all of them, and the file system may be read-only.
    rmdirSync(mkdtempSync(join(directory, '.capstan-')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `nothing can be written to ${directory}: ${reason}`,
      'use another --out, a directory that is yours or one that can be made',
    );
  }
}

/** Makes the directory if need be. */
export function writeResults(results: Results, directory: string): void {
  makeDirectory(directory);
  const { run, machine, lines } = results;
  writeFileSync(join(directory, machineFile), `${JSON.stringify(machine, null, 2)}\n`);
  writeFileSync(join(directory, cellsFile), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  // Last: who is killed before has no finished run here, and the same command goes on with it.
  writeFileSync(join(directory, runFile), `${JSON.stringify(run, null, 2)}\n`);
}

/** Where an unfinished run says which command began it, what to do to finish it. */
function goOnAdvice(directory: string): string {
  try {
    const [head = ''] = readFileSync(join(directory, launchesFile), 'utf8').split('\n');
    const { command } = JSON.parse(head) as { command?: unknown };
    if (typeof command === 'string') return `'${command}' goes on where it was`;
  } catch {
    // A log that cannot be read does not say it either.
  }
  return 'repeat the command that began it, which goes on where it was';
}

/** Why there is no finished run, and what to do; `name` is the file that could not be read. */
function noRun(directory: string, name: string, error: unknown): Failure {
  const make = "make one with 'capstan bench --standard --out DIR'";
  if (!existsSync(directory))
    return new Failure(`${directory} has no finished run: there is no such directory`, make);
  if (existsSync(join(directory, launchesFile)) && !isFinishedRun(directory))
    return new Failure(
      `${directory} has no finished run: the one that is there was interrupted`,
      goOnAdvice(directory),
    );
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `there is no ${name} in it`,
    ENOTDIR: 'it is no directory',
  };
  return new Failure(`${directory} has no finished run: ${reasons[code ?? ''] ?? message}`, make);
}

/** Throws `Failure` if this is no directory of a finished run. */
export function readResults(directory: string): Results {
  const read = (name: string): string => {
    try {
      return readFileSync(join(directory, name), 'utf8');
    } catch (error) {
      throw noRun(directory, name, error);
    }
  };
  const object = <T extends object>(name: string): T => parse<T>(read(name), join(directory, name), 1);
  const run = object<Run>(runFile);
  if (run.format !== 1)
    throw new Failure(`${join(directory, runFile)}: written by another version (format ${run.format})`, mend);
  const machine = object<Machine>(machineFile);
  const path = join(directory, cellsFile);
  const lines = read(cellsFile)
    .split('\n')
    .map((text, at) => ({ text, line: at + 1 }))
    .filter(({ text }) => text !== '')
    .map(({ text, line }) => {
      const parsed = parse<ResultLine>(text, path, line);
      if (!isResultLine(parsed)) throw new Failure(`${path}:${line} is no line of a run's cells`, mend);
      return parsed;
    });
  return { run, machine, lines };
}

const mend = 'take the files from where they were made, or make the run again with its command and --replace';

/** Whether it has the names of a cell or a pattern, which nothing else has. */
function isResultLine({ workload, contender, call, placement, samples }: Partial<ResultLine>): boolean {
  return (
    [workload, contender, call, placement].every((name) => typeof name === 'string') &&
    typeof samples === 'number'
  );
}

/** An object. */
function parse<T extends object>(text: string, file: string, line: number): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Failure(`${file}:${line} is not JSON`, mend);
  }
  if (typeof value !== 'object' || value === null) throw new Failure(`${file}:${line} is no object`, mend);
  return value as T;
}
