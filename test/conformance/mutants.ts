/**
 * Transports that are broken on purpose: the memory transport with one mistake each, to prove that the suite sees it.
 *
 * A mistake is put into the classes of the memory transport for the duration of one run, and taken out again.
 */
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import type { Delivery, Message, Outcome } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import { CallTarget, MemoryReply } from '../../transports/memory/call.js';
import { Cargo } from '../../transports/memory/cargo.js';
import { MemoryHandle } from '../../transports/memory/handle.js';
import { Inbox, type Item } from '../../transports/memory/inbox.js';
import { MessageItem } from '../../transports/memory/item.js';
import { MemoryNode, NodeTarget } from '../../transports/memory/node.js';
import { MemoryPeer } from '../../transports/memory/peer.js';
import { MemoryServer } from '../../transports/memory/server.js';
import { World } from '../../transports/memory/world.js';

export interface Mutant {
  /** What it does wrong. */
  readonly name: string;
  /** The clauses that must see it. */
  readonly breaks: readonly string[];
  /** Puts the mistake in; the result takes it out. */
  readonly apply: () => () => void;
}

type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? R : never;
type Method<T, F> = (this: T, ...args: Arguments<F>) => Result<F>;

/** Whether the peer is a server's own. Mistakes spare them, so that the introductions of a clause succeed. */
function isServers(peer: MemoryPeer): boolean {
  return [...peer.world.servers.values()].some((server) => server.peer === peer);
}

function concernsServer(self: unknown, argument: unknown): boolean {
  if (self instanceof MemoryPeer && isServers(self)) return true;
  return argument instanceof MemoryHandle && isServers(argument.target.owner);
}

/** Replaces a method of a class. `make` gets the right one, and returns the one that is used instead. */
function replace<T extends object, K extends keyof T>(
  { prototype }: { readonly prototype: T },
  key: K,
  make: (right: Method<T, T[K]>) => Method<T, T[K]>,
): () => void {
  const own = Object.getOwnPropertyDescriptor(prototype, key);
  const right = (own ?? inherited(prototype, key)).value as Method<T, T[K]>;
  const wrong = make(right);
  const value = function (this: T, ...args: Arguments<T[K]>): Result<T[K]> {
    const chosen = concernsServer(this, (args as unknown[])[0]) ? right : wrong;
    return chosen.apply(this, args);
  };
  Object.defineProperty(prototype, key, { value, writable: true, configurable: true });
  return () => {
    if (own === undefined) delete prototype[key];
    else Object.defineProperty(prototype, key, own);
  };
}

function inherited(prototype: object, key: PropertyKey): PropertyDescriptor {
  const right = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(prototype), key);
  if (right === undefined) throw new Error(`no method ${String(key)}`);
  return right;
}

/** Changes what receivers are given. */
function alterDeliveries(alter: (delivery: Delivery, peer: MemoryPeer) => Delivery): () => void {
  return replace(
    MemoryPeer,
    'createNode',
    (right) =>
      function (receiver, options) {
        const message = (delivery: Delivery): void =>
          receiver.message(isServers(this) ? delivery : alter(delivery, this));
        return right.call(this, { message, unused: () => receiver.unused?.() }, options);
      },
  );
}

/** Changes what a peer is asked to send. */
function alterMessages(alter: (message: Message) => Message): () => void {
  const undoSend = replace(
    MemoryPeer,
    'send',
    (right) =>
      function (handle, message) {
        return right.call(this, handle, alter(message));
      },
  );
  const undoCall = replace(
    MemoryPeer,
    'call',
    (right) =>
      function (handle, message, options) {
        return right.call(this, handle, alter(message), options);
      },
  );
  return () => {
    undoCall();
    undoSend();
  };
}

/** Changes what becomes of items that are accepted for a peer. */
function alterItems(alter: (item: Item, push: (item: Item) => void, peer: MemoryPeer) => void): () => void {
  return replace(
    MemoryPeer,
    'push',
    (right) =>
      function (item) {
        alter(item, (other) => right.call(this, other), this);
      },
  );
}

function isMessage(item: Item): boolean {
  return item instanceof MessageItem;
}

/** Makes a call's or send's rejection with this code never come. */
function swallow(code: ErrorCode): () => void {
  return replace(
    MemoryPeer,
    'call',
    (right) =>
      function (...args) {
        const answered = right.apply(this, args);
        return answered.catch((error) => {
          if (hasCode(error, code)) return new Promise(() => {});
          throw error;
        });
      },
  );
}

const messageMutants: readonly Mutant[] = [
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

const callMutants: readonly Mutant[] = [
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

const handleMutants: readonly Mutant[] = [
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

const descriptorMutants: readonly Mutant[] = [
  {
    name: 'drops descriptors silently',
    breaks: ['C30'],
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

const groupMutants: readonly Mutant[] = [
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

const limitMutants: readonly Mutant[] = [
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
    name: 'numbers all transactions alike',
    breaks: ['C50'],
    apply: () => replace(World, 'nextSequence', () => () => 1),
  },
];

export const mutants: readonly Mutant[] = [
  ...messageMutants,
  ...callMutants,
  ...handleMutants,
  ...descriptorMutants,
  ...groupMutants,
  ...limitMutants,
];
