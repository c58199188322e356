/**
 * The contenders on D-Bus: clients and services in C on sd-bus, through dbus-broker, through dbus-daemon, and on a direct connection.
 * Every cell has a bus of its own in the run's directory; nothing of the machine's is touched.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { brokerFirst, clientLast, cpuArgument, freshPath, hasNativePeer, nativePeer } from './contenders.js';
import { fanOutCell, freshReceipts, startEach } from './fan-out.js';
import type { CellShape, Launcher } from './scenario.js';
import { streamCell } from './stream.js';

export type DBus = 'dbus-broker' | 'dbus-daemon';

const buses: readonly DBus[] = ['dbus-broker', 'dbus-daemon'];

/** What of it is here, and for what is not, what to install. */
export interface DBusPresence {
  readonly buses: readonly DBus[];
  /** Whether the peers on sd-bus have been built. */
  readonly hasPeers: boolean;
  readonly missing: readonly string[];
}

function isInstalled(program: string): boolean {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  return path.split(delimiter).some((directory) => existsSync(join(directory, program)));
}

export function findDBus(): DBusPresence {
  if (!hasNativePeer('dbus-host')) {
    const reason =
      'dbus-broker, dbus-daemon, sdbus-direct: their peers are not built; install libsystemd-dev, then "npm run build:native"';
    return { buses: [], hasPeers: false, missing: [reason] };
  }
  const present = buses.filter(isInstalled);
  const missing = buses
    .filter((bus) => !present.includes(bus))
    .map((bus) => `${bus}: not installed; install the package ${bus}`);
  return { buses: present, hasPeers: true, missing };
}

/**
 * What dbus-daemon is given: the limits that its authors give to a session bus (session.conf of 1.14), as many descriptors in one message
 * as the kernel takes (16 by default, and W3 gives away more), and a policy that allows everything, which is the one it decides fastest on.
 */
const daemonConfiguration = (path: string): string => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=${path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_incoming_unix_fds">250000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_outgoing_unix_fds">250000000</limit>
  <limit name="max_message_size">1000000000</limit>
  <limit name="max_message_unix_fds">253</limit>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_incomplete_connections">10000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_pending_service_starts">10000</limit>
  <limit name="max_names_per_connection">50000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
`;

/** A private bus at a path. It inherits its CPU. */
function startBus(bus: DBus, path: string, cpu: number | undefined): PeerProcess {
  const command = [nativePeer('dbus-host'), bus, path];
  if (bus === 'dbus-daemon') {
    const file = `${path}.conf`;
    writeFileSync(file, daemonConfiguration(path));
    command.push(file);
  }
  return new PeerProcess(bus, pinned(cpu, command));
}

function startSdBus(cpu: number | undefined, program: string, ...args: readonly string[]): PeerProcess {
  return new PeerProcess(program, pinned(cpu, [nativePeer(program), ...args]));
}

/** Bus, service and client of one cell; `mode` is the client's. */
function throughBus(
  bus: DBus,
  placement: Placement,
  payloadBytes: number,
  mode: 'call' | 'one-way' | 'signal',
): CellDefinition['launch'] {
  const serviceMode = mode === 'signal' ? 'signals' : 'bus';
  return (directory): Promise<CellProcesses> => {
    const path = freshPath(directory);
    return brokerFirst([
      () => startBus(bus, path, placement.broker),
      () => startSdBus(placement.service, 'sdbus-service', path, serviceMode),
      () => startSdBus(placement.client, 'sdbus-client', path, String(payloadBytes), mode, 'bus'),
    ]);
  };
}

/** The fair peer of `sockets`: two ends of sd-bus without a bus between them. */
function direct(
  placement: Placement,
  payloadBytes: number,
  mode: 'call' | 'one-way',
): CellDefinition['launch'] {
  return (directory): Promise<CellProcesses> => {
    const path = freshPath(directory);
    return clientLast([
      () => startSdBus(placement.service, 'sdbus-service', path, 'direct'),
      () => startSdBus(placement.client, 'sdbus-client', path, String(payloadBytes), mode, 'direct'),
    ]);
  };
}

/** W1. */
export function dbusCallCells(
  presence: DBusPresence,
  placement: Placement,
  payloadBytes: number,
): CellDefinition[] {
  const cell = (contender: string, launch: CellDefinition['launch']): CellDefinition => {
    return { workload: 'W1', contender, call: 'empty', payloadBytes, placement: placement.name, launch };
  };
  return [
    ...presence.buses.map((bus) => cell(bus, throughBus(bus, placement, payloadBytes, 'call'))),
    ...(presence.hasPeers ? [cell('sdbus-direct', direct(placement, payloadBytes, 'call'))] : []),
  ];
}

/** W2: method calls that want no reply, and signals. */
export function dbusStreamCells(
  presence: DBusPresence,
  placement: Placement,
  payloadBytes: number,
): CellDefinition[] {
  const cell = (bus: DBus, call: 'one-way' | 'signal'): CellDefinition =>
    streamCell(bus, call, placement, payloadBytes, throughBus(bus, placement, payloadBytes, call));
  const directLaunch = direct(placement, payloadBytes, 'one-way');
  return [
    ...presence.buses.flatMap((bus) => [cell(bus, 'one-way'), cell(bus, 'signal')]),
    ...(presence.hasPeers
      ? [streamCell('sdbus-direct', 'one-way', placement, payloadBytes, directLaunch)]
      : []),
  ];
}

/** W4. */
export function dbusFanOutCells(
  presence: DBusPresence,
  placement: Placement,
  payloadBytes: number,
  receivers: number,
): CellDefinition[] {
  return presence.buses.map((bus) =>
    fanOutCell(bus, 'signal', placement, payloadBytes, receivers, (directory) => {
      const path = freshPath(directory);
      const receipts = freshReceipts(directory);
      const sender = ['send', receipts, String(payloadBytes), String(receivers)];
      return brokerFirst([
        () => startBus(bus, path, placement.broker),
        ...startEach(receivers, (index) =>
          startSdBus(placement.service, 'sdbus-fanout', path, 'receive', receipts, index, '1'),
        ),
        () => startSdBus(placement.client, 'sdbus-fanout', path, ...sender),
      ]);
    }),
  );
}

/** Which receivers each process has: the first and how many. */
export function receiverShares({ varied }: CellShape): (readonly [first: number, count: number])[] {
  const { receivers = 1, receiver_processes: processes = receivers } = varied;
  const share = Math.ceil(receivers / processes);
  return Array.from({ length: Math.ceil(receivers / share) }, (_, at) => {
    const first = at * share;
    return [first, Math.min(share, receivers - first)] as const;
  });
}

function giverArguments(placement: Placement, { payloadBytes, varied }: CellShape): string[] {
  // The owner beside the giver, as with the own transports.
  return [cpuArgument(placement.client), String(payloadBytes), String(varied.handles ?? 1)];
}

/** What the suite asks of a bus. */
export function throughBusLaunchers(
  bus: DBus,
): Readonly<Record<'call' | 'stream' | 'give' | 'multicast', Launcher>> {
  return {
    call: (placement, { payloadBytes }) => throughBus(bus, placement, payloadBytes, 'call'),
    stream: (placement, { payloadBytes }) => throughBus(bus, placement, payloadBytes, 'one-way'),
    give: (placement, shape) => (directory) => {
      const path = freshPath(directory);
      const giver = ['give', 'bus', ...giverArguments(placement, shape)];
      return brokerFirst([
        () => startBus(bus, path, placement.broker),
        () => startSdBus(placement.service, 'sdbus-grant', path, 'take', 'bus'),
        () => startSdBus(placement.client, 'sdbus-grant', path, ...giver),
      ]);
    },
    multicast: (placement, shape) => (directory) => {
      const path = freshPath(directory);
      const receipts = freshReceipts(directory);
      const sender = ['send', receipts, String(shape.payloadBytes), String(shape.varied.receivers ?? 1)];
      return brokerFirst([
        () => startBus(bus, path, placement.broker),
        ...receiverShares(shape).map((share) => () => {
          const args = ['receive', receipts, ...share.map(String)];
          return startSdBus(placement.service, 'sdbus-fanout', path, ...args);
        }),
        () => startSdBus(placement.client, 'sdbus-fanout', path, ...sender),
      ]);
    },
  };
}

/** What the suite asks of a direct connection. */
export const directLaunchers: Readonly<Record<'call' | 'stream' | 'give', Launcher>> = {
  call: (placement, { payloadBytes }) => direct(placement, payloadBytes, 'call'),
  stream: (placement, { payloadBytes }) => direct(placement, payloadBytes, 'one-way'),
  give: (placement, shape) => (directory) => {
    const path = freshPath(directory);
    const giver = ['give', 'direct', ...giverArguments(placement, shape)];
    return clientLast([
      () => startSdBus(placement.service, 'sdbus-grant', path, 'take', 'direct'),
      () => startSdBus(placement.client, 'sdbus-grant', path, ...giver),
    ]);
  },
};
