/**
 * A manager over a fake supervisor, on each transport that there is, and clients of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials, PeerUsage, Transport } from '../../broker/contract/index.js';
import { limits } from '../../broker/contract/index.js';
import { type Control, createControl } from '../../broker/control/index.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { Manager } from '../../clients/library/manager.js';
import { type TransportEntry, transports } from '../../transports/catalog.js';
import { eventually, within } from './eventually.js';
import { FakeSupervisor } from './fake-supervisor.js';

export interface ControlWorld {
  readonly name: string;
  readonly supervisor: FakeSupervisor;
  readonly control: Control;
  /** Connects; `uid` is who the kernel says it is, default the manager's own user. */
  connect(uid?: number): Promise<Manager>;
  /** What the server's peer has open. */
  usage(): PeerUsage;
}

/** The transports that the suite runs on. */
export const controlTransports: readonly TransportEntry[] = transports;

/**
 * Runs a body in a world of its own and closes it. Insists that, when all clients are closed, nothing is left but the roots.
 */
export async function inControlWorld(
  entry: TransportEntry,
  body: (world: ControlWorld) => Promise<void>,
  supervisor: FakeSupervisor = new FakeSupervisor(),
): Promise<void> {
  const loop = openPacketLoop({
    packetBytesMax: limits.packetBytesMax,
    descriptorReserve: limits.descriptorReserve,
  });
  const time = createTime();
  const transport: Transport = entry.create({ loop, time });
  const directory = mkdtempSync(join(tmpdir(), 'capstan-control-'));
  const path = join(directory, 'c');
  const uid = process.geteuid?.() ?? 0;
  const control = createControl({
    supervisor,
    time,
    facts: { version: '1.2.3', pid: 42, uid, mode: 'user', socketOf: () => path },
  });
  // What the kernel would say is told here by the order of connecting.
  const uids: number[] = [];
  const server = await transport.serve({
    path,
    root: (made) => {
      const choose = control.publish(made, entry.name);
      return (who: Credentials) => choose({ ...who, uid: uids.shift() ?? who.uid });
    },
  });
  const managers: Manager[] = [];
  const idle = server.peer.usage();
  try {
    await within(
      'the end of the test',
      body({
        name: entry.name,
        supervisor,
        control,
        connect: async (as = uid) => {
          uids.push(as);
          const session = await transport.connect({ path });
          const manager = new Manager(session.peer, session.root, () => session.peer.close());
          managers.push(manager);
          return manager;
        },
        usage: () => server.peer.usage(),
      }),
      40_000,
    );
    for (const manager of managers) manager.close();
    await eventually('the objects of clients that are gone', () => sameUsage(server.peer.usage(), idle));
    await eventually('their subscriptions', () => supervisor.open === 1);
  } finally {
    for (const manager of managers) manager.close();
    control.close();
    server.close();
    loop.release();
    rmSync(directory, { recursive: true, force: true });
  }
}

function sameUsage(a: PeerUsage, b: PeerUsage): boolean {
  return a.nodes === b.nodes && a.handles === b.handles && a.repliesHeld === b.repliesHeld;
}
