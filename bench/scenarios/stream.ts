/** W2: a stream of one-way messages, pipelined; bench/peers/stream.ts says what a sample is. */
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { memberMark } from '../peers/crew.js';
import { streamBatch } from '../peers/stream.js';
import { isOnCurves } from './call.js';
import { brokerFirst, clientLast, freshPath, pingPongLaunch, startPeer } from './contenders.js';
import { launchParties, launchTogether, processTransports } from './parties.js';
import { type Launcher, type Scenario, type ScenarioContext, type Tier, thoseWho } from './scenario.js';

/** A cell of W2, whatever the contender. */
export function streamCell(
  contender: string,
  call: 'one-way' | 'signal',
  placement: Placement,
  payloadBytes: number,
  launch: CellDefinition['launch'],
): CellDefinition {
  const messagesPerSample = streamBatch;
  return {
    workload: 'W2',
    contender,
    call,
    payloadBytes,
    placement: placement.name,
    messagesPerSample,
    launch,
  };
}

export function streamCells(placement: Placement, payloadBytes: number): CellDefinition[] {
  const bytes = String(payloadBytes);
  const overTransport =
    (name: string) =>
    async (directory: string): Promise<CellProcesses> => {
      const path = freshPath(directory);
      const start = name === 'bus' ? brokerFirst : clientLast;
      return start([
        () => startPeer(placement.broker, 'hub', name, path),
        () => startPeer(placement.service, 'sink', name, path),
        () => startPeer(placement.client, 'stream', name, path, bytes),
      ]);
    };
  return [
    streamCell(
      'c-seqpacket',
      'one-way',
      placement,
      payloadBytes,
      pingPongLaunch(placement, payloadBytes, 'stream'),
    ),
    ...['sockets', 'bus'].map((name) =>
      streamCell(name, 'one-way', placement, payloadBytes, overTransport(name)),
    ),
  ];
}

/** The size at which everybody is compared. */
const usualPayload = 64;

const payloads: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [64],
  quick: [],
  standard: [64, 65_536],
  full: [64, 4_096, 65_536],
};

/** Payload and how many send at the same time. */
type Crowd = readonly [payloadBytes: number, senders: number];

const crowds: Readonly<Record<Tier, readonly Crowd[]>> = {
  smoke: [[64, 2]],
  quick: [],
  standard: [],
  full: [
    [64, 2],
    [64, 8],
  ],
};

function overTransport(name: string): Launcher {
  return (placement, shape) => {
    const senders = shape.varied.senders ?? 1;
    const numbers = [shape.payloadBytes, senders].map(String);
    return launchParties(name, placement, () => ({
      offers: [{ cpu: placement.service, role: 'sinks', args: [String(senders)] }],
      client:
        senders === 1
          ? { cpu: placement.client, role: 'stream-to', args: ['0', ...numbers] }
          : { cpu: placement.client, role: 'stream-to', args: [memberMark, ...numbers], members: senders },
    }));
  };
}

const overTransports = Object.fromEntries(processTransports.map((name) => [name, overTransport(name)]));

/** How the own transports do it, and C: one sender and one receiver, with a system call a message. */
export const streamLaunchers: Readonly<Record<string, Launcher>> = {
  'c-seqpacket': (placement, shape) => pingPongLaunch(placement, shape.payloadBytes, 'stream'),
  memory: (placement, shape) =>
    launchTogether(placement, [
      ['sinks', '1'],
      ['stream-to', '0', String(shape.payloadBytes), '1'],
    ]),
  ...overTransports,
};

/** The same from several senders, each a process, to one receiver's process, in which each has a node of its own. */
export const streamManyLaunchers: Readonly<Record<string, Launcher>> = overTransports;

/** Measured: a batch costs what its messages cost, or what copying them costs. */
function sampleMsOf(bytes: number, senders: number): number {
  return (0.5 + bytes / 3_000) * senders;
}

function cellsOf(
  context: ScenarioContext,
  action: 'stream' | 'stream-many',
  what: string,
  payloadBytes: number,
  senders: number,
): CellDefinition[] {
  const shape = { payloadBytes, varied: { senders } };
  return thoseWho(context, action, what).flatMap(({ contender, launcher }) => {
    const isTable = payloadBytes === usualPayload && context.tier !== 'standard';
    if (!isTable && !isOnCurves(context, contender)) return [];
    const most = contender.payloadBytesMax ?? Number.POSITIVE_INFINITY;
    if (payloadBytes > most) {
      context.cannot(contender.name, `send messages of ${payloadBytes} bytes (at most ${most})`);
      return [];
    }
    const launch = launcher(context.placement, shape);
    return {
      ...streamCell(contender.name, 'one-way', context.placement, payloadBytes, launch),
      varied: shape.varied,
      waiting: contender.waiting,
      sampleMs: sampleMsOf(payloadBytes, senders),
      group: `${payloadBytes} B, ${senders} senders`,
    };
  });
}

export const streamScenario: Scenario = {
  workload: 'W2',
  title: 'a stream of one-way messages',
  question: 1,
  cells: (context): CellDefinition[] => [
    ...payloads[context.tier].flatMap((bytes) => cellsOf(context, 'stream', 'stream', bytes, 1)),
    ...crowds[context.tier].flatMap(([bytes, senders]) =>
      cellsOf(context, 'stream-many', 'receive streams of several senders', bytes, senders),
    ),
  ],
};
