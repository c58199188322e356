/** The bytes of init's protocol: kept as vectors, and whatever comes in cannot break the decoder (docs/spec/init.md, Frames). */
import test from 'ava';
import fc from 'fast-check';
import { initPath } from '../../../broker/supervisor/init-path.js';
import {
  cookieBytesMax,
  decodeInitEvent,
  encodeAck,
  encodeAdopt,
  encodeFinish,
  encodeHello,
  encodeSignal,
  encodeSpawn,
  encodeStore,
  errnoName,
  type InitEvent,
  type SpawnRequest,
} from '../../../broker/supervisor/init-wire.js';
import { seedOf } from '../../support/random.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function decode(text: string): InitEvent | undefined {
  const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
  // At an offset, as in the receive arena.
  const arena = new Uint8Array(bytes.length + 16);
  arena.set(bytes, 16);
  return decodeInitEvent(new DataView(arena.buffer), 16, bytes.length);
}

const least: SpawnRequest = {
  token: 1,
  cookie: new Uint8Array(0),
  argv: ['/a'],
  env: [],
  targets: [],
  isolation: 'none',
};

test('frames of version 1: requests', (t) => {
  t.is(hex(encodeHello()), '10000000010000000100010000000000');
  t.is(hex(encodeAck(2 ** 53 - 1, 2 ** 32)), '1800000005000000ffffffffffff1f000000000001000000');
  t.is(hex(encodeSignal(258, 15, 'group')), '180000000400000002010000000000000f00000001000000');
  t.is(hex(encodeFinish(3, 500)), '100000000a00000003000000f4010000');
  t.is(hex(encodeStore('abc')), '180000000600010503000000000000006162630000000000');
  t.is(
    hex(encodeAdopt(1, 77, Uint8Array.of(9))),
    '20000000030000070100000000000000' + '4d000000010000000900000000000000',
  );
  t.is(
    hex(
      encodeSpawn({
        ...least,
        targets: [1],
        umask: 0o22,
        rlimits: [{ resource: 7, soft: Number.POSITIVE_INFINITY }],
      }),
    ),
    [
      '78000000020001000100000000000000',
      '04000000000000001200000000000000',
      '00000000000000000000000000000000',
      '00000000000000000000000000000000',
      '00000000000000000100010000000000',
      '01000000040000000700000001000000',
      'ffffffffffffffff0000000000000000',
      '01000000002f6100',
    ].join(''),
  );
});

test('frames of version 1: events', (t) => {
  t.deepEqual(decode('20000000 42000100 0201000000000000 4d000000 02000000 4000000000000000'), {
    kind: 'spawned',
    token: 258,
    pid: 77,
    isDead: false,
    isRepeated: true,
    startedUs: 64,
  });
  t.deepEqual(decode('18000000 43000000 0100000000000000 16000000 02000000'), {
    kind: 'spawn-failed',
    token: 1,
    stage: 'exec',
    errno: 2,
  });
  t.deepEqual(decode('18000000 48000000 4d000000 02000000 09000000 03000000'), {
    kind: 'orphan',
    pid: 77,
    cause: 'killed',
    status: 9,
    lost: 3,
  });
  t.deepEqual(decode('10000000 49000000 0f000000 00000000'), { kind: 'signalled', signal: 15 });
  t.deepEqual(decode('18000000 46000105 03000000 00000000 6162630000000000'), {
    kind: 'descriptor',
    name: 'abc',
  });
});

test('an event that is cut short, or announces more than there is, is none', (t) => {
  t.is(decode('10000000 42000000 0201000000000000'), undefined);
  t.is(decode('18000000 46000105 04000000 00000000 6162630000000000'), undefined);
  t.is(decode('10000000 49000000 0f000000'), undefined);
  t.is(decode('08000000 ff000000'), undefined);
  t.is(decode('00'), undefined);
});

test('the decoder takes any bytes', (t) => {
  const seed = seedOf(t);
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: 60, max: 80 }), (body, kind) => {
        const bytes = new Uint8Array(8 + body.length);
        bytes.set(body, 8);
        const view = new DataView(bytes.buffer);
        view.setUint32(0, bytes.length, true);
        view.setUint8(4, kind);
        view.setUint8(7, (body[0] ?? 0) % 8);
        decodeInitEvent(view, 0, bytes.length);
      }),
      { seed },
    ),
  );
});

test('what a frame cannot hold is refused before it is sent', (t) => {
  const refused = { instanceOf: RangeError };
  t.throws(() => encodeSpawn({ ...least, token: 0 }), refused);
  t.throws(() => encodeSpawn({ ...least, token: 2 ** 53 }), refused);
  t.throws(() => encodeSpawn({ ...least, argv: [] }), refused);
  t.throws(() => encodeSpawn({ ...least, env: ['A=b\0c'] }), refused);
  t.throws(() => encodeSpawn({ ...least, env: ['x'.repeat(72 * 1024)] }), refused);
  t.throws(() => encodeSpawn({ ...least, cookie: new Uint8Array(cookieBytesMax + 1) }), refused);
  t.throws(() => encodeStore(''), refused);
  t.throws(() => encodeStore('x'.repeat(1089)), refused);
});

test('CAPSTAN_INIT names another init; errnos have names', (t) => {
  t.is(initPath({ CAPSTAN_INIT: '/x/y' }), '/x/y');
  t.regex(initPath({ CAPSTAN_INIT: '' }), /broker\/init\/build\/capstan-init$/);
  t.is(errnoName(2), 'ENOENT');
  t.is(errnoName(4711), 'errno 4711');
});
