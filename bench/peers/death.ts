/**
 * W6: notice of a peer's death.
 *
 * Each sample has a victim of its own, a process that is ended by SIGKILL, so that it can say nothing. Victims are started one or two at
 * a time, before they are needed, and have everything in place before the clock starts. A sample is from before the signal is sent until the
 * watcher has learnt all that there is to learn, both on the watcher's clock.
 *
 * `owned`: the victim owned nodes, the watcher holds a handle to each, and every handle's `gone` has to resolve with `node-gone`.
 * `held`: the victim held handles, each to another node of the watcher, and each node has to hear `unused`. What is told twice, too early, for
 * another reason or not at all within the deadline is a violation.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CapabilityNode, type Handle, limits, type Session } from '../../broker/contract/index.js';
import { pinned } from '../latency/peer-process.js';
import type { ClosedLoop } from './client-port.js';
import { find, publish } from './directory.js';
import { createShelf, takeHandles } from './shelf.js';

/** Whose handles end with the victim. */
export type Estate = 'owned' | 'held';

/** Samples of a block at least: few, because each costs a process, and enough for a median over all launches. */
const samplesMin = 2;
/** Handles of all victims that are ready at the same time, at most: each is a descriptor of the watcher on some transports. */
const readyHandlesMax = 10_000;
/** After everybody is ready: what being started leaves to be done. */
const quietMs = 5;
const nothing = new Uint8Array(0);

/** A victim's whole life: it gives or takes `count` handles and is ready. Who is not killed ends with its input. */
export async function runVictim(
  session: Session,
  name: string,
  estate: Estate,
  count: number,
  untilEnd: () => Promise<void>,
): Promise<void> {
  const watcher = await find(session, name);
  if (estate === 'held') {
    // Kept by the peer itself until it ends.
    await takeHandles(watcher, count);
  } else {
    for (let given = 0; given < count; given += limits.messageHandlesMax) {
      const length = Math.min(limits.messageHandlesMax, count - given);
      const nodes = Array.from({ length }, () => session.peer.createNode({ message: () => {} }));
      await watcher.call({ bytes: nothing, handles: nodes });
    }
  }
  await untilEnd();
}

/** What the watcher has of one victim, and what it has learnt of its end. */
class Watch {
  readonly handles: Handle[] = [];
  readonly nodes: CapabilityNode[] = [];
  readonly #expected: number;
  #told = 0;
  #finish: () => void = () => {};
  /** When the last of it was told. */
  lastNs = 0n;
  violations = 0;
  isOver = false;

  constructor(expected: number) {
    this.#expected = expected;
  }

  takeHandle(handle: Handle): void {
    this.handles.push(handle);
    void handle.gone.then((reason) => this.#hear(reason === 'node-gone' && handle.isGone));
  }

  /** Makes what a victim shall hold. */
  makeNodes(session: Session): void {
    for (let at = 0; at < this.#expected; at++) {
      this.nodes.push(session.peer.createNode({ message: () => {}, unused: () => this.#hear(true) }));
    }
  }

  #hear(isRight: boolean): void {
    this.#told++;
    if (!isRight || !this.isOver || this.#told > this.#expected) this.violations++;
    if (this.#told !== this.#expected) return;
    this.lastNs = process.hrtime.bigint();
    this.#finish();
  }

  /** Resolves when everything has been told; false if it was not in time. */
  async all(timeoutMs: number): Promise<boolean> {
    if (this.#told >= this.#expected) return true;
    const timeout = new AbortController();
    const late = sleep(timeoutMs, false, { signal: timeout.signal }).catch(() => true);
    const told = new Promise<boolean>((resolve) => {
      this.#finish = () => resolve(true);
    });
    const result = await Promise.race([told, late]);
    timeout.abort();
    return result;
  }

  close(): void {
    for (const handle of this.handles) handle.close();
    for (const node of this.nodes) node.destroy();
  }
}

interface Victim {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly ended: Promise<void>;
  readonly watch: Watch;
  /** Through which it gave or took. */
  readonly entry: CapabilityNode;
}

export interface DeathOptions {
  readonly estate: Estate;
  readonly count: number;
  /** Longer than any transport takes to notice; a sample that takes longer is a violation, and counts as this. */
  readonly timeoutMs: number;
  readonly cpu: number | undefined;
  /** The victim's program and its arguments; its name, estate and count are added. */
  readonly command: readonly string[];
}

let watches = 0;

async function startVictim(session: Session, options: DeathOptions): Promise<Victim> {
  const { estate, count, cpu, command } = options;
  const watch = new Watch(count);
  if (estate === 'held') watch.makeNodes(session);
  const name = `watch ${watches++}`;
  const entry = createShelf(session.peer, watch.nodes, ({ handles, reply }) => {
    for (const handle of handles) watch.takeHandle(handle);
    reply?.send({ bytes: nothing });
  });
  await publish(session, name, entry);
  const [program = '', ...args] = pinned(cpu, [...command, name, estate, String(count)]);
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve, reject) =>
    child.once('close', () => resolve()).once('error', reject),
  );
  const ready = new Promise<void>((resolve) =>
    createInterface({ input: child.stdout }).once('line', () => resolve()),
  );
  await Promise.race([
    ready,
    ended.then(() => {
      throw new Error('a victim has ended before it was ready');
    }),
  ]);
  return { child, ended, watch, entry };
}

/** The watcher's loop. */
export function createDeathLoop(session: Session, options: DeathOptions): ClosedLoop {
  const together = 2 * options.count > readyHandlesMax ? 1 : 2;
  const waiting: Victim[] = [];
  const die = async ({ child, ended, watch, entry }: Victim, add: (ms: number) => void): Promise<number> => {
    // Between the signal and the first notice this process only waits.
    watch.isOver = true;
    const start = process.hrtime.bigint();
    child.kill('SIGKILL');
    const isTold = await watch.all(options.timeoutMs);
    add(isTold ? Number(watch.lastNs - start) / 1e6 : options.timeoutMs);
    await ended;
    watch.close();
    entry.destroy();
    return watch.violations + (isTold ? 0 : 1);
  };
  return async (endMs, samples) => {
    let violations = 0;
    do {
      if (waiting.length === 0) {
        const started = Array.from({ length: together }, () => startVictim(session, options));
        waiting.push(...(await Promise.all(started)));
      }
      await sleep(quietMs);
      const victim = waiting.shift();
      if (victim !== undefined) violations += await die(victim, (ms) => samples.add(ms));
    } while (samples.count < samplesMin || (performance.now() < endMs && !samples.isFull));
    return violations;
  };
}
