/**
 * The processes of W8 over one contender: a hub to find each other by (for the bus it is the broker), and one process for each role. They run one
 * task after another and are ended together.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Histories } from '../check/history.js';
import type { Placement } from '../latency/cell.js';
import type { PeerProcess } from '../latency/peer-process.js';
import type { OrderCommand, OrderRecord, OrderTask } from '../peers/order.js';
import { besidePath } from '../peers/order-beside.js';
import { freshPath, startInOrder, startPeer } from './contenders.js';
import { type OrderRole, orderPattern } from './order-patterns.js';

/** What a task has brought. */
export interface OrderOutcome {
  readonly histories: Histories;
  /** Runs that came to their end. */
  readonly runs: number;
  /** Whether the next one did not: then messages are missing, and the group must be ended. */
  readonly isStuck: boolean;
  /** Messages of load that were lost, doubled, out of turn or changed. */
  readonly loadFaults: number;
}

/** What a peer may take to answer anything but `go`. */
const answerMs = 20_000;

export class OrderGroup {
  readonly #hub: PeerProcess | undefined;
  readonly #actors: ReadonlyMap<OrderRole, PeerProcess>;
  #nextRun = 1;

  private constructor(hub: PeerProcess | undefined, actors: ReadonlyMap<OrderRole, PeerProcess>) {
    this.#hub = hub;
    this.#actors = actors;
  }

  /** Starts all processes; they live until `end` or `kill`. Files are made in a directory of its own below `directory`. */
  static async start(
    contender: string,
    placement: Placement,
    roles: readonly OrderRole[],
    directory: string,
    seed: number,
  ): Promise<OrderGroup> {
    const own = freshPath(directory);
    mkdirSync(own);
    execFileSync(
      'mkfifo',
      roles.map((role) => besidePath(own, role)),
    );
    const path = join(own, 'hub.socket');
    // Neighbours in a pattern stand on different cores where there are two.
    const cpuOf = (at: number): number | undefined => (at % 2 === 0 ? placement.client : placement.service);
    const hasHub = contender !== 'node-net';
    const started = await startInOrder([
      ...(hasHub ? [() => startPeer(placement.broker, 'hub', contender, path)] : []),
      ...roles.map((role, at) => () => startPeer(cpuOf(at), 'order', contender, path, role, String(seed))),
    ]);
    const hub = hasHub ? started.shift() : undefined;
    const actors = new Map(started.map((peer, at) => [roles[at] ?? 'a', peer]));
    return new OrderGroup(hub, actors);
  }

  /** Everybody, for whoever wants to interfere. */
  get peers(): readonly PeerProcess[] {
    return [...(this.#hub === undefined ? [] : [this.#hub]), ...this.#actors.values()];
  }

  /** Runs a pattern; the processes number their runs through. Throws if a process ended or does not answer. */
  async run(task: Omit<OrderTask, 'firstRun'>): Promise<OrderOutcome> {
    const firstRun = this.#nextRun;
    this.#nextRun += task.runs;
    const { roles } = orderPattern(task.pattern);
    const actors = roles.map((role) => ({ role, peer: this.#actor(role) }));
    for (const { peer } of actors) {
      command(peer, { do: 'arm', ...task, firstRun });
      await peer.line(answerMs);
    }
    command(this.#actor('a'), { do: 'go' });
    const [word, runs] = (await this.#actor('a').line(task.maxMs + answerMs)).split(' ');
    const histories: Record<string, OrderRecord['events']> = {};
    let [loadSent, loadReceived, loadFaults] = [0, 0, 0];
    for (const { role, peer } of actors) {
      command(peer, { do: 'history' });
      const record = JSON.parse(await peer.line(answerMs)) as OrderRecord;
      histories[role] = record.events;
      loadSent += record.loadSent;
      loadReceived += record.load.received;
      loadFaults += record.load.faults;
    }
    loadFaults += Math.abs(loadSent - loadReceived);
    return { histories, runs: Number(runs), isStuck: word === 'stuck', loadFaults };
  }

  /** Ends all processes in order. */
  async end(): Promise<void> {
    await Promise.all([...this.#actors.values()].map((peer) => peer.stop()));
    await this.#hub?.stop();
  }

  kill(): void {
    for (const peer of this.peers) peer.kill();
  }

  #actor(role: OrderRole): PeerProcess {
    const peer = this.#actors.get(role);
    if (peer === undefined) throw new Error(`nobody plays ${role}`);
    return peer;
  }
}

function command(peer: PeerProcess, what: OrderCommand): void {
  peer.write(JSON.stringify(what));
}
