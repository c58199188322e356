import test from 'ava';
import fc from 'fast-check';
import { loadNative, type Native } from '../../../broker/native/addon.js';
import { checkDescriptors } from '../../support/leaks.js';
import { seedOf } from '../../support/random.js';

const native = loadNative();
checkDescriptors(test);

type Kind = 'descriptor' | 'number' | 'boolean' | 'string' | 'bytes' | 'array' | 'function';

/** What each function takes. A function of the addon that is missing here fails the first test. */
const signatures: Record<keyof Native, readonly Kind[]> = {
  socketpair: [],
  listen: ['string', 'number', 'number'],
  connect: ['string'],
  isSeqpacketSocket: ['descriptor'],
  peerCredentials: ['descriptor'],
  setPassCredentials: ['descriptor', 'boolean'],
  setPassRights: ['descriptor', 'boolean'],
  unreadBytes: ['descriptor'],
  bindDatagram: ['string', 'number'],
  receiveDatagram: ['descriptor', 'bytes', 'number', 'number', 'boolean'],
  sendDatagram: ['string', 'bytes', 'number', 'number'],
  duplicate: ['descriptor'],
  close: ['descriptor'],
  setCloseOnExec: ['descriptor', 'boolean'],
  setNonBlocking: ['descriptor', 'boolean'],
  pipe: [],
  open: ['string', 'number', 'number'],
  read: ['descriptor', 'bytes', 'number', 'number'],
  write: ['descriptor', 'bytes', 'number', 'number'],
  eventfd: ['number'],
  timerfdCreate: ['boolean'],
  timerfdSet: ['descriptor', 'number', 'boolean'],
  memfdCreate: ['string', 'boolean'],
  ftruncate: ['descriptor', 'number'],
  addSeals: ['descriptor', 'number'],
  getSeals: ['descriptor'],
  mapBlocksFrom: ['number'],
  mapShared: ['descriptor', 'number', 'boolean'],
  sealBytes: ['bytes', 'number', 'number'],
  sealedLength: ['descriptor'],
  readSealed: ['descriptor', 'bytes', 'number', 'number'],
  pidfdOpen: ['number'],
  pidfdSendSignal: ['descriptor', 'number'],
  execve: ['string', 'array', 'array'],
  setAffinity: ['array'],
  getAffinity: [],
  threadCpuTime: [],
  openDescriptors: [],
  descriptorLimit: [],
  raiseDescriptorLimit: [],
  loopOpen: ['number', 'number', 'function', 'number'],
  loopClose: [],
  loopAdd: ['number', 'descriptor'],
  loopRelease: ['number'],
  loopEnd: ['number', 'number'],
  loopSetReading: ['number', 'boolean'],
  loopSetReference: ['boolean'],
  loopFlush: [],
  loopFlushSlot: ['number'],
  loopSendNow: ['number'],
};

/** A number that is no open descriptor. */
const nowhere = 0x7ffffff0;
const good: Record<Kind, unknown> = {
  descriptor: nowhere,
  number: 1,
  boolean: true,
  string: '/nonexistent/path',
  bytes: new Uint8Array(8),
  array: [],
  function: () => {},
};

function call(name: keyof Native, args: readonly unknown[]): unknown {
  const result: unknown = Reflect.apply(native[name], native, args);
  return result;
}

test.serial('every function of the addon is declared, and every declared one is there', (t) => {
  t.deepEqual(Object.keys(native).sort(), Object.keys(signatures).sort());
});

test.serial(
  'every argument of the wrong type is a TypeError or RangeError that comes before anything is done',
  (t) => {
    // The loop functions ask for an open loop first.
    native.loopOpen(8192, 0, () => {}, 0);
    const wrong = [
      undefined,
      null,
      'text',
      1.5,
      -2,
      Number.NaN,
      2 ** 53,
      {},
      [1],
      true,
      () => {},
      Symbol('x'),
      10n,
    ];
    const fits = (kind: Kind, value: unknown): boolean =>
      kind === 'string'
        ? typeof value === 'string'
        : kind === 'boolean'
          ? typeof value === 'boolean'
          : kind === 'array'
            ? Array.isArray(value)
            : kind === 'function'
              ? typeof value === 'function'
              : false;
    for (const [name, kinds] of Object.entries(signatures) as [keyof Native, readonly Kind[]][]) {
      for (const [index, kind] of kinds.entries()) {
        for (const value of wrong) {
          if (fits(kind, value)) continue;
          const args = kinds.map((other, at) => (at === index ? value : good[other]));
          const error = t.throws(() => call(name, args), undefined, `${name} argument ${index}`);
          t.true(
            error instanceof TypeError || error instanceof RangeError || /E[A-Z]+/.test(error?.message ?? ''),
            `${name}(${index}): ${error?.message}`,
          );
        }
      }
    }
    native.loopClose();
  },
);

test.serial('no arguments at all are refused by every function that takes some', (t) => {
  for (const [name, kinds] of Object.entries(signatures) as [keyof Native, readonly Kind[]][]) {
    if (kinds.length > 0) t.throws(() => call(name, []), undefined, name);
  }
});

test.serial('a TypeError names its argument', (t) => {
  t.throws(() => call('connect', [5]), { instanceOf: TypeError, message: 'path must be a string' });
  t.throws(() => call('connect', ['a\0b']), {
    instanceOf: TypeError,
    message: 'path must be a string without NUL',
  });
  t.throws(() => call('connect', ['']), { instanceOf: TypeError });
  t.throws(() => call('close', [-1]), {
    instanceOf: RangeError,
    message: /^descriptor must be an integer from 0/,
  });
  t.throws(() => call('read', [0, new Uint16Array(4), 0, 1]), {
    instanceOf: TypeError,
    message: /Uint8Array/,
  });
  t.throws(() => call('setAffinity', [['x']]), { instanceOf: TypeError });
});

test.serial('descriptors that are not open are EBADF everywhere', (t) => {
  const skipped = new Set<keyof Native>([
    'isSeqpacketSocket',
    'receiveDatagram',
    'read',
    'write',
    'sealedLength',
    'readSealed',
    'loopAdd',
  ]);
  for (const [name, kinds] of Object.entries(signatures) as [keyof Native, readonly Kind[]][]) {
    if (kinds[0] !== 'descriptor' || skipped.has(name)) continue;
    t.throws(
      () =>
        call(
          name,
          kinds.map((kind) => good[kind]),
        ),
      { code: 'EBADF' },
      name,
    );
  }
  t.false(native.isSeqpacketSocket(nowhere));
  t.is(native.read(nowhere, new Uint8Array(1), 0, 1), -9);
  t.is(native.sealedLength(nowhere), -9);
  t.is(native.readSealed(nowhere, new Uint8Array(1), 0, 1), -9);
  t.is(native.receiveDatagram(nowhere, new Uint8Array(1), 0, 1, true), -9);
});

test.serial('random arguments never do more than throw', (t) => {
  const harmless: (keyof Native)[] = [
    'connect',
    'isSeqpacketSocket',
    'peerCredentials',
    'getSeals',
    'eventfd',
    'pidfdOpen',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...harmless), fc.array(fc.anything(), { maxLength: 4 }), (name, args) => {
      try {
        const result = call(name, args);
        if ((name === 'eventfd' || name === 'pidfdOpen') && typeof result === 'number') native.close(result);
      } catch (error) {
        return error instanceof Error;
      }
      return true;
    }),
    { seed: seedOf(t), numRuns: 500 },
  );
  t.pass();
});

test.serial(
  'the loop functions refuse slots that are not open, and everything when there is no loop',
  (t) => {
    t.throws(() => native.loopFlush(), { code: 'EBADF' });
    t.throws(() => native.loopAdd(1, 0), { code: 'EBADF' });
    const buffers = native.loopOpen(8192, 0, () => {}, 0);
    t.throws(() => native.loopOpen(8192, 0, () => {}, 0), { code: 'EBUSY' });
    for (const slot of [0, 1, 65_535]) t.throws(() => native.loopRelease(slot), { code: 'EBADF' });
    t.throws(() => native.loopRelease(65_536), { instanceOf: RangeError });
    t.is(buffers.receive.byteLength, 64 * 8192);
    native.loopClose();
    native.loopClose();
  },
);
