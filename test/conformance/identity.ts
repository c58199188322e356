/**
 * Clauses C70 to C72: who somebody is.
 */
import assert from 'node:assert/strict';
import { chmodSync, closeSync } from 'node:fs';
import { ErrorCode } from '../../broker/contract/errors.js';
import {
  type CapabilityNode,
  type Credentials,
  type Manifest,
  unknownCredentials,
} from '../../broker/contract/transport.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { type Clause, refused } from './clause.js';

const isKernels = ({ credentials }: Manifest): boolean => credentials === 'kernel';

function ownCredentials(): Credentials {
  return { pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

export const identityClauses: readonly Clause[] = [
  {
    id: 'C70',
    title: 'a node that asked for credentials is shown what the kernel says of the sender',
    applies: isKernels,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const asking = createCollector(owner.peer, undefined, { credentials: true });
      const incurious = createCollector(owner.peer);
      for (const { node } of [asking, incurious]) {
        const handle = await world.handleTo(owner, node, sender);
        await within('a send', handle.send({ bytes: bytesOf('who am I') }));
      }
      const { sender: shown } = await asking.delivery(0);
      assert.deepEqual({ ...shown.credentials }, ownCredentials());
      const { sender: unshown } = await incurious.delivery(0);
      assert.equal(unshown.credentials, undefined, 'only for who asked');
      assert.equal(shown.account, unshown.account, 'one account for all peers of a user');
    },
  },
  {
    id: 'C70',
    title: 'a message from another process shows that process',
    applies: (manifest) => isKernels(manifest) && manifest.crossProcess,
    run: async (world) => {
      const owner = await world.connect();
      const inbox = createCollector(owner.peer, undefined, { credentials: true });
      await within('putting', owner.root.call({ bytes: bytesOf('put desk'), handles: [inbox.node] }));
      const isRoot = process.getuid?.() === 0;
      if (!isRoot) world.log('other users are left out: only root can become one');
      const users = isRoot ? [0, 65_534] : [process.getuid?.() ?? 0];
      chmodSync(world.directory, 0o755);
      chmodSync(world.path, 0o666);
      for (const [at, uid] of users.entries()) {
        const child = await world.spawn();
        if (isRoot) await child.ask('become', uid, uid);
        await child.ask('connect', world.path);
        await child.ask('take', 'desk');
        await child.ask('send', 'desk', 'who am I');
        const { sender } = await inbox.delivery(at);
        const gid = isRoot ? uid : process.getgid?.();
        assert.deepEqual({ ...sender.credentials }, { pid: child.pid, uid, gid });
      }
      const accounts = inbox.deliveries.map(({ sender }) => sender.account);
      assert.equal(new Set(accounts).size, users.length, 'one account for each user');
      await within('dropping', owner.root.call({ bytes: bytesOf('drop desk') }));
    },
  },
  {
    id: 'C70',
    title: 'without the kernel there are no credentials to show',
    applies: (manifest) => !isKernels(manifest),
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, undefined, { credentials: true });
      const handle = await world.handleTo(owner, inbox.node, sender);
      await within('a send', handle.send({ bytes: bytesOf('who am I') }));
      assert.deepEqual({ ...(await inbox.delivery(0)).sender }, { account: 0, credentials: undefined });
    },
  },
  {
    id: 'C71',
    title: 'the root is chosen by the kernel credentials of the newcomer',
    applies: isKernels,
    run: async (world) => {
      const asked: Credentials[] = [];
      const { path } = await world.serve('choosy', ({ peer }) => {
        const named = (text: string): CapabilityNode =>
          peer.createNode({ message: ({ reply }) => reply?.send({ bytes: bytesOf(text) }) });
        const roots = [named('first'), named('second')];
        return (who) => {
          asked.push({ pid: who.pid, uid: who.uid, gid: who.gid });
          return roots[asked.length - 1];
        };
      });
      for (const expected of ['first', 'second']) {
        const { root } = await world.connect({ path });
        const { bytes } = await within('a call', root.call({ bytes: bytesOf('which') }));
        assert.equal(textOf(bytes), expected);
      }
      assert.deepEqual(asked, [ownCredentials(), ownCredentials()]);
    },
  },
  {
    id: 'C71',
    title: 'without the kernel the root is chosen by what the server can prove: its own user, or nothing',
    applies: (manifest) => !isKernels(manifest),
    run: async (world) => {
      const asked: Credentials[] = [];
      const { path } = await world.serve('choosy', ({ peer }) => {
        const root = peer.createNode({ message: echo });
        return (who) => {
          asked.push({ ...who });
          return root;
        };
      });
      const modes = [0o700, 0o755, 0o710, 0o701, 0o700];
      for (const mode of modes) {
        chmodSync(world.directory, mode);
        const { root } = await world.connect({ path });
        await within('a call', root.call({ bytes: bytesOf('hello') }));
      }
      const { uid, gid } = ownCredentials();
      assert.deepEqual(
        asked,
        modes.map((mode) => (mode === 0o700 ? { pid: 0, uid, gid } : unknownCredentials)),
      );
      assert.notEqual(unknownCredentials.uid, uid);
    },
  },
  {
    id: 'C71',
    title: 'a peer that is refused a root is disconnected with permission-denied',
    run: async (world) => {
      const { server, path } = await world.serve('closed', () => () => undefined);
      for (let at = 0; at < 3; at += 1) {
        await refused('connecting', world.transport.connect({ path }), ErrorCode.PermissionDenied);
      }
      await eventually('nobody is connected', () => server.peers === 0);
    },
  },
  {
    id: 'C72',
    title: 'who has the descriptor of an invitation gets the root that it names',
    run: async (world) => {
      const { server, path } = await world.serve('guests', () => () => undefined);
      await refused('connecting', world.transport.connect({ path }), ErrorCode.PermissionDenied);
      const rooms = ['blue', 'green'].map((text) =>
        server.peer.createNode({ message: ({ reply }) => reply?.send({ bytes: bytesOf(text) }) }),
      );
      const descriptors = rooms.map((room) => server.invite(room));
      for (const at of [1, 0]) {
        const descriptor = descriptors[at];
        assert.ok(descriptor !== undefined && descriptor >= 0);
        const { root } = await world.connect({ descriptor });
        const { bytes } = await within('a call', root.call({ bytes: bytesOf('which') }));
        assert.equal(textOf(bytes), ['blue', 'green'][at]);
      }
      assert.equal(server.peers, 2);
    },
  },
  {
    id: 'C72',
    title: 'an invitation whose descriptor is closed unused leaves nobody',
    run: async (world) => {
      const { server } = await world.serve('guests', () => () => undefined);
      const room = createCollector(server.peer);
      closeSync(server.invite(room.node));
      await eventually('nobody is left', () => server.peers === 0);
      const descriptor = server.invite(room.node);
      const { root, peer } = await world.connect({ descriptor });
      await within('a send', root.send({ bytes: bytesOf('here') }));
      await room.delivery(0);
      peer.close();
      await eventually('nobody is left', () => server.peers === 0);
    },
  },
];
