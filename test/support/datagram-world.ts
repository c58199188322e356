/**
 * A server and peers of the datagram transport, with a look at what the contract hides: addresses and secrets.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CapabilityNode, Handle, Server, Session, Transport } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import { DatagramHandle } from '../../transports/datagram/hold.js';
import {
  createDatagramTransport,
  createSystem,
  type DatagramSystem,
} from '../../transports/datagram/index.js';
import { DatagramPeer } from '../../transports/datagram/peer.js';
import { encodeDatagram, type FrameValue } from './datagram-frames.js';
import { drop, exchangeAsRoot, put, take } from './exchange.js';
import { keepTransport } from './kept-transport.js';
import { createParts } from './parts.js';

export interface DatagramWorld {
  readonly transport: Transport;
  readonly server: Server;
  readonly directory: string;
  /** The door. */
  readonly path: string;
  /** Where newcomers have their sockets. */
  readonly place: string;
  readonly faults: unknown[];
  connect(): Promise<Session>;
  /** A handle to the owner's node for another peer; nobody else keeps one. */
  handleTo(owner: Session, node: CapabilityNode, holder: Session): Promise<Handle>;
  /** Closes everything. */
  close(): void;
}

const parts = createParts();

/** Opens a world in a directory of its own. */
export async function openDatagramWorld(change: Partial<DatagramSystem> = {}): Promise<DatagramWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
  const place = join(directory, 'peers');
  const path = join(directory, 'door');
  const right = createSystem();
  const system: DatagramSystem = {
    ...right,
    socketsMax: right.socketsMax,
    ...change,
  };
  const kept = keepTransport(createDatagramTransport({ ...parts, system, directory: place }));
  const { transport } = kept;
  const faults: unknown[] = [];
  const onError = (error: unknown): void => {
    faults.push(error);
  };
  const server = await transport.serve({
    path,
    onError,
    root: exchangeAsRoot,
  });
  const sessions: Session[] = [];
  let names = 0;
  return {
    ...{ transport, server, directory, path, place, faults },
    connect: async () => {
      const session = await transport.connect({ path, onError });
      sessions.push(session);
      return session;
    },
    handleTo: async (owner, node, holder) => {
      names += 1;
      await put(owner.root, `node-${names}`, node);
      const handle = await take(holder.root, `node-${names}`);
      await drop(owner.root, `node-${names}`);
      return handle;
    },
    close: () => {
      for (const { peer } of sessions) peer.close();
      server.close();
      kept.closeAll();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The address of a peer. */
export function addressOf({ peer }: Pick<Session, 'peer'>): string {
  if (!(peer instanceof DatagramPeer)) throw new Error('not a peer of the datagram transport');
  return peer.self.path;
}

/** What a handle consists of. Secrets and tickets are hexadecimal. */
export function secretsOf(handle: Handle): {
  readonly path: string;
  readonly number: number;
  readonly secret: string;
  readonly ticket: string;
} {
  if (!(handle instanceof DatagramHandle)) throw new Error('not a handle of the datagram transport');
  const { contact, number, secret, ticket } = handle.hold;
  return {
    ...{ path: contact.path, number },
    ...{ secret: secret.toString('hex'), ticket: ticket?.toString('hex') ?? '' },
  };
}

/** Sends frames to an address in nobody's name; the result of sendto(2). */
export function sendFrames(path: string, ...frames: FrameValue[]): number {
  return sendBytes(path, encodeDatagram(frames));
}

export function sendBytes(path: string, bytes: Uint8Array): number {
  return loadNative().sendDatagram(path, bytes, 0, bytes.byteLength);
}

/** A socket of the test's own: what arrives at it, and its end. */
export function listenAt(path: string): { readonly received: Buffer[]; close(): void } {
  const received: Buffer[] = [];
  const socket = createSystem().bind(path, 0o600, (bytes) => received.push(bytes));
  return { received, close: () => socket.close() };
}

/** The sockets in a directory. */
export function socketsIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
