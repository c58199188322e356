/**
 * How the parties of a workload (bench/peers/parties.ts) are started over a transport: the hub first, then those who offer something, at the
 * same time where they do not need each other, and the client last.
 */
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import type { PeerProcess } from '../latency/peer-process.js';
import { freshPath, startPeer } from './contenders.js';

/** The transports of the catalog whose peers are processes. */
export const processTransports: readonly string[] = ['sockets', 'datagram', 'bus'];

/** One process: its CPU, its role, and what its role is told beside transport and path. */
export interface Party {
  readonly cpu: number | undefined;
  readonly role: string;
  readonly args: readonly string[];
  /** Of a client: so many of it work at the same time (bench/peers/crew.ts); `memberMark` in its arguments is the number of each. */
  readonly members?: number;
}

/** Starts all at the same time and waits for all; ends those already running if one fails. */
async function startTogether(starts: readonly (() => PeerProcess)[]): Promise<PeerProcess[]> {
  const started: PeerProcess[] = [];
  try {
    for (const start of starts) started.push(start());
    await Promise.all(started.map((peer) => peer.ready()));
  } catch (error) {
    for (const peer of started) peer.kill();
    throw error;
  }
  return started;
}

/** Those of a stage are started at the same time, one stage after the other. The last process is the client, the first the hub. */
async function startStages(stages: readonly (readonly (() => PeerProcess)[])[]): Promise<PeerProcess[]> {
  const started: PeerProcess[] = [];
  try {
    for (const stage of stages) started.push(...(await startTogether(stage)));
  } catch (error) {
    for (const peer of started) peer.kill();
    throw error;
  }
  return started;
}

/** What a launch is made from; `directory` is the run's, for what parties share beside the transport. */
export type Cast = (
  directory: string,
  path: string,
) => {
  readonly offers: readonly Party[];
  readonly client: Party;
};

/** A launch over a transport whose peers are processes. Only the bus has a hub that routes, which is its broker. */
export function launchParties(name: string, placement: Placement, cast: Cast): CellDefinition['launch'] {
  return async (directory): Promise<CellProcesses> => {
    const path = freshPath(directory);
    const { offers, client } = cast(directory, path);
    const start =
      ({ cpu, role, args, members }: Party) =>
      (): PeerProcess =>
        members === undefined
          ? startPeer(cpu, role, name, path, ...args)
          : startPeer(cpu, 'crew', String(members), role, name, path, ...args);
    const hub = { cpu: placement.broker, role: 'hub', args: [] };
    const started = await startStages([[start(hub)], offers.map(start), [start(client)]]);
    const [broker] = started;
    const driven = started.pop();
    if (broker === undefined || driven === undefined) throw new Error('no peers');
    return { client: driven, others: started.reverse(), ...(name === 'bus' ? { broker } : {}) };
  };
}

/** The same parties in one process, over `memory`: what the contract itself costs. */
export function launchTogether(
  placement: Placement,
  parties: readonly (readonly string[])[],
): CellDefinition['launch'] {
  return async (directory): Promise<CellProcesses> => {
    const parts = parties.map((party) => party.join(','));
    const [client] = await startTogether([
      () => startPeer(placement.client, 'together', 'memory', freshPath(directory), ...parts),
    ]);
    if (client === undefined) throw new Error('no peers');
    return { client, others: [] };
  };
}
