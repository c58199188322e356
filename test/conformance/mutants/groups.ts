/**
 * Mistakes about descriptors, multicast and order: C30 to C51.
 */

import type { Outcome } from '../../../broker/contract/transport.js';
import { loadNative } from '../../../broker/native/addon.js';
import { MemoryPeer } from '../../../transports/memory/peer.js';
import { alterDeliveries, alterMessages, type Mutant, replace } from './mutant.js';

export const descriptorMutants: readonly Mutant[] = [
  {
    name: 'drops descriptors silently',
    breaks: ['C30', 'C31'],
    apply: () =>
      alterMessages(({ descriptors, ...message }) => {
        for (const descriptor of descriptors ?? []) {
          try {
            loadNative().close(descriptor);
          } catch {
            // Not open.
          }
        }
        return message;
      }),
  },
  {
    name: 'leaves the descriptors of a refused message open',
    breaks: ['C32'],
    apply: () =>
      replace(
        MemoryPeer,
        'send',
        (right) =>
          function (handle, message) {
            const copies = (message.descriptors ?? [])
              .filter((descriptor) => descriptor >= 0)
              .map((descriptor) => loadNative().duplicate(descriptor));
            const sent = right.call(this, handle, message) as Promise<number>;
            void sent.then(
              () => copies.map((copy) => loadNative().close(copy)),
              () => {},
            );
            return sent;
          },
      ),
  },
  {
    name: 'lets descriptors live through exec',
    breaks: ['C30'],
    apply: () =>
      alterDeliveries((delivery) => {
        for (const descriptor of delivery.descriptors) loadNative().setCloseOnExec(descriptor, false);
        return delivery;
      }),
  },
];

export const groupMutants: readonly Mutant[] = [
  {
    name: 'sends a multicast one by one',
    breaks: ['C41', 'C42', 'C50'],
    apply: () =>
      replace(MemoryPeer, 'multicast', () => async (handles, message) => {
        const outcomes: Outcome[] = [];
        let sequence = 0;
        for (const handle of handles) {
          try {
            sequence = await handle.send(message);
            outcomes.push({ ok: true });
          } catch (error) {
            outcomes.push({ ok: false, code: (error as { code: number }).code });
          }
        }
        return { sequence, outcomes };
      }),
  },
  {
    name: 'forgets the last destination',
    breaks: ['C40'],
    apply: () =>
      replace(
        MemoryPeer,
        'multicast',
        (right) =>
          function (handles, message, options) {
            return right.call(this, handles.slice(0, -1), message, options);
          },
      ),
  },
  {
    name: 'shows no sequence',
    breaks: ['C50'],
    apply: () => alterDeliveries((delivery) => ({ ...delivery, sequence: 0 })),
  },
  {
    name: 'completes a send before it is accepted',
    breaks: ['C51'],
    apply: () => {
      // Some peers are slower than others in getting their messages to the bus.
      const delays = new Map<MemoryPeer, number>();
      return replace(
        MemoryPeer,
        'send',
        (right) =>
          function (handle, message) {
            const delay = delays.get(this) ?? 1 + (delays.size % 2);
            delays.set(this, delay);
            if (delay === 1) {
              return Promise.resolve(right.call(this, handle, message));
            }
            const copy = { ...message, bytes: new Uint8Array(message.bytes) };
            setImmediate(() => {
              (right.call(this, handle, copy) as Promise<number>).catch(() => {});
            });
            return Promise.resolve(1);
          },
      );
    },
  },
];
