/**
 * Mistakes about handles and nodes: C20 to C28.
 */

import type { Delivery } from '../../../broker/contract/transport.js';
import { MemoryHandle } from '../../../transports/memory/handle.js';
import { MessageItem } from '../../../transports/memory/item.js';
import { MemoryNode, NodeTarget } from '../../../transports/memory/node.js';
import { MemoryPeer } from '../../../transports/memory/peer.js';
import { alterDeliveries, alterMessages, type Mutant, replace } from './mutant.js';

export const handleMutants: readonly Mutant[] = [
  {
    name: "takes the giver's handle away",
    breaks: ['C20'],
    apply: () =>
      alterMessages((message) => {
        const { handles } = message;
        queueMicrotask(() => {
          for (const item of handles ?? []) if (item.kind === 'handle') item.close();
        });
        return message;
      }),
  },
  {
    name: 'delivers handles in reverse',
    breaks: ['C20'],
    apply: () => alterDeliveries((delivery) => ({ ...delivery, handles: [...delivery.handles].reverse() })),
  },
  {
    name: 'closes clones together with their original',
    breaks: ['C21'],
    apply: () => {
      const clones = new Map<MemoryHandle, MemoryHandle[]>();
      const undos = [
        replace(
          MemoryHandle,
          'clone',
          (right) =>
            function () {
              const clone = right.call(this) as MemoryHandle;
              clones.set(this, [...(clones.get(this) ?? []), clone]);
              return clone;
            },
        ),
        replace(
          MemoryHandle,
          'release',
          (right) =>
            function (reason) {
              right.call(this, reason);
              for (const clone of clones.get(this) ?? []) clone.close();
            },
        ),
      ];
      return () => {
        for (const undo of undos) undo();
      };
    },
  },
  {
    name: 'does not let a handle reach its home',
    breaks: ['C22'],
    apply: () =>
      alterDeliveries((delivery, peer) => {
        for (const handle of delivery.handles) {
          if (handle instanceof MemoryHandle && handle.target.owner === peer) handle.close();
        }
        return delivery;
      }),
  },
  {
    name: 'never says that a node is gone',
    breaks: ['C23', 'C24', 'C26'],
    apply: () =>
      replace(
        MemoryHandle,
        'conclude',
        (right) =>
          function (reason) {
            if (reason !== 'node-gone') right.call(this, reason);
          },
      ),
  },
  {
    name: 'says gone for the wrong reason',
    breaks: ['C23', 'C26'],
    apply: () =>
      replace(
        MemoryHandle,
        'conclude',
        (right) =>
          function (reason) {
            right.call(this, reason === 'node-gone' ? 'closed' : reason);
          },
      ),
  },
  {
    name: 'destroys a node without a word at the second time',
    breaks: ['C23'],
    apply: () =>
      replace(
        MemoryNode,
        'destroy',
        (right) =>
          function () {
            if (!this.isDestroyed) right.call(this);
          },
      ),
  },
  {
    name: 'still delivers to a node that was destroyed',
    breaks: ['C23'],
    apply: () =>
      replace(
        MessageItem,
        'drop',
        () =>
          function () {
            this.deliver();
          },
      ),
  },
  {
    name: 'leaves out handles whose node is gone',
    breaks: ['C24'],
    apply: () =>
      alterDeliveries((delivery) => ({
        ...delivery,
        handles: delivery.handles.filter(({ isGone }) => !isGone),
      })),
  },
  {
    name: 'tells unused while a handle is under way',
    breaks: ['C25'],
    apply: () => {
      const held = new Map<NodeTarget, number>();
      const change = (target: NodeTarget, by: number): void => {
        held.set(target, (held.get(target) ?? 0) + by);
        if (by < 0 && held.get(target) === 0) target.receiver.unused?.();
      };
      const undos = [
        replace(
          NodeTarget,
          'arrive',
          (right) =>
            function (peer, sequence) {
              if (peer !== this.owner) change(this, 1);
              return right.call(this, peer, sequence);
            },
        ),
        replace(
          NodeTarget,
          'forget',
          (right) =>
            function (handle) {
              right.call(this, handle);
              if (handle.peer !== this.owner) change(this, -1);
            },
        ),
      ];
      return () => {
        for (const undo of undos) undo();
      };
    },
  },
  {
    name: 'never tells unused',
    breaks: ['C25', 'C26'],
    apply: () =>
      replace(
        MemoryPeer,
        'createNode',
        (right) =>
          function (receiver, options) {
            const message = (delivery: Delivery): void => receiver.message(delivery);
            return right.call(this, { message }, options);
          },
      ),
  },
  {
    name: 'tells unused twice',
    breaks: ['C25'],
    apply: () =>
      replace(
        MemoryPeer,
        'createNode',
        (right) =>
          function (receiver, options) {
            const unused = (): void => {
              receiver.unused?.();
              receiver.unused?.();
            };
            const message = (delivery: Delivery): void => receiver.message(delivery);
            return right.call(this, { message, unused }, options);
          },
      ),
  },
  {
    name: 'revokes without doing it and without saying so',
    breaks: ['C27'],
    apply: () => alterDeliveries((delivery) => ({ ...delivery, revoke: () => {} })),
  },
  {
    name: 'sends the first handles of too many',
    breaks: ['C28'],
    apply: () =>
      alterMessages((message) =>
        message.handles === undefined ? message : { ...message, handles: message.handles.slice(0, 64) },
      ),
  },
];
