/**
 * Do the checkers find what they are for? A stream of messages goes through a transport as it is, and through the same one with two messages
 * in ten thousand swapped (swapping.ts). The first must be clean; in the second exactly the swaps must be found, and the counter-example must be
 * two messages.
 */
import type { CapabilityNode, Handle, Peer, Session, Transport } from '../../broker/contract/index.js';
import { createTime } from '../../broker/native/time.js';
import { createMemoryTransport } from '../../transports/memory/index.js';
import { createPrng } from '../latency/shuffle.js';
import { createDirectory, find, publish } from '../peers/directory.js';
import { findCounterExample } from './counter-example.js';
import { digestOf, findDeliveryFaults } from './delivery.js';
import type { Histories, HistoryEvent } from './history.js';
import { findInversions, findOvertaken } from './order.js';
import { createSwappingTransport } from './swapping.js';

export interface SwappingSelfTestOptions {
  /** A transport, a fresh one at each call. Default: `memory`. */
  readonly createTransport?: () => Transport;
  /** Of each of the two senders. Default: 20,000. */
  readonly messages?: number;
  /** How rarely a pair is swapped. Default: one in 10,000 messages. */
  readonly oneIn?: number;
  readonly seed?: number;
  /** Socket path; `memory` takes any string. */
  readonly path?: string;
}

/** What the checkers said about one stream. */
export interface StreamFindings {
  readonly messages: number;
  /** Lost, doubled, invented or changed. */
  readonly deliveryFaults: number;
  /** Overtaken on their own handle. */
  readonly overtaken: number;
  readonly inversions: number;
  /** Messages of the smallest counter-example, and its diagram as text. */
  readonly exampleSize?: number;
  readonly example?: string;
}

export interface SwappingSelfTest {
  readonly clean: StreamFindings;
  readonly swapping: StreamFindings;
  /** Pairs that were swapped in the second stream. */
  readonly swaps: number;
  /** Nothing was found in the first stream, in the second every swap and nothing else, with two messages as the example. */
  readonly passed: boolean;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** How many sends may be under way, so that no queue fills up. */
const burst = 64;

async function sendAll(
  handle: Handle,
  sender: string,
  messages: number,
  history: HistoryEvent[],
): Promise<void> {
  for (let number = 0; number < messages; number += burst) {
    const last = Math.min(number + burst, messages);
    const sends: Promise<number>[] = [];
    for (let at = number; at < last; at++) {
      const message = `${sender} ${at}`;
      const bytes = encoder.encode(message);
      history.push({ kind: 'send', message, to: ['receiver'], digest: digestOf(bytes) });
      sends.push(handle.send({ bytes }));
    }
    await Promise.all(sends);
    // Its answer says that all of the burst was received, and that nothing is held back.
    await handle.call({ bytes: nothing });
  }
}

/** A node that records what it gets; it answers calls and does not record them. */
function recordingNode(peer: Peer, history: HistoryEvent[]): CapabilityNode {
  return peer.createNode({
    message({ bytes, reply }): void {
      if (reply !== undefined) reply.send({ bytes: nothing });
      else history.push({ kind: 'receive', message: decoder.decode(bytes), digest: digestOf(bytes) });
    },
  });
}

/** Two senders, and one receiver with a node for each of them. Leaves nothing open. */
async function recordStream(transport: Transport, path: string, messages: number): Promise<Histories> {
  const histories: Record<string, HistoryEvent[]> = { left: [], right: [], receiver: [] };
  const server = await transport.serve({
    path,
    root: ({ peer }) => {
      const directory = createDirectory(peer);
      return () => directory;
    },
  });
  const sessions: Session[] = [];
  const join = async (): Promise<Session> => {
    const session = await transport.connect({ path });
    sessions.push(session);
    return session;
  };
  try {
    const receiver = await join();
    const streams = ['left', 'right'].map(async (name) => {
      await publish(receiver, name, recordingNode(receiver.peer, histories['receiver'] ?? []));
      const handle = await find(await join(), name);
      await sendAll(handle, name, messages, histories[name] ?? []);
    });
    await Promise.all(streams);
    return histories;
  } finally {
    for (const { peer } of sessions) peer.close();
    server.close();
  }
}

function judge(histories: Histories): StreamFindings {
  const example = findCounterExample(histories, 'fifo');
  return {
    messages: (histories['receiver'] ?? []).length,
    deliveryFaults: findDeliveryFaults(histories).length,
    overtaken: findOvertaken(histories).length,
    inversions: findInversions(histories).length,
    ...(example === undefined ? {} : { exampleSize: example.size, example: example.text }),
  };
}

/** Runs both streams. Rejects only if a stream cannot be run. */
export async function runSwappingSelfTest(options: SwappingSelfTestOptions = {}): Promise<SwappingSelfTest> {
  const { messages = 20_000, oneIn = 10_000, seed = 1, path = 'self-test' } = options;
  const { createTransport = () => createMemoryTransport({ time: createTime() }) } = options;
  const clean = judge(await recordStream(createTransport(), path, messages));
  const transport = createSwappingTransport(createTransport(), oneIn, createPrng(seed));
  const swapping = judge(await recordStream(transport, path, messages));
  const { swaps } = transport;
  const isClean = clean.deliveryFaults + clean.overtaken + clean.inversions === 0;
  const isFound = swaps > 0 && swapping.overtaken === swaps && swapping.inversions === swaps;
  const passed = isClean && isFound && swapping.deliveryFaults === 0 && swapping.exampleSize === 2;
  return { clean, swapping, swaps, passed };
}
