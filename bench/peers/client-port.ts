/**
 * The clients' side of the harness: commands on standard input, one a line, the same for every client in any language
 * (`client-port.h` is the same for C).
 *
 *   run MILLISECONDS FILE [OUTSTANDING [GAP_MS]]
 *       A closed loop for that long: OUTSTANDING calls unanswered (1 if it is not said), the next as soon as one is answered, or
 *       GAP_MS later. Nanoseconds of each go to FILE as u32 (what is longer saturates).
 *   open FILE SCHEDULE
 *       An open loop: message i is sent at the i-th offset of SCHEDULE (u64 little-endian, nanoseconds from the start), whatever has
 *       been answered; times count from the *planned* moment.
 *
 * Both answer "done SAMPLES VIOLATIONS [KEY=VALUE …]" with the keys of `BlockNotes`. The first line printed is "ready PID…": the
 * client, then every process that it alone started. End-of-file ends the client.
 *
 * A client with one call under way is a `ClosedLoop` and has no open loop (some can be run several times at once, for a warm-up); one that can have many is a `PipelinedClient`, and the port
 * drives it (`pipelined.ts`).
 */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { Samples } from '../latency/samples.js';
import { Pipeline, type PipelinedClient } from './pipelined.js';

export type { Done, PipelinedClient } from './pipelined.js';

/** Runs a closed loop until `endMs` (as `performance.now()` counts) or until the samples are full; returns the violations. */
export type ClosedLoop = (endMs: number, samples: Samples) => Promise<number>;

/** What happened in a block beside its samples; each is a key of the line "done". */
export interface BlockNotes {
  /** Ended by an error or a deadline; among the samples with at least the deadline. */
  readonly errors?: number;
  /** Collections of garbage in the client meanwhile, and the time they took. */
  readonly gc_ns?: number;
  readonly gc_count?: number;
  /** CPU time of the client's process in the block, without what it took to be told of it and to hand its samples over. */
  readonly cpu_ns?: number;
  /** From the block's beginning, of an open loop from the first moment that may be planned, until its last answer. */
  readonly elapsed_ns?: number;
}

interface Block extends BlockNotes {
  readonly violations: number;
}

interface Commands {
  run(endMs: number, outstanding: number, gapMs: number, samples: Samples): Promise<Block>;
  open(schedulePath: string, samples: Samples): Promise<Block>;
}

/** Begins to watch collections of garbage; the function that it returns tells of those since it was asked last. */
function watchCollections(): () => { readonly gc_ns: number; readonly gc_count: number } {
  let gcMs = 0;
  let count = 0;
  const add = (entries: readonly { readonly duration: number }[]): void => {
    for (const { duration } of entries) {
      gcMs += duration;
      count++;
    }
  };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    add(observer.takeRecords());
    const collections = { gc_ns: Math.round(gcMs * 1e6), gc_count: count };
    gcMs = 0;
    count = 0;
    return collections;
  };
}

async function serve(commands: Commands, children: readonly number[]): Promise<void> {
  const samples = new Samples();
  const collections = watchCollections();
  console.log(['ready', process.pid, ...children].join(' '));
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, first = '', second = '', outstanding = '1', gapMs = '0'] = line.split(' ');
    samples.clear();
    collections();
    let block: Block;
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    if (word === 'run') {
      const endMs = startMs + Number(first);
      block = await commands.run(endMs, Number(outstanding), Number(gapMs), samples);
    } else if (word === 'open') block = await commands.open(second, samples);
    else throw new Error(`unknown command: ${line}`);
    const elapsed_ns = Math.round((performance.now() - startMs) * 1e6);
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpu_ns = (user + system) * 1000;
    const { violations, ...notes } = { elapsed_ns, cpu_ns, ...block, ...collections() };
    samples.write(word === 'run' ? second : first);
    const keys = Object.entries(notes).map(([key, value]) => ` ${key}=${value}`);
    console.log(`done ${samples.count} ${violations}${keys.join('')}`);
  }
}

/**
 * Serves commands until end-of-file; then resolves. `children` are the processes that this one has started for its cell. With `canOverlap` the
 * loop may run several times at once, so that a warm-up can have many calls under way.
 */
export async function serveCommands(
  loop: ClosedLoop,
  children: readonly number[] = [],
  canOverlap = false,
): Promise<void> {
  const commands: Commands = {
    async run(endMs, outstanding, gapMs, samples) {
      if ((outstanding !== 1 && !canOverlap) || gapMs !== 0)
        throw new Error('this client has one call under way, and no gaps');
      const loops = Array.from({ length: outstanding }, () => loop(endMs, samples));
      return { violations: (await Promise.all(loops)).reduce((sum, violations) => sum + violations, 0) };
    },
    open: () => Promise.reject(new Error('this client has no open loop')),
  };
  await serve(commands, children);
}

/** The same for a client that can have many calls under way. */
export async function servePipelined(
  client: PipelinedClient,
  children: readonly number[] = [],
): Promise<void> {
  const pipeline = new Pipeline(client);
  const commands: Commands = {
    run: (endMs, outstanding, gapMs, samples) => pipeline.run(endMs, outstanding, gapMs, samples),
    open: (schedulePath, samples) => pipeline.open(schedulePath, samples),
  };
  await serve(commands, children);
}

/**
 * For peers in Node that are no clients: says "ready PID gc" and lives until end-of-file; answers "gc" with "gc NANOSECONDS COUNT", the
 * collections since it was asked last.
 */
export async function serveUntilEnd(): Promise<void> {
  const collections = watchCollections();
  console.log(`ready ${process.pid} gc`);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== 'gc') continue;
    const { gc_ns, gc_count } = collections();
    console.log(`gc ${gc_ns} ${gc_count}`);
  }
}
