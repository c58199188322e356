/**
 * `launches.jsonl`: what an interrupted run goes on from. Its first line names the plan, each other one is a launch of a group that is over,
 * written at once, with what the machine was like meanwhile; so a run that was killed loses the launch that was under way and nothing else, and measures nothing twice.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './failure.js';
import type { CellRecord } from './latency/record.js';
import { launchesFile as file, isFinishedRun, makeDirectory } from './results/directory.js';
import type { OrderLine } from './results/line.js';

export interface Head {
  readonly format: 1;
  readonly fingerprint: string;
  /** ISO 8601, of the first part of the run. */
  readonly started: string;
  readonly load_before: number;
  /** That began it, and goes on with it; earlier logs do not have it. */
  readonly command?: string;
}

/** What the machine was like since the entry before, or since the part began. */
export interface Meanwhile {
  /** CPU time that a hypervisor took away, and all there was (proc(5), `/proc/stat`). */
  readonly stolen_ticks: number;
  readonly all_ticks: number;
  readonly load_1min: number;
}

/** A launch of a group that is over. */
export interface LaunchEntry extends Meanwhile {
  readonly group: string;
  readonly launch: number;
  readonly duration_ms: number;
  readonly cells: readonly CellRecord[];
}

/** A launch of the patterns of W8 at one placement, which are no group of the plan. */
export interface OrderEntry extends Meanwhile {
  /** Counts of this launch only. */
  readonly orders: readonly OrderLine[];
  readonly launch: number;
  /** What could not be done, a sentence each. */
  readonly cannot: readonly string[];
  readonly placement: string;
  readonly duration_ms: number;
}

/** Here the run went on that had been interrupted. */
export interface PartEntry {
  /** ISO 8601. */
  readonly resumed: string;
  readonly load_before: number;
}

export type Entry = LaunchEntry | OrderEntry | PartEntry;

export function isOrderEntry(entry: Entry): entry is OrderEntry {
  return 'orders' in entry;
}

export function isLaunchEntry(entry: Entry): entry is LaunchEntry {
  return 'group' in entry;
}

export function isPartEntry(entry: Entry): entry is PartEntry {
  return 'resumed' in entry;
}

/** What is known of a run that did not end. */
export interface Unfinished {
  readonly head: Head;
  readonly entries: readonly Entry[];
}

/** Whether this directory holds a run that did not end. Throws `UsageError` if its log has a line that no run writes. */
export function readUnfinished(directory: string): Unfinished | undefined {
  return isFinishedRun(directory) ? undefined : readLog(directory);
}

/** Of which plan the log in this directory is; undefined where there is none that can be read. */
export function fingerprintOf(directory: string): string | undefined {
  try {
    return readLog(directory)?.head.fingerprint;
  } catch {
    return undefined;
  }
}

function readLog(directory: string): Unfinished | undefined {
  const path = join(directory, file);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  // Who is killed while it writes leaves half a line behind.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [head, ...entries] = whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => parsed(line, `${path}:${at + 1}`));
  if (head === undefined) return undefined;
  if (!isHead(head)) throw noLine(`${path}:1`);
  const strange = entries.findIndex((entry) => !isEntry(entry));
  if (strange !== -1) throw noLine(`${path}:${strange + 2}`);
  return { head, entries: entries as Entry[] };
}

function noLine(where: string): UsageError {
  return new UsageError(
    `${where} is no line of a run's log of launches`,
    'use another --out, or --replace, which removes the run that is there',
  );
}

function parsed(line: string, where: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw noLine(where);
  }
}

/** Whether it is what it is taken for, as far as a line of something else or half a line would not be. */
function isHead(line: unknown): line is Head {
  const { format, fingerprint } = (line ?? {}) as Partial<Head>;
  return format === 1 && typeof fingerprint === 'string';
}

function isEntry(line: unknown): line is Entry {
  const { group, cells, orders, placement, launch, resumed } = (line ?? {}) as Partial<
    LaunchEntry & OrderEntry & PartEntry
  >;
  if (typeof resumed === 'string') return true;
  const isLaunch = typeof group === 'string' && Array.isArray(cells);
  const isOrder = typeof placement === 'string' && Array.isArray(orders);
  return typeof launch === 'number' && (isLaunch || isOrder);
}

/** Appends to the log of a run; keeps the entries. Without a directory it only keeps them. */
export class LaunchLog {
  readonly #path: string | undefined;
  readonly entries: Entry[] = [];

  private constructor(path: string | undefined) {
    this.#path = path;
  }

  static start(directory: string | undefined, head: Head): LaunchLog {
    if (directory === undefined) return new LaunchLog(undefined);
    makeDirectory(directory);
    const path = join(directory, file);
    writeFileSync(path, `${JSON.stringify(head)}\n`);
    return new LaunchLog(path);
  }

  /** Goes on where a run ended. */
  static resume(directory: string, { entries }: Unfinished, part: PartEntry): LaunchLog {
    const path = join(directory, file);
    const text = readFileSync(path, 'utf8');
    truncateSync(path, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)));
    const log = new LaunchLog(path);
    log.entries.push(...entries);
    log.append(part);
    return log;
  }

  append(entry: Entry): void {
    this.entries.push(entry);
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}
