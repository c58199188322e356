/**
 * The datagrams of the datagram transport: the check and the readers, and a real server to whose sockets they are sent while an
 * honest client goes on. There is no connection to end, so what is not sound has no effect. The attacker has greeted the server, and a
 * packet "with descriptors" is aimed: it shows the number and the secret of the root.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { createSystem } from '../../../transports/datagram/system.js';
import * as wire from '../../../transports/datagram/wire.js';
import { eventually, turns } from '../../support/eventually.js';
import type { Decoder, Probe } from '../decoder.js';
import { casesOf, words } from '../mutation.js';
import type { Case, Packet } from '../packet.js';
import { openHonestWorld } from './sockets-ends.js';

const { FrameKind, TransferKind, NoticeKind } = wire;
const secret = fc.constantFrom(0, 1, 0xff).map((byte) => Buffer.alloc(16, byte));
const address = fc
  .constantFrom('/a~AAAAAAAAAAA', '/tmp/x~bbbbbbbbbb-', `/${'y'.repeat(60)}~01234567890`, '/tmp/x')
  .map(wire.encodeAddress);

interface Transfer {
  readonly kind: wire.TransferKind;
  readonly number: number;
  readonly key: Buffer;
  readonly address: Buffer;
}

const transfers: fc.Arbitrary<Transfer[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...Object.values(TransferKind)),
    number: words,
    key: secret,
    address,
  }),
  { maxLength: 3 },
);

function writeTransfers(bytes: Buffer, from: number, list: readonly Transfer[]): number {
  let at = from;
  for (const { kind, number, key, address: where } of list) {
    at =
      kind === TransferKind.Gone
        ? wire.writeGoneTransfer(bytes, at)
        : wire.writeTransfer(bytes, at, kind, number, key, key, where);
  }
  return at;
}

function done(bytes: Buffer, kind: wire.FrameKind, count: number, length: number): Buffer {
  wire.writeHeader(bytes, 0, kind, count, length);
  return bytes.subarray(0, length);
}

const frames: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom(FrameKind.Message, FrameKind.Call, FrameKind.Answer),
      number: words,
      key: secret,
      from: address,
      list: transfers,
      payload: fc.nat(20),
    })
    .map(({ kind, number, key, from, list, payload }) => {
      const bytes = Buffer.alloc(1024);
      let at = wire.writeDestination(bytes, number, key);
      if (kind === FrameKind.Call) at = wire.writeReturn(bytes, number, key, from);
      return done(bytes, kind, list.length, writeTransfers(bytes, at, list) + payload);
    }),
  fc.tuple(secret, secret, address).map(([one, ticket, from]) => {
    const bytes = Buffer.alloc(512);
    return bytes.subarray(0, wire.writeHello(bytes, one, ticket, from));
  }),
  fc.tuple(secret, words, address).map(([key, number, from]) => {
    const bytes = Buffer.alloc(512);
    return bytes.subarray(0, wire.writeWelcome(bytes, key, key, { number, secret: key, ticket: key }, from));
  }),
  fc.tuple(secret, words).map(([key, code]) => {
    const bytes = Buffer.alloc(64);
    return bytes.subarray(0, wire.writeRefused(bytes, key, code));
  }),
  fc
    .record({
      from: address,
      list: fc.array(fc.tuple(fc.boolean(), words, secret), { minLength: 1, maxLength: 3 }),
    })
    .map(({ from, list }) => {
      const bytes = Buffer.alloc(1024);
      const start = wire.writeAddress(bytes, wire.headerBytes, from);
      for (const [index, [isReply, number, key]] of list.entries()) {
        wire.writeGrantEntry(bytes, start, index, isReply, number, key, key);
      }
      return done(bytes, FrameKind.Grant, list.length, start + list.length * wire.grantEntryBytes);
    }),
  fc
    .record({
      from: address,
      list: fc.array(fc.tuple(fc.constantFrom(...Object.values(NoticeKind)), words, secret), {
        minLength: 1,
        maxLength: 3,
      }),
    })
    .map(({ from, list }) => {
      const bytes = Buffer.alloc(1024);
      const start = wire.writeAddress(bytes, wire.headerBytes, from);
      for (const [index, [kind, number, key]] of list.entries()) {
        wire.writeNoticeEntry(bytes, start, index, kind, number, key);
      }
      return done(bytes, FrameKind.Notice, list.length, start + list.length * wire.noticeEntryBytes);
    }),
);

const packets: fc.Arbitrary<Packet> = fc
  .tuple(fc.array(frames, { minLength: 1, maxLength: 2 }), fc.nat(1))
  .map(([list, descriptors]) => ({ bytes: Uint8Array.from(Buffer.concat(list)), descriptors }));

/** Sets the length of the last frame to what it is. */
function repair({ bytes: original, descriptors }: Packet): Packet {
  const bytes = Buffer.from(original);
  for (let at = 0; at + wire.headerBytes <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (length < wire.headerBytes || length > bytes.length - at - wire.headerBytes) {
      bytes.writeUInt32LE(bytes.length - at, at + 4);
      break;
    }
    at += length;
  }
  return { bytes: Uint8Array.from(bytes), descriptors };
}

/** The verdict, and that all readers stay inside of what is sound. */
function read(original: Uint8Array): string {
  const bytes = Buffer.from(original);
  const verdict = wire.isDatagramSound(bytes);
  const around = Buffer.alloc(bytes.length + 16, 0xff);
  bytes.copy(around, 8);
  assert.equal(wire.isDatagramSound(around.subarray(8, 8 + bytes.length)), verdict);
  const starts = [...wire.datagramFrames(bytes)];
  if (!verdict) {
    assert.deepEqual(starts, []);
    return 'bad';
  }
  let end = 0;
  const kinds = starts.map((at) => {
    assert.equal(at, end);
    end = at + wire.frameBytesAt(bytes, at);
    const kind = bytes[at + 2] ?? 0;
    if (kind === FrameKind.Message || kind === FrameKind.Call || kind === FrameKind.Answer) {
      let next = wire.transfersStart(bytes, at, kind);
      for (let index = 0; index < (bytes[at + 3] ?? 0); index += 1) {
        const view = wire.readTransfer(bytes, next);
        if (view.addressAt > 0) assert.ok(wire.readAddress(bytes, view.addressAt).startsWith('/'));
        next = wire.transferEnd(bytes, next);
      }
      assert.ok(next <= end, 'the payload begins inside');
    }
    return kind;
  });
  assert.equal(end, bytes.length);
  return kinds.join('+');
}

/** A name as peers' sockets have it. */
const attacker = `s${wire.nameMark}attacker-01`;

/** Number and secret of the root, from the server's answer to a HELLO. */
interface Aim {
  readonly destination: Buffer;
}

async function open(): Promise<Probe> {
  const world = await openHonestWorld('datagram');
  const system = createSystem();
  const directory = dirname(world.path);
  let aim: Aim | undefined;
  const own = system.bind(join(directory, attacker), 0o600, (bytes) => {
    if (aim !== undefined || bytes[2] !== FrameKind.Welcome) return;
    aim = { destination: Buffer.from(bytes.subarray(44, 64)) };
  });
  const targets = readdirSync(directory)
    .filter((name) => name !== attacker)
    .map((name) => {
      const socket = system.connect(join(directory, name), () => {});
      if (typeof socket === 'number') throw new Error(`cannot send to ${name}`);
      return socket;
    });
  const hello = Buffer.alloc(512);
  const zeros = Buffer.alloc(16);
  const length = wire.writeHello(hello, Buffer.alloc(16, 7), zeros, wire.encodeAddress(own.path));
  for (const target of targets) target.send(hello.subarray(0, length));
  await eventually('a welcome', () => aim !== undefined);
  const aimed = ({ bytes, descriptors }: Packet): Buffer => {
    const copy = Buffer.from(bytes);
    const kind = copy[2] ?? 0;
    const hasDestination = kind >= FrameKind.Message && kind <= FrameKind.Answer;
    if (descriptors > 0 && hasDestination && copy.length >= 28) aim?.destination.copy(copy, 8);
    return copy;
  };
  return {
    check: async (input: Case) => {
      const verdicts = input.map(({ bytes }) => read(bytes));
      for (const packet of input) for (const target of targets) target.send(aimed(packet));
      await turns(2);
      const { bytes } = await world.honest.root.call({ bytes: Uint8Array.of(9) });
      assert.deepEqual([...bytes], [9], 'nobody else notices');
      return verdicts.join(' ');
    },
    close: async () => {
      for (const target of targets) target.close();
      own.close();
      system.close();
      await world.close();
    },
  };
}

export const datagram: Decoder = {
  name: 'datagram',
  cases: casesOf({ seeds: [], built: packets, repair, packetsMax: 3 }),
  runs: 300,
  open,
};
