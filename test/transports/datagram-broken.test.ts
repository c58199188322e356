/**
 * The clauses that only a transport like `datagram` has to keep, on one that does not: the system under it is changed so that it
 * makes a mistake, and the clause that speaks of the mistake fails.
 */
import test from 'ava';
import {
  createDatagramTransport,
  createSystem,
  type DatagramSystem,
} from '../../transports/datagram/index.js';
import { full, type SendResult, type SendSocket, sent } from '../../transports/datagram/system.js';
import { datagramFrames, FrameKind, magic, type NoticeKind } from '../../transports/datagram/wire.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { clausesFor, type Fixture, runClause } from '../conformance/index.js';
import { decodeDatagram, encodeDatagram } from '../support/datagram-frames.js';
import { setPatience } from '../support/eventually.js';
import { createParts } from '../support/parts.js';

// What a broken transport never does is waited for in vain.
setPatience(2_500);

const fixture = catalogFixture('datagram');
const parts = createParts();

interface Mistake {
  /** What the transport does wrong. */
  readonly name: string;
  /** The clause that must see it. */
  readonly id: string;
  readonly change: (right: DatagramSystem) => Partial<DatagramSystem>;
}

/** Changes what is sent by peers that are connected. */
function alterSends(
  right: DatagramSystem,
  alter: (socket: SendSocket, bytes: Buffer) => SendResult,
): Partial<DatagramSystem> {
  return {
    connectExactly: (path, writable) => {
      const socket = right.connectExactly(path, writable);
      if (typeof socket === 'number') return socket;
      const send = (bytes: Uint8Array): SendResult => alter(socket, Buffer.from(bytes));
      return { send, close: () => socket.close() };
    },
  };
}

/** Never sends frames or notices of a kind. */
function forget(right: DatagramSystem, isForgotten: (bytes: Buffer, at: number) => boolean) {
  return alterSends(right, (socket, bytes) => {
    if ([...datagramFrames(bytes)].some((at) => isForgotten(bytes, at))) return sent;
    return socket.send(bytes);
  });
}

function forgetNotices(right: DatagramSystem, kind: keyof typeof NoticeKind): Partial<DatagramSystem> {
  return alterSends(right, (socket, bytes) => {
    const frames = (decodeDatagram(bytes) ?? []).map((frame) =>
      frame.kind === 'notice'
        ? { ...frame, entries: frame.entries.filter((entry) => entry.kind !== kind) }
        : frame,
    );
    const left = frames.filter((frame) => frame.kind !== 'notice' || frame.entries.length > 0);
    return left.length === 0 ? sent : socket.send(encodeDatagram(left));
  });
}

/** Keeps what does not fit for each receiver on its own, and says that it was sent. */
function queueApart(right: DatagramSystem, itemsMax: number): Partial<DatagramSystem> {
  return {
    connectExactly: (path, writable) => {
      const waiting: Buffer[] = [];
      const flush = (): void => {
        for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
          if (socket.send(next) === full) return;
          waiting.shift();
        }
        writable();
      };
      const opened = right.connectExactly(path, flush);
      if (typeof opened === 'number') return opened;
      const socket = opened;
      const send = (bytes: Uint8Array): SendResult => {
        if (waiting.length >= itemsMax) return full;
        const result = waiting.length > 0 ? full : socket.send(bytes);
        if (result !== full) return result;
        waiting.push(Buffer.from(bytes));
        return sent;
      };
      return { send, close: () => socket.close() };
    },
  };
}

const mistakes: readonly Mistake[] = [
  {
    name: 'lets what is for others pass what waits for one',
    id: 'C51',
    change: (right) => queueApart(right, 64),
  },
  {
    name: 'queues without bound for a receiver that does not read',
    id: 'C60',
    change: (right) => queueApart(right, Number.POSITIVE_INFINITY),
  },
  { name: 'never looks whether somebody is there', id: 'C26', change: () => ({ probe: () => 0 }) },
  { name: 'never learns of a death', id: 'C62', change: () => ({ probe: () => 0 }) },
  {
    name: 'does not notice that a send has failed',
    id: 'C26',
    change: (right) => alterSends(right, (socket, bytes) => Math.max(sent, socket.send(bytes))),
  },
  { name: 'never gives a handle back', id: 'C25', change: (right) => forgetNotices(right, 'Release') },
  { name: 'does not say that a node is gone', id: 'C23', change: (right) => forgetNotices(right, 'Gone') },
  {
    name: 'does not ask whether a handle that arrives is gone',
    id: 'C24',
    change: (right) => forgetNotices(right, 'Watch'),
  },
  { name: 'does not say that a call is lost', id: 'C12', change: (right) => forgetNotices(right, 'Lost') },
  {
    name: 'gives handles away without telling the owner',
    id: 'C20',
    change: (right) => forget(right, (bytes, at) => bytes[at + 2] === FrameKind.Grant),
  },
  {
    name: 'loses a message now and then',
    id: 'C1',
    change: (right) => {
      let messages = 0;
      return forget(right, (bytes, at) => {
        if (bytes[at + 2] === FrameKind.Message) messages += 1;
        return bytes[at + 2] === FrameKind.Message && messages % 5 === 0;
      });
    },
  },
  {
    name: 'sends some messages twice',
    id: 'C1',
    change: (right) =>
      alterSends(right, (socket, bytes) => {
        if (bytes[2] === FrameKind.Message) socket.send(bytes);
        return socket.send(bytes);
      }),
  },
  {
    name: 'dies of garbage',
    id: 'C61',
    change: (right) => ({
      bind: (path, mode, received) => {
        const socket = right.bind(path, mode, (bytes) => {
          if (bytes[0] === magic) received(bytes);
          else setImmediate(() => socket.close());
        });
        return socket;
      },
    }),
  },
  {
    name: 'leaves its sockets open',
    id: 'C65',
    change: (right) => ({
      connectExactly: (path, writable) => {
        const socket = right.connectExactly(path, writable);
        if (typeof socket === 'number') return socket;
        left.push(socket);
        return { send: (bytes) => socket.send(bytes), close: () => {} };
      },
    }),
  },
];

/** What a mistake has left open. */
const left: SendSocket[] = [];

function broken(change: Mistake['change']): Fixture {
  return {
    ...fixture,
    create: () => {
      const right = createSystem();
      const { socketsMax } = right;
      return createDatagramTransport({ ...parts, system: { ...right, socketsMax, ...change(right) } });
    },
  };
}

for (const { name, id, change } of mistakes) {
  test.serial(`${id} sees a datagram transport that ${name}`, async (t) => {
    let seen: unknown;
    for (const clause of clausesFor(fixture)) {
      if (clause.id !== id || seen !== undefined) continue;
      try {
        await runClause(clause, broken(change));
      } catch (error) {
        seen = error;
      }
      for (const socket of left.splice(0)) socket.close();
    }
    t.truthy(seen, `no clause ${id} has seen it`);
    if (seen instanceof Error) t.log(seen.message.split('\n')[0] ?? '');
  });
}
