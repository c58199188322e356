/**
 * The parties of the workloads W2 to W6 that are peers of a transport. Each is a function of its session and its arguments, so that the same
 * code runs as a process of its own (main.ts), and all together in one process where the transport is `memory`.
 */
import { fileURLToPath } from 'node:url';
import type { Handle, Session, Transport } from '../../broker/contract/index.js';
import { type ClosedLoop, serveCommands } from './client-port.js';
import { createDeathLoop, type Estate, runVictim } from './death.js';
import { createDirectory, find, publish } from './directory.js';
import { createGrantLoop, createGrantOwner, createTaker } from './grant.js';
import { createHolder, createRevokeLoop, type Revoked } from './revoke.js';
import { takeHandles } from './shelf.js';
import { createSink, createStreamLoop, needsPatience } from './stream.js';

/** Makes a new session of the same process. */
type Connect = () => Promise<Session>;

/** Offers what it has; it lives until its process ends. */
type Offer = (connect: Connect, args: readonly string[]) => Promise<void>;
/** Gets what it needs and gives the loop that the harness drives. */
type Drive = (connect: Connect, args: readonly string[]) => Promise<ClosedLoop>;

async function findAll(session: Session, kind: string, count: number): Promise<Handle[]> {
  const handles: Handle[] = [];
  for (let at = 0; at < count; at++) handles.push(await find(session, `${kind} ${at}`));
  return handles;
}

export const offers: Readonly<Record<string, Offer>> = {
  /** W2: COUNT nodes, each of which counts the messages of one sender. */
  sinks: async (connect, [count]) => {
    const session = await connect();
    for (let at = 0; at < Number(count); at++) {
      await publish(session, `sink ${at}`, createSink(session.peer));
    }
  },
  /** W3: COUNT nodes. */
  'grant-owner': async (connect, [count]) => {
    const session = await connect();
    await publish(session, 'owner', createGrantOwner(session.peer, Number(count)));
  },
  /** W3. */
  taker: async (connect) => {
    const session = await connect();
    await publish(session, 'taker', createTaker(session.peer));
  },
  /** W5: COUNT peers, from number FIRST. */
  holders: async (connect, [receipts = '', first, count]) => {
    for (let at = Number(first); at < Number(first) + Number(count); at++) {
      const session = await connect();
      await publish(session, `holder ${at}`, createHolder(session.peer, receipts, at));
    }
  },
};

export const drives: Readonly<Record<string, Drive>> = {
  /** W2: to the sink of number INDEX, one of SENDERS. */
  'stream-to': async (connect, [index, payloadBytes, senders]) => {
    const session = await connect();
    return createStreamLoop(await find(session, `sink ${index}`), {
      payloadBytes: Number(payloadBytes),
      senders: Number(senders),
      isPatient: needsPatience(session.peer),
    });
  },
  /** W3: COUNT handles in each message. */
  giver: async (connect, [payloadBytes, count]) => {
    const session = await connect();
    const handles = await takeHandles(await find(session, 'owner'), Number(count));
    return createGrantLoop(await find(session, 'taker'), handles, Number(payloadBytes));
  },
  /** W5: HOLDERS in all; `all` or `one` of the grants. */
  revoker: async (connect, [receipts = '', holders, revoked]) => {
    const session = await connect();
    const handles = await findAll(session, 'holder', Number(holders));
    return createRevokeLoop(session.peer, handles, receipts, revoked as Revoked);
  },
  /** W6: victims that own or hold COUNT; the CPU (or -1) is theirs. */
  watcher: async (connect, [name = '', path = '', estate, count, timeoutMs, cpu]) => {
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    return createDeathLoop(await connect(), {
      estate: estate as Estate,
      count: Number(count),
      timeoutMs: Number(timeoutMs),
      cpu: cpu === '-1' ? undefined : Number(cpu),
      command: [process.execPath, main, 'victim', name, path],
    });
  },
};

/** A victim of W6. */
export async function victim(
  connect: Connect,
  args: readonly string[],
  untilEnd: () => Promise<void>,
): Promise<void> {
  const [name = '', estate, count] = args;
  await runVictim(await connect(), name, estate as Estate, Number(count), untilEnd);
}

/**
 * Everything in one process: what the contract itself costs, without any system call. Each part is a party with its arguments, with commas
 * between; the last one drives.
 */
export async function together(transport: Transport, path: string, parts: readonly string[]): Promise<void> {
  const server = await transport.serve({
    path,
    root: (own) => {
      const directory = createDirectory(own.peer);
      return () => directory;
    },
  });
  const connect = (): Promise<Session> => transport.connect({ path });
  let loop: ClosedLoop | undefined;
  for (const part of parts) {
    const [name = '', ...args] = part.split(',');
    await offers[name]?.(connect, args);
    loop = await drives[name]?.(connect, args);
  }
  if (loop === undefined) throw new Error('nobody drives');
  await serveCommands(loop);
  server.close();
}
