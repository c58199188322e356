/**
 * The frames of the datagram transport: vectors of version 1, which must never change, and datagrams that nobody should send.
 */
import test from 'ava';
import fc from 'fast-check';
import {
  datagramBytesMax,
  datagramMessageBytesMax,
  messageHandlesMax,
} from '../../broker/contract/limits.js';
import { isDatagramSound } from '../../transports/datagram/wire.js';
import {
  decodeDatagram,
  encodeDatagram,
  type FrameValue,
  type MessageValue,
  type TransferValue,
} from '../support/datagram-frames.js';
import { seedOf } from '../support/random.js';
import { readVectors } from '../support/vectors.js';

interface Dropped {
  readonly name: string;
  readonly hex: string;
}

interface Vector extends Dropped {
  readonly frames: readonly FrameValue[];
}

for (const { name, hex, frames } of readVectors<Vector>('datagram', 'datagrams-v1')) {
  test(`D1 vector, both directions: ${name}`, (t) => {
    t.is(encodeDatagram(frames).toString('hex'), hex);
    t.deepEqual(decodeDatagram(Buffer.from(hex, 'hex')), [...frames]);
  });
}

for (const { name, hex } of readVectors<Dropped>('datagram', 'dropped-v1')) {
  test(`C61 dropped: ${name}`, (t) => {
    t.is(decodeDatagram(Buffer.from(hex, 'hex')), undefined);
  });
}

const word = fc.integer({ min: 0, max: 0xffffffff });
const bytes16 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const address = fc
  .tuple(fc.stringMatching(/^[a-z0-9/._-]{0,40}$/), fc.stringMatching(/^[A-Za-z0-9_-]{11}$/))
  .map(([folder, name]) => `/${folder}/~${name}`);
const transfer: fc.Arbitrary<TransferValue> = fc.oneof(
  fc.record({
    kind: fc.constantFrom<('handle' | 'node' | 'reply')[]>('handle', 'node', 'reply'),
    number: word,
    secret: bytes16,
    ticket: bytes16,
    address,
  }),
  fc.constant<TransferValue>({ kind: 'gone' }),
);
const transfers = fc.array(transfer, { maxLength: 6 });
const payload = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const common = { number: word, secret: bytes16, transfers, payload };
const frame: fc.Arbitrary<FrameValue> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), secret: bytes16, ticket: bytes16, address }),
  fc.record({ kind: fc.constantFrom('message' as const, 'answer' as const), ...common }),
  fc.record({
    ...{ kind: fc.constant('call' as const), ...common },
    ...{ serial: word, replySecret: bytes16, address },
  }),
  fc.record({
    kind: fc.constant('grant' as const),
    address,
    entries: fc.array(fc.record({ isReply: fc.boolean(), number: word, secret: bytes16, ticket: bytes16 }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  fc.record({
    kind: fc.constant('notice' as const),
    address,
    entries: fc.array(
      fc.record({
        kind: fc.constantFrom('Release' as const, 'Gone' as const, 'Lost' as const, 'Watch' as const),
        number: word,
        key: bytes16,
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

test('D1 what is encoded is decoded', (t) => {
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), (frames) => {
      t.deepEqual(decodeDatagram(encodeDatagram(frames)), frames);
    }),
    { seed: seedOf(t), numRuns: 300 },
  );
  t.pass();
});

test('C61 a datagram that was changed is dropped or read, and nothing throws', (t) => {
  const changed = fc.tuple(
    fc.array(frame, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    fc.nat(),
  );
  fc.assert(
    fc.property(changed, ([frames, changes, cut]) => {
      const bytes = encodeDatagram(frames);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const rest = cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
      const decoded = decodeDatagram(Buffer.from(rest));
      t.is(decoded !== undefined, isDatagramSound(Buffer.from(rest)));
    }),
    { seed: seedOf(t), numRuns: 2000 },
  );
  t.pass();
});

test('C3 the largest message with the most handles and the longest addresses is a datagram', (t) => {
  const secret = 'ab'.repeat(16);
  const longest = `/${'x'.repeat(94)}~AbCdEfGhIjK`;
  t.is(longest.length, 107);
  const call: MessageValue = {
    kind: 'call',
    ...{ number: 1, secret, serial: 2, replySecret: secret, address: longest },
    transfers: Array.from({ length: messageHandlesMax }, () => ({
      kind: 'handle' as const,
      ...{ number: 3, secret, ticket: secret, address: longest },
    })),
    payload: '00'.repeat(datagramMessageBytesMax),
  };
  const bytes = encodeDatagram([call]);
  t.true(bytes.length <= datagramBytesMax, `${bytes.length} bytes`);
  t.true(isDatagramSound(bytes));
  t.false(isDatagramSound(Buffer.concat([bytes, bytes])), 'two of them are too long');
});
