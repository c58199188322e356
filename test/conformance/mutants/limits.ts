/**
 * Mistakes about limits, ends and identity: C60 to C71.
 */
import { openSync } from 'node:fs';
import { ErrorCode } from '../../../broker/contract/errors.js';
import { MemoryHandle } from '../../../transports/memory/handle.js';
import { Inbox } from '../../../transports/memory/inbox.js';
import type { MemoryNode, NodeTarget } from '../../../transports/memory/node.js';
import { MemoryPeer } from '../../../transports/memory/peer.js';
import { MemoryServer } from '../../../transports/memory/server.js';
import { World } from '../../../transports/memory/world.js';
import { alterDeliveries, type Mutant, replace, swallow } from './mutant.js';

export const limitMutants: readonly Mutant[] = [
  {
    name: 'queues without bound',
    breaks: ['C60'],
    apply: () => replace(Inbox, 'admits', () => () => true),
  },
  {
    name: 'says that a full receiver is writable',
    breaks: ['C60'],
    apply: () => replace(MemoryHandle, 'writable', () => () => Promise.resolve()),
  },
  {
    name: 'never says that a receiver is writable again',
    breaks: ['C60'],
    apply: () => replace(MemoryPeer, 'offerRoom', () => () => {}),
  },
  {
    name: 'serves an address that is taken',
    breaks: ['C63'],
    apply: () => {
      const right = Map.prototype.has;
      Map.prototype.has = function (key) {
        return typeof key === 'string' && key.endsWith('/s') ? false : right.call(this, key);
      };
      return () => {
        Map.prototype.has = right;
      };
    },
  },
  {
    name: 'leaves calls waiting when the peer is closed',
    breaks: ['C64'],
    apply: () => swallow(ErrorCode.Closed),
  },
  {
    name: 'throws when a peer is closed twice',
    breaks: ['C64'],
    apply: () =>
      replace(
        MemoryPeer,
        'close',
        (right) =>
          function () {
            if (this.hasEnded) throw new Error('closed twice');
            right.call(this);
          },
      ),
  },
  {
    name: 'counts nothing',
    breaks: ['C65'],
    apply: () =>
      replace(MemoryPeer, 'usage', () => () => ({
        nodes: 0,
        handles: 0,
        callsOutstanding: 0,
        repliesHeld: 0,
      })),
  },
  {
    name: 'leaves a descriptor open for each peer',
    breaks: ['C65'],
    apply: () =>
      replace(
        MemoryPeer,
        'end',
        (right) =>
          function (reason) {
            // Closed by the test, which closes whatever a broken transport leaves.
            openSync('/dev/null', 'r');
            right.call(this, reason);
          },
      ),
  },
  {
    name: 'leaves a timer running for each peer',
    breaks: ['C65'],
    apply: () => {
      const left: NodeJS.Timeout[] = [];
      const undo = replace(
        MemoryPeer,
        'end',
        (right) =>
          function (reason) {
            left.push(setTimeout(() => {}, 60_000));
            right.call(this, reason);
          },
      );
      return () => {
        for (const timer of left) clearTimeout(timer);
        undo();
      };
    },
  },
  {
    name: 'keeps the handles of a peer that has ended',
    breaks: ['C26'],
    apply: () =>
      replace(
        MemoryHandle,
        'release',
        (right) =>
          function (reason) {
            if (this.peer.hasEnded && reason === 'closed') this.conclude('closed');
            else right.call(this, reason);
          },
      ),
  },
  {
    name: "shows the sender's word instead of the kernel's",
    breaks: ['C70'],
    apply: () =>
      alterDeliveries((delivery) => {
        const { credentials } = delivery.sender;
        if (credentials === undefined) return delivery;
        return { ...delivery, sender: { ...delivery.sender, credentials: { ...credentials, pid: 1 } } };
      }),
  },
  {
    name: 'shows credentials to nodes that did not ask',
    breaks: ['C70'],
    apply: () =>
      alterDeliveries((delivery) => {
        const credentials = { pid: process.pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
        return { ...delivery, sender: { ...delivery.sender, credentials } };
      }),
  },
  {
    name: 'gives a root to everybody',
    breaks: ['C71'],
    apply: () =>
      replace(
        MemoryServer,
        'welcome',
        (right) =>
          function (options) {
            try {
              return right.call(this, options);
            } catch {
              const { target } = this.peer.createNode({ message: () => {} }) as MemoryNode;
              return this.admit(target, options);
            }
          },
      ),
  },
  {
    name: 'gives all guests the same root',
    breaks: ['C72'],
    apply: () => {
      let first: NodeTarget | undefined;
      return replace(
        MemoryServer,
        'admit',
        (right) =>
          function (root, options) {
            if (root.owner === first?.owner) return right.call(this, first, options);
            first = root;
            return right.call(this, root, options);
          },
      );
    },
  },
  {
    name: 'numbers all transactions alike',
    breaks: ['C50'],
    apply: () => replace(World, 'nextSequence', () => () => 1),
  },
];
