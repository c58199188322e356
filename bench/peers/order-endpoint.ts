/**
 * How a process of W8 sends to others by their names, over the contract or over `node:net`. A send is over when it was accepted, in the
 * words of whoever carries it: with the contract when `send` resolves, with `node:net` when the kernel has taken the bytes.
 */
import { createConnection, createServer, type Socket } from 'node:net';
import { ErrorCode, type Handle, hasCode, type Message, type Session } from '../../broker/contract/index.js';
import { find, publish } from './directory.js';

export interface OrderEndpoint {
  /** Finds all that this process will send to; they must be ready. */
  meet(others: readonly string[]): Promise<void>;
  /** One message to one or more, in this order where it makes a difference. Resolves when it was accepted for all of them. */
  send(to: readonly string[], bytes: Uint8Array): Promise<void>;
  /** The same to one, once: false if there was no room, and then nothing was sent. The bytes may be changed as soon as it has returned. */
  offer(to: string, bytes: Uint8Array): Promise<boolean>;
  /** After an offer was declined: resolves when another one is worth while. */
  room(to: string): Promise<void>;
  close(): void;
}

/** Called with each message, which then belongs to who is called. */
export type OrderReceiver = (bytes: Uint8Array) => void;

/** Whether there was room. Throws for any other reason. */
async function sendOnce(handle: Handle, message: Message): Promise<boolean> {
  try {
    await handle.send(message);
    return true;
  } catch (error) {
    if (hasCode(error, ErrorCode.OverQuota)) return false;
    throw error;
  }
}

/** Those for whom there was no room. Throws for any other reason. */
async function multicastOnce(
  { peer }: Session,
  handles: readonly Handle[],
  message: Message,
): Promise<Handle[]> {
  try {
    const { outcomes } = await peer.multicast(handles, message);
    return handles.filter((_, at) => {
      const outcome = outcomes[at];
      if (outcome === undefined || outcome.ok) return false;
      if (outcome.code !== ErrorCode.OverQuota)
        throw new Error(`a multicast was refused with code ${outcome.code}`);
      return true;
    });
  } catch (error) {
    if (hasCode(error, ErrorCode.OverQuota)) return [...handles];
    throw error;
  }
}

/** Offers a node under the own name, and sends to the nodes of others. */
export async function createContractEndpoint(
  session: Session,
  role: string,
  receive: OrderReceiver,
): Promise<OrderEndpoint> {
  const handles = new Map<string, Handle>();
  const handleTo = (name: string): Handle => {
    const handle = handles.get(name);
    if (handle === undefined) throw new Error(`${role} has not met ${name}`);
    return handle;
  };
  await publish(session, role, session.peer.createNode({ message: ({ bytes }) => receive(bytes) }));
  return {
    async meet(others) {
      for (const name of others) if (!handles.has(name)) handles.set(name, await find(session, name));
    },
    async send(to, bytes) {
      const [first, ...rest] = to.map(handleTo);
      if (first === undefined) return;
      if (rest.length === 0) {
        while (!(await sendOnce(first, { bytes }))) await first.writable();
        return;
      }
      for (let left = [first, ...rest]; left.length > 0; ) {
        left = await multicastOnce(session, left, { bytes });
        for (const handle of left) await handle.writable();
      }
    },
    offer: (to, bytes) => sendOnce(handleTo(to), { bytes }),
    room: (to) => handleTo(to).writable(),
    close: () => session.peer.close(),
  };
}

const headerBytes = 4;

/** Cuts a stream into messages that begin with their length. */
function frameReader(receive: OrderReceiver): (data: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (data) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (held.length >= headerBytes) {
      const end = headerBytes + held.readUInt32LE(0);
      if (held.length < end) return;
      receive(Uint8Array.from(held.subarray(headerBytes, end)));
      held = held.subarray(end);
    }
  };
}

function netPath(directory: string, role: string): string {
  return `${directory}/${role}.net`;
}

/** Listens on a Unix stream socket of its own, and has one connection to each that it sends to. */
export async function createNetEndpoint(
  directory: string,
  role: string,
  receive: OrderReceiver,
): Promise<OrderEndpoint> {
  const server = createServer((socket) => socket.on('error', () => {}).on('data', frameReader(receive)));
  await new Promise<void>((resolve) => server.listen(netPath(directory, role), resolve));
  const sockets = new Map<string, Socket>();
  const write = (name: string, bytes: Uint8Array): Promise<void> => {
    const socket = sockets.get(name);
    if (socket === undefined) throw new Error(`${role} has not met ${name}`);
    const frame = Buffer.alloc(headerBytes + bytes.length);
    frame.writeUInt32LE(bytes.length);
    frame.set(bytes, headerBytes);
    return new Promise((resolve, reject) =>
      socket.write(frame, (error) => (error ? reject(error) : resolve())),
    );
  };
  return {
    async meet(others) {
      for (const name of others) {
        if (sockets.has(name)) continue;
        const socket = createConnection(netPath(directory, name));
        await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
        sockets.set(name, socket);
      }
    },
    async send(to, bytes) {
      for (const name of to) await write(name, bytes);
    },
    async offer(to, bytes) {
      await write(to, bytes);
      return true;
    },
    room: () => Promise.resolve(),
    close() {
      for (const socket of sockets.values()) socket.destroy();
      server.close();
    },
  };
}
