/**
 * What a transport hands to the suite, and what the suite makes of it: a fresh, isolated world for each clause.
 *
 * A world has a server, whose root is an exchange (test/support/exchange.ts), and as many peers as the clause asks for, in this
 * process and, where the manifest says `crossProcess`, in processes of their own. Peers get to know each other through the
 * contract only. When the clause is over everything is closed, and the world insists that nothing is left (C65).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  CapabilityNode,
  ConnectOptions,
  Handle,
  Manifest,
  Peer,
  ServeOptions,
  Server,
  Session,
  Transport,
} from '../../broker/contract/transport.js';
import { eventually, patienceMs, turns, within } from '../support/eventually.js';
import { drop, exchangeAsRoot, ping, put, take } from '../support/exchange.js';
import { keepTransport } from '../support/kept-transport.js';
import { activeTimers, noDescriptorsSince, openDescriptors } from '../support/leaks.js';
import { type PeerChild, spawnPeerChild } from '../support/peer-child.js';

/** A connection to the server's address that keeps no rules. */
export interface RawConnection {
  /** Sends one packet. Takes the descriptors. */
  send(bytes: Uint8Array, descriptors?: readonly number[]): void;
  /** Resolves when the other side has closed the connection. */
  readonly ended: Promise<void>;
  /** Idempotent. */
  close(): void;
}

export interface Fixture {
  /** The name in the catalog. */
  readonly name: string;
  readonly manifest: Manifest;
  /** A fresh transport object. Called once for each clause. */
  create(): Transport;
  /** Where there is a socket: a connection for the clauses about garbage. */
  readonly rawConnect?: (path: string) => Promise<RawConnection>;
  /** Where there is a socket without connections: sends one datagram to it. */
  readonly rawSend?: (path: string, bytes: Uint8Array) => void;
  /** Where there are no processes: stops deliveries to this peer; the result resumes them. */
  readonly hold?: (transport: Transport, peer: Peer) => () => void;
}

/** One clause's world. */
export interface World {
  readonly fixture: Fixture;
  readonly manifest: Manifest;
  readonly transport: Transport;
  readonly server: Server;
  readonly path: string;
  /** An empty directory of this world. */
  readonly directory: string;
  /** A peer of this process. The world closes it at the end, if the clause does not. */
  connect(options?: ConnectOptions): Promise<Session>;
  /** Another server in the world's directory. */
  serve(
    name: string,
    root: ServeOptions['root'],
  ): Promise<{ readonly server: Server; readonly path: string }>;
  /** Where the manifest says `crossProcess`: a peer in a process of its own, not connected yet. Killed at the end. */
  spawn(): Promise<PeerChild>;
  /** Says why something was left out. */
  log(text: string): void;
  /** Gives each holder a handle to the owner's node; nobody else keeps one. */
  introduce(owner: Session, node: CapabilityNode, ...holders: Session[]): Promise<Handle[]>;
  /** `introduce` for one holder. */
  handleTo(owner: Session, node: CapabilityNode, holder: Session): Promise<Handle>;
  /** Where the fixture can: stops deliveries to a peer; the result, and the end of the clause, resume them. */
  hold(peer: Peer): () => void;
  /** Several round trips of all open peers: what was under way between them has arrived. */
  settle(): Promise<void>;
  /** Something to undo at the end, in reverse order, also when the clause fails. */
  defer(undo: () => void | Promise<void>): void;
}

interface OpenWorld extends World {
  /** Closes everything. With `insist`, rejects if anything is left; without, closes that, too. */
  close(insist: boolean): Promise<void>;
}

/** Runs a body in a world of its own, within a bounded time, and insists that it leaves nothing. */
export async function inWorld(
  fixture: Fixture,
  body: (world: World) => Promise<void>,
  log: (text: string) => void = () => {},
): Promise<void> {
  const before = openDescriptors();
  const timersBefore = activeTimers();
  const world = await openWorld(fixture, log);
  let isDone = false;
  try {
    await within('the end of the clause', body(world), 3 * patienceMs);
    isDone = true;
  } finally {
    // A failed clause may leave things behind: its own error is the one to tell.
    await world.close(isDone);
  }
  await noDescriptorsSince(before);
  await eventually('timers are back', () => activeTimers() <= timersBefore);
}

async function openWorld(fixture: Fixture, log: (text: string) => void): Promise<OpenWorld> {
  const right = fixture.create();
  const kept = keepTransport(right);
  const { transport } = kept;
  const { manifest } = fixture;
  const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
  const path = join(directory, 's');
  const faults: unknown[] = [];
  const onError = (error: unknown): void => {
    faults.push(error);
  };
  const server = await transport.serve({
    path,
    onError,
    root: exchangeAsRoot,
  });
  const initially = server.peer.usage();
  const sessions: Session[] = [];
  const undos: (() => void | Promise<void>)[] = [];
  let names = 0;

  const world: OpenWorld = {
    ...{ fixture, manifest, transport, server, path, directory },
    connect: async (options) => {
      const where = options?.descriptor === undefined ? { path } : {};
      const session = await within('a connection', transport.connect({ ...where, onError, ...options }));
      sessions.push(session);
      return session;
    },
    serve: async (name, root) => {
      const at = join(directory, name);
      const another = await within('a server', transport.serve({ path: at, onError, root }));
      undos.unshift(() => another.close());
      return { server: another, path: at };
    },
    spawn: async () => {
      const child = await spawnPeerChild(fixture.name);
      undos.unshift(() => child.kill());
      return child;
    },
    log,
    introduce: async (owner, node, ...holders) => {
      names += 1;
      const name = `node-${names}`;
      await within('an introduction', put(owner.root, name, node));
      const handles: Handle[] = [];
      for (const holder of holders) handles.push(await within('an introduction', take(holder.root, name)));
      await within('an introduction', drop(owner.root, name));
      return handles;
    },
    handleTo: async (owner, node, holder) => {
      const [handle] = await world.introduce(owner, node, holder);
      if (handle === undefined) throw new Error('the exchange gave no handle');
      return handle;
    },
    hold: (peer) => {
      const resume = fixture.hold?.(right, peer);
      if (resume === undefined) throw new Error('this fixture cannot hold deliveries');
      undos.unshift(resume);
      return resume;
    },
    settle: async () => {
      for (let round = 0; round < 2; round += 1) {
        // A peer that has ended has nothing under way.
        await within('round trips', Promise.allSettled(sessions.map(({ root }) => ping(root))));
        await turns();
      }
    },
    defer: (undo) => {
      undos.unshift(undo);
    },
    close: async (insist) => {
      try {
        for (const undo of undos) await undo();
        for (const { peer } of sessions) peer.close();
        if (insist) await nothingLeft(server, initially, sessions);
      } finally {
        server.close();
        // A clause that failed has not come to closing what it opened past the world.
        if (!insist) kept.closeAll();
        rmSync(directory, { recursive: true, force: true });
      }
      if (!insist) return;
      await eventuallyUnused('the server', server.peer);
      // What a receiver throws, and faults that belong to no call, unless the clause asked for them itself.
      if (faults.length > 0) throw new Error(`onError was told: ${faults.join('; ')}`);
    },
  };
  return world;
}

async function nothingLeft(
  server: Server,
  initially: ReturnType<Peer['usage']>,
  sessions: readonly Session[],
): Promise<void> {
  for (const { peer } of sessions) await eventuallyUnused('a closed peer', peer);
  await eventually('the server has no peers', () => server.peers === 0);
  await eventually(`the server's peer is as at the start`, () => {
    return JSON.stringify(server.peer.usage()) === JSON.stringify(initially);
  });
}

async function eventuallyUnused(who: string, peer: Peer): Promise<void> {
  const isUnused = (): boolean => Object.values(peer.usage()).every((count) => count === 0);
  try {
    await eventually('nothing left', isUnused);
  } catch {
    throw new Error(`${who} still has ${JSON.stringify(peer.usage())}`);
  }
}
