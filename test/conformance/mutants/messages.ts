/**
 * Mistakes about messages: C1 to C7.
 */

import type { Message } from '../../../broker/contract/transport.js';
import { MemoryHandle } from '../../../transports/memory/handle.js';
import type { Item } from '../../../transports/memory/inbox.js';
import { MessageItem } from '../../../transports/memory/item.js';
import { MemoryPeer } from '../../../transports/memory/peer.js';
import { alterDeliveries, alterItems, alterMessages, isMessage, type Mutant, replace } from './mutant.js';

export const messageMutants: readonly Mutant[] = [
  {
    name: 'drops one message in seven',
    breaks: ['C1', 'C2'],
    apply: () => {
      let count = 0;
      return alterItems((item, push) => {
        if (isMessage(item)) count += 1;
        if (isMessage(item) && count % 7 === 0) item.drop();
        else push(item);
      });
    },
  },
  {
    name: 'delivers a message twice',
    breaks: ['C1', 'C40'],
    apply: () =>
      replace(
        MessageItem,
        'deliver',
        (right) =>
          function () {
            right.call(this);
            if (this.byteLength > 0 && this.descriptorCount === 0) right.call(this);
          },
      ),
  },
  {
    name: 'lets a message overtake the one before',
    breaks: ['C2', 'C50'],
    apply: () => {
      const waiting = new Map<MemoryPeer, Item>();
      return alterItems((item, push, peer) => {
        const before = waiting.get(peer);
        waiting.delete(peer);
        if (isMessage(item) && before === undefined) {
          waiting.set(peer, item);
          setImmediate(() => {
            if (waiting.get(peer) !== item) return;
            waiting.delete(peer);
            push(item);
          });
          return;
        }
        push(item);
        if (before !== undefined) push(before);
      });
    },
  },
  {
    name: 'cuts what is too large',
    breaks: ['C3', 'C41'],
    apply: truncateTooLarge,
  },
  {
    name: "sends the caller's bytes later, without a copy",
    breaks: ['C4'],
    apply: () =>
      replace(
        MemoryPeer,
        'send',
        (right) =>
          function (handle, message) {
            return Promise.resolve().then(() => right.call(this, handle, message));
          },
      ),
  },
  {
    name: 'gives all receivers of a multicast the same bytes',
    breaks: ['C4'],
    apply: () => {
      const shared = new Map<number, Uint8Array>();
      return alterDeliveries((delivery) => {
        const bytes = shared.get(delivery.sequence) ?? delivery.bytes;
        shared.set(delivery.sequence, bytes);
        return { ...delivery, bytes };
      });
    },
  },
  {
    name: 'takes messages for closed handles',
    breaks: ['C5'],
    apply: () =>
      replace(
        MemoryPeer,
        'send',
        (right) =>
          function (handle, message) {
            if (handle.isClosed && !this.hasEnded) return Promise.resolve(0);
            return right.call(this, handle, message);
          },
      ),
  },
  {
    name: 'throws when a handle is closed twice',
    breaks: ['C5'],
    apply: () =>
      replace(
        MemoryHandle,
        'close',
        (right) =>
          function () {
            if (this.isClosed) throw new Error('closed twice');
            right.call(this);
          },
      ),
  },
  {
    name: 'loses what a peer sent before it closed',
    breaks: ['C6'],
    apply: () => {
      const underWay = new Map<MemoryPeer, Set<Item>>();
      let sender: MemoryPeer | undefined;
      const undos = [
        replace(
          MemoryPeer,
          'send',
          (right) =>
            function (handle, message) {
              sender = this;
              const sent = right.call(this, handle, message);
              sender = undefined;
              return sent;
            },
        ),
        alterItems((item, push) => {
          if (sender !== undefined && isMessage(item)) {
            underWay.set(sender, (underWay.get(sender) ?? new Set()).add(item));
          }
          push(item);
        }),
        replace(
          MessageItem,
          'deliver',
          (right) =>
            function () {
              const isLost = [...underWay].some(([peer, items]) => peer.hasEnded && items.has(this));
              if (isLost) this.drop();
              else right.call(this);
            },
        ),
      ];
      return () => {
        for (const undo of undos.reverse()) undo();
      };
    },
  },
  {
    name: 'takes no notice of what a node says about its messages',
    breaks: ['C8'],
    apply: () =>
      replace(
        MemoryPeer,
        'createNode',
        (right) =>
          function (receiver, { messageBytesMax: _, ...options } = {}) {
            return right.call(this, receiver, options);
          },
      ),
  },
  {
    name: 'swallows what a receiver throws',
    breaks: ['C7'],
    apply: () =>
      replace(MemoryPeer, 'guard', () => (body) => {
        try {
          body();
        } catch {
          // Nobody is told.
        }
      }),
  },
];

/** What is too large is cut to what fits, instead of being refused. */
function truncateTooLarge(): () => void {
  const cut = (message: Message, max: number): Message => ({
    ...message,
    bytes: message.bytes.subarray(0, max),
  });
  const undos = [
    alterMessages((message) => cut(message, 64 * 1024)),
    replace(
      MemoryPeer,
      'multicast',
      (right) =>
        function (handles, message, options) {
          const altered = cut(message, this.manifest.messageBytesMax);
          return right.call(this, handles, altered, options);
        },
    ),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}
