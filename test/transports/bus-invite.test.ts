/**
 * What only the bus has, on real sockets: invitations, and who holds what.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { descriptorReserve, packetBytesMax } from '../../broker/contract/limits.js';
import type { CapabilityNode, Credentials, Server } from '../../broker/contract/transport.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { BusPeer, createBusTransport } from '../../transports/bus/index.js';
import { eventually, within } from '../support/eventually.js';
import { noDescriptorsSince, openDescriptors } from '../support/leaks.js';

const loop = openPacketLoop({ packetBytesMax, descriptorReserve });
const bus = createBusTransport({ loop, time: createTime() });
const nothing = new Uint8Array(0);

async function withServer(
  body: (server: Server, root: CapabilityNode, path: string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
  const before = openDescriptors();
  const path = join(directory, 's');
  let root: CapabilityNode | undefined;
  const server = await bus.serve({
    path,
    root: ({ peer }) => {
      root = peer.createNode(
        { message: ({ reply, sender }) => reply?.send({ bytes: Buffer.from(JSON.stringify(sender)) }) },
        { credentials: true },
      );
      return () => root;
    },
  });
  try {
    if (root !== undefined) await body(server, root, path);
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
  await noDescriptorsSince(before);
}

test.serial('P1, P4, P5: an invited peer gets its root, and is who the kernel says', async (t) => {
  await withServer(async (server, root) => {
    const descriptor = server.invite(root);
    t.is(server.peers, 0, 'nobody has come yet');
    const session = await bus.connect({ descriptor });
    t.is(server.peers, 1);
    const answer = await within('a call', session.root.call({ bytes: nothing }));
    const sender = JSON.parse(Buffer.from(answer.bytes).toString()) as { credentials: Credentials };
    t.is(sender.credentials.pid, process.pid);
    t.is(sender.credentials.uid, process.getuid?.() ?? -1);
    session.peer.close();
    await eventually('the peer has left', () => server.peers === 0);
  });
});

test.serial('P1: an invitation that nobody takes up is no peer, and leaves nothing', async (t) => {
  await withServer(async (server, root) => {
    const session = await bus.connect({ descriptor: server.invite(root) });
    const unused = server.invite(root);
    t.is(server.peers, 1);
    session.peer.close();
    await t.throwsAsync(bus.connect({ descriptor: unused, path: 'both' }), { message: /exactly one/ });
    await eventually('both are gone', () => server.peers === 0);
  });
});

test.serial('N9: the owner sees who holds a node, by account, and nobody else can ask', async (t) => {
  await withServer(async (server, root, path) => {
    const sessions = [await bus.connect({ path }), await bus.connect({ path })];
    const own = server.peer as BusPeer;
    t.true(own instanceof BusPeer);
    const [shares] = [await own.holders(root)];
    t.deepEqual(
      shares.map(({ handles }) => handles),
      [2],
    );
    const other = sessions[0]?.peer as BusPeer;
    const node = other.createNode({ message: () => {} });
    t.deepEqual(await within('an answer', other.holders(node)), []);
    const [first] = sessions;
    if (first !== undefined) await within('a call', first.root.call({ bytes: nothing, handles: [node] }));
    t.is((await within('an answer', other.holders(node))).length, 1);
    const error: unknown = await other.holders(root).catch((reason: unknown) => reason);
    t.true(hasCode(error, ErrorCode.InvalidArgument));
    for (const { peer } of sessions) peer.close();
  });
});

test.serial('T2: the root is unused when the last of those who got it has left', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
  const path = join(directory, 's');
  let unused = 0;
  const server = await bus.serve({
    path,
    root: ({ peer }) => {
      const root = peer.createNode({ message: () => {}, unused: () => (unused += 1) });
      return () => root;
    },
  });
  const sessions = [await bus.connect({ path }), await bus.connect({ path })];
  sessions[0]?.peer.close();
  await eventually('one is left', () => server.peers === 1);
  t.is(unused, 0);
  sessions[1]?.peer.close();
  await eventually('the root is unused', () => unused === 1);
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

test.after.always('the loop is closed', () => {
  loop.release();
});
