/**
 * Mistakes about whether two handles are the same: C29.
 */
import type { Handle } from '../../../broker/contract/transport.js';
import { MemoryHandle } from '../../../transports/memory/handle.js';
import { type Mutant, replace } from './mutant.js';

/** Replaces `same`; handles to the server's own nodes are not spared, since nobody asks about them in introductions. */
function alterSame(
  alter: (right: (other: Handle) => Promise<boolean>, self: MemoryHandle, other: Handle) => Promise<boolean>,
): () => void {
  return replace(
    MemoryHandle,
    'same',
    (right) =>
      function (other) {
        return alter((another) => right.call(this, another), this, other);
      },
  );
}

export const samenessMutants: readonly Mutant[] = [
  {
    name: 'takes two nodes of one owner for the same',
    breaks: ['C29'],
    apply: () =>
      alterSame(async (right, self, other) => {
        const answer = await right(other);
        return answer || (other instanceof MemoryHandle && other.target.owner === self.target.owner);
      }),
  },
  {
    name: 'takes only one and the same handle object for the same',
    breaks: ['C29'],
    apply: () => alterSame(async (right, self, other) => (await right(other)) && self === other),
  },
  {
    name: 'does not know its own node when it comes home',
    breaks: ['C29'],
    apply: () =>
      alterSame(async (right, self, other) => {
        const answer = await right(other);
        return answer && self.target.owner !== self.peer;
      }),
  },
  {
    name: 'answers all questions at once with the first answer',
    breaks: ['C29'],
    apply: () => {
      let pending: Promise<boolean> | undefined;
      return alterSame((right, _self, other) => {
        pending ??= right(other).finally(() => {
          pending = undefined;
        });
        return pending;
      });
    },
  },
  {
    name: 'says no about a handle whose node is gone',
    breaks: ['C29'],
    apply: () =>
      alterSame(async (right, self, other) => (self.isGone || other.isGone ? false : right(other))),
  },
  {
    name: "compares another peer's handle",
    breaks: ['C29'],
    apply: () =>
      alterSame(async (right, self, other) =>
        other instanceof MemoryHandle && other.peer !== self.peer
          ? other.target === self.target
          : right(other),
      ),
  },
  {
    name: 'takes the right to answer a call for a node',
    breaks: ['C29'],
    apply: () =>
      alterSame(async (right, self, other) => {
        const isReply = other instanceof MemoryHandle && !other.target.isNode;
        return isReply || !self.target.isNode ? false : right(other);
      }),
  },
];
