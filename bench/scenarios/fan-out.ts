/** W4: one message to many receivers, until the last has it, and what it costs the sender; bench/peers/fan-out.ts says what a sample is. */
import type { CellDefinition, Placement } from '../latency/cell.js';
import { PeerProcess } from '../latency/peer-process.js';
import { fanOutBatch } from '../peers/fan-out.js';
import { createReceipts } from '../peers/receipts.js';
import { isOnCurves } from './call.js';
import { clientLast, cpuArgument, freshPath, nativePeer } from './contenders.js';
import { launchParties, type Party, processTransports } from './parties.js';
import { type Launcher, type Scenario, type ScenarioContext, type Tier, thoseWho } from './scenario.js';

/** A cell of W4, whatever the contender, whose receivers are a process each. */
export function fanOutCell(
  contender: string,
  call: 'multicast' | 'multicast-cost' | 'signal',
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  launch: CellDefinition['launch'],
): CellDefinition {
  const varied = { receivers, receiver_processes: receivers };
  return { workload: 'W4', contender, call, payloadBytes, placement: placement.name, varied, launch };
}

/** A file in the run's directory, in which receivers report. */
export function freshReceipts(directory: string): string {
  const path = `${freshPath(directory)}.receipts`;
  createReceipts(path);
  return path;
}

/** The receivers' side of a launch: one process each. */
export function startEach(receivers: number, start: (index: string) => PeerProcess): (() => PeerProcess)[] {
  return Array.from({ length: receivers }, (_, index) => () => start(String(index)));
}

/** The receivers share `processes`, each a peer with a connection of its own. */
function launchOver(
  name: string,
  placement: Placement,
  receipts: (directory: string) => string,
  payloadBytes: number,
  receivers: number,
  processes: number,
): CellDefinition['launch'] {
  const share = Math.ceil(receivers / processes);
  return launchParties(name, placement, (directory) => {
    const told = receipts(directory);
    const offers = Array.from({ length: Math.ceil(receivers / share) }, (_, at): Party => {
      const numbers = [at * share, Math.min(share, receivers - at * share)].map(String);
      return { cpu: placement.service, role: 'receivers', args: [told, ...numbers] };
    });
    const args = [told, String(payloadBytes), String(receivers)];
    return { offers, client: { cpu: placement.client, role: 'fan-out', args } };
  });
}

function cLaunch(placement: Placement, payloadBytes: number, receivers: number): CellDefinition['launch'] {
  const cpus = [cpuArgument(placement.client), cpuArgument(placement.service)];
  const command = [nativePeer('seqpacket-fanout'), ...cpus, String(payloadBytes), String(receivers)];
  return () => clientLast([() => new PeerProcess('c-seqpacket', command)]);
}

/** Until the last has it. With `processes` the receivers share as many; without it each is a process of its own. */
export function fanOutCells(
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  processes: number = receivers,
): CellDefinition[] {
  const inC = cLaunch(placement, payloadBytes, receivers);
  return [
    fanOutCell('c-seqpacket', 'multicast', placement, payloadBytes, receivers, inC),
    ...['sockets', 'bus'].map((name) => ({
      ...fanOutCell(
        name,
        'multicast',
        placement,
        payloadBytes,
        receivers,
        launchOver(name, placement, freshReceipts, payloadBytes, receivers, processes),
      ),
      varied: { receivers, receiver_processes: Math.min(processes, receivers) },
    })),
  ];
}

/** What multicasts cost the one who sends them: a sample is the sender's CPU time for a batch of them. */
export function fanOutCostCells(
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  processes: number,
): CellDefinition[] {
  return ['sockets', 'bus'].map((name) => ({
    ...fanOutCell(
      name,
      'multicast-cost',
      placement,
      payloadBytes,
      receivers,
      launchOver(name, placement, () => 'none', payloadBytes, receivers, processes),
    ),
    messagesPerSample: fanOutBatch,
    varied: { receivers, receiver_processes: Math.min(processes, receivers) },
  }));
}

const payloadBytes = 64;

/** Processes that the receivers of the TypeScript peers share at most. */
const receiverProcessesMax = 4;

/** The number at which everybody is compared. */
const mainCount = 16;

const receiverCounts: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [2],
  quick: [],
  standard: [1, 4, 16, 64],
  full: [1, 2, 4, 16, 64, 256],
};

/** Receivers of the multicasts of which only the sender's cost is taken; they share one process, so that nobody has to wait for it. */
const costCounts: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [3],
  quick: [],
  standard: [1, 64],
  full: [1, 16, 256],
};

/** Measured: the last receiver has it, and has said so; or a batch of multicasts after a sleep, until all is received. */
function sampleMsOf(call: 'multicast' | 'multicast-cost', receivers: number): number {
  return call === 'multicast' ? 0.3 + 0.07 * receivers : 16 + 0.18 * receivers;
}

function overTransport(name: string): Launcher {
  return (placement, shape) => {
    const { receivers = 1, receiver_processes: processes = receivers } = shape.varied;
    return launchOver(name, placement, freshReceipts, shape.payloadBytes, receivers, processes);
  };
}

function costOver(name: string): Launcher {
  return (placement, shape) => {
    const { receivers = 1, receiver_processes: processes = receivers } = shape.varied;
    return launchOver(name, placement, () => 'none', shape.payloadBytes, receivers, processes);
  };
}

/** How the own transports do it, and C: a loop over connections. */
export const multicastLaunchers: Readonly<Record<string, Launcher>> = {
  'c-seqpacket': (placement, shape) => cLaunch(placement, shape.payloadBytes, shape.varied.receivers ?? 1),
  ...Object.fromEntries(processTransports.map((name) => [name, overTransport(name)])),
};

/** What it costs the sender, where its CPU time is its thread's own. */
export const multicastCostLaunchers: Readonly<Record<string, Launcher>> = Object.fromEntries(
  processTransports.map((name) => [name, costOver(name)]),
);

function cellsOf(
  context: ScenarioContext,
  call: 'multicast' | 'multicast-cost',
  what: string,
  receivers: number,
  processes: number,
): CellDefinition[] {
  const isMain = receivers === mainCount;
  const those = thoseWho(context, call, what).filter(
    ({ contender }) => isMain || isOnCurves(context, contender),
  );
  return those.map(({ contender, launcher }) => {
    // Those in C are small, and a process each.
    const shared = contender.kind === 'c' ? receivers : processes;
    const varied = { receivers, receiver_processes: shared };
    const launch = launcher(context.placement, { payloadBytes, varied });
    return {
      ...fanOutCell(contender.name, call, context.placement, payloadBytes, receivers, launch),
      ...(call === 'multicast-cost' ? { messagesPerSample: fanOutBatch } : {}),
      varied,
      waiting: contender.waiting,
      baseline: 'sockets',
      sampleMs: sampleMsOf(call, receivers),
      group: `${receivers} receivers, ${call}`,
    };
  });
}

/** Anybody could send in a loop; who has no program for it is not measured. */
const notToMany =
  'send one message to many (the suite has no program that does, though a loop of sends could)';
const notItsCost = 'tell what a multicast costs its sender (the suite has no program that does)';

export const fanOutScenario: Scenario = {
  workload: 'W4',
  title: 'one message to many, until the last receiver has it',
  question: 2,
  cells: (context): CellDefinition[] => [
    ...receiverCounts[context.tier].flatMap((count) =>
      cellsOf(context, 'multicast', notToMany, count, Math.min(count, receiverProcessesMax)),
    ),
    ...costCounts[context.tier].flatMap((count) => cellsOf(context, 'multicast-cost', notItsCost, count, 1)),
  ],
};
