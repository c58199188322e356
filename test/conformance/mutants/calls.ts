/**
 * Mistakes about calls: C10 to C15.
 */
import { ErrorCode, hasCode } from '../../../broker/contract/errors.js';
import { CallTarget, MemoryReply } from '../../../transports/memory/call.js';
import { Cargo } from '../../../transports/memory/cargo.js';
import { MemoryPeer } from '../../../transports/memory/peer.js';
import { type Mutant, replace, swallow } from './mutant.js';

export const callMutants: readonly Mutant[] = [
  {
    name: 'mixes up the answers of concurrent calls',
    breaks: ['C10'],
    apply: () => {
      let swapped: Uint8Array | undefined;
      return replace(
        MemoryPeer,
        'call',
        (right) =>
          async function (...args) {
            const answer = await right.apply(this, args);
            const bytes = swapped ?? answer.bytes;
            swapped = answer.bytes;
            return { ...answer, bytes };
          },
      );
    },
  },
  {
    name: 'ends calls before their deadline',
    breaks: ['C11'],
    apply: () =>
      replace(
        MemoryPeer,
        'call',
        (right) =>
          function (handle, message, options) {
            const deadlineMs = (options.deadlineMs ?? 10_000) / 4;
            return right.call(this, handle, message, { ...options, deadlineMs });
          },
      ),
  },
  { name: 'never ends calls by their deadline', breaks: ['C11'], apply: () => swallow(ErrorCode.Deadline) },
  {
    name: 'forgets the other deadlines when one has passed',
    breaks: ['C11'],
    apply: () => {
      // How often a peer has ended a call; only what is called afterwards is looked at again.
      const sweeps = new WeakMap<MemoryPeer, number>();
      return replace(
        MemoryPeer,
        'call',
        (right) =>
          async function (...args) {
            const sweep = sweeps.get(this) ?? 0;
            try {
              return await right.apply(this, args);
            } catch (error) {
              if (!hasCode(error, ErrorCode.Deadline)) throw error;
              if ((sweeps.get(this) ?? 0) !== sweep) return new Promise<never>(() => {});
              sweeps.set(this, sweep + 1);
              throw error;
            }
          },
      );
    },
  },
  {
    name: 'does not look at the signal',
    breaks: ['C11'],
    apply: () =>
      replace(
        MemoryPeer,
        'call',
        (right) =>
          function (handle, message, { signal: _signal, ...options }) {
            return right.call(this, handle, message, options);
          },
      ),
  },
  {
    name: 'does not tell that a reply is lost',
    breaks: ['C12', 'C15', 'C64'],
    apply: () => swallow(ErrorCode.ReplyLost),
  },
  {
    name: 'accepts a second reply',
    breaks: ['C13'],
    apply: () =>
      replace(
        MemoryReply,
        'send',
        (right) =>
          function (message) {
            if (this.isOpen) right.call(this, message);
          },
      ),
  },
  {
    name: 'leaks the handles of a late reply',
    breaks: ['C13'],
    apply: () => replace(Cargo, 'drop', () => () => {}),
  },
  {
    name: 'loses the handles of a reply',
    breaks: ['C14'],
    apply: () =>
      replace(
        CallTarget,
        'complete',
        (right) =>
          function (answer) {
            return right.call(this, () => {
              const { handles, ...rest } = answer();
              // An introduction brings one.
              if (handles.length === 1) return { ...rest, handles };
              for (const handle of handles) handle.close();
              return { ...rest, handles: [] };
            });
          },
      ),
  },
  {
    name: 'lets the giver of a reply answer as well',
    breaks: ['C15'],
    apply: () => replace(MemoryReply, 'surrender', () => () => {}),
  },
];
