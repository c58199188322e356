/** Readiness sockets (contract/readiness.ts, supervisor U19), in one process. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  BrokerError,
  ErrorCode,
  limits,
  type ReadinessSocket,
  type ReadinessSocketOptions,
} from '../../broker/contract/index.js';
import { loadNative } from '../../broker/native/addon.js';
import { createReadinessSockets } from '../../transports/datagram/readiness-socket.js';
import { eventually, turns } from '../support/eventually.js';
import { checkDescriptors } from '../support/leaks.js';
import { createParts } from '../support/parts.js';

const native = loadNative();
const { loop } = createParts();
loop.setReference(false);
const openSocket = createReadinessSockets(loop);
const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));
checkDescriptors(test);

const pathPrefix = join(directory, 'control.notify-');
const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];

interface Opened {
  readonly socket: ReadinessSocket;
  readonly heard: string[];
}

function open(more: Partial<ReadinessSocketOptions> = {}): Opened {
  const heard: string[] = [];
  const message = (text: Uint8Array): unknown => heard.push(Buffer.from(text).toString());
  return { socket: openSocket({ pathPrefix, uid, gid, message, ...more }), heard };
}

function send(path: string, text: string): number {
  return native.sendDatagram(path, Buffer.from(text), 0, Buffer.byteLength(text));
}

test.serial(
  'U19 each socket has an address of its own, a file of mode 0600 that is gone when it is closed',
  (t) => {
    const [one, other] = [open(), open()];
    t.not(one.socket.path, other.socket.path);
    for (const { socket } of [one, other]) {
      t.true(socket.path.startsWith(pathPrefix));
      t.is(socket.path.length, pathPrefix.length + 22, '128 bits');
      t.is(statSync(socket.path).mode & 0o7777, 0o600);
      socket.close();
      socket.close();
      t.false(existsSync(socket.path));
    }
  },
);

test.serial(
  'U19 messages come from the event loop, in order; those that are too long are left out',
  async (t) => {
    const { socket, heard } = open();
    send(socket.path, 'one');
    send(socket.path, 'x'.repeat(limits.readinessMessageBytesMax + 1));
    send(socket.path, '');
    send(socket.path, 'y'.repeat(limits.readinessMessageBytesMax));
    t.deepEqual(heard, []);
    await eventually('all are there', () => heard.length === 3);
    t.deepEqual(
      heard.map((text) => text.length),
      [3, 0, limits.readinessMessageBytesMax],
    );
    socket.close();
  },
);

test.serial(
  'U19 drain takes what the kernel has, also while reading is off, and a full queue refuses more',
  async (t) => {
    const { socket, heard } = open();
    socket.setReading(false);
    let sent = 0;
    while (send(socket.path, String(sent)) > 0) sent += 1;
    t.true(sent > 0);
    await turns();
    t.deepEqual(heard, []);
    socket.drain();
    t.is(heard.length, sent);
    socket.drain();
    send(socket.path, 'late');
    socket.setReading(true);
    socket.setReading(true);
    await eventually('reading goes on', () => heard.at(-1) === 'late');
    socket.close();
  },
);

test.serial(
  'U19 what is not acted upon to its end stays in the kernel for the one that goes on with the socket',
  async (t) => {
    const first = open({
      message: () => {
        throw new Error('the process ends here');
      },
    });
    const { path, descriptor } = first.socket;
    const kept = native.duplicate(descriptor);
    send(path, 'one');
    send(path, 'two');
    t.throws(() => first.socket.drain(), { message: 'the process ends here' });
    first.socket.setReading(false);
    native.close(descriptor);
    const second = open({ inherited: { path, descriptor: kept } });
    t.is(second.socket.path, path);
    await eventually('both are there', () => second.heard.length === 2);
    t.deepEqual(second.heard, ['one', 'two']);
    t.is(send(path, 'three'), 5);
    second.socket.drain();
    t.is(second.heard.at(-1), 'three');
    second.socket.close();
    t.false(existsSync(path));
  },
);

test.serial('U19 a message may close its socket, and one socket takes a share of a turn only', async (t) => {
  const heard: string[] = [];
  const socket: ReadinessSocket = openSocket({
    ...{ pathPrefix, uid, gid },
    message: (text) => {
      heard.push(Buffer.from(text).toString());
      socket.close();
    },
  });
  send(socket.path, 'last');
  send(socket.path, 'never');
  await eventually('it is heard', () => heard.length > 0);
  t.deepEqual(heard, ['last']);
  const busy = open();
  let sent = 0;
  while (sent < 2 * limits.readinessTurnMax && send(busy.socket.path, 'x') > 0) sent += 1;
  await eventually('the first are heard', () => busy.heard.length > 0);
  t.true(busy.heard.length <= limits.readinessTurnMax);
  await eventually('all are heard', () => busy.heard.length === sent);
  busy.socket.close();
});

test.serial('U19 what cannot be opened leaves nothing', (t) => {
  const long = t.throws(() => open({ pathPrefix: join(directory, 'x'.repeat(90)) }), {
    instanceOf: BrokerError,
  });
  t.is(long?.code, ErrorCode.AddressTooLong);
  const absent = t.throws(() => open({ pathPrefix: join(directory, 'absent', 'x') }), {
    instanceOf: BrokerError,
  });
  t.is(absent?.code, ErrorCode.System);
  if (uid === 0) {
    const foreign = open({ uid: 65534, gid: 65534 });
    t.is(statSync(foreign.socket.path).uid, 65534);
    foreign.socket.close();
  } else {
    t.log('only root can give files away');
    t.throws(() => open({ uid: uid + 1 }), { instanceOf: BrokerError });
  }
  t.deepEqual(readdirSync(directory), []);
});
