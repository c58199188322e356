/**
 * Clauses C61 to C65: what goes wrong, and what ends.
 */
import assert from 'node:assert/strict';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '../../broker/contract/errors.js';
import { socketPathBytesMax } from '../../broker/contract/limits.js';
import type { Manifest } from '../../broker/contract/transport.js';
import { bytesOf, createCollector, echo } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { take } from '../support/exchange.js';
import { openDescriptors } from '../support/leaks.js';
import { type Clause, refused, works } from './clause.js';

const hasProcesses = ({ crossProcess }: Manifest): boolean => crossProcess;

/** Packets that are no frames of any protocol, or lie about themselves. */
function garbage(): Uint8Array[] {
  const header = (length: number, kind: number, flags = 0, descriptors = 0, padding = 0): Uint8Array => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(0, length, true);
    bytes.set([kind, flags, descriptors, padding], 4);
    return bytes;
  };
  return [
    Uint8Array.from([1]),
    bytesOf('GET / HTTP/1.1\r\n\r\n'),
    new Uint8Array(4096).fill(0xff),
    header(4096, 1),
    header(16, 0xee),
    header(8, 1),
    header(16, 1, 0xff),
    header(16, 1, 0, 3),
    header(16, 1, 0, 0, 0xff),
    header(0, 1),
    header(0xffffffff, 1),
    new Uint8Array(16),
  ];
}

export const faultClauses: readonly Clause[] = [
  {
    id: 'C61',
    title: 'a connection that sends garbage is closed, and nobody else notices',
    applies: (_manifest, { rawConnect }) => rawConnect !== undefined,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, echo);
      const handle = await world.handleTo(owner, inbox.node, sender);
      for (const [at, packet] of garbage().entries()) {
        const raw = await world.fixture.rawConnect?.(world.path);
        assert.ok(raw !== undefined);
        world.defer(() => raw.close());
        raw.send(packet);
        await within(`the connection with garbage ${at} is closed`, raw.ended);
        await works(handle);
      }
      await eventually('only the others are left', () => world.server.peers === 2);
    },
  },
  {
    id: 'C61',
    title: 'descriptors that nobody asked for are closed with their connection',
    applies: (_manifest, { rawConnect }) => rawConnect !== undefined,
    run: async (world) => {
      const sender = await world.connect();
      const path = join(world.directory, 'planted');
      writeFileSync(path, 'planted');
      for (const count of [1, 2, 253]) {
        const raw = await world.fixture.rawConnect?.(world.path);
        assert.ok(raw !== undefined);
        world.defer(() => raw.close());
        const packet = new Uint8Array(16);
        new DataView(packet.buffer).setUint32(0, 16, true);
        packet[4] = 0xee;
        packet[6] = count;
        raw.send(
          packet,
          Array.from({ length: count }, () => openSync(path, 'r')),
        );
        await within('the connection is closed', raw.ended);
        await eventually('the descriptors are closed', () => ![...openDescriptors().values()].includes(path));
      }
      await within('a round trip', sender.root.call({ bytes: bytesOf('ping') }));
    },
  },
  {
    id: 'C61',
    title: 'where there are no connections garbage is dropped, and nobody notices',
    applies: (_manifest, { rawSend }) => rawSend !== undefined,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, echo);
      const handle = await world.handleTo(owner, inbox.node, sender);
      for (const packet of garbage()) {
        world.fixture.rawSend?.(world.path, packet);
        await works(handle);
      }
      const late = await world.connect();
      await within('a newcomer is served', late.root.call({ bytes: bytesOf('ping') }));
      assert.equal(world.server.peers, 3);
    },
  },
  {
    id: 'C62',
    title:
      'a killed process is a closed peer: its nodes are gone, its handles no longer count, its calls are lost',
    applies: hasProcesses,
    run: async (world) => {
      const near = await world.connect();
      const inbox = createCollector(near.peer);
      const child = await world.spawn();
      await child.ask('connect', world.path);
      await child.ask('node', 'far', 'hold');
      await child.ask('put', 'far');
      const far = await take(near.root, 'far');
      await within('putting', near.root.call({ bytes: bytesOf('put near'), handles: [inbox.node] }));
      await child.ask('take', 'near');
      await child.ask('drop', 'near');
      await child.ask('drop', 'far');
      const lost = refused('a call', far.call({ bytes: bytesOf('?') }), ErrorCode.ReplyLost);
      await eventually(
        'the call has arrived',
        async () => ((await child.ask('texts', 'far')) as string[]).length === 1,
      );
      assert.equal(inbox.unusedCount, 0);
      await child.kill();
      assert.equal(await within('gone', far.gone), 'node-gone');
      await lost;
      await eventually('the node is unused', () => inbox.unusedCount === 1);
      await eventually('the server has lost it', () => world.server.peers === 1);
      far.close();
    },
  },
  {
    id: 'C62',
    title: 'killing a process with messages under way in both directions disturbs nobody',
    applies: hasProcesses,
    run: async (world) => {
      const near = await world.connect();
      for (let round = 0; round < 3; round += 1) {
        const inbox = createCollector(near.peer);
        const child = await world.spawn();
        await child.ask('connect', world.path);
        await child.ask('node', `far-${round}`, 'keep');
        await child.ask('put', `far-${round}`);
        const far = await take(near.root, `far-${round}`);
        await within(
          'putting',
          near.root.call({ bytes: bytesOf(`put near-${round}`), handles: [inbox.node] }),
        );
        await child.ask('take', `near-${round}`);
        await child.ask('drop', `near-${round}`);
        await child.ask('drop', `far-${round}`);
        await child.ask('flood', `near-${round}`, 2000);
        await inbox.delivery(5);
        const gift = createCollector(near.peer);
        const pending: Promise<unknown>[] = [];
        for (let at = 0; at < 50; at += 1) {
          pending.push(
            far.send({ bytes: new Uint8Array(3000), handles: [gift.node] }),
            far.call({ bytes: bytesOf('?') }),
          );
        }
        await child.kill();
        const ends = await within('all of it ends', Promise.allSettled(pending));
        assert.equal(await within('gone', far.gone), 'node-gone');
        // Where the death was known before the first send, all were refused and the gift was never given away.
        if (ends.some(({ status }, at) => at % 2 === 0 && status === 'fulfilled')) {
          await eventually('the gift is unused', () => gift.unusedCount > 0);
        }
        await eventually('the node is unused', () => inbox.unusedCount > 0);
        const numbers = inbox.texts.map((text) => Number(text));
        assert.deepEqual(
          numbers,
          numbers.map((_, at) => at),
          'what arrived is whole, and in order',
        );
        far.close();
        inbox.node.destroy();
        gift.node.destroy();
      }
    },
  },
  {
    id: 'C63',
    title: 'dialling nobody gives unreachable, and a taken address address-in-use',
    run: async (world) => {
      const { transport } = world;
      const nobody = transport.connect({ path: join(world.directory, 'nobody') });
      await refused('dialling nobody', nobody, ErrorCode.Unreachable);
      const taken = transport.serve({ path: world.path, root: () => () => undefined });
      await refused('a taken address', taken, ErrorCode.AddressInUse);
      const session = await world.connect();
      await within('the first server still answers', session.root.call({ bytes: bytesOf('ping') }));
    },
  },
  {
    id: 'C63',
    title: 'a connect that is given up is aborted',
    run: async (world) => {
      const { transport, path } = world;
      const before = transport.connect({ path, signal: AbortSignal.abort() });
      await refused('given up before', before, ErrorCode.Aborted);
      const controller = new AbortController();
      const attempt = transport.connect({ path, signal: controller.signal });
      controller.abort();
      // It may have succeeded by then.
      const session = await within(
        'the attempt ends',
        attempt.catch((error: { readonly code?: number }) => {
          assert.equal(error.code, ErrorCode.Aborted);
        }),
      );
      session?.peer.close();
      await eventually('nobody is connected', () => world.server.peers === 0);
    },
  },
  {
    id: 'C63',
    title: 'a server that does not answer gives deadline, and serves others when it goes on',
    applies: hasProcesses,
    run: async (world) => {
      const path = join(world.directory, 'stopped');
      const child = await world.spawn();
      await child.ask('serve', path);
      child.stop();
      const attempt = world.transport.connect({ path, timeoutMs: 60 });
      await refused('connecting to one that does not answer', attempt, ErrorCode.Deadline);
      child.resume();
      const { root } = await world.connect({ path });
      await within('a round trip', root.call({ bytes: bytesOf('ping') }));
    },
  },
  {
    id: 'C63',
    title: 'an address that is free again can be served again',
    run: async (world) => {
      for (let round = 0; round < 2; round += 1) {
        const { server, path } = await world.serve('again', ({ peer }) => {
          const node = peer.createNode({ message: echo });
          return () => node;
        });
        const { root, peer } = await within('a connection', world.transport.connect({ path }));
        await works(root);
        server.close();
        server.close();
        await within('gone', root.gone);
        await refused('dialling a closed server', world.transport.connect({ path }), ErrorCode.Unreachable);
        peer.close();
      }
    },
  },
  {
    id: 'C63',
    title: 'an address that is too long is refused, to serve and to dial',
    applies: hasProcesses,
    run: async (world) => {
      const long = join(world.directory, 'x'.repeat(socketPathBytesMax));
      const serving = world.transport.serve({ path: long, root: () => () => undefined });
      await refused('serving', serving, ErrorCode.AddressTooLong);
      await refused('dialling', world.transport.connect({ path: long }), ErrorCode.AddressTooLong);
    },
  },
  {
    id: 'C63',
    title: 'the socket of a dead server is replaced',
    applies: hasProcesses,
    run: async (world) => {
      const path = join(world.directory, 'mortal');
      const child = await world.spawn();
      await child.ask('serve', path);
      const { peer, root } = await within('a connection', world.transport.connect({ path }));
      await child.kill();
      await within('gone', root.gone);
      peer.close();
      await refused('dialling a dead server', world.transport.connect({ path }), ErrorCode.Unreachable);
      await world.serve('mortal', ({ peer: serving }) => {
        const node = serving.createNode({ message: echo });
        return () => node;
      });
      const again = await world.connect({ path });
      await works(again.root);
    },
  },
];

export const closeClauses: readonly Clause[] = [
  {
    id: 'C64',
    title: 'closing the peer settles everything that waits on it',
    run: async (world) => {
      const [owner, peerToClose] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const own = createCollector(peerToClose.peer);
      const handle = await world.handleTo(owner, inbox.node, peerToClose);
      const toOwn = await world.handleTo(peerToClose, own.node, owner);
      const called = refused('a call', handle.call({ bytes: bytesOf('?') }), ErrorCode.Closed);
      const theirs = refused('their call', toOwn.call({ bytes: bytesOf('?') }), ErrorCode.ReplyLost);
      await Promise.all([inbox.delivery(0), own.delivery(0)]);
      const { peer, root } = peerToClose;
      peer.close();
      peer.close();
      await Promise.all([called, theirs]);
      assert.equal(await within('gone', handle.gone), 'closed');
      assert.equal(await within('gone of the root', root.gone), 'closed');
      assert.equal(await within('the end', peer.ended), 'closed');
      assert.ok(own.node.isDestroyed);
      const bytes = bytesOf('late');
      await refused('a send', handle.send({ bytes }), ErrorCode.Closed);
      await refused('a call', handle.call({ bytes }), ErrorCode.Closed);
      await refused('a multicast', peer.multicast([handle], { bytes }), ErrorCode.Closed);
      assert.throws(() => peer.createNode({ message: () => {} }), { code: ErrorCode.Closed });
      await within('writable settles', handle.writable());
      handle.close();
      root.close();
      assert.deepEqual(peer.usage(), { nodes: 0, handles: 0, callsOutstanding: 0, repliesHeld: 0 });
      inbox.deliveries[0]?.reply?.send({ bytes });
    },
  },
  {
    id: 'C64',
    title: 'a peer may close itself from within its receiver',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, () => owner.peer.close());
      const handle = await world.handleTo(owner, inbox.node, sender);
      const calls = [1, 2, 3].map((at) =>
        refused('a call', handle.call({ bytes: bytesOf(`${at}`) }), ErrorCode.ReplyLost, ErrorCode.NodeGone),
      );
      await Promise.all(calls);
      assert.equal(await within('gone', handle.gone), 'node-gone');
      await world.settle();
      assert.deepEqual(inbox.texts, ['1'], 'nothing is delivered to a closed peer');
    },
  },
  {
    id: 'C64',
    title: 'when the server closes, its roots are gone and waiting calls to it end',
    run: async (world) => {
      const { server, path } = await world.serve('brief', ({ peer }) => {
        const silent = createCollector(peer).node;
        return () => silent;
      });
      const { root, peer } = await world.connect({ path });
      const called = root.call({ bytes: bytesOf('?') }).then(
        () => undefined,
        (error: { readonly code?: number }) => error.code,
      );
      await within(
        'a round trip',
        eventually('the peer is counted', () => server.peers === 1),
      );
      server.close();
      assert.match(await within('gone', root.gone), /^(node-gone|disconnected)$/);
      const code = await within('the call ends', called);
      const expected: unknown[] = [ErrorCode.ReplyLost, ErrorCode.NodeGone, ErrorCode.Disconnected];
      assert.ok(expected.includes(code), `the call ended with ${code}`);
      await assert.rejects(within('a send ends', root.send({ bytes: bytesOf('late') })));
      assert.equal(server.peers, 0);
      peer.close();
      await within('the end', peer.ended);
    },
  },
  {
    id: 'C65',
    title: 'usage counts what is open, and comes back to nothing',
    run: async (world) => {
      const [owner, holder] = [await world.connect(), await world.connect()];
      const initially = { owner: owner.peer.usage(), holder: holder.peer.usage() };
      const none = { nodes: 0, handles: 1, callsOutstanding: 0, repliesHeld: 0 };
      assert.deepEqual(initially, { owner: none, holder: none }, 'a new peer has its root');
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, holder);
      const clone = handle.clone();
      const attempt = handle.call({ bytes: bytesOf('?') });
      const { reply } = await inbox.delivery(0);
      assert.deepEqual(owner.peer.usage(), { ...none, nodes: 1, repliesHeld: 1 });
      assert.deepEqual(holder.peer.usage(), { ...none, handles: 3, callsOutstanding: 1 });
      reply?.send({ bytes: bytesOf('!') });
      await within('a call', attempt);
      clone.close();
      handle.close();
      inbox.node.destroy();
      assert.deepEqual({ owner: owner.peer.usage(), holder: holder.peer.usage() }, initially);
      assert.equal(world.server.peers, 2);
    },
  },
  {
    id: 'C65',
    title: 'many peers come and go, and nothing is left',
    run: async (world) => {
      for (let round = 0; round < 5; round += 1) {
        const sessions = await Promise.all(Array.from({ length: 10 }, () => world.connect()));
        const [first, ...others] = sessions;
        assert.ok(first !== undefined);
        const inbox = createCollector(first.peer, echo);
        const handles = await world.introduce(first, inbox.node, ...others);
        await Promise.all(handles.map(works));
        for (const [at, { peer }] of sessions.entries()) {
          if (at % 2 === 1) peer.close();
        }
        first.peer.close();
        for (const handle of handles) await within('gone', handle.gone);
        for (const { peer } of sessions) peer.close();
        await eventually('the server has no peers', () => world.server.peers === 0);
      }
    },
  },
];
