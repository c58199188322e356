/**
 * Many peers and many handles (W9): a sink with many nodes, a crowd of peers that hold handles and do nothing, and a stream that
 * goes through many handles in turn.
 */
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type CapabilityNode,
  type Handle,
  limits,
  type Peer,
  type Receiver,
  type Reply,
  type Session,
  type Transport,
} from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';
import { find, publish } from './directory.js';
import { isMessage, readNumber, stamp } from './payload.js';
import { createShelf, takeHandles } from './shelf.js';
import { createStreamLoop, needsPatience, type StreamTarget } from './stream.js';

/** Uids that need not be anybody's. */
const firstOtherUser = 61_000;

/** How much of its share of a server's connections a user takes: who comes later counts, too. */
const shareUsed = 0.9;

/**
 * Among how many users so many connections to one server are divided, and how many each has: by what is left for the next user, when
 * those before have theirs (bus Q6), and at most `perUserMax`. The first of them are the same for more connections.
 */
export function divideAmongUsers(connections: number, perUserMax = limits.peersMax): number[] {
  const counts: number[] = [];
  for (let taken = 0; taken < connections; ) {
    const share = Math.floor((shareUsed * (limits.peersMax - taken)) / (counts.length + 2));
    const count = Math.min(connections - taken, share, perUserMax);
    if (count < 1) throw new Error(`there is no room for ${connections} connections to one server`);
    counts.push(count);
    taken += count;
  }
  return counts;
}

/** The user of each connection. */
function usersOf(connections: number, perUserMax: number): number[] {
  return divideAmongUsers(connections, perUserMax).flatMap((count, user) => Array<number>(count).fill(user));
}

/** Connections that are made at the same time. */
const connectingMax = 64;

const questionBytes = 4;
const answerBytes = 8;

/**
 * A sink with `count` nodes on a shelf. Each expects the numbers 0, 1, 2 … one after the other. A call on the shelf with a number (u32) is
 * answered when so many messages have come to all nodes together, since not every transport promises order across handles: with that
 * number, and how many of all were not the next of their node (u32 each, as stream.ts has it).
 */
export function createManySink(peer: Peer, count: number): CapabilityNode {
  let arrived = 0;
  let disorder = 0;
  const asked: { readonly expected: number; readonly reply: Reply }[] = [];
  const answerReached = (): void => {
    for (let next = asked[0]; next !== undefined && next.expected <= arrived; next = asked[0]) {
      asked.shift();
      const answer = new DataView(new ArrayBuffer(answerBytes));
      answer.setUint32(0, next.expected, true);
      answer.setUint32(4, disorder, true);
      next.reply.send({ bytes: new Uint8Array(answer.buffer) });
    }
  };
  const nodes = Array.from({ length: count }, () => {
    let expected = 0;
    return peer.createNode({
      message({ bytes }): void {
        if (!isMessage(bytes, expected)) disorder++;
        expected = (expected + 1) >>> 0;
        arrived++;
        if (asked.length > 0) answerReached();
      },
    });
  });
  return createShelf(peer, nodes, ({ bytes, reply }) => {
    if (reply === undefined) return;
    asked.push({ expected: readNumber(bytes), reply });
    answerReached();
  });
}

/** The stream of W2, through `count` handles in turn. */
export async function createManyStream(
  session: Session,
  payloadBytes: number,
  count: number,
): Promise<ClosedLoop> {
  const entry = await find(session, 'sink');
  const handles = await takeHandles(entry, count);
  const numbers = new Uint32Array(count);
  const question = new DataView(new ArrayBuffer(questionBytes));
  const isPatient = needsPatience(session.peer);
  let next = 0;
  let sent = 0;
  const taken = (sequence: number): number => {
    numbers[next] = (numbers[next] ?? 0) + 1;
    next = (next + 1) % count;
    sent = (sent + 1) >>> 0;
    return sequence;
  };
  // What was refused is tried again with the same handle and number: then only is the next one's turn.
  const turning: StreamTarget = {
    send: (message) => {
      const number = numbers[next] ?? 0;
      stamp(message.bytes, number);
      const sending = (handles[next] as Handle).send(message);
      if (isPatient) return sending.then(taken);
      taken(0);
      return sending;
    },
    call: () => {
      question.setUint32(0, sent, true);
      return entry.call({ bytes: new Uint8Array(question.buffer) });
    },
    writable: () => (handles[next] as Handle).writable(),
  };
  return createStreamLoop(turning, { payloadBytes, isPatient });
}

/** Connects as one of several users, if this process is root's; the first of them is whoever it is. */
function connectAs(user: number, connect: () => Promise<Session>): Promise<Session> {
  if (user === 0 || process.geteuid?.() !== 0) return connect();
  process.seteuid?.(firstOtherUser + user);
  try {
    // The connection is made before this returns; only the greeting is waited for.
    return connect();
  } finally {
    process.seteuid?.(0);
  }
}

async function inBatches(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await work(at);
  };
  await Promise.all(Array.from({ length: Math.min(connectingMax, count) }, worker));
}

/**
 * A process of many peers. Commands, each answered with `done`: `connect N M` peers in all, of several users where it may, each of which
 * has M at most (one user alone may not have ten thousand connections, nor a million handles), `hold N` nodes of the sink by each, `exchange N` nodes of its own that each gives to its
 * neighbour, `release` everything that is held.
 */
export async function runCrowd(transport: Transport, path: string): Promise<void> {
  const sessions: Session[] = [];
  let held: Handle[][] = [];
  const hold = async (count: number): Promise<void> => {
    await inBatches(sessions.length, async (at) => {
      const entry = await find(sessions[at] as Session, 'sink');
      held[at] = await takeHandles(entry, count);
      entry.close();
    });
  };
  const exchange = async (count: number): Promise<void> => {
    const size = sessions.length;
    held = sessions.map(() => []);
    await inBatches(size, async (at) => {
      const { peer } = sessions[at] as Session;
      const message: Receiver['message'] = ({ handles, reply }) => {
        held[at]?.push(...handles);
        reply?.send({ bytes: new Uint8Array(0) });
      };
      await publish(sessions[at] as Session, `crowd ${at}`, peer.createNode({ message }));
    });
    await inBatches(size, async (at) => {
      const session = sessions[at] as Session;
      const neighbour = await find(session, `crowd ${(at + 1) % size}`);
      for (let given = 0; given < count; given += limits.messageHandlesMax) {
        const length = Math.min(limits.messageHandlesMax, count - given);
        const handles = Array.from({ length }, () => session.peer.createNode({ message: () => {} }));
        await neighbour.call({ bytes: new Uint8Array(0), handles });
      }
      neighbour.close();
    });
  };
  const run = async (command: string, count: number, perUserMax: number): Promise<void> => {
    if (command === 'connect') {
      const users = usersOf(count, perUserMax);
      const first = sessions.length;
      await inBatches(count - first, async (at) => {
        const user = users[first + at] ?? 0;
        sessions.push(await connectAs(user, () => transport.connect({ path, timeoutMs: 60_000 })));
      });
    } else if (command === 'hold') await hold(count);
    else if (command === 'exchange') await exchange(count);
    else if (command === 'release') {
      for (const handle of held.flat()) handle.close();
      held = [];
      // A call behind the releases: when it is answered, they have been carried out.
      await inBatches(sessions.length, async (at) => (await find(sessions[at] as Session, 'sink')).close());
    } else throw new Error(`unknown command: ${command}`);
  };
  console.log(`ready ${process.pid}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [command = '', count = '0', perUserMax = String(limits.peersMax)] = line.split(' ');
    await run(command, Number(count), Number(perUserMax));
    console.log('done');
  }
  for (const { peer } of sessions) peer.close();
}

/** Makes garbage until the young generation has its full size, which it keeps: that is no peer's and no handle's. */
function growYoungGeneration(): void {
  let kept: unknown[] = [];
  for (let made = 0; made < 2_000_000; made++) {
    kept.push({ made, again: [made] });
    if (kept.length > 50_000) kept = [];
  }
}

/** Memory of this process after collection, in bytes, on each line of standard input, until end-of-file. */
export async function tellMemory(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  growYoungGeneration();
  console.log(`ready ${process.pid}`);
  for await (const _ of createInterface({ input: process.stdin })) {
    // What was collected is given back by threads of the runtime, a moment later.
    for (let time = 0; time < 3; time++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    console.log(JSON.stringify({ resident: rss, used: heapUsed + arrayBuffers }));
  }
}
