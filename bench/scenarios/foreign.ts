/**
 * The contenders that are not Capstan's: the limits in C and in Node, and what people use today. How each is configured, and why, stands
 * with its peer in `bench/peers/` and in docs/benchmark-contenders.md.
 */
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { versionOf } from '../peers/foreign/package.js';
import {
  buildDirectory,
  clientLast,
  cpuArgument,
  freshPath,
  hasNativePeer,
  nativePeer,
  startInOrder,
} from './contenders.js';
import { type DBus, directLaunchers, findDBus, receiverShares, throughBusLaunchers } from './dbus.js';
import { freshReceipts } from './fan-out.js';
import type { CellShape, Contender, Launcher, Presence } from './scenario.js';

const foreignMain = join(buildDirectory, 'bench', 'peers', 'foreign', 'main.js');
const setUp = 'run bench/setup-peers.sh';
const here: Presence = { present: true };

/** A foreign peer in TypeScript, pinned. */
function startForeign(cpu: number | undefined, ...args: readonly (string | number)[]): PeerProcess {
  const command = [process.execPath, foreignMain, ...args.map(String)];
  return new PeerProcess(args.slice(0, 2).join(' '), pinned(cpu, command));
}

function startNative(
  cpu: number | undefined,
  program: string,
  ...args: readonly (string | number)[]
): PeerProcess {
  return new PeerProcess(program, pinned(cpu, [nativePeer(program), ...args.map(String)]));
}

const handlesOf = ({ varied }: CellShape): number => varied.handles ?? 1;

/** Where a program is, also where an ordinary user's path does not have those of the system. */
function findProgram(name: string): string | undefined {
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/usr/bin`;
  return path
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((program) => {
      try {
        accessSync(program, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function notInstalled(contender: string): Presence {
  return { present: false, reason: `${contender}: not installed; ${setUp}` };
}

function nativePresence(contender: string, program: string, advice: string): Presence {
  if (hasNativePeer(program)) return here;
  return { present: false, reason: `${contender}: its peer is not built; ${advice}` };
}

function packagePresence(contender: string, name: string): Presence {
  return versionOf(name) === undefined ? notInstalled(contender) : here;
}

/** Programs in C that start the other side themselves and take CPUs as their first arguments. */
function inC(program: string, name: string, ...mode: readonly string[]): Launcher {
  return ({ client, service }, { payloadBytes }) => {
    const args = [cpuArgument(client), cpuArgument(service), String(payloadBytes), ...mode];
    return () => clientLast([() => new PeerProcess(name, [nativePeer(program), ...args])]);
  };
}

const build = 'run "npm run build:native"';

const cStream: Contender = {
  name: 'c-stream',
  kind: 'c',
  waiting: 'block',
  isPipelined: true,
  launchers: {
    call: inC('stream-pingpong', 'c-stream', 'call'),
    stream: inC('stream-pingpong', 'c-stream', 'stream'),
  },
  presence: () => nativePresence('c-stream', 'stream-pingpong', build),
};

function sharedMemory(name: string, waiting: 'futex' | 'spin'): Contender {
  return {
    name,
    kind: 'c',
    waiting: waiting === 'spin' ? 'spin' : 'block',
    isPipelined: true,
    launchers: {
      call: inC('shm-pingpong', name, 'call', waiting),
      stream: inC('shm-pingpong', name, 'stream', waiting),
    },
    ...(waiting === 'spin'
      ? {
          cannotAt: ({ name: at }: Placement) =>
            at === 'one-core' ? 'spin on the core of the other side' : undefined,
        }
      : {}),
    presence: () => nativePresence(name, 'shm-pingpong', build),
  };
}

const cDescriptors: Contender = {
  name: 'c-fd',
  kind: 'c',
  waiting: 'block',
  launchers: {
    give: ({ client, service }, shape) => {
      // The owner beside the giver, as with the own transports.
      const cpus = [client, service, client].map(cpuArgument);
      const args = [...cpus, String(shape.payloadBytes), String(handlesOf(shape))];
      return () => clientLast([() => new PeerProcess('c-fd', [nativePeer('fd-grant'), ...args])]);
    },
  },
  presence: () => nativePresence('c-fd', 'fd-grant', build),
};

const childProcess: Contender = {
  name: 'child-process',
  kind: 'node',
  waiting: 'block',
  isPipelined: true,
  launchers: {
    call: forking('client'),
    stream: forking('stream'),
    give:
      ({ client, service }, shape) =>
      async (directory) => {
        const path = freshPath(directory);
        const giver = ['giver', cpuArgument(service), path, shape.payloadBytes, handlesOf(shape)];
        return clientLast([
          () => startForeign(client, 'child-process', 'owner', path, shape.payloadBytes),
          () => startForeign(client, 'child-process', ...giver),
        ]);
      },
  },
  presence: () => here,
};

function forking(role: string): Launcher {
  return ({ client, service }, { payloadBytes }) =>
    () =>
      clientLast([() => startForeign(client, 'child-process', role, cpuArgument(service), payloadBytes)]);
}

/**
 * Its two threads pin themselves; those that Node has beside them, which compile and collect garbage, inherit what the process is pinned to:
 * the cores of both ends, and no other one.
 */
function threading(role: string): Launcher {
  return ({ client, service }, shape) => {
    const args = [role, cpuArgument(client), cpuArgument(service), shape.payloadBytes, handlesOf(shape)];
    const command = [process.execPath, foreignMain, 'worker-threads', ...args.map(String)];
    return () => clientLast([() => new PeerProcess('worker-threads', pinned([client, service], command))]);
  };
}

const workerThreads: Contender = {
  name: 'worker-threads',
  kind: 'node',
  waiting: 'block',
  isPipelined: true,
  launchers: { call: threading('client'), stream: threading('stream'), give: threading('giver') },
  presence: () => here,
};

/** A server and a client that meet at a socket. */
function atSocket(contender: string, server: string, client: string): Launcher {
  return (placement, { payloadBytes }) =>
    async (directory) => {
      const path = freshPath(directory);
      return clientLast([
        () => startForeign(placement.service, contender, server, path),
        () => startForeign(placement.client, contender, client, path, payloadBytes),
      ]);
    };
}

const grpc: Contender = {
  name: 'grpc',
  kind: 'foreign',
  waiting: 'block',
  isPipelined: true,
  launchers: { call: atSocket('grpc', 'server', 'client'), stream: atSocket('grpc', 'server', 'stream') },
  presence: () => packagePresence('grpc', '@grpc/grpc-js'),
};

/** Receivers that all start at the same time, because a process of Node takes its time, and then their sender. */
async function receiversFirst(
  receivers: readonly PeerProcess[],
  startSender: () => PeerProcess,
): Promise<CellProcesses> {
  try {
    for (const receiver of receivers) await receiver.ready();
    const { client } = await clientLast([startSender]);
    return { client, others: receivers };
  } catch (error) {
    for (const receiver of receivers) receiver.kill();
    throw error;
  }
}

function sentTo(receipts: string, { payloadBytes, varied }: CellShape): readonly (string | number)[] {
  return [receipts, payloadBytes, varied.receivers ?? 1];
}

const zeromq: Contender = {
  name: 'zeromq',
  kind: 'foreign',
  waiting: 'block',
  isPipelined: true,
  launchers: {
    call: atSocket('zeromq', 'server', 'client'),
    stream: atSocket('zeromq', 'sink', 'stream'),
    multicast: (placement, shape) => async (directory) => {
      const path = freshPath(directory);
      const receipts = freshReceipts(directory);
      return receiversFirst(
        receiverShares(shape).map((share) =>
          startForeign(placement.service, 'zeromq', 'receivers', path, receipts, ...share),
        ),
        () => startForeign(placement.client, 'zeromq', 'publisher', path, ...sentTo(receipts, shape)),
      );
    },
  },
  presence: () => packagePresence('zeromq', 'zeromq'),
};

/** How long nats-server may take until it listens, and how often that is looked for. */
const natsPatienceMs = 10_000;
const natsPollMs = 20;

/** The port that a server has chosen; it writes a file when it listens. */
async function natsPort(directory: string, pid: number): Promise<string> {
  const file = join(directory, `nats-server_${pid}.ports`);
  for (const endMs = performance.now() + natsPatienceMs; performance.now() < endMs; await sleep(natsPollMs)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const port = /:(\d+)"/.exec(text)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error(`nats-server does not listen after ${natsPatienceMs} ms`);
}

/** A server of its own on a free port of the loopback interface, and peers that are told the port. */
function throughNats(
  startPeers: (
    port: string,
    placement: Placement,
    shape: CellShape,
    directory: string,
  ) => Promise<CellProcesses>,
): Launcher {
  return (placement, shape): CellDefinition['launch'] =>
    async (directory): Promise<CellProcesses> => {
      const program = findProgram('nats-server') ?? 'nats-server';
      const options = ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', directory];
      const [server] = await startInOrder([
        () => startNative(placement.broker, 'peer-host', program, ...options),
      ]);
      if (server === undefined) throw new Error('no server');
      try {
        const port = await natsPort(directory, server.pids[1] ?? 0);
        const { client, others } = await startPeers(port, placement, shape, directory);
        return { client, others: [...others, server], broker: server };
      } catch (error) {
        server.kill();
        throw error;
      }
    };
}

function natsCall(role: string): Launcher {
  return throughNats((port, placement, { payloadBytes }) =>
    clientLast([
      () => startForeign(placement.service, 'nats', 'server', port),
      () => startForeign(placement.client, 'nats', role, port, payloadBytes),
    ]),
  );
}

const nats: Contender = {
  name: 'nats',
  kind: 'foreign',
  waiting: 'block',
  isPipelined: true,
  launchers: {
    call: natsCall('client'),
    stream: natsCall('stream'),
    multicast: throughNats((port, placement, shape, directory) => {
      const receipts = freshReceipts(directory);
      return receiversFirst(
        receiverShares(shape).map((share) =>
          startForeign(placement.service, 'nats', 'receivers', port, receipts, ...share),
        ),
        () => startForeign(placement.client, 'nats', 'publisher', port, ...sentTo(receipts, shape)),
      );
    }),
  },
  presence: () => {
    if (findProgram('nats-server') === undefined) return notInstalled('nats');
    const host = nativePresence('nats', 'peer-host', build);
    return host.present ? packagePresence('nats', '@nats-io/transport-node') : host;
  },
};

function overCapnp(mode: string): Launcher {
  return (placement, { payloadBytes }) =>
    async (directory) => {
      const path = freshPath(directory);
      return clientLast([
        () => startNative(placement.service, 'capnp-peer', path, 'service'),
        () => startNative(placement.client, 'capnp-peer', path, 'client', payloadBytes, mode),
      ]);
    };
}

const capnp: Contender = {
  name: 'capnp',
  kind: 'foreign',
  waiting: 'block',
  isPipelined: true,
  launchers: {
    call: overCapnp('call'),
    stream: overCapnp('stream'),
    give: (placement, shape) => async (directory) => {
      const taker = freshPath(directory);
      const owner = freshPath(directory);
      const giver = ['give', owner, shape.payloadBytes, handlesOf(shape)];
      return clientLast([
        () => startNative(placement.client, 'capnp-peer', owner, 'owner'),
        () => startNative(placement.service, 'capnp-peer', taker, 'taker'),
        () => startNative(placement.client, 'capnp-peer', taker, ...giver),
      ]);
    },
  },
  presence: () => nativePresence('capnp', 'capnp-peer', setUp),
};

function dbus(bus: DBus): Contender {
  return {
    name: bus,
    kind: 'foreign',
    waiting: 'block',
    isPipelined: true,
    launchers: throughBusLaunchers(bus),
    presence: () => {
      const peers = nativePresence(bus, 'dbus-host', setUp);
      if (!peers.present) return peers;
      return findDBus().buses.includes(bus) ? here : notInstalled(bus);
    },
  };
}

const sdbusDirect: Contender = {
  name: 'sdbus-direct',
  kind: 'foreign',
  waiting: 'block',
  isPipelined: true,
  launchers: directLaunchers,
  presence: () => nativePresence('sdbus-direct', 'sdbus-client', setUp),
};

/** What `node-net` can do beside its calls, which the quick comparison has. */
export const nodeNetLaunchers: Readonly<Record<'stream', Launcher>> = {
  stream: atSocket('node-net', 'sink', 'stream'),
};

/** In the order of docs/benchmark-contenders.md. */
export const foreignContenders: readonly Contender[] = [
  cStream,
  sharedMemory('c-shm-futex', 'futex'),
  sharedMemory('c-shm-spin', 'spin'),
  cDescriptors,
  childProcess,
  workerThreads,
  sdbusDirect,
  dbus('dbus-broker'),
  dbus('dbus-daemon'),
  capnp,
  zeromq,
  nats,
  grpc,
];
