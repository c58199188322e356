import { constants, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { isSystemError, loadNative } from '../../../broker/native/addon.js';
import { checkDescriptors } from '../../support/leaks.js';

const native = loadNative();
const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));
checkDescriptors(test);

/** Whether the descriptor is closed by exec and does not block. */
function flagsOf(descriptor: number): { readonly closes: boolean; readonly blocks: boolean } {
  const [, octal = '0'] = /flags:\s+(\d+)/.exec(readInfo(descriptor)) ?? [];
  const flags = Number.parseInt(octal, 8);
  return { closes: (flags & 0o2000000) !== 0, blocks: (flags & constants.O_NONBLOCK) === 0 };
}

function readInfo(descriptor: number): string {
  const info = native.open(`/proc/self/fdinfo/${descriptor}`, constants.O_RDONLY, 0);
  const bytes = new Uint8Array(4096);
  const count = native.read(info, bytes, 0, bytes.length);
  native.close(info);
  return Buffer.from(bytes.subarray(0, count)).toString();
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return isSystemError(error) ? `${error.code} ${error.syscall}` : String(error);
  }
  return 'no error';
}

test.serial('socketpair makes two connected ends that close on exec and do not block', (t) => {
  const ends = native.socketpair();
  for (const end of ends) {
    t.true(native.isSeqpacketSocket(end));
    t.deepEqual(flagsOf(end), { closes: true, blocks: false });
  }
  t.is(native.write(ends[0], Buffer.from('whole'), 0, 5), 5);
  t.is(native.write(ends[0], Buffer.from('packets'), 0, 7), 7);
  const bytes = new Uint8Array(64);
  t.is(native.read(ends[1], bytes, 0, 64), 5, 'the boundary of the packet is kept');
  t.is(native.read(ends[1], bytes, 0, 64), 7);
  t.is(native.read(ends[1], bytes, 0, 64), -11, 'EAGAIN when nothing is there');
  for (const end of ends) native.close(end);
});

test.serial('listen and connect meet at a path with the asked mode', (t) => {
  const path = join(directory, 'meet');
  const listener = native.listen(path, 0o600, 4);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(flagsOf(listener), { closes: true, blocks: false });
  const client = native.connect(path);
  t.deepEqual(flagsOf(client), { closes: true, blocks: false });
  t.like(native.peerCredentials(client), {
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  });
  t.is(
    codeOf(() => native.listen(path, 0o600, 4)),
    'EADDRINUSE bind',
    'a path is not taken from its owner',
  );
  t.true(statSync(path).isSocket(), 'and the failed one did not unlink it');
  native.close(client);
  native.close(listener);
  t.is(
    codeOf(() => native.connect(path)),
    'ECONNREFUSED connect',
    'the path is there, but nobody listens',
  );
});

test.serial('an abstract name is written with @ and leaves no file', (t) => {
  const name = `@capstan-test-${process.pid}`;
  const listener = native.listen(name, -1, 1);
  native.close(native.connect(name));
  native.close(listener);
  t.is(
    codeOf(() => native.connect(name)),
    'ECONNREFUSED connect',
  );
});

test.serial('a connect that cannot be made says why, and leaves no descriptor', async (t) => {
  t.is(
    codeOf(() => native.connect(join(directory, 'nobody'))),
    'ENOENT connect',
  );
  t.is(
    codeOf(() => native.connect(join(directory, 'x'.repeat(120)))),
    'ENAMETOOLONG connect',
  );
  t.is(
    codeOf(() => native.listen(join(directory, 'x'.repeat(120)), 0o600, 1)),
    'ENAMETOOLONG bind',
  );
  t.is(
    codeOf(() => native.listen(join(directory, 'missing', 'socket'), 0o600, 1)),
    'ENOENT bind',
  );
  writeFileSync(join(directory, 'plain'), '');
  t.is(
    codeOf(() => native.connect(join(directory, 'plain'))),
    'ECONNREFUSED connect',
  );
  const stream = createServer();
  await new Promise<void>((resolve) => stream.listen(join(directory, 'stream'), resolve));
  t.is(
    codeOf(() => native.connect(join(directory, 'stream'))),
    'EPROTOTYPE connect',
  );
  await new Promise((resolve) => stream.close(resolve));
});

test.serial('a full backlog refuses at once with EAGAIN', (t) => {
  const path = join(directory, 'full');
  const listener = native.listen(path, 0o600, 0);
  const clients: number[] = [native.connect(path)];
  t.is(
    codeOf(() => clients.push(native.connect(path))),
    'EAGAIN connect',
  );
  for (const client of clients) native.close(client);
  native.close(listener);
});

test.serial('a path of 107 bytes is the longest', (t) => {
  const path = join(directory, 'p'.repeat(107 - directory.length - 1));
  t.is(path.length, 107);
  const listener = native.listen(path, 0o600, 1);
  native.close(native.connect(path));
  native.close(listener);
});

test.serial('isSeqpacketSocket is true for nothing else', (t) => {
  const [read, write] = native.pipe();
  t.false(native.isSeqpacketSocket(read));
  native.close(read);
  native.close(write);
  t.false(native.isSeqpacketSocket(write), 'not open');
});

test.serial('SO_PASSRIGHTS is set where the kernel has it, and otherwise says so', (t) => {
  const [a, b] = native.socketpair();
  const isKnown = native.setPassRights(a, false);
  t.log(isKnown ? 'the kernel has SO_PASSRIGHTS' : 'the kernel lacks SO_PASSRIGHTS');
  t.is(native.setPassRights(a, true), isKnown);
  native.setPassCredentials(a, true);
  native.setPassCredentials(a, false);
  native.close(a);
  native.close(b);
  t.is(
    codeOf(() => native.setPassRights(a, true)),
    'EBADF setsockopt',
  );
  t.is(
    codeOf(() => native.setPassCredentials(a, true)),
    'EBADF setsockopt',
  );
  t.is(
    codeOf(() => native.peerCredentials(a)),
    'EBADF getsockopt',
  );
});

test.serial('a datagram socket: its file has the mode from birth, and a path that exists is refused', (t) => {
  const path = join(directory, 'datagram');
  const descriptor = native.bindDatagram(path, 0o600);
  t.deepEqual(flagsOf(descriptor), { closes: true, blocks: false });
  t.is(statSync(path).mode & 0o7777, 0o600);
  t.is(
    codeOf(() => native.bindDatagram(path, 0o600)),
    'EADDRINUSE bind',
  );
  t.is(
    codeOf(() => native.bindDatagram('/'.repeat(200), 0o600)),
    'ENAMETOOLONG bind',
  );
  native.close(descriptor);
});

test.serial('datagrams: looked at they stay, taken they are gone, and a long one tells its length', (t) => {
  const path = join(directory, 'datagrams');
  const descriptor = native.bindDatagram(path, 0o600);
  const send = (text: string): number => native.sendDatagram(path, Buffer.from(text), 0, text.length);
  const bytes = new Uint8Array(4);
  const receive = (isLook: boolean): number => native.receiveDatagram(descriptor, bytes, 0, 4, isLook);
  t.is(receive(false), -11);
  t.is(send('one'), 3);
  t.is(send(''), 0);
  t.is(send('longer'), 6);
  t.is(receive(true), 3);
  t.is(receive(true), 3);
  t.is(Buffer.from(bytes.subarray(0, 3)).toString(), 'one');
  t.is(receive(false), 3);
  t.is(receive(false), 0);
  t.is(receive(false), 6);
  t.is(receive(false), -11);
  let sent = 0;
  while (sent < 10_000 && send('x') === 1) sent += 1;
  t.true(sent > 0 && sent < 10_000, `a full queue refuses after ${sent}`);
  native.close(descriptor);
  t.is(send('x'), -111, 'nobody receives any more');
  rmSync(path);
  t.is(send('x'), -2);
});
